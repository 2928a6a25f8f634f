import { jest } from '@jest/globals';
import fc from 'fast-check';
import { Database } from '../src/platform/database/database.js';
import { oneSlipAway, slipsBetween } from '../src/catalog/search/spelling.service.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';

interface Spec {
  title: string;
  brand: string;
  colour: string;
  category: string;
  price: number;
}
interface FacetAnswer {
  code: string;
  values: { value: string; count: number }[];
}

const NOUNS = ['lamp', 'chair', 'desk', 'kettle'];
const BRANDS = ['Acme', 'Umbrella', 'Zest'];
const COLOURS = ['red', 'blue', 'grün'];
const world: Spec[] = Array.from({ length: 60 }, (_, n) => ({
  title: `${['Oak', 'Steel', 'Linen'][n % 3]} ${NOUNS[n % 4]} ${n}`,
  brand: BRANDS[(n * 7) % 3] ?? '',
  colour: COLOURS[(n * 5 + (n >> 2)) % 3] ?? '',
  category: n % 4 < 2 ? 'light' : 'furniture',
  price: 300 + n * 137,
}));

describe('search', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    const rows = world.map(({ title, brand, colour, category, price }, n) =>
      JSON.stringify({
        externalId: `w-${n}`,
        title,
        brand,
        description: `A fine thing for every home, number ${n}.`,
        status: 'published',
        categories: [category],
        attributes: { colour, size: String(n % 2) },
        variants: [
          {
            sku: `W-${n}`,
            prices: [{ amount: price, currency: 'EUR' }],
            stock: [{ location: 'main', onHand: n % 5 }],
          },
        ],
      }),
    );
    await app.post('/v1/admin/imports', rows.join('\n'), {
      token,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    await app.settle();
  });
  afterAll(() => app?.close());

  const titles = async (query: string) => {
    const { status, body } = await app.get(`/v1/products?${query}`);
    expect(status).toBe(200);
    return (body.items as { title: string }[]).map(({ title }) => title);
  };
  const allPages = async (query: string, between: () => Promise<void> = async () => undefined) => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await app.get(`/v1/products?${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
      await between();
    } while (cursor !== null);
    return ids;
  };

  it('ranks products with all the words before those with some', async () => {
    const found = await titles('q=oak+lamp&limit=100');
    expect(found.slice(0, 5).every((title) => /^Oak lamp/.test(title))).toBe(true);
    expect(found.some((title) => /^Steel lamp/.test(title))).toBe(true);
    expect(found.some((title) => /^Steel desk/.test(title))).toBe(false);
  });

  it('finds by SKU, brand, stem, without accents, by phrase and without a word', async () => {
    expect((await titles('q=W-17'))[0]).toBe(world[17]?.title);
    expect((await titles('q=umbrella&limit=100')).length).toBe(
      world.filter(({ brand }) => brand === 'Umbrella').length,
    );
    expect((await titles('q=lamps&limit=100')).length).toBe(15);
    expect((await titles('q=GRUN&limit=100')).length).toBe(
      world.filter(({ colour }) => colour === 'grün').length,
    );
    expect(await titles('q=%22oak+lamp%22+-0&limit=100')).toHaveLength(4);
    expect(await titles(`q=${encodeURIComponent(`'); DROP \\ & | ! : <-> ((`)}`)).toEqual([]);
    expect(await titles('q=the')).toEqual([]);
  });

  it.each([
    ['kettel', 'kettle'],
    ['chiar', 'chair'],
    ['umbrela', 'umbrella'],
    ['dsek lamp', 'desk lamp'],
  ])('takes %s for %s', async (typed, meant) => {
    const { body } = await app.get(`/v1/products?q=${encodeURIComponent(typed)}`);
    expect(body.correctedQuery).toBe(meant);
    expect(body.items.length).toBeGreaterThan(0);
  });

  it('finds a phrase in quotes as it stands, or nothing', async () => {
    expect(await titles('q=%22oak+lamp%22&limit=100')).toEqual(
      expect.arrayContaining(world.flatMap(({ title }) => (/^Oak lamp/.test(title) ? [title] : []))),
    );
    expect(await titles('q=%22oak+lamp%22&limit=100')).toHaveLength(5);
    expect(await titles('q=%22lamp+oak%22')).toEqual([]);
    // A lone mark is of inches, not of a phrase.
    expect((await titles('q=lamp+24%22+oak&limit=100')).length).toBeGreaterThan(5);
  });

  it('counts the slips between two words', () => {
    const counted = ['table', 'tabel', 'cable', 'stable', 'ab'].map((word) => slipsBetween(word, 'table'));
    expect(counted).toEqual([0, 1, 1, 1, 3]);
    expect([slipsBetween('stonewear', 'stoneware'), slipsBetween('', 'abc')]).toEqual([2, 3]);
  });

  it('knows every single slip', () => {
    const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz');
    const word = fc.array(letter, { minLength: 4, maxLength: 12 });
    fc.assert(
      fc.property(word, fc.nat(), letter, fc.nat(3), (right, place, other, kind) => {
        const at = place % (right.length - 1);
        const typed = [...right];
        if (kind === 0) typed.splice(at, 1);
        if (kind === 1) typed.splice(at, 0, other);
        if (kind === 2) typed[at] = other;
        if (kind === 3) typed.splice(at, 2, right[at + 1] ?? '', right[at] ?? '');
        const slips = slipsBetween(typed.join(''), right.join(''));
        return slips <= 1 && oneSlipAway(typed.join('')).includes(right.join(''));
      }),
    );
  });

  it('reads its own writes: a new, a renamed and a withdrawn product', async () => {
    const made = await given.product(app, token, { title: 'Quokka figurine' });
    expect(await titles('q=quokka')).toEqual(['Quokka figurine']);
    await app.patch(`/v1/admin/products/${made.id}`, { title: 'Wombat figurine' }, { token });
    expect(await titles('q=quokka')).toEqual([]);
    expect(await titles('q=wombat')).toEqual(['Wombat figurine']);
    await app.patch(`/v1/admin/products/${made.id}`, { status: 'draft' }, { token });
    expect(await titles('q=wombat')).toEqual([]);
    expect((await app.get('/v1/products?q=figurine')).body.items).toEqual([]);
  });

  it('sorts and filters', async () => {
    expect((await titles('sort=price&limit=2&brand=ACME')).length).toBe(2);
    const prices = (await app.get('/v1/products?sort=-price&limit=3')).body.items.map(
      ({ variants }: { variants: { price: { amount: number } }[] }) => variants[0]?.price.amount,
    );
    expect(prices).toEqual([300 + 59 * 137, 300 + 58 * 137, 300 + 57 * 137]);
    expect(await titles('sort=title&limit=1')).toEqual(['Linen chair 17']);
    expect((await titles('inStock=true&limit=100')).length).toBe(48);
    expect((await titles('category=light&price[gte]=1000&price[lte]=2000&limit=100')).length).toBe(
      world.filter(({ category, price }) => category === 'light' && price >= 1000 && price <= 2000).length,
    );
    expect(await titles('category=unknown')).toEqual([]);
  });

  it('finds what lies below a category', async () => {
    const house = await app.post('/v1/admin/categories', { handle: 'house', title: 'House' }, { token });
    await app.post(
      '/v1/admin/categories',
      { handle: 'house-plants', title: 'Plants', parentId: house.body.id },
      { token },
    );
    await given.product(app, token, { title: 'Monstera', categories: ['house-plants'], status: 'published' });
    expect(await titles('category=house-plants')).toEqual(['Monstera']);
    expect(await titles('category=house')).toEqual(['Monstera']);
    const [plants] = (await app.get('/v1/categories')).body.items.filter(
      ({ handle }: { handle: string }) => handle === 'house-plants',
    );
    const moved = { parentId: null, title: 'Greenery' };
    expect((await app.patch(`/v1/admin/categories/${plants.id}`, moved, { token })).status).toBe(200);
    expect(await titles('category=house')).toEqual([]);
    expect(await titles('category=house-plants')).toEqual(['Monstera']);
    expect(await titles('q=greenery')).toEqual(['Monstera']);
  });

  it('counts facets as one would by hand, each without its own filter', async () => {
    const subset = <T>(values: T[]) => fc.subarray(values, { maxLength: 2 });
    const filters = fc.record({
      noun: fc.option(fc.constantFrom(...NOUNS), { nil: null }),
      brands: subset(BRANDS),
      colours: subset(COLOURS),
      categories: subset(['light', 'furniture']),
      gte: fc.option(fc.integer({ min: 0, max: 8_000 }), { nil: null }),
    });
    const check = async ({
      noun,
      brands,
      colours,
      categories,
      gte,
    }: typeof filters extends fc.Arbitrary<infer F> ? F : never) => {
      const query = new URLSearchParams({ facets: 'true', limit: '100' });
      if (noun !== null) query.set('q', `"${noun}" -monstera`);
      for (const brand of brands) query.append('brand', brand);
      for (const colour of colours) query.append('attributes[colour]', colour);
      for (const category of categories) query.append('category', category);
      if (gte !== null) query.set('price[gte]', String(gte));
      const tests: Record<string, (spec: Spec) => boolean> = {
        q: ({ title }) => noun === null || title.includes(noun),
        brand: ({ brand }) => brands.length === 0 || brands.includes(brand),
        'attributes[colour]': ({ colour }) => colours.length === 0 || colours.includes(colour),
        category: ({ category }) => categories.length === 0 || categories.includes(category),
        price: ({ price }) => gte === null || price >= gte,
      };
      const passing = (without?: string) =>
        world.filter((spec) => Object.entries(tests).every(([name, test]) => name === without || test(spec)));
      const countBy = (code: string, of: (spec: Spec) => string) => {
        const counts: Record<string, number> = {};
        for (const spec of passing(code)) counts[of(spec)] = (counts[of(spec)] ?? 0) + 1;
        return counts;
      };
      const { body } = await app.get(`/v1/products?${query.toString()}`);
      const counted = (code: string) =>
        Object.fromEntries(
          ((body.facets as FacetAnswer[]).find((facet) => facet.code === code)?.values ?? [])
            .filter(({ value }) => !value.startsWith('house'))
            .map(({ value, count }) => [value, count]),
        );
      expect(body.exact).toBe(true);
      expect(body.items.filter(({ title }: { title: string }) => title !== 'Monstera')).toHaveLength(
        passing().length,
      );
      expect(counted('brand')).toEqual(countBy('brand', ({ brand }) => brand.toLowerCase()));
      expect(counted('attributes[colour]')).toEqual(countBy('attributes[colour]', ({ colour }) => colour));
      expect(counted('category')).toEqual(countBy('category', ({ category }) => category));
    };
    await fc.assert(fc.asyncProperty(filters, check), { numRuns: 40 });
  });

  it.each(['', 'q=lamp+oak', 'sort=price', 'sort=title', 'sort=-createdAt', 'q=thing&sort=-price'])(
    'pages through "%s" without repeating or skipping a row while others write',
    async (query) => {
      const standing = new Set(await allPages(`${query}&limit=100`));
      let made = 0;
      const ids = await allPages(`${query}&limit=7`, async () => {
        if (made++ < 3) await given.product(app, token, { title: `Oak lamp thing ${query} ${made}` });
      });
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of standing) expect(ids).toContain(id);
    },
  );

  it('refuses unknown parameters, bad values and foreign cursors', async () => {
    for (const query of [
      'colour=red',
      'price[gt]=1',
      'limit=0',
      'limit=101',
      'sort=best',
      'price[gte]=x',
      'q=',
      'facets=maybe',
      'currency=XXQ',
      'cursor=abc.def',
      'sort=relevance',
    ]) {
      const answer = await app.get(`/v1/products?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    const { body } = await app.get('/v1/products?q=lamp&limit=2');
    expect((await app.get(`/v1/products?q=desk&limit=2&cursor=${body.nextCursor}`)).status).toBe(400);
  });

  it('takes one statement, with facets too', async () => {
    const database = app.app.get(Database);
    const spies = [jest.spyOn(database, 'query'), jest.spyOn(database, 'look')];
    for (const query of ['', 'q=lamp', 'q=lamp&facets=true&brand=acme', 'sort=price&facets=true']) {
      for (const spy of spies) spy.mockClear();
      await app.get(`/v1/products?${query}&limit=13`);
      const reads = spies
        .flatMap(({ mock }) => mock.calls)
        .filter(([text]) => text.includes('catalog.search_documents'));
      expect([query, reads.length]).toEqual([query, 1]);
    }
    for (const spy of spies) spy.mockRestore();
  });

  it('links to the next page', async () => {
    const answer = await app.get('/v1/products?q=lamp&limit=2');
    const next = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    expect((await app.get(next ?? '')).status).toBe(200);
  });

  it.each([
    ['stonewear', 'stoneware', 'an attribute'],
    ['porcelian', 'porcelain', 'an attribute'],
    ['procelian', 'porcelain', 'an attribute'],
    ['tabelware', 'tableware', 'a category'],
    ['turqouise', 'turquoise', 'an option'],
    ['napkns', 'napkins', 'a description'],
    ['lmap', 'lamp', 'a title'],
  ])('takes %s for %s, which stands in %s', async (typed, meant) => {
    if ((await titles('q=saucer')).length === 0) {
      await app.post('/v1/admin/categories', { handle: 'crockery', title: 'Tableware' }, { token });
      for (const title of ['Saucer', 'Little saucer'])
        await given.product(app, token, {
          title,
          description: 'Napkins are <i>sold</i> apart.',
          categories: ['crockery'],
          attributes: { material: 'Stoneware', glaze: 'porcelain' },
          variants: [{ sku: title, options: { Colour: 'turquoise' } }],
        });
    }
    const { body } = await app.get(`/v1/products?q=${typed}`);
    expect(body.correctedQuery).toBe(meant);
    expect(body.items.length).toBeGreaterThan(1);
  });

  it('finds a brand whatever its letters are, as it is written and by its facet', async () => {
    for (const brand of ['İstanbul Çay', 'ΣΊΣΥΦΟΣ', 'Straße']) {
      await given.product(app, token, { title: `Tea by ${brand}`, brand });
      const { body } = await app.get('/v1/products?q=tea&facets=true&limit=100');
      const facet = (body.facets as FacetAnswer[]).find(({ code }) => code === 'brand');
      const values = facet?.values.map(({ value }) => value) ?? [];
      const own = values.filter((value) => !['acme', 'umbrella', 'zest'].includes(value));
      expect(own.length).toBeGreaterThan(0);
      expect(await titles(`brand=${encodeURIComponent(brand)}`)).toEqual([`Tea by ${brand}`]);
      const byFacet = await Promise.all(own.map((value) => titles(`brand=${encodeURIComponent(value)}`)));
      expect(byFacet.flat()).toContain(`Tea by ${brand}`);
    }
  });
});
