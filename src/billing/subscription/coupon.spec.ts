import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import { type Coupon, discounts, isActive } from './coupon.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const amounts = (all: readonly Money[]) => all.map(({ amount }) => Number(amount));
const percent = (ppm: number): Coupon => ({
  effect: { type: 'percent', ppm },
  duration: 'forever',
  cycles: null,
});
const amountOff = (amount: number, currency = 'EUR'): Coupon => ({
  effect: { type: 'amount', money: { amount, currency } },
  duration: 'once',
  cycles: null,
});

describe('a coupon', () => {
  it('counts once, for its cycles, or for ever', () => {
    const active = (coupon: Coupon) => [0, 1, 2, 3, 50].map((used) => isActive(coupon, used));
    expect(active(percent(1))).toEqual([true, true, true, true, true]);
    expect(active(amountOff(1))).toEqual([true, false, false, false, false]);
    expect(active({ ...percent(1), duration: 'repeating', cycles: 3 })).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('is counted on the whole cycle and shared out', () => {
    expect(amounts(discounts(percent(100_000), [eur(1_005), eur(1_000)], 'EUR'))).toEqual([101, 100]);
    expect(amounts(discounts(amountOff(100), [eur(1), eur(1), eur(1)], 'EUR'))).toEqual([1, 1, 1]);
    expect(amounts(discounts(amountOff(100), [eur(2_000), eur(1_000)], 'EUR'))).toEqual([67, 33]);
    expect(amounts(discounts(amountOff(100, 'USD'), [eur(2_000)], 'EUR'))).toEqual([0]);
    expect(discounts(percent(1), [], 'EUR')).toEqual([]);
    // Of an amount only what other lines of the cycle have left; a part is one of each.
    expect(amounts(discounts(amountOff(500), [eur(300)], 'EUR', eur(400)))).toEqual([100]);
    expect(amounts(discounts(percent(100_000), [eur(300)], 'EUR', eur(400)))).toEqual([30]);
  });

  it('never takes more than there is, from no line more than it has, and its shares add up', () => {
    const lines = fc.array(fc.nat(1_000_000).map(eur), { minLength: 1, maxLength: 8 });
    const coupons = fc.oneof(
      fc.nat(1_000_000).map(percent),
      fc.nat(3_000_000).map((n) => amountOff(n)),
    );
    fc.assert(
      fc.property(lines, coupons, (all, coupon) => {
        const whole = Money.sum(all, 'EUR');
        const shares = discounts(coupon, all, 'EUR');
        expect(Money.sum(shares, 'EUR')).toEqual(Money.sum(discounts(coupon, [whole], 'EUR'), 'EUR'));
        shares.forEach((share, index) => {
          expect(share.isNegative()).toBe(false);
          expect(share.amount <= (all[index]?.amount ?? 0n)).toBe(true);
        });
      }),
    );
  });
});
