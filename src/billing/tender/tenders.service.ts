import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Outbox } from '../../platform/events/outbox.js';
import type { FieldError } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { PaymentCaptured } from '../billing.events.js';
import { GiftCards } from '../gift-card/gift-cards.service.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import type { Payment, PaymentPurpose } from '../payment/payment.entity.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { type OpenPayment, PaymentOpening } from '../payment/payment-opening.service.js';
import { ReceiptRepository } from '../receipt/receipt.repository.js';
import { StoreCredits } from '../store-credit/store-credits.service.js';
import { tenderProblems } from './tender.errors.js';

/** What an order is to be paid with. */
export interface PayOrder extends Pick<OpenPayment, 'purpose' | 'customerId' | 'accessHash' | 'screening'> {
  readonly buyer: NonNullable<OpenPayment['buyer']>;
  readonly orderId: string;
  /** Of an order all of it; of a further amount (`extra`) what is due now, after what was taken for it already. */
  readonly total: Money;
  /** The order was written in this very transaction: it has no payment yet. */
  readonly isNew: boolean;
  /** Pays what the others leave; null: nothing may be left. */
  readonly card: Pick<
    OpenPayment,
    'gateway' | 'token' | 'returnUrl' | 'methodId' | 'pointer' | 'saveMethod' | 'offSession'
  > | null;
  readonly giftCards: readonly { readonly code: string; readonly pointer: string }[];
  readonly storeCredit: StoreCreditWanted | null;
}

export interface StoreCreditWanted {
  /** Whose credit it is: who is signed in. Null: a guest. */
  readonly customerId: string | null;
  /** How much of the order it shall pay altogether; null: all that there is. */
  readonly amount: Money | null;
  readonly pointer: string;
}

export interface Opened {
  /** To be sent to the gateway after the commit; null: nothing is left for it. */
  readonly operationId: string | null;
  /** Whether anything but a card pays for the order. */
  readonly isSplit: boolean;
}

/** Pays an order with gift cards and store credit, taken at once, and asks a gateway for the rest. */
@Injectable()
export class Tenders {
  constructor(
    private readonly rows: PaymentRepository,
    private readonly payments: PaymentOpening,
    private readonly ends: PaymentEnd,
    private readonly giftCards: GiftCards,
    private readonly credits: StoreCredits,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly receipts: ReceiptRepository,
    private readonly config: Config,
  ) {}

  /** See `BillingApi.payOrder`. */
  async pay(input: PayOrder): Promise<Opened> {
    const { orderId, total, card, purpose = 'order' } = input;
    const present = input.isNew ? [] : await this.rows.lockAllOfOrder(orderId);
    if (purpose === 'extra') refuseUndecided(present);
    const taken =
      purpose === 'extra'
        ? []
        : present.filter(({ kind, status }) => kind !== 'card' && status !== 'canceled');
    const paid = Money.sum(
      taken.map(({ refundable }) => refundable),
      total.currency,
    );
    let rest = total.minus(paid);
    rest = await this.takeGiftCards(input, taken, rest);
    rest = await this.takeCredit(input, taken, rest);
    const isSplit = !rest.equals(total);
    if (rest.isZero() || rest.isNegative()) {
      await this.giveUpCard(orderId, purpose, present);
      return { operationId: null, isSplit };
    }
    if (card === null) throw missingMethod(rest);
    // Where the shop takes no transfers this is a gateway that nobody knows, like any other.
    const isTransfer = card.gateway === 'bank_transfer' && this.config.bankTransfer !== null;
    if (isTransfer && purpose === 'order') return this.awaitTransfer(input, present, rest);
    const { buyer, customerId = null, accessHash = null, screening = null } = input;
    const of = { orderId, purpose, buyer, customerId, accessHash, screening };
    const opened = await this.payments.open({ ...card, ...of, amount: rest, mayChangeAmount: true });
    return { operationId: opened.operationId, isSplit };
  }

  /** What is left to be paid afterwards. A card that pays for the order already is not asked twice. */
  private async takeGiftCards(input: PayOrder, taken: readonly Payment[], rest: Money): Promise<Money> {
    if (input.giftCards.length === 0) return rest;
    const cards = await this.giftCards.lock(input.giftCards.map(({ code }) => code));
    const used = new Set(taken.map(({ instrumentId }) => instrumentId));
    const wanted = input.giftCards.map(({ code, pointer }) => ({
      pointer,
      card: cards.find((card) => this.giftCards.isOf(card, code)),
    }));
    const errors = wanted.flatMap(({ card, pointer }): FieldError[] => {
      if (card && used.has(card.id)) return [];
      const code = refusal(card, rest.currency);
      return code === null ? [] : [{ pointer, code, message: REFUSALS[code] }];
    });
    if (errors.length > 0) throw tenderProblems.tender_refused(errors[0]?.message, { errors });
    for (const { card } of wanted) {
      if (!card || used.has(card.id) || rest.isZero() || rest.isNegative()) continue;
      used.add(card.id);
      const amount = least(card.balance, rest);
      const paymentId = await this.add(input, 'gift_card', {
        instrumentId: card.id,
        last4: card.last4,
        amount,
      });
      if (!(await this.giftCards.redeem(card.id, amount, { orderId: input.orderId, paymentId })))
        throw new Error(`gift card ${card.id} was locked and changed all the same`);
      rest = rest.minus(amount);
    }
    return rest;
  }

