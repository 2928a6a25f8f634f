import fc from 'fast-check';
import { Money } from '../../platform/money/money.js';
import type { Calendar } from './delivery-estimate.js';
import { type Cargo, offersFor, waysTo } from './offers.js';
import { type CargoLine, pack, type Parcel, sidesOf } from './parcels.js';
import { PLAIN_METHOD, type ShippingOption, type ShippingTier, type ShippingZone } from './shipping-zone.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const tier = (bound: Partial<ShippingTier>, price: Money): ShippingTier => ({
  ...{ upToGrams: null, upToGoods: null, upToMm: null },
  ...bound,
  price,
});
const method = (id: string, tiers: ShippingTier[], more: Partial<ShippingOption> = {}): ShippingOption => ({
  ...PLAIN_METHOD,
  ...{ id, title: id, tiers },
  ...more,
});
const zone = (id: string, countries: string[], options: ShippingOption[]): ShippingZone => ({
  ...{ id, name: id, countries, areas: [], version: 1, options },
});
const piece = (more: Partial<CargoLine> = {}): CargoLine => ({
  ...{ variantId: 'v', sku: 'LAMP', quantity: 1, weightGrams: 0 },
  ...{ lengthMm: 0, widthMm: 0, heightMm: 0, shippingClass: null },
  ...more,
});
const calendar: Calendar = {
  ...{ timeZone: 'UTC', cutOff: '12:00', processingDays: 0 },
  ...{ workingDays: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], holidays: [] },
};
const at = { now: new Date('2026-11-23T10:00:00Z'), calendar };
const to = (country: string) => ({ country, region: null, postalCode: null });
const cargo = (lines: Partial<CargoLine>[], goods = 1_000, currency = 'EUR'): Cargo => ({
  lines: lines.map(piece),
  goods: Money.of(goods, currency),
});

