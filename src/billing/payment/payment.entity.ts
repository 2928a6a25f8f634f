import { Money } from '../../platform/money/money.js';
import type { GatewayOutcome } from '../gateway/payment-gateway.port.js';
import { type Posting, postings } from '../ledger/posting.js';
import type { Operation } from './operation.entity.js';

export const PAYMENT_STATUSES = [
  'processing',
  'requires_payment_method',
  'requires_action',
  'authorized',
  'captured',
  'canceled',
  'requires_review',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** What the money came from. Only a `card` asks a gateway, whatever the gateway calls it. */
export const PAYMENT_KINDS = ['card', 'gift_card', 'store_credit', 'bank_transfer', 'cash', 'other'] as const;
export type PaymentKind = (typeof PAYMENT_KINDS)[number];
/** Money that comes without anybody being asked for it: staff write down that it is there. */
export const RECEIVED_KINDS = ['bank_transfer', 'cash', 'other'] as const;
export type ReceivedKind = (typeof RECEIVED_KINDS)[number];
/** `extra`: a further amount, asked for after the order was paid; `invoice`: an invoice that no order is behind. */
export const PAYMENT_PURPOSES = ['order', 'extra', 'invoice'] as const;
export type PaymentPurpose = (typeof PAYMENT_PURPOSES)[number];

/** The `reviewReason` of what a rule of the screening holds back. */
export const SCREENING = 'screening';

/** Every legal step. `captured` and `canceled` are never left: refunds are amounts, not states. */
export const TRANSITIONS: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  processing: ['requires_payment_method', 'requires_action', 'authorized', 'captured', 'requires_review'],
  requires_payment_method: [
    'processing',
    'requires_action',
    'authorized',
    'captured',
    'canceled',
    'requires_review',
  ],
  requires_action: [
    'processing',
    'requires_payment_method',
    'authorized',
    'captured',
    'canceled',
    'requires_review',
  ],
  authorized: ['captured', 'canceled', 'requires_review'],
  // A hold that a rule has kept back is a hold like any other once a person has looked at it.
  requires_review: ['authorized', 'captured', 'canceled'],
  captured: [],
  canceled: [],
};

export type PaymentFact =
  | 'captured'
  | 'partly_captured'
  | 'authorized'
  | 'declined'
  | 'action_required'
  | 'canceled'
  | 'review_required';
export type RefundFact = 'settled' | 'failed';
type Ok = Extract<GatewayOutcome, { kind: 'ok' }>;

/** What follows from one outcome besides the new state: written in the same transaction, or not at all. */
export class Settlement {
  changed = false;
  readonly postings: Posting[] = [];
  payment: PaymentFact | null = null;
  refund: RefundFact | null = null;
  /** Money or a hold that must go back by itself, because nobody waits for it any more. */
  giveBack: { kind: 'refund' | 'void'; ref: string; amount: Money } | null = null;
  /** Money that came in another currency: it cannot be counted in the payment. */
  foreign: { ref: string; amount: Money } | null = null;
  /** By how much the amounts of a late charge change; the payment's own amounts know nothing of it. */
  lateCharge: { id: string; reserved: bigint; refunded: bigint } | null = null;
}

/** What an order owes, frozen. Whatever a gateway says about it goes through `settle`, however often it is said. */
export class Payment {
  id: string;
  /** What it pays: an order, or an invoice. */
  orderId: string | null;
  invoiceId: string | null;
  customerId: string | null;
  status: PaymentStatus;
  amount: Money;
  /** What the charge that counts took. Money of other charges came too late: it stands in their own rows. */
  captured: Money;
  /** Captures asked for and not failed; never more than is held. Zero where the gateway takes the money at once. */
  captureReserved: Money;
  /** Until when the hold can be captured. */
  captureBefore: Date | null;
  capture: 'automatic' | 'manual';
  /** Refunds asked for and not failed; never more than was captured. */
  refundReserved: Money;
  refunded: Money;
  /** What credit notes say was given back in another way, such as in cash. */
  givenOutside: Money;
  /** What banks have taken back for now, and what of it they keep. */
  disputed: Money;
  disputeLost: Money;
  gateway: string;
  purpose: PaymentPurpose;
  /** The gift card or the store credit that it was taken from. */
  instrumentId: string | null;
  /** The end of the code of a gift card. */
  last4: string | null;
  gatewayRef: string | null;
  /** The attempt that counts. Earlier ones may still come true and are then given back. */
  operationId: string;
  attempts: number;
  declineCode: string | null;
  reviewReason: string | null;
  nextActionUrl: string | null;
  version: number;
  createdAt: Date;

