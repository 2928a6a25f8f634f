import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { LeftOut } from '../cart/fitting.js';

/** The ends of guests' carts when their makers sign in. */
@Injectable()
export class CartMergeRepository {
  constructor(private readonly database: Database) {}

  /** A locked cart of a guest becomes the active cart of a customer, and its token opens nothing any more. */
  async adopt(cartId: string, customerId: string, email: string | null, now: Date): Promise<void> {
    await this.database.execute(ADOPT, [cartId, customerId, email, now]);
    await this.database.execute(GIVE_SAVED, [cartId, customerId]);
  }

  /**
   * A locked cart of a guest ends: what it held lies in another now, its links show that one, and what was put aside is the
   * customer's. What did not fit is kept for whoever asks again.
   */
  async end(
    cartId: string,
    customerId: string,
    into: string,
    leftOut: readonly LeftOut[],
    now: Date,
  ): Promise<void> {
    await this.database.execute(END, [cartId, customerId, into, JSON.stringify(leftOut), now]);
    await this.database.execute(GIVE_SAVED, [cartId, customerId]);
    await this.database.execute('UPDATE ordering.cart_shares SET cart_id = $2 WHERE cart_id = $1', [
      cartId,
      into,
    ]);
  }

  /** Where the lines of a merged cart went, and what did not. */
  async outcomeOf(cartId: string): Promise<{ into: string; leftOut: LeftOut[] } | undefined> {
    const [row] = await this.database.query<{ into: string; leftOut: LeftOut[] }>(OUTCOME, [cartId]);
    return row;
  }
}

const ADOPT = `
  UPDATE ordering.carts SET customer_id = $2, token_hash = NULL, restore_hash = NULL, email = coalesce(email, $3),
    version = version + 1, updated_at = $4
  WHERE id = $1`;
const END = `
  WITH lines AS (DELETE FROM ordering.cart_lines WHERE cart_id = $1)
  UPDATE ordering.carts SET state = 'merged', customer_id = $2, merged_into = $3, left_out = $4, token_hash = NULL,
    restore_hash = NULL, email = NULL, shipping_address = NULL, billing_address = NULL, remind_since = NULL,
    vat_id = NULL, vat_check = NULL, gift_message = NULL,
    version = version + 1, updated_at = $5
  WHERE id = $1`;
// What is put aside twice is kept once, as the customer had it.
const GIVE_SAVED = `
  WITH given AS (DELETE FROM ordering.saved_lines WHERE cart_id = $1 RETURNING *)
  INSERT INTO ordering.saved_lines
    (id, customer_id, variant_id, quantity, product_id, sku, title, gift_card, properties, saved_at)
  SELECT id, $2, variant_id, quantity, product_id, sku, title, gift_card, properties, saved_at FROM given
  ON CONFLICT (coalesce(customer_id, cart_id), variant_id, particulars) DO NOTHING`;
const OUTCOME = `
  SELECT merged_into AS into, coalesce(left_out, '[]') AS "leftOut" FROM ordering.carts
  WHERE id = $1 AND state = 'merged'`;
