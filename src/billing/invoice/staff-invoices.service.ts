import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { assertDays } from '../ledger/day.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { GivenByChangesRepository } from '../credit-note/given-by-changes.repository.js';
import { explain } from './explain.js';
import { invoiceProblems } from './invoice.errors.js';
import { InvoiceListRepository } from './invoice-list.repository.js';
import { InvoicePapers } from './invoice-papers.service.js';
import {
  InvoiceDto,
  InvoiceExplanationDto,
  type InvoiceQuery,
  InvoiceSummaryDto,
  RegisterEntryDto,
  type RegisterQuery,
} from './invoice.dto.js';
import { type Invoice, InvoiceRepository } from './invoice.repository.js';
import { Invoices } from './invoices.service.js';

/** Invoices as staff read and end them. */
@Injectable()
export class StaffInvoices {
  constructor(
    private readonly database: Database,
    private readonly rows: InvoiceRepository,
    private readonly lists: InvoiceListRepository,
    private readonly changes: GivenByChangesRepository,
    private readonly invoices: Invoices,
    private readonly papers: InvoicePapers,
    private readonly ends: PaymentEnd,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
  ) {}

  /** A page, the newest first; without what is printed. */
  async list({ limit, cursor, issueDate, ...wanted }: InvoiceQuery): Promise<Page<InvoiceSummaryDto>> {
    const { state = null, customerId = null, orderId = null, subscriptionId = null, number = null } = wanted;
    assertDays('issueDate', issueDate);
    const range = { from: issueDate?.gte ?? null, to: issueDate?.lte ?? null };
    const filter = { state, customerId, orderId, subscriptionId, number, ...range };
    const list = `invoices ${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.lists.list(filter, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: page.items.map((invoice) => InvoiceSummaryDto.summary(invoice)) };
  }

  async get(id: string): Promise<InvoiceDto> {
    const invoice = await this.found(id);
    const [settlements, [content]] = await Promise.all([
      this.rows.settlements(id),
      this.papers.open([{ ...invoice, keyId: id }]),
    ]);
    if (!content) throw platformProblems.not_found();
    return InvoiceDto.from(invoice, content, settlements);
  }

  async explain(id: string): Promise<InvoiceExplanationDto> {
    const { content } = await this.found(id);
    return { items: explain(content, await this.rows.settlements(id)) };
  }

  /** Ends an invoice for good or for now; 409 when something of it was paid, or it is over. */
  async end(
    id: string,
    how: 'void' | 'uncollectible',
    reason: string,
    version: number | null,
    actor: Actor,
  ): Promise<InvoiceDto> {
    const seen = await this.found(id);
    return this.database.transaction(async () => {
      // The documents of an order are locked together, before any of them.
      if (seen.orderId !== null) await this.rows.lockOrder(seen.orderId, null);
      requireVersion(version, (await this.rows.lock(id))?.version ?? seen.version);
      if (how === 'void') {
        if (await this.lists.tookAlong(id))
          throw invoiceProblems.invoice_paid_in_part(
            'It has charged usage, a coupon or lines that had waited.',
          );
        if ((await this.changes.of(id)).length > 0)
          throw invoiceProblems.invoice_paid_in_part(
            'A change of the subscription has given back some of it.',
          );
        await this.invoices.void(id, reason);
        await this.ends.withdraw(id);
      } else {
        // It may be of these very days, which nobody has paid, and would pay others.
        if (seen.subscriptionId !== null && (await this.changes.wait(seen.subscriptionId)))
          throw invoiceProblems.invoice_paid_in_part(
            'A credit of a change waits for the next invoice: end the subscription first.',
          );
        await this.invoices.writeOff(id, reason);
      }
      this.audit.record({
        actor,
        action: how === 'void' ? 'billing.invoice.voided' : 'billing.invoice.written_off',
        subjectType: 'invoice',
        subjectId: id,
        details: { number: seen.number },
      });
      return this.get(id);
    });
  }

  /** Every number that was given to a document. */
  async register({ limit, cursor, ...wanted }: RegisterQuery): Promise<Page<RegisterEntryDto>> {
    const { series = null } = wanted;
    const list = `invoice-register ${series ?? ''}`;
    const after = this.cursors.decode(list, cursor) as [string, number] | null;
    const rows = await this.lists.register(series, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, (row) => [row.series, row.sequence]);
    return { ...page, items: page.items.map((row) => ({ ...row, total: row.total.toJSON() })) };
  }

  private async found(id: string): Promise<Invoice> {
    const invoice = await this.rows.find(id);
    if (invoice === null) throw platformProblems.not_found();
    return invoice;
  }
}
