import { PaymentCaptured } from '../src/billing/billing.events.js';
import { OrderPaymentSubscribers } from '../src/ordering/order/order.subscribers.js';
import { Idempotency } from '../src/platform/http/idempotency.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import {
  buy,
  type CartInHand,
  checkOut,
  fillCart,
  goods,
  imbalance,
  key,
  stockOf,
} from './support/purchase.js';

/** Runs the work for each item, so many at a time. */
async function parallel<T, R>(items: T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const one = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: width }, one));
  return results;
}

function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = status < 300 ? String(status) : `${status} ${body.code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The race for pairs at three locations; with RACE_BUYERS=1000 RACE_PIECES=100 in its full size. */
const BUYERS = Number(process.env.RACE_BUYERS ?? 200);
const PIECES = Number(process.env.RACE_PIECES ?? 50);

describe('races', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app?.close());

  const orders = async (where: string, value: unknown): Promise<number> => {
    const [row] = await app.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ordering.orders o WHERE ${where}`,
      [value],
    );
    return row?.n ?? 0;
  };
  const ofVariant = `EXISTS (SELECT FROM ordering.order_lines l WHERE l.order_id = o.id AND l.variant_id = $1)`;

  it('1,000 buyers of 100 pieces: exactly 100 get one', async () => {
    const scarce = await goods(app, { stock: 100 });
    const answers = await parallel(
      Array.from({ length: 1_000 }, (_, n) => n),
      64,
      async () => (await buy(app, [scarce])).answer,
    );
    expect(tally(answers)).toEqual({ '201': 100, '409 ordering.out_of_stock': 900 });
    expect(await orders(ofVariant, scarce.variantId)).toBe(100);
    await app.settle();
    expect(await stockOf(app, scarce)).toEqual({ onHand: 100, allocated: 100, reserved: 0 });
    expect(await imbalance(app)).toBeNull();
    const [money] = await app.database.query<{ captures: number; distinct: number }>(
      `SELECT count(*)::int AS captures, count(DISTINCT p.order_id)::int AS distinct FROM billing.payments p
       JOIN ordering.order_lines l ON l.order_id = p.order_id WHERE l.variant_id = $1 AND p.status = 'captured'`,
      [scarce.variantId],
    );
    expect(money).toEqual({ captures: 100, distinct: 100 });
    const [mails] = await app.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM platform.mails m JOIN ordering.order_lines l ON l.order_id::text = m.subject_id::text
       WHERE l.variant_id = $1 AND m.template = 'order_confirmation'`,
      [scarce.variantId],
    );
    expect(mails?.n).toBe(100);
  }, 240_000);

  it(`${BUYERS} buyers of ${PIECES} pairs at three locations, in opposite order: exactly ${PIECES} get one`, async () => {
    const token = await given.admin(app);
    for (const [index, code] of ['east', 'west'].entries()) {
      const location = { code, name: code, priority: 10 + index };
      expect((await app.post('/v1/admin/locations', location, { token })).status).toBe(201);
    }
    // What lies where is another thing for each, so that both are split, at different moments.
    const shares = [0.5, 0.3, 0.2].map((share) => Math.round(share * PIECES));
    const pair = await Promise.all(
      [shares, [...shares].reverse()].map(async (parts) => {
        const stock = ['main', 'east', 'west'].map((location, at) => ({ location, onHand: parts[at] ?? 0 }));
        const prices = [{ amount: 1999, currency: 'EUR' }];
        const [{ id, sku }] = (
          await given.product(app, token, { variants: [{ sku: key(), weightGrams: 400, prices, stock }] })
        ).variants;
        return { variantId: id, sku };
      }),
    );
    const answers = await parallel(
      Array.from({ length: BUYERS }, (_, n) => n),
      64,
      async (n) => (await buy(app, n % 2 === 0 ? pair : [...pair].reverse())).answer,
    );
    expect(tally(answers)).toEqual({ '201': PIECES, '409 ordering.out_of_stock': BUYERS - PIECES });
    await app.settle();
    for (const thing of pair) {
      expect(await orders(ofVariant, thing.variantId)).toBe(PIECES);
      expect(await stockOf(app, thing)).toEqual({ onHand: PIECES, allocated: PIECES, reserved: 0 });
      const rows = (await app.get(`/v1/admin/stock?variantId=${thing.variantId}`, { token })).body.items;
      expect(rows.map(({ available }: { available: number }) => available)).toEqual([0, 0, 0]);
    }
    // Not one that was tried again, even.
    expect(await deadlocks()).toBe(0);
    expect(await imbalance(app)).toBeNull();
  }, 600_000);

  it('carts with the same lines in opposite order do not block each other', async () => {
    const things = await Promise.all(Array.from({ length: 4 }, () => goods(app, { stock: 1_000 })));
    const answers = await parallel(
      Array.from({ length: 200 }, (_, n) => n),
      32,
      async (n) => (await buy(app, n % 2 === 0 ? things : [...things].reverse())).answer,
    );
    expect(tally(answers)).toEqual({ '201': 200 });
    await app.settle();
    for (const thing of things) {
      expect(await stockOf(app, thing)).toEqual({ onHand: 1_000, allocated: 200, reserved: 0 });
    }
  });

  it('20 equal requests with one key make one order, and are answered byte for byte alike', async () => {
    const thing = await goods(app, { stock: 1_000 });
    const carts = await Promise.all(Array.from({ length: 10 }, () => fillCart(app, [thing])));
    for (const cart of carts) {
      const once = key();
      const answers = await Promise.all(Array.from({ length: 20 }, () => untilAnswered(cart, once)));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(tally(answers)).toEqual({ '201': 20 });
      expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(
        19,
      );
      const other = await checkOut(app, cart, { key: once, token: 'decline_generic' });
      expect(other).toMatchObject({ status: 422, body: { code: 'platform.idempotency_key_reused' } });
    }
    expect(await orders(ofVariant, thing.variantId)).toBe(10);
    expect(await stockOf(app, thing)).toMatchObject({ allocated: 10, reserved: 0 });
  });

  /** While the first is still running the others are told so, and come again. */
  async function untilAnswered(cart: CartInHand, once: string): Promise<Answer> {
    for (;;) {
      const answer = await checkOut(app, cart, { key: once });
      if (answer.body.code !== 'platform.idempotency_in_flight') return answer;
      expect(answer.status).toBe(409);
      expect(answer.headers.get('retry-after')).toBe('1');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('50 checkouts of one cart, each with a key of its own, make one order and one charge', async () => {
    const thing = await goods(app, { stock: 1_000 });
    const cart = await fillCart(app, [thing]);
    const answers = await Promise.all(Array.from({ length: 50 }, () => checkOut(app, cart)));
    const { '201': won, ...lost } = tally(answers);
    expect(won).toBe(1);
    expect(Object.keys(lost).every((name) => name.startsWith('409 '))).toBe(true);
    expect(await orders('o.cart_id = $1', cart.id)).toBe(1);
    const [charges] = await app.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM billing.operations op JOIN billing.payments p ON p.id = op.payment_id
       JOIN ordering.orders o ON o.id = p.order_id WHERE o.cart_id = $1 AND op.status = 'succeeded'`,
      [cart.id],
    );
    expect(charges?.n).toBe(1);
    expect(await stockOf(app, thing)).toEqual({ onHand: 1_000, allocated: 1, reserved: 0 });
    await app.settle();
    expect(await imbalance(app)).toBeNull();
  });

  it('four cancellations of one order give the money back once', async () => {
    for (let round = 0; round < 10; round++) {
      const thing = await goods(app, { stock: 5 });
      const { cart, answer } = await buy(app, [thing]);
      const path = `/v1/orders/${answer.body.id}/cancellation`;
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => app.post(path, {}, { cartToken: cart.token, key: key() })),
      );
      expect(tally(answers)).toEqual({ '201': 1, '409 ordering.order_not_cancelable': 3 });
      await app.settle();
      expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
    }
    expect(await imbalance(app)).toBeNull();
  });

  it('a declined buyer whose hold was freed is not charged for what others have bought', async () => {
    for (let round = 0; round < 10; round++) {
      const last = await goods(app, { stock: 1 });
      const { cart, answer } = await buy(app, [last], { token: 'decline_generic' });
      const orderId: string = answer.body.orderId;
      await app.settle();
      await app.database.execute(
        `UPDATE catalog.reservations SET expires_at = now() - interval '1 min' WHERE reference = $1`,
        [orderId],
      );
      // Half of the time the other was quicker, half of the time both come at once.
      const inTurn = round % 2 === 0;
      const other = buy(app, [last]);
      if (inTurn) await other;
      const again = await checkOut(app, cart);
      const rival = (await other).answer;
      await app.settle();
      if (inTurn) expect(rival.status).toBe(201);
      expect([again.status, rival.status].sort()).toEqual([201, 409]);
      const lost = again.status === 409 ? again : rival;
      expect(lost.body.code).toBe('ordering.out_of_stock');
      // Not even for a moment: a charge that went back at once would be one too many.
      expect(await movesFor(orderId)).toEqual(again.status === 201 ? [1999 + 490] : []);
      expect(await stockOf(app, last)).toEqual({ onHand: 1, allocated: 1, reserved: 0 });
    }
    expect(await imbalance(app)).toBeNull();
  });

  it('a declined buyer whose hold was freed takes the goods anew while they are there', async () => {
    const [kept, freed] = await Promise.all([goods(app, { stock: 3 }), goods(app, { stock: 3 })]);
    const { cart, answer } = await buy(app, [kept, { ...freed, quantity: 2 }], { token: 'decline_generic' });
    await app.database.transaction(async () => {
      await app.database.execute(
        `UPDATE catalog.reservations SET state = 'expired' WHERE reference = $1 AND quantity = 2`,
        [answer.body.orderId],
      );
      await app.database.execute('UPDATE catalog.stock SET reserved = 0 WHERE variant_id = $1', [
        freed.variantId,
      ]);
    });
    expect((await checkOut(app, cart)).status).toBe(201);
    expect(await stockOf(app, kept)).toEqual({ onHand: 3, allocated: 1, reserved: 0 });
    expect(await stockOf(app, freed)).toEqual({ onHand: 3, allocated: 2, reserved: 0 });
  });

  /** Every movement of money for an order in the gateway's journal: what it took, and negative what it gave back. */
  async function movesFor(orderId: string): Promise<number[]> {
    const operations = await app.database.query<{ id: string }>(
      `SELECT o.id FROM billing.operations o JOIN billing.payments p ON p.id = o.payment_id WHERE p.order_id = $1`,
      [orderId],
    );
    const ids = new Set(operations.map(({ id }) => id));
    const { entries } = (await (await fetch(`${app.config.testGatewayUrl}/journal`)).json()) as {
      entries: { operationId: string | null; moved: number }[];
    };
    return entries
      .filter(({ operationId }) => operationId !== null && ids.has(operationId))
      .map(({ moved }) => Number(moved))
      .filter((moved) => moved !== 0);
  }

  it('cancellations, refunds and late news of one order never lock each other out', async () => {
    const token = await given.admin(app);
    const subscribers = app.app.get(OrderPaymentSubscribers, { strict: false });
    for (let round = 0; round < 10; round++) {
      const thing = await goods(app, { stock: 5 });
      const { cart, answer } = await buy(app, [thing]);
      await app.settle();
      const orderId: string = answer.body.id;
      const [payment] = answer.body.payments;
      // As if it had been given up while the money was on its way: everybody who hears of it wants to give it back.
      await app.database.execute(`UPDATE ordering.orders SET status = 'canceled' WHERE id = $1`, [orderId]);
      const news = new PaymentCaptured({
        ...{ paymentId: payment.id, orderId, invoiceId: null },
        amount: payment.amount,
      });
      const answers = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const [canceled, refunded] = await Promise.all([
            app.post(`/v1/orders/${orderId}/cancellation`, {}, { cartToken: cart.token, key: key() }),
            app.post(
              `/v1/admin/payments/${payment.id}/refunds`,
              { amount: { amount: 100, currency: 'EUR' }, reason: 'goodwill' },
              { token, key: key() },
            ),
            app.database.transaction(() => subscribers.captured(news)),
          ]);
          return [canceled, refunded];
        }),
      );
      for (const { status } of answers.flat()) expect(status).toBeLessThan(500);
      await app.settle();
      expect((await movesFor(orderId)).reduce((sum, moved) => sum + moved, 0)).toBe(0);
      expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
    }
    expect(await deadlocks()).toBe(0);
    expect(await imbalance(app)).toBeNull();
  });

  /** What PostgreSQL itself has counted in this database, retried or not; idle sessions hand in their counts. */
  async function deadlocks(): Promise<number> {
    await app.database.query('SELECT pg_stat_force_next_flush()');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [row] = await app.database.query<{ n: number }>(
      'SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()',
    );
    return row?.n ?? -1;
  }

  it('an overtaken holder of a key that fails late does not drop the claim of its successor', async () => {
    const keys = app.app.get(Idempotency, { strict: false });
    const claim = { scope: 'test', key: key(), fingerprint: Buffer.alloc(32) };
    const first = await keys.claim(claim);
    await app.database.execute(
      `UPDATE platform.idempotency_keys SET locked_until = now() - interval '1 s' WHERE scope = 'test'`,
    );
    const second = await keys.claim(claim);
    if (!('run' in first && 'run' in second)) throw new Error('both were to run');
    await first.giveBack();
    await expect(app.database.transaction(async () => first.run.answer(201, {}))).rejects.toThrow();
    // Still the second one's: a third has to wait.
    await expect(keys.claim(claim)).rejects.toMatchObject({ code: 'platform.idempotency_in_flight' });
    await second.run.remember({ step: 1 });
    await first.giveBack();
    await expect(keys.claim(claim)).rejects.toMatchObject({ code: 'platform.idempotency_in_flight' });
    await second.giveBack();
    const third = await keys.claim(claim);
    expect(third).toMatchObject({ run: { resume: { step: 1 } } });
  });
});
