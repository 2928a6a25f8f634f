import { jest } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { fetch } from 'undici';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { CollectionCharges } from '../src/billing/dunning/collection-charges.service.js';
import { Collections } from '../src/billing/dunning/collections.service.js';
import { Invoices } from '../src/billing/invoice/invoices.service.js';
import { BillingPersonalData } from '../src/billing/payment/personal-data.service.js';
import { PeriodOrders } from '../src/ordering/subscription/period-orders.service.js';
import { RELAY_LOCK } from '../src/platform/events/relay.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { planInvoice } from './support/invoices.js';
import { berlin, goods, imbalance, key, stockOf } from './support/purchase.js';

type Body = Answer['body'];
const eur = (amount: number) => ({ amount, currency: 'EUR' });

describe('invoices that are collected', () => {
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    const address = { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' };
    const seller = { name: 'Guildhall', vatId: 'DE136695976', address, email: 'shop@example.test' };
    const put = await app.put('/v1/admin/seller-profile', seller, { token: staff });
    if (put.status !== 200) throw new Error(put.text);
  });
  afterAll(async () => {
    await app?.settle();
    expect(await imbalance(app)).toBeNull();
    await app.close();
  });

  const asStaff = () => ({ token: staff, key: key() });
  const collectionOf = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/invoice-collections/${id}`, { token: staff })).body;
  const invoiceOf = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/invoices/${id}`, { token: staff })).body;

  interface Buyer {
    readonly id: string;
    readonly token: string;
    readonly email: string;
  }
  /** Somebody who has kept a card. */
  async function buyer(card: string | null): Promise<Buyer> {
    const { token, email } = await given.customer(app);
    const { id } = (await app.get('/v1/me', { token })).body;
    const who = { id, token, email };
    if (card !== null) await keep(who, card);
    return who;
  }
  async function keep({ token }: Buyer, card: string): Promise<string> {
    const input = { gateway: 'test', token: card, makeDefault: true };
    const kept = await app.post('/v1/me/payment-methods', input, { token, key: key() });
    if (kept.status !== 201) throw new Error(kept.text);
    return kept.body.methodId;
  }

  /** An invoice of a subscription, about to be collected. */
  async function due({ id, email }: Buyer, gross = 1900, methodId: string | null = null): Promise<string> {
    const draft = planInvoice(gross);
    return app.database.transaction(async () => {
      const { invoiceId } = await app.app.get(Invoices).finalize({
        ...draft,
        charged: true,
        customerId: id,
        buyer: { ...draft.buyer, email },
      });
      const { subscriptionId } = draft.subject as { subscriptionId: string };
      await app.app.get(Collections).start({ invoiceId, subscriptionId, customerId: id, methodId });
      return invoiceId;
    });
  }

  async function collect(): Promise<void> {
    await app.run('billing.collect');
    await app.settle();
  }
  /** The same time for the shop and for its gateway, with all that is due in it. */
  async function pass(time: { days?: number; hours?: number; minutes?: number }): Promise<void> {
    app.clock.advance(time);
    await app.app.get(PaymentGateway).moveClock(app.clock.now());
    await collect();
  }
  /** Nothing is heard of while the relay waits. */
  async function held(): Promise<{ release: () => Promise<void> }> {
    let [isHeld, release] = [() => {}, () => {}];
    const holding = new Promise<void>((resolve) => (isHeld = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    const waiting = app.database.transaction(async () => {
      await app.database.query('SELECT pg_advisory_xact_lock($1)', [RELAY_LOCK]);
      isHeld();
      await released;
    });
    await holding;
    return {
      release: () => {
        release();
        return waiting;
      },
    };
  }
  const lettersTo = async (email: string) =>
    (await app.letters()).filter(
      ({ to, subject }) =>
        to === email && /invoice TEST/.test(subject) && !subject.startsWith('Your invoice'),
    );
  const linkIn = (text: string): string => /token=([\w-]{43})/.exec(text)?.[1] ?? '';
  const outcomes = ({ attempts }: Body): string[] =>
    attempts.map(({ kind, outcome }: Body) => `${kind} ${outcome}`);

  it('are paid at once where the card is good, once, however often the job runs', async () => {
    const ada = await buyer('ok');
    const id = await due(ada);
    await Promise.all([collect(), collect(), collect()]);
    await app.settle();
    const collection = await collectionOf(id);
    expect(collection).toMatchObject({ state: 'paid', failures: 0, due: eur(0), nextAt: null });
    expect(outcomes(collection)).toEqual(['scheduled paid']);
    expect(await invoiceOf(id)).toMatchObject({ state: 'paid' });
    expect(await lettersTo(ada.email)).toEqual([]);
    // Of nothing: paid, and nobody is asked.
    const nothing = await due(ada, 0);
    await collect();
    expect(await collectionOf(nothing)).toMatchObject({ state: 'paid', attempts: [] });
  });

  it('are tried again on days 1 and 4, announced, and paid when there is enough', async () => {
    const ada = await buyer('recover_after:2');
    const id = await due(ada);
    await collect();
    const first = await collectionOf(id);
    expect(first).toMatchObject({ state: 'collecting', failures: 1, code: 'insufficient_funds', bar: null });
    const letters = await lettersTo(ada.email);
    expect(letters).toHaveLength(1);
    expect(letters[0]?.subject).toMatch(/did not go through/);
    await pass({ hours: 23 });
    expect((await collectionOf(id)).failures).toBe(1);
    await pass({ hours: 2 });
    expect(await collectionOf(id)).toMatchObject({ failures: 2 });
    await pass({ days: 1 });
    expect(await lettersTo(ada.email)).toHaveLength(1);
    await pass({ days: 1 });
    const announced = await lettersTo(ada.email);
    expect(announced).toHaveLength(2);
    expect(announced[1]?.subject).toMatch(/about to collect/);
    await collect();
    expect(await lettersTo(ada.email)).toHaveLength(2);
    await pass({ days: 1 });
    const paid = await collectionOf(id);
    expect(paid).toMatchObject({ state: 'paid' });
    expect(outcomes(paid)).toEqual(['scheduled declined', 'scheduled declined', 'scheduled paid']);
  });

  it('end by their policy after the last attempt, and can still be paid by the link of the letter', async () => {
    const ada = await buyer('attach_ok_charge_fails');
    const id = await due(ada);
    await collect();
    for (const days of [1, 3, 5, 7]) await pass({ days, minutes: 1 });
    expect(await collectionOf(id)).toMatchObject({
      state: 'ended',
      failures: 5,
      nextAt: null,
      endAction: 'cancel',
    });
    const facts = await app.database.query<{ type: string; payload: Body }>(
      `SELECT type, payload FROM platform.events WHERE type LIKE 'billing.collection%' AND payload ->> 'invoiceId' = $1 ORDER BY id`,
      [id],
    );
    expect(facts.map(({ type }) => type.slice(8))).toEqual([
      ...[
        'collection_failed',
        'collection_failed',
        'collection_failed',
        'collection_failed',
        'collection_ended',
      ],
    ]);
    expect(facts.map(({ payload }) => payload.first ?? payload.action)).toEqual([
      true,
      false,
      false,
      false,
      'cancel',
    ]);
    const letters = await lettersTo(ada.email);
    expect(letters.map(({ subject }) => subject.split(' ')[0])).toEqual(['Your', 'We', 'We', 'We', 'Last']);
    await pass({ days: 2 });
    expect((await collectionOf(id)).attempts).toHaveLength(5);

    const token = linkIn(letters.at(-1)?.text ?? '');
    const view = (given = token) => app.post('/v1/invoice-links/view', { token: given });
    expect((await view()).body).toMatchObject({
      ...{ state: 'open', amountDue: eur(1900), method: expect.stringMatching(/^visa/), nextAction: null },
    });
    expect((await view('nobody-was-given-this')).status).toBe(404);
    const pay = (payment: object | null, once = key(), returnUrl = 'https://shop.test/back') =>
      app.post('/v1/invoice-links/payment', { token, payment, returnUrl }, { key: once });
    const tried = key();
    const declined = await pay({ gateway: 'test', token: 'insufficient_funds' }, tried);
    expect(declined).toMatchObject({
      status: 402,
      body: { code: 'billing.invoice_payment_declined', declineCode: 'insufficient_funds' },
    });
    expect((await pay({ gateway: 'other', token: 'ok' })).body).toMatchObject({
      ...{ code: 'billing.unknown_gateway', errors: [{ pointer: '/payment/gateway' }] },
    });
    // Two at once, one of them twice with its key: the money moves once.
    const once = key();
    const answers = await Promise.all([
      pay({ gateway: 'test', token: 'ok' }, once),
      pay({ gateway: 'test', token: 'ok' }, once),
      pay({ gateway: 'test', token: 'ok' }),
    ]);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    await app.settle();
    const after = await invoiceOf(id);
    expect(after).toMatchObject({ state: 'paid' });
    // What was declined stays so, whatever has paid since.
    const repeated = await pay({ gateway: 'test', token: 'insufficient_funds' }, tried);
    expect([repeated.status, repeated.text]).toEqual([402, declined.text]);
    expect(after.settlements).toHaveLength(1);
    expect((await pay({ gateway: 'test', token: 'ok' })).body.code).toBe('billing.invoice_not_due');
    expect((await view()).body).toMatchObject({ state: 'paid', amountDue: eur(0) });
    expect(await collectionOf(id)).toMatchObject({ state: 'paid' });
    app.clock.advance({ days: 31 });
    expect((await view()).body.code).toBe('billing.invoice_link_ended');
  });

  it('are not tried again on a lost card: letters only, on this invoice and on the next', async () => {
    const ada = await buyer('attach_ok_then_lost');
    const id = await due(ada);
    await collect();
    await pass({ days: 1, minutes: 1 });
    const collection = await collectionOf(id);
    expect(outcomes(collection)).toEqual(['scheduled declined', 'scheduled skipped']);
    expect(collection).toMatchObject({
      bar: 'hard_decline',
      failures: 2,
      attempts: [{ code: 'lost_card' }, {}],
    });
    const next = await due(ada);
    await collect();
    expect(outcomes(await collectionOf(next))).toEqual(['scheduled skipped']);
    expect((await lettersTo(ada.email))[0]?.text).toMatch(/do not try this payment method again/);
    const tried = await app.post(`/v1/admin/invoice-collections/${id}/attempts`, undefined, asStaff());
    expect(tried).toMatchObject({
      status: 409,
      body: { code: 'billing.collection_barred', bar: 'hard_decline' },
    });
    // What is transferred ends it too: nothing more of it is tried.
    const transferred = await due(ada);
    await collect();
    const came = { method: 'bank_transfer', amount: eur(1900), reference: 'line 1' };
    const received = await app.post(`/v1/admin/invoices/${transferred}/payments`, came, asStaff());
    expect(received).toMatchObject({ status: 201, body: { invoiceState: 'paid' } });
    await app.settle();
    expect(await collectionOf(transferred)).toMatchObject({ state: 'paid', nextAt: null });
    // Another card is tried at once, for both, and once, however often it is chosen.
    const methodId = await keep(ada, 'ok+card=7');
    await app.post(`/v1/me/payment-methods/${methodId}/default`, undefined, { token: ada.token });
    await app.settle();
    for (const invoice of [id, next]) {
      const paid = await collectionOf(invoice);
      expect(paid).toMatchObject({ state: 'paid' });
      expect(outcomes(paid).filter((each) => each.startsWith('new_method'))).toEqual(['new_method paid']);
    }
    expect(outcomes(await collectionOf(transferred))).toEqual(['scheduled skipped']);
  });

  it('are not tried beyond what card networks allow, however many are due on one card at once', async () => {
    const ada = await buyer('attach_ok_charge_fails+card=20');
    const first = await due(ada, 1234);
    await collect();
    expect(outcomes(await collectionOf(first))).toEqual(['scheduled declined']);
    // One less than Visa allows within 30 days.
    await app.database.query(
      `INSERT INTO billing.collection_attempts SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'operation_id', NULL))).*
         FROM billing.collection_attempts a, generate_series(1, 18) WHERE a.invoice_id = $1`,
      [first],
    );
    const others: string[] = [];
    for (let count = 0; count < 4; count++) others.push(await due(ada, 1234));
    await Promise.all(others.map((id) => app.app.get(CollectionCharges).of(id)));
    await app.settle();
    const seen = async () => (await Promise.all(others.map(collectionOf))).flatMap(outcomes).sort();
    // It cannot be said of the others before it is known what became of that one.
    expect((await seen()).filter((each) => each !== 'scheduled skipped')).toEqual(['scheduled declined']);
    await pass({ minutes: 6 });
    const skipped = Array.from({ length: 3 }, () => 'scheduled skipped');
    expect(await seen()).toEqual(['scheduled declined', ...skipped]);
    // Nor by whoever has the link of one of them, with that card.
    const link = await app.post(`/v1/admin/invoice-collections/${others[0]}/links`, undefined, asStaff());
    const token = linkIn(link.body.url);
    expect((await app.post('/v1/invoice-links/view', { token })).body).toMatchObject({ method: null });
    const pay = (payment?: object) =>
      app.post('/v1/invoice-links/payment', { token, ...(payment && { payment }) }, { key: key() });
    expect(await pay()).toMatchObject({ status: 409, body: { code: 'billing.method_barred' } });
    expect((await pay({ gateway: 'test', token: 'ok' })).status).toBe(201);
    await app.settle();
  });

  it('wait for no other invoice, whatever is wrong with that one or with its letter', async () => {
    const [odd, ada] = [await buyer('ok+card=21'), await buyer('ok')];
    const failing = await due(await buyer('attach_ok_charge_fails+card=22'));
    await collect();
    await app.database.query(
      `CREATE FUNCTION billing.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'odd'; END $$`,
    );
    await app.database.query(`CREATE TRIGGER odd BEFORE INSERT ON billing.collection_attempts FOR EACH ROW
      WHEN (NEW.amount = 666) EXECUTE FUNCTION billing.odd()`);
    await app.database.query(`CREATE TRIGGER odd BEFORE INSERT ON billing.invoice_links FOR EACH ROW
      WHEN (NEW.invoice_id = '${failing}') EXECUTE FUNCTION billing.odd()`);
    await app.database.query('UPDATE billing.collections SET remind_at = $2 WHERE invoice_id = $1', [
      failing,
      app.clock.now(),
    ]);
    const stuck: string[] = [];
    for (let count = 0; count < 5; count++) stuck.push(await due(odd, 666));
    const id = await due(ada);
    await collect();
    expect(await collectionOf(id)).toMatchObject({ state: 'paid' });
    await app.database.query('DROP FUNCTION billing.odd CASCADE');
    await pass({ minutes: 6 });
    for (const each of stuck) expect(await collectionOf(each)).toMatchObject({ state: 'paid', failures: 0 });
    const { to } = (await app.letters()).findLast(({ subject }) => /about to collect/.test(subject)) ?? {};
    expect(to).toBe((await invoiceOf(failing)).content.buyer.email);
  });

  it('are fetched from no other card when the one that was chosen is gone, until another is made the default', async () => {
    const ada = await buyer('ok');
    const chosen = await keep(ada, 'ok+card=5');
    const other = await keep(ada, 'ok+card=6');
    const relay = await held();
    const id = await due(ada, 1900, chosen);
    const removed = await app.delete(`/v1/me/payment-methods/${chosen}`, { token: ada.token });
    expect(removed.status).toBe(204);
    await relay.release();
    await collect();
    const waiting = await collectionOf(id);
    expect(waiting).toMatchObject({ state: 'collecting', bar: 'no_method' });
    expect(outcomes(waiting)).toEqual(['scheduled skipped']);
    expect(await lettersTo(ada.email)).toHaveLength(1);
    await app.post(`/v1/me/payment-methods/${other}/default`, undefined, { token: ada.token });
    await collect();
    expect(await collectionOf(id)).toMatchObject({ state: 'paid' });
  });

  it('wait for the customer where the bank wants one, who pays by the link with the card that is kept', async () => {
    const ada = await buyer(null);
    const asked = await app.post(
      '/v1/me/payment-methods',
      { gateway: 'test', token: 'sca_required' },
      { token: ada.token, key: key() },
    );
    const approve = (url: string) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'decision=approve',
        redirect: 'manual',
      });
    await approve(asked.body.nextAction.url);
    await app.post(`/v1/me/payment-method-setups/${asked.body.id}/confirmation`, undefined, {
      token: ada.token,
    });
    const id = await due(ada);
    await collect();
    expect(outcomes(await collectionOf(id))).toEqual(['scheduled needs_customer']);
    const [letter] = await lettersTo(ada.email);
    expect(letter?.text).toMatch(/bank wants you to confirm/);
    await pass({ days: 1, minutes: 1 });
    expect(outcomes(await collectionOf(id))).toEqual(['scheduled needs_customer', 'scheduled skipped']);

    const token = linkIn(letter?.text ?? '');
    // Whoever walks away from the page of the bank and begins again has been declined by nobody.
    const begin = () => app.post('/v1/invoice-links/payment', { token }, { key: key() });
    expect(await begin()).toMatchObject({ status: 202, body: { state: 'in_progress' } });
    const begun = await begin();
    expect(begun).toMatchObject({ status: 202, body: { state: 'in_progress' } });
    await approve(begun.body.nextAction.url);
    const confirmed = await app.post('/v1/invoice-links/confirmation', { token });
    expect(confirmed).toMatchObject({ status: 200, body: { state: 'paid', amountDue: eur(0) } });
    await app.settle();
    const paid = await collectionOf(id);
    expect(paid).toMatchObject({ state: 'paid' });
    expect(outcomes(paid).slice(-2)).toEqual(['link superseded', 'link paid']);
  });

  it('use no attempt up while the gateway is away, or when nobody knows what became of one', async () => {
    const [busy, silent] = [await buyer('429'), await buyer('http_500_before')];
    const [first, second] = [await due(busy), await due(silent)];
    await collect();
    expect(await collectionOf(first)).toMatchObject({
      state: 'collecting',
      failures: 0,
      firstFailedAt: null,
    });
    expect(outcomes(await collectionOf(second))).toEqual(['scheduled null']);
    expect(await lettersTo(busy.email)).toEqual([]);
    await pass({ minutes: 6 });
    await app.run('billing.repair');
    await app.settle();
    expect(outcomes(await collectionOf(first))).toEqual(['scheduled errored', 'scheduled errored']);
    expect(outcomes(await collectionOf(second))).toEqual(['scheduled errored']);
    await pass({ minutes: 6 });
    expect((await collectionOf(first)).attempts).toHaveLength(2);
    await pass({ minutes: 6 });
    expect((await collectionOf(first)).attempts).toHaveLength(3);
    expect(await collectionOf(second)).toMatchObject({ failures: 0, firstFailedAt: null });
    // The payer need not wait for it.
    for (const id of [first, second]) {
      const link = await app.post(`/v1/admin/invoice-collections/${id}/links`, undefined, asStaff());
      const payment = { gateway: 'test', token: 'ok' };
      const once = key();
      const pay = () =>
        app.post('/v1/invoice-links/payment', { token: linkIn(link.body.url), payment }, { key: once });
      app.clock.advance({ minutes: 6 });
      await app.run('billing.repair');
      await app.settle();
      expect(await pay()).toMatchObject({ status: 201, body: { state: 'paid' } });
    }
  });

  it('are tried by hand beside the schedule, and one attempt at a time, whoever dies in between', async () => {
    const ada = await buyer('recover_after:3');
    const id = await due(ada);
    const spy = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    armFailpoint('dunning.after_begin');
    try {
      // Whoever takes it dies: this run, or the one that comes by itself each minute.
      while ((await collectionOf(id)).attempts.length === 0)
        await app.run('billing.collect').catch(() => undefined);
    } finally {
      armFailpoint(null);
      spy.mockRestore();
    }
    await collect();
    expect(outcomes(await collectionOf(id))).toEqual(['scheduled null']);
    // Nobody knows whether it was sent: the gateway is asked, and it is tried again.
    await pass({ minutes: 6 });
    await app.run('billing.repair');
    await app.settle();
    await pass({ minutes: 6 });
    expect(outcomes(await collectionOf(id))).toEqual(['scheduled errored', 'scheduled declined']);
    const before = await collectionOf(id);
    const attempt = (by = asStaff()) =>
      app.post(`/v1/admin/invoice-collections/${id}/attempts`, undefined, by);
    const once = asStaff();
    const tried = await attempt(once);
    expect(tried).toMatchObject({ status: 200, body: { failures: 1, nextAt: before.nextAt } });
    expect((await attempt(once)).text).toBe(tried.text);
    const all = await Promise.all([attempt(), attempt(), attempt()]);
    expect(all.every(({ status }) => status === 200 || status === 409)).toBe(true);
    await app.settle();
    const settled = await collectionOf(id);
    const { body } = await app.get(`/v1/admin/payments?customerId=${ada.id}`, { token: staff });
    expect(body.items).toHaveLength(1);
    if (settled.state === 'collecting') {
      expect(settled).toMatchObject({ failures: 1, nextAt: before.nextAt });
      await pass({ days: 1 });
      await pass({ days: 3 });
    }
    expect(await collectionOf(id)).toMatchObject({ state: 'paid' });
    const listed = await app.get(`/v1/admin/invoice-collections?customerId=${ada.id}&state=paid`, {
      token: staff,
    });
    expect(listed.body.items).toMatchObject([{ invoiceId: id, state: 'paid', due: eur(0) }]);
  });

  it('go on when somebody pays by a link before the failure of an attempt was heard of', async () => {
    const id = await due(await buyer('attach_ok_charge_fails'));
    const link = await app.post(`/v1/admin/invoice-collections/${id}/links`, undefined, asStaff());
    const hold = await held();
    try {
      await app.run('billing.collect');
      // A worker may have been before this run, and still be at it.
      const isDecided = async () =>
        (
          await app.database.query(
            `SELECT FROM billing.collection_attempts a JOIN billing.operations o ON o.id = a.operation_id
             WHERE a.invoice_id = $1 AND o.status = 'failed'`,
            [id],
          )
        ).length > 0;
      for (let look = 0; look < 5_000 && !(await isDecided()); look++) await wait(10);
      const body = {
        token: linkIn(link.body.url),
        payment: { gateway: 'test', token: 'insufficient_funds' },
      };
      expect((await app.post('/v1/invoice-links/payment', body, { key: key() })).status).toBe(402);
    } finally {
      await hold.release();
    }
    await app.settle();
    const seen = await collectionOf(id);
    expect(outcomes(seen)).toEqual(['scheduled declined', 'link declined']);
    expect(seen).toMatchObject({ state: 'collecting', failures: 1, nextAt: expect.any(String) });
  });

  it('are charged at once when a request has made them, and once, whoever else comes or dies', async () => {
    const tax = { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' };
    const terms = {
      ...{ interval: { unit: 'month', count: 1 }, pricesIncludeTax: true },
      ...{ prices: [{ amount: eur(1900) }], taxes: [tax] },
    };
    const plan = await app.post('/v1/admin/plans', { code: 'seat', title: 'Seat', terms }, asStaff());
    const ada = await buyer('ok');
    const asAda = () => ({ token: ada.token, key: key() });
    const wish = { planId: plan.body.id, currency: 'EUR', billingAddress: berlin };
    const { id } = (await app.post('/v1/me/subscriptions', wish, asAda())).body;
    /** One more seat, for the price of one; answers its invoice. */
    const grow = async (quantity: number): Promise<string> => {
      const url = `/v1/me/subscriptions/${id}/changes`;
      const { quote } = (await app.post(`${url}/preview`, { quantity }, asAda())).body;
      expect((await app.post(url, { quote }, asAda())).status).toBe(200);
      const { items } = (await app.get(`/v1/admin/invoices?subscriptionId=${id}`, { token: staff })).body;
      return items[0].id;
    };
    const heard = await grow(2);
    await app.settle();
    expect(outcomes(await collectionOf(heard))).toEqual(['scheduled paid']);
    expect(await invoiceOf(heard)).toMatchObject({ state: 'paid', total: eur(1900) });

    // The job is there first, and then with the fact; the fact comes late.
    const hold = await held();
    let met = '';
    try {
      met = await grow(3);
      const charges = app.app.get(CollectionCharges);
      await Promise.all([
        ...[1, 2].map(() => charges.of(met)),
        ...[1, 2].map(() => app.run('billing.collect')),
      ]);
    } finally {
      await hold.release();
    }
    await app.settle();
    expect(outcomes(await collectionOf(met))).toEqual(['scheduled paid']);

    // Whoever heard of it died before the gateway was asked.
    const spy = jest.spyOn(process, 'kill');
    const died = new Promise<void>((resolve) =>
      spy.mockImplementation(() => {
        resolve();
        throw new Error('killed');
      }),
    );
    armFailpoint('dunning.after_begin');
    const late = await grow(4);
    await died;
    armFailpoint(null);
    spy.mockRestore();
    await app.settle();
    expect(outcomes(await collectionOf(late))).toEqual(['scheduled null']);
    await pass({ minutes: 6 });
    await app.run('billing.repair');
    await app.settle();
    await pass({ minutes: 6 });
    expect(outcomes(await collectionOf(late))).toEqual(['scheduled errored', 'scheduled paid']);
    const { items } = (await app.get(`/v1/admin/payments?customerId=${ada.id}`, { token: staff })).body;
    expect(items.map(({ captured }: Body) => captured)).toEqual(Array.from({ length: 4 }, () => eur(1900)));
    await app.post(`/v1/admin/subscriptions/${id}/cancellation`, { when: 'now' }, asStaff());
  });

  it('follow policies that are data: written, tried against the past, and made the default', async () => {
    const url = '/v1/admin/dunning-policies';
    const terms = { endAction: 'unpaid', restrictAfterDays: 5, blockAfterDays: 8, cancelAfterDays: null };
    const write = (body: object) =>
      app.post(url, { name: 'Short', retryDays: [2], ...terms, ...body }, asStaff());
    for (const [body, pointer] of [
      [{ retryDays: [3, 2] }, '/retryDays'],
      [{ retryDays: [] }, '/retryDays'],
      [{ blockAfterDays: 4 }, '/blockAfterDays'],
      [{ cancelAfterDays: 7 }, '/cancelAfterDays'],
      [{ endAction: 'forgive' }, '/endAction'],
    ] as const)
      expect(await write(body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    const made = await write({});
    expect(made).toMatchObject({ status: 201, body: { isDefault: false, version: 1, retryDays: [2] } });
    const { id } = made.body;
    const simulated = await app.post(
      `${url}/${id}/simulations`,
      { attemptFee: { amount: 10, currency: 'EUR' } },
      { token: staff },
    );
    expect(simulated.status).toBe(200);
    const { collections, actual, predicted, avoidedAttempts, feesAvoided } = simulated.body;
    expect(collections).toBeGreaterThanOrEqual(4);
    expect(actual.recovered).toBeGreaterThanOrEqual(predicted.recovered);
    expect(feesAvoided).toEqual(eur(avoidedAttempts * 10));
    const backwards = { from: '2027-01-02T00:00:00Z', to: '2027-01-01T00:00:00Z' };
    const refused = await app.post(`${url}/${id}/simulations`, backwards, { token: staff });
    expect(refused.body.errors[0].pointer).toBe('/from');

    const change = (policy: string, body: object, etag?: string) =>
      app.patch(`${url}/${policy}`, body, { token: staff, ...(etag && { headers: { 'if-match': etag } }) });
    expect((await change(id, { name: 'x' }, '"7"')).status).toBe(412);
    const [standard] = (await app.get(url, { token: staff })).body.items;
    expect((await change(standard.id, { isDefault: false })).body.errors[0].pointer).toBe('/isDefault');
    await Promise.all([change(id, { isDefault: true }), change(id, { isDefault: true })]);
    const { items } = (await app.get(url, { token: staff })).body;
    expect(items.filter(({ isDefault }: Body) => isDefault)).toMatchObject([{ id }]);
    const ada = await buyer('attach_ok_charge_fails');
    const invoice = await due(ada);
    await collect();
    await pass({ days: 2, minutes: 1 });
    expect(await collectionOf(invoice)).toMatchObject({
      state: 'ended',
      endAction: 'unpaid',
      failures: 2,
      policyId: id,
    });
    expect((await change(standard.id, { isDefault: true })).status).toBe(200);
  });

  it('are paid by a link too when their customer is sent them, as long as anything is due', async () => {
    const tax = { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' };
    const terms = {
      ...{ interval: { unit: 'month', count: 1 }, pricesIncludeTax: true },
      ...{ prices: [{ amount: eur(1900) }], taxes: [tax] },
    };
    const plan = await app.post('/v1/admin/plans', { code: 'team', title: 'Team', terms }, asStaff());
    const wish = { planId: plan.body.id, currency: 'EUR', billingAddress: berlin };
    const ada = await buyer('ok');
    /** A subscription of hers that nothing is charged for, and its invoice. */
    const sent = async (): Promise<{ id: string; invoice: Body }> => {
      const body = { ...wish, customerId: ada.id, collection: 'invoice' };
      const { id } = (await app.post('/v1/admin/subscriptions', body, asStaff())).body;
      await app.settle();
      const { items } = (await app.get(`/v1/admin/invoices?subscriptionId=${id}`, { token: staff })).body;
      return { id, invoice: items[0] };
    };
    const link = (id: string) => app.post(`/v1/admin/invoice-collections/${id}/links`, undefined, asStaff());
    const tokenOf = async (id: string) => linkIn((await link(id)).body.url);
    const view = async (token: string) => (await app.post('/v1/invoice-links/view', { token })).body;
    const pay = (token: string, card: string | null, once = key()) =>
      app.post(
        '/v1/invoice-links/payment',
        { token, payment: card && { gateway: 'test', token: card } },
        { key: once },
      );
    const onInvoice = (id: string, what: string, body: object) =>
      app.post(`/v1/admin/invoices/${id}/${what}`, body, asStaff());

    const stuck = await sent();
    const { id, invoice } = await sent();
    const letter = (await app.letters()).find(({ subject }) => subject === `Your invoice ${invoice.number}`);
    expect(letter).toMatchObject({ to: ada.email, text: expect.stringContaining('Please pay 19.00 EUR by') });
    const token = linkIn(letter?.text ?? '');
    const seen = await view(token);
    // The card that she keeps is for what she has agreed to.
    expect(seen).toMatchObject({ state: 'open', amountDue: eur(1900), method: null });
    expect(Date.parse(seen.expiresAt) - Date.parse(seen.dueDate)).toBe(30 * 86_400_000);
    expect((await pay(token, null)).body.code).toBe('billing.no_payment_method');
    // No card is tried for ever: so often within a day, and again on another one.
    for (let tries = 0; tries < 20; tries++)
      expect((await pay(token, 'insufficient_funds')).status).toBe(402);
    const tooOften = await pay(token, 'ok');
    expect(tooOften).toMatchObject({ status: 429, body: { code: 'billing.invoice_tried_too_often' } });
    expect(Number(tooOften.headers.get('retry-after'))).toBeGreaterThan(80_000);
    expect((await app.get(`/v1/admin/invoice-collections/${invoice.id}`, { token: staff })).status).toBe(404);

    // Nothing of it is collected: it is overdue when its day has passed, and what is left of it is paid once, by several at once.
    // One that cannot be looked at keeps none of those behind it waiting.
    await app.database.query(
      `CREATE FUNCTION billing.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'odd'; END $$`,
    );
    await app.database.query(`CREATE TRIGGER odd BEFORE UPDATE ON billing.subscriptions FOR EACH ROW
      WHEN (NEW.id = '${stuck.id}') EXECUTE FUNCTION billing.odd()`);
    const look = async (days: number) => {
      app.clock.advance({ days });
      for (const job of ['renew_subscriptions', 'collect', 'entitlements']) await app.run(`billing.${job}`);
      await app.settle();
    };
    await look(15);
    await app.database.query('DROP FUNCTION billing.odd CASCADE');
    const subscription = async (of = id): Promise<Body> =>
      (await app.get(`/v1/admin/subscriptions/${of}`, { token: staff })).body;
    expect(await subscription()).toMatchObject({ state: 'past_due', entitlement: 'grace' });
    expect(await subscription(stuck.id)).toMatchObject({ state: 'active' });
    // The next invoice is not due yet: it is the first one that keeps it past due.
    await look(16);
    expect(await subscription(stuck.id)).toMatchObject({ state: 'past_due', entitlement: 'none' });
    const part = { amount: eur(500), reason: 'other' };
    expect((await onInvoice(invoice.id, 'credit-notes', part)).status).toBe(201);
    expect(await view(token)).toMatchObject({ state: 'open', amountDue: eur(1400) });
    const [other, once] = [await tokenOf(invoice.id), key()];
    const answers = await Promise.all([
      ...[pay(token, 'ok', once), pay(token, 'ok', once), pay(other, 'ok'), pay(other, 'ok+card=9')],
      ...[pay(token, 'sca_required')],
    ]);
    for (const { status } of answers) expect([201, 202, 409]).toContain(status);
    if ((await view(token)).state !== 'paid') expect((await pay(token, 'ok')).status).toBe(201);
    await app.settle();
    for (const each of [token, other]) {
      expect(await view(each)).toMatchObject({ state: 'paid', amountDue: eur(0), nextAction: null });
      expect((await pay(each, 'ok')).body.code).toBe('billing.invoice_not_due');
    }
    const payments: Body[] = (await app.get(`/v1/admin/payments?customerId=${ada.id}`, { token: staff })).body
      .items;
    expect(payments.map(({ captured }) => captured.amount).filter((amount) => amount > 0)).toEqual([1400]);
    expect(await subscription()).toMatchObject({ state: 'active', entitlement: 'full', overdueSince: null });
    expect(await lettersTo(ada.email)).toEqual([]);
    // What is given up is not paid: nothing begins again because of it, until something is.
    const { items } = (await app.get(`/v1/admin/invoices?subscriptionId=${stuck.id}`, { token: staff })).body;
    for (const { id: lost } of items)
      expect((await onInvoice(lost, 'write-off', { reason: 'Lost' })).status).toBe(200);
    await look(0);
    expect(await subscription(stuck.id)).toMatchObject({ state: 'past_due', entitlement: 'none' });
    const late = { method: 'bank_transfer', amount: eur(1900), reference: 'line 6' };
    expect((await onInvoice(items[0].id, 'payments', late)).status).toBe(201);
    await app.settle();
    expect(await subscription(stuck.id)).toMatchObject({ state: 'active', entitlement: 'full' });

    // It ends with what it is for: by a transfer, which withdraws the page of a bank, by a void, by a credit note.
    const came = { method: 'bank_transfer', amount: eur(1900), reference: 'line 7' };
    for (const [what, body, state] of [
      ['payments', came, 'paid'],
      ['voidance', { reason: 'A mistake' }, 'closed'],
      ['credit-notes', { ...part, amount: eur(1900) }, 'paid'],
    ] as const) {
      const { invoice: next } = await sent();
      const its = await tokenOf(next.id);
      expect(await pay(its, 'sca_required')).toMatchObject({ status: 202, body: { state: 'in_progress' } });
      expect((await onInvoice(next.id, what, body)).status).toBeLessThan(300);
      await app.settle();
      expect(await view(its)).toMatchObject({ state, amountDue: eur(0), nextAction: null });
      const payments = await app.database.query('SELECT status FROM billing.payments WHERE invoice_id = $1', [
        next.id,
      ]);
      expect([what, payments]).not.toEqual([what, expect.arrayContaining([{ status: 'requires_action' }])]);
      expect((await pay(its, 'ok')).body.code).toBe('billing.invoice_not_due');
      expect((await link(next.id)).body.code).toBe('billing.invoice_not_due');
    }
    // Who begins by paying has a way of her own.
    const first = await app.post('/v1/me/subscriptions', wish, {
      ...{ token: (await buyer('attach_ok_charge_fails')).token, key: key() },
    });
    const owed = await app.get(`/v1/admin/invoices?subscriptionId=${first.body.id}`, { token: staff });
    expect((await link(owed.body.items[0].id)).status).toBe(404);
    await app.post(`/v1/admin/subscriptions/${first.body.id}/cancellation`, { when: 'now' }, asStaff());
    // Killed when the gateway had the money: the same request again takes it in, and nothing is charged twice.
    const { invoice: killed } = await sent();
    const [last, again] = [await tokenOf(killed.id), key()];
    const spy = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    armFailpoint('billing.after_gateway');
    expect((await pay(last, 'ok', again)).status).toBe(500);
    armFailpoint(null);
    spy.mockRestore();
    expect(await pay(last, 'ok', again)).toMatchObject({ status: 201, body: { state: 'paid' } });
    expect((await invoiceOf(killed.id)).settlements).toMatchObject([{ kind: 'payment', amount: eur(1900) }]);

    // Whoever is forgotten is asked by nobody.
    const people = app.app.get(BillingPersonalData);
    await app.database.transaction(() => people.erase({ customerId: ada.id, email: ada.email }));
    expect((await app.post('/v1/invoice-links/view', { token: last })).status).toBe(404);
  });

  it('tell a year of a subscription: a card that fails in April, money that comes in May', async () => {
    const start = Date.parse('2030-01-25T10:00:00Z');
    app.clock.advance({ seconds: (start - app.clock.now().getTime()) / 1_000 });
    const on = async (day: string, hour = 11): Promise<void> => {
      app.clock.advance({
        seconds: (Date.parse(`2030-${day}T${hour}:00:00Z`) - app.clock.now().getTime()) / 1_000,
      });
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await app.run('billing.renew_subscriptions');
      await collect();
      await app.run('billing.recognise_revenue');
      await app.run('billing.entitlements');
      await app.settle();
      const { state, entitlement, currentPeriod: period } = await seen();
      story.push(`2030-${day} ${state}, ${entitlement}; billed for ${period.start} to ${period.end}`);
    };
    const story: string[] = [];
    const print = (lines: string[]) => process.stdout.write(`${lines.join('\n')}\n`);
    const tax = { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' };
    const terms = {
      ...{ interval: { unit: 'month', count: 1 }, pricesIncludeTax: true },
      ...{ prices: [{ amount: eur(1900) }], taxes: [tax] },
    };
    const plan = await app.post('/v1/admin/plans', { code: 'pro', title: 'Pro', terms }, asStaff());
    expect(plan.status).toBe(201);
    const ada = await buyer('ok');
    const wish = { planId: plan.body.id, currency: 'EUR', billingAddress: berlin };
    const begun = await app.post('/v1/me/subscriptions', wish, { token: ada.token, key: key() });
    expect(begun).toMatchObject({ status: 201, body: { state: 'active', entitlement: 'full' } });
    const { id } = begun.body;
    const seen = async (): Promise<Body> =>
      (await app.get(`/v1/me/subscriptions/${id}`, { token: ada.token })).body;
    await app.settle();

    for (const day of ['02-25', '03-25']) await on(day);
    await keep(ada, 'recover_after:4');
    await on('04-25');
    expect(await seen()).toMatchObject({ state: 'past_due', entitlement: 'grace' });
    for (const day of ['04-26', '04-28', '04-29', '05-03']) await on(day, 13);
    // What she tries herself is no attempt of the schedule, and counts for the network of her card.
    const payment = () =>
      app.post(`/v1/me/subscriptions/${id}/payment`, {}, { token: ada.token, key: key() });
    expect((await payment()).body.payment).toMatchObject({ declineCode: 'insufficient_funds' });
    await app.settle();
    expect(await seen()).toMatchObject({
      state: 'past_due',
      entitlement: 'grace',
      overdueSince: '2030-04-25',
    });
    await on('05-04', 13);
    expect(await seen()).toMatchObject({ state: 'active', entitlement: 'full', overdueSince: null });
    for (let month = 5; month <= 12; month++) await on(`${String(month).padStart(2, '0')}-25`);

    // Twelve documents, each paid once, numbered without a gap.
    const { items } = (await app.get(`/v1/admin/invoices?subscriptionId=${id}`, { token: staff })).body;
    expect(items).toHaveLength(12);
    expect(items.every(({ state }: Body) => state === 'paid')).toBe(true);
    const numbers: number[] = items.map(({ number }: Body) => Number(number.split('-').at(-1))).reverse();
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    const april = items.find(({ issueDate }: Body) => issueDate === '2030-04-25');
    expect(outcomes(await collectionOf(april.id))).toEqual([
      ...[
        'scheduled declined',
        'scheduled declined',
        'scheduled declined',
        'link declined',
        'scheduled paid',
      ],
    ]);
    const paper = await app.get(`/v1/me/invoices/${april.id}/document?format=pdf`, { token: ada.token });
    expect([paper.status, paper.text.slice(0, 5)]).toEqual([200, '%PDF-']);
    const mails = (await app.letters()).filter(({ to }) => to === ada.email).map(({ subject }) => subject);
    expect(mails.filter((subject) => subject.startsWith('Your invoice'))).toHaveLength(12);
    const urged = (await lettersTo(ada.email)).map(({ subject }) => subject.replace(/ invoice .*/, ''));
    expect(urged).toEqual(['Your payment of', 'We are about to collect', 'We are about to collect']);

    // What may be used was told, and the books say what came.
    const told = await app.database.query<{ payload: Body }>(
      `SELECT payload FROM platform.events WHERE type = 'billing.entitlement_changed' AND payload ->> 'subscriptionId' = $1
        ORDER BY position`,
      [id],
    );
    // `none` before the first payment is told only to whoever is quick enough.
    const entitled = told.map(({ payload }) => payload.entitlement).filter((each: string) => each !== 'none');
    expect(entitled).toEqual(['full', 'grace', 'full']);
    const books = await app.database.query<{ account: string; sum: number }>(
      `SELECT e.account, sum(e.amount)::int AS sum FROM billing.ledger_entries e
         JOIN billing.ledger_transactions t ON t.id = e.transaction_id
        WHERE t.invoice_id IN (SELECT id FROM billing.invoices WHERE subscription_id = $1)
           OR t.payment_id IN (SELECT p.id FROM billing.payments p JOIN billing.invoices i ON i.id = p.invoice_id
             WHERE i.subscription_id = $1)
        GROUP BY 1 HAVING sum(e.amount) <> 0 ORDER BY 1`,
      [id],
    );
    // On Christmas Day eleven months are over, and the twelfth begins.
    const [month, vat] = [1597, 12 * 303];
    if (process.env.YEAR === 'print')
      print([...story, ...mails, ...books.map(({ account, sum }) => `${account} ${sum}`)]);
    expect(Object.fromEntries(books.map(({ account, sum }) => [account, sum]))).toEqual({
      'assets:provider:test:clearing': 12 * month + vat,
      'liab:deferred_revenue': -12 * month,
      'liab:tax:DE:19': -vat,
    });
    // What is earned is of many invoices at once: the schedules say of which.
    const [held] = await app.database.query<Body>(
      `SELECT sum(earned)::int AS earned, sum(amount - earned)::int AS coming FROM billing.revenue_schedules
        WHERE subscription_id = $1`,
      [id],
    );
    expect(held).toEqual({ earned: 11 * month, coming: month });
  });

  it('send goods each period: one order, at the price of the day less what subscribers save', async () => {
    const on = async (instant: string): Promise<void> => {
      app.clock.advance({ seconds: (Date.parse(instant) - app.clock.now().getTime()) / 1_000 });
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await Promise.all([app.run('billing.renew_subscriptions'), app.run('billing.renew_subscriptions')]);
      await app.settle();
    };
    await on('2031-03-01T11:00:00Z');
    const tax = { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' };
    const terms = {
      ...{ interval: { unit: 'month', count: 1 }, pricesIncludeTax: true },
      ...{ prices: [{ amount: eur(0) }], taxes: [tax] },
    };
    const plan = await app.post(
      '/v1/admin/plans',
      { code: 'box', title: 'Box', kind: 'goods', terms },
      asStaff(),
    );
    expect(plan.status).toBe(201);
    const save = (id: string) =>
      app.put(`/v1/admin/plans/${id}/basket-discount`, { percentOff: 10 }, { token: staff });
    const ada = await buyer('ok');
    expect((await save(plan.body.id)).body).toMatchObject({ percentOff: 10, version: 1 });
    expect((await save(ada.id)).status).toBe(404);

    const wish = { planId: plan.body.id, currency: 'EUR', billingAddress: berlin, anchorDate: '2031-03-10' };
    const { body: box } = await app.post('/v1/me/subscriptions', wish, { token: ada.token, key: key() });
    const thing = await goods(app, { stock: 10 });
    const url = `/v1/me/subscriptions/${box.id}/basket`;
    const put = (quantity: number, { token } = ada, variantId = thing.variantId) =>
      app.put(url, { lines: [{ variantId, quantity }], shippingAddress: berlin }, { token });
    expect((await app.get(url, { token: ada.token })).status).toBe(404);
    expect((await put(1, await buyer(null))).status).toBe(404);
    expect((await put(1, ada, plan.body.id)).body.code).toBe('ordering.variant_unavailable');
    expect(await put(1)).toMatchObject({ status: 200, body: { percentOff: 10, orders: [], version: 1 } });
    const orders = async (): Promise<Body[]> =>
      (await app.get(`/v1/me/orders`, { token: ada.token })).body.items;

    await on('2031-03-10T11:00:00Z');
    const [due] = await app.database.query<{ payload: Body }>(
      `SELECT payload FROM platform.events WHERE type = 'billing.subscription_period_due' AND payload ->> 'subscriptionId' = $1`,
      [box.id],
    );
    const make = (of: object = {}) => app.app.get(PeriodOrders).make({ ...due?.payload, ...of });
    await Promise.all([make(), make(), make()]);
    await app.settle();
    const [first, ...more] = await orders();
    expect(more).toEqual([]);
    expect(first).toMatchObject({ status: 'placed', paymentStatus: 'paid', total: eur(1799 + 490) });
    expect((await app.get(url, { token: ada.token })).body.orders).toEqual([
      { periodStart: '2031-03-10', state: 'ordered', orderId: first.id, code: null },
    ]);

    // Killed between the order and the charge, and done again twice at once.
    const spy = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('killed');
    });
    const other = { periodIndex: 70, periodStart: '2037-01-10' };
    armFailpoint('subscription_order.after_placing');
    await expect(make(other)).rejects.toThrow('killed');
    armFailpoint(null);
    spy.mockRestore();
    expect((await orders()).map(({ status }) => status)).toEqual(['pending_payment', 'placed']);
    await Promise.all([make(other), make(other)]);
    await app.settle();
    expect((await orders()).map(({ status }) => status)).toEqual(['placed', 'placed']);

    // More than there is: nothing is ordered or charged, and a letter says why.
    expect((await put(50)).status).toBe(200);
    await on('2031-04-10T11:00:00Z');
    expect(await orders()).toHaveLength(2);
    const missed = (await app.get(url, { token: ada.token })).body.orders.find(
      ({ periodStart }: Body) => periodStart === '2031-04-10',
    );
    expect(missed).toMatchObject({ state: 'missed', orderId: null, code: 'ordering.out_of_stock' });
    const mailsOf = async (subject: RegExp) =>
      (await app.letters()).filter((letter) => letter.to === ada.email && subject.test(letter.subject));
    expect(await mailsOf(/could not be placed/)).toHaveLength(1);

    // The card fails: the goods are held for a week, and paid for by a link.
    expect((await put(2)).status).toBe(200);
    await keep(ada, 'attach_ok_charge_fails');
    await on('2031-05-10T11:00:00Z');
    const [held] = await orders();
    expect(held).toMatchObject({ status: 'pending_payment', total: eur(2 * 1799 + 490) });
    const [letter, ...none] = await mailsOf(/Pay for your order/);
    expect(none).toEqual([]);
    const paid = await app.post(
      '/v1/payment-links/payment',
      { token: linkIn(letter?.text ?? ''), payment: { gateway: 'test', token: 'ok' } },
      { key: key() },
    );
    expect(paid.status).toBe(201);
    await app.settle();
    expect((await orders()).map(({ status }) => status)).toEqual(['placed', 'placed', 'placed']);
    expect(await stockOf(app, thing)).toMatchObject({ allocated: 4 });
  });
});
