import type { Advice } from '../gateway/payment-gateway.port.js';
import type { EndPolicy } from '../subscription/lifecycle.js';

export const COLLECTION_STATES = ['collecting', 'paid', 'ended', 'stopped'] as const;
/** `ended`: the last attempt has failed; `stopped`: nobody expects the money any more. */
export type CollectionState = (typeof COLLECTION_STATES)[number];

export const ATTEMPT_KINDS = ['scheduled', 'new_method', 'manual', 'link'] as const;
/** `new_method`: the customer has kept another one; `manual`: staff wanted it; `link`: the customer, by a link or signed in. */
export type AttemptKind = (typeof ATTEMPT_KINDS)[number];

export const ATTEMPT_OUTCOMES = [
  'paid',
  'declined',
  'needs_customer',
  'errored',
  'skipped',
  'superseded',
] as const;
/** `errored`: the gateway was not there; `skipped`: nothing could have come of it, so nobody was asked. */
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** What became of an attempt, as far as it matters to what comes next. */
export interface Told {
  readonly kind: AttemptKind;
  readonly outcome: AttemptOutcome;
  readonly code: string | null;
}

export const LETTER_KINDS = ['first_failure', 'before_retry', 'last'] as const;
export type LetterKind = (typeof LETTER_KINDS)[number];

/** What follows from an attempt besides the next one. */
export interface Consequence {
  readonly letter: LetterKind | null;
  /** The first attempt has failed: the subscription is past due. */
  readonly firstFailure: boolean;
  readonly ended: boolean;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** When a gateway is away, it is asked again after these pauses at the most so often; then the attempt counts. */
const BACK_OFF_MS = 300_000;
export const MOST_ERRORS = 8;
/** Whatever was late: no two attempts of the schedule come closer to each other. */
const LEAST_PAUSE_MS = 12 * HOUR;
const ANNOUNCED_MS = DAY;
/** Long enough to be worth a letter of its own before the attempt. */
const WORTH_A_LETTER_MS = 36 * HOUR;

const NOTHING: Consequence = { letter: null, firstFailure: false, ended: false };

/** The collection of one invoice: what was tried, and when what comes next. */
export class Collection {
  invoiceId: string;
  subscriptionId: string | null;
  customerId: string | null;
  /** The method that is charged; null: the customer's default. */
  methodId: string | null;
  policyId: string;
  retryDays: readonly number[];
  endAction: EndPolicy;
  state: CollectionState;
  /** How many attempts of the schedule have failed. */
  step: number;
  stepAt: Date | null;
  extraAt: Date | null;
  remindAt: Date | null;
  errors: number;
  firstFailedAt: Date | null;
  /** Of the last failure. */
  code: string | null;
  createdAt: Date;
  endedAt: Date | null;

  constructor(fields: CollectionFields) {
    Object.assign(this, fields);
  }

  /** When something is done next. */
  get nextAt(): Date | null {
    return [this.stepAt, this.extraAt]
      .filter((at) => at !== null)
      .reduce<Date | null>((first, at) => (first === null || at < first ? at : first), null);
  }

  /** Which attempt is due; null: none. It is taken off the calendar: what becomes of it says when the next one is. */
  take(now: Date): AttemptKind | null {
    if (this.state !== 'collecting') return null;
    if (this.extraAt !== null && this.extraAt <= now) {
      this.extraAt = null;
      return 'new_method';
    }
    if (this.stepAt === null || this.stepAt > now) return null;
    this.stepAt = null;
    this.remindAt = null;
    return 'scheduled';
  }

  /** An attempt could not begin, because another one is under way. */
  postpone(kind: AttemptKind, now: Date): void {
    const later = new Date(now.getTime() + BACK_OFF_MS);
    if (kind === 'scheduled') this.stepAt = later;
    if (kind === 'new_method') this.extraAt = later;
  }

  /** The letter before an attempt could not be written. */
  announceLater(now: Date): void {
    this.remindAt = new Date(now.getTime() + BACK_OFF_MS);
  }

  /** What became of an attempt. Only those of the schedule move it on; when the gateway was not there, not even they do. */
  tell({ kind, outcome, code }: Told, now: Date): Consequence {
    if (outcome === 'paid' || outcome === 'superseded' || this.state !== 'collecting') return NOTHING;
    this.code = code;
    if (outcome === 'errored' && this.errors < MOST_ERRORS) return this.backOff(kind, now);
    if (kind !== 'scheduled') return NOTHING;
    this.errors = 0;
    this.step++;
    const firstFailure = this.firstFailedAt === null;
    this.firstFailedAt ??= now;
    const days = this.retryDays[this.step - 1];
    if (days === undefined) {
      this.end('ended', now);
      return { letter: 'last', firstFailure, ended: true };
    }
    const planned = this.firstFailedAt.getTime() + days * DAY;
    this.stepAt = new Date(Math.max(planned, now.getTime() + LEAST_PAUSE_MS));
    const pause = this.stepAt.getTime() - now.getTime();
    this.remindAt = pause > WORTH_A_LETTER_MS ? new Date(this.stepAt.getTime() - ANNOUNCED_MS) : null;
    return { letter: firstFailure ? 'first_failure' : null, firstFailure, ended: false };
  }

  /** The customer has kept another method: it is tried at once, if anything was tried before; hearing of it again changes nothing. */
  tryNow(methodId: string, now: Date): boolean {
    if (this.state !== 'collecting' || this.firstFailedAt === null || this.methodId === methodId)
      return false;
    this.methodId = methodId;
    this.extraAt = now;
    this.errors = 0;
    return true;
  }

  /** What was taken is with nobody any more: the schedule goes on. */
  resume(now: Date): boolean {
    if (this.state !== 'collecting' || this.nextAt !== null) return false;
    this.stepAt = new Date(now.getTime() + LEAST_PAUSE_MS);
    return true;
  }

  end(state: Exclude<CollectionState, 'collecting'>, now: Date): void {
    this.state = state;
    this.stepAt = this.extraAt = this.remindAt = null;
    this.endedAt = now;
  }

  private backOff(kind: AttemptKind, now: Date): Consequence {
    const later = new Date(now.getTime() + BACK_OFF_MS * 2 ** this.errors);
    if (kind === 'scheduled') this.stepAt = later;
    else if (kind === 'new_method') this.extraAt = later;
    else return NOTHING;
    this.errors++;
    return NOTHING;
  }
}

export type CollectionFields = Omit<
  Collection,
  'nextAt' | 'take' | 'postpone' | 'announceLater' | 'tell' | 'tryNow' | 'resume' | 'end'
>;

/** An attempt that was made on a card, as networks count them. */
export interface CardAttempt {
  readonly at: Date;
  readonly invoiceId: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly methodId: string | null;
  readonly outcome: AttemptOutcome | null;
  readonly code: string | null;
  readonly advice: Advice | null;
}
