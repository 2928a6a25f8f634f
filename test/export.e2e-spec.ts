import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AdminProductDto } from '../src/catalog/product/admin-product.dto.js';
import { Workers } from '../src/platform/events/workers.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { newFolder, RealProcess } from './support/real-process.js';

const NDJSON = 'application/x-ndjson';
const UNCHANGED = (read: number) => ({ read, created: 0, updated: 0, unchanged: read, rejected: 0 });

describe('exports', () => {
  let app: TestApp;
  let token: string;
  const folders: string[] = [];
  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(async () => {
    await RealProcess.sweep(folders);
    await app?.close();
  });

  const importAll = async (body: string, type: string, query = '') => {
    const headers = { 'content-type': type };
    const started = await app.post(`/v1/admin/imports${query}`, body, { token, headers });
    expect([started.status, started.text]).toEqual([202, expect.anything()]);
    await app.settle();
    return (await app.get(`/v1/admin/imports/${started.body.id}`, { token })).body;
  };
  const start = async (input: object) => {
    const started = await app.post('/v1/admin/exports', input, { token });
    expect([started.status, started.text]).toEqual([202, expect.anything()]);
    return started.body.id as string;
  };
  const get = async (id: string) => (await app.get(`/v1/admin/exports/${id}`, { token })).body;
  const file = (id: string, options = { token }): Promise<Answer> =>
    app.get(`/v1/admin/exports/${id}/file`, options);
  const exportAll = async (format: string, filter: object = {}, more: object = {}): Promise<string> => {
    const id = await start({ format, filter, ...more });
    await app.settle();
    const answer = await file(id);
    expect([answer.status, (await get(id)).state]).toEqual([200, 'finished']);
    expect(Number(answer.headers.get('content-length'))).toBe(Buffer.byteLength(answer.text) + bom(answer));
    return answer.text;
  };
  /** What reads text takes the byte order mark away. */
  const bom = (answer: Answer) =>
    answer.headers.get('content-type')?.startsWith('text/csv') && answer.text.startsWith('id,') ? 3 : 0;
  const lines = (...products: object[]) => products.map((one) => JSON.stringify(one)).join('\n');

  /** Products that have everything in them that a format could lose. */
  async function brand(name: string): Promise<string[]> {
    const { body: upload } = await app.post('/v1/admin/media', PICTURE, {
      token,
      headers: { 'content-type': 'image/png' },
    });
    await app.post('/v1/admin/locations', { code: 'far', name: 'Far away', priority: 900 }, { token });
    await app.settle();
    await app.post(
      '/v1/admin/product-types',
      {
        ...{ code: 'round', title: 'Round' },
        attributes: [
          { code: 'height', label: 'Height', kind: 'number' },
          { code: 'goes_with', label: 'Goes with', kind: 'reference' },
        ],
      },
      { token },
    );
    const beside = await given.product(app, token, {});
    const prices = [
      { amount: 1999, currency: 'EUR', compareAt: 2500 },
      { amount: 3000, currency: 'JPY' },
    ];
    const done = await importAll(
      lines(
        {
          externalId: `${name}-1`,
          handle: `${name}-1`,
          title: '=HYPERLINK("http://x.test")',
          description: 'Two\nlines, a "quote"; and ünïcödé 😀',
          brand: name,
          status: 'published',
          categories: [{ handle: `${name}-odd`, title: 'Odd | things \\ and = more' }, `${name}-plain`],
          attributes: { 'z last': ['a', { b: null }], colour: 'red, green', tags: '-1, +2' },
          options: [
            { name: 'Size', values: ['XL', 'S', 'never | used', 'a\\b'] },
            { name: 'Colour', values: ['@red', ' blue '] },
          ],
          media: [{ url: 'https://img.test/a.jpg?a=1|2', alt: '"A"' }, { url: '/media/b.jpg' }],
          metadata: { erp: { shelf: null, at: [1.5, true] } },
          seo: { title: '+Odd | things', description: null },
          variants: [
            {
              sku: `${name}-A`,
              options: { Size: 'S', Colour: '@red' },
              prices,
              stock: [{ location: 'far', onHand: 3 }],
            },
            {
              ...{
                sku: `${name}-B`,
                title: "'=1+1",
                barcode: '4006381333931',
                weightGrams: 250,
                backorderLimit: 4,
                metadata: { bin: ['A', 1] },
              },
              ...{ options: { Size: 'a\\b', Colour: ' blue ' }, prices: prices.slice(1) },
              stock: [{ location: 'main', onHand: 0 }],
            },
            { sku: `${name}-C`, options: { Size: 'S', Colour: '@red' }, retired: true, prices },
          ],
        },
        {
          externalId: `${name}-2`,
          handle: `${name}-2`,
          title: 'Draft',
          brand: name,
          productType: 'round',
          // Kept as the id that the handle leads to.
          attributes: { height: 1.5, goes_with: beside.handle },
          variants: [{ sku: `'-${name}`, title: '\tTab' }],
        },
      ),
      NDJSON,
    );
    expect(done.counts).toMatchObject({ created: 2, rejected: 0 });
    // By hand, without an external id, with an upload that shows one of its variants.
    const made = await given.product(app, token, {
      ...{ title: `By hand ${name}`, brand: name, media: [{ mediaId: upload.id, alt: 'Ours' }] },
      variants: [{ sku: `${name}-H`, mediaId: upload.id, prices: [{ amount: 500, currency: 'EUR' }] }],
      related: [`${name}-2`.toLowerCase().replace(' ', '-'), beside.handle],
    });
    return [`${name}-1`, `${name}-2`, made.id];
  }
  const state = async () => {
    const [row] = await app.database.query<{ state: string }>(
      `SELECT concat_ws(' ', (SELECT sum(version) FROM catalog.products), (SELECT sum(version) FROM catalog.variants),
        (SELECT count(*) FROM catalog.prices), (SELECT count(*) FROM catalog.stock_movements),
        (SELECT count(*) FROM catalog.categories), (SELECT count(*) FROM catalog.product_media)) AS state`,
    );
    return row?.state;
  };

  it.each([
    ['ndjson', NDJSON],
    ['csv', 'text/csv'],
  ])(
    'as %s come in again and change nothing, and the next one is the same to the byte',
    async (format, type) => {
      const name = `Round ${format}`;
      await brand(name);
      const first = await exportAll(format, { brand: name });
      const before = await state();
      const again = await importAll(first, type);
      expect(again).toMatchObject({ state: 'finished', format, ignoredColumns: [], counts: UNCHANGED(3) });
      expect(await state()).toBe(before);
      expect(await exportAll(format, { brand: name })).toBe(first);
      // Semicolons and decimal commas, as spreadsheets of half of Europe save it.
      if (format === 'csv') {
        expect(first).toContain('"\'=HYPERLINK(""http://x.test"")"');
        const local = first.split('\r\n').length;
        expect(local).toBeGreaterThan(5);
      }
    },
  );

  it('bring a catalog to another shop: what is lost comes back as it was', async () => {
    const name = 'Moved';
    await brand(name);
    const kept = await exportAll('csv', { brand: name });
    for (const { id } of (await app.get(`/v1/admin/products?brand=${name}`, { token })).body.items) {
      await app.patch(
        `/v1/admin/products/${id}`,
        { title: 'Spoiled', attributes: {}, categories: [], metadata: {} },
        { token },
      );
    }
    expect((await importAll(kept, 'text/csv')).counts).toMatchObject({ updated: 3, rejected: 0 });
    expect(await exportAll('csv', { brand: name })).toBe(kept);
  });

  it('in our CSV can be edited in a spreadsheet: with semicolons, fewer columns, and rows that are wrong', async () => {
    const name = 'Edited';
    await brand(name);
    const edited = await importAll(
      '\ufeffexternal_id;title;sku;price_EUR;stock_main;Colour of the day\r\n' +
        'Edited-1;Renamed;Edited-A;"1.234,50";7;red\r\n' +
        'Edited-1;;Edited-B;17,5;8;red\r\n' +
        'Edited-3;New;Edited-N;5;-1;\r\n' +
        ';Nameless;Edited-X;5;1;\r\n' +
        "Edited-2;Draft;''-Edited;0,99;2;\r\n",
      'text/csv',
    );
    expect(edited).toMatchObject({ format: 'csv', ignoredColumns: ['Colour of the day'] });
    expect(edited.counts).toMatchObject({ read: 4, updated: 1, rejected: 3 });
    const { text } = await app.get(`/v1/admin/imports/${edited.id}/results`, { token });
    const rows = text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(',').slice(0, 6));
    expect(rows).toEqual([
      ['line', 'external_id', 'outcome', 'product_id', 'code', 'pointer'],
      ['2', 'Edited-1', 'rejected', '', 'is_price', '/price_EUR'],
      ['4', 'Edited-3', 'rejected', '', 'is_int', '/stock_main'],
      ['5', 'nameless', 'rejected', '', 'required', '/handle'],
      ['6', 'Edited-2', 'updated', expect.stringMatching(/^[\da-f-]{36}$/), '', ''],
    ]);
    const mended = await importAll(
      'external_id;title;sku;price_EUR;stock_main\r\nEdited-1;Renamed;Edited-A;1234,50;7\r\nEdited-1;;Edited-B;17,5;8\r\n',
      'text/csv',
    );
    expect(mended.counts).toMatchObject({ updated: 1, rejected: 0 });
    const { items } = (await app.get('/v1/admin/products?externalId=Edited-1', { token })).body;
    // What has no column is as it was.
    expect(items[0]).toMatchObject({
      ...{ title: 'Renamed', brand: 'Edited', status: 'published' },
      attributes: { colour: 'red, green' },
      variants: [
        { options: { Size: 'S' }, prices: [{ amount: 123450, currency: 'EUR' }, { currency: 'JPY' }] },
        {
          title: "'=1+1",
          barcode: '4006381333931',
          backorderLimit: 4,
          prices: [{ amount: 1750 }, { currency: 'JPY' }],
        },
        { retired: true },
      ],
    });
  });

  it('carry what is handed over how, and what goes with it, into a shop that has none of it', async () => {
    const card = { kind: 'gift_card', prices: [{ amount: 5000, currency: 'EUR' }] };
    const book = { kind: 'digital', downloadLimit: null, downloadDays: 7, stockTracked: true };
    const done = await importAll(
      lines(
        {
          // What it goes with stands behind it.
          ...{ handle: 'kinds-card', title: 'Card', brand: 'Kinds', status: 'published' },
          ...{
            related: ['kinds-book', 'no-such-thing', 'kinds-card'],
            variants: [{ sku: 'KINDS-C', ...card }],
          },
        },
        { handle: 'kinds-book', title: 'Book', brand: 'Kinds', variants: [{ sku: 'KINDS-B', ...book }] },
        { handle: 'kinds-odd', title: 'Odd', variants: [{ sku: 'KINDS-O', ...card, stockTracked: true }] },
        { handle: 'kinds-new', title: 'New', variants: [{ sku: 'KINDS-N', kind: 'song', downloadDays: 0 }] },
      ),
      NDJSON,
    );
    expect(done.counts).toMatchObject({ created: 2, rejected: 2 });
    const faults = (await app.get(`/v1/admin/imports/${done.id}/errors`, { token })).body.items;
    expect(faults.map(({ code, pointer }: Record<string, string>) => `${code} ${pointer}`)).toEqual([
      'odd_kind /variants/0/stockTracked',
      'is_in /variants/0/kind',
      'is_int /variants/0/downloadDays',
    ]);
    const handed = async () => {
      const { items } = (await app.get('/v1/admin/products?brand=Kinds', { token })).body;
      return Object.fromEntries(
        items.map(({ handle, related, variants: [v] }: AdminProductDto) => [
          handle,
          [v?.kind, v?.stockTracked, v?.downloadLimit, v?.downloadDays, ...related.map((one) => one.handle)],
        ]),
      );
    };
    const whole = {
      'kinds-card': ['gift_card', false, 5, 30, 'kinds-book'],
      'kinds-book': ['digital', true, null, 7],
    };
    expect(await handed()).toEqual(whole);
    for (const [format, type] of [
      ['ndjson', NDJSON],
      ['csv', 'text/csv'],
    ] as const) {
      const file = await exportAll(format, { brand: 'Kinds' });
      expect((await importAll(file, type)).counts).toEqual(UNCHANGED(2));
      // Somebody changes it by hand; the file brings it back.
      for (const { id, variants } of (await app.get('/v1/admin/products?brand=Kinds', { token })).body
        .items) {
        await app.patch(`/v1/admin/products/${id}`, { related: [] }, { token });
        const odd = { kind: 'physical', downloadLimit: 1, stockTracked: false };
        await app.patch(`/v1/admin/variants/${variants[0].id}`, odd, { token });
      }
      expect((await importAll(file, type)).counts).toMatchObject({ updated: 2, rejected: 0 });
      expect(await handed()).toEqual(whole);
      expect(await exportAll(format, { brand: 'Kinds' })).toBe(file);
    }
    const unknown = { format: 'csv', filter: { category: 'no-such-category' } };
    const refused = await app.post('/v1/admin/exports', unknown, { token });
    expect([refused.status, refused.body.code]).toEqual([422, 'catalog.unknown_category']);
    expect(refused.body.errors).toMatchObject([{ pointer: '/filter/category' }]);
    const shopify = (await exportAll('shopify_csv', { brand: 'Kinds' })).split('\r\n');
    const at = shopify[0]?.split(',').indexOf('Variant Requires Shipping') ?? -1;
    expect(shopify[1]?.split(',')[at]).toBe('false');
    // The book has no price; and products that were made by hand are found by their handle, those of others are not.
    const [job] = (await app.get('/v1/admin/exports?limit=1', { token })).body.items;
    expect(job.counts).toEqual({ total: 2, products: 1, skipped: 1, rows: 1 });
    await given.product(app, token, { handle: 'hand-made', title: 'Hand made', brand: 'Hand' });
    await given.product(app, token, { handle: 'of-erp', title: 'ERP', brand: 'Hand', externalId: 'erp-1' });
    const again = await importAll(await exportAll('shopify_csv', { brand: 'Hand' }), 'text/csv');
    expect(again.counts).toMatchObject({ read: 2, created: 0, updated: 1, rejected: 1 });
    const { items } = (await app.get('/v1/admin/products?brand=Hand', { token })).body;
    expect(items.map(({ externalId }: Record<string, unknown>) => externalId)).toEqual(
      expect.arrayContaining([null, 'erp-1']),
    );
    const second = await importAll(await exportAll('shopify_csv', { brand: 'Hand' }), 'text/csv');
    expect(second.counts).toMatchObject({ unchanged: 1, rejected: 1 });
  });

  describe('as Shopify reads them', () => {
    const OLD =
      'Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,' +
      'Variant Grams,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Variant Taxable,' +
      'Image Src,Image Position,Image Alt Text,SEO Title,Google Shopping / Gender,Variant Weight Unit,Cost per item,Price / International,Status';
    const shirts = [
      'old-shirt,Old shirt,"<p class=""x"">Soft & <b>blue</b></p>",Old Acme,Shirts,"summer, sale",true,Size,S,Colour,Blue,,200.0,3,deny,19.9,25.00,true,https://img.test/a.jpg,1,Front,Soft shirt,female,kg,4.20,21.00,active',
      'old-shirt,,,,,,,,M,,Blue,OLD-M,210,0,continue,20,,true,,,,,,kg,,22.00,',
      'old-shirt,,,,,,,,,,,,,,,,,,https://img.test/b.jpg,2,Back,,,,,,',
      'old-lamp,Old lamp,,Old Acme,,,false,Title,Default Title,,,,0,5,deny,5,,false,,,,,,lb,,,draft',
    ];
    const NEW =
      'Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,' +
      'Option1 name,Option1 value,Price,Compare-at price,Cost per item,Charge tax,Inventory tracker,Inventory quantity,' +
      'Continue selling when out of stock,Weight value (grams),Weight unit for display,Requires shipping,Fulfillment service,' +
      'Product image URL,Image position,Image alt text,Variant image URL,Gift card,SEO title,Color (product.metafields.shopify.color-pattern)';
    const mugs = [
      'New mug,new-mug,<p>Holds tea</p>,New Acme,Home > Kitchen > Mugs,,tea,TRUE,Active,MUG-1,4006381333931,Title,Default Title,12.50,,3.10,TRUE,shopify,9,DENY,350,g,TRUE,manual,https://img.test/mug.jpg,1,A mug,,FALSE,Mug for tea,blue; white',
    ];

    it.each([
      ['Old Acme', OLD, shirts, { read: 2, created: 2 }, ['Price / International']],
      ['New Acme', NEW, mugs, { read: 1, created: 1 }, []],
    ])(
      'of %s: imported, exported and imported again, no difference',
      async (vendor, header, rows, counts, ignored) => {
        const done = await importAll([header, ...rows].join('\n'), 'text/csv');
        expect(done).toMatchObject({
          format: 'shopify_csv',
          ignoredColumns: ignored,
          counts: { ...counts, rejected: 0 },
        });
        const before = await state();
        const first = await exportAll('shopify_csv', { brand: vendor });
        expect((await importAll(first, 'text/csv')).counts).toEqual(UNCHANGED(counts.read));
        expect(await state()).toBe(before);
        expect(await exportAll('shopify_csv', { brand: vendor })).toBe(first);
      },
    );

    it('whatever stands in the metadata where an import keeps what is left over', async () => {
      const odd: unknown[] = [
        null,
        'text',
        { columns: null, variants: null },
        { columns: { 'Gift Card': ['a,b'], 'SEO Hint': { a: 1 } }, variants: 'no' },
        {
          columns: { 'Gift Card': 7 },
          variants: { constructor: null, 'Odd-4': { 'Cost per item': ['a,b'] } },
        },
      ];
      const products = odd.map((shopify, n) => ({
        ...{ title: `Odd ${n}`, brand: 'Odd metadata', metadata: { shopify } },
        variants: [{ sku: `Odd-${n}`, prices: [{ amount: 100, currency: 'EUR' }] }],
      }));
      expect((await importAll(lines(...products), NDJSON)).counts).toMatchObject({ created: odd.length });
      const text = await exportAll('shopify_csv', { brand: 'Odd metadata' });
      expect(text.trimEnd().split('\r\n')).toHaveLength(1 + odd.length);
    });

    it('with what this shop has no field for, and without what others would lose', async () => {
      const text = await exportAll('shopify_csv', { brand: 'New Acme' });
      expect(text).toContain('Color (product.metafields.shopify.color-pattern)');
      expect(text).toContain('blue; white');
      expect(text).toContain('Mug for tea');
      const { items } = (await app.get('/v1/admin/products?externalId=new-mug', { token })).body;
      expect(items[0]).toMatchObject({
        categories: [{ handle: 'mugs', title: 'Mugs' }],
        variants: [
          {
            sku: 'MUG-1',
            barcode: '4006381333931',
            weightGrams: 350,
            stock: [{ location: 'main', onHand: 9 }],
          },
        ],
      });
      // A file without quantities leaves the stock alone, and staff may have added what Shopify does not know.
      const added = { attributes: { tags: 'tea', origin: 'Delft' }, categories: ['mugs', 'shirts'] };
      await app.patch(`/v1/admin/products/${items[0].id}`, added, { token });
      const less = await importAll(
        'Handle,Title,Type,Tags,SKU,Price\nnew-mug,New mug,Mugs,"tea, coffee",MUG-1,12.50\n',
        'text/csv',
      );
      expect(less.counts).toMatchObject({ updated: 1, rejected: 0 });
      const after = (await app.get(`/v1/admin/products/${items[0].id}`, { token })).body;
      expect(after).toMatchObject({
        attributes: { tags: 'tea, coffee', origin: 'Delft' },
        description: '<p>Holds tea</p>',
        categories: [{ handle: 'mugs' }, { handle: 'shirts' }],
        variants: [{ barcode: '4006381333931', stock: [{ onHand: 9 }] }],
      });
    });
  });

  it('are kept for a day, for staff who may see products, and are gone when they are over', async () => {
    const key = randomUUID();
    const once = () =>
      app.post('/v1/admin/exports', { format: 'ndjson', filter: { status: 'draft' } }, { token, key });
    const [first, second] = [await once(), await once()];
    expect(second.body.id).toBe(first.body.id);
    const id = first.body.id as string;
    const [pending] = await app.database.query<{ state: string }>(
      'SELECT state FROM catalog.exports WHERE id = $1',
      [id],
    );
    if (pending?.state !== 'finished') expect([200, 409]).toContain((await file(id)).status);
    await app.settle();
    const done = await get(id);
    expect(done).toMatchObject({ state: 'finished', filter: { status: 'draft' } });
    expect(done.counts).toEqual({
      total: done.counts.products,
      products: done.counts.products,
      skipped: 0,
      rows: done.counts.products,
    });
    const customer = await given.customer(app);
    for (const [who, status] of [
      [{}, 401],
      [{ token: customer.token }, 403],
    ] as const) {
      const answers = [
        await app.post('/v1/admin/exports', { format: 'csv' }, who),
        await app.get('/v1/admin/exports', who),
        await app.get(`/v1/admin/exports/${id}`, who),
        await app.get(`/v1/admin/exports/${id}/file`, who),
        await app.post(`/v1/admin/exports/${id}/cancellation`, undefined, who),
        await app.get('/v1/admin/feeds', who),
      ];
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
    }
    const late = await app.post(`/v1/admin/exports/${id}/cancellation`, undefined, { token });
    expect([late.status, late.body.code]).toEqual([409, 'catalog.export_over']);
    const folder = join(app.config.dataDir, 'files', 'exports', id);
    expect(readdirSync(folder)).toEqual(['0']);
    app.clock.advance({ hours: 25 });
    await app.run('catalog.clear_exports');
    expect([(await get(id)).state, readdirSync(folder)]).toEqual(['expired', []]);
    const gone = await file(id);
    expect([gone.status, gone.body.code]).toEqual([409, 'catalog.export_not_ready']);
    const listed = (await app.get('/v1/admin/exports?limit=100', { token })).body.items;
    expect(listed.map((one: { id: string }) => one.id)).toContain(id);
    const trail = await app.database.query(
      'SELECT action FROM platform.audit_entries WHERE subject_id = $1 ORDER BY id',
      [id],
    );
    expect(trail).toContainEqual({ action: 'catalog.export.requested' });
  });

  it('feed Google Merchant at a secret address, with what the shop shows', async () => {
    const name = 'Fed & <watered>';
    const { body: product } = await app.post(
      '/v1/admin/products',
      {
        ...{ title: 'Tote "A" & <b>', brand: name, status: 'published', handle: 'fed-tote' },
        description: '<p>For bread &amp; books\u0007</p>',
        media: [{ url: 'https://img.test/1.jpg?a=1&b=2' }, { url: '/media/2.jpg' }],
        attributes: { material: 'linen' },
        variants: [
          {
            ...{ sku: 'FED-1', options: { Colour: 'Red' }, barcode: '4006381333931' },
            ...{
              prices: [{ amount: 1999, currency: 'EUR', compareAt: 2500 }],
              stock: [{ location: 'main', onHand: 2 }],
            },
          },
          // No GTIN, none left, and one that has no price in euros.
          {
            sku: 'FED-2',
            options: { Colour: 'Blue' },
            barcode: '4006381333932',
            prices: [{ amount: 1999, currency: 'EUR' }],
          },
          { sku: 'FED-3', options: { Colour: 'Grey' }, prices: [{ amount: 1999, currency: 'USD' }] },
          { sku: 'FED-4', options: { Colour: 'Lime' }, prices: [{ amount: 1999, currency: 'EUR' }] },
        ],
      },
      { token },
    );
    const availableFrom = new Date(app.clock.now().getTime() + 10 * 86_400_000).toISOString();
    const ahead = `/v1/admin/variants/${product.variants[3].id}/terms`;
    await app.put(ahead, { preorder: { availableFrom, limit: 4 } }, { token });
    const made = await app.post(
      '/v1/admin/feeds',
      { name: 'Merchant', currency: 'EUR', linkTemplate: 'https://shop.test/p/{handle}?sku={sku}&x=1' },
      { token },
    );
    expect(made.status).toBe(201);
    const path = (address: string) => new URL(address).pathname;
    const early = await app.get(path(made.body.url));
    expect([200, 503]).toContain(early.status);
    await app.settle();
    const feed = await app.get(path(made.body.url));
    expect([feed.status, feed.headers.get('content-type')]).toEqual([200, 'application/xml; charset=utf-8']);
    const items = feed.text
      .split('<item>\n')
      .slice(1)
      .filter((item) => item.includes(`>${product.id}<`));
    const tags = (item = '') =>
      [...item.matchAll(/<g:(\w+)>(.*)<\/g:\1>/g)].map(([, tag, text]) => [tag, text]);
    expect(tags(items[0])).toEqual([
      ['id', 'FED-1'],
      ['item_group_id', product.id],
      ['title', 'Tote &quot;A&quot; &amp; &lt;b&gt; - Red'],
      ['description', 'For bread &amp; books'],
      ['link', 'https://shop.test/p/fed-tote?sku=FED-1&amp;x=1'],
      ['image_link', 'https://img.test/1.jpg?a=1&amp;b=2'],
      ['additional_image_link', 'http://shop.test/media/2.jpg'],
      ['availability', 'in_stock'],
      ['price', '25.00 EUR'],
      ['sale_price', '19.99 EUR'],
      ['brand', 'Fed &amp; &lt;watered&gt;'],
      ['gtin', '4006381333931'],
      ['condition', 'new'],
      ['color', 'Red'],
      ['material', 'linen'],
    ]);
    expect(tags(items[1])).toEqual(
      expect.arrayContaining([
        ['availability', 'out_of_stock'],
        ['price', '19.99 EUR'],
        ['mpn', 'FED-2'],
      ]),
    );
    expect(tags(items[2])).toEqual(
      expect.arrayContaining([
        ['availability', 'preorder'],
        ['availability_date', availableFrom],
      ]),
    );
    expect(items).toHaveLength(3);
    expect(feed.text.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"')).toBe(true);
    expect(feed.text.endsWith('</channel>\n</rss>\n')).toBe(true);

    // The same an hour later is told by its tag; what has changed is another one.
    const etag = feed.headers.get('etag') ?? '';
    await app.run('catalog.refresh_feeds');
    await app.settle();
    const known = { headers: { 'if-none-match': etag } };
    expect((await app.get(path(made.body.url), known)).status).toBe(304);
    await app.patch(`/v1/admin/products/${product.id}`, { title: 'Bag' }, { token });
    await app.run('catalog.refresh_feeds');
    await app.settle();
    const changed = await app.get(path(made.body.url), known);
    expect([changed.status, changed.text.includes('<g:title>Bag - Red</g:title>')]).toEqual([200, true]);
    const [listed] = (await app.get('/v1/admin/feeds', { token })).body.items;
    expect(listed).toMatchObject({ name: 'Merchant', currency: 'EUR' });
    expect(listed.itemCount).toBeGreaterThanOrEqual(2);

    // Files that were replaced go, the one that is shown stays.
    app.clock.advance({ hours: 1 });
    await app.run('catalog.clear_exports');
    const [left] = await app.database.query(
      'SELECT count(*)::int AS files FROM catalog.exports WHERE feed_id IS NOT NULL',
    );
    expect(left).toEqual({ files: 1 });

    const moved = await app.post(`/v1/admin/feeds/${made.body.id}/token`, undefined, { token });
    expect((await app.get(path(made.body.url))).status).toBe(404);
    expect((await app.get(path(moved.body.url))).text).toBe(changed.text);
    expect((await app.delete(`/v1/admin/feeds/${made.body.id}`, { token })).status).toBe(204);
    expect((await app.get(path(moved.body.url))).status).toBe(404);
    await app.run('catalog.clear_exports');
    const [none] = await app.database.query(
      `SELECT count(*)::int AS files FROM catalog.exports WHERE state = 'finished' AND format = 'merchant_feed'`,
    );
    expect(none).toEqual({ files: 0 });
  });

  it('tell how far they are, whichever process does the work, until they are over or it stops', async () => {
    const workers = app.app.get(Workers);
    await workers.stop();
    const id = await start({ format: 'ndjson', filter: { brand: 'Nobody' } });
    const folder = newFolder();
    folders.push(folder);
    const other = RealProcess.start({
      ...{
        NODE_ENV: 'test',
        ROLE: 'api',
        DATA_DIR: folder,
        SECRET_KEY: SECRET,
        PUBLIC_URL: app.config.publicUrl,
      },
      ...{ DATABASE_URL: app.config.databaseUrl ?? '', TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '' },
    });
    const listen = async (base: string, of = id, headers = {}) => {
      const address = `${base}/v1/admin/exports/${of}/progress`;
      const answer = await fetch(address, { headers: { authorization: `Bearer ${token}`, ...headers } });
      return { status: answer.status, type: answer.headers.get('content-type'), events: eventsOf(answer) };
    };
    const elsewhere = await listen(await other.url());
    expect([elsewhere.status, elsewhere.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect((await elsewhere.events.next()).value).toMatchObject({ id, state: 'pending' });
    await workers.start({ schedules: false });
    const heard: string[] = [];
    for await (const { state: told } of elsewhere.events) heard.push(told);
    expect(heard.at(-1)).toBe('finished');
    // Whoever has heard the end is told to stop, and whoever comes later hears only the end.
    expect((await listen(await other.url(), id, { 'last-event-id': 'end' })).status).toBe(204);
    const late = await listen(app.url);
    expect([(await late.events.next()).value?.state, (await late.events.next()).done]).toEqual([
      'finished',
      true,
    ]);
    expect((await listen(app.url, randomUUID())).status).toBe(404);
    // A process that is told to stop does not wait for who is listening.
    await workers.stop();
    const waiting = await start({ format: 'ndjson', filter: { brand: 'Nobody' } });
    const cut = await listen(await other.url(), waiting);
    expect((await cut.events.next()).value?.state).toBe('pending');
    const [ending, { done }] = await Promise.all([other.terminate(), cut.events.next()]);
    expect([ending.code, done]).toEqual([0, true]);
    await workers.start({ schedules: false });
    await app.settle();
  });

  describe('and many writes at once', () => {
    const batch = (kind: string, body: object, options: object = {}) =>
      app.post(`/v1/admin/${kind}/batch`, body, { token, ...options });
    const onHand = async (variantId: string) =>
      (await app.get(`/v1/admin/stock?variantId=${variantId}`, { token })).body.items[0]?.onHand;

    it('are answered one by one, and those that work are done', async () => {
      const there = await given.product(app, token, { title: 'In a batch', handle: 'in-a-batch' });
      const [variant] = there.variants;
      const key = randomUUID();
      const operations = [
        { create: { title: 'First', handle: 'batch-first', variants: [{ sku: 'BATCH-1' }] } },
        { create: { title: 'Twice', handle: 'in-a-batch', variants: [{ sku: 'BATCH-2' }] } },
        { update: { id: there.id, version: 1, brand: 'Batched' } },
        { update: { id: there.id, version: 1, brand: 'Stale' } },
        { update: { id: randomUUID(), brand: 'Nobody' } },
        { create: { title: 'Both', variants: [{ sku: 'BATCH-3' }] }, delete: { id: there.id } },
        { delete: { id: there.id } },
      ];
      const answer = await batch('products', { operations }, { key });
      expect([answer.status, answer.body.succeeded, answer.body.failed]).toEqual([200, 3, 4]);
      expect(answer.body.results).toMatchObject([
        { index: 0, status: 201, problem: null },
        {
          status: 409,
          id: null,
          problem: { code: 'catalog.handle_taken', errors: [{ pointer: '/operations/1/create/handle' }] },
        },
        { status: 200, id: there.id, problem: null },
        { status: 412, problem: { code: 'platform.stale_version' } },
        { status: 404, problem: { code: 'platform.not_found' } },
        { status: 400, problem: { errors: [{ code: 'only_one_of' }] } },
        { index: 6, status: 204, id: there.id },
      ]);
      expect((await batch('products', { operations }, { key })).text).toBe(answer.text);
      const shown = (await app.get(`/v1/admin/products/${there.id}`, { token })).body;
      expect(shown).toMatchObject({ brand: 'Batched', status: 'archived' });

      const price = (amount: number, compareAt?: number) => ({
        ...{ variantId: variant.id, price: { amount, currency: 'EUR' } },
        ...(compareAt !== undefined && { compareAtPrice: { amount: compareAt, currency: 'EUR' } }),
      });
      const prices = await batch('prices', { prices: [price(900), price(900, 800), price(700)] });
      expect(prices.body.results).toMatchObject([
        { status: 200, id: variant.id },
        { status: 422, problem: { errors: [{ pointer: '/prices/1/compareAtPrice' }] } },
        { status: 200 },
      ]);
      const misshaped = [
        { create: { title: 'Beside', variants: [{ sku: 'BATCH-4' }] } },
        ...[{ update: { id: 'x' } }, 'nonsense', null, { ...operations[0], more: 1 }],
      ];
      const wrong = await batch('products', { operations: misshaped });
      expect([wrong.status, wrong.body.succeeded, wrong.body.failed]).toEqual([200, 1, 4]);
      expect(wrong.body.results.slice(1)).toMatchObject([
        { status: 400, problem: { errors: [{ pointer: '/operations/1/update/id' }] } },
        { status: 400, problem: { errors: [{ pointer: '/operations/2', code: 'not_object' }] } },
        { status: 400, problem: { errors: [{ pointer: '/operations/3', code: 'not_object' }] } },
        { status: 400, problem: { errors: [{ pointer: '/operations/4/more', code: 'unknown_property' }] } },
      ]);
      const whole = await batch('products', { operations: misshaped.slice(1), atomic: true });
      expect([whole.status, whole.body.errors[0].pointer]).toEqual([400, '/operations/0/update/id']);
      const odd = await batch('prices', { prices: [price(800), { ...price(1), price: 'free' }] });
      expect(odd.body.results).toMatchObject([
        { status: 200 },
        { status: 400, problem: { errors: [{ pointer: '/prices/1/price' }] } },
      ]);
      const many = await batch('prices', { prices: Array.from({ length: 101 }, () => price(1)) });
      expect(many.status).toBe(400);
      const support = await given.staff(app, ['support'], token);
      for (const kind of ['products', 'prices', 'stock'])
        expect((await batch(kind, {}, { token: support.token, key: randomUUID() })).status).toBe(403);
    });

    it('are all done or none when that is asked for', async () => {
      const { variants } = await given.product(app, token, {});
      const change = (quantity: number) => ({
        ...{ variantId: variants[0].id, location: 'main', kind: 'received', quantity },
      });
      const before = await onHand(variants[0].id);
      const key = randomUUID();
      const none = await batch('stock', { changes: [change(5), change(-5)], atomic: true }, { key });
      expect([none.status, none.body.errors[0].pointer]).toEqual([400, '/changes/1/quantity']);
      expect(await onHand(variants[0].id)).toBe(before);
      const all = await batch(
        'stock',
        { changes: [change(5), change(6)], atomic: true },
        { key: randomUUID() },
      );
      expect(all.body).toMatchObject({ succeeded: 2, failed: 0 });
      expect(await onHand(variants[0].id)).toBe(before + 11);
      expect((await batch('stock', { changes: [change(5)] })).status).toBe(400);
    });

    it('go on where they stopped when the database could not serve one of them', async () => {
      const there = [await given.product(app, token, {}), await given.product(app, token, {})];
      const before = await onHand(there[0]!.variants[0].id);
      const changes = there.map(({ variants }) => ({
        ...{ variantId: variants[0].id, location: 'main', kind: 'received', quantity: 3 },
      }));
      const key = randomUUID();
      let busy: Answer | undefined;
      await app.database.transaction(async () => {
        await app.database.execute('SELECT FROM catalog.stock WHERE variant_id = $1 FOR UPDATE', [
          there[1]!.variants[0].id,
        ]);
        busy = await batch('stock', { changes }, { key });
      });
      expect(busy?.status).toBe(503);
      const again = await batch('stock', { changes }, { key });
      expect([again.status, again.body.succeeded]).toEqual([200, 2]);
      expect(await onHand(there[0]!.variants[0].id)).toBe(before + 3);
    });

    it('are each done once, also when the process dies in the middle', async () => {
      const { variants } = await given.product(app, token, {});
      const before = await onHand(variants[0].id);
      const changes = [1, 10, 100].map((quantity) => ({
        ...{ variantId: variants[0].id, location: 'main', kind: 'received', quantity },
      }));
      const folder = newFolder();
      folders.push(folder);
      const doomed = RealProcess.start({
        ...{
          NODE_ENV: 'test',
          ROLE: 'api',
          DATA_DIR: folder,
          SECRET_KEY: SECRET,
          PUBLIC_URL: app.config.publicUrl,
        },
        ...{ DATABASE_URL: app.config.databaseUrl ?? '', TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '' },
        FAILPOINT: 'batch.after_item',
      });
      const key = randomUUID();
      const headers = {
        authorization: `Bearer ${token}`,
        'idempotency-key': key,
        'content-type': 'application/json',
      };
      const body = JSON.stringify({ changes });
      await expect(
        fetch(`${await doomed.url()}/v1/admin/stock/batch`, { method: 'POST', headers, body }),
      ).rejects.toThrow();
      expect(await doomed.signal()).toBe('SIGKILL');
      expect(await onHand(variants[0].id)).toBe(before + 1);
      // As if the lease of the dead request had run out.
      await app.database.execute(
        `UPDATE platform.idempotency_keys SET locked_until = now() - interval '1 s' WHERE status IS NULL`,
      );
      const again = await batch('stock', { changes }, { key });
      expect(again.body).toMatchObject({
        succeeded: 3,
        failed: 0,
        results: [{ index: 0 }, { index: 1 }, { index: 2 }],
      });
      expect(await onHand(variants[0].id)).toBe(before + 111);
    });
  });

  it('go on behind the last part when the process is killed, and can be canceled before', async () => {
    const text = 'x'.repeat(20_000);
    const many = Array.from({ length: 130 }, (_, n) => ({
      ...{ externalId: `big-${n}`, title: `Big ${n}`, brand: 'Big', description: `${text}${n}` },
      variants: [{ sku: `BIG-${n}` }],
    }));
    expect((await importAll(lines(...many), NDJSON)).counts).toMatchObject({ created: 130 });
    const whole = await exportAll('ndjson', { brand: 'Big' });
    const workers = app.app.get(Workers);
    await workers.stop();
    const canceled = await start({ format: 'ndjson', filter: { brand: 'Big' } });
    const stop = await app.post(`/v1/admin/exports/${canceled}/cancellation`, undefined, { token });
    expect([stop.status, stop.body.state]).toEqual([200, 'canceled']);
    const id = await start({ format: 'ndjson', filter: { brand: 'Big' } });
    const doomed = RealProcess.start({
      ...{ NODE_ENV: 'test', ROLE: 'worker', FAILPOINT: 'export.after_file_part' },
      ...{ DATABASE_URL: app.config.databaseUrl ?? '', TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '' },
      ...{ DATA_DIR: app.config.dataDir, SECRET_KEY: SECRET },
    });
    expect(await doomed.signal()).toBe('SIGKILL');
    const stopped = await get(id);
    expect([stopped.state, stopped.counts.total]).toEqual(['running', 130]);
    expect(stopped.counts.products).toBeGreaterThan(0);
    expect(stopped.counts.products).toBeLessThan(130);
    // As if the lease of the dead worker had run out.
    await app.database.execute(
      `UPDATE catalog.exports SET leased_until = now() - interval '1 minute' WHERE id = $1`,
      [id],
    );
    await workers.start({ schedules: false });
    await app.run('catalog.resume_exports');
    // The queue still waits for the dead worker, so that nothing settles for a while.
    for (let tries = 0; (await get(id)).state === 'running' && tries < 5_000; tries++) await wait(25);
    expect(await get(id)).toMatchObject({
      state: 'finished',
      counts: { total: 130, products: 130, rows: 130 },
    });
    expect((await file(id)).text).toBe(whole);
    expect((await get(canceled)).state).toBe('canceled');
    await app.run('catalog.clear_exports');
    const folder = join(app.config.dataDir, 'files', 'exports', canceled);
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  });
});

interface Told {
  id: string;
  state: string;
}

/** The data of the events of an answer, one after the other. */
async function* eventsOf(answer: globalThis.Response): AsyncGenerator<Told, undefined> {
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as Told;
    }
  }
}

const SECRET = 'a secret that only the tests know, 32+';
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
