import { startApp, type TestApp } from './support/app.js';
import { type Answer, Client } from './support/client.js';
import { given } from './support/given.js';
import {
  type CartInHand,
  checkOut,
  fillCart,
  goods,
  type Goods,
  imbalance,
  key,
  stockOf,
} from './support/purchase.js';
import { newFolder, RealProcess } from './support/real-process.js';

/**
 * Real processes, killed with SIGKILL at a named place of the checkout. Two shoppers each time: one repeats the request
 * with the same key at another process, the other never comes back and the jobs have to clear up.
 */
const PLACES: { name: string; left: 'nothing' | 'waiting' | 'charged' | 'placed' }[] = [
  { name: 'checkout.after_claim', left: 'nothing' },
  { name: 'checkout.after_reserve', left: 'nothing' },
  { name: 'checkout.after_begin_commit', left: 'waiting' },
  { name: 'checkout.before_gateway', left: 'waiting' },
  { name: 'billing.before_gateway', left: 'waiting' },
  { name: 'billing.after_gateway', left: 'charged' },
  { name: 'checkout.after_gateway', left: 'charged' },
  { name: 'billing.after_settle', left: 'charged' },
  { name: 'checkout.before_settle_commit', left: 'charged' },
  { name: 'checkout.after_settle_commit', left: 'placed' },
  { name: 'checkout.before_answer', left: 'placed' },
];

interface Found {
  orders: number;
  status: string;
  payment: string;
  /** What the gateway has taken for it, less what it gave back. */
  charged: number;
  captures: number;
  onHand: number;
  allocated: number;
  reserved: number;
  /** What became of the use of the code: `held`, `kept`, `released`; null: it was never used. */
  code: string | null;
}

interface Shopper {
  cart: CartInHand;
  thing: Goods;
  key: string;
}

/** Ten percent off the goods by a code, and the parcel. */
const TOTAL = 1999 - 200 + 490;
const CODE = 'TWO-OF-EACH';

