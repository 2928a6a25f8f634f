import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { SellerProfile } from './seller-profile.js';

export interface StoredProfile {
  profile: SellerProfile;
  version: number;
  updatedAt: Date;
}

/** Any number; it keeps two processes from saying at once who sells. */
const SAYING = 4_711_011;

@Injectable()
export class SellerProfileRepository {
  constructor(private readonly database: Database) {}

  async find(): Promise<StoredProfile | null> {
    const [row] = await this.database.query<StoredProfile>(
      'SELECT profile, version, updated_at AS "updatedAt" FROM billing.seller_profile',
    );
    return row ?? null;
  }

  /**
   * Whether nobody ever said who sells, and no invoice waits for it (it would be finalised, and sent, under a wrong name).
   * Whoever asks is alone until the transaction ends.
   */
  async claimUnsaid(): Promise<boolean> {
    await this.database.query('SELECT pg_advisory_xact_lock($1)', [SAYING]);
    const [row] = await this.database.query<{ unsaid: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM billing.seller_profile) AND NOT EXISTS (SELECT FROM billing.invoices) AS unsaid`,
    );
    return row?.unsaid ?? false;
  }

  /** False when somebody else has written since `version` was read (0: there was none). */
  async save(profile: SellerProfile, version: number, now: Date): Promise<boolean> {
    return (await this.database.execute(SAVE, [JSON.stringify(profile), version, now])) === 1;
  }
}

const SAVE = `
  INSERT INTO billing.seller_profile AS s (profile, version, updated_at)
  SELECT $1::jsonb, 1, $3 WHERE $2 = 0 OR EXISTS (SELECT FROM billing.seller_profile)
  ON CONFLICT (id) DO UPDATE SET profile = excluded.profile, version = s.version + 1, updated_at = excluded.updated_at
    WHERE s.version = $2`;
