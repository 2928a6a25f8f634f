import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { startApp, type TestApp } from './support/app.js';
import { SoftAuthenticator } from './support/authenticator.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { untilWaiting } from './support/locks.js';

const ORIGIN = 'http://shop.test';
const OTHER = 'seven other words of mine';

/** Somebody else is changing the account while a request is under way: the row is held by a connection of its own. */
describe('an account that is being changed', () => {
  let app: TestApp;
  let rival: pg.Client;

  beforeAll(async () => {
    app = await startApp();
    rival = new pg.Client({ connectionString: app.config.databaseUrl ?? '' });
    await rival.connect();
  });
  afterAll(async () => {
    await rival?.end();
    await app?.close();
  });
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));
  afterEach(() => rival.query('ROLLBACK'));

  /** A request waits for somebody. */
  const waiting = (): Promise<void> => untilWaiting((sql) => rival.query(sql));
  const hold = async (email: string): Promise<string> => {
    const id = await given.accountId(app, email);
    if (id === null) throw new Error('there is no such account');
    await rival.query('BEGIN');
    await rival.query('SELECT FROM identity.accounts WHERE id = $1 FOR UPDATE', [id]);
    return id;
  };
  const linkTo = async (email: string): Promise<string> => {
    await app.settle();
    const letters = (await app.letters()).filter(({ to }) => to === email);
    return letters.flatMap(({ text }) => /token=([\w-]+)/.exec(text)?.[1] ?? []).at(-1) ?? '';
  };

  it('is not opened by a passkey that is taken away meanwhile', async () => {
    const { token, email } = await given.customer(app);
    const key = new SoftAuthenticator(ORIGIN);
    const options = await app.post('/v1/me/passkeys/registration/options', undefined, { token });
    const credential = key.create(options.body.publicKey);
    const added = await app.post('/v1/me/passkeys/registration/verify', { credential }, { token });
    expect(added.status).toBe(201);
    const asked = await app.post('/v1/auth/passkeys/authentication/options');
    const id = await hold(email);
    const coming = app.post('/v1/auth/passkeys/authentication/verify', {
      credential: key.get(asked.body.publicKey),
    });
    await waiting();
    await rival.query('DELETE FROM identity.passkeys WHERE account_id = $1', [id]);
    await rival.query('COMMIT');
    const answer = await coming;
    expect([answer.status, answer.body.code]).toEqual([400, 'identity.invalid_assertion']);
  });

  /** Whoever follows a link waits for the account, and holds nothing that whoever changes the account would wait for. */
  const follow = async (email: string, send: (token: string) => Promise<Answer>): Promise<Answer> => {
    const link = await linkTo(email);
    const id = await hold(email);
    const following = send(link);
    await waiting();
    // Shorter than it takes to find a deadlock: two that wait for each other are seen as such.
    await rival.query(`SET LOCAL lock_timeout = '300ms'`);
    await rival.query(
      'UPDATE identity.one_time_links SET used_at = now() WHERE account_id = $1 AND used_at IS NULL',
      [id],
    );
    await rival.query('COMMIT');
    return following;
  };

  it('takes no link that it cancels meanwhile, and neither waits for the other', async () => {
    const fresh = () => `${randomUUID()}@example.test`;
    const dead = [400, 'identity.invalid_or_expired_token'];
    const said = ({ status, body }: Answer) => [status, body?.code];

    const unverified = fresh();
    await app.post('/v1/auth/register', { email: unverified, password: 'four random words are good' });
    const verify = (token: string) => app.post('/v1/auth/email/verify', { token });
    expect(said(await follow(unverified, verify))).toEqual(dead);

    const forgetful = await given.customer(app);
    await app.post('/v1/auth/password/forgot', { email: forgetful.email });
    const reset = (token: string) => app.post('/v1/auth/password/reset', { token, password: OTHER });
    expect(said(await follow(forgetful.email, reset))).toEqual(dead);

    const mover = await given.customer(app);
    const there = fresh();
    await app.post('/v1/me/email', { email: there }, { token: mover.token });
    const token = await linkTo(there);
    const move = () => app.post('/v1/auth/email/change', { token });
    expect(said(await follow(mover.email, move))).toEqual(dead);
    const { email, password } = mover;
    expect((await app.post('/v1/auth/login', { email, password })).status).toBe(200);
  });
});
