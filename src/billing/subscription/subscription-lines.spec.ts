import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import type { PlanTax } from '../plan/plan.js';
import { sumsOf } from '../invoice/invoice-arithmetic.js';
import { amountOf, fitting, invoiceLines, type PendingLine } from './subscription-lines.js';

const VAT: PlanTax = { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT', reason: null };
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const NET = { currency: 'EUR', pricesIncludeTax: false };

/** A charge, or below zero a credit. */
const line = (amount: number): PendingLine => ({
  ...{ kind: amount < 0 ? 'credit' : 'debit', title: 'Plan', sku: 'plan', tax: VAT, explain: null },
  ...{ quantity: amount < 0 ? -1 : 1, unitPrice: eur(Math.abs(amount)), discount: eur(0) },
  period: { start: '2027-02-28', end: '2027-03-28' },
});
const sum = (lines: readonly PendingLine[]): bigint => Money.sum(lines.map(amountOf), 'EUR').amount;

describe('the lines of a subscription', () => {
  it('never come to less than nothing on one invoice, and no cent of a credit is lost or given twice', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -100_000, max: 100_000 }), { maxLength: 12 }), (amounts) => {
        const lines = amounts.map(line);
        const { now, later } = fitting(lines, NET);
        expect(sum(now) >= 0n).toBe(true);
        expect(sum(now) + sum(later)).toBe(sum(lines));
        // A credit waits only when this invoice comes to nothing.
        expect(later.length === 0 || sum(now) === 0n).toBe(true);
        // Invoice after invoice takes what is left, and then nothing waits.
        const next = fitting([line(2_000_000), ...later], NET);
        expect(next.later).toEqual([]);
      }),
    );
  });

  it('never come to less than nothing with taxes of several rates, which credits have too', () => {
    const of = fc.record({
      amount: fc.integer({ min: -2_000, max: 2_000 }),
      ratePpm: fc.constantFrom(0, 70_000, 190_000, 255_000),
    });
    fc.assert(
      fc.property(fc.array(of, { maxLength: 8 }), fc.boolean(), (wanted, pricesIncludeTax) => {
        const how = { currency: 'EUR', pricesIncludeTax };
        const lines = wanted.map(({ amount, ratePpm }) => ({ ...line(amount), tax: { ...VAT, ratePpm } }));
        const { now, later } = fitting(lines, how);
        const { net, gross } = sumsOf(invoiceLines(now, { ...how, country: 'DE' }), 'EUR');
        expect([pricesIncludeTax || !net.isNegative(), gross.isNegative()]).toEqual([true, false]);
        expect(sum(now) + sum(later)).toBe(sum(lines));
      }),
    );
  });

  it('say on a later invoice of which credit they are a part', () => {
    const credit = { ...line(-8000), explain: 'Unused' };
    let [waiting, said]: [PendingLine[], (string | null)[]] = [[credit], []];
    for (let invoice = 0; invoice < 3; invoice += 1) {
      const { now, later } = fitting([...waiting, line(3000)], NET);
      said = [...said, ...now.filter(({ kind }) => kind === 'credit').map(({ explain }) => explain)];
      waiting = later;
    }
    expect(said).toEqual([
      'Unused; of 80.00 EUR 30.00 EUR here',
      'Unused; of 80.00 EUR 30.00 EUR here',
      'Unused; of 80.00 EUR 20.00 EUR here',
    ]);
    expect(fitting([credit, line(9000)], NET).now[0]?.explain).toBe('Unused');
  });

  it('show a credit as a quantity below zero, and the last day of its days', () => {
    const country = { currency: 'EUR', pricesIncludeTax: false, country: 'DE' };
    const [credit] = invoiceLines([line(-500), line(1000)], country);
    expect(credit).toMatchObject({
      ...{ quantity: '-1', unitPrice: eur(500), net: eur(-500), tax: eur(-95), total: eur(-595) },
      period: { start: '2027-02-28', end: '2027-03-27' },
    });
  });
});
