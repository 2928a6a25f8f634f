import { OmitType } from '@nestjs/swagger';
import {
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  Nested,
  OneOf,
  SignedMoneyDto,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { ACCOUNT_TYPES } from './chart.js';
import { DAY } from './day.js';
import { KINDS, SOURCES } from './ledger.dto.js';

export class StatementQuery extends PageQuery {
  @Text({
    ...DAY,
    optional: true,
    example: '2026-11-01',
    description: 'First day of booking; left out: from the beginning.',
  })
  from?: string;

  @Text({
    ...DAY,
    optional: true,
    example: '2026-11-30',
    description: 'Last day of booking, included; left out: to the end.',
  })
  to?: string;

  @CurrencyCode({ description: 'Balances are never added up over currencies.' })
  currency: string;
}

/** All of it at once. */
export class StatementFileQuery extends OmitType(StatementQuery, ['limit', 'cursor'] as const) {}

export class StatementLineDto {
  @Uuid()
  transactionId: string;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER, description: 'Place of the transaction in the chain.' })
  position: number;

  @Text({ ...DAY, example: '2026-11-21' })
  bookedOn: string;

  @Instant({ description: 'When it happened in the business; before `bookedOn` when its month was closed.' })
  effectiveAt: string;

  @OneOf(KINDS, { example: 'payment_captured' })
  kind: string;

  @OneOf(SOURCES)
  sourceType: string;

  @Uuid()
  sourceId: string;

  @Uuid({ nullable: true })
  paymentId: string | null;

  @Uuid({ nullable: true })
  orderId: string | null;

  @Uuid({ nullable: true })
  invoiceId: string | null;

  @Nested(() => SignedMoneyDto, { description: 'Debit is positive, credit negative.' })
  amount: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, { description: 'Of the account after this line.' })
  balance: SignedMoneyDto;
}

export class StatementDto {
  @Text({ max: 200, example: 'assets:ar' })
  account: string;

  @OneOf(ACCOUNT_TYPES)
  type: string;

  @Text({ max: 200, example: 'Invoiced and not yet paid.' })
  meaning: string;

  @Nested(() => SignedMoneyDto, { description: 'Before `from`.' })
  opening: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, {
    description: 'At the end of `to`: the opening balance and all lines of all pages.',
  })
  closing: SignedMoneyDto;

  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description: 'The last place of the chain that it knows; all pages of one reading know the same.',
  })
  asOf: number;

  @ListOf(() => StatementLineDto, { max: 100, description: 'In the order of their days.' })
  items: StatementLineDto[];

  @Text({ max: 1000, nullable: true, description: 'Pass it as `cursor` for the next page; null at the end.' })
  nextCursor: string | null;
}
