import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';

export interface PurchaseRow {
  orderId: string;
  productId: string;
}

/** Reviews, purchases and products that were looked at, by the customer. */
@Injectable()
export class ShopperDataRepository {
  constructor(private readonly database: Database) {}

  reviews(customerId: string | null, after: { id: string } | null, limit: number): Promise<{ id: string }[]> {
    return this.database.query<{ id: string }>(REVIEWS, [customerId, after?.id ?? null, limit]);
  }

  purchases(customerId: string | null, after: PurchaseRow | null, limit: number): Promise<PurchaseRow[]> {
    const values = [customerId, after?.productId ?? null, after?.orderId ?? null, limit];
    return this.database.query<PurchaseRow>(PURCHASES, values);
  }

  recentlyViewed(
    customerId: string | null,
    after: { place: string } | null,
    limit: number,
  ): Promise<{ place: string }[]> {
    return this.database.query<{ place: string }>(VIEWED, [customerId, after?.place ?? 0, limit]);
  }

  /** Takes the person out of everything; answers the products of which a page says something else now. */
  async erase(customerId: string): Promise<string[]> {
    for (const statement of FORGET) await this.database.execute(statement, [customerId]);
    const rows = await this.database.query<{ id: string }>(ANONYMISE_REVIEWS, [customerId]);
    return rows.map(({ id }) => id);
  }
}

const REVIEWS = `
  SELECT r.id, p.handle AS product, r.rating, r.title, r.body, r.display_name AS "displayName", r.verified, r.status, r.reason,
    r.reply, ${instantSql('r.created_at')} AS "createdAt", ${instantSql('r.updated_at')} AS "updatedAt"
  FROM catalog.reviews r JOIN catalog.products p ON p.id = r.product_id
  WHERE r.customer_id = $1 AND ($2::uuid IS NULL OR r.id > $2) ORDER BY r.id LIMIT $3`;
const PURCHASES = `
  SELECT order_id AS "orderId", product_id AS "productId", ${instantSql('placed_at')} AS "placedAt" FROM catalog.purchases
  WHERE customer_id = $1 AND ($2::uuid IS NULL OR (product_id, order_id) > ($2, $3::uuid))
  ORDER BY product_id, order_id LIMIT $4`;
const VIEWED = `
  SELECT u.place::text, u.id AS "productId", p.handle AS product
  FROM catalog.recently_viewed v, unnest(v.product_ids) WITH ORDINALITY u (id, place) JOIN catalog.products p ON p.id = u.id
  WHERE v.customer_id = $1 AND u.place > $2::bigint ORDER BY u.place LIMIT $3`;
// What waits or was refused is about nobody any more. Held first: a decision of this moment would be missed by both.
const FORGET = [
  'SELECT FROM catalog.reviews WHERE customer_id = $1 ORDER BY id FOR UPDATE',
  'DELETE FROM catalog.recently_viewed WHERE customer_id = $1',
  'DELETE FROM catalog.review_days WHERE customer_id = $1',
  'UPDATE catalog.purchases SET customer_id = NULL WHERE customer_id = $1',
  'UPDATE catalog.order_facts SET customer_id = NULL WHERE customer_id = $1',
  `DELETE FROM catalog.reviews WHERE customer_id = $1 AND status <> 'published'`,
];
const ANONYMISE_REVIEWS = `
  UPDATE catalog.reviews SET customer_id = NULL, title = NULL, body = NULL, display_name = NULL, reply = NULL, replied_at = NULL,
    version = version + 1
  WHERE customer_id = $1 RETURNING product_id AS id`;
