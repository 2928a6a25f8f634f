import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { buy, goods, type Goods, imbalance, key, stockOf } from './support/purchase.js';

type Body = Answer['body'];

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
});
