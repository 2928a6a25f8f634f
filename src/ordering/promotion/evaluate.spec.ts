import fc from 'fast-check';
import { calculationOf, recompute } from '../calculation/calculation.js';
import { giftLinesOf, totalsOf } from '../calculation/pricing.js';
import type { TaxRules } from '../tax/tax-rules.js';
import { type Applied, evaluateGoods, evaluateShipping, type Goods } from './evaluate.js';
import {
  type Candidate,
  type CartPromotions,
  type Condition,
  DEFAULT_MODES,
  type Effect,
  EFFECTS_OF,
  type GroupMode,
  PROMOTION_GROUPS,
  type PromotionGroup,
  type Promotion,
  type Selector,
} from './promotion.js';
import type { Snapshot, SnapshotLine } from './snapshot.js';

const NOW = new Date('2026-03-04T12:00:00Z');
const eur = (amount: number) => ({ amount, currency: 'EUR' });

function line(unitPrice: number, quantity = 1, more: Partial<SnapshotLine> = {}): SnapshotLine {
  const id = more.id ?? `v${unitPrice}`;
  return {
    id,
    variantId: id,
    productId: id,
    quantity,
    unitPrice: BigInt(unitPrice),
    taxClass: 'standard',
    isVoucher: false,
    categories: [],
    collections: [],
    ...more,
  };
}
const cart = (lines: SnapshotLine[], more: Partial<Snapshot> = {}): Snapshot => ({
  currency: 'EUR',
  lines,
  gifts: [],
  customerGroups: [],
  country: null,
  isFirstOrder: null,
  ...more,
});
const offered = (effect: Effect, more: Partial<Promotion> = {}, code: string | null = null): Candidate => ({
  promotion: {
    id: 'p',
    title: 'A promotion',
    status: 'active',
    group: 'product',
    trigger: code === null ? 'automatic' : 'code',
    priority: 0,
    exclusive: false,
    startsAt: null,
    endsAt: null,
    conditions: [],
    effect,
    limitTotal: null,
    limitPerCustomer: null,
    budget: null,
    currency: null,
    version: 1,
    ...more,
  },
  codeId: null,
  code,
  spent: null,
});
const by = (
  candidates: Candidate[],
  modes: Partial<Record<PromotionGroup, GroupMode>> = {},
): CartPromotions => ({
  modes: { ...DEFAULT_MODES, ...modes },
  candidates,
});
const off = (lines: SnapshotLine[], effect: Effect, more: Partial<Promotion> = {}) =>
  evaluateGoods(cart(lines), by([offered(effect, more)]), NOW).discounts.map(Number);

