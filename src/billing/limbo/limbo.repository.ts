import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { RELEASE_TRIES } from '../payment/capture.repository.js';

export const LIMBO_KINDS = [
  'operation',
  'refund',
  'late_charge',
  'review',
  'notice',
  'dispute',
  'hold',
  'unapplied',
  'case',
] as const;
export type LimboKind = (typeof LIMBO_KINDS)[number];

export interface LimboRow {
  readonly kind: LimboKind;
  /** Of the operation, refund, late charge, payment, notice, dispute, credit note or case. */
  readonly id: string;
  readonly gateway: string | null;
  readonly paymentId: string | null;
  readonly operationId: string | null;
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly reason: string;
  readonly since: Date;
  /** Null: nothing happens by itself. */
  readonly nextCheckAt: Date | null;
}

const DAY = 86_400_000;

/** All money whose truth is not settled, wherever it is written. */
@Injectable()
export class LimboRepository {
  constructor(private readonly database: Database) {}

  /** The oldest first, from behind `after`. */
  list(kind: string | null, now: Date, after: [string, string] | null, limit: number): Promise<LimboRow[]> {
    const [since, id] = after ?? [null, null];
    const [yesterday, tomorrow] = [new Date(now.getTime() - DAY), new Date(now.getTime() + DAY)];
    return this.database.query<LimboRow>(LIST, [kind, yesterday, tomorrow, since, id, limit]);
  }
}

/** Of a payment `p`: the house was to send it back, and only a person can. */
const BY_HAND = `LEFT JOIN LATERAL (
      SELECT 'it has to be paid back by hand' AS reason FROM billing.refunds r
      WHERE r.payment_id = p.id AND r.status = 'failed' AND r.failure_code = 'pay_by_hand' LIMIT 1
    ) h ON true`;

