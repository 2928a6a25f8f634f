import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { ChangeKind, Explained, ShippingTerms } from './changed-order.js';
import type { ChangePlan } from './plan.js';

export const CHANGE_STATES = ['draft', 'discarded', 'awaiting_payment', 'confirmed', 'withdrawn'] as const;
export type ChangeState = (typeof CHANGE_STATES)[number];

/** How to take back what was confirmed and never paid. */
export interface Undo {
  addedLineIds: string[];
  shipping: ShippingTerms | null;
}

export interface OrderChange {
  id: string;
  orderId: string;
  kind: ChangeKind;
  state: ChangeState;
  plan: ChangePlan;
  reason: string | null;
  returnId: string | null;
  /** Of the order that a draft was made for. */
  orderVersion: number;
  version: number;
  currency: string;
  /** Null: a draft, or one that came to nothing. */
  difference: bigint | null;
  due: bigint;
  refund: bigint;
  explained: Explained[];
  undo: Undo | null;
  /** Until when it may be paid. */
  expiresAt: Date | null;
  createdAt: Date;
  createdBy: string | null;
  decidedAt: Date | null;
  decidedBy: string | null;
}

/** What a confirmation came to. */
export type Decision = Pick<
  OrderChange,
  'difference' | 'due' | 'refund' | 'explained' | 'undo' | 'expiresAt'
> & {
  state: 'awaiting_payment' | 'confirmed';
};

/** A change whose time to be paid is over. */
export interface OverdueChange {
  id: string;
  orderId: string;
  expiresAt: Date;
}

type Row = Omit<OrderChange, 'difference' | 'due' | 'refund' | 'explained' | 'undo'> & {
  difference: string | null;
  due: string;
  refund: string;
  explained: object | null;
  undo: object | null;
};

@Injectable()
export class ChangeRepository {
  constructor(private readonly database: Database) {}

  /** False when the order has a draft already, or a change that waits to be paid. */
  async insert(change: OrderChange): Promise<boolean> {
    const made = await this.database.execute(INSERT, [
      change.id,
      change.orderId,
      change.kind,
      JSON.stringify(change.plan),
      change.reason,
      change.returnId,
      change.orderVersion,
      change.createdAt,
      change.createdBy,
    ]);
    return made === 1;
  }

  /** The draft of an order, or its change that waits to be paid. */
  async openOf(orderId: string): Promise<OrderChange | undefined> {
    return this.one(`${SELECT} WHERE c.order_id = $1 AND c.state IN ('draft', 'awaiting_payment')`, [
      orderId,
    ]);
  }

  /** The change of an order that waits to be paid; the order is locked by the caller. */
  async awaitingOf(orderId: string): Promise<OrderChange | undefined> {
    return this.one(`${SELECT} WHERE c.order_id = $1 AND c.state = 'awaiting_payment'`, [orderId]);
  }

  async find(orderId: string, id: string): Promise<OrderChange | undefined> {
    return this.one(`${SELECT} WHERE c.id = $1 AND c.order_id = $2`, [id, orderId]);
  }

  /** Locked first and read afterwards, so that what is read is what the lock holders before us have written. */
  async locked(orderId: string, id: string): Promise<OrderChange | undefined> {
    await this.database.query('SELECT FROM ordering.order_changes WHERE id = $1 FOR UPDATE', [id]);
    return this.find(orderId, id);
  }

  /** The newest first. */
  async list(orderId: string, after: string | null, limit: number): Promise<OrderChange[]> {
    const rows = await this.database.query<Row>(
      `${SELECT} WHERE c.order_id = $1 AND ($2::uuid IS NULL OR c.id < $2) ORDER BY c.id DESC LIMIT $3`,
      [orderId, after, limit],
    );
    return rows.map(toChange);
  }

  /** A draft says something else from now on. */
  async replan(change: OrderChange): Promise<void> {
    await this.database.execute(REPLAN, [
      change.id,
      JSON.stringify(change.plan),
      change.reason,
      change.orderVersion,
    ]);
  }

  /** Ends a draft, or takes back what waits to be paid; false when it was something else by then. */
  async end(
    id: string,
    from: ChangeState,
    to: ChangeState,
    by: { at: Date; actor: string | null },
  ): Promise<boolean> {
    return (await this.database.execute(END, [id, from, to, by.at, by.actor])) === 1;
  }

  /** A draft is confirmed; false when it was decided by then. */
  async decide(id: string, decision: Decision, by: { at: Date; actor: string | null }): Promise<boolean> {
    const decided = await this.database.execute(DECIDE, [
      id,
      decision.state,
      decision.difference,
      decision.due,
      decision.refund,
      JSON.stringify(decision.explained.map(toText)),
      decision.undo && JSON.stringify({ ...decision.undo, shipping: toTerms(decision.undo.shipping) }),
      decision.expiresAt,
      by.at,
      by.actor,
    ]);
    return decided === 1;
  }

