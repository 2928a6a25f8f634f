import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { SubscriptionBilled, SubscriptionCreated } from '../billing.events.js';
import { Coupons } from '../coupon/coupons.service.js';
import { noMethod } from '../payment-method/payment-method.errors.js';
import type { PaymentMethod } from '../payment-method/payment-method.js';
import { namesBuyer, type PlanTax, type PlanTerms, priceIn } from '../plan/plan.js';
import { debitLine } from './change-line.js';
import { firstState, INCOMPLETE_HOURS } from './lifecycle.js';
import {
  addDays,
  billAt,
  type BillingPeriod,
  daysBetween,
  localDate,
  periodOf,
  type Schedule,
  startOfDay,
} from './periods.js';
import type { CollectionMode, Subscription, SubscriptionBuyer, SubscriptionItem } from './subscription.js';
import { SubscriptionBuyers } from './subscription-buyers.service.js';
import { SubscriptionInvoices } from './subscription-invoices.service.js';
import { amountOf, cycleLine, lineOfChange, type PendingLine, setupLine } from './subscription-lines.js';
import { SubscriptionRepository } from './subscription.repository.js';

const HOUR_MS = 3_600_000;

/** A subscription that is to begin; all that it needs was found. */
export interface Start {
  readonly id: string;
  readonly customerId: string;
  readonly terms: PlanTerms;
  readonly tax: PlanTax;
  readonly quantity: number;
  readonly currency: string;
  readonly buyer: SubscriptionBuyer;
  readonly reverseCharge: boolean;
  readonly zone: string;
  /** The first day of the first whole period; null: today, or the end of the trial. */
  readonly anchorDate: string | null;
  readonly trialDays: number;
  readonly collection: CollectionMode;
  readonly methodId: string | null;
  /** What it would be charged to; null: nothing is kept. */
  readonly method: PaymentMethod | null;
  readonly couponCode: string | null;
}

export interface Started {
  readonly subscription: Subscription;
  /** The first invoice, where it is to be paid. */
  readonly owed: { readonly invoiceId: string } | null;
}

/** What is charged at the beginning, and for which days. */
interface Opening {
  readonly schedule: Schedule;
  /** Index -1: the days before an anchor that lies ahead. Null: a trial. */
  readonly period: BillingPeriod | null;
  readonly lines: readonly PendingLine[];
}

