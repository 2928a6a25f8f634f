import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Spent } from './promotion.js';

/** One use of a promotion by an order, as it is asked for; minor units. */
export interface WantedUse {
  promotionId: string;
  codeId: string | null;
  amount: string;
  currency: string;
}

/** Who buys: every order of the account counts, and every order with the address, in whatever case. */
export interface Buyer {
  customerId: string | null;
  email: string | null;
}

/** Any number: apart from other advisory locks. */
const BUYERS = 4_711_051;

/**
 * Which order uses which promotion. Rows are the truth; what is used up is told by looking at them, and at the totals of those
 * that were counted before. So a hold that is over counts as free in the statement that looks, whether anybody swept or not.
 */
@Injectable()
export class RedemptionRepository {
  constructor(private readonly database: Database) {}

  /**
   * Makes everybody wait who wants the same of what is limited, until the end of the transaction: promotions by id, then
   * codes by id, then buyers. Whoever looks afterwards, in a statement of its own, sees what those before have taken.
   */
  async lock(uses: readonly WantedUse[], { customerId, email }: Buyer): Promise<void> {
    const promotions = uses.map(({ promotionId }) => promotionId);
    const codes = uses.flatMap(({ codeId }) => codeId ?? []);
    const buyers = [customerId, email].filter((name) => name !== null);
    await Promise.all([
      this.database.execute(LOCK_PROMOTIONS, [promotions]),
      ...(codes.length > 0 ? [this.database.execute(LOCK_CODES, [codes])] : []),
      this.database.execute(LOCK_BUYERS, [promotions, codes, buyers]),
    ]);
  }

  /** Writes the uses for which there is room, after `lock`. Returns those that there is none for, and why. */
  hold(
    orderId: string,
    uses: readonly WantedUse[],
    { customerId, email }: Buyer,
    until: Date,
    now: Date,
  ): Promise<{ promotionId: string; spent: Spent }[]> {
    const values = [now, customerId, email, orderId, JSON.stringify(uses), until];
    return this.database.query(HOLD, values);
  }

  /** What an order holds is its own for good. Returns how many uses were let go of before, and wait for `takeBack`. */
  async keep(orderId: string, now: Date): Promise<number> {
    const [row] = await this.database.query<{ lost: number }>(KEEP, [orderId, now]);
    return row?.lost ?? 0;
  }

  /** What an order let go of, or held for too long. */
  lostBy(orderId: string): Promise<WantedUse[]> {
    return this.database.query<WantedUse>(LOST, [orderId]);
  }

  /** After `lock`: the order has them again, and those for which there is no room any more are marked. */
  async takeBack(orderId: string, { customerId, email }: Buyer, now: Date): Promise<void> {
    await this.database.execute(TAKE_BACK, [now, customerId, email, orderId]);
  }

  /** Free for others. Repeating it does nothing. */
  async release(orderId: string): Promise<void> {
    await this.database.execute(RELEASE, [orderId]);
  }

  /** Held for longer; what is over already is not held again. */
  async prolong(orderId: string, until: Date, now: Date): Promise<void> {
    await this.database.execute(PROLONG, [orderId, until, now]);
  }

  /** Holds that are over since before a moment are marked so; the oldest first. */
  sweep(before: Date, limit: number): Promise<number> {
    return this.database.execute(SWEEP, [before, limit]);
  }

  /** Kept uses go into the totals. Whoever looks sees each of them once, before and after. */
  async count(limit: number): Promise<number> {
    const [row] = await this.database.query<{ counted: number }>(COUNT, [limit]);
    return row?.counted ?? 0;
  }
}

/** SQL: a use that counts and stands in no total. `now` is the parameter that says what time it is. */
export const LIVE = (row: string, now: string): string =>
  `NOT ${row}.counted AND (${row}.state = 'kept' OR (${row}.state = 'held' AND ${row}.held_until > ${now}))`;

/** SQL: the same, counted or not; $1 is now. */
export const TAKEN = "(r.state = 'kept' OR (r.state = 'held' AND r.held_until > $1))";

/** SQL: a promotion `p` is for the first order of a customer. */
export const FOR_FIRST_ORDERS = `p.conditions @> '[{"type": "first_order"}]'`;

/** SQL: the orders of a buyer; $2 is the account, $3 the address. Nobody looks unless a limit is one of customers. */
export const MINE = `
  mine AS (
    SELECT id FROM ordering.orders WHERE customer_id = $2::uuid
    UNION SELECT id FROM ordering.orders WHERE lower(email) = lower($3::text)
  )`;

