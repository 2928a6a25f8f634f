import { AsyncResource } from 'node:async_hooks';
import { jest } from '@jest/globals';
import { fetch } from 'undici';
import { BillingIntegrity } from '../src/billing/integrity/billing-integrity.service.js';
import { BillingPersonalData } from '../src/billing/payment/personal-data.service.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { LeftoverCredits } from '../src/billing/subscription/leftover-credits.service.js';
import { Renewals } from '../src/billing/subscription/renewals.service.js';
import { Subscriptions } from '../src/billing/subscription/subscriptions.service.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { untilWaiting } from './support/locks.js';
import { berlin, buy, goods, imbalance, key } from './support/purchase.js';

type Body = Answer['body'];

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const SELLER = {
  name: 'Guildhall Trading GmbH',
  address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
  vatId: 'DE136695976',
  timeZone: 'Europe/Berlin',
};
const VAT = [
  { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' },
  { countries: ['CH'], category: 'O', ratePpm: 0, title: 'No VAT', reason: 'Not supplied in the Union.' },
];
const terms = (amount: number, extra: object = {}) => ({
  interval: { unit: 'month', count: 1 },
  pricesIncludeTax: true,
  prices: [{ amount: eur(amount) }],
  taxes: VAT,
  ...extra,
});

describe('plans and subscriptions', () => {
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    await at('2027-01-31T11:00:00Z');
    const { id } = await plan(terms(1000));
    expect((await subscribe(await customer(null), id)).body.code).toBe('billing.seller_unknown');
    await app.put('/v1/admin/seller-profile', SELLER, { token: staff });
  });
  // All of them take a slow machine longer than a token of staff is good for.
  beforeEach(async () => {
    staff = await given.admin(app);
  });
  afterEach(async () => {
    await app.settle();
    expect(await imbalance(app)).toBeNull();
    for (const check of app.app.get(BillingIntegrity).checks)
      expect([check.code, await check.look(await check.subjects(null, 10_000))]).toEqual([check.code, []]);
  });
  afterAll(async () => {
    const dead = await app?.database.query(
      `SELECT consumer, last_error FROM platform.deliveries WHERE state = 'dead'`,
    );
    expect(dead).toEqual([]);
    await app?.close();
  });

  /** The same time for the shop and for its gateway; nothing is woken. */
  async function at(instant: string): Promise<void> {
    app.clock.advance({ seconds: (Date.parse(instant) - app.clock.now().getTime()) / 1_000 });
    await app.app.get(PaymentGateway).moveClock(app.clock.now());
  }
  async function renew(): Promise<void> {
    await app.run('billing.renew_subscriptions');
    await collect();
  }
  /** What is to be charged to methods that are kept. */
  async function collect(): Promise<void> {
    await app.run('billing.collect');
    await app.settle();
  }
  const asStaff = () => ({ token: staff, key: key() });
  let plans = 0;
  async function plan(first: object, extra: object = {}): Promise<Body> {
    const body = { code: `plan-${++plans}`, title: `Plan ${plans}`, terms: first, ...extra };
    const made = await app.post('/v1/admin/plans', body, asStaff());
    expect(made.text).toContain('"state":"active"');
    return made.body;
  }
  interface Customer {
    token: string;
    methodId: string | null;
  }
  async function keep(token: string, card: string, extra: object = {}): Promise<Body> {
    const body = { gateway: 'test', token: card, ...extra };
    return (await app.post('/v1/me/payment-methods', body, { token, key: key() })).body;
  }
  async function customer(card: string | null = 'ok'): Promise<Customer> {
    const { token } = await given.customer(app);
    return { token, methodId: card === null ? null : (await keep(token, card)).methodId };
  }
  const subscribe = (
    { token }: Customer,
    planId: string,
    extra: object = {},
    once = key(),
  ): Promise<Answer> =>
    app.post(
      '/v1/me/subscriptions',
      { planId, currency: 'EUR', billingAddress: berlin, ...extra },
      { token, key: once },
    );
  const mine = async ({ token }: Customer, id: string): Promise<Body> =>
    (await app.get(`/v1/me/subscriptions/${id}`, { token })).body;
  const mySub = (who: Customer, id: string, step: string, body?: object): Promise<Answer> =>
    app.post(`/v1/me/subscriptions/${id}/${step}`, body, { token: who.token, key: key() });
  /** The oldest first. */
  async function invoices(subscriptionId: string): Promise<Body[]> {
    const list = await app.get(`/v1/admin/invoices?subscriptionId=${subscriptionId}`, { token: staff });
    const all: Body[] = list.body.items.toReversed();
    return Promise.all(
      all.map(async ({ id }) => (await app.get(`/v1/admin/invoices/${id}`, { token: staff })).body),
    );
  }
  const facts = async (type: string, id: string): Promise<Body[]> =>
    (
      await app.database.query<{ payload: Body }>(
        `SELECT payload FROM platform.events WHERE type = $1 AND payload ->> 'subscriptionId' = $2 ORDER BY position`,
        [type, id],
      )
    ).map(({ payload }) => payload);
  async function approve(url: string, decision = 'approve'): Promise<void> {
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `decision=${decision}`,
      redirect: 'manual',
    });
  }

  it('are sold on terms that never change, by a shop that says who it is', async () => {
    const wrong = await app.post(
      '/v1/admin/plans',
      {
        code: 'wrong',
        title: 'Wrong',
        terms: {
          ...terms(1000),
          prices: [{ amount: eur(1000), setupFee: { amount: 1, currency: 'USD' } }, { amount: eur(900) }],
          taxes: [{ countries: ['DE'], category: 'Z', ratePpm: 190_000, title: 'VAT' }],
          components: [
            {
              code: 'calls',
              title: 'Calls',
              aggregation: 'sum',
              mode: 'volume',
              tiers: [{ upTo: '5', price: eur(1) }],
            },
          ],
        },
      },
      asStaff(),
    );
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors.map(({ pointer }: Body) => pointer)).toEqual([
      '/terms/prices/0/setupFee/currency',
      '/terms/prices/1/amount/currency',
      '/terms/taxes/0/ratePpm',
      '/terms/components/0/tiers',
    ]);
    for (const interval of [
      { unit: 'day', count: 1096 },
      { unit: 'week', count: 157 },
      { unit: 'month', count: 37 },
      { unit: 'year', count: 4 },
    ]) {
      const long = { code: 'long', title: 'Long', terms: terms(1000, { interval }) };
      expect(await app.post('/v1/admin/plans', long, asStaff())).toMatchObject({
        ...{ status: 400, body: { errors: [{ pointer: '/terms/interval/count' }] } },
      });
    }
    const basic = await plan(terms(1000));
    const taken = await app.post(
      '/v1/admin/plans',
      { code: basic.code, title: 'X', terms: terms(1) },
      asStaff(),
    );
    expect(taken.status).toBe(409);
    const version = (body: object, headers = {}) =>
      app.post(`/v1/admin/plans/${basic.id}/versions`, body, { ...asStaff(), headers });
    const early = {
      ...terms(1200),
      appliesTo: 'all',
      interval: { unit: 'year', count: 1 },
      validFrom: '2026-01-01T00:00:00Z',
    };
    expect((await version(early)).body.errors.map(({ pointer }: Body) => pointer)).toEqual([
      '/validFrom',
      '/interval',
    ]);
    expect((await version({ ...terms(1200), appliesTo: 'new' }, { 'if-match': '"7"' })).status).toBe(412);
    const second = await version({ ...terms(1200), appliesTo: 'new', validFrom: '2027-02-01T00:00:00Z' });
    expect(second.body.versions.map(({ number, prices }: Body) => [number, prices[0].amount.amount])).toEqual(
      [
        [2, 1200],
        [1, 1000],
      ],
    );
    // What is for all is for those of each version before, not of the newest alone.
    const other = { interval: { unit: 'year', count: 1 }, validFrom: '2027-02-01T00:00:00Z' };
    const dollars = { prices: [{ amount: { amount: 900, currency: 'USD' } }], taxes: VAT.slice(1) };
    expect((await version({ ...terms(1, { ...other, ...dollars }), appliesTo: 'new' })).status).toBe(201);
    const dearer = await version({ ...terms(1, { ...other, ...dollars }), appliesTo: 'all' });
    expect(dearer.body.errors).toMatchObject([
      { pointer: '/interval', message: 'must be that of version 2, where it is for all who may have that' },
      { pointer: '/prices', message: 'must have EUR, in which there may be subscribers' },
      { pointer: '/taxes', message: 'must have DE, where there may be subscribers' },
    ]);
    await expect(app.database.execute('UPDATE billing.plan_versions SET trial_days = 1')).rejects.toThrow(
      'refused',
    );
    await expect(app.database.execute('DELETE FROM billing.plan_versions')).rejects.toThrow('refused');
    const shown = (await app.get('/v1/plans')).body.items;
    expect(shown.find(({ id }: Body) => id === basic.id).terms).toMatchObject({
      number: 1,
      prices: [{ amount: eur(1000) }],
    });

    const ada = await customer();
    for (const [extra, pointer] of [
      [{ currency: 'USD' }, '/currency'],
      [{ billingAddress: { ...berlin, country: 'FR', postalCode: '75001' } }, '/billingAddress/country'],
      [{ planId: key() }, '/planId'],
      [{ timeZone: 'Mars/Base' }, '/timeZone'],
      [{ anchorDate: '2027-03-01' }, '/anchorDate'],
    ] as const) {
      const refused = await subscribe(ada, basic.id, extra);
      expect([refused.status >= 400, refused.body.errors[0].pointer]).toEqual([true, pointer]);
    }
    // An invoice comes to no more than can be booked.
    const dear = await plan(terms(10_000_001));
    expect((await subscribe(ada, dear.id, { quantity: 100_000 })).body).toMatchObject({
      ...{ code: 'billing.plan_not_sold', errors: [{ pointer: '/quantity' }] },
    });
    expect((await subscribe(await customer(null), basic.id)).body).toMatchObject({
      code: 'billing.no_payment_method',
      detail: expect.stringContaining('add a method'),
      errors: [{ pointer: '/paymentMethodId' }],
    });
    // The buyer who owes the tax has to be named.
    const taxes = [
      { countries: ['DE'], category: 'AE', ratePpm: 0, title: 'Reverse charge', reason: 'Reverse charge' },
    ];
    const business = await plan(terms(1000, { pricesIncludeTax: false, taxes }));
    expect((await subscribe(ada, business.id)).body.errors).toMatchObject([{ pointer: '/vatId' }]);
    expect((await app.get('/v1/me/subscriptions', { token: ada.token })).body.items).toEqual([]);
    const { id } = (await subscribe(ada, business.id, { vatId: 'DE136695976' })).body;
    // And stays named, as long as an invoice to come has to name it; another one may take its place.
    const details = (one: string, input: object) =>
      app.patch(`/v1/me/subscriptions/${one}`, input, { token: ada.token });
    expect((await details(id, { vatId: null })).body).toMatchObject({
      ...{ status: 422, code: 'billing.vat_id_needed', errors: [{ pointer: '/vatId' }] },
      detail: expect.stringContaining('Send another'),
    });
    expect((await details(id, { vatId: 'ATU13585627', billingAddress: berlin })).status).toBe(200);
    const consumer = (await subscribe(ada, (await plan(terms(900, { pricesIncludeTax: false }))).id)).body;
    const wanted = { planId: business.id, behaviour: 'at_period_end' };
    const nameless = await mySub(ada, consumer.id, 'changes/preview', wanted);
    expect([nameless.status, nameless.body.errors[0].pointer]).toEqual([422, '/planId']);
    await details(consumer.id, { vatId: 'DE136695976' });
    const { quote } = (await mySub(ada, consumer.id, 'changes/preview', wanted)).body;
    expect((await mySub(ada, consumer.id, 'changes', { quote })).status).toBe(200);
    expect((await details(consumer.id, { vatId: null })).status).toBe(422);
    await app.delete(`/v1/me/subscriptions/${consumer.id}/scheduled-change`, { token: ada.token });
    expect((await details(consumer.id, { vatId: null })).status).toBe(200);
    for (const each of [id, consumer.id])
      expect((await mySub(ada, each, 'cancellation', { when: 'now' })).status).toBe(200);
    expect((await details(id, { vatId: null })).status).toBe(200);
    const forAll = { ...terms(1000, { pricesIncludeTax: false, taxes }), appliesTo: 'all' };
    const unasked = await app.post(`/v1/admin/plans/${consumer.plan.id}/versions`, forAll, asStaff());
    expect(unasked.body.errors).toContainEqual(
      expect.objectContaining({ pointer: '/taxes/0/category', code: 'needs_vat_id' }),
    );
    const named = await subscribe(ada, business.id, { vatId: 'DE136695976' });
    // Terms of another interval, if there ever were some, are never those of the next period.
    const next = async (): Promise<Answer> =>
      app.get(`/v1/me/subscriptions/${named.body.id}/next-invoice`, { token: ada.token });
    expect((await next()).body).toMatchObject({ at: named.body.nextBillAt, totals: { gross: eur(1000) } });
    await app.database.execute(
      `INSERT INTO billing.plan_versions
       SELECT (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(), 'number', 2, 'interval_unit', 'year', 'applies_to', 'all'))).*
       FROM billing.plan_versions v WHERE plan_id = $1`,
      [business.id],
    );
    expect(await next()).toMatchObject({ status: 200, body: { at: null, lines: [] } });
    await mySub(ada, named.body.id, 'cancellation', { when: 'now' });
    expect((await app.delete(`/v1/admin/plans/${basic.id}`, { token: staff })).status).toBe(204);
    expect((await subscribe(ada, basic.id)).body.errors[0].pointer).toBe('/planId');
  });

  it('are billed by the anchor, once for each period, whatever runs twice or dies', async () => {
    const basic = await plan(terms(1000));
    const ada = await customer();
    const once = key();
    const [first, again] = [
      await subscribe(ada, basic.id, { quantity: 2 }, once),
      await subscribe(ada, basic.id, { quantity: 2 }, once),
    ];
    expect(again.body).toEqual(first.body);
    expect(first).toMatchObject({
      status: 201,
      body: {
        state: 'active',
        quantity: 2,
        anchorDate: '2027-01-31',
        currentPeriod: { start: '2027-01-31', end: '2027-02-27' },
      },
    });
    const { id } = first.body;
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    // Whoever dies around the gateway leaves a request that goes on when it is repeated: one subscription, one charge.
    for (const place of ['billing.before_gateway', 'billing.after_gateway', 'billing.after_settle']) {
      const [bob, repeated] = [await customer(), key()];
      armFailpoint(place);
      expect((await subscribe(bob, basic.id, {}, repeated)).status).toBe(500);
      armFailpoint(null);
      expect((await subscribe(bob, basic.id, {}, repeated)).body).toMatchObject({ state: 'active' });
      const { items } = (await app.get('/v1/me/subscriptions', { token: bob.token })).body;
      expect(items).toHaveLength(1);
      const paid = (await app.get('/v1/me/invoices', { token: bob.token })).body.items;
      expect(paid).toMatchObject([{ total: eur(1000), due: eur(0) }]);
      await mySub(bob, items[0].id, 'cancellation', { when: 'now' });
    }
    kill.mockRestore();
    expect(Date.parse(first.body.nextBillAt) - Date.parse('2027-02-27T23:00:00Z')).toBeLessThan(600_000);
    expect(
      (await app.get(`/v1/me/subscriptions/${id}/next-invoice`, { token: ada.token })).body,
    ).toMatchObject({
      days: { start: '2027-02-28', end: '2027-03-30' },
      totals: { net: eur(1681), tax: eur(319), gross: eur(2000) },
    });
    expect(
      (await app.get(`/v1/me/subscriptions/${id}`, { token: (await customer(null)).token })).status,
    ).toBe(404);
    // A new price, for all, from the period that begins after it.
    await app.post(
      `/v1/admin/plans/${basic.id}/versions`,
      { ...terms(1190), appliesTo: 'all', validFrom: '2027-03-01T00:00:00Z' },
      asStaff(),
    );
    await at('2027-02-27T22:59:00Z');
    await renew();
    expect(await invoices(id)).toHaveLength(1);
    await at('2027-02-27T23:10:00Z');
    // Four at once bill it once, as if one had died before and another one after its commit.
    await Promise.all([renew(), renew(), renew(), renew()]);
    expect(await invoices(id)).toMatchObject([{ state: 'paid' }, { state: 'paid', total: eur(2000) }]);

    // Dies with its invoice made and not committed: the next run makes it, and no number is lost.
    await at('2027-03-31T12:00:00Z');
    const spy = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    armFailpoint('subscription.after_invoice');
    await renew();
    armFailpoint(null);
    spy.mockRestore();
    expect(await invoices(id)).toHaveLength(2);
    await renew();
    await renew();
    const [, , third] = await invoices(id);
    expect(third.content).toMatchObject({
      period: { start: '2027-03-31', end: '2027-04-29' },
      totals: { net: eur(2000), tax: eur(380), gross: eur(2380) },
      lines: [{ quantity: '2', unitPrice: eur(1190), period: { start: '2027-03-31', end: '2027-04-29' } }],
    });
    const seen = await mine(ada, id);
    expect(seen.periods.map(({ days }: Body) => days.start)).toEqual([
      '2027-03-31',
      '2027-02-28',
      '2027-01-31',
    ]);
    expect(seen.items.map(({ plan: { number } }: Body) => number)).toEqual([1, 2]);
    expect(Date.parse(seen.nextBillAt) - Date.parse('2027-04-29T22:00:00Z')).toBeLessThan(600_000);
    expect((await facts('billing.subscription_billed', id)).map(({ periodIndex }) => periodIndex)).toEqual([
      0, 1, 2,
    ]);
    const numbers = await app.database.query<{ gaps: number }>(
      'SELECT (max(sequence) - count(*))::int AS gaps FROM billing.invoices WHERE sequence IS NOT NULL',
    );
    expect(numbers[0]?.gaps).toBe(0);
    const explained = await app.get(`/v1/admin/invoices/${third.id}/explain`, { token: staff });
    expect(explained.text).toContain('11.90 EUR × 2 (version 2), 2027-03-31 to 2027-04-29');

    // Who was forgotten for two periods is caught up with; for very long, a person has to look.
    await at('2027-05-31T12:00:00Z');
    await renew();
    expect(await invoices(id)).toHaveLength(5);
    await at('2028-08-01T12:00:00Z');
    await renew();
    expect((await mine(ada, id)).parkedReason).toContain('14 periods');
    const parked = await app.get(`/v1/admin/subscriptions?parked=true&planId=${basic.id}`, { token: staff });
    expect(parked.body.items).toMatchObject([{ id }]);
    expect(await invoices(id)).toHaveLength(5);
    const released = await app.post(`/v1/admin/subscriptions/${id}/release`, { missed: 'skip' }, asStaff());
    expect(released.body).toMatchObject({ parkedReason: null, currentPeriod: { start: '2028-07-31' } });
    expect(await invoices(id)).toHaveLength(6);
  });

  it('begin with a payment that the bank may ask about, and end when it never comes', async () => {
    const basic = await plan(terms(1000, { prices: [{ amount: eur(1000), setupFee: eur(500) }] }));
    const careful = await customer(null);
    const setup = await keep(careful.token, 'sca_required', { makeDefault: true });
    await approve(setup.nextAction.url);
    await app.post(`/v1/me/payment-method-setups/${setup.id}/confirmation`, undefined, {
      token: careful.token,
    });
    const asked = await subscribe(careful, basic.id);
    expect(asked).toMatchObject({
      status: 202,
      body: { state: 'incomplete', payment: { status: 'requires_action' } },
    });
    await approve(asked.body.payment.nextAction.url);
    const confirmed = await app.post(`/v1/payments/${asked.body.payment.id}/confirmation`, undefined, {
      token: careful.token,
    });
    expect(confirmed.body).toMatchObject({ status: 'captured', captured: eur(1500) });
    await app.settle();
    expect(await mine(careful, asked.body.id)).toMatchObject({
      state: 'active',
      payment: null,
      expiresAt: null,
    });

    // Nobody owes a void invoice: what is paid of it all the same goes back, and what is under way is waited for.
    const end = (id: string) =>
      app.post(`/v1/admin/invoices/${id}/voidance`, { reason: 'a mistake' }, asStaff());
    const spared = (await subscribe(careful, basic.id)).body.payment;
    expect((await end(spared.invoiceId)).body.state).toBe('void');
    await approve(spared.nextAction.url);
    await app.post(`/v1/payments/${spared.id}/confirmation`, undefined, { token: careful.token });
    await app.settle();
    expect((await app.get(`/v1/admin/payments/${spared.id}`, { token: staff })).body).toMatchObject({
      ...{ status: 'canceled', captured: eur(0) },
    });
    const slow = (await subscribe(await customer('async_ok:1h'), basic.id)).body.payment;
    expect((await end(slow.invoiceId)).body.code).toBe('billing.payment_in_progress');

    const poor = await customer('attach_ok_charge_fails+card=1');
    const declined = await subscribe(poor, basic.id);
    expect(declined).toMatchObject({ status: 202, body: { state: 'incomplete' } });
    expect(declined.body.payment).toMatchObject({ status: 'requires_payment_method', nextAction: null });
    expect(declined.body.payment.declineCode).not.toBeNull();
    const late = await subscribe(poor, basic.id);
    const dropped = (await subscribe(poor, basic.id)).body.id;
    const ended = await mySub(poor, dropped, 'cancellation', { when: 'now' });
    expect(ended.body).toMatchObject({ state: 'canceled', payment: null });
    expect(await invoices(dropped)).toMatchObject([{ state: 'void' }]);
    // What a note has credited in part cannot be void: the rest is credited too.
    const eased = (await subscribe(poor, basic.id)).body.id;
    const [{ id: first }] = await invoices(eased);
    const note = { amount: eur(400), reason: 'other' };
    await app.post(`/v1/admin/invoices/${first}/credit-notes`, note, asStaff());
    expect((await mySub(poor, eased, 'cancellation', { when: 'now' })).body.state).toBe('canceled');
    // To give the first payment up is none: nothing begins by it.
    const forlorn = (await subscribe(poor, basic.id)).body.id;
    const [{ id: lost }] = await invoices(forlorn);
    const off = await app.post(`/v1/admin/invoices/${lost}/write-off`, { reason: 'Lost' }, asStaff());
    expect(off.status).toBe(200);
    await app.settle();
    expect(await mine(poor, forlorn)).toMatchObject({ state: 'incomplete', entitlement: 'none' });
    expect((await mySub(poor, forlorn, 'cancellation', { when: 'now' })).body.state).toBe('canceled');
    expect(await invoices(forlorn)).toMatchObject([{ state: 'uncollectible' }]);
    const notes = await app.get(`/v1/admin/credit-notes?invoiceId=${first}`, { token: staff });
    expect(notes.body.items.map(({ total }: Body) => total)).toEqual([eur(1100), eur(400)]);
    await app.settle();
    expect(await invoices(eased)).toMatchObject([{ state: 'paid', due: eur(0) }]);
    expect(await mine(poor, eased)).toMatchObject({ state: 'canceled', entitlement: 'none' });
    // Money that came for a part of one begins nothing: with its end it goes back, by hand where it came so.
    const partly = async (): Promise<{ id: string; invoiceId: string; paymentId: string }> => {
      const { id } = (await subscribe(poor, basic.id)).body;
      const [{ id: invoiceId }] = await invoices(id);
      const came = { method: 'bank_transfer', amount: eur(500), reference: `part of ${id}` };
      const { body } = await app.post(`/v1/admin/invoices/${invoiceId}/payments`, came, asStaff());
      expect(body).toMatchObject({ invoiceState: 'open', due: eur(1000) });
      return { id, invoiceId, paymentId: body.paymentId };
    };
    const [left, forgotten] = [await partly(), await partly()];
    expect((await mySub(poor, left.id, 'cancellation', { when: 'now' })).body.state).toBe('canceled');
    const { methodId } = await keep(poor.token, 'ok+card=9');
    const paid = await mySub(poor, declined.body.id, 'payment', { paymentMethodId: methodId });
    expect(paid).toMatchObject({ status: 200, body: { state: 'active', payment: null } });
    expect(
      (await mySub(poor, declined.body.id, 'payment', { paymentMethodId: methodId })).body,
    ).toMatchObject({
      ...{ code: 'billing.subscription_state', state: 'active' },
      detail: 'It owes nothing: no invoice of it is open.',
    });
    // Which state it is in, and which ones the step is made from; where a field says how, that one.
    expect((await mySub(poor, dropped, 'cancellation', { when: 'period_end' })).body).toMatchObject({
      ...{ code: 'billing.subscription_state', state: 'canceled' },
      allowedStates: ['trialing', 'active', 'past_due'],
      detail: expect.stringContaining('is canceled'),
      errors: [{ pointer: '/when' }],
    });
    expect((await mySub(poor, dropped, 'pause')).body).toMatchObject({
      ...{ state: 'canceled', allowedStates: ['active'] },
    });
    app.clock.advance({ hours: 22 });
    await app.run('billing.expire_subscriptions');
    expect((await mine(poor, late.body.id)).state).toBe('incomplete');
    app.clock.advance({ hours: 2 });
    // More than a page of them that cannot end yet keep nobody waiting.
    await app.database.execute(
      `INSERT INTO billing.subscriptions SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(),
         'expires_at', '2000-01-01'))).* FROM billing.subscriptions s, generate_series(1, 200) WHERE s.id = $1`,
      [late.body.id],
    );
    await Promise.all([app.run('billing.expire_subscriptions'), app.run('billing.expire_subscriptions')]);
    await app.database.execute(`DELETE FROM billing.subscriptions WHERE expires_at = '2000-01-01'`);
    await app.settle();
    expect(await mine(poor, late.body.id)).toMatchObject({
      state: 'incomplete_expired',
      payment: null,
      nextBillAt: null,
    });
    expect((await mine(poor, forgotten.id)).state).toBe('incomplete_expired');
    for (const { id, invoiceId, paymentId } of [left, forgotten]) {
      expect(await invoices(id)).toMatchObject([{ state: 'paid', due: eur(0) }]);
      const whole = await app.get(`/v1/admin/credit-notes?invoiceId=${invoiceId}`, { token: staff });
      expect(whole.body.items.map(({ total }: Body) => total)).toEqual([eur(1500)]);
      const back = await app.get(`/v1/admin/refunds?paymentId=${paymentId}`, { token: staff });
      expect(back.body.items).toMatchObject([
        { amount: eur(500), status: 'failed', failureCode: 'pay_by_hand' },
      ]);
    }
    expect(await invoices(late.body.id)).toMatchObject([{ state: 'void' }]);
    expect((await mySub(poor, late.body.id, 'payment', { paymentMethodId: methodId })).status).toBe(409);
  });

  it('let go of money that is only held when nobody owes it any more', async () => {
    const basic = await plan(terms(1000));
    const conditions = { kinds: ['invoice'], amountAtLeast: eur(1000) };
    const rule = { name: 'Look', mode: 'live', outcome: 'review', conditions };
    const { id: ruleId } = (await app.post('/v1/admin/fraud-rules', rule, { token: staff })).body;
    const opened = [];
    for (const who of [await customer(), await customer()]) {
      const { id, payment } = (await subscribe(who, basic.id)).body;
      opened.push({ who, id, payment });
    }
    expect((await app.delete(`/v1/admin/fraud-rules/${ruleId}`, { token: staff })).status).toBe(204);
    const refused = { kind: 'errored', code: 'not_now', retryable: false } as const;
    const refusing = jest.spyOn(app.app.get(PaymentGateway), 'capture').mockResolvedValue(refused);
    for (const { payment } of opened) {
      expect(payment.status).toBe('requires_review');
      const approved = await app.post(`/v1/admin/payment-reviews/${payment.id}/approval`, {}, asStaff());
      expect(approved.body.status).toBe('authorized');
    }
    refusing.mockRestore();
    const [ended, spared] = opened as [(typeof opened)[number], (typeof opened)[number]];
    expect((await mySub(ended.who, ended.id, 'cancellation', { when: 'now' })).body.state).toBe('canceled');
    const voidance = `/v1/admin/invoices/${spared.payment.invoiceId}/voidance`;
    expect((await app.post(voidance, { reason: 'a mistake' }, asStaff())).body.state).toBe('void');
    await app.settle();
    for (const { payment } of opened)
      expect((await app.get(`/v1/admin/payments/${payment.id}`, { token: staff })).body).toMatchObject({
        ...{ status: 'canceled', captured: eur(0) },
      });
    const held = await app.database.query(
      `SELECT coalesce(sum(amount), 0)::int AS sum FROM billing.ledger_entries WHERE account = 'memo:authorized'`,
    );
    expect(held).toEqual([{ sum: 0 }]);
  });

  it('are opened by staff for a customer who is not there', async () => {
    const basic = await plan(terms(1000));
    const idOf = async ({ token }: Customer) => (await app.get('/v1/me', { token })).body.id;
    const openOf = (customerId: string, extra: object = {}, once = key()) =>
      app.post(
        '/v1/admin/subscriptions',
        { ...{ customerId, planId: basic.id, currency: 'EUR', billingAddress: berlin }, ...extra },
        { token: staff, key: once },
      );
    const open = async (who: Customer, extra: object = {}, once = key()) =>
      openOf(await idOf(who), extra, once);
    expect((await openOf(basic.id)).body.errors).toMatchObject([{ pointer: '/customerId', code: 'unknown' }]);
    const ada = await customer('ok');
    // What stands on its invoices has the form of a VAT id, whoever gives it.
    for (const vatId of ['XX', 'de136695976', 'DE13669\u0007', `DE${'1'.repeat(28)}`])
      for (const refused of [
        await open(ada, { vatId }),
        await subscribe(ada, basic.id, { vatId }),
        await app.patch(`/v1/me/subscriptions/${basic.id}`, { vatId }, { token: ada.token }),
      ])
        expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, '/vatId']);
    const once = key();
    const opened = await open(ada, { vatId: 'ATU13585627' }, once);
    expect(opened).toMatchObject({ status: 201, body: { state: 'active', collection: 'automatic' } });
    expect((await open(ada, { vatId: 'ATU13585627' }, once)).text).toBe(opened.text);
    expect(await invoices(opened.body.id)).toMatchObject([{ state: 'paid', total: eur(1000) }]);
    expect((await mine(ada, opened.body.id)).id).toBe(opened.body.id);
    const { items } = (await app.get('/v1/admin/audit?action=billing.subscription.opened', { token: staff }))
      .body;
    expect(items.map(({ subjectId }: Body) => subjectId)).toEqual([opened.body.id]);

    // Whoever is just being forgotten is waited for, and subscribes to nothing any more.
    const leaving = await idOf(await customer('ok'));
    const asked = await app.post(`/v1/admin/customers/${leaving}/erasure`, { reason: 'x' }, { token: staff });
    expect(asked.status).toBe(202);
    const late: Promise<Answer>[] = [];
    await app.database.transaction(async () => {
      await app.database.query('SELECT FROM identity.accounts WHERE id = $1 FOR UPDATE', [leaving]);
      late.push(openOf(leaving));
      await untilWaiting((sql) => app.database.query(sql));
      await app.database.execute('UPDATE identity.erasures SET started_at = now() WHERE subject_id = $1', [
        leaving,
      ]);
    });
    const [refused] = await Promise.all(late);
    expect(refused?.body.errors).toMatchObject([{ pointer: '/customerId', code: 'unknown' }]);
    const none = 'SELECT FROM billing.subscriptions WHERE customer_id = $1';
    expect(await app.database.query(none, [leaving])).toEqual([]);

    // Nobody is there to answer the bank, and nothing to charge: the customer pays later, or is invoiced.
    const absent = await customer('attach_ok_charge_fails+card=2');
    const declined = await open(absent);
    expect(declined).toMatchObject({
      status: 202,
      body: { state: 'incomplete', expiresAt: expect.any(String) },
    });
    expect(declined.body.payment.declineCode).not.toBeNull();
    const { methodId } = await keep(absent.token, 'ok+card=12');
    const paid = await mySub(absent, declined.body.id, 'payment', { paymentMethodId: methodId });
    expect(paid).toMatchObject({ status: 200, body: { state: 'active' } });
    const bare = await customer(null);
    expect((await open(bare)).body.code).toBe('billing.no_payment_method');
    const invoiced = await open(bare, { collection: 'invoice', quantity: 2 });
    expect(invoiced).toMatchObject({ status: 201, body: { state: 'active', collection: 'invoice' } });
    expect(await invoices(invoiced.body.id)).toMatchObject([{ state: 'open', total: eur(2000) }]);

    // It falls behind, and is paid by a transfer that staff find in the bank.
    const { id } = invoiced.body;
    const [owed] = await invoices(id);
    const overdue = () => app.database.transaction(() => app.app.get(Subscriptions).overdue(owed.id));
    await overdue();
    expect((await mine(bare, id)).state).toBe('active');
    app.clock.advance({ days: 15 });
    await overdue();
    expect((await mine(bare, id)).state).toBe('past_due');
    const receive = (invoiceId: string, amount: number, reference: string, extra: object = {}) =>
      app.post(
        `/v1/admin/invoices/${invoiceId}/payments`,
        { method: 'bank_transfer', amount: eur(amount), reference, ...extra },
        asStaff(),
      );
    expect((await receive(owed.id, 2001, 'sub 0')).body).toMatchObject({
      ...{ code: 'billing.charge_exceeds_due', maximumChargeable: eur(2000) },
    });
    for (const [extra, pointer] of [
      [{ receivedAt: '2040-01-01T00:00:00Z' }, '/receivedAt'],
      [{ receivedAt: '0206-11-21T10:00:00Z' }, '/receivedAt'],
      [{ amount: { amount: 2000, currency: 'USD' } }, '/amount'],
      [{ amount: eur(0) }, '/amount'],
    ] as const)
      expect((await receive(owed.id, 2000, 'sub 0', extra)).body.errors).toMatchObject([{ pointer }]);
    const part = await receive(owed.id, 500, 'sub 1');
    expect(part).toMatchObject({ status: 201, body: { invoiceState: 'open', due: eur(1500) } });
    await app.settle();
    expect((await mine(bare, id)).state).toBe('past_due');
    const rest = await Promise.all(['sub 2', 'sub 2', 'sub 2'].map((line) => receive(owed.id, 1500, line)));
    expect(rest.map(({ status, body }) => body.code ?? status).sort()).toEqual([
      ...[201, 'billing.receipt_known', 'billing.receipt_known'],
    ]);
    const whole = rest.find(({ status }) => status === 201)?.body;
    expect(whole).toMatchObject({ invoiceId: owed.id, invoiceState: 'paid', due: eur(0) });
    await app.settle();
    expect((await mine(bare, id)).state).toBe('active');
    expect(await invoices(id)).toMatchObject([{ state: 'paid', due: eur(0) }]);
    expect((await receive(owed.id, 1, 'sub 3')).body.code).toBe('billing.invoice_not_open');
    expect((await receive(basic.id, 1, 'sub 3')).status).toBe(404);
    const bank = await app.database.query(
      `SELECT sum(e.amount)::int AS amount FROM billing.ledger_entries e
       JOIN billing.ledger_transactions t ON t.id = e.transaction_id WHERE t.payment_id = ANY ($1) AND e.account LIKE 'assets:%bank%'`,
      [[part.body.paymentId, whole.paymentId]],
    );
    expect(bank).toEqual([{ amount: 2000 }]);
    const noted = await app.get('/v1/admin/audit?action=billing.payment.received', { token: staff });
    expect(noted.body.items.filter(({ subjectId }: Body) => subjectId === owed.id)).toHaveLength(2);
    const back = await app.post(
      `/v1/admin/payments/${whole.paymentId}/refunds`,
      { amount: eur(500), reason: 'asked for' },
      asStaff(),
    );
    expect(back.text).toContain('"status":"succeeded"');

    // The money of an order is written down there.
    const { answer: order } = await buy(app, [await goods(app)]);
    await app.settle();
    const ofOrder = await app.get(`/v1/admin/invoices?orderId=${order.body.id}`, { token: staff });
    expect((await receive(ofOrder.body.items[0].id, 1, 'sub 4')).body).toMatchObject({
      ...{ code: 'billing.invoice_of_order', orderId: order.body.id },
    });
  });

  it('change as it was shown to the cent, or not at all', async () => {
    await at('2029-02-28T11:00:00Z');
    const [basic, pro, yearly] = [
      await plan(terms(1000)),
      await plan(terms(2000)),
      await plan(terms(10_000, { interval: { unit: 'year', count: 1 } })),
    ];
    const ada = await customer();
    const { id } = (await subscribe(ada, basic.id)).body;
    await at('2029-03-14T11:00:00Z');
    const preview = (body: object) => mySub(ada, id, 'changes/preview', body);
    const confirm = (quote: string) => mySub(ada, id, 'changes', { quote });
    expect((await preview({})).body).toMatchObject({ code: 'billing.change_not_possible' });
    const up = (await preview({ planId: pro.id })).body;
    expect(up).toMatchObject({ behaviour: 'invoice_now', bills: 'now', dueNow: eur(500) });
    expect(up.lines.map(({ kind, amount, explain }: Body) => [kind, amount.amount, explain])).toEqual([
      ['credit', -500, '(10.00 EUR × 1) × 14 ÷ 28 days = 5.00 EUR'],
      ['debit', 1000, '(20.00 EUR × 1) × 14 ÷ 28 days = 10.00 EUR'],
    ]);
    expect((await confirm(`${up.quote}x`)).status).toBe(400);
    // Two at once: one is made, and the other one is told so.
    const two = await Promise.all([confirm(up.quote), confirm(up.quote)]);
    expect(two.map(({ status, body }) => [status, body.code]).sort()).toEqual([
      [200, undefined],
      [409, 'billing.quote_used'],
    ]);
    await app.run('billing.forget_quotes');
    expect((await confirm(up.quote)).body.code).toBe('billing.quote_used');
    await collect();
    const [, raised] = await invoices(id);
    expect(raised).toMatchObject({ state: 'paid', total: eur(500) });
    expect(raised.content.lines).toMatchObject([
      { quantity: '-1', unitPrice: eur(500), total: eur(-500) },
      { quantity: '1', total: eur(1000) },
    ]);

    // It is a document like any other, and nobody is told to pay what is charged by itself.
    const xml = await app.get(`/v1/admin/invoices/${raised.id}/document?format=ubl`, { token: staff });
    expect(xml.text).toContain('>-1</cbc:InvoicedQuantity>');
    const letter = (await app.letters()).findLast(({ text }) => text.includes(raised.number));
    expect(letter?.text).toContain('5.00 EUR are charged to the payment method');
    expect(letter?.text).not.toContain('Please pay');

    // Back again: never more is given back than was billed, and it waits for the next invoice.
    const down = (await preview({ planId: basic.id })).body;
    expect(down).toMatchObject({ behaviour: 'prorate_next_invoice', bills: 'next_invoice', dueNow: eur(0) });
    expect(down.totals.gross).toEqual(eur(-500));
    app.clock.advance({ minutes: 31 });
    const over = await confirm(down.quote);
    expect(over.body).toMatchObject({ code: 'billing.quote_stale', quote: { totals: down.totals } });
    expect((await confirm(over.body.quote.quote)).body).toMatchObject({ plan: { id: basic.id } });
    const next = await app.get(`/v1/me/subscriptions/${id}/next-invoice`, { token: ada.token });
    expect(next.body).toMatchObject({ days: { start: '2029-03-28' }, totals: { gross: eur(500) } });
    await at('2029-03-28T11:00:00Z');
    expect((await preview({ quantity: 3 })).body.code).toBe('billing.subscription_renewing');
    await renew();
    expect((await invoices(id)).at(-1)).toMatchObject({ state: 'paid', total: eur(500) });

    // What waits for the period's end can be taken back; another interval then has an anchor of its own.
    const later = (await preview({ planId: yearly.id, behaviour: 'at_period_end' })).body;
    expect((await confirm(later.quote)).body.scheduledChange).toMatchObject({
      interval: { unit: 'year', count: 1 },
    });
    const dropped = await app.delete(`/v1/me/subscriptions/${id}/scheduled-change`, { token: ada.token });
    expect(dropped.body.scheduledChange).toBeNull();
    const later2 = (await preview({ planId: yearly.id, behaviour: 'at_period_end' })).body;
    await confirm(later2.quote);
    await at('2029-04-28T11:00:00Z');
    await renew();
    expect(await mine(ada, id)).toMatchObject({
      plan: { id: yearly.id },
      anchorDate: '2029-04-28',
      currentPeriod: { start: '2029-04-28', end: '2030-04-27' },
      scheduledChange: null,
    });
    expect((await invoices(id)).at(-1)).toMatchObject({ state: 'paid', total: eur(10_000) });

    // Two new intervals on one day: a credit that an invoice cannot take waits for the next ones, and every cent comes back.
    const monthly = (await preview({ planId: pro.id })).body;
    expect(monthly).toMatchObject({ bills: 'now', dueNow: eur(0), totals: { gross: eur(2000 - 10_000) } });
    expect((await confirm(monthly.quote)).body).toMatchObject({
      currentPeriod: { start: '2029-04-28', end: '2029-05-27' },
    });
    const back = (await preview({ planId: yearly.id })).body;
    expect(back).toMatchObject({ dueNow: eur(0), totals: { gross: eur(8000) } });
    expect((await confirm(back.quote)).body.plan.id).toBe(yearly.id);
    await collect();
    const all = await invoices(id);
    expect(all.every(({ state }) => state === 'paid')).toBe(true);
    const [waiting] = await app.database.query<{ count: string }>(
      'SELECT count(*) FROM billing.subscription_pending_lines WHERE subscription_id = $1 AND invoice_id IS NULL',
      [id],
    );
    expect(waiting?.count).toBe('0');
    expect(all.reduce((sum, { total }) => sum + total.amount, 0)).toBe(1000 + 500 + 500 + 10_000);
  });

  it('give nothing back twice, and no invoice comes to less than nothing', async () => {
    const [dear, cheap] = [await plan(terms(31_000)), await plan(terms(3100))];
    const ada = await customer();
    const lower = async (id: string, planId: string, behaviour = 'prorate_next_invoice'): Promise<Body> => {
      const { body } = await mySub(ada, id, 'changes/preview', { planId, behaviour });
      expect((await mySub(ada, id, 'changes', { quote: body.quote })).status).toBe(200);
      return body;
    };
    const amounts = ({ lines }: Body) => lines.map(({ amount }: Body) => amount.amount);
    // What a credit note has given back of a period, and what is void, is no credit of a change as well.
    const { id } = (await subscribe(ada, dear.id)).body;
    const [paid] = await invoices(id);
    const note = { reason: 'other', amount: eur(30_000), refund: eur(30_000) };
    expect((await app.post(`/v1/admin/invoices/${paid.id}/credit-notes`, note, asStaff())).status).toBe(201);
    expect(amounts(await lower(id, cheap.id, 'invoice_now'))).toEqual([-1000, 3100]);
    await app.settle();
    const { methodId } = await keep(ada.token, 'attach_ok_charge_fails+card=3');
    const charged = (paymentMethodId: string | null) =>
      app.patch(`/v1/me/subscriptions/${id}`, { paymentMethodId }, { token: ada.token });
    await charged(methodId);
    const sent = await mySub(ada, id, 'changes/preview', { planId: dear.id, behaviour: 'invoice_now' });
    await mySub(ada, id, 'changes', { quote: sent.body.quote });
    await app.settle();
    const open = (await invoices(id)).at(-1);
    expect(open).toMatchObject({ state: 'open', total: eur(27_900) });
    const voided = await app.post(`/v1/admin/invoices/${open.id}/voidance`, { reason: 'Wrong' }, asStaff());
    expect(voided.status).toBe(200);
    await app.settle();
    await charged(ada.methodId);
    expect(amounts(await lower(id, cheap.id))).toEqual([3100]);

    // Nor is it of one that took its place without being counted, before or after that.
    const swap = async (to: string, behaviour: string): Promise<Body> => {
      const { body } = await mySub(ada, other.id, 'changes/preview', { planId: to, behaviour });
      expect((await mySub(ada, other.id, 'changes', { quote: body.quote })).status).toBe(200);
      return body;
    };
    const other = (await subscribe(ada, dear.id)).body;
    const [whole] = await invoices(other.id);
    const half = { reason: 'other', amount: eur(15_000), refund: eur(15_000) };
    const credit = () => app.post(`/v1/admin/invoices/${whole.id}/credit-notes`, half, asStaff());
    expect((await credit()).status).toBe(201);
    await swap(cheap.id, 'none');
    expect((await credit()).status).toBe(201);
    expect(amounts(await swap(dear.id, 'prorate_next_invoice'))).toEqual([-1000, 31_000]);

    // Nor while it is being given back: a change waits for the note, and is quoted anew.
    const third = (await subscribe(ada, dear.id)).body;
    const [its] = await invoices(third.id);
    // Who waits for the invoice below is the note, and nobody who hears of its payment.
    await app.settle();
    const wish = { planId: cheap.id, behaviour: 'prorate_next_invoice' };
    const { quote } = (await mySub(ada, third.id, 'changes/preview', wish)).body;
    const refund = { reason: 'other', amount: eur(30_000), refund: eur(30_000) };
    const atOnce: Promise<Answer>[] = [];
    await app.database.transaction(async () => {
      await app.database.query('SELECT FROM billing.invoices WHERE id = $1 FOR UPDATE', [its.id]);
      atOnce.push(app.post(`/v1/admin/invoices/${its.id}/credit-notes`, refund, asStaff()));
      await untilWaiting((sql) => app.database.query(sql), 1);
      atOnce.push(mySub(ada, third.id, 'changes', { quote }));
      await untilWaiting((sql) => app.database.query(sql), 2);
    });
    const [noted, stale] = await Promise.all(atOnce);
    expect(noted?.status).toBe(201);
    expect([stale?.status, stale?.body.code]).toEqual([409, 'billing.quote_stale']);
    expect(amounts(stale?.body.quote)).toEqual([-1000, 3100]);

    // Nor the other way round: what changes have given back, also on an invoice that is to come, no note gives back once more.
    const fourth = (await subscribe(ada, cheap.id)).body;
    const credited = async (at: number, amount: number) => {
      const [{ id: first }] = (await invoices(fourth.id)).slice(at);
      const body = { reason: 'other', amount: eur(amount), outOfBand: eur(amount) };
      return app.post(`/v1/admin/invoices/${first}/credit-notes`, body, asStaff());
    };
    expect((await credited(0, 100)).status).toBe(201);
    const more = await mySub(ada, fourth.id, 'changes/preview', { planId: dear.id });
    expect(amounts(more.body)).toEqual([-3000, 31_000]);
    expect((await mySub(ada, fourth.id, 'changes', { quote: more.body.quote })).status).toBe(200);
    await collect();
    expect((await invoices(fourth.id)).at(-1)).toMatchObject({ state: 'paid', total: eur(28_000) });
    expect((await credited(0, 1)).body).toMatchObject({
      ...{ code: 'billing.credit_exceeds_invoice', maximumCreditable: eur(0) },
      detail: 'At most 0.00 EUR is left, for changes of the subscription have given back 30.00 EUR.',
    });
    await lower(fourth.id, cheap.id);
    expect((await credited(1, 1)).body).toMatchObject({ maximumCreditable: eur(0) });
    // Not by a refund with its note either, and not by making it void.
    const [last] = await app.database.query<{ id: string }>(
      'SELECT id FROM billing.payments WHERE invoice_id = $1',
      [(await invoices(fourth.id)).at(-1).id],
    );
    const sentBack = await app.post(`/v1/admin/payments/${last?.id}/refunds`, { full: true }, asStaff());
    expect(sentBack.body.code).toBe('billing.credit_exceeds_invoice');
    const { id: customerId } = (await app.get('/v1/me', { token: ada.token })).body;
    const whose = { customerId, currency: 'EUR', billingAddress: berlin, collection: 'invoice' };
    const opened = () => app.post('/v1/admin/subscriptions', { ...whose, planId: dear.id }, asStaff());
    const owing = await opened();
    const [owed] = await invoices(owing.body.id);
    expect(owed).toMatchObject({ state: 'open', total: eur(31_000) });
    await lower(owing.body.id, cheap.id);
    const ending = await app.post(`/v1/admin/invoices/${owed.id}/voidance`, { reason: 'Wrong' }, asStaff());
    expect(ending.body.code).toBe('billing.invoice_paid_in_part');
    const lost = await app.post(`/v1/admin/invoices/${owed.id}/write-off`, { reason: 'Lost' }, asStaff());
    expect(lost.body.code).toBe('billing.invoice_paid_in_part');
    // Nor what was given up of an invoice: nobody has paid it.
    const given = (await opened()).body.id;
    const [{ id: partly }] = await invoices(given);
    const came = { method: 'cash', amount: eur(5000), reference: `part of ${partly}` };
    expect((await app.post(`/v1/admin/invoices/${partly}/payments`, came, asStaff())).status).toBe(201);
    const off = await app.post(`/v1/admin/invoices/${partly}/write-off`, { reason: 'Lost' }, asStaff());
    expect(off.body).toMatchObject({ state: 'uncollectible' });
    await app.settle();
    expect(amounts(await lower(given, cheap.id))).toEqual([-5000, 3100]);

    // A credit may be taxed higher than what it is taken off: a part of it waits, and nobody is kept from leaving.
    const net = (amount: number, tax: object) =>
      terms(amount, { pricesIncludeTax: false, taxes: [{ countries: ['DE'], ...tax }] });
    const taxed = await plan(net(10_000, { category: 'S', ratePpm: 190_000, title: 'VAT 19 %' }));
    const exempt = await plan(net(9000, { category: 'E', ratePpm: 0, title: 'Exempt', reason: 'Education' }));
    const two = (await subscribe(ada, taxed.id)).body;
    await lower(two.id, exempt.id);
    const ended = await mySub(ada, two.id, 'cancellation', { when: 'now' });
    expect(ended).toMatchObject({ status: 200, body: { state: 'canceled' } });
    expect((await invoices(two.id)).at(-1)).toMatchObject({
      ...{ state: 'paid', total: eur(0) },
      content: { lines: [{ net: eur(-7563), tax: eur(-1437) }, { net: eur(9000) }] },
    });
    const three = (await subscribe(ada, taxed.id)).body;
    const up = await mySub(ada, three.id, 'changes/preview', { planId: exempt.id, behaviour: 'invoice_now' });
    expect(up.body).toMatchObject({ dueNow: eur(0) });
    expect((await mySub(ada, three.id, 'changes', { quote: up.body.quote })).status).toBe(200);
    // One that is taxed lower: nothing is due, and the net amount is below zero.
    const gross = (tax: object) =>
      terms(9000, { pricesIncludeTax: true, taxes: [{ countries: ['DE'], ...tax }] });
    const free = await plan(gross({ category: 'E', ratePpm: 0, title: 'Exempt', reason: 'Education' }));
    const quarter = await plan(gross({ category: 'S', ratePpm: 250_000, title: 'VAT 25 %' }));
    const four = (await subscribe(ada, free.id)).body;
    const same = await mySub(ada, four.id, 'changes/preview', {
      ...{ planId: quarter.id, behaviour: 'invoice_now' },
    });
    expect((await mySub(ada, four.id, 'changes', { quote: same.body.quote })).status).toBe(200);
    const { content } = (await invoices(four.id)).at(-1);
    expect(content.totals).toMatchObject({ net: eur(-1800), tax: eur(1800), gross: eur(0) });

    // What is dearer is a present of the shop, and gives back of what was paid, not of what it costs.
    await at('2029-04-29T11:00:00Z');
    const { id: five } = (await subscribe(ada, cheap.id)).body;
    const present = { planId: dear.id, behaviour: 'none' };
    const taken = await mySub(ada, five, 'changes/preview', present);
    expect(taken).toMatchObject({ status: 422, body: { errors: [{ pointer: '/behaviour' }] } });
    const made = await app.post(`/v1/admin/subscriptions/${five}/changes/preview`, present, asStaff());
    expect((await mySub(ada, five, 'changes', { quote: made.body.quote })).body.plan.id).toBe(dear.id);
    await at('2029-05-14T11:00:00Z');
    const returned = await mySub(ada, five, 'changes/preview', { planId: cheap.id });
    expect(returned.body.lines.map(({ explain }: Body) => explain)).toEqual([
      '(31.00 EUR × 1) × 15 ÷ 30 days = 15.50 EUR',
      '(31.00 EUR × 1) × 15 ÷ 30 days = 15.50 EUR',
    ]);
    const { items } = (await app.get('/v1/me/subscriptions?limit=50', { token: ada.token })).body;
    for (const one of items.filter(({ endedAt }: Body) => endedAt === null))
      expect((await mySub(ada, one.id, 'cancellation', { when: 'now' })).body.state).toBe('canceled');
    // What nothing was left to be taken off is on a note, and waits no more; what is not paid is owed no more.
    await app.settle();
    const notes = async (invoiceId: string): Promise<Body[]> => {
      const list = await app.get(`/v1/admin/credit-notes?invoiceId=${invoiceId}`, { token: staff });
      return list.body.items
        .toReversed()
        .map(({ total, reduced, kept }: Body) => [total.amount, reduced.amount, kept.amount]);
    };
    const notesOf = async (one: string) => Promise.all((await invoices(one)).map((each) => notes(each.id)));
    // An invoice that a credit has paid a part of is credited with that part, which is then left of the invoice before.
    const hers = [
      [
        [100, 0, 0],
        [3000, 0, 3000],
      ],
      [[24_900, 0, 24_900]],
      [],
    ];
    expect(await notesOf(fourth.id)).toEqual(hers);
    expect(await notesOf(owing.body.id)).toEqual([[[27_900, 27_900, 0]], []]);
    expect(await invoices(owing.body.id)).toMatchObject([
      { state: 'open', due: eur(3100) },
      { state: 'paid' },
    ]);
    await app.database.transaction(() => app.app.get(LeftoverCredits).giveBack(fourth.id));
    expect(await notesOf(fourth.id)).toEqual(hers);
    // What is kept is in limbo until it is sent back.
    app.clock.advance({ days: 2 });
    const [{ id: taxedInvoice }] = await invoices(two.id);
    const limbo = async (): Promise<Body[]> => {
      const { body } = await app.get('/v1/admin/payments/limbo?kind=unapplied&limit=100', { token: staff });
      return body.items.filter(({ invoiceId }: Body) => invoiceId === taxedInvoice);
    };
    expect(await limbo()).toMatchObject([{ amount: eur(2900) }]);
    const [paidBy] = await app.database.query<{ id: string }>(
      'SELECT id FROM billing.payments WHERE invoice_id = $1',
      [taxedInvoice],
    );
    const back = { amount: eur(2900), creditNote: 'existing' };
    expect((await app.post(`/v1/admin/payments/${paidBy?.id}/refunds`, back, asStaff())).status).toBe(201);
    await app.settle();
    expect(await limbo()).toEqual([]);
  });

  it('keep what a gateway would not send back, until it is sent or pays a renewal, and never both', async () => {
    const { id: planId } = await plan(terms(3000));
    // A refund that is under way has no note yet: a change does not give back what that will credit.
    const [cheap, grace] = [await plan(terms(300)), await customer('refund_pending')];
    const { id: hers } = (await subscribe(grace, planId)).body;
    const [{ id: whole }] = await invoices(hers);
    const [billed] = await app.database.query<{ id: string }>(
      'SELECT id FROM billing.payments WHERE invoice_id = $1',
      [whole],
    );
    const all = await app.post(`/v1/admin/payments/${billed?.id}/refunds`, { full: true }, asStaff());
    expect(all.body).toMatchObject({ status: 'pending', amount: eur(3000) });
    const down = { planId: cheap.id, behaviour: 'prorate_next_invoice' };
    const { lines, quote } = (await mySub(grace, hers, 'changes/preview', down)).body;
    expect(lines.map(({ amount }: Body) => amount.amount)).toEqual([300]);
    expect((await mySub(grace, hers, 'changes', { quote })).status).toBe(200);

    const subscribed = async () => {
      const ada = await customer('refund_fail_once');
      const { id } = (await subscribe(ada, planId)).body;
      const [{ id: invoiceId }] = await invoices(id);
      const credited = { reason: 'other', amount: eur(1000), refund: eur(1000) };
      expect(
        (await app.post(`/v1/admin/invoices/${invoiceId}/credit-notes`, credited, asStaff())).status,
      ).toBe(201);
      const [paid] = await app.database.query<{ id: string }>(
        'SELECT id FROM billing.payments WHERE invoice_id = $1',
        [invoiceId],
      );
      const refund = (amount: number, extra: object = {}) =>
        app.post(`/v1/admin/payments/${paid?.id}/refunds`, { amount: eur(amount), ...extra }, asStaff());
      const notes = async () => {
        const list = await app.get(`/v1/admin/credit-notes?invoiceId=${invoiceId}`, { token: staff });
        return list.body.items
          .toReversed()
          .map(({ total, refunded, kept }: Body) => [total.amount, refunded.amount, kept.amount]);
      };
      return { id, refund, notes };
    };
    const [one, two] = [await subscribed(), await subscribed()];
    const [three, four] = [await subscribed(), await subscribed()];
    await app.settle();
    expect(await one.notes()).toEqual([[1000, 0, 1000]]);
    // What is kept goes first, whatever document was asked for; only the rest has one of its own.
    expect((await one.refund(1500)).body).toMatchObject({ status: 'succeeded' });
    expect(await one.notes()).toEqual([[1000, 1000, 0]]);
    expect((await two.refund(1000, { creditNote: 'existing' })).status).toBe(201);
    // A present leaves it, but not beside more than was paid: of 30.00, what is given away and what is kept come to no more.
    const present = { creditNote: 'none', creditNoteReason: 'A present' };
    for (const [amount, kept] of [
      [2000, 1000],
      [500, 500],
    ] as const) {
      expect((await four.refund(amount, present)).status).toBe(201);
      expect(await four.notes()).toEqual([[1000, 1000 - kept, kept]]);
    }
    // Before anybody has heard of these.
    app.clock.advance({ days: 32 });
    await app.app.get(PaymentGateway).moveClock(app.clock.now());
    await renew();
    await app.run('billing.repair');
    await app.settle();
    const list = await app.get(`/v1/admin/credit-notes?invoiceId=${whole}`, { token: staff });
    expect(list.body.items).toMatchObject([{ origin: 'refund', total: eur(3000), refunded: eur(3000) }]);
    const prepaid = async (id: string) =>
      (await invoices(id)).map(({ content }) => content.totals.prepaid.amount);
    expect(await prepaid(one.id)).toEqual([0, 0]);
    expect(await prepaid(two.id)).toEqual([0, 0]);
    expect(await prepaid(three.id)).toEqual([0, 1000]);
    expect(await prepaid(four.id)).toEqual([0, 500]);
    expect((await four.refund(1, present)).body.code).toBe('billing.refund_exceeds_captured');
    expect(await one.notes()).toEqual([
      [1000, 1000, 0],
      [500, 500, 0],
    ]);
    expect(await two.notes()).toEqual([[1000, 1000, 0]]);
    // What has paid a renewal is gone, and what is refunded beside it has a document of its own.
    expect((await three.refund(2001)).body.code).toBe('billing.refund_exceeds_captured');
    expect((await three.refund(2000)).status).toBe(201);
    await app.settle();
    expect(await three.notes()).toEqual([
      [1000, 0, 1000],
      [2000, 2000, 0],
    ]);
  });

  it('are tried for free once, paused, kept and ended', async () => {
    await at('2030-06-01T11:00:00Z');
    await app.run('billing.forget_quotes');
    expect(await app.database.query('SELECT FROM billing.used_quotes')).toEqual([]);
    const basic = await plan(terms(1000, { trialDays: 14 }));
    const bob = await customer(null);
    const trial = await subscribe(bob, basic.id);
    expect(trial).toMatchObject({
      status: 201,
      body: { state: 'trialing', currentPeriod: null, anchorDate: '2030-06-15' },
    });
    const { id } = trial.body;
    await at('2030-06-15T11:00:00Z');
    await renew();
    expect(await mine(bob, id)).toMatchObject({ state: 'paused', nextBillAt: null });
    expect(await invoices(id)).toEqual([]);
    expect((await mySub(bob, id, 'resumption')).body).toMatchObject({
      ...{ code: 'billing.subscription_state', state: 'paused', allowedStates: ['paused'] },
      detail: expect.stringContaining('keep a payment method'),
    });
    await keep(bob.token, 'ok');
    await at('2030-06-20T11:00:00Z');
    expect((await mySub(bob, id, 'resumption')).body).toMatchObject({
      state: 'active',
      currentPeriod: { start: '2030-06-20', end: '2030-07-19' },
    });
    await collect();
    expect(await invoices(id)).toMatchObject([{ state: 'paid', total: eur(1000) }]);
    // A second trial of the plan is none, and who has had one is told that it is kept.
    expect(trial.body.trialUsed).toBe(false);
    const { id: customerId, email } = (await app.get('/v1/me', { token: bob.token })).body;
    const told = [];
    for await (const page of app.app.get(BillingPersonalData).collect({ customerId, email })) told.push(page);
    expect(told.find(({ section }) => section === 'trials')?.rows).toMatchObject([
      { plan: basic.code, subscriptionId: id, endsAt: new Date('2030-06-14T22:00:00Z') },
    ]);
    const second = await subscribe(bob, basic.id, { anchorDate: '2030-07-01' });
    expect(second.body).toMatchObject({
      state: 'active',
      trialEndsAt: null,
      trialUsed: true,
      currentPeriod: { start: '2030-06-20', end: '2030-06-30' },
    });
    expect(await invoices(second.body.id)).toMatchObject([
      { total: eur(367), content: { lines: [{ explain: expect.stringContaining('11 ÷ 30 days') }] } },
    ]);
    // The days before its anchor are paid: a pause within them is no reason to pay for them again.
    await mySub(bob, second.body.id, 'pause');
    const resumed = await mySub(bob, second.body.id, 'resumption');
    expect(resumed.body).toMatchObject({ state: 'active', anchorDate: '2030-07-01' });
    expect(resumed.body.nextBillAt).toBe(second.body.nextBillAt);
    expect(await invoices(second.body.id)).toHaveLength(1);

    // Ten at once have one trial too; one that was never paid for has had none.
    const eager = await customer('ok');
    const crowd = await Promise.all(Array.from({ length: 10 }, () => subscribe(eager, basic.id)));
    expect(crowd.map(({ status, body }) => [status, body.state, body.trialUsed]).sort()).toEqual([
      ...Array.from({ length: 9 }, () => [201, 'active', true]),
      [201, 'trialing', false],
    ]);
    const fee = [{ amount: eur(1000), setupFee: eur(300) }];
    const costly = await plan(terms(0, { trialDays: 14, prices: fee }));
    const poor = await customer('attach_ok_charge_fails+card=4');
    const never = await subscribe(poor, costly.id);
    expect(never).toMatchObject({ status: 202, body: { state: 'incomplete', trialUsed: false } });
    await mySub(poor, never.body.id, 'cancellation', { when: 'now' });
    await keep(poor.token, 'ok+card=11', { makeDefault: true });
    expect((await subscribe(poor, costly.id)).body).toMatchObject({ state: 'trialing', trialUsed: false });

    // The paid period goes on when the pause was short, and nothing is billed twice or for the pause.
    expect((await mySub(bob, id, 'pause')).body).toMatchObject({ state: 'paused', nextBillAt: null });
    expect((await mySub(bob, id, 'pause')).status).toBe(409);
    await at('2030-06-25T11:00:00Z');
    expect((await mySub(bob, id, 'resumption')).body.currentPeriod.start).toBe('2030-06-20');
    await mySub(bob, id, 'pause');
    await at('2030-10-05T11:00:00Z');
    await renew();
    expect(await invoices(id)).toHaveLength(1);
    expect((await mySub(bob, id, 'resumption')).body.currentPeriod.start).toBe('2030-10-05');
    expect(await invoices(id)).toHaveLength(2);

    const ending = await mySub(bob, id, 'cancellation', { when: 'period_end', reason: 'Too dear.' });
    expect(ending.body).toMatchObject({ state: 'active', cancelAtPeriodEnd: true });
    expect(
      (await app.get(`/v1/me/subscriptions/${id}/next-invoice`, { token: bob.token })).body.at,
    ).toBeNull();
    const kept = await app.delete(`/v1/me/subscriptions/${id}/cancellation`, { token: bob.token });
    expect(kept.body.cancelAtPeriodEnd).toBe(false);
    // What waits for the next invoice when there is none any more comes on a last one.
    const more = (await mySub(bob, id, 'changes/preview', { quantity: 2, behaviour: 'prorate_next_invoice' }))
      .body;
    expect(more).toMatchObject({ dueNow: eur(0), totals: { gross: eur(1000) } });
    await mySub(bob, id, 'changes', { quote: more.quote });
    await mySub(bob, id, 'cancellation', { when: 'period_end' });
    const old = { token: staff, key: key(), headers: { 'if-match': '"1"' } };
    expect((await app.post(`/v1/admin/subscriptions/${id}/cancellation`, { when: 'now' }, old)).status).toBe(
      412,
    );
    // An end needs no bill: it comes to what is paused or parked by then as well.
    const [still, odd] = [
      (await subscribe(eager, basic.id)).body.id,
      (await subscribe(eager, basic.id)).body.id,
    ];
    for (const each of [still, odd]) await mySub(eager, each, 'cancellation', { when: 'period_end' });
    expect((await mySub(eager, still, 'pause')).body).toMatchObject({
      state: 'paused',
      cancelAtPeriodEnd: true,
    });
    const taken = await app.delete(`/v1/me/subscriptions/${still}/cancellation`, { token: eager.token });
    expect(taken.body).toMatchObject({ cancelAtPeriodEnd: false, nextBillAt: null });
    await mySub(eager, still, 'resumption');
    await mySub(eager, still, 'cancellation', { when: 'period_end' });
    await mySub(eager, still, 'pause');
    await app.app.get(Renewals).park(odd, 'A person has to look.');
    await at('2030-11-05T11:00:00Z');
    await renew();
    for (const each of [still, odd])
      expect(await mine(eager, each)).toMatchObject({
        state: 'canceled',
        nextBillAt: null,
        parkedReason: null,
      });
    const release = await app.post(`/v1/admin/subscriptions/${odd}/release`, { missed: 'skip' }, asStaff());
    expect(release.status).toBe(409);
    expect(await mine(bob, id)).toMatchObject({ state: 'canceled', nextBillAt: null });
    expect((await invoices(id)).slice(2)).toMatchObject([{ state: 'paid', total: eur(1000) }]);
    expect((await facts('billing.subscription_moved', id)).map(({ to }) => to)).toEqual([
      ...['paused', 'active', 'paused', 'active', 'paused', 'active', 'canceled'],
    ]);
  });

  it('fall behind when nobody pays, and come back when somebody does', async () => {
    await at('2031-01-10T11:00:00Z');
    const [basic, goods] = [await plan(terms(1000)), await plan(terms(1000), { kind: 'goods' })];
    const weekly = await plan(terms(300, { interval: { unit: 'week', count: 1 } }), { kind: 'goods' });
    const eve = await customer('ok');
    const { id } = (await subscribe(eve, basic.id)).body;
    const { methodId } = await keep(eve.token, 'attach_ok_charge_fails+card=5');
    const changed = await app.patch(
      `/v1/me/subscriptions/${id}`,
      { paymentMethodId: methodId },
      { token: eve.token },
    );
    expect(changed.body.paymentMethodId).toBe(methodId);
    await at('2031-02-10T11:00:00Z');
    await renew();
    expect(await mine(eve, id)).toMatchObject({
      state: 'past_due',
      payment: { status: 'requires_payment_method' },
    });
    expect((await mySub(eve, id, 'pause')).status).toBe(409);
    const [, owed] = await invoices(id);
    const told = (work: (subscriptions: Subscriptions) => Promise<void>) =>
      app.database.transaction(() => work(app.app.get(Subscriptions)));
    await told((all) => all.collectionEnded(owed.id, 'unpaid'));
    await told((all) => all.collectionEnded(owed.id, 'unpaid'));
    await at('2031-05-15T11:00:00Z');
    await renew();
    expect(await mine(eve, id)).toMatchObject({ state: 'unpaid', nextBillAt: null });
    expect(await invoices(id)).toHaveLength(2);
    const other = await mySub(eve, id, 'payment', { paymentMethodId: eve.methodId });
    expect(other).toMatchObject({ status: 200, body: { payment: null } });
    await app.settle();
    await app.patch(`/v1/me/subscriptions/${id}`, { paymentMethodId: eve.methodId }, { token: eve.token });
    await renew();
    expect(await mine(eve, id)).toMatchObject({ state: 'active', currentPeriod: { start: '2031-05-15' } });
    expect(await invoices(id)).toHaveLength(3);

    // Who would never be billed again is found.
    const check = app.app
      .get(BillingIntegrity)
      .checks.find(({ code }) => code === 'billing.subscription_billing');
    const next = (value: string) =>
      `UPDATE billing.subscriptions SET next_bill_at = ${value} WHERE id = '${id}'`;
    const { nextBillAt } = await mine(eve, id);
    await app.database.execute(next('NULL'));
    expect(await check?.look([id])).toMatchObject([{ subjectId: id }]);
    await app.database.execute(next(`'${nextBillAt}'`));

    // Goods are told, once for each period, and not invoiced.
    const box = (await subscribe(eve, goods.id, { quantity: 3 })).body;
    await Promise.all([renew(), renew()]);
    // What was sent is paid with its order: a change waits for the next box, which is told whatever its interval is.
    const change = (wish: object) => mySub(eve, box.id, 'changes/preview', { planId: weekly.id, ...wish });
    for (const behaviour of ['invoice_now', 'prorate_next_invoice', 'none'])
      expect((await change({ behaviour })).body.errors).toMatchObject([
        { pointer: '/behaviour', code: 'not_possible' },
      ]);
    const { body: shown } = await change({ quantity: 5 });
    expect(shown).toMatchObject({ behaviour: 'at_period_end', lines: [], dueNow: eur(0) });
    expect((await mySub(eve, box.id, 'changes', { quote: shown.quote })).status).toBe(200);
    await at('2031-06-15T11:00:00Z');
    await renew();
    expect(
      (await facts('billing.subscription_period_due', box.id)).map(({ periodStart, periodEnd, quantity }) => [
        ...[periodStart, periodEnd, quantity],
      ]),
    ).toEqual([
      ['2031-05-15', '2031-06-15', 3],
      ['2031-06-15', '2031-06-22', 5],
    ]);
    expect(await invoices(box.id)).toEqual([]);

    // The card that pays for it is not lost unnoticed: another one takes its place, or it stays.
    const remove = (one: string | null) => app.delete(`/v1/me/payment-methods/${one}`, { token: eve.token });
    const charge = (paymentMethodId: string | null) =>
      app.patch(`/v1/me/subscriptions/${id}`, { paymentMethodId }, { token: eve.token });
    const { methodId: third } = await keep(eve.token, 'ok+card=3');
    await charge(third);
    expect((await remove(third)).status).toBe(204);
    expect(await mine(eve, id)).toMatchObject({ state: 'active', paymentMethodId: null });
    const { methodId: fourth } = await keep(eve.token, 'ok+card=4', { makeDefault: true });
    await charge(fourth);
    const stays = { status: 409, code: 'billing.method_in_use', subscriptionIds: [id] };
    expect((await remove(fourth)).body).toMatchObject(stays);
    await charge(null);
    await app.post(`/v1/me/payment-methods/${eve.methodId}/default`, undefined, { token: eve.token });
    expect((await remove(methodId)).status).toBe(204);
    // Of two that are removed at once one is left.
    const both = await Promise.all([remove(eve.methodId), remove(fourth)]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(both.find(({ status }) => status === 409)?.body.subscriptionIds).toContain(id);
    const more = await mySub(eve, id, 'changes/preview', { quantity: 2, behaviour: 'invoice_now' });
    expect((await mySub(eve, id, 'changes', { quote: more.body.quote })).status).toBe(200);
    await app.settle();
    expect((await invoices(id)).at(-1)).toMatchObject({ state: 'paid', total: eur(1000) });
    const lone = await customer('ok');
    const ended = (await subscribe(lone, basic.id)).body.id;
    const drop = async () =>
      (await app.delete(`/v1/me/payment-methods/${lone.methodId}`, { token: lone.token })).status;
    expect(await drop()).toBe(409);
    await mySub(lone, ended, 'cancellation', { when: 'period_end' });
    expect(await drop()).toBe(204);

    // Whoever is forgotten has subscribed to nothing any more.
    const { id: customerId, email } = (await app.get('/v1/me', { token: eve.token })).body;
    const people = app.app.get(BillingPersonalData);
    const copy = [];
    for await (const page of people.collect({ customerId, email })) copy.push(page);
    expect(copy.find(({ section }) => section === 'subscriptions')?.rows).toMatchObject([
      { state: 'active', unitPrice: eur(1000), buyer: { name: 'Ada Byron' } },
      { quantity: 5 },
    ]);
    // Money that has just come for one more begins it first: it would be nobody's.
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    armFailpoint('billing.after_gateway');
    expect((await subscribe(eve, basic.id)).status).toBe(500);
    armFailpoint(null);
    kill.mockRestore();
    app.clock.advance({ minutes: 6 });
    await app.run('billing.repair');
    const erase = () => app.database.transaction(() => people.erase({ customerId, email }));
    await expect(erase()).rejects.toThrow('paid for the first time');
    await app.settle();
    // A last invoice is due of it. Before its number all that others hold is waited for, so nobody waits for both.
    const wish = { quantity: 3, behaviour: 'prorate_next_invoice' };
    const { quote } = (await mySub(eve, id, 'changes/preview', wish)).body;
    expect((await mySub(eve, id, 'changes', { quote })).status).toBe(200);
    const numbered = await invoices(id);
    const gone: Promise<void>[] = [];
    const elsewhere = AsyncResource.bind(erase);
    await app.database.transaction(async () => {
      const theirs = 'SELECT FROM billing.payments WHERE customer_id = $1 FOR UPDATE';
      expect(await app.database.query(theirs, [customerId])).not.toEqual([]);
      gone.push(elsewhere());
      await untilWaiting((sql) => app.database.query(sql));
      await app.database.query('SELECT FROM billing.number_series FOR UPDATE NOWAIT');
    });
    await Promise.all(gone);
    expect(await invoices(id)).toHaveLength(numbered.length + 1);
    await erase();
    expect((await app.get(`/v1/admin/subscriptions/${id}`, { token: staff })).body).toMatchObject({
      ...{ state: 'canceled', customerId: null, nextBillAt: null, paymentMethodId: null },
    });
  });

  it('give nothing back that a bank has taken, and what is paid after all makes the loss good', async () => {
    const who = await customer('dispute_lost');
    const [yearly, monthly] = [
      await plan(terms(12_000, { interval: { unit: 'year', count: 1 } })),
      await plan(terms(1000)),
    ];
    const { id } = (await subscribe(who, yearly.id)).body;
    for (const days of [4, 8]) {
      app.clock.advance({ days });
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await app.run('billing.catch_up');
      await app.settle();
    }
    const [{ id: invoiceId, state, total }] = await invoices(id);
    expect([state, total.amount]).toEqual(['paid', 12_000]);
    const unused = async (): Promise<number> => {
      const { body } = await mySub(who, id, 'changes/preview', { planId: monthly.id });
      return Math.min(0, ...body.lines.map(({ amount }: Body) => amount.amount));
    };
    const pay = (amount: number) =>
      app.post(
        `/v1/admin/invoices/${invoiceId}/payments`,
        { method: 'cash', amount: eur(amount), reference: key() },
        asStaff(),
      );
    expect(await unused()).toBe(0);
    expect((await pay(12_001)).body).toMatchObject({ maximumChargeable: eur(12_000) });
    expect((await pay(5000)).body).toMatchObject({ invoiceState: 'paid', due: eur(0) });
    expect(await unused()).toBe(-5000);
    expect((await pay(7000)).status).toBe(201);
    expect((await pay(1)).body.code).toBe('billing.invoice_not_open');
    expect(await unused()).toBeLessThan(-11_000);
  });

  it('change from what costs nothing, and end by their date though they are paused before it', async () => {
    const who = await customer('ok');
    const [free, paid] = [await plan(terms(0)), await plan(terms(1000))];
    const { id } = (await subscribe(who, free.id)).body;
    const { quote, dueNow } = (await mySub(who, id, 'changes/preview', { planId: paid.id })).body;
    expect(dueNow.amount).toBeGreaterThan(0);
    expect((await mySub(who, id, 'changes', { quote })).status).toBe(200);
    await app.settle();
    await mySub(who, id, 'cancellation', { when: 'period_end' });
    expect((await mySub(who, id, 'pause')).body).toMatchObject({ state: 'paused' });
    const checks = app.app.get(BillingIntegrity).checks.filter((one) => one.subjectType === 'subscription');
    for (const { look } of checks) expect(await look([id])).toEqual([]);
  });
});
