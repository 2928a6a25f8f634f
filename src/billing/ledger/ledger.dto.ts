import {
  CurrencyCode,
  Instant,
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
import type { AccountRow, LedgerTransactionRow } from './ledger.repository.js';

const KINDS = [
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
  'credit_note_refunded',
  'credit_note_kept',
  'dispute_opened',
  'dispute_fee',
  'dispute_won',
  'dispute_lost',
] as const;

const SOURCES = [
  'operation',
  'refund',
  'gift_card_entry',
  'store_credit_entry',
  'invoice',
  'invoice_settlement',
  'credit_note',
  'credit_note_match',
  'dispute',
  'receipt',
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

  @Instant({ description: 'When it was written down.' })
  recordedAt: string;

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
      recordedAt: row.recorded_at.toISOString(),
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
  @Instant({ optional: true, description: 'The books as they stood then; now when it is left out.' })
  at?: string;

  @CurrencyCode({ optional: true })
  currency?: string;
}

export class LedgerAccountDto {
  @Text({ max: 200, example: 'assets:provider:test:clearing' })
  account: string;

  @MoneyField()
  debit: MoneyDto;

  @MoneyField()
  credit: MoneyDto;

  @Nested(() => SignedMoneyDto, { description: 'Debit less credit.' })
  balance: SignedMoneyDto;

  static from({ account, currency, debit, credit }: AccountRow): LedgerAccountDto {
    const [debited, credited] = [Money.of(BigInt(debit), currency), Money.of(BigInt(credit), currency)];
    return {
      account,
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

  static from(rows: AccountRow[]): TrialBalanceDto {
    const totals = new Map<string, Money>();
    for (const { currency, debit, credit } of rows) {
      const balance = Money.of(BigInt(debit) - BigInt(credit), currency);
      totals.set(currency, (totals.get(currency) ?? Money.zero(currency)).plus(balance));
    }
    return {
      items: rows.map((row) => LedgerAccountDto.from(row)),
      totals: [...totals.values()].map((total) => total.toJSON()),
    };
  }
}
