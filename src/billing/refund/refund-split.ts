import type { Money } from '../../platform/money/money.js';
import type { Payment } from '../payment/payment.entity.js';

/** What a refund of an order takes from each of its payments. */
export interface RefundPart<P> {
  readonly payment: P;
  readonly amount: Money;
}

type Source = Pick<Payment, 'id' | 'kind' | 'status' | 'refundable' | 'createdAt'>;

const RANK = { card: 0, bank_transfer: 1, cash: 1, other: 1, store_credit: 2, gift_card: 3 } as const;

/**
 * Shares a refund out over what was captured and not refunded: cards first, then store credit, then gift cards, the newest of
 * each first. Whoever paid with money of a bank gets that back before anything that can be spent here alone. Null when there is not
 * so much.
 */
export function splitRefund<P extends Source>(amount: Money, payments: readonly P[]): RefundPart<P>[] | null {
  let left = amount;
  const parts: RefundPart<P>[] = [];
  for (const payment of refundOrder(payments)) {
    if (left.isZero()) break;
    const part = left.compare(payment.refundable) < 0 ? left : payment.refundable;
    if (part.isZero() || part.isNegative()) continue;
    parts.push({ payment, amount: part });
    left = left.minus(part);
  }
  return left.isZero() ? parts : null;
}

/** What of an order a refund may take: money that waits for a person, or came to nothing, is decided at its own payment. */
export const refundOrder = <P extends Source>(payments: readonly P[]): P[] =>
  payments
    .filter(({ status }) => status === 'captured' || status === 'authorized')
    .sort(
      (a, b) =>
        RANK[a.kind] - RANK[b.kind] ||
        b.createdAt.getTime() - a.createdAt.getTime() ||
        (a.id < b.id ? 1 : -1),
    );
