import { jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import {
  berlin,
  buy,
  checkOut,
  email,
  fillCart,
  type Goods,
  goods,
  imbalance,
  key,
} from './support/purchase.js';

const paris = { ...berlin, country: 'FR', city: 'Paris', postalCode: '75001' };
const vienna = 'ATU13585627';

/** A register of VAT ids and a provider of taxes, on one address: both may be away. */
class Outside {
  readonly asked: { path: string; body: Record<string, unknown>; authorization: string | undefined }[] = [];
  /** What is answered on a path; null: the line is dead. */
  readonly answers: Record<string, object | null> = {};
  private readonly server: Server = createServer((request, reply) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const path = request.url ?? '';
      const { authorization } = request.headers;
      this.asked.push({ path, body: JSON.parse(text) as Record<string, unknown>, authorization });
      const answer = this.answers[path] ?? null;
      if (answer === null) return void request.socket.destroy();
      reply.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  count = (path: string) => this.asked.filter((one) => one.path === path).length;
}

describe('tax', () => {
  const outside = new Outside();
  let app: TestApp;
  let staff: string;
  let lamp: Goods;
  let book: Goods;

  beforeAll(async () => {
    const url = await outside.start();
    // It answers, and with nothing: whoever is dead would not be asked for a while.
    outside.answers['/taxes'] = {};
    app = await startApp({
      VAT_CHECK_URL: url,
      TAX_PROVIDER_URL: `${url}/taxes`,
      TAX_PROVIDER_TOKEN: 'a word for the provider',
      TAX_TIMEOUT_MS: '2000',
    });
    staff = await given.admin(app);
    const prices = { EUR: 1999, USD: 2000 };
    lamp = await goods(app, { prices, stock: 1_000 });
    book = await goods(app, { price: 1000, stock: 1_000, taxClass: 'reduced' });
  });
  afterAll(async () => {
    await app?.close();
    await outside.stop();
  });

  const settings = async (patch: object) => {
    const answer = await app.patch('/v1/admin/tax-settings', patch, { token: staff });
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const change = (cart: { id: string; token: string }, patch: object) =>
    app.patch(`/v1/carts/${cart.id}`, patch, { cartToken: cart.token });
  const explained = async (cart: { id: string; token: string }) =>
    (await app.get(`/v1/carts/${cart.id}/explain`, { cartToken: cart.token })).body;
  const calculation = async (id: string) =>
    (await app.get(`/v1/admin/orders/${id}/calculation`, { token: staff })).body;

  it('is left to a business elsewhere in the EU that has a VAT id', async () => {
    await settings({ origin: { country: 'DE' } });
    const path = '/check-vat-number';
    const cart = await fillCart(app, [{ ...lamp, quantity: 3 }, book]);
    for (const [vatId, code] of [
      ['ATU13585628', 'check_digits'],
      ['AT13585627', 'malformed'],
      ['US123456789', 'unknown_country'],
    ]) {
      const refused = await change(cart, { vatId });
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/vatId', code }] } });
    }
    expect(outside.count(path)).toBe(0);

    // The register is away: charged like a consumer, unless the shop trusts the form.
    const away = await change(cart, { vatId: 'at u13585627', shippingAddress: paris });
    expect(away.body).toMatchObject({
      vatId: vienna,
      taxation: { treatment: 'taxed', vatCheck: { status: 'unverified', source: 'format' }, zone: 'France' },
      totals: { total: { amount: 5997 + 1000 + 990 } },
    });
    const consumer = away.body.totals;
    await settings({ unverifiedVatIds: 'accept' });
    const net = consumer.total.amount - consumer.tax.amount;
    const free = await app.get(`/v1/carts/${cart.id}`, { cartToken: cart.token });
    expect(free.body).toMatchObject({
      taxation: { treatment: 'reverse_charge' },
      totals: { tax: { amount: 0 }, total: { amount: net } },
    });
    await settings({ unverifiedVatIds: 'charge' });

    outside.answers[path] = { valid: true, requestIdentifier: 'WAPIAAAAW1' };
    const known = await change(cart, { vatId: vienna });
    expect(known.body).toMatchObject({
      taxation: { treatment: 'reverse_charge', vatCheck: { status: 'valid', consultation: 'WAPIAAAAW1' } },
      totals: { tax: { amount: 0 }, total: { amount: net } },
    });
    expect(outside.asked.at(-1)).toMatchObject({ path, body: { countryCode: 'AT', vatNumber: 'U13585627' } });
    // An order that staff write for the business is taxed the same, by what the register said.
    const consulted = outside.count(path);
    const draft = await app.post(
      '/v1/admin/draft-orders',
      {
        ...{ email: 'books@example.test', currency: 'EUR', shippingAddress: paris, vatId: 'at u13585627' },
        lines: [
          { variantId: lamp.variantId, quantity: 3 },
          { variantId: book.variantId, quantity: 1 },
        ],
      },
      { token: staff },
    );
    expect(draft.body).toMatchObject({
      vatId: vienna,
      quote: { taxation: { treatment: 'reverse_charge' }, totals: { total: { amount: net } } },
    });
    expect(outside.count(path)).toBe(consulted);
    const written = await app.post(
      `/v1/admin/draft-orders/${draft.body.id}/placement`,
      { expectedTotal: draft.body.quote.totals.total, payLater: true, mail: false },
      { token: staff, key: key() },
    );
    expect((await app.get(`/v1/admin/orders/${written.body.orderId}`, { token: staff })).body).toMatchObject({
      taxation: { treatment: 'reverse_charge', vatId: vienna, vatCheck: { status: 'valid' } },
    });
    const why = await explained(cart);
    expect(why.taxation).toMatchObject({ rule: 'union_destination', treatment: 'reverse_charge' });
    expect(why.taxation.why).toContain('accounts for the tax');
    expect(why.taxes).toEqual([
      expect.objectContaining({
        title: 'Reverse charge',
        ratePpm: 0,
        amount: { amount: 0, currency: 'EUR' },
      }),
      expect.objectContaining({ title: 'Reverse charge', ratePpm: 0 }),
    ]);

    const asked = outside.count(path);
    const bought = await checkOut(app, cart, { body: { shippingAddress: paris } });
    expect(bought).toMatchObject({
      status: 201,
      body: {
        totals: { tax: { amount: 0 }, total: { amount: net } },
        taxation: {
          treatment: 'reverse_charge',
          vatId: vienna,
          note: expect.stringContaining('Reverse charge'),
          vatCheck: { status: 'valid', consultation: 'WAPIAAAAW1' },
        },
      },
    });
    expect(await calculation(bought.body.id)).toMatchObject({ matches: true });

    // With the checkout, in one go; what the register said within a day is not asked again.
    const other = await buy(app, [lamp], { body: { shippingAddress: paris, vatId: vienna } });
    expect(other.answer.body).toMatchObject({ taxation: { treatment: 'reverse_charge' } });
    expect(outside.count(path)).toBe(asked);
    const athome = await buy(app, [lamp], { body: { vatId: vienna } });
    expect(athome.answer.body).toMatchObject({
      taxation: { treatment: 'taxed', rule: 'domestic_destination' },
    });

    outside.answers[path] = { valid: false };
    const invalid = await change(await fillCart(app, [lamp]), {
      vatId: 'DK13585628',
      shippingAddress: paris,
    });
    expect(invalid.body.taxation).toMatchObject({ treatment: 'taxed', vatCheck: { status: 'invalid' } });
    expect((await change(await fillCart(app, [lamp]), { vatId: null })).body.vatId).toBeNull();

    // Nothing else than pieces of what was paid goes back, and all of it together is all of it.
    const [line] = bought.body.lines;
    expect(line.unitPrice.amount).toBe(Math.round(line.total.amount / 3));
    expect(await imbalance(app)).toBeNull();
  });

  it('knows parts of countries, several rates at once, and rates that change at their moment', async () => {
    const zones = '/v1/admin/tax-zones';
    const standard = { taxClass: 'standard', title: 'GST', ratePpm: 50_000, jurisdiction: 'Canada' };
    const quebec = {
      name: 'Quebec',
      countries: [],
      areas: [{ country: 'CA', region: 'ca-qc' }],
      pricesIncludeTax: false,
      rates: [standard, { ...standard, title: 'QST', ratePpm: 99_750, jurisdiction: 'Quebec' }],
    };
    const post = (body: object) => app.post(zones, body, { token: staff });
    expect(await post({ ...quebec, rates: [standard, { ...standard, title: 'Again' }] })).toMatchObject({
      status: 422,
      body: { code: 'ordering.tax_rates_overlap', errors: [{ pointer: '/rates/1', code: 'overlaps' }] },
    });
    expect(await post({ ...quebec, areas: [{ country: 'CA' }] })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/areas/0', code: 'required' }] },
    });
    // A class that nothing has, or goods of a class without a rate, would be taxed with nothing.
    for (const [rates, pointer, code] of [
      [[standard, { ...standard, taxClass: 'foo' }], '/rates/1/taxClass', 'unknown_tax_class'],
      [[{ ...standard, taxClass: 'reduced' }], '/rates', 'required'],
    ] as const)
      expect(await post({ ...quebec, rates })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer, code }] },
      });
    const odd = await app.patch('/v1/admin/tax-settings', { shippingTaxClass: 'foo' }, { token: staff });
    expect([odd.status, odd.body.errors[0].pointer]).toEqual([400, '/shippingTaxClass']);
    const dear = [standard, { ...standard, ratePpm: 960_000, jurisdiction: 'Quebec' }];
    expect(await post({ ...quebec, rates: dear })).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'too_high' }] },
    });
    const backwards = { ...standard, validFrom: '2027-01-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' };
    expect(await post({ ...quebec, rates: [backwards] })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/rates/0/validUntil', code: 'too_early' }] },
    });
    const made = await post(quebec);
    expect(made).toMatchObject({
      status: 201,
      body: { areas: [{ country: 'CA', region: 'QC', postalPrefix: null }] },
    });
    expect(await post({ ...quebec, name: 'Also Quebec' })).toMatchObject({
      status: 409,
      body: {
        code: 'ordering.zone_conflict',
        errors: [{ pointer: '/areas/0', message: 'belongs to the tax zone Quebec' }],
      },
    });

    const montreal = { ...berlin, country: 'CA', region: 'QC', city: 'Montreal', postalCode: 'H2X 1Y4' };
    const cart = await fillCart(app, [lamp], { currency: 'USD' });
    const shown = (await change(cart, { shippingAddress: montreal })).body;
    // 20.00 and 24.90 for the way; 5 % and 9.975 % of 44.90.
    expect(shown.totals).toMatchObject({ tax: { amount: 225 + 448 }, total: { amount: 4490 + 673 } });
    const { body } = await checkOut(app, cart, { body: { shippingAddress: montreal } });
    expect(body.taxes).toMatchObject([
      { title: 'GST', jurisdiction: 'Canada', base: { amount: 4490 }, amount: { amount: 225 } },
      { title: 'QST', jurisdiction: 'Quebec', base: { amount: 4490 }, amount: { amount: 448 } },
    ]);
    expect(body.lines[0].taxLines).toHaveLength(2);
    expect(body.shipping.taxLines).toHaveLength(2);
    expect(await calculation(body.id)).toMatchObject({ matches: true });

    const soon = new Date(app.clock.now().getTime() + 3_600_000).toISOString();
    const rates = [
      { ...standard, validUntil: soon },
      { ...standard, title: 'New GST', ratePpm: 70_000, validFrom: soon },
    ];
    const one = `${zones}/${made.body.id}`;
    const at = (version: number) => ({ token: staff, headers: { 'if-match': `"${version}"` } });
    expect((await app.patch(one, { rates }, at(7))).status).toBe(412);
    expect((await app.patch(one, { rates }, at(1))).status).toBe(200);
    const next = await fillCart(app, [lamp], { currency: 'USD' });
    expect((await change(next, { shippingAddress: montreal })).body.totals.tax.amount).toBe(225);
    app.clock.advance({ hours: 2 });
    const later = await app.get(`/v1/carts/${next.id}`, { cartToken: next.token });
    expect(later.body.totals.tax.amount).toBe(314);
    const { items } = (await app.get('/v1/admin/audit?limit=5', { token: staff })).body;
    expect(items.map(({ action }: { action: string }) => action)).toContain('ordering.tax_zone.updated');
    await app.delete(one, { token: staff });
  });

  it('keeps the net abroad, and taxes shipping like the goods, when the shop says so', async () => {
    const cart = await fillCart(app, [lamp, book]);
    const same = (await change(cart, { shippingAddress: paris })).body.totals;
    expect(same.total.amount).toBe(1999 + 1000 + 990);
    const first = await settings({ foreignPrices: 'same_net', shippingTax: 'goods' });
    const kept = (await change(cart, { email })).body;
    const why = await explained(cart);
    // 26.59 with its part of the way is 22.34 without 19 %, of which the lamp has 16.79; 13.30 is 12.43 without 7 %.
    expect(why.lines.map(({ net }: { net: { amount: number } }) => net.amount)).toEqual([1679, 935]);
    expect(why.shipping.taxLines).toHaveLength(2);
    expect(why.taxation).toMatchObject({
      foreignPrices: 'same_net',
      shippingTax: 'goods',
      rounding: 'category',
    });
    const bought = await checkOut(app, cart, {
      body: { shippingAddress: paris, expectedTotal: kept.totals.total },
    });
    expect(bought.status).toBe(201);
    expect(await calculation(bought.body.id)).toMatchObject({ matches: true });
    await settings({ foreignPrices: 'same_gross', shippingTax: 'own_class', crossBorder: 'origin' });
    // Sent another way later on it is taxed as it was bought, whatever the shop says by then.
    const { id, shipping } = bought.body;
    const changes = `/v1/admin/orders/${id}/changes`;
    const way = { kind: 'edit', shippingOptionId: shipping.optionId };
    const draft = (await app.post(changes, way, { token: staff })).body;
    const { difference } = (await app.get(`${changes}/${draft.id}/preview`, { token: staff })).body;
    const confirmed = await app.post(
      `${changes}/${draft.id}/confirmation`,
      { expectedDifference: difference },
      { token: staff, key: key() },
    );
    expect(confirmed.status).toBe(200);
    const sent = (await app.get(`/v1/admin/orders/${id}`, { token: staff })).body;
    expect(sent.shipping.taxLines).toHaveLength(2);
    // Rounded by itself it is another cent than together with the goods.
    expect([shipping.price.amount, sent.shipping.price.amount]).toEqual([991, 992]);
    const below = await change(await fillCart(app, [lamp]), { shippingAddress: paris });
    expect(below.body.taxation).toMatchObject({ rule: 'union_origin', zone: 'Germany' });
    const stale = { token: staff, headers: { 'if-match': `"${first.version}"` } };
    expect((await app.patch('/v1/admin/tax-settings', { rounding: 'line' }, stale)).status).toBe(412);
    await settings({ crossBorder: 'destination' });
  });

  it('is not asked of who is exempt, by certificate or by group', async () => {
    const ada = await given.customer(app);
    // What a guest has said of the business is said for the account.
    const guest = await fillCart(app, [lamp]);
    expect((await change(guest, { vatId: vienna })).status).toBe(200);
    await app.post('/v1/carts', { currency: 'EUR' }, { token: ada.token });
    const into = { cartId: guest.id, token: guest.token };
    const merged = await app.post('/v1/me/carts/merge', into, { token: ada.token });
    expect(merged.body.cart.vatId).toBe(vienna);
    await app.patch(`/v1/carts/${merged.body.cart.id}`, { vatId: null }, { token: ada.token });
    await app.delete(`/v1/carts/${merged.body.cart.id}/lines/${merged.body.cart.lines[0].id}`, {
      token: ada.token,
    });
    const { id: customerId } = (await app.get('/v1/me', { token: ada.token })).body;
    const path = '/v1/admin/tax-exemptions';
    const certificate = { customerId, number: 'B-17', jurisdiction: 'DE', reason: 'Embassy' };
    const made = await app.post(path, certificate, { token: staff });
    expect(made).toMatchObject({ status: 201, body: { ...certificate, validUntil: null, version: 1 } });
    expect((await app.post(path, certificate, { token: staff })).status).toBe(409);
    const stranger = { ...certificate, customerId: made.body.id };
    expect((await app.post(path, stranger, { token: staff })).status).toBe(404);
    expect((await app.post(path, certificate, { token: ada.token })).status).toBe(403);
    expect((await app.get(`${path}?customerId=${customerId}`, { token: staff })).body.items).toHaveLength(1);

    const lines = [{ variantId: lamp.variantId, quantity: 1 }];
    const cart = (await app.post('/v1/carts', { currency: 'EUR', lines }, { token: ada.token })).body;
    const payment = { gateway: 'test', token: 'ok' };
    const body = { payment, shippingAddress: berlin };
    const { body: order } = await app.post(`/v1/carts/${cart.id}/checkout`, body, {
      token: ada.token,
      key: key(),
    });
    expect(order).toMatchObject({
      totals: { tax: { amount: 0 }, total: { amount: Math.round((2489 * 100) / 119) } },
      taxation: {
        treatment: 'exempt',
        exemption: { kind: 'certificate', number: 'B-17', reason: 'Embassy' },
      },
    });

    const one = `${path}/${made.body.id}`;
    const until = new Date(app.clock.now().getTime() - 1_000).toISOString();
    const at = (version: number) => ({ token: staff, headers: { 'if-match': `"${version}"` } });
    expect((await app.patch(one, { validUntil: until }, at(3))).status).toBe(412);
    expect((await app.patch(one, { validUntil: until }, at(1))).body).toMatchObject({
      validUntil: until,
      version: 2,
    });
    const over = (await app.post('/v1/carts', { currency: 'EUR', lines }, { token: ada.token })).body;
    const taxed = await app.patch(`/v1/carts/${over.id}`, { shippingAddress: berlin }, { token: ada.token });
    expect(taxed.body.taxation.treatment).toBe('taxed');
    expect((await app.delete(one, at(2))).status).toBe(204);
    expect((await app.get(one, { token: staff })).status).toBe(404);
  });

  it('is what somebody outside says, once for the same question, and our own when nobody does', async () => {
    const path = '/taxes';
    const tax = (amount: number) => ({ title: 'City', ratePpm: 88_750, jurisdiction: 'New York', amount });
    const newYork = { ...berlin, country: 'US', region: 'NY', city: 'New York', postalCode: '10001' };
    await settings({ origin: null });
    const cart = await fillCart(app, [lamp], { currency: 'USD' });
    const own = await change(cart, { shippingAddress: newYork });
    expect(own.body).toMatchObject({ taxation: { source: 'fallback' }, totals: { tax: { amount: 0 } } });

    // That there is no answer is kept for a minute: nobody waits for another.
    outside.answers[path] = { lines: [{ taxes: [tax(99_999)] }], shipping: { taxes: [] } };
    const silent = outside.count(path);
    await app.get(`/v1/carts/${cart.id}`, { cartToken: cart.token });
    expect(outside.count(path)).toBe(silent);
    app.clock.advance({ seconds: 61 });
    const odd = await app.get(`/v1/carts/${cart.id}`, { cartToken: cart.token });
    expect(odd.body.taxation.source).toBe('fallback');
    expect(outside.count(path)).toBe(silent + 1);
    app.clock.advance({ seconds: 61 });

    outside.answers[path] = { lines: [{ taxes: [tax(178)] }], shipping: { taxes: [tax(177)] } };
    // Many who want to know the same at once ask once.
    const all = await Promise.all(
      Array.from({ length: 5 }, () => app.get(`/v1/carts/${cart.id}`, { cartToken: cart.token })),
    );
    expect(outside.count(path)).toBe(silent + 2);
    const shown = all[0] as (typeof all)[number];
    expect(shown.body).toMatchObject({ taxation: { source: 'provider' }, totals: { tax: { amount: 355 } } });
    expect(outside.asked.at(-1)).toMatchObject({
      path,
      authorization: 'Bearer a word for the provider',
      body: { currency: 'USD', to: { country: 'US', region: 'NY', postalCode: '10001' } },
    });
    expect(JSON.stringify(outside.asked.at(-1)?.body)).not.toContain('Unter den Linden');

    // Somebody puts more in and dies before the answer; who repeats it puts in nothing again.
    const other = await fillCart(app, [lamp], { currency: 'USD' });
    await change(other, { shippingAddress: newYork });
    const once = { cartToken: other.token, key: key() };
    const more = () =>
      app.post(`/v1/carts/${other.id}/lines`, { variantId: lamp.variantId, quantity: 1 }, once);
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      armFailpoint(null);
      throw new Error('died');
    });
    armFailpoint('answers.after_write');
    expect((await more()).status).toBe(500);
    kill.mockRestore();
    const added = await more();
    expect(added).toMatchObject({
      status: 201,
      body: { lines: [{ quantity: 2 }], taxation: { source: 'provider' }, totals: { tax: { amount: 355 } } },
    });
    expect((await more()).text).toBe(added.text);

    // Whatever it says now: the checkout takes what was shown.
    outside.answers[path] = { lines: [{ taxes: [tax(500)] }], shipping: { taxes: [] } };
    const asked = outside.count(path);
    const bought = await checkOut(app, cart, {
      body: { shippingAddress: newYork, expectedTotal: shown.body.totals.total },
    });
    expect(bought).toMatchObject({
      status: 201,
      body: {
        taxation: { source: 'provider' },
        taxes: [{ title: 'City', jurisdiction: 'New York', amount: { amount: 355 } }],
      },
    });
    expect(outside.count(path)).toBe(asked);
    expect(await calculation(bought.body.id)).toMatchObject({ matches: true });

    // A VAT id that was good yesterday is asked about again: whoever saw no tax is not charged it unseen.
    await settings({ origin: { country: 'DE' } });
    outside.answers['/check-vat-number'] = { valid: true, requestIdentifier: 'WAPIAAAAW2' };
    const business = await fillCart(app, [lamp]);
    const checked = await change(business, { vatId: vienna, shippingAddress: paris });
    expect(checked.body.taxation.treatment).toBe('reverse_charge');
    app.clock.advance({ hours: 25 });
    outside.answers['/check-vat-number'] = { valid: false };
    const old = await checkOut(app, business, { body: { shippingAddress: paris } });
    expect([old.status, old.body.code]).toEqual([409, 'ordering.cart_changed']);
    const again = await app.get(`/v1/carts/${business.id}`, { cartToken: business.token });
    expect(again.body.taxation).toMatchObject({ treatment: 'taxed', vatCheck: { status: 'invalid' } });
    expect(old.body.totals.total).toEqual(again.body.totals.total);
    await settings({ origin: null });

    // Told a day later, it is another answer, which nobody was shown.
    const later = await fillCart(app, [{ ...lamp, quantity: 2 }], { currency: 'USD' });
    const answers = (amount: number) => ({ lines: [{ taxes: [tax(amount)] }], shipping: { taxes: [] } });
    outside.answers[path] = answers(100);
    const known = await change(later, { shippingAddress: newYork });
    expect(known.body.totals.tax.amount).toBe(100);
    app.clock.advance({ hours: 25 });
    outside.answers[path] = answers(300);
    const unseen = await checkOut(app, later, { body: { shippingAddress: newYork } });
    expect([unseen.status, unseen.body.code]).toEqual([409, 'ordering.cart_changed']);
    expect(unseen.body.totals.tax.amount).toBe(300);
    const seen = await checkOut(app, later, { body: { shippingAddress: undefined } });
    expect(seen.status).toBe(201);

    app.clock.advance({ days: 31 });
    await app.run('ordering.forget_tax_answers');
    await app.run('platform.forget_vat_checks');
    const [left] = await app.database.query<{ n: number }>(
      'SELECT (SELECT count(*) FROM ordering.tax_quotes)::int + (SELECT count(*) FROM platform.vat_checks)::int AS n',
    );
    expect(left?.n).toBe(0);
  });

  it('is not guessed when the shop needs the answer of its provider', async () => {
    const url = `http://127.0.0.1:${outside.port}`;
    const strict = await startApp({
      ...{ TAX_PROVIDER_URL: `${url}/silence`, TAX_PROVIDER_FALLBACK: 'refuse', TAX_TIMEOUT_MS: '2000' },
    });
    try {
      const thing = await goods(strict, { price: 1999, stock: 10 });
      const cart = await fillCart(strict, [thing]);
      for (let pause = 0; pause < 5; pause++) {
        const refused = await checkOut(strict, cart);
        expect([refused.status, refused.body.code]).toEqual([503, 'ordering.tax_unknown']);
        strict.clock.advance({ seconds: 61 });
      }
      // After three failures in a row nobody asks for a while.
      expect(outside.count('/silence')).toBe(3);
    } finally {
      await strict.close();
    }
  });

  it('is left to a business elsewhere in the EU that has subscribed', async () => {
    const path = '/check-vat-number';
    const eur = (amount: number) => ({ amount, currency: 'EUR' });
    const asStaff = () => ({ token: staff, key: key() });
    const seller = {
      name: 'Guildhall Trading GmbH',
      address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
      ...{ vatId: 'DE136695976', timeZone: 'Europe/Berlin' },
    };
    await app.put('/v1/admin/seller-profile', seller, { token: staff });
    const plan = async (code: string, pricesIncludeTax: boolean) => {
      const taxes = [{ countries: ['*'], category: 'S', ratePpm: 250_000, title: 'VAT 25 %' }];
      const interval = { unit: 'month', count: 1 };
      const terms = { interval, pricesIncludeTax, prices: [{ amount: eur(1250) }], taxes };
      return (await app.post('/v1/admin/plans', { code, title: code, terms }, asStaff())).body.id;
    };
    const [inside, net] = [await plan('tax-inside', true), await plan('tax-on-top', false)];
    const { token } = await given.customer(app);
    await app.post('/v1/me/payment-methods', { gateway: 'test', token: 'ok' }, { token, key: key() });
    const copenhagen = { ...berlin, country: 'DK', city: 'København', postalCode: '1050' };
    const subscribe = async (planId: string, extra: object = {}) =>
      app.post(
        '/v1/me/subscriptions',
        { planId, currency: 'EUR', billingAddress: copenhagen, ...extra },
        { token, key: key() },
      );
    const details = async (id: string, input: object) =>
      (await app.patch(`/v1/me/subscriptions/${id}`, input, { token })).body;
    const invoices = async (id: string) => {
      const { items } = (await app.get(`/v1/admin/invoices?subscriptionId=${id}`, { token: staff })).body;
      const ids: string[] = items.map((one: { id: string }) => one.id);
      const all = ids.map((one) => app.get(`/v1/admin/invoices/${one}`, { token: staff }));
      return (await Promise.all(all)).map(({ body }) => body).toReversed();
    };
    const month = async () => {
      app.clock.advance({ days: 31 });
      await app.app.get(PaymentGateway).moveClock(app.clock.now());
      await app.run('billing.renew_subscriptions');
      await app.run('billing.collect');
      await app.settle();
    };
    const odense = 'DK88146328';

    // Who cannot be asked about is taxed, unless the shop takes the id as it is.
    outside.answers[path] = null;
    const unknown = (await subscribe(net, { vatId: odense })).body;
    expect([unknown.state, unknown.reverseCharge]).toEqual(['active', false]);
    expect((await invoices(unknown.id))[0]).toMatchObject({
      total: eur(1563),
      content: { buyer: { vatId: odense, vatCheck: { status: 'unverified', ref: null } } },
    });
    const accepting = { ...seller, unverifiedVatIds: 'accept' };
    await app.put('/v1/admin/seller-profile', accepting, { token: staff });
    expect((await subscribe(net, { vatId: odense })).body.reverseCharge).toBe(true);
    await app.put('/v1/admin/seller-profile', seller, { token: staff });

    // A checked one accounts for the tax itself, which is taken out of prices that have it inside.
    outside.answers[path] = { valid: true, requestIdentifier: 'WAPIAAAAW7' };
    const { id } = (await subscribe(inside, { vatId: odense })).body;
    const [first] = await invoices(id);
    const note = expect.stringContaining('Reverse charge');
    const none = { category: 'AE', ratePpm: 0, amount: eur(0), base: eur(1000), reason: note };
    const freed = { total: eur(1000), content: { taxes: [none], notes: [note] } };
    expect(first).toMatchObject({
      ...freed,
      content: {
        ...freed.content,
        buyer: { vatId: odense, vatCheck: { status: 'valid', ref: 'WAPIAAAAW7' } },
      },
    });
    const url = `/v1/admin/invoices/${first.id}/document?format=ubl`;
    const { text } = await app.get(url, { token: staff });
    expect(text).toContain('VATEX-EU-AE');
    expect(text).toContain(odense);
    // At home there is nothing to leave to anybody; a slip of the finger is told.
    expect((await subscribe(net, { vatId: odense, billingAddress: berlin })).body.reverseCharge).toBe(false);
    expect(await details(id, { vatId: 'DK88146329' })).toMatchObject({
      errors: [{ pointer: '/vatId', code: 'check_digits' }],
    });
    // What is charged and given back within the period is taxed as its period was.
    const wish = { quantity: 2, behaviour: 'invoice_now' };
    const shown = await app.post(`/v1/me/subscriptions/${id}/changes/preview`, wish, { token, key: key() });
    expect(shown.body.dueNow).toEqual(eur(1000));
    const { quote } = shown.body;
    await app.post(`/v1/me/subscriptions/${id}/changes`, { quote }, { token, key: key() });

    for (const other of (await app.get('/v1/me/subscriptions', { token })).body.items)
      if (other.id !== id) {
        const end = `/v1/me/subscriptions/${other.id}/cancellation`;
        expect((await app.post(end, { when: 'now' }, { token, key: key() })).status).toBe(200);
      }
    // A register that is away holds no renewal up, and what it said last stands.
    outside.answers[path] = null;
    let asked = outside.count(path);
    await month();
    expect(outside.count(path)).toBeGreaterThan(asked);
    expect((await invoices(id)).at(-1)).toMatchObject({ state: 'paid', total: eur(2000) });
    outside.answers[path] = { valid: false };
    await month();
    expect((await invoices(id)).at(-1)).toMatchObject({
      ...{ state: 'paid', total: eur(2500) },
      content: { taxes: [{ category: 'S' }], buyer: { vatCheck: { status: 'invalid' } } },
    });
    // What was sent before and is good again counts from the next invoice on; what is taken away does not.
    outside.answers[path] = { valid: true, requestIdentifier: 'WAPIAAAAW8' };
    asked = outside.count(path);
    await month();
    expect(outside.count(path)).toBe(asked + 1);
    expect((await invoices(id)).at(-1)).toMatchObject({ total: eur(2000) });
    expect(await details(id, { vatId: null })).toMatchObject({ reverseCharge: false });
    const less = { quantity: 1, behaviour: 'invoice_now' };
    const refused = await app.post(`/v1/me/subscriptions/${id}/changes/preview`, less, { token, key: key() });
    expect(refused.body.errors).toMatchObject([{ pointer: '/behaviour' }]);
    await month();
    expect((await invoices(id)).at(-1)).toMatchObject({
      ...{ total: eur(2500), content: { buyer: { vatId: null }, taxes: [{ category: 'S' }] } },
    });
    expect(await imbalance(app)).toBeNull();
  });

  it('has the register asked so often for a cart, and no oftener', async () => {
    // Nobody answers, so each question would be asked; what another cart has had says nothing of this one.
    outside.answers['/check-vat-number'] = null;
    const busy = await fillCart(app, [lamp]);
    const sent = await Promise.all(Array.from({ length: 12 }, () => change(busy, { vatId: 'DE136695976' })));
    const stopped = sent.filter(({ status }) => status === 429);
    expect(stopped).toHaveLength(2);
    expect(Number(stopped[0]?.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect((await change(await fillCart(app, [lamp]), { vatId: 'DE136695976' })).status).toBe(200);
  });
});
