import { Temporal } from 'temporal-polyfill';

export const INTERVAL_UNITS = ['day', 'week', 'month', 'year'] as const;
export interface Interval {
  readonly unit: (typeof INTERVAL_UNITS)[number];
  /** At least 1. */
  readonly count: number;
}

/** What all periods of a subscription come from; only a change of the interval starts a new one. */
export interface Schedule {
  /** The local date, ISO 8601, on which the first period begins: after the trial, if there is one. */
  readonly anchorDate: string;
  /** IANA name, frozen when the subscription is made. */
  readonly zone: string;
  readonly interval: Interval;
}

/** Local dates, half-open: the end is the first day of the next one. */
export interface BillingPeriod {
  /** 0 is the first. */
  readonly index: number;
  readonly start: string;
  readonly end: string;
}

/** Bills of one midnight are spread over so many seconds, less than the shortest day of any zone. */
const JITTER_SECONDS = 600;

/**
 * The period of this number. It is always counted from the anchor and never from the period before, so that one which began
 * on the 31st comes back to the 31st after every shorter month.
 */
export function periodOf(schedule: Schedule, index: number): BillingPeriod {
  return { index, start: startDate(schedule, index), end: startDate(schedule, index + 1) };
}

/** The period in which this moment lies; null before the first, as in a trial. */
export function periodAt(schedule: Schedule, at: Date): BillingPeriod | null {
  const { anchorDate, zone, interval } = schedule;
  if (at < startOfDay(anchorDate, zone)) return null;
  const unit = `${interval.unit}s` as const;
  const passed = Temporal.PlainDate.from(anchorDate).until(localDate(at, zone), { largestUnit: unit })[unit];
  // Too few at most: a short month is not counted as one, and a clock that goes back over midnight says a date twice.
  let index = Math.max(0, Math.floor(passed / interval.count));
  while (startOfDay(startDate(schedule, index + 1), zone) <= at) index += 1;
  return periodOf(schedule, index);
}

/**
 * When a period is billed: at the first instant of its first day, and up to ten minutes later, always the same for one id, so that
 * not all subscriptions of a zone fall due in one second.
 */
export function billAt(schedule: Schedule, index: number, id: string): Date {
  // The end of an id is random, its beginning is the time when it was made.
  const jitter = Number.parseInt(id.slice(-8), 16) % JITTER_SECONDS;
  return new Date(startOfDay(startDate(schedule, index), schedule.zone).getTime() + jitter * 1_000);
}

/**
 * The first instant of a local day: at one o'clock where the clock skips midnight, at the first of two midnights where it goes
 * back over it, and that of the next day where a zone has left the day out.
 */
export function startOfDay(date: string, zone: string): Date {
  return new Date(Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds);
}

/** The date on the calendar of this zone. */
export function localDate(at: Date, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
}

/** Days on the calendar from one local date to another. */
export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(to, { largestUnit: 'days' }).days;
}

/** So many days later: the end of a trial, or (with -1) the last day of a period as documents print it. */
export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

function startDate({ anchorDate, interval: { unit, count } }: Schedule, index: number): string {
  return Temporal.PlainDate.from(anchorDate)
    .add({ [`${unit}s`]: count * index }, { overflow: 'constrain' })
    .toString();
}
