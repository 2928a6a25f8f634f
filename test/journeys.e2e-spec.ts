import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { startApp, type TestApp } from './support/app.js';
import { faultsOfBooks } from './support/books.js';
import type { Answer } from './support/client.js';
import { given, type GivenProduct } from './support/given.js';
import { DEEDS, OrderWalk } from './support/order-walk.js';
import { berlin, type CartInHand, checkOut, fillCart, type Goods, key } from './support/purchase.js';

type Body = Answer['body'];

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const by = (token: string) => ({ gateway: 'test', token });

/** Orders from the cart to their end, and what everybody is told, owed and left with on the way. */
describe('the journey of an order', () => {
  let app: TestApp;
  let token: string;
  let lamp: Goods;
  let book: Goods;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    const east = { code: 'east', name: 'East', priority: 10 };
    expect((await app.post('/v1/admin/locations', east, { token })).status).toBe(201);
    [lamp, book] = [
      await product('Lamp', 2000, { main: 2, east: 2 }),
      await product('Book', 1000, { main: 90 }),
    ];
  });
  afterEach(async () => {
    await app.settle();
    expect(await faultsOfBooks(app)).toEqual([]);
    const { body } = await app.get('/v1/admin/ledger/accounts', { token });
    for (const total of body.totals) expect(total.amount).toBe(0);
  });
  afterAll(() => app?.close());

  async function product(title: string, amount: number, stock: Record<string, number>): Promise<Goods> {
    const made: GivenProduct = await given.product(app, token, {
      title,
      variants: [
        {
          sku: title.toUpperCase(),
          weightGrams: 400,
          prices: [eur(amount)],
          stock: Object.entries(stock).map(([location, onHand]) => ({ location, onHand })),
        },
      ],
    });
    const [{ id, sku }] = made.variants;
    return { variantId: id, sku };
  }

  const staff = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/orders/${id}`, { token })).body;
  const lineOf = (order: Body, { sku }: Goods): Body => order.lines.find((line: Body) => line.sku === sku);
  const onHand = async ({ variantId }: Goods): Promise<Record<string, number[]>> => {
    const { items } = (await app.get(`/v1/admin/stock?variantId=${variantId}`, { token })).body;
    return Object.fromEntries(
      items.map((one: Body) => [one.location, [one.onHand, one.allocated, one.reserved]]),
    );
  };

  /** What happened to one order, step by step; printed with the setting JOURNEYS=print. */
  class Story {
    private readonly rows: string[][] = [];
    private heard = 0;

    constructor(
      private readonly title: string,
      readonly email: string,
    ) {}

    /** Everything that follows of it has happened; answers the order as staff see it. */
    async tell(step: string, orderId: string): Promise<Body> {
      await app.settle();
      const order = await staff(orderId);
      const letters = (await this.letters()).slice(this.heard);
      this.heard += letters.length;
      const sum = (of: 'captured' | 'refunded') =>
        order.payments.reduce((all: number, payment: Body) => all + payment[of].amount, 0);
      const money = [order.totals.total.amount, sum('captured'), sum('refunded'), order.amountDue.amount];
      this.rows.push([
        step,
        ...money.map((amount: number) => (amount / 100).toFixed(2)),
        `${order.status}, ${order.paymentStatus}, ${order.fulfilmentStatus}`,
        letters.join('; '),
      ]);
      return order;
    }

    /** Their subjects, the oldest first, without numbers; not that of the account. */
    async letters(): Promise<string[]> {
      const all = (await app.letters()).filter(
        ({ to, subject }) => to === this.email && /order|return/.test(subject),
      );
      return all.map(({ subject }) => subject.replace(/ \d+/, ''));
    }

    /** Its letters were these, and its price as it was placed can be calculated again. */
    async end(orderId: string, letters: string[]): Promise<void> {
      this.print();
      expect(await this.letters()).toEqual(letters);
      const { body } = await app.get(`/v1/admin/orders/${orderId}/calculation`, { token });
      expect(body).toMatchObject({ matches: true, recomputed: body.stored });
    }

    private print(): void {
      if (process.env.JOURNEYS !== 'print') return;
      const head = ['', 'total', 'paid', 'back', 'due', 'order, money, goods', 'letters'];
      const rows = [head, ...this.rows];
      const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
      const lines = rows.map((row) =>
        row
          .map((cell, column) =>
            /^\d/.test(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
          )
          .join('  '),
      );
      process.stdout.write(`\n${this.title}\n${lines.map((line) => line.trimEnd()).join('\n')}\n`);
    }
  }

  const story = (title: string, email = `${randomUUID()}@example.test`) => new Story(title, email);
  const send = (orderId: string, body: object = {}) =>
    app.post(`/v1/admin/orders/${orderId}/fulfilments`, body, { token, key: key() });

  /** Drafts a change, looks at what it comes to and confirms that. */
  async function change(orderId: string, plan: object): Promise<Body> {
    const path = `/v1/admin/orders/${orderId}/changes`;
    const draft = await app.post(path, plan, { token });
    expect([draft.status, draft.text]).toEqual([201, draft.text]);
    const { difference } = (await app.get(`${path}/${draft.body.id}/preview`, { token })).body;
    const done = await app.post(
      `${path}/${draft.body.id}/confirmation`,
      { expectedDifference: difference },
      { token, key: key() },
    );
    expect([done.status, done.text]).toEqual([200, done.text]);
    return done.body;
  }

  /** Placed by a guest, who goes on by the token of the cart. */
  async function bought(
    tale: Story,
    lines: (Goods & { quantity?: number })[],
  ): Promise<{ cart: CartInHand; order: Body }> {
    const cart = await fillCart(app, lines, { email: tale.email });
    const { status, body } = await checkOut(app, cart);
    expect(status).toBe(201);
    return { cart, order: await tale.tell('buys', body.id) };
  }

  it('whose card is declined, and who pays then', async () => {
    const tale = story('A guest whose card is declined');
    const cart = await fillCart(app, [{ ...book, quantity: 2 }], { email: tale.email });
    const declined = await checkOut(app, cart, { token: 'insufficient_funds' });
    expect(declined.status).toBe(402);
    const { orderId } = declined.body;
    expect(await tale.tell('is declined', orderId)).toMatchObject({
      status: 'pending_payment',
      paymentStatus: 'none',
    });
    expect(await onHand(book)).toEqual({ main: [90, 0, 2] });
    expect(await tale.letters()).toEqual([]);

    expect((await checkOut(app, cart)).body.id).toBe(orderId);
    const placed = await tale.tell('pays', orderId);
    expect(placed).toMatchObject({
      status: 'placed',
      paymentStatus: 'paid',
      payments: [{ captured: placed.totals.total }],
    });
    expect(await onHand(book)).toEqual({ main: [90, 2, 0] });
    expect((await send(orderId)).body).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
    const sent = await tale.tell('is sent to', orderId);
    const path = `/v1/admin/fulfilments/${sent.fulfilments[0].id}`;
    const slip = await fetch(`${app.url}${path}/packing-slip.pdf`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect([slip.status, (await slip.text()).slice(0, 5)]).toEqual([200, '%PDF-']);
    expect((await app.post(`${path}/delivery`, {}, { token, key: key() })).status).toBe(200);
    expect(await tale.tell('has it', orderId)).toMatchObject({
      status: 'completed',
      fulfilmentStatus: 'delivered',
    });
    expect(await onHand(book)).toEqual({ main: [88, 0, 0] });
    await tale.end(orderId, ['Your order', 'Your order is on its way', 'Your order has arrived']);
  });

  it('of a customer with a gift card and a code, sent from two places, of which one piece comes back', async () => {
    const ada = await given.customer(app);
    const tale = story('A customer with a gift card and a code', ada.email);
    const recipientEmail = `${randomUUID()}@example.test`;
    const given1 = { amount: eur(1500), recipientEmail, reason: 'A birthday' };
    await app.post('/v1/admin/gift-cards', given1, { token, key: key() });
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === recipientEmail);
    const code = /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0];
    const tenth = await app.post(
      '/v1/admin/promotions',
      {
        ...{ title: 'A tenth', group: 'order', trigger: 'code', status: 'active', limitPerCustomer: 1 },
        effect: { type: 'percent', ppm: 100_000 },
      },
      { token },
    );
    await app.post(`/v1/admin/promotions/${tenth.body.id}/codes`, { code: 'tenth' }, { token });

    const mine = await app.post(
      '/v1/carts',
      {
        currency: 'EUR',
        lines: [
          { variantId: lamp.variantId, quantity: 3 },
          { variantId: book.variantId, quantity: 1 },
        ],
      },
      { token: ada.token },
    );
    const path = `/v1/carts/${mine.body.id}`;
    const cheaper = await app.patch(
      path,
      { promotionCodes: ['tenth'], email: ada.email },
      { token: ada.token },
    );
    expect(cheaper.body.totals.discount).toEqual(eur(700));
    const placed = await app.post(
      `${path}/checkout`,
      { shippingAddress: berlin, giftCards: [{ code }], payment: by('ok') },
      { token: ada.token, key: key() },
    );
    expect(placed.status).toBe(201);
    const { id } = placed.body;
    const order = await tale.tell('buys', id);
    expect(order.totals).toMatchObject({
      subtotal: eur(7000),
      discount: eur(700),
      shipping: eur(490),
      total: eur(6790),
    });
    expect(order.payments).toMatchObject([
      { kind: 'card', captured: eur(5290) },
      { kind: 'gift_card', captured: eur(1500) },
    ]);
    expect(await onHand(lamp)).toEqual({ main: [2, 2, 0], east: [2, 1, 0] });

    const lamps = lineOf(order, lamp).id;
    const first = await send(id, { lines: [{ lineId: lamps, quantity: 3 }], carrier: 'DHL' });
    expect(first.body).toMatchObject({ status: 'placed', fulfilmentStatus: 'partially_fulfilled' });
    const parcels = await tale.tell('has lamps sent', id);
    expect(parcels.fulfilments.map((one: Body) => one.lines.map(({ quantity }: Body) => quantity))).toEqual([
      [2],
      [1],
    ]);
    expect(await onHand(lamp)).toEqual({ main: [0, 0, 0], east: [1, 0, 0] });
    await send(id);
    expect(await tale.tell('has the book sent', id)).toMatchObject({
      status: 'completed',
      fulfilmentStatus: 'fulfilled',
    });

    const asked = await app.post(
      `/v1/orders/${id}/returns`,
      { lines: [{ lineId: lamps, quantity: 1, reason: 'changed_mind' }] },
      { token: ada.token, key: key() },
    );
    expect(asked.status).toBe(201);
    await tale.tell('asks to send one back', id);
    await app.post(`/v1/admin/returns/${asked.body.id}/approval`, {}, { token });
    await tale.tell('may send it back', id);
    const lines = [{ lineId: lamps, quantity: 1, condition: 'new', restockAt: 'east' }];
    await app.post(`/v1/admin/returns/${asked.body.id}/receipts`, { lines }, { token, key: key() });
    await tale.tell('it came back', id);
    expect(await onHand(lamp)).toEqual({ main: [0, 0, 0], east: [2, 0, 0] });
    // A tenth less than its price, as it was paid; to the card first.
    expect(await change(id, { kind: 'return', returnId: asked.body.id })).toMatchObject({
      refunded: eur(1800),
    });
    expect(await tale.tell('has its money back', id)).toMatchObject({
      status: 'completed',
      paymentStatus: 'partially_refunded',
      fulfilmentStatus: 'returned_partially',
      totals: { total: eur(4990) },
      payments: [{ refunded: eur(1800) }, { kind: 'gift_card', refunded: eur(0) }],
    });
    await tale.end(id, [
      ...['Your order', 'Your order is on its way', 'Your order is on its way', 'Your order is on its way'],
      ...['Your return', 'Please send back your return', 'Your return has arrived', 'Your order was changed'],
    ]);
  });

  it('to which something is added that is paid later', async () => {
    const tale = story('An order that grows');
    const { cart, order } = await bought(tale, [book]);
    const { id } = order;
    const free = await onHand(book);
    // What is given out of kindness is not asked for again.
    const gesture = { amount: eur(100), reason: 'The parcel was late' };
    await app.post(`/v1/admin/payments/${order.payments[0].id}/refunds`, gesture, { token, key: key() });
    await tale.tell('gets 1.00 back', id);
    await change(id, {
      kind: 'edit',
      add: [{ variantId: book.variantId, quantity: 2 }],
      reason: 'Two more, by telephone',
    });
    const grown = await tale.tell('two are added', id);
    expect(grown).toMatchObject({ paymentStatus: 'partially_paid', amountDue: eur(2000) });
    const pay = (how: string) =>
      app.post(
        `/v1/orders/${id}/payments`,
        { payment: by(how), expectedAmount: eur(2000) },
        { cartToken: cart.token, key: key() },
      );
    expect((await pay('decline_generic')).status).toBe(402);
    expect(await tale.tell('is declined', id)).toMatchObject({
      amountDue: eur(2000),
      paymentStatus: 'partially_paid',
    });
    expect((await pay('ok')).status).toBe(201);
    expect(await tale.tell('pays', id)).toMatchObject({
      paymentStatus: 'partially_refunded',
      status: 'placed',
      amountDue: eur(0),
      lines: [{ awaitingPaymentQuantity: 0 }, { awaitingPaymentQuantity: 0 }],
    });
    expect(await onHand(book)).toEqual({ main: [free.main?.[0], (free.main?.[1] ?? 0) + 2, 0] });
    await send(id);
    expect(await tale.tell('is sent to', id)).toMatchObject({
      status: 'completed',
      fulfilmentStatus: 'fulfilled',
    });
    await tale.end(id, [
      ...['Your order', 'Your order was changed', 'We have received your payment for order'],
      'Your order is on its way',
    ]);
  });

  it('of which something is exchanged for something dearer', async () => {
    const tale = story('An exchange');
    const { cart, order } = await bought(tale, [{ ...book, quantity: 2 }]);
    const { id } = order;
    await send(id);
    await tale.tell('is sent to', id);
    const back = [{ lineId: lineOf(order, book).id, quantity: 1, restockAt: 'main' }];
    await change(id, { kind: 'exchange', back, add: [{ variantId: lamp.variantId, quantity: 1 }] });
    expect(await tale.tell('exchanges one', id)).toMatchObject({
      status: 'placed',
      paymentStatus: 'partially_paid',
      fulfilmentStatus: 'partially_fulfilled',
      amountDue: eur(1000),
    });
    const paid = await app.post(
      `/v1/orders/${id}/payments`,
      { payment: by('ok') },
      { cartToken: cart.token, key: key() },
    );
    expect(paid.status).toBe(201);
    await tale.tell('pays the rest', id);
    expect((await send(id)).body).toMatchObject({
      status: 'completed',
      fulfilmentStatus: 'returned_partially',
    });
    const end = await tale.tell('is sent the other', id);
    expect(end.lines).toMatchObject([
      { returnedQuantity: 1, fulfilledQuantity: 2 },
      { fulfilledQuantity: 1 },
    ]);
    await tale.end(id, [
      ...['Your order', 'Your order is on its way', 'Your order was changed'],
      ...['We have received your payment for order', 'Your order is on its way'],
    ]);
  });

  it('goes where its rules lead, whatever is done to it in whatever order', async () => {
    const [thing, other] = [
      await product('Thing', 1700, { main: 900 }),
      await product('Other', 900, { main: 900 }),
    ];
    const [seed, length] = [Number(process.env.SEED ?? 4711), Number(process.env.STEPS ?? 150)];
    process.stdout.write(`a walk of ${length} steps with SEED=${seed}\n`);
    const step = fc.record({ deed: fc.constantFrom(...DEEDS), place: fc.nat({ max: 4 }) });
    const steps = fc.array(step, { minLength: length, maxLength: length });
    const walk = new OrderWalk(app, token, [thing, other], 5);
    await walk.begin();
    const walked = fc.asyncProperty(steps, async (all) => {
      for (const one of all)
        await walk.step(one).catch((error: unknown) => {
          throw new Error(`${String(error)}\nafter ${walk.done.slice(-25).join('; ')}`, { cause: error });
        });
    });
    await fc.assert(walked, { numRuns: 1, seed, endOnFailure: true });
    if (process.env.JOURNEYS === 'print') process.stdout.write(`${walk.done.join('\n')}\n`);
  });
});
