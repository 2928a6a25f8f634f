import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface SigningKeyRow {
  kid: string;
  publicJwk: Record<string, string>;
  privateSealed: Buffer;
  state: 'active' | 'retiring';
}

@Injectable()
export class SigningKeyRepository {
  constructor(private readonly database: Database) {}

  all(): Promise<SigningKeyRow[]> {
    return this.database.query<SigningKeyRow>(ALL);
  }

  /** Makes the first key; when another process was quicker, its key stays. */
  async insertFirst(kid: string, publicJwk: object, privateSealed: Buffer): Promise<void> {
    await this.database.execute(INSERT, [kid, JSON.stringify(publicJwk), privateSealed]);
  }
}

const ALL = `
  SELECT kid, public_jwk AS "publicJwk", private_sealed AS "privateSealed", state FROM identity.signing_keys ORDER BY created_at DESC`;
const INSERT = `
  INSERT INTO identity.signing_keys (kid, public_jwk, private_sealed, state) VALUES ($1, $2, $3, 'active') ON CONFLICT DO NOTHING`;
