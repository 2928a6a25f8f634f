import type { PaymentView } from '../src/billing/billing.api.js';
import { type Note, OrderModel, WAYS } from './support/order-model.js';
import { Money } from '../src/platform/money/money.js';
import {
  isBought,
  mayCancel,
  mayComplete,
  mayPlace,
  maySend,
  unneeded,
} from '../src/ordering/order/order.guards.js';
import {
  FULFILMENT_STATUSES,
  fulfilmentStatusOf,
  isCovered,
  isSecured,
  NEXT,
  onwards,
  ORDER_STATUSES,
  type OrderStatus,
  PAYMENT_STATUSES,
  type PaymentStatus,
  paymentStatusOf,
  type Sendable,
} from '../src/ordering/order/order.statuses.js';

const MOVES = Number(process.env.MOVES ?? 50_000);
const SEED = Number(process.env.SEED ?? 4711);
const PRICE = 100;

/** Numbers that are the same for the same seed. */
class Dice {
  constructor(private state: number) {}

  /** From 0 to below `sides`. */
  roll(sides: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  }

  pick<T>(all: readonly T[]): T | undefined {
    return all[this.roll(all.length)];
  }
}

const eur = (amount: number) => Money.of(amount, 'EUR');

/** The model's order as rows of the database would tell it. */
function linesOf({ kinds, pieces }: OrderModel): Sendable[] {
  return kinds.map((kind, index) => {
    const own = pieces.filter(({ line, place }) => line === index && place !== 'gone');
    return {
      kind,
      quantity: own.length,
      fulfilled: own.filter(({ place }) => place !== 'shelf').length,
      delivered: own.filter(({ arrived }) => arrived).length,
      returned: own.filter(({ place }) => place === 'back').length,
    };
  });
}

const STATUS_OF: Readonly<Record<Note['state'], PaymentView['status']>> = {
  asked: 'requires_payment_method',
  held: 'authorized',
  came: 'captured',
  odd: 'requires_review',
  ended: 'canceled',
};

const paymentsOf = ({ notes }: OrderModel): PaymentView[] =>
  notes.map(({ state, amount, leaving, back }) => {
    const captured = state === 'came' || state === 'odd' ? amount : 0;
    return {
      status: STATUS_OF[state],
      kind: 'card',
      isRejected: false,
      amount: eur(amount),
      captured: eur(captured),
      held: eur(state === 'held' ? amount : 0),
      refunded: eur(back),
      kept: eur(captured - back - leaving),
      givenOutside: eur(0),
      disputed: eur(0),
      disputeLost: eur(0),
    } as PaymentView;
  });

const statusOf = (order: OrderModel): PaymentStatus =>
  paymentStatusOf(paymentsOf(order), eur(order.owed), eur(order.total));

/** Everything that was seen on the way, to know that the walk was everywhere. */
class Seen {
  readonly ways = new Set<string>();
  readonly payments = new Set<string>();
  readonly fulfilments = new Set<string>();
  readonly answers = new Set<string>();
}

class Walk {
  private order: OrderModel;

  constructor(
    private readonly dice: Dice,
    private readonly seen: Seen,
  ) {
    this.order = this.fresh();
  }

  /** One move of somebody; what the rules of the shop forbid is tried as well, and has to be refused. */
  step(): string {
    if (this.dice.roll(25) === 0) this.order = this.fresh();
    const [name, move] = this.dice.pick(this.moves) ?? this.moves[0];
    move();
    this.compare();
    return name;
  }

  private readonly moves: [[string, () => void], ...[string, () => void][]] = [
    ['asks for money', () => this.pay('asked')],
    ['pays', () => this.pay('came')],
    ['pays', () => this.pay('came')],
    ['holds money', () => this.pay('held')],
    ['pays a part', () => this.pay('came', -1)],
    ['pays too much', () => this.pay('came', 1)],
    ['pays an odd amount', () => this.pay('odd', 1)],
    ['ends what was asked for', () => this.notes('asked', 'ended')],
    ['takes what was held', () => this.notes('held', 'came')],
    ['lets go what was held', () => this.notes('held', 'ended')],
    ['accepts the odd amount', () => this.notes('odd', 'came')],
    ['sends money back', () => this.sendBack()],
    ['has money back', () => this.hasBack()],
    ['lets it expire', () => this.expire()],
    ['cancels', () => this.cancel(false)],
    ['cancels as staff', () => this.cancel(true)],
    ['sends a piece', () => this.send(1)],
    ['sends all', () => this.send(9)],
    ['brings a piece', () => this.arrive()],
    ['downloads it', () => this.download()],
    ['takes a piece back', () => this.takeBack()],
    ['takes off a piece', () => this.takeOff()],
    ['adds a piece', () => this.add()],
  ];

