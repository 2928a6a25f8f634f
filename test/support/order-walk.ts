import type { TestApp } from './app.js';
import type { Answer } from './client.js';
import { type Note, OrderModel, WAYS } from './order-model.js';
import { type CartInHand, checkOut, fillCart, type Goods, key } from './purchase.js';

type Body = Answer['body'];

export const DEEDS = [
  'pay',
  'pay',
  'be declined',
  'cancel',
  'cancel as staff',
  'send all',
  'send one',
  'plan one',
  'dispatch',
  'unplan',
  'deliver',
  'take back',
  'take back',
  'make good',
  'take off',
  'add',
  'add',
  'pay what is due',
  'pay what is due',
  'withdraw',
  'refund',
  'hold',
  'release',
  'expire',
  'begin anew',
] as const;
export interface Step {
  deed: (typeof DEEDS)[number];
  place: number;
}

const STATES: Readonly<Record<string, Note['state']>> = {
  authorized: 'held',
  captured: 'came',
  requires_review: 'odd',
  canceled: 'ended',
};

/** One order of the walk as staff saw it last; null: the cart was not checked out yet. */
interface Place {
  cart: CartInHand;
  order: Body | null;
}

/** Random deeds on a handful of orders over HTTP. Each is answered as the model of an order says, and leads where that says. */
export class OrderWalk {
  readonly done: string[] = [];
  private readonly places: Place[] = [];

  constructor(
    private readonly app: TestApp,
    private readonly token: string,
    private readonly goods: readonly [Goods, Goods],
    private readonly size: number,
  ) {}

  async begin(): Promise<void> {
    for (let index = 0; index < this.size; index++) this.places.push(await this.fresh(index));
  }

  /** Throws when the answer or the order after it is not what the model says. */
  async step({ deed, place: index }: Step): Promise<void> {
    const place = this.places[index];
    if (!place) throw new Error('there is no such place');
    const before = place.order && (await this.modelOf(place.order));
    const expected =
      before === null ? deed === 'pay' || deed === 'be declined' : this.may(deed, place.order, before);
    const answer = await this.attempt(deed, place, index);
    this.done.push(`${deed} ${place.order?.number ?? '-'}: ${answer?.status ?? 'nothing to do'}`);
    if (answer && answer.status >= 500) throw new Error(`${deed}: ${answer.text}`);
    if (answer && expected !== null && answer.status < 300 !== expected && answer.status !== 402)
      throw new Error(`${deed}: by the model it is ${expected ? '' : 'not '}allowed, but ${answer.text}`);
    await this.app.settle();
    for (const each of deed === 'expire' ? this.places : [place]) await this.look(each, answer);
  }

  private async look(place: Place, answer: Answer | null): Promise<void> {
    const id = place.order?.id ?? answer?.body?.orderId ?? answer?.body?.id;
    if (id === undefined || (place.order === null && answer === null)) return;
    const from = place.order;
    const { body } = await this.app.get(`/v1/admin/orders/${id}`, { token: this.token });
    place.order = body;
    const model = await this.modelOf(body);
    const told = [body.paymentStatus, body.fulfilmentStatus].join();
    const derived = [model.payment, model.fulfilment].join();
    if (told !== derived) throw new Error(`the order says ${told}; by the model it is ${derived}`);
    if (from && from.status !== body.status && !isWay(from.status, body.status))
      throw new Error(`${from.status} > ${body.status} is no legal way`);
    if (body.status === 'completed' && model.parcels.some((piece) => piece.place === 'shelf'))
      throw new Error('it is completed, and something is left to send');
    if (body.status === 'placed' && model.isDone && body.amountDue.amount === 0)
      throw new Error('nothing is left to do, and it is not completed');
    if (!model.isBought && model.parcels.some((piece) => piece.place !== 'shelf'))
      throw new Error(`something of it was sent, and it is ${body.status}`);
    if (answer && answer.status >= 400 && answer.status !== 402 && from && from.version !== body.version)
      throw new Error(`refused with ${answer.status}, and changed all the same`);
  }

