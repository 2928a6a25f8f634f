import { Injectable } from '@nestjs/common';
import type { PaymentView } from '../../billing/billing.api.js';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import type { IdempotentRequest } from '../../platform/http/idempotency.js';
import type { Problem } from '../../platform/http/problem.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { isBought } from '../order/order.guards.js';
import type { Order } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { orderView } from '../order/order.view.js';
import { checkoutProblems } from './checkout.errors.js';

/** Ready to be sent, and stored as it is for whoever repeats the request. */
export interface CheckoutAnswer {
  status: number;
  body: string;
}

/** A shopper at the bank's page, and a method that takes its time. */
const HOLD_FOR_ACTION_MS = 60 * 60_000;
const HOLD_FOR_OUTCOME_MS = 24 * 60 * 60_000;

/** What the checkout says at its end, stored in the transaction of the effect. */
@Injectable()
export class CheckoutAnswers {
  constructor(
    private readonly orders: OrderRepository,
    private readonly holds: OrderHolds,
    private readonly clock: Clock,
  ) {}

  /** `payment` is the one at the gateway that this checkout asked for; null: it asked for none. */
  async give(
    order: Order,
    { payment, payments }: { payment: PaymentView | null; payments: readonly PaymentView[] },
    request: IdempotentRequest,
  ): Promise<CheckoutAnswer> {
    if (isBought(order)) return this.order(201, order, payments, request);
    const extra = { orderId: order.id, number: order.number, paymentId: payment?.id ?? null };
    if (order.status === 'canceled' && order.history.at(-1)?.event === 'sold_out') {
      return this.problem(
        checkoutProblems.out_of_stock(
          'The goods were gone before the payment arrived; the money goes back.',
          { extra },
        ),
        order,
        request,
      );
    }
    if (order.status !== 'pending_payment') {
      return this.problem(
        checkoutProblems.order_closed(`The order is ${order.status}.`, { extra }),
        order,
        request,
      );
    }
    if (payment === null || payment.status === 'requires_payment_method' || payment.status === 'canceled') {
      const declineCode = payment?.declineCode ?? null;
      await this.orders.note(order.id, order, {
        event: 'payment_declined',
        actor: system('billing'),
        at: this.clock.now(),
        ...(declineCode !== null && { note: declineCode }),
      });
      return this.problem(
        checkoutProblems.payment_declined(undefined, { extra: { ...extra, declineCode } }),
        order,
        request,
      );
    }
    const wait = payment.status === 'requires_action' ? HOLD_FOR_ACTION_MS : HOLD_FOR_OUTCOME_MS;
    const until = new Date(this.clock.now().getTime() + wait);
    await this.holds.prolong(order.id, until);
    return this.order(202, { ...order, expiresAt: until }, payments, request);
  }

  private order(
    status: number,
    order: Order,
    payments: readonly PaymentView[],
    request: IdempotentRequest,
  ): CheckoutAnswer {
    const body = request.answer(status, orderView(order, payments));
    return { status, body };
  }

  /** Stored like any other answer, because something was committed: the order and the attempt to pay it. */
  private problem(problem: Problem, order: Order, request: IdempotentRequest): CheckoutAnswer {
    const { kind, details } = problem;
    const body = request.answer(kind.status, {
      type: `/problems/${kind.code}`,
      title: kind.title,
      status: kind.status,
      detail: problem.message,
      instance: `/v1/carts/${order.cartId}/checkout`,
      code: kind.code,
      requestId: currentRequest()?.requestId ?? null,
      ...details.extra,
    });
    return { status: kind.status, body };
  }
}
