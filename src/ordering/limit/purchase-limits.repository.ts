import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** So many pieces of a variant, of which a customer may buy so many in all. */
export interface Limited {
  variantId: string;
  quantity: number;
  max: number;
}

/** How many pieces of limited variants buyers have bought; buyers are keyed hashes. */
@Injectable()
export class PurchaseLimitRepository {
  constructor(private readonly database: Database) {}

  /**
   * Counts an order's pieces for each of its buyers, all or, when one of them would have more than the limit, not all of
   * them: then the caller's transaction must not be committed. Returns the variants that are within their limit.
   */
  async claim(orderId: string, buyers: Buffer[], lines: readonly Limited[]): Promise<string[]> {
    const rows = await this.database.query<{ variantId: string; buyers: number }>(CLAIM, [
      orderId,
      buyers,
      JSON.stringify(lines),
    ]);
    return rows.filter((row) => row.buyers === buyers.length).map(({ variantId }) => variantId);
  }

  /** What an order has counted counts no more (or again); repeating it does nothing. */
  async count(orderId: string, counted: boolean): Promise<void> {
    await this.database.execute(COUNT, [orderId, counted]);
  }

  /** What an order has counted is no more than so many pieces of each variant; repeating it does nothing. */
  async shrink(orderId: string, left: readonly { variantId: string; quantity: number }[]): Promise<void> {
    await this.database.execute(SHRINK, [orderId, JSON.stringify(left)]);
  }

  /** The most that one of these buyers has bought, by variant. */
  bought(buyers: Buffer[], variantIds: string[]): Promise<{ variantId: string; quantity: number }[]> {
    return this.database.query(BOUGHT, [buyers, variantIds]);
  }

  /** What was counted under the hashes of a former key counts under those of the present one. */
  async rename(former: Buffer[], present: Buffer[]): Promise<void> {
    await this.database.execute(RENAME_CLAIMS, [former, present]);
    await this.database.execute(RENAME, [former, present]);
  }

  countsOf(
    buyers: Buffer[],
    after: string | null,
    limit: number,
  ): Promise<{ variantId: string; quantity: number }[]> {
    return this.database.query(COUNTS_OF, [buyers, after, limit]);
  }

  async forget(buyers: Buffer[]): Promise<void> {
    await this.database.execute('DELETE FROM ordering.limit_claims WHERE buyer = ANY ($1::bytea[])', [
      buyers,
    ]);
    await this.database.execute('DELETE FROM ordering.bought_pieces WHERE buyer = ANY ($1::bytea[])', [
      buyers,
    ]);
  }
}

// In the order of variant and buyer, by everybody: two orders of one buyer wait for each other and never in a circle.
const CLAIM = `
  WITH wanted AS MATERIALIZED (
    SELECT r."variantId" AS variant_id, b.buyer, r.quantity, r.max
    FROM jsonb_to_recordset($3::jsonb) AS r ("variantId" uuid, quantity int, max int), unnest($2::bytea[]) AS b (buyer)
    ORDER BY 1, 2
  ), counted AS (
    INSERT INTO ordering.bought_pieces AS p (variant_id, buyer, quantity)
    SELECT variant_id, buyer, quantity FROM wanted WHERE quantity <= max
    ON CONFLICT ON CONSTRAINT bought_pieces_pk DO UPDATE SET quantity = p.quantity + excluded.quantity
      WHERE p.quantity + excluded.quantity <= (SELECT w.max FROM wanted w WHERE w.variant_id = p.variant_id LIMIT 1)
    RETURNING variant_id, buyer
  ), claimed AS (
    INSERT INTO ordering.limit_claims AS c (order_id, variant_id, buyer, quantity)
    SELECT $1, w.variant_id, w.buyer, w.quantity FROM wanted w JOIN counted USING (variant_id, buyer)
    ON CONFLICT ON CONSTRAINT limit_claims_pk DO UPDATE SET quantity = c.quantity + excluded.quantity
  )
  SELECT variant_id AS "variantId", count(*)::int AS buyers FROM counted GROUP BY variant_id`;
const COUNT = `
  WITH locked AS MATERIALIZED (
    SELECT p.variant_id, p.buyer FROM ordering.limit_claims c JOIN ordering.bought_pieces p USING (variant_id, buyer)
    WHERE c.order_id = $1 ORDER BY p.variant_id, p.buyer FOR UPDATE OF p
  ), turned AS (
    UPDATE ordering.limit_claims c SET counted = $2 FROM locked l
    WHERE c.order_id = $1 AND c.variant_id = l.variant_id AND c.buyer = l.buyer AND c.counted <> $2
    RETURNING c.variant_id, c.buyer, c.quantity
  )
  UPDATE ordering.bought_pieces p SET quantity = p.quantity + CASE WHEN $2 THEN t.quantity ELSE -t.quantity END
  FROM turned t WHERE p.variant_id = t.variant_id AND p.buyer = t.buyer`;
const SHRINK = `
  WITH less AS MATERIALIZED (
    SELECT c.variant_id, c.buyer, c.counted, coalesce(l.quantity, 0) AS rest, c.quantity - coalesce(l.quantity, 0) AS gone
    FROM ordering.limit_claims c JOIN ordering.bought_pieces p USING (variant_id, buyer)
      LEFT JOIN jsonb_to_recordset($2::jsonb) AS l ("variantId" uuid, quantity int) ON l."variantId" = c.variant_id
    WHERE c.order_id = $1 AND c.quantity > coalesce(l.quantity, 0)
    ORDER BY c.variant_id, c.buyer FOR UPDATE OF p
  ), ended AS (
    DELETE FROM ordering.limit_claims c USING less l
    WHERE c.order_id = $1 AND c.variant_id = l.variant_id AND c.buyer = l.buyer AND l.rest = 0
  ), shrunk AS (
    UPDATE ordering.limit_claims c SET quantity = l.rest FROM less l
    WHERE c.order_id = $1 AND c.variant_id = l.variant_id AND c.buyer = l.buyer AND l.rest > 0
  )
  UPDATE ordering.bought_pieces p SET quantity = p.quantity - l.gone FROM less l
  WHERE l.counted AND p.variant_id = l.variant_id AND p.buyer = l.buyer`;
const BOUGHT = `
  SELECT variant_id AS "variantId", max(quantity) AS quantity FROM ordering.bought_pieces
  WHERE buyer = ANY ($1::bytea[]) AND variant_id = ANY ($2::uuid[]) GROUP BY variant_id`;
const RENAME_CLAIMS = `
  UPDATE ordering.limit_claims c SET buyer = n.present FROM unnest($1::bytea[], $2::bytea[]) AS n (former, present)
  WHERE c.buyer = n.former`;
const RENAME = `
  WITH moved AS (
    DELETE FROM ordering.bought_pieces p USING unnest($1::bytea[], $2::bytea[]) AS n (former, present)
    WHERE p.buyer = n.former RETURNING p.variant_id, n.present, p.quantity
  )
  INSERT INTO ordering.bought_pieces AS p (variant_id, buyer, quantity) SELECT variant_id, present, quantity FROM moved
  ON CONFLICT ON CONSTRAINT bought_pieces_pk DO UPDATE SET quantity = p.quantity + excluded.quantity`;
const COUNTS_OF = `
  SELECT variant_id AS "variantId", max(quantity) AS quantity FROM ordering.bought_pieces
  WHERE buyer = ANY ($1::bytea[]) AND ($2::uuid IS NULL OR variant_id > $2) AND quantity > 0
  GROUP BY variant_id ORDER BY variant_id LIMIT $3`;
