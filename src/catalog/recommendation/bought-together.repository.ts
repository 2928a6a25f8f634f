import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** Of one product the latest so many orders are looked at: a best-seller must not hold up the others. */
const ORDERS = 5_000;
/** What was bought most often beside a product; the best of them are found among these. */
const LIKELY = 100;
const KEPT = 12;
const ORDERS_TOGETHER = 2;

/** Which products were bought with which: counted, not guessed. */
@Injectable()
export class BoughtTogetherRepository {
  constructor(private readonly database: Database) {}

  /** Asks for products that were counted long ago, whose orders have left the window since. */
  async askAgain(countedBefore: Date, limit: number): Promise<void> {
    await this.database.execute(ASK_AGAIN, [countedBefore, limit]);
  }

  /** Takes some products that have to be counted, which nobody else counts then; none: all is counted. */
  async claim(limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(CLAIM, [limit]);
    return rows.map(({ id }) => id);
  }

  /** Counts the orders of these products since then anew, in the transaction of the claim. */
  async count(productIds: string[], since: Date, now: Date): Promise<void> {
    await this.database.execute(FORGET, [productIds]);
    await this.database.execute(COUNT, [productIds, since, now]);
  }
}

const ASK_AGAIN = `
  INSERT INTO catalog.pairs_due (product_id)
  SELECT DISTINCT product_id FROM (
    SELECT product_id FROM catalog.bought_together WHERE counted_at < $1 ORDER BY counted_at LIMIT $2) old
  ORDER BY product_id ON CONFLICT (product_id) DO NOTHING`;
const CLAIM = `
  WITH due AS MATERIALIZED (
    SELECT product_id FROM catalog.pairs_due ORDER BY product_id LIMIT $1 FOR UPDATE SKIP LOCKED)
  DELETE FROM catalog.pairs_due d USING due WHERE d.product_id = due.product_id RETURNING d.product_id AS id`;
const FORGET = 'DELETE FROM catalog.bought_together WHERE product_id = ANY ($1::uuid[])';
/**
 * A pair counts as n(a and b) / sqrt(n(a) · n(b)), the cosine of their orders: what is in every cart is nobody's companion.
 */
const COUNT = `
  WITH own AS MATERIALIZED (
    SELECT d.id, o.order_id FROM unnest($1::uuid[]) AS d (id) CROSS JOIN LATERAL (
      SELECT order_id FROM catalog.purchases WHERE product_id = d.id AND placed_at >= $2 ORDER BY placed_at DESC LIMIT ${ORDERS}) o
  ),
  sizes AS (SELECT id, count(*) AS n FROM own GROUP BY id),
  likely AS MATERIALIZED (
    SELECT id, other, orders FROM (
      SELECT id, other, orders, row_number() OVER (PARTITION BY id ORDER BY orders DESC, other) AS nth FROM (
        SELECT own.id, p.product_id AS other, count(*)::int AS orders
        FROM own JOIN catalog.purchases p ON p.order_id = own.order_id AND p.product_id <> own.id
        GROUP BY own.id, p.product_id HAVING count(*) >= ${ORDERS_TOGETHER}
      ) c
    ) r WHERE nth <= ${LIKELY}
  ),
  others AS MATERIALIZED (
    SELECT l.other, (SELECT count(*) FROM (
      SELECT FROM catalog.purchases p WHERE p.product_id = l.other AND p.placed_at >= $2 LIMIT ${ORDERS}) c) AS n
    FROM (SELECT DISTINCT other FROM likely) l
  )
  INSERT INTO catalog.bought_together (product_id, other_id, orders, score, counted_at)
  SELECT id, other, orders, score, $3 FROM (
    SELECT s.*, row_number() OVER (PARTITION BY id ORDER BY score DESC, orders DESC, other) AS nth FROM (
      SELECT l.id, l.other, l.orders, l.orders / sqrt(z.n::float8 * o.n) AS score
      FROM likely l JOIN sizes z ON z.id = l.id JOIN others o ON o.other = l.other
    ) s
  ) b WHERE nth <= ${KEPT}`;
