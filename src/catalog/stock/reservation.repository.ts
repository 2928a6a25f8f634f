import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { StockRow, Taken } from './allocation-plan.js';
import { PLACE, type StockPlace } from './movement.repository.js';

export interface Hold {
  id: string;
  stockId: string;
  variantId: string;
  /** Code of the location where it lies. */
  location: string;
  quantity: number;
  shipped: number;
  state: 'held' | 'allocated' | 'released' | 'expired';
}

export interface LockedStock extends StockRow, StockPlace {
  /** Pieces that the reference holds or was promised here already. */
  mine: number;
  /** While what is sold beyond what lies here is sold ahead of this moment; null when it is not, or no more. */
  preorderUntil: Date | null;
}

/**
 * Every statement that changes what is reserved and allocated. Rows are locked in the order of their ids before they
 * change, whoever comes, so two buyers of the same things in another order wait instead of deadlocking.
 */
@Injectable()
export class ReservationRepository {
  constructor(private readonly database: Database) {}

  /** Locks every stock row of these variants, in id order; what may be sold ahead is so at this time. */
  lock(variantIds: string[], reference: string, now: Date): Promise<LockedStock[]> {
    return this.database.query<LockedStock>(LOCK, [variantIds, reference, now]);
  }

  /** Frees holds of locked rows whose time is over. Returns whether there were any. */
  async freeExpired(stockIds: string[], now: Date): Promise<boolean> {
    return (await this.database.execute(FREE_EXPIRED, [stockIds, now])) > 0;
  }

  /**
   * Takes pieces of locked rows; false when one of them has not enough after all. What the reference holds elsewhere
   * ends no sooner than this. Holds of the reference that were freed are forgotten: these take their place.
   */
  async hold(reference: string, taken: Taken[], expiresAt: Date): Promise<boolean> {
    const made = await this.database.execute(HOLD, [
      taken.map(() => newId()),
      taken.map(({ stockId }) => stockId),
      taken.map(({ quantity }) => quantity),
      reference,
      expiresAt,
    ]);
    return made === taken.length;
  }

  /** Moves the holds of a reference from reserved to allocated, unless one of them has been freed. */
  async allocate(reference: string): Promise<string[]> {
    const rows = await this.database.query<{ variantId: string }>(ALLOCATE, [reference]);
    return rows.map(({ variantId }) => variantId);
  }

  holds(reference: string): Promise<Hold[]> {
    return this.database.query<Hold>(HOLDS, [reference]);
  }

  /**
   * Locks every stock row of the variants of a reference, in id order: also those at other locations, because
   * whoever takes anew what was freed may need them, and may not lock them after the others. What its holds say is read by the next statement: one that
   * locks and reads at once would wait with the lock and then see the holds as they were before.
   */
  lockReference(reference: string): Promise<StockPlace[]> {
    return this.database.query<StockPlace>(LOCK_REFERENCE, [reference]);
  }

  async extend(reference: string, until: Date): Promise<void> {
    await this.database.execute(EXTEND, [reference, until]);
  }

  /** Gives back what a reference holds or was promised and has not been shipped. */
  async release(reference: string): Promise<string[]> {
    const rows = await this.database.query<{ variantId: string }>(RELEASE, [reference]);
    return rows.map(({ variantId }) => variantId);
  }

  /** Sends allocated pieces away: on_hand drops. Returns the number of holds touched. */
  ship(reference: string, taken: { holdId: string; quantity: number }[]): Promise<number> {
    return this.database.execute(SHIP, [
      reference,
      taken.map(({ holdId }) => holdId),
      taken.map(({ quantity }) => quantity),
    ]);
  }

  /**
   * Variants with expired holds all over the house, a batch at a time, with all their rows, locked; those of which a buyer
   * has locked a row are left to him.
   */
  expiredStock(now: Date): Promise<StockPlace[]> {
    return this.database.query<StockPlace>(EXPIRED_STOCK, [now]);
  }
}

// The array is taken through a sub-select, whose length the planner does not look at: one plan serves every cart.
const LOCK = `
  SELECT ${PLACE}, l.priority,
    s.backorder_limit + CASE WHEN s.preorder_until > $3 THEN s.preorder_limit ELSE 0 END AS "backorderLimit",
    CASE WHEN s.preorder_until > $3 THEN s.preorder_until END AS "preorderUntil",
    (SELECT coalesce(sum(r.quantity), 0)::int FROM catalog.reservations r
      WHERE r.reference = $2 AND r.stock_id = s.id AND r.state IN ('held', 'allocated')) AS mine
  FROM catalog.stock s JOIN catalog.locations l ON l.id = s.location_id
  WHERE s.variant_id = ANY (ARRAY(SELECT unnest($1::uuid[]))) ORDER BY s.id FOR UPDATE OF s`;
const FREE_EXPIRED = `
  WITH freed AS (
    UPDATE catalog.reservations SET state = 'expired'
    WHERE stock_id = ANY ($1::uuid[]) AND state = 'held' AND expires_at <= $2 RETURNING stock_id, quantity
  )
  UPDATE catalog.stock s SET reserved = s.reserved - f.quantity
  FROM (SELECT stock_id, sum(quantity)::int AS quantity FROM freed GROUP BY stock_id) f WHERE s.id = f.stock_id`;
