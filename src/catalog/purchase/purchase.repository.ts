import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** What is known of an order by now. */
export interface OrderFacts {
  customerId: string | null;
  canceled: boolean;
}

/** Who bought which product with which order. */
@Injectable()
export class PurchaseRepository {
  constructor(private readonly database: Database) {}

  /**
   * Adds what was heard of an order to what is known of it, and answers all of it. The row stays locked until the end of
   * the transaction: facts about one order are taken in one after the other, in whatever order they come.
   */
  async note(orderId: string, heard: Partial<OrderFacts>): Promise<OrderFacts> {
    const values = [orderId, heard.customerId ?? null, heard.canceled ?? false];
    const [row] = await this.database.query<OrderFacts>(NOTE, values);
    if (!row) throw new Error('an upsert has one row');
    return row;
  }

  /** What is there already stays. The products are counted anew by the job that counts what is bought together. */
  async add(orderId: string, productIds: string[], customerId: string | null, placedAt: Date): Promise<void> {
    await this.database.execute(ADD, [orderId, productIds, customerId, placedAt]);
  }

  /** Takes an order back and answers its products; these are counted anew as well. */
  async remove(orderId: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(REMOVE, [orderId]);
    return rows.map(({ id }) => id);
  }

  /** Says whose the order is, and answers its products. */
  async give(orderId: string, customerId: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(GIVE, [orderId, customerId]);
    return rows.map(({ id }) => id);
  }

  /**
   * Marks what the customer has written about these products as by somebody who bought them, or not any more. Answers the
   * products of which a page says something else now. The products are held, as by whoever writes a review: one of two
   * that come at once sees what the other has written.
   */
  async verify(customerId: string, productIds: string[]): Promise<string[]> {
    await this.database.execute(HOLD_PRODUCTS, [productIds]);
    const rows = await this.database.query<{ id: string; status: string }>(VERIFY, [customerId, productIds]);
    return rows.filter(({ status }) => status === 'published').map(({ id }) => id);
  }

  /** Whether the customer has bought it and not canceled. */
  async hasBought(customerId: string, productId: string): Promise<boolean> {
    const [row] = await this.database.query<{ bought: boolean }>(HAS_BOUGHT, [customerId, productId]);
    return row?.bought ?? false;
  }
}

const NOTE = `
  INSERT INTO catalog.order_facts AS f (order_id, customer_id, canceled) VALUES ($1, $2, $3)
  ON CONFLICT (order_id) DO UPDATE SET customer_id = coalesce(f.customer_id, excluded.customer_id),
    canceled = f.canceled OR excluded.canceled
  RETURNING customer_id AS "customerId", canceled`;
/** Asks for products of a CTE (id) to be counted. An update and not nothing: it waits for whoever counts them right now. */
const due = (cte: string): string => `
  asked AS (
    INSERT INTO catalog.pairs_due AS d (product_id) SELECT id FROM ${cte} ORDER BY id
    ON CONFLICT (product_id) DO UPDATE SET asked = d.asked + 1
  )`;
const ADD = `
  WITH added AS (
    INSERT INTO catalog.purchases (order_id, product_id, customer_id, placed_at)
    SELECT $1, id, $3, $4 FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) p ORDER BY id
    ON CONFLICT (order_id, product_id) DO NOTHING RETURNING product_id AS id
  ), ${due('added')} SELECT id FROM added`;
const REMOVE = `
  WITH removed AS (DELETE FROM catalog.purchases WHERE order_id = $1 RETURNING product_id AS id), ${due('removed')}
  SELECT id FROM removed`;
const GIVE = `
  UPDATE catalog.purchases SET customer_id = $2 WHERE order_id = $1 RETURNING product_id AS id`;
const HOLD_PRODUCTS = 'SELECT FROM catalog.products WHERE id = ANY ($1::uuid[]) ORDER BY id FOR SHARE';
const VERIFY = `
  UPDATE catalog.reviews r SET verified = NOT r.verified
  WHERE r.customer_id = $1 AND r.product_id = ANY ($2::uuid[]) AND r.verified <> EXISTS (
    SELECT FROM catalog.purchases p WHERE p.customer_id = $1 AND p.product_id = r.product_id)
  RETURNING r.product_id AS id, r.status`;
const HAS_BOUGHT = `
  SELECT EXISTS (SELECT FROM catalog.purchases WHERE customer_id = $1 AND product_id = $2) AS bought`;
