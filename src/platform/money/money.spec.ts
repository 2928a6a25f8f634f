import fc from 'fast-check';
import { Money } from './money.js';

const amounts = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
const weightLists = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 30 });
const abs = (value: bigint): bigint => (value < 0n ? -value : value);

describe('Money', () => {
  it('splits into parts that add up to the whole, whatever the weights and the sign', () => {
    fc.assert(
      fc.property(amounts, weightLists, (amount, weights) => {
        const parts = Money.of(amount, 'EUR').split(weights);
        expect(parts).toHaveLength(weights.length);
        expect(Money.sum(parts, 'EUR').amount).toBe(amount);
      }),
    );
  });

  it('keeps every part less than one minor unit from its exact share', () => {
    fc.assert(
      fc.property(amounts, weightLists, (amount, weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0n);
        fc.pre(total > 0n);
        Money.of(amount, 'EUR')
          .split(weights)
          .forEach((part, index) => {
            const distance = abs(part.amount * total - amount * (weights[index] ?? 0n));
            expect(distance < total).toBe(true);
          });
      }),
    );
  });

  it('breaks ties by position, and gives all to the first when nobody weighs anything', () => {
    const parts = (amount: bigint, weights: bigint[]) =>
      Money.of(amount, 'EUR')
        .split(weights)
        .map((part) => part.amount);
    expect(parts(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(parts(-100n, [1n, 1n, 1n])).toEqual([-34n, -33n, -33n]);
    expect(parts(100n, [0n, 0n])).toEqual([100n, 0n]);
    expect(() => parts(100n, [])).toThrow(RangeError);
    expect(() => parts(100n, [2n, -1n])).toThrow(RangeError);
  });

  it('rounds a ratio half away from zero', () => {
    const parts = fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n });
    fc.assert(
      fc.property(amounts, parts, parts, (amount, numerator, denominator) => {
        fc.pre(denominator !== 0n);
        expect(Money.of(amount, 'EUR').timesRatio(numerator, denominator).amount).toBe(
          halfAwayFromZero(amount * numerator, denominator),
        );
      }),
    );
    // Halves are rare among random ratios, so they are asked for.
    fc.assert(
      fc.property(amounts, (amount) => {
        const odd = 2n * amount + 1n;
        expect(Money.of(odd, 'EUR').timesRatio(1n, 2n).amount).toBe(odd > 0n ? amount + 1n : amount);
      }),
    );
    expect(() => Money.of(1n, 'EUR').timesRatio(1n, 0n)).toThrow(RangeError);
  });

  it('travels through JSON unchanged up to 2^53 - 1 and refuses to go beyond', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (amount) => {
        const money = Money.of(amount, 'JPY');
        expect(Money.fromJSON(money.toJSON()).equals(money)).toBe(true);
      }),
    );
    const limit = 2n ** 53n - 1n;
    expect(Money.of(-limit, 'EUR').toJSON().amount).toBe(-Number(limit));
    expect(() => Money.of(limit + 1n, 'EUR').toJSON()).toThrow(RangeError);
    expect(() => JSON.stringify(Money.of(-limit - 1n, 'EUR'))).toThrow(RangeError);
  });

  it.each([0.1, 19.99, NaN, Infinity, 2 ** 53])('refuses the number %p', (number) => {
    expect(() => Money.of(number, 'EUR')).toThrow(RangeError);
    expect(() => Money.of(1n, 'EUR').times(number)).toThrow(RangeError);
    expect(() => Money.fromJSON({ amount: number, currency: 'EUR' })).toThrow(RangeError);
  });

  it('does not mix currencies, nor take one that does not exist', () => {
    const [euro, dollar] = [Money.of(1n, 'EUR'), Money.of(1n, 'USD')];
    expect(() => euro.plus(dollar)).toThrow(RangeError);
    expect(() => euro.minus(dollar)).toThrow(RangeError);
    expect(() => euro.compare(dollar)).toThrow(RangeError);
    expect(() => Money.sum([euro, dollar], 'EUR')).toThrow(RangeError);
    expect(euro.equals(dollar)).toBe(false);
    expect(() => Money.of(1n, 'EURO')).toThrow(RangeError);
    expect(() => Money.of(1n, 'XAU')).toThrow(RangeError);
  });
});

/** The oracle thinks another way: cut towards zero, then one step outwards when the rest is half or more. */
function halfAwayFromZero(top: bigint, bottom: bigint): bigint {
  const cut = top / bottom;
  const rest = abs(top % bottom);
  if (rest * 2n < abs(bottom)) return cut;
  return top < 0n === bottom < 0n ? cut + 1n : cut - 1n;
}
