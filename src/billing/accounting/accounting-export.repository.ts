import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface ExportedTransaction {
  readonly id: string;
  readonly position: number;
  readonly bookedOn: string;
  /** Local to the zone that was asked for, with its offset. */
  readonly effectiveAt: Date;
  readonly kind: string;
  readonly sourceType: string;
  readonly sourceId: string;
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly invoiceNumber: string | null;
  readonly entries: readonly { account: string; currency: string; amount: string }[];
}

export interface ExportSpan {
  readonly from: string;
  readonly to: string;
  readonly currency: string | null;
}

/** Sealed transactions in the order of their days. */
@Injectable()
export class AccountingExportRepository {
  constructor(private readonly database: Database) {}

  async head(): Promise<number> {
    const [row] = await this.database.query<{ position: number }>(
      'SELECT coalesce(max(position), 0)::float8 AS position FROM billing.ledger_seals',
    );
    return row?.position ?? 0;
  }

  transactions(
    { from, to, currency }: ExportSpan,
    asOf: number,
    after: readonly [day: string, id: string] | null,
    limit: number,
  ): Promise<ExportedTransaction[]> {
    const [day, id] = after ?? [null, null];
    return this.database.query<ExportedTransaction>(TRANSACTIONS, [from, to, currency, asOf, day, id, limit]);
  }

  /** Accounts that anything was booked on in these days. */
  async accounts({ from, to, currency }: ExportSpan): Promise<string[]> {
    const rows = await this.database.query<{ account: string }>(
      `SELECT DISTINCT account FROM billing.ledger_days
        WHERE day BETWEEN $1::date AND $2::date AND ($3::text IS NULL OR currency = $3) ORDER BY account`,
      [from, to, currency],
    );
    return rows.map(({ account }) => account);
  }

  async isClosed(day: string): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM billing.ledger_periods WHERE period = $1::date', [
      day,
    ]);
    return rows.length > 0;
  }

  async timeZone(): Promise<string> {
    const [row] = await this.database.query<{ zone: string | null }>(
      `SELECT profile ->> 'timeZone' AS zone FROM billing.seller_profile`,
    );
    return row?.zone ?? 'UTC';
  }
}

const TRANSACTIONS = `
  SELECT t.id, s.position::float8 AS position, t.booked_on::text AS "bookedOn", t.effective_at AS "effectiveAt", t.kind,
    t.source_type AS "sourceType", t.source_id AS "sourceId", t.payment_id AS "paymentId", t.order_id AS "orderId",
    t.invoice_id AS "invoiceId", i.number AS "invoiceNumber", e.entries
  FROM billing.ledger_transactions t
  JOIN billing.ledger_seals s ON s.transaction_id = t.id AND s.position <= $4
  LEFT JOIN billing.invoices i ON i.id = t.invoice_id
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('account', account, 'currency', currency, 'amount', amount::text) ORDER BY position) AS entries
    FROM billing.ledger_entries WHERE transaction_id = t.id AND ($3::text IS NULL OR currency = $3)
  ) e
  WHERE t.booked_on BETWEEN $1::date AND $2::date AND e.entries IS NOT NULL
    AND ($5::date IS NULL OR (t.booked_on, t.id) > ($5::date, $6::uuid))
  ORDER BY t.booked_on, t.id LIMIT $7`;
