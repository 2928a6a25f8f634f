import type { Money } from '../../platform/money/money.js';
import { addDays, daysBetween } from '../subscription/periods.js';

/** Local dates, half-open. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** What is earned of a line of an invoice on which days. */
export interface RevenueSchedule extends Days {
  readonly id: string;
  readonly invoiceId: string;
  readonly lineId: string;
  readonly subscriptionId: string | null;
  /** Of all its days. */
  readonly amount: Money;
  /** The first day that is not earned yet. */
  readonly next: string;
  /** What the days before that came to. */
  readonly earned: Money;
  /** The day of the books on which it was put off. */
  readonly heldSince: string;
}

type Course = Pick<RevenueSchedule, 'amount' | 'from' | 'to'>;

/**
 * What is earned before a day begins: the part of the amount that the days until then are of all its days, rounded. It is counted
 * from the first day each time, so that the days together come to the amount to the cent.
 */
export function earnedBefore({ amount, from, to }: Course, day: string): Money {
  const all = daysBetween(from, to);
  const past = Math.min(Math.max(daysBetween(from, day), 0), all);
  return amount.timesRatio(BigInt(past), BigInt(all));
}

/** What is left for the days from this one on; what is earned already is not, whatever day is named. */
export const leftFrom = (schedule: RevenueSchedule, day: string): Money =>
  schedule.amount.minus(worth(schedule, later(day, schedule.next)));

/** A schedule that goes on otherwise since a day; null: there is nothing of it before, or since. */
export interface Parted {
  readonly before: Pick<RevenueSchedule, 'amount' | 'to'> | null;
  readonly since: Omit<RevenueSchedule, 'id'> | null;
}

/**
 * From a day on there is only so much left, earned on the days until `to`. What the days before it are worth stays as it is, whether
 * or not anybody has come to booking them.
 */
export function parted(schedule: RevenueSchedule, day: string, left: Money, to = schedule.to): Parted {
  const { next, from, amount } = schedule;
  const cut = later(day, next);
  const before = { amount: worth(schedule, cut), to: cut < schedule.to ? cut : schedule.to };
  const end = to > cut ? to : addDays(cut, 1);
  const anew = { from: cut, next: cut, to: end, amount: left, earned: amount.minus(amount) };
  return { before: cut > from ? before : null, since: left.isZero() ? null : { ...schedule, ...anew } };
}

/** Nothing more of it is earned: it ends where it was earned, and comes to that. */
export const earnedOnly = ({ from, next, earned }: RevenueSchedule): Parted => ({
  before: next > from ? { to: next, amount: earned } : null,
  since: null,
});

/** A schedule that was cut before may have earned a cent earlier than its days say. */
function worth(schedule: RevenueSchedule, day: string): Money {
  const counted = earnedBefore(schedule, day);
  return counted.compare(schedule.earned) < 0 ? schedule.earned : counted;
}

const later = (one: string, other: string): string => (one > other ? one : other);
