import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { SettlementLine } from '../gateway/payment-gateway.port.js';
import { accounts } from '../ledger/posting.js';
import { type Candidate, type KeptLine, kindsFor, type LineStatus } from './settlement.js';

/** Any number that nobody else locks. */
const RECONCILING = 7_204_114;

export interface LineFilter {
  readonly status: string | null;
  readonly kind: string | null;
  readonly operationId: string | null;
  readonly payoutRef: string | null;
}

/** What gateways told of their accounts, and the postings that say the same. */
@Injectable()
export class SettlementLineRepository {
  constructor(private readonly database: Database) {}

  /** In the running transaction: one at a time holds lines against the books. */
  async lock(): Promise<void> {
    await this.database.query('SELECT pg_advisory_xact_lock($1)', [RECONCILING]);
  }

  /** Keeps lines as they are told now; answers them all. One whose amount is another than before is looked at anew. */
  keep(gateway: string, lines: readonly SettlementLine[], now: Date): Promise<KeptLine[]> {
    const rows = [...new Map(lines.map((line) => [line.id, line])).values()].map((line) => ({
      ...{ id: newId(), line_id: line.id, kind: line.kind, ref: line.ref, operation_id: line.operationId },
      ...{ amount: line.amount.toString(), fee: line.fee.toString(), currency: line.currency, at: line.at },
      ...{ payout_ref: line.payoutRef, told: line.told },
    }));
    return this.read(KEEP, [gateway, JSON.stringify(rows), now]);
  }

