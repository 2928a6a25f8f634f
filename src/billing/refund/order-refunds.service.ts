import { Injectable } from '@nestjs/common';
import { Outbox } from '../../platform/events/outbox.js';
import { Money } from '../../platform/money/money.js';
import { OperationScheduled } from '../billing.events.js';
import type { PaymentKind } from '../payment/payment.entity.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { OwnRefunds } from './own-refunds.service.js';
import { refundProblems } from './refund.errors.js';
import type { RefundDestination } from './refund.repository.js';
import { RefundService } from './refund.service.js';
import { refundOrder, splitRefund } from './refund-split.js';

/** What of a refund goes where. */
export interface RefundShare {
  readonly refundId: string;
  readonly paymentId: string;
  readonly kind: PaymentKind;
  /** The end of the code of a gift card. */
  readonly last4: string | null;
  readonly amount: Money;
}

export interface OrderRefund {
  /** `store_credit`: all of it becomes credit of the customer, whatever it was paid with. */
  readonly to?: RefundDestination;
  readonly reason: string;
  /** The person's id, or `system`. */
  readonly requestedBy: string;
}

/** Refunds of an order, over all of its payments. */
@Injectable()
export class OrderRefunds {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly refunds: RefundService,
    private readonly own: OwnRefunds,
    private readonly outbox: Outbox,
  ) {}

  /** See `BillingApi.refundOrder`. */
  async refund(
    orderId: string,
    amount: Money,
    { to = 'original', reason, requestedBy }: OrderRefund,
  ): Promise<RefundShare[]> {
    if (amount.isZero() || amount.isNegative()) throw refundProblems.refund_amount_required();
    const payments = await this.payments.lockAllOfOrder(orderId);
    if (payments.some((payment) => payment.amount.currency !== amount.currency))
      throw refundProblems.refund_amount_required('Refund in the currency of the order.');
    const parts = splitRefund(amount, payments);
    if (parts === null) {
      const most = Money.sum(
        refundOrder(payments).map(({ refundable }) => refundable),
        amount.currency,
      );
      throw refundProblems.refund_exceeds_captured(`At most ${most.toString()} can be refunded.`, {
        extra: { maximumRefundable: most.toJSON() },
      });
    }
    await this.own.lock(parts.map(({ payment }) => payment));
    const shares: RefundShare[] = [];
    for (const { payment, amount: part } of parts) {
      const how = { amount: part, to, reason, requestedBy };
      const { refundId, operationId } = await this.refunds.request(payment.id, how);
      if (operationId !== null) this.outbox.record(new OperationScheduled({ operationId }));
      const { id: paymentId, kind, last4 } = payment;
      shares.push({ refundId, paymentId, kind, last4, amount: part });
    }
    return shares;
  }
}
