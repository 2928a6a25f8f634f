import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** Tokens that were taken back before their end; whether one was is asked with the standing of its key. */
@Injectable()
export class RevokedTokenRepository {
  constructor(private readonly database: Database) {}

  /** False when it was taken back before. */
  async insert(jti: string, expiresAt: Date): Promise<boolean> {
    return (await this.database.execute(INSERT, [jti, expiresAt])) === 1;
  }

  /** Those that are over anyway; the clocks of two machines may differ by a little. */
  forgetOld(): Promise<number> {
    return this.database.execute(
      `DELETE FROM identity.revoked_tokens WHERE expires_at < now() - interval '1 hour'`,
    );
  }
}

const INSERT = 'INSERT INTO identity.revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING';
