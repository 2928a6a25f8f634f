import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Calculation } from '../calculation/calculation.js';

export interface PlacedOrder {
  id: string;
  /** As PostgreSQL has it, to the microsecond. */
  createdAt: string;
  /** Null of an order from before calculations were kept. */
  calculation: Calculation | null;
}

@Injectable()
export class SimulationRepository {
  constructor(private readonly database: Database) {}

  /** Orders that were placed and not canceled, the newest first. */
  placed(
    from: Date,
    until: Date,
    after: { createdAt: string; id: string } | null,
    limit: number,
  ): Promise<PlacedOrder[]> {
    return this.database.query<PlacedOrder>(PLACED, [
      from,
      until,
      after?.createdAt ?? null,
      after?.id ?? null,
      limit,
    ]);
  }
}

const PLACED = `
  SELECT id, created_at::text AS "createdAt", calculation FROM ordering.orders
  WHERE created_at >= $1 AND created_at < $2 AND status IN ('placed', 'completed')
    AND ($3::timestamptz IS NULL OR (created_at, id) < ($3::timestamptz, $4::uuid))
  ORDER BY created_at DESC, id DESC LIMIT $5`;
