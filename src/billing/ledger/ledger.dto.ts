import {
  CurrencyCode,
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
import { Money } from '../../platform/money/money.js';
import { ACCOUNT_TYPES, CHART, chartAccountOf } from './chart.js';
import { DAY } from './day.js';
import type { AccountRow, LedgerTransactionRow } from './ledger.repository.js';

export const KINDS = [
  'payment_authorized',
  'authorization_released',
  'payment_captured',
  'refund_accepted',
  'refund_settled',
  'refund_reversed',
  'refund_withdrawn',
  'gift_card_issued',
  'gift_card_redeemed',
  'gift_card_given_back',
  'gift_card_canceled',
  'store_credit_issued',
  'store_credit_adjusted',
  'store_credit_refunded',
  'store_credit_spent',
  'store_credit_expired',
  'invoice_finalized',
  'invoice_voided',
  'invoice_settled',
  'invoice_written_off',
  'invoice_recovered',
  'credit_note_issued',
  'refund_given_away',
  'refund_accounted_for',
  'revenue_recognised',
  // Of books from before refunds were paid out of `liab:unapplied`.
  'credit_note_refunded',
  'credit_note_kept',
  'dispute_opened',
  'dispute_fee',
  'dispute_won',
  'dispute_lost',
  'dispute_written_off',
  'dispute_recovered',
  'gateway_fee',
  'gateway_payout',
  'gateway_opening',
] as const;

export const SOURCES = [
  'operation',
  'refund',
  'gift_card_entry',
  'store_credit_entry',
  'invoice',
  'invoice_settlement',
  'credit_note',
  'credit_note_match',
  'refund_document',
  'dispute',
  'lost_dispute',
  'receipt',
  'settlement_line',
  'revenue_recognition',
] as const;

export class LedgerEntryDto {
  @Text({ max: 200, example: 'assets:provider:test:clearing' })
  account: string;

  @Nested(() => SignedMoneyDto, { description: 'Debit is positive, credit negative.' })
  amount: SignedMoneyDto;
}

export class LedgerTransactionDto {
  @Uuid()
  id: string;

  @OneOf(KINDS, { example: 'payment_captured' })
  kind: string;

  @OneOf(SOURCES, {
    description: 'What it was posted for; a fact is posted once.',
  })
  sourceType: string;

  @Uuid()
  sourceId: string;

  @Uuid({
    nullable: true,
    description: 'Null for gift cards that no payment bought, and for credit that staff gave.',
  })
  paymentId: string | null;

  @Uuid({ nullable: true })
  orderId: string | null;

  @Uuid({ nullable: true, description: 'The invoice whose receivable it moves, or that it credits.' })
  invoiceId: string | null;

  @Instant({ description: 'When it happened in the business.' })
  effectiveAt: string;

  @Text({
    ...DAY,
    example: '2026-11-21',
    description:
      'The day of the books: that of `effectiveAt` at the seller, or the first open day when its month was closed.',
  })
  bookedOn: string;

  @Instant({ description: 'When it was written down.' })
  recordedAt: string;

  @Integer({
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    nullable: true,
    description: 'Place in the chain; null until it is sealed, a minute at most.',
  })
  position: number | null;

  @Text({
    max: 64,
    nullable: true,
    description: 'SHA-256 over the seal before and this transaction, in hex.',
  })
  seal: string | null;

  @ListOf(() => LedgerEntryDto, { max: 100, description: 'They add up to zero in each currency.' })
  entries: LedgerEntryDto[];

  static from(row: LedgerTransactionRow): LedgerTransactionDto {
    return {
      id: row.id,
      kind: row.kind,
      sourceType: row.source_type,
      sourceId: row.source_id,
      paymentId: row.payment_id,
      orderId: row.order_id,
      invoiceId: row.invoice_id,
      effectiveAt: row.effective_at.toISOString(),
      bookedOn: row.booked_on,
      recordedAt: row.recorded_at.toISOString(),
      position: row.position,
      seal: row.seal,
      entries: row.entries.map(({ account, currency, amount }) => ({
        account,
        amount: { amount, currency },
      })),
    };
  }
}

export class LedgerQuery extends PageQuery {
  @Uuid({ optional: true })
  paymentId?: string;

  @Uuid({ optional: true })
  orderId?: string;

  @Uuid({ optional: true })
  invoiceId?: string;

  @OneOf(KINDS, { optional: true })
  kind?: string;

  @Text({ max: 200, optional: true, example: 'assets:provider:test:clearing' })
  account?: string;

  @Instant({ optional: true, description: 'From this moment on.' })
  from?: string;

  @Instant({ optional: true, description: 'Up to and without this moment.' })
  to?: string;
}

export class TrialBalanceQuery {
  @Instant({ optional: true, description: 'All that had happened by then; now when it is left out.' })
  at?: string;

  @Text({
    ...DAY,
    optional: true,
    example: '2026-10-31',
    description: 'All that is booked up to the end of this day, as statements have it.',
  })
  on?: string;

  @CurrencyCode({ optional: true })
  currency?: string;
}

/** A kind of account. */
export class ChartAccountDto {
  @Text({
    max: 200,
    example: 'assets:provider:{gateway}:clearing',
    description: 'Words in braces stand for what tells its accounts apart.',
  })
  code: string;

  @OneOf(ACCOUNT_TYPES, { example: 'asset' })
  type: string;

  @Text({ max: 200, example: 'Captured at a gateway and not yet paid out by it.' })
  meaning: string;
}

export class LedgerAccountDto {
  @Text({ max: 200, example: 'assets:provider:test:clearing' })
  account: string;

  @OneOf(ACCOUNT_TYPES, {
    nullable: true,
    example: 'asset',
    description: 'Null for one that the chart does not know.',
  })
  type: string | null;

  @Text({ max: 200, nullable: true, example: 'Captured at a gateway and not yet paid out by it.' })
  meaning: string | null;

  @MoneyField()
  debit: MoneyDto;

  @MoneyField()
  credit: MoneyDto;

  @Nested(() => SignedMoneyDto, { description: 'Debit less credit.' })
  balance: SignedMoneyDto;

  static from({ account, currency, debit, credit }: AccountRow): LedgerAccountDto {
    const [debited, credited] = [Money.of(BigInt(debit), currency), Money.of(BigInt(credit), currency)];
    const { type, meaning } = chartAccountOf(account) ?? { type: null, meaning: null };
    return {
      ...{ account, type, meaning },
      debit: debited.toJSON(),
      credit: credited.toJSON(),
      balance: debited.minus(credited).toJSON(),
    };
  }
}

/** Every account; the balances add up to zero in each currency, which is what a trial balance proves. */
export class TrialBalanceDto {
  @ListOf(() => LedgerAccountDto, { max: 100_000 })
  items: LedgerAccountDto[];

  @ListOf(() => SignedMoneyDto, { max: 200, description: 'The sum of all balances in each currency: zero.' })
  totals: SignedMoneyDto[];

  @ListOf(() => ChartAccountDto, { max: 100, description: 'The chart: every kind of account that there is.' })
  chart: ChartAccountDto[];

  static from(rows: AccountRow[]): TrialBalanceDto {
    const totals = new Map<string, Money>();
    for (const { currency, debit, credit } of rows) {
      const balance = Money.of(BigInt(debit) - BigInt(credit), currency);
      totals.set(currency, (totals.get(currency) ?? Money.zero(currency)).plus(balance));
    }
    return {
      items: rows.map((row) => LedgerAccountDto.from(row)),
      totals: [...totals.values()].map((total) => total.toJSON()),
      chart: CHART.map((account) => ({ ...account })),
    };
  }
}
