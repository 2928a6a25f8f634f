import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { fetch } from 'undici';
import { BillingApi } from '../src/billing/billing.api.js';
import { StoreCredits } from '../src/billing/store-credit/store-credits.service.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import {
  berlin,
  type CartInHand,
  fillCart,
  goods,
  type Goods,
  imbalance,
  key,
  stockOf,
} from './support/purchase.js';

interface Payment {
  id: string;
  kind: string;
  status: string;
  last4: string | null;
  amount: { amount: number };
  captured: { amount: number };
  refunded: { amount: number };
}
interface Card {
  id: string;
  code: string;
}
interface Customer {
  id: string;
  token: string;
  email: string;
}

const eur = (amount: number) => ({ amount, currency: 'EUR' });
/** Of one piece at 19.99 with its parcel. */
const TOTAL = 2489;
const FREE = { onHand: 5, allocated: 0, reserved: 0 };

/** Checkouts that want the same gift card at once; `REDEMPTIONS=200` for the whole number. */
const REDEMPTIONS = Number(process.env.REDEMPTIONS ?? 50);

describe('an order that is paid by more than a card', () => {
  let app: TestApp;
  let billing: BillingApi;
  let staff: string;
  let ada: Customer;

  beforeAll(async () => {
    app = await startApp();
    billing = app.app.get(BillingApi);
    staff = await given.admin(app);
    ada = await customer();
  });
  afterEach(async () => {
    await app.settle();
    expect(await imbalance(app)).toBeNull();
    const { body } = await app.get('/v1/admin/ledger/accounts', { token: staff });
    for (const total of body.totals) expect(total.amount).toBe(0);
    await booksAgree();
  });
  afterAll(() => app?.close());

  /** What the books owe to cards and customers is what their balances say. */
  async function booksAgree(): Promise<void> {
    for (const [account, table] of [
      ['liab:gift_cards', 'gift_cards'],
      ['liab:store_credit', 'store_credits'],
    ]) {
      const rows = await app.database.query<{ currency: string; owed: string; told: string }>(
        `SELECT currency, sum(owed)::text AS owed, sum(told)::text AS told FROM (
           SELECT currency, -amount AS owed, 0 AS told FROM billing.ledger_entries WHERE account = $1
           UNION ALL SELECT currency, 0, balance FROM billing.${table}) AS sums GROUP BY currency`,
        [account],
      );
      for (const { owed, told } of rows) expect([table, owed]).toEqual([table, told]);
    }
  }

  async function customer(): Promise<Customer> {
    const { token, email } = await given.customer(app);
    return { token, email, id: (await given.accountId(app, email)) ?? '' };
  }

  async function card(amount: number, currency = 'EUR'): Promise<Card> {
    const recipientEmail = `${randomUUID()}@example.test`;
    const { body } = await app.post(
      '/v1/admin/gift-cards',
      { amount: { amount, currency }, recipientEmail, reason: 'a test' },
      { token: staff, key: key() },
    );
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === recipientEmail);
    const code = /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0] ?? '';
    return { id: body.id, code };
  }

  const credit = (who: Customer, amount: number, extra: object = {}, currency = 'EUR') =>
    app.post(
      '/v1/admin/store-credits',
      { customerId: who.id, amount: { amount, currency }, reason: 'The parcel was lost', ...extra },
      { token: staff, key: key() },
    );

  const onCard = async ({ id }: Card): Promise<number> =>
    (await app.get(`/v1/admin/gift-cards/${id}`, { token: staff })).body.balance.amount;
  const onCredit = async ({ token }: Customer): Promise<number> =>
    (await app.get('/v1/me/store-credit', { token })).body.items[0]?.balance.amount ?? 0;

  const basket = (things: Goods[], who?: Customer): Promise<CartInHand> =>
    who
      ? app
          .post(
            '/v1/carts',
            {
              currency: 'EUR',
              email: who.email,
              lines: things.map((each) => ({ variantId: each.variantId, quantity: 1 })),
            },
            { token: who.token },
          )
          .then(({ body }) => ({ id: body.id, token: body.token, body }))
      : fillCart(app, things);

  const pay = (
    cart: CartInHand,
    body: object,
    { who, once = key() }: { who?: Customer; once?: string } = {},
  ): Promise<Answer> =>
    app.post(
      `/v1/carts/${cart.id}/checkout`,
      { shippingAddress: berlin, ...body },
      { key: once, ...(who ? { token: who.token } : { cartToken: cart.token }) },
    );

  const by = (token: string) => ({ gateway: 'test', token });
  const orderAt = async (id: string) => (await app.get(`/v1/admin/orders/${id}`, { token: staff })).body;
  const kinds = (payments: Payment[]) =>
    payments.map(({ kind, status, amount, refunded }) => [kind, status, amount.amount, refunded.amount]);
  const cancel = (id: string) => app.post(`/v1/orders/${id}/cancellation`, {}, { token: staff, key: key() });

  it('take no amount that the books could not be summed up with', async () => {
    const who = await customer();
    const amount = eur(1_000_000_000_001);
    const writes: [string, object][] = [
      ['/v1/admin/gift-cards', { amount, recipientEmail: who.email, reason: 'a slip' }],
      ['/v1/admin/store-credits', { amount, customerId: who.id, reason: 'a slip' }],
    ];
    for (const [path, body] of writes) {
      const refused = await app.post(path, body, { token: staff, key: key() });
      expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, '/amount/amount']);
    }
  });

  it('takes a gift card, store credit and a card in one call, tells who paid what, and gives each its own back', async () => {
    const [tenner, thing] = [await card(1000), await goods(app, { stock: 5 })];
    const issued = await credit(ada, 500, { expiresAt: '2999-01-01T00:00:00Z' });
    expect([issued.status, issued.body.balance]).toEqual([201, eur(500)]);
    const cart = await basket([thing], ada);
    const placed = await pay(
      cart,
      { giftCards: [{ code: tenner.code.toLowerCase() }], storeCredit: true, payment: by('ok') },
      { who: ada },
    );
    expect(placed.status).toBe(201);
    expect(placed.body).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
    expect(kinds(placed.body.payments)).toEqual([
      ['card', 'captured', TOTAL - 1500, 0],
      ['gift_card', 'captured', 1000, 0],
      ['store_credit', 'captured', 500, 0],
    ]);
    const last4 = tenner.code.slice(-4);
    expect(placed.body.payments[1].last4).toBe(last4);
    expect(placed.text).not.toContain(tenner.code);
    expect([await onCard(tenner), await onCredit(ada)]).toEqual([0, 0]);
    const { id } = placed.body;
    const one = await app.get(`/v1/payments/${placed.body.payments[1].id}`, { token: ada.token });
    expect(one.body).toMatchObject({ kind: 'gift_card', last4, purpose: 'order' });
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === ada.email);
    expect(letter?.text).toContain(`Gift card ••••${last4}: 10.00 EUR`);
    expect(letter?.text).toContain('Store credit: 5.00 EUR');

    // Cards first, then what can be spent here alone.
    const shares = await app.database.transaction(() =>
      billing.refundOrder(id, Money.of(1200, 'EUR'), { reason: 'broken', requestedBy: 'house' }),
    );
    expect(shares.map(({ kind, amount }) => [kind, Number(amount.amount)])).toEqual([
      ['card', 989],
      ['store_credit', 211],
    ]);
    await app.settle();
    expect((await orderAt(id)).paymentStatus).toBe('partially_refunded');
    expect((await cancel(id)).status).toBe(201);
    await app.settle();
    const ended = await orderAt(id);
    expect(ended).toMatchObject({ status: 'canceled', paymentStatus: 'refunded' });
    expect(kinds(ended.payments)).toEqual([
      ['card', 'captured', 989, 989],
      ['gift_card', 'captured', 1000, 1000],
      ['store_credit', 'captured', 500, 500],
    ]);
    expect([await onCard(tenner), await onCredit(ada)]).toEqual([1000, 500]);
    expect(await stockOf(app, thing)).toEqual(FREE);

    const mine = (await app.get('/v1/me/store-credit', { token: ada.token })).body.items[0];
    expect(
      mine.entries.map(({ kind, amount }: { kind: string; amount: { amount: number } }) => [
        kind,
        amount.amount,
      ]),
    ).toEqual([
      ['given_back', 289],
      ['given_back', 211],
      ['spent', -500],
      ['issued', 500],
    ]);
    // It ends as it would have ended.
    expect(mine.expiring.map(({ expiresAt }: { expiresAt: string }) => expiresAt)).toEqual([
      '2999-01-01T00:00:00.000Z',
      '2999-01-01T00:00:00.000Z',
    ]);
  });

  it('keeps what was taken while the card is tried again, and takes it once', async () => {
    const [tenner, rest, thing] = [await card(1000), await card(5000), await goods(app, { stock: 5 })];
    const cart = await basket([thing]);
    const giftCards = [{ code: tenner.code }];
    const declined = await pay(cart, { giftCards, payment: by('insufficient_funds') });
    expect([declined.status, declined.body.code]).toEqual([402, 'ordering.payment_declined']);
    const waiting = await orderAt(declined.body.orderId);
    expect(waiting).toMatchObject({ status: 'pending_payment', paymentStatus: 'partially_paid' });
    expect(await onCard(tenner)).toBe(0);
    const short = await pay(cart, { giftCards });
    expect([short.status, short.body.code]).toEqual([422, 'billing.payment_method_required']);
    const paid = await pay(cart, { giftCards, payment: by('ok') });
    expect(paid.status).toBe(201);
    expect(kinds(paid.body.payments)).toEqual([
      ['card', 'captured', TOTAL - 1000, 0],
      ['gift_card', 'captured', 1000, 0],
    ]);

    // The second time another gift card pays all, an open challenge is given up.
    const other = await basket([thing]);
    const challenged = await pay(other, { payment: by('sca_required') });
    expect(challenged.status).toBe(202);
    const all = await pay(other, { giftCards: [{ code: rest.code }] });
    expect(all.status).toBe(201);
    expect(kinds(all.body.payments)).toEqual([
      ['card', 'canceled', TOTAL, 0],
      ['gift_card', 'captured', TOTAL, 0],
    ]);
    expect(await onCard(rest)).toBe(5000 - TOTAL);
    await app.settle();
    expect((await orderAt(all.body.id)).status).toBe('placed');
  });

  it('waits for the bank, and gives all back when nobody comes back from there', async () => {
    const [first, second, thing] = [await card(1000), await card(1000), await goods(app, { stock: 5 })];
    const approved = await pay(await basket([thing]), {
      giftCards: [{ code: first.code }],
      payment: by('sca_required'),
    });
    expect([approved.status, approved.body.payments[0].kind]).toEqual([202, 'card']);
    const [challenge] = approved.body.payments;
    await fetch(challenge.nextAction.url, {
      method: 'POST',
      body: new URLSearchParams({ decision: 'approve' }),
    });
    await app.settle();
    await app.post(`/v1/payments/${challenge.id}/confirmation`, {}, { token: staff });
    await app.settle();
    expect((await orderAt(approved.body.id)).status).toBe('placed');

    const abandoned = await pay(await basket([thing]), {
      giftCards: [{ code: second.code }],
      payment: by('sca_required'),
    });
    expect(await onCard(second)).toBe(0);
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 1, reserved: 1 });
    app.clock.advance({ minutes: 62 });
    await app.run('ordering.expire_orders');
    await app.settle();
    const gone = await orderAt(abandoned.body.id);
    expect(gone).toMatchObject({ status: 'expired', paymentStatus: 'refunded' });
    expect(kinds(gone.payments)).toEqual([
      ['card', 'canceled', TOTAL - 1000, 0],
      ['gift_card', 'captured', 1000, 1000],
    ]);
    expect(await onCard(second)).toBe(1000);
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 1, reserved: 0 });
  });

  it('lets a person decide about a payment that looks odd, and holds the goods until then', async () => {
    const thing = await goods(app, { stock: 5 });
    const odd = async () => {
      const given = await card(1000);
      const { status, body } = await pay(await basket([thing]), {
        giftCards: [{ code: given.code }],
        payment: by('amount_mismatch'),
      });
      expect([status, body.payments[0].status]).toEqual([202, 'requires_review']);
      return { given, id: body.id as string, payment: body.payments[0].id as string };
    };
    const decide = async (payment: string, decision: string) => {
      const answer = await app.post(
        `/v1/admin/payments/${payment}/review`,
        { decision },
        { token: staff, key: key() },
      );
      expect(answer.status).toBe(200);
      await app.settle();
    };
    const [good, bad] = [await odd(), await odd()];
    // What waits for a person is neither given back with the rest, nor said to be there for it.
    const all = app.database.transaction(() =>
      billing.refundOrder(bad.id, Money.of(1001, 'EUR'), { reason: 'broken', requestedBy: 'house' }),
    );
    await expect(all).rejects.toMatchObject({
      ...{ code: 'billing.refund_exceeds_captured' },
      details: { extra: { maximumRefundable: eur(1000) } },
    });
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 2 });
    await decide(good.payment, 'accept');
    expect((await orderAt(good.id)).status).toBe('placed');
    await decide(bad.payment, 'reject');
    const rejected = await orderAt(bad.id);
    expect(rejected.status).toBe('canceled');
    expect(rejected.history.at(-1).event).toMatch(/review_rejected|payment_refunded/);
    expect(await onCard(bad.given)).toBe(1000);
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 1, reserved: 0 });
  });

  it('refuses what cannot pay, says which, and lets nobody guess', async () => {
    const [dollars, dead, empty, good, thing] = [
      await card(1000, 'USD'),
      await card(1000),
      await card(TOTAL),
      await card(1000),
      await goods(app, { stock: 5 }),
    ];
    await app.post(`/v1/admin/gift-cards/${dead.id}/cancellation`, { reason: 'lost' }, { token: staff });
    expect((await pay(await basket([thing]), { giftCards: [{ code: empty.code }] })).status).toBe(201);
    const cart = await basket([thing]);
    const refused = await pay(cart, {
      giftCards: [good, dollars, dead, empty].map(({ code }) => ({ code })),
      payment: by('ok'),
    });
    expect([refused.status, refused.body.code]).toEqual([422, 'billing.tender_refused']);
    expect(
      refused.body.errors.map(({ pointer, code }: { pointer: string; code: string }) => [pointer, code]),
    ).toEqual([
      ['/giftCards/1/code', 'foreign_currency'],
      ['/giftCards/2/code', 'disabled'],
      ['/giftCards/3/code', 'empty'],
    ]);
    expect(await onCard(good)).toBe(1000);
    const guest = await pay(cart, { storeCredit: true, payment: by('ok') });
    expect(guest.body.errors).toMatchObject([{ pointer: '/storeCredit', code: 'sign_in_required' }]);
    const rich = await customer();
    await credit(rich, 100);
    const much = await pay(
      await basket([thing], rich),
      { storeCredit: { amount: eur(200) }, payment: by('ok') },
      { who: rich },
    );
    expect(much.body.errors).toMatchObject([{ pointer: '/storeCredit/amount', code: 'not_enough' }]);
    expect((await pay(cart, { storeCredit: false, payment: by('ok') })).status).toBe(400);
    expect((await pay(cart, { giftCards: Array.from({ length: 6 }, () => ({ code: 'x' })) })).status).toBe(
      400,
    );
    expect((await pay(cart, {})).body.code).toBe('billing.payment_method_required');
    expect((await app.get(`/v1/admin/orders?email=${rich.email}`, { token: staff })).body.items).toEqual([]);

    const wrong = 'AAAA-AAAA-AAAA-AAAA-AAAA';
    const guesses: Answer[] = [];
    for (let n = 0; n < 13; n++)
      guesses.push(await pay(cart, { giftCards: [{ code: wrong }], payment: by('ok') }));
    expect(guesses[0]?.body.errors).toMatchObject([{ pointer: '/giftCards/0/code', code: 'unknown_code' }]);
    expect(guesses[0]?.text).not.toContain('AAAA');
    expect(guesses.at(-1)?.status).toBe(429);
    // Not told of a right one either; who pays otherwise is not held up.
    expect((await pay(cart, { giftCards: [{ code: good.code }], payment: by('ok') })).status).toBe(429);
    expect((await pay(cart, { payment: by('ok') })).status).toBe(201);
    await app.database.execute('DELETE FROM identity.throttles');
  });

  it('spends a balance once, however many try at the same time', async () => {
    const [exact, thing] = [await card(TOTAL), await goods(app, { stock: 2 * REDEMPTIONS })];
    const carts = await Promise.all(Array.from({ length: REDEMPTIONS }, () => basket([thing])));
    const answers = await Promise.all(carts.map((cart) => pay(cart, { giftCards: [{ code: exact.code }] })));
    const placed = answers.filter(({ status }) => status === 201);
    expect(placed).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 422]));
    expect(await onCard(exact)).toBe(0);
    expect(await stockOf(app, thing)).toEqual({ onHand: 2 * REDEMPTIONS, allocated: 1, reserved: 0 });

    const who = await customer();
    await credit(who, 400, { expiresAt: '2999-01-01T00:00:00Z' });
    await credit(who, 600);
    const credits = app.app.get(StoreCredits);
    const spent = await Promise.all(
      Array.from({ length: 200 }, () =>
        app.database.transaction(async () => {
          const mine = await credits.lock(who.id, 'EUR');
          const of = { orderId: randomUUID(), paymentId: randomUUID() };
          return mine !== null && credits.spend(mine.id, Money.of(30, 'EUR'), of);
        }),
      ),
    );
    expect(spent.filter(Boolean)).toHaveLength(33);
    expect(await onCredit(who)).toBe(10);
    const [{ expiring }] = (await app.get('/v1/me/store-credit', { token: who.token })).body.items;
    expect(expiring).toEqual([]);

    // What ends tomorrow and what is for ever come back as what they were, in however many refunds.
    const [both, paymentId, orderId] = [await customer(), randomUUID(), randomUUID()];
    const tomorrow = new Date(app.clock.now().getTime() + 86_400_000);
    await credit(both, 10_000, { expiresAt: tomorrow.toISOString() });
    await credit(both, 1);
    await app.database.transaction(async () => {
      const mine = await credits.lock(both.id, 'EUR');
      expect(await credits.spend(mine?.id ?? '', Money.of(10_001, 'EUR'), { orderId, paymentId })).toBe(true);
    });
    for (const amount of [1, 4_000, 6_000]) {
      const deed = { actor: 'system', orderId, paymentId, sourceId: randomUUID(), wasCredit: true };
      await app.database.transaction(() => credits.refund(both.id, Money.of(amount, 'EUR'), deed));
    }
    const [back] = (await app.get('/v1/me/store-credit', { token: both.token })).body.items;
    expect(back.balance).toEqual(eur(10_001));
    expect(back.expiring.map(({ amount }: { amount: object }) => amount)).toEqual([eur(4_000), eur(6_000)]);
  });

  it('gives back no more than was paid, however many ask at the same time', async () => {
    const [given, thing] = [await card(400), await goods(app, { stock: 5, price: 510 })];
    const { body } = await pay(await basket([thing]), {
      giftCards: [{ code: given.code }],
      payment: by('ok'),
    });
    expect(body.totals.total).toEqual(eur(1000));
    const refund = (amount: number, to: 'original' | 'store_credit' = 'original') =>
      app.database.transaction(() =>
        billing.refundOrder(body.id, Money.of(amount, 'EUR'), {
          to,
          reason: 'broken',
          requestedBy: 'house',
        }),
      );
    const all = await Promise.allSettled(Array.from({ length: 40 }, () => refund(600)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = all.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));
    expect(new Set(refusals)).toEqual(new Set(['billing.refund_exceeds_captured']));
    await expect(refund(400, 'store_credit')).rejects.toMatchObject({
      code: 'billing.credit_needs_customer',
    });
    await app.settle();
    expect(kinds((await orderAt(body.id)).payments)).toEqual([
      ['card', 'captured', 600, 600],
      ['gift_card', 'captured', 400, 0],
    ]);
    expect(
      await app.database.transaction(() => billing.amountDue(body.id, Money.of(1000, 'EUR'))),
    ).toMatchObject({
      paid: { amount: 400n },
      due: { amount: 600n },
    });
  });

  it('finds a place for money whose gift card was canceled meanwhile', async () => {
    const [hers, guests, thing] = [await card(5000), await card(5000), await goods(app, { stock: 5 })];
    const who = await customer();
    const buyWith = async ({ code, id }: Card, whose?: Customer) => {
      const options = whose ? { who: whose } : {};
      const { body, status } = await pay(await basket([thing], whose), { giftCards: [{ code }] }, options);
      expect(status).toBe(201);
      await app.post(`/v1/admin/gift-cards/${id}/cancellation`, { reason: 'lost' }, { token: staff });
      expect((await cancel(body.id)).status).toBe(201);
      await app.settle();
      return body.id as string;
    };
    await buyWith(hers, who);
    expect(await onCredit(who)).toBe(TOTAL);
    const orderId = await buyWith(guests);
    const { items } = (await app.get(`/v1/admin/refunds?orderId=${orderId}`, { token: staff })).body;
    expect(items).toMatchObject([
      { status: 'failed', failureCode: 'gift_card_canceled', amount: eur(TOTAL) },
    ]);
    const order = await orderAt(orderId);
    expect(order).toMatchObject({ status: 'canceled', paymentStatus: 'paid' });
    // Once the guest has an account, staff can credit it.
    await app.database.transaction(() => billing.giveTo(who.id, [orderId]));
    const credited = await app.post(
      `/v1/admin/payments/${order.payments[0].id}/refunds`,
      { full: true, to: 'store_credit' },
      { token: staff, key: key() },
    );
    expect([credited.status, credited.body.destination]).toEqual([201, 'store_credit']);
    expect(await onCredit(who)).toBe(2 * TOTAL);
  });

  it('pays by all of them what a change of a placed order left due, each once', async () => {
    const who = await customer();
    const [thing, more] = [await goods(app, { stock: 5 }), await goods(app, { price: 2000, stock: 5 })];
    const { body: order } = await pay(await basket([thing], who), { payment: by('ok') }, { who });
    await app.settle();
    const changes = `/v1/admin/orders/${order.id}/changes`;
    const add = async (quantity: number) => {
      const plan = { kind: 'edit', add: [{ variantId: more.variantId, quantity }] };
      const { id } = (await app.post(changes, plan, { token: staff })).body;
      const body = { expectedDifference: eur(2000 * quantity) };
      const done = await app.post(`${changes}/${id}/confirmation`, body, { token: staff, key: key() });
      expect(done.status).toBe(200);
      return id as string;
    };
    const payDue = (body: object, once = key(), as: string | null = who.token) =>
      app.post(`/v1/orders/${order.id}/payments`, body, { key: once, ...(as && { token: as }) });
    const extras = async () =>
      kinds((await orderAt(order.id)).payments.filter((one: { purpose: string }) => one.purpose === 'extra'));

    // A card that is declined leaves what the gift card has paid; then store credit pays, and a card the rest.
    await add(2);
    const tenner = await card(1000);
    await credit(who, 1200);
    const giftCards = [{ code: tenner.code }];
    expect((await payDue({ giftCards: [{ code: 'NO-SUCH-CODE' }] })).body.code).toBe(
      'billing.tender_refused',
    );
    const short = await payDue({ giftCards });
    expect([short.body.code, await onCard(tenner)]).toEqual(['billing.payment_method_required', 1000]);
    expect((await payDue({ giftCards, payment: by('insufficient_funds') })).status).toBe(402);
    expect([(await orderAt(order.id)).amountDue, await onCard(tenner)]).toEqual([eur(3000), 0]);
    const stale = await payDue({ expectedAmount: eur(4000), payment: by('ok') });
    expect([stale.status, stale.body.amountDue]).toEqual([409, eur(3000)]);
    const rest = { expectedAmount: eur(3000), storeCredit: true, payment: by('ok') };
    const once = key();
    const [paid, rival] = await Promise.all([payDue(rest, once), payDue(rest)]);
    expect([paid.status, rival.status].toSorted((a, b) => a - b)).toEqual([201, 409]);
    await app.settle();
    expect(await orderAt(order.id)).toMatchObject({ paymentStatus: 'paid', amountDue: eur(0) });
    expect((await extras()).toSorted()).toEqual([
      ['card', 'captured', 1800, 0],
      ['gift_card', 'captured', 1000, 0],
      ['store_credit', 'captured', 1200, 0],
    ]);
    expect(await onCredit(who)).toBe(0);

    // All of it by a gift card: no gateway is asked, and an open challenge is given up. Somebody else's credit pays nothing.
    await add(1);
    const whole = await card(5000);
    expect((await payDue({ payment: by('sca_required') })).status).toBe(202);
    expect((await payDue({ storeCredit: true }, key(), null)).status).toBe(404);
    const all = key();
    const covered = await Promise.all(
      [1, 2, 3].map(() => payDue({ giftCards: [{ code: whole.code }] }, all)),
    );
    const answered = covered.filter(({ status }) => status === 201);
    expect(answered.length).toBeGreaterThan(0);
    expect((await payDue({ giftCards: [{ code: whole.code }] }, all)).body).toEqual(answered[0]?.body);
    expect(await onCard(whole)).toBe(3000);
    await app.settle();
    const open = await orderAt(order.id);
    expect(open).toMatchObject({ paymentStatus: 'paid', amountDue: eur(0) });
    expect(open.lines.at(-1)).toMatchObject({ quantity: 1, awaitingPaymentQuantity: 0 });

    // What nobody pays to the end is taken off, and what was paid for it goes back.
    const id = await add(1);
    const small = await card(500);
    const half = { giftCards: [{ code: small.code }], payment: by('insufficient_funds') };
    expect([(await payDue(half)).status, await onCard(small)]).toEqual([402, 0]);
    const withdrawn = await app.post(`${changes}/${id}/withdrawal`, undefined, { token: staff, key: key() });
    expect(withdrawn.status).toBe(200);
    await app.settle();
    const { payments, totals } = await orderAt(order.id);
    const kept = (payments as Payment[]).map(({ captured, refunded }) => captured.amount - refunded.amount);
    expect(kept.reduce((sum, amount) => sum + amount, 0)).toBe(totals.total.amount);
  });

  it('asks for a further amount when the order was paid, as often as it takes', async () => {
    const thing = await goods(app, { stock: 5 });
    const { body } = await pay(await basket([thing]), { payment: by('ok') });
    const open = (amount: number, token: string) =>
      app.database.transaction(() =>
        billing.openPayment({
          ...{ orderId: body.id, purpose: 'extra', gateway: 'test', token, amount: Money.of(amount, 'EUR') },
          buyer: { email: 'ada@example.test', name: 'Ada', billingAddress: null },
        }),
      );
    const due = (total: number) => billing.amountDue(body.id, Money.of(total, 'EUR'));
    for (const amount of [300, 200]) {
      const { operationId } = await open(amount, 'ok');
      await expect(open(amount, 'ok')).rejects.toMatchObject({ code: 'billing.payment_in_progress' });
      const outcome = await billing.authorize(operationId);
      await app.database.transaction(() => billing.settle(operationId, outcome));
    }
    await app.settle();
    const { payments, paymentStatus } = await orderAt(body.id);
    expect(
      payments.map(({ purpose, captured }: { purpose: string; captured: object }) => [purpose, captured]),
    ).toEqual([
      ['order', eur(TOTAL)],
      ['extra', eur(300)],
      ['extra', eur(200)],
    ]);
    expect(paymentStatus).toBe('overcharged');
    expect(await due(TOTAL + 600)).toMatchObject({ due: { amount: 100n }, overpaid: { amount: 0n } });
    expect(await due(TOTAL)).toMatchObject({ due: { amount: 0n }, overpaid: { amount: 500n } });
    const shares = await app.database.transaction(() =>
      billing.refundOrder(body.id, Money.of(600, 'EUR'), { reason: 'returned', requestedBy: 'house' }),
    );
    expect(shares.map(({ amount }) => Number(amount.amount))).toEqual([200, 300, 100]);
  });

  it('has credit that ends, is put right by staff with the right to, and goes with the customer', async () => {
    const who = await customer();
    const clerk = await given.staff(app, ['support'], staff);
    const tomorrow = new Date(app.clock.now().getTime() + 86_400_000).toISOString();
    const first = await credit(who, 500, { expiresAt: tomorrow });
    const { id } = first.body;
    expect((await credit(who, 300)).body.id).toBe(id);
    const adjust = (amount: number, token = staff) =>
      app.post(
        `/v1/admin/store-credits/${id}/adjustments`,
        { amount: eur(amount), reason: 'Given twice' },
        { token, key: key() },
      );
    expect((await adjust(-100, clerk.token)).status).toBe(403);
    expect((await adjust(-100)).body).toMatchObject({ balance: eur(700), expiring: [{ amount: eur(400) }] });
    expect((await adjust(50)).body.balance).toEqual(eur(750));
    expect((await adjust(-751)).body).toMatchObject({ status: 409, code: 'billing.store_credit_too_low' });
    for (const wrong of [
      { customerId: randomUUID() },
      { amount: eur(0) },
      { expiresAt: '2001-01-01T00:00:00Z' },
    ])
      expect((await credit(who, 1, wrong)).status).toBe(400);

    app.clock.advance({ days: 2 });
    expect(await onCredit(who)).toBe(350);
    const much = await pay(
      await basket([await goods(app)], who),
      { storeCredit: { amount: eur(351) }, payment: by('ok') },
      { who },
    );
    expect(much.body.errors).toMatchObject([{ code: 'not_enough' }]);
    await app.run('billing.expire_store_credit');
    const entries = (await app.get(`/v1/admin/store-credits/${id}/entries`, { token: staff })).body.items;
    expect(
      entries.map(
        ({
          kind,
          amount,
          balance,
        }: {
          kind: string;
          amount: { amount: number };
          balance: { amount: number };
        }) => [kind, amount.amount, balance.amount],
      ),
    ).toEqual([
      ['expired', -400, 350],
      ['adjusted', 50, 750],
      ['adjusted', -100, 700],
      ['issued', 300, 800],
      ['issued', 500, 500],
    ]);
    const list = await app.get(`/v1/admin/store-credits?customerId=${who.id}`, { token: clerk.token });
    expect(list.body.items).toMatchObject([{ id, balance: eur(350) }]);
    const audited = await app.get(`/v1/admin/audit?subjectId=${id}`, { token: staff });
    expect(audited.body.items.map(({ action }: { action: string }) => action)).toContain(
      'billing.store_credit.adjusted',
    );

    const asked = await app.post(
      '/v1/admin/personal-data/erasures',
      { email: who.email, reason: 'asked by mail' },
      { token: staff, key: key() },
    );
    expect([asked.status, asked.text]).toEqual([202, asked.text]);
    app.clock.advance({ days: 31 });
    await app.run('identity.run_erasures');
    await app.settle();
    const left = await app.get(`/v1/admin/store-credits/${id}`, { token: staff });
    expect(left.body).toMatchObject({ customerId: null, balance: eur(0) });
  });

  describe('and whose request dies', () => {
    const PLACES = [
      'checkout.after_claim',
      'checkout.after_reserve',
      'checkout.after_begin_commit',
      'checkout.before_gateway',
      'billing.before_gateway',
      'billing.after_gateway',
      'checkout.after_gateway',
      'billing.after_settle',
      'checkout.before_settle_commit',
      'checkout.after_settle_commit',
      'checkout.before_answer',
    ];

    /** The request ends at this place, and nothing after it happens. */
    async function diesAt(place: string, work: () => Promise<Answer>): Promise<void> {
      const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
        armFailpoint(null);
        throw new Error(`died at ${place}`);
      });
      armFailpoint(place);
      const { status } = await work();
      armFailpoint(null);
      expect([place, kill.mock.calls.length, status]).toEqual([place, 1, 500]);
      kill.mockRestore();
    }

    it('loses nothing and takes nothing twice, wherever it was and whether somebody repeats it', async () => {
      const things = await goods(app, { stock: 100 });
      const gone: { card: Card; cart: CartInHand }[] = [];
      for (const place of PLACES) {
        const [loyal, other] = [await card(1000), await card(1000)];
        const once = key();
        // No notice of the gateway comes: it could run into the place before the request does.
        const body = (of: Card) => ({ giftCards: [{ code: of.code }], payment: by('ok+drop') });
        const [cart, left] = [await basket([things]), await basket([things])];
        await diesAt(place, () => pay(cart, body(loyal), { once }));
        await diesAt(place, () => pay(left, body(other)));
        gone.push({ card: other, cart: left });
        await app.database.execute(
          `UPDATE platform.idempotency_keys SET locked_until = now() - interval '1 s' WHERE status IS NULL`,
        );
        const answer = await pay(cart, body(loyal), { once });
        expect([place, answer.status]).toEqual([place, 201]);
        expect(kinds(answer.body.payments)).toEqual([
          ['card', 'captured', TOTAL - 1000, 0],
          ['gift_card', 'captured', 1000, 0],
        ]);
        expect(await onCard(loyal)).toBe(0);
      }
      for (const minutes of [6, 26, 31]) {
        app.clock.advance({ minutes });
        await app.run('billing.repair');
        await app.settle();
        await app.run('ordering.expire_orders');
        await app.settle();
      }
      for (const { card: other, cart } of gone) {
        const [order] = await app.database.query<{ id: string }>(
          'SELECT id FROM ordering.orders WHERE cart_id = $1',
          [cart.id],
        );
        const seen = order ? await orderAt(order.id) : null;
        expect(['placed', 'expired', undefined]).toContain(seen?.status);
        expect(await onCard(other)).toBe(seen?.status === 'placed' ? 0 : 1000);
      }
      const { reserved } = await stockOf(app, things);
      expect(reserved).toBe(0);
    });

    it('is placed all the same when nothing was left for a gateway', async () => {
      const [all, thing] = [await card(TOTAL), await goods(app, { stock: 5 })];
      const cart = await basket([thing]);
      await diesAt('checkout.after_begin_commit', () => pay(cart, { giftCards: [{ code: all.code }] }));
      await app.settle();
      const [order] = await app.database.query<{ status: string }>(
        'SELECT status FROM ordering.orders WHERE cart_id = $1',
        [cart.id],
      );
      expect(order?.status).toBe('placed');
    });
  });
});