  constructor(fields: PaymentFields) {
    Object.assign(this, fields);
  }

  get kind(): PaymentKind {
    return PAYMENT_KINDS.find((kind) => kind === this.gateway) ?? 'card';
  }

  /** Whether an attempt at the gateway is under way, or a person has to look at what came of it. */
  get isUndecided(): boolean {
    return this.status === 'processing' || this.status === 'requires_review';
  }

  /** What may still be refunded. */
  get refundable(): Money {
    return this.kept.isNegative() ? Money.zero(this.kept.currency) : this.kept;
  }

  /**
   * Captured, and neither given back, nor on its way back, nor taken back by a bank for good; below zero where a bank has given back
   * what was refunded already.
   */
  get kept(): Money {
    return this.captured.minus(this.refundReserved).minus(this.givenOutside).minus(this.disputeLost);
  }

  /** Whether the buyer has promised to transfer it, and nothing has come. */
  get isAwaitedTransfer(): boolean {
    return this.kind === 'bank_transfer' && this.status === 'requires_action';
  }

  /** Whether a capture is under way. */
  get isCapturing(): boolean {
    return this.status === 'authorized' && this.captureReserved.compare(this.captured) > 0;
  }

  /** What is held and was not captured. */
  get held(): Money {
    return this.status === 'authorized' || this.isHeldBack
      ? this.amount.minus(this.captured)
      : Money.zero(this.amount.currency);
  }

  /** Whether money is held that nobody may capture before a person has looked at it. */
  get isHeldBack(): boolean {
    return this.status === 'requires_review' && this.reviewReason === SCREENING && this.captured.isZero();
  }

  /** What was held and never captured. */
  get letGo(): Money {
    const isOver = this.capture === 'manual' && (this.status === 'captured' || this.status === 'canceled');
    return isOver && this.captured.compare(this.amount) < 0
      ? this.amount.minus(this.captured)
      : Money.zero(this.amount.currency);
  }

  /** Takes in what became of one operation. Hearing the same again changes nothing. */
  settle(operation: Operation, outcome: GatewayOutcome): Settlement {
    const settlement = new Settlement();
    if (
      outcome.kind === 'ok' ||
      outcome.kind === 'declined' ||
      outcome.kind === 'pending' ||
      outcome.kind === 'action_required'
    ) {
      operation.gatewayRef = outcome.ref ?? operation.gatewayRef;
      operation.gatewayVersion = Math.max(operation.gatewayVersion, outcome.version);
    }
    if (outcome.kind === 'declined') operation.advice = outcome.advice;
    switch (operation.kind) {
      case 'authorize':
        this.settleAuthorize(operation, outcome, settlement);
        break;
      case 'capture':
        this.settleCapture(operation, outcome, settlement);
        break;
      case 'void':
        this.settleVoid(operation, outcome, settlement);
        break;
      case 'refund':
        this.settleRefund(operation, outcome, settlement);
        break;
    }
    return settlement;
  }

  /** Takes the payment back before any money moved. The hold, if there is one, is given back by the caller. */
  cancel(): void {
    this.moveTo('canceled', new Settlement());
    this.nextActionUrl = null;
  }

  /** A person has looked at it: what came counts as it is and what is held may be captured, or it goes back. */
  decideReview(accept: boolean): void {
    const accepted = this.isHeldBack ? 'authorized' : 'captured';
    // It is a hold like any other now.
    if (accept && this.isHeldBack) this.reviewReason = null;
    this.moveTo(accept ? accepted : 'canceled', new Settlement());
  }

