import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import { computeTotals, type PricedLine, type Totals } from '../cart/totals.js';
import type { PriceReading, TaxRules } from './tax-rules.js';
import { categoryOf, type TaxCategory, type TaxPart } from './tax-zone.js';

const eur = (amount: number | bigint) => Money.of(amount, 'EUR');
const part = (title: string, ratePpm: number, compound = false): TaxPart => ({
  title,
  ratePpm,
  jurisdiction: title,
  compound,
});
const rules = (
  included: boolean,
  parts: Record<string, TaxPart[]>,
  more: Partial<TaxRules> = {},
): TaxRules => ({
  zone: 'anywhere',
  pricesIncludeTax: included,
  rateOf: (taxClass) => categoryOf(taxClass, parts[taxClass] ?? []),
  ...more,
});
const line = (amount: number, quantity = 1, taxClass = 'standard'): PricedLine => ({
  unitPrice: eur(amount),
  quantity,
  taxClass,
});
const amounts = ({ taxes }: Totals) =>
  taxes.map(({ title, base, amount }) => [title, base.amount, amount.amount]);

describe('several rates at once', () => {
  it('are parallel on the price, each rounded once', () => {
    const quebec = rules(false, { standard: [part('GST', 50_000), part('QST', 99_750)] });
    const totals = computeTotals('EUR', [line(1999, 3)], eur(490), quebec);
    // 64.87: 5 % is 3.2435, 9.975 % is 6.4707825.
    expect(amounts(totals)).toEqual([
      ['GST', 6487n, 324n],
      ['QST', 6487n, 647n],
    ]);
    expect(totals.total).toEqual(eur(6487 + 324 + 647));
  });

  it('are taken on each other where they compound', () => {
    const island = rules(false, { standard: [part('GST', 50_000), part('PST', 100_000, true)] });
    expect(amounts(computeTotals('EUR', [line(10_000)], null, island))).toEqual([
      ['GST', 10_000n, 500n],
      ['PST', 10_500n, 1050n],
    ]);
  });

  it('come out of a price that includes them as they would go on top of what is left', () => {
    const island = rules(true, { standard: [part('GST', 50_000), part('PST', 100_000, true)] });
    expect(amounts(computeTotals('EUR', [line(11_550)], null, island))).toEqual([
      ['GST', 10_000n, 500n],
      ['PST', 10_500n, 1050n],
    ]);
  });
});

describe('the rounding point', () => {
  const lines = [line(1), line(1), line(1)];
  const parts = { standard: [part('VAT', 190_000)] };

  it('is the category', () => {
    expect(computeTotals('EUR', lines, null, rules(false, parts)).tax).toEqual(eur(1));
  });

  it('is the line where the shop says so', () => {
    const tax = rules(false, parts, { rounding: 'line' });
    expect(computeTotals('EUR', [line(3), line(3), line(3)], null, tax).tax).toEqual(eur(3));
    expect(computeTotals('EUR', [line(3), line(3), line(3)], null, rules(false, parts)).tax).toEqual(eur(2));
  });
});

describe('shipping', () => {
  it('is taxed like the goods in proportion to their price', () => {
    const parts = { standard: [part('19 %', 190_000)], reduced: [part('7 %', 70_000)] };
    const tax = rules(false, parts, { shipping: { by: 'goods', taxClass: 'standard' } });
    const totals = computeTotals('EUR', [line(7500), line(2500, 1, 'reduced')], eur(1000), tax);
    expect(amounts(totals)).toEqual([
      ['19 %', 8250n, 1568n],
      ['7 %', 2750n, 193n],
    ]);
    expect(totals.shipping?.taxLines.map(({ base }) => base)).toEqual([eur(750), eur(250)]);
    expect(totals.shipping?.price).toEqual(eur(1000));
  });

  it('is taxed by a class of its own', () => {
    const parts = { standard: [part('19 %', 190_000)], freight: [] };
    const tax = rules(false, parts, { shipping: { by: 'own_class', taxClass: 'freight' } });
    expect(computeTotals('EUR', [line(1000)], eur(1000), tax).tax).toEqual(eur(190));
  });
});

describe('a price that is read with another tax', () => {
  const german: PriceReading = {
    pricesIncludeTax: true,
    rateOf: (taxClass) => categoryOf(taxClass, [part('DE', 190_000)]),
  };

  it('leaves the shop the same net where the rate is another', () => {
    const french = rules(true, { standard: [part('FR', 200_000)] }, { read: german });
    const totals = computeTotals('EUR', [line(11_900)], null, french);
    expect([totals.total, totals.tax, totals.subtotal]).toEqual([eur(12_000), eur(2000), eur(12_000)]);
  });

  it('is the net for whoever accounts for the tax himself', () => {
    const free = rules(false, {}, { read: german });
    const totals = computeTotals('EUR', [{ ...line(1999, 3), discount: eur(997) }], eur(490), free);
    // 59.97 - 9.97 + 4.90 = 54.90, of which 8.77 would be tax.
    expect([totals.total, totals.tax]).toEqual([eur(5490 - 877), eur(0)]);
    expect(totals.subtotal.minus(totals.discount).plus(totals.shippingPrice)).toEqual(totals.total);
  });
});

