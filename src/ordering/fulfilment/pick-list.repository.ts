import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Order } from '../order/order.js';
import { FULFILMENTS, type FulfilmentRow } from './fulfilment.repository.js';
import type { DueOrder } from './pick-list.js';

/** An order that waits to be sent, with what tells whether its money lets it. */
export interface WaitingOrder extends DueOrder, Pick<Order, 'status' | 'total' | 'givenBack' | 'currency'> {
  /** See `awaitedOf`. */
  awaited: bigint;
}

type Amounts = 'total' | 'givenBack' | 'awaited';
type Row = Omit<WaitingOrder, Amounts | 'fulfilments'> &
  Record<Amounts, string> & { fulfilments: FulfilmentRow[] };

@Injectable()
export class PickListRepository {
  constructor(private readonly database: Database) {}

  /** Placed orders that are not sent in whole and hold something that is due, from behind `after`, the oldest promise first. */
  async waiting(
    now: Date,
    after: { promise: Date; id: string } | null,
    limit: number,
  ): Promise<WaitingOrder[]> {
    const rows = await this.database.query<Row>(WAITING, [
      now,
      limit,
      after?.promise ?? null,
      after?.id ?? null,
    ]);
    return rows.map(({ total, givenBack, awaited, ...row }) => ({
      ...row,
      total: BigInt(total),
      givenBack: BigInt(givenBack),
      awaited: BigInt(awaited),
    }));
  }
}

// What was sold ahead of its day is not due before it. The promise is cut to the millisecond, as the next page will name it.
const WAITING = `
  WITH due AS (
    SELECT o.id, date_trunc('milliseconds', coalesce(min(l.promised_for), o.placed_at)) AS promise
    FROM ordering.orders o JOIN ordering.order_lines l ON l.order_id = o.id
    WHERE o.status = 'placed' AND o.fulfilment_status IN ('unfulfilled', 'partially_fulfilled')
      AND (o.payment_status IN ('paid', 'authorized', 'overcharged', 'partially_refunded', 'partially_paid') OR o.total = 0
        OR EXISTS (SELECT FROM ordering.order_lines w WHERE w.order_id = o.id AND w.awaiting > 0)) AND o.held_at IS NULL
      AND l.kind = 'physical' AND l.fulfilled < l.quantity AND (l.promised_for IS NULL OR l.promised_for <= $1)
    GROUP BY o.id
  )
  SELECT o.id, o.number::text, d.promise, o.status, o.total, o.given_back AS "givenBack", o.currency,
    (SELECT coalesce(sum(w.total / w.paid * w.waits + least(w.waits, w.total % w.paid)), 0)::bigint
      FROM (SELECT l.total, l.quantity - l.returned - l.refunded AS paid,
          least(l.awaiting, l.quantity - l.returned - l.refunded) AS waits
        FROM ordering.order_lines l WHERE l.order_id = o.id) w WHERE w.waits > 0) AS awaited,
    (SELECT json_agg(json_build_object('id', l.id, 'variantId', l.variant_id, 'sku', l.sku, 'title', l.title,
      'variantTitle', l.variant_title, 'stockTracked', l.stock_tracked, 'components', l.components, 'properties', l.properties,
      'due', CASE WHEN l.promised_for > $1 THEN 0 ELSE greatest(l.quantity - l.fulfilled - l.planned - l.awaiting, 0) END) ORDER BY l.position)
      FROM ordering.order_lines l WHERE l.order_id = o.id AND l.kind = 'physical') AS lines,
    ${FULFILMENTS} AS fulfilments
  FROM due d JOIN ordering.orders o ON o.id = d.id
  WHERE $3::timestamptz IS NULL OR (d.promise, d.id) > ($3, $4::uuid)
  ORDER BY d.promise, d.id LIMIT $2`;
