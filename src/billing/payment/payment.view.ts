import type { Money } from '../../platform/money/money.js';
import type { NextAction } from '../gateway/payment-gateway.port.js';
import type { Payment, PaymentStatus } from './payment.entity.js';

/** A payment as other modules see it. */
export interface PaymentView {
  readonly id: string;
  readonly orderId: string;
  readonly status: PaymentStatus;
  readonly amount: Money;
  readonly captured: Money;
  readonly refunded: Money;
  /** Captured, and neither refunded nor on its way back: what an order may rely on. */
  readonly kept: Money;
  readonly declineCode: string | null;
  readonly nextAction: NextAction | null;
  readonly createdAt: Date;
}

export function viewOf(payment: Payment): PaymentView {
  const { id, orderId, status, amount, captured, refunded } = payment;
  const { declineCode, nextActionUrl, createdAt, refundable: kept } = payment;
  const nextAction = nextActionUrl === null ? null : ({ type: 'redirect', url: nextActionUrl } as const);
  return { id, orderId, status, amount, captured, refunded, kept, declineCode, nextAction, createdAt };
}
