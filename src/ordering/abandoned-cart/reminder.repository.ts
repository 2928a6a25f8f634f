import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** A cart that somebody left behind, whose next letter is due. */
export interface Due {
  id: string;
  customerId: string | null;
  /** Which letter, from 1. */
  step: number;
  /** To the microsecond: where the next page of them begins. */
  key: string;
}

export interface ReminderRow {
  id: string;
  cartId: string;
  step: number;
  addressHash: Buffer;
  at: Date;
}

/** Letters about carts, and who wants none. */
@Injectable()
export class ReminderRepository {
  constructor(private readonly database: Database) {}

  /**
   * Carts with something in them that have not changed for as many hours as a step says and have not had its letter, the oldest
   * first: those of customers, and those of guests who agreed. What nobody has touched for `tooOld` is left alone.
   */
  due(hours: readonly number[], now: Date, tooOld: Date, after: Due | null, limit: number): Promise<Due[]> {
    const values = [hours, now, tooOld, after?.key ?? null, after?.id ?? null, limit];
    return this.database.query<Due>(DUE, values);
  }

  /** Of a cart that is locked: whether its letter is still due, and nothing was ordered since by them who left it. */
  async isDue({ id, step }: Due, email: string, hours: readonly number[], now: Date): Promise<boolean> {
    const rows = await this.database.query(IS_DUE, [id, hours[step - 1], now, email, step]);
    return rows.length === 1;
  }

  /** Writes down a letter. False when the cart has had it, or the address one about another cart since then. */
  async insert({ id, cartId, step, addressHash, at }: ReminderRow, since: Date): Promise<boolean> {
    return (await this.database.execute(INSERT, [id, cartId, step, addressHash, at, since])) === 1;
  }

  async setRestoreHash(cartId: string, hash: Buffer): Promise<void> {
    await this.database.execute('UPDATE ordering.carts SET restore_hash = $2 WHERE id = $1', [cartId, hash]);
  }

  /** Which of these customers want no letters about carts. */
  async refusedBy(customerIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(REFUSED, [customerIds]);
    return new Set(rows.map(({ id }) => id));
  }

  /** No more letters to whoever this cart belongs to: the customer, or the guest's address. */
  async stop(cartId: string, now: Date): Promise<void> {
    await this.database.execute(REFUSE, [cartId, now]);
    await this.database.execute(TAKE_BACK, [cartId]);
  }

  async refusalOf(customerId: string | null): Promise<{ at: Date }[]> {
    return this.database.query('SELECT at FROM ordering.reminder_refusals WHERE customer_id = $1', [
      customerId,
    ]);
  }

  async forget(customerId: string | null): Promise<void> {
    await this.database.execute('DELETE FROM ordering.reminder_refusals WHERE customer_id = $1', [
      customerId,
    ]);
  }
}

const DUE = `
  SELECT c.id, c.customer_id AS "customerId", d.step, c.updated_at::text AS key
  FROM ordering.carts c CROSS JOIN LATERAL (
    SELECT max(s.step)::int AS step FROM unnest($1::int[]) WITH ORDINALITY AS s (hours, step)
    WHERE c.updated_at <= $2::timestamptz - make_interval(hours => s.hours)
  ) d
  WHERE c.state = 'active' AND c.updated_at > $3 AND d.step IS NOT NULL
    AND (c.customer_id IS NOT NULL OR (c.remind_since IS NOT NULL AND c.email IS NOT NULL))
    AND ($4::timestamptz IS NULL OR (c.updated_at, c.id) > ($4, $5::uuid))
    AND EXISTS (SELECT FROM ordering.cart_lines l WHERE l.cart_id = c.id)
    AND NOT EXISTS (SELECT FROM ordering.cart_reminders r WHERE r.cart_id = c.id AND r.step >= d.step)
  ORDER BY c.updated_at, c.id LIMIT $6`;
const IS_DUE = `
  SELECT FROM ordering.carts c
  WHERE c.id = $1 AND c.state = 'active' AND c.updated_at <= $3::timestamptz - make_interval(hours => $2::int)
    AND EXISTS (SELECT FROM ordering.cart_lines l WHERE l.cart_id = c.id)
    AND NOT EXISTS (SELECT FROM ordering.cart_reminders r WHERE r.cart_id = c.id AND r.step >= $5::int)
    AND NOT EXISTS (SELECT FROM ordering.orders o WHERE o.created_at >= c.updated_at AND lower(o.email) = lower($4))
    AND NOT EXISTS (SELECT FROM ordering.orders o WHERE o.created_at >= c.updated_at AND o.customer_id = c.customer_id)`;
const INSERT = `
  INSERT INTO ordering.cart_reminders (id, cart_id, step, address_hash, at) SELECT $1, $2, $3, $4, $5
  WHERE NOT EXISTS (
    SELECT FROM ordering.cart_reminders r WHERE r.address_hash = $4 AND r.at > $6 AND r.cart_id <> $2)
  ON CONFLICT ON CONSTRAINT cart_reminders_once_key DO NOTHING`;
const REFUSED = `
  SELECT customer_id AS id FROM ordering.reminder_refusals WHERE customer_id = ANY ($1::uuid[])`;
const REFUSE = `
  INSERT INTO ordering.reminder_refusals (customer_id, at)
  SELECT customer_id, $2 FROM ordering.carts WHERE id = $1 AND customer_id IS NOT NULL
  ON CONFLICT ON CONSTRAINT reminder_refusals_pk DO NOTHING`;
const TAKE_BACK = `
  UPDATE ordering.carts c SET remind_since = NULL FROM ordering.carts named
  WHERE named.id = $1 AND c.remind_since IS NOT NULL AND (c.id = named.id OR c.customer_id = named.customer_id
    OR (named.customer_id IS NULL AND c.customer_id IS NULL AND c.email IS NOT NULL AND lower(c.email) = lower(named.email)))`;
