import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import {
  formatQuantity,
  parseQuantity,
  type Tier,
  UNIT,
  usageCharges,
  type UsagePrice,
  wrongTier,
} from './usage-pricing.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const units = (count: number) => BigInt(count) * UNIT;
const tier = (upTo: number | null, price: number, { per = 1, flat = 0 } = {}): Tier => ({
  upTo: upTo === null ? null : units(upTo),
  price: eur(price),
  per: units(per),
  flat: eur(flat),
});
const sold = (mode: UsagePrice['mode'], tiers: Tier[], included = 0): UsagePrice => ({
  mode,
  tiers,
  included: units(included),
});
const plain = (price: UsagePrice, used: bigint) =>
  usageCharges(price, used).map((one) => [one.tier, formatQuantity(one.quantity), Number(one.amount.amount)]);
const total = (price: UsagePrice, used: bigint) =>
  Money.sum(
    usageCharges(price, used).map(({ amount }) => amount),
    'EUR',
  ).amount;

const tierLists = fc
  .array(
    fc.record({
      size: fc.bigInt({ min: 1n, max: units(500) }),
      price: fc.nat(5_000).map(eur),
      per: fc.bigInt({ min: 1n, max: units(100) }),
      flat: fc.nat(1_000).map(eur),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((all) => {
    let upTo = 0n;
    return all.map(({ size, ...one }, index): Tier => {
      upTo += size;
      return { ...one, upTo: index === all.length - 1 ? null : upTo };
    });
  });
const amounts = fc.bigInt({ min: -units(10), max: units(3_000) });

describe('the price of usage', () => {
  const tiers = [tier(100, 10), tier(1_000, 5, { flat: 200 }), tier(null, 1)];

  it('is one price per unit, with parts of units and of cents', () => {
    expect(plain(sold('graduated', [tier(null, 250)]), parseQuantity('1.5') ?? 0n)).toEqual([
      [0, '1.5', 375],
    ]);
    expect(plain(sold('graduated', [tier(null, 3, { per: 1_000 })]), units(12_500))).toEqual([
      [0, '12500', 38],
    ]);
    expect(plain(sold('graduated', [tier(null, 1)]), parseQuantity('0.499999') ?? 0n)).toEqual([
      [0, '0.499999', 0],
    ]);
  });

  it('is charged tier by tier, or all by the tier that was reached', () => {
    expect(plain(sold('graduated', tiers), units(100))).toEqual([[0, '100', 1_000]]);
    expect(plain(sold('graduated', tiers), units(1_500))).toEqual([
      [0, '100', 1_000],
      [1, '900', 4_700],
      [2, '500', 500],
    ]);
    expect(plain(sold('volume', tiers), units(100))).toEqual([[0, '100', 1_000]]);
    expect(plain(sold('volume', tiers), units(101))).toEqual([[1, '101', 705]]);
    expect(plain(sold('volume', tiers), units(1_500))).toEqual([[2, '1500', 1_500]]);
  });

  it('is nothing for what is included, or for less than nothing', () => {
    expect(plain(sold('graduated', tiers, 50), units(50))).toEqual([]);
    expect(plain(sold('graduated', tiers, 50), units(51))).toEqual([[0, '1', 10]]);
    expect(plain(sold('volume', tiers), -units(3))).toEqual([]);
  });

  it('has charges that add up to what was used above the included, and in tiers never falls with more usage', () => {
    fc.assert(
      fc.property(tierLists, amounts, amounts, fc.nat(50), (all, one, other, included) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        for (const mode of ['graduated', 'volume'] as const) {
          const price = sold(mode, all, included);
          const charges = usageCharges(price, more);
          const above = more - price.included;
          const counted = charges.reduce((sum, { quantity }) => sum + quantity, 0n);
          expect(counted).toBe(above > 0n ? above : 0n);
          // By volume a better tier may be cheaper as a whole; within one tier it may not.
          const same = usageCharges(price, less).at(-1)?.tier === charges.at(-1)?.tier;
          if (mode === 'graduated' || same) expect(total(price, less) <= total(price, more)).toBe(true);
        }
      }),
    );
  });

  it('is the same in both modes when there is one tier', () => {
    fc.assert(
      fc.property(tierLists, amounts, (all, used) => {
        const only = all.slice(-1);
        expect(usageCharges(sold('volume', only), used)).toEqual(usageCharges(sold('graduated', only), used));
      }),
    );
  });

  it('wants tiers that rise and end with one that does not', () => {
    fc.assert(fc.property(tierLists, (all) => expect(wrongTier(all)).toBeNull()));
    expect(wrongTier([])).toBe(0);
    expect(wrongTier([tier(10, 1)])).toBe(0);
    expect(wrongTier([tier(null, 1), tier(null, 1)])).toBe(0);
    expect(wrongTier([tier(10, 1), tier(10, 1), tier(null, 1)])).toBe(1);
    expect(wrongTier([tier(0, 1), tier(null, 1)])).toBe(0);
  });
});

describe('a quantity', () => {
  it('is read and written without loss', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), (millionths) => {
        expect(parseQuantity(formatQuantity(millionths))).toBe(millionths);
      }),
    );
    expect(formatQuantity(1_500_000n)).toBe('1.5');
    expect(formatQuantity(-1n)).toBe('-0.000001');
  });

  it.each(['', '1.', '.5', '1e3', '0.0000001', '1,5', ' 1', '+1', 'NaN', '1234567890123'])(
    'is not %p',
    (text) => {
      expect(parseQuantity(text)).toBeNull();
    },
  );
});
