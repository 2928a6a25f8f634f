import { Money, type MoneyJson } from '../../platform/money/money.js';
import { taxKey } from '../invoice/invoice-arithmetic.js';
import type { InvoiceLine, InvoiceTax } from '../invoice/invoice-content.js';
import { type Creditable, creditTaxes } from './credit-arithmetic.js';
import type { Credited } from './given-by-changes.js';

/** A line of an invoice with what was credited of it before. */
export interface CreditableLine extends Creditable {
  readonly line: InvoiceLine;
  /** What is left of it. */
  readonly leftTotal: bigint;
  readonly leftTax: bigint;
  /** What of it changes of a subscription have given back. */
  readonly givenBack: bigint;
}

const big = ({ amount }: MoneyJson): bigint => BigInt(amount);
const sum = (all: readonly bigint[]): bigint => all.reduce((whole, one) => whole + one, 0n);

/** The lines of an invoice, with what credit notes, and changes of its subscription, have credited of them. */
export function creditableLines(
  lines: readonly InvoiceLine[],
  credited: readonly Pick<InvoiceLine, 'id' | 'total' | 'tax'>[],
  changes: readonly Credited[] = [],
): CreditableLine[] {
  return lines.map((line) => {
    const before = credited.filter(({ id }) => id === line.id);
    const changed = changes.filter(({ lineId }) => lineId === line.id);
    const givenBack = sum(changed.map(({ total }) => total));
    const creditedTotal = sum(before.map(({ total }) => big(total))) + givenBack;
    const creditedTax = sum([...before.map(({ tax }) => big(tax)), ...changed.map(({ tax }) => tax)]);
    return {
      line,
      key: line.taxes.map(taxKey).join(),
      total: big(line.total),
      tax: big(line.tax),
      creditedTotal,
      creditedTax,
      leftTotal: big(line.total) - creditedTotal,
      leftTax: big(line.tax) - creditedTax,
      givenBack,
    };
  });
}

/** So much of each line as the lines of one credit note, with the tax in it; what nothing is wanted of is left out. */
export function creditLinesOf(
  lines: readonly CreditableLine[],
  wanted: readonly bigint[],
  explain: string,
  pricesIncludeTax: boolean,
): InvoiceLine[] {
  const taxes = creditTaxes(lines, wanted);
  return lines.flatMap(({ line }, index) => {
    const [total, tax] = [wanted[index] ?? 0n, taxes[index] ?? 0n];
    return total === 0n && tax === 0n ? [] : [creditLine(line, { total, tax, explain }, pricesIncludeTax)];
  });
}

/**
 * Part of a line of an invoice as a line of its credit note; amounts are above zero there too, but for those of a line below zero. A
 * price is never below zero (BR-27): the quantity is.
 */
export function creditLine(
  line: InvoiceLine,
  part: { total: bigint; tax: bigint; quantity?: string; explain: string },
  pricesIncludeTax: boolean,
): InvoiceLine {
  const { currency } = line.total;
  const [total, tax] = [Money.of(part.total, currency), Money.of(part.tax, currency)];
  const net = total.minus(tax);
  const amount = pricesIncludeTax ? total : net;
  const charged = Money.fromJSON(pricesIncludeTax ? line.total : line.net);
  const off = Money.fromJSON(line.discount);
  const discount = charged.isZero() ? off : off.timesRatio(amount.amount, charged.amount);
  const price = amount.plus(discount);
  const piece = price.isNegative() ? price.negated() : price;
  return {
    ...line,
    quantity: part.quantity ?? (price.isNegative() ? '-1' : '1'),
    unitPrice: part.quantity === undefined ? piece.toJSON() : line.unitPrice,
    price: price.toJSON(),
    discount: discount.toJSON(),
    net: net.toJSON(),
    tax: tax.toJSON(),
    total: total.toJSON(),
    taxes: taxesOf(line, net, tax),
    explain: part.explain,
  };
}

function taxesOf(line: InvoiceLine, net: Money, tax: Money): InvoiceTax[] {
  const shares = tax.split(line.taxes.map(({ amount }) => BigInt(Math.abs(amount.amount))));
  const whole = big(line.net);
  return line.taxes.map((one, index) => ({
    ...one,
    base:
      line.taxes.length === 1 || whole === 0n
        ? net.toJSON()
        : Money.fromJSON(one.base).timesRatio(net.amount, whole).toJSON(),
    amount: (shares[index] ?? Money.zero(tax.currency)).toJSON(),
  }));
}