  /** Lines that are not matched, behind `after`. */
  unmatched(gateway: string, after: string | null, limit: number): Promise<KeptLine[]> {
    return this.read(
      `SELECT ${LINE} FROM billing.settlement_lines l WHERE gateway = $1 AND status <> 'matched'
         AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
      [gateway, after, limit],
    );
  }

  list(filter: LineFilter, after: [string, string] | null, limit: number): Promise<KeptLine[]> {
    const values: unknown[] = [limit];
    const wanted: [string, unknown][] = [
      ['status', filter.status],
      ['kind', filter.kind],
      ['operation_id', filter.operationId],
      ['payout_ref', filter.payoutRef],
    ];
    const conditions = wanted.flatMap(([column, value]) =>
      value === null ? [] : [`l.${column} = $${values.push(value)}`],
    );
    if (after) conditions.push(`(l.at, l.id) < ($${values.push(after[0])}, $${values.push(after[1])})`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    return this.read(
      `SELECT ${LINE} FROM billing.settlement_lines l ${where} ORDER BY l.at DESC, l.id DESC LIMIT $1`,
      values,
    );
  }

  /** Postings that may say the same as this line. */
  async candidates(line: KeptLine): Promise<Candidate[]> {
    const kinds = kindsFor(line);
    if (kinds.length === 0 || (line.operationId === null && line.ref === null)) return [];
    const rows = await this.database.query<Omit<Candidate, 'moved'> & { moved: string }>(
      line.operationId === null ? BY_REF : BY_OPERATION,
      [accounts.clearing(line.gateway), line.currency, kinds, line.operationId ?? line.ref],
    );
    return rows.map((row) => ({ ...row, moved: BigInt(row.moved) }));
  }

  /** Since when the books know of the account, or somebody holds them against it; null: neither. */
  async begun(gateway: string): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(BEGUN, [
      accounts.clearing(gateway),
      gateway,
    ]);
    return row?.at ?? null;
  }

  /** The ids of those that are somebody else's movement: of no operation and no payment of ours, and in the books in no way. */
  async strange(lines: readonly KeptLine[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(STRANGE, [
      lines.map(({ id }) => id),
      lines.map(({ operationId }) => operationId),
      lines.map(({ ref }) => ref),
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Nothing more is expected of them, and so much is in the books. */
  async match(lines: readonly { id: string; booked: bigint }[]): Promise<void> {
    await this.database.execute(
      `UPDATE billing.settlement_lines l SET status = 'matched', transaction_id = NULL, booked = n.booked
         FROM unnest($1::uuid[], $2::bigint[]) AS n (id, booked) WHERE l.id = n.id`,
      [lines.map(({ id }) => id), lines.map(({ booked }) => booked)],
    );
  }

  async decide(id: string, status: LineStatus, transactionId: string | null, booked: bigint): Promise<void> {
    await this.database.execute(
      'UPDATE billing.settlement_lines SET status = $2, transaction_id = $3, booked = $4 WHERE id = $1',
      [id, status, transactionId, booked],
    );
  }

  /** Payouts that were told since then, each with what its lines come to. */
  async payouts(
    gateway: string,
    since: Date,
  ): Promise<{ id: string; currency: string; paid: bigint; lines: bigint }[]> {
    const rows = await this.database.query<{ id: string; currency: string; paid: string; lines: string }>(
      PAYOUTS,
      [gateway, since],
    );
    return rows.map((row) => ({ ...row, paid: BigInt(row.paid), lines: BigInt(row.lines) }));
  }

  /** Postings of that time that moved the account and of which the gateway tells nothing. */
  async untold(
    gateway: string,
    from: Date,
    to: Date,
  ): Promise<{ id: string; paymentId: string | null; currency: string; moved: bigint }[]> {
    const rows = await this.database.query<{
      id: string;
      paymentId: string | null;
      currency: string;
      moved: string;
    }>(UNTOLD, [accounts.clearing(gateway), from, to]);
    return rows.map((row) => ({ ...row, moved: BigInt(row.moved) }));
  }

  /** How many lines of that time have each status. */
  async counts(gateway: string, from: Date, to: Date): Promise<Record<string, number>> {
    const rows = await this.database.query<{ status: string; n: number }>(
      `SELECT status, count(*)::int AS n FROM billing.settlement_lines WHERE gateway = $1 AND at >= $2 AND at < $3 GROUP BY status`,
      [gateway, from, to],
    );
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  }

  private async read(text: string, values: unknown[]): Promise<KeptLine[]> {
    const rows = await this.database.query<
      Omit<KeptLine, 'amount' | 'fee' | 'booked'> & { amount: string; fee: string; booked: string }
    >(text, values);
    return rows.map((row) => ({
      ...row,
      amount: BigInt(row.amount),
      fee: BigInt(row.fee),
      booked: BigInt(row.booked),
    }));
  }
}

const LINE = `l.id, l.gateway, l.line_id AS "lineId", l.kind, l.ref, l.operation_id AS "operationId", l.amount::text AS amount,
  l.fee::text AS fee, l.currency, l.told, l.at, l.payout_ref AS "payoutRef", l.status, l.transaction_id AS "transactionId",
  l.booked::text AS booked`;

// The first posting in the order of time: nobody reads them all.
const BEGUN = `
  SELECT least(
    (SELECT t.effective_at FROM billing.ledger_transactions t
      WHERE t.source_type <> 'settlement_line'
        AND EXISTS (SELECT FROM billing.ledger_entries e WHERE e.transaction_id = t.id AND e.account = $1)
      ORDER BY t.effective_at, t.id LIMIT 1),
    (SELECT min(created_at) FROM billing.reconciliation_runs WHERE gateway = $2)) AS at`;

const STRANGE = `
  SELECT n.id FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (id, operation_id, ref)
  WHERE NOT EXISTS (SELECT FROM billing.operations o WHERE o.id = n.operation_id)
    AND NOT EXISTS (SELECT FROM billing.payments p WHERE p.gateway_ref = n.ref)
    AND NOT EXISTS (SELECT FROM billing.ledger_transactions t WHERE t.source_type = 'settlement_line' AND t.source_id = n.id)`;

const KEEP = `
  INSERT INTO billing.settlement_lines AS l
    (id, gateway, line_id, kind, ref, operation_id, amount, fee, currency, told, at, payout_ref, status, told_at)
  SELECT id, $1, line_id, kind, ref, operation_id, amount, fee, currency, told, at, payout_ref, 'missing_here', $3
    FROM jsonb_to_recordset($2) AS n (id uuid, line_id text, kind text, ref text, operation_id uuid, amount bigint, fee bigint,
      currency text, told text, at timestamptz, payout_ref text)
  ON CONFLICT (gateway, line_id) DO UPDATE
    SET payout_ref = excluded.payout_ref, told_at = excluded.told_at, amount = excluded.amount, fee = excluded.fee,
      currency = excluded.currency, told = excluded.told,
      status = CASE WHEN (l.amount, l.fee, l.currency, l.told) IS DISTINCT FROM
          (excluded.amount, excluded.fee, excluded.currency, excluded.told) THEN 'missing_here' ELSE l.status END
  RETURNING ${LINE}`;

const CANDIDATE = `
  SELECT t.id AS "transactionId", t.payment_id AS "paymentId", t.order_id AS "orderId", t.invoice_id AS "invoiceId",
    e.moved::text AS moved, s.id AS "takenBy"
  FROM billing.ledger_transactions t
  CROSS JOIN LATERAL (
    SELECT sum(amount) AS moved FROM billing.ledger_entries WHERE transaction_id = t.id AND account = $1 AND currency = $2
  ) e
  LEFT JOIN billing.settlement_lines s ON s.transaction_id = t.id
  WHERE e.moved IS NOT NULL AND t.kind = ANY ($3)`;

const BY_OPERATION = `${CANDIDATE}
  AND ((t.source_type = 'operation' AND t.source_id = $4::uuid)
    OR (t.source_type = 'refund' AND t.source_id IN (SELECT id FROM billing.refunds WHERE operation_id = $4::uuid)))
  ORDER BY t.effective_at, t.id`;

const BY_REF = `${CANDIDATE}
  AND t.payment_id IN (SELECT id FROM billing.payments WHERE gateway_ref = $4
    UNION SELECT payment_id FROM billing.late_charges WHERE gateway_ref = $4)
  ORDER BY t.effective_at, t.id`;

const PAYOUTS = `
  SELECT p.id, p.currency, (-p.amount)::text AS paid, coalesce(sum(l.amount - l.fee), 0)::text AS lines
  FROM billing.settlement_lines p
  LEFT JOIN billing.settlement_lines l ON l.gateway = p.gateway AND l.payout_ref = p.ref AND l.kind <> 'payout'
  WHERE p.gateway = $1 AND p.kind = 'payout' AND p.told_at >= $2 AND p.ref IS NOT NULL
  GROUP BY p.id`;

const UNTOLD = `
  SELECT t.id, t.payment_id AS "paymentId", e.currency, sum(e.amount)::text AS moved
  FROM billing.ledger_transactions t
  JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.account = $1
  WHERE t.effective_at >= $2 AND t.effective_at < $3
    AND t.kind IN ('payment_captured', 'refund_settled', 'refund_reversed', 'dispute_opened', 'dispute_won', 'dispute_fee')
    AND NOT EXISTS (SELECT FROM billing.settlement_lines s WHERE s.transaction_id = t.id)
  GROUP BY t.id, e.currency`;
