import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { CatalogApi, type StockSource } from '../../catalog/catalog.api.js';
import { type Actor, may } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Holder } from '../cart/cart.access.js';
import { DownloadRepository } from '../download/download.repository.js';
import { isOpen } from '../fulfilment/fulfilment.js';
import { FulfilmentRepository } from '../fulfilment/fulfilment.repository.js';
import { OrderCanceled } from '../ordering.events.js';
import { orderProblems } from './order.errors.js';
import { mayCancel } from './order.guards.js';
import { type Order, owedOf, totalOf, withdrawnOf } from './order.js';
import { OrderAccess } from './order-access.service.js';
import { OrderLocks } from './order-locks.service.js';
import { OrderHolds } from './order-holds.service.js';
import { OrderRepository } from './order.repository.js';
import { paymentStatusOf } from './order.statuses.js';

export interface PaidOrder {
  order: Order;
  payments: PaymentView[];
}

/** Reading and canceling orders, for whoever they belong to and for staff. */
@Injectable()
export class OrderService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly access: OrderAccess,
    private readonly locks: OrderLocks,
    private readonly billing: BillingApi,
    private readonly catalog: CatalogApi,
    private readonly holds: OrderHolds,
    private readonly fulfilments: FulfilmentRepository,
    private readonly downloads: DownloadRepository,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async get(id: string, holder: Holder): Promise<PaidOrder> {
    const [order, payments] = await Promise.all([this.orders.find(id), this.billing.paymentsOf([id])]);
    if (!order || !(await this.access.mayRead(holder, order))) throw platformProblems.not_found();
    return { order, payments };
  }

  /** Which location gives what to an order, for staff. */
  sources(id: string): Promise<StockSource[]> {
    return this.catalog.sources(id);
  }

  /**
   * Before anything of it was sent: the stock is free and the money on its way back in the same transaction; the
   * gateway is told after the commit. Canceling twice is refused, repeating the request by its key is not.
   */
  async cancel(id: string, holder: Holder, reason: string | null): Promise<PaidOrder> {
    const seen = await this.orders.find(id);
    if (!seen || !(await this.access.mayChange(holder, seen))) throw platformProblems.not_found();
    await this.database.transaction(async () => {
      const { order } = (await this.locks.lock(id)) ?? {};
      const isStaff = may(holder.actor, 'ordering:order:write');
      if (!order || !mayCancel(order, isStaff)) throw orderProblems.order_not_cancelable();
      // Staff decide for themselves what they take back.
      if (!isStaff) {
        // Why it is held is nobody's business but theirs.
        if (order.heldAt !== null)
          throw orderProblems.order_not_cancelable('It cannot be canceled here now: please ask the shop.');
        if (await this.downloads.anyOf(id))
          throw orderProblems.order_not_cancelable('Something of it was downloaded.');
        if (order.fulfilments.some(({ state }) => state === 'packed'))
          throw orderProblems.order_not_cancelable('Something of it is packed.');
      }
      await this.cancelLocked(order, holder.actor, reason);
    });
    return this.get(id, holder);
  }

  /** In the caller's transaction, under the locks of payments and order: all of it is canceled, its money goes back. */
  async cancelLocked(order: Order, actor: Actor, reason: string | null): Promise<void> {
    const { canceled } = await this.billing.cancelFor(order.id, 'order_canceled');
    if (!canceled) throw orderProblems.payment_undecided(undefined, { retryAfter: 2 });
    const { id, number } = order;
    await this.end(order, 'canceled', actor, reason);
    this.outbox.record(new OrderCanceled({ orderId: id, number }));
    this.audit.record({
      actor,
      action: 'ordering.order.canceled',
      subjectType: 'order',
      subjectId: id,
    });
  }

  /** In the caller's transaction, after `billing.cancelFor`: the last move of an order, and its stock is free. */
  async end(order: Order, status: 'canceled' | 'expired', actor: Actor, note: string | null): Promise<void> {
    const payments = await this.billing.paymentsOf([order.id]);
    const moved = await this.orders.move(
      order.id,
      order,
      {
        status,
        paymentStatus: paymentStatusOf(payments, owedOf(order), totalOf(order), withdrawnOf(order)),
        fulfilmentStatus: order.fulfilmentStatus,
      },
      { event: status, actor, at: this.clock.now(), ...(note !== null && { note }) },
    );
    if (!moved) throw orderProblems.order_not_cancelable();
    if (order.fulfilments.some(isOpen))
      await this.fulfilments.cancelOpen(order.id, { actor, at: this.clock.now() });
    await this.holds.release(order);
  }
}
