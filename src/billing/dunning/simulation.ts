import { Money } from '../../platform/money/money.js';
import { meaningOf } from '../gateway/declines.js';
import type { Advice } from '../gateway/payment-gateway.port.js';
import type { AttemptKind, AttemptOutcome } from './collection.entity.js';

const DAY = 86_400_000;
/** What Visa allows on one card for one amount within 30 days: nobody's schedule goes beyond. */
const MOST_ATTEMPTS = 20;

export interface PastAttempt {
  readonly at: Date;
  readonly kind: AttemptKind;
  readonly outcome: AttemptOutcome;
  readonly code: string | null;
  readonly advice: Advice | null;
}

/** A collection that failed at least once, as it went. */
export interface PastCollection {
  readonly amount: Money;
  readonly firstFailedAt: Date;
  /** When it was paid, however; null: it is not. */
  readonly paidAt: Date | null;
  readonly attempts: readonly PastAttempt[];
}

/** How a schedule does, or did: attempts after the first failure, and what they brought. */
export interface Course {
  attempts: number;
  recovered: number;
  /** By the customer's own doing: a link, another method, a transfer. */
  byCustomer: number;
  amounts: Map<string, Money>;
  days: number;
}

export interface Simulated {
  readonly collections: number;
  readonly actual: Course;
  readonly predicted: Course;
  /** Attempts that nobody knows the end of, because nothing was tried on such a day: each may bring the money earlier. */
  readonly undecided: number;
  /** Attempts that a fixed list of days would have made, and no rule of the networks or sense allows. */
  readonly avoided: number;
}

/**
 * What a schedule would have made of past declines. Of each collection it is known on which days the money was not there, and from
 * which day on it was. An attempt on a day before the last failure fails; one on or after the day on which the money came succeeds;
 * in between nobody knows, and it is counted as failed. What the customer did alone, the customer would have done anyway.
 */
export function simulate(past: readonly PastCollection[], retryDays: readonly number[]): Simulated {
  const [actual, predicted] = [newCourse(), newCourse()];
  let [undecided, avoided] = [0, 0];
  for (const each of past) {
    const facts = factsOf(each);
    actual.attempts += facts.madeDays.length;
    if (facts.paidDay !== null) recover(actual, each, facts.paidDay, facts.byCustomer);
    let isRecovered = false;
    for (const [index, day] of retryDays.entries()) {
      if (facts.byCustomer && facts.paidDay !== null && facts.paidDay <= day) break;
      if (facts.barredDay <= day || index + 1 >= MOST_ATTEMPTS) {
        avoided++;
        continue;
      }
      predicted.attempts++;
      if (!facts.byCustomer && facts.paidDay !== null && day >= facts.paidDay) {
        recover(predicted, each, day, false);
        isRecovered = true;
        break;
      }
      if (day > facts.lastFailedDay) undecided++;
    }
    if (!isRecovered && facts.byCustomer && facts.paidDay !== null)
      recover(predicted, each, facts.paidDay, true);
  }
  return { collections: past.length, actual, predicted, undecided, avoided };
}

interface Facts {
  readonly madeDays: readonly number[];
  readonly lastFailedDay: number;
  readonly paidDay: number | null;
  readonly byCustomer: boolean;
  /** From which day on nothing may be tried. */
  readonly barredDay: number;
}

function factsOf({ firstFailedAt, paidAt, attempts }: PastCollection): Facts {
  // An attempt comes a little after its hour.
  const dayOf = (at: Date): number => Math.floor((at.getTime() - firstFailedAt.getTime()) / DAY);
  const sent = attempts.filter(
    ({ outcome }) => outcome === 'declined' || outcome === 'needs_customer' || outcome === 'paid',
  );
  const later = sent.filter(({ at, kind }) => at > firstFailedAt && kind !== 'link');
  const failed = sent.filter(({ outcome, kind }) => outcome !== 'paid' && kind === 'scheduled');
  const bar = failed.find(({ code, advice }) => isFinal(code, advice));
  const paying = attempts.find(({ outcome }) => outcome === 'paid');
  return {
    madeDays: later.map(({ at }) => dayOf(at)),
    lastFailedDay: Math.max(0, ...failed.map(({ at }) => dayOf(at))),
    paidDay: paidAt === null ? null : dayOf(paying?.at ?? paidAt),
    byCustomer: paying === undefined || paying.kind === 'link' || paying.kind === 'new_method',
    barredDay: bar ? dayOf(bar.at) : Infinity,
  };
}

const isFinal = (code: string | null, advice: Advice | null): boolean =>
  (advice !== null && advice !== 'retry') || (code !== null && meaningOf(code).hard);

const newCourse = (): Course => ({
  ...{ attempts: 0, recovered: 0, byCustomer: 0, days: 0 },
  amounts: new Map(),
});

function recover(course: Course, { amount }: PastCollection, day: number, byCustomer: boolean): void {
  course.recovered++;
  if (byCustomer) course.byCustomer++;
  course.days += day;
  const before = course.amounts.get(amount.currency) ?? Money.zero(amount.currency);
  course.amounts.set(amount.currency, before.plus(amount));
}
