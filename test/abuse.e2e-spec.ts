import { MAX_BOOKED, MAX_PRICE } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Options } from './support/client.js';
import { given } from './support/given.js';
import {
  berlin,
  buy,
  checkOut,
  fillCart,
  goods,
  type Goods,
  imbalance,
  key,
  stockOf,
} from './support/purchase.js';

/** What a shopper with bad intentions, or staff with a slip of the finger, sends. */
describe('ordering, abused', () => {
  let app: TestApp;
  let staff: string;
  let lamp: Goods;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
    lamp = await goods(app, { stock: 10_000 });
  });
  afterAll(() => app?.close());

  describe('somebody else', () => {
    let eve: string;
    let strangers: Options[];

    beforeAll(async () => {
      ({ token: eve } = await given.customer(app));
      const { token: cartToken } = await fillCart(app, [lamp]);
      strangers = [{}, { cartToken }, { cartToken: '' }, { token: eve }, { token: eve, cartToken }];
    });

    /** A guest's and a customer's cart, with the way in of whoever holds it. */
    const carts = async () => {
      const guest = await fillCart(app, [lamp]);
      const { token } = await given.customer(app);
      const lines = [{ variantId: lamp.variantId, quantity: 1 }];
      const own = (await app.post('/v1/carts', { currency: 'EUR', lines }, { token })).body;
      return [
        { id: guest.id, line: guest.body.lines[0].id, owner: { cartToken: guest.token } },
        { id: own.id, line: own.lines[0].id, owner: { token } },
      ];
    };
    const checkout = {
      payment: { gateway: 'test', token: 'ok' },
      shippingAddress: berlin,
      email: 'e@ve.test',
    };

    it('finds no cart, and changes none', async () => {
      for (const { id, line, owner } of await carts()) {
        const path = `/v1/carts/${id}`;
        const before = await app.get(path, owner);
        const attempts: [method: string, path: string, body?: object][] = [
          ['GET', path],
          ['GET', `${path}/shipping-options`],
          ['GET', `${path}/readiness`],
          ['GET', `${path}/explain`],
          ['PATCH', path, { email: 'e@ve.test' }],
          ['POST', `${path}/lines`, { variantId: lamp.variantId, quantity: 1 }],
          ['PATCH', `${path}/lines/${line}`, { quantity: 5 }],
          ['DELETE', `${path}/lines/${line}`],
          ['POST', `${path}/checkout`, checkout],
        ];
        for (const who of [...strangers, { token: staff }]) {
          for (const [method, to, body] of attempts) {
            const keyed = method === 'POST' ? { key: key() } : {};
            expect((await app.send(method, to, body, { ...who, ...keyed })).status).toBe(404);
          }
        }
        expect((await app.get(path, owner)).body).toEqual(before.body);
      }
    });

    it('finds no order and no payment, and cancels nothing', async () => {
      for (const { id, owner } of await carts()) {
        const placed = await app.post(`/v1/carts/${id}/checkout`, checkout, { ...owner, key: key() });
        const { id: orderId, payments } = placed.body;
        for (const who of strangers) {
          expect((await app.get(`/v1/orders/${orderId}`, who)).status).toBe(404);
          expect((await app.get(`/v1/payments/${payments[0].id}`, who)).status).toBe(404);
          const cancel = await app.post(`/v1/orders/${orderId}/cancellation`, {}, { ...who, key: key() });
          expect(cancel.status).toBe(404);
        }
        expect((await app.get(`/v1/orders/${orderId}`, owner)).body.status).toBe('placed');
      }
    });

    it('gets no answer by the key of another', async () => {
      const cart = await fillCart(app, [lamp]);
      const [once, path] = [key(), `/v1/carts/${cart.id}/checkout`];
      const placed = await app.post(path, checkout, { cartToken: cart.token, key: once });
      expect(placed.status).toBe(201);
      for (const who of strangers) {
        const answer = await app.post(path, checkout, { ...who, key: once });
        expect(answer.status).toBe(404);
        expect(answer.headers.get('idempotency-replayed')).toBeNull();
      }
      const other = { ...checkout, email: 'ada@example.test' };
      expect(await app.post(path, other, { cartToken: cart.token, key: once })).toMatchObject({
        status: 422,
        body: { code: 'platform.idempotency_key_reused' },
      });
    });

    it('is told so when the token is none, where none was needed', async () => {
      const cart = await fillCart(app, [lamp]);
      expect((await app.get(`/v1/carts/${cart.id}`, { token: cart.token })).status).toBe(401);
      const { paths } = (await app.get('/openapi.json')).body;
      for (const path of ['/v1/carts/{id}', '/v1/orders/{id}', '/v1/payments/{id}'])
        expect(paths[path].get.security).toEqual([{ cartToken: [] }, { bearer: [] }]);
    });
  });

  describe('at the same moment', () => {
    it.each([1, 2, 3])('a cart that changes is ordered as it was or as it is (%d)', async () => {
      const thing = await goods(app, { stock: 10 });
      const cart = await fillCart(app, [thing]);
      const own = { cartToken: cart.token };
      const line = `/v1/carts/${cart.id}/lines/${cart.body.lines[0].id}`;
      const [placed, more] = await Promise.all([
        checkOut(app, cart),
        app.patch(line, { quantity: 5 }, own),
        app.patch(`/v1/carts/${cart.id}`, { email: 'late@example.test' }, own),
      ]);
      expect([200, 409]).toContain(more.status);
      expect(placed.status).toBe(201);
      const [{ quantity }] = placed.body.lines;
      const { totals, payments } = placed.body;
      expect(totals.total.amount).toBe(1999 * quantity + 490);
      expect(payments).toMatchObject([{ captured: totals.total }]);
      expect(await stockOf(app, thing)).toEqual({ onHand: 10, allocated: quantity, reserved: 0 });
    });

    it.each([1, 2, 3])('goods are sent once or given back, never both (%d)', async () => {
      const thing = await goods(app, { stock: 3 });
      const { cart, answer } = await buy(app, [{ ...thing, quantity: 3 }]);
      const { id, lines } = answer.body;
      const send = (quantity: number) =>
        app.post(
          `/v1/admin/orders/${id}/fulfilments`,
          { lines: [{ lineId: lines[0].id, quantity }] },
          { token: staff, key: key() },
        );
      const cancel = () =>
        app.post(`/v1/orders/${id}/cancellation`, {}, { cartToken: cart.token, key: key() });
      const [one, two, canceled] = await Promise.all([send(2), send(2), cancel(), cancel()]);
      await app.settle();
      const sent = [one, two].filter(({ status }) => status === 201).length * 2;
      expect(sent).toBeLessThanOrEqual(2);
      const end = (await app.get(`/v1/orders/${id}`, { cartToken: cart.token })).body;
      expect(end.lines[0].fulfilledQuantity).toBe(sent);
      if (sent > 0) expect(end).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
      else expect(end).toMatchObject({ status: 'canceled', paymentStatus: 'refunded' });
      expect([201, 409]).toContain(canceled.status);
      expect(await stockOf(app, thing)).toEqual({
        onHand: 3 - sent,
        allocated: sent > 0 ? 3 - sent : 0,
        reserved: 0,
      });
    });

    it.each([1, 2, 3])('an order is paid, canceled or expired, never two of them (%d)', async (round) => {
      const thing = await goods(app, { stock: 2 });
      const { cart, answer } = await buy(app, [thing], { token: 'decline_generic' });
      const { orderId } = answer.body;
      if (round > 1) app.clock.advance({ minutes: 29, seconds: 59 });
      const cancel = () =>
        app.post(`/v1/orders/${orderId}/cancellation`, {}, { cartToken: cart.token, key: key() });
      if (round > 2) app.clock.advance({ seconds: 2 });
      await Promise.all([
        checkOut(app, cart),
        cancel(),
        checkOut(app, cart),
        app.run('ordering.expire_orders'),
      ]);
      await app.settle();
      const end = (await app.get(`/v1/orders/${orderId}`, { cartToken: cart.token })).body;
      const kept = end.payments.reduce(
        (sum: number, { captured, refunded }: Record<string, { amount: number }>) =>
          sum + (captured?.amount ?? 0) - (refunded?.amount ?? 0),
        0,
      );
      const placed = end.status === 'placed';
      expect(['placed', 'canceled', 'expired']).toContain(end.status);
      expect(kept).toBe(placed ? end.totals.total.amount : 0);
      expect(await stockOf(app, thing)).toEqual({ onHand: 2, allocated: placed ? 1 : 0, reserved: 0 });
      expect(await imbalance(app)).toBeNull();
    });

    it('one of six changes for the same version is made', async () => {
      const cart = await fillCart(app, [lamp]);
      const answers = await Promise.all(
        [2, 3, 4, 5, 6, 7].map((quantity) =>
          app.patch(
            `/v1/carts/${cart.id}/lines/${cart.body.lines[0].id}`,
            { quantity },
            { cartToken: cart.token, headers: { 'if-match': '"1"' } },
          ),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    });
  });

  describe('money', () => {
    const zone = (name: string, country: string, amount: number) =>
      app.post(
        '/v1/admin/shipping-zones',
        {
          name,
          countries: [country],
          options: [{ title: 'Post', tiers: [{ upToGrams: null, price: { amount, currency: 'EUR' } }] }],
        },
        { token: staff },
      );

    it.each([-1, MAX_PRICE + 1])('is not asked for shipping as %d', async (amount) => {
      expect(await zone(`Odd ${amount}`, 'IS', amount)).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/options/0/tiers/0/price/amount' }] },
      });
    });

    it.each([-1, MAX_PRICE + 1])('is not asked for a variant as %d', async (amount) => {
      const variants = [{ sku: `ODD${amount}`, prices: [{ amount, currency: 'EUR' }] }];
      expect(
        await app.post('/v1/admin/products', { title: 'Odd', variants }, { token: staff }),
      ).toMatchObject({ status: 400, body: { errors: [{ pointer: '/variants/0/prices/0/amount' }] } });
      const prices = [{ variantId: lamp.variantId, price: { amount, currency: 'EUR' } }];
      expect(await app.post('/v1/admin/prices', { prices }, { token: staff })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/prices/0/price/amount' }] },
      });
    });

    it('stays exact in the dearest cart there can be, which is more than an order comes to', async () => {
      expect((await zone('Dear', 'NO', MAX_PRICE)).status).toBe(201);
      const taxed = {
        name: 'Half of it',
        countries: ['NO'],
        pricesIncludeTax: false,
        rates: [{ taxClass: 'standard', title: 'All', ratePpm: 1_000_000 }],
      };
      expect((await app.post('/v1/admin/tax-zones', taxed, { token: staff })).status).toBe(201);
      const dear = await Promise.all(
        Array.from({ length: 100 }, () => goods(app, { price: MAX_PRICE, stock: 999 })),
      );
      const cart = await fillCart(
        app,
        dear.map((thing) => ({ ...thing, quantity: 999 })),
      );
      const norway = { ...berlin, country: 'NO', postalCode: '0150' };
      const seen = await app.patch(
        `/v1/carts/${cart.id}`,
        { shippingAddress: norway },
        { cartToken: cart.token },
      );
      const net = 99_901n * BigInt(MAX_PRICE);
      expect(seen.body.totals).toMatchObject({
        tax: { amount: Number(net) },
        total: { amount: Number(2n * net) },
      });
      const refused = await checkOut(app, cart, {
        body: { shippingAddress: norway, expectedTotal: seen.body.totals.total },
      });
      expect(refused).toMatchObject({
        status: 422,
        body: { code: 'ordering.cart_not_ready', errors: [{ pointer: '/lines', code: 'total_too_large' }] },
      });
    });

    it('does not come to more in an order than the books can hold nine thousand times', async () => {
      const dear = await goods(app, { price: MAX_PRICE, stock: 99 });
      const most = MAX_BOOKED / MAX_PRICE;
      expect((await buy(app, [{ ...dear, quantity: most }])).answer).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/lines', code: 'total_too_large' }] },
      });
      const { answer } = await buy(app, [{ ...dear, quantity: most - 1 }]);
      expect(answer.status).toBe(201);
      await app.settle();
      const changes = `/v1/admin/orders/${answer.body.id}/changes`;
      const more = { kind: 'edit', add: [{ variantId: dear.variantId, quantity: 1 }] };
      expect(await app.post(changes, more, { token: staff })).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/add', code: 'total_too_large' }] },
      });
      for (const path of ['/v1/admin/ledger/accounts', '/v1/admin/reports/sales'])
        expect((await app.get(path, { token: staff })).status).toBe(200);
      expect(await imbalance(app)).toBeNull();
    });
  });

  describe('ids', () => {
    it('are the same in capitals', async () => {
      const cart = await fillCart(app, [lamp]);
      const path = `/v1/carts/${cart.id.toUpperCase()}`;
      const own = { cartToken: cart.token };
      const more = { variantId: lamp.variantId.toUpperCase(), quantity: 1 };
      expect(await app.post(`${path}/lines`, more, own)).toMatchObject({
        status: 201,
        body: { lines: [{ quantity: 2 }] },
      });
      await app.patch(path, { shippingAddress: berlin }, own);
      const offers = await app.get(`${path}/shipping-options`, own);
      const dearest = offers.body.items.at(-1).id;
      expect(await app.patch(path, { shippingOptionId: dearest.toUpperCase() }, own)).toMatchObject({
        status: 200,
        body: { shippingOptionId: dearest },
      });
    });
  });

  describe('times', () => {
    it.each([
      ['a zone that does not exist', '2026-01-01T00:00:00+23:00'],
      ['a week', '2026-W01-1T10:00:00Z'],
      ['half an hour in tenths', '2026-01-01T10,5Z'],
      ['a month', '2026-01T10:00:00Z'],
      ['a day that does not exist', '2026-02-30T10:00:00Z'],
    ])('are refused when they are %s', async (_what, time) => {
      const path = `/v1/admin/orders?createdAt[gte]=${encodeURIComponent(time)}`;
      expect(await app.get(path, { token: staff })).toMatchObject({
        status: 400,
        body: { errors: expect.arrayContaining([expect.objectContaining({ pointer: '/createdAt/gte' })]) },
      });
    });

    it.each(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123+14:00', '2024-02-29T10:00-03:30'])(
      'are taken as %s',
      async (time) => {
        const path = `/v1/admin/orders?createdAt[gte]=${encodeURIComponent(time)}`;
        expect((await app.get(path, { token: staff })).status).toBe(200);
      },
    );
  });

  describe('orders', () => {
    it('are not sent while all of their money is on its way back', async () => {
      const { answer } = await buy(app, [lamp], { token: 'refund_pending' });
      const { id, payments } = answer.body;
      const refund = `/v1/admin/payments/${payments[0].id}/refunds`;
      const parcel = () => app.post(`/v1/admin/orders/${id}/fulfilments`, {}, { token: staff, key: key() });
      const part = { amount: { amount: 100, currency: 'EUR' } };
      expect((await app.post(refund, part, { token: staff, key: key() })).status).toBeLessThan(300);
      expect((await app.post(refund, { full: true }, { token: staff, key: key() })).status).toBeLessThan(300);
      expect(await parcel()).toMatchObject({
        status: 409,
        body: { code: 'ordering.order_not_fulfillable' },
      });
      expect((await app.get(`/v1/admin/orders/${id}`, { token: staff })).body).toMatchObject({
        fulfilmentStatus: 'unfulfilled',
        fulfilments: [],
      });
      await app.settle();
    });

    it('that were never placed make nobody a letter', async () => {
      const cart = await fillCart(app, [lamp], { email: 'stranger@example.test' });
      const declined = await checkOut(app, cart, {
        token: 'decline_generic',
        body: { shippingAddress: { ...berlin, firstName: 'You have won, write to evil at evil.test' } },
      });
      const canceled = await app.post(
        `/v1/orders/${declined.body.orderId}/cancellation`,
        {},
        { cartToken: cart.token, key: key() },
      );
      expect(canceled).toMatchObject({ status: 201, body: { status: 'canceled', placedAt: null } });
      const placed = await buy(app, [lamp]);
      await app.post(
        `/v1/orders/${placed.answer.body.id}/cancellation`,
        {},
        { cartToken: placed.cart.token, key: key() },
      );
      await app.settle();
      const letters = await app.letters();
      expect(letters.filter(({ to }) => to === 'stranger@example.test')).toEqual([]);
      const { number } = placed.answer.body;
      expect(letters.map(({ subject }) => subject)).toContain(`Your order ${number} is canceled`);
    });
  });

  describe('zones', () => {
    const rate = { taxClass: 'standard', title: 'VAT', ratePpm: 190_000 };

    it.each([
      ['a country in small letters', { countries: ['gl'] }, '/countries'],
      ['a country that does not exist', { countries: ['ZZ'] }, '/countries'],
      ['a country twice', { countries: ['GL', 'GL'] }, '/countries'],
    ])('do not have %s', async (_what, odd, pointer) => {
      const body = { name: 'Odd', pricesIncludeTax: true, rates: [rate], ...odd };
      const refused = { status: 400, body: { errors: [{ pointer }] } };
      expect(await app.post('/v1/admin/tax-zones', body, { token: staff })).toMatchObject(refused);
      const shipping = { name: 'Odd', countries: body.countries, options: [] };
      expect(await app.post('/v1/admin/shipping-zones', shipping, { token: staff })).toMatchObject(refused);
    });

    it('do not have two options of one id', async () => {
      const option = {
        id: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
        title: 'Post',
        tiers: [{ upToGrams: null, price: { amount: 100, currency: 'EUR' } }],
      };
      const body = { name: 'Odd', countries: ['GL'], options: [option, { ...option, title: 'Express' }] };
      expect(await app.post('/v1/admin/shipping-zones', body, { token: staff })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/options' }] },
      });
    });
  });
});
