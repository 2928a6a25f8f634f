import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { Problem } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { SubscriptionBilled, SubscriptionParked, SubscriptionPeriodDue } from '../billing.events.js';
import { priceIn, taxIn } from '../plan/plan.js';
import { PlanRepository } from '../plan/plan.repository.js';
import { billAt, periodAt, periodOf, startOfDay } from './periods.js';
import type { Subscription, SubscriptionItem } from './subscription.js';
import { SubscriptionVat } from './subscription-vat.service.js';
import { SubscriptionInvoices } from './subscription-invoices.service.js';
import { amountOf, cycleLine, type PendingLine } from './subscription-lines.js';
import { SubscriptionRepository } from './subscription.repository.js';
import { Subscriptions } from './subscriptions.service.js';

/** So many periods are caught up with by themselves; who is further behind waits for a person. */
export const MOST_BEHIND = 12;

/** What a period costs cannot be said: a person has to look. */
class Unbillable extends Error {}

/** Whether a period cannot be billed for this reason, however often it is tried; it is parked then. */
export const isUnbillable = (error: unknown): error is Error =>
  error instanceof Unbillable || (error instanceof Problem && error.status === 422);

/** What the next period is billed with. */
export interface NextPeriod {
  readonly subscription: Subscription;
  readonly item: Pick<SubscriptionItem, 'terms' | 'quantity'>;
}

/** Bills the periods of subscriptions when they begin, each in a transaction of its own. */
@Injectable()
export class Renewals {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly plans: PlanRepository,
    private readonly invoices: SubscriptionInvoices,
    private readonly subscriptions: Subscriptions,
    private readonly vat: SubscriptionVat,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** With no transaction open: bills all periods of a subscription that have begun, the oldest first; `allMissed`: however many. */
  async catchUp(id: string, allMissed = false): Promise<void> {
    // What a period that cannot be billed had written would be committed by the one around it.
    if (this.database.inTransaction) throw new Error('each period is billed in a transaction of its own');
    await this.vat.refresh(id);
    let more = true;
    while (more) more = await this.billOne(id, allMissed);
  }

  /**
   * What begins with the next period: a change that waits for it, or newer terms of the plan. `Unbillable` where those are of another
   * interval: the price of a year would be charged every month.
   */
  async entering(subscription: Subscription, present: SubscriptionItem): Promise<NextPeriod> {
    const { scheduledChange, schedule, scheduleNo, nextPeriod } = subscription;
    const { start } = periodOf(schedule, nextPeriod);
    const { unit, count } = schedule.interval;
    if (scheduledChange === null) {
      const terms = await this.plans.succeeding(present.terms, startOfDay(start, schedule.zone));
      if (terms.interval.unit !== unit || terms.interval.count !== count)
        throw new Unbillable(`version ${terms.number} of ${terms.code} is of another interval`);
      return { subscription, item: { terms, quantity: present.quantity } };
    }
    const terms = await this.plans.version(scheduledChange.planVersionId);
    if (terms === null) throw new Unbillable('the plan of the change that was waited for is not there');
    const item = { terms, quantity: scheduledChange.quantity };
    const { interval } = scheduledChange;
    if (interval.unit === unit && interval.count === count)
      return { subscription: { ...subscription, scheduledChange: null }, item };
    const anew = { schedule: { ...schedule, anchorDate: start, interval }, nextPeriod: 0 };
    return {
      subscription: { ...subscription, ...anew, scheduleNo: scheduleNo + 1, scheduledChange: null },
      item,
    };
  }

  /** What a whole period costs. `Unbillable` when the terms do not say it. */
  cycle({ subscription, item }: NextPeriod): PendingLine {
    const { schedule, nextPeriod, currency, country } = subscription;
    const { terms, quantity } = item;
    const tax = taxIn(terms, subscription);
    const price = priceIn(terms, currency, tax);
    if (price === null || tax === null)
      throw new Unbillable(
        `version ${terms.number} of ${terms.code} is not sold in ${currency} or ${country}`,
      );
    return cycleLine(terms, price.amount, quantity, tax, periodOf(schedule, nextPeriod));
  }

  /** Nothing more is billed of it until a person has looked. */
  async park(id: string, reason: string): Promise<void> {
    await this.database.transaction(async () => {
      const subscription = await this.rows.lock(id);
      if (subscription === null || subscription.parkedReason !== null) return;
      this.log.error(`subscription ${id} needs a person: ${reason}`);
      await this.rows.change(subscription, { parkedReason: reason });
      this.outbox.record(new SubscriptionParked({ subscriptionId: id, reason }));
    });
  }

