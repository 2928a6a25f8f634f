import type { MoneyJson } from '../../platform/money/money.js';
import { creditTaxes } from '../credit-note/credit-arithmetic.js';
import { creditableLines, creditLine } from '../credit-note/credit-lines.js';
import type { InvoiceLine, InvoiceTax } from './invoice-content.js';

/** An invoice of an order, and the lines of its credit notes. */
export interface Documented {
  readonly invoiceId: string;
  readonly lines: readonly InvoiceLine[];
  /** Of all credit notes. */
  readonly credited: readonly InvoiceLine[];
  /** Of those that followed a change of the order: what was given out of kindness is no part of the order. */
  readonly followed: readonly InvoiceLine[];
}

export interface OrderDifference {
  /** What the order does not come to any more, by the invoice that charged it. */
  readonly credits: { readonly invoiceId: string; readonly lines: InvoiceLine[] }[];
  /** What it comes to more. */
  readonly added: InvoiceLine[];
  /** Of what it comes to less: so much credit notes by hand have credited before, and no document has to say it again. */
  readonly byHand: bigint;
}

type Amounts = Record<'total' | 'tax' | 'quantity', bigint>;

/**
 * What the documents of an order have to say yet, so that together they say what the order says: to the cent, line by line. Where
 * credit notes by hand have taken some of a line already, no more than what is left of it is credited.
 */
export function orderDifference(
  wanted: readonly InvoiceLine[],
  documents: readonly Documented[],
  pricesIncludeTax: boolean,
): OrderDifference {
  const credits = new Map<string, InvoiceLine[]>();
  const added: InvoiceLine[] = [];
  let byHand = 0n;
  const charged = documents.flatMap(({ lines }) => lines);
  const followed = documents.flatMap((one) => one.followed);
  for (const id of new Set([...charged, ...wanted].map((line) => line.id))) {
    const want = wanted.find((line) => line.id === id);
    const before = charged.filter((line) => line.id === id);
    const was = minus(amountsOf(before), amountsOf(followed.filter((line) => line.id === id)));
    const less = minus(was, amountsOf(want ? [want] : []));
    if (want && before.length === 0) added.push(want);
    else if (want && less.total < 0n) added.push(more(want, before, less, pricesIncludeTax));
    else if (less.total > 0n) {
      byHand += less.total;
      for (const { invoiceId, line } of creditsOf(id, less, documents, pricesIncludeTax)) {
        byHand -= BigInt(line.total.amount);
        credits.set(invoiceId, [...(credits.get(invoiceId) ?? []), line]);
      }
    }
  }
  return { credits: [...credits].map(([invoiceId, lines]) => ({ invoiceId, lines })), added, byHand };
}

/** From the newest invoice that has the line back to the oldest. */
function creditsOf(
  id: string,
  less: Amounts,
  documents: readonly Documented[],
  pricesIncludeTax: boolean,
): { invoiceId: string; line: InvoiceLine }[] {
  let left = less.total;
  return documents.toReversed().flatMap(({ invoiceId, lines, credited }) => {
    const all = creditableLines(lines, credited);
    const at = all.findIndex(({ line }) => line.id === id);
    const one = all[at];
    if (!one || one.leftTotal <= 0n || left === 0n) return [];
    const total = left < one.leftTotal ? left : one.leftTotal;
    left -= total;
    // Frozen on the order, unless something was credited by hand before.
    const least = total - (one.leftTotal - one.leftTax);
    const most = one.leftTax < total ? one.leftTax : total;
    const isOwn = total === less.total && less.tax >= least && less.tax <= most;
    const byShare = () =>
      creditTaxes(
        all,
        all.map((_, index) => (index === at ? total : 0n)),
      )[at] ?? 0n;
    const tax = total === one.leftTotal ? one.leftTax : isOwn ? less.tax : byShare();
    const quantity = less.quantity > 0n ? { quantity: less.quantity.toString() } : {};
    const part = {
      total,
      tax,
      ...quantity,
      explain: 'What the order came to for it, less what it comes to now.',
    };
    return [{ invoiceId, line: creditLine(one.line, part, pricesIncludeTax) }];
  });
}

/** A line that comes to more than before: the difference, as a line of its own. */
function more(
  want: InvoiceLine,
  before: readonly InvoiceLine[],
  less: Amounts,
  pricesIncludeTax: boolean,
): InvoiceLine {
  const { currency } = want.total;
  const json = (amount: bigint): MoneyJson => ({ amount: Number(amount), currency });
  const [total, tax] = [-less.total, -less.tax];
  const net = total - tax;
  const quantity = less.quantity < 0n ? -less.quantity : 1n;
  const amount = pricesIncludeTax ? total : net;
  const [first] = want.taxes;
  const taxes: InvoiceTax[] =
    want.taxes.length === 1 && first
      ? [{ ...first, base: json(net), amount: json(tax) }]
      : taxesMore(want, before, net, tax, json);
  return {
    ...want,
    quantity: quantity.toString(),
    unitPrice: quantity === 1n ? json(amount) : want.unitPrice,
    price: json(amount),
    discount: json(0n),
    net: json(net),
    tax: json(tax),
    total: json(total),
    taxes,
    explain: 'What the order comes to for it now, less what was invoiced.',
  };
}

function taxesMore(
  want: InvoiceLine,
  before: readonly InvoiceLine[],
  net: bigint,
  tax: bigint,
  json: (amount: bigint) => MoneyJson,
): InvoiceTax[] {
  const was = (index: number) =>
    before.reduce((sum, line) => sum + BigInt(line.taxes[index]?.amount.amount ?? 0), 0n);
  const parts = want.taxes.map(({ amount }, index) => BigInt(amount.amount) - was(index));
  // What credit notes have taken off in between is in the sum, and goes to the first.
  const odd = tax - parts.reduce((sum, part) => sum + part, 0n);
  return want.taxes.map((one, index) => ({
    ...one,
    base: json(net),
    amount: json((parts[index] ?? 0n) + (index === 0 ? odd : 0n)),
  }));
}

const amountsOf = (lines: readonly InvoiceLine[]): Amounts => ({
  total: lines.reduce((sum, { total }) => sum + BigInt(total.amount), 0n),
  tax: lines.reduce((sum, { tax }) => sum + BigInt(tax.amount), 0n),
  quantity: lines.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n),
});
const minus = (a: Amounts, b: Amounts): Amounts => ({
  total: a.total - b.total,
  tax: a.tax - b.tax,
  quantity: a.quantity - b.quantity,
});
