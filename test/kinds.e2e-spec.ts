import { setTimeout as wait } from 'node:timers/promises';
import { createHash, randomUUID } from 'node:crypto';
import { BillingApi } from '../src/billing/billing.api.js';
import { GiftCardClock } from '../src/billing/gift-card/gift-card-clock.js';
import { GiftCards } from '../src/billing/gift-card/gift-cards.service.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import { GatewayBook } from './support/gateway-book.js';
import { given } from './support/given.js';
import {
  buy,
  checkOut,
  fillCart,
  type Goods,
  imbalance,
  key,
  setStock,
  stockOf,
} from './support/purchase.js';

interface GoodsToMake {
  price?: number;
  stock?: number;
  [field: string]: unknown;
}

describe('kinds of goods', () => {
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
  });
  afterAll(() => app?.close());

  /** Something published, as staff make it; shoppers find it by its SKU. */
  const goods = async ({ price = 1999, stock = 100, ...extra }: GoodsToMake = {}): Promise<Goods> => {
    const variant = {
      sku: randomUUID().replaceAll('-', ''),
      weightGrams: 500,
      prices: [{ amount: price, currency: 'EUR' }],
      ...(stock > 0 && { stock: [{ location: 'main', onHand: stock }] }),
      ...extra,
    };
    const [made] = (await given.product(app, staff, { variants: [variant] })).variants;
    return { variantId: made.id, sku: made.sku };
  };
  /** The variant as staff see it, with its product. */
  const seen = async ({ variantId, sku }: Goods) => {
    const { body } = await app.get(`/v1/admin/products?sku=${sku}`, { token: staff });
    const [product] = body.items;
    return { product, variant: product.variants.find(({ id }: { id: string }) => id === variantId) };
  };
  const setParts = async (bundle: Goods, parts: [Goods, number][], ifMatch?: string) =>
    app.put(
      `/v1/admin/variants/${bundle.variantId}/components`,
      { components: parts.map(([{ variantId }, quantity]) => ({ variantId, quantity })) },
      { token: staff, ...(ifMatch && { headers: { 'if-match': ifMatch } }) },
    );
  const bundleOf = async (parts: [Goods, number][], price = 4500): Promise<Goods> => {
    const bundle = await goods({ price, stock: 7 });
    const answer = await setParts(bundle, parts);
    if (answer.status !== 200) throw new Error(`no bundle was made: ${answer.text}`);
    return bundle;
  };
  /** What pages say of the stock of a variant: its product's, and a list's. */
  const shown = async (bundle: Goods) => {
    const { product } = await seen(bundle);
    const [page, list] = [
      await app.get(`/v1/products/${product.id}`, { token: staff }),
      await app.get(`/v1/products?q=${bundle.sku}`, { token: staff }),
    ];
    const [one, other] = [page.body.variants[0], list.body.items[0].variants[0]];
    expect(other).toEqual(one);
    return { available: one.available, backorder: one.backorder };
  };

  describe('a bundle', () => {
    it('has as many as its parts make, takes them when it is sold, and names them for the packing slip', async () => {
      const [lamp, bulb] = [await goods({ stock: 10 }), await goods({ stock: 25 })];
      const set = await bundleOf([
        [lamp, 1],
        [bulb, 3],
      ]);
      expect(await shown(set)).toEqual({ available: 8, backorder: false });

      const { cart, answer } = await buy(app, [
        { ...set, quantity: 2 },
        { ...bulb, quantity: 4 },
      ]);
      expect(answer.status).toBe(201);
      expect(answer.body.lines[0]).toMatchObject({
        sku: set.sku,
        unitPrice: { amount: 4500 },
        components: [
          { variantId: lamp.variantId, sku: lamp.sku, quantity: 1 },
          { variantId: bulb.variantId, sku: bulb.sku, quantity: 3 },
        ],
      });
      expect(answer.body.lines[1].components).toEqual([]);
      expect(await stockOf(app, lamp)).toEqual({ onHand: 10, allocated: 2, reserved: 0 });
      expect(await stockOf(app, bulb)).toEqual({ onHand: 25, allocated: 10, reserved: 0 });
      expect(await shown(set)).toEqual({ available: 5, backorder: false });
      const packed = await app.get(`/v1/admin/orders/${answer.body.id}`, { token: staff });
      const allocations = packed.body.allocations as { sku: string }[];
      expect(allocations.sort((a) => (a.sku === lamp.sku ? -1 : 1))).toMatchObject([
        { variantId: lamp.variantId, sku: lamp.sku, lineId: answer.body.lines[0].id, quantity: 2 },
        // Some for the bundle and some for themselves.
        { variantId: bulb.variantId, sku: bulb.sku, lineId: null, quantity: 10 },
      ]);

      // Made of something else by the time it is packed: the order takes what it was placed with.
      expect(
        (
          await setParts(set, [
            [lamp, 2],
            [bulb, 1],
          ])
        ).status,
      ).toBe(200);
      const { id } = answer.body;
      const sent = await app.post(
        `/v1/admin/orders/${id}/fulfilments`,
        {
          lines: [
            { lineId: answer.body.lines[0].id, quantity: 1 },
            { lineId: answer.body.lines[1].id, quantity: 4 },
          ],
        },
        { token: staff, key: key() },
      );
      expect(sent.status).toBe(201);
      expect(await stockOf(app, lamp)).toEqual({ onHand: 9, allocated: 1, reserved: 0 });
      expect(await stockOf(app, bulb)).toEqual({ onHand: 18, allocated: 3, reserved: 0 });
      const rest = await app.post(`/v1/admin/orders/${id}/fulfilments`, {}, { token: staff, key: key() });
      expect(rest.body).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
      expect(await stockOf(app, bulb)).toEqual({ onHand: 15, allocated: 0, reserved: 0 });
      expect(
        (await app.get(`/v1/orders/${id}`, { cartToken: cart.token })).body.lines[0].components[1].quantity,
      ).toBe(3);
    });

    it('and its part in one cart are counted together, by readiness and by the checkout', async () => {
      const [cup, plate] = [await goods({ stock: 5 }), await goods({ stock: 50 })];
      const set = await bundleOf([
        [cup, 2],
        [plate, 1],
      ]);
      const cart = await fillCart(app, [
        { ...cup, quantity: 2 },
        { ...set, quantity: 2 },
      ]);
      const readiness = await app.get(`/v1/carts/${cart.id}/readiness`, { cartToken: cart.token });
      expect(readiness.body.problems).toContainEqual(
        expect.objectContaining({
          code: 'out_of_stock',
          pointer: '/lines/1/quantity',
          fix: 'Take 1 or fewer.',
        }),
      );
      const refused = await checkOut(app, cart);
      expect(refused.body).toMatchObject({ status: 409, code: 'ordering.out_of_stock' });
      expect(refused.body.errors).toEqual([expect.objectContaining({ pointer: '/lines/1/quantity' })]);
      const lineId = cart.body.lines[1].id;
      await app.patch(`/v1/carts/${cart.id}/lines/${lineId}`, { quantity: 1 }, { cartToken: cart.token });
      expect((await checkOut(app, cart)).status).toBe(201);
      expect(await stockOf(app, cup)).toMatchObject({ allocated: 4 });
    });

    it('can be oversold when all that it lacks can, and gives its parts back when it is canceled', async () => {
      const [pen, ink] = [await goods({ stock: 9 }), await goods({ stock: 1 })];
      const set = await bundleOf([
        [pen, 3],
        [ink, 1],
      ]);
      expect(await shown(set)).toEqual({ available: 1, backorder: false });
      const limit = (of: Goods) =>
        app.patch(`/v1/admin/variants/${of.variantId}`, { backorderLimit: 5 }, { token: staff });
      expect((await limit(ink)).status).toBe(200);
      expect(await shown(set)).toEqual({ available: 1, backorder: true });
      const { cart, answer } = await buy(app, [{ ...set, quantity: 3 }]);
      expect(answer.status).toBe(201);
      // Pens are not to be oversold: there is none left of the bundle.
      expect(await shown(set)).toEqual({ available: 0, backorder: false });
      const canceled = await app.post(
        `/v1/orders/${answer.body.id}/cancellation`,
        {},
        { cartToken: cart.token, key: key() },
      );
      expect(canceled.status).toBe(201);
      expect([await stockOf(app, pen), await stockOf(app, ink)]).toEqual([
        { onHand: 9, allocated: 0, reserved: 0 },
        { onHand: 1, allocated: 0, reserved: 0 },
      ]);
    });

    it('is in stock for a search when each part is', async () => {
      const [cup, plate] = [await goods({ stock: 5 }), await goods({ stock: 1 })];
      const set = await bundleOf([
        [cup, 2],
        [plate, 1],
      ]);
      const found = async () =>
        (await app.get(`/v1/products?q=${set.sku}&inStock=true`, { token: staff })).body.items.length;
      expect(await found()).toBe(1);
      await setStock(app, plate, 0);
      expect(await found()).toBe(0);
      const untracked = await app.patch(
        `/v1/admin/variants/${plate.variantId}`,
        { stockTracked: false },
        { token: staff },
      );
      expect(untracked.status).toBe(200);
      expect(await found()).toBe(1);
      expect(await shown(set)).toEqual({ available: 2, backorder: false });
      expect(await shown(plate)).toEqual({ available: 2_147_483_647, backorder: false });
      // Of what nobody counts anybody may buy any number, and nothing is held or sent for it.
      const { answer } = await buy(app, [{ ...plate, quantity: 500 }]);
      expect(answer.status).toBe(201);
      const sent = await app.post(
        `/v1/admin/orders/${answer.body.id}/fulfilments`,
        {},
        { token: staff, key: key() },
      );
      expect(sent.body).toMatchObject({ status: 'completed' });
      expect(await stockOf(app, plate)).toEqual({ onHand: 0, allocated: 0, reserved: 0 });
    });

    it('is made of things that are sold and are no bundles, by whoever has seen its version', async () => {
      const [a, b] = [await goods(), await goods()];
      const set = await bundleOf([
        [a, 1],
        [b, 1],
      ]);
      const { variant } = await seen(set);
      expect(variant).toMatchObject({
        components: [
          { variantId: a.variantId, sku: a.sku, quantity: 1 },
          { variantId: b.variantId, sku: b.sku, quantity: 1 },
        ],
      });
      const stale = await setParts(
        set,
        [
          [a, 2],
          [b, 1],
        ],
        `"${variant.version - 1}"`,
      );
      expect(stale.body).toMatchObject({ status: 412, code: 'platform.stale_version' });
      const good = await setParts(
        set,
        [
          [a, 2],
          [b, 1],
        ],
        `"${variant.version}"`,
      );
      expect(good.headers.get('etag')).toBe(`"${variant.version + 1}"`);

      const [gone, other] = [await goods(), await goods()];
      await app.patch(`/v1/admin/variants/${gone.variantId}`, { retired: true }, { token: staff });
      const nobody = { variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', sku: '' };
      const odd = await setParts(other, [
        [set, 1],
        [gone, 1],
        [nobody, 1],
        [other, 1],
        [a, 1],
      ]);
      expect(odd.body).toMatchObject({
        status: 422,
        code: 'catalog.odd_bundle',
        errors: [
          { pointer: '/components/0/variantId', code: 'bundle' },
          { pointer: '/components/1/variantId', code: 'retired' },
          { pointer: '/components/2/variantId', code: 'unknown_variant' },
          { pointer: '/components/3/variantId', code: 'itself' },
        ],
      });
      // A part does not become a bundle either.
      expect(
        (
          await setParts(a, [
            [other, 1],
            [b, 1],
          ])
        ).body,
      ).toMatchObject({ code: 'catalog.odd_bundle' });
      expect((await setParts(set, [[a, 1]])).status).toBe(400);
      const tracked = await app.patch(
        `/v1/admin/variants/${set.variantId}`,
        { stockTracked: true },
        { token: staff },
      );
      expect(tracked.body).toMatchObject({ status: 422, code: 'catalog.odd_bundle' });
    });

    it('keeps its parts in the shop while it is published', async () => {
      const [a, b] = [await goods(), await goods()];
      const set = await bundleOf([
        [a, 1],
        [b, 1],
      ]);
      const retire = () =>
        app.patch(`/v1/admin/variants/${a.variantId}`, { retired: true }, { token: staff });
      const { product } = await seen(b);
      const archive = () => app.delete(`/v1/admin/products/${product.id}`, { token: staff });
      expect((await retire()).body).toMatchObject({ status: 409, code: 'catalog.variant_in_bundle' });
      expect((await archive()).body).toMatchObject({ status: 409, code: 'catalog.variant_in_bundle' });
      // Hidden, it lets them go; and shown again there is none of it.
      const own = (await seen(set)).product.id;
      await app.patch(`/v1/admin/products/${own}`, { status: 'draft' }, { token: staff });
      expect([(await retire()).status, (await archive()).status]).toEqual([200, 204]);
      await app.patch(`/v1/admin/products/${own}`, { status: 'published' }, { token: staff });
      expect(await shown(set)).toEqual({ available: 0, backorder: false });
      await app.delete(`/v1/admin/variants/${set.variantId}/components`, { token: staff });
      // What it was itself is still there.
      expect(await shown(set)).toEqual({ available: 7, backorder: false });
      const trail = await app.get(`/v1/admin/audit?subjectId=${set.variantId}`, { token: staff });
      expect(trail.body.items.map(({ action }: { action: string }) => action)).toEqual([
        'catalog.variant.components_changed',
        'catalog.variant.components_changed',
        'catalog.stock.received',
      ]);
    });

    it('is not sold without a part that is no longer sold, though nobody counts that', async () => {
      const [card, pen] = [await goods({ stockTracked: false, stock: 0 }), await goods()];
      const set = await bundleOf([
        [card, 1],
        [pen, 1],
      ]);
      const cart = await fillCart(app, [set]);
      const own = (await seen(set)).product.id;
      await app.patch(`/v1/admin/products/${own}`, { status: 'draft' }, { token: staff });
      const retired = await app.patch(
        `/v1/admin/variants/${card.variantId}`,
        { retired: true },
        { token: staff },
      );
      expect(retired.status).toBe(200);
      await app.patch(`/v1/admin/products/${own}`, { status: 'published' }, { token: staff });
      expect(await shown(set)).toEqual({ available: 0, backorder: false });
      const answer = await checkOut(app, cart);
      expect([answer.status, answer.body.code]).toEqual([409, 'ordering.out_of_stock']);
    });

    it('and what was hidden are told of to who waits, when they can be bought again', async () => {
      const [cup, tea] = [await goods({ stock: 1 }), await goods({ stock: 5 })];
      const set = await bundleOf([
        [cup, 2],
        [tea, 1],
      ]);
      const hidden = await goods({ stock: 0 });
      const [email, other] = [`${randomUUID()}@example.test`, `${randomUUID()}@example.test`];
      const letters = async (to: string) =>
        (await app.letters()).filter((one) => one.to === to && one.text.includes('no other will follow'))
          .length;
      const sweep = async () => {
        await app.run('catalog.tell_awaited');
        await app.settle();
        return [await letters(email), await letters(other)];
      };
      for (const [one, to] of [
        [set, email],
        [hidden, other],
      ] as const)
        expect(
          (await app.post(`/v1/variants/${one.variantId}/stock-subscriptions`, { email: to })).status,
        ).toBe(202);
      expect(await sweep()).toEqual([0, 0]);
      const receive = ({ variantId }: Goods) =>
        app.post(
          '/v1/admin/stock/movements',
          { changes: [{ variantId, location: 'main', kind: 'received', quantity: 1 }] },
          { token: staff, key: key() },
        );
      const show = async (status: string) =>
        app.patch(`/v1/admin/products/${(await seen(hidden)).product.id}`, { status }, { token: staff });
      await show('draft');
      expect([(await receive(cup)).status, (await receive(hidden)).status]).toEqual([204, 204]);
      await app.settle();
      expect((await show('published')).status).toBe(200);
      expect(await sweep()).toEqual([1, 1]);
      expect(await sweep()).toEqual([1, 1]);
    });

    it('is not oversold by fifty who buy it and its part at once', async () => {
      const [lamp, bulb] = [await goods({ stock: 20 }), await goods({ stock: 30 })];
      const set = await bundleOf([
        [bulb, 2],
        [lamp, 1],
      ]);
      const carts = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          fillCart(app, n % 3 === 0 ? [set] : n % 3 === 1 ? [bulb] : [bulb, set]),
        ),
      );
      const answers = await Promise.all(carts.map((cart) => checkOut(app, cart)));
      await app.settle();
      const sold = answers.filter(({ status }) => status === 201).map(({ body }) => body);
      expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
      const count = (of: Goods) =>
        sold.flatMap(({ lines }) => lines).filter(({ sku }: { sku: string }) => sku === of.sku).length;
      const wanted = [count(set), count(set) * 2 + count(bulb)] as const;
      expect([(await stockOf(app, lamp)).allocated, (await stockOf(app, bulb)).allocated]).toEqual(wanted);
      expect(wanted[1]).toBeLessThanOrEqual(30);
      // Whoever came last found too little: what is left makes no bundle more.
      expect(wanted[1]).toBeGreaterThanOrEqual(28);
      // The movements, which are the ledger of the stock, say the same as the counters.
      const rows = await app.database.query<{ same: boolean }>(
        `SELECT s.allocated = coalesce(sum(m.quantity) FILTER (WHERE m.kind = 'allocated'), 0)
           - coalesce(sum(m.quantity) FILTER (WHERE m.kind IN ('released', 'shipped')), 0) AND s.reserved = 0 AS same
         FROM catalog.stock s JOIN catalog.stock_movements m ON m.stock_id = s.id
         WHERE s.variant_id = ANY ($1::uuid[]) GROUP BY s.id`,
        [[lamp.variantId, bulb.variantId]],
      );
      expect(rows).toEqual([{ same: true }, { same: true }]);
    });
  });

  describe('digital goods', () => {
    const upload = (of: Goods, name: string, text: string, extra = '') =>
      app.send(
        'POST',
        `/v1/admin/variants/${of.variantId}/files?name=${encodeURIComponent(name)}${extra}`,
        Buffer.from(text),
        {
          token: staff,
          headers: { 'content-type': 'application/octet-stream' },
        },
      );
    const book = async (text: string, extra: object = {}) => {
      const made = await goods({ kind: 'digital', price: 1500, stock: 0, ...extra });
      const answer = await upload(made, 'Wölfe "1".epub', text, '&contentType=application/epub%2Bzip');
      expect(answer.status).toBe(201);
      return { ...made, fileId: answer.body.id as string };
    };
    const files = async (orderId: string, cartToken: string) =>
      (await app.get(`/v1/orders/${orderId}/downloads`, { cartToken })).body.items;
    /** A checkout without an address. */
    const order = async (lines: (Goods & { quantity?: number })[], token = 'ok', body: object = {}) => {
      const cart = await fillCart(app, lines);
      const answer = await app.post(
        `/v1/carts/${cart.id}/checkout`,
        { payment: { gateway: 'test', token }, ...body },
        { key: key(), cartToken: cart.token },
      );
      await app.settle();
      return { cart, answer, id: answer.body.id as string, held: { cartToken: cart.token } };
    };

    it('are ordered without an address, paid, named in the letter, and downloaded by their holder', async () => {
      const wolves = await book('a book about wolves');
      expect((await seen(wolves)).variant).toMatchObject({
        kind: 'digital',
        stockTracked: false,
        downloadLimit: 5,
      });
      expect(await shown(wolves)).toEqual({ available: 2_147_483_647, backorder: false });
      const { answer, id, held, cart } = await order([wolves]);
      expect(answer.body).toMatchObject({
        status: 'placed',
        paymentStatus: 'paid',
        fulfilmentStatus: 'not_required',
        shippingAddress: null,
        shipping: null,
        totals: { shipping: { amount: 0 }, total: { amount: 1500 } },
        lines: [{ kind: 'digital' }],
      });
      const [file] = await files(id, cart.token);
      expect(file).toMatchObject({
        fileId: wolves.fileId,
        name: 'Wölfe "1".epub',
        bytes: 19,
        state: 'ready',
        downloadsLeft: 5,
      });
      const got = await app.get(file.url);
      expect([got.status, got.text]).toEqual([200, 'a book about wolves']);
      expect(got.headers.get('content-type')).toBe('application/epub+zip');
      expect(got.headers.get('cache-control')).toBe('no-store');
      expect(got.headers.get('content-disposition')).toBe(
        `attachment; filename="W_lfe _1_.epub"; filename*=UTF-8''W%C3%B6lfe%20%221%22.epub`,
      );
      // The same link again is the same download.
      expect((await app.get(file.url)).status).toBe(200);
      expect((await files(id, cart.token))[0].downloadsLeft).toBe(4);
      // Paid and delivered by its link: nothing is left to do.
      const completed = (await app.get(`/v1/orders/${id}`, held)).body;
      expect(completed).toMatchObject({ status: 'completed', fulfilmentStatus: 'not_required' });
      expect(completed.history.at(-1)).toMatchObject({ event: 'downloaded', status: 'completed' });
      const letter = (await app.letters()).findLast(({ subject }) => subject.includes(answer.body.number));
      expect(letter?.text).toContain('Ready to be downloaded with your order:\nWölfe "1".epub');
      expect(letter?.text).not.toMatch(/We send it|downloads\//);

      // Nobody else: not without the token, not staff, and not with a link that was changed.
      expect((await app.get(`/v1/orders/${id}/downloads`)).status).toBe(404);
      const staffs = await app.get(`/v1/orders/${id}/downloads`, { token: staff });
      expect(staffs.body.items[0]).toMatchObject({ state: 'ready', url: null });
      expect((await app.get(`${file.url.slice(0, -2)}AA`)).status).toBe(404);
      // It was downloaded: its holder cannot have the money back by himself, and staff may give it back.
      const cancel = (options: object) =>
        app.post(`/v1/orders/${id}/cancellation`, {}, { key: key(), ...options });
      expect((await cancel(held)).body).toMatchObject({ status: 409, code: 'ordering.order_not_cancelable' });
      expect((await cancel({ token: staff })).status).toBe(201);
      expect((await app.get(file.url)).body).toMatchObject({
        status: 403,
        code: 'ordering.download_refused',
      });
      expect((await files(id, cart.token))[0]).toMatchObject({ state: 'stopped', url: null });
    });

    it('that have no file yet open to who has bought them when it comes, for as many days', async () => {
      const made = await goods({ kind: 'digital', price: 1500, stock: 0, downloadDays: 2 });
      const { id, cart } = await order([made]);
      expect(await files(id, cart.token)).toEqual([]);
      app.clock.advance({ days: 5 });
      expect((await upload(made, 'late.epub', 'a book that came late')).status).toBe(201);
      const { variantId } = made;
      const [file] = await files(id, cart.token);
      expect(file).toMatchObject({ name: 'late.epub', state: 'ready' });
      const days = (Date.parse(file.availableUntil) - app.clock.now().getTime()) / 86_400_000;
      expect(Math.round(days)).toBe(2);
      expect((await app.get(file.url)).text).toBe('a book that came late');
      expect(await files(id, cart.token)).toMatchObject([{ downloadsLeft: 4 }]);
      const path = `/v1/admin/variants/${variantId}/files/${file.fileId}`;
      expect((await app.delete(path, { token: staff })).status).toBe(204);
      expect(await files(id, cart.token)).toEqual([]);
      expect((await upload(made, 'later.epub', 'another one')).status).toBe(201);
      app.clock.advance({ days: 2, minutes: 1 });
      expect(await files(id, cart.token)).toMatchObject([{ name: 'later.epub', state: 'over', url: null }]);
    });

    it('wait for the money, and end with it', async () => {
      const wolves = await book('wolves');
      const { answer, cart } = await order([wolves], 'sca_required');
      expect(answer.body).toMatchObject({ status: 'pending_payment', paymentStatus: 'none' });
      expect(await files(answer.body.id, cart.token)).toMatchObject([{ state: 'waiting', url: null }]);
      const paid = await order([wolves]);
      const [file] = await files(paid.id, paid.cart.token);
      const refund = await app.post(
        `/v1/admin/payments/${paid.answer.body.payments[0].id}/refunds`,
        { full: true, reason: 'unhappy' },
        { token: staff, key: key() },
      );
      expect([201, 202]).toContain(refund.status);
      expect((await app.get(file.url)).status).toBe(403);
    });

    it('are paid at the second attempt with the words of the first, which named a way to send them', async () => {
      const cart = await fillCart(app, [await book('again')]);
      const body = { shippingOptionId: randomUUID() };
      expect((await checkOut(app, cart, { token: 'insufficient_funds', body })).status).toBe(402);
      expect((await checkOut(app, cart, { body })).status).toBe(201);
    });

    it('are downloaded as often and as long as was sold, whoever is quicker', async () => {
      const wolves = await book('wolves', { downloadLimit: 3, downloadDays: 2 });
      const { id, cart } = await order([wolves]);
      const links = await Promise.all(
        Array.from({ length: 9 }, async () => (await files(id, cart.token))[0].url),
      );
      const got = await Promise.all(links.map((url) => app.get(url)));
      expect(got.map(({ status }) => status).sort()).toEqual([200, 200, 200, 403, 403, 403, 403, 403, 403]);
      expect(await files(id, cart.token)).toMatchObject([{ state: 'used_up', url: null, downloadsLeft: 0 }]);

      const later = await order([wolves]);
      const [file] = await files(later.id, later.cart.token);
      app.clock.advance({ minutes: 16 });
      expect((await app.get(file.url)).body).toMatchObject({
        status: 403,
        code: 'ordering.download_refused',
      });
      expect((await files(later.id, later.cart.token))[0].state).toBe('ready');
      app.clock.advance({ days: 2 });
      expect((await files(later.id, later.cart.token))[0]).toMatchObject({ state: 'over', url: null });
    });

    it('stay what was sold when another file takes their place', async () => {
      const wolves = await book('first edition');
      const first = await order([wolves]);
      const second = await upload(wolves, 'wolves-2.epub', 'second edition', `&replaces=${wolves.fileId}`);
      expect(second.body).toMatchObject({
        name: 'wolves-2.epub',
        bytes: 14,
        sha256: createHash('sha256').update('second edition').digest('hex'),
      });
      const then = await order([wolves]);
      const gone = await app.delete(`/v1/admin/variants/${wolves.variantId}/files/${second.body.id}`, {
        token: staff,
      });
      expect(gone.status).toBe(204);
      const list = await app.get(`/v1/admin/variants/${wolves.variantId}/files`, { token: staff });
      expect(list.body.items).toEqual([]);
      const texts = await Promise.all(
        [first, then].map(async ({ id, cart }) => {
          const all = await files(id, cart.token);
          return Promise.all(all.map(async ({ url }: { url: string }) => (await app.get(url)).text));
        }),
      );
      expect(texts).toEqual([['first edition'], ['second edition']]);
      // Only digital variants have files, and only files of bytes.
      const lamp = await goods();
      expect((await upload(lamp, 'lamp.txt', 'light')).body).toMatchObject({
        status: 422,
        code: 'catalog.odd_kind',
      });
      expect((await upload(wolves, '../up.txt', 'up')).status).toBe(400);
      expect((await upload(wolves, 'none.txt', '')).status).toBe(400);
    });

    it('that nobody downloads are completed two weeks after, unless their file has not come', async () => {
      const [wolves, later] = [await book('wolves'), await goods({ kind: 'digital', price: 1500, stock: 0 })];
      const [unread, empty, unpaid] = [
        await order([wolves]),
        await order([wolves, later]),
        await order([wolves], 'sca_required'),
      ];
      const statuses = () =>
        Promise.all(
          [unread, empty, unpaid].map(
            async ({ id, held }) => (await app.get(`/v1/orders/${id}`, held)).body.status,
          ),
        );
      app.clock.advance({ days: 13 });
      await app.run('ordering.complete_digital_orders');
      expect(await statuses()).toEqual(['placed', 'placed', 'pending_payment']);
      app.clock.advance({ days: 1, minutes: 1 });
      await Promise.all([
        app.run('ordering.complete_digital_orders'),
        app.run('ordering.complete_digital_orders'),
      ]);
      expect(await statuses()).toEqual(['completed', 'placed', 'pending_payment']);
      expect((await upload(later, 'late.epub', 'late')).status).toBe(201);
      await app.run('ordering.complete_digital_orders');
      expect(await statuses()).toEqual(['completed', 'completed', 'pending_payment']);
    });

    it('are completed though one of them cannot be', async () => {
      const wolves = await book('wolves');
      const [odd, sound] = [await order([wolves]), await order([wolves])];
      const status = async ({ id, held }: typeof odd) =>
        (await app.get(`/v1/orders/${id}`, held)).body.status;
      await app.database.execute(`CREATE FUNCTION ordering.refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$`);
      await app.database.execute(`CREATE TRIGGER refuse BEFORE UPDATE ON ordering.orders FOR EACH ROW
        WHEN (OLD.id = '${odd.id}') EXECUTE FUNCTION ordering.refuse()`);
      app.clock.advance({ days: 14, minutes: 1 });
      await app.run('ordering.complete_digital_orders');
      expect([await status(odd), await status(sound)]).toEqual(['placed', 'completed']);
      await app.database.execute('DROP FUNCTION ordering.refuse CASCADE');
      await app.run('ordering.complete_digital_orders');
      expect(await status(odd)).toBe('completed');
    });

    it('and things that are sent go in one order: only those are in the parcel and in the shipping', async () => {
      const [wolves, lamp] = [await book('wolves', { weightGrams: 900_000 }), await goods({ stock: 5 })];
      const needy = await order([wolves, lamp]);
      expect(needy.answer.body).toMatchObject({
        status: 422,
        errors: [{ pointer: '/shippingAddress', code: 'shipping_address_missing' }],
      });
      const { answer } = await buy(app, [wolves, lamp]);
      expect(answer.body).toMatchObject({
        fulfilmentStatus: 'unfulfilled',
        totals: { shipping: { amount: 490 } },
      });
      const ofFile = answer.body.lines.find(({ kind }: { kind: string }) => kind === 'digital').id;
      const send = (body: object) =>
        app.post(`/v1/admin/orders/${answer.body.id}/fulfilments`, body, { token: staff, key: key() });
      expect((await send({ lines: [{ lineId: ofFile, quantity: 1 }] })).status).toBe(409);
      const sent = await send({});
      expect(sent.body).toMatchObject({ status: 'completed', fulfilmentStatus: 'fulfilled' });
      expect(sent.body.fulfilments[0].lines).toHaveLength(1);
    });
  });

  describe('gift cards', () => {
    const card = (price = 5000) => goods({ kind: 'gift_card', price, stock: 0 });
    const order = async (lines: object[], token = 'ok') => {
      const made = await app.post('/v1/carts', { currency: 'EUR', email: 'ada@example.test', lines });
      expect(made.status).toBe(201);
      const held = { cartToken: made.body.token as string };
      const answer = await app.post(
        `/v1/carts/${made.body.id}/checkout`,
        { payment: { gateway: 'test', token } },
        { ...held, key: key() },
      );
      await app.settle();
      return { cart: made.body, answer, id: answer.body.id as string, held };
    };
    const codesTo = async (to: string) =>
      (await app.letters())
        .filter((letter) => letter.to === to && letter.subject.startsWith('A gift card'))
        .map(({ text }) => /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(text)?.[0] ?? '');
    const balance = async (code: string) => (await app.post('/v1/gift-cards/balance', { code })).body;
    const cardsOf = async (orderId: string) =>
      (await app.get(`/v1/admin/gift-cards?orderId=${orderId}`, { token: staff })).body.items;
    /** Of the books: account to balance of what concerns an order. */
    const books = async (orderId: string): Promise<Record<string, number>> => {
      const { items } = (await app.get(`/v1/admin/ledger/transactions?orderId=${orderId}`, { token: staff }))
        .body;
      const sums: Record<string, number> = {};
      for (const { entries } of items)
        for (const { account, amount } of entries) sums[account] = (sums[account] ?? 0) + amount.amount;
      return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
    };

    it('are bought for somebody, untaxed and unsent, and mailed once, one a piece', async () => {
      const fifty = await card();
      const to = `${randomUUID()}@example.test`;
      const giftCard = { recipientEmail: to, recipientName: 'Grace', message: 'Happy birthday!' };
      const { answer, id, cart } = await order([{ variantId: fifty.variantId, quantity: 3, giftCard }]);
      expect(cart.lines[0].giftCard).toEqual({ ...giftCard, sendAt: null });
      expect(answer.body).toMatchObject({
        status: 'placed',
        fulfilmentStatus: 'not_required',
        totals: { tax: { amount: 0 }, shipping: { amount: 0 }, total: { amount: 15_000 } },
        taxes: [{ taxClass: 'voucher', ratePpm: 0 }],
        lines: [{ kind: 'gift_card', giftCard: { recipientEmail: to } }],
      });
      const codes = await codesTo(to);
      expect(new Set(codes).size).toBe(3);
      const letter = (await app.letters()).findLast((one) => one.to === to);
      expect(letter?.text).toContain('Hello Grace,');
      expect(letter?.text).toContain('Happy birthday!');
      expect(letter?.subject).toBe('A gift card of 50.00 EUR for you');
      const [code = ''] = codes;
      const known = await balance(` ${code.toLowerCase().replaceAll('-', '')}`);
      expect(known).toEqual({
        last4: code.slice(-4),
        state: 'active',
        balance: { amount: 5000, currency: 'EUR' },
      });
      const cards = await cardsOf(id);
      expect(cards).toHaveLength(3);
      const found = await app.get(`/v1/admin/gift-cards?last4=${code.slice(-4)}&state=active`, {
        token: staff,
      });
      expect(found.body.items).toContainEqual(expect.objectContaining({ orderId: id, recipientEmail: to }));
      // The money is owed to whoever has the codes.
      expect(await books(id)).toEqual({
        'assets:provider:test:clearing': 15_000,
        'liab:gift_cards': -15_000,
      });
      // The code is nowhere: not in what is kept, and not in the letter that was sent.
      const rows = await app.database.query<{ text: string }>(
        `SELECT (SELECT string_agg(g::text, '') FROM billing.gift_cards g) || (SELECT string_agg(m::text, '') FROM platform.mails m) AS text`,
      );
      expect(codes.some((one) => rows[0]?.text.includes(one))).toBe(false);
      // Told again, nothing is issued again.
      const billing = app.app.get(BillingApi);
      await app.database.transaction(() =>
        billing.issueGiftCards({
          orderId: id,
          paymentId: null,
          lineId: answer.body.lines[0].id,
          quantity: 3,
          amount: Money.of(5000n, 'EUR'),
          recipient: { email: to, name: null, message: null, sendAt: null },
        }),
      );
      expect(await cardsOf(id)).toHaveLength(3);
    });

    it('wait for their day, and are for the buyer when nobody else is named', async () => {
      const twenty = await card(2000);
      const to = `${randomUUID()}@example.test`;
      const sendAt = new Date(app.clock.now().getTime() + 3 * 86_400_000).toISOString();
      const { id } = await order([
        { variantId: twenty.variantId, quantity: 1, giftCard: { recipientEmail: to, sendAt } },
      ]);
      expect(await cardsOf(id)).toMatchObject([{ sendAt, state: 'active' }]);
      // A clock that is moved stops there.
      expect((await app.app.get(GiftCardClock).nextDue(app.clock.now()))?.toISOString()).toBe(sendAt);
      await app.run('billing.send_gift_cards');
      await app.settle();
      expect(await codesTo(to)).toEqual([]);
      // A code that does not open keeps no other letter back, and is told of.
      const shut = await order([
        { variantId: twenty.variantId, quantity: 1, giftCard: { recipientEmail: to, sendAt } },
      ]);
      await app.database.execute(
        `UPDATE billing.gift_cards SET sealed_code = '\\x00', send_at = send_at - interval '1 hour' WHERE order_id = $1`,
        [shut.id],
      );
      app.clock.advance({ days: 3, minutes: 1 });
      await expect(app.run('billing.send_gift_cards')).rejects.toThrow('SECRET_KEY');
      await expect(app.run('billing.send_gift_cards')).rejects.toThrow('SECRET_KEY');
      await app.settle();
      const [code = ''] = await codesTo(to);
      expect(await balance(code)).toMatchObject({ balance: { amount: 2000 } });
      expect(await codesTo(to)).toHaveLength(1);
      const before = (await codesTo('ada@example.test')).length;
      await order([{ variantId: twenty.variantId, quantity: 1 }]);
      expect(await codesTo('ada@example.test')).toHaveLength(before + 1);
      const lamp = await goods();
      const odd = await app.post('/v1/carts', {
        currency: 'EUR',
        lines: [{ variantId: lamp.variantId, quantity: 1, giftCard: { recipientEmail: to } }],
      });
      expect(odd.body).toMatchObject({
        status: 400,
        errors: [{ pointer: '/lines/0/giftCard', code: 'no_gift_card' }],
      });
      const [one, two] = [to, 'two@example.test'].map((recipientEmail) => ({
        ...{ variantId: twenty.variantId, quantity: 1, giftCard: { recipientEmail } },
      }));
      // Each recipient has a line, and the same one again gets more.
      const { body: both } = await app.post('/v1/carts', { currency: 'EUR', lines: [one, two, one] });
      const more = await app.post(`/v1/carts/${both.id}/lines`, two, { cartToken: both.token });
      expect(more.body.lines).toMatchObject([
        { quantity: 2, giftCard: { recipientEmail: to } },
        { quantity: 2, giftCard: { recipientEmail: 'two@example.test' } },
      ]);
    });

    it('are not issued before the money is there, and never for money that goes back', async () => {
      const fifty = await card();
      const waiting = await order([{ variantId: fifty.variantId, quantity: 1 }], 'sca_required');
      expect(waiting.answer.status).toBe(202);
      expect(await cardsOf(waiting.id)).toEqual([]);
      const late = await order([{ variantId: fifty.variantId, quantity: 1 }], 'decline_generic');
      expect(late.answer.status).toBe(402);

      // Money was on its way back before the cards were made, and stays after all.
      const made = await app.post('/v1/carts', {
        ...{ currency: 'EUR', email: 'ada@example.test' },
        lines: [{ variantId: fifty.variantId, quantity: 1 }],
      });
      const { body: paid } = await app.post(
        `/v1/carts/${made.body.id}/checkout`,
        { payment: { gateway: 'test', token: 'refund_fail_later:23h' } },
        { cartToken: made.body.token, key: key() },
      );
      const refund = await app.post(
        `/v1/admin/payments/${paid.payments[0].id}/refunds`,
        { amount: { amount: 5000, currency: 'EUR' }, reason: 'a mistake' },
        { token: staff, key: key() },
      );
      expect(refund.status).toBe(202);
      await app.settle();
      expect(await cardsOf(paid.id)).toEqual([]);
      await (await GatewayBook.of(app)).passDay();
      const under = async () =>
        (await app.get(`/v1/admin/refunds/${refund.body.id}`, { token: staff })).body.status;
      while ((await under()) === 'pending') await wait(50);
      expect(await under()).toBe('failed');
      await app.settle();
      expect(await cardsOf(paid.id)).toHaveLength(1);
    });

    it('give back no more than is on them: an order that was not used is canceled with its cards', async () => {
      const fifty = await card();
      const to = `${randomUUID()}@example.test`;
      const lamp = await goods({ price: 1000 });
      const buyIt = async () => {
        const { cart, answer } = await buy(app, [lamp]).then(async () => {
          const made = await app.post('/v1/carts', {
            currency: 'EUR',
            email: 'ada@example.test',
            lines: [
              { variantId: fifty.variantId, quantity: 1, giftCard: { recipientEmail: to } },
              { variantId: lamp.variantId, quantity: 1 },
            ],
          });
          const hand = { id: made.body.id, token: made.body.token, body: made.body };
          return { cart: hand, answer: await checkOut(app, hand) };
        });
        await app.settle();
        return { id: answer.body.id as string, payment: answer.body.payments[0].id as string, cart };
      };
      const cancel = ({ id, cart }: { id: string; cart: { token: string } }) =>
        app.post(`/v1/orders/${id}/cancellation`, {}, { cartToken: cart.token, key: key() });
      const refund = (payment: string, body: object) =>
        app.post(
          `/v1/admin/payments/${payment}/refunds`,
          { reason: 'broken', ...body },
          { token: staff, key: key() },
        );

      const first = await buyIt();
      expect((await cancel(first)).status).toBe(201);
      await app.settle();
      const [firstCode = ''] = await codesTo(to);
      expect(await balance(firstCode)).toMatchObject({ state: 'canceled', balance: { amount: 0 } });
      expect((await books(first.id))['liab:gift_cards']).toBeUndefined();

      const second = await buyIt();
      const [, code = ''] = await codesTo(to);
      const billing = app.app.get(BillingApi);
      const { id: cardId } = (await billing.giftCard(code)) ?? { id: '' };
      const spent = { orderId: randomUUID(), paymentId: randomUUID() };
      const cards = app.app.get(GiftCards);
      const eur = (amount: number) => Money.of(BigInt(amount), 'EUR');
      expect(await app.database.transaction(() => cards.redeem(cardId, eur(2000), spent))).toBe(true);
      expect((await cancel(second)).body).toMatchObject({ status: 409, code: 'billing.gift_card_used' });
      expect((await refund(second.payment, { full: true })).body).toMatchObject({
        status: 409,
        code: 'billing.gift_card_kept',
        maximumRefundable: { amount: 1490 },
      });
      expect((await refund(second.payment, { amount: { amount: 1490, currency: 'EUR' } })).status).toBe(201);
      // What is left is taken back by staff, and can be refunded then; what was spent cannot.
      const ended = await app.post(
        `/v1/admin/gift-cards/${cardId}/cancellation`,
        { reason: 'lost' },
        { token: staff, key: key() },
      );
      expect(ended.body).toMatchObject({ state: 'canceled', balance: { amount: 0 } });
      expect(
        ended.body.entries.map(({ kind, amount }: { kind: string; amount: { amount: number } }) => [
          kind,
          amount.amount,
        ]),
      ).toEqual([
        ['issued', 5000],
        ['redeemed', -2000],
        ['canceled', -3000],
      ]);
      const again = await app.post(
        `/v1/admin/gift-cards/${cardId}/cancellation`,
        { reason: 'lost' },
        { token: staff },
      );
      expect(again.body).toMatchObject({ status: 409, code: 'billing.gift_card_ended' });
      expect((await refund(second.payment, { amount: { amount: 3001, currency: 'EUR' } })).status).toBe(409);
      expect((await refund(second.payment, { amount: { amount: 3000, currency: 'EUR' } })).status).toBe(201);
      expect(await imbalance(app)).toBeNull();
    });

    it('are given away by staff for a reason, and spent once however many try at the same time', async () => {
      const to = `${randomUUID()}@example.test`;
      const give = (amount: number) =>
        app.post(
          '/v1/admin/gift-cards',
          { amount: { amount, currency: 'EUR' }, recipientEmail: to, reason: 'The parcel was lost' },
          { token: staff, key: key() },
        );
      expect(await give(0)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/amount' }] } });
      const made = await give(1000);
      expect(made.status).toBe(201);
      expect(made.text).not.toMatch(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-/);
      await app.settle();
      const [code = ''] = await codesTo(to);
      const { id } = made.body;
      const cards = app.app.get(GiftCards);
      const eur = (amount: number) => Money.of(BigInt(amount), 'EUR');
      const orders = Array.from({ length: 20 }, () => ({ orderId: randomUUID(), paymentId: randomUUID() }));
      const redeem = (amount: number, of: { orderId: string; paymentId: string }) =>
        app.database.transaction(() => cards.redeem(id, eur(amount), of));
      const taken = await Promise.all(orders.map((of) => redeem(150, of)));
      expect(taken.filter(Boolean)).toHaveLength(6);
      expect(await balance(code)).toMatchObject({ state: 'active', balance: { amount: 100 } });
      const [one = { orderId: '', paymentId: '' }] = orders.filter((_, index) => taken[index]);
      // A payment takes once, and a refund gives back once.
      expect(await redeem(50, one)).toBe(false);
      const refund = { ...one, refundId: randomUUID() };
      const back = await Promise.all(
        [1, 2, 3].map(() => app.database.transaction(() => cards.giveBack(id, eur(150), refund))),
      );
      expect(back.filter(Boolean)).toHaveLength(1);
      expect(await redeem(250, { orderId: randomUUID(), paymentId: randomUUID() })).toBe(true);
      expect(await balance(code)).toMatchObject({ state: 'spent', balance: { amount: 0 } });
      const { entries } = (await app.get(`/v1/admin/gift-cards/${id}`, { token: staff })).body;
      expect(
        entries.reduce((sum: number, { amount }: { amount: { amount: number } }) => sum + amount.amount, 0),
      ).toBe(0);
      expect(await imbalance(app)).toBeNull();
    });

    it('are nobody’s to try out, and staff need a permission of their own', async () => {
      const reader = await given.staff(app, ['read-only'], staff);
      const list = await app.get('/v1/admin/gift-cards', { token: reader.token });
      expect(list.status).toBe(200);
      const give = await app.post(
        '/v1/admin/gift-cards',
        { amount: { amount: 1000, currency: 'EUR' }, recipientEmail: 'me@example.test', reason: 'me' },
        { token: reader.token },
      );
      expect(give.status).toBe(403);
      const guesses = await Promise.all(
        Array.from({ length: 40 }, () =>
          app.post('/v1/gift-cards/balance', { code: 'AAAA-AAAA-AAAA-AAAA-AAAA' }),
        ),
      );
      const statuses = new Set(guesses.map(({ status }) => status));
      expect(statuses).toEqual(new Set([404, 429]));
      expect(guesses.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/);
    });

    it('forget who they were for with the person', async () => {
      const to = `${randomUUID()}@example.test`;
      const { id } = await order([
        {
          variantId: (await card()).variantId,
          quantity: 1,
          giftCard: { recipientEmail: to, message: 'a secret' },
        },
      ]);
      const asked = await app.post(
        '/v1/admin/personal-data/erasures',
        { email: to, reason: 'asked by mail' },
        { token: staff, key: key() },
      );
      expect([asked.status, asked.text]).toEqual([202, asked.text]);
      app.clock.advance({ days: 31 });
      await app.run('identity.run_erasures');
      await app.settle();
      const [left] = await cardsOf(id);
      expect(left).toMatchObject({ recipientEmail: null, state: 'active', balance: { amount: 5000 } });
      const rows = await app.database.query<{ message: string | null }>(
        'SELECT message FROM billing.gift_cards WHERE id = $1',
        [left.id],
      );
      expect(rows).toEqual([{ message: null }]);
    });
  });
});
