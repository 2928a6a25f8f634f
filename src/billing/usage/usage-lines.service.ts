import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Money } from '../../platform/money/money.js';
import { taxIn, type PlanTax, withoutIncluded } from '../plan/plan.js';
import { addDays, localDate, startOfDay } from '../subscription/periods.js';
import type { Subscription, SubscriptionItem } from '../subscription/subscription.js';
import type { PendingLine } from '../subscription/subscription-lines.js';
import { SubscriptionRepository } from '../subscription/subscription.repository.js';
import { keyOf, UsageChargeRepository } from './usage-charge.repository.js';
import { usageProblems } from './usage.errors.js';
import {
  chargeOf,
  type ComponentCharge,
  MOST_CHARGED,
  type PricedComponent,
  type UsageTotal,
  type UsageWindow,
} from './usage.js';

/** What a stretch of time is charged. */
export interface UsageBill {
  readonly window: UsageWindow;
  /** What was used in a trial that ended before the window: it is settled with it, and free. */
  readonly trial: UsageWindow | null;
  readonly charges: readonly ComponentCharge[];
  /** Of what is charged for the first time: a coupon may be taken off them. */
  readonly lines: readonly PendingLine[];
  /** Of what is more or less than was charged before: less what its coupon took then. */
  readonly differences: readonly PendingLine[];
}

/** The usage of subscriptions as lines of their invoices. */
@Injectable()
export class UsageLines {
  constructor(
    private readonly usage: UsageChargeRepository,
    private readonly rows: SubscriptionRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * What was used since the last time up to this moment, and what has come late for the time before that; null when there is no
   * such time. Reads only. 422 when it comes to more than an invoice can hold.
   */
  async for(subscription: Subscription, until: Date): Promise<UsageBill | null> {
    const settledUntil = await this.usage.settledUntil(subscription.id);
    if (until <= settledUntil) return null;
    const { trialEndsAt } = subscription;
    // Whoever ends with the trial, or comes back long after it, pays for nothing that was used in it.
    const trial =
      trialEndsAt !== null && settledUntil < trialEndsAt && trialEndsAt < until
        ? { from: settledUntil, until: trialEndsAt }
        : null;
    const from = trial?.until ?? settledUntil;
    const window = { from, until };
    const items = await this.rows.items(subscription.id);
    const known = new Set(items.flatMap(({ terms }) => terms.components.map(({ code }) => code)));
    if (known.size === 0) return { window, trial, charges: [], lines: [], differences: [] };
    const totals = await this.usage.totals(subscription.id, window, [...known]);
    const charges = await this.chargesOf(subscription, items, totals, from);
    const lines = charges.filter(isFirst).map((charge) => lineOf(charge, subscription));
    const differences = charges.filter(isDifference).map((charge) => lineOf(charge, subscription));
    return { window, trial, charges, lines, differences };
  }

  /** In the transaction of the invoice, under the lock of the subscription: that stretch of time is charged. */
  async settle(
    { id }: Subscription,
    { window, trial, charges }: UsageBill,
    invoiceId: string | null,
  ): Promise<void> {
    if (trial !== null) await this.usage.settle(id, trial, [], null, this.clock.now());
    await this.usage.settle(id, window, charges, invoiceId, this.clock.now());
  }

  private async chargesOf(
    subscription: Subscription,
    items: readonly SubscriptionItem[],
    totals: readonly UsageTotal[],
    settledUntil: Date,
  ): Promise<ComponentCharge[]> {
    const { id, currency, trialEndsAt } = subscription;
    const late = totals.filter(({ until }) => until <= settledUntil).map(({ until }) => until);
    const before = late.length === 0 ? null : await this.usage.charged(id, late, currency);
    return totals.map((total) => {
      const charge = chargeOf(total, pricedBy(items, total, subscription), currency, {
        before: before?.get(keyOf(total)) ?? null,
        late: total.until <= settledUntil,
        free: trialEndsAt !== null && total.until <= trialEndsAt,
      });
      if (charge.whole.amount > MOST_CHARGED) throw usageProblems.usage_not_billable();
      return charge;
    });
  }
}

/** As its line has it, where a tax that is inside the price is not charged, too. */
const billed = ({ amount, off, tax }: ComponentCharge): Money => withoutIncluded(amount, tax).minus(off);

// What costs nothing is no line.
const isFirst = (charge: ComponentCharge): boolean => !charge.again && !billed(charge).isZero();
const isDifference = (charge: ComponentCharge): boolean => charge.again && !billed(charge).isZero();

/** The same, where a coupon has taken something off its lines. */
export function reducedUsage(bill: UsageBill, lines: readonly PendingLine[]): UsageBill {
  const left = lines.map(({ discount }) => Money.fromJSON(discount));
  const charges = bill.charges.map((charge) =>
    isFirst(charge) ? { ...charge, off: left.shift() ?? charge.off } : charge,
  );
  return { ...bill, charges, lines };
}

/** A component is charged by the last terms up to the end of the window that have it. */
function pricedBy(
  items: readonly SubscriptionItem[],
  { component: code, until }: UsageTotal,
  buyer: Pick<Subscription, 'country' | 'reverseCharge'>,
): PricedComponent {
  const having = items.filter(({ terms }) => terms.components.some((one) => one.code === code));
  const item = having.findLast(({ since }) => since < until) ?? having[0];
  const component = item?.terms.components.find((one) => one.code === code);
  if (item === undefined || component === undefined) throw new Error(`nothing says what ${code} costs`);
  return { terms: item.terms, component, tax: taxOf(items, item, buyer) };
}

function taxOf(
  items: readonly SubscriptionItem[],
  { terms }: SubscriptionItem,
  buyer: Pick<Subscription, 'country' | 'reverseCharge'>,
): PlanTax {
  const tax = taxIn(terms, buyer) ?? items.map((item) => taxIn(item.terms, buyer)).findLast(Boolean);
  if (!tax) throw usageProblems.usage_not_billable('No terms say how usage is taxed in this country.');
  return tax;
}

function lineOf(charge: ComponentCharge, { schedule: { zone } }: Subscription): PendingLine {
  const { component, title, from, until, tax, late, explain } = charge;
  const amount = billed(charge);
  const [start, last] = [localDate(from, zone), localDate(until, zone)];
  // A window that ends within a day has that day inside.
  const end = startOfDay(last, zone).getTime() === until.getTime() ? last : addDays(last, 1);
  return {
    kind: 'usage',
    title: late ? `${title} (late)` : title,
    sku: component,
    quantity: amount.isNegative() ? -1 : 1,
    unitPrice: (amount.isNegative() ? amount.negated() : amount).toJSON(),
    discount: { amount: 0, currency: amount.currency },
    period: { start, end },
    tax,
    explain: tax.included ? `${explain}; ${amount} of it without the tax inside` : explain,
  };
}
