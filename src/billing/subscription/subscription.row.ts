import type { Interval } from './periods.js';
import type { Subscription } from './subscription.js';

/** A subscription as its table has it. */
export type Row = Omit<Subscription, 'schedule'> & {
  anchorDate: string;
  zone: string;
  intervalUnit: Interval['unit'];
  intervalCount: number;
};

export const toSubscription = ({
  anchorDate,
  zone,
  intervalUnit,
  intervalCount,
  ...row
}: Row): Subscription => ({
  ...row,
  schedule: { anchorDate, zone, interval: { unit: intervalUnit, count: intervalCount } },
});

/** All that may change of it, in the order of the columns. */
export const valuesOf = (one: Subscription): unknown[] => [
  one.customerId,
  one.state,
  one.scheduleNo,
  one.schedule.anchorDate,
  one.schedule.zone,
  one.schedule.interval.unit,
  one.schedule.interval.count,
  one.nextPeriod,
  one.nextBillAt,
  one.trialEndsAt,
  one.collection,
  one.methodId,
  one.buyer,
  one.country,
  one.cancelAtPeriodEnd,
  one.cancelReason,
  one.scheduledChange === null ? null : JSON.stringify(one.scheduledChange),
  one.parkedReason,
  one.expiresAt,
  one.pausedAt,
  one.endedAt,
  one.version,
  one.reverseCharge,
];

const SUBSCRIPTION = `s.id, s.customer_id AS "customerId", s.state, s.kind, s.currency, s.schedule_no AS "scheduleNo",
  s.anchor_date::text AS "anchorDate", s.zone, s.interval_unit AS "intervalUnit", s.interval_count AS "intervalCount",
  s.next_period AS "nextPeriod", s.next_bill_at AS "nextBillAt", s.trial_ends_at AS "trialEndsAt", s.collection,
  s.method_id AS "methodId", s.buyer, s.country, s.reverse_charge AS "reverseCharge", s.cancel_at_period_end AS "cancelAtPeriodEnd",
  s.cancel_reason AS "cancelReason", s.scheduled_change AS "scheduledChange", s.parked_reason AS "parkedReason",
  s.expires_at AS "expiresAt", s.paused_at AS "pausedAt", s.ended_at AS "endedAt", s.version, s.created_at AS "createdAt"`;
/** SQL: subscriptions `s` as rows. */
export const SELECT = `SELECT ${SUBSCRIPTION} FROM billing.subscriptions s`;
/** SQL: `s` is one whose periods are billed, or that ends with its period, which needs no bill; and one that is due at `$1`. */
export const IS_AWAITED = `(s.state IN ('trialing', 'active', 'past_due') AND s.parked_reason IS NULL OR s.cancel_at_period_end)`;
export const IS_DUE = `s.next_bill_at <= $1 AND ${IS_AWAITED}`;