describe('what an effect takes off', () => {
  it('rounds a percentage line by line in the group product, once for the sum in the group order', () => {
    const lines = [line(333), line(334), line(335)];
    expect(off(lines, { type: 'percent', ppm: 100_000 })).toEqual([33, 33, 34]);
    expect(off(lines, { type: 'percent', ppm: 105_000 }, { group: 'order' })).toEqual([35, 35, 35]);
  });

  it('shares an amount out to the cent, and never takes more than there is', () => {
    const lines = [line(1000), line(1000, 1, { id: 'b' }), line(1000, 1, { id: 'c' })];
    expect(off(lines, { type: 'amount', money: eur(1000), per: 'across' })).toEqual([334, 333, 333]);
    expect(off(lines, { type: 'amount', money: eur(9999), per: 'across' })).toEqual([1000, 1000, 1000]);
    expect(off([line(300, 4)], { type: 'amount', money: eur(50), per: 'each' })).toEqual([200]);
    expect(off([line(300, 2)], { type: 'amount', money: eur(500), per: 'each' })).toEqual([600]);
    expect(off(lines, { type: 'amount', money: { amount: 5, currency: 'USD' }, per: 'across' })).toEqual([
      0, 0, 0,
    ]);
  });

  it('sells at a fixed price what is dearer', () => {
    expect(off([line(300, 2), line(90)], { type: 'fixed_price', money: eur(100) })).toEqual([400, 0]);
  });

  it('gives the cheapest of what is got away, and counts a piece once', () => {
    const buyTwoGetOne: Effect = {
      type: 'buy_x_get_y',
      buy: { quantity: 2 },
      get: { quantity: 1 },
      ppm: 1_000_000,
    };
    expect(off([line(1000, 2), line(400)], buyTwoGetOne)).toEqual([0, 400]);
    expect(off([line(1000, 1), line(400)], buyTwoGetOne)).toEqual([0, 0]);
    expect(off([line(1000, 3), line(400, 4)], buyTwoGetOne)).toEqual([0, 800]);
    expect(off([line(1000, 3), line(400, 4)], { ...buyTwoGetOne, times: 1, ppm: 500_000 })).toEqual([0, 200]);
    // The shirt that is bought may not be the one that is got: with two shirts and a tie only one shirt is free.
    const shirts: Selector = { products: ['shirt'] };
    const shirtsAndTies: Selector = { products: ['shirt', 'tie'] };
    const overlap: Effect = {
      type: 'buy_x_get_y',
      buy: { quantity: 1, on: shirts },
      get: { quantity: 1, on: shirtsAndTies },
      ppm: 1_000_000,
    };
    expect(off([line(500, 2, { productId: 'shirt' }), line(900, 1, { productId: 'tie' })], overlap)).toEqual([
      500, 0,
    ]);
    expect(off([line(500, 3, { productId: 'shirt' }), line(900, 1, { productId: 'tie' })], overlap)).toEqual([
      500, 900,
    ]);
  });

  it('makes the cheapest of every third free, over all lines', () => {
    expect(off([line(1000, 4), line(300, 3)], { type: 'cheapest_free', every: 3 })).toEqual([0, 600]);
  });

  it('takes the highest tier that is reached', () => {
    const byValue: Effect = {
      type: 'tiers',
      tiers: [
        { min: eur(5000), ppm: 50_000 },
        { min: eur(10_000), ppm: 100_000 },
        { min: eur(20_000), money: eur(5000) },
      ],
    };
    expect(off([line(4999)], byValue, { group: 'order' })).toEqual([0]);
    expect(off([line(5000)], byValue, { group: 'order' })).toEqual([250]);
    expect(off([line(10_000, 2)], byValue, { group: 'order' })).toEqual([5000]);
    const byPieces: Effect = {
      type: 'tiers',
      tiers: [
        { minQuantity: 3, ppm: 200_000 },
        { minQuantity: 2, ppm: 100_000 },
      ],
    };
    expect(off([line(100, 2)], byPieces)).toEqual([20]);
    expect(off([line(100, 3)], byPieces)).toEqual([60]);
  });

  it('leaves gift cards alone, and what is excepted', () => {
    const lines = [line(1000, 1, { isVoucher: true }), line(500), line(700, 1, { categories: ['sale'] })];
    expect(off(lines, { type: 'percent', ppm: 500_000, on: { except: { categories: ['sale'] } } })).toEqual([
      0, 250, 0,
    ]);
  });
});

