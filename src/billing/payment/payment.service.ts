import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
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
import { RefundService } from '../refund/refund.service.js';
import { Operation } from './operation.entity.js';
import { OperationRepository } from './operation.repository.js';
import type { Payment, PaymentPurpose, Settlement } from './payment.entity.js';
import { paymentProblems } from './payment.errors.js';
import { MAX_ATTEMPTS, PaymentRepository } from './payment.repository.js';
import { type PaymentView, viewOf } from './payment.view.js';

export interface OpenPayment {
  readonly orderId: string;
  readonly amount: Money;
  /** `extra`: a further amount, after the order was paid; each is a payment of its own, one open at a time. */
  readonly purpose?: PaymentPurpose;
  /** Whether the open payment of the order may become one of this amount; without it, the first amount is fixed. */
  readonly mayChangeAmount?: boolean;
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
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly gateway: PaymentGateway,
  ) {}

  /** In the caller's transaction: opens the payment of an order, or adds an attempt to the one that is open. */
  async open(input: OpenPayment): Promise<{ paymentId: string; operationId: string; attempt: number }> {
    this.needTransaction();
    if (input.gateway !== this.gateway.code) throw paymentProblems.unknown_gateway();
    this.gateway.assertRepresentable(input.amount);
    const now = this.clock.now();
    const [operationId, voidOperationId] = [newId(), newId()];
    const opened = await this.payments.open({
      paymentId: newId(),
      purpose: input.purpose ?? 'order',
      mayChangeAmount: input.mayChangeAmount ?? false,
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
      if (settlement.foreign) await this.keepApart(payment, operation, settlement.foreign, now);
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

  /** Money of another currency is none of the payment's amounts: it stands beside it until a person has decided. */
  private async keepApart(
    payment: Payment,
    { id }: Operation,
    { ref, amount }: { ref: string; amount: Money },
    now: Date,
  ): Promise<void> {
    await this.payments.addLateCharge(payment, {
      id,
      ref,
      amount,
      reserved: Money.zero(amount.currency),
      now,
    });
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
    if (chargeId !== null)
      await this.payments.addLateCharge(payment, { id: chargeId, ref, amount, reserved: amount, now });
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

  private async whyNotOpened({ orderId, amount, purpose = 'order' }: OpenPayment) {
    const payments = await this.payments.lockAllOfOrder(orderId);
    const payment = payments.findLast(
      (each) =>
        each.kind === 'card' &&
        each.purpose === purpose &&
        each.status !== 'canceled' &&
        (purpose === 'order' || each.status !== 'captured'),
    );
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