  /** Whether what came may count as this payment: money of another currency can only go back, and a hold that is over is none. */
  isAcceptable(now: Date): boolean {
    const isOver = this.isHeldBack && this.captureBefore !== null && this.captureBefore <= now;
    return this.status === 'requires_review' && this.reviewReason !== 'currency_mismatch' && !isOver;
  }

  private settleAuthorize(operation: Operation, outcome: GatewayOutcome, settlement: Settlement): void {
    if (operation.status === 'succeeded') return;
    if (outcome.kind === 'ok') {
      this.authorizeSucceeded(operation, outcome, settlement);
      return;
    }
    // A decided attempt stays decided unless money did move after all.
    if (operation.isFinal || this.operationId !== operation.id || !this.isAwaiting) {
      if (!operation.isFinal && (outcome.kind === 'declined' || outcome.kind === 'errored')) {
        this.mark(operation, outcome.kind === 'declined' ? 'failed' : 'errored', outcome.code, settlement);
      }
      return;
    }
    switch (outcome.kind) {
      case 'pending':
        this.gatewayRef = outcome.ref;
        this.mark(operation, 'pending', null, settlement);
        this.moveTo('processing', settlement);
        return;
      case 'action_required':
        this.gatewayRef = outcome.ref;
        this.nextActionUrl = outcome.next.url;
        this.mark(operation, 'pending', null, settlement);
        if (this.moveTo('requires_action', settlement)) settlement.payment = 'action_required';
        return;
      case 'declined':
      case 'errored':
        this.mark(operation, outcome.kind === 'declined' ? 'failed' : 'errored', outcome.code, settlement);
        this.declineCode = outcome.code;
        this.nextActionUrl = null;
        // Nobody was there to be asked: only the customer can go on, and trying again without them is of no use.
        if (operation.offSession && operation.advice === 'authenticate') {
          this.moveTo('requires_action', settlement);
          settlement.payment = 'action_required';
          return;
        }
        this.moveTo('requires_payment_method', settlement);
        settlement.payment = 'declined';
        return;
      case 'unknown':
        // What is pending is known better than that.
        if (operation.status !== 'pending') this.mark(operation, 'unknown', outcome.cause, settlement);
    }
  }

  private authorizeSucceeded(operation: Operation, outcome: Ok, settlement: Settlement): void {
    this.mark(operation, 'succeeded', null, settlement);
    const { amount, captured } = outcome;
    if (captured) settlement.postings.push(postings.captured(operation.id, this.gateway, amount));
    // Canceled, or paid otherwise: what comes now goes back in full and in its own currency, without anybody asking.
    if (this.operationId !== operation.id || !this.isAwaiting) {
      settlement.giveBack = { kind: captured ? 'refund' : 'void', ref: outcome.ref, amount };
      return;
    }
    // A hold of another amount has taken nothing yet: it is released, and the shopper may try again.
    if (!captured && !amount.equals(this.amount)) {
      settlement.giveBack = { kind: 'void', ref: outcome.ref, amount };
      operation.code = 'amount_mismatch';
      this.declineCode = 'amount_mismatch';
      this.nextActionUrl = null;
      this.moveTo('requires_payment_method', settlement);
      settlement.payment = 'declined';
      return;
    }
    const sameCurrency = amount.currency === this.amount.currency;
    if (captured && sameCurrency) this.captured = this.captured.plus(amount);
    if (captured && !sameCurrency) settlement.foreign = { ref: outcome.ref, amount };
    if (!captured) settlement.postings.push(postings.authorized(operation.id, amount));
    this.captureBefore = captured ? null : outcome.captureBefore;
    this.gatewayRef = outcome.ref;
    this.declineCode = null;
    this.nextActionUrl = null;
    if (!amount.equals(this.amount)) {
      this.reviewReason = sameCurrency ? 'amount_mismatch' : 'currency_mismatch';
      this.moveTo('requires_review', settlement);
      settlement.payment = 'review_required';
      return;
    }
    if (operation.seen?.isHeldBack) {
      this.reviewReason = SCREENING;
      this.moveTo('requires_review', settlement);
      settlement.payment = 'review_required';
      return;
    }
    this.moveTo(captured ? 'captured' : 'authorized', settlement);
    settlement.payment = captured ? 'captured' : 'authorized';
  }

