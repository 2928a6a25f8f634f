import { decodeJwt } from 'jose';
import { Config } from '../src/platform/config.js';
import { admin, startApp, type TestApp } from './support/app.js';
import { roomInStep, shownCode } from './support/authenticator-app.js';
import { SoftAuthenticator } from './support/authenticator.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';

const ORIGIN = 'http://shop.test';
const OTHER = 'seven other words of mine';
const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';

interface Enrolled {
  /** Access token with both factors. */
  token: string;
  email: string;
  password: string;
  secret: string;
  recoveryCodes: string[];
}

const said = ({ status, body }: Answer) => [status, body?.code];

describe('second factors', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app?.close());
  // All tests come from one address, and its counter is not what they are about.
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));

  const login = (email: string, password: string) => app.post('/v1/auth/login', { email, password });
  const verify = (challenge: string, codes: object) =>
    app.post('/v1/auth/mfa/verify', { challenge, ...codes });
  const challengeOf = async ({ email, password }: { email: string; password: string }): Promise<string> => {
    const { body, text } = await login(email, password);
    if (body.status !== 'mfa_required') throw new Error(text);
    return body.challenge as string;
  };
  /** As if half a minute had gone by, so that the code that the app shows now is not a used one. */
  const laterOf = async (email: string) =>
    app.database.execute(
      `UPDATE identity.totp_factors SET last_step = last_step - 10
       WHERE account_id = $1`,
      [await given.accountId(app, email)],
    );
  const age = async (email: string) =>
    app.database.execute(
      `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes'
       WHERE account_id = $1`,
      [await given.accountId(app, email)],
    );
  const sessionsOf = async (email: string): Promise<number> => {
    const [row] = await app.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM identity.sessions s
       WHERE s.account_id = $1 AND s.revoked_at IS NULL`,
      [await given.accountId(app, email)],
    );
    return row?.count ?? 0;
  };
  const trailOf = async (email: string): Promise<string[]> => {
    const rows = await app.database.query<{ action: string }>(
      `SELECT action FROM platform.audit_entries WHERE subject_id = $1 ORDER BY id`,
      [await given.accountId(app, email)],
    );
    return rows.map(({ action }) => action);
  };
  const subjectsTo = async (email: string): Promise<string[]> => {
    await app.settle();
    return (await app.letters()).filter(({ to }) => to === email).map(({ subject }) => subject);
  };
  const enrol = async (
    token: string,
  ): Promise<{ token: string; secret: string; recoveryCodes: string[] }> => {
    const { body } = await app.post('/v1/me/mfa/totp', undefined, { token });
    const secret = body.secret as string;
    const on = await app.post('/v1/me/mfa/totp/confirmation', { code: shownCode(secret) }, { token });
    if (on.status !== 200) throw new Error(on.text);
    return { secret, token: on.body.accessToken, recoveryCodes: on.body.recoveryCodes };
  };
  const enrolled = async (): Promise<Enrolled> => {
    const customer = await given.customer(app);
    const made = { ...customer, ...(await enrol(customer.token)) };
    await laterOf(customer.email);
    return made;
  };

  describe('an authenticator app', () => {
    it('is on once a code of it came back, and the password alone opens nothing any more', async () => {
      const { token, email, password } = await given.customer(app);
      const started = await app.post('/v1/me/mfa/totp', undefined, { token });
      expect(started.status).toBe(201);
      expect(started.headers.get('cache-control')).toBe('no-store');
      expect(started.body).toEqual({
        secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
        uri: `otpauth://totp/Guildhall:${encodeURIComponent(email)}?secret=${started.body.secret}&issuer=Guildhall&algorithm=SHA1&digits=6&period=30`,
      });
      const secret = started.body.secret as string;
      expect((await login(email, password)).body.accessToken).toBeDefined();
      const confirm = (code: string) => app.post('/v1/me/mfa/totp/confirmation', { code }, { token });
      expect(said(await confirm(shownCode(secret, 5)))).toEqual([400, 'identity.wrong_code']);
      expect((await app.get('/v1/me/mfa', { token })).body).toEqual({
        secondFactor: false,
        totp: null,
        passkeys: 0,
        recoveryCodes: 0,
      });

      const on = await confirm(shownCode(secret));
      expect(on.status).toBe(200);
      expect(on.body.recoveryCodes).toHaveLength(10);
      for (const code of on.body.recoveryCodes)
        expect(code).toMatch(/^(0[1-9]|10)-[\dA-HJKMNP-TV-Z]{5}-[\dA-HJKMNP-TV-Z]{5}$/);
      expect(decodeJwt(on.body.accessToken)).toMatchObject({ amr: ['otp', 'pwd'], acr: 'aal2' });
      expect((await app.get('/v1/me/mfa', { token })).body).toEqual({
        secondFactor: true,
        totp: { confirmedAt: expect.any(String) },
        passkeys: 0,
        recoveryCodes: 10,
      });
      expect(said(await confirm(shownCode(secret)))).toEqual([400, 'identity.wrong_code']);
      const again = await app.post('/v1/me/mfa/totp', undefined, { token: on.body.accessToken });
      expect(said(again)).toEqual([409, 'identity.totp_present']);

      const asked = await login(email, password);
      expect([asked.status, asked.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(asked.body).toEqual({
        status: 'mfa_required',
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        methods: ['totp', 'recovery_code'],
      });
      expect(await subjectsTo(email)).toContain('An authenticator app was added to your account');
      expect(await trailOf(email)).toEqual(
        expect.arrayContaining(['identity.account.totp_started', 'identity.account.totp_added']),
      );
    });

    it('opens a session of two factors with a code, each code and challenge once', async () => {
      const account = await enrolled();
      const challenge = await challengeOf(account);
      expect(said(await verify(challenge, { code: shownCode(account.secret, 4) }))).toEqual([
        401,
        'identity.invalid_code',
      ]);
      const code = shownCode(account.secret);
      const { status, body } = await verify(challenge, { code });
      expect(status).toBe(200);
      expect(body).toEqual({
        accessToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 600,
        refreshToken: expect.stringMatching(/^rt_/),
        deviceToken: expect.stringMatching(/^dt_/),
        passwordChangeRequired: false,
      });
      expect(decodeJwt(body.accessToken)).toMatchObject({ amr: ['pwd', 'otp'], acr: 'aal2' });
      expect((await app.get('/v1/me', { token: body.accessToken })).body.email).toBe(account.email);
      const renewed = await app.post('/v1/auth/refresh', { refreshToken: body.refreshToken });
      expect(decodeJwt(renewed.body.accessToken)).toMatchObject({ acr: 'aal2' });

      expect(said(await verify(challenge, { code }))).toEqual([410, 'identity.challenge_expired']);
      expect(said(await verify(await challengeOf(account), { code }))).toEqual([
        401,
        'identity.invalid_code',
      ]);
      // Nor one that is older than the one that was used.
      const older = { code: shownCode(account.secret, 1) };
      expect((await verify(await challengeOf(account), older)).status).toBe(401);
      expect(await trailOf(account.email)).toEqual(
        expect.arrayContaining(['identity.sign_in.code_refused', 'identity.session.started']),
      );
    });

    it('takes the code of half a minute ago unless told otherwise', async () => {
      const account = await enrolled();
      const challenge = await challengeOf(account);
      await roomInStep();
      expect((await verify(challenge, { code: shownCode(account.secret, 1) })).status).toBe(200);
    });

    it('keeps its secret sealed, for its own row alone', async () => {
      const one = await enrolled();
      const other = await enrolled();
      const [row] = await app.database.query<{ sealed: Buffer }>(
        `SELECT secret_sealed AS sealed FROM identity.totp_factors
         WHERE account_id = $1`,
        [await given.accountId(app, one.email)],
      );
      expect(row?.sealed.includes(Buffer.from(one.secret))).toBe(false);
      await app.database.execute(
        `UPDATE identity.totp_factors SET secret_sealed = $2
         WHERE account_id = $1`,
        [await given.accountId(app, other.email), row?.sealed],
      );
      expect((await verify(await challengeOf(other), { code: shownCode(one.secret) })).status).toBe(500);
    });

    it('opens one session when one code comes twenty times at once', async () => {
      const account = await enrolled();
      const before = await sessionsOf(account.email);
      const challenges: string[] = [];
      for (let count = 0; count < 20; count++) challenges.push(await challengeOf(account));
      const code = shownCode(account.secret);
      const answers = await Promise.all(challenges.map((challenge) => verify(challenge, { code })));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status !== 200 && status !== 401 && status !== 429)).toEqual([]);
      expect(await sessionsOf(account.email)).toBe(before + 1);

      // And when they all come for one challenge.
      await app.database.execute('DELETE FROM identity.throttles');
      await laterOf(account.email);
      const challenge = await challengeOf(account);
      const rivals = await Promise.all(
        Array.from({ length: 20 }, () => verify(challenge, { code: shownCode(account.secret) })),
      );
      expect(rivals.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(await sessionsOf(account.email)).toBe(before + 2);
    });

    it('gives five tries to a challenge and ten to an account, whatever is tried', async () => {
      const account = await enrolled();
      const wrong = { code: shownCode(account.secret, 9) };
      const first = await challengeOf(account);
      for (let count = 0; count < 4; count++) expect((await verify(first, wrong)).status).toBe(401);
      expect((await verify(first, { recoveryCode: '01-AAAAA-AAAAA' })).status).toBe(401);
      const sixth = await verify(first, { code: shownCode(account.secret) });
      expect(said(sixth)).toEqual([429, 'identity.too_many_attempts']);
      expect(Number(sixth.headers.get('retry-after'))).toBeGreaterThan(0);

      const second = await challengeOf(account);
      for (let count = 0; count < 5; count++) expect((await verify(second, wrong)).status).toBe(401);
      const third = await challengeOf(account);
      const eleventh = await verify(third, { code: shownCode(account.secret) });
      expect(said(eleventh)).toEqual([429, 'identity.too_many_attempts']);
      expect(Number(eleventh.headers.get('retry-after'))).toBeGreaterThan(600);
      // The window is over.
      await app.database.execute('DELETE FROM identity.throttles');
      expect((await verify(third, { code: shownCode(account.secret) })).status).toBe(200);
    });

    it('is not lifted by a new password, which ends the sign-ins that were begun', async () => {
      const account = await enrolled();
      const begun = await challengeOf(account);
      await app.post('/v1/auth/password/forgot', { email: account.email });
      await app.settle();
      const letter = (await app.letters()).findLast(
        ({ to, text }) => to === account.email && /token=/.test(text),
      );
      const token = /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
      expect((await app.post('/v1/auth/password/reset', { token, password: OTHER })).status).toBe(204);
      const code = shownCode(account.secret);
      expect(said(await verify(begun, { code }))).toEqual([410, 'identity.challenge_expired']);
      const challenge = await challengeOf({ email: account.email, password: OTHER });
      expect((await verify(challenge, { code })).status).toBe(200);
    });

    it('asks for the whole sign-in again after five minutes, and knows no strange challenge', async () => {
      const account = await enrolled();
      const challenge = await challengeOf(account);
      await app.database.execute(
        `UPDATE identity.challenges SET expires_at = expires_at - interval '5 minutes'`,
      );
      expect(said(await verify(challenge, { code: shownCode(account.secret) }))).toEqual([
        410,
        'identity.challenge_expired',
      ]);
      expect((await verify('x'.repeat(43), { code: '123456' })).status).toBe(410);
      expect(said(await verify(challenge, {}))).toEqual([400, 'platform.invalid_input']);
      const both = { code: '123456', recoveryCode: '01-AAAAA-AAAAA' };
      expect(said(await verify(challenge, both))).toEqual([400, 'platform.invalid_input']);
      expect((await verify(challenge, { code: '12345a' })).body.errors[0].pointer).toBe('/code');
      await app.run('identity.forget_challenges');
      const rows = await app.database.query('SELECT FROM identity.challenges WHERE expires_at < now()');
      expect(rows).toEqual([]);
    });

    it('opens nothing for an account that was disabled meanwhile', async () => {
      const account = await enrolled();
      const challenge = await challengeOf(account);
      await app.database.execute(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
        await given.accountId(app, account.email),
      ]);
      expect((await verify(challenge, { code: shownCode(account.secret) })).status).toBe(410);
    });

    it('goes away with a fresh proof of both factors, and its recovery codes with it', async () => {
      const account = await enrolled();
      const remove = (token: string) => app.delete('/v1/me/mfa/totp', { token });
      await age(account.email);
      const { body } = await app.post(
        '/v1/auth/step-up',
        { password: account.password },
        { token: account.token },
      );
      expect((await remove(body.accessToken)).status).toBe(204);
      expect(said(await remove(body.accessToken))).toEqual([404, 'platform.not_found']);
      const plain = await login(account.email, account.password);
      expect(decodeJwt(plain.body.accessToken)).toMatchObject({ acr: 'aal1' });
      expect((await app.get('/v1/me/mfa', { token: plain.body.accessToken })).body).toEqual({
        secondFactor: false,
        totp: null,
        passkeys: 0,
        recoveryCodes: 0,
      });
      const renewed = await app.post('/v1/me/mfa/recovery-codes', undefined, {
        token: plain.body.accessToken,
      });
      expect(said(renewed)).toEqual([409, 'identity.no_second_factor']);
      expect(await subjectsTo(account.email)).toContain('An authenticator app was removed from your account');
      expect(await trailOf(account.email)).toContain('identity.account.totp_removed');
    });

    it('gives the first answer to a confirmation that is repeated with its key', async () => {
      const { token } = await given.customer(app);
      const { secret } = (await app.post('/v1/me/mfa/totp', undefined, { token })).body;
      const key = crypto.randomUUID();
      const code = { code: shownCode(secret) };
      const first = await app.post('/v1/me/mfa/totp/confirmation', code, { token, key });
      const repeated = await app.post('/v1/me/mfa/totp/confirmation', code, {
        token: first.body.accessToken,
        key,
      });
      expect([first.status, repeated.body]).toEqual([200, first.body]);
    });

    it('is for whoever signed in, with a fresh proof, and for no other account', async () => {
      const { token, email } = await given.customer(app);
      const { secret } = (await app.post('/v1/me/mfa/totp', undefined, { token })).body;
      const other = await given.customer(app);
      const stolen = { code: shownCode(secret) };
      const foreign = await app.post('/v1/me/mfa/totp/confirmation', stolen, { token: other.token });
      expect(said(foreign)).toEqual([400, 'identity.wrong_code']);
      for (const path of ['/v1/me/mfa/totp', '/v1/me/mfa/recovery-codes'])
        expect((await app.post(path)).status).toBe(401);
      const session = await login(email, 'four random words are good');
      await age(email);
      const { accessToken } = (
        await app.post('/v1/auth/refresh', { refreshToken: session.body.refreshToken })
      ).body;
      expect(said(await app.post('/v1/me/mfa/totp', undefined, { token: accessToken }))).toEqual([
        401,
        'platform.proof_required',
      ]);
      expect(said(await app.delete('/v1/me/mfa/totp', { token: accessToken }))).toEqual([
        401,
        'platform.proof_required',
      ]);
    });
  });

  describe('recovery codes', () => {
    it('open a session once each, however they are typed, and their owner hears of it', async () => {
      const account = await enrolled();
      const [first = '', second = ''] = account.recoveryCodes;
      const typed = { recoveryCode: first.toLowerCase().replaceAll('-', ' ') };
      const { status, body } = await verify(await challengeOf(account), typed);
      expect(status).toBe(200);
      expect(decodeJwt(body.accessToken)).toMatchObject({ amr: ['pwd', 'otp'], acr: 'aal2' });
      expect(said(await verify(await challengeOf(account), { recoveryCode: first }))).toEqual([
        401,
        'identity.invalid_code',
      ]);
      // The number says which it is: the right signs with another number open nothing.
      const swapped = `03${second.slice(2)}`;
      expect((await verify(await challengeOf(account), { recoveryCode: swapped })).status).toBe(401);
      expect((await verify(await challengeOf(account), { recoveryCode: 'not one' })).status).toBe(401);
      expect((await verify(await challengeOf(account), { recoveryCode: second })).status).toBe(200);
      expect((await app.get('/v1/me/mfa', { token: account.token })).body.recoveryCodes).toBe(8);
      expect((await subjectsTo(account.email)).filter((subject) => /recovery code/.test(subject))).toEqual([
        'A recovery code of yours was used',
        'A recovery code of yours was used',
      ]);
      expect(await trailOf(account.email)).toContain('identity.account.recovery_code_used');
    });

    it('opens one session when one comes many times at once', async () => {
      const account = await enrolled();
      const before = await sessionsOf(account.email);
      const challenges: string[] = [];
      for (let count = 0; count < 8; count++) challenges.push(await challengeOf(account));
      const [recoveryCode] = account.recoveryCodes;
      const answers = await Promise.all(challenges.map((challenge) => verify(challenge, { recoveryCode })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(401)]);
      expect(await sessionsOf(account.email)).toBe(before + 1);
    });

    it('are made once of a renewal that is repeated with its key, and another key makes others', async () => {
      const account = await enrolled();
      const { token } = account;
      const renew = (key: string) => app.post('/v1/me/mfa/recovery-codes', undefined, { token, key });
      const key = crypto.randomUUID();
      const [first, repeated] = [await renew(key), await renew(key)];
      expect([first.status, repeated.status, repeated.text]).toEqual([201, 201, first.text]);
      expect(repeated.headers.get('idempotency-replayed')).toBe('true');
      const recoveryCode = first.body.recoveryCodes[2];
      expect((await verify(await challengeOf(account), { recoveryCode })).status).toBe(200);
      const other = await renew(crypto.randomUUID());
      expect([other.status, other.body.recoveryCodes[3] === first.body.recoveryCodes[3]]).toEqual([
        201,
        false,
      ]);
      const old = first.body.recoveryCodes[3];
      expect((await verify(await challengeOf(account), { recoveryCode: old })).status).toBe(401);
    });

    it('are told to be few, and renewed, after which the old ones open nothing', async () => {
      const account = await enrolled();
      for (const recoveryCode of account.recoveryCodes.slice(0, 7))
        expect((await verify(await challengeOf(account), { recoveryCode })).status).toBe(200);
      expect(await subjectsTo(account.email)).toContain('Only 3 recovery codes are left');
      const { token } = account;
      const renewed = await app.post('/v1/me/mfa/recovery-codes', undefined, { token });
      expect(renewed.status).toBe(201);
      expect(renewed.body.recoveryCodes).toHaveLength(10);
      const [old, fresh] = [account.recoveryCodes[8], renewed.body.recoveryCodes[8]];
      expect((await verify(await challengeOf(account), { recoveryCode: old })).status).toBe(401);
      expect((await verify(await challengeOf(account), { recoveryCode: fresh })).status).toBe(200);
      expect(await subjectsTo(account.email)).toContain('You have new recovery codes');
      const rows = await app.database.query<{ hash: string }>('SELECT hash FROM identity.recovery_codes');
      expect(rows.filter(({ hash }) => !hash.includes('$argon2id$'))).toEqual([]);
    });
  });

  describe('stepping up', () => {
    it('takes a code, once, and the session proves two factors from then on', async () => {
      const { token, email, password } = await given.customer(app);
      const elsewhere = (await login(email, password)).body.accessToken as string;
      const { secret, recoveryCodes } = await enrol(token);
      await laterOf(email);
      const options = () => app.post('/v1/me/passkeys/registration/options', undefined, { token: elsewhere });
      const weak = await options();
      expect([weak.status, weak.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('acr_values="aal2"'),
      ]);
      const step = (given: object) => app.post('/v1/auth/step-up', given, { token: elsewhere });
      expect(decodeJwt((await step({ password })).body.accessToken)).toMatchObject({ acr: 'aal1' });
      expect(said(await step({ code: shownCode(secret, 7) }))).toEqual([400, 'identity.wrong_code']);
      const code = shownCode(secret);
      const up = await step({ code });
      expect(decodeJwt(up.body.accessToken)).toMatchObject({ amr: ['otp', 'pwd'], acr: 'aal2' });
      expect(said(await step({ code }))).toEqual([400, 'identity.wrong_code']);
      const [recoveryCode] = recoveryCodes;
      expect((await step({ recoveryCode })).status).toBe(200);
      expect(said(await step({ recoveryCode }))).toEqual([400, 'identity.wrong_code']);
      expect(said(await step({ code, password }))).toEqual([400, 'platform.invalid_input']);
      expect(said(await step({}))).toEqual([400, 'platform.invalid_input']);
      const fresh = { token: up.body.accessToken as string };
      expect((await app.post('/v1/me/passkeys/registration/options', undefined, fresh)).status).toBe(200);
    });

    it('counts its wrong codes together with those of sign-ins', async () => {
      const account = await enrolled();
      const wrong = { code: shownCode(account.secret, 9) };
      for (let count = 0; count < 10; count++)
        expect((await app.post('/v1/auth/step-up', wrong, { token: account.token })).status).toBe(400);
      expect((await app.post('/v1/auth/step-up', wrong, { token: account.token })).status).toBe(429);
      expect((await verify(await challengeOf(account), wrong)).status).toBe(429);
    });
  });

  describe('passkeys', () => {
    const optionsFor = async (token: string) => {
      const answer = await app.post('/v1/me/passkeys/registration/options', undefined, { token });
      if (answer.status !== 200) throw new Error(answer.text);
      return answer.body.publicKey;
    };
    const add = (token: string, credential: object, name?: string) =>
      app.post('/v1/me/passkeys/registration/verify', { credential, ...(name && { name }) }, { token });
    const asked = async (token?: string) =>
      (await app.post('/v1/auth/passkeys/authentication/options', undefined, token ? { token } : {})).body
        .publicKey;
    const come = (credential: object) => app.post('/v1/auth/passkeys/authentication/verify', { credential });
    const stepUp = (token: string, credential: object) =>
      app.post('/v1/auth/step-up', { credential }, { token });
    /** A customer with a passkey, and an access token that proves it. */
    const holder = async (kind: ConstructorParameters<typeof SoftAuthenticator>[1] = {}) => {
      const customer = await given.customer(app);
      const key = new SoftAuthenticator(ORIGIN, kind);
      const added = await add(customer.token, key.create(await optionsFor(customer.token)));
      if (added.status !== 201) throw new Error(added.text);
      const up = await stepUp(customer.token, key.get(await asked(customer.token)));
      const recoveryCodes = added.body.recoveryCodes as string[];
      return {
        ...customer,
        key,
        id: added.body.id as string,
        recoveryCodes,
        token: up.body.accessToken as string,
      };
    };
    const refused = [400, 'identity.invalid_assertion'];

    it('are made on request, bound to this shop, and shown in a list', async () => {
      const { token, email, password } = await given.customer(app);
      const options = await optionsFor(token);
      expect(options).toMatchObject({
        rp: { id: 'shop.test', name: 'Guildhall' },
        user: { name: email },
        attestation: 'none',
        excludeCredentials: [],
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32);
      expect(Buffer.from(options.user.id, 'base64url')).toHaveLength(64);
      expect(options.pubKeyCredParams.map(({ alg }: { alg: number }) => alg)).toEqual([-8, -7, -257]);
      const key = new SoftAuthenticator(ORIGIN, { syncable: true });
      const { status, body } = await add(token, key.create(options), 'My phone');
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.any(String),
        name: 'My phone',
        backedUp: true,
        transports: ['internal'],
        createdAt: expect.any(String),
        lastUsedAt: null,
        recoveryCodes: expect.arrayContaining([expect.stringMatching(/^01-/)]),
      });
      const { recoveryCodes: _codes, ...passkey } = body;
      expect((await app.get('/v1/me/passkeys', { token })).body).toEqual({ items: [passkey] });
      expect((await app.get('/v1/me/mfa', { token })).body).toMatchObject({
        secondFactor: true,
        passkeys: 1,
      });
      expect(await subjectsTo(email)).toContain('A passkey was added to your account');
      expect(await trailOf(email)).toContain('identity.account.passkey_added');

      // The next one belongs to the same person and needs the proof of the first.
      expect(said(await app.post('/v1/me/passkeys/registration/options', undefined, { token }))).toEqual([
        401,
        'platform.proof_required',
      ]);
      const up = (await stepUp(token, key.get(await asked(token)))).body.accessToken as string;
      const next = await optionsFor(up);
      expect(next.user.id).toBe(options.user.id);
      expect(next.excludeCredentials).toMatchObject([{ id: key.id, transports: ['internal'] }]);
      expect((await add(up, key.create(next))).status).toBe(400);
      const second = await add(up, new SoftAuthenticator(ORIGIN).create(await optionsFor(up)));
      expect([second.status, second.body.recoveryCodes]).toEqual([201, null]);

      // The password alone opens nothing any more; a recovery code stands in for a lost passkey.
      const challenge = await login(email, password);
      expect(challenge.body).toMatchObject({ status: 'mfa_required', methods: ['passkey', 'recovery_code'] });
      expect((await verify(challenge.body.challenge, { recoveryCode: body.recoveryCodes[4] })).status).toBe(
        200,
      );
    });

    it.each([
      ['a key that stays on its device', {}, 'hwk'],
      ['a key that is shared by devices', { syncable: true }, 'swk'],
    ])('sign in without a name and a password: %s', async (_what, kind, method) => {
      const { key, email, id } = await holder(kind);
      const options = await asked();
      expect(options).toMatchObject({
        rpId: 'shop.test',
        userVerification: 'required',
        allowCredentials: [],
      });
      const { status, body, headers } = await come(key.get(options));
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(decodeJwt(body.accessToken)).toMatchObject({ amr: [method, 'user'], acr: 'aal2' });
      const me = { token: body.accessToken as string };
      expect((await app.get('/v1/me', me)).body.email).toBe(email);
      const [passkey] = (await app.get('/v1/me/passkeys', me)).body.items;
      expect([passkey.id, typeof passkey.lastUsedAt]).toEqual([id, 'string']);
    });

    it('refuse what is signed for another page, by nobody in particular, or twice', async () => {
      const { key, email } = await holder({ counts: true });
      const before = await sessionsOf(email);
      const wrong: Parameters<SoftAuthenticator['get']>[1][] = [
        { origin: 'http://shop.test.evil.test' },
        { origin: 'https://shop.test' },
        { rpId: 'evil.test' },
        { challenge: Buffer.alloc(32, 1).toString('base64url') },
        { userVerified: false },
        { userPresent: false },
        { userHandle: Buffer.alloc(64, 1).toString('base64url') },
        { id: 'AAAAAAAAAAAAAAAAAAAAAA' },
      ];
      for (const fault of wrong) expect(said(await come(key.get(await asked(), fault)))).toEqual(refused);
      const unnamed = key.get(await asked());
      expect(said(await come({ ...unnamed, response: { ...unnamed.response, userHandle: null } }))).toEqual(
        refused,
      );
      const changed = key.get(await asked());
      const data = Buffer.from(changed.response.authenticatorData, 'base64url');
      data[36] = (data[36] ?? 0) ^ 1;
      changed.response.authenticatorData = data.toString('base64url');
      expect(said(await come(changed))).toEqual(refused);
      const stranger = new SoftAuthenticator(ORIGIN, { counts: true });
      const forged = stranger.get(await asked(), { id: key.id, userHandle: unnamed.response.userHandle });
      expect(said(await come(forged))).toEqual(refused);
      expect(await sessionsOf(email)).toBe(before);

      // A challenge that was answered wrongly is used up.
      const options = await asked();
      expect(said(await come(key.get(options, { origin: 'http://evil.test' })))).toEqual(refused);
      expect(said(await come(key.get(options)))).toEqual(refused);
      const late = key.get(await asked());
      await app.database.execute(
        `UPDATE identity.challenges SET expires_at = expires_at - interval '5 minutes'`,
      );
      expect(said(await come(late))).toEqual(refused);

      const good = key.get(await asked());
      const answers = await Promise.all(Array.from({ length: 10 }, () => come(good)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(400)]);
      expect(await sessionsOf(email)).toBe(before + 1);
    });

    it('refuse a counter that went back, and write it down', async () => {
      const { key, email } = await holder({ counts: true });
      expect((await come(key.get(await asked()))).status).toBe(200);
      expect(said(await come(key.get(await asked(), { counter: 1 })))).toEqual(refused);
      expect(said(await come(key.get(await asked(), { counter: 0 })))).toEqual(refused);
      expect(await trailOf(email)).toContain('identity.passkey.counter_went_back');
      expect((await come(key.get(await asked()))).status).toBe(200);
    });

    it('prove again who somebody is, with a challenge of its own', async () => {
      const one = await holder();
      const other = await holder();
      await age(one.email);
      const up = await stepUp(one.token, one.key.get(await asked(one.token)));
      expect([up.status, decodeJwt(up.body.accessToken).acr]).toEqual([200, 'aal2']);
      const own = await asked(one.token);
      expect(own.allowCredentials).toMatchObject([{ id: one.key.id }]);
      // Neither somebody else's passkey, nor a challenge of a sign-in, nor the other way round.
      expect(said(await stepUp(one.token, other.key.get(own)))).toEqual(refused);
      expect(said(await stepUp(one.token, one.key.get(await asked())))).toEqual(refused);
      expect(said(await stepUp(one.token, one.key.get(await asked(other.token))))).toEqual(refused);
      expect(said(await come(one.key.get(await asked(one.token))))).toEqual(refused);
    });

    it('are not added for another page, account or challenge, nor without a verified user', async () => {
      const { token } = await given.customer(app);
      const other = await given.customer(app);
      const key = () => new SoftAuthenticator(ORIGIN);
      const faults = [{ origin: 'http://evil.test' }, { rpId: 'evil.test' }, { userVerified: false }];
      for (const fault of faults)
        expect(said(await add(token, key().create(await optionsFor(token), fault)))).toEqual(refused);
      expect(said(await add(token, key().create(await optionsFor(other.token))))).toEqual(refused);
      expect(said(await add(token, key().create(await asked(token))))).toEqual(refused);
      const options = await optionsFor(token);
      const mine = key();
      expect((await add(token, mine.create(options))).status).toBe(201);
      expect(said(await add(other.token, mine.create(await optionsFor(other.token))))).toEqual(refused);
      expect((await app.get('/v1/me/passkeys', { token: other.token })).body.items).toEqual([]);
      expect((await app.post('/v1/me/passkeys/registration/options')).status).toBe(401);
      expect((await add(other.token, { id: 'x' })).status).toBe(400);
    });

    it('are ten at the most, also when the last two come at once', async () => {
      const { token } = await holder();
      for (let count = 2; count < 10; count++)
        expect((await add(token, new SoftAuthenticator(ORIGIN).create(await optionsFor(token)))).status).toBe(
          201,
        );
      const rivals = [await optionsFor(token), await optionsFor(token)];
      const answers = await Promise.all(
        rivals.map((options) => add(token, new SoftAuthenticator(ORIGIN).create(options))),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
      const more = await app.post('/v1/me/passkeys/registration/options', undefined, { token });
      expect(said(more)).toEqual([409, 'identity.too_many_passkeys']);
    });

    it('are named and removed by whom they belong to', async () => {
      const one = await holder();
      const other = await holder();
      const path = `/v1/me/passkeys/${one.id}`;
      const named = await app.patch(path, { name: 'Old phone' }, { token: one.token });
      expect([named.status, named.body.name]).toEqual([200, 'Old phone']);
      expect((await app.patch(path, { name: 'x' }, { token: other.token })).status).toBe(404);
      expect((await app.delete(path, { token: other.token })).status).toBe(404);
      expect((await app.delete(`/v1/me/passkeys/${UNKNOWN}`, { token: one.token })).status).toBe(404);
      expect((await app.delete(path)).status).toBe(401);
      expect((await app.delete(path, { token: one.token })).status).toBe(204);
      expect(said(await come(one.key.get(await asked())))).toEqual(refused);
      // With the last factor gone, the password is enough again.
      expect((await login(one.email, one.password)).body.accessToken).toBeDefined();
      expect(await subjectsTo(one.email)).toContain('A passkey was removed from your account');
      expect(await trailOf(one.email)).toEqual(
        expect.arrayContaining(['identity.passkey.renamed', 'identity.account.passkey_removed']),
      );
    });

    it('open nothing for an account that is disabled', async () => {
      const { key, email } = await holder();
      await app.database.execute(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
        await given.accountId(app, email),
      ]);
      expect(said(await come(key.get(await asked())))).toEqual(refused);
    });

    it('leave the other factor on when one of two is removed', async () => {
      const { token, id, email, password } = await holder();
      const { token: both } = await enrol(token);
      expect((await app.delete(`/v1/me/passkeys/${id}`, { token: both })).status).toBe(204);
      expect((await login(email, password)).body).toMatchObject({ methods: ['totp', 'recovery_code'] });
    });

    it('do not let one network ask for challenges without end', async () => {
      await app.database.execute('DELETE FROM identity.throttles');
      const { headers } = await app.post('/v1/auth/passkeys/authentication/options');
      expect(headers.get('ratelimit')).toMatch(/^"passkeys";r=299;t=/);
      for (let count = 0; count < 299; count++) await asked();
      const { status } = await app.post('/v1/auth/passkeys/authentication/options');
      expect(status).toBe(429);
    });
  });
});