const USES = `(SELECT coalesce(sum(t.uses), 0) FROM ordering.promotion_totals t WHERE t.promotion_id = p.id)
  + (SELECT count(*) FROM ordering.promotion_redemptions r WHERE r.promotion_id = p.id AND ${LIVE('r', '$1')})`;

/** SQL: minor units that a promotion `p` with a budget has cost so far. */
export const COST = `(SELECT coalesce(sum(t.amount), 0) FROM ordering.promotion_totals t
    WHERE t.promotion_id = p.id AND t.currency = p.currency)
  + (SELECT coalesce(sum(r.amount), 0) FROM ordering.promotion_redemptions r
    WHERE r.promotion_id = p.id AND r.currency = p.currency AND ${LIVE('r', '$1')})`;

const USES_OF_CODE = `c.uses + (SELECT count(*) FROM ordering.promotion_redemptions r
  WHERE r.code_id = c.id AND ${LIVE('r', '$1')})`;

const usesOfBuyer = (scope: string): string =>
  `(SELECT count(*) FROM mine m JOIN ordering.promotion_redemptions r ON r.order_id = m.id WHERE ${scope} AND ${TAKEN})`;

/**
 * SQL: why a promotion `p`, through a code `c` or without, has no room for one more use of `amount`; null when it has. $1 is
 * now, and `mine` must be there.
 */
export const spentOf = (amount: string): string => `
  CASE
    WHEN p.limit_total <= ${USES} THEN 'limit_total'
    WHEN p.budget < ${COST} + ${amount} THEN 'budget'
    WHEN c.limit_total <= ${USES_OF_CODE} THEN 'code_used'
    WHEN p.limit_per_customer <= ${usesOfBuyer('r.promotion_id = p.id')} THEN 'limit_per_customer'
    WHEN c.limit_per_customer <= ${usesOfBuyer('r.code_id = c.id')} THEN 'limit_per_customer'
    WHEN c.status <> 'active' OR c.ends_at <= $1 THEN 'code_expired'
  END`;

/** SQL: an order is not the first of its account: another is placed, or waits with what only the first may have. */
const NOT_FIRST = `
  CASE WHEN ${FOR_FIRST_ORDERS} AND EXISTS (
    SELECT FROM ordering.orders o WHERE o.customer_id = $2 AND o.id <> $4 AND (
      (o.placed_at IS NOT NULL AND o.status <> 'canceled') OR (o.status = 'pending_payment' AND EXISTS (
        SELECT FROM ordering.promotion_redemptions r JOIN ordering.promotions p ON p.id = r.promotion_id
        WHERE r.order_id = o.id AND ${TAKEN} AND ${FOR_FIRST_ORDERS})))
  ) THEN 'first_order' END`;

const LOCK_PROMOTIONS = `
  SELECT FROM ordering.promotions WHERE id = ANY ($1::uuid[]) AND (limit_total IS NOT NULL OR budget IS NOT NULL)
  ORDER BY id FOR NO KEY UPDATE`;
const LOCK_CODES = `
  SELECT FROM ordering.promotion_codes WHERE id = ANY ($1::uuid[]) AND limit_total IS NOT NULL
  ORDER BY id FOR NO KEY UPDATE`;
// The same order for everybody; two names that share a key wait for each other in vain, and that is all.
const LOCK_BUYERS = `
  SELECT pg_advisory_xact_lock(${BUYERS}, k.key) FROM (
    SELECT DISTINCT hashtext(s.id || lower(b.name)) AS key FROM (
        SELECT id::text FROM ordering.promotions WHERE id = ANY ($1::uuid[]) AND limit_per_customer IS NOT NULL
        UNION ALL
        SELECT id::text FROM ordering.promotion_codes WHERE id = ANY ($2::uuid[]) AND limit_per_customer IS NOT NULL
        UNION ALL
        SELECT 'first_order' FROM ordering.promotions p WHERE id = ANY ($1::uuid[]) AND ${FOR_FIRST_ORDERS}
      ) s, unnest($3::text[]) AS b (name)
    ORDER BY 1) k`;
