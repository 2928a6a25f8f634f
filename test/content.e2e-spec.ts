import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given, type GivenProduct } from './support/given.js';

interface Facet {
  code: string;
  label: string;
  values: { value: string; label: string; count: number }[];
}

const SHOE_ATTRIBUTES = [
  {
    ...{ code: 'sole', label: 'Kind of sole', kind: 'enum', required: true },
    options: [
      { value: 'rubber', label: 'Natural rubber' },
      { value: 'cork', label: 'Cork' },
    ],
  },
  { code: 'weight', label: 'Weight', kind: 'number', unit: 'g' },
  { code: 'vegan', label: 'Vegan', kind: 'boolean' },
  {
    ...{ code: 'seasons', label: 'Seasons', kind: 'enum', multiple: true },
    options: ['spring', 'summer', 'winter'].map((value) => ({ value, label: value.toUpperCase() })),
  },
  { code: 'note', label: 'Note', kind: 'text', facet: false },
  { code: 'laces', label: 'Laces', kind: 'reference' },
];

describe('content of the catalog', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const faults = ({ status, body }: Answer) => [
    status,
    body.code,
    (body.errors as { pointer: string; code: string }[]).map(({ pointer, code }) => `${pointer} ${code}`),
  ];
  const handles = (answer: Answer): string[] =>
    (answer.body.items as { handle: string }[]).map(({ handle }) => handle).sort();
  const change = (id: string, body: object, headers: Record<string, string> = {}) =>
    app.patch(`/v1/admin/products/${id}`, body, { token, headers });

  describe('product types', () => {
    const types = '/v1/admin/product-types';

    it('say what their products are told apart by, label it, and cannot be pulled from under them', async () => {
      const laces = await given.product(app, token, { handle: 'laces-red', title: 'Red laces' });
      const shoe = { code: 'shoe', title: 'Shoe', attributes: SHOE_ATTRIBUTES };
      const made = await app.post(types, shoe, { token });
      expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
      expect(made.headers.get('location')).toBe(`${types}/${made.body.id}`);
      expect(
        made.body.attributes.map(({ code, facet }: { code: string; facet: boolean }) => [code, facet]),
      ).toEqual([
        ...['sole', 'weight', 'vegan', 'seasons'].map((code) => [code, true]),
        ...['note', 'laces'].map((code) => [code, false]),
      ]);
      expect(faults(await app.post(types, shoe, { token }))).toEqual([
        409,
        'platform.conflict',
        ['/code taken'],
      ]);
      const odd = [{ code: 'a', label: 'A', kind: 'enum', unit: 'g' }];
      expect(
        faults(await app.post(types, { code: 'odd', title: 'Odd', attributes: odd }, { token })),
      ).toEqual([
        400,
        'platform.invalid_input',
        ['/attributes/0/options does_not_fit', '/attributes/0/unit does_not_fit'],
      ]);

      const runner = await given.product(app, token, {
        handle: 'runner',
        productType: 'shoe',
        attributes: {
          sole: 'rubber',
          weight: 240.5,
          vegan: true,
          seasons: ['summer', 'spring'],
          laces: 'laces-red',
        },
      });
      const clog = await given.product(app, token, {
        handle: 'clog',
        productType: 'shoe',
        attributes: {
          sole: 'cork',
          weight: 900,
          vegan: false,
          seasons: 'winter',
          note: 'Heavy',
          laces: null,
        },
      });
      const free = await given.product(app, token, {
        handle: 'free',
        attributes: { sole: 'rubber', any: [1] },
      });
      const page = (await app.get('/v1/products/runner')).body;
      expect(page.attributes).toEqual({
        ...{ sole: 'rubber', weight: 240.5, vegan: true, seasons: ['summer', 'spring'] },
        laces: laces.id,
      });
      expect(page.productType).toBe('shoe');
      expect(page.attributeDetails).toEqual([
        { code: 'sole', label: 'Kind of sole', kind: 'enum', unit: null, valueLabels: ['Natural rubber'] },
        { code: 'weight', label: 'Weight', kind: 'number', unit: 'g', valueLabels: ['240.5'] },
        { code: 'vegan', label: 'Vegan', kind: 'boolean', unit: null, valueLabels: ['true'] },
        { code: 'seasons', label: 'Seasons', kind: 'enum', unit: null, valueLabels: ['SUMMER', 'SPRING'] },
        { code: 'laces', label: 'Laces', kind: 'reference', unit: null, valueLabels: ['Red laces'] },
      ]);
      const freePage = (await app.get('/v1/products/free')).body;
      expect([freePage.productType, freePage.attributeDetails]).toEqual([null, []]);

      // Lists of values are values, numbers have bounds, and what is no facet is not counted.
      const list = (query: string) => app.get(`/v1/products?${query}`);
      expect(handles(await list('attributes[seasons]=spring'))).toEqual(['runner']);
      expect(handles(await list('attributes[sole]=rubber&attributes[sole]=cork'))).toEqual([
        'clog',
        'free',
        'runner',
      ]);
      expect(handles(await list('attributes[weight][gte]=240.5&attributes[weight][lte]=899'))).toEqual([
        'runner',
      ]);
      expect(handles(await list('attributes[weight][gte]=240.51'))).toEqual(['clog']);
      expect(handles(await list('attributes[note]=Heavy'))).toEqual([]);
      expect(faults(await list('attributes[weight][gt]=1'))).toEqual([
        ...[400, 'platform.invalid_input'],
        ['/attributes/weight not_range'],
      ]);
      const facets: Facet[] = (await list('facets=true&attributes[sole]=cork')).body.facets;
      expect(facets.find(({ code }) => code === 'attributes[sole]')).toEqual({
        ...{ code: 'attributes[sole]', label: 'Kind of sole' },
        values: [
          { value: 'rubber', label: 'Natural rubber', count: 2 },
          { value: 'cork', label: 'Cork', count: 1 },
        ],
      });
      expect(facets.find(({ code }) => code === 'attributes[seasons]')?.values).toEqual([
        { value: 'winter', label: 'WINTER', count: 1 },
      ]);
      expect(facets.map(({ code }) => code)).not.toContain('attributes[note]');

      // What does not fit is told by its place, at every door.
      const wrong = {
        ...{ weight: '5', vegan: 'yes', seasons: ['summer', 'autumn'], laces: 'nowhere', colour: 'red' },
        ...{ note: ['a'] },
      };
      const told = [
        ...['colour unknown_attribute', 'sole required', 'weight not_number'],
        ...['vegan not_boolean', 'seasons unknown_value', 'note not_single', 'laces unknown_product'],
      ].map((fault) => `/attributes/${fault}`);
      expect(faults(await change(runner.id, { attributes: wrong }))).toEqual([
        422,
        'catalog.odd_attributes',
        told,
      ]);
      expect(faults(await change(free.id, { productType: 'shoe' }))).toEqual([
        ...[422, 'catalog.odd_attributes'],
        ['/attributes/any unknown_attribute'],
      ]);
      expect(faults(await change(free.id, { productType: 'boot' }))).toEqual([
        ...[422, 'catalog.unknown_product_type'],
        ['/productType unknown_product_type'],
      ]);
      const ofType = await app.get('/v1/admin/products?productType=shoe', { token });
      expect(handles(ofType)).toEqual(['clog', 'runner']);

      // A type does not change under its products.
      const path = `${types}/${made.body.id}`;
      const alter = (attributes: object[], headers = {}) =>
        app.patch(path, { attributes }, { token, headers });
      const [sole, weight, vegan, seasons, note, reference] = SHOE_ATTRIBUTES as [
        object,
        object,
        object,
        object,
        object,
        object,
      ];
      const rest = [vegan, seasons, note, reference];
      const inUse = async (answer: Promise<Answer>) => {
        const { status, body } = await answer;
        const errors = body.errors as { pointer: string; message: string }[];
        return [
          status,
          body.code,
          body.products,
          ...errors.map(({ pointer, message }) => `${pointer} ${message}`),
        ];
      };
      expect(await inUse(alter([sole, ...rest]))).toEqual([
        ...[409, 'catalog.product_type_in_use', 2],
        '/attributes 2 products have weight',
      ]);
      const rubber = { ...sole, options: [{ value: 'rubber', label: 'Rubber' }] };
      expect(
        await inUse(
          alter([
            rubber,
            { ...weight, kind: 'text', unit: null },
            vegan,
            seasons,
            { ...note, required: true },
            reference,
          ]),
        ),
      ).toEqual([
        ...[409, 'catalog.product_type_in_use', 2],
        '/attributes/0 1 products have values of sole that are left out',
        '/attributes/1 2 products have weight',
        '/attributes/4 1 products lack note',
      ]);
      expect(
        await inUse(
          alter([
            sole,
            weight,
            vegan,
            { ...seasons, options: [{ value: 'winter', label: 'W' }] },
            note,
            reference,
          ]),
        ),
      ).toEqual([
        ...[409, 'catalog.product_type_in_use', 1],
        '/attributes/3 1 products have values of seasons that are left out',
      ]);
      expect((await alter([sole], { 'if-match': '"7"' })).status).toBe(412);
      const relabelled = { ...sole, label: 'Sole', facet: false };
      expect((await alter([relabelled, weight, vegan, seasons, note])).body.products).toBe(1);
      const fine = await alter([weight, relabelled, vegan, seasons, { ...note, facet: true }, reference], {
        'if-match': '"1"',
      });
      expect([fine.status, fine.headers.get('etag')]).toEqual([200, '"2"']);
      expect(handles(await list('attributes[note]=Heavy'))).toEqual(['clog']);
      expect(handles(await list('attributes[sole]=cork'))).toEqual([]);
      expect((await app.get('/v1/products/runner')).body.attributeDetails[1].label).toBe('Sole');

      expect((await app.delete(path, { token })).body).toMatchObject({
        code: 'catalog.product_type_in_use',
        products: 2,
      });
      expect(
        (await change(runner.id, { productType: null, attributes: { anything: { goes: true } } })).status,
      ).toBe(200);
      expect((await app.delete(`/v1/admin/products/${clog.id}`, { token })).status).toBe(204);
      expect((await app.delete(path, { token, headers: { 'if-match': '"1"' } })).status).toBe(412);
      expect((await app.delete(path, { token })).status).toBe(204);
      expect((await app.get(path, { token })).status).toBe(404);
      const trail = await app.get(`/v1/admin/audit?subjectId=${made.body.id}`, { token });
      expect((trail.body.items as { action: string }[]).map(({ action }) => action)).toEqual(
        ['deleted', 'updated', 'created'].map((what) => `catalog.product_type.${what}`),
      );
      const reader = await given.staff(app, ['support'], token);
      expect((await app.post(types, shoe, { token: reader.token })).status).toBe(403);
      expect((await app.get(types)).status).toBe(401);
    });

    it('find what they refer to by its id, however many products there are', async () => {
      const attributes = [{ code: 'goes-with', label: 'Goes with', kind: 'reference' }];
      expect((await app.post(types, { code: 'lid', title: 'Lid', attributes }, { token })).status).toBe(201);
      const pot = await given.product(app, token, { title: 'Pot' });
      const lid = { productType: 'lid', attributes: { 'goes-with': pot.id } };
      const { id } = await given.product(app, token, lid);
      const looked = jest.spyOn(app.database, 'look');
      try {
        const { body } = await app.get(`/v1/products/${id}`);
        expect(body.attributeDetails).toMatchObject([{ valueLabels: ['Pot'] }]);
        const [sql, values] = looked.mock.calls.find(([text]) => text.includes('attributeDetails')) ?? [''];
        // Among thousands, who are gone again afterwards.
        const plan = await app.database.rehearse(async () => {
          await app.database.execute(
            `INSERT INTO catalog.products (id, handle, title, status, tax_class, published_at)
             SELECT gen_random_uuid(), 'crowd-' || n, 'One of many', 'published', 'standard', now() FROM generate_series(1, 5000) n`,
          );
          await app.database.execute('ANALYZE catalog.products');
          return app.database.query<Record<string, string>>(`EXPLAIN ${sql}`, values);
        });
        const lines = plan.map((line) => line['QUERY PLAN'] ?? '');
        const looks = lines.filter((_, at) => lines[at - 1]?.includes('on products r'));
        expect(looks.length).toBeGreaterThan(0);
        expect(looks.filter((line) => !/Index Cond: .*\(id = /.test(line))).toEqual([]);
      } finally {
        looked.mockRestore();
      }
    });

    it('hold for what comes in files, line by line', async () => {
      const attributes = [{ code: 'pages', label: 'Pages', kind: 'number', required: true }];
      await app.post(types, { code: 'book', title: 'Book', attributes }, { token });
      const line = (name: string, rest: object) =>
        JSON.stringify({
          externalId: name,
          handle: name,
          title: name,
          status: 'published',
          variants: [{ sku: name }],
          ...rest,
        });
      const bring = async (...lines: string[]) => {
        const headers = { 'content-type': 'application/x-ndjson' };
        const { body } = await app.post('/v1/admin/imports', lines.join('\n'), { token, headers });
        await app.settle();
        const errors = (await app.get(`/v1/admin/imports/${body.id}/errors`, { token })).body.items;
        return (errors as { pointer: string; code: string }[]).map(
          ({ pointer, code }) => `${pointer} ${code}`,
        );
      };
      expect(
        await bring(
          line('atlas', { productType: 'book', attributes: { pages: 320 } }),
          line('novel', { productType: 'book', attributes: { pages: 'many' } }),
          line('diary', { productType: 'paper' }),
        ),
      ).toEqual(['/attributes/pages not_number', '/productType unknown_product_type']);
      expect(handles(await app.get('/v1/products?attributes[pages][gte]=320'))).toEqual(['atlas']);
      // The product keeps its type, and the file is held against it.
      expect(await bring(line('atlas', { attributes: {} }))).toEqual(['/attributes/pages required']);
      expect(await bring(line('atlas', { attributes: { pages: 12 } }))).toEqual([]);
      expect(handles(await app.get('/v1/products?attributes[pages][lte]=12'))).toEqual(['atlas']);
    });

    it('change and are used one after the other', async () => {
      const attributes = [{ code: 'size', label: 'Size', kind: 'text' }];
      const type = (await app.post(types, { code: 'raced', title: 'Raced', attributes }, { token })).body;
      const products: GivenProduct[] = [];
      for (let n = 0; n < 6; n++)
        products.push(await given.product(app, token, { handle: `raced-${n}-${randomUUID()}` }));
      const answers = await Promise.all([
        ...products.map(({ id }) => change(id, { productType: 'raced', attributes: { size: 'M' } })),
        app.patch(`${types}/${type.id}`, { attributes: [] }, { token }),
        app.patch(`${types}/${type.id}`, { attributes: [{ ...attributes[0], facet: false }] }, { token }),
      ]);
      expect(
        answers.map(({ status }) => status).filter((status) => ![200, 409, 422].includes(status)),
      ).toEqual([]);
      // Whoever came first: what products have, their type knows.
      const known = new Set(
        (await app.get(`${types}/${type.id}`, { token })).body.attributes.map(
          ({ code }: { code: string }) => code,
        ),
      );
      const having = (await app.get('/v1/admin/products?productType=raced', { token })).body.items;
      for (const { attributes: own } of having as { attributes: object }[])
        for (const code of Object.keys(own)) expect(known).toContain(code);
    });
  });

  describe('a product', () => {
    it('says what search engines show, and keeps notes for staff alone', async () => {
      const made = await given.product(app, token, {
        handle: 'noted',
        seo: { title: 'Noted, the best' },
        metadata: { erp: { id: 7 } },
        variants: [{ sku: 'NOTED', metadata: { bin: 'A7' } }],
      });
      const staffSees = async () => (await app.get(`/v1/admin/products/${made.id}`, { token })).body;
      expect(await staffSees()).toMatchObject({
        seo: { title: 'Noted, the best', description: null },
        metadata: { erp: { id: 7 } },
        related: [],
        variants: [{ metadata: { bin: 'A7' } }],
      });
      const page = await app.get('/v1/products/noted');
      expect(page.body.seo).toEqual({ title: 'Noted, the best', description: null });
      for (const { text } of [page, await app.get('/v1/products?limit=100')]) {
        expect(text).not.toContain('A7');
        expect(text).not.toContain('erp');
      }
      const [{ id: variantId }] = made.variants;
      const patched = await app.patch(
        `/v1/admin/variants/${variantId}`,
        { metadata: { bin: 'B1' } },
        { token },
      );
      expect(patched.body.variants[0].metadata).toEqual({ bin: 'B1' });
      expect((await change(made.id, { seo: { description: 'Only this' } })).body.seo).toEqual({
        title: null,
        description: 'Only this',
      });
      const large = { blob: 'x'.repeat(16_384) };
      expect(faults(await change(made.id, { metadata: large }))).toEqual([
        ...[400, 'platform.invalid_input'],
        ['/metadata too_large'],
      ]);
      const ofVariant = await app.patch(`/v1/admin/variants/${variantId}`, { metadata: large }, { token });
      expect(faults(ofVariant)[2]).toEqual(['/metadata too_large']);
    });

    it('goes with others in the order that was picked, for as long as the shop shows them', async () => {
      const make = (handle: string, extra: object = {}) => given.product(app, token, { handle, ...extra });
      const [pen, ink, paper] = [
        await make('pen'),
        await make('ink'),
        await make('paper', { status: 'draft' }),
      ];
      const desk = await make('desk', { related: ['paper', pen.id.toUpperCase(), 'ink'] });
      const path = '/v1/products/desk/related';
      const order = async () => {
        const { status, body } = await app.get(path);
        return status === 200 ? (body.items as { handle: string }[]).map(({ handle }) => handle) : status;
      };
      expect(await order()).toEqual(['pen', 'ink']);
      const spies = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'look')];
      const ours = () => spies.flatMap(({ mock }) => mock.calls).filter(([sql]) => sql.includes('catalog.'));
      try {
        const answer = await app.get(`/v1/products/${desk.id}/related?currency=EUR`);
        const listed = (await app.get('/v1/products?limit=100')).body.items as { handle: string }[];
        expect(answer.body.items).toEqual(
          ['pen', 'ink'].map((name) => listed.find(({ handle }) => handle === name)),
        );
        // One of them is the list.
        expect(ours()).toHaveLength(2);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
      const seen = (await app.get(`/v1/admin/products/${desk.id}`, { token })).body.related;
      expect(seen.map(({ handle, status }: { handle: string; status: string }) => [handle, status])).toEqual([
        ['paper', 'draft'],
        ['pen', 'published'],
        ['ink', 'published'],
      ]);
      await change(paper.id, { status: 'published' });
      await change(ink.id, { status: 'draft' });
      expect(await order()).toEqual(['paper', 'pen']);
      await app.delete(`/v1/admin/products/${pen.id}`, { token });
      expect(await order()).toEqual(['paper']);
      expect((await change(desk.id, { title: 'Desk, again' })).body.related).toHaveLength(2);
      expect(faults(await change(desk.id, { related: ['desk', 'ink', ink.id, 'pen', 'nowhere'] }))).toEqual([
        ...[422, 'catalog.unknown_product'],
        [
          '/related/0 itself',
          '/related/2 duplicate',
          '/related/3 unknown_product',
          '/related/4 unknown_product',
        ],
      ]);
      expect((await change(desk.id, { related: Array.from({ length: 21 }, () => 'ink') })).status).toBe(400);
      await change(desk.id, { related: ['ink'] });
      expect(await order()).toEqual([]);
      await change(desk.id, { status: 'draft' });
      expect(await order()).toBe(404);
      expect((await app.get('/v1/products/nowhere/related')).status).toBe(404);
    });
  });

  describe('translations', () => {
    const put = (path: string, body: object, headers: Record<string, string> = {}) =>
      app.put(`/v1/admin/${path}`, body, { token, headers });
    const read = (path: string, language?: string) =>
      app.get(path, language === undefined ? {} : { headers: { 'accept-language': language } });
    let kettle: GivenProduct;
    const ids: Record<string, string> = {};

    beforeAll(async () => {
      const category = await app.post(
        '/v1/admin/categories',
        { handle: 'kitchen', title: 'Kitchen', description: 'For cooks.', seoTitle: 'Kitchen things' },
        { token },
      );
      const collection = await app.post(
        '/v1/admin/collections',
        { handle: 'winter', title: 'Winter', kind: 'manual', status: 'published' },
        { token },
      );
      const type = await app.post(
        '/v1/admin/product-types',
        {
          ...{ code: 'kettle', title: 'Kettle' },
          attributes: [
            { code: 'volume', label: 'Volume', kind: 'number', unit: 'l' },
            {
              ...{ code: 'metal', label: 'Metal', kind: 'enum' },
              options: [
                { value: 'steel', label: 'Steel' },
                { value: 'copper', label: 'Copper' },
              ],
            },
          ],
        },
        { token },
      );
      Object.assign(ids, { category: category.body.id, collection: collection.body.id, type: type.body.id });
      const others = await given.product(app, token, { handle: 'cosy', title: 'Cosy' });
      kettle = await given.product(app, token, {
        ...{ handle: 'kettle', title: 'Kettle', description: 'It <b>sings</b>.', seo: { title: 'Kettles' } },
        ...{ categories: ['kitchen'], productType: 'kettle', attributes: { volume: 1.5, metal: 'steel' } },
        related: ['cosy'],
        options: [
          { name: 'Colour', values: ['Red', 'Blue'] },
          { name: 'Size', values: ['S'] },
        ],
        variants: [
          {
            sku: 'KETTLE-R',
            options: { Colour: 'Red', Size: 'S' },
            prices: [{ amount: 4900, currency: 'EUR' }],
          },
          { sku: 'KETTLE-B', title: 'The blue one', options: { Colour: 'Blue', Size: 'S' } },
        ],
      });
      await app.put(
        `/v1/admin/collections/${ids.collection}/products`,
        { productIds: [kettle.id] },
        { token },
      );
      ids.cosy = others.id;
    });

    const german = {
      title: 'Kessel',
      seo: { title: 'Wasserkessel' },
      options: [{ option: 'Colour', name: 'Farbe', values: { Red: 'Rot', Blue: 'Blau' } }],
    };

    it('are kept per language, and refused for what there is not', async () => {
      const path = `products/${kettle.id}/translations`;
      const alike = [{ option: 'Colour', name: 'Size', values: { Red: 'Rot', Blue: 'Rot' } }];
      expect(faults(await put(`${path}/DE`, { options: alike }))[2]).toEqual([
        '/options/0/name duplicate',
        ...['Red', 'Blue'].map((value) => `/options/0/values/${value} duplicate`),
      ]);
      const first = await put(`${path}/DE`, german);
      expect([first.status, first.headers.get('etag'), first.body.locale]).toEqual([200, '"1"', 'de']);
      expect(first.body.texts).toEqual(german);
      expect((await put(`${path}/de`, german, { 'if-match': '"3"' })).status).toBe(412);
      expect((await put(`${path}/de`, german, { 'if-match': '"1"' })).body.version).toBe(2);
      await put(`${path}/de-AT`, {
        description: 'Er singt.',
        options: [{ option: 'Colour', values: { Red: 'Knallrot' } }],
      });
      expect((await app.get(`/v1/admin/${path}/de-at`, { token })).body.texts).toEqual({
        description: 'Er singt.',
        options: [{ option: 'Colour', values: { Red: 'Knallrot' } }],
      });
      expect((await app.get(`/v1/admin/${path}/fr`, { token })).status).toBe(404);
      const odd = {
        options: [
          { option: 'Weight' },
          { option: 'Colour', values: { Green: 'Grün', Red: 'x'.repeat(121) } },
        ],
      };
      expect(faults(await put(`${path}/de`, odd))).toEqual([
        ...[422, 'catalog.odd_translation'],
        [
          '/options/0 unknown_name',
          '/options/1/values/Green unknown_value',
          '/options/1/values/Red too_long',
        ],
      ]);
      expect((await put(`${path}/en`, german)).body.code).toBe('catalog.odd_translation');
      expect(faults(await put(`${path}/deutsch`, german))).toEqual([
        ...[400, 'platform.invalid_input'],
        ['/locale not_locale'],
      ]);
      expect((await put(`products/${randomUUID()}/translations/de`, german)).status).toBe(404);
      expect((await put(`categories/${kettle.id}/translations/de`, { title: 'Küche' })).status).toBe(404);
      await put(`categories/${ids.category}/translations/de`, {
        title: 'Küche',
        seo: { description: 'Alles' },
      });
      await put(`collections/${ids.collection}/translations/de`, {
        title: 'Winterzeit',
        description: 'Kalt.',
      });
      const labels = [
        { attribute: 'metal', label: 'Metall', options: { steel: 'Stahl' } },
        { attribute: 'volume', label: 'Inhalt' },
      ];
      expect(
        (await put(`product-types/${ids.type}/translations/de`, { attributes: labels })).body.texts,
      ).toEqual({
        attributes: labels,
      });
      expect(
        (await put(`product-types/${ids.type}/translations/de`, { attributes: [{ attribute: 'lid' }] }))
          .status,
      ).toBe(422);
      const listed = await app.get('/v1/admin/translations?locale=de&limit=3', { token });
      expect([listed.body.items.length, listed.body.nextCursor !== null]).toEqual([3, true]);
      const ofKettle = await app.get(`/v1/admin/translations?subjectId=${kettle.id}`, { token });
      expect((ofKettle.body.items as { locale: string }[]).map(({ locale }) => locale)).toEqual([
        'de',
        'de-AT',
      ]);
      const trail = await app.get(`/v1/admin/audit?subjectId=${ids.category}`, { token });
      expect(trail.body.items[0]).toMatchObject({
        action: 'catalog.translation.written',
        details: { locale: 'de' },
      });
    });

    it('are what the shop says in the language, text by text with what they fall back to', async () => {
      const own = (await read('/v1/products/kettle')).body;
      const { body, headers } = await read('/v1/products/kettle?locale=de-at');
      expect(headers.get('content-language')).toBe('de-AT');
      expect(headers.get('vary')).not.toContain('Accept-Language');
      expect(body).toEqual({
        ...own,
        ...{ title: 'Kessel', description: 'Er singt.', seo: { title: 'Wasserkessel', description: null } },
        categories: [{ ...own.categories[0], title: 'Küche' }],
        breadcrumbs: [{ ...own.breadcrumbs[0], title: 'Küche' }],
        options: [
          { name: 'Farbe', values: ['Knallrot', 'Blau'] },
          { name: 'Size', values: ['S'] },
        ],
        attributeDetails: [
          { ...own.attributeDetails[0], label: 'Inhalt' },
          { ...own.attributeDetails[1], label: 'Metall', valueLabels: ['Stahl'] },
        ],
        variants: [
          { ...own.variants[0], title: 'Knallrot / S', options: { Farbe: 'Knallrot', Size: 'S' } },
          { ...own.variants[1], title: 'The blue one', options: { Farbe: 'Blau', Size: 'S' } },
        ],
      });
      expect((await read(`/v1/products/${kettle.id}?locale=de-CH`)).body.options[0].values).toEqual([
        'Rot',
        'Blau',
      ]);

      // A list says the same, and is what it is otherwise.
      const plain = (await read('/v1/products?category=kitchen')).body.items[0];
      const [item] = (await read('/v1/products?category=kitchen&locale=de')).body.items;
      expect(item).toEqual({
        ...plain,
        ...{ title: 'Kessel', categories: body.categories },
        options: [{ name: 'Farbe', values: ['Rot', 'Blau'] }, plain.options[1]],
        variants: [
          { ...plain.variants[0], title: 'Rot / S', options: { Farbe: 'Rot', Size: 'S' } },
          { ...plain.variants[1], options: { Farbe: 'Blau', Size: 'S' } },
        ],
      });
      const facets: Facet[] = (await read('/v1/products?category=kitchen&locale=de&facets=true')).body.facets;
      expect(facets.map(({ code, label, values }) => [code, label, values[0]?.label])).toEqual([
        ['category', 'Category', 'Küche'],
        ['price', 'Price', '20 to 50 EUR'],
        ['attributes[metal]', 'Metall', 'Stahl'],
        ['attributes[volume]', 'Inhalt', '1.5'],
      ]);
      expect((await read('/v1/products?collection=winter&locale=de')).body.items).toEqual([item]);
      await put(`products/${ids.cosy}/translations/de`, { title: 'Haube' });
      expect((await read('/v1/products/kettle/related?locale=de')).body.items[0].title).toBe('Haube');
      expect((await read('/v1/categories?locale=de')).body.items[0].title).toBe('Küche');
      expect((await read('/v1/categories/kitchen?locale=de')).body).toMatchObject({
        ...{ title: 'Küche', description: 'For cooks.', seoTitle: 'Kitchen things', seoDescription: 'Alles' },
      });
      expect((await read('/v1/collections/winter?locale=de')).body).toMatchObject({
        title: 'Winterzeit',
        description: 'Kalt.',
      });
      const shown = (await read('/v1/collections?locale=de')).body.items as {
        handle: string;
        title: string;
      }[];
      expect(shown.find(({ handle }) => handle === 'winter')?.title).toBe('Winterzeit');
      // Signed in, the same.
      const customer = await given.customer(app);
      const signedIn = await app.get('/v1/products/kettle?locale=de', { token: customer.token });
      expect(signedIn.body.title).toBe('Kessel');
      expect(faults(await read('/v1/products/kettle?locale=nonsense'))[2]).toEqual(['/locale not_locale']);
    });

    it('are found in their own words, beside what is not translated', async () => {
      const make = async (handle: string, title: string, texts: Record<string, object> = {}) => {
        const { id } = await given.product(app, token, { handle, title });
        for (const [locale, own] of Object.entries(texts))
          await put(`products/${id}/translations/${locale}`, own);
        return id;
      };
      await make('chair', 'Oak chair', {
        de: { title: 'Eichenstuhl', description: 'Stühle für Häuser.' },
        'de-AT': { title: 'Sessel aus Eiche' },
        pl: { title: 'Krzesło dębowe' },
      });
      await make('stool', 'Oak stool');
      const found = async (q: string, locale: string, rest = '') => {
        const { status, body } = await read(
          `/v1/products?q=${encodeURIComponent(q)}&locale=${locale}${rest}`,
        );
        return status === 200 ? (body.items as { handle: string }[]).map(({ handle }) => handle) : status;
      };
      // Cut as the language cuts its words, with accents or without.
      expect(await found('Häuser', 'de')).toEqual(['chair']);
      expect(await found('haus', 'de')).toEqual(['chair']);
      expect(await found('eichenstuhl', 'de')).toEqual(['chair']);
      expect(await found('sessel', 'de-AT')).toEqual(['chair']);
      expect(await found('hauser', 'de-AT')).toEqual(['chair']);
      expect(await found('krzesło', 'pl')).toEqual(['chair']);
      // What a language does not have is not found in it; what is not translated is, by the words of the shop.
      expect(await found('sessel', 'de')).not.toContain('chair');
      expect(await found('stools', 'de')).toEqual(['stool']);
      expect(await found('oak', 'de')).toEqual(['stool']);
      expect((await found('oak', 'en')) as string[]).toEqual(expect.arrayContaining(['chair', 'stool']));
      expect(await found('oak', 'fr')).toEqual(await found('oak', 'en'));
      // A slip is a slip of that language too; filters, facets and orders go with it.
      expect(await found('eichenstul', 'de')).toEqual(['chair']);
      expect(await found('eichenstuhl', 'de', '&sort=price')).toEqual(['chair']);
      const faceted = (await read('/v1/products?q=haus&locale=de&facets=true&sort=title')).body;
      expect((faceted.facets as Facet[]).find(({ code }) => code === 'price')?.values[0]?.count).toBe(1);
      // By the name of its category, as it is called there.
      expect(await found('küche', 'de')).toEqual(['kettle']);
      expect(await found('rot', 'de')).toEqual(['kettle']);
      // Page by page each once.
      const pages: string[] = [];
      let path: string | null = '/v1/products?q=oak+eiche+sessel&locale=de-AT&limit=1';
      while (path !== null) {
        const { body, headers } = await read(path);
        pages.push(...(body.items as { handle: string }[]).map(({ handle }) => handle));
        path = /^<([^>]+)>/.exec(headers.get('link') ?? '')?.[1] ?? null;
      }
      expect(pages.sort()).toEqual(['chair', 'stool']);
      const spies = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'look')];
      try {
        await read('/v1/products?q=haus&locale=de&facets=true&limit=7');
        expect(
          spies.flatMap(({ mock }) => mock.calls).filter(([sql]) => sql.includes('catalog.')),
        ).toHaveLength(1);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
    });

    it('go by Accept-Language, and no kept page is given to somebody of another language', async () => {
      const path = '/v1/products/kettle';
      const of = async (language?: string) => {
        const { status, body, headers } = await read(path, language);
        expect([status, headers.get('vary')]).toEqual([200, expect.stringContaining('Accept-Language')]);
        return [body.title, headers.get('content-language')];
      };
      const spies = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'look')];
      const ours = () =>
        spies.flatMap(({ mock }) => mock.calls).filter(([sql]) => sql.includes('catalog.')).length;
      try {
        const wishes: [string | undefined, string, string][] = [
          [undefined, 'Kettle', 'en'],
          ['*', 'Kettle', 'en'],
          ['de', 'Kessel', 'de'],
          ['de-DE,de;q=0.9,en;q=0.8', 'Kessel', 'de'],
          ['de-AT', 'Kessel', 'de-AT'],
          ['en-GB,en;q=0.9,de;q=0.8', 'Kettle', 'en'],
          ['fr;q=1, de;q=0.5', 'Kessel', 'de'],
          ['fr', 'Kettle', 'en'],
          ['de;q=0, *', 'Kettle', 'en'],
        ];
        // Twice: the second time all of them are kept, those of one language under one key.
        for (const round of [1, 2]) {
          for (const [language, title, found] of wishes)
            expect([round, language, await of(language)]).toEqual([round, language, [title, found]]);
        }
        expect(ours()).toBe(3);
        const known = (await read(path, 'de')).headers.get('etag') ?? '';
        const same = (language: string) =>
          app.get(path, { headers: { 'accept-language': language, 'if-none-match': known } });
        expect([(await same('de')).status, (await same('en')).status]).toEqual([304, 200]);
        for (const spy of spies) spy.mockClear();
        await read('/v1/products?locale=de&facets=true&limit=5');
        await read('/v1/categories?locale=de&depth=1');
        expect(ours()).toBe(2);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
      await put(`products/${kettle.id}/translations/fr`, { title: 'Bouilloire' });
      expect(await of('fr')).toEqual(['Bouilloire', 'fr']);
      const french = `/v1/admin/products/${kettle.id}/translations/fr`;
      expect((await app.delete(french, { token, headers: { 'if-match': '"9"' } })).status).toBe(412);
      expect((await app.delete(french, { token })).status).toBe(204);
      expect((await app.delete(french, { token })).status).toBe(404);
      expect(await of('fr')).toEqual(['Kettle', 'en']);
    });
  });

  describe('a draft of a live product', () => {
    const draftOf = (id: string) => `/v1/admin/products/${id}/draft`;
    const write = (id: string, body: object, headers: Record<string, string> = {}) =>
      app.put(draftOf(id), body, { token, headers });
    const publish = (id: string, body: object = {}, headers: Record<string, string> = {}) =>
      app.post(`${draftOf(id)}/publication`, body, { token, headers });
    const staffSees = async (id: string) => (await app.get(`/v1/admin/products/${id}`, { token })).body;

    it('changes nothing until it is published, and then all of it', async () => {
      const made = await given.product(app, token, { handle: 'lamp', title: 'Lamp', brand: 'Acme' });
      await app.post('/v1/admin/categories', { handle: 'lights', title: 'Lights' }, { token });
      const before = await staffSees(made.id);
      const page = (await app.get('/v1/products/lamp')).body;
      const fields = {
        title: 'Bright lamp',
        categories: ['lights'],
        seo: { title: 'Bright' },
        handle: 'bright-lamp',
      };
      const first = await write(made.id, fields);
      expect([first.status, first.headers.get('etag')]).toEqual([200, '"1"']);
      expect(first.body).toMatchObject({
        fields,
        baseVersion: 1,
        productVersion: 1,
        outdated: false,
        problem: null,
      });
      expect(first.body.before).toEqual({
        ...{ title: 'Lamp', handle: 'lamp', categories: [] },
        seo: { title: null, description: null },
      });
      expect(first.body.after).toMatchObject({
        ...fields,
        categories: [{ handle: 'lights', title: 'Lights' }],
        seo: { title: 'Bright' },
      });
      expect(Object.keys(first.body.after).sort()).toEqual(Object.keys(fields).sort());
      expect(first.body.preview).toMatchObject({ title: 'Bright lamp', brand: 'Acme', version: 2 });
      // Nothing of the try is left: not in the product, its page, its search row or its trail.
      expect(await staffSees(made.id)).toEqual(before);
      expect((await app.get('/v1/products/lamp')).body).toEqual(page);
      expect((await app.get('/v1/products/bright-lamp')).status).toBe(404);
      expect((await app.get('/v1/products?q=bright')).body.items).toEqual([]);
      const actions = async () =>
        (
          (await app.get(`/v1/admin/audit?subjectId=${made.id}`, { token })).body.items as {
            action: string;
          }[]
        ).map(({ action }) => action);
      expect(await actions()).toEqual(['catalog.product_draft.written', 'catalog.product.created']);

      // The shop can be looked at as it would be, by whoever holds the ticket.
      const { previewToken } = first.body;
      const preview = await app.get(`/v1/products/lamp?preview=${previewToken}`);
      expect([preview.status, preview.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
      expect(preview.body).toMatchObject({
        title: 'Bright lamp',
        handle: 'bright-lamp',
        seo: { title: 'Bright' },
      });
      expect((await app.get(`/v1/products/bright-lamp?preview=${previewToken}`)).status).toBe(200);
      const other = await given.product(app, token, { handle: 'shade' });
      for (const path of [
        `/v1/products/shade?preview=${previewToken}`,
        `/v1/products/lamp?preview=${previewToken}x`,
      ])
        expect((await app.get(path)).status).toBe(404);
      expect(
        (await app.get(`/v1/products/lamp?preview=${previewToken.replace(made.id, other.id)}`)).status,
      ).toBe(404);
      expect((await app.get('/v1/products/lamp')).body).toEqual(page);

      expect((await write(made.id, { brand: 'Zest' }, { 'if-match': '"4"' })).status).toBe(412);
      const second = await write(made.id, { ...fields, brand: null }, { 'if-match': '"1"' });
      expect([second.body.version, second.body.after.brand]).toEqual([2, null]);
      // The draft that was looked at was another one.
      const unseen = await publish(made.id, { draftVersion: 1 });
      expect([unseen.status, unseen.headers.get('etag')]).toEqual([412, null]);
      expect((await staffSees(made.id)).version).toBe(1);
      const published = await publish(made.id, { draftVersion: 2 });
      expect(published.body).toMatchObject({ title: 'Bright lamp', brand: null, version: 2 });
      expect(published.headers.get('etag')).toBe('"2"');
      expect((await app.get('/v1/products/bright-lamp')).body.title).toBe('Bright lamp');
      expect(handles(await app.get('/v1/products?q=bright'))).toEqual(['bright-lamp']);
      expect((await app.get(draftOf(made.id), { token })).status).toBe(404);
      expect((await publish(made.id)).status).toBe(404);
      expect((await actions()).slice(0, 2).sort()).toEqual([
        'catalog.product.updated',
        'catalog.product_draft.published',
      ]);
    });

    it('is refused like the change itself, and not published over what somebody did meanwhile', async () => {
      const made = await given.product(app, token, { handle: 'vase', title: 'Vase' });
      expect(faults(await write(made.id, { handle: 'shade' }))).toEqual([
        ...[409, 'catalog.handle_taken'],
        ['/handle taken'],
      ]);
      expect(faults(await write(made.id, { productType: 'nothing' }))[2]).toEqual([
        '/productType unknown_product_type',
      ]);
      expect((await write(made.id, { variants: [] })).status).toBe(400);
      expect((await write(randomUUID(), { title: 'None' })).status).toBe(404);
      expect((await app.get(draftOf(made.id), { token })).status).toBe(404);
      await write(made.id, { title: 'Vase, tall', handle: 'tall-vase' });
      await change(made.id, { brand: 'Clay' });
      expect((await app.get(draftOf(made.id), { token })).body).toMatchObject({
        ...{ baseVersion: 1, productVersion: 2, outdated: true },
        before: { title: 'Vase' },
        after: { title: 'Vase, tall' },
      });
      expect((await publish(made.id)).body.code).toBe('catalog.draft_outdated');
      expect((await publish(made.id, {}, { 'if-match': '"1"' })).status).toBe(412);
      // What stands in the way now is told by the draft, and by whoever publishes it.
      const rival = await given.product(app, token, { handle: 'tall-vase' });
      const stuck = (await app.get(draftOf(made.id), { token })).body;
      expect([stuck.preview, stuck.problem.code, stuck.problem.errors[0].pointer]).toEqual([
        ...[null, 'catalog.handle_taken', '/handle'],
      ]);
      expect((await publish(made.id, { force: true })).body.code).toBe('catalog.handle_taken');
      // The shop says no more than that there is nothing to see.
      expect((await app.get(`/v1/products/vase?preview=${stuck.previewToken}`)).body.code).toBe(
        'platform.not_found',
      );
      await change(rival.id, { handle: 'rival-vase' });
      expect((await publish(made.id, { force: true })).body).toMatchObject({
        title: 'Vase, tall',
        brand: 'Clay',
      });
      await write(made.id, { title: 'Vase, small' });
      await change(made.id, { brand: 'Glass' });
      expect((await publish(made.id, {}, { 'if-match': '"4"' })).body).toMatchObject({
        title: 'Vase, small',
        brand: 'Glass',
      });
      await write(made.id, { title: 'Never' });
      expect((await app.delete(draftOf(made.id), { token, headers: { 'if-match': '"2"' } })).status).toBe(
        412,
      );
      expect((await app.delete(draftOf(made.id), { token })).status).toBe(204);
      expect((await staffSees(made.id)).title).toBe('Vase, small');
      const reader = await given.staff(app, ['support'], token);
      expect((await app.put(draftOf(made.id), { title: 'Mine' }, { token: reader.token })).status).toBe(403);
      expect((await app.put(draftOf(made.id), { title: 'Mine' })).status).toBe(401);
    });

    it('shows what the shop does not show yet', async () => {
      const made = await given.product(app, token, { handle: 'secret', title: 'Secret', status: 'draft' });
      const { previewToken } = (await write(made.id, { description: 'Soon.' })).body;
      expect((await app.get('/v1/products/secret')).status).toBe(404);
      expect((await app.get(`/v1/products/secret?preview=${previewToken}`)).body.description).toBe('Soon.');
      expect((await app.get('/v1/products/secret')).status).toBe(404);
      expect((await staffSees(made.id)).status).toBe('draft');
    });
  });
});
