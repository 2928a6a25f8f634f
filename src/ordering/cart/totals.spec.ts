import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import type { TaxRules } from '../tax/tax-rules.js';
import { computeTotals, type PricedLine } from './totals.js';

const eur = (amount: number | bigint) => Money.of(amount, 'EUR');
const germany = (pricesIncludeTax: boolean): TaxRules => ({
  zone: 'Germany',
  pricesIncludeTax,
  rateOf: (taxClass) =>
    taxClass === 'reduced'
      ? { taxClass: 'reduced', title: 'USt 7 %', ratePpm: 70_000 }
      : { taxClass: 'standard', title: 'USt 19 %', ratePpm: 190_000 },
});
const line = (amount: number, quantity = 1, taxClass = 'standard'): PricedLine => ({
  unitPrice: eur(amount),
  quantity,
  taxClass,
});

describe('the totals of a cart', () => {
  it('takes the tax out of prices that include it', () => {
    const totals = computeTotals('EUR', [line(1999, 2), line(500)], eur(490), germany(true));
    expect(totals.total).toEqual(eur(4988));
    expect(totals.tax).toEqual(eur(796));
    expect(totals.subtotal).toEqual(eur(4498));
    expect(totals.taxes).toHaveLength(1);
  });

  it('puts the tax on top of prices without it', () => {
    const totals = computeTotals('EUR', [line(1000), line(1000, 1, 'reduced')], null, germany(false));
    expect(totals.tax).toEqual(eur(260));
    expect(totals.total).toEqual(eur(2260));
    expect(totals.taxes.map(({ amount }) => amount)).toEqual([eur(190), eur(70)]);
  });

  it('rounds once per category and not per line', () => {
    // Three times 0.19 rounds to 0.19 each; the sum 0.03 × 19 % = 0.0057 rounds to one cent in all.
    const totals = computeTotals('EUR', [line(1), line(1), line(1)], null, germany(false));
    expect(totals.tax).toEqual(eur(1));
    expect(totals.lines.map(({ tax }) => tax.amount)).toEqual([1n, 0n, 0n]);
  });

  const lines = fc.array(
    fc.record({
      amount: fc.integer({ min: 0, max: 5_000_000 }),
      quantity: fc.integer({ min: 1, max: 999 }),
      taxClass: fc.constantFrom('standard', 'reduced'),
      off: fc.integer({ min: 0, max: 100 }),
    }),
    { minLength: 1, maxLength: 30 },
  );

  it('always adds up: lines + shipping + tax = total, and the lines to the categories', () => {
    fc.assert(
      fc.property(
        lines,
        fc.option(fc.integer({ min: 0, max: 10_000 })),
        fc.boolean(),
        fc.integer({ min: 0, max: 500_000 }),
        (items, shipping, included, ratePpm) => {
          const rules: TaxRules = {
            zone: 'anywhere',
            pricesIncludeTax: included,
            rateOf: (taxClass) => ({
              taxClass,
              title: taxClass,
              ratePpm: taxClass === 'reduced' ? 55_000 : ratePpm,
            }),
          };
          const priced = items.map(({ amount, quantity, taxClass, off }) => ({
            ...line(amount, quantity, taxClass),
            discount: eur((BigInt(amount) * BigInt(quantity) * BigInt(off)) / 100n),
          }));
          const totals = computeTotals('EUR', priced, shipping === null ? null : eur(shipping), rules);
          const charges = totals.shipping ? [...totals.lines, totals.shipping] : totals.lines;
          const add = (amounts: Money[]) => amounts.reduce((all, one) => all.plus(one), eur(0));
          expect(add(charges.map(({ net }) => net)).plus(totals.tax)).toEqual(totals.total);
          expect(add(charges.map(({ total }) => total))).toEqual(totals.total);
          expect(add(totals.taxes.map(({ amount }) => amount))).toEqual(totals.tax);
          expect(add(totals.taxes.map(({ base }) => base)).plus(totals.tax)).toEqual(totals.total);
          const shown = totals.subtotal.minus(totals.discount).plus(totals.shippingPrice);
          expect(totals.total).toEqual(included ? shown : shown.plus(totals.tax));
          expect(charges.every(({ tax, net }) => !tax.isNegative() && !net.isNegative())).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
