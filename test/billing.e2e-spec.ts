import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { BillingApi, type PaymentView } from '../src/billing/billing.api.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import { GatewayBook } from './support/gateway-book.js';
import { given } from './support/given.js';
import { checkOut, fillCart, goods } from './support/purchase.js';

const EUR = (amount: number) => Money.of(amount, 'EUR');
const buyer = { email: 'ada@example.test', name: 'Ada Lovelace', billingAddress: null };
const hashOf = (token: string) => createHash('sha256').update(token).digest();

interface JournalEntry {
  operationId: string;
  ref: string;
  what: string;
  moved: number;
}

/** What the gateway signs its notices to a shop with. */
async function webhookSecret(shop: TestApp): Promise<string> {
  const [row] = await shop.database.query<{ account: string }>(
    'SELECT account FROM billing.gateway_accounts',
  );
  return createHmac('sha256', shop.config.key('gateway-webhooks'))
    .update(row?.account ?? '')
    .digest('hex');
}

const realSeconds = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);

const noticeAbout = (ref: string, operationId: string, fields: object = {}) => ({
  id: `evt_${randomUUID()}`,
  sequence: 1,
  type: 'charge.captured',
  createdAt: new Date(realSeconds() * 1000).toISOString(),
  data: { ref, operationId, version: 9, status: 'captured', amount: 100, currency: 'EUR', ...fields },
});

const sendNotice = (
  shop: TestApp,
  body: string,
  { t = realSeconds(), key, code = 'test' }: { t?: number; key: string; code?: string },
) =>
  shop.post(`/v1/gateways/${code}/webhooks`, body, {
    headers: {
      'content-type': 'application/json',
      'gateway-signature': `t=${t},v1=${createHmac('sha256', key).update(`${t}.${body}`).digest('hex')}`,
    },
  });

type Answers = (path: string) => Promise<{ status: number; body: object } | null>;

/** Stands between a shop and the gateway, and answers in its place what a test wants answered. */
class Between {
  /** Null lets the gateway itself answer. */
  instead: Answers = () => Promise.resolve(null);
  private readonly server = createServer((request, reply) => void this.pass(request, reply));

  constructor(private readonly gateway: string) {}

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** What the gateway itself says. */
  async ask(path: string, authorization: string): Promise<{ status: number; body: object }> {
    const answer = await fetch(`${this.gateway}${path}`, { headers: { authorization } });
    return { status: answer.status, body: (await answer.json()) as object };
  }

  private async pass(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const { url = '/', method = 'GET' } = request;
    const content = await text(request);
    const instead = await this.instead(url);
    if (instead) {
      reply
        .writeHead(instead.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(instead.body));
      return;
    }
    const headers = Object.fromEntries(
      ['authorization', 'content-type', 'idempotency-key'].flatMap((name) => {
        const value = request.headers[name];
        return typeof value === 'string' ? [[name, value]] : [];
      }),
    );
    const answer = await fetch(`${this.gateway}${url}`, {
      method,
      headers,
      ...(content && { body: content }),
    });
    reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }
}

