import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { StoredAnswer } from '../../platform/http/idempotency.js';
import { platformProblems, type Problem } from '../../platform/http/problem.js';
import { changeProblems } from '../change/change.errors.js';
import { ExtraPayments } from '../change/extra-payments.service.js';
import { AttemptEnds } from '../checkout/attempt-ends.service.js';
import { PaymentAttempts } from '../checkout/payment-attempts.service.js';
import {
  type Attempted,
  type Begun,
  type Fresh,
  PaymentSteps,
  type Remember,
} from '../checkout/payment-steps.service.js';
import { giftCardsOf } from '../checkout/tender.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { dueOf } from '../order/order.view.js';
import { OpenLinks } from './open-links.service.js';
import type { PayByLinkDto } from './payment-link.dto.js';
import { paymentLinkProblems } from './payment-link.errors.js';
import { type PaymentLink, PaymentLinkRepository } from './payment-link.repository.js';
import { dueOrderView } from './payment-link.view.js';

interface BegunByLink extends Begun {
  /** Until when the link holds: what the answer tells. */
  expiresAt: string;
}

/** Pays what is due of an order by a link, whoever has it. */
@Injectable()
export class LinkPayments {
  constructor(
    private readonly steps: PaymentSteps,
    private readonly ends: AttemptEnds,
    private readonly database: Database,
    private readonly links: OpenLinks,
    private readonly rows: PaymentLinkRepository,
    private readonly orders: OrderRepository,
    private readonly attempts: PaymentAttempts,
    private readonly extras: ExtraPayments,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  /** `ip`: where the request comes from, for who tries out codes of gift cards. */
  pay(input: PayByLinkDto, payer: Actor, ip: string): Promise<StoredAnswer> {
    return this.steps.run<BegunByLink>({
      spot: 'link',
      instance: '/v1/payment-links/payment',
      actor: payer,
      begin: (remember) => this.begin(input, payer, ip, remember),
      answer: (attempted) => this.answer(attempted),
    });
  }

  private async begin(
    { token, ...tender }: PayByLinkDto,
    payer: Actor,
    ip: string,
    remember: Remember<BegunByLink>,
  ): Promise<Fresh<BegunByLink>> {
    const { orderId } = await this.links.open(token);
    await this.billing.checkGiftCards(giftCardsOf(tender.giftCards), ip);
    return this.database.transaction(async () => {
      await this.rows.lockAllOf(orderId);
      const link = await this.links.open(token);
      await this.billing.lockPaymentsOf(orderId);
      const order = await this.orders.locked(orderId);
      if (!order) throw platformProblems.not_found();
      // The shopper may have paid at the order while it was waited for.
      const payments = await this.billing.paymentsOf([orderId]);
      this.requirePayable(link, order, payments);
      const expiresAt = link.expiresAt.toISOString();
      if (order.status === 'pending_payment') {
        const begun = await this.attempts.again(order, tender, payer, (at) => remember({ ...at, expiresAt }));
        return { begun: { ...begun, expiresAt }, order: null };
      }
      const operationId = await this.extras.open(order, payments, tender, payer);
      const begun = { orderId, operationId, expiresAt };
      await remember(begun);
      return { begun, order: null };
    });
  }

  private requirePayable(link: PaymentLink, order: Order, payments: readonly PaymentView[]): void {
    this.links.requireHolding(link, order, payments);
    if (dueOf(order, payments).isZero()) throw changeProblems.nothing_due();
    // One that is over may still be looked at while a payment is on its way, and takes no other.
    if (link.expiresAt <= this.clock.now()) throw paymentLinkProblems.payment_link_ended();
  }

  private async answer({
    begun,
    order,
    payment,
    payments,
  }: Attempted<BegunByLink>): Promise<{ status: number; body: object } | Problem> {
    if (order.status === 'canceled' || order.status === 'expired')
      return paymentLinkProblems.payment_link_ended('The money goes back.');
    if (payment && AttemptEnds.isDeclined(payment)) return this.ends.declined(order, payment);
    const waited = payment ?? AttemptEnds.transferOf(payments);
    const isDone = waited === null || waited.status === 'captured' || waited.status === 'authorized';
    if (!isDone) await this.ends.waits(order, waited);
    return { status: isDone ? 201 : 202, body: dueOrderView(order, payments, new Date(begun.expiresAt)) };
  }
}
