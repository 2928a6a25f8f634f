import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { Database } from '../src/platform/database/database.js';
import { PageCache } from '../src/platform/http/page-cache.js';
import { currentRequest } from '../src/platform/http/request-context.js';
import { Workers } from '../src/platform/events/workers.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer, Options } from './support/client.js';
import { given } from './support/given.js';

interface Operation {
  operationId: string;
  tags: [string];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}
type Ids = Record<string, string>;
type Client = { query: (...args: unknown[]) => unknown };

const TAGS = [
  ...[
    'Categories',
    'Collections',
    'Exports',
    'Feeds',
    'Imports',
    'Media',
    'Price lists',
    'Prices',
    'Products',
  ],
  ...[
    'Product types',
    'Recommendations',
    'Reports',
    'Reviews',
    'Search',
    'Stock',
    'Stock notices',
    'Stocktakes',
  ],
  ...['Tax classes', 'Translations'],
];

/** Of an operation: the statements that it may take, and what it is asked about. */
type Budget = [statements: number, of?: string, query?: string];

/** Who is asking is looked up once a second at most, and not counted here. */
const BUDGETS: Record<string, Budget> = {
  listCategories: [1],
  getCategory: [1, 'category'],
  listCollections: [1],
  getCollection: [1, 'collection'],
  getMerchantFeed: [2, 'feed'],
  listRecentlyViewed: [1],
  listMyReviews: [1],
  getMyReview: [1, 'review'],
  listMyStockNotices: [1],
  getDemoPicture: [0],
  getPicture: [1, 'media'],
  listProducts: [1, undefined, '?limit=24'],
  suggestProducts: [1, undefined, '?q=lin'],
  getProduct: [1, 'product'],
  listRecommendations: [1, 'product'],
  listRelatedProducts: [1, 'product'],
  listProductReviews: [1, 'product'],
  getCategoryTranslation: [1, 'category'],
  listAdminCollections: [1],
  getAdminCollection: [1, 'collection'],
  listCollectionProducts: [2, 'collection'],
  getCollectionTranslation: [1, 'collection'],
  listExports: [1],
  getExport: [1, 'export'],
  downloadExportFile: [5, 'export'],
  watchExport: [1, 'export'],
  listFeeds: [1],
  listImports: [1],
  getImport: [1, 'import'],
  listImportErrors: [2, 'import'],
  watchImport: [1, 'import'],
  downloadImportResults: [4, 'import'],
  listLocations: [1],
  listMedia: [1],
  getMedia: [1, 'media'],
  listPriceLists: [1],
  getPriceList: [1, 'priceList'],
  listPricesOfPriceList: [2, 'priceList'],
  listPrices: [1],
  getPriceChange: [2, 'change'],
  listProductTypes: [1],
  getProductType: [1, 'type'],
  getProductTypeTranslation: [1, 'type'],
  listAdminProducts: [1],
  getAdminProduct: [1, 'product'],
  getProductDraft: [13, 'product'],
  getProductTranslation: [1, 'product'],
  reportSales: [1],
  reportSalesAsCsv: [1],
  reportCustomers: [1],
  reportCustomersAsCsv: [1],
  reportCarts: [1],
  reportCartsAsCsv: [1],
  reportStock: [1],
  reportStockAsCsv: [1],
  reportStockDays: [1],
  reportStockDaysAsCsv: [1],
  getReportStatus: [1],
  listReviews: [1],
  getReview: [1, 'review'],
  listSearchPins: [1],
  getSearchPin: [1, 'pin'],
  // What was counted in memory is written first.
  listSearchQueries: [2],
  listSynonyms: [1],
  getSynonym: [1, 'synonym'],
  listStock: [1],
  countStockNotices: [1],
  listMovements: [1, 'stock'],
  listStocktakes: [1],
  getStocktake: [1, 'stocktake'],
  reviewStocktake: [2, 'stocktake', '?show=differing'],
  listTaxClasses: [1],
  listTranslations: [1],
  listDigitalFiles: [1, 'variant'],
  getSellingTerms: [1, 'variant'],
};

/** Why these take more than a shopper (1) or staff (3) should wait for. */
const WHY: Record<string, string> = {
  getMerchantFeed: 'no shopper waits for it: the feed of the token, then its file, whose bytes lie elsewhere',
  downloadExportFile: 'the export, its file, and the trail that says who took it along, with its transaction',
  downloadImportResults: 'a file of any length, read a stretch at a time with the faults of that stretch',
  getProductDraft: 'a rehearsal: the whole change is made as if it were published, and taken back',
};

