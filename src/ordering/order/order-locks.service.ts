import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { orderProblems } from './order.errors.js';
import type { Order } from './order.js';
import { OrderRepository } from './order.repository.js';

/** An order with all of its payments, as they are under their locks. */
export interface LockedOrder {
  order: Order;
  payments: PaymentView[];
}

/** The locks of whoever ends payments of an order: first the payments, then the order. */
@Injectable()
export class OrderLocks {
  constructor(
    private readonly billing: BillingApi,
    private readonly orders: OrderRepository,
  ) {}

  /**
   * In the caller's transaction; null when there is no such order. 409 `ordering.payment_undecided` when a payment was opened
   * while the order was waited for: nobody holds its lock, and to take it now would be the wrong way round.
   */
  async lock(orderId: string): Promise<LockedOrder | null> {
    const before = await this.billing.lockPaymentsOf(orderId);
    const order = await this.orders.locked(orderId);
    if (!order) return null;
    const payments = await this.billing.paymentsOf([orderId]);
    if (payments.length !== before.length)
      throw orderProblems.payment_undecided(undefined, { retryAfter: 2 });
    return { order, payments };
  }
}
