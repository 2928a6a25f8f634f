import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Workers } from '../src/platform/events/workers.js';
import { PageCacheListener } from '../src/platform/http/page-cache.listener.js';
import { TestClock } from '../src/platform/test-clock/test-clock.js';
import { startApp, type TestApp } from './support/app.js';
import { type Answer, Client } from './support/client.js';
import { given, type GivenProduct } from './support/given.js';
import { buy, fillCart, type Goods, imbalance, key, stockOf } from './support/purchase.js';
import { newFolder, RealProcess } from './support/real-process.js';

type Body = Answer['body'];

const ROOT = '/v1/admin/test-clock';
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

/**
 * Two processes on one database: a real one, which answers and does all the work, and the one of this test, which only answers
 * until the other is killed.
 */
describe('the clock of a sandbox', () => {
  let app: TestApp;
  let token: string;
  let real: RealProcess;
  let production: RealProcess;
  let shop: Client;
  let product: GivenProduct;
  let lamp: Goods;
  let customerId: string;
  const folders: string[] = [];

  beforeAll(async () => {
    app = await startApp({ PAYMENT_CAPTURE: 'manual' });
    real = launch();
    token = await given.admin(app);
    product = await given.product(app, token);
    const [{ id: variantId, sku }] = product.variants;
    lamp = { variantId, sku };
    const customer = await given.customer(app);
    customerId = (await app.get('/v1/me', { token: customer.token })).body.id;
    await app.settle();
    await app.app.get(Workers).stop();
    await app.app.get(PageCacheListener).start();
    await app.app.get(TestClock).start();
    shop = new Client(await real.url());
  });
  afterAll(async () => {
    await RealProcess.sweep(folders);
    await app?.close();
  });

  function launch(settings: Record<string, string> = {}): RealProcess {
    const folder = newFolder();
    folders.push(folder);
    return RealProcess.start({
      DATABASE_URL: app.config.databaseUrl ?? '',
      TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
      SECRET_KEY: 'a secret that only the tests know, 32+',
      DATA_DIR: app.config.dataDir,
      PUBLIC_URL: app.config.publicUrl,
      PAYMENT_CAPTURE: 'manual',
      DEMO_STORE: 'off',
      ...settings,
    });
  }
  const read = async (path: string): Promise<Body> => (await app.get(path, { token })).body;
  const both = (path: string): Promise<Answer[]> => Promise.all([app.get(path), shop.get(path)]);
  const advance = (body: object, once = key()): Promise<Answer> =>
    shop.post(`${ROOT}/advancements`, body, { token, key: once });
  const until = async ({ headers }: Answer, fits: (body: Body) => boolean): Promise<Body> => {
    const path = headers.get('location') ?? '';
    for (let look = 0; look < 3_000; look++) {
      const body = await read(path);
      if (fits(body)) return body;
      await wait(20);
    }
    throw new Error(`it never came: ${JSON.stringify(await read(path))}`);
  };
  /** Over, and well. */
  const end = async (answer: Answer): Promise<Body> => {
    const body = await until(answer, ({ state }) => state === 'finished' || state === 'failed');
    expect(body).toMatchObject({ state: 'finished', failures: [], unsettledSteps: 0, error: null });
    expect(body.reached).toBe(body.to);
    return body;
  };
  const nowOf = async (one: Client): Promise<number> => Date.parse((await one.get(ROOT, { token })).body.now);

  it('is told by all processes: pages, what caches may keep, orders and reports go by it', async () => {
    const endsAt = new Date((await nowOf(app)) + 36 * HOUR_MS);
    const offer = { title: 'Ten off', status: 'active', group: 'product', trigger: 'automatic' };
    const effect = { type: 'percent', ppm: 100_000 };
    const made = await shop.post('/v1/admin/promotions', { ...offer, effect, endsAt }, { token });
    expect(made.status).toBe(201);
    const page = `/v1/products/${product.id}`;
    const offers = async () =>
      (await both(page)).map(({ body }) => body.variants[0].promotion?.titles[0] ?? null);
    const patience = async (): Promise<number[]> =>
      (await both(page)).map(({ headers }) =>
        Number(/stale-while-revalidate=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1]),
      );
    while ((await offers()).includes(null)) await wait(20);
    expect(await patience()).toEqual([30, 30]);

    const to = new Date(endsAt.getTime() - 20_000).toISOString();
    await end(await advance({ to }));
    expect(await offers()).toEqual(['Ten off', 'Ten off']);
    for (const seconds of await patience()) expect(seconds).toBeLessThan(16);
    await end(await advance({ by: { hours: 1 } }));
    expect(await offers()).toEqual([null, null]);

    const sold = await buy(app, [lamp]);
    const { placedAt } = await read(`/v1/admin/orders/${sold.answer.body.id}`);
    expect(Date.parse(placedAt)).toBeGreaterThan(endsAt.getTime());
    await end(await advance({ by: { hours: 1 } }));
    const day = placedAt.slice(0, 10);
    const { items } = await read(`/v1/admin/reports/sales?from=${day}&to=${day}`);
    expect(items).toMatchObject([{ group: day, orders: 1 }]);
    // It takes its time to find out that it may not; what becomes of it stands at the end.
    production = launch({ NODE_ENV: 'production', TEST_GATEWAY_URL: '', PUBLIC_URL: 'https://shop.test' });
  });

  it('goes a month on: what is due happens in its order and once, through a kill in the middle', async () => {
    const begun = await nowOf(app);
    const address = `${randomUUID()}@example.test`;
    await fillCart(shop, [lamp], { email: address, remindMe: true });
    const unpaid = await buy(shop, [lamp], { token: 'sca_required' });
    expect(unpaid.answer.status).toBe(202);
    const held = await buy(shop, [lamp]);
    expect(held.answer).toMatchObject({ status: 201, body: { paymentStatus: 'authorized' } });
    const before = await stockOf(app, lamp);
    expect(before.reserved).toBe(1);

    // Far from every night, when the clock would stop anyhow.
    const endOfCredit = new Date(Math.floor(begun / DAY_MS) * DAY_MS + 3 * DAY_MS + 12 * HOUR_MS);
    const amount = { amount: 500, currency: 'EUR' };
    const gift = { customerId, amount, reason: 'The parcel was lost', expiresAt: endOfCredit };
    const credit = await shop.post('/v1/admin/store-credits', gift, { token, key: key() });
    expect(credit.status).toBe(201);

    const [once, month] = [key(), { by: { days: 30 } }];
    const first = await advance(month, once);
    expect(first).toMatchObject({ status: 202, body: { state: 'waiting', steps: 0 } });
    // The same again is the same; another one at the same time is none.
    expect((await advance(month, once)).body.id).toBe(first.body.id);
    const refused = await advance({ by: { hours: 1 } });
    expect(refused.body.code).toBe('platform.clock_moving');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(5);
    await until(first, ({ steps }) => steps > 12);
    await real.kill();
    const { state, reached } = await until(first, () => true);
    expect(state).toBe('running');
    expect(Date.parse(reached)).toBeLessThan(begun + 25 * DAY_MS);
    // Its leases would be over in a minute or so, and whoever asks is told so.
    await app.database.execute(
      `UPDATE platform.clock_advancements SET lease_until = now() + interval '50 s' WHERE state = 'running'`,
    );
    const again = await app.post(`${ROOT}/advancements`, { by: { hours: 1 } }, { token, key: key() });
    const waits = Number(again.headers.get('retry-after'));
    expect(waits).toBeGreaterThan(5);
    expect(waits).toBeLessThanOrEqual(50);
    for (const held of ['clock_advancements', 'integrity_runs'])
      await app.database.execute(`UPDATE platform.${held} SET lease_until = now()`);
    await app.app.get(Workers).start({ schedules: false });
    await app.run('platform.move_test_clock');
    const moved = await end(first);
    expect(await nowOf(app)).toBeGreaterThanOrEqual(begun + 30 * DAY_MS);

    const facts: Body[] = moved.facts;
    expect(facts).toContainEqual({ type: 'ordering.order_expired', count: 1 });
    expect(facts).toContainEqual({ type: 'billing.authorization_expiring', count: 2 });
    const { id: orderId } = unpaid.answer.body;
    expect((await read(`/v1/admin/orders/${orderId}`)).status).toBe('expired');
    const { paymentStatus } = await read(`/v1/admin/orders/${held.answer.body.id}`);
    expect(paymentStatus).toBe('voided');
    expect(await stockOf(app, lamp)).toEqual({ ...before, reserved: 0 });
    const [expired] = (await read(`/v1/admin/store-credits/${credit.body.id}/entries`)).items;
    expect(expired).toMatchObject({ kind: 'expired', amount: { amount: -500 } });
    expect(Date.parse(expired.at) - endOfCredit.getTime()).toBeLessThan(2 * HOUR_MS);
    // One that the killed process was about to send is sent when its lease is over. A stop that two reminders are due at sends one.
    const lettersThere = async () => (await app.letters()).filter(({ to }) => to === address);
    for (let look = 0; look < 5_000 && (await lettersThere()).length === 0; look++) {
      await app.database.execute(`UPDATE platform.mails SET lease_until = now() WHERE state = 'sending'`);
      await app.run('platform.sweep_deliveries');
      await wait(20);
    }
    const subjects = (await lettersThere()).map(({ subject }) => subject);
    expect([...new Set(subjects)]).toEqual(['Your cart is still here']);
    expect(subjects.length).toBeLessThanOrEqual(2);
    // Every night had its check of the books, one, and it found nothing.
    const runs: Body[] = (await read('/v1/admin/integrity/runs?limit=100')).items;
    const nights = runs.map(({ createdAt }) => createdAt.slice(0, 10));
    expect(new Set(nights).size).toBe(nights.length);
    expect(nights.length).toBeGreaterThanOrEqual(30);
    expect((await read('/v1/admin/integrity')).items).toEqual([]);
    expect(await imbalance(app)).toBeNull();
  });

  it('never goes back or too far, and production starts on no database whose clock was moved', async () => {
    const stands = (await read(ROOT)).now;
    const bad: [object, string, string][] = [
      [{}, '', 'to_or_by'],
      [{ to: stands, by: { days: 1 } }, '', 'to_or_by'],
      [{ to: stands }, '/to', 'not_ahead'],
      [{ by: {} }, '/by', 'not_ahead'],
      [{ by: { days: 366, hours: 1 } }, '/by', 'too_far'],
    ];
    for (const [body, pointer, code] of bad) {
      const { status, body: said } = await app.post(`${ROOT}/advancements`, body, { token, key: key() });
      expect([status, said.errors]).toEqual([400, [expect.objectContaining({ pointer, code })]]);
    }
    expect((await read(ROOT)).advancement.state).toBe('finished');
    const { code, complaints } = await production.ending();
    const told = /^The clock of this store was moved .+DATABASE_URL/;
    expect([code, complaints]).toEqual([1, [expect.stringMatching(told)]]);
  });
});
