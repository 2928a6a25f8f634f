import { randomUUID } from 'node:crypto';
import { admin, startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given, type GivenStaff } from './support/given.js';

const ROLES = '/v1/admin/roles';
const STAFF = '/v1/admin/staff';
const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';

/** What a process believes about a session is a second old at the most. */
const aSecond = () => new Promise((resolve) => setTimeout(resolve, 1_050));

describe('roles', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const code = () => `role-${randomUUID()}`;
  const create = (body: object, as = token): Promise<Answer> => app.post(ROLES, body, { token: as });
  const made = async (...permissions: string[]): Promise<string> => {
    const answer = await create({ code: code(), title: 'A role', permissions });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body.code;
  };
  const change = (role: string, body: object, as = token, etag?: string): Promise<Answer> =>
    app.patch(`${ROLES}/${role}`, body, { token: as, ...(etag && { headers: { 'if-match': etag } }) });

  it('are made, shown, changed with If-Match and deleted', async () => {
    const name = code();
    const permissions = ['ordering:order:read', 'catalog:product:read', 'ordering:order:read'];
    const answer = await create({ code: name, title: 'Warehouse', permissions });
    const whole = {
      code: name,
      title: 'Warehouse',
      permissions: ['catalog:product:read', 'ordering:order:read'],
      builtIn: false,
      members: 0,
    };
    expect([answer.status, answer.body, answer.headers.get('etag')]).toEqual([201, whole, '"1"']);
    const shown = await app.get(`${ROLES}/${name}`, { token });
    expect([shown.body, shown.headers.get('etag')]).toEqual([whole, '"1"']);
    const changed = await change(name, { title: 'Store room' }, token, '"1"');
    expect([changed.status, changed.body, changed.headers.get('etag')]).toEqual([
      200,
      { ...whole, title: 'Store room' },
      '"2"',
    ]);
    const stale = await change(name, { title: 'Late' }, token, '"1"');
    expect([stale.status, stale.headers.get('etag')]).toEqual([412, '"2"']);
    const remove = (etag?: string) =>
      app.delete(`${ROLES}/${name}`, { token, ...(etag && { headers: { 'if-match': etag } }) });
    expect((await remove('"1"')).status).toBe(412);
    expect((await remove('"2"')).status).toBe(204);
    expect((await remove()).status).toBe(404);
    expect((await app.get(`${ROLES}/${name}`, { token })).status).toBe(404);
    expect((await change(name, { title: 'Gone' })).status).toBe(404);
    const trail = await app.database.query<{ action: string }>(
      'SELECT action FROM platform.audit_entries WHERE subject_id = $1 ORDER BY id',
      [name],
    );
    expect(trail.map(({ action }) => action)).toEqual([
      'identity.role.created',
      'identity.role.updated',
      'identity.role.deleted',
    ]);
  });

  it('are listed page by page, the built-in ones among them', async () => {
    const first = await app.get(`${ROLES}?limit=2`, { token });
    expect(first.body.items[0]).toEqual({
      code: 'administrator',
      title: 'Administrator',
      permissions: ['*'],
      builtIn: true,
      members: 1,
    });
    const second = await app.get(`${ROLES}?limit=2&cursor=${first.body.nextCursor}`, { token });
    expect(second.body.items[0].code > first.body.items[1].code).toBe(true);
  });

  it('hold permissions that some operation asks for, and no others', async () => {
    const { items } = (await app.get('/v1/admin/permissions', { token })).body as {
      items: { permission: string; operations: string[] }[];
    };
    const names = items.map(({ permission }) => permission);
    expect(names).toEqual([...names].sort());
    expect(items).toContainEqual({
      permission: 'identity:role:write',
      operations: ['createRole', 'deleteRole', 'updateRole'],
    });
    expect(names.filter((name) => name.startsWith('account:') || name === '*')).toEqual([]);
    // Every role that the store begins with is made of these.
    const { items: roles } = (await app.get(ROLES, { token })).body as { items: { permissions: string[] }[] };
    const used = new Set(roles.flatMap(({ permissions }) => permissions));
    expect([...used].filter((one) => one !== '*' && !names.includes(one))).toEqual([]);
    for (const permission of ['*', 'account:self', 'catalog:product:eat', '']) {
      const { status, body } = await create({ code: code(), title: 'x', permissions: [permission] });
      expect([permission, status, body.code]).toEqual(
        permission === ''
          ? [permission, 400, 'platform.invalid_input']
          : [permission, 422, 'identity.unknown_permission'],
      );
    }
    const known = ['catalog:product:read'];
    for (const body of [
      { code: 'Capital', title: 'x', permissions: known },
      { code: '-x', title: 'x', permissions: known },
      { code: 'a b', title: 'x', permissions: known },
      { code: code(), title: '', permissions: known },
      { code: code(), title: 'x', permissions: [] },
      { code: code(), title: 'x', permissions: known, builtIn: true },
    ])
      expect([body, (await create(body)).status]).toEqual([body, 400]);
    const taken = await create({ code: 'support', title: 'x', permissions: known });
    expect([taken.status, taken.body.errors[0].pointer]).toEqual([409, '/code']);
  });

  it('that may do everything cannot be changed', async () => {
    const changed = await change('administrator', { permissions: ['catalog:product:read'] });
    const gone = await app.delete(`${ROLES}/administrator`, { token });
    for (const { status, body } of [changed, gone])
      expect([status, body.code]).toEqual([409, 'identity.role_built_in']);
  });

  it('that somebody has are not deleted, also when it is given at the same moment', async () => {
    const role = await made('catalog:product:read');
    const { id } = await given.staff(app, [role], token);
    const refused = await app.delete(`${ROLES}/${role}`, { token });
    expect([refused.status, refused.body.code]).toEqual([409, 'identity.role_in_use']);
    await app.patch(`${STAFF}/${id}`, { roles: [] }, { token });
    for (let round = 0; round < 10; round++) {
      const other = await made('catalog:product:read');
      const [gone, got] = await Promise.all([
        app.delete(`${ROLES}/${other}`, { token }),
        app.patch(`${STAFF}/${id}`, { roles: [other] }, { token }),
      ]);
      expect([
        [204, 422],
        [409, 200],
      ]).toContainEqual([gone.status, got.status]);
      await app.patch(`${STAFF}/${id}`, { roles: [] }, { token });
    }
    expect((await app.delete(`${ROLES}/${role}`, { token })).status).toBe(204);
  });

  it('take and give within a second what they hold', async () => {
    const role = await made('catalog:product:read');
    const { token: clerk } = await given.staff(app, [role], token);
    const both = async () => [
      (await app.get('/v1/admin/products', { token: clerk })).status,
      (await app.get('/v1/admin/orders', { token: clerk })).status,
    ];
    expect(await both()).toEqual([200, 403]);
    await change(role, { permissions: ['ordering:order:read'] });
    // In this process at once.
    expect(await both()).toEqual([403, 200]);
    await app.database.execute(
      `UPDATE identity.roles SET permissions = '{catalog:product:read}' WHERE code = $1`,
      [role],
    );
    await aSecond();
    expect(await both()).toEqual([200, 403]);
  });

  it('take from keys too what they take from people', async () => {
    const role = await made('identity:api-key:write', 'catalog:product:read');
    const { token: maker } = await given.staff(app, [role], token);
    const { key } = (
      await app.post('/v1/admin/api-keys', { name: 'x', scopes: ['catalog:product:read'] }, { token: maker })
    ).body;
    expect((await app.get('/v1/admin/products', { token: key })).status).toBe(200);
    await change(role, { permissions: ['identity:api-key:write'] });
    expect((await app.get('/v1/admin/products', { token: key })).status).toBe(403);
  });

  it('get nothing from somebody who has not got it himself', async () => {
    const own = await made('identity:role:write', 'catalog:product:read');
    const { token: keeper } = await given.staff(app, [own], token);
    const name = code();
    const mine = { code: name, title: 'x', permissions: ['catalog:product:read'] };
    expect((await create(mine, keeper)).status).toBe(201);
    const more = await create({ ...mine, code: code(), permissions: ['catalog:product:write'] }, keeper);
    expect([more.status, more.body.code]).toEqual([403, 'platform.forbidden']);
    for (const role of [name, own])
      expect([role, (await change(role, { permissions: ['catalog:product:write'] }, keeper)).status]).toEqual(
        [role, 403],
      );
    // What is in it may stay there.
    const strong = await made('catalog:product:read', 'billing:refund:write');
    const less = await change(strong, { permissions: ['billing:refund:write'] }, keeper);
    expect([less.status, less.body.permissions]).toEqual([200, ['billing:refund:write']]);
  });

  it('are for whoever has the permission and a fresh proof', async () => {
    const { token: customer } = await given.customer(app);
    const reader = await given.staff(app, ['read-only'], token);
    const tries = (options: object) => [
      app.get(ROLES, options),
      app.get(`${ROLES}/support`, options),
      app.get('/v1/admin/permissions', options),
      app.post(ROLES, { code: code(), title: 'x', permissions: ['catalog:product:read'] }, options),
      app.patch(`${ROLES}/support`, { title: 'x' }, options),
      app.delete(`${ROLES}/support`, options),
    ];
    const statuses = async (options: object) =>
      (await Promise.all(tries(options))).map(({ status }) => status);
    expect(await statuses({})).toEqual([401, 401, 401, 401, 401, 401]);
    expect(await statuses({ token: customer })).toEqual([403, 403, 403, 403, 403, 403]);
    expect(await statuses({ token: reader.token })).toEqual([200, 200, 200, 403, 403, 403]);
    const { refreshToken } = (await app.post('/v1/auth/login', admin)).body;
    await app.database.execute(`UPDATE identity.sessions SET proved_at = now() - interval '11 minutes'`);
    const stale = (await app.post('/v1/auth/refresh', { refreshToken })).body.accessToken;
    expect(await statuses({ token: stale })).toEqual([200, 200, 200, 401, 401, 401]);
  });
});

