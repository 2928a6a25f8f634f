import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import { isKept, isSecured, type Statuses } from './order.statuses.js';

type Status = Pick<Statuses, 'status'>;

/** Somebody bought it and it was not taken back: it may be changed, and what was sent of it may come back. */
export const isBought = ({ status }: Status): boolean => status === 'placed' || status === 'completed';

/** Another amount than was asked for is a case for a person; until then nothing is promised. */
export const isDoubtful = (payments: readonly PaymentView[]): boolean =>
  payments.some(({ status }) => status === 'requires_review');

/**
 * Payments that nothing is left for: pages of a bank that ask for more than is due beside what came and what is held, and a hold
 * beside money that is all there, and stays. What is on its way, or waits for a person, is decided first.
 */
export function unneeded(payments: readonly PaymentView[], owed: Money, total: Money): PaymentView[] {
  const counted = payments.filter(({ status }) => status !== 'canceled');
  const sum = (of: (payment: PaymentView) => Money) => Money.sum(counted.map(of), owed.currency);
  const due = owed.minus(sum(({ captured, held }) => captured.plus(held)));
  const isDue = !due.isZero() && !due.isNegative();
  const isThere =
    sum(({ captured }) => captured).compare(owed) >= 0 && sum(({ kept }) => kept).compare(total) >= 0;
  return payments.filter(({ status, amount }) => {
    if (status === 'authorized') return isThere;
    if (status === 'requires_action') return amount.compare(due) > 0;
    return status === 'requires_payment_method' && !isDue;
  });
}

/** It waits for its money, or waited too long: money that secures it may place it. */
export const mayPlace = ({ status }: Status, payments: readonly PaymentView[]): boolean =>
  (status === 'pending_payment' || status === 'expired') && !isDoubtful(payments);

/**
 * Whether all of an order may be canceled as far as its statuses say: nothing of it was sent. Of what is only downloaded, and done
 * with its payment, staff decide for themselves what they take back.
 */
export function mayCancel(
  { status, fulfilmentStatus }: Omit<Statuses, 'paymentStatus'>,
  byStaff: boolean,
): boolean {
  const unsent = fulfilmentStatus === 'unfulfilled' || fulfilmentStatus === 'not_required';
  const isDownloaded = status === 'completed' && fulfilmentStatus === 'not_required';
  return unsent && (status === 'pending_payment' || status === 'placed' || (byStaff && isDownloaded));
}

/**
 * Placed, paid for or promised, and the money not on its way back: only then something of it is planned, packed or sent. When
 * some of the money went back, what else there is may go; what costs nothing (any more) goes without money. Pieces that wait for
 * the payment of a change are kept back one by one, and are no part of `total` and the status: see `sendingOf`.
 */
export function maySend(
  { status, paymentStatus }: Omit<Statuses, 'fulfilmentStatus'>,
  total: Money,
  payments: readonly PaymentView[],
): boolean {
  const paid =
    isSecured(paymentStatus) || paymentStatus === 'partially_refunded' || paymentStatus === 'partially_paid';
  return status === 'placed' && (total.isZero() || (paid && isKept(payments, total)));
}

/** Nothing of it is sent, and its money is there: it is completed once it counts as delivered. A hold on a card is not enough. */
export const mayComplete = ({ status, paymentStatus, fulfilmentStatus }: Statuses): boolean =>
  status === 'placed' &&
  fulfilmentStatus === 'not_required' &&
  (paymentStatus === 'paid' || paymentStatus === 'overcharged' || paymentStatus === 'partially_refunded');
