import { Database } from '../src/platform/database/database.js';
import { Workers } from '../src/platform/events/workers.js';
import { startApp, type TestApp } from './support/app.js';
import { given, type GivenProduct } from './support/given.js';
import {
  berlin,
  type CartInHand,
  checkOut,
  fillCart,
  goods,
  type Goods,
  stockOf,
} from './support/purchase.js';
import { watch } from './support/statements.js';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const amountOf = ({ amount }: { amount: number }) => amount;

/** What shoppers get from promotions, from the cart to the books, and what they and staff are told about it. */
describe('promotions in carts and orders', () => {
  let app: TestApp;
  let token: string;
  let lamp: GivenProduct;
  let book: GivenProduct;
  let mug: GivenProduct;
  let made: string[] = [];

  const product = (amount: number, extra: object = {}) =>
    given.product(app, token, {
      variants: [
        {
          sku: `P-${amount}`,
          weightGrams: 400,
          prices: [{ amount, currency: 'EUR' }],
          stock: [{ location: 'main', onHand: 50 }],
        },
      ],
      ...extra,
    });
  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    [lamp, book, mug] = [await product(2000), await product(1000), await product(700)];
  });
  afterAll(() => app?.close());
  afterEach(async () => {
    for (const id of made) await app.delete(`/v1/admin/promotions/${id}`, { token });
    made = [];
  });

  const promotion = async (body: object, code?: string): Promise<string> => {
    const answer = await app.post(
      '/v1/admin/promotions',
      {
        title: 'A promotion',
        group: 'product',
        trigger: code ? 'code' : 'automatic',
        status: 'active',
        ...body,
      },
      { token },
    );
    if (answer.status !== 201) throw new Error(answer.text);
    const { id } = answer.body as { id: string };
    made.push(id);
    if (code) await app.post(`/v1/admin/promotions/${id}/codes`, { code }, { token });
    return id;
  };
  const of = ({ variants: [{ id, sku }] }: GivenProduct, quantity = 1) => ({ variantId: id, sku, quantity });
  const look = async ({ id, token: cartToken }: CartInHand) =>
    (await app.get(`/v1/carts/${id}`, { cartToken })).body;
  const explain = async ({ id, token: cartToken }: CartInHand) =>
    (await app.get(`/v1/carts/${id}/explain`, { cartToken })).body;
  const change = ({ id, token: cartToken }: CartInHand, body: object) =>
    app.patch(`/v1/carts/${id}`, body, { cartToken });
  const outcomes = async (cart: CartInHand) =>
    (await explain(cart)).promotions.map(({ promotionId, outcome }: Record<string, string>) => [
      promotionId,
      outcome,
    ]);

  it('take from lines, then from the order, then from the shipping, and stay on the order for ever', async () => {
    const tenth = await promotion({
      title: 'Lamps',
      effect: { type: 'percent', ppm: 100_000, on: { products: [lamp.id] } },
    });
    const five = await promotion(
      {
        title: 'Welcome',
        group: 'order',
        conditions: [{ type: 'subtotal', min: eur(4600) }],
        effect: { type: 'amount', money: eur(500), per: 'across' },
      },
      'Welcome-5',
    );
    const free = await promotion({
      title: 'Sent for nothing',
      group: 'shipping',
      conditions: [{ type: 'subtotal', min: eur(4100) }],
      effect: { type: 'free_shipping' },
    });
    const cart = await fillCart(app, [of(lamp, 2), of(book)]);
    const refused = await change(cart, { promotionCodes: ['welcome-5', 'guessed'] });
    expect([refused.status, refused.body.code]).toEqual([422, 'ordering.unknown_promotion_code']);
    expect(refused.body.errors).toEqual([
      { pointer: '/promotionCodes/1', code: 'unknown_promotion_code', message: 'is not known' },
    ]);
    expect((await look(cart)).promotionCodes).toEqual([]);

    const taken = await change(cart, {
      promotionCodes: [' welcome-5', 'WELCOME-5'],
      shippingAddress: berlin,
    });
    expect(taken.body).toMatchObject({
      promotionCodes: ['WELCOME-5'],
      unusedCodes: [],
      promotions: [
        { promotionId: tenth, title: 'Lamps', code: null, group: 'product', amount: eur(400) },
        { promotionId: five, title: 'Welcome', code: 'WELCOME-5', group: 'order', amount: eur(500) },
        { promotionId: free, group: 'shipping', amount: eur(490) },
      ],
      // 36.00 and 10.00 are left: 5.00 is 3.91 and 1.09 of them.
      lines: [
        { discount: eur(400 + 391), total: eur(4000 - 791), givenBy: null },
        { discount: eur(109), total: eur(891) },
      ],
      totals: { subtotal: eur(5000), discount: eur(1390), shipping: eur(490), total: eur(4100) },
    });
    const why = await explain(cart);
    expect(why.lines[0].calculation).toBe('2 × 20.00 EUR - 7.91 EUR');
    expect(why.shipping).toMatchObject({ price: eur(490), discount: eur(490), tax: eur(0) });
    expect(why.promotions[1]).toMatchObject({
      promotionId: five,
      outcome: 'applied',
      matched: true,
      conditions: [{ type: 'subtotal', holds: true, actual: '46.00 EUR', needed: 'at least 46.00 EUR' }],
      lines: [{ amount: eur(391) }, { amount: eur(109) }],
    });

    const answer = await checkOut(app, cart, { body: { expectedTotal: eur(4100) } });
    expect(answer.status).toBe(201);
    const [first, second] = answer.body.lines as [{ id: string }, { id: string }];
    const discounts = [
      {
        lineId: first.id,
        promotionId: tenth,
        code: null,
        title: 'Lamps',
        group: 'product',
        amount: eur(400),
      },
      {
        lineId: first.id,
        promotionId: five,
        code: 'WELCOME-5',
        title: 'Welcome',
        group: 'order',
        amount: eur(391),
      },
      {
        lineId: second.id,
        promotionId: five,
        code: 'WELCOME-5',
        title: 'Welcome',
        group: 'order',
        amount: eur(109),
      },
      {
        lineId: null,
        promotionId: free,
        code: null,
        title: 'Sent for nothing',
        group: 'shipping',
        amount: eur(490),
      },
    ];
    expect(answer.body.discounts).toEqual(discounts);
    expect(answer.body).toMatchObject({
      shipping: { price: eur(490), discount: eur(490) },
      totals: { total: eur(4100) },
    });

    await app.settle();
    const letter = (await app.letters()).findLast(({ subject }) =>
      subject.includes(answer.body.number as string),
    );
    for (const line of ['): 40.00 EUR', 'Lamps: -4.00 EUR', 'Welcome: -5.00 EUR', 'Total: 41.00 EUR'])
      expect(letter?.text).toContain(line);

    // Whatever becomes of the promotions and the prices: the order keeps what it was placed with.
    for (const id of made) await app.delete(`/v1/admin/promotions/${id}`, { token });
    const { body: order } = await app.get(`/v1/orders/${answer.body.id}`, { cartToken: cart.token });
    expect(order.discounts).toEqual(discounts);
    const kept = await app.get(`/v1/admin/orders/${order.id}/calculation`, { token });
    expect(kept.body).toMatchObject({
      engine: 1,
      matches: true,
      stored: order.totals,
      recomputed: order.totals,
    });
    expect(kept.body.promotions.map((one: { promotionId: string }) => one.promotionId)).toEqual([
      tenth,
      five,
      free,
    ]);
    expect((await app.get(`/v1/admin/orders/${tenth}/calculation`, { token })).status).toBe(404);
  });

  it('are kept with their reason until they fit, and refused once they are over', async () => {
    await promotion(
      {
        group: 'order',
        conditions: [{ type: 'quantity', min: 3 }],
        effect: { type: 'percent', ppm: 500_000 },
      },
      'three',
    );
    await promotion(
      { endsAt: app.clock.now().toISOString(), effect: { type: 'percent', ppm: 1000 } },
      'over',
    );
    await promotion({ status: 'draft', effect: { type: 'percent', ppm: 1000 } }, 'secret');
    const cart = await fillCart(app, [of(book)]);
    const faults = (await change(cart, { promotionCodes: ['three', 'over', 'secret'] })).body.errors;
    expect(faults.map(({ pointer, code }: Record<string, string>) => [pointer, code])).toEqual([
      ['/promotionCodes/1', 'promotion_ended'],
      ['/promotionCodes/2', 'unknown_promotion_code'],
    ]);
    const kept = await change(cart, { promotionCodes: ['three'] });
    expect(kept.body).toMatchObject({
      promotionCodes: ['THREE'],
      promotions: [],
      unusedCodes: [
        { code: 'THREE', reason: 'condition_failed', detail: 'quantity: at least 3 needed, but 1.' },
      ],
    });
    const [{ id }] = kept.body.lines;
    const fits = await app.patch(
      `/v1/carts/${cart.id}/lines/${id}`,
      { quantity: 3 },
      { cartToken: cart.token },
    );
    expect(fits.body).toMatchObject({
      unusedCodes: [],
      totals: { subtotal: eur(3000), discount: eur(1500) },
    });
    const gone = await change(cart, { promotionCodes: [] });
    expect(gone.body).toMatchObject({ promotionCodes: [], totals: { discount: eur(0) } });
  });

  it('stack, or the best wins, or one stands alone: and the others are told who won', async () => {
    const tenth = await promotion({ priority: 2, effect: { type: 'percent', ppm: 100_000 } });
    const three = await promotion({ priority: 1, effect: { type: 'amount', money: eur(300), per: 'each' } });
    const cart = await fillCart(app, [of(lamp)]);
    const discount = async () => amountOf((await look(cart)).totals.discount);
    expect(await discount()).toBe(200 + 300);

    const mode = (to: string) => app.patch('/v1/admin/promotion-groups/product', { mode: to }, { token });
    expect((await mode('best')).status).toBe(200);
    expect(await discount()).toBe(300);
    expect(await outcomes(cart)).toEqual([
      [tenth, 'beaten'],
      [three, 'applied'],
    ]);
    await mode('stack');

    const alone = await promotion({
      title: 'Alone',
      exclusive: true,
      effect: { type: 'percent', ppm: 20_000 },
    });
    expect(await discount()).toBe(40);
    const why = await explain(cart);
    expect(why.promotions).toMatchObject([
      {
        promotionId: tenth,
        outcome: 'excluded',
        amount: eur(200),
        beatenBy: { promotionId: alone, title: 'Alone' },
      },
      { promotionId: three, outcome: 'excluded', amount: eur(300), beatenBy: { promotionId: alone } },
      { promotionId: alone, outcome: 'applied', amount: eur(40), beatenBy: null },
    ]);
  });

  it('give something away as a line of its own, while it is there, and the stock is held', async () => {
    const [{ id: mugVariant, sku }] = mug.variants;
    const gift = await promotion({
      title: 'A mug for you',
      conditions: [{ type: 'products', ids: [lamp.id], min: 2 }],
      effect: { type: 'gift', variantId: mugVariant, quantity: 2 },
    });
    await promotion({
      title: 'Second book at half price',
      effect: {
        type: 'buy_x_get_y',
        buy: { quantity: 1, on: { products: [book.id] } },
        get: { quantity: 1, on: { products: [book.id] } },
        ppm: 500_000,
      },
    });
    const before = await stockOf(app, { variantId: mugVariant, sku });
    const cart = await fillCart(app, [of(lamp, 2), of(book, 3)]);
    const seen = await look(cart);
    expect(seen.lines).toMatchObject([
      { quantity: 2, discount: eur(0) },
      { quantity: 3, discount: eur(500) },
      {
        variantId: mugVariant,
        sku,
        quantity: 2,
        givenBy: gift,
        unitPrice: eur(700),
        discount: eur(1400),
        total: eur(0),
      },
    ]);
    expect(seen.totals).toMatchObject({ subtotal: eur(8400), discount: eur(1900) });
    expect((await look(cart)).lines[2].id).toBe(seen.lines[2].id);
    const ordered = await checkOut(app, cart);
    expect(ordered.status).toBe(201);
    expect(ordered.body.lines[2]).toMatchObject({
      givenBy: gift,
      quantity: 2,
      discount: eur(1400),
      total: eur(0),
    });
    expect(ordered.body.discounts).toContainEqual(
      expect.objectContaining({ lineId: ordered.body.lines[2].id, promotionId: gift, amount: eur(1400) }),
    );
    const after = await stockOf(app, { variantId: mugVariant, sku });
    expect(after.allocated).toBe(before.allocated + 2);

    // 48 are left of 50: whoever takes 47 of them leaves no two to give.
    const greedy = await fillCart(app, [of(lamp, 2), of(mug, 47)]);
    expect((await look(greedy)).lines).toHaveLength(2);
    expect(await outcomes(greedy)).toContainEqual([gift, 'no_effect']);
  });

  it('know the place of a product, who buys, and whether it is the first time', async () => {
    const category = async (handle: string, parentId?: string): Promise<string> =>
      (
        await app.post(
          '/v1/admin/categories',
          { handle, title: handle, ...(parentId && { parentId }) },
          { token },
        )
      ).body.id;
    const home = await category('promo-home');
    await category('promo-lights', home);
    const desk = await product(3000, { categories: ['promo-lights'] });
    const collection = await app.post(
      '/v1/admin/collections',
      { handle: 'promo-dear', title: 'Dear', kind: 'rule', rule: { price: { currency: 'EUR', gte: 2500 } } },
      { token },
    );
    expect(collection.status).toBe(201);
    const byCategory = await promotion({
      effect: { type: 'percent', ppm: 100_000, on: { categories: [home] } },
    });
    const byCollection = await promotion({
      effect: { type: 'amount', money: eur(100), per: 'each', on: { collections: [collection.body.id] } },
    });
    const first = await promotion({
      group: 'order',
      conditions: [{ type: 'first_order' }],
      effect: { type: 'amount', money: eur(50), per: 'across' },
    });
    const cart = await fillCart(app, [of(desk), of(book)]);
    expect(
      (await look(cart)).lines.map((line: { discount: { amount: number } }) => amountOf(line.discount)),
    ).toEqual([400, 0]);
    expect(await outcomes(cart)).toEqual(
      expect.arrayContaining([
        [byCategory, 'applied'],
        [byCollection, 'applied'],
        [first, 'condition_failed'],
      ]),
    );

    const customer = await given.customer(app);
    const mine = async () => {
      const { body } = await app.post(
        '/v1/carts',
        { currency: 'EUR', lines: [{ variantId: book.variants[0].id, quantity: 1 }] },
        { token: customer.token },
      );
      return body;
    };
    const { id, totals } = await mine();
    expect(totals.discount).toEqual(eur(50));
    const bought = await app.post(
      `/v1/carts/${id}/checkout`,
      { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin },
      { token: customer.token, key: id },
    );
    expect(bought.status).toBe(201);
    expect((await mine()).totals.discount).toEqual(eur(0));
  });

  it('cost no more statements than a small cart with one of them, however many lines and promotions', async () => {
    const shelf = await Promise.all(Array.from({ length: 100 }, () => goods(app, { price: 1000 })));
    const counted = async (things: Goods[]) => {
      const workers = app.app.get(Workers);
      const cart = await fillCart(app, things);
      await look(cart);
      await app.settle();
      await workers.stop();
      const reading = watch(app.app.get(Database));
      const seen = await look(cart);
      const read = reading.stop().statements;
      const buying = watch(app.app.get(Database));
      const answer = await checkOut(app, cart, { token: 'ok+delay=2000' });
      const { statements: checkout } = buying.stop();
      await workers.start({ schedules: false });
      expect([answer.status, seen.promotions.length]).toEqual([201, made.length]);
      return { read, checkout };
    };
    const percent = { group: 'order', effect: { type: 'percent', ppm: 1000 } };
    await promotion({ ...percent, priority: 0 });
    const small = await counted(shelf.slice(0, 1));
    for (let priority = 1; priority < 20; priority++) await promotion({ ...percent, priority });
    const large = await counted(shelf);
    process.stdout.write(
      `a cart of 100 lines with 20 promotions: read ${large.read}, checkout ${large.checkout} statements; of 1 with 1: ${small.read}, ${small.checkout}\n`,
    );
    expect(large).toEqual(small);
    expect(large.read).toBeLessThanOrEqual(3);
    expect(large.checkout).toBeLessThanOrEqual(26);
  });
});
