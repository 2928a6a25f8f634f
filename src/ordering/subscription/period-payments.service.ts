import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { AttemptEnds } from '../checkout/attempt-ends.service.js';
import { tenderOf } from '../checkout/tender.js';
import { type Order, totalOf } from '../order/order.js';
import { isBought } from '../order/order.guards.js';
import { OrderPaymentService } from '../order/order-payment.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { PaymentLinkRepository } from '../payment-link/payment-link.repository.js';
import { PaymentLinks } from '../payment-link/payment-links.service.js';

const ACTOR = system('subscription');

/** Pays the orders of subscriptions from methods that customers have kept, without the customer. */
@Injectable()
export class PeriodPayments {
  constructor(
    private readonly database: Database,
    private readonly billing: BillingApi,
    private readonly orders: OrderRepository,
    private readonly orderPayments: OrderPaymentService,
    private readonly links: PaymentLinks,
    private readonly linkRows: PaymentLinkRepository,
    private readonly ends: AttemptEnds,
    private readonly clock: Clock,
  ) {}

  /**
   * In the transaction that has written the order: opens its payment, and answers what the gateway is to be asked. Null: nothing is
   * to be paid, or there is no method, and the buyer has a letter with a link.
   */
  async open(
    order: Order,
    method: { id: string; gateway: string } | null,
    until: Date,
  ): Promise<string | null> {
    const total = totalOf(order);
    if (total.isZero()) {
      await this.orderPayments.take(order, [], ACTOR);
      return null;
    }
    if (method === null) {
      await this.links.make(order, until, true, ACTOR);
      return null;
    }
    const tender = tenderOf(order, total, {}, ACTOR);
    const card = {
      gateway: method.gateway,
      token: null,
      methodId: method.id,
      offSession: true,
      returnUrl: null,
    };
    const { operationId } = await this.billing.payOrder({ ...tender, card, isNew: true });
    return operationId;
  }

  /** Asks the gateway and takes in what it says; repeating it moves nothing twice. A card that fails is answered by a link to pay. */
  async collect(orderId: string, operationId: string): Promise<void> {
    const outcome = await this.billing.authorize(operationId);
    await this.database.transaction(async () => {
      await this.linkRows.lockAllOf(orderId);
      await this.billing.lockPaymentsOf(orderId);
      const payment = await this.billing.settle(operationId, outcome);
      const locked = await this.orders.locked(orderId);
      if (!locked) throw new Error(`the order ${orderId} is gone`);
      const order = await this.orderPayments.take(locked, await this.billing.paymentsOf([orderId]), ACTOR);
      if (isBought(order) || order.status !== 'pending_payment') return;
      const isOpen = payment.status === 'processing' || payment.status === 'requires_review';
      if (isOpen) await this.ends.waits(order, payment);
      else if (order.expiresAt > this.clock.now() && (await this.linkRows.heldUntil(orderId)) === null)
        await this.links.make(order, order.expiresAt, true, ACTOR, true);
    });
  }
}
