import { Money } from '../../platform/money/money.js';
import { partsOf, type TaxCategory, type TaxPart, weightsOf } from './tax-zone.js';

/** An amount that is taxed together with its like: a line after its discount, or (a part of) the shipping. */
export interface Taxable {
  amount: Money;
  category: TaxCategory;
}

/** The tax of one rate on one amount. */
export interface TaxShare {
  part: TaxPart;
  amount: Money;
}

/**
 * The taxes of each amount, one for each rate of its category.
 *
 * The rounding points: tax that comes on top is taken for each rate on the sum of the category; tax that is inside is
 * taken out of that sum for all rates together and split by their weights. Half away from zero, once. The amounts get
 * their shares of the whole by largest remainder, then of each rate: rows and columns both add up, and no amount is
 * taxed with more than itself. `line`: each amount is a sum by itself.
 */
export function shareTaxes(
  taxables: readonly Taxable[],
  currency: string,
  included: boolean,
  rounding: 'category' | 'line' = 'category',
): TaxShare[][] {
  const shares: TaxShare[][] = taxables.map(() => []);
  for (const indexes of groups(taxables, rounding)) {
    const members = indexes.flatMap((index) => taxables[index] ?? []);
    const [first] = members;
    if (!first) continue;
    const parts = partsOf(first.category);
    const amounts = members.map(({ amount }) => amount);
    const whole = Money.sum(amounts, currency);
    const columns = included ? taxesInside(whole, parts) : taxesOnTop(whole, parts);
    const rows = Money.sum(columns, currency).split(amounts.map(({ amount }) => amount));
    const left = rows.map(({ amount }) => amount);
    columns.forEach((column, which) => {
      const part = parts[which];
      if (!part) return;
      column.split(left).forEach((share, row) => {
        left[row] = (left[row] ?? 0n) - share.amount;
        shares[indexes[row] ?? -1]?.push({ part, amount: share });
      });
    });
  }
  return shares;
}

function groups(taxables: readonly Taxable[], rounding: 'category' | 'line'): number[][] {
  if (rounding === 'line') return taxables.map((_, index) => [index]);
  const byClass = new Map<string, number[]>();
  taxables.forEach(({ category }, index) => {
    const members = byClass.get(category.taxClass);
    if (members) members.push(index);
    else byClass.set(category.taxClass, [index]);
  });
  return [...byClass.values()];
}

function taxesOnTop(whole: Money, parts: readonly TaxPart[]): Money[] {
  let taxed = whole;
  return parts.map(({ ratePpm, compound }) => {
    const tax = (compound ? taxed : whole).timesRatio(BigInt(ratePpm), 1_000_000n);
    taxed = taxed.plus(tax);
    return tax;
  });
}

function taxesInside(whole: Money, parts: readonly TaxPart[]): Money[] {
  const { net, taxes } = weightsOf(parts);
  const sum = taxes.reduce((all, tax) => all + tax, 0n);
  return whole.timesRatio(sum, net + sum).split(taxes);
}

/** What is left of an amount without the tax of its category, rounded by itself: for discounts, which are only shown. */
export function withoutTax(amount: Money, category: TaxCategory): Money {
  const { net, taxes } = weightsOf(partsOf(category));
  return amount.timesRatio(
    net,
    taxes.reduce((all, tax) => all + tax, net),
  );
}

/** The amount with the tax of its category on top, rounded by itself: for discounts, which are only shown. */
export function withTax(amount: Money, category: TaxCategory): Money {
  const { net, taxes } = weightsOf(partsOf(category));
  return amount.timesRatio(
    taxes.reduce((all, tax) => all + tax, net),
    net,
  );
}
