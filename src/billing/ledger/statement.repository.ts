import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface StatementOf {
  readonly account: string;
  readonly currency: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface StatementRow {
  readonly transactionId: string;
  readonly position: number;
  readonly entry: number;
  readonly bookedOn: string;
  readonly effectiveAt: Date;
  readonly kind: string;
  readonly sourceType: string;
  readonly sourceId: string;
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly amount: string;
}

/** The last line of a page: its day, its transaction and its entry. */
export type StatementPlace = readonly [bookedOn: string, transactionId: string, entry: number];

/** What moved one account, of the sealed part of the books: what is sealed never changes its place. */
@Injectable()
export class StatementRepository {
  constructor(private readonly database: Database) {}

  /** Balances before `from` and at the end of `to`, and the place of the chain up to which they count: one moment. */
  async frame({
    account,
    currency,
    from,
    to,
  }: StatementOf): Promise<{ asOf: number; opening: bigint; closing: bigint }> {
    const [row] = await this.database.query<{ asOf: number; opening: string; closing: string }>(FRAME, [
      ...[account, currency, from, to],
    ]);
    return {
      asOf: row?.asOf ?? 0,
      opening: BigInt(row?.opening ?? 0),
      closing: BigInt(row?.closing ?? 0),
    };
  }

  /** Lines behind `after`, of transactions up to `asOf`. */
  lines(of: StatementOf, asOf: number, after: StatementPlace | null, limit: number): Promise<StatementRow[]> {
    const values: unknown[] = [of.account, of.currency, asOf, limit];
    const conditions = [
      ...(of.from === null ? [] : [`t.booked_on >= $${values.push(of.from)}`]),
      ...(of.to === null ? [] : [`t.booked_on <= $${values.push(of.to)}`]),
      ...(after === null
        ? []
        : [
            `(t.booked_on, t.id, e.position) > ($${values.push(after[0])}, $${values.push(after[1])}, $${values.push(after[2])})`,
          ]),
    ];
    return this.database.query<StatementRow>(
      `${LINES} ${conditions.map((condition) => `AND ${condition}`).join(' ')} ORDER BY t.booked_on, t.id, e.position LIMIT $4`,
      values,
    );
  }
}

const FRAME = `
  SELECT coalesce((SELECT max(position) FROM billing.ledger_seals), 0)::float8 AS "asOf",
    coalesce(sum(debit - credit) FILTER (WHERE day < $3::date), 0)::text AS opening,
    coalesce(sum(debit - credit) FILTER (WHERE day <= coalesce($4::date, 'infinity')), 0)::text AS closing
  FROM billing.ledger_days WHERE account = $1 AND currency = $2`;

const LINES = `
  SELECT t.id AS "transactionId", s.position::float8 AS position, e.position AS entry, t.booked_on::text AS "bookedOn",
    t.effective_at AS "effectiveAt", t.kind, t.source_type AS "sourceType", t.source_id AS "sourceId",
    t.payment_id AS "paymentId", t.order_id AS "orderId", t.invoice_id AS "invoiceId", e.amount::text AS amount
  FROM billing.ledger_transactions t
  JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.account = $1 AND e.currency = $2
  JOIN billing.ledger_seals s ON s.transaction_id = t.id AND s.position <= $3
  WHERE true`;