const HOLD = `
  WITH ${MINE}, wanted AS (
    SELECT w."promotionId" AS promotion_id, w."codeId" AS code_id, w.amount, w.currency,
      coalesce(${spentOf('w.amount')}, ${NOT_FIRST}) AS spent
    FROM jsonb_to_recordset($5::jsonb) AS w ("promotionId" uuid, "codeId" uuid, amount bigint, currency text)
      JOIN ordering.promotions p ON p.id = w."promotionId" LEFT JOIN ordering.promotion_codes c ON c.id = w."codeId"
  ), held AS (
    INSERT INTO ordering.promotion_redemptions (promotion_id, order_id, code_id, currency, amount, state, held_until, created_at)
    SELECT promotion_id, $4, code_id, currency, amount, 'held', $6, $1 FROM wanted WHERE spent IS NULL ORDER BY promotion_id
  )
  SELECT promotion_id AS "promotionId", spent FROM wanted WHERE spent IS NOT NULL`;
const KEEP = `
  WITH kept AS (
    UPDATE ordering.promotion_redemptions SET state = 'kept'
    WHERE order_id = $1 AND state = 'held' AND held_until > $2 RETURNING promotion_id
  )
  SELECT (count(*) - (SELECT count(*) FROM kept))::int AS lost FROM ordering.promotion_redemptions
  WHERE order_id = $1 AND state <> 'kept'`;
const LOST = `
  SELECT promotion_id AS "promotionId", code_id AS "codeId", amount::text, currency FROM ordering.promotion_redemptions
  WHERE order_id = $1 AND state <> 'kept'`;
const TAKE_BACK = `
  WITH ${MINE}, lost AS (
    SELECT r.promotion_id, coalesce(${spentOf('r.amount')}, 'code_expired') <> 'code_expired' AS beyond
    FROM ordering.promotion_redemptions r JOIN ordering.promotions p ON p.id = r.promotion_id
      LEFT JOIN ordering.promotion_codes c ON c.id = r.code_id
    WHERE r.order_id = $4 AND r.state <> 'kept'
  )
  UPDATE ordering.promotion_redemptions r SET state = 'kept', beyond = l.beyond FROM lost l
  WHERE r.order_id = $4 AND r.promotion_id = l.promotion_id`;
const RELEASE = `
  WITH own AS MATERIALIZED (
    SELECT promotion_id, code_id, currency, amount, counted FROM ordering.promotion_redemptions
    WHERE order_id = $1 AND state <> 'released' ORDER BY promotion_id FOR UPDATE
  ), freed AS (
    UPDATE ordering.promotion_redemptions r SET state = 'released', counted = false FROM own o
    WHERE r.order_id = $1 AND r.promotion_id = o.promotion_id
  ), total AS (
    UPDATE ordering.promotion_totals t SET uses = t.uses - 1, amount = t.amount - o.amount FROM own o
    WHERE o.counted AND t.promotion_id = o.promotion_id AND t.currency = o.currency
  )
  UPDATE ordering.promotion_codes c SET uses = c.uses - 1 FROM own o WHERE o.counted AND c.id = o.code_id`;
const PROLONG = `
  UPDATE ordering.promotion_redemptions SET held_until = greatest(held_until, $2)
  WHERE order_id = $1 AND state = 'held' AND held_until > $3`;
const SWEEP = `
  UPDATE ordering.promotion_redemptions r SET state = 'released' FROM (
    SELECT promotion_id, order_id FROM ordering.promotion_redemptions WHERE state = 'held' AND held_until <= $1
    ORDER BY held_until LIMIT $2 FOR UPDATE SKIP LOCKED) old
  WHERE r.promotion_id = old.promotion_id AND r.order_id = old.order_id`;
const COUNT = `
  WITH chosen AS MATERIALIZED (
    SELECT promotion_id, order_id, code_id, currency, amount FROM ordering.promotion_redemptions
    WHERE state = 'kept' AND NOT counted ORDER BY promotion_id, order_id LIMIT $1 FOR UPDATE SKIP LOCKED
  ), marked AS (
    UPDATE ordering.promotion_redemptions r SET counted = true FROM chosen c
    WHERE r.promotion_id = c.promotion_id AND r.order_id = c.order_id
  ), total AS (
    INSERT INTO ordering.promotion_totals AS t (promotion_id, currency, uses, amount)
    SELECT promotion_id, currency, count(*), sum(amount) FROM chosen GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT ON CONSTRAINT promotion_totals_pk DO UPDATE
      SET uses = t.uses + excluded.uses, amount = t.amount + excluded.amount
  ), code AS (
    UPDATE ordering.promotion_codes c SET uses = c.uses + n.uses
    FROM (SELECT code_id, count(*)::int AS uses FROM chosen WHERE code_id IS NOT NULL GROUP BY 1) n WHERE c.id = n.code_id
  )
  SELECT count(*)::int AS counted FROM chosen`;
