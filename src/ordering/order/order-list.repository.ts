import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { REFUND_FAILED } from './order.js';
import type { Statuses } from './order.statuses.js';

export interface OrderSummary extends Statuses {
  id: string;
  number: string;
  currency: string;
  email: string;
  total: string;
  quantity: number;
  placedAt: Date | null;
  createdAt: Date;
  /** To the microsecond, which a JavaScript date does not have: what the cursor holds. */
  createdKey: string;
}

export interface OrderFilter {
  customerId?: string;
  status?: string;
  paymentStatus?: string;
  fulfilmentStatus?: string;
  number?: string;
  email?: string;
  tag?: string;
  q?: string;
  onHold?: boolean;
  refundFailed?: boolean;
  from?: string;
  to?: string;
}

export interface Position {
  createdAt: string;
  id: string;
}

/** Lists of orders: one statement a page, along an index, never counted. */
@Injectable()
export class OrderListRepository {
  constructor(private readonly database: Database) {}

  /** One row more than asked for says that there is a next page. */
  list(
    filter: OrderFilter,
    newestFirst: boolean,
    after: Position | null,
    limit: number,
  ): Promise<OrderSummary[]> {
    const values: unknown[] = [];
    const where: string[] = [];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    add((place) => `o.customer_id = ${place}`, filter.customerId);
    add((place) => `o.status = ${place}`, filter.status);
    add((place) => `o.payment_status = ${place}`, filter.paymentStatus);
    add((place) => `o.fulfilment_status = ${place}`, filter.fulfilmentStatus);
    add((place) => `o.number = ${place}::bigint`, filter.number);
    add((place) => `lower(o.email) = lower(${place})`, filter.email);
    add((place) => `o.tags <> '{}' AND o.tags @> ARRAY[${place}::text]`, filter.tag);
    add(searched, filter.q?.trim());
    if (filter.onHold !== undefined) where.push(`o.held_at IS ${filter.onHold ? 'NOT NULL' : 'NULL'}`);
    if (filter.refundFailed !== undefined)
      where.push(`${filter.refundFailed ? '' : 'NOT '}${REFUND_REFUSED}`);
    add((place) => `o.created_at >= ${place}`, filter.from);
    add((place) => `o.created_at <= ${place}`, filter.to);
    const direction = newestFirst ? 'DESC' : 'ASC';
    if (after) {
      values.push(after.createdAt, after.id);
      where.push(
        `(o.created_at, o.id) ${newestFirst ? '<' : '>'} ($${values.length - 1}::timestamptz, $${values.length}::uuid)`,
      );
    }
    values.push(limit + 1);
    return this.database.query<OrderSummary>(
      `SELECT ${COLUMNS} FROM ordering.orders o ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
       ORDER BY o.created_at ${direction}, o.id ${direction} LIMIT $${values.length}`,
      values,
    );
  }
}

/** Each way along an index of its own. What is no number is none. */
const searched = (q: string): string => `o.id IN (
  SELECT id FROM ordering.orders WHERE number = CASE WHEN ${q} ~ '^[0-9]{1,18}$' THEN ${q}::bigint END
  UNION SELECT id FROM ordering.orders WHERE lower(email) = lower(${q})
  UNION SELECT id FROM ordering.orders WHERE tags <> '{}' AND tags @> ARRAY[lower(${q})]
  UNION SELECT order_id FROM ordering.order_lines WHERE lower(sku) = lower(${q}))`;
const REFUND_REFUSED = `EXISTS (SELECT FROM ordering.order_history h WHERE h.order_id = o.id AND h.event = '${REFUND_FAILED}')`;
const COLUMNS = `o.id, o.number::text, o.status, o.payment_status AS "paymentStatus",
  o.fulfilment_status AS "fulfilmentStatus", o.currency, o.email, o.total, o.placed_at AS "placedAt",
  o.created_at AS "createdAt", o.created_at::text AS "createdKey",
  (SELECT sum(l.quantity)::int FROM ordering.order_lines l WHERE l.order_id = o.id) AS quantity`;
