import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import { type Invoice, INVOICE, type InvoiceRow, toInvoice } from './invoice.repository.js';

export interface InvoiceFilter {
  readonly state: string | null;
  readonly customerId: string | null;
  readonly orderId: string | null;
  readonly subscriptionId: string | null;
  readonly number: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

export interface RegisterRow {
  readonly series: string;
  readonly sequence: number;
  readonly number: string;
  readonly kind: 'invoice' | 'credit_note';
  readonly documentId: string;
  readonly state: string;
  readonly issueDate: string;
  readonly total: Money;
  readonly reason: string | null;
}

/** Invoices as they are looked for. */
@Injectable()
export class InvoiceListRepository {
  constructor(private readonly database: Database) {}

  /** The newest first, from behind `after`. */
  async list(filter: InvoiceFilter, after: string | null, limit: number): Promise<Invoice[]> {
    const wanted: [string, unknown][] = [
      ['state =', filter.state],
      ['customer_id =', filter.customerId],
      ['order_id =', filter.orderId],
      ['subscription_id =', filter.subscriptionId],
      ['number =', filter.number],
      ['issue_date >=', filter.from],
      ['issue_date <=', filter.to],
      ['id <', after],
    ];
    return this.rows(wanted, limit);
  }

  /** The finalised ones of a customer, the newest first. */
  async ofCustomer(customerId: string, after: string | null, limit: number): Promise<Invoice[]> {
    return this.rows(
      [
        ['customer_id =', customerId],
        ['state <>', 'draft'],
        ['id <', after],
      ],
      limit,
    );
  }

  /**
   * Whether an invoice has charged what no later one would charge, or give, again: usage, a cycle with a coupon, and lines that had
   * waited for it. Before its first payment a subscription has had nothing yet.
   */
  async tookAlong(id: string): Promise<boolean> {
    return (await this.database.query(TOOK_ALONG, [id])).length > 0;
  }

  /** Every number that was given, series by series, from behind `after`. */
  async register(
    series: string | null,
    after: [string, number] | null,
    limit: number,
  ): Promise<RegisterRow[]> {
    const rows = await this.database.query<Omit<RegisterRow, 'total'> & { total: string; currency: string }>(
      REGISTER,
      [series, after?.[0] ?? null, after?.[1] ?? null, limit],
    );
    return rows.map(({ total, currency, ...row }) => ({
      ...row,
      sequence: Number(row.sequence),
      total: Money.of(BigInt(total), currency),
    }));
  }

  private async rows(wanted: readonly [string, unknown][], limit: number): Promise<Invoice[]> {
    const values: unknown[] = [limit];
    const conditions = wanted
      .filter(([, value]) => value !== null)
      .map(([condition, value]) => `${condition} $${values.push(value)}`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = await this.database.query<InvoiceRow>(
      `SELECT ${INVOICE} FROM billing.invoices ${where} ORDER BY id DESC LIMIT $1`,
      values,
    );
    return rows.map(toInvoice);
  }
}

const behind = `series IS NOT NULL AND ($1::text IS NULL OR series = $1)
  AND ($2::text IS NULL OR (series, sequence) > ($2::text, $3::bigint))`;
const REGISTER = `
  (SELECT series, sequence, number, 'invoice' AS kind, id AS "documentId", state, issue_date::text AS "issueDate",
    total::text, currency, reason
   FROM billing.invoices WHERE ${behind} ORDER BY series, sequence LIMIT $4)
  UNION ALL
  (SELECT series, sequence, number, 'credit_note', id, 'final', issue_date::text, total::text, currency, NULL
   FROM billing.credit_notes WHERE ${behind} ORDER BY series, sequence LIMIT $4)
  ORDER BY series, sequence LIMIT $4`;

const TOOK_ALONG = `
  SELECT i.id FROM billing.invoices i JOIN billing.subscriptions s ON s.id = i.subscription_id
  WHERE i.id = $1 AND s.state <> 'incomplete' AND (
    EXISTS (SELECT FROM jsonb_array_elements(i.content -> 'lines') AS l WHERE l ->> 'id' LIKE 'usage-%')
    OR EXISTS (SELECT FROM billing.coupon_uses u WHERE u.invoice_id = i.id)
    OR EXISTS (SELECT FROM billing.subscription_pending_lines w WHERE w.subscription_id = i.subscription_id AND w.invoice_id = i.id)
  )`;
