import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import type { OrderLine } from '../order/order.js';
import { keptOf } from '../order/order-money.js';
import { isBought } from '../order/order.guards.js';
import type { Statuses } from '../order/order.statuses.js';

type CardLine = Pick<OrderLine, 'kind' | 'quantity' | 'unitPrice'>;

/**
 * The lines of an order whose pieces have each to be a gift card by now: the order is placed and the money of the cards is there.
 * Held is not paid, and what is on its way back buys nothing.
 */
export function cardsDue<L extends CardLine>(
  order: Pick<Statuses, 'status'> & { email: string; currency: string; lines: readonly L[] },
  payments: readonly PaymentView[],
): L[] {
  const { currency } = order;
  const lines = order.lines.filter(({ kind, unitPrice }) => kind === 'gift_card' && unitPrice > 0n);
  if (lines.length === 0 || !isBought(order) || order.email === ERASED_EMAIL) return [];
  const worth = lines.reduce((sum, line) => sum + line.unitPrice * BigInt(line.quantity), 0n);
  const kept = keptOf(payments, currency);
  return kept.compare(Money.of(worth, currency)) < 0 ? [] : lines;
}
