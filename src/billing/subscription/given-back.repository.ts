import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { PlanTerms } from '../plan/plan.js';
import type { BillingPeriod } from './periods.js';
import type { LineKind } from './subscription-lines.js';

/** A line of an invoice, by which something was billed. */
export interface BilledLine {
  readonly invoiceId: string;
  readonly lineId: string;
}

/** What a credit is about: a plan, or what was used, and its days, half-open. */
export interface CreditOf extends Pick<BillingPeriod, 'start' | 'end'> {
  readonly kind: LineKind;
  readonly sku: string;
  /** Of invoices before this one; null: of all. */
  readonly before: string | null;
}

/** What documents have taken back of what subscriptions were billed, or nobody was paid. */
@Injectable()
export class GivenBackRepository {
  constructor(private readonly database: Database) {}

  /**
   * Minor units, counted as the plan has its prices: what credit notes have credited of the lines of a plan that begin on this day
   * of a period, their part of what nobody expects any more of their invoices, or a bank has taken back, and all of such lines where
   * their invoice is void. And those lines, by their invoices. In a transaction the invoices stay as they are until its end: what is
   * being credited, or given up, at the same time is waited for, and counted.
   */
  async of(
    subscriptionId: string,
    { code, pricesIncludeTax }: Pick<PlanTerms, 'code' | 'pricesIncludeTax'>,
    { start, end }: Pick<BillingPeriod, 'start' | 'end'>,
  ): Promise<{ given: bigint; billed: BilledLine[] }> {
    const amount = pricesIncludeTax ? 'total' : 'net';
    const lines = [subscriptionId, code, start, end];
    const lock = this.database.inTransaction ? 'FOR UPDATE OF i' : '';
    const billed = await this.database.query<BilledLine>(
      `SELECT i.id AS "invoiceId", l.line ->> 'id' AS "lineId" FROM ${BILLED} ORDER BY i.id ${lock}`,
      lines,
    );
    const [row] = await this.database.query<{ given: string }>(GIVEN, [...lines, amount]);
    return { given: BigInt(row?.given ?? 0), billed };
  }

  /**
   * The lines that such a credit gives back: charged no later than it begins, and to the same day; the newest first. Their invoices
   * stay as they are until the end of the transaction.
   */
  async linesOf(subscriptionId: string, { kind, sku, start, end, before }: CreditOf): Promise<BilledLine[]> {
    const kinds = kind === 'usage' ? ['usage'] : ['cycle', 'debit'];
    const lines = await this.database.query<BilledLine>(CHARGED, [
      subscriptionId,
      sku,
      start,
      end,
      kinds,
      before,
    ]);
    return lines.reverse();
  }
}

// The last day of a line is the day before the next period.
const BILLED = `billing.invoices i
  CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l (line)
  WHERE i.subscription_id = $1 AND i.state <> 'draft' AND l.line ->> 'sku' = $2
    AND (l.line ->> 'id' LIKE 'cycle-%' OR l.line ->> 'id' LIKE 'debit-%')
    AND l.line -> 'period' ->> 'start' = $3 AND (l.line -> 'period' ->> 'end')::date = $4::date - 1`;
// Credits on an invoice have paid for its other lines, so what was given up of it was to be paid for those, each by what it costs. It
// is rounded up: what nobody has paid is never given back.
const GIVEN = `
  WITH billed AS (SELECT i.id, i.state, i.content, l.line FROM ${BILLED})
  SELECT coalesce(sum(CASE WHEN b.state = 'void' THEN b.amount ELSE c.credited + coalesce(ceil(b.amount * w.written / nullif(w.charged, 0)), 0) END), 0)::bigint::text AS given
  FROM (SELECT *, (line -> $5::text ->> 'amount')::bigint AS amount FROM billed) b
  CROSS JOIN LATERAL (
    SELECT coalesce(sum((l.line -> $5::text ->> 'amount')::bigint), 0)::bigint AS credited
    FROM billing.credit_notes n CROSS JOIN LATERAL jsonb_array_elements(n.content -> 'lines') AS l (line)
    WHERE n.invoice_id = b.id AND l.line ->> 'id' = b.line ->> 'id'
  ) c
  CROSS JOIN LATERAL (
    SELECT coalesce((SELECT sum(s.amount) FROM billing.invoice_settlements s WHERE s.invoice_id = b.id AND s.kind = 'write_off'), 0)
        + coalesce((SELECT sum(e.amount) FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
          WHERE t.invoice_id = b.id AND t.source_type = 'lost_dispute' AND e.account = 'expense:bad_debt'), 0) AS written,
      (SELECT sum(greatest((l ->> 'amount')::numeric, 0)) FROM jsonb_path_query(b.content, '$.lines[*].total') AS l) AS charged
  ) w`;

const CHARGED = `
  SELECT i.id AS "invoiceId", l.line ->> 'id' AS "lineId"
  FROM billing.invoices i CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l (line)
  WHERE i.subscription_id = $1 AND i.state NOT IN ('draft', 'void') AND l.line ->> 'sku' = $2
    AND (l.line -> 'period' ->> 'start')::date <= $3::date AND (l.line -> 'period' ->> 'end')::date = $4::date - 1
    AND split_part(l.line ->> 'id', '-', 1) = ANY ($5::text[]) AND (l.line -> 'total' ->> 'amount')::bigint > 0
    AND ($6::uuid IS NULL OR i.id < $6)
  ORDER BY i.id, l.line ->> 'id' FOR UPDATE OF i`;
