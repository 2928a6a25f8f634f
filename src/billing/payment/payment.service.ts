import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { newId } from '../../platform/ids.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Money } from '../../platform/money/money.js';
import {
  OperationScheduled,
  PaymentActionRequired,
  PaymentAuthorized,
  PaymentCanceled,
  PaymentCaptured,
  PaymentDeclined,
  PaymentReviewRequired,
  RefundFailed,
  RefundSettled,
} from '../billing.events.js';
import {
  type GatewayOutcome,
  type GatewaySnapshot,
  PaymentGateway,
} from '../gateway/payment-gateway.port.js';
import { GiftCards } from '../gift-card/gift-cards.service.js';
import { RefundService } from '../refund/refund.service.js';
import { Operation } from './operation.entity.js';
import { OperationRepository } from './operation.repository.js';
import type { Payment, Settlement } from './payment.entity.js';
import { paymentProblems } from './payment.errors.js';
import { MAX_ATTEMPTS, PaymentRepository } from './payment.repository.js';
import { type PaymentView, viewOf } from './payment.view.js';

export interface OpenPayment {
  readonly orderId: string;
  readonly amount: Money;
  readonly gateway: string;
  readonly token: string;
  /** The buyer as frozen on the order; kept for the invoice. */
  readonly buyer: { readonly email: string; readonly name: string; readonly billingAddress: object | null };
  readonly customerId?: string | null;
  /** SHA-256 of the cart's token: whoever holds the token may see and confirm the payment. */
  readonly accessHash?: Buffer | null;
  readonly returnUrl?: string | null;
}

