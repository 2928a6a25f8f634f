import type { NextAction } from '../gateway/payment-gateway.port.js';
import type { Payment, PaymentKind, PaymentPurpose, PaymentStatus } from './payment.entity.js';
import { Money } from '../../platform/money/money.js';

/** A payment as other modules see it. */
export interface PaymentView {
  readonly id: string;
  /** What it pays: an order, or an invoice. */
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly status: PaymentStatus;
  readonly kind: PaymentKind;
  readonly purpose: PaymentPurpose;
  /** The end of the code of a gift card; null of anything else. */
  readonly last4: string | null;
  readonly amount: Money;
  readonly captured: Money;
  /** Promised and not captured: it can be taken until the hold ends. */
  readonly held: Money;
  /** What was held and never captured: staff have let it go, or its time was over. */
  readonly letGo: Money;
  readonly refunded: Money;
  /** What credit notes say was given back in another way, such as in cash. */
  readonly givenOutside: Money;
  /** What banks have taken back for now, and what of it they keep. */
  readonly disputed: Money;
  readonly disputeLost: Money;
  /**
   * Captured, and neither given back, nor on its way back, nor lost to a bank: what an order may rely on. Below zero where a bank has
   * given back what was refunded already.
   */
  readonly kept: Money;
  readonly declineCode: string | null;
  readonly nextAction: NextAction | null;
  /** A person has looked at it and sent the money back. */
  readonly isRejected: boolean;
  /** Until when a person can decide about it, where its money is only held; null: it waits for nobody, or its money is there. */
  readonly reviewUntil: Date | null;
  readonly createdAt: Date;
}

/** What the payments of an order come to beside what it costs. */
export interface OrderBalance {
  /** What stays with us: captured and not on its way back, and what is held for us. */
  readonly paid: Money;
  /** What a bank has taken back is a loss, and not due again. */
  readonly due: Money;
  /** What came beyond it. What is merely held is not: it is let go, and nobody has to give it back. */
  readonly overpaid: Money;
}

type Counted = Pick<PaymentView, 'held' | 'kept' | 'disputeLost'>;

/** See `BillingApi.amountDue`; the payments are those of one order. */
export function orderBalance(payments: readonly Counted[], total: Money): OrderBalance {
  const sum = (of: (payment: Counted) => Money) => Money.sum(payments.map(of), total.currency);
  const kept = sum((payment) => payment.kept);
  const paid = kept.plus(sum(({ held }) => held));
  const orNone = (amount: Money) => (amount.isNegative() ? Money.zero(total.currency) : amount);
  const lost = sum(({ disputeLost }) => disputeLost);
  return { paid, due: orNone(total.minus(paid).minus(lost)), overpaid: orNone(kept.minus(total)) };
}

export function viewOf(payment: Payment): PaymentView {
  const { id, orderId, invoiceId, status, kind, purpose, last4, amount, captured, refunded } = payment;
  const { givenOutside, disputed, disputeLost, declineCode, reviewReason, nextActionUrl, createdAt } =
    payment;
  const { kept, held, letGo } = payment;
  return {
    ...{
      id,
      orderId,
      invoiceId,
      status,
      kind,
      purpose,
      last4,
      amount,
      captured,
      held,
      letGo,
      refunded,
      givenOutside,
      disputed,
      disputeLost,
      kept,
      declineCode,
      createdAt,
    },
    nextAction: nextActionUrl === null ? null : { type: 'redirect', url: nextActionUrl },
    isRejected: status === 'canceled' && reviewReason !== null,
    reviewUntil: payment.isHeldBack ? payment.captureBefore : null,
  };
}
