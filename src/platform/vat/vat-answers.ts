import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface KeptAnswer {
  status: 'valid' | 'invalid';
  consultation: string | null;
  checkedAt: Date;
}

/** What the register of VAT ids has said, the last of each id. */
@Injectable()
export class VatAnswers {
  constructor(private readonly database: Database) {}

  /** What it has said since then. */
  async find(vatId: string, since: Date): Promise<KeptAnswer | undefined> {
    const [row] = await this.database.query<KeptAnswer>(FIND, [vatId, since]);
    return row;
  }

  async keep(vatId: string, { status, consultation, checkedAt }: KeptAnswer): Promise<void> {
    await this.database.execute(KEEP, [vatId, status, consultation, checkedAt]);
  }

  /** All that is older. */
  async forget(before: Date): Promise<void> {
    await this.database.execute('DELETE FROM platform.vat_checks WHERE checked_at < $1', [before]);
  }

  /** In the caller's transaction: of a person who is forgotten. */
  async forgetAll(vatIds: readonly string[]): Promise<void> {
    await this.database.execute('DELETE FROM platform.vat_checks WHERE vat_id = ANY ($1::text[])', [vatIds]);
  }
}

const FIND = `
  SELECT status, consultation, checked_at AS "checkedAt" FROM platform.vat_checks WHERE vat_id = $1 AND checked_at > $2`;
const KEEP = `
  INSERT INTO platform.vat_checks (vat_id, status, consultation, checked_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (vat_id) DO UPDATE SET status = excluded.status, consultation = excluded.consultation,
    checked_at = excluded.checked_at`;