describe('staff', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const path = ({ id }: { id: string }) => `${STAFF}/${id}`;
  const change = (who: { id: string }, body: object, as = token, etag?: string): Promise<Answer> =>
    app.patch(path(who), body, { token: as, ...(etag && { headers: { 'if-match': etag } }) });
  const own = async (): Promise<{ id: string }> =>
    (await app.get(`${STAFF}?email=${admin.email}`, { token })).body.items[0];
  const login = ({ email, password }: GivenStaff) => app.post('/v1/auth/login', { email, password });
  const role = async (...permissions: string[]): Promise<string> =>
    (await app.post(ROLES, { code: `role-${randomUUID()}`, title: 'x', permissions }, { token })).body.code;

  it('get other roles, with If-Match, and have them at once', async () => {
    const clerk = await given.staff(app, ['catalog-manager'], token);
    const shown = await app.get(path(clerk), { token });
    expect(shown.body).toMatchObject({
      id: clerk.id,
      email: clerk.email,
      roles: ['catalog-manager'],
      status: 'active',
    });
    const etag = shown.headers.get('etag') ?? '';
    const sees = async (what: string) => (await app.get(`/v1/admin/${what}`, { token: clerk.token })).status;
    expect([await sees('stock'), await sees('orders')]).toEqual([200, 403]);
    const changed = await change(clerk, { roles: ['support'] }, token, etag);
    expect([changed.status, changed.body.roles]).toEqual([200, ['support']]);
    expect(await sees('orders')).toBe(200);
    expect((await change(clerk, { roles: [] }, token, etag)).status).toBe(412);
    expect((await change(clerk, { roles: ['support', 'read-only'] })).body.roles).toEqual([
      'read-only',
      'support',
    ]);
    const none = await change(clerk, { roles: [] });
    expect([none.body.roles, await sees('orders'), await sees('stock')]).toEqual([[], 403, 403]);
    const unknown = await change(clerk, { roles: ['king'] });
    expect([unknown.status, unknown.body.code, unknown.body.errors[0].pointer]).toEqual([
      422,
      'identity.unknown_role',
      '/roles/0',
    ]);
    for (const body of [{ roles: 'support' }, { status: 'asleep' }, { email: 'x@y.test' }])
      expect([body, (await change(clerk, body)).status]).toEqual([body, 400]);
  });

  it('that are disabled are out at once, with their keys, and start afresh when enabled', async () => {
    const clerk = await given.staff(app, ['administrator'], token);
    const { key, id: keyId } = (
      await app.post(
        '/v1/admin/api-keys',
        { name: 'x', scopes: ['catalog:product:read'] },
        { token: clerk.token },
      )
    ).body;
    const { refreshToken } = (await login(clerk)).body;
    const in_ = async (as: string) => (await app.get('/v1/admin/products', { token: as })).status;
    expect([await in_(clerk.token), await in_(key)]).toEqual([200, 200]);
    const { status, body } = await change(clerk, { status: 'disabled' });
    expect([status, body.status]).toEqual([200, 'disabled']);
    expect([await in_(clerk.token), await in_(key), (await login(clerk)).status]).toEqual([401, 401, 401]);
    expect((await change(clerk, { status: 'active' })).body.status).toBe('active');
    // What was open before stays shut.
    expect([await in_(clerk.token), await in_(key), (await login(clerk)).status]).toEqual([401, 401, 200]);
    expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
    expect((await app.get(`/v1/admin/api-keys/${keyId}`, { token })).body.state).toBe('revoked');
    const revoked = await app.database.query(
      `SELECT details FROM platform.audit_entries WHERE action = 'identity.api_key.revoked' AND subject_id = $1`,
      [keyId],
    );
    expect(revoked).toEqual([{ details: { because: 'creator_disabled' } }]);
    const trail = await app.database.query(
      `SELECT details->>'status' AS status FROM platform.audit_entries WHERE action = 'identity.staff.changed' AND subject_id = $1 ORDER BY id`,
      [clerk.id],
    );
    expect(trail).toEqual([{ status: 'disabled' }, { status: 'active' }]);
    await change(clerk, { roles: [] });
  });

  it('do not change themselves, nor anybody who may do more', async () => {
    for (const body of [{ roles: ['support'] }, { status: 'disabled' }, {}]) {
      const answer = await change(await own(), body);
      expect([answer.status, answer.body.code]).toEqual([403, 'identity.not_yourself']);
    }
    const lead = await given.staff(
      app,
      [await role('identity:staff:write', 'identity:staff:read', 'catalog:product:read')],
      token,
    );
    const weak = await role('catalog:product:read');
    const clerk = await given.staff(app, [weak], token);
    expect((await change(clerk, { status: 'disabled' }, lead.token)).status).toBe(200);
    expect((await change(clerk, { status: 'active', roles: [] }, lead.token)).status).toBe(200);
    expect((await change(clerk, { roles: [weak] }, lead.token)).status).toBe(200);
    expect((await change(clerk, { roles: ['support'] }, lead.token)).status).toBe(403);
    expect((await change(clerk, { roles: ['administrator'] }, lead.token)).status).toBe(403);
    const strong = await given.staff(app, ['support'], token);
    for (const body of [{ status: 'disabled' }, { roles: [] }])
      expect([body, (await change(strong, body, lead.token)).status]).toEqual([body, 403]);
    expect((await change(await own(), { status: 'disabled' }, lead.token)).status).toBe(403);
  });

  it('always have an administrator, also when two remove each other at once', async () => {
    const root = await own();
    for (let round = 0; round < 10; round++) {
      const other = await given.staff(app, ['administrator'], token);
      const body = round % 2 === 0 ? { status: 'disabled' } : { roles: ['support'] };
      const [one, two] = await Promise.all([change(other, body), change(root, body, other.token)]);
      // The second is too late in one way or another: it is no administrator by then, or would be the last.
      expect([one.status, two.status].filter((status) => status === 200)).toHaveLength(1);
      expect([one.status, two.status].filter((status) => [401, 403, 409].includes(status))).toHaveLength(1);
      const [left] = await app.database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM identity.account_roles ar JOIN identity.accounts a ON a.id = ar.account_id
         WHERE ar.role = 'administrator' AND a.status = 'active'`,
      );
      expect(left?.count).toBe(1);
      if (two.status === 200) {
        await change(root, { status: 'active', roles: ['administrator'] }, other.token);
        token = await given.admin(app);
        await change(other, { roles: [] });
      }
    }
  });

  it('that were only invited are no administrators to rely on', async () => {
    const other = await given.staff(app, ['administrator'], token);
    await app.post(STAFF, { email: `${randomUUID()}@shop.test`, roles: ['administrator'] }, { token });
    const root = await own();
    // Disabled in another process, which this one does not know for a second: what it asks for then must not lock all out.
    expect((await app.get('/v1/me', { token: other.token })).status).toBe(200);
    await app.database.execute(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [other.id]);
    const refused = await change(root, { status: 'disabled' }, other.token);
    expect([refused.status, refused.body.code]).toEqual([409, 'identity.last_administrator']);
    expect((await app.get('/v1/me', { token })).status).toBe(200);
  });

  it('are signed out by others, one session at a time', async () => {
    const clerk = await given.staff(app, ['support'], token);
    const second = (await login(clerk)).body.accessToken as string;
    const sessions = async () => (await app.get(`${path(clerk)}/sessions`, { token })).body.items;
    const [newest, oldest, ...more] = await sessions();
    expect([more, newest.current, oldest.current]).toEqual([[], false, false]);
    expect(newest).toEqual({
      id: expect.any(String),
      createdAt: expect.any(String),
      lastSeenAt: expect.any(String),
      ipPrefix: '127.0.0.0/24',
      userAgent: 'undici',
      amr: ['pwd'],
      impersonatedBy: null,
      current: false,
    });
    expect((await app.get('/v1/me', { token: second })).status).toBe(200);
    expect((await app.delete(`${path(clerk)}/sessions/${newest.id}`, { token })).status).toBe(204);
    expect((await app.get('/v1/me', { token: second })).status).toBe(401);
    expect((await app.get('/v1/me', { token: clerk.token })).status).toBe(200);
    expect(await sessions()).toHaveLength(1);
    // Ended ones, unknown ones and those of somebody else are alike.
    const other = await given.staff(app, ['support'], token);
    for (const [who, id] of [
      [clerk, newest.id],
      [clerk, UNKNOWN],
      [other, oldest.id],
      [{ id: UNKNOWN }, oldest.id],
    ])
      expect((await app.delete(`${path(who)}/sessions/${id}`, { token })).status).toBe(404);
    const mine = (await app.get(`${path(await own())}/sessions`, { token })).body.items;
    expect(mine.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
  });

  it('are neither signed out nor uninvited by somebody who may do less', async () => {
    const lead = await given.staff(app, [await role('identity:staff:write', 'identity:staff:read')], token);
    const root = await own();
    const sessions = (await app.get(`${path(root)}/sessions`, { token })).body.items as { id: string }[];
    const email = `${randomUUID()}@shop.test`;
    const invited = await app.post(STAFF, { email, roles: ['administrator'] }, { token });
    for (const answer of [
      await app.delete(`${path(root)}/sessions`, { token: lead.token }),
      await app.delete(`${path(root)}/sessions/${sessions[0]?.id}`, { token: lead.token }),
      await app.post(`${path(invited.body)}/invitation`, undefined, { token: lead.token }),
      await app.delete(`${path(invited.body)}/invitation`, { token: lead.token }),
    ])
      expect([answer.status, answer.body?.code]).toEqual([403, 'platform.forbidden']);
    expect((await app.get('/v1/me', { token })).status).toBe(200);
    expect((await app.get(path(invited.body), { token })).status).toBe(200);
    // Those who may do no more are signed out, and so is oneself.
    const peer = await given.staff(app, [], token);
    expect((await app.delete(`${path(peer)}/sessions`, { token: lead.token })).status).toBe(204);
    expect((await app.delete(`${path(lead)}/sessions`, { token: lead.token })).status).toBe(204);
    expect((await app.get('/v1/me', { token: lead.token })).status).toBe(401);
    expect((await app.delete(`${path(invited.body)}/invitation`, { token })).status).toBe(204);
  });

  it('are invited again, and invitations are withdrawn until they are taken', async () => {
    const email = `${randomUUID()}@shop.test`;
    const { id } = (await app.post(STAFF, { email, roles: ['support'] }, { token })).body;
    const link = async () => {
      await app.settle();
      const letters = (await app.letters()).filter(({ to }) => to === email);
      return /token=([\w-]+)/.exec(letters.at(-1)?.text ?? '')?.[1];
    };
    const take = async (with_: string | undefined) =>
      (await app.post('/v1/auth/password/reset', { token: with_, password: 'four random words are good' }))
        .status;
    const first = await link();
    expect((await app.post(`${STAFF}/${id}/invitation`, undefined, { token })).status).toBe(202);
    const second = await link();
    expect([second === first, await take(first)]).toEqual([false, 400]);
    expect((await app.delete(`${STAFF}/${id}/invitation`, { token })).status).toBe(204);
    expect(await take(second)).toBe(400);
    expect((await app.get(`${STAFF}/${id}`, { token })).status).toBe(404);
    // The address is free again.
    const again = await app.post(STAFF, { email, roles: ['support'] }, { token });
    expect([again.status, await take(await link())]).toEqual([201, 204]);
    for (const answer of [
      await app.post(`${STAFF}/${again.body.id}/invitation`, undefined, { token }),
      await app.delete(`${STAFF}/${again.body.id}/invitation`, { token }),
    ])
      expect([answer.status, answer.body.code]).toEqual([409, 'identity.not_invited']);
  });

  it('are not found among customers, and are nothing for them', async () => {
    const { token: customer } = await given.customer(app);
    const { id } = (await app.get('/v1/me', { token: customer })).body;
    const reader = await given.staff(app, ['read-only'], token);
    const tries = (who: string, options: object) => [
      app.get(`${STAFF}/${who}`, options),
      app.get(`${STAFF}/${who}/sessions`, options),
      app.patch(`${STAFF}/${who}`, { status: 'disabled' }, options),
      app.delete(`${STAFF}/${who}/sessions/${UNKNOWN}`, options),
      app.post(`${STAFF}/${who}/invitation`, undefined, options),
      app.delete(`${STAFF}/${who}/invitation`, options),
    ];
    const statuses = async (who: string, options: object) =>
      (await Promise.all(tries(who, options))).map(({ status }) => status);
    expect(await statuses(id, { token })).toEqual([404, 404, 404, 404, 404, 404]);
    expect(await statuses(UNKNOWN, { token })).toEqual([404, 404, 404, 404, 404, 404]);
    const { id: root } = await own();
    expect(await statuses(root, {})).toEqual([401, 401, 401, 401, 401, 401]);
    expect(await statuses(root, { token: customer })).toEqual([403, 403, 403, 403, 403, 403]);
    expect(await statuses(root, { token: reader.token })).toEqual([200, 200, 403, 403, 403, 403]);
    expect((await app.get('/v1/me', { token: customer })).status).toBe(200);
  });
});
