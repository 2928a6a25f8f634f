import { BillingApi } from '../../billing/billing.api.js';
import {
  AuthorizationExpiring,
  CreditNoteIssued,
  DisputeClosed,
  DisputeOpened,
  PaymentAuthorized,
  PaymentCanceled,
  PaymentCaptured,
  PaymentDeclined,
  PaymentPartlyCaptured,
  RefundFailed,
  RefundSettled,
} from '../../billing/billing.events.js';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { LateDeclines } from '../payment-link/late-declines.service.js';
import { OrderLocks } from './order-locks.service.js';
import { OrderPaymentService } from './order-payment.service.js';
import { REFUND_FAILED } from './order.js';
import { OrderRepository } from './order.repository.js';

const billing = system('billing');

/** What became of payments after the shopper had left: by webhook, by the bank's page, by the repair job. */
@Subscriber()
export class OrderPaymentSubscribers {
  constructor(
    private readonly orders: OrderRepository,
    private readonly locks: OrderLocks,
    private readonly orderPayments: OrderPaymentService,
    private readonly payments: BillingApi,
    private readonly lateDeclines: LateDeclines,
    private readonly clock: Clock,
  ) {}

  @On(PaymentCaptured)
  captured({ payload }: PaymentCaptured): Promise<void> {
    return this.follow(payload.orderId);
  }

  @On(PaymentPartlyCaptured)
  partlyCaptured({ payload }: PaymentPartlyCaptured): Promise<void> {
    return this.follow(payload.orderId);
  }

  @On(DisputeOpened)
  disputed({ payload: { orderId, reason } }: DisputeOpened): Promise<void> {
    return this.note(orderId, 'dispute_opened', reason);
  }

  /** Of an order that is over, what the bank has left us goes back now. */
  @On(DisputeClosed)
  async decided({ payload: { orderId, outcome } }: DisputeClosed): Promise<void> {
    await this.follow(orderId);
    await this.note(orderId, `dispute_${outcome}`, null);
  }

  @On(AuthorizationExpiring)
  expiring({ payload: { orderId, captureBefore } }: AuthorizationExpiring): Promise<void> {
    return this.note(orderId, 'authorization_expiring', captureBefore);
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

  /** It may have given money back outside, such as in cash; by itself nothing more goes back for it. */
  @On(CreditNoteIssued)
  credited({ payload }: CreditNoteIssued): Promise<void> {
    return this.follow(payload.orderId, true);
  }

  @On(RefundFailed)
  async refundFailed({ payload: { orderId, invoiceId: _, ...facts } }: RefundFailed): Promise<void> {
    if (orderId === null) return;
    await this.follow(orderId, true);
    const order = await this.orders.find(orderId);
    if (!order) return;
    // Nothing is asked again by itself: a person finds the order by this.
    const at = this.clock.now();
    await this.orders.note(orderId, order, { event: REFUND_FAILED, actor: billing, at, facts });
  }

  /** Also of methods that take days. */
  @On(PaymentDeclined)
  async declined({ payload: { orderId } }: PaymentDeclined): Promise<void> {
    if (orderId !== null) await this.lateDeclines.take(orderId);
  }

  /** The order follows its payments; most of the time the checkout was quicker and there is nothing to do. */
  private async follow(orderId: string | null, refundRefused = false): Promise<void> {
    // Invoices without an order are somebody else's.
    if (orderId === null) return;
    const [seen, known] = await Promise.all([
      this.orders.glance(orderId),
      this.payments.paymentsOf([orderId]),
    ]);
    if (!seen || this.orderPayments.isUpToDate(seen, known)) return;
    // Only under their locks can no other messenger's news get lost.
    const locked = await this.locks.lock(orderId);
    if (locked) await this.orderPayments.take(locked.order, locked.payments, billing, { refundRefused });
  }

  /** The history of the order says so, for staff. */
  private async note(orderId: string | null, event: string, note: string | null): Promise<void> {
    const order = orderId === null ? null : await this.orders.find(orderId);
    if (order)
      await this.orders.note(order.id, order, {
        event,
        actor: billing,
        at: this.clock.now(),
        ...(note !== null && { note }),
      });
  }
}
