import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency, type IdempotentRequest, type StoredAnswer } from '../../platform/http/idempotency.js';
import { platformProblems, problemDocument } from '../../platform/http/problem.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { ConfirmationService } from '../payment/confirmation.service.js';
import { OperationRepository } from '../payment/operation.repository.js';
import { DueInvoices } from './due-invoices.service.js';
import { invoiceLinkProblems } from './dunning.errors.js';
import type { DueInvoiceDto, PayInvoiceDto } from './invoice-link.dto.js';
import { InvoiceLinks } from './invoice-links.service.js';
import { LinkAttempts } from './link-attempts.service.js';

interface Begun {
  readonly operationId: string;
}

/** Pays an invoice by a link: whoever has it. */
@Injectable()
export class InvoicePayments {
  constructor(
    private readonly database: Database,
    private readonly links: InvoiceLinks,
    private readonly views: DueInvoices,
    private readonly attempts: LinkAttempts,
    private readonly calls: GatewayCalls,
    private readonly operations: OperationRepository,
    private readonly confirmations: ConfirmationService,
  ) {}

  async view(token: string): Promise<DueInvoiceDto> {
    return this.views.view(await this.links.open(token));
  }

  /** A repeat with the same key goes on with the same attempt, which moves money once. */
  async pay(input: PayInvoiceDto, actor: Actor): Promise<StoredAnswer> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    const link = await this.links.open(input.token);
    const { invoiceId } = link;
    const { operationId } =
      (request.resume as Begun | null) ??
      (await this.database.transaction(async () => {
        const begun = { operationId: await this.attempts.begin(invoiceId, input, actor) };
        await request.remember(begun);
        return begun;
      }));
    const outcome = await this.calls.send(operationId);
    return this.database.transaction(async () => {
      const payment = await this.attempts.take(invoiceId, operationId, outcome);
      // What came of this attempt: the payment may have been paid by another one since.
      const operation = (await this.operations.prepared(operationId))?.operation;
      const code = operation?.code ?? payment.declineCode ?? 'declined';
      if (operation?.hasFailed || operation?.status === 'errored') return declined(request, code);
      if (payment.status === 'requires_payment_method') return declined(request, code);
      const status = payment.status === 'captured' ? 201 : 202;
      return { status, body: request.answer(status, await this.views.view(link)) };
    });
  }

  /** The payer comes back from the bank: the gateway is asked what became of the payment. */
  async confirm(token: string): Promise<DueInvoiceDto> {
    const link = await this.links.open(token);
    const waiting = await this.views.underWay(link.invoiceId);
    const payment = waiting && (await this.confirmations.confirm(waiting));
    if (payment?.status === 'captured')
      await this.database.transaction(() => this.attempts.paid(link.invoiceId));
    return this.views.view(link);
  }
}

/** Stored like a payment, because something was committed: the attempt. */
function declined(request: IdempotentRequest, declineCode: string): StoredAnswer {
  const problem = invoiceLinkProblems.invoice_payment_declined(undefined, { extra: { declineCode } });
  const requestId = currentRequest()?.requestId ?? null;
  const told = { ...problemDocument(problem), instance: '/v1/invoice-links/payment', requestId };
  return { status: problem.status, body: request.answer(problem.status, told) };
}
