import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { fetch } from 'undici';
import { BillingApi } from '../src/billing/billing.api.js';
import { gatewayProblems } from '../src/billing/gateway/gateway.errors.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { Invoices } from '../src/billing/invoice/invoices.service.js';
import { MethodCharges } from '../src/billing/payment-method/method-charges.service.js';
import { IntegrityRegistry } from '../src/platform/integrity/integrity.registry.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { GatewayBook } from './support/gateway-book.js';
import { given } from './support/given.js';
import { planInvoice } from './support/invoices.js';
import { untilWaiting } from './support/locks.js';
import {
  berlin,
  buy,
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

const eur = (amount: number) => ({ amount, currency: 'EUR' });
/** Of one piece at 19.99 with its parcel. */
const TOTAL = 2489;

describe('money that is held, kept methods, disputes and transfers', () => {
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp({
      PAYMENT_CAPTURE: 'manual',
      BANK_TRANSFER: 'on',
      BANK_ACCOUNT_HOLDER: 'Guildhall Ltd',
      BANK_IBAN: 'DE89 3704 0044 0532 0130 00',
    });
    staff = await given.admin(app);
  });
  afterAll(async () => {
    await app?.settle();
    expect(await imbalance(app)).toBeNull();
    await app.close();
  });

  const asStaff = () => ({ token: staff, key: key() });
  const paymentAt = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/payments/${id}`, { token: staff })).body;
  const orderAt = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/orders/${id}`, { token: staff })).body;
  const capture = (id: string, body: object): Promise<Answer> =>
    app.post(`/v1/admin/payments/${id}/captures`, body, asStaff());
  const release = (id: string): Promise<Answer> =>
    app.post(`/v1/admin/payments/${id}/void`, undefined, asStaff());
  const refund = (id: string, body: object): Promise<Answer> =>
    app.post(`/v1/admin/payments/${id}/refunds`, body, asStaff());
  const balanceOf = async (account: string): Promise<number> => {
    const [row] = await app.database.query<{ sum: number }>(
      'SELECT coalesce(sum(amount), 0)::int AS sum FROM billing.ledger_entries WHERE account = $1',
      [account],
    );
    return row?.sum ?? 0;
  };

  /** An order whose money is held. */
  async function held(token = 'ok'): Promise<{ orderId: string; id: string; cartToken: string }> {
    const thing = await goods(app, { stock: 5 });
    const { answer, cart } = await buy(app, [thing], { token });
    expect(answer).toMatchObject({ status: 201, body: { status: 'placed', paymentStatus: 'authorized' } });
    expect(await stockOf(app, thing)).toMatchObject({ allocated: 1 });
    return { orderId: answer.body.id, id: answer.body.payments[0].id, cartToken: cart.token };
  }

  /** The codes of new gift cards. */
  async function giftCards(...amounts: number[]): Promise<string[]> {
    const recipients = amounts.map((amount) => ({
      amount: eur(amount),
      recipientEmail: `${key()}@example.test`,
    }));
    for (const one of recipients)
      expect((await app.post('/v1/admin/gift-cards', { ...one, reason: 'a test' }, asStaff())).status).toBe(
        201,
      );
    await app.settle();
    const letters = await app.letters();
    return recipients.map(({ recipientEmail }) => {
      const letter = letters.find(({ to }) => to === recipientEmail);
      return /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0] ?? '';
    });
  }

  /** The same time for the shop and for its gateway. */
  async function pass(time: { days?: number; hours?: number }): Promise<void> {
    app.clock.advance(time);
    await app.app.get(PaymentGateway).moveClock(app.clock.now());
    await app.run('billing.catch_up');
    await app.settle();
  }

  it('is captured in parts, never more than is held, and the rest is let go', async () => {
    const { id, orderId } = await held();
    expect(await balanceOf('memo:authorized')).toBe(TOTAL);
    expect(await paymentAt(id)).toMatchObject({
      status: 'authorized',
      capturable: eur(TOTAL),
      captured: eur(0),
    });

    for (const body of [{}, { amount: eur(1), full: true }, { amount: eur(0) }])
      expect((await capture(id, body)).status).toBe(400);
    expect((await capture(id, { amount: { amount: 1, currency: 'USD' } })).body.code).toBe(
      'billing.capture_amount_required',
    );
    const once = asStaff();
    const first = await app.post(`/v1/admin/payments/${id}/captures`, { amount: eur(1000) }, once);
    expect(first).toMatchObject({
      status: 200,
      body: {
        status: 'authorized',
        captured: eur(1000),
        capturable: eur(TOTAL - 1000),
        refundable: eur(1000),
      },
    });
    const again = await app.post(`/v1/admin/payments/${id}/captures`, { amount: eur(1000) }, once);
    expect(again.text).toBe(first.text);
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ paymentStatus: 'authorized' });

    const tooMuch = await capture(id, { amount: eur(TOTAL - 999) });
    expect(tooMuch).toMatchObject({
      status: 409,
      body: { code: 'billing.capture_exceeds_held', maximumCapturable: eur(TOTAL - 1000) },
    });
    const last = await capture(id, { amount: eur(400), final: true });
    expect(last).toMatchObject({
      status: 200,
      body: { status: 'captured', captured: eur(1400), capturable: eur(0), captureBefore: null },
    });
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ paymentStatus: 'partially_paid' });
    expect(await balanceOf('memo:authorized')).toBe(0);
    expect((await capture(id, { full: true })).body.code).toBe('billing.nothing_held');
    expect((await release(id)).body.code).toBe('billing.nothing_held');
    expect((await refund(id, { full: true })).body).toMatchObject({ status: 'succeeded', amount: eur(1400) });
  });

  it('of twenty captures at once takes what there is, and a capture and a void never both', async () => {
    const { id } = await held();
    const answers = await Promise.all(Array.from({ length: 20 }, () => capture(id, { amount: eur(200) })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12);
    expect(answers.filter(({ body }) => body.code === 'billing.capture_exceeds_held')).toHaveLength(8);
    expect(await paymentAt(id)).toMatchObject({
      status: 'authorized',
      captured: eur(2400),
      capturable: eur(89),
    });
    expect((await capture(id, { full: true })).body).toMatchObject({
      status: 'captured',
      captured: eur(TOTAL),
    });

    for (let round = 0; round < 4; round++) {
      const { id: other, orderId } = await held();
      const [captured, released] = await Promise.all([capture(other, { full: true }), release(other)]);
      expect([captured.status, released.status].sort()).toEqual([200, 409]);
      await app.settle();
      const after = await paymentAt(other);
      expect(after.status).toBe(captured.status === 200 ? 'captured' : 'canceled');
      expect(after.captured.amount).toBe(captured.status === 200 ? TOTAL : 0);
      expect((await orderAt(orderId)).paymentStatus).toBe(captured.status === 200 ? 'paid' : 'voided');
    }
    expect(await balanceOf('memo:authorized')).toBe(0);
  });

  it('goes back as it came when the order is canceled: what was captured, and what was only held', async () => {
    const { id, orderId } = await held();
    expect((await capture(id, { amount: eur(500) })).status).toBe(200);
    const canceled = await app.post(`/v1/orders/${orderId}/cancellation`, {}, asStaff());
    expect(canceled.status).toBe(201);
    await app.settle();
    expect(await paymentAt(id)).toMatchObject({ status: 'captured', captured: eur(500), refunded: eur(500) });
    expect(await orderAt(orderId)).toMatchObject({ status: 'canceled', paymentStatus: 'refunded' });
    expect(await balanceOf('memo:authorized')).toBe(0);
  });

  it('is told of a day before it ends, and ends', async () => {
    const { id, orderId } = await held();
    const { id: caught } = await held();
    const { captureBefore } = await paymentAt(id);
    expect(new Date(captureBefore).getTime() - app.clock.now().getTime()).toBeGreaterThan(6 * 86_400_000);
    await pass({ days: 6, hours: 12 });
    for (let look = 0; look < 2; look++) await app.run('billing.end_holds');
    await app.settle();
    const told = async () =>
      (await orderAt(orderId)).history.filter(({ event }: Body) => event === 'authorization_expiring');
    expect(await told()).toHaveLength(1);
    // The last capture and the end meet: one of them wins.
    app.clock.advance({ hours: 13 });
    const [saved] = await Promise.all([capture(caught, { full: true }), app.run('billing.end_holds')]);
    await pass({ hours: 1 });
    await app.run('billing.end_holds');
    await app.settle();
    expect(await paymentAt(id)).toMatchObject({ status: 'canceled', captured: eur(0), capturable: eur(0) });
    expect(await orderAt(orderId)).toMatchObject({ paymentStatus: 'voided' });
    const won = saved.status === 200 && saved.body.status === 'captured';
    expect((await paymentAt(caught)).status).toBe(won ? 'captured' : 'canceled');
    expect(await balanceOf('memo:authorized')).toBe(0);
  });

  it('is let go again and again where the gateway refuses, with pauses, until a person has to look', async () => {
    const gateway = app.app.get(PaymentGateway);
    const { id } = await held();
    const refused = { kind: 'errored', code: 'not_now', retryable: false } as const;
    const refusing = jest.spyOn(gateway, 'void').mockResolvedValue(refused);
    const asked = jest.spyOn(gateway, 'retrieve').mockResolvedValue(null);
    const tries = async () =>
      (
        await app.database.query(
          `SELECT id FROM billing.operations WHERE payment_id = $1 AND kind = 'void'`,
          [id],
        )
      ).length;
    app.clock.advance({ days: 8 });
    const sent: number[] = [];
    for (const minutes of [0, 4, 1, 19, 1, 79, 1, 319, 1, 1279, 1, 5119, 1, 60_000]) {
      app.clock.advance({ minutes });
      await Promise.all([app.run('billing.end_holds'), app.run('billing.end_holds')]);
      sent.push(await tries());
    }
    expect(sent).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 6]);
    const limbo = (await app.get('/v1/admin/payments/limbo?kind=hold', { token: staff })).body.items;
    refusing.mockRestore();
    asked.mockRestore();
    expect(limbo).toMatchObject([
      { paymentId: id, reason: 'the gateway does not let it go', nextCheckAt: null },
    ]);
    // A person may still do it.
    expect((await release(id)).status).toBe(200);
    await pass({});
    expect(await paymentAt(id)).toMatchObject({ status: 'canceled' });
    expect(await balanceOf('memo:authorized')).toBe(0);
  });

  it('comes too late: a hold is let go, and what was taken goes back', async () => {
    const book = await GatewayBook.of(app);
    const before = await balanceOf('memo:authorized');
    const clearing = await balanceOf('assets:provider:test:clearing');
    // Approved at the bank, of which the shop hears only when another card has paid: the second hold is let go.
    const thing = await goods(app, { stock: 5 });
    const { cart, answer } = await buy(app, [thing], { token: 'sca_required+drop' });
    expect(answer.status).toBe(202);
    const { id } = answer.body.payments[0];
    const first = (await paymentAt(id)).gatewayRef;
    await book.decide(first, 'approve');
    expect((await checkOut(app, cart)).body).toMatchObject({ status: 'placed', paymentStatus: 'authorized' });
    await pass({ hours: 1 });
    expect(await book.charge(first)).toMatchObject({ status: 'voided', captured: 0 });
    expect(await paymentAt(id)).toMatchObject({ status: 'authorized', captured: eur(0) });
    expect((await balanceOf('memo:authorized')) - before).toBe(TOTAL);

    // Captured, of which the shop hears only when it has asked for the order to be canceled.
    await book.turn({ loseAnswers: true, drop: 100 });
    expect((await capture(id, { full: true })).status).toBe(202);
    await book.turn({ drop: 100 });
    const order = answer.body.id;
    const cancel = () => app.post(`/v1/orders/${order}/cancellation`, {}, asStaff());
    expect((await cancel()).body.code).toBe('ordering.payment_undecided');
    await pass({ hours: 1 });
    await app.run('billing.repair');
    await app.settle();
    expect(await paymentAt(id)).toMatchObject({ status: 'captured', captured: eur(TOTAL) });
    expect((await cancel()).status).toBe(201);
    await app.settle();
    expect(await orderAt(order)).toMatchObject({ status: 'canceled', paymentStatus: 'refunded' });
    expect(await balanceOf('memo:authorized')).toBe(before);

    // Taken although another amount was asked for: nothing is held for us.
    const mismatch = await buy(app, [thing], { token: 'amount_mismatch' });
    expect(mismatch.answer).toMatchObject({ status: 402, body: { declineCode: 'amount_mismatch' } });
    await book.turn({});
    await app.settle();
    expect(await paymentAt(mismatch.answer.body.paymentId)).toMatchObject({
      status: 'requires_payment_method',
    });
    expect(await balanceOf('assets:provider:test:clearing')).toBe(clearing);
    expect(await stockOf(app, thing)).toMatchObject({ allocated: 0 });
  });

  it('is taken back by a bank: nothing is refunded beside it, and the books say what was lost', async () => {
    const before = await balanceOf('expense:bad_debt');
    const lost = await held('dispute_lost');
    const won = await held('dispute_won');
    for (const { id } of [lost, won]) expect((await capture(id, { full: true })).status).toBe(200);
    await pass({ days: 3, hours: 1 });
    const { items } = (await app.get('/v1/admin/disputes?status=open', { token: staff })).body;
    expect(items).toHaveLength(2);
    expect(await balanceOf('assets:disputes:test')).toBe(2 * TOTAL);
    for (const { id, orderId } of [lost, won]) {
      expect(await paymentAt(id)).toMatchObject({ disputed: eur(TOTAL), disputeLost: eur(0) });
      expect((await refund(id, { full: true })).body.code).toBe('billing.payment_disputed');
      expect((await orderAt(orderId)).history.at(-1)).toMatchObject({ event: 'dispute_opened' });
    }
    await pass({ days: 8 });
    expect(await balanceOf('assets:disputes:test')).toBe(0);
    // No invoice had taken it: the bank gave the buyer back what was the buyer's, and nobody has lost or owes anything.
    expect((await balanceOf('expense:bad_debt')) - before).toBe(0);
    const [owed] = await app.database.query<{ sum: number }>(
      `SELECT sum(e.amount)::int AS sum FROM billing.ledger_transactions t
         JOIN billing.ledger_entries e ON e.transaction_id = t.id WHERE t.order_id = $1 AND e.account = 'liab:unapplied'`,
      [lost.orderId],
    );
    expect(owed?.sum).toBe(0);
    expect(await paymentAt(lost.id)).toMatchObject({
      disputed: eur(0),
      disputeLost: eur(TOTAL),
      refundable: eur(0),
    });
    expect((await refund(lost.id, { full: true })).body.code).toBe('billing.refund_exceeds_captured');
    expect((await refund(won.id, { amount: eur(100) })).body).toMatchObject({ status: 'succeeded' });
    const [first] = (await app.get(`/v1/admin/disputes?paymentId=${lost.id}`, { token: staff })).body.items;
    const read = await app.get(`/v1/admin/disputes/${first.id}`, { token: staff });
    expect(read.body).toMatchObject({ status: 'lost', amount: eur(TOTAL) });
    expect(read.body.fee.amount).toBeGreaterThan(0);
    expect((await orderAt(lost.orderId)).history.at(-1)).toMatchObject({ event: 'dispute_lost' });
  });

  it('is taken back in another amount than was said first: the books follow, and close with the decision', async () => {
    const gateway = app.app.get(PaymentGateway);
    const { retrieve } = gateway;
    let amount = TOTAL;
    const told = jest.spyOn(gateway, 'retrieve').mockImplementation(async (ref) => {
      const snapshot = await retrieve.call(gateway, ref);
      if (snapshot === null) return null;
      const disputes = snapshot.disputes.map((one) => ({ ...one, amount: Money.of(amount, 'EUR') }));
      return Object.assign(Object.create(snapshot) as typeof snapshot, { disputes });
    });
    const [lost, won] = [await held('dispute_lost'), await held('dispute_won')];
    for (const { id } of [lost, won]) expect((await capture(id, { full: true })).status).toBe(200);
    await pass({ days: 3, hours: 1 });
    expect(await balanceOf('assets:disputes:test')).toBe(2 * TOTAL);
    amount = TOTAL - 300;
    await pass({ days: 8 });
    expect(await balanceOf('assets:disputes:test')).toBe(0);
    expect(await paymentAt(lost.id)).toMatchObject({ disputed: eur(0), disputeLost: eur(TOTAL - 300) });
    expect(await paymentAt(won.id)).toMatchObject({ disputed: eur(0), disputeLost: eur(0) });
    // What is decided is decided about what was disputed then.
    amount = TOTAL;
    await pass({ days: 1 });
    expect(await balanceOf('assets:disputes:test')).toBe(0);
    told.mockRestore();
  });

  it('of a canceled order waits for the bank: what is won goes back by itself, what is lost is owed to nobody', async () => {
    const gateway = app.app.get(PaymentGateway);
    const { retrieve } = gateway;
    const orders: Body[] = [];
    for (const [token, disputed] of [
      ['dispute_won', 900],
      ['dispute_lost', TOTAL - 400],
    ] as const) {
      const [code] = await giftCards(400);
      const thing = await goods(app, { stock: 5 });
      const { answer } = await buy(app, [thing], { token, body: { giftCards: [{ code }] } });
      const [card, gift] = answer.body.payments;
      expect((await capture(card.id, { full: true })).status).toBe(200);
      const { gatewayRef: ref } = await paymentAt(card.id);
      orders.push({ id: answer.body.id, card: card.id, gift: gift.id, ref, disputed, thing });
    }
    const told = jest.spyOn(gateway, 'retrieve').mockImplementation(async (ref) => {
      const snapshot = await retrieve.call(gateway, ref);
      const disputed = orders.find((order) => order.ref === ref)?.disputed;
      if (snapshot === null || disputed === undefined) return snapshot;
      const disputes = snapshot.disputes.map((one) => ({ ...one, amount: Money.of(disputed, 'EUR') }));
      return Object.assign(Object.create(snapshot) as typeof snapshot, { disputes });
    });
    await pass({ days: 3, hours: 1 });
    const cancel = (id: string) => app.post(`/v1/orders/${id}/cancellation`, {}, asStaff());
    for (const { id, card, gift, disputed, thing } of orders) {
      expect(await paymentAt(card)).toMatchObject({ disputed: eur(disputed) });
      expect((await cancel(id)).body).toMatchObject({ status: 'canceled' });
      // The fact that the gift card has its money again looks for the rest of it, which waits.
      await app.settle();
      expect(await paymentAt(gift)).toMatchObject({ refunded: eur(400) });
      expect((await paymentAt(card)).operations).toHaveLength(2);
      expect(await orderAt(id)).toMatchObject({ status: 'canceled', amountToRefund: eur(TOTAL - 400) });
      expect(await stockOf(app, thing)).toMatchObject({ allocated: 0, reserved: 0 });
    }
    const limbo = async (): Promise<Body[]> =>
      (await app.get('/v1/admin/payments/limbo?limit=100', { token: staff })).body.items
        .filter(({ paymentId }: Body) => orders.some(({ card }) => card === paymentId))
        .map(({ kind, amount, reason }: Body) => [kind, amount.amount, reason]);
    expect((await limbo()).sort()).toEqual([
      ['dispute', TOTAL - 400, 'fraudulent'],
      ['dispute', 900, 'fraudulent'],
      ['unapplied', TOTAL - 400 - 900, 'a bank disputes the rest'],
    ]);
    const soundly = async (): Promise<void> => {
      const checks = app.app
        .get(IntegrityRegistry)
        .inTurn()
        .filter(({ subjectType }) => subjectType === 'order');
      for (const { look } of checks) expect(await look(orders.map(({ id }) => id))).toEqual([]);
    };
    await soundly();
    await pass({ days: 8 });
    told.mockRestore();
    const [won, lost] = orders;
    expect(await paymentAt(won?.card)).toMatchObject({ disputeLost: eur(0), refunded: eur(TOTAL - 400) });
    expect(await paymentAt(lost?.card)).toMatchObject({ disputeLost: eur(TOTAL - 400), refunded: eur(0) });
    for (const { id } of orders) expect(await orderAt(id)).toMatchObject({ amountToRefund: eur(0) });
    expect(await limbo()).toEqual([]);
    await soundly();
    expect(await app.database.query("SELECT FROM platform.deliveries WHERE state <> 'done'")).toEqual([]);
  });

  it('is neither captured nor refunded in amounts that the gateway cannot take, and what slips through stays free', async () => {
    const { id } = await held();
    const gateway = app.app.get(PaymentGateway);
    const refused = (pointer = '') =>
      gatewayProblems.amount_not_representable(undefined, {
        errors: [{ pointer, code: 'odd', message: 'is odd' }],
      });
    const asked = jest.spyOn(gateway, 'assertRepresentable').mockImplementation((amount, pointer) => {
      if (amount.amount % 10n !== 0n) throw refused(pointer);
    });
    const problem = { code: 'billing.amount_not_representable', errors: [{ pointer: '/amount' }] };
    expect(await capture(id, { amount: eur(1001) })).toMatchObject({ status: 422, body: problem });
    expect((await capture(id, { amount: eur(1000) })).body).toMatchObject({ capturable: eur(TOTAL - 1000) });
    expect(await refund(id, { amount: eur(501) })).toMatchObject({ status: 422, body: problem });
    const sent = jest.spyOn(gateway, 'refund').mockImplementation(async () => Promise.reject(refused()));
    expect(await refund(id, { amount: eur(500) })).toMatchObject({ status: 201, body: { status: 'failed' } });
    for (const spy of [asked, sent]) spy.mockRestore();
    expect(await paymentAt(id)).toMatchObject({ refundable: eur(1000) });
  });

  it('for a change is not given up while it is being captured, and is seen by whoever confirms one', async () => {
    const { orderId, id, cartToken } = await held();
    expect((await capture(id, { full: true })).status).toBe(200);
    await app.settle();
    const changes = `/v1/admin/orders/${orderId}/changes`;
    const confirm = async (plan: object) => {
      const { body: draft } = await app.post(changes, plan, { token: staff });
      const { difference: expectedDifference } = (
        await app.get(`${changes}/${draft.id}/preview`, { token: staff })
      ).body;
      return {
        draft,
        confirm: () => app.post(`${changes}/${draft.id}/confirmation`, { expectedDifference }, asStaff()),
      };
    };
    const { variantId } = await goods(app, { stock: 5 });
    const more = await confirm({ kind: 'edit', add: [{ variantId, quantity: 1 }] });
    expect((await more.confirm()).status).toBe(200);
    const rule = { name: 'All', mode: 'live', outcome: 'review', conditions: { itemsAtLeast: 1 } };
    const { id: ruleId } = (await app.post('/v1/admin/fraud-rules', rule, { token: staff })).body;
    const tender = { payment: { gateway: 'test', token: 'ok' } };
    await app.post(`/v1/orders/${orderId}/payments`, tender, { cartToken, key: key() });
    expect((await app.delete(`/v1/admin/fraud-rules/${ruleId}`, { token: staff })).status).toBe(204);
    const extra = (await orderAt(orderId)).payments.find(({ purpose }: Body) => purpose === 'extra');
    expect(extra).toMatchObject({ status: 'requires_review' });
    const book = await GatewayBook.of(app);
    await book.turn({ outage: true });
    expect(
      (await app.post(`/v1/admin/payments/${extra.id}/review`, { decision: 'accept' }, asStaff())).status,
    ).toBe(202);
    const withdrawal = await app.post(`${changes}/${more.draft.id}/withdrawal`, undefined, asStaff());
    expect(withdrawal.body.code).toBe('ordering.payment_undecided');
    await book.turn({ outage: false });
    for (let look = 0; look < 3; look++) {
      app.clock.advance({ minutes: 10 });
      await app.run('billing.repair');
      await app.settle();
    }
    expect(await orderAt(orderId)).toMatchObject({
      paymentStatus: 'paid',
      amountDue: eur(0),
      amountToRefund: eur(0),
    });

    // Nothing is decided over payments that were opened meanwhile.
    const other = await held();
    expect((await release(other.id)).status).toBe(200);
    await app.settle();
    const [code] = await giftCards(TOTAL);
    const path = `/v1/admin/orders/${other.orderId}/changes`;
    const plan = { kind: 'edit', add: [{ variantId, quantity: 1 }] };
    const { body: draft } = await app.post(path, plan, { token: staff });
    const { difference } = (await app.get(`${path}/${draft.id}/preview`, { token: staff })).body;
    const billing = app.app.get(BillingApi);
    let confirming: Promise<Answer> | undefined;
    await app.database.transaction(async () => {
      await billing.lockPaymentsOf(other.orderId);
      await billing.payOrder({
        ...{
          orderId: other.orderId,
          total: Money.of(TOTAL, 'EUR'),
          isNew: false,
          purpose: 'extra',
          card: null,
        },
        ...{
          giftCards: [{ code: code ?? '', pointer: '/giftCards/0' }],
          storeCredit: null,
          customerId: null,
        },
        ...{
          buyer: { email: 'ada@example.test', name: 'Ada', billingAddress: null },
          accessHash: null,
          screening: null,
        },
      });
      confirming = app.post(
        `${path}/${draft.id}/confirmation`,
        { expectedDifference: difference },
        asStaff(),
      );
      confirming.catch(() => undefined);
      await untilWaiting((sql) => app.database.query(sql));
    });
    expect((await confirming)?.body.code).toBe('ordering.payment_undecided');
    await app.settle();
  });

  it('is charged to methods that customers keep, with and without them', async () => {
    const ada = await given.customer(app);
    const mine = async (): Promise<Body[]> =>
      (await app.get('/v1/me/payment-methods', { token: ada.token })).body.items;
    const add = (token: string, extra: object = {}, once = key()): Promise<Answer> =>
      app.post(
        '/v1/me/payment-methods',
        { gateway: 'test', token, ...extra },
        { token: ada.token, key: once },
      );

    // Two at once make one customer at the gateway, and each is kept once.
    const once = key();
    const [plain, other] = await Promise.all([add('ok', {}, once), add('ok+card=2')]);
    expect([plain.status, other.status]).toEqual([201, 201]);
    expect((await add('ok', {}, once)).body).toEqual(plain.body);
    expect(await mine()).toHaveLength(2);
    expect((await mine()).filter(({ isDefault }) => isDefault)).toHaveLength(1);
    const refs = await app.database.query('SELECT ref FROM billing.gateway_customers');
    expect(refs).toHaveLength(1);
    expect((await add('lost')).body).toMatchObject({
      code: 'billing.payment_method_declined',
      declineCode: 'lost_card',
    });
    expect((await add('ok', { gateway: 'other' })).body).toMatchObject({
      ...{ code: 'billing.unknown_gateway', errors: [{ pointer: '/gateway' }] },
      detail: expect.stringContaining('use `test`'),
    });

    // The bank asks first.
    const asked = await add('sca_required', { makeDefault: true });
    expect(asked).toMatchObject({ status: 202, body: { status: 'requires_action', methodId: null } });
    const confirm = (who = ada.token) =>
      app.post(`/v1/me/payment-method-setups/${asked.body.id}/confirmation`, undefined, { token: who });
    expect((await confirm()).body.status).toBe('requires_action');
    const stranger = await given.customer(app);
    expect((await confirm(stranger.token)).status).toBe(404);
    await fetch(asked.body.nextAction.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'decision=approve',
      redirect: 'manual',
    });
    const kept = (await confirm()).body;
    expect(kept).toMatchObject({ status: 'succeeded', nextAction: null });
    expect((await mine()).find(({ isDefault }) => isDefault)?.id).toBe(kept.methodId);

    // Kept at the checkout, of whoever is signed in.
    const thing = await goods(app, { stock: 5 });
    const cartOf = async (token: string): Promise<string> => {
      const lines = [{ variantId: thing.variantId, quantity: 1 }];
      return (await app.post('/v1/carts', { currency: 'EUR', lines }, { token })).body.id;
    };
    const buy = (cartId: string, payment: object, token = ada.token): Promise<Answer> =>
      app.post(
        `/v1/carts/${cartId}/checkout`,
        { payment: { gateway: 'test', ...payment }, shippingAddress: berlin },
        { token, key: key() },
      );
    const bought = await buy(await cartOf(ada.token), { token: 'ok+card=3', save: true });
    expect(bought.status).toBe(201);
    expect(await mine()).toHaveLength(4);

    // And used there again, by nobody else; the bank may ask, since the customer is there to answer.
    const foreign = await cartOf(stranger.token);
    const taken = await buy(foreign, { methodId: plain.body.methodId }, stranger.token);
    expect(taken).toMatchObject({
      status: 409,
      body: { code: 'billing.no_payment_method', errors: [{ pointer: '/payment/methodId' }] },
    });
    const [again, asking] = [await cartOf(ada.token), kept.methodId];
    const both = await buy(again, { methodId: plain.body.methodId, token: 'ok' });
    expect(both.body.errors).toMatchObject([{ pointer: '/payment/methodId', code: 'not_both' }]);
    const questioned = await buy(again, { methodId: asking });
    expect([questioned.status, questioned.body.status]).toEqual([202, 'pending_payment']);
    expect(questioned.body.payments[0].nextAction.url).toMatch(/^http/);
    const withKept = await buy(await cartOf(ada.token), { methodId: plain.body.methodId });
    expect([withKept.status, withKept.body.status]).toEqual([201, 'placed']);
    expect(await mine()).toHaveLength(4);
    const guests = await fillCart(app, [thing]);
    const nobody = await checkOut(app, guests, {
      body: { payment: { gateway: 'test', methodId: plain.body.methodId } },
    });
    expect(nobody.body.errors).toMatchObject([{ pointer: '/payment/methodId', code: 'sign_in_required' }]);

    // Without the customer: charged at once, declined with advice, or left to the customer.
    const invoice = async () => {
      const wanted = app.database.transaction(() => app.app.get(Invoices).finalize(planInvoice(1900)));
      return (await wanted).invoiceId;
    };
    const charge = async (methodId: string | null, given: string | null = null, minor = 1900) => {
      const invoiceId = given ?? (await invoice());
      const { id: customerId } = (await app.get('/v1/me', { token: ada.token })).body;
      const amount = Money.of(minor, 'EUR');
      const { paymentId, operationId } = await app.database.transaction(() =>
        app.app.get(MethodCharges).open({ purpose: 'invoice', invoiceId, customerId, methodId, amount }),
      );
      const billing = app.app.get(BillingApi);
      const outcome = await billing.authorize(operationId);
      await app.database.transaction(() => billing.settle(operationId, outcome));
      return paymentAt(paymentId);
    };
    const invoiceId = await invoice();
    const paid = await charge(plain.body.methodId, invoiceId);
    expect(paid).toMatchObject({ status: 'captured', captured: eur(1900), orderId: null, invoiceId });
    await expect(charge(plain.body.methodId, invoiceId)).rejects.toMatchObject({
      code: 'billing.payment_already_captured',
    });
    // In parts, by one payment after the other, and never more than is due; also when two come at once.
    const parts = await invoice();
    expect(await charge(plain.body.methodId, parts, 700)).toMatchObject({ status: 'captured' });
    await expect(charge(plain.body.methodId, parts, 1201)).rejects.toMatchObject({
      code: 'billing.charge_exceeds_due',
      details: { extra: { maximumChargeable: eur(1200) } },
    });
    const rest = await Promise.allSettled([1, 2, 3].map(() => charge(plain.body.methodId, parts, 1200)));
    expect(rest.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await app.settle();
    await expect(charge(plain.body.methodId, parts, 1)).rejects.toMatchObject({
      code: 'billing.payment_already_captured',
    });
    const authenticate = await charge(kept.methodId);
    expect(authenticate).toMatchObject({
      ...{ status: 'requires_action', nextAction: null, declineCode: 'authentication_required' },
      operations: [{ status: 'failed', advice: 'authenticate', nextCheckAt: null }],
    });
    const hollow = (await add('attach_ok_charge_fails')).body.methodId;
    const declined = await charge(hollow);
    expect(declined).toMatchObject({ status: 'requires_payment_method', operations: [{ status: 'failed' }] });
    expect(declined.operations[0].advice).not.toBeNull();
    await expect(charge(randomUUID())).rejects.toMatchObject({ code: 'billing.no_payment_method' });
    expect((await refund(paid.id, { full: true })).body).toMatchObject({
      status: 'succeeded',
      orderId: null,
    });

    // What is removed is gone here and at the gateway, and another one takes its place.
    const remove = (id: string, token = ada.token) => app.delete(`/v1/me/payment-methods/${id}`, { token });
    expect((await remove(kept.methodId, stranger.token)).status).toBe(404);
    expect((await remove(kept.methodId)).status).toBe(204);
    expect((await remove(kept.methodId)).status).toBe(404);
    expect((await mine()).filter(({ isDefault }) => isDefault)).toHaveLength(1);
    const chosen = await app.post(`/v1/me/payment-methods/${plain.body.methodId}/default`, undefined, {
      token: ada.token,
    });
    expect(chosen.body).toMatchObject({ id: plain.body.methodId, isDefault: true });
    await app.settle();
    const left = await app.database.query('SELECT id FROM billing.payment_methods WHERE customer_id IS NULL');
    expect(left).toEqual([]);
  });

  it('comes by transfer or in cash: too little leaves the rest due, too much can be given back', async () => {
    const receive = (orderId: string, body: object): Promise<Answer> =>
      app.post(`/v1/admin/orders/${orderId}/payments`, body, asStaff());
    const transfer = (amount: number, reference: string) => ({
      ...{ method: 'bank_transfer', amount: eur(amount), reference },
    });
    const promised = async (): Promise<{ orderId: string; thing: Goods; cart: CartInHand }> => {
      const thing = await goods(app, { stock: 5 });
      const cart = await fillCart(app, [thing]);
      const answer = await app.post(
        `/v1/carts/${cart.id}/checkout`,
        { payment: { gateway: 'bank_transfer' }, shippingAddress: berlin },
        { key: key(), cartToken: cart.token },
      );
      const { number } = answer.body;
      expect(answer).toMatchObject({
        status: 202,
        body: {
          status: 'pending_payment',
          transfer: { iban: 'DE89370400440532013000', reference: number, amount: eur(TOTAL) },
        },
      });
      return { orderId: answer.body.id, thing, cart };
    };
    const bank = await balanceOf('assets:bank');
    const { orderId, thing } = await promised();
    // It waits for days, with its goods.
    app.clock.advance({ days: 6 });
    await app.run('ordering.expire_orders');
    expect(await stockOf(app, thing)).toMatchObject({ reserved: 1 });
    for (const [body, pointer] of [
      [{ ...transfer(0, 'zero') }, '/amount'],
      [{ ...transfer(5, 'dollars'), amount: { amount: 5, currency: 'USD' } }, '/amount'],
      [{ ...transfer(5, 'later'), receivedAt: '2099-01-01T00:00:00Z' }, '/receivedAt'],
      // A slip of the year would be the first month of the books.
      [{ ...transfer(5, 'long ago'), receivedAt: '0206-11-21T10:00:00Z' }, '/receivedAt'],
    ] as const)
      expect((await receive(orderId, body)).body.errors[0].pointer).toBe(pointer);
    const part = await receive(orderId, transfer(1000, 'line 1'));
    expect(part).toMatchObject({
      status: 201,
      body: { orderStatus: 'pending_payment', paymentStatus: 'partially_paid', due: eur(TOTAL - 1000) },
    });
    expect((await receive(orderId, transfer(1000, 'line 1'))).body.code).toBe('billing.receipt_known');
    // Of one line of the statement that is sent in by five at once, one counts.
    const same = await Promise.all(
      Array.from({ length: 5 }, () => receive(orderId, transfer(400, 'line 1b'))),
    );
    const codes = same.map(({ status, body }) => (status === 201 ? 201 : body.code)).sort();
    expect(codes).toEqual([201, ...Array.from({ length: 4 }, () => 'billing.receipt_known')]);
    // Two at once, of which each would do.
    const again = async (body: object): Promise<Answer> => {
      const answer = await receive(orderId, body);
      return answer.body.code === 'billing.receipt_in_progress' ? again(body) : answer;
    };
    const both = await Promise.all([
      again(transfer(TOTAL - 1400, 'line 2')),
      again({ ...transfer(TOTAL - 1400, 'till 1'), method: 'cash' }),
    ]);
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ status: 'placed', paymentStatus: 'overcharged' });
    expect(await stockOf(app, thing)).toMatchObject({ reserved: 0, allocated: 1 });
    expect((await balanceOf('assets:bank')) - bank).toBe(TOTAL);
    const cash = both[1].body.paymentId;
    const given = await refund(cash, { amount: eur(TOTAL - 1400) });
    expect(given).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(await balanceOf('assets:cash')).toBe(0);
    // All that was too much is back, and nothing of its goods.
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ paymentStatus: 'paid', amountToRefund: eur(0) });
    expect((await receive(orderId, transfer(1, 'tip'))).body).toMatchObject({ overpaid: eur(1) });
    // What a piece less costs goes back, and the tip is still too much.
    const [line] = (await orderAt(orderId)).lines;
    const sent = await app.post(`/v1/admin/orders/${orderId}/fulfilments`, {}, asStaff());
    expect(sent.status).toBe(201);
    const changes = `/v1/admin/orders/${orderId}/changes`;
    const back = [{ lineId: line.id, quantity: 1, restockAt: 'main' }];
    const plan = (await app.post(changes, { kind: 'return', back }, { token: staff })).body;
    const { difference } = (await app.get(`${changes}/${plan.id}/preview`, { token: staff })).body;
    const made = { expectedDifference: difference };
    expect((await app.post(`${changes}/${plan.id}/confirmation`, made, asStaff())).status).toBe(200);
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ paymentStatus: 'overcharged', amountToRefund: eur(1) });
    expect((await receive(orderId, transfer(99, 'tip 2'))).body).toMatchObject({
      ...{ paymentStatus: 'overcharged', due: eur(0), overpaid: eur(100) },
    });
    const ofOrders = app.app
      .get(IntegrityRegistry)
      .inTurn()
      .filter(({ subjectType }) => subjectType === 'order');
    for (const { look } of ofOrders) expect(await look([orderId])).toEqual([]);

    // Nobody transfers: the goods are free again, and what came of it waits for a person.
    const late = await promised();
    expect((await receive(late.orderId, transfer(1, 'line 3'))).status).toBe(201);
    app.clock.advance({ days: 8 });
    await app.run('ordering.expire_orders');
    await app.settle();
    expect(await orderAt(late.orderId)).toMatchObject({ status: 'expired' });
    expect(await stockOf(app, late.thing)).toMatchObject({ reserved: 0, allocated: 0 });
    const failed = (await app.get(`/v1/admin/refunds?orderId=${late.orderId}`, { token: staff })).body.items;
    expect(failed).toMatchObject([{ status: 'failed', failureCode: 'pay_by_hand' }]);

    // Whoever has promised a transfer may still pay by card, and nothing is awaited twice.
    const changed = await promised();
    const card = await checkOut(app, changed.cart);
    expect(card).toMatchObject({ status: 201, body: { paymentStatus: 'authorized' } });
    expect(card.body.payments).toHaveLength(1);
  });

  it('is not taken twice when it comes in cash while a page or a hold is open: what is not needed is let go', async () => {
    const receive = (orderId: string, amount: number): Promise<Answer> =>
      app.post(
        `/v1/admin/orders/${orderId}/payments`,
        { method: 'cash', amount: eur(amount), reference: key() },
        asStaff(),
      );
    const paid = { status: 'placed', paymentStatus: 'paid', amountDue: eur(0), amountToRefund: eur(0) };
    const before = await balanceOf('memo:authorized');

    // A part in cash leaves the hold, which is more than enough; all of it lets it go, once, and nobody can capture it any more.
    const first = await held();
    expect((await receive(first.orderId, 1000)).body).toMatchObject({ due: eur(0), overpaid: eur(0) });
    await app.settle();
    expect(await paymentAt(first.id)).toMatchObject({ status: 'authorized', capturable: eur(TOTAL) });
    const all = await receive(first.orderId, TOTAL - 1000);
    expect(all.body).toMatchObject({ paymentStatus: 'paid', due: eur(0), overpaid: eur(0) });
    expect((await capture(first.id, { full: true })).status).toBe(409);
    await app.settle();
    const letGo = await paymentAt(first.id);
    expect(letGo).toMatchObject({ status: 'canceled', captured: eur(0) });
    expect(letGo.operations.filter(({ kind }: Body) => kind === 'void')).toHaveLength(1);
    expect(await orderAt(first.orderId)).toMatchObject(paid);
    expect(await balanceOf('memo:authorized')).toBe(before);

    // At the bank's page, and approved there before the shop has withdrawn it: what comes so goes back by itself.
    const book = await GatewayBook.of(app);
    const { orderId, id, cartToken } = await held();
    expect((await release(id)).status).toBe(200);
    await app.settle();
    const atThePage = async (): Promise<Body> => {
      const tender = { payment: { gateway: 'test', token: 'sca_required+drop' } };
      const asked = await app.post(`/v1/orders/${orderId}/payments`, tender, { cartToken, key: key() });
      expect(asked.status).toBe(202);
      const page = asked.body.payments.find(({ status }: Body) => status === 'requires_action');
      return paymentAt(page.id);
    };
    const page = await atThePage();
    // It asks for more than is due by now.
    expect((await receive(orderId, 400)).body).toMatchObject({ due: eur(TOTAL - 400) });
    await app.settle();
    expect(await paymentAt(page.id)).toMatchObject({ status: 'canceled' });
    expect(await book.charge(page.gatewayRef)).toMatchObject({ status: 'voided' });
    const other = await atThePage();
    expect(other).toMatchObject({ amount: eur(TOTAL - 400) });
    await book.decide(other.gatewayRef, 'approve');
    expect((await receive(orderId, TOTAL - 400)).body).toMatchObject({
      paymentStatus: 'paid',
      overpaid: eur(0),
    });
    await pass({ hours: 1 });
    await app.run('billing.repair');
    await app.settle();
    expect(await paymentAt(other.id)).toMatchObject({
      ...{ status: 'canceled', captured: eur(0) },
      lateCharges: [{ captured: eur(TOTAL - 400), refunded: eur(TOTAL - 400) }],
    });
    expect(await orderAt(orderId)).toMatchObject(paid);
  });

  it('is due again where a hold ended without all of it, and is paid at the order or by a link, once', async () => {
    const { orderId, id, cartToken } = await held();
    const links = `/v1/admin/orders/${orderId}/payment-links`;
    const byCard = (token: string) => ({ payment: { gateway: 'test', token } });
    const payOrder = (order: string, body: object, token: string): Promise<Answer> =>
      app.post(`/v1/orders/${order}/payments`, body, { cartToken: token, key: key() });
    const evenWith = async (order: string, paid: number): Promise<void> => {
      await app.settle();
      expect(await orderAt(order)).toMatchObject({
        status: 'placed',
        paymentStatus: 'paid',
        amountDue: eur(0),
      });
      const { items } = (await app.get(`/v1/admin/invoices?orderId=${order}`, { token: staff })).body;
      expect(items).toMatchObject([{ state: 'paid', total: eur(paid) }]);
      await soundly(order);
    };
    const soundly = async (order: string): Promise<void> => {
      const checks = app.app
        .get(IntegrityRegistry)
        .inTurn()
        .filter(({ subjectType }) => subjectType === 'order');
      for (const { look } of checks) expect(await look([order])).toEqual([]);
    };
    const address = { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' };
    const seller = { name: 'Guildhall', vatId: 'DE136695976', address };
    expect((await app.put('/v1/admin/seller-profile', seller, asStaff())).status).toBe(200);
    // As long as it is held nothing is due.
    expect((await app.post(links, {}, asStaff())).body.code).toBe('ordering.nothing_due');
    expect((await release(id)).status).toBe(200);
    await app.settle();
    const voided = { status: 'placed', paymentStatus: 'voided', amountDue: eur(TOTAL) };
    expect(await orderAt(orderId)).toMatchObject(voided);
    const made = await app.post(links, {}, asStaff());
    expect(made).toMatchObject({ status: 201, body: { amountDue: eur(TOTAL) } });
    const link = new URL(made.body.url).searchParams.get('token') ?? '';
    const payLink = (body: object): Promise<Answer> =>
      app.post('/v1/payment-links/payment', { token: link, ...body }, { key: key() });
    // A declined card leaves it as it was, but for what a gift card has paid: nothing is sent for a part.
    const [small] = await giftCards(500);
    const declined = await payLink({ ...byCard('insufficient_funds'), giftCards: [{ code: small }] });
    expect([declined.status, declined.body.code]).toEqual([402, 'ordering.payment_declined']);
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ ...voided, amountDue: eur(TOTAL - 500) });
    expect((await app.post(`/v1/admin/orders/${orderId}/fulfilments`, {}, asStaff())).status).toBe(409);
    await soundly(orderId);
    const both = await Promise.all([payLink(byCard('ok')), payOrder(orderId, byCard('ok'), cartToken)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(both.find(({ status }) => status === 409)?.body.code).toMatch(/payment_in_progress|nothing_due/);
    await evenWith(orderId, TOTAL);
    expect((await payLink(byCard('ok'))).body.code).toBe('ordering.nothing_due');
    expect((await orderAt(orderId)).payments.map(({ captured }: Body) => captured.amount).sort()).toEqual(
      [0, TOTAL - 500, 500].sort(),
    );

    // Captured in part, the rest let go: the shopper pays it, of two at once with enough on either gift card one.
    const other = await held();
    expect((await capture(other.id, { amount: eur(1000), final: true })).status).toBe(200);
    await app.settle();
    const wrong = { ...byCard('ok'), expectedAmount: eur(TOTAL) };
    expect((await payOrder(other.orderId, wrong, other.cartToken)).body).toMatchObject({
      code: 'ordering.due_changed',
      amountDue: eur(TOTAL - 1000),
    });
    const codes = await giftCards(2000, 2000);
    const paying = await app.database.transaction(async () => {
      await app.database.query('SELECT FROM billing.payments WHERE id = $1 FOR UPDATE', [other.id]);
      const all = codes.map((code) => payOrder(other.orderId, { giftCards: [{ code }] }, other.cartToken));
      await untilWaiting((sql) => app.database.query(sql), 2);
      return all.map((each) => () => each);
    });
    const answers = await Promise.all(paying.map((each) => each()));
    expect(answers.map(({ status, body }) => (status === 201 ? 201 : body.code)).sort()).toEqual([
      201,
      'ordering.nothing_due',
    ]);
    await evenWith(other.orderId, TOTAL);
  });

  it('is taken to another invoice when the one of an order that goes on was made void', async () => {
    const { orderId, id } = await held();
    await app.settle();
    const invoices = async (): Promise<Body[]> =>
      (await app.get(`/v1/admin/invoices?orderId=${orderId}`, { token: staff })).body.items;
    const [wrong] = await invoices();
    expect(wrong).toMatchObject({ state: 'open', due: eur(TOTAL) });
    const voided = await app.post(
      `/v1/admin/invoices/${wrong?.id}/voidance`,
      { reason: 'Not the buyer’s name' },
      asStaff(),
    );
    expect(voided.status).toBe(200);
    await app.settle();
    const states = async () => (await invoices()).map(({ state, due }) => [state, due.amount]).sort();
    expect(await states()).toEqual([
      ['open', TOTAL],
      ['void', 0],
    ]);
    expect((await capture(id, { full: true })).status).toBe(200);
    await app.settle();
    expect(await states()).toEqual([
      ['paid', 0],
      ['void', 0],
    ]);
  });
});
