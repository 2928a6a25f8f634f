import { Injectable } from '@nestjs/common';
import { Outbox } from '../../platform/events/outbox.js';
import { Money } from '../../platform/money/money.js';
import { OperationScheduled } from '../billing.events.js';
import type { MoneySubject } from '../invoice/money-subject.js';
import type { Payment, PaymentKind } from '../payment/payment.entity.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { OwnRefunds } from './own-refunds.service.js';
import { type RefundDestination, RefundRepository } from './refund.repository.js';
import { refundProblems } from './refund.errors.js';
import { amountRequired, exceeds, RefundService } from './refund.service.js';
import { type RefundPart, refundOrder, splitRefund } from './refund-split.js';
import type { Requester } from './requester.js';

/** What of a refund goes where. */
export interface RefundShare {
  readonly refundId: string;
  readonly paymentId: string;
  readonly kind: PaymentKind;
  /** The end of the code of a gift card. */
  readonly last4: string | null;
  readonly amount: Money;
}

export interface OrderRefund {
  /** `store_credit`: all of it becomes credit of the customer, whatever it was paid with. */
  readonly to?: RefundDestination;
  readonly reason: string;
  readonly requestedBy: Requester;
  /** What a bank disputes, or has kept, is left out, and stands as what should go back; without it that is refused (409). */
  readonly asFarAsThere?: boolean;
}

/** Refunds of an order, or of an invoice without one, over all of its payments. */
@Injectable()
export class OrderRefunds {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly rows: RefundRepository,
    private readonly refunds: RefundService,
    private readonly own: OwnRefunds,
    private readonly outbox: Outbox,
  ) {}

  /** See `BillingApi.refundOrder`. */
  async refund(
    subject: MoneySubject,
    amount: Money,
    { to = 'original', reason, requestedBy, asFarAsThere = false }: OrderRefund,
  ): Promise<RefundShare[]> {
    if (amount.isZero() || amount.isNegative()) throw amountRequired('must be above zero');
    const parts = await this.share(await this.lock(subject), amount, asFarAsThere);
    await this.own.lock(parts.map(({ payment }) => payment));
    const shares: RefundShare[] = [];
    for (const { payment, amount: part } of parts) {
      const how = { amount: part, to, reason, requestedBy, isOwed: asFarAsThere };
      const { refundId, operationId } = await this.refunds.request(payment.id, how);
      if (operationId !== null) this.outbox.record(new OperationScheduled({ operationId }));
      const { id: paymentId, kind, last4 } = payment;
      shares.push({ refundId, paymentId, kind, last4, amount: part });
    }
    return shares;
  }

  /**
   * In the caller's transaction, with its credit note: so much of what was paid is given back in another way, such as in cash. It
   * has to be there, and no refund takes it any more (409 `billing.refund_exceeds_captured`); what a bank disputes is not, nor what has
   * bought gift cards that can be spent.
   */
  async giveOutside(subject: MoneySubject, amount: Money): Promise<void> {
    const payments = await this.lock(subject);
    const parts = await this.share(payments, amount);
    await this.refunds.keepForCards(payments, amount);
    for (const { payment, amount: part } of parts) await this.rows.giveOutside(payment.id, part.amount);
  }

  /** Under the lock of all that was paid: what of it is given back, out of what no bank disputes. */
  private async share(
    locked: readonly Payment[],
    amount: Money,
    asFarAsThere = false,
  ): Promise<RefundPart<Payment>[]> {
    const { currency } = amount;
    const payments = refundOrder(locked);
    if (payments.some((payment) => payment.amount.currency !== currency))
      throw amountRequired('must be in the currency that was paid');
    const room = await this.refunds.roomIn(payments, currency);
    const free = payments.filter(({ disputed }) => disputed.isZero());
    const there = least(room, refundableIn(free, currency));
    const wanted = asFarAsThere ? least(amount, there) : amount;
    const parts = there.compare(wanted) < 0 ? null : splitRefund(wanted, free);
    if (parts !== null) return parts;
    throw room.compare(wanted) < 0 ? exceeds(room) : refundProblems.payment_disputed();
  }

  /** See `BillingApi.strandedOf`. */
  async strandedOf(orderIds: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(await this.rows.strandedOf(orderIds));
  }

  private lock(subject: MoneySubject): Promise<Payment[]> {
    return 'orderId' in subject
      ? this.payments.lockAllOfOrder(subject.orderId)
      : this.payments.lockAllOfInvoice(subject.invoiceId);
  }
}

const refundableIn = (payments: readonly Payment[], currency: string): Money =>
  Money.sum(
    payments.map(({ refundable }) => refundable),
    currency,
  );

const least = (a: Money, b: Money): Money => (a.compare(b) < 0 ? a : b);
