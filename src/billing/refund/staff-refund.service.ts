import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { PaymentService } from '../payment/payment.service.js';
import { RefundDto } from './refund.dto.js';
import { RefundDocuments } from './refund-documents.service.js';
import { type CreditNoteWish, type Refund, RefundRepository } from './refund.repository.js';
import { type RefundRequest, RefundService } from './refund.service.js';
import { requesterOf } from './requester.js';

interface Accepted {
  readonly refundId: string;
  readonly operationId: string | null;
}

/** A refund that a person asks for and waits for: accept and commit, ask the gateway, take in the outcome. */
@Injectable()
export class StaffRefunds {
  constructor(
    private readonly database: Database,
    private readonly refunds: RefundService,
    private readonly rows: RefundRepository,
    private readonly payments: PaymentService,
    private readonly calls: GatewayCalls,
    private readonly documents: RefundDocuments,
    private readonly audit: Audit,
  ) {}

  /** Answers the refund and its body; a repeat with the same key goes on where a dead request stopped. */
  async refund(
    paymentId: string,
    how:
      | Omit<Extract<RefundRequest, { full: true }>, 'requestedBy'>
      | Omit<Extract<RefundRequest, { amount: unknown }>, 'requestedBy'>,
    document: { creditNote: CreditNoteWish; reason: string | null },
    actor: Actor,
  ): Promise<{ status: 201 | 202; body: string }> {
    const request = Idempotency.current();
    if (request === null) throw new Error('a refund needs its Idempotency-Key');
    const { refundId, operationId } =
      (request.resume as Accepted | null) ??
      (await this.database.transaction(async () => {
        await this.documents.lock(paymentId);
        const accepted = await this.refunds.request(paymentId, {
          ...how,
          requestedBy: requesterOf(actor),
        });
        await this.documents.accept(accepted.refundId, document);
        this.audit.record({
          actor,
          action: 'billing.refund.requested',
          subjectType: 'refund',
          subjectId: accepted.refundId,
          details: { paymentId },
        });
        await request.remember(accepted);
        return accepted;
      }));
    const outcome = operationId === null ? null : await this.calls.send(operationId);
    return this.database.transaction(async () => {
      if (operationId !== null && outcome) await this.payments.settle(operationId, outcome);
      const refund = (await this.rows.find(refundId)) as Refund;
      const status = refund.status === 'pending' ? 202 : 201;
      return { status, body: request.answer(status, RefundDto.from(refund)) };
    });
  }
}
