import { startApp, type TestApp } from './support/app.js';
import { shownCode } from './support/authenticator-app.js';
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
      'SELECT password_hash AS hash FROM identity.accounts WHERE email = $1',
      [email],
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
      `UPDATE identity.accounts SET password_hash = substr(password_hash, 11) WHERE email = $1`,
      [charles.email],
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
