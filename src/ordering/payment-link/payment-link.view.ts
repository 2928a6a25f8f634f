import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import type { Order } from '../order/order.js';
import { dueOf } from '../order/order.view.js';
import type { DueOrderDto } from './payment-link.dto.js';

const UNDER_WAY: readonly PaymentView['status'][] = ['processing', 'requires_action', 'requires_review'];

/** The payment of an order that is on its way, if there is one. */
export const underWay = (payments: readonly PaymentView[]): PaymentView | undefined =>
  payments.findLast(({ status }) => UNDER_WAY.includes(status));

/** What a payer needs to know: no name, no address, nothing that was said of a line. */
export function dueOrderView(order: Order, payments: readonly PaymentView[], expiresAt: Date): DueOrderDto {
  const money = (amount: bigint) => Money.of(amount, order.currency).toJSON();
  const due = dueOf(order, payments);
  const present = due.isZero() ? undefined : underWay(payments);
  return {
    orderNumber: order.number,
    state: due.isZero() ? 'paid' : present ? 'in_progress' : 'open',
    currency: order.currency,
    amountDue: due.toJSON(),
    totals: {
      subtotal: money(order.subtotal),
      discount: money(order.discount),
      shipping: money(order.shipping),
      tax: money(order.tax),
      total: money(order.total),
    },
    lines: order.lines.map(({ title, variantTitle, sku, quantity, total }) => ({
      ...{ title, variantTitle, sku, quantity },
      total: money(total),
    })),
    nextAction: present?.nextAction ?? null,
    expiresAt: expiresAt.toISOString(),
  };
}
