import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';

interface Ref {
  id: string;
  handle: string;
}

describe('categories', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const make = async (handle: string, parentId: string | null = null, extra: object = {}) =>
    (await app.post('/v1/admin/categories', { handle, title: handle, parentId, ...extra }, { token }))
      .body as Ref & { version: number };
  /** `root > middle > leaf`, under names of their own. */
  const branch = async (name: string) => {
    const root = await make(`${name}-root`);
    const middle = await make(`${name}-middle`, root.id);
    return { root, middle, leaf: await make(`${name}-leaf`, middle.id) };
  };
  const handles = (items: Ref[]) => items.map(({ handle }) => handle);
  const listed = async (query: string) => {
    const { body } = await app.get(`/v1/categories?${query}`);
    return handles(body.items);
  };
  const move = (id: string, parentId: string | null) =>
    app.patch(`/v1/admin/categories/${id}`, { parentId }, { token });

  it('show the way from the root, their children in order, and what search engines are told', async () => {
    const { root, middle, leaf } = await branch('page');
    const second = await make('page-second', middle.id, { position: 5 });
    const first = await make('page-first', middle.id, {
      position: 0,
      description: 'Things <b>first</b>.',
      seoTitle: 'First things',
      seoDescription: 'Buy them.',
    });
    const { body } = await app.get('/v1/categories/page-middle');
    expect(body.breadcrumbs).toEqual([
      { id: root.id, handle: 'page-root', title: 'page-root' },
      { id: middle.id, handle: 'page-middle', title: 'page-middle' },
    ]);
    expect(handles(body.children)).toEqual([first.handle, leaf.handle, second.handle]);
    expect((await app.get(`/v1/categories/${first.id.toUpperCase()}`)).body).toMatchObject({
      description: 'Things <b>first</b>.',
      seoTitle: 'First things',
      seoDescription: 'Buy them.',
      media: null,
      hasProducts: false,
    });
    const cleared = await app.patch(`/v1/admin/categories/${first.id}`, { seoTitle: null }, { token });
    expect(cleared.body).toMatchObject({ seoTitle: null, seoDescription: 'Buy them.', version: 2 });
    await app.patch(`/v1/admin/categories/${second.id}`, { position: 0, title: 'aaa' }, { token });
    expect(handles((await app.get('/v1/categories/page-middle')).body.children)[0]).toBe(second.handle);
    expect((await app.get('/v1/categories/page-nothing')).status).toBe(404);
    expect((await app.get(`/v1/categories/${randomUUID()}`)).status).toBe(404);
  });

  it('are listed as a tree, below one of them, or level by level', async () => {
    const { root, middle, leaf } = await branch('list');
    const all = await listed('');
    const places = [root, middle, leaf].map(({ handle }) => all.indexOf(handle));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThanOrEqual(0);
    expect(await listed('parent=list-root')).toEqual(['list-middle', 'list-leaf']);
    expect(await listed(`parent=${root.id}&depth=1`)).toEqual(['list-middle']);
    expect(await listed('parent=list-leaf')).toEqual([]);
    const roots = await listed('depth=1');
    expect(roots).toContain('list-root');
    expect(roots).not.toContain('list-middle');
    expect((await app.get('/v1/categories?parent=list-nowhere')).status).toBe(404);
    for (const query of ['depth=0', 'depth=x', 'parent=', 'level=1'])
      expect([query, (await app.get(`/v1/categories?${query}`)).status]).toEqual([query, 400]);
  });

  it('know whether a published product stands in them or below, and products know the way to them', async () => {
    const { root, leaf } = await branch('full');
    const seen = async () => {
      const { items } = (await app.get('/v1/categories')).body as {
        items: (Ref & { hasProducts: boolean })[];
      };
      return items.filter(({ handle }) => /^full-/.test(handle)).map(({ hasProducts }) => hasProducts);
    };
    expect(await seen()).toEqual([false, false, false]);
    const made = await given.product(app, token, { status: 'draft', categories: ['full-leaf'] });
    expect(await seen()).toEqual([false, false, false]);
    await app.patch(`/v1/admin/products/${made.id}`, { status: 'published' }, { token });
    expect(await seen()).toEqual([true, true, true]);
    expect((await app.get(`/v1/categories/${root.id}`)).body.hasProducts).toBe(true);
    const shown = await app.get(`/v1/products/${made.handle}`);
    expect(handles(shown.body.breadcrumbs)).toEqual(['full-root', 'full-middle', 'full-leaf']);
    await move(leaf.id, root.id);
    expect(handles((await app.get(`/v1/products/${made.handle}`)).body.breadcrumbs)).toEqual([
      'full-root',
      'full-leaf',
    ]);
    const plain = await given.product(app, token);
    expect((await app.get(`/v1/products/${plain.handle}`)).body.breadcrumbs).toEqual([]);
  });

  it('have a picture, which stays as long as they show it', async () => {
    const bytes = await sharp({ create: { width: 200, height: 100, channels: 3, background: '#369' } })
      .png()
      .toBuffer();
    const headers = { 'content-type': 'image/png' };
    const { id: mediaId } = (await app.post('/v1/admin/media', bytes, { token, headers })).body;
    const made = await make('pictured', null, { mediaId });
    await app.settle();
    const { body } = await app.get('/v1/categories/pictured');
    expect([body.mediaId, body.media.width, body.media.renditions.length > 0]).toEqual([mediaId, 200, true]);
    expect((await app.get(body.media.url.replace(/^https?:\/\/[^/]+/, ''))).status).toBe(200);
    const picture = `/v1/admin/media/${mediaId}`;
    expect((await app.get(picture, { token })).body.used).toBe(true);
    expect((await app.delete(picture, { token })).body.code).toBe('catalog.media_in_use');
    const unknown = await app.patch(`/v1/admin/categories/${made.id}`, { mediaId: randomUUID() }, { token });
    expect(unknown).toMatchObject({
      status: 422,
      body: { code: 'catalog.unknown_media', errors: [{ pointer: '/mediaId' }] },
    });
    await app.patch(`/v1/admin/categories/${made.id}`, { mediaId: null }, { token });
    expect((await app.delete(picture, { token })).status).toBe(204);
  });

  it('never become a circle, though two moves that would make one come at once', async () => {
    for (let round = 0; round < 8; round++) {
      const [a, b] = await Promise.all([make(`circle-a-${round}`), make(`circle-b-${round}`)]);
      const below = await make(`circle-c-${round}`, b.id);
      const moves = await Promise.all([move(a.id, below.id), move(b.id, a.id)]);
      expect(moves.map(({ status }) => status).sort()).toEqual([200, 422]);
      const refused = moves.find(({ status }) => status === 422);
      expect(refused?.body).toMatchObject({
        code: 'catalog.category_cycle',
        errors: [{ pointer: '/parentId' }],
      });
    }
    const [broken] = await app.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM catalog.categories c LEFT JOIN catalog.categories p ON p.id = c.parent_id
       WHERE c.path <> coalesce(p.path, '{}') || c.id`,
    );
    expect(broken?.count).toBe(0);
  });

  it('go when they are empty, or say where what stands in them goes', async () => {
    const { root, middle, leaf } = await branch('gone');
    const target = await make('gone-target');
    const both = await given.product(app, token, { categories: ['gone-middle', 'gone-target'] });
    const one = await given.product(app, token, { categories: ['gone-middle'] });
    const low = await given.product(app, token, { categories: ['gone-leaf'] });
    const path = `/v1/admin/categories/${middle.id}`;
    expect(await app.delete(path, { token })).toMatchObject({
      status: 409,
      body: { code: 'catalog.category_in_use' },
    });
    for (const [moveTo, code] of [
      [leaf.id, 'catalog.category_cycle'],
      [middle.id, 'catalog.category_cycle'],
      [randomUUID(), 'catalog.unknown_category'],
    ])
      expect(await app.delete(`${path}?moveTo=${moveTo}`, { token })).toMatchObject({
        status: 422,
        body: { code, errors: [{ pointer: '/moveTo' }] },
      });
    expect((await app.delete(`${path}?moveTo=x`, { token })).status).toBe(400);
    const stale = { token, headers: { 'if-match': '"7"' } };
    expect((await app.delete(`${path}?moveTo=${target.id}`, stale)).status).toBe(412);
    expect((await app.delete(`${path}?moveTo=${target.id}`)).status).toBe(401);
    expect((await app.get(`/v1/categories/gone-leaf`)).body.parentId).toBe(middle.id);

    expect((await app.delete(`${path}?moveTo=${target.id}`, { token })).status).toBe(204);
    expect((await app.get('/v1/categories/gone-middle')).status).toBe(404);
    expect((await app.get('/v1/categories/gone-leaf')).body).toMatchObject({
      parentId: target.id,
      breadcrumbs: [{ handle: 'gone-target' }, { handle: 'gone-leaf' }],
    });
    const inShop = async (category: string) =>
      ((await app.get(`/v1/products?category=${category}`)).body.items as Ref[]).map(({ id }) => id).sort();
    expect(await inShop('gone-target')).toEqual([both.id, one.id, low.id].sort());
    expect(await inShop('gone-root')).toEqual([]);
    const moved = (await app.get(`/v1/admin/products/${one.id}`, { token })).body;
    expect([handles(moved.categories), moved.version]).toEqual([['gone-target'], one.version + 1]);
    expect((await app.delete(`/v1/admin/categories/${root.id}`, { token })).status).toBe(204);
    const trail = await app.get(`/v1/admin/audit?subjectId=${middle.id}`, { token });
    expect(trail.body.items[0]).toMatchObject({
      action: 'catalog.category.deleted',
      details: { moveTo: target.id },
    });
  });
});
