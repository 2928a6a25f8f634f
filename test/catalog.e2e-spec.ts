import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { CatalogApi } from '../src/catalog/catalog.api.js';
import { SearchIndex } from '../src/catalog/search/search-index.service.js';
import { CatalogListItems1760000010030 } from '../migrations/catalog/1760000010030-list-items.js';
import { CatalogCategoryPages1760000010090 } from '../migrations/catalog/1760000010090-category-pages.js';
import { CatalogCollections1760000010100 } from '../migrations/catalog/1760000010100-collections.js';
import { CatalogMedia1760000010070 } from '../migrations/catalog/1760000010070-media.js';
import { CatalogPriceChanges1760000010120 } from '../migrations/catalog/1760000010120-price-changes.js';
import { CatalogDigitalGoods1760000010210 } from '../migrations/catalog/1760000010210-digital-goods.js';
import { CatalogPriceLists1760000010110 } from '../migrations/catalog/1760000010110-price-lists.js';
import { CatalogReviews1760000010300 } from '../migrations/catalog/1760000010300-reviews.js';
import { CatalogRetiredVariants1760000010040 } from '../migrations/catalog/1760000010040-retired-variants.js';
import { DemoCatalog } from '../src/catalog/demo/demo-catalog.service.js';
import { Problem } from '../src/platform/http/problem.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import { untilWaiting } from './support/locks.js';
import { checkOut, fillCart } from './support/purchase.js';

