import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { type AccountMapping, NO_MAPPING } from './account-mapping.js';

/** How the accountant numbers the accounts. */
@Injectable()
export class AccountMappingRepository {
  constructor(private readonly database: Database) {}

  async find(): Promise<{ mapping: AccountMapping; version: number; updatedAt: Date | null }> {
    const [row] = await this.database.query<{ mapping: AccountMapping; version: number; updatedAt: Date }>(
      'SELECT mapping, version, updated_at AS "updatedAt" FROM billing.account_mapping',
    );
    return row ?? { mapping: NO_MAPPING, version: 0, updatedAt: null };
  }

  /** False when somebody else has written since `version` was read (0: there was none). */
  async save(mapping: AccountMapping, version: number, now: Date): Promise<boolean> {
    return (await this.database.execute(SAVE, [JSON.stringify(mapping), version, now])) === 1;
  }
}

const SAVE = `
  INSERT INTO billing.account_mapping AS m (mapping, version, updated_at)
  SELECT $1::jsonb, 1, $3::timestamptz WHERE $2::int = 0 OR EXISTS (SELECT FROM billing.account_mapping)
  ON CONFLICT (id) DO UPDATE SET mapping = excluded.mapping, version = m.version + 1, updated_at = excluded.updated_at
    WHERE m.version = $2`;
