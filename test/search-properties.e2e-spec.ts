import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { PRICE_STEPS } from '../src/catalog/search/facets.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';

interface Made {
  words: string[];
  brand: string | null;
  attributes: Record<string, string>;
  categories: string[];
  status: 'published' | 'draft';
  variants: { EUR?: number; USD?: number; onHand: number }[];
}
interface Asked {
  word: string | null;
  brands: string[];
  categories: string[];
  attributes: Record<string, string[]>;
  gte: number | null;
  lte: number | null;
  inStock: boolean;
  currency: 'EUR' | 'USD';
  sort: string;
}
interface Page {
  items: { id: string; title: string }[];
  nextCursor: string | null;
  exact?: boolean;
  facets?: { code: string; values: { value: string; count: number }[] }[];
}

const WORDS = ['lamp', 'chair', 'kettle', 'mirror', 'oak', 'steel', 'linen', 'copper'];
const BRANDS = ['Acme', 'ACME', 'Ümlaut', "O'Hara", 'price EUR', 'Zest'];
/** A tree: what lies below counts for what lies above. */
const ABOVE: Record<string, string[]> = {
  house: [],
  kitchen: ['house'],
  stove: ['kitchen', 'house'],
  garden: [],
  pond: ['garden'],
};
const VALUES: Record<string, string[]> = {
  colour: ['red', 'grün', 'a]b', 'x" y'],
  size: ['1', '2', 'XL'],
  brand: ['Acme', 'other'],
};

