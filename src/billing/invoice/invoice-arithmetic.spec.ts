import fc from 'fast-check';
import { MAX_BOOKED, Money } from '../../platform/money/money.js';
import { computedLines, faultsOf, sumsOf, taxesOf } from './invoice-arithmetic.js';
import type { InvoiceLine } from './invoice-content.js';

const eur = (amount: number | bigint) => Money.of(amount, 'EUR');
const line = fc
  .record({
    quantity: fc.oneof(fc.integer({ min: 1, max: 999 }).map(String), fc.constantFrom('0.5', '1.25', '2.333')),
    price: fc.integer({ min: -20_000, max: 100_000 }),
    off: fc.nat(50),
    ratePpm: fc.constantFrom(0, 70_000, 77_000, 190_000, 255_000),
  })
  .map(({ quantity, price, off, ratePpm }) => ({
    quantity,
    unitPrice: eur(price),
    discount: eur(price > 0 ? off : 0),
    category: ratePpm > 0 ? ('S' as const) : ('Z' as const),
    ratePpm,
    taxTitle: 'VAT',
    jurisdiction: 'DE',
    reason: null,
  }));
const filled = (lines: readonly object[]) =>
  lines.map((each, index) => ({ id: String(index), revenue: 'sales', ...each })) as unknown as InvoiceLine[];

describe('the amounts of an invoice', () => {
  it('hold by the rules of EN 16931, with and without the tax in the prices', () => {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (lines, pricesIncludeTax) => {
          const made = filled(computedLines(lines, { currency: 'EUR', pricesIncludeTax }));
          const { net, tax, gross } = sumsOf(made, 'EUR');
          const faults = faultsOf(made, { currency: 'EUR', pricesIncludeTax });
          expect(faults.filter(({ code }) => code !== 'negative')).toEqual([]);
          expect(net.plus(tax)).toEqual(gross);
          for (const { ratePpm, base, amount } of taxesOf(made)) {
            const exact = Money.fromJSON(base).timesRatio(BigInt(ratePpm), 1_000_000n).amount;
            const off = Number(exact) - amount.amount;
            // On top it is the rounded part of the base; out of a gross sum the base is rounded too, by less than a unit.
            if (pricesIncludeTax) expect(Math.abs(off)).toBeLessThanOrEqual(1);
            else expect(off).toBe(0);
          }
          if (!pricesIncludeTax) return;
          const asked = made.reduce((sum, { price, discount }) => sum + price.amount - discount.amount, 0);
          expect(Number(gross.amount)).toBe(asked);
        },
      ),
    );
  });

  it('put what is left of the rounding on the largest line', () => {
    const priced = [100, 100, 199].map((price) => ({
      quantity: '1',
      unitPrice: eur(price),
      discount: eur(0),
      category: 'S' as const,
      ratePpm: 190_000,
      taxTitle: 'VAT',
      jurisdiction: 'DE',
      reason: null,
    }));
    const made = computedLines(priced, { currency: 'EUR', pricesIncludeTax: true });
    expect(made.map(({ tax }) => tax.amount)).toEqual([16, 16, 32]);
    expect(sumsOf(made, 'EUR').gross.amount).toBe(399n);
  });

  it('name each rule that lines would break', () => {
    const [good] = filled(
      computedLines(
        [
          {
            quantity: '1',
            unitPrice: eur(119),
            discount: eur(0),
            category: 'S',
            ratePpm: 190_000,
            taxTitle: 'VAT',
            jurisdiction: 'DE',
            reason: null,
          },
        ],
        {
          currency: 'EUR',
          pricesIncludeTax: true,
        },
      ),
    );
    if (!good) throw new Error('no line');
    const codes = (lines: InvoiceLine[]) =>
      faultsOf(lines, { currency: 'EUR', pricesIncludeTax: true }).map(
        ({ pointer, code }) => `${pointer} ${code}`,
      );
    expect(codes([good])).toEqual([]);
    expect(codes([])).toEqual(['/lines required']);
    expect(codes([good, good])).toEqual(['/lines/1/id duplicate']);
    expect(codes([{ ...good, net: eur(1).toJSON() }])).toContain('/lines/0/total sum');
    expect(codes([{ ...good, discount: eur(1).toJSON() }])).toContain('/lines/0/price sum');
    const dear = (amount: number) => ({ ...good, id: String(amount), total: eur(amount).toJSON() });
    expect(codes([dear(MAX_BOOKED), dear(1)])).toContain('/lines too_large');
    expect(codes([dear(MAX_BOOKED)])).not.toContain('/lines too_large');
    const [tax] = good.taxes;
    if (!tax) throw new Error('no tax');
    expect(codes([{ ...good, taxes: [{ ...tax, category: 'AE' }] }])).toEqual([
      '/lines/0/taxes rate',
      '/lines/0/taxes reason',
    ]);
  });
});
