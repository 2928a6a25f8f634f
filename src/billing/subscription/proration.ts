import { Money } from '../../platform/money/money.js';
import { type BillingPeriod, daysBetween, localDate, type Schedule, startOfDay } from './periods.js';

/** `day` explains itself to a customer: the day of the change counts as new. A second is exact, and months differ by an hour. */
export const GRANULARITIES = ['day', 'second'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/** `part` of `whole` days or seconds; the whole is always that of the anchored period. */
export interface Share {
  readonly part: bigint;
  readonly whole: bigint;
  readonly unit: Granularity;
}

/** What is left of a period at a moment that lies in it. */
export function shareLeft(
  { zone }: Schedule,
  period: BillingPeriod,
  at: Date,
  granularity: Granularity,
): Share {
  if (granularity === 'day') {
    const part = daysBetween(dayIn(period, at, zone), period.end);
    return { part: BigInt(part), whole: BigInt(daysBetween(period.start, period.end)), unit: 'day' };
  }
  const [start, end] = [seconds(startOfDay(period.start, zone)), seconds(startOfDay(period.end, zone))];
  return { part: BigInt(end - seconds(at)), whole: BigInt(end - start), unit: 'second' };
}

/**
 * The local date of a moment that lies in a period. A clock that goes back just after midnight says the evening before once more: that
 * is still the first day of the period.
 */
export function dayIn({ start }: BillingPeriod, at: Date, zone: string): string {
  const day = localDate(at, zone);
  return day < start ? start : day;
}

/** What the share of a whole cycle costs: rounded here. */
export function debitOf(net: Money, { part, whole }: Share): Money {
  return net.timesRatio(part, whole);
}

/** What was billed for the running cycle, and what of it was given back already. */
export interface Billed {
  readonly amount: Money;
  readonly credited: Money;
}

/** What is given back of a whole cycle, as a negative amount: never more than was billed and is not given back yet. */
export function creditOf(net: Money, share: Share, { amount, credited }: Billed): Money {
  const [exact, most] = [debitOf(net, share), amount.minus(credited)];
  const credit = exact.compare(most) > 0 ? most : exact;
  return credit.isNegative() ? Money.zero(credit.currency) : credit.negated();
}

const seconds = (at: Date): number => Math.floor(at.getTime() / 1_000);
