import { Money, type MoneyJson } from '../../platform/money/money.js';
import { type Coupon, discounts } from './coupon.js';
import type { BillingPeriod } from './periods.js';
import { type Billed, creditOf, debitOf, type Granularity, type Share } from './proration.js';

/** What one whole cycle is sold for, before any coupon. */
export interface CyclePrice {
  readonly title: string;
  readonly unitPrice: Money;
  readonly quantity: number;
}

/** How an amount came to be: `net = unitPrice × quantity − discount`, and of that `part` of `whole`. */
export interface Workings {
  readonly unitPrice: MoneyJson;
  readonly quantity: number;
  readonly discount: MoneyJson;
  readonly net: MoneyJson;
  readonly part: number;
  readonly whole: number;
  readonly unit: Granularity;
  /** Only so much was billed and is not given back yet; null: that was enough. */
  readonly limitedTo: MoneyJson | null;
}

/** A credit is taxed as the line that it gives back, a debit as today. */
export interface ChangeLine {
  readonly kind: 'credit' | 'debit';
  readonly title: string;
  /** Local dates, half-open. */
  readonly period: Pick<BillingPeriod, 'start' | 'end'>;
  /** Negative in a credit. */
  readonly amount: Money;
  readonly formula: string;
  readonly workings: Workings;
}

type Days = ChangeLine['period'];

/** What is given back of the cycle that ran. `coupon`: the one that it had. */
export function creditLine(
  cycle: CyclePrice,
  coupon: Coupon | null,
  days: Days,
  share: Share,
  billed: Billed,
): ChangeLine {
  return lineOf('credit', cycle, coupon, days, share, creditOf(netOf(cycle, coupon).net, share, billed));
}

/** What the share of a cycle costs. */
export function debitLine(cycle: CyclePrice, coupon: Coupon | null, days: Days, share: Share): ChangeLine {
  return lineOf('debit', cycle, coupon, days, share, debitOf(netOf(cycle, coupon).net, share));
}

/** What a whole cycle costs with its coupon. */
export function netOf(
  { unitPrice, quantity }: CyclePrice,
  coupon: Coupon | null,
): { discount: Money; net: Money } {
  const price = unitPrice.times(quantity);
  const [discount = Money.zero(price.currency)] = coupon ? discounts(coupon, [price], price.currency) : [];
  return { discount, net: price.minus(discount) };
}

function lineOf(
  kind: ChangeLine['kind'],
  cycle: CyclePrice,
  coupon: Coupon | null,
  { start, end }: Days,
  share: Share,
  amount: Money,
): ChangeLine {
  const { discount, net } = netOf(cycle, coupon);
  const exact = debitOf(net, share);
  const limited = kind === 'credit' && !amount.negated().equals(exact);
  const off = discount.isZero() ? '' : ` - ${discount}`;
  const price = `${cycle.unitPrice} × ${cycle.quantity}${off}`;
  const formula = `(${price}) × ${share.part} ÷ ${share.whole} ${share.unit}s = ${exact}`;
  return {
    kind,
    title: cycle.title,
    period: { start, end },
    amount,
    formula: limited ? `${formula}, at most ${amount.negated()}` : formula,
    workings: {
      unitPrice: cycle.unitPrice.toJSON(),
      quantity: cycle.quantity,
      discount: discount.toJSON(),
      net: net.toJSON(),
      part: Number(share.part),
      whole: Number(share.whole),
      unit: share.unit,
      limitedTo: limited ? amount.negated().toJSON() : null,
    },
  };
}
