import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { newId } from '../../platform/ids.js';
import type { Money } from '../../platform/money/money.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  OperationScheduled,
  PaymentAuthorized,
  PaymentCanceled,
  PaymentCaptured,
} from '../billing.events.js';
import { GiftCards } from '../gift-card/gift-cards.service.js';
import { OwnRefunds } from '../refund/own-refunds.service.js';
import { RefundRepository } from '../refund/refund.repository.js';
import { RefundService } from '../refund/refund.service.js';
import type { Requester } from '../refund/requester.js';
import { Operation } from './operation.entity.js';
import { OperationRepository } from './operation.repository.js';
import type { Payment } from './payment.entity.js';
import { paymentProblems } from './payment.errors.js';
import { PaymentRepository } from './payment.repository.js';

/** How payments end before their time: with their order, or by what a person decides about them. */
@Injectable()
export class PaymentEnd {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly operations: OperationRepository,
    private readonly refunds: RefundService,
    private readonly own: OwnRefunds,
    private readonly strandings: RefundRepository,
    private readonly giftCards: GiftCards,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: ends every payment of an order that is no longer wanted. Captured money goes back to where it
   * came from, but for a payment that a bank disputes, which waits for its decision; a hold is released. While the outcome of one
   * is not known nothing is done with any, and the answer is no.
   */
  async cancelFor(orderId: string, reason: string): Promise<{ canceled: boolean }> {
    const payments = await this.payments.lockAllOfOrder(orderId);
    // What waits for a person need not wait any more.
    if (payments.some((payment) => payment.status === 'processing' || payment.isCapturing))
      return { canceled: false };
    // What was bought of it is worth nothing before the money goes back.
    const paid = payments.find(({ captured, status }) => status !== 'canceled' && !captured.isZero());
    if (paid) await this.giftCards.cancelOf(orderId, paid.id);
    // The balances that money goes back to are locked by id before it goes to any of them, by everybody.
    await this.own.lock(payments);
    for (const payment of payments) await this.cancel(payment, reason);
    return { canceled: true };
  }

  /**
   * In the caller's transaction, under the lock of its payments: an order is paid otherwise, so that its payment at a gateway is
   * not needed any more. An open challenge is withdrawn.
   */
  async giveUp(payment: Payment): Promise<void> {
    if (payment.status === 'requires_payment_method' || payment.status === 'requires_action')
      await this.cancel(payment, 'paid_otherwise');
  }

  /** See `BillingApi.giveUp`. */
  async giveUpAll(orderId: string, paymentIds: readonly string[]): Promise<void> {
    for (const payment of await this.payments.lockAllOfOrder(orderId)) {
      if (!paymentIds.includes(payment.id)) continue;
      await this.giveUp(payment);
      await this.letGo(payment);
    }
  }

  /** See `BillingApi.giveUpExtra`. */
  async giveUpExtra(orderId: string): Promise<{ canceled: boolean }> {
    const open = (await this.payments.lockAllOfOrder(orderId)).filter(({ purpose }) => purpose === 'extra');
    if (open.some((payment) => payment.isUndecided || payment.isCapturing)) return { canceled: false };
    for (const payment of open) {
      await this.giveUp(payment);
      await this.letGo(payment);
    }
    return { canceled: true };
  }

  /**
   * In the caller's transaction, under the lock of an invoice of no order: nobody is to pay it any more. An open challenge is
   * withdrawn, and a hold released. 409 `billing.payment_in_progress` while money is on its way, or is there and was not taken to
   * the invoice yet.
   */
  async withdraw(invoiceId: string): Promise<void> {
    const payments = await this.payments.lockAllOfInvoice(invoiceId);
    refuseIf(payments.find((one) => one.isUndecided || one.isCapturing || !one.refundable.isZero()));
    for (const payment of payments) await this.cancel(payment, 'not_owed');
  }

  /**
   * In the caller's transaction, under the lock of an invoice of no order with nothing on its way: nobody ever owed it. Holds are
   * released, and what was captured goes back to where it came from.
   */
  async undo(invoiceId: string, reason: string): Promise<void> {
    const payments = await this.payments.lockAllOfInvoice(invoiceId);
    await this.own.lock(payments);
    for (const payment of payments) await this.cancel(payment, reason);
  }

  /**
   * In the caller's transaction, under the lock of an invoice of no order: less of it is to be paid from now on. 409
   * `billing.payment_in_progress` while money is on its way, for it would be more than is owed then, and stay nobody's.
   */
  async pause(invoiceId: string): Promise<void> {
    const payments = await this.payments.lockAllOfInvoice(invoiceId);
    refuseIf(payments.find((one) => one.isUndecided || one.isCapturing));
  }

  /**
   * In the caller's transaction, after `pause`: only `due` of an invoice of no order is still to be paid. A page of a bank asks for
   * more than that, and is withdrawn; what can be tried again is so with what is due then. When nothing is, a hold is released.
   */
  async askLess(invoiceId: string, due: Money): Promise<void> {
    for (const payment of await this.payments.lockAllOfInvoice(invoiceId)) {
      if (due.isZero() || payment.status === 'requires_action') await this.giveUp(payment);
      if (due.isZero()) await this.letGo(payment);
    }
  }

