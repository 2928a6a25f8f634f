import type { Money } from '../../platform/money/money.js';

/** Every call carries the id of our operation as its idempotency key, so that asking twice never pays twice. */
export interface AuthorizeInput {
  readonly operationId: string;
  readonly amount: Money;
  readonly token: string;
  readonly capture: 'automatic' | 'manual';
  readonly returnUrl: string | null;
}

export interface FollowUpInput {
  readonly operationId: string;
  readonly ref: string;
  readonly amount: Money;
}

/** Where the shopper goes on; the only kind so far is a page of the bank. */
export interface NextAction {
  readonly type: 'redirect';
  readonly url: string;
}

/**
 * What is known after asking the gateway. `errored` is certainly not done; `unknown` may have been done (no answer in
 * time, a reset after sending, a 5xx) and is settled later by asking again, never by assuming.
 */
export type GatewayOutcome =
  | {
      readonly kind: 'ok';
      readonly ref: string;
      readonly version: number;
      readonly amount: Money;
      readonly captured: boolean;
    }
  | { readonly kind: 'pending'; readonly ref: string; readonly version: number }
  | {
      readonly kind: 'action_required';
      readonly ref: string;
      readonly version: number;
      readonly next: NextAction;
    }
  | {
      readonly kind: 'declined';
      readonly ref: string | null;
      readonly version: number;
      readonly code: string;
      readonly hard: boolean;
    }
  | { readonly kind: 'errored'; readonly code: string; readonly retryable: boolean }
  | { readonly kind: 'unknown'; readonly cause: string };

/** The gateway's own view of one charge: every operation that it knows with what has become of it. */
export interface GatewaySnapshot {
  readonly ref: string;
  readonly version: number;
  outcomeOf(operationId: string): GatewayOutcome | null;
}

/** A signed notice. It is a hint where to look: what it says about money is never believed without reading again. */
export interface GatewayNotice {
  readonly eventId: string;
  readonly type: string;
  readonly ref: string;
  readonly operationId: string | null;
  readonly version: number;
  readonly createdAt: Date;
  /** Position in the gateway's own order, the cursor for catching up. */
  readonly position: string;
  /** A digest of what the notice says, to notice one id with two contents. */
  readonly digest: string;
}

/** The body did not come from the gateway, or is too old to be believed. */
export class BadSignature extends Error {
  override readonly name = 'BadSignature';
}

/** A payment provider. The only place where billing talks to the outside; refuses to be called in a transaction. */
export abstract class PaymentGateway {
  abstract readonly code: string;
  abstract authorize(input: AuthorizeInput): Promise<GatewayOutcome>;
  abstract capture(input: FollowUpInput): Promise<GatewayOutcome>;
  abstract void(input: FollowUpInput): Promise<GatewayOutcome>;
  abstract refund(input: FollowUpInput): Promise<GatewayOutcome>;
  /** The authoritative state of a charge; null when the gateway does not know it. Throws when it cannot be asked. */
  abstract retrieve(ref: string): Promise<GatewaySnapshot | null>;
  /** The charge that one of our operations made or touched, for outcomes that we never heard. */
  abstract findByOperation(operationId: string): Promise<GatewaySnapshot | null>;
  /** Verifies the signature over the raw bytes. Throws BadSignature. */
  abstract parseNotice(raw: Buffer, headers: Readonly<Record<string, unknown>>): Promise<GatewayNotice>;
  /** Notices after a position, oldest first, to catch up with what was lost on the way. */
  abstract noticesAfter(position: string): Promise<GatewayNotice[]>;
  /** Tells the gateway where this shop listens. Gateways that are set up by hand ignore it. */
  abstract announce(webhookUrl: string): Promise<void>;
}
