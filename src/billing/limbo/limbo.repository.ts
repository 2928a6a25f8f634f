import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { movedOn } from '../invoice/invoice-money.repository.js';
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

/** SQL: the newest refund of the house that came to nothing, of these payments `q`: nobody but a person sends that money back. */
const refused = (of: string): string => `
  SELECT r.payment_id,
    CASE r.failure_code WHEN 'pay_by_hand' THEN 'it has to be paid back by hand' ELSE 'it could not be sent back: ' || coalesce(r.failure_code, 'declined') END AS reason
  FROM billing.refunds r JOIN billing.payments q ON q.id = r.payment_id
  WHERE ${of} AND r.status = 'failed' AND r.requested_by = 'system' AND r.charge_id IS NULL ORDER BY r.created_at DESC LIMIT 1`;

/** What payments are of, an order or an invoice without one: `s.id`. */
const OF_SUBJECT = '(q.order_id = s.id OR q.invoice_id = s.id)';
const COUNTED = "q.status NOT IN ('canceled', 'requires_review')";

/**
 * SQL: what is the buyer's of all that was paid for an order or an invoice, as the books have it, and neither kept by a credit note nor
 * too late. A refund takes from the cards first, whatever was too much: what one payment has left another may have given back, which
 * is asked only where one has given back what invoices had taken.
 */
const BUYERS = `
  SELECT (coalesce(-sum(e.amount), 0) - ${movedOn('s.id')} - (
      SELECT coalesce(sum(kept - used), 0) FROM billing.credit_notes n WHERE n.order_id = s.id OR n.invoice_id = s.id
    ) - (
      SELECT coalesce(sum(c.captured - c.refund_reserved - c.dispute_lost), 0) FROM billing.late_charges c
      JOIN billing.payments q ON q.id = c.payment_id WHERE ${OF_SUBJECT} AND ${COUNTED} AND c.currency = p.currency
    ))::bigint AS there
  FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
  LEFT JOIN billing.payments q ON q.id = t.payment_id
  WHERE t.id IN (
      SELECT id FROM billing.ledger_transactions WHERE order_id = s.id
      UNION SELECT id FROM billing.ledger_transactions WHERE invoice_id = s.id
      UNION SELECT l.id FROM billing.ledger_transactions l JOIN billing.payments q ON q.id = l.payment_id WHERE q.invoice_id = s.id
    ) AND e.account = 'liab:unapplied' AND e.currency = p.currency AND (q.id IS NULL OR ${COUNTED})`;

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
  // What no invoice has taken and nobody has sent back, the newest first, and what credit notes keep for the buyer: after a day, or at
  // once where the house was to send it back and could not. What a bank disputes stands as its dispute.
  unapplied: `
    SELECT 'unapplied', p.id::text, p.gateway, p.id, NULL, p.order_id, p.invoice_id,
      least(p.own, b.there - p.newer), p.currency,
      coalesce(h.reason, CASE WHEN p.disputed > 0 THEN 'a bank disputes the rest' ELSE 'no invoice has taken it' END), p.created_at, NULL
    FROM (
      SELECT o.*, (sum(own) OVER (PARTITION BY coalesce(order_id, invoice_id) ORDER BY created_at DESC, id DESC) - own)::bigint AS newer
      FROM (
        SELECT id, gateway, order_id, invoice_id, currency, disputed, created_at,
          captured - refund_reserved - settled - dispute_lost - disputed AS own
        FROM billing.payments
        WHERE captured > refund_reserved + settled + dispute_lost AND status NOT IN ('canceled', 'requires_review')
          AND captured > refund_reserved + settled + dispute_lost + disputed
      ) o
    ) p
    CROSS JOIN LATERAL (SELECT coalesce(p.order_id, p.invoice_id) AS id) s
    CROSS JOIN LATERAL (
      SELECT CASE WHEN EXISTS (
        SELECT FROM billing.payments o
        WHERE coalesce(o.order_id, o.invoice_id) = s.id AND o.captured < o.refund_reserved + o.settled + o.dispute_lost
      ) THEN (${BUYERS}) ELSE p.own + p.newer END AS there OFFSET 0
    ) b
    LEFT JOIN LATERAL (${refused('q.id = p.id')}) h ON true
    WHERE b.there > p.newer AND (p.created_at <= $2 OR h.reason IS NOT NULL)
    UNION ALL
    SELECT 'unapplied', n.id::text, p.gateway, p.id, NULL, n.order_id, n.invoice_id,
      CASE WHEN n.order_id IS NULL THEN n.kept - n.used ELSE least(n.kept - n.used, l.left_there) END, n.currency,
      coalesce(h.reason, CASE WHEN l.disputed > 0 THEN 'a bank disputes the rest' ELSE 'a credit note keeps it for the buyer' END), n.created_at, NULL
    FROM billing.credit_notes n
    CROSS JOIN LATERAL (SELECT coalesce(n.order_id, n.invoice_id) AS id) s
    LEFT JOIN LATERAL (${refused(OF_SUBJECT)}) h ON true
    LEFT JOIN LATERAL (
      SELECT id, gateway FROM billing.payments q WHERE ${OF_SUBJECT} AND captured > refund_reserved + given_outside + dispute_lost
      ORDER BY coalesce(id = h.payment_id, false) DESC, created_at LIMIT 1
    ) p ON true
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(disputed), 0) AS disputed,
        coalesce(sum(greatest(captured - refund_reserved - given_outside - dispute_lost - disputed, 0)), 0)::bigint AS left_there
      FROM billing.payments q WHERE ${OF_SUBJECT}
    ) l
    -- Of an order a bank may have given it back, or does for now.
    WHERE n.kept > n.used AND (n.order_id IS NULL OR l.left_there > 0) AND (n.created_at <= $2 OR h.reason IS NOT NULL)`,
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
