import { randomUUID } from 'node:crypto';
import { CatalogApi } from '../src/catalog/catalog.api.js';
import { Database } from '../src/platform/database/database.js';
import { Workers } from '../src/platform/events/workers.js';
import { TOKENS, type TokenName } from '../src/billing/gateway/test-gateway.tokens.js';
import { startApp, type TestApp } from './support/app.js';
import { watch } from './support/statements.js';
import { GatewayBook } from './support/gateway-book.js';
import { given } from './support/given.js';
import {
  berlin,
  buy,
  checkOut,
  email,
  fillCart,
  goods,
  type Goods,
  imbalance,
  key,
  setStock,
  stockOf,
} from './support/purchase.js';

/** The books after so much was taken, in minor units. */
const charged = (amount: number, currency = 'EUR'): Record<string, number> => ({
  [`assets:provider:test:clearing ${currency}`]: amount,
  [`liab:unapplied ${currency}`]: -amount,
});

describe('ordering', () => {
  let app: TestApp;
  let lamp: Goods;
  let book: Goods;

  beforeAll(async () => {
    app = await startApp({ GATEWAY_TIMEOUT_MS: '500' });
    lamp = await goods(app, { price: 1999, stock: 1_000 });
    book = await goods(app, { price: 1000, stock: 1_000, taxClass: 'reduced' });
  });
  afterAll(() => app?.close());

  const order = async (id: string, cartToken: string) =>
    (await app.get(`/v1/orders/${id}`, { cartToken })).body;

  describe('a whole purchase', () => {
    it('takes two calls: a cart with its lines, and the checkout', async () => {
      const before = [await stockOf(app, lamp), await stockOf(app, book)] as const;
      const { cart, answer } = await buy(app, [lamp, { ...book, quantity: 2 }]);
      expect(answer.text).toContain('"status":"placed"');
      expect(answer.status).toBe(201);
      // 19.99 + 20.00 + 4.90; tax 19/119 of 24.89 and 7/107 of 20.00.
      expect(answer.body).toMatchObject({
        status: 'placed',
        paymentStatus: 'paid',
        fulfilmentStatus: 'unfulfilled',
        currency: 'EUR',
        email,
        shippingAddress: berlin,
        billingAddress: null,
        shipping: { title: 'Standard', chosenBy: 'cheapest', price: { amount: 490, currency: 'EUR' } },
        totals: {
          subtotal: { amount: 3999 },
          discount: { amount: 0 },
          shipping: { amount: 490 },
          tax: { amount: 397 + 131 },
          total: { amount: 4489 },
        },
        taxes: [
          { taxClass: 'standard', ratePpm: 190_000, amount: { amount: 397 }, base: { amount: 2092 } },
          { taxClass: 'reduced', ratePpm: 70_000, amount: { amount: 131 }, base: { amount: 1869 } },
        ],
        payments: [{ status: 'captured', amount: { amount: 4489, currency: 'EUR' }, nextAction: null }],
        history: [
          { event: 'created', status: 'pending_payment' },
          { event: 'placed', status: 'placed' },
        ],
      });
      expect(Number(answer.body.number)).toBeGreaterThanOrEqual(1001);
      expect(answer.body.lines).toHaveLength(2);

      await app.settle();
      const read = await order(answer.body.id, cart.token);
      expect(read).toEqual(answer.body);
      const after = [await stockOf(app, lamp), await stockOf(app, book)] as const;
      expect(after[0]).toEqual({ ...before[0], allocated: before[0].allocated + 1 });
      expect(after[1]).toEqual({ ...before[1], allocated: before[1].allocated + 2 });
      expect(await imbalance(app)).toBeNull();
    });

    it('costs at most 25 statements and 4 commits in its two requests', async () => {
      await buy(app, [lamp, book]);
      await app.settle();
      // Only the two requests are counted: what follows them waits.
      const workers = app.app.get(Workers);
      await workers.stop();
      const watched = watch(app.app.get(Database));
      const { answer } = await buy(app, [lamp, { ...book, quantity: 2 }], { token: 'ok+delay=2000' });
      const { statements, commits } = watched.stop();
      await workers.start({ schedules: false });
      expect(answer.status).toBe(201);
      process.stdout.write(`a purchase: ${statements} statements, ${commits} commits\n`);
      expect(statements).toBeLessThanOrEqual(25);
      expect(statements).toBeGreaterThan(15);
      expect(commits).toBeLessThanOrEqual(4);
    });

    it('tells the mail and the feed after the commit', async () => {
      const { answer } = await buy(app, [lamp]);
      await app.settle();
      const facts = await app.database.query<{ type: string }>(
        `SELECT type FROM platform.events WHERE payload->>'orderId' = $1 ORDER BY position`,
        [answer.body.id],
      );
      expect(facts.map(({ type }) => type).sort()).toEqual([
        'billing.payment_captured',
        'ordering.order_placed',
      ]);
    });
  });

  describe('every token of the test gateway', () => {
    const table: object[] = [];
    afterAll(() => {
      process.stdout.write(`${table.map((row) => JSON.stringify(row)).join('\n')}\n`);
    });

    type Outcome = [status: number, order: string, paymentStatus: string, payment: string];
    const paid: Outcome = [201, 'placed', 'paid', 'captured'];
    const declined: Outcome = [402, 'pending_payment', 'none', 'requires_payment_method'];
    const challenged: Outcome = [202, 'pending_payment', 'none', 'requires_action'];
    const unknown: Outcome = [202, 'pending_payment', 'none', 'processing'];
    /** What each of them comes to; `knobs` keep the gateway's notice from deciding it before we look. */
    const outcomes: Record<TokenName, { knobs?: string; outcome: Outcome; books: Record<string, number> }> = {
      ok: { outcome: paid, books: charged(2489) },
      decline_generic: { outcome: declined, books: {} },
      insufficient_funds: { outcome: declined, books: {} },
      expired: { outcome: declined, books: {} },
      lost: { outcome: declined, books: {} },
      processing_error: { outcome: declined, books: {} },
      unknown_token: { outcome: declined, books: {} },
      sca_required: { outcome: challenged, books: {} },
      sca_once: { outcome: challenged, books: {} },
      sca_fail: { outcome: challenged, books: {} },
      sca_then_decline: { outcome: challenged, books: {} },
      attach_ok_charge_fails: { outcome: declined, books: {} },
      attach_ok_then_lost: { outcome: declined, books: {} },
      recover_after: { outcome: declined, books: {} },
      429: { outcome: declined, books: {} },
      auth_expires: { outcome: paid, books: charged(2489) },
      risk: { outcome: paid, books: charged(2489) },
      dispute: { outcome: paid, books: charged(2489) },
      dispute_won: { outcome: paid, books: charged(2489) },
      dispute_lost: { outcome: paid, books: charged(2489) },
      timeout_before: { outcome: unknown, books: {} },
      timeout_after: { knobs: '+drop', outcome: unknown, books: {} },
      http_500_before: { outcome: unknown, books: {} },
      http_500_after: { knobs: '+drop', outcome: unknown, books: {} },
      reset_after: { knobs: '+drop', outcome: unknown, books: {} },
      async_ok: { knobs: ':60000', outcome: unknown, books: {} },
      async_fail: { knobs: ':60000', outcome: unknown, books: {} },
      amount_mismatch: {
        outcome: [202, 'pending_payment', 'overcharged', 'requires_review'],
        books: charged(2490),
      },
      currency_switch: {
        outcome: [202, 'pending_payment', 'none', 'requires_review'],
        books: charged(2489, 'USD'),
      },
      refund_fail: { outcome: paid, books: charged(2489) },
      refund_fail_once: { outcome: paid, books: charged(2489) },
      refund_pending: { outcome: paid, books: charged(2489) },
      refund_fail_later: { outcome: paid, books: charged(2489) },
      refund_timeout_before: { outcome: paid, books: charged(2489) },
      refund_timeout_after: { outcome: paid, books: charged(2489) },
    };

    it('stands in the table', () => {
      expect(Object.keys(outcomes).sort()).toEqual([...TOKENS].sort());
    });

    it.each(TOKENS)('%s', async (name) => {
      const { knobs = '', outcome, books } = outcomes[name];
      const [status, orderStatus, paymentStatus, payment] = outcome;
      const thing = await goods(app, { stock: 5 });
      const { cart, answer } = await buy(app, [thing], { token: `${name}${knobs}` });
      expect(answer.status).toBe(status);
      const id: string = answer.body.orderId ?? answer.body.id;
      const read = await order(id, cart.token);
      expect(read).toMatchObject({ status: orderStatus, paymentStatus, payments: [{ status: payment }] });
      if (status === 202) expect(read.payments[0].nextAction).toEqual(answer.body.payments[0].nextAction);
      const stock = await stockOf(app, thing);
      expect(stock).toEqual(
        orderStatus === 'placed'
          ? { onHand: 5, allocated: 1, reserved: 0 }
          : { onHand: 5, allocated: 0, reserved: 1 },
      );
      const ledger = await ledgerOf(id);
      expect(ledger).toEqual(books);
      expect(await imbalance(app)).toBeNull();
      table.push({
        token: name + knobs,
        status,
        order: orderStatus,
        paymentStatus,
        payment,
        ...stock,
        ledger,
      });
    });

    /** What the books say about one order, in minor units by account and currency; debit is positive. */
    async function ledgerOf(orderId: string): Promise<Record<string, number>> {
      const rows = await app.database.query<{ account: string; currency: string; amount: number }>(
        `SELECT e.account, e.currency, sum(e.amount)::int AS amount FROM billing.ledger_entries e
         JOIN billing.ledger_transactions t ON t.id = e.transaction_id WHERE t.order_id = $1 GROUP BY 1, 2`,
        [orderId],
      );
      return Object.fromEntries(
        rows.map(({ account, currency, amount }) => [`${account} ${currency}`, amount]),
      );
    }

    it('timeout_after is found out by the repair job, and the order is placed', async () => {
      const thing = await goods(app, { stock: 5 });
      const { cart, answer } = await buy(app, [thing], { token: 'timeout_after+drop' });
      expect(answer.status).toBe(202);
      await repair();
      expect(await order(answer.body.id, cart.token)).toMatchObject({
        status: 'placed',
        paymentStatus: 'paid',
      });
      expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 1, reserved: 0 });
      expect(await imbalance(app)).toBeNull();
    });

    it('timeout_before turns out not to have moved money; the shopper pays again', async () => {
      const thing = await goods(app, { stock: 5 });
      const { cart, answer } = await buy(app, [thing], { token: 'timeout_before' });
      const early = await checkOut(app, cart);
      expect(early).toMatchObject({ status: 409, body: { code: 'billing.payment_in_progress' } });
      await repair();
      await app.settle();
      // Nobody stands at the checkout any more: a letter says so, and the time is the usual one again.
      const told = await order(answer.body.id, cart.token);
      expect(told.history.map(({ event }: { event: string }) => event)).toEqual([
        'created',
        'payment_processing',
        'payment_declined',
      ]);
      const spared = Date.parse(answer.body.expiresAt) - Date.parse(told.expiresAt);
      expect(spared).toBeGreaterThan(23 * 60 * 60_000);
      const letters = (await app.letters()).filter(({ subject }) => subject.endsWith(`order ${told.number}`));
      expect(letters).toEqual([
        expect.objectContaining({ to: email, text: expect.stringContaining('was declined in the end') }),
      ]);
      const link = /pay\?token=([\w-]+)/.exec(letters[0]?.text ?? '')?.[1];
      expect((await app.post('/v1/payment-links/view', { token: link })).body).toMatchObject({
        state: 'open',
        expiresAt: told.expiresAt,
      });
      const again = await checkOut(app, cart);
      expect(again).toMatchObject({ status: 201, body: { id: answer.body.id, number: answer.body.number } });
      expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 1, reserved: 0 });
    });
  });

  describe('a payment that is decided later', () => {
    it('is placed when the shopper has answered the bank', async () => {
      const { cart, answer } = await buy(app, [lamp], { token: 'sca_required+drop' });
      const [payment] = answer.body.payments;
      expect(payment.nextAction).toMatchObject({ type: 'redirect', url: expect.stringContaining('http') });
      await decide(payment.nextAction.url, 'approve');
      const path = `/v1/payments/${payment.id}/confirmation`;
      expect((await app.post(path, {}, { cartToken: cart.token })).body).toMatchObject({
        status: 'captured',
      });
      await app.settle();
      const placed = await order(answer.body.id, cart.token);
      expect(placed).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
      expect(placed.history.at(-1)).toMatchObject({ event: 'placed', actor: 'system' });
    });

    it('waits on when the bank says no, and is paid by another method', async () => {
      const { cart, answer } = await buy(app, [lamp], { token: 'sca_required+drop' });
      const [payment] = answer.body.payments;
      await decide(payment.nextAction.url, 'deny');
      await app.post(`/v1/payments/${payment.id}/confirmation`, {}, { cartToken: cart.token });
      await app.settle();
      expect(await order(answer.body.id, cart.token)).toMatchObject({ status: 'pending_payment' });
      expect(await checkOut(app, cart)).toMatchObject({ status: 201, body: { id: answer.body.id } });
    });

    it('is told by the gateway when it takes its time', async () => {
      const { cart, answer } = await buy(app, [lamp], { token: 'async_ok:23h' });
      expect(answer.status).toBe(202);
      await (await GatewayBook.of(app)).passDay();
      for (let look = 0; look < 5_000; look++) {
        await app.settle();
        if ((await order(answer.body.id, cart.token)).status === 'placed') break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await order(answer.body.id, cart.token)).toMatchObject({
        status: 'placed',
        paymentStatus: 'paid',
      });
    });

    /** As if the order had been given up in the moment in which the money was on its way. */
    async function giveUp(orderId: string): Promise<void> {
      await app.database.transaction(async () => {
        await app.database.execute(`UPDATE ordering.orders SET status = 'expired' WHERE id = $1`, [orderId]);
        await app.app.get(CatalogApi, { strict: false }).release(orderId);
      });
    }

    it('brings an expired order back while its goods are there', async () => {
      const thing = await goods(app, { stock: 1 });
      const { cart, answer } = await buy(app, [thing], { token: 'timeout_after+drop' });
      await giveUp(answer.body.id);
      await repair();
      expect(await order(answer.body.id, cart.token)).toMatchObject({
        status: 'placed',
        paymentStatus: 'paid',
      });
      expect(await stockOf(app, thing)).toEqual({ onHand: 1, allocated: 1, reserved: 0 });
    });

    it('gives the money back when the goods of the expired order were sold meanwhile', async () => {
      const thing = await goods(app, { stock: 1 });
      const { cart, answer } = await buy(app, [thing], { token: 'timeout_after+drop' });
      await giveUp(answer.body.id);
      expect((await buy(app, [thing])).answer.status).toBe(201);
      await repair();
      await repair();
      const ended = await order(answer.body.id, cart.token);
      expect(ended).toMatchObject({ status: 'canceled', paymentStatus: 'refunded' });
      expect(ended.history.map(({ event }: { event: string }) => event)).toContain('sold_out');
      expect(await stockOf(app, thing)).toEqual({ onHand: 1, allocated: 1, reserved: 0 });
      expect(await imbalance(app)).toBeNull();
    });
  });

  async function decide(url: string, decision: 'approve' | 'deny'): Promise<void> {
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ decision }),
    });
  }

  async function repair(): Promise<void> {
    app.clock.advance({ minutes: 6 });
    await app.run('billing.repair');
    await app.settle();
  }

  describe('a declined order', () => {
    it.each([
      ['declined', 'decline_generic'],
      ['at the bank', 'sca_required'],
      ['undecided', 'async_ok:3600000'],
    ])('that is %s holds its goods a little longer than its time to pay', async (_, token) => {
      const { answer } = await buy(app, [await goods(app)], { token });
      const id: string = answer.body.orderId ?? answer.body.id;
      const grace = async () => {
        const [row] = await app.database.query<{ seconds: number }>(
          `SELECT extract(epoch FROM r.expires_at - o.expires_at)::int AS seconds FROM ordering.orders o
           JOIN catalog.reservations r ON r.reference = o.id WHERE o.id = $1`,
          [id],
        );
        return row?.seconds;
      };
      expect(await grace()).toBe(300);
      app.clock.advance({ minutes: 1 });
      await app.settle();
      expect(await grace()).toBe(300);
      if (token.startsWith('async')) {
        await app.database.execute(
          `UPDATE catalog.reservations SET expires_at = now() - interval '1 h' WHERE reference = $1`,
          [id],
        );
        await app.database.execute(
          `UPDATE ordering.orders SET expires_at = now() - interval '1 h' WHERE id = $1`,
          [id],
        );
        await app.run('ordering.expire_orders');
        expect(await grace()).toBe(300);
      }
    });

    it('is paid by another try with a new key; the same key gets the same refusal', async () => {
      const cart = await fillCart(app, [lamp]);
      const first = key();
      const declined = await checkOut(app, cart, { token: 'decline_generic', key: first });
      expect(declined.status).toBe(402);
      expect(declined.headers.get('content-type')).toContain('application/problem+json');
      expect(declined.body).toMatchObject({
        code: 'ordering.payment_declined',
        orderId: expect.any(String),
        paymentId: expect.any(String),
        declineCode: 'generic_decline',
      });
      const replayed = await checkOut(app, cart, { token: 'decline_generic', key: first });
      expect(replayed.text).toBe(declined.text);
      expect(replayed.headers.get('idempotency-replayed')).toBe('true');
      expect(replayed.headers.get('content-type')).toContain('application/problem+json');

      const elsewhere = await app.post(
        `/v1/orders/${declined.body.orderId}/payments`,
        { payment: { gateway: 'test', token: 'ok' } },
        { cartToken: cart.token, key: key() },
      );
      expect([elsewhere.status, elsewhere.body.code]).toEqual([409, 'ordering.order_unpaid']);
      const paid = await checkOut(app, cart);
      expect(paid).toMatchObject({ status: 201, body: { id: declined.body.orderId, status: 'placed' } });
      expect(paid.body.payments[0].id).toBe(declined.body.paymentId);
      await app.settle();
      const events = (await order(paid.body.id, cart.token)).history.map(
        ({ event }: { event: string }) => event,
      );
      expect(events).toEqual(['created', 'payment_declined', 'placed']);

      const third = await checkOut(app, cart);
      expect(third).toMatchObject({
        status: 409,
        body: { code: 'ordering.order_closed', orderId: paid.body.id },
      });
    });

    it('cannot be sent elsewhere by the second try', async () => {
      const cart = await fillCart(app, [lamp]);
      await checkOut(app, cart, { token: 'decline_generic' });
      const moved = await checkOut(app, cart, { body: { shippingAddress: { ...berlin, city: 'Hamburg' } } });
      expect(moved).toMatchObject({ status: 409, body: { code: 'ordering.order_fixed' } });
      const changed = await app.post(
        `/v1/carts/${cart.id}/lines`,
        { ...lineOf(book) },
        { cartToken: cart.token },
      );
      expect(changed).toMatchObject({ status: 409, body: { code: 'ordering.cart_closed' } });
    });

    it('expires, gives its stock back and takes no money any more', async () => {
      const thing = await goods(app, { stock: 3 });
      const { cart, answer } = await buy(app, [{ ...thing, quantity: 2 }], { token: 'decline_generic' });
      expect(await stockOf(app, thing)).toMatchObject({ reserved: 2 });
      await app.settle();
      app.clock.advance({ minutes: 31 });
      await app.run('ordering.expire_orders');
      await app.settle();
      expect(await order(answer.body.orderId, cart.token)).toMatchObject({
        status: 'expired',
        paymentStatus: 'voided',
        payments: [{ status: 'canceled' }],
      });
      expect(await stockOf(app, thing)).toEqual({ onHand: 3, allocated: 0, reserved: 0 });
      expect(await checkOut(app, cart)).toMatchObject({
        status: 409,
        body: { code: 'ordering.order_closed' },
      });
    });

    it('does not expire while the outcome of its payment is unknown', async () => {
      const thing = await goods(app, { stock: 3 });
      const { cart, answer } = await buy(app, [thing], { token: 'async_ok:3600000' });
      app.clock.advance({ hours: 25 });
      await app.run('ordering.expire_orders');
      expect(await order(answer.body.id, cart.token)).toMatchObject({ status: 'pending_payment' });
      expect(await stockOf(app, thing)).toMatchObject({ reserved: 1 });
    });
  });

  describe('carts', () => {
    it('are opened by their token and by nothing else', async () => {
      const cart = await fillCart(app, [lamp]);
      const other = await fillCart(app, [lamp]);
      const read = await app.get(`/v1/carts/${cart.id}`, { cartToken: cart.token });
      expect(read.status).toBe(200);
      expect(read.body.token).toBeUndefined();
      expect(read.headers.get('etag')).toBe('"1"');
      const unknown = await app.get(`/v1/carts/${randomUUID()}`, { cartToken: cart.token });
      for (const options of [{}, { cartToken: other.token }, { cartToken: 'nonsense' }]) {
        const answer = await app.get(`/v1/carts/${cart.id}`, options);
        expect(answer.status).toBe(404);
        expect(comparable(answer.body)).toEqual(comparable(unknown.body));
      }
      const [row] = await app.database.query<{ n: string }>(
        `SELECT count(*) AS n FROM ordering.carts c WHERE c.id = $1 AND c::text LIKE '%' || $2 || '%'`,
        [cart.id, cart.token],
      );
      expect(row?.n).toBe('0');
    });

    it('refuse what has the wrong shape, and what is not for sale', async () => {
      const make = (body: object) => app.post('/v1/carts', body);
      expect((await make({})).body.code).toBe('platform.invalid_input');
      expect((await make({ currency: 'EUR', lines: [{ variantId: 'x', quantity: 0 }] })).status).toBe(400);
      expect((await make({ currency: 'EUR', surprise: 1 })).status).toBe(400);
      expect((await app.get('/v1/carts/not-a-uuid')).status).toBe(400);
      const unknown = await make({
        currency: 'EUR',
        lines: [lineOf(lamp), { variantId: randomUUID(), quantity: 1 }],
      });
      expect(unknown).toMatchObject({
        status: 422,
        body: { code: 'ordering.variant_unavailable', errors: [{ pointer: '/lines/1/variantId' }] },
      });
      const noPrice = await make({ currency: 'JPY', lines: [lineOf(lamp)] });
      expect(noPrice.status).toBe(422);
    });

    it('replay the answer that made them, token included', async () => {
      const once = key();
      const body = { currency: 'EUR', lines: [lineOf(lamp)] };
      const first = await app.post('/v1/carts', body, { key: once });
      const second = await app.post('/v1/carts', body, { key: once });
      expect(first.status).toBe(201);
      expect(second.text).toBe(first.text);
      const other = await app.post('/v1/carts', { currency: 'EUR' }, { key: once });
      expect(other.status).toBe(422);
    });

    it('take lines, more of them, fewer, none', async () => {
      const cart = await fillCart(app, [lamp]);
      const of = { cartToken: cart.token };
      const lines = `/v1/carts/${cart.id}/lines`;
      const added = await app.post(lines, { variantId: book.variantId, quantity: 2 }, of);
      expect(added.status).toBe(201);
      const twice = await app.post(lines, { variantId: book.variantId, quantity: 3 }, of);
      expect(twice.body.lines.map((line: { quantity: number }) => line.quantity)).toEqual([1, 5]);
      const lineId = twice.body.lines[1].id;
      const fewer = await app.patch(`${lines}/${lineId}`, { quantity: 1 }, of);
      expect(fewer.body.lines[1].quantity).toBe(1);
      expect(fewer.body.totals.total.amount).toBe(2999);
      expect((await app.delete(`${lines}/${lineId}`, of)).body.lines).toHaveLength(1);
      expect((await app.delete(`${lines}/${lineId}`, of)).status).toBe(404);
      const tooMany = await app.post(lines, { variantId: lamp.variantId, quantity: 999 }, of);
      expect(tooMany).toMatchObject({ status: 422, body: { code: 'ordering.too_many_lines' } });
      expect((await app.post(lines, lineOf(book), {})).status).toBe(404);
      expect((await app.post(lines, { quantity: 1 }, of)).status).toBe(400);
      const gone = await app.post(lines, { variantId: randomUUID(), quantity: 1 }, of);
      expect(gone).toMatchObject({ status: 422, body: { errors: [{ pointer: '/variantId' }] } });
    });

    it('do not lose a line when many are put in at once', async () => {
      const cart = await fillCart(app, []);
      const things = await Promise.all(Array.from({ length: 12 }, () => goods(app)));
      const answers = await Promise.all(
        [...things, ...things].map((thing) =>
          app.post(`/v1/carts/${cart.id}/lines`, lineOf(thing), { cartToken: cart.token }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(24).fill(201));
      const { body } = await app.get(`/v1/carts/${cart.id}`, { cartToken: cart.token });
      expect(body.lines.map(({ quantity }: { quantity: number }) => quantity)).toEqual(
        Array<number>(12).fill(2),
      );
      expect(body.version).toBe(25);
    });

    it('keep e-mail, addresses and the choice of shipping; null deletes', async () => {
      const cart = await fillCart(app, [lamp]);
      const of = { cartToken: cart.token };
      const path = `/v1/carts/${cart.id}`;
      const saved = await app.patch(path, { shippingAddress: berlin, email: 'grace@example.test' }, of);
      expect(saved.body).toMatchObject({ email: 'grace@example.test', shippingAddress: berlin, version: 2 });
      expect(saved.body.totals).toMatchObject({ shipping: { amount: 490 }, total: { amount: 2489 } });

      const offers = await app.get(`${path}/shipping-options`, of);
      expect(offers.body.items.map(({ title }: { title: string }) => title)).toEqual(['Standard', 'Express']);
      const express = offers.body.items[1].id;
      const chosen = await app.patch(path, { shippingOptionId: express }, of);
      expect(chosen.body.totals.shipping.amount).toBe(1290);
      const explained = await app.get(`${path}/explain`, of);
      expect(explained.body).toMatchObject({
        taxZone: 'Germany',
        pricesIncludeTax: true,
        shipping: { chosenBy: 'shopper', candidates: 2 },
        lines: [{ calculation: '1 × 19.99 EUR' }],
      });

      const cleared = await app.patch(path, { email: null, shippingOptionId: null }, of);
      expect(cleared.body).toMatchObject({ email: null, shippingOptionId: null });
      const oslo = { ...berlin, postalCode: '0150', country: 'NO' };
      const norway = { shippingAddress: oslo, shippingOptionId: express };
      expect(await app.patch(path, norway, of)).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/shippingOptionId', code: 'not_for_address' }] },
      });
      expect((await app.patch(path, { shippingOptionId: randomUUID() }, of)).body.code).toBe(
        'ordering.unknown_shipping_option',
      );
      expect((await app.patch(path, { promotionCodes: ['SUMMER'] }, of)).body.code).toBe(
        'ordering.unknown_promotion_code',
      );
      expect((await app.patch(path, { promotionCodes: [] }, of)).status).toBe(200);
      expect((await app.patch(path, { shippingAddress: { ...berlin, country: 'Germany' } }, of)).status).toBe(
        400,
      );
      const stateless = { ...berlin, country: 'US', city: 'New York' };
      const strange = { ...berlin, country: 'NL' };
      const faulty = await app.patch(path, { shippingAddress: stateless, billingAddress: strange }, of);
      expect([faulty.status, faulty.body.code, faulty.body.errors]).toEqual([
        400,
        'platform.invalid_input',
        [
          expect.objectContaining({ pointer: '/shippingAddress/region', code: 'required' }),
          expect.objectContaining({ pointer: '/billingAddress/postalCode', code: 'malformed' }),
        ],
      ]);
      const noCode = { ...berlin, postalCode: null };
      const refused = await checkOut(app, cart, { body: { shippingAddress: noCode } });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/shippingAddress/postalCode']);
      expect((await app.patch(path, { shippingAddress: { ...noCode, country: 'HK' } }, of)).status).toBe(200);
      const stale = await app.patch(path, { email }, { ...of, headers: { 'if-match': '"1"' } });
      expect(stale.status).toBe(412);
      expect((await app.patch(path, { email }, {})).status).toBe(404);
    });

    it('tell what is in the way, by the judgement that guards the checkout', async () => {
      const scarce = await goods(app, { stock: 1 });
      const cart = await fillCart(app, [{ ...scarce, quantity: 2 }], { email: undefined });
      const of = { cartToken: cart.token };
      const { body } = await app.get(`/v1/carts/${cart.id}/readiness`, of);
      expect(body.ready).toBe(false);
      expect(body.problems.map(({ code }: { code: string }) => code)).toEqual([
        'out_of_stock',
        'email_missing',
        'shipping_address_missing',
      ]);
      const refused = await app.post(
        `/v1/carts/${cart.id}/checkout`,
        { payment: { gateway: 'test', token: 'ok' } },
        { ...of, key: key() },
      );
      expect(refused).toMatchObject({ status: 422, body: { code: 'ordering.cart_not_ready' } });
      // One spelling of a code, wherever it is told.
      expect(
        refused.body.errors.map(({ code, pointer }: { code: string; pointer: string }) => [code, pointer]),
      ).toEqual([
        ['email_missing', '/email'],
        ['shipping_address_missing', '/shippingAddress'],
      ]);
      await app.patch(`/v1/carts/${cart.id}`, { email, shippingAddress: berlin }, of);
      const short = await checkOut(app, cart);
      expect(short).toMatchObject({
        status: 409,
        body: { code: 'ordering.out_of_stock', errors: [{ pointer: '/lines/0/quantity' }] },
      });
      await setStock(app, scarce, 2);
      expect((await app.get(`/v1/carts/${cart.id}/readiness`, of)).body).toEqual({
        ready: true,
        problems: [],
      });
      expect((await checkOut(app, cart)).status).toBe(201);
      // Of what may be sold before it is there no more than that either.
      const limit = 'UPDATE catalog.stock SET backorder_limit = 5 WHERE variant_id = $1';
      await app.database.execute(limit, [scarce.variantId]);
      const ahead = await fillCart(app, [{ ...scarce, quantity: 5 }]);
      const { id } = ahead.body.lines[0];
      const path = `/v1/carts/${ahead.id}`;
      const held = { cartToken: ahead.token };
      await app.patch(path, { shippingAddress: berlin }, held);
      const many = await app.patch(`${path}/lines/${id}`, { quantity: 6 }, held);
      expect(many.body.lines[0]).toMatchObject({ availability: 'fewer', obtainable: 5 });
      expect((await app.get(`${path}/readiness`, held)).body).toMatchObject({
        ready: false,
        problems: [{ code: 'out_of_stock', pointer: '/lines/0/quantity', fix: 'Take 5 or fewer.' }],
      });
      await app.patch(`${path}/lines/${id}`, { quantity: 5 }, held);
      expect((await app.get(`${path}/readiness`, held)).body.ready).toBe(true);
      expect((await checkOut(app, ahead)).status).toBe(201);
    });

    it('tax by the country of the address', async () => {
      const cart = await fillCart(app, [lamp]);
      const to = async (country: string, local: object = {}) =>
        (
          await app.patch(
            `/v1/carts/${cart.id}`,
            { shippingAddress: { ...berlin, country, ...local } },
            { cartToken: cart.token },
          )
        ).body.totals;
      expect(await to('FR')).toMatchObject({
        shipping: { amount: 990 },
        tax: { amount: 498 },
        total: { amount: 2989 },
      });
      expect(await to('US', { region: 'NY' })).toMatchObject({
        shipping: { amount: 1990 },
        tax: { amount: 0 },
        total: { amount: 3989 },
      });
      expect(await to('JP', { postalCode: '100-0001', region: 'Tokyo' })).toMatchObject({
        shipping: { amount: 2490 },
        tax: { amount: 0 },
      });
    });
  });

  describe('the checkout', () => {
    it('needs a key, a method to pay with and a cart of one’s own', async () => {
      const cart = await fillCart(app, [lamp]);
      const path = `/v1/carts/${cart.id}/checkout`;
      const body = { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin };
      const noKey = await app.post(path, body, { cartToken: cart.token });
      expect(noKey).toMatchObject({ status: 400, body: { code: 'platform.idempotency_key_required' } });
      const unpaid = { ...body, payment: null };
      expect(await app.post(path, unpaid, { cartToken: cart.token, key: key() })).toMatchObject({
        status: 422,
        body: { code: 'billing.payment_method_required', errors: [{ pointer: '/payment' }] },
      });
      expect((await app.post(path, body, { key: key() })).status).toBe(404);
      const elsewhere = { ...body, payment: { gateway: 'nobody', token: 'ok' } };
      expect(await app.post(path, elsewhere, { cartToken: cart.token, key: key() })).toMatchObject({
        status: 422,
        body: { code: 'billing.unknown_gateway', errors: [{ pointer: '/payment/gateway' }] },
      });
      // This shop takes no transfers: then they are a gateway like any other that it does not know.
      const transfer = { ...body, payment: { gateway: 'bank_transfer' } };
      expect((await app.post(path, transfer, { cartToken: cart.token, key: key() })).body).toMatchObject({
        code: 'billing.unknown_gateway',
        errors: [{ pointer: '/payment/gateway' }],
      });
      expect(await stockOf(app, lamp)).toMatchObject({ reserved: expect.any(Number) });
    });

    it('orders nothing when the total is not the one that was shown', async () => {
      const cart = await fillCart(app, [lamp]);
      const changed = await checkOut(app, cart, {
        body: { expectedTotal: { amount: 1999, currency: 'EUR' } },
      });
      expect(changed).toMatchObject({
        status: 409,
        body: { code: 'ordering.cart_changed', totals: { total: { amount: 2489, currency: 'EUR' } } },
      });
      const right = await checkOut(app, cart, { body: { expectedTotal: { amount: 2489, currency: 'EUR' } } });
      expect(right.status).toBe(201);
    });

    it('asks nobody for money when nothing is owed', async () => {
      const zones = await app.database.query<{ id: string; options: unknown }>(
        `SELECT id, options FROM ordering.shipping_zones WHERE name = 'Germany'`,
      );
      await app.database.execute(
        `UPDATE ordering.shipping_zones SET options = jsonb_set(options, '{0,tiers,0,price,amount}', '0') WHERE id = $1`,
        [zones[0]?.id],
      );
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      try {
        const gift = await goods(app, { price: 0, stock: 1 });
        const { answer } = await buy(app, [gift]);
        expect(answer).toMatchObject({
          status: 201,
          body: { status: 'placed', paymentStatus: 'paid', payments: [] },
        });
        expect(await stockOf(app, gift)).toEqual({ onHand: 1, allocated: 1, reserved: 0 });
      } finally {
        await app.database.execute('UPDATE ordering.shipping_zones SET options = $2 WHERE id = $1', [
          zones[0]?.id,
          JSON.stringify(zones[0]?.options),
        ]);
        await new Promise((resolve) => setTimeout(resolve, 1_100));
      }
    });
  });

  describe('what staff do', () => {
    let staff: string;
    let customer: string;

    beforeAll(async () => {
      staff = await given.admin(app);
      customer = (await given.customer(app)).token;
    });

    it('send goods line by line; the last parcel completes the order', async () => {
      const thing = await goods(app, { stock: 10 });
      const { cart, answer } = await buy(app, [{ ...thing, quantity: 3 }, book]);
      const path = `/v1/admin/orders/${answer.body.id}`;
      const [line] = answer.body.lines;
      const send = (body: object, options: object = {}) =>
        app.post(`${path}/fulfilments`, body, { token: staff, key: key(), ...options });
      expect((await send({ lines: [{ lineId: line.id, quantity: 4 }] })).status).toBe(409);
      expect((await send({ lines: [] })).status).toBe(400);
      expect((await send({}, { headers: { 'if-match': '"1"' } })).status).toBe(412);
      expect((await send({}, { token: customer })).status).toBe(403);
      const part = await send({
        lines: [{ lineId: line.id, quantity: 2 }],
        carrier: 'DHL',
        trackingNumber: '0034',
        trackingUrl: 'https://dhl.example/0034',
      });
      expect(part).toMatchObject({
        status: 201,
        body: {
          status: 'placed',
          fulfilmentStatus: 'partially_fulfilled',
          fulfilments: [{ carrier: 'DHL' }],
        },
      });
      expect(part.body.lines[0].fulfilledQuantity).toBe(2);
      expect(await stockOf(app, thing)).toEqual({ onHand: 8, allocated: 1, reserved: 0 });
      const refused = await app.post(
        `/v1/orders/${answer.body.id}/cancellation`,
        {},
        { cartToken: cart.token, key: key() },
      );
      expect(refused).toMatchObject({ status: 409, body: { code: 'ordering.order_not_cancelable' } });
      const rest = await send({});
      expect(rest.body).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
      expect((await send({})).status).toBe(409);
      expect(await stockOf(app, thing)).toEqual({ onHand: 7, allocated: 0, reserved: 0 });
      await app.settle();
      const mails = await app.database.query<{ template: string; state: string }>(
        `SELECT template, state FROM platform.mails WHERE subject_id = ANY ($1) ORDER BY template`,
        [[answer.body.id, ...rest.body.fulfilments.map(({ id }: { id: string }) => id)]],
      );
      expect(mails).toEqual([
        { template: 'order_confirmation', state: 'sent' },
        { template: 'order_shipped', state: 'sent' },
        { template: 'order_shipped', state: 'sent' },
      ]);
    });

    it('find orders by status, number, e-mail and time, page by page', async () => {
      const mail = `${randomUUID()}@example.test`;
      for (let n = 0; n < 5; n++) {
        const cart = await fillCart(app, [lamp], { email: mail });
        await checkOut(app, cart, { token: n === 0 ? 'decline_generic' : 'ok' });
      }
      const list = async (query: string) =>
        (await app.get(`/v1/admin/orders?${query}`, { token: staff })).body;
      const first = await list(`email=${mail}&limit=3`);
      expect(first.items).toHaveLength(3);
      const second = await list(`email=${mail}&limit=3&cursor=${encodeURIComponent(first.nextCursor)}`);
      expect(second).toMatchObject({ nextCursor: null });
      const numbers = [...first.items, ...second.items].map(({ number }: { number: string }) =>
        Number(number),
      );
      expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
      expect(new Set(numbers).size).toBe(5);
      expect((await list(`email=${mail}&status=pending_payment`)).items).toHaveLength(1);
      expect((await list(`email=${mail}&paymentStatus=paid&sort=createdAt`)).items).toHaveLength(4);
      expect((await list(`number=${numbers[0]}`)).items).toHaveLength(1);
      expect((await list(`email=${mail}&createdAt[gte]=2100-01-01T00:00:00Z`)).items).toHaveLength(0);
      expect((await list('status=odd')).code).toBe('platform.invalid_input');
      expect((await list('colour=red')).code).toBe('platform.invalid_input');
      expect((await app.get('/v1/admin/orders', { token: customer })).status).toBe(403);
    });

    it('keep shipping and tax zones', async () => {
      for (const kind of ['shipping-zones', 'tax-zones'] as const) {
        const path = `/v1/admin/${kind}`;
        const body =
          kind === 'tax-zones'
            ? {
                name: 'Switzerland',
                countries: ['CH'],
                pricesIncludeTax: true,
                rates: [{ taxClass: 'standard', title: 'MWST 8.1 %', ratePpm: 81_000 }],
              }
            : {
                name: 'Switzerland',
                countries: ['CH'],
                options: [
                  { title: 'Post', tiers: [{ upToGrams: null, price: { amount: 700, currency: 'EUR' } }] },
                ],
              };
        const made = await app.post(path, body, { token: staff });
        expect(made).toMatchObject({ status: 201, body: { name: 'Switzerland', version: 1 } });
        const one = `${path}/${made.body.id}`;
        expect(await app.post(path, { ...body, name: 'Again' }, { token: staff })).toMatchObject({
          status: 409,
          body: { code: 'ordering.zone_conflict' },
        });
        expect((await app.post(path, { name: '' }, { token: staff })).status).toBe(400);
        expect((await app.post(path, body, { token: customer })).status).toBe(403);
        const renamed = await app.patch(
          one,
          { name: 'Helvetia' },
          { token: staff, headers: { 'if-match': '"1"' } },
        );
        expect(renamed).toMatchObject({
          status: 200,
          body: { name: 'Helvetia', countries: ['CH'], version: 2 },
        });
        expect(
          (await app.patch(one, { name: 'X' }, { token: staff, headers: { 'if-match': '"1"' } })).status,
        ).toBe(412);
        expect((await app.get(path, { token: staff })).body.items.length).toBeGreaterThan(3);
      }
      const cart = await fillCart(app, [lamp]);
      const swiss = await app.patch(
        `/v1/carts/${cart.id}`,
        { shippingAddress: { ...berlin, country: 'CH', postalCode: '8001' } },
        { cartToken: cart.token },
      );
      expect(swiss.body.totals).toMatchObject({ shipping: { amount: 700 }, tax: { amount: 202 } });
      for (const kind of ['shipping-zones', 'tax-zones']) {
        const { items } = (await app.get(`/v1/admin/${kind}`, { token: staff })).body;
        const { id } = items.find(({ name }: { name: string }) => name === 'Helvetia');
        expect((await app.delete(`/v1/admin/${kind}/${id}`, { token: staff })).status).toBe(204);
        expect((await app.get(`/v1/admin/${kind}/${id}`, { token: staff })).status).toBe(404);
      }
    });
  });

  describe('customers', () => {
    let ada: string;
    let eve: string;
    let address: string;

    beforeAll(async () => {
      ({ token: ada, email: address } = await given.customer(app));
      ({ token: eve } = await given.customer(app));
    });

    it('need no cart token, and see their own orders only', async () => {
      const cart = await app.post('/v1/carts', { currency: 'EUR', lines: [lineOf(lamp)] }, { token: ada });
      expect(cart.body).toMatchObject({ token: null, email: address });
      const path = `/v1/carts/${cart.body.id}`;
      expect((await app.get(path, { token: ada })).status).toBe(200);
      expect((await app.get(path, { token: eve })).status).toBe(404);
      expect((await app.get(path)).status).toBe(404);
      const body = { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin };
      expect((await app.post(`${path}/checkout`, body, { token: eve, key: key() })).status).toBe(404);
      const placed = await app.post(`${path}/checkout`, body, { token: ada, key: key() });
      expect(placed.status).toBe(201);
      expect((await app.get(`/v1/orders/${placed.body.id}`, { token: ada })).status).toBe(200);
      expect((await app.get(`/v1/orders/${placed.body.id}`, { token: eve })).status).toBe(404);
      const mine = await app.get('/v1/me/orders', { token: ada });
      expect(mine.body).toMatchObject({ items: [{ id: placed.body.id, quantity: 1 }], nextCursor: null });
      expect((await app.get('/v1/me/orders', { token: eve })).body.items).toEqual([]);
    });

    it('own what they buy with a guest’s cart', async () => {
      const cart = await fillCart(app, [lamp]);
      const body = { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin };
      const placed = await app.post(`/v1/carts/${cart.id}/checkout`, body, {
        token: eve,
        cartToken: cart.token,
        key: key(),
      });
      expect(placed.status).toBe(201);
      expect((await app.get(`/v1/orders/${placed.body.id}`, { token: eve })).status).toBe(200);
    });
  });

  describe('orders', () => {
    it('open for whoever holds the token of their cart', async () => {
      const { cart, answer } = await buy(app, [lamp]);
      const other = await fillCart(app, [lamp]);
      const path = `/v1/orders/${answer.body.id}`;
      expect((await app.get(path, { cartToken: cart.token })).status).toBe(200);
      const unknown = await app.get(`/v1/orders/${randomUUID()}`, { cartToken: cart.token });
      for (const options of [{}, { cartToken: other.token }]) {
        const foreign = await app.get(path, options);
        expect(foreign.status).toBe(404);
        expect(comparable(foreign.body)).toEqual(comparable(unknown.body));
      }
    });

    it('are canceled before they are sent: the stock is free, the money goes back', async () => {
      const thing = await goods(app, { stock: 5 });
      const { cart, answer } = await buy(app, [{ ...thing, quantity: 2 }]);
      const path = `/v1/orders/${answer.body.id}/cancellation`;
      expect((await app.post(path, {}, { cartToken: cart.token })).status).toBe(400);
      expect((await app.post(path, {}, { key: key() })).status).toBe(404);
      const once = key();
      const canceled = await app.post(
        path,
        { reason: 'Ordered twice' },
        { cartToken: cart.token, key: once },
      );
      expect(canceled).toMatchObject({ status: 201, body: { status: 'canceled' } });
      expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
      await app.settle();
      expect(await order(answer.body.id, cart.token)).toMatchObject({
        status: 'canceled',
        paymentStatus: 'refunded',
        payments: [{ refunded: { amount: answer.body.totals.total.amount } }],
      });
      expect(
        (await app.post(path, { reason: 'Ordered twice' }, { cartToken: cart.token, key: once })).text,
      ).toBe(canceled.text);
      const again = await app.post(path, {}, { cartToken: cart.token, key: key() });
      expect(again).toMatchObject({ status: 409, body: { code: 'ordering.order_not_cancelable' } });
      expect(await imbalance(app)).toBeNull();
    });

    it('say that a refund was refused, to the buyer and to staff who look for it', async () => {
      const token = await given.admin(app);
      const { cart, answer } = await buy(app, [lamp], { token: 'refund_fail' });
      const { id, totals, payments } = answer.body;
      const path = `/v1/orders/${id}/cancellation`;
      await app.post(path, {}, { cartToken: cart.token, key: key() });
      await app.settle();
      const told = await order(id, cart.token);
      expect(told).toMatchObject({
        status: 'canceled',
        paymentStatus: 'paid',
        amountDue: { amount: 0 },
        amountToRefund: totals.total,
      });
      expect(told.history.at(-1)).toMatchObject({ event: 'refund_failed', actor: 'system' });
      const seen = await app.get(`/v1/admin/orders/${id}`, { token });
      expect(seen.body.history.at(-1).facts).toMatchObject({
        paymentId: payments[0].id,
        amount: totals.total,
        code: expect.any(String),
      });
      const found = async (refused: boolean) => {
        const { body } = await app.get(`/v1/admin/orders?refundFailed=${refused}&limit=100`, { token });
        return (body.items as { id: string }[]).some((one) => one.id === id);
      };
      expect([await found(true), await found(false)]).toEqual([true, false]);
      expect(await imbalance(app)).toBeNull();
    });

    it('are not canceled while nobody knows whether the money moved', async () => {
      const { cart, answer } = await buy(app, [lamp], { token: 'async_ok:3600000' });
      const path = `/v1/orders/${answer.body.id}/cancellation`;
      const undecided = await app.post(path, {}, { cartToken: cart.token, key: key() });
      expect(undecided).toMatchObject({ status: 409, body: { code: 'ordering.payment_undecided' } });
      expect(undecided.headers.get('retry-after')).toBe('2');
    });

    it('that were never paid are canceled without a refund', async () => {
      const thing = await goods(app, { stock: 1 });
      const { cart, answer } = await buy(app, [thing], { token: 'decline_generic' });
      const path = `/v1/orders/${answer.body.orderId}/cancellation`;
      const canceled = await app.post(path, undefined, { cartToken: cart.token, key: key() });
      expect(canceled).toMatchObject({ status: 201, body: { status: 'canceled', paymentStatus: 'voided' } });
      expect(await stockOf(app, thing)).toEqual({ onHand: 1, allocated: 0, reserved: 0 });
    });
  });

  it('keeps strangers away from what staff do', async () => {
    for (const path of [
      '/v1/admin/orders',
      '/v1/admin/shipping-zones',
      '/v1/admin/tax-zones',
      '/v1/me/orders',
    ]) {
      expect((await app.get(path)).status).toBe(401);
    }
    const { answer } = await buy(app, [lamp]);
    expect(
      (await app.post(`/v1/admin/orders/${answer.body.id}/fulfilments`, {}, { key: key() })).status,
    ).toBe(401);
  });
});

const lineOf = ({ variantId }: Goods) => ({ variantId, quantity: 1 });
const comparable = ({ requestId: _r, instance: _i, ...rest }: Record<string, unknown>) => rest;
