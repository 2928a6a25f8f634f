import { Money } from '../../platform/money/money.js';
import type { ExternalTax } from '../tax/external-tax.js';
import type { PriceReading, TaxRules } from '../tax/tax-rules.js';
import { shareTaxes, type Taxable, type TaxShare, withoutTax, withTax } from '../tax/tax-shares.js';
import { STANDARD_CLASS, type TaxCategory } from '../tax/tax-zone.js';

export const VOUCHER: TaxCategory = { taxClass: 'voucher', title: 'Not taxed', ratePpm: 0 };

export interface PricedLine {
  unitPrice: Money;
  quantity: number;
  taxClass: string;
  discount?: Money;
  /** A voucher for whatever may be bought: taxed when it is spent (Directive 2006/112/EC, Art. 30b). */
  isVoucher?: boolean;
}

/** One tax on something: frozen on the order as it stands here. */
export interface TaxLine {
  taxClass: string;
  title: string;
  ratePpm: number;
  /** Who levies it, where several do. */
  jurisdiction: string | null;
  /** What was taxed: the net amount, with the taxes before it where they compound. */
  base: Money;
  amount: Money;
}

/** What one line (or the shipping) comes to: `net + tax = total` and `price - discount (+ tax on top) = total`. */
export interface Charge {
  /** Before the discount, as prices are shown to this buyer. */
  price: Money;
  discount: Money;
  net: Money;
  tax: Money;
  /** What the buyer pays for it, tax included. */
  total: Money;
  /** One for each rate; at least one, which may be of 0 %. Shipping may have those of several classes. */
  taxLines: TaxLine[];
}

