import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface StockLevel {
  id: string;
  variantId: string;
  sku: string;
  location: string;
  onHand: number;
  allocated: number;
  reserved: number;
  available: number;
  backorderLimit: number;
  lowStockAt: number | null;
}

export interface MovementView {
  id: string;
  kind: string;
  quantity: number;
  reference: string | null;
  reason: string | null;
  actor: string | null;
  at: string;
}

export interface LevelFilter {
  variantId: string | null;
  sku: string | null;
  location: string | null;
  low: boolean | null;
  after: string | null;
  limit: number;
}

/** Stock as it is read by staff. */
@Injectable()
export class LevelRepository {
  constructor(private readonly database: Database) {}

  async knowsLocation(code: string): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM catalog.locations WHERE code = $1', [code]);
    return rows.length > 0;
  }

  levels(filter: LevelFilter): Promise<StockLevel[]> {
    // Only the conditions that were asked for: one text for all of them would be planned for none.
    const values: unknown[] = [filter.limit];
    const conditions = LEVEL_FILTERS.flatMap(([field, sql]) =>
      filter[field] === null ? [] : [`${sql} $${values.push(filter[field])}`],
    );
    // Few variants have such a number: they are where the search begins, and not the whole stock.
    if (filter.low === true) conditions.push('t.low_stock_at IS NOT NULL');
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    return this.database.query<StockLevel>(`${LEVELS} ${where} ORDER BY s.id LIMIT $1`, values);
  }

  /** The newest first; `position` is what the next page goes on after. */
  movements(
    stockId: string,
    after: string | null,
    limit: number,
  ): Promise<(MovementView & { position: string })[]> {
    return this.database.query(MOVEMENTS, [stockId, after, limit]);
  }

  /** Where the pieces of these references come from: what is held or was promised, and what of it was sent. */
  taken(references: readonly string[]): Promise<TakenFrom[]> {
    return this.database.query<TakenFrom>(TAKEN, [references]);
  }

  async locationName(code: string): Promise<string | null> {
    const [row] = await this.database.query<{ name: string }>(
      'SELECT name FROM catalog.locations WHERE code = $1',
      [code],
    );
    return row?.name ?? null;
  }
}

/** What one location gives of one variant. */
export interface TakenFrom {
  reference: string;
  variantId: string;
  location: string;
  locationName: string;
  quantity: number;
  shipped: number;
  state: 'held' | 'allocated';
}

const LEVELS = `
  SELECT s.id, s.variant_id AS "variantId", v.sku, l.code AS location, s.on_hand AS "onHand", s.allocated, s.reserved,
    s.on_hand - s.allocated - s.reserved AS available, s.backorder_limit AS "backorderLimit", t.low_stock_at AS "lowStockAt"
  FROM catalog.stock s JOIN catalog.variants v ON v.id = s.variant_id JOIN catalog.locations l ON l.id = s.location_id
    LEFT JOIN catalog.selling_terms t ON t.variant_id = s.variant_id`;
const IS_LOW = `coalesce((SELECT sum(greatest(o.on_hand - o.allocated - o.reserved, 0)) FROM catalog.stock o
    WHERE o.variant_id = s.variant_id) <= t.low_stock_at, false)`;
const LEVEL_FILTERS = [
  ['variantId', 's.variant_id ='],
  ['sku', 'v.sku ='],
  ['location', 'l.code ='],
  ['low', `${IS_LOW} =`],
  ['after', 's.id >'],
] as const;
const MOVEMENTS = `
  SELECT id, kind, quantity, reference, reason, actor, at, m.position::text FROM catalog.stock_movements m
  WHERE stock_id = $1 AND ($2::bigint IS NULL OR m.position < $2) ORDER BY m.position DESC LIMIT $3`;
const TAKEN = `
  SELECT r.reference, s.variant_id AS "variantId", l.code AS location, l.name AS "locationName", r.quantity, r.shipped, r.state
  FROM catalog.reservations r JOIN catalog.stock s ON s.id = r.stock_id JOIN catalog.locations l ON l.id = s.location_id
  WHERE r.reference = ANY ($1::uuid[]) AND r.state IN ('held', 'allocated') ORDER BY l.priority, l.code, s.variant_id`;
