import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { Posting } from './posting.js';

export interface LedgerFilter {
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly kind: string | null;
  readonly account: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** What a posting is about. */
export interface PostedOf {
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly invoiceId?: string | null;
}

export interface LedgerTransactionRow {
  readonly id: string;
  readonly kind: string;
  readonly source_type: string;
  readonly source_id: string;
  readonly payment_id: string | null;
  readonly order_id: string | null;
  readonly invoice_id: string | null;
  readonly effective_at: Date;
  readonly booked_on: string;
  readonly recorded_at: Date;
  readonly position: number | null;
  readonly seal: string | null;
  readonly entries: { account: string; currency: string; amount: number }[];
}

export interface AccountRow {
  readonly account: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

/** The books. Lines are added and read; nothing else is possible, and the database itself sees to it. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly database: Database) {}

  /** Writes postings in the running transaction; an unbalanced one stops the commit. */
  async post(of: PostedOf, postings: readonly Posting[], effectiveAt: Date): Promise<void> {
    await this.postAll(postings.map((posting) => ({ of, posting, effectiveAt })));
  }

  /** As `post`, of many things at once. */
  async postAll(all: readonly { of: PostedOf; posting: Posting; effectiveAt: Date }[]): Promise<void> {
    if (all.length === 0) return;
    const made = all.map((one) => ({ id: newId(), ...one }));
    await this.database.execute(POST, [
      JSON.stringify(
        made.map(({ id, of, posting, effectiveAt }) => ({
          ...{ id, kind: posting.kind, source_type: posting.sourceType, source_id: posting.sourceId },
          ...{ payment_id: of.paymentId, order_id: of.orderId, invoice_id: of.invoiceId ?? null },
          effective_at: effectiveAt,
        })),
      ),
      JSON.stringify(
        made.flatMap(({ id, posting }) =>
          posting.legs.map(({ account, amount }, at) => ({
            ...{ transaction_id: id, position: at + 1, account },
            ...{ currency: amount.currency, amount: amount.amount.toString() },
          })),
        ),
      ),
    ]);
  }

  /** Newest first, from behind `after`. */
  async list(
    filter: LedgerFilter,
    after: [string, string] | null,
    limit: number,
  ): Promise<LedgerTransactionRow[]> {
    const wanted: [(value: string) => string, unknown][] = [
      [(value) => `t.payment_id = ${value}`, filter.paymentId],
      [(value) => `t.order_id = ${value}`, filter.orderId],
      [(value) => `t.invoice_id = ${value}`, filter.invoiceId],
      [(value) => `t.kind = ${value}`, filter.kind],
      [(value) => `t.effective_at >= ${value}`, filter.from],
      [(value) => `t.effective_at < ${value}`, filter.to],
      [
        (value) =>
          `EXISTS (SELECT FROM billing.ledger_entries a WHERE a.transaction_id = t.id AND a.account = ${value})`,
        filter.account,
      ],
    ];
    const values: unknown[] = [limit];
    const conditions = wanted
      .filter(([, value]) => value !== null)
      .map(([condition, value]) => condition(`$${values.push(value)}`));
    if (after)
      conditions.push(`(t.effective_at, t.id) < ($${values.push(after[0])}, $${values.push(after[1])})`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    return this.database.query<LedgerTransactionRow>(
      `${TRANSACTIONS} ${where} ORDER BY t.effective_at DESC, t.id DESC LIMIT $1`,
      values,
    );
  }

  /**
   * Every account with what was debited and credited: the sums of both are equal in each currency. `at`: what had taken effect
   * by then; `on`: what is booked up to that day. Sums of days are taken as they are kept, and only the rest is counted.
   */
  async trialBalance(at: Date | null, on: string | null, currency: string | null): Promise<AccountRow[]> {
    return this.database.query<AccountRow>(TRIAL_BALANCE, [at, on, currency]);
  }
}

const POST = `
  WITH posted AS (
    INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, payment_id, order_id, effective_at, invoice_id)
    SELECT id, kind, source_type, source_id, payment_id, order_id, effective_at, invoice_id
      FROM jsonb_to_recordset($1::jsonb) AS n (id uuid, kind text, source_type text, source_id uuid, payment_id uuid,
        order_id uuid, effective_at timestamptz, invoice_id uuid)
  )
  INSERT INTO billing.ledger_entries (transaction_id, position, account, currency, amount)
  SELECT transaction_id, position, account, currency, amount FROM jsonb_to_recordset($2::jsonb)
    AS n (transaction_id uuid, position int, account text, currency text, amount bigint)`;

const TRANSACTIONS = `
  SELECT t.id, t.kind, t.source_type, t.source_id, t.payment_id, t.order_id, t.invoice_id, t.effective_at,
      t.booked_on::text AS booked_on, t.recorded_at, s.position::float8 AS position, encode(s.hash, 'hex') AS seal, e.entries
    FROM billing.ledger_transactions t
    LEFT JOIN billing.ledger_seals s ON s.transaction_id = t.id
    CROSS JOIN LATERAL (
      SELECT json_agg(json_build_object('account', account, 'currency', currency, 'amount', amount) ORDER BY position) AS entries
        FROM billing.ledger_entries WHERE transaction_id = t.id
    ) e`;

// Nothing that is booked on a day takes effect after it. Wherever on earth that day was, it is over two days later.
const TRIAL_BALANCE = `
  WITH whole AS (SELECT least($2::date, ($1::timestamptz AT TIME ZONE 'UTC')::date - 2) AS last_day),
  sums AS (
    SELECT d.account, d.currency, d.debit, d.credit FROM billing.ledger_days d CROSS JOIN whole
     WHERE whole.last_day IS NULL OR d.day <= whole.last_day
    UNION ALL
    SELECT e.account, e.currency, greatest(e.amount, 0), greatest(-e.amount, 0)
      FROM (
        SELECT t.id, t.effective_at, t.booked_on FROM billing.ledger_unsealed u
          JOIN billing.ledger_transactions t ON t.id = u.transaction_id
        UNION ALL
        SELECT t.id, t.effective_at, t.booked_on FROM billing.ledger_transactions t
         WHERE t.booked_on > (SELECT last_day FROM whole)
           AND NOT EXISTS (SELECT FROM billing.ledger_unsealed u WHERE u.transaction_id = t.id)
      ) AS t JOIN billing.ledger_entries e ON e.transaction_id = t.id
     WHERE ($1::timestamptz IS NULL OR t.effective_at <= $1) AND ($2::date IS NULL OR t.booked_on <= $2)
  )
  SELECT account, currency, sum(debit)::text AS debit, sum(credit)::text AS credit FROM sums
   WHERE $3::text IS NULL OR currency = $3 GROUP BY account, currency ORDER BY account, currency`;
