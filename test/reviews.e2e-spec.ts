import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { OrderCanceled, OrderPlaced, OrdersClaimed } from '../src/ordering/ordering.events.js';
import { Outbox } from '../src/platform/events/outbox.js';
import type { DomainEvent } from '../src/platform/events/event.js';
import { newId } from '../src/platform/ids.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer, Options } from './support/client.js';
import { given, type GivenProduct } from './support/given.js';
import { untilWaiting } from './support/locks.js';
import { berlin, checkOut, fillCart, key } from './support/purchase.js';

interface Recommended {
  product: { id: string; title: string };
  reasons: { kind: string; orders?: number; shared?: string[] }[];
}
interface Customer {
  id: string;
  token: string;
  email: string;
}

const must = (answer: Answer): Answer['body'] => {
  if (answer.status >= 300) throw new Error(answer.text);
  return answer.body;
};

describe('what customers say and buy', () => {
  let app: TestApp;
  let staff: string;
  let ada: Customer;
  let bob: Customer;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    [ada, bob] = [await customer(), await customer()];
  });
  afterAll(() => app?.close());

  async function customer(): Promise<Customer> {
    const { token, email } = await given.customer(app);
    return { token, email, id: must(await app.get('/v1/me', { token })).id };
  }
  const product = (extra: object = {}) => given.product(app, staff, extra);
  const write = (about: GivenProduct, { token }: Customer, input: object = {}, options: Options = {}) =>
    app.post(`/v1/products/${about.handle}/reviews`, { rating: 5, ...input }, { token, ...options });
  const decide = (id: string, body: object, etag?: string, token = staff) =>
    app.post(`/v1/admin/reviews/${id}/decision`, body, {
      token,
      ...(etag !== undefined && { headers: { 'if-match': etag } }),
    });
  const publish = async (id: string) => must(await decide(id, { decision: 'published' }));
  const shown = async ({ id }: GivenProduct, query = '') =>
    must(await app.get(`/v1/products/${id}/reviews${query}`)).items;
  const ratingOf = async ({ id }: GivenProduct) => {
    const page = must(await app.get(`/v1/products/${id}`)).rating;
    const [item] = must(await app.get(`/v1/products?ids=${id}`)).items;
    expect(item.rating).toEqual(page);
    return page;
  };
  const mine = async ({ token }: Customer, id: string) =>
    must(await app.get(`/v1/me/reviews/${id}`, { token }));
  async function happened(...events: DomainEvent[]): Promise<void> {
    await app.database.transaction(async () => {
      for (const event of events) app.app.get(Outbox).record(event);
      return Promise.resolve();
    });
    await app.settle();
  }
  const placed = (orderId: string, products: GivenProduct[], customerId: string | null = null) =>
    new OrderPlaced({
      ...{ orderId, number: '1', total: { amount: 1, currency: 'EUR' }, customerId },
      lines: products.map(({ id, variants: [{ id: variantId }] }) => ({
        ...{ productId: id, variantId, quantity: 1 },
      })),
    });
  /** Published reviews with these stars, by nobody who matters. */
  async function reviews({ id }: GivenProduct, stars: number[], status = 'pending'): Promise<string[]> {
    const ids = stars.map(() => newId());
    await app.database.execute(
      `INSERT INTO catalog.reviews (id, product_id, customer_id, rating, verified, status, created_at, updated_at)
       SELECT id, $2, gen_random_uuid(), stars, stars % 2 = 0, $4, now(), now() FROM unnest($1::uuid[], $3::int[]) u (id, stars)`,
      [ids, id, stars, status],
    );
    return ids;
  }

  describe('a review', () => {
    it('waits, is published, counts, is answered, changed and gone', async () => {
      const thing = await product();
      const retried = key();
      const input = { rating: 4, title: ' A title ', body: 'Two lines:\nthe second.', displayName: 'Ada B.' };
      const made = await write(thing, ada, input, { key: retried });
      const { id } = must(made);
      expect(made.headers.get('location')).toBe(`/v1/me/reviews/${id}`);
      expect(made.body).toMatchObject({
        ...{ rating: 4, title: 'A title', body: 'Two lines:\nthe second.', displayName: 'Ada B.' },
        ...{ status: 'pending', verified: false, reason: null, reply: null, version: 1 },
        product: { id: thing.id, handle: thing.handle },
      });
      expect((await write(thing, ada, input, { key: retried })).text).toBe(made.text);
      const twice = await write(thing, ada);
      expect([twice.status, twice.body.code, twice.body.reviewId]).toEqual([
        409,
        'catalog.already_reviewed',
        id,
      ]);
      expect([await shown(thing), await ratingOf(thing)]).toEqual([[], null]);

      const waiting = must(
        await app.get(`/v1/admin/reviews?status=pending&productId=${thing.id}&rating=4&verified=false`, {
          token: staff,
        }),
      );
      expect(waiting.items).toMatchObject([{ id, customerId: ada.id }]);
      expect((await decide(id, { decision: 'published' }, '"7"')).status).toBe(412);
      const published = await decide(id, { decision: 'published' }, '"1"');
      expect(published.headers.get('etag')).toBe('"2"');
      // Nothing to decide any more, and nothing of it in the trail.
      expect(must(await decide(id, { decision: 'published' })).version).toBe(2);
      const [one] = await shown(thing);
      const { createdAt, ...rest } = one;
      expect(rest).toEqual({
        ...{ id, rating: 4, title: 'A title', body: 'Two lines:\nthe second.', displayName: 'Ada B.' },
        ...{ verified: false, reply: null },
      });
      expect(createdAt).toBe(made.body.createdAt);
      expect(await ratingOf(thing)).toEqual({ average: '4.0', count: 1, distribution: [0, 0, 0, 1, 0] });

      must(await app.patch(`/v1/admin/products/${thing.id}`, { title: 'Another title' }, { token: staff }));
      expect((await ratingOf(thing)).count).toBe(1);

      const path = `/v1/admin/reviews/${id}/reply`;
      const replied = await app.put(path, { body: 'Thank you.' }, { token: staff });
      expect([replied.status, replied.body.version]).toEqual([200, 3]);
      expect((await shown(thing))[0].reply.body).toBe('Thank you.');
      await app.put(path, { body: null }, { token: staff });
      expect((await shown(thing))[0].reply).toBeNull();

      const own = { token: ada.token };
      const same = must(await app.patch(`/v1/me/reviews/${id}`, { rating: 4 }, own));
      expect([same.status, same.version]).toEqual(['published', 4]);
      const stale = { ...own, headers: { 'if-match': '"1"' } };
      expect((await app.patch(`/v1/me/reviews/${id}`, { rating: 1 }, stale)).status).toBe(412);
      const changed = must(await app.patch(`/v1/me/reviews/${id}`, { rating: 2, title: null }, own));
      expect(changed).toMatchObject({ rating: 2, title: null, displayName: 'Ada B.', status: 'pending' });
      expect([await shown(thing), await ratingOf(thing)]).toEqual([[], null]);

      for (const body of [{ decision: 'rejected' }, { decision: 'published', reason: 'Nice.' }])
        expect((await decide(id, body)).body.errors[0].pointer).toBe('/reason');
      must(await decide(id, { decision: 'rejected', reason: 'It is about the parcel.' }));
      expect(await mine(ada, id)).toMatchObject({ status: 'rejected', reason: 'It is about the parcel.' });
      await publish(id);
      expect(await ratingOf(thing)).toEqual({ average: '2.0', count: 1, distribution: [0, 1, 0, 0, 0] });
      expect(must(await app.get('/v1/me/reviews', own)).items[0]).toMatchObject({ id, reason: null });
      const trail = must(await app.get(`/v1/admin/audit?subjectId=${id}`, { token: staff })).items;
      expect(trail.map(({ action }: { action: string }) => action).sort()).toEqual(
        ['published', 'published', 'rejected', 'replied', 'reply_removed'].map((x) => `catalog.review.${x}`),
      );

      expect((await app.delete(`/v1/me/reviews/${id}`, { token: bob.token })).status).toBe(404);
      expect((await app.delete(`/v1/me/reviews/${id}`, own)).status).toBe(204);
      expect([await shown(thing), await ratingOf(thing)]).toEqual([[], null]);
      expect((await write(thing, ada)).status).toBe(201);
    });

    it('is for those who may, of what the shop shows, and in plain text', async () => {
      const [thing, draft] = [await product(), await product({ status: 'draft' })];
      const path = `/v1/products/${thing.handle}/reviews`;
      expect((await app.post(path, { rating: 5 })).status).toBe(401);
      for (const about of [draft, { ...thing, handle: 'nothing', id: newId() }]) {
        expect((await write(about, bob)).status).toBe(404);
        for (const name of [about.id, about.handle])
          expect((await app.get(`/v1/products/${name}/reviews`)).status).toBe(404);
      }
      const refused: [object, string][] = [
        [{ rating: 0 }, '/rating'],
        [{ rating: 6 }, '/rating'],
        [{ rating: 4.5 }, '/rating'],
        [{ title: 'two\nlines' }, '/title'],
        [{ body: 'a bell \u0007' }, '/body'],
        [{ body: ' \n ' }, '/body'],
        [{ body: 'turned \u202e round' }, '/body'],
        [{ displayName: 'Ada https://evil.test' }, '/displayName'],
        [{ displayName: 'Ada\u2066' }, '/displayName'],
        [{ status: 'published' }, '/status'],
      ];
      for (const [input, pointer] of refused) {
        const { status, body } = await write(thing, bob, input);
        expect([input, status, body.errors[0].pointer]).toEqual([input, 400, pointer]);
      }
      const { id } = must(await write(thing, bob, { title: null, body: null }));
      expect(await mine(bob, id)).toMatchObject({ title: null, body: null, displayName: null });
      expect((await app.get(`/v1/me/reviews/${id}`, { token: ada.token })).status).toBe(404);

      const [reader, moderator] = [
        await given.staff(app, ['read-only'], staff),
        await given.staff(app, ['support'], staff),
      ];
      for (const [token, sees, decides] of [
        [ada.token, 403, 403],
        [reader.token, 200, 403],
        [moderator.token, 200, 200],
      ] as const) {
        expect((await app.get('/v1/admin/reviews', { token })).status).toBe(sees);
        expect((await decide(id, { decision: 'published' }, undefined, token)).status).toBe(decides);
        const answer = await app.put(`/v1/admin/reviews/${id}/reply`, { body: 'Hm.' }, { token });
        expect(answer.status).toBe(decides);
      }
    });

    it('can be written twenty times a day, and then tomorrow', async () => {
      const [keen, thing] = [await customer(), await product()];
      const { id } = must(await write(thing, keen));
      const change = (rating: number) => app.patch(`/v1/me/reviews/${id}`, { rating }, { token: keen.token });
      const answers = await Promise.all(Array.from({ length: 22 }, (_, n) => change(1 + (n % 5))));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(3);
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
      await app.database.execute('UPDATE catalog.review_days SET day = day - 1 WHERE customer_id = $1', [
        keen.id,
      ]);
      expect((await change(3)).status).toBe(200);
    });

    it('is one of many: pages, orders and filters, each by one statement', async () => {
      const thing = await product();
      const stars = Array.from({ length: 23 }, (_, n) => 1 + ((n * 7) % 5));
      const ids = await reviews(thing, stars, 'published');
      const all = ids.map((id, n) => ({ id, rating: stars[n] ?? 0 })).reverse();
      const orders: Record<string, typeof all> = {
        '': all,
        'sort=-rating': all.toSorted((a, b) => b.rating - a.rating || (a.id < b.id ? 1 : -1)),
        'sort=rating': all.toSorted((a, b) => a.rating - b.rating || (a.id < b.id ? -1 : 1)),
        'rating=4': all.filter(({ rating }) => rating === 4),
        'verified=true&sort=rating': all
          .filter(({ rating }) => rating % 2 === 0)
          .toSorted((a, b) => a.rating - b.rating || (a.id < b.id ? -1 : 1)),
      };
      for (const [query, expected] of Object.entries(orders)) {
        const got: string[] = [];
        let path: string | null = `/v1/products/${thing.handle}/reviews?limit=5${query && `&${query}`}`;
        while (path !== null) {
          const page: Answer = await app.get(path);
          got.push(...must(page).items.map(({ id }: { id: string }) => id));
          path = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? null;
          expect(path === null).toBe(page.body.nextCursor === null);
        }
        expect([query, got]).toEqual([query, expected.map(({ id }) => id)]);
      }
      const { nextCursor } = must(await app.get(`/v1/products/${thing.handle}/reviews?limit=5`));
      const other = await app.get(`/v1/products/${thing.handle}/reviews?sort=rating&cursor=${nextCursor}`);
      expect(other.body.code).toBe('platform.invalid_cursor');

      const spies = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'look')];
      const ours = () => spies.flatMap(({ mock }) => mock.calls).filter(([sql]) => sql.includes('catalog.'));
      try {
        for (const path of ['reviews?limit=7', 'recommendations?limit=7']) {
          for (const expected of [1, 0]) {
            for (const spy of spies) spy.mockClear();
            must(await app.get(`/v1/products/${thing.id}/${path}`));
            expect([path, ours().length]).toEqual([path, expected]);
          }
        }
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
    });

    it('counts once, however many are decided at a time', async () => {
      const thing = await product();
      const stars = Array.from({ length: 30 }, (_, n) => 1 + (n % 5));
      const ids = await reviews(thing, stars);
      // Each is decided about twice at once: one of the two finds nothing to do, or is the last word.
      await Promise.all(ids.map((id) => publish(id)));
      expect(await ratingOf(thing)).toEqual({ average: '3.0', count: 30, distribution: [6, 6, 6, 6, 6] });
      const odd = ids.filter((_, n) => n % 3 === 0);
      await Promise.all(
        odd.flatMap((id) => [
          decide(id, { decision: 'rejected', reason: 'No.' }),
          decide(id, { decision: 'published' }),
        ]),
      );
      const [recount] = await app.database.query<{ distribution: number[]; average: string }>(
        `SELECT array_agg(n::int ORDER BY s) AS distribution, round(sum(s * n) / sum(n), 1)::text AS average FROM (
           SELECT s, count(r.id) AS n FROM generate_series(1, 5) s
             LEFT JOIN catalog.reviews r ON r.rating = s AND r.product_id = $1 AND r.status = 'published' GROUP BY s) c`,
        [thing.id],
      );
      const { count, ...rating } = await ratingOf(thing);
      expect(rating).toEqual(recount);
      expect(count).toBe(recount?.distribution.reduce((a, b) => a + b));
    });
  });

  describe('a buyer', () => {
    it('is marked by what was really bought, and as long as it is', async () => {
      const [thing, other] = [await product(), await product()];
      const lines = [thing, other].map(({ variants: [{ id }] }) => ({ variantId: id, quantity: 2 }));
      const cart = must(
        await app.post('/v1/carts', { currency: 'EUR', email: ada.email, lines }, { token: ada.token }),
      );
      const order = must(
        await app.post(
          `/v1/carts/${cart.id}/checkout`,
          { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin },
          { token: ada.token, key: key() },
        ),
      );
      await app.settle();
      const [fact] = await app.database.query<{ payload: { lines: object[] } }>(
        `SELECT payload FROM platform.events WHERE type = 'ordering.order_placed' AND payload->>'orderId' = $1`,
        [order.id],
      );
      expect(fact?.payload.lines).toEqual(
        [thing, other].map(({ id, variants: [{ id: variantId }] }) => ({
          ...{ productId: id, variantId, quantity: 2 },
        })),
      );

      const { id } = must(await write(thing, ada));
      expect((await mine(ada, id)).verified).toBe(true);
      await publish(id);
      expect((await shown(thing, '?verified=true')).length).toBe(1);
      must(await app.post(`/v1/orders/${order.id}/cancellation`, {}, { token: ada.token, key: key() }));
      await app.settle();
      expect([(await mine(ada, id)).verified, (await shown(thing))[0].verified]).toEqual([false, false]);
      const again = randomUUID();
      await happened(placed(again, [thing], ada.id), placed(again, [thing], ada.id));
      expect((await shown(thing))[0].verified).toBe(true);
      // Two orders hold it: one that is canceled takes nothing away.
      const second = randomUUID();
      await happened(placed(second, [thing], ada.id));
      await happened(new OrderCanceled({ orderId: again, number: '1' }));
      expect((await shown(thing))[0].verified).toBe(true);
      await happened(new OrderCanceled({ orderId: second, number: '1' }));
      expect((await shown(thing))[0].verified).toBe(false);
    });

    it('is known in whatever order the facts come', async () => {
      const thing = await product();
      const { id } = must(await write(thing, bob));
      const [early, late, guest] = [randomUUID(), randomUUID(), randomUUID()];
      await happened(new OrderCanceled({ orderId: early, number: '1' }));
      await happened(placed(early, [thing], bob.id));
      expect((await mine(bob, id)).verified).toBe(false);
      await happened(new OrdersClaimed({ customerId: bob.id, orderIds: [late] }));
      await happened(placed(late, [thing]));
      expect((await mine(bob, id)).verified).toBe(true);
      await happened(new OrderCanceled({ orderId: late, number: '1' }));
      expect((await mine(bob, id)).verified).toBe(false);
      await happened(placed(guest, [thing]));
      expect((await mine(bob, id)).verified).toBe(false);
      await happened(new OrdersClaimed({ customerId: bob.id, orderIds: [guest] }));
      expect((await mine(bob, id)).verified).toBe(true);
    });

    it('is marked, and writes once, whatever comes at the same moment', async () => {
      for (let round = 0; round < 5; round++) {
        const thing = await product();
        const [orderId, canceled] = [randomUUID(), randomUUID()];
        await happened(placed(canceled, [thing], bob.id));
        const [first, second] = await Promise.all([
          write(thing, bob),
          write(thing, bob),
          happened(placed(orderId, [thing], bob.id), new OrderCanceled({ orderId: canceled, number: '1' })),
        ]);
        expect([first.status, second.status].sort()).toEqual([201, 409]);
        const [made, refused] = first.status === 201 ? [first, second] : [second, first];
        const id: string = made.body.id;
        expect(refused.body.reviewId).toBe(id);
        expect((await mine(bob, id)).verified).toBe(true);
        await happened(new OrderCanceled({ orderId, number: '1' }));
        expect((await mine(bob, id)).verified).toBe(false);
      }
    });

    it('who ordered as a guest is known after the sign-up', async () => {
      const thing = await product();
      const email = `${randomUUID()}@example.test`;
      const cart = await fillCart(app, [{ variantId: thing.variants[0].id, sku: '' }], { email });
      expect((await checkOut(app, cart)).status).toBe(201);
      await app.settle();
      const guest = await given.customer(app, email);
      await app.settle();
      const { verified } = must(await write(thing, { ...guest, id: '' }));
      expect(verified).toBe(true);
    });
  });

  describe('recommended', () => {
    const recommended = async ({ id }: GivenProduct, query = ''): Promise<Recommended[]> =>
      must(await app.get(`/v1/products/${id}/recommendations${query}`)).items;
    const together = async (of: GivenProduct, query = '') =>
      (await recommended(of, query)).flatMap(({ product: { id }, reasons }) => {
        const reason = reasons.find(({ kind }) => kind === 'bought_together');
        return reason ? [[id, reason.orders]] : [];
      });
    /** A page of the cache may stand for ten minutes. */
    const later = () => app.clock.advance({ minutes: 10 });
    const count = () => app.run('catalog.count_bought_together');

    it('is what was bought together, twice at least and not too long ago', async () => {
      const [bag, book, bulb, draft, gone] = await Promise.all(
        ['bag', 'book', 'bulb', 'draft', 'gone'].map((title) =>
          product({ title: `${title} ${randomUUID()}` }),
        ),
      );
      if (!bag || !book || !bulb || !draft || !gone) throw new Error('products are missing');
      const old = randomUUID();
      await happened(placed(old, [bag, gone]), placed(randomUUID(), [bag, gone]));
      app.clock.advance({ days: 181 });
      const canceled = randomUUID();
      const orders = [
        ...[[bag, book], [bag, book], [bag, book, bulb], [bag, bulb], [bulb], [bulb], [bulb], [bulb]],
        ...[
          [bag, draft],
          [bag, draft],
        ],
      ];
      await happened(
        ...orders.map((products) => placed(randomUUID(), products)),
        placed(canceled, [bag, book]),
      );
      await happened(new OrderCanceled({ orderId: canceled, number: '1' }));
      // Two workers, and again when nothing is due.
      await Promise.all([count(), count()]);
      await count();
      await app.patch(`/v1/admin/products/${draft.id}`, { status: 'draft' }, { token: staff });
      expect(await together(bag)).toEqual([
        [book.id, 3],
        [bulb.id, 2],
      ]);
      expect(await together(book)).toEqual([[bag.id, 3]]);
      expect(await together(gone)).toEqual([]);
      const due = await app.database.query('SELECT FROM catalog.pairs_due');
      expect(due).toEqual([]);

      // One more pair makes two products due and no others.
      await happened(placed(randomUUID(), [bag, bulb]));
      const asked = await app.database.query<{ id: string }>(
        'SELECT product_id AS id FROM catalog.pairs_due',
      );
      expect(asked.map(({ id }) => id).sort()).toEqual([bag.id, bulb.id].sort());
      await count();
      later();
      expect(await together(bag)).toEqual([
        [book.id, 3],
        [bulb.id, 3],
      ]);
      expect(await together(bag, '?limit=1')).toEqual([[book.id, 3]]);
      const variant = book.variants[0].id;
      await app.database.execute('UPDATE catalog.stock SET on_hand = 0 WHERE variant_id = $1', [variant]);
      expect(await together(bag, '?inStock=true')).toEqual([[bulb.id, 3]]);
      // Half a year on nobody has bought them, and they are counted all the same.
      app.clock.advance({ days: 181 });
      await count();
      expect(await together(bag)).toEqual([]);
    });

    it('is what is alike, the rarer the better, with what both have', async () => {
      const category = `c-${randomUUID()}`;
      for (const handle of [category, `below-${category}`])
        must(
          await app.post(
            '/v1/admin/categories',
            { handle, title: handle, ...(handle !== category && { parentId: await idOf(category) }) },
            { token: staff },
          ),
        );
      const mark = randomUUID().slice(0, 8);
      const made = (title: string, extra: object = {}) =>
        product({ title, brand: `Brand ${mark}`, ...extra });
      const colour = (name: string) => ({ attributes: { [`colour${mark}`]: name } });
      const crowd = [];
      for (let n = 0; n < 6; n++) crowd.push(await made(`Filler${n}${mark}`));
      await product({ title: `Stranger${mark}` });
      const below = { categories: [`below-${category}`] };
      const lamp = await made(`Zebralamp${mark} tall`, { ...colour('teal'), ...below });
      const twin = await made(`Zebralamp${mark} short`, { ...colour('teal'), ...below });
      const cousin = await made(`Chair${mark}`, { ...colour('teal'), categories: [category] });
      const sold = await made(`Zebralamp${mark} sold`, {
        ...{ ...colour('teal'), ...below },
        variants: [{ sku: randomUUID(), prices: [{ amount: 1, currency: 'EUR' }] }],
      });
      await made(`Zebralamp${mark} draft`, { ...colour('teal'), ...below, status: 'draft' });
      await app.run('catalog.count_search_words');
      await app.run('catalog.count_facets');
      const found = await recommended(lamp, '?limit=24');
      const order = found.map(({ product: { id } }) => id);
      expect(new Set(order.slice(0, 2))).toEqual(new Set([twin.id, sold.id]));
      expect(order[2]).toBe(cousin.id);
      // Whoever shares the brand alone, which many have, comes later or not at all; a stranger, a draft and itself never.
      const known = new Set([twin, sold, cousin, ...crowd].map(({ id }) => id));
      expect(order.filter((id) => !known.has(id))).toEqual([]);
      const sharedBy = ({ id }: GivenProduct) =>
        found.find((one) => one.product.id === id)?.reasons[0]?.shared?.toSorted();
      const teal = `attributes[colour${mark}]`;
      expect(sharedBy(twin)).toEqual([teal, 'brand', 'category', 'title']);
      // Both stand below the same category, which is not the lamp's own.
      expect(sharedBy(cousin)).toEqual([teal, 'brand']);
      const inStock = await recommended(lamp, '?limit=24&inStock=true');
      expect(inStock.map(({ product: { id } }) => id)).not.toContain(sold.id);
      expect(inStock[0]?.product.id).toBe(twin.id);

      // Bought together goes first and keeps both reasons.
      const orders = [1, 2].map(() => placed(randomUUID(), [lamp, cousin]));
      await happened(...orders);
      await count();
      later();
      const [first] = await recommended(lamp);
      expect(first?.product.id).toBe(cousin.id);
      expect(first?.reasons.map(({ kind }) => kind)).toEqual(['bought_together', 'similar']);
      for (const path of ['nothing', newId()])
        expect((await app.get(`/v1/products/${path}/recommendations`)).status).toBe(404);
    });

    const idOf = async (handle: string) => must(await app.get(`/v1/categories/${handle}`)).id;
  });

  describe('looked at', () => {
    const look = (at: { id: string }, { token }: Customer) =>
      app.put(`/v1/me/recently-viewed/${at.id}`, undefined, { token });
    const seen = async ({ token }: Customer): Promise<string[]> =>
      must(await app.get('/v1/me/recently-viewed', { token })).items.map(({ id }: { id: string }) => id);

    it('is kept for the signed-in, the last first and fifty at most, until they clear it', async () => {
      const [one, two, draft] = [await product(), await product(), await product({ status: 'draft' })];
      for (const thing of [one, two, one]) expect((await look(thing, ada)).status).toBe(204);
      expect(await seen(ada)).toEqual([one.id, two.id]);
      expect(await seen(bob)).toEqual([]);
      for (const unknown of [draft, { id: newId() }]) expect((await look(unknown, ada)).status).toBe(404);
      expect((await app.put(`/v1/me/recently-viewed/${one.id}`)).status).toBe(401);
      await app.patch(`/v1/admin/products/${two.id}`, { status: 'draft' }, { token: staff });
      expect(await seen(ada)).toEqual([one.id]);

      const many = await app.database.query<{ id: string }>(
        `INSERT INTO catalog.products (id, handle, title, status) SELECT gen_random_uuid(), gen_random_uuid()::text, 'x', 'published'
         FROM generate_series(1, 60) RETURNING id`,
      );
      await Promise.all(many.map((thing) => look(thing, ada)));
      const [kept] = await app.database.query<{ ids: string[] }>(
        'SELECT product_ids AS ids FROM catalog.recently_viewed WHERE customer_id = $1',
        [ada.id],
      );
      expect(new Set(kept?.ids).size).toBe(50);
      expect((await app.delete('/v1/me/recently-viewed', { token: ada.token })).status).toBe(204);
      expect(await seen(ada)).toEqual([]);
    });

    it('by guests is asked for by ids, which nobody keeps', async () => {
      const [one, two, draft] = [await product(), await product(), await product({ status: 'draft' })];
      const query = [one, two, draft].map(({ id }) => `ids=${id}`).join('&');
      const { items } = must(await app.get(`/v1/products?${query}&facets=true`));
      expect(items.map(({ id }: { id: string }) => id).sort()).toEqual([one.id, two.id].sort());
      expect(must(await app.get(`/v1/products?ids=${newId()}`)).items).toEqual([]);
      const tooMany = Array.from({ length: 51 }, () => `ids=${newId()}`).join('&');
      for (const wrong of ['ids=x', tooMany])
        expect((await app.get(`/v1/products?${wrong}`)).body.errors[0].pointer).toBe('/ids');
    });
  });

  it('about them is theirs to have, and goes with them', async () => {
    const carol = await customer();
    const [said, waiting, refused] = [await product(), await product(), await product()];
    await happened(placed(randomUUID(), [said], carol.id));
    const words = `Zqwords${randomUUID().slice(0, 8)}`;
    const texts = { title: words, body: words, displayName: words };
    const { id } = must(await write(said, carol, { rating: 3, ...texts }));
    await publish(id);
    await app.put(`/v1/admin/reviews/${id}/reply`, { body: `Dear ${words}` }, { token: staff });
    must(await write(waiting, carol, texts));
    const { id: decided } = must(await write(refused, carol, { rating: 1 }));
    await publish(decided);
    await app.put(`/v1/me/recently-viewed/${said.id}`, undefined, { token: carol.token });

    expect((await app.post('/v1/me/exports', undefined, { token: carol.token })).status).toBe(202);
    await app.run('identity.run_exports');
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === carol.email);
    const link = /http:\/\/shop\.test(\/v1\/exports\/[\w-]{43})/.exec(letter?.text ?? '')?.[1] ?? '';
    const { catalog } = must(await app.get(link)).modules;
    expect(catalog.reviews).toHaveLength(3);
    expect(catalog.reviews[0]).toMatchObject({ rating: 3, ...texts, reply: `Dear ${words}` });
    expect(catalog.purchases).toMatchObject([{ productId: said.id }]);
    expect(catalog.recentlyViewed).toMatchObject([{ product: said.handle }]);

    expect((await app.delete('/v1/me', { token: carol.token })).status).toBe(202);
    app.clock.advance({ days: 14, minutes: 1 });
    // A decision of the same moment, which waits to be committed.
    let commit = () => {};
    const committing = new Promise<void>((now) => (commit = now));
    const rejecting = app.database.transaction(async () => {
      await app.database.execute(
        `UPDATE catalog.reviews SET status = 'rejected', reason = $2 WHERE id = $1`,
        [decided, words],
      );
      await app.database.execute('UPDATE catalog.ratings SET n1 = n1 - 1 WHERE product_id = $1', [
        refused.id,
      ]);
      await committing;
    });
    const erasing = app.run('identity.run_erasures');
    await untilWaiting((sql) => app.database.query(sql));
    commit();
    await Promise.all([rejecting, erasing]);
    await app.settle();
    expect(await app.database.query('SELECT FROM catalog.reviews WHERE id = $1', [decided])).toEqual([]);
    expect(await shown(said)).toMatchObject([
      { id, rating: 3, title: null, body: null, displayName: null, reply: null, verified: true },
    ]);
    expect((await ratingOf(said)).count).toBe(1);
    const staffToken = await given.admin(app);
    const left = must(await app.get(`/v1/admin/reviews?productId=${waiting.id}`, { token: staffToken }));
    expect(left.items).toEqual([]);
    const tables = await app.database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_catalog.pg_class WHERE relnamespace = 'catalog'::regnamespace AND relkind = 'r'`,
    );
    for (const { name } of tables) {
      const rows = await app.database.query(
        `SELECT FROM catalog.${name} t WHERE t::text LIKE '%' || $1 || '%' OR t::text LIKE '%' || $2 || '%'`,
        [carol.id, words],
      );
      expect([name, rows.length]).toEqual([name, 0]);
    }
  });
});