  private settleCapture(operation: Operation, outcome: GatewayOutcome, settlement: Settlement): void {
    if (operation.status === 'succeeded' || operation.status === 'failed') return;
    if (outcome.kind !== 'ok') {
      this.markFollowUp(operation, outcome, settlement);
      // What was not taken may be asked for again.
      if (operation.hasFailed) this.captureReserved = this.captureReserved.minus(operation.amount);
      return;
    }
    this.mark(operation, 'succeeded', null, settlement);
    if (outcome.amount.currency !== this.amount.currency)
      return this.captureElsewhere(operation, outcome, settlement);
    const { held } = this;
    this.captured = this.captured.plus(outcome.amount);
    // What was taken may be other than what was asked for: only that has used up the hold, and the rest may be asked for again.
    const used = this.captureReserved.minus(operation.amount).plus(outcome.amount);
    this.captureReserved = used.compare(this.amount) > 0 ? this.amount : used;
    const isDone = operation.final || this.captured.compare(this.amount) >= 0;
    settlement.postings.push(
      postings.authorizationReleased(operation.id, isDone ? held : outcome.amount),
      postings.captured(operation.id, this.gateway, outcome.amount),
    );
    if (isDone) this.endHold('captured', settlement);
    settlement.payment = isDone ? 'captured' : 'partly_captured';
  }

  /**
   * Money of another currency is none of the payment's: it stands beside it until a person sends it back, and nothing was taken of
   * what is held. The hold ends all the same where it was the last capture.
   */
  private captureElsewhere(operation: Operation, { ref, amount }: Ok, settlement: Settlement): void {
    operation.code = 'currency_mismatch';
    settlement.foreign = { ref, amount };
    settlement.postings.push(postings.captured(operation.id, this.gateway, amount));
    this.captureReserved = this.captureReserved.minus(operation.amount);
    if (!operation.final || this.status !== 'authorized') return;
    settlement.postings.push(postings.authorizationReleased(operation.id, this.held));
    settlement.payment = this.captured.isZero() ? 'canceled' : 'captured';
    this.endHold(settlement.payment, settlement);
  }

  private settleVoid(operation: Operation, outcome: GatewayOutcome, settlement: Settlement): void {
    if (operation.status === 'succeeded' || operation.status === 'failed') return;
    if (outcome.kind !== 'ok') {
      this.markFollowUp(operation, outcome, settlement);
      // Nothing is there to be released any more: it ran out while somebody looked at it.
      if (operation.hasFailed && this.wasRefused) this.releaseRefused(operation, settlement);
      return;
    }
    this.mark(operation, 'succeeded', null, settlement);
    if (operation.gatewayRef !== this.gatewayRef) return;
    if (this.wasRefused) this.releaseRefused(operation, settlement);
    // Only a hold that counted stands in the books; a late one, or a challenge that nobody answered, never did.
    if (this.status !== 'authorized' && !this.isHeldBack) return;
    settlement.postings.push(postings.authorizationReleased(operation.id, this.held));
    // What was captured of it stays paid; only the rest is let go.
    this.endHold(this.captured.isZero() ? 'canceled' : 'captured', settlement);
    settlement.payment = this.captured.isZero() ? 'canceled' : 'captured';
  }

  /** Canceled by whoever looked at it, while the money was only held: the books have the hold until it is released. */
  private get wasRefused(): boolean {
    return this.status === 'canceled' && this.reviewReason === SCREENING && this.captured.isZero();
  }

  private releaseRefused(operation: Operation, settlement: Settlement): void {
    if (operation.gatewayRef === this.gatewayRef)
      settlement.postings.push(postings.authorizationReleased(operation.id, this.amount));
  }

  private endHold(status: 'captured' | 'canceled', settlement: Settlement): void {
    this.moveTo(status, settlement);
    this.captureBefore = null;
  }

