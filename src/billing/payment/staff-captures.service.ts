import { Injectable } from '@nestjs/common';
import { type Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { Captures, type CaptureRequest } from './capture.service.js';
import { AdminPaymentDto } from './payment.dto.js';
import type { Payment } from './payment.entity.js';
import { PaymentRepository } from './payment.repository.js';
import { PaymentService } from './payment.service.js';

interface Accepted {
  /** Null: the gateway is asked for nothing. */
  readonly operationId: string | null;
}

/** A capture or a release that a person asks for and waits for: accept and commit, ask the gateway, take in the outcome. */
@Injectable()
export class StaffCaptures {
  constructor(
    private readonly database: Database,
    private readonly captures: Captures,
    private readonly rows: PaymentRepository,
    private readonly payments: PaymentService,
    private readonly calls: GatewayCalls,
    private readonly audit: Audit,
  ) {}

  /** The payment as it is afterwards; 202 while the gateway has not decided. */
  capture(id: string, request: CaptureRequest, actor: Actor): Promise<{ status: 200 | 202; body: string }> {
    return this.run(id, 'capture_requested', actor, () => this.captures.request(id, request));
  }

  release(id: string, actor: Actor): Promise<{ status: 200 | 202; body: string }> {
    return this.run(id, 'void_requested', actor, () => this.captures.release(id));
  }

  /** `accept` runs in a transaction, once; its operation is sent and settled however often this is repeated with one key. */
  async run(
    paymentId: string,
    deed: string,
    actor: Actor,
    accept: () => Promise<Accepted>,
  ): Promise<{ status: 200 | 202; body: string }> {
    const request = Idempotency.current();
    if (request === null) throw new Error('a capture needs its Idempotency-Key');
    // A repeat with the same key goes on where a dead request stopped.
    const { operationId } =
      (request.resume as Accepted | null) ??
      (await this.database.transaction(async () => {
        const accepted = await accept();
        this.audit.record({
          actor,
          action: `billing.payment.${deed}`,
          subjectType: 'payment',
          subjectId: paymentId,
        });
        await request.remember(accepted);
        return accepted;
      }));
    const outcome = operationId === null ? null : await this.calls.send(operationId);
    return this.database.transaction(async () => {
      if (operationId !== null && outcome !== null) await this.payments.settle(operationId, outcome);
      const payment = (await this.rows.find(paymentId)) as Payment;
      const isOpen =
        outcome !== null && (outcome.kind === 'unknown' || outcome.kind === 'pending' || isAgain(outcome));
      const status = isOpen ? 202 : 200;
      return { status, body: request.answer(status, AdminPaymentDto.from(payment)) };
    });
  }
}

/** It was not done, and is sent again by itself. */
const isAgain = (outcome: { kind: string; retryable?: boolean }): boolean =>
  outcome.kind === 'errored' && outcome.retryable === true;
