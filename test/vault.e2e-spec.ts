import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { IdentitySealedPeople1760000020310 } from '../migrations/identity/1760000020310-sealed-people.js';
import { migrations } from '../migrations/index.js';
import { AccountIndexRepository } from '../src/identity/account/account-index.repository.js';
import { Account } from '../src/identity/account/account.entity.js';
import { AccountRepository } from '../src/identity/account/account.repository.js';
import { BlindIndex } from '../src/identity/account/blind-index.service.js';
import { SealedPeople } from '../src/identity/account/sealed-people.service.js';
import {
  type CustomerFilter,
  CustomerListRepository,
} from '../src/identity/customer/customer-list.repository.js';
import { migrate, rollBack } from '../src/platform/database/migrate.js';
import { connectionOptions } from '../src/platform/database/options.js';
import { newId } from '../src/platform/ids.js';
import { SubjectKeys } from '../src/platform/personal-data/subject-keys.js';
import {
  databaseUrl,
  dropDatabase,
  freshDatabase,
  startApp,
  type TestApp,
  testConfig,
} from './support/app.js';
import { given } from './support/given.js';

const OTHER_SECRET = 'another secret, which comes after the first';

describe('keys of subjects', () => {
  let app: TestApp;
  let keys: SubjectKeys;

  beforeAll(async () => {
    app = await startApp();
    keys = app.app.get(SubjectKeys);
  });
  afterAll(() => app.close());

  /** As another process has them, with a SECRET_KEY of its own. */
  const elsewhere = (settings: Record<string, string> = {}) =>
    new SubjectKeys(app.database, testConfig(app.config.databaseUrl ?? '', tmpdir(), settings));
  const subject = async (): Promise<string> => {
    const id = randomUUID();
    await app.database.transaction(() => keys.create(id));
    return id;
  };

  it('open what they sealed, in its place alone', async () => {
    const id = await subject();
    const sealed = await keys.seal(id, 'a|b|1', 'Grüße');
    expect(sealed.toString('latin1')).not.toContain('Gr');
    expect(await keys.open(id, 'a|b|1', sealed)).toBe('Grüße');
    expect(await elsewhere().open(id, 'a|b|1', sealed)).toBe('Grüße');
    await expect(keys.open(id, 'a|b|2', sealed)).rejects.toThrow('authenticate');
    await expect(keys.open(await subject(), 'a|b|1', sealed)).rejects.toThrow('authenticate');
  });

  it('serve the transaction that makes them, and are gone with it when it is not committed', async () => {
    const id = randomUUID();
    const place = 'a|b|1';
    const failing = app.database.transaction(async () => {
      await keys.create(id);
      expect(await keys.open(id, place, await keys.seal(id, place, 'text'))).toBe('text');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await expect(keys.seal(id, place, 'text')).rejects.toThrow('no key');
    await app.database.transaction(() => keys.create(id));
    expect(await elsewhere().open(id, place, await keys.seal(id, place, 'text'))).toBe('text');
  });

  it('stay when they are made again', async () => {
    const id = await subject();
    const sealed = await keys.seal(id, 'p', 'text');
    await app.database.transaction(() => keys.create(id));
    expect(await elsewhere().open(id, 'p', sealed)).toBe('text');
  });

  it('open rows of many subjects with one query', async () => {
    const rows: { subjectId: string; place: string; sealed: Buffer }[] = [];
    for (let n = 0; n < 30; n++) {
      const id = await subject();
      rows.push({ subjectId: id, place: `p|${n}`, sealed: await keys.seal(id, `p|${n}`, `text ${n}`) });
    }
    const asked = jest.spyOn(app.database, 'query');
    const fresh = elsewhere();
    expect(await fresh.openAll(rows)).toEqual(rows.map((_, n) => `text ${n}`));
    expect(asked).toHaveBeenCalledTimes(1);
    await fresh.openAll(rows);
    expect(asked).toHaveBeenCalledTimes(1);
    asked.mockRestore();
  });

  it('open nothing once they are destroyed: here at once, elsewhere within a second, and for good', async () => {
    const id = await subject();
    const sealed = await keys.seal(id, 'p', 'text');
    const other = elsewhere();
    expect(await other.open(id, 'p', sealed)).toBe('text');
    const failing = app.database.transaction(async () => {
      await keys.destroy(id);
      expect(await keys.open(id, 'p', sealed)).toBeNull();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await keys.open(id, 'p', sealed)).toBe('text');

    await app.database.transaction(() => keys.destroy(id));
    expect(await keys.open(id, 'p', sealed)).toBeNull();
    await wait(1_000);
    expect(await other.open(id, 'p', sealed)).toBeNull();
    await app.database.transaction(() => keys.create(id));
    expect(await keys.open(id, 'p', sealed)).toBeNull();
    await expect(keys.seal(id, 'p', 'text')).rejects.toThrow('no key');
    expect(
      await app.database.query('SELECT wrapped FROM platform.subject_keys WHERE subject_id = $1', [id]),
    ).toEqual([{ wrapped: null }]);
  });

  it('are never made for somebody who was erased without having one', async () => {
    const id = randomUUID();
    await app.database.transaction(() => keys.destroy(id));
    await app.database.transaction(() => keys.create(id));
    await expect(keys.seal(id, 'p', 'text')).rejects.toThrow('no key');
  });

  it('outlive a change of SECRET_KEY, and are wrapped anew by a job that several may run', async () => {
    const sealed = new Map<string, Buffer>();
    for (let n = 0; n < 250; n++) {
      const id = await subject();
      sealed.set(id, await keys.seal(id, 'p', 'text'));
    }
    const expectOpened = async (by: SubjectKeys) => {
      const rows = [...sealed].map(([subjectId, text]) => ({ subjectId, place: 'p', sealed: text }));
      expect(new Set(await by.openAll(rows))).toEqual(new Set(['text']));
    };
    const changed = { SECRET_KEY: OTHER_SECRET };
    const previous = 'a secret that only the tests know, 32+';
    await expect(expectOpened(elsewhere(changed))).rejects.toThrow('SECRET_KEY_PREVIOUS');
    const after = elsewhere({ ...changed, SECRET_KEY_PREVIOUS: previous });
    await expectOpened(after);
    expect(await after.elsewhere()).toBeGreaterThanOrEqual(250);
    const again = elsewhere({ ...changed, SECRET_KEY_PREVIOUS: previous });
    const [one, two] = await Promise.all([after.rewrap(), again.rewrap()]);
    expect(one + two).toBeGreaterThanOrEqual(250);
    expect(await after.elsewhere()).toBe(0);
    expect(await again.rewrap()).toBe(0);
    await expectOpened(elsewhere(changed));
    // And back, by the scheduled job of a process that knows both.
    expect(await elsewhere({ SECRET_KEY_PREVIOUS: OTHER_SECRET }).rewrap()).toBe(one + two);
    await expectOpened(elsewhere());
    await app.run('platform.rewrap_subject_keys');
    expect((await app.get('/metrics')).text).toContain('subject_keys_to_rewrap 0');
  });
});

describe('people in identity', () => {
  const path = '/v1/admin/customers';
  const password = 'four random words are good';
  let app: TestApp;
  let admin: string;

  beforeAll(async () => {
    app = await startApp();
    admin = await given.admin(app);
  });
  afterAll(() => app.close());

  const idOf = async (token: string): Promise<string> => (await app.get('/v1/me', { token })).body.id;
  const linkTo = async (email: string): Promise<string> => {
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === email);
    return /token=([\w-]+)/.exec(letter?.text ?? '')?.[1] ?? '';
  };
  /** Tables in which one of these stands, as it is or as the hexadecimal digits of its UTF-8. */
  const tablesWith = async (texts: string[]): Promise<string[]> => {
    const needles = texts.flatMap((text) => [
      text.toLowerCase(),
      Buffer.from(text).toString('hex'),
      Buffer.from(text.toLowerCase()).toString('hex'),
    ]);
    const tables = await app.database.query<{ name: string }>(
      `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema IN ('identity', 'platform', 'bullmq') ORDER BY 1`,
    );
    expect(tables.length).toBeGreaterThan(20);
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await app.database.query<{ text: string }>(`SELECT lower(t::text) AS text FROM ${name} t`);
      if (rows.some(({ text }) => needles.some((needle) => text.includes(needle)))) found.push(name);
    }
    return found;
  };
  /** The statements that a request needs. */
  const statementsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
    const spies = [
      jest.spyOn(app.database, 'query'),
      jest.spyOn(app.database, 'look'),
      jest.spyOn(app.database, 'execute'),
    ];
    await work();
    const texts = spies.flatMap((spy) => spy.mock.calls.map(([text]) => text));
    spies.forEach((spy) => spy.mockRestore());
    return texts;
  };
  const keyLooks = (texts: string[]) => texts.filter((text) => text.includes('subject_keys')).length;

  it('leave nothing readable in any table', async () => {
    const tag = randomUUID().slice(0, 8);
    const email = `canary.${tag}@canarymail.test`;
    const other = `moved.${tag}@canarymail.test`;
    const [firstName, lastName, phone] = [`Kanarië${tag}`, `Vögelchen${tag}`, '+49 30 8642097531'];
    const line1 = `Käfigweg ${tag}`;
    await app.post('/v1/auth/register', { email, password, firstName, lastName });
    await app.post('/v1/auth/email/verify', { token: await linkTo(email) });
    let token = (await app.post('/v1/auth/login', { email, password })).body.accessToken;
    expect((await app.patch('/v1/me', { phone }, { token })).status).toBe(200);
    const address = {
      firstName,
      lastName,
      line1,
      city: `Stadt${tag}`,
      postalCode: '10115',
      country: 'DE',
      phone,
    };
    const made = await app.post('/v1/me/addresses', address, { token, key: randomUUID() });
    expect(made.status).toBe(201);
    await app.patch(`/v1/me/addresses/${made.body.id}`, { company: `Voliere${tag}` }, { token });
    await app.post('/v1/auth/login', { email, password: 'not the right one' });
    await app.post('/v1/auth/password/forgot', { email });
    expect((await app.post('/v1/me/email', { email: other }, { token })).status).toBe(202);
    const link = await linkTo(other);
    const secrets = [email, other, firstName, lastName, phone, line1, `Stadt${tag}`, `Voliere${tag}`];
    expect(await tablesWith(secrets)).toEqual([]);
    expect(await tablesWith(['canarymail', 'kanarië', '8642097531'])).toEqual([]);
    expect((await app.post('/v1/auth/email/change', { token: link })).status).toBe(204);
    token = (await app.post('/v1/auth/login', { email: other, password })).body.accessToken;
    await app.settle();
    expect(await tablesWith(secrets)).toEqual([]);
    // What is looked for is found where it stands, in either form.
    expect(await tablesWith([await idOf(token)])).toContain('identity.accounts');
    await app.database.execute('CREATE TABLE identity.planted AS SELECT $1::bytea AS bytes', [
      Buffer.from(line1),
    ]);
    expect(await tablesWith(secrets)).toEqual(['identity.planted']);
    await app.database.execute('DROP TABLE identity.planted');
    // And its owner sees all of it.
    const me = (await app.get('/v1/me', { token })).body;
    expect(me).toMatchObject({ email: other, firstName, lastName, phone });
    const [kept] = (await app.get('/v1/me/addresses', { token })).body.items;
    expect(kept).toMatchObject({ ...address, company: `Voliere${tag}` });
  });

  it('are sealed each in a place of their own', async () => {
    const [one, two] = [await given.customer(app), await given.customer(app)];
    const [from, to] = [await idOf(one.token), await idOf(two.token)];
    await app.database.execute(
      `UPDATE identity.accounts SET personal = (SELECT personal FROM identity.accounts WHERE id = $1) WHERE id = $2`,
      [from, to],
    );
    expect((await app.get('/v1/me', { token: two.token })).status).toBe(500);
    expect((await app.get('/v1/me', { token: one.token })).body.email).toBe(one.email);
    await app.database.execute('DELETE FROM identity.accounts WHERE id = $1', [to]);
  });

  it('are gone when their key is, and nobody else is', async () => {
    const tag = `q${randomUUID().slice(0, 8)}`;
    const mine = await given.customer(app, `${tag}.one@example.test`);
    const other = await given.customer(app, `${tag}.two@example.test`);
    const [id, otherId] = [await idOf(mine.token), await idOf(other.token)];
    const address = {
      firstName: 'A',
      lastName: 'B',
      line1: 'C 1',
      city: 'D',
      postalCode: '10115',
      country: 'DE',
    };
    await app.post('/v1/me/addresses', address, { token: mine.token });
    const found = async (): Promise<string[]> =>
      (await app.get(`${path}?q=${tag}`, { token: admin })).body.items.map((each: { id: string }) => each.id);
    expect(await found()).toEqual([otherId, id]);
    await app.database.transaction(() => app.app.get(SubjectKeys).destroy(id));
    expect(await found()).toEqual([otherId]);
    // A page may be shorter; what comes after it is found all the same.
    const first = (await app.get(`${path}?q=${tag}&limit=1&sort=createdAt`, { token: admin })).body;
    expect(first.items).toEqual([]);
    const next = `${path}?q=${tag}&limit=1&sort=createdAt&cursor=${first.nextCursor}`;
    expect((await app.get(next, { token: admin })).body.items).toMatchObject([{ id: otherId }]);
    expect((await app.get(`${path}/${id}`, { token: admin })).status).toBe(404);
    expect((await app.get(`${path}/${otherId}`, { token: admin })).body.email).toBe(other.email);
    expect((await app.get('/v1/me', { token: mine.token })).status).toBe(401);
    expect((await app.get('/v1/me/addresses', { token: mine.token })).body.items).toEqual([]);
    const letters = (await app.letters()).length;
    expect((await app.post('/v1/auth/password/forgot', { email: mine.email })).status).toBe(202);
    await app.settle();
    expect(await app.letters()).toHaveLength(letters);
  });

  it('are gone from copies too when their account is deleted', async () => {
    const { email, token } = await given.customer(app);
    const id = await idOf(token);
    const accounts = app.app.get(AccountRepository);
    await app.database.transaction(() => accounts.delete(id));
    const keys = await app.database.query(
      'SELECT wrapped, destroyed_at IS NOT NULL AS destroyed FROM platform.subject_keys WHERE subject_id = $1',
      [id],
    );
    expect(keys).toEqual([{ wrapped: null, destroyed: true }]);
    // The address is free, for a person with a key of its own.
    expect(await idOf((await given.customer(app, email)).token)).not.toBe(id);
  });

  it('are found by the beginnings of what staff remember, a hundred with two statements', async () => {
    const tag = `r${randomUUID().slice(0, 8)}`;
    const accounts = app.app.get(AccountRepository);
    const add = (email: string, firstName: string | null, lastName: string | null) =>
      accounts.insert(
        Account.open({ id: newId(), kind: 'customer', email, passwordHash: null, firstName, lastName }),
      );
    await app.database.transaction(async () => {
      for (let n = 0; n < 100; n++)
        await add(`${tag}.${n}@example.test`, `Jürgen${n}`, `von der ${tag}heide`);
      await add(`someone@${tag}.test`, null, null);
    });
    const find = async (q: string): Promise<string[]> => {
      const query = new URLSearchParams({ q, limit: '100' });
      const { body } = await app.get(`${path}?${query}`, { token: admin });
      return body.items.map(({ email }: { email: string }) => email);
    };
    expect(await find(`${tag}.99@`)).toEqual([`${tag}.99@example.test`]);
    expect(await find(`JÜRGEN7 von ${tag}h`)).toHaveLength(11);
    expect(await find(`ju\u0308rgen77 ${tag}`)).toEqual([`${tag}.77@example.test`]);
    expect(await find(`jürgen77 ${tag}x`)).toEqual([]);
    expect(await find(`eide ${tag}`)).toEqual([]);
    expect(await find(`@${tag}.te`)).toEqual([`someone@${tag}.test`]);
    expect(await find(`some ${tag}`)).toEqual([`someone@${tag}.test`]);
    // Another process has no key in its memory yet; here they are a second old at the most.
    await wait(1_000);
    const texts = await statementsOf(async () => expect(await find(tag)).toHaveLength(100));
    expect(keyLooks(texts)).toBe(1);
    expect(texts.filter((text) => text.includes('identity.accounts a WHERE'))).toHaveLength(1);
    // Who asks is looked at once a second, and what he may do.
    expect(texts.filter((text) => text.includes('identity.')).length).toBeLessThanOrEqual(4);
  });

  it('sign in, go on and are looked at without a look at their keys', async () => {
    const { email, password: secret } = await given.customer(app);
    await wait(1_000);
    const texts = await statementsOf(async () => {
      const { body } = await app.post('/v1/auth/login', { email, password: secret });
      const again = await app.post('/v1/auth/refresh', { refreshToken: body.refreshToken });
      expect((await app.get('/v1/me/sessions', { token: again.body.accessToken })).status).toBe(200);
    });
    expect(texts.length).toBeGreaterThan(5);
    expect(keyLooks(texts)).toBe(0);
  });

  it('are found, and once only, while SECRET_KEY is changed; a job makes the indexes anew', async () => {
    const [from, to] = [{}, { SECRET_KEY: OTHER_SECRET }];
    const previous = { SECRET_KEY_PREVIOUS: 'a secret that only the tests know, 32+' };
    /** As a process with these settings has them. */
    const process = (settings: Record<string, string>) => {
      const config = testConfig(app.config.databaseUrl ?? '', tmpdir(), settings);
      const keys = new SubjectKeys(app.database, config);
      const [people, index] = [new SealedPeople(keys), new BlindIndex(config)];
      const found = new CustomerListRepository(app.database, people, index);
      return {
        keys,
        accounts: new AccountRepository(app.database, keys, people, index),
        indexes: new AccountIndexRepository(app.database, people, index),
        find: async (filter: CustomerFilter) =>
          (await found.list(filter, 'createdAt', null, 10)).map(({ person }) => person?.email),
      };
    };
    const email = `${randomUUID()}@example.test`;
    const open = () =>
      Account.open({ id: newId(), kind: 'customer', email, passwordHash: null, lastName: 'Drössel' });
    const insert = (by: ReturnType<typeof process>) =>
      app.database.transaction(() => by.accounts.insert(open()));
    expect(await insert(process(from))).toBe(true);

    const both = process({ ...to, ...previous });
    expect(await both.find({ q: 'drös', email })).toEqual([email]);
    expect((await both.accounts.byEmail(email))?.lastName).toBe('Drössel');
    expect(await insert(both)).toBe(false);
    expect(await process(to).find({ email })).toEqual([]);

    const rivals = [both, process({ ...to, ...previous })];
    // What is registered meanwhile, and what is done at once, makes no second account.
    const tried = await Promise.all([
      ...rivals.map((one) => one.indexes.renew()),
      insert(both),
      insert(both),
    ]);
    expect(tried.slice(2)).toEqual([false, false]);
    await Promise.all(rivals.map((one) => one.keys.rewrap()));
    expect(await both.indexes.renew()).toBe(0);
    const after = process(to);
    expect(await after.find({ q: 'drös', email })).toEqual([email]);
    expect(await insert(after)).toBe(false);
    const rows = await app.database.query('SELECT DISTINCT index_key FROM identity.accounts');
    expect(rows).toHaveLength(1);

    // Back to the secret of this application.
    const back = process({ SECRET_KEY_PREVIOUS: OTHER_SECRET });
    expect(await back.indexes.renew()).toBeGreaterThan(0);
    await back.keys.rewrap();
    await app.run('identity.seal_anew');
    expect((await app.get(`${path}?q=drös&email=${email}`, { token: admin })).body.items).toHaveLength(1);
  });
});

