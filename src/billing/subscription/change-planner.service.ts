import { Injectable } from '@nestjs/common';
import { Money } from '../../platform/money/money.js';
import { isBookable, type PlanTax, type PlanTerms, priceIn, taxIn } from '../plan/plan.js';
import { PlanRepository } from '../plan/plan.repository.js';
import { Coupons } from '../coupon/coupons.service.js';
import { CreditNotes } from '../credit-note/credit-notes.service.js';
import { type CyclePrice, netOf } from './change-line.js';
import type { Coupon } from './coupon.js';
import { CHANGED_STATES } from './lifecycle.js';
import { type CycleBill, CycleCharges } from './cycle-charges.service.js';
import { type ChangeTerms, changeTerms, isDearer } from './change-terms.js';
import { GivenBackRepository } from './given-back.repository.js';
import { periodAt } from './periods.js';
import { dayIn } from './proration.js';
import type { ChangeWish, Subscription, SubscriptionItem } from './subscription.js';
import { SubscriptionInvoices } from './subscription-invoices.service.js';
import { lineOfChange, type PendingLine } from './subscription-lines.js';
import { notFrom, subscriptionProblems } from './subscription.errors.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** A change with all that it comes to. */
export interface PlannedChange {
  readonly from: SubscriptionItem;
  readonly to: { readonly terms: PlanTerms; readonly quantity: number; readonly tax: PlanTax };
  readonly terms: ChangeTerms;
  /** It costs more from now on, and nothing is billed for that in the running period. */
  readonly isPresent: boolean;
  readonly lines: readonly PendingLine[];
  /** Where it begins a cycle: what comes with that, whose lines are among them. */
  readonly begun: CycleBill | null;
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
    private readonly charges: CycleCharges,
    private readonly coupons: Coupons,
    private readonly given: GivenBackRepository,
    private readonly creditNotes: CreditNotes,
  ) {}

  async plan(subscription: Subscription, asked: ChangeWish, at: Date): Promise<PlannedChange> {
    const from = await this.rows.item(subscription.id);
    const to = await this.target(subscription, from, asked, at);
    if (await this.invoices.isNameless(subscription, [to]))
      throw fault(
        '/planId',
        'must be sold without a VAT id, or one has to be sent to the subscription first',
      );
    const wish = possible(subscription, asked);
    const coupon = await this.coupons.running(subscription);
    const next = await this.coupons.next(subscription, to.terms.code);
    const coupons = { coupon, nextCoupon: next?.terms ?? null };
    const given = await this.givenBack(subscription, from, at);
    const terms = this.termsOf(
      subscription,
      { ...from, credited: from.credited + given },
      to,
      wish,
      at,
      coupons,
    );
    const changed = terms.lines.map((line) => {
      // What gives back has the code of what was billed, and its tax.
      if (line.kind === 'credit')
        return lineOfChange(line, from.standsFor?.code ?? from.terms.code, from.tax ?? to.tax);
      return lineOfChange(line, to.terms.code, to.tax);
    });
    // A credit is taxed as what it gives back: of what was charged to a business by its VAT id that has to be known still.
    if (await this.invoices.isNameless(subscription, changed))
      throw fault('/behaviour', 'must be at_period_end: what would be given back was invoiced to a VAT id');
    const begins = terms.bills === 'now' && terms.schedule !== subscription.schedule ? terms.period : null;
    const { discount } = netOf(priceOf(subscription, to), coupons.nextCoupon);
    const begun = begins && (await this.charges.begun(subscription, begins, next, discount));
    const lines = [...changed, ...(begun?.lines ?? [])];
    const totals = this.invoices.totalOf(subscription, to, lines);
    let dueNow = Money.zero(subscription.currency);
    if (terms.bills === 'now') {
      const { now } = await this.invoices.gather(subscription, to, lines);
      if (now.length > 0) dueNow = this.invoices.totalOf(subscription, to, now).gross;
    }
    const isPresent =
      terms.behaviour === 'none' &&
      terms.bills === 'nothing' &&
      terms.period !== null &&
      isDearer({ from: priceOf(subscription, from), to: priceOf(subscription, to), coupon });
    return { from, to, terms, isPresent, lines, begun, totals, dueNow };
  }

  /** What was credited of the running cycle by other documents, or will be, is not given back once more. */
  private async givenBack(
    { id, schedule }: Subscription,
    { terms, since, standsFor }: SubscriptionItem,
    at: Date,
  ): Promise<bigint> {
    const running = periodAt(schedule, at);
    if (running === null) return 0n;
    const billed = standsFor ?? { code: terms.code, since };
    const start = dayIn(running, billed.since, schedule.zone);
    const lines = { code: billed.code, pricesIncludeTax: terms.pricesIncludeTax };
    const { given, billed: charged } = await this.given.of(id, lines, { start, end: running.end });
    let all = given;
    for (const invoiceId of new Set(charged.map((line) => line.invoiceId)))
      for (const line of await this.creditNotes.toCome(invoiceId))
        if (charged.some((one) => one.invoiceId === invoiceId && one.lineId === line.id))
          all += BigInt((terms.pricesIncludeTax ? line.total : line.net).amount);
    return all;
  }

  private termsOf(
    subscription: Subscription,
    from: SubscriptionItem,
    to: PlannedChange['to'],
    { behaviour }: ChangeWish,
    at: Date,
    coupons: { coupon: Coupon | null; nextCoupon: Coupon | null },
  ): ChangeTerms {
    const { schedule, currency, state, trialEndsAt, nextPeriod } = subscription;
    if (!CHANGED_STATES.includes(state)) throw notFrom(state, CHANGED_STATES);
    const running = periodAt(schedule, at);
    if (running !== null && running.index >= nextPeriod)
      throw subscriptionProblems.subscription_renewing(undefined, { retryAfter: 60 });
    // Before an anchor that lies ahead a part of a period is paid for, which no later one knows of.
    if (running === null && trialEndsAt === null && behaviour !== 'at_period_end')
      throw fault('/behaviour', 'must be at_period_end before the first whole period');
    return changeTerms({
      ...{ schedule, at, ...coupons, behaviour, granularity: 'day' },
      from: {
        ...priceOf(subscription, { ...from, tax: from.tax ?? to.tax }),
        title: `Unused: ${from.terms.title}`,
      },
      to: { ...priceOf(subscription, to), interval: to.terms.interval },
      billed: { amount: Money.of(from.billed, currency), credited: Money.of(from.credited, currency) },
      standsSince: from.standsFor?.since ?? null,
    });
  }

  private async target(
    subscription: Subscription,
    from: SubscriptionItem,
    { planId, quantity }: ChangeWish,
    at: Date,
  ): Promise<PlannedChange['to']> {
    const { state, currency, kind, cancelAtPeriodEnd, parkedReason } = subscription;
    if (cancelAtPeriodEnd)
      throw notFrom(state, CHANGED_STATES, 'It ends with its period: take the cancellation back first.');
    if (parkedReason !== null)
      throw notFrom(state, CHANGED_STATES, 'It waits for a person of the shop, who has to release it first.');
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
    const tax = taxIn(terms, subscription);
    const price = priceIn(terms, currency);
    if (price === null || tax === null)
      throw fault('/planId', 'must be sold in the currency and country of the subscription');
    // Also when its VAT id does not count any more.
    if (!isBookable(price, units, taxIn(terms, { ...subscription, reverseCharge: false }) ?? tax))
      throw fault('/quantity', 'must be less: it comes to more than an invoice can');
    return { terms, quantity: units, tax };
  }
}

/** What of goods was sent is paid with its order, and another quantity is sent with the next: no part of a period is billed. */
function possible({ kind }: Subscription, wish: ChangeWish): ChangeWish {
  if (kind !== 'goods') return wish;
  if (wish.behaviour !== null && wish.behaviour !== 'at_period_end')
    throw fault('/behaviour', 'must be at_period_end for goods');
  return { ...wish, behaviour: 'at_period_end' };
}

const priceOf = (
  { currency }: Pick<Subscription, 'currency'>,
  { terms, quantity, tax }: Pick<SubscriptionItem, 'terms' | 'quantity' | 'tax'>,
): CyclePrice => ({
  title: terms.title,
  unitPrice: priceIn(terms, currency, tax)?.amount ?? Money.zero(currency),
  quantity,
});

/** What cannot be, and where the wish says it. */
export const fault = (pointer: string, message: string) =>
  subscriptionProblems.change_not_possible(undefined, {
    errors: [{ pointer, code: 'not_possible', message }],
  });