describe('whatever the rates, prices and discounts', () => {
  const currency = fc.constantFrom('JPY', 'EUR', 'KWD');
  const CLASSES = ['standard', 'reduced', 'books'];
  const parts = fc.array(
    fc.record({
      title: fc.constantFrom('GST', 'PST', 'VAT'),
      ratePpm: fc.integer({ min: 0, max: 250_000 }),
      jurisdiction: fc.constantFrom(null, 'QC', 'CA'),
      compound: fc.boolean(),
    }),
    { maxLength: 4 },
  );
  const rates = fc.record({ standard: parts, reduced: parts, books: parts });
  const items = fc.array(
    fc.record({
      amount: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5_000_000 })),
      quantity: fc.integer({ min: 1, max: 999 }),
      taxClass: fc.constantFrom(...CLASSES),
      off: fc.integer({ min: 0, max: 100 }),
      isVoucher: fc.boolean(),
    }),
    { minLength: 1, maxLength: 20 },
  );
  const world = fc.record({
    currency,
    items,
    rates,
    home: rates,
    included: fc.boolean(),
    homeIncluded: fc.boolean(),
    reads: fc.boolean(),
    untaxed: fc.boolean(),
    shippingPrice: fc.option(fc.integer({ min: 0, max: 10_000 })),
    shippingOff: fc.integer({ min: 0, max: 100 }),
    by: fc.constantFrom('goods' as const, 'own_class' as const),
    rounding: fc.constantFrom('category' as const, 'line' as const),
  });
  type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

  const reading = (included: boolean, of: Record<string, TaxPart[]>): PriceReading => ({
    pricesIncludeTax: included,
    rateOf: (taxClass): TaxCategory => categoryOf(taxClass, of[taxClass] ?? []),
  });
  const totalsIn = (one: World, tax: Partial<TaxRules> = {}): Totals => {
    const money = (amount: bigint | number) => Money.of(amount, one.currency);
    const lines = one.items.map(({ amount, quantity, taxClass, off, isVoucher }) => ({
      unitPrice: money(amount),
      quantity,
      taxClass,
      isVoucher,
      discount: money((BigInt(amount) * BigInt(quantity) * BigInt(off)) / 100n),
    }));
    const shipping = one.shippingPrice === null ? null : money(one.shippingPrice);
    return computeTotals(
      one.currency,
      lines,
      shipping,
      {
        zone: 'anywhere',
        ...reading(one.included, one.rates),
        shipping: { by: one.by, taxClass: 'standard' },
        rounding: one.rounding,
        ...(one.reads && { read: reading(one.homeIncluded, one.home) }),
        ...tax,
      },
      money((BigInt(one.shippingPrice ?? 0) * BigInt(one.shippingOff)) / 100n),
    );
  };

  it('net + tax = gross, and lines = categories = total', () => {
    fc.assert(
      fc.property(world, (one) => {
        const totals = totalsIn(one);
        const charges = totals.shipping ? [...totals.lines, totals.shipping] : totals.lines;
        const add = (all: readonly Money[]) => Money.sum(all, one.currency);
        for (const { price, discount, net, tax, total, taxLines } of charges) {
          expect(net.plus(tax)).toEqual(total);
          expect(add(taxLines.map(({ amount }) => amount))).toEqual(tax);
          const paid = price.minus(discount);
          expect(totals.pricesIncludeTax ? paid : paid.plus(tax)).toEqual(total);
          expect([net, tax, total, price, discount].some((amount) => amount.isNegative())).toBe(false);
        }
        expect(add(charges.map(({ total }) => total))).toEqual(totals.total);
        expect(add(charges.map(({ tax }) => tax))).toEqual(totals.tax);
        expect(add(totals.taxes.map(({ amount }) => amount))).toEqual(totals.tax);
        const shown = totals.subtotal.minus(totals.discount).plus(totals.shippingPrice);
        expect(totals.pricesIncludeTax ? shown : shown.plus(totals.tax)).toEqual(totals.total);
      }),
      { numRuns: 200 },
    );
  });

  it('whoever pays no tax pays the net of whoever does', () => {
    fc.assert(
      fc.property(world, (one) => {
        const consumer = totalsIn({ ...one, reads: false });
        const business = totalsIn(one, {
          ...reading(false, {}),
          read: reading(one.included, one.rates),
        });
        expect(business.tax.isZero()).toBe(true);
        expect(business.total).toEqual(consumer.total.minus(consumer.tax));
        expect(business.lines.map(({ total }) => total)).toEqual(consumer.lines.map(({ net }) => net));
      }),
      { numRuns: 100 },
    );
  });

  it('each rate is, but for its rounding, its part of the sum that it was taken on', () => {
    fc.assert(
      fc.property(world, (one) => {
        const totals = totalsIn({ ...one, reads: false, included: false, rounding: 'category' });
        for (const { base, amount, ratePpm } of totals.taxes) {
          const exact = base.timesRatio(BigInt(ratePpm), 1_000_000n);
          // A class may have the same rate up to four times, each rounded by itself.
          expect(Math.abs(Number(exact.minus(amount).amount))).toBeLessThanOrEqual(4);
        }
      }),
      { numRuns: 100 },
    );
  });
});