describe('what a promotion asks', () => {
  const holds = (condition: Condition, more: Partial<Snapshot> = {}, lines = [line(1000, 3)]) =>
    evaluateGoods(
      cart(lines, more),
      by([offered({ type: 'percent', ppm: 1000 }, { conditions: [condition] })]),
      NOW,
    ).tried[0]?.matched;

  it('knows value, pieces, buyer, country and the hour on the wall', () => {
    expect(holds({ type: 'subtotal', min: eur(3000) })).toBe(true);
    expect(holds({ type: 'subtotal', min: eur(3001) })).toBe(false);
    expect(holds({ type: 'subtotal', max: { amount: 9_999, currency: 'USD' } })).toBe(false);
    expect(holds({ type: 'quantity', min: 4 })).toBe(false);
    expect(holds({ type: 'products', ids: ['v1000'], min: 3 })).toBe(true);
    expect(holds({ type: 'categories', ids: ['shoes'] }, {}, [line(1, 1, { categories: ['shoes'] })])).toBe(
      true,
    );
    expect(holds({ type: 'collections', ids: ['new'] })).toBe(false);
    expect(holds({ type: 'customer_group', codes: ['vip'] }, { customerGroups: ['vip'] })).toBe(true);
    expect(holds({ type: 'first_order' })).toBe(false);
    expect(holds({ type: 'first_order' }, { isFirstOrder: true })).toBe(true);
    expect(holds({ type: 'country', codes: ['DE'] }, { country: 'AT' })).toBe(false);
    // 12:00 UTC on a Wednesday is 23:00 in Sydney and 21:00 in Tokyo.
    const night = { type: 'weekday_hours', from: '22:00', to: '02:00' } as const;
    expect(holds({ ...night, days: [3], timeZone: 'Australia/Sydney' })).toBe(true);
    expect(holds({ ...night, days: [3], timeZone: 'Asia/Tokyo' })).toBe(false);
    expect(holds({ ...night, days: [3], from: '21:00', timeZone: 'Asia/Tokyo' })).toBe(true);
    expect(holds({ ...night, days: [2], from: '13:30', to: '12:30', timeZone: 'UTC' })).toBe(true);
  });

  it('says what was needed and what was there', () => {
    const asks: Condition[] = [
      { type: 'quantity', min: 1 },
      { type: 'subtotal', min: eur(5000) },
    ];
    const promotion = offered({ type: 'percent', ppm: 1000 }, { conditions: asks });
    const [tried] = evaluateGoods(cart([line(1000)]), by([promotion]), NOW).tried;
    expect(tried).toMatchObject({
      outcome: 'condition_failed',
      why: 'subtotal: at least 50.00 EUR needed, but 10.00 EUR.',
      amount: 0n,
      conditions: [
        { type: 'quantity', holds: true },
        { type: 'subtotal', holds: false, actual: '10.00 EUR', needed: 'at least 50.00 EUR' },
      ],
    });
  });

  it('is only asked while it is active, and once', () => {
    const outcome = (more: Partial<Promotion>, spent: Candidate['spent'] = null) =>
      evaluateGoods(cart([line(100)]), by([{ ...offered({ type: 'percent', ppm: 1000 }, more), spent }]), NOW)
        .tried[0]?.outcome;
    expect(outcome({ status: 'paused' })).toBe('not_active');
    expect(outcome({ startsAt: new Date(NOW.getTime() + 1) })).toBe('not_started');
    expect(outcome({ endsAt: NOW })).toBe('ended');
    expect(outcome({ currency: 'USD' })).toBe('other_currency');
    expect(outcome({}, 'limit_total')).toBe('spent');
    const twice = by([
      offered({ type: 'percent', ppm: 100_000 }, {}, 'B'),
      offered({ type: 'percent', ppm: 100_000 }, {}, 'A'),
    ]);
    const { tried, discounts } = evaluateGoods(cart([line(100)]), twice, NOW);
    expect(discounts).toEqual([10n]);
    expect(tried.map(({ code, outcome: one }) => [code, one])).toEqual([
      ['A', 'applied'],
      ['B', 'repeated'],
    ]);
  });
});

