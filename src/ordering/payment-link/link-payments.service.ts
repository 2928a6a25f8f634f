import { Injectable } from '@nestjs/common';
import { BillingApi, type GatewayOutcome, type PaymentView } from '../../billing/billing.api.js';
import { type Actor, system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { Idempotency, type IdempotentRequest } from '../../platform/http/idempotency.js';
import { platformProblems, type Problem, problemDocument } from '../../platform/http/problem.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { changeProblems } from '../change/change.errors.js';
import { type PaymentAnswer, ExtraPayments } from '../change/extra-payments.service.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import { giftCardsOf } from '../checkout/draft.js';
import { PaymentAttempts } from '../checkout/payment-attempts.service.js';
import type { Order } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderPaymentService } from '../order/order-payment.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { dueOf } from '../order/order.view.js';
import type { PayByLinkDto } from './payment-link.dto.js';
import type { PaymentLink } from './payment-link.repository.js';
import { PaymentLinkRepository } from './payment-link.repository.js';
import { paymentLinkProblems } from './payment-link.errors.js';
import { dueOrderView } from './payment-link.view.js';
import { PaymentLinks } from './payment-links.service.js';

/** A payer at the bank's page, and a method that takes its time. */
const HOLD_FOR_ACTION_MS = 60 * 60_000;
const HOLD_FOR_OUTCOME_MS = 24 * 60 * 60_000;

interface Begun {
  orderId: string;
  operationId: string | null;
  /** Until when the link holds: what the answer tells. */
  expiresAt: string;
}

/** Pays what is due of an order by a link, in the steps of the checkout: each survives a crash. */
@Injectable()
export class LinkPayments {
  constructor(
    private readonly database: Database,
    private readonly links: PaymentLinks,
    private readonly rows: PaymentLinkRepository,
    private readonly orders: OrderRepository,
    private readonly holds: OrderHolds,
    private readonly attempts: PaymentAttempts,
    private readonly extras: ExtraPayments,
    private readonly orderPayments: OrderPaymentService,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  /** `ip`: where the request comes from, for who tries out codes of gift cards. */
  async pay(input: PayByLinkDto, payer: Actor, ip: string): Promise<PaymentAnswer> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    const begun = begunBefore(request) ?? (await this.begin(input, payer, ip, request));
    failpoint('link.after_begin_commit');
    const outcome = begun.operationId === null ? null : await this.billing.authorize(begun.operationId);
    failpoint('link.after_gateway');
    return this.database.transaction(() => this.finish(begun, outcome, payer, request));
  }

  private async begin(
    { token, ...tender }: PayByLinkDto,
    payer: Actor,
    ip: string,
    request: IdempotentRequest,
  ): Promise<Begun> {
    const { orderId } = await this.links.open(token);
    await this.billing.checkGiftCards(giftCardsOf(tender.giftCards), ip);
    return this.database.transaction(async () => {
      await this.rows.lockAllOf(orderId);
      const link = await this.links.open(token);
      const payments = await this.billing.lockPaymentsOf(orderId);
      const order = await this.orders.locked(orderId);
      if (!order) throw platformProblems.not_found();
      this.requirePayable(link, order, payments);
      const begun = { orderId, expiresAt: link.expiresAt.toISOString() };
      if (order.status === 'pending_payment') {
        const { operationId } = await this.attempts.again(order, tender, payer, (at) =>
          request.remember({ ...begun, operationId: at.operationId }),
        );
        return { ...begun, operationId };
      }
      if (!tender.payment || tender.giftCards?.length || tender.storeCredit) throw cardOnly();
      const operationId = await this.extras.open(order, payments, tender.payment);
      await request.remember({ ...begun, operationId });
      return { ...begun, operationId };
    });
  }

  private requirePayable(link: PaymentLink, order: Order, payments: readonly PaymentView[]): void {
    this.links.requireHolding(link, order, payments);
    if (dueOf(order, payments).isZero()) throw changeProblems.nothing_due();
    // One that is over may still be looked at while a payment is on its way, and takes no other.
    if (link.expiresAt <= this.clock.now()) throw paymentLinkProblems.payment_link_ended();
  }

  private async finish(
    { orderId, operationId, expiresAt }: Begun,
    outcome: GatewayOutcome | null,
    payer: Actor,
    request: IdempotentRequest,
  ): Promise<PaymentAnswer> {
    // All of them, the oldest first, as everywhere; then the order.
    await this.billing.lockPaymentsOf(orderId);
    const payment = operationId && outcome ? await this.billing.settle(operationId, outcome) : null;
    const order = await this.orders.locked(orderId);
    if (!order) throw new Error(`the order ${orderId} is gone`);
    const payments = await this.billing.paymentsOf([orderId]);
    const taken = await this.orderPayments.take(order, payments, payer);
    const after = await this.billing.paymentsOf([orderId]);
    return this.answer(taken, { payment, payments: after, until: new Date(expiresAt) }, request);
  }

  private async answer(
    order: Order,
    { payment, payments, until }: { payment: PaymentView | null; payments: PaymentView[]; until: Date },
    request: IdempotentRequest,
  ): Promise<PaymentAnswer> {
    if (order.status === 'canceled' || order.status === 'expired')
      return problemOf(paymentLinkProblems.payment_link_ended('The money goes back.'), request);
    if (payment && (payment.status === 'requires_payment_method' || payment.status === 'canceled')) {
      const { declineCode } = payment;
      await this.orders.note(order.id, order, {
        event: 'payment_declined',
        actor: system('billing'),
        at: this.clock.now(),
        ...(declineCode !== null && { note: declineCode }),
      });
      const extra = { orderId: order.id, number: order.number, paymentId: payment.id, declineCode };
      return problemOf(checkoutProblems.payment_declined(undefined, { extra }), request);
    }
    const isDone = payment === null || payment.status === 'captured' || payment.status === 'authorized';
    if (payment && !isDone) await this.wait(order, payment);
    const status = isDone ? 201 : 202;
    return { status, body: request.answer(status, dueOrderView(order, payments, until)) };
  }

  /** The goods are held until the outcome can be there. */
  private async wait(order: Order, { status }: PaymentView): Promise<void> {
    const hold = status === 'requires_action' ? HOLD_FOR_ACTION_MS : HOLD_FOR_OUTCOME_MS;
    const until = new Date(this.clock.now().getTime() + hold);
    if (order.status === 'pending_payment') await this.holds.prolong(order.id, until);
    else await this.extras.waitFor(order.id, until);
  }
}

/** Stored like any other answer, because something was committed: the attempt to pay. */
function problemOf(problem: Problem, request: IdempotentRequest): PaymentAnswer {
  const { status } = problem;
  const body = request.answer(status, {
    ...problemDocument(problem),
    instance: '/v1/payment-links/payment',
    requestId: currentRequest()?.requestId ?? null,
  });
  return { status, body };
}

const cardOnly = () =>
  platformProblems.invalid_input('What a change costs is paid by card.', {
    errors: [{ pointer: '/payment', code: 'card_only', message: 'is needed, and nothing beside it' }],
  });

/** What an earlier request with this key had reached before it died. */
function begunBefore({ resume }: IdempotentRequest): Begun | null {
  if (typeof resume !== 'object' || resume === null || !('orderId' in resume)) return null;
  return resume as Begun;
}