/** The account and the rights of whoever signs in are remembered for a second. */
const WHO_ASKS = /FROM identity\./;

/** Bytes, generous: what they are today is printed. */
const MOST_OF_A_LIST = 72_000;
const MOST_OF_A_DETAIL = 6_000;

/** Ordinary texts: what a page weighs in a shop that writes a paragraph about each of its things. */
const DESCRIPTION =
  'Woven of heavy linen by a family in Flanders and sewn in our own workshop. It carries bread, books and the beach, ' +
  'folds flat into any drawer, and may be washed at forty degrees. The handles are long enough for a shoulder in a winter ' +
  'coat; the seams are sewn twice and hold for years. Each is a little different, since the flax is not dyed by machine.';

/** What a request costs: statements and bytes, of everything of the catalog that can be read, and of reports. */
describe('the budget', () => {
  const operations = new Map<string, { path: string; method: string; operation: Operation }>();
  const ids: Record<string, Ids> = {};
  let app: TestApp;
  let staff: string;
  let customer: string;
  let email: string;
  let statements: string[] = [];

  beforeAll(async () => {
    for (const file of ['openapi.json', 'openapi.admin.json']) {
      const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
        paths: Record<string, Record<string, Operation>>;
      };
      for (const [path, item] of Object.entries(paths))
        for (const [method, operation] of Object.entries(item))
          operations.set(operation.operationId, { path, method: method.toUpperCase(), operation });
    }
    app = await startApp();
    staff = await given.admin(app);
    ({ token: customer, email } = await given.customer(app));
    await someOfEverything();
    await app.settle();
    await app.app.get(Workers).stop();
    listen();
  });
  afterAll(() => app?.close());

  /** Hears each statement that is sent for a request; what goes on behind belongs to none. */
  function listen(): void {
    const { pool } = app.app.get(Database) as unknown as { pool: Pool };
    const heard = new WeakSet<object>();
    pool.on('acquire', (connection) => {
      if (heard.has(connection)) return;
      heard.add(connection);
      const client = connection as unknown as Client;
      const query = client.query;
      client.query = (...args: unknown[]) => {
        const [first] = args as [string | { text?: string }];
        if (currentRequest()) statements.push(typeof first === 'string' ? first : (first.text ?? ''));
        return query.apply(client, args);
      };
    });
  }

  /** Sends the example of an operation, with `body` in place of it or of parts of it. */
  async function send(
    id: string,
    own: Ids = {},
    body: object = {},
    options: Options = {},
  ): Promise<Answer['body']> {
    const known = operations.get(id);
    if (!known) throw new Error(`there is no operation ${id}`);
    const [[type, { example }] = ['application/json', {}]] = Object.entries(
      known.operation.requestBody?.content ?? {},
    );
    const bytes = typeof example === 'string' && /^data:[^,]*;base64,(.*)$/s.exec(example)?.[1];
    const keyed = known.operation.parameters?.some(({ name }) => name === 'Idempotency-Key');
    const sent = bytes
      ? Buffer.from(bytes, 'base64')
      : typeof example === 'string'
        ? example
        : { ...(example as object), ...body };
    const url = known.path.replace(/\{(\w+)\}/g, (_, name: string) => own[name] ?? `no-${name}`);
    const answer = await app.send(known.method, url, known.operation.requestBody ? sent : undefined, {
      token: staff,
      ...(keyed && { key: randomUUID() }),
      ...options,
      headers: { ...(known.operation.requestBody && { 'content-type': type }) },
    });
    if (answer.status >= 300) throw new Error(`${id}: ${answer.text}`);
    return answer.body;
  }

  async function someOfEverything(): Promise<void> {
    const locale = 'de';
    const category = await send('createCategory', {}, { handle: 'bags', title: 'Bags' });
    await send('createCategory', {}, { handle: 'totes', title: 'Totes', parentId: category.id });
    const type = await send('createProductType');
    const media = await send('uploadMedia');
    await app.settle();
    const bag = (n: number) => ({
      ...{
        handle: `bag-${n}`,
        title: `Linen bag number ${n}`,
        description: DESCRIPTION,
        brand: 'Oak & Flax',
      },
      ...{
        status: 'published',
        categories: ['totes'],
        productType: 'bag',
        attributes: { fabric: 'linen', volume: 10 + n },
      },
      media: [
        { mediaId: media.id, alt: 'The bag on a table' },
        { url: 'https://cdn.example.test/bag.jpg', alt: 'Worn' },
      ],
      seo: { title: `Linen bag ${n}`, description: 'A bag of linen for every day.' },
      variants: ['Natural', 'Black', 'Moss'].map((colour, at) => ({
        ...{ sku: `BAG-${n}-${at}`, options: { Colour: colour }, weightGrams: 320 },
        prices: [{ amount: 1999 + n, currency: 'EUR', compareAt: 2999 }],
        stock: [{ location: 'main', onHand: at === 2 ? 0 : 20 }],
      })),
    });
    const products = await Promise.all(
      Array.from({ length: 26 }, (_, n) => given.product(app, staff, bag(n))),
    );
    const [product, other, third] = products;
    if (!product || !other || !third) throw new Error('there are 26');
    const { id } = product;
    const variantId = product.variants[0].id;
    const soldOut = (product.variants as { id: string }[])[2]?.id ?? '';
    ids.product = { id, idOrHandle: product.handle, locale };
    const change = async (body: object) => app.patch(`/v1/admin/products/${id}`, body, { token: staff });
    await change({ related: [other.id, third.id] });
    await send('setProductTranslation', ids.product, {
      title: 'Leinentasche',
      description: DESCRIPTION,
      options: [],
    });
    ids.preview = { token: (await send('setProductDraft', ids.product)).previewToken };
    const bundle = await given.product(app, staff);
    const parts = [other, third].map(({ variants: [part] }) => ({ variantId: part.id, quantity: 2 }));
    await send('setComponents', { id: bundle.variants[0].id }, { components: parts });
    ids.category = { id: category.id, idOrHandle: 'bags', locale };
    await send('setCategoryTranslation', ids.category);
    ids.type = { id: type.id, locale };
    await send('setProductTypeTranslation', ids.type);
    await send('createCustomerGroup', {}, { code: 'wholesale', title: 'Wholesale' });
    const me = (await app.get('/v1/me', { token: customer })).body.id as string;
    await app.put(`/v1/admin/customers/${me}/groups/wholesale`, undefined, { token: staff });
    ids.media = { id: media.id, rendition: '160.webp' };
    const manual = {
      handle: 'picked',
      title: 'Picked',
      kind: 'manual',
      status: 'published',
      rule: undefined,
    };
    const collection = await send('createCollection', {}, manual);
    ids.collection = { id: collection.id, idOrHandle: 'picked', locale };
    await send('setCollectionProducts', ids.collection, { productIds: products.map((one) => one.id) });
    await send('setCollectionTranslation', ids.collection);
    ids.synonym = { id: (await send('createSynonym')).id };
    ids.pin = { id: (await send('createSearchPin', {}, { productIds: [id] })).id };
    await app.get('/v1/products?q=linen');
    const list = await send('createPriceList', {}, { validFrom: undefined });
    ids.priceList = { id: list.id };
    await send(
      'setPrices',
      {},
      { prices: [{ variantId, priceListId: list.id, price: { amount: 1499, currency: 'EUR' } }] },
    );
    const { fingerprint } = await send('changePrices', {}, { intoPriceListId: list.id });
    const confirmed = { intoPriceListId: list.id, dryRun: false, fingerprint };
    ids.change = { id: (await send('changePrices', {}, confirmed)).id };
    await send('setSellingTerms', { id: variantId });
    ids.variant = { id: variantId };
    await send(
      'moveStock',
      {},
      { changes: [{ variantId, location: 'main', kind: 'received', quantity: 1 }] },
    );
    const [stock] = (await app.get(`/v1/admin/stock?variantId=${variantId}`, { token: staff })).body.items;
    ids.stock = { id: stock.id };
    await send('askForStockNotice', { id: soldOut }, { email }, { token: customer });
    ids.stocktake = { id: (await send('startStocktake')).id };
    await send('countStock', ids.stocktake, { counts: [{ sku: 'BAG-0-0', counted: 12 }] });
    ids.review = { id: (await send('writeReview', ids.product, {}, { token: customer })).id };
    await send('decideReview', ids.review);
    await send('replyToReview', ids.review);
    await send('addRecentlyViewed', { productId: id }, {}, { token: customer });
    ids.export = { id: (await send('startExport')).id };
    ids.import = { id: (await send('startImport')).id };
    const feed = await send('createFeed');
    const { url } = await send('rotateFeedToken', { id: feed.id });
    ids.feed = { token: new URL(url as string).pathname.split('/').at(-1) ?? '' };
  }

  /** Asks an operation about something there is; kept pages are dropped before. */
  async function ask(id: string, [, of = '', query = '']: Budget, more = '', token?: string) {
    const known = operations.get(id);
    if (!known) throw new Error(`there is no operation ${id}`);
    const own = ids[of] ?? {};
    const url = known.path.replace(/\{(\w+)\}/g, (_, name: string) => own[name] ?? `no-${name}`);
    const by =
      token ?? (url.startsWith('/v1/admin') ? staff : url.startsWith('/v1/me') ? customer : undefined);
    app.app.get(PageCache).dropAll();
    statements = [];
    const asked = query === '' || more === '' ? query + more : `${query}&${more.slice(1)}`;
    const { status, text } = await app.get(url + asked, { ...(by !== undefined && { token: by }) });
    const sent = statements.filter((statement) => !WHO_ASKS.test(statement));
    return { status, text, sent, bytes: Buffer.byteLength(text) };
  }
  const reads = () =>
    [...operations.values()].filter(
      ({ method, operation: { tags } }) => method === 'GET' && TAGS.includes(tags[0]),
    );

  it('is known of everything that can be read of the catalog and of reports, and has a reason where it is large', () => {
    expect(Object.keys(BUDGETS).sort()).toEqual(
      reads()
        .map(({ operation }) => operation.operationId)
        .sort(),
    );
    const large = Object.entries(BUDGETS).filter(([id, [most]]) => {
      const { path } = operations.get(id) ?? { path: '' };
      return most > (path.startsWith('/v1/admin') ? 3 : 1);
    });
    expect(large.map(([id]) => id).sort()).toEqual(Object.keys(WHY).sort());
  });

  it('of statements is kept, in every language and whoever asks', async () => {
    const beyond: string[] = [];
    for (const { path, operation } of reads()) {
      const { operationId: id, parameters = [] } = operation;
      const budget = BUDGETS[id] ?? [0];
      const ways: [more: string, token?: string][] = [['']];
      if (parameters.some((one) => one.in === 'query' && one.name === 'locale')) ways.push(['?locale=de']);
      if (parameters.some(({ name }) => name === 'currency') && !path.startsWith('/v1/admin'))
        ways.push(['?currency=EUR', customer]);
      for (const way of ways) {
        const { status, text, sent } = await ask(id, budget, ...way);
        // The store of the tests has no demo.
        if (status !== (id === 'getDemoPicture' ? 404 : 200)) beyond.push(`${id} ${way[0]} ${text}`);
        // None at all would mean that nobody listened.
        if (sent.length > budget[0] || (sent.length === 0) !== (budget[0] === 0))
          beyond.push([id, way[0], ...sent].join('\n'));
      }
    }
    expect(beyond).toEqual([]);
  });

  it('of statements is larger only where a shopper asks for more', async () => {
    const { token } = ids.preview ?? {};
    const wishes: [id: string, query: string, statements: number, why?: string][] = [
      ['listProducts', '?limit=24&facets=true&attributes[fabric]=linen&category=bags&price[gte]=10', 1],
      ['listProducts', '?q=linen+bag&limit=24&facets=true', 1],
      ['listProducts', '?q=linen&locale=de&facets=true', 1],
      [
        'listProducts',
        '?collection=picked&limit=24',
        2,
        'the collection says what is in it and in which order',
      ],
      ['listProducts', '?q=lienn+bag', 5, 'nothing is found; its words are corrected and searched again'],
      ['listProducts', '?q=nothing+of+the+kind', 9, 'the same, with more words to correct'],
      ['getProduct', `?preview=${token}`, 14, 'a rehearsal of the draft, for whoever holds a ticket'],
    ];
    const taken: typeof wishes = [];
    for (const [id, query, , why] of wishes) {
      const { status, text, sent } = await ask(id, [0, 'product', query]);
      expect([query, status, text]).toEqual([query, 200, text]);
      taken.push(why === undefined ? [id, query, sent.length] : [id, query, sent.length, why]);
    }
    expect(taken).toEqual(wishes);
  });

  it('of bytes is kept by a page of a list and by a detail', async () => {
    const list = await ask('listProducts', [1, undefined, '?limit=24&sort=-createdAt']);
    const detail = await ask('getProduct', [1, 'product']);
    expect((JSON.parse(list.text) as { items: unknown[] }).items).toHaveLength(24);
    process.stdout.write(`a list of 24 products: ${list.bytes} bytes, a detail: ${detail.bytes} bytes\n`);
    expect(list.bytes).toBeLessThan(MOST_OF_A_LIST);
    expect(list.bytes).toBeGreaterThan(24 * 500);
    expect(detail.bytes).toBeLessThan(MOST_OF_A_DETAIL);
    expect(detail.bytes).toBeGreaterThan(DESCRIPTION.length);
  });
});
