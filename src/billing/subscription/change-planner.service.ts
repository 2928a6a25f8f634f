import { Injectable } from '@nestjs/common';
import { Money } from '../../platform/money/money.js';
import { type PlanTax, type PlanTerms, priceIn, taxIn } from '../plan/plan.js';
import { PlanRepository } from '../plan/plan.repository.js';
import { type ChangeTerms, changeTerms } from './change-terms.js';
import { periodAt } from './periods.js';
import type { ChangeWish, Subscription, SubscriptionItem } from './subscription.js';
import { SubscriptionInvoices } from './subscription-invoices.service.js';
import { lineOfChange, type PendingLine } from './subscription-lines.js';
import { subscriptionProblems } from './subscription.errors.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** A change with all that it comes to. */
export interface PlannedChange {
  readonly from: SubscriptionItem;
  readonly to: { readonly terms: PlanTerms; readonly quantity: number; readonly tax: PlanTax };
  readonly terms: ChangeTerms;
  readonly lines: readonly PendingLine[];
  readonly totals: { readonly net: Money; readonly tax: Money; readonly gross: Money };
  readonly dueNow: Money;
}

/** Counts what a change of plan or quantity comes to at a moment: the same for its preview and for itself. */
@Injectable()
export class ChangePlanner {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly plans: PlanRepository,
    private readonly invoices: SubscriptionInvoices,
  ) {}

  async plan(subscription: Subscription, wish: ChangeWish, at: Date): Promise<PlannedChange> {
    const from = await this.rows.item(subscription.id);
    const to = await this.target(subscription, from, wish, at);
    const terms = this.termsOf(subscription, from, to, wish, at);
    const lines = terms.lines.map((line) => {
      const isCredit = line.kind === 'credit';
      const sold = isCredit ? from.terms : to.terms;
      return lineOfChange(line, sold.code, isCredit ? (from.tax ?? to.tax) : to.tax);
    });
    const totals = this.invoices.totalOf(subscription, to, lines);
    let dueNow = Money.zero(subscription.currency);
    if (terms.bills === 'now') {
      const { now } = await this.invoices.gather(subscription, lines);
      if (now.length > 0) dueNow = this.invoices.totalOf(subscription, to, now).gross;
    }
    return { from, to, terms, lines, totals, dueNow };
  }

  private termsOf(
    { schedule, currency, state, trialEndsAt, nextPeriod }: Subscription,
    from: SubscriptionItem,
    to: PlannedChange['to'],
    { behaviour }: ChangeWish,
    at: Date,
  ): ChangeTerms {
    if (state !== 'active' && state !== 'trialing') throw subscriptionProblems.subscription_state();
    const running = periodAt(schedule, at);
    if (running !== null && running.index >= nextPeriod)
      throw subscriptionProblems.subscription_renewing(undefined, { retryAfter: 60 });
    // Before an anchor that lies ahead a part of a period is paid for, which no later one knows of.
    if (running === null && trialEndsAt === null && behaviour !== 'at_period_end')
      throw fault('/behaviour', 'must be at_period_end before the first whole period');
    const price = (terms: PlanTerms) => priceIn(terms, currency)?.amount ?? Money.zero(currency);
    return changeTerms({
      ...{ schedule, at, coupon: null, nextCoupon: null, behaviour, granularity: 'day' },
      from: { title: `Unused: ${from.terms.title}`, unitPrice: price(from.terms), quantity: from.quantity },
      to: {
        ...{ title: to.terms.title, unitPrice: price(to.terms), quantity: to.quantity },
        interval: to.terms.interval,
      },
      billed: { amount: Money.of(from.billed, currency), credited: Money.of(from.credited, currency) },
    });
  }

  private async target(
    { currency, country, kind, cancelAtPeriodEnd, parkedReason }: Subscription,
    from: SubscriptionItem,
    { planId, quantity }: ChangeWish,
    at: Date,
  ): Promise<PlannedChange['to']> {
    if (cancelAtPeriodEnd || parkedReason !== null) throw subscriptionProblems.subscription_state();
    const isOther = planId !== null && planId !== from.terms.planId;
    const terms = isOther ? await this.plans.sold(planId, at) : from.terms;
    const units = quantity ?? from.quantity;
    if (terms === null || (isOther && terms.state !== 'active'))
      throw fault('/planId', 'must be a plan that is sold');
    if (!isOther && units === from.quantity)
      throw fault('/quantity', 'must be another one, or the plan must');
    if (terms.kind !== kind) throw fault('/planId', `must be a plan of ${kind}`);
    if (terms.pricesIncludeTax !== from.terms.pricesIncludeTax)
      throw fault('/planId', 'must have its taxes counted in the same way');
    const tax = taxIn(terms, country);
    if (priceIn(terms, currency) === null || tax === null)
      throw fault('/planId', 'must be sold in the currency and country of the subscription');
    return { terms, quantity: units, tax };
  }
}

const fault = (pointer: string, message: string) =>
  subscriptionProblems.change_not_possible(undefined, {
    errors: [{ pointer, code: 'not_possible', message }],
  });