describe('staff of a shop that asks for two factors', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({
      STAFF_SECOND_FACTOR: 'required',
      TOTP_PAST_STEPS: '0',
      PASSKEY_ORIGINS: 'https://shop.test, https://www.shop.test:8443',
    });
  });
  afterAll(() => app?.close());

  it('may do nothing but get a second one, and then all that it may', async () => {
    const token = await given.admin(app);
    const work = (with_: string) => app.get('/v1/admin/staff', { token: with_ });
    const refused = await work(token);
    expect(said(refused)).toEqual([403, 'identity.second_factor_required']);
    const page = await app.get(refused.body.type);
    expect(page.body.remedy).toContain('/v1/me/mfa/totp');
    expect((await app.get('/v1/me', { token })).status).toBe(200);
    const { secret } = (await app.post('/v1/me/mfa/totp', undefined, { token })).body;
    // The present code only, as it was set.
    await roomInStep();
    const late = { code: shownCode(secret, 1) };
    expect((await app.post('/v1/me/mfa/totp/confirmation', late, { token })).status).toBe(400);
    const on = await app.post('/v1/me/mfa/totp/confirmation', { code: shownCode(secret) }, { token });
    expect((await work(on.body.accessToken)).status).toBe(200);
    expect(said(await work(token))).toEqual([403, 'identity.second_factor_required']);

    const { body } = await app.post('/v1/auth/login', admin);
    const [recoveryCode] = on.body.recoveryCodes;
    const signedIn = await app.post('/v1/auth/mfa/verify', { challenge: body.challenge, recoveryCode });
    expect((await work(signedIn.body.accessToken)).status).toBe(200);

    // What was proved with it does not outlive it.
    const stepped = await app.post(
      '/v1/auth/step-up',
      { recoveryCode: on.body.recoveryCodes[1] },
      { token: signedIn.body.accessToken },
    );
    const removed = await app.delete('/v1/me/mfa/totp', { token: stepped.body.accessToken });
    expect(removed.status).toBe(204);
    expect(said(await work(stepped.body.accessToken))).toEqual([403, 'identity.second_factor_required']);
    const { refreshToken } = signedIn.body;
    const next = await app.post('/v1/auth/refresh', { refreshToken });
    expect(said(await work(next.body.accessToken))).toEqual([403, 'identity.second_factor_required']);
  });

  it('leaves customers with one factor alone', async () => {
    const { token } = await given.customer(app);
    expect((await app.get('/v1/me/sessions', { token })).status).toBe(200);
    expect(said(await app.get('/v1/admin/staff', { token }))).toEqual([403, 'platform.forbidden']);
  });

  it('takes passkeys on all of its pages, under the name of the first', async () => {
    const { token } = await given.customer(app);
    const { publicKey } = (await app.post('/v1/me/passkeys/registration/options', undefined, { token })).body;
    expect(publicKey.rp.id).toBe('shop.test');
    const key = new SoftAuthenticator('https://www.shop.test:8443');
    const added = await app.post(
      '/v1/me/passkeys/registration/verify',
      { credential: key.create(publicKey) },
      { token },
    );
    expect([added.status, added.body.name]).toEqual([201, 'Passkey']);
  });

  it('is what production asks for unless it is told otherwise', () => {
    const of = (more: Record<string, string>) =>
      new Config({ SECRET_KEY: 'a secret that only the tests know, 32+', ...more });
    expect(of({ NODE_ENV: 'production' }).staffSecondFactor).toBe('required');
    expect(of({ NODE_ENV: 'production', STAFF_SECOND_FACTOR: 'optional' }).staffSecondFactor).toBe(
      'optional',
    );
    expect(of({}).staffSecondFactor).toBe('optional');
    expect(of({ PUBLIC_URL: 'https://shop.example/store' }).passkeyOrigins).toEqual(['https://shop.example']);
    for (const origins of [
      'shop.example',
      'https://shop.example/path',
      'https://www.shop.example,https://shop.example',
      'https://shop.example,https://evilshop.example',
      'ftp://shop.example',
      'https://shop.example,',
    ])
      expect(() => of({ PASSKEY_ORIGINS: origins })).toThrow('PASSKEY_ORIGINS');
  });
});
