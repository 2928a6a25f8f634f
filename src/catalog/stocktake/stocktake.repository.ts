import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export type StocktakeState = 'open' | 'applying' | 'confirmed' | 'canceled';

export interface Stocktake {
  id: string;
  locationId: string;
  location: string;
  note: string | null;
  brand: string | null;
  /** Handle. */
  category: string | null;
  state: StocktakeState;
  failure: string | null;
  startedBy: string;
  createdAt: Date;
  confirmedBy: string | null;
  confirmedAt: Date | null;
  version: number;
  counted: number;
  differing: number;
  /** Sums of the differences, both positive. */
  surplus: number;
  missing: number;
}

export interface NewStocktake {
  id: string;
  locationId: string;
  note: string | null;
  brand: string | null;
  categoryId: string | null;
  startedBy: string;
  at: Date;
}

/** One thing that was counted, named by one of three. */
export interface CountedItem {
  sku: string | null;
  barcode: string | null;
  variantId: string | null;
  counted: number;
}

export interface FoundItem {
  index: number;
  /** How many variants have that name. */
  matches: number;
  variantId: string | null;
  inScope: boolean;
}

export interface CountRow {
  variantId: string;
  sku: string;
  title: string;
  counted: number | null;
  expected: number;
  difference: number | null;
  countedAt: Date | null;
  countedBy: string | null;
}

@Injectable()
export class StocktakeRepository {
  constructor(private readonly database: Database) {}

  async insert(one: NewStocktake): Promise<void> {
    const { id, locationId, note, brand, categoryId, startedBy, at } = one;
    await this.database.execute(INSERT, [id, locationId, note, brand, categoryId, startedBy, at]);
  }

  async find(id: string): Promise<Stocktake | null> {
    const [row] = await this.database.query<Stocktake>(`${SELECT} WHERE t.id = $1`, [id]);
    return row ?? null;
  }

  list(state: StocktakeState | null, after: string | null, limit: number): Promise<Stocktake[]> {
    return this.database.query<Stocktake>(
      `${SELECT} WHERE ($1::text IS NULL OR t.state = $1) AND ($2::uuid IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3`,
      [state, after, limit],
    );
  }

  /** Alone, before it changes; or together with others who count. */
  async lock(id: string, mode: 'UPDATE' | 'SHARE'): Promise<void> {
    await this.database.query(`SELECT FROM catalog.stocktakes WHERE id = $1 FOR ${mode}`, [id]);
  }

  /** Alone, with every other one of its location that is not over: whichever is written first moves the ground of the others. */
  async lockPlace(id: string): Promise<void> {
    await this.database.query(LOCK_PLACE, [id]);
  }

  async move(
    id: string,
    state: StocktakeState,
    by: { confirmedBy: string; at: Date } | null,
    failure: string | null = null,
  ): Promise<void> {
    await this.database.execute(MOVE, [id, state, by?.confirmedBy ?? null, by?.at ?? null, failure]);
  }

  /** Which variants are meant, in the order of the items. */
  resolve(id: string, items: readonly CountedItem[]): Promise<FoundItem[]> {
    const rows = items.map((item, index) => ({ index, ...item }));
    return this.database.query<FoundItem>(RESOLVE, [id, JSON.stringify(rows)]);
  }

  /** What was counted, against what is on hand in this instant; a second count of the same replaces the first. */
  async count(
    id: string,
    counts: readonly { variantId: string; counted: number }[],
    by: string,
    at: Date,
  ): Promise<void> {
    await this.database.execute(COUNT, [
      id,
      counts.map(({ variantId }) => variantId),
      counts.map(({ counted }) => counted),
      by,
      at,
    ]);
  }

  /** Everything that was counted otherwise than expected. */
  differences(id: string): Promise<{ variantId: string; quantity: number }[]> {
    return this.database.query(DIFFERENCES, [id]);
  }

  /**
   * Under the lock of the place, before it is written: what others have counted of the same is measured against what the books
   * are then. A later count has this difference less to correct, an earlier one is overtaken and has none.
   */
  async overtake(id: string): Promise<void> {
    await this.database.execute(OVERTAKE, [id]);
  }

  counts(id: string, differing: boolean, after: string | null, limit: number): Promise<CountRow[]> {
    return this.database.query<CountRow>(COUNTS, [id, differing, after, limit]);
  }

  /** What should lie there and was not counted yet. */
  uncounted(id: string, after: string | null, limit: number): Promise<CountRow[]> {
    return this.database.query<CountRow>(UNCOUNTED, [id, after, limit]);
  }
}

