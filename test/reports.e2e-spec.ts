import { EventEmitter, once } from 'node:events';
import { jest } from '@jest/globals';
import { CatalogApi } from '../src/catalog/catalog.api.js';
import { OrderingPersonalData } from '../src/ordering/order/personal-data.service.js';
import { ReportOrdersRepository } from '../src/ordering/report/report-orders.repository.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { newId } from '../src/platform/ids.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { untilWaiting } from './support/locks.js';
import { buy, checkOut, email, fillCart, key, setStock } from './support/purchase.js';

type Body = Answer['body'];
type Goods = { variantId: string; sku: string; productId: string };

const ROOT = '/v1/admin/reports';
const HOUR_MS = 3_600_000;

/** Until so many statements wait for a lock. */
const waits = ({ database }: TestApp, many = 1): Promise<void> =>
  untilWaiting((sql) => database.query(sql), many);

describe('reports', () => {
  let app: TestApp;
  let token: string;
  let lamp: Goods;
  let book: Goods;
  let rooms: Body;
  let promotion: Body;
  /** A day of UTC, the one before it, and the one after it. */
  let day: string;
  let before: string;
  let next: string;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    rooms = (await app.post('/v1/admin/categories', { handle: 'rooms', title: 'Rooms' }, { token })).body;
    await app.post(
      '/v1/admin/categories',
      { handle: 'light', title: 'Light', parentId: rooms.id },
      { token },
    );
    lamp = await thing('=SUM(A1)', 2000, ['light']);
    book = await thing('A book', 1000, []);
    const offer = {
      title: 'Ten off',
      group: 'product',
      trigger: 'code',
      effect: { type: 'percent', ppm: 100_000 },
    };
    promotion = (await app.post('/v1/admin/promotions', { ...offer, status: 'active' }, { token })).body;
    await app.post(`/v1/admin/promotions/${promotion.id}/codes`, { code: 'TEN' }, { token, key: key() });
    // Tomorrow at 18:20, when it is 23:50 in Kolkata, half an hour beside the others, and the day after in Tokyo.
    const now = app.clock.now().getTime();
    const at = (Math.floor(now / (24 * HOUR_MS)) + 1) * 24 * HOUR_MS + 18 * HOUR_MS + 20 * 60_000;
    app.clock.advance({ seconds: (at - now) / 1_000 });
    [before, day, next] = [-1, 0, 1].map((days) => dayOf(at + days * 24 * HOUR_MS)) as [
      string,
      string,
      string,
    ];
  });
  afterAll(() => app?.close());

  const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
  async function thing(title: string, amount: number, categories: string[]): Promise<Goods> {
    const sku = `${title.replace(/\W/g, '')}-1`;
    const prices = [
      { amount, currency: 'EUR' },
      ...(title === 'A book' ? [{ amount: 1100, currency: 'USD' }] : []),
    ];
    const variants = [{ sku, weightGrams: 100, prices, stock: [{ location: 'main', onHand: 1_000 }] }];
    const made = await given.product(app, token, { title, categories, variants });
    const { id, variants: own } = made as unknown as Body;
    return { variantId: own[0].id, sku, productId: id };
  }
  const counted = async () => {
    await app.settle();
    await app.run('ordering.update_reports');
  };
  const sales = async (query: string): Promise<Body[]> => {
    const { status, body, text } = await app.get(`${ROOT}/sales?from=${before}&to=${next}${query}`, {
      token,
    });
    if (status !== 200) throw new Error(text);
    return body.items;
  };
  const order = (orders: Body[], id: string) => orders.find((one) => one.group === id);
  const tables = async () => ({
    sales: await app.database.query(
      `SELECT * FROM ordering.report_sales WHERE orders <> 0 OR pieces <> 0 OR total <> 0 OR discount <> 0 OR canceled <> 0
         OR returned <> 0 OR refunded <> 0 ORDER BY dimension, bucket, currency, key`,
    ),
    cohorts: await app.database.query(
      'SELECT * FROM ordering.report_cohorts WHERE orders <> 0 ORDER BY currency, cohort, month',
    ),
    carts: await app.database.query('SELECT * FROM ordering.report_carts ORDER BY bucket, currency'),
  });
  async function diesInItsSecondBatch(): Promise<void> {
    let batches = 0;
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      if (++batches === 2) throw new Error('died');
      return true;
    });
    armFailpoint('reports.before_commit');
    await expect(app.run('ordering.rebuild_reports')).rejects.toThrow('died');
    armFailpoint(null);
    kill.mockRestore();
  }
  const euros = (amount: number) => ({ amount, currency: 'EUR' });

  it('say what was sold on the days of a zone, of what, where, and by which promotion', async () => {
    const first = (await buy(app, [{ ...lamp, quantity: 2 }])).answer.body;
    app.clock.advance({ minutes: 20 });
    const cart = await fillCart(app, [lamp, { ...book, quantity: 3 }]);
    await app.patch(`/v1/carts/${cart.id}`, { promotionCodes: ['TEN'] }, { cartToken: cart.token });
    const second = (await checkOut(app, cart)).body;
    const dollars = await fillCart(app, [book], { currency: 'USD', email: 'bea@example.test' });
    expect((await checkOut(app, dollars)).status).toBe(201);
    await counted();

    const [euro, dollar] = await sales('');
    expect(euro).toMatchObject({
      group: day,
      orders: 2,
      pieces: 6,
      gross: euros(9000),
      discount: euros(500),
    });
    expect(euro.total.amount).toBe(first.totals.total.amount + second.totals.total.amount);
    expect(euro.tax.amount).toBe(first.totals.tax.amount + second.totals.tax.amount);
    expect(euro.net.amount + euro.tax.amount).toBe(euro.total.amount);
    expect(euro.averageOrder.amount).toBe(Math.round(euro.total.amount / 2));
    expect(dollar).toMatchObject({ group: day, currency: 'USD', orders: 1, gross: { amount: 1100 } });

    const kolkata = await sales('&timeZone=Asia/Kolkata&currency=EUR');
    expect(kolkata.map((row) => [row.group, row.orders, row.pieces])).toEqual([
      [day, 1, 2],
      [next, 1, 4],
    ]);
    expect((await sales('&timeZone=Asia/Tokyo&currency=EUR')).map((row) => [row.group, row.orders])).toEqual([
      [next, 2],
    ]);
    const months = await sales('&groupBy=month&currency=EUR');
    expect(months.map((row) => [row.group, row.orders])).toEqual([[`${day.slice(0, 7)}-01`, 2]]);

    const products = await sales('&groupBy=product&currency=EUR');
    expect(products.map((row) => [row.group, row.title, row.orders, row.pieces])).toEqual([
      [lamp.productId, '=SUM(A1)', 2, 3],
      [book.productId, 'A book', 1, 3],
    ]);
    const categories = await sales('&groupBy=category&currency=EUR');
    expect(order(categories, rooms.id)).toMatchObject({
      title: 'Rooms',
      handle: 'rooms',
      orders: 2,
      pieces: 3,
    });
    expect(order(categories, '')).toMatchObject({ title: null, orders: 1, pieces: 3 });
    expect(categories).toHaveLength(3);
    expect(await sales('&groupBy=country&currency=EUR')).toMatchObject([{ group: 'DE', orders: 2 }]);
    expect(await sales('&groupBy=promotion')).toMatchObject([
      { group: promotion.id, title: 'Ten off', orders: 1, discount: euros(500), total: second.totals.total },
    ]);

    // The best of them stand first and have no page after them; page by page they come in an order that stays.
    const best = await app.get(`${ROOT}/sales?from=${before}&to=${next}&groupBy=product&limit=1`, { token });
    expect(best.body).toMatchObject({ items: [{ group: lamp.productId }], nextCursor: null });
    const page = `${ROOT}/sales?from=${before}&to=${next}&groupBy=product&limit=1&sort=group`;
    const keys: string[] = [];
    for (let url: string | null = page; url !== null;) {
      const { body } = await app.get(url, { token });
      keys.push(...body.items.map((row: Body) => row.group + row.currency));
      url = body.nextCursor === null ? null : `${page}&cursor=${body.nextCursor}`;
    }
    expect(keys).toEqual((await sales('&groupBy=product')).map((row) => row.group + row.currency).sort());
  });

  it('take off what is canceled or comes back when that happens, once, however often it is told', async () => {
    const was = (await sales('&currency=EUR&groupBy=country'))[0];
    const { body: canceled } = (await buy(app, [lamp])).answer;
    const { cart, answer } = await buy(app, [{ ...lamp, quantity: 2 }]);
    await app.settle();
    await app.post(`/v1/admin/orders/${answer.body.id}/fulfilments`, {}, { token, key: key() });
    await counted();
    app.clock.advance({ hours: 24 });
    const gone = await app.post(`/v1/orders/${canceled.id}/cancellation`, {}, { token, key: key() });
    expect(gone.text).toContain('"status":"canceled"');

    const [line] = answer.body.lines;
    const piece = { lineId: line.id, quantity: 1 };
    const asked = await app.post(
      `/v1/orders/${answer.body.id}/returns`,
      { lines: [{ ...piece, reason: 'changed_mind' }] },
      { key: key(), cartToken: cart.token },
    );
    await app.post(
      `/v1/admin/returns/${asked.body.id}/approval`,
      {},
      { token, headers: { 'if-match': '"1"' } },
    );
    const lines = [{ ...piece, condition: 'opened' }];
    await app.post(`/v1/admin/returns/${asked.body.id}/receipts`, { lines }, { token, key: key() });
    const changes = `/v1/admin/orders/${answer.body.id}/changes`;
    const draft = await app.post(changes, { kind: 'return', returnId: asked.body.id }, { token });
    const { difference } = (await app.get(`${changes}/${draft.body.id}/preview`, { token })).body;
    const confirmed = await app.post(
      `${changes}/${draft.body.id}/confirmation`,
      { expectedDifference: difference },
      { token, key: key() },
    );
    expect(confirmed.body.state).toBe('confirmed');
    await counted();

    const [, tomorrow] = await sales('&currency=EUR');
    expect(tomorrow).toMatchObject({
      group: next,
      orders: 0,
      canceled: 1,
      pieces: 0,
      returnedPieces: 2,
      averageOrder: null,
    });
    expect(tomorrow.returned.amount).toBe(canceled.totals.total.amount - difference.amount);
    expect(tomorrow.total.amount).toBe(-tomorrow.returned.amount);
    expect(tomorrow.refunded.amount).toBe(canceled.totals.total.amount - difference.amount);
    const [now] = await sales('&currency=EUR&groupBy=country');
    expect(now.total.amount - was.total.amount).toBe(answer.body.totals.total.amount + difference.amount);

    // Told again, in another order, nothing is counted twice.
    const seen = await tables();
    await app.database.execute(
      `UPDATE platform.deliveries SET state = 'pending', enqueued_at = now() - interval '1 day'
       WHERE consumer LIKE 'ReportSubscribers.%'`,
    );
    await app.run('platform.sweep_deliveries');
    await counted();
    expect(await tables()).toEqual(seen);
    expect((await app.get(`${ROOT}/status`, { token })).body).toMatchObject({ waiting: 0 });
  });

  it('come to the same when all orders are counted again, also by one who follows one who died', async () => {
    const seen = await tables();
    expect(seen.sales.length).toBeGreaterThan(5);
    await app.database.execute('UPDATE ordering.report_sales SET orders = orders + 7, total = total - 1');
    await app.database.execute('UPDATE ordering.report_cohorts SET customers = customers + 1');
    const asked = await app.post(`${ROOT}/rebuild`, undefined, { token });
    expect([asked.status, asked.body.rebuilding]).toEqual([202, true]);
    expect(await sales('')).toEqual([]);
    // What becomes known meanwhile is counted once as well.
    await app.database.execute('INSERT INTO ordering.report_due SELECT id FROM ordering.orders LIMIT 2');
    await app.run('ordering.update_reports');
    await diesInItsSecondBatch();
    const [{ rebuild_after: reached } = { rebuild_after: '' }] = await app.database.query<{
      rebuild_after: string;
    }>('SELECT rebuild_after FROM ordering.report_state');
    expect(reached).toMatch(/^0[^0]/);
    await app.run('ordering.rebuild_reports');
    expect((await app.get(`${ROOT}/status`, { token })).body).toEqual({ rebuilding: false, waiting: 0 });
    expect(await tables()).toEqual(seen);
    await app.run('ordering.rebuild_reports');
    expect(await tables()).toEqual(seen);
  });

  it('know who comes back, and what was left behind', async () => {
    const month = day.slice(0, 7);
    const path = `${ROOT}/customers?from=${month}&to=${next.slice(0, 7)}&currency=EUR`;
    const [known] = (await app.get(path, { token })).body.items;
    expect(known).toMatchObject({ orders: 3, newCustomers: 1, repeaters: 1, repeatPpm: 1_000_000 });
    expect(known.cohorts).toMatchObject([{ cohort: month, customers: 1, repeaters: 1 }]);
    const table = await app.get(path.replace('/customers?', '/customers.csv?'), { token });
    const [head, ...lines] = table.text.trimEnd().split('\r\n');
    expect(head).toBe('cohort,month,currency,customers,repeaters,orders,total');
    expect(lines).toHaveLength(known.cohorts[0].months.length);
    for (const [index, one] of known.cohorts[0].months.entries())
      expect(lines[index]).toMatch(
        new RegExp(`^${month},${one.month},EUR,${one.customers},\\d+,${one.orders},[\\d.]+$`),
      );
    expect(known.averageOrder.amount).toBe(Math.round(known.total.amount / 3));

    const cart = await fillCart(app, [{ ...lamp, quantity: 2 }], { email: 'cleo@example.test' });
    await fillCart(app, [book], { email: 'dora@example.test' });
    const left = `${ROOT}/carts?from=${dayOf(app.clock.now().getTime())}&to=${dayOf(app.clock.now().getTime())}`;
    // Carts keep the time of their change by the clock of the shop, and are left after some hours.
    app.clock.advance({ hours: 6 });
    await counted();
    await counted();
    expect((await app.get(left, { token })).body.items).toMatchObject([
      { currency: 'EUR', abandoned: 2, pieces: 3, value: euros(5000), recovered: 0, recoveryPpm: 0 },
    ]);
    const { body } = await checkOut(app, cart);
    await counted();
    expect((await app.get(left, { token })).body.items).toMatchObject([
      { abandoned: 2, recovered: 1, recoveredTotal: body.totals.total, recoveryPpm: 500_000 },
    ]);
    const file = await app.get(left.replace('/carts?', '/carts.csv?'), { token });
    expect(file.text.split('\r\n')[1]).toMatch(/^\d{4}-\d\d-\d\d,EUR,2,3,50\.00,1,[\d.]+,500000$/);
  });

  it('say what lies on the shelves and what it is worth, now and day by day', async () => {
    const made = await app.post(
      '/v1/admin/locations',
      { code: 'loft', name: 'Loft', priority: 9 },
      { token },
    );
    expect(made.status).toBe(201);
    const stock = (onHand: number) => [{ location: 'loft', onHand }];
    const prices = [
      { amount: 1500, currency: 'EUR' },
      { amount: 1700, currency: 'USD' },
    ];
    const bowl = (await given.product(app, token, {
      title: 'Bowl',
      categories: ['light'],
      variants: [
        { sku: 'BOWL-S', options: { Size: 'S' }, prices, cost: euros(601), stock: stock(3) },
        { sku: 'BOWL-L', options: { Size: 'L' }, prices: prices.slice(0, 1), stock: stock(2) },
      ],
    })) as unknown as Body;
    const jar = (await given.product(app, token, {
      title: 'Jar',
      variants: [{ sku: 'JAR', cost: { amount: 90, currency: 'USD' }, stock: stock(10) }],
    })) as unknown as Body;
    const [small, large] = bowl.variants;
    expect([small.cost, large.cost]).toEqual([euros(601), null]);
    const stocks = async (query: string) =>
      (await app.get(`${ROOT}/stock?location=loft${query}`, { token })).body.items as Body[];
    const loft = { group: 'loft', title: 'Loft', handle: null, allocated: 0 };
    const dollars = (amount: number) => ({ amount, currency: 'USD' });
    const rows = [
      {
        ...loft,
        currency: 'EUR',
        ...{ variants: 2, variantsWithoutCost: 1, variantsWithoutPrice: 0, onHand: 5 },
        ...{ atCost: euros(1803), atPrice: euros(7500) },
      },
      {
        ...loft,
        currency: 'USD',
        ...{ variants: 2, variantsWithoutCost: 1, variantsWithoutPrice: 1, onHand: 13 },
        ...{ atCost: dollars(900), atPrice: dollars(5100) },
      },
    ];
    expect(await stocks('')).toEqual(rows);
    expect(await stocks('&groupBy=category&currency=EUR')).toMatchObject([
      { handle: 'rooms', onHand: 5, atPrice: euros(7500) },
      { handle: 'light', onHand: 5, atPrice: euros(7500) },
    ]);
    expect((await stocks('&groupBy=category&currency=USD')).map(({ group }) => group === '')).toEqual([
      false,
      false,
      true,
    ]);
    const first = await app.get(`${ROOT}/stock?location=loft&groupBy=product&limit=2`, { token });
    const rest = await stocks(`&groupBy=product&limit=2&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...rest].map(({ group, currency }) => [group, currency])).toEqual([
      [bowl.id, 'EUR'],
      [bowl.id, 'USD'],
      [jar.id, 'USD'],
    ]);
    const file = await app.get(`${ROOT}/stock.csv?location=loft`, { token });
    expect(file.text.split('\r\n').slice(1, 3)).toEqual([
      'loft,Loft,,EUR,2,1,0,5,0,18.03,75.00',
      'loft,Loft,,USD,2,1,1,13,0,9.00,51.00',
    ]);

    // Noted once a day, though the job runs twice, at once, and on what has changed since.
    const today = dayOf(app.clock.now().getTime());
    const tomorrow = dayOf(app.clock.now().getTime() + 24 * HOUR_MS);
    const note = () => app.run('catalog.note_stock_value');
    await Promise.all([note(), note()]);
    await app.patch(`/v1/admin/variants/${large.id}`, { cost: euros(1001) }, { token });
    await note();
    app.clock.advance({ hours: 24 });
    await note();
    const days = `${ROOT}/stock/days?location=loft&from=${today}`;
    const seen = (await app.get(days, { token })).body.items;
    const { group: _group, handle: _handle, ...euro } = rows[0] as Body;
    expect(seen.map(({ day: on, currency }: Body) => [on, currency])).toEqual([
      [today, 'EUR'],
      [today, 'USD'],
      [tomorrow, 'EUR'],
      [tomorrow, 'USD'],
    ]);
    expect(seen[0]).toEqual({ ...euro, day: today, location: 'loft' });
    expect(seen[2]).toMatchObject({ variantsWithoutCost: 0, atCost: euros(3805) });
    const page = (await app.get(`${days}&limit=3`, { token })).body;
    expect((await app.get(`${days}&limit=3&cursor=${page.nextCursor}`, { token })).body.items).toEqual([
      seen[3],
    ]);
    const lines = (await app.get(days.replace('days?', 'days.csv?'), { token })).text.split('\r\n');
    expect(lines[1]).toBe(`${today},loft,Loft,EUR,2,1,0,5,0,18.03,75.00`);

    // It is the shop's own business.
    const shown = await app.get(`/v1/products/${bowl.handle}`);
    expect([shown.status, /cost|601|1001/i.test(shown.text)]).toEqual([200, false]);
    expect((await app.get(`${ROOT}/stock`)).status).toBe(401);
    expect((await app.get(`${ROOT}/stock.csv?location=%00`, { token })).status).toBe(400);
    expect((await app.get(`${ROOT}/stock/days?from=2026-02-30`, { token })).body.errors).toMatchObject([
      { pointer: '/from', code: 'not_day' },
    ]);
    const odd = await app.patch(
      `/v1/admin/variants/${small.id}`,
      { cost: { amount: -1, currency: 'EUR' } },
      { token },
    );
    expect([odd.status, odd.body.errors]).toMatchObject([400, [{ pointer: '/cost/amount' }]]);
    const gone = await app.patch(`/v1/admin/variants/${small.id}`, { cost: null }, { token });
    expect(gone.body.variants.map(({ cost }: Body) => cost)).toEqual([null, euros(1001)]);
  });

  it('miss nothing that becomes known while they are written, and count no sale that was none', async () => {
    const relic = await thing('A relic', 3000, []);
    await setStock(app, relic, 1);
    const { body: late } = (await buy(app, [relic], { token: 'timeout_after+drop' })).answer;
    await app.database.transaction(async () => {
      await app.database.execute(`UPDATE ordering.orders SET status = 'expired' WHERE id = $1`, [late.id]);
      await app.app.get(CatalogApi, { strict: false }).release(late.id);
    });
    const { body: sold } = (await buy(app, [relic])).answer;
    app.clock.advance({ minutes: 6 });
    await app.run('billing.repair');
    await counted();
    const ofRelic = async () => {
      const { body } = await app.get(`${ROOT}/sales?groupBy=product&sort=group`, { token });
      return order(body.items, relic.productId);
    };
    // Placed and canceled in one: its goods were gone when its money came.
    expect(await ofRelic()).toMatchObject({ orders: 2, canceled: 1, total: sold.totals.subtotal });

    // Money goes back in a transaction that is not over when the writer comes.
    const refunded = async () =>
      (await app.get(`${ROOT}/sales?groupBy=country&currency=EUR`, { token })).body.items[0].refunded.amount;
    const was = await refunded();
    const orders = app.app.get(ReportOrdersRepository);
    await orders.mark([sold.id]);
    const gate = new EventEmitter();
    const refund = app.database.transaction(async () => {
      await orders.refund(newId(), sold.id, 700, app.clock.now(), false);
      gate.emit('told');
      await once(gate, 'open');
    });
    await once(gate, 'told');
    const writing = app.run('ordering.update_reports');
    await Promise.race([writing, waits(app)]);
    gate.emit('open');
    await Promise.all([refund, writing]);
    await app.run('ordering.update_reports');
    expect((await refunded()) - was).toBe(700);

    // Somebody is erased while the writer has read who ordered, and has not written it.
    const keyOf = async (id: string) => {
      const [row] = await app.database.query<{ key: string }>(
        `SELECT encode(customer_key, 'hex') AS key FROM ordering.report_orders WHERE order_id = $1`,
        [id],
      );
      return row?.key;
    };
    const known = await keyOf(sold.id);
    const { body: last } = (await buy(app, [book])).answer;
    await app.settle();
    const brake = app.database.transaction(async () => {
      await app.database.execute('LOCK TABLE catalog.categories IN ACCESS EXCLUSIVE MODE');
      gate.emit('told');
      await once(gate, 'open');
    });
    await once(gate, 'told');
    const again = app.run('ordering.update_reports');
    await waits(app);
    const subject = { customerId: null, email };
    const erasing = app.database.transaction(() => app.app.get(OrderingPersonalData).erase(subject));
    await Promise.race([erasing, waits(app, 2)]);
    gate.emit('open');
    await Promise.all([brake, again, erasing]);
    expect([known, await keyOf(sold.id), await keyOf(last.id)]).toEqual([
      expect.any(String),
      expect.not.stringMatching(known ?? ''),
      expect.not.stringMatching(known ?? ''),
    ]);
  });

  it('open in a spreadsheet that runs nothing of them', async () => {
    const query = `from=${before}&to=${next}&groupBy=product&currency=EUR`;
    const { status, text, headers } = await app.get(`${ROOT}/sales.csv?${query}`, { token });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    const [head, first] = text.split('\r\n');
    expect(head).toBe(
      'group,title,handle,currency,orders,canceled,pieces,returnedPieces,gross,discount,shipping,returned,tax,net,total,refunded,averageOrder',
    );
    expect(first).toContain(`${lamp.productId},'=SUM(A1),,EUR,`);
    const [, , negative] = (
      await app.get(`${ROOT}/sales.csv?from=${before}&to=${next}&currency=EUR`, { token })
    ).text.split('\r\n');
    expect(negative).toMatch(/,-\d+\.\d\d,/);
  });

  it('are for those who may read them, of days and zones that there are', async () => {
    const range = `from=${before}&to=${next}`;
    const [keeper, support] = [
      await given.staff(app, ['catalog-manager'], token),
      await given.staff(app, ['support'], token),
    ];
    expect((await app.get(`${ROOT}/sales?${range}`, { token: keeper.token })).status).toBe(403);
    expect((await app.get(`${ROOT}/sales?${range}`)).status).toBe(401);
    expect((await app.get(`${ROOT}/sales?${range}`, { token: support.token })).status).toBe(200);
    expect((await app.post(`${ROOT}/rebuild`, undefined, { token: support.token })).status).toBe(403);
    const refused = async (path: string) => {
      const { status, body } = await app.get(`${ROOT}/${path}`, { token });
      return [status, body.errors[0].pointer, body.errors[0].code];
    };
    for (const zone of ['Mars/Base', '%2B02:00', 'UTC%2B2'])
      expect(await refused(`sales?${range}&timeZone=${zone}`)).toEqual([400, '/timeZone', 'not_time_zone']);
    expect(await refused(`sales.csv?${range}&timeZone=Mars/Base`)).toEqual([
      400,
      '/timeZone',
      'not_time_zone',
    ]);
    expect(await refused('sales?from=2026-02-30&to=2026-03-01')).toEqual([400, '/from', 'not_day']);
    expect(await refused('sales?from=2026-03-02&to=2026-03-01')).toEqual([400, '/to', 'too_small']);
    expect(await refused('carts?from=2020-03-02&to=2026-03-01')).toEqual([400, '/to', 'too_large']);
    expect(await refused('customers?from=2026-03&to=2026-02')).toEqual([400, '/to', 'too_small']);
    for (const name of ['sales', 'customers', 'carts']) {
      const { status, body } = await app.get(`${ROOT}/${name}`, { token });
      expect([name, status, body.items.length > 0]).toEqual([name, 200, true]);
    }
    expect(await refused(`sales?${range}&groupBy=colour`)).toEqual([400, '/groupBy', expect.any(String)]);
  });
});
