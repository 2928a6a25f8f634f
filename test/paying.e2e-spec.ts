import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { BillingApi } from '../src/billing/billing.api.js';
import { armFailpoint } from '../src/platform/failpoint.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import {
  berlin,
  type CartInHand,
  checkOut,
  fillCart,
  goods,
  type Goods,
  imbalance,
  key,
  stockOf,
} from './support/purchase.js';

type Body = Answer['body'];
interface Card {
  id: string;
  code: string;
}

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const by = (token: string) => ({ gateway: 'test', token });

describe('paying, when others are at it too', () => {
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
  });
  afterAll(async () => {
    await app?.settle();
    expect(await imbalance(app)).toBeNull();
    await app.close();
  });

  const asStaff = (extra: object = {}) => ({ token: staff, ...extra });
  const orderAt = async (id: string): Promise<Body> =>
    (await app.get(`/v1/admin/orders/${id}`, asStaff())).body;
  const cancel = (id: string) => app.post(`/v1/orders/${id}/cancellation`, {}, asStaff({ key: key() }));
  const onCard = async ({ id }: Card): Promise<number> =>
    (await app.get(`/v1/admin/gift-cards/${id}`, asStaff())).body.balance.amount;

  async function card(amount: number): Promise<Card> {
    const recipientEmail = `${randomUUID()}@example.test`;
    const { body } = await app.post(
      '/v1/admin/gift-cards',
      { amount: eur(amount), recipientEmail, reason: 'a test' },
      asStaff({ key: key() }),
    );
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === recipientEmail);
    return { id: body.id, code: /(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}/.exec(letter?.text ?? '')?.[0] ?? '' };
  }

  const pay = (cart: CartInHand, body: object, once = key()): Promise<Answer> =>
    app.post(
      `/v1/carts/${cart.id}/checkout`,
      { shippingAddress: berlin, ...body },
      { key: once, cartToken: cart.token },
    );
  const payAgain = (cart: CartInHand, body: object, once = key()): Promise<Answer> =>
    app.post(`/v1/carts/${cart.id}/checkout`, body, { key: once, cartToken: cart.token });

  /** A draft for a guest that waits for its payment, and the token of its link. */
  async function drafted(thing: Goods): Promise<{ orderId: string; link: string; total: number }> {
    const { body: draft } = await app.post(
      '/v1/admin/draft-orders',
      {
        email: 'guest@example.test',
        currency: 'EUR',
        lines: [{ variantId: thing.variantId, quantity: 1 }],
        shippingAddress: berlin,
      },
      asStaff(),
    );
    const { body } = await app.post(
      `/v1/admin/draft-orders/${draft.id}/placement`,
      { expectedTotal: draft.quote.totals.total, payLater: true },
      asStaff({ key: key() }),
    );
    const link = new URL(body.paymentLink.url).searchParams.get('token') ?? '';
    return { orderId: body.orderId, link, total: body.total.amount };
  }

  const payLink = (token: string, body: object): Promise<Answer> =>
    app.post('/v1/payment-links/payment', { token, ...body }, { key: key() });

  /** The request ends at this place, and nothing after it happens. */
  async function diesAt(place: string, work: () => Promise<Answer>): Promise<void> {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      armFailpoint(null);
      throw new Error(`died at ${place}`);
    });
    armFailpoint(place);
    expect((await work()).status).toBe(500);
    kill.mockRestore();
  }

  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (let turn = 0; turn < 500; turn++) {
      const found = await look();
      if (found !== undefined) return found;
      await wait(10);
    }
    throw new Error('it never came');
  }

  /** Whether somebody waits for a lock in the database. */
  const somebodyWaits = async (many = 1): Promise<true | undefined> => {
    const [row] = await app.database.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return (row?.waiting ?? 0) >= many || undefined;
  };

  it('knows all that paid for an order when it takes up an attempt that had died', async () => {
    const gift = await card(1000);
    const cart = await fillCart(app, [await goods(app, { stock: 5 })]);
    const first = key();
    await diesAt('checkout.after_begin_commit', () => pay(cart, { payment: by('ok') }, first));
    app.clock.advance({ minutes: 6 });
    await app.run('billing.repair');
    await app.settle();
    const second = await payAgain(cart, { payment: by('ok'), giftCards: [{ code: gift.code }] });
    expect([second.status, second.body.paymentStatus]).toEqual([201, 'paid']);
    const repeated = await pay(cart, { payment: by('ok') }, first);
    expect([repeated.status, repeated.body.paymentStatus]).toEqual([201, 'paid']);
    expect(repeated.body.payments).toHaveLength(2);
    await app.settle();
    expect(await orderAt(second.body.id)).toMatchObject({ status: 'placed', paymentStatus: 'paid' });
  });

  it('places an order once when the bank tells of the money before its own answer is there', async () => {
    const thing = await goods(app, { stock: 5 });
    const cart = await fillCart(app, [thing]);
    const slow = checkOut(app, cart, { token: 'timeout_after:2000' });
    const { id, orderId } = await until(async () => {
      const [row] = await app.database.query<{ id: string; orderId: string }>(
        `SELECT p.id, p.order_id AS "orderId" FROM billing.payments p JOIN ordering.orders o ON o.id = p.order_id
         WHERE o.cart_id = $1`,
        [cart.id],
      );
      return row;
    });
    await until(async () => {
      const { body } = await app.post(`/v1/payments/${id}/confirmation`, undefined, {
        cartToken: cart.token,
      });
      return body.status === 'captured' || undefined;
    });
    await app.settle();
    expect(await orderAt(orderId)).toMatchObject({ status: 'placed' });
    const answer = await slow;
    expect([answer.status, answer.body.status]).toEqual([201, 'placed']);
    await app.settle();
    const told = await app.database.query(
      `SELECT FROM platform.events WHERE type = 'ordering.order_placed' AND payload ->> 'orderId' = $1`,
      [orderId],
    );
    expect(told).toHaveLength(1);
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 1, reserved: 0 });
  });

  it('keeps nothing of an order that is canceled while somebody pays it', async () => {
    const [gift, thing] = [await card(1000), await goods(app, { stock: 5 })];
    const { orderId, link } = await drafted(thing);
    // Whoever pays holds the order and waits for the gift card; whoever cancels waits for the order.
    const [paying, canceling] = await app.database.transaction(async () => {
      await app.database.query('SELECT FROM billing.gift_cards WHERE id = $1 FOR UPDATE', [gift.id]);
      const first = payLink(link, { payment: by('insufficient_funds'), giftCards: [{ code: gift.code }] });
      await until(() => somebodyWaits());
      const second = cancel(orderId);
      await until(() => somebodyWaits(2));
      return [first, second].map((each) => () => each);
    });
    const [paid, canceled] = [await paying?.(), await canceling?.()] as [Answer, Answer];
    expect([paid.status, paid.body.code]).toEqual([402, 'ordering.payment_declined']);
    // What the gateway took is nothing; what the gift card paid stays with the order, as at the till.
    expect([canceled.status, canceled.body.code]).toEqual([409, 'ordering.payment_undecided']);
    expect(await onCard(gift)).toBe(0);
    expect((await cancel(orderId)).status).toBe(201);
    await app.settle();
    expect([(await orderAt(orderId)).status, await onCard(gift)]).toEqual(['canceled', 1000]);

    // Nor of one that was over already, should money find its way to it all the same.
    const other = await card(1000);
    await app.database.transaction(async () => {
      await app.app.get(BillingApi).payOrder({
        ...{ orderId, total: Money.of(1000n, 'EUR'), isNew: false, card: null, storeCredit: null },
        giftCards: [{ code: other.code, pointer: '/giftCards/0' }],
        buyer: { email: 'guest@example.test', name: 'Guest', billingAddress: null },
      });
    });
    await app.settle();
    expect([(await orderAt(orderId)).status, await onCard(other)]).toEqual(['canceled', 1000]);
    expect(await stockOf(app, thing)).toEqual({ onHand: 5, allocated: 0, reserved: 0 });
  });
});
