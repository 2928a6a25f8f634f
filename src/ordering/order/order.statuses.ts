import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';

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
/** `not_required`: nothing of it is sent. */
export const FULFILMENT_STATUSES = [
  'unfulfilled',
  'partially_fulfilled',
  'fulfilled',
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

/** The legal ways of an order. An expired one may come back when its money arrives late and the goods are there. */
export const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending_payment: ['pending_payment', 'placed', 'canceled', 'expired'],
  placed: ['placed', 'completed', 'canceled'],
  completed: ['completed'],
  canceled: ['canceled'],
  expired: ['expired', 'placed', 'canceled'],
};

/** What the payments of an order say about it: derived here and nowhere else. */
export function paymentStatusOf(payments: readonly PaymentView[], total: Money): PaymentStatus {
  const captured = Money.sum(
    payments.map((payment) => payment.captured),
    total.currency,
  );
  const refunded = Money.sum(
    payments.map((payment) => payment.refunded),
    total.currency,
  );
  const held = Money.sum(
    payments.filter(({ status }) => status === 'authorized').map(({ amount }) => amount),
    total.currency,
  );
  // Part of it may be there while the rest is held: together they promise the whole.
  if (!held.isZero() && refunded.isZero() && captured.plus(held).compare(total) >= 0) return 'authorized';
  if (captured.isZero()) {
    if (total.isZero()) return 'paid';
    if (!held.isZero()) return 'authorized';
    const ended = payments.length > 0 && payments.every(({ status }) => status === 'canceled');
    return ended ? 'voided' : 'none';
  }
  if (!refunded.isZero()) return refunded.compare(captured) >= 0 ? 'refunded' : 'partially_refunded';
  const difference = captured.compare(total);
  return difference === 0 ? 'paid' : difference < 0 ? 'partially_paid' : 'overcharged';
}

/** Whether any of the money stays: goods whose whole price is on its way back are not sent after it. */
export const isKept = (payments: readonly PaymentView[], total: Money): boolean =>
  total.isZero() || payments.some(({ status, kept }) => status === 'authorized' || !kept.isZero());

/** Whether a line goes into a parcel. */
export const isSent = ({ kind }: { kind: string }): boolean => kind === 'physical';

export function fulfilmentStatusOf(
  all: readonly { quantity: number; fulfilled: number; kind: string }[],
): FulfilmentStatus {
  const lines = all.filter(isSent);
  if (lines.length === 0) return 'not_required';
  if (lines.every(({ quantity, fulfilled }) => fulfilled >= quantity)) return 'fulfilled';
  return lines.some(({ fulfilled }) => fulfilled > 0) ? 'partially_fulfilled' : 'unfulfilled';
}

/** Money enough to keep the goods for the buyer. */
export const isSecured = (status: PaymentStatus): boolean =>
  status === 'paid' || status === 'authorized' || status === 'overcharged';

/**
 * Whether enough money stays to hand over goods for it. Money on its way back counts as captured until its refund settles;
 * whoever would place an order on it would ship for nothing.
 */
export function isCovered(payments: readonly PaymentView[], total: Money): boolean {
  const kept = Money.sum(
    payments.map(({ status, amount, kept }) => (status === 'authorized' ? amount : kept)),
    total.currency,
  );
  return kept.compare(total) >= 0;
}
