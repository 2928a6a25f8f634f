import { Injectable } from '@nestjs/common';
import { CreditNoteRepository } from '../credit-note/credit-note.repository.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Money } from '../../platform/money/money.js';
import type { InvoiceState } from './invoice-content.js';
import { InvoiceListRepository } from './invoice-list.repository.js';
import { InvoicePapers } from './invoice-papers.service.js';
import { dueOf, type Invoice, InvoiceRepository } from './invoice.repository.js';
import { MyInvoiceDetailDto, MyInvoiceDto } from './my-invoice.dto.js';

/** An invoice as its buyer sees it. */
export interface BuyerInvoice {
  readonly id: string;
  readonly orderId: string | null;
  readonly number: string;
  readonly state: InvoiceState;
  readonly issueDate: string;
  readonly dueDate: string | null;
  readonly total: Money;
  readonly due: Money;
  readonly creditNotes: readonly { id: string; number: string; issueDate: string; total: Money }[];
}

/** Invoices for who has to pay them; drafts are not shown. */
@Injectable()
export class MyInvoices {
  constructor(
    private readonly rows: InvoiceRepository,
    private readonly lists: InvoiceListRepository,
    private readonly notes: CreditNoteRepository,
    private readonly papers: InvoicePapers,
    private readonly cursors: Cursors,
  ) {}

  async list(customerId: string, limit: number, cursor: string | undefined): Promise<Page<MyInvoiceDto>> {
    const list = `my-invoices ${customerId}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.lists.ofCustomer(customerId, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: (await this.withNotes(page.items)).map((one) => MyInvoiceDto.from(one)) };
  }

  /** 404 for one of somebody else. */
  async get(customerId: string, id: string): Promise<MyInvoiceDetailDto> {
    const invoice = await this.rows.find(id);
    if (invoice === null || invoice.state === 'draft' || invoice.customerId !== customerId)
      throw platformProblems.not_found();
    const [[content], [seen]] = await Promise.all([
      this.papers.open([{ ...invoice, keyId: id }]),
      this.withNotes([invoice]),
    ]);
    if (!content || !seen) throw platformProblems.not_found();
    return MyInvoiceDetailDto.detail(seen, content);
  }

  /** Those of an order, the oldest first. */
  async ofOrder(orderId: string): Promise<BuyerInvoice[]> {
    return this.withNotes((await this.rows.ofOrder(orderId)).filter(({ state }) => state !== 'draft'));
  }

  private async withNotes(invoices: readonly Invoice[]): Promise<BuyerInvoice[]> {
    const notes = await this.notes.ofInvoices(invoices.map(({ id }) => id));
    return invoices.map((invoice) => ({
      id: invoice.id,
      orderId: invoice.orderId,
      number: invoice.number ?? '',
      state: invoice.state,
      issueDate: invoice.issueDate ?? '',
      dueDate: invoice.dueDate,
      total: invoice.total,
      due: dueOf(invoice),
      creditNotes: notes
        .filter(({ invoiceId }) => invoiceId === invoice.id)
        .map(({ id, number, issueDate, total }) => ({ id, number, issueDate, total })),
    }));
  }
}