const PARTS: Readonly<Record<LimboKind, string>> = {
  // Whatever is not decided has an hour at which it is asked about.
  operation: `
    SELECT 'operation' AS kind, o.id::text AS id, p.gateway, o.payment_id, o.id AS operation_id, p.order_id, p.invoice_id,
      o.amount, o.currency, o.kind || ' ' || o.status AS reason, o.created_at AS since, o.next_check_at
    FROM billing.operations o JOIN billing.payments p ON p.id = o.payment_id
    WHERE o.next_check_at IS NOT NULL AND o.kind <> 'refund'`,
  refund: `
    SELECT 'refund', r.id::text, p.gateway, r.payment_id, r.operation_id, p.order_id, p.invoice_id,
      r.amount, r.currency, coalesce(o.status, r.status), r.created_at, o.next_check_at
    FROM billing.refunds r JOIN billing.payments p ON p.id = r.payment_id
    LEFT JOIN billing.operations o ON o.id = r.operation_id
    WHERE r.status = 'pending'`,
  late_charge: `
    SELECT 'late_charge', c.id::text, p.gateway, c.payment_id, NULL, p.order_id, p.invoice_id,
      c.captured - c.refund_reserved - c.dispute_lost, c.currency, 'nobody owed it', c.created_at, NULL
    FROM billing.late_charges c JOIN billing.payments p ON p.id = c.payment_id
    WHERE c.refund_reserved + c.dispute_lost < c.captured AND c.disputed = 0 AND (p.status <> 'requires_review' OR c.id <> p.operation_id)`,
  review: `
    SELECT 'review', p.id::text, p.gateway, p.id, p.operation_id, p.order_id, p.invoice_id,
      coalesce(c.captured, nullif(p.captured, 0), p.amount), coalesce(c.currency, p.currency),
      coalesce(p.review_reason, 'unknown'), p.updated_at, NULL
    FROM billing.payments p LEFT JOIN billing.late_charges c ON c.id = p.operation_id
    WHERE p.status = 'requires_review'`,
  notice: `
    SELECT 'notice', e.event_id, e.gateway, NULL, e.operation_id, NULL, NULL,
      NULL, NULL, e.type || ' ' || e.status, e.received_at, e.next_try_at
    FROM billing.gateway_events e WHERE e.status <> 'done' AND (e.status <> 'received' OR e.failures > 0)`,
  dispute: `
    SELECT 'dispute', d.id::text, d.gateway, d.payment_id, NULL, p.order_id, p.invoice_id,
      d.amount, d.currency, d.reason, d.created_at, d.evidence_due_at
    FROM billing.disputes d JOIN billing.payments p ON p.id = d.payment_id WHERE d.status = 'open'`,
  hold: `
    SELECT 'hold', p.id::text, p.gateway, p.id, NULL, p.order_id, p.invoice_id,
      p.amount - p.capture_reserved, p.currency,
      CASE WHEN p.release_tries < ${RELEASE_TRIES} THEN 'it ends soon' ELSE 'the gateway does not let it go' END, p.created_at,
      CASE WHEN p.release_tries < ${RELEASE_TRIES} THEN coalesce(p.release_after, p.capture_before) END
    FROM billing.payments p WHERE p.status = 'authorized' AND p.capture_before <= $3`,
  // What no invoice has taken and nobody has sent back, and what credit notes keep for the buyer: after a day, or at once where the
  // house was to send it back and only a person can. What a bank disputes stands as its dispute.
  unapplied: `
    SELECT 'unapplied', p.id::text, p.gateway, p.id, NULL, p.order_id, p.invoice_id,
      p.captured - p.refund_reserved - p.settled - p.dispute_lost - p.disputed, p.currency, coalesce(h.reason, CASE WHEN p.disputed > 0 THEN 'a bank disputes the rest' ELSE 'no invoice has taken it' END),
      p.created_at, NULL
    FROM billing.payments p
    ${BY_HAND}
    WHERE p.captured > p.refund_reserved + p.settled + p.dispute_lost AND p.status NOT IN ('canceled', 'requires_review')
      AND p.captured > p.refund_reserved + p.settled + p.dispute_lost + p.disputed AND (p.created_at <= $2 OR h.reason IS NOT NULL)
    UNION ALL
    SELECT 'unapplied', n.id::text, p.gateway, p.id, NULL, n.order_id, n.invoice_id,
      CASE WHEN n.order_id IS NULL THEN n.kept - n.used ELSE least(n.kept - n.used, s.left_there) END, n.currency,
      coalesce(h.reason, CASE WHEN s.disputed > 0 THEN 'a bank disputes the rest' ELSE 'a credit note keeps it for the buyer' END), n.created_at, NULL
    FROM billing.credit_notes n
    LEFT JOIN LATERAL (
      SELECT id, gateway FROM billing.payments WHERE order_id = n.order_id AND captured > refund_reserved + given_outside + dispute_lost
      ORDER BY created_at LIMIT 1
    ) p ON true
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(disputed), 0) AS disputed,
        coalesce(sum(greatest(captured - refund_reserved - given_outside - dispute_lost - disputed, 0)), 0)::bigint AS left_there
      FROM billing.payments WHERE order_id = n.order_id
    ) s
    ${BY_HAND}
    -- Of an order a bank may have given it back, or does for now.
    WHERE n.kept > n.used AND (n.order_id IS NULL OR s.left_there > 0) AND (n.created_at <= $2 OR h.reason IS NOT NULL)`,
  case: `
    SELECT 'case', c.id::text, c.gateway, c.payment_id, NULL, p.order_id, p.invoice_id,
      abs(coalesce(c.found, 0) - coalesce(c.expected, 0)), c.currency, c.kind, c.created_at, NULL
    FROM billing.reconciliation_cases c LEFT JOIN billing.payments p ON p.id = c.payment_id WHERE c.state = 'open'`,
};

const LIST = `
  SELECT kind, id, gateway, payment_id AS "paymentId", operation_id AS "operationId", order_id AS "orderId",
    invoice_id AS "invoiceId", amount::text AS amount, currency, reason, since, next_check_at AS "nextCheckAt"
  FROM (
    SELECT kind, id, gateway, payment_id, operation_id, order_id, invoice_id, amount, currency, reason,
      date_trunc('milliseconds', since) AS since, next_check_at
    FROM (${Object.values(PARTS).join(' UNION ALL ')}) AS parts
  ) AS limbo
  WHERE ($1::text IS NULL OR kind = $1) AND ($4::timestamptz IS NULL OR (since, id) > ($4, $5))
  ORDER BY since, id LIMIT $6`;