describe('the catalog', () => {
  let app: TestApp;
  let token: string;
  let customer: { token: string };

  beforeAll(async () => {
    app = await startApp({ DEMO_STORE: 'on' });
    token = await given.admin(app);
    customer = await given.customer(app);
  });
  afterAll(() => app?.close());

  const product = (extra: object = {}) => given.product(app, token, extra);
  const inHours = (hours: number) => new Date(app.clock.now().getTime() + hours * 3_600_000);
  const api = () => app.app.get(CatalogApi);
  const reserve = (reference: string, lines: { variantId: string; quantity: number }[], hours = 1) =>
    app.database.transaction(() => api().reserve(reference, lines, inHours(hours)));
  const level = async (variantId: string) => {
    const answer = await app.get(`/v1/admin/stock?variantId=${variantId}`, { token });
    return answer.body.items as {
      onHand: number;
      allocated: number;
      reserved: number;
      location: string;
      id: string;
    }[];
  };
  const outOfStock = (error: unknown) => error instanceof Problem && error.code === 'catalog.out_of_stock';

  describe('the demo shop', () => {
    it('fills an empty store once, with things that can be bought and seen', async () => {
      const fill = () => app.app.get(DemoCatalog).fill();
      // The first start has done it.
      expect(await Promise.all([fill(), fill()])).toEqual([false, false]);
      const tote = (await app.get('/v1/products/linen-tote')).body;
      expect(tote.variants).toHaveLength(3);
      expect(tote.variants[0]).toMatchObject({
        sku: 'LINEN-TOTE-NATURAL',
        price: { amount: 2900, currency: 'EUR' },
      });
      const dollars = (await app.get('/v1/products/courier-bag?currency=USD')).body.variants[0];
      expect(dollars).toMatchObject({ price: { amount: 10900 }, compareAtPrice: { amount: 13900 } });
      const page = (await app.get('/v1/products?category=home&limit=100')).body.items;
      expect(page.length).toBeGreaterThan(25);
      expect((await app.get('/v1/admin/locations', { token })).body.items).toHaveLength(2);
      const picture = await app.get(tote.media[0].url);
      expect([picture.status, picture.headers.get('content-type')]).toEqual([
        200,
        'image/svg+xml; charset=utf-8',
      ]);
      const etag = picture.headers.get('etag') ?? '';
      expect((await app.get(tote.media[0].url, { headers: { 'if-none-match': etag } })).status).toBe(304);
      expect((await app.get('/v1/media/demo/nothing.svg')).status).toBe(404);
    });
  });

  describe('a product', () => {
    it('is made sellable by one call and shown by id and handle', async () => {
      const made = await product({
        title: 'Café chair',
        variants: [
          {
            sku: 'CHAIR-1',
            options: { Colour: 'Oak' },
            prices: [
              { amount: 4999, currency: 'EUR' },
              { amount: 5999, currency: 'USD' },
            ],
            stock: [{ location: 'main', onHand: 7 }],
          },
        ],
      });
      expect(made).toMatchObject({ handle: 'cafe-chair', version: 1, status: 'published' });
      const byHandle = await app.get('/v1/products/cafe-chair');
      const byId = await app.get(`/v1/products/${made.id}?currency=USD`);
      expect(byHandle.body.variants[0]).toMatchObject({
        sku: 'CHAIR-1',
        title: 'Oak',
        price: { amount: 4999, currency: 'EUR' },
        compareAtPrice: null,
        available: 7,
        backorder: false,
      });
      expect(byId.body.variants[0].price).toEqual({ amount: 5999, currency: 'USD' });
      expect((await app.get(`/v1/products/${made.id}?currency=JPY`)).body.variants[0].price).toBeNull();
    });

    it('has variants that fit its options, each of them once', async () => {
      const sku = () => `S-${randomUUID()}`;
      const Colour = [{ name: 'Colour', values: ['Blue', 'Red'] }];
      const make = (options: object | undefined, ...choices: object[]) =>
        app.post(
          '/v1/admin/products',
          {
            title: 'Scarf',
            handle: randomUUID(),
            options,
            variants: choices.map((each) => ({ sku: sku(), options: each })),
          },
          { token },
        );
      for (const [choices, pointer, code] of [
        [[{ Colour: 'Green' }], '/variants/0/options/Colour', 'unknown_value'],
        [[{}], '/variants/0/options/Colour', 'unknown_value'],
        [[{ Colour: 'Red', Size: 'L' }], '/variants/0/options/Size', 'unknown_option'],
        [[{ Colour: 'Red' }, { Colour: 'Red' }], '/variants/1/options', 'duplicate'],
      ] as const) {
        const { status, body } = await make(Colour, ...choices);
        expect([status, body.code, body.errors[0]]).toEqual([
          422,
          'catalog.odd_options',
          expect.objectContaining({ pointer, code }),
        ]);
      }
      const { body: scarf } = await make(undefined, { Colour: 'Blue' }, { Colour: 'Red' });
      expect(scarf.options).toEqual(Colour);
      const [blue, red] = scarf.variants;
      const variants = `/v1/admin/products/${scarf.id}/variants`;
      expect((await app.post(variants, { sku: sku(), options: { Colour: 'Red' } }, { token })).status).toBe(
        422,
      );
      const turn = (id: string, change: object) => app.patch(`/v1/admin/variants/${id}`, change, { token });
      expect((await turn(blue.id, { options: { Colour: 'Red' } })).body.errors[0].code).toBe('duplicate');
      const narrow = { options: [{ name: 'Colour', values: ['Blue'] }] };
      const refused = await app.patch(`/v1/admin/products/${scarf.id}`, narrow, { token });
      expect([refused.status, refused.body.errors[0]]).toEqual([
        422,
        expect.objectContaining({ pointer: '/options', code: 'in_use' }),
      ]);
      expect((await turn(red.id, { retired: true })).status).toBe(200);
      expect((await turn(blue.id, { options: { Colour: 'Red' } })).status).toBe(200);
      expect((await turn(red.id, { retired: false })).body.errors[0].code).toBe('duplicate');
    });

    it('has a tax class that there is', async () => {
      const make = (taxClass: string) =>
        app.post(
          '/v1/admin/products',
          { title: 'Atlas', handle: randomUUID(), taxClass, variants: [{ sku: randomUUID() }] },
          { token },
        );
      const classes = '/v1/admin/tax-classes';
      const misspelt = await make('reducd');
      expect([misspelt.status, misspelt.body.code, misspelt.body.errors[0].pointer]).toEqual([
        422,
        'catalog.unknown_tax_class',
        '/taxClass',
      ]);
      const books = { code: 'books', title: 'Books' };
      expect((await app.post(classes, books, { token })).status).toBe(201);
      expect((await app.post(classes, books, { token })).status).toBe(409);
      expect((await app.post(classes, { ...books, code: 'Books!' }, { token })).status).toBe(400);
      expect((await app.post(classes, books, customer)).status).toBe(403);
      expect((await app.get(classes)).status).toBe(401);
      const { body: atlas } = await make('books');
      expect((await app.delete(`${classes}/books`, { token })).body.code).toBe('catalog.tax_class_in_use');
      const patched = await app.patch(`/v1/admin/products/${atlas.id}`, { taxClass: 'nope' }, { token });
      expect(patched.body.code).toBe('catalog.unknown_tax_class');
      await app.patch(`/v1/admin/products/${atlas.id}`, { taxClass: 'standard' }, { token });
      expect((await app.delete(`${classes}/books`, { token })).status).toBe(204);
      expect((await app.delete(`${classes}/books`, { token })).status).toBe(404);
      expect((await app.delete(`${classes}/standard`, { token })).status).toBe(409);
      const { items } = (await app.get(classes, { token })).body;
      expect(items.map(({ code }: { code: string }) => code)).toEqual(['reduced', 'standard', 'zero']);
    });

    it('is unknown while it is a draft or when it is archived', async () => {
      const draft = await product({ status: 'draft' });
      expect((await app.get(`/v1/products/${draft.handle}`)).status).toBe(404);
      const gone = await product();
      expect((await app.get(`/v1/products/${gone.handle}`)).status).toBe(200);
      expect((await app.delete(`/v1/admin/products/${gone.id}`, { token })).status).toBe(204);
      expect((await app.get(`/v1/products/${gone.handle}`)).status).toBe(404);
      expect((await app.delete(`/v1/admin/products/${gone.id}`, { token })).status).toBe(404);
    });

    it.each([
      [
        'a handle that is taken',
        (p: { handle: string }) => ({ handle: p.handle }),
        409,
        'catalog.handle_taken',
        '/handle',
      ],
      ['a reserved handle', () => ({ handle: 'suggestions' }), 409, 'catalog.handle_taken', '/handle'],
      ['a handle with capitals', () => ({ handle: 'Not-Good' }), 400, 'platform.invalid_input', '/handle'],
      [
        'a SKU that is taken',
        (p: { sku: string }) => ({ variants: [{ sku: p.sku }] }),
        409,
        'catalog.sku_taken',
        '/variants/0/sku',
      ],
      [
        'a SKU twice',
        () => ({ variants: [{ sku: 'TWICE' }, { sku: 'TWICE' }] }),
        409,
        'catalog.sku_taken',
        '/variants/1/sku',
      ],
      [
        'an unknown category',
        () => ({ categories: ['nowhere'] }),
        422,
        'catalog.unknown_category',
        '/categories/0',
      ],
      [
        'an unknown location',
        () => ({ variants: [{ sku: 'LOST', stock: [{ location: 'moon', onHand: 1 }] }] }),
        422,
        'catalog.unknown_location',
        '/variants/0/stock/0/location',
      ],
      [
        'a negative price',
        () => ({ variants: [{ sku: 'MINUS', prices: [{ amount: -1, currency: 'EUR' }] }] }),
        400,
        'platform.invalid_input',
        '/variants/0/prices/0/amount',
      ],
      [
        'two prices in a currency',
        () => ({
          variants: [
            {
              sku: 'BOTH',
              prices: [
                { amount: 1, currency: 'EUR' },
                { amount: 2, currency: 'EUR' },
              ],
            },
          ],
        }),
        400,
        'platform.invalid_input',
        '/variants/0/prices/1/currency',
      ],
      ['null for a title', () => ({ title: null }), 400, 'platform.invalid_input', '/title'],
      ['no variant', () => ({ variants: [] }), 400, 'platform.invalid_input', '/variants'],
    ])('is refused with %s, and nothing is made', async (_what, input, status, code, pointer) => {
      const existing = await product();
      const before = await app.database.query('SELECT count(*) FROM catalog.products');
      const extra = input({ handle: existing.handle, sku: existing.variants[0].sku }) as object;
      const answer = await app.post(
        '/v1/admin/products',
        { title: 'X', variants: [{ sku: randomUUID() }], ...extra },
        { token },
      );
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.body.errors[0].pointer).toBe(pointer);
      expect(await app.database.query('SELECT count(*) FROM catalog.products')).toEqual(before);
    });

    it('is changed under its version only', async () => {
      const made = await product();
      const path = `/v1/admin/products/${made.id}`;
      const first = await app.patch(
        path,
        { title: 'New', brand: null },
        { token, headers: { 'if-match': '"1"' } },
      );
      expect([first.status, first.body.version, first.headers.get('etag')]).toEqual([200, 2, '"2"']);
      expect(
        (await app.patch(path, { title: 'Late' }, { token, headers: { 'if-match': '"1"' } })).status,
      ).toBe(412);
      expect((await app.get(`/v1/products/${made.handle}`)).body.title).toBe('New');
      expect((await app.patch(`/v1/admin/products/${randomUUID()}`, { title: 'x' }, { token })).status).toBe(
        404,
      );
    });

    it('changes with its variants, each under its own version', async () => {
      const made = await product({
        options: [{ name: 'Size', values: ['S', 'M', 'L'] }],
        variants: [{ sku: `M-${randomUUID()}`, options: { Size: 'M' } }],
      });
      const other = await product();
      const path = `/v1/admin/products/${made.id}/variants`;
      const added = await app.post(path, { sku: `ADDED-${made.id}`, options: { Size: 'L' } }, { token });
      expect([added.status, added.body.variants.length, added.body.variants[1].title]).toEqual([201, 2, 'L']);
      const twice = await app.post(path, { sku: other.variants[0].sku, options: { Size: 'S' } }, { token });
      expect([twice.body.code, twice.body.errors[0].pointer]).toEqual(['catalog.sku_taken', '/sku']);
      const variant = `/v1/admin/variants/${added.body.variants[1].id}`;
      const ifMatch = (version: number) => ({ token, headers: { 'if-match': `"${version}"` } });
      expect((await app.patch(variant, { title: 'Large' }, ifMatch(1))).body.variants[1].title).toBe('Large');
      expect((await app.patch(variant, { title: 'Late' }, ifMatch(1))).status).toBe(412);
      expect((await app.patch(variant, { title: null }, { token })).status).toBe(400);
      expect((await app.patch(`/v1/admin/variants/${randomUUID()}`, {}, { token })).status).toBe(404);
    });

    it.each(['%00', '%F0%9F%A6%8A', "'", randomUUID(), 'a'.repeat(300)])(
      'is unknown, and nothing worse, by the name %s',
      async (key) => {
        expect((await app.get(`/v1/products/${key}`)).status).toBe(404);
        expect((await app.get(`/v1/categories/${key}`)).status).toBe(404);
      },
    );

    it('is answered with the ETag that its next change takes, whatever was done to it', async () => {
      const variant = { sku: randomUUID(), options: { Size: 'S' } };
      const made = await app.post(
        '/v1/admin/products',
        { title: 'Tagged', options: [{ name: 'Size', values: ['S', 'M'] }], variants: [variant] },
        { token },
      );
      const product = `/v1/admin/products/${made.body.id}`;
      const change = async (path: string, body: object, tag: string | null) => {
        const answer = await app.patch(path, body, { token, headers: { 'if-match': tag ?? '' } });
        expect([path, answer.status]).toEqual([path, 200]);
        return answer.headers.get('etag');
      };
      expect(made.headers.get('etag')).toBe(`"${made.body.version}"`);
      const malformed = await app.patch(product, { title: 'x' }, { token, headers: { 'if-match': 'W/"x"' } });
      expect([malformed.status, malformed.body.errors?.[0]?.pointer]).toEqual([400, '/headers/If-Match']);
      await change(product, { title: 'Tagged once' }, made.headers.get('etag'));
      const added = await app.post(
        `${product}/variants`,
        { sku: randomUUID(), options: { Size: 'M' } },
        { token },
      );
      const twice = await change(product, { title: 'Tagged twice' }, added.headers.get('etag'));
      expect((await app.get(product, { token })).headers.get('etag')).toBe(twice);
      const path = `/v1/admin/variants/${made.body.variants[0].id}`;
      const tag = await change(path, { barcode: '1' }, `"${made.body.variants[0].version}"`);
      await change(path, { barcode: '2' }, tag);
      const place = await app.post('/v1/admin/locations', { code: 'tagged', name: 'Tagged' }, { token });
      const location = `/v1/admin/locations/${place.body.id}`;
      await change(
        location,
        { name: 'Tagged twice' },
        await change(location, { name: 'Tagged once' }, place.headers.get('etag')),
      );
    });

    it('was made and changed at instants that are written like all others', async () => {
      const { id } = await product();
      const path = `/v1/admin/products/${id}`;
      const changed = await app.patch(path, { title: 'Later' }, { token });
      const [listed] = (await app.get('/v1/admin/products?limit=1', { token })).body.items;
      for (const body of [changed.body, (await app.get(path, { token })).body, listed])
        for (const instant of [body.createdAt, body.updatedAt])
          expect(instant).toBe(new Date(instant as string).toISOString());
    });

    it('has pictures on the web or in the shop, and no code in their place', async () => {
      const urls = [
        'javascript:alert(1)',
        'data:text/html,x',
        'ftp://x.test/a',
        'JAVASCRIPT:x',
        ' /a',
        'a.jpg',
      ];
      const made = await product({
        media: ['https://x.test/a', 'http://x.test/b', '/media/c'].map((url) => ({ url })),
      });
      for (const url of urls) {
        const changed = await app.patch(`/v1/admin/products/${made.id}`, { media: [{ url }] }, { token });
        const body = { title: 'x', media: [{ url }], variants: [{ sku: randomUUID() }] };
        for (const answer of [changed, await app.post('/v1/admin/products', body, { token })])
          expect(answer).toMatchObject({
            status: 400,
            body: { code: 'platform.invalid_input', errors: [{ pointer: '/media/0/url' }] },
          });
      }
    });

    it('is read by one statement, list and page alike', async () => {
      const made = await product();
      const spies = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'look')];
      // The relay asks for its own in the meantime.
      const ours = () => spies.flatMap(({ mock }) => mock.calls).filter(([sql]) => sql.includes('catalog.'));
      try {
        for (const path of [
          `/v1/products/${made.handle}`,
          `/v1/products/${made.id}`,
          '/v1/products?limit=3',
        ]) {
          for (const spy of spies) spy.mockClear();
          expect((await app.get(`${path}${path.includes('?') ? '&' : '?'}currency=USD`)).status).toBe(200);
          expect(ours()).toHaveLength(1);
          for (const spy of spies) spy.mockClear();
          expect((await app.get(`${path}${path.includes('?') ? '&' : '?'}currency=USD`)).status).toBe(200);
          expect(ours()).toHaveLength(0);
        }
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
    });

    it('has an ETag until it changes', async () => {
      const made = await product();
      const path = `/v1/products/${made.handle}`;
      const first = await app.get(path);
      expect(first.headers.get('cache-control')).toContain('public');
      const known = { headers: { 'if-none-match': first.headers.get('etag') ?? '' } };
      expect((await app.get(path, known)).status).toBe(304);
      await app.patch(`/v1/admin/products/${made.id}`, { title: 'Other' }, { token });
      expect((await app.get(path, known)).status).toBe(200);
    });

    it('shows at most ten variants on a list, and how many there are', async () => {
      const variants = Array.from({ length: 12 }, (_, n) => ({
        sku: `MANY-${n}-${randomUUID()}`,
        prices: [{ amount: 100, currency: 'EUR' }],
      }));
      const made = await product({ brand: 'Many & Co', variants });
      const [item] = (await app.get('/v1/products?brand=Many%20%26%20Co')).body.items;
      expect([item.variantCount, item.variants.length]).toEqual([12, 10]);
      expect((await app.get(`/v1/products/${made.id}`)).body.variants).toHaveLength(12);
    });

    it.each([
      ['post', '/v1/admin/products'],
      ['get', '/v1/admin/products'],
      ['get', `/v1/admin/products/${randomUUID()}`],
      ['patch', `/v1/admin/products/${randomUUID()}`],
      ['delete', `/v1/admin/products/${randomUUID()}`],
      ['post', `/v1/admin/products/${randomUUID()}/variants`],
      ['patch', `/v1/admin/variants/${randomUUID()}`],
      ['post', '/v1/admin/prices'],
      ['get', '/v1/admin/prices'],
      ['post', '/v1/admin/categories'],
      ['patch', `/v1/admin/categories/${randomUUID()}`],
      ['delete', `/v1/admin/categories/${randomUUID()}`],
      ['get', '/v1/admin/stock'],
      ['post', '/v1/admin/stock/movements'],
      ['get', `/v1/admin/stock/${randomUUID()}/movements`],
      ['get', '/v1/admin/locations'],
      ['post', '/v1/admin/locations'],
      ['patch', `/v1/admin/locations/${randomUUID()}`],
    ] as const)('is for staff only: %s %s', async (method, path) => {
      const body = method === 'post' || method === 'patch' ? {} : undefined;
      expect((await app.send(method.toUpperCase(), path, body, { key: randomUUID() })).status).toBe(401);
      const options = { token: customer.token, key: randomUUID() };
      expect((await app.send(method.toUpperCase(), path, body, options)).status).toBe(403);
    });

    it('shows the beginning of its description on a list, without markup', async () => {
      const long = `<p>Soft &amp; <b>blue</b></p>${'x'.repeat(400)}`;
      const { handle, brand } = await product({ description: long, brand: randomUUID() }).then(
        async (made) => ({
          handle: made.handle,
          brand: (await app.get(`/v1/products/${made.handle}`)).body as {
            brand: string;
            description: string;
          },
        }),
      );
      expect(brand.description).toBe(long);
      const [item] = (await app.get(`/v1/products?brand=${brand.brand}`)).body.items;
      expect(item).toMatchObject({
        handle,
        description: expect.stringMatching(/^ Soft &amp; {2}blue {2}x+$/),
      });
      expect(item.description).toHaveLength(300);
    });

    it('is found and listed by both changes when two variants change at once', async () => {
      const brand = randomUUID();
      const { id, variants } = await product({
        brand,
        variants: [{ sku: randomUUID() }, { sku: randomUUID() }],
      });
      const rename = ({ id }: { id: string }, sku: string) =>
        app.patch(`/v1/admin/variants/${id}`, { sku }, { token });
      // Both are on their way before either can write the search row.
      const holder = new pg.Client({ connectionString: app.config.databaseUrl ?? '' });
      await holder.connect();
      try {
        await holder.query('BEGIN');
        await holder.query('SELECT FROM catalog.search_documents WHERE product_id = $1 FOR UPDATE', [id]);
        const [left, right = left] = variants;
        const both = [rename(left, 'LEFTMOST'), rename(right, 'RIGHTMOST')];
        await untilWaiting((sql) => holder.query(sql), 2);
        await holder.query('COMMIT');
        expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
      } finally {
        await holder.end();
      }
      const [item] = (await app.get(`/v1/products?brand=${brand}`)).body.items;
      expect(item.variants.map(({ sku }: { sku: string }) => sku)).toEqual(['LEFTMOST', 'RIGHTMOST']);
      for (const q of ['leftmost', 'rightmost'])
        expect((await app.get(`/v1/products?q=${q}&brand=${brand}`)).body.items).toMatchObject([{ id }]);
    });

    it('takes compare-at prices and a limit of backorders with it, and shows both to staff', async () => {
      const prices = [{ amount: 1999, currency: 'EUR', compareAt: 2499 }];
      const made = await product({ variants: [{ sku: randomUUID(), prices, backorderLimit: 5 }] });
      const sku = randomUUID();
      const added = await app.post(
        `/v1/admin/products/${made.id}/variants`,
        {
          sku,
          prices: [
            { amount: 10, currency: 'EUR', compareAt: null },
            { amount: 9, currency: 'USD', compareAt: 11 },
          ],
        },
        { token },
      );
      expect(added.status).toBe(201);
      const { body } = await app.get(`/v1/admin/products/${made.id}`, { token });
      expect(body.variants).toMatchObject([
        { prices, backorderLimit: 5, retired: false },
        {
          prices: [
            { amount: 10, currency: 'EUR', compareAt: null },
            { amount: 9, currency: 'USD', compareAt: 11 },
          ],
          backorderLimit: 0,
        },
      ]);
      expect((await app.get(`/v1/products/${made.handle}`)).body.variants[0]).toMatchObject({
        price: { amount: 1999, currency: 'EUR' },
        compareAtPrice: { amount: 2499, currency: 'EUR' },
      });
      const low = await app.post(
        `/v1/admin/products/${made.id}/variants`,
        { sku: randomUUID(), prices: [{ amount: 10, currency: 'EUR', compareAt: 10 }] },
        { token },
      );
      expect(low).toMatchObject({
        status: 422,
        body: { code: 'catalog.compare_at_too_low', errors: [{ pointer: '/prices/0/compareAt' }] },
      });
    });

    it('has variants that are retired and brought back; carts that hold them are told', async () => {
      const brand = randomUUID();
      const variant = (amount: number) => ({
        sku: `RETIRED-${randomUUID()}`,
        prices: [{ amount, currency: 'EUR' }],
        stock: [{ location: 'main', onHand: 5 }],
      });
      const made = await product({ brand, variants: [variant(1000), variant(3000)] });
      const [cheap, dear] = made.variants as [{ id: string; sku: string }, { id: string; sku: string }];
      const cart = await fillCart(app, [{ variantId: cheap.id, sku: cheap.sku }]);
      const retire = (retired: boolean) =>
        app.patch(`/v1/admin/variants/${cheap.id}`, { retired }, { token });
      const readiness = async () =>
        (await app.get(`/v1/carts/${cart.id}/readiness`, { cartToken: cart.token })).text;
      const list = (query: string) => app.get(`/v1/products?brand=${brand}${query}`);
      expect(await readiness()).not.toContain('variant_unavailable');

      expect((await app.patch(`/v1/admin/variants/${cheap.id}`, { retired: true }, customer)).status).toBe(
        403,
      );
      expect((await retire(true)).body.variants).toMatchObject([{ retired: true }, { retired: false }]);
      expect(await readiness()).toContain('variant_unavailable');
      const refused = await checkOut(app, cart);
      expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('variant_unavailable')]);
      const fresh = await app.post('/v1/carts', {
        currency: 'EUR',
        lines: [{ variantId: cheap.id, quantity: 1 }],
      });
      expect([fresh.status, fresh.body.code]).toEqual([422, 'ordering.variant_unavailable']);
      expect((await app.get(`/v1/products/${made.handle}`)).body.variants).toMatchObject([{ id: dear.id }]);
      expect((await list('')).body.items).toMatchObject([{ variantCount: 1, variants: [{ id: dear.id }] }]);
      expect((await list('&price[lte]=2000')).body.items).toEqual([]);
      expect((await app.get(`/v1/products?q=${cheap.sku}`)).text).not.toContain(cheap.id);
      const taken = await app.post(`/v1/admin/products/${made.id}/variants`, { sku: cheap.sku }, { token });
      expect(taken.body.code).toBe('catalog.sku_taken');

      expect((await retire(false)).status).toBe(200);
      expect(await readiness()).not.toContain('variant_unavailable');
      expect((await list('&price[lte]=2000')).body.items).toMatchObject([{ variantCount: 2 }]);
      expect((await checkOut(app, cart)).status).toBe(201);
    });

    it('is refused when a text shows nothing, or an option has a value twice', async () => {
      const make = async (extra: object) => {
        const { status, body } = await app.post(
          '/v1/admin/products',
          { title: 'Seen', variants: [{ sku: randomUUID() }], ...extra },
          { token },
        );
        const faults = (body.errors ?? []) as { pointer: string; code: string }[];
        return [status, ...faults.map(({ pointer, code }) => `${pointer} ${code}`)];
      };
      expect(await make({ title: '   ', brand: '\u200b\t' })).toEqual([400, '/title empty', '/brand empty']);
      expect(await make({ variants: [{ sku: ' \u00a0' }] })).toEqual([400, '/variants/0/sku empty']);
      expect(await make({ description: ' ' })).toEqual([201]);
      const options = [{ name: 'Size', values: ['x', 'x'] }];
      expect(await make({ options, variants: [{ sku: randomUUID(), options: { Size: 'x' } }] })).toEqual([
        400,
        '/options/0/values duplicate',
      ]);
      expect((await app.get('/v1/products?q=%20')).status).toBe(200);
    });

    it('is refused as nonsense when its texts cannot be kept or its metadata has no end', async () => {
      const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
      const body = (fields: string) => `{"variants":[{"sku":"${randomUUID()}"}],${fields}}`;
      const send = (fields: string) =>
        app.post('/v1/admin/products', body(fields), {
          token,
          headers: { 'content-type': 'application/json' },
        });
      for (const fields of [
        '"title":"half \\ud83d"',
        '"title":"x","attributes":{"\\uDE00":"y"}',
        '"title":"x","attributes":{"y":"\\\\\\udbff"}',
        '"title":"nul \\u0000"',
        `"title":"deep","metadata":{"a":${deep(20_000)}}`,
        `"title":"deep","attributes":{"a":${deep(100)}}`,
      ])
        expect(await send(fields)).toMatchObject({ status: 400, body: { code: 'platform.invalid_input' } });
      const fine = await send(`"title":"\\ud83d\\ude00 \\\\ud83d","metadata":{"a":${deep(20)}}`);
      expect([fine.status, fine.body.title]).toEqual([201, '😀 \\ud83d']);
      expect((await app.get('/v1/products/%ff')).body).toMatchObject({ code: 'platform.invalid_input' });
    });

    it('is listed and found as it is after every kind of change, by whoever made it', async () => {
      await app.post('/v1/admin/locations', { code: 'listed', name: 'Listed', priority: 30 }, { token });
      const category = async (handle: string) =>
        (await app.post('/v1/admin/categories', { handle, title: handle }, { token })).body.id as string;
      const [above, below] = [await category('listed-above'), await category('listed-below')];
      const brand = randomUUID();
      const variant = (sku: string) => ({
        sku: `${brand}-${sku}`,
        prices: [{ amount: 500, currency: 'EUR' }],
        stock: [{ location: 'main', onHand: 3 }],
      });
      const made = await product({
        brand,
        categories: ['listed-below'],
        variants: [variant('a'), variant('b')],
      });
      const [a, b] = [made.variants[0].id, made.variants[1]?.id ?? ''];
      const line = (extra: object) =>
        JSON.stringify({
          externalId: brand,
          handle: made.handle,
          title: 'Imported',
          brand,
          status: 'published',
          ...extra,
        });
      const importNow = async (extra: object) => {
        const headers = { 'content-type': 'application/x-ndjson' };
        await app.post('/v1/admin/imports', line(extra), { token, headers });
        await app.settle();
      };
      const patch = (path: string, body: object) => app.patch(`/v1/admin/${path}`, body, { token });
      const price = (amount: number, currency: string, compareAt?: number) =>
        app.post(
          '/v1/admin/prices',
          {
            prices: [
              {
                variantId: a,
                price: { amount, currency },
                ...(compareAt && { compareAtPrice: { amount: compareAt, currency } }),
              },
            ],
          },
          { token },
        );
      const received = { variantId: b, location: 'listed', kind: 'received', quantity: 4 };
      const changes: [string, () => Promise<unknown>][] = [
        ['a price', () => price(700, 'EUR', 900)],
        ['another currency', () => price(800, 'USD')],
        [
          'stock',
          () => app.post('/v1/admin/stock/movements', { changes: [received] }, { token, key: randomUUID() }),
        ],
        ['a hold', () => reserve(randomUUID(), [{ variantId: a, quantity: 2 }])],
        ['a limit', () => patch(`variants/${a}`, { backorderLimit: 5 })],
        ['a name', () => patch(`products/${made.id}`, { title: 'Renamed', handle: `h-${brand}` })],
        ['a variant', () => patch(`variants/${a}`, { title: 'Other', options: { Size: 'L' } })],
        ['the name of its category', () => patch(`categories/${below}`, { title: 'Other name' })],
        ['the handle of its category', () => patch(`categories/${below}`, { handle: 'listed-other' })],
        ['the place of its category', () => patch(`categories/${below}`, { parentId: above })],
        ['what lies above its category', () => patch(`categories/${above}`, { title: 'Higher' })],
        ['other categories', () => patch(`products/${made.id}`, { categories: ['listed-above'] })],
        ['a variant less', () => patch(`variants/${a}`, { retired: true })],
        ['no variant', () => patch(`variants/${b}`, { retired: true })],
        ['a variant again', () => patch(`variants/${a}`, { retired: false })],
        ['a variant more', () => app.post(`/v1/admin/products/${made.id}/variants`, variant('c'), { token })],
        ['withdrawn', () => patch(`products/${made.id}`, { status: 'draft' })],
        ['changed while withdrawn', () => price(650, 'EUR')],
        ['published', () => patch(`products/${made.id}`, { status: 'published' })],
        [
          'an import',
          () =>
            patch(`products/${made.id}`, { externalId: brand }).then(() =>
              importNow({ variants: [variant('a')] }),
            ),
        ],
        [
          'an import of prices and stock',
          () =>
            importNow({
              variants: [
                {
                  ...variant('a'),
                  prices: [{ amount: 1, currency: 'JPY' }],
                  stock: [{ location: 'listed', onHand: 9 }],
                },
              ],
            }),
        ],
        ['archived', () => app.delete(`/v1/admin/products/${made.id}`, { token })],
      ];
      const rows = () =>
        app.database.query(
          `SELECT (SELECT json_agg(i ORDER BY i.currency) FROM catalog.list_items i WHERE i.product_id = $1) AS items,
            (SELECT json_agg(p ORDER BY p.currency) FROM catalog.search_prices p WHERE p.product_id = $1) AS prices,
            (SELECT to_json(d) FROM catalog.search_documents d WHERE d.product_id = $1) AS document`,
          [made.id],
        );
      for (const [what, change] of changes) {
        await change();
        const kept = await rows();
        await app.database.transaction(async () => {
          for (const table of ['list_items', 'search_prices', 'search_documents'])
            await app.database.execute(`DELETE FROM catalog.${table} WHERE product_id = $1`, [made.id]);
          await app.app.get(SearchIndex).refresh([made.id]);
        });
        expect([what, kept]).toEqual([what, await rows()]);
        for (const currency of ['EUR', 'USD', 'JPY', 'CHF']) {
          // Signed in: past the memory of pages, whose stock may be a second old.
          const page = await app.get(`/v1/products/${made.id}?currency=${currency}`, { token });
          const list = await app.get(`/v1/products?brand=${brand}&currency=${currency}`, { token });
          if (page.status === 404) {
            expect([what, list.body.items]).toEqual([what, []]);
            continue;
          }
          const { variants, ...shown } = page.body;
          // The page alone shows the way to it, what its attributes are called, and what search engines read.
          for (const field of ['breadcrumbs', 'attributeDetails', 'productType', 'seo']) delete shown[field];
          const item = { ...shown, variants, variantCount: variants.length };
          expect([what, list.body.items]).toEqual([what, [item]]);
        }
      }
    });

    it('is listed by a store that was filled before there were list items', async () => {
      const made = await product({
        description: `<p>${'long '.repeat(100)}</p>`,
        variants: Array.from({ length: 12 }, (_, n) => ({
          sku: randomUUID(),
          options: { Size: `${n}` },
          prices: [{ amount: 100 + n, currency: n % 2 ? 'EUR' : 'USD', compareAt: n === 1 ? 900 : null }],
        })),
      });
      const reduced = { amount: 50, currency: 'EUR' };
      const compareAtPrice = { amount: 900, currency: 'EUR' };
      const prices = [{ variantId: made.variants[1]?.id, price: reduced, compareAtPrice }];
      expect((await app.post('/v1/admin/prices', { prices }, { token })).status).toBe(204);
      const runner = app.app.get(DataSource).createQueryRunner();
      const items = async () =>
        (await runner.query(
          `SELECT i.* FROM catalog.list_items i WHERE NOT EXISTS (
            SELECT FROM catalog.variants v WHERE v.product_id = i.product_id AND v.retired) ORDER BY product_id, currency`,
        )) as { product_id: string }[];
      try {
        await runner.startTransaction();
        const before = await items();
        const retired = new CatalogRetiredVariants1760000010040();
        const listItems = new CatalogListItems1760000010030();
        const media = new CatalogMedia1760000010070();
        const collections = new CatalogCollections1760000010100();
        const categoryPages = new CatalogCategoryPages1760000010090();
        const priceLists = new CatalogPriceLists1760000010110();
        const digitalGoods = new CatalogDigitalGoods1760000010210();
        const priceChanges = new CatalogPriceChanges1760000010120();
        const reviews = new CatalogReviews1760000010300();
        await runner.query(
          'CREATE TEMP TABLE were_retired ON COMMIT DROP AS SELECT product_id FROM catalog.variants WHERE retired',
        );
        await reviews.down(runner);
        await digitalGoods.down(runner);
        await priceChanges.down(runner);
        await priceLists.down(runner);
        await collections.down(runner);
        await categoryPages.down(runner);
        await media.down(runner);
        await retired.down(runner);
        await listItems.down(runner);
        await listItems.up(runner);
        await retired.up(runner);
        await media.up(runner);
        await categoryPages.up(runner);
        await collections.up(runner);
        await priceLists.up(runner);
        await priceChanges.up(runner);
        await digitalGoods.up(runner);
        await reviews.up(runner);
        await runner.query(
          'DELETE FROM catalog.list_items WHERE product_id IN (SELECT product_id FROM were_retired)',
        );
        expect(before.filter(({ product_id }) => product_id === made.id)).toHaveLength(3);
        expect(await items()).toEqual(before);
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    });

    it('is listed with the new name of a category that was renamed while it was made', async () => {
      const { id } = (
        await app.post('/v1/admin/categories', { handle: 'meanwhile', title: 'Before' }, { token })
      ).body;
      const brake = new pg.Client({ connectionString: app.config.databaseUrl ?? '' });
      await brake.connect();
      const waiting = (many: number) => untilWaiting((sql) => brake.query(sql), many);
      try {
        await brake.query('BEGIN');
        await brake.query('LOCK TABLE platform.audit_entries IN ACCESS EXCLUSIVE MODE');
        const brand = randomUUID();
        const making = product({ brand, categories: ['meanwhile'] });
        await waiting(1);
        const renaming = app.patch(`/v1/admin/categories/${id}`, { title: 'After' }, { token });
        await waiting(2);
        await brake.query('COMMIT');
        const { handle } = await making;
        expect((await renaming).status).toBe(200);
        expect((await app.get(`/v1/products/${handle}`)).body.categories[0].title).toBe('After');
        const list = await app.get(`/v1/products?brand=${brand}`);
        expect(list.body.items[0].categories[0].title).toBe('After');
      } finally {
        await brake.end();
      }
    });

    it('is listed to staff page by page, nothing twice', async () => {
      await Promise.all(Array.from({ length: 5 }, () => product({ brand: 'Paged' })));
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const answer = await app.get(
          `/v1/admin/products?brand=Paged&limit=2${cursor ? `&cursor=${cursor}` : ''}`,
          { token },
        );
        seen.push(...answer.body.items.map(({ id }: { id: string }) => id));
        cursor = answer.body.nextCursor;
        await product({ brand: 'Paged' });
      } while (cursor);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBeGreaterThanOrEqual(5);
      expect((await app.get('/v1/admin/products?limit=2&cursor=nonsense', { token })).body.code).toBe(
        'platform.invalid_cursor',
      );
    });
  });

  describe('prices', () => {
    it('are appended, shown at once and kept', async () => {
      const made = await product();
      const variantId = made.variants[0].id;
      const url = `/v1/products/${made.handle}`;
      await app.get(url);
      const set = (price: number, compareAtPrice?: number) =>
        app.post(
          '/v1/admin/prices',
          {
            prices: [
              {
                variantId,
                price: { amount: price, currency: 'EUR' },
                compareAtPrice: compareAtPrice ? { amount: compareAtPrice, currency: 'EUR' } : null,
              },
            ],
          },
          { token },
        );
      expect((await set(1500, 2000)).status).toBe(204);
      expect((await app.get(url)).body.variants[0]).toMatchObject({
        price: { amount: 1500 },
        compareAtPrice: { amount: 2000 },
      });
      expect((await set(1500, 2000)).status).toBe(204);
      expect((await set(1500, 1500)).body.code).toBe('catalog.compare_at_too_low');
      const history = await app.get(`/v1/admin/prices?variantId=${variantId}`, { token });
      expect(history.body.items.map((row: { price: { amount: number } }) => row.price.amount)).toEqual([
        1500, 1999,
      ]);
      await expect(app.database.execute('UPDATE catalog.prices SET amount = 1')).rejects.toThrow(
        'append-only',
      );
      await expect(app.database.execute('DELETE FROM catalog.prices')).rejects.toThrow('append-only');
    });
  });

  describe('categories', () => {
    const make = async (handle: string, parentId: string | null = null) =>
      (await app.post('/v1/admin/categories', { handle, title: handle, parentId }, { token })).body;

    it('move with their subtree and never below themselves', async () => {
      const root = await make('tree-root');
      const middle = await make('tree-middle', root.id);
      const leaf = await make('tree-leaf', middle.id);
      const other = await make('tree-other');
      const cycle = await app.patch(`/v1/admin/categories/${root.id}`, { parentId: leaf.id }, { token });
      expect([cycle.status, cycle.body.code]).toEqual([422, 'catalog.category_cycle']);
      const itself = await app.patch(`/v1/admin/categories/${root.id}`, { parentId: root.id }, { token });
      expect([itself.status, itself.body.code]).toEqual([422, 'catalog.category_cycle']);
      const nowhere = await app.patch(
        `/v1/admin/categories/${root.id}`,
        { parentId: '00000000-0000-7000-8000-00000000dead' },
        { token },
      );
      expect([nowhere.status, nowhere.body.code]).toEqual([422, 'catalog.unknown_category']);
      await app.patch(`/v1/admin/categories/${middle.id}`, { parentId: other.id }, { token });
      const made = await product({ categories: ['tree-leaf'] });
      const below = await app.get('/v1/admin/products?category=tree-other', { token });
      expect((await app.get('/v1/admin/products?category=nowhere', { token })).body.items).toEqual([]);
      expect(below.body.items.map(({ id }: { id: string }) => id)).toContain(made.id);
      expect((await app.get('/v1/admin/products?category=tree-root', { token })).body.items).toEqual([]);
      const inShop = async (category: string) =>
        (await app.get(`/v1/products?category=${category}`)).body.items.length as number;
      expect([await inShop('tree-other'), await inShop('tree-root')]).toEqual([1, 0]);
      await app.patch(`/v1/admin/categories/${middle.id}`, { parentId: root.id }, { token });
      expect([await inShop('tree-other'), await inShop('tree-root')]).toEqual([0, 1]);
      await app.patch(`/v1/admin/categories/${middle.id}`, { parentId: other.id }, { token });
      expect((await app.delete(`/v1/admin/categories/${leaf.id}`, { token })).body.code).toBe(
        'catalog.category_in_use',
      );
      expect((await app.delete(`/v1/admin/categories/${root.id}`, { token })).status).toBe(204);
      expect((await app.get('/v1/categories/tree-leaf')).body.parentId).toBe(middle.id);
      expect(
        (await app.post('/v1/admin/categories', { handle: 'tree-leaf', title: 'x' }, { token })).status,
      ).toBe(409);
    });
  });

  describe('stock', () => {
    it('moves by movements only, and never below what is promised', async () => {
      const made = await product();
      const variantId = made.variants[0].id;
      await reserve(randomUUID(), [{ variantId, quantity: 40 }]);
      const move = (kind: string, quantity: number, reason?: string) =>
        app.post(
          '/v1/admin/stock/movements',
          { changes: [{ variantId, location: 'main', kind, quantity, reason }] },
          { token, key: randomUUID() },
        );
      expect((await move('adjusted', -20, 'stocktake')).body.code).toBe('catalog.stock_promised');
      expect((await move('adjusted', -5)).status).toBe(400);
      expect((await move('received', -5)).status).toBe(400);
      expect((await move('adjusted', -10, 'broken')).status).toBe(204);
      const [row] = await level(variantId);
      expect(row).toMatchObject({ onHand: 40, reserved: 40 });
      const movements = await app.get(`/v1/admin/stock/${row?.id}/movements`, { token });
      expect(
        movements.body.items.map((m: { kind: string; quantity: number }) => [m.kind, m.quantity]),
      ).toEqual([
        ['adjusted', -10],
        ['received', 50],
      ]);
      expect((await app.post('/v1/admin/stock/movements', { changes: [] }, { token })).body.code).toBe(
        'platform.idempotency_key_required',
      );
    });

    it('is held once per reference, given back, and goes from held to allocated to shipped', async () => {
      const variantId = (await product()).variants[0].id;
      const order = randomUUID();
      const lines = [{ variantId, quantity: 3 }];
      await reserve(order, lines);
      await reserve(order, lines);
      expect((await level(variantId))[0]).toMatchObject({ reserved: 3 });
      const inTransaction = <T>(work: () => Promise<T>) => app.database.transaction(work);
      expect(await inTransaction(() => api().allocate(order))).toBe(true);
      expect(await inTransaction(() => api().allocate(order))).toBe(true);
      expect((await level(variantId))[0]).toMatchObject({ onHand: 50, reserved: 0, allocated: 3 });
      await inTransaction(() => api().ship(order, [{ variantId, quantity: 2 }]));
      expect((await level(variantId))[0]).toMatchObject({ onHand: 48, allocated: 1 });
      await expect(inTransaction(() => api().ship(order, [{ variantId, quantity: 2 }]))).rejects.toThrow(
        'More would be shipped',
      );
      await api().release(order);
      await api().release(order);
      expect((await level(variantId))[0]).toMatchObject({ onHand: 48, allocated: 0, reserved: 0 });
    });

    it('counts a hold as free from its expiry on; late money gets it when it is still there, else nothing changes', async () => {
      const variantId = (
        await product({
          variants: [
            {
              sku: randomUUID(),
              prices: [{ amount: 1, currency: 'EUR' }],
              stock: [{ location: 'main', onHand: 2 }],
            },
          ],
        })
      ).variants[0].id;
      const [first, second] = [randomUUID(), randomUUID()] as const;
      const lines = [{ variantId, quantity: 2 }];
      await reserve(first, lines);
      expect(await reserve(second, lines).catch(outOfStock)).toBe(true);
      app.clock.advance({ hours: 2 });
      await reserve(second, lines);
      expect(await app.database.transaction(() => api().allocate(first))).toBe(false);
      expect((await level(variantId))[0]).toMatchObject({ reserved: 2, allocated: 0 });
      await api().release(second);
      expect(await app.database.transaction(() => api().allocate(first))).toBe(true);
      expect((await level(variantId))[0]).toMatchObject({ reserved: 0, allocated: 2 });
    });

    it('is held anew for the same reference when the hold ended, and allocated once', async () => {
      const variantId = (await product()).variants[0].id;
      const order = randomUUID();
      await reserve(order, [{ variantId, quantity: 5 }]);
      app.clock.advance({ hours: 2 });
      await app.run('catalog.free_expired_holds');
      expect((await level(variantId))[0]).toMatchObject({ reserved: 0 });
      await reserve(order, [{ variantId, quantity: 5 }]);
      expect(await app.database.transaction(() => api().allocate(order))).toBe(true);
      expect((await level(variantId))[0]).toMatchObject({ reserved: 0, allocated: 5 });
    });

    it('shows what a hold gave back from its expiry on, before anybody freed it', async () => {
      const brand = randomUUID();
      const { handle, variants } = await product({ brand });
      const variantId = variants[0].id;
      await reserve(randomUUID(), [{ variantId, quantity: 50 }]);
      const available = async () =>
        (await api().sellable([{ variantId, quantity: 1 }], 'EUR', []))[0]?.available;
      expect(await available()).toBe(0);
      app.clock.advance({ hours: 2 });
      expect(await available()).toBe(50);
      expect((await app.get(`/v1/products/${handle}`)).body.variants[0].available).toBe(50);
      const list = await app.get(`/v1/products?brand=${brand}`);
      expect(list.body.items[0].variants[0].available).toBe(50);
    });

    it('is never promised in part when holds end while the money comes', async () => {
      const one = { stock: [{ location: 'main', onHand: 1 }], prices: [{ amount: 1, currency: 'EUR' }] };
      for (let round = 0; round < 15; round++) {
        const made = await product({
          variants: [
            { sku: randomUUID(), ...one },
            { sku: randomUUID(), ...one },
          ],
        });
        const lines = made.variants.map(({ id }) => ({ variantId: id, quantity: 1 }));
        const [late, rival] = [randomUUID(), randomUUID()] as const;
        await reserve(late, lines);
        app.clock.advance({ hours: 2 });
        const [allocated, , taken] = await Promise.all([
          app.database.transaction(() => api().allocate(late)),
          app.run('catalog.free_expired_holds'),
          reserve(rival, lines.slice(1)).then(
            () => true,
            () => false,
          ),
        ]);
        const levels = (await Promise.all(made.variants.map(({ id }) => level(id)))).flat();
        expect(levels.map((row) => row.allocated)).toEqual(allocated ? [1, 1] : [0, 0]);
        expect(allocated && taken).toBe(false);
      }
    });

    it('is never promised in part when only one of two locations has given the hold back', async () => {
      await app.post('/v1/admin/locations', { code: 'split', name: 'Split', priority: 20 }, { token });
      const stock = ['main', 'split'].map((location) => ({ location, onHand: 2 }));
      const prices = [{ amount: 1, currency: 'EUR' }];
      const variantId = (await product({ variants: [{ sku: randomUUID(), prices, stock }] })).variants[0].id;
      const order = randomUUID();
      await reserve(order, [{ variantId, quantity: 3 }]);
      app.clock.advance({ hours: 2 });
      // Writing off at one location frees what has ended there, and there only.
      const change = { variantId, location: 'main', kind: 'adjusted', quantity: -1, reason: 'broken' };
      const written = await app.post(
        '/v1/admin/stock/movements',
        { changes: [change] },
        { token, key: randomUUID() },
      );
      expect(written.status).toBe(204);
      expect(await app.database.transaction(() => api().allocate(order))).toBe(true);
      const promised = (await level(variantId)).reduce((sum, { allocated }) => sum + allocated, 0);
      expect(promised).toBe(3);
      expect(await app.database.query(DRIFT)).toEqual([]);
    });

    it('is held to the new end in all its lines when one of them is taken anew', async () => {
      const [lost, kept] = [(await product()).variants[0].id, (await product()).variants[0].id] as const;
      const lines = [lost, kept].map((variantId) => ({ variantId, quantity: 50 }));
      const order = randomUUID();
      await reserve(order, lines);
      app.clock.advance({ hours: 2 });
      // Somebody looks for the first, and finds that its hold has ended.
      await expect(reserve(randomUUID(), [{ variantId: lost, quantity: 51 }])).rejects.toThrow();
      const rival = randomUUID();
      await reserve(rival, [{ variantId: lost, quantity: 1 }]);
      await api().release(rival);
      await reserve(order, lines);
      for (const variantId of [lost, kept])
        expect(await reserve(randomUUID(), [{ variantId, quantity: 1 }]).catch(outOfStock)).toBe(true);
    });

    it('is held anew when the hold is freed while its owner waits for the row', async () => {
      const variantId = (await product()).variants[0].id;
      const order = randomUUID();
      await reserve(order, [{ variantId, quantity: 5 }]);
      app.clock.advance({ hours: 2 });
      const sweeper = new pg.Client({ connectionString: app.config.databaseUrl ?? '' });
      await sweeper.connect();
      try {
        await sweeper.query('BEGIN');
        await sweeper.query('SELECT FROM catalog.stock WHERE variant_id = $1 FOR UPDATE', [variantId]);
        const again = reserve(order, [{ variantId, quantity: 5 }]);
        await untilWaiting((sql) => sweeper.query(sql));
        await sweeper.query(
          `WITH freed AS (UPDATE catalog.reservations SET state = 'expired' WHERE reference = $1 RETURNING stock_id, quantity)
           UPDATE catalog.stock s SET reserved = s.reserved - f.quantity FROM freed f WHERE s.id = f.stock_id`,
          [order],
        );
        await sweeper.query('COMMIT');
        await again;
      } finally {
        await sweeper.end();
      }
      expect((await level(variantId))[0]).toMatchObject({ reserved: 5 });
    });

    it('is sold beyond what is on hand up to the limit of the variant, what lies there first', async () => {
      const made = await product({
        variants: [{ sku: randomUUID(), backorderLimit: 3, prices: [{ amount: 1, currency: 'EUR' }] }],
      });
      const variantId = made.variants[0].id;
      expect((await app.get(`/v1/products/${made.id}`)).body.variants[0]).toMatchObject({
        available: 0,
        backorder: true,
      });
      const order = randomUUID();
      await reserve(order, [{ variantId, quantity: 3 }]);
      expect(await reserve(randomUUID(), [{ variantId, quantity: 1 }]).catch(outOfStock)).toBe(true);
      await app.database.transaction(() => api().allocate(order));
      const ship = () => app.database.transaction(() => api().ship(order, [{ variantId, quantity: 3 }]));
      expect(await ship().catch(outOfStock)).toBe(true);
      const lower = await app.patch(`/v1/admin/variants/${variantId}`, { backorderLimit: 0 }, { token });
      expect([lower.status, lower.body.code]).toEqual([409, 'catalog.stock_promised']);
      const receive = { variantId, location: 'main', kind: 'received', quantity: 5 };
      await app.post('/v1/admin/stock/movements', { changes: [receive] }, { token, key: randomUUID() });
      await ship();
      expect((await level(variantId))[0]).toMatchObject({ onHand: 2, allocated: 0 });
    });

    it('is not written for what is unknown, nor beyond what can be counted', async () => {
      const variantId = (await product()).variants[0].id;
      const receive = (change: object) =>
        app.post(
          '/v1/admin/stock/movements',
          { changes: [{ variantId, location: 'main', kind: 'received', quantity: 1, ...change }] },
          { token, key: randomUUID() },
        );
      expect((await receive({ variantId: randomUUID() })).status).toBe(404);
      expect((await receive({ location: 'moon' })).status).toBe(422);
      expect((await receive({ quantity: 1_000_000_000 })).status).toBe(400);
      const much = {
        variantId,
        location: 'main',
        kind: 'adjusted',
        quantity: -1_000_000_000,
        reason: 'lost',
      };
      const changes = [much, much, much];
      const away = await app.post('/v1/admin/stock/movements', { changes }, { token, key: randomUUID() });
      expect([away.status, away.body.code]).toEqual([409, 'catalog.stock_promised']);
    });

    it('is shown when all locations together have more than an integer holds', async () => {
      const brand = randomUUID();
      const codes = ['heap-1', 'heap-2', 'heap-3'];
      for (const code of codes) await app.post('/v1/admin/locations', { code, name: code }, { token });
      const stock = codes.map((location) => ({ location, onHand: 1_000_000_000 }));
      const prices = [{ amount: 1, currency: 'EUR' }];
      const { handle, variants } = await product({ brand, variants: [{ sku: randomUUID(), prices, stock }] });
      const page = await app.get(`/v1/products/${handle}`);
      const list = await app.get(`/v1/products?brand=${brand}`);
      const many = { available: 2_147_483_647 };
      expect(page).toMatchObject({ status: 200, body: { variants: [many] } });
      expect(list).toMatchObject({ status: 200, body: { items: [{ variants: [many] }] } });
      await reserve(randomUUID(), [{ variantId: variants[0].id, quantity: 1 }]);
    });

    it('lies at locations that can be renamed and put in another order', async () => {
      const made = await app.post(
        '/v1/admin/locations',
        { code: 'annex', name: 'Anex', priority: 50 },
        { token },
      );
      const path = `/v1/admin/locations/${made.body.id}`;
      const options = { token, headers: { 'if-match': '"1"' } };
      const changed = await app.patch(path, { name: 'Annex', priority: 40 }, options);
      expect(changed.body).toMatchObject({ code: 'annex', name: 'Annex', priority: 40, version: 2 });
      expect((await app.patch(path, { name: 'Late' }, options)).status).toBe(412);
      expect((await app.post('/v1/admin/locations', { code: 'annex', name: 'x' }, { token })).status).toBe(
        409,
      );
    });

    it('comes whole from the first location that has it, else in parts', async () => {
      await app.post('/v1/admin/locations', { code: 'second', name: 'Second', priority: 10 }, { token });
      const stock = [
        { location: 'main', onHand: 2 },
        { location: 'second', onHand: 5 },
      ];
      const variantId = (
        await product({ variants: [{ sku: randomUUID(), prices: [{ amount: 1, currency: 'EUR' }], stock }] })
      ).variants[0].id;
      await reserve(randomUUID(), [{ variantId, quantity: 4 }]);
      expect((await level(variantId)).map(({ location, reserved }) => [location, reserved]).sort()).toEqual([
        ['main', 0],
        ['second', 4],
      ]);
      await reserve(randomUUID(), [{ variantId, quantity: 3 }]);
      expect((await level(variantId)).map(({ location, reserved }) => [location, reserved]).sort()).toEqual([
        ['main', 2],
        ['second', 5],
      ]);
    });

    it('is never oversold by buyers who come at once, and never deadlocks in opposite order', async () => {
      const a = (await product()).variants[0].id;
      const b = (await product()).variants[0].id;
      const attempts = await Promise.allSettled(
        Array.from({ length: 160 }, (_, n) => {
          const lines = [
            { variantId: a, quantity: 1 },
            { variantId: b, quantity: 1 },
          ];
          return reserve(randomUUID(), n % 2 ? lines : lines.reverse());
        }),
      );
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
      const refusals = attempts.flatMap((attempt) =>
        attempt.status === 'rejected' ? [attempt.reason as unknown] : [],
      );
      expect(refusals.every(outOfStock)).toBe(true);
      expect((await level(a))[0]).toMatchObject({ reserved: 50 });
    });

    it('has counters that equal its movements and holds, whatever happens in whatever order', async () => {
      const variantId = (
        await product({
          variants: [
            {
              sku: randomUUID(),
              prices: [{ amount: 1, currency: 'EUR' }],
              stock: [{ location: 'main', onHand: 20 }],
            },
          ],
        })
      ).variants[0].id;
      const references = Array.from({ length: 4 }, () => randomUUID());
      const step = fc.record({
        kind: fc.constantFrom('reserve', 'allocate', 'release', 'ship', 'wait', 'receive'),
        who: fc.integer({ min: 0, max: 3 }),
        quantity: fc.integer({ min: 1, max: 9 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          for (const { kind, who, quantity } of steps) {
            const reference = references[who] ?? '';
            const lines = [{ variantId, quantity }];
            if (kind === 'reserve') await reserve(reference, lines).catch(outOfStock);
            if (kind === 'allocate') await app.database.transaction(() => api().allocate(reference));
            if (kind === 'release') await api().release(reference);
            if (kind === 'ship')
              await app.database.transaction(() => api().ship(reference, lines)).catch(outOfStock);
            if (kind === 'wait') app.clock.advance({ hours: 2 });
            if (kind === 'receive')
              await app.post(
                '/v1/admin/stock/movements',
                { changes: [{ variantId, location: 'main', kind: 'received', quantity }] },
                { token, key: randomUUID() },
              );
            expect(await app.database.query(DRIFT)).toEqual([]);
          }
        }),
        { numRuns: 25 },
      );
    });
  });
});

/** Stock rows whose counters are not the sum of what happened to them. */
const DRIFT = `
  SELECT s.id FROM catalog.stock s
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE kind WHEN 'shipped' THEN -quantity WHEN 'allocated' THEN 0 WHEN 'released' THEN 0 ELSE quantity END), 0) AS on_hand,
      coalesce(sum(CASE kind WHEN 'allocated' THEN quantity WHEN 'released' THEN -quantity WHEN 'shipped' THEN -quantity ELSE 0 END), 0) AS allocated
    FROM catalog.stock_movements m WHERE m.stock_id = s.id
  ) m
  CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS reserved FROM catalog.reservations r WHERE r.stock_id = s.id AND r.state = 'held') r
  WHERE s.on_hand <> m.on_hand OR s.allocated <> m.allocated OR s.reserved <> r.reserved`;
