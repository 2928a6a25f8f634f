import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { startApp, type TestApp } from './support/app.js';
import { roomInStep, shownCode } from './support/authenticator-app.js';
import { SoftAuthenticator } from './support/authenticator.js';
import { type Answer, Client } from './support/client.js';
import { given } from './support/given.js';
import { Browser, RealProvider } from './support/providers.js';
import { newFolder, RealProcess } from './support/real-process.js';

const GOOD = 'four random words are good';
const OTHER = 'seven other words of mine';
const AT_ONCE = 50;

type Tally = Record<string, number>;

function tally(answers: Answer[]): Tally {
  const counts: Tally = {};
  for (const { status, body } of answers) {
    const name = status < 300 ? String(status) : `${status} ${body?.code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** What works once works once, and what is counted is counted, also when two processes are asked at the same moment. */
describe('races of identity, over two processes', () => {
  let app: TestApp;
  let acme: RealProvider;
  let both: [Client, Client];
  const folders: string[] = [];
  /** What came of each race, for the table at the end. */
  const table: string[] = [];

  beforeAll(async () => {
    acme = await RealProvider.start('acme');
    const provider = { code: 'acme', title: 'Acme', issuer: acme.issuer, ...RealProvider.client };
    const shared = {
      OIDC_PROVIDERS: JSON.stringify([provider]),
      OIDC_RETURN_URLS: 'http://shop.test/account',
      PUBLIC_URL: 'http://shop.test',
      MAILS_PER_NETWORK: '100000',
      // So that attackers can come from many networks.
      TRUSTED_PROXIES: '127.0.0.1',
    };
    app = await startApp(shared);
    const folder = newFolder();
    folders.push(folder);
    const second = RealProcess.start({
      NODE_ENV: 'test',
      ROLE: 'api',
      DATABASE_URL: app.config.databaseUrl ?? '',
      TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
      SECRET_KEY: 'a secret that only the tests know, 32+',
      DATA_DIR: folder,
      ...shared,
    });
    both = [app, new Client(await second.url())];
  });
  afterAll(async () => {
    console.log(table.join('\n'));
    await RealProcess.sweep(folders);
    await app?.close();
    await acme?.stop();
  });
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));

  /** So many at once, every second one to the other process. */
  const race = async (what: string, ask: (to: Client, index: number) => Promise<Answer>, count = AT_ONCE) => {
    const started = performance.now();
    const answers = await Promise.all(
      Array.from({ length: count }, (_, index) => ask(both[index % 2] as Client, index)),
    );
    const counts = tally(answers);
    table.push(`${what}: ${count} at once: ${JSON.stringify(counts)}`);
    return { answers, counts, seconds: (performance.now() - started) / 1_000 };
  };
  const one = async <T>(sql: string, values: unknown[]): Promise<T> => {
    const [row] = await app.database.query<{ value: T }>(sql, values);
    return row?.value as T;
  };
  const fresh = () => `${randomUUID()}@example.test`;
  /** `network`: the third and fourth byte of where it comes from. */
  const login = (email: string, password: string, deviceToken?: string, to: Client = app, network = 0) =>
    to.post(
      '/v1/auth/login',
      { email, password, ...(deviceToken && { deviceToken }) },
      { headers: { 'x-forwarded-for': `198.18.${network >> 8}.${network & 255}` } },
    );
  const signedIn = async (email: string): Promise<Answer['body']> => {
    const { status, body, text } = await login(email, GOOD);
    if (status !== 200) throw new Error(text);
    return body;
  };
  const lettersTo = async (email: string) => {
    await app.settle();
    return (await app.letters()).filter(({ to }) => to === email);
  };
  const linkTo = async (email: string): Promise<string> =>
    (await lettersTo(email)).flatMap(({ text }) => /token=([\w-]+)/.exec(text)?.[1] ?? []).at(-1) ?? '';
  const tried = () =>
    one<number>(
      `SELECT count(*)::int AS value FROM platform.audit_entries WHERE action = 'identity.sign_in.failed'`,
      [],
    );
  const sessionsOf = (email: string) =>
    one<number>(
      `SELECT count(*)::int AS value FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
       WHERE s.revoked_at IS NULL AND a.id = $1`,
      [idOf.get(email)],
    );
  /** Ids of accounts by address: how an address is kept is the module's affair. */
  const idOf = new Map<string, string>();
  const customer = async () => {
    const made = await given.customer(app);
    idOf.set(made.email, String(decodeJwt(made.token).sub));
    return made;
  };
  /** A customer with an authenticator app whose present code has not been used. */
  const enrolled = async () => {
    const { token, email } = await customer();
    const { secret } = (await app.post('/v1/me/mfa/totp', undefined, { token })).body;
    const code = { code: shownCode(secret as string) };
    const on = (await app.post('/v1/me/mfa/totp/confirmation', code, { token })).body;
    await app.database.execute(
      'UPDATE identity.totp_factors SET last_step = last_step - 10 WHERE account_id = $1',
      [idOf.get(email)],
    );
    return { email, token, secret: secret as string, recoveryCodes: on.recoveryCodes as string[] };
  };
  const challenges = async (email: string, count: number): Promise<string[]> => {
    const made: string[] = [];
    for (let index = 0; index < count; index++) made.push((await signedIn(email)).challenge as string);
    return made;
  };

  describe('refresh tokens', () => {
    it('give one successor to twenty at once, for each of fifty sessions, and end none', async () => {
      const { email } = await customer();
      const tokens: string[] = [];
      for (let index = 0; index < 49; index++) tokens.push((await signedIn(email)).refreshToken as string);
      const answers: Answer[] = [];
      for (const refreshToken of tokens) {
        const ask = (_: unknown, index: number) =>
          (both[index % 2] as Client).post('/v1/auth/refresh', { refreshToken });
        answers.push(...(await Promise.all(Array.from({ length: 20 }, ask))));
      }
      const successors = new Set(answers.map(({ body }) => body.refreshToken as string));
      table.push(
        `refresh with one token: ${tokens.length} sessions × 20 at once: ${JSON.stringify(tally(answers))}, ${successors.size} successors`,
      );
      expect(tally(answers)).toEqual({ 200: tokens.length * 20 });
      expect(successors.size).toBe(tokens.length);
      const moved = await one<number>(
        'SELECT count(*)::int AS value FROM identity.sessions WHERE account_id = $1 AND counter = 1 AND revoked_at IS NULL',
        [idOf.get(email)],
      );
      expect(moved).toBe(tokens.length);
    });

    it('after the grace end their family, once, and whoever had the right one too', async () => {
      const { email } = await customer();
      const { refreshToken: old } = await signedIn(email);
      const { refreshToken: present } = (await app.post('/v1/auth/refresh', { refreshToken: old })).body;
      await app.database.execute(
        `UPDATE identity.sessions SET refreshed_at = now() - interval '11 s' WHERE account_id = $1`,
        [idOf.get(email)],
      );
      const { counts } = await race('refresh with a token after its grace', (to) =>
        to.post('/v1/auth/refresh', { refreshToken: old }),
      );
      expect(counts).toEqual({ '401 identity.invalid_refresh_token': AT_ONCE });
      expect((await app.post('/v1/auth/refresh', { refreshToken: present })).status).toBe(401);
      const told = (await lettersTo(email)).filter(({ subject }) => subject.includes('signed you out'));
      expect(told).toHaveLength(1);
      const noted = await one<number>(
        `SELECT count(*)::int AS value FROM platform.audit_entries
         WHERE action = 'identity.session.refresh_reuse_detected' AND subject_id = $1`,
        [idOf.get(email)],
      );
      expect(noted).toBe(1);
    });

    it('of two thieves and the owner leave nobody in', async () => {
      const { email } = await customer();
      const { refreshToken: stolen } = await signedIn(email);
      const next = async (refreshToken: string) =>
        (await app.post('/v1/auth/refresh', { refreshToken })).body.refreshToken as string;
      const second = await next(stolen);
      const third = await next(second);
      const { counts } = await race(
        'refresh with the first of three tokens, at once with the present one',
        (to, n) => to.post('/v1/auth/refresh', { refreshToken: n === 25 ? third : stolen }),
      );
      expect(counts['401 identity.invalid_refresh_token']).toBeGreaterThanOrEqual(AT_ONCE - 1);
      expect((await app.post('/v1/auth/refresh', { refreshToken: third })).status).toBe(401);
    });
  });

  /** On a slow machine the waits of 1, 2, 4 … seconds pass while the race is on, and each of them lets one more come. */
  const waited = (seconds: number) => Math.floor(Math.log2(seconds + 1));

  describe('wrong passwords', () => {
    it.each([['an account'], ['an address without one']])(
      'of %s are looked at five times out of a hundred of as many networks, and its owner gets in from a known device',
      async (kind) => {
        const email = kind === 'an account' ? (await customer()).email : fresh();
        const device = kind === 'an account' ? ((await signedIn(email)).deviceToken as string) : undefined;
        const before = await tried();
        const { counts, seconds } = await race(
          `wrong passwords of ${kind}, each of another network`,
          (to, n) => login(email, OTHER, undefined, to, n + 1),
          100,
        );
        const free = 5 + waited(seconds);
        expect(counts['401 identity.invalid_credentials']).toBeGreaterThanOrEqual(5);
        expect(counts['401 identity.invalid_credentials']).toBeLessThanOrEqual(free);
        expect(Object.keys(counts)).toHaveLength(2);
        expect((await tried()) - before).toBe(counts['401 identity.invalid_credentials']);
        if (device) expect((await login(email, GOOD, device)).status).toBe(200);
      },
    );

    it('of somebody who is signed in are looked at five times', async () => {
      const { token } = await customer();
      const body = { presentPassword: OTHER, password: 'four other random words' };
      const { counts, seconds } = await race('the present password, guessed', (to) =>
        to.post('/v1/me/password', body, { token }),
      );
      expect(counts['400 identity.wrong_password']).toBeGreaterThanOrEqual(5);
      expect(counts['400 identity.wrong_password']).toBeLessThanOrEqual(5 + waited(seconds));
      expect(Object.keys(counts)).toHaveLength(2);
    });
  });

  describe('what works once', () => {
    const once = (counts: Tally, status: number, refused: Tally) =>
      expect(counts).toEqual({ [status]: 1, ...refused });
    const dead = { '400 identity.invalid_or_expired_token': AT_ONCE - 1 };

    it('is the link of a forgotten password', async () => {
      const { email } = await customer();
      await app.post('/v1/auth/password/forgot', { email });
      const token = await linkTo(email);
      const { answers, counts } = await race('a reset token', (to, n) =>
        to.post('/v1/auth/password/reset', { token, password: `${OTHER} ${n}` }),
      );
      once(counts, 204, dead);
      const winner = answers.findIndex(({ status }) => status === 204);
      expect((await login(email, `${OTHER} ${winner}`)).status).toBe(200);
    });

    it('is the link that verifies an address', async () => {
      const email = fresh();
      await app.post('/v1/auth/register', { email, password: GOOD });
      const token = await linkTo(email);
      const { counts } = await race('a verification token', (to) =>
        to.post('/v1/auth/email/verify', { token }),
      );
      once(counts, 204, dead);
    });

    it('is the link that changes an address', async () => {
      const { token: access } = await customer();
      const email = fresh();
      const asked = await app.post('/v1/me/email', { email }, { token: access });
      expect(asked.status).toBe(202);
      const token = await linkTo(email);
      const { counts } = await race('a token that changes the address', (to) =>
        to.post('/v1/auth/email/change', { token }),
      );
      once(counts, 204, dead);
    });

    it('is an invitation', async () => {
      const email = `${randomUUID()}@shop.test`;
      const made = await app.post('/v1/admin/staff', { email, roles: [] }, { token: await given.admin(app) });
      expect(made.status).toBe(201);
      const token = await linkTo(email);
      const { counts } = await race('an invitation', (to, n) =>
        to.post('/v1/auth/password/reset', { token, password: `${OTHER} ${n}` }),
      );
      once(counts, 204, dead);
    });

    it('is a code of an authenticator app, whichever sign-in it comes for', async () => {
      const { email, secret } = await enrolled();
      const asked = await challenges(email, AT_ONCE);
      const before = await sessionsOf(email);
      await roomInStep();
      const { counts } = await race('a TOTP code for fifty sign-ins', (to, n) =>
        to.post('/v1/auth/mfa/verify', { challenge: asked[n], code: shownCode(secret) }),
      );
      expect(counts[200]).toBe(1);
      // Ten in a row are free, and the right one starts them afresh.
      expect(counts['401 identity.invalid_code']).toBeLessThan(20);
      expect(await sessionsOf(email)).toBe(before + 1);
    });

    it('is a code of an authenticator app for one sign-in, and to prove again who one is', async () => {
      const { email, secret } = await enrolled();
      const [challenge] = await challenges(email, 1);
      await roomInStep();
      const { counts } = await race('a TOTP code for one sign-in', (to) =>
        to.post('/v1/auth/mfa/verify', { challenge, code: shownCode(secret) }),
      );
      expect(counts[200]).toBe(1);
      const { token, secret: own } = await enrolled();
      await roomInStep();
      const { counts: steps } = await race('a TOTP code for a step-up', (to) =>
        to.post('/v1/auth/step-up', { code: shownCode(own) }, { token }),
      );
      expect(steps[200]).toBe(1);
    });

    it('is a recovery code', async () => {
      const { email, recoveryCodes } = await enrolled();
      const asked = await challenges(email, AT_ONCE);
      const { counts } = await race('a recovery code', (to, n) =>
        to.post('/v1/auth/mfa/verify', { challenge: asked[n], recoveryCode: recoveryCodes[0] }),
      );
      expect(counts[200]).toBe(1);
      expect(counts['401 identity.invalid_code']).toBeLessThan(20);
      const told = (await lettersTo(email)).filter(({ subject }) => subject.includes('recovery code'));
      expect(told).toHaveLength(1);
    });

    it('is the challenge of a passkey', async () => {
      const { token, email } = await customer();
      const options = await app.post('/v1/me/passkeys/registration/options', undefined, { token });
      const device = new SoftAuthenticator('http://shop.test', { counts: true });
      const credential = device.create(options.body.publicKey);
      const { counts: added } = await race('a challenge that registers a passkey', (to) =>
        to.post('/v1/me/passkeys/registration/verify', { credential }, { token }),
      );
      expect(added[201]).toBe(1);
      const before = await sessionsOf(email);
      const asked = (await app.post('/v1/auth/passkeys/authentication/options')).body.publicKey;
      const answer = { credential: device.get(asked) };
      const { counts } = await race('a challenge that a passkey answers', (to) =>
        to.post('/v1/auth/passkeys/authentication/verify', answer),
      );
      once(counts, 200, { '400 identity.invalid_assertion': AT_ONCE - 1 });
      expect(await sessionsOf(email)).toBe(before + 1);
    });

    it('is the code of a provider', async () => {
      const person = { sub: randomUUID(), email: fresh(), email_verified: true };
      const page = await new Browser(app).walk('http://shop.test/v1/auth/oidc/acme/start', person);
      const code = page.searchParams.get('code');
      const { counts } = await race('a code of a sign-in with a provider', (to) =>
        to.post('/v1/auth/oidc/exchange', { code }),
      );
      expect(counts[200]).toBe(1);
      expect(Object.keys(counts)).toHaveLength(2);
    });
  });

  it('one challenge takes five codes, whatever comes at once', async () => {
    const { email, secret } = await enrolled();
    const [challenge] = await challenges(email, 1);
    const { counts } = await race('wrong codes for one challenge', (to) =>
      to.post('/v1/auth/mfa/verify', { challenge, code: shownCode(secret, 9) }),
    );
    expect(counts).toEqual({ '401 identity.invalid_code': 5, '429 identity.too_many_attempts': 45 });
  });

  it('fifty registrations of one address make one account, with one link and three notes about it', async () => {
    const email = fresh();
    const { counts } = await race('registrations of one address', (to) =>
      to.post('/v1/auth/register', { email, password: GOOD }),
    );
    expect(counts).toEqual({ 202: AT_ONCE });
    const letters = await lettersTo(email);
    const links = letters.filter(({ text }) => /token=/.test(text));
    table.push(
      `    letters: ${links.length} with a link, ${letters.length - links.length} about the account that is there`,
    );
    expect([links.length, letters.length - links.length]).toEqual([1, 3]);
    expect((await app.post('/v1/auth/email/verify', { token: await linkTo(email) })).status).toBe(204);
    expect((await login(email, GOOD)).status).toBe(200);
  });
});
