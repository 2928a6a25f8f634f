import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { IdOrHandle } from '../product/handle.js';
import type { ReviewStatus } from './review.dto.js';

/** What is written of a review; it is shown by `ReviewListRepository`. */
export interface Review {
  id: string;
  productId: string;
  /** Null: somebody who was erased. */
  customerId: string | null;
  rating: number;
  title: string | null;
  body: string | null;
  displayName: string | null;
  verified: boolean;
  status: ReviewStatus;
  reason: string | null;
  reply: string | null;
  repliedAt: Date | null;
  version: number;
  updatedAt: Date;
}

@Injectable()
export class ReviewRepository {
  constructor(private readonly database: Database) {}

  /**
   * Holds a published product until the end of the transaction and answers its id, null when there is none. Whoever writes
   * or decides about reviews of a product comes one after the other, and so does a purchase that verifies one.
   */
  async holdProduct({ id, handle }: IdOrHandle): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(HOLD_PRODUCT, [id, handle]);
    return row?.id ?? null;
  }

  /** The product first, as everywhere. */
  async lock(id: string): Promise<Review | null> {
    await this.database.execute(HOLD_PRODUCT_OF, [id]);
    const [row] = await this.database.query<Review>(LOCK, [id]);
    return row ?? null;
  }

  /** False when the customer has written about this product. */
  async insert(review: Review): Promise<boolean> {
    const { id, productId, customerId, rating, title, body, displayName, verified, updatedAt } = review;
    const values = [id, productId, customerId, rating, title, body, displayName, verified, updatedAt];
    return (await this.database.execute(INSERT, values)) === 1;
  }

  async idOf(customerId: string, productId: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(ID_OF, [customerId, productId]);
    return row?.id ?? null;
  }

  async update(review: Review): Promise<void> {
    const { id, rating, title, body, displayName, status, reason, reply, repliedAt, updatedAt } = review;
    const values = [id, rating, title, body, displayName, status, reason, reply, repliedAt, updatedAt];
    await this.database.execute(UPDATE, values);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.reviews WHERE id = $1', [id]);
  }

  /**
   * Counts the stars of a review that is shown from now on (`by` 1) or not any more (-1), in one guarded statement and in
   * the transaction of what makes it so. Throws when more are taken away than were given: then something counted wrong.
   */
  async count(productId: string, rating: number, by: 1 | -1): Promise<void> {
    if (by === 1) await this.database.execute(MAKE_RATING, [productId]);
    if ((await this.database.execute(COUNT, [productId, rating, by])) !== 1)
      throw new Error(`the rating of ${productId} does not hold what is taken from it`);
  }

  /** Counts one more of the day, which is a number; false when it would be more than `most`. */
  async admit(customerId: string, day: number, most: number): Promise<boolean> {
    return (await this.database.execute(ADMIT, [customerId, day, most])) === 1;
  }
}

const HOLD_PRODUCT = `
  SELECT id FROM catalog.products WHERE status = 'published' AND (id = $1::uuid OR handle = $2) FOR NO KEY UPDATE`;
const HOLD_PRODUCT_OF = `
  SELECT FROM catalog.products WHERE id = (SELECT product_id FROM catalog.reviews WHERE id = $1) FOR NO KEY UPDATE`;
const LOCK = `
  SELECT id, product_id AS "productId", customer_id AS "customerId", rating, title, body, display_name AS "displayName",
    verified, status, reason, reply, replied_at AS "repliedAt", version, updated_at AS "updatedAt"
  FROM catalog.reviews WHERE id = $1 FOR UPDATE`;
const INSERT = `
  INSERT INTO catalog.reviews (id, product_id, customer_id, rating, title, body, display_name, verified, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT ON CONSTRAINT reviews_customer_key DO NOTHING`;
const ID_OF = 'SELECT id FROM catalog.reviews WHERE customer_id = $1 AND product_id = $2';
const UPDATE = `
  UPDATE catalog.reviews SET rating = $2, title = $3, body = $4, display_name = $5, status = $6, reason = $7, reply = $8,
    replied_at = $9, updated_at = $10, version = version + 1
  WHERE id = $1`;
const MAKE_RATING = `
  INSERT INTO catalog.ratings (product_id) VALUES ($1) ON CONFLICT (product_id) DO NOTHING`;
const STARS = [1, 2, 3, 4, 5];
const COUNT = `
  UPDATE catalog.ratings SET ${STARS.map((n) => `n${n} = n${n} + CASE WHEN $2::int = ${n} THEN $3::int ELSE 0 END`).join(', ')}
  WHERE product_id = $1 AND CASE $2::int ${STARS.map((n) => `WHEN ${n} THEN n${n}`).join(' ')} END + $3::int >= 0`;
const ADMIT = `
  INSERT INTO catalog.review_days AS d (customer_id, day, written) VALUES ($1, $2, 1)
  ON CONFLICT (customer_id) DO UPDATE
    SET day = excluded.day, written = CASE WHEN d.day = excluded.day THEN d.written + 1 ELSE 1 END
    WHERE d.day <> excluded.day OR d.written < $3::int`;
