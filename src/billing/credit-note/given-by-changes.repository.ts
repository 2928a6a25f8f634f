import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { type Billed, type Credited, givenBack } from './given-by-changes.js';

interface Row {
  invoiceId: string | null;
  lineId: string;
  key: string;
  start: string;
  total: string;
  tax: string;
}

/** What changes of a subscription have given back of an invoice, on later ones or on one that is to come. */
@Injectable()
export class GivenByChangesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Line by line, in minor units. Under the lock of the invoice, which every change takes that gives back of it; what is void is
   * not given back, nor what waits for no invoice any more, because the subscription has ended and a credit note has it.
   */
  async of(invoiceId: string): Promise<Credited[]> {
    const rows = await this.database.query<Row>(LINES, [invoiceId]);
    const lines = rows.map(({ total, tax, ...row }): Billed => ({
      ...row,
      total: BigInt(total),
      tax: BigInt(tax),
    }));
    return givenBack(invoiceId, lines);
  }

  /** Whether a credit of a change waits for an invoice that is to come. */
  async wait(subscriptionId: string): Promise<boolean> {
    return (await this.database.query(WAITING, [subscriptionId])).length === 1;
  }
}

const WAITING = `
  SELECT FROM billing.subscription_pending_lines w
  WHERE w.subscription_id = $1 AND w.invoice_id IS NULL AND NOT w.credited AND w.line ->> 'kind' = 'credit' LIMIT 1`;

// Each line less what credit notes have credited of it. Those of the same days of a plan are about each other.
const LINES = `
  WITH mine AS (
    SELECT DISTINCT i.subscription_id, (i.content ->> 'pricesIncludeTax')::boolean AS included, l ->> 'sku' AS sku,
      (l -> 'period' ->> 'end')::date AS last
    FROM billing.invoices i CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l
    WHERE i.id = $1 AND i.subscription_id IS NOT NULL AND (l ->> 'id' LIKE 'cycle-%' OR l ->> 'id' LIKE 'debit-%')
  ), lines AS (
    SELECT i.id AS "invoiceId", l ->> 'id' AS "lineId", m.sku || ' ' || m.last AS key, l -> 'period' ->> 'start' AS start,
      (l -> 'total' ->> 'amount')::bigint - n.total AS total, (l -> 'tax' ->> 'amount')::bigint - n.tax AS tax
    FROM mine m JOIN billing.invoices i ON i.subscription_id = m.subscription_id AND i.state <> 'void'
    CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l
    CROSS JOIN LATERAL (
      SELECT coalesce(sum((c -> 'total' ->> 'amount')::bigint), 0)::bigint AS total,
        coalesce(sum((c -> 'tax' ->> 'amount')::bigint), 0)::bigint AS tax
      FROM billing.credit_notes o CROSS JOIN LATERAL jsonb_array_elements(o.content -> 'lines') AS c
      WHERE o.invoice_id = i.id AND c ->> 'id' = l ->> 'id'
    ) n
    WHERE l ->> 'sku' = m.sku AND (l -> 'period' ->> 'end')::date = m.last AND split_part(l ->> 'id', '-', 1) IN ('cycle', 'debit', 'credit')
    UNION ALL
    SELECT NULL, w.id::text, m.sku || ' ' || m.last, w.line -> 'period' ->> 'start',
      CASE WHEN m.included THEN a.amount ELSE a.amount + round(a.amount * a.rate / 1000000) END::bigint,
      round(a.amount * a.rate / CASE WHEN m.included THEN 1000000 + a.rate ELSE 1000000 END)::bigint
    FROM mine m
    JOIN billing.subscription_pending_lines w ON w.subscription_id = m.subscription_id AND w.invoice_id IS NULL AND NOT w.credited
    CROSS JOIN LATERAL (
      SELECT (w.line ->> 'quantity')::numeric * (w.line -> 'unitPrice' ->> 'amount')::numeric
          - (w.line -> 'discount' ->> 'amount')::numeric AS amount, (w.line -> 'tax' ->> 'ratePpm')::numeric AS rate
    ) a
    WHERE w.line ->> 'kind' = 'credit' AND w.line ->> 'sku' = m.sku AND (w.line -> 'period' ->> 'end')::date = m.last + 1
  )
  SELECT "invoiceId", "lineId", key, start, total::text, tax::text FROM lines ORDER BY "invoiceId" NULLS LAST, "lineId"`;
