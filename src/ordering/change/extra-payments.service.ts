import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { StoredAnswer } from '../../platform/http/idempotency.js';
import { platformProblems, type Problem } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import type { Holder } from '../cart/cart.access.js';
import { AttemptEnds } from '../checkout/attempt-ends.service.js';
import type { TenderDto } from '../checkout/checkout.dto.js';
import {
  type Attempted,
  type Begun,
  type Fresh,
  PaymentSteps,
  type Remember,
} from '../checkout/payment-steps.service.js';
import { giftCardsOf, tenderOf } from '../checkout/tender.js';
import type { Order } from '../order/order.js';
import { OrderAccess } from '../order/order-access.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { isBought } from '../order/order.guards.js';
import { dueOf, orderView } from '../order/order.view.js';
import { changeProblems } from './change.errors.js';
import { ChangeRepository } from './change.repository.js';
import type { PayOrderDto } from './extra-payment.dto.js';
import { UnpaidChanges } from './unpaid-changes.service.js';

/** Time for an attempt to pay. */
const PAY_WITHIN_MS = 60 * 60_000;

/** Pays what is due of a placed order, by whoever the order belongs to: what a change added, or what a hold did not bring. */
@Injectable()
export class ExtraPayments {
  constructor(
    private readonly steps: PaymentSteps,
    private readonly ends: AttemptEnds,
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly access: OrderAccess,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  /** `ip`: where the request comes from, for who tries out codes of gift cards. */
  pay(orderId: string, holder: Holder, input: PayOrderDto, ip: string): Promise<StoredAnswer> {
    return this.steps.run({
      spot: 'extra',
      instance: `/v1/orders/${orderId}/payments`,
      actor: holder.actor,
      begin: (remember) => this.begin(orderId, holder, input, ip, remember),
      answer: (attempted) => this.answer(attempted),
    });
  }

  private async begin(
    orderId: string,
    holder: Holder,
    { expectedAmount, ...tender }: PayOrderDto,
    ip: string,
    remember: Remember,
  ): Promise<Fresh<Begun>> {
    await this.billing.checkGiftCards(giftCardsOf(tender.giftCards), ip);
    return this.database.transaction(async () => {
      await this.billing.lockPaymentsOf(orderId);
      const order = await this.orders.locked(orderId);
      if (!order || !(await this.access.opens(holder, order))) throw platformProblems.not_found();
      // Another payment may have been made while the order was waited for.
      const payments = await this.billing.paymentsOf([orderId]);
      const due = dueOf(order, payments);
      if (expectedAmount && !due.isZero() && !due.equals(Money.fromJSON(expectedAmount)))
        throw changeProblems.due_changed(`${due} is due.`, { extra: { amountDue: due.toJSON() } });
      const begun = { orderId, operationId: await this.open(order, payments, tender, holder.actor) };
      await remember(begun);
      return { begun, order: null };
    });
  }

  /**
   * In the caller's transaction, under the locks of payments and order, `payments` read under both: takes what gift cards and
   * store credit pay of what is due, and opens the payment of the rest. A change that waits for it is held for the usual time.
   * Answers the operation that is to be sent, or null when nothing is left; 409 `ordering.nothing_due` when nothing is due.
   */
  async open(
    order: Order,
    payments: readonly PaymentView[],
    tender: TenderDto,
    payer: Actor,
  ): Promise<string | null> {
    if (order.status === 'pending_payment') throw changeProblems.order_unpaid();
    const due = dueOf(order, payments);
    if (due.isZero()) throw changeProblems.nothing_due();
    const { operationId } = await this.billing.payOrder({
      ...tenderOf(order, due, tender, payer),
      purpose: 'extra',
      isNew: false,
    });
    const change = await this.changes.awaitingOf(order.id);
    if (change) await this.unpaid.prolong(change, new Date(this.clock.now().getTime() + PAY_WITHIN_MS));
    return operationId;
  }

  private async answer({
    order,
    payment,
    payments,
  }: Attempted<Begun>): Promise<{ status: number; body: object } | Problem> {
    if (!isBought(order)) return changeProblems.nothing_due('The order was canceled; the money goes back.');
    if (payment && AttemptEnds.isDeclined(payment)) return this.ends.declined(order, payment);
    const isDone = !payment || payment.status === 'captured' || payment.status === 'authorized';
    if (!isDone) await this.ends.waits(order, payment);
    return { status: isDone ? 201 : 202, body: orderView(order, payments) };
  }
}
