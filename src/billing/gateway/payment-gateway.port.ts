import type { Money } from '../../platform/money/money.js';

/** What pays: a card that was typed into the gateway's own form just now, or one that the gateway keeps for a customer. */
export type PaymentSource =
  { readonly token: string } | { readonly customerRef: string; readonly methodRef: string };

/** Every call carries the id of our operation as its idempotency key, so that asking twice never pays twice. */
export interface AuthorizeInput {
  readonly operationId: string;
  readonly amount: Money;
  readonly source: PaymentSource;
  readonly capture: 'automatic' | 'manual';
  /** Nobody is there to answer a challenge: what would need one is declined with the advice `authenticate`. */
  readonly offSession: boolean;
  /** `required`: the bank asks the shopper, whether it wants to or not. */
  readonly challenge: 'auto' | 'required';
  /** Keeps what pays for later charges without the shopper; only with a token. */
  readonly save: { readonly customerRef: string } | null;
  readonly returnUrl: string | null;
}

export interface SetupInput {
  readonly operationId: string;
  readonly customerRef: string;
  readonly token: string;
  readonly returnUrl: string | null;
  /** `required`: the bank has to ask the shopper, whatever it thinks. */
  readonly challenge?: 'auto' | 'required';
}

export interface FollowUpInput {
  readonly operationId: string;
  readonly ref: string;
  readonly amount: Money;
}

export interface CaptureInput extends FollowUpInput {
  /** The last one: what stays uncaptured is released. */
  readonly final: boolean;
}

/** Where the shopper goes on; the only kind so far is a page of the bank. */
export interface NextAction {
  readonly type: 'redirect';
  readonly url: string;
}

/** A means of payment as far as anybody may know it. Its number never reaches us. */
export interface MethodView {
  readonly ref: string;
  /** Whose it is at the gateway; null: it was used once and is not kept. */
  readonly customerRef: string | null;
  readonly brand: string;
  readonly last4: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  /** The same for the same card, whoever shows it. */
  readonly fingerprint: string | null;
}

/** What to do after a decline: try again later, ask for another method, ask the shopper to the bank's page, or give up. */
export type Advice = 'retry' | 'new_method' | 'authenticate' | 'never';

export interface Declined {
  readonly kind: 'declined';
  readonly ref: string | null;
  readonly version: number;
  readonly code: string;
  readonly hard: boolean;
  readonly advice: Advice;
}

/** Certainly not done. */
export interface Errored {
  readonly kind: 'errored';
  readonly code: string;
  readonly retryable: boolean;
}

/** May have been done: no answer in time, a reset after sending, a 5xx. Settled later by asking again, never by assuming. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly cause: string;
}

/** What is known after asking the gateway. */
export type GatewayOutcome =
  | {
      readonly kind: 'ok';
      readonly ref: string;
      readonly version: number;
      readonly amount: Money;
      readonly captured: boolean;
      /** Until when a hold can be captured; null when nothing is held or nobody knows. */
      readonly captureBefore: Date | null;
      readonly method: MethodView | null;
      /** 0 (harmless) to 100, where the gateway says. */
      readonly risk: number | null;
    }
  | { readonly kind: 'pending'; readonly ref: string; readonly version: number }
  | {
      readonly kind: 'action_required';
      readonly ref: string;
      readonly version: number;
      readonly next: NextAction;
    }
  | Declined
  | Errored
  | Unknown;

/** What came of making a customer at the gateway, under which methods are kept. */
export type CustomerOutcome = { readonly kind: 'ok'; readonly customerRef: string } | Errored | Unknown;

/** What came of keeping a method; `ref` is that of the set-up, to be read again when the shopper comes back. */
export type SetupOutcome =
  | { readonly kind: 'ok'; readonly ref: string; readonly method: MethodView }
  | { readonly kind: 'pending'; readonly ref: string }
  | { readonly kind: 'action_required'; readonly ref: string; readonly next: NextAction }
  | Declined
  | Errored
  | Unknown;

export type DetachOutcome = { readonly kind: 'ok' } | Errored | Unknown;

/** A bank takes money back on behalf of its customer. */
export interface GatewayDispute {
  readonly ref: string;
  readonly amount: Money;
  readonly status: 'open' | 'won' | 'lost';
  readonly reason: string;
  /**
   * What the gateway asks for its work, beside the amount; zero while it has asked for nothing, and where our minor units cannot hold
   * it: the line of the settlement tells that one, to a person.
   */
  readonly fee: Money;
  readonly evidenceDueAt: Date | null;
}

/** The gateway's own view of one charge: every operation that it knows with what has become of it. */
export interface GatewaySnapshot {
  readonly ref: string;
  readonly version: number;
  /** All that was taken so far, and what of it went back; disputes stand beside. */
  readonly captured: Money;
  readonly refunded: Money;
  /** Nothing is held any more and nothing more can be taken: it was voided, or the hold ran out. */
  readonly released: boolean;
  readonly disputes: readonly GatewayDispute[];
  outcomeOf(operationId: string): GatewayOutcome | null;
}

