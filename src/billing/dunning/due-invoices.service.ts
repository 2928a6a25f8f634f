import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import type { InvoiceState } from '../invoice/invoice-content.js';
import { dueOf, InvoiceRepository } from '../invoice/invoice.repository.js';
import type { Payment } from '../payment/payment.entity.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { ChargeableMethods } from './chargeable-methods.service.js';
import { CollectionRepository } from './collection.repository.js';
import type { DueInvoiceDto, InvoiceLinkState } from './invoice-link.dto.js';
import type { InvoiceLink } from './invoice-link.repository.js';
import { isForbidden } from './retry-rules.js';

/** What whoever has a link sees of its invoice. */
@Injectable()
export class DueInvoices {
  constructor(
    private readonly invoices: InvoiceRepository,
    private readonly payments: PaymentRepository,
    private readonly rows: CollectionRepository,
    private readonly methods: ChargeableMethods,
  ) {}

  async view({ invoiceId, expiresAt }: InvoiceLink): Promise<DueInvoiceDto> {
    const invoice = await this.invoices.find(invoiceId);
    if (invoice === null) throw platformProblems.not_found();
    const payment = await this.underWay(invoiceId);
    const collecting = await this.rows.find(invoiceId);
    const { method = null, bar = null } = collecting === null ? {} : await this.methods.of(collecting);
    const { number, dueDate, total, state } = invoice;
    const isOpen = state === 'open';
    return {
      ...{ number, dueDate, currency: total.currency, total: total.toJSON() },
      state: isOpen && payment ? 'in_progress' : STATES[state],
      amountDue: dueOf(invoice).toJSON(),
      method: method === null || isForbidden(bar) || !isOpen ? null : `${method.brand} •••• ${method.last4}`,
      nextAction: isOpen && payment?.nextActionUrl ? { type: 'redirect', url: payment.nextActionUrl } : null,
      expiresAt: expiresAt.toISOString(),
    };
  }

  /** The payment that somebody has to wait for, or to answer the bank of. */
  async underWay(invoiceId: string): Promise<Payment | null> {
    const payments = await this.payments.ofInvoice(invoiceId);
    const waits = ({ status, nextActionUrl }: Payment) =>
      status === 'processing' ||
      status === 'requires_review' ||
      (status === 'requires_action' && nextActionUrl !== null);
    return payments.findLast(waits) ?? null;
  }
}

const STATES: Readonly<Record<InvoiceState, InvoiceLinkState>> = {
  draft: 'closed',
  open: 'open',
  paid: 'paid',
  void: 'closed',
  uncollectible: 'closed',
};
