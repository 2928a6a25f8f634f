import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { buy, goods, type Goods, imbalance, key, stockOf } from './support/purchase.js';

type Body = Answer['body'];

describe('returns', () => {
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

  const staff = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/orders/${id}`, { token })).body;
  const lineOf = (order: Body, { sku }: Goods): Body => order.lines.find((line: Body) => line.sku === sku);
  const letter = async (subject: string) =>
    (await app.letters()).findLast((one) => one.subject.startsWith(subject))?.text;

  /** Bought and sent. */
  const sent = async (lines: (Goods & { quantity?: number })[]) => {
    const { cart, answer } = await buy(app, lines);
    const order = answer.body as Body;
    await app.settle();
    const parcel = await app.post(`/v1/admin/orders/${order.id}/fulfilments`, {}, { token, key: key() });
    expect(parcel.body.fulfilmentStatus).toBe('fulfilled');
    await app.settle();
    return { cart, order };
  };
  const ask = (orderId: string, lines: object[], options: object) =>
    app.post(`/v1/orders/${orderId}/returns`, { lines, comment: 'Too dim.' }, { key: key(), ...options });
  const receive = (id: string, lines: object[], extra: object = {}) =>
    app.post(`/v1/admin/returns/${id}/receipts`, { lines, ...extra }, { token, key: key() });
  const settleBy = async (orderId: string, plan: object): Promise<Body> => {
    const path = `/v1/admin/orders/${orderId}/changes`;
    const draft = await app.post(path, plan, { token });
    expect(draft.text).toContain('"state":"draft"');
    const shown = (await app.get(`${path}/${draft.body.id}/preview`, { token })).body;
    const done = await app.post(
      `${path}/${draft.body.id}/confirmation`,
      { expectedDifference: shown.difference },
      { token, key: key() },
    );
    expect(done.body).toMatchObject({ state: 'confirmed', difference: shown.difference });
    await app.settle();
    return shown;
  };

  it('go from the request to the refund, with a letter at each step', async () => {
    const { cart, order } = await sent([{ ...lamp, quantity: 3 }, book]);
    const line = lineOf(order, lamp);
    const [piece] = [{ lineId: line.id, reason: 'not_as_described' }];
    expect((await ask(order.id, [{ ...piece, quantity: 2 }], {})).status).toBe(404);
    const odd = await ask(
      order.id,
      [
        { ...piece, quantity: 4 },
        { ...piece, quantity: 1, lineId: order.id },
      ],
      { cartToken: cart.token },
    );
    expect(odd.body.errors).toMatchObject([
      { pointer: '/lines/0/quantity', code: 'max_left' },
      { pointer: '/lines/1/lineId', code: 'unknown' },
    ]);
    const asked = await ask(order.id, [{ ...piece, quantity: 2 }], { cartToken: cart.token });
    expect(asked.text).toContain('"state":"requested"');
    expect(asked.status).toBe(201);
    const { id, number } = asked.body;
    await app.settle();
    expect(await letter(`Your return ${number}`)).toContain('2 × Thing');
    expect(lineOf(await staff(order.id), lamp).returnRequestedQuantity).toBe(2);

    const found = await app.get(`/v1/admin/returns?state=requested&orderId=${order.id}`, { token });
    expect(found.body.items).toMatchObject([{ id, comment: 'Too dim.', askedBy: 'shopper' }]);
    const approved = await app.post(
      `/v1/admin/returns/${id}/approval`,
      { answer: 'Any post office takes it.', labelUrl: 'https://labels.example.test/1.pdf' },
      { token, headers: { 'if-match': asked.headers.get('etag') ?? '' } },
    );
    expect(approved.body).toMatchObject({ state: 'approved', labelUrl: 'https://labels.example.test/1.pdf' });
    const again = await app.post(`/v1/admin/returns/${id}/approval`, {}, { token });
    expect(again.body.code).toBe('ordering.return_decided');
    await app.settle();
    expect(await letter(`Please send back your return ${number}`)).toContain('labels.example.test/1.pdf');

    const before = await stockOf(app, lamp);
    const opened = { lineId: line.id, quantity: 1, condition: 'opened' };
    expect(await receive(id, [{ ...opened, restockAt: 'nowhere' }])).toMatchObject({
      status: 422,
      body: { detail: 'lines/0/restockAt is no location.', errors: [{ pointer: '/lines/0/restockAt' }] },
    });
    expect((await receive(id, [{ ...opened, quantity: 3 }])).status).toBe(422);
    const first = await receive(id, [{ ...opened, restockAt: 'main' }]);
    expect(first.body).toMatchObject({ state: 'approved', lines: [{ received: 1 }] });
    const settled = (path: string, plan: object) => app.post(path, plan, { token });
    const early = await settled(`/v1/admin/orders/${order.id}/changes`, { kind: 'return', returnId: id });
    expect(early.body.errors).toMatchObject([{ pointer: '/returnId', code: 'not_received' }]);
    const whole = await receive(id, [{ lineId: line.id, quantity: 1, condition: 'damaged' }]);
    expect(whole.body).toMatchObject({ state: 'received', receipts: [{ restockedAt: 'main' }, {}] });
    expect(await stockOf(app, lamp)).toEqual({ ...before, onHand: before.onHand + 1 });

    const shown = await settleBy(order.id, { kind: 'return', returnId: id });
    expect(shown).toMatchObject({ difference: { amount: -3998 }, refund: { amount: 3998 }, stock: [] });
    const after = await staff(order.id);
    expect(after).toMatchObject({
      paymentStatus: 'partially_refunded',
      fulfilmentStatus: 'returned_partially',
      payments: [{ refunded: { amount: 3998 } }],
    });
    expect(lineOf(after, lamp)).toMatchObject({
      returnedQuantity: 2,
      returnRequestedQuantity: 0,
      total: { amount: 1999 },
    });
    const own = await app.get(`/v1/returns/${id}`, { cartToken: cart.token });
    expect(own.body).toMatchObject({ state: 'settled', changeId: expect.any(String) });
    expect(after.history.map(({ event }: Body) => event)).toEqual(
      expect.arrayContaining(['return_requested', 'return_approved', 'return_received', 'returned']),
    );
    expect(await imbalance(app)).toBeNull();
  });

  it('are exchanged, missed, declined and given up; a piece is asked back once', async () => {
    const { cart, order } = await sent([{ ...lamp, quantity: 3 }]);
    const line = lineOf(order, lamp);
    const piece = { lineId: line.id, quantity: 1, reason: 'changed_mind' };
    const holder = { cartToken: cart.token };
    // Ten at once want two of the three pieces: one of them gets them.
    const all = await Promise.all(
      Array.from({ length: 10 }, () => ask(order.id, [{ ...piece, quantity: 2 }], holder)),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(422)]);
    const { id } = all.find(({ status }) => status === 201)?.body as Body;
    expect((await app.post(`/v1/returns/${id}/cancellation`, undefined, {})).status).toBe(404);
    const given = await app.post(`/v1/returns/${id}/cancellation`, undefined, holder);
    expect(given.body.state).toBe('canceled');
    expect(lineOf(await staff(order.id), lamp).returnRequestedQuantity).toBe(0);

    const declined = await ask(order.id, [piece], holder);
    const said = { answer: 'It was worn.' };
    await app.post(`/v1/admin/returns/${declined.body.id}/decline`, said, { token });
    await app.settle();
    expect(await letter(`Your return ${declined.body.number} is declined`)).toContain('It was worn.');

    // Two come back, one of them not: it stays the buyer's. The other is exchanged for something cheaper.
    const two = await ask(order.id, [{ ...piece, quantity: 2 }], holder);
    await app.post(`/v1/admin/returns/${two.body.id}/approval`, {}, { token });
    const came = await receive(two.body.id, [{ lineId: line.id, quantity: 1, condition: 'new' }], {
      complete: true,
    });
    expect(came.body).toMatchObject({
      state: 'received',
      receipts: [{ condition: 'new' }, { condition: 'missing', quantity: 1 }],
    });
    const shown = await settleBy(order.id, {
      kind: 'exchange',
      returnId: two.body.id,
      add: [{ variantId: book.variantId, quantity: 1 }],
    });
    expect(shown).toMatchObject({ difference: { amount: -999 }, refund: { amount: 999 } });
    const after = await staff(order.id);
    expect(lineOf(after, lamp)).toMatchObject({ returnedQuantity: 1, returnRequestedQuantity: 0 });
    expect(after).toMatchObject({ status: 'placed', fulfilmentStatus: 'partially_fulfilled' });
    const listed = await app.get(`/v1/orders/${order.id}/returns`, holder);
    expect(listed.body.items.map(({ state }: Body) => state)).toEqual(['settled', 'declined', 'canceled']);
  });

  it('are not declined when pieces are for sale again, nor settled by a draft when they were declined', async () => {
    const { cart, order } = await sent([{ ...lamp, quantity: 2 }]);
    const piece = { lineId: lineOf(order, lamp).id, quantity: 1 };
    const received = async (receipt: object): Promise<string> => {
      const { body } = await ask(order.id, [{ ...piece, reason: 'other' }], { cartToken: cart.token });
      await app.post(`/v1/admin/returns/${body.id}/approval`, {}, { token });
      expect((await receive(body.id, [{ ...piece, ...receipt }])).body.state).toBe('received');
      return body.id as string;
    };
    const decline = (id: string) =>
      app.post(`/v1/admin/returns/${id}/decline`, { answer: 'It was worn.' }, { token });
    const stock = await stockOf(app, lamp);
    const restocked = await received({ condition: 'new', restockAt: 'main' });
    expect((await decline(restocked)).body.code).toBe('ordering.return_restocked');
    expect(await settleBy(order.id, { kind: 'return', returnId: restocked })).toMatchObject({ stock: [] });
    expect((await stockOf(app, lamp)).onHand).toBe(stock.onHand + 1);

    const worn = await received({ condition: 'damaged' });
    const path = `/v1/admin/orders/${order.id}/changes`;
    const { body: draft } = await app.post(path, { kind: 'return', returnId: worn }, { token });
    const { difference } = (await app.get(`${path}/${draft.id}/preview`, { token })).body;
    expect((await decline(worn)).body.state).toBe('declined');
    const late = await app.post(
      `${path}/${draft.id}/confirmation`,
      { expectedDifference: difference },
      { token, key: key() },
    );
    expect([late.status, late.body.code]).toEqual([409, 'ordering.return_not_received']);
    expect(lineOf(await staff(order.id), lamp)).toMatchObject({
      returnedQuantity: 1,
      returnRequestedQuantity: 0,
    });
  });

  it('follow the rule of the shop, which does not bind staff', async () => {
    const { cart, order } = await sent([lamp]);
    const piece = { lineId: lineOf(order, lamp).id, quantity: 1, reason: 'other' };
    const path = '/v1/admin/return-settings';
    const present = await app.get(path, { token });
    const excludedProducts = [lineOf(order, lamp).productId];
    const put = await app.put(path, { windowDays: 14, approveAtOnce: true, excludedProducts }, { token });
    expect(put.body).toMatchObject({ windowDays: 14, version: present.body.version + 1 });
    const final = await ask(order.id, [piece], { cartToken: cart.token });
    expect(final.body.errors).toMatchObject([{ code: 'final_sale' }]);
    await app.put(path, { windowDays: 14, approveAtOnce: true, excludedProducts: [] }, { token });
    app.clock.advance({ days: 15 });
    const late = await ask(order.id, [piece], { cartToken: cart.token });
    expect(late.body.errors).toMatchObject([{ code: 'too_late' }]);
    const byStaff = await ask(order.id, [piece], { token });
    expect(byStaff.body).toMatchObject({ state: 'approved', askedBy: 'staff' });
  });
});
