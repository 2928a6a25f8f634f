import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import type { MeteredComponent, PlanTax } from '../plan/plan.js';
import { UNIT } from '../subscription/usage-pricing.js';
import { type ChargedBefore, chargeOf, type UsageTotal } from './usage.js';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const tax: PlanTax = { countries: ['*'], category: 'S', ratePpm: 190_000, title: 'VAT', reason: null };
const calls: MeteredComponent = {
  ...{ code: 'calls', title: 'Calls', aggregation: 'sum', included: '100', mode: 'graduated' },
  tiers: [
    { upTo: '1000', price: eur(10), per: '1', flat: eur(0) },
    { upTo: null, price: eur(3), per: '1000', flat: eur(200) },
    { upTo: null, price: { amount: 1, currency: 'USD' }, per: '1', flat: { amount: 0, currency: 'USD' } },
  ],
};
const window = { from: new Date('2027-01-01T00:00:00Z'), until: new Date('2027-02-01T00:00:00Z') };
const total = (quantities: readonly bigint[]): UsageTotal => ({
  ...window,
  component: 'calls',
  events: quantities.length,
  sum: quantities.reduce((sum, one) => sum + one, 0n),
  max: quantities.reduce((max, one) => (one > max ? one : max), quantities[0] ?? 0n),
  last: quantities.at(-1) ?? 0n,
});
const priced = (component: MeteredComponent) => ({ terms: { id: 'v', number: 1 }, component, tax });
const inTime = { before: null, late: false, free: false };

describe('the charge of a component', () => {
  it('says how it came about', () => {
    const charge = chargeOf(total([1_000n * UNIT, 600n * UNIT]), priced(calls), 'EUR', inTime);
    expect(charge.explain).toBe(
      '1600 (the sum of 2), 100 included (version 1): 1000 × 0.10 EUR = 100.00 EUR, ' +
        '500 × 0.03 EUR per 1000 + 2.00 EUR = 2.02 EUR',
    );
    expect([charge.whole.toString(), charge.amount.toString(), charge.late]).toEqual([
      '102.02 EUR',
      '102.02 EUR',
      false,
    ]);
    const dollars = chargeOf(total([101n * UNIT]), priced(calls), 'USD', inTime);
    expect(dollars.amount.toString()).toBe('0.01 USD');
  });

  it('is nothing in a trial, and nothing for what is included', () => {
    const free = chargeOf(total([5_000n * UNIT]), priced(calls), 'EUR', { ...inTime, free: true });
    expect([free.amount.isZero(), free.explain.endsWith('free in the trial')]).toEqual([true, true]);
    const included = chargeOf(total([100n * UNIT]), priced(calls), 'EUR', inTime);
    expect([included.amount.isZero(), included.explain.endsWith('nothing to pay')]).toEqual([true, true]);
  });

  it.each(['sum', 'max', 'last'] as const)('comes to the same, late or in time (%s)', (aggregation) => {
    const quantities = fc.array(fc.bigInt({ min: -50n * UNIT, max: 900n * UNIT }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        quantities,
        fc.array(fc.nat(12), { maxLength: 4 }),
        fc.nat(1_000),
        (all, cuts, permille) => {
          const component = priced({ ...calls, aggregation });
          const whole = chargeOf(total(all), component, 'EUR', inTime).whole;
          let charged = Money.zero('EUR');
          let off = Money.zero('EUR');
          let first: ChargedBefore['first'] = null;
          let any = false;
          for (const end of [
            ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b),
            all.length,
          ]) {
            if (end === 0) continue;
            const before = any ? { amount: charged, off, first, tax } : null;
            const charge = chargeOf(total(all.slice(0, end)), component, 'EUR', {
              before,
              late: any,
              free: false,
            });
            // Of what is charged for the first time the invoice says what a coupon takes; of a difference this does.
            const taken = charge.again ? charge.off : charge.amount.timesRatio(BigInt(permille), 1_000n);
            charged = charged.plus(charge.amount);
            off = off.plus(taken);
            if (first === null && !charge.amount.isZero()) first = { amount: charge.amount, off: taken };
            expect([charge.again, off.isNegative()]).toEqual([any && before?.first !== null, false]);
            expect(charged.minus(off).isNegative()).toBe(false);
            any = true;
          }
          expect(charged).toEqual(whole);
          if (first) expect(off).toEqual(first.off.timesRatio(whole.amount, first.amount.amount));
        },
      ),
    );
  });
});