describe('billing', () => {
  let app: TestApp;
  let billing: BillingApi;
  let staff: string;
  let nobody: string;

  beforeAll(async () => {
    app = await startApp({ GATEWAY_TIMEOUT_MS: '500' });
    billing = app.app.get(BillingApi, { strict: false });
    staff = await given.admin(app);
    nobody = (await given.customer(app)).token;
  });
  afterAll(() => app?.close());

  interface Paid {
    orderId: string;
    paymentId: string;
    operationId: string;
    attempt: number;
    view: PaymentView;
  }
  interface How {
    orderId?: string;
    amount?: Money;
    cartToken?: string;
    customerId?: string;
  }

  const open = (
    card: string,
    { orderId = randomUUID(), amount = EUR(100), cartToken, customerId }: How = {},
  ) =>
    app.database.transaction(async () => ({
      orderId,
      ...(await billing.openPayment({
        orderId,
        amount,
        gateway: 'test',
        token: card,
        buyer,
        customerId,
        accessHash: cartToken === undefined ? null : hashOf(cartToken),
      })),
    }));

  /** What checkout does: open and commit, ask the gateway, take in the outcome. */
  async function pay(card: string, how: How = {}): Promise<Paid> {
    const opened = await open(card, how);
    const outcome = await billing.authorize(opened.operationId);
    const view = await app.database.transaction(() => billing.settle(opened.operationId, outcome));
    return { ...opened, view };
  }

  const present = async (paymentId: string) => (await billing.payment(paymentId)) as PaymentView;

  /** Webhooks come when they come: looks until it is so, and fails when it never is. */
  async function eventually(isSo: () => Promise<boolean>): Promise<void> {
    for (let look = 0; look < 1_000; look++) {
      if (await isSo()) return app.settle();
      await wait(10);
    }
    const open = await app.database.query(
      `SELECT consumer, last_error FROM platform.deliveries WHERE state <> 'done'`,
    );
    throw new Error(`it never came to be: ${JSON.stringify(open)}`);
  }
  const becomes = (paymentId: string, status: string) =>
    eventually(async () => (await present(paymentId)).status === status);

  const one = async <R extends object>(sql: string, ...values: unknown[]): Promise<R> => {
    const [row] = await app.database.query<R>(sql, values);
    if (row === undefined) throw new Error(`no row: ${sql}`);
    return row;
  };
  const count = async (sql: string, ...values: unknown[]) =>
    Number((await one<{ count: string }>(`SELECT count(*) FROM ${sql}`, ...values)).count);
  const facts = (type: string, paymentId: string) =>
    count(`platform.events WHERE type = $1 AND payload->>'paymentId' = $2`, type, paymentId);
  const postings = async (paymentId: string) =>
    (
      await app.database.query<{ kind: string }>(
        'SELECT kind FROM billing.ledger_transactions WHERE payment_id = $1 ORDER BY id',
        [paymentId],
      )
    ).map(({ kind }) => kind);

  /** What the gateway itself has written down about an operation. */
  async function journal(operationId: string): Promise<JournalEntry[]> {
    const answer = await fetch(`${app.config.testGatewayUrl}/journal`);
    const { entries } = (await answer.json()) as { entries: JournalEntry[] };
    return entries.filter((entry) => entry.operationId === operationId);
  }

  const decide = (view: PaymentView, decision: 'approve' | 'deny') =>
    fetch(view.nextAction?.url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ decision }),
    });

  const detail = async (paymentId: string) =>
    (await app.get(`/v1/admin/payments/${paymentId}`, { token: staff })).body;

  const refund = (paymentId: string, body: object, key: string = randomUUID(), as = staff) =>
    app.post(`/v1/admin/payments/${paymentId}/refunds`, body, { token: as, key });

  afterEach(async () => {
    const sums = await app.database.query<{ sum: string }>(
      'SELECT sum(amount) FROM billing.ledger_entries GROUP BY currency HAVING sum(amount) <> 0',
    );
    expect(sums).toEqual([]);
  });

  describe('a payment', () => {
    it.each([
      ['ok', 'captured', null],
      ['decline_generic', 'requires_payment_method', 'generic_decline'],
      ['insufficient_funds', 'requires_payment_method', 'insufficient_funds'],
      ['expired', 'requires_payment_method', 'expired_card'],
      ['lost', 'requires_payment_method', 'lost_card'],
      ['processing_error', 'requires_payment_method', 'processing_error'],
      ['nobody_knows_this', 'requires_payment_method', 'invalid_payment_method'],
      ['sca_required', 'requires_action', null],
      ['amount_mismatch', 'requires_review', null],
      ['currency_switch', 'requires_review', null],
      ['timeout_before', 'processing', null],
      ['timeout_after+drop', 'processing', null],
      ['http_500_before', 'processing', null],
      ['http_500_after+drop', 'processing', null],
      ['reset_after+drop', 'processing', null],
      ['async_ok:60000', 'processing', null],
    ])('with the token %s is %s', async (card, status, declineCode) => {
      const { view } = await pay(card);
      expect(view).toMatchObject({ status, declineCode });
    });

    it('is captured once, with its books and its fact', async () => {
      const paid = await pay('ok');
      await app.settle();
      const again = await billing.authorize(paid.operationId);
      const view = await app.database.transaction(() => billing.settle(paid.operationId, again));
      expect(view).toMatchObject({ status: 'captured', captured: EUR(100), refunded: EUR(0) });
      expect(await postings(paid.paymentId)).toEqual(['payment_captured']);
      expect(await facts('billing.payment_captured', paid.paymentId)).toBe(1);
      expect(await journal(paid.operationId)).toMatchObject([{ what: 'charge.captured', moved: 100 }]);
    });

    it('takes another attempt after a decline, and none after it is paid', async () => {
      const declined = await pay('insufficient_funds');
      const paid = await pay('ok', { orderId: declined.orderId });
      expect(paid).toMatchObject({ paymentId: declined.paymentId, attempt: 2, view: { status: 'captured' } });
      await expect(open('ok', { orderId: declined.orderId })).rejects.toMatchObject({
        code: 'billing.payment_already_captured',
      });
    });

    it('takes no second attempt while the first is unknown', async () => {
      const { orderId } = await pay('timeout_after+drop');
      await expect(open('ok', { orderId })).rejects.toMatchObject({
        code: 'billing.payment_in_progress',
        status: 409,
      });
    });

    it('takes one of many attempts that come at once', async () => {
      const { orderId } = await pay('lost');
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => open('ok', { orderId })));
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('keeps the amount that it was opened for', async () => {
      const { orderId } = await pay('lost');
      await expect(open('ok', { orderId, amount: EUR(99) })).rejects.toMatchObject({
        code: 'billing.payment_amount_frozen',
      });
    });

    it('knows only the gateway of this shop', async () => {
      const opening = app.database.transaction(() =>
        billing.openPayment({ orderId: randomUUID(), amount: EUR(1), gateway: 'other', token: 'ok', buyer }),
      );
      await expect(opening).rejects.toMatchObject({ code: 'billing.unknown_gateway', status: 422 });
    });

    it('needs few statements: one to open, one to send, two to settle', async () => {
      await pay('ok');
      const spies = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'execute')];
      const { orderId, operationId } = await pay('ok+drop');
      const mine = spies
        .flatMap((spy) => spy.mock.calls)
        .filter(([, values]) => values?.some((value) => value === orderId || value === operationId));
      expect(mine).toHaveLength(4);
      spies.forEach((spy) => spy.mockRestore());
    });

    it('is never asked for with a transaction open', async () => {
      const { operationId } = await open('ok');
      await expect(app.database.transaction(() => billing.authorize(operationId))).rejects.toThrow(
        /transaction open/,
      );
      expect(await journal(operationId)).toEqual([]);
    });

    it('changes only in a transaction', async () => {
      const { operationId } = await open('ok');
      await expect(billing.settle(operationId, { kind: 'unknown', cause: 'x' })).rejects.toThrow(
        /transaction/,
      );
    });

    it('that the gateway cannot be asked for was certainly not made', async () => {
      const { paymentId, operationId } = await open('ok');
      const outcome = { kind: 'errored', code: 'gateway_unreachable', retryable: true } as const;
      await app.database.transaction(() => billing.settle(operationId, outcome));
      expect(await present(paymentId)).toMatchObject({
        status: 'requires_payment_method',
        declineCode: 'gateway_unreachable',
      });
    });

    it('leaves no personal data and no token in its facts', async () => {
      const { operationId, orderId } = await pay('ok');
      await app.settle();
      expect(await count(`platform.events WHERE payload::text ~* 'ada@|lovelace'`)).toBe(0);
      const row = await one<{ token: string | null }>(
        'SELECT token FROM billing.operations WHERE id = $1',
        operationId,
      );
      expect(row.token).toBeNull();
      expect(await billing.paymentsOf([orderId])).toHaveLength(1);
    });
  });

  describe('an outcome that nobody heard', () => {
    it.each(['timeout_after', 'http_500_after', 'reset_after'])(
      'after %s is told by the webhook',
      async (card) => {
        const paid = await pay(card);
        await becomes(paid.paymentId, 'captured');
        expect(await postings(paid.paymentId)).toEqual(['payment_captured']);
      },
    );

    it.each(['timeout_after', 'http_500_after', 'reset_after'])(
      'after %s is found by the repair job',
      async (card) => {
        const paid = await pay(`${card}+drop`);
        await app.run('billing.repair');
        expect((await present(paid.paymentId)).status).toBe('processing');
        app.clock.advance({ minutes: 6 });
        await app.run('billing.repair');
        expect((await present(paid.paymentId)).status).toBe('captured');
        expect(await postings(paid.paymentId)).toEqual(['payment_captured']);
        expect((await journal(paid.operationId)).map(({ what }) => what)).toEqual(['charge.captured']);
        await app.settle();
        expect(await facts('billing.payment_captured', paid.paymentId)).toBe(1);
      },
    );

    it('of a request that never arrived ends the attempt, and the shopper may try again', async () => {
      const paid = await pay('timeout_before');
      app.clock.advance({ minutes: 6 });
      await app.run('billing.repair');
      expect(await present(paid.paymentId)).toMatchObject({
        status: 'requires_payment_method',
        declineCode: 'not_received',
      });
      const again = await pay('ok', { orderId: paid.orderId });
      expect(again.view.status).toBe('captured');
    });

    it('of a process that died before asking ends the attempt too', async () => {
      const { paymentId } = await open('ok');
      app.clock.advance({ minutes: 6 });
      await app.run('billing.repair');
      expect(await present(paymentId)).toMatchObject({ status: 'requires_payment_method' });
    });

    it('is repaired once by many workers', async () => {
      const paid = await pay('timeout_after+drop');
      app.clock.advance({ minutes: 6 });
      await Promise.all(Array.from({ length: 5 }, () => app.run('billing.repair')));
      expect(await postings(paid.paymentId)).toEqual(['payment_captured']);
    });

    it('whose webhook was lost is caught up with', async () => {
      const paid = await pay('async_ok:20+drop');
      await eventually(async () => (await journal(paid.operationId)).length === 2);
      await app.run('billing.catch_up');
      await app.settle();
      expect((await present(paid.paymentId)).status).toBe('captured');
    });
  });

  describe('a method that takes its time', () => {
    it.each([
      ['async_ok:30', 'captured'],
      ['async_fail:30', 'requires_payment_method'],
      ['async_ok:30+dup=4', 'captured'],
      ['async_ok:30+dup=3+shuffle=100', 'captured'],
      ['async_ok:30+delay=150', 'captured'],
    ])('%s ends as %s, once', async (card, status) => {
      const paid = await pay(card);
      await becomes(paid.paymentId, status);
      await app.settle();
      const captured = status === 'captured' ? 1 : 0;
      expect(await postings(paid.paymentId)).toHaveLength(captured);
      expect(await facts('billing.payment_captured', paid.paymentId)).toBe(captured);
    });
  });

  describe('3-D Secure', () => {
    const confirm = (paymentId: string, cartToken: string) =>
      app.post(`/v1/payments/${paymentId}/confirmation`, {}, { cartToken });

    it('captures when the shopper approves and comes back', async () => {
      const cartToken = randomUUID();
      const { paymentId, view } = await pay('sca_required+drop', { cartToken });
      expect((await confirm(paymentId, cartToken)).body).toMatchObject({
        status: 'requires_action',
        nextAction: { type: 'redirect', url: view.nextAction?.url },
      });
      const page = await (await fetch(view.nextAction?.url ?? '')).text();
      expect(page).toContain('<strong>1.00 EUR</strong>');
      await decide(view, 'approve');
      const answer = await confirm(paymentId, cartToken);
      expect(answer).toMatchObject({ status: 200, body: { status: 'captured', nextAction: null } });
      expect((await confirm(paymentId, cartToken)).body.status).toBe('captured');
      await app.settle();
      expect(await facts('billing.payment_captured', paymentId)).toBe(1);
    });

    it('captures by webhook when the shopper never comes back', async () => {
      const { paymentId, view } = await pay('sca_required');
      await decide(view, 'approve');
      await becomes(paymentId, 'captured');
    });

    it.each([
      ['sca_required', 'deny', 'authentication_failed'],
      ['sca_then_decline', 'approve', 'insufficient_funds'],
    ] as const)('%s that ends in %s may be tried again', async (card, decision, declineCode) => {
      const cartToken = randomUUID();
      const { paymentId, view, orderId } = await pay(`${card}+drop`, { cartToken });
      await decide(view, decision);
      expect((await confirm(paymentId, cartToken)).body).toMatchObject({
        status: 'requires_payment_method',
        declineCode,
      });
      expect((await pay('ok', { orderId })).view.status).toBe('captured');
    });

    it('that the shopper walked away from is closed by the next attempt', async () => {
      const first = await pay('sca_required');
      const second = await pay('ok', { orderId: first.orderId });
      expect(second).toMatchObject({ paymentId: first.paymentId, view: { status: 'captured' } });
      await app.settle();
      const late = await decide(first.view, 'approve');
      expect(await late.text()).toContain('voided');
      expect(await postings(first.paymentId)).toEqual(['payment_captured']);
    });

    it('gives the money back when the abandoned challenge is approved after all', async () => {
      const first = await pay('sca_required+drop');
      // Approved before our void arrives: the gateway has the money twice.
      const opened = await open('ok', { orderId: first.orderId });
      await decide(first.view, 'approve');
      const outcome = await billing.authorize(opened.operationId);
      await app.database.transaction(() => billing.settle(opened.operationId, outcome));
      await app.run('billing.catch_up');
      await app.settle();
      app.clock.advance({ minutes: 6 });
      await app.run('billing.repair');
      await app.settle();
      expect(await present(first.paymentId)).toMatchObject({ captured: EUR(100), refunded: EUR(0) });
      const [late] = (await detail(first.paymentId)).lateCharges;
      expect(late).toMatchObject({
        id: first.operationId,
        captured: { amount: 100, currency: 'EUR' },
        refunded: { amount: 100, currency: 'EUR' },
      });
    });
  });

  describe('canceling', () => {
    const cancel = (orderId: string) =>
      app.database.transaction(() => billing.cancelFor(orderId, 'order canceled'));

    it('ends a payment that was not made', async () => {
      const { orderId, paymentId } = await pay('lost');
      expect(await cancel(orderId)).toEqual({ canceled: true });
      expect(await cancel(orderId)).toEqual({ canceled: true });
      await app.settle();
      expect((await present(paymentId)).status).toBe('canceled');
      expect(await facts('billing.payment_canceled', paymentId)).toBe(1);
    });

    it('says yes when there is nothing to end', async () => {
      expect(await cancel(randomUUID())).toEqual({ canceled: true });
    });

    it('waits while the outcome is unknown', async () => {
      const { orderId } = await pay('timeout_after+drop');
      expect(await cancel(orderId)).toEqual({ canceled: false });
    });

    it('refunds what was captured, once', async () => {
      const { orderId, paymentId } = await pay('ok');
      expect(await cancel(orderId)).toEqual({ canceled: true });
      expect(await cancel(orderId)).toEqual({ canceled: true });
      await app.settle();
      expect(await present(paymentId)).toMatchObject({ status: 'captured', refunded: EUR(100) });
      expect(await postings(paymentId)).toEqual(['payment_captured', 'refund_accepted', 'refund_settled']);
    });

    it('closes an open challenge', async () => {
      const { orderId, paymentId, view } = await pay('sca_required');
      expect(await cancel(orderId)).toEqual({ canceled: true });
      await app.settle();
      await decide(view, 'approve');
      expect(await present(paymentId)).toMatchObject({ status: 'canceled', captured: EUR(0) });
    });

    it('gives back another amount than was owed, and leaves nothing to review', async () => {
      const { orderId, paymentId } = await pay('amount_mismatch');
      expect(await cancel(orderId)).toEqual({ canceled: true });
      await app.settle();
      expect(await present(paymentId)).toMatchObject({ status: 'canceled', refunded: EUR(101) });
      // Of another currency, too: it goes back in that.
      expect(await cancel((await pay('currency_switch')).orderId)).toEqual({ canceled: true });
    });

    it('gives back money that comes too late', async () => {
      const { operationId, paymentId } = await open('ok');
      const outcome = await billing.authorize(operationId);
      await app.database.execute(`UPDATE billing.payments SET status = 'canceled' WHERE id = $1`, [
        paymentId,
      ]);
      await app.database.transaction(() => billing.settle(operationId, outcome));
      await app.settle();
      expect(await present(paymentId)).toMatchObject({
        status: 'canceled',
        captured: EUR(0),
        refunded: EUR(0),
      });
      expect((await detail(paymentId)).lateCharges).toMatchObject([
        { refunded: { amount: 100, currency: 'EUR' }, refundable: { amount: 0, currency: 'EUR' } },
      ]);
      expect(await facts('billing.payment_captured', paymentId)).toBe(0);
    });
  });

  describe('money that comes when its payment is paid by another charge', () => {
    const money = (amount: number, currency = 'EUR') => ({ amount, currency });

    /** An attempt that seemed not to arrive, a second one that paid; the truth about the first is not heard yet. */
    async function payAround(card: string): Promise<Paid & { late: string; lateRef: string }> {
      const { operationId: late, orderId } = await open(`${card}+drop`);
      await billing.authorize(late);
      const lost = { kind: 'errored', code: 'gateway_unreachable', retryable: true } as const;
      await app.database.transaction(() => billing.settle(late, lost));
      const paid = await pay('ok', { orderId });
      return { ...paid, late, lateRef: (await journal(late))[0]?.ref ?? '' };
    }

    async function payTwice(card: string): Promise<Paid & { late: string; lateRef: string }> {
      const paid = await payAround(card);
      await app.run('billing.catch_up');
      await app.settle();
      return paid;
    }

    it('goes back by itself, and the payment reads as paid', async () => {
      const { paymentId, orderId, late, lateRef } = await payTwice('ok');
      expect(await detail(paymentId)).toMatchObject({
        status: 'captured',
        captured: money(100),
        refunded: money(0),
        refundable: money(100),
        lateCharges: [
          { id: late, gatewayRef: lateRef, captured: money(100), refunded: money(100), refundable: money(0) },
        ],
      });
      const { items } = (await app.get(`/v1/admin/refunds?paymentId=${paymentId}`, { token: staff })).body;
      expect(items).toMatchObject([{ orderId, chargeId: late, reason: 'late_payment', status: 'succeeded' }]);
      expect(await postings(paymentId)).toEqual([
        'payment_captured',
        'payment_captured',
        'refund_accepted',
        'refund_settled',
      ]);
      // What was paid can still be refunded in full, and goes to the charge that paid.
      expect((await refund(paymentId, { full: true })).body).toMatchObject({
        chargeId: null,
        status: 'succeeded',
        amount: money(100),
      });
      expect((await refund(paymentId, { full: true, chargeId: late })).body).toMatchObject({
        code: 'billing.refund_exceeds_captured',
        maximumRefundable: money(0),
      });
    });

    it('is given back by staff from its own charge when the gateway refused', async () => {
      const { paymentId, operationId, late } = await payTwice('refund_fail_once');
      expect(await detail(paymentId)).toMatchObject({
        captured: money(100),
        lateCharges: [{ id: late, refunded: money(0), refundable: money(100) }],
      });
      const tooMuch = await refund(paymentId, { amount: money(101), chargeId: late });
      expect(tooMuch).toMatchObject({ status: 409, body: { maximumRefundable: money(100) } });
      const part = await refund(paymentId, { amount: money(60), chargeId: late });
      expect(part).toMatchObject({ status: 201, body: { chargeId: late, status: 'succeeded' } });
      expect((await refund(paymentId, { full: true, chargeId: late })).body.amount).toEqual(money(40));
      expect(await detail(paymentId)).toMatchObject({
        status: 'captured',
        refunded: money(0),
        refundable: money(100),
        lateCharges: [{ refunded: money(100), refundable: money(0) }],
      });
      const moved = async (of: string) => {
        const { body } = await app.get(`/v1/admin/payments/${paymentId}`, { token: staff });
        const ref = (await journal(of))[0]?.ref;
        return body.operations
          .filter(
            (each: { kind: string; gatewayRef: string }) => each.kind === 'refund' && each.gatewayRef === ref,
          )
          .map((each: { status: string; amount: { amount: number } }) => [each.status, each.amount.amount]);
      };
      expect(await moved(late)).toEqual([
        ['failed', 100],
        ['succeeded', 60],
        ['succeeded', 40],
      ]);
      expect(await moved(operationId)).toEqual([]);
    });

    it.each([
      [{ amount: money(60) }, money(60)],
      [{ full: true }, money(100)],
    ])('is never given back beyond what its charge took, however many ask for %j', async (body, refunded) => {
      const { paymentId, late } = await payTwice('refund_fail_once');
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => refund(paymentId, { ...body, chargeId: late })),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([201, ...Array.from({ length: 11 }, () => 409)]);
      expect((await detail(paymentId)).lateCharges).toMatchObject([{ refunded }]);
    });

    it('is taken in once, however many tell of it while its payment is refunded', async () => {
      const key = await webhookSecret(app);
      const { paymentId, late, lateRef } = await payAround('ok');
      const same = noticeAbout(lateRef, late);
      const notices = [same, same, ...Array.from({ length: 8 }, () => noticeAbout(lateRef, late))];
      const answers = await Promise.all([
        ...notices.map((notice) => sendNotice(app, JSON.stringify(notice), { key })),
        ...notices.map(() => refund(paymentId, { amount: money(5) })),
        app.run('billing.catch_up'),
      ]);
      const statuses = answers.map((answer) => answer?.status ?? 200);
      expect(new Set(statuses)).toEqual(new Set([200, 201]));
      await app.settle();
      expect(await detail(paymentId)).toMatchObject({
        captured: money(100),
        refunded: money(50),
        lateCharges: [{ id: late, captured: money(100), refunded: money(100) }],
      });
      const given = (await app.get(`/v1/admin/refunds?paymentId=${paymentId}&limit=100`, { token: staff }))
        .body.items;
      expect(given.filter(({ chargeId }: { chargeId: string }) => chargeId === late)).toHaveLength(1);
      expect((await postings(paymentId)).filter((kind) => kind === 'payment_captured')).toHaveLength(2);
    });

    it('whose return fails in the end waits for a person', async () => {
      const { paymentId, late } = await payTwice('refund_fail_later:30');
      const left = async () => (await detail(paymentId)).lateCharges[0]?.refundable.amount;
      const failsLater = () =>
        eventually(async () => {
          await app.run('billing.catch_up');
          await app.settle();
          return (await left()) === 100;
        });
      await failsLater();
      expect(await detail(paymentId)).toMatchObject({
        captured: money(100),
        refundable: money(100),
        lateCharges: [{ id: late, refunded: money(0) }],
      });
      const failed = `/v1/admin/refunds?paymentId=${paymentId}&status=failed`;
      const { items } = (await app.get(failed, { token: staff })).body;
      expect(items).toMatchObject([
        { chargeId: late, reason: 'late_payment', failureCode: 'account_closed', amount: money(100) },
      ]);
      // A person may try its charge again, and no more than it took.
      expect(await refund(paymentId, { amount: money(70), chargeId: late })).toMatchObject({
        status: 202,
        body: { chargeId: late, status: 'pending' },
      });
      expect(await left()).toBe(30);
      await failsLater();
      expect((await app.get(failed, { token: staff })).body.items).toHaveLength(2);
      expect(await detail(paymentId)).toMatchObject({ captured: money(100), refundable: money(100) });
    });

    it('goes back in its own currency', async () => {
      const { paymentId, late } = await payTwice('currency_switch');
      expect(await detail(paymentId)).toMatchObject({
        status: 'captured',
        reviewReason: null,
        captured: money(100),
        lateCharges: [
          { id: late, captured: money(100, 'USD'), refunded: money(100, 'USD'), refundable: money(0, 'USD') },
        ],
      });
      const { items } = (
        await app.get(`/v1/admin/ledger/transactions?paymentId=${paymentId}`, { token: staff })
      ).body;
      const inDollars = items
        .filter(
          (item: { entries: { amount: { currency: string } }[] }) =>
            item.entries[0]?.amount.currency === 'USD',
        )
        .map(({ kind }: { kind: string }) => kind);
      expect(inDollars.sort()).toEqual(['payment_captured', 'refund_accepted', 'refund_settled']);
      expect((await refund(paymentId, { amount: money(1), chargeId: late })).status).toBe(400);
    });

    it('of another payment is not found', async () => {
      const { late } = await payTwice('refund_fail_once');
      const { paymentId } = await pay('ok');
      expect((await refund(paymentId, { full: true, chargeId: late })).status).toBe(404);
      expect(await refund(paymentId, { full: true, chargeId: randomUUID() })).toMatchObject({
        status: 404,
        body: { detail: expect.stringContaining('`lateCharges`'), errors: [{ pointer: '/chargeId' }] },
      });
    });

    it('leaves its order paid', async () => {
      const thing = await goods(app);
      const cart = await fillCart(app, [thing]);
      const first = await checkOut(app, cart, { token: 'sca_required+drop' });
      expect(first.status).toBe(202);
      // The shopper answers the bank, whose notice is lost, and pays again with another card.
      await fetch(first.body.payments[0].nextAction.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision: 'approve' }),
      });
      const second = await checkOut(app, cart);
      expect(second.status).toBe(201);
      await app.run('billing.catch_up');
      await app.settle();
      const order = await app.get(`/v1/orders/${second.body.id}`, { cartToken: cart.token });
      expect(order.body).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
      const { lateCharges, captured } = await detail(second.body.payments[0].id);
      expect(lateCharges).toMatchObject([{ captured, refunded: captured }]);
    });
  });

  describe('a refund', () => {
    it('goes back in full, and is answered again to the same key', async () => {
      const { paymentId } = await pay('ok');
      const key = randomUUID();
      const first = await refund(paymentId, { full: true, reason: 'Arrived broken' }, key);
      expect(first).toMatchObject({
        status: 201,
        body: {
          paymentId,
          status: 'succeeded',
          amount: { amount: 100, currency: 'EUR' },
          reason: 'Arrived broken',
        },
      });
      const replay = await refund(paymentId, { full: true, reason: 'Arrived broken' }, key);
      expect(replay.text).toBe(first.text);
      expect(replay.headers.get('idempotency-replayed')).toBe('true');
      expect((await refund(paymentId, { full: true }, key)).status).toBe(422);
      await app.settle();
      expect(await facts('billing.refund_settled', paymentId)).toBe(1);
      expect((await app.get(`/v1/admin/refunds/${first.body.id}`, { token: staff })).body).toEqual(
        first.body,
      );
      expect(await count(`platform.audit_entries WHERE subject_id = $1`, first.body.id)).toBe(1);
    });

    it('may come in parts, up to what was captured', async () => {
      const { paymentId } = await pay('ok');
      expect((await refund(paymentId, { amount: { amount: 30, currency: 'EUR' } })).status).toBe(201);
      expect((await refund(paymentId, { amount: { amount: 71, currency: 'EUR' } })).body).toMatchObject({
        code: 'billing.refund_exceeds_captured',
        maximumRefundable: { amount: 70, currency: 'EUR' },
      });
      expect((await refund(paymentId, { full: true })).body.amount.amount).toBe(70);
      expect((await refund(paymentId, { full: true })).status).toBe(409);
      expect((await present(paymentId)).refunded).toEqual(EUR(100));
    });

    it('of 60 is given once when 40 are asked for at the same time on 100', async () => {
      const { paymentId, operationId } = await pay('ok');
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => refund(paymentId, { amount: { amount: 60, currency: 'EUR' } })),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(statuses.filter((status) => status === 409)).toHaveLength(39);
      expect((await present(paymentId)).refunded).toEqual(EUR(60));
      expect(await journal(operationId)).toHaveLength(1);
    });

    it('is made once by twenty requests with one key', async () => {
      const { paymentId } = await pay('ok');
      const key = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => refund(paymentId, { amount: { amount: 10, currency: 'EUR' } }, key)),
      );
      expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
      expect(await count('billing.refunds WHERE payment_id = $1', paymentId)).toBe(1);
    });

    it('that the gateway refuses frees its room', async () => {
      const { paymentId } = await pay('refund_fail');
      const answer = await refund(paymentId, { full: true });
      expect(answer).toMatchObject({
        status: 201,
        body: { status: 'failed', failureCode: 'refund_refused' },
      });
      expect(await postings(paymentId)).toEqual(['payment_captured', 'refund_accepted', 'refund_withdrawn']);
      const detail = await app.get(`/v1/admin/payments/${paymentId}`, { token: staff });
      expect(detail.body.refundable.amount).toBe(100);
    });

    it.each([
      ['refund_pending:23h', 'succeeded', 100],
      ['refund_fail_later:23h', 'failed', 0],
    ])('that takes its time (%s) ends as %s', async (card, status, refunded) => {
      const { paymentId } = await pay(card);
      const answer = await refund(paymentId, { full: true });
      expect(answer).toMatchObject({ status: 202, body: { status: 'pending' } });
      expect((await refund(paymentId, { full: true })).status).toBe(409);
      await (await GatewayBook.of(app)).passDay();
      await eventually(
        async () =>
          (await app.get(`/v1/admin/refunds/${answer.body.id}`, { token: staff })).body.status === status,
      );
      expect((await present(paymentId)).refunded).toEqual(EUR(refunded));
    });

    it('whose answer is lost keeps its room and is found by the repair job', async () => {
      const { paymentId } = await pay('refund_timeout_after+drop');
      const answer = await refund(paymentId, { full: true });
      expect(answer).toMatchObject({ status: 202, body: { status: 'pending' } });
      expect((await refund(paymentId, { full: true })).status).toBe(409);
      app.clock.advance({ minutes: 6 });
      await app.run('billing.repair');
      expect((await present(paymentId)).refunded).toEqual(EUR(100));
      expect(await count(`billing.refunds WHERE payment_id = $1 AND status = 'succeeded'`, paymentId)).toBe(
        1,
      );
    });

    it.each([
      ['nothing', {}],
      ['both', { full: true, amount: { amount: 1, currency: 'EUR' } }],
      ['full: false', { full: false }],
      ['an amount of zero', { amount: { amount: 0, currency: 'EUR' } }],
      ['a negative amount', { amount: { amount: -5, currency: 'EUR' } }],
      ['another currency', { amount: { amount: 5, currency: 'USD' } }],
      ['a fraction', { amount: { amount: 0.5, currency: 'EUR' } }],
      ['an unknown property', { full: true, fully: true }],
    ])('with %s is refused and changes nothing', async (_, body) => {
      const { paymentId } = await pay('ok');
      expect((await refund(paymentId, body)).status).toBe(400);
      expect(await count('billing.refunds WHERE payment_id = $1', paymentId)).toBe(0);
      expect(await postings(paymentId)).toEqual(['payment_captured']);
    });

    it('needs a key, a permission and a payment', async () => {
      const { paymentId } = await pay('ok');
      const path = `/v1/admin/payments/${paymentId}/refunds`;
      expect((await app.post(path, { full: true }, { token: staff })).body.code).toBe(
        'platform.idempotency_key_required',
      );
      expect((await app.post(path, { full: true }, { key: randomUUID() })).status).toBe(401);
      expect((await refund(paymentId, { full: true }, randomUUID(), nobody)).status).toBe(403);
      expect((await refund(randomUUID(), { full: true })).status).toBe(404);
      expect((await refund('not-an-id', { full: true })).status).toBe(400);
      expect((await present(paymentId)).refunded).toEqual(EUR(0));
    });

    it('of an unpaid payment has nothing to give', async () => {
      const { paymentId } = await pay('lost');
      expect((await refund(paymentId, { full: true })).status).toBe(409);
    });
  });

  describe('a notice of the gateway', () => {
    let secret: string;
    beforeAll(async () => {
      secret = await webhookSecret(app);
    });
    const send = (body: string, options: { t?: number; key?: string; code?: string } = {}) =>
      sendNotice(app, body, { key: secret, ...options });
    const kept = () => count('billing.gateway_events');

    it('is checked over the very bytes, is only a hint, and counts once', async () => {
      const paid = await pay('timeout_after+drop');
      const ref = (await journal(paid.operationId))[0]?.ref ?? '';
      // The notice lies about the amount; the gateway itself is believed.
      const body = JSON.stringify(noticeAbout(ref, paid.operationId, { amount: 5 }), null, 3).replace(
        /":/g,
        '" :',
      );
      expect((await send(body)).status).toBe(200);
      expect((await send(body)).status).toBe(200);
      await becomes(paid.paymentId, 'captured');
      expect((await present(paid.paymentId)).captured).toEqual(EUR(100));
      expect(await postings(paid.paymentId)).toEqual(['payment_captured']);
    });

    it('without the right signature is refused, and nothing is kept', async () => {
      const before = await kept();
      const body = JSON.stringify(noticeAbout('ch_1', randomUUID()));
      const refused = [
        await send(body, { key: 'another secret' }),
        await send(body, { t: realSeconds() - 400 }),
        await app.post('/v1/gateways/test/webhooks', body, {
          headers: { 'content-type': 'application/json' },
        }),
        await app.post('/v1/gateways/test/webhooks', body, {
          headers: { 'content-type': 'application/json', 'gateway-signature': 't=1,v1=zz' },
        }),
      ];
      for (const answer of refused) {
        expect(answer).toMatchObject({ status: 400, body: { code: 'billing.bad_signature' } });
      }
      expect(await kept()).toBe(before);
    });

    it('for a gateway that this shop does not have is not found', async () => {
      expect((await send('{}', { code: 'other' })).status).toBe(404);
    });

    it('about an unknown object is tried three times more and is then an orphan', async () => {
      const notice = noticeAbout('ch_nobody', randomUUID());
      expect((await send(JSON.stringify(notice))).status).toBe(200);
      await app.settle();
      const state = async () =>
        one<{ status: string; tries: number }>(
          'SELECT status, tries FROM billing.gateway_events WHERE event_id = $1',
          notice.id,
        );
      expect(await state()).toEqual({ status: 'received', tries: 1 });
      for (let run = 0; run < 3; run++) {
        app.clock.advance({ minutes: 11 });
        await app.run('billing.retry_notices');
      }
      expect(await state()).toEqual({ status: 'orphan', tries: 4 });
    });

    it('that says two things under one id is a conflict for a person', async () => {
      const notice = noticeAbout('ch_nobody', randomUUID());
      await send(JSON.stringify(notice));
      const other = { ...notice, data: { ...notice.data, amount: 7 } };
      expect((await send(JSON.stringify(other))).status).toBe(200);
      await app.settle();
      const { status } = await one<{ status: string }>(
        'SELECT status FROM billing.gateway_events WHERE event_id = $1',
        notice.id,
      );
      expect(status).toBe('conflict');
    });
  });

  describe('a notice that cannot be worked', () => {
    interface Event {
      id: string;
      data: { amount: number; operationId: string };
    }
    interface Item {
      id: string;
      status: string;
      failures: number;
      lastError: string | null;
      nextTryAt: string | null;
    }
    const between = new Between(process.env.TEST_GATEWAY_URL ?? '');
    let shop: TestApp;
    let keeper: string;
    let secret: string;

    beforeAll(async () => {
      shop = await startApp({ TEST_GATEWAY_URL: await between.start() });
      keeper = await given.admin(shop);
    });
    afterAll(async () => {
      await shop?.close();
      between.stop();
    });
    afterEach(() => {
      between.instead = () => Promise.resolve(null);
    });

    /** A payment that the gateway has captured, of which this shop has heard nothing yet. */
    async function unheard(): Promise<{ paymentId: string; operationId: string; ref: string }> {
      const bills = shop.app.get(BillingApi, { strict: false });
      const { paymentId, operationId } = await shop.database.transaction(() =>
        bills.openPayment({
          orderId: randomUUID(),
          amount: EUR(100),
          gateway: 'test',
          token: 'async_ok:1+drop',
          buyer,
        }),
      );
      const outcome = await bills.authorize(operationId);
      await shop.database.transaction(() => bills.settle(operationId, outcome));
      await eventually(async () => (await journal(operationId)).length === 2);
      secret = await webhookSecret(shop);
      return { paymentId, operationId, ref: (await journal(operationId))[0]?.ref ?? '' };
    }
    const tell = async (notice: object) => {
      expect((await sendNotice(shop, JSON.stringify(notice), { key: secret })).status).toBe(200);
    };
    const statusOf = async (paymentId: string) =>
      (await shop.get(`/v1/admin/payments/${paymentId}`, { token: keeper })).body.status;
    const path = '/v1/admin/gateways/test/events';
    const retry = (id: string, token?: string) =>
      shop.post(`${path}/${id}/retry`, {}, { token, key: randomUUID() });

    async function listed(filter = ''): Promise<Item[]> {
      const items: Item[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const from: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
        const { status, body } = await shop.get(`${path}?limit=40${filter}${from}`, { token: keeper });
        expect(status).toBe(200);
        items.push(...body.items);
        cursor = body.nextCursor;
      }
      return items;
    }
    const find = async (id: string) => (await listed()).find((item) => item.id === id);

    it('is tried less and less often, then waits for a person, who sets it going again', async () => {
      const { paymentId, operationId, ref } = await unheard();
      between.instead = (asked) =>
        Promise.resolve(asked.startsWith('/v1/charges/') ? { status: 502, body: {} } : null);
      const notice = noticeAbout(ref, operationId);
      let since = shop.clock.now().getTime();
      await tell(notice);
      await shop.settle();
      const pauses: number[] = [];
      let item = await find(notice.id);
      while (item?.nextTryAt) {
        expect(item).toMatchObject({ status: 'received', failures: pauses.length + 1 });
        expect(item.lastError).toContain('502');
        // Not a moment before its hour, however often somebody looks.
        await shop.run('billing.retry_notices');
        expect(await find(notice.id)).toEqual(item);
        const pause = Date.parse(item.nextTryAt) - since;
        pauses.push(pause);
        shop.clock.advance({ seconds: pause / 1000 });
        since = shop.clock.now().getTime();
        await shop.run('billing.retry_notices');
        item = await find(notice.id);
      }
      expect(pauses).toHaveLength(9);
      pauses.reduce((before, pause) => {
        expect(pause).toBeGreaterThan(before);
        return pause;
      });
      const stuck = { status: 'stuck', failures: 10, nextTryAt: null };
      expect(item).toMatchObject(stuck);
      shop.clock.advance({ days: 2 });
      await shop.run('billing.retry_notices');
      expect(await find(notice.id)).toMatchObject(stuck);
      expect(await statusOf(paymentId)).toBe('processing');

      between.instead = () => Promise.resolve(null);
      expect(await retry(notice.id, keeper)).toMatchObject({
        status: 202,
        body: {
          id: notice.id,
          status: 'received',
          failures: 0,
          lastError: null,
          gatewayRef: ref,
          operationId,
        },
      });
      await shop.settle();
      expect(await statusOf(paymentId)).toBe('captured');
      expect(await find(notice.id)).toBeUndefined();
      expect((await retry(notice.id, keeper)).status).toBe(404);
      const audited = await shop.database.query(
        `SELECT actor_kind FROM platform.audit_entries WHERE action = 'billing.gateway_event.retried' AND subject_id = $1`,
        [notice.id],
      );
      expect(audited).toEqual([{ actor_kind: 'person' }]);
    });

    it('does not stand before the others, however many there are', async () => {
      const { operationId } = await unheard();
      between.instead = (asked) =>
        Promise.resolve(asked.startsWith('/v1/charges/broken') ? { status: 500, body: {} } : null);
      await Promise.all(
        Array.from({ length: 110 }, (_, index) => tell(noticeAbout(`broken_${index}`, operationId))),
      );
      const other = noticeAbout('ch_nobody', randomUUID());
      await tell(other);
      await shop.settle();
      for (let round = 0; round < 3; round++) {
        shop.clock.advance({ minutes: 11 });
        await shop.run('billing.retry_notices');
        await shop.run('billing.retry_notices');
      }
      expect(await find(other.id)).toMatchObject({ status: 'orphan', failures: 0 });
    });

    it('is caught up with when the gateway repeats it on one page', async () => {
      const { paymentId, operationId } = await unheard();
      const { account } = (
        await shop.database.query<{ account: string }>('SELECT account FROM billing.gateway_accounts')
      )[0] as { account: string };
      const ids: string[] = [];
      between.instead = async (asked) => {
        if (!asked.startsWith('/v1/events')) return null;
        const { status, body } = await between.ask(asked, `Bearer ${account}`);
        const { events } = body as { events: Event[] };
        ids.push(...events.filter(({ data }) => data.operationId === operationId).map(({ id }) => id));
        return { status, body: { events: [...events, ...events] } };
      };
      await shop.run('billing.catch_up');
      await shop.settle();
      expect(await statusOf(paymentId)).toBe('captured');
      const kept = await shop.database.query(
        'SELECT status, deliveries FROM billing.gateway_events WHERE event_id = ANY($1)',
        [ids],
      );
      expect(kept).toEqual(ids.map(() => ({ status: 'done', deliveries: 2 })));
      expect(ids).not.toEqual([]);
    });

    it('is a conflict when one page says two things under its id, and is read at the gateway again', async () => {
      const { paymentId, operationId } = await unheard();
      const { account } = (
        await shop.database.query<{ account: string }>('SELECT account FROM billing.gateway_accounts')
      )[0] as { account: string };
      between.instead = async (asked) => {
        if (!asked.startsWith('/v1/events')) return null;
        const { status, body } = await between.ask(asked, `Bearer ${account}`);
        const { events } = body as { events: Event[] };
        const lies = events
          .filter(({ data }) => data.operationId === operationId)
          .map((event) => ({ ...event, data: { ...event.data, amount: event.data.amount + 1 } }));
        return { status, body: { events: [...lies, ...events] } };
      };
      await shop.run('billing.catch_up');
      await shop.settle();
      expect(await statusOf(paymentId)).toBe('processing');
      const conflicts = (await listed('&status=conflict')) as (Item & { operationId: string })[];
      expect(conflicts).not.toEqual([]);
      for (const conflict of conflicts) {
        expect(conflict).toMatchObject({ operationId, status: 'conflict', deliveries: 2, nextTryAt: null });
      }
      expect((await retry(conflicts[0]?.id ?? '', keeper)).status).toBe(202);
      await shop.settle();
      expect(await statusOf(paymentId)).toBe('captured');
    });

    it('is listed for staff, newest first, by its status', async () => {
      const all = await listed();
      const ids = all.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const [{ troubled } = { troubled: '' }] = await shop.database.query<{ troubled: string }>(
        `SELECT count(*) AS troubled FROM billing.gateway_events WHERE status <> 'done'`,
      );
      expect(ids).toHaveLength(Number(troubled));
      for (const status of ['received', 'orphan', 'conflict', 'stuck']) {
        const some = await listed(`&status=${status}`);
        expect(some).toEqual(all.filter((item) => item.status === status));
      }
      const { body } = await shop.get(`${path}?limit=1&status=received`, { token: keeper });
      const elsewhere = `${path}?status=orphan&cursor=${encodeURIComponent(body.nextCursor)}`;
      expect((await shop.get(elsewhere, { token: keeper })).status).toBe(400);
      expect((await shop.get(`${path}?status=done`, { token: keeper })).status).toBe(400);
    });

    it('is for staff alone', async () => {
      const [item] = await listed();
      const id = item?.id ?? '';
      const stranger = (await given.customer(shop)).token;
      for (const [token, status] of [
        [undefined, 401],
        [stranger, 403],
      ] as const) {
        expect((await shop.get(path, { token })).status).toBe(status);
        expect((await retry(id, token)).status).toBe(status);
      }
      expect(await find(id)).toEqual(item);
      expect((await retry('evt_nobody', keeper)).status).toBe(404);
      for (const elsewhere of ['other/events', `other/events/${id}/retry`]) {
        const url = `/v1/admin/gateways/${elsewhere}`;
        const answer = elsewhere.endsWith('retry')
          ? await shop.post(url, {}, { token: keeper, key: randomUUID() })
          : await shop.get(url, { token: keeper });
        expect(answer.status).toBe(404);
      }
    });
  });

  describe('reading a payment', () => {
    const cartToken = randomUUID();
    let customer: string;
    let customerId: string;
    let paid: Paid;
    beforeAll(async () => {
      customer = (await given.customer(app)).token;
      customerId = (await app.get('/v1/me', { token: customer })).body.id;
      paid = await pay('ok', { cartToken, customerId });
    });

    it('is for its customer, the holder of the cart and staff', async () => {
      const path = `/v1/payments/${paid.paymentId}`;
      const answers = [
        await app.get(path, { cartToken }),
        await app.get(path, { token: customer }),
        await app.get(path, { token: staff }),
      ];
      for (const answer of answers) {
        expect(answer).toMatchObject({
          status: 200,
          body: {
            id: paid.paymentId,
            orderId: paid.orderId,
            status: 'captured',
            amount: { amount: 100, currency: 'EUR' },
            captured: { amount: 100, currency: 'EUR' },
            refunded: { amount: 0, currency: 'EUR' },
            declineCode: null,
            nextAction: null,
          },
        });
      }
    });

    it.each(['', '/confirmation'])('(%s) answers somebody else as if it were not there', async (suffix) => {
      const ask = (id: string, options: object) =>
        suffix === ''
          ? app.get(`/v1/payments/${id}`, options)
          : app.post(`/v1/payments/${id}${suffix}`, {}, options);
      const foreign = [
        await ask(paid.paymentId, {}),
        await ask(paid.paymentId, { cartToken: randomUUID() }),
        await ask(paid.paymentId, { token: nobody }),
        await ask(randomUUID(), { cartToken }),
      ];
      const shapes = foreign.map(({ status, body }) => ({ status, ...body, instance: '', requestId: '' }));
      expect(shapes[0]).toMatchObject({ status: 404, code: 'platform.not_found' });
      for (const shape of shapes) expect(shape).toEqual(shapes[0]);
      expect((await ask('not-an-id', {})).status).toBe(400);
    });

    it('takes nothing from who confirms it', async () => {
      const answer = await app.post(
        `/v1/payments/${paid.paymentId}/confirmation`,
        { status: 'captured' },
        { cartToken },
      );
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/status' }] } });
    });

    it('of staff shows every call', async () => {
      const { body, status } = await app.get(`/v1/admin/payments/${paid.paymentId}`, { token: staff });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        customerId,
        gateway: 'test',
        attempts: 1,
        operations: [{ kind: 'authorize', status: 'succeeded', nextCheckAt: null }],
      });
      expect(body).not.toHaveProperty('buyer');
      expect(JSON.stringify(body)).not.toContain('ada@');
      expect((await app.get(`/v1/admin/payments/${randomUUID()}`, { token: staff })).status).toBe(404);
    });
  });

  describe('a payment of another amount', () => {
    const review = (paymentId: string, decision: string, as = staff) =>
      app.post(`/v1/admin/payments/${paymentId}/review`, { decision }, { token: as, key: randomUUID() });

    it('counts as it is when a person accepts it', async () => {
      const { paymentId } = await pay('amount_mismatch');
      expect(await review(paymentId, 'accept')).toMatchObject({
        status: 200,
        body: { status: 'captured', captured: { amount: 101, currency: 'EUR' } },
      });
      await app.settle();
      expect(await facts('billing.payment_captured', paymentId)).toBe(1);
      expect((await review(paymentId, 'reject')).status).toBe(409);
    });

    it('goes back when a person rejects it', async () => {
      const { paymentId } = await pay('amount_mismatch');
      expect((await review(paymentId, 'reject')).body.status).toBe('canceled');
      await app.settle();
      expect((await present(paymentId)).refunded).toEqual(EUR(101));
      expect(await facts('billing.payment_canceled', paymentId)).toBe(1);
    });

    it('is decided once', async () => {
      const { paymentId } = await pay('amount_mismatch');
      const answers = await Promise.all(
        ['accept', 'reject', 'accept', 'reject'].map((decision) => review(paymentId, decision)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    });

    it('is for staff to decide, and only where there is something to decide', async () => {
      const { paymentId } = await pay('currency_switch');
      expect((await review(paymentId, 'accept')).body.code).toBe('billing.review_not_possible');
      expect((await review(paymentId, 'maybe')).status).toBe(400);
      expect((await review(randomUUID(), 'accept')).status).toBe(404);
      expect((await review(paymentId, 'accept', nobody)).status).toBe(403);
      const anonymous = await app.post(`/v1/admin/payments/${paymentId}/review`, { decision: 'accept' });
      expect(anonymous.status).toBe(401);
    });
  });

  describe('lists of staff', () => {
    it.each(['payments', 'refunds', 'ledger/transactions'])(
      '%s page through everything once',
      async (list) => {
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
          const { status, body } = await app.get(`/v1/admin/${list}?limit=7${query}`, { token: staff });
          expect(status).toBe(200);
          seen.push(...body.items.map(({ id }: { id: string }) => id));
          cursor = body.nextCursor;
        } while (cursor !== null);
        expect(new Set(seen).size).toBe(seen.length);
        const table = list === 'ledger/transactions' ? 'ledger_transactions' : list;
        expect(seen).toHaveLength(await count(`billing.${table}`));
      },
    );

    it('filter', async () => {
      const { paymentId, orderId } = await pay('ok', { amount: EUR(777) });
      await refund(paymentId, { amount: { amount: 77, currency: 'EUR' } });
      const get = async (path: string) => (await app.get(`/v1/admin/${path}`, { token: staff })).body.items;
      expect(await get(`payments?orderId=${orderId}&status=captured&currency=EUR`)).toMatchObject([
        { id: paymentId },
      ]);
      expect(await get(`payments?orderId=${orderId}&status=canceled`)).toEqual([]);
      expect(await get(`refunds?paymentId=${paymentId}&status=succeeded`)).toMatchObject([
        { amount: { amount: 77 } },
      ]);
      expect(await get(`ledger/transactions?paymentId=${paymentId}&kind=payment_captured`)).toMatchObject([
        {
          orderId,
          entries: [
            { account: 'assets:provider:test:clearing', amount: { amount: 777, currency: 'EUR' } },
            { account: 'liab:unapplied', amount: { amount: -777, currency: 'EUR' } },
          ],
        },
      ]);
      expect(await get(`ledger/transactions?orderId=${orderId}&account=contra:refunds`)).toEqual([]);
    });

    it.each([
      'payments',
      'refunds',
      'ledger/transactions',
      'ledger/accounts',
      'gateways/test/events',
      `payments/${randomUUID()}`,
    ])('%s are for staff alone and refuse what they do not know', async (list) => {
      expect((await app.get(`/v1/admin/${list}`)).status).toBe(401);
      expect((await app.get(`/v1/admin/${list}`, { token: nobody })).status).toBe(403);
      if (list.includes('payments/')) return;
      expect((await app.get(`/v1/admin/${list}?nonsense=1`, { token: staff })).status).toBe(400);
      if (list === 'ledger/accounts') return;
      expect((await app.get(`/v1/admin/${list}?cursor=nonsense`, { token: staff })).status).toBe(400);
      expect((await app.get(`/v1/admin/${list}?limit=0`, { token: staff })).status).toBe(400);
    });
  });

  describe('in a storm of lost answers, repeats and delays', () => {
    const CARDS = [
      'ok',
      'ok+dup=3',
      'insufficient_funds',
      'timeout_before',
      'timeout_after+drop',
      'timeout_after+dup=2+delay=50',
      'http_500_before',
      'http_500_after+drop',
      'reset_after+shuffle=80',
      'async_ok:40+dup=2+shuffle=60',
      'async_ok:40+drop',
      'async_fail:40',
      'refund_pending:30+drop',
      'refund_fail_later:30+dup=2',
      'refund_timeout_after+drop',
      'refund_fail',
    ];

    it('everything is known in the end, the books are even and say what the gateway says', async () => {
      const storm = Array.from({ length: 96 }, (_, index) => CARDS[index % CARDS.length] ?? 'ok');
      const paid: Paid[] = [];
      await Promise.all(
        Array.from({ length: 12 }, async (_, lane) => {
          for (const [index, card] of storm.entries()) {
            if (index % 12 !== lane) continue;
            const payment = await pay(card, { amount: EUR(500 + index) });
            paid.push(payment);
            await Promise.all(
              [100, 200, 300].map((amount) =>
                refund(payment.paymentId, { amount: { amount, currency: 'EUR' } }),
              ),
            );
          }
        }),
      );
      for (let round = 0; round < 4; round++) {
        await app.run('billing.catch_up');
        await app.settle();
        app.clock.advance({ hours: 25 });
        await app.run('billing.repair');
        await app.run('billing.repair');
        await app.run('billing.retry_notices');
        await app.settle();
      }
      const ids = paid.map(({ paymentId }) => paymentId);
      expect(await count(`billing.payments WHERE id = ANY($1) AND status = 'processing'`, ids)).toBe(0);
      expect(await count(`billing.refunds WHERE payment_id = ANY($1) AND status = 'pending'`, ids)).toBe(0);
      for (const { paymentId, operationId } of paid) {
        const moved = (await journal(operationId)).reduce((sum, entry) => sum + entry.moved, 0);
        const twice = await facts('billing.payment_captured', paymentId);
        expect({ captured: (await present(paymentId)).captured, facts: twice }).toEqual({
          captured: EUR(moved),
          facts: moved > 0 ? 1 : 0,
        });
      }
      const { account } = await one<{ account: string }>('SELECT account FROM billing.gateway_accounts');
      const balance = await fetch(`${app.config.testGatewayUrl}/balance`, {
        headers: { authorization: `Bearer ${account}` },
      });
      const { body } = await app.get('/v1/admin/ledger/accounts', { token: staff });
      expect(body.totals.every(({ amount }: { amount: number }) => amount === 0)).toBe(true);
      const clearing = body.items
        .filter((item: { account: string }) => item.account === 'assets:provider:test:clearing')
        .map(({ balance: { amount, currency } }: { balance: { amount: number; currency: string } }) => [
          currency,
          amount,
        ]);
      expect(Object.fromEntries(clearing)).toEqual(await balance.json());
    });
  });

  describe('the ledger', () => {
    const insert = (entries: string) =>
      app.database.transaction(async () => {
        const id = randomUUID();
        await app.database.execute(
          `INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, payment_id, order_id, effective_at)
           VALUES ($1, 'payment_captured', 'operation', $1, $1, $1, now())`,
          [id],
        );
        if (entries) {
          await app.database.execute(
            `INSERT INTO billing.ledger_entries (transaction_id, position, account, currency, amount)
             SELECT '${id}', * FROM (VALUES ${entries}) AS e`,
          );
        }
      });

    it.each([
      ['an unbalanced transaction', `(1, 'a', 'EUR', 5), (2, 'b', 'EUR', -4)`, 'ledger_balanced'],
      ['a balance across currencies', `(1, 'a', 'EUR', 5), (2, 'b', 'USD', -5)`, 'ledger_balanced'],
      ['no entries', '', 'ledger_has_entries'],
      ['an entry of nothing', `(1, 'a', 'EUR', 0), (2, 'b', 'EUR', 0)`, 'ledger_entries_amount_check'],
    ])('refuses %s', async (_, entries, constraint) => {
      await expect(insert(entries)).rejects.toMatchObject({ constraint });
    });

    it('takes a balanced exchange of currencies', async () => {
      await insert(`(1, 'a', 'EUR', 5), (2, 'b', 'EUR', -5), (3, 'a', 'USD', -6), (4, 'b', 'USD', 6)`);
    });

    it('refuses the same fact twice, and an entry added to an old transaction', async () => {
      const { id, source_id } = await one<{ id: string; source_id: string }>(
        'SELECT id, source_id FROM billing.ledger_transactions LIMIT 1',
      );
      await expect(
        app.database.execute(
          `INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, payment_id, order_id, effective_at)
           SELECT $1, kind, source_type, source_id, payment_id, order_id, effective_at
             FROM billing.ledger_transactions WHERE source_id = $2 LIMIT 1`,
          [randomUUID(), source_id],
        ),
      ).rejects.toMatchObject({ constraint: 'ledger_transactions_source_key' });
      await expect(
        app.database.execute(`INSERT INTO billing.ledger_entries VALUES ($1, 77, 'a', 'EUR', 5)`, [id]),
      ).rejects.toMatchObject({ constraint: 'ledger_balanced' });
    });

    it.each([
      'UPDATE billing.ledger_entries SET amount = amount + 1',
      'DELETE FROM billing.ledger_entries',
      'TRUNCATE billing.ledger_entries',
      `UPDATE billing.ledger_transactions SET kind = 'other'`,
      'DELETE FROM billing.ledger_transactions',
      'TRUNCATE billing.ledger_transactions CASCADE',
    ])('refuses %s', async (sql) => {
      await expect(app.database.execute(sql)).rejects.toThrow(/append-only/);
    });
  });

  describe('the test gateway', () => {
    const program = fileURLToPath(
      new URL('../dist/src/billing/gateway/test-gateway.process.js', import.meta.url),
    );
    const journalFile = join(mkdtempSync(join(tmpdir(), 'guildhall-gateway-')), 'journal');
    let child: ChildProcess;
    let url: string;

    async function start(): Promise<void> {
      child = spawn(process.execPath, [program, '--port', '0', '--journal', journalFile], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      ({ url } = JSON.parse(chunk.toString()) as { url: string });
    }
    beforeAll(start);
    afterAll(() => void child.kill('SIGKILL'));

    const charge = (operationId: string, fields: object = {}, key = operationId) =>
      fetch(`${url}/v1/charges`, {
        method: 'POST',
        headers: { authorization: 'Bearer shop', 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({
          operationId,
          amount: 100,
          currency: 'EUR',
          token: 'ok',
          capture: 'automatic',
          ...fields,
        }),
      });
    const balance = async (shop: string): Promise<unknown> =>
      (await fetch(`${url}/balance`, { headers: { authorization: `Bearer ${shop}` } })).json();

    it('takes a key once, whatever is asked again', async () => {
      const operationId = randomUUID();
      const first = await (await charge(operationId)).text();
      const again = await charge(operationId);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(await again.text()).toBe(first);
      expect((await charge(operationId, { amount: 101 })).status).toBe(400);
      expect(await balance('shop')).toEqual({ EUR: 100 });
      expect(await balance('another-shop')).toEqual({});
    });

    it('answers twenty equal requests with one charge', async () => {
      const operationId = randomUUID();
      const answers = await Promise.all(Array.from({ length: 20 }, () => charge(operationId)));
      expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
      expect(await balance('shop')).toEqual({ EUR: 200 });
    });

    it('remembers everything after kill -9, also what is to happen later', async () => {
      const later = randomUUID();
      expect(await (await charge(later, { token: 'async_ok:200' })).json()).toMatchObject({
        status: 'processing',
      });
      child.kill('SIGKILL');
      await once(child, 'exit');
      await start();
      const known = async () =>
        (await (
          await fetch(`${url}/v1/operations/${later}`, { headers: { authorization: 'Bearer shop' } })
        ).json()) as { status: string };
      await eventually(async () => (await known()).status === 'captured');
      expect(await balance('shop')).toEqual({ EUR: 300 });
    });

    it('ends when whoever started it goes away', async () => {
      child.stdin?.end();
      expect(await once(child, 'exit')).toEqual([0, null]);
    });
  });
});
