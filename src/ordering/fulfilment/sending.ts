import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import { paidPieces, shareOf } from '../order/order-pieces.js';
import type { Order } from '../order/order.js';
import { paymentStatusOf, type Statuses } from '../order/order.statuses.js';

/** What the pieces cost that wait for the payment of a change, in minor units. */
export const awaitedOf = ({ lines }: Pick<Order, 'lines'>): bigint =>
  lines.reduce((sum, line) => {
    const paid = paidPieces(line);
    return paid === 0 ? sum : sum + shareOf(line.total, paid, Math.min(line.awaiting, paid));
  }, 0n);

/**
 * An order without what waits to be paid: how it would stand, and what it would cost. Whether the others may be sent is not
 * for an addition to decide that nobody has paid.
 */
export function sendingOf(
  { status, total, givenBack, currency }: Pick<Order, 'status' | 'total' | 'givenBack' | 'currency'>,
  awaited: bigint,
  payments: readonly PaymentView[],
): { statuses: Omit<Statuses, 'fulfilmentStatus'>; total: Money } {
  const own = Money.of(total - awaited, currency);
  const owed = own.plus(Money.of(givenBack, currency));
  return { statuses: { status, paymentStatus: paymentStatusOf(payments, owed, own) }, total: own };
}