  /** In the caller's transaction: the order came to nothing, and so does what was open of it. Answers what was held for. */
  async endAllOf(orderId: string, at: Date): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(END_ALL, [orderId, at]);
    return rows.map(({ id }) => id);
  }

  /** More time to pay what waits. */
  async prolong(id: string, until: Date): Promise<void> {
    await this.database.execute(PROLONG, [id, until]);
  }

  /** Changes whose time to be paid is over, the oldest first, from behind `after`. */
  overdue(before: Date, after: OverdueChange | null, limit: number): Promise<OverdueChange[]> {
    const values = [before, after?.expiresAt ?? null, after?.id ?? null, limit];
    return this.database.query<OverdueChange>(OVERDUE, values);
  }

  private async one(text: string, values: unknown[]): Promise<OrderChange | undefined> {
    const [row] = await this.database.query<Row>(text, values);
    return row && toChange(row);
  }
}

const toChange = (row: Row): OrderChange => ({
  ...row,
  difference: row.difference === null ? null : BigInt(row.difference),
  due: BigInt(row.due),
  refund: BigInt(row.refund),
  explained: ((row.explained ?? []) as Record<keyof Explained, string>[]).map(fromText),
  undo: row.undo && fromUndo(row.undo as Undo),
});

/** JSON has no bigint: amounts travel as text. */
const toText = ({ price, discount, tax, total, ...rest }: Explained) => ({
  ...rest,
  price: price.toString(),
  discount: discount.toString(),
  tax: tax.toString(),
  total: total.toString(),
});
const fromText = (row: Record<keyof Explained, string>): Explained => ({
  ...(row as unknown as Explained),
  price: BigInt(row.price),
  discount: BigInt(row.discount),
  tax: BigInt(row.tax),
  total: BigInt(row.total),
});
const toTerms = (terms: ShippingTerms | null) =>
  terms && {
    ...terms,
    price: terms.price.toString(),
    discounts: terms.discounts.map((one) => ({ ...one, amount: one.amount.toString() })),
    taxLines: terms.taxLines.map((tax) => ({
      ...tax,
      base: tax.base.toString(),
      amount: tax.amount.toString(),
    })),
  };
const fromUndo = ({ addedLineIds, shipping }: Undo): Undo => ({
  addedLineIds,
  shipping: shipping && {
    ...shipping,
    price: BigInt(shipping.price),
    discounts: shipping.discounts.map((one) => ({ ...one, amount: BigInt(one.amount) })),
    taxLines: shipping.taxLines.map((tax) => ({
      ...tax,
      base: BigInt(tax.base),
      amount: BigInt(tax.amount),
    })),
  },
});

const SELECT = `
  SELECT c.id, c.order_id AS "orderId", c.kind, c.state, c.plan, c.reason, c.return_id AS "returnId",
    c.order_version AS "orderVersion", c.version, o.currency, c.difference, c.due, c.refund, c.explained, c.undo,
    c.expires_at AS "expiresAt", c.created_at AS "createdAt", c.created_by AS "createdBy", c.decided_at AS "decidedAt",
    c.decided_by AS "decidedBy"
  FROM ordering.order_changes c JOIN ordering.orders o ON o.id = c.order_id`;
const INSERT = `
  INSERT INTO ordering.order_changes (id, order_id, kind, state, plan, reason, return_id, order_version, created_at, created_by)
  SELECT $1, $2, $3, 'draft', $4::jsonb, $5, $6, $7, $8, $9
  WHERE NOT EXISTS (SELECT FROM ordering.order_changes WHERE order_id = $2 AND state IN ('draft', 'awaiting_payment'))
  ON CONFLICT DO NOTHING`;
const REPLAN = `
  UPDATE ordering.order_changes SET plan = $2::jsonb, reason = $3, order_version = $4, version = version + 1 WHERE id = $1`;
const END = `
  UPDATE ordering.order_changes SET state = $3, decided_at = $4, decided_by = $5, version = version + 1
  WHERE id = $1 AND state = $2`;
const END_ALL = `
  WITH freed AS (
    UPDATE ordering.order_lines SET awaiting = 0 WHERE order_id = $1 AND awaiting > 0
  )
  UPDATE ordering.order_changes SET state = CASE state WHEN 'draft' THEN 'discarded' ELSE 'withdrawn' END, decided_at = $2,
    version = version + 1
  WHERE order_id = $1 AND state IN ('draft', 'awaiting_payment') RETURNING id`;
const DECIDE = `
  UPDATE ordering.order_changes SET state = $2, difference = $3, due = $4, refund = $5, explained = $6::jsonb,
    undo = $7::jsonb, expires_at = $8, decided_at = $9, decided_by = $10, version = version + 1
  WHERE id = $1 AND state = 'draft'`;
const PROLONG = `
  UPDATE ordering.order_changes SET expires_at = greatest(expires_at, $2) WHERE id = $1 AND state = 'awaiting_payment'`;
const OVERDUE = `
  SELECT id, order_id AS "orderId", expires_at AS "expiresAt" FROM ordering.order_changes
  WHERE state = 'awaiting_payment' AND expires_at <= $1 AND ($2::timestamptz IS NULL OR (expires_at, id) > ($2, $3::uuid))
  ORDER BY expires_at, id LIMIT $4`;
