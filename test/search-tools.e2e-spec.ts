import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { Database } from '../src/platform/database/database.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';

/** Staff shape the search: synonyms, pins; shoppers are helped while they type; what nobody found is written down. */
describe('what staff do for the search', () => {
  let app: TestApp;
  let token: string;
  const ids: Record<string, string> = {};

  const make = async (title: string, extra: object = {}) => {
    ids[title] = (await given.product(app, token, { title, ...extra })).id;
  };
  const search = async (query: string) => {
    const { status, body } = await app.get(`/v1/products?${query}`);
    expect(status).toBe(200);
    return body as {
      items: { id: string; title: string }[];
      nextCursor: string | null;
      correctedQuery: string;
    };
  };
  const titles = async (query: string) => (await search(query)).items.map(({ title }) => title);
  const pages = async (query: string) => {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await search(`${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
      found.push(...page.items.map(({ title }) => title));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  };

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    await make('Linen sofa', { brand: 'Acme' });
    await make('Velvet couch', { brand: 'Umbrella' });
    await make('Leather settee', { brand: 'Acme' });
    await make('Pocket flash drive');
    await make('Drive belt with flash');
    await make('Garden bench', { status: 'draft' });
    for (const n of [1, 2, 3, 4, 5]) await make(`Kettle ${n}`, { brand: n % 2 ? 'Acme' : 'Zest' });
    await make('Chalk board');
    await make('Chair of oak');
  });
  afterAll(() => app?.close());

  describe('synonyms', () => {
    const admin = '/v1/admin/search/synonyms';

    it('stand for each other at once, after the word itself, until they are changed or deleted', async () => {
      expect(await titles('q=sofa')).toEqual(['Linen sofa']);
      const words = ['Sofás', 'couch'];
      const made = await app.post(admin, { words }, { token });
      expect([made.status, made.body.words, made.body.finds, made.headers.get('etag')]).toEqual([
        ...[201, words, null, '"1"'],
      ]);
      expect(await titles('q=sofa')).toEqual(['Linen sofa', 'Velvet couch']);
      expect(await titles('q=couches')).toEqual(['Velvet couch', 'Linen sofa']);
      // Every filter and order holds for what a synonym finds, and what staff search for exactly is exact.
      expect(await titles('q=sofa&sort=-title')).toEqual(['Velvet couch', 'Linen sofa']);
      expect(await titles('q=sofa&brand=umbrella')).toEqual(['Velvet couch']);
      expect(await titles('q=velvet+sofa')).toEqual(expect.arrayContaining(['Velvet couch']));
      expect(await titles('q=%22sofa%22')).toEqual(['Linen sofa']);
      const { body } = await app.get('/v1/products?q=sofa&facets=true');
      const brands = body.facets.find(({ code }: { code: string }) => code === 'brand');
      expect(
        brands.values.map(({ value, count }: { value: string; count: number }) => [value, count]),
      ).toEqual([...[['acme', 1] as const, ['umbrella', 1] as const]]);

      const path = `${admin}/${made.body.id}`;
      const stale = await app.patch(
        path,
        { words: ['a sofa', 'settee'] },
        { token, headers: { 'if-match': '"7"' } },
      );
      expect(stale.status).toBe(412);
      const changed = await app.patch(
        path,
        { words: ['sofa', 'settee'] },
        { token, headers: { 'if-match': '"1"' } },
      );
      expect([changed.status, changed.body.version]).toEqual([200, 2]);
      expect(await titles('q=sofa')).toEqual(['Linen sofa', 'Leather settee']);
      expect(await titles('q=couch')).toEqual(['Velvet couch']);
      expect((await app.delete(path, { token })).status).toBe(204);
      expect(await titles('q=sofa')).toEqual(['Linen sofa']);
      expect((await app.get(path, { token })).status).toBe(404);
    });

    it('are not said twice, and nothing stands for itself', async () => {
      const say = async (input: object) => (await app.post(admin, input, { token })).status;
      expect(await say({ words: ['armoire', 'wardrobe'] })).toBe(201);
      expect(await say({ words: ['Wardrobes', 'armoire'] })).toBe(409);
      expect(await say({ words: ['armoire'], finds: ['wardrobe'] })).toBe(201);
      expect(await say({ words: ['armoire'], finds: ['wardrobe'] })).toBe(409);
      expect(await say({ words: ['armoire'], finds: ['Armoires'] })).toBe(400);
      const pin = { query: 'armoire', productIds: [], hiddenIds: [] };
      expect((await app.post('/v1/admin/search/pins', pin, { token })).status).toBe(400);
    });

    it('go one way, know phrases, and are no typing errors', async () => {
      const one = await app.post(
        admin,
        { words: ['usb stick', 'memory key'], finds: ['flash drive'] },
        { token },
      );
      expect(one.status).toBe(201);
      for (const q of ['usb+stick', 'stick+usb', 'Memory+keys', 'pocket+usb+stick']) {
        const page = await search(`q=${q}`);
        expect([q, page.items[0]?.title, page.correctedQuery]).toEqual([q, 'Pocket flash drive', null]);
      }
      // Its words stand together in the product, or it is another thing.
      expect(await titles('q=usb+stick')).toEqual(['Pocket flash drive']);
      await make('USB stick');
      expect(await titles('q=usb+stick')).toEqual(['USB stick', 'Pocket flash drive']);
      expect(await titles('q=%22flash+drive%22')).toEqual(['Pocket flash drive']);
      expect(await titles('q=flash+drive')).not.toContain('USB stick');
      expect((await app.get(`${admin}/${one.body.id}`, { token })).body.finds).toEqual(['flash drive']);
      const list = (await app.get(`${admin}?limit=1`, { token })).body;
      expect(list.items.map(({ id }: { id: string }) => id)).toEqual([one.body.id]);
      // A typing error is looked for among the words of synonyms too.
      await app.post(admin, { words: ['gramophone'], finds: ['kettle'] }, { token });
      const typed = await search('q=gramofone');
      expect([typed.correctedQuery, typed.items.length]).toEqual(['gramophone', 5]);
    });

    it.each([
      [{ words: ['sofa'] }, '/words'],
      [{ words: ['sofa', 'the'] }, '/words/1'],
      [{ words: ['sofa', 'sofas'] }, '/words/1'],
      [{ words: ['sofa'], finds: ['a b c d e f g h'] }, '/finds/0'],
      [{ words: [], finds: ['sofa'] }, '/words'],
      [{ words: Array.from({ length: 21 }, (_, n) => `w${n}`) }, '/words'],
    ])('refuses %j', async (body, pointer) => {
      const answer = await app.post(admin, body, { token });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
    });

    it('widen a search that names many of them without making it grow beyond all bounds', async () => {
      const words = [...'abcdefghijklmnopqr'].map((letter) => `yx${letter}`);
      await make('A yxa and nothing more');
      const { status } = await app.post(admin, { words }, { token });
      expect(status).toBe(201);
      // Each of them stands for all others: written out, every word would double what is asked for.
      expect(await titles(`q=${words.join('%20')}`)).toEqual(['A yxa and nothing more']);
    });

    it('may have a hyphen', async () => {
      for (let n = 1; n <= 25; n++) await make(`Striped t-shirt ${n}`);
      await make('Plain singlet');
      expect(await titles('q=t-shirt&limit=100')).toHaveLength(25);
      expect((await app.post(admin, { words: ['T-shirt', 'singlet'] }, { token })).status).toBe(201);
      expect(await titles('q=t-shirt&limit=100')).toContain('Plain singlet');
      expect(await titles('q=striped%20singlet&limit=100')).toHaveLength(25);
    });

    it('are for staff of the catalog alone', async () => {
      expect((await app.get(admin)).status).toBe(401);
      const customer = await given.customer(app);
      expect((await app.post(admin, { words: ['a', 'b'] }, { token: customer.token })).status).toBe(403);
      expect((await app.patch(`${admin}/${randomUUID()}`, {}, { token })).status).toBe(404);
    });
  });

  describe('pins', () => {
    const admin = '/v1/admin/search/pins';
    const named = (...names: string[]) => names.map((name) => ids[name] ?? '');

    it('come first on the first page and once, under every filter, and only while they are published', async () => {
      const productIds = named('Kettle 4', 'Chalk board', 'Garden bench', 'Kettle 2');
      const made = await app.post(
        admin,
        { query: 'kettles', productIds, hiddenIds: named('Kettle 3') },
        { token },
      );
      expect(made.status).toBe(201);
      const first = ['Kettle 4', 'Chalk board', 'Kettle 2'];
      const all = await titles('q=Kettle&limit=100');
      expect(all.slice(0, 3)).toEqual(first);
      expect([...all].sort()).toEqual([...first, 'Kettle 1', 'Kettle 5'].sort());
      for (const limit of [1, 2, 3, 4]) expect(await pages(`q=kettle&limit=${limit}`)).toEqual(all);
      expect(await titles('q=kettle&brand=zest')).toEqual(['Kettle 4', 'Kettle 2']);
      expect(await titles('q=kettle&price[gte]=100000')).toEqual([]);
      // Another order shows no pins, and hides what is hidden.
      expect(await titles('q=kettle&sort=title')).toEqual(['Kettle 1', 'Kettle 2', 'Kettle 4', 'Kettle 5']);
      expect((await titles('q=kettle+-zest&limit=100')).length).toBe(3);
      const { body } = await app.get('/v1/products?q=kettle&facets=true&brand=acme');
      const brand = body.facets.find(({ code }: { code: string }) => code === 'brand');
      expect(
        brand.values.map(({ value, count }: { value: string; count: number }) => [value, count]),
      ).toEqual([...[['acme', 2] as const, ['zest', 2] as const]]);
      expect(body.items).toHaveLength(2);

      await app.patch(`/v1/admin/products/${ids['Garden bench']}`, { status: 'published' }, { token });
      expect((await titles('q=kettle')).slice(0, 4)).toEqual([
        ...['Kettle 4', 'Chalk board', 'Garden bench', 'Kettle 2'],
      ]);
      await app.patch(`/v1/admin/products/${ids['Garden bench']}`, { status: 'draft' }, { token });

      const twice = await app.post(admin, { query: 'Kettle', productIds: named('Kettle 1') }, { token });
      expect([twice.status, twice.body.errors[0].pointer]).toEqual([409, '/query']);
      expect((await app.delete(`${admin}/${made.body.id}`, { token })).status).toBe(204);
      expect((await titles('q=kettle')).length).toBe(5);
    });

    it('hold in their window, are not corrected, and stay through the pages that began with them', async () => {
      const in_ = (hours: number) => new Date(app.clock.now().getTime() + hours * 3_600_000).toISOString();
      const made = await app.post(
        admin,
        {
          query: 'kettle',
          productIds: named('Kettle 5'),
          startsAt: in_(1),
          endsAt: in_(2),
        },
        { token },
      );
      expect((await titles('q=kettle'))[0]).not.toBe('Kettle 5');
      app.clock.advance({ minutes: 61 });
      const page = await search('q=kettle&limit=2');
      expect(page.items[0]?.title).toBe('Kettle 5');
      app.clock.advance({ minutes: 60 });
      const next = await search(`q=kettle&limit=10&cursor=${page.nextCursor}`);
      expect([...page.items, ...next.items].map(({ title }) => title).sort()).toEqual(
        [1, 2, 3, 4, 5].map((n) => `Kettle ${n}`),
      );
      expect((await titles('q=kettle'))[0]).not.toBe('Kettle 5');
      const path = `${admin}/${made.body.id}`;
      const moved = await app.patch(path, { query: 'wedding list', endsAt: null }, { token });
      expect([moved.status, moved.body.endsAt, moved.body.version]).toEqual([200, null, 2]);
      const wedding = await search('q=Wedding+lists');
      expect([wedding.items.map(({ title }) => title), wedding.correctedQuery]).toEqual([['Kettle 5'], null]);
      expect((await app.get(admin, { token })).body.items).toHaveLength(1);
    });

    it('refuse what does not go together', async () => {
      const [a = ''] = named('Kettle 1');
      for (const [body, status, pointer] of [
        [{ query: 'the', productIds: [a] }, 400, '/query'],
        [{ query: '"red kettle"', productIds: [a] }, 400, '/query'],
        [{ query: 'kettle', productIds: [a, a.toUpperCase()] }, 400, '/productIds/1'],
        [{ query: 'kettle', productIds: [a], hiddenIds: [a] }, 400, '/hiddenIds/0'],
        [{ query: 'kettle', productIds: [randomUUID()] }, 422, '/productIds/0'],
        [
          {
            query: 'kettle',
            productIds: [a],
            startsAt: '2026-01-02T00:00:00Z',
            endsAt: '2026-01-01T00:00:00Z',
          },
          ...([400, '/endsAt'] as const),
        ],
      ] as const) {
        const answer = await app.post(admin, body, { token });
        expect([answer.status, answer.body.errors[0].pointer]).toEqual([status, pointer]);
      }
      expect((await app.get(admin)).status).toBe(401);
    });
  });

  it('goes on to the next page also when the words are long', async () => {
    const long = ['bcdfghjklm', 'mlkjhgfdcb', 'npqrstvwxz', 'zxwvtsrqpn', 'aeioubcdfg'].map((part) =>
      part.repeat(3),
    );
    const begun = [...'abcdefgh'].map((letter) => `vq${letter.repeat(28)}`);
    for (const last of begun) await make(`${long.join(' ')} ${last}`, { handle: last });
    const mistyped = `${long.join(' ').replace(/^b/, 'x')} vq`;
    const first = await search(`q=${encodeURIComponent(mistyped)}&limit=3`);
    expect(first.correctedQuery).toBe(`${long.join(' ')} vq`);
    expect(first.nextCursor?.length).toBeGreaterThan(1_000);
    expect(await pages(`q=${encodeURIComponent(mistyped)}&limit=3`)).toHaveLength(begun.length);
  });

  it('filters by as many attributes as anybody chooses', async () => {
    const by = (names: number) =>
      Array.from({ length: names }, (_, n) => `attributes%5Ba${n}%5D=x`)
        .join('&')
        .concat('&facets=true');
    expect((await app.get(`/v1/products?${by(20)}`)).status).toBe(200);
    // Each counts over a set of its own that all others narrow: of many the statement alone would be a megabyte.
    const { status, body } = await app.get(`/v1/products?${by(90)}`);
    expect([status, body.errors?.[0]]).toMatchObject([400, { pointer: '/attributes', code: 'too_many' }]);
  });

  it('takes whatever is typed', async () => {
    const odd = [
      "'",
      "''",
      '\\',
      "\\'",
      '"',
      '!',
      '&|',
      ':*',
      '<->',
      '(',
      'a:b',
      "'a' & !",
      'or',
      '-',
      '--',
      '%',
      '\u0001',
      '\u0000',
    ];
    odd.push(
      '𐌰'.repeat(100),
      '﷽'.repeat(200),
      '-"'.repeat(100),
      "\\'".repeat(100),
      '漢'.repeat(200),
      'İ'.repeat(200),
    );
    for (const sign of odd) {
      const q = encodeURIComponent(sign);
      for (const sort of ['', '&sort=price', '&locale=de', '&facets=true'])
        expect([sign, sort, (await app.get(`/v1/products?q=${q}${sort}`)).status]).toEqual([sign, sort, 200]);
      const typed = encodeURIComponent([...sign].slice(0, 50).join(''));
      expect([sign, (await app.get(`/v1/products/suggestions?q=${typed}`)).status]).toEqual([sign, 200]);
      const words = [[...sign].slice(0, 25).join(''), 'kettle'];
      const made = await app.post('/v1/admin/search/synonyms', { words }, { token });
      expect([sign, [201, 400].includes(made.status)]).toEqual([sign, true]);
      const pin = { query: sign, productIds: [ids['Kettle 1']] };
      const pinned = await app.post('/v1/admin/search/pins', pin, { token });
      expect([sign, [201, 400, 409].includes(pinned.status)]).toEqual([sign, true]);
    }
    const half = { words: ['\ud800x', 'kettle'] };
    expect((await app.post('/v1/admin/search/synonyms', half, { token })).status).toBeLessThan(500);
    expect(await titles('q=kettle')).not.toHaveLength(0);
  });

  it('finds by the beginning of the last word', async () => {
    const page = await search('q=cha');
    expect([page.items.map(({ title }) => title).sort(), page.correctedQuery]).toEqual([
      ...[['Chair of oak', 'Chalk board'], null],
    ]);
    expect((await titles('q=oak+cha'))[0]).toEqual('Chair of oak');
    expect((await pages('q=ket&limit=2')).sort()).toEqual([1, 2, 3, 4, 5].map((n) => `Kettle ${n}`));
  });

  describe('suggestions', () => {
    const suggest = async (q: string) => {
      const { status, body, text } = await app.get(`/v1/products/suggestions?q=${encodeURIComponent(q)}`);
      expect([status, text.length < 10_000]).toEqual([200, true]);
      const names = (list: { title: string }[]) => list.map(({ title }) => title);
      return {
        queries: body.queries as string[],
        products: names(body.products),
        categories: names(body.categories),
      };
    };

    beforeAll(async () => {
      await app.post('/v1/admin/categories', { handle: 'lighting', title: 'Lámps and lights' }, { token });
      for (const n of [1, 2, 3, 4, 5, 6, 7])
        await make(`Oak lamp ${n}`, { media: [{ url: `https://cdn.test/${n}.jpg`, alt: `Lamp ${n}` }] });
      await make('Big oak lampshade', { description: 'It fits a lampost.' });
      await make('Lamp of steel');
      await app.run('catalog.count_search_words');
    });

    it('goes on from what was typed, in words that lead somewhere', async () => {
      const lam = await suggest('LÁM');
      expect(lam.queries.slice(0, 1)).toEqual(['lamp']);
      expect(lam.queries).toEqual(expect.arrayContaining(['lampshade', 'lampost']));
      expect(lam.products).toHaveLength(5);
      // What begins like this is meant before what only has the word.
      expect(lam.products[0]).toBe('Lamp of steel');
      expect(lam.categories).toEqual(['Lámps and lights']);
      for (const query of lam.queries) expect((await titles(`q=${query}`)).length).toBeGreaterThan(0);
      const oak = await suggest('Oak  lam');
      expect(oak.queries).toEqual(['oak lamp', 'oak lampshade']);
      expect(oak.products.every((title) => /oak/i.test(title))).toBe(true);
      expect((await suggest('oak lamp 7')).products).toEqual(['Oak lamp 7']);
      const { body } = await app.get('/v1/products/suggestions?q=oak+lamp+3');
      expect(body.products[0]).toMatchObject({
        handle: expect.any(String),
        picture: { url: 'https://cdn.test/3.jpg', alt: 'Lamp 3' },
      });
    });

    it('forgives typing errors, and has nothing for nothing', async () => {
      expect((await suggest('lmap')).products.length).toBeGreaterThan(0);
      expect((await suggest('kettel')).queries).toEqual(['kettle']);
      expect((await suggest('kettel')).products).toContain('Kettle 1');
      for (const q of ['zzzzzz', 'the', `'); DROP \\ & | ! : <-> (( :*`, 'a', '%', ' '])
        expect([q, (await suggest(q)).products]).toEqual([q, []]);
      const drafted = ids['Lamp of steel'];
      await app.patch(`/v1/admin/products/${drafted}`, { status: 'draft' }, { token });
      expect((await suggest('lamp of')).products).not.toContain('Lamp of steel');
      expect((await app.get('/v1/products/suggestions')).status).toBe(400);
      expect((await app.get('/v1/products/suggestions?q=a&limit=3')).status).toBe(400);
      const { headers } = await app.get('/v1/products/suggestions?q=lam');
      const again = await app.get('/v1/products/suggestions?q=lam', {
        headers: { 'if-none-match': headers.get('etag') ?? '' },
      });
      expect(again.status).toBe(304);
    });

    it('asks the database once', async () => {
      const look = jest.spyOn(app.app.get(Database), 'look');
      const query = jest.spyOn(app.app.get(Database), 'query');
      await suggest('kettl');
      const asked = [...look.mock.calls, ...query.mock.calls].filter(([text]) => text.includes('catalog.'));
      expect(asked).toHaveLength(1);
      look.mockRestore();
      query.mockRestore();
    });
  });

  describe('the log of searches', () => {
    const log = async (query = '') => {
      const { status, body } = await app.get(`/v1/admin/search/queries?${query}`, { token });
      expect(status).toBe(200);
      return body as {
        items: { query: string; searches: number; withoutResults: number; lastSeen: string }[];
        nextCursor: string | null;
      };
    };
    const of = async (query: string) => {
      const found = (await log('limit=100')).items.find((item) => item.query === query);
      return found && [found.searches, found.withoutResults];
    };

    it('counts what was searched for and what in vain, without a write per search', async () => {
      const writes = jest.spyOn(app.app.get(Database), 'execute');
      for (const q of ['Zwölf Zwerge', 'zwolf  zwerge', 'ZWÖLF ZWERGE'])
        expect(await titles(`q=${q}`)).toEqual([]);
      // The second comes from memory, and counts.
      for (let n = 0; n < 2; n++) await search('q=kettle&limit=2');
      await search('q=kettle&brand=nobody');
      const { nextCursor } = await search('q=kettle&limit=2');
      await search(`q=kettle&limit=2&cursor=${nextCursor}`);
      await search('q=chalkk');
      const written = writes.mock.calls.filter(([text]) => text.includes('search_queries')).length;
      writes.mockRestore();
      expect(written).toBeLessThan(2);
      expect(await of('zwolf zwerge')).toEqual([3, 3]);
      expect((await of('chalkk'))?.[1]).toBe(0);
      const before = await of('kettle');
      await search('q=kettle&limit=2');
      const [searches = 0, inVain = 0] = (await of('kettle')) ?? [];
      expect([searches, inVain]).toEqual([(before?.[0] ?? 0) + 1, 0]);
    });

    it('lists the most frequent first, page by page, or those in vain alone', async () => {
      const found: string[] = [];
      const counts: number[] = [];
      let cursor: string | null = null;
      do {
        const page = await log(`limit=3${cursor === null ? '' : `&cursor=${cursor}`}`);
        found.push(...page.items.map(({ query }) => query));
        counts.push(...page.items.map(({ searches }) => searches));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(new Set(found).size).toBe(found.length);
      expect(found).toEqual((await log('limit=100')).items.map(({ query }) => query));
      expect(counts).toEqual([...counts].sort((a, b) => b - a));
      const inVain = (await log('withoutResults=true&limit=100')).items;
      expect(inVain.every(({ withoutResults }) => withoutResults > 0)).toBe(true);
      expect(inVain.map(({ query }) => query)).toContain('zwolf zwerge');
      expect((await app.get('/v1/admin/search/queries')).status).toBe(401);
    });

    it('keeps nothing of a person, and forgets after 30 days', async () => {
      for (const q of ['ada@example.test', '+49 30 1234567', '4111-1111-1111-1111', 'ada 0049301234567'])
        await search(`q=${encodeURIComponent(q)}`);
      await log();
      const [kept] = await app.database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM catalog.search_queries WHERE query ~ '@|[0-9]{4}'`,
      );
      expect(kept?.count).toBe(0);
      app.clock.advance({ days: 32 });
      expect(await of('zwolf zwerge')).toBeUndefined();
      await app.run('catalog.forget_search_queries');
      const [left] = await app.database.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM catalog.search_queries',
      );
      expect(left?.count).toBe(0);
    });
  });
});
