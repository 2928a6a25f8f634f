import { BillingApi } from '../../billing/billing.api.js';
import {
  PaymentAuthorized,
  PaymentCanceled,
  PaymentCaptured,
  PaymentDeclined,
  RefundFailed,
  RefundSettled,
} from '../../billing/billing.events.js';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { OrderHolds } from './order-holds.service.js';
import { OrderPaymentService } from './order-payment.service.js';
import { OrderRepository } from './order.repository.js';

const billing = system('billing');

/** What became of payments after the shopper had left: by webhook, by the bank's page, by the repair job. */
@Subscriber()
export class OrderPaymentSubscribers {
  constructor(
    private readonly orders: OrderRepository,
    private readonly orderPayments: OrderPaymentService,
    private readonly payments: BillingApi,
    private readonly holds: OrderHolds,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  @On(PaymentCaptured)
  captured({ payload }: PaymentCaptured): Promise<void> {
    return this.follow(payload.orderId);
  }

  @On(PaymentAuthorized)
  authorized({ payload }: PaymentAuthorized): Promise<void> {
    return this.follow(payload.orderId);
  }

  @On(PaymentCanceled)
  canceled({ payload }: PaymentCanceled): Promise<void> {
    return this.follow(payload.orderId);
  }

  @On(RefundSettled)
  refunded({ payload }: RefundSettled): Promise<void> {
    return this.follow(payload.orderId);
  }

  @On(RefundFailed)
  refundFailed({ payload }: RefundFailed): Promise<void> {
    return this.follow(payload.orderId, true);
  }

  /** Also of methods that take days: from then on the shopper has the usual time to pay otherwise. */
  @On(PaymentDeclined)
  async declined({ payload: { orderId } }: PaymentDeclined): Promise<void> {
    const until = new Date(this.clock.now().getTime() + this.config.unpaidOrderMinutes * 60_000);
    await this.holds.prolong(orderId, until);
  }

  /** The order follows its payments; most of the time the checkout was quicker and there is nothing to do. */
  private async follow(orderId: string, refundRefused = false): Promise<void> {
    const [seen, known] = await Promise.all([
      this.orders.glance(orderId),
      this.payments.paymentsOf([orderId]),
    ]);
    if (!seen || this.orderPayments.isUpToDate(seen, known)) return;
    // Only under their locks can no other messenger's news get lost; the payment's is the first, as everywhere.
    const payments = await this.payments.lockPaymentsOf(orderId);
    const order = await this.orders.locked(orderId);
    if (!order) return;
    await this.orderPayments.take(order, payments, billing, { refundRefused });
  }
}
