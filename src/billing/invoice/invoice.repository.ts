import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { InvoiceState } from './invoice-content.js';
import type { PublicContent, SealedPeople } from './invoice-papers.service.js';
import { idOf, type MoneySubject } from './money-subject.js';

export interface Invoice {
  readonly id: string;
  readonly state: InvoiceState;
  readonly orderId: string | null;
  readonly subscriptionId: string | null;
  readonly customerId: string | null;
  readonly total: Money;
  /** Paid, credited or written off. */
  readonly settled: Money;
  readonly dueInDays: number | null;
  readonly number: string | null;
  readonly issueDate: string | null;
  readonly dueDate: string | null;
  readonly content: PublicContent;
  readonly people: Buffer;
  readonly contact: Buffer | null;
  readonly reason: string | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly finalizedAt: Date | null;
  readonly endedAt: Date | null;
}

/** What is still to be paid of it. */
export const dueOf = ({ state, total, settled }: Pick<Invoice, 'state' | 'total' | 'settled'>): Money =>
  state === 'void' ? Money.zero(total.currency) : total.minus(settled);

type Row = Omit<Invoice, 'total' | 'settled'> & { currency: string; total: string; settled: string };

export type SettlementKind = 'payment' | 'credit_note' | 'balance' | 'write_off';

export interface SettlementRow {
  readonly id: string;
  readonly kind: SettlementKind;
  readonly sourceId: string;
  readonly amount: Money;
  readonly at: Date;
}

export interface NewInvoice extends SealedPeople {
  readonly id: string;
  readonly orderId: string | null;
  readonly subscriptionId: string | null;
  readonly periodStart: string | null;
  readonly customerId: string | null;
  readonly total: Money;
  readonly dueInDays: number | null;
  readonly content: PublicContent;
  readonly reason: string | null;
  readonly createdAt: Date;
}

/** Which series a document is numbered in, and what its number begins with. */
export interface Series {
  readonly series: string;
  readonly prefix: string;
  /** Today, where the seller is. */
  readonly date: string;
}

/** Invoices, their settlements, and the one row of each order that its documents are locked by. */
@Injectable()
export class InvoiceRepository {
  constructor(private readonly database: Database) {}

  /**
   * Locks the documents of an order until the end of the transaction. Answers the newest version of the order that they have
   * heard of, this one included; null when the order has none and `version` is null.
   */
  async lockOrder(orderId: string, version: number | null): Promise<number | null> {
    const [row] = await this.database.query<{ version: number | null }>(
      version === null ? LOCK_ORDER : HEAR_ORDER,
      version === null ? [orderId] : [orderId, version],
    );
    return row?.version ?? null;
  }

  /** A draft, which has no number and may be dropped. */
  async insert(invoice: NewInvoice): Promise<void> {
    await this.database.execute(INSERT, [
      invoice.id,
      invoice.orderId,
      invoice.subscriptionId,
      invoice.periodStart,
      invoice.customerId,
      invoice.total.currency,
      invoice.total.amount,
      invoice.dueInDays,
      JSON.stringify(invoice.content),
      invoice.people,
      invoice.contact,
      invoice.contactHash,
      invoice.reason,
      invoice.createdAt,
    ]);
  }

  async dropDraft(orderId: string): Promise<void> {
    await this.database.execute(`DELETE FROM billing.invoices WHERE order_id = $1 AND state = 'draft'`, [
      orderId,
    ]);
  }

  async find(id: string): Promise<Invoice | null> {
    return this.one(`${SELECT} WHERE id = $1`, id);
  }

  async lock(id: string): Promise<Invoice | null> {
    return this.one(`${SELECT} WHERE id = $1 FOR UPDATE`, id);
  }

  /** Locks the documents of an order, or an invoice without one; false when an order has none. */
  async lockDocuments(subject: MoneySubject): Promise<boolean> {
    if ('orderId' in subject) return (await this.lockOrder(subject.orderId, null)) !== null;
    return (await this.lock(subject.invoiceId)) !== null;
  }

