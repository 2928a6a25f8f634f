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
  PaymentPartlyCaptured,
  PaymentReviewRequired,
  RefundFailed,
  RefundSettled,
} from '../billing.events.js';
import { FraudScreen } from '../fraud/fraud-screen.service.js';
import type { GatewayOutcome } from '../gateway/payment-gateway.port.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { RefundService } from '../refund/refund.service.js';
import { Operation } from './operation.entity.js';
import { OperationRepository } from './operation.repository.js';
import type { Payment, Settlement } from './payment.entity.js';
import { PaymentRepository } from './payment.repository.js';
import { type PaymentView, viewOf } from './payment.view.js';

const HOLD_MS = 4 * 86_400_000;

/** Takes in what became of payments. The only writer of what a gateway says about them. */
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
    private readonly methods: PaymentMethodRepository,
    private readonly screening: FraudScreen,
  ) {}

  /** In the caller's transaction: one outcome, taken in once. Hearing it again answers the present state. */
  async settle(operationId: string, outcome: GatewayOutcome): Promise<PaymentView> {
    this.needTransaction();
    const locked = await this.payments.lock(operationId);
    if (locked === null) throw new Error(`there is no operation ${operationId}`);
    const { payment, operation } = locked;
    operation.seen = await this.screening.after(operation, locked.attempt, outcome);
    const settlement = payment.settle(operation, outcome);
    if (settlement.changed) {
      const now = this.clock.now();
      operation.nextCheckAt = Operation.nextCheck(operation.status, operation.kind, operation.checks, now);
      // Where the gateway does not say how long it holds: as long as the networks do at least.
      if (outcome.kind === 'ok' && !payment.held.isZero())
        payment.captureBefore ??= new Date(now.getTime() + HOLD_MS);
      if (operation.saveMethod && outcome.kind === 'ok' && outcome.method)
        await this.methods.keep(payment.customerId, payment.gateway, outcome.method, {
          isDefault: false,
          now,
        });
      if (settlement.giveBack) await this.giveBack(payment, operation, settlement, now);
      if (settlement.foreign) await this.keepApart(payment, operation, settlement.foreign, now);
      if (settlement.lateCharge) await this.payments.changeLateCharge(settlement.lateCharge);
      await this.payments.save(payment, operation, settlement.postings, now);
      this.tell(payment, operation, settlement);
    }
    failpoint('billing.after_settle');
    return viewOf(payment);
  }

  /** Money of another currency is none of the payment's amounts: it stands beside it until a person has decided. */
  private async keepApart(
    payment: Payment,
    { id }: Operation,
    { ref, amount }: { ref: string; amount: Money },
    now: Date,
  ): Promise<void> {
    this.log.error(`payment ${payment.id} needs a person: ${amount.toString()} came in another currency`);
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
    const { orderId, invoiceId } = payment;
    const of = { paymentId: payment.id, orderId, invoiceId };
    switch (settlement.payment) {
      case 'captured':
        this.outbox.record(new PaymentCaptured({ ...of, amount: payment.captured.toJSON() }));
        break;
      case 'partly_captured':
        this.outbox.record(new PaymentPartlyCaptured({ ...of, amount: payment.captured.toJSON() }));
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

  private needTransaction(): void {
    if (!this.database.inTransaction)
      throw new Error('payments change only in a transaction of their caller');
  }
}
