import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import {
  type Difference,
  type IntegrityCheck,
  IntegrityChecks,
  type IntegrityCheckProvider,
} from '../src/platform/integrity/integrity.js';
import { IntegrityRunner } from '../src/platform/integrity/integrity-runner.js';
import { PlatformModule } from '../src/platform/platform.module.js';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { GatewayBook } from './support/gateway-book.js';
import { given } from './support/given.js';
import { berlin, buy, checkOut, fillCart, type Goods, key } from './support/purchase.js';

type Body = Answer['body'];

/** A check of nothing that can be held up, and that can fail. */
const slow = { pages: 0, looks: [] as string[], meanwhile: () => Promise.resolve(), fails: 0 };

@IntegrityChecks()
class SlowChecks implements IntegrityCheckProvider {
  readonly name = 'slow';
  readonly checks: IntegrityCheck[] = [
    {
      code: 'platform.slow',
      subjectType: 'nothing',
      promise: 'Numbers are numbers, whoever looks.',
      subjects: (after, limit) => {
        const first = after === null ? 0 : Number(after) + 1;
        const all = Array.from({ length: slow.pages * limit }, (_, n) => String(n));
        return Promise.resolve(all.slice(first, first + limit));
      },
      look: async ([first = '']): Promise<Difference[]> => {
        slow.looks.push(first);
        await slow.meanwhile();
        if (slow.fails > 0 && slow.fails-- > 0) throw new Error('it could not be seen');
        return [];
      },
    },
  ];
}
@Module({ imports: [PlatformModule], providers: [SlowChecks] })
class SlowModule {}

