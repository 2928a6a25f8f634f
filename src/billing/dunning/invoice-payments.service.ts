import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency, type StoredAnswer } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { ConfirmationService } from '../payment/confirmation.service.js';
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
    const payment = await this.database.transaction(() =>
      this.attempts.take(invoiceId, operationId, outcome),
    );
    if (payment.status === 'requires_payment_method') {
      const declineCode = payment.declineCode ?? 'declined';
      throw invoiceLinkProblems.invoice_payment_declined(undefined, { extra: { declineCode } });
    }
    const status = payment.status === 'captured' ? 201 : 202;
    return this.database.transaction(async () => ({
      status,
      body: request.answer(status, await this.views.view(link)),
    }));
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