  private async billOne(id: string, allMissed: boolean): Promise<boolean> {
    try {
      return await this.database.transaction(() => this.billDue(id, allMissed));
    } catch (error) {
      // Trying again would come to the same.
      if (!isUnbillable(error)) throw error;
      await this.park(id, error.message);
      return false;
    }
  }

  private async billDue(id: string, allMissed: boolean): Promise<boolean> {
    const now = this.clock.now();
    const due = await this.rows.lockDue(id, now);
    if (due === null) return false;
    if (due.cancelAtPeriodEnd) {
      const ended = await this.subscriptions.step(due, 'cancel');
      if (ended) await this.invoices.issueLast(ended, await this.rows.item(id));
      return false;
    }
    const behind = (periodAt(due.schedule, now)?.index ?? 0) - due.nextPeriod;
    if (behind >= MOST_BEHIND && !allMissed) throw new Unbillable(`${behind + 1} periods were not billed`);
    const ready = due.state === 'trialing' ? await this.subscriptions.step(due, 'trial_ended') : due;
    if (ready === null || ready.state === 'paused') return false;
    await this.bill(ready, now);
    return true;
  }

  /** Under the lock of the subscription. */
  private async bill(present: Subscription, now: Date): Promise<void> {
    const before = await this.rows.item(present.id);
    const entered = await this.entering(present, before);
    const period = periodOf(entered.subscription.schedule, entered.subscription.nextPeriod);
    const item = await this.switched(before, entered, startOfDay(period.start, present.schedule.zone));
    const isFirst = await this.rows.claimPeriod(entered.subscription, period, item.id, now);
    const nextPeriod = period.index + 1;
    const { schedule, scheduleNo, scheduledChange } = entered.subscription;
    const nextBillAt = billAt(schedule, nextPeriod, present.id);
    const next = await this.rows.change(present, {
      ...{ schedule, scheduleNo, scheduledChange, nextPeriod, nextBillAt },
    });
    // Whoever was first has billed it: there is nothing left but to go on.
    if (!isFirst) return;
    const { id: subscriptionId, customerId, kind, currency } = next;
    const { start: periodStart, end: periodEnd, index: periodIndex } = period;
    const fact = { subscriptionId, scheduleNo, periodIndex, periodStart, periodEnd };
    if (kind === 'goods') {
      const { planId, id: planVersionId } = item.terms;
      const { quantity } = item;
      this.outbox.record(new SubscriptionPeriodDue({ ...fact, customerId, planId, planVersionId, quantity }));
      return;
    }
    const bill = await this.invoices.cycle(next, [this.cycle(entered)]);
    // What is counted late is taxed as it was then, also where the id of then was taken away.
    const ofTerms = bill.lines.filter(({ tax }) => tax.included === undefined);
    if (await this.invoices.isNameless(next, ofTerms))
      throw new Unbillable(
        `version ${item.terms.number} of ${item.terms.code} needs the VAT id of its buyer`,
      );
    const [line] = bill.lines as [PendingLine];
    await this.rows.billItem(item.id, { billed: amountOf(line).amount, credited: 0n, tax: line.tax });
    const invoice = await this.invoices.issueCycle(next, item, bill, { period, collect: true });
    if (invoice) await this.rows.invoicedPeriod(next, period, invoice.invoiceId);
    failpoint('subscription.after_invoice');
    this.outbox.record(
      new SubscriptionBilled({
        ...fact,
        invoiceId: invoice?.invoiceId ?? null,
        total: (invoice?.total ?? Money.zero(currency)).toJSON(),
      }),
    );
  }

  /** What it is for from now on, as a row of its own where that is something else. */
  private async switched(
    before: SubscriptionItem,
    { item }: NextPeriod,
    at: Date,
  ): Promise<SubscriptionItem> {
    if (item.terms.id === before.terms.id && item.quantity === before.quantity) return before;
    await this.rows.endItem(before.id, at);
    const next = {
      ...before,
      ...item,
      id: newId(),
      since: at,
      until: null,
      billed: 0n,
      credited: 0n,
      tax: null,
      standsFor: null,
    };
    await this.rows.addItem(next);
    return next;
  }
}
