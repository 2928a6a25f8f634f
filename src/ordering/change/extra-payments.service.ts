import { Injectable } from '@nestjs/common';
import { BillingApi, type GatewayOutcome, type PaymentView } from '../../billing/billing.api.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { Idempotency, type IdempotentRequest } from '../../platform/http/idempotency.js';
import { platformProblems, type Problem, problemDocument } from '../../platform/http/problem.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { Money } from '../../platform/money/money.js';
import type { Holder } from '../cart/cart.access.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import type { Order } from '../order/order.js';
import { OrderAccess } from '../order/order-access.service.js';
import { OrderPaymentService } from '../order/order-payment.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { dueOf, orderView } from '../order/order.view.js';
import { changeProblems } from './change.errors.js';
import { ChangeRepository } from './change.repository.js';
import type { PayOrderDto } from './extra-payment.dto.js';
import { UnpaidChanges } from './unpaid-changes.service.js';

export interface PaymentAnswer {
  status: number;
  body: string;
}

/** A shopper at the bank's page, and a method that takes its time. */
const HOLD_FOR_ACTION_MS = 60 * 60_000;
const HOLD_FOR_OUTCOME_MS = 24 * 60 * 60_000;

interface Begun {
  operationId: string;
}

/** Pays what a change of an order left due, in the steps of the checkout: each survives a crash. */
@Injectable()
export class ExtraPayments {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly access: OrderAccess,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
    private readonly orderPayments: OrderPaymentService,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  async pay(orderId: string, holder: Holder, input: PayOrderDto): Promise<PaymentAnswer> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    const { operationId } = begunBefore(request) ?? (await this.begin(orderId, holder, input, request));
    failpoint('extra.after_begin_commit');
    const outcome = await this.billing.authorize(operationId);
    failpoint('extra.after_gateway');
    return this.database.transaction(() => this.finish(orderId, operationId, outcome, holder, request));
  }

  private begin(
    orderId: string,
    holder: Holder,
    { payment, expectedAmount }: PayOrderDto,
    request: IdempotentRequest,
  ): Promise<Begun> {
    return this.database.transaction(async () => {
      const payments = await this.billing.lockPaymentsOf(orderId);
      const order = await this.orders.locked(orderId);
      if (!order || !(await this.access.opens(holder, order))) throw platformProblems.not_found();
      const change = await this.changes.awaitingOf(orderId);
      const due = dueOf(order, payments);
      if (!change || due.isZero()) throw changeProblems.nothing_due();
      if (expectedAmount && !due.equals(Money.fromJSON(expectedAmount)))
        throw changeProblems.due_changed(`${due} is due.`, { extra: { amountDue: due.toJSON() } });
      const address = order.billingAddress ?? order.shippingAddress;
      const { operationId } = await this.billing.openPayment({
        orderId,
        amount: due,
        purpose: 'extra',
        mayChangeAmount: true,
        gateway: payment.gateway,
        token: payment.token,
        buyer: {
          email: order.email,
          name: address ? `${address.firstName} ${address.lastName}` : order.email,
          billingAddress: address,
        },
        customerId: order.customerId,
        accessHash: order.tokenHash,
        returnUrl: payment.returnUrl ?? null,
      });
      await request.remember({ operationId });
      await this.unpaid.prolong(change, new Date(this.clock.now().getTime() + HOLD_FOR_ACTION_MS));
      return { operationId };
    });
  }

  private async finish(
    orderId: string,
    operationId: string,
    outcome: GatewayOutcome,
    { actor }: Holder,
    request: IdempotentRequest,
  ): Promise<PaymentAnswer> {
    // All of them, the oldest first, as everywhere; then the order.
    await this.billing.lockPaymentsOf(orderId);
    const payment = await this.billing.settle(operationId, outcome);
    const order = await this.orders.locked(orderId);
    if (!order) throw new Error(`the order ${orderId} is gone`);
    const payments = await this.billing.paymentsOf([orderId]);
    const taken = await this.orderPayments.take(order, payments, actor);
    return this.answer(taken, payment, payments, request);
  }

  private async answer(
    order: Order,
    payment: PaymentView,
    payments: readonly PaymentView[],
    request: IdempotentRequest,
  ): Promise<PaymentAnswer> {
    const { status } = payment;
    if (status === 'requires_payment_method' || status === 'canceled') {
      const { declineCode } = payment;
      const { id: orderId, number } = order;
      const extra = { orderId, number, paymentId: payment.id, declineCode };
      return problemOf(checkoutProblems.payment_declined(undefined, { extra }), orderId, request);
    }
    const code = status === 'captured' || status === 'authorized' ? 201 : 202;
    if (status === 'processing') await this.waitFor(order.id);
    return { status: code, body: request.answer(code, orderView(order, payments)) };
  }

  private async waitFor(orderId: string): Promise<void> {
    const change = await this.changes.awaitingOf(orderId);
    if (change) await this.unpaid.prolong(change, new Date(this.clock.now().getTime() + HOLD_FOR_OUTCOME_MS));
  }
}

/** Stored like any other answer, because something was committed: the attempt to pay. */
function problemOf(problem: Problem, orderId: string, request: IdempotentRequest): PaymentAnswer {
  const { status } = problem;
  const body = request.answer(status, {
    ...problemDocument(problem),
    instance: `/v1/orders/${orderId}/payments`,
    requestId: currentRequest()?.requestId ?? null,
  });
  return { status, body };
}

/** What an earlier request with this key had reached before it died. */
function begunBefore({ resume }: IdempotentRequest): Begun | null {
  if (typeof resume !== 'object' || resume === null || !('operationId' in resume)) return null;
  return resume as Begun;
}