describe('shipping offers', () => {
  const zones = [
    zone(
      'Germany',
      ['DE'],
      [
        method('express', [tier({}, eur(1490))]),
        method('parcel', [tier({ upToGrams: 10_000 }, eur(990)), tier({ upToGrams: 2_000 }, eur(490))]),
      ],
    ),
    zone('Rest of the world', ['*'], [method('far', [tier({}, Money.of(3000, 'USD'))])]),
  ];
  const prices = (country: string, currency: string, weightGrams: number) =>
    offersFor(zones, to(country), currency, cargo([{ weightGrams }], 0, currency), at).map(
      ({ optionId, price }) => [optionId, Number(price.amount)],
    );

  it('take the smallest tier that holds the weight, the cheapest option first', () => {
    expect(prices('DE', 'EUR', 2_000)).toEqual([
      ['parcel', 490],
      ['express', 1490],
    ]);
    expect(prices('DE', 'EUR', 2_001)).toEqual([
      ['parcel', 990],
      ['express', 1490],
    ]);
    expect(prices('DE', 'EUR', 10_001)).toEqual([['express', 1490]]);
  });

  it('fall back to the zone of everywhere else, and know only prices in the currency of the cart', () => {
    expect(prices('JP', 'USD', 1)).toEqual([['far', 3000]]);
    expect(prices('JP', 'EUR', 1)).toEqual([]);
  });

  const one = (option: ShippingOption, load: Cargo) =>
    waysTo([zone('z', ['*'], [option])], to('DE'), 'EUR', load, at);
  const price = (option: ShippingOption, load: Cargo) => one(option, load).offers[0]?.price.amount;
  const reason = (option: ShippingOption, load: Cargo) => one(option, load).misfits[0]?.code;

  it('go by the value of the goods, by size, or by volume where that weighs more', () => {
    const tiers = (bound: 'upToGoods' | 'upToMm' | 'upToGrams', limit: number) => [
      tier({ [bound]: limit }, eur(500)),
      tier({}, eur(900)),
    ];
    const goods = method('m', tiers('upToGoods', 5_000), { by: 'goods' });
    expect([price(goods, cargo([{}], 5_000)), price(goods, cargo([{}], 5_001))]).toEqual([500n, 900n]);
    const size = method('m', tiers('upToMm', 600), { by: 'size' });
    const box = { lengthMm: 300, widthMm: 200, heightMm: 100 };
    expect(price(size, cargo([box]))).toBe(500n);
    expect(price(size, cargo([{ ...box, quantity: 2 }]))).toBe(900n);
    const volume = method('m', tiers('upToGrams', 1_200), { by: 'volumetric_weight' });
    // 300 × 200 × 100 mm are 6,000 cm³: 1,200 g by the divisor of 5,000.
    expect(price(volume, cargo([{ ...box, weightGrams: 10 }]))).toBe(500n);
    expect(price(volume, cargo([{ ...box, weightGrams: 1_201 }]))).toBe(900n);
    expect(price({ ...volume, volumetricDivisor: 4_000 }, cargo([box]))).toBe(900n);
  });

  it('are free from an amount on, but not for what they do not carry', () => {
    const free = method('m', [tier({ upToGrams: 1_000 }, eur(500))], { freeOver: [eur(5_000)] });
    expect(price(free, cargo([{}], 4_999))).toBe(500n);
    expect(one(free, cargo([{}], 5_000)).offers[0]).toMatchObject({ price: eur(0), priceFrom: 'free_over' });
    expect(reason(free, cargo([{ weightGrams: 1_001 }], 5_000))).toBe('beyond_tiers');
  });

  it('say why a method does not fit', () => {
    const flat = (more: Partial<ShippingOption>) => method('m', [tier({}, eur(500))], more);
    const bulky = cargo([{ shippingClass: 'bulky' }]);
    expect(reason(flat({ exceptClasses: ['bulky'] }), bulky)).toBe('class_not_carried');
    expect(reason(flat({ onlyForClasses: ['bulky'] }), cargo([{}]))).toBe('class_missing');
    expect(price(flat({ onlyForClasses: ['bulky'] }), bulky)).toBe(500n);
    expect(reason(flat({ activeFrom: '2026-11-23T10:00:01Z' }), bulky)).toBe('not_now');
    expect(reason(flat({ activeUntil: '2026-11-23T10:00:00Z' }), bulky)).toBe('not_now');
    expect(price(flat({ activeFrom: '2026-11-23T10:00:00Z' }), bulky)).toBe(500n);
    expect(reason(flat({ maxParcelGrams: 10 }), cargo([{ weightGrams: 11 }]))).toBe('too_heavy');
    expect(reason(flat({ maxParcelSides: [9, 9, 9] }), cargo([{ lengthMm: 10 }]))).toBe('too_large');
    expect(reason(flat({ maxParcelGrams: 10 }), cargo([{ weightGrams: 10, quantity: 201 }]))).toBe(
      'too_many_parcels',
    );
    expect(reason(flat({ tiers: [] }), bulky)).toBe('no_price_in_currency');
    expect(reason(flat({ tiers: [], carrierService: 's' }), bulky)).toBe('no_carrier_rate');
  });

  it('cost what a carrier asks, and their own price when it says nothing', () => {
    const asked = method('m', [tier({}, eur(500))], { carrierService: 's', transitDays: { min: 5, max: 9 } });
    const offer = (quoted: Money | null) =>
      waysTo([zone('z', ['*'], [asked])], to('DE'), 'EUR', cargo([{}]), {
        ...at,
        quotes: { of: () => quoted && { service: 's', price: quoted, transit: { min: 1, max: 1 } } },
      }).offers[0];
    expect(offer(eur(333))).toMatchObject({
      ...{ price: eur(333), priceFrom: 'carrier' },
      estimate: { earliest: '2026-11-24', latest: '2026-11-24' },
    });
    expect(offer(null)).toMatchObject({
      price: eur(500),
      priceFrom: 'fallback',
      estimate: { earliest: '2026-11-30' },
    });
  });

  // In one parcel: what is cut up can become cheaper where the parcel as a whole is beyond the last tier.
  it('never cost less for more when the tiers rise', () => {
    const bounds = fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 6 });
    const bases = fc.constantFrom('weight', 'goods', 'volumetric_weight', 'size');
    fc.assert(
      fc.property(
        bounds,
        bases,
        fc.integer({ min: 0, max: 4_000 }),
        fc.integer({ min: 0, max: 2_000 }),
        fc.nat(20),
        (limits, by, less, extra, quantity) => {
          const rising = [...limits].sort((a, b) => a - b);
          const bound = by === 'goods' ? 'upToGoods' : by === 'size' ? 'upToMm' : 'upToGrams';
          const option = method(
            'm',
            // However they are written down.
            rising.map((limit, index) => tier({ [bound]: limit }, eur(100 * (index + 1)))).reverse(),
            { by },
          );
          const load = (value: number) =>
            cargo(
              [{ weightGrams: value, lengthMm: value, widthMm: 10, heightMm: 10, quantity: quantity + 1 }],
              value,
            );
          const [cheap, dear] = [price(option, load(less)), price(option, load(less + extra))];
          if (dear !== undefined) expect(Number(cheap)).toBeLessThanOrEqual(Number(dear));
        },
      ),
    );
  });
});

