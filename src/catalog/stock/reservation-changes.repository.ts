import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { PLACE, type StockPlace } from './movement.repository.js';

/** Pieces of one hold. */
export interface Part {
  holdId: string;
  quantity: number;
}

/** What changes of what was promised already. Whoever calls these has locked the rows, in the order of their ids. */
@Injectable()
export class ReservationChangesRepository {
  constructor(private readonly database: Database) {}

  /** Every row of these variants and of all that the references hold, locked in id order. */
  lock(variantIds: string[], references: string[]): Promise<StockPlace[]> {
    return this.database.query<StockPlace>(LOCK, [variantIds, references]);
  }

  /** Gives back pieces of holds that were not shipped. Returns the number of holds touched. */
  giveBack(reference: string, parts: readonly Part[]): Promise<number> {
    return this.database.execute(GIVE_BACK, [
      reference,
      parts.map(({ holdId }) => holdId),
      parts.map(({ quantity }) => quantity),
    ]);
  }

  /** What was promised to one reference is promised to the other. */
  async join(from: string, into: string, holds: number): Promise<void> {
    await this.database.execute(JOIN, [from, into, Array.from({ length: holds }, newId)]);
  }
}

const LOCK = `
  SELECT ${PLACE} FROM catalog.stock s
  WHERE s.variant_id = ANY (ARRAY(SELECT unnest($1::uuid[]))) OR s.variant_id IN (
    SELECT h.variant_id FROM catalog.reservations r JOIN catalog.stock h ON h.id = r.stock_id WHERE r.reference = ANY ($2::uuid[]))
  ORDER BY s.id FOR UPDATE OF s`;
const GIVE_BACK = `
  WITH before AS (
    SELECT r.id, r.stock_id, r.state, g.quantity FROM unnest($2::uuid[], $3::int[]) AS g (id, quantity)
    JOIN catalog.reservations r ON r.id = g.id
    WHERE r.reference = $1 AND r.state IN ('held', 'allocated') AND r.quantity - r.shipped >= g.quantity
  ), freed AS (
    UPDATE catalog.reservations r SET
      quantity = CASE WHEN r.quantity > b.quantity THEN r.quantity - b.quantity ELSE r.quantity END,
      state = CASE WHEN r.quantity > b.quantity THEN r.state ELSE 'released' END
    FROM before b WHERE r.id = b.id
    RETURNING b.stock_id, b.state, b.quantity
  ), written AS (
    INSERT INTO catalog.stock_movements (id, stock_id, kind, quantity, reference)
    SELECT gen_random_uuid(), stock_id, 'released', quantity, $1 FROM freed WHERE state = 'allocated'
  )
  UPDATE catalog.stock s SET
    reserved = s.reserved - CASE f.state WHEN 'held' THEN f.quantity ELSE 0 END,
    allocated = s.allocated - CASE f.state WHEN 'allocated' THEN f.quantity ELSE 0 END
  FROM freed f WHERE s.id = f.stock_id`;
// Counters stay: only the name changes by which the pieces are promised.
const JOIN = `
  WITH moved AS (
    UPDATE catalog.reservations r SET state = 'released' WHERE r.reference = $1 AND r.state = 'allocated'
    RETURNING r.stock_id, r.quantity, r.shipped, r.expires_at
  ), numbered AS (
    SELECT m.*, row_number() OVER (ORDER BY stock_id) AS place FROM moved m
  )
  INSERT INTO catalog.reservations AS r (id, reference, stock_id, quantity, shipped, state, expires_at)
  SELECT ($3::uuid[])[place], $2, stock_id, quantity, shipped, 'allocated', expires_at FROM numbered
  ON CONFLICT (reference, stock_id) WHERE state IN ('held', 'allocated')
    DO UPDATE SET quantity = r.quantity + excluded.quantity, shipped = r.shipped + excluded.shipped`;
