import { randomUUID } from 'node:crypto';
import { startApp, type TestApp } from './support/app.js';
import type { Answer, Options } from './support/client.js';
import { given } from './support/given.js';
import {
  berlin,
  type CartInHand,
  checkOut,
  email,
  fillCart,
  type Goods,
  goods,
  key,
  setStock,
} from './support/purchase.js';

const times = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));
const paid = { payment: { gateway: 'test', token: 'ok' }, shippingAddress: berlin };
const eur = (amount: number) => ({ amount, currency: 'EUR' });

interface Line {
  id: string;
  variantId: string;
  quantity: number;
}

/** From the first piece in a cart to its end, whatever comes of it. */
describe('a cart', () => {
  let app: TestApp;
  let staff: string;
  let lamp: Goods;
  let book: Goods;

  beforeAll(async () => {
    app = await startApp({ TRUSTED_PROXIES: '127.0.0.1', CARTS_PER_NETWORK: '22' });
    staff = await given.admin(app);
    [lamp, book] = await Promise.all([goods(app), goods(app, { price: 1000 })]);
  });
  afterAll(() => app?.close());

  const lineOf = ({ variantId }: Goods, quantity = 1, extra: object = {}) => ({
    variantId,
    quantity,
    ...extra,
  });
  const make = (body: object, options?: Options) =>
    app.post('/v1/carts', { currency: 'EUR', ...body }, options);
  const linesOf = ({ body }: Answer): Line[] => body.lines;
  const quantityIn = (answer: Answer, { variantId }: Goods): number =>
    linesOf(answer)
      .filter((line) => line.variantId === variantId)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  const held = ({ token }: CartInHand): Options => ({ cartToken: token });
  const set = (price: object) => app.post('/v1/admin/prices', { prices: [price] }, { token: staff });
  const retire = ({ variantId }: Goods) =>
    app.patch(`/v1/admin/variants/${variantId}`, { retired: true }, { token: staff });

  it('takes fifty hands at once, and keeps apart what is made for different people', async () => {
    const cart = await fillCart(app, [lamp]);
    const path = `/v1/carts/${cart.id}/lines`;
    const added = await times(50, (n) => {
      const words = {
        properties: n % 2 ? { colour: 'red', engraving: 'For Ada' } : { engraving: 'For Ada', colour: 'red' },
      };
      return app.post(path, lineOf(lamp, 1, n % 5 ? words : {}), held(cart));
    });
    expect(added.map(({ status }) => status)).toEqual(added.map(() => 201));
    const read = await app.get(`/v1/carts/${cart.id}`, held(cart));
    expect(
      read.body.lines.map(({ quantity, properties }: { quantity: number; properties: object }) => [
        quantity,
        properties,
      ]),
    ).toEqual([
      [11, null],
      [40, { engraving: 'For Ada', colour: 'red' }],
    ]);
    for (const [properties, pointer, code] of [
      [{ engraving: 'x'.repeat(501) }, '/properties/engraving', 'too_long'],
      [{ engraving: ' ' }, '/properties/engraving', 'empty'],
      [{ ['x'.repeat(41)]: 'x' }, '/properties', 'malformed_name'],
      [Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`n${n}`, 'x'])), '/properties', 'too_many'],
    ] as const)
      expect(await app.post(path, lineOf(lamp, 1, { properties }), held(cart))).toMatchObject({
        status: 400,
        body: { errors: [{ pointer, code }] },
      });
    // Limits look at all pieces of a variant, whatever is written on them.
    const few = await goods(app);
    await app.put(
      `/v1/admin/variants/${few.variantId}/terms`,
      { maxPerOrder: 2, maxPerCustomer: 2 },
      { token: staff },
    );
    const one = await fillCart(app, [few]);
    const engrave = (words: string) =>
      app.post(`/v1/carts/${one.id}/lines`, lineOf(few, 1, { properties: { words } }), held(one));
    expect((await engrave('first')).status).toBe(201);
    expect(await engrave('second')).toMatchObject({
      status: 422,
      body: { code: 'ordering.quantity_limited' },
    });
    const order = await checkOut(app, one);
    expect(order.body.lines.map(({ properties }: { properties: object }) => properties)).toEqual([
      null,
      { words: 'first' },
    ]);
  });

  it('is one for all devices of a customer in a currency, however many make it at once', async () => {
    const { token } = await given.customer(app);
    const made = await times(20, (n) => make({ lines: [lineOf(n % 2 ? lamp : book)] }, { token }));
    expect(made.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(made.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
    const mine = await app.get('/v1/me/cart?currency=EUR', { token });
    expect([quantityIn(mine, lamp), quantityIn(mine, book)]).toEqual([10, 10]);
    expect(mine.headers.get('etag')).toBe(`"${mine.body.version}"`);
    expect((await app.get('/v1/me/cart?currency=USD', { token })).status).toBe(404);
    expect((await app.post(`/v1/carts/${mine.body.id}/checkout`, paid, { token, key: key() })).status).toBe(
      201,
    );
    expect((await app.get('/v1/me/cart?currency=EUR', { token })).status).toBe(404);
    expect((await make({}, { token })).status).toBe(201);
  });

  it('of a guest goes along when the guest signs in: once, however often and by however many it is asked', async () => {
    const { token, email: own } = await given.customer(app);
    const few = await goods(app);
    await app.put(
      `/v1/admin/variants/${few.variantId}/terms`,
      { maxPerOrder: 3, maxPerCustomer: null },
      { token: staff },
    );
    const gone = await goods(app);
    const guest = await fillCart(app, [{ ...lamp, quantity: 2 }, { ...few, quantity: 2 }, gone, book]);
    await app.patch(`/v1/carts/${guest.id}`, { shippingAddress: { ...berlin, city: 'Bonn' } }, held(guest));
    await app.post(`/v1/carts/${guest.id}/lines/${guest.body.lines[3].id}/save`, undefined, held(guest));
    const mine = await make({ lines: [lineOf(lamp, 3), lineOf(few, 2)] }, { token });
    await app.patch(`/v1/carts/${mine.body.id}`, { shippingAddress: berlin }, { token });
    expect((await retire(gone)).status).toBe(200);

    const merge = (cart: CartInHand, as = token) =>
      app.post('/v1/me/carts/merge', { cartId: cart.id, token: cart.token }, { token: as });
    const { token: eve } = await given.customer(app);
    expect((await merge({ ...guest, token: 'nonsense' })).status).toBe(404);
    const merged = await times(20, () => merge(guest));
    for (const answer of merged) expect([answer.status, answer.body.cart.id]).toEqual([200, mine.body.id]);
    const [{ body }] = merged as [Answer];
    for (const answer of merged) expect(answer.body).toEqual(body);
    expect(body.cart).toMatchObject({
      email: own,
      shippingAddress: { city: 'Berlin' },
      lines: [
        { variantId: lamp.variantId, quantity: 5 },
        { variantId: few.variantId, quantity: 3 },
      ],
    });
    expect(body.leftOut).toEqual([
      expect.objectContaining({ variantId: few.variantId, wanted: 2, taken: 1, reason: 'max_per_order' }),
      expect.objectContaining({
        variantId: gone.variantId,
        wanted: 1,
        taken: 0,
        reason: 'variant_unavailable',
      }),
    ]);
    const saved = await app.get(`/v1/carts/${mine.body.id}/saved`, { token });
    expect(saved.body.items).toMatchObject([
      { variantId: book.variantId, quantity: 1, unitPrice: eur(1000) },
    ]);
    expect((await app.get(`/v1/carts/${guest.id}`, held(guest))).status).toBe(404);
    expect((await merge(guest, eve)).status).toBe(404);

    // Without a cart of one's own the guest's is adopted; one that was ordered is nobody's to take along.
    const adopted = await fillCart(app, [lamp]);
    const taken = await times(20, () => merge(adopted, eve));
    for (const answer of taken)
      expect([answer.status, answer.body.cart.id, answer.body.cart.email]).toEqual([200, adopted.id, email]);
    expect((await app.get(`/v1/carts/${adopted.id}`, held(adopted))).status).toBe(404);
    const ordered = await fillCart(app, [lamp]);
    const { body: order } = await checkOut(app, ordered);
    expect(await merge(ordered)).toMatchObject({
      status: 409,
      body: { code: 'ordering.cart_closed', orderId: order.id },
    });
    // Two guests' carts at once, and none before: one is adopted, the other merged.
    const { token: joan } = await given.customer(app);
    const both = await Promise.all([fillCart(app, [lamp]), fillCart(app, [lamp])]);
    await Promise.all(both.map((cart) => merge(cart, joan)));
    expect(quantityIn(await app.get('/v1/me/cart?currency=EUR', { token: joan }), lamp)).toBe(2);
  });

  it('says what became of its prices and goods until it is changed', async () => {
    const thing = await goods(app, { price: 1000, stock: 5 });
    const cart = await fillCart(app, [{ ...thing, quantity: 4 }, lamp]);
    const path = `/v1/carts/${cart.id}`;
    const first = async (answer: Promise<Answer>) => (await answer).body.lines[0];
    expect(await first(app.get(path, held(cart)))).toMatchObject({
      priceChange: null,
      availability: 'available',
      obtainable: 4,
    });
    expect((await set({ variantId: thing.variantId, price: eur(1200) })).status).toBe(204);
    await setStock(app, thing, 3);
    const told = {
      priceChange: { from: eur(1000), to: eur(1200) },
      unitPrice: eur(1200),
      availability: 'fewer',
      obtainable: 3,
    };
    expect(await first(app.get(path, held(cart)))).toMatchObject(told);
    expect(await first(app.get(path, held(cart)))).toMatchObject(told);
    const seen = await app.patch(path, {}, held(cart));
    expect(seen.body.lines).toMatchObject([told, { priceChange: null }]);
    expect(await first(app.get(path, held(cart)))).toMatchObject({
      priceChange: null,
      availability: 'fewer',
    });
    await setStock(app, thing, 0);
    expect(await first(app.get(path, held(cart)))).toMatchObject({ availability: 'sold_out', obtainable: 0 });
    // More of it at another price for many is no change of the price.
    await setStock(app, thing, 50);
    const many = { code: 'many', title: 'Many', currency: 'EUR', status: 'active' };
    const { body: list } = await app.post('/v1/admin/price-lists', many, { token: staff });
    await set({ variantId: thing.variantId, priceListId: list.id, price: eur(900), minQuantity: 9 });
    const more = await app.patch(`${path}/lines/${seen.body.lines[0].id}`, { quantity: 9 }, held(cart));
    expect(more.body.lines[0]).toMatchObject({ quantity: 9, unitPrice: eur(900), priceChange: null });
    await set({ variantId: thing.variantId, priceListId: list.id, price: eur(950), minQuantity: 9 });
    // Both at once: what the shopper did says nothing, what the shop did is told.
    const both = await app.patch(`${path}/lines/${seen.body.lines[0].id}`, { quantity: 10 }, held(cart));
    expect(both.body.lines[0].priceChange).toEqual({ from: eur(900), to: eur(950) });
    const old = await checkOut(app, cart, { body: { expectedTotal: more.body.totals.total } });
    expect(old).toMatchObject({ status: 409, body: { code: 'ordering.cart_changed' } });
  });

  it('keeps things for later, for a customer beside every cart, for a guest beside this one', async () => {
    const { token } = await given.customer(app);
    for (const as of [{ token }, {}] as Options[]) {
      const thing = await goods(app, { stock: 1 });
      const { body: made } = await make({ email, lines: [lineOf(thing), lineOf(lamp)] }, as);
      const options: Options = made.token ? { cartToken: made.token } : as;
      const path = `/v1/carts/${made.id}`;
      const put = await app.post(`${path}/lines/${made.lines[0].id}/save`, undefined, options);
      expect(linesOf(put).map(({ variantId }) => variantId)).toEqual([lamp.variantId]);
      const [kept] = (await app.get(`${path}/saved`, options)).body.items;
      expect(kept).toMatchObject({
        variantId: thing.variantId,
        unitPrice: eur(1999),
        availability: 'available',
      });
      // Two tabs at once: it goes back once.
      const back = await times(2, () => app.post(`${path}/saved/${kept.id}/take-back`, undefined, options));
      expect(back.map(({ status }) => status).sort()).toEqual([200, 404]);
      expect(quantityIn(await app.get(path, options), thing)).toBe(1);
      const again = linesOf(await app.get(path, options)).find(
        ({ variantId }) => variantId === thing.variantId,
      );
      await app.post(`${path}/lines/${again?.id}/save`, undefined, options);
      await retire(thing);
      const [unsold] = (await app.get(`${path}/saved`, options)).body.items;
      expect(unsold).toMatchObject({ unitPrice: null, availability: 'not_for_sale', obtainable: 0 });
      const refused = await app.post(`${path}/saved/${unsold.id}/take-back`, undefined, options);
      expect([refused.status, refused.body.code]).toEqual([422, 'ordering.variant_unavailable']);
      expect((await app.post(`${path}/checkout`, paid, { ...options, key: key() })).status).toBe(201);
      const next = await make({}, as);
      const beside = await app.get(
        `/v1/carts/${next.body.id}/saved`,
        next.body.token ? { cartToken: next.body.token } : as,
      );
      expect(beside.body.items).toHaveLength(as.token ? 1 : 0);
      expect((await app.delete(`${path}/saved/${unsold.id}`, options)).status).toBe(204);
      expect((await app.delete(`${path}/saved/${unsold.id}`, options)).status).toBe(404);
    }
  });

  it('is shown to others without a word of whose it is, and copied, until the link is revoked or over', async () => {
    const secret = `engraved-${randomUUID()}`;
    const few = await goods(app);
    const cart = await fillCart(app, [{ ...few, quantity: 2 }, book]);
    await app.post(`/v1/carts/${cart.id}/lines`, lineOf(book, 1, { properties: { secret } }), held(cart));
    await app.patch(`/v1/carts/${cart.id}`, { shippingAddress: berlin }, held(cart));
    const share = (days: number) => app.post(`/v1/carts/${cart.id}/share`, { days }, held(cart));
    const [one, other] = [await share(1), await share(2)];
    expect([one.status, one.body.url]).toEqual([201, `http://shop.test/shared-cart?token=${one.body.token}`]);
    const listed = await app.get(`/v1/carts/${cart.id}/shares`, held(cart));
    expect(listed.body.items.map(({ id }: Line) => id)).toEqual([other.body.id, one.body.id]);
    const look = (token: string) => app.post('/v1/shared-carts/view', { token });
    const shown = await look(one.body.token);
    for (const said of [email, 'Berlin', 'Ada', secret, cart.id, cart.token])
      expect(shown.text).not.toContain(said);
    expect(shown.body).toMatchObject({
      currency: 'EUR',
      lines: [{ quantity: 2, unitPrice: eur(1999) }, {}, {}],
    });
    await setStock(app, few, 1);
    const copy = await app.post('/v1/shared-carts/copy', { token: one.body.token });
    await setStock(app, few, 50);
    expect(copy).toMatchObject({
      status: 201,
      body: {
        cart: {
          email: null,
          shippingAddress: null,
          lines: [{ quantity: 1 }, { quantity: 2, properties: null }],
        },
        leftOut: [{ variantId: few.variantId, wanted: 2, taken: 1, reason: 'out_of_stock' }],
      },
    });
    expect(copy.body.cart.id).not.toBe(cart.id);
    expect(
      (await app.get(`/v1/carts/${copy.body.cart.id}`, { cartToken: copy.body.cart.token })).status,
    ).toBe(200);
    const { token } = await given.customer(app);
    const { body: mine } = await make({ lines: [lineOf(few)] }, { token });
    const once = key();
    const copied = () => app.post('/v1/shared-carts/copy', { token: other.body.token }, { token, key: once });
    const into = await copied();
    const replayed = await copied();
    expect(replayed.text).toBe(into.text);
    expect([replayed.body.cart.id, replayed.body.cart.lines[0].quantity]).toEqual([mine.id, 3]);
    expect((await app.delete(`/v1/carts/${cart.id}/shares/${one.body.id}`, held(cart))).status).toBe(204);
    expect((await look(one.body.token)).status).toBe(404);
    expect((await look(other.body.token)).status).toBe(200);
    app.clock.advance({ days: 2, minutes: 1 });
    expect((await look(other.body.token)).status).toBe(404);
  });

  it('is filled again from an order, with what is still there', async () => {
    const [retired, soldOut, kept] = await Promise.all([
      goods(app),
      goods(app, { stock: 5 }),
      goods(app, { price: 700 }),
    ]);
    const cart = await fillCart(app, [retired, { ...soldOut, quantity: 2 }, { ...kept, quantity: 3 }]);
    await app.post(
      `/v1/carts/${cart.id}/lines`,
      lineOf(kept, 1, { properties: { words: 'Again' } }),
      held(cart),
    );
    const { body: order } = await checkOut(app, cart);
    expect(order.status).toBe('placed');
    await retire(retired);
    await setStock(app, soldOut, 2);
    await set({ variantId: kept.variantId, price: eur(800) });
    const path = `/v1/orders/${order.id}/reorder`;
    expect((await app.post(path)).status).toBe(404);
    const again = await app.post(path, undefined, held(cart));
    expect(again).toMatchObject({
      status: 201,
      body: {
        cart: {
          email,
          lines: [
            { variantId: kept.variantId, quantity: 3, unitPrice: eur(800), priceChange: null },
            { quantity: 1, properties: { words: 'Again' } },
          ],
        },
        leftOut: [
          { variantId: retired.variantId, wanted: 1, taken: 0, reason: 'variant_unavailable' },
          { variantId: soldOut.variantId, wanted: 2, taken: 0, reason: 'out_of_stock' },
        ],
      },
    });
    const next = { id: again.body.cart.id, token: again.body.cart.token, body: again.body.cart };
    expect(next.token).not.toBe(cart.token);
    expect((await checkOut(app, next)).status).toBe(201);
  });

  it('becomes one order, though fifty hands check it out', async () => {
    const thing = await goods(app, { stock: 60 });
    const cart = await fillCart(app, [thing]);
    const answers = await times(50, () => checkOut(app, cart));
    const orders = answers.flatMap(({ status, body }) => (status === 201 ? [body.id] : []));
    expect(new Set(orders).size).toBe(1);
    const [count] = await app.database.query<{ orders: number; pieces: number }>(
      `SELECT (SELECT count(*)::int FROM ordering.orders WHERE cart_id = $1) AS orders,
        (SELECT sum(allocated + reserved)::int FROM catalog.stock WHERE variant_id = $2) AS pieces`,
      [cart.id, thing.variantId],
    );
    expect(count).toEqual({ orders: 1, pieces: 1 });
  });

  it('that is left behind is reminded of, whoever agreed, by one letter for each step, until they order or say no', async () => {
    const person = async () => {
      const address = `${randomUUID()}@example.test`;
      return { address, cart: await fillCart(app, [lamp], { email: address, remindMe: true }) };
    };
    const [ada, bob, eve, dan] = await Promise.all([person(), person(), person(), person()]);
    const silent = `${randomUUID()}@example.test`;
    await fillCart(app, [lamp], { email: silent });
    // Who agreed for one address has not agreed for another.
    const other = `${randomUUID()}@example.test`;
    expect(
      (await app.patch(`/v1/carts/${dan.cart.id}`, { email: other }, held(dan.cart))).body.remindMe,
    ).toBe(false);
    const joan = await given.customer(app);
    await make({ lines: [lineOf(book)] }, { token: joan.token });
    const max = await given.customer(app);
    await make({ lines: [lineOf(book)] }, { token: max.token });
    const words = { given: true, source: 'form', wording: 'Yes, write to me.', textVersion: '1' };
    await app.put('/v1/me/marketing-consent', words, { token: joan.token });
    const letters = async (to: string) =>
      (await app.letters()).filter(
        (letter) => letter.to === to && letter.subject === 'Your cart is still here',
      );
    const counts = async () => {
      // Twice, and at once: each letter is one.
      await times(3, () => app.run('ordering.remind_of_carts'));
      await app.settle();
      return Promise.all(
        [ada.address, bob.address, eve.address, joan.email, silent, other, dan.address, max.email].map(
          async (to) => (await letters(to)).length,
        ),
      );
    };
    expect(await counts()).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    app.clock.advance({ hours: 4, minutes: 1 });
    expect(await counts()).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(await counts()).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    const left = await app.get('/v1/admin/carts?abandoned=true&guest=true&limit=2', { token: staff });
    expect(left.body.items[0]).toMatchObject({ state: 'active', abandoned: true, lines: 1 });
    const named = await app.get(`/v1/admin/carts?email=${ada.address}`, { token: staff });
    expect(named.body.items).toMatchObject([{ id: ada.cart.id, quantity: 1, remindMe: true, reminders: 1 }]);
    const page = await app.get(
      `/v1/admin/carts?abandoned=true&guest=true&limit=2&cursor=${left.body.nextCursor}`,
      { token: staff },
    );
    expect(page.body.items.map(({ id }: Line) => id)).not.toContain(left.body.items[1].id);
    // The link opens the cart on another device, beside the token of its maker, and the order afterwards.
    const [letter] = await letters(ada.address);
    const restore = { cartToken: /[?&]token=([\w-]{43})/.exec(letter?.text ?? '')?.[1] ?? '' };
    expect((await app.get(`/v1/carts/${ada.cart.id}`, restore)).body.lines).toHaveLength(1);
    expect((await app.get(`/v1/carts/${ada.cart.id}`, held(ada.cart))).status).toBe(200);
    const order = await app.post(`/v1/carts/${ada.cart.id}/checkout`, paid, { ...restore, key: key() });
    expect(order.status).toBe(201);
    expect((await app.get(`/v1/orders/${order.body.id}`, restore)).status).toBe(200);
    const stop = async (to: string) => {
      const token = /stop=([\w.-]+)/.exec((await letters(to))[0]?.text ?? '')?.[1];
      return app.post('/v1/cart-reminders/withdrawal', { token });
    };
    expect([await stop(eve.address), await stop(joan.email)].map(({ status }) => status)).toEqual([204, 204]);
    expect((await app.post('/v1/cart-reminders/withdrawal', { token: 'nonsense' })).status).toBe(404);
    app.clock.advance({ hours: 20 });
    expect(await counts()).toEqual([1, 2, 1, 1, 0, 0, 0, 0]);
    app.clock.advance({ hours: 20 });
    expect(await counts()).toEqual([1, 2, 1, 1, 0, 0, 0, 0]);
    // Bob comes back, and leaves again: he has had his letters about this cart, and about another he hears none for a week.
    await app.post(`/v1/carts/${bob.cart.id}/lines`, lineOf(book), held(bob.cart));
    await fillCart(app, [book], { email: bob.address.toUpperCase(), remindMe: true });
    app.clock.advance({ hours: 5 });
    expect(await counts()).toEqual([1, 2, 1, 1, 0, 0, 0, 0]);
  });

  it('that nobody comes back to goes in the end, and never one with an order', async () => {
    const customer = await given.customer(app);
    const [guest, ordered, waiting] = [
      await fillCart(app, [lamp]),
      await fillCart(app, [lamp]),
      await fillCart(app, [lamp]),
    ];
    const { body: own } = await make({ lines: [lineOf(lamp)] }, { token: customer.token });
    expect((await checkOut(app, ordered)).status).toBe(201);
    expect((await checkOut(app, waiting, { token: 'decline_generic' })).status).toBe(402);
    const left = async () => {
      await times(2, () => app.run('ordering.clear_carts'));
      const rows = await app.database.query<{ id: string }>(
        'SELECT id FROM ordering.carts WHERE id = ANY ($1)',
        [[guest.id, ordered.id, waiting.id, own.id]],
      );
      return rows.map(({ id }) => id).sort();
    };
    app.clock.advance({ days: 29 });
    expect(await left()).toHaveLength(4);
    app.clock.advance({ days: 2 });
    expect(await left()).toEqual([ordered.id, waiting.id, own.id].sort());
    app.clock.advance({ days: 180 });
    expect(await left()).toEqual([ordered.id, waiting.id].sort());
  });

  it('is not made by strangers without end', async () => {
    const from = (ip: string) => make({}, { headers: { 'x-forwarded-for': ip } });
    const made = await times(22, () => from('203.0.113.7'));
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201));
    const refused = await from('203.0.113.7');
    expect([refused.status, refused.body.code]).toEqual([429, 'ordering.too_many_carts']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect((await from('203.0.113.8')).status).toBe(201);
  });
});
