import { crc32 } from 'node:zlib';
import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  allowInsecureRequests,
  clientCredentialsGrant,
  ClientSecretBasic,
  customFetch,
  discovery,
  tokenIntrospection,
  tokenRevocation,
} from 'openid-client';
import { KeyRing } from '../src/identity/token/key-ring.service.js';
import { admin, startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { RealProcess } from './support/real-process.js';

const PATH = '/v1/admin/signing-keys';
const KEYS = '/v1/admin/api-keys';
const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';

/** A problem without what tells two requests apart. */
const told = ({ body }: Answer) => {
  const { requestId: _requestId, instance: _instance, ...rest } = body as Record<string, unknown>;
  return rest;
};
/** What a process believes about a key is a second old at the most. */
const aSecond = () => wait(1_050);

describe('signing keys', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp();
  });
  // As at the first start.
  beforeEach(async () => {
    const ring = app.app.get(KeyRing, { strict: false });
    ring.onApplicationShutdown();
    await app.database.execute('DELETE FROM identity.signing_keys');
    await ring.onModuleInit();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const kidOf = (jwt: string) => decodeProtectedHeader(jwt).kid;
  const keys = async (): Promise<{ kid: string; state: string }[]> =>
    (await app.get(PATH, { token })).body.items;
  const states = async () => (await keys()).map(({ state }) => state).sort();
  const inState = async (state: string) => (await keys()).find((key) => key.state === state)?.kid;
  const published = async () =>
    (await app.get('/.well-known/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid);
  const rotate = (body: object = {}): Promise<Answer> => app.post(`${PATH}/rotation`, body, { token });
  const older = (column: string, state: string, by: string) =>
    app.database.execute(
      `UPDATE identity.signing_keys SET ${column} = ${column} - $1::interval WHERE state = $2`,
      [by, state],
    );

  it('are published before they sign, and checked with until their last token is over', async () => {
    const [first, next] = [await inState('active'), await inState('next')];
    expect([kidOf(token), await states()]).toEqual([first, ['active', 'next']]);
    expect(await published()).toEqual(expect.arrayContaining([first, next]));
    // Somebody who keeps our keys for five minutes might not have seen the next one yet.
    const early = await rotate();
    expect([early.status, early.body.code, Number(early.headers.get('retry-after')) > 500]).toEqual([
      409,
      'identity.rotated_recently',
      true,
    ]);
    await older('created_at', 'next', '10 minutes');
    const rotated = await rotate();
    expect(rotated.status).toBe(200);
    expect(await states()).toEqual(['active', 'next', 'retiring']);
    expect(await inState('active')).toBe(next);
    expect(kidOf(await given.admin(app))).toBe(next);
    // The token of the old key goes on.
    expect((await app.get(PATH, { token })).status).toBe(200);
    expect(await published()).toHaveLength(3);
    // Fifteen minutes is the longest that a token lives, and five are for clocks that differ.
    await older('retired_at', 'retiring', '19 minutes');
    await app.run('identity.rotate_signing_keys');
    expect((await app.get(PATH, { token })).status).toBe(200);
    await older('retired_at', 'retiring', '1 minute');
    await app.run('identity.rotate_signing_keys');
    const over = await app.get(PATH, { token });
    expect([over.status, over.body.code]).toEqual([401, 'platform.unauthorized']);
    token = await given.admin(app);
    expect(await states()).toEqual(['active', 'gone', 'next']);
    expect(await published()).not.toContain(first);
  });

  it('lose their private part when they stop signing', async () => {
    await older('created_at', 'next', '10 minutes');
    await rotate();
    const rows = await app.database.query<{ state: string; sealed: boolean }>(
      'SELECT state, private_sealed IS NOT NULL AS sealed FROM identity.signing_keys ORDER BY state',
    );
    expect(rows).toEqual([
      { state: 'active', sealed: true },
      { state: 'next', sealed: true },
      { state: 'retiring', sealed: false },
    ]);
  });

  it('are rotated once, however many ask at once', async () => {
    const audited = async () => {
      const [row] = await app.database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM platform.audit_entries WHERE action = 'identity.signing_key.rotated'`,
      );
      return row?.count ?? NaN;
    };
    const before = await audited();
    await older('created_at', 'next', '10 minutes');
    const answers = await Promise.all(Array.from({ length: 10 }, () => rotate()));
    const counted = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([counted(200), counted(409)]).toEqual([1, 9]);
    expect(await states()).toEqual(['active', 'next', 'retiring']);
    expect((await audited()) - before).toBe(1);
  });

  it('are replaced once, all of them, when a private one got out', async () => {
    await older('activated_at', 'active', '2 minutes');
    const before = await published();
    const answers = await Promise.all(Array.from({ length: 10 }, () => rotate({ compromised: true })));
    // Whoever comes after the first one has done it holds a token that counts no more.
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.map(({ status }) => status).filter((status) => ![200, 401, 409].includes(status))).toEqual(
      [],
    );
    expect((await app.get(PATH, { token })).status).toBe(401);
    token = await given.admin(app);
    expect(await states()).toEqual(['active', 'gone', 'gone', 'next']);
    for (const kid of before) expect(await published()).not.toContain(kid);
  });

  it('are rotated by the clock after thirty days, by one of ten workers', async () => {
    await app.run('identity.rotate_signing_keys');
    expect(await states()).toEqual(['active', 'next']);
    await older('activated_at', 'active', '30 days');
    await older('created_at', 'next', '30 days');
    await Promise.all(Array.from({ length: 10 }, () => app.run('identity.rotate_signing_keys')));
    expect(await states()).toEqual(['active', 'next', 'retiring']);
  });

  it('are rotated by a program, and other processes follow', async () => {
    const settings = {
      DATABASE_URL: app.config.databaseUrl ?? '',
      DATA_DIR: tmpdir(),
      SECRET_KEY: 'a secret that only the tests know, 32+',
    };
    const run = (...parameters: string[]) =>
      RealProcess.run('src/identity/token/rotate-keys.js', settings, ...parameters);
    const early = await run();
    expect([early.code, early.complaints]).toEqual([
      1,
      [expect.stringContaining('not been published long enough')],
    ]);
    await older('created_at', 'next', '10 minutes');
    const next = await inState('next');
    const done = await run();
    expect([done.code, done.output]).toEqual([0, expect.stringContaining(`active   ${next}`)]);
    await older('activated_at', 'active', '2 minutes');
    expect((await run('--compromised')).code).toBe(0);
    for (let look = 0; look < 5_000 && (await app.get(PATH, { token })).status !== 401; look++)
      await wait(50);
    expect((await app.get(PATH, { token })).status).toBe(401);
    // What it signs with from now on is what the program has made.
    token = await given.admin(app);
    expect(kidOf(token)).toBe(await inState('active'));
    expect(await states()).toEqual(['active', 'gone', 'gone', 'gone', 'next']);
  });

  it('are for whoever has the permission and a fresh proof', async () => {
    const { token: customer } = await given.customer(app);
    expect((await app.get(PATH)).status).toBe(401);
    expect((await app.get(PATH, { token: customer })).status).toBe(403);
    expect((await app.post(`${PATH}/rotation`, {}, { token: customer })).status).toBe(403);
    expect((await rotate({ compromised: 'yes' })).status).toBe(400);
    const { refreshToken } = (await app.post('/v1/auth/login', admin)).body;
    await app.database.execute(`UPDATE identity.sessions SET proved_at = now() - interval '11 minutes'`);
    token = (await app.post('/v1/auth/refresh', { refreshToken })).body.accessToken;
    expect((await rotate()).body.code).toBe('platform.proof_required');
    expect(await states()).toEqual(['active', 'next']);
  });
});

describe('API keys', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp({ TRUSTED_PROXIES: '127.0.0.1' });
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const make = (body: object = {}, as = token, key?: string): Promise<Answer> =>
    app.post(
      KEYS,
      { name: 'A program', scopes: ['catalog:product:read'], ...body },
      { token: as, ...(key !== undefined && { key }) },
    );
  const made = async (body: object = {}, as = token): Promise<{ id: string; key: string }> => {
    const answer = await make(body, as);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body;
  };
  const use = (key: string, path = '/v1/admin/products', headers: Record<string, string> = {}) =>
    app.get(path, { headers: { authorization: `Bearer ${key}`, ...headers } });
  const statusOf = async (key: string, path?: string) => (await use(key, path)).status;
  const sql = (text: string, ...values: unknown[]) => app.database.execute(text, values);
  const role = async (...permissions: string[]) => {
    const code = `role-${randomUUID()}`;
    await sql('INSERT INTO identity.roles (code, title, permissions) VALUES ($1, $1, $2)', code, permissions);
    return code;
  };

  it('are shown once, and open what their scopes say', async () => {
    const answer = await make({ scopes: ['catalog:product:read', 'catalog:product:read'] });
    const { key, ...shown } = answer.body as { key: string; id: string };
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(key).toMatch(/^sk_test_[\w-]{22}_[\w-]{43}_[\da-f]{8}$/);
    expect(shown).toMatchObject({
      name: 'A program',
      prefix: key.slice(0, 30),
      scopes: ['catalog:product:read'],
      networks: [],
      state: 'active',
      lastUsedAt: null,
      revokedAt: null,
    });
    expect((await app.get(`${KEYS}/${shown.id}`, { token })).body).toEqual(shown);
    expect((await app.get(KEYS, { token })).text).not.toContain(key.slice(31, 74));
    expect(await statusOf(key)).toBe(200);
    const beyond = await use(key, '/v1/admin/orders');
    expect([beyond.status, beyond.body.code]).toEqual([403, 'platform.forbidden']);
    const [row] = await app.database.query<{ row: string }>(
      'SELECT k::text AS row FROM identity.api_keys k WHERE id = $1',
      [shown.id],
    );
    expect(row?.row).not.toContain(key.slice(31, 74));
  });

  it('are never a person', async () => {
    const { key } = await made({ scopes: ['identity:api-key:write', 'identity:staff:write'] });
    const plain = told(await app.get('/v1/me'));
    for (const path of ['/v1/me', '/v1/me/sessions']) {
      const answer = await use(key, path);
      expect([answer.status, told(answer)]).toEqual([401, plain]);
    }
    const asKey = { headers: { authorization: `Bearer ${key}` } };
    expect((await app.post('/v1/auth/step-up', { password: 'x' }, asKey)).status).toBe(401);
    // What asks for a fresh proof is nothing for programs, whatever they may do otherwise.
    const child = await app.post(KEYS, { name: 'Child', scopes: ['identity:staff:write'] }, asKey);
    expect([child.status, child.body.code]).toEqual([403, 'platform.forbidden']);
    const staff = { email: `${randomUUID()}@shop.test`, roles: ['support'] };
    expect((await app.post('/v1/admin/staff', staff, asKey)).status).toBe(403);
    // Public things stay public.
    expect(await statusOf(key, '/v1/products')).toBe(200);
  });

  it('are written into the trail of what they do', async () => {
    const { id, key } = await made({ scopes: ['catalog:product:write'] });
    const done = await app.post(
      '/v1/admin/categories',
      { title: 'Made by a program', handle: 'made-by-a-program' },
      { token: key },
    );
    expect(done.status).toBe(201);
    const rows = await app.database.query(
      `SELECT action, actor_kind AS kind, actor_id AS actor FROM platform.audit_entries WHERE $1 IN (actor_id, subject_id) ORDER BY id`,
      [id],
    );
    expect(rows).toEqual([
      { action: 'identity.api_key.created', kind: 'person', actor: expect.any(String) },
      { action: 'catalog.category.created', kind: 'machine', actor: id },
    ]);
  });

  it('that are wrong in any part are refused, all with the answer that nobody gets', async () => {
    const { key } = await made();
    const other = await made();
    const flipped = (at: number) => `${key.slice(0, at)}${key[at] === 'A' ? 'B' : 'A'}${key.slice(at + 1)}`;
    const [id, secret] = [key.slice(8, 30), key.slice(31, 74)];
    const { writeKey } = await import('../src/identity/api-key/api-key.js');
    const { id: otherId } = other;
    const attacks: Record<string, string> = {
      'a bit of the id': flipped(12),
      'a bit of the secret': flipped(40),
      'a bit of the sum': flipped(key.length - 1),
      'another secret with its sum': writeKey('test', (await made()).id, other.key.slice(31, 74)),
      'the secret of another': writeKey('test', otherId, secret),
      'an unknown id': writeKey('test', UNKNOWN, secret),
      'a key of production': key.replace('sk_test_', 'sk_live_'),
      'a key of production with its sum': writeKey('live', (await made()).id, secret),
      'no sum': key.slice(0, -9),
      'an id alone': `sk_test_${id}`,
      'capital letters': key.toUpperCase(),
      'two keys': `${key}${key}`,
      'something behind it': `${key}0`,
      SQL: `sk_test_' OR 1=1 --`,
      long: `sk_test_${'x'.repeat(4_000)}`,
    };
    expect(await statusOf(key)).toBe(200);
    const plain = told(await app.get('/v1/admin/products'));
    const seen: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(attacks)) {
      const answer = await use(text);
      seen[name] = [answer.status, told(answer)];
    }
    expect(seen).toEqual(Object.fromEntries(Object.keys(attacks).map((name) => [name, [401, plain]])));
  });

  it('are refused in the address, wherever it is', async () => {
    const { key } = await made();
    const encoded = [...key].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
    for (const path of [
      '/v1/admin/products',
      '/v1/me',
      '/v1/products',
      '/v1/categories',
      '/v1/categories/bags',
    ])
      for (const query of [`api_key=${key}`, `access_token=${encoded}`, `a[b]=1&key=${key}&key=${key}`]) {
        const { status, body } = await app.get(`${path}?${query}`, { token });
        expect([path, query.slice(0, 9), status, body.code]).toEqual([
          path,
          query.slice(0, 9),
          400,
          'platform.invalid_input',
        ]);
      }
    expect((await app.get('/v1/me', { headers: { 'x-api-key': key } })).status).toBe(401);
    expect((await app.get('/v1/me', { headers: { cookie: `key=${key}` } })).status).toBe(401);
  });

  it('give nobody more than he has', async () => {
    const maker = await given.staff(
      app,
      [await role('identity:api-key:write', 'catalog:product:read')],
      token,
    );
    expect((await make({}, maker.token)).status).toBe(201);
    const more = await make({ scopes: ['catalog:product:read', 'catalog:product:write'] }, maker.token);
    expect([more.status, more.body.code]).toEqual([403, 'platform.forbidden']);
    // Nor by a new secret for the key of somebody who has more.
    const { id, key } = await made({ scopes: ['catalog:product:write'] });
    const stolen = await app.post(`${KEYS}/${id}/rotation`, {}, { token: maker.token });
    expect([stolen.status, stolen.text.includes('sk_')]).toEqual([403, false]);
    expect(await statusOf(key, '/v1/admin/orders')).toBe(403);
    for (const scope of ['*', 'account:self', 'catalog:product:delete']) {
      const { status, body } = await make({ scopes: [scope] });
      expect([scope, status, body.code]).toEqual([scope, 422, 'identity.unknown_permission']);
    }
  });

  it('lose what their creator loses, within a second', async () => {
    const code = await role('identity:api-key:write', 'catalog:product:read', 'ordering:order:read');
    const maker = await given.staff(app, [code], token);
    const { key } = await made({ scopes: ['catalog:product:read', 'ordering:order:read'] }, maker.token);
    const both = async () => [await statusOf(key), await statusOf(key, '/v1/admin/orders')];
    expect(await both()).toEqual([200, 200]);
    await sql(`UPDATE identity.roles SET permissions = '{catalog:product:read}' WHERE code = $1`, code);
    await aSecond();
    expect(await both()).toEqual([200, 403]);
    await sql('DELETE FROM identity.account_roles WHERE account_id = $1', maker.id);
    await aSecond();
    expect(await both()).toEqual([403, 403]);
    await sql(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, maker.id);
    await aSecond();
    expect(await both()).toEqual([401, 401]);
  });

  it('end by being revoked, at once here and within a second elsewhere', async () => {
    const [here, there] = [await made(), await made()];
    expect([await statusOf(here.key), await statusOf(there.key)]).toEqual([200, 200]);
    expect((await app.delete(`${KEYS}/${here.id}`, { token })).status).toBe(204);
    expect(await statusOf(here.key)).toBe(401);
    expect((await app.delete(`${KEYS}/${here.id}`, { token })).status).toBe(204);
    expect((await app.get(`${KEYS}/${here.id}`, { token })).body.state).toBe('revoked');
    await sql('UPDATE identity.api_keys SET revoked_at = now() WHERE id = $1', there.id);
    await aSecond();
    expect(await statusOf(there.key)).toBe(401);
    expect((await app.post(`${KEYS}/${here.id}/rotation`, {}, { token })).status).toBe(409);
    expect((await app.delete(`${KEYS}/${UNKNOWN}`, { token })).status).toBe(404);
    expect((await app.post(`${KEYS}/${UNKNOWN}/rotation`, {}, { token })).status).toBe(404);
    expect((await app.get(`${KEYS}/${UNKNOWN}`, { token })).status).toBe(404);
  });

  it('live ninety days unless told otherwise, and a year at the most', async () => {
    const days = ({ body }: Answer) =>
      Math.round((Date.parse(body.expiresAt) - Date.parse(body.createdAt)) / 86_400_000);
    expect(days(await make())).toBe(90);
    expect(days(await make({ expiresInDays: 365 }))).toBe(365);
    for (const expiresInDays of [0, 366, 1.5, '90', null])
      expect([expiresInDays, (await make({ expiresInDays })).status]).toEqual([expiresInDays, 400]);
    const { id, key } = await made();
    expect(await statusOf(key)).toBe(200);
    await sql('UPDATE identity.api_keys SET expires_at = now() WHERE id = $1', id);
    await aSecond();
    expect(await statusOf(key)).toBe(401);
    expect((await app.get(`${KEYS}/${id}`, { token })).body.state).toBe('expired');
    expect((await app.post(`${KEYS}/${id}/rotation`, {}, { token })).status).toBe(409);
    // The database itself holds them to it.
    await expect(
      sql(`UPDATE identity.api_keys SET expires_at = created_at + interval '366 days' WHERE id = $1`, id),
    ).rejects.toThrow('api_keys_life_check');
  });

  it('count only from their networks', async () => {
    const from = async (key: string, ip: string) =>
      (await use(key, '/v1/admin/products', { 'x-forwarded-for': ip })).status;
    const { id, key } = await made({ networks: ['192.0.2.0/24', '198.51.100.7', '2001:db8:1::/48'] });
    for (const ip of ['192.0.2.1', '192.0.2.255', '::ffff:192.0.2.9', '198.51.100.7', '2001:DB8:1:0::5'])
      expect([ip, await from(key, ip)]).toEqual([ip, 200]);
    for (const ip of ['192.0.3.1', '198.51.100.8', '2001:db8:2::1', '::ffff:192.0.3.1', '127.0.0.1'])
      expect([ip, await from(key, ip)]).toEqual([ip, 401]);
    // Another secret, with a sum that fits: somebody knows the id.
    const [, start = ''] = /^(.*_)[\w-]{43}_[\da-f]{8}$/.exec(key) ?? [];
    const guess = `${start}${'A'.repeat(43)}`;
    const sum = crc32(guess).toString(16).padStart(8, '0');
    expect(await from(`${guess}_${sum}`, '192.0.2.1')).toBe(401);
    const trail = await app.database.query<{ because: string }>(
      `SELECT details->>'because' AS because FROM platform.audit_entries
       WHERE subject_id = $1 AND action = 'identity.api_key.refused' ORDER BY id`,
      [id],
    );
    // Five times from elsewhere: told once a minute.
    expect(trail).toEqual([{ because: 'network' }, { because: 'secret' }]);
    for (const network of [
      '192.0.2.0/33',
      'fe80::1%eth0',
      '2001:db8::/129',
      'localhost',
      '1.2.3',
      '1.2.3.4/8/9',
    ]) {
      const { status, body } = await make({ networks: ['192.0.2.1', network] });
      expect([network, status, body.errors?.[0]?.pointer]).toEqual([network, 400, '/networks/1']);
    }
  });

  it('are noted as used, once a minute at the most', async () => {
    const { id, key } = await made();
    const seen = async () => {
      const [row] = await app.database.query<{ used: Date | null; version: string }>(
        'SELECT last_used_at AS used, xmin::text AS version FROM identity.api_keys WHERE id = $1',
        [id],
      );
      return row;
    };
    const changed = async (from: string | undefined) => {
      for (let look = 0; look < 5_000 && (await seen())?.version === from; look++) await wait(10);
      return seen();
    };
    const fresh = await seen();
    expect(await statusOf(key)).toBe(200);
    const first = await changed(fresh?.version);
    expect(first?.used).toBeInstanceOf(Date);
    await aSecond();
    await Promise.all(Array.from({ length: 10 }, () => use(key)));
    await aSecond();
    expect(await seen()).toEqual(first);
    await sql(`UPDATE identity.api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1`, id);
    const old = await seen();
    await aSecond();
    expect(await statusOf(key)).toBe(200);
    expect((await changed(old?.version))?.used?.getTime()).toBeGreaterThan(old?.used?.getTime() ?? Infinity);
  });

  it('get a new secret, and the old one goes on for a while', async () => {
    const { id, key } = await made();
    const rotate = (body: object = {}) => app.post(`${KEYS}/${id}/rotation`, body, { token });
    const second = await rotate({ overlapHours: 1 });
    expect(second.status).toBe(200);
    expect(Date.parse(second.body.overlapUntil) - Date.parse(second.body.rotatedAt)).toBe(3_600_000);
    expect([await statusOf(key), await statusOf(second.body.key)]).toEqual([200, 200]);
    await sql(`UPDATE identity.api_keys SET previous_until = now() WHERE id = $1`, id);
    await aSecond();
    expect([await statusOf(key), await statusOf(second.body.key)]).toEqual([401, 200]);
    const third = await rotate({ overlapHours: 0 });
    expect([await statusOf(second.body.key), await statusOf(third.body.key)]).toEqual([401, 200]);
    expect(third.body.overlapUntil).toBeNull();
    // Only one old secret goes on.
    const [, fifth] = [await rotate(), await rotate()];
    expect([await statusOf(third.body.key), await statusOf(fifth.body.key)]).toEqual([401, 200]);
    for (const overlapHours of [25, -1, '1'])
      expect([overlapHours, (await rotate({ overlapHours })).status]).toEqual([overlapHours, 400]);
  });

  it('are made once for one Idempotency-Key, and the kept answer does not show them', async () => {
    const idempotencyKey = randomUUID();
    const [first, again] = [await make({}, token, idempotencyKey), await make({}, token, idempotencyKey)];
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([
      201,
      201,
      'true',
    ]);
    expect(again.body).toEqual(first.body);
    const kept = await app.database.query<{ body: Buffer; sealed: boolean }>(
      `SELECT body, sealed FROM platform.idempotency_keys WHERE scope LIKE 'createApiKey:%'`,
    );
    expect(kept).toHaveLength(1);
    expect(kept[0]?.sealed).toBe(true);
    expect(kept[0]?.body.toString('latin1')).not.toContain('sk_test');
  });

  it('are listed page by page, by creator and by state', async () => {
    const maker = await given.staff(app, ['administrator'], token);
    const own = [await made({}, maker.token), await made({}, maker.token), await made({}, maker.token)];
    await app.delete(`${KEYS}/${own[1]?.id}`, { token });
    const ids = async (query: string) =>
      (await app.get(`${KEYS}?creatorId=${maker.id}${query}`, { token })).body.items.map(
        ({ id }: { id: string }) => id,
      );
    expect(await ids('')).toEqual([own[2]?.id, own[1]?.id, own[0]?.id]);
    expect(await ids('&state=revoked')).toEqual([own[1]?.id]);
    expect(await ids('&state=active')).toEqual([own[2]?.id, own[0]?.id]);
    const page = await app.get(`${KEYS}?creatorId=${maker.id}&limit=2`, { token });
    expect(await ids(`&limit=2&cursor=${page.body.nextCursor}`)).toEqual([own[0]?.id]);
    expect((await app.get(`${KEYS}?cursor=${page.body.nextCursor}`, { token })).status).toBe(400);
    expect((await app.get(`${KEYS}?state=lost`, { token })).status).toBe(400);
  });

  it('are for whoever has the permission, and made with a fresh proof', async () => {
    const { token: customer } = await given.customer(app);
    const { id } = await made();
    for (const [as, status] of [
      [undefined, 401],
      [customer, 403],
    ] as const) {
      const options = as === undefined ? {} : { token: as };
      expect((await app.get(KEYS, options)).status).toBe(status);
      expect((await app.get(`${KEYS}/${id}`, options)).status).toBe(status);
      expect((await app.post(KEYS, { name: 'x', scopes: ['catalog:product:read'] }, options)).status).toBe(
        status,
      );
      expect((await app.post(`${KEYS}/${id}/rotation`, {}, options)).status).toBe(status);
      expect((await app.delete(`${KEYS}/${id}`, options)).status).toBe(status);
    }
    for (const body of [{ scopes: [] }, { name: '' }, { scopes: 'catalog:product:read' }, { more: 1 }])
      expect([body, (await make(body)).status]).toEqual([body, 400]);
    const { refreshToken } = (await app.post('/v1/auth/login', admin)).body;
    await sql(`UPDATE identity.sessions SET proved_at = now() - interval '11 minutes'`);
    const stale = (await app.post('/v1/auth/refresh', { refreshToken })).body.accessToken;
    expect((await make({}, stale)).body.code).toBe('platform.proof_required');
    expect((await app.post(`${KEYS}/${id}/rotation`, {}, { token: stale })).body.code).toBe(
      'platform.proof_required',
    );
    // Ending one is never held up.
    expect((await app.delete(`${KEYS}/${id}`, { token: stale })).status).toBe(204);
  });
});

describe('client credentials', () => {
  let app: TestApp;
  let token: string;
  let client: { id: string; key: string };

  beforeAll(async () => {
    app = await startApp({ TRUSTED_PROXIES: '127.0.0.1' });
    token = await given.admin(app);
    client = await make(['catalog:product:read', 'ordering:order:read']);
  });
  afterAll(() => app?.close());

  const make = async (
    scopes: string[],
    as = token,
    more: object = {},
  ): Promise<{ id: string; key: string }> => {
    const answer = await app.post(KEYS, { name: 'A program', scopes, ...more }, { token: as });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body;
  };
  const form = (
    path: string,
    fields: Record<string, string> | [string, string][],
    headers: Record<string, string> = {},
  ) =>
    app.send('POST', `/v1/oauth/${path}`, new URLSearchParams(fields).toString(), {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  const basic = (id: string, key: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`,
  });
  const GRANT = { grant_type: 'client_credentials' };
  const inBody = ({ id, key }: { id: string; key: string }) => ({ client_id: id, client_secret: key });
  const got = async (from = client, scope?: string): Promise<string> => {
    const answer = await form('token', { ...GRANT, ...inBody(from), ...(scope !== undefined && { scope }) });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body.access_token;
  };
  const statusOf = async (jwt: string, path = '/v1/admin/products') =>
    (await app.get(path, { token: jwt })).status;
  const sql = (text: string, ...values: unknown[]) => app.database.execute(text, values);

  it('give a token of ten minutes by form, by JSON and by Basic authentication, and nothing to refresh it', async () => {
    const answers = [
      await form('token', { ...GRANT, ...inBody(client) }),
      await app.post('/v1/oauth/token', { ...GRANT, ...inBody(client) }),
      await form('token', GRANT, basic(client.id, client.key)),
      await app.post(
        '/v1/oauth/token',
        { ...GRANT, client_id: client.id },
        { headers: basic(client.id, client.key) },
      ),
      await form('token', GRANT, basic(encodeURIComponent(client.id), client.key.replaceAll('_', '%5F'))),
    ];
    for (const { status, body, headers } of answers) {
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 600,
        scope: 'catalog:product:read ordering:order:read',
      });
      expect(headers.get('ratelimit')).toMatch(/^"key";r=\d+;t=\d+$/);
      const jwt = body.access_token as string;
      const { exp = 0, iat = 0, ...claims } = decodeJwt(jwt);
      expect(exp - iat).toBe(600);
      expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
      expect(claims).toEqual({
        iss: 'http://shop.test',
        aud: 'guildhall',
        sub: client.id,
        client_id: client.id,
        scope: 'catalog:product:read ordering:order:read',
        jti: expect.any(String),
      });
      expect([await statusOf(jwt), await statusOf(jwt, '/v1/admin/orders')]).toEqual([200, 200]);
      expect(await statusOf(jwt, '/v1/admin/customers')).toBe(403);
    }
  });

  it('give less when less is asked for, and never more', async () => {
    const jwt = await got(client, 'catalog:product:read');
    expect([await statusOf(jwt), await statusOf(jwt, '/v1/admin/orders')]).toEqual([200, 403]);
    for (const scope of [
      'catalog:product:write',
      'catalog:product:read catalog:product:write',
      '*',
      '',
      'a  b',
    ]) {
      const answer = await form('token', { ...GRANT, ...inBody(client), scope });
      expect([scope, answer.status, answer.body.code]).toEqual([
        scope,
        400,
        scope === '' ? 'platform.invalid_input' : 'identity.invalid_scope',
      ]);
    }
  });

  it('that are wrong are refused, all with one answer', async () => {
    const other = await make(['catalog:product:read']);
    const revoked = await make(['catalog:product:read']);
    await app.delete(`${KEYS}/${revoked.id}`, { token });
    const near = await make(['catalog:product:read'], token, { networks: ['192.0.2.0/24'] });
    const attempts: Record<string, Promise<Answer>> = {
      nothing: form('token', GRANT),
      'an id alone': form('token', { ...GRANT, client_id: client.id }),
      'a key alone': form('token', { ...GRANT, client_secret: client.key }),
      'the id of another': form('token', { ...GRANT, client_id: other.id, client_secret: client.key }),
      'an unknown id': form('token', { ...GRANT, client_id: UNKNOWN, client_secret: client.key }),
      'a wrong key': form('token', { ...GRANT, client_id: client.id, client_secret: `${client.key}0` }),
      'a revoked key': form('token', { ...GRANT, ...inBody(revoked) }),
      'another network': form('token', { ...GRANT, ...inBody(near) }),
      'Basic of another': form('token', GRANT, basic(other.id, client.key)),
      'Basic and another id': form('token', { ...GRANT, client_id: other.id }, basic(client.id, client.key)),
      'Basic without a colon': form('token', GRANT, { authorization: 'Basic bm90aGluZw==' }),
      'Basic of rubbish': form('token', GRANT, { authorization: 'Basic ====' }),
    };
    const plain = told(await form('token', GRANT));
    for (const [name, attempt] of Object.entries(attempts)) {
      const answer = await attempt;
      expect([name, answer.status, told(answer)]).toEqual([name, 401, plain]);
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
    }
    expect(plain.code).toBe('identity.invalid_client');
    const from = await form('token', { ...GRANT, ...inBody(near) }, { 'x-forwarded-for': '192.0.2.9' });
    expect(from.status).toBe(200);
    // And the token too counts only from there.
    const away = { token: from.body.access_token as string };
    expect((await app.get('/v1/admin/products', away)).status).toBe(401);
    const there = { ...away, headers: { 'x-forwarded-for': '192.0.2.9' } };
    expect((await app.get('/v1/admin/products', there)).status).toBe(200);
  });

  it('are the only grant, and nothing comes twice', async () => {
    for (const grant_type of ['password', 'authorization_code', 'refresh_token', 'implicit']) {
      const { status, body } = await form('token', { grant_type, ...inBody(client) });
      expect([grant_type, status, body.code]).toEqual([grant_type, 400, 'identity.invalid_grant']);
    }
    expect((await form('token', inBody(client))).body.code).toBe('platform.invalid_input');
    const both = await form('token', { ...GRANT, ...inBody(client) }, basic(client.id, client.key));
    expect([both.status, both.body.errors[0].pointer]).toEqual([400, '/client_secret']);
    const twice: [string, string][] = [
      ...Object.entries({ ...GRANT, ...inBody(client) }),
      ['scope', 'a'],
      ['scope', 'b'],
    ];
    expect((await form('token', twice)).status).toBe(400);
    // Forms are for OAuth alone.
    const login = await app.send('POST', '/v1/auth/login', 'email=a@b.test&password=x', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(login.status).toBe(415);
    expect((await app.get('/v1/me', { headers: basic(client.id, client.key) })).status).toBe(401);
    const inAddress = await app.post(`/v1/oauth/token?client_secret=${client.key}`, {
      ...GRANT,
      ...inBody(client),
    });
    expect(inAddress.status).toBe(400);
  });

  it('give tokens that end with their key, and with what its creator may do', async () => {
    await sql(
      `INSERT INTO identity.roles (code, title, permissions) VALUES ('keys', 'Keys', '{identity:api-key:write,catalog:product:read}')`,
    );
    const maker = await given.staff(app, ['keys'], token);
    const own = await make(['catalog:product:read'], maker.token);
    const jwt = await got(own);
    expect(await statusOf(jwt)).toBe(200);
    await app.delete(`${KEYS}/${own.id}`, { token });
    expect(await statusOf(jwt)).toBe(401);
    const second = await make(['catalog:product:read'], maker.token);
    const weak = await got(second);
    await sql('DELETE FROM identity.account_roles WHERE account_id = $1', maker.id);
    await aSecond();
    expect(await statusOf(weak)).toBe(403);
    expect((await form('token', { ...GRANT, ...inBody(second) })).body.code).toBe('identity.invalid_scope');
    const short = await make(['catalog:product:read']);
    await sql(
      `UPDATE identity.api_keys SET expires_at = now() + interval '1 minute' WHERE id = $1`,
      short.id,
    );
    const answer = await form('token', { ...GRANT, ...inBody(short) });
    expect(answer.body.expires_in).toBeLessThanOrEqual(60);
  });

  it('give tokens that end with a secret that does not go on, and go on with one that does', async () => {
    const own = await make(['catalog:product:read']);
    const rotate = async (overlapHours: number): Promise<{ id: string; key: string }> => {
      const { status, body } = await app.post(`${KEYS}/${own.id}/rotation`, { overlapHours }, { token });
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body;
    };
    const before = await got(own);
    // Tokens say the second of their making, so those of the same second count as made after.
    await aSecond();
    const second = await rotate(1);
    expect([await statusOf(before), await statusOf(await got(second))]).toEqual([200, 200]);
    const stolen = await got(second);
    await aSecond();
    const third = await rotate(0);
    expect([await statusOf(before), await statusOf(stolen)]).toEqual([401, 401]);
    expect(await statusOf(await got(third))).toBe(200);
    const asked = await form('introspect', { ...inBody(third), token: stolen });
    expect([asked.status, asked.body]).toEqual([200, { active: false }]);
  });

  it('can be asked what a token is worth, by staff and by programs of the same creator', async () => {
    const jwt = await got(client, 'catalog:product:read');
    const friend = await make(['catalog:stock:write']);
    const stranger = await make(
      ['identity:api-key:read'],
      (await given.staff(app, ['administrator'], token)).token,
    );
    const worth = {
      active: true,
      scope: 'catalog:product:read',
      client_id: client.id,
      sub: client.id,
      token_type: 'Bearer',
      exp: expect.any(Number),
      iat: expect.any(Number),
      aud: 'guildhall',
      iss: 'http://shop.test',
      jti: decodeJwt(jwt).jti,
    };
    const nothing = { active: false };
    const ask = async (asked: string, by: { id: string; key: string }) =>
      (await form('introspect', { token: asked, ...inBody(by) })).body;
    expect(await ask(jwt, client)).toEqual(worth);
    expect(await ask(jwt, friend)).toEqual(worth);
    expect(await ask(jwt, stranger)).toEqual(nothing);
    expect((await app.post('/v1/oauth/introspect', { token: jwt }, { token })).body).toEqual(worth);
    expect((await app.post('/v1/oauth/introspect', { token: jwt }, { token: friend.key })).body).toEqual(
      worth,
    );
    expect((await app.post('/v1/oauth/introspect', { token: jwt }, { token: jwt })).body).toEqual(worth);
    const hinted = await form(
      'introspect',
      { token: jwt, token_type_hint: 'x' },
      basic(friend.id, friend.key),
    );
    expect(hinted.body).toEqual(worth);
    expect(await ask(client.key, friend)).toMatchObject({
      active: true,
      scope: 'catalog:product:read ordering:order:read',
    });
    expect(await ask(client.key, stranger)).toEqual(nothing);
    for (const text of [token, 'rubbish', `${jwt}x`, friend.key.slice(0, -1), 'rt_x'])
      expect([text, await ask(text, friend)]).toEqual([text, nothing]);
    const { token: customer } = await given.customer(app);
    const support = await given.staff(app, ['support'], token);
    for (const path of ['introspect', 'revoke']) {
      const by = (as: object) => app.post(`/v1/oauth/${path}`, { token: jwt }, as);
      expect((await by({})).body.code).toBe('identity.invalid_client');
      expect((await by({ token: 'rubbish' })).status).toBe(401);
      for (const as of [customer, support.token]) expect((await by({ token: as })).status).toBe(403);
    }
    expect(await statusOf(jwt)).toBe(200);
  });

  it('take a token back at once, and a key too, but not those of somebody else', async () => {
    const [first, second] = [await got(), await got()];
    const friend = await make(['catalog:stock:write']);
    const stranger = await make(
      ['identity:api-key:write'],
      (await given.staff(app, ['administrator'], token)).token,
    );
    const revoke = async (text: string, by: { id: string; key: string }) => {
      const { status, text: body } = await form('revoke', { token: text, ...inBody(by) });
      expect([status, body]).toEqual([200, '']);
    };
    await revoke(first, stranger);
    await revoke('rubbish', stranger);
    expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
    await revoke(first, friend);
    expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
    await revoke(first, friend);
    expect((await form('introspect', { token: first, ...inBody(friend) })).body).toEqual({ active: false });
    expect((await app.post('/v1/oauth/revoke', { token: second }, { token })).status).toBe(200);
    expect(await statusOf(second)).toBe(401);
    const lost = await make(['catalog:product:read']);
    const ofLost = await got(lost);
    await revoke(lost.key, stranger);
    expect(await statusOf(lost.key)).toBe(200);
    // Whoever finds a key that lies about can end it with the key itself.
    await revoke(lost.key, lost);
    expect([await statusOf(lost.key), await statusOf(ofLost)]).toEqual([401, 401]);
    const trail = await app.database.query<{ action: string }>(
      `SELECT action FROM platform.audit_entries WHERE subject_id = $1 ORDER BY id`,
      [lost.id],
    );
    expect(trail.map(({ action }) => action)).toEqual([
      'identity.api_key.created',
      'identity.token.issued',
      'identity.api_key.revoked',
    ]);
    await sql(`UPDATE identity.revoked_tokens SET expires_at = now() - interval '2 hours'`);
    await app.run('identity.forget_tokens');
    expect(await sql('DELETE FROM identity.revoked_tokens')).toBe(0);
  });

  it('are described for programs that look for them', async () => {
    const { body, headers } = await app.get('/.well-known/oauth-authorization-server');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(body).toMatchObject({
      issuer: 'http://shop.test',
      token_endpoint: 'http://shop.test/v1/oauth/token',
      jwks_uri: 'http://shop.test/.well-known/jwks.json',
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
    });
    expect(body.scopes_supported).toEqual(expect.arrayContaining(['catalog:product:read']));
    // A library that knows nothing of us finds its way by it.
    const config = await discovery(
      new URL('http://shop.test'),
      client.id,
      { client_secret: client.key },
      ClientSecretBasic(client.key),
      {
        algorithm: 'oauth2',
        execute: [allowInsecureRequests],
        [customFetch]: (url, options) =>
          fetch(url.replace('http://shop.test', app.url), options as RequestInit),
      },
    );
    const given = await clientCredentialsGrant(config, { scope: 'ordering:order:read' });
    expect(await statusOf(given.access_token, '/v1/admin/orders')).toBe(200);
    expect(await tokenIntrospection(config, given.access_token)).toMatchObject({
      active: true,
      scope: 'ordering:order:read',
    });
    await tokenRevocation(config, given.access_token);
    expect(await statusOf(given.access_token, '/v1/admin/orders')).toBe(401);
  });
});

describe('tokens of programs', () => {
  let app: TestApp;
  let key: { id: string; key: string };
  let token: string;

  beforeAll(async () => {
    app = await startApp();
    const body = { name: 'A program', scopes: ['catalog:product:read'] };
    key = (await app.post(KEYS, body, { token: await given.admin(app) })).body;
    const asked = { grant_type: 'client_credentials', client_id: key.id, client_secret: key.key };
    token = (await app.post('/v1/oauth/token', asked)).body.access_token;
  });
  afterAll(() => app?.close());

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  /** The same text with one bit of one letter changed, and still base64url. */
  const flipped = (text: string, at: number) =>
    `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;

  it('that were tampered with are refused, all with the answer that nobody gets', async () => {
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = decodeJwt(token);
    const { active } = app.app.get(KeyRing, { strict: false });
    const jwks = (await app.get('/.well-known/jwks.json')).body.keys as { kid: string; x: string }[];
    const jwk = jwks.find(({ kid }) => kid === active.kid);
    const nextKid = String(jwks.find(({ kid }) => kid !== active.kid)?.kid);
    const own = await generateKeyPair('ES256', { extractable: true });
    const ownPublic = await exportJWK(own.publicKey);
    type Pair = Parameters<SignJWT['sign']>[0];
    const by =
      (signer: Pair) =>
      (changes: Record<string, unknown>, header: Record<string, unknown> = {}) =>
        new SignJWT({ ...claims, ...changes })
          .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: active.kid, ...header })
          .sign(signer, { crit: { b64: true } });
    const [ours, foreign] = [by(active.key), by(own.privateKey)];
    const hs256 = (secret: string | Buffer) => {
      const text = `${part({ alg: 'HS256', typ: 'at+jwt', kid: active.kid })}.${body}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const pem = createPublicKey(active.key).export({ type: 'spki', format: 'pem' });
    const now = Math.floor(Date.now() / 1_000);
    const { accessToken: person, refreshToken } = (await app.post('/v1/auth/login', admin)).body;
    const unsigned = { typ: 'at+jwt', kid: active.kid };
    const attacks: Record<string, string> = {
      'alg none': `${part({ ...unsigned, alg: 'none' })}.${body}.`,
      'alg nOnE with the signature': `${part({ ...unsigned, alg: 'nOnE' })}.${body}.${signature}`,
      'HS256 with our public key as PEM': hs256(pem),
      'HS256 with our public key as JSON': hs256(JSON.stringify(jwk)),
      'HS256 with nothing': hs256(''),
      'a foreign key': await foreign({}),
      'an unknown kid': await ours({}, { kid: 'other' }),
      'the kid of the next key': await ours({}, { kid: nextKid }),
      'a kid of SQL': await foreign({}, { kid: `' OR 1=1 --` }),
      'a jwk of its own': await foreign({}, { jwk: ownPublic }),
      'a jku of its own': await foreign({}, { jku: 'http://127.0.0.1:1/jwks.json' }),
      'an x5u of its own': await foreign({}, { x5u: 'http://127.0.0.1:1/cert.pem' }),
      'ours with a jwk': await ours({}, { jwk }),
      'ours with a jku': await ours({}, { jku: 'http://127.0.0.1:1/' }),
      'ours with an x5u': await ours({}, { x5u: 'http://127.0.0.1:1/' }),
      'ours with an x5c': await ours({}, { x5c: ['MIIB'] }),
      'ours with crit': await ours({}, { crit: ['b64'], b64: true }),
      'the type JWT': await ours({}, { typ: 'JWT' }),
      'no type': await ours({}, { typ: undefined }),
      'another audience': await ours({ aud: 'elsewhere' }),
      'no audience': await ours({ aud: undefined }),
      'another issuer': await ours({ iss: 'http://evil.test' }),
      expired: await ours({ iat: now - 700, exp: now - 10 }),
      'without end': await ours({ exp: undefined }),
      'not yet valid': await ours({ nbf: now + 60 }),
      'another client': await ours({ client_id: UNKNOWN }),
      'another subject': await ours({ sub: UNKNOWN }),
      'an unknown key': await ours({ sub: UNKNOWN, client_id: UNKNOWN }),
      'no client': await ours({ client_id: undefined }),
      'no scope': await ours({ scope: undefined }),
      'a list of scopes': await ours({ scope: ['catalog:product:read'] }),
      'no jti': await ours({ jti: undefined }),
      'a jti of SQL': await ours({ jti: `' OR 1=1 --` }),
      'a session beside the client': await ours({ sid: UNKNOWN, auth_time: now, amr: ['pwd'] }),
      'a bit of the header': `${flipped(head, 12)}.${body}.${signature}`,
      'a bit of the payload': `${head}.${flipped(body, 40)}.${signature}`,
      'a bit of the signature': `${head}.${body}.${flipped(signature, 10)}`,
      'no signature': `${head}.${body}.`,
      'the signature of another': `${head}.${body}.${person.split('.')[2]}`,
      'a refresh token': refreshToken,
      'the key without its sum': key.key.slice(0, -9),
    };
    const path = '/v1/admin/products';
    expect((await app.get(path, { token: await ours({}) })).status).toBe(200);
    const plain = told(await app.get(path));
    const seen: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(attacks)) {
      const answer = await app.get(path, { headers: { authorization: `Bearer ${text}` } });
      seen[name] = [answer.status, told(answer)];
    }
    expect(seen).toEqual(Object.fromEntries(Object.keys(attacks).map((name) => [name, [401, plain]])));
  });

  it('do no more by a scope that somebody wrote into them', async () => {
    const { active } = app.app.get(KeyRing, { strict: false });
    const wide = await new SignJWT({
      ...decodeJwt(token),
      scope: 'catalog:product:read ordering:order:read * account:self',
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: active.kid })
      .sign(active.key);
    expect((await app.get('/v1/admin/products', { token: wide })).status).toBe(200);
    expect((await app.get('/v1/admin/orders', { token: wide })).status).toBe(403);
    expect((await app.get('/v1/me', { token: wide })).status).toBe(401);
  });

  it('are nothing where a person is needed, and no access token refreshes anything', async () => {
    const plain = told(await app.get('/v1/me'));
    for (const machine of [token, key.key]) {
      for (const path of ['/v1/me', '/v1/me/sessions']) {
        const answer = await app.get(path, { token: machine });
        expect([path, answer.status, told(answer)]).toEqual([path, 401, plain]);
      }
      const changed = await app.patch('/v1/me', { firstName: 'Bot' }, { token: machine });
      expect([changed.status, told(changed)]).toEqual([401, plain]);
    }
    const { accessToken: person } = (await app.post('/v1/auth/login', admin)).body;
    const rubbish = told(await app.post('/v1/auth/refresh', { refreshToken: 'rt_rubbish' }));
    for (const text of [person, token, key.key]) {
      const answer = await app.post('/v1/auth/refresh', { refreshToken: text.slice(0, 500) });
      expect([answer.status, told(answer)]).toEqual([401, rubbish]);
    }
    const { body } = await app.post('/v1/auth/login', admin);
    const swapped = await app.post('/v1/auth/refresh', {
      refreshToken: body.refreshToken.replace('rt_', 'sk_test_'),
    });
    expect([swapped.status, told(swapped)]).toEqual([401, rubbish]);
  });
});

describe('an API key', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ API_KEY_REQUESTS_PER_MINUTE: '5' });
  });
  afterAll(() => app?.close());

  it('has its own share of the minute, exactly, also when all comes at once', async () => {
    const token = await given.admin(app);
    const made = async () => {
      const body = { name: 'Busy', scopes: ['catalog:product:read'] };
      return (await app.post(KEYS, body, { token })).body.key as string;
    };
    const [busy, quiet] = [await made(), await made()];
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => app.get('/v1/admin/products', { token: busy })),
    );
    const passed = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect([passed.length, refused.length]).toEqual([5, 15]);
    expect(passed.map(({ headers }) => headers.get('ratelimit')?.slice(0, 9)).sort()).toEqual(
      [0, 1, 2, 3, 4].map((left) => `"key";r=${left}`),
    );
    for (const { headers, body } of refused) {
      expect(body.code).toBe('platform.too_many_requests');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(headers.get('ratelimit-policy')).toBe('"key";q=5;w=60');
      expect(headers.get('ratelimit')).toMatch(/^"key";r=0;t=\d+$/);
    }
    expect((await app.get('/v1/admin/products', { token: quiet })).status).toBe(200);
    // What is refused for want of a permission counts too.
    for (let count = 0; count < 4; count++)
      expect((await app.get('/v1/admin/orders', { token: quiet })).status).toBe(403);
    expect((await app.get('/v1/admin/orders', { token: quiet })).status).toBe(429);
    expect((await app.get('/v1/admin/products', { token })).headers.get('ratelimit')).toBeNull();
  });
});
