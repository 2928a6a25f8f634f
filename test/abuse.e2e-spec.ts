import { MAX_PRICE } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import { berlin, buy, checkOut, fillCart, goods, type Goods, key } from './support/purchase.js';

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

    it('stays exact in the dearest cart there can be', async () => {
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
      const norway = { ...berlin, country: 'NO' };
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
      const placed = await checkOut(app, cart, {
        body: { shippingAddress: norway, expectedTotal: seen.body.totals.total },
      });
      expect(placed).toMatchObject({ status: 201, body: { totals: { total: seen.body.totals.total } } });
      await app.settle();
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
        body: { shippingAddress: { ...berlin, firstName: 'You have won, see http://evil.test' } },
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
      ['two rates of one class', { rates: [rate, { ...rate, ratePpm: 0 }] }, '/rates'],
    ])('do not have %s', async (_what, odd, pointer) => {
      const body = { name: 'Odd', countries: ['GL'], pricesIncludeTax: true, rates: [rate], ...odd };
      const refused = { status: 400, body: { errors: [{ pointer }] } };
      expect(await app.post('/v1/admin/tax-zones', body, { token: staff })).toMatchObject(refused);
      if (pointer !== '/countries') return;
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
