import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { fetch } from 'undici';
import { BillingApi } from '../src/billing/billing.api.js';
import { Collections } from '../src/billing/dunning/collections.service.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { Invoices } from '../src/billing/invoice/invoices.service.js';
import { BillingPersonalData } from '../src/billing/payment/personal-data.service.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { planInvoice } from './support/invoices.js';
import { berlin, email, fillCart, type Goods, goods, imbalance, key, stockOf } from './support/purchase.js';
import { watch } from './support/statements.js';

type Body = Answer['body'];

const RULES = '/v1/admin/fraud-rules';
const REVIEWS = '/v1/admin/payment-reviews';
const eur = (amount: number) => ({ amount, currency: 'EUR' });
/** Of one piece at 19.99 with its parcel. */
const TOTAL = 2489;

describe('the screening of payments', () => {
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp({ TRUSTED_PROXIES: '127.0.0.1' });
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
  const get = async (path: string): Promise<Body> => (await app.get(path, { token: staff })).body;
  const paymentAt = (id: string) => get(`/v1/admin/payments/${id}`);
  const orderAt = (id: string) => get(`/v1/admin/orders/${id}`);
  const screened = async (id: string): Promise<Body[]> =>
    (await get(`/v1/admin/payments/${id}/screenings`)).items;
  const simulate = (body: object) => app.post(`${RULES}/simulate`, body, { token: staff });
  const decide = (id: string, what: 'approval' | 'rejection', body: object = {}, how = asStaff()) =>
    app.post(`${REVIEWS}/${id}/${what}`, body, how);

  /** A rule for as long as something is tried under it. */
  async function under<T>(rule: object, work: (id: string) => Promise<T>): Promise<T> {
    const made = await app.post(RULES, { name: 'Tried out', mode: 'live', ...rule }, { token: staff });
    expect(made.status).toBe(201);
    try {
      return await work(made.body.id);
    } finally {
      expect((await app.delete(`${RULES}/${made.body.id}`, { token: staff })).status).toBe(204);
    }
  }

  let last = 0;
  const address = () => `198.51.100.${++last}`;

  /** Somebody buys one piece, from an address. */
  async function buyFrom(
    from: string,
    thing: Goods,
    { token = 'ok', by, body = {} }: { token?: string; by?: string; body?: object } = {},
  ): Promise<Answer> {
    const cart = await fillCart(app, [thing]);
    return app.post(
      `/v1/carts/${cart.id}/checkout`,
      { payment: { gateway: 'test', token }, shippingAddress: berlin, ...body },
      {
        key: key(),
        cartToken: cart.token,
        headers: { 'x-forwarded-for': from },
        ...(by !== undefined && { token: by }),
      },
    );
  }

  /** What the gateway knows of an operation. */
  async function journal(operationId: string): Promise<{ what: string }[]> {
    const answer = await fetch(`${app.config.testGatewayUrl}/journal`);
    const { entries } = (await answer.json()) as { entries: { what: string; operationId: string }[] };
    return entries.filter((entry) => entry.operationId === operationId);
  }

  const held = async (): Promise<number> => {
    const [row] = await app.database.query<{ sum: number }>(
      `SELECT coalesce(sum(amount), 0)::int AS sum FROM billing.ledger_entries WHERE account = 'memo:authorized'`,
    );
    return row?.sum ?? 0;
  };

  it('costs a shop without rules no statement, and one with rules a single one', async () => {
    const thing = await goods(app, { stock: 50 });
    const statements = async () => {
      const watching = watch(app.database);
      const answer = await buyFrom(address(), thing);
      const { statements: count, commits } = watching.stop();
      expect(answer.status).toBe(201);
      const id = answer.body.payments[0].id as string;
      await app.settle();
      return { count, commits, id };
    };
    await statements();
    const without = await statements();
    expect(await screened(without.id)).toMatchObject([{ outcome: null, fired: [] }]);
    const rule = {
      outcome: 'block',
      conditions: { velocity: [{ per: 'network', count: 'failures', atLeast: 3, withinMinutes: 5 }] },
    };
    const shadow = { mode: 'shadow', outcome: 'block', conditions: { guest: true } };
    await under(rule, () =>
      under(shadow, async (id) => {
        // The first one reads the rules.
        await statements();
        const withRules = await statements();
        expect([withRules.count - without.count, withRules.commits - without.commits]).toEqual([1, 1]);
        expect(await screened(withRules.id)).toMatchObject([
          { outcome: 'allow', fired: [{ ruleId: id, mode: 'shadow', outcome: 'block' }] },
        ]);
      }),
    );
    await statements();
    const after = await statements();
    expect([after.count, after.commits]).toEqual([without.count, without.commits]);
    // What is kept says of nobody who it is.
    const rows = JSON.stringify(await app.database.query('SELECT * FROM billing.screenings'));
    expect(rows).not.toContain(email);
    expect(rows).not.toContain('198.51.100');
  });

  it('stops three hundred attempts at once exactly at the limit, and answers like a declined card', async () => {
    const [shipped] = (await get(`${RULES}?mode=off`)).items;
    expect(shipped).toMatchObject({ outcome: 'block', activeSince: null });
    const on = await app.patch(
      `${RULES}/${shipped.id}`,
      { mode: 'live' },
      { token: staff, headers: { 'if-match': `"${shipped.version}"` } },
    );
    expect(on).toMatchObject({ status: 200, body: { mode: 'live', version: shipped.version + 1 } });
    const stale = await app.patch(
      `${RULES}/${shipped.id}`,
      { mode: 'off' },
      { token: staff, headers: { 'if-match': `"${shipped.version}"` } },
    );
    expect(stale.status).toBe(412);

    const billing = app.app.get(BillingApi);
    const thief = '203.0.113.7';
    const attempts: { paymentId: string; operationId: string }[] = [];
    await app.database.transaction(async () => {
      for (let n = 0; n < 300; n++)
        attempts.push(
          await billing.openPayment({
            ...{ orderId: randomUUID(), amount: Money.of(100n, 'EUR'), gateway: 'test', customerId: null },
            token: `decline_generic+card=${n}`,
            buyer: { email: `${n}@example.test`, name: 'Nobody', billingAddress: null },
            screening: { network: thief, shippingCountry: 'DE', billingCountry: 'DE', itemCount: 1 },
          }),
        );
    });
    const outcomes = await Promise.all(attempts.map(({ operationId }) => billing.authorize(operationId)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => 'declined'));
    // Whoever is blocked has no charge: the gateway was not asked.
    const asked = outcomes.flatMap((outcome, n) => (outcome.kind === 'declined' && outcome.ref ? [n] : []));
    expect(asked).toHaveLength(10);
    const [blocked] = attempts.filter((_, n) => !asked.includes(n));
    const again = await billing.authorize(blocked?.operationId ?? '');
    expect(again).toEqual(outcomes.find((outcome) => outcome.kind === 'declined' && outcome.ref === null));
    // One request dies before it has written its outcome down: the repair knows it too, without asking anybody.
    await app.database.transaction(async () => {
      for (const [n, { operationId }] of attempts.entries()) {
        const outcome = outcomes[n];
        if (outcome && operationId !== blocked?.operationId) await billing.settle(operationId, outcome);
      }
    });
    app.clock.advance({ minutes: 6 });
    await app.run('billing.repair');
    expect(await paymentAt(blocked?.paymentId ?? '')).toMatchObject({
      status: 'requires_payment_method',
      declineCode: 'generic_decline',
      operations: [{ status: 'failed', gatewayRef: null }],
    });
    expect(await screened(blocked?.paymentId ?? '')).toMatchObject([
      { outcome: 'block', fired: [{ ruleId: shipped.id }] },
    ]);

    const thing = await goods(app, { stock: 5 });
    const refused = await buyFrom(thief, thing, { token: 'ok' });
    const declined = await buyFrom(address(), thing, { token: 'decline_generic' });
    const blind = ({ text, body }: Answer) =>
      [body.orderId, body.paymentId, body.number, body.requestId, body.instance].reduce(
        (rest: string, id: string) => rest.replaceAll(id, '…'),
        text,
      );
    expect([refused.status, blind(refused)]).toEqual([402, blind(declined)]);
    expect([...refused.headers.keys()]).toEqual([...declined.headers.keys()]);
    expect((await buyFrom(address(), thing)).status).toBe(201);

    // Tried out afterwards, the rule says what it has done, and another one what it would have done.
    const kept = await simulate({ ruleId: shipped.id });
    expect(kept).toMatchObject({ status: 200, body: { isWhole: true, outcomes: { block: 291 } } });
    const five = { per: 'network', count: 'failures', atLeast: 5, withinMinutes: 60 };
    const draft = { name: 'Five', outcome: 'block', conditions: { velocity: [five] } };
    const stricter = (await simulate({ rule: draft })).body;
    expect(stricter.rules).toEqual([
      { ruleId: null, name: 'Five', mode: 'live', outcome: 'block', fired: 296 },
    ]);
    expect(stricter.attempts).toHaveLength(100);
    const cards = { per: 'network', count: 'cards', atLeast: 20, withinMinutes: 60 };
    const one = await simulate({
      rule: { ...draft, conditions: { velocity: [cards], guest: true } },
      paymentId: refused.body.paymentId,
    });
    expect(one.body).toMatchObject({
      looked: 1,
      outcomes: { block: 1 },
      attempts: [{ was: 'block', outcome: 'block', status: 'failed' }],
    });
    expect((await simulate({ paymentId: randomUUID() })).status).toBe(404);
    expect((await simulate({ rule: draft, ruleId: shipped.id })).body.errors[0].pointer).toBe('/ruleId');
    // No rule, nothing counted: two look alike and only one is refused once the hour is over.
    app.clock.advance({ minutes: 61 });
    expect((await buyFrom(thief, thing)).status).toBe(201);
    await app.patch(`${RULES}/${shipped.id}`, { mode: 'off' }, { token: staff });
  });

  it('challenges, lets somebody past, and refuses rules that could do nothing', async () => {
    const thing = await goods(app, { stock: 20 });
    const challenge = {
      outcome: 'challenge',
      conditions: { amountAtLeast: eur(TOTAL), countriesDiffer: true },
    };
    const billingAddress = { ...berlin, country: 'FR', postalCode: '75001', city: 'Paris' };
    await under(challenge, async () => {
      expect((await buyFrom(address(), thing)).status).toBe(201);
      const asked = await buyFrom(address(), thing, { body: { billingAddress } });
      expect(asked).toMatchObject({ status: 202, body: { payments: [{ status: 'requires_action' }] } });
      // The strictest of all that hold, unless one above them allows.
      await under({ outcome: 'block', conditions: { guest: true } }, async () => {
        expect((await buyFrom(address(), thing, { body: { billingAddress } })).status).toBe(402);
        await under({ outcome: 'allow', priority: 5, conditions: { currency: 'EUR' } }, async () => {
          const passed = await buyFrom(address(), thing, { body: { billingAddress } });
          expect(passed.status).toBe(201);
          expect(
            (await screened(passed.body.payments[0].id))[0].fired.map(({ outcome }: Body) => outcome),
          ).toEqual(['allow', 'challenge', 'block']);
        });
      });
    });
    // Other cards are counted over so many of the newest attempts, however many somebody leaves.
    const cards = { per: 'network', count: 'cards', atLeast: 2, withinMinutes: 1440 };
    await under({ outcome: 'block', conditions: { velocity: [cards] } }, async () => {
      const flat = address();
      const seen = (card: string, many: number, hours: number): Promise<number> =>
        app.database.execute(
          `INSERT INTO billing.screening_marks (operation_id, key, at, card, has_passed, has_failed)
           SELECT gen_random_uuid(), network, at - $3 * interval '1 hour', $1, true, false FROM generate_series(1, $2),
             (SELECT network, at FROM billing.screenings ORDER BY operation_id DESC LIMIT 1) AS s`,
          [card, many, hours],
        );
      expect((await buyFrom(flat, thing)).status).toBe(201);
      await seen('one', 1, 3);
      await seen('other', 1, 2);
      expect((await buyFrom(flat, thing)).status).toBe(402);
      await seen('other', 10_000, -1);
      expect((await buyFrom(flat, thing)).status).toBe(201);
    });
    const wrong: [object, string][] = [
      [{ outcome: 'block', conditions: {} }, '/conditions'],
      [{ outcome: 'block', conditions: { riskAtLeast: 50 } }, '/outcome'],
      [{ outcome: 'allow', conditions: { shippingCountries: ['*'] } }, '/conditions/shippingCountries'],
      [
        {
          outcome: 'block',
          conditions: { velocity: [{ per: 'network', count: 'cards', atLeast: 0, withinMinutes: 5 }] },
        },
        '/conditions/velocity/0/atLeast',
      ],
      // What could never hold.
      [{ outcome: 'block', conditions: { kinds: ['order'] } }, '/conditions'],
      [{ outcome: 'block', conditions: { kinds: [], guest: true } }, '/conditions/kinds'],
      [{ outcome: 'block', conditions: { shippingCountries: [] } }, '/conditions/shippingCountries'],
      [
        { outcome: 'block', conditions: { amountAtLeast: eur(2 ** 53 - 1) } },
        '/conditions/amountAtLeast/amount',
      ],
      [{ outcome: 'block', conditions: { amountAtLeast: eur(1), currency: 'USD' } }, '/conditions/currency'],
      [{ outcome: 'block', conditions: { itemsAtLeast: 99_901 } }, '/conditions/itemsAtLeast'],
      [
        { outcome: 'block', conditions: { kinds: ['order', 'method'], amountAtLeast: eur(1) } },
        '/conditions/kinds/1',
      ],
      [{ outcome: 'review', conditions: { kinds: ['charge'], currency: 'EUR' } }, '/conditions/kinds/0'],
      [
        { outcome: 'block', conditions: { velocity: [velocity('card', 'cards', 1)] } },
        '/conditions/velocity/0/count',
      ],
      [
        { outcome: 'block', conditions: { velocity: [velocity('link', 'failures', 1)], itemsAtLeast: 2 } },
        '/conditions',
      ],
    ];
    for (const [rule, pointer] of wrong) {
      const answer = await app.post(RULES, { name: 'Wrong', ...rule }, { token: staff });
      expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, pointer]);
    }
    expect((await get(RULES)).items.map(({ mode }: Body) => mode)).toEqual(['off']);
    expect((await get(`${RULES}?archived=true`)).items.length).toBeGreaterThan(3);
  });

  /** An invoice that somebody owes, with a link to pay it. */
  async function linked(customer: { token: string; email: string }): Promise<{ id: string; link: string }> {
    const customerId = (await given.accountId(app, customer.email)) ?? '';
    const draft = planInvoice(1900);
    const { subscriptionId } = draft.subject as { subscriptionId: string };
    const invoiceId = await app.database.transaction(async () => {
      const made = await app.app.get(Invoices).finalize({ ...draft, customerId });
      const what = { invoiceId: made.invoiceId, subscriptionId, customerId, methodId: null };
      await app.app.get(Collections).start(what);
      return made.invoiceId;
    });
    const path = `/v1/admin/invoice-collections/${invoiceId}/links`;
    const { url } = (await app.post(path, undefined, asStaff())).body;
    return { id: invoiceId, link: /token=([\w-]{43})/.exec(url)?.[1] ?? '' };
  }
  const payBy = (link: string, token: string, from: string) =>
    app.post(
      '/v1/invoice-links/payment',
      { token: link, payment: { gateway: 'test', token } },
      { key: key(), headers: { 'x-forwarded-for': from } },
    );
  const keep = (by: string, token: string, from: string) =>
    app.post(
      '/v1/me/payment-methods',
      { gateway: 'test', token },
      { token: by, key: key(), headers: { 'x-forwarded-for': from } },
    );
  const velocity = (per: string, count: string, atLeast: number) => ({
    ...{ per, count, atLeast },
    withinMinutes: 60,
  });
  const blind = ({ status, text, body, headers }: Answer) => [
    status,
    [body.requestId, body.instance, body.invoiceId].reduce(
      (rest: string, id: string | undefined) => (id === undefined ? rest : rest.replaceAll(id, '…')),
      text,
    ),
    [...headers.keys()],
  ];
  it('stops whoever tries out cards by a link to an invoice, wherever they sit, and answers like a declined card', async () => {
    const grace = await given.customer(app);
    const [first, second] = [await linked(grace), await linked(grace)];
    const block = { outcome: 'block', conditions: { velocity: [velocity('link', 'failures', 3)] } };
    await under(block, async (id) => {
      const tried: Answer[] = [];
      for (let n = 0; n < 3; n++) tried.push(await payBy(first.link, `decline_generic+card=${n}`, address()));
      const blocked = await payBy(first.link, 'ok', address());
      expect(blocked.status).toBe(402);
      expect(blind(blocked)).toEqual(blind(tried[0] as Answer));
      const [payment] = (
        await get(`/v1/admin/payments?customerId=${await given.accountId(app, grace.email)}`)
      ).items;
      const seen = await screened(payment.id);
      expect(seen.map(({ outcome }) => outcome)).toEqual(['allow', 'allow', 'allow', 'block']);
      expect(seen.at(-1)?.fired).toMatchObject([{ ruleId: id }]);
      expect(await journal(seen.at(-1)?.operationId)).toEqual([]);
      const what = (await simulate({ ruleId: id, paymentId: payment.id })).body;
      expect(what).toMatchObject({
        outcomes: { allow: 3, block: 1 },
        attempts: [{ kind: 'invoice' }, {}, {}, {}],
      });
      // Another invoice is another link; what is counted by the customer or the network is counted for both.
      await under(
        { outcome: 'block', conditions: { velocity: [velocity('customer', 'cards', 3)] } },
        async () => {
          const second402 = await payBy(second.link, 'ok+card=8', address());
          expect(second402.status).toBe(402);
        },
      );
      expect((await payBy(second.link, 'ok+card=9', address())).status).toBe(201);
      app.clock.advance({ minutes: 61 });
      expect((await payBy(first.link, 'ok+card=9', address())).status).toBe(201);
      await app.settle();
    });
  });

  it('holds the money of an invoice for a person, and the invoice is paid once that is decided', async () => {
    const { id, link } = await linked(await given.customer(app));
    const rule = {
      outcome: 'review',
      conditions: { kinds: ['invoice'], guest: true, amountAtLeast: eur(1900) },
    };
    const paying = await under(rule, () => payBy(link, 'ok', address()));
    expect(paying).toMatchObject({ status: 202, body: { state: 'in_progress', amountDue: eur(1900) } });
    const [{ paymentId }] = (await get(REVIEWS)).items;
    expect((await decide(paymentId, 'approval')).body).toMatchObject({ status: 'captured' });
    await app.settle();
    expect(await get(`/v1/admin/invoices/${id}`)).toMatchObject({ state: 'paid' });
    expect(await held()).toBe(0);
  });

  it('stops whoever tries out cards by keeping them, and counts those with what they buy', async () => {
    const mallory = await given.customer(app);
    const thing = await goods(app, { stock: 5 });
    const from = address();
    const block = { outcome: 'block', conditions: { velocity: [velocity('network', 'failures', 3)] } };
    await under(block, async (id) => {
      const tried = await keep(mallory.token, 'decline_generic+card=1', from);
      expect(tried).toMatchObject({ status: 402, body: { declineCode: 'generic_decline' } });
      expect((await keep(mallory.token, 'ok+card=2', from)).status).toBe(201);
      expect((await keep(mallory.token, 'sca_required+card=3', from)).status).toBe(202);
      expect((await keep(mallory.token, 'decline_generic+card=4', from)).status).toBe(402);
      const once = key();
      const again = () =>
        app.post(
          '/v1/me/payment-methods',
          { gateway: 'test', token: 'ok+card=5' },
          { token: mallory.token, key: once, headers: { 'x-forwarded-for': from } },
        );
      const blocked = await again();
      expect(blind(blocked)).toEqual(blind(tried));
      expect(blind(await again())).toEqual(blind(blocked));
      // At the till they are known as well, and elsewhere they are not.
      expect((await buyFrom(from, thing)).status).toBe(402);
      expect((await keep(mallory.token, 'ok+card=6', address())).status).toBe(201);
      expect((await app.get('/v1/me/payment-methods', { token: mallory.token })).body.items).toHaveLength(2);
      const { attempts } = (await simulate({ ruleId: id, days: 1 })).body;
      expect(attempts.slice(0, 2)).toMatchObject([
        { kind: 'order', was: 'block' },
        { kind: 'method', was: 'block', paymentId: null, amount: null, status: 'failed' },
      ]);
    });
    // While the gateway is away nothing is counted; the same set-up is when it answers, and once.
    await under(block, async () => {
      const [away, network] = [jest.spyOn(app.app.get(PaymentGateway), 'setupMethod'), address()];
      const tries = [key(), key(), key()];
      const send = (how: string, token = 'decline_generic+card=7') =>
        app.post(
          '/v1/me/payment-methods',
          { gateway: 'test', token },
          { token: mallory.token, key: how, headers: { 'x-forwarded-for': network } },
        );
      away.mockResolvedValue({ kind: 'errored', code: 'gateway_unreachable', retryable: true });
      for (const each of tries) expect((await send(each)).status).toBe(503);
      away.mockRestore();
      expect((await keep(mallory.token, 'ok+card=8', network)).status).toBe(201);
      for (const each of tries) expect((await send(each)).status).toBe(402);
      expect((await keep(mallory.token, 'ok+card=9', network)).status).toBe(402);
    });
    // The card that was kept is the same card at the till: as the gateway knows it, not by its token.
    const twice = { outcome: 'block', conditions: { velocity: [velocity('card', 'attempts', 2)] } };
    await under({ outcome: 'allow', conditions: { currency: 'EUR' } }, async () => {
      for (let n = 0; n < 2; n++)
        expect((await keep(mallory.token, 'ok+card=77', address())).status).toBe(201);
    });
    const { items } = (await app.get('/v1/me/payment-methods', { token: mallory.token })).body;
    const body = { payment: { gateway: 'test', methodId: items.at(-1).id } };
    await under(twice, async () => {
      const bought = await buyFrom(address(), thing, { by: mallory.token, body });
      expect(bought.status).toBe(402);
    });
    const challenge = { outcome: 'challenge', conditions: { kinds: ['method'], guest: false } };
    await under(challenge, async () => {
      const asked = await keep(mallory.token, 'ok+card=78', address());
      expect(asked).toMatchObject({ status: 202, body: { status: 'requires_action' } });
    });
  });

  it('leaves what the shop charges by itself alone, unless a rule names it, and counts it nowhere', async () => {
    const customer = await given.customer(app);
    expect((await keep(customer.token, 'recover_after:9', address())).status).toBe(201);
    const collected = async () => {
      const { id } = await linked(customer);
      await app.run('billing.collect');
      await app.settle();
      return (await get(`/v1/admin/invoice-collections/${id}`)).attempts.at(-1);
    };
    const anything = { outcome: 'block', conditions: { velocity: [velocity('customer', 'attempts', 1)] } };
    await under(anything, async () => {
      expect(await collected()).toMatchObject({ outcome: 'declined', code: 'insufficient_funds' });
      expect(await collected()).toMatchObject({ outcome: 'declined', code: 'insufficient_funds' });
    });
    const failures = { outcome: 'block', conditions: { velocity: [velocity('customer', 'failures', 1)] } };
    await under(failures, async () => {
      const { link } = await linked(customer);
      expect((await payBy(link, 'ok+card=41', address())).status).toBe(201);
    });
    const named = {
      ...{ outcome: 'block', priority: 1 },
      conditions: { kinds: ['charge'], velocity: [velocity('customer', 'attempts', 1)] },
    };
    await under(named, async () => {
      expect(await collected()).toMatchObject({ outcome: 'declined', code: 'generic_decline' });
    });
    await app.settle();
  });

  describe('holds money back for a person, who', () => {
    const rule = { outcome: 'review', conditions: { itemsAtLeast: 1 } };

    /** An order whose money waits for a person. */
    async function waiting(thing: Goods): Promise<{ id: string; orderId: string }> {
      const answer = await buyFrom(address(), thing);
      expect(answer).toMatchObject({
        status: 202,
        body: { status: 'pending_payment', payments: [{ status: 'requires_review', captured: eur(0) }] },
      });
      return { id: answer.body.payments[0].id, orderId: answer.body.id };
    }

    it('takes it once, or lets it go', async () => {
      const thing = await goods(app, { stock: 9 });
      const [taken, refused, canceled] = await under(rule, async () => [
        await waiting(thing),
        await waiting(thing),
        await waiting(thing),
      ]);
      if (!taken || !refused || !canceled) throw new Error('three were bought');
      expect(await held()).toBe(3 * TOTAL);
      const open = (await get(REVIEWS)).items as Body[];
      expect(
        open.map(({ paymentId, reason, state, fired }) => [paymentId, reason, state, fired[0].name]),
      ).toEqual([taken, refused, canceled].map(({ id }) => [id, 'screening', 'open', 'Tried out']));
      expect(open[0].expiresAt).toBe((await orderAt(taken.orderId)).expiresAt);
      const page = await get(`${REVIEWS}?limit=2`);
      const rest = await get(`${REVIEWS}?limit=2&cursor=${encodeURIComponent(page.nextCursor)}`);
      expect(rest.items.map(({ paymentId }: Body) => paymentId)).toEqual([canceled.id]);

      const { operations } = await paymentAt(taken.id);
      expect((await journal(operations[0].id)).map(({ what }) => what)).toEqual(['charge.authorized']);
      const tries = [asStaff(), asStaff()];
      const answers = await Promise.all(
        tries.map((how) => decide(taken.id, 'approval', { note: 'A gift' }, how)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const first = answers.findIndex(({ status }) => status === 200);
      const again = await decide(taken.id, 'approval', { note: 'A gift' }, tries[first]);
      expect([again.status, again.text]).toEqual([200, answers[first]?.text]);
      expect(await paymentAt(taken.id)).toMatchObject({
        status: 'captured',
        captured: eur(TOTAL),
        reviewReason: null,
      });
      await app.settle();
      expect(await orderAt(taken.orderId)).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
      expect(await get(`${REVIEWS}/${taken.id}`)).toMatchObject({
        state: 'approved',
        decidedBy: expect.any(String),
      });

      const [back, late] = await Promise.all([
        decide(refused.id, 'rejection', { note: 'Nobody lives there' }),
        decide(refused.id, 'approval'),
      ]);
      expect([back.status, late.status].sort()).toEqual([200, 409]);
      await app.settle();
      // Whoever was first has decided.
      const isBack = back.status === 200;
      expect(await orderAt(refused.orderId)).toMatchObject({ status: isBack ? 'canceled' : 'placed' });
      expect((await paymentAt(refused.id)).captured.amount).toBe(isBack ? 0 : TOTAL);

      const end = await app.post(`/v1/orders/${canceled.orderId}/cancellation`, {}, asStaff());
      expect(end.status).toBe(201);
      await app.settle();
      expect(await get(`${REVIEWS}/${canceled.id}`)).toMatchObject({ state: 'withdrawn', decidedAt: null });
      expect((await get(REVIEWS)).items).toEqual([]);
      expect(await held()).toBe(0);
      expect(await stockOf(app, thing)).toMatchObject({ reserved: 0, allocated: isBack ? 1 : 2 });
      expect((await get(`${REVIEWS}/${randomUUID()}`)).status).toBe(404);
      expect((await decide(randomUUID(), 'rejection')).status).toBe(404);
      const trail = (await get(`/v1/admin/audit?subjectId=${taken.id}`)).items as Body[];
      expect(trail.map(({ action }) => action)).toContain('billing.payment.review_approved');
    });

    it('takes it where payments are decided about as well', async () => {
      const thing = await goods(app, { stock: 3 });
      const { id, orderId } = await under(rule, () => waiting(thing));
      // It is one decision, and one permission at each of its doors.
      const clerk = async (permission: string) => {
        const code = `role-${randomUUID()}`;
        const made = await app.post(
          '/v1/admin/roles',
          { code, title: code, permissions: [permission] },
          asStaff(),
        );
        expect(made.status).toBe(201);
        const { token } = await given.staff(app, [code], staff);
        return (path: string, body: object) => app.post(`/v1/admin/${path}`, body, { ...asStaff(), token });
      };
      const refunds = await clerk('billing:refund:write');
      for (const [path, body] of [
        [`payments/${id}/review`, { decision: 'accept' }],
        [`payment-reviews/${id}/approval`, {}],
        [`payment-reviews/${id}/rejection`, {}],
      ] as const)
        expect((await refunds(path, body)).status).toBe(403);
      const payments = await clerk('billing:payment:write');
      const accepted = await payments(`payments/${id}/review`, { decision: 'accept' });
      expect(accepted).toMatchObject({ status: 200, body: { status: 'captured', captured: eur(TOTAL) } });
      await app.settle();
      expect(await orderAt(orderId)).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
      expect(await get(`${REVIEWS}/${id}`)).toMatchObject({
        state: 'approved',
        decidedBy: expect.any(String),
      });
      expect(await held()).toBe(0);
    });

    it('is not hindered by a shopper at the bank, nor by an approval that dies on its way', async () => {
      const thing = await goods(app, { stock: 3 });
      const asked = await under(rule, () => buyFrom(address(), thing, { token: 'sca_required' }));
      const [{ id, status, nextAction }] = asked.body.payments;
      expect([asked.status, status]).toEqual([202, 'requires_action']);
      await fetch(nextAction.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision: 'approve' }),
      });
      await app.app.get(BillingApi).confirm(id);
      expect(await paymentAt(id)).toMatchObject({ status: 'requires_review', captured: eur(0) });
      // Long after the shopper's hour the goods still wait for whoever decides.
      app.clock.advance({ hours: 30 });
      await app.run('ordering.expire_orders');
      expect(await stockOf(app, thing)).toMatchObject({ reserved: 1 });

      const once = asStaff();
      for (const spot of ['billing.before_gateway', 'billing.after_gateway']) {
        const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
          armFailpoint(null);
          throw new Error(`died at ${spot}`);
        });
        armFailpoint(spot);
        // The request dies, or the job that does the same behind it and then is the one that comes first.
        expect([500, 200]).toContain((await decide(id, 'approval', {}, once)).status);
        await app.settle().catch(() => undefined);
        if (spot === 'billing.before_gateway') expect(kill).toHaveBeenCalled();
        armFailpoint(null);
        kill.mockRestore();
      }
      expect(await decide(id, 'approval', {}, once)).toMatchObject({
        status: 200,
        body: { status: 'captured', captured: eur(TOTAL) },
      });
      await app.settle();
      expect(await orderAt(asked.body.id)).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
      const { operations } = await paymentAt(id);
      expect(operations.map(({ kind }: Body) => kind)).toEqual(['authorize', 'capture']);
      expect((await journal(operations[1].id)).map(({ what }) => what)).toEqual(['charge.captured']);
    });

    it('may be too late: the hold ends, and so does the order', async () => {
      const thing = await goods(app, { stock: 3 });
      const { id, orderId } = await under(rule, () => waiting(thing));
      app.clock.advance({ days: 3 });
      await app.run('ordering.expire_orders');
      expect(await orderAt(orderId)).toMatchObject({ status: 'pending_payment' });
      app.clock.advance({ days: 5 });
      // Nothing is held any more that could be taken: no order is placed on it.
      const late = await decide(id, 'approval');
      expect([late.status, late.body.code]).toEqual([409, 'billing.review_not_possible']);
      await app.run('billing.end_reviews');
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await app.settle();
      expect(await get(`${REVIEWS}/${id}`)).toMatchObject({ state: 'expired', decidedBy: null });
      expect(await orderAt(orderId)).toMatchObject({ status: 'canceled', paymentStatus: 'voided' });
      expect(await paymentAt(id)).toMatchObject({ status: 'canceled' });
      expect(await stockOf(app, thing)).toMatchObject({ reserved: 0, allocated: 0 });
      expect(await held()).toBe(0);
    });

    it('sees what the gateway thinks risky, though the money is there', async () => {
      const thing = await goods(app, { stock: 3 });
      const risky = await under({ outcome: 'review', conditions: { riskAtLeast: 80 } }, async () => {
        expect((await buyFrom(address(), thing, { token: 'risk:79' })).status).toBe(201);
        return buyFrom(address(), thing, { token: 'risk:80' });
      });
      expect(risky).toMatchObject({ status: 202, body: { payments: [{ status: 'requires_review' }] } });
      const { id } = risky.body.payments[0];
      expect(await get(`${REVIEWS}/${id}`)).toMatchObject({
        risk: 80,
        captured: eur(TOTAL),
        expiresAt: null,
      });
      expect((await decide(id, 'rejection')).body).toMatchObject({ status: 'canceled' });
      await app.settle();
      expect(await paymentAt(id)).toMatchObject({ refunded: eur(TOTAL) });
      expect(await orderAt(risky.body.id)).toMatchObject({ status: 'canceled', paymentStatus: 'refunded' });
    });
  });

  it('forgets people who are erased, and everybody after ninety days', async () => {
    const thing = await goods(app, { stock: 3 });
    const customer = await given.customer(app);
    // What the shop still collects of others by itself is beside the matter.
    const kept = () =>
      app.database.query<{ table: string }>(
        `SELECT 'screenings' AS table, operation_id FROM billing.screenings WHERE facts ->> 'kind' <> 'charge'
         UNION ALL SELECT 'marks', operation_id FROM billing.screening_marks`,
      );
    const before = (await kept()).length;
    const id = await under({ outcome: 'challenge', conditions: { itemsAtLeast: 9 } }, async () => {
      const bought = await buyFrom(address(), thing, { by: customer.token });
      expect(bought.status).toBe(201);
      expect((await keep(customer.token, 'ok', address())).status).toBe(201);
      return bought.body.payments[0].id as string;
    });
    expect(await screened(id)).toHaveLength(1);
    expect((await kept()).length).toBe(before + 9);
    const subject = { customerId: await given.accountId(app, customer.email), email: customer.email };
    await app.database.transaction(() => app.app.get(BillingPersonalData).erase(subject));
    expect(await screened(id)).toEqual([]);
    expect((await kept()).length).toBe(before);
    app.clock.advance({ days: 91 });
    await app.run('billing.forget_screenings');
    expect(await kept()).toEqual([]);
  });
});