const HOLD = `
  WITH wanted AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS w (id, stock_id, quantity)),
  superseded AS (UPDATE catalog.reservations SET state = 'released' WHERE reference = $4 AND state = 'expired'),
  extended AS (
    UPDATE catalog.reservations SET expires_at = $5
    WHERE reference = $4 AND state = 'held' AND expires_at < $5 AND stock_id <> ALL ($2::uuid[])
  ),
  taken AS (
    UPDATE catalog.stock s SET reserved = s.reserved + w.quantity FROM wanted w
    WHERE s.id = w.stock_id AND s.on_hand + s.backorder_limit + s.preorder_limit - s.allocated - s.reserved >= w.quantity RETURNING w.*
  )
  INSERT INTO catalog.reservations AS r (id, reference, stock_id, quantity, state, expires_at)
  SELECT id, $4, stock_id, quantity, 'held', $5 FROM taken
  ON CONFLICT (reference, stock_id) WHERE state IN ('held', 'allocated')
    DO UPDATE SET quantity = r.quantity + excluded.quantity, expires_at = greatest(r.expires_at, excluded.expires_at)
    WHERE r.state = 'held'`;
const LOCK_REFERENCE = `
  SELECT ${PLACE} FROM catalog.stock s
  WHERE s.variant_id IN (SELECT h.variant_id FROM catalog.reservations r JOIN catalog.stock h ON h.id = r.stock_id
    WHERE r.reference = $1)
  ORDER BY s.id FOR UPDATE OF s`;
const ALLOCATE = `
  WITH moved AS (
    UPDATE catalog.reservations r SET state = 'allocated'
    WHERE r.reference = $1 AND r.state = 'held'
      AND NOT EXISTS (SELECT FROM catalog.reservations e WHERE e.reference = $1 AND e.state = 'expired')
    RETURNING r.stock_id, r.quantity
  ),
  written AS (
    INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity, reference)
    SELECT gen_random_uuid(), stock_id, 'allocated', quantity, $1 FROM moved
  )
  UPDATE catalog.stock s SET reserved = s.reserved - m.quantity, allocated = s.allocated + m.quantity
  FROM moved m WHERE s.id = m.stock_id RETURNING s.variant_id AS "variantId"`;
const HOLDS = `
  SELECT r.id, r.stock_id AS "stockId", s.variant_id AS "variantId", l.code AS location, r.quantity, r.shipped, r.state
  FROM catalog.reservations r JOIN catalog.stock s ON s.id = r.stock_id JOIN catalog.locations l ON l.id = s.location_id
  WHERE r.reference = $1 ORDER BY s.id, r.id`;
const EXTEND = `
  UPDATE catalog.reservations SET expires_at = greatest(expires_at, $2) WHERE reference = $1 AND state = 'held'`;
const RELEASE = `
  WITH before AS (
    SELECT id, state, quantity - shipped AS left_over FROM catalog.reservations
    WHERE reference = $1 AND state IN ('held', 'allocated')
  ),
  freed AS (
    UPDATE catalog.reservations r SET state = 'released' FROM before b
    WHERE r.id = b.id RETURNING r.stock_id, b.state, b.left_over
  ),
  written AS (
    INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity, reference)
    SELECT gen_random_uuid(), stock_id, 'released', left_over, $1 FROM freed WHERE state = 'allocated' AND left_over > 0
  )
  UPDATE catalog.stock s SET
    reserved = s.reserved - CASE f.state WHEN 'held' THEN f.left_over ELSE 0 END,
    allocated = s.allocated - CASE f.state WHEN 'allocated' THEN f.left_over ELSE 0 END
  FROM freed f WHERE s.id = f.stock_id RETURNING s.variant_id AS "variantId"`;
const SHIP = `
  WITH sent AS (
    UPDATE catalog.reservations r SET shipped = r.shipped + w.quantity
    FROM unnest($2::uuid[], $3::int[]) AS w (id, quantity)
    WHERE r.id = w.id AND r.reference = $1 AND r.state = 'allocated' AND r.shipped + w.quantity <= r.quantity
    RETURNING r.stock_id, w.quantity
  ),
  written AS (
    INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity, reference)
    SELECT gen_random_uuid(), stock_id, 'shipped', quantity, $1 FROM sent
  )
  UPDATE catalog.stock s SET on_hand = s.on_hand - f.quantity, allocated = s.allocated - f.quantity
  FROM sent f WHERE s.id = f.stock_id`;
const EXPIRED_STOCK = `
  WITH due AS (
    SELECT DISTINCT h.variant_id FROM (
      SELECT stock_id FROM catalog.reservations WHERE state = 'held' AND expires_at <= $1 ORDER BY expires_at LIMIT 500
    ) r JOIN catalog.stock h ON h.id = r.stock_id
  ), locked AS MATERIALIZED (
    SELECT ${PLACE} FROM catalog.stock s WHERE s.variant_id IN (SELECT variant_id FROM due) ORDER BY s.id FOR UPDATE SKIP LOCKED
  )
  SELECT * FROM locked k WHERE (SELECT count(*) FROM locked o WHERE o."variantId" = k."variantId")
    = (SELECT count(*) FROM catalog.stock s WHERE s.variant_id = k."variantId")`;
