import {
  Instant,
  Integer,
  ListOf,
  MoneyField,
  Nested,
  OneOf,
  SignedMoneyDto,
  MoneyDto,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { type ChangeBehaviour, CHANGE_BEHAVIOURS } from './change-terms.js';
import { DaysDto, MOST_UNITS } from './subscription.dto.js';

const KINDS = ['cycle', 'setup', 'credit', 'debit', 'usage'] as const;

export class PreviewSubscriptionChangeDto {
  @Uuid({ optional: true, nullable: true, description: 'The plan to be; null or left out: it stays.' })
  planId?: string | null;

  @Integer({
    min: 1,
    max: MOST_UNITS,
    optional: true,
    nullable: true,
    example: 2,
    description: 'Units to be.',
  })
  quantity?: number | null;

  @OneOf(CHANGE_BEHAVIOURS, {
    optional: true,
    nullable: true,
    example: 'invoice_now',
    description:
      'When it is billed. Left out: what costs more now, what costs less with the next invoice. `none`: nothing of the running ' +
      'period is counted; where that costs more, staff alone can give it away. `at_period_end`: the change itself waits, as one ' +
      'of goods always does.',
  })
  behaviour?: ChangeBehaviour | null;
}

export class ConfirmSubscriptionChangeDto {
  @Text({ max: 4_000, example: 'eyJ…', description: '`quote` of the preview.' })
  quote: string;
}

export class PreviewLineDto {
  @OneOf(KINDS, { example: 'debit' })
  kind: (typeof KINDS)[number];

  @Text({ max: 200, example: 'Pro' })
  title: string;

  @Nested(() => DaysDto, { nullable: true })
  days: DaysDto | null;

  @Nested(() => SignedMoneyDto, { description: 'As the prices are: with or without the tax.' })
  amount: SignedMoneyDto;

  @Text({ max: 2_000, nullable: true, example: '(20.00 EUR × 1) × 14 ÷ 28 days = 10.00 EUR' })
  explain: string | null;
}

export class PreviewTotalsDto {
  @Nested(() => SignedMoneyDto)
  net: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  tax: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  gross: SignedMoneyDto;
}

export class NextInvoiceDto {
  @Instant({ nullable: true, description: 'When it is made; null: none is.' })
  at: string | null;

  @Nested(() => DaysDto, { nullable: true })
  days: DaysDto | null;

  @ListOf(() => PreviewLineDto, { max: 1_000 })
  lines: PreviewLineDto[];

  @Nested(() => PreviewTotalsDto)
  totals: PreviewTotalsDto;
}

export class SubscriptionChangePreviewDto {
  @OneOf(CHANGE_BEHAVIOURS, { example: 'invoice_now' })
  behaviour: ChangeBehaviour;

  @OneOf(['now', 'next_invoice', 'nothing'], { example: 'now' })
  bills: 'now' | 'next_invoice' | 'nothing';

  @Instant()
  effectiveAt: string;

  @ListOf(() => PreviewLineDto, {
    max: 1_000,
    description: 'What the change adds; what has waited comes with it.',
  })
  lines: PreviewLineDto[];

  @Nested(() => PreviewTotalsDto, {
    description: 'Of the lines; below zero it is taken off the next invoices.',
  })
  totals: PreviewTotalsDto;

  @MoneyField({ description: 'What is charged at once.' })
  dueNow: MoneyDto;

  @Text({ max: 4_000, description: 'Confirming it bills exactly this.' })
  quote: string;

  @Instant({ description: 'Until when the quote holds.' })
  expiresAt: string;
}
