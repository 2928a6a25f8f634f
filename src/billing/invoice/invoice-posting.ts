import { Money, type MoneyJson } from '../../platform/money/money.js';
import { accounts, type Leg, type Posting } from '../ledger/posting.js';
import type { InvoiceLine, InvoiceTax, Revenue } from './invoice-content.js';

const INCOME: Readonly<Record<Revenue, string>> = {
  sales: 'income:sales',
  shipping: 'income:shipping',
  subscription: accounts.subscription,
  // Of what is not held back for the days to come.
  deferred: accounts.subscription,
  // No revenue, and no tax, before it is spent: the money stays the buyer's until the card is issued out of it.
  voucher: accounts.unapplied,
};

/** `liab:tax:DE:19`; 7.7 % is `7.7`. */
export const taxAccount = ({ jurisdiction, ratePpm }: Pick<InvoiceTax, 'jurisdiction' | 'ratePpm'>): string =>
  `liab:tax:${jurisdiction}:${ratePpm / 10_000}`;

/** What each account gets; those that come to nothing are left out. */
class Legs {
  private readonly sums = new Map<string, Money>();

  debit(account: string, amount: Money): this {
    this.sums.set(account, (this.sums.get(account) ?? Money.zero(amount.currency)).plus(amount));
    return this;
  }

  credit(account: string, amount: Money): this {
    return this.debit(account, amount.negated());
  }

  get all(): Leg[] {
    return [...this.sums].flatMap(([account, amount]) => (amount.isZero() ? [] : [{ account, amount }]));
  }
}

type Lines = readonly Pick<InvoiceLine, 'id' | 'net' | 'taxes' | 'revenue'>[];

/** What of the net amounts of lines, by their ids, is held back for days to come. */
type Held = ReadonlyMap<string, Money>;
const NOTHING: Held = new Map();

const money = (json: MoneyJson): Money => Money.fromJSON(json);

/** A fact about a document; null when it moves nothing. */
const posting = (
  kind: Posting['kind'],
  sourceType: Posting['sourceType'],
  sourceId: string,
  { all }: Legs,
): Posting | null => (all.length === 0 ? null : { kind, sourceType, sourceId, legs: all });

function charged(lines: Lines, total: Money, held: Held): Legs {
  const legs = new Legs().debit(accounts.receivable, total);
  for (const { id, net, revenue, taxes } of lines) {
    const later = held.get(id) ?? Money.zero(total.currency);
    legs.credit(INCOME[revenue], money(net).minus(later)).credit(accounts.deferredRevenue, later);
    for (const tax of taxes) legs.credit(taxAccount(tax), money(tax.amount));
  }
  return legs;
}

/** Which accounts the facts of documents move. */
export const invoicePostings = {
  /** The buyer owes it; it is income and tax, but for what is held back. */
  finalized: (invoiceId: string, lines: Lines, total: Money, held = NOTHING): Posting | null =>
    posting('invoice_finalized', 'invoice', invoiceId, charged(lines, total, held)),
  /** All of it is taken back: what is still held, and of the rest the income that it was or has become. */
  voided: (invoiceId: string, lines: Lines, total: Money, held = NOTHING): Posting | null => {
    const back = new Legs();
    for (const { account, amount } of charged(lines, total, held).all) back.credit(account, amount);
    return posting('invoice_voided', 'invoice', invoiceId, back);
  },
  /** Money that was there pays it. */
  settled: (settlementId: string, amount: Money): Posting | null =>
    posting(
      'invoice_settled',
      'invoice_settlement',
      settlementId,
      new Legs().debit(accounts.unapplied, amount).credit(accounts.receivable, amount),
    ),
  /** Nobody expects it any more; below zero that is taken back, because money has come. */
  writtenOff: (settlementId: string, amount: Money): Posting | null =>
    posting(
      amount.isNegative() ? 'invoice_recovered' : 'invoice_written_off',
      'invoice_settlement',
      settlementId,
      new Legs().debit(accounts.badDebt, amount).credit(accounts.receivable, amount),
    ),
  /**
   * What is still held, income and tax are taken back. What is not off the open part is the buyer's again: it is kept, or a refund has taken it, or
   * will take it, from there, whichever of them comes first; a bank may have taken it before.
   */
  credited: (
    creditNoteId: string,
    lines: Lines,
    split: { reduced: Money; refunded: Money; outOfBand: Money; lost: Money; kept: Money },
    held = NOTHING,
  ): Posting | null => {
    const legs = new Legs()
      .credit(accounts.receivable, split.reduced)
      .credit(accounts.bank, split.outOfBand)
      .credit(accounts.unapplied, split.refunded.plus(split.lost).plus(split.kept));
    for (const { id, net, revenue, taxes } of lines) {
      const later = held.get(id) ?? Money.zero(net.currency);
      const from = revenue === 'voucher' ? accounts.unapplied : accounts.refunds;
      legs.debit(from, money(net).minus(later)).debit(accounts.deferredRevenue, later);
      for (const tax of taxes) legs.debit(taxAccount(tax), money(tax.amount));
    }
    return posting('credit_note_issued', 'credit_note', creditNoteId, legs);
  },
  /** A bank took back what an invoice had taken; below zero, a credit note has made it the buyer's since, or it was not lost. */
  lostToBank: (id: string, amount: Money): Posting | null =>
    posting(
      amount.isNegative() ? 'dispute_recovered' : 'dispute_written_off',
      'lost_dispute',
      id,
      new Legs().debit(accounts.badDebt, amount).credit(accounts.unapplied, amount),
    ),
  /** Money of an invoice went back and no credit note says so: it is lost; below zero, one has said so since, or it came back. */
  givenAway: (id: string, amount: Money): Posting | null =>
    posting(
      amount.isNegative() ? 'refund_accounted_for' : 'refund_given_away',
      'refund_document',
      id,
      new Legs().debit(accounts.refunds, amount).credit(accounts.unapplied, amount),
    ),
};
