import { Money, type MoneyJson } from '../../platform/money/money.js';
import { computedLines, sumsOf } from '../invoice/invoice-arithmetic.js';
import type { InvoiceDraftLine, Revenue } from '../invoice/invoice-content.js';
import type { PlanTax, PlanTerms } from '../plan/plan.js';
import type { ChangeLine } from './change-line.js';
import { addDays, type BillingPeriod } from './periods.js';

/** `cycle`: a whole period; `setup`: once, at the beginning; credit and debit: of a change; `usage`: metered. */
export type LineKind = 'cycle' | 'setup' | 'credit' | 'debit' | 'usage';

/** A set-up is done when it is charged, and what is used was used before; days are earned when they are over. */
const REVENUE: Readonly<Record<LineKind, Revenue>> = {
  ...{ cycle: 'deferred', credit: 'deferred', debit: 'deferred' },
  ...{ setup: 'subscription', usage: 'subscription' },
};

/** A line of an invoice to be, before its tax is counted. It is plain data: it may wait in a table. */
export interface PendingLine {
  readonly kind: LineKind;
  readonly title: string;
  readonly sku: string;
  /** Whole; below zero in a credit, whose price stays above. */
  readonly quantity: number;
  readonly unitPrice: MoneyJson;
  /** Off the whole line. */
  readonly discount: MoneyJson;
  /** Local dates, half-open. */
  readonly period: Pick<BillingPeriod, 'start' | 'end'> | null;
  readonly tax: PlanTax;
  readonly explain: string | null;
  /** What is left of a credit of which earlier invoices took a part: what all of it came to, which `explain` is about. */
  readonly whole?: MoneyJson;
}

/** What a whole period costs. */
export function cycleLine(
  terms: Pick<PlanTerms, 'title' | 'code' | 'number'>,
  unitPrice: Money,
  quantity: number,
  tax: PlanTax,
  { start, end }: BillingPeriod,
): PendingLine {
  return {
    ...{ kind: 'cycle', title: terms.title, sku: terms.code, quantity, tax },
    unitPrice: unitPrice.toJSON(),
    discount: Money.zero(unitPrice.currency).toJSON(),
    period: { start, end },
    explain: `${unitPrice} × ${quantity} (version ${terms.number}), ${start} to ${addDays(end, -1)}`,
  };
}

/** What is charged once for each unit. */
export function setupLine(
  terms: Pick<PlanTerms, 'title' | 'code'>,
  setupFee: Money,
  quantity: number,
  tax: PlanTax,
): PendingLine {
  return {
    ...{ kind: 'setup', title: `${terms.title}: set-up`, sku: terms.code, quantity, tax },
    unitPrice: setupFee.toJSON(),
    discount: Money.zero(setupFee.currency).toJSON(),
    period: null,
    explain: `${setupFee} × ${quantity}, once`,
  };
}

/** A line of a change. A credit is taxed as the line was that it gives back. */
export function lineOfChange(
  { kind, title, period, amount, formula }: ChangeLine,
  sku: string,
  tax: PlanTax,
): PendingLine {
  const isCredit = amount.isNegative();
  return {
    ...{ kind, title, sku, period, tax, explain: formula },
    quantity: isCredit ? -1 : 1,
    unitPrice: (isCredit ? amount.negated() : amount).toJSON(),
    discount: Money.zero(amount.currency).toJSON(),
  };
}

/** Price times quantity, less the discount. */
export const amountOf = ({ unitPrice, quantity, discount }: PendingLine): Money =>
  Money.fromJSON(unitPrice).times(quantity).minus(Money.fromJSON(discount));

/** How the prices of lines are meant. */
export interface Priced {
  readonly currency: string;
  readonly pricesIncludeTax: boolean;
}

/**
 * The lines that one invoice can take, which never comes to less than nothing, neither before its taxes nor with them: a credit may
 * be taxed higher than what it is taken off. And what is left of credits for the next one: of the credit that does not fit a part
 * stays behind.
 */
