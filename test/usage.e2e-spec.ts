import { jest } from '@jest/globals';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { BillingIntegrity } from '../src/billing/integrity/billing-integrity.service.js';
import { BillingPersonalData } from '../src/billing/payment/personal-data.service.js';
import { Subscriptions } from '../src/billing/subscription/subscriptions.service.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { berlin, imbalance, key } from './support/purchase.js';

type Body = Answer['body'];

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const SELLER = {
  name: 'Guildhall Trading GmbH',
  address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
  vatId: 'DE136695976',
  timeZone: 'Europe/Berlin',
};
/** 100 calls come with it, further ones cost 10 cents, beyond 1,000 of them 3 cents for ten; the highest disk and the last seats. */
const COMPONENTS = [
  {
    ...{ code: 'calls', title: 'Calls', aggregation: 'sum', included: '100', mode: 'graduated' },
    tiers: [
      { upTo: '1000', price: eur(10) },
      { price: eur(3), per: '10', flat: eur(100) },
    ],
  },
  { code: 'disk', title: 'Disk', aggregation: 'max', mode: 'graduated', tiers: [{ price: eur(200) }] },
  {
    code: 'seats',
    title: 'Seats',
    aggregation: 'last',
    mode: 'volume',
    tiers: [{ upTo: '3', price: eur(500) }, { price: eur(400) }],
  },
];
const terms = (amount: number, extra: object = {}) => ({
  interval: { unit: 'month', count: 1 },
  pricesIncludeTax: true,
  prices: [{ amount: eur(amount) }],
  taxes: [{ countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' }],
  ...extra,
});

describe('metered usage and coupons', () => {
  let app: TestApp;
  let staff: string;
  let metered: Body;
  let plain: Body;
  let codes = 0;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    await at('2027-01-31T11:00:00Z');
    await app.put('/v1/admin/seller-profile', SELLER, { token: staff });
    metered = await plan(terms(1000, { components: COMPONENTS }));
    plain = await plan(terms(1000));
  });
  afterEach(async () => {
    await app.settle();
    expect(await imbalance(app)).toBeNull();
    for (const check of app.app.get(BillingIntegrity).checks)
      expect([check.code, await check.look(await check.subjects(null, 10_000))]).toEqual([check.code, []]);
  });
  afterAll(() => app?.close());

  /** The same time for the shop and for its gateway; nothing is woken. */
  async function at(instant: string): Promise<void> {
    app.clock.advance({ seconds: (Date.parse(instant) - app.clock.now().getTime()) / 1_000 });
    await app.app.get(PaymentGateway).moveClock(app.clock.now());
  }
  async function renew(): Promise<void> {
    await app.run('billing.renew_subscriptions');
    await app.run('billing.collect');
    await app.settle();
  }
  const asStaff = () => ({ token: staff, key: key() });
  async function plan(first: object): Promise<Body> {
    const code = `plan-${++codes}`;
    const made = await app.post('/v1/admin/plans', { code, title: code, terms: first }, asStaff());
    expect(made.text).toContain('"state":"active"');
    return made.body;
  }
  async function customer(): Promise<string> {
    const { token } = await given.customer(app);
    const kept = await app.post(
      '/v1/me/payment-methods',
      { gateway: 'test', token: 'ok' },
      { token, key: key() },
    );
    expect(kept.body.methodId).not.toBeNull();
    return token;
  }
  async function subscribe(token: string, planId: string, extra: object = {}): Promise<Body> {
    const body = { planId, currency: 'EUR', billingAddress: berlin, ...extra };
    const made = await app.post('/v1/me/subscriptions', body, { token, key: key() });
    expect(made.text).toContain('"id"');
    await app.settle();
    return made.body;
  }
  let count = 0;
  const event = (component: string, quantity: string, moment: string, eventId = `event-${++count}`) => ({
    ...{ eventId, component, quantity, at: moment },
  });
  const record = (id: string, events: object[], token = staff): Promise<Answer> =>
    app.post(`/v1/admin/subscriptions/${id}/usage-events`, { events }, { token });
  const usage = async (id: string, query = ''): Promise<Body> =>
    (await app.get(`/v1/admin/subscriptions/${id}/usage${query}`, { token: staff })).body;
  /** The oldest first, each with its lines as `title, gross`. */
  async function invoices(id: string): Promise<Body[]> {
    const list = await app.get(`/v1/admin/invoices?subscriptionId=${id}`, { token: staff });
    return Promise.all(
      list.body.items.toReversed().map(async (one: Body) => {
        const { body } = await app.get(`/v1/admin/invoices/${one.id}`, { token: staff });
        return {
          ...{ id: body.id, number: body.number, state: body.state, charged: body.content.charged },
          ...{ gross: body.content.totals.gross.amount },
          lines: body.content.lines.map((line: Body) => [line.title, line.total.amount]),
          explained: body.content.lines.map((line: Body) => line.explain),
        };
      }),
    );
  }
  async function coupon(extra: object): Promise<Body> {
    const body = { code: `CODE-${++codes}`, title: 'Off', duration: 'forever', ...extra };
    const made = await app.post('/v1/admin/coupons', body, asStaff());
    expect(made.text).toContain('"redeemed":0');
    return made.body;
  }
  const give = (id: string, code: string): Promise<Answer> =>
    app.put(`/v1/admin/subscriptions/${id}/coupon`, { code }, { token: staff });
  const pointers = ({ body }: Answer) => body.errors.map(({ pointer, code }: Body) => `${pointer} ${code}`);

  it('counts each event once, charges it with the next period, and what comes late as if it had come in time', async () => {
    const token = await customer();
    const { id } = await subscribe(token, metered.id);
    await at('2027-02-10T11:00:00Z');

    const batch = [
      event('calls', '1000', '2027-02-01T00:00:00Z'),
      event('calls', '150.5', '2027-02-02T00:00:00Z'),
      event('disk', '2.5', '2027-02-02T00:00:00Z'),
      event('disk', '1', '2027-02-03T00:00:00Z'),
      event('seats', '5', '2027-02-04T00:00:00Z'),
      event('seats', '2', '2027-02-05T00:00:00Z'),
    ];
    const many = await Promise.all(Array.from({ length: 8 }, () => record(id, batch)));
    expect(many.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(many.map(({ body }) => body.recorded).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 6]);
    expect(many.map(({ body }) => body.repeated).sort()).toEqual([0, 6, 6, 6, 6, 6, 6, 6]);

    // Nothing of a batch is taken when something in it is wrong.
    const [first = {}] = batch;
    const other = await record(id, [
      event('calls', '1', '2027-02-02T00:00:00Z'),
      { ...first, quantity: '999' },
    ]);
    expect([other.status, other.body.code]).toEqual([409, 'billing.usage_event_conflict']);
    expect(pointers(other)).toEqual(['/events/1/eventId other_content']);
    const twice = event('calls', '1', '2027-02-02T00:00:00Z');
    const within = await record(id, [twice, { ...twice, component: 'disk' }]);
    expect(pointers(within)).toEqual(['/events/1/eventId other_content']);
    const wrong = await record(id, [
      event('calls', '1', '2027-02-09T00:00:00Z'),
      event('miles', '1', '2027-02-10T12:00:00Z'),
      event('calls', '1', '2027-01-31T10:59:59Z'),
    ]);
    expect([wrong.status, wrong.body.code]).toEqual([422, 'billing.usage_refused']);
    expect(pointers(wrong)).toEqual([
      '/events/1/component unknown',
      '/events/1/at in_future',
      '/events/2/at too_early',
    ]);
    const malformed = await record(id, [event('calls', '1e3', '2027-02-09T00:00:00Z')]);
    expect([malformed.status, ...pointers(malformed)]).toEqual([400, '/events/0/quantity malformed']);
    const tooMany = Array.from({ length: 1_001 }, () => event('calls', '1', '2027-02-09T00:00:00Z'));
    expect(pointers(await record(id, tooMany))).toEqual(['/events too_wide']);

    // What it costs up to now, for staff and for whose it is.
    const [open] = (await usage(id)).items;
    expect(open).toMatchObject({ settled: false, invoiceId: null, amount: eur(10_000 + 500 + 115 + 1000) });
    const shown = open.components.map((one: Body) => [
      one.component,
      one.quantity,
      one.amount.amount,
      one.explain,
    ]);
    expect(shown).toEqual([
      [
        'calls',
        '1150.5',
        10_115,
        '1150.5 (the sum of 2), 100 included (version 1): 1000 × 0.10 EUR = 100.00 EUR, ' +
          '50.5 × 0.03 EUR per 10 + 1.00 EUR = 1.15 EUR',
      ],
      ['disk', '2.5', 500, '2.5 (the highest of 2), 0 included (version 1): 2.5 × 2.00 EUR = 5.00 EUR'],
      ['seats', '2', 1000, '2 (the last of 2), 0 included (version 1): 2 × 5.00 EUR = 10.00 EUR'],
    ]);
    const own = await app.get(`/v1/me/subscriptions/${id}/usage`, { token });
    expect(own.body.items[0].components.map((one: Body) => one.explain)).toEqual(
      shown.map((one: Body) => one[3]),
    );
    const stranger = (await given.customer(app)).token;
    expect((await app.get(`/v1/me/subscriptions/${id}/usage`, { token: stranger })).status).toBe(404);
    const preview = await app.get(`/v1/me/subscriptions/${id}/next-invoice`, { token });
    expect(preview.body.totals.gross).toEqual(eur(12_615));

    // The period ends: two jobs at once, one invoice.
    await at('2027-03-01T11:00:00Z');
    await Promise.all([renew(), renew()]);
    const [, second] = await invoices(id);
    expect(second).toMatchObject({
      state: 'paid',
      gross: 12_615,
      lines: [
        [metered.title, 1000],
        ['Calls', 10_115],
        ['Disk', 500],
        ['Seats', 1000],
      ],
    });
    expect(second.explained[1]).toBe(shown[0][3]);

    // Late, for a time that is on an invoice: in all as if it had come in time, and what was too much is given back.
    const late = await record(id, [
      event('calls', '49.5', '2027-02-20T00:00:00Z'),
      event('disk', '4', '2027-02-20T00:00:00Z'),
      event('seats', '1', '2027-02-20T00:00:00Z'),
      event('calls', '10', '2027-03-01T00:00:00Z'),
    ]);
    expect(late.body).toMatchObject({ recorded: 4, late: 3 });
    expect(late.body.events.map((one: Body) => one.late)).toEqual([true, true, true, false]);
    const [running, settled] = (await usage(id)).items;
    expect(
      running.components.map((one: Body) => [
        one.component,
        one.late,
        one.quantity,
        one.whole.amount,
        one.amount.amount,
      ]),
    ).toEqual([
      ['calls', true, '1200', 10_130, 15],
      ['disk', true, '4', 800, 300],
      ['seats', true, '1', 500, -500],
      ['calls', false, '10', 0, 0],
    ]);
    expect(settled).toMatchObject({ settled: true, invoiceId: second.id, amount: eur(11_615) });
    // A process that dies before the commit has charged nothing; the next one charges all of it, once.
    await at('2027-04-01T11:00:00Z');
    const spy = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    armFailpoint('subscription.after_invoice');
    await renew();
    armFailpoint(null);
    spy.mockRestore();
    expect(await invoices(id)).toHaveLength(2);
    await renew();
    const third = (await invoices(id))[2];
    expect(third).toMatchObject({
      gross: 1000 + 15 + 300 - 500,
      lines: [
        [metered.title, 1000],
        ['Calls (late)', 15],
        ['Disk (late)', 300],
        ['Seats (late)', -500],
      ],
    });
    expect(third.explained[1]).toContain('101.15 EUR of it was charged before');

    // All that was settled stays in the list, page by page; events by filter.
    const pages: Body[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: Body = await usage(id, `?limit=1${next && `&cursor=${next}`}`);
      pages.push(...page.items);
      next = page.nextCursor;
    }
    expect(pages.map(({ settled: isOver, amount }) => [isOver, amount.amount])).toEqual([
      ...[
        [false, 0],
        [true, -185],
        [true, 11_615],
      ],
    ]);
    const list = (query: string) =>
      app.get(`/v1/admin/subscriptions/${id}/usage-events?${query}`, { token: staff });
    expect((await list('late=true&component=disk')).body.items).toMatchObject([
      { quantity: '4', late: true },
    ]);
    expect((await list('at[gte]=2027-02-20T00:00:00Z&limit=2')).body.items).toHaveLength(2);
    expect((await list('limit=2')).body.nextCursor).not.toBeNull();

    // What is used up to the end is charged, too; after it nothing is taken.
    await record(id, [event('disk', '3', '2027-04-01T10:00:00Z')]);
    await app.post(`/v1/me/subscriptions/${id}/cancellation`, { when: 'now' }, { token, key: key() });
    await app.settle();
    await renew();
    expect((await invoices(id))[3]).toMatchObject({ state: 'paid', gross: 600, lines: [['Disk', 600]] });
    const closed = await record(id, [event('disk', '3', '2027-04-01T10:00:00Z')]);
    expect([closed.status, closed.body.code]).toEqual([409, 'billing.usage_closed']);
  });

  it('sums a hundred thousand events by one statement, and is free in a trial', async () => {
    const token = await customer();
    const trial = await plan(terms(1000, { components: COMPONENTS, trialDays: 14 }));
    const { id, state } = await subscribe(token, trial.id);
    expect(state).toBe('trialing');
    const start = app.clock.now();
    const later = (days: number) => new Date(start.getTime() + days * 86_400_000).toISOString();
    await app.database.execute(
      `INSERT INTO billing.usage_events (id, subscription_id, event_id, component, quantity, used_at, received_at)
       SELECT gen_random_uuid(), $1, 'seed-' || n, 'calls', 1000000, $2::timestamptz + n * interval '1 second', $2
       FROM generate_series(1, 100000) AS n`,
      [id, start],
    );
    await at(later(10));
    const [free] = (await usage(id)).items;
    expect(free.components).toMatchObject([
      { component: 'calls', quantity: '100000', whole: eur(0), amount: eur(0) },
    ]);
    expect(free.components[0].explain).toContain('free in the trial');
    await at(later(15));
    await renew();
    expect((await invoices(id)).map(({ gross }) => gross)).toEqual([1000]);
    const paid = await record(id, [
      event('calls', '100', later(14.9)),
      event('calls', '7', later(14.9)),
      event('calls', '-2', later(14.9)),
      event('calls', '5', later(1)),
    ]);
    expect(paid.body).toMatchObject({ recorded: 4, late: 1 });
    const [open, before] = (await usage(id)).items;
    expect(open.amount).toEqual(eur(50));
    expect(open.components.map((one: Body) => [one.late, one.quantity])).toEqual([
      [true, '100005'],
      [false, '105'],
    ]);
    expect(before.amount).toEqual(eur(0));

    // Whoever ends with the trial, or comes back after it, pays for nothing that was used in it.
    const { token: late } = await given.customer(app);
    const [leaver, returner] = [await subscribe(await customer(), trial.id), await subscribe(late, trial.id)];
    const begun = app.clock.now().getTime();
    const day = (days: number) => new Date(begun + days * 86_400_000).toISOString();
    await at(day(2));
    for (const one of [leaver, returner]) await record(one.id, [event('calls', '500', day(1))]);
    await app.post(`/v1/admin/subscriptions/${leaver.id}/cancellation`, { when: 'period_end' }, asStaff());
    await at(day(15));
    await renew();
    expect(await invoices(leaver.id)).toEqual([]);
    await app.post('/v1/me/payment-methods', { gateway: 'test', token: 'ok' }, { token: late, key: key() });
    await at(day(20));
    await record(returner.id, [event('calls', '101', day(16))]);
    await app.post(`/v1/me/subscriptions/${returner.id}/resumption`, {}, { token: late, key: key() });
    await renew();
    expect((await invoices(returner.id)).map(({ lines }) => lines)).toEqual([
      [
        [expect.any(String), 1000],
        ['Calls', 10],
      ],
    ]);
    expect((await usage(returner.id)).items.map(({ amount }: Body) => amount.amount)).toEqual([0, 10, 0]);
  });

  it('has coupons that are taken so often as they may be, two hundred at once too', async () => {
    const token = await customer();
    const { id } = await subscribe(token, plain.id);
    const limited = await coupon({ percentPpm: 500_000, maxRedemptions: 10 });
    /** Others like this one, that are not billed while we look. */
    const copies = (many: number, whose: 'of others' | 'of the same') =>
      app.database.query<{ id: string }>(
        `WITH copies AS (
           INSERT INTO billing.subscriptions
           SELECT (jsonb_populate_record(s, $3::jsonb || jsonb_build_object('id', gen_random_uuid(),
             'customer_id', CASE WHEN $4 THEN gen_random_uuid() ELSE s.customer_id END))).*
           FROM billing.subscriptions s, generate_series(1, $2) WHERE s.id = $1 RETURNING id)
         INSERT INTO billing.subscription_items (id, subscription_id, plan_version_id, quantity, since)
         SELECT gen_random_uuid(), c.id, i.plan_version_id, 1, i.since
         FROM copies c JOIN billing.subscription_items i ON i.subscription_id = $1 RETURNING subscription_id AS id`,
        [id, many, JSON.stringify({ next_bill_at: '2099-01-01', buyer: null }), whose === 'of others'],
      );
    const rows = await copies(200, 'of others');
    const answers = await Promise.all(rows.map((one) => give(one.id, limited.code.toLowerCase())));
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status !== 200);
    expect([taken.length, refused.length]).toEqual([10, 190]);
    expect([...new Set(refused.map((one) => `${one.body.code} ${pointers(one).join()}`))]).toEqual([
      'billing.coupon_not_valid /code used_up',
    ]);
    expect((await app.get(`/v1/admin/coupons/${limited.id}`, { token: staff })).body.redeemed).toBe(10);
    const takers = await app.get(`/v1/admin/coupons/${limited.id}/redemptions`, { token: staff });
    expect(takers.body.items).toHaveLength(10);

    const once = await coupon({ percentPpm: 1, maxPerCustomer: 1 });
    const own = await Promise.all((await copies(8, 'of the same')).map((one) => give(one.id, once.code)));
    expect(own.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(422)]);
    expect((await app.get(`/v1/admin/coupons/${once.id}`, { token: staff })).body.redeemed).toBe(1);

    // One that took nothing off can be taken once more; the same one twice at once is one.
    const [{ body: had }] = taken as [Answer];
    const gone = await app.delete(`/v1/admin/subscriptions/${had.subscriptionId}/coupon`, { token: staff });
    expect(gone.status).toBe(204);
    const again = await Promise.all([give(id, limited.code), give(id, limited.code)]);
    expect(again.map(({ status }) => status)).toEqual([200, 200]);
    expect(again[0].body.id).toBe(again[1].body.id);
    expect((await app.get(`/v1/admin/coupons/${limited.id}`, { token: staff })).body.redeemed).toBe(10);
  });

  it('takes coupons off the cycles that they are for', async () => {
    const token = await customer();
    const wrong = await app.post(
      '/v1/admin/coupons',
      {
        ...{ code: 'WRONG', title: 'Wrong', percentPpm: 1, amounts: [eur(0)], duration: 'once', cycles: 2 },
        ...{ redeemBy: '2020-01-01T00:00:00Z', planIds: ['01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e'] },
      },
      asStaff(),
    );
    expect(pointers(wrong)).toEqual([
      '/amounts too_many',
      '/amounts/0/amount too_low',
      '/cycles cycles',
      '/redeemBy too_early',
      '/planIds unknown',
    ]);
    const quarter = await coupon({
      percentPpm: 250_000,
      duration: 'repeating',
      cycles: 2,
      maxPerCustomer: 1,
    });
    const copy = await app.post(
      '/v1/admin/coupons',
      { code: quarter.code.toLowerCase(), title: 'A', percentPpm: 1, duration: 'once' },
      asStaff(),
    );
    expect([copy.status, ...pointers(copy)]).toEqual([409, '/code taken']);
    const dollars = await coupon({ amounts: [{ amount: 100, currency: 'USD' }] });
    const elsewhere = await coupon({ amounts: [eur(100)], planIds: [plain.id] });
    const { id } = await subscribe(token, metered.id, { couponCode: ` ${quarter.code.toLowerCase()}` });
    expect((await invoices(id)).map(({ gross }) => gross)).toEqual([750]);

    const mine = (method: 'get' | 'delete') => app[method](`/v1/me/subscriptions/${id}/coupon`, { token });
    const take = (code: string) => app.put(`/v1/me/subscriptions/${id}/coupon`, { code }, { token });
    expect((await mine('get')).body).toMatchObject({
      ...{ code: quarter.code, percentPpm: 250_000, cyclesUsed: 1, endedAt: null },
      uses: [{ amount: eur(250) }],
    });
    expect((await take(elsewhere.code)).body.code).toBe('billing.coupon_present');

    const { id: customerId, email } = (await app.get('/v1/me', { token })).body;
    const exported: Body[] = [];
    for await (const page of app.app.get(BillingPersonalData).collect({ customerId, email }))
      exported.push(page);
    expect(exported.find(({ section }) => section === 'subscriptions')?.rows).toMatchObject([
      { id, coupons: [{ code: quarter.code, endedAt: null, periods: 1 }] },
    ]);

    // It is in the preview of the next invoice, and its usage is reduced with the rest.
    const early = app.clock.now().toISOString();
    await record(id, [event('disk', '1', early)]);
    await renew();
    const due = (await app.get(`/v1/me/subscriptions/${id}/next-invoice`, { token })).body;
    expect(due.totals.gross).toEqual(eur(900));
    await at(due.at);
    await renew();
    const [, second] = await invoices(id);
    expect(second).toMatchObject({
      gross: 900,
      lines: [
        [metered.title, 750],
        ['Disk', 150],
      ],
    });
    expect(second.explained[0]).toContain(`coupon ${quarter.code}: 2.50 EUR off`);
    expect((await mine('get')).status).toBe(404);
    expect(pointers(await take(quarter.code))).toEqual(['/code had_here']);
    expect(pointers(await take(dollars.code))).toEqual(['/code foreign_currency']);
    expect(pointers(await take(elsewhere.code))).toEqual(['/code other_plan']);
    const stranger = (await given.customer(app)).token;
    const theirs = await app.put(
      `/v1/me/subscriptions/${id}/coupon`,
      { code: quarter.code },
      { token: stranger },
    );
    expect(theirs.status).toBe(404);

    // An amount is never more than the cycle, and what cost nothing needs no payment.
    const all = await coupon({ amounts: [eur(5000)], duration: 'once' });
    expect((await take(all.code)).status).toBe(200);
    await at((await app.get(`/v1/me/subscriptions/${id}/next-invoice`, { token })).body.at);
    await renew();
    expect((await invoices(id))[2]).toMatchObject({ state: 'paid', gross: 0 });
    expect(pointers(await take(all.code))).toEqual(['/code had_here']);

    // A renewal that nobody has paid and that has charged usage is not void, or nothing would charge it: it is credited.
    const poor = { gateway: 'test', token: 'attach_ok_charge_fails', makeDefault: true };
    expect((await app.post('/v1/me/payment-methods', poor, { token, key: key() })).status).toBe(201);
    // What comes late for the second one is reduced as that was, though its coupon is over.
    await record(id, [event('disk', '1', app.clock.now().toISOString()), event('disk', '2', early)]);
    await renew();
    await at((await app.get(`/v1/me/subscriptions/${id}/next-invoice`, { token })).body.at);
    await renew();
    const open = await app.get(`/v1/admin/invoices?subscriptionId=${id}&state=open`, { token: staff });
    const [unpaid] = open.body.items;
    expect((await invoices(id)).at(-1)?.lines).toEqual([
      [metered.title, 1000],
      ['Disk', 200],
      ['Disk (late)', 150],
    ]);
    const correct = (path: string, body: object) =>
      app.post(`/v1/admin/invoices/${unpaid.id}/${path}`, body, asStaff());
    expect((await correct('voidance', { reason: 'Wrong' })).body.code).toBe('billing.invoice_paid_in_part');
    const note = await correct('credit-notes', { amount: unpaid.due, reason: 'other' });
    expect(note.body).toMatchObject({ reduced: unpaid.due });
    await app.settle();

    // Staff change how often it is taken, in their version, and take it out of use.
    const change = (body: object, version: number) =>
      app.patch(`/v1/admin/coupons/${all.id}`, body, {
        token: staff,
        headers: { 'if-match': `"${version}"` },
      });
    expect((await change({ maxRedemptions: 5 }, 7)).status).toBe(412);
    expect((await change({ maxRedemptions: 1, title: 'All' }, 1)).body).toMatchObject({
      version: 2,
      title: 'All',
    });
    const before = await coupon({ percentPpm: 1_000_000 });
    expect((await give(id, before.code)).status).toBe(200);
    expect((await app.delete(`/v1/admin/coupons/${before.id}`, { token: staff })).status).toBe(204);
    expect((await mine('get')).body.code).toBe(before.code);
    expect((await mine('delete')).status).toBe(204);
    expect(pointers(await take(before.code))).toEqual(['/code unknown']);
    const listed = await app.get(`/v1/admin/coupons?state=archived&code=${before.code.toLowerCase()}`, {
      token: staff,
    });
    expect(listed.body.items.map((one: Body) => one.id)).toEqual([before.id]);
    for (let n = 0; n < 9; n += 1) await take(`guess-${n}`);
    expect((await take(quarter.code)).status).toBe(429);
  });

  it('counts changes with the coupon of the running cycle, and charges usage where a new one begins', async () => {
    await at('2027-09-01T10:00:00Z');
    const token = await customer();
    const half = await coupon({ percentPpm: 500_000, duration: 'repeating', cycles: 2 });
    const [small, big, yearly] = [
      await plan(terms(1000, { components: COMPONENTS })),
      await plan(terms(2000, { components: COMPONENTS })),
      await plan(terms(12_000, { components: COMPONENTS, interval: { unit: 'year', count: 1 } })),
    ];
    const { id } = await subscribe(token, small.id, { couponCode: half.code });
    await at('2027-09-16T10:00:00Z');
    const path = `/v1/me/subscriptions/${id}/changes`;
    const change = async (planId: string): Promise<Body> => {
      const { body } = await app.post(`${path}/preview`, { planId }, { token });
      const done = await app.post(path, { quote: body.quote }, { token, key: key() });
      expect(done.text).toContain('"state":"active"');
      await app.settle();
      return body;
    };
    expect(await change(big.id)).toMatchObject({ dueNow: eur(250) });
    expect((await invoices(id))[1]).toMatchObject({
      lines: [
        [expect.anything(), -250],
        [big.title, 500],
      ],
    });
    // Fifteen days of half of 20.00 are given back; the year is the second cycle that has the coupon.
    const september = (day: number) => `2027-09-${day}T00:00:00Z`;
    await record(id, [event('disk', '3', september(10)), event('seats', '4', september(10))]);
    expect(await change(yearly.id)).toMatchObject({ dueNow: eur(6000 - 500 + 300 + 800) });
    const [, , year] = await invoices(id);
    expect(year.lines).toEqual([
      [expect.anything(), -500],
      [yearly.title, 6000],
      ['Disk', 300],
      ['Seats', 800],
    ]);
    expect((await usage(id)).items).toMatchObject([
      { settled: false, amount: eur(0) },
      { settled: true, invoiceId: year.id, amount: eur(600 + 1600) },
    ]);
    expect((await app.get(`/v1/me/subscriptions/${id}/coupon`, { token })).status).toBe(404);

    // What was paid by half is corrected by half, at the end too, where a credit is taken off what is to be paid.
    await record(id, [event('disk', '4', september(11)), event('seats', '1', september(11))]);
    await record(id, [event('disk', '1', app.clock.now().toISOString())]);
    app.clock.advance({ hours: 1 });
    await app.post(`/v1/me/subscriptions/${id}/cancellation`, { when: 'now' }, { token, key: key() });
    const [, , , last] = await invoices(id);
    expect(last).toMatchObject({
      lines: [
        ['Disk', 200],
        ['Disk (late)', 100],
        ['Seats (late)', -300],
      ],
    });
    expect(last.explained[2]).toMatch(/-5.50 EUR is the coupon's.*; of 5.50 EUR 3.00 EUR here/);
  });

  it('sends who is canceled for not paying what was used up to then, and does not charge it', async () => {
    const { token } = await given.customer(app);
    const card = { gateway: 'test', token: 'attach_ok_charge_fails' };
    await app.post('/v1/me/payment-methods', card, { token, key: key() });
    const trial = await plan(terms(1000, { components: COMPONENTS, trialDays: 1 }));
    const { id } = await subscribe(token, trial.id);
    app.clock.advance({ hours: 25 });
    await renew();
    const state = async () => (await app.get(`/v1/me/subscriptions/${id}`, { token })).body.state;
    expect(await state()).toBe('past_due');
    expect((await record(id, [event('disk', '2', app.clock.now().toISOString())])).body.recorded).toBe(1);
    const [owed] = await invoices(id);
    const subscriptions = app.app.get(Subscriptions);
    await app.database.transaction(() => subscriptions.collectionEnded(owed.id, 'cancel'));
    await app.settle();
    expect(await state()).toBe('canceled');
    const [, last] = await invoices(id);
    expect([owed.charged, last.charged]).toEqual([true, false]);
    expect(last).toMatchObject({ state: 'open', gross: 400, lines: [['Disk', 400]] });
    // It is of no period, and nothing else would charge what it has: it is credited, and not void.
    const wrong = await app.post(`/v1/admin/invoices/${last.id}/voidance`, { reason: 'Wrong' }, asStaff());
    expect([wrong.status, wrong.body.code]).toEqual([409, 'billing.invoice_paid_in_part']);
    const letter = (await app.letters()).find(({ subject }) => subject === `Your invoice ${last.number}`);
    expect(letter?.text).toMatch(/Please pay 4\.00 EUR by[^]*without signing in[^]*token=/);
    const links = `/v1/admin/invoice-collections/${last.id}/links`;
    expect((await app.post(links, undefined, { token: staff, key: key() })).status).toBe(201);
    const payments = await app.database.query('SELECT FROM billing.payments WHERE invoice_id = $1', [
      last.id,
    ]);
    expect(payments).toEqual([]);
  });

  it('invoices at a pause what was used and what waits, and goes on when that is paid', async () => {
    await at('2027-11-01T11:00:00Z');
    const token = await customer();
    const half = await coupon({ percentPpm: 500_000 });
    const [small, big] = [
      await plan(terms(1000, { components: COMPONENTS })),
      await plan(terms(3000, { components: COMPONENTS })),
    ];
    const { id } = await subscribe(token, small.id, { couponCode: half.code });
    const step = (which: string, body: object = {}): Promise<Answer> =>
      app.post(`/v1/me/subscriptions/${id}/${which}`, body, { token, key: key() });
    await at('2027-11-16T11:00:00Z');
    const wish = { planId: big.id, behaviour: 'prorate_next_invoice' };
    const { quote } = (await step('changes/preview', wish)).body;
    expect((await step('changes', { quote })).status).toBe(200);
    await record(id, [event('disk', '5', '2027-11-10T00:00:00Z')]);
    const charged = async (card: string): Promise<object> => {
      const body = { gateway: 'test', token: card };
      const kept = await app.post('/v1/me/payment-methods', body, { token, key: key() });
      const { methodId: paymentMethodId } = kept.body;
      await app.patch(`/v1/me/subscriptions/${id}`, { paymentMethodId }, { token });
      return { paymentMethodId };
    };
    await charged('attach_ok_charge_fails');
    const pauses = await Promise.all([step('pause'), step('pause')]);
    expect(pauses.map(({ status }) => status).sort()).toEqual([200, 409]);
    await renew();
    const [, due, ...more] = await invoices(id);
    expect([due?.state, due?.lines, more]).toEqual([
      'open',
      [
        ['Disk', 500],
        [expect.anything(), -250],
        [big.title, 750],
      ],
      [],
    ]);
    // It is no way out: nothing more is had before it is paid, and nobody makes it void.
    expect((await step('resumption')).body.code).toBe('billing.subscription_state');
    const wrong = await app.post(`/v1/admin/invoices/${due?.id}/voidance`, { reason: 'Wrong' }, asStaff());
    expect(wrong.body.code).toBe('billing.invoice_paid_in_part');
    expect((await step('payment', await charged('ok+card=77'))).status).toBe(200);
    await app.settle();
    const resumed = await step('resumption');
    expect(resumed.body).toMatchObject({ state: 'active', currentPeriod: { start: '2027-11-01' } });
    // The paid period goes on, and the next one charges nothing of it again.
    await at('2027-12-01T11:00:00Z');
    await renew();
    expect((await invoices(id)).slice(2)).toMatchObject([{ state: 'paid', lines: [[big.title, 1500]] }]);
    const had = await app.get(`/v1/me/subscriptions/${id}/coupon`, { token });
    expect(had.body).toMatchObject({ cyclesUsed: 3, uses: [{}, { amount: eur(500) }, {}] });
  });

  it('bills no period of which it cannot be said what it costs, and all of it once it can', async () => {
    await at('2027-12-01T11:00:00Z');
    const [left, back] = [await customer(), await customer()];
    const [waiting, paused] = [await subscribe(left, metered.id), await subscribe(back, metered.id)];
    const step = (id: string, which: string, token: string) =>
      app.post(`/v1/me/subscriptions/${id}/${which}`, undefined, { token, key: key() });
    const release = async (id: string, once = key()): Promise<Body> => {
      const body = { missed: 'bill' };
      return (await app.post(`/v1/admin/subscriptions/${id}/release`, body, { token: staff, key: once }))
        .body;
    };
    await at('2027-12-10T11:00:00Z');
    const nonsense = event('seats', '999999999999', '2027-12-10T00:00:00Z');
    for (const { id } of [waiting, paused]) expect((await record(id, [nonsense])).status).toBe(200);
    expect((await step(paused.id, 'pause', back)).body.state).toBe('paused');
    await at('2028-01-02T11:00:00Z');
    await renew();
    // Whoever tries it all the same, with a key or by coming back, is told that it waits, and no period counts as billed.
    for (const body of [await release(waiting.id), (await step(paused.id, 'resumption', back)).body]) {
      expect(body).toMatchObject({ state: 'active', parkedReason: expect.any(String) });
      expect(body.periods).toHaveLength(1);
    }
    await at('2028-01-03T11:00:00Z');
    const meant = event('seats', '2', '2027-12-11T00:00:00Z');
    for (const { id } of [waiting, paused]) expect((await record(id, [meant])).body.late).toBe(0);
    const once = key();
    const released = await release(waiting.id, once);
    expect(released).toMatchObject({ parkedReason: null, periods: [{ index: 1 }, { index: 0 }] });
    expect(await release(waiting.id, once)).toEqual(released);
    await release(paused.id);
    for (const { id } of [waiting, paused])
      expect((await invoices(id))[1]?.lines).toEqual([
        [metered.title, 1000],
        ['Seats', 1000],
      ]);
  });

  it('gives a coupon back when the first payment never came', async () => {
    const { token } = await given.customer(app);
    const card = { gateway: 'test', token: 'attach_ok_charge_fails' };
    await app.post('/v1/me/payment-methods', card, { token, key: key() });
    const once = await coupon({ percentPpm: 100_000, duration: 'once', maxRedemptions: 1 });
    const { id, state } = await subscribe(token, plain.id, { couponCode: once.code });
    expect(state).toBe('incomplete');
    const redeemed = async () =>
      (await app.get(`/v1/admin/coupons/${once.id}`, { token: staff })).body.redeemed;
    expect(await redeemed()).toBe(1);
    const closed = await record(id, [event('calls', '1', app.clock.now().toISOString())]);
    expect(closed.body.code).toBe('billing.usage_closed');
    app.clock.advance({ hours: 24 });
    await Promise.all([app.run('billing.expire_subscriptions'), app.run('billing.expire_subscriptions')]);
    await app.settle();
    expect(await redeemed()).toBe(0);
    expect((await give(id, once.code)).body.code).toBe('billing.coupon_late');
    const takers = await app.get(`/v1/admin/coupons/${once.id}/redemptions`, { token: staff });
    expect(takers.body.items).toMatchObject([{ givenBack: true, cyclesUsed: 1 }]);
  });
});
