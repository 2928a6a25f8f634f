import { createHash, randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Workers } from '../src/platform/events/workers.js';
import { newId } from '../src/platform/ids.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import { goods, type Goods, imbalance, key } from './support/purchase.js';
import { newFolder, RealProcess } from './support/real-process.js';

/** Words that stand nowhere else, so that each trace of the person is found. */
class Person {
  private readonly mark = randomUUID().slice(0, 8);
  readonly email = `zq${this.mark}@example.test`;
  readonly password = 'four random words are good';
  readonly firstName = `Zqfirst${this.mark}`;
  readonly lastName = `Zqlast${this.mark}`;
  readonly street = `Zqstreet ${this.mark} 1`;
  readonly city = `Zqtown${this.mark}`;
  readonly phone = `+49 30 ${parseInt(this.mark, 16)}`;
  readonly words = `Zqwords ${this.mark}`;
  readonly key = `Zqkey${this.mark}`;
  readonly foreignId = `zqsub${this.mark}`;
  id = '';
  token = '';

  get address() {
    const { firstName, lastName, street: line1, city, phone } = this;
    return { firstName, lastName, line1, city, postalCode: '10117', country: 'DE', phone };
  }

  get traces(): string[] {
    const { email, firstName, lastName, street, city, phone, words, key: passkey, foreignId } = this;
    return [email, firstName, lastName, street, city, phone, words, passkey, foreignId];
  }
}

const DAY = { days: 1, minutes: 1 };
const GRACE = { days: 14, minutes: 1 };

