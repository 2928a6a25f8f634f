import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OrderPersonalDataRepository } from '../src/ordering/order/personal-data.repository.js';
import { type Calendar, estimate } from '../src/ordering/shipping/delivery-estimate.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { berlin, type CartInHand, checkOut, email, fillCart, goods, key } from './support/purchase.js';

interface Asked {
  currency: string;
  destination: { country: string; region: string | null; postalCode: string | null };
  parcels: { grams: number; lengthMm: number; widthMm: number; heightMm: number }[];
}

/** Stands for a carrier: a small server that answers what the test says, or nothing. */
class Carrier {
  readonly asked: Asked[] = [];
  amount: number | null = 777;
  private server: Server | null = null;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        this.asked.push(JSON.parse(text) as Asked);
        if (this.amount === null) {
          response.writeHead(503).end();
          return;
        }
        const { currency } = this.asked.at(-1) ?? { currency: 'EUR' };
        const rates = [
          { service: 'next_day', amount: this.amount, currency, minDays: 1, maxDays: 1 },
          { service: 'odd', amount: -1, currency },
        ];
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ rates }));
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/rates`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }
}

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const flat = (amount: number) => [{ upToGrams: null, price: eur(amount) }];
const placeIn = (country: string, postalCode: string, region: string | null = null) => ({
  ...{ ...berlin, country, postalCode, region },
});

describe('shipping', () => {
  const carrier = new Carrier();
  let app: TestApp;
  let staff: string;
  let lamp: { variantId: string; sku: string };

  beforeAll(async () => {
    app = await startApp({ CARRIER_RATES_URL: await carrier.start(), CARRIER_RATES_KEY: 'carrier-secret' });
    staff = await given.admin(app);
    lamp = await goods(app, { stock: 500, weightGrams: 1_500, prices: { EUR: 1_000, SEK: 11_000 } });
  });
  afterAll(async () => {
    await app?.close();
    await carrier.stop();
  });

  const zonePath = '/v1/admin/shipping-zones';
  const makeZone = async (body: object): Promise<Answer['body']> => {
    const made = await app.post(zonePath, body, { token: staff });
    if (made.status !== 201) throw new Error(made.text);
    return made.body;
  };
  const sendTo = (cart: CartInHand, address: object, more: object = {}) =>
    app.patch(`/v1/carts/${cart.id}`, { shippingAddress: address, ...more }, { cartToken: cart.token });
  const look = async (cart: CartInHand, part: string) =>
    (await app.get(`/v1/carts/${cart.id}/${part}`, { cartToken: cart.token })).body;
  const lines = (quantity: number) => [{ ...lamp, quantity }];

  it('goes by the most specific zone, and says where rules make no sense or are taken', async () => {
    const areas = [{ country: 'IT', postalFrom: '07', postalTo: '09' }];
    const islands = await makeZone({
      name: 'Islands',
      countries: [],
      areas,
      options: [{ title: 'Ferry', tiers: flat(2_500) }],
    });
    expect(islands).toMatchObject({
      areas: [{ country: 'IT', region: null, postalFrom: '07', postalTo: '09' }],
      options: [{ kind: 'delivery', by: 'weight', pricePer: 'shipment', freeOver: [], transitDays: null }],
    });
    const cart = await fillCart(app, lines(1));
    expect((await sendTo(cart, placeIn('IT', '09124'))).body.totals.shipping).toEqual(eur(2_500));
    expect((await sendTo(cart, placeIn('IT', '20121'))).body.totals.shipping).toEqual(eur(990));

    const again = { name: 'Again', countries: [], areas: [{ ...areas[0], postalFrom: '0 7' }], options: [] };
    expect((await app.post(zonePath, again, { token: staff })).body.code).toBe('ordering.zone_conflict');
    const odd = await app.patch(
      `${zonePath}/${islands.id}`,
      {
        areas: [{ country: 'IT' }, { country: 'IT', postalFrom: '20', postalTo: '1' }, ...areas, ...areas],
        options: [
          { title: 'No price', tiers: [], transitDays: { min: 3, max: 2 } },
          { title: 'Odd tier', by: 'goods', tiers: [{ upToGrams: 5, price: eur(1) }] },
          {
            title: 'Both',
            kind: 'pickup',
            carrierService: 'x',
            exceptClasses: ['a'],
            onlyForClasses: ['a'],
            tiers: [],
          },
        ],
      },
      { token: staff },
    );
    expect(odd.status).toBe(400);
    expect(odd.body.errors.map((one: { pointer: string; code: string }) => [one.pointer, one.code])).toEqual([
      ['/options/0/tiers', 'too_few'],
      ['/options/0/transitDays/max', 'too_low'],
      ['/options/1/tiers/0/upToGrams', 'not_of_this_kind'],
      ['/options/2/carrierService', 'not_of_this_kind'],
      ['/options/2/exceptClasses/0', 'contradicts'],
      ['/areas/0', 'required'],
      ['/areas/1/postalTo', 'malformed'],
      ['/areas/3', 'duplicate'],
    ]);
    expect((await app.get(`${zonePath}/${islands.id}`, { token: staff })).body.version).toBe(1);
    const moved = await app.patch(
      `${zonePath}/${islands.id}`,
      { areas: [] },
      { token: staff, headers: { 'if-match': '"1"' } },
    );
    expect(moved).toMatchObject({ status: 200, body: { areas: [], version: 2 } });
  });

  it('says in which currency nothing ships', async () => {
    const cart = await fillCart(app, lines(1), { currency: 'SEK' });
    await sendTo(cart, berlin);
    const { problems } = await look(cart, 'readiness');
    expect(problems).toEqual([
      {
        code: 'shipping_unavailable',
        pointer: '/shippingAddress/country',
        detail: 'Nothing ships this cart to DE in SEK: no method of Germany has a price in SEK.',
        fix: 'Use another currency. Staff: add prices in SEK to the shipping zone Germany.',
      },
    ]);
    expect((await look(cart, 'explain')).misfits).toMatchObject([
      { title: 'Standard', zone: 'Germany', code: 'no_price_in_currency' },
      { title: 'Express', code: 'no_price_in_currency' },
    ]);
    expect((await checkOut(app, cart)).body.errors).toMatchObject([{ code: 'shipping_unavailable' }]);
  });

  it('packs parcels by a stated rule, carries what it may, and freezes what it told', async () => {
    const stock = [{ location: 'main', onHand: 50 }];
    const table = await given.product(app, staff, {
      variants: [
        {
          sku: 'TABLE',
          weightGrams: 6_000,
          lengthMm: 900,
          widthMm: 500,
          heightMm: 60,
          shippingClass: 'bulky',
          prices: [eur(9_000)],
          stock,
        },
      ],
    });
    const [variant] = table.variants;
    expect(variant).toMatchObject({ lengthMm: 900, shippingClass: 'bulky' });
    const calendar: Calendar = {
      ...{ timeZone: 'Europe/Berlin', cutOff: '14:00', processingDays: 1 },
      ...{ workingDays: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'] },
      holidays: [{ date: '2026-12-25', title: 'Christmas' }],
    };
    const set = await app.patch('/v1/admin/shipping-calendar', calendar, {
      token: staff,
      headers: { 'if-match': '"1"' },
    });
    expect(set).toMatchObject({ status: 200, body: { ...calendar, version: 2 } });
    const stale = await app.patch(
      '/v1/admin/shipping-calendar',
      {},
      { token: staff, headers: { 'if-match': '"1"' } },
    );
    expect(stale.status).toBe(412);
    const wrong = { timeZone: 'Europe/Atlantis', holidays: [{ date: '2027-02-30', title: 'Never' }] };
    expect(
      (await app.patch('/v1/admin/shipping-calendar', wrong, { token: staff })).body.errors,
    ).toMatchObject([
      { pointer: '/holidays/0/date', code: 'not_date' },
      { pointer: '/timeZone', code: 'not_time_zone' },
    ]);

    const zone = await makeZone({
      name: 'Iceland',
      countries: ['IS'],
      options: [
        { title: 'Letter', tiers: flat(100), exceptClasses: ['bulky'] },
        {
          ...{ title: 'Freight', tiers: flat(1_200), pricePer: 'parcel', maxParcelGrams: 10_000 },
          ...{
            maxParcelSize: { lengthMm: 1_000, widthMm: 600, heightMm: 200 },
            transitDays: { min: 1, max: 3 },
          },
          ...{ onlyForClasses: ['bulky'], freeOver: [eur(50_000)] },
        },
      ],
    });
    const cart = await fillCart(app, [
      { variantId: variant.id, sku: 'TABLE', quantity: 2 },
      { ...lamp, quantity: 3 },
    ]);
    const reykjavik = placeIn('IS', '101');
    await sendTo(cart, reykjavik);
    const expected = () => estimate(calendar, app.clock.now(), { min: 1, max: 3 });
    const parcels = [
      {
        ...{ grams: 9_000, lengthMm: 900, widthMm: 500, heightMm: 60 },
        pieces: [
          { variantId: variant.id, sku: 'TABLE', quantity: 1 },
          { variantId: lamp.variantId, sku: lamp.sku, quantity: 2 },
        ],
      },
      {
        ...{ grams: 7_500, lengthMm: 900, widthMm: 500, heightMm: 60 },
        pieces: [
          { variantId: variant.id, sku: 'TABLE', quantity: 1 },
          { variantId: lamp.variantId, sku: lamp.sku, quantity: 1 },
        ],
      },
    ];
    const before = expected();
    const { items } = await look(cart, 'shipping-options');
    expect(items).toEqual([
      {
        ...{ id: zone.options[1].id, title: 'Freight', zone: 'Iceland', kind: 'delivery', price: eur(2_400) },
        ...{ priceFrom: 'tiers', parcels, selected: true },
        estimate: { earliest: expect.any(String), latest: expect.any(String) },
      },
    ]);
    expect([before, expected()]).toContainEqual(items[0].estimate);
    expect(await look(cart, 'explain')).toMatchObject({
      shipping: { candidates: 1, priceFrom: 'tiers', parcels },
      misfits: [
        { title: 'Letter', code: 'class_not_carried', detail: 'It does not carry what is bulky: TABLE.' },
      ],
    });
    const placed = await checkOut(app, cart, { body: { shippingAddress: reykjavik } });
    expect(placed).toMatchObject({
      status: 201,
      body: { shipping: { title: 'Freight', price: eur(2_400), parcels, pickupPoint: null } },
    });
    await app.patch(`${zonePath}/${zone.id}`, { options: [] }, { token: staff });
    await app.patch('/v1/admin/shipping-calendar', { processingDays: 9 }, { token: staff });
    const order = await app.get(`/v1/orders/${placed.body.id}`, { cartToken: cart.token });
    expect(order.body.shipping).toEqual(placed.body.shipping);
  });

  it('brings an order to a pickup point, which needs no street of the buyer', async () => {
    const path = '/v1/admin/pickup-points';
    const address = (postalCode: string) => ({
      line1: 'Kirkegata 1',
      city: 'Oslo',
      postalCode,
      country: 'NO',
    });
    const points: { id: string; version: number }[] = [];
    for (const [name, code] of [
      ['Aker', '0250'],
      ['Bryn', '0667'],
      ['Carl', '5003'],
      ['Dokk', '0251'],
    ] as const) {
      const body = { name, address: address(code), openingHours: 'Mon to Fri 10 to 19' };
      points.push((await app.post(path, body, { token: staff })).body);
    }
    expect(
      (await app.post(path, { name: 'Aker', address: address('0250') }, { token: staff })).body.code,
    ).toBe('ordering.pickup_point_taken');
    expect(
      (await app.post(path, { name: 'X', address: address('none') }, { token: staff })).body.errors,
    ).toMatchObject([{ pointer: '/address/postalCode' }]);
    const [aker, bryn] = points;
    if (!aker || !bryn) throw new Error('no points');
    expect(
      (
        await app.patch(
          `${path}/${bryn.id}`,
          { isOpen: false },
          { token: staff, headers: { 'if-match': '"1"' } },
        )
      ).body,
    ).toMatchObject({ isOpen: false, version: 2 });
    expect(
      (await app.patch(`${path}/${bryn.id}`, {}, { token: staff, headers: { 'if-match': '"1"' } })).status,
    ).toBe(412);
    expect((await app.get(`${path}?limit=3`, { token: staff })).body.items).toHaveLength(3);
    const zone = await makeZone({
      name: 'Norway',
      countries: ['NO'],
      options: [
        { title: 'Post', tiers: flat(1_500) },
        { title: 'Fetch it', kind: 'pickup', tiers: flat(300), transitDays: { min: 0, max: 1 } },
      ],
    });

    const cart = await fillCart(app, lines(2));
    const own = { cartToken: cart.token };
    const near = async (query: string) =>
      (await app.get(`/v1/carts/${cart.id}/pickup-points?country=NO&${query}`, own)).body;
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await near(`postalCode=02%2051&limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ name }: { name: string }) => name));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['Dokk', 'Aker', 'Carl']);
    expect((await near('postalCode=0250')).items[0]).toMatchObject({
      ...{ id: aker.id, name: 'Aker', address: address('0250'), selected: false },
      options: [
        {
          id: zone.options[1].id,
          title: 'Fetch it',
          price: eur(300),
          estimate: { earliest: expect.any(String) },
        },
      ],
    });
    const unknown = await app.patch(`/v1/carts/${cart.id}`, { pickupPointId: cart.id }, own);
    expect(unknown.body.code).toBe('ordering.unknown_pickup_point');

    // Home delivery is what nobody has to choose; with a point it is fetched, and home is no matter.
    expect((await sendTo(cart, placeIn('NO', '0150'))).body.totals.shipping).toEqual(eur(1_500));
    const closed = await sendTo(cart, placeIn('NO', '0150'), { pickupPointId: bryn.id });
    expect(closed.body).toMatchObject({ pickupPointId: bryn.id, totals: { shipping: eur(300) } });
    const codes = async () =>
      (await look(cart, 'readiness')).problems.map(({ code }: { code: string }) => code);
    // Who pays lives where it would have been sent to.
    expect(await codes()).toEqual(['pickup_point_unavailable']);
    const method = { shippingAddress: null, pickupPointId: null, shippingOptionId: zone.options[1].id };
    await app.patch(`/v1/carts/${cart.id}`, method, own);
    expect(await codes()).toEqual(['pickup_point_missing', 'billing_address_missing']);
    await app.patch(`/v1/carts/${cart.id}`, { pickupPointId: aker.id }, own);

    const body = { payment: { gateway: 'test', token: 'decline_generic' }, billingAddress: berlin };
    const declined = await app.post(`/v1/carts/${cart.id}/checkout`, body, { ...own, key: key() });
    expect(declined.status).toBe(402);
    const retry = { ...body, payment: { gateway: 'test', token: 'ok' } };
    const elsewhere = await app.post(
      `/v1/carts/${cart.id}/checkout`,
      { ...retry, pickupPointId: bryn.id },
      { ...own, key: key() },
    );
    expect(elsewhere.body.code).toBe('ordering.order_fixed');
    const placed = await app.post(
      `/v1/carts/${cart.id}/checkout`,
      { ...retry, pickupPointId: aker.id },
      { ...own, key: key() },
    );
    expect(placed).toMatchObject({
      status: 201,
      body: {
        ...{ shippingAddress: null, billingAddress: berlin, taxes: [{ title: 'VAT 19 %' }] },
        shipping: {
          kind: 'pickup',
          price: eur(300),
          pickupPoint: { id: aker.id, name: 'Aker', address: address('0250') },
        },
      },
    });
    await app.settle();
    const letter = (await app.letters()).findLast(({ subject }) => subject.includes(placed.body.number));
    expect(letter?.text).toContain('You fetch it (Fetch it) at:\nAker\nKirkegata 1\n0250 Oslo');
    // Staff write such an order for somebody.
    const line = { variantId: lamp.variantId, quantity: 2 };
    const at = { pickupPointId: aker.id, billingAddress: berlin };
    const wanted = { email, currency: 'EUR', lines: [line], ...at };
    const draft = await app.post('/v1/admin/draft-orders', wanted, { token: staff });
    expect(draft.body).toMatchObject({
      pickupPointId: aker.id,
      quote: { ready: true, shipping: { title: 'Fetch it', price: eur(300) } },
    });
    const written = await app.post(
      `/v1/admin/draft-orders/${draft.body.id}/placement`,
      { expectedTotal: draft.body.quote.totals.total, payLater: true, mail: false },
      { token: staff, key: key() },
    );
    const fetched = (await app.get(`/v1/admin/orders/${written.body.orderId}`, { token: staff })).body;
    expect(fetched).toMatchObject({ shippingAddress: null, shipping: { pickupPoint: { id: aker.id } } });
    expect((await app.delete(`${path}/${aker.id}`, { token: staff })).status).toBe(204);
    const order = async () => (await app.get(`/v1/orders/${placed.body.id}`, own)).body;
    expect((await order()).shipping).toEqual(placed.body.shipping);
    const erased = await app.database.query<{ details: object }>(
      'SELECT shipping_details AS details FROM ordering.orders WHERE id = $1',
      [placed.body.id],
    );
    expect(erased[0]?.details).toMatchObject({ pickupPoint: { name: 'Aker' } });
    await app.database.transaction(() =>
      app.app.get(OrderPersonalDataRepository).anonymiseOrders({ customerId: null, email }),
    );
    const [kept] = await app.database.query<{ details: object }>(
      'SELECT shipping_details AS details FROM ordering.orders WHERE id = $1',
      [placed.body.id],
    );
    expect(kept?.details).toMatchObject({ kind: 'pickup', zone: 'Norway', pickupPoint: null });
  });

  it('tells what carriers ask in the answers that are kept, too', async () => {
    await makeZone({
      name: 'Liechtenstein',
      countries: ['LI'],
      options: [{ title: 'Overnight', carrierService: 'next_day', tiers: flat(1_900) }],
    });
    const shopper = await given.customer(app);
    const me = { token: shopper.token };
    const { body: mine } = await app.post('/v1/carts', { currency: 'EUR' }, me);
    await app.patch(`/v1/carts/${mine.id}`, { shippingAddress: placeIn('LI', '9490') }, me);
    const piece = { variantId: lamp.variantId, quantity: 1 };
    const shown = async (answer: Answer, status: number): Promise<Answer['body']> => {
      expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
      const cart = answer.body.cart ?? answer.body;
      expect(cart.totals.shipping).toEqual(eur(777));
      return cart;
    };
    const asked = carrier.asked.length;
    for (let pieces = 1; pieces <= 4; pieces++) {
      const once = { ...me, key: key() };
      const cart = await shown(await app.post(`/v1/carts/${mine.id}/lines`, piece, once), 201);
      expect(cart.lines[0].quantity).toBe(pieces);
      expect((await app.post(`/v1/carts/${mine.id}/lines`, piece, once)).body).toEqual(cart);
    }
    await shown(await app.post('/v1/carts', { currency: 'EUR', lines: [piece] }, { ...me, key: key() }), 200);
    const { body: share } = await app.post(`/v1/carts/${mine.id}/share`, {}, me);
    const token = { token: share.token };
    await shown(await app.post('/v1/shared-carts/copy', token, { ...me, key: key() }), 201);
    const draft = await app.post(
      '/v1/admin/draft-orders',
      {
        ...{ email, currency: 'EUR', shippingAddress: placeIn('LI', '9491') },
        lines: [piece],
      },
      { token: staff, key: key() },
    );
    expect([draft.status, draft.body.quote.totals.shipping]).toEqual([201, eur(777)]);
    expect(carrier.asked).toHaveLength(asked + 7);
    app.clock.advance({ hours: 3 });
    await app.run('ordering.sweep_carrier_rates');
    carrier.asked.length = 0;
  });

  it('asks carriers outside of every transaction, keeps what they said, and does without them', async () => {
    await makeZone({
      name: 'Switzerland',
      countries: ['CH'],
      options: [{ title: 'Overnight', carrierService: 'next_day', tiers: flat(1_900) }],
    });
    const zurich = placeIn('CH', '8001');
    const cart = await fillCart(app, lines(2));
    const shown = await sendTo(cart, zurich);
    expect(shown.body.totals.shipping).toEqual(eur(777));
    expect(carrier.asked).toEqual([
      {
        currency: 'EUR',
        destination: { country: 'CH', region: null, postalCode: '8001' },
        parcels: [{ grams: 3_000, lengthMm: 0, widthMm: 0, heightMm: 0 }],
      },
    ]);
    // Dearer meanwhile: what was shown holds, for the cart, its checkout and everybody with the same parcel.
    carrier.amount = 999;
    expect((await look(cart, 'shipping-options')).items).toMatchObject([
      { price: eur(777), priceFrom: 'carrier', estimate: {} },
    ]);
    const placed = await checkOut(app, cart, { body: { shippingAddress: undefined } });
    expect(placed).toMatchObject({ status: 201, body: { totals: { shipping: eur(777) } } });
    expect(carrier.asked).toHaveLength(1);

    // Two calls make an order: the carrier is asked before the transaction.
    const direct = await fillCart(app, lines(1));
    expect((await checkOut(app, direct, { body: { shippingAddress: zurich } })).body.totals.shipping).toEqual(
      eur(999),
    );
    expect(carrier.asked).toHaveLength(2);

    // What was shown is over: nobody pays another price unasked.
    const slow = await fillCart(app, lines(3));
    await sendTo(slow, zurich);
    carrier.amount = 1_111;
    app.clock.advance({ minutes: 16 });
    const changed = await checkOut(app, slow, { body: { shippingAddress: undefined } });
    expect(changed).toMatchObject({
      status: 409,
      body: { code: 'ordering.cart_changed', totals: { shipping: eur(1_111) } },
    });
    const total = changed.body.totals.total as object;
    expect(
      (await checkOut(app, slow, { body: { shippingAddress: undefined, expectedTotal: total } })).status,
    ).toBe(201);

    // A dead carrier: its method has a price of its own, and after three failures nobody waits for it.
    carrier.amount = null;
    const asked = carrier.asked.length;
    for (const quantity of [4, 5, 6, 7, 8]) {
      const other = await fillCart(app, lines(quantity));
      expect((await sendTo(other, zurich)).body.totals.shipping).toEqual(eur(1_900));
      expect((await look(other, 'explain')).shipping.priceFrom).toBe('fallback');
    }
    expect(carrier.asked).toHaveLength(asked + 3);
    const [row] = await app.database.query<{ kept: number }>(
      'SELECT count(*)::int AS kept FROM ordering.carrier_rates',
    );
    expect(row?.kept).toBe(8);
    app.clock.advance({ hours: 3 });
    await app.run('ordering.sweep_carrier_rates');
    const [left] = await app.database.query<{ kept: number }>(
      'SELECT count(*)::int AS kept FROM ordering.carrier_rates',
    );
    expect(left?.kept).toBe(0);
  });
});
