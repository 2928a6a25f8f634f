import { jest } from '@jest/globals';
import { BillingIntegrity } from '../src/billing/integrity/billing-integrity.service.js';
import { Deferrals } from '../src/billing/deferral/deferrals.service.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { LedgerChain } from '../src/billing/ledger/ledger-chain.service.js';
import { PeriodRepository } from '../src/billing/ledger/period.repository.js';
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
const HELD = 'liab:deferred_revenue';
const INCOME = 'income:subscription';

describe('what is charged for days to come', () => {
  let app: TestApp;
  let staff: string;
  let monthly: Body;
  let yearly: Body;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    await at('2029-01-01T11:00:00Z');
    await app.put('/v1/admin/seller-profile', SELLER, { token: staff });
  });
  afterEach(async () => {
    await app.settle();
    expect(await imbalance(app)).toBeNull();
    for (const check of app.app.get(BillingIntegrity).checks)
      expect([check.code, await check.look(await check.subjects(null, 10_000))]).toEqual([check.code, []]);
  });
  afterAll(() => app?.close());

  async function at(instant: string): Promise<void> {
    app.clock.advance({ seconds: (Date.parse(instant) - app.clock.now().getTime()) / 1_000 });
    await app.app.get(PaymentGateway).moveClock(app.clock.now());
  }
  async function renew(): Promise<void> {
    // Whoever still hears of a payment has locked the subscription, which is left to the next run then.
    await app.settle();
    await app.run('billing.renew_subscriptions');
    await app.run('billing.collect');
    await app.settle();
  }
  const earn = () => app.run('billing.recognise_revenue');
  const asStaff = () => ({ token: staff, key: key() });
  let plans = 0;
  /** Its prices are net: a hundred a day are easily counted. */
  async function plan(amount: number, unit = 'month', setupFee = 0): Promise<Body> {
    const prices = [{ amount: eur(amount), setupFee: eur(setupFee) }];
    const taxes = [{ countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' }];
    const terms = { interval: { unit, count: 1 }, pricesIncludeTax: false, prices, taxes };
    const body = { code: `plan-${++plans}`, title: `Plan ${plans}`, terms };
    return (await app.post('/v1/admin/plans', body, asStaff())).body;
  }
  async function subscribe(planId: string, card = 'ok'): Promise<{ id: string; token: string }> {
    const { token } = await given.customer(app);
    await app.post('/v1/me/payment-methods', { gateway: 'test', token: 'ok' }, { token, key: key() });
    const wish = { planId, currency: 'EUR', billingAddress: berlin };
    const begun = await app.post('/v1/me/subscriptions', wish, { token, key: key() });
    expect(begun.body).toMatchObject({ state: 'active' });
    if (card !== 'ok') {
      const kept = { gateway: 'test', token: card };
      const { methodId } = (await app.post('/v1/me/payment-methods', kept, { token, key: key() })).body;
      await app.patch(`/v1/me/subscriptions/${begun.body.id}`, { paymentMethodId: methodId }, { token });
    }
    return { id: begun.body.id as string, token };
  }
  const invoices = async (id: string): Promise<Body[]> =>
    (await app.get(`/v1/admin/invoices?subscriptionId=${id}`, { token: staff })).body.items.toReversed();
  async function change({ id, token }: { id: string; token: string }, planId: string): Promise<void> {
    const step = (path: string, body: object) =>
      app.post(`/v1/me/subscriptions/${id}/${path}`, body, { token, key: key() });
    const { quote, behaviour } = (await step('changes/preview', { planId })).body;
    expect(behaviour).toBe('invoice_now');
    expect((await step('changes', { quote })).status).toBe(200);
    await app.settle();
  }
  /** Credit less debit of these accounts; `on`: as it was booked at the end of a day. */
  async function books(on?: string): Promise<number[]> {
    const query = on === undefined ? '' : `?on=${on}`;
    const { items, totals } = (await app.get(`/v1/admin/ledger/accounts${query}`, { token: staff })).body;
    expect(totals.every(({ amount }: Body) => amount === 0)).toBe(true);
    return [HELD, INCOME, 'contra:refunds'].map(
      (wanted) => 0 - (items.find(({ account }: Body) => account === wanted)?.balance.amount ?? 0),
    );
  }
  const earned = (): Promise<{ day: string; booked: string; at: Date; amount: number }[]> =>
    app.database.query(
      `SELECT r.day::text AS day, t.booked_on::text AS booked, t.effective_at AS at, e.amount::int AS amount
       FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
       JOIN billing.revenue_recognitions r ON r.id = t.source_id
       WHERE t.kind = 'revenue_recognised' AND e.account = $1 ORDER BY r.day, t.id`,
      [HELD],
    );
  const deferred = async (query = ''): Promise<Body> =>
    (await app.get(`/v1/admin/ledger/deferred-revenue${query}`, { token: staff })).body;
  /** Charged for a plan of a year and one of a month, both a hundred a day in January. */
  let [month, year] = [
    { id: '', token: '' },
    { id: '', token: '' },
  ];

  it('is income when a day is over: once, whatever runs twice, dies or comes late', async () => {
    [monthly, yearly] = [await plan(3100, 'month', 500), await plan(36_500, 'year')];
    [month, year] = [await subscribe(monthly.id), await subscribe(yearly.id)];
    const [first] = await invoices(month.id);
    const { content } = (await app.get(`/v1/admin/invoices/${first.id}`, { token: staff })).body;
    expect(content.lines.map(({ revenue, net }: Body) => [revenue, net.amount])).toEqual([
      ['subscription', 500],
      ['deferred', 3100],
    ]);
    // However many lines a document has: what they hold is read and written at once.
    const deferrals = app.app.get(Deferrals);
    const statements = async (many: number): Promise<number> => {
      const sent = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'execute')];
      const lines = Array.from({ length: many }, (_, n) =>
        [3100, -200].map((amount) => ({
          ...{ id: `${n} ${amount}`, net: eur(amount), revenue: 'deferred' as const },
          period: { start: '2029-01-01', end: '2029-01-31' },
        })),
      ).flat();
      const document = { id: first.id, subscriptionId: month.id, lines };
      const tried = app.database.transaction(async () => {
        expect((await deferrals.begin(document, lines)).size).toBe(2 * many);
        const back = lines.map((line) => ({ ...line, net: eur(line.net.amount / 100) }));
        expect((await deferrals.giveBack(first.id, document, back)).size).toBe(2 * many);
        await deferrals.drop(document);
        throw new Error('enough');
      });
      await expect(tried).rejects.toThrow('enough');
      const all = sent
        .flatMap(({ mock }) => mock.calls)
        .filter(([text]) => text.includes('billing.revenue_'));
      for (const spy of sent) spy.mockRestore();
      return all.length;
    };
    expect(await statements(40)).toBe(await statements(1));

    // A set-up is done; no day is over.
    await earn();
    expect(await books()).toEqual([39_600, 500, 0]);

    // Ten nights in which nothing ran; two who catch up at once.
    await at('2029-01-10T22:59:00Z');
    await earn();
    expect((await earned()).map(({ day }) => day).at(-1)).toBe('2029-01-09');
    await at('2029-01-10T23:00:00Z');
    await Promise.all([earn(), earn(), earn()]);
    const days = await earned();
    const on = (day: number) => `2029-01-${String(day).padStart(2, '0')}`;
    expect(days.reduce((sum, { amount }) => sum + amount, 0)).toBe(2000);
    for (const { day, booked, at: moment, amount } of days)
      expect([booked, moment.toISOString(), amount % 100]).toEqual([day, `${day}T22:59:59.999Z`, 0]);
    for (let day = 1; day <= 10; day++)
      expect([day, await books(on(day))]).toEqual([day, [39_600 - 200 * day, 500 + 200 * day, 0]]);

    // Dies with its days earned and not committed: the next one earns them.
    await at('2029-01-16T11:00:00Z');
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    armFailpoint('revenue.before_commit');
    await expect(earn()).rejects.toThrow('killed');
    armFailpoint(null);
    kill.mockRestore();
    expect(await books()).toEqual([37_600, 2500, 0]);
    await earn();
    await earn();
    expect(await books()).toEqual([36_600, 3500, 0]);
  });

  it('is in the month that it is earned in, which is whole when it is closed', async () => {
    await at('2029-02-01T11:00:00Z');
    // Nobody has earned the last days: whoever closes the month does, and not while somebody holds them.
    const close = (period: string) =>
      app.post(`/v1/admin/ledger/periods/${period}/closing`, undefined, asStaff());
    const early = await close('2029-02');
    expect([early.body.code, await books()]).toEqual(['billing.period_out_of_order', [36_600, 3500, 0]]);
    await app.database.transaction(async () => {
      await app.database.query(
        'SELECT FROM billing.revenue_schedules WHERE subscription_id = $1 FOR UPDATE',
        [month.id],
      );
      const refused = await close('2029-01');
      expect([refused.status, refused.body.code]).toEqual([503, 'platform.unavailable']);
    });
    const closed = await close('2029-01');
    expect(closed.status).toBe(200);
    expect(await books('2029-01-31')).toEqual([36_500 - 3100, 500 + 6200, 0]);
    await renew();

    // A month of 28 days, and a renewal that comes four days late: they are over, and income with it.
    await at('2029-03-05T11:00:00Z');
    await renew();
    expect(await books('2029-02-28')).toEqual([33_400 + 3100, 6700, 0]);
    expect(await books()).toEqual([33_400 + 3100 + 2700, 6700 + 400, 0]);
    const lagging = await deferred('?on=2029-02-28');
    expect(lagging.items[0].months.slice(0, 2)).toEqual([
      { month: '2029-02', amount: eur(2800 + 3100) },
      { month: '2029-03', amount: eur(3100) },
    ]);

    // February is closed before anybody has earned it: its days are booked in March, and still its own.
    const months = app.app.get(PeriodRepository);
    await app.database.transaction(async () => {
      await months.stopBooking();
      await app.app.get(LedgerChain).seal();
      const head = await app.app.get(LedgerChain).head();
      await months.close('2029-02', app.clock.now(), null, head?.position ?? 0, head?.hash ?? '');
    });
    await earn();
    const february = (await earned()).filter(({ day }) => day.startsWith('2029-02'));
    expect(february).toHaveLength(28);
    const part = (day: number) => Math.round((3100 * day) / 28);
    february.forEach(({ day, booked, at: moment, amount }, index) =>
      expect([booked, moment.toISOString().slice(0, 10), amount]).toEqual([
        ...['2029-03-01', day],
        100 + part(index + 1) - part(index),
      ]),
    );
    expect(await books('2029-02-28')).toEqual([36_500, 6700, 0]);
    const [now] = (await deferred()).items;
    expect(now).toMatchObject({ balance: eur(36_500 - 6300 + 2700), changedSince: eur(0) });
    expect(now.months).toHaveLength(10);
    expect(now.months[0]).toEqual({ month: '2029-03', amount: eur(2 * 2700) });
    expect(now.months.at(-1)).toEqual({ month: '2029-12', amount: eur(3100) });
    expect((await deferred('?on=2029-02-28')).items[0].changedSince).toEqual(eur(5900));
    expect((await deferred('?on=2029-02-30')).code).toBe('platform.invalid_input');
    const other = await given.customer(app);
    const denied = await app.get('/v1/admin/ledger/deferred-revenue', { token: other.token });
    expect(denied.status).toBe(403);
  });

  it('is given back before what was earned, to the cent', async () => {
    // Sixty-nine days of the year are over, and the last of them nobody has earned yet.
    await at('2029-03-11T11:00:00Z');
    const [invoice] = await invoices(year.id);
    const credit = (amount: number) =>
      app.post(
        `/v1/admin/invoices/${invoice.id}/credit-notes`,
        {
          lines: [{ lineId: 'cycle-1', amount: eur(amount) }],
          ...{ reason: 'other', outOfBand: eur(amount) },
        },
        asStaff(),
      );
    expect((await credit(11_900)).status).toBe(201);
    const [held] = await books();
    expect(held).toBe(36_500 - 6300 + 2700 - 10_000);
    // More than is left for the days to come: the rest is income that went back. The days before are earned while two credit.
    const [one, two] = await Promise.all([credit(11_900), credit(17_850), earn(), earn()]);
    expect([one.status, two.status]).toEqual([201, 201]);
    // What was held by a credit just then is left to the next run.
    await earn();
    expect(await books()).toEqual([2100, 6700 + 400 + 5900 + 1600, -(25_000 - 19_600)]);
    expect((await deferred()).items[0].months).toEqual([{ month: '2029-03', amount: eur(2100) }]);
  });

  it('goes over to another plan, and ends with the subscription', async () => {
    const dear = await plan(6200);
    await change(month, dear.id);
    // Ten days are earned; of the others a hundred a day are given back, and two hundred are charged.
    expect((await books())[0]).toBe(4200);
    await at('2029-03-21T11:00:00Z');
    const [, before] = await books();
    const over = await app.post(
      `/v1/me/subscriptions/${month.id}/cancellation`,
      { when: 'now' },
      { token: month.token, key: key() },
    );
    expect(over.body.state).toBe('canceled');
    await app.settle();
    await earn();
    expect(await books()).toEqual([2200, (before ?? 0) + 2000, -5400]);
    expect((await deferred()).items[0].months).toEqual([{ month: '2029-03', amount: eur(2200) }]);
    // Nothing is to be done any more: what is left is of the day of the end.
    await at('2029-03-22T11:00:00Z');
    await earn();
    expect((await books())[0]).toBe(0);
    expect((await earned()).at(-1)).toMatchObject({ day: '2029-03-21', amount: 2200 });
  });

  it('is taken back whole when an invoice is void', async () => {
    await at('2029-04-01T11:00:00Z');
    const [, income] = await books();
    const eve = await subscribe(monthly.id, 'attach_ok_charge_fails');
    await at('2029-05-01T11:00:00Z');
    await renew();
    await earn();
    expect(await books()).toEqual([3100, (income ?? 0) + 500 + 3100, -5400]);
    await at('2029-05-11T11:00:00Z');
    await earn();
    const [, unpaid] = await invoices(eve.id);
    expect(unpaid.state).toBe('open');
    const end = (id: string) =>
      app.post(`/v1/admin/invoices/${id}/voidance`, { reason: 'A mistake.' }, asStaff());
    expect((await end(unpaid.id)).status).toBe(200);
    await app.settle();
    expect(await books()).toEqual([0, (income ?? 0) + 500 + 3100, -5400]);
    // What its days would have earned is in no month to come.
    expect((await deferred()).items).toEqual([{ balance: eur(0), months: [], changedSince: eur(0) }]);

    // One whose lines have given back of another one: that is held again, for the days that are left.
    const [bob, dear] = [await subscribe(monthly.id), await plan(6200)];
    const { methodId } = (
      await app.post(
        '/v1/me/payment-methods',
        { gateway: 'test', token: 'attach_ok_charge_fails' },
        { token: bob.token, key: key() },
      )
    ).body;
    await app.patch(`/v1/me/subscriptions/${bob.id}`, { paymentMethodId: methodId }, { token: bob.token });
    await at('2029-05-21T11:00:00Z');
    await change(bob, dear.id);
    await app.run('billing.collect');
    await app.settle();
    await at('2029-05-26T11:00:00Z');
    await earn();
    const [first, raised] = await invoices(bob.id);
    expect([first.state, raised.state]).toEqual(['paid', 'open']);
    // Ten days of a hundred, five of two hundred, sixteen to come.
    expect((await books())[0]).toBe(3200);
    expect((await end(raised.id)).status).toBe(200);
    // The five days that are over by now are income at their own price.
    expect(await books()).toEqual([1600, (income ?? 0) + 500 + 3100 + 500 + 1500, -5400]);
    const months = [
      { month: '2029-05', amount: eur(600) },
      { month: '2029-06', amount: eur(1000) },
    ];
    expect((await deferred()).items).toEqual([{ balance: eur(1600), months, changedSince: eur(0) }]);
    await at('2029-06-11T11:00:00Z');
    await earn();
    expect(await books()).toEqual([0, (income ?? 0) + 500 + 3100 + 500 + 3100, -5400]);
  });

  it('is held again where a line that had given it back is credited itself', async () => {
    await at('2029-07-01T11:00:00Z');
    const [bob, dear] = [await subscribe(monthly.id, 'attach_ok_charge_fails'), await plan(6200)];
    await at('2029-07-22T11:00:00Z');
    await earn();
    const [before = 0, income = 0, refunds = 0] = await books();
    await change(bob, dear.id);
    await at('2029-07-27T11:00:00Z');
    await earn();
    const [, raised] = await invoices(bob.id);
    expect([raised.state, raised.total]).toEqual(['open', eur(1190)]);
    // Ten days of a hundred were given back, and five of the ten of two hundred are over.
    expect(await books()).toEqual([before - 1000 + 1000, income + 1000, refunds]);
    const credit = (amount: number) =>
      app.post(
        `/v1/admin/invoices/${raised.id}/credit-notes`,
        { amount: eur(amount), reason: 'other' },
        asStaff(),
      );
    const notes = [await credit(397), await credit(397), await credit(396)];
    expect(notes.map(({ status }) => status)).toEqual([201, 201, 201]);
    const lines: Body[] = notes.flatMap(({ body }) => body.content.lines);
    const summed = (name: string, isCredit: boolean) =>
      lines
        .filter(({ net }) => net.amount < 0 === isCredit)
        .reduce((sum, line) => sum + line[name].amount, 0);
    expect(['net', 'tax'].map((name) => [summed(name, true), summed(name, false)])).toEqual([
      [-1000, 2000],
      [-190, 380],
    ]);
    // The old days are charged again: those that are over at once, and five of them are to come, but for what is rounded down.
    const [held = 0, , contra = 0] = await books();
    expect(held).toBeGreaterThanOrEqual(497);
    expect(held).toBeLessThanOrEqual(500);
    expect(contra).toBe(refunds - 1000 + (1000 - held));
    expect(await imbalance(app)).toBeNull();
  });
});
