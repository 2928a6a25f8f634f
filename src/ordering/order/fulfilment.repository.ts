import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Fulfilment } from './order.js';

@Injectable()
export class FulfilmentRepository {
  constructor(private readonly database: Database) {}

  /** The parcel, its lines, and the counters of the order lines; a CHECK keeps a piece from being sent twice. */
  async insert(orderId: string, parcel: Fulfilment): Promise<void> {
    await this.database.execute(INSERT, [
      parcel.id,
      orderId,
      parcel.carrier,
      parcel.trackingNumber,
      parcel.trackingUrl,
      parcel.createdAt,
      parcel.lines.map(({ lineId }) => lineId),
      parcel.lines.map(({ quantity }) => quantity),
    ]);
  }
}

const INSERT = `
  WITH parcel AS (
    INSERT INTO ordering.fulfilments (id, order_id, carrier, tracking_number, tracking_url, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
  ), contents AS (
    INSERT INTO ordering.fulfilment_lines (fulfilment_id, line_id, quantity)
    SELECT $1, line_id, quantity FROM unnest($7::uuid[], $8::int[]) AS l (line_id, quantity)
  )
  UPDATE ordering.order_lines o SET fulfilled = o.fulfilled + l.quantity
  FROM unnest($7::uuid[], $8::int[]) AS l (line_id, quantity) WHERE o.id = l.line_id AND o.order_id = $2`;
