import type {
  FulfilmentStatus,
  OrderStatus,
  PaymentStatus,
} from '../../src/ordering/order/order.statuses.js';

/** What an order may become, written down a second time on purpose. A move that keeps the status is always legal. */
export const WAYS: readonly string[] = [
  'pending_payment > placed',
  'pending_payment > canceled',
  'pending_payment > expired',
  'placed > completed',
  'placed > canceled',
  'completed > placed',
  'completed > canceled',
  'expired > placed',
];

/** Where one piece is. Whoever counts the pieces gets what a line of an order says. */
export type Place = 'shelf' | 'road' | 'door' | 'back' | 'gone';
export interface Piece {
  line: number;
  place: Place;
  arrived: boolean;
}
export interface Note {
  state: 'asked' | 'held' | 'came' | 'odd' | 'ended';
  amount: number;
  /** Of what came: on its way back, and back. */
  leaving: number;
  back: number;
}

/** An order as a shopkeeper knows it: pieces, banknotes, and one word for how it stands. */
export class OrderModel {
  status: OrderStatus = 'pending_payment';
  pieces: Piece[] = [];
  notes: Note[] = [];
  total = 0;
  givenBack = 0;

  constructor(readonly kinds: readonly ('physical' | 'digital')[]) {}

  get parcels(): Piece[] {
    return this.pieces.filter(({ line, place }) => this.kinds[line] === 'physical' && place !== 'gone');
  }

  sum(of: (note: Note) => number): number {
    return this.notes.reduce((sum, note) => sum + of(note), 0);
  }

  get came(): number {
    return this.sum(({ state, amount }) => (state === 'came' || state === 'odd' ? amount : 0));
  }
  get held(): number {
    return this.sum(({ state, amount }) => (state === 'held' ? amount : 0));
  }
  get back(): number {
    return this.sum(({ back }) => back);
  }
  /** Came in and is not on its way out. */
  get stays(): number {
    return this.came - this.back - this.sum(({ leaving }) => leaving);
  }
  get owed(): number {
    return this.total + this.givenBack;
  }

  get payment(): PaymentStatus {
    const { came, held, back, owed, stays, total } = this;
    if (held > 0 && back === 0 && (came === 0 || (came < owed && came + held >= owed))) return 'authorized';
    if (came === 0 && owed > 0)
      return this.notes.length > 0 && this.notes.every(({ state }) => state === 'ended') ? 'voided' : 'none';
    if (back > 0 && back === came) return 'refunded';
    if (came < owed) return 'partially_paid';
    if (back === 0) return came > owed && came > 0 ? 'overcharged' : 'paid';
    // Once some of it is back, what is on its way out is no longer too much.
    if (came > owed && stays > total) return 'overcharged';
    return came > owed && stays === owed ? 'paid' : 'partially_refunded';
  }

  /** Notes that may be let go: promised ones once enough lies in the till and stays there, and wishes once nothing is wished for. */
  get unneeded(): Note[] {
    const isThere = this.came >= this.owed && this.stays >= this.total;
    const isEnough = this.came + this.held >= this.owed;
    return this.notes.filter(({ state }) => (state === 'held' && isThere) || (state === 'asked' && isEnough));
  }

  get fulfilment(): FulfilmentStatus {
    const is = (...places: Place[]) => this.parcels.filter(({ place }) => places.includes(place)).length;
    const all = this.parcels.length;
    if (all === 0) return 'not_required';
    if (is('shelf') === all) return 'unfulfilled';
    if (is('shelf') > 0) return 'partially_fulfilled';
    if (is('back') > 0) return is('back') === all ? 'returned' : 'returned_partially';
    return this.parcels.every(({ arrived }) => arrived) ? 'delivered' : 'fulfilled';
  }

  get isBought(): boolean {
    return ['placed', 'completed'].includes(this.status);
  }
  get mayBePlaced(): boolean {
    return (
      ['pending_payment', 'expired'].includes(this.status) && this.notes.every(({ state }) => state !== 'odd')
    );
  }
  mayBeCanceled(byStaff: boolean): boolean {
    if (this.parcels.some(({ place }) => place !== 'shelf')) return false;
    if (this.status === 'completed') return byStaff && this.parcels.length === 0;
    return this.status === 'pending_payment' || this.status === 'placed';
  }
  get mayBeDownloaded(): boolean {
    const isPaid = ['paid', 'overcharged', 'partially_refunded'].includes(this.payment);
    return this.status === 'placed' && this.parcels.length === 0 && isPaid;
  }
  get maySend(): boolean {
    const enough = ['paid', 'overcharged', 'authorized', 'partially_refunded', 'partially_paid'];
    const stays =
      this.held > 0 ||
      this.notes.some(
        (note) => note.amount > note.back + note.leaving && ['came', 'odd'].includes(note.state),
      );
    return this.status === 'placed' && (this.total === 0 || (enough.includes(this.payment) && stays));
  }
  /** All has left, and no money is merely promised. */
  get isDone(): boolean {
    const promised = ['authorized', 'partially_paid', 'none', 'voided'];
    return (
      this.parcels.length > 0 &&
      this.parcels.every(({ place }) => place !== 'shelf') &&
      !promised.includes(this.payment)
    );
  }
}