  /** Null: the model does not say. */
  private may(deed: Step['deed'], order: Body, model: OrderModel): boolean | null {
    const openChange = order.lines.some((line: Body) => line.awaitingPaymentQuantity > 0);
    const isChangeable = model.isBought && !openChange;
    const packed = order.fulfilments.filter(({ state }: Body) => state === 'pending');
    const left = this.left(order).length > 0;
    const isSendable = model.maySend && order.hold === null;
    switch (deed) {
      case 'pay':
      case 'be declined':
        return model.status === 'pending_payment';
      case 'cancel':
        return model.mayBeCanceled(false);
      case 'cancel as staff':
        return model.mayBeCanceled(true);
      case 'send all':
      case 'send one':
      case 'plan one':
        return isSendable && left;
      case 'dispatch':
        return packed.length > 0 && isSendable;
      case 'unplan':
        return packed.length > 0;
      case 'deliver':
        return order.fulfilments.some(({ state }: Body) => state === 'shipped');
      case 'take back':
      case 'make good':
        return isChangeable && this.returnable(order) !== undefined;
      case 'take off': {
        const whole = order.lines.reduce((sum: number, line: Body) => sum + line.quantity, 0) === 1;
        return isChangeable && !whole && this.open(order) !== undefined;
      }
      case 'add':
        return isChangeable;
      case 'pay what is due':
        return model.isBought && openChange;
      case 'withdraw':
        return model.isBought && openChange;
      case 'hold':
        return model.status === 'placed' && order.hold === null;
      case 'release':
        return order.hold !== null;
      case 'refund':
      case 'expire':
      case 'begin anew':
        return null;
    }
  }

  private async attempt(deed: Step['deed'], place: Place, index: number): Promise<Answer | null> {
    const { app, token } = this;
    const { cart, order } = place;
    const byStaff = () => ({ token, key: key() });
    if (deed === 'pay') return checkOut(app, cart);
    if (deed === 'be declined') return checkOut(app, cart, { token: 'insufficient_funds' });
    if (deed === 'begin anew') {
      if (order === null || order.status === 'pending_payment' || order.status === 'placed') return null;
      Object.assign(place, await this.fresh(index));
      return null;
    }
    if (deed === 'expire') {
      app.clock.advance({ minutes: 31 });
      await app.run('ordering.expire_orders');
      return null;
    }
    if (order === null) return null;
    const path = `/v1/admin/orders/${order.id}`;
    const fulfilment = (state: string): string =>
      order.fulfilments.find((one: Body) => one.state === state)?.id ?? order.id;
    const [one] = this.left(order);
    const piece = (line: Body) => [{ lineId: line?.id ?? order.id, quantity: 1 }];
    switch (deed) {
      case 'cancel':
        return app.post(`/v1/orders/${order.id}/cancellation`, {}, { cartToken: cart.token, key: key() });
      case 'cancel as staff':
        return app.post(`/v1/orders/${order.id}/cancellation`, {}, byStaff());
      case 'send all':
        return app.post(`${path}/fulfilments`, {}, byStaff());
      case 'send one':
        return app.post(`${path}/fulfilments`, { lines: piece(one) }, byStaff());
      case 'plan one':
        return app.post(`${path}/fulfilments`, { lines: piece(one), shipNow: false }, byStaff());
      case 'dispatch':
        return app.post(`/v1/admin/fulfilments/${fulfilment('pending')}/dispatch`, {}, byStaff());
      case 'unplan':
        return app.post(`/v1/admin/fulfilments/${fulfilment('pending')}/cancellation`, {}, byStaff());
      case 'deliver':
        return app.post(`/v1/admin/fulfilments/${fulfilment('shipped')}/delivery`, {}, byStaff());
      case 'take back': {
        const back = piece(this.returnable(order)).map((pieces) => ({ ...pieces, restockAt: 'main' }));
        return this.change(order.id, { kind: 'return', back });
      }
      case 'make good':
        return this.change(order.id, { kind: 'claim', refund: piece(this.returnable(order)) });
      case 'take off':
        return this.change(order.id, { kind: 'edit', remove: piece(this.open(order)) });
      case 'add':
        return this.change(order.id, {
          kind: 'edit',
          add: [{ variantId: this.goods[1].variantId, quantity: 1 }],
        });
      case 'pay what is due':
        return app.post(
          `/v1/orders/${order.id}/payments`,
          { payment: { gateway: 'test', token: 'ok' } },
          { cartToken: cart.token, key: key() },
        );
      case 'withdraw': {
        const { items } = (await app.get(`${path}/changes`, { token })).body;
        const open = items.find(({ state }: Body) => state === 'awaiting_payment')?.id ?? order.id;
        return app.post(`${path}/changes/${open}/withdrawal`, undefined, byStaff());
      }
      case 'refund': {
        const body = { amount: { amount: 100, currency: 'EUR' }, reason: 'A gesture' };
        return app.post(`/v1/admin/payments/${order.payments[0]?.id ?? order.id}/refunds`, body, byStaff());
      }
      case 'hold':
        return app.post(`${path}/hold`, { reason: 'To be looked at' }, { token });
      case 'release':
        return app.post(`${path}/release`, undefined, { token });
    }
  }