describe('who wins', () => {
  const tenth = offered({ type: 'percent', ppm: 100_000 }, { id: 'tenth', priority: 2 });
  const euro = offered({ type: 'amount', money: eur(100), per: 'across' }, { id: 'euro', priority: 1 });
  const half = offered({ type: 'percent', ppm: 500_000 }, { id: 'half', exclusive: true });

  it('stacks on what the one before has left, by priority', () => {
    const { discounts } = evaluateGoods(cart([line(1000)]), by([euro, tenth]), NOW);
    expect(discounts).toEqual([200n]);
  });

  it('lets an exclusive one stand alone, and says so to the others', () => {
    const { discounts, tried } = evaluateGoods(cart([line(1000)]), by([tenth, euro, half]), NOW);
    expect(discounts).toEqual([500n]);
    expect(
      tried.map(({ promotionId, outcome, beatenBy }) => [promotionId, outcome, beatenBy?.promotionId]),
    ).toEqual([
      ['tenth', 'excluded', 'half'],
      ['euro', 'excluded', 'half'],
      ['half', 'applied', undefined],
    ]);
  });

  it('takes the best one alone when the group says so', () => {
    const { discounts, tried } = evaluateGoods(
      cart([line(900)]),
      by([tenth, euro], { product: 'best' }),
      NOW,
    );
    expect(discounts).toEqual([100n]);
    expect(tried.map(({ outcome, amount }) => [outcome, amount])).toEqual([
      ['beaten', 90n],
      ['applied', 100n],
    ]);
  });

  it('gives a gift as long as it is there', () => {
    const gift = (id: string) => offered({ type: 'gift', variantId: 'mug', quantity: 1 }, { id });
    const mug = { variantId: 'mug', unitPrice: 800n, taxClass: 'standard', most: 1 };
    const { applied, tried } = evaluateGoods(
      cart([line(100)], { gifts: [mug] }),
      by([gift('a'), gift('b')]),
      NOW,
    );
    expect(applied).toMatchObject([
      { promotionId: 'a', amount: 800n, gift: { variantId: 'mug', quantity: 1 } },
    ]);
    expect(tried.map(({ outcome }) => outcome)).toEqual(['applied', 'nothing_left']);
  });
});

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const someIds = fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1, maxLength: 3 });
const selector: fc.Arbitrary<Selector> = fc.record(
  { products: someIds, variants: someIds, categories: someIds, except: fc.record({ products: someIds }) },
  { requiredKeys: [] },
);
const money = fc.record({
  amount: fc.integer({ min: 0, max: 20_000 }),
  currency: fc.constantFrom('EUR', 'EUR', 'USD'),
});
const ppm = fc.integer({ min: 0, max: 1_000_000 });
const pieces = fc.integer({ min: 1, max: 5 });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ type: fc.constant('subtotal' as const), min: money, on: selector }),
  fc.record({ type: fc.constant('quantity' as const), min: pieces, on: selector }),
  fc.record({ type: fc.constantFrom('products' as const, 'categories' as const), ids: someIds }),
  fc.record({ type: fc.constant('country' as const), codes: fc.constant(['DE']) }),
  fc.constant({ type: 'first_order' as const }),
);
const effects: Record<Effect['type'], fc.Arbitrary<Effect>> = {
  percent: fc.record({ type: fc.constant('percent' as const), ppm, on: selector }),
  amount: fc.record({
    type: fc.constant('amount' as const),
    money,
    per: fc.constantFrom('each' as const, 'across' as const),
    on: selector,
  }),
  fixed_price: fc.record({ type: fc.constant('fixed_price' as const), money, on: selector }),
  buy_x_get_y: fc.record({
    type: fc.constant('buy_x_get_y' as const),
    buy: fc.record({ on: selector, quantity: pieces }),
    get: fc.record({ on: selector, quantity: pieces }),
    ppm,
  }),
  cheapest_free: fc.record({ type: fc.constant('cheapest_free' as const), every: pieces, on: selector }),
  gift: fc.record({
    type: fc.constant('gift' as const),
    variantId: fc.constantFrom(...IDS),
    quantity: pieces,
  }),
  free_shipping: fc.constant({ type: 'free_shipping' as const }),
  tiers: fc.record({
    type: fc.constant('tiers' as const),
    tiers: fc.array(fc.oneof(fc.record({ min: money, ppm }), fc.record({ minQuantity: pieces, money })), {
      minLength: 1,
      maxLength: 3,
    }),
    on: selector,
  }),
};
const promotion: fc.Arbitrary<Candidate> = fc
  .constantFrom(...PROMOTION_GROUPS)
  .chain((group) =>
    fc.record({
      effect: fc.oneof(...EFFECTS_OF[group].map((type) => effects[type])),
      id: fc.uuid(),
      group: fc.constant(group),
      priority: fc.integer({ min: -1, max: 1 }),
      exclusive: fc.boolean(),
      conditions: fc.array(condition, { maxLength: 1 }),
      code: fc.option(fc.constantFrom('ONE', 'TWO')),
    }),
  )
  .map(({ effect, code, ...more }) => offered(effect, more, code));
