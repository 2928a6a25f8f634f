import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface CartSummary {
  id: string;
  state: string;
  customerId: string | null;
  email: string | null;
  currency: string;
  lines: number;
  quantity: number;
  remindMe: boolean;
  reminders: number;
  createdAt: Date;
  updatedAt: Date;
  /** To the microsecond, which a JavaScript date does not have: what the cursor holds. */
  updatedKey: string;
}

export interface CartFilter {
  customerId?: string;
  state?: string;
  email?: string;
  /** Of nobody's account. */
  guest?: boolean;
  /** Active, with something in it, and untouched since then; or, with `abandoned: false`, none of these. */
  abandoned?: boolean;
  from?: string;
  to?: string;
}

export interface Position {
  updatedAt: string;
  id: string;
}

/** Carts as staff see them, and the end of those that nobody comes back to. */
@Injectable()
export class AbandonedCartRepository {
  constructor(private readonly database: Database) {}

  /** Last changed first; one row more than asked for says that there is a next page. */
  list(filter: CartFilter, leftSince: Date, after: Position | null, limit: number): Promise<CartSummary[]> {
    const values: unknown[] = [];
    const where: string[] = [];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    add((place) => `c.customer_id = ${place}`, filter.customerId);
    add((place) => `c.state = ${place}`, filter.state);
    add((place) => `lower(c.email) = lower(${place})`, filter.email);
    add((place) => `(c.customer_id IS NULL) = ${place}`, filter.guest);
    add((place) => `c.updated_at >= ${place}`, filter.from);
    add((place) => `c.updated_at <= ${place}`, filter.to);
    if (filter.abandoned !== undefined)
      add((place) => `${filter.abandoned ? '' : 'NOT '}(${ABANDONED(place)})`, leftSince);
    if (after) {
      values.push(after.updatedAt, after.id);
      where.push(`(c.updated_at, c.id) < ($${values.length - 1}::timestamptz, $${values.length}::uuid)`);
    }
    values.push(limit + 1);
    return this.database.query<CartSummary>(
      `SELECT ${COLUMNS} FROM ordering.carts c ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
       ORDER BY c.updated_at DESC, c.id DESC LIMIT $${values.length}`,
      values,
    );
  }

  /**
   * Deletes so many carts that were last touched before these days, and never one from which an order was written. What somebody
   * works on at this moment is passed by. Returns how many.
   */
  clear(guestsBefore: Date, customersBefore: Date, limit: number): Promise<number> {
    return this.database.execute(CLEAR, [guestsBefore, customersBefore, limit]);
  }
}

const ABANDONED = (since: string) => `c.state = 'active' AND c.updated_at <= ${since}
  AND EXISTS (SELECT FROM ordering.cart_lines l WHERE l.cart_id = c.id)`;
const COLUMNS = `c.id, c.state, c.customer_id AS "customerId", c.email, c.currency, c.created_at AS "createdAt",
  c.updated_at AS "updatedAt", c.updated_at::text AS "updatedKey", c.remind_since IS NOT NULL AS "remindMe",
  (SELECT count(*)::int FROM ordering.cart_reminders r WHERE r.cart_id = c.id) AS reminders,
  (SELECT count(*)::int FROM ordering.cart_lines l WHERE l.cart_id = c.id) AS lines,
  (SELECT coalesce(sum(l.quantity), 0)::int FROM ordering.cart_lines l WHERE l.cart_id = c.id) AS quantity`;
const CLEAR = `
  DELETE FROM ordering.carts WHERE id IN (
    SELECT c.id FROM ordering.carts c
    WHERE c.state <> 'ordered' AND c.updated_at < CASE WHEN c.customer_id IS NULL THEN $1::timestamptz ELSE $2 END
      AND c.updated_at < greatest($1::timestamptz, $2)
      AND NOT EXISTS (SELECT FROM ordering.orders o WHERE o.cart_id = c.id)
    ORDER BY c.updated_at, c.id LIMIT $3 FOR UPDATE SKIP LOCKED)`;
