import type { Money } from '../../platform/money/money.js';
import type { Fired } from '../fraud/fraud-rule.js';
import type { Advice } from '../gateway/payment-gateway.port.js';

export type OperationKind = 'authorize' | 'capture' | 'void' | 'refund';
export type OperationStatus = 'created' | 'succeeded' | 'failed' | 'errored' | 'pending' | 'unknown';

/** The gateway is asked after these pauses (milliseconds). Afterwards a person has to look, and it is asked every day. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNKNOWN_PAUSES = [5 * MINUTE, HOUR, DAY, DAY, DAY, DAY, DAY];
const PENDING_PAUSES = [HOUR, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY];
/** What was certainly not done is sent again soon, but not for ever. */
const ERRORED_PAUSES = [MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY, DAY, DAY];

/** What the gateway told with an authorization, and what the screening makes of it. */
export interface Seen {
  readonly risk: number | null;
  /** A digest of the card. */
  readonly card: string | null;
  /** Rules that waited for it and hold. */
  readonly fired: readonly Fired[];
  /** A person has to look at the payment before it counts. */
  readonly isHeldBack: boolean;
}

/** One call to the gateway. Its id is the idempotency key of the call; it is never deleted, whatever comes of it. */
export class Operation {
  id: string;
  paymentId: string;
  kind: OperationKind;
  status: OperationStatus;
  attempt: number;
  amount: Money;
  gatewayRef: string | null;
  gatewayVersion: number;
  code: string | null;
  refundId: string | null;
  /** The late charge that a refund goes to; null for the charge that its payment counts. */
  chargeId: string | null;
  /** Nobody was there to answer the bank. */
  offSession: boolean;
  /** Of a capture: the last one, so that the rest of the hold is released. */
  final: boolean;
  /** Whether the customer wants the method to be kept. */
  saveMethod: boolean;
  /** What the gateway advises after a decline. */
  advice: Advice | null;
  seen: Seen | null = null;
  checks: number;
  nextCheckAt: Date | null;
  /** Since when a person has to look at it: it was asked about as often as it should take, and nobody knows. */
  attentionSince: Date | null;

  constructor(fields: OperationFields) {
    Object.assign(this, fields);
  }

  /** Decided, as far as anybody knows today: a refund that was paid out may still come back. */
  get isFinal(): boolean {
    return this.status === 'succeeded' || this.status === 'failed' || this.status === 'errored';
  }

  get hasFailed(): boolean {
    return this.status === 'failed';
  }

  /** When the repair job looks again; null: it is decided, and nobody has to. */
  static nextCheck(status: OperationStatus, kind: OperationKind, checks: number, now: Date): Date | null {
    const pauses = pausesOf(status, kind);
    return pauses && new Date(now.getTime() + (pauses[checks] ?? DAY));
  }

  /** Whether so many looks should have been enough. */
  static isOverdue(status: OperationStatus, kind: OperationKind, checks: number): boolean {
    const pauses = pausesOf(status, kind);
    return pauses !== null && checks >= pauses.length;
  }
}

/** Null: it is decided. */
function pausesOf(status: OperationStatus, kind: OperationKind): readonly number[] | null {
  switch (status) {
    case 'pending':
      return PENDING_PAUSES;
    case 'unknown':
    case 'created':
      return UNKNOWN_PAUSES;
    case 'errored':
      return kind === 'authorize' ? null : ERRORED_PAUSES;
    case 'succeeded':
    case 'failed':
      return null;
  }
}

export type OperationFields = Omit<Operation, 'isFinal' | 'hasFailed' | 'seen'>;
