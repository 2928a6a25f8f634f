import { MAX_BOOKED, Money, type MoneyJson } from '../../platform/money/money.js';
import { REVERSE_CHARGE_NOTE } from '../../platform/vat/reverse-charge.js';
import type { InvoiceTaxCategory } from '../invoice/invoice-content.js';
import type { Interval } from '../subscription/periods.js';

/** `service`: each period is invoiced. `goods`: each period is told, and whoever keeps orders makes an order of it. */
export const PLAN_KINDS = ['service', 'goods'] as const;
export type PlanKind = (typeof PLAN_KINDS)[number];

export const PLAN_STATES = ['active', 'archived'] as const;
export type PlanState = (typeof PLAN_STATES)[number];

/** `all`: those who have subscribed before pay it too, from the first period that begins after it holds. */
export const APPLIES_TO = ['new', 'all'] as const;
export type AppliesTo = (typeof APPLIES_TO)[number];

/** What one unit of a plan costs each period, in one currency; `setupFee` once, at the beginning. */
export interface PlanPrice {
  readonly amount: MoneyJson;
  readonly setupFee: MoneyJson;
}

/** How a plan is taxed in some countries; `*` is everywhere else. */
export interface PlanTax {
  readonly countries: readonly string[];
  readonly category: InvoiceTaxCategory;
  readonly ratePpm: number;
  readonly title: string;
  /** Why nothing is charged, as the law wants it printed; null where it is. */
  readonly reason: string | null;
  /** Of a reverse charge by a checked VAT id: millionths that the prices of the plan have inside, and this buyer does not pay. */
  readonly included?: number;
}

/** Whether the buyer accounts for it, whom the document then has to name by a VAT id (EN 16931, BR-AE-02 and BR-IC-02). */
export const namesBuyer = ({ category }: Pick<PlanTax, 'category'>): boolean =>
  category === 'AE' || category === 'K';

/** How the events of a period come to one quantity. */
export const AGGREGATIONS = ['sum', 'max', 'last'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** Quantities are decimal numbers as text. */
export interface MeteredTier {
  readonly upTo: string | null;
  readonly price: MoneyJson;
  readonly per: string;
  readonly flat: MoneyJson;
}

/** What is charged by use, one currency after the other. */
export interface MeteredComponent {
  readonly code: string;
  readonly title: string;
  readonly aggregation: Aggregation;
  readonly included: string;
  readonly mode: 'graduated' | 'volume';
  /** All tiers of all currencies of the plan: those of one currency in their order. */
  readonly tiers: readonly MeteredTier[];
}

/** Terms of a plan, which never change: other terms are another version. */
export interface PlanVersion {
  readonly id: string;
  readonly planId: string;
  /** From 1. */
  readonly number: number;
  readonly validFrom: Date;
  readonly appliesTo: AppliesTo;
  readonly interval: Interval;
  readonly trialDays: number;
  readonly pricesIncludeTax: boolean;
  readonly prices: readonly PlanPrice[];
  readonly taxes: readonly PlanTax[];
  readonly components: readonly MeteredComponent[];
  readonly createdBy: string;
  readonly createdAt: Date;
}

export interface Plan {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly description: string | null;
  readonly kind: PlanKind;
  readonly state: PlanState;
  readonly version: number;
  readonly createdAt: Date;
}

/** A version with the plan that it is of. */
export interface PlanTerms extends PlanVersion {
  readonly code: string;
  readonly title: string;
  readonly kind: PlanKind;
  readonly state: PlanState;
}

/** What one unit costs in this currency, as it is taxed; null: the plan is not sold in it. */
export function priceIn(
  { prices }: Pick<PlanVersion, 'prices'>,
  currency: string,
  tax: PlanTax | null = null,
): { amount: Money; setupFee: Money } | null {
  const price = prices.find(({ amount }) => amount.currency === currency);
  const taxed = (amount: MoneyJson) => withoutIncluded(Money.fromJSON(amount), tax);
  return price ? { amount: taxed(price.amount), setupFee: taxed(price.setupFee) } : null;
}

/** Whether so many units can be invoiced, set-up and all: an invoice comes to no more than can be booked. */
export function isBookable(
  { amount, setupFee }: { amount: Money; setupFee: Money },
  quantity: number,
  { ratePpm }: Pick<PlanTax, 'ratePpm'>,
): boolean {
  const net = amount.plus(setupFee).times(quantity);
  return net.plus(net.timesRatio(BigInt(ratePpm), 1_000_000n)).amount <= BigInt(MAX_BOOKED);
}

/** An amount of a plan without the tax that its prices have inside and this buyer does not pay. */
export const withoutIncluded = (amount: Money, tax: PlanTax | null): Money =>
  amount.timesRatio(MILLION, MILLION + BigInt(tax?.included ?? 0));

const MILLION = 1_000_000n;

/**
 * How it is taxed in a country: as it says for that, or for everywhere else; null: it is not sold there. Who accounts for the tax is
 * charged none, where others are charged some or that of the zero rate.
 */
export function taxIn(
  { taxes, pricesIncludeTax }: Pick<PlanVersion, 'taxes' | 'pricesIncludeTax'>,
  { country, reverseCharge }: { country: string; reverseCharge: boolean },
): PlanTax | null {
  const named = (name: string) => taxes.find(({ countries }) => countries.includes(name));
  const tax = named(country) ?? named('*') ?? null;
  if (!reverseCharge || (tax?.category !== 'S' && tax?.category !== 'Z')) return tax;
  return {
    ...{ countries: tax.countries, category: 'AE', ratePpm: 0, title: 'Reverse charge' },
    ...{ reason: REVERSE_CHARGE_NOTE, included: pricesIncludeTax ? tax.ratePpm : 0 },
  };
}