describe('personal data', () => {
  let app: TestApp;
  let staff: string;
  let thing: Goods;
  const folders: string[] = [];

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    thing = await goods(app, { stock: 1000 });
  });
  afterAll(async () => {
    await RealProcess.sweep(folders);
    await app?.close();
  });

  const sql = <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
    app.database.query<R>(text, values);
  const login = ({ email, password }: Person) => app.post('/v1/auth/login', { email, password });
  const lettersTo = async (email: string) => {
    await app.settle();
    return (await app.letters()).filter(({ to }) => to === email);
  };

  /** A customer with a verified address, signed in; nothing else. */
  async function customer(person = new Person()): Promise<Person> {
    await app.post('/v1/auth/register', {
      email: person.email,
      password: person.password,
      firstName: person.firstName,
      lastName: person.lastName,
    });
    const letter = (await lettersTo(person.email)).at(-1);
    await app.post('/v1/auth/email/verify', { token: /token=([\w-]+)/.exec(letter?.text ?? '')?.[1] });
    person.token = (await login(person)).body.accessToken;
    person.id = (await app.get('/v1/me', { token: person.token })).body.id;
    return person;
  }

  /** A paid order: of the customer when a token is given, else of a guest with the address. */
  async function order(person: Person, token?: string, pay = 'ok'): Promise<{ id: string; number: string }> {
    const cart = (
      await app.post(
        '/v1/carts',
        { currency: 'EUR', email: person.email, lines: [{ variantId: thing.variantId, quantity: 1 }] },
        token === undefined ? {} : { token },
      )
    ).body;
    const held = token === undefined ? { cartToken: cart.token } : { token };
    const answer = await app.post(
      `/v1/carts/${cart.id}/checkout`,
      {
        payment: { gateway: 'test', token: pay },
        shippingAddress: person.address,
        billingAddress: person.address,
      },
      { ...held, key: key() },
    );
    expect([201, 202]).toContain(answer.status);
    await app.settle();
    return answer.body;
  }

  async function ship(orderId: string): Promise<void> {
    const parcel = { carrier: 'DHL', trackingNumber: 'JD0001' };
    const sent = await app.post(`/v1/admin/orders/${orderId}/fulfilments`, parcel, {
      token: staff,
      key: key(),
    });
    expect(sent.status).toBe(201);
    await app.settle();
  }

  /** Somebody of whom every module knows something. */
  async function regular(): Promise<{ person: Person; orders: { id: string; number: string }[] }> {
    const person = await customer();
    const { id, token } = person;
    await app.patch('/v1/me', { phone: person.phone }, { token });
    await app.post('/v1/me/addresses', person.address, { token });
    await app.put(
      '/v1/me/marketing-consent',
      { given: true, source: 'form', wording: person.words, textVersion: '1' },
      { token },
    );
    await app.post('/v1/admin/customer-groups', { code: `g-${id}`, title: 'Regulars' }, { token: staff });
    await app.put(`/v1/admin/customers/${id}/groups/g-${id}`, undefined, { token: staff });
    // Neither asks for more at the next sign-in, as they would when they came by the front door.
    await sql(
      `INSERT INTO identity.passkeys (id, account_id, credential_id, public_key, counter, transports, syncable, backed_up, name)
       VALUES ($1, $2, $3, '\\x00', 0, '{}', false, false, $4)`,
      [newId(), id, randomUUID(), person.key],
    );
    await sql(
      `INSERT INTO identity.provider_links (id, account_id, provider, issuer, subject) VALUES ($1, $2, 'acme', 'https://acme.test', $3)`,
      [newId(), id, person.foreignId],
    );
    const orders = [await order(person, token), await order(person)];
    for (const one of orders) await ship(one.id);
    const refund = await app.post(
      `/v1/admin/payments/${(await app.get(`/v1/orders/${orders[0]?.id}`, { token })).body.payments[0].id}/refunds`,
      { amount: { amount: 100, currency: 'EUR' }, reason: person.words },
      { token: staff, key: key() },
    );
    expect([201, 202]).toContain(refund.status);
    const canceled = await order(person, token);
    await app.post(`/v1/orders/${canceled.id}/cancellation`, { reason: person.words }, { token, key: key() });
    const left = {
      currency: 'EUR',
      email: person.email,
      lines: [{ variantId: thing.variantId, quantity: 2 }],
    };
    const cart = (await app.post('/v1/carts', left, { token })).body;
    await app.patch(`/v1/carts/${cart.id}`, { shippingAddress: person.address }, { token });
    // Words on a line, one of them put aside: of the customer, and of a guest with the address.
    const guest = (await app.post('/v1/carts', left)).body;
    for (const [id, held] of [
      [cart.id, { token }],
      [guest.id, { cartToken: guest.token }],
    ]) {
      const line = { variantId: thing.variantId, quantity: 1, properties: { engraving: person.words } };
      const put = await app.post(`/v1/carts/${id}/lines`, line, held);
      expect((await app.post(`/v1/carts/${id}/lines/${put.body.lines[1].id}/save`, {}, held)).status).toBe(
        200,
      );
      expect((await app.post(`/v1/carts/${id}/lines`, line, held)).status).toBe(201);
    }
    await app.settle();
    // A letter that nobody has sent.
    await sql(
      `INSERT INTO platform.mails (id, template, subject_id, recipient, data, message_id) VALUES ($1::uuid, 'unsent', $2, $3, $4, $2)`,
      [newId(), randomUUID(), person.email, JSON.stringify({ name: person.firstName })],
    );
    return { person, orders };
  }

  /** Asks for a copy, has it collected, and answers the path of the link. */
  async function link(person: Person): Promise<string> {
    const before = (await lettersTo(person.email)).length;
    expect((await app.post('/v1/me/exports', undefined, { token: person.token })).status).toBe(202);
    await app.run('identity.run_exports');
    const letters = await lettersTo(person.email);
    expect(letters).toHaveLength(before + 1);
    return linkIn(letters);
  }

  const linkIn = (letters: { text: string }[]): string => {
    const paths = letters.flatMap(
      ({ text }) => /http:\/\/shop\.test(\/v1\/exports\/[\w-]{43})/.exec(text)?.[1] ?? [],
    );
    return paths.at(-1) ?? 'no link';
  };

  const stateOf = async (person: Person): Promise<string> =>
    (await app.get('/v1/me/exports', { token: person.token })).body.items[0].state;

  const partsOf = ({ id }: Person) =>
    sql<{ sealed: Buffer; hash: Buffer; hours: number }>(
      `SELECT p.sealed, e.token_hash AS hash, extract(epoch FROM e.link_until - e.ready_at)::int / 3600 AS hours
       FROM identity.export_parts p JOIN identity.exports e ON e.id = p.export_id WHERE e.subject_id = $1`,
      [id],
    );

  /** What any table of any schema still says about the person, bytes included. */
  async function traces(person: Person): Promise<string[]> {
    const tables = await sql<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
    );
    expect(tables.length).toBeGreaterThan(50);
    const wanted = person.traces.flatMap((trace) => [trace, Buffer.from(trace).toString('hex')]);
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await sql<{ row: string }>(
        `SELECT row::text AS row FROM ${name} AS row WHERE lower(row::text) LIKE ANY ($1)`,
        [wanted.map((one) => `%${one.toLowerCase()}%`)],
      );
      found.push(...rows.map(({ row }) => `${name}: ${row}`));
    }
    return found;
  }

  describe('is handed out', () => {
    it('with everything that each module knows', async () => {
      const { person, orders } = await regular();
      const file = await app.get(await link(person));
      expect(file.status).toBe(200);
      expect(file.headers.get('content-disposition')).toBe('attachment; filename="personal-data.json"');
      expect(file.headers.get('cache-control')).toBe('no-store');
      const { identity, ordering, billing, platform } = file.body.modules;
      expect(Object.keys(file.body.modules)).toHaveLength(5);
      const { email, firstName, lastName, phone } = person;
      expect(identity.account).toEqual([
        expect.objectContaining({ id: person.id, email, firstName, lastName, phone, hasPassword: true }),
      ]);
      expect(identity.addresses).toEqual([expect.objectContaining(person.address)]);
      expect(identity.marketingConsents).toEqual([
        expect.objectContaining({ given: true, wording: person.words, textVersion: '1' }),
      ]);
      expect(identity.groups).toEqual([
        expect.objectContaining({ code: `g-${person.id}`, title: 'Regulars' }),
      ]);
      expect(identity.sessions).toEqual([
        expect.objectContaining({ methods: ['pwd'], ipPrefix: '127.0.0.0/24' }),
      ]);
      expect(identity.providers).toEqual([
        expect.objectContaining({ provider: 'acme', subject: person.foreignId }),
      ]);
      expect(identity.passkeys).toEqual([expect.objectContaining({ name: person.key })]);
      expect([identity.secondFactors, identity.factorResets]).toEqual([[], []]);
      expect(ordering.orders).toHaveLength(3);
      for (const { id, number } of orders)
        expect(ordering.orders).toContainEqual(
          expect.objectContaining({
            ...{ id, number, email, status: 'completed' },
            shippingAddress: expect.objectContaining(person.address),
            billingAddress: expect.objectContaining(person.address),
            lines: [expect.objectContaining({ sku: thing.sku, quantity: 1 })],
            parcels: [expect.objectContaining({ trackingNumber: 'JD0001' })],
          }),
        );
      expect(JSON.stringify(ordering.orders)).toContain(person.words);
      // Two that were left, one of a guest among them, and those that became orders.
      expect(ordering.carts).toHaveLength(5);
      expect(billing.payments).toHaveLength(3);
      expect(billing.payments[0].buyer).toMatchObject({ email, name: `${firstName} ${lastName}` });
      expect(JSON.stringify(billing.payments)).toContain(person.words);
      expect(platform.unsentMails).toEqual([
        expect.objectContaining({ template: 'unsent', recipient: person.email }),
      ]);
      const actions = platform.auditEntries.map(({ action }: { action: string }) => action);
      expect(actions).toEqual(
        expect.arrayContaining([
          'identity.account.registered',
          'identity.session.started',
          'identity.account.updated',
        ]),
      );
      // Nothing that opens anything.
      expect(file.text).not.toMatch(/argon2|hash"|sealed/i);
      expect(await stateOf(person)).toBe('downloaded');
    });

    it('by a link that works once', async () => {
      const person = await customer();
      const path = await link(person);
      // Whoever only looks does not use it up.
      expect((await app.send('HEAD', path, undefined)).status).toBe(405);
      const all = await Promise.all(Array.from({ length: 6 }, () => app.get(path)));
      expect(all.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
      expect((await app.get(path)).status).toBe(404);
      // The pages go as soon as the connection is over.
      for (let look = 0; look < 5_000 && (await partsOf(person)).length > 0; look++) {
        await app.run('identity.forget_exports');
        await wait(10);
      }
      expect(await partsOf(person)).toEqual([]);
      expect((await app.get(path)).status).toBe(404);
    });

    it('by a link that a broken download does not use up', async () => {
      const person = await customer();
      await sql(
        `INSERT INTO identity.marketing_consents (id, account_id, given, source, text_version, wording)
         SELECT gen_random_uuid(), $1, true, 'test', '1', repeat('w', 2000) FROM generate_series(1, 4000)`,
        [person.id],
      );
      const path = await link(person);
      await new Promise<void>((resolve, reject) => {
        get(app.url + path, (answer) => {
          answer.once('data', () => answer.destroy()).once('close', resolve);
        }).once('error', reject);
      });
      let again = await app.get(path);
      for (let look = 0; look < 5_000 && again.status === 404; look++) {
        await wait(10);
        again = await app.get(path);
      }
      expect(again.status).toBe(200);
      expect(again.body.modules.identity.marketingConsents).toHaveLength(4_000);
      expect((await app.get(path)).status).toBe(404);
    });

    it('to nobody with a link that is not good', async () => {
      expect((await app.get(`/v1/exports/${'x'.repeat(43)}`)).status).toBe(404);
      expect((await app.get('/v1/exports/short')).status).toBe(400);
      const person = await customer();
      const path = await link(person);
      await sql(`UPDATE identity.exports SET link_until = now() - interval '1 s' WHERE subject_id = $1`, [
        person.id,
      ]);
      expect((await app.get(path)).status).toBe(404);
      await app.run('identity.forget_exports');
      expect(await stateOf(person)).toBe('expired');
      expect(await partsOf(person)).toEqual([]);
      await sql(`UPDATE identity.exports SET link_until = now() + interval '1 h' WHERE subject_id = $1`, [
        person.id,
      ]);
      expect((await app.get(path)).status).toBe(404);
    });

    it('sealed while it waits, for a day', async () => {
      const person = await customer();
      const path = await link(person);
      const parts = await partsOf(person);
      expect(parts.length).toBeGreaterThan(8);
      for (const { sealed, hash, hours } of parts) {
        expect(sealed.toString('latin1')).not.toContain(person.email);
        expect(hash).toEqual(
          createHash('sha256')
            .update(path.split('/').at(-1) ?? '')
            .digest(),
        );
        expect(hours).toBe(24);
      }
    });

    it('one at a time, to the owner who has just proved it, and to nobody else', async () => {
      const [person, other] = [await customer(), await customer()];
      const { token } = person;
      const asked = await Promise.all(
        Array.from({ length: 4 }, () => app.post('/v1/me/exports', undefined, { token })),
      );
      expect(asked.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
      const [id] = new Set(asked.map(({ body }) => body.id));
      expect(new Set(asked.map(({ body }) => body.id)).size).toBe(1);
      expect(asked[0]?.body).toMatchObject({ state: 'pending', requestedBy: 'owner', linkUntil: null });
      expect((await app.get(`/v1/me/exports/${id}`, { token })).body).toEqual(asked[0]?.body);
      expect((await app.get(`/v1/me/exports/${id}`, { token: other.token })).status).toBe(404);
      expect((await app.get('/v1/me/exports', { token: other.token })).body.items).toEqual([]);
      expect((await app.get('/v1/me/exports')).status).toBe(401);
      expect((await app.post('/v1/me/exports')).status).toBe(401);
      await Promise.all([1, 2, 3].map(() => app.run('identity.run_exports')));
      expect(
        (await lettersTo(person.email)).filter(({ subject }) => subject === 'What we keep about you'),
      ).toHaveLength(1);
      await sql(
        `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE account_id = $1`,
        [person.id],
      );
      const { refreshToken } = (await login(person)).body;
      await sql(
        `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE account_id = $1`,
        [person.id],
      );
      const old = (await app.post('/v1/auth/refresh', { refreshToken })).body.accessToken;
      const refused = await app.post('/v1/me/exports', undefined, { token: old });
      expect([refused.status, refused.body.code]).toEqual([401, 'platform.proof_required']);
    });

    it('when staff ask, to the customer alone', async () => {
      const person = await customer();
      const path = `/v1/admin/customers/${person.id}/exports`;
      const helper = await given.staff(app, ['read-only'], staff);
      expect((await app.post(path, undefined, { token: helper.token })).status).toBe(403);
      expect((await app.get(path, { token: helper.token })).status).toBe(403);
      expect(
        (await app.post(`/v1/admin/customers/${helper.id}/exports`, undefined, { token: staff })).status,
      ).toBe(404);
      const asked = await app.post(path, undefined, { token: staff });
      expect([asked.status, asked.body.requestedBy]).toEqual([202, 'staff']);
      await app.settle();
      const before = (await app.letters()).length;
      await app.run('identity.run_exports');
      await app.settle();
      expect((await app.letters()).slice(before).map(({ to }) => to)).toEqual([person.email]);
      expect((await app.get(path, { token: staff })).body.items).toEqual([
        expect.objectContaining({ id: asked.body.id, state: 'ready' }),
      ]);
      expect((await app.get(linkIn(await lettersTo(person.email)))).status).toBe(200);
    });

    it('to guests at their address', async () => {
      const guest = new Person();
      const bought = await order(guest);
      const ask = () => app.post('/v1/admin/personal-data/exports', { email: guest.email }, { token: staff });
      const [first, second] = [await ask(), await ask()];
      expect([first.status, second.body]).toEqual([202, first.body]);
      await app.run('identity.run_exports');
      const file = await app.get(linkIn(await lettersTo(guest.email)));
      expect(file.body.modules.ordering.orders).toEqual([
        expect.objectContaining({ number: bought.number, email: guest.email }),
      ]);
      expect(file.body.modules.billing.payments).toHaveLength(1);
      expect(file.body.modules.identity).toBeUndefined();
      const path = `/v1/admin/personal-data/exports/${first.body.id}`;
      expect((await app.get(path, { token: staff })).body.state).toBe('downloaded');
      const kept = () =>
        sql('SELECT guest_email, guest_hash FROM identity.exports WHERE id = $1', [first.body.id]);
      const gone = [{ guest_email: null, guest_hash: null }];
      // The download lets go when its connection is over, which may be a moment after its last byte is here.
      for (let look = 0; look < 5_000 && JSON.stringify(await kept()) !== JSON.stringify(gone); look++)
        await app.run('identity.forget_exports');
      expect(await kept()).toEqual(gone);
    });
  });

  /** A worker of its own that dies at a place; this process runs no jobs meanwhile. */
  async function dies(failpoint: string): Promise<void> {
    const folder = newFolder();
    folders.push(folder);
    await app.app.get(Workers).stop();
    try {
      const worker = RealProcess.start({
        NODE_ENV: 'test',
        ROLE: 'worker',
        DATABASE_URL: app.config.databaseUrl ?? '',
        TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
        SECRET_KEY: 'a secret that only the tests know, 32+',
        DATA_DIR: folder,
        DATABASE_POOL: '4',
        FAILPOINT: failpoint,
      });
      expect(await worker.signal()).toBe('SIGKILL');
    } finally {
      await app.app.get(Workers).start({ schedules: false });
    }
  }

  it('is collected on by the next worker when one is killed', async () => {
    const person = await customer();
    await order(person, person.token);
    const { id } = (await app.post('/v1/me/exports', undefined, { token: person.token })).body;
    const parts = () =>
      sql<{ module: string; ordinal: number; sealed: Buffer }>(
        'SELECT module, ordinal, sealed FROM identity.export_parts WHERE export_id = $1 ORDER BY module, ordinal',
        [id],
      );
    // As after the minute for which the dead one counts as alive.
    const holdEnds = () =>
      sql(`UPDATE identity.exports SET held_until = now() - interval '1 s' WHERE id = $1`, [id]);
    await dies('export.after_part');
    expect((await parts()).map(({ module, ordinal }) => [module, ordinal])).toEqual([['ordering', 0]]);
    await app.run('identity.run_exports');
    expect(await stateOf(person)).toBe('running');
    await holdEnds();
    await dies('export.after_billing');
    const before = await parts();
    // Whole modules, each from its first part, and those that come after them not yet.
    expect([...new Set(before.map(({ module }) => module))]).toEqual(['billing', 'ordering']);
    for (const module of ['billing', 'ordering']) {
      const own = before.filter((part) => part.module === module);
      expect(own.map(({ ordinal }) => ordinal)).toEqual([...own.keys()]);
    }
    await holdEnds();
    await app.run('identity.run_exports');
    // Sealing the same page again would make other bytes.
    expect(await parts()).toEqual(expect.arrayContaining(before));
    const { modules } = (await app.get(linkIn(await lettersTo(person.email)))).body;
    expect(Object.keys(modules).sort()).toEqual(['billing', 'catalog', 'identity', 'ordering', 'platform']);
    expect([modules.ordering.orders.length, modules.billing.payments.length]).toEqual([1, 1]);
  });

  describe('is erased', () => {
    const close = ({ token }: Person) => app.delete('/v1/me', { token });
    const erasureOf = async ({ id }: Person) =>
      (await app.get(`/v1/admin/customers/${id}/erasure`, { token: staff })).body;
    async function pass(time: { days: number; minutes: number }): Promise<void> {
      app.clock.advance(time);
      await app.run('identity.run_erasures');
      await app.settle();
    }

    it('everywhere, and the books stay', async () => {
      const { person, orders } = await regular();
      await link(person);
      expect((await traces(person)).length).toBeGreaterThan(10);
      const books = await sql('SELECT * FROM billing.ledger_entries ORDER BY transaction_id, position');
      const asked = await close(person);
      expect(asked.status).toBe(202);
      expect(asked.body.hindrances).toEqual([]);
      expect((await app.get('/v1/me', { token: person.token })).status).toBe(401);
      const letter = (await lettersTo(person.email)).at(-1);
      expect(letter?.text).toContain(asked.body.erasesAt.slice(0, 10));
      await app.run('identity.run_erasures');
      expect((await erasureOf(person)).state).toBe('waiting');
      await pass(GRACE);
      expect(await erasureOf(person)).toMatchObject({
        state: 'finished',
        requestedBy: 'owner',
        reason: null,
      });

      expect(await traces(person)).toEqual([]);
      expect((await app.get(`/v1/admin/customers/${person.id}`, { token: staff })).status).toBe(404);
      expect((await login(person)).status).toBe(401);
      for (const { id, number } of orders) {
        const kept = (await app.get(`/v1/admin/orders/${id}`, { token: staff })).body;
        expect(kept).toMatchObject({ number, status: 'completed', email: 'erased@erased.invalid' });
        expect(kept.totals.total.amount).toBe(1999 + 490);
        expect(kept.shippingAddress).toMatchObject({ country: 'DE', line1: 'Erased', postalCode: null });
        expect(kept.payments).toHaveLength(1);
      }
      // A worker that an earlier test has let die may have planned the night's reconciliation, which books fees.
      const later = await sql('SELECT * FROM billing.ledger_entries ORDER BY transaction_id, position');
      expect(later.slice(0, books.length)).toEqual(books);
      expect(await imbalance(app)).toBeNull();
      const [keys] = await sql<{ wrapped: Buffer | null }>(
        'SELECT wrapped FROM platform.subject_keys WHERE subject_id = $1',
        [person.id],
      );
      expect(keys).toEqual({ wrapped: null });
      const trail = await app.get(`/v1/admin/audit?subjectId=${person.id}`, { token: staff });
      expect(trail.body.items.map(({ action }: { action: string }) => action)).toEqual(
        expect.arrayContaining(['identity.erasure.asked', 'identity.erasure.finished']),
      );
      await app.run('platform.seal_audit');
      expect((await app.get('/v1/admin/audit/integrity', { token: staff })).body.isWhole).toBe(true);

      const again = await customer(person);
      expect(again.id).not.toBe(orders[0]?.id);
      await app.settle();
      expect((await app.get('/v1/me/orders', { token: again.token })).body.items).toEqual([]);
    });

    it('not, when the owner signs in during the days of grace', async () => {
      const person = await customer();
      await close(person);
      app.clock.advance({ days: 13 });
      expect(
        (await app.post('/v1/auth/login', { email: person.email, password: 'something else, wrong' })).status,
      ).toBe(401);
      expect((await erasureOf(person)).state).toBe('waiting');
      expect((await login(person)).status).toBe(200);
      expect((await erasureOf(person)).state).toBe('canceled');
      expect((await lettersTo(person.email)).at(-1)?.subject).toBe('Your account stays');
      const trail = await app.get(`/v1/admin/audit?action=identity.erasure.canceled&subjectId=${person.id}`, {
        token: staff,
      });
      expect(trail.body.items).toHaveLength(1);
      await pass(GRACE);
      expect((await login(person)).status).toBe(200);
    });

    it('once, however often it is asked for at the same time', async () => {
      const person = await customer();
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const holding = app.database.transaction(async () => {
        await sql('SELECT FROM identity.accounts WHERE id = $1 FOR UPDATE', [person.id]);
        await held;
      });
      const answers = [close(person), close(person), close(person)];
      // Two that wait are a race; the third may still be on its way when the machine is busy, and none waits longer than 3 s.
      for (let look = 0, waiting = 0; waiting < 2 && look < 5_000; look++, await wait(10))
        waiting = (await sql(`SELECT FROM pg_locks WHERE NOT granted`)).length;
      release();
      await holding;
      const [first, ...others] = await Promise.all(answers);
      expect(first?.status).toBe(202);
      for (const other of others) expect([other.status, other.body]).toEqual([202, first?.body]);
      expect((await lettersTo(person.email)).filter(({ subject }) => /closed/.test(subject))).toHaveLength(1);
      // Whoever asks later is signed out, as it was said.
      expect((await close(person)).status).toBe(401);
    });

    it('only when what was paid has been shipped', async () => {
      const person = await customer();
      const open = await order(person, person.token);
      const because = [`Order ${open.number} is paid and not shipped yet.`];
      expect((await close(person)).body.hindrances).toEqual(because);
      expect((await lettersTo(person.email)).at(-1)?.text).toContain(because[0]);
      await pass(GRACE);
      const putOff = await erasureOf(person);
      expect(putOff).toMatchObject({ state: 'waiting', hindrances: because });
      await app.run('identity.run_erasures');
      await ship(open.id);
      expect((await erasureOf(person)).erasesAt).toBe(putOff.erasesAt);
      await pass(DAY);
      expect((await erasureOf(person)).state).toBe('finished');
      expect(await traces(person)).toEqual([]);
    });

    it('only when no payment is undecided', async () => {
      const person = await customer();
      const open = await order(person, person.token, 'sca_required');
      expect((await close(person)).body.hindrances).toEqual([
        `Order ${open.number} waits for its payment.`,
        'A payment or a refund is not settled yet.',
      ]);
    });

    it('to the end by the next worker when one is killed', async () => {
      const person = await customer();
      const bought = await order(person, person.token);
      await ship(bought.id);
      await close(person);
      // The clock of another process cannot be moved.
      await sql(`UPDATE identity.erasures SET due_at = now() - interval '1 s' WHERE subject_id = $1`, [
        person.id,
      ]);
      await dies('erasure.after_ordering');
      const [left] = await sql('SELECT done, finished_at FROM identity.erasures WHERE subject_id = $1', [
        person.id,
      ]);
      expect(left).toEqual({ done: ['ordering'], finished_at: null });
      expect((await erasureOf(person)).state).toBe('running');
      expect((await app.get(`/v1/admin/orders/${bought.id}`, { token: staff })).body.email).toBe(
        'erased@erased.invalid',
      );
      const half = await traces(person);
      expect(half.some((row) => row.startsWith('billing.payments'))).toBe(true);
      // There is no way back any more.
      expect((await login(person)).status).toBe(401);
      const late = await app.delete(`/v1/admin/customers/${person.id}/erasure`, { token: staff });
      expect([late.status, late.body.code]).toEqual([409, 'identity.erasure_started']);
      await app.run('identity.run_erasures');
      expect((await erasureOf(person)).state).toBe('finished');
      expect(await traces(person)).toEqual([]);
    });

    it('once, however many workers are at it', async () => {
      const people = [await customer(), await customer(), await customer()];
      for (const person of people) await close(person);
      app.clock.advance(GRACE);
      await Promise.all([1, 2, 3, 4].map(() => app.run('identity.run_erasures')));
      await app.run('identity.run_erasures');
      for (const { id } of people) {
        const rows = await sql('SELECT done FROM identity.erasures WHERE subject_id = $1', [id]);
        expect(rows).toEqual([{ done: ['ordering', 'billing', 'catalog', 'platform', 'identity'] }]);
        const ends = await sql(
          `SELECT FROM platform.audit_entries WHERE subject_id = $1 AND action = 'identity.erasure.finished'`,
          [id],
        );
        expect(ends).toHaveLength(1);
      }
    });

    it('when staff are asked, with a reason, and taken back by them', async () => {
      const person = await customer();
      const path = `/v1/admin/customers/${person.id}/erasure`;
      const support = await given.staff(app, ['support'], staff);
      expect((await app.post(path, { reason: 'x' }, { token: support.token })).status).toBe(403);
      expect((await app.post(path, {}, { token: staff })).status).toBe(400);
      expect((await app.get(path, { token: staff })).status).toBe(404);
      expect((await app.delete(path, { token: staff })).status).toBe(404);
      const asked = await app.post(path, { reason: person.words }, { token: staff });
      expect([asked.status, asked.body.requestedBy, asked.body.reason]).toEqual([202, 'staff', person.words]);
      expect((await app.post(path, { reason: 'again' }, { token: staff })).body).toEqual(asked.body);
      const shown = await app.get(`/v1/admin/customers/${person.id}`, { token: staff });
      const [listed] = (await app.get(`/v1/admin/customers?email=${person.email}`, { token: staff })).body
        .items;
      const { erasesAt } = asked.body;
      expect([shown.body.erasesAt, listed.erasesAt]).toEqual([erasesAt, erasesAt]);
      expect((await app.get('/v1/me', { token: person.token })).status).toBe(401);
      expect((await app.delete(path, { token: staff })).status).toBe(204);
      expect((await lettersTo(person.email)).at(-1)?.subject).toBe('Your account stays');
      expect((await login(person)).status).toBe(200);
      await app.post(path, { reason: person.words }, { token: staff });
      await pass(GRACE);
      expect((await erasureOf(person)).state).toBe('finished');
      expect(await traces(person)).toEqual([]);
    });

    it('to the end, though staff would let the customer in again when it has begun', async () => {
      const person = await customer();
      await close(person);
      // A worker died in the middle of it.
      await sql('UPDATE identity.erasures SET started_at = now() WHERE subject_id = $1', [person.id]);
      await sql(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [person.id]);
      const path = `/v1/admin/customers/${person.id}`;
      const enabled = await app.patch(path, { status: 'active' }, { token: staff });
      expect([enabled.status, enabled.body.code]).toEqual([409, 'identity.erasure_started']);
      expect((await login(person)).status).toBe(401);
      expect((await app.patch(path, { locale: 'de' }, { token: staff })).status).toBe(200);
      await pass(GRACE);
      expect((await erasureOf(person)).state).toBe('finished');
    });

    it('never, when it is somebody who works here', async () => {
      const helper = await given.staff(app, ['support'], staff);
      const own = await app.delete('/v1/me', { token: helper.token });
      expect([own.status, own.body.code]).toEqual([409, 'identity.staff_account']);
      const foreign = await app.post(
        `/v1/admin/customers/${helper.id}/erasure`,
        { reason: 'x' },
        { token: staff },
      );
      expect(foreign.status).toBe(409);
    });

    it('only by somebody who has just proved who it is', async () => {
      const person = await customer();
      const { refreshToken } = (await login(person)).body;
      await sql(
        `UPDATE identity.sessions SET proved_at = now() - interval '11 minutes' WHERE account_id = $1`,
        [person.id],
      );
      const token = (await app.post('/v1/auth/refresh', { refreshToken })).body.accessToken;
      const refused = await app.delete('/v1/me', { token });
      expect([refused.status, refused.body.code]).toEqual([401, 'platform.proof_required']);
      expect((await app.delete('/v1/me')).status).toBe(401);
    });

    it('of guests too, after their address was told', async () => {
      const guest = new Person();
      const bought = await order(guest);
      await ship(bought.id);
      const ask = () =>
        app.post(
          '/v1/admin/personal-data/erasures',
          { email: guest.email, reason: guest.words },
          { token: staff },
        );
      const [first, second] = [await ask(), await ask()];
      expect([first.status, first.body.customerId, second.body]).toEqual([202, null, first.body]);
      const path = `/v1/admin/personal-data/erasures/${first.body.id}`;
      expect((await app.delete(path, { token: staff })).status).toBe(204);
      const third = await ask();
      expect(third.body.id).not.toBe(first.body.id);
      expect((await lettersTo(guest.email)).filter(({ subject }) => /erased/.test(subject))).toHaveLength(2);
      const listed = await app.get('/v1/admin/personal-data/erasures?limit=1', { token: staff });
      expect(listed.body.items).toEqual([third.body]);
      await pass(GRACE);
      expect(
        (await app.get(`/v1/admin/personal-data/erasures/${third.body.id}`, { token: staff })).body.state,
      ).toBe('finished');
      const left = (await traces(guest)).filter((row) => !row.includes(first.body.id));
      expect(left).toEqual([]);
    });
  });
});
