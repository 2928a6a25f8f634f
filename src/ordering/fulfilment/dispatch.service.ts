import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import type { PaymentView } from '../../billing/billing.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { orderProblems } from '../order/order.errors.js';
import { maySend } from '../order/order.guards.js';
import type { Order, OrderLine } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { fulfilmentStatusOf, onwards } from '../order/order.statuses.js';
import { FulfilmentDelivered, OrderFulfilled } from '../ordering.events.js';
import type { Fulfilment, Piece } from './fulfilment.js';
import { awaitedOf, sendingOf } from './sending.js';

/** What leaves and what arrives, as the order and the stock see it. In the caller's transaction, under the lock of the order. */
@Injectable()
export class Dispatch {
  constructor(
    private readonly orders: OrderRepository,
    private readonly catalog: CatalogApi,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** These have left: the statuses of the order, then the stock, which is on hand until now. */
  async sent(
    order: Order,
    left: readonly Pick<Fulfilment, 'id' | 'lines' | 'picks'>[],
    actor: Actor,
  ): Promise<void> {
    await this.moveOn(order, withCounted(order, left, 'fulfilled'), null, actor);
    failpoint('fulfilment.before_stock');
    await this.catalog.ship(
      order.id,
      left.flatMap(({ picks }) => picks),
    );
    for (const { id } of left)
      this.outbox.record(new OrderFulfilled({ orderId: order.id, fulfilmentId: id }));
    failpoint('fulfilment.after_stock');
  }

  async delivered(order: Order, arrived: Pick<Fulfilment, 'id' | 'lines'>, actor: Actor): Promise<void> {
    await this.moveOn(order, withCounted(order, [arrived], 'delivered'), 'parcel_delivered', actor);
    this.outbox.record(new FulfilmentDelivered({ orderId: order.id, fulfilmentId: arrived.id }));
  }

  /** What was planned or packed: a line in the history, and a new version for whoever has read the order before. */
  planned(order: Order, event: string, actor: Actor): Promise<void> {
    return this.moveOn(order, order.lines, event, actor);
  }

  private async moveOn(
    order: Order,
    lines: readonly OrderLine[],
    event: string | null,
    actor: Actor,
  ): Promise<void> {
    const fulfilmentStatus = fulfilmentStatusOf(lines);
    const { paymentStatus } = order;
    const to = { status: onwards(order.status, lines, paymentStatus), paymentStatus, fulfilmentStatus };
    const deed = { event: event ?? fulfilmentStatus, actor, at: this.clock.now() };
    if (!(await this.orders.move(order.id, order, to, deed))) throw orderProblems.order_not_fulfillable();
  }
}

/** `maySend` as a refusal; an order that somebody holds is not sent either. */
export function requireSendable(order: Order, payments: readonly PaymentView[]): void {
  if (order.heldAt !== null) throw orderProblems.order_on_hold();
  const { statuses, total } = sendingOf(order, awaitedOf(order), payments);
  if (maySend(statuses, total, payments)) return;
  const isTaken = payments.some(({ disputed, disputeLost }) => !disputed.plus(disputeLost).isZero());
  throw orderProblems.order_not_fulfillable(
    isTaken ? 'A bank disputes its money, or has taken it back.' : undefined,
  );
}

function withCounted(
  order: Order,
  those: readonly { lines: readonly Piece[] }[],
  counter: 'fulfilled' | 'delivered',
): OrderLine[] {
  const pieces = those.flatMap(({ lines }) => lines);
  return order.lines.map((line) => {
    const more = pieces
      .filter(({ lineId }) => lineId === line.id)
      .reduce((sum, { quantity }) => sum + quantity, 0);
    return { ...line, [counter]: line[counter] + more };
  });
}