  /** Those that are finalised and not void, the oldest first; locked. */
  async lockFinal(subject: MoneySubject): Promise<Invoice[]> {
    const rows = await this.database.query<Row>(`${SELECT} WHERE ${FINAL} ORDER BY id FOR UPDATE`, [
      idOf(subject),
    ]);
    return rows.map(toInvoice);
  }

  /** All of these orders, the oldest first. */
  async ofOrder(orderId: string): Promise<Invoice[]> {
    const rows = await this.database.query<Row>(`${SELECT} WHERE order_id = $1 ORDER BY id`, [orderId]);
    return rows.map(toInvoice);
  }

  /** Drafts that wait for the seller, the oldest first. */
  async drafts(after: string | null, limit: number): Promise<{ id: string; orderId: string | null }[]> {
    return this.database.query(
      `SELECT id, order_id AS "orderId" FROM billing.invoices WHERE state = 'draft' AND ($1::uuid IS NULL OR id > $1)
       ORDER BY id LIMIT $2`,
      [after, limit],
    );
  }

  async hasFinal(subject: MoneySubject): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(HAS, [idOf(subject)]);
    return row?.found ?? false;
  }

  /**
   * The number, last of all: whoever holds its row holds up everybody else who wants one, until the commit. A day before the last
   * one of the series becomes that day.
   */
  async finalize(
    id: string,
    { series, prefix, date }: Series,
    content: PublicContent,
    termDays: number,
    now: Date,
  ): Promise<{ number: string; state: InvoiceState }> {
    const values = [id, series, date, prefix, JSON.stringify(content), now, termDays];
    const [row] = await this.database.query<{ number: string; state: InvoiceState }>(FINALIZE, values);
    if (!row) throw new Error(`invoice ${id} is no draft`);
    return row;
  }

  /**
   * So much of it is settled, in one guarded statement: never more than there is. An open one of which nothing is left is paid. The
   * caller holds its lock. Answers the id of the settlement.
   */
  async settle(
    invoiceId: string,
    kind: SettlementKind,
    sourceId: string,
    amount: Money,
    now: Date,
  ): Promise<string> {
    const id = newId();
    const values = [id, invoiceId, kind, sourceId, amount.amount, now];
    if ((await this.database.execute(SETTLE, values)) !== 1)
      throw new Error(`invoice ${invoiceId} is not open for ${amount.toString()}`);
    return id;
  }

  /** Ends an invoice; the caller holds its lock. */
  async end(
    id: string,
    state: 'void' | 'uncollectible' | 'open',
    reason: string | null,
    now: Date,
  ): Promise<void> {
    await this.database.execute(
      `UPDATE billing.invoices SET state = $2, reason = $3, ended_at = $4, version = version + 1 WHERE id = $1`,
      [id, state, reason, state === 'open' ? null : now],
    );
  }

  async settlements(invoiceId: string): Promise<SettlementRow[]> {
    const rows = await this.database.query<
      Omit<SettlementRow, 'amount'> & { amount: string; currency: string }
    >(SETTLEMENTS, [invoiceId]);
    return rows.map(({ amount, currency, ...row }) => ({
      ...row,
      amount: Money.of(BigInt(amount), currency),
    }));
  }

  /** Invoices of guests become those of the customer who has shown that the orders are his. */
  async giveTo(customerId: string, orderIds: readonly string[]): Promise<void> {
    await this.database.execute(
      `UPDATE billing.invoices SET customer_id = $1 WHERE order_id = ANY ($2::uuid[]) AND customer_id IS NULL`,
      [customerId, orderIds],
    );
  }

  private async one(text: string, id: string): Promise<Invoice | null> {
    const [row] = await this.database.query<Row>(text, [id]);
    return row ? toInvoice(row) : null;
  }
}

export const toInvoice = ({ currency, total, settled, ...row }: Row): Invoice => ({
  ...row,
  total: Money.of(BigInt(total), currency),
  settled: Money.of(BigInt(settled), currency),
});

