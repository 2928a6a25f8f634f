import {
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { DayRange } from '../invoice/invoice.dto.js';
import type { InvoiceContent } from '../invoice/invoice-content.js';
import { InvoiceContentDto } from '../invoice/invoice-content.dto.js';
import { CREDIT_REASONS, type CreditNote, type CreditReason } from './credit-note.repository.js';

export class CreditNoteParams {
  @Uuid()
  id: string;
}

export class CreditLineInput {
  @Text({ max: 100, description: '`id` of a line of the invoice.', example: 'shipping:standard' })
  lineId: string;

  @Integer({
    min: 1,
    max: 1_000_000,
    optional: true,
    description: 'Pieces of it. Send this, or `amount`, or neither for all that is left of the line.',
  })
  quantity?: number;

  @MoneyField({ optional: true, description: 'Of it, with its tax.' })
  amount?: MoneyDto;
}

export class CreateCreditNoteDto {
  @ListOf(() => CreditLineInput, {
    max: 1000,
    min: 1,
    optional: true,
    uniqueBy: 'lineId',
    description: 'What of which lines. Send this or `amount`.',
    example: [{ lineId: 'shipping:standard' }],
  })
  lines?: CreditLineInput[];

  @MoneyField({
    optional: true,
    description: 'With its tax, shared out over what is left of all lines. Send this or `lines`.',
  })
  amount?: MoneyDto;

  @OneOf(CREDIT_REASONS, { example: 'product_unsatisfactory' })
  reason: CreditReason;

  @Text({ max: 500, optional: true, description: 'Printed on it.', example: 'The lamp was scratched.' })
  memo?: string;

  @MoneyField({ optional: true, description: 'Goes back to where the money of the order came from.' })
  refund?: MoneyDto;

  @MoneyField({ optional: true, description: 'Becomes store credit of the customer.' })
  storeCredit?: MoneyDto;

  @MoneyField({ optional: true, description: 'Was given back outside of the shop, such as in cash.' })
  outOfBand?: MoneyDto;
}

export class CreditNoteDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'CN-2026-000001' })
  number: string;

  @Uuid()
  invoiceId: string;

  @Uuid({ nullable: true })
  orderId: string | null;

  @OneOf(['order', 'refund', 'staff'], {
    description:
      'What it follows: a change of the order, a refund by hand, or the decision of somebody (or the end of a subscription).',
    example: 'order',
  })
  origin: string;

  @Uuid({ nullable: true, description: 'The refund by hand that it was made for.' })
  refundId: string | null;

  @OneOf(CREDIT_REASONS, { example: 'order_change' })
  reason: string;

  @Text({ max: 500, nullable: true, example: null })
  memo: string | null;

  @Text({ max: 10, example: '2026-11-21' })
  issueDate: string;

  @MoneyField()
  total: MoneyDto;

  @MoneyField({ description: 'Of the total: off what was open of the invoice.' })
  reduced: MoneyDto;

  @MoneyField({ description: 'Of the total: went back by refunds, store credit included.' })
  refunded: MoneyDto;

  @MoneyField({ description: 'Of the total: given back outside of the shop.' })
  outOfBand: MoneyDto;

  @MoneyField({
    description:
      'Of the total: a bank has taken it back after a dispute, and given it to the buyer. It corrects the tax, and takes the loss back.',
  })
  lost: MoneyDto;

  @MoneyField({
    description:
      'Of the total: kept for the buyer; it pays the next invoice of the order, or of the subscription.',
  })
  kept: MoneyDto;

  @Instant()
  createdAt: string;

  @Nested(() => InvoiceContentDto)
  content: InvoiceContentDto;

  static from(note: CreditNote, content: InvoiceContent): CreditNoteDto {
    const { id, number, invoiceId, orderId, origin, refundId, reason, memo, issueDate } = note;
    return {
      ...{ id, number, invoiceId, orderId, origin, refundId, reason, memo, issueDate },
      total: note.total.toJSON(),
      reduced: note.reduced.toJSON(),
      refunded: note.refunded.toJSON(),
      outOfBand: note.outOfBand.toJSON(),
      lost: note.lost.toJSON(),
      kept: note.kept.toJSON(),
      createdAt: note.createdAt.toISOString(),
      content: InvoiceContentDto.from(content),
    };
  }
}

export class CreditNoteQuery extends PageQuery {
  @Uuid({ optional: true })
  invoiceId?: string;

  @Uuid({ optional: true })
  orderId?: string;

  @Text({ max: 50, optional: true, example: 'CN-2026-000001' })
  number?: string;

  @Nested(() => DayRange, {
    optional: true,
    description: 'Days, both included: `issueDate[gte]=2026-01-01`.',
  })
  issueDate?: DayRange;
}
