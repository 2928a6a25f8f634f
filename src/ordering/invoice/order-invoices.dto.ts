import { type BuyerInvoice, DOCUMENT_FORMATS, type DocumentFormat } from '../../billing/billing.api.js';
import { ListOf, MoneyDto, MoneyField, OneOf, Text, Uuid } from '../../platform/http/fields.js';

export class OrderDocumentParams {
  @Uuid()
  id: string;

  @Uuid()
  documentId: string;
}

export class OrderDocumentQuery {
  @OneOf(DOCUMENT_FORMATS, {
    optional: true,
    description:
      '`pdf` for people; `ubl`, an e-invoice by EN 16931 in UBL 2.1; `facturx`, the PDF (PDF/A-3) with the e-invoice in it as CII. ' +
      '`pdf` when left out.',
    example: 'pdf',
  })
  format?: DocumentFormat;
}

const DAY = { max: 10, example: '2026-11-21' };

export class OrderCreditNoteDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'CN-2026-000001' })
  number: string;

  @Text(DAY)
  issueDate: string;

  @MoneyField()
  total: MoneyDto;
}

export class OrderInvoiceDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: '2026-000001' })
  number: string;

  @OneOf(['open', 'paid', 'void', 'uncollectible'], { example: 'paid' })
  state: string;

  @Text(DAY)
  issueDate: string;

  @Text({ ...DAY, nullable: true })
  dueDate: string | null;

  @MoneyField()
  total: MoneyDto;

  @MoneyField({ description: 'Still to be paid.' })
  due: MoneyDto;

  @ListOf(() => OrderCreditNoteDto, { max: 1000, description: 'What was taken off it since.' })
  creditNotes: OrderCreditNoteDto[];
}

export class OrderInvoicesDto {
  @ListOf(() => OrderInvoiceDto, { max: 1000, description: 'The oldest first.' })
  items: OrderInvoiceDto[];

  static from(invoices: readonly BuyerInvoice[]): OrderInvoicesDto {
    return {
      items: invoices.map(({ orderId: _, total, due, creditNotes, ...invoice }) => ({
        ...invoice,
        total: total.toJSON(),
        due: due.toJSON(),
        creditNotes: creditNotes.map((note) => ({ ...note, total: note.total.toJSON() })),
      })),
    };
  }
}
