import { Injectable } from '@nestjs/common';
import { BillingApi, receivedAtOf } from '../../billing/billing.api.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { platformProblems, Problem } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { totalOf } from '../order/order.js';
import { orderProblems } from '../order/order.errors.js';
import { OrderLocks } from '../order/order-locks.service.js';
import { OrderPaymentService } from '../order/order-payment.service.js';
import { dueOf } from '../order/order.view.js';
import type { ReceivedPaymentDto, ReceivePaymentDto } from './received-payment.dto.js';

/** Money that staff have found in the bank or in the till, and what it does to its order. */
@Injectable()
export class ReceivedPayments {
  constructor(
    private readonly locks: OrderLocks,
    private readonly billing: BillingApi,
    private readonly orderPayments: OrderPaymentService,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: the money is a payment of the order, which is placed when nothing is missing. What is too little
   * leaves the rest due, what is too much can be refunded. 409 `billing.receipt_known` for a reference that was taken before,
   * 409 `billing.receipt_in_progress` when another payment of the order came first in this very moment.
   */
  async receive(orderId: string, input: ReceivePaymentDto, actor: Actor): Promise<ReceivedPaymentDto> {
    const locked = await this.locks.lock(orderId).catch(async (error: unknown) => {
      const isOther = error instanceof Problem && error.code === orderProblems.payment_undecided.kind.code;
      throw isOther ? await this.billing.otherReceipt(input) : error;
    });
    if (locked === null) throw platformProblems.not_found();
    const { order } = locked;
    const receivedAt = receivedAtOf(input.receivedAt, order.createdAt, this.clock.now());
    const amount = Money.fromJSON(input.amount);
    if (amount.currency !== order.currency || amount.isZero() || amount.isNegative())
      throw wrongAmount(`must be above zero in ${order.currency}`);
    const address = order.billingAddress ?? order.shippingAddress;
    const { paymentId } = await this.billing.receive({
      ...{ orderId, amount, receivedAt, method: input.method, reference: input.reference },
      customerId: order.customerId,
      accessHash: order.tokenHash,
      recordedBy: personId(actor),
      buyer: {
        email: order.email,
        name: address ? `${address.firstName} ${address.lastName}` : order.email,
        billingAddress: address,
      },
    });
    this.audit.record({
      actor,
      action: 'ordering.payment.received',
      subjectType: 'order',
      subjectId: orderId,
      details: { paymentId },
    });
    const payments = await this.billing.paymentsOf([orderId]);
    const after = await this.orderPayments.take(order, payments, actor);
    // What a change has given back is neither due again nor there to be given back twice.
    const due = dueOf(after, await this.billing.paymentsOf([orderId]));
    const { overpaid } = await this.billing.amountDue(orderId, totalOf(after));
    return {
      ...{ paymentId, orderId, orderStatus: after.status, paymentStatus: after.paymentStatus },
      ...{ due: due.toJSON(), overpaid: overpaid.toJSON() },
    };
  }
}

const wrongAmount = (message: string) =>
  platformProblems.invalid_input(undefined, { errors: [{ pointer: '/amount', code: 'invalid', message }] });
