import { setTimeout as wait } from 'node:timers/promises';
import { OrderHolds } from '../src/ordering/order/order-holds.service.js';
import { OrderRepository } from '../src/ordering/order/order.repository.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import {
  berlin,
  buy,
  type CartInHand,
  checkOut,
  fillCart,
  type Goods,
  goods,
  key,
} from './support/purchase.js';

const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
const ROOT = '/v1/admin/promotions';

/** Promotions and codes as staff keep them, and what limits and budgets let through when everybody comes at once. */
describe('promotions', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const tenPercent = {
    title: 'Ten off',
    group: 'order',
    trigger: 'code',
    effect: { type: 'percent', ppm: 100_000 },
  };
  const make = (body: object) => app.post(ROOT, { ...tenPercent, status: 'active', ...body }, { token });
  const pointersOf = (answer: Answer): [string, string][] =>
    (answer.body.errors as { pointer: string; code: string }[]).map(({ pointer, code }) => [pointer, code]);

  describe('staff', () => {
    it('make, find, change and put them away', async () => {
      const made = await make({
        title: 'Summer for wholesale',
        conditions: [
          { type: 'subtotal', min: { amount: 5000, currency: 'EUR' } },
          { type: 'customer_group', codes: ['wholesale'] },
        ],
        limitPerCustomer: 1,
        budget: { amount: 500_000, currency: 'EUR' },
        endsAt: '2030-01-01T00:00:00Z',
      });
      expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
      const path = `${ROOT}/${made.body.id}`;
      expect(made.headers.get('location')).toBe(path);
      expect(made.body).toMatchObject({
        status: 'active',
        currency: 'EUR',
        priority: 0,
        exclusive: false,
        endsAt: '2030-01-01T00:00:00.000Z',
        conditions: [{ type: 'subtotal', min: { amount: 5000, currency: 'EUR' } }, { codes: ['wholesale'] }],
        used: { orders: 0, amounts: [] },
      });

      const paused = await app.patch(
        path,
        { status: 'paused', limitPerCustomer: null },
        { token, headers: { 'if-match': '"1"' } },
      );
      expect([paused.status, paused.body.status, paused.body.limitPerCustomer, paused.body.version]).toEqual([
        200,
        'paused',
        null,
        2,
      ]);
      expect(paused.body.budget).toEqual({ amount: 500_000, currency: 'EUR' });
      const late = await app.patch(path, { status: 'active' }, { token, headers: { 'if-match': '"1"' } });
      expect([late.status, late.headers.get('etag')]).toEqual([412, '"2"']);

      const other = await make({
        title: 'Free parcels',
        group: 'shipping',
        trigger: 'automatic',
        effect: { type: 'free_shipping' },
      });
      const idsOf = async (query: string) =>
        (await app.get(`${ROOT}?${query}`, { token })).body.items.map(({ id }: { id: string }) => id);
      expect(await idsOf('q=WHOLESALE')).toEqual([made.body.id]);
      expect(await idsOf('status=paused')).toEqual([made.body.id]);
      expect(await idsOf('group=shipping&trigger=automatic')).toEqual([other.body.id]);
      const first = (await app.get(`${ROOT}?limit=1`, { token })).body;
      expect(first.items[0].id).toBe(other.body.id);
      expect(await idsOf(`limit=1&cursor=${first.nextCursor}`)).toEqual([made.body.id]);

      expect((await app.delete(`${ROOT}/${other.body.id}`, { token })).status).toBe(204);
      expect(await idsOf('group=shipping')).toEqual([]);
      expect(await idsOf('status=archived')).toEqual([other.body.id]);
      expect((await app.patch(`${ROOT}/${other.body.id}`, { title: 'Again' }, { token })).status).toBe(404);
      expect((await app.get(`${ROOT}/${UNKNOWN}`, { token })).status).toBe(404);

      await app.settle();
      const trail = await app.get(`/v1/admin/audit?subjectType=promotion&subjectId=${made.body.id}`, {
        token,
      });
      expect(trail.body.items.map(({ action }: { action: string }) => action).sort()).toEqual([
        'ordering.promotion.created',
        'ordering.promotion.updated',
      ]);
    });

    it('are told the exact place of what is wrong', async () => {
      const wrong = async (body: object) => pointersOf(await make(body));
      expect(await wrong({ effect: { type: 'half_price' } })).toEqual([['/effect/type', 'not_allowed']]);
      expect(await wrong({ effect: { ppm: 5 } })).toEqual([['/effect/type', 'required']]);
      expect(await wrong({ effect: 7 })).toEqual([['/effect', 'not_object']]);
      expect(await wrong({ effect: null })).toEqual([['/effect', 'not_object']]);
      expect(await wrong({ effect: { type: 'percent', ppm: 1.5, money: {} } })).toEqual([
        ['/effect/money', 'unknown_property'],
        ['/effect/ppm', 'not_integer'],
      ]);
      expect(await wrong({ conditions: [{ type: 'quantity', min: 1, on: { constructor: 5 } }] })).toEqual([
        ['/conditions/0/on/constructor', 'unknown_property'],
      ]);
      expect(await wrong({ conditions: [null] })).toEqual([['/conditions', 'not_object']]);
      expect(await wrong({ conditions: {} })).toEqual([['/conditions', 'not_list']]);
      expect(
        await wrong({
          conditions: [
            { type: 'subtotal', min: { amount: 1, currency: 'EUR', cents: 2 } },
            { type: 'first_order', really: true },
            { type: 'quantity', min: 0, on: { products: ['nothing'], excpet: {} } },
            { type: 'moon' },
          ],
        }),
      ).toEqual([
        ['/conditions/0/min/cents', 'unknown_property'],
        ['/conditions/1/really', 'unknown_property'],
        ['/conditions/2/min', 'too_low'],
        ['/conditions/2/on/excpet', 'unknown_property'],
        ['/conditions/2/on/products', 'not_uuid'],
        ['/conditions/3/type', 'not_allowed'],
      ]);
      expect(await wrong({ group: 'order', effect: { type: 'free_shipping' } })).toEqual([
        ['/effect/type', 'not_in_group'],
      ]);
      expect(
        await wrong({
          startsAt: '2027-01-01T00:00:00Z',
          endsAt: '2026-01-01T00:00:00Z',
          currency: 'USD',
          budget: { amount: 1, currency: 'EUR' },
          conditions: [
            { type: 'subtotal' },
            { type: 'weekday_hours', days: [8], from: '9', to: '10:00', timeZone: 'Mars' },
          ],
        }),
      ).toEqual([
        ['/conditions/1/days', 'not_integer'],
        ['/conditions/1/from', 'malformed'],
      ]);
      expect(
        await wrong({
          startsAt: '2027-01-01T00:00:00Z',
          endsAt: '2026-01-01T00:00:00Z',
          currency: 'USD',
          budget: { amount: 1, currency: 'EUR' },
          effect: {
            type: 'tiers',
            tiers: [{ min: { amount: 5, currency: 'EUR' }, ppm: 1, money: { amount: 1, currency: 'USD' } }],
          },
          conditions: [
            { type: 'subtotal' },
            { type: 'weekday_hours', days: [6, 7], from: '09:00', to: '10:00', timeZone: 'Mars' },
          ],
        }),
      ).toEqual([
        ['/endsAt', 'too_early'],
        ['/budget/currency', 'other_currency'],
        ['/conditions/0', 'required'],
        ['/conditions/1/timeZone', 'not_time_zone'],
        ['/effect/tiers/0', 'only_one_of'],
        ['/effect/tiers/0/min/currency', 'other_currency'],
      ]);
      const kept = await make({});
      const odd = await app.patch(
        `${ROOT}/${kept.body.id}`,
        { effect: { type: 'fixed_price', money: { amount: 1, currency: 'EUR' } } },
        { token },
      );
      expect(pointersOf(odd)).toEqual([['/effect/type', 'not_in_group']]);
      expect((await app.get(`${ROOT}/${kept.body.id}`, { token })).body.version).toBe(1);
    });

    it('may only do what their role says', async () => {
      const [keeper, helper] = [
        await given.staff(app, ['catalog-manager'], token),
        await given.staff(app, ['support'], token),
      ];
      expect((await app.post(ROOT, tenPercent, { token: keeper.token })).status).toBe(201);
      expect((await app.get(ROOT, { token: helper.token })).status).toBe(200);
      expect((await app.post(ROOT, tenPercent, { token: helper.token })).status).toBe(403);
      expect((await app.get(ROOT)).status).toBe(401);
    });

    it('say how each group picks', async () => {
      const groups = (await app.get('/v1/admin/promotion-groups', { token })).body.items;
      expect(groups).toEqual([
        { group: 'product', mode: 'stack', version: 1 },
        { group: 'order', mode: 'stack', version: 1 },
        { group: 'shipping', mode: 'best', version: 1 },
      ]);
      const path = '/v1/admin/promotion-groups/product';
      const best = await app.patch(path, { mode: 'best' }, { token, headers: { 'if-match': '"1"' } });
      expect([best.status, best.body]).toEqual([200, { group: 'product', mode: 'best', version: 2 }]);
      expect(
        (await app.patch(path, { mode: 'stack' }, { token, headers: { 'if-match': '"1"' } })).status,
      ).toBe(412);
      expect((await app.patch(path, { mode: 'worst' }, { token })).status).toBe(400);
      expect((await app.patch(path, { mode: 'stack' }, { token })).status).toBe(200);
    });
  });

  describe('codes', () => {
    it('are made one by one, and belong to one promotion in whatever case', async () => {
      const [one, two] = [(await make({})).body.id, (await make({})).body.id];
      const made = await app.post(`${ROOT}/${one}/codes`, { code: 'Größe-10', limitTotal: 5 }, { token });
      expect([made.status, made.body.code, made.body.uses, made.body.limitTotal]).toEqual([
        201,
        'GRÖSSE-10',
        0,
        5,
      ]);
      const again = await app.post(`${ROOT}/${two}/codes`, { code: 'grösse-10' }, { token });
      expect([again.status, again.body.code, pointersOf(again)]).toEqual([
        409,
        'ordering.promotion_code_taken',
        [['/code', 'taken']],
      ]);
      expect(pointersOf(await app.post(`${ROOT}/${one}/codes`, { code: '=1+1' }, { token }))).toEqual([
        ['/code', 'malformed'],
      ]);

      const path = `${ROOT}/${one}/codes/${made.body.id}`;
      const off = await app.patch(path, { status: 'disabled' }, { token, headers: { 'if-match': '"1"' } });
      expect([off.status, off.body.status, off.body.limitTotal, off.headers.get('etag')]).toEqual([
        200,
        'disabled',
        5,
        '"2"',
      ]);
      expect(
        (await app.patch(path, { status: 'active' }, { token, headers: { 'if-match': '"1"' } })).status,
      ).toBe(412);
      expect(
        (await app.patch(`${ROOT}/${two}/codes/${made.body.id}`, { status: 'active' }, { token })).status,
      ).toBe(404);

      const automatic = (await make({ trigger: 'automatic', status: 'draft' })).body.id;
      const senseless = await app.post(`${ROOT}/${automatic}/codes`, { code: 'NEVER' }, { token });
      expect([senseless.status, senseless.body.code]).toEqual([409, 'ordering.promotion_without_codes']);
      expect((await app.post(`${ROOT}/${UNKNOWN}/codes`, { code: 'NEVER' }, { token })).status).toBe(404);
    });

    it('are made by the thousand, each different, and read as a file', async () => {
      const id = (await make({})).body.id;
      const key = crypto.randomUUID();
      const body = { count: 5_000, prefix: 'spring-', length: 8 };
      const made = await app.post(`${ROOT}/${id}/codes/batches`, body, { token, key });
      expect([made.status, made.body.count]).toEqual([201, 5_000]);
      expect((await app.post(`${ROOT}/${id}/codes/batches`, body, { token, key })).body).toEqual(made.body);

      const file = await app.get(`${ROOT}/${id}/codes.csv?batchId=${made.body.batchId}`, { token });
      expect(file.headers.get('content-type')).toContain('text/csv');
      const [header, ...rows] = file.text.trimEnd().split('\r\n');
      expect(header).toBe('code,status,uses,limit_total,limit_per_customer,ends_at,created_at');
      expect(new Set(rows.map((row) => row.split(',')[0])).size).toBe(5_000);
      expect(rows[0]).toMatch(/^SPRING-[0-9A-HJKMNP-TV-Z]{8},active,0,1,,,20/);

      const page = (await app.get(`${ROOT}/${id}/codes?limit=2&q=spring`, { token })).body;
      expect([page.items.length, typeof page.nextCursor]).toEqual([2, 'string']);
      expect((await app.get(`${ROOT}/${id}/codes?q=winter`, { token })).body.items).toEqual([]);
      expect((await app.post(`${ROOT}/${id}/codes/batches`, { count: 10_001 }, { token })).status).toBe(400);
    });
  });

  describe('at the checkout', () => {
    /** A promotion with one code, and the path that it is read at. */
    const coded = async (body: object = {}, code: object = {}) => {
      const { id } = (await make(body)).body;
      const text = `C-${crypto.randomUUID().slice(0, 13)}`.toUpperCase();
      const made = await app.post(`${ROOT}/${id}/codes`, { code: text, ...code }, { token });
      expect(made.status).toBe(201);
      return { id, path: `${ROOT}/${id}`, code: text };
    };
    const usedOf = async (path: string) => (await app.get(path, { token })).body.used;
    const cartOf = async (thing: Goods, code: string | null, extra: object = {}): Promise<CartInHand> => {
      const cart = await fillCart(app, [thing], extra);
      if (code === null) return cart;
      const named = await app.patch(
        `/v1/carts/${cart.id}`,
        { promotionCodes: [code] },
        { cartToken: cart.token },
      );
      expect([named.status, named.text]).toEqual([200, expect.anything()]);
      return cart;
    };
    const statuses = (answers: readonly Answer[]) => {
      const counts: Record<string, number> = {};
      for (const { status, body } of answers)
        counts[body.code ?? status] = (counts[body.code ?? status] ?? 0) + 1;
      return counts;
    };
    const someone = () => `${crypto.randomUUID()}@example.test`;
    /** Rules are a second old at most. */
    const rulesAreRead = () => wait(1_050);

    it('gives the last use of a code to one of fifty, and the budget to the cent', async () => {
      const thing = await goods(app, { price: 2000, stock: 500 });
      const last = await coded({}, { limitTotal: 1 });
      const carts = await Promise.all(
        Array.from({ length: 50 }, () => cartOf(thing, last.code, { email: someone() })),
      );
      const answers = await Promise.all(carts.map((cart) => checkOut(app, cart)));
      expect(statuses(answers)).toEqual({ 201: 1, 'ordering.promotion_used_up': 49 });
      const refused = answers.find(({ status }) => status === 409);
      expect([refused?.body.promotionId, refused?.body.promotionCode]).toEqual([last.id, last.code]);
      expect(refused && pointersOf(refused)).toEqual([['/promotionCodes/0', 'promotion_used_up']]);
      expect(await usedOf(last.path)).toEqual({ orders: 1, amounts: [{ amount: 200, currency: 'EUR' }] });
      // Whoever was refused sees why, and may agree to the price without it.
      const loser = carts[answers.findIndex(({ status }) => status === 409)] as CartInHand;
      const seen = await app.get(`/v1/carts/${loser.id}`, { cartToken: loser.token });
      expect(seen.body.unusedCodes).toEqual([expect.objectContaining({ code: last.code, reason: 'spent' })]);
      const agreed = await checkOut(app, loser, {
        body: { expectedTotal: { amount: 2490, currency: 'EUR' } },
      });
      expect([agreed.status, agreed.body.totals.discount.amount]).toEqual([201, 0]);
      const late = await fillCart(app, [thing]);
      const named = await app.patch(
        `/v1/carts/${late.id}`,
        { promotionCodes: [last.code] },
        { cartToken: late.token },
      );
      expect([named.status, pointersOf(named)]).toEqual([422, [['/promotionCodes/0', 'promotion_used_up']]]);

      // 200 a piece of 2,100: ten fit, and what is left is too little for one more.
      const budget = await coded({ budget: { amount: 2_100, currency: 'EUR' } });
      const more = await Promise.all(
        Array.from({ length: 50 }, () => cartOf(thing, budget.code, { email: someone() })),
      );
      const paid = await Promise.all(more.map((cart) => checkOut(app, cart)));
      expect(statuses(paid)).toEqual({ 201: 10, 'ordering.promotion_used_up': 40 });
      expect(await usedOf(budget.path)).toEqual({
        orders: 10,
        amounts: [{ amount: 2_000, currency: 'EUR' }],
      });
      // Counted into the totals, it is the same.
      await app.run('ordering.sweep_promotions');
      expect(await usedOf(budget.path)).toEqual({
        orders: 10,
        amounts: [{ amount: 2_000, currency: 'EUR' }],
      });
      const again = await checkOut(app, await cartOf(thing, null, { email: someone() }));
      expect(again.body.totals.discount.amount).toBe(0);
      const list = (await app.get(`${budget.path}/redemptions?state=kept&limit=3`, { token })).body;
      expect([list.items.length, list.items[0].amount.amount, list.items[0].code]).toEqual([
        3,
        200,
        budget.code,
      ]);
    });

    it('counts customers by their account and by their address, in whatever case', async () => {
      const thing = await goods(app, { price: 2000 });
      const once = await coded({ limitPerCustomer: 1 });
      const address = `Ada.${crypto.randomUUID()}@Example.test`;
      const carts = await Promise.all(
        [
          address,
          address.toLowerCase(),
          address.toUpperCase().replace('EXAMPLE.TEST', 'example.test'),
          address.replace('.', ''),
        ].map((email) => cartOf(thing, once.code, { email })),
      );
      // Dots are part of the address, and case is not: of the first three one gets it.
      const answers = await Promise.all(carts.map((cart) => checkOut(app, cart)));
      // The same for whoever names an address that is not known to be theirs, whatever it has used or bought.
      expect(statuses(answers)).toEqual({ 201: 2, 'ordering.buyer_unknown': 2 });
      expect(answers[3]?.status).toBe(201);

      const customer = await given.customer(app);
      const cartBody = ({ variantId }: Goods, email = customer.email) => ({
        currency: 'EUR',
        email,
        lines: [{ variantId, quantity: 1 }],
      });
      const buyAs = (id: string) =>
        app.post(
          `/v1/carts/${id}/checkout`,
          { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin },
          { ...customer, key: key() },
        );
      const mine = async (email: string) => {
        const made = await app.post('/v1/carts', cartBody(thing, email), customer);
        const named = await app.patch(`/v1/carts/${made.body.id}`, { promotionCodes: [once.code] }, customer);
        return named.status === 200 ? buyAs(made.body.id) : named;
      };
      expect((await mine(customer.email)).status).toBe(201);
      // Who is signed in is told at once.
      expect(pointersOf(await mine(someone()))).toEqual([['/promotionCodes/0', 'promotion_used_up']]);
      expect((await checkOut(app, await cartOf(thing, once.code, { email: customer.email }))).body.code).toBe(
        'ordering.buyer_unknown',
      );

      // One that applies by itself is shown to whoever merely names an address, so nobody pays more without having agreed.
      const automatic = await make({
        trigger: 'automatic',
        limitPerCustomer: 1,
        conditions: [{ type: 'products', ids: [await productOf(thing)] }],
      });
      await rulesAreRead();
      const email = someone();
      const first = await checkOut(app, await cartOf(thing, null, { email }));
      const again = await cartOf(thing, null, { email });
      const shown = (await app.get(`/v1/carts/${again.id}`, { cartToken: again.token })).body.totals;
      const why = {
        promotionId: automatic.body.id,
        title: 'Ten off',
        code: null,
        why: 'This customer has used it as often as one may.',
      };
      for (const expectedTotal of [null, { amount: shown.total.amount, currency: 'EUR' }]) {
        const refused = await checkOut(app, again, { body: { expectedTotal } });
        expect([refused.status, refused.body.code]).toEqual([409, 'ordering.cart_changed']);
        expect(refused.body).toMatchObject({ promotions: [why], totals: { discount: { amount: 0 } } });
        expect(refused.body.detail).toContain(why.why);
      }
      const second = await checkOut(app, again, {
        body: { expectedTotal: { amount: 2490, currency: 'EUR' } },
      });
      expect([first.body.totals.discount.amount, second.body.totals.discount.amount]).toEqual([200, 0]);
      // Who is signed in sees the true price, and pays it.
      const cheap = await app.post('/v1/carts', cartBody(thing), customer);
      const { amount } = cheap.body.totals.discount;
      expect(amount).toBeGreaterThan(0);
      expect((await buyAs(cheap.body.id)).body.totals.discount.amount).toBe(amount);
      const dear = await app.post('/v1/carts', cartBody(thing), customer);
      expect(dear.body.totals.discount.amount).toBe(0);
      expect((await buyAs(dear.body.id)).body.totals.discount.amount).toBe(0);
      expect((await app.delete(`${ROOT}/${automatic.body.id}`, { token })).status).toBe(204);
      await rulesAreRead();
    });
    it('are not guessed at without end, and right ones are taken from whoever has not guessed', async () => {
      const thing = await goods(app, { price: 2000 });
      const { code } = await coded();
      const from = { 'x-forwarded-for': '198.51.100.77' };
      const name = (cart: CartInHand, codes: string[]) =>
        app.patch(
          `/v1/carts/${cart.id}`,
          { promotionCodes: codes },
          { cartToken: cart.token, headers: from },
        );
      const wrong = () => `NO-${crypto.randomUUID().slice(0, 13)}`;
      const statusOf = async (cart: CartInHand, codes: string[]) => (await name(cart, codes)).status;
      const guesser = await fillCart(app, [thing]);
      // Of many at once no more are told than of one after the other.
      const guesses = await Promise.all(Array.from({ length: 14 }, () => name(guesser, [wrong()])));
      expect(statuses(guesses)).toEqual({
        'ordering.unknown_promotion_code': 10,
        'platform.too_many_requests': 4,
      });
      const stopped = await name(guesser, [code]);
      expect(stopped.status).toBe(429);
      expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(600);
      // What is taken out of the cart is no guess.
      expect(await statusOf(guesser, [])).toBe(200);

      // The network is stopped after sixty; what is left of it is told apart by cart.
      const carts = await Promise.all(Array.from({ length: 6 }, () => fillCart(app, [thing])));
      for (const cart of carts) await name(cart, Array.from({ length: 10 }, wrong));
      const [honest, forgetful, another] = await Promise.all([1, 2, 3].map(() => fillCart(app, [thing])));
      if (!honest || !forgetful || !another) throw new Error('no carts');
      expect(await statusOf(honest, [code])).toBe(200);
      expect([await statusOf(forgetful, [wrong()]), await statusOf(forgetful, [code])]).toEqual([429, 200]);
      expect([await statusOf(another, [wrong()]), await statusOf(another, [wrong()])]).toEqual([429, 429]);
      expect(await statusOf(another, [code])).toBe(429);
      // Codes that are over are no guesses, and neither is what the cart has already.
      for (let again = 0; again < 12; again += 1) expect(await statusOf(honest, [code])).toBe(200);
    });
    it('gives what only first orders have to one of several at one moment, and of different promotions', async () => {
      const thing = await goods(app, { price: 2000 });
      const first = { trigger: 'automatic', conditions: [{ type: 'first_order' }] };
      const automatic = await make(first);
      const { code } = await coded({ conditions: [{ type: 'first_order' }] });
      await rulesAreRead();
      const several = async (customer: { token: string }, pay: string) => {
        // Filled before signing in; some with the code as well.
        const carts = await Promise.all(
          Array.from({ length: 6 }, (_, n) => cartOf(thing, n % 2 ? code : null, { email: someone() })),
        );
        const answers = await Promise.all(
          carts.map((cart) =>
            app.post(
              `/v1/carts/${cart.id}/checkout`,
              { payment: { gateway: 'test', token: pay }, shippingAddress: berlin },
              { ...customer, cartToken: cart.token, key: key() },
            ),
          ),
        );
        const [row] = await app.database.query<{ orders: number }>(
          `SELECT count(*)::int AS orders FROM ordering.orders o WHERE o.discount > 0 AND o.status <> 'expired'
             AND o.cart_id = ANY ($1::uuid[])`,
          [carts.map(({ id }) => id)],
        );
        return { answers, discounted: row?.orders };
      };
      const one = await given.customer(app);
      const placed = await several(one, 'ok');
      expect(placed.discounted).toBe(1);
      for (const { status, body } of placed.answers)
        expect([201, 'ordering.promotion_used_up', 'ordering.buyer_unknown']).toContain(body.code ?? status);

      // One that waits for its money is the first for as long.
      const other = await given.customer(app);
      expect((await several(other, 'decline_generic')).discounted).toBe(1);
      expect((await several(other, 'decline_generic')).discounted).toBe(0);
      app.clock.advance({ minutes: 36 });
      await app.run('ordering.expire_orders');
      await app.settle();
      expect((await several(other, 'ok')).discounted).toBe(1);
      expect((await app.delete(`${ROOT}/${automatic.body.id}`, { token })).status).toBe(204);
      await rulesAreRead();
    });
    it('gives back what comes to nothing, also before anybody sweeps', async () => {
      const thing = await goods(app, { price: 2000 });
      const one = await coded({ limitTotal: 1 });
      const placed = await checkOut(app, await cartOf(thing, one.code));
      await app.run('ordering.sweep_promotions');
      expect(await usedOf(one.path)).toMatchObject({ orders: 1 });
      const canceled = await app.post(`/v1/orders/${placed.body.id}/cancellation`, {}, { token, key: key() });
      expect(canceled.status).toBe(201);
      expect(await usedOf(one.path)).toEqual({ orders: 0, amounts: [] });
      const states = async () =>
        (await app.get(`${one.path}/redemptions`, { token })).body.items.map(
          ({ state }: { state: string }) => state,
        );
      expect(await states()).toEqual(['released']);

      // Declined: the order waits, and holds the code while it does.
      const waiting = await cartOf(thing, one.code);
      const rival = await fillCart(app, [thing]);
      expect((await checkOut(app, waiting, { token: 'decline_generic' })).status).toBe(402);
      expect(await states()).toEqual(['held', 'released']);
      expect(
        (await app.patch(`/v1/carts/${rival.id}`, { promotionCodes: [one.code] }, { cartToken: rival.token }))
          .status,
      ).toBe(422);
      // Nobody has swept, the order was not expired by its job: the hold is over all the same.
      app.clock.advance({ minutes: 36 });
      expect(await states()).toEqual(['released', 'released']);
      expect(
        (await app.patch(`/v1/carts/${rival.id}`, { promotionCodes: [one.code] }, { cartToken: rival.token }))
          .status,
      ).toBe(200);
      const taken = await checkOut(app, rival, { token: 'decline_generic' });
      expect(taken.status).toBe(402);
      await app.run('ordering.expire_orders');
      await app.settle();
      expect(await usedOf(one.path)).toMatchObject({ orders: 1 });
      // The rival pays, and keeps it.
      expect((await checkOut(app, rival)).status).toBe(201);
      expect(await states()).toEqual(['kept', 'released', 'released']);
    });

    it('keeps the price of an order whose money came too late, and says that it went beyond', async () => {
      const thing = await goods(app, { price: 2000 });
      const one = await coded({ limitTotal: 1 });
      const slow = await cartOf(thing, one.code);
      const asked = await checkOut(app, slow, { token: 'reset_after+drop' });
      expect(asked.status).toBe(202);
      // As if it had been given up in the moment in which the money was on its way.
      await app.database.transaction(async () => {
        const order = await app.app.get(OrderRepository).locked(asked.body.id);
        await app.database.execute(`UPDATE ordering.orders SET status = 'expired' WHERE id = $1`, [
          asked.body.id,
        ]);
        if (order) await app.app.get(OrderHolds).release(order);
      });
      const quick = await checkOut(app, await cartOf(thing, one.code));
      expect(quick.status).toBe(201);
      app.clock.advance({ minutes: 6 });
      await app.run('billing.repair');
      await app.settle();
      const late = await app.get(`/v1/orders/${asked.body.id}`, { cartToken: slow.token });
      expect([late.body.status, late.body.paymentStatus, late.body.totals.discount.amount]).toEqual([
        'placed',
        'paid',
        200,
      ]);
      const items = (await app.get(`${one.path}/redemptions`, { token })).body.items;
      expect(items.map(({ state, beyond }: { state: string; beyond: boolean }) => [state, beyond])).toEqual([
        ['kept', false],
        ['kept', true],
      ]);
      expect(await usedOf(one.path)).toEqual({ orders: 2, amounts: [{ amount: 400, currency: 'EUR' }] });
    });
  });

  it('are tried out on a cart and on the orders of last month, and change nothing', async () => {
    const thing = await goods(app, { price: 3000 });
    const lines = [{ variantId: thing.variantId, quantity: 2 }];
    const draft = {
      ...tenPercent,
      trigger: 'automatic',
      conditions: [{ type: 'products', ids: [await productOf(thing)] }],
    };
    const simulate = (body: object) => app.post(`${ROOT}/simulate`, body, { token });

    const cart = { currency: 'EUR', lines, shippingPrice: 490 };
    const tried = await simulate({
      promotion: { ...draft, startsAt: '2040-01-01T00:00:00Z' },
      cart,
      at: '2040-02-01T10:00:00Z',
    });
    expect([tried.status, tried.body.orders]).toEqual([200, null]);
    expect(tried.body.cart).toMatchObject({
      subtotal: { amount: 6000 },
      discount: { amount: 600 },
      discountWithout: { amount: 0 },
    });
    const early = await simulate({ promotion: { ...draft, startsAt: '2040-01-01T00:00:00Z' }, cart });
    expect(
      early.body.cart.promotions.find(({ title }: { title: string }) => title === 'Ten off'),
    ).toMatchObject({ outcome: 'not_started' });
    const parcels = await simulate({
      promotion: {
        title: 'Parcels',
        group: 'shipping',
        trigger: 'automatic',
        effect: { type: 'free_shipping' },
      },
      cart,
      withOthers: false,
    });
    expect(parcels.body.cart.discount.amount).toBe(490);

    for (let orders = 0; orders < 3; orders++)
      expect((await buy(app, [{ ...thing, quantity: 2 }])).answer.status).toBe(201);
    const kept = (await make({ ...draft, status: 'draft' })).body;
    const past = await simulate({ promotionId: kept.id, orders: { limit: 2 } });
    expect(past.body.orders).toMatchObject({
      lookedAt: 2,
      skipped: 0,
      matched: 2,
      cost: [{ amount: 1200, currency: 'EUR', orders: 2 }],
    });
    const older = await simulate({
      promotionId: kept.id,
      orders: {
        until: past.body.orders.until,
        from: past.body.orders.from,
        cursor: past.body.orders.nextCursor,
      },
    });
    expect([
      older.body.orders.matched,
      older.body.orders.cost[0].amount,
      older.body.orders.nextCursor,
    ]).toEqual([1, 600, null]);
    expect((await app.get(`${ROOT}/${kept.id}`, { token })).body).toMatchObject({
      status: 'draft',
      version: 1,
      used: { orders: 0 },
    });

    expect(pointersOf(await simulate({}))).toEqual([['', 'only_one_of']]);
    expect(
      pointersOf(
        await simulate({ promotion: draft, cart: { ...cart, lines: [{ variantId: UNKNOWN, quantity: 1 }] } }),
      ),
    ).toEqual([['/cart/lines/0/variantId', 'variant_unavailable']]);
    expect((await simulate({ promotionId: UNKNOWN, cart })).status).toBe(404);
  });

  async function productOf({ variantId }: Goods): Promise<string> {
    const [row] = await app.database.query<{ id: string }>(
      'SELECT product_id AS id FROM catalog.variants WHERE id = $1',
      [variantId],
    );
    return row?.id ?? '';
  }
});
