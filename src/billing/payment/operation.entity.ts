import type { Money } from '../../platform/money/money.js';

export type OperationKind = 'authorize' | 'capture' | 'void' | 'refund';
export type OperationStatus = 'created' | 'succeeded' | 'failed' | 'errored' | 'pending' | 'unknown';

/** After `unknown` or `created` the gateway is asked after these pauses (milliseconds), then a person has to look. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNKNOWN_PAUSES = [5 * MINUTE, HOUR, DAY, DAY, DAY, DAY, DAY];
const PENDING_PAUSES = [HOUR, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY, DAY];
/** What was certainly not done is sent again soon, but not for ever. */
const ERRORED_PAUSES = [MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY, DAY, DAY];

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
  checks: number;
  nextCheckAt: Date | null;

  constructor(fields: OperationFields) {
    Object.assign(this, fields);
  }

  /** Decided, as far as anybody knows today: a refund that was paid out may still come back. */
  get isFinal(): boolean {
    return this.status === 'succeeded' || this.status === 'failed' || this.status === 'errored';
  }

  /** When the repair job looks again; null: never again by itself. */
  static nextCheck(status: OperationStatus, kind: OperationKind, checks: number, now: Date): Date | null {
    const pauses =
      status === 'pending'
        ? PENDING_PAUSES
        : status === 'unknown' || status === 'created'
          ? UNKNOWN_PAUSES
          : status === 'errored' && kind !== 'authorize'
            ? ERRORED_PAUSES
            : [];
    const pause = pauses[checks];
    return pause === undefined ? null : new Date(now.getTime() + pause);
  }
}

export type OperationFields = Omit<Operation, 'isFinal'>;