/** Begins subscriptions. */
@Injectable()
export class SubscriptionStarts {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly buyers: SubscriptionBuyers,
    private readonly invoices: SubscriptionInvoices,
    private readonly coupons: Coupons,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: the subscription with its first period and its invoice. It is `incomplete` while that is to be
   * paid; what costs nothing now begins at once. 409 `billing.no_payment_method` when there is nothing to pay with.
   */
  async begin(start: Start): Promise<Started> {
    const { id, customerId, terms, quantity, currency, tax, trialDays, collection, methodId } = start;
    if (namesBuyer(tax) && start.buyer.vatId === null)
      throw platformProblems.invalid_input('This plan is sold to businesses there: send their VAT id.', {
        errors: [{ pointer: '/vatId', code: 'required', message: 'must be sent' }],
      });
    const now = this.clock.now();
    const { schedule, period, ...opening } = openingOf(start, now);
    if (start.couponCode !== null)
      await this.coupons.redeem({ id, currency, customerId }, terms, start.couponCode, '/couponCode');
    const bill = { usage: null, ...(await this.coupons.apply({ id, currency }, opening.lines)) };
    const { lines } = bill;
    const item: SubscriptionItem = {
      ...{
        id: newId(),
        subscriptionId: id,
        terms,
        quantity,
        since: now,
        until: null,
        credited: 0n,
        standsFor: null,
      },
      billed: Money.sum(lines.filter(({ kind }) => kind !== 'setup').map(amountOf), currency).amount,
      tax: period === null ? null : tax,
    };
    const total = this.invoices.totalOf(
      { currency, country: start.buyer.address.country },
      item,
      lines,
    ).gross;
    const owes = collection === 'automatic' && !total.isZero();
    if (owes && start.method === null) throw noMethod('/paymentMethodId', false);
    const nextPeriod = period === null ? 0 : period.index + 1;
    const isGoods = terms.kind === 'goods';
    const subscription: Subscription = {
      ...{
        id,
        customerId,
        kind: terms.kind,
        currency,
        scheduleNo: 0,
        schedule,
        nextPeriod,
        collection,
        methodId,
      },
      state: firstState({ inTrial: trialDays > 0, owes }),
      // Goods of today are due today.
      nextBillAt:
        isGoods && trialDays === 0 && start.anchorDate === null ? now : billAt(schedule, nextPeriod, id),
      trialEndsAt: trialDays > 0 ? startOfDay(schedule.anchorDate, schedule.zone) : null,
      buyer: await this.buyers.seal(customerId, id, start.buyer),
      country: start.buyer.address.country,
      reverseCharge: start.reverseCharge,
      ...{ cancelAtPeriodEnd: false, cancelReason: null, scheduledChange: null, parkedReason: null },
      expiresAt: owes ? new Date(now.getTime() + INCOMPLETE_HOURS * HOUR_MS) : null,
      ...{ pausedAt: null, endedAt: null, version: 1, createdAt: now },
    };
    await this.rows.insert(subscription);
    await this.rows.addItem(item);
    if (period !== null) await this.rows.claimPeriod(subscription, period, item.id, now);
    const { planId, id: planVersionId } = terms;
    const { state } = subscription;
    this.outbox.record(
      new SubscriptionCreated({ subscriptionId: id, planId, planVersionId, quantity, state }),
    );
    if (lines.length === 0) return { subscription, owed: null };
    const days = period ?? { index: 0, start: localDate(now, schedule.zone), end: schedule.anchorDate };
    const invoice = await this.invoices.issueCycle(subscription, item, bill, {
      period: days,
      collect: false,
    });
    const invoiceId = invoice?.invoiceId ?? null;
    if (period !== null) {
      if (invoiceId !== null) await this.rows.invoicedPeriod(subscription, period, invoiceId);
      this.outbox.record(
        new SubscriptionBilled({
          ...{ subscriptionId: id, scheduleNo: 0, periodIndex: period.index, invoiceId },
          ...{ periodStart: period.start, periodEnd: period.end, total: total.toJSON() },
        }),
      );
    }
    return { subscription, owed: owes && invoiceId !== null ? { invoiceId } : null };
  }
}

function openingOf(start: Start, now: Date): Opening {
  const { terms, tax, quantity, currency, zone, anchorDate, trialDays } = start;
  const price = priceIn(terms, currency, tax);
  if (price === null) throw new Error('the price was looked up before');
  const today = localDate(now, zone);
  const schedule: Schedule = {
    anchorDate: anchorDate ?? addDays(today, trialDays),
    ...{ zone, interval: terms.interval },
  };
  if (terms.kind === 'goods') return { schedule, period: null, lines: [] };
  const setup = price.setupFee.isZero() ? [] : [setupLine(terms, price.setupFee, quantity, tax)];
  if (trialDays > 0) return { schedule, period: null, lines: setup };
  if (schedule.anchorDate === today) {
    const period = periodOf(schedule, 0);
    return { schedule, period, lines: [...setup, cycleLine(terms, price.amount, quantity, tax, period)] };
  }
  // The days up to the anchor: a part of the period before it.
  const whole = periodOf(schedule, -1);
  const period = { index: -1, start: today, end: whole.end };
  const share = {
    part: BigInt(daysBetween(today, whole.end)),
    whole: BigInt(daysBetween(whole.start, whole.end)),
    unit: 'day' as const,
  };
  const line = debitLine({ title: terms.title, unitPrice: price.amount, quantity }, null, period, share);
  return { schedule, period, lines: [...setup, lineOfChange(line, terms.code, tax)] };
}