  /**
   * In the caller's transaction: what a person decided about a payment that waits for one. What was held may be captured then; 409
   * `billing.review_not_possible` when its time is over, for nothing would come of it but an order without money.
   */
  async review(paymentId: string, accept: boolean, requestedBy: Requester): Promise<Payment> {
    const payment = (await this.payments.lockAllBeside(paymentId)).find(({ id }) => id === paymentId);
    if (payment === undefined) throw platformProblems.not_found();
    if (payment.status !== 'requires_review' || (accept && !payment.isAcceptable(this.clock.now())))
      throw paymentProblems.review_not_possible();
    if (accept) {
      const wasHeld = payment.isHeldBack;
      payment.decideReview(true);
      await this.payments.saveStatus(payment, this.clock.now());
      const { orderId, invoiceId, captured, amount } = payment;
      const of = { paymentId, orderId, invoiceId };
      this.outbox.record(
        wasHeld
          ? new PaymentAuthorized({ ...of, amount: amount.toJSON() })
          : new PaymentCaptured({ ...of, amount: captured.toJSON() }),
      );
    } else {
      await this.rejectReview(payment, 'review_rejected', requestedBy);
    }
    return (await this.payments.find(paymentId)) ?? payment;
  }

  /**
   * In the caller's transaction: a bank has decided about a payment. What came of one that was refused goes back as far as it is
   * there; whatever else is owed, whoever it was paid for knows.
   */
  async decided(paymentId: string): Promise<void> {
    const payment = (await this.payments.lockAllBeside(paymentId)).find(({ id }) => id === paymentId);
    if (payment?.status === 'canceled') await this.giveBack(payment, 'review_rejected', 'house');
  }

  private async cancel(payment: Payment, reason: string): Promise<void> {
    const now = this.clock.now();
    switch (payment.status) {
      case 'requires_payment_method':
        return this.drop(payment, now);
      case 'requires_action':
        await this.drop(payment, now);
        return this.scheduleVoid(payment, now);
      case 'authorized':
        await this.scheduleVoid(payment, now);
        return this.refundAll(payment, reason, 'house');
      case 'requires_review':
        return this.rejectReview(payment, reason, 'house');
      case 'captured':
        return this.refundAll(payment, reason, 'house');
      case 'processing':
      case 'canceled':
    }
  }

  /** The payment ends and what came of it goes back. */
  private async rejectReview(payment: Payment, reason: string, requestedBy: Requester): Promise<void> {
    const now = this.clock.now();
    if (payment.isHeldBack) await this.scheduleVoid(payment, now);
    payment.decideReview(false);
    await this.payments.saveStatus(payment, now);
    const { id: paymentId, orderId, invoiceId } = payment;
    this.outbox.record(new PaymentCanceled({ paymentId, orderId, invoiceId }));
    await this.giveBack(payment, reason, requestedBy);
  }

  private async giveBack(payment: Payment, reason: string, requestedBy: Requester): Promise<void> {
    await this.refundAll(payment, reason, requestedBy);
    // Of another currency: it goes back in that.
    for (const { id: chargeId, refundable, disputed } of await this.payments.lateCharges(payment.id)) {
      // What a bank disputes waits for its decision.
      if (chargeId !== payment.operationId || refundable.isZero() || !disputed.isZero()) continue;
      const how = { full: true as const, chargeId, reason, requestedBy, isOwed: true };
      const { operationId } = await this.refunds.request(payment.id, how);
      if (operationId !== null) this.outbox.record(new OperationScheduled({ operationId }));
    }
  }

  private async refundAll(payment: Payment, reason: string, requestedBy: Requester): Promise<void> {
    // Beside a dispute it would go back twice; it is asked for again when the bank has decided.
    if (payment.refundable.isZero() || !payment.disputed.isZero()) return;
    // Whoever hears of the order later would only fail once more.
    if (payment.kind !== 'card' && (await this.strandings.isStranded(payment.id))) return;
    const beside = await this.payments.lockAllBeside(payment.id);
    // All of it may have been given back outside already.
    if ((await this.refunds.roomIn(beside, payment.refundable.currency)).isZero()) return;
    const how = { full: true as const, reason, requestedBy, isOwed: true };
    const { operationId } = await this.refunds.request(payment.id, how);
    if (operationId !== null) this.outbox.record(new OperationScheduled({ operationId }));
  }

  private async drop(payment: Payment, now: Date): Promise<void> {
    payment.cancel();
    await this.payments.saveStatus(payment, now);
    const { id: paymentId, orderId, invoiceId } = payment;
    this.outbox.record(new PaymentCanceled({ paymentId, orderId, invoiceId }));
  }

  /** A hold is released, unless something is being captured of it or it is being released already. */
  private async letGo(payment: Payment): Promise<void> {
    if (payment.status !== 'authorized' || payment.isCapturing) return;
    if (!(await this.operations.isEnding(payment))) await this.scheduleVoid(payment, this.clock.now());
  }

  private async scheduleVoid(payment: Payment, now: Date): Promise<void> {
    if (payment.gatewayRef === null) return;
    const id = newId();
    await this.operations.add(payment, {
      id,
      kind: 'void',
      ref: payment.gatewayRef,
      amount: payment.status === 'authorized' ? payment.held : payment.amount,
      refundId: null,
      chargeId: null,
      now,
      nextCheckAt: Operation.nextCheck('errored', 'void', 0, now),
    });
    this.outbox.record(new OperationScheduled({ operationId: id }));
  }
}

function refuseIf(moving: Payment | undefined): void {
  if (moving === undefined) return;
  throw paymentProblems.payment_in_progress(undefined, { retryAfter: 2, extra: { paymentId: moving.id } });
}
