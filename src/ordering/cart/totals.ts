import { Money } from '../../platform/money/money.js';
import { STANDARD_CLASS, type TaxRate, type TaxRules } from '../tax/tax-zone.js';

const MILLION = 1_000_000n;
const VOUCHER: TaxRate = { taxClass: 'voucher', title: 'Not taxed', ratePpm: 0 };

export interface PricedLine {
  unitPrice: Money;
  quantity: number;
  taxClass: string;
  discount?: Money;
  /** A voucher for whatever may be bought: taxed when it is spent (Directive 2006/112/EC, Art. 30b). */
  isVoucher?: boolean;
}

/** Tax of one category on something: frozen on the order as it stands here. */
export interface TaxLine {
  taxClass: string;
  title: string;
  ratePpm: number;
  /** Net amount that was taxed. */
  base: Money;
  amount: Money;
}

/** What one line (or the shipping) comes to: `net + tax = total`, in both kinds of market. */
export interface Charge {
  discount: Money;
  net: Money;
  tax: Money;
  /** What the buyer pays for it, tax included. */
  total: Money;
  taxLine: TaxLine;
}

export interface Totals {
  pricesIncludeTax: boolean;
  lines: Charge[];
  shipping: Charge | null;
  /** One per category, each rounded once. */
  taxes: TaxLine[];
  /** Prices times quantities, as shown in the shop. */
  subtotal: Money;
  /** Off the lines and off the shipping. */
  discount: Money;
  /** The price of shipping, as shown in the shop, before its discount. */
  shippingPrice: Money;
  tax: Money;
  total: Money;
}

interface Part {
  price: Money;
  discount: Money;
  rate: TaxRate;
}

/**
 * What a cart comes to. Tax is taken on the sum of each category, lines and shipping together, and rounded there
 * once, half away from zero; the lines get their shares by largest remainder. So the lines always add up to the
 * categories, and net + tax is the total to the cent, whether prices include the tax or not.
 */
export function computeTotals(
  currency: string,
  lines: readonly PricedLine[],
  shippingPrice: Money | null,
  tax: TaxRules,
  shippingDiscount: Money = Money.zero(currency),
): Totals {
  const parts: Part[] = lines.map((line) => ({
    price: line.unitPrice.times(line.quantity),
    discount: line.discount ?? Money.zero(currency),
    rate: line.isVoucher ? VOUCHER : tax.rateOf(line.taxClass),
  }));
  if (shippingPrice !== null) {
    parts.push({ price: shippingPrice, discount: shippingDiscount, rate: tax.rateOf(STANDARD_CLASS) });
  }
  const taxOf = shareTax(parts, currency, tax.pricesIncludeTax);
  const charges = parts.map((part, index) =>
    charge(part, taxOf[index] ?? Money.zero(currency), tax.pricesIncludeTax),
  );
  const shipping = shippingPrice === null ? null : (charges[lines.length] ?? null);
  const own = charges.slice(0, lines.length);
  return {
    pricesIncludeTax: tax.pricesIncludeTax,
    lines: own,
    shipping,
    taxes: taxesByCategory(charges, currency),
    subtotal: sum(
      parts.slice(0, lines.length).map(({ price }) => price),
      currency,
    ),
    discount: sum(
      charges.map(({ discount }) => discount),
      currency,
    ),
    shippingPrice: shippingPrice ?? Money.zero(currency),
    tax: sum(
      charges.map((one) => one.tax),
      currency,
    ),
    total: sum(
      charges.map((one) => one.total),
      currency,
    ),
  };
}

/** The tax of each part: rounded once per category, then split by largest remainder. */
function shareTax(parts: readonly Part[], currency: string, included: boolean): Money[] {
  const shares: Money[] = parts.map(() => Money.zero(currency));
  for (const indexes of categories(parts).values()) {
    const members = indexes.map((index) => parts[index]).filter((part) => part !== undefined);
    const rate = BigInt(members[0]?.rate.ratePpm ?? 0);
    const amounts = members.map(({ price, discount }) => price.minus(discount));
    const category = sum(amounts, currency).timesRatio(rate, included ? MILLION + rate : MILLION);
    const split = category.split(amounts.map(({ amount }) => amount));
    indexes.forEach((index, position) => {
      shares[index] = split[position] ?? Money.zero(currency);
    });
  }
  return shares;
}

function categories(parts: readonly Part[]): Map<string, number[]> {
  const byClass = new Map<string, number[]>();
  parts.forEach(({ rate }, index) => {
    const members = byClass.get(rate.taxClass);
    if (members) members.push(index);
    else byClass.set(rate.taxClass, [index]);
  });
  return byClass;
}

function charge({ price, discount, rate }: Part, tax: Money, included: boolean): Charge {
  const amount = price.minus(discount);
  const net = included ? amount.minus(tax) : amount;
  return {
    discount,
    net,
    tax,
    total: net.plus(tax),
    taxLine: { taxClass: rate.taxClass, title: rate.title, ratePpm: rate.ratePpm, base: net, amount: tax },
  };
}

function taxesByCategory(charges: readonly Charge[], currency: string): TaxLine[] {
  const taxes = new Map<string, TaxLine>();
  for (const { taxLine } of charges) {
    const present = taxes.get(taxLine.taxClass);
    taxes.set(taxLine.taxClass, {
      ...taxLine,
      base: taxLine.base.plus(present?.base ?? Money.zero(currency)),
      amount: taxLine.amount.plus(present?.amount ?? Money.zero(currency)),
    });
  }
  return [...taxes.values()];
}

function sum(items: readonly Money[], currency: string): Money {
  return items.reduce((total, item) => total.plus(item), Money.zero(currency));
}