export const INVOICE = `id, state, order_id AS "orderId", subscription_id AS "subscriptionId", customer_id AS "customerId", currency,
  total::text, settled::text, due_in_days AS "dueInDays", number, issue_date::text AS "issueDate", due_date::text AS "dueDate",
  content, people, contact, reason, version, created_at AS "createdAt", finalized_at AS "finalizedAt", ended_at AS "endedAt"`;
export type InvoiceRow = Row;
const SELECT = `SELECT ${INVOICE} FROM billing.invoices`;

// Also where there are none yet: whoever makes the first is waited for, and hears of all that was before.
const LOCK_ORDER = `
  INSERT INTO billing.order_books AS b (order_id, order_version) VALUES ($1, 0)
  ON CONFLICT (order_id) DO UPDATE SET order_version = b.order_version RETURNING nullif(order_version, 0) AS version`;
const HEAR_ORDER = `
  INSERT INTO billing.order_books AS b (order_id, order_version) VALUES ($1, $2)
  ON CONFLICT (order_id) DO UPDATE SET order_version = greatest(b.order_version, excluded.order_version)
  RETURNING order_version AS version`;
const INSERT = `
  INSERT INTO billing.invoices (id, state, order_id, subscription_id, period_start, customer_id, currency, total, due_in_days,
    content, people, contact, contact_hash, reason, created_at)
  VALUES ($1, 'draft', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`;
const FINAL = `(order_id = $1 OR id = $1 AND order_id IS NULL) AND state NOT IN ('draft', 'void')`;
const HAS = `SELECT EXISTS (SELECT FROM billing.invoices WHERE ${FINAL}) AS found`;

/** SQL: counts a series on, and says the number and the day. */
export const COUNTED = `
  INSERT INTO billing.number_series AS s (series, next, last_date) VALUES ($2, 2, $3::date)
  ON CONFLICT (series) DO UPDATE SET next = s.next + 1, last_date = greatest(s.last_date, excluded.last_date)
  RETURNING next - 1 AS sequence, last_date,
    $4::text || lpad((next - 1)::text, greatest(6, length((next - 1)::text)), '0') AS number`;
const FINALIZE = `
  WITH counted AS (${COUNTED})
  UPDATE billing.invoices i SET state = CASE WHEN i.settled = i.total THEN 'paid' ELSE 'open' END, series = $2,
    sequence = c.sequence, number = c.number, issue_date = c.last_date, due_date = c.last_date + coalesce(i.due_in_days, $7::int),
    content = $5::jsonb || jsonb_build_object('number', c.number, 'issueDate', c.last_date::text,
      'dueDate', (c.last_date + coalesce(i.due_in_days, $7::int))::text),
    reason = NULL, finalized_at = $6, version = i.version + 1
  FROM counted c WHERE i.id = $1 AND i.state = 'draft' RETURNING i.number, i.state`;
const SETTLE = `
  WITH settled AS (
    UPDATE billing.invoices SET settled = settled + $5::bigint, version = version + 1,
      state = CASE WHEN state = 'open' AND $3 <> 'write_off' AND settled + $5::bigint = total THEN 'paid' ELSE state END
    WHERE id = $2 AND settled + $5::bigint <= total AND state <> 'void' RETURNING id
  ), payment AS (
    UPDATE billing.payments p SET settled = p.settled + $5::bigint FROM settled WHERE $3 = 'payment' AND p.id = $4
  )
  INSERT INTO billing.invoice_settlements (id, invoice_id, kind, source_id, amount, at)
  SELECT $1, id, $3, $4, $5, $6 FROM settled`;
const SETTLEMENTS = `
  SELECT s.id, s.kind, s.source_id AS "sourceId", s.amount::text, i.currency, s.at
  FROM billing.invoice_settlements s JOIN billing.invoices i ON i.id = s.invoice_id WHERE s.invoice_id = $1 ORDER BY s.id`;
