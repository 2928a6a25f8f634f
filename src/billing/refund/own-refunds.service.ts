import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import type { Money } from '../../platform/money/money.js';
import { RefundFailed, RefundSettled } from '../billing.events.js';
import { GiftCards } from '../gift-card/gift-cards.service.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { postings } from '../ledger/posting.js';
import { type Payment, RECEIVED_KINDS } from '../payment/payment.entity.js';
import { StoreCredits } from '../store-credit/store-credits.service.js';
import { type RefundDestination, RefundRepository } from './refund.repository.js';
import { nameOf, type Requester } from './requester.js';

interface Accepted {
  readonly refundId: string;
  readonly amount: Money;
  readonly to: RefundDestination;
  readonly reason: string;
  readonly requestedBy: Requester;
}

/** Refunds that the house pays out itself, to a gift card, as store credit or by hand: decided in the transaction that accepts them. */
@Injectable()
export class OwnRefunds {
  private readonly log = new Logger('billing');

  constructor(
    private readonly refunds: RefundRepository,
    private readonly giftCards: GiftCards,
    private readonly credits: StoreCredits,
    private readonly ledger: LedgerRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Whether the house pays it out: a card that is not to become credit is the gateway's to refund. */
  static isOwn({ kind }: Payment, to: RefundDestination): boolean {
    return to === 'store_credit' || kind !== 'card';
  }

  /** In the caller's transaction: locks what these payments were taken from, gift cards and then credit, each by id. */
  async lock(payments: readonly Pick<Payment, 'kind' | 'instrumentId'>[]): Promise<void> {
    const ids = (wanted: Payment['kind']): string[] =>
      payments.flatMap(({ kind, instrumentId }) => (kind === wanted && instrumentId ? [instrumentId] : []));
    await this.giftCards.lockAll(ids('gift_card'));
    await this.credits.lockAll(ids('store_credit'));
  }

  /**
   * In the caller's transaction, under the lock of the payment and with the room taken. Money for a gift card that was canceled
   * meanwhile becomes credit of the customer; a guest has none, so that it stays with the payment as a refund that failed, for a
   * person to see to.
   */
  async pay(payment: Payment, accepted: Accepted): Promise<void> {
    const { refundId, amount, reason, requestedBy } = accepted;
    const { id: paymentId, orderId, invoiceId } = payment;
    const destination = await this.payOut(payment, accepted);
    const now = this.clock.now();
    await this.refunds.addDecided({
      ...{ id: refundId, paymentId, orderId, amount, reason, createdAt: now },
      requestedBy: nameOf(requestedBy),
      destination: destination ?? accepted.to,
      status: destination === null ? 'failed' : 'succeeded',
      failureCode: destination === null ? NOWHERE[payment.kind] : null,
    });
    const fact = { refundId, paymentId, orderId, invoiceId, amount: amount.toJSON() };
    if (destination === null) {
      this.log.error(`payment ${paymentId} needs a person: there is nothing that its refund could go to`);
      this.outbox.record(new RefundFailed({ ...fact, code: NOWHERE[payment.kind] }));
      return;
    }
    const paid = [postings.refundAccepted(refundId, amount)];
    if (isReceived(payment) && destination === 'original')
      paid.push(postings.refundSettled(refundId, payment.gateway, amount));
    await this.ledger.post({ paymentId, orderId }, paid, now);
    this.outbox.record(new RefundSettled(fact));
  }

  /** Where it went; null: nowhere. */
  private async payOut(
    payment: Payment,
    { refundId, amount, to, requestedBy }: Accepted,
  ): Promise<RefundDestination | null> {
    const { id: paymentId, orderId, customerId, kind, instrumentId } = payment;
    const of = { orderId, paymentId, refundId };
    // What came by hand goes back by hand: a person who says so has paid it out, and the house by itself cannot.
    if (to === 'original' && isReceived(payment)) return requestedBy === 'house' ? null : 'original';
    if (to === 'original' && kind === 'gift_card' && instrumentId !== null) {
      if (await this.giftCards.giveBack(instrumentId, amount, of)) return 'original';
    }
    if (customerId === null) return null;
    const wasCredit = kind === 'store_credit';
    const deed = { actor: nameOf(requestedBy), orderId, paymentId, sourceId: refundId, wasCredit };
    await this.credits.refund(customerId, amount, deed);
    return wasCredit ? 'original' : 'store_credit';
  }
}

const NOWHERE = {
  card: 'no_customer',
  gift_card: 'gift_card_canceled',
  store_credit: 'no_customer',
  bank_transfer: 'pay_by_hand',
  cash: 'pay_by_hand',
  other: 'pay_by_hand',
} as const;

const isReceived = ({ kind }: Payment): boolean => RECEIVED_KINDS.some((each) => each === kind);
