import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { refreshToken } from '../src/identity/session/refresh-token.js';
import { SessionService } from '../src/identity/session/session.service.js';
import { startApp, type TestApp } from './support/app.js';
import { roomInStep, shownCode } from './support/authenticator-app.js';
import { SoftAuthenticator } from './support/authenticator.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { Browser, RealProvider } from './support/providers.js';
import { berlin, goods } from './support/purchase.js';

const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

describe('sessions', () => {
  let app: TestApp;
  let root: string;

  beforeAll(async () => {
    app = await startApp();
    root = await given.admin(app);
  });
  afterAll(() => app?.close());

  const must = (answer: Answer): Answer['body'] => {
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.body;
  };
  const login = async (who: { email: string; password: string }, headers: Record<string, string> = {}) =>
    must(await app.post('/v1/auth/login', { email: who.email, password: who.password }, { headers }));
  const sessionOf = (token: string): string => String(decodeJwt(token).sid);
  const statusOf = async (token: string) => (await app.get('/v1/me', { token })).status;
  const idOf = async (token: string): Promise<string> => must(await app.get('/v1/me', { token })).id;
  const mine = async (token: string): Promise<Record<string, unknown>[]> =>
    must(await app.get('/v1/me/sessions', { token })).items;
  const audited = (subjectId: string, action: string) =>
    app.database.query<{
      actor: string;
      details: Record<string, unknown> | null;
      impersonator: string | null;
    }>(
      `SELECT actor_id AS actor, impersonator_id AS impersonator, details FROM platform.audit_entries
       WHERE subject_id = $1 AND action = $2 ORDER BY id`,
      [subjectId, action],
    );

  describe('in the list of their owner', () => {
    it('say by which browser and by which proof, and nothing that tells browsers of a kind apart', async () => {
      const ada = await given.customer(app);
      const { accessToken } = await login(ada, { 'user-agent': FIREFOX });
      const [newest, first, ...more] = await mine(accessToken);
      expect(more).toEqual([]);
      expect(newest).toEqual({
        id: sessionOf(accessToken),
        createdAt: expect.any(String),
        lastSeenAt: expect.any(String),
        ipPrefix: '127.0.0.0/24',
        userAgent: 'Firefox on Linux',
        amr: decodeJwt(accessToken).amr,
        impersonatedBy: null,
        current: true,
      });
      expect(newest?.amr).toEqual(['pwd']);
      expect(first).toMatchObject({ id: sessionOf(ada.token), current: false });
    });

    it('show a second proof where it was given', async () => {
      const { token } = await given.customer(app);
      await app.database.execute(`UPDATE identity.sessions SET methods = '{otp,pwd}' WHERE id = $1`, [
        sessionOf(token),
      ]);
      expect((await mine(token))[0]?.amr).toEqual(['otp', 'pwd']);
    });

    it('all end but the present one, when that is said', async () => {
      const [ada, eve] = [await given.customer(app), await given.customer(app)];
      const others = [await login(ada), await login(ada)];
      const ended = await app.delete('/v1/me/sessions?others=true', { token: ada.token });
      expect(ended.status).toBe(204);
      for (const { accessToken, refreshToken } of others) {
        expect(await statusOf(accessToken)).toBe(401);
        expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
      }
      expect((await mine(ada.token)).map(({ id }) => id)).toEqual([sessionOf(ada.token)]);
      expect(await statusOf(eve.token)).toBe(200);
      // There is nothing left to end, which is what was wanted.
      expect((await app.delete('/v1/me/sessions?others=true', { token: ada.token })).status).toBe(204);
      const noted = await audited(await idOf(ada.token), 'identity.session.others_ended');
      expect(noted[0]?.actor).toBe(await idOf(ada.token));
    });

    it.each(['', '?others=false', '?others=', '?other=true'])(
      'stay when it is not said: %s',
      async (query) => {
        const ada = await given.customer(app);
        const other = await login(ada);
        const refused = await app.delete(`/v1/me/sessions${query}`, { token: ada.token });
        expect([refused.status, refused.body.code]).toEqual([400, 'platform.invalid_input']);
        expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer: '/others' }));
        expect(await statusOf(other.accessToken)).toBe(200);
      },
    );

    it('end for nobody who is not signed in', async () => {
      expect((await app.delete('/v1/me/sessions?others=true')).status).toBe(401);
    });

    it('leave a trace when they are ended one by one', async () => {
      const ada = await given.customer(app);
      const sessionId = sessionOf((await login(ada)).accessToken);
      expect((await app.delete(`/v1/me/sessions/${sessionId}`, { token: ada.token })).status).toBe(204);
      expect((await app.delete(`/v1/me/sessions/${sessionId}`, { token: ada.token })).status).toBe(404);
      const noted = await audited(await idOf(ada.token), 'identity.session.ended');
      expect(noted.map(({ details }) => details)).toEqual([{ sessionId }]);
    });
  });

  describe('in the lists of staff', () => {
    it('of a customer show the same, and end one or all', async () => {
      const ada = await given.customer(app);
      const path = `/v1/admin/customers/${await idOf(ada.token)}/sessions`;
      const { accessToken } = await login(ada, { 'user-agent': FIREFOX });
      const { items } = must(await app.get(path, { token: root }));
      expect(items[0]).toMatchObject({ userAgent: 'Firefox on Linux', amr: ['pwd'], impersonatedBy: null });
      const one = await app.delete(`${path}/${sessionOf(accessToken)}`, { token: root });
      expect([one.status, await statusOf(accessToken), await statusOf(ada.token)]).toEqual([204, 401, 200]);
      expect((await app.delete(path, { token: root })).status).toBe(204);
      expect(await statusOf(ada.token)).toBe(401);
    });

    it('of a colleague show the same, and end one or all', async () => {
      const clerk = await given.staff(app, ['support'], root);
      const path = `/v1/admin/staff/${clerk.id}/sessions`;
      const { accessToken, refreshToken } = await login(clerk, { 'user-agent': FIREFOX });
      const { items } = must(await app.get(path, { token: root }));
      expect(items[0]).toMatchObject({ userAgent: 'Firefox on Linux', amr: ['pwd'], impersonatedBy: null });
      expect((await app.delete(path, { token: clerk.token })).status).toBe(403);
      expect((await app.delete(path)).status).toBe(401);
      expect(await statusOf(clerk.token)).toBe(200);
      expect((await app.delete(path, { token: root })).status).toBe(204);
      for (const token of [clerk.token, accessToken]) expect(await statusOf(token)).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
      expect(must(await app.get(path, { token: root })).items).toEqual([]);
      expect(await audited(clerk.id, 'identity.staff.sessions_ended')).toHaveLength(1);
      // Customers are not found among staff.
      const { token } = await given.customer(app);
      for (const id of [UNKNOWN, await idOf(token)])
        expect((await app.delete(`/v1/admin/staff/${id}/sessions`, { token: root })).status).toBe(404);
    });
  });

  describe('in browser mode', () => {
    const BROWSER = { 'x-requested-with': 'guildhall' };
    const NAME = '__Host-rt';
    const THIRTY_DAYS = 30 * 86_400;

    /** What the answer says of one cookie: name and value, and its attributes. */
    const cookieOf = ({ headers }: Answer, name = NAME) => {
      const set = headers.getSetCookie().filter((one) => one.startsWith(`${name}=`));
      if (set.length > 1) throw new Error(`${name} is set twice`);
      const [pair = '', ...attributes] = (set[0] ?? '').split('; ');
      return { value: pair.slice(name.length + 1), attributes: attributes.sort() };
    };
    const attributes = (seconds: number) =>
      ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict', `Max-Age=${seconds}`].sort();
    const enter = async (who: { email: string; password: string }) => {
      const { email, password } = who;
      const answer = await app.post('/v1/auth/login', { email, password }, { headers: BROWSER });
      return { answer, body: must(answer), cookie: cookieOf(answer).value };
    };
    const withCookie = (cookie: string, headers: Record<string, string> = BROWSER) => ({
      headers: { ...headers, cookie: `theme=dark; ${NAME}=${cookie}` },
    });
    const refresh = (cookie: string, headers: Record<string, string> = BROWSER) =>
      app.post('/v1/auth/refresh', undefined, withCookie(cookie, headers));

    it('the refresh token is in a cookie that no script and no other site gets at', async () => {
      const ada = await given.customer(app);
      const { answer, body, cookie } = await enter(ada);
      expect(Object.keys(body).sort()).toEqual([
        'accessToken',
        'deviceToken',
        'expiresIn',
        'passwordChangeRequired',
        'tokenType',
      ]);
      expect(answer.text).not.toContain('rt_');
      expect(cookie).toMatch(/^rt_/);
      expect(cookieOf(answer).attributes).toEqual(attributes(THIRTY_DAYS));
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await statusOf(body.accessToken)).toBe(200);
    });

    it('it lives as long as an idle session: an hour for staff', async () => {
      const { answer } = await enter(await given.staff(app, ['support'], root));
      expect(cookieOf(answer).attributes).toEqual(attributes(3_600));
    });

    it.each<Record<string, string>>([
      {},
      { 'x-requested-with': 'XMLHttpRequest' },
      { 'x-requested-with': 'guildhall, x' },
    ])('is asked for by one value of one header: %j changes nothing', async (headers) => {
      const ada = await given.customer(app);
      const { email, password } = ada;
      const answer = await app.post('/v1/auth/login', { email, password }, { headers });
      expect(answer.headers.getSetCookie()).toEqual([]);
      const { refreshToken, ...rest } = must(answer);
      expect(refreshToken).toMatch(/^rt_/);
      expect(rest).not.toHaveProperty('idleSeconds');
      const next = await app.post('/v1/auth/refresh', { refreshToken }, { headers });
      expect(next.headers.getSetCookie()).toEqual([]);
      expect(must(next).refreshToken).toMatch(/^rt_/);
    });

    it('it is renewed from cookie to cookie, and nothing of it is in a body', async () => {
      const { body, cookie } = await enter(await given.customer(app));
      const answer = await refresh(cookie);
      expect(Object.keys(must(answer)).sort()).toEqual(['accessToken', 'expiresIn', 'tokenType']);
      const next = cookieOf(answer);
      expect(next.value).toMatch(/^rt_/);
      expect(next.value).not.toBe(cookie);
      expect(next.attributes).toEqual(attributes(THIRTY_DAYS));
      expect(sessionOf(answer.body.accessToken)).toBe(sessionOf(body.accessToken));
      // A body that is there and empty is none.
      expect((await app.post('/v1/auth/refresh', {}, withCookie(next.value))).status).toBe(200);
    });

    it('the cookie is not looked at without the header, which other sites cannot send', async () => {
      const { body, cookie } = await enter(await given.customer(app));
      for (const path of ['refresh', 'logout'])
        for (const other of ['', 'XMLHttpRequest']) {
          const headers: Record<string, string> = other === '' ? {} : { 'x-requested-with': other };
          const refused = await app.post(`/v1/auth/${path}`, undefined, withCookie(cookie, headers));
          expect([refused.status, refused.body.code]).toEqual([400, 'platform.invalid_input']);
          expect(refused.body.detail).toContain('X-Requested-With: guildhall');
          expect(refused.body.errors).toEqual([expect.objectContaining({ pointer: '/refreshToken' })]);
          expect(refused.headers.getSetCookie()).toEqual([]);
        }
      // Nothing was rotated and nothing was ended.
      expect(await statusOf(body.accessToken)).toBe(200);
      const { counter } = await row(body.accessToken);
      expect(counter).toBe(0);
      expect((await refresh(cookie)).status).toBe(200);
    });

    const row = async (token: string) => {
      const [found] = await app.database.query<{ counter: number; revoked: string | null }>(
        'SELECT counter, revoked_because AS revoked FROM identity.sessions WHERE id = $1',
        [sessionOf(token)],
      );
      if (!found) throw new Error('there is no such session');
      return found;
    };

    it('signing out ends the session and takes the cookie away, as often as it is done', async () => {
      const { body, cookie } = await enter(await given.customer(app));
      const out = () => app.post('/v1/auth/logout', undefined, withCookie(cookie));
      for (const answer of [await out(), await out()]) {
        expect(answer.status).toBe(204);
        expect(cookieOf(answer)).toEqual({ value: '', attributes: attributes(0) });
      }
      expect(await statusOf(body.accessToken)).toBe(401);
      const without = await app.post('/v1/auth/logout', undefined, { headers: BROWSER });
      expect([without.status, cookieOf(without).value]).toEqual([204, '']);
    });

    it.each(['rt_x', '', 'stolen'])('a refused token takes the cookie away: %s', async (kind) => {
      const { body, cookie } = await enter(await given.customer(app));
      if (kind === 'stolen') {
        await refresh(cookie);
        // As if the grace of ten seconds were over.
        await app.database.execute(
          `UPDATE identity.sessions SET refreshed_at = now() - interval '1 minute' WHERE id = $1`,
          [sessionOf(body.accessToken)],
        );
      }
      const refused = await refresh(kind === 'stolen' ? cookie : kind);
      expect([refused.status, refused.body.code]).toEqual([401, 'identity.invalid_refresh_token']);
      expect(cookieOf(refused)).toEqual({ value: '', attributes: attributes(0) });
      if (kind === 'stolen') expect((await row(body.accessToken)).revoked).toBe('refresh_reuse');
    });

    it('two tabs that refresh at once get the same next cookie, and both go on', async () => {
      const { body, cookie } = await enter(await given.customer(app));
      const tabs = await Promise.all([refresh(cookie), refresh(cookie), refresh(cookie)]);
      expect(tabs.map(({ status }) => status)).toEqual([200, 200, 200]);
      const values = new Set(tabs.map((tab) => cookieOf(tab).value));
      expect(values.size).toBe(1);
      expect(await row(body.accessToken)).toEqual({ counter: 1, revoked: null });
      const [next = ''] = values;
      expect((await refresh(next)).status).toBe(200);
    });

    it('a refresh and a sign-out at once leave nobody signed in', async () => {
      const { cookie } = await enter(await given.customer(app));
      const [refreshed, out] = await Promise.all([
        refresh(cookie),
        app.post('/v1/auth/logout', undefined, withCookie(cookie)),
      ]);
      expect(out.status).toBe(204);
      expect([200, 401]).toContain(refreshed.status);
      if (refreshed.status === 200) {
        expect((await refresh(cookieOf(refreshed).value)).status).toBe(401);
        expect(await statusOf(refreshed.body.accessToken)).toBe(401);
      }
      expect((await refresh(cookie)).status).toBe(401);
    });

    it('a token of before moves into the cookie', async () => {
      const { refreshToken } = await login(await given.customer(app));
      const moved = await app.post('/v1/auth/refresh', { refreshToken }, { headers: BROWSER });
      expect(must(moved)).not.toHaveProperty('refreshToken');
      expect((await refresh(cookieOf(moved).value)).status).toBe(200);
    });

    it('a second factor leads to the cookie too, and its challenge to none', async () => {
      const ada = await given.customer(app);
      const { secret } = must(await app.post('/v1/me/mfa/totp', undefined, { token: ada.token }));
      await roomInStep();
      const code = shownCode(secret);
      must(await app.post('/v1/me/mfa/totp/confirmation', { code }, { token: ada.token }));
      const { answer, body } = await enter(ada);
      expect(body.status).toBe('mfa_required');
      expect(answer.headers.getSetCookie()).toEqual([]);
      await app.database.execute('UPDATE identity.totp_factors SET last_step = 0');
      const verified = await app.post(
        '/v1/auth/mfa/verify',
        { challenge: body.challenge, code: shownCode(secret) },
        { headers: BROWSER },
      );
      expect(must(verified)).not.toHaveProperty('refreshToken');
      expect((await refresh(cookieOf(verified).value)).status).toBe(200);
    });

    it('a passkey leads to the cookie too', async () => {
      const { token } = await given.customer(app);
      const key = new SoftAuthenticator('http://shop.test');
      const asked = must(await app.post('/v1/me/passkeys/registration/options', undefined, { token }));
      const made = { name: 'Mine', credential: key.create(asked.publicKey) };
      must(await app.post('/v1/me/passkeys/registration/verify', made, { token }));
      const { publicKey } = must(await app.post('/v1/auth/passkeys/authentication/options'));
      const credential = key.get(publicKey);
      const verified = await app.post(
        '/v1/auth/passkeys/authentication/verify',
        { credential },
        { headers: BROWSER },
      );
      expect(must(verified)).not.toHaveProperty('refreshToken');
      expect((await refresh(cookieOf(verified).value)).status).toBe(200);
    });

    describe('after a provider', () => {
      const SHOP = 'http://shop.test';
      let acme: RealProvider;
      let shop: TestApp;
      beforeAll(async () => {
        acme = await RealProvider.start('acme');
        const provider = { code: 'acme', title: 'Acme', issuer: acme.issuer, ...RealProvider.client };
        shop = await startApp({ OIDC_PROVIDERS: JSON.stringify([provider]) });
      });
      afterAll(async () => {
        await shop?.close();
        await acme?.stop();
      });

      const back = async () => {
        const browser = new Browser(shop);
        const person = { sub: randomUUID(), email: `${randomUUID()}@example.test`, email_verified: true };
        const page = await browser.walk(`${SHOP}/v1/auth/oidc/acme/start`, person);
        const cookie = browser.cookie(SHOP, '__Host-oidc') ?? '';
        return { code: page.searchParams.get('code') ?? '', cookie };
      };
      const exchange = (code: string, cookie: string | null, headers: Record<string, string> = BROWSER) =>
        shop.post(
          '/v1/auth/oidc/exchange',
          { code },
          { headers: { ...headers, ...(cookie !== null && { cookie: `__Host-oidc=${cookie}` }) } },
        );

      it('the code is good only in the browser that came back with it', async () => {
        const [ada, eve] = [await back(), await back()];
        expect(ada.cookie).not.toBe('');
        // A link with Eve's code, followed in Ada's browser, must not sign Ada in to Eve's account.
        for (const cookie of [ada.cookie, null]) {
          const refused = await exchange(eve.code, cookie);
          expect([refused.status, refused.body.code]).toEqual([400, 'identity.oidc_failed']);
          expect(refused.headers.getSetCookie()).toEqual([]);
        }
        const answer = await exchange(eve.code, eve.cookie);
        expect(must(answer)).not.toHaveProperty('refreshToken');
        expect(cookieOf(answer).value).toMatch(/^rt_/);
        expect(cookieOf(answer, '__Host-oidc')).toMatchObject({ value: '' });
        expect((await exchange(eve.code, eve.cookie)).status).toBe(400);
      });

      it('the code is good anywhere for storefronts that keep their tokens elsewhere', async () => {
        const { code } = await back();
        expect(must(await exchange(code, null, {})).refreshToken).toMatch(/^rt_/);
      });
    });

    describe('for pages of other origins', () => {
      const ORIGIN = 'https://shop.example';
      const preflight = (of: TestApp, origin: string) =>
        of.send('OPTIONS', '/v1/auth/refresh', undefined, {
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'content-type,x-requested-with',
          },
        });
      const credentials = ({ headers }: Answer) => headers.get('access-control-allow-credentials');

      it('the listed ones may use it, and no others', async () => {
        const shop = await startApp({ CORS_ORIGINS: `${ORIGIN}, https://app.example` });
        try {
          const asked = await preflight(shop, ORIGIN);
          expect([asked.status, credentials(asked)]).toEqual([204, 'true']);
          expect(asked.headers.get('access-control-allow-origin')).toBe(ORIGIN);
          expect(asked.headers.get('access-control-allow-headers')?.toLowerCase()).toContain(
            'x-requested-with',
          );
          expect(asked.headers.get('vary')).toContain('Origin');
          const answer = await shop.post('/v1/auth/logout', undefined, {
            headers: { ...BROWSER, origin: ORIGIN },
          });
          expect([answer.headers.get('access-control-allow-origin'), credentials(answer)]).toEqual([
            ORIGIN,
            'true',
          ]);
          for (const origin of ['https://evil.example', 'https://shop.example.evil.test', 'null']) {
            expect(credentials(await preflight(shop, origin))).toBeNull();
            const other = await shop.get('/v1/me', { headers: { origin } });
            expect([credentials(other), other.headers.get('access-control-allow-origin')]).toEqual([
              null,
              null,
            ]);
          }
        } finally {
          await shop.close();
        }
      });

      it.each([{ CORS_ORIGINS: '*' }, {}])('where none is listed nobody may: %j', async (settings) => {
        const shop = await startApp(settings as Record<string, string>);
        try {
          const origin = 'http://localhost:5173';
          const asked = await preflight(shop, origin);
          expect(asked.headers.get('access-control-allow-origin')).toMatch(/^(\*|http:\/\/localhost:5173)$/);
          expect(credentials(asked)).toBeNull();
          expect(credentials(await shop.get('/v1/me', { headers: { origin } }))).toBeNull();
        } finally {
          await shop.close();
        }
      });
    });
  });

  describe('of staff in the place of a customer', () => {
    const reason = 'Ticket 4711: the cart does not take the voucher';
    const pathOf = (id: string) => `/v1/admin/customers/${id}/impersonation`;
    const begin = (id: string, token: string, why: unknown = reason) =>
      app.post(pathOf(id), { reason: why }, { token });
    const stop = (id: string, token: string) => app.delete(pathOf(id), { token });

    const customer = async () => {
      const ada = await given.customer(app);
      return { ...ada, id: await idOf(ada.token) };
    };
    /** Somebody of the support in the place of a customer. */
    const impersonated = async (roles = ['support']) => {
      const [ada, clerk] = [await customer(), await given.staff(app, roles, root)];
      const { accessToken: token } = must(await begin(ada.id, clerk.token));
      return { ada, clerk, token: token as string };
    };
    const refusal = ({ status, body }: Answer) => [status, body?.code];
    const FORBIDDEN = [403, 'platform.impersonation_forbidden'];
    /** What another process would see: nothing that this one remembers. */
    const afresh = () => app.app.get(SessionService).forgetAll();

    it('is a token of 15 minutes of the customer that names both, and no refresh token', async () => {
      const { ada, clerk } = await impersonated();
      const answer = await begin(ada.id, clerk.token);
      const body = must(answer);
      expect(Object.keys(body).sort()).toEqual(['accessToken', 'expiresIn', 'tokenType']);
      expect([body.expiresIn, answer.headers.get('cache-control')]).toEqual([900, 'no-store']);
      expect(answer.headers.getSetCookie()).toEqual([]);
      const claims = decodeJwt(body.accessToken);
      expect(claims).toMatchObject({ sub: ada.id, act: { sub: clerk.id } });
      expect(Number(claims.exp) - Number(claims.iat)).toBe(900);
      const me = must(await app.get('/v1/me', { token: body.accessToken }));
      expect([me.id, me.email]).toEqual([ada.id, ada.email]);
      const [row] = await app.database.query<{ seconds: number; idle: number }>(
        `SELECT extract(epoch FROM ends_at - created_at)::int AS seconds,
           extract(epoch FROM idle_until - created_at)::int AS idle FROM identity.sessions WHERE id = $1`,
        [sessionOf(body.accessToken)],
      );
      expect(row).toEqual({ seconds: 900, idle: 900 });
      // It may do nothing that staff may.
      expect((await app.get('/v1/admin/customers', { token: body.accessToken })).status).toBe(403);
    });

    it('is for those who have the permission: administrators and support', async () => {
      const ada = await customer();
      expect((await begin(ada.id, root)).status).toBe(200);
      const [reader, keeper] = [
        await given.staff(app, ['read-only'], root),
        await given.staff(app, ['catalog-manager'], root),
      ];
      for (const { token } of [reader, keeper]) {
        expect(refusal(await begin(ada.id, token))).toEqual([403, 'platform.forbidden']);
        expect(refusal(await stop(ada.id, token))).toEqual([403, 'platform.forbidden']);
      }
      expect(refusal(await begin(ada.id, ada.token))).toEqual([403, 'platform.forbidden']);
      expect((await app.post(pathOf(ada.id), { reason })).status).toBe(401);
      expect((await app.delete(pathOf(ada.id))).status).toBe(401);
    });

    it('needs a proof of who one is that is fresh', async () => {
      const [ada, clerk] = [await customer(), await given.staff(app, ['support'], root)];
      const claims = `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE id = $1`;
      await app.database.execute(claims, [sessionOf(clerk.token)]);
      const { refreshToken } = await login(clerk);
      const old = must(await app.post('/v1/auth/refresh', { refreshToken })).accessToken;
      await app.database.execute(claims, [sessionOf(old)]);
      const next = await login(clerk);
      await app.database.execute(claims, [sessionOf(next.accessToken)]);
      const stale = must(await app.post('/v1/auth/refresh', { refreshToken: next.refreshToken })).accessToken;
      expect(refusal(await begin(ada.id, stale))).toEqual([401, 'platform.proof_required']);
    });

    it('is never for machines, whatever their key may do', async () => {
      const ada = await customer();
      const scopes = ['identity:customer:impersonate', 'identity:customer:read'];
      const { key } = must(await app.post('/v1/admin/api-keys', { name: 'Robot', scopes }, { token: root }));
      expect((await app.get(`/v1/admin/customers/${ada.id}`, { token: key })).status).toBe(200);
      expect(refusal(await begin(ada.id, key))).toEqual([403, 'platform.forbidden']);
    });

    it('is never of staff, of unknown people, or of customers who may not sign in', async () => {
      const [ada, clerk, other] = [
        await customer(),
        await given.staff(app, ['support'], root),
        await given.staff(app, ['support'], root),
      ];
      for (const id of [other.id, clerk.id, await idOf(root)])
        expect(refusal(await begin(id, clerk.token))).toEqual([403, 'identity.customers_only']);
      expect(refusal(await begin(UNKNOWN, clerk.token))).toEqual([404, 'platform.not_found']);
      expect((await begin('7', clerk.token)).status).toBe(400);
      must(await app.patch(`/v1/admin/customers/${ada.id}`, { status: 'disabled' }, { token: root }));
      expect(refusal(await begin(ada.id, clerk.token))).toEqual([409, 'identity.account_disabled']);
    });

    it.each([[''], ['too short'], ['          '], ['x'.repeat(501)], [7], [undefined]])(
      'is not begun without a reason: %j',
      async (why) => {
        const { ada, clerk } = await impersonated();
        const refused = await app.post(pathOf(ada.id), { reason: why }, { token: clerk.token });
        expect(refusal(refused)).toEqual([400, 'platform.invalid_input']);
        expect(refused.body.errors[0].pointer).toBe('/reason');
      },
    );

    it('is not done by whoever is doing it already', async () => {
      const { token } = await impersonated();
      const { id } = await customer();
      expect(refusal(await begin(id, token))).toEqual(FORBIDDEN);
    });

    it('is shown to the customer, by mail and in the list, with who and why', async () => {
      const { ada, clerk, token } = await impersonated();
      await app.settle();
      const letter = (await app.letters()).findLast(({ to }) => to === ada.email);
      expect(letter?.subject).toBe('Somebody of our staff opened your account');
      expect(letter?.text).toContain(reason);
      const seen = await mine(ada.token);
      expect(seen.map(({ id }) => id)).toEqual([sessionOf(token), sessionOf(ada.token)]);
      expect(seen.map(({ impersonatedBy }) => impersonatedBy)).toEqual([{ staffId: clerk.id, reason }, null]);
      const items = must(await app.get(`/v1/admin/customers/${ada.id}/sessions`, { token: root })).items;
      expect(items[0].impersonatedBy).toEqual({ staffId: clerk.id, reason });
      // The customer is signed in at one place still.
      expect(must(await app.get(`/v1/admin/customers/${ada.id}`, { token: root })).counts.sessions).toBe(1);
    });

    it('takes no place of the fifty that the customer has', async () => {
      const { ada, token } = await impersonated();
      await app.database.execute(
        `INSERT INTO identity.sessions (id, account_id, idle_until, ends_at)
         SELECT overlay(s.id::text PLACING lpad(n::text, 12, '0') FROM 25)::uuid, account_id, idle_until, ends_at
         FROM identity.sessions s, generate_series(1, 48) n WHERE s.id = $1`,
        [sessionOf(ada.token)],
      );
      await login(ada);
      expect(await mine(token)).toHaveLength(51);
    });

    it('is in the trail when it begins and ends, without words about the customer, and with each change under both names', async () => {
      const { ada, clerk, token } = await impersonated();
      const started = await audited(ada.id, 'identity.impersonation.started');
      expect(started).toEqual([
        { actor: clerk.id, impersonator: null, details: { sessionId: sessionOf(token) } },
      ]);
      const [place] = await app.database.query<{ network: string }>(
        `SELECT network FROM platform.audit_entries WHERE subject_id = $1 AND action = 'identity.impersonation.started'`,
        [ada.id],
      );
      expect(place?.network).toBe('127.0.0.0/24');
      must(await app.patch('/v1/me', { firstName: 'Ada' }, { token }));
      const updated = await audited(ada.id, 'identity.account.updated');
      expect(updated).toMatchObject([{ actor: ada.id, impersonator: clerk.id }]);
      // A cart has no entry of its own; that somebody else made it is in the trail all the same.
      must(await app.post('/v1/carts', { currency: 'EUR' }, { token }));
      const made = await audited('createCart', 'platform.access.impersonated');
      expect(made.filter(({ actor }) => actor === ada.id)).toEqual([
        { actor: ada.id, impersonator: clerk.id, details: { method: 'POST', path: '/v1/carts' } },
      ]);
      // Reading changes nothing, and what the customer does has one name.
      must(await app.get('/v1/me', { token }));
      must(await app.post('/v1/carts', { currency: 'EUR' }, { token: ada.token }));
      expect(await audited('getMe', 'platform.access.impersonated')).toEqual([]);
      expect(await audited('createCart', 'platform.access.impersonated')).toHaveLength(made.length);
      const entries = must(await app.get(`/v1/admin/audit?actorId=${ada.id}`, { token: root })).items;
      expect(entries).toContainEqual(
        expect.objectContaining({ impersonatorId: clerk.id, subjectId: 'createCart' }),
      );
      await stop(ada.id, clerk.token);
      expect(await audited(ada.id, 'identity.impersonation.ended')).toMatchObject([{ actor: clerk.id }]);
    });

    describe('ends', () => {
      it('when it is stopped, which only its own impersonator can, as often as wanted', async () => {
        const { ada, clerk, token } = await impersonated();
        const other = await given.staff(app, ['support'], root);
        const theirs = must(await begin(ada.id, other.token)).accessToken;
        expect((await stop(ada.id, other.token)).status).toBe(204);
        expect([await statusOf(theirs), await statusOf(token)]).toEqual([401, 200]);
        for (const _ of [1, 2]) expect((await stop(ada.id, clerk.token)).status).toBe(204);
        expect(await statusOf(token)).toBe(401);
        expect(await audited(ada.id, 'identity.impersonation.ended')).toHaveLength(2);
        expect((await stop(UNKNOWN, clerk.token)).status).toBe(404);
        expect(refusal(await stop(other.id, clerk.token))).toEqual([403, 'identity.customers_only']);
      });

      it('when it is begun again: one for each customer and colleague', async () => {
        const { ada, clerk, token } = await impersonated();
        const tokens = await Promise.all(
          [1, 2, 3].map(async () => must(await begin(ada.id, clerk.token)).accessToken),
        );
        expect(await statusOf(token)).toBe(401);
        const statuses = await Promise.all(tokens.map(statusOf));
        expect(statuses.sort()).toEqual([200, 401, 401]);
        expect((await mine(ada.token)).filter(({ impersonatedBy }) => impersonatedBy !== null)).toHaveLength(
          1,
        );
      });

      it('when its quarter of an hour is over, and no refresh token makes it longer', async () => {
        const { ada, token } = await impersonated();
        // The key makes one for any session; for this one it is worth nothing.
        const made = refreshToken(app.config.key('refresh-token'), sessionOf(token), 0);
        expect((await app.post('/v1/auth/refresh', { refreshToken: made })).status).toBe(401);
        expect(await statusOf(token)).toBe(200);
        await app.database.execute('UPDATE identity.sessions SET ends_at = now() WHERE id = $1', [
          sessionOf(token),
        ]);
        afresh();
        expect(await statusOf(token)).toBe(401);
        expect((await mine(ada.token)).map(({ id }) => id)).toEqual([sessionOf(ada.token)]);
      });

      it('when the customer ends it in the list, or everything but the own session', async () => {
        const { ada, clerk, token } = await impersonated();
        expect((await app.delete(`/v1/me/sessions/${sessionOf(token)}`, { token: ada.token })).status).toBe(
          204,
        );
        expect(await statusOf(token)).toBe(401);
        const again = must(await begin(ada.id, clerk.token)).accessToken;
        expect((await app.delete('/v1/me/sessions?others=true', { token: ada.token })).status).toBe(204);
        expect([await statusOf(again), await statusOf(ada.token)]).toEqual([401, 200]);
      });

      it('when the customer is disabled', async () => {
        const { ada, token } = await impersonated();
        expect(await statusOf(token)).toBe(200);
        must(await app.patch(`/v1/admin/customers/${ada.id}`, { status: 'disabled' }, { token: root }));
        expect(await statusOf(token)).toBe(401);
      });

      it('when the impersonator is disabled, and does not come back', async () => {
        const { ada, clerk, token } = await impersonated();
        expect(await statusOf(token)).toBe(200);
        const change = (status: string) =>
          app.patch(`/v1/admin/staff/${clerk.id}`, { status }, { token: root });
        must(await change('disabled'));
        expect(await statusOf(token)).toBe(401);
        must(await change('active'));
        expect(await statusOf(token)).toBe(401);
        expect(await mine(ada.token)).toHaveLength(1);
      });

      it('when the impersonator gets other roles, and does not come back', async () => {
        const { clerk, token } = await impersonated();
        expect(await statusOf(token)).toBe(200);
        const change = (roles: string[]) =>
          app.patch(`/v1/admin/staff/${clerk.id}`, { roles }, { token: root });
        must(await change(['read-only']));
        expect(await statusOf(token)).toBe(401);
        must(await change(['support']));
        afresh();
        expect(await statusOf(token)).toBe(401);
      });

      it('when the role loses the permission, and stays when it loses another', async () => {
        const role = { code: 'desk', title: 'Desk' };
        const permissions = ['identity:customer:impersonate', 'identity:customer:read'];
        must(await app.post('/v1/admin/roles', { ...role, permissions }, { token: root }));
        const { token } = await impersonated(['desk']);
        const change = (left: string[]) =>
          app.patch('/v1/admin/roles/desk', { permissions: left }, { token: root });
        must(await change(['identity:customer:impersonate']));
        expect(await statusOf(token)).toBe(200);
        must(await change(['identity:customer:read']));
        expect(await statusOf(token)).toBe(401);
      });

      it('when another process has taken the rights, within a second', async () => {
        for (const change of [
          `UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`,
          'DELETE FROM identity.account_roles WHERE account_id = $1',
          'UPDATE identity.sessions SET revoked_at = now() WHERE account_id = $1',
        ]) {
          const { ada, clerk, token } = await impersonated();
          expect(await statusOf(token)).toBe(200);
          await app.database.execute(change, [clerk.id]);
          afresh();
          expect([change, await statusOf(token)]).toEqual([change, 401]);
          expect((await mine(ada.token)).map(({ id }) => id)).toEqual([sessionOf(ada.token)]);
        }
      });

      it('when the impersonator signs out there, or everywhere, and not when it is somewhere else', async () => {
        const [ada, clerk] = [await customer(), await given.staff(app, ['support'], root)];
        const [here, elsewhere] = [await login(clerk), await login(clerk)];
        const token = must(await begin(ada.id, here.accessToken)).accessToken;
        await app.post('/v1/auth/logout', { refreshToken: elsewhere.refreshToken });
        expect(await statusOf(token)).toBe(200);
        await app.post('/v1/auth/logout', { refreshToken: here.refreshToken });
        afresh();
        expect(await statusOf(token)).toBe(401);
        const again = must(await begin(ada.id, clerk.token)).accessToken;
        expect(await statusOf(again)).toBe(200);
        must(await app.delete(`/v1/admin/staff/${clerk.id}/sessions`, { token: root }));
        expect(await statusOf(again)).toBe(401);
      });
    });

    describe('may', () => {
      interface Described {
        operationId: string;
        parameters?: { name: string; in: string; required?: boolean }[];
        security?: Record<string, unknown>[];
        'x-permissions'?: string[];
        'x-in-person'?: boolean;
        'x-fresh-sign-in'?: boolean;
      }
      /** What a shopper can change, and staff in its place too. Whatever is not here is for the person itself. */
      const ALLOWED = [
        'updateMe',
        'createMyAddress',
        'updateMyAddress',
        'deleteMyAddress',
        'createCart',
        'updateCart',
        'addCartLine',
        'updateCartLine',
        'removeCartLine',
        'cancelOrder',
        'askForReturn',
        'cancelReturn',
        'askForStockNotice',
        'cancelMyStockNotice',
        'copySharedCart',
        'getSharedCart',
        'previewMySubscriptionChange',
        'removeSavedLine',
        'reorder',
        'revokeCartShare',
        'saveCartLine',
        'shareCart',
        'takeBackSavedLine',
      ];
      /** What only its holder sees, if anybody does. */
      const UNSEEN = ['getMyFactors', 'listMyPasskeys', 'listMyProviders'];
      const documents = async () => {
        const all: { method: string; path: string; operation: Described }[] = [];
        for (const file of ['openapi.json', 'openapi.admin.json']) {
          const { paths } = must(await app.get(`/${file}`)) as {
            paths: Record<string, Record<string, Described>>;
          };
          for (const [path, item] of Object.entries(paths))
            for (const [method, operation] of Object.entries(item))
              all.push({ method: method.toUpperCase(), path, operation });
        }
        return all;
      };
      /** About whoever is signed in, with or without a need to be. */
      const isPersonal = ({ security = [], ...operation }: Described) =>
        (operation['x-permissions'] ?? []).some((permission) => permission.startsWith('account:')) ||
        (operation['x-permissions']?.length === 0 &&
          security.some((way) => 'bearer' in way) &&
          // Programs and those who keep their keys: the handler asks for a permission.
          !security.some((way) => 'client' in way));

      it('not do what is the customer’s alone: every such operation says so and refuses', async () => {
        const { token } = await impersonated();
        const closed = (await documents()).filter(
          ({ operation }) => operation['x-in-person'] === true || operation['x-fresh-sign-in'] === true,
        );
        expect(closed.length).toBeGreaterThan(25);
        for (const { method, path, operation } of closed) {
          const url = path.replace(/\{\w+\}/g, UNKNOWN);
          const answer = await app.send(method, url, method === 'GET' ? undefined : {}, { token });
          expect([operation.operationId, ...refusal(answer)]).toEqual([operation.operationId, ...FORBIDDEN]);
        }
      });

      it('not do what nobody has thought of: new operations about oneself are closed or listed here', async () => {
        const open = (await documents())
          .filter(({ operation }) => isPersonal(operation))
          .filter(({ operation }) => !(operation['x-in-person'] ?? operation['x-fresh-sign-in']));
        const writes = open
          .filter(({ method }) => method !== 'GET')
          .map(({ operation }) => operation.operationId);
        expect(writes.sort()).toEqual([...ALLOWED].sort());
        const reads = open
          .filter(({ method }) => method === 'GET')
          .map(({ operation }) => operation.operationId);
        expect(
          reads.filter((id) => UNSEEN.includes(id) || /factor|passkey|provider|export|key/i.test(id)),
        ).toEqual([]);
      });

      it('not pay, with or without a payment of one’s own', async () => {
        const { ada, token } = await impersonated();
        const { variantId } = await goods(app);
        const started = { currency: 'EUR', email: ada.email, lines: [{ variantId, quantity: 1 }] };
        const cart = must(await app.post('/v1/carts', started, { token }));
        must(await app.patch(`/v1/carts/${cart.id}`, { shippingAddress: berlin }, { token }));
        for (const payment of [{ gateway: 'test', token: 'ok' }, undefined]) {
          const key = randomUUID();
          const paid = await app.post(`/v1/carts/${cart.id}/checkout`, { payment }, { token, key });
          expect(refusal(paid)).toEqual(FORBIDDEN);
        }
        // The customer finds the cart as it was left, and pays.
        const options = { token: ada.token, key: randomUUID() };
        const body = { payment: { gateway: 'test', token: 'ok' } };
        const order = must(await app.post(`/v1/carts/${cart.id}/checkout`, body, options));
        const confirmed = await app.post(`/v1/payments/${order.payments[0].id}/confirmation`, undefined, {
          token,
        });
        expect(refusal(confirmed)).toEqual(FORBIDDEN);
        expect((await app.get(`/v1/orders/${order.id}`, { token })).status).toBe(200);
      });

      it('not agree to anything, not even beside a change that is allowed', async () => {
        const { ada, token } = await impersonated();
        const consent = { given: true, source: 'call', textVersion: '1', wording: 'Yes, send me offers.' };
        expect(refusal(await app.put('/v1/me/marketing-consent', consent, { token }))).toEqual(FORBIDDEN);
        const beside = await app.patch('/v1/me', { firstName: 'Eve', marketingConsent: consent }, { token });
        expect(refusal(beside)).toEqual(FORBIDDEN);
        expect(must(await app.get('/v1/me', { token: ada.token }))).toMatchObject({
          firstName: null,
          marketingConsent: { given: false },
        });
      });

      it('see and mend what the customer sees', async () => {
        const { ada, token } = await impersonated();
        const made = must(await app.post('/v1/me/addresses', berlin, { token }));
        expect(must(await app.get(`/v1/me/addresses/${made.id}`, { token: ada.token })).city).toBe('Berlin');
        expect((await app.get('/v1/me/orders', { token })).status).toBe(200);
        expect((await app.get('/v1/me/sessions', { token })).status).toBe(200);
      });

      it('try in vain not unseen', async () => {
        const { ada, clerk, token } = await impersonated();
        await app.post('/v1/me/password', { presentPassword: 'x', password: 'y' }, { token });
        const seen = await audited('in person: changeMyPassword', 'platform.access.denied');
        expect(seen).toContainEqual({ actor: ada.id, impersonator: clerk.id, details: null });
      });
    });
  });
});
