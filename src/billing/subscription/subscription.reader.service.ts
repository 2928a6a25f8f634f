import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { priceIn } from '../plan/plan.js';
import { addDays, localDate, periodOf } from './periods.js';
import { Entitlements, type Shown } from '../dunning/entitlements.service.js';
import { isUnbillable, Renewals } from './renewals.service.js';
import type { Subscription, SubscriptionItem } from './subscription.js';
import {
  type NextInvoiceDto,
  type PreviewLineDto,
  type PreviewTotalsDto,
} from './subscription-change.dto.js';
import { SubscriptionInvoices } from './subscription-invoices.service.js';
import { amountOf, type PendingLine } from './subscription-lines.js';
import type {
  SubscribedPlanDto,
  SubscriptionDetailDto,
  SubscriptionDto,
  SubscriptionQuery,
} from './subscription.dto.js';
import { SubscriptionRepository } from './subscription.repository.js';

const PERIODS = 24;

/** Subscriptions as they are shown. */
@Injectable()
export class SubscriptionReader {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly renewals: Renewals,
    private readonly invoices: SubscriptionInvoices,
    private readonly cursors: Cursors,
    private readonly entitlements: Entitlements,
  ) {}

  /** A page, the newest first. */
  async list({ limit, cursor, ...wanted }: SubscriptionQuery): Promise<Page<SubscriptionDto>> {
    const { state = null, customerId = null, planId = null, parked = null } = wanted;
    const filter = { state, customerId, planId, parked };
    const list = `subscriptions ${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list(filter, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    const items = await this.rows.presentItems(page.items.map(({ id }) => id));
    const itemOf = new Map(items.map((item) => [item.subscriptionId, item]));
    const entitled = await this.entitlements.of(page.items);
    return {
      ...page,
      items: page.items.flatMap((one, index) => {
        const item = itemOf.get(one.id);
        const to = entitled[index];
        return item && to ? [shown(one, item, to)] : [];
      }),
    };
  }

  /** `customerId`: 404 for one of somebody else. */
  async get(id: string, customerId: string | null = null): Promise<SubscriptionDetailDto> {
    const subscription = await this.found(id, customerId);
    const [item, items, periods, payment] = await Promise.all([
      this.rows.item(id),
      this.rows.items(id),
      this.rows.periods(id, PERIODS),
      this.rows.openPayment(id),
    ]);
    const [entitled = NOTHING] = await this.entitlements.of([subscription]);
    return {
      ...shown(subscription, item, entitled),
      trialUsed: subscription.trialEndsAt === null && (items[0]?.terms.trialDays ?? 0) > 0,
      payment: payment && {
        ...{ id: payment.id, invoiceId: payment.invoiceId, status: payment.status },
        declineCode: payment.declineCode,
        nextAction: payment.nextActionUrl === null ? null : { type: 'redirect', url: payment.nextActionUrl },
      },
      items: items.map(({ terms, quantity, since, until }) => ({
        ...{ plan: planOf(terms), quantity, since: since.toISOString() },
        until: until?.toISOString() ?? null,
      })),
      periods: periods.map(({ scheduleNo, period, invoiceId, billedAt }) => ({
        ...{ schedule: scheduleNo, index: period.index, days: daysOf(period), invoiceId },
        billedAt: billedAt.toISOString(),
      })),
    };
  }

  /** What the next invoice would say, if nothing is changed before. One that cannot be billed will have none: it will be parked. */
  async nextInvoice(id: string, customerId: string | null = null): Promise<NextInvoiceDto> {
    const subscription = await this.found(id, customerId);
    const { nextBillAt, cancelAtPeriodEnd, parkedReason, kind, currency } = subscription;
    const isBilled = !cancelAtPeriodEnd && parkedReason === null && kind === 'service';
    const none = { at: null, days: null, lines: [], totals: totalsOf(nothing(currency)) };
    if (nextBillAt === null || !isBilled) return none;
    try {
      return { at: nextBillAt.toISOString(), ...(await this.upcoming(subscription)) };
    } catch (error) {
      if (isUnbillable(error)) return none;
      throw error;
    }
  }

  private async upcoming(subscription: Subscription): Promise<Omit<NextInvoiceDto, 'at'>> {
    const entered = await this.renewals.entering(subscription, await this.rows.item(subscription.id));
    const { lines } = await this.invoices.cycle(entered.subscription, [this.renewals.cycle(entered)]);
    const { now } = await this.invoices.gather(subscription, entered.item, lines);
    const { schedule, nextPeriod } = entered.subscription;
    return {
      days: daysOf(periodOf(schedule, nextPeriod)),
      lines: now.map(lineShown),
      totals: totalsOf(this.invoices.totalOf(subscription, entered.item, now)),
    };
  }

  private async found(id: string, customerId: string | null): Promise<Subscription> {
    const subscription = await this.rows.find(id);
    if (subscription === null || (customerId !== null && subscription.customerId !== customerId))
      throw platformProblems.not_found();
    return subscription;
  }
}

type Sums = Record<'net' | 'tax' | 'gross', Money>;

const nothing = (currency: string): Sums => {
  const none = Money.zero(currency);
  return { net: none, tax: none, gross: none };
};

export const totalsOf = ({ net, tax, gross }: Sums): PreviewTotalsDto => ({
  net: net.toJSON(),
  tax: tax.toJSON(),
  gross: gross.toJSON(),
});

export const lineShown = (line: PendingLine): PreviewLineDto => ({
  kind: line.kind,
  title: line.title,
  days: line.period && daysOf(line.period),
  amount: amountOf(line).toJSON(),
  explain: line.explain,
});

const daysOf = ({ start, end }: { start: string; end: string }) => ({ start, end: addDays(end, -1) });

const planOf = ({ planId, code, title, id, number }: SubscriptionItem['terms']): SubscribedPlanDto => ({
  ...{ id: planId, code, title, versionId: id, number },
});

const NOTHING: Shown = { entitlement: 'none', overdueSince: null };

function shown(
  subscription: Subscription,
  { terms, quantity }: SubscriptionItem,
  { entitlement, overdueSince }: Shown,
): SubscriptionDto {
  const { schedule, currency, scheduledChange, methodId, createdAt } = subscription;
  const { id, customerId, state, kind, collection, cancelAtPeriodEnd, cancelReason, parkedReason, version } =
    subscription;
  const at = (moment: Date | null): string | null => moment?.toISOString() ?? null;
  const current = lastBilled(subscription);
  return {
    ...{ id, customerId, state, entitlement, overdueSince, kind, plan: planOf(terms), quantity },
    unitPrice: priceIn(terms, currency)?.amount.toJSON() ?? null,
    interval: { ...schedule.interval },
    ...{ anchorDate: schedule.anchorDate, timeZone: schedule.zone },
    currentPeriod: current && daysOf(current),
    ...{ nextBillAt: at(subscription.nextBillAt), trialEndsAt: at(subscription.trialEndsAt) },
    ...{
      collection,
      reverseCharge: subscription.reverseCharge,
      paymentMethodId: methodId,
      cancelAtPeriodEnd,
      cancelReason,
    },
    scheduledChange: scheduledChange && { ...scheduledChange, interval: { ...scheduledChange.interval } },
    ...{ expiresAt: at(subscription.expiresAt), pausedAt: at(subscription.pausedAt) },
    ...{ endedAt: at(subscription.endedAt), parkedReason, version, createdAt: createdAt.toISOString() },
  };
}

/** The period before the next one; the days before a first anchor that lay ahead; null in a trial. */
function lastBilled(subscription: Subscription): { start: string; end: string } | null {
  const { schedule, scheduleNo, nextPeriod, trialEndsAt, kind, createdAt } = subscription;
  if (nextPeriod > 0) return periodOf(schedule, nextPeriod - 1);
  if (scheduleNo > 0 || trialEndsAt !== null || kind === 'goods') return null;
  return { start: localDate(createdAt, schedule.zone), end: schedule.anchorDate };
}
