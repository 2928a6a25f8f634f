import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { Rule } from '../src/catalog/collection/rule.js';
import { Database } from '../src/platform/database/database.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';

interface Spec {
  handle: string;
  title: string;
  brand: string | null;
  category: string;
  colour: string;
  /** Lowest price by currency. */
  prices: Record<string, number>;
  onHand: number;
  /** Days before the last of them. */
  age: number;
}
interface Item {
  id: string;
  handle: string;
}

const BATCHES = 3;
const DAYS_APART = 10;
/** `clothes > shirts > linen-shirts` and `home`. */
const TREE: Record<string, string[]> = {
  clothes: ['clothes', 'shirts', 'linen-shirts'],
  shirts: ['shirts', 'linen-shirts'],
  'linen-shirts': ['linen-shirts'],
  home: ['home'],
};
const CATEGORIES = Object.keys(TREE);
const BRANDS = ['Acme', 'Öko', 'Zest'];
const COLOURS = ['red', 'blue', 'grün'];
const WORDS = ['Crème 100% wool', 'Crisp_linen', 'Back\\slash oak', 'Plain wool'];
const world: Spec[] = Array.from({ length: 240 }, (_, n) => ({
  handle: `thing-${n}`,
  title: `${WORDS[(n * 3) % 4] ?? ''} ${n}`,
  brand: n % 7 === 0 ? null : (BRANDS[(n * 5) % 3] ?? null),
  category: CATEGORIES[(n * 7 + (n >> 3)) % 4] ?? '',
  colour: COLOURS[(n * 11 + (n >> 2)) % 3] ?? '',
  prices: { EUR: 500 + ((n * 37) % 100) * 50, ...(n % 3 === 0 && { USD: 700 + n * 10 }) },
  onHand: n % 4,
  age: (BATCHES - 1 - (n % BATCHES)) * DAYS_APART,
}));

const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** What the rule says of a product, the slow and simple way. */
function holds(rule: Rule, spec: Spec): boolean {
  const { all, any, category, brand, attribute, price, createdWithinDays, inStock, handle, titleContains } =
    rule;
  if (all) return all.every((one) => holds(one, spec));
  if (any) return any.some((one) => holds(one, spec));
  if (category) return category.some((name) => TREE[name]?.includes(spec.category));
  if (brand) return brand.some((name) => name.toLowerCase() === spec.brand?.toLowerCase());
  if (attribute) return attribute.name === 'colour' && attribute.in.includes(spec.colour);
  if (price) {
    const own = spec.prices[price.currency];
    return own !== undefined && own >= (price.gte ?? 0) && own <= (price.lte ?? Infinity);
  }
  if (createdWithinDays !== undefined) return spec.age < createdWithinDays;
  if (inStock !== undefined) return spec.onHand > 0 === inStock;
  if (handle) return handle.includes(spec.handle);
  return plain(spec.title).includes(plain(titleContains ?? ''));
}

