import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Money } from '../../platform/money/money.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { CaptureRepository } from './capture.repository.js';
import { Operation } from './operation.entity.js';
import { OperationRepository } from './operation.repository.js';
import type { Payment } from './payment.entity.js';
import { paymentProblems } from './payment.errors.js';
import { PaymentRepository } from './payment.repository.js';

/** What is to be taken of a hold: an amount above zero, or null for all that is left. */
export interface CaptureRequest {
  readonly amount: Money | null;
  /** The last one: what stays is released. */
  readonly final: boolean;
}

/** Accepts captures and releases of holds, in the transaction of their caller; they are sent after its commit. */
@Injectable()
export class Captures {
  constructor(
    private readonly database: Database,
    private readonly payments: PaymentRepository,
    private readonly operations: OperationRepository,
    private readonly rows: CaptureRepository,
    private readonly gateway: PaymentGateway,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: takes room for a capture. 409 `billing.nothing_held` when nothing can be captured, 409
   * `billing.capture_exceeds_held` for more than is left, 422 `billing.amount_not_representable` for what the gateway cannot take, 409 `billing.payment_in_progress` while a last capture or a release is
   * under way, or a last one is asked for while others are.
   */
  async request(paymentId: string, { amount, final }: CaptureRequest): Promise<{ operationId: string }> {
    const payment = await this.held(paymentId);
    const left = payment.amount.minus(payment.captureReserved);
    const wanted = amount ?? left;
    if (amount && (amount.currency !== left.currency || amount.isZero() || amount.isNegative()))
      throw paymentProblems.capture_amount_required(`Capture an amount above zero in ${left.currency}.`);
    if (payment.gateway === this.gateway.code) this.gateway.assertRepresentable(wanted, '/amount');
    const isLast = final || amount === null;
    if (isLast && payment.isCapturing) throw inProgress(payment);
    if (left.isZero() || !(await this.rows.reserve(paymentId, wanted)))
      throw paymentProblems.capture_exceeds_held(`At most ${left.toString()} can be captured.`, {
        extra: { maximumCapturable: left.toJSON() },
      });
    return { operationId: await this.add(payment, 'capture', wanted, isLast) };
  }

  /**
   * In the caller's transaction: releases what is held and was not captured. 409 `billing.nothing_held` when nothing is, 409
   * `billing.payment_in_progress` while a capture is under way.
   */
  async release(paymentId: string): Promise<{ operationId: string }> {
    const payment = await this.held(paymentId);
    if (payment.isCapturing) throw inProgress(payment);
    return { operationId: await this.add(payment, 'void', payment.held, true) };
  }

  /** The payment, locked, with a hold that nobody is ending. */
  private async held(paymentId: string): Promise<Payment> {
    if (!this.database.inTransaction)
      throw new Error('captures are accepted only in a transaction of their caller');
    const payment = await this.payments.lockPayment(paymentId);
    if (payment === null) throw platformProblems.not_found();
    if (payment.status !== 'authorized') throw paymentProblems.nothing_held(`It is ${payment.status}.`);
    if (await this.operations.isEnding(payment)) throw inProgress(payment);
    return payment;
  }

  private async add(
    payment: Payment,
    kind: 'capture' | 'void',
    amount: Money,
    final: boolean,
  ): Promise<string> {
    if (payment.gatewayRef === null) throw new Error(`payment ${payment.id} holds money and has no charge`);
    const [id, now] = [newId(), this.clock.now()];
    await this.operations.add(payment, {
      ...{ id, kind, amount, final, now, ref: payment.gatewayRef, refundId: null, chargeId: null },
      nextCheckAt: Operation.nextCheck('errored', kind, 0, now),
    });
    return id;
  }
}

const inProgress = ({ id, orderId }: Payment) =>
  paymentProblems.payment_in_progress(undefined, {
    retryAfter: 2,
    extra: { paymentId: id, ...(orderId && { orderId }) },
  });
