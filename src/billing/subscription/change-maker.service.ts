import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { PlannedChange } from './change-planner.service.js';
import { CycleCharges } from './cycle-charges.service.js';
import { PendingLineRepository } from './pending-line.repository.js';
import { billAt } from './periods.js';
import type { Subscription, SubscriptionItem } from './subscription.js';
import { SubscriptionInvoices } from './subscription-invoices.service.js';
import { amountOf } from './subscription-lines.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** Makes changes that were counted. */
@Injectable()
export class ChangeMaker {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly pending: PendingLineRepository,
    private readonly invoices: SubscriptionInvoices,
    private readonly charges: CycleCharges,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction, under the lock of the subscription. */
  async make(subscription: Subscription, plan: PlannedChange): Promise<void> {
    const { terms, to, lines } = plan;
    const { interval } = to.terms;
    if (terms.behaviour === 'at_period_end') {
      const scheduledChange = { planVersionId: to.terms.id, quantity: to.quantity, interval };
      await this.rows.change(subscription, { scheduledChange });
      return;
    }
    const item = await this.switched(subscription, plan);
    const { schedule, period, bills } = terms;
    const isAnew =
      period !== null && period.index === 0 && bills === 'now' && schedule !== subscription.schedule;
    if (!isAnew) {
      // In a trial the interval may be another one: its periods begin at the same anchor.
      const nextBillAt = period === null ? billAt(schedule, 0, subscription.id) : subscription.nextBillAt;
      const next = await this.rows.change(subscription, { schedule, nextBillAt, scheduledChange: null });
      if (bills === 'next_invoice') await this.pending.add(subscription.id, lines, this.clock.now());
      if (bills === 'now' && period !== null)
        await this.invoices.issue(next, item, lines, { period, collect: true });
      return;
    }
    const anew = { schedule, scheduleNo: subscription.scheduleNo + 1, nextPeriod: 1, scheduledChange: null };
    const nextBillAt = billAt(schedule, 1, subscription.id);
    const next = await this.rows.change(subscription, { ...anew, nextBillAt });
    await this.rows.claimPeriod(next, period, item.id, this.clock.now());
    const invoice = await this.invoices.issue(next, item, lines, { period, collect: true });
    if (plan.begun) await this.charges.billed(next, period, plan.begun, invoice?.invoiceId ?? null);
    if (invoice) await this.rows.invoicedPeriod(next, period, invoice.invoiceId);
  }

  /** The row of what it is for from now on, with what the running period was billed for it. */
  private async switched(
    { id: subscriptionId, currency }: Subscription,
    { from, to, terms, lines }: PlannedChange,
  ): Promise<SubscriptionItem> {
    const sum = (kind: 'credit' | 'debit') =>
      Money.sum(lines.filter((line) => line.kind === kind).map(amountOf), currency).amount;
    const credited = from.credited - sum('credit');
    // What nothing was counted for stays paid, by what comes instead.
    const isUncounted = terms.bills === 'nothing';
    const billed = isUncounted ? from.billed - from.credited : sum('debit');
    const tax = isUncounted ? from.tax : to.tax;
    const standsFor = isUncounted ? (from.standsFor ?? { code: from.terms.code, since: from.since }) : null;
    await this.rows.billItem(from.id, { billed: from.billed, credited, tax: from.tax });
    await this.rows.endItem(from.id, terms.effectiveAt);
    const item = {
      ...{ id: newId(), subscriptionId, terms: to.terms, quantity: to.quantity, since: terms.effectiveAt },
      ...{ until: null, billed, credited: 0n, tax, standsFor },
    };
    await this.rows.addItem(item);
    return item;
  }
}