describe('collections', () => {
  let app: TestApp;
  let token: string;
  const idOf = new Map<string, string>();

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    const parents: Record<string, string | null> = {
      clothes: null,
      shirts: 'clothes',
      'linen-shirts': 'shirts',
      home: null,
    };
    const categories: Record<string, string> = {};
    for (const [handle, parent] of Object.entries(parents)) {
      const parentId = parent === null ? null : categories[parent];
      const made = await app.post('/v1/admin/categories', { handle, title: handle, parentId }, { token });
      categories[handle] = made.body.id;
    }
    const headers = { 'content-type': 'application/x-ndjson' };
    for (let batch = 0; batch < BATCHES; batch++) {
      if (batch > 0) app.clock.advance({ days: DAYS_APART });
      const rows = world.flatMap((spec, n) =>
        n % BATCHES === batch
          ? JSON.stringify({
              ...{ externalId: spec.handle, handle: spec.handle, title: spec.title, brand: spec.brand },
              ...{ status: 'published', categories: [spec.category], attributes: { colour: spec.colour } },
              variants: [
                {
                  sku: spec.handle,
                  prices: Object.entries(spec.prices).map(([currency, amount]) => ({ amount, currency })),
                  stock: [{ location: 'main', onHand: spec.onHand }],
                },
              ],
            })
          : [],
      );
      const { body } = await app.post('/v1/admin/imports', rows.join('\n'), { token, headers });
      await app.settle();
      const done = (await app.get(`/v1/admin/imports/${body.id}`, { token })).body;
      expect(done.counts.created).toBe(rows.length);
    }
    for (const { id, handle } of await listed('')) idOf.set(handle, id);
    expect(idOf.size).toBe(world.length);
  });
  afterAll(() => app?.close());

  /** All pages of `GET /v1/products`; `between` happens after each. */
  const listed = async (query: string, between: () => Promise<unknown> = async () => undefined) => {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const { status, body } = await app.get(
        `/v1/products?${/limit=/.test(query) ? query : `${query}&limit=100`}${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      expect(status).toBe(200);
      items.push(...(body.items as Item[]));
      cursor = body.nextCursor;
      await between();
    } while (cursor !== null);
    return items;
  };
  const handlesOf = async (query: string) => (await listed(query)).map(({ handle }) => handle);
  const ids = (handles: string[]) => handles.map((handle) => idOf.get(handle) ?? handle);
  const create = (extra: object): Promise<Answer> =>
    app.post(
      '/v1/admin/collections',
      { handle: `c-${randomUUID()}`, title: 'Some', kind: 'manual', status: 'published', ...extra },
      { token },
    );
  const made = async (extra: object = {}) => {
    const answer = await create(extra);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body as { id: string; handle: string; version: number };
  };
  const path = (id: string, rest = '') => `/v1/admin/collections/${id}${rest}`;
  const put = (id: string, productIds: string[], headers = {}) =>
    app.put(path(id, '/products'), { productIds }, { token, headers });
  const patch = (id: string, body: object, headers = {}) => app.patch(path(id), body, { token, headers });

  it('are made, changed, listed and deleted by staff, and every deed is written down', async () => {
    const { body, headers } = await create({
      handle: 'life',
      description: 'Of <i>all</i> kinds.',
      sort: 'title',
    });
    expect(body).toMatchObject({
      kind: 'manual',
      rule: null,
      sort: 'title',
      version: 1,
      publishedFrom: null,
    });
    expect([headers.get('etag'), headers.get('location')]).toEqual(['"1"', path(body.id)]);
    const taken = await create({ handle: 'life' });
    expect(taken).toMatchObject({
      status: 409,
      body: { code: 'catalog.handle_taken', errors: [{ pointer: '/handle' }] },
    });
    const other = await made({ handle: 'other-life' });
    expect((await patch(other.id, { handle: 'life' })).status).toBe(409);
    const changed = await patch(body.id, { title: 'Life', status: 'draft' }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.get('etag'), changed.body.title]).toEqual([200, '"2"', 'Life']);
    for (const stale of [
      await patch(body.id, { title: 'x' }, { 'if-match': '"1"' }),
      await put(body.id, [], { 'if-match': '"1"' }),
      await app.delete(path(body.id), { token, headers: { 'if-match': '"1"' } }),
    ])
      expect(stale).toMatchObject({ status: 412, body: { code: 'platform.stale_version' } });
    const list = async (query: string) =>
      ((await app.get(`/v1/admin/collections?${query}`, { token })).body.items as Item[]).map(
        (one) => one.id,
      );
    expect(await list('handle=life')).toEqual([body.id]);
    expect(await list('status=draft')).toContain(body.id);
    expect(await list('status=published')).not.toContain(body.id);
    expect(await list('kind=rule')).not.toContain(body.id);
    const first = await app.get('/v1/admin/collections?limit=1', { token });
    const second = await app.get(`/v1/admin/collections?limit=1&cursor=${first.body.nextCursor}`, { token });
    expect([first.body.items[0].id, second.body.items[0].id]).toEqual([other.id, body.id]);
    expect((await app.get('/v1/admin/collections?limit=1&cursor=x', { token })).status).toBe(400);
    expect((await app.get(path(body.id), { token })).body.version).toBe(2);
    expect((await app.delete(path(body.id), { token })).status).toBe(204);
    expect((await app.get(path(body.id), { token })).status).toBe(404);
    const trail = (await app.get(`/v1/admin/audit?subjectId=${body.id}`, { token })).body.items;
    expect(trail.map(({ action }: { action: string }) => action)).toEqual([
      'catalog.collection.deleted',
      'catalog.collection.updated',
      'catalog.collection.created',
    ]);
  });

  it('are the business of staff who may change the catalog', async () => {
    const { id } = await made();
    const doors: [string, string, object?][] = [
      ['GET', '/v1/admin/collections'],
      ['POST', '/v1/admin/collections', { handle: 'x', title: 'x', kind: 'manual' }],
      ['POST', '/v1/admin/collections/preview', { rule: { inStock: true } }],
      ['GET', path(id)],
      ['PATCH', path(id), { title: 'x' }],
      ['DELETE', path(id)],
      ['GET', path(id, '/products')],
      ['PUT', path(id, '/products'), { productIds: [] }],
      ['POST', path(id, '/products'), { productId: randomUUID() }],
      ['DELETE', path(id, `/products/${randomUUID()}`)],
    ];
    const reader = await given.staff(app, ['read-only'], token);
    for (const [method, door, body] of doors) {
      expect([method, door, (await app.send(method, door, body)).status]).toEqual([method, door, 401]);
      const reads = method === 'GET' || door.endsWith('/preview');
      const answer = await app.send(method, door, body, { token: reader.token });
      expect([method, door, answer.status]).toEqual([method, door, reads ? 200 : 403]);
    }
    const nobody = randomUUID();
    for (const answer of [
      await patch(nobody, { title: 'x' }),
      await put(nobody, []),
      await app.delete(path(nobody), { token }),
      await app.get(path(nobody, '/products'), { token }),
      await app.delete(path(id, `/products/${nobody}`), { token }),
    ])
      expect(answer.status).toBe(404);
  });

  it.each<[string, unknown, number, string]>([
    ['nothing', {}, 400, '/rule'],
    ['two things', { inStock: true, brand: ['Acme'] }, 400, '/rule'],
    ['no object', 'inStock', 400, '/rule'],
    ['no condition', { all: [] }, 400, '/rule/all'],
    ['something unknown', { all: [{ colour: 'red' }] }, 400, '/rule/all/0/colour'],
    ['a null', { brand: null }, 400, '/rule/brand'],
    ['an empty group', { any: [{ inStock: true }, {}] }, 400, '/rule/any/1'],
    ['no brand', { any: [{ inStock: true }, { brand: [] }] }, 400, '/rule/any/1/brand'],
    ['no product', { all: [{ id: [] }] }, 400, '/rule/all/0/id'],
    ['no id', { id: ['x'] }, 400, '/rule/id'],
    ['a price without bounds', { price: { currency: 'EUR' } }, 400, '/rule/price'],
    ['a price without currency', { price: { gte: 1 } }, 400, '/rule/price/currency'],
    ['a strange currency', { price: { currency: 'XXQ', gte: 1 } }, 400, '/rule/price/currency'],
    ['a range turned round', { price: { currency: 'EUR', gte: 2, lte: 1 } }, 400, '/rule/price/lte'],
    ['an attribute without values', { attribute: { name: 'colour' } }, 400, '/rule/attribute/in'],
    ['no day', { all: [{ any: [{ createdWithinDays: 0 }] }] }, 400, '/rule/all/0/any/0/createdWithinDays'],
    ['no text', { titleContains: '' }, 400, '/rule/titleContains'],
    [
      'too many groups',
      { all: [{ any: [{ all: [{ any: [{ inStock: true }] }] }] }] },
      400,
      '/rule/all/0/any/0/all/0',
    ],
    [
      'too many conditions',
      {
        all: Array.from({ length: 2 }, () => ({
          any: Array.from({ length: 26 }, () => ({ inStock: true })),
        })),
      },
      400,
      '/rule',
    ],
    [
      'an unknown category',
      { all: [{ inStock: true }, { category: ['home', 'nowhere'] }] },
      422,
      '/rule/all/1/category/1',
    ],
    ['a category that is no text', { category: ['a\u0000'] }, 400, '/rule/category/0'],
  ])('are refused with a rule of %s, which says where', async (_, rule, status, pointer) => {
    const answers = [
      await create({ kind: 'rule', rule }),
      await app.post('/v1/admin/collections/preview', { rule }, { token }),
    ];
    for (const { status: found, body } of answers)
      expect([found, body.errors?.[0]?.pointer]).toEqual([status, pointer]);
  });

  it('are refused when they do not go together', async () => {
    const pointers = async (answer: Promise<Answer>) => {
      const { status, body } = await answer;
      return [status, ...(body.errors as { pointer: string }[]).map(({ pointer }) => pointer)];
    };
    const early = { publishedFrom: '2027-01-02T00:00:00Z', publishedUntil: '2027-01-01T00:00:00Z' };
    expect(await pointers(create({ kind: 'rule' }))).toEqual([400, '/rule']);
    expect(await pointers(create({ rule: { inStock: true } }))).toEqual([400, '/rule']);
    expect(await pointers(create(early))).toEqual([400, '/publishedUntil']);
    expect(await pointers(create({ mediaId: randomUUID() }))).toEqual([422, '/mediaId']);
    expect(await pointers(create({ handle: 'Not a handle', sort: 'best' }))).toEqual([
      400,
      '/handle',
      '/sort',
    ]);
    const manual = await made({ publishedFrom: early.publishedFrom });
    expect(await pointers(patch(manual.id, { rule: { inStock: true } }))).toEqual([400, '/rule']);
    expect(await pointers(patch(manual.id, { publishedUntil: early.publishedUntil }))).toEqual([
      400,
      '/publishedUntil',
    ]);
    expect(await pointers(patch(manual.id, { kind: 'rule' }))).toEqual([400, '/kind']);
    const ruled = await made({ kind: 'rule', rule: { inStock: true } });
    const [one = '', other = ''] = ids(['thing-1', 'thing-2']);
    for (const answer of [
      await put(ruled.id, [one]),
      await app.post(path(ruled.id, '/products'), { productId: one }, { token }),
      await app.delete(path(ruled.id, `/products/${one}`), { token }),
    ])
      expect(answer).toMatchObject({ status: 409, body: { code: 'catalog.collection_has_rule' } });
    expect(await pointers(put(manual.id, [one, other, one.toUpperCase()]))).toEqual([400, '/productIds/2']);
    expect(await pointers(put(manual.id, [one, randomUUID()]))).toEqual([422, '/productIds/1']);
    const add = (body: object) => app.post(path(manual.id, '/products'), body, { token });
    expect(await pointers(add({ productId: randomUUID() }))).toEqual([422, '/productId']);
    expect(await pointers(add({ productId: one, before: other }))).toEqual([422, '/before']);
    expect(
      (
        await put(
          manual.id,
          Array.from({ length: 1_001 }, () => randomUUID()),
        )
      ).status,
    ).toBe(400);
  });

  it('hold by rule what the rule says, for random rules', async () => {
    const some = <T>(values: T[]) => fc.subarray(values, { minLength: 1 });
    const bounds = fc
      .tuple(fc.nat(6_000), fc.nat(6_000), fc.constantFrom('gte', 'lte', 'both'))
      .map(([a, b, which]) => ({
        ...(which !== 'lte' && { gte: Math.min(a, b) }),
        ...(which !== 'gte' && { lte: Math.max(a, b) }),
      }));
    const condition: fc.Arbitrary<Rule> = fc.oneof(
      fc.record({ category: some(CATEGORIES) }),
      fc.record({ brand: some(['acme', 'ÖKO', 'zest', 'nobody']) }),
      fc.record({
        attribute: fc.record({ name: fc.constantFrom('colour', 'size'), in: some([...COLOURS, 'x']) }),
      }),
      fc.tuple(fc.constantFrom('EUR', 'USD', 'JPY'), bounds).map(([currency, price]) => ({
        price: { currency, ...price },
      })),
      fc.record({ createdWithinDays: fc.constantFrom(1, 9, 11, 19, 21, 40) }),
      fc.record({ inStock: fc.boolean() }),
      fc.record({ handle: some(['thing-3', 'thing-77', 'thing-200', 'nothing']) }),
      fc.record({
        titleContains: fc.constantFrom('creme', 'WOOL', '100%', '%', '_', 'p_l', '\\', 'k\\s', 'oak 1'),
      }),
    );
    const group = (inner: fc.Arbitrary<Rule>): fc.Arbitrary<Rule> =>
      fc.oneof(
        fc.record({ all: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
      );
    const rules = fc.oneof(condition, group(condition), group(fc.oneof(condition, group(condition))));
    const { id } = await made({ kind: 'rule', rule: { inStock: true } });
    await fc.assert(
      fc.asyncProperty(rules, async (rule) => {
        const expected = world.filter((spec) => holds(rule, spec)).map(({ handle }) => handle);
        const preview = await app.post('/v1/admin/collections/preview', { rule }, { token });
        expect([preview.status, preview.body.count, preview.body.exact]).toEqual([
          200,
          expected.length,
          true,
        ]);
        expect((await patch(id, { rule })).status).toBe(200);
        expect((await handlesOf(`collection=${id}`)).sort()).toEqual(expected.sort());
      }),
      { numRuns: 80 },
    );
  });

  it('go together with every filter, facet and order', async () => {
    const rule = { any: [{ category: ['shirts'] }, { titleContains: 'oak' }] };
    const picked = world.filter((_, n) => n % 5 === 0);
    const manual = await made({ sort: 'position' });
    expect((await put(manual.id, ids(picked.map(({ handle }) => handle)))).status).toBe(200);
    const ruled = await made({ kind: 'rule', rule });
    for (const [collection, members] of [
      [manual.handle, picked],
      [ruled.handle, world.filter((spec) => holds(rule, spec))],
    ] as const) {
      const within = members.filter(({ colour, prices }) => colour === 'red' && (prices.EUR ?? 0) >= 1_000);
      const filters = `collection=${collection}&attributes[colour]=red&price[gte]=1000`;
      expect((await handlesOf(filters)).sort()).toEqual(within.map(({ handle }) => handle).sort());
      const byPrice = await handlesOf(`collection=${collection}&sort=-price`);
      const prices = byPrice.map((handle) => world.find((spec) => spec.handle === handle)?.prices.EUR ?? 0);
      expect(prices).toEqual([...prices].sort((a, b) => b - a));
      expect(prices).toHaveLength(members.length);
      const wool = members.filter(({ title }) => /wool/.test(title));
      expect((await handlesOf(`collection=${collection}&q=%22wool%22`)).sort()).toEqual(
        wool.map(({ handle }) => handle).sort(),
      );
      const { body } = await app.get(`/v1/products?collection=${collection}&brand=Acme&facets=true`);
      const counted = (code: string) =>
        Object.fromEntries(
          (body.facets as { code: string; values: { value: string; count: number }[] }[])
            .find((facet) => facet.code === code)
            ?.values.map(({ value, count }) => [value, count]) ?? [],
        ) as Record<string, number>;
      const count = (of: (spec: Spec) => boolean) => members.filter(of).length;
      // The counts of a facet leave its own filter out, and never the collection.
      for (const brand of BRANDS)
        expect(counted('brand')[brand.toLowerCase()]).toBe(count((spec) => spec.brand === brand));
      for (const colour of COLOURS)
        expect(counted('attributes[colour]')[colour]).toBe(
          count((spec) => spec.brand === 'Acme' && spec.colour === colour),
        );
    }
  });

  it('list what was picked in the order of the picking, and one by one', async () => {
    const { id, handle } = await made();
    const wanted = ['thing-9', 'thing-4', 'thing-30', 'thing-1'];
    expect((await put(id, ids(wanted))).body.version).toBe(2);
    expect(await handlesOf(`collection=${handle}`)).toEqual(wanted);
    expect(await handlesOf(`collection=${id}&sort=position&limit=1`)).toEqual(wanted);
    const add = (product: string, before?: string) =>
      app.post(
        path(id, '/products'),
        { productId: idOf.get(product), ...(before && { before: idOf.get(before) }) },
        { token },
      );
    expect((await add('thing-50')).status).toBe(200);
    await add('thing-60', 'thing-4');
    await add('thing-1', 'thing-9');
    await add('thing-30');
    await add('thing-4', 'thing-4');
    const now = ['thing-1', 'thing-9', 'thing-60', 'thing-4', 'thing-30', 'thing-50'];
    expect(await handlesOf(`collection=${id}`)).toEqual(now);
    const gone = await app.delete(path(id, `/products/${idOf.get('thing-60')}`), { token });
    expect(gone.status).toBe(204);
    expect(await handlesOf(`collection=${id}`)).toEqual(now.filter((one) => one !== 'thing-60'));
    const draft = await given.product(app, token, { status: 'draft' });
    await app.post(path(id, '/products'), { productId: draft.id }, { token });
    const page = await app.get(path(id, '/products?limit=4'), { token });
    const rest = await app.get(path(id, `/products?limit=4&cursor=${page.body.nextCursor}`), { token });
    const members = [...page.body.items, ...rest.body.items] as (Item & { status: string })[];
    expect(members.map((one) => one.handle)).toEqual([
      ...now.filter((one) => one !== 'thing-60'),
      draft.handle,
    ]);
    expect(members.at(-1)?.status).toBe('draft');
    expect(await handlesOf(`collection=${id}`)).not.toContain(draft.handle);
    await patch(id, { sort: '-price' });
    expect(await handlesOf(`collection=${id}`)).toEqual(await handlesOf(`collection=${id}&sort=-price`));
    expect((await put(id, [])).status).toBe(200);
    expect(await handlesOf(`collection=${id}`)).toEqual([]);
  });

  it('keep every product that comes in at once, and no more than a thousand', async () => {
    const { id } = await made();
    const wanted = ids(world.slice(0, 20).map(({ handle }) => handle));
    const answers = await Promise.all(
      wanted.map((productId) => app.post(path(id, '/products'), { productId }, { token })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await listed(`collection=${id}`)).map((one) => one.id).sort()).toEqual(wanted.sort());
    expect((await app.get(path(id), { token })).body.version).toBe(21);
    await app.database.execute(
      `WITH made AS (
         INSERT INTO catalog.products (id, handle, title) SELECT gen_random_uuid(), 'filler-' || n, 'Filler'
         FROM generate_series(1, 980) n RETURNING id)
       INSERT INTO catalog.collection_products SELECT $1, id, 0 FROM made`,
      [id],
    );
    const more = { productId: idOf.get('thing-100') };
    expect(await app.post(path(id, '/products'), more, { token })).toMatchObject({
      status: 422,
      body: { code: 'catalog.collection_full' },
    });
  });

  it('page through without repeating or missing a product while others write', async () => {
    const standing = world.slice(0, 60).map(({ handle }) => handle);
    const spare = world.slice(60, 120).map(({ handle }) => handle);
    const rule = { any: [{ handle: standing }, { brand: ['Fresh'] }] };
    const ruled = await made({ kind: 'rule', rule });
    for (const sort of ['', '&sort=position', '&sort=-createdAt', '&sort=title', '&sort=price', '&q=wool']) {
      const manual = await made();
      await put(manual.id, ids(standing));
      for (const { id } of [manual, ruled]) {
        const expected = await handlesOf(`collection=${id}${sort}`);
        let order = [...standing];
        let turn = 0;
        const seen = await listed(`collection=${id}${sort}&limit=7`, async () => {
          const next = spare[turn++];
          if (next === undefined || turn > 6) return;
          if (id === ruled.id) {
            await given.product(app, token, { brand: 'Fresh', title: `Fresh wool ${sort} ${turn}` });
            return;
          }
          // At the front as a whole, in the middle by itself, and one that was listed goes and comes back.
          order = [next, ...order];
          await put(id, ids(order));
          const middle = { productId: idOf.get(spare[30 + turn] ?? ''), before: idOf.get('thing-30') };
          expect((await app.post(path(id, '/products'), middle, { token })).status).toBe(200);
          order.splice(order.indexOf('thing-30'), 0, spare[30 + turn] ?? '');
        });
        const handles = seen.map(({ handle }) => handle);
        expect([sort, new Set(handles).size]).toEqual([sort, handles.length]);
        const standingSeen = handles.filter((handle) => expected.includes(handle));
        expect([sort, standingSeen]).toEqual([sort, expected]);
      }
    }
  });

  it('are shown by the shop when they are published, within their window, and no longer', async () => {
    const rule = { handle: ['thing-5', 'thing-6'] };
    const { id, handle } = await made({ kind: 'rule', rule, status: 'draft', title: 'Windows' });
    const shown = async () => {
      const [one, list, products] = [
        await app.get(`/v1/collections/${handle}`),
        await app.get('/v1/collections?limit=100'),
        await app.get(`/v1/products?collection=${id}`),
      ];
      const found = (list.body.items as Item[]).some((item) => item.id === id);
      expect(one.status).toBe(products.status);
      expect(found).toBe(one.status === 200);
      if (one.status === 200) expect(products.body.items).toHaveLength(2);
      else expect([one.body.code, products.body.code]).toEqual(Array(2).fill('platform.not_found'));
      return one.status === 200;
    };
    expect(await shown()).toBe(false);
    await patch(id, { status: 'published' });
    expect(await shown()).toBe(true);
    const { body } = await app.get(`/v1/collections/${id}`);
    expect(body).toEqual({
      ...{ id, handle, title: 'Windows', description: '', kind: 'rule', sort: 'position', media: null },
    });
    const at = (hours: number) => {
      const moment = app.clock.now();
      moment.setUTCHours(moment.getUTCHours() + hours);
      return moment.toISOString();
    };
    await patch(id, { publishedFrom: at(1), publishedUntil: at(3) });
    expect(await shown()).toBe(false);
    app.clock.advance({ hours: 2 });
    expect(await shown()).toBe(true);
    // Nobody changes anything: pages that are kept end by themselves.
    expect(await shown()).toBe(true);
    app.clock.advance({ hours: 2 });
    expect(await shown()).toBe(false);
    await patch(id, { publishedUntil: null });
    expect(await shown()).toBe(true);
    await app.delete(path(id), { token });
    expect(await shown()).toBe(false);
    expect((await app.get('/v1/collections/no-such')).status).toBe(404);
    expect((await app.get('/v1/products?collection=')).status).toBe(400);
  });

  it('lose products that grow old by themselves', async () => {
    const { id } = await made({ kind: 'rule', rule: { createdWithinDays: 2 } });
    const fresh = await given.product(app, token);
    // The clock of the store is ahead of that of the database by as much as the world was moved.
    await app.database.execute('UPDATE catalog.search_documents SET created_at = $2 WHERE product_id = $1', [
      fresh.id,
      app.clock.now(),
    ]);
    expect(await handlesOf(`collection=${id}`)).toEqual(expect.arrayContaining([fresh.handle]));
    app.clock.advance({ days: 2, minutes: 2 });
    expect(await handlesOf(`collection=${id}`)).not.toContain(fresh.handle);
  });

  it('are listed to shoppers page by page, with a memory that forgets what was changed', async () => {
    const standing = await Promise.all(Array.from({ length: 5 }, () => made()));
    const seen: string[] = [];
    let next: string | null = '/v1/collections?limit=2';
    while (next !== null) {
      const answer: Answer = await app.get(next);
      seen.push(...(answer.body.items as Item[]).map(({ id }) => id));
      next = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1] ?? null;
      await made();
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (const { id } of standing) expect(seen).toContain(id);
    expect((await app.get('/v1/collections?cursor=x.y')).body.code).toBe('platform.invalid_cursor');
    expect((await app.get('/v1/collections?kind=rule')).status).toBe(400);

    const { id, handle } = await made();
    const page = `/v1/products?collection=${handle}`;
    const before = await app.get(page);
    const etag = before.headers.get('etag') ?? '';
    expect((await app.get(page, { headers: { 'if-none-match': etag } })).status).toBe(304);
    await put(id, ids(['thing-8']));
    const after = await app.get(page, { headers: { 'if-none-match': etag } });
    expect([after.status, after.body.items.length]).toEqual([200, 1]);
    const shop = await app.get(`/v1/collections/${handle}`);
    await patch(id, { title: 'Called otherwise' });
    expect((await app.get(`/v1/collections/${handle}`)).body.title).toBe('Called otherwise');
    expect(shop.body.title).toBe('Some');
  });

  it('cost one look-up and one statement, whatever they hold', async () => {
    const manual = await made();
    await put(manual.id, ids(world.slice(0, 50).map(({ handle }) => handle)));
    const rule = { all: [{ inStock: true }, { any: [{ brand: ['Acme'] }, { titleContains: 'wool' }] }] };
    const ruled = await made({ kind: 'rule', rule });
    const database = app.app.get(Database);
    const spies = [jest.spyOn(database, 'query'), jest.spyOn(database, 'look')];
    for (const [url, most] of [
      [`/v1/products?collection=${manual.id}&limit=17`, 2],
      [`/v1/products?collection=${ruled.id}&limit=17&facets=true`, 2],
      [`/v1/products?collection=${ruled.handle}&limit=17&q=wool&facets=true&sort=price`, 2],
      ['/v1/collections?limit=17', 1],
      [`/v1/collections/${ruled.handle}`, 1],
      ['/v1/categories?depth=17', 1],
      ['/v1/categories/shirts', 1],
    ] as const) {
      for (const spy of spies) spy.mockClear();
      expect((await app.get(url)).status).toBe(200);
      const reads = spies.flatMap(({ mock }) => mock.calls).filter(([text]) => text.includes('catalog.'));
      expect([url, reads.length]).toEqual([url, most]);
      // Kept: the second shopper costs none.
      await app.get(url);
      expect(
        spies.flatMap(({ mock }) => mock.calls).filter(([text]) => text.includes('catalog.')),
      ).toHaveLength(most);
    }
    for (const spy of spies) spy.mockRestore();
  });
});
