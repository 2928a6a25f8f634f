import { randomUUID } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../src/platform/access/access.js';
import type { PersonActor } from '../src/platform/access/actor.js';
import { Operation } from '../src/platform/http/operation.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { berlin, checkOut, fillCart, type Goods, goods } from './support/purchase.js';

const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
const GOOD = 'four random words are good';

/** Shows what the guard knows of whoever asks. */
@Controller('v1/fixture/groups')
@ApiTags('Fixture')
class GroupsController {
  @Get()
  @Permissions('account:self')
  @Operation({
    id: 'showGroups',
    summary: 'Shows groups',
    description: 'Of the tests of customers alone.',
    answers: { 200: null },
  })
  groups(@CurrentActor() { groups }: PersonActor): readonly string[] {
    return groups;
  }
}

@Module({ controllers: [GroupsController] })
class GroupsFixture {}

const told = ({ body }: Answer) => {
  const { requestId: _requestId, instance: _instance, ...rest } = body as Record<string, unknown>;
  return rest;
};
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('customers', () => {
  let app: TestApp;
  let admin: string;

  beforeAll(async () => {
    app = await startApp({}, [GroupsFixture]);
    admin = await given.admin(app);
  });
  afterAll(() => app?.close());
  beforeEach(() => app.database.execute('DELETE FROM identity.throttles'));

  const fresh = () => `${randomUUID()}@example.test`;
  const login = (email: string, password = GOOD) => app.post('/v1/auth/login', { email, password });
  const lettersTo = async (email: string) => {
    await app.settle();
    return (await app.letters()).filter(({ to }) => to === email);
  };
  const linkTo = async (email: string): Promise<string> =>
    (await lettersTo(email)).flatMap(({ text }) => /token=([\w.-]+)/.exec(text)?.[1] ?? []).at(-1) ?? '';
  const idOf = async (token: string): Promise<string> => (await app.get('/v1/me', { token })).body.id;
  const audited = async (subjectId: string): Promise<string[]> => {
    const { body } = await app.get(`/v1/admin/audit?subjectId=${subjectId}&limit=100`, { token: admin });
    return body.items.map(({ action }: { action: string }) => action).reverse();
  };
  /** A token whose holder proved who it is eleven minutes ago. */
  const stale = async (email: string): Promise<string> => {
    const { refreshToken } = (await login(email)).body;
    await app.database.execute(
      `UPDATE identity.sessions s SET proved_at = now() - interval '11 minutes'
       WHERE s.account_id = $1`,
      [await given.accountId(app, email)],
    );
    return (await app.post('/v1/auth/refresh', { refreshToken })).body.accessToken;
  };

  describe('addresses', () => {
    let ada: string;
    let eve: string;
    const add = (token: string, extra: object = {}) =>
      app.post('/v1/me/addresses', { ...berlin, ...extra }, { token });
    const defaults = async (token: string) => {
      const { items } = (await app.get('/v1/me/addresses?limit=100', { token })).body;
      return {
        all: items.length,
        shipping: items.filter((one: { defaultShipping: boolean }) => one.defaultShipping),
        billing: items.filter((one: { defaultBilling: boolean }) => one.defaultBilling),
      };
    };

    beforeAll(async () => {
      ({ token: ada } = await given.customer(app));
      ({ token: eve } = await given.customer(app));
    });

    it('are kept, changed and forgotten by their owner', async () => {
      const made = await add(ada, { company: 'Analytical Engines' });
      expect(made.status).toBe(201);
      expect(made.headers.get('etag')).toBe('"1"');
      expect(made.body).toMatchObject({
        ...berlin,
        ...{ company: 'Analytical Engines', line2: null, region: null, phone: null, version: 1 },
        ...{ defaultShipping: true, defaultBilling: true },
      });
      const path = `/v1/me/addresses/${made.body.id}`;
      expect(made.headers.get('location')).toBe(path);
      const changed = await app.patch(
        path,
        { city: 'Potsdam', postalCode: '14467', company: null },
        { token: ada },
      );
      expect(changed.body).toMatchObject({
        city: 'Potsdam',
        line1: berlin.line1,
        company: null,
        version: 2,
      });
      const late = await app.patch(path, { city: 'Ulm' }, { token: ada, headers: { 'if-match': '"1"' } });
      expect([late.status, late.headers.get('etag')]).toEqual([412, '"2"']);
      expect((await app.delete(path, { token: ada, headers: { 'if-match': '"1"' } })).status).toBe(412);
      expect((await app.get(path, { token: ada })).body).toEqual(changed.body);
      expect((await app.delete(path, { token: ada, headers: { 'if-match': '"2"' } })).status).toBe(204);
      expect((await app.get(path, { token: ada })).status).toBe(404);
      expect(await defaults(ada)).toEqual({ all: 0, shipping: [], billing: [] });
      expect(await audited(made.body.id)).toEqual([
        'identity.address.created',
        'identity.address.updated',
        'identity.address.deleted',
      ]);
    });

    it('are unknown to everybody else, and to nobody', async () => {
      const { id } = (await add(ada)).body;
      const path = `/v1/me/addresses/${id}`;
      const foreign = await app.get(path, { token: eve });
      expect([foreign.status, told(foreign)]).toEqual([
        404,
        told(await app.get(`/v1/me/addresses/${UNKNOWN}`, { token: eve })),
      ]);
      expect((await app.patch(path, { city: 'Ulm' }, { token: eve })).status).toBe(404);
      expect((await app.delete(path, { token: eve })).status).toBe(404);
      expect((await app.get('/v1/me/addresses', { token: eve })).body.items).toEqual([]);
      for (const answer of [
        await app.get('/v1/me/addresses'),
        await app.post('/v1/me/addresses', berlin),
        await app.get(path),
        await app.patch(path, { city: 'Ulm' }),
        await app.delete(path),
      ])
        expect(answer.status).toBe(401);
      expect((await app.get(path, { token: ada })).body.city).toBe('Berlin');
    });

    it('must fit their country, as those of carts must', async () => {
      const wrong: [object, string[]][] = [
        [{ postalCode: '1011' }, ['/postalCode malformed']],
        [{ postalCode: null }, ['/postalCode required']],
        [{ country: 'US', postalCode: 'x' }, ['/postalCode malformed', '/region required']],
        [{ country: 'XX' }, ['/country not_country']],
        [{ line1: '   ' }, ['/line1 not_a_line']],
        [{ city: 'Berlin\n10117' }, ['/city not_a_line']],
        [{ firstName: 'Ada,\n\nPay at once' }, ['/firstName not_a_line']],
        [{ lastName: '\u202Etest' }, ['/lastName not_a_line']],
        [{ company: 'Pay at http://evil.test/now' }, ['/company not_a_name']],
        [{ line1: '' }, ['/line1 too_short']],
        [{ floor: 3 }, ['/floor unknown_property']],
      ];
      for (const [extra, faults] of wrong) {
        const { status, body } = await add(ada, extra);
        const errors = body.errors.map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`);
        expect([status, body.code, errors]).toEqual([400, 'platform.invalid_input', faults]);
      }
      expect((await add(ada, { country: 'KE', postalCode: 'anything' })).status).toBe(201);
      expect((await add(ada, { country: 'HK', postalCode: null })).status).toBe(201);
      const texas = { country: 'US', postalCode: '78701', region: 'TX', city: 'Austin' };
      const { id } = (await add(ada, texas)).body;
      const moved = await app.patch(`/v1/me/addresses/${id}`, { country: 'CA' }, { token: ada });
      expect([moved.status, moved.body.errors[0].pointer]).toEqual([400, '/postalCode']);
      const unset = await app.patch(`/v1/me/addresses/${id}`, { region: null }, { token: ada });
      expect([unset.status, unset.body.errors[0].pointer]).toEqual([400, '/region']);
      const nameless = await app.patch(`/v1/me/addresses/${id}`, { firstName: null }, { token: ada });
      expect(nameless.status).toBe(400);
      expect((await app.get(`/v1/me/addresses/${id}`, { token: ada })).body).toMatchObject(texas);
    });

    it('have one default of each kind, which moves and never only goes', async () => {
      const { token } = await given.customer(app);
      const first = (await add(token, { city: 'One', defaultShipping: false })).body;
      const second = (await add(token, { city: 'Two', defaultShipping: true })).body;
      expect([first.defaultShipping, second.defaultShipping, second.defaultBilling]).toEqual([
        true,
        true,
        false,
      ]);
      const path = (id: string) => `/v1/me/addresses/${id}`;
      // What an address is the default of is part of it.
      expect((await app.get(path(first.id), { token })).body).toMatchObject({
        ...{ defaultShipping: false, defaultBilling: true, version: 2 },
      });
      const off = await app.patch(path(second.id), { defaultShipping: false }, { token });
      expect([off.status, off.body.code, off.body.errors[0].pointer]).toEqual([
        422,
        'identity.default_address_needed',
        '/defaultShipping',
      ]);
      const idle = await app.patch(path(first.id), { defaultShipping: false, city: 'Uno' }, { token });
      expect(idle.body).toMatchObject({ city: 'Uno', defaultShipping: false });
      const moved = await app.patch(path(second.id), { defaultBilling: true }, { token });
      expect(moved.body).toMatchObject({ defaultShipping: true, defaultBilling: true });
      const third = (await add(token, { city: 'Three' })).body;
      expect((await app.delete(path(second.id), { token })).status).toBe(204);
      const left = await defaults(token);
      expect([left.all, left.shipping[0].id, left.billing[0].id]).toEqual([2, third.id, third.id]);
      expect(left.shipping[0].version).toBe(2);
    });

    it('keep exactly one default when ten become it at once', async () => {
      const { token } = await given.customer(app);
      const ids: string[] = [];
      for (let count = 0; count < 10; count++) ids.push((await add(token)).body.id);
      const answers = await Promise.all(
        ids.map((id) =>
          app.patch(`/v1/me/addresses/${id}`, { defaultShipping: true, defaultBilling: true }, { token }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(times(10, () => 200));
      const after = await defaults(token);
      expect([after.all, after.shipping.length, after.billing.length]).toEqual([10, 1, 1]);
      // Not only by the code: the table refuses a book without a default.
      await expect(
        app.database.execute('UPDATE identity.address_books SET shipping_id = NULL WHERE account_id = $1', [
          await idOf(token),
        ]),
      ).rejects.toThrow('address_books_defaults_check');
      const elsewhere = (await add(ada)).body.id;
      await expect(
        app.database.execute('UPDATE identity.address_books SET shipping_id = $2 WHERE account_id = $1', [
          await idOf(token),
          elsewhere,
        ]),
      ).rejects.toThrow('address_books_shipping_fk');
    });

    it('are never more than fifty, though twenty come at once', async () => {
      const { token } = await given.customer(app);
      for (let count = 0; count < 40; count++) expect((await add(token)).status).toBe(201);
      const answers = await Promise.all(times(20, () => add(token)));
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([...times(10, () => 201), ...times(10, () => 422)]);
      const refused = answers.find(({ status }) => status === 422);
      expect(refused?.body.code).toBe('identity.too_many_addresses');
      expect((await defaults(token)).all).toBe(50);
      const [one] = (await app.get('/v1/me/addresses', { token })).body.items;
      expect((await app.delete(`/v1/me/addresses/${one.id}`, { token })).status).toBe(204);
      expect((await add(token)).status).toBe(201);
    });

    it('are listed by pages, and made once of a repeated request', async () => {
      const { token } = await given.customer(app);
      const key = randomUUID();
      const made = [
        await app.post('/v1/me/addresses', berlin, { token, key }),
        await app.post('/v1/me/addresses', berlin, { token, key }),
      ];
      expect(made[1]?.body).toEqual(made[0]?.body);
      for (const city of ['B', 'C']) await add(token, { city });
      const seen: string[] = [];
      let path: string | null = '/v1/me/addresses?limit=2';
      while (path !== null) {
        const page: Answer = await app.get(path, { token });
        seen.push(...page.body.items.map(({ city }: { city: string }) => city));
        path = /^<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1] ?? null;
      }
      expect(seen).toEqual(['C', 'B', 'Berlin']);
    });
  });

  describe('the own account', () => {
    it('is greeted by a name, and by nothing that leads elsewhere', async () => {
      const { token } = await given.customer(app);
      for (const firstName of [
        '  ',
        'Ada\r\nBcc: a@b.test',
        'Ada\u2028',
        'www.evil.test',
        'https://evil.test',
      ]) {
        const { status, body } = await app.patch('/v1/me', { firstName }, { token });
        expect([status, body.errors[0].pointer]).toEqual([400, '/firstName']);
      }
      for (const firstName of ['Ĵosé-María', "O'Brien", 'Nguyễn Thị', '李'])
        expect((await app.patch('/v1/me', { firstName }, { token })).status).toBe(200);
    });

    it('takes names, telephone, language and consent, and nothing malformed', async () => {
      const { token } = await given.customer(app);
      const before = await app.get('/v1/me', { token });
      expect(before.body).toMatchObject({
        phone: null,
        locale: null,
        marketingConsent: { given: false, at: null },
      });
      const consent = { given: true, source: 'account page', textVersion: '1', wording: 'Yes, please.' };
      const changed = await app.patch(
        '/v1/me',
        { firstName: 'Ada', phone: '+49 30 123456', locale: 'de-AT', marketingConsent: consent },
        { token, headers: { 'if-match': before.headers.get('etag') ?? '' } },
      );
      expect(changed.status).toBe(200);
      expect(changed.body).toMatchObject({
        firstName: 'Ada',
        phone: '+49 30 123456',
        locale: 'de-AT',
        marketingConsent: consent,
      });
      expect((await app.get('/v1/me', { token })).body).toEqual(changed.body);
      const late = await app.patch(
        '/v1/me',
        { phone: null },
        { token, headers: { 'if-match': before.headers.get('etag') ?? '' } },
      );
      expect(late.status).toBe(412);
      expect((await app.patch('/v1/me', { phone: null }, { token })).body.phone).toBeNull();
      for (const [body, pointer] of [
        [{ phone: 'call me' }, '/phone'],
        [{ locale: 'German' }, '/locale'],
        [{ email: fresh() }, '/email'],
        [{ marketingConsent: { given: true, source: 'x' } }, '/marketingConsent/textVersion'],
        [{ marketingConsent: true }, '/marketingConsent'],
      ] as const) {
        const { status, body: problem } = await app.patch('/v1/me', body, { token });
        expect([status, problem.errors[0].pointer]).toEqual([400, pointer]);
      }
      expect((await app.patch('/v1/me', { phone: null })).status).toBe(401);
    });
  });

  describe('another address for an account', () => {
    const ask = (token: string, email: string) => app.post('/v1/me/email', { email }, { token });
    const confirm = (token: string, options = {}) => app.post('/v1/auth/email/change', { token }, options);

    it('is the account’s when its link is followed, and ends the other sessions', async () => {
      const { token, email } = await given.customer(app);
      const other = (await login(email)).body;
      const wanted = fresh();
      const asked = await ask(token, wanted.toUpperCase());
      expect([asked.status, asked.text]).toEqual([202, '']);
      const link = await linkTo(wanted);
      expect((await app.get('/v1/me', { token })).body.email).toBe(email);
      expect((await lettersTo(email)).at(-1)?.subject).toBe('Your account may get another address');
      expect((await confirm(link, { token })).status).toBe(204);
      expect((await app.get('/v1/me', { token })).body).toMatchObject({ email: wanted, emailVerified: true });
      expect((await app.get('/v1/me', { token: other.accessToken })).status).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken: other.refreshToken })).status).toBe(401);
      expect((await login(email)).status).toBe(401);
      expect((await login(wanted)).status).toBe(200);
      expect((await lettersTo(email)).map(({ subject }) => subject)).toContain(
        'Your account has another address',
      );
      const again = await confirm(link);
      expect([again.status, again.body.code]).toEqual([400, 'identity.invalid_or_expired_token']);
      expect((await audited(await idOf(token))).filter((action) => /email_change/.test(action))).toEqual([
        'identity.account.email_change_asked',
        'identity.account.email_changed',
      ]);
    });

    it('asks for a fresh proof, an address, and somebody who is signed in', async () => {
      const { token, email } = await given.customer(app);
      expect((await ask(token, 'nonsense')).status).toBe(400);
      expect((await app.post('/v1/me/email', { email: fresh() })).status).toBe(401);
      const old = await stale(email);
      const refused = await ask(old, fresh());
      expect([refused.status, refused.body.code]).toEqual([401, 'platform.proof_required']);
      const { accessToken } = (await app.post('/v1/auth/step-up', { password: GOOD }, { token: old })).body;
      expect((await ask(accessToken, fresh())).status).toBe(202);
    });

    it('is answered alike when somebody has it, who is told', async () => {
      const { token, email } = await given.customer(app);
      const { email: taken } = await given.customer(app);
      const answers = [await ask(token, taken), await ask(token, fresh())];
      expect(answers.map(({ status, text }) => [status, text])).toEqual([
        [202, ''],
        [202, ''],
      ]);
      const subjects = (await lettersTo(taken)).map(({ subject }) => subject);
      expect(subjects).toContain('You already have an account');
      expect(subjects).not.toContain('Please confirm your new address');
      expect((await lettersTo(email)).filter(({ subject }) => /may get another/.test(subject))).toHaveLength(
        2,
      );
    });

    it('goes to one of two who follow their links at once', async () => {
      const wanted = fresh();
      const [one, two] = [await given.customer(app), await given.customer(app)];
      const links: string[] = [];
      for (const { token } of [one, two]) {
        await ask(token, wanted);
        links.push(await linkTo(wanted));
      }
      const answers = await Promise.all(links.map((link) => confirm(link)));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
      expect(answers.find(({ status }) => status === 400)?.body.code).toBe(
        'identity.invalid_or_expired_token',
      );
    });

    it('is no more to be had by a link that is old, replaced, or of before a new password', async () => {
      const { token } = await given.customer(app);
      const wanted = fresh();
      await ask(token, wanted);
      const replaced = await linkTo(wanted);
      const second = fresh();
      await ask(token, second);
      const old = await linkTo(second);
      expect((await confirm(replaced)).status).toBe(400);
      await app.database.execute(
        `UPDATE identity.one_time_links SET expires_at = now() WHERE purpose = 'change_email' AND account_id = $1`,
        [await idOf(token)],
      );
      expect((await confirm(old)).status).toBe(400);
      const third = fresh();
      await ask(token, third);
      const link = await linkTo(third);
      const password = 'seven other words of mine';
      await app.post('/v1/me/password', { presentPassword: GOOD, password }, { token });
      expect((await confirm(link)).status).toBe(400);
      // A link of another kind serves nothing here.
      expect((await app.post('/v1/auth/email/verify', { token: link })).status).toBe(400);
    });
  });

  describe('marketing consent', () => {
    const path = '/v1/me/marketing-consent';
    const yes = { given: true, source: 'newsletter box', textVersion: '2026-10', wording: 'Yes, tell me.' };

    it('is proved, entry by entry, and shown to staff', async () => {
      const { token } = await given.customer(app);
      expect((await app.get(path, { token })).body).toEqual({
        ...{ given: false, at: null, source: null, textVersion: null, wording: null },
      });
      const said = await app.put(path, yes, { token });
      expect(said.body).toEqual({ ...yes, at: expect.any(String) });
      await app.put(path, yes, { token });
      await app.put(path, { given: false, source: 'account page' }, { token });
      await app.put(path, { ...yes, textVersion: '2026-11' }, { token });
      const id = await idOf(token);
      const { marketingConsent } = (await app.get(`/v1/admin/customers/${id}`, { token: admin })).body;
      expect(marketingConsent).toMatchObject({ given: true, textVersion: '2026-11' });
      expect(marketingConsent.history).toEqual([
        { ...yes, textVersion: '2026-11', at: expect.any(String), ipPrefix: '127.0.0.0/24' },
        expect.objectContaining({ given: false, source: 'account page', wording: null }),
        { ...yes, at: said.body.at, ipPrefix: '127.0.0.0/24' },
      ]);
      expect((await audited(id)).filter((action) => /consent/.test(action))).toEqual([
        'identity.marketing_consent.given',
        'identity.marketing_consent.withdrawn',
        'identity.marketing_consent.given',
      ]);
    });

    it('is refused without its words, and from nobody', async () => {
      const { token } = await given.customer(app);
      const { status, body } = await app.put(path, { given: true, source: 'x' }, { token });
      expect([status, body.errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
        400,
        ['/textVersion', '/wording'],
      ]);
      expect((await app.put(path, yes)).status).toBe(401);
      expect((await app.get(path)).status).toBe(401);
    });

    it('cannot be written over, and goes with the account', async () => {
      const { token } = await given.customer(app);
      await app.put(path, yes, { token });
      const id = await idOf(token);
      const change = (text: string) => app.database.execute(text, [id]);
      await expect(
        change('UPDATE identity.marketing_consents SET given = false WHERE account_id = $1'),
      ).rejects.toThrow('append-only');
      await expect(change('DELETE FROM identity.marketing_consents WHERE account_id = $1')).rejects.toThrow(
        'append-only',
      );
      expect(await change('DELETE FROM identity.accounts WHERE id = $1')).toBe(1);
    });

    it('is withdrawn by the link of a letter, without signing in', async () => {
      const { token } = await given.customer(app);
      await app.put(path, yes, { token });
      const id = await idOf(token);
      const { withdrawalUrl } = (await app.get(`/v1/admin/customers/${id}`, { token: admin })).body
        .marketingConsent;
      const url = new URL(withdrawalUrl);
      expect(`${url.origin}${url.pathname}`).toBe('http://shop.test/account/marketing');
      const link = url.searchParams.get('token') ?? '';
      const withdraw = (secret: string) => app.post('/v1/marketing-consent/withdrawal', { token: secret });
      expect((await withdraw(link)).status).toBe(204);
      expect((await app.get(path, { token })).body).toMatchObject({
        given: false,
        source: 'link in a letter',
      });
      expect((await withdraw(link)).status).toBe(204);
      const { history } = (await app.get(`/v1/admin/customers/${id}`, { token: admin })).body
        .marketingConsent;
      expect(history).toHaveLength(2);
      const other = await idOf((await given.customer(app)).token);
      for (const forged of [link.replace(id, other), `${link}x`, 'mw_', link.replace('mw_', 'rt_')]) {
        const { status, body } = await withdraw(forged);
        expect([status, body.code]).toEqual([400, 'identity.invalid_or_expired_token']);
      }
    });
  });

  describe('groups', () => {
    const path = '/v1/admin/customer-groups';
    const make = async (code = `g-${randomUUID()}`) =>
      (await app.post(path, { code, title: 'Some' }, { token: admin })).body as { id: string; code: string };

    it('are made, renamed and removed by staff who may', async () => {
      const code = `g-${randomUUID()}`;
      const made = await app.post(path, { code, title: 'Wholesale' }, { token: admin });
      expect([made.status, made.body]).toEqual([
        201,
        { id: expect.any(String), code, title: 'Wholesale', version: 1, createdAt: expect.any(String) },
      ]);
      const one = `${path}/${made.body.id}`;
      const twice = await app.post(path, { code, title: 'Other' }, { token: admin });
      expect([twice.status, twice.body.errors[0].pointer]).toEqual([409, '/code']);
      expect((await app.post(path, { code: 'Not This', title: 'x' }, { token: admin })).status).toBe(400);
      const renamed = await app.patch(
        one,
        { title: 'Partners' },
        { token: admin, headers: { 'if-match': '"1"' } },
      );
      expect([renamed.status, renamed.body.title, renamed.headers.get('etag')]).toEqual([
        200,
        'Partners',
        '"2"',
      ]);
      const late = { token: admin, headers: { 'if-match': '"1"' } };
      expect((await app.patch(one, { title: 'x' }, late)).status).toBe(412);
      expect((await app.delete(one, late)).status).toBe(412);
      expect((await app.patch(one, { code: 'other' }, { token: admin })).status).toBe(400);
      const list = (await app.get(`${path}?limit=100`, { token: admin })).body.items;
      expect(list).toContainEqual(renamed.body);
      expect((await app.delete(one, { token: admin })).status).toBe(204);
      expect((await app.get(one, { token: admin })).status).toBe(404);
      expect(await audited(made.body.id)).toEqual([
        'identity.customer_group.created',
        'identity.customer_group.updated',
        'identity.customer_group.deleted',
      ]);
    });

    it('make one of ten that are made at once with the same code', async () => {
      const code = `g-${randomUUID()}`;
      const answers = await Promise.all(
        times(10, () => app.post(path, { code, title: 'x' }, { token: admin })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...times(9, () => 409)]);
    });

    it('reach whoever is signed in within a second, and stay while somebody is in them', async () => {
      const { token } = await given.customer(app);
      const id = await idOf(token);
      const [first, second] = [await make(), await make()];
      const member = (code: string) => `/v1/admin/customers/${id}/groups/${code}`;
      const known = async () => (await app.get('/v1/fixture/groups', { token })).body as string[];
      /** Asks until it is so; a machine that is busy may take some seconds for it. */
      const soon = async (codes: string[]) => {
        const end = performance.now() + 5_000;
        let seen = await known();
        while (JSON.stringify(seen) !== JSON.stringify(codes) && performance.now() < end)
          seen = await known();
        expect(seen).toEqual(codes);
      };
      expect(await known()).toEqual([]);
      const { version } = (await app.get(`/v1/admin/customers/${id}`, { token: admin })).body;
      expect((await app.put(member(first.code), undefined, { token: admin })).status).toBe(204);
      expect((await app.put(member(first.code), undefined, { token: admin })).status).toBe(204);
      expect((await app.put(member(second.code), undefined, { token: admin })).status).toBe(204);
      await soon([first.code, second.code].sort());
      const detail = (await app.get(`/v1/admin/customers/${id}`, { token: admin })).body;
      expect([detail.groups, detail.version]).toEqual([[first.code, second.code].sort(), version + 2]);
      const used = await app.delete(`${path}/${first.id}`, { token: admin });
      expect([used.status, used.body.code]).toEqual([409, 'identity.group_in_use']);
      expect((await app.delete(member(first.code), { token: admin })).status).toBe(204);
      expect((await app.delete(member(first.code), { token: admin })).status).toBe(204);
      await soon([second.code]);
      expect((await app.delete(`${path}/${first.id}`, { token: admin })).status).toBe(204);
      expect((await app.put(member(first.code), undefined, { token: admin })).status).toBe(404);
      const nobody = `/v1/admin/customers/${UNKNOWN}/groups/${second.code}`;
      expect((await app.put(nobody, undefined, { token: admin })).status).toBe(404);
      expect((await audited(id)).filter((action) => /group/.test(action))).toEqual([
        'identity.customer.joined_group',
        'identity.customer.joined_group',
        'identity.customer.left_group',
      ]);
    });
  });

  describe('as staff see them', () => {
    const path = '/v1/admin/customers';
    let reader: string;
    let support: string;
    let supporter: string;

    beforeAll(async () => {
      ({ token: reader } = await given.staff(app, ['read-only'], admin));
      ({ token: support, email: supporter } = await given.staff(app, ['support'], admin));
    });

    it('are found by the beginning of a name or an address, by group, status and time, in every order', async () => {
      const tag = `z${randomUUID().slice(0, 8)}`;
      const group = `g-${tag}`;
      await app.post('/v1/admin/customer-groups', { code: group, title: 'x' }, { token: admin });
      const people: [string, string, string][] = [
        [`${tag}.a@example.test`, 'Grace', 'Hopper'],
        [`b.${tag}@example.test`, `${tag} Ann`, 'Lee'],
        [`c.${tag}@example.test`, 'Mary', `${tag.toUpperCase()}well`],
        [`d.${tag}@example.test`, 'Not', 'Found'],
      ];
      const ids: string[] = [];
      for (const [email, firstName, lastName] of people) {
        const made = await app.post(path, { email, firstName, lastName, groups: [group] }, { token: admin });
        ids.push(made.body.id);
      }
      const find = async (query: string) => {
        const { status, body } = await app.get(`${path}?${query}`, { token: reader });
        expect(status).toBe(200);
        return body.items.map(({ email }: { email: string }) => people.findIndex(([one]) => one === email));
      };
      expect(await find(`q=${tag}`)).toEqual([2, 1, 0]);
      expect(await find(`q=${tag.toUpperCase()}`)).toEqual([2, 1, 0]);
      expect(await find(`q=lee+${tag}`)).toEqual([1]);
      expect(await find(`q=lee+grace`)).toEqual([]);
      expect(await find(`q=${tag}&sort=createdAt`)).toEqual([0, 1, 2]);
      expect(await find(`q=%25${tag}`)).toEqual([]);
      expect(await find(`q=_${tag.slice(1)}`)).toEqual([]);
      expect(await find(`group=${group}`)).toEqual([3, 2, 1, 0]);
      expect(await find(`group=${group}x`)).toEqual([]);
      expect(await find(`email=B.${tag}@example.test`)).toEqual([1]);
      await app.patch(`${path}/${ids[1]}`, { status: 'disabled' }, { token: admin });
      expect(await find(`group=${group}&status=disabled`)).toEqual([1]);
      expect(await find(`group=${group}&status=active`)).toEqual([3, 2, 0]);
      const at = (await app.get(`${path}/${ids[2]}`, { token: admin })).body.createdAt;
      expect(await find(`group=${group}&createdAt[gte]=2100-01-01T00:00:00Z`)).toEqual([]);
      expect(await find(`group=${group}&createdAt[lte]=${at}&sort=createdAt`)).toEqual([0, 1]);
      expect(await find(`group=${group}&createdAt[gte]=${at}`)).toEqual([3, 2]);
      for (const sort of ['createdAt', '-createdAt']) {
        const seen: string[] = [];
        let next: string | null = `${path}?group=${group}&sort=${sort}&limit=1`;
        while (next !== null) {
          const page: Answer = await app.get(next, { token: reader });
          seen.push(page.body.items[0].id);
          next = /^<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1] ?? null;
        }
        expect([sort, new Set(seen).size, seen.length]).toEqual([sort, 4, 4]);
      }
      for (const bad of [
        'sort=lastName',
        'sort=email',
        'status=gone',
        'group=No!',
        'name=x',
        'createdAt[gte]=today',
      ])
        expect((await app.get(`${path}?${bad}`, { token: reader })).status).toBe(400);
    });

    it('are made on behalf, by a letter that lets them set a password', async () => {
      const email = fresh();
      const made = await app.post(
        path,
        { email: email.toUpperCase(), firstName: 'Charles', phone: '030 1234', locale: 'en' },
        { token: support },
      );
      expect([made.status, made.headers.get('location')]).toEqual([201, `${path}/${made.body.id}`]);
      expect(made.body).toMatchObject({
        ...{ email, emailVerified: false, firstName: 'Charles', lastName: null, phone: '030 1234' },
        ...{ locale: 'en', status: 'active', groups: [], addresses: [], version: 1 },
        counts: { addresses: 0, sessions: 0 },
      });
      const [letter] = await lettersTo(email);
      expect(letter?.subject).toBe('An account was made for you');
      const set = await app.post('/v1/auth/password/reset', { token: await linkTo(email), password: GOOD });
      expect(set.status).toBe(204);
      const { body } = await login(email);
      expect(body.passwordChangeRequired).toBe(false);
      await app.post('/v1/me/addresses', berlin, { token: body.accessToken });
      const seen = await app.get(`${path}/${made.body.id}`, { token: reader });
      expect(seen.headers.get('etag')).toBe(`"${seen.body.version}"`);
      expect(seen.body).toMatchObject({
        emailVerified: true,
        addresses: [{ city: 'Berlin', defaultShipping: true }],
        counts: { addresses: 1, sessions: 1 },
      });
      const taken = await app.post(path, { email }, { token: support });
      expect([taken.status, taken.body.errors[0].pointer]).toEqual([409, '/email']);
      const other = await app.post(path, { email: fresh(), groups: ['nothing'] }, { token: support });
      expect([other.status, other.body.code, other.body.errors[0].pointer]).toEqual([
        422,
        'identity.unknown_group',
        '/groups/0',
      ]);
      expect((await app.post(path, { email: fresh(), password: GOOD }, { token: support })).status).toBe(400);
    });

    it('are changed under If-Match, with a fresh proof, and leave a trail without what was written', async () => {
      const { token } = await given.customer(app);
      const id = await idOf(token);
      const one = `${path}/${id}`;
      const { version } = (await app.get(one, { token: support })).body;
      const tagged = { token: support, headers: { 'if-match': `"${version}"` } };
      const changed = await app.patch(
        one,
        { firstName: 'Augusta', phone: '+44 20 1', locale: 'en-GB' },
        tagged,
      );
      expect([changed.status, changed.body.version]).toEqual([200, version + 1]);
      expect((await app.patch(one, { firstName: 'Late' }, tagged)).status).toBe(412);
      expect((await app.get('/v1/me', { token })).body).toMatchObject({
        firstName: 'Augusta',
        locale: 'en-GB',
      });
      const old = await app.patch(one, { firstName: 'Late' }, { token: await stale(supporter) });
      expect([old.status, old.body.code]).toEqual([401, 'platform.proof_required']);
      expect((await app.patch(one, { email: fresh() }, { token: support })).status).toBe(400);
      expect((await app.patch(one, { status: 'gone' }, { token: support })).status).toBe(400);
      const { body } = await app.get(`/v1/admin/audit?subjectId=${id}`, { token: admin });
      expect(body.items[0]).toMatchObject({ action: 'identity.customer.updated' });
      expect(JSON.stringify(body)).not.toContain('Augusta');
    });

    it('cannot sign in nor go on while they are disabled', async () => {
      const { token, email } = await given.customer(app);
      const { refreshToken } = (await login(email)).body;
      const one = `${path}/${await idOf(token)}`;
      const off = await app.patch(one, { status: 'disabled' }, { token: support });
      expect(off.body).toMatchObject({ status: 'disabled', counts: { sessions: 0 } });
      expect((await app.get('/v1/me', { token })).status).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
      expect((await login(email)).status).toBe(401);
      const reset = await app.post(`${one}/password-reset`, undefined, { token: support });
      expect([reset.status, reset.body.code]).toEqual([409, 'identity.account_disabled']);
      const on = await app.patch(one, { status: 'active' }, { token: support });
      expect(on.body.status).toBe('active');
      expect((await login(email)).status).toBe(200);
      // What was ended stays ended.
      expect((await app.get('/v1/me', { token })).status).toBe(401);
    });

    it('get the link to a new password by mail, and staff get nothing', async () => {
      const { token, email } = await given.customer(app);
      const sent = await app.post(`${path}/${await idOf(token)}/password-reset`, undefined, {
        token: support,
      });
      expect([sent.status, sent.text]).toEqual([202, '']);
      expect((await login(email)).status).toBe(200);
      const password = 'seven other words of mine';
      const set = await app.post('/v1/auth/password/reset', { token: await linkTo(email), password });
      expect(set.status).toBe(204);
      expect((await login(email, password)).status).toBe(200);
    });

    it('are signed out, at one place or everywhere', async () => {
      const { token, email } = await given.customer(app);
      const other = (await login(email)).body.accessToken;
      const third = (await login(email)).body.accessToken;
      const one = `${path}/${await idOf(token)}`;
      const { items } = (await app.get(`${one}/sessions`, { token: reader })).body;
      expect(items).toHaveLength(3);
      expect(items[0]).toMatchObject({ current: false, ipPrefix: '127.0.0.0/24' });
      // The newest first.
      const ended = await app.delete(`${one}/sessions/${items[0].id}`, { token: support });
      expect(ended.status).toBe(204);
      expect((await app.delete(`${one}/sessions/${items[0].id}`, { token: support })).status).toBe(404);
      expect((await app.get('/v1/me', { token: third })).status).toBe(401);
      expect((await app.get('/v1/me', { token: other })).status).toBe(200);
      const eve = `${path}/${await idOf((await given.customer(app)).token)}`;
      expect((await app.delete(`${eve}/sessions/${items[1].id}`, { token: support })).status).toBe(404);
      expect((await app.delete(`${one}/sessions`, { token: support })).status).toBe(204);
      for (const gone of [token, other]) expect((await app.get('/v1/me', { token: gone })).status).toBe(401);
      expect((await login(email)).status).toBe(200);
    });

    it('are changed only by staff who may, and are no staff', async () => {
      const { token } = await given.customer(app);
      const one = `${path}/${await idOf(token)}`;
      const group = '/v1/admin/customer-groups';
      const writes: [string, string, object | undefined][] = [
        ['POST', path, { email: fresh() }],
        ['PATCH', one, { firstName: 'X' }],
        ['POST', `${one}/password-reset`, undefined],
        ['DELETE', `${one}/sessions`, undefined],
        ['DELETE', `${one}/sessions/${UNKNOWN}`, undefined],
        ['PUT', `${one}/groups/some`, undefined],
        ['DELETE', `${one}/groups/some`, undefined],
        ['POST', group, { code: 'some', title: 'x' }],
        ['PATCH', `${group}/${UNKNOWN}`, { title: 'x' }],
        ['DELETE', `${group}/${UNKNOWN}`, undefined],
      ];
      for (const [method, url, body] of writes) {
        for (const [who, status] of [
          [{}, 401],
          [{ token }, 403],
          [{ token: reader }, 403],
        ] as const)
          expect([method, url, (await app.send(method, url, body, who)).status]).toEqual([
            method,
            url,
            status,
          ]);
      }
      for (const url of [path, one, `${one}/sessions`, group]) {
        expect((await app.get(url)).status).toBe(401);
        expect((await app.get(url, { token })).status).toBe(403);
        expect((await app.get(url, { token: reader })).status).toBe(200);
      }
      const { items } = (await app.get('/v1/admin/staff', { token: admin })).body;
      const staff = `${path}/${items[0].id}`;
      expect((await app.get(staff, { token: admin })).status).toBe(404);
      expect((await app.patch(staff, { firstName: 'X' }, { token: admin })).status).toBe(404);
      expect((await app.delete(`${staff}/sessions`, { token: admin })).status).toBe(404);
      expect((await app.post(`${staff}/password-reset`, undefined, { token: admin })).status).toBe(404);
    });
  });

  describe('orders of guests', () => {
    let lamp: Goods;
    beforeAll(async () => {
      lamp = await goods(app, { stock: 1_000 });
    });

    const buyAs = async (email: string, paying = 'ok') => {
      const cart = await fillCart(app, [lamp], { email });
      const placed = await checkOut(app, cart, { token: paying });
      return {
        id: (placed.body.id ?? placed.body.orderId) as string,
        cart,
        payment: placed.body.payments?.[0]?.id,
      };
    };
    const mine = async (token: string): Promise<string[]> => {
      await app.settle();
      const { items } = (await app.get('/v1/me/orders?limit=100', { token })).body;
      return items.map(({ id }: { id: string }) => id);
    };

    it('are the customer’s once the address is verified, with their money, and only that address', async () => {
      const email = fresh();
      const [first, second] = [await buyAs(email.toUpperCase()), await buyAs(email)];
      const foreign = await buyAs(`x${email}`);
      await buyAs(email, 'declined');
      const password = GOOD;
      await app.post('/v1/auth/register', { email, password });
      await app.settle();
      const third = await buyAs(email);
      await app.settle();
      // Not verified yet: nothing is anybody's.
      const [unclaimed] = await app.database.query<{ count: string }>(
        'SELECT count(*) FROM ordering.orders WHERE lower(email) = $1 AND customer_id IS NOT NULL',
        [email],
      );
      expect(unclaimed?.count).toBe('0');
      await app.post('/v1/auth/email/verify', { token: await linkTo(email) });
      const token = (await login(email)).body.accessToken;
      expect(await mine(token)).toEqual([third.id, second.id, first.id]);
      const order = await app.get(`/v1/orders/${first.id}`, { token });
      expect(order.body.history.at(-1)).toMatchObject({
        event: 'claimed',
        actor: 'system',
        status: 'placed',
      });
      expect((await app.get(`/v1/payments/${first.payment}`, { token })).status).toBe(200);
      // Whoever bought as a guest keeps the way in.
      const held = await app.get(`/v1/orders/${first.id}`, { cartToken: first.cart.token });
      expect(held.status).toBe(200);
      expect((await app.get(`/v1/orders/${foreign.id}`, { token })).status).toBe(404);
      expect((await app.get(`/v1/payments/${foreign.payment}`, { token })).status).toBe(404);
    });

    it('are the customer’s at once when the address was verified before', async () => {
      const { token, email } = await given.customer(app);
      const eve = await given.customer(app);
      const { id } = await buyAs(email.toUpperCase());
      expect(await mine(token)).toEqual([id]);
      expect(await mine(eve.token)).toEqual([]);
    });

    it('follow another address that is confirmed, and those of the former stay', async () => {
      const { token, email } = await given.customer(app);
      const before = await buyAs(email);
      const wanted = fresh();
      const after = await buyAs(wanted);
      await app.post('/v1/me/email', { email: wanted }, { token });
      const link = await linkTo(wanted);
      expect(await mine(token)).toEqual([before.id]);
      await app.post('/v1/auth/email/change', { token: link }, { token });
      expect(await mine(token)).toEqual([after.id, before.id]);
      const later = await buyAs(email);
      expect(await mine(token)).not.toContain(later.id);
    });

    it('of customers whom staff invite are theirs when they take the invitation', async () => {
      const email = fresh();
      const { id } = await buyAs(email);
      await app.post('/v1/admin/customers', { email }, { token: admin });
      await app.post('/v1/auth/password/reset', { token: await linkTo(email), password: GOOD });
      expect(await mine((await login(email)).body.accessToken)).toEqual([id]);
    });

    it('are claimed once, however often it is told, and by more than one batch', async () => {
      const { token, email } = await given.customer(app);
      const { id } = await buyAs(email);
      expect(await mine(token)).toEqual([id]);
      // As many as no test would buy one by one: copies of the order, back in the hands of nobody.
      await app.database.execute(
        `INSERT INTO ordering.orders (id, cart_id, status, payment_status, fulfilment_status, currency, email,
           shipping_address, shipping_option_id, shipping_title, shipping_chosen_by, prices_include_tax, tax_zone,
           subtotal, discount, shipping, tax, total, expires_at, placed_at, created_at)
         SELECT gen_random_uuid(), gen_random_uuid(), status, payment_status, fulfilment_status, currency, email,
           shipping_address, shipping_option_id, shipping_title, shipping_chosen_by, prices_include_tax, tax_zone,
           subtotal, discount, shipping, tax, total, expires_at, placed_at, created_at
         FROM ordering.orders CROSS JOIN generate_series(1, 450) WHERE id = $1`,
        [id],
      );
      const events = await app.database.query<{ id: string }>(
        `SELECT id FROM platform.events WHERE type = 'identity.email_verified' AND payload->>'customerId' = $1`,
        [await idOf(token)],
      );
      expect(events).toHaveLength(1);
      for (let told = 0; told < 2; told++) {
        await app.database.execute(
          `INSERT INTO platform.events (id, type, payload) SELECT gen_random_uuid(), type, payload FROM platform.events WHERE id = $1`,
          [events[0]?.id],
        );
      }
      await app.settle();
      const [row] = await app.database.query<{ orders: string; entries: string }>(
        `SELECT count(DISTINCT o.id) AS orders, count(h.id) AS entries FROM ordering.orders o
         LEFT JOIN ordering.order_history h ON h.order_id = o.id AND h.event = 'claimed'
         WHERE lower(o.email) = $1 AND o.customer_id IS NOT NULL`,
        [email],
      );
      expect(row).toEqual({ orders: '451', entries: '451' });
    });
  });
});