describe('parcels', () => {
  const side = fc.integer({ min: 0, max: 400 });
  const pieces = fc.array(
    fc.record({
      quantity: fc.integer({ min: 1, max: 40 }),
      weightGrams: fc.integer({ min: 0, max: 2_000 }),
      ...{ lengthMm: side, widthMm: side, heightMm: side },
    }),
    { maxLength: 8 },
  );
  const named = (lines: Partial<CargoLine>[]) =>
    lines.map((line, index) => piece({ ...line, variantId: String(index), sku: `SKU-${index}` }));
  const limits = fc.record({
    maxGrams: fc.option(fc.integer({ min: 1, max: 20_000 })),
    maxSides: fc.option(fc.tuple(side, side, side).map((sides) => sidesOf(...sides))),
  });

  it('never exceed what a parcel may weigh and measure, and lose no piece', () => {
    fc.assert(
      fc.property(pieces, limits, (lines, limit) => {
        const cargoLines = named(lines);
        const parcels = pack(cargoLines, limit);
        if ('code' in parcels) return;
        const packed = new Map<string, number>();
        for (const parcel of parcels) {
          const { grams, lengthMm, widthMm, heightMm } = parcel;
          if (limit.maxGrams !== null) expect(grams).toBeLessThanOrEqual(limit.maxGrams);
          limit.maxSides?.forEach((most, at) =>
            expect(sidesOf(lengthMm, widthMm, heightMm)[at]).toBeLessThanOrEqual(most),
          );
          expect(grams).toBe(weightOf(parcel, cargoLines));
          for (const { variantId, quantity } of parcel.pieces)
            packed.set(variantId, (packed.get(variantId) ?? 0) + quantity);
        }
        expect([...packed].sort()).toEqual(cargoLines.map((line) => [line.variantId, line.quantity]).sort());
      }),
    );
  });

  it('are refused only for a piece that fits no parcel, or when there are too many', () => {
    fc.assert(
      fc.property(pieces, limits, (lines, limit) => {
        const outcome = pack(named(lines), limit);
        if (!('code' in outcome) || outcome.code === 'too_many_parcels') return;
        const isOdd = named(lines).some((line) => 'code' in pack([{ ...line, quantity: 1 }], limit));
        expect(isOdd).toBe(true);
      }),
    );
  });

  it('are filled by the heaviest pieces first, each in the first that takes it', () => {
    const parcels = pack(
      [
        piece({ sku: 'S', variantId: 's', weightGrams: 2_000, quantity: 3 }),
        piece({ sku: 'L', variantId: 'l', weightGrams: 5_000, quantity: 2 }),
        piece({ sku: 'M', variantId: 'm', weightGrams: 4_000, quantity: 1 }),
      ],
      { maxGrams: 7_000, maxSides: null },
    );
    expect(
      (parcels as Parcel[]).map(({ grams, pieces: own }) => [grams, own.map((p) => `${p.quantity}${p.sku}`)]),
    ).toEqual([
      [7_000, ['1L', '1S']],
      [7_000, ['1L', '1S']],
      [6_000, ['1M', '1S']],
    ]);
  });
});

function weightOf(parcel: Parcel, lines: CargoLine[]): number {
  const grams = new Map(lines.map(({ variantId, weightGrams }) => [variantId, weightGrams]));
  return parcel.pieces.reduce(
    (sum, { variantId, quantity }) => sum + quantity * (grams.get(variantId) ?? 0),
    0,
  );
}