const amount = fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined });
const madeProduct: fc.Arbitrary<Made> = fc.record({
  words: fc.subarray(WORDS, { minLength: 1, maxLength: 3 }),
  brand: fc.constantFrom(null, ...BRANDS),
  attributes: fc
    .record({
      colour: fc.constantFrom(undefined, ...(VALUES.colour ?? [])),
      size: fc.constantFrom(undefined, ...(VALUES.size ?? [])),
      brand: fc.constantFrom(undefined, ...(VALUES.brand ?? [])),
    })
    .map((all) => JSON.parse(JSON.stringify(all)) as Record<string, string>),
  categories: fc.subarray(Object.keys(ABOVE), { maxLength: 2 }),
  status: fc.constantFrom('published', 'published', 'published', 'draft'),
  variants: fc.array(fc.record({ EUR: amount, USD: amount, onHand: fc.integer({ min: 0, max: 1 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
});
const some = (values: string[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, fc.subarray(values, { maxLength: 2 }));
const asked: fc.Arbitrary<Asked> = fc.record({
  word: fc.constantFrom(null, null, ...WORDS),
  brands: some([...BRANDS, 'nobody']),
  categories: some(Object.keys(ABOVE)),
  attributes: fc.record({
    colour: some(VALUES.colour ?? []),
    size: some(VALUES.size ?? []),
    brand: some(VALUES.brand ?? []),
  }),
  gte: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: null, freq: 2 }),
  lte: fc.option(fc.integer({ min: 5_000, max: 30_000 }), { nil: null, freq: 2 }),
  inStock: fc.boolean(),
  currency: fc.constantFrom('EUR', 'EUR', 'USD'),
  sort: fc.constantFrom('position', 'title', '-createdAt', 'price', '-price'),
});

/** What writers do at most while a list is read. */
const WRITES = 30;

const lowest = ({ variants }: Made, currency: 'EUR' | 'USD'): number | null => {
  const prices = variants.flatMap((variant) => variant[currency] ?? []);
  return prices.length === 0 ? null : Math.min(...prices);
};
const stepOf = (price: number): string => {
  const at = PRICE_STEPS.findLastIndex((step) => step <= price);
  const next = PRICE_STEPS[at + 1];
  return `${PRICE_STEPS[at]}..${next === undefined ? '' : next - 1}`;
};
const placesOf = ({ categories }: Made) => new Set(categories.flatMap((one) => [one, ...(ABOVE[one] ?? [])]));

/** What each filter of a shopper demands, said without SQL. */
function tests(query: Asked): Record<string, (made: Made) => boolean> {
  const brands = query.brands.map((brand) => brand.toLowerCase());
  return {
    q: ({ words }) => query.word === null || words.includes(query.word),
    brand: ({ brand }) => brands.length === 0 || (brand !== null && brands.includes(brand.toLowerCase())),
    category: (made) =>
      query.categories.length === 0 || query.categories.some((one) => placesOf(made).has(one)),
    price: (made) => {
      if (query.gte === null && query.lte === null) return true;
      const price = lowest(made, query.currency);
      return price !== null && price >= (query.gte ?? 0) && price <= (query.lte ?? Infinity);
    },
    inStock: ({ variants }) => !query.inStock || variants.some(({ onHand }) => onHand > 0),
    ...Object.fromEntries(
      Object.entries(query.attributes).map(([name, values]) => [
        `attributes[${name}]`,
        ({ attributes }: Made) => values.length === 0 || values.includes(attributes[name] ?? ''),
      ]),
    ),
  };
}

function urlOf({ word, brands, categories, attributes, gte, lte, inStock, currency, sort }: Asked): string {
  const query = new URLSearchParams({ limit: '40', currency, sort });
  // In quotes, so that it means exactly itself.
  if (word !== null) query.set('q', `"${word}"`);
  for (const brand of brands) query.append('brand', brand);
  for (const category of categories) query.append('category', category);
  for (const [name, values] of Object.entries(attributes))
    for (const value of values) query.append(`attributes[${name}]`, value);
  if (gte !== null) query.set('price[gte]', String(gte));
  if (lte !== null) query.set('price[lte]', String(lte));
  if (inStock) query.set('inStock', 'true');
  return `/v1/products?${query.toString()}`;
}

describe('whatever is searched for', () => {
  let app: TestApp;
  let token: string;
  const world = fc.sample(madeProduct, 150);
  const shown = world.filter(({ status }) => status === 'published');

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    const ids: Record<string, string> = {};
    for (const [handle, [parent]] of Object.entries(ABOVE)) {
      const body = { handle, title: `Zone ${handle}`, parentId: parent === undefined ? null : ids[parent] };
      ids[handle] = (await app.post('/v1/admin/categories', body, { token })).body.id;
    }
    const rows = world.map(({ words, variants, ...rest }, n) =>
      JSON.stringify({
        ...rest,
        externalId: `w-${n}`,
        title: `${words.join(' ')} no${n}`,
        options: variants.length > 1 ? [{ name: 'Kind', values: variants.map((_, at) => `k${at}`) }] : [],
        variants: variants.map(({ onHand, ...prices }, at) => ({
          sku: `W${n}V${at}`,
          ...(variants.length > 1 && { options: { Kind: `k${at}` } }),
          prices: Object.entries(prices).flatMap(([currency, price]) =>
            price === undefined ? [] : [{ amount: price, currency }],
          ),
          stock: [{ location: 'main', onHand }],
        })),
      }),
    );
    const headers = { 'content-type': 'application/x-ndjson' };
    const { body } = await app.post('/v1/admin/imports', rows.join('\n'), { token, headers });
    await app.settle();
    const report = (await app.get(`/v1/admin/imports/${body.id}`, { token })).body;
    expect([report.state, report.counts.rejected]).toEqual(['finished', 0]);
  });
  afterAll(() => app?.close());

  const read = async (url: string): Promise<Page> => {
    const { status, body } = await app.get(url);
    expect(status).toBe(200);
    return body as Page;
  };

  it('lists what the filters let through, and counts each facet without its own filter', async () => {
    const check = async (query: Asked) => {
      const all = tests(query);
      const passing = (without?: string) =>
        shown.filter((made) => Object.entries(all).every(([name, test]) => name === without || test(made)));
      const url = urlOf(query);
      const first = await read(`${url}&facets=true`);
      const items = [...first.items];
      for (let cursor = first.nextCursor; cursor !== null;) {
        const next = await read(`${url}&cursor=${cursor}`);
        items.push(...next.items);
        cursor = next.nextCursor;
      }
      const titles = (list: Made[]) =>
        list.map((made) => `${made.words.join(' ')} no${world.indexOf(made)}`).sort();
      const listed = passing().filter(
        (made) => !query.sort.endsWith('price') || lowest(made, query.currency) !== null,
      );
      expect(items.map(({ title }) => title).sort()).toEqual(titles(listed));
      expect(first.exact).toBe(true);
      const counted = (code: string, of: (made: Made) => Iterable<string>) => {
        const counts: Record<string, number> = {};
        for (const made of passing(code))
          for (const value of of(made)) counts[value] = (counts[value] ?? 0) + 1;
        const told = first.facets?.find((facet) => facet.code === code)?.values ?? [];
        expect([code, Object.fromEntries(told.map(({ value, count }) => [value, count]))]).toEqual([
          code,
          counts,
        ]);
      };
      counted('brand', ({ brand }) => (brand === null ? [] : [brand.toLowerCase()]));
      counted('category', placesOf);
      counted('price', (made) => {
        const price = lowest(made, query.currency);
        return price === null ? [] : [stepOf(price)];
      });
      for (const name of Object.keys(VALUES))
        counted(`attributes[${name}]`, ({ attributes }) =>
          attributes[name] === undefined ? [] : [attributes[name]],
        );
    };
    await fc.assert(fc.asyncProperty(asked, check), { numRuns: 100 });
  });

  it('finds the same when a word counts as frequent, and says that its counts are of a sample', async () => {
    await app.run('catalog.count_search_words');
    const all = async (query: string) => {
      const page = await read(`/v1/products?limit=100&${query}`);
      const counts = page.facets?.map(({ code, values }) => [
        code,
        Object.fromEntries(values.map((v) => [v.value, v.count])),
      ]);
      return { titles: page.items.map(({ title }) => title), counts, exact: page.exact };
    };
    const queries = [
      'q=lamp',
      'q=lamp&sort=price',
      'q=lamp&sort=-createdAt',
      'q=lamp+chair&sort=title',
      'q=lamp+chair',
      'q=lamp&brand=acme',
    ];
    const before = await Promise.all(queries.map(all));
    const counted = await all('q=lamp&facets=true');
    expect([counted.exact, (counted.counts?.length ?? 0) > 2]).toEqual([true, true]);
    // As a million products would have them.
    await app.database.execute(
      `UPDATE catalog.search_words SET documents = CASE WHEN word = '' THEN 1000000 ELSE 300000 END WHERE word IN ('', 'lamp', 'chair')`,
    );
    // Any change lets go of the pages that are kept.
    await given.product(app, token, { title: 'Unlike the others' });
    const after = await Promise.all(queries.map(all));
    for (const [at, query] of queries.entries()) {
      const [expected, found] = [before[at]?.titles ?? [], after[at]?.titles ?? []];
      // The weights of words differ now, so do ranks; what is found does not.
      expect([query, query.includes('sort') ? found : [...found].sort()]).toEqual([
        query,
        query.includes('sort') ? expected : [...expected].sort(),
      ]);
    }
    expect(await all('q=lamp&facets=true')).toMatchObject({ exact: false, counts: counted.counts });
    // Its brand is counted without the filter for it, and so in a sample.
    expect((await all('q=lamp&facets=true&brand=acme')).exact).toBe(false);
    expect((await all('q=lamp&facets=true&brand=acme&category=house')).exact).toBe(true);
    await app.run('catalog.count_search_words');
  });

  it.each(['position', '-createdAt', 'createdAt', 'title', '-title', 'price', '-price', 'relevance'])(
    'pages by %s while others write: each that stays as it is once, whatever the others do',
    async (sort) => {
      const word = `wonder${sort.replace(/\W/g, 'x').toLowerCase()}`;
      const make = async (n: number): Promise<string> => {
        const prices = [{ amount: 100 + ((n * 37) % 500), currency: 'EUR' }];
        const variants = [{ sku: randomUUID(), prices, stock: [] }];
        const title = `${word} ${String.fromCharCode(97 + ((n * 7) % 26))} ${'again '.repeat(n % 3)}`;
        return (await given.product(app, token, { title, handle: randomUUID(), variants })).id;
      };
      const standing: string[] = [];
      const moving: string[] = [];
      for (let n = 0; n < 24; n++) (n % 3 === 0 ? moving : standing).push(await make(n));

      let reading = true;
      let made = 100;
      let wrote = 0;
      const edit = async (n: number) => {
        const id = moving[n % moving.length] ?? '';
        const path = `/v1/admin/products/${id}`;
        if (n % 5 === 0) moving.push(await make(made++));
        else if (n % 5 === 1)
          await app.patch(path, { title: `${word} ${String.fromCharCode(97 + (n % 26))}` }, { token });
        else if (n % 5 === 2)
          await app.patch(path, { status: n % 2 === 0 ? 'draft' : 'published' }, { token });
        else if (n % 5 === 3) await app.run('catalog.count_search_words');
        else await app.delete(`/v1/admin/products/${await make(made++)}`, { token });
        wrote++;
      };
      const writers = [0, 1].map(async (first) => {
        for (let n = first; reading && n < WRITES; n += 2) await edit(n);
      });
      const seen: string[] = [];
      let cursor: string | null = null;
      try {
        do {
          const before = wrote;
          const page = await read(
            `/v1/products?q=${word}&sort=${sort}&limit=4${cursor === null ? '' : `&cursor=${cursor}`}`,
          );
          seen.push(...page.items.map(({ id }) => id));
          cursor = page.nextCursor;
          // At least one write between two pages, or nothing would be shown.
          for (let look = 0; wrote === before && wrote < WRITES && look < 1_000; look++)
            await new Promise((go) => setTimeout(go, 2));
        } while (cursor !== null);
      } finally {
        reading = false;
        await Promise.all(writers);
      }
      expect(wrote).toBeGreaterThan(5);
      const once = seen.filter((id) => standing.includes(id));
      expect([...once].sort()).toEqual([...standing].sort());
      // Where nothing that can be edited is the order, what was edited comes once too.
      if (['position', '-createdAt', 'createdAt'].includes(sort))
        expect(new Set(seen).size).toBe(seen.length);
    },
  );
});