const INSERT = `
  INSERT INTO catalog.stocktakes (id, location_id, note, brand, category_id, started_by, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
const SELECT = `
  SELECT t.id, t.location_id AS "locationId", l.code AS location, t.note, t.brand, c.handle AS category, t.state, t.failure,
    t.started_by AS "startedBy", t.created_at AS "createdAt", t.confirmed_by AS "confirmedBy", t.confirmed_at AS "confirmedAt",
    t.version, n.*
  FROM catalog.stocktakes t JOIN catalog.locations l ON l.id = t.location_id LEFT JOIN catalog.categories c ON c.id = t.category_id
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS counted, count(*) FILTER (WHERE n.counted <> n.expected)::int AS differing,
        coalesce(sum(greatest(n.counted - n.expected, 0)), 0)::float8 AS surplus,
        coalesce(sum(greatest(n.expected - n.counted, 0)), 0)::float8 AS missing
      FROM catalog.stocktake_counts n WHERE n.stocktake_id = t.id) n`;
const LOCK_PLACE = `
  SELECT FROM catalog.stocktakes
  WHERE id = $1 OR (state IN ('open', 'applying') AND location_id = (SELECT location_id FROM catalog.stocktakes WHERE id = $1))
  ORDER BY id FOR UPDATE`;
const OVERTAKE = `
  UPDATE catalog.stocktake_counts n
  SET expected = CASE WHEN n.counted_at > d.counted_at THEN n.expected + d.counted - d.expected ELSE n.counted END
  FROM catalog.stocktakes t JOIN catalog.stocktakes o ON o.location_id = t.location_id AND o.id <> t.id
    AND o.state IN ('open', 'applying') JOIN catalog.stocktake_counts d ON d.stocktake_id = t.id
  WHERE t.id = $1 AND n.stocktake_id = o.id AND n.variant_id = d.variant_id`;
const MOVE = `
  UPDATE catalog.stocktakes SET state = $2, confirmed_by = $3, confirmed_at = $4, failure = $5, version = version + 1 WHERE id = $1`;
/** Whether a product `p` belongs to a stocktake `t`. */
const IN_SCOPE = `(t.brand IS NULL OR lower(p.brand) = lower(t.brand)) AND (t.category_id IS NULL OR EXISTS (
    SELECT FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id
    WHERE pc.product_id = p.id AND t.category_id = ANY (c.path)))`;
const RESOLVE = `
  SELECT i.index, count(v.id)::int AS matches, (array_agg(v.id))[1] AS "variantId", coalesce(bool_and(v.in_scope), false) AS "inScope"
  FROM jsonb_to_recordset($2::jsonb) AS i (index int, sku text, barcode text, "variantId" uuid)
    JOIN catalog.stocktakes t ON t.id = $1
    LEFT JOIN LATERAL (
      SELECT f.id, ${IN_SCOPE} AS in_scope FROM (
        SELECT id, product_id FROM catalog.variants WHERE sku = i.sku
        UNION ALL SELECT id, product_id FROM catalog.variants WHERE barcode = i.barcode
        UNION ALL SELECT id, product_id FROM catalog.variants WHERE id = i."variantId"
      ) f JOIN catalog.products p ON p.id = f.product_id
    ) v ON true
  GROUP BY i.index ORDER BY i.index`;
const COUNT = `
  INSERT INTO catalog.stocktake_counts AS n (stocktake_id, variant_id, counted, expected, counted_by, counted_at)
  SELECT $1, w.variant_id, w.counted, coalesce(s.on_hand, 0), $4, $5
  FROM unnest($2::uuid[], $3::int[]) AS w (variant_id, counted) JOIN catalog.stocktakes t ON t.id = $1
    LEFT JOIN catalog.stock s ON s.variant_id = w.variant_id AND s.location_id = t.location_id
  ORDER BY w.variant_id
  ON CONFLICT ON CONSTRAINT stocktake_counts_pk DO UPDATE SET counted = excluded.counted, expected = excluded.expected,
    counted_by = excluded.counted_by, counted_at = excluded.counted_at`;
const DIFFERENCES = `
  SELECT variant_id AS "variantId", counted - expected AS quantity FROM catalog.stocktake_counts
  WHERE stocktake_id = $1 AND counted <> expected ORDER BY variant_id`;
const COUNTS = `
  SELECT n.variant_id AS "variantId", v.sku, v.title, n.counted, n.expected, n.counted - n.expected AS difference,
    n.counted_at AS "countedAt", n.counted_by AS "countedBy"
  FROM catalog.stocktake_counts n JOIN catalog.variants v ON v.id = n.variant_id
  WHERE n.stocktake_id = $1 AND (NOT $2::boolean OR n.counted <> n.expected) AND ($3::uuid IS NULL OR n.variant_id > $3)
  ORDER BY n.variant_id LIMIT $4`;
const UNCOUNTED = `
  SELECT v.id AS "variantId", v.sku, v.title, NULL::int AS counted, s.on_hand AS expected, NULL::int AS difference,
    NULL::timestamptz AS "countedAt", NULL::text AS "countedBy"
  FROM catalog.stocktakes t JOIN catalog.stock s ON s.location_id = t.location_id AND s.on_hand > 0
    JOIN catalog.variants v ON v.id = s.variant_id JOIN catalog.products p ON p.id = v.product_id
  WHERE t.id = $1 AND ($2::uuid IS NULL OR v.id > $2) AND ${IN_SCOPE}
    AND NOT EXISTS (SELECT FROM catalog.stocktake_counts n WHERE n.stocktake_id = t.id AND n.variant_id = v.id)
  ORDER BY v.id LIMIT $3`;
