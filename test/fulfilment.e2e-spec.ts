import { setTimeout as wait } from 'node:timers/promises';
import { createHmac, randomUUID } from 'node:crypto';
import { OrderingPersonalData } from '../src/ordering/order/personal-data.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type Answer, Client } from './support/client.js';
import { given } from './support/given.js';
import { pdfText } from './support/pdf-text.js';
import { buy, type CartInHand, checkOut, fillCart, type Goods, key } from './support/purchase.js';
import { newFolder, RealProcess } from './support/real-process.js';

interface Fulfilment {
  id: string;
  state: string;
  location: string | null;
}

describe('what is sent', () => {
  const secret = randomUUID();
  const folders: string[] = [];
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp({
      CARRIER_WEBHOOK_SECRETS: `dhl=${secret}`,
      RETURN_ADDRESS: "Guildhall | Weavers' Row 3 | 10115 Berlin",
    });
    staff = await given.admin(app);
    const east = { code: 'east', name: 'East', priority: 10 };
    expect((await app.post('/v1/admin/locations', east, { token: staff })).status).toBe(201);
  });
  afterAll(async () => {
    await RealProcess.sweep(folders);
    await app?.close();
  });

  /** So many pieces in `main` and `east`. */
  const stocked = async (main: number, east = 0): Promise<Goods> => {
    const sku = `LAMP-${randomUUID().slice(0, 8)}`;
    const stock = [
      { location: 'main', onHand: main },
      { location: 'east', onHand: east },
    ];
    const prices = [{ amount: 1999, currency: 'EUR' }];
    const variant = { sku, weightGrams: 400, prices, stock: stock.filter(({ onHand }) => onHand > 0) };
    const made = await given.product(app, staff, {
      title: 'Lampe für Łódź',
      handle: sku.toLowerCase(),
      variants: [variant],
    });
    return { variantId: made.variants[0].id, sku };
  };
  /** On hand and allocated of each location. */
  const stockAt = async ({ variantId }: Goods): Promise<Record<string, [number, number]>> => {
    const { items } = (await app.get(`/v1/admin/stock?variantId=${variantId}`, { token: staff })).body;
    return Object.fromEntries(
      (items as { location: string; onHand: number; allocated: number }[]).map((level) => [
        level.location,
        [level.onHand, level.allocated],
      ]),
    );
  };
  const bought = async (
    lines: (Goods & { quantity?: number })[],
    body: object = {},
  ): Promise<{ id: string; number: string; cart: CartInHand; lineId: string }> => {
    const { cart, answer } = await buy(app, lines, { body });
    expect(answer.status).toBe(201);
    return { id: answer.body.id, number: answer.body.number, cart, lineId: answer.body.lines[0].id };
  };
  const fulfil = (orderId: string, body: object = {}): Promise<Answer> =>
    app.post(`/v1/admin/orders/${orderId}/fulfilments`, body, { token: staff, key: key() });
  const planned = async (orderId: string, body: object = {}): Promise<Fulfilment[]> => {
    const answer = await fulfil(orderId, { shipNow: false, ...body });
    expect(answer.status).toBe(201);
    return Promise.all(
      (answer.body.fulfilments as { id: string; state: string }[])
        .filter(({ state }) => state === 'pending')
        .map(async ({ id }) => (await read(id)).body),
    );
  };
  const read = (id: string) => app.get(`/v1/admin/fulfilments/${id}`, { token: staff });
  const step = (id: string, what: string, body: object = {}, headers: Record<string, string> = {}) =>
    app.post(`/v1/admin/fulfilments/${id}/${what}`, body, { token: staff, key: key(), headers });
  const asShopper = async ({ id, cart }: { id: string; cart: CartInHand }) =>
    (await app.get(`/v1/orders/${id}`, { cartToken: cart.token })).body;
  const picks = async (location: string, goods: Goods) => {
    const { body } = await app.get(`/v1/admin/pick-list?location=${location}`, { token: staff });
    return body.items.find(({ variantId }: { variantId: string }) => variantId === goods.variantId);
  };

  const notice = (body: object, by: { code?: string; secret?: string } = {}) => {
    const text = JSON.stringify(body);
    const signature = createHmac('sha256', by.secret ?? secret)
      .update(text)
      .digest('hex');
    return app.post(`/v1/carriers/${by.code ?? 'dhl'}/webhooks`, text, {
      headers: { 'content-type': 'application/json', 'carrier-signature': `sha256=${signature}` },
    });
  };
  const told = (trackingNumber: string, status: string, hour: number, id: string = randomUUID()) => ({
    ...{
      id,
      trackingNumber,
      status,
      occurredAt: new Date(app.clock.now().getTime() + (hour - 9) * 3_600_000),
    },
    place: 'Leipzig',
  });
  const tracking = () => randomUUID().slice(0, 12).toUpperCase();

  it('goes from its plan to the door, from two locations, and nobody takes a piece twice', async () => {
    const lamp = await stocked(2, 3);
    const order = await bought([{ ...lamp, quantity: 4 }]);
    expect(await stockAt(lamp)).toEqual({ main: [2, 2], east: [3, 2] });
    expect(await picks('east', lamp)).toMatchObject({ quantity: 2, orders: [{ fulfilmentId: null }] });
    // From one location, what it gives; planned pieces are gone for everybody else.
    const [first] = await planned(order.id, { location: 'east' });
    expect(first).toMatchObject({
      state: 'pending',
      location: 'east',
      picks: [{ quantity: 2, sku: lamp.sku }],
    });
    const refusals = [
      await fulfil(order.id, { location: 'east' }),
      await fulfil(order.id, { lines: [{ lineId: order.lineId, quantity: 3 }] }),
      await fulfil(order.id, { location: 'east', lines: [{ lineId: order.lineId, quantity: 1 }] }),
      await fulfil(order.id, { location: 'moon' }),
    ];
    expect(refusals.map(({ status, body }) => [status, body.code, body.errors?.[0]?.message])).toEqual([
      [409, 'ordering.order_not_fulfillable', undefined],
      [409, 'ordering.order_not_fulfillable', 'at most 2 left to send'],
      [409, 'ordering.order_not_fulfillable', 'at most 0 lie there for this order'],
      [422, 'ordering.unknown_location', 'is not known'],
    ]);
    expect(await picks('east', lamp)).toMatchObject({ quantity: 2, orders: [{ fulfilmentId: first?.id }] });
    expect(await picks('main', lamp)).toMatchObject({ quantity: 2, orders: [{ fulfilmentId: null }] });

    // Packed, and then not sent after all: the plan has its pieces back, the stock never noticed.
    const id = first?.id ?? '';
    expect((await step(id, 'packing', {}, { 'if-match': '"9"' })).status).toBe(412);
    expect((await step(id, 'packing', { parcels: [{ weightGrams: 900 }] })).body).toMatchObject({
      state: 'packed',
    });
    expect(await picks('east', lamp)).toBeUndefined();
    const cancel = await app.post(
      `/v1/orders/${order.id}/cancellation`,
      {},
      { cartToken: order.cart.token, key: key() },
    );
    expect(cancel.body.code).toBe('ordering.order_not_cancelable');
    expect((await step(id, 'cancellation', { reason: 'Broken' })).body).toMatchObject({ state: 'canceled' });
    expect((await step(id, 'dispatch')).body.code).toBe('ordering.fulfilment_moved_on');
    expect(await stockAt(lamp)).toEqual({ main: [2, 2], east: [3, 2] });
    const history = (await read(id)).body.history as { event: string; actor: string; note: string | null }[];
    expect(history.map(({ event, actor, note }) => [event, actor, note])).toEqual([
      ['pending', 'person', null],
      ['changed', 'person', null],
      ['packed', 'person', null],
      ['canceled', 'person', 'Broken'],
    ]);

    // As the stock was split: a fulfilment for each location.
    const both = await planned(order.id);
    expect(both.map(({ location }) => location).sort()).toEqual(['east', 'main']);
    const fromMain = both.find(({ location }) => location === 'main')?.id ?? '';
    const fromEast = both.find(({ location }) => location === 'east')?.id ?? '';
    const [one, two] = [tracking(), tracking()];
    const trackingUrl = `https://dhl.example/${one}`;
    const parcels = [
      { trackingNumber: one, trackingUrl, weightGrams: 500 },
      { trackingNumber: two.replace('-', ' ').toLowerCase() },
    ];
    const left = await step(fromMain, 'dispatch', { carrier: 'DHL', service: 'Express', parcels });
    expect(left.body).toMatchObject({
      state: 'shipped',
      trackingNumber: one,
      parcels: [{ weightGrams: 500 }, {}],
    });
    expect((await step(fromMain, 'dispatch')).status).toBe(409);
    expect((await step(fromMain, 'cancellation')).status).toBe(409);
    expect(await stockAt(lamp)).toEqual({ main: [0, 0], east: [3, 2] });
    await app.settle();
    const letter = (await app.letters()).findLast(({ subject }) => subject.includes(order.number));
    expect(letter?.text).toMatch(new RegExp(`DHL ${one}[^]*${two.toLowerCase().replace('-', ' ')}`));
    expect(letter?.text).toContain('Still to come, in a parcel of its own:\n2 × Lampe für Łódź');
    expect(letter?.text).toContain(trackingUrl);

    // The carrier tells in any order, and twice; nobody else tells.
    const arrived = told(two, 'delivered', 8);
    for (const forged of [{ secret: randomUUID() }, { code: 'ups' }])
      expect((await notice({ events: [told(one, 'delivered', 7)] }, forged)).status).toBe(
        forged.code ? 404 : 400,
      );
    expect((await notice({ events: [arrived] })).status).toBe(200);
    await app.settle();
    expect((await asShopper(order)).fulfilments).toMatchObject([{ state: 'shipped' }, { state: 'pending' }]);
    const late = [told(one, 'delivered', 6), told(one, 'in_transit', 5), told(two, 'on a camel', 4), arrived];
    expect((await notice({ events: late })).status).toBe(200);
    expect((await notice({ events: late })).status).toBe(200);
    await app.settle();
    const seen = (await asShopper(order)).fulfilments.find((each: Fulfilment) => each.id === fromMain);
    expect(seen).toMatchObject({ state: 'delivered', deliveredAt: arrived.occurredAt.toISOString() });
    const statuses = (seen.parcels as { events: { status: string }[] }[]).map(({ events }) =>
      events.map(({ status }) => status),
    );
    expect(statuses).toEqual([
      ['in_transit', 'delivered'],
      ['other', 'delivered'],
    ]);
    const kept = await app.get(`/v1/admin/carrier-events?trackingNumber=${two}`, { token: staff });
    expect(
      kept.body.items.map(({ state, deliveries }: Record<string, unknown>) => [state, deliveries]).sort(),
    ).toEqual([
      ['known', 2],
      ['known', 3],
    ]);

    // The last pieces leave and arrive.
    const rest = await step(fromEast, 'dispatch');
    expect(rest.body).toMatchObject({ state: 'shipped', carrier: null, parcels: [] });
    expect(await asShopper(order)).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
    expect(await stockAt(lamp)).toEqual({ main: [0, 0], east: [1, 0] });
    const tomorrow = new Date(app.clock.now().getTime() + 86_400_000).toISOString();
    const early = await step(fromEast, 'delivery', { deliveredAt: tomorrow });
    expect([early.status, early.body.errors[0].pointer]).toEqual([400, '/deliveredAt']);
    expect((await step(fromEast, 'delivery')).body).toMatchObject({ state: 'delivered' });
    expect((await step(fromEast, 'delivery')).status).toBe(409);
    const end = await asShopper(order);
    expect(end).toMatchObject({
      ...{ status: 'completed', fulfilmentStatus: 'delivered' },
      lines: [{ fulfilledQuantity: 4, deliveredQuantity: 4 }],
    });
    await app.settle();
    const subjects = (await app.letters()).filter(({ subject }) => subject.includes(order.number));
    expect(subjects.map(({ subject }) => subject.replace(/.*\d+/, '').trim()).sort()).toEqual([
      '',
      'has arrived',
      'has arrived',
      'is on its way',
      'is on its way',
    ]);
    const list = await app.get(`/v1/admin/fulfilments?number=${order.number}&limit=2`, { token: staff });
    expect(list.body.items).toHaveLength(2);
    const others = await app.get(
      `/v1/admin/fulfilments?number=${order.number}&limit=2&cursor=${list.body.nextCursor}`,
      { token: staff },
    );
    expect(others.body).toMatchObject({ items: [{ id, state: 'canceled' }], nextCursor: null });
    const delivered = '/v1/admin/fulfilments?state=delivered&location=main&carrier=dhl';
    expect((await app.get(delivered, { token: staff })).body.items).toMatchObject([
      { id: fromMain, quantity: 2 },
    ]);
  });

  it('is taken once by many at once, and goes back when the order is canceled', async () => {
    const lamp = await stocked(1);
    const order = await bought([lamp]);
    const tries = await Promise.all(
      Array.from({ length: 20 }, (_, n) => fulfil(order.id, { shipNow: n % 2 === 0 })),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)]);

    const chair = await stocked(5);
    const other = await bought([{ ...chair, quantity: 3 }]);
    const [plan] = await planned(other.id, { lines: [{ lineId: other.lineId, quantity: 2 }] });
    const id = plan?.id ?? '';
    const races = await Promise.all(
      Array.from({ length: 12 }, (_, n) => step(id, ['dispatch', 'cancellation', 'packing'][n % 3] ?? '')),
    );
    const { state } = (await read(id)).body;
    const ends = races.filter(({ status, body }) => status === 200 && body.state !== 'packed');
    expect(ends).toHaveLength(1);
    expect(await stockAt(chair)).toEqual({ main: state === 'shipped' ? [3, 1] : [5, 3] });

    const [later] = await planned(other.id, { lines: [{ lineId: other.lineId, quantity: 1 }] });
    const held = { cartToken: other.cart.token, key: key() };
    const end = await app.post(`/v1/orders/${other.id}/cancellation`, {}, held);
    expect(end.status).toBe(state === 'shipped' ? 409 : 201);
    expect((await read(later?.id ?? '')).body.state).toBe(state === 'shipped' ? 'pending' : 'canceled');

    // A plan does not outlive its order, nor does the stock.
    const third = await bought([{ ...chair, quantity: 1 }]);
    const [last] = await planned(third.id);
    expect((await step(last?.id ?? '', 'packing')).status).toBe(200);
    const byStaff = { token: staff, key: key() };
    expect((await app.post(`/v1/orders/${third.id}/cancellation`, {}, byStaff)).status).toBe(201);
    expect((await read(last?.id ?? '')).body).toMatchObject({ state: 'canceled' });
    expect((await step(last?.id ?? '', 'dispatch')).status).toBe(409);
  });

  it('keeps what is planned when the order is changed, and waits while somebody holds the order', async () => {
    const lamp = await stocked(2, 3);
    const order = await bought([{ ...lamp, quantity: 4 }]);
    const hold = (at: string) =>
      app.database.execute(`UPDATE ordering.orders SET held_at = ${at} WHERE id = $1`, [order.id]);
    await hold('now()');
    expect((await fulfil(order.id)).body.code).toBe('ordering.order_on_hold');
    expect(await picks('main', lamp)).toBeUndefined();
    await hold('NULL');
    const [plan] = await planned(order.id, { location: 'east' });
    await hold('now()');
    expect((await step(plan?.id ?? '', 'dispatch')).body.code).toBe('ordering.order_on_hold');
    await hold('NULL');
    const changes = `/v1/admin/orders/${order.id}/changes`;
    const edit = (quantity: number) =>
      app.post(changes, { kind: 'edit', remove: [{ lineId: order.lineId, quantity }] }, { token: staff });
    const tooMany = await edit(3);
    expect([tooMany.status, tooMany.body.errors[0].message]).toEqual([422, 'must be at most 2']);
    const draft = (await edit(2)).body;
    const { difference } = (await app.get(`${changes}/${draft.id}/preview`, { token: staff })).body;
    const done = await fetch(`${app.url}${changes}/${draft.id}/confirmation`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${staff}`,
        'content-type': 'application/json',
        'idempotency-key': key(),
      },
      body: JSON.stringify({ expectedDifference: difference }),
    });
    expect(done.status).toBe(200);
    // The pieces that nobody had planned are free again, wherever the others lie.
    expect(await stockAt(lamp)).toEqual({ main: [2, 0], east: [3, 2] });
    expect((await step(plan?.id ?? '', 'dispatch')).status).toBe(200);
    expect(await asShopper(order)).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
    expect(await stockAt(lamp)).toEqual({ main: [2, 0], east: [1, 0] });
  });

  it('does not wait for another parcel of the same notice, and is not delivered by one that had its number', async () => {
    const goods = await stocked(3);
    const shipped = async (number: string) => {
      const order = await bought([goods]);
      const { fulfilments } = (await fulfil(order.id, { carrier: 'DHL', trackingNumber: number })).body;
      return { ...order, number, sent: fulfilments[0].id as string };
    };
    const state = async (sent: string) => (await read(sent)).body.state;
    const old = tracking();
    expect((await notice({ events: [told(old, 'delivered', -31)] })).status).toBe(200);
    const reused = await shipped(old);
    const [held, free] = [await shipped(tracking()), await shipped(tracking())];
    await app.settle();
    expect(await state(reused.sent)).toBe('shipped');

    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const lock = app.database.transaction(async () => {
      await app.database.query('SELECT FROM ordering.orders WHERE id = $1 FOR UPDATE', [held.id]);
      await gate;
    });
    const events = [held, free].map(({ number }) => told(number, 'delivered', 9));
    expect((await notice({ events })).status).toBe(200);
    const settling = app.settle();
    while ((await state(free.sent)) !== 'delivered') await wait(20);
    expect(await state(held.sent)).toBe('shipped');
    open();
    await Promise.all([lock, settling]);
    expect(await state(held.sent)).toBe('delivered');
  });

  it('is found by its number when that is written down after its carrier has told of it', async () => {
    const order = await bought([await stocked(1)]);
    const [number, same] = [tracking(), randomUUID()];
    const sent = (await fulfil(order.id, { carrier: 'Dhl', trackingNumber: tracking() })).body.fulfilments[0];
    const events = [told(number, 'delivered', 8, same), told(number, 'in_transit', 7)];
    expect((await notice({ events })).status).toBe(200);
    // One id with two contents: the first counts.
    expect((await notice({ events: [told(number, 'exception', 8, same)] })).status).toBe(200);
    const bad = await notice({ events: [{ ...told(number, 'delivered', 8), occurredAt: 'soon' }] });
    expect([bad.status, bad.body.errors[0].pointer]).toEqual([400, '/events/0/occurredAt']);
    await app.settle();
    const orphans = await app.get(`/v1/admin/carrier-events?state=orphan&carrier=DHL`, { token: staff });
    expect(orphans.body.items).toHaveLength(2);
    const [told1] = orphans.body.items.filter(({ eventId }: { eventId: string }) => eventId === same);
    expect(told1).toMatchObject({ conflict: true, deliveries: 2, status: 'delivered' });
    expect((await read(sent.id)).body.state).toBe('shipped');
    const patch = (body: object, headers: Record<string, string> = {}) =>
      app.patch(`/v1/admin/fulfilments/${sent.id}`, body, { token: staff, headers });
    expect((await patch({ trackingNumber: number }, { 'if-match': '"7"' })).status).toBe(412);
    expect((await patch({ trackingNumber: number, parcels: [] })).status).toBe(400);
    const changed = await patch({ trackingNumber: number }, { 'if-match': '"1"' });
    expect(changed).toMatchObject({ status: 200, body: { carrier: 'Dhl', trackingNumber: number } });
    await app.settle();
    expect(await asShopper(order)).toMatchObject({ fulfilmentStatus: 'delivered', status: 'completed' });
    const none = await app.get('/v1/admin/carrier-events?state=orphan', { token: staff });
    expect(none.body.items).toEqual([]);
    expect((await notice({ events: [told('NOBODYS', 'in_transit', 1)] })).status).toBe(200);
    await app.settle();
    await app.run('ordering.forget_orphan_carrier_events');
    expect(
      (await app.get('/v1/admin/carrier-events?state=orphan', { token: staff })).body.items,
    ).toHaveLength(1);
  });

  it('is listed where it is to be picked, with the parts of bundles, when its money is there and its day has come', async () => {
    const [lamp, bulb, set] = [await stocked(9, 4), await stocked(0, 9), await stocked(5)];
    const components = [
      { variantId: lamp.variantId, quantity: 1 },
      { variantId: bulb.variantId, quantity: 3 },
    ];
    const parts = await app.put(
      `/v1/admin/variants/${set.variantId}/components`,
      { components },
      { token: staff },
    );
    expect(parts.status).toBe(200);
    const bundled = await bought([{ ...set, quantity: 2 }, lamp]);
    const waiting = await fillCart(app, [lamp]);
    await checkOut(app, waiting, { token: 'sca_required' });
    const paidBack = await buy(app, [lamp]);
    const refund = `/v1/admin/payments/${paidBack.answer.body.payments[0].id}/refunds`;
    await app.post(refund, { full: true, reason: 'unhappy' }, { token: staff, key: key() });
    await app.settle();
    // The lamps of the bundle lie in the one place, its bulbs in the other.
    expect(await picks('main', lamp)).toMatchObject({ quantity: 3, sku: lamp.sku });
    expect(await picks('east', bulb)).toMatchObject({ quantity: 6, orders: [{ number: bundled.number }] });
    expect(await picks('main', bulb)).toBeUndefined();
    expect((await app.get('/v1/admin/pick-list?location=moon', { token: staff })).status).toBe(422);
    expect((await app.get('/v1/admin/pick-list', { token: staff })).status).toBe(400);
    const csv = await app.get('/v1/admin/pick-list.csv?location=east', { token: staff });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.text).toMatch(
      new RegExp(`^sku,[^]*\\r\\n${bulb.sku},"Lampe für Łódź, ${bulb.sku}",,6,${bundled.number} × 6,2`),
    );

    const made = await planned(bundled.id);
    expect(made.map(({ location }) => location).sort()).toEqual(['main', null]);
    const split = made.find(({ location }) => location === null)?.id ?? '';
    expect((await step(split, 'dispatch')).status).toBe(200);
    expect(await stockAt(bulb)).toEqual({ east: [3, 0] });
    expect(await stockAt(lamp)).toMatchObject({ main: [7, expect.any(Number)] });
  });

  it('goes with a slip that says what is in it, in every alphabet, and no prices', async () => {
    const [lamp, chair] = [await stocked(5), await stocked(2)];
    const shippingAddress = {
      ...{ firstName: 'Дарья', lastName: 'Żółć-Ωmega', line1: 'Straße der Pariser Kommune 1' },
      ...{ city: 'Łódź', postalCode: '10117', country: 'DE' },
    };
    const order = await bought([{ ...lamp, quantity: 3 }, chair], { shippingAddress });
    const [plan] = await planned(order.id, {
      lines: [{ lineId: order.lineId, quantity: 2 }],
      carrier: 'DHL',
    });
    const path = `${app.url}/v1/admin/fulfilments/${plan?.id}/packing-slip.pdf`;
    const answer = await fetch(path, { headers: { authorization: `Bearer ${staff}` } });
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    const text = pdfText(Buffer.from(await answer.arrayBuffer()));
    for (const said of ['Дарья Żółć-Ωmega', 'Łódź', `Order ${order.number}`, lamp.sku, '10115 Berlin', 'DHL'])
      expect(text).toContain(said);
    const missing = [lamp.sku, chair.sku].map((sku) => `1 × Lampe für Łódź, ${sku}`);
    expect(text).toContain(['Not in this parcel', ...missing].join('\n'));
    expect(text).not.toMatch(/19[.,]99|EUR|€/);
    expect((await fetch(path)).status).toBe(401);
  });

  it('goes with the words of whoever gives it, which are theirs', async () => {
    const lamp = await stocked(3);
    const email = `${randomUUID()}@example.test`;
    const cart = await fillCart(app, [lamp], { email });
    const path = `/v1/carts/${cart.id}`;
    const says = (giftMessage: unknown) => app.patch(path, { giftMessage }, { cartToken: cart.token });
    for (const [odd, code] of [
      ['x'.repeat(501), 'too_long'],
      ['a bell\u0007', 'not_plain_text'],
      ['turned \u202eround', 'not_plain_text'],
      ['\u200b ', 'empty'],
      [7, 'not_text'],
    ] as const) {
      const refused = await says(odd);
      expect([refused.status, refused.body.errors]).toMatchObject([400, [{ pointer: '/giftMessage', code }]]);
    }
    const words = 'Всё лучшее,\nдорогая Żaneta!';
    expect((await says(words)).body.giftMessage).toBe(words);
    expect((await says(null)).body.giftMessage).toBeNull();
    expect((await says('In the cart')).status).toBe(200);
    const declined = await checkOut(app, cart, { token: 'insufficient_funds', body: { giftMessage: words } });
    expect(declined.status).toBe(402);
    const other = await checkOut(app, cart, { body: { giftMessage: 'Something else' } });
    expect(other.body.code).toBe('ordering.order_fixed');
    const { body: order } = await checkOut(app, cart);
    expect(order.giftMessage).toBe(words);
    expect((await app.get(`/v1/admin/orders/${order.id}`, { token: staff })).body.giftMessage).toBe(words);
    const [plan] = await planned(order.id);
    const slip = `${app.url}/v1/admin/fulfilments/${plan?.id}/packing-slip.pdf`;
    const printed = async () => {
      const answer = await fetch(slip, { headers: { authorization: `Bearer ${staff}` } });
      return pdfText(Buffer.from(await answer.arrayBuffer()));
    };
    expect(await printed()).toContain(`With it comes a message\n${words}`);

    const people = app.app.get(OrderingPersonalData);
    const subject = { customerId: null, email };
    const left = (await fillCart(app, [lamp], { email })) as { id: string; token: string };
    await app.patch(`/v1/carts/${left.id}`, { giftMessage: 'Not sent yet' }, { cartToken: left.token });
    const kept: unknown[] = [];
    for await (const page of people.collect(subject)) kept.push(page);
    for (const one of [JSON.stringify(words), 'Not sent yet']) expect(JSON.stringify(kept)).toContain(one);
    await app.database.transaction(() => people.erase(subject));
    expect(
      await app.database.query(
        `SELECT gift_message FROM ordering.orders WHERE id = $1 UNION ALL
         SELECT gift_message FROM ordering.carts WHERE gift_message IS NOT NULL`,
        [order.id],
      ),
    ).toEqual([{ gift_message: null }]);
    expect(await printed()).not.toContain('With it comes a message');
  });

  it('and the stock agree when the process dies between them', async () => {
    const lamp = await stocked(4);
    const order = await bought([{ ...lamp, quantity: 2 }]);
    const [plan] = await planned(order.id);
    const path = `/v1/admin/fulfilments/${plan?.id}/dispatch`;
    const once = { token: staff, key: key() };
    const folder = newFolder();
    folders.push(folder);
    const process = RealProcess.start({
      ...{ NODE_ENV: 'test', ROLE: 'api', DATA_DIR: folder, DATABASE_POOL: '4' },
      DATABASE_URL: app.config.databaseUrl ?? '',
      TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
      SECRET_KEY: 'a secret that only the tests know, 32+',
      PUBLIC_URL: 'http://shop.test',
      FAILPOINT: 'fulfilment.after_stock',
    });
    await expect(new Client(await process.url()).post(path, {}, once)).rejects.toThrow();
    expect(await process.signal()).toBe('SIGKILL');
    expect(await stockAt(lamp)).toEqual({ main: [4, 2] });
    expect((await read(plan?.id ?? '')).body).toMatchObject({ state: 'pending', version: 1 });
    expect(await asShopper(order)).toMatchObject({ fulfilmentStatus: 'unfulfilled', status: 'placed' });
    // The lease of the dead request ends after 90 seconds; here it has ended.
    await app.database.execute(
      `UPDATE platform.idempotency_keys SET locked_until = now() - interval '1 s' WHERE status IS NULL`,
    );
    expect((await app.post(path, {}, once)).status).toBe(200);
    expect((await app.post(path, {}, once)).headers.get('idempotency-replayed')).toBe('true');
    expect(await stockAt(lamp)).toEqual({ main: [2, 0] });
    expect(await asShopper(order)).toMatchObject({ fulfilmentStatus: 'fulfilled', status: 'completed' });
  });
});
