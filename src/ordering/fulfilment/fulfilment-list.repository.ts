import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface FulfilmentSummary {
  id: string;
  orderId: string;
  orderNumber: string;
  state: string;
  location: string | null;
  carrier: string | null;
  service: string | null;
  quantity: number;
  parcels: number;
  version: number;
  createdAt: Date;
  /** To the microsecond, which a JavaScript date does not have: what the cursor holds. */
  createdKey: string;
  shippedAt: Date | null;
  deliveredAt: Date | null;
}

export interface FulfilmentFilter {
  state?: string;
  location?: string;
  carrier?: string;
  number?: string;
  from?: string;
  to?: string;
}

/** Lists of fulfilments: one statement a page, along an index, never counted. */
@Injectable()
export class FulfilmentListRepository {
  constructor(private readonly database: Database) {}

  /** The newest first; one row more than asked for says that there is a next page. */
  list(
    filter: FulfilmentFilter,
    after: { createdAt: string; id: string } | null,
    limit: number,
  ): Promise<FulfilmentSummary[]> {
    const values: unknown[] = [limit + 1];
    const where: string[] = [];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    add((place) => `f.state = ${place}`, filter.state);
    add((place) => `f.location = ${place}`, filter.location);
    add((place) => `f.carrier_code = lower(btrim(${place}))`, filter.carrier);
    add(
      (place) => `f.order_id = (SELECT id FROM ordering.orders WHERE number = ${place}::bigint)`,
      filter.number,
    );
    add((place) => `f.created_at >= ${place}`, filter.from);
    add((place) => `f.created_at <= ${place}`, filter.to);
    if (after) {
      values.push(after.createdAt, after.id);
      where.push(`(f.created_at, f.id) < ($${values.length - 1}::timestamptz, $${values.length}::uuid)`);
    }
    return this.database.query<FulfilmentSummary>(
      `SELECT ${COLUMNS} FROM ordering.fulfilments f JOIN ordering.orders o ON o.id = f.order_id
       ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
       ORDER BY f.created_at DESC, f.id DESC LIMIT $1`,
      values,
    );
  }
}

const COLUMNS = `f.id, f.order_id AS "orderId", o.number::text AS "orderNumber", f.state, f.location, f.carrier, f.service,
  f.version, f.created_at AS "createdAt", f.created_at::text AS "createdKey", f.shipped_at AS "shippedAt",
  f.delivered_at AS "deliveredAt",
  (SELECT sum(l.quantity)::int FROM ordering.fulfilment_lines l WHERE l.fulfilment_id = f.id) AS quantity,
  (SELECT count(*)::int FROM ordering.fulfilment_parcels p WHERE p.fulfilment_id = f.id) AS parcels`;