export interface Totals {
  pricesIncludeTax: boolean;
  lines: Charge[];
  shipping: Charge | null;
  /** One for each rate of each category; the sum of their amounts is the tax. */
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

/** A line, or what of the shipping is taxed by one class. */
export interface TaxedPart {
  price: Money;
  discount: Money;
  taxClass: string;
  isVoucher: boolean;
}

/**
 * What a cart comes to. Tax is taken on the sum of each category, lines and shipping together, and rounded there
 * once, half away from zero (for each line, when the shop says so); the lines get their shares by largest remainder.
 * So the lines always add up to the categories, and net + tax is the total to the cent, whether prices include the tax
 * or not. A buyer who pays no tax pays exactly the net of whoever pays it.
 */
export function computeTotals(
  currency: string,
  lines: readonly PricedLine[],
  shippingPrice: Money | null,
  tax: TaxRules,
  shippingDiscount: Money = Money.zero(currency),
): Totals {
  const goods: TaxedPart[] = lines.map((line) => ({
    price: line.unitPrice.times(line.quantity),
    discount: line.discount ?? Money.zero(currency),
    taxClass: line.taxClass,
    isVoucher: line.isVoucher ?? false,
  }));
  const carried = shippingPrice === null ? [] : shippingParts(shippingPrice, shippingDiscount, goods, tax);
  const charges = tax.external
    ? externalCharges([...goods, ...carried], tax, currency)
    : ownCharges([...goods, ...carried], tax, currency);
  const own = charges.slice(0, goods.length);
  const shipping = shippingPrice === null ? null : joined(charges.slice(goods.length), currency);
  const all = shipping ? [...own, shipping] : own;
  const add = (amounts: readonly Money[]) => Money.sum(amounts, currency);
  return {
    pricesIncludeTax: tax.pricesIncludeTax,
    lines: own,
    shipping,
    taxes: merged(all.flatMap(({ taxLines }) => taxLines)),
    subtotal: add(own.map(({ price }) => price)),
    discount: add(all.map(({ discount }) => discount)),
    shippingPrice: shipping?.price ?? Money.zero(currency),
    tax: add(all.map((one) => one.tax)),
    total: add(all.map(({ total }) => total)),
  };
}

/** What another way costs goods that are taxed already: a purchase of its own, of the class or the classes that it has. */
export function shippingCharge(price: Money, goods: readonly TaxedPart[], tax: TaxRules): Charge {
  const { currency } = price;
  return joined(ownCharges(shippingParts(price, Money.zero(currency), goods, tax), tax, currency), currency);
}

/** Shipping as one thing of its class, or in proportion to the classes of what it carries. */
function shippingParts(
  price: Money,
  discount: Money,
  goods: readonly TaxedPart[],
  { shipping, external }: TaxRules,
): TaxedPart[] {
  const whole = { price, discount, taxClass: shipping?.taxClass ?? STANDARD_CLASS, isVoucher: false };
  if (shipping?.by !== 'goods' || external) return [whole];
  const byClass = new Map<string, bigint>();
  for (const part of goods) {
    if (part.isVoucher) continue;
    const { amount } = part.price.minus(part.discount);
    byClass.set(part.taxClass, (byClass.get(part.taxClass) ?? 0n) + amount);
  }
  if (byClass.size === 0) return [whole];
  const prices = price.split([...byClass.values()]);
  // By the prices, so that no part has more taken off than it costs.
  const discounts = discount.split(prices.map(({ amount }) => amount));
  return [...byClass.keys()].map((taxClass, index) => ({
    price: prices[index] ?? whole.price,
    discount: discounts[index] ?? whole.discount,
    taxClass,
    isVoucher: false,
  }));
}

const categoryIn = (reading: PriceReading, { isVoucher, taxClass }: TaxedPart): TaxCategory =>
  isVoucher ? VOUCHER : reading.rateOf(taxClass);

function ownCharges(parts: readonly TaxedPart[], tax: TaxRules, currency: string): Charge[] {
  const read: PriceReading = tax.read ?? tax;
  const taxables = parts.map((part): Taxable => ({
    amount: part.price.minus(part.discount),
    category: categoryIn(read, part),
  }));
  const shares = shareTaxes(taxables, currency, read.pricesIncludeTax, tax.rounding);
  const nets = taxables.map(({ amount }, index) =>
    read.pricesIncludeTax ? amount.minus(sumOf(shares[index], currency)) : amount,
  );
  if (tax.read === undefined) {
    return parts.map(({ price, discount }, index) => {
      const net = nets[index] ?? Money.zero(currency);
      const { taxClass } = taxables[index]?.category ?? VOUCHER;
      return charge({ price, discount, net }, rows(taxClass, net, shares[index] ?? []), currency);
    });
  }
  // What is left without the tax that the prices were read with is taxed by the rules of this buyer.
  const again = parts.map((part, index): Taxable => ({
    amount: nets[index] ?? Money.zero(currency),
    category: categoryIn(tax, part),
  }));
  const newShares = shareTaxes(again, currency, false, tax.rounding);
  return parts.map((part, index) => {
    const net = nets[index] ?? Money.zero(currency);
    const category = categoryIn(tax, part);
    const bare = read.pricesIncludeTax ? withoutTax(part.discount, categoryIn(read, part)) : part.discount;
    const discount = tax.pricesIncludeTax ? withTax(bare, category) : bare;
    const taxLines = rows(category.taxClass, net, newShares[index] ?? []);
    const paid = tax.pricesIncludeTax ? net.plus(sumOf(taxLines, currency)) : net;
    return charge({ price: paid.plus(discount), discount, net }, taxLines, currency);
  });
}

/** The amounts that somebody outside has said; `readExternalTaxes` has seen that there is an answer for each part. */
function externalCharges(parts: readonly TaxedPart[], tax: TaxRules, currency: string): Charge[] {
  const { lines = [], shipping = null } = tax.external ?? {};
  return parts.map(({ price, discount, taxClass, isVoucher }, index) => {
    const amount = price.minus(discount);
    const said = isVoucher ? [] : ((lines[index] ?? shipping)?.taxes ?? []);
    const whole = Money.of(
      said.reduce((sum, one) => sum + one.amount, 0),
      currency,
    );
    const net = tax.pricesIncludeTax ? amount.minus(whole) : amount;
    const taxLines = said.map((one: ExternalTax) => ({
      taxClass,
      title: one.title,
      ratePpm: one.ratePpm,
      jurisdiction: one.jurisdiction,
      base: net,
      amount: Money.of(one.amount, currency),
    }));
    return charge(
      { price, discount, net },
      taxLines.length > 0 ? taxLines : [untaxed(taxClass, net)],
      currency,
    );
  });
}

const untaxed = (taxClass: string, base: Money): TaxLine => ({
  taxClass,
  title: 'No tax',
  ratePpm: 0,
  jurisdiction: null,
  base,
  amount: Money.zero(base.currency),
});

function rows(taxClass: string, net: Money, shares: readonly TaxShare[]): TaxLine[] {
  let taxed = net;
  return shares.map(({ part: { title, ratePpm, jurisdiction, compound }, amount }) => {
    const base = compound ? taxed : net;
    taxed = taxed.plus(amount);
    return { taxClass, title, ratePpm, jurisdiction, base, amount };
  });
}

function charge(
  { price, discount, net }: Pick<Charge, 'price' | 'discount' | 'net'>,
  taxLines: TaxLine[],
  currency: string,
): Charge {
  const tax = sumOf(taxLines, currency);
  return { price, discount, net, tax, total: net.plus(tax), taxLines };
}

/** The parts of the shipping as the one thing that it is to the buyer. */
function joined(charges: readonly Charge[], currency: string): Charge {
  const add = (pick: (one: Charge) => Money) => Money.sum(charges.map(pick), currency);
  return {
    price: add(({ price }) => price),
    discount: add(({ discount }) => discount),
    net: add(({ net }) => net),
    tax: add(({ tax }) => tax),
    total: add(({ total }) => total),
    taxLines: merged(charges.flatMap(({ taxLines }) => taxLines)),
  };
}

/** What a piece costs this buyer. The line is the truth: where tax was taken out of it, a piece is its part, rounded. */
export const shownUnitPrice = (unitPrice: Money, quantity: number, { price }: Charge): Money =>
  unitPrice.times(quantity).equals(price) ? unitPrice : price.timesRatio(1n, BigInt(quantity));

/** What taxes are added up by: the same rate of the same class by the same jurisdiction. */
export const taxKey = ({
  taxClass,
  title,
  ratePpm,
  jurisdiction,
}: Pick<TaxLine, 'taxClass' | 'title' | 'ratePpm' | 'jurisdiction'>): string =>
  JSON.stringify([taxClass, title, ratePpm, jurisdiction]);

function merged(taxLines: readonly TaxLine[]): TaxLine[] {
  const taxes = new Map<string, TaxLine>();
  for (const one of taxLines) {
    const key = taxKey(one);
    const present = taxes.get(key);
    taxes.set(
      key,
      present
        ? { ...present, base: present.base.plus(one.base), amount: present.amount.plus(one.amount) }
        : one,
    );
  }
  return [...taxes.values()];
}

const sumOf = (items: readonly { amount: Money }[] | undefined, currency: string): Money =>
  Money.sum(
    (items ?? []).map(({ amount }) => amount),
    currency,
  );