  private settleRefund(operation: Operation, outcome: GatewayOutcome, settlement: Settlement): void {
    const { amount, refundId } = operation;
    if (refundId === null) throw new Error(`the refund operation ${operation.id} belongs to no refund`);
    if (outcome.kind === 'ok') {
      if (operation.status === 'succeeded' || operation.status === 'failed') return;
      this.mark(operation, 'succeeded', null, settlement);
      this.count(operation, { refunded: amount }, settlement);
      settlement.postings.push(postings.refundSettled(refundId, this.gateway, amount));
      settlement.refund = 'settled';
      return;
    }
    const failed = outcome.kind === 'declined' || (outcome.kind === 'errored' && !outcome.retryable);
    if (!failed) {
      if (!operation.isFinal || operation.status === 'errored')
        this.markFollowUp(operation, outcome, settlement);
      return;
    }
    if (operation.status === 'failed' || (operation.status === 'succeeded' && outcome.kind === 'errored'))
      return;
    // A refund can come back days after it was settled: the books say so in a new line, never by changing an old one.
    const wasSettled = operation.status === 'succeeded';
    this.count(
      operation,
      { reserved: amount.negated(), ...(wasSettled && { refunded: amount.negated() }) },
      settlement,
    );
    if (wasSettled) {
      settlement.postings.push(postings.refundReversed(refundId, this.gateway, amount));
    }
    settlement.postings.push(postings.refundWithdrawn(refundId, amount));
    this.mark(operation, 'failed', outcome.code, settlement);
    settlement.refund = 'failed';
  }

  /** What a refund changes, at the charge that it goes to: the one that counts, or one that came too late. */
  private count(
    { chargeId }: Operation,
    { reserved, refunded }: { reserved?: Money; refunded?: Money },
    settlement: Settlement,
  ): void {
    if (chargeId !== null) {
      settlement.lateCharge = {
        id: chargeId,
        reserved: reserved?.amount ?? 0n,
        refunded: refunded?.amount ?? 0n,
      };
      return;
    }
    if (reserved) this.refundReserved = this.refundReserved.plus(reserved);
    if (refunded) this.refunded = this.refunded.plus(refunded);
  }

  private markFollowUp(
    operation: Operation,
    outcome: Exclude<GatewayOutcome, { kind: 'ok' }>,
    settlement: Settlement,
  ): void {
    switch (outcome.kind) {
      case 'declined':
        this.mark(operation, 'failed', outcome.code, settlement);
        return;
      case 'errored':
        this.mark(operation, outcome.retryable ? 'errored' : 'failed', outcome.code, settlement);
        return;
      case 'pending':
      case 'action_required':
        this.mark(operation, 'pending', null, settlement);
        return;
      case 'unknown':
        if (operation.status !== 'pending') this.mark(operation, 'unknown', outcome.cause, settlement);
    }
  }

  private mark(
    operation: Operation,
    status: Operation['status'],
    code: string | null,
    settlement: Settlement,
  ): void {
    if (operation.status === status && operation.code === code) return;
    operation.status = status;
    operation.code = code;
    settlement.changed = true;
  }

  /** True when it moved; staying where it is is no step and always allowed. */
  private moveTo(status: PaymentStatus, settlement: Settlement): boolean {
    if (this.status === status) return false;
    if (!TRANSITIONS[this.status].includes(status)) {
      throw new Error(`payment ${this.id} cannot go from ${this.status} to ${status}`);
    }
    this.status = status;
    settlement.changed = true;
    return true;
  }

  /** Whether an attempt can still decide it. */
  private get isAwaiting(): boolean {
    return ['processing', 'requires_payment_method', 'requires_action'].includes(this.status);
  }
}

export type PaymentFields = Omit<
  Payment,
  | 'kind'
  | 'isUndecided'
  | 'isCapturing'
  | 'isHeldBack'
  | 'isAwaitedTransfer'
  | 'held'
  | 'letGo'
  | 'kept'
  | 'refundable'
  | 'isAcceptable'
  | 'settle'
  | 'cancel'
  | 'decideReview'
>;
