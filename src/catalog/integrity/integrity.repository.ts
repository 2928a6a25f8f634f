import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { type Difference, differing, idsBehind } from '../../platform/integrity/integrity.js';

export const STOCK_CHECKS = ['movements', 'holds', 'available'] as const;
export type StockCheck = (typeof STOCK_CHECKS)[number];

/** Whether the counters of the stock are what they count. One statement sees one moment. */
@Injectable()
export class CatalogIntegrityRepository {
  constructor(private readonly database: Database) {}

  async stock(after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(STOCK, [after, limit]);
    return rows.map(({ id }) => id);
  }

  look(check: StockCheck, ids: readonly string[]): Promise<Difference[]> {
    return this.database.query<Difference>(LOOK[check], [ids]);
  }
}

const STOCK = idsBehind('catalog.stock');

const LOOK: Readonly<Record<StockCheck, string>> = {
  movements: differing(`
    SELECT s.id, v.name, v.expected, v.found FROM catalog.stock s
    CROSS JOIN LATERAL (
      SELECT
        coalesce(sum(CASE WHEN kind IN ('received', 'adjusted', 'returned') THEN quantity WHEN kind = 'shipped' THEN -quantity
          ELSE 0 END), 0) AS on_hand,
        coalesce(sum(CASE WHEN kind = 'allocated' THEN quantity WHEN kind IN ('released', 'shipped') THEN -quantity
          ELSE 0 END), 0) AS allocated
      FROM catalog.stock_movements WHERE stock_id = s.id
    ) m
    CROSS JOIN LATERAL (VALUES ('on hand', m.on_hand, s.on_hand), ('allocated', m.allocated, s.allocated))
      AS v (name, expected, found)
    WHERE s.id = ANY ($1::uuid[])`),
  // A hold whose time is over is counted until somebody frees it.
  holds: differing(`
    SELECT s.id, v.name, v.expected, v.found FROM catalog.stock s
    CROSS JOIN LATERAL (VALUES
      ('reserved', (SELECT coalesce(sum(quantity), 0) FROM catalog.reservations
        WHERE stock_id = s.id AND state = 'held'), s.reserved),
      ('allocated', (SELECT coalesce(sum(quantity - shipped), 0) FROM catalog.reservations
        WHERE stock_id = s.id AND state = 'allocated' AND shipped < quantity), s.allocated)
    ) AS v (name, expected, found)
    WHERE s.id = ANY ($1::uuid[])`),
  available: differing(`
    SELECT id, 'available' AS name,
      greatest(on_hand - allocated - reserved, -(backorder_limit + preorder_limit)) AS expected,
      on_hand - allocated - reserved AS found
    FROM catalog.stock WHERE id = ANY ($1::uuid[])`),
};
