import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Checkpoint, Link, SealedTransaction } from './chain.js';

/** Any number that nobody else locks. */
const SEALING = 7_204_113;

export interface ChainHead {
  readonly position: number;
  readonly hash: string;
}

/** The seals of the books, and the sums of their days. */
@Injectable()
export class LedgerChainRepository {
  constructor(private readonly database: Database) {}

  /** In the running transaction: one process seals at a time. */
  async lock(): Promise<void> {
    await this.database.query('SELECT pg_advisory_xact_lock($1)', [SEALING]);
  }

  async head(): Promise<ChainHead | null> {
    const [head] = await this.database.query<ChainHead>(HEAD);
    return head ?? null;
  }

  /** Takes what waits for its seal, in the order of booking. */
  async takeUnsealed(limit: number): Promise<SealedTransaction[]> {
    const rows = await this.database.query<{ transaction: SealedTransaction }>(TAKE, [limit]);
    return rows.map(({ transaction }) => transaction);
  }

  /** Writes the seals behind `position`, and adds what they cover to the days. */
  async seal(position: number, ids: readonly string[], hashes: readonly string[]): Promise<void> {
    await this.database.execute(SEAL, [position, ids, hashes]);
    await this.database.execute(ADD_DAYS, [ids]);
  }

  /** Links behind `after` up to `until`, in their order. */
  links(after: number, until: number, limit: number): Promise<Link[]> {
    return this.database.query<Link>(LINKS, [after, until, limit]);
  }

  /** False when the day has one. */
  async addCheckpoint(day: string, { position, hash }: ChainHead, signature: string): Promise<boolean> {
    return (await this.database.execute(ADD_CHECKPOINT, [day, position, hash, signature])) === 1;
  }

  checkpoints(): Promise<Checkpoint[]> {
    return this.database.query<Checkpoint>(CHECKPOINTS);
  }

  /** What waits, what came past the books, and days that are not the sum of their transactions. */
  async rest(): Promise<{ unsealed: number; strangers: number; differingDays: number }> {
    const [rest] = await this.database.query<{ unsealed: number; strangers: number; differingDays: number }>(
      REST,
    );
    return rest ?? { unsealed: 0, strangers: 0, differingDays: 0 };
  }
}

const instant = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

// Written by PostgreSQL whenever it is hashed, so that no driver's idea of a time or a number comes between.
const TRANSACTION = `
  json_build_object('id', t.id, 'kind', t.kind, 'sourceType', t.source_type, 'sourceId', t.source_id,
    'paymentId', t.payment_id, 'orderId', t.order_id, 'invoiceId', t.invoice_id, 'reversesId', t.reverses_id,
    'effectiveAt', ${instant('t.effective_at')}, 'bookedOn', t.booked_on::text, 'recordedAt', ${instant('t.recorded_at')},
    'entries', (SELECT coalesce(json_agg(json_build_object('account', e.account, 'currency', e.currency, 'amount', e.amount::text)
      ORDER BY e.position), '[]') FROM billing.ledger_entries e WHERE e.transaction_id = t.id))`;

const HEAD = `
  SELECT position::float8 AS position, encode(hash, 'hex') AS hash FROM billing.ledger_seals ORDER BY position DESC LIMIT 1`;

const TAKE = `
  WITH due AS (
    DELETE FROM billing.ledger_unsealed WHERE transaction_id IN
      (SELECT transaction_id FROM billing.ledger_unsealed ORDER BY transaction_id LIMIT $1) RETURNING transaction_id
  )
  SELECT ${TRANSACTION} AS transaction
  FROM due JOIN billing.ledger_transactions t ON t.id = due.transaction_id ORDER BY t.id`;

const SEAL = `
  INSERT INTO billing.ledger_seals (position, transaction_id, hash)
  SELECT $1::bigint + n, id, decode(hash, 'hex') FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS s (id, hash, n)`;

const ADD_DAYS = `
  INSERT INTO billing.ledger_days AS d (account, currency, day, debit, credit)
  SELECT e.account, e.currency, t.booked_on, sum(greatest(e.amount, 0)), sum(greatest(-e.amount, 0))
  FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
  WHERE t.id = ANY ($1::uuid[]) GROUP BY 1, 2, 3
  ON CONFLICT (account, currency, day) DO UPDATE
    SET debit = d.debit + excluded.debit, credit = d.credit + excluded.credit`;

const LINKS = `
  SELECT s.position::float8 AS position, encode(s.hash, 'hex') AS hash,
    CASE WHEN t.id IS NOT NULL THEN ${TRANSACTION} END AS transaction
  FROM billing.ledger_seals s LEFT JOIN billing.ledger_transactions t ON t.id = s.transaction_id
  WHERE s.position > $1 AND s.position <= $2 ORDER BY s.position LIMIT $3`;

const ADD_CHECKPOINT = `
  INSERT INTO billing.ledger_checkpoints (day, position, hash, signature)
  VALUES ($1, $2, decode($3, 'hex'), decode($4, 'hex')) ON CONFLICT (day) DO NOTHING`;

const CHECKPOINTS = `
  SELECT day::text AS day, position::float8 AS position, encode(hash, 'hex') AS hash, encode(signature, 'hex') AS signature
  FROM billing.ledger_checkpoints ORDER BY day`;

const REST = `
  SELECT (SELECT count(*)::int FROM billing.ledger_unsealed) AS unsealed,
    (SELECT count(*)::int FROM billing.ledger_transactions t
      WHERE NOT EXISTS (SELECT FROM billing.ledger_seals s WHERE s.transaction_id = t.id)
        AND NOT EXISTS (SELECT FROM billing.ledger_unsealed u WHERE u.transaction_id = t.id)) AS strangers,
    (SELECT count(*)::int FROM (
      SELECT e.account, e.currency, t.booked_on AS day, sum(greatest(e.amount, 0)) AS debit, sum(greatest(-e.amount, 0)) AS credit
      FROM billing.ledger_seals s JOIN billing.ledger_transactions t ON t.id = s.transaction_id
      JOIN billing.ledger_entries e ON e.transaction_id = t.id GROUP BY 1, 2, 3
    ) AS found FULL JOIN billing.ledger_days d USING (account, currency, day)
      WHERE (found.debit, found.credit) IS DISTINCT FROM (d.debit, d.credit)) AS "differingDays"`;