  private fresh(): OrderModel {
    const order = new OrderModel(
      this.dice.pick([
        ['physical'],
        ['physical', 'physical'],
        ['physical', 'digital'],
        ['digital'],
      ] as const) ?? [],
    );
    for (const line of order.kinds.keys())
      for (let n = this.dice.roll(3); n >= 0; n--)
        order.pieces.push({ line, place: 'shelf', arrived: false });
    order.total = this.dice.roll(20) === 0 ? 0 : order.pieces.length * PRICE;
    return order;
  }

  private pay(state: Note['state'], more = 0): void {
    const due = this.order.owed - this.order.came - this.order.held;
    if (due <= 0 || due + more <= 0) return;
    this.order.notes.push({ state, amount: due + more, leaving: 0, back: 0 });
    this.onwards();
  }

  private notes(from: Note['state'], to: Note['state']): void {
    for (const note of this.order.notes) if (note.state === from) note.state = to;
    this.onwards();
  }

  private sendBack(): void {
    const note = this.dice.pick(this.order.notes.filter(({ state }) => state === 'came'));
    if (note) note.leaving += this.dice.roll(note.amount - note.back - note.leaving + 1);
    this.onwards();
  }

  private hasBack(): void {
    for (const note of this.order.notes) {
      note.back += note.leaving;
      note.leaving = 0;
    }
    this.onwards();
  }

  /** All that came is on its way back, all that was held is let go. */
  private endNotes(): void {
    for (const note of this.order.notes) {
      if (note.state === 'came' || note.state === 'odd') note.leaving = note.amount - note.back;
      else note.state = 'ended';
    }
  }

  private expire(): void {
    if (this.order.status !== 'pending_payment' || this.order.came > 0) return;
    this.endNotes();
    this.become('expired');
  }

  private cancel(byStaff: boolean): void {
    const { order } = this;
    const may = mayCancel(
      { status: order.status, fulfilmentStatus: fulfilmentStatusOf(linesOf(order)) },
      byStaff,
    );
    this.agree(`cancel ${byStaff}`, may, order.mayBeCanceled(byStaff));
    if (!may) return;
    this.endNotes();
    this.become('canceled');
  }

  private send(most: number): void {
    const { order } = this;
    const [payments, total] = [paymentsOf(order), eur(order.total)];
    const may = maySend({ status: order.status, paymentStatus: statusOf(order) }, total, payments);
    this.agree('send', may, order.maySend);
    if (!may) return;
    for (const piece of order.parcels.filter(({ place }) => place === 'shelf').slice(0, most))
      piece.place = 'road';
    this.onwards();
  }

  private arrive(): void {
    const piece = this.order.parcels.find(({ place }) => place === 'road');
    if (piece) Object.assign(piece, { place: 'door', arrived: true });
    this.onwards();
  }

  private download(): void {
    const { order } = this;
    const paymentStatus = statusOf(order);
    const may = mayComplete({
      ...order,
      paymentStatus,
      fulfilmentStatus: fulfilmentStatusOf(linesOf(order)),
    });
    this.agree('download', may, order.mayBeDownloaded);
    if (may) this.become('completed');
  }

  private takeBack(): void {
    if (!this.mayChange()) return;
    const piece = this.order.parcels.find(({ place }) => place === 'road' || place === 'door');
    if (!piece) return;
    piece.place = 'back';
    this.giveBack();
    this.onwards();
  }

  private takeOff(): void {
    if (!this.mayChange()) return;
    const open = this.order.parcels.filter(({ place }) => place === 'shelf');
    const [piece] = open;
    // The last piece is not taken off: that is a cancellation.
    if (!piece || this.order.pieces.filter(({ place }) => place !== 'gone').length === 1) return;
    piece.place = 'gone';
    this.giveBack();
    this.onwards();
  }

  private add(): void {
    if (!this.mayChange()) return;
    const line = this.order.kinds.indexOf('physical');
    if (line < 0) return;
    this.order.pieces.push({ line, place: 'shelf', arrived: false });
    this.order.total += PRICE;
    if (this.order.status === 'completed') this.become('placed');
  }

  private mayChange(): boolean {
    const may = isBought(this.order);
    this.agree('change', may, this.order.isBought);
    return may;
  }

