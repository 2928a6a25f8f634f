import { jest } from '@jest/globals';
import { fetch } from 'undici';
import { OrderingPersonalData } from '../src/ordering/order/personal-data.service.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { berlin, buy, goods, type Goods, imbalance, key, stockOf } from './support/purchase.js';

type Body = Answer['body'];

const DRAFTS = '/v1/admin/draft-orders';
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const by = (token: string) => ({ gateway: 'test', token });

describe('draft orders and links to pay', () => {
  let app: TestApp;
  let staff: string;
  let ada: { id: string; token: string; email: string };

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    const { token, email } = await given.customer(app);
    ada = { token, email, id: (await given.accountId(app, email)) ?? '' };
  });
  afterAll(async () => {
    await app?.settle();
    expect(await imbalance(app)).toBeNull();
    await app.close();
  });

  const asStaff = (extra: object = {}) => ({ token: staff, ...extra });
  const draft = (body: object) => app.post(DRAFTS, body, asStaff());
  const drafted = async (thing: Goods, extra: object = {}): Promise<Body> => {
    const made = await draft({
      email: 'guest@example.test',
      currency: 'EUR',
      lines: [{ variantId: thing.variantId, quantity: 2, unitPrice: eur(1500), reason: 'Agreed by phone' }],
      shippingAddress: berlin,
      ...extra,
    });
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    return made.body;
  };
  const place = ({ id, quote }: Body, extra: object = {}, once = key()): Promise<Answer> =>
    app.post(
      `${DRAFTS}/${id}/placement`,
      { expectedTotal: quote.totals.total, payLater: true, ...extra },
      asStaff({ key: once }),
    );
  const tokenOf = ({ url }: Body): string => new URL(url).searchParams.get('token') ?? '';
  const view = (token: string) => app.post('/v1/payment-links/view', { token });
  const pay = (token: string, card: string | null, extra: object = {}, once = key()): Promise<Answer> =>
    app.post(
      '/v1/payment-links/payment',
      { token, ...(card !== null && { payment: by(card) }), ...extra },
      { key: once },
    );
  const orderAt = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/orders/${id}`, asStaff())).body;
  const wasMailed = async (what: string, to: string): Promise<boolean> => {
    await app.settle();
    return (await app.letters()).some((one) => one.to === to && `${one.subject} ${one.text}`.includes(what));
  };

  it('writes an order at an agreed price, mails a link, and the buyer pays it in the end', async () => {
    const thing = await goods(app, { price: 1999, stock: 5 });
    const body = await drafted(thing, { email: undefined, customerId: ada.id, note: 'Rang twice' });
    expect(body).toMatchObject({ state: 'open', email: ada.email, version: 1, orderId: null });
    expect(body.quote).toMatchObject({ ready: true, totals: { subtotal: eur(3000) } });
    expect(body.lines).toMatchObject([{ unitPrice: eur(1500), reason: 'Agreed by phone' }]);
    expect(await stockOf(app, thing)).toMatchObject({ reserved: 0 });

    // A price that was agreed stays when the price of the shop changes.
    await app.database.execute(
      `UPDATE catalog.variants SET prices = '{"EUR": {"amount": 2999, "compareAt": null}}' WHERE id = $1`,
      [thing.variantId],
    );
    const changed = await app.patch(
      `${DRAFTS}/${body.id}`,
      { note: null },
      asStaff({ headers: { 'if-match': '"1"' } }),
    );
    expect([changed.status, changed.body.version, changed.body.note]).toEqual([200, 2, null]);
    expect(changed.body.quote.totals).toEqual(body.quote.totals);
    const stale = await app.patch(
      `${DRAFTS}/${body.id}`,
      { note: 'x' },
      asStaff({ headers: { 'if-match': '"1"' } }),
    );
    expect(stale.status).toBe(412);

    const wrong = await place(body, { expectedTotal: eur(1) });
    expect([wrong.status, wrong.body.code]).toEqual([409, 'ordering.cart_changed']);
    const once = key();
    const placed = await place(body, {}, once);
    expect([placed.status, placed.body.status]).toEqual([201, 'pending_payment']);
    expect((await place(body, {}, once)).body).toEqual(placed.body);
    const again = await place(body);
    expect([again.status, again.body]).toMatchObject([
      409,
      { code: 'ordering.draft_order_closed', orderId: placed.body.orderId },
    ]);
    expect((await app.delete(`${DRAFTS}/${body.id}`, asStaff())).status).toBe(409);
    const { orderId, paymentLink } = placed.body;
    const read = (await app.get(`${DRAFTS}/${body.id}`, asStaff())).body;
    expect(read).toMatchObject({ state: 'placed', orderId, quote: null });
    expect(await stockOf(app, thing)).toMatchObject({ reserved: 2 });
    const order = await orderAt(orderId);
    expect(order.lines).toMatchObject([{ unitPrice: eur(1500), quantity: 2 }]);
    expect(order.history).toMatchObject([
      { event: 'created', actor: 'person' },
      { event: 'drafted', facts: { draftOrderId: body.id, prices: [{ unitPrice: eur(1500) }] } },
    ]);
    const explained = await app.get(`/v1/admin/orders/${orderId}/calculation`, asStaff());
    expect(explained.status).toBe(200);

    const token = tokenOf(paymentLink);
    expect(await wasMailed(token, ada.email)).toBe(true);
    const [row] = await app.database.query<{ kept: string }>(
      `SELECT string_agg(l::text, '') || (SELECT coalesce(string_agg(k::text, ''), '') FROM platform.idempotency_keys k)
         AS kept FROM ordering.payment_links l`,
    );
    expect(row?.kept).not.toContain(token);
    const due = await view(token);
    expect(due.body).toMatchObject({
      state: 'open',
      amountDue: placed.body.total,
      orderNumber: order.number,
    });
    for (const secret of [ada.email, berlin.lastName, berlin.line1, ada.id])
      expect(due.text).not.toContain(secret);

    const declined = await pay(token, 'insufficient_funds');
    expect([declined.status, declined.body]).toMatchObject([
      402,
      { code: 'ordering.payment_declined', declineCode: 'insufficient_funds' },
    ]);
    expect(declined.text).not.toContain(token);
    const bank = await pay(token, 'sca_required');
    expect([bank.status, bank.body.state]).toEqual([202, 'in_progress']);
    expect((await view(token)).body.nextAction).toEqual(bank.body.nextAction);
    await fetch(bank.body.nextAction.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ decision: 'approve' }),
    });
    const back = await app.post('/v1/payment-links/confirmation', { token });
    expect(back.body).toMatchObject({ state: 'paid', amountDue: eur(0) });
    await app.settle();
    expect((await view(token)).body).toMatchObject({ state: 'paid', amountDue: eur(0), nextAction: null });
    expect((await pay(token, 'ok')).body.code).toBe('ordering.nothing_due');
    expect(await orderAt(orderId)).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
    expect(await stockOf(app, thing)).toMatchObject({ reserved: 0, allocated: 2 });
    const mine = (await app.get('/v1/me/orders', { token: ada.token })).body.items;
    expect(mine).toMatchObject([{ id: orderId, status: 'placed' }]);
    expect(await wasMailed(`Your order ${order.number}`, ada.email)).toBe(true);

    const trail = await app.get(`/v1/admin/audit?subjectType=draft_order&subjectId=${body.id}`, asStaff());
    expect(trail.body.items.map(({ action }: Body) => action)).toEqual(
      ['placed', 'updated', 'created'].map((deed) => `ordering.draft_order.${deed}`),
    );
    expect(trail.text).not.toContain(ada.email);
  });

  it('charges once whatever comes at once, by the newest link alone', async () => {
    const thing = await goods(app, { stock: 5 });
    const { body: placed } = await place(await drafted(thing));
    const old = tokenOf(placed.paymentLink);
    const links = `/v1/admin/orders/${placed.orderId}/payment-links`;
    const made = await app.post(links, { mail: true }, asStaff({ key: key() }));
    expect([made.status, made.body.amountDue]).toEqual([201, placed.total]);
    for (const answer of [await view(old), await pay(old, 'ok')])
      expect([answer.status, answer.body.code]).toEqual([410, 'ordering.payment_link_ended']);
    const token = tokenOf(made.body);
    expect(await wasMailed(token, 'guest@example.test')).toBe(true);

    const answers = await Promise.all(Array.from({ length: 20 }, () => pay(token, 'ok')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, body } of answers.filter((one) => one.status !== 201))
      expect([status, body.code]).toEqual([
        409,
        expect.stringMatching(/payment_in_progress|already_captured|nothing_due/),
      ]);
    await app.settle();
    const order = await orderAt(placed.orderId);
    expect(order).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
    expect(order.payments).toMatchObject([{ captured: placed.total }]);
    const late = await app.post(links, {}, asStaff({ key: key() }));
    expect([late.status, late.body.code]).toEqual([409, 'ordering.nothing_due']);
  });

  it('expires with its link, and gives back what it held', async () => {
    const thing = await goods(app, { stock: 5 });
    const { body: placed } = await place(await drafted(thing), { mail: false });
    const token = tokenOf(placed.paymentLink);
    app.clock.advance({ hours: 7 * 24 - 1 });
    await app.run('ordering.expire_orders');
    // Declining does not shorten what was promised, and another link gives more time.
    expect((await pay(token, 'insufficient_funds')).status).toBe(402);
    const { body: more } = await app.post(
      `/v1/admin/orders/${placed.orderId}/payment-links`,
      {},
      { token: await given.admin(app), key: key() },
    );
    staff = await given.admin(app);
    app.clock.advance({ hours: 24 });
    await app.run('ordering.expire_orders');
    await app.settle();
    expect((await view(tokenOf(more))).body.state).toBe('open');
    expect(await stockOf(app, thing)).toMatchObject({ reserved: 2 });
    app.clock.advance({ hours: 6 * 24 + 1 });
    expect((await pay(tokenOf(more), 'ok')).status).toBe(410);
    await app.run('ordering.expire_orders');
    await app.settle();
    staff = await given.admin(app);
    expect(await orderAt(placed.orderId)).toMatchObject({ status: 'expired' });
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
    expect((await view(tokenOf(more))).status).toBe(410);
  });

  it('survives a death in the middle, and takes a gift card beside the card once', async () => {
    const thing = await goods(app, { stock: 5 });
    const open = await drafted(thing);
    const both = await Promise.all([place(open), place(open)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const { body: placed } = both.find(({ status }) => status === 201) as Answer;
    const token = tokenOf(placed.paymentLink);
    const recipientEmail = 'gift@example.test';
    const gift = { amount: eur(1000), recipientEmail, reason: 'a test' };
    await app.post('/v1/admin/gift-cards', gift, asStaff({ key: key() }));
    await app.settle();
    const letter = (await app.letters()).find(({ to }) => to === recipientEmail);
    const giftCards = [{ code: /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0] ?? '' }];
    const once = key();
    for (const spot of ['link.after_begin_commit', 'link.after_gateway']) {
      const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
        armFailpoint(null);
        throw new Error(`died at ${spot}`);
      });
      armFailpoint(spot);
      expect((await pay(token, 'ok', { giftCards }, once)).status).toBe(500);
      kill.mockRestore();
    }
    const done = await pay(token, 'ok', { giftCards }, once);
    expect([done.status, done.body.state]).toEqual([201, 'paid']);
    await app.settle();
    const order = await orderAt(placed.orderId);
    expect(order).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
    expect(order.payments.map(({ captured }: Body) => captured.amount)).toEqual([
      placed.total.amount - 1000,
      1000,
    ]);
  });

  it('pays what a change left due by a link', async () => {
    const [book, lamp] = [await goods(app), await goods(app, { price: 2500, stock: 3 })];
    const { answer } = await buy(app, [book]);
    const { id } = answer.body;
    const links = `/v1/admin/orders/${id}/payment-links`;
    expect((await app.post(links, {}, asStaff({ key: key() }))).body.code).toBe('ordering.nothing_due');
    const add = { kind: 'edit', add: [{ variantId: lamp.variantId, quantity: 1 }] };
    const { body: change } = await app.post(`/v1/admin/orders/${id}/changes`, add, asStaff());
    const confirmed = { expectedDifference: eur(2500) };
    await app.post(
      `/v1/admin/orders/${id}/changes/${change.id}/confirmation`,
      confirmed,
      asStaff({ key: key() }),
    );
    const token = tokenOf((await app.post(links, {}, asStaff({ key: key() }))).body);
    expect((await view(token)).body).toMatchObject({ state: 'open', amountDue: eur(2500) });
    const mixed = await pay(token, 'ok', { giftCards: [{ code: '7K3M-0QXA-9VTR-2B4C-HW5N' }] });
    expect(mixed.status).toBe(422);
    expect((await pay(token, 'insufficient_funds')).status).toBe(402);
    const once = key();
    const paid = await pay(token, 'ok', {}, once);
    expect([paid.status, paid.body]).toMatchObject([201, { state: 'paid', amountDue: eur(0) }]);
    expect((await pay(token, 'ok', {}, once)).body).toEqual(paid.body);
    expect(await orderAt(id)).toMatchObject({ paymentStatus: 'paid', amountDue: eur(0) });
  });

  it('takes the lines of a cart: pieces that are made differently, and cards for somebody else', async () => {
    const thing = await goods(app, { price: 2000, stock: 5 });
    const card = await goods(app, { price: 2500 });
    await app.database.execute(
      `UPDATE catalog.variants SET kind = 'gift_card', stock_source = 'none' WHERE id = $1`,
      [card.variantId],
    );
    const one = { variantId: thing.variantId, quantity: 1, unitPrice: eur(1500), reason: 'Agreed by phone' };
    const giftCard = {
      recipientEmail: 'grace@example.test',
      recipientName: 'Grace',
      message: null,
      sendAt: null,
    };
    const properties = { engraving: 'For Grace' };
    const made = await drafted(thing, {
      lines: [one, { ...one, properties }, one, { variantId: card.variantId, quantity: 1, giftCard }],
    });
    const wanted = [
      { quantity: 2, properties: null, giftCard: null },
      { quantity: 1, properties, giftCard: null },
      { quantity: 1, properties: null, giftCard },
    ];
    expect(made.lines).toMatchObject(wanted);
    expect(made.quote).toMatchObject({ ready: true, totals: { subtotal: eur(3 * 1500 + 2500) } });
    const { orderId } = (await place(made)).body;
    expect((await orderAt(orderId)).lines).toMatchObject(wanted);
  });

  it('refuses what is odd and whoever may not, and forgets people', async () => {
    const thing = await goods(app, { stock: 5 });
    const line = { variantId: thing.variantId, quantity: 1 };
    const pointers = async (body: object) => {
      const { status, body: problem } = await draft({ email: 'x@example.test', currency: 'EUR', ...body });
      expect([400, 422]).toContain(status);
      return problem.errors.map(({ pointer }: Body) => pointer);
    };
    expect(await pointers({ lines: [{ ...line, unitPrice: { amount: 1, currency: 'USD' } }] })).toEqual([
      '/lines/0/reason',
      '/lines/0/unitPrice/currency',
    ]);
    expect(await pointers({ lines: [{ variantId: key(), quantity: 1 }] })).toEqual(['/lines/0/variantId']);
    const dear = { unitPrice: eur(1), reason: 'Agreed' };
    const engraved = { ...line, properties: { engraving: 'For Grace' } };
    expect(await pointers({ lines: [{ ...line, ...dear }, engraved] })).toEqual(['/lines/1/unitPrice']);
    const recipientEmail = 'grace@example.test';
    expect(await pointers({ lines: [line, { ...engraved, giftCard: { recipientEmail } }] })).toEqual([
      '/lines/1/giftCard',
    ]);
    expect(await pointers({ lines: [{ ...line, properties: { engraving: ' ' } }] })).toEqual([
      '/lines/0/properties/engraving',
    ]);
    expect(await pointers({ lines: [line], vatId: 'ATU13585628' })).toEqual(['/vatId']);
    const nowhere = {
      email: 'x@example.test',
      currency: 'EUR',
      lines: [line],
      pickupPointId: thing.variantId,
    };
    expect((await draft(nowhere)).body.code).toBe('ordering.unknown_pickup_point');
    expect(await pointers({ lines: [line], customerId: thing.variantId })).toEqual(['/customerId']);
    expect(await pointers({ lines: [line], email: undefined })).toEqual(['/email']);
    expect(await pointers({ lines: [line], promotionCodes: ['NOPE'] })).toEqual(['/promotionCodes/0']);

    const open = await drafted(thing, { shippingAddress: null });
    const unready = await place(open);
    expect([unready.status, unready.body.errors]).toMatchObject([422, [{ pointer: '/shippingAddress' }]]);
    expect((await place(open, { payLater: false })).body.errors).toMatchObject([{ pointer: '/payLater' }]);
    // Each fault of the body names its field, and where the right value is to be had.
    const total = open.quote.totals.total;
    for (const [body, pointer, code] of [
      [{ payLater: true }, '/expectedTotal', 'required'],
      [{ payLater: true, expectedTotal: total.amount }, '/expectedTotal', 'not_object'],
      [{ payLater: true, expectedTotal: { totals: total } }, '/expectedTotal/totals', 'unknown_property'],
      [{ payLater: true, expectedTotal: { currency: 'EUR' } }, '/expectedTotal/amount', 'required'],
      [{ expectedTotal: total, payLater: 'yes' }, '/payLater', expect.any(String)],
      [{ expectedTotal: total, payLater: false }, '/payLater', 'not_true'],
    ] as const) {
      const { status, body: problem } = await app.post(
        `${DRAFTS}/${open.id}/placement`,
        body,
        asStaff({ key: key() }),
      );
      const fault = problem.errors.find((one: Body) => one.pointer === pointer);
      expect([status, fault?.code]).toEqual([400, code]);
      expect(fault.message).toMatch(
        pointer === '/payLater'
          ? /send true, for the buyer pays by the link/
          : /`quote\.totals\.total` of `GET/,
      );
    }
    const unkeyed = await app.post(
      `${DRAFTS}/${open.id}/placement`,
      { expectedTotal: total, payLater: true },
      asStaff(),
    );
    expect([unkeyed.status, unkeyed.body.code]).toEqual([400, 'platform.idempotency_key_required']);
    const never = await place(open, { payUntil: '2000-01-01T00:00:00Z' });
    expect(never.body.errors).toMatchObject([{ pointer: '/payUntil' }]);
    for (const [who, status] of [
      [ada.token, 403],
      [undefined, 401],
    ] as const) {
      const how = { ...(who && { token: who }), key: key() };
      expect(
        (await app.post(DRAFTS, { email: 'x@example.test', currency: 'EUR', lines: [line] }, how)).status,
      ).toBe(status);
      expect((await app.get(`${DRAFTS}/${open.id}`, how)).status).toBe(status);
      expect((await app.post(`/v1/admin/orders/${open.id}/payment-links`, {}, how)).status).toBe(status);
    }
    for (const answer of [await view('no-such-token'), await pay('no-such-token', 'ok')])
      expect([answer.status, answer.text.includes('no-such-token')]).toEqual([404, false]);

    const listed = await app.get(`${DRAFTS}?email=GUEST@example.test&state=open&limit=1`, asStaff());
    expect(listed.body.items).toMatchObject([{ id: open.id }]);
    expect(
      (await app.delete(`${DRAFTS}/${open.id}`, asStaff({ headers: { 'if-match': '"1"' } }))).status,
    ).toBe(204);
    expect((await app.get(`${DRAFTS}/${open.id}`, asStaff())).status).toBe(404);
    const free = await drafted(thing, {
      lines: [{ ...line, unitPrice: eur(0), reason: 'A present' }],
      email: 'free@example.test',
    });
    expect(free.quote.totals.subtotal).toEqual(eur(0));

    const people = app.app.get(OrderingPersonalData);
    const subject = { customerId: null, email: free.email };
    const kept: unknown[] = [];
    for await (const page of people.collect(subject)) kept.push(page);
    expect(JSON.stringify(kept)).toContain(free.id);
    await app.database.transaction(() => people.erase(subject));
    expect((await app.get(`${DRAFTS}/${free.id}`, asStaff())).status).toBe(404);
  });
});
