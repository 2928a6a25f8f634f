import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { BillingApi } from '../src/billing/billing.api.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { GatewayBook } from './support/gateway-book.js';
import { given } from './support/given.js';
import { untilWaiting } from './support/locks.js';
import {
  berlin,
  type CartInHand,
  checkOut,
  fillCart,
  goods,
  type Goods,
  imbalance,
  key,
  stockOf,
} from './support/purchase.js';

type Body = Answer['body'];
interface Card {
  id: string;
  code: string;
}

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const by = (token: string) => ({ gateway: 'test', token });

describe('paying, when others are at it too', () => {
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
  });
  afterAll(async () => {
    await app?.settle();
    expect(await imbalance(app)).toBeNull();
    await app.close();
  });

  const asStaff = (extra: object = {}) => ({ token: staff, ...extra });
  const orderAt = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/orders/${id}`, asStaff())).body;
  const cancel = (id: string) => app.post(`/v1/orders/${id}/cancellation`, {}, asStaff({ key: key() }));
  const onCard = async ({ id }: Card): Promise<number> =>
    (await app.get(`/v1/admin/gift-cards/${id}`, asStaff())).body.balance.amount;

  async function card(amount: number): Promise<Card> {
    const recipientEmail = `${randomUUID()}@example.test`;
    const { body } = await app.post(
      '/v1/admin/gift-cards',
      { amount: eur(amount), recipientEmail, reason: 'a test' },
      asStaff({ key: key() }),
    );
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === recipientEmail);
    return { id: body.id, code: /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0] ?? '' };
  }

  const pay = (cart: CartInHand, body: object, once = key()): Promise<Answer> =>
    app.post(
      `/v1/carts/${cart.id}/checkout`,
      { shippingAddress: berlin, ...body },
      { key: once, cartToken: cart.token },
    );
  const payAgain = (cart: CartInHand, body: object, once = key()): Promise<Answer> =>
    app.post(`/v1/carts/${cart.id}/checkout`, body, { key: once, cartToken: cart.token });

  /** A draft for a guest that waits for its payment, and the token of its link. */
  async function drafted(thing: Goods): Promise<{ orderId: string; link: string; total: number }> {
    const { body: draft } = await app.post(
      '/v1/admin/draft-orders',
      {
        email: 'guest@example.test',
        currency: 'EUR',
        lines: [{ variantId: thing.variantId, quantity: 1 }],
        shippingAddress: berlin,
      },
      asStaff(),
    );
    const { body } = await app.post(
      `/v1/admin/draft-orders/${draft.id}/placement`,
      { expectedTotal: draft.quote.totals.total, payLater: true },
      asStaff({ key: key() }),
    );
    const link = new URL(body.paymentLink.url).searchParams.get('token') ?? '';
    return { orderId: body.orderId, link, total: body.total.amount };
  }

  const payLink = (token: string, body: object): Promise<Answer> =>
    app.post('/v1/payment-links/payment', { token, ...body }, { key: key() });

  /** The request ends at this place, and nothing after it happens. */
  async function diesAt(place: string, work: () => Promise<Answer>): Promise<void> {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      armFailpoint(null);
      throw new Error(`died at ${place}`);
    });
    armFailpoint(place);
    expect((await work()).status).toBe(500);
    kill.mockRestore();
  }

  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (let turn = 0; turn < 5_000; turn++) {
      const found = await look();
      if (found !== undefined) return found;
      await wait(10);
    }
    throw new Error('it never came');
  }

  /** Until so many wait for a lock in the database. */
  const othersWait = (many = 1): Promise<void> => untilWaiting((sql) => app.database.query(sql), many);

  it('knows all that paid for an order when it takes up an attempt that had died', async () => {
    const gift = await card(1000);
    const cart = await fillCart(app, [await goods(app, { stock: 5 })]);
    const first = key();
    await diesAt('checkout.after_begin_commit', () => pay(cart, { payment: by('ok') }, first));
    app.clock.advance({ minutes: 6 });
    await app.run('billing.repair');
    await app.settle();
    const second = await payAgain(cart, { payment: by('ok'), giftCards: [{ code: gift.code }] });
    expect([second.status, second.body.paymentStatus]).toEqual([201, 'paid']);
    const repeated = await pay(cart, { payment: by('ok') }, first);
    expect([repeated.status, repeated.body.paymentStatus]).toEqual([201, 'paid']);
    expect(repeated.body.payments).toHaveLength(2);
    await app.settle();
    expect(await orderAt(second.body.id)).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
  });

  it('places an order once when the bank tells of the money before its own answer is there', async () => {
    const thing = await goods(app, { stock: 5 });
    const cart = await fillCart(app, [thing]);
    const slow = checkOut(app, cart, { token: 'timeout_after:2000' });
    const { id, orderId } = await until(async () => {
      const [row] = await app.database.query<{ id: string; orderId: string }>(
        `SELECT p.id, p.order_id AS "orderId" FROM billing.payments p JOIN ordering.orders o ON o.id = p.order_id
         WHERE o.cart_id = $1`,
        [cart.id],
      );
      return row;
    });
    await until(async () => {
      const { body } = await app.post(`/v1/payments/${id}/confirmation`, undefined, {
        cartToken: cart.token,
      });
      return body.status === 'captured' || undefined;
    });
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ status: 'placed' });
    const answer = await slow;
    expect([answer.status, answer.body.status]).toEqual([201, 'placed']);
    await app.settle();
    const told = await app.database.query(
      `SELECT FROM platform.events WHERE type = 'ordering.order_placed' AND payload ->> 'orderId' = $1`,
      [orderId],
    );
    expect(told).toHaveLength(1);
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 1, reserved: 0 });
  });

  it('keeps nothing of an order that is canceled while somebody pays it', async () => {
    const [gift, thing] = [await card(1000), await goods(app, { stock: 5 })];
    const { orderId, link } = await drafted(thing);
    // Whoever pays holds the order and waits for the gift card; whoever cancels waits for the order.
    const [paying, canceling] = await app.database.transaction(async () => {
      await app.database.query('SELECT FROM billing.gift_cards WHERE id = $1 FOR UPDATE', [gift.id]);
      const first = payLink(link, { payment: by('insufficient_funds'), giftCards: [{ code: gift.code }] });
      await othersWait();
      const second = cancel(orderId);
      await othersWait(2);
      return [first, second].map((each) => () => each);
    });
    const [paid, canceled] = [await paying?.(), await canceling?.()] as [Answer, Answer];
    expect([paid.status, paid.body.code]).toEqual([402, 'ordering.payment_declined']);
    // What the gateway took is nothing; what the gift card paid stays with the order, as at the till.
    expect([canceled.status, canceled.body.code]).toEqual([409, 'ordering.payment_undecided']);
    expect(await onCard(gift)).toBe(0);
    expect((await cancel(orderId)).status).toBe(201);
    await app.settle();
    expect([(await orderAt(orderId)).status, await onCard(gift)]).toEqual(['canceled', 1000]);

    // Nor of one that was over already, should money find its way to it all the same.
    const other = await card(1000);
    await app.database.transaction(async () => {
      await app.app.get(BillingApi).payOrder({
        ...{ orderId, total: Money.of(1000n, 'EUR'), isNew: false, card: null, storeCredit: null },
        giftCards: [{ code: other.code, pointer: '/giftCards/0' }],
        buyer: { email: 'guest@example.test', name: 'Guest', billingAddress: null },
      });
    });
    await app.settle();
    expect([(await orderAt(orderId)).status, await onCard(other)]).toEqual(['canceled', 1000]);
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
  });

  it('places a draft as it was when its terms were asked for, and no other', async () => {
    const thing = await goods(app, { stock: 5 });
    const { body: draft } = await app.post(
      '/v1/admin/draft-orders',
      {
        ...{ email: 'guest@example.test', currency: 'EUR', shippingAddress: berlin },
        lines: [{ variantId: thing.variantId, quantity: 1 }],
      },
      asStaff(),
    );
    const placing = await app.database.transaction(async () => {
      await app.database.query('SELECT FROM ordering.draft_orders WHERE id = $1 FOR UPDATE', [draft.id]);
      const placed = app.post(
        `/v1/admin/draft-orders/${draft.id}/placement`,
        { expectedTotal: draft.quote.totals.total, payLater: true },
        asStaff({ key: key() }),
      );
      await othersWait();
      await app.database.execute('UPDATE ordering.draft_orders SET version = version + 1 WHERE id = $1', [
        draft.id,
      ]);
      return () => placed;
    });
    expect((await placing()).body.code).toBe('platform.stale_version');
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
  });

  it('buys again what was bought, and neither gifts nor replacements', async () => {
    const things = [await goods(app), await goods(app), await goods(app)] as const;
    const cart = await fillCart(app, [...things]);
    const { body: order } = await checkOut(app, cart);
    // Its invoice is made of what it is, before the rows are bent.
    await app.settle();
    const [bought, gift, again] = things.map(
      ({ variantId }) => order.lines.find((line: Body) => line.variantId === variantId).id as string,
    );
    await app.database.execute('UPDATE ordering.order_lines SET given_by = $2 WHERE id = $1', [
      gift,
      randomUUID(),
    ]);
    await app.database.execute(
      'UPDATE ordering.order_lines SET variant_id = $2, unit_price = 0, tax = 0, total = 0 WHERE id = $1',
      [again, things[0].variantId],
    );
    await app.database.execute('UPDATE ordering.order_lines SET fulfilled = 1, replaced = 1 WHERE id = $1', [
      bought,
    ]);
    const { status, body } = await app.post(`/v1/orders/${order.id}/reorder`, undefined, {
      cartToken: cart.token,
      key: key(),
    });
    expect([status, body.leftOut]).toEqual([201, []]);
    const put = body.cart.lines.map(({ variantId, quantity }: Body) => [variantId, quantity]);
    expect(put).toEqual([[things[0].variantId, 1]]);
  });

  it('expires what can be expired, however much of it cannot', async () => {
    const cart = await fillCart(app, [await goods(app, { stock: 5 })]);
    const { body: refused } = await checkOut(app, cart, { token: 'lost' });
    // As many as are looked at together are stuck, and older than the one that is not.
    await app.database.query(
      `INSERT INTO ordering.orders SELECT (o).* FROM (
         SELECT jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'cart_id', gen_random_uuid(),
           'number', 900000 + n, 'access_hash', null, 'email', 'stuck@example.test',
           'expires_at', o.expires_at - interval '1 day')) AS o
         FROM ordering.orders o, generate_series(1, 200) n WHERE o.id = $1) AS copies`,
      [refused.orderId],
    );
    await app.database.query(`
      CREATE FUNCTION ordering.stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stuck'; END $$`);
    await app.database.query(`
      CREATE TRIGGER stuck BEFORE UPDATE ON ordering.orders FOR EACH ROW
        WHEN (OLD.email = 'stuck@example.test') EXECUTE FUNCTION ordering.stuck()`);
    // What was refused has its time from then on.
    await app.settle();
    app.clock.advance({ minutes: 40 });
    await app.run('ordering.expire_orders');
    expect((await orderAt(refused.orderId)).status).toBe('expired');
    await app.database.query('DROP FUNCTION ordering.stuck CASCADE');
    await app.database.query(`DELETE FROM ordering.orders WHERE email = 'stuck@example.test'`);
  });

  it('sends money of another currency back in that currency', async () => {
    for (const decide of ['reject', 'cancel']) {
      const thing = await goods(app, { stock: 5 });
      const cart = await fillCart(app, [thing]);
      const { status, body: order } = await checkOut(app, cart, { token: 'currency_switch' });
      const { id } = order.payments[0];
      expect([status, order.payments[0].status]).toEqual([202, 'requires_review']);
      const review = (decision: string) =>
        app.post(`/v1/admin/payments/${id}/review`, { decision }, asStaff({ key: key() }));
      expect((await review('accept')).body.code).toBe('billing.review_not_possible');
      const done = decide === 'reject' ? await review('reject') : await cancel(order.id);
      expect([decide, done.status]).toEqual([decide, decide === 'reject' ? 200 : 201]);
      await app.settle();
      const { body: payment } = await app.get(`/v1/admin/payments/${id}`, asStaff());
      expect(payment.status).toBe('canceled');
      const amount = { amount: order.totals.total.amount, currency: 'USD' };
      expect(payment.lateCharges).toMatchObject([{ captured: amount, refunded: amount }]);
      expect((await orderAt(order.id)).status).toBe('canceled');
      expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
    }
  });

  /** As gateways tell of disputes: with the charge, and without an operation of ours. */
  function disputing(of: string, amount: number, fee = Money.of(0n, 'EUR')) {
    const gateway = app.app.get(PaymentGateway);
    const { retrieve } = gateway;
    let status: 'open' | 'won' | 'lost' = 'open';
    let evidenceDueAt: Date | null = null;
    const looks = jest.spyOn(gateway, 'retrieve').mockImplementation(async (ref) => {
      const snapshot = await retrieve.call(gateway, ref);
      const sums = { amount: Money.of(BigInt(amount), 'EUR'), fee, evidenceDueAt };
      const dispute = { ref: `dp_${of}`, status, reason: 'fraudulent', ...sums };
      if (snapshot === null || ref !== of) return snapshot;
      return Object.assign(Object.create(snapshot) as typeof snapshot, { disputes: [dispute] });
    });
    const { parseNotice } = gateway;
    const told = jest.spyOn(gateway, 'parseNotice').mockImplementation(async (raw, signed) =>
      raw.toString() === '{}'
        ? {
            ...{
              eventId: `${of}_${status}_${evidenceDueAt?.getTime()}`,
              type: `dispute.${status}`,
              ref: of,
              operationId: null,
            },
            ...{ version: 10, createdAt: app.clock.now(), position: '0', digest: status },
          }
        : parseNotice.call(gateway, raw, signed),
    );
    const tell = async (next: typeof status, until: Date | null = null): Promise<void> => {
      [status, evidenceDueAt] = [next, until];
      const headers = { 'content-type': 'application/json' };
      expect((await app.post('/v1/gateways/test/webhooks', '{}', { headers })).status).toBe(200);
      await app.settle();
    };
    const end = (): void => {
      looks.mockRestore();
      told.mockRestore();
    };
    return { tell, end };
  }

  it('keeps what a bank disputes of a late charge apart from the charge that counts', async () => {
    const gateway = app.app.get(PaymentGateway);
    const book = await GatewayBook.of(app);
    const cart = await fillCart(app, [await goods(app, { stock: 5 })]);
    const { id } = (await checkOut(app, cart, { token: 'sca_required+drop' })).body.payments[0];
    const read = async (): Promise<Body> => (await app.get(`/v1/admin/payments/${id}`, asStaff())).body;
    const late = (await read()).gatewayRef;
    await book.decide(late, 'approve');
    const { body: order } = await checkOut(app, cart);
    expect(order.status).toBe('placed');
    const refused = { kind: 'declined', code: 'refused', hard: true, advice: 'never' } as const;
    const refunds = jest
      .spyOn(gateway, 'refund')
      .mockResolvedValueOnce({ ...refused, ref: late, version: 9 });
    await app.run('billing.catch_up');
    await app.settle();
    refunds.mockRestore();
    const chargeId = (await read()).lateCharges[0].id;
    const { amount } = (await read()).captured;
    expect((await read()).lateCharges).toMatchObject([{ gatewayRef: late, refundable: eur(amount) }]);

    const { tell, end } = disputing(late, amount);
    await tell('open');
    const { body: disputes } = await app.get(`/v1/admin/disputes?paymentId=${id}`, asStaff());
    expect(disputes.items).toMatchObject([{ chargeId, status: 'open', amount: eur(amount) }]);
    expect(await read()).toMatchObject({ disputed: eur(0), refundable: eur(amount) });
    const refund = (body: object) =>
      app.post(`/v1/admin/payments/${id}/refunds`, body, asStaff({ key: key() }));
    for (const how of [{ full: true }, { amount: eur(1) }])
      expect((await refund({ ...how, chargeId })).body.code).toBe('billing.payment_disputed');
    expect((await refund({ amount: eur(100) })).body.status).toBe('succeeded');

    await tell('lost');
    expect(await read()).toMatchObject({ disputeLost: eur(0), refundable: eur(amount - 100) });
    expect((await read()).lateCharges).toMatchObject([{ refundable: eur(0) }]);
    expect((await refund({ full: true, chargeId })).body.code).toBe('billing.refund_exceeds_captured');
    expect((await refund({ full: true })).body.status).toBe('succeeded');
    await app.settle();
    // What came late was the bank's to give back, and nobody has lost anything of the order.
    const sums = await app.database.query<{ account: string; sum: number }>(
      `SELECT e.account, sum(e.amount)::int AS sum FROM billing.ledger_transactions t
         JOIN billing.ledger_entries e ON e.transaction_id = t.id WHERE t.order_id = $1
          AND e.account = ANY ('{liab:unapplied,liab:refunds_payable,assets:disputes:test,assets:provider:test:clearing}')
        GROUP BY 1 HAVING sum(e.amount) <> 0`,
      [order.id],
    );
    expect(sums).toEqual([]);
    end();
  });

  it('gives back what staff have refused once the bank that disputes it has decided, and nothing beside it', async () => {
    const thing = await goods(app, { stock: 5 });
    const cart = await fillCart(app, [thing]);
    const { body: order } = await checkOut(app, cart, { token: 'amount_mismatch' });
    const { id } = order.payments[0];
    const read = async (): Promise<Body> => (await app.get(`/v1/admin/payments/${id}`, asStaff())).body;
    const { gatewayRef, captured } = await read();
    const { tell, end } = disputing(gatewayRef, captured.amount, Money.of(1500n, 'JPY'));
    await tell('open');
    expect(await read()).toMatchObject({ status: 'requires_review', disputed: captured });
    // The fee is of the account's currency, and the day that evidence is due may be said, or moved, later.
    for (const until of ['2027-03-01T00:00:00.000Z', '2027-04-01T00:00:00.000Z']) {
      await tell('open', new Date(until));
      const { body } = await app.get(`/v1/admin/disputes?paymentId=${id}`, asStaff());
      expect(body.items).toMatchObject([{ fee: { amount: 1500, currency: 'JPY' }, evidenceDueAt: until }]);
    }
    const refuse = { decision: 'reject' };
    expect((await app.post(`/v1/admin/payments/${id}/review`, refuse, asStaff({ key: key() }))).status).toBe(
      200,
    );
    await app.settle();
    expect(await read()).toMatchObject({ status: 'canceled', refunded: eur(0) });
    expect(await orderAt(order.id)).toMatchObject({ status: 'canceled', amountToRefund: captured });
    await tell('won');
    await tell('won');
    expect(await read()).toMatchObject({ disputed: eur(0), refunded: captured });
    expect(await orderAt(order.id)).toMatchObject({ amountToRefund: eur(0) });
    end();
  });

  it('asks the gateway now and then, however often it is told to', async () => {
    const cart = await fillCart(app, [await goods(app)]);
    const { body: order } = await checkOut(app, cart, { token: 'sca_required' });
    const gateway = app.app.get(PaymentGateway);
    const looks = [jest.spyOn(gateway, 'retrieve'), jest.spyOn(gateway, 'findByOperation')];
    const confirm = () =>
      app.post(`/v1/payments/${order.payments[0].id}/confirmation`, undefined, { cartToken: cart.token });
    const answers = await Promise.all(Array.from({ length: 12 }, confirm));
    expect(answers.map(({ body }) => body.status)).toEqual(Array(12).fill('requires_action'));
    expect(looks.flatMap(({ mock }) => mock.calls).length).toBeLessThan(6);
    looks.forEach((look) => look.mockRestore());
  });

  it('gives nothing back twice when a request comes again after a day, and the gateway has forgotten its key', async () => {
    const book = await GatewayBook.of(app);
    const refunds = async (ref: string) =>
      (await book.charge(ref))?.operations.flatMap(({ kind, amount, status }) =>
        kind === 'refund' ? [[amount, status]] : [],
      );
    const { body: order } = await checkOut(app, await fillCart(app, [await goods(app)]));
    const { id } = order.payments[0];
    const ask = (once: string) => () =>
      app.post(
        `/v1/admin/payments/${id}/refunds`,
        { amount: eur(100), reason: 'test' },
        asStaff({ key: once }),
      );
    const ref = (await app.get(`/v1/admin/payments/${id}`, asStaff())).body.gatewayRef;
    const [heard, unheard, alone] = [key(), key(), key()];
    // Of the first the repair hears before it is asked for again, of the second nobody; the third came to nothing.
    await diesAt('billing.after_gateway', ask(heard));
    app.clock.advance({ minutes: 6 });
    await app.run('billing.repair');
    await diesAt('billing.after_gateway', ask(unheard));
    await diesAt('billing.before_gateway', ask(alone));
    app.clock.advance({ minutes: 6 });
    await book.turn({ forgetKeys: true });
    for (const once of [heard, unheard, alone]) {
      const answer = await ask(once)();
      expect([answer.status, answer.body.status]).toEqual([201, 'succeeded']);
    }
    expect(await refunds(ref)).toEqual([1, 2, 3].map(() => [100, 'succeeded']));
    const { body: payment } = await app.get(`/v1/admin/payments/${id}`, asStaff());
    expect(payment.refunded).toEqual(eur(300));
  });

  it('never forgets a refund of which nobody knows what became, and lets notices be that are nothing', async () => {
    const cart = await fillCart(app, [await goods(app)]);
    const { body: order } = await checkOut(app, cart, { token: 'refund_pending:99999999' });
    const { id } = order.payments[0];
    expect((await cancel(order.id)).status).toBe(201);
    await app.settle();
    const seen = async () => {
      const { body } = await app.get(`/v1/admin/payments/${id}`, asStaff());
      return body.operations.find(({ kind }: Body) => kind === 'refund');
    };
    const inNeed = async () =>
      (await app.get('/v1/admin/payments?needsAttention=true', asStaff())).body.items.some(
        (one: Body) => one.id === id,
      );
    for (let day = 1; day <= 14; day++) {
      expect([day, await inNeed()]).toEqual([day, false]);
      app.clock.advance({ days: 1 });
      await app.run('billing.repair');
    }
    // A look that met somebody else at work on the payment is made by the next run.
    for (let more = 0; more < 5 && !(await inNeed()); more++) {
      app.clock.advance({ days: 1 });
      await app.run('billing.repair');
    }
    expect(await inNeed()).toBe(true);
    const stuck = await seen();
    expect(stuck).toMatchObject({ status: 'pending', needsAttentionSince: expect.any(String) });
    expect(new Date(stuck.nextCheckAt).getTime()).toBeGreaterThan(app.clock.now().getTime());
    const again = `/v1/admin/payments/${id}/operations/${stuck.id}/retry`;
    const retried = await app.post(again, undefined, asStaff({ key: key() }));
    expect([retried.status, retried.body.needsAttentionSince, await inNeed()]).toEqual([202, null, false]);
    await app.run('billing.repair');
    expect(new Date((await seen()).nextCheckAt).getTime()).toBeGreaterThan(app.clock.now().getTime());
    const captured = (await app.get(`/v1/admin/payments/${id}`, asStaff())).body.operations[0].id;
    const other = `/v1/admin/payments/${id}/operations/${captured}/retry`;
    expect((await app.post(other, undefined, asStaff({ key: key() }))).status).toBe(404);

    await app.database.execute(
      `INSERT INTO billing.gateway_events (gateway, event_id, type, object_ref, object_version, digest, created_at, received_at, status)
       VALUES ('test', 'evt_odd', 'charge.captured', 'ch_odd', 1, 'x', now(), now(), 'orphan')`,
    );
    const dismiss = (body: object) =>
      app.post('/v1/admin/gateways/test/events/evt_odd/dismissal', body, asStaff({ key: key() }));
    expect((await dismiss({})).status).toBe(400);
    expect((await dismiss({ reason: 'A charge of another shop' })).status).toBe(204);
    expect((await dismiss({ reason: 'Once more' })).status).toBe(404);
    const { body: events } = await app.get('/v1/admin/gateways/test/events', asStaff());
    expect(events.items).toEqual([]);
  });
});
