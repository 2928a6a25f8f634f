import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp, type TestApp } from './support/app.js';
import { shownCode } from './support/authenticator-app.js';
import { SoftAuthenticator } from './support/authenticator.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';

const said = ({ status, body }: Answer) => [status, body?.code];

/** Turns an authenticator app on; its code of now can be used once more. */
async function enrol(
  app: TestApp,
  token: string,
): Promise<{ secret: string; token: string; codes: string[] }> {
  const secret = (await app.post('/v1/me/mfa/totp', undefined, { token })).body.secret as string;
  const on = await app.post('/v1/me/mfa/totp/confirmation', { code: shownCode(secret) }, { token });
  if (on.status !== 200) throw new Error(on.text);
  await earlier(app);
  return { secret, token: on.body.accessToken, codes: on.body.recoveryCodes };
}

/** As if half a minute had gone by, so that the codes that apps show now are not used ones. */
const earlier = (app: TestApp) =>
  app.database.execute('UPDATE identity.totp_factors SET last_step = last_step - 10');

const login = (app: TestApp, { email, password }: { email: string; password: string }) =>
  app.post('/v1/auth/login', { email, password });

it('a hash of the first version is made anew by one of several sign-ins at once, and all of them come in', async () => {
  const app = await startApp();
  try {
    const ada = await given.customer(app);
    const id = await given.accountId(app, ada.email);
    const hashes = () =>
      app.database.query<{ hash: string }>(
        'SELECT password_hash AS hash FROM identity.accounts WHERE id = $1',
        [id],
      );
    // Those named no pepper.
    await app.database.execute(
      `UPDATE identity.accounts SET password_hash = regexp_replace(password_hash, '^p=[0-9a-f]{8}', '') WHERE id = $1`,
      [id],
    );
    const answers = await Promise.all(Array.from({ length: 5 }, () => login(app, ada)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect((await hashes())[0]?.hash).toMatch(/^p=[\da-f]{8}\$argon2id\$/);
  } finally {
    await app.close();
  }
});

describe('a new SECRET_KEY', () => {
  const [OLD, NEW] = ['the secret of the first years, 32 signs', 'the secret of all years to come, 32 s'];
  const apps: TestApp[] = [];
  let before: TestApp;

  /** Another process on the same database. */
  const restart = async (settings: Record<string, string>): Promise<TestApp> => {
    const app = await startApp({ DATABASE_URL: before.config.databaseUrl ?? '', ...settings });
    apps.push(app);
    return app;
  };
  const hashOf = async (email: string): Promise<string> => {
    const [row] = await before.database.query<{ hash: string }>(
      'SELECT password_hash AS hash FROM identity.accounts WHERE id = $1',
      [await given.accountId(before, email)],
    );
    return row?.hash ?? '';
  };

  beforeAll(async () => {
    before = await startApp({ SECRET_KEY: OLD });
  });
  afterAll(async () => {
    for (const app of apps.reverse()) await app.close();
    await before?.close();
  });

  it('leaves passwords, authenticator apps and signing keys as they are, and the old one can be dropped', async () => {
    const [ada, charles, idle] = [
      await given.customer(before),
      await given.customer(before),
      await given.customer(before),
    ];
    const { secret } = await enrol(before, charles.token);
    const oldId = before.config.keyRing('pepper')[0].id;
    expect(await hashOf(ada.email)).toMatch(new RegExp(`^p=${oldId}\\$argon2id\\$`));
    // As the first version wrote them, which named no pepper.
    await before.database.execute(
      `UPDATE identity.accounts SET password_hash = substr(password_hash, 11) WHERE id = $1`,
      [await given.accountId(before, charles.email)],
    );

    const during = await restart({ SECRET_KEY: NEW, SECRET_KEY_PREVIOUS: OLD });
    const newId = during.config.keyRing('pepper')[0].id;
    expect(newId).not.toBe(oldId);
    expect((await during.get('/v1/me', { token: ada.token })).status).toBe(200);
    expect(said(await login(during, { ...ada, password: 'four other words are not' }))).toEqual([
      401,
      'identity.invalid_credentials',
    ]);
    expect(await hashOf(ada.email)).toContain(`p=${oldId}$`);
    const signedIn = await login(during, ada);
    expect(signedIn.status).toBe(200);
    const { challenge } = (await login(during, charles)).body;
    const verified = await during.post('/v1/auth/mfa/verify', { challenge, code: shownCode(secret) });
    expect(verified.status).toBe(200);
    expect((await hashOf(ada.email)).startsWith(`p=${newId}$argon2id$`)).toBe(true);
    expect((await hashOf(charles.email)).startsWith(`p=${newId}$argon2id$`)).toBe(true);
    const kept = await hashOf(ada.email);
    await login(during, ada);
    expect(await hashOf(ada.email)).toBe(kept);
    await during.run('identity.seal_anew');
    await during.run('platform.rewrap_subject_keys');
    await earlier(before);

    const after = await restart({ SECRET_KEY: NEW });
    expect((await after.get('/v1/me', { token: signedIn.body.accessToken })).status).toBe(200);
    expect((await login(after, ada)).status).toBe(200);
    const again = (await login(after, charles)).body;
    const code = { challenge: again.challenge, code: shownCode(secret) };
    expect((await after.post('/v1/auth/mfa/verify', code)).status).toBe(200);
    // Whoever did not come meanwhile sets a new one by mail.
    expect((await login(after, idle)).status).toBe(401);
  });
});

/** Answers as the range API of Have I Been Pwned does, and remembers what it was asked. */
class RangeApi {
  readonly asked: { method?: string; url?: string; headers: IncomingHttpHeaders; body: string }[] = [];
  mode: 'well' | 'broken' | 'nonsense' | 'silent' = 'well';

  private constructor(
    private readonly server: Server,
    private readonly seen: ReadonlyMap<string, number>,
  ) {}

  static async start(seen: Record<string, number>): Promise<RangeApi> {
    const server = createServer();
    const hashes = Object.entries(seen).map(([password, count]): [string, number] => [sha1(password), count]);
    const api = new RangeApi(server, new Map(hashes));
    server.on('request', (request, response) => {
      const { method, url = '', headers } = request;
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        api.asked.push({ ...(method && { method }), url, headers, body });
        if (api.mode === 'broken') response.writeHead(503).end();
        if (api.mode === 'nonsense') response.end('<html>Please sign in to this network</html>');
        if (api.mode === 'well') response.end(api.range(url.slice('/range/'.length)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private range(prefix: string): string {
    const others = ['0018A45C4D1DEF81644B54AB7F969B88D65:21', `${'A'.repeat(35)}:3`];
    const own = [...this.seen].filter(([hash]) => hash.startsWith(prefix));
    return [...others, ...own.map(([hash, count]) => `${hash.slice(5)}:${count}`)].join('\r\n');
  }
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase();

describe('a new password', () => {
  const BREACHED = 'yellow submarines of 1969';
  const PADDED = 'only there to pad the answer';
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-words-'));
  let api: RangeApi;
  let app: TestApp;
  let registered = 0;

  const register = (password: string) =>
    app.post('/v1/auth/register', { email: `${++registered}@example.test`, password });
  const unavailable = async (): Promise<number> =>
    (
      await app.database.query(
        `SELECT FROM platform.audit_entries WHERE action = 'identity.password.breach_check_unavailable'`,
      )
    ).length;

  beforeAll(async () => {
    api = await RangeApi.start({ [BREACHED]: 12, [PADDED]: 0 });
    const file = join(folder, 'words');
    writeFileSync(file, 'Woolly Tote\n\n4711-0815-4711-07\n');
    app = await startApp({ BREACH_CHECK: 'hibp', HIBP_URL: `${api.url}/`, BLOCKED_PASSWORDS_FILE: file });
  });
  afterAll(async () => {
    await app?.close();
    api?.stop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    api.mode = 'well';
    api.asked.length = 0;
  });

  it('that is known from a breach is refused, and five digits of its hash are all that was told', async () => {
    const { status, body } = await register(BREACHED);
    expect([status, body.code, body.errors]).toEqual([
      400,
      'identity.password_blocked',
      [
        {
          pointer: '/password',
          code: 'breached',
          message: 'is known from a breach of another service',
        },
      ],
    ]);
    expect(api.asked).toEqual([
      {
        method: 'GET',
        url: `/range/${sha1(BREACHED).slice(0, 5)}`,
        headers: expect.objectContaining({ 'add-padding': 'true', 'user-agent': 'guildhall' }),
        body: '',
      },
    ]);
    expect(JSON.stringify(api.asked)).not.toContain(sha1(BREACHED).slice(0, 6));
    expect((await register('nobody has ever seen this')).status).toBe(202);
    expect((await register(PADDED)).status).toBe(202);
    expect(await unavailable()).toBe(0);
  });

  it('is refused as well where it replaces another', async () => {
    const { token, email, password } = await given.customer(app);
    const change = { presentPassword: password, password: BREACHED };
    const changed = await app.post('/v1/me/password', change, { token });
    expect([changed.status, changed.body.errors[0].code]).toEqual([400, 'breached']);
    await app.post('/v1/auth/password/forgot', { email });
    await app.settle();
    const letter = (await app.letters()).findLast(({ to, text }) => to === email && /token=/.test(text));
    const link = /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
    const reset = await app.post('/v1/auth/password/reset', { token: link, password: BREACHED });
    expect([reset.status, reset.body.errors[0].code]).toEqual([400, 'breached']);
    expect((await login(app, { email, password })).status).toBe(200);
  });

  it('that breaks a rule of the house is refused without asking anybody', async () => {
    for (const [password, code] of [
      ['too short', 'too_short'],
      ['passwordpassword', 'common'],
      ['woolly-tote-2024!', 'blocked'],
      ['4711-0815-4711-07', 'blocked'],
    ]) {
      const { status, body } = await register(password ?? '');
      expect([status, body.code, body.errors[0].code]).toEqual([400, 'identity.password_blocked', code]);
    }
    expect(api.asked).toEqual([]);
  });

  it.each(['broken', 'nonsense', 'silent'] as const)(
    'is taken when the service is %s, and the trail says so',
    async (mode) => {
      api.mode = mode;
      const before = await unavailable();
      expect((await register(BREACHED)).status).toBe(202);
      expect(api.asked).toHaveLength(1);
      expect(await unavailable()).toBe(before + 1);
    },
  );

  it('costs a network nothing more once it has tried too often', async () => {
    const settings = { BREACH_CHECK: 'hibp', HIBP_URL: api.url, TRUSTED_PROXIES: '127.0.0.1' };
    const few = await startApp({ ...settings, REGISTRATIONS_PER_NETWORK: '3' });
    // The first administrator's was asked about.
    api.asked.length = 0;
    const from = (ip: string, password = 'four random words are good') =>
      few.post(
        '/v1/auth/register',
        { email: `${++registered}@example.test`, password },
        { headers: { 'x-forwarded-for': ip } },
      );
    try {
      expect((await from('203.0.113.7', BREACHED)).status).toBe(400);
      expect((await from('203.0.113.7')).status).toBe(202);
      const more = await Promise.all(Array.from({ length: 6 }, () => from('203.0.113.7')));
      expect(more.map(({ status }) => status).sort()).toEqual([202, 429, 429, 429, 429, 429]);
      const stopped = await from('203.0.113.7', BREACHED);
      expect(said(stopped)).toEqual([429, 'identity.too_many_attempts']);
      expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(stopped.headers.get('ratelimit')).toMatch(/^"registrations";r=0;t=\d+$/);
      // Nobody was asked about those, so nothing was hashed either.
      expect(api.asked).toHaveLength(3);
      expect((await from('203.0.113.8')).status).toBe(202);
    } finally {
      await few.close();
    }
  });

  it('is asked about nobody unless the store says so', async () => {
    const plain = await startApp({ HIBP_URL: api.url });
    const sent = await plain.post('/v1/auth/register', { email: 'ada@example.test', password: BREACHED });
    await plain.close();
    expect([sent.status, api.asked]).toEqual([202, []]);
  });
});

describe('somebody who has lost every second factor', () => {
  const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
  const reason = 'Lost the telephone; called back at the known number.';
  let app: TestApp;
  let boss: string;

  beforeAll(async () => {
    app = await startApp();
    boss = await given.admin(app);
  });
  afterAll(() => app?.close());
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));

  const pathOf = (id: string) => `/v1/admin/customers/${id}/factor-reset`;
  const ask = (id: string, token = boss) => app.post(pathOf(id), { reason }, { token });
  const pendingOf = async (id: string) =>
    (await app.get(`/v1/admin/customers/${id}`, { token: boss })).body.factorReset;
  const over = () =>
    app.database.execute(`UPDATE identity.factor_resets SET due_at = now() WHERE outcome IS NULL`);
  const trailOf = async (id: string): Promise<string[]> => {
    const rows = await app.database.query<{ action: string }>(
      `SELECT action FROM platform.audit_entries WHERE subject_id = $1 AND action LIKE '%mfa_reset%' ORDER BY id`,
      [id],
    );
    return rows.map(({ action }) => action.replace('identity.account.', ''));
  };
  const lettersTo = async (email: string) => {
    await app.settle();
    return (await app.letters()).filter(({ to }) => to === email);
  };
  const linkTo = async (email: string) => {
    const letter = (await lettersTo(email)).findLast(({ subject }) => subject.includes('in three days'));
    return /factor-reset\?token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
  };
  const cancelBy = (token: string | undefined) => app.post('/v1/auth/factor-reset/cancellation', { token });
  const customer = async () => {
    const made = await given.customer(app);
    const { id } = (await app.get('/v1/me', { token: made.token })).body;
    return { ...made, id: id as string, ...(await enrol(app, made.token)) };
  };
  const challengeOf = async (who: { email: string; password: string }): Promise<string> =>
    (await login(app, who)).body.challenge;

  it('waits three days, is told twice, and then comes in with the password alone', async () => {
    const ada = await customer();
    const { publicKey } = (
      await app.post('/v1/me/passkeys/registration/options', undefined, { token: ada.token })
    ).body;
    const credential = new SoftAuthenticator('http://shop.test').create(publicKey);
    const added = await app.post(
      '/v1/me/passkeys/registration/verify',
      { name: 'Key', credential },
      { token: ada.token },
    );
    expect(added.status).toBe(201);
    const asked = await ask(ada.id);
    expect(asked.status).toBe(202);
    const { id: bossId } = (await app.get('/v1/me', { token: boss })).body;
    expect(asked.body).toMatchObject({ reason, askedBy: bossId });
    const wait = Date.parse(asked.body.dueAt) - Date.parse(asked.body.askedAt);
    expect(wait).toBe(72 * 3_600_000);
    expect(await pendingOf(ada.id)).toEqual(asked.body);
    expect(said(await ask(ada.id))).toEqual([409, 'platform.conflict']);
    expect((await lettersTo(ada.email)).map(({ subject }) => subject)).toContain(
      'Your second factor will be removed in three days',
    );

    await app.run('identity.reset_factors');
    expect((await app.get('/v1/me/mfa', { token: ada.token })).body.secondFactor).toBe(true);
    const begun = await challengeOf(ada);
    await over();
    await Promise.all(Array.from({ length: 4 }, () => app.run('identity.reset_factors')));

    expect((await app.get('/v1/me', { token: ada.token })).status).toBe(401);
    const verified = await app.post('/v1/auth/mfa/verify', { challenge: begun, code: shownCode(ada.secret) });
    expect(said(verified)).toEqual([410, 'identity.challenge_expired']);
    const signedIn = await login(app, ada);
    expect(signedIn.status).toBe(200);
    const { accessToken: token } = signedIn.body;
    expect((await app.get('/v1/me/mfa', { token })).body).toEqual({
      secondFactor: false,
      totp: null,
      passkeys: 0,
      recoveryCodes: 0,
    });
    expect(await pendingOf(ada.id)).toBeNull();
    const subjects = (await lettersTo(ada.email)).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject === 'Your second factor was removed')).toHaveLength(1);
    expect(await trailOf(ada.id)).toEqual(['mfa_reset_asked', 'mfa_reset']);
    expect(said(await cancelBy(await linkTo(ada.email)))).toEqual([400, 'identity.invalid_or_expired_token']);
  });

  it('stops it with the link in the letter, once', async () => {
    const ada = await customer();
    await ask(ada.id);
    const token = await linkTo(ada.email);
    expect((await cancelBy(token)).status).toBe(204);
    expect(said(await cancelBy(token))).toEqual([400, 'identity.invalid_or_expired_token']);
    expect((await cancelBy('x'.repeat(43))).status).toBe(400);
    expect(await pendingOf(ada.id)).toBeNull();
    await over();
    await app.run('identity.reset_factors');
    expect((await app.get('/v1/me/mfa', { token: ada.token })).body.secondFactor).toBe(true);
    expect(await trailOf(ada.id)).toEqual(['mfa_reset_asked', 'mfa_reset_cancelled']);
    // The link of a letter that was sent before stops nothing that was asked for later.
    expect((await ask(ada.id)).status).toBe(202);
    expect((await cancelBy(token)).status).toBe(400);
    expect(await pendingOf(ada.id)).not.toBeNull();
  });

  it.each(['code', 'recoveryCode', 'step-up'] as const)(
    'stops it by showing a second factor after all: %s',
    async (way) => {
      const ada = await customer();
      await ask(ada.id);
      const code = { code: shownCode(ada.secret) };
      const shown =
        way === 'step-up'
          ? await app.post('/v1/auth/step-up', code, { token: ada.token })
          : await app.post('/v1/auth/mfa/verify', {
              challenge: await challengeOf(ada),
              ...(way === 'code' ? code : { recoveryCode: ada.codes[0] }),
            });
      expect(shown.status).toBe(200);
      expect(await pendingOf(ada.id)).toBeNull();
      expect(await trailOf(ada.id)).toEqual(['mfa_reset_asked', 'mfa_reset_cancelled']);
    },
  );

  it('is not stopped by the password alone, also not by a new one', async () => {
    const ada = await customer();
    await ask(ada.id);
    await challengeOf(ada);
    await app.post('/v1/auth/step-up', { password: ada.password }, { token: ada.token });
    await app.post('/v1/auth/password/forgot', { email: ada.email });
    const letter = (await lettersTo(ada.email)).findLast(({ text }) => text.includes('/account/reset'));
    const link = /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
    const password = 'seven other words of mine';
    expect((await app.post('/v1/auth/password/reset', { token: link, password })).status).toBe(204);
    expect(await pendingOf(ada.id)).not.toBeNull();
    // Nor does the new password take the owner's way to stop it.
    expect((await cancelBy(await linkTo(ada.email))).status).toBe(204);
  });

  it('is helped by staff who may and who have just signed in; they can stop it too', async () => {
    const ada = await customer();
    const plain = await given.customer(app);
    const plainId = (await app.get('/v1/me', { token: plain.token })).body.id as string;
    expect(said(await ask(plainId))).toEqual([409, 'identity.no_second_factor']);
    expect(said(await ask(UNKNOWN))).toEqual([404, 'platform.not_found']);
    const [support, reader] = [
      await given.staff(app, ['support'], boss),
      await given.staff(app, ['read-only'], boss),
    ];
    expect(said(await ask(support.id))).toEqual([404, 'platform.not_found']);
    expect(said(await ask(ada.id, reader.token))).toEqual([403, 'platform.forbidden']);
    expect((await app.post(pathOf(ada.id), { reason })).status).toBe(401);
    expect((await ask(ada.id, ada.token)).status).toBe(403);
    const unreasoned = await app.post(pathOf(ada.id), { reason: '' }, { token: support.token });
    expect(unreasoned.body.errors[0].pointer).toBe('/reason');
    expect((await ask(ada.id, support.token)).status).toBe(202);
    expect((await app.delete(pathOf(ada.id), { token: reader.token })).status).toBe(403);
    expect((await app.delete(pathOf(ada.id), { token: support.token })).status).toBe(204);
    expect(said(await app.delete(pathOf(ada.id), { token: support.token }))).toEqual([
      404,
      'platform.not_found',
    ]);
    await app.patch(`/v1/admin/customers/${ada.id}`, { status: 'disabled' }, { token: boss });
    expect(said(await ask(ada.id))).toEqual([409, 'identity.account_disabled']);
    // Left open, and somebody else sits there.
    await app.database.execute(
      `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE account_id = $1`,
      [support.id],
    );
    const { refreshToken } = (await login(app, support)).body;
    await app.database.execute(
      `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE account_id = $1`,
      [support.id],
    );
    const stale = (await app.post('/v1/auth/refresh', { refreshToken })).body.accessToken;
    expect(said(await ask(plainId, stale))).toEqual([401, 'platform.proof_required']);
  });

  it('of the staff is helped by an administrator at once, and never by himself', async () => {
    const grace = await given.staff(app, ['support'], boss);
    const other = await given.staff(app, ['administrator'], boss);
    const reset = (id: string, token: string) =>
      app.post(`/v1/admin/staff/${id}/factor-reset`, { reason }, { token });
    expect(said(await reset(grace.id, other.token))).toEqual([409, 'identity.no_second_factor']);
    const { token } = await enrol(app, grace.token);
    const own = await enrol(app, other.token);
    expect(said(await reset(other.id, own.token))).toEqual([403, 'identity.not_yourself']);
    await app.post(
      '/v1/admin/roles',
      { code: 'people', title: 'People', permissions: ['identity:staff:write', 'identity:factor:reset'] },
      { token: own.token },
    );
    const people = await given.staff(app, ['people'], boss);
    expect(said(await reset(grace.id, people.token))).toEqual([403, 'platform.forbidden']);
    expect(said(await reset(other.id, token))).toEqual([403, 'platform.forbidden']);
    const ada = await customer();
    expect(said(await reset(ada.id, own.token))).toEqual([404, 'platform.not_found']);

    expect((await reset(grace.id, own.token)).status).toBe(204);
    expect((await app.get('/v1/me', { token })).status).toBe(401);
    expect((await login(app, grace)).body.accessToken).toBeDefined();
    expect((await lettersTo(grace.email)).map(({ subject }) => subject)).toContain(
      'Your second factor was removed',
    );
    expect(await trailOf(grace.id)).toEqual(['mfa_reset']);
    const [row] = await app.database.query(
      `SELECT reason, asked_by, outcome FROM identity.factor_resets WHERE account_id = $1`,
      [grace.id],
    );
    expect(row).toEqual({ reason, asked_by: other.id, outcome: 'done' });
  });
});

describe('passwords of people', () => {
  let app: TestApp;
  let boss: string;

  beforeAll(async () => {
    app = await startApp();
    boss = await given.admin(app);
  });
  afterAll(() => app?.close());
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));

  const linkTo = async (email: string) => {
    await app.settle();
    const letter = (await app.letters()).findLast(
      ({ to, text }) => to === email && text.includes('/account/reset'),
    );
    return /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
  };
  const reset = async (email: string, password: string) =>
    app.post('/v1/auth/password/reset', { token: await linkTo(email), password });

  it.each([
    ['/v1/admin/staff', { roles: ['support'] }],
    ['/v1/admin/customers', {}],
  ])('who are invited are none until the link has set one: %s', async (path, more) => {
    const email = `${path.length}@example.test`;
    const key = 'one and the same key'.replaceAll(' ', '-');
    const make = () => app.post(path, { email, ...more }, { token: boss, key });
    const made = await make();
    expect([made.status, (await make()).text]).toEqual([201, made.text]);
    const [row] = await app.database.query(
      'SELECT password_hash AS hash FROM identity.accounts WHERE id = $1',
      [await given.accountId(app, email)],
    );
    // Nothing to guess, and nothing that was hashed while the transaction of the key waited.
    expect(row).toEqual({ hash: null });
    expect(said(await login(app, { email, password: '' }))).toEqual([400, 'platform.invalid_input']);
    const guess = await login(app, { email, password: 'nobody has this password' });
    expect(said(guess)).toEqual([401, 'identity.invalid_credentials']);
    const password = 'four random words are good';
    expect((await reset(email, password)).status).toBe(204);
    expect((await login(app, { email, password })).status).toBe(200);
  });

  it('are changed with the present one as the only proof, however old the sign-in', async () => {
    const { email, password } = await given.customer(app);
    const { refreshToken } = (await login(app, { email, password })).body;
    await app.database.execute(`UPDATE identity.sessions SET proved_at = now() - interval '11 minutes'`);
    const { accessToken: token } = (await app.post('/v1/auth/refresh', { refreshToken })).body;
    expect(said(await app.post('/v1/me/email', { email: 'ada@example.test' }, { token }))).toEqual([
      401,
      'platform.proof_required',
    ]);
    const next = 'seven other words of mine';
    const wrong = { presentPassword: next, password: next };
    expect(said(await app.post('/v1/me/password', wrong, { token }))).toEqual([
      400,
      'identity.wrong_password',
    ]);
    const right = { presentPassword: password, password: next };
    expect((await app.post('/v1/me/password', right, { token })).status).toBe(204);
    expect((await login(app, { email, password: next })).status).toBe(200);
  });

  it('that are reset sign in nowhere, sign out everywhere and lift no second factor', async () => {
    const ada = await given.customer(app);
    const { token, secret } = await enrol(app, ada.token);
    const challenge = (await login(app, ada)).body.challenge;
    const second = await app.post('/v1/auth/mfa/verify', { challenge, code: shownCode(secret) });
    const begun = (await login(app, ada)).body.challenge;
    await app.post('/v1/auth/password/forgot', { email: ada.email });
    const password = 'seven other words of mine';
    const done = await reset(ada.email, password);
    expect([done.status, done.text]).toEqual([204, '']);
    for (const open of [token, second.body.accessToken])
      expect((await app.get('/v1/me', { token: open })).status).toBe(401);
    const { refreshToken } = second.body;
    expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
    const [sessions] = await app.database.query(
      `SELECT count(*)::int AS open FROM identity.sessions WHERE revoked_at IS NULL
         AND account_id = $1`,
      [await given.accountId(app, ada.email)],
    );
    expect(sessions).toEqual({ open: 0 });
    await earlier(app);
    const old = await app.post('/v1/auth/mfa/verify', { challenge: begun, code: shownCode(secret) });
    expect(said(old)).toEqual([410, 'identity.challenge_expired']);
    expect((await login(app, ada)).status).toBe(401);
    const asked = (await login(app, { email: ada.email, password })).body;
    expect([asked.status, asked.accessToken]).toEqual(['mfa_required', undefined]);
    const code = { challenge: asked.challenge, code: shownCode(secret) };
    expect((await app.post('/v1/auth/mfa/verify', code)).status).toBe(200);
  });
});