  private async takeCredit(input: PayOrder, taken: readonly Payment[], rest: Money): Promise<Money> {
    const { storeCredit: wanted, orderId } = input;
    if (wanted === null) return rest;
    const { customerId, pointer } = wanted;
    if (customerId === null) throw refused(pointer, 'sign_in_required', 'sign in to pay with store credit');
    if (wanted.amount && wanted.amount.currency !== rest.currency)
      throw refused(`${pointer}/amount`, 'foreign_currency', REFUSALS.foreign_currency);
    const before = Money.sum(
      taken.filter(({ kind }) => kind === 'store_credit').map(({ refundable }) => refundable),
      rest.currency,
    );
    const more = wanted.amount?.minus(before) ?? rest;
    if (more.isZero() || more.isNegative() || rest.isZero() || rest.isNegative()) return rest;
    const credit = await this.credits.lock(customerId, rest.currency);
    const balance = credit?.balance ?? Money.zero(rest.currency);
    if (wanted.amount && balance.compare(least(more, rest)) < 0)
      throw refused(`${pointer}/amount`, 'not_enough', 'is more than there is');
    const amount = least(least(more, rest), balance);
    if (credit === null || amount.isZero()) return rest;
    const paymentId = await this.add(input, 'store_credit', { instrumentId: credit.id, last4: null, amount });
    if (!(await this.credits.spend(credit.id, amount, { orderId, paymentId })))
      throw new Error(`store credit ${credit.id} was locked and changed all the same`);
    return rest.minus(amount);
  }

  private async add(
    { orderId, purpose = 'order', customerId, buyer, accessHash }: PayOrder,
    gateway: 'gift_card' | 'store_credit',
    from: { instrumentId: string; last4: string | null; amount: Money },
  ): Promise<string> {
    const id = newId();
    await this.rows.addTaken({
      ...from,
      ...{ id, orderId, invoiceId: null, buyer, gateway, purpose, now: this.clock.now() },
      customerId: customerId ?? null,
      accessHash: accessHash ?? null,
    });
    this.outbox.record(
      new PaymentCaptured({ paymentId: id, orderId, invoiceId: null, amount: from.amount.toJSON() }),
    );
    return id;
  }

  /** The buyer transfers the rest: nobody is asked for it, and it is written down when it is there. */
  private async awaitTransfer(input: PayOrder, present: readonly Payment[], rest: Money): Promise<Opened> {
    const { orderId, buyer, purpose = 'order' } = input;
    await this.giveUpCard(orderId, purpose, present);
    const [customerId, accessHash] = [input.customerId ?? null, input.accessHash ?? null];
    const awaited = { id: newId(), orderId, buyer, customerId, accessHash, amount: rest };
    await this.receipts.addAwaited(awaited, this.clock.now());
    return { operationId: null, isSplit: true };
  }

  /** Nothing is left for the gateway, as long as it has not taken anything yet. */
  private async giveUpCard(
    orderId: string,
    purpose: PaymentPurpose,
    present: readonly Payment[],
  ): Promise<void> {
    const card = present.find(
      (one) =>
        (one.kind === 'card' || one.isAwaitedTransfer) &&
        one.purpose === purpose &&
        one.status !== 'canceled' &&
        // Further amounts that a card has paid are over and done.
        !(purpose === 'extra' && one.status === 'captured'),
    );
    if (card === undefined) return;
    if (card.status === 'captured') throw paymentProblems.payment_already_captured();
    if (card.isUndecided || card.status === 'authorized')
      throw paymentProblems.payment_in_progress(undefined, {
        retryAfter: 2,
        extra: { paymentId: card.id, orderId },
      });
    await this.ends.giveUp(card);
  }
}

/** What is due is known only once it is known what came of the others, also of the first one. */
function refuseUndecided(present: readonly Payment[]): void {
  const undecided = present.find((one) => one.isUndecided);
  if (undecided === undefined) return;
  const extra = { paymentId: undecided.id, ...(undecided.orderId && { orderId: undecided.orderId }) };
  throw paymentProblems.payment_in_progress(undefined, { retryAfter: 2, extra });
}

const least = (a: Money, b: Money): Money => (a.compare(b) < 0 ? a : b);

const REFUSALS = {
  unknown_code: 'is the code of no gift card',
  disabled: 'was canceled',
  foreign_currency: 'is of another currency',
  empty: 'has nothing left',
} as const;

/** Why a card cannot pay in this currency; null: it can. */
function refusal(
  card: { state: string; balance: Money } | undefined,
  currency: string,
): keyof typeof REFUSALS | null {
  if (card === undefined) return 'unknown_code';
  if (card.state === 'canceled') return 'disabled';
  if (card.balance.currency !== currency) return 'foreign_currency';
  return card.balance.isZero() ? 'empty' : null;
}

/** The code is never said again, not even to who has sent it. */
export const unknownCodes = (pointers: readonly string[]) =>
  tenderProblems.tender_refused(undefined, {
    errors: pointers.map((pointer) => ({ pointer, code: 'unknown_code', message: REFUSALS.unknown_code })),
  });

const refused = (pointer: string, code: string, message: string) =>
  tenderProblems.tender_refused(undefined, { errors: [{ pointer, code, message }] });

const missingMethod = (rest: Money) =>
  tenderProblems.payment_method_required(`${rest.toString()} is left to be paid.`, {
    errors: [{ pointer: '/payment', code: 'missing', message: 'is needed for the rest' }],
  });
