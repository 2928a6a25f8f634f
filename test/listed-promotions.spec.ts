import fc from 'fast-check';
import { offeredTo, promotedPrice } from '../src/catalog/listed-promotion/listed-promotion.js';
import { evaluateGoods } from '../src/ordering/promotion/evaluate.js';
import { listedOf } from '../src/ordering/promotion/listed.js';
import {
  type Condition,
  DEFAULT_MODES,
  type Effect,
  GROUP_MODES,
  type Promotion,
  type Selector,
} from '../src/ordering/promotion/promotion.js';

const NOW = new Date('2026-03-04T12:00:00Z');
const MINUTE = 60_000;

const ids = fc.subarray(['a', 'b', 'c'], { minLength: 1 });
const lists = fc.record(
  { variants: ids, products: ids, categories: ids, collections: ids },
  { requiredKeys: [] },
);
const selector: fc.Arbitrary<Selector | undefined> = fc.option(
  fc
    .tuple(lists, fc.option(lists, { nil: undefined }))
    .map(([own, except]) => (except ? { ...own, except } : own)),
  { nil: undefined, freq: 1 },
);
const money = fc.record({
  amount: fc.oneof(fc.nat(50), fc.nat(5000)),
  currency: fc.constantFrom('EUR', 'EUR', 'USD'),
});
const effect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({ type: fc.constant('percent' as const), ppm: fc.nat(1_000_000), on: selector }),
  fc.record({ type: fc.constant('amount' as const), money, per: fc.constant('each' as const), on: selector }),
  fc.record({ type: fc.constant('fixed_price' as const), money, on: selector }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    type: fc.constantFrom('products' as const, 'categories' as const, 'collections' as const),
    ids,
    min: fc.constantFrom(undefined, 1),
  }) as fc.Arbitrary<Condition>,
  fc.record({ type: fc.constant('customer_group' as const), codes: ids }),
);
const moment = fc.option(
  fc.integer({ min: -2, max: 2 }).map((minutes) => new Date(NOW.getTime() + minutes * MINUTE)),
  { freq: 1 },
);
const promotion: fc.Arbitrary<Omit<Promotion, 'id'>> = fc.record({
  title: fc.constant('A promotion'),
  status: fc.constantFrom('active' as const, 'active' as const, 'active' as const, 'paused' as const),
  group: fc.constant('product' as const),
  trigger: fc.constant('automatic' as const),
  priority: fc.nat(2),
  exclusive: fc.nat(4).map((n) => n === 0),
  startsAt: moment,
  endsAt: moment,
  conditions: fc.oneof(fc.constant([]), fc.array(condition, { maxLength: 2 })),
  effect,
  limitTotal: fc.constant(null),
  limitPerCustomer: fc.constant(null),
  budget: fc.constant(null),
  currency: fc.constantFrom(null, null, 'EUR', 'USD'),
  version: fc.constant(1),
});
const places = fc.subarray(['a', 'b', 'c']);
const world = fc.record({
  promotions: fc
    .array(promotion, { minLength: 1, maxLength: 5 })
    .map((all) => all.map((one, n) => ({ ...one, id: `p${n}` }))),
  mode: fc.constantFrom(...GROUP_MODES),
  price: fc.oneof(fc.nat(20), fc.nat(100_000)),
  kind: fc.constantFrom('physical', 'physical', 'physical', 'digital', 'bundle', 'gift_card'),
  variantId: fc.constantFrom('a', 'b', 'x'),
  productId: fc.constantFrom('a', 'b', 'x'),
  categories: places,
  collections: places,
  groups: places,
});
const bare: Omit<Promotion, 'effect' | 'conditions'> = {
  id: 'p',
  title: 'A promotion',
  status: 'active',
  group: 'product',
  trigger: 'automatic',
  priority: 0,
  exclusive: false,
  startsAt: null,
  endsAt: null,
  limitTotal: null,
  limitPerCustomer: null,
  budget: null,
  currency: null,
  version: 1,
};

describe('what pages show of promotions', () => {
  it('is to the cent the line of a cart with one piece', () => {
    let shown = 0;
    const same = fc.property(world, ({ promotions, mode, price, kind, groups, ...piece }) => {
      const { discounts, applied } = evaluateGoods(
        {
          currency: 'EUR',
          lines: [
            {
              ...piece,
              id: 'line',
              quantity: 1,
              unitPrice: BigInt(price),
              taxClass: 'standard',
              isVoucher: kind === 'gift_card',
            },
          ],
          gifts: [],
          customerGroups: groups,
          country: null,
          isFirstOrder: null,
        },
        {
          modes: { ...DEFAULT_MODES, product: mode },
          candidates: promotions.map((one) => ({ promotion: one, codeId: null, code: null, spent: null })),
        },
        NOW,
      );
      // As they travel: plain JSON.
      const told = promotions.flatMap((one) => {
        const terms = JSON.parse(JSON.stringify(listedOf(one))) as ReturnType<typeof listedOf>;
        return terms ? [{ ...terms, id: one.id }] : [];
      });
      const offered = offeredTo(told, { currency: 'EUR', groups, now: NOW });
      const found = promotedPrice(
        { ...piece, kind, price: { amount: price, currency: 'EUR' } },
        offered,
        mode,
      );
      const off = discounts[0] ?? 0n;
      expect(found?.price.amount ?? price).toBe(price - Number(off));
      expect(found?.titles ?? []).toHaveLength(applied.length);
      if (found) shown++;
    });
    fc.assert(same, { numRuns: 3000 });
    // The worlds are not all empty.
    expect(shown).toBeGreaterThan(300);
  });

  it('is nothing of those that look at more than the goods', () => {
    const percent: Effect = { type: 'percent', ppm: 100_000 };
    const eur = { amount: 100, currency: 'EUR' };
    const listed = (more: Partial<Promotion>) =>
      listedOf({ ...bare, conditions: [], effect: percent, ...more });
    expect(listed({})).not.toBeNull();
    const others: Partial<Promotion>[] = [
      ...(['draft', 'paused', 'archived'] as const).map((status) => ({ status })),
      { trigger: 'code' },
      { group: 'order' },
      { limitTotal: 1 },
      { limitPerCustomer: 1 },
      { budget: 1n },
      { effect: { type: 'amount', money: eur, per: 'across' } },
      { effect: { type: 'cheapest_free', every: 3 } },
      { effect: { type: 'tiers', tiers: [{ minQuantity: 1, ppm: 1000 }] } },
      { conditions: [{ type: 'products', ids: ['a'], min: 2 }] },
      { conditions: [{ type: 'customer_group', codes: ['a'] }, { type: 'first_order' }] },
      { conditions: [{ type: 'quantity', min: 1 }] },
      { conditions: [{ type: 'subtotal', max: eur }] },
      { conditions: [{ type: 'country', codes: ['DE'] }] },
      {
        conditions: [{ type: 'weekday_hours', days: [1], from: '00:00', to: '00:00', timeZone: 'UTC' }],
      },
    ];
    for (const more of others) expect(listed(more)).toBeNull();
  });
});
