import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency, type StoredAnswer } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { dueOf, InvoiceRepository } from '../invoice/invoice.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { ConfirmationService } from '../payment/confirmation.service.js';
import { PaymentOpening } from '../payment/payment-opening.service.js';
import { PaymentService } from '../payment/payment.service.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { ChargeableMethods } from './chargeable-methods.service.js';
import { CollectionAttemptRepository } from './collection-attempt.repository.js';
import { CollectionRepository } from './collection.repository.js';
import { DueInvoices } from './due-invoices.service.js';
import { invoiceLinkProblems } from './dunning.errors.js';
import type { DueInvoiceDto, PayInvoiceDto } from './invoice-link.dto.js';
import { InvoiceLinks } from './invoice-links.service.js';

interface Begun {
  readonly operationId: string;
}

/** Pays an invoice by a link: whoever has it, and with the payer there to answer the bank. */
@Injectable()
export class InvoicePayments {
  constructor(
    private readonly database: Database,
    private readonly links: InvoiceLinks,
    private readonly views: DueInvoices,
    private readonly invoices: InvoiceRepository,
    private readonly settling: Invoices,
    private readonly rows: CollectionRepository,
    private readonly attempts: CollectionAttemptRepository,
    private readonly methods: ChargeableMethods,
    private readonly opening: PaymentOpening,
    private readonly calls: GatewayCalls,
    private readonly payments: PaymentService,
    private readonly confirmations: ConfirmationService,
    private readonly clock: Clock,
  ) {}

  async view(token: string): Promise<DueInvoiceDto> {
    return this.views.view(await this.links.open(token));
  }

  /** A repeat with the same key goes on with the same attempt, which moves money once. */
  async pay(input: PayInvoiceDto, actor: Actor): Promise<StoredAnswer> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    const link = await this.links.open(input.token);
    const { operationId } =
      (request.resume as Begun | null) ??
      (await this.database.transaction(async () => {
        const begun = await this.begin(link.invoiceId, input, actor);
        await request.remember(begun);
        return begun;
      }));
    const outcome = await this.calls.send(operationId);
    const payment = await this.database.transaction(async () => {
      await this.invoices.lock(link.invoiceId);
      const settled = await this.payments.settle(operationId, outcome);
      if (settled.status === 'captured') await this.settling.applyPayments(link.invoiceId);
      return settled;
    });
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
      await this.database.transaction(() => this.settling.applyPayments(link.invoiceId));
    return this.views.view(link);
  }

  private async begin(invoiceId: string, input: PayInvoiceDto, actor: Actor): Promise<Begun> {
    const collecting = await this.rows.lock(invoiceId);
    const invoice = await this.invoices.lock(invoiceId);
    if (collecting === null || invoice === null) throw platformProblems.not_found();
    if (invoice.state !== 'open') throw invoiceLinkProblems.invoice_not_due();
    const kept = input.payment ? null : (await this.methods.of(collecting)).method;
    if (!input.payment && kept === null) throw methodProblems.no_payment_method();
    const { customerId } = invoice;
    const amount = dueOf(invoice);
    const { operationId } = await this.opening.open({
      ...{ purpose: 'invoice', invoiceId, orderId: null, customerId: collecting.collection.customerId },
      ...{ amount, mayChangeAmount: true, buyer: null, returnUrl: input.returnUrl ?? null },
      gateway: input.payment?.gateway ?? kept?.gateway ?? '',
      token: input.payment?.token ?? null,
      methodId: kept?.id ?? null,
      saveMethod: (input.payment?.save ?? false) && customerId !== null && personId(actor) === customerId,
    });
    await this.attempts.add({
      ...{ invoiceId, kind: 'link', step: collecting.collection.step, amount, operationId },
      ...{ methodId: kept?.id ?? null, brand: kept?.brand ?? null, fingerprint: kept?.fingerprint ?? null },
      ...{ outcome: null, code: null, at: this.clock.now() },
    });
    return { operationId };
  }
}