describe('kill -9 in the middle of a checkout', () => {
  let app: TestApp;
  const folders: string[] = [];
  const table: string[][] = [];

  beforeAll(async () => {
    app = await startApp();
    const token = await given.admin(app);
    const made = await app.post(
      '/v1/admin/promotions',
      {
        title: 'Ten off',
        group: 'order',
        trigger: 'code',
        status: 'active',
        effect: { type: 'percent', ppm: 100_000 },
        limitTotal: 2 * PLACES.length,
      },
      { token },
    );
    await app.post(`/v1/admin/promotions/${made.body.id}/codes`, { code: CODE }, { token });
  });
  afterAll(async () => {
    await RealProcess.sweep(folders);
    await app?.close();
    printTable(table);
  });

  function start(failpoint: string): RealProcess {
    const folder = newFolder();
    folders.push(folder);
    return RealProcess.start({
      NODE_ENV: 'test',
      ROLE: 'api',
      DATABASE_URL: app.config.databaseUrl ?? '',
      TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
      SECRET_KEY: 'a secret that only the tests know, 32+',
      DATA_DIR: folder,
      DATABASE_POOL: '4',
      FAILPOINT: failpoint,
    });
  }

  async function shopper(): Promise<Shopper> {
    const thing = await goods(app, { price: 1999, stock: 5 });
    const cart = await fillCart(app, [thing]);
    await app.patch(`/v1/carts/${cart.id}`, { promotionCodes: [CODE] }, { cartToken: cart.token });
    return { thing, cart, key: key() };
  }

  /** The request never gets an answer: its process dies. */
  async function dies(failpoint: string, { cart, key: once }: Shopper): Promise<void> {
    const process = start(failpoint);
    const client = new Client(await process.url());
    await expect(checkOut(client, cart, { key: once })).rejects.toThrow();
    expect(await process.signal()).toBe('SIGKILL');
  }

  async function look({ cart, thing }: Shopper): Promise<Found> {
    const orders = await app.database.query<{ id: string; status: string; payment_status: string }>(
      'SELECT id, status, payment_status FROM ordering.orders WHERE cart_id = $1',
      [cart.id],
    );
    const operations = await app.database.query<{ id: string }>(
      `SELECT o.id FROM billing.operations o JOIN billing.payments p ON p.id = o.payment_id WHERE p.order_id = ANY ($1)`,
      [orders.map(({ id }) => id)],
    );
    const journal = (await (await fetch(`${app.config.testGatewayUrl}/journal`)).json()) as {
      entries: { operationId: string | null; moved: number }[];
    };
    const [use] = await app.database.query<{ state: string }>(
      'SELECT state FROM ordering.promotion_redemptions WHERE order_id = ANY ($1)',
      [orders.map(({ id }) => id)],
    );
    const ids = new Set(operations.map(({ id }) => id));
    const moves = journal.entries
      .filter(({ operationId }) => operationId !== null && ids.has(operationId))
      .map(({ moved }) => Number(moved));
    return {
      orders: orders.length,
      status: orders[0]?.status ?? 'none',
      payment: orders[0]?.payment_status ?? 'none',
      charged: moves.reduce((sum, moved) => sum + moved, 0),
      captures: moves.filter((moved) => moved > 0).length,
      ...(await stockOf(app, thing)),
      code: use?.state ?? null,
    };
  }

  /** The lease of a dead request ends after 90 seconds; here it has ended. */
  async function leasesEnd(): Promise<void> {
    await app.database.execute(
      `UPDATE platform.idempotency_keys SET locked_until = now() - interval '1 s' WHERE status IS NULL`,
    );
  }

  async function comesBack({ cart, key: once }: Shopper): Promise<Answer> {
    const early = await checkOut(app, cart, { key: once });
    if (early.status < 400) return early;
    expect(early.body.code).toBe('platform.idempotency_in_flight');
    await leasesEnd();
    const answer = await checkOut(app, cart, { key: once });
    const replayed = await checkOut(app, cart, { key: once });
    expect(replayed.text).toBe(answer.text);
    return answer;
  }

  async function jobsClearUp(): Promise<void> {
    for (const minutes of [6, 26]) {
      app.clock.advance({ minutes });
      await app.run('billing.repair');
      await app.settle();
      await app.run('ordering.expire_orders');
      await app.settle();
    }
    app.clock.advance({ minutes: 31 });
    await app.run('ordering.expire_orders');
    await app.settle();
  }

  it.each(PLACES)(
    'at $name',
    async ({ name, left }) => {
      const [loyal, gone] = await Promise.all([shopper(), shopper()]);
      await Promise.all([dies(name, loyal), dies(name, gone)]);
      const found = await look(gone);

      const answer = await comesBack(loyal);
      expect(answer.status).toBe(201);
      await app.settle();
      const paid = await look(loyal);
      expect(paid).toEqual({
        orders: 1,
        status: 'placed',
        payment: 'paid',
        charged: TOTAL,
        captures: 1,
        onHand: 5,
        allocated: 1,
        reserved: 0,
        code: 'kept',
      });

      await jobsClearUp();
      const cleared = await look(gone);
      const sold = left === 'charged' || left === 'placed';
      expect(cleared).toEqual({
        orders: left === 'nothing' ? 0 : 1,
        status: sold ? 'placed' : left === 'waiting' ? 'expired' : 'none',
        payment: sold ? 'paid' : left === 'waiting' ? 'voided' : 'none',
        charged: sold ? TOTAL : 0,
        captures: sold ? 1 : 0,
        onHand: 5,
        allocated: sold ? 1 : 0,
        reserved: 0,
        code: sold ? 'kept' : left === 'waiting' ? 'released' : null,
      });
      const [mails] = await app.database.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM platform.mails m JOIN ordering.orders o ON o.id::text = m.subject_id::text
       WHERE o.cart_id = ANY ($1) AND m.template = 'order_confirmation'`,
        [[loyal.cart.id, gone.cart.id]],
      );
      expect(mails?.n).toBe(sold ? 2 : 1);
      expect(await imbalance(app)).toBeNull();
      table.push([name, tell(found), `${answer.status} ${tell(paid)}`, tell(cleared)]);
    },
    90_000,
  );
});

const tell = ({ orders, status, payment, charged, allocated, reserved }: Found): string =>
  `${orders === 0 ? 'no order' : `${status}/${payment}`}, charged ${charged}, alloc ${allocated}, held ${reserved}`;

function printTable(rows: string[][]): void {
  const all = [['killed at', 'left behind', 'same key elsewhere', 'never came back, jobs ran'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const text = all
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
  process.stdout.write(`\n${text}\n`);
}
