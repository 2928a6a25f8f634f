import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { Returned, Taken } from './taken-credit.js';

export type StoreCreditKind = 'issued' | 'adjusted' | 'refunded' | 'spent' | 'given_back' | 'expired';

/** What the shop owes a customer in one currency. */
export interface StoreCredit {
  id: string;
  /** Null when the customer was erased. */
  customerId: string | null;
  currency: string;
  balance: string;
  version: number;
  createdAt: Date;
}

export interface StoreCreditEntry {
  id: string;
  kind: StoreCreditKind;
  amount: string;
  /** What the balance was afterwards. */
  balance: string;
  orderId: string | null;
  reason: string | null;
  expiresAt: Date | null;
  actor: string;
  at: Date;
}

/** What is left of credit that ends one day. */
export interface Lot {
  id: string;
  remaining: string;
  expiresAt: Date;
}

/** So much of what is given ends one day. */
export interface NewLot {
  amount: bigint;
  expiresAt: Date;
}

export interface CreditEntryInput {
  id: string;
  kind: StoreCreditKind;
  orderId: string | null;
  /** The payment that takes, or the refund that gives. */
  sourceId: string | null;
  reason: string | null;
  actor: string;
  at: Date;
}

export interface StoreCreditFilter {
  customerId: string | null;
  currency: string | null;
}

/** Store credit and its entries. A balance changes in single guarded statements, each with its entry. */
@Injectable()
export class StoreCreditRepository {
  constructor(private readonly database: Database) {}

  /**
   * Adds to the credit of a customer, which is opened by the first of it; answers its id. `lots` are what ends of the amount: the
   * rest is for ever.
   */
  async give(
    of: { accountId: string; customerId: string; currency: string },
    amount: bigint,
    lots: readonly NewLot[],
    entry: CreditEntryInput,
  ): Promise<string> {
    const ending = lots.reduce((sum, lot) => sum + lot.amount, 0n);
    const last = lots.reduce((end, lot) => Math.max(end, lot.expiresAt.getTime()), 0);
    const [row] = await this.database.query<{ id: string }>(GIVE, [
      of.accountId,
      of.customerId,
      of.currency,
      amount,
      ending === amount ? new Date(last) : null,
      ...valuesOf(entry),
      lots.map(() => newId()),
      lots.map((lot) => lot.amount),
      lots.map(({ expiresAt }) => expiresAt),
    ]);
    return row?.id ?? of.accountId;
  }

  /** Takes from the balance, what ends first before the rest, and keeps what a payment took; false when there is not so much. Under the lock of the credit. */
  async take(id: string, amount: bigint, entry: CreditEntryInput): Promise<boolean> {
    return (await this.database.execute(TAKE, [id, amount, ...valuesOf(entry)])) === 1;
  }

  /** What is left of a lot is gone. Under the lock of the credit. */
  async expire(lotId: string, entry: CreditEntryInput): Promise<void> {
    await this.database.execute(EXPIRE, [lotId, ...valuesOf(entry)]);
  }

  async lockOf(customerId: string, currency: string): Promise<StoreCredit | null> {
    const [row] = await this.database.query<StoreCredit>(
      `${CREDIT} WHERE customer_id = $1 AND currency = $2 FOR UPDATE`,
      [customerId, currency],
    );
    return row ?? null;
  }

  async lockAll(ids: readonly string[]): Promise<void> {
    await this.database.query(
      'SELECT FROM billing.store_credits WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE',
      [ids],
    );
  }

