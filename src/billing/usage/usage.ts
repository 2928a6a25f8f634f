import { MAX_BOOKED, Money, type MoneyJson } from '../../platform/money/money.js';
import type { Aggregation, MeteredComponent, PlanTax, PlanTerms } from '../plan/plan.js';
import {
  formatQuantity,
  parseQuantity,
  type UsageCharge,
  usageCharges,
} from '../subscription/usage-pricing.js';

/** What was used, once, as its sender names it. */
export interface UsageEvent {
  readonly id: string;
  readonly subscriptionId: string;
  readonly eventId: string;
  readonly component: string;
  /** In millionths of a unit. */
  readonly quantity: bigint;
  readonly usedAt: Date;
  readonly receivedAt: Date;
  /** It came late: up to then usage was charged already. Null: in time. */
  readonly settledUntil: Date | null;
}

/** A stretch of time of which usage is charged, half-open. */
export interface UsageWindow {
  readonly from: Date;
  readonly until: Date;
}

/** All events of a component in a window. */
export interface UsageTotal extends UsageWindow {
  readonly component: string;
  readonly events: number;
  readonly sum: bigint;
  readonly max: bigint;
  readonly last: bigint;
}

/** A component, the terms that it is charged by, and how it is taxed. */
export interface PricedComponent {
  readonly terms: Pick<PlanTerms, 'id' | 'number'>;
  readonly component: MeteredComponent;
  readonly tax: PlanTax;
}

/** What a component is charged for a window, in full and to the cent. */
export interface ComponentCharge extends UsageWindow {
  readonly component: string;
  readonly title: string;
  readonly aggregation: Aggregation;
  readonly events: number;
  /** In millionths. */
  readonly quantity: bigint;
  readonly included: bigint;
  /** What the window costs in all, and what of it was not charged before; below zero it is given back. */
  readonly whole: Money;
  readonly amount: Money;
  /** What a coupon takes off its line. */
  readonly off: Money;
  /** Something was charged for the window before: it is reduced as that was, and by no coupon of later. */
  readonly again: boolean;
  readonly planVersionId: string;
  readonly tax: PlanTax;
  /** It was used in a window that is settled already. */
  readonly late: boolean;
  readonly explain: string;
}

/** As it is kept; what a coupon took off it is said by its invoice. */
export type SettledCharge = Omit<ComponentCharge, 'off' | 'again'>;

/** What came of a window before. */
export interface ChargedBefore {
  readonly amount: Money;
  readonly off: Money;
  /** The first charge that was not nothing, which says what part of the window a coupon takes; null: all were nothing. */
  readonly first: { readonly amount: Money; readonly off: Money } | null;
  /** As it was taxed: so a difference is, too. */
  readonly tax: PlanTax;
}

/** Beyond this an invoice could not be written: somebody has reported nonsense. */
export const MOST_CHARGED = BigInt(MAX_BOOKED);

const NAMES: Record<Aggregation, string> = { sum: 'the sum', max: 'the highest', last: 'the last' };

/**
 * What a window costs, less what was charged for it before: so what comes late costs what it would have cost in time, and of what a
 * coupon was taken off no more is given back than was paid. `late`: the window was settled before; `free`: it lies in a trial.
 */
export function chargeOf(
  total: UsageTotal,
  { terms, component, tax }: PricedComponent,
  currency: string,
  { before, late, free }: { before: ChargedBefore | null; late: boolean; free: boolean },
): ComponentCharge {
  const { from, until, events } = total;
  const quantity = total[component.aggregation];
  const price = usagePriceOf(component, currency);
  const parts = free ? [] : usageCharges(price, quantity);
  const whole = Money.sum(
    parts.map((part) => part.amount),
    currency,
  );
  const amount = before === null ? whole : whole.minus(before.amount);
  const first = before?.first ?? null;
  const off =
    before === null || first === null
      ? Money.zero(currency)
      : first.off.timesRatio(whole.amount, first.amount.amount).minus(before.off);
  const said = free ? 'free in the trial' : spelled(parts, component, currency);
  const difference = before === null ? '' : `; ${before.amount} of it was charged before`;
  const reduced = off.isZero() ? '' : `; of the difference ${off} is the coupon's, as it was then`;
  return {
    ...{ from, until, events, quantity, whole, amount, off, included: price.included },
    ...{ component: component.code, title: component.title, aggregation: component.aggregation },
    planVersionId: terms.id,
    tax: before?.tax ?? tax,
    ...{ late, again: first !== null },
    explain:
      `${formatQuantity(quantity)} (${NAMES[component.aggregation]} of ${events}), ` +
      `${formatQuantity(price.included)} included (version ${terms.number}): ${said}${difference}${reduced}`,
  };
}

/** The tiers of one currency, as they are charged. */
export function usagePriceOf({ mode, included, tiers }: MeteredComponent, currency: string) {
  const own = tiers.filter(({ price }) => price.currency === currency);
  return {
    mode,
    included: parsed(included),
    tiers: own.map(({ upTo, price, per, flat }) => ({
      upTo: upTo === null ? null : parsed(upTo),
      price: Money.fromJSON(price),
      per: parsed(per),
      flat: Money.fromJSON(flat),
    })),
  };
}

function spelled(parts: readonly UsageCharge[], { tiers }: MeteredComponent, currency: string): string {
  if (parts.length === 0) return 'nothing to pay';
  const own = tiers.filter(({ price }) => price.currency === currency);
  return parts
    .map(({ tier, quantity, amount }) => {
      const { price, per, flat } = own[tier] as (typeof own)[number];
      const each = per === '1' ? '' : ` per ${per}`;
      const once = flat.amount === 0 ? '' : ` + ${text(flat)}`;
      return `${formatQuantity(quantity)} × ${text(price)}${each}${once} = ${amount}`;
    })
    .join(', ');
}

const text = (money: MoneyJson): string => Money.fromJSON(money).toString();

function parsed(decimal: string): bigint {
  const quantity = parseQuantity(decimal);
  if (quantity === null) throw new Error(`${decimal} is not a quantity`);
  return quantity;
}
