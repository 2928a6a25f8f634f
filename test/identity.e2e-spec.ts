import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { createLocalJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { KeyRing } from '../src/identity/token/key-ring.service.js';
import { admin, startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';

const GOOD = 'four random words are good';
const OTHER = 'seven other words of mine';
const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** A problem without what tells two requests apart. */
const told = ({ body }: Answer) => {
  const { requestId: _requestId, instance: _instance, ...rest } = body as Record<string, unknown>;
  return rest;
};

describe('identity', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app?.close());
  // All tests come from one address, and its counter is not what most of them are about.
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));

  const fresh = () => `${randomUUID()}@example.test`;
  const login = (email: string, password: string) => app.post('/v1/auth/login', { email, password });
  const signedIn = async (email: string, password = GOOD): Promise<Tokens> => {
    const { status, body, text } = await login(email, password);
    if (status !== 200) throw new Error(text);
    return body as Tokens;
  };
  const linkTo = async (email: string): Promise<string> => {
    await app.settle();
    // Letters that were asked for one after the other may be written together: only those with a link are looked at.
    const links = (await app.letters()).flatMap(({ to, text }) =>
      to === email ? (/token=([\w-]+)/.exec(text)?.[1] ?? []) : [],
    );
    return links.at(-1) ?? '';
  };
  const lettersTo = async (email: string) => {
    await app.settle();
    return (await app.letters()).filter(({ to }) => to === email);
  };

  describe('registration', () => {
    it('makes an account that can sign in once its address is verified', async () => {
      const email = fresh();
      expect((await app.post('/v1/auth/register', { email, password: GOOD, firstName: 'Ada' })).status).toBe(
        202,
      );
      const early = await login(email, GOOD);
      expect([early.status, early.body.code]).toEqual([403, 'identity.email_unverified']);
      const token = await linkTo(email);
      expect((await app.post('/v1/auth/email/verify', { token })).status).toBe(204);
      const { status, body, headers } = await login(email, GOOD);
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toEqual({
        accessToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 600,
        refreshToken: expect.stringMatching(/^rt_/),
        deviceToken: expect.stringMatching(/^dt_/),
        passwordChangeRequired: false,
      });
      const me = await app.get('/v1/me', { token: body.accessToken });
      expect(me.body).toMatchObject({ email, emailVerified: true, firstName: 'Ada', lastName: null });
    });

    it('answers alike for an address that has an account, whatever its case, and tells its owner', async () => {
      const { email } = await given.customer(app);
      const answer = await app.post('/v1/auth/register', { email: email.toUpperCase(), password: OTHER });
      expect([answer.status, answer.text]).toEqual([202, '']);
      expect((await lettersTo(email)).at(-1)?.subject).toBe('You already have an account');
      expect((await login(email, OTHER)).status).toBe(401);
      expect((await login(email, GOOD)).status).toBe(200);
    });

    it('makes one account of twenty registrations at once', async () => {
      const email = fresh();
      const accounts = async () => {
        const [row] = await app.database.query<{ ids: string; keys: string }>(
          'SELECT (SELECT count(*) FROM identity.accounts) AS ids, (SELECT count(*) FROM platform.subject_keys) AS keys',
        );
        return [Number(row?.ids), Number(row?.keys)];
      };
      const [before = 0, keys = 0] = await accounts();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => app.post('/v1/auth/register', { email, password: GOOD })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      // Those who came too late have left no key behind either.
      expect(await accounts()).toEqual([before + 1, keys + 1]);
    });

    it.each([
      ['short', 'too few characters', 'identity.password_blocked'],
      ['passwordpassword', 'a common one', 'identity.password_blocked'],
      ['1qaz2wsx3edc4rfv', 'one of the list', 'identity.password_blocked'],
      ['ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ', 'a common one in wide letters', 'identity.password_blocked'],
      ['guildhall-guildhall-1', 'the name of the shop', 'identity.password_blocked'],
      ['a1 '.repeat(43), 'too many characters', 'identity.password_blocked'],
      ['', 'nothing', 'platform.invalid_input'],
    ])('refuses the password %s', async (password, _why, code) => {
      const { status, body } = await app.post('/v1/auth/register', { email: fresh(), password });
      expect([status, body.code]).toEqual([400, code]);
      expect(body.errors[0].pointer).toBe('/password');
    });

    it('refuses a password made of the own address, and takes one in another spelling of the same characters', async () => {
      const email = `${randomUUID()}.wigglesworth@example.test`;
      const blocked = await app.post('/v1/auth/register', { email, password: 'Wigglesworth-Example-99' });
      expect([blocked.status, blocked.body.errors[0].code]).toEqual([400, 'context']);
      const composed = 'vier zuf\u00e4llige Bl\u00fcten';
      expect((await app.post('/v1/auth/register', { email, password: composed })).status).toBe(202);
      await app.post('/v1/auth/email/verify', { token: await linkTo(email) });
      expect((await login(email, composed.normalize('NFD'))).status).toBe(200);
    });

    it('takes a password of 128 characters whole', async () => {
      const email = fresh();
      const long = randomBytes(64).toString('hex');
      expect((await app.post('/v1/auth/register', { email, password: long })).status).toBe(202);
      await app.post('/v1/auth/email/verify', { token: await linkTo(email) });
      expect((await login(email, `${long.slice(0, -1)}x`)).status).toBe(401);
      expect((await login(email, long)).status).toBe(200);
    });

    it('refuses what is no address, and unknown properties', async () => {
      // The second one is two addresses as soon as its wide signs are read as the usual ones.
      for (const email of [
        'ada',
        'ada\uFE6Bother.test\uFF0Cada@shop.test',
        '"ada@other.test ada"@shop.test',
      ]) {
        const answer = await app.post('/v1/auth/register', { email, password: GOOD });
        expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/email']);
      }
      const more = await app.post('/v1/auth/register', {
        email: fresh(),
        password: GOOD,
        roles: ['administrator'],
      });
      expect([more.status, more.body.errors[0].pointer]).toEqual([400, '/roles']);
    });
  });

  describe('links', () => {
    it('verify once, and a newer one cancels the older', async () => {
      const email = fresh();
      await app.post('/v1/auth/register', { email, password: GOOD });
      const first = await linkTo(email);
      expect((await app.post('/v1/auth/email/verification', { email })).status).toBe(202);
      const second = await linkTo(email);
      expect(second).not.toBe(first);
      const old = await app.post('/v1/auth/email/verify', { token: first });
      expect([old.status, old.body.code]).toEqual([400, 'identity.invalid_or_expired_token']);
      expect((await app.post('/v1/auth/email/verify', { token: second })).status).toBe(204);
      const again = await app.post('/v1/auth/email/verify', { token: second });
      const never = await app.post('/v1/auth/email/verify', { token: randomBytes(32).toString('base64url') });
      expect(told(again)).toEqual(told(old));
      expect(told(never)).toEqual(told(old));
    });

    it('are kept as hashes only', async () => {
      const { email } = await given.customer(app);
      await app.post('/v1/auth/password/forgot', { email });
      const token = await linkTo(email);
      const rows = await app.database.query<{ all: string }>(
        'SELECT l::text AS all FROM identity.one_time_links l',
      );
      expect(rows.some((row) => row.all.includes(token))).toBe(false);
    });

    it('set a new password once in a race of fifty, sign out everywhere and sign in nowhere', async () => {
      const { email, token: access } = await given.customer(app);
      const { refreshToken } = await signedIn(email);
      await app.post('/v1/auth/password/forgot', { email });
      const token = await linkTo(email);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          app.post('/v1/auth/password/reset', { token, password: `${OTHER} ${index}` }),
        ),
      );
      const won = answers.flatMap(({ status }, index) => (status === 204 ? [index] : []));
      expect(won).toHaveLength(1);
      // The queue for hashing is short: some are told to come back.
      expect(answers.filter(({ status }) => ![204, 400, 503].includes(status))).toEqual([]);
      expect((await app.get('/v1/me', { token: access })).status).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
      expect((await login(email, GOOD)).status).toBe(401);
      expect((await login(email, `${OTHER} ${won[0]}`)).status).toBe(200);
      expect((await lettersTo(email)).at(-1)?.subject).toBe('Your password was changed');
    });

    it('end with their time', async () => {
      const { email } = await given.customer(app);
      await app.post('/v1/auth/password/forgot', { email });
      const token = await linkTo(email);
      await app.database.execute(`UPDATE identity.one_time_links SET expires_at = now() - interval '1 s'`);
      const { status, body } = await app.post('/v1/auth/password/reset', { token, password: OTHER });
      expect([status, body.code]).toEqual([400, 'identity.invalid_or_expired_token']);
    });

    it('leave no session of the old password, also none that is being opened meanwhile', async () => {
      const { email } = await given.customer(app);
      let password = GOOD;
      for (let round = 0; round < 6; round++) {
        await app.database.execute('DELETE FROM identity.throttles');
        await app.post('/v1/auth/password/forgot', { email });
        const token = await linkTo(email);
        const next = `${OTHER} ${round}`;
        const [reset, ...logins] = await Promise.all([
          app.post('/v1/auth/password/reset', { token, password: next }),
          ...Array.from({ length: 4 }, () => login(email, password)),
        ]);
        expect(reset?.status).toBe(204);
        for (const { status, body } of logins) {
          expect([200, 401]).toContain(status);
          if (status === 200) expect((await app.get('/v1/me', { token: body.accessToken })).status).toBe(401);
        }
        password = next;
      }
    });

    it('that are dead are refused before the new password is looked at, and a weak one does not use them up', async () => {
      const { email } = await given.customer(app);
      await app.post('/v1/auth/password/forgot', { email });
      const token = await linkTo(email);
      const dead = await app.post('/v1/auth/password/reset', { token: 'x'.repeat(43), password: 'short' });
      expect(dead.body.code).toBe('identity.invalid_or_expired_token');
      const [name = ''] = email.split('@');
      const weak = await app.post('/v1/auth/password/reset', { token, password: name });
      expect([weak.status, weak.body.errors[0].code]).toEqual([400, 'context']);
      expect((await app.post('/v1/auth/password/reset', { token, password: OTHER })).status).toBe(204);
      expect((await app.post('/v1/auth/password/reset', { token, password: GOOD })).status).toBe(400);
    });

    it('verify once in a race of twenty', async () => {
      const email = fresh();
      await app.post('/v1/auth/register', { email, password: GOOD });
      const token = await linkTo(email);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => app.post('/v1/auth/email/verify', { token })),
      );
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(19);
    });

    it.each([
      ['verify_email', 24 * 60],
      ['reset_password', 30],
      ['invitation', 72 * 60],
    ])('for %s live %i minutes', async (purpose, minutes) => {
      const email = fresh();
      if (purpose === 'invitation')
        await app.post('/v1/admin/staff', { email, roles: [] }, { token: await given.admin(app) });
      else await app.post('/v1/auth/register', { email, password: GOOD });
      if (purpose === 'reset_password') await app.post('/v1/auth/password/forgot', { email });
      const [row] = await app.database.query<{ minutes: number }>(
        `SELECT round(extract(epoch FROM expires_at - now()) / 60)::int AS minutes FROM identity.one_time_links
         WHERE account_id = $1 AND purpose = $2`,
        [await given.accountId(app, email), purpose],
      );
      expect(row?.minutes).toBe(minutes);
    });

    it('of one purpose do not serve another', async () => {
      const email = fresh();
      await app.post('/v1/auth/register', { email, password: GOOD });
      const token = await linkTo(email);
      expect((await app.post('/v1/auth/password/reset', { token, password: OTHER })).status).toBe(400);
    });

    it('are mailed three times an hour at the most, and the answer stays the same', async () => {
      const { email } = await given.customer(app);
      await app.database.execute('DELETE FROM identity.throttles');
      const before = (await lettersTo(email)).length;
      for (let count = 0; count < 6; count++) {
        expect((await app.post('/v1/auth/password/forgot', { email })).status).toBe(202);
      }
      expect((await lettersTo(email)).length - before).toBe(3);
    });

    it('to unknown addresses are not mailed, with the same answer', async () => {
      const email = fresh();
      const { email: known } = await given.customer(app);
      for (const path of ['/v1/auth/password/forgot', '/v1/auth/email/verification']) {
        const [one, other] = [await app.post(path, { email }), await app.post(path, { email: known })];
        expect([one.status, one.text]).toEqual([202, '']);
        expect([other.status, other.text]).toEqual([202, '']);
      }
      expect(await lettersTo(email)).toEqual([]);
    });
  });

  describe('signing in', () => {
    it('does not look at the token that a storefront still sends along', async () => {
      const { email, password } = await given.customer(app);
      for (const token of ['abc.def.ghi', 'sk_test_nonsense']) {
        const { status, body } = await app.post('/v1/auth/login', { email, password }, { token });
        expect(status).toBe(200);
        const next = await app.post('/v1/auth/refresh', { refreshToken: body.refreshToken }, { token });
        expect(next.status).toBe(200);
      }
    });

    it('says the same about a wrong password and an unknown address', async () => {
      const { email } = await given.customer(app);
      const wrong = await login(email, OTHER);
      const unknown = await login(fresh(), OTHER);
      expect([wrong.status, wrong.body.code]).toEqual([401, 'identity.invalid_credentials']);
      expect(told(unknown)).toEqual(told(wrong));
    });

    it('says the same about a disabled account, even with the right password', async () => {
      const { email, token } = await given.customer(app);
      await app.database.execute(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
        await given.accountId(app, email),
      ]);
      expect((await login(email, GOOD)).body.code).toBe('identity.invalid_credentials');
      await settled();
      expect((await app.get('/v1/me', { token })).status).toBe(401);
    });

    it.each(['known', 'unknown'])(
      'lets through no more than the free tries for a %s address',
      async (kind) => {
        const email = kind === 'known' ? (await given.customer(app)).email : fresh();
        await app.database.execute('DELETE FROM identity.throttles');
        const answers = await Promise.all(Array.from({ length: 25 }, () => login(email, OTHER)));
        const statuses = answers.map(({ status }) => status);
        expect(statuses.filter((status) => status === 401)).toHaveLength(5);
        const refused = answers.filter(({ status }) => status === 429);
        expect(refused).toHaveLength(20);
        expect(refused[0]?.body.code).toBe('identity.too_many_attempts');
        expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      },
    );

    it('lets exactly the free tries of two hundred at once come to the password', async () => {
      const { email } = await given.customer(app);
      await app.database.execute('DELETE FROM identity.throttles');
      const tried = async () => {
        const [row] = await app.database.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM platform.audit_entries WHERE action = 'identity.sign_in.failed'`,
        );
        return row?.count ?? 0;
      };
      const before = await tried();
      const answers = await Promise.all(Array.from({ length: 200 }, () => login(email, OTHER)));
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(195);
      expect((await tried()) - before).toBe(5);
    });

    /** As if the waits had been waited for. */
    const waited = () => app.database.execute(`UPDATE identity.throttles SET blocked_until = '-infinity'`);

    it('looks at no password after a hundred failures in a row, until another is set by mail', async () => {
      const { email, token: session } = await given.customer(app);
      const stranger = fresh();
      await app.database.execute('DELETE FROM identity.throttles');
      for (const address of [email, stranger]) await login(address, OTHER);
      const count = `UPDATE identity.throttles SET in_a_row = 98, failures = 98, last_failure_at = now() - interval '25 h' WHERE in_a_row > 0`;
      expect(await app.database.execute(count)).toBe(2);
      for (const address of [email, stranger]) expect((await login(address, OTHER)).status).toBe(401);
      await waited();
      // The hundredth in a row is still looked at, whatever days lie between.
      expect((await login(email, GOOD)).status).toBe(200);
      await login(email, OTHER);
      await app.database.execute(`UPDATE identity.throttles SET in_a_row = 100 WHERE in_a_row > 0`);
      await app.database.execute(`UPDATE identity.throttles SET last_failure_at = now() - interval '60 d'`);
      await app.run('identity.forget_counters');
      const off = await login(email, GOOD);
      expect(off.status).toBe(401);
      expect(told(await login(stranger, GOOD))).toEqual(told(off));
      expect((await app.get('/v1/me', { token: session })).status).toBe(200);
      await waited();
      await app.post('/v1/auth/password/forgot', { email });
      expect(
        (await app.post('/v1/auth/password/reset', { token: await linkTo(email), password: OTHER })).status,
      ).toBe(204);
      expect((await login(email, OTHER)).status).toBe(200);
    });

    it('keeps a known device apart from what strangers fail', async () => {
      const { email } = await given.customer(app);
      const eve = await given.customer(app);
      const tokenOf = async (address: string) => (await login(address, GOOD)).body.deviceToken as string;
      const [deviceToken, foreign] = [await tokenOf(email), await tokenOf(eve.email)];
      await app.database.execute('DELETE FROM identity.throttles');
      for (let count = 0; count < 6; count++) await login(email, OTHER);
      const from = (token: string, password = GOOD) =>
        app.post('/v1/auth/login', { email, password, deviceToken: token });
      expect((await login(email, GOOD)).status).toBe(429);
      for (const forged of [
        foreign,
        `${deviceToken.slice(0, -2)}xx`,
        deviceToken.replace('dt_1', 'dt_2'),
        'x',
      ])
        expect((await from(forged)).status).toBe(429);
      expect((await from(deviceToken)).status).toBe(200);
      // Its own counter has ten free tries, for all known devices of the account together.
      const other = (await from(deviceToken)).body.deviceToken as string;
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => from(index % 2 ? deviceToken : other, OTHER)),
      );
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
      // What the owner does right from there does not give strangers new tries.
      expect((await login(email, GOOD)).status).toBe(429);
    });

    it('tells the owner once of a success after five failures, and not of one after four', async () => {
      const { email } = await given.customer(app);
      const about = async () =>
        (await lettersTo(email)).filter(({ subject }) => subject.includes('failed attempts'));
      for (let count = 0; count < 4; count++) await login(email, OTHER);
      expect((await login(email, GOOD)).status).toBe(200);
      expect(await about()).toEqual([]);
      for (let count = 0; count < 5; count++) await login(email, OTHER);
      await waited();
      expect((await login(email, GOOD)).status).toBe(200);
      expect((await login(email, GOOD)).status).toBe(200);
      const letters = await about();
      expect(letters).toHaveLength(1);
      expect(letters[0]?.text).toContain('after 5 attempts');
    });

    it('says with every answer what is left for the network', async () => {
      const { email } = await given.customer(app);
      await app.database.execute('DELETE FROM identity.throttles');
      const left = ({ headers }: Answer) => [headers.get('ratelimit-policy'), headers.get('ratelimit')];
      const policy = '"network";q=30;w=900';
      expect(left(await login(email, OTHER))).toEqual([policy, '"network";r=29;t=900']);
      const second = await login(email, OTHER);
      expect([second.status, left(second)]).toEqual([
        401,
        [policy, expect.stringMatching(/^"network";r=28;t=(900|899)$/)],
      ]);
      expect(left(await login(email, GOOD))[1]).toMatch(/^"network";r=28;t=\d+$/);
      for (let count = 0; count < 28; count++) await login(fresh(), OTHER);
      const stopped = await login(email, GOOD);
      expect([stopped.status, left(stopped)[1]]).toEqual([
        429,
        expect.stringMatching(/^"network";r=0;t=\d+$/),
      ]);
      const mail = await app.post('/v1/auth/password/forgot', { email });
      expect(left(mail)).toEqual(['"mails";q=100000;w=3600', '"mails";r=99999;t=3600']);
    });

    it('believes nobody who says that he speaks for others', async () => {
      await app.database.execute('DELETE FROM identity.throttles');
      const say = (index: number) =>
        app.post(
          '/v1/auth/login',
          { email: fresh(), password: OTHER },
          { headers: { 'x-forwarded-for': `203.0.113.${index}` } },
        );
      for (let count = 0; count < 30; count++) expect((await say(count)).status).toBe(401);
      expect((await say(200)).status).toBe(429);
    });

    it('waits longer after each failure, a quarter of an hour at the most', async () => {
      const email = fresh();
      const blocked = async () => {
        const [row] = await app.database.query<{ seconds: number }>(
          `SELECT max(extract(epoch FROM blocked_until - last_failure_at))::int AS seconds FROM identity.throttles
           WHERE blocked_until > '-infinity'`,
        );
        await app.database.execute(
          `UPDATE identity.throttles SET blocked_until = now() WHERE blocked_until > '-infinity'`,
        );
        return row?.seconds;
      };
      for (let count = 1; count < 5; count++) await login(email, OTHER);
      const waits: unknown[] = [];
      for (let count = 5; count < 18; count++) {
        expect((await login(email, OTHER)).status).toBe(401);
        waits.push(await blocked());
      }
      expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    });

    it('does not count what went right against the network', async () => {
      const { email } = await given.customer(app);
      for (let count = 0; count < 35; count++) expect((await login(email, GOOD)).status).toBe(200);
    });

    it('stops a network after thirty failures, whatever the addresses', async () => {
      const { email } = await given.customer(app);
      await app.database.execute('DELETE FROM identity.throttles');
      for (let count = 0; count < 30; count++) expect((await login(fresh(), OTHER)).status).toBe(401);
      const stopped = await login(email, GOOD);
      expect(stopped.status).toBe(429);
      expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('keeps no counter that says whose it is', async () => {
      const email = fresh();
      await login(email, OTHER);
      const rows = await app.database.query<{ all: string }>(
        `SELECT encode(bucket, 'escape') AS all FROM identity.throttles`,
      );
      expect(rows.some((row) => row.all.includes(email))).toBe(false);
    });

    it('hashes with argon2id and says so in the row', async () => {
      const { email } = await given.customer(app);
      const [row] = await app.database.query<{ hash: string }>(
        'SELECT password_hash AS hash FROM identity.accounts WHERE id = $1',
        [await given.accountId(app, email)],
      );
      expect(row?.hash).toMatch(/^p=[\da-f]{8}\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    });
  });

  describe('refreshing', () => {
    const refresh = (refreshToken: string) => app.post('/v1/auth/refresh', { refreshToken });

    it('gives the next pair and keeps the session', async () => {
      const { email } = await given.customer(app);
      const first = await signedIn(email);
      const { status, body, headers } = await refresh(first.refreshToken);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body.refreshToken).not.toBe(first.refreshToken);
      const [before, after] = [decodeJwt(first.accessToken), decodeJwt(body.accessToken)];
      expect(after.sid).toBe(before.sid);
      expect(after.auth_time).toBe(before.auth_time);
      expect((await app.get('/v1/me', { token: body.accessToken })).status).toBe(200);
    });

    it('gives one successor to twenty at once', async () => {
      const { email } = await given.customer(app);
      const { refreshToken } = await signedIn(email);
      const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    });

    it('ends the family when a token comes back after the grace', async () => {
      const { email } = await given.customer(app);
      const { refreshToken } = await signedIn(email);
      const { body } = await refresh(refreshToken);
      await app.database.execute(`UPDATE identity.sessions SET refreshed_at = now() - interval '11 s'`);
      const replayed = await refresh(refreshToken);
      expect([replayed.status, replayed.body.code]).toEqual([401, 'identity.invalid_refresh_token']);
      const successor = await refresh(body.refreshToken);
      expect(told(successor)).toEqual(told(replayed));
      expect((await lettersTo(email)).at(-1)?.subject).toBe('We signed you out at one place');
      await settled();
      expect((await app.get('/v1/me', { token: body.accessToken })).status).toBe(401);
    });

    it('ends the family at once for a token two steps back', async () => {
      const { email } = await given.customer(app);
      const { refreshToken } = await signedIn(email);
      const second = await refresh(refreshToken);
      const third = await refresh(second.body.refreshToken);
      expect((await refresh(refreshToken)).status).toBe(401);
      expect((await refresh(third.body.refreshToken)).status).toBe(401);
    });

    it('refuses forged, foreign and ended tokens alike', async () => {
      const { email } = await given.customer(app);
      const { refreshToken, accessToken } = await signedIn(email);
      const flipped =
        refreshToken.slice(0, -2) + (refreshToken.at(-2) === 'A' ? 'B' : 'A') + refreshToken.slice(-1);
      const higher = refreshToken.replace('.0.', '.1.');
      const forged = [
        flipped,
        higher,
        `rt_${UNKNOWN}.0.${'a'.repeat(43)}`,
        'rt_',
        'x',
        accessToken.slice(0, 400),
      ];
      const answers = [];
      for (const token of forged) answers.push(await refresh(token));
      await app.post('/v1/auth/logout', { refreshToken });
      answers.push(await refresh(refreshToken));
      for (const answer of answers) {
        expect(answer.status).toBe(401);
        expect(told(answer)).toEqual(told(answers[0] as Answer));
      }
    });

    it('ends with the idle and the absolute time of the session', async () => {
      const { email } = await given.customer(app);
      for (const column of ['idle_until', 'ends_at']) {
        const { refreshToken, accessToken } = await signedIn(email);
        const { sid } = decodeJwt(accessToken);
        await app.database.execute(
          `UPDATE identity.sessions SET ${column} = now() - interval '1 s' WHERE id = $1`,
          [sid],
        );
        expect((await refresh(refreshToken)).status).toBe(401);
      }
    });
  });

  describe('sessions', () => {
    it('end by signing out, also for dead tokens', async () => {
      const { email } = await given.customer(app);
      const { refreshToken, accessToken } = await signedIn(email);
      expect((await app.get('/v1/me', { token: accessToken })).status).toBe(200);
      expect((await app.post('/v1/auth/logout', { refreshToken })).status).toBe(204);
      expect((await app.get('/v1/me', { token: accessToken })).status).toBe(401);
      expect((await app.post('/v1/auth/logout', { refreshToken })).status).toBe(204);
      expect((await app.post('/v1/auth/logout', { refreshToken: 'rt_x' })).status).toBe(204);
      const { sub, sid } = decodeJwt(accessToken);
      const trail = await app.database.query<{ details: object }>(
        `SELECT details FROM platform.audit_entries WHERE subject_id = $1 AND action = 'identity.session.signed_out'`,
        [sub],
      );
      expect(trail).toEqual([{ details: { sessionId: sid } }]);
    });

    it('are listed and ended by their owner', async () => {
      const { email, token } = await given.customer(app);
      const other = await signedIn(email);
      const list = await app.get('/v1/me/sessions', { token });
      expect(list.body.items).toHaveLength(2);
      const mine = list.body.items.filter(({ current }: { current: boolean }) => current);
      expect(mine).toEqual([expect.objectContaining({ id: decodeJwt(token).sid, ipPrefix: '127.0.0.0/24' })]);
      const { sid } = decodeJwt(other.accessToken);
      expect((await app.delete(`/v1/me/sessions/${String(sid)}`, { token })).status).toBe(204);
      expect((await app.get('/v1/me', { token: other.accessToken })).status).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken: other.refreshToken })).status).toBe(401);
      expect((await app.get('/v1/me', { token })).status).toBe(200);
    });

    it('are fifty at the most, also when they are opened at once: the oldest end', async () => {
      const { email } = await given.customer(app);
      const first = await signedIn(email);
      await app.database.execute(
        `INSERT INTO identity.sessions (id, account_id, idle_until, ends_at)
         SELECT overlay(s.id::text PLACING lpad(n::text, 12, '0') FROM 25)::uuid, account_id, idle_until, ends_at
         FROM identity.sessions s, generate_series(1, 47) n WHERE s.id = $1`,
        [decodeJwt(first.accessToken).sid],
      );
      const last = await Promise.all(Array.from({ length: 4 }, () => signedIn(email)));
      const list = await app.get('/v1/me/sessions', { token: last[0]?.accessToken ?? '' });
      expect(list.body.items).toHaveLength(50);
      const [row] = await app.database.query<{ live: number; ended: number }>(
        `SELECT count(*) FILTER (WHERE revoked_at IS NULL)::int AS live,
           count(*) FILTER (WHERE revoked_because = 'too_many')::int AS ended
         FROM identity.sessions WHERE account_id = $1`,
        [decodeJwt(first.accessToken).sub],
      );
      expect(row).toEqual({ live: 50, ended: 3 });
      for (const { refreshToken } of last)
        expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(200);
    });

    it('of somebody else are as unknown ones', async () => {
      const [ada, eve] = [await given.customer(app), await given.customer(app)];
      const { sid } = decodeJwt(ada.token);
      const foreign = await app.delete(`/v1/me/sessions/${String(sid)}`, { token: eve.token });
      const unknown = await app.delete(`/v1/me/sessions/${UNKNOWN}`, { token: eve.token });
      expect(foreign.status).toBe(404);
      expect(told(foreign)).toEqual(told(unknown));
      expect((await app.get('/v1/me', { token: ada.token })).status).toBe(200);
      expect((await app.delete('/v1/me/sessions/7', { token: eve.token })).status).toBe(400);
    });

    it('ended in another process are refused within a second', async () => {
      const { token } = await given.customer(app);
      expect((await app.get('/v1/me', { token })).status).toBe(200);
      await app.database.execute('UPDATE identity.sessions SET revoked_at = now() WHERE id = $1', [
        decodeJwt(token).sid,
      ]);
      await settled();
      expect((await app.get('/v1/me', { token })).status).toBe(401);
    });
  });

  describe('my account', () => {
    it('is changed by its owner, with If-Match', async () => {
      const { token } = await given.customer(app);
      const etag = (await app.get('/v1/me', { token })).headers.get('etag') ?? '';
      const body = { firstName: 'Ada', lastName: 'Byron' };
      const changed = await app.patch('/v1/me', body, { token, headers: { 'if-match': etag } });
      expect(changed.body).toMatchObject(body);
      expect((await app.patch('/v1/me', body, { token, headers: { 'if-match': etag } })).status).toBe(412);
      const cleared = await app.patch('/v1/me', { firstName: null }, { token });
      expect(cleared.body).toMatchObject({ firstName: null, lastName: 'Byron' });
      expect((await app.patch('/v1/me', { email: fresh() }, { token })).status).toBe(400);
    });

    const change = (token: string, presentPassword: string, password: string) =>
      app.post('/v1/me/password', { presentPassword, password }, { token });

    it('gets a new password with the present one, and is signed out everywhere else', async () => {
      const { email, token } = await given.customer(app);
      const other = await signedIn(email);
      await app.post('/v1/auth/password/forgot', { email });
      const link = await linkTo(email);
      const wrong = await change(token, OTHER, OTHER);
      expect([wrong.status, wrong.body.code]).toEqual([400, 'identity.wrong_password']);
      expect((await change(token, GOOD, GOOD)).body.errors[0].code).toBe('unchanged');
      expect((await change(token, GOOD, 'short')).body.code).toBe('identity.password_blocked');
      expect((await change(token, GOOD, OTHER)).status).toBe(204);
      expect((await app.get('/v1/me', { token })).status).toBe(200);
      expect((await app.get('/v1/me', { token: other.accessToken })).status).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken: other.refreshToken })).status).toBe(401);
      expect((await app.post('/v1/auth/password/reset', { token: link, password: GOOD })).status).toBe(400);
      expect((await lettersTo(email)).at(-1)?.subject).toBe('Your password was changed');
      expect((await login(email, GOOD)).status).toBe(401);
      expect((await login(email, OTHER)).status).toBe(200);
    });

    it('does not let a stolen session guess the password', async () => {
      const { token } = await given.customer(app);
      const answers = await Promise.all(Array.from({ length: 20 }, () => change(token, OTHER, `${OTHER}!`)));
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(5);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
    });

    it('does sensitive things only with a fresh proof, which a refresh does not make', async () => {
      const email = fresh();
      const admin = await given.admin(app);
      await app.post('/v1/admin/staff', { email, roles: ['administrator'] }, { token: admin });
      await app.post('/v1/auth/password/reset', { token: await linkTo(email), password: GOOD });
      const { body: old } = await login(email, GOOD);
      await app.database.execute(
        `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE account_id = $1`,
        [await given.accountId(app, email)],
      );
      const { accessToken: token } = (await app.post('/v1/auth/refresh', { refreshToken: old.refreshToken }))
        .body;
      const invite = (with_: string) =>
        app.post('/v1/admin/staff', { email: fresh(), roles: ['support'] }, { token: with_ });
      const refused = await invite(token);
      expect([refused.status, refused.body.code]).toEqual([401, 'platform.proof_required']);
      expect(refused.headers.get('www-authenticate')).toBe(
        'Bearer error="insufficient_user_authentication", acr_values="aal1", max_age="600"',
      );
      const step = (password: string) => app.post('/v1/auth/step-up', { password }, { token });
      expect((await step(OTHER)).body.code).toBe('identity.wrong_password');
      const proved = await step(GOOD);
      expect(proved.status).toBe(200);
      expect((await invite(proved.body.accessToken)).status).toBe(201);
      expect((await invite(token)).status).toBe(401);
      // Who can prove two factors must.
      const { accessToken: one } = (await login(email, GOOD)).body;
      await app.database.execute('UPDATE identity.accounts SET second_factor = true WHERE id = $1', [
        await given.accountId(app, email),
      ]);
      const weak = await invite(one);
      expect([weak.status, weak.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('aal2'),
      ]);
      expect((await app.post('/v1/auth/step-up', { password: GOOD })).status).toBe(401);
    });

    it('can do nothing else while its password must be changed', async () => {
      const { email } = await given.customer(app);
      const staff = fresh();
      const roles = ['administrator'];
      await app.post('/v1/admin/staff', { email: staff, roles }, { token: await given.admin(app) });
      await app.post('/v1/auth/password/reset', { token: await linkTo(staff), password: GOOD });
      await app.database.execute(
        'UPDATE identity.accounts SET must_change_password = true WHERE id = ANY ($1)',
        [[await given.accountId(app, email), await given.accountId(app, staff)]],
      );
      for (const address of [email, staff]) {
        const { body } = await login(address, GOOD);
        expect(body.passwordChangeRequired).toBe(true);
        const token = body.accessToken as string;
        for (const path of ['/v1/me', '/v1/me/sessions', '/v1/admin/staff', '/v1/admin/orders']) {
          const { status, body: told } = await app.get(path, { token });
          expect([path, status, told.code]).toEqual([path, 403, 'identity.password_change_required']);
        }
        const next = await app.post('/v1/auth/refresh', { refreshToken: body.refreshToken });
        expect((await app.get('/v1/me', { token: next.body.accessToken })).status).toBe(403);
        expect((await change(token, GOOD, OTHER)).status).toBe(204);
        expect((await app.get('/v1/me', { token })).status).toBe(200);
        expect((await login(address, OTHER)).body.passwordChangeRequired).toBe(false);
      }
    });

    it.each([
      ['GET', '/v1/me'],
      ['PATCH', '/v1/me'],
      ['POST', '/v1/me/password'],
      ['GET', '/v1/me/sessions'],
      ['DELETE', `/v1/me/sessions/${UNKNOWN}`],
      ['GET', '/v1/admin/customers'],
      ['GET', '/v1/admin/staff'],
      ['POST', '/v1/admin/staff'],
    ])('%s %s wants a token', async (method, path) => {
      const answer = await app.send(method, path, ['PATCH', 'POST'].includes(method) ? {} : undefined);
      expect([answer.status, answer.body.code]).toEqual([401, 'platform.unauthorized']);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    });
  });

  describe('staff', () => {
    it('lists customers page by page, and finds one by address', async () => {
      const token = await given.admin(app);
      const { email } = await given.customer(app);
      await given.customer(app);
      const first = await app.get('/v1/admin/customers?limit=1', { token });
      expect([first.status, first.body.items.length]).toEqual([200, 1]);
      const second = await app.get(`/v1/admin/customers?limit=1&cursor=${first.body.nextCursor}`, { token });
      expect(second.body.items[0].id).not.toBe(first.body.items[0].id);
      const found = await app.get(`/v1/admin/customers?email=${email.toUpperCase()}`, { token });
      expect(found.body.items).toEqual([
        {
          id: expect.any(String),
          erasesAt: null,
          email,
          emailVerified: true,
          firstName: null,
          lastName: null,
          status: 'active',
          groups: [],
          createdAt: expect.any(String),
        },
      ]);
      expect(found.text).not.toMatch(/password|hash/i);
      expect((await app.get('/v1/admin/customers?name=x', { token })).status).toBe(400);
      expect((await app.get('/v1/admin/customers?cursor=x.y', { token })).status).toBe(400);
    });

    it('is nothing for customers', async () => {
      const { token } = await given.customer(app);
      for (const path of ['/v1/admin/customers', '/v1/admin/staff', '/v1/admin/orders']) {
        const { status, body } = await app.get(path, { token });
        expect([path, status, body.code]).toEqual([path, 403, 'platform.forbidden']);
      }
    });

    it('gets an account by invitation, and may do what its roles say', async () => {
      const token = await given.admin(app);
      const email = fresh();
      const made = await app.post('/v1/admin/staff', { email, roles: ['support'] }, { token });
      expect([made.status, made.body.roles]).toEqual([201, ['support']]);
      const link = await linkTo(email);
      expect((await app.post('/v1/auth/password/reset', { token: link, password: GOOD })).status).toBe(204);
      const { body } = await login(email, GOOD);
      expect(body.expiresIn).toBe(300);
      const may = { token: body.accessToken as string };
      expect((await app.get('/v1/admin/customers', may)).status).toBe(200);
      expect(
        (await app.post('/v1/admin/staff', { email: fresh(), roles: ['administrator'] }, may)).status,
      ).toBe(403);
      await app.database.execute('DELETE FROM identity.account_roles WHERE account_id = $1', [
        await given.accountId(app, email),
      ]);
      await settled();
      expect((await app.get('/v1/admin/customers', may)).status).toBe(403);
    });

    it('is invited whatever strangers asked for that address, for 72 hours', async () => {
      const email = fresh();
      for (let count = 0; count < 4; count++) await app.post('/v1/auth/password/forgot', { email });
      await app.post('/v1/admin/staff', { email, roles: ['support'] }, { token: await given.admin(app) });
      const [letter] = await lettersTo(email);
      expect([letter?.subject, letter?.text]).toEqual([
        'You are invited to work here',
        expect.stringContaining('72 hours'),
      ]);
    });

    it('gives nobody more than it has itself', async () => {
      const token = await given.admin(app);
      await app.database.execute(
        `INSERT INTO identity.roles (code, title, permissions) VALUES ('people', 'People', '{identity:staff:write,identity:customer:read}')
         ON CONFLICT DO NOTHING`,
      );
      const email = fresh();
      await app.post('/v1/admin/staff', { email, roles: ['people'] }, { token });
      await app.post('/v1/auth/password/reset', { token: await linkTo(email), password: GOOD });
      const { accessToken } = await signedIn(email);
      const give = async (roles: string[]) =>
        (await app.post('/v1/admin/staff', { email: fresh(), roles }, { token: accessToken })).status;
      expect(await give(['people'])).toBe(201);
      for (const role of ['administrator', 'support', 'catalog-manager', 'read-only'])
        expect([role, await give(['people', role])]).toEqual([role, 403]);
    });

    it('refuses a second account for an address, and roles that do not exist', async () => {
      const token = await given.admin(app);
      const taken = await app.post('/v1/admin/staff', { email: admin.email, roles: ['support'] }, { token });
      expect([taken.status, taken.body.code]).toEqual([409, 'platform.conflict']);
      const email = fresh();
      const unknown = await app.post('/v1/admin/staff', { email, roles: ['king'] }, { token });
      expect([unknown.status, unknown.body.code]).toEqual([422, 'identity.unknown_role']);
      const list = await app.get(`/v1/admin/staff?email=${email}`, { token });
      expect(list.body.items).toEqual([]);
      expect((await app.post('/v1/admin/staff', { email }, { token })).status).toBe(400);
    });

    it('can do everything as administrator', async () => {
      const token = await given.admin(app);
      const list = await app.get('/v1/admin/staff', { token });
      expect(list.body.items.at(-1)).toMatchObject({ email: admin.email, roles: ['administrator'] });
    });
  });

  describe('access tokens', () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const split = (token: string) => {
      const [head = '', body = '', signature = ''] = token.split('.');
      const read = (text: string) =>
        JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
      return { head: read(head), claims: read(body), raw: { head, body, signature } };
    };

    it('are ES256 of type at+jwt, without personal data, and verify with the published key', async () => {
      const { token, email } = await given.customer(app);
      const { head, claims } = split(token);
      const { body, headers } = await app.get('/.well-known/jwks.json');
      expect(headers.get('cache-control')).toBe('public, max-age=300');
      // The one that signs, and the one that will: it is known before the first token of it is seen.
      const published = {
        kty: 'EC',
        crv: 'P-256',
        x: expect.any(String),
        y: expect.any(String),
        kid: expect.any(String),
        alg: 'ES256',
        use: 'sig',
      };
      expect(body.keys).toEqual([published, published]);
      expect(head).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
      await expect(jwtVerify(token, createLocalJWKSet(body))).resolves.toBeDefined();
      expect(claims).toMatchObject({ iss: 'http://shop.test', aud: 'guildhall', sid: expect.any(String) });
      expect(Number(claims.exp) - Number(claims.iat)).toBe(600);
      expect(JSON.stringify(claims)).not.toContain(email.split('@')[0]);
    });

    it('keep their private key sealed in the database', async () => {
      const [row] = await app.database.query<{ sealed: Buffer }>(
        'SELECT private_sealed AS sealed FROM identity.signing_keys',
      );
      expect(row?.sealed.toString('latin1')).not.toContain('"d"');
    });

    it('that were tampered with are refused, all with one answer', async () => {
      const { email } = await given.customer(app);
      const { accessToken, refreshToken } = await signedIn(email);
      const { head, claims, raw } = split(accessToken);
      const published = (await app.get('/.well-known/jwks.json')).body.keys as { kid: string; x: string }[];
      const jwk = published.find(({ kid }) => kid === head.kid);
      const own = await generateKeyPair('ES256', { extractable: true });
      const ownPublic = await exportJWK(own.publicKey);
      const foreign = (header: object, payload: object = claims) =>
        new SignJWT(payload as Record<string, unknown>)
          .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: String(head.kid), ...header })
          .sign(own.privateKey);
      const nextKid = published.find(({ kid }) => kid !== head.kid)?.kid;
      const publicKey = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      const der = publicKey.export({ type: 'spki', format: 'der' });
      const hs256 = (secret: string | Buffer) => {
        const text = `${part({ ...head, alg: 'HS256' })}.${raw.body}`;
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
      };
      const ours = await ourSigner(app);
      const now = Math.floor(Date.now() / 1_000);
      const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const attacks: Record<string, string> = {
        'alg none': `${part({ ...head, alg: 'none' })}.${raw.body}.`,
        'alg None': `${part({ ...head, alg: 'None' })}.${raw.body}.`,
        'no signature': `${raw.head}.${raw.body}.`,
        'HS256 with the public key as JSON': hs256(JSON.stringify(jwk)),
        'HS256 with the x of the public key': hs256(String(jwk?.x)),
        'HS256 with the public key as PEM': hs256(pem),
        'HS256 with the public key as DER': hs256(der),
        'HS256 with nothing': hs256(''),
        'ES384 over our signature': `${part({ ...head, alg: 'ES384' })}.${raw.body}.${raw.signature}`,
        'a signature of noughts': `${raw.head}.${raw.body}.${Buffer.alloc(64).toString('base64url')}`,
        'the kid of the next key': await ours({}, { kid: nextKid }),
        RS256: await new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: String(head.kid) })
          .sign(rsa.privateKey),
        'a foreign key': await foreign({}),
        'an unknown kid': await foreign({ kid: 'other' }),
        'a kid of SQL': await foreign({ kid: `' OR 1=1 --` }),
        'a kid of a path': await foreign({ kid: '../../../dev/null' }),
        'a jwk of its own': await foreign({ jwk: ownPublic }),
        'a jku of its own': await foreign({ jku: 'http://127.0.0.1:1/jwks.json' }),
        'an x5u of its own': await foreign({ x5u: 'http://127.0.0.1:1/cert.pem' }),
        'ours with a jwk': await ours({}, { jwk: ownPublic }),
        'ours with a jku': await ours({}, { jku: 'http://127.0.0.1:1/' }),
        'ours with an x5u': await ours({}, { x5u: 'http://127.0.0.1:1/' }),
        'ours with an x5c': await ours({}, { x5c: ['MIIB'] }),
        'ours with crit': await ours({}, { crit: ['b64'], b64: true }),
        'the type JWT': await ours({}, { typ: 'JWT' }),
        'no type': await ours({}, { typ: undefined }),
        'no kid': await ours({}, { kid: undefined }),
        'another audience': await ours({ aud: 'elsewhere' }),
        'another issuer': await ours({ iss: 'http://evil.test' }),
        'no audience': await ours({ aud: undefined }),
        'no issuer': await ours({ iss: undefined }),
        expired: await ours({ iat: now - 700, exp: now - 10 }),
        'not yet valid': await ours({ nbf: now + 60 }),
        'without end': await ours({ exp: undefined }),
        'another subject': await ours({ sub: UNKNOWN }),
        'another session': await ours({ sid: UNKNOWN }),
        'no session': await ours({ sid: undefined }),
        'a session of SQL': await ours({ sid: `' OR 1=1 --` }),
        'a bit of the header': `${raw.head.slice(0, 12)}${raw.head[12] === 'A' ? 'B' : 'A'}${raw.head.slice(13)}.${raw.body}.${raw.signature}`,
        'a client beside the session': await ours({ sid: undefined, client_id: claims.sub, scope: '*' }),
        'a bit of the payload': `${raw.head}.${part({ ...claims, sub: UNKNOWN })}.${raw.signature}`,
        'a bit of the signature': `${raw.head}.${raw.body}.${raw.signature.startsWith('A') ? 'B' : 'A'}${raw.signature.slice(1)}`,
        'a refresh token': refreshToken,
        nothing: '',
        rubbish: 'a.b.c',
        'a fourth part': `${accessToken}.${raw.signature}`,
        'five parts': `${raw.head}..${raw.body}.${raw.body}.${raw.signature}`,
        'a bit of the claims': `${raw.head}.${raw.body.slice(0, 40)}${raw.body[40] === 'A' ? 'B' : 'A'}${raw.body.slice(41)}.${raw.signature}`,
        long: 'x'.repeat(4_000),
      };
      expect((await app.get('/v1/me', { token: await ours({}) })).status).toBe(200);
      const plain = told(await app.get('/v1/me'));
      const seen: Record<string, unknown> = {};
      for (const [name, token] of Object.entries(attacks)) {
        const answer = await app.get('/v1/me', { headers: { authorization: `Bearer ${token}` } });
        seen[name] = [answer.status, told(answer)];
      }
      expect(seen).toEqual(Object.fromEntries(Object.keys(attacks).map((name) => [name, [401, plain]])));
    });

    it('count only as a bearer header', async () => {
      const { token } = await given.customer(app);
      expect((await app.get(`/v1/me?access_token=${token}`)).status).toBe(401);
      expect((await app.get('/v1/me', { headers: { authorization: `Basic ${token}` } })).status).toBe(401);
      expect((await app.get('/v1/me', { headers: { authorization: token } })).status).toBe(401);
      expect((await app.get('/v1/me', { headers: { cookie: `token=${token}` } })).status).toBe(401);
    });
  });

  /** What a process believes about a session is a second old at the most. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 1_050));
});

describe('identity behind a proxy', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({
      TRUSTED_PROXIES: '127.0.0.1',
      MAILS_PER_NETWORK: '3',
      REFRESH_GRACE_SECONDS: '0',
    });
  });
  afterAll(() => app?.close());

  const from = (ip: string, path: string, body: object) =>
    app.post(path, body, { headers: { 'x-forwarded-for': ip } });
  const fail = (ip: string) =>
    from(ip, '/v1/auth/login', { email: `${randomUUID()}@example.test`, password: OTHER });

  it('counts an IPv6 house together, however its addresses are written, and its neighbours apart', async () => {
    for (let count = 0; count < 15; count++) {
      expect((await fail(`2001:db8::${(count + 1).toString(16)}`)).status).toBe(401);
      expect((await fail(`2001:0DB8:0:0:${count + 1}:2:3:4`)).status).toBe(401);
    }
    expect((await fail('2001:db8::ffff')).status).toBe(429);
    expect((await fail('2001:db8:0:1::1')).status).toBe(401);
  });

  it('counts an IPv4 address as one, also when it is written as IPv6', async () => {
    for (let count = 0; count < 15; count++) {
      expect((await fail('198.51.100.7')).status).toBe(401);
      expect((await fail('::ffff:198.51.100.7')).status).toBe(401);
    }
    expect((await fail('::ffff:c633:6407')).status).toBe(429);
    // Only the last hop is the proxy's own word: what came before it anybody may have written.
    expect((await fail('192.0.2.1, 198.51.100.7')).status).toBe(429);
    expect((await fail('198.51.100.8')).status).toBe(401);
    // Some proxies write the port as well.
    expect((await fail('198.51.100.7:49152')).status).toBe(429);
    expect((await fail('[::ffff:198.51.100.7]:49152')).status).toBe(429);
    expect((await fail('198.51.100.8:49152')).status).toBe(401);
  });

  it('mails no more than so many letters an hour for one network, and answers the same', async () => {
    const ip = '198.51.100.20';
    const addresses = Array.from({ length: 5 }, () => `${randomUUID()}@example.test`);
    for (const email of addresses) {
      const answer = await from(ip, '/v1/auth/register', { email, password: GOOD });
      expect([answer.status, answer.text]).toEqual([202, '']);
    }
    const written = async () => {
      await app.settle();
      return (await app.letters()).map(({ to }) => to);
    };
    expect((await written()).sort()).toEqual(addresses.slice(0, 3).sort());
    const [, , , stopped = ''] = addresses;
    const path = '/v1/auth/email/verification';
    const same = await from(ip, path, { email: stopped });
    expect([same.status, same.headers.get('ratelimit')]).toEqual([
      202,
      expect.stringMatching(/^"mails";r=0;t=\d+$/),
    ]);
    expect(await written()).not.toContain(stopped);
    await from('198.51.100.21', path, { email: stopped });
    expect(await written()).toContain(stopped);
  });

  it('takes a refresh token once and not again, when the shop gives no grace', async () => {
    const { email } = await given.customer(app);
    const { body } = await app.post('/v1/auth/login', { email, password: GOOD });
    const refresh = (refreshToken: string) => app.post('/v1/auth/refresh', { refreshToken });
    const next = await refresh(body.refreshToken);
    expect(next.status).toBe(200);
    expect((await refresh(body.refreshToken)).status).toBe(401);
    expect((await refresh(next.body.refreshToken)).status).toBe(401);
  });
});

/** Signs with the real key of the store: what only the missing check of one claim or header would let through. */
async function ourSigner(app: TestApp) {
  const { active } = app.app.get(KeyRing, { strict: false });
  const { token } = await given.customer(app);
  const claims = decodeJwt(token);
  return (changes: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const head = { alg: 'ES256', typ: 'at+jwt', kid: active.kid, ...header };
    return new SignJWT({ ...claims, ...changes }).setProtectedHeader(head).sign(active.key);
  };
}
