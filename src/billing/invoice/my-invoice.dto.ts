import { ListOf, MoneyDto, MoneyField, Nested, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import type { InvoiceContent } from './invoice-content.js';
import { InvoiceContentDto } from './invoice-content.dto.js';
import type { BuyerInvoice } from './my-invoices.service.js';

const DAY = { max: 10, example: '2026-11-21' };

export class MyCreditNoteDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'CN-2026-000001' })
  number: string;

  @Text(DAY)
  issueDate: string;

  @MoneyField()
  total: MoneyDto;
}

export class MyInvoiceDto {
  @Uuid()
  id: string;

  @Uuid({ nullable: true })
  orderId: string | null;

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

  @ListOf(() => MyCreditNoteDto, { max: 1000, description: 'What was taken off it since, the oldest first.' })
  creditNotes: MyCreditNoteDto[];

  static from({ total, due, creditNotes, ...invoice }: BuyerInvoice): MyInvoiceDto {
    return {
      ...invoice,
      total: total.toJSON(),
      due: due.toJSON(),
      creditNotes: creditNotes.map((note) => ({ ...note, total: note.total.toJSON() })),
    };
  }
}

export class MyInvoiceDetailDto extends MyInvoiceDto {
  @Nested(() => InvoiceContentDto)
  content: InvoiceContentDto;

  static detail(invoice: BuyerInvoice, content: InvoiceContent): MyInvoiceDetailDto {
    return { ...MyInvoiceDto.from(invoice), content: InvoiceContentDto.from(content) };
  }
}