/** Opens payments and takes in what became of them. The only writer of their states. */
@Injectable()
export class PaymentService {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly payments: PaymentRepository,
    private readonly operations: OperationRepository,
    private readonly refunds: RefundService,
    private readonly giftCards: GiftCards,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly gateway: PaymentGateway,
  ) {}

  /** In the caller's transaction: opens the payment of an order, or adds an attempt to the one that is open. */
  async open(input: OpenPayment): Promise<{ paymentId: string; operationId: string; attempt: number }> {
    this.needTransaction();
    if (input.gateway !== this.gateway.code) throw paymentProblems.unknown_gateway();
    const now = this.clock.now();
    const [operationId, voidOperationId] = [newId(), newId()];
    const opened = await this.payments.open({
      paymentId: newId(),
      operationId,
      voidOperationId,
      orderId: input.orderId,
      customerId: input.customerId ?? null,
      amount: input.amount,
      gateway: input.gateway,
      token: input.token,
      buyer: input.buyer,
      returnUrl: input.returnUrl ?? null,
      accessHash: input.accessHash ?? null,
      now,
      nextCheckAt: Operation.nextCheck('created', 'authorize', 0, now),
    });
    if (opened === null) throw await this.whyNotOpened(input);
    if (opened.superseded) this.outbox.record(new OperationScheduled({ operationId: voidOperationId }));
    return { paymentId: opened.paymentId, operationId, attempt: opened.attempt };
  }

  /** In the caller's transaction: one outcome, taken in once. Hearing it again answers the present state. */
  async settle(operationId: string, outcome: GatewayOutcome): Promise<PaymentView> {
    this.needTransaction();
    const locked = await this.payments.lock(operationId);
    if (locked === null) throw new Error(`there is no operation ${operationId}`);
    const { payment, operation } = locked;
    const settlement = payment.settle(operation, outcome);
    if (settlement.changed) {
      const now = this.clock.now();
      operation.nextCheckAt = Operation.nextCheck(operation.status, operation.kind, operation.checks, now);
      if (settlement.giveBack) await this.giveBack(payment, operation, settlement, now);
      if (settlement.lateCharge) await this.payments.changeLateCharge(settlement.lateCharge);
      await this.payments.save(payment, operation, settlement.postings, now);
      this.tell(payment, operation, settlement);
    }
    failpoint('billing.after_settle');
    return viewOf(payment);
  }

  /** Everything that the gateway's view of a charge says about a payment, in one transaction. */
  async apply(paymentId: string, snapshot: GatewaySnapshot): Promise<void> {
    await this.database.transaction(async () => {
      for (const operation of await this.operations.ofPayment(paymentId)) {
        const outcome = snapshot.outcomeOf(operation.id);
        const known =
          (operation.status === 'succeeded' && outcome?.kind === 'ok') ||
          (operation.status === 'failed' && outcome?.kind === 'declined');
        if (outcome && !known) await this.settle(operation.id, outcome);
      }
    });
  }

  /**
   * In the caller's transaction: ends the payment of an order that is no longer wanted. Captured money goes back,
   * a hold is released; while an outcome is not known nothing is done and the answer is no.
   */
  async cancelFor(orderId: string, reason: string): Promise<{ canceled: boolean }> {
    this.needTransaction();
    const payment = await this.payments.lockOfOrder(orderId);
    if (payment === null) return { canceled: true };
    // What was bought of it is worth nothing before the money goes back.
    if (!payment.captured.isZero()) await this.giftCards.cancelOf(orderId, payment.id);
    const now = this.clock.now();
    switch (payment.status) {
      case 'processing':
        return { canceled: false };
      case 'requires_payment_method':
        await this.cancel(payment, now);
        return { canceled: true };
      case 'requires_action':
        await this.cancel(payment, now);
        await this.scheduleVoid(payment, now);
        return { canceled: true };
      case 'authorized':
        await this.scheduleVoid(payment, now);
        return { canceled: true };
      case 'requires_review':
        if (!payment.isReviewable) return { canceled: false };
        await this.rejectReview(payment, reason, 'system');
        return { canceled: true };
      case 'captured':
      case 'canceled':
        if (!payment.refundable.isZero()) {
          const { operationId } = await this.refunds.request(payment.id, {
            full: true,
            reason,
            requestedBy: 'system',
          });
          this.outbox.record(new OperationScheduled({ operationId }));
        }
        return { canceled: true };
    }
  }

  /** In the caller's transaction: what a person decided about a payment whose amount differs from what was owed. */
  async review(paymentId: string, accept: boolean, requestedBy: string): Promise<Payment> {
    this.needTransaction();
    const payment = await this.payments.lockPayment(paymentId);
    if (payment === null) throw platformProblems.not_found();
    if (!payment.isReviewable) throw paymentProblems.review_not_possible();
    if (accept) {
      payment.decideReview(true);
      await this.payments.saveStatus(payment, this.clock.now());
      const { orderId, captured } = payment;
      this.outbox.record(new PaymentCaptured({ paymentId, orderId, amount: captured.toJSON() }));
    } else {
      await this.rejectReview(payment, 'review_rejected', requestedBy);
    }
    return (await this.payments.find(paymentId)) ?? payment;
  }

  /** The payment ends and what came of it goes back. */
  private async rejectReview(payment: Payment, reason: string, requestedBy: string): Promise<void> {
    payment.decideReview(false);
    await this.payments.saveStatus(payment, this.clock.now());
    this.outbox.record(new PaymentCanceled({ paymentId: payment.id, orderId: payment.orderId }));
    if (payment.refundable.isZero()) return;
    const { operationId } = await this.refunds.request(payment.id, { full: true, reason, requestedBy });
    this.outbox.record(new OperationScheduled({ operationId }));
  }

  private async cancel(payment: Payment, now: Date): Promise<void> {
    payment.cancel();
    await this.payments.saveStatus(payment, now);
    this.outbox.record(new PaymentCanceled({ paymentId: payment.id, orderId: payment.orderId }));
  }

  private async scheduleVoid(payment: Payment, now: Date): Promise<void> {
    if (payment.gatewayRef === null) return;
    const id = newId();
    await this.operations.add(payment, {
      id,
      kind: 'void',
      ref: payment.gatewayRef,
      amount: payment.amount,
      refundId: null,
      chargeId: null,
      now,
      nextCheckAt: Operation.nextCheck('errored', 'void', 0, now),
    });
    this.outbox.record(new OperationScheduled({ operationId: id }));
  }

  /** Money or a hold that nobody waits for any more: an operation of our own sends it back. */
  private async giveBack(
    payment: Payment,
    late: Operation,
    settlement: Settlement,
    now: Date,
  ): Promise<void> {
    if (settlement.giveBack === null) return;
    const { kind, ref, amount } = settlement.giveBack;
    this.log.warn(`payment ${payment.id}: ${amount.toString()} came too late and goes back (${kind})`);
    const operationId = newId();
    const refundId = kind === 'refund' ? newId() : null;
    const chargeId = kind === 'refund' ? late.id : null;
    if (chargeId !== null) await this.payments.addLateCharge(payment, { id: chargeId, ref, amount, now });
    await this.operations.add(payment, {
      id: operationId,
      kind,
      ref,
      amount,
      refundId,
      chargeId,
      now,
      nextCheckAt: Operation.nextCheck('errored', kind, 0, now),
    });
    if (refundId !== null) {
      settlement.postings.push(
        await this.refunds.addReserved(payment, {
          refundId,
          operationId,
          chargeId,
          amount,
          reason: 'late_payment',
          requestedBy: 'system',
        }),
      );
    }
    this.outbox.record(new OperationScheduled({ operationId }));
  }

  private tell(payment: Payment, operation: Operation, settlement: Settlement): void {
    const of = { paymentId: payment.id, orderId: payment.orderId };
    switch (settlement.payment) {
      case 'captured':
        this.outbox.record(new PaymentCaptured({ ...of, amount: payment.captured.toJSON() }));
        break;
      case 'authorized':
        this.outbox.record(new PaymentAuthorized({ ...of, amount: payment.amount.toJSON() }));
        break;
      case 'declined':
        this.outbox.record(new PaymentDeclined({ ...of, code: payment.declineCode ?? 'declined' }));
        break;
      case 'action_required':
        this.outbox.record(new PaymentActionRequired(of));
        break;
      case 'canceled':
        this.outbox.record(new PaymentCanceled(of));
        break;
      case 'review_required':
        this.log.error(`payment ${payment.id} needs a person: ${payment.reviewReason}`);
        this.outbox.record(new PaymentReviewRequired({ ...of, reason: payment.reviewReason ?? 'unknown' }));
        break;
      case null:
    }
    if (settlement.refund === null || operation.refundId === null) return;
    if (settlement.refund === 'failed' && operation.chargeId !== null) {
      this.log.error(`payment ${payment.id} needs a person: late money could not be given back`);
    }
    const refund = { refundId: operation.refundId, ...of, amount: operation.amount.toJSON() };
    this.outbox.record(
      settlement.refund === 'settled'
        ? new RefundSettled(refund)
        : new RefundFailed({ ...refund, code: operation.code ?? 'declined' }),
    );
  }

  private async whyNotOpened({ orderId, amount }: OpenPayment) {
    const payment = await this.payments.lockOfOrder(orderId);
    if (payment?.status === 'captured') return paymentProblems.payment_already_captured();
    if (payment && !payment.amount.equals(amount)) return paymentProblems.payment_amount_frozen();
    if (payment && payment.attempts >= MAX_ATTEMPTS) return paymentProblems.too_many_attempts();
    return paymentProblems.payment_in_progress(undefined, {
      retryAfter: 2,
      extra: payment ? { paymentId: payment.id, orderId } : { orderId },
    });
  }

  private needTransaction(): void {
    if (!this.database.inTransaction)
      throw new Error('payments change only in a transaction of their caller');
  }
}