const modes = fc.record({
  product: fc.constantFrom<GroupMode>('stack', 'best'),
  order: fc.constantFrom<GroupMode>('stack', 'best'),
  shipping: fc.constantFrom<GroupMode>('stack', 'best'),
});
const snapshot: fc.Arbitrary<Snapshot> = fc
  .array(
    fc.record({
      price: fc.integer({ min: 0, max: 50_000 }),
      quantity: fc.integer({ min: 1, max: 12 }),
      product: fc.constantFrom(...IDS),
      categories: fc.subarray(IDS),
      isVoucher: fc.constantFrom(false, false, false, true),
      taxClass: fc.constantFrom('standard', 'reduced'),
    }),
    { maxLength: 12 },
  )
  .map((lines) =>
    cart(
      lines.map(({ price, quantity, product, ...more }, n) =>
        line(price, quantity, { id: `${n}`, variantId: product, productId: product, ...more }),
      ),
      {
        country: 'DE',
        isFirstOrder: true,
        gifts: IDS.slice(0, 4).map((variantId, n) => ({
          variantId,
          unitPrice: BigInt(n * 700),
          taxClass: 'standard',
          most: n,
        })),
      },
    ),
  );
const anything = fc.record({
  snapshot,
  promotions: fc.record({ modes, candidates: fc.array(promotion, { maxLength: 8 }) }),
  shippingPrice: fc.option(fc.bigInt({ min: 0n, max: 2000n })),
  included: fc.boolean(),
});
const taxed = (pricesIncludeTax: boolean): TaxRules => ({
  zone: 'anywhere',
  pricesIncludeTax,
  rateOf: (taxClass) => ({ taxClass, title: taxClass, ratePpm: taxClass === 'reduced' ? 70_000 : 190_000 }),
});
const sum = (amounts: readonly bigint[]) => amounts.reduce((all, one) => all + one, 0n);
const runs = { numRuns: 150 };

