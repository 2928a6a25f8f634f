import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { OrderFulfilled } from '../ordering.events.js';
import { FulfilmentRepository } from './fulfilment.repository.js';
import type { FulfilOrderDto } from './order.dto.js';
import { orderProblems } from './order.errors.js';
import { leftToSend, type Order, totalOf } from './order.js';
import { OrderRepository } from './order.repository.js';
import { fulfilmentStatusOf, isAllSent, isKept, isSecured, isSent } from './order.statuses.js';

/** Sends what was ordered, all at once or line by line. */
@Injectable()
export class FulfilmentService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly fulfilments: FulfilmentRepository,
    private readonly catalog: CatalogApi,
    private readonly billing: BillingApi,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async fulfil(actor: Actor, id: string, input: FulfilOrderDto, version: number | null): Promise<void> {
    await this.database.transaction(async () => {
      // The payment is locked before the order, here as everywhere; a refund that is accepted now is seen.
      const payments = await this.billing.lockPaymentsOf(id);
      const order = await this.orders.locked(id);
      if (!order) throw platformProblems.not_found();
      requireVersion(version, order.version);
      if (order.heldAt !== null) throw orderProblems.order_on_hold();
      const paid = isSecured(order.paymentStatus) || isPartlySettled(order);
      if (order.status !== 'placed' || !paid || !isKept(payments, totalOf(order))) {
        throw orderProblems.order_not_fulfillable();
      }
      const lines = contentsOf(order, input.lines);
      const parcel = {
        id: newId(),
        carrier: input.carrier ?? null,
        trackingNumber: input.trackingNumber ?? null,
        trackingUrl: input.trackingUrl ?? null,
        createdAt: this.clock.now(),
        lines,
      };
      await this.fulfilments.insert(id, parcel);
      await this.moveOn(order, lines, actor);
      await this.catalog.ship(id, toVariants(order, lines));
      this.outbox.record(new OrderFulfilled({ orderId: id, fulfilmentId: parcel.id }));
      this.audit.record({
        actor,
        action: 'ordering.order.fulfilled',
        subjectType: 'order',
        subjectId: id,
        details: { fulfilmentId: parcel.id, lines },
      });
    });
  }

  private async moveOn(order: Order, pieces: readonly Piece[], actor: Actor): Promise<void> {
    const sent = new Map(pieces.map(({ lineId, quantity }) => [lineId, quantity]));
    const lines = order.lines.map((line) => ({
      ...line,
      fulfilled: line.fulfilled + (sent.get(line.id) ?? 0),
    }));
    const fulfilmentStatus = fulfilmentStatusOf(lines);
    const done = isAllSent(lines) && order.paymentStatus !== 'authorized';
    const moved = await this.orders.move(
      order.id,
      order,
      { status: done ? 'completed' : order.status, paymentStatus: order.paymentStatus, fulfilmentStatus },
      { event: fulfilmentStatus, actor, at: this.clock.now() },
    );
    if (!moved) throw orderProblems.order_not_fulfillable();
  }
}

interface Piece {
  lineId: string;
  quantity: number;
}

/** Some of it went back, or a change of it waits to be paid: what else there is may go. */
const isPartlySettled = ({ paymentStatus }: Order) =>
  paymentStatus === 'partially_refunded' || paymentStatus === 'partially_paid';

/** What goes into the parcel: what was asked for, or all that is left. */
function contentsOf(order: Order, wanted: readonly Piece[] | undefined): Piece[] {
  const left = order.lines
    .filter(isSent)
    .map((line) => ({ lineId: line.id, quantity: leftToSend(line) }))
    .filter(({ quantity }) => quantity > 0);
  if (wanted === undefined) {
    if (left.length === 0) throw orderProblems.order_not_fulfillable('Nothing is left to send.');
    return left;
  }
  const errors = wanted.flatMap(({ lineId, quantity }, index) => {
    const rest = left.find((piece) => piece.lineId === lineId)?.quantity ?? 0;
    const twice = wanted.findIndex((piece) => piece.lineId === lineId) !== index;
    if (quantity <= rest && !twice) return [];
    return [
      {
        pointer: `/lines/${index}/quantity`,
        code: 'max_left',
        message: `at most ${twice ? 0 : rest} left to send`,
      },
    ];
  });
  if (errors.length > 0) throw orderProblems.order_not_fulfillable(undefined, { errors });
  return wanted.map(({ lineId, quantity }) => ({ lineId, quantity }));
}

const toVariants = (order: Order, pieces: readonly Piece[]) =>
  pieces.flatMap(({ lineId, quantity }) => {
    const line = order.lines.find(({ id }) => id === lineId);
    return line ? [{ ...line, quantity }] : [];
  });