describe('the migration that seals', () => {
  it('keeps people from before, and gives them back', async () => {
    const secret = 'a secret that only the tests know, 32+';
    const name = await freshDatabase();
    const config = testConfig(databaseUrl(name), tmpdir());
    const migration = new IdentitySealedPeople1760000020310();
    const inDatabase = async <T>(work: (source: DataSource) => Promise<T>): Promise<T> => {
      const source = await new DataSource(connectionOptions(config)).initialize();
      return work(source).finally(() => source.destroy());
    };
    const plain = () =>
      inDatabase(async (source) => ({
        accounts: await source.query(
          'SELECT id, email, first_name, last_name, phone FROM identity.accounts ORDER BY id',
        ),
        addresses: await source.query(
          `SELECT id, first_name, last_name, company, line1, line2, city, postal_code, region, country, phone
           FROM identity.addresses ORDER BY id`,
        ),
        links: await source.query('SELECT hash, email FROM identity.one_time_links ORDER BY hash'),
      }));
    // Migrations have no other way to the settings.
    process.env.SECRET_KEY = secret;
    try {
      await rollBack(config, migrations);
      await migrate(
        config,
        migrations.filter((each) => each !== IdentitySealedPeople1760000020310),
      );
      const ids = Array.from({ length: 3 }, () => newId());
      await inDatabase(async (source) => {
        for (const [n, id] of ids.entries()) {
          await source.query(
            `INSERT INTO identity.accounts (id, kind, email, first_name, last_name, phone, password_hash, email_verified_at)
             VALUES ($1, 'customer', $2, $3, $4, $5, NULL, now())`,
            [
              id,
              `früher${n}@example.test`,
              n === 0 ? null : `Ärger${n}`,
              n === 0 ? null : 'Übel',
              n === 2 ? '030 1' : null,
            ],
          );
          await source.query(
            'INSERT INTO identity.one_time_links (hash, purpose, account_id, email, expires_at) VALUES ($1, $2, $3, $4, now())',
            [Buffer.from(id), 'verify_email', id, `früher${n}@example.test`],
          );
        }
        const address = newId();
        await source.query(
          `INSERT INTO identity.addresses (id, account_id, first_name, last_name, line1, city, postal_code, country)
           VALUES ($1, $2, 'Ä', 'Ö', 'Ü 1', 'ß', '10115', 'DE')`,
          [address, ids[2]],
        );
        await source.query('INSERT INTO identity.address_books VALUES ($1, 1, $2, $2)', [ids[2], address]);
      });
      const before = await plain();
      await migrate(config, migrations);

      const app = await startApp({ DATABASE_URL: databaseUrl(name) });
      try {
        const token = await given.admin(app);
        const { body } = await app.get('/v1/admin/customers?q=ärg+ÜBEL&sort=createdAt', { token });
        expect(body.items.map(({ id }: { id: string }) => id).sort()).toEqual(ids.slice(1));
        expect((await app.get(`/v1/admin/customers/${ids[2]}`, { token })).body).toMatchObject({
          email: 'früher2@example.test',
          phone: '030 1',
          addresses: [{ firstName: 'Ä', line1: 'Ü 1', company: null, country: 'DE', defaultBilling: true }],
        });
        await app.post('/v1/auth/register', {
          email: 'FRÜHER0@example.test',
          password: 'four random words are good',
        });
        const [count] = await app.database.query(
          `SELECT count(*)::int AS n FROM identity.accounts WHERE kind = 'customer'`,
        );
        expect(count).toEqual({ n: 3 });
        await app.database.execute(`DELETE FROM identity.accounts WHERE kind = 'staff'`);
      } finally {
        await app.close();
      }
      await inDatabase((source) => migration.down(source.createQueryRunner()));
      expect(await plain()).toEqual(before);
      await inDatabase((source) => migration.up(source.createQueryRunner()));
      // An erased person has nothing to go back to.
      await inDatabase((source) =>
        source.query(
          'UPDATE platform.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE subject_id = $1',
          [ids[2]],
        ),
      );
      await inDatabase(async (source) => {
        const runner = source.createQueryRunner();
        await runner.startTransaction();
        await migration.down(runner);
        await runner.commitTransaction();
        await runner.release();
      });
      const left = await plain();
      expect(left).toEqual({
        accounts: before.accounts.slice(0, 2),
        addresses: [],
        links: before.links.filter(({ email }: { email: string }) => !email.startsWith('früher2')),
      });
    } finally {
      delete process.env.SECRET_KEY;
      await dropDatabase(name);
    }
  });
});
