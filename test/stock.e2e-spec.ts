import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { BackInStock, StocktakeConfirmed } from '../src/catalog/catalog.events.js';
import { CatalogPersonalData } from '../src/catalog/personal-data/catalog-personal-data.service.js';
import { StockNoticeSubscribers } from '../src/catalog/stock-notice/stock-notice.subscribers.js';
import { StocktakeSubscribers } from '../src/catalog/stocktake/stocktake.subscribers.js';
import type { LetterSeen } from './support/letters.js';
import { CatalogApi } from '../src/catalog/catalog.api.js';
import { StockService } from '../src/catalog/stock/stock.service.js';
import { system } from '../src/platform/access/actor.js';
import { Problem } from '../src/platform/http/problem.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import {
  berlin,
  buy,
  type CartInHand,
  checkOut,
  fillCart,
  type Goods,
  key,
  stockOf,
} from './support/purchase.js';
import { type Held, type Move, type Outcome, type Row, StockModel } from './support/stock-model.js';

interface GivenVariant {
  id: string;
  sku: string;
}

/** How many histories are tried; a night may try thousands. */
const RUNS = Number(process.env.STOCK_RUNS ?? 8);
const LOCATIONS = ['main', 'east', 'west'];
const MINUTE = 60_000;

describe('stock', () => {
  let app: TestApp;
  let token: string;
  let killer: pg.Client;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    for (const [index, code] of LOCATIONS.entries()) {
      if (code === 'main') continue;
      const made = await app.post(
        '/v1/admin/locations',
        { code, name: code, priority: index * 10 },
        { token },
      );
      expect(made.status).toBe(201);
    }
    killer = new pg.Client({ connectionString: app.config.databaseUrl ?? '' });
    await killer.connect();
  });
  afterAll(async () => {
    await killer?.end();
    await app?.close();
  });

  interface Level {
    id: string;
    location: string;
    onHand: number;
    allocated: number;
    reserved: number;
    available: number;
    lowStockAt: number | null;
  }
  const euros = [{ amount: 1999, currency: 'EUR' }];
  /** A variant with so many pieces in `main`, `east` and `west`. */
  const stocked = async (...pieces: number[]): Promise<Goods & { productId: string; handle: string }> => {
    const stock = pieces.map((onHand, at) => ({ location: LOCATIONS[at], onHand }));
    const made = await given.product(app, token, {
      variants: [{ sku: randomUUID(), weightGrams: 400, prices: euros, stock }],
    });
    const [{ id, sku }] = made.variants;
    return { variantId: id, sku, productId: made.id, handle: made.handle };
  };
  const levels = async (query: string): Promise<Level[]> =>
    (await app.get(`/v1/admin/stock?${query}`, { token })).body.items;
  const move = async (variantId: string, kind: string, quantity: number, location = 'main') => {
    const reason = kind === 'adjusted' ? 'broken' : null;
    const changes = [{ variantId, location, kind, quantity, reason }];
    const answer = await app.post('/v1/admin/stock/movements', { changes }, { token, key: key() });
    expect(answer.status).toBe(204);
  };
  const terms = (variantId: string, body: object, options: object = {}) =>
    app.put(`/v1/admin/variants/${variantId}/terms`, body, { token, ...options });
  const facts = async (type: string, variantId: string) =>
    (
      await app.database.query<{ payload: { available: number } }>(
        `SELECT payload FROM platform.events WHERE type = $1 AND payload->>'variantId' = $2 ORDER BY position`,
        [type, variantId],
      )
    ).map(({ payload }) => payload.available);

  describe('what staff see', () => {
    it('an order says which location gives what, by the rule, and what was sent of it', async () => {
      const [whole, split] = [await stocked(2, 5, 9), await stocked(2, 3, 1)];
      const lines = [
        { ...whole, quantity: 4 },
        { ...split, quantity: 6 },
      ];
      const { answer } = await buy(app, lines);
      expect(answer.status).toBe(201);
      const path = `/v1/admin/orders/${answer.body.id}`;
      const [first, second] = answer.body.lines as { id: string }[];
      const shown = async () =>
        ((await app.get(path, { token })).body.allocations as Record<string, unknown>[]).map(
          ({ lineId, location, locationName, quantity, shipped }) => {
            expect(locationName).toBe(location === 'main' ? 'Main warehouse' : location);
            return [lineId === first?.id ? 'whole' : 'split', location, quantity, shipped].join(' ');
          },
        );
      // Whole from the first that has all of it; in parts from the first on when none has.
      expect(await shown()).toEqual(['split main 2 0', 'whole east 4 0', 'split east 3 0', 'split west 1 0']);
      const sent = await app.post(
        `${path}/fulfilments`,
        { lines: [{ lineId: second?.id, quantity: 6 }] },
        { token, key: key() },
      );
      expect(sent.status).toBe(201);
      expect(sent.body.allocations).toHaveLength(4);
      expect(await shown()).toEqual(['split main 2 2', 'whole east 4 0', 'split east 3 3', 'split west 1 1']);
      // Nothing of it is the shopper's business.
      const other = await buy(app, [{ ...whole, quantity: 1 }]);
      expect(other.answer.body.allocations).toBeUndefined();
      await app.post(
        `/v1/orders/${other.answer.body.id}/cancellation`,
        {},
        { cartToken: other.cart.token, key: key() },
      );
      const canceled = await app.get(`/v1/admin/orders/${other.answer.body.id}`, { token });
      expect(canceled.body.allocations).toEqual([]);
      const movements = await app.get(
        `/v1/admin/stock/${(await levels(`variantId=${split.variantId}&location=main`))[0]?.id}/movements`,
        { token },
      );
      expect(movements.body.items.map(({ kind }: { kind: string }) => kind)).toEqual([
        'shipped',
        'allocated',
        'received',
      ]);
    });

    it('what runs low is told once for each crossing, and listed; what is back is told once', async () => {
      expect((await app.get('/v1/admin/stock?location=moon', { token })).status).toBe(422);
      const { variantId } = await stocked(4, 4);
      const set = await terms(variantId, { lowStockAt: 3 });
      expect(set.body).toEqual({
        lowStockAt: 3,
        maxPerOrder: null,
        maxPerCustomer: null,
        preorder: null,
        version: 1,
      });
      expect(set.headers.get('etag')).toBe('"1"');
      const lowOnes = () => levels(`low=true&variantId=${variantId}`);
      expect(await lowOnes()).toEqual([]);
      expect(await levels(`low=false&variantId=${variantId}`)).toHaveLength(2);
      // Eight buyers at once: exactly one of them crosses.
      const bought = await Promise.all(Array.from({ length: 8 }, () => buy(app, [{ variantId, sku: '' }])));
      expect(bought.map(({ answer }) => answer.status)).toEqual(Array(8).fill(201));
      await app.settle();
      expect(await facts('catalog.stock_low', variantId)).toEqual([3]);
      expect((await lowOnes()).map(({ lowStockAt }) => lowStockAt)).toEqual([3, 3]);
      // Back, by whatever way, once; and low again only after there were more.
      await move(variantId, 'received', 2, 'west');
      await move(variantId, 'received', 1);
      await move(variantId, 'adjusted', -1);
      await app.settle();
      expect(await facts('catalog.back_in_stock', variantId)).toEqual([2]);
      expect(await facts('catalog.stock_low', variantId)).toEqual([3]);
      await move(variantId, 'received', 10);
      await move(variantId, 'adjusted', -10);
      await move(variantId, 'adjusted', -1, 'west');
      await app.settle();
      expect(await facts('catalog.stock_low', variantId)).toEqual([3, 2]);
      // A cancellation brings it back too, and so does a hold that nobody came back for.
      const rest = await stocked(1);
      const one = await buy(app, [rest]);
      const path = `/v1/orders/${one.answer.body.id}/cancellation`;
      expect((await app.post(path, {}, { cartToken: one.cart.token, key: key() })).status).toBe(201);
      await buy(app, [rest], { token: 'decline_generic' });
      app.clock.advance({ hours: 1 });
      await app.run('catalog.free_expired_holds');
      await app.settle();
      expect(await facts('catalog.back_in_stock', rest.variantId)).toEqual([1, 1]);
      // What never was there does not come back.
      expect(await facts('catalog.back_in_stock', (await stocked(5)).variantId)).toEqual([]);
    });

    it('what was free again before a sale came to nothing is told, though the seller goes on without it', async () => {
      const { variantId } = await stocked(1);
      const [api, minute] = [app.app.get(CatalogApi), new Date(app.clock.now().getTime() + MINUTE)];
      const reserve = (quantity: number) =>
        app.database.transaction(() => api.reserve(randomUUID(), [{ variantId, quantity }], minute));
      await reserve(1);
      app.clock.advance({ minutes: 2 });
      await app.database.transaction(async () => {
        const tried = api.reserve(randomUUID(), [{ variantId, quantity: 2 }], minute);
        await expect(tried).rejects.toMatchObject({ code: 'catalog.out_of_stock' });
      });
      expect(await facts('catalog.back_in_stock', variantId)).toEqual([1]);
    });

    it('how many may be sold beyond what is there can be set when another location has become the first', async () => {
      const { variantId, sku } = await stocked(1, 0);
      const allow = (backorderLimit: number) =>
        app.patch(`/v1/admin/variants/${variantId}`, { backorderLimit }, { token });
      expect((await allow(4)).status).toBe(200);
      expect((await buy(app, [{ variantId, sku, quantity: 3 }])).answer.status).toBe(201);
      const list = (await app.get('/v1/admin/locations', { token })).body.items as {
        id: string;
        code: string;
        priority: number;
      }[];
      const main = list.find(({ code }) => code === 'main');
      const put = (priority?: number) =>
        app.patch(`/v1/admin/locations/${main?.id}`, { priority }, { token });
      expect((await put(900)).status).toBe(200);
      const answers = [await allow(3), await allow(1)];
      const ahead = { availableFrom: '2099-01-01T00:00:00.000Z', limit: 5 };
      const terms = await app.put(`/v1/admin/variants/${variantId}/terms`, { preorder: ahead }, { token });
      await put(main?.priority);
      expect([...answers, terms].map(({ status }) => status)).toEqual([200, 409, 200]);
      // Two of the three that were allowed are sold, wherever they stand.
      const second = await buy(app, [{ variantId, sku, quantity: 2 + 5 }]);
      expect([second.answer.status, second.answer.body.code]).toEqual([409, 'ordering.out_of_stock']);
      expect((await buy(app, [{ variantId, sku, quantity: 1 + 5 }])).answer.status).toBe(201);
    });

    it('the terms of a variant are set by who may, for the version that they read', async () => {
      const { variantId } = await stocked(1);
      const clerk = await given.staff(app, ['support'], token);
      expect((await terms(variantId, {}, { token: clerk.token })).status).toBe(403);
      expect((await app.get(`/v1/admin/variants/${variantId}/terms`)).status).toBe(401);
      expect((await terms(randomUUID(), { maxPerOrder: 1 })).status).toBe(404);
      expect((await terms(variantId, { maxPerOrder: 0 })).status).toBe(400);
      expect((await terms(variantId, { maxPerOrder: 2 }, { headers: { 'if-match': '"0"' } })).status).toBe(
        200,
      );
      expect((await terms(variantId, {}, { headers: { 'if-match': '"0"' } })).status).toBe(412);
      const past = app.clock.now().toISOString();
      expect((await terms(variantId, { preorder: { availableFrom: past, limit: 1 } })).body.errors).toEqual([
        expect.objectContaining({ pointer: '/preorder/availableFrom', code: 'past' }),
      ]);
      const read = await app.get(`/v1/admin/variants/${variantId}/terms`, { token });
      expect(read.body).toMatchObject({ maxPerOrder: 2, version: 1 });
    });
  });

  it('is sold ahead up to the limit until its day, and the line keeps the day; then it is an ordinary article', async () => {
    const { variantId, sku, handle } = await stocked(1);
    const availableFrom = new Date(app.clock.now().getTime() + 10 * 86_400_000).toISOString();
    const page = async () => {
      // Signed in: past the memory of pages.
      const [one, list] = [
        await app.get(`/v1/products/${handle}`, { token }),
        await app.get(`/v1/products?limit=100&q=${sku}`, { token }),
      ];
      const listed = list.body.items[0]?.variants[0];
      const { available, backorder, preorder } = one.body.variants[0];
      expect({ available, backorder, preorder }).toEqual({
        available: listed?.available,
        backorder: listed?.backorder,
        preorder: listed?.preorder,
      });
      return { available, backorder, preorder };
    };
    const canBeBought = async () => {
      const list = await app.get(`/v1/products?limit=100&inStock=true&q=${sku}`, { token });
      return list.body.items.length === 1;
    };
    expect(await page()).toEqual({ available: 1, backorder: false, preorder: null });
    expect((await terms(variantId, { preorder: { availableFrom, limit: 4 } })).status).toBe(200);
    expect(await page()).toEqual({ available: 1, backorder: false, preorder: { availableFrom } });
    // What lies there goes first, and is promised for no day.
    const there = await buy(app, [{ variantId, sku }]);
    expect(there.answer.body.lines[0].promisedFor).toBeNull();
    const cart = await fillCart(app, [{ variantId, sku, quantity: 3 }]);
    const ready = await app.get(`/v1/carts/${cart.id}/readiness`, { cartToken: cart.token });
    expect(ready.body.problems.map(({ code }: { code: string }) => code)).not.toContain('out_of_stock');
    const ahead = await checkOut(app, cart);
    expect([ahead.status, ahead.body.lines[0].promisedFor]).toEqual([201, availableFrom]);
    const kept = await app.get(`/v1/orders/${ahead.body.id}`, { cartToken: cart.token });
    expect(kept.body.lines[0].promisedFor).toBe(availableFrom);
    // Five want the last one.
    const rush = await Promise.all(Array.from({ length: 5 }, () => buy(app, [{ variantId, sku }])));
    const statuses = rush.map(({ answer }) => answer.status);
    expect(statuses.sort()).toEqual([201, 409, 409, 409, 409]);
    expect((await page()).preorder).toBeNull();
    expect(await canBeBought()).toBe(false);
    // One that is canceled can be sold ahead again.
    const path = `/v1/orders/${ahead.body.id}/cancellation`;
    expect((await app.post(path, {}, { cartToken: cart.token, key: key() })).status).toBe(201);
    expect((await page()).preorder).toEqual({ availableFrom });
    expect(await canBeBought()).toBe(true);
    const low = await terms(variantId, { preorder: { availableFrom, limit: 1 } });
    expect(low.status).toBe(200);
    expect((await page()).preorder).toBeNull();
    expect((await terms(variantId, { preorder: { availableFrom, limit: 4 } })).status).toBe(200);
    // The page that everybody gets knows when the day comes.
    expect((await app.get(`/v1/products/${handle}`)).body.variants[0].preorder).toEqual({ availableFrom });
    app.clock.advance({ days: 10, seconds: 1 });
    expect((await app.get(`/v1/products/${handle}`)).body.variants[0].preorder).toBeNull();
    expect(await page()).toEqual({ available: 0, backorder: false, preorder: null });
    expect(await canBeBought()).toBe(false);
    const late = await fillCart(app, [{ variantId, sku }]);
    expect((await checkOut(app, late)).body.code).toBe('ordering.out_of_stock');
    // What was sold stays promised, and is sent when it has come.
    const [sold] = rush.filter(({ answer }) => answer.status === 201);
    const fulfil = () =>
      app.post(`/v1/admin/orders/${sold?.answer.body.id}/fulfilments`, {}, { token, key: key() });
    const [level] = await levels(`variantId=${variantId}`);
    expect(level).toMatchObject({ onHand: 1, allocated: 2, available: -1 });
    await move(variantId, 'received', 1);
    expect((await fulfil()).status).toBe(201);
    expect((await levels(`variantId=${variantId}`))[0]).toMatchObject({ onHand: 1, allocated: 1 });
    // Ended for good: nothing more is sold ahead.
    expect((await terms(variantId, {})).body.preorder).toBeNull();
  });

  describe('who waits for it', () => {
    const ask = (variantId: string, email: string, options: object = {}) =>
      app.post(`/v1/variants/${variantId}/stock-subscriptions`, { email }, options);
    const lettersTo = async (email: string, words: RegExp) =>
      (await app.letters()).filter((letter) => letter.to === email && words.test(letter.text));
    const linkIn = (letter: LetterSeen | undefined) => /token=([\w-]{43})/.exec(letter?.text ?? '')?.[1];
    const countsOf = async (variantId: string) =>
      (
        (await app.get('/v1/admin/stock-subscriptions?limit=100', { token })).body.items as {
          variantId: string;
          waiting: number;
          told: number;
        }[]
      ).find((one) => one.variantId === variantId);
    const address = () => `${randomUUID()}@example.test`;

    it('gets one letter when it is back, however often and wherever the job runs or dies', async () => {
      const { variantId, handle } = await stocked(1);
      expect((await buy(app, [{ variantId, sku: '' }])).answer.status).toBe(201);
      const people = Array.from({ length: 12 }, address);
      // Twice each, and the answer is the same.
      for (const email of [...people, ...people]) {
        const { status, text } = await ask(variantId, email);
        expect([status, text]).toEqual([202, '']);
      }
      await app.settle();
      for (const email of people) expect(await lettersTo(email, /asked us to write/)).toHaveLength(1);
      expect(await countsOf(variantId)).toMatchObject({ waiting: 12, told: 0 });
      const rows = await app.database.query<{ row: string }>(
        `SELECT s::text || encode(s.address, 'escape') AS row FROM catalog.stock_subscriptions s`,
      );
      expect(rows.some(({ row }) => row.includes('example'))).toBe(false);
      // One has clicked on the link, twice.
      const link = linkIn((await lettersTo(people[0] ?? '', /asked us to write/))[0]);
      for (const sent of [link, link, 'no such token']) {
        const canceled = await app.post('/v1/stock-subscriptions/cancellation', { token: sent });
        expect([canceled.status, canceled.text]).toEqual([204, '']);
      }
      // Back, told by many jobs at once while somebody cuts their connections.
      const jobs = app.app.get(StockNoticeSubscribers, { strict: false });
      const fact = new BackInStock({ variantId, available: 1 });
      await jobs.back(fact);
      expect(await countsOf(variantId)).toMatchObject({ waiting: 11 });
      await move(variantId, 'received', 5);
      let over = false;
      const cutting = (async () => {
        while (!over)
          await killer.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%stock_subscriptions%'`,
          );
      })();
      const died = await Promise.allSettled(Array.from({ length: 6 }, () => jobs.back(fact)));
      over = true;
      await cutting;
      expect(died.some(({ status }) => status === 'rejected')).toBe(true);
      await Promise.all([jobs.back(fact), jobs.back(fact), jobs.back(fact)]);
      await app.settle();
      expect(await countsOf(variantId)).toMatchObject({ waiting: 0, told: 11 });
      for (const [index, email] of people.entries()) {
        const letters = await lettersTo(email, /no other will follow/);
        expect(letters).toHaveLength(index === 0 ? 0 : 1);
        if (index > 0) expect(letters[0]?.text).toContain(`/products/${handle}`);
      }
      // Then they are forgotten: the next time nobody hears of it.
      await move(variantId, 'adjusted', -5);
      await move(variantId, 'received', 5);
      await app.settle();
      expect(await lettersTo(people[1] ?? '', /no other will follow/)).toHaveLength(1);
      // What is there already is told at once; and somebody may wait for what never was there.
      const [eager, early] = [address(), address()];
      await ask(variantId, eager);
      const coming = await stocked();
      await ask(coming.variantId, early);
      await app.settle();
      expect(await lettersTo(eager, /no other will follow/)).toHaveLength(1);
      expect(await lettersTo(early, /no other will follow/)).toHaveLength(0);
      await move(coming.variantId, 'received', 1);
      await app.settle();
      expect(await lettersTo(early, /no other will follow/)).toHaveLength(1);
    });

    it('sees the own list and nobody else’s, is in the copy of personal data, and is gone when erased', async () => {
      const [one, other] = [await stocked(), await stocked()];
      const [customer, stranger] = [await given.customer(app), await given.customer(app)];
      expect((await ask(randomUUID(), customer.email)).status).toBe(404);
      expect((await ask(one.variantId, 'no address at all')).status).toBe(400);
      await ask(one.variantId, customer.email);
      await ask(one.variantId, customer.email, { token: customer.token });
      await ask(other.variantId, customer.email, { token: customer.token });
      // A stranger who names the address learns nothing from the own list.
      await ask(one.variantId, customer.email, { token: stranger.token });
      const listOf = async (who: { token: string }) =>
        (await app.get('/v1/me/stock-subscriptions', { token: who.token })).body.items as {
          id: string;
          variantId: string;
        }[];
      const own = await listOf(customer);
      expect(own.map(({ variantId }) => variantId)).toEqual([other.variantId, one.variantId]);
      expect(await listOf(stranger)).toHaveLength(1);
      const drop = (id: string, who: { token: string }) =>
        app.delete(`/v1/me/stock-subscriptions/${id}`, { token: who.token });
      expect((await drop(own[0]?.id ?? '', stranger)).status).toBe(404);
      expect((await drop(own[0]?.id ?? '', customer)).status).toBe(204);
      expect((await drop(own[0]?.id ?? '', customer)).status).toBe(404);
      expect(await listOf(customer)).toHaveLength(1);
      const data = app.app.get(CatalogPersonalData, { strict: false });
      const id = await given.accountId(app, customer.email);
      const subject = { customerId: id, email: customer.email };
      const pages = [];
      for await (const page of data.collect(subject)) pages.push(page);
      expect(pages.filter(({ rows }) => rows.length > 0)).toEqual([
        { section: 'stockNotices', rows: Array(3).fill(expect.objectContaining({ sku: one.sku })) },
      ]);
      // One address, one letter, though three asked; but here it is erased before.
      await app.database.transaction(() => data.erase(subject));
      await move(one.variantId, 'received', 1);
      await app.settle();
      expect(await lettersTo(customer.email, /no other will follow/)).toEqual([]);
      await ask(other.variantId, customer.email);
      await ask(other.variantId, customer.email, { token: customer.token });
      await move(other.variantId, 'received', 1);
      await app.settle();
      expect(await lettersTo(customer.email, /no other will follow/)).toHaveLength(1);
    });

    it('cannot be made to get many letters, and a network asks only so often', async () => {
      const email = address();
      const wanted = await Promise.all(Array.from({ length: 12 }, () => stocked()));
      for (const { variantId } of wanted) expect((await ask(variantId, email)).status).toBe(202);
      await app.settle();
      expect(await lettersTo(email, /asked us to write/)).toHaveLength(10);
      let last = await ask(wanted[0]?.variantId ?? '', email);
      for (let more = 0; last.status === 202 && more < 60; more++)
        last = await ask(wanted[0]?.variantId ?? '', email);
      expect([last.status, last.body.code]).toEqual([429, 'platform.too_many_requests']);
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(3_000);
    });
  });

  it('tells which of many changes cannot be, and how many are there', async () => {
    const { variantId } = await stocked(7);
    const unknown = randomUUID();
    const made = await given.product(app, token, {
      variants: [{ sku: randomUUID(), kind: 'digital', prices: euros }],
    });
    const digital = made.variants[0]?.id ?? '';
    const change = (...rows: [id: string, quantity: number][]) =>
      app.post(
        '/v1/admin/stock/movements',
        {
          changes: rows.map(([id, quantity]) => ({
            ...{ variantId: id, location: 'main', kind: 'adjusted', reason: 'counted', quantity },
          })),
        },
        { token, key: key() },
      );
    const none = await change([variantId, 1], [unknown, 1]);
    expect([none.status, none.body.errors]).toEqual([
      404,
      [expect.objectContaining({ pointer: '/changes/1/variantId', code: 'unknown' })],
    ]);
    const untracked = await change([variantId, 1], [digital, 3]);
    expect([untracked.status, untracked.body.code, untracked.body.errors]).toEqual([
      422,
      'catalog.stock_untracked',
      [expect.objectContaining({ pointer: '/changes/1/variantId' })],
    ]);
    const few = await change([variantId, 1], [variantId, -101]);
    expect([few.status, few.body.code, few.body.errors]).toEqual([
      409,
      'catalog.stock_promised',
      [
        {
          pointer: '/changes/1/quantity',
          code: 'on_hand',
          message: expect.stringContaining('7 are on hand and 0 are promised'),
        },
      ],
    ]);
    expect(few.body.detail).toContain('100 cannot be taken away, but 7');
    const prices = [
      { variantId, price: { amount: 100, currency: 'EUR' } },
      { variantId: unknown, price: { amount: 100, currency: 'EUR' } },
    ];
    const priced = await app.post('/v1/admin/prices', { prices }, { token });
    expect([priced.status, priced.body.errors]).toEqual([
      404,
      [expect.objectContaining({ pointer: '/prices/1/variantId', code: 'unknown' })],
    ]);
    const batch = await app.post('/v1/admin/prices/batch', { prices }, { token });
    expect(JSON.stringify(batch.body)).toContain('/prices/1/variantId');
    expect((await change([variantId, -7])).status).toBe(204);
  });

  describe('a stocktake', () => {
    const start = async (body: object) => app.post('/v1/admin/stocktakes', body, { token });
    const count = (id: string, counts: object[]) =>
      app.post(`/v1/admin/stocktakes/${id}/counts`, { counts }, { token });
    const end = (id: string, how: 'confirmation' | 'cancellation') =>
      app.post(`/v1/admin/stocktakes/${id}/${how}`, undefined, { token });
    const review = async (id: string, show: string) =>
      (await app.get(`/v1/admin/stocktakes/${id}/counts?limit=100&show=${show}`, { token })).body
        .items as Record<string, unknown>[];
    const onHand = async (variantId: string) =>
      (await levels(`variantId=${variantId}`)).map((level) => level.onHand).reduce((a, b) => a + b, 0);

    it('writes differences and not numbers, so that what is sold while people count is not lost', async () => {
      const brand = randomUUID();
      const barcode = `4${String(Math.random()).slice(2, 14)}`;
      const stock = [{ location: 'main', onHand: 10 }];
      const sizes = ['S', 'M', 'L', 'XL', 'XXL'];
      const { variants } = await given.product(app, token, {
        brand,
        options: [{ name: 'Size', values: sizes }],
        variants: sizes.map((Size) => ({
          sku: randomUUID(),
          options: { Size },
          prices: euros,
          weightGrams: 100,
          ...(Size === 'M' && { barcode }),
          ...(Size !== 'XXL' && { stock }),
        })),
      });
      const [small, middle, large, left, none] = variants as [
        GivenVariant,
        GivenVariant,
        GivenVariant,
        GivenVariant,
        GivenVariant,
      ];
      expect((await start({ location: 'moon' })).body.code).toBe('catalog.unknown_location');
      expect((await start({ location: 'main', category: 'no-such' })).body.code).toBe(
        'catalog.unknown_category',
      );
      const { status, body, headers } = await start({ location: 'main', brand, note: 'Year end' });
      expect([status, headers.get('location')]).toEqual([201, `/v1/admin/stocktakes/${body.id}`]);
      const id: string = body.id;
      expect((await review(id, 'uncounted')).map(({ sku, expected }) => [sku, expected])).toEqual(
        [small, middle, large, left].map(({ sku }) => [sku, 10]),
      );
      const elsewhere = await stocked(1);
      const odd = await count(id, [
        { sku: 'no such sku', counted: 1 },
        { sku: elsewhere.sku, counted: 1 },
        { sku: small.sku, counted: 1 },
        { variantId: small.id, counted: 1 },
      ]);
      expect([odd.status, odd.body.errors]).toEqual([
        422,
        [
          expect.objectContaining({ pointer: '/counts/0', code: 'unknown' }),
          expect.objectContaining({ pointer: '/counts/1', code: 'out_of_scope' }),
          expect.objectContaining({ pointer: '/counts/3', code: 'duplicate' }),
        ],
      ]);
      expect((await count(id, [{ sku: small.sku, barcode, counted: 1 }])).status).toBe(400);
      expect((await count(id, [{ counted: 1 }])).status).toBe(400);
      // Sold before it is counted, and afterwards; and sent.
      const sell = (variant: GivenVariant, quantity: number) =>
        buy(app, [{ variantId: variant.id, sku: variant.sku, quantity }]);
      const sold = await sell(small, 2);
      const counted = await count(id, [
        { sku: small.sku, counted: 8 },
        { barcode, counted: 13 },
        { variantId: none.id, counted: 4 },
      ]);
      expect(counted.body).toMatchObject({ counted: 3, differing: 3, surplus: 7, missing: 2 });
      const parcel = await app.post(
        `/v1/admin/orders/${sold.answer.body.id}/fulfilments`,
        {},
        { token, key: key() },
      );
      expect(parcel.status).toBe(201);
      await sell(middle, 3);
      await move(middle.id, 'received', 100);
      // Counted again: of the same shelf, when the parcel has left.
      expect((await count(id, [{ sku: large.sku, counted: 1 }])).status).toBe(200);
      await count(id, [{ sku: large.sku, counted: 10 }]);
      expect((await review(id, 'differing')).map((row) => [row.sku, row.expected, row.difference])).toEqual([
        [small.sku, 10, -2],
        [middle.sku, 10, 3],
        [none.sku, 0, 4],
      ]);
      expect(await review(id, 'counted')).toHaveLength(4);
      expect((await review(id, 'uncounted')).map(({ sku }) => sku)).toEqual([left.sku]);
      // Confirmed by five at once, while it is sold on.
      const [first, ...others] = await Promise.all([
        ...Array.from({ length: 5 }, () => end(id, 'confirmation')),
        ...Array.from({ length: 5 }, () => sell(middle, 1).then(({ answer }) => answer)),
      ]);
      expect(first?.body).toMatchObject({ state: 'confirmed', failure: null });
      for (const answer of others) expect([200, 201]).toContain(answer.status);
      const rows = await Promise.all([small, middle, large, left, none].map((one) => onHand(one.id)));
      expect(rows).toEqual([8 - 2, 113, 10, 10, 4]);
      const [level] = await levels(`variantId=${middle.id}&location=main`);
      const moved = await app.get(`/v1/admin/stock/${level?.id}/movements`, { token });
      expect(moved.body.items.filter(({ kind }: { kind: string }) => kind === 'adjusted')).toMatchObject([
        { quantity: 3, reason: 'stocktake' },
      ]);
      for (const answer of [await count(id, [{ sku: small.sku, counted: 1 }]), await end(id, 'cancellation')])
        expect([answer.status, answer.body.code]).toEqual([409, 'catalog.stocktake_closed']);
      expect((await end(id, 'confirmation')).status).toBe(200);
      expect(await onHand(small.id)).toBe(6);
    });

    it('and another one of the same shelf correct a difference once, whichever is confirmed first, or both at once', async () => {
      const [both, overtaken] = [await stocked(10), await stocked(10)];
      const [changed, kept] = [await stocked(10), await stocked(10)];
      const all = [both, overtaken, changed, kept];
      const [a, b] = [
        (await start({ location: 'main' })).body.id,
        (await start({ location: 'main' })).body.id,
      ];
      const late = (await start({ location: 'main' })).body.id;
      await count(a, [
        { sku: both.sku, counted: 12 },
        { sku: overtaken.sku, counted: 7 },
        { sku: changed.sku, counted: 13 },
        { sku: kept.sku, counted: 11 },
      ]);
      app.clock.advance({ minutes: 1 });
      await count(b, [
        { sku: both.sku, counted: 12 },
        { sku: overtaken.sku, counted: 10 },
        { sku: changed.sku, counted: 12 },
      ]);
      app.clock.advance({ minutes: 1 });
      await count(late, [{ sku: both.sku, counted: 12 }]);
      const sold = await buy(app, [{ ...both, quantity: 2 }]);
      expect(sold.answer.status).toBe(201);
      const ended = await Promise.all([
        end(b, 'confirmation'),
        end(late, 'confirmation'),
        end(a, 'confirmation'),
      ]);
      expect(ended.map(({ status }) => status)).toEqual([200, 200, 200]);
      // The latest count of each holds, in whatever order they were written.
      expect(await Promise.all(all.map(({ variantId }) => onHand(variantId)))).toEqual([12, 10, 12, 11]);
    });

    it('is refused as a whole when it takes away what is promised, and can be given up', async () => {
      const [promised, other] = [await stocked(5), await stocked(5)];
      await buy(app, [{ ...promised, quantity: 4 }]);
      const { body } = await start({ location: 'main' });
      await count(body.id, [
        { sku: promised.sku, counted: 2 },
        { sku: other.sku, counted: 9 },
      ]);
      const refused = await end(body.id, 'confirmation');
      expect([refused.status, refused.body.code, refused.body.errors]).toEqual([
        409,
        'catalog.stock_promised',
        [expect.objectContaining({ pointer: `/variants/${promised.variantId}`, code: 'promised' })],
      ]);
      expect([await onHand(promised.variantId), await onHand(other.variantId)]).toEqual([5, 5]);
      expect((await end(body.id, 'cancellation')).body.state).toBe('canceled');
      expect((await end(body.id, 'cancellation')).body.state).toBe('canceled');
      expect((await end(body.id, 'confirmation')).body.code).toBe('catalog.stocktake_closed');
      expect(await onHand(other.variantId)).toBe(5);
      const clerk = await given.staff(app, ['support'], token);
      expect(
        (await app.post('/v1/admin/stocktakes', { location: 'main' }, { token: clerk.token })).status,
      ).toBe(403);
      const list = await app.get('/v1/admin/stocktakes?state=canceled', { token });
      expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual([body.id]);
    });

    it('of many differences is written by a job, once, or opens again and says why', async () => {
      const sizes = Array.from({ length: 1_010 }, (_, n) => `N${n}`);
      const brand = randomUUID();
      const products = [];
      for (let from = 0; from < sizes.length; from += 200)
        products.push(
          await given.product(app, token, {
            brand,
            variants: sizes.slice(from, from + 200).map((Size) => ({
              sku: randomUUID(),
              options: { Size },
              prices: euros,
              stock: [{ location: 'main', onHand: 3 }],
            })),
          }),
        );
      const all = products.flatMap(({ variants }) => variants);
      const { body } = await start({ location: 'main', brand });
      const counts = all.map(({ sku }, index) => ({ sku, counted: index === 0 ? 0 : 4 }));
      await count(body.id, counts.slice(0, 1_000));
      expect((await count(body.id, counts.slice(1_000))).body.differing).toBe(1_010);
      // Somebody has bought the first in the meantime.
      const [first] = all;
      await buy(app, [{ variantId: first?.id ?? '', sku: '' }]);
      expect((await end(body.id, 'confirmation')).status).toBe(202);
      await app.settle();
      const read = async () => (await app.get(`/v1/admin/stocktakes/${body.id}`, { token })).body;
      expect(await read()).toMatchObject({
        state: 'open',
        failure: expect.stringContaining(first?.sku ?? '-'),
      });
      await count(body.id, [{ sku: first?.sku, counted: 4 }]);
      const twice = await Promise.all([end(body.id, 'confirmation'), end(body.id, 'confirmation')]);
      expect(twice.map(({ status }) => status)).toEqual([202, 202]);
      await app.settle();
      await app.app
        .get(StocktakeSubscribers, { strict: false })
        .confirmed(new StocktakeConfirmed({ stocktakeId: body.id }));
      expect(await read()).toMatchObject({ state: 'confirmed', failure: null });
      const [sum] = await app.database.query<{ pieces: number; rows: number }>(
        `SELECT sum(on_hand)::int AS pieces, count(*)::int AS rows FROM catalog.stock s
         JOIN catalog.variants v ON v.id = s.variant_id JOIN catalog.products p ON p.id = v.product_id WHERE p.brand = $1`,
        [brand],
      );
      expect(sum).toEqual({ pieces: 4 * 1_010, rows: 1_010 });
    });
  });

  describe('a limit', () => {
    const problems = async (cart: CartInHand, options: object = { cartToken: cart.token }) =>
      (await app.get(`/v1/carts/${cart.id}/readiness`, options)).body.problems
        .filter(({ code }: { code: string }) => code.startsWith('max_'))
        .map(({ code, pointer }: { code: string; pointer: string }) => [code, pointer]);

    it('of one order is said by the cart, by readiness and by the checkout', async () => {
      const [free, limited] = [await stocked(50), await stocked(50)];
      const early = await fillCart(app, [free, { ...limited, quantity: 5 }]);
      await terms(limited.variantId, { maxPerOrder: 3, maxPerCustomer: 8 });
      expect(await problems(early)).toEqual([['max_per_order', '/lines/1/quantity']]);
      const refused = await checkOut(app, early);
      expect([refused.status, refused.body.code]).toEqual([422, 'ordering.cart_not_ready']);
      expect(refused.body.errors).toEqual([
        expect.objectContaining({ code: 'max_per_order', pointer: '/lines/1/quantity' }),
      ]);
      const [, line] = early.body.lines as { id: string }[];
      const set = (quantity: number) =>
        app.patch(`/v1/carts/${early.id}/lines/${line?.id}`, { quantity }, { cartToken: early.token });
      expect((await set(6)).body).toMatchObject({
        code: 'ordering.quantity_limited',
        errors: [{ pointer: '/quantity', code: 'max_per_order' }],
      });
      // Fewer is a way out of it, even when it is too many still.
      expect((await set(4)).status).toBe(200);
      expect((await set(3)).status).toBe(200);
      expect(await problems(early)).toEqual([]);
      const more = { variantId: limited.variantId, quantity: 1 };
      const added = await app.post(`/v1/carts/${early.id}/lines`, more, { cartToken: early.token });
      expect([added.status, added.body.errors?.[0]?.pointer]).toEqual([422, '/quantity']);
      const made = await app.post('/v1/carts', { currency: 'EUR', lines: [{ ...more, quantity: 4 }] });
      expect([made.status, made.body.errors?.[0]]).toMatchObject([
        422,
        { pointer: '/lines/0/quantity', code: 'max_per_order' },
      ]);
      expect((await checkOut(app, early)).status).toBe(201);
    });

    it('of one customer holds under races, and what comes to nothing is given back', async () => {
      const { variantId, sku } = await stocked(40, 40);
      await terms(variantId, { maxPerCustomer: 3 });
      const carts = await Promise.all(
        Array.from({ length: 16 }, (_, n) =>
          // The same address, however it is written.
          fillCart(app, [{ variantId, sku }], {
            email: n % 2 ? 'Greedy@Example.test' : 'greedy@example.test',
          }),
        ),
      );
      const answers = await Promise.all(carts.map((cart) => checkOut(app, cart)));
      const won = answers.filter(({ status }) => status === 201);
      expect(won).toHaveLength(3);
      for (const { status, body } of answers.filter((answer) => !won.includes(answer)))
        // Whoever names an address without being its owner is not told what it has bought.
        expect([status, body.code, body.errors]).toEqual([422, 'ordering.buyer_unknown', undefined]);
      expect(await stockOf(app, { variantId, sku })).toEqual({ onHand: 80, allocated: 3, reserved: 0 });
      const again = async (quantity = 1, extra: object = {}) => {
        const cart = await fillCart(app, [{ variantId, sku, quantity }], { email: 'greedy@example.test' });
        return { cart, answer: await checkOut(app, cart, extra) };
      };
      expect((await again()).answer.status).toBe(422);
      // Canceled, four times at once: one piece is given back, and not four.
      const winner = answers.findIndex((answer) => answer === won[0]);
      const path = `/v1/orders/${won[0]?.body.id}/cancellation`;
      await Promise.all(
        Array.from({ length: 4 }, () =>
          app.post(path, {}, { cartToken: carts[winner]?.token ?? '', key: key() }),
        ),
      );
      expect((await again(2)).answer.status).toBe(422);
      // One that is declined holds its piece until it expires.
      const declined = await again(1, { token: 'decline_generic' });
      expect(declined.answer.status).toBe(402);
      expect((await again()).answer.status).toBe(422);
      // An order that somebody holds at this moment is passed by, until the next time.
      await app.settle();
      app.clock.advance({ minutes: 40 });
      await app.run('ordering.expire_orders');
      expect((await again()).answer.status).toBe(201);
      expect((await again()).answer.status).toBe(422);
      const [row] = await app.database.query<{ places: string; quantity: number }>(
        `SELECT string_agg(encode(buyer, 'escape'), ' ') AS places, sum(quantity)::int AS quantity
         FROM ordering.bought_pieces WHERE variant_id = $1`,
        [variantId],
      );
      expect(row?.quantity).toBe(3);
      expect(row?.places).not.toMatch(/greedy/i);
    });

    it('of one customer counts by account and address; the customer is told before the checkout, strangers are not', async () => {
      const { variantId, sku } = await stocked(40);
      await terms(variantId, { maxPerCustomer: 2 });
      const customer = await given.customer(app);
      const own = async (email: string, quantity: number) => {
        const body = { currency: 'EUR', email, lines: [{ variantId, quantity }] };
        const made = await app.post('/v1/carts', body, { token: customer.token });
        const cart = { id: made.body.id as string, token: '', body: made.body };
        return {
          cart,
          answer: () =>
            app.post(
              `/v1/carts/${cart.id}/checkout`,
              { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin },
              { key: key(), token: customer.token },
            ),
        };
      };
      expect((await (await own(customer.email, 2)).answer()).status).toBe(201);
      // With another address it is the same account, and as a guest the same address.
      const other = await own('other@example.test', 1);
      expect(await problems(other.cart, { token: customer.token })).toEqual([
        ['max_per_customer', '/lines/0/quantity'],
      ]);
      expect((await other.answer()).status).toBe(422);
      const guest = await fillCart(app, [{ variantId, sku }], { email: customer.email });
      expect(await problems(guest)).toEqual([]);
      expect((await checkOut(app, guest)).status).toBe(422);
      // Raised, it is what is left of the new limit.
      await terms(variantId, { maxPerCustomer: 3 });
      expect((await other.answer()).status).toBe(201);
    });
  });

  describe('its counters', () => {
    const quantity = fc.integer({ min: 1, max: 6 });
    const variant = fc.integer({ min: 0, max: 1 });
    const location = fc.integer({ min: 0, max: 2 });
    const reference = fc.integer({ min: 0, max: 4 });
    const minutes = fc.integer({ min: 1, max: 10 });
    const lines = fc.uniqueArray(fc.record({ variant, quantity }), {
      minLength: 1,
      maxLength: 2,
      selector: (line) => line.variant,
    });
    const move: fc.Arbitrary<Move> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('reserve' as const), reference, lines, minutes }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('extend' as const), reference, minutes }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('allocate' as const), reference }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), reference }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('ship' as const), reference, lines }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom('received' as const, 'returned' as const),
          variant,
          location,
          quantity,
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('adjusted' as const),
          variant,
          location,
          quantity: fc.oneof(fc.integer({ min: -6, max: -1 }), quantity),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), rows: fc.constant(null) }) },
    );
    /** How it ends: on its own, by an error of ours after the last statement, or because somebody cuts the connection. */
    const fate = fc.oneof(
      { weight: 8, arbitrary: fc.constant('lives' as const) },
      { weight: 1, arbitrary: fc.constant('aborts' as const) },
      { weight: 1, arbitrary: fc.constant('is cut at the end' as const) },
      { weight: 1, arbitrary: fc.constant('is cut in the middle' as const) },
    );
    const step = fc.oneof(
      { weight: 1, arbitrary: fc.record({ wait: minutes }) },
      {
        weight: 5,
        arbitrary: fc.record({ moves: fc.array(fc.record({ move, fate }), { minLength: 1, maxLength: 1 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ moves: fc.array(fc.record({ move, fate }), { minLength: 2, maxLength: 4 }) }),
      },
    );

    it('are what a model says after any history of moves, crashes and rivals', async () => {
      const seen = { moves: 0, refused: 0, crashed: 0, together: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 45 }), async (steps) => {
          const world = await newWorld();
          let model = new StockModel(await rowsOf(world));
          for (const one of steps) {
            if ('wait' in one) {
              app.clock.advance({ minutes: one.wait });
              continue;
            }
            const moves = oneByReference(one.moves);
            const now = app.clock.now().getTime();
            const done = await Promise.all(moves.map(({ move, fate }) => run(world, move, fate, now)));
            const found = await stateOf(world);
            const explained = explain(
              model,
              moves.map(({ move }) => move),
              done,
              now,
              found,
            );
            if (explained === null)
              throw new Error(
                `nothing explains ${JSON.stringify({ moves, done })}\n${model.state()}\n->\n${found}`,
              );
            model = explained;
            expect(await drift()).toEqual([]);
            seen.moves += moves.length;
            seen.refused += done.filter((outcome) => outcome === 'refused').length;
            seen.crashed += done.filter((outcome) => outcome === 'crashed' || outcome === 'lost').length;
            if (moves.length > 1) seen.together += moves.length;
          }
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
      if (process.env.STOCK_RUNS) process.stderr.write(`${RUNS} histories: ${JSON.stringify(seen)}\n`);
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS);
    }, 3_600_000);

    interface World {
      variants: string[];
      references: string[];
    }

    async function newWorld(): Promise<World> {
      const prices = [{ amount: 100, currency: 'EUR' }];
      const stock = LOCATIONS.map((code, index) => ({ location: code, onHand: index * 2 + 1 }));
      const { variants } = await given.product(app, token, {
        options: [{ name: 'Size', values: ['S', 'L'] }],
        variants: [
          { sku: randomUUID(), options: { Size: 'S' }, prices, stock },
          { sku: randomUUID(), options: { Size: 'L' }, prices, stock, backorderLimit: 4 },
        ],
      });
      return {
        variants: variants.map(({ id }) => id),
        references: Array.from({ length: 5 }, () => randomUUID()),
      };
    }

    /** Only what the callers see to: two at once for one order never happen, they hold its lock. */
    function oneByReference<T extends { move: Move }>(moves: T[]): T[] {
      const key = ({ move }: T) => ('reference' in move ? move.reference : null);
      return moves.filter(
        (one, index) => key(one) === null || moves.findIndex((other) => key(other) === key(one)) === index,
      );
    }

    /** `lost`: the connection was cut, and nobody can say whether before or after the commit. */
    async function run(
      world: World,
      move: Move,
      fate: string,
      now: number,
    ): Promise<Outcome | 'crashed' | 'lost'> {
      if (move.kind === 'sweep') {
        await app.run('catalog.free_expired_holds');
        return 'done';
      }
      const crash = new Error('the power went');
      let cutting: Promise<unknown> = Promise.resolve();
      try {
        return await app.database.transaction(async () => {
          const [{ pid } = { pid: 0 }] = await app.database.query<{ pid: number }>(
            'SELECT pg_backend_pid() AS pid',
          );
          // It answers when the server's process has ended: a connection that dies later would be another move's.
          const cut = () => (cutting = killer.query('SELECT pg_terminate_backend($1, 20000)', [pid]));
          if (fate === 'is cut in the middle') {
            const [outcome] = await Promise.all([make(world, move, now), cut()]);
            return outcome;
          }
          const outcome = await make(world, move, now);
          if (fate === 'is cut at the end') void cut();
          if (fate === 'aborts') throw crash;
          return outcome;
        });
      } catch (error) {
        if (error === crash) return 'crashed';
        if (error instanceof Problem && /out_of_stock|stock_promised/.test(error.code)) return 'refused';
        if (/has changed under its lock/.test(String(error))) return 'misused';
        if (fate.startsWith('is cut')) return 'lost';
        throw error;
      } finally {
        await cutting;
        await new Promise(setImmediate);
      }
    }

    async function make({ variants, references }: World, move: Move, now: number): Promise<Outcome> {
      const api = app.app.get(CatalogApi);
      const reference = 'reference' in move ? (references[move.reference] ?? '') : '';
      const named = (wanted: { variant: number; quantity: number }[]) =>
        wanted.map((line) => ({ variantId: variants[line.variant] ?? '', quantity: line.quantity }));
      const until = () => new Date(now + ('minutes' in move ? move.minutes : 0) * MINUTE);
      switch (move.kind) {
        case 'reserve':
          await api.reserve(reference, named(move.lines), until());
          return 'done';
        case 'extend':
          return (await api.extendReservation(reference, until())) ? 'yes' : 'no';
        case 'allocate':
          return (await api.allocate(reference)) ? 'yes' : 'no';
        case 'release':
          await api.release(reference);
          return 'done';
        case 'ship':
          await api.ship(reference, named(move.lines));
          return 'done';
        case 'sweep':
          throw new Error('a sweep has transactions of its own');
        case 'received':
        case 'returned':
        case 'adjusted':
          await app.app.get(StockService).change(
            [
              {
                variantId: variants[move.variant] ?? '',
                location: LOCATIONS[move.location] ?? '',
                kind: move.kind,
                quantity: move.quantity,
                reason: move.kind === 'adjusted' ? 'counted' : null,
              },
            ],
            system('test'),
          );
          return 'done';
      }
    }

    /** The model after some order of the moves that gives these answers and this state; null when there is none. */
    function explain(
      model: StockModel,
      moves: Move[],
      done: (Outcome | 'crashed' | 'lost')[],
      now: number,
      found: string,
    ): StockModel | null {
      const left = moves.flatMap((move, index) => {
        const outcome = done[index];
        if (outcome === 'crashed' || outcome === undefined) return [];
        // It goes round again, and leaves alone what somebody has locked.
        return (move.kind === 'sweep' && moves.length > 1 ? [move, move] : [move]).map((one) => ({
          move: one,
          outcome,
        }));
      });
      const search = (state: StockModel, rest: typeof left): StockModel | null => {
        if (rest.length === 0) return state.state() === found ? state : null;
        for (const [index, { move, outcome }] of rest.entries()) {
          const others = rest.filter((_, at) => at !== index);
          if (outcome === 'lost') {
            const without = search(state, others);
            if (without) return without;
          }
          for (const choice of choices(state, move, moves.length > 1, now)) {
            const next = state.copy();
            const until = now + ('minutes' in move ? move.minutes : 0) * MINUTE;
            const answer = next.make(choice, now, until);
            if (outcome !== 'lost' && answer !== outcome) continue;
            const end = search(next, others);
            if (end) return end;
          }
        }
        return null;
      };
      return search(model, left);
    }

    function choices(state: StockModel, move: Move, together: boolean, now: number): Move[] {
      if (move.kind !== 'sweep' || !together) return [move];
      const rows = new Set(
        state.holds.filter((hold) => hold.state === 'held' && hold.until <= now).map(({ row }) => row),
      );
      const subsets = [...rows].reduce<string[][]>(
        (all, row) => [...all, ...all.map((some) => [...some, row])],
        [[]],
      );
      return subsets.map((some) => ({ kind: 'sweep', rows: some }));
    }

    async function rowsOf({ variants }: World): Promise<Row[]> {
      const rows = await app.database.query<
        Omit<Row, 'variant' | 'location'> & { variantId: string; code: string }
      >(
        `SELECT s.id, s.variant_id AS "variantId", l.code, s.on_hand AS "onHand", s.allocated, s.reserved,
           s.backorder_limit AS limit
         FROM catalog.stock s JOIN catalog.locations l ON l.id = s.location_id WHERE s.variant_id = ANY ($1)`,
        [variants],
      );
      return rows.map(({ variantId, code, ...row }) => ({
        ...row,
        variant: variants.indexOf(variantId),
        location: LOCATIONS.indexOf(code),
      }));
    }

    async function stateOf(world: World): Promise<string> {
      const holds = await app.database.query<Omit<Held, 'reference' | 'until'> & { reference: string }>(
        `SELECT reference, stock_id AS row, quantity, shipped, state FROM catalog.reservations
         WHERE reference = ANY ($1) AND state <> 'released'`,
        [world.references],
      );
      return new StockModel(
        await rowsOf(world),
        holds.map((hold) => ({ ...hold, until: 0, reference: world.references.indexOf(hold.reference) })),
      ).state();
    }

    /** Rows whose counters are not the sum of what happened to them, or that are oversold. */
    const drift = () => app.database.query(DRIFT);
  });
});

const DRIFT = `
  SELECT s.id FROM catalog.stock s
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE kind WHEN 'shipped' THEN -quantity WHEN 'allocated' THEN 0 WHEN 'released' THEN 0 ELSE quantity END), 0) AS on_hand,
      coalesce(sum(CASE kind WHEN 'allocated' THEN quantity WHEN 'released' THEN -quantity WHEN 'shipped' THEN -quantity ELSE 0 END), 0) AS allocated
    FROM catalog.stock_movements m WHERE m.stock_id = s.id
  ) m
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(quantity) FILTER (WHERE state = 'held'), 0) AS reserved,
      coalesce(sum(quantity - shipped) FILTER (WHERE state = 'allocated'), 0) AS promised
    FROM catalog.reservations r WHERE r.stock_id = s.id
  ) r
  WHERE s.on_hand <> m.on_hand OR s.allocated <> m.allocated OR s.reserved <> r.reserved OR s.allocated <> r.promised
    OR s.on_hand < 0 OR s.on_hand + s.backorder_limit + s.preorder_limit < s.allocated + s.reserved`;