  async lock(id: string): Promise<StoreCredit | null> {
    const [row] = await this.database.query<StoreCredit>(`${CREDIT} WHERE id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  async find(id: string): Promise<StoreCredit | null> {
    const [row] = await this.database.query<StoreCredit>(`${CREDIT} WHERE id = $1`, [id]);
    return row ?? null;
  }

  /** All credit of a customer, by currency. */
  ofCustomer(customerId: string): Promise<StoreCredit[]> {
    return this.database.query<StoreCredit>(`${CREDIT} WHERE customer_id = $1 ORDER BY currency`, [
      customerId,
    ]);
  }

  list(filter: StoreCreditFilter, after: string | null, limit: number): Promise<StoreCredit[]> {
    // Only the conditions that were asked for: one text for all of them would be planned for none.
    const values: unknown[] = [limit];
    const wanted = [
      ['customer_id =', filter.customerId],
      ['currency =', filter.currency],
      ['id <', after],
    ] as const;
    const conditions = wanted.flatMap(([sql, value]) =>
      value === null ? [] : [`${sql} $${values.push(value)}`],
    );
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    return this.database.query<StoreCredit>(`${CREDIT} ${where} ORDER BY id DESC LIMIT $1`, values);
  }

  /** The statement, newest first, from behind `after`. */
  entries(id: string, after: string | null, limit: number): Promise<StoreCreditEntry[]> {
    return this.database.query<StoreCreditEntry>(ENTRIES, [id, after, limit]);
  }

  /** What of it ends, the first to end first; only until `before`, when that is given. */
  lots(id: string, before: Date | null): Promise<Lot[]> {
    return this.database.query<Lot>(LOTS, [id, before]);
  }

  /** Credit of which something has ended, and that nobody has written down. */
  async due(now: Date, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(DUE, [now, limit]);
    return rows.map(({ id }) => id);
  }

  /** When, after this moment, the next credit ends. */
  async nextEnd(after: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(NEXT_END, [after]);
    return row?.at ?? null;
  }

  /** What a payment took and was not given back, locked until the end of the transaction. */
  async taken(paymentId: string): Promise<Taken[]> {
    const rows = await this.database.query<Omit<Taken, 'left'> & { left: string }>(TAKEN, [paymentId]);
    return rows.map((row) => ({ ...row, left: BigInt(row.left) }));
  }

  /** Under the lock of what was taken: so much of it is given back. */
  async giveBack(paymentId: string, parts: readonly Returned[]): Promise<void> {
    await this.database.execute(GIVE_BACK, [
      paymentId,
      parts.map(({ position }) => position),
      parts.map(({ amount }) => amount),
    ]);
  }
}

const valuesOf = ({ id, kind, orderId, sourceId, reason, actor, at }: CreditEntryInput) => [
  id,
  kind,
  orderId,
  sourceId,
  reason,
  actor,
  at,
];

const CREDIT = `SELECT id, customer_id AS "customerId", currency, balance::text, version, created_at AS "createdAt"
  FROM billing.store_credits`;
const ENTRIES = `
  SELECT id, kind, amount::text, balance::text, order_id AS "orderId", reason, expires_at AS "expiresAt", actor, at
  FROM billing.store_credit_entries WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;
const LOTS = `
  SELECT id, remaining::text, expires_at AS "expiresAt" FROM billing.store_credit_lots
  WHERE account_id = $1 AND remaining > 0 AND ($2::timestamptz IS NULL OR expires_at <= $2) ORDER BY expires_at, id`;
const DUE = `
  SELECT DISTINCT account_id AS id FROM billing.store_credit_lots WHERE remaining > 0 AND expires_at <= $1 LIMIT $2`;
const NEXT_END = `
  SELECT min(expires_at) AS at FROM billing.store_credit_lots WHERE remaining > 0 AND expires_at > $1`;
const TAKEN = `
  SELECT t.position, (t.amount - t.returned)::text AS left, t.expires_at AS "expiresAt" FROM billing.store_credit_taken t
  JOIN billing.store_credit_entries e ON e.id = t.entry_id
  WHERE e.kind = 'spent' AND e.source_id = $1 AND t.amount > t.returned ORDER BY t.position FOR UPDATE OF t`;
const GIVE_BACK = `
  UPDATE billing.store_credit_taken t SET returned = t.returned + b.amount
  FROM billing.store_credit_entries e, unnest($2::int[], $3::bigint[]) AS b (position, amount)
  WHERE e.kind = 'spent' AND e.source_id = $1 AND t.entry_id = e.id AND t.position = b.position`;

const COLUMNS = `(id, account_id, kind, amount, balance, order_id, source_id, reason, expires_at, actor, at)`;
const GIVE = `
  WITH moved AS (
    INSERT INTO billing.store_credits AS c (id, customer_id, currency, balance, created_at)
    VALUES ($1, $2, $3, $4::bigint, $12)
    ON CONFLICT ON CONSTRAINT store_credits_customer_key
      DO UPDATE SET balance = c.balance + excluded.balance, version = c.version + 1
    RETURNING id, balance
  ), entry AS (
    INSERT INTO billing.store_credit_entries ${COLUMNS}
    SELECT $6, id, $7, $4::bigint, balance, $8, $9, $10, $5, $11, $12 FROM moved RETURNING id, account_id
  ), lots AS (
    INSERT INTO billing.store_credit_lots (id, entry_id, account_id, remaining, expires_at)
    SELECT l.id, entry.id, account_id, l.amount, l.expires_at
    FROM entry, unnest($13::uuid[], $14::bigint[], $15::timestamptz[]) AS l (id, amount, expires_at)
  )
  SELECT account_id AS id FROM entry`;
const TAKE = `
  WITH open AS (
    SELECT id, remaining, expires_at, coalesce(sum(remaining) OVER (
      ORDER BY expires_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
    FROM billing.store_credit_lots WHERE account_id = $1 AND remaining > 0
  ), taken AS (
    SELECT id, expires_at, least(remaining, greatest(0, $2::bigint - before)) AS amount FROM open
  ), moved AS (
    UPDATE billing.store_credits SET balance = balance - $2::bigint, version = version + 1
    WHERE id = $1 AND balance >= $2::bigint AND $2::bigint > 0 RETURNING id, balance
  ), used AS (
    UPDATE billing.store_credit_lots l SET remaining = l.remaining - t.amount FROM taken t, moved
    WHERE l.id = t.id AND t.amount > 0 RETURNING t.id, t.amount, t.expires_at
  ), entry AS (
    INSERT INTO billing.store_credit_entries ${COLUMNS}
    SELECT $3, id, $4, -$2::bigint, balance, $5, $6, $7,
      (SELECT CASE WHEN sum(amount) = $2::bigint THEN max(expires_at) END FROM used), $8, $9 FROM moved
    RETURNING id, kind
  ), parts AS (
    SELECT amount, expires_at FROM used
    UNION ALL
    SELECT $2::bigint - coalesce((SELECT sum(amount) FROM used), 0)::bigint, NULL
  ), kept AS (
    INSERT INTO billing.store_credit_taken (entry_id, position, expires_at, amount)
    SELECT entry.id, row_number() OVER (ORDER BY p.expires_at), p.expires_at, p.amount FROM entry, parts p
    WHERE entry.kind = 'spent' AND p.amount > 0
  )
  SELECT id FROM entry`;
const EXPIRE = `
  WITH lot AS (
    SELECT id, account_id, remaining, expires_at FROM billing.store_credit_lots WHERE id = $1 AND remaining > 0
  ), ended AS (
    UPDATE billing.store_credit_lots l SET remaining = 0 FROM lot WHERE l.id = lot.id
  ), moved AS (
    UPDATE billing.store_credits c SET balance = c.balance - lot.remaining, version = c.version + 1 FROM lot
    WHERE c.id = lot.account_id RETURNING c.id, c.balance, lot.remaining, lot.expires_at
  )
  INSERT INTO billing.store_credit_entries ${COLUMNS}
  SELECT $2, id, $3, -remaining, balance, $4, $5, $6, expires_at, $7, $8 FROM moved`;
