import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { hashOf, newSecret } from '../../platform/secret.js';

export interface FactorReset {
  id: string;
  reason: string;
  askedBy: string;
  askedAt: Date;
  dueAt: Date;
}

type Asked = Pick<FactorReset, 'id' | 'reason' | 'askedBy'> & { accountId: string };

/** Which accounts lose their second factors, and when; a row stays as long as its account. */
@Injectable()
export class FactorResetRepository {
  constructor(private readonly database: Database) {}

  /** One that waits for three days. Returns the secret that cancels it, or null when one waits already. */
  async start({ id, accountId, askedBy, reason }: Asked): Promise<string | null> {
    const token = newSecret();
    const values = [id, accountId, askedBy, reason, hashOf(token)];
    return (await this.database.execute(START, values)) === 1 ? token : null;
  }

  /** One that is done at once. */
  async note({ id, accountId, askedBy, reason }: Asked): Promise<void> {
    await this.database.execute(NOTE, [id, accountId, askedBy, reason]);
  }

  async pending(accountId: string): Promise<FactorReset | null> {
    const [row] = await this.database.query<FactorReset>(PENDING, [accountId]);
    return row ?? null;
  }

  /** The account whose reset this secret cancels; it goes on. */
  async accountOf(token: string): Promise<string | null> {
    const [row] = await this.database.query<{ accountId: string }>(ACCOUNT_OF, [hashOf(token)]);
    return row?.accountId ?? null;
  }

  /** The id of the one that waited, or null. */
  async cancel(accountId: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(CANCEL, [accountId]);
    return row?.id ?? null;
  }

  /** Accounts whose three days are over, some at a time. */
  async due(): Promise<string[]> {
    const rows = await this.database.query<{ accountId: string }>(DUE);
    return rows.map(({ accountId }) => accountId);
  }

  /** The id of the one that was due, or null: cancelled meanwhile, or done by somebody else. */
  async finish(accountId: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(FINISH, [accountId]);
    return row?.id ?? null;
  }
}

const START = `
  INSERT INTO identity.factor_resets (id, account_id, asked_by, reason, cancel_hash, due_at)
  VALUES ($1, $2, $3, $4, $5, now() + interval '72 hours')
  ON CONFLICT (account_id) WHERE outcome IS NULL DO NOTHING`;
const NOTE = `
  INSERT INTO identity.factor_resets (id, account_id, asked_by, reason, due_at, outcome, ended_at)
  VALUES ($1, $2, $3, $4, now(), 'done', now())`;
const PENDING = `
  SELECT id, reason, asked_by AS "askedBy", asked_at AS "askedAt", due_at AS "dueAt"
  FROM identity.factor_resets WHERE account_id = $1 AND outcome IS NULL`;
const ACCOUNT_OF = `
  SELECT account_id AS "accountId" FROM identity.factor_resets WHERE cancel_hash = $1 AND outcome IS NULL`;
const CANCEL = `
  UPDATE identity.factor_resets SET outcome = 'cancelled', ended_at = now()
  WHERE account_id = $1 AND outcome IS NULL RETURNING id`;
const DUE = `
  SELECT account_id AS "accountId" FROM identity.factor_resets
  WHERE outcome IS NULL AND due_at <= now() ORDER BY due_at LIMIT 100`;
const FINISH = `
  UPDATE identity.factor_resets SET outcome = 'done', ended_at = now()
  WHERE account_id = $1 AND outcome IS NULL AND due_at <= now() RETURNING id`;
