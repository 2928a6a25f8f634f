import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { type Problem, platformProblems } from '../../platform/http/problem.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { giftCardProblems } from '../gift-card/gift-card.errors.js';
import { GiftCards } from '../gift-card/gift-cards.service.js';
import { paidBy } from '../invoice/money-subject.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { type Posting, postings } from '../ledger/posting.js';
import { Operation } from '../payment/operation.entity.js';
import { OperationRepository } from '../payment/operation.repository.js';
import type { Payment } from '../payment/payment.entity.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { refundProblems } from './refund.errors.js';
import { OwnRefunds } from './own-refunds.service.js';
import { type Refund, type RefundDestination, RefundRepository } from './refund.repository.js';
import { nameOf, type Requester } from './requester.js';

/** How much: an amount above zero, or everything that is left. */
export type RefundRequest = ({ readonly amount: Money } | { readonly full: true }) & {
  readonly reason: string;
  /** A late charge of the payment; without it the charge that the payment counts. */
  readonly chargeId?: string | null;
  /** Where it goes; without it back to where the money came from. A late charge always goes back. */
  readonly to?: RefundDestination;
  /** It goes back whoever asks: what the gateway cannot take is refused when it is sent, and waits for a person. */
  readonly isOwed?: boolean;
  readonly requestedBy: Requester;
};

