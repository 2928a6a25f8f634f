import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import { cameIn, isSafe, keptOf } from './order-money.js';

export const ORDER_STATUSES = ['pending_payment', 'placed', 'completed', 'canceled', 'expired'] as const;
export const PAYMENT_STATUSES = [
  'none',
  'authorized',
  'partially_paid',
  'paid',
  'partially_refunded',
  'refunded',
  'overcharged',
  'voided',
] as const;
/**
 * `fulfilled`: all of it has left; `delivered`: all of it has arrived; `returned`: all that was sent came back;
 * `not_required`: nothing of it is sent.
 */
export const FULFILMENT_STATUSES = [
  'unfulfilled',
  'partially_fulfilled',
  'fulfilled',
  'delivered',
  'returned_partially',
  'returned',
  'not_required',
] as const;

export type OrderStatus = (typeof ORDER_STATUSES)[number];
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];
export type FulfilmentStatus = (typeof FULFILMENT_STATUSES)[number];

/** Stored, indexed, and written together by `OrderRepository.move` alone. */
export interface Statuses {
  status: OrderStatus;
  paymentStatus: PaymentStatus;
  fulfilmentStatus: FulfilmentStatus;
}

/**
 * The legal ways of an order. An expired one may come back when its money arrives late and the goods are there; a completed
 * one when a change of it has something to be sent again.
 */
export const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending_payment: ['pending_payment', 'placed', 'canceled', 'expired'],
  placed: ['placed', 'completed', 'canceled'],
  // Of what is only downloaded staff may take back what was delivered.
  completed: ['completed', 'placed', 'canceled'],
  canceled: ['canceled'],
  expired: ['expired', 'placed'],
};

/**
 * What the payments of an order say about it: derived here and nowhere else. `owed` is all that should have come in
 * (`owedOf`): a change that is still to be paid makes it `partially_paid`, whatever went back before. `total` is what the order
 * costs now, which is less where changes have given something back. `withdrawn`, a part of `owed`, was paid for changes that came to
 * nothing: to give that back refunds nothing of the order.
 */
export function paymentStatusOf(
  payments: readonly PaymentView[],
  owed: Money,
  total: Money = owed,
  withdrawn: Money = Money.zero(owed.currency),
): PaymentStatus {
  const captured = cameIn(payments, owed);
  const back = Money.sum(
    payments.map(({ refunded, givenOutside }) => refunded.plus(givenOutside)),
    owed.currency,
  );
  const refunded = back.compare(withdrawn) > 0 ? back.minus(withdrawn) : Money.zero(owed.currency);
  const held = Money.sum(
    payments.map((payment) => payment.held),
    owed.currency,
  );
  // Part of it may be there while the rest is held: together they promise the whole. A hold that nothing needs promises nothing.
  const isShort = captured.isZero() || captured.compare(owed) < 0;
  if (isShort && !held.isZero() && refunded.isZero() && captured.plus(held).compare(owed) >= 0)
    return 'authorized';
  // What was let go stays so until all of it is paid otherwise: for a part of it, which anybody may pay, nothing is sent.
  const first = payments.filter(({ purpose }) => purpose !== 'extra');
  const isLetGo =
    first.length > 0 && first.every(({ status, captured }) => status === 'canceled' && captured.isZero());
  if (captured.isZero()) {
    if (owed.isZero()) return 'paid';
    if (!held.isZero()) return 'authorized';
    return isLetGo ? 'voided' : 'none';
  }
  const difference = captured.compare(owed);
  const short = isLetGo ? 'voided' : 'partially_paid';
  if (!refunded.isZero()) {
    if (back.compare(captured) >= 0) return 'refunded';
    // What went back, or is on its way, is not all that was too much: some of it was owed for a change.
    const kept = keptOf(payments, owed.currency);
    if (difference > 0 && kept.compare(total) > 0) return 'overcharged';
    // Nothing but what was too much went back: of its goods nothing was refunded.
    if (difference > 0 && kept.equals(owed.minus(withdrawn))) return 'paid';
    return difference < 0 ? short : 'partially_refunded';
  }
  return difference === 0 ? 'paid' : difference < 0 ? short : 'overcharged';
}

/** Whether a person has refused the money of the gateway, and no other is asked for. */
export const isRejected = (payments: readonly PaymentView[]): boolean =>
  payments.some((payment) => payment.isRejected) &&
  payments.every(({ kind, status }) => kind !== 'card' || status === 'canceled');

/**
 * Whether any of the money stays: goods whose whole price is on its way back, or with a bank that disputes it, are not sent after it.
 */
export const isKept = (payments: readonly PaymentView[], total: Money): boolean =>
  total.isZero() || payments.some((payment) => payment.status === 'authorized' || isSafe(payment));

/** Whether a line goes into a parcel. */
export const isSent = ({ kind }: { kind: string }): boolean => kind === 'physical';

export interface Sendable {
  kind: string;
  quantity: number;
  fulfilled: number;
  delivered: number;
  returned: number;
}

/** Whether nothing is left to send. */
export const isAllSent = (lines: readonly Sendable[]): boolean =>
  lines.every((line) => !isSent(line) || line.fulfilled >= line.quantity);

export function fulfilmentStatusOf(all: readonly Sendable[]): FulfilmentStatus {
  const lines = all.filter((line) => isSent(line) && line.quantity > 0);
  if (lines.length === 0) return 'not_required';
  if (isAllSent(lines)) {
    if (lines.every(({ quantity, returned }) => returned >= quantity)) return 'returned';
    if (lines.some(({ returned }) => returned > 0)) return 'returned_partially';
    return lines.every(({ quantity, delivered }) => delivered >= quantity) ? 'delivered' : 'fulfilled';
  }
  return lines.some(({ fulfilled }) => fulfilled > 0) ? 'partially_fulfilled' : 'unfulfilled';
}

/** Money that came in whole, whatever went back of it afterwards. */
const CAME_IN: readonly PaymentStatus[] = ['paid', 'overcharged', 'partially_refunded', 'refunded'];

/** Nothing is left to do for a placed order: all that is sent has left, and its money is more than promised. */
export const isDone = (lines: readonly Sendable[], paymentStatus: PaymentStatus): boolean =>
  isAllSent(lines) && fulfilmentStatusOf(lines) !== 'not_required' && CAME_IN.includes(paymentStatus);

/** Where an order stands once its goods or its money have moved: one that is done is completed, and every other stays. */
export const onwards = (
  status: OrderStatus,
  lines: readonly Sendable[],
  paymentStatus: PaymentStatus,
): OrderStatus => (status === 'placed' && isDone(lines, paymentStatus) ? 'completed' : status);

/** Money enough to keep the goods for the buyer. */
export const isSecured = (status: PaymentStatus): boolean =>
  status === 'paid' || status === 'authorized' || status === 'overcharged';

/**
 * Whether enough money stays to hand over goods for it. Money on its way back counts as captured until its refund settles, and what
 * a person has refused is there for as long as a bank disputes it; whoever would place an order on it would ship for nothing.
 */
export function isCovered(payments: readonly PaymentView[], total: Money): boolean {
  const kept = Money.sum(
    payments.filter(({ status }) => status !== 'canceled').map(({ held, kept }) => kept.plus(held)),
    total.currency,
  );
  return kept.compare(total) >= 0;
}
