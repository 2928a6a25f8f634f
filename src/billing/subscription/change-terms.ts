import { type ChangeLine, creditLine, type CyclePrice, debitLine, netOf } from './change-line.js';
import type { Coupon } from './coupon.js';
import {
  type BillingPeriod,
  type Interval,
  periodAt,
  periodOf,
  type Schedule,
  startOfDay,
} from './periods.js';
import { type Billed, dayIn, type Granularity, type Share, shareLeft } from './proration.js';

/**
 * When a change is billed. `none`: the new price begins now and nothing of the running cycle is counted, which is a present where it
 * is dearer; `at_period_end`: the change itself waits for the next period.
 */
export const CHANGE_BEHAVIOURS = ['prorate_next_invoice', 'invoice_now', 'none', 'at_period_end'] as const;
export type ChangeBehaviour = (typeof CHANGE_BEHAVIOURS)[number];

export interface Change {
  readonly schedule: Schedule;
  readonly at: Date;
  readonly from: CyclePrice;
  readonly to: CyclePrice & { readonly interval: Interval };
  /** The lines of the running cycle that the old price made. */
  readonly billed: Billed;
  /**
   * Since when that was billed, where another price made it and the old one took its place without being counted; null: the old price
   * made it.
   */
  readonly standsSince: Date | null;
  /** The coupon that the running cycle had: it counts for both sides of the change. */
  readonly coupon: Coupon | null;
  /** The coupon that the next cycle has: a new interval begins a cycle of its own. */
  readonly nextCoupon: Coupon | null;
  /** Null: what costs more is billed now, what costs less with the next invoice. */
  readonly behaviour: ChangeBehaviour | null;
  readonly granularity: Granularity;
}

/** What a change comes to: the same for its preview and for itself. */
export interface ChangeTerms {
  readonly behaviour: ChangeBehaviour;
  readonly bills: 'now' | 'next_invoice' | 'nothing';
  readonly effectiveAt: Date;
  /** From then on; a new interval has a new anchor. */
  readonly schedule: Schedule;
  /** The period of that schedule which runs then; null in a trial. Only at a period's end is it still to be billed. */
  readonly period: BillingPeriod | null;
  readonly lines: readonly ChangeLine[];
}

/**
 * The terms of a change of plan, quantity or interval. Credit and debit are two lines, left out when they are zero. Another interval
 * begins a new anchored period on the day of the change and is always billed now: in whole, less what is left of the old one (which
 * `none` does not count). In a trial nothing was billed, so nothing is, and its end stays the anchor.
 */
export function changeTerms(change: Change): ChangeTerms {
  const { schedule, at, to } = change;
  const period = periodAt(schedule, at);
  const anew = !isSame(schedule.interval, to.interval);
  const behaviour = behaviourOf(change, anew);
  if (period === null) {
    const effectiveAt = behaviour === 'at_period_end' ? startOfDay(schedule.anchorDate, schedule.zone) : at;
    return {
      behaviour,
      bills: 'nothing',
      effectiveAt,
      schedule: { ...schedule, interval: to.interval },
      period: null,
      lines: [],
    };
  }
  if (behaviour === 'at_period_end') {
    const next = anew ? { ...schedule, anchorDate: period.end, interval: to.interval } : schedule;
    return {
      behaviour,
      bills: 'nothing',
      effectiveAt: startOfDay(period.end, schedule.zone),
      schedule: next,
      period: periodOf(next, anew ? 0 : period.index + 1),
      lines: [],
    };
  }
  return anew ? withNewAnchor(change, period, behaviour) : withinPeriod(change, period, behaviour);
}

function withinPeriod(change: Change, period: BillingPeriod, behaviour: ChangeBehaviour): ChangeTerms {
  const { schedule, at, to, coupon, granularity } = change;
  const rest = { start: dayIn(period, at, schedule.zone), end: period.end };
  const share = shareLeft(schedule, period, at, granularity);
  const lines = [unusedLine(change, period, rest, share), debitLine(to, coupon, rest, share)];
  const bills = behaviour === 'none' ? 'nothing' : behaviour === 'invoice_now' ? 'now' : 'next_invoice';
  return {
    behaviour,
    bills,
    effectiveAt: at,
    schedule,
    period,
    lines: bills === 'nothing' ? [] : lines.filter(({ amount }) => !amount.isZero()),
  };
}

function withNewAnchor(change: Change, period: BillingPeriod, behaviour: ChangeBehaviour): ChangeTerms {
  const { schedule, at, to, nextCoupon, granularity } = change;
  const anchorDate = dayIn(period, at, schedule.zone);
  const next: Schedule = { ...schedule, anchorDate, interval: to.interval };
  const first = periodOf(next, 0);
  // The new period has the whole day of the change, so the old one ends before it: no second is paid twice.
  const midnight = startOfDay(anchorDate, schedule.zone);
  const left = shareLeft(schedule, period, midnight, granularity);
  const lines = [debitLine(to, nextCoupon, first, shareLeft(next, first, midnight, granularity))];
  if (behaviour !== 'none')
    lines.unshift(unusedLine(change, period, { start: anchorDate, end: period.end }, left));
  return {
    behaviour,
    bills: 'now',
    effectiveAt: at,
    schedule: next,
    period: first,
    lines: lines.filter(({ amount }) => !amount.isZero()),
  };
}

/**
 * What is given back of the days that are left: of the old price, or of what was billed in its place, of which each of the days that it
 * was billed for has its part, whatever the old price is.
 */
function unusedLine(
  { schedule, from, coupon, billed, standsSince, granularity }: Change,
  period: BillingPeriod,
  days: { start: string; end: string },
  left: Share,
): ChangeLine {
  if (standsSince === null) return creditLine(from, coupon, days, left, billed);
  const begin = startOfDay(period.start, schedule.zone);
  const { part: whole } = shareLeft(schedule, period, standsSince > begin ? standsSince : begin, granularity);
  const paid = { title: from.title, unitPrice: billed.amount, quantity: 1 };
  return creditLine(paid, null, days, { ...left, whole }, billed);
}

/** Whether a whole cycle costs more from then on, with the coupon of the running one on both sides. */
export const isDearer = ({
  from,
  to,
  coupon,
}: Pick<Change, 'coupon'> & Record<'from' | 'to', CyclePrice>): boolean =>
  netOf(to, coupon).net.compare(netOf(from, coupon).net) > 0;

/** Another interval cannot wait for the next invoice of the old one. */
function behaviourOf(change: Change, anew: boolean): ChangeBehaviour {
  const { behaviour } = change;
  if (anew) return behaviour === 'none' || behaviour === 'at_period_end' ? behaviour : 'invoice_now';
  if (behaviour !== null) return behaviour;
  return isDearer(change) ? 'invoice_now' : 'prorate_next_invoice';
}

const isSame = (one: Interval, other: Interval): boolean =>
  one.unit === other.unit && one.count === other.count;
