import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { CartLine, Wish } from '../cart/cart.js';

/** Put aside for later. */
export interface SavedLine extends Wish {
  id: string;
  savedAt: Date;
}

/** Whose it is: a customer, or a guest by the cart. */
export interface Owner {
  customerId: string | null;
  cartId: string | null;
}

/** Lines that are kept for later; they hold nothing. */
@Injectable()
export class SavedLineRepository {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  list({ customerId, cartId }: Owner): Promise<SavedLine[]> {
    return this.database.query<SavedLine>(LIST, [customerId ?? cartId]);
  }

  /** Puts a line aside; one that is there already gets more pieces, up to 999. False when the list is full. */
  async put({ customerId, cartId }: Owner, line: CartLine, most: number, now: Date): Promise<boolean> {
    const { variantId, quantity, productId, sku, title, giftCard, properties } = line;
    const goods = [variantId, quantity, productId, sku, title, json(giftCard), json(properties)];
    const values = [line.id, customerId, cartId, ...goods, now, most];
    return (await this.database.execute(PUT, values)) === 1;
  }

  /** Takes it off the list, for whoever is first; undefined when it is not there. */
  async take({ customerId, cartId }: Owner, id: string): Promise<SavedLine | undefined> {
    const [row] = await this.database.query<SavedLine>(TAKE, [customerId ?? cartId, id]);
    return row;
  }

  ofCustomer(customerId: string | null, after: { id: string } | null, limit: number): Promise<SavedLine[]> {
    return this.database.query<SavedLine>(OF_CUSTOMER, [customerId, after?.id ?? null, limit]);
  }

  async forget(customerId: string | null): Promise<void> {
    await this.database.execute('DELETE FROM ordering.saved_lines WHERE customer_id = $1', [customerId]);
  }
}

const json = (value: object | null) => (value === null ? null : JSON.stringify(value));
const COLUMNS = `id, variant_id AS "variantId", quantity, product_id AS "productId", sku, title,
  gift_card AS "giftCard", properties, saved_at AS "savedAt"`;
const LIST = `
  SELECT ${COLUMNS} FROM ordering.saved_lines WHERE coalesce(customer_id, cart_id) = $1 ORDER BY saved_at DESC, id DESC`;
const PUT = `
  INSERT INTO ordering.saved_lines AS s
    (id, customer_id, cart_id, variant_id, quantity, product_id, sku, title, gift_card, properties, saved_at)
  SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::int, $6::uuid, $7, $8, $9::jsonb, $10::jsonb, $11::timestamptz
  WHERE (SELECT count(*) FROM ordering.saved_lines WHERE coalesce(customer_id, cart_id) = coalesce($2, $3)) < $12::int
  ON CONFLICT (coalesce(customer_id, cart_id), variant_id, particulars)
  DO UPDATE SET quantity = least(999, s.quantity + excluded.quantity), saved_at = excluded.saved_at`;
const TAKE = `
  DELETE FROM ordering.saved_lines WHERE coalesce(customer_id, cart_id) = $1 AND id = $2 RETURNING ${COLUMNS}`;
const OF_CUSTOMER = `
  SELECT ${COLUMNS} FROM ordering.saved_lines
  WHERE customer_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;
