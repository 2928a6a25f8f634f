import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, type JWTPayload } from 'jose';
import { admin, startApp, type TestApp } from './support/app.js';
import { roomInStep, shownCode } from './support/authenticator-app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import {
  Browser,
  callbackOf,
  HostileIssuer,
  isCallback,
  type Person,
  RealProvider,
} from './support/providers.js';

const GOOD = 'four random words are good';
const RETURN = 'http://shop.test/welcome?from=provider';

/** A problem without what tells two requests apart. */
const told = ({ body }: Answer) => {
  const { requestId: _requestId, instance: _instance, ...rest } = body as Record<string, unknown>;
  return rest;
};

describe('signing in with a provider', () => {
  let acme: RealProvider;
  let evil: HostileIssuer;
  let silent: Server;
  let app: TestApp;
  /** What the log says of failures. */
  const said: string[] = [];

  beforeAll(async () => {
    acme = await RealProvider.start('acme');
    evil = await HostileIssuer.start();
    // It takes what is asked and says nothing.
    silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const one = (code: string, issuer: string) => ({
      code,
      title: code[0]?.toUpperCase() + code.slice(1),
      issuer,
      ...RealProvider.client,
    });
    app = await startApp({
      OIDC_PROVIDERS: JSON.stringify([
        one('acme', acme.issuer),
        one('evil', evil.issuer),
        one('away', 'http://127.0.0.1:9'),
        one('silent', `http://127.0.0.1:${port}`),
      ]),
      OIDC_RETURN_URLS: `http://shop.test/account, ${RETURN}`,
    });
    const ignore = () => undefined;
    const warn = (line: unknown) => said.push(JSON.stringify(line));
    app.app.useLogger({ log: ignore, error: ignore, warn });
  });
  afterAll(async () => {
    await app?.close();
    await evil?.stop();
    await acme?.stop();
    silent?.closeAllConnections();
    silent?.close();
  });
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));

  const fresh = () => `${randomUUID()}@example.test`;
  const somebody = (extra: Partial<Person> = {}): Person => ({
    sub: randomUUID(),
    email: fresh(),
    email_verified: true,
    ...extra,
  });
  const startOf = (code = 'acme', returnTo?: string) =>
    `http://shop.test/v1/auth/oidc/${code}/start${returnTo ? `?returnTo=${encodeURIComponent(returnTo)}` : ''}`;
  /** To the shop's own page, as this person. */
  const arrive = (person: Person, browser = new Browser(app)) => browser.walk(startOf(), person);
  /** Up to the callback, which is left to the test. */
  const toCallback = (person: Person, browser: Browser) => browser.walk(startOf(), person, isCallback);
  const exchange = (code: string | null) => app.post('/v1/auth/oidc/exchange', { code });
  const codeOf = (url: URL) => url.searchParams.get('code');
  const signIn = async (person: Person): Promise<{ token: string; id: string }> => {
    const page = await arrive(person);
    const { status, body, text } = await exchange(codeOf(page));
    if (status !== 200) throw new Error(`${page.href}: ${text}`);
    return { token: body.accessToken, id: (await app.get('/v1/me', { token: body.accessToken })).body.id };
  };
  const login = (email: string, password = GOOD) => app.post('/v1/auth/login', { email, password });
  const link = async (token: string, person: Person, code = 'acme'): Promise<URL> => {
    const browser = new Browser(app);
    const answer = await app.post(`/v1/me/providers/${code}/link`, {}, { token });
    if (answer.status !== 200) throw new Error(answer.text);
    browser.keepOfShop(answer);
    if (code === 'acme') return browser.walk(answer.body.url, person);
    const sent = new URL(answer.body.url);
    evil.honest(person, sent.searchParams.get('nonce') ?? '');
    return browser.walk(backFromEvil(sent), person);
  };
  /** What the hostile one answers to the question that the browser was sent there with. */
  const backFromEvil = (sent: URL, changes: Record<string, string> = {}) => {
    const answer = { code: 'any', state: sent.searchParams.get('state') ?? '', iss: evil.issuer, ...changes };
    return `${callbackOf('evil')}?${new URLSearchParams(answer)}`;
  };
  const lettersTo = async (email: string) => {
    await app.settle();
    return (await app.letters()).filter(({ to }) => to === email);
  };
  const tokenMailedTo = async (email: string): Promise<string> => {
    const links = (await lettersTo(email)).flatMap(({ text }) => /token=([\w-]+)/.exec(text)?.[1] ?? []);
    return links.at(-1) ?? '';
  };
  const linked = async (token: string): Promise<string[]> =>
    (await app.get('/v1/me/providers', { token })).body.items.map(({ code }: { code: string }) => code);
  const audited = async (subjectId: string): Promise<string[]> => {
    const rows = await app.database.query<{ action: string }>(
      'SELECT action FROM platform.audit_entries WHERE subject_id = $1 ORDER BY id',
      [subjectId],
    );
    return rows.map(({ action }) => action);
  };

  describe('of a person', () => {
    it('tells whom one can sign in with', async () => {
      const { status, body } = await app.get('/v1/auth/oidc');
      expect(status).toBe(200);
      expect(body.items).toContainEqual({ code: 'acme', title: 'Acme' });
      expect(JSON.stringify(body)).not.toContain(RealProvider.client.clientId);
    });

    it('sends the browser on with PKCE, state and nonce, and with a cookie of this host alone', async () => {
      const [one, other] = [
        await app.get('/v1/auth/oidc/acme/start'),
        await app.get('/v1/auth/oidc/acme/start'),
      ];
      expect(one.status).toBe(302);
      expect(one.headers.get('cache-control')).toBe('no-store');
      expect(one.headers.get('set-cookie')).toMatch(
        /^__Host-oidc=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
      );
      const question = (answer: Answer) => new URL(answer.headers.get('location') ?? '').searchParams;
      expect(Object.fromEntries(question(one))).toEqual({
        client_id: RealProvider.client.clientId,
        response_type: 'code',
        redirect_uri: callbackOf('acme'),
        scope: 'openid email profile',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
        state: expect.stringMatching(/^[\w-]{43}$/),
        nonce: expect.stringMatching(/^[\w-]{43}$/),
      });
      for (const name of ['state', 'nonce', 'code_challenge'])
        expect(question(one).get(name)).not.toBe(question(other).get(name));
    });

    it('makes a verified account without a password, and opens the same one the next time', async () => {
      const person = somebody({ given_name: 'Ada', family_name: 'Byron' });
      const page = await arrive(person);
      expect([page.origin + page.pathname, [...page.searchParams.keys()]]).toEqual([
        'http://shop.test/account',
        ['code'],
      ]);
      const { status, body, headers } = await exchange(codeOf(page));
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({
        accessToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 600,
        refreshToken: expect.stringMatching(/^rt_/),
        deviceToken: expect.stringMatching(/^dt_/),
        passwordChangeRequired: false,
      });
      expect(decodeJwt(body.accessToken)).toMatchObject({ amr: ['fed'], acr: 'aal1' });
      const token: string = body.accessToken;
      const me = await app.get('/v1/me', { token });
      const { email = '' } = person;
      expect(me.body).toMatchObject({ email, emailVerified: true, firstName: 'Ada', lastName: 'Byron' });
      expect(await linked(token)).toEqual(['acme']);
      expect(await audited(me.body.id)).toEqual(['identity.account.registered', 'identity.session.started']);

      // The address at the provider is another by now; it is still the same person.
      const again = await signIn({ ...person, email: fresh() });
      expect(again.id).toBe(me.body.id);
      expect((await app.get('/v1/me', { token: again.token })).body.email).toBe(email);
    });

    it('makes one account of several first sign-ins at once', async () => {
      const person = somebody();
      const waiting = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const browser = new Browser(app);
          return { browser, callback: await toCallback(person, browser) };
        }),
      );
      const pages = await Promise.all(
        waiting.map(({ browser, callback }) => browser.walk(callback.href, person)),
      );
      const answers = await Promise.all(pages.map((page) => exchange(codeOf(page))));
      const accounts = answers.map(({ body }) => decodeJwt(body.accessToken).sub);
      expect(accounts).toHaveLength(4);
      expect(new Set(accounts).size).toBe(1);
    });

    it('opens no account by password that has none, until its owner sets one by mail', async () => {
      const person = somebody();
      const { token } = await signIn(person);
      const { email = '' } = person;
      expect(told(await login(email))).toEqual(told(await login(fresh())));
      const wrong = { presentPassword: GOOD, password: 'seven other words of mine' };
      expect((await app.post('/v1/me/password', wrong, { token })).body.code).toBe('identity.wrong_password');
      const step = await app.post('/v1/auth/step-up', { password: GOOD }, { token });
      expect(step.body.code).toBe('identity.wrong_password');
      await app.post('/v1/auth/password/forgot', { email });
      const reset = { token: await tokenMailedTo(email), password: GOOD };
      expect((await app.post('/v1/auth/password/reset', reset)).status).toBe(204);
      expect((await login(email)).status).toBe(200);
    });

    it('makes none for an address that the provider has not verified', async () => {
      for (const person of [somebody({ email_verified: false }), { sub: randomUUID() }]) {
        const page = await arrive(person);
        expect(page.searchParams.get('error')).toBe('identity.address_required');
      }
    });

    it('does not open an account that was disabled', async () => {
      const person = somebody();
      const { id } = await signIn(person);
      const early = codeOf(await arrive(person));
      await app.database.execute(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [id]);
      const browser = new Browser(app);
      const answer = await browser.get((await toCallback(person, browser)).href);
      expect([answer.status, answer.body.code]).toEqual([400, 'identity.oidc_failed']);
      expect((await exchange(early)).status).toBe(400);
    });

    it('is one factor: who has a second one is asked for it before anything is opened', async () => {
      const person = somebody();
      const { token } = await signIn(person);
      const { secret } = (await app.post('/v1/me/mfa/totp', undefined, { token })).body;
      await roomInStep();
      const on = { code: shownCode(secret) };
      expect((await app.post('/v1/me/mfa/totp/confirmation', on, { token })).status).toBe(200);
      // As if the half minute of the first code had gone by.
      await app.database.execute('UPDATE identity.totp_factors SET last_step = 0');
      const { status, body } = await exchange(codeOf(await arrive(person)));
      expect([status, body]).toEqual([
        200,
        { status: 'mfa_required', challenge: expect.any(String), methods: ['totp', 'recovery_code'] },
      ]);
      const verify = (code: string) => app.post('/v1/auth/mfa/verify', { challenge: body.challenge, code });
      expect((await verify('000000')).status).toBe(401);
      const opened = await verify(shownCode(secret));
      expect(decodeJwt(opened.body.accessToken)).toMatchObject({ amr: ['fed', 'otp'], acr: 'aal2' });
    });
  });

  describe('of somebody whose address has an account', () => {
    it('asks to sign in first, and joins nothing by itself', async () => {
      const { email, password } = await given.customer(app);
      const person = somebody({ email: email.toUpperCase() });
      const page = await arrive(person);
      expect([...page.searchParams]).toEqual([['error', 'identity.link_required']]);
      const token = (await login(email, password)).body.accessToken;
      expect(await linked(token)).toEqual([]);
      expect((await link(token, person)).searchParams.get('linked')).toBe('acme');
      const { id } = await signIn(person);
      expect(id).toBe((await app.get('/v1/me', { token })).body.id);
    });

    it('takes the place of whoever registered with the address and never showed that it is theirs', async () => {
      const person = somebody();
      const { email = '' } = person;
      // A stranger, who once got in; what opened to them ends with the account.
      await app.post('/v1/auth/register', { email, password: GOOD });
      const verification = await tokenMailedTo(email);
      await app.post('/v1/auth/email/verify', { token: verification });
      const { accessToken, refreshToken } = (await login(email)).body;
      const stranger = (await app.get('/v1/me', { token: accessToken })).body.id;
      await app.database.execute('UPDATE identity.accounts SET email_verified_at = NULL WHERE id = $1', [
        stranger,
      ]);
      await app.post('/v1/auth/password/forgot', { email });
      const reset = { token: await tokenMailedTo(email), password: GOOD };

      const owner = await signIn(person);
      expect(owner.id).not.toBe(stranger);
      expect((await app.get('/v1/me', { token: accessToken })).status).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
      expect((await app.post('/v1/auth/password/reset', reset)).status).toBe(400);
      expect((await login(email)).status).toBe(401);
      expect(await audited(stranger)).toContain('identity.account.dropped');
    });

    it('never makes or enters an account of staff', async () => {
      const page = await arrive(somebody({ email: admin.email }));
      expect(page.searchParams.get('error')).toBe('identity.link_required');
      // Invited and not there yet: nobody has shown that the address is theirs, and still it does not give way.
      const email = fresh();
      const keeper = await given.admin(app);
      const made = await app.post('/v1/admin/staff', { email, roles: ['support'] }, { token: keeper });
      expect((await arrive(somebody({ email }))).searchParams.get('error')).toBe('identity.link_required');
      const staff = await app.get(`/v1/admin/staff?email=${email}`, { token: keeper });
      expect(staff.body.items.map(({ id }: { id: string }) => id)).toEqual([made.body.id]);
    });

    it('enters an account of staff that was linked while signed in', async () => {
      const email = fresh();
      const keeper = await given.admin(app);
      await app.post('/v1/admin/staff', { email, roles: ['support'] }, { token: keeper });
      await app.post('/v1/auth/password/reset', { token: await tokenMailedTo(email), password: GOOD });
      const person = somebody();
      await link((await login(email)).body.accessToken, person);
      const { body } = await exchange(codeOf(await arrive(person)));
      expect(body.expiresIn).toBe(300);
      const orders = await app.get('/v1/admin/orders', { token: body.accessToken });
      expect(orders.status).toBe(200);
    });
  });

  describe('of a linked account', () => {
    it('tells the owner of the link and of its end', async () => {
      const { token, email } = await given.customer(app);
      const person = somebody();
      expect((await link(token, person)).href).toBe('http://shop.test/account?linked=acme');
      expect((await lettersTo(email)).at(-1)?.subject).toBe('You can sign in with Acme now');
      const { items } = (await app.get('/v1/me/providers', { token })).body;
      expect(items).toEqual([
        { code: 'acme', title: 'Acme', linkedAt: expect.any(String), lastUsedAt: null },
      ]);
      const early = codeOf(await arrive(person));
      expect((await app.delete('/v1/me/providers/acme', { token })).status).toBe(204);
      expect((await lettersTo(email)).at(-1)?.subject).toBe('You can no longer sign in with Acme');
      expect(await linked(token)).toEqual([]);
      // A sign-in that was under way ends with the link.
      expect((await exchange(early)).status).toBe(400);
      expect((await app.delete('/v1/me/providers/acme', { token })).status).toBe(404);
      const { id } = (await app.get('/v1/me', { token })).body;
      expect(await audited(id)).toEqual(
        expect.arrayContaining(['identity.provider.linked', 'identity.provider.unlinked']),
      );
    });

    it('ends with sign-ins that wait for their second factor, and leaves those by password', async () => {
      const { token, email, password } = await given.customer(app);
      const person = somebody();
      await link(token, person);
      const { secret } = (await app.post('/v1/me/mfa/totp', undefined, { token })).body;
      await roomInStep();
      const on = { code: shownCode(secret) };
      const enrolled = await app.post('/v1/me/mfa/totp/confirmation', on, { token });
      await app.database.execute('UPDATE identity.totp_factors SET last_step = 0');
      const { challenge } = (await exchange(codeOf(await arrive(person)))).body;
      const own = (await app.post('/v1/auth/login', { email, password })).body.challenge as string;
      const gone = await app.delete('/v1/me/providers/acme', { token: enrolled.body.accessToken });
      expect(gone.status).toBe(204);
      const verify = (which: string) =>
        app.post('/v1/auth/mfa/verify', { challenge: which, code: shownCode(secret) });
      const refused = await verify(challenge);
      expect([refused.status, refused.body.code]).toEqual([410, 'identity.challenge_expired']);
      expect((await verify(own)).status).toBe(200);
    });

    it('belongs to one account, and has one identity of a provider', async () => {
      const person = somebody();
      const [mine, theirs] = [await given.customer(app), await given.customer(app)];
      await link(mine.token, person);
      expect((await link(theirs.token, person)).searchParams.get('error')).toBe('identity.already_linked');
      expect(await linked(theirs.token)).toEqual([]);
      const second = await app.post('/v1/me/providers/acme/link', {}, { token: mine.token });
      expect([second.status, second.body.code]).toEqual([409, 'identity.already_linked']);
      // Somebody else's link is none of mine.
      expect((await app.delete('/v1/me/providers/acme', { token: theirs.token })).status).toBe(404);
      expect(await linked(mine.token)).toEqual(['acme']);
    });

    it('is linked only by a fresh proof, and only while that session is there', async () => {
      expect((await app.post('/v1/me/providers/acme/link', {})).status).toBe(401);
      const { email, password } = await given.customer(app);
      const tokens = (await login(email, password)).body;
      const token: string = tokens.accessToken;
      const started = await app.post('/v1/me/providers/acme/link', { returnTo: RETURN }, { token });
      const browser = new Browser(app);
      browser.keepOfShop(started);
      const person = somebody();
      const callback = await browser.walk(started.body.url, person, isCallback);
      await app.post('/v1/auth/logout', { refreshToken: tokens.refreshToken });
      const late = await browser.get(callback.href);
      expect([late.status, late.body.code]).toEqual([400, 'identity.oidc_failed']);
      const now = (await login(email, password)).body;
      expect(await linked(now.accessToken)).toEqual([]);

      await app.database.execute(`UPDATE identity.sessions SET proved_at = now() - interval '11 minutes'`);
      const stale = (await app.post('/v1/auth/refresh', { refreshToken: now.refreshToken })).body.accessToken;
      for (const answer of [
        await app.post('/v1/me/providers/acme/link', {}, { token: stale }),
        await app.delete('/v1/me/providers/acme', { token: stale }),
      ])
        expect([answer.status, answer.body.code]).toEqual([401, 'platform.proof_required']);
    });

    it('keeps its last way in', async () => {
      const person = somebody();
      const { token } = await signIn(person);
      const unlink = (code: string) => app.delete(`/v1/me/providers/${code}`, { token });
      const refused = await unlink('acme');
      expect([refused.status, refused.body.code]).toEqual([409, 'identity.last_way_in']);
      expect((await link(token, somebody(), 'evil')).searchParams.get('linked')).toBe('evil');
      // Of two that are taken away at once, one is the last.
      const both = await Promise.all([unlink('acme'), unlink('evil')]);
      expect(both.map(({ status }) => status).sort()).toEqual([204, 409]);
      expect(await linked(token)).toHaveLength(1);
    });
  });

  describe('by somebody who is not meant', () => {
    const failed = { code: 'identity.oidc_failed', status: 400 };

    it('does not take a state that was changed, nor an answer from another browser, and stays open for the right one', async () => {
      const browser = new Browser(app);
      const person = somebody();
      const callback = await toCallback(person, browser);
      const changed = new URL(callback);
      changed.searchParams.set('state', `${callback.searchParams.get('state')?.slice(0, -1)}_`);
      const without = new URL(callback);
      without.searchParams.delete('state');
      const elsewhere = new Browser(app);
      await elsewhere.get(startOf());
      const path = callback.pathname + callback.search;
      const answers = [
        await browser.get(changed.href),
        await browser.get(without.href),
        await app.get(path),
        await elsewhere.get(callback.href),
        await browser.get(callback.href.replace('/acme/', '/evil/')),
      ];
      for (const answer of answers) expect(told(answer)).toEqual(told(answers[0] as Answer));
      expect(told(answers[0] as Answer)).toMatchObject(failed);
      expect((await browser.get(callback.href)).status).toBe(302);
    });

    it('does not take a refusal for a sign-in', async () => {
      const browser = new Browser(app);
      const callback = await toCallback(somebody({ refuses: true }), browser);
      expect(callback.searchParams.get('error')).toBe('access_denied');
      expect(told(await browser.get(callback.href))).toMatchObject(failed);
    });

    /** One sign-in at the hostile provider, in which it does as the test says. */
    const attempt = async (
      mischief: () => void,
      parameters: Record<string, string> = {},
      person = somebody(),
    ): Promise<Answer> => {
      const browser = new Browser(app);
      const sent = new URL((await browser.get(startOf('evil'))).headers.get('location') ?? '');
      evil.honest(person, sent.searchParams.get('nonce') ?? '');
      mischief();
      return browser.get(backFromEvil(sent, parameters));
    };
    const forging = (change: JWTPayload) => () => {
      evil.forge = (claims) => ({ ...claims, ...change });
    };

    it('takes what is right in every way, which the next tests take one thing from', async () => {
      const answer = await attempt(() => undefined);
      expect(answer.status).toBe(302);
      expect((await exchange(codeOf(new URL(answer.headers.get('location') ?? '')))).status).toBe(200);
    });

    it('does not take an answer twice, nor late', async () => {
      // This one gives the same answer as often as it is asked, so it is not the provider who refuses.
      const browser = new Browser(app);
      const depart = async (): Promise<string> => {
        const started = await browser.get(startOf('evil'));
        const sent = new URL(started.headers.get('location') ?? '');
        evil.honest(somebody(), sent.searchParams.get('nonce') ?? '');
        return backFromEvil(sent);
      };
      const callback = await depart();
      const cookie = browser.cookie('http://shop.test', '__Host-oidc');
      const arrived = await browser.get(callback);
      expect(arrived.status).toBe(302);
      // It binds the code to this browser now, for as long as the code lives.
      expect(arrived.headers.getSetCookie()).toEqual([
        `__Host-oidc=${cookie}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60`,
      ]);
      expect(told(await browser.get(callback))).toMatchObject(failed);
      const late = await depart();
      await app.database.execute(
        `UPDATE identity.provider_flows SET expires_at = now() - interval '1 second'`,
      );
      expect(told(await browser.get(late))).toMatchObject(failed);
    });

    it.each<[string, string, () => void, Record<string, string>?]>([
      ['another nonce', 'nonce', forging({ nonce: 'another' })],
      ['no nonce', 'nonce', forging({ nonce: undefined })],
      ['another issuer', 'iss', forging({ iss: 'https://acme.example' })],
      ['another audience', 'aud', forging({ aud: 'another-shop' })],
      ['more audiences and no party', 'aud', forging({ aud: ['guildhall', 'another-shop'] })],
      [
        'more audiences and another party',
        'azp',
        forging({ aud: ['guildhall', 'another-shop'], azp: 'another-shop' }),
      ],
      ['another party', 'the token was issued to another party', forging({ azp: 'another-shop' })],
      ['an end that is past', 'exp', forging({ iat: 1_700_000_000, exp: 1_700_000_060 })],
      ['no end', 'exp', forging({ exp: undefined })],
      ['no subject', 'sub', forging({ sub: undefined })],
      ['a signature of somebody else', 'signature', () => (evil.signsWithForeignKey = true)],
      [
        'an address of somebody else',
        'sub',
        () => {
          forging({ email: undefined })();
          evil.userinfo = { sub: 'somebody else', email: fresh(), email_verified: true };
        },
      ],
      ['an answer of another issuer', 'iss', () => undefined, { iss: 'https://acme.example' }],
      ['an answer of no issuer', 'iss', () => undefined, { iss: '' }],
    ])('refuses %s, and says why in the log alone', async (_what, why, mischief, parameters = {}) => {
      const before = await app.database.query('SELECT count(*) FROM identity.accounts');
      said.length = 0;
      const answer = await attempt(mischief, parameters);
      expect(told(answer)).toEqual({
        ...failed,
        type: '/problems/identity.oidc_failed',
        title: 'The sign-in with the provider failed',
        detail: expect.stringContaining('does not fit'),
      });
      expect(said).toEqual([expect.stringMatching(new RegExp(`"evil".*\\b${why}\\b`))]);
      expect(said[0]).not.toMatch(/eyJ|[\w-]{43}|@/);
      expect(await app.database.query('SELECT count(*) FROM identity.accounts')).toEqual(before);
    });

    it('does not take one person of two providers for the same', async () => {
      const person = somebody();
      const { id } = await signIn(person);
      const answer = await attempt(() => undefined, {}, person);
      expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe(
        'identity.link_required',
      );
      const other = await attempt(() => undefined, {}, { ...person, email: fresh() });
      const { body } = await exchange(codeOf(new URL(other.headers.get('location') ?? '')));
      expect(decodeJwt(body.accessToken).sub).not.toBe(id);
    });

    it('changes a code for tokens once, also of ten at the same time', async () => {
      const first = codeOf(await arrive(somebody()));
      expect((await exchange(first)).status).toBe(200);
      expect(told(await exchange(first))).toMatchObject(failed);
      const code = codeOf(await arrive(somebody()));
      const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(code)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(400)]);
      const late = codeOf(await arrive(somebody()));
      await app.database.execute(
        `UPDATE identity.provider_codes SET expires_at = now() - interval '1 second'`,
      );
      expect(told(await exchange(late))).toEqual(told(await exchange('made up')));
    });

    it('sends the browser nowhere but to the addresses of the list', async () => {
      const page = await new Browser(app).walk(startOf('acme', RETURN), somebody());
      expect(page.href).toMatch(/^http:\/\/shop\.test\/welcome\?from=provider&code=[\w-]{43}$/);
      for (const returnTo of [
        'https://evil.example/',
        'http://shop.test/account/',
        'http://shop.test/account?a=b',
        'http://shop.test.evil.example/account',
        'http://SHOP.test/account',
        '//evil.example',
      ]) {
        const query = `returnTo=${encodeURIComponent(returnTo)}`;
        const { status, body } = await app.get(`/v1/auth/oidc/acme/start?${query}`);
        expect([status, body.code, body.errors?.[0].code]).toEqual([
          400,
          'platform.invalid_input',
          'not_allowed',
        ]);
      }
      const { token } = await given.customer(app);
      const linking = await app.post(
        '/v1/me/providers/acme/link',
        { returnTo: 'https://evil.example/' },
        { token },
      );
      expect(linking.status).toBe(400);
    });

    it('knows no other providers than those of the settings', async () => {
      expect((await app.get('/v1/auth/oidc/nobody/start')).status).toBe(404);
      expect((await app.get('/v1/auth/oidc/nobody/callback?state=a&code=b')).status).toBe(404);
    });

    it('stops a network that starts without end', async () => {
      const answers: number[] = [];
      for (let round = 0; round < 16; round++)
        answers.push(
          ...(await Promise.all(
            Array.from({ length: 20 }, async () => (await app.get('/v1/auth/oidc/acme/start')).status),
          )),
        );
      expect(answers.filter((status) => status === 302)).toHaveLength(300);
      expect(answers.filter((status) => status === 429)).toHaveLength(20);
    });

    it.each(['away', 'silent'])('says in one line that a provider is %s', async (code) => {
      const { status, body, headers } = await app.get(`/v1/auth/oidc/${code}/start`);
      expect([status, body.code]).toEqual([503, 'identity.provider_unavailable']);
      expect(body.detail).toBe(`${code[0]?.toUpperCase()}${code.slice(1)} does not answer as it should.`);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('says the same of one that goes away while somebody is there', async () => {
      const answer = await attempt(() => (evil.broken = true));
      expect([answer.status, answer.body.code]).toEqual([503, 'identity.provider_unavailable']);
    });

    it('forgets what nobody came back from', async () => {
      await app.get('/v1/auth/oidc/acme/start');
      await arrive(somebody());
      for (const table of ['provider_flows', 'provider_codes'])
        await app.database.execute(`UPDATE identity.${table} SET expires_at = now() - interval '1 second'`);
      await app.run('identity.forget_flows');
      const left = await app.database.query<{ left: string }>(
        `SELECT (SELECT count(*) FROM identity.provider_flows) + (SELECT count(*) FROM identity.provider_codes) AS left`,
      );
      expect(left).toEqual([{ left: '0' }]);
    });
  });
});
