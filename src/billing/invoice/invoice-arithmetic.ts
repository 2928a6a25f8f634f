import { MAX_BOOKED, Money, type MoneyJson } from '../../platform/money/money.js';
import type { InvoiceLine, InvoiceTax, InvoiceTaxCategory } from './invoice-content.js';

const MILLION = 1_000_000n;

/** A line before its amounts are known: a price, and one rate. */
export interface PricedLine {
  /** A decimal number, such as `2` or `1.5`. */
  readonly quantity: string;
  readonly unitPrice: Money;
  /** Off the whole line. */
  readonly discount: Money;
  readonly category: InvoiceTaxCategory;
  readonly ratePpm: number;
  readonly taxTitle: string;
  readonly jurisdiction: string;
  readonly reason: string | null;
}

type Computed = Pick<
  InvoiceLine,
  'unitPrice' | 'price' | 'discount' | 'net' | 'tax' | 'total' | 'category' | 'ratePpm' | 'taxes'
>;

/**
 * The amounts of lines by the rules of EN 16931. Two points are rounded, half away from zero: price times quantity, and the tax of
 * a category on the sum of its lines. Where prices include the tax it is taken out of the sum of the category, so that the gross
 * total is untouched. Each line has its own rounded part of the tax; what is left over of the category is on its largest line.
 */
export function computedLines<L extends PricedLine>(
  lines: readonly L[],
  { currency, pricesIncludeTax }: { currency: string; pricesIncludeTax: boolean },
): (Omit<L, keyof Computed> & Computed)[] {
  const priced = lines.map((line) => {
    const { numerator, denominator } = decimal(line.quantity);
    const price = line.unitPrice.timesRatio(numerator, denominator);
    return { line, price, amount: price.minus(line.discount) };
  });
  const taxes = priced.map(({ amount, line }) => taxOf(amount, line.ratePpm, pricesIncludeTax));
  for (const indexes of byRate(lines).values()) {
    const members = indexes.map((index) => priced[index]?.amount ?? Money.zero(currency));
    const rate = lines[indexes[0] ?? 0]?.ratePpm ?? 0;
    const whole = taxOf(Money.sum(members, currency), rate, pricesIncludeTax);
    const given = Money.sum(
      indexes.map((index) => taxes[index] ?? Money.zero(currency)),
      currency,
    );
    const largest = indexes.reduce((best, index) =>
      size(priced, index) > size(priced, best) ? index : best,
    );
    taxes[largest] = (taxes[largest] ?? Money.zero(currency)).plus(whole.minus(given));
  }
  return priced.map(({ line, price, amount }, index) => {
    const tax = taxes[index] ?? Money.zero(currency);
    const net = pricesIncludeTax ? amount.minus(tax) : amount;
    const { category, ratePpm, taxTitle: title, jurisdiction, reason } = line;
    const base = net.toJSON();
    return {
      ...line,
      unitPrice: line.unitPrice.toJSON(),
      price: price.toJSON(),
      discount: line.discount.toJSON(),
      net: base,
      tax: tax.toJSON(),
      total: net.plus(tax).toJSON(),
      taxes: [{ category, ratePpm, title, jurisdiction, base, amount: tax.toJSON(), reason }],
    };
  });
}

/** On top of an amount, or out of it. */
const taxOf = (amount: Money, ratePpm: number, included: boolean): Money =>
  amount.timesRatio(BigInt(ratePpm), included ? MILLION + BigInt(ratePpm) : MILLION);

const size = (priced: readonly { amount: Money }[], index: number): bigint => {
  const amount = priced[index]?.amount.amount ?? 0n;
  return amount < 0n ? -amount : amount;
};