/** A signed notice. It is a hint where to look: what it says about money is never believed without reading again. */
export interface GatewayNotice {
  readonly eventId: string;
  readonly type: string;
  /** The charge that it is about, also when it tells of its refund or its dispute. */
  readonly ref: string;
  readonly operationId: string | null;
  readonly version: number;
  readonly createdAt: Date;
  /** Position in the gateway's own order, the cursor for catching up. */
  readonly position: string;
  /** A digest of what the notice says, to notice one id with two contents. */
  readonly digest: string;
}

/** Notices in the gateway's order, and the position after them; the same position as before when there are no more. */
export interface NoticePage {
  readonly notices: readonly GatewayNotice[];
  readonly position: string;
}

/** One line of the gateway's account with us; amounts are signed, + is money that we are owed. */
export interface SettlementLine {
  readonly id: string;
  /** `other`: a movement that a shop did not cause, such as a top-up; never booked by itself. */
  readonly kind: 'charge' | 'refund' | 'fee' | 'dispute' | 'dispute_fee' | 'payout' | 'other';
  /** Of the charge; of the payout on its own line; null where the line belongs to neither. */
  readonly ref: string | null;
  /** Our operation that caused it, where the gateway says. */
  readonly operationId: string | null;
  /** Minor units before the fee; of a `payout` negative, because it leaves the gateway for the bank. */
  readonly amount: bigint;
  /** Minor units that the gateway keeps of this line, not negative unless it gives some back. */
  readonly fee: bigint;
  /** As the gateway calls it, in capitals: where it is none of ours, `told` says the amounts, and both are 0. */
  readonly currency: string;
  /**
   * Amount and fee in the words of the gateway, where our minor units cannot hold them: both are cut to whole units then, nothing is
   * booked from the line, and a person has to look at it. Null: they are exact.
   */
  readonly told: string | null;
  readonly at: Date;
  /** The payout that it went into; null while it waits. */
  readonly payoutRef: string | null;
}

/** The body did not come from the gateway, or is too old to be believed. */
export class BadSignature extends Error {
  override readonly name = 'BadSignature';
}

/** A payment provider. The only place where billing talks to the outside; refuses to be called in a transaction. */
export abstract class PaymentGateway {
  abstract readonly code: string;
  /** False where no gateway is configured: every call is then `errored` without having been sent. */
  abstract readonly isConfigured: boolean;

  /**
   * Throws the problem `billing.amount_not_representable` (422) for an amount that this gateway cannot take exactly. To be
   * asked before anything is written; nothing is ever rounded. `pointer`: the field that asks for it.
   */
  abstract assertRepresentable(amount: Money, pointer?: string): void;

  abstract authorize(input: AuthorizeInput): Promise<GatewayOutcome>;
  abstract capture(input: CaptureInput): Promise<GatewayOutcome>;
  abstract void(input: FollowUpInput): Promise<GatewayOutcome>;
  abstract refund(input: FollowUpInput): Promise<GatewayOutcome>;

  /** A customer at the gateway for one of ours; it is told our id and nothing about the person. */
  abstract createCustomer(input: { operationId: string; customerId: string }): Promise<CustomerOutcome>;
  /** Keeps a method for charges without the shopper; the bank may want to ask first (`action_required`). */
  abstract setupMethod(input: SetupInput): Promise<SetupOutcome>;
  /** What a set-up has become; null when the gateway does not know it. Throws when it cannot be asked. */
  abstract retrieveSetup(ref: string): Promise<SetupOutcome | null>;
  /** Forgets a method. One that is forgotten already is `ok`. */
  abstract detachMethod(methodRef: string): Promise<DetachOutcome>;

  /** The authoritative state of a charge; null when the gateway does not know it. Throws when it cannot be asked. */
  abstract retrieve(ref: string): Promise<GatewaySnapshot | null>;
  /** The charge that one of our operations made or touched, for outcomes that we never heard. */
  abstract findByOperation(operationId: string): Promise<GatewaySnapshot | null>;

  /** Verifies the signature over the raw bytes; null when it tells nothing that concerns us. Throws BadSignature. */
  abstract parseNotice(
    raw: Buffer,
    headers: Readonly<Record<string, unknown>>,
  ): Promise<GatewayNotice | null>;
  /** Notices after a position, oldest first, to catch up with what was lost on the way; `0` is the beginning. */
  abstract noticesAfter(position: string): Promise<NoticePage>;
  /**
   * Every movement of the gateway's account with us from `from` (inclusive) to `to` (exclusive), oldest first. Lines of earlier days
   * are told again, with the same id, when the payout that they went into falls into that time.
   */
  abstract settlementLines(from: Date, to: Date): AsyncIterable<SettlementLine>;

  /** Tells the gateway where this shop listens. Gateways that are set up by hand ignore it. */
  abstract announce(webhookUrl: string): Promise<void>;
  /** A sandbox has moved its clock: a gateway with a clock of its own follows, and what became due there happens. */
  abstract moveClock(to: Date): Promise<void>;
}
