import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import type { PublicContent } from '../invoice/invoice-papers.service.js';
import { COUNTED, type Series } from '../invoice/invoice.repository.js';
import { idOf, type MoneySubject } from '../invoice/money-subject.js';

export const CREDIT_REASONS = [
  'duplicate',
  'fraudulent',
  'order_change',
  'product_unsatisfactory',
  'other',
] as const;
export type CreditReason = (typeof CREDIT_REASONS)[number];
export type CreditOrigin = 'order' | 'refund' | 'staff';

/** Where the total of a credit note went. */
export interface CreditSplit {
  /** Off what was open of the invoice. */
  readonly reduced: Money;
  /** Back to the buyer. */
  readonly refunded: Money;
  /** Outside of the shop, such as in cash. */
  readonly outOfBand: Money;
  /** A bank has given it back to the buyer: the shop has no more of it. */
  readonly lost: Money;
  /** Kept for the buyer: it pays the next invoice of the order. */
  readonly kept: Money;
}

export interface CreditNote extends CreditSplit {
  readonly id: string;
  readonly invoiceId: string;
  readonly orderId: string | null;
  readonly origin: CreditOrigin;
  readonly refundId: string | null;
  readonly reason: CreditReason;
  readonly memo: string | null;
  readonly total: Money;
  readonly used: Money;
  readonly number: string;
  readonly issueDate: string;
  readonly content: PublicContent;
  readonly people: Buffer;
  readonly contact: Buffer | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

type Amounts = 'total' | 'used' | keyof CreditSplit;
type Row = Omit<CreditNote, Amounts> & Record<Amounts, string> & { currency: string };

export interface CreditNoteFilter {
  readonly invoiceId: string | null;
  readonly orderId: string | null;
  readonly number: string | null;
  /** Days of issue, both included. */
  readonly from: string | null;
  readonly to: string | null;
}

@Injectable()
export class CreditNoteRepository {
  constructor(private readonly database: Database) {}

  /** With its number, the last thing of its transaction; see `InvoiceRepository.finalize`. */
  async insert(
    note: Omit<CreditNote, 'used' | 'number' | 'issueDate' | 'contact'>,
    { series, prefix, date }: Series,
  ): Promise<string> {
    const [row] = await this.database.query<{ number: string }>(INSERT, [
      note.id,
      series,
      date,
      prefix,
      note.invoiceId,
      note.orderId,
      note.origin,
      note.refundId,
      note.reason,
      note.memo,
      note.total.currency,
      note.total.amount,
      note.reduced.amount,
      note.refunded.amount,
      note.outOfBand.amount,
      note.kept.amount,
      JSON.stringify(note.content),
      note.people,
      note.createdBy,
      note.createdAt,
      note.lost.amount,
    ]);
    if (!row) throw new Error('the credit note got no number');
    return row.number;
  }

  async find(id: string): Promise<CreditNote | null> {
    const [row] = await this.database.query<Row>(`${SELECT} WHERE n.id = $1`, [id]);
    return row ? toNote(row) : null;
  }

  /** Of these invoices, the oldest first. */
  async ofInvoices(invoiceIds: readonly string[]): Promise<CreditNote[]> {
    if (invoiceIds.length === 0) return [];
    const rows = await this.database.query<Row>(
      `${SELECT} WHERE n.invoice_id = ANY ($1::uuid[]) ORDER BY n.id`,
      [invoiceIds],
    );
    return rows.map(toNote);
  }

  /** Refunds by hand that went through and want a credit note that is not made yet, less what earlier notes cover; the newest first. */
  async wanted(subject: MoneySubject): Promise<{ id: string; amount: Money; requestedBy: string }[]> {
    const rows = await this.database.query<{
      id: string;
      amount: string;
      currency: string;
      requestedBy: string;
    }>(WANTED, [idOf(subject)]);
    return rows.map(({ id, amount, currency, requestedBy }) => ({
      id,
      requestedBy,
      amount: Money.of(BigInt(amount), currency),
    }));
  }

  /** Newest first, from behind `after`. */
  async list(filter: CreditNoteFilter, after: string | null, limit: number): Promise<CreditNote[]> {
    const rows = await this.database.query<Row>(LIST, [
      filter.invoiceId,
      filter.orderId,
      filter.number,
      after,
      limit,
      filter.from,
      filter.to,
    ]);
    return rows.map(toNote);
  }
}

const toNote = ({ currency, ...row }: Row): CreditNote => {
  const money = (text: string) => Money.of(BigInt(text), currency);
  return {
    ...row,
    total: money(row.total),
    reduced: money(row.reduced),
    refunded: money(row.refunded),
    outOfBand: money(row.outOfBand),
    lost: money(row.lost),
    kept: money(row.kept),
    used: money(row.used),
  };
};

const SELECT = `
  SELECT n.id, n.invoice_id AS "invoiceId", n.order_id AS "orderId", n.origin, n.refund_id AS "refundId", n.reason, n.memo,
    n.currency, n.total::text, n.reduced::text, n.refunded::text, n.out_of_band::text AS "outOfBand", n.lost::text, n.kept::text, n.used::text,
    n.number, n.issue_date::text AS "issueDate", n.content, n.people, i.contact, n.created_by AS "createdBy",
    n.created_at AS "createdAt"
  FROM billing.credit_notes n JOIN billing.invoices i ON i.id = n.invoice_id`;
const INSERT = `
  WITH counted AS (${COUNTED})
  INSERT INTO billing.credit_notes (id, invoice_id, order_id, origin, refund_id, reason, memo, currency, total, reduced, refunded,
    out_of_band, kept, content, people, created_by, created_at, series, sequence, number, issue_date, lost)
  SELECT $1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
    $17::jsonb || jsonb_build_object('number', c.number, 'issueDate', c.last_date::text), $18, $19, $20, $2, c.sequence, c.number,
    c.last_date, $21
  FROM counted c RETURNING number`;
const WANTED = `
  SELECT r.id, (r.amount - r.covered)::text AS amount, r.currency, r.requested_by AS "requestedBy" FROM billing.refunds r
  JOIN billing.payments p ON p.id = r.payment_id
  WHERE (p.order_id = $1 OR p.invoice_id = $1) AND r.credit_note = 'create' AND r.status = 'succeeded' AND r.charge_id IS NULL
    AND r.amount > r.covered AND NOT EXISTS (SELECT FROM billing.credit_notes n WHERE n.refund_id = r.id) ORDER BY r.id DESC`;
const LIST = `${SELECT}
  WHERE ($1::uuid IS NULL OR n.invoice_id = $1) AND ($2::uuid IS NULL OR n.order_id = $2) AND ($3::text IS NULL OR n.number = $3)
    AND ($4::uuid IS NULL OR n.id < $4) AND ($6::date IS NULL OR n.issue_date >= $6) AND ($7::date IS NULL OR n.issue_date <= $7)
  ORDER BY n.id DESC LIMIT $5`;
