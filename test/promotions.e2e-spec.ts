import { PromotionChanged } from '../src/ordering/ordering.events.js';
import { Database } from '../src/platform/database/database.js';
import { Outbox } from '../src/platform/events/outbox.js';
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

  describe('that need nothing but the goods', () => {
    const tenth = { type: 'percent', ppm: 100_000 };
    let chair: GivenProduct;
    let stool: GivenProduct;
    let home: string;
    let cheap: string;

    const make = async (path: string, body: object): Promise<string> => {
      const answer = await app.post(`/v1/admin/${path}`, body, { token });
      if (answer.status !== 201) throw new Error(answer.text);
      return answer.body.id;
    };
    beforeAll(async () => {
      home = await make('categories', { handle: 'listed-home', title: 'Home' });
      await make('categories', { handle: 'listed-seats', title: 'Seats', parentId: home });
      const rule = { price: { currency: 'EUR', gte: 1990, lte: 1999 } };
      cheap = await make('collections', {
        handle: 'listed-1990s',
        title: 'Below 20',
        kind: 'rule',
        rule,
        status: 'published',
      });
      stool = await product(555, { brand: 'Sit & Co', categories: ['listed-home'] });
      chair = await product(1995, { brand: 'Sit & Co', categories: ['listed-seats'] });
      await app.patch(`/v1/admin/products/${stool.id}`, { related: [chair.id] }, { token });
    });
    const change = async (id: string, body: object) => {
      const answer = await app.patch(`/v1/admin/promotions/${id}`, body, { token });
      expect(answer.status).toBe(200);
      await app.settle();
    };
    const page = async ({ id }: GivenProduct, as?: string) =>
      (await app.get(`/v1/products/${id}`, { token: as })).body.variants[0].promotion;
    /** What pages say of the chair, all the same; null: no promotion. */
    const shown = async (
      as?: string,
    ): Promise<{ titles: string[]; price: object; endsAt: string | null }> => {
      const lists = [
        '/v1/products?limit=50',
        `/v1/products?q=sit&category=listed-home`,
        `/v1/products?collection=${cheap}`,
      ];
      const answers = await Promise.all([
        ...lists.map((path) => app.get(path, { token: as })),
        app.get(`/v1/products/${stool.id}/recommendations`, { token: as }),
        app.get(`/v1/products/${stool.id}/related`, { token: as }),
      ]);
      const items = answers.map(({ body }) =>
        body.items
          .map((item: { product?: object }) => item.product ?? item)
          .find(({ id }: GivenProduct) => id === chair.id),
      );
      const promotion = await page(chair, as);
      for (const item of items) expect(item.variants[0].promotion).toEqual(promotion);
      return promotion;
    };
    /** What one piece costs in a cart of its own. */
    const inCart = async (thing: GivenProduct, as?: string) => {
      const lines = [{ variantId: thing.variants[0].id, quantity: 1 }];
      const { body } = await app.post('/v1/carts', { currency: 'EUR', lines }, { token: as });
      await app.delete(`/v1/carts/${body.id}/lines/${body.lines[0].id}`, {
        token: as,
        cartToken: body.token,
      });
      return body.lines[0].total;
    };

    it('stand on every page of the goods with the price of the cart, and go with the promotion', async () => {
      expect(await shown()).toBeNull();
      const ways: [object, boolean][] = [
        [{ effect: { type: 'percent', ppm: 333_333, on: { products: [chair.id] } } }, false],
        [{ effect: { type: 'amount', money: eur(150), per: 'each', on: { categories: [home] } } }, true],
        [{ effect: { type: 'fixed_price', money: eur(1200), on: { collections: [cheap] } } }, false],
        [{ effect: tenth, conditions: [{ type: 'categories', ids: [home], min: 1 }] }, true],
        [
          { effect: { ...tenth, on: { except: { variants: [stool.variants[0].id] } } }, currency: 'EUR' },
          false,
        ],
      ];
      for (const [body, alsoStool] of ways) {
        const id = await promotion({ title: 'Seats', endsAt: '2099-01-01T00:00:00.000Z', ...body });
        await app.settle();
        const expected = {
          titles: ['Seats'],
          price: await inCart(chair),
          endsAt: '2099-01-01T00:00:00.000Z',
        };
        expect(expected.price.amount).toBeLessThan(1995);
        expect(await shown()).toEqual(expected);
        expect(await page(stool)).toEqual(alsoStool ? { ...expected, price: await inCart(stool) } : null);
        await app.delete(`/v1/admin/promotions/${id}`, { token });
        await app.settle();
        expect(await shown()).toBeNull();
        expect(await inCart(chair)).toEqual(eur(1995));
      }
      for (const body of [
        { conditions: [{ type: 'products', ids: [chair.id], min: 2 }] },
        { conditions: [{ type: 'subtotal', min: eur(1) }] },
        { limitTotal: 5 },
        { group: 'order' },
        { status: 'draft' },
      ])
        await promotion({ effect: tenth, ...body });
      await promotion({ effect: tenth }, 'unseen');
      await app.settle();
      expect(await shown()).toBeNull();
    });

    it('are stacked, picked or left alone as in the cart, for whom they are', async () => {
      await app.post('/v1/admin/customer-groups', { code: 'sitters', title: 'Sitters' }, { token });
      const { email, password } = await given.customer(app);
      const account = await given.accountId(app, email);
      await app.put(`/v1/admin/customers/${account}/groups/sitters`, undefined, { token });
      const member = (await app.post('/v1/auth/login', { email, password })).body.accessToken;
      await app.put(`/v1/me/recently-viewed/${chair.id}`, undefined, { token: member });
      const title = (name: string, priority: number) => ({ title: name, priority });
      await promotion({ ...title('Third', 3), effect: { type: 'percent', ppm: 333_333 } });
      await promotion({ ...title('One off', 2), effect: { type: 'amount', money: eur(101), per: 'each' } });
      const sitters = [{ type: 'customer_group', codes: ['sitters', 'press'] }];
      await promotion({ ...title('Sitters', 1), effect: tenth, conditions: sitters });
      const yen = { type: 'fixed_price', money: { amount: 1, currency: 'JPY' } };
      await promotion({ ...title('Yen', 9), effect: yen });
      const both = async () => {
        await app.settle();
        const seen = [await shown(), await shown(member)];
        expect(seen.map(({ price }) => price)).toEqual([await inCart(chair), await inCart(chair, member)]);
        const { body: viewed } = await app.get('/v1/me/recently-viewed', { token: member });
        expect(viewed.items[0].variants[0].promotion).toEqual(seen[1]);
        return seen.map(({ titles }) => titles);
      };
      expect(await both()).toEqual([
        ['Third', 'One off'],
        ['Third', 'One off', 'Sitters'],
      ]);
      await app.patch('/v1/admin/promotion-groups/product', { mode: 'best' }, { token });
      expect(await both()).toEqual([['Third'], ['Third']]);
      await app.patch('/v1/admin/promotion-groups/product', { mode: 'stack' }, { token });
      await promotion({ ...title('Alone', 0), exclusive: true, effect: tenth });
      expect(await both()).toEqual([['Alone'], ['Alone']]);
    });

    it('begin and end by the clock on a page that was kept, and at once when staff say so', async () => {
      const at = (minutes: number) => new Date(app.clock.now().getTime() + minutes * 60_000).toISOString();
      const id = await promotion({ effect: tenth, startsAt: at(10), endsAt: at(20) });
      await app.settle();
      const { endsAt } = (await app.get(`/v1/admin/promotions/${id}`, { token })).body;
      expect(await shown()).toBeNull();
      app.clock.advance({ minutes: 11 });
      expect(await shown()).toMatchObject({ price: await inCart(chair), endsAt });
      app.clock.advance({ seconds: 9 * 60 - 20 });
      const { headers } = await app.get(`/v1/products/${chair.id}`);
      const [fresh, stale] = (headers.get('cache-control') ?? '').match(/\d+/g) ?? [];
      expect(Number(fresh) + Number(stale)).toBeLessThanOrEqual(20);
      app.clock.advance({ seconds: 21 });
      expect(await shown()).toBeNull();

      await change(id, { endsAt: null });
      expect(await shown()).toMatchObject({ price: eur(1795), endsAt: null });
      await change(id, { status: 'paused' });
      expect(await shown()).toBeNull();
      await change(id, { status: 'active' });
      expect(await shown()).toMatchObject({ price: eur(1795) });
      await change(id, { limitPerCustomer: 1 });
      expect(await shown()).toBeNull();
    });

    it('are told twice, late or never without harm', async () => {
      const id = await promotion({ title: 'Now', effect: tenth });
      await change(id, { title: 'Later' });
      const database = app.app.get(Database);
      const facts = await database.query<{ payload: PromotionChanged['payload'] }>(
        `SELECT payload FROM platform.events WHERE type = 'ordering.promotion_changed' AND payload->>'promotionId' = $1
         ORDER BY payload->'version' DESC`,
        [id],
      );
      expect(facts.map(({ payload }) => payload.version)).toEqual([2, 1]);
      const again = async () => {
        await database.transaction(async () => {
          for (const { payload } of [...facts, ...facts])
            app.app.get(Outbox).record(new PromotionChanged(payload));
        });
        await app.settle();
      };
      await again();
      expect((await shown()).titles).toEqual(['Later']);
      await app.delete(`/v1/admin/promotions/${id}`, { token });
      await again();
      expect(await shown()).toBeNull();

      // A shop that had promotions before pages showed them.
      const old = await promotion({ title: 'Of old', effect: tenth });
      await app.settle();
      await database.execute('DELETE FROM catalog.listed_promotions');
      await database.execute('UPDATE ordering.promotions SET told = false WHERE id = $1', [old]);
      await app.run('ordering.sweep_promotions');
      await app.run('ordering.sweep_promotions');
      await app.settle();
      expect((await page(chair)).titles).toEqual(['Of old']);
    });
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