  /** It costs less; of what was paid more than that, some goes back. */
  private giveBack(): void {
    const { order } = this;
    const less = Math.min(PRICE, order.total);
    const unpaid = Math.max(order.owed - order.came, 0);
    order.total -= less;
    order.givenBack += Math.max(less - unpaid, 0);
    let left = Math.min(Math.max(less - unpaid, 0), order.stays);
    for (const note of order.notes.filter(({ state }) => state === 'came')) {
      const part = Math.min(left, note.amount - note.back - note.leaving);
      note.leaving += part;
      left -= part;
    }
  }

  /** What the shop does by itself after its goods or its money have moved. */
  private onwards(): void {
    const { order } = this;
    const payments = paymentsOf(order);
    const paymentStatus = statusOf(order);
    this.agree('place', mayPlace(order, payments), order.mayBePlaced);
    const isThere =
      order.held + order.stays >= order.total &&
      ['paid', 'authorized', 'overcharged'].includes(order.payment);
    this.agree('secured', isSecured(paymentStatus) && isCovered(payments, eur(order.total)), isThere);
    if (order.mayBePlaced && isThere) this.become('placed');
    const next = onwards(order.status, linesOf(order), paymentStatus);
    this.agree('complete', next !== order.status, order.status === 'placed' && order.isDone);
    this.become(next);
  }

  private become(to: OrderStatus): void {
    const { order } = this;
    if (to === order.status) return;
    const way = `${order.status} > ${to}`;
    if (!NEXT[order.status].includes(to)) throw new Error(`${way} is refused`);
    if (!WAYS.includes(way)) throw new Error(`${way} is no legal way`);
    this.seen.ways.add(way);
    order.status = to;
  }

  private agree(what: string, real: boolean, model: boolean): void {
    if (real !== model) throw new Error(`${what}: ${real}, but by the model ${model}\n${this.tell()}`);
    this.seen.answers.add(`${what}: ${real}`);
  }

  private compare(): void {
    const { order } = this;
    const lines = linesOf(order);
    const [payment, fulfilment] = [statusOf(order), fulfilmentStatusOf(lines)];
    const open = unneeded(paymentsOf(order), eur(order.owed), eur(order.total));
    this.agree('let go', open.length > 0, order.unneeded.length > 0);
    if (open.length !== order.unneeded.length) throw new Error(`${open.length} are let go\n${this.tell()}`);
    if (payment !== order.payment || fulfilment !== order.fulfilment)
      throw new Error(
        `${payment}, ${fulfilment}; by the model ${order.payment}, ${order.fulfilment}\n${this.tell()}`,
      );
    this.seen.payments.add(payment);
    this.seen.fulfilments.add(fulfilment);
    const left = order.parcels.filter(({ place }) => place !== 'shelf').length;
    if (left > 0 && !order.isBought) throw new Error(`sent, and ${order.status}\n${this.tell()}`);
    if (order.back > order.came) throw new Error(`more went back than came\n${this.tell()}`);
  }

  private tell(): string {
    return JSON.stringify({ ...this.order, payment: this.order.payment, fulfilment: this.order.fulfilment });
  }
}

describe('the way of an order', () => {
  it('is the table of legal ways and no other', () => {
    const ways = ORDER_STATUSES.flatMap((from) => NEXT[from].map((to) => `${from} > ${to}`));
    const stays = ORDER_STATUSES.map((status) => `${status} > ${status}`);
    expect(ways.sort()).toEqual([...WAYS, ...stays].sort());
  });

  it(`agrees with a model of it at each of ${MOVES} random moves, and comes everywhere`, () => {
    const seen = new Seen();
    const walk = new Walk(new Dice(SEED), seen);
    const last: string[] = [];
    try {
      for (let n = 0; n < MOVES; n++) {
        last.push(walk.step());
        if (last.length > 25) last.shift();
      }
    } catch (error) {
      throw new Error(`with SEED=${SEED}: ${String(error)}\nafter: ${last.join(', ')}`, { cause: error });
    }
    expect([...seen.ways].sort()).toEqual([...WAYS].sort());
    expect([...seen.payments].sort()).toEqual([...PAYMENT_STATUSES].sort());
    expect([...seen.fulfilments].sort()).toEqual([...FULFILMENT_STATUSES].sort());
    for (const what of [
      'download',
      'place',
      'secured',
      'complete',
      'change',
      'send',
      'let go',
      'cancel true',
      'cancel false',
    ])
      for (const answer of [true, false]) expect([...seen.answers]).toContain(`${what}: ${answer}`);
  });
});