function byRate(lines: readonly PricedLine[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  lines.forEach((line, index) => {
    const key = taxKey(line);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  });
  return groups;
}

/** `1.5` is 15 / 10. Throws for what is no decimal number. */
export function decimal(text: string): { numerator: bigint; denominator: bigint } {
  const [, sign = '', whole = '', part = ''] = /^(-?)(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === '') throw new RangeError('a quantity is a decimal number');
  return { numerator: BigInt(`${sign}${whole}${part}`), denominator: 10n ** BigInt(part.length) };
}

/** What taxes of a document are added up by. */
export const taxKey = ({
  category,
  ratePpm,
  jurisdiction,
}: Pick<InvoiceTax, 'category' | 'ratePpm' | 'jurisdiction'>): string =>
  `${category} ${ratePpm} ${jurisdiction}`;

/** The taxes of a document: those of its lines, added up by category, rate and who levies them. */
export function taxesOf(lines: readonly Pick<InvoiceLine, 'taxes'>[]): InvoiceTax[] {
  const taxes = new Map<string, InvoiceTax>();
  for (const tax of lines.flatMap((line) => line.taxes)) {
    const present = taxes.get(taxKey(tax));
    taxes.set(
      taxKey(tax),
      present
        ? { ...present, base: add(present.base, tax.base), amount: add(present.amount, tax.amount) }
        : tax,
    );
  }
  return [...taxes.values()];
}

/** Net, tax and gross of lines. */
export function sumsOf(
  lines: readonly Pick<InvoiceLine, 'net' | 'tax' | 'total'>[],
  currency: string,
): { net: Money; tax: Money; gross: Money } {
  const sum = (pick: (line: (typeof lines)[number]) => MoneyJson) =>
    Money.sum(
      lines.map((line) => Money.fromJSON(pick(line))),
      currency,
    );
  return { net: sum(({ net }) => net), tax: sum(({ tax }) => tax), gross: sum(({ total }) => total) };
}

/** A rule that a document would break, and where. */
export interface Fault {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/**
 * What is wrong with lines before a number is spent on them: sums that do not hold (BR-CO-10, -13, -15), and rates and reasons
 * that do not go with their category (BR-S-05, BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05, BR-G-05, BR-O-05 and -10). And what is too much
 * to be booked.
 */
export function faultsOf(
  lines: readonly InvoiceLine[],
  { currency, pricesIncludeTax }: { currency: string; pricesIncludeTax: boolean },
): Fault[] {
  const faults: Fault[] = [];
  if (lines.length === 0) faults.push({ pointer: '/lines', code: 'required', message: 'must hold a line' });
  const seen = new Set<string>();
  lines.forEach((line, index) => {
    const fault = (name: string, code: string, message: string) =>
      faults.push({ pointer: `/lines/${index}/${name}`, code, message });
    if (seen.has(line.id)) fault('id', 'duplicate', 'must be unique');
    seen.add(line.id);
    const { price, discount, net, tax, total, taxes } = line;
    if ([price, discount, net, tax, total].some((one) => one.currency !== currency))
      return fault('total', 'foreign_currency', `must be in ${currency}`);
    if (net.amount + tax.amount !== total.amount) fault('total', 'sum', 'must be net and tax');
    if (price.amount - discount.amount !== (pricesIncludeTax ? total : net).amount)
      fault('price', 'sum', 'less the discount must be what is charged');
    if (taxes.reduce((sum, { amount }) => sum + amount.amount, 0) !== tax.amount)
      fault('taxes', 'sum', 'must add up to the tax');
    if (taxes.length === 0) fault('taxes', 'required', 'must hold a tax, which may be of nothing');
    for (const one of taxes) {
      const isCharged = one.category === 'S';
      if (isCharged !== one.ratePpm > 0 || (!isCharged && one.amount.amount !== 0))
        fault('taxes', 'rate', 'must have a rate where the category is S, and nowhere else');
      if ((isCharged || one.category === 'Z') !== (one.reason === null))
        fault('taxes', 'reason', 'must say why nothing is charged, and nothing where it is');
    }
  });
  const gross = lines.reduce((sum, { total }) => sum + total.amount, 0);
  if (gross < 0)
    faults.push({ pointer: '/lines', code: 'negative', message: 'must not come to less than nothing' });
  if (gross > MAX_BOOKED)
    faults.push({
      pointer: '/lines',
      code: 'too_large',
      message: `must not come to more than ${Money.of(MAX_BOOKED, currency)}`,
    });
  return faults;
}

const add = (a: MoneyJson, b: MoneyJson): MoneyJson => Money.fromJSON(a).plus(Money.fromJSON(b)).toJSON();
