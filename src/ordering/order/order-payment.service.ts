import { Injectable, Logger } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { UnpaidChanges } from '../change/unpaid-changes.service.js';
import { OrderCanceled, OrderPlaced } from '../ordering.events.js';
import { type Order, owedOf, takesStock, totalOf, withdrawnOf } from './order.js';
import { OrderHolds } from './order-holds.service.js';
import { isBought, isDoubtful, mayPlace, unneeded } from './order.guards.js';
import { type Glance, OrderRepository } from './order.repository.js';
import { isSafe } from './order-money.js';
import { dueOf } from './order.view.js';
import {
  isCovered,
  isRejected,
  isSecured,
  onwards,
  paymentStatusOf,
  type Statuses,
} from './order.statuses.js';

/**
 * What payments do to an order. The checkout and the late messenger (webhook, repair) both come here, and
 * compare-and-set lets the first of them place the order once.
 */
@Injectable()
export class OrderPaymentService {
  private readonly log = new Logger('ordering');

  constructor(
    private readonly orders: OrderRepository,
    private readonly catalog: CatalogApi,
    private readonly holds: OrderHolds,
    private readonly billing: BillingApi,
    private readonly unpaid: UnpaidChanges,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: brings the order up to its payments and answers it as it is then. An order that
   * is paid and waiting (or has expired meanwhile) is placed, if its goods are there; else the money goes back. A refund
   * that the gateway has refused is for a person: asking again by itself would go on for ever.
   */
  async take(
    order: Order,
    payments: readonly PaymentView[],
    actor: Actor,
    { refundRefused = false } = {},
  ): Promise<Order> {
    const paymentStatus = paymentStatusOf(payments, owedOf(order), totalOf(order), withdrawnOf(order));
    // Of one that is over, all of it ends anyway.
    const open = order.status === 'canceled' ? [] : unneeded(payments, owedOf(order), totalOf(order));
    if (open.length > 0) await this.billing.giveUp(order.id, open.map(idOf));
    const secured = isSecured(paymentStatus) && isCovered(payments, totalOf(order));
    if (secured && mayPlace(order, payments)) return this.place(order, { ...order, paymentStatus }, actor);
    if (order.status === 'pending_payment' && isRejected(payments)) return this.reject(order, actor);
    // Of one that is over nothing is kept, be it all of its price or a part.
    const isOver = order.status === 'canceled' || (order.status === 'expired' && !isDoubtful(payments));
    if (isOver && isThere(payments) && !refundRefused) await this.giveBack(order);
    if (paymentStatus === order.paymentStatus) return order;
    // A change may wait for money, whatever was given back before: of that nothing is asked for again.
    if (isBought(order) && !isDoubtful(payments) && dueOf(order, payments).isZero()) {
      const paid = await this.unpaid.paid(order, payments, actor);
      if (paid) return (await this.orders.find(order.id)) ?? order;
    }
    // All of it may have left on the promise of the money.
    const status = onwards(order.status, order.lines, paymentStatus);
    const to = { ...order, status, paymentStatus };
    return (await this.move(order, to, `payment_${paymentStatus}`, actor)).order;
  }

  /** Whether `take` would change nothing. */
  isUpToDate(order: Glance, payments: readonly PaymentView[]): boolean {
    if (!isBought(order) || unneeded(payments, order.owed, order.total).length > 0) return false;
    return paymentStatusOf(payments, order.owed, order.total, order.withdrawn) === order.paymentStatus;
  }

  private async place(order: Order, paid: Statuses, actor: Actor): Promise<Order> {
    const { moved, order: placed } = await this.move(order, { ...paid, status: 'placed' }, 'placed', actor);
    // Whoever was quicker has taken the goods and told of it.
    if (!moved) return placed;
    if (await this.goodsAreThere(order)) {
      this.outbox.record(
        new OrderPlaced({
          orderId: order.id,
          number: order.number,
          total: totalOf(order).toJSON(),
          customerId: order.customerId,
          lines: order.lines.map(({ productId, variantId, quantity }) => ({
            productId,
            variantId,
            quantity,
          })),
        }),
      );
      return placed;
    }
    this.log.warn(`order ${order.number} was paid after its goods were gone: the money goes back`);
    const ended = await this.move(placed, { ...placed, status: 'canceled' }, 'sold_out', actor);
    await this.giveBack(order);
    this.outbox.record(new OrderCanceled({ orderId: order.id, number: order.number }));
    return ended.order;
  }

  /** A person has sent the money back that came for it: the rest goes back too, and nothing is sent. */
  private async reject(order: Order, actor: Actor): Promise<Order> {
    const { canceled } = await this.billing.cancelFor(order.id, 'review_rejected');
    if (!canceled) return order;
    const payments = await this.billing.paymentsOf([order.id]);
    const paymentStatus = paymentStatusOf(payments, owedOf(order), totalOf(order), withdrawnOf(order));
    const to = { ...order, status: 'canceled' as const, paymentStatus };
    const { moved, order: ended } = await this.move(order, to, 'review_rejected', actor);
    if (!moved) return ended;
    await this.holds.release(ended);
    this.outbox.record(new OrderCanceled({ orderId: order.id, number: order.number }));
    return ended;
  }

  /** An expired order has given back what it held, and must find its stock again. */
  private async goodsAreThere(order: Order): Promise<boolean> {
    if (order.status !== 'expired') await this.holds.keep(order);
    else if (!(await this.holds.takeBack(order, this.clock.now()))) return false;
    if (!takesStock(order)) return true;
    return this.catalog.allocate(order.id);
  }

  private async giveBack(order: Order): Promise<void> {
    await this.billing.cancelFor(order.id, `order_${order.status === 'expired' ? 'expired' : 'canceled'}`);
    await this.holds.release(order);
  }

  /** The order after the move; when somebody else was quicker it is not moved, and is as they left it. */
  private async move(
    order: Order,
    to: Statuses,
    event: string,
    actor: Actor,
  ): Promise<{ moved: boolean; order: Order }> {
    const at = this.clock.now();
    const { status, paymentStatus, fulfilmentStatus } = to;
    if (!(await this.orders.move(order.id, order, to, { event, actor, at }))) {
      return { moved: false, order: (await this.orders.find(order.id)) ?? order };
    }
    const deed = {
      at,
      event,
      status,
      paymentStatus,
      fulfilmentStatus,
      ...by(actor),
      note: null,
      facts: null,
    };
    const version = order.version + 1;
    const placedAt = status === 'placed' ? (order.placedAt ?? at) : order.placedAt;
    const history = [...order.history, deed];
    const after = { ...order, status, paymentStatus, fulfilmentStatus, version, placedAt, history };
    return { moved: true, order: after };
  }
}

/** Whether any of the money is with us, and not on its way back. What a bank disputes is not, before it has decided. */
const isThere = (payments: readonly PaymentView[]): boolean =>
  payments.some(
    (payment) => payment.status === 'authorized' || (payment.disputed.isZero() && isSafe(payment)),
  );

const idOf = ({ id }: PaymentView): string => id;

const by = (actor: Actor) => ({ actorKind: actor.kind, actorId: actorId(actor) });
