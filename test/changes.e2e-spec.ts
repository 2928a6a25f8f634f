import { AmendedOrderRepository } from '../src/ordering/change/amended-order.repository.js';
import type { Order, OrderLine } from '../src/ordering/order/order.js';
import { OrderRepository } from '../src/ordering/order/order.repository.js';
import { newId } from '../src/platform/ids.js';
import { startApp, type TestApp } from './support/app.js';
import { type Answer, Client } from './support/client.js';
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
import { pdfText } from './support/pdf-text.js';
import { newFolder, RealProcess } from './support/real-process.js';

type Body = Answer['body'];

const SELLER = {
  name: 'Guildhall Trading GmbH',
  address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
  vatId: 'DE136695976',
  timeZone: 'Europe/Berlin',
};

describe('changes of orders', () => {
  let app: TestApp;
  let token: string;
  let lamp: Goods;
  let book: Goods;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    lamp = await goods(app, { price: 1999, stock: 1_000 });
    book = await goods(app, { price: 1000, stock: 1_000, taxClass: 'reduced' });
  });
  afterAll(() => app?.close());

  const staff = (id: string): Promise<Answer> => app.get(`/v1/admin/orders/${id}`, { token });
  const lineOf = (order: Body, { sku }: Goods): Body => order.lines.find((line: Body) => line.sku === sku);
  const changesOf = (id: string) => `/v1/admin/orders/${id}/changes`;

  const placed = async (lines: (Goods & { quantity?: number })[]) => {
    const { cart, answer } = await buy(app, lines);
    expect(answer.status).toBe(201);
    await app.settle();
    return { cart, order: answer.body as Body };
  };
  const send = (id: string, lines?: object[]) =>
    app.post(`/v1/admin/orders/${id}/fulfilments`, lines ? { lines } : {}, { token, key: key() });

  const draft = async (orderId: string, plan: object): Promise<Body> => {
    const made = await app.post(changesOf(orderId), plan, { token });
    expect(made.text).toContain('"state":"draft"');
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`${changesOf(orderId)}/${made.body.id}`);
    return made.body;
  };
  const preview = async (orderId: string, id: string): Promise<Body> =>
    (await app.get(`${changesOf(orderId)}/${id}/preview`, { token })).body;
  const confirm = (orderId: string, id: string, expectedDifference: object, options: { key?: string } = {}) =>
    app.post(
      `${changesOf(orderId)}/${id}/confirmation`,
      { expectedDifference },
      { token, key: options.key ?? key() },
    );

  /** Drafts, previews and confirms; what was shown is what happened, to the cent. */
  const change = async (orderId: string, plan: object): Promise<{ shown: Body; order: Body }> => {
    const before = (await staff(orderId)).body;
    const { id } = await draft(orderId, plan);
    const shown = await preview(orderId, id);
    expect(shown.isCurrent).toBe(true);
    const done = await confirm(orderId, id, shown.difference);
    expect(done.text).toContain('"decidedAt":"');
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({ difference: shown.difference, due: shown.due, refunded: shown.refund });
    const order = (await staff(orderId)).body;
    if (!shown.cancelsOrder) {
      expect(order.totals).toEqual(shown.totals);
      expect(order.totals.total.amount - before.totals.total.amount).toBe(shown.difference.amount);
      expect(shown.lines.reduce((sum: number, line: Body) => sum + line.total.amount, 0)).toBe(
        shown.difference.amount,
      );
    }
    await app.settle();
    return { shown, order: (await staff(orderId)).body };
  };
  const keptOf = (order: Body): number =>
    order.payments.reduce((sum: number, p: Body) => sum + p.captured.amount - p.refunded.amount, 0);

  it('takes pieces off an order: money, stock, taxes, history and a letter', async () => {
    const { order: bought } = await placed([{ ...lamp, quantity: 3 }, book]);
    const before = await stockOf(app, lamp);
    const line = lineOf(bought, lamp);
    const { shown, order } = await change(bought.id, {
      kind: 'edit',
      remove: [{ lineId: line.id, quantity: 2 }],
      reason: 'Ordered two too many',
    });
    expect(shown).toMatchObject({
      difference: { amount: -3998, currency: 'EUR' },
      refund: { amount: 3998 },
      due: { amount: 0 },
      stock: [{ effect: 'released', sku: lamp.sku, quantity: 2 }],
    });
    expect(lineOf(order, lamp)).toMatchObject({ quantity: 1, canceledQuantity: 2, total: { amount: 1999 } });
    expect(order).toMatchObject({
      status: 'placed',
      paymentStatus: 'partially_refunded',
      fulfilmentStatus: 'unfulfilled',
      amountDue: { amount: 0 },
      payments: [{ refunded: { amount: 3998 } }],
    });
    expect(keptOf(order)).toBe(order.totals.total.amount);
    expect(order.history.at(-2)).toMatchObject({
      event: 'edited',
      actor: 'person',
      actorId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      note: 'Ordered two too many',
      facts: { difference: { amount: -3998 } },
    });
    expect(await stockOf(app, lamp)).toEqual({ ...before, allocated: before.allocated - 2 });
    const letter = (await app.letters()).findLast(({ subject }) =>
      subject.includes(`${bought.number} was changed`),
    );
    expect(letter?.text).toContain('39.98 EUR');
    expect(await imbalance(app)).toBeNull();
    const facts = await app.database.query<{ payload: Body }>(
      `SELECT payload FROM platform.events WHERE type = 'ordering.order_changed' AND payload->>'orderId' = $1`,
      [bought.id],
    );
    expect(facts).toMatchObject([{ payload: { kind: 'edit', lines: [{ effect: 'removed', quantity: 2 }] } }]);

    // The rest is sent and nothing else: two pieces were taken off.
    expect((await send(bought.id)).body).toMatchObject({
      status: 'completed',
      fulfilmentStatus: 'fulfilled',
    });
  });

  it('adds at today’s price what is sent once it is paid, and takes it off when nobody pays', async () => {
    const { cart, order: bought } = await placed([book]);
    const free = (await stockOf(app, lamp)).reserved;
    const { shown, order } = await change(bought.id, {
      kind: 'edit',
      add: [{ variantId: lamp.variantId, quantity: 2 }],
    });
    expect(shown).toMatchObject({
      difference: { amount: 3998 },
      due: { amount: 3998 },
      refund: { amount: 0 },
    });
    expect(order).toMatchObject({ paymentStatus: 'partially_paid', amountDue: { amount: 3998 } });
    expect(lineOf(order, lamp)).toMatchObject({ quantity: 2, awaitingPaymentQuantity: 2 });
    expect((await stockOf(app, lamp)).reserved).toBe(free + 2);
    // What was paid may go; what was added waits, and no other change is made meanwhile.
    const over = { lineId: lineOf(order, lamp).id, quantity: 1 };
    expect((await send(bought.id, [over])).body.code).toBe('ordering.order_not_fulfillable');
    expect((await send(bought.id)).body).toMatchObject({
      status: 'placed',
      fulfilmentStatus: 'partially_fulfilled',
    });
    expect((await app.post(changesOf(bought.id), { kind: 'cancel' }, { token })).body.code).toBe(
      'ordering.change_open',
    );

    const pay = (body: object, options: object = {}) =>
      app.post(
        `/v1/orders/${bought.id}/payments`,
        { payment: { gateway: 'test', token: 'ok' }, ...body },
        { cartToken: cart.token, key: key(), ...options },
      );
    expect((await pay({}, { cartToken: 'not-the-one' })).status).toBe(404);
    const declined = await pay({ payment: { gateway: 'test', token: 'insufficient_funds' } });
    expect(declined.status).toBe(402);
    expect(declined.body).toMatchObject({ code: 'ordering.payment_declined', orderId: bought.id });
    expect((await pay({ expectedAmount: { amount: 1, currency: 'EUR' } })).body).toMatchObject({
      code: 'ordering.due_changed',
      amountDue: { amount: 3998 },
    });
    const again = key();
    const paid = await pay({ expectedAmount: { amount: 3998, currency: 'EUR' } }, { key: again });
    expect(paid.text).toContain('"amountDue":{"amount":0');
    expect(paid.status).toBe(201);
    expect(paid.body).toMatchObject({
      paymentStatus: 'paid',
      payments: [{}, { captured: { amount: 3998 } }],
    });
    expect((await pay({ expectedAmount: { amount: 3998, currency: 'EUR' } }, { key: again })).body).toEqual(
      paid.body,
    );
    expect((await pay({})).body.code).toBe('ordering.nothing_due');
    await app.settle();
    // The buyer hears of it once, however often that is told.
    const thanks = async () =>
      (await app.letters()).filter(({ subject }) =>
        subject.startsWith(`We have received your payment for order ${bought.number}`),
      );
    const [letter] = await thanks();
    expect(letter).toMatchObject({ to: email });
    for (const said of [
      'you have paid 39.98 EUR',
      `2 × Thing ${lamp.sku}, added: 39.98 EUR`,
      `comes to ${(order.totals.total.amount / 100).toFixed(2)} EUR`,
    ])
      expect(letter?.text).toContain(said);
    await app.database.execute(
      `UPDATE platform.deliveries SET state = 'pending', enqueued_at = now() - interval '1 day'
       WHERE consumer = 'ChangeMails.ended'`,
    );
    await app.run('platform.sweep_deliveries');
    await app.settle();
    expect(await thanks()).toHaveLength(1);
    expect((await stockOf(app, lamp)).reserved).toBe(free);
    expect((await send(bought.id)).body).toMatchObject({
      status: 'completed',
      fulfilmentStatus: 'fulfilled',
    });

    // Another one that nobody pays, and one that staff take back.
    const { order: other } = await placed([book]);
    const before = await stockOf(app, lamp);
    await change(other.id, { kind: 'edit', add: [{ variantId: lamp.variantId, quantity: 1 }] });
    app.clock.advance({ hours: 73 });
    await app.run('ordering.expire_changes');
    await app.settle();
    const after = (await staff(other.id)).body;
    expect(after).toMatchObject({ paymentStatus: 'paid', amountDue: { amount: 0 }, totals: other.totals });
    expect(lineOf(after, lamp)).toMatchObject({
      quantity: 0,
      canceledQuantity: 1,
      awaitingPaymentQuantity: 0,
    });
    const { order: third } = await change(other.id, {
      kind: 'edit',
      add: [{ variantId: lamp.variantId, quantity: 1 }],
    });
    expect(third.amountDue.amount).toBe(1999);
    const [open] = (await app.get(changesOf(other.id), { token })).body.items;
    const taken = await app.post(`${changesOf(other.id)}/${open.id}/withdrawal`, undefined, {
      token,
      key: key(),
    });
    expect(taken.body.state).toBe('withdrawn');
    await app.settle();
    expect(await stockOf(app, lamp)).toEqual(before);
    // The whole order is canceled while an addition waits: both give back what they hold.
    const { cart: hers, order: fourth } = await placed([book]);
    await change(fourth.id, { kind: 'edit', add: [{ variantId: lamp.variantId, quantity: 1 }] });
    const gone = await app.post(
      `/v1/orders/${fourth.id}/cancellation`,
      {},
      { cartToken: hers.token, key: key() },
    );
    expect(gone.body).toMatchObject({ status: 'canceled', amountDue: { amount: 0 } });
    for (const { lines } of [gone.body, (await staff(fourth.id)).body])
      expect(lines.map((line: Body) => line.awaitingPaymentQuantity)).toEqual([0, 0]);
    expect((await app.get(changesOf(fourth.id), { token })).body.items).toMatchObject([
      { state: 'withdrawn' },
    ]);
    await app.settle();
    expect(await stockOf(app, lamp)).toEqual(before);
    const letters = (await app.letters()).filter(({ subject }) => subject.includes('was taken off'));
    expect(letters).toHaveLength(2);
    expect(await imbalance(app)).toBeNull();
  });

  it('tells with the preview what the confirmation would refuse', async () => {
    const { order: bought } = await placed([{ ...lamp, quantity: 2 }]);
    const { shipping, lines, totals } = bought;
    expect(shipping.total.amount + lines[0].total.amount).toBe(totals.total.amount);
    for (const [plan, errors] of [
      [
        { kind: 'edit', add: [{ variantId: book.variantId, quantity: 999 }] },
        [{ pointer: '/add/0/quantity', code: 'out_of_stock' }],
      ],
      [
        { kind: 'cancel', remove: [{ lineId: lines[0].id, quantity: 1 }], refundTo: 'store_credit' },
        [{ pointer: '/refundTo', code: 'credit_needs_customer' }],
      ],
    ] as const) {
      await setStock(app, book, 998);
      const { id } = await draft(bought.id, plan);
      const { obstacles, difference } = await preview(bought.id, id);
      expect(obstacles).toMatchObject(errors);
      const refused = await confirm(bought.id, id, difference);
      expect([refused.status, refused.body.code.split('.')[1]]).toEqual([409, errors[0].code]);
      await app.delete(`${changesOf(bought.id)}/${id}`, { token });
    }
    await setStock(app, book, 1_000);
  });

  it('cancels what was not sent, a line of it or all', async () => {
    const { order: bought } = await placed([{ ...lamp, quantity: 2 }, book]);
    const stock = await stockOf(app, book);
    await send(bought.id, [{ lineId: lineOf(bought, lamp).id, quantity: 2 }]);
    const { shown, order } = await change(bought.id, { kind: 'cancel' });
    expect(shown).toMatchObject({ difference: { amount: -1000 }, cancelsOrder: false });
    expect(order).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
    expect((await stockOf(app, book)).allocated).toBe(stock.allocated - 1);

    const { order: whole } = await placed([lamp, book]);
    const all = whole.lines.map(({ id: lineId, quantity }: Body) => ({ lineId, quantity }));
    for (const plan of [
      { kind: 'edit', remove: all },
      { kind: 'cancel', refundShipping: false },
    ]) {
      const refused = await app.post(changesOf(whole.id), plan, { token });
      expect(refused.body.errors).toMatchObject([{ code: 'cancels_order' }]);
    }
    const canceled = await change(whole.id, { kind: 'cancel', reason: 'Changed their mind' });
    expect(canceled.shown).toMatchObject({
      difference: { amount: -whole.totals.total.amount },
      refund: whole.totals.total,
      cancelsOrder: true,
    });
    expect(canceled.order).toMatchObject({ status: 'canceled', paymentStatus: 'refunded' });
    expect(keptOf(canceled.order)).toBe(0);
  });

  it('takes goods back, exchanges them, and makes good for what broke', async () => {
    const { order: bought } = await placed([{ ...lamp, quantity: 3 }, book]);
    await send(bought.id);
    const line = lineOf(bought, lamp);
    const [lamps, books] = [await stockOf(app, lamp), await stockOf(app, book)];
    const back = await change(bought.id, {
      kind: 'return',
      back: [{ lineId: line.id, quantity: 1, restockAt: 'main' }],
    });
    expect(back.shown).toMatchObject({
      difference: { amount: -1999 },
      stock: [{ effect: 'restocked', location: 'main', quantity: 1 }],
    });
    expect(back.order).toMatchObject({ status: 'completed', fulfilmentStatus: 'returned_partially' });
    expect((await stockOf(app, lamp)).onHand).toBe(lamps.onHand + 1);

    // A dearer thing for a cheaper one is to be paid; the other way round money goes back.
    const swap = await change(bought.id, {
      kind: 'exchange',
      back: [{ lineId: line.id, quantity: 1 }],
      add: [{ variantId: book.variantId, quantity: 1 }],
    });
    expect(swap.shown).toMatchObject({
      difference: { amount: -999 },
      refund: { amount: 999 },
      due: { amount: 0 },
    });
    expect(swap.order).toMatchObject({ status: 'placed', fulfilmentStatus: 'partially_fulfilled' });
    expect((await stockOf(app, book)).allocated).toBe(books.allocated + 1);

    const claim = await change(bought.id, {
      kind: 'claim',
      replace: [{ lineId: line.id, quantity: 1 }],
      refund: [{ lineId: lineOf(bought, book).id, quantity: 1 }],
      refundShipping: true,
    });
    expect(claim.shown.difference.amount).toBe(-1490);
    expect(keptOf(claim.order)).toBe(claim.order.totals.total.amount);
    expect(claim.order.totals.shipping.amount).toBe(0);
    // One came back, one was exchanged; the third was replaced once and may still come back, by itself or its replacement.
    const refused = async (plan: object) => {
      const answer = await app.post(changesOf(bought.id), plan, { token });
      expect(answer.status).toBe(422);
      return answer.body.errors;
    };
    const [two, one] = [2, 1].map((quantity) => [{ lineId: line.id, quantity }]);
    expect(await refused({ kind: 'return', back: two })).toMatchObject([
      { pointer: '/back/0/quantity', code: 'max_left' },
    ]);
    expect(await refused({ kind: 'claim', replace: one })).toMatchObject([
      { pointer: '/replace/0/quantity', code: 'max_left' },
    ]);
    expect((await send(bought.id)).body).toMatchObject({
      status: 'completed',
      fulfilmentStatus: 'returned_partially',
    });
    expect(await imbalance(app)).toBeNull();
  });

  it('sends what costs nothing, or nothing any more, while an addition waits for its payment', async () => {
    const post = (path: string, body: object) => app.post(path, body, { token, key: key() });
    const gratis = { title: 'Sent for nothing', group: 'shipping', trigger: 'code', status: 'active' };
    const offer = await app.post(
      '/v1/admin/promotions',
      { ...gratis, effect: { type: 'free_shipping' } },
      { token },
    );
    expect((await post(`/v1/admin/promotions/${offer.body.id}/codes`, { code: 'GRATIS' })).status).toBe(201);
    const sample = await goods(app, { price: 0 });
    const ordered = async (lines: Goods[]) => {
      const cart = await fillCart(app, lines);
      await app.patch(`/v1/carts/${cart.id}`, { promotionCodes: ['GRATIS'] }, { cartToken: cart.token });
      const { status, body } = await checkOut(app, cart);
      expect([status, body.status]).toEqual([201, 'placed']);
      await app.settle();
      return { cart, id: body.id as string };
    };
    const picked = async (id: string): Promise<string[]> => {
      const { items } = (await app.get('/v1/admin/pick-list?location=main', { token })).body;
      return items
        .filter(({ orders }: Body) => orders.some(({ orderId }: Body) => orderId === id))
        .map(({ sku }: Body) => sku);
    };
    const add = { kind: 'edit', add: [{ variantId: lamp.variantId, quantity: 2 }] };

    const free = await ordered([sample]);
    const given = await ordered([sample, book]);
    const remove = [{ lineId: lineOf((await staff(given.id)).body, book).id, quantity: 1 }];
    const { order: back } = await change(given.id, { kind: 'edit', remove });
    expect(back).toMatchObject({ paymentStatus: 'refunded', totals: { total: { amount: 0 } } });
    expect(await picked(given.id)).toEqual([sample.sku]);
    for (const { cart, id } of [free, given]) {
      const { order } = await change(id, add);
      expect(order.amountDue.amount).toBe(3998);
      expect(await picked(id)).toEqual([sample.sku]);
      const waiting = [{ lineId: lineOf(order, lamp).id, quantity: 1 }];
      expect((await send(id, waiting)).body.errors).toMatchObject([{ pointer: '/lines/0/quantity' }]);
      const left = (await send(id)).body;
      expect(left).toMatchObject({ status: 'placed', fulfilmentStatus: 'partially_fulfilled' });
      expect([sample, lamp].map((one) => lineOf(left, one).fulfilledQuantity)).toEqual([1, 0]);
      expect((await send(id)).body.code).toBe('ordering.order_not_fulfillable');
      const paid = await app.post(
        `/v1/orders/${id}/payments`,
        { payment: { gateway: 'test', token: 'ok' } },
        { cartToken: cart.token, key: key() },
      );
      expect(paid.status).toBe(201);
      expect((await send(id)).body).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
    }

    // All of its price went back, and it still has one: an addition makes it neither better nor worse.
    const kind = await placed([book]);
    const [payment] = (await staff(kind.order.id)).body.payments;
    const refund = { amount: payment.captured, reason: 'An apology' };
    expect((await post(`/v1/admin/payments/${payment.id}/refunds`, refund)).status).toBeLessThan(300);
    await app.settle();
    expect((await send(kind.order.id)).body.code).toBe('ordering.order_not_fulfillable');
    await change(kind.order.id, add);
    expect((await send(kind.order.id)).body.code).toBe('ordering.order_not_fulfillable');
    expect(await imbalance(app)).toBeNull();
  });

  it('gives back nothing that staff have given back by a credit note, and leaves nothing open in the books', async () => {
    /** Half of what is on the first line of the invoice, or all of it, goes back before a change. */
    const credited = async (orderId: string, thing: Goods, amount: number, how: 'refund' | 'outOfBand') => {
      const { items } = (await app.get(`/v1/admin/invoices?orderId=${orderId}`, { token })).body;
      const { body: invoice } = await app.get(`/v1/admin/invoices/${items[0].id}`, { token });
      const { id: lineId } = invoice.content.lines.find(({ sku }: Body) => sku === thing.sku);
      const money = { amount, currency: 'EUR' };
      const note = { lines: [{ lineId, amount: money }], [how]: money, reason: 'other' };
      const made = await app.post(`/v1/admin/invoices/${invoice.id}/credit-notes`, note, {
        token,
        key: key(),
      });
      expect(made.status).toBe(201);
      await app.settle();
    };
    const unapplied = async (orderId: string) => {
      const [row] = await app.database.query<{ sum: number }>(
        `SELECT coalesce(sum(e.amount), 0)::int AS sum FROM billing.ledger_transactions t
           JOIN billing.ledger_entries e ON e.transaction_id = t.id
         WHERE t.order_id = $1 AND e.account IN ('liab:unapplied', 'assets:ar')`,
        [orderId],
      );
      return row?.sum;
    };
    const dueOf = async (orderId: string): Promise<number> =>
      (await app.get(`/v1/admin/invoices?orderId=${orderId}`, { token })).body.items.reduce(
        (sum: number, { due }: Body) => sum + due.amount,
        0,
      );
    await app.put('/v1/admin/seller-profile', SELLER, { token });
    for (const [amount, how] of [
      [1000, 'refund'],
      [600, 'outOfBand'],
    ] as const) {
      const { order: bought } = await placed([{ ...lamp, quantity: 2 }, book]);
      await credited(bought.id, book, amount, how);
      // Of what stays, it is a reduction and no part of any change.
      const other = await change(bought.id, {
        kind: 'edit',
        remove: [{ lineId: lineOf(bought, lamp).id, quantity: 1 }],
      });
      expect(other.shown).toMatchObject({ creditedBefore: { amount: 0 }, refund: { amount: 1999 } });
      const { shown, order } = await change(bought.id, {
        kind: 'edit',
        remove: [{ lineId: lineOf(bought, book).id, quantity: 1 }],
      });
      expect(shown).toMatchObject({
        ...{ creditedBefore: { amount }, refund: { amount: 1000 - amount }, due: { amount: 0 } },
      });
      expect(order).toMatchObject({ amountDue: { amount: 0 }, amountToRefund: { amount: 0 } });
      expect([await unapplied(bought.id), await dueOf(bought.id)]).toEqual([0, 0]);
    }

    // What comes instead of what was given back is paid for.
    const { order: bought, cart } = await placed([lamp, book]);
    await credited(bought.id, book, 1000, 'refund');
    const { shown } = await change(bought.id, {
      kind: 'edit',
      remove: [{ lineId: lineOf(bought, book).id, quantity: 1 }],
      add: [{ variantId: book.variantId, quantity: 1 }],
    });
    expect(shown).toMatchObject({ difference: { amount: 0 }, due: { amount: 1000 }, refund: { amount: 0 } });
    const paid = await app.post(
      `/v1/orders/${bought.id}/payments`,
      { payment: { gateway: 'test', token: 'ok' } },
      { cartToken: cart.token, key: key() },
    );
    expect(paid.status).toBe(201);
    await app.settle();
    expect((await staff(bought.id)).body).toMatchObject({
      ...{ status: 'placed', amountDue: { amount: 0 }, amountToRefund: { amount: 0 } },
    });
    expect([await unapplied(bought.id), await dueOf(bought.id)]).toEqual([0, 0]);
    expect(await imbalance(app)).toBeNull();
  });

  it('sends again what was engraved with its words, and loses nothing of a line', async () => {
    const properties = { engraving: 'For Grace' };
    const cart = await fillCart(app, [], { lines: [{ variantId: lamp.variantId, quantity: 1, properties }] });
    const { body: bought } = await checkOut(app, cart);
    await app.settle();
    await send(bought.id);
    const { order } = await change(bought.id, {
      kind: 'claim',
      replace: [{ lineId: lineOf(bought, lamp).id, quantity: 1 }],
    });
    expect(order.lines[1]).toMatchObject({ total: { amount: 0 }, properties });
    const { body: list } = await app.get('/v1/admin/pick-list?location=main', { token });
    const waiting = list.items
      .flatMap((item: Body) => item.orders)
      .find((one: Body) => one.orderId === order.id);
    expect(waiting).toMatchObject({ quantity: 1, properties });

    const again = (await send(bought.id)).body.fulfilments.at(-1);
    const slip = await fetch(`${app.url}/v1/admin/fulfilments/${again.id}/packing-slip.pdf`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(pdfText(Buffer.from(await slip.arrayBuffer()))).toContain('engraving: For Grace');

    // Whatever a line may hold is kept by both ways to write it.
    const [orders, amended] = [app.app.get(OrderRepository), app.app.get(AmendedOrderRepository)];
    const known = (await orders.find(bought.id)) as Order;
    const full = (): OrderLine => ({
      ...{
        id: newId(),
        variantId: newId(),
        productId: newId(),
        givenBy: newId(),
        sku: 'FULL',
        title: 'Full',
      },
      ...{ variantTitle: 'Large', options: { Size: 'L' }, kind: 'physical', stockTracked: false },
      ...{
        quantity: 9,
        canceled: 1,
        fulfilled: 7,
        returned: 1,
        refunded: 2,
        replaced: 3,
        askedBack: 1,
        awaiting: 2,
      },
      ...{ delivered: 0, planned: 0, promisedFor: new Date('2030-01-02T03:04:05.678Z') },
      giftCard: { recipientEmail: 'bo@example.test', recipientName: 'Bo', message: 'Hi', sendAt: null },
      properties: { 'a "name"': 'words, é' },
      download: { files: [{ id: newId(), name: 'a.pdf', bytes: 3 }], limit: 5, days: 30 },
      components: [{ variantId: newId(), sku: 'PART', title: 'Part', quantity: 2, stockTracked: true }],
      ...{ unitPrice: 9_007_199_254_740_993n, discount: 3n, tax: 5n, total: 7n },
    });
    const nulls = { variantTitle: null, giftCard: null, properties: null, download: null, components: null };
    const lines = [full(), { ...full(), ...nulls, givenBy: null, promisedFor: null }];
    const changedLines = await app.database.rehearse(async () => {
      await amended.write({ ...known, lines: [...known.lines, ...lines] });
      return (await orders.find(known.id))?.lines;
    });
    expect(changedLines).toEqual([...known.lines, ...lines]);
    const id = newId();
    const newLines = await app.database.rehearse(async () => {
      const deed = {
        event: 'created',
        actor: { kind: 'system', name: 'test' } as const,
        at: known.createdAt,
      };
      const fresh = { ...known, id, cartId: newId(), lines, taxLines: [], discounts: [] };
      await orders.insert(fresh, deed, {} as never);
      return (await orders.find(id))?.lines;
    });
    expect(newLines).toEqual(lines);
  });

  it('is confirmed once by twenty at once, not at another price, and not for another order', async () => {
    const { order: bought } = await placed([{ ...lamp, quantity: 2 }]);
    const remove = [{ lineId: lineOf(bought, lamp).id, quantity: 1 }];
    const { id } = await draft(bought.id, { kind: 'edit', remove });
    const wrong = await confirm(bought.id, id, { amount: -1, currency: 'EUR' });
    expect(wrong.body).toMatchObject({ code: 'ordering.difference_changed', difference: { amount: -1999 } });
    const second = await app.post(changesOf(bought.id), { kind: 'cancel' }, { token });
    expect(second.body).toMatchObject({ code: 'ordering.change_open', changeId: id });
    const all = await Promise.all(
      Array.from({ length: 20 }, () => confirm(bought.id, id, { amount: -1999, currency: 'EUR' })),
    );
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(all.map(({ body }) => body.code))).toEqual(new Set([undefined, 'ordering.change_closed']));
    await app.settle();
    const once = (await staff(bought.id)).body;
    expect(once.payments).toMatchObject([{ refunded: { amount: 1999 } }]);
    expect(once.lines).toMatchObject([{ quantity: 1, canceledQuantity: 1 }]);

    const late = await draft(bought.id, { kind: 'cancel', remove });
    await send(bought.id);
    const moved = await confirm(bought.id, late.id, { amount: -1999, currency: 'EUR' });
    expect(moved.body).toMatchObject({ code: 'ordering.order_changed', orderVersion: expect.any(Number) });
    const shown = await app.get(`${changesOf(bought.id)}/${late.id}/preview`, { token });
    expect(shown.status).toBe(422);
    expect((await app.delete(`${changesOf(bought.id)}/${late.id}`, { token })).status).toBe(204);
    for (const plan of [
      { kind: 'edit' },
      { kind: 'cancel', refundTo: 'store_credit' },
      { kind: 'return', add: [{ variantId: lamp.variantId, quantity: 1 }] },
      { kind: 'edit', add: [{ variantId: bought.id, quantity: 1 }] },
      {
        kind: 'edit',
        shippingAddress: { ...bought.shippingAddress, country: 'US', region: 'NY', postalCode: '10001' },
      },
    ])
      expect((await app.post(changesOf(bought.id), plan, { token })).status).toBe(422);
  });

  it('goes on where a confirmation died: nothing of it happened, or all of it', async () => {
    const { order: bought } = await placed([{ ...lamp, quantity: 2 }]);
    const before = await stockOf(app, lamp);
    const { id } = await draft(bought.id, {
      kind: 'edit',
      remove: [{ lineId: lineOf(bought, lamp).id, quantity: 1 }],
    });
    const folder = newFolder();
    const process = RealProcess.start({
      NODE_ENV: 'test',
      ROLE: 'api',
      DATABASE_URL: app.config.databaseUrl ?? '',
      TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
      SECRET_KEY: 'a secret that only the tests know, 32+',
      DATA_DIR: folder,
      DATABASE_POOL: '4',
      // Tokens of one are good at the other.
      PUBLIC_URL: app.config.publicUrl,
      FAILPOINT: 'change.before_commit',
    });
    const same = key();
    const path = `${changesOf(bought.id)}/${id}/confirmation`;
    const body = { expectedDifference: { amount: -1999, currency: 'EUR' } };
    try {
      const dying = new Client(await process.url());
      await expect(dying.post(path, body, { token, key: same })).rejects.toThrow();
    } finally {
      await RealProcess.sweep([folder]);
    }
    expect((await staff(bought.id)).body.lines).toMatchObject([{ quantity: 2 }]);
    expect(await stockOf(app, lamp)).toEqual(before);
    const done = await confirm(bought.id, id, body.expectedDifference);
    expect(done.status).toBe(200);
    await app.settle();
    expect((await staff(bought.id)).body.payments).toMatchObject([{ refunded: { amount: 1999 } }]);
  });

  it('is held, tagged and noted by staff, and found again by a guest', async () => {
    const { order: bought, cart } = await placed([lamp]);
    const path = `/v1/admin/orders/${bought.id}`;
    const held = await app.post(`${path}/hold`, { reason: 'Odd address' }, { token });
    // The money of an order that somebody looks into does not leave by the buyer's hand, who is not told why.
    const end = { cartToken: cart.token, key: key() };
    const kept = await app.post(`/v1/orders/${bought.id}/cancellation`, {}, end);
    expect([kept.status, kept.body.code]).toEqual([409, 'ordering.order_not_cancelable']);
    expect(kept.text).not.toContain('Odd');
    expect(held.body).toMatchObject({ hold: { reason: 'Odd address' }, version: bought.version + 1 });
    expect((await app.post(`${path}/hold`, { reason: 'Again' }, { token })).body.code).toBe(
      'ordering.hold_refused',
    );
    expect((await send(bought.id)).body.code).toBe('ordering.order_on_hold');
    const tags = ['VIP', 'gift wrap'];
    const tagged = await app.put(
      `${path}/tags`,
      { tags },
      { token, headers: { 'if-match': held.headers.get('etag') ?? '' } },
    );
    expect(tagged.body.tags).toEqual(['gift wrap', 'vip']);
    expect((await app.put(`${path}/tags`, { tags }, { token, headers: { 'if-match': '"1"' } })).status).toBe(
      412,
    );
    const found = await app.get('/v1/admin/orders?tag=Vip&onHold=true', { token });
    expect(found.body.items).toMatchObject([{ id: bought.id }]);
    for (const q of [bought.number, email.toUpperCase(), 'VIP', lamp.sku.toLowerCase()]) {
      const { body } = await app.get(`/v1/admin/orders?limit=100&q=${encodeURIComponent(q)}`, { token });
      expect((body.items as { id: string }[]).some(({ id }) => id === bought.id)).toBe(true);
    }
    expect((await app.get('/v1/admin/orders?q=nothing', { token })).body.items).toEqual([]);
    for (const body of ['First.', 'Second.']) await app.post(`${path}/notes`, { body }, { token });
    const page = await app.get(`${path}/notes?limit=1`, { token });
    expect(page.body.items).toMatchObject([{ body: 'Second.', actor: 'person' }]);
    const next = await app.get(`${path}/notes?limit=1&cursor=${page.body.nextCursor}`, { token });
    expect(next.body).toMatchObject({ items: [{ body: 'First.' }], nextCursor: null });
    expect((await app.post(`${path}/release`, undefined, { token })).body.hold).toBeNull();
    expect((await send(bought.id)).body.status).toBe('completed');

    // Somebody with the number and another address learns as much as somebody who guesses.
    const lookUp = (number: string, address: string) =>
      app.post('/v1/orders/lookup', { number, email: address });
    const verify = (lookupId: string, code: string) =>
      app.post('/v1/orders/lookup/verification', { lookupId, code });
    const [right, wrong, none] = [
      await lookUp(bought.number, email.toUpperCase()),
      await lookUp(bought.number, 'eve@example.test'),
      await lookUp('999999999', email),
    ];
    for (const { status, body } of [right, wrong, none]) {
      expect(status).toBe(202);
      expect(Object.keys(body)).toEqual(['lookupId', 'expiresAt']);
    }
    await app.settle();
    const letters = (await app.letters()).filter(
      ({ subject }) => subject === `Your code for order ${bought.number}`,
    );
    expect(letters).toHaveLength(1);
    const code = /^\d{6}$/m.exec(letters[0]?.text ?? '')?.[0] ?? '';
    const other = code === '000000' ? '000001' : '000000';
    const refused = [await verify(right.body.lookupId, other), await verify(none.body.lookupId, code)];
    for (const { body } of refused) expect(body.code).toBe('ordering.lookup_refused');
    const opened = await verify(right.body.lookupId, code);
    expect(opened.body).toMatchObject({ orderId: bought.id });
    expect((await verify(right.body.lookupId, code)).status).toBe(422);
    const cartToken = opened.body.token;
    expect((await app.get(`/v1/orders/${bought.id}`, { cartToken })).body.number).toBe(bought.number);
    const again = await app.post(`/v1/orders/${bought.id}/reorder`, undefined, { cartToken });
    expect(again).toMatchObject({ status: 201, body: { cart: { lines: [{ sku: lamp.sku }] } } });
    const { order: another } = await placed([lamp]);
    expect((await app.get(`/v1/orders/${another.id}`, { cartToken })).status).toBe(404);
    // Whoever asks many times at once is heard as often as one who asks one after the other.
    await Promise.all(Array.from({ length: 12 }, () => lookUp(bought.number, email)));
    await app.settle();
    const sent = (await app.letters()).filter(
      ({ subject }) => subject === `Your code for order ${bought.number}`,
    );
    expect(sent).toHaveLength(5);
  });

  describe('what a customer may buy', () => {
    const limited = async (maxPerCustomer: number) => {
      const thing = await goods(app, { price: 1000 });
      const limit = (max: number) =>
        app.put(`/v1/admin/variants/${thing.variantId}/terms`, { maxPerCustomer: max }, { token });
      expect((await limit(maxPerCustomer)).status).toBe(200);
      const whose = `${crypto.randomUUID()}@example.test`;
      const order = async (quantity: number): Promise<Answer> =>
        (await buy(app, [{ ...thing, quantity }, book], { body: { email: whose } })).answer;
      /** Pieces that are counted, and pieces that its orders have put there: they are always the same. */
      const counted = async (): Promise<number> => {
        const [row] = await app.database.query<{ bought: number; claimed: number }>(
          `SELECT coalesce((SELECT sum(quantity) FROM ordering.bought_pieces WHERE variant_id = $1), 0)::int AS bought,
             coalesce((SELECT sum(quantity) FROM ordering.limit_claims WHERE variant_id = $1 AND counted), 0)::int AS claimed`,
          [thing.variantId],
        );
        expect(row?.claimed).toBe(row?.bought);
        return row?.bought ?? -1;
      };
      return { thing, limit, order, counted };
    };

    it('is free again once for what a change takes off or takes back, however often it is confirmed', async () => {
      const { thing, order, counted } = await limited(3);
      const bought = (await order(3)).body;
      expect((await order(1)).status).toBe(422);
      const line = lineOf(bought, thing);
      await app.settle();
      const { id } = await draft(bought.id, { kind: 'edit', remove: [{ lineId: line.id, quantity: 2 }] });
      const less = { amount: -2000, currency: 'EUR' };
      const once = key();
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => confirm(bought.id, id, less)).concat(
          confirm(bought.id, id, less, { key: once }),
        ),
      );
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
        200, 409, 409, 409, 409, 409,
      ]);
      expect(await counted()).toBe(1);
      const more = (await order(2)).body;
      expect((await order(1)).status).toBe(422);

      // What comes back with its money is no longer bought, and neither is what is paid back for being broken; what is sent
      // again is the piece that it replaces.
      await app.settle();
      await send(more.id);
      const own = lineOf(more, thing);
      await change(more.id, { kind: 'claim', replace: [{ lineId: own.id, quantity: 1 }] });
      expect(await counted()).toBe(3);
      await change(more.id, { kind: 'claim', refund: [{ lineId: own.id, quantity: 1 }] });
      expect(await counted()).toBe(2);
      // The same goes for all of an order, and what was given back before is not given back with it.
      const rest = { kind: 'cancel', remove: [], reason: 'All of it' };
      expect((await change(bought.id, rest)).order.status).toBe('canceled');
      expect(await counted()).toBe(1);
      await change(more.id, { kind: 'return', back: [{ lineId: own.id, quantity: 1 }] });
      expect(await counted()).toBe(0);
    });

    it('counts what staff add by the same counter, of two at once one, and not when nobody pays', async () => {
      const { thing, limit, order, counted } = await limited(2);
      const [one, other] = [(await order(1)).body, (await order(1)).body];
      await app.settle();
      const add = { kind: 'edit', add: [{ variantId: thing.variantId, quantity: 1 }] };
      const drafts = [await draft(one.id, add), await draft(other.id, add)];
      const dear = { amount: 1000, currency: 'EUR' };
      const both = () =>
        Promise.all([confirm(one.id, drafts[0].id, dear), confirm(other.id, drafts[1].id, dear)]);
      const refused = await both();
      for (const { status, body } of refused)
        expect([status, body.code, body.errors]).toMatchObject([
          409,
          'ordering.customer_limit',
          [{ pointer: '/add/0/quantity', code: 'max_per_customer' }],
        ]);
      expect(await counted()).toBe(2);
      await limit(3);
      const raced = await both();
      expect(raced.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
      expect(await counted()).toBe(3);
      const [won, lost] = raced[0].status === 200 ? [0, 1] : [1, 0];
      const ids = [one.id, other.id];
      // Nobody pays for it: the other may have it.
      const path = `${changesOf(ids[won])}/${drafts[won].id}/withdrawal`;
      const gone = await Promise.all([1, 2].map(() => app.post(path, undefined, { token, key: key() })));
      expect(gone.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
      expect(await counted()).toBe(2);
      expect((await confirm(ids[lost], drafts[lost].id, dear)).status).toBe(200);
      expect(await counted()).toBe(3);
    });
  });

  it('asks of a customer what the shop asks of their groups for what staff add', async () => {
    const [thing, customer] = [await goods(app, { price: 1999 }), await given.customer(app)];
    const id = (await given.accountId(app, customer.email)) ?? '';
    await app.post('/v1/admin/customer-groups', { code: 'trade', title: 'Trade' }, { token });
    await app.put(`/v1/admin/customers/${id}/groups/trade`, undefined, { token });
    const list = { code: 'trade', title: 'Trade', currency: 'EUR', status: 'active', groups: ['trade'] };
    const { body: made } = await app.post('/v1/admin/price-lists', list, { token });
    const price = {
      variantId: thing.variantId,
      priceListId: made.id,
      price: { amount: 1500, currency: 'EUR' },
    };
    expect((await app.post('/v1/admin/prices', { prices: [price] }, { token })).status).toBe(204);
    const cart = await app.post(
      '/v1/carts',
      { currency: 'EUR', lines: [{ variantId: book.variantId, quantity: 1 }] },
      { token: customer.token },
    );
    const body = { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin };
    const { body: order } = await app.post(`/v1/carts/${cart.body.id}/checkout`, body, {
      token: customer.token,
      key: key(),
    });
    await app.settle();
    const add = { kind: 'edit', add: [{ variantId: thing.variantId, quantity: 2 }] };
    expect((await change(order.id, add)).shown.difference.amount).toBe(3000);
    const { order: guests } = await placed([book]);
    expect((await change(guests.id, add)).shown.difference.amount).toBe(3998);
  });
});