/** Accepts refunds: takes room for them out of what a charge captured and writes them down, before anything is sent. */
@Injectable()
export class RefundService {
  constructor(
    private readonly database: Database,
    private readonly refunds: RefundRepository,
    private readonly payments: PaymentRepository,
    private readonly operations: OperationRepository,
    private readonly ledger: LedgerRepository,
    private readonly giftCards: GiftCards,
    private readonly own: OwnRefunds,
    private readonly gateway: PaymentGateway,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction. The operation is sent afterwards, by the caller or by the repair job; null: the house pays it
   * out itself, and that is done.
   */
  async request(
    paymentId: string,
    { chargeId = null, to = 'original', ...request }: RefundRequest,
  ): Promise<{ refundId: string; operationId: string | null }> {
    if (!this.database.inTransaction)
      throw new Error('refunds are accepted only in a transaction of their caller');
    // All of the order: what its money stays for is asked of them together.
    const payments = await this.payments.lockAllBeside(paymentId);
    const payment = payments.find(({ id }) => id === paymentId) ?? null;
    const charge = payment && (await this.charge(payment, chargeId));
    if (payment === null) throw platformProblems.not_found();
    if (charge === null) throw chargeUnknown();
    const { currency } = charge.refundable;
    const wanted = 'amount' in request ? request.amount : null;
    if (wanted && (wanted.currency !== currency || wanted.isZero() || wanted.isNegative())) {
      throw amountRequired(`must be above zero in ${currency}`);
    }
    const room = chargeId === null ? await this.roomIn(payments, currency) : charge.refundable;
    const most = least(charge.refundable, room);
    if (most.compare(wanted ?? most) < 0 || (most.isZero() && !charge.refundable.isZero()))
      throw exceeds(most);
    if (chargeId === null) await this.keepForCards(payments, wanted ?? most);
    const isOwn = chargeId === null && OwnRefunds.isOwn(payment, to);
    if (isOwn && to === 'store_credit' && payment.customerId === null)
      throw refundProblems.credit_needs_customer();
    const amountWanted = wanted ?? (most.compare(charge.refundable) < 0 ? most : null);
    const reserved = await this.refunds.reserve(paymentId, chargeId, amountWanted?.amount ?? null);
    if (reserved === null) throw await this.tooMuch(paymentId, chargeId);
    if (isOwn) {
      const refundId = newId();
      const amount = Money.of(reserved.amount, currency);
      await this.own.pay(payment, { ...request, refundId, amount, to });
      return { refundId, operationId: null };
    }
    const { ref } = reserved;
    if (ref === null) throw new Error(`payment ${paymentId} has money and no charge`);
    const now = this.clock.now();
    const amount = Money.of(reserved.amount, currency);
    if (request.isOwed !== true && payment.gateway === this.gateway.code)
      this.gateway.assertRepresentable(amount, '/amount');
    const [refundId, operationId] = [newId(), newId()];
    await this.operations.add(payment, {
      id: operationId,
      kind: 'refund',
      ref,
      amount,
      refundId,
      chargeId,
      now,
      nextCheckAt: Operation.nextCheck('errored', 'refund', 0, now),
    });
    const { reason, requestedBy } = request;
    const accepted = await this.addReserved(payment, {
      refundId,
      operationId,
      chargeId,
      amount,
      reason,
      requestedBy: nameOf(requestedBy),
    });
    await this.ledger.post({ paymentId, orderId: payment.orderId }, [accepted], now);
    return { refundId, operationId };
  }

  /** Writes down a refund whose room is taken already, and answers the posting that goes with it. */
  async addReserved(
    payment: Payment,
    fields: Pick<Refund, 'chargeId' | 'amount' | 'reason' | 'requestedBy'> & {
      refundId: string;
      operationId: string;
    },
  ): Promise<Posting> {
    const { refundId, operationId, chargeId, amount, reason, requestedBy } = fields;
    await this.refunds.add({
      id: refundId,
      paymentId: payment.id,
      orderId: payment.orderId,
      operationId,
      chargeId,
      amount,
      reason,
      requestedBy,
      createdAt: this.clock.now(),
    });
    return postings.refundAccepted(refundId, amount);
  }

  /** The charge that a refund names; without a name the one that the payment counts. */
  private async charge(
    payment: Payment,
    chargeId: string | null,
  ): Promise<{ refundable: Money; disputed: Money } | null> {
    if (chargeId === null) return payment;
    return (await this.payments.lateCharges(payment.id)).find(({ id }) => id === chargeId) ?? null;
  }

  /**
   * How much of what an order, or an invoice without one, was paid may still go back, under the lock of its payments: less what credit
   * notes kept of it and has paid another invoice.
   */
  async roomIn(payments: readonly Payment[], currency: string): Promise<Money> {
    const all = refundableOf(payments, currency);
    const subject = payments[0] ? paidBy(payments[0]) : null;
    if (subject === null) return all;
    const left = all.minus(Money.of(await this.refunds.usedElsewhere(subject), currency));
    return left.isNegative() ? Money.zero(currency) : left;
  }

  /** Money that bought gift cards stays for as long as they can be spent, or were. Under the lock of the payments. */
  async keepForCards(payments: readonly Payment[], wanted: Money): Promise<void> {
    const orderId = payments[0]?.orderId ?? null;
    if (orderId === null) return;
    const kept = Money.of(await this.giftCards.keptOf(orderId), wanted.currency);
    if (kept.isZero()) return;
    const all = refundableOf(payments, wanted.currency);
    const left = all.compare(kept) > 0 ? all.minus(kept) : Money.zero(wanted.currency);
    if (wanted.compare(left) <= 0) return;
    throw giftCardProblems.gift_card_kept(`At most ${left.toString()} can be refunded.`, {
      extra: { maximumRefundable: left.toJSON() },
    });
  }

  private async tooMuch(paymentId: string, chargeId: string | null): Promise<Problem> {
    const payment = await this.payments.find(paymentId);
    const charge = payment && (await this.charge(payment, chargeId));
    if (payment === null) return platformProblems.not_found();
    if (charge === null) return chargeUnknown();
    if (!charge.disputed.isZero()) return refundProblems.payment_disputed();
    return exceeds(charge.refundable);
  }
}

const least = (a: Money, b: Money): Money => (a.compare(b) < 0 ? a : b);

const refundableOf = (payments: readonly Payment[], currency: string): Money =>
  Money.sum(
    payments.map(({ refundable }) => refundable),
    currency,
  );

const chargeUnknown = (): Problem =>
  platformProblems.not_found(
    'The payment has no late charge of this id: name one of its `lateCharges`, or leave `chargeId` out.',
    {
      errors: [{ pointer: '/chargeId', code: 'unknown_charge', message: 'is no late charge of the payment' }],
    },
  );

export const amountRequired = (message: string): Problem =>
  refundProblems.refund_amount_required(undefined, {
    errors: [{ pointer: '/amount', code: 'out_of_range', message }],
  });

export const exceeds = (most: Money): Problem =>
  refundProblems.refund_exceeds_captured(`At most ${most.toString()} can be refunded.`, {
    extra: { maximumRefundable: most.toJSON() },
  });