export function fitting(
  lines: readonly PendingLine[],
  how: Priced,
): { now: PendingLine[]; later: PendingLine[] } {
  for (let margin = 0n; ;) {
    const fit = fittingIn(lines, how, margin);
    const { gross } = sumsOf(invoiceLines(fit.now, { ...how, country: '' }), how.currency);
    if (!gross.isNegative()) return fit;
    // Taxes are rounded by their rates, so that it may be some cents short.
    margin -= gross.amount;
  }
}

/** `margin`: minor units that the invoice comes to at the least, before its taxes are rounded. */
function fittingIn(
  lines: readonly PendingLine[],
  { currency, pricesIncludeTax }: Priced,
  margin: bigint,
): { now: PendingLine[]; later: PendingLine[] } {
  /** Minor units with their tax, in millionths, for each one before it. */
  const weight = ({ tax }: PendingLine) => MILLION + (pricesIncludeTax ? 0n : BigInt(tax.ratePpm));
  const charged = lines.filter((line) => !amountOf(line).isNegative());
  let left = charged.reduce((sum, line) => sum + amountOf(line).amount, 0n);
  let leftWithTax = charged.reduce(
    (sum, line) => sum + amountOf(line).amount * weight(line),
    -margin * MILLION,
  );
  const [now, later]: [PendingLine[], PendingLine[]] = [[], []];
  for (const line of lines) {
    const amount = amountOf(line);
    if (!amount.isNegative()) {
      now.push(line);
      continue;
    }
    const credit = amount.negated();
    const room = leftWithTax > 0n ? leftWithTax / weight(line) : 0n;
    const taken = Money.of([credit.amount, left, room].reduce(least), currency);
    const rest = credit.minus(taken);
    left -= taken.amount;
    leftWithTax -= taken.amount * weight(line);
    if (!taken.isZero()) now.push(taking(partOf(line, taken)));
    if (!rest.isZero()) later.push(partOf(line, rest));
  }
  return { now, later };
}

const MILLION = 1_000_000n;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The lines as the invoice has them, with their taxes. */
export function invoiceLines(
  lines: readonly PendingLine[],
  { currency, pricesIncludeTax, country }: Priced & { country: string },
): InvoiceDraftLine[] {
  const priced = lines.map((line) => ({
    quantity: String(line.quantity),
    unitPrice: Money.fromJSON(line.unitPrice),
    discount: Money.fromJSON(line.discount),
    category: line.tax.category,
    ratePpm: line.tax.ratePpm,
    taxTitle: line.tax.title,
    jurisdiction: country,
    reason: line.tax.reason,
  }));
  const computed = computedLines(priced, { currency, pricesIncludeTax });
  return computed.map(({ taxTitle: _, jurisdiction: __, reason: ___, ...amounts }, index) => {
    const { kind, title, sku, period, explain } = lines[index] as PendingLine;
    return {
      ...amounts,
      ...{ id: `${kind}-${index + 1}`, title, sku, unit: 'C62', revenue: REVENUE[kind], explain },
      period: period && { start: period.start, end: addDays(period.end, -1) },
    };
  });
}

function partOf(line: PendingLine, amount: Money): PendingLine {
  const all = amountOf(line).negated();
  if (amount.equals(all)) return line;
  const { whole = all.toJSON() } = line;
  const discount = Money.zero(amount.currency).toJSON();
  return { ...line, quantity: -1, unitPrice: amount.toJSON(), discount, whole };
}

/** As an invoice says it that takes it. */
function taking(line: PendingLine): PendingLine {
  if (line.whole === undefined) return line;
  const here = `of ${Money.fromJSON(line.whole)} ${amountOf(line).negated()} here`;
  return { ...line, explain: line.explain === null ? here : `${line.explain}; ${here}` };
}