describe('whatever is in the cart and whatever is promised', () => {
  it('takes no more off than there is, and every cent has a promotion that took it', () => {
    fc.assert(
      fc.property(anything, ({ snapshot: one, promotions, shippingPrice }) => {
        const goods = evaluateGoods(one, promotions, NOW);
        const shipped = evaluateShipping(one, goods, shippingPrice, promotions, NOW);
        one.lines.forEach((item, index) => {
          const whole = item.unitPrice * BigInt(item.quantity);
          const taken = goods.discounts[index] ?? -1n;
          expect(taken >= 0n && taken <= (item.isVoucher ? 0n : whole)).toBe(true);
          expect(taken).toBe(
            sum(
              goods.applied.flatMap(({ lines }) =>
                lines.filter((l) => l.index === index).map(({ amount }) => amount),
              ),
            ),
          );
        });
        for (const { amount, lines, gift } of goods.applied) {
          expect(amount).toBe(
            sum(lines.map((l) => l.amount)) + (gift ? gift.unitPrice * BigInt(gift.quantity) : 0n),
          );
          expect(amount > 0n).toBe(true);
        }
        expect(shipped.discount <= (shippingPrice ?? 0n) && shipped.discount >= 0n).toBe(true);
        expect(sum(shipped.applied.map(({ amount }) => amount))).toBe(shipped.discount);
        for (const offer of one.gifts) {
          const given = goods.applied.flatMap(({ gift }) =>
            gift?.variantId === offer.variantId ? gift.quantity : [],
          );
          expect(given.reduce((all, n) => all + n, 0)).toBeLessThanOrEqual(offer.most);
        }
        expect([...goods.tried, ...shipped.tried]).toHaveLength(promotions.candidates.length);
      }),
      runs,
    );
  });

  it('does not care in which order promotions are handed in', () => {
    fc.assert(
      fc.property(anything, fc.infiniteStream(fc.nat()), ({ snapshot: one, promotions }, dice) => {
        const shuffled = promotions.candidates
          .map((candidate) => ({ candidate, at: dice.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ candidate }) => candidate);
        const other = evaluateGoods(one, { ...promotions, candidates: shuffled }, NOW);
        expect(other).toEqual(evaluateGoods(one, promotions, NOW));
      }),
      runs,
    );
  });

  it('adds up: lines, shipping and tax are the total, and the same again when it is calculated anew', () => {
    fc.assert(
      fc.property(anything, ({ snapshot: one, promotions, shippingPrice, included }) => {
        const tax = taxed(included);
        const goods = evaluateGoods(one, promotions, NOW);
        const { discount } = evaluateShipping(one, goods, shippingPrice, promotions, NOW);
        const shipping = shippingPrice === null ? null : { price: shippingPrice, discount };
        const totals = totalsOf(one, goods, shipping, tax);
        const off = totals.subtotal.amount - totals.discount.amount + totals.shippingPrice.amount;
        expect(totals.total.amount).toBe(included ? off : off + totals.tax.amount);
        expect(totals.total.isNegative()).toBe(false);
        giftLinesOf(one, goods.applied).forEach((_, n) =>
          expect(totals.lines[one.lines.length + n]?.total.amount).toBe(0n),
        );
        const kept = JSON.parse(
          JSON.stringify(calculationOf({ at: NOW, snapshot: one, promotions, shippingPrice, tax }, totals)),
        ) as Parameters<typeof recompute>[0];
        expect(recompute(kept)).toMatchObject({ totals, matches: true });
      }),
      runs,
    );
  });

  const of = (group: PromotionGroup, { applied }: Goods): Applied[] =>
    applied.filter((one) => one.group === group);

  it('lets an exclusive promotion stand alone in its group, and one win where one is to win', () => {
    fc.assert(
      fc.property(anything, ({ snapshot: one, promotions }) => {
        const goods = evaluateGoods(one, promotions, NOW);
        const exclusive = new Set(
          promotions.candidates.filter((c) => c.promotion.exclusive).map((c) => c.promotion.id),
        );
        for (const group of ['product', 'order'] as const) {
          const winners = of(group, goods);
          const isAlone = winners.length <= 1;
          if (promotions.modes[group] === 'best') expect(isAlone).toBe(true);
          if (winners.some(({ promotionId }) => exclusive.has(promotionId))) expect(isAlone).toBe(true);
        }
      }),
      runs,
    );
  });

  it('gives at least as much as each promotion of the group alone, when the best is to win', () => {
    fc.assert(
      fc.property(anything, ({ snapshot: one, promotions }) => {
        const candidates = promotions.candidates.filter((c) => c.promotion.group === 'product');
        const best = { modes: { ...DEFAULT_MODES, product: 'best' as const }, candidates };
        const won = sum(evaluateGoods(one, best, NOW).applied.map(({ amount }) => amount));
        for (const candidate of candidates) {
          const alone = evaluateGoods(one, { ...best, candidates: [candidate] }, NOW);
          expect(won >= sum(alone.applied.map(({ amount }) => amount))).toBe(true);
        }
      }),
      runs,
    );
  });

  it('splits what an order gets exactly: all of it, or all that is there', () => {
    fc.assert(
      fc.property(snapshot, fc.integer({ min: 0, max: 100_000 }), (one, amount) => {
        const across = offered({ type: 'amount', money: eur(amount), per: 'across' }, { group: 'order' });
        const value = sum(one.lines.map((l) => (l.isVoucher ? 0n : l.unitPrice * BigInt(l.quantity))));
        const { discounts } = evaluateGoods(one, by([across]), NOW);
        expect(sum(discounts)).toBe(BigInt(amount) < value ? BigInt(amount) : value);
      }),
      runs,
    );
  });
});

describe('a full cart', () => {
  it('is judged in a moment: twenty promotions on a hundred lines', () => {
    const lines = Array.from({ length: 100 }, (_, n) => line(100 + n, 1 + (n % 5), { id: `v${n}` }));
    const effects: Effect[] = [
      { type: 'percent', ppm: 10_000 },
      { type: 'amount', money: eur(300), per: 'across' },
      { type: 'cheapest_free', every: 7 },
      { type: 'buy_x_get_y', buy: { quantity: 3 }, get: { quantity: 1 }, ppm: 500_000 },
    ];
    const promotions = by(
      Array.from({ length: 20 }, (_, n) => offered(effects[n % 4] as Effect, { id: `p${n}`, priority: n })),
    );
    const rounds = 50;
    const before = process.hrtime.bigint();
    for (let n = 0; n < rounds; n++) evaluateGoods(cart(lines), promotions, NOW);
    const micros = Number(process.hrtime.bigint() - before) / 1000 / rounds;
    process.stdout.write(`20 promotions on 100 lines: ${(micros / 1000).toFixed(2)} ms\n`);
    expect(evaluateGoods(cart(lines), promotions, NOW).applied.length).toBeGreaterThan(5);
  });
});
