import { tmpdir } from 'node:os';
import { decodeProtectedHeader } from 'jose';
import { admin, startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { RealProcess } from './support/real-process.js';

const PATH = '/v1/admin/signing-keys';

describe('signing keys', () => {
  let app: TestApp;
  let token: string;

  beforeEach(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterEach(() => app?.close());

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
    await older('retired_at', 'retiring', '14 minutes');
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
    await older('created_at', 'next', '10 minutes');
    const answers = await Promise.all(Array.from({ length: 10 }, () => rotate()));
    const counted = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([counted(200), counted(409)]).toEqual([1, 9]);
    expect(await states()).toEqual(['active', 'next', 'retiring']);
    const [audited] = await app.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM platform.audit_entries WHERE action = 'identity.signing_key.rotated'`,
    );
    expect(audited?.count).toBe(1);
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
    const newest = async () => kidOf(await given.admin(app));
    const until = Date.now() + 10_000;
    while ((await newest()) !== next && Date.now() < until);
    expect(await newest()).toBe(next);
    await older('activated_at', 'active', '2 minutes');
    expect((await run('--compromised')).code).toBe(0);
    while ((await app.get(PATH, { token })).status !== 401 && Date.now() < until + 10_000);
    expect((await app.get(PATH, { token })).status).toBe(401);
    token = await given.admin(app);
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
