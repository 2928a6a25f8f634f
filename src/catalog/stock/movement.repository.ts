import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

/** What one location has of one variant that nobody was promised; negative when more was sold than lies there. */
export interface StockPlace {
  id: string;
  variantId: string;
  free: number;
  /** Of the variant: so few in all locations are called low; null: none is. */
  lowStockAt: number | null;
}

/** The columns of a `StockPlace`, for a row `s` of catalog.stock. */
export const PLACE = `s.id, s.variant_id AS "variantId", s.on_hand - s.allocated - s.reserved AS free,
    (SELECT t.low_stock_at FROM catalog.selling_terms t WHERE t.variant_id = s.variant_id) AS "lowStockAt"`;

export interface MovementRow {
  stockId: string;
  kind: 'received' | 'adjusted' | 'returned';
  quantity: number;
  reason: string | null;
  actor: string;
}

export interface LockedRow extends StockPlace {
  locationId: string;
  onHand: number;
}

/** Every statement that changes what is on hand, and how much may be sold beyond it. */
@Injectable()
export class MovementRepository {
  constructor(private readonly database: Database) {}

  /** Makes the rows of variants at locations that have none yet. */
  async ensureRows(rows: { variantId: string; locationId: string }[]): Promise<void> {
    await this.database.execute(ENSURE, [
      rows.map(() => newId()),
      rows.map(({ variantId }) => variantId),
      rows.map(({ locationId }) => locationId),
    ]);
  }

  /** Where the stock of these variants is counted, by id; unknown ones are missing. */
  async sources(variantIds: string[]): Promise<Map<string, 'own' | 'parts' | 'none'>> {
    const rows = await this.database.query<{ id: string; source: 'own' | 'parts' | 'none' }>(SOURCES, [
      variantIds,
    ]);
    return new Map(rows.map(({ id, source }) => [id, source]));
  }

  /** Every row of these variants, locked in id order: what is left of a variant is known only to who holds them all. */
  lock(variantIds: string[]): Promise<LockedRow[]> {
    return this.database.query<LockedRow>(LOCK, [variantIds]);
  }

  /** How many pieces could be taken away from locked rows at the most. */
  spare(
    ids: string[],
  ): Promise<{ id: string; sku: string; pieces: number; onHand: number; promised: number }[]> {
    return this.database.query(SPARE, [ids]);
  }

  /** The same rows as they are now, for who has locked them. */
  places(variantIds: string[]): Promise<StockPlace[]> {
    return this.database.query<StockPlace>(PLACES, [variantIds]);
  }

  /** Of these variants those that were there before this transaction, and those that somebody waits for. */
  async missed(variantIds: string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(MISSED, [variantIds]);
    return rows.map(({ id }) => id);
  }

  /** Writes movements that change on_hand, and the counters with them. */
  async move(movements: MovementRow[]): Promise<void> {
    await this.database.execute(MOVE, [
      JSON.stringify(movements.map((movement) => ({ id: newId(), ...movement }))),
    ]);
  }

  /**
   * The limit is one of the variant: it stands on one row, at this location when it is new, and is 0 elsewhere. Its rows are
   * locked.
   */
  async setBackorderLimit(variantId: string, locationId: string, limit: number): Promise<void> {
    await this.database.execute(SET_BACKORDER_LIMIT, [variantId, locationId, limit]);
  }

  /**
   * The same for what is sold ahead until a moment. Null ends it: no more is sold, and what was sold stays promised. Its
   * rows are locked.
   */
  async setPreorder(
    variantId: string,
    locationId: string,
    preorder: { until: Date; limit: number } | null,
  ): Promise<void> {
    if (preorder === null) return void (await this.database.execute(END_PREORDER, [variantId]));
    await this.database.execute(SET_PREORDER, [variantId, locationId, preorder.limit, preorder.until]);
  }
}

const ENSURE = `
  INSERT INTO catalog.stock (id, variant_id, location_id)
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS r (id, variant_id, location_id) ORDER BY variant_id, location_id
  ON CONFLICT ON CONSTRAINT stock_variant_location_key DO NOTHING`;
const SOURCES = 'SELECT id, stock_source AS source FROM catalog.variants WHERE id = ANY ($1::uuid[])';
const LOCK = `
  SELECT ${PLACE}, s.location_id AS "locationId", s.on_hand AS "onHand" FROM catalog.stock s
  WHERE s.variant_id = ANY (ARRAY(SELECT unnest($1::uuid[]))) ORDER BY s.id FOR UPDATE OF s`;
const PLACES = `
  SELECT ${PLACE} FROM catalog.stock s WHERE s.variant_id = ANY (ARRAY(SELECT unnest($1::uuid[])))`;
const SPARE = `
  SELECT s.id, v.sku, least(s.on_hand, s.on_hand + s.backorder_limit + s.preorder_limit - s.allocated - s.reserved) AS pieces,
    s.on_hand AS "onHand", s.allocated + s.reserved AS promised
  FROM catalog.stock s JOIN catalog.variants v ON v.id = s.variant_id WHERE s.id = ANY ($1::uuid[])`;
const MISSED = `
  SELECT v.id FROM unnest($1::uuid[]) AS v (id)
  WHERE EXISTS (SELECT FROM catalog.stock s JOIN catalog.stock_movements m ON m.stock_id = s.id
      WHERE s.variant_id = v.id AND m.at < now())
    OR EXISTS (SELECT FROM catalog.stock_subscriptions b WHERE b.variant_id = v.id AND b.state = 'waiting')`;
/** The row that has the limit already, for what was sold by it is promised there; else the one at this location. */
const place = (limit: 'backorder_limit' | 'preorder_limit') => `
  WITH place AS (
    SELECT id FROM catalog.stock WHERE variant_id = $1 AND (${limit} > 0 OR location_id = $2) ORDER BY ${limit} DESC, id LIMIT 1
  )`;
const SET_BACKORDER_LIMIT = `${place('backorder_limit')}
  UPDATE catalog.stock s SET backorder_limit = CASE WHEN s.id = p.id THEN $3::int ELSE 0 END FROM place p WHERE s.variant_id = $1`;
const SET_PREORDER = `${place('preorder_limit')}
  UPDATE catalog.stock s SET preorder_limit = CASE WHEN s.id = p.id THEN $3::int ELSE 0 END,
    preorder_until = CASE WHEN s.id = p.id THEN $4::timestamptz END
  FROM place p WHERE s.variant_id = $1`;
const END_PREORDER = `
  UPDATE catalog.stock SET preorder_until = NULL,
    preorder_limit = least(preorder_limit, greatest(allocated + reserved - on_hand - backorder_limit, 0))
  WHERE variant_id = $1 AND (preorder_limit > 0 OR preorder_until IS NOT NULL)`;
const MOVE = `
  WITH m AS (
    INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity, reason, actor)
    SELECT id, "stockId", kind, quantity, reason, actor
    FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, "stockId" uuid, kind text, quantity int, reason text, actor text)
    RETURNING stock_id, quantity
  )
  UPDATE catalog.stock s SET on_hand = s.on_hand + c.quantity
  FROM (SELECT stock_id, sum(quantity)::int AS quantity FROM m GROUP BY stock_id) c WHERE s.id = c.stock_id`;
