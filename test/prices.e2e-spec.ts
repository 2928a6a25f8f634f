import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { CatalogPriceChanges1760000010120 } from '../migrations/catalog/1760000010120-price-changes.js';
import { CatalogDigitalGoods1760000010210 } from '../migrations/catalog/1760000010210-digital-goods.js';
import { CatalogPriceLists1760000010110 } from '../migrations/catalog/1760000010110-price-lists.js';
import { type ListedPrice, priceOf } from '../src/catalog/price/price-rule.js';
import { lowestSql, priceSql, tiersSql } from '../src/catalog/price/price.sql.js';
import { Workers } from '../src/platform/events/workers.js';
import { newId } from '../src/platform/ids.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import { berlin, key } from './support/purchase.js';

describe('prices', () => {
  let app: TestApp;
  let token: string;
  let trader: { token: string; id: string };
  let customer: { token: string };

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    const [one, other] = [await given.customer(app), await given.customer(app)];
    const id = (await given.accountId(app, one.email)) ?? '';
    await app.post('/v1/admin/customer-groups', { code: 'trade', title: 'Trade' }, { token });
    expect((await app.put(`/v1/admin/customers/${id}/groups/trade`, undefined, { token })).status).toBe(204);
    trader = { token: one.token, id };
    customer = other;
  });
  afterAll(() => app.close());

  const eur = (amount: number) => ({ amount, currency: 'EUR' });
  const at = (days: number, hours = 0) =>
    new Date(app.clock.now().getTime() + (days * 24 + hours) * 3_600_000).toISOString();
  const list = async (fields: object = {}): Promise<string> => {
    const input = {
      code: `l-${randomUUID()}`,
      title: 'A list',
      currency: 'EUR',
      status: 'active',
      ...fields,
    };
    const made = await app.post('/v1/admin/price-lists', input, { token });
    expect(made.status).toBe(201);
    return made.body.id;
  };
  const set = async (...prices: object[]) => {
    const answer = await app.post('/v1/admin/prices', { prices }, { token });
    expect([answer.status, answer.text]).toEqual([204, '']);
  };
  const thing = async (extra: object = {}) => {
    const made = await given.product(app, token, extra);
    return { ...made, variantId: made.variants[0].id };
  };
  /** The variant as the product page and as the list has it; they say the same. */
  const shown = async ({ id, brand }: { id: string; brand?: string }, as?: string) => {
    const page = await app.get(`/v1/products/${id}`, { ...(as && { token: as }) });
    if (brand !== undefined) {
      const found = await app.get(`/v1/products?brand=${brand}`, { ...(as && { token: as }) });
      expect(found.body.items[0].variants).toEqual(page.body.variants);
    }
    return page.body.variants[0];
  };
  const branded = async () => {
    const brand = `B${randomUUID().slice(0, 8)}`;
    return { ...(await thing({ brand })), brand };
  };

  describe('a price list', () => {
    it('is made, read, changed with If-Match, listed and archived, and the trail says by whom', async () => {
      const code = `summer-${randomUUID().slice(0, 8)}`;
      const input = { code, title: 'Summer', currency: 'EUR', groups: ['trade'], priority: 3 };
      const made = await app.post('/v1/admin/price-lists', input, { token });
      expect(made.status).toBe(201);
      expect(made.headers.get('etag')).toBe('"1"');
      expect(made.body).toMatchObject({
        ...input,
        status: 'draft',
        validFrom: null,
        validUntil: null,
        version: 1,
      });
      expect((await app.post('/v1/admin/price-lists', input, { token })).status).toBe(409);
      const path = `/v1/admin/price-lists/${made.body.id}`;
      const change = { status: 'active', validUntil: at(3), groups: null };
      const stale = await app.patch(path, change, { token, headers: { 'if-match': '"9"' } });
      expect(stale.status).toBe(412);
      const changed = await app.patch(path, change, { token, headers: { 'if-match': '"1"' } });
      expect(changed.body).toMatchObject({ ...change, code, priority: 3, version: 2 });
      expect((await app.patch(path, { validFrom: at(4) }, { token })).body).toMatchObject({
        code: 'platform.invalid_input',
        errors: [{ pointer: '/validUntil' }],
      });
      const first = await app.get('/v1/admin/price-lists?limit=1&status=active&currency=EUR', { token });
      expect(first.body.items[0].id).toBe(made.body.id);
      expect((await app.delete(path, { token })).status).toBe(204);
      expect((await app.patch(path, { title: 'Again' }, { token })).status).toBe(404);
      expect((await app.get(path, { token })).body).toMatchObject({ status: 'archived', version: 3 });
      const listed = (await app.get('/v1/admin/price-lists?limit=100', { token })).body.items;
      expect(listed.map(({ id }: { id: string }) => id)).not.toContain(made.body.id);
      const trail = await app.get(`/v1/admin/audit?subjectId=${made.body.id}`, { token });
      expect(trail.body.items.map(({ action }: { action: string }) => action)).toEqual(
        ['archived', 'updated', 'created'].map((what) => `catalog.price_list.${what}`),
      );
    });

    it('pages without gaps, filters by group, and opens to staff alone', async () => {
      const ids = [await list({ groups: ['press'] }), await list({ groups: ['press', 'trade'] })];
      const path = '/v1/admin/price-lists?group=press&limit=1';
      const first = await app.get(path, { token });
      const next = await app.get(`${path}&cursor=${first.body.nextCursor}`, { token });
      expect([...first.body.items, ...next.body.items].map(({ id }) => id)).toEqual(ids.reverse());
      expect(next.body.nextCursor).toBeNull();
      expect((await app.get('/v1/admin/price-lists')).status).toBe(401);
      expect((await app.get('/v1/admin/price-lists', { token: customer.token })).status).toBe(403);
    });

    it('takes prices in its currency, for variants that there are, once each', async () => {
      const priceListId = await list();
      const { variantId } = await thing();
      const post = (...prices: object[]) => app.post('/v1/admin/prices', { prices }, { token });
      const dollars = { amount: 1, currency: 'USD' };
      expect((await post({ variantId, priceListId, price: dollars })).body.code).toBe(
        'catalog.price_list_currency',
      );
      expect((await post({ variantId, priceListId: randomUUID(), price: eur(1) })).status).toBe(404);
      expect((await post({ variantId: randomUUID(), priceListId, price: eur(1) })).status).toBe(404);
      for (const [wish, pointer] of [
        [{ variantId, price: null }, '/prices/0/price'],
        [{ variantId, price: eur(1), minQuantity: 2 }, '/prices/0/minQuantity'],
        [{ variantId, priceListId, price: null, compareAtPrice: eur(1) }, '/prices/0/compareAtPrice'],
      ] as const)
        expect((await post(wish)).body).toMatchObject({ status: 400, errors: [{ pointer }] });
      const twice = { variantId, priceListId, price: eur(1) };
      expect((await post(twice, twice)).status).toBe(400);
      expect((await post({ ...twice, minQuantity: 2 }, twice)).status).toBe(204);
    });

    it('can be taken back with its migration: items that it priced are listed at the base price', async () => {
      const product = await branded();
      const priceListId = await list();
      await set({ variantId: product.variantId, priceListId, price: eur(1500) });
      const change = new CatalogPriceLists1760000010110();
      const kinds = new CatalogDigitalGoods1760000010210();
      const changes = new CatalogPriceChanges1760000010120();
      const runner = app.app.get(DataSource).createQueryRunner();
      const item = async () => {
        const [row] = (await runner.query(
          `SELECT variants FROM catalog.list_items WHERE product_id = $1 AND currency = 'EUR'`,
          [product.id],
        )) as { variants: string[] }[];
        return row?.variants.map((text) => JSON.parse(`${text}0}`) as object);
      };
      try {
        await runner.startTransaction();
        expect(await item()).toEqual([]);
        await kinds.down(runner);
        await changes.down(runner);
        await change.down(runner);
        const old = { id: product.variantId, price: eur(1999), compareAtPrice: null };
        const [before] = (await item()) ?? [];
        expect(before).toMatchObject(old);
        expect(before).not.toHaveProperty('tiers');
        await change.up(runner);
        await changes.up(runner);
        await kinds.up(runner);
        expect(await item()).toMatchObject([{ ...old, lowestPrice30Days: null, tiers: [] }]);
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    });

    it('has a ledger that nobody changes: which price, in which list, since when, by whom, and its end', async () => {
      const priceListId = await list();
      const { variantId } = await thing();
      await set({ variantId, priceListId, price: eur(1500), minQuantity: 5 });
      await set({ variantId, priceListId, price: eur(1500), minQuantity: 5 });
      await set(
        { variantId, priceListId, price: eur(1400), minQuantity: 5 },
        { variantId, priceListId, price: eur(1800) },
      );
      const present = await app.get(`/v1/admin/price-lists/${priceListId}/prices?limit=1`, { token });
      const rest = await app.get(
        `/v1/admin/price-lists/${priceListId}/prices?cursor=${present.body.nextCursor}`,
        { token },
      );
      expect([...present.body.items, ...rest.body.items]).toMatchObject([
        { variantId, priceListId, minQuantity: 1, price: eur(1800) },
        { variantId, priceListId, minQuantity: 5, price: eur(1400), setBy: expect.any(String) },
      ]);
      await set({ variantId, priceListId, price: null, minQuantity: 5 });
      const history = await app.get(`/v1/admin/prices?priceListId=${priceListId}&variantId=${variantId}`, {
        token,
      });
      expect(history.body.items.map(({ price, minQuantity }: never) => [minQuantity, price])).toEqual([
        [5, null],
        [1, eur(1800)],
        [5, eur(1400)],
        [5, eur(1500)],
      ]);
      expect((await app.get(`/v1/admin/prices?variantId=${variantId}`, { token })).body.items).toHaveLength(
        5,
      );
      for (const table of ['prices', 'price_list_terms'])
        await expect(app.database.execute(`UPDATE catalog.${table} SET set_by = 'x'`)).rejects.toThrow(
          'append-only',
        );
    });
  });

  describe('shoppers', () => {
    it('see the prices of their groups, which no shared cache keeps', async () => {
      const product = await branded();
      const { variantId } = product;
      const priceListId = await list({ groups: ['trade'] });
      await set(
        { variantId, priceListId, price: eur(1700) },
        { variantId, priceListId, price: eur(1500), minQuantity: 10 },
        { variantId, priceListId, price: eur(1200), minQuantity: 100 },
      );
      expect(await shown(product)).toMatchObject({ price: eur(1999), tiers: [] });
      expect(await shown(product, trader.token)).toMatchObject({
        price: eur(1700),
        tiers: [
          { minQuantity: 10, price: eur(1500) },
          { minQuantity: 100, price: eur(1200) },
        ],
      });
      expect(await shown(product, customer.token)).toMatchObject({ price: eur(1999), tiers: [] });
      expect(await shown(product)).toMatchObject({ price: eur(1999), tiers: [] });
      const mine = await app.get(`/v1/products/${product.id}`, { token: trader.token });
      expect(mine.headers.get('cache-control')).toBe('private, no-cache');
      const anybodys = await app.get(`/v1/products/${product.id}`);
      expect(anybodys.headers.get('cache-control')).toContain('public');
      for (const { headers } of [mine, anybodys]) expect(headers.get('vary')).toContain('Authorization');
      await app.delete(`/v1/admin/price-lists/${priceListId}`, { token });
      expect(await shown(product, trader.token)).toMatchObject({ price: eur(1999), tiers: [] });
    });

    it('see a list begin and end by the clock alone, though the page was kept', async () => {
      const product = await branded();
      const { variantId } = product;
      const priceListId = await list({ validFrom: at(0, 2), validUntil: at(0, 5), priority: 1 });
      await set({ variantId, priceListId, price: eur(999), compareAtPrice: eur(1999) });
      await app.settle();
      const events = 'SELECT count(*)::int AS n FROM platform.events';
      const before = await app.database.query<{ n: number }>(events);
      const [reduced, full] = [
        { price: eur(999), compareAtPrice: eur(1999), lowestPrice30Days: eur(1999) },
        { price: eur(1999), compareAtPrice: null, lowestPrice30Days: null },
      ];
      for (const [hours, expected] of [
        [0, full],
        [2, reduced],
        [2, reduced],
        [1, full],
      ] as const) {
        app.clock.advance({ hours });
        expect(await shown(product)).toMatchObject(expected);
        expect(await shown(product)).toMatchObject(expected);
      }
      expect(await app.database.query(events)).toEqual(before);
    });

    it('are told by the cache headers to ask again when the price ends', async () => {
      const { id } = await thing();
      await list({ validUntil: new Date(app.clock.now().getTime() + 20_000).toISOString() });
      const control = (await app.get(`/v1/products/${id}`)).headers.get('cache-control') ?? '';
      const seconds = [...control.matchAll(/\d+/g)].reduce((sum, [n]) => sum + Number(n), 0);
      expect(seconds).toBeGreaterThan(5);
      expect(seconds).toBeLessThanOrEqual(20);
      app.clock.advance({ seconds: 21 });
    });

    it('buy at the price of their group and quantity, in cart and order alike', async () => {
      const { variantId } = await thing();
      const priceListId = await list({ groups: ['trade'] });
      await set(
        { variantId, priceListId, price: eur(1700) },
        { variantId, priceListId, price: eur(1500), minQuantity: 10 },
      );
      const lines = [{ variantId, quantity: 9 }];
      const unit = ({ body }: { body: { lines: { unitPrice: unknown }[] } }) => body.lines[0]?.unitPrice;
      const as = { token: trader.token };
      expect(unit(await app.post('/v1/carts', { currency: 'EUR', lines }))).toEqual(eur(1999));
      expect(
        unit(await app.post('/v1/carts', { currency: 'EUR', lines }, { token: customer.token })),
      ).toEqual(eur(1999));
      const cart = await app.post('/v1/carts', { currency: 'EUR', lines }, as);
      expect(unit(cart)).toEqual(eur(1700));
      const path = `/v1/carts/${cart.body.id}`;
      const more = await app.post(`${path}/lines`, { variantId, quantity: 1 }, as);
      expect(unit(more)).toEqual(eur(1500));
      expect(more.body.totals.subtotal).toEqual(eur(15000));
      const order = await app.post(
        `${path}/checkout`,
        { payment: { gateway: 'test', token: 'ok' }, email: 'a@example.test', shippingAddress: berlin },
        { ...as, key: key() },
      );
      expect(order.status).toBe(201);
      expect(order.body.lines[0].unitPrice).toEqual(eur(1500));
    });

    it('can buy what only a list has a price for, as soon as it has one', async () => {
      const product = await branded();
      const { variantId } = product;
      const priceListId = await list({ currency: 'USD' });
      const cart = () => app.post('/v1/carts', { currency: 'USD', lines: [{ variantId, quantity: 5 }] });
      expect((await cart()).status).toBe(422);
      const price = { amount: 900, currency: 'USD' };
      await set({ variantId, priceListId, price, minQuantity: 5 });
      const variant = (await app.get(`/v1/products?currency=USD&brand=${product.brand}`)).body.items[0]
        .variants[0];
      expect(variant).toMatchObject({ price: null, tiers: [{ minQuantity: 5, price }] });
      const made = await cart();
      expect(made.body.lines[0].unitPrice).toEqual(price);
      const line = `/v1/carts/${made.body.id}/lines/${made.body.lines[0].id}`;
      await app.patch(line, { quantity: 4 }, { cartToken: made.body.token });
      const { body } = await app.get(`/v1/carts/${made.body.id}/readiness`, { cartToken: made.body.token });
      expect(body.problems.map(({ code }: { code: string }) => code)).toContain('variant_unavailable');
    });
  });

  describe('the lowest price of the last 30 days', () => {
    const lowest = async (product: { id: string; brand: string }) => (await shown(product)).lowestPrice30Days;

    it('is that before the reduction began, and stays while it lasts', async () => {
      const product = await branded();
      const { variantId } = product;
      await set({ variantId, price: eur(1500) });
      app.clock.advance({ days: 31 });
      await set({ variantId, price: eur(1800) });
      app.clock.advance({ days: 10 });
      await set({ variantId, price: eur(2000) });
      app.clock.advance({ days: 5 });
      expect(await lowest(product)).toBeNull();
      // 15 days ago it still cost 15.00, and 18.00 came after that.
      await set({ variantId, price: eur(1200), compareAtPrice: eur(2000) });
      expect(await lowest(product)).toEqual(eur(1500));
      app.clock.advance({ days: 60 });
      expect(await lowest(product)).toEqual(eur(1500));
      // Another struck-through price is no new reduction.
      await set({ variantId, price: eur(1200), compareAtPrice: eur(2500) });
      expect(await lowest(product)).toEqual(eur(1500));
      await set({ variantId, price: eur(1100), compareAtPrice: eur(2500) });
      expect(await lowest(product)).toEqual(eur(1200));
    });

    it('is the present one when nothing was reduced but the talk of it', async () => {
      const product = await branded();
      const { variantId } = product;
      app.clock.advance({ days: 40 });
      await set({ variantId, price: eur(1999), compareAtPrice: eur(2999) });
      expect(await lowest(product)).toEqual(eur(1999));
    });

    it('knows the sales that lists made meanwhile, and not those for others', async () => {
      const product = await branded();
      const { variantId } = product;
      const [sale, trade, next] = [
        await list({ validFrom: at(5), validUntil: at(8) }),
        await list({ groups: ['trade'] }),
        await list({ validFrom: at(20), validUntil: at(60), priority: 2 }),
      ];
      await set(
        { variantId, priceListId: sale, price: eur(1600) },
        { variantId, priceListId: trade, price: eur(1000) },
        { variantId, priceListId: next, price: eur(1900), compareAtPrice: eur(1999) },
      );
      app.clock.advance({ days: 21 });
      expect(await lowest(product)).toEqual(eur(1600));
      expect((await shown(product, trader.token)).lowestPrice30Days).toEqual(eur(1000));
      // A list that is moved now has still been cheap when it was.
      await app.patch(`/v1/admin/price-lists/${sale}`, { validFrom: at(90), validUntil: at(91) }, { token });
      expect(await lowest(product)).toEqual(eur(1600));
    });
  });

  describe('many prices', () => {
    const change = (input: object) =>
      app.post('/v1/admin/prices/changes', { currency: 'EUR', ...input }, { token });
    it('leave gift cards out, and know the category that they are asked for', async () => {
      const card = { sku: `CARD-${randomUUID()}`, kind: 'gift_card', prices: [eur(5000)] };
      const mug = { sku: `MUG-${randomUUID()}`, prices: [eur(1000)] };
      const { id } = await given.product(app, token, {
        title: 'Card and mug',
        options: [{ name: 'What', values: ['card', 'mug'] }],
        variants: [
          { ...card, options: { What: 'card' } },
          { ...mug, options: { What: 'mug' } },
        ],
      });
      const preview = await change({ filter: { productIds: [id] }, basisPoints: 500, dryRun: true });
      expect(preview.body).toMatchObject({ total: 1, items: [{ sku: mug.sku, price: eur(1050) }] });
      const refused = await change({
        filter: { category: 'no-such-category' },
        basisPoints: 500,
        dryRun: true,
      });
      expect([refused.status, refused.body.code]).toEqual([422, 'catalog.unknown_category']);
    });

    const priceOfOne = async ({ id }: { id: string }) => (await shown({ id })).price;

    it('are previewed, and confirmed exactly as they were shown', async () => {
      const [one, other] = [await branded(), await branded()];
      const input = {
        filter: { brand: one.brand },
        basisPoints: -2000,
        rounding: { ending: 99, of: 100 },
        compareAt: 'source',
      };
      const preview = await change({ ...input, dryRun: true });
      expect([preview.status, preview.body]).toMatchObject([
        200,
        {
          id: null,
          state: 'preview',
          total: 1,
          // 19.99 less 20 % is 15.992.
          items: [
            { variantId: one.variantId, before: eur(1999), price: eur(1599), compareAtPrice: eur(1999) },
          ],
        },
      ]);
      expect(await priceOfOne(one)).toEqual(eur(1999));
      const { fingerprint } = preview.body;
      expect((await change(input)).status).toBe(400);
      const another = await change({ ...input, basisPoints: -3000, fingerprint });
      expect([another.status, another.body.code]).toEqual([409, 'catalog.prices_changed']);
      await set({ variantId: one.variantId, price: eur(2499) });
      expect((await change({ ...input, fingerprint })).status).toBe(409);
      expect(await priceOfOne(one)).toEqual(eur(2499));
      await set({ variantId: one.variantId, price: eur(1999) });
      const done = await change({ ...input, fingerprint });
      expect([done.status, done.body]).toMatchObject([
        200,
        { state: 'finished', total: 1, done: 1, skipped: 0 },
      ]);
      expect((await app.get(`/v1/admin/prices/changes/${done.body.id}`, { token })).body).toEqual(done.body);
      expect(await shown(one)).toMatchObject({
        price: eur(1599),
        compareAtPrice: eur(1999),
        lowestPrice30Days: eur(1999),
      });
      expect(await priceOfOne(other)).toEqual(eur(1999));
      // What is there already is no change: a second time there is nothing to do.
      expect((await change({ ...input, basisPoints: 0, compareAt: 'keep', dryRun: true })).body.total).toBe(
        0,
      );
    });

    it('make a list of the base prices, and change a list with all its quantities', async () => {
      const product = await branded();
      const { variantId } = product;
      const intoPriceListId = await list({ groups: ['trade'] });
      const filter = { productIds: [product.id] };
      const make = { filter, intoPriceListId, basisPoints: -1000, amount: -9 };
      const { fingerprint } = (await change({ ...make, dryRun: true })).body;
      expect((await change({ ...make, fingerprint })).body.items).toMatchObject([
        { before: null, price: eur(1790), compareAtPrice: null },
      ]);
      await set({ variantId, priceListId: intoPriceListId, price: eur(1500), minQuantity: 10 });
      const raise = { filter: { variantIds: [variantId] }, fromPriceListId: intoPriceListId, amount: 100 };
      const preview = (await change({ ...raise, dryRun: true })).body;
      expect((await change({ ...raise, fingerprint: preview.fingerprint })).status).toBe(200);
      expect(await shown(product, trader.token)).toMatchObject({
        price: eur(1890),
        tiers: [{ minQuantity: 10, price: eur(1600) }],
      });
      expect(await priceOfOne(product)).toEqual(eur(1999));
    });

    it('are never negative, end as they should, and stay in the currency of the list', async () => {
      const { id } = await thing();
      const filter = { productIds: [id] };
      const out = await change({ filter, amount: -2000, dryRun: true });
      expect([out.status, out.body.code]).toEqual([422, 'catalog.price_out_of_range']);
      const rounded = async (amount: number, rounding: object) =>
        (await change({ filter, amount: amount - 1999, rounding, dryRun: true })).body.items[0].price.amount;
      expect(await rounded(1549, { ending: 99, of: 100 })).toBe(1599);
      expect(await rounded(1548, { ending: 99, of: 100 })).toBe(1499);
      expect(await rounded(12, { ending: 99, of: 100 })).toBe(99);
      expect(await rounded(1234, { ending: 0, of: 50 })).toBe(1250);
      const bad = await change({ filter, rounding: { ending: 100, of: 100 }, dryRun: true });
      expect([bad.status, bad.body.errors[0].pointer]).toEqual([400, '/rounding/ending']);
      const intoPriceListId = await list({ currency: 'USD' });
      expect((await change({ filter, intoPriceListId, dryRun: true })).body.code).toBe(
        'catalog.price_list_currency',
      );
      expect((await change({ filter, intoPriceListId: randomUUID(), dryRun: true })).status).toBe(404);
      expect((await app.get(`/v1/admin/prices/changes/${randomUUID()}`, { token })).status).toBe(404);
    });

    it('beyond a thousand are changed by a job, which leaves alone what somebody sets meanwhile', async () => {
      const product = await thing();
      await app.database.execute(
        `INSERT INTO catalog.variants (id, product_id, position, sku, title, prices)
         SELECT gen_random_uuid(), $1::uuid, n, $1::uuid || '-' || n, 'x', '{"EUR": {"amount": 1000, "compareAt": null}}'
         FROM generate_series(1, 1200) n`,
        [product.id],
      );
      const input = { filter: { productIds: [product.id] }, basisPoints: 1000 };
      const preview = (await change({ ...input, dryRun: true })).body;
      expect([preview.total, preview.items.length]).toEqual([1201, 100]);
      const workers = app.app.get(Workers);
      await workers.stop();
      const started = await change({ ...input, fingerprint: preview.fingerprint });
      expect([started.status, started.body]).toMatchObject([202, { state: 'running', total: 1201, done: 0 }]);
      const [touched] = preview.items;
      await set({ variantId: touched.variantId, price: eur(777) });
      await workers.start({ schedules: false });
      await app.settle();
      const { body } = await app.get(`/v1/admin/prices/changes/${started.body.id}`, { token });
      expect(body).toMatchObject({ state: 'finished', total: 1201, done: 1201, skipped: 1 });
      const left = await app.database.query<{ amount: number; n: number }>(
        `SELECT (prices->'EUR'->>'amount')::int AS amount, count(*)::int AS n FROM catalog.variants
         WHERE product_id = $1 GROUP BY 1 ORDER BY 1`,
        [product.id],
      );
      expect(left.map(({ amount }) => amount)).toEqual(expect.arrayContaining([777, 1100]));
      expect(left.reduce((sum, { amount, n }) => sum + (amount === 1000 || amount === 1999 ? n : 0), 0)).toBe(
        0,
      );
    });
  });

  describe('SQL and TypeScript', () => {
    it('agree about prices, tiers and lowest prices of random variants', async () => {
      const T0 = Date.UTC(2026, 0, 1);
      const date = (days: number) => new Date(T0 + days * 86_400_000);
      const lists = [newId(), newId(), newId()] as const;
      const { variantId } = await thing();
      const term = fc.record({
        since: fc.integer({ min: 0, max: 60 }),
        groups: fc.option(fc.subarray(['x', 'y'], { minLength: 1 })),
        window: fc.option(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 40 }))),
        priority: fc.integer({ min: 0, max: 1 }),
        active: fc.boolean(),
      });
      const row = fc.record({
        on: fc.integer({ min: 0, max: 60 }),
        list: fc.constantFrom(null, null, ...lists),
        from: fc.integer({ min: 1, max: 3 }),
        amount: fc.integer({ min: 1, max: 4 }),
        ends: fc.boolean(),
        reduced: fc.boolean(),
      });
      const world = fc.record({
        terms: fc.tuple(...lists.map(() => fc.array(term, { minLength: 1, maxLength: 3 }))),
        rows: fc.array(row, { minLength: 1, maxLength: 8 }),
        groups: fc.subarray(['x', 'y']),
        now: fc.integer({ min: 0, max: 80 }),
      });
      let differing = 0;
      await fc.assert(
        fc.asyncProperty(world, async ({ terms, rows, groups, now }) => {
          const history = rows
            .map((one) => ({ ...one, from: one.list === null ? 1 : one.from }))
            .sort((a, b) => a.on - b.on);
          const says = lists.map((_, n) => [...(terms[n] ?? [])].sort((a, b) => a.since - b.since));
          /** What there was on a day, from the ledger. */
          const asOf = (day: number) => {
            const latest = new Map(
              history.filter(({ on }) => on <= day).map((one) => [`${one.list} ${one.from}`, one]),
            );
            const entries: ListedPrice[] = [];
            let base: { amount: number; compareAt: number | null } | null = null;
            for (const { list, from, amount, ends, reduced } of latest.values()) {
              const compareAt = reduced ? amount + 1 : null;
              if (list === null) base = { amount, compareAt };
              const said =
                list === null ? undefined : says[lists.indexOf(list)]?.findLast(({ since }) => since <= day);
              if (list === null || ends || !said) continue;
              entries.push({
                list,
                minQuantity: from,
                amount,
                compareAt,
                active: said.active,
                groups: said.groups,
                priority: said.priority,
                validFrom: said.window && date(said.window[0]),
                validUntil: said.window && date(said.window[0] + said.window[1]),
              });
            }
            return { base, entries };
          };
          const { base, entries } = asOf(now);
          const priced = (quantity: number) => priceOf(base, entries, { groups, quantity, at: date(now) });
          // Day by day, because in this world nothing happens between two midnights.
          const days = Array.from({ length: now + 1 }, (_, day) => {
            const then = asOf(day);
            return priceOf(then.base, then.entries, { groups, quantity: 1, at: date(day) });
          });
          const last = days.at(-1) ?? null;
          const other = days.findLastIndex((one) => one?.compareAt == null || one.amount !== last?.amount);
          const before = days.slice(Math.max(0, other - 29), other + 1).flatMap((one) => one?.amount ?? []);
          const tiers = [2, 3, 4].flatMap((minQuantity) => {
            const price = priced(minQuantity);
            return price && price.amount !== priced(minQuantity - 1)?.amount
              ? [{ minQuantity, price: { amount: price.amount, currency: 'EUR' } }]
              : [];
          });
          const found = await rolledBack(async () => {
            for (const [n, id] of lists.entries()) {
              const said = says[n]?.findLast(({ since }) => since <= now) ?? {
                ...says[n]![0]!,
                active: false,
              };
              await app.database.execute(
                `INSERT INTO catalog.price_lists (id, code, title, currency, groups, valid_from, valid_until, priority, status, created_at)
                 VALUES ($1::uuid, $1::uuid::text, 'x', 'EUR', $2, $3, $4, $5, $6, now())`,
                [id, ...columns(said)],
              );
              for (const one of says[n] ?? [])
                await app.database.execute(
                  `INSERT INTO catalog.price_list_terms (id, price_list_id, since, groups, valid_from, valid_until, priority, status, set_by)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'test')`,
                  [newId(), id, date(one.since), ...columns(one)],
                );
            }
            const id = newId();
            await app.database.execute(
              `INSERT INTO catalog.variants (id, product_id, position, sku, title)
               SELECT $1::uuid, product_id, 1, $1::uuid::text, 'x' FROM catalog.variants WHERE id = $2`,
              [id, variantId],
            );
            for (const { on, list, from, amount, ends, reduced } of history) {
              const gone = list !== null && ends;
              await app.database.execute(
                `INSERT INTO catalog.prices (id, variant_id, currency, price_list_id, min_quantity, amount, compare_at, valid_from, set_by)
                 VALUES ($1, $2, 'EUR', $3, $4, $5, $6, $7, 'test')`,
                [
                  newId(),
                  id,
                  list,
                  from,
                  gone ? null : amount,
                  reduced && !gone ? amount + 1 : null,
                  date(on),
                ],
              );
            }
            const offers = entries.map((e) => ({
              list: e.list,
              from: e.minQuantity,
              amount: e.amount,
              compareAt: e.compareAt,
            }));
            const asking = { currency: `'EUR'::text`, now: '$2::timestamptz', groups: '$3::text[]' };
            const [answer] = await app.database.query<{
              prices: unknown[];
              tiers: unknown;
              lowest: string | null;
            }>(
              `SELECT json_build_array(${[1, 2, 3, 4].map((n) => priceSql(asking, String(n))).join()}) AS prices,
                ${tiersSql(asking)} AS tiers, ${lowestSql(asking)} AS lowest
               FROM (SELECT $1::uuid AS id, $4::jsonb AS prices, $5::jsonb AS offers) v`,
              [
                id,
                date(now),
                groups,
                JSON.stringify(base ? { EUR: base } : {}),
                offers.length > 0 ? JSON.stringify({ EUR: offers }) : null,
              ],
            );
            return answer;
          });
          expect(found?.prices).toEqual([1, 2, 3, 4].map(priced));
          expect(found?.tiers).toEqual(tiers);
          if (last?.compareAt == null) return;
          const expected = before.length > 0 ? Math.min(...before) : null;
          expect(found?.lowest === null ? null : Number(found?.lowest)).toBe(expected);
          if (expected !== null) differing++;
        }),
        { numRuns: 150 },
      );
      expect(differing).toBeGreaterThan(5);
    });

    const columns = ({
      groups,
      window,
      priority,
      active,
    }: {
      groups: string[] | null;
      window: [number, number] | null;
      priority: number;
      active: boolean;
    }) => {
      const day = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 86_400_000);
      return [
        groups,
        window && day(window[0]),
        window && day(window[0] + window[1]),
        priority,
        active ? 'active' : 'draft',
      ];
    };

    const rolledBack = async <T>(work: () => Promise<T>): Promise<T> => {
      let result: { value: T } | undefined;
      const over = new Error('not kept');
      await app.database
        .transaction(async () => {
          result = { value: await work() };
          throw over;
        })
        .catch((error: unknown) => {
          if (error !== over) throw error;
        });
      if (!result) throw new Error('nothing came out');
      return result.value;
    };
  });
});
