import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import { CreditNoteRepository } from '../credit-note/credit-note.repository.js';
import type { InvoiceContent } from '../invoice/invoice-content.js';
import { InvoicePapers } from '../invoice/invoice-papers.service.js';
import { InvoiceRepository } from '../invoice/invoice.repository.js';
import { type DocumentFormat, drawDocument, type Drawn } from './drawing.js';

export interface DocumentWish {
  readonly kind: 'invoice' | 'credit_note';
  readonly id: string;
  readonly format: DocumentFormat;
}

interface Found {
  readonly content: InvoiceContent;
  readonly orderId: string | null;
  readonly customerId: string | null;
}

/** Invoices and credit notes as files. None is kept: they are drawn from what was frozen, each time the same bytes. */
@Injectable()
export class Documents {
  constructor(
    private readonly invoices: InvoiceRepository,
    private readonly notes: CreditNoteRepository,
    private readonly papers: InvoicePapers,
  ) {}

  /** For staff, drafts too: those are pro-forma invoices. */
  async draw(wish: DocumentWish): Promise<Drawn> {
    const { content } = await this.find(wish);
    return drawDocument(content, wish.format);
  }

  /** 404 for somebody else's, and for drafts. */
  async ofCustomer(customer: string, wish: DocumentWish): Promise<Drawn> {
    const { content, customerId } = await this.find(wish);
    if (customerId !== customer || content.number === null) throw platformProblems.not_found();
    return drawDocument(content, wish.format);
  }

  /** The caller knows that whoever asks may see the order. */
  async ofOrder(order: string, wish: DocumentWish): Promise<Drawn> {
    const { content, orderId } = await this.find(wish);
    if (orderId !== order || content.number === null) throw platformProblems.not_found();
    return drawDocument(content, wish.format);
  }

  async content({ kind, id }: Pick<DocumentWish, 'kind' | 'id'>): Promise<InvoiceContent> {
    return (await this.find({ kind, id })).content;
  }

  private async find({ kind, id }: Pick<DocumentWish, 'kind' | 'id'>): Promise<Found> {
    const note = kind === 'credit_note' ? await this.notes.find(id) : null;
    const invoice = kind === 'invoice' ? await this.invoices.find(id) : null;
    const owner = note === null ? invoice : await this.invoices.find(note.invoiceId);
    const paper = note ?? invoice;
    if (!paper || !owner) throw platformProblems.not_found();
    const [content] = await this.papers.open([{ ...paper, keyId: owner.id }]);
    if (!content) throw platformProblems.not_found();
    return { content, orderId: owner.orderId, customerId: owner.customerId };
  }
}
