import { Injectable } from '@nestjs/common';
import { BillingApi, type GatewayOutcome, type PaymentView } from '../../billing/billing.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { Idempotency, type IdempotentRequest, type StoredAnswer } from '../../platform/http/idempotency.js';
import { platformProblems, Problem, problemDocument } from '../../platform/http/problem.js';
import { currentRequest } from '../../platform/http/request-context.js';
import type { Order } from '../order/order.js';
import { OrderPaymentService } from '../order/order-payment.service.js';
import { OrderRepository } from '../order/order.repository.js';

/** How far an attempt to pay has come: what its key remembers. */
export interface Begun {
  orderId: string;
  /** What the gateway is to be asked; null: nothing is left for it. */
  operationId: string | null;
}

/** Keeps it for the request that takes over, when this one dies; in the transaction that has begun it. */
export type Remember<B extends Begun = Begun> = (begun: B) => Promise<void>;

/** What an attempt has begun in this very run. */
export interface Fresh<B extends Begun> {
  begun: B;
  /**
   * The order as it was written just now, when the operation is all that pays for it: it needs no second look. Null: it had
   * payments that others know of, and is locked with all of them.
   */
  order: Order | null;
}

/** Where the attempt has led. */
export interface Attempted<B extends Begun> {
  begun: B;
  order: Order;
  /** What the gateway was asked for; null: it was not asked. */
  payment: PaymentView | null;
  payments: readonly PaymentView[];
}

export interface PaymentAttempt<B extends Begun> {
  /** Where in the code it is, for who wants it to die there. */
  spot: 'checkout' | 'extra' | 'link';
  /** The path that a problem names. */
  instance: string;
  actor: Actor;
  /** Commits the attempt, with what is to be remembered of it in the same transaction; whatever has to be asked is asked before. */
  begin(remember: Remember<B>): Promise<Fresh<B>>;
  /** In the transaction of the outcome: what is answered, a problem too, and stored for who asks again. */
  answer(attempted: Attempted<B>): Promise<{ status: number; body: object } | Problem>;
}

/**
 * An attempt to pay, in steps that each survive a crash:
 *
 * 1. the Idempotency-Key is claimed (before this service is reached);
 * 2. one transaction writes what is to be paid and opens its payment;
 * 3. the gateway is asked, with no transaction open;
 * 4. one transaction takes in the outcome: payment, books, order, stock, facts and the stored answer.
 *
 * A request that takes over a dead one finds in the claim what step 2 had written and goes on at step 3; the gateway
 * knows the operation by its id and moves no money twice. When no request ever comes back, billing's repair job
 * and `PaymentCaptured` finish step 4, or the order expires.
 */
@Injectable()
export class PaymentSteps {
  constructor(
    private readonly database: Database,
    private readonly billing: BillingApi,
    private readonly orders: OrderRepository,
    private readonly orderPayments: OrderPaymentService,
  ) {}

  /** Answers the stored JSON. 400 without a key. */
  async run<B extends Begun>(attempt: PaymentAttempt<B>): Promise<StoredAnswer> {
    const { spot, instance, actor } = attempt;
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    failpoint(`${spot}.after_claim`);
    // In the meantime of a dead request others may have paid: nothing that it knew is known any more.
    const before = begunBefore<B>(request);
    const { begun, order } = before
      ? { begun: before, order: null }
      : await attempt.begin((state) => request.remember(state));
    failpoint(`${spot}.after_begin_commit`);
    const outcome = await this.ask(spot, begun);
    failpoint(`${spot}.after_gateway`);
    const answer = await this.database.transaction(async () => {
      const attempted = await this.take(begun, order, outcome, actor);
      const given = stored(await attempt.answer(attempted), instance, request);
      failpoint(`${spot}.before_settle_commit`);
      return given;
    });
    failpoint(`${spot}.after_settle_commit`);
    return answer;
  }

  /** An order of which nothing is left to be paid asks nobody. */
  private async ask(spot: string, { operationId }: Begun): Promise<GatewayOutcome | null> {
    if (operationId === null) return null;
    failpoint(`${spot}.before_gateway`);
    return this.billing.authorize(operationId);
  }

  private async take<B extends Begun>(
    begun: B,
    fresh: Order | null,
    outcome: GatewayOutcome | null,
    actor: Actor,
  ): Promise<Attempted<B>> {
    const { orderId, operationId } = begun;
    // All of them, the oldest first, as everywhere; then the order.
    if (!fresh) await this.billing.lockPaymentsOf(orderId);
    const payment = operationId && outcome ? await this.billing.settle(operationId, outcome) : null;
    if (fresh) {
      const payments = payment ? [payment] : [];
      return { begun, order: await this.orderPayments.take(fresh, payments, actor), payment, payments };
    }
    const locked = await this.orders.locked(orderId);
    if (!locked) throw new Error(`the order ${orderId} is gone`);
    const order = await this.orderPayments.take(locked, await this.billing.paymentsOf([orderId]), actor);
    // What could not be taken is on its way back by now.
    return { begun, order, payment, payments: await this.billing.paymentsOf([orderId]) };
  }
}

/** Stored in either case, because something was committed: the attempt to pay. */
function stored(
  answer: { status: number; body: object } | Problem,
  instance: string,
  request: IdempotentRequest,
): StoredAnswer {
  if (!(answer instanceof Problem))
    return { status: answer.status, body: request.answer(answer.status, answer.body) };
  const requestId = currentRequest()?.requestId ?? null;
  const { status } = answer;
  return { status, body: request.answer(status, { ...problemDocument(answer), instance, requestId }) };
}

/** What an earlier request with this key had reached before it died. */
function begunBefore<B extends Begun>({ resume }: IdempotentRequest): B | null {
  const isBegun = typeof resume === 'object' && resume !== null && 'orderId' in resume;
  return isBegun ? (resume as B) : null;
}
