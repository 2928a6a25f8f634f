import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { admin, databaseUrl, dropDatabase, freshDatabase, startApp, type TestApp } from './support/app.js';
import { Client } from './support/client.js';
import { given } from './support/given.js';
import { untilWaiting } from './support/locks.js';
import { buy } from './support/purchase.js';
import { newFolder, RealProcess } from './support/real-process.js';

const NDJSON = 'application/x-ndjson';

describe('imports', () => {
  let app: TestApp;
  let token: string;
  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const start = async (body: string | Uint8Array, type = NDJSON, query = '') => {
    const answer = await app.post(`/v1/admin/imports${query}`, body, {
      token,
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(202);
    return answer.body.id as string;
  };
  const get = async (id: string) => (await app.get(`/v1/admin/imports/${id}`, { token })).body;
  const importAll = async (body: string | Uint8Array, type = NDJSON, query = '') => {
    const id = await start(body, type, query);
    await app.settle();
    return get(id);
  };
  const errors = async (id: string) =>
    (await app.get(`/v1/admin/imports/${id}/errors`, { token })).body.items;
  const tables = async () => {
    const [row] = await app.database.query<{ state: string }>(
      `SELECT concat_ws(' ', (SELECT count(*) FROM catalog.products), (SELECT count(*) FROM catalog.variants),
        (SELECT count(*) FROM catalog.prices), (SELECT count(*) FROM catalog.stock_movements),
        (SELECT count(*) FROM catalog.categories), (SELECT count(*) FROM catalog.search_documents),
        (SELECT sum(version) FROM catalog.products)) AS state`,
    );
    return row?.state;
  };
  const product = (id: string, extra: object = {}, variant: object = {}) => ({
    externalId: id,
    title: `Imported ${id}`,
    status: 'published',
    categories: [{ handle: 'imported', title: 'Imported things' }],
    attributes: { colour: 'green' },
    variants: [
      {
        sku: `SKU-${id}`,
        prices: [{ amount: 1500, currency: 'EUR', compareAt: 2000 }],
        stock: [{ location: 'main', onHand: 7 }],
        ...variant,
      },
    ],
    ...extra,
  });
  const lines = (...products: object[]) => products.map((one) => JSON.stringify(one)).join('\n');

  it('makes products that can be found and bought at once', async () => {
    const done = await importAll(lines(product('one'), product('two')));
    expect(done).toMatchObject({ state: 'finished', dryRun: false, failure: null });
    expect(done.counts).toEqual({ read: 2, created: 2, updated: 0, unchanged: 0, rejected: 0 });
    const found = await app.get('/v1/products?q=imported%20one');
    expect(found.body.items[0]).toMatchObject({
      handle: 'imported-one',
      attributes: { colour: 'green' },
      categories: [{ handle: 'imported', title: 'Imported things' }],
      variants: [
        {
          sku: 'SKU-one',
          price: { amount: 1500 },
          compareAtPrice: { amount: 2000, currency: 'EUR' },
          available: 7,
        },
      ],
    });
  });

  it('is not stopped by names that cannot be kept', async () => {
    const file = lines(
      product('named', { attributes: { 'col\ud800our': 'green', 'si\u0000ze': 'L' } }),
      product('misnamed', { 'sur\u0000prise\ud800': true }),
    );
    const done = await importAll(file);
    expect(done).toMatchObject({ state: 'finished', counts: { read: 2, created: 1, rejected: 1 } });
    expect(await errors(done.id)).toMatchObject([{ code: 'unknown_property', pointer: '/surprise' }]);
  });

  it('finds nothing to do in the same file', async () => {
    const file = lines(product('same-1'), product('same-2'));
    await importAll(file);
    const before = await tables();
    expect((await importAll(file)).counts).toMatchObject({ read: 2, created: 0, updated: 0, unchanged: 2 });
    expect(await tables()).toBe(before);
  });

  it('writes only what differs: a price is appended, stock is moved by what is missing', async () => {
    await importAll(lines(product('live')));
    const changed = product(
      'live',
      {},
      { prices: [{ amount: 1400, currency: 'EUR' }], stock: [{ location: 'main', onHand: 9 }] },
    );
    expect((await importAll(lines(changed))).counts).toMatchObject({ updated: 1 });
    const [row] = await app.database.query<{ prices: number; moves: number[]; version: number }>(
      `SELECT (SELECT count(*)::int FROM catalog.prices p WHERE p.variant_id = v.id) AS prices, p.version,
        (SELECT json_agg(m.quantity ORDER BY m.id) FROM catalog.stock_movements m JOIN catalog.stock s ON s.id = m.stock_id
          WHERE s.variant_id = v.id) AS moves
       FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id WHERE v.sku = 'SKU-live'`,
    );
    expect(row).toEqual({ prices: 2, moves: [7, 2], version: 1 });
  });

  it('writes a product again that somebody changed meanwhile', async () => {
    await importAll(lines(product('edited')));
    await app.database.execute(
      `UPDATE catalog.products SET title = 'By hand', version = version + 1 WHERE external_id = 'edited'`,
    );
    expect((await importAll(lines(product('edited')))).counts).toMatchObject({ updated: 1, unchanged: 0 });
  });

  it('decides the same in a dry run and changes nothing', async () => {
    const before = await tables();
    const done = await importAll(
      lines(product('one'), product('dry'), { title: '' }),
      NDJSON,
      '?dryRun=true',
    );
    expect(done).toMatchObject({ dryRun: true, counts: { read: 3, created: 1, unchanged: 1, rejected: 1 } });
    expect(await tables()).toBe(before);
    const { text } = await app.get(`/v1/admin/imports/${done.id}/results`, { token });
    const rows = text.trimEnd().split('\r\n').map((line) => line.split(',').slice(2, 4)); // prettier-ignore
    // What was not made has no id that anybody could look for.
    expect(rows.slice(1, 3)).toEqual([
      ['unchanged', expect.stringMatching(/^[\da-f-]{36}$/)],
      ['created', ''],
    ]);
  });

  it('knows every name that the file has used, however long ago', async () => {
    const file = Array.from({ length: 450 }, (_, n) => product(`names-${n}`));
    const repeats = [
      product('names-3'),
      product('names-450', {}, { sku: 'SKU-names-4' }),
      product('names-450'),
    ];
    const done = await importAll(lines(...file, ...repeats));
    expect(done.counts).toMatchObject({ read: 453, created: 451, rejected: 2 });
    const { items } = (await app.get(`/v1/admin/imports/${done.id}/errors`, { token })).body;
    expect(items).toMatchObject([
      { line: 451, code: 'repeated', pointer: '/externalId' },
      { line: 452, code: 'repeated', pointer: '/variants/0/sku' },
    ]);
    expect(await app.database.query('SELECT FROM catalog.import_names')).toEqual([]);
  });

  it('rejects bad rows with line, code, pointer and message, and takes the others', async () => {
    const done = await importAll(
      [
        JSON.stringify(product('fine')),
        'not json',
        '',
        JSON.stringify(product('bad-1', { title: 7, surprise: true })),
        JSON.stringify(product('bad-2', {}, { prices: [{ amount: 1.5, currency: 'XXQ' }] })),
        JSON.stringify(product('bad-3', {}, { sku: 'SKU-one' })),
        JSON.stringify(product('fine', { handle: 'fine-again' }, { sku: 'SKU-again' })),
        JSON.stringify(product('bad-4', {}, { stock: [{ location: 'moon', onHand: 1 }] })),
        JSON.stringify(product('bad-5', { variants: [] })),
      ].join('\r\n'),
    );
    expect(done.counts).toEqual({ read: 8, created: 1, updated: 0, unchanged: 0, rejected: 7 });
    expect(await errors(done.id)).toEqual([
      expect.objectContaining({ line: 2, code: 'not_json', pointer: '', externalId: null }),
      expect.objectContaining({ line: 4, code: 'unknown_property', pointer: '/surprise' }),
      expect.objectContaining({ line: 4, code: 'is_string', pointer: '/title', externalId: 'bad-1' }),
      expect.objectContaining({ line: 5, code: 'is_int', pointer: '/variants/0/prices/0/amount' }),
      expect.objectContaining({ line: 5, code: 'is_currency', pointer: '/variants/0/prices/0/currency' }),
      expect.objectContaining({
        line: 6,
        code: 'sku_taken',
        pointer: '/variants/0/sku',
        externalId: 'bad-3',
      }),
      expect.objectContaining({ line: 7, code: 'repeated', pointer: '/externalId' }),
      expect.objectContaining({ line: 8, code: 'unknown_location' }),
      expect.objectContaining({ line: 9, code: 'array_min_size', pointer: '/variants' }),
    ]);
  });

  it('pages through the errors without losing one', async () => {
    const { id } = await importAll(Array.from({ length: 7 }, () => '{').join('\n'));
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await app.get(
        `/v1/admin/imports/${id}/errors?limit=3${cursor && `&cursor=${cursor}`}`,
        { token },
      );
      seen.push(...body.items.map(({ line }: { line: number }) => line));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('counts the same in a dry run, the import itself and its repetition, over several chunks', async () => {
    const file = lines(...Array.from({ length: 450 }, (_, n) => product(`chunks-${n}`)));
    expect((await importAll(file, NDJSON, '?dryRun=true')).counts).toMatchObject({ read: 450, created: 450 });
    expect((await importAll(file)).counts).toMatchObject({ read: 450, created: 450, unchanged: 0 });
    expect((await importAll(file)).counts).toMatchObject({ read: 450, created: 0, unchanged: 450 });
  });

  it('stops behind the chunk in hand when it is canceled, and what is imported stays', async () => {
    const file = lines(...Array.from({ length: 6_000 }, (_, n) => product(`stop-${n}`)));
    const id = await start(file);
    let over = false;
    const settled = app.settle().finally(() => (over = true));
    while (!over && (await get(id)).counts.read === 0) await wait(10);
    const canceled = await app.post(`/v1/admin/imports/${id}/cancellation`, undefined, { token });
    expect([canceled.status, canceled.body.state]).toEqual([200, 'canceled']);
    await settled;
    const { state, counts } = await get(id);
    expect([state, counts]).toEqual(['canceled', canceled.body.counts]);
    expect(counts.created).toBeGreaterThan(0);
    expect(counts.created).toBeLessThan(6_000);
    const [kept] = await app.database.query<{ products: number }>(
      `SELECT count(*)::int AS products FROM catalog.products WHERE external_id LIKE 'stop-%'`,
    );
    expect(kept).toEqual({ products: counts.created });
    // Nobody takes it up again.
    await app.run('catalog.resume_imports');
    await app.settle();
    expect((await get(id)).counts).toEqual(counts);
  });

  it('is for staff who may import', async () => {
    const email = `${randomUUID()}@example.test`;
    await app.post('/v1/admin/staff', { email, roles: ['support'] }, { token });
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === email);
    const password = 'four random words are good';
    const link = /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
    expect((await app.post('/v1/auth/password/reset', { token: link, password })).status).toBe(204);
    const support = (await app.post('/v1/auth/login', { email, password })).body.accessToken as string;
    const customer = await given.customer(app);
    const { id } = await importAll(lines(product('private')));
    const headers = { 'content-type': NDJSON };
    for (const [who, status] of [
      [undefined, 401],
      [customer.token, 403],
      [support, 403],
    ] as const) {
      const options = who === undefined ? {} : { token: who };
      const answers = [
        await app.post('/v1/admin/imports', lines(product('foreign')), { ...options, headers }),
        await app.get('/v1/admin/imports', options),
        await app.get(`/v1/admin/imports/${id}`, options),
        await app.get(`/v1/admin/imports/${id}/errors`, options),
        await app.post(`/v1/admin/imports/${id}/cancellation`, undefined, options),
      ];
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
    }
    await app.settle();
    expect((await app.get('/v1/products/imported-foreign')).status).toBe(404);
    expect(readdirSync(join(app.config.dataDir, 'imports'))).toEqual([]);
  });

  it('refuses a file that is announced as too large before reading it', async () => {
    const upload = request(`${app.url}/v1/admin/imports`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': NDJSON,
        'content-length': String(1024 ** 3 + 1),
      },
    });
    upload.write('{');
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    const body = JSON.parse(Buffer.concat(await answer.toArray()).toString()) as { code: string };
    upload.on('error', () => undefined).destroy();
    expect([answer.statusCode, body.code]).toEqual([413, 'platform.too_large']);
    expect(readdirSync(join(app.config.dataDir, 'imports'))).toEqual([]);
  });

  it('refuses a file that turns out to be too large, and says so', async () => {
    const upload = request(`${app.url}/v1/admin/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': NDJSON, 'transfer-encoding': 'chunked' },
    });
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
    const chunk = Buffer.alloc(4 * 1024 ** 2, 'x');
    let over = false;
    answered.finally(() => (over = true)).catch(() => undefined);
    for (let sent = 0; !over && sent <= 1024 ** 3; sent += chunk.length)
      if (!upload.write(chunk)) await Promise.race([once(upload, 'drain'), answered]);
    const [answer] = await answered;
    const body = JSON.parse(Buffer.concat(await answer.toArray()).toString()) as { code: string };
    upload.on('error', () => undefined).destroy();
    expect([answer.statusCode, body.code]).toEqual([413, 'platform.too_large']);
    expect(readdirSync(join(app.config.dataDir, 'imports'))).toEqual([]);
  });

  it('takes a text apart from what no database keeps, and cuts no character in half', async () => {
    const odd = 'a\0b\ud800c';
    const done = await importAll(
      lines(
        product(
          'odd-1',
          {
            attributes: { [odd]: odd },
            options: [{ name: 'Size', values: [odd, `${'x'.repeat(119)}😀`] }],
          },
          { options: { Size: odd } },
        ),
        product('odd-2', { [odd]: 1 }),
        product('odd-3', { title: `\u202e${odd}` }, { title: odd, options: { [odd]: odd } }),
      ),
    );
    expect(done).toMatchObject({ state: 'finished', counts: { read: 3, created: 2, rejected: 1 } });
    expect(await errors(done.id)).toEqual([
      expect.objectContaining({ line: 2, code: 'unknown_property', pointer: '/abc' }),
    ]);
    expect((await app.get('/v1/products/imported-odd-1')).body).toMatchObject({
      attributes: { abc: 'abc' },
      options: [{ name: 'Size', values: ['abc', 'x'.repeat(119)] }],
    });
  });

  it('reads a file that begins with a byte order mark, and refuses lines that are not UTF-8', async () => {
    const latin = Buffer.from(JSON.stringify(product('latin', { title: 'Café' })), 'latin1');
    const start = Buffer.from(`\ufeff${lines(product('marked'))}\n`);
    const done = await importAll(Buffer.concat([start, latin]));
    expect(done.counts).toMatchObject({ read: 2, created: 1, rejected: 1 });
    expect(await errors(done.id)).toEqual([expect.objectContaining({ line: 2, code: 'not_utf8' })]);
  });

  it('refuses a line of more than a megabyte and goes on behind it', async () => {
    const done = await importAll(`${'x'.repeat(3_000_000)}\n${lines(product('behind'))}`);
    expect(done.counts).toMatchObject({ read: 2, created: 1, rejected: 1 });
    expect(await errors(done.id)).toEqual([expect.objectContaining({ line: 1, code: 'too_long' })]);
  });

  it('ends as failed when the database refuses what it holds, instead of trying for ever', async () => {
    await app.database.execute(`
      CREATE FUNCTION pg_temp_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END $$`);
    await app.database.execute(`
      CREATE TRIGGER refuse BEFORE INSERT ON catalog.products FOR EACH ROW
        WHEN (NEW.external_id = 'refused') EXECUTE FUNCTION pg_temp_refuse()`);
    try {
      expect(await importAll(lines(product('refused')))).toMatchObject({
        state: 'failed',
        failure: 'The file holds something that cannot be kept.',
      });
    } finally {
      await app.database.execute('DROP FUNCTION pg_temp_refuse CASCADE');
    }
  });

  const staffSees = async (externalId: string) =>
    (await app.get(`/v1/admin/products?externalId=${externalId}`, { token })).body.items[0];

  it('brings a variant back that somebody gave another SKU or title', async () => {
    await importAll(lines(product('renamed'), product('retitled', {}, { title: 'From the file' })));
    const [renamed, retitled] = [await staffSees('renamed'), await staffSees('retitled')];
    await app.patch(`/v1/admin/variants/${renamed.variants[0].id}`, { sku: 'BY-HAND' }, { token });
    await app.patch(`/v1/admin/variants/${retitled.variants[0].id}`, { title: 'By hand' }, { token });
    const done = await importAll(
      lines(product('renamed'), product('retitled', {}, { title: 'From the file' })),
    );
    expect(done).toMatchObject({ state: 'finished', counts: { updated: 2, unchanged: 0 } });
    const skus = (await staffSees('renamed')).variants.map(({ sku }: { sku: string }) => sku);
    expect(skus.sort()).toEqual(['BY-HAND', 'SKU-renamed']);
    expect((await staffSees('retitled')).variants[0].title).toBe('From the file');
  });

  it('never takes a product that was made by hand for one of a file that has its name', async () => {
    const made = await given.product(app, token, { title: 'Rain jacket', brand: 'By hand' });
    await given.product(app, token, { title: 'Sun hat', externalId: 'erp-7' });
    const row = (title: string, extra: object = {}) =>
      JSON.stringify({ title, variants: [{ sku: `FILE-${title}` }], ...extra });
    const shopify = 'Handle,Title,Variant SKU,Variant Price\nsun-hat,Sun hat,CSV-2,5\n';
    const files = [
      await importAll([row('Rain jacket'), row('Sun hat'), row('Wind coat')].join('\n')),
      await importAll(row('Rain jacket', { externalId: 'rain-1' })),
      await importAll(shopify, 'text/csv'),
    ];
    expect(files.map(({ counts }) => [counts.created, counts.updated, counts.rejected])).toEqual([
      [1, 0, 2],
      [0, 0, 1],
      [0, 0, 1],
    ]);
    for (const { id } of files)
      for (const error of await errors(id))
        expect(error).toMatchObject({ code: 'handle_taken', pointer: '/handle' });
    const after = (await app.get(`/v1/admin/products/${made.id}`, { token })).body;
    expect(after).toMatchObject({ brand: 'By hand', externalId: null, version: made.version });
    expect(after.variants.map(({ sku }: { sku: string }) => sku)).toEqual(
      made.variants.map(({ sku }) => sku),
    );
    // What a file made without ids is found again by the handle.
    const again = await importAll(row('Wind coat', { brand: 'Gust' }));
    expect(again.counts).toMatchObject({ created: 0, updated: 1, rejected: 0 });
    // Whoever means the same thing says so.
    await app.patch(`/v1/admin/products/${made.id}`, { externalId: 'rain-jacket' }, { token });
    expect((await importAll(row('Rain jacket'))).counts).toMatchObject({ updated: 1, rejected: 0 });
  });

  it('takes all that a product is made with by hand', async () => {
    const { body: made } = await app.post(
      '/v1/admin/tax-classes',
      { code: 'books', title: 'Books' },
      { token },
    );
    expect(made.code).toBe('books');
    const full = {
      handle: 'full-of-fields',
      title: 'Full of fields',
      description: 'All of them.',
      brand: 'Acme',
      status: 'published',
      categories: ['imported'],
      options: [{ name: 'Size', values: ['S', 'M'] }],
      attributes: { pages: 320, formats: ['print', { name: 'audio' }], signed: false },
      media: [{ url: '/media/full.jpg', alt: 'All' }],
      taxClass: 'books',
      metadata: { erp: { id: 7, shelf: null } },
    };
    const variants = (sku: string) => [
      {
        sku,
        title: 'Small',
        options: { Size: 'S' },
        barcode: '4006381333931',
        weightGrams: 5,
        backorderLimit: 2,
        prices: [{ amount: 100, currency: 'EUR', compareAt: 200 }],
        stock: [{ location: 'main', onHand: 3 }],
      },
    ];
    await importAll(lines(product('with-category')));
    const byHand = await app.post('/v1/admin/products', { ...full, variants: variants('FULL-1') }, { token });
    expect(byHand.status).toBe(201);
    const row = {
      ...full,
      handle: 'full-of-fields-too',
      externalId: 'full',
      variants: variants('FULL-2'),
    };
    expect((await importAll(lines(row))).counts).toMatchObject({ created: 1, rejected: 0 });
    const told = ({
      id: _id,
      handle: _handle,
      externalId: _externalId,
      ...rest
    }: Record<string, unknown>) => ({
      ...rest,
      createdAt: null,
      updatedAt: null,
      variants: (rest.variants as object[]).map((variant) => ({ ...variant, id: null, sku: null })),
    });
    expect(told(await staffSees('full'))).toEqual(told(byHand.body));
    expect((await importAll(lines(row))).counts).toMatchObject({ unchanged: 1 });
    // What the file leaves out stays.
    const { taxClass: _taxClass, metadata: _metadata, ...less } = { ...row, title: 'Less' };
    expect((await importAll(lines(less))).counts).toMatchObject({ updated: 1 });
    expect(await staffSees('full')).toMatchObject({
      title: 'Less',
      taxClass: 'books',
      metadata: full.metadata,
    });
    await importAll(lines(product('plain')));
    expect(await staffSees('plain')).toMatchObject({ taxClass: 'standard', metadata: {} });
  });

  it('rejects a row of a tax class that there is not, and takes the others of its chunk', async () => {
    const done = await importAll(
      lines(product('taxed', { taxClass: 'reduced' }), product('untaxed', { taxClass: 'reducde' })),
    );
    expect(done).toMatchObject({ state: 'finished', counts: { created: 1, rejected: 1 } });
    expect(await errors(done.id)).toEqual([
      expect.objectContaining({
        line: 2,
        externalId: 'untaxed',
        code: 'unknown_tax_class',
        pointer: '/taxClass',
      }),
    ]);
  });

  it('rejects fields of free content that are no object or have no end', async () => {
    const deep = `${'['.repeat(400)}${']'.repeat(400)}`;
    const done = await importAll(
      [
        JSON.stringify(product('free-1', { metadata: 7 })),
        JSON.stringify(product('free-2', { attributes: { deep: 0 } })).replace('"deep":0', `"deep":${deep}`),
        JSON.stringify(product('free-3', { metadata: { 'a\0': ['b\ud800'] } })),
      ].join('\n'),
    );
    expect(done).toMatchObject({ state: 'finished', counts: { created: 1, rejected: 2 } });
    expect(await errors(done.id)).toEqual([
      expect.objectContaining({ line: 1, code: 'is_object', pointer: '/metadata' }),
      expect.objectContaining({ line: 2, code: 'too_deep', pointer: '/attributes' }),
    ]);
    expect((await staffSees('free-3')).metadata).toEqual({ a: ['b'] });
  });

  it('rejects variants that do not fit the options of their product', async () => {
    const sized = (id: string, options: object[] | undefined, ...choices: object[]) =>
      product(id, {
        options,
        variants: choices.map((chosen, n) => ({ sku: `${id}-${n}`, options: chosen })),
      });
    const sizes = [{ name: 'Size', values: ['S', 'M'] }];
    const done = await importAll(
      lines(
        sized('fits', sizes, { Size: 'S' }, { Size: 'M' }),
        sized('made', undefined, { Size: 'S' }, { Size: 'M' }),
        sized('none', sizes, { Size: 'S' }, {}),
        sized('wrong', sizes, { Size: 'L' }),
        sized('other', sizes, { Size: 'S', Colour: 'red' }),
        sized('twice', sizes, { Size: 'S' }, { Size: 'S' }),
      ),
    );
    expect(done.counts).toMatchObject({ created: 2, rejected: 4 });
    expect((await staffSees('made')).options).toEqual(sizes);
    expect(
      (await errors(done.id)).map(({ line, code, pointer }: Record<string, unknown>) => [
        line,
        code,
        pointer,
      ]),
    ).toEqual([
      [3, 'unknown_value', '/variants/1/options/Size'],
      [4, 'unknown_value', '/variants/0/options/Size'],
      [5, 'unknown_option', '/variants/0/options/Colour'],
      [6, 'duplicate', '/variants/1/options'],
    ]);
  });

  it('leaves archived products where they are, and reserved words to the shop', async () => {
    await importAll(lines(product('gone')));
    await app.delete(`/v1/admin/products/${(await staffSees('gone')).id}`, { token });
    const done = await importAll(lines(product('gone'), product('word', { handle: 'search' })));
    expect(done.counts).toMatchObject({ rejected: 2, updated: 0, created: 0 });
    expect((await errors(done.id)).map(({ code }: { code: string }) => code)).toEqual([
      'archived',
      'handle_taken',
    ]);
    expect((await app.get('/v1/products/imported-gone')).status).toBe(404);
  });

  it('keeps one limit of backorders for a variant, wherever it lies', async () => {
    await app.post('/v1/admin/locations', { code: 'far', name: 'Far away', priority: 900 }, { token });
    const stock = (...codes: string[]) => codes.map((location) => ({ location, onHand: 1 }));
    const limits = async () => [
      (await staffSees('both')).variants[0].backorderLimit,
      (await staffSees('none')).variants[0].backorderLimit,
      (await staffSees('far')).variants[0].backorderLimit,
    ];
    const file = (backorderLimit: number) =>
      lines(
        product('both', {}, { backorderLimit, stock: stock('main', 'far') }),
        product('none', {}, { backorderLimit, stock: [] }),
        product('far', {}, { backorderLimit, stock: stock('far') }),
      );
    await importAll(file(5));
    expect(await limits()).toEqual([5, 5, 5]);
    expect((await importAll(file(5))).counts).toMatchObject({ unchanged: 3 });
    await importAll(file(2));
    expect(await limits()).toEqual([2, 2, 2]);
    await importAll(file(0));
    expect(await limits()).toEqual([0, 0, 0]);
  });

  it('rejects a row that leaves less than is promised to orders, each time, and takes the next one', async () => {
    await importAll(lines(product('promised')));
    const [variant] = (await staffSees('promised')).variants;
    await buy(app, [{ variantId: variant.id, sku: variant.sku, quantity: 6 }]);
    const file = (onHand: number, backorderLimit = 0) =>
      lines(product('promised', {}, { backorderLimit, stock: [{ location: 'main', onHand }] }));
    const before = await tables();
    for (const query of ['?dryRun=true', '', '']) {
      const done = await importAll(file(2), NDJSON, query);
      expect(done.counts).toMatchObject({ updated: 0, rejected: 1 });
      expect(await errors(done.id)).toMatchObject([
        {
          code: 'stock_promised',
          pointer: '/variants/0/stock',
          message: '2 of SKU-promised cannot be at main: at least 6 are promised to orders',
        },
      ]);
    }
    expect(await tables()).toBe(before);
    for (const enough of [file(6), file(2, 4)]) {
      expect((await importAll(enough)).counts).toMatchObject({ updated: 1 });
      expect((await importAll(enough)).counts).toMatchObject({ unchanged: 1 });
    }
  });

  it('never takes a variant from a product that is being made meanwhile', async () => {
    const rival = new pg.Client({ connectionString: app.config.databaseUrl ?? '' });
    await rival.connect();
    try {
      const [productId, variantId] = [
        '019a0000-0000-7000-8000-0000000000a1',
        '019a0000-0000-7000-8000-0000000000a2',
      ];
      await rival.query('BEGIN');
      await rival.query(`INSERT INTO catalog.products (id, handle, title) VALUES ($1, 'rival', 'Rival')`, [
        productId,
      ]);
      await rival.query(
        `INSERT INTO catalog.variants (id, product_id, position, sku, title) VALUES ($1, $2, 0, 'SKU-wanted', 'Of the rival')`,
        [variantId, productId],
      );
      const importing = importAll(lines(product('wanted')));
      await untilWaiting((sql) => rival.query(sql));
      await rival.query('COMMIT');
      const done = await importing;
      expect(done).toMatchObject({ state: 'finished', counts: { created: 0, rejected: 1 } });
      expect(await errors(done.id)).toEqual([expect.objectContaining({ code: 'sku_taken' })]);
      const { rows } = await rival.query('SELECT title, prices FROM catalog.variants WHERE id = $1', [
        variantId,
      ]);
      expect(rows).toEqual([{ title: 'Of the rival', prices: {} }]);
    } finally {
      await rival.end();
    }
  });

  it('of two files at once with the same products makes each of them once', async () => {
    const file = lines(...Array.from({ length: 300 }, (_, n) => product(`twin-${n}`)));
    const ids = [await start(file), await start(file)];
    await app.settle();
    const done = await Promise.all(ids.map(get));
    expect(done.map(({ state }) => state)).toEqual(['finished', 'finished']);
    expect(done[0].counts.created + done[1].counts.created).toBe(300);
    const [kept] = await app.database.query(
      `SELECT count(DISTINCT p.id)::int AS products, count(*)::int AS prices FROM catalog.products p
       JOIN catalog.variants v ON v.product_id = p.id JOIN catalog.prices r ON r.variant_id = v.id WHERE p.external_id LIKE 'twin-%'`,
    );
    expect(kept).toEqual({ products: 300, prices: 300 });
  });

  it('is canceled once, and refuses what is over, unknown, empty or of another type', async () => {
    const { id } = await importAll(lines(product('over')));
    const late = await app.post(`/v1/admin/imports/${id}/cancellation`, undefined, { token });
    expect(late).toMatchObject({ status: 409, body: { code: 'catalog.import_over' } });
    const unknown = await app.get('/v1/admin/imports/01890000-0000-7000-8000-000000000000', { token });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'platform.not_found' } });
    const send = (body: string, type: string) =>
      app.post('/v1/admin/imports', body, { token, headers: { 'content-type': type } });
    expect(await send('', NDJSON)).toMatchObject({ status: 400, body: { code: 'catalog.import_empty' } });
    expect(await send('{}', 'application/json')).toMatchObject({ status: 415 });
    expect(await send('<a/>', 'application/xml')).toMatchObject({ status: 415 });
    const elsewhere = await app.post('/v1/admin/categories', 'a,b', {
      token,
      headers: { 'content-type': 'text/csv' },
    });
    expect(elsewhere.status).toBe(415);
    expect(
      (await app.post('/v1/admin/imports?what=1', 'x', { token, headers: { 'content-type': NDJSON } }))
        .status,
    ).toBe(400);
    expect(readdirSync(join(app.config.dataDir, 'imports'))).toEqual([]);
  });

  describe('in a process that is killed', () => {
    const folder = newFolder();
    let name: string;
    let look: pg.Client;
    beforeAll(async () => {
      name = await freshDatabase();
      look = new pg.Client({ connectionString: databaseUrl(name) });
      await look.connect();
    });
    afterAll(async () => {
      await RealProcess.sweep([folder]);
      await look?.end();
      await dropDatabase(name);
    });

    const run = (settings: Record<string, string> = {}) =>
      RealProcess.start({
        NODE_ENV: 'test',
        DATABASE_URL: databaseUrl(name),
        DATA_DIR: folder,
        SECRET_KEY: 'a secret that only the tests know, 32+',
        ADMIN_EMAIL: admin.email,
        ADMIN_PASSWORD: admin.password,
        DEMO_STORE: 'off',
        ...settings,
      });
    const kept = async () => {
      const { rows } = await look.query<object>(
        `SELECT (SELECT count(*)::int FROM catalog.products) AS products, (SELECT max(version) FROM catalog.products) AS version,
          (SELECT count(*)::int FROM catalog.prices) AS prices, (SELECT count(*)::int FROM catalog.stock_movements) AS movements,
          (SELECT sum(on_hand)::int FROM catalog.stock) AS pieces, (SELECT count(*)::int FROM catalog.search_documents) AS found,
          (SELECT rows_read FROM catalog.imports) AS read`,
      );
      return rows[0];
    };
    const holding = (products: number) => ({
      ...{ products, version: 1, prices: products, movements: products },
      ...{ pieces: products * 7, found: products, read: products },
    });

    it('goes on behind the last chunk that was committed, and ends with the same counts', async () => {
      const doomed = run({ FAILPOINT: 'import.after_chunk' });
      const first = new Client(await doomed.url());
      const signIn = (shop: Client) =>
        shop.post('/v1/auth/login', { email: admin.email, password: admin.password });
      const session = { token: (await signIn(first)).body.accessToken as string };
      const file = lines(...Array.from({ length: 450 }, (_, n) => product(`killed-${n}`)));
      const upload = await first.post('/v1/admin/imports', file, {
        ...session,
        headers: { 'content-type': NDJSON },
      });
      expect(upload.status).toBe(202);
      expect(await doomed.signal()).toBe('SIGKILL');
      expect(await kept()).toEqual(holding(200));

      // As if the lease of the dead worker had run out.
      await look.query(`UPDATE catalog.imports SET leased_until = now() - interval '1 minute'`);
      const next = new Client(await run().url());
      const importNow = async () => (await next.get(`/v1/admin/imports/${upload.body.id}`, session)).body;
      let seen = await importNow();
      for (let tries = 0; seen.state !== 'finished' && tries < 5_000; tries++) {
        await wait(100);
        seen = await importNow();
      }
      expect(seen).toMatchObject({
        state: 'finished',
        failure: null,
        counts: { read: 450, created: 450, updated: 0, unchanged: 0, rejected: 0 },
      });
      expect(await kept()).toEqual(holding(450));
      // The file goes right after the state is said.
      const left = () => readdirSync(join(folder, 'imports'));
      for (let tries = 0; left().length > 0 && tries < 5_000; tries++) await wait(50);
      expect(left()).toEqual([]);
    });
  });

  describe('from Shopify', () => {
    const HEADER =
      'Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,' +
      'Variant SKU,Variant Grams,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Alt Text';
    const csv = (...rows: string[]) => `\ufeff${[HEADER, ...rows].join('\r\n')}\r\n`;
    const shirt = [
      'shirt,Blue shirt,"<p onclick=""x()"">Soft &amp; <b>blue</b></p><script>alert(1)</script>",Acme,Shirts,"summer, sale",true,Size,S,Colour,Blue,,200,3,deny,19.99,25.00,https://img.test/a.jpg,Front',
      'shirt,,,,,,,,M,,Blue,SHIRT-M,210,0,continue,19.90,,,',
      'shirt,,,,,,,,,,,,,,,,,https://img.test/b.jpg,Back',
    ];

    it('joins rows by handle, with options, images, prices and safe HTML', async () => {
      const done = await importAll(csv(...shirt), 'text/csv; charset=utf-8');
      expect(done).toMatchObject({ format: 'shopify_csv', counts: { read: 1, created: 1, rejected: 0 } });
      const { body } = await app.get('/v1/products/shirt');
      expect(body).toMatchObject({
        title: 'Blue shirt',
        brand: 'Acme',
        description: '<p>Soft &amp; <b>blue</b></p>',
        categories: [{ handle: 'shirts', title: 'Shirts' }],
        options: [
          { name: 'Size', values: ['S', 'M'] },
          { name: 'Colour', values: ['Blue'] },
        ],
        media: [
          { url: 'https://img.test/a.jpg', alt: 'Front' },
          { url: 'https://img.test/b.jpg', alt: 'Back' },
        ],
        attributes: { tags: 'summer, sale' },
        variants: [
          {
            sku: 'shirt-1',
            title: 'S / Blue',
            price: { amount: 1999 },
            compareAtPrice: { amount: 2500 },
            available: 3,
            backorder: false,
          },
          {
            sku: 'SHIRT-M',
            title: 'M / Blue',
            price: { amount: 1990 },
            compareAtPrice: null,
            available: 0,
            backorder: true,
          },
        ],
      });
      expect((await importAll(csv(...shirt), 'text/csv')).counts).toMatchObject({ unchanged: 1 });
    });

    it('keeps drafts out of the shop and takes the currency that is said', async () => {
      await importAll(
        csv(
          'hat,Hat,,,,,false,Title,Default Title,,,,,1,deny,5,,,',
          'cap,Cap,,,,,true,Title,Default Title,,,,,1,deny,500,,,',
        ),
        'text/csv',
        '?currency=JPY',
      );
      expect((await app.get('/v1/products/hat')).status).toBe(404);
      const cap = await app.get('/v1/products/cap?currency=JPY');
      expect(cap.body).toMatchObject({
        options: [],
        variants: [{ sku: 'cap-1', price: { amount: 500, currency: 'JPY' } }],
      });
    });

    it('tells what is wrong with which row', async () => {
      const rows = [
        ',No handle,,,,,true,Title,Default Title,,,,,1,deny,5,,,',
        'pricey,Pricey,,,,,true,Title,Default Title,,,,,1,deny,1.999,,,',
        'sized,Sized,,,,,true,Size,,,,SZ,,1,deny,5,,ftp://x,',
        'untitled,,,,,,true,Title,Default Title,,,,,1,deny,5,,,',
        'good,Good,,,,,true,Title,Default Title,,,,,1,deny,5,,,',
        'untitled,Again,,,,,true,Title,Default Title,,,,,1,deny,5,,,',
      ];
      const done = await importAll(csv(...rows), 'text/csv');
      expect(done.counts).toMatchObject({ read: 6, created: 1, rejected: 5 });
      expect(
        (await errors(done.id)).map(
          ({ line, code, pointer }: { line: number; code: string; pointer: string }) => [line, code, pointer],
        ),
      ).toEqual([
        [2, 'required', '/Handle'],
        [3, 'is_price', '/Variant Price'],
        [4, 'required', '/Option1 Value'],
        [4, 'is_url', '/Image Src'],
        [5, 'required', '/Title'],
        [7, 'scattered', '/Handle'],
      ]);
    });

    it('rejects a product of which two rows choose the same', async () => {
      const rows = [
        'same-choice,Same choice,,,,,true,Size,S,Colour,Red,,,1,deny,5,,,',
        'same-choice,,,,,,,,M,,Red,,,1,deny,5,,,',
        'same-choice,,,,,,,,S,,Red,,,1,deny,5,,,',
      ];
      const done = await importAll(csv(...rows), 'text/csv');
      expect(done.counts).toMatchObject({ read: 1, created: 0, rejected: 1 });
      expect(await errors(done.id)).toEqual([
        expect.objectContaining({ line: 4, code: 'duplicate', pointer: '/Option1 Value' }),
      ]);
    });

    it('keeps formulas as the text that they are, and loses no row beside a broken one', async () => {
      const rows = [
        'formula,"=HYPERLINK(""http://x.test"",""a,b"")",,+1,,@x,true,Title,Default Title,,,FORM-1,,1,deny,5,,,',
        'stray,Stray "quote,,,,,true,Title,Default Title,,,STR-1,,1,deny,5,,,',
        'lines,"Two\nlines",,,,,true,Title,Default Title,,,LIN-1,,1,deny,5,,,',
        `halved,Halved,,,,"${'y'.repeat(1999)}😀",true,Size,${'z'.repeat(119)}😀,,,${'s'.repeat(99)}😀,,1,deny,5,,,`,
        `halved-price,Price,,,,,true,Title,Default Title,,,HP-1,,1,deny,${'p'.repeat(39)}😀,,,`,
      ];
      const done = await importAll(csv(...rows), 'text/csv');
      expect(done).toMatchObject({ state: 'finished', counts: { read: 5, created: 3, rejected: 2 } });
      expect((await app.get('/v1/products/formula')).body).toMatchObject({
        title: '=HYPERLINK("http://x.test","a,b")',
        brand: '+1',
      });
      expect((await app.get('/v1/products/halved')).body.variants[0].sku).toBe('s'.repeat(99));
      const codes = (await errors(done.id)).map(({ code }: { code: string }) => code);
      expect(codes).toEqual(['not_csv', 'is_price']);
    });

    it('has at most as many variants of a product as one may have', async () => {
      const many = (count: number) =>
        Array.from(
          { length: count },
          (_, n) =>
            `many,${n === 0 ? 'Many' : ''},,,,,true,Size,${n},,,,,1,deny,5,,https://img.test/${n}.jpg,`,
        );
      const done = await importAll(csv(...many(2100)), 'text/csv');
      expect(done.counts).toMatchObject({ read: 1, rejected: 1 });
      expect(await errors(done.id)).toEqual([
        expect.objectContaining({ line: 2050, code: 'array_max_size', pointer: '/Variant Price' }),
      ]);
      expect((await importAll(csv(...many(60)), 'text/csv')).counts).toMatchObject({ created: 1 });
      expect((await app.get('/v1/products/many')).body.media).toHaveLength(50);
    });

    it('fails as a whole when it is not UTF-8', async () => {
      const done = await importAll(
        Buffer.from(csv('cafe,Café,,,,,true,Title,Default Title,,,,,1,deny,5,,,').slice(1), 'latin1'),
        'text/csv',
      );
      expect(done).toMatchObject({ state: 'failed', failure: expect.stringContaining('UTF-8') });
    });

    it('fails as a whole when it is no such file', async () => {
      const done = await importAll('a,b\n1,2\n', 'text/csv');
      expect(done).toMatchObject({ state: 'failed', failure: expect.stringContaining('Handle') });
    });
  });
});