  /** Drafts and confirms; the answer that decides. */
  private async change(orderId: string, plan: object): Promise<Answer> {
    const { app, token } = this;
    const path = `/v1/admin/orders/${orderId}/changes`;
    const draft = await app.post(path, plan, { token });
    if (draft.status !== 201) return draft;
    const shown = await app.get(`${path}/${draft.body.id}/preview`, { token });
    const body = { expectedDifference: shown.body.difference };
    return app.post(`${path}/${draft.body.id}/confirmation`, body, { token, key: key() });
  }

  private async fresh(index: number): Promise<Place> {
    const [first, second] = this.goods;
    const lines = [{ ...first, quantity: 1 + (index % 3) }, ...(index % 2 === 0 ? [second] : [])];
    return { cart: await fillCart(this.app, lines), order: null };
  }

  private planned(order: Body, lineId: string): number {
    return order.fulfilments
      .filter(({ state }: Body) => state === 'pending')
      .flatMap(({ lines }: Body) => lines)
      .reduce((sum: number, line: Body) => sum + (line.lineId === lineId ? line.quantity : 0), 0);
  }

  /** Lines of which a piece may be sent or planned. */
  private left(order: Body): Body[] {
    return order.lines.filter(
      (line: Body) =>
        line.quantity - line.fulfilledQuantity - line.awaitingPaymentQuantity - this.planned(order, line.id) >
        0,
    );
  }

  private open(order: Body): Body {
    return order.lines.find(
      (line: Body) => line.quantity - line.fulfilledQuantity - this.planned(order, line.id) > 0,
    );
  }

  private returnable(order: Body): Body {
    return order.lines.find(
      (line: Body) => line.fulfilledQuantity - line.returnedQuantity - line.refundedQuantity > 0,
    );
  }

  /** Pieces and banknotes from what staff are told; every refund has settled by then. */
  private async modelOf(order: Body): Promise<OrderModel> {
    const model = new OrderModel(order.lines.map(({ kind }: Body) => kind));
    model.status = order.status;
    model.total = order.totals.total.amount;
    const [row] = await this.app.database.query<{ back: string }>(
      'SELECT given_back::text AS back FROM ordering.orders WHERE id = $1',
      [order.id],
    );
    model.givenBack = Number(row?.back);
    for (const [line, told] of (order.lines as Body[]).entries())
      for (let n = 0; n < told.quantity; n++) {
        const arrived = n < told.deliveredQuantity;
        const sent = n < told.fulfilledQuantity ? (arrived ? 'door' : 'road') : 'shelf';
        model.pieces.push({ line, arrived, place: n < told.returnedQuantity ? 'back' : sent });
      }
    model.notes = (order.payments as Body[]).map(({ status, amount, captured, refunded }) => ({
      state: STATES[status] ?? 'asked',
      amount: captured.amount > 0 ? captured.amount : amount.amount,
      leaving: 0,
      back: refunded.amount,
    }));
    return model;
  }
}

/** By one move or by two, which one request may take. */
const isWay = (from: string, to: string): boolean =>
  WAYS.includes(`${from} > ${to}`) ||
  WAYS.some((way) => way.startsWith(`${from} > `) && WAYS.includes(`${way.split(' > ')[1]} > ${to}`));
