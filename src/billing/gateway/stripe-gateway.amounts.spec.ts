import fc from 'fast-check';
import { CURRENCIES } from '../../platform/money/currencies.js';
import { Money } from '../../platform/money/money.js';
import { asToldByStripe, cutFromStripe, fromStripe, toStripe } from './stripe-gateway.amounts.js';

describe('an amount at Stripe', () => {
  it.each([
    [1999, 'EUR', 1999],
    [80, 'JPY', 80],
    [5, 'ISK', 500],
    [7, 'UGX', 700],
    [5800, 'HUF', 5800],
    [1200, 'TWD', 1200],
    [500, 'MGA', 5],
    [5120, 'KWD', 5120],
    [100, 'KRW', 100],
  ])('%i %s is sent as %i and comes back', (amount, currency, sent) => {
    expect(toStripe(Money.of(amount, currency))).toBe(sent);
    expect(fromStripe(sent, currency.toLowerCase()).equals(Money.of(amount, currency))).toBe(true);
  });

  it.each([
    [5124, 'KWD'],
    [1, 'TND'],
    [550, 'MGA'],
    [1, 'CLF'],
    [1000, 'IQD'],
  ])('%i %s is refused, not rounded', (amount, currency) => {
    expect(() => toStripe(Money.of(amount, currency))).toThrow(/Nothing was rounded/);
  });

  it('of which a part is no whole unit is cut, and told as it was', () => {
    expect(cutFromStripe(3579, 'isk')).toEqual({ units: 35n, isExact: false });
    expect(cutFromStripe(-5, 'isk')).toEqual({ units: 0n, isExact: false });
    expect(cutFromStripe(-500, 'isk')).toEqual({ units: -5n, isExact: true });
    expect([3579, -5, 0].map((amount) => asToldByStripe(amount, 'isk'))).toEqual(['35.79', '-0.05', '0.00']);
    expect(asToldByStripe(80, 'jpy')).toBe('80');
    expect(() => fromStripe(3579, 'isk')).toThrow('no whole minor unit');
  });

  it('of a currency that is none of ours is nothing, and told as it was', () => {
    expect(cutFromStripe(1999, 'usdc')).toEqual({ units: 0n, isExact: false });
    expect(asToldByStripe(1999, 'usdc')).toBe('1999 units');
    expect(() => fromStripe(1999, 'usdc')).toThrow('no whole minor unit of ours');
  });

  it('comes back as it went, in every currency, or is refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 ** 11 }),
        fc.constantFrom(...CURRENCIES.keys()),
        (amount, currency) => {
          const money = Money.of(amount, currency);
          let sent: number;
          try {
            sent = toStripe(money);
          } catch {
            return;
          }
          expect(fromStripe(sent, currency).equals(money)).toBe(true);
        },
      ),
    );
  });
});
