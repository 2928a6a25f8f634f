import {
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  SignedMoneyDto,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { INVOICE_STATES, type InvoiceContent } from './invoice-content.js';
import { InvoiceContentDto } from './invoice-content.dto.js';
import { dueOf, type Invoice, type SettlementRow } from './invoice.repository.js';

const DAY = { max: 10, example: '2026-11-21' };
const LOCAL = /^\d{4}-\d{2}-\d{2}$/;

export class InvoiceParams {
  @Uuid()
  id: string;
}

export class InvoiceSummaryDto {
  @Uuid()
  id: string;

  @OneOf(INVOICE_STATES, {
    description:
      '`draft` waits for the profile of the seller, `open` for its money; `uncollectible`: nobody expects it any more.',
    example: 'paid',
  })
  state: string;

  @Text({ max: 50, nullable: true, description: 'Null of a draft.', example: '2026-000001' })
  number: string | null;

  @Uuid({ nullable: true })
  orderId: string | null;

  @Uuid({ nullable: true })
  subscriptionId: string | null;

  @Uuid({ nullable: true })
  customerId: string | null;

  @Text({ ...DAY, nullable: true })
  issueDate: string | null;

  @Text({ ...DAY, nullable: true })
  dueDate: string | null;

  @MoneyField()
  total: MoneyDto;

  @MoneyField({ description: 'Neither paid nor credited nor given up.' })
  due: MoneyDto;

  @Text({
    max: 500,
    nullable: true,
    description: 'Why it is a draft (`seller_incomplete`), void or uncollectible.',
    example: null,
  })
  reason: string | null;

  @Integer({ min: 1, max: 2_147_483_647 })
  version: number;

  @Instant()
  createdAt: string;

  static summary(invoice: Invoice): InvoiceSummaryDto {
    const { id, state, number, orderId, subscriptionId, customerId, issueDate, dueDate } = invoice;
    const { total, reason, version, createdAt } = invoice;
    return {
      ...{ id, state, number, orderId, subscriptionId, customerId, issueDate, dueDate },
      total: total.toJSON(),
      due: dueOf(invoice).toJSON(),
      reason,
      version,
      createdAt: createdAt.toISOString(),
    };
  }
}

export class SettlementDto {
  @OneOf(['payment', 'credit_note', 'balance', 'write_off'], {
    description: '`balance`: what an earlier credit note kept for the buyer.',
    example: 'payment',
  })
  kind: string;

  @Uuid({ description: 'The payment or the credit note; of a write-off the invoice.' })
  sourceId: string;

  @Nested(() => SignedMoneyDto)
  amount: SignedMoneyDto;

  @Instant()
  at: string;
}

export class InvoiceDto extends InvoiceSummaryDto {
  @ListOf(() => SettlementDto, { max: 1000, description: '`total` less these is `due`.' })
  settlements: SettlementDto[];

  @Nested(() => InvoiceContentDto)
  content: InvoiceContentDto;

  static from(invoice: Invoice, content: InvoiceContent, settlements: readonly SettlementRow[]): InvoiceDto {
    return {
      ...InvoiceSummaryDto.summary(invoice),
      settlements: settlements.map(({ kind, sourceId, amount, at }) => ({
        kind,
        sourceId,
        amount: amount.toJSON(),
        at: at.toISOString(),
      })),
      content: InvoiceContentDto.from(content),
    };
  }
}

export class DayRange {
  @Text({ ...DAY, optional: true, pattern: LOCAL, patternHint: 'must be a day such as 2026-11-21' })
  gte?: string;

  @Text({ ...DAY, optional: true, pattern: LOCAL, patternHint: 'must be a day such as 2026-11-21' })
  lte?: string;
}

export class InvoiceQuery extends PageQuery {
  @OneOf(INVOICE_STATES, { optional: true })
  state?: string;

  @Uuid({ optional: true })
  customerId?: string;

  @Uuid({ optional: true })
  orderId?: string;

  @Uuid({ optional: true })
  subscriptionId?: string;

  @Text({ max: 50, optional: true, example: '2026-000001' })
  number?: string;

  @Nested(() => DayRange, {
    optional: true,
    description: 'Days, both included: `issueDate[gte]=2026-01-01`.',
  })
  issueDate?: DayRange;
}

export class EndInvoiceDto {
  @Text({ max: 500, description: 'Why; it stands in the register.', example: 'The company is bankrupt' })
  reason: string;
}

export class RegisterQuery extends PageQuery {
  @Text({ max: 100, optional: true, description: 'One series only.', example: 'invoice:2026-' })
  series?: string;
}

/** A number that was given: none is missing between the first and the last of its series. */
export class RegisterEntryDto {
  @Text({ max: 100, example: 'invoice:2026-' })
  series: string;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER, example: 1 })
  sequence: number;

  @Text({ max: 50, example: '2026-000001' })
  number: string;

  @OneOf(['invoice', 'credit_note'], { example: 'invoice' })
  kind: string;

  @Uuid()
  documentId: string;

  @Text({ max: 20, description: 'Of an invoice its state; of a credit note `final`.', example: 'paid' })
  state: string;

  @Text(DAY)
  issueDate: string;

  @MoneyField()
  total: MoneyDto;

  @Text({ max: 500, nullable: true, description: 'Why it is void or uncollectible.', example: null })
  reason: string | null;
}

export class InvoiceAmountDto {
  @Text({ max: 200, description: 'JSON Pointer into `content`.', example: '/lines/0/tax' })
  what: string;

  @Text({ max: 200, example: 'BR-CO-17' })
  rule: string;

  @Text({ max: 2000, example: '1680 × 19 % = 319.20, rounded to 319' })
  formula: string;

  @Nested(() => SignedMoneyDto)
  amount: SignedMoneyDto;

  @Text({
    max: 100,
    nullable: true,
    description: 'What rounding has left out, in minor units; null where nothing is rounded.',
    example: '0.2',
  })
  remainder: string | null;
}

export class InvoiceExplanationDto {
  @ListOf(() => InvoiceAmountDto, { max: 10_000 })
  items: InvoiceAmountDto[];
}