const street = { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552' };

describe('the integrity check', () => {
  let app: TestApp;
  let token: string;
  let lamp: Goods;
  let card: { id: string; code: string };
  let credit: string;
  let promotion: string;
  /** Ids of orders by what happened to them. */
  const orders: Record<string, string> = {};
  const ROOT = '/v1/admin/integrity';

  beforeAll(async () => {
    app = await startApp({}, [SlowModule]);
    token = await given.admin(app);
    lamp = await thing(1999);
  });
  afterAll(() => app?.close());

  const thing = async (price: number, extra: object = {}): Promise<Goods> => {
    const prices = [{ amount: price, currency: 'EUR' }];
    const stock = [{ location: 'main', onHand: 50 }];
    const { variants } = await given.product(app, token, {
      variants: [{ sku: randomUUID(), weightGrams: 400, prices, stock, ...extra }],
    });
    return { variantId: variants[0].id, sku: variants[0].sku };
  };
  const post = async (path: string, body: object = {}): Promise<Body> => {
    const answer = await app.post(path, body, { token, key: key() });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
    return answer.body;
  };
  const bought = async (name: string, lines: (Goods & { quantity?: number })[], body: object = {}) => {
    const { answer } = await buy(app, lines, { body });
    await app.settle();
    orders[name] = answer.body.id;
    return answer.body as Body;
  };
  const change = async (orderId: string, plan: object): Promise<void> => {
    const path = `/v1/admin/orders/${orderId}/changes`;
    const { id } = await post(path, plan);
    const { difference } = (await app.get(`${path}/${id}/preview`, { token })).body;
    await post(`${path}/${id}/confirmation`, { expectedDifference: difference });
    await app.settle();
  };
  const send = async (orderId: string, body: object = {}): Promise<Body> => {
    const answer = await post(`/v1/admin/orders/${orderId}/fulfilments`, body);
    await app.settle();
    return answer;
  };
  const check = async (): Promise<Body> => {
    const started = await app.post(`${ROOT}/runs`, undefined, { token });
    expect(started.status).toBe(202);
    await app.run('platform.run_integrity');
    const { body } = await app.get(started.headers.get('location') ?? '', { token });
    expect(body.state).toBe('finished');
    return body;
  };
  const findings = async (query = ''): Promise<Body[]> =>
    (await app.get(`${ROOT}?limit=100${query}`, { token })).body.items;
  const idOf = async (sql: string, values: unknown[] = []): Promise<string> =>
    (await app.database.query<{ id: string }>(sql, values))[0]?.id ?? '';

  it('finds nothing in a shop in which everything has happened', async () => {
    const seller = { name: 'Guildhall', vatId: 'DE136695976', address: { ...street, country: 'DE' } };
    expect((await app.put('/v1/admin/seller-profile', seller, { token })).status).toBe(200);
    const recipientEmail = `${randomUUID()}@example.test`;
    const made = await post('/v1/admin/gift-cards', {
      amount: { amount: 1000, currency: 'EUR' },
      recipientEmail,
      reason: 'a test',
    });
    const ada = await given.customer(app);
    const customerId = (await given.accountId(app, ada.email)) ?? '';
    const given_ = { customerId, amount: { amount: 5000, currency: 'EUR' }, reason: 'The parcel was lost' };
    credit = (await post('/v1/admin/store-credits', { ...given_, expiresAt: '2030-01-01T00:00:00Z' })).id;
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === recipientEmail);
    const code = /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0] ?? '';
    card = { id: made.id, code };
    promotion = (
      await post('/v1/admin/promotions', {
        title: 'Ten off',
        status: 'active',
        group: 'order',
        trigger: 'code',
        effect: { type: 'percent', ppm: 100_000 },
        limitTotal: 100,
      })
    ).id;
    await post(`/v1/admin/promotions/${promotion}/codes`, { code: 'TEN', limitTotal: 5 });

    // Two tenders and a code; sent, delivered, one of three comes back for its money.
    const cart = await fillCart(app, [{ ...lamp, quantity: 3 }]);
    await app.patch(`/v1/carts/${cart.id}`, { promotionCodes: ['TEN'] }, { cartToken: cart.token });
    const paid = await checkOut(app, cart, { body: { giftCards: [{ code }] } });
    expect(paid.body.totals.discount.amount).toBeGreaterThan(0);
    orders.returned = paid.body.id;
    await app.settle();
    await send(paid.body.id);
    const [line] = (await app.get(`/v1/admin/orders/${orders.returned}`, { token })).body.lines;
    const lines = [{ lineId: line.id, quantity: 1, reason: 'not_as_described' }];
    const back = await post(`/v1/orders/${orders.returned}/returns`, { lines });
    await app.post(`/v1/admin/returns/${back.id}/approval`, {}, { token });
    await post(`/v1/admin/returns/${back.id}/receipts`, {
      lines: [{ lineId: line.id, quantity: 1, condition: 'new', restockAt: 'main' }],
    });
    await change(paid.body.id, { kind: 'return', returnId: back.id });
    await app.run('ordering.sweep_promotions');

    await bought('card', [await thing(1000, { kind: 'gift_card', stock: [] })]);

    // One piece taken off, one added and paid by nobody yet, the rest planned and packed.
    const edited = await bought('edited', [{ ...lamp, quantity: 3 }]);
    await change(edited.id, { kind: 'edit', remove: [{ lineId: edited.lines[0].id, quantity: 1 }] });
    await send(edited.id, { shipNow: false, lines: [{ lineId: edited.lines[0].id, quantity: 1 }] });
    const book = await thing(1000);
    await change(edited.id, { kind: 'edit', add: [{ variantId: book.variantId, quantity: 2 }] });
    // One that nobody pays is taken off again.
    const other = await bought('withdrawn', [lamp]);
    await change(other.id, { kind: 'edit', add: [{ variantId: book.variantId, quantity: 1 }] });
    const disputed = await buy(app, [lamp], { token: 'dispute:1h' });
    app.clock.advance({ hours: 73 });
    await app.run('ordering.expire_changes');
    await app.settle();
    await change(edited.id, { kind: 'edit', add: [{ variantId: book.variantId, quantity: 1 }] });

    // What an invoice had taken, a bank takes back.
    const gateway = await GatewayBook.of(app);
    const hear = async () => {
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await app.run('billing.catch_up');
      await app.settle();
    };
    await hear();
    const at = `/v1/admin/payments/${disputed.answer.body.payments[0].id}`;
    const ref = (await app.get(at, { token })).body.gatewayRef as string;
    const [taken] = (await gateway.charge(ref))?.disputes ?? [];
    await gateway.closeDispute(ref, taken?.ref ?? '', 'lost');
    await hear();
    const refunded = await bought('refunded', [lamp]);
    await post(`/v1/admin/payments/${refunded.payments[0].id}/refunds`, {
      amount: { amount: 100, currency: 'EUR' },
      reason: 'goodwill',
    });
    const canceled = await bought('canceled', [lamp]);
    await post(`/v1/orders/${canceled.id}/cancellation`);
    await buy(app, [lamp], { token: 'insufficient_funds' });
    const basket = await app.post(
      '/v1/carts',
      { currency: 'EUR', email: ada.email, lines: [{ variantId: lamp.variantId, quantity: 1 }] },
      { token: ada.token },
    );
    const byCredit = { storeCredit: true, shippingAddress: berlin };
    const credited = await app.post(`/v1/carts/${basket.body.id}/checkout`, byCredit, {
      token: ada.token,
      key: key(),
    });
    expect(credited.status).toBe(201);
    const terms = {
      interval: { unit: 'month', count: 1 },
      prices: [{ amount: { amount: 1000, currency: 'EUR' } }],
      taxes: [{ countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT' }],
    };
    const { id: planId } = await post('/v1/admin/plans', { code: 'plan', title: 'Plan', terms });
    const hers = () => ({ token: ada.token, key: key() });
    await app.post('/v1/me/payment-methods', { gateway: 'test', token: 'ok' }, hers());
    const wanted = { planId, currency: 'EUR', billingAddress: berlin };
    expect((await app.post('/v1/me/subscriptions', wanted, hers())).status).toBe(201);
    await app.settle();

    const run = await check();
    expect(await findings()).toEqual([]);
    expect(run.results.length).toBe(23);
    for (const { check: code, subjects, promise } of run.results)
      expect([code, promise.length > 20, subjects > 0]).toEqual([code, true, code !== 'platform.slow']);
    const metrics = await app.get('/metrics');
    expect(metrics.text).toContain('integrity_findings');
  });

  it('finds each promise that is broken, and sees when it is kept again', async () => {
    const order = (name: string) => orders[name] ?? '';
    const stock = await idOf('SELECT id FROM catalog.stock WHERE variant_id = $1', [lamp.variantId]);
    const paymentOf = (name: string) =>
      idOf(`SELECT id FROM billing.payments WHERE order_id = $1 AND instrument_id IS NULL`, [order(name)]);
    const lineOf = (name: string) =>
      idOf('SELECT id FROM ordering.order_lines WHERE order_id = $1 ORDER BY position', [order(name)]);
    const dispute = await idOf('SELECT id FROM billing.disputes');
    const booked = await idOf(
      `SELECT transaction_id AS id FROM billing.ledger_entries WHERE account = 'contra:refunds' LIMIT 1`,
    );
    const codeId = await idOf('SELECT id FROM ordering.promotion_codes');
    const subscription = await idOf('SELECT id FROM billing.subscriptions');
    const customer = await idOf('SELECT customer_id AS id FROM billing.subscriptions');
    const invoice = await idOf('SELECT id FROM billing.invoices WHERE order_id = $1', [order('refunded')]);
    const series = await idOf(
      `SELECT series AS id FROM billing.number_series WHERE series LIKE 'test:invoice:%'`,
    );
    const taxed = await idOf(
      `SELECT id FROM billing.ledger_transactions WHERE invoice_id = $1 AND kind = 'invoice_finalized'`,
      [invoice],
    );
    const taxTo = (from: string, to: string) =>
      `UPDATE billing.ledger_entries SET account = 'liab:tax:${to}:19' WHERE transaction_id = '${taxed}' AND account = 'liab:tax:${from}:19'`;
    const total = await idOf(
      `SELECT calculation -> 'result' ->> 'total' AS id FROM ordering.orders WHERE id = $1`,
      [order('withdrawn')],
    );
    const where = (id: string) => `WHERE id = '${id}'`;
    const ledger = (by: number) =>
      `UPDATE billing.ledger_entries SET amount = amount + ${by} WHERE transaction_id = '${booked}' AND account = 'contra:refunds'`;
    const giftCard = (by: number) =>
      `UPDATE billing.gift_cards SET balance = balance + ${by} ${where(card.id)}`;
    const storeCredit = (by: number) =>
      `UPDATE billing.store_credits SET balance = balance + ${by} ${where(credit)}`;
    const counter = (column: string, by: number) =>
      `UPDATE catalog.stock SET ${column} = ${column} + ${by} ${where(stock)}`;
    const orderBy = (name: string, set: string) => `UPDATE ordering.orders SET ${set} ${where(order(name))}`;
    const paymentBy = (column: string, by: number): [string, string] => [
      `UPDATE billing.payments SET ${column} = ${column} + ${by} ${where(refunded)}`,
      `UPDATE billing.payments SET ${column} = ${column} - ${by} ${where(refunded)}`,
    ];
    const refunded = await paymentOf('refunded');
    const packed = await lineOf('edited');
    const lost = randomUUID();
    const promised = (by: number) =>
      `UPDATE catalog.reservations SET quantity = quantity + ${by} WHERE reference = '${order('refunded')}'`;

    /** What is broken, how it is mended, and what finds it about whom; in rounds of what does not touch. */
    const rounds: [broken: string, mended: string, found: [check: string, subject: string][]][][] = [
      [
        [
          ledger(1),
          ledger(-1),
          [
            ['billing.ledger_balanced', booked],
            ['billing.accounts_backed', 'contra:refunds EUR'],
          ],
        ],
        [
          giftCard(1),
          giftCard(-1),
          [
            ['billing.gift_card_balance', card.id],
            ['billing.accounts_backed', 'liab:gift_cards EUR'],
          ],
        ],
        [
          `UPDATE billing.disputes SET amount = amount - 1 ${where(dispute)}`,
          `UPDATE billing.disputes SET amount = amount + 1 ${where(dispute)}`,
          [['billing.lost_disputes', dispute]],
        ],
        [...paymentBy('refund_reserved', 1), [['billing.payment_amounts', refunded]]],
        [
          `UPDATE billing.invoices SET settled = settled - 1 ${where(invoice)}`,
          `UPDATE billing.invoices SET settled = settled + 1 ${where(invoice)}`,
          [['billing.invoice_receivables', invoice]],
        ],
        [
          `UPDATE billing.number_series SET next = next + 1 WHERE series = '${series}'`,
          `UPDATE billing.number_series SET next = next - 1 WHERE series = '${series}'`,
          [['billing.number_gaps', series]],
        ],
        [
          `UPDATE billing.subscriptions SET next_bill_at = NULL ${where(subscription)}`,
          `UPDATE billing.subscriptions SET next_bill_at = created_at + interval '1 month' ${where(subscription)}`,
          [['billing.subscription_billing', subscription]],
        ],
        [
          taxTo('DE', 'AT'),
          taxTo('AT', 'DE'),
          [
            ['billing.tax_documents', 'liab:tax:AT:19 EUR'],
            ['billing.tax_documents', 'liab:tax:DE:19 EUR'],
          ],
        ],
        [counter('on_hand', 1), counter('on_hand', -1), [['catalog.stock_movements', stock]]],
        [counter('reserved', 1), counter('reserved', -1), [['catalog.stock_holds', stock]]],
        [
          orderBy('refunded', 'subtotal = subtotal + 1, discount = discount + 1'),
          orderBy('refunded', 'subtotal = subtotal - 1, discount = discount - 1'),
          [['ordering.order_totals', order('refunded')]],
        ],
        [
          orderBy('withdrawn', `calculation = jsonb_set(calculation, '{result,total}', '"1"')`),
          orderBy('withdrawn', `calculation = jsonb_set(calculation, '{result,total}', '"${total}"')`),
          [['ordering.order_calculation', order('withdrawn')]],
        ],
        [
          orderBy('withdrawn', `payment_status = 'authorized'`),
          orderBy('withdrawn', `payment_status = 'paid'`),
          [['ordering.order_statuses', order('withdrawn')]],
        ],
        [
          orderBy('returned', 'given_back = given_back - 1'),
          orderBy('returned', 'given_back = given_back + 1'),
          [['ordering.order_money', order('returned')]],
        ],
        [
          `UPDATE ordering.order_lines SET planned = planned + 1 ${where(packed)}`,
          `UPDATE ordering.order_lines SET planned = planned - 1 ${where(packed)}`,
          [['ordering.line_pieces', packed]],
        ],
        [
          'UPDATE ordering.promotion_totals SET uses = uses + 1',
          'UPDATE ordering.promotion_totals SET uses = uses - 1',
          [['ordering.promotion_uses', promotion]],
        ],
        [
          'UPDATE ordering.promotion_codes SET uses = uses + 1',
          'UPDATE ordering.promotion_codes SET uses = uses - 1',
          [['ordering.code_uses', codeId]],
        ],
      ],
      [
        [
          storeCredit(1),
          storeCredit(-1),
          [
            ['billing.store_credit_balance', credit],
            ['billing.accounts_backed', 'liab:store_credit EUR'],
          ],
        ],
        [
          counter('on_hand', -100),
          counter('on_hand', 100),
          [
            ['catalog.stock_movements', stock],
            ['catalog.stock_available', stock],
          ],
        ],
        [
          promised(1),
          promised(-1),
          [
            ['catalog.stock_holds', stock],
            ['ordering.order_goods', order('refunded')],
          ],
        ],
        [
          `UPDATE ordering.order_changes SET difference = difference + 1 WHERE order_id = '${order('withdrawn')}'`,
          `UPDATE ordering.order_changes SET difference = difference - 1 WHERE order_id = '${order('withdrawn')}'`,
          [['ordering.order_calculation', order('withdrawn')]],
        ],
        [
          orderBy('withdrawn', `fulfilment_status = 'delivered'`),
          orderBy('withdrawn', `fulfilment_status = 'unfulfilled'`),
          [['ordering.order_statuses', order('withdrawn')]],
        ],
      ],
      [
        [
          `UPDATE billing.gift_cards SET order_line_id = '${lost}' WHERE order_id = '${order('card')}'`,
          `UPDATE billing.gift_cards SET order_line_id = '${await lineOf('card')}' WHERE order_id = '${order('card')}'`,
          [['ordering.order_gift_cards', order('card')]],
        ],
        [
          ...paymentBy('captured', -1),
          [
            ['billing.payment_amounts', refunded],
            ['ordering.order_statuses', order('refunded')],
            ['ordering.order_money', order('refunded')],
          ],
        ],
        [
          `UPDATE billing.subscriptions SET customer_id = NULL ${where(subscription)}`,
          `UPDATE billing.subscriptions SET customer_id = '${customer}' ${where(subscription)}`,
          [['billing.subscription_billing', subscription]],
        ],
      ],
    ];
    // What keeps such rows out of the tables has to step aside.
    for (const statement of [
      'ALTER TABLE billing.ledger_entries DISABLE TRIGGER USER',
      'ALTER TABLE billing.gift_cards DROP CONSTRAINT gift_cards_balance_check',
      'ALTER TABLE catalog.stock DROP CONSTRAINT stock_counters_check, DROP CONSTRAINT stock_available_check',
    ])
      await app.database.execute(statement);
    const seen: string[] = [];
    for (const round of rounds) {
      for (const [broken] of round) await app.database.execute(broken);
      await check();
      const found = (await findings()).map((one) => `${one.check} ${one.subjectId}`);
      expect(found.sort()).toEqual(round.flatMap(([, , all]) => all.map((one) => one.join(' '))).sort());
      for (const [, mended] of round) await app.database.execute(mended);
      seen.push(...found);
    }
    await check();
    expect(await findings()).toEqual([]);
    const gone = await findings('&state=resolved');
    expect(new Set(gone.map((one) => `${one.check} ${one.subjectId}`))).toEqual(new Set(seen));
    expect(gone.find((one) => one.subjectId === card.id)).toMatchObject({
      expected: 'balance 0',
      found: 'balance 1',
      resolvedAt: expect.any(String),
    });
    // Every check of the house has found something.
    const { results } = await check();
    const codes = results.map((one: Body) => one.check).filter((code: string) => code !== 'platform.slow');
    expect([...new Set(gone.map((one) => one.check))].sort()).toEqual(codes);
    const holds = await findings('&state=resolved&check=catalog.stock_holds');
    expect(holds.map((one) => one.check)).toEqual(['catalog.stock_holds']);
    const all = (await app.get(`${ROOT}?state=resolved&limit=3`, { token })).body;
    const rest = (await app.get(`${ROOT}?state=resolved&limit=100&cursor=${all.nextCursor}`, { token })).body;
    expect([...all.items, ...rest.items]).toEqual(gone);
  });

  it('is taken up where its worker died, and goes on without what cannot be checked', async () => {
    const runner = app.app.get(IntegrityRunner);
    const work = () => runner.work();
    const runs = async (): Promise<Body[]> => (await app.get(`${ROOT}/runs`, { token })).body.items;
    const slowOf = async () =>
      (await runs())[0].results.find((one: Body) => one.check === 'platform.slow') as Body;
    slow.pages = 2;
    slow.looks = [];
    let revive = () => {};
    const dead = new Promise<void>((resolve) => (revive = resolve));
    slow.meanwhile = () => (slow.looks.length === 2 ? dead : Promise.resolve());
    const [{ id }, again] = [await post(`${ROOT}/runs`), await post(`${ROOT}/runs`)];
    expect(again.id).toBe(id);
    const dying = work();
    while (slow.looks.length < 2) await wait(5);
    // Nobody takes it from a worker that lives.
    await work();
    expect([slow.looks, (await runs())[0].state]).toEqual([['0', '200'], 'running']);
    await app.database.execute(`UPDATE platform.integrity_runs SET lease_until = now() WHERE id = $1`, [id]);
    await work();
    expect(slow.looks).toEqual(['0', '200', '200']);
    expect(await slowOf()).toMatchObject({ subjects: 400, findings: 0, failed: false });
    const [finished] = await runs();
    expect(finished).toMatchObject({ id, state: 'finished' });
    // The one that was thought dead finds that it is not its run any more.
    revive();
    await dying;
    expect((await runs())[0]).toEqual(finished);

    slow.fails = 2;
    await post(`${ROOT}/runs`);
    for (const _ of [1, 2]) await expect(work()).rejects.toThrow('it could not be seen');
    await work();
    expect(await slowOf()).toMatchObject({ subjects: 400, failed: false });
    slow.fails = 1_000;
    await post(`${ROOT}/runs`);
    for (const _ of [1, 2, 3]) await expect(work()).rejects.toThrow('it could not be seen');
    await work();
    expect((await runs())[0]).toMatchObject({ state: 'finished' });
    expect(await slowOf()).toMatchObject({ failed: true });
    slow.fails = 0;

    // Once a night, and kept for ninety days.
    app.clock.advance({ hours: 26 - app.clock.now().getUTCHours() });
    for (const _ of [1, 2]) await app.run('platform.plan_integrity');
    await app.run('platform.run_integrity');
    await app.run('platform.plan_integrity');
    const nightly = await runs();
    expect(nightly.filter(({ requestedBy }) => requestedBy === null)).toMatchObject([{ state: 'finished' }]);
    app.clock.advance({ days: 91 });
    await app.run('platform.plan_integrity');
    expect(await runs()).toMatchObject([{ state: 'waiting', requestedBy: null }]);
    expect(await findings('&state=resolved')).toEqual([]);
  });
});
