import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { type Difference, differing, idsBehind } from '../../platform/integrity/integrity.js';
import { movedOn } from '../invoice/invoice-money.repository.js';

export const BILLING_SUBJECTS = [
  'ledger',
  'account',
  'payment',
  'giftCard',
  'storeCredit',
  'invoice',
  'tax',
  'series',
  'subscription',
  'dispute',
] as const;
export type BillingSubject = (typeof BILLING_SUBJECTS)[number];

/** Whether the books and what they are about say the same. One statement sees one moment. */
@Injectable()
export class BillingIntegrityRepository {
  constructor(private readonly database: Database) {}

  async subjects(of: BillingSubject, after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(SUBJECTS[of], [after, limit]);
    return rows.map(({ id }) => id);
  }

  look(of: BillingSubject, ids: readonly string[]): Promise<Difference[]> {
    return this.database.query<Difference>(LOOK[of], [ids]);
  }
}

/** What the books say of an account has to be the sum of these. */
const ACCOUNTS = `
  SELECT 'liab:gift_cards' AS account, currency, balance AS owed FROM billing.gift_cards
  UNION ALL SELECT 'liab:store_credit', currency, balance FROM billing.store_credits
  UNION ALL SELECT 'liab:refunds_payable', currency, amount FROM billing.refunds WHERE status = 'pending'
  UNION ALL SELECT 'contra:refunds', n.currency, -(l -> 'net' ->> 'amount')::bigint
    FROM billing.credit_notes n CROSS JOIN LATERAL jsonb_array_elements(n.content -> 'lines') AS l
    WHERE l ->> 'revenue' <> 'voucher'
  UNION ALL SELECT 'contra:refunds', currency, amount FROM billing.revenue_releases WHERE source_type = 'credit_note'
  UNION ALL SELECT 'liab:deferred_revenue', currency, amount - earned FROM billing.revenue_schedules WHERE next_day < to_day
  UNION ALL SELECT e.account, e.currency, -e.amount
    FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
    WHERE t.source_type = 'refund_document' AND e.account = 'contra:refunds'
  UNION ALL SELECT 'assets:disputes:' || gateway, currency, -amount FROM billing.disputes WHERE status = 'open'
  UNION ALL SELECT 'expense:bad_debt', i.currency, -s.amount
    FROM billing.invoice_settlements s JOIN billing.invoices i ON i.id = s.invoice_id WHERE s.kind = 'write_off'
  UNION ALL SELECT e.account, e.currency, -e.amount
    FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
    WHERE t.source_type = 'lost_dispute' AND e.account = 'expense:bad_debt'`;
const BACKED = `ARRAY['liab:gift_cards', 'liab:store_credit', 'liab:refunds_payable', 'liab:deferred_revenue',
  'contra:refunds', 'expense:bad_debt']`;

const SUBJECTS: Readonly<Record<BillingSubject, string>> = {
  ledger: idsBehind('billing.ledger_transactions'),
  account: `
    SELECT id FROM (SELECT DISTINCT account || ' ' || currency AS id FROM billing.ledger_entries
      WHERE account = ANY (${BACKED}) OR account LIKE 'assets:disputes:%') AS accounts
    WHERE id > coalesce($1, '') ORDER BY id LIMIT $2`,
  payment: idsBehind('billing.payments'),
  giftCard: idsBehind('billing.gift_cards'),
  storeCredit: idsBehind('billing.store_credits'),
  invoice: idsBehind('billing.invoices'),
  tax: `
    SELECT id FROM (SELECT DISTINCT account || ' ' || currency AS id FROM billing.ledger_entries
      WHERE account LIKE 'liab:tax:%') AS accounts
    WHERE id > coalesce($1, '') ORDER BY id LIMIT $2`,
  subscription: idsBehind('billing.subscriptions'),
  dispute: idsBehind('billing.disputes'),
  series: `SELECT series AS id FROM billing.number_series WHERE series > coalesce($1, '') ORDER BY series LIMIT $2`,
};

const LOOK: Readonly<Record<BillingSubject, string>> = {
  ledger: differing(`
    SELECT transaction_id AS id, 'sum in ' || currency AS name, 0::numeric AS expected, sum(amount) AS found
    FROM billing.ledger_entries WHERE transaction_id = ANY ($1::uuid[]) GROUP BY transaction_id, currency`),
  account: differing(`
    WITH asked AS (
      SELECT id, split_part(id, ' ', 1) AS account, split_part(id, ' ', 2) AS currency FROM unnest($1::text[]) AS a (id)
    ), owed AS (
      SELECT account, currency, sum(owed) AS owed FROM (${ACCOUNTS}) AS rows GROUP BY account, currency
    )
    SELECT a.id, 'owed' AS name, coalesce(o.owed, 0) AS expected,
      (SELECT coalesce(-sum(e.amount), 0) FROM billing.ledger_entries e
        WHERE e.account = a.account AND e.currency = a.currency) AS found
    FROM asked a LEFT JOIN owed o USING (account, currency)`),
  // Money of other charges stands in billing.late_charges; what is taken from cards and credit asks no gateway.
  payment: differing(`
    SELECT p.id, v.name, v.expected, v.found FROM billing.payments p
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount) FILTER (WHERE status <> 'failed'), 0) AS reserved,
        coalesce(sum(amount) FILTER (WHERE status = 'succeeded'), 0) AS refunded,
        coalesce(sum(amount) FILTER (WHERE status = 'succeeded' AND operation_id IS NOT NULL), 0) AS sent
      FROM billing.refunds WHERE payment_id = p.id AND charge_id IS NULL
    ) r
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS sent FROM billing.operations
      WHERE payment_id = p.id AND kind = 'refund' AND status = 'succeeded' AND charge_id IS NULL
    ) o
    CROSS JOIN LATERAL (
      SELECT CASE p.gateway
        WHEN 'gift_card' THEN (SELECT coalesce(-sum(amount), 0) FROM billing.gift_card_entries
          WHERE card_id = p.instrument_id AND kind = 'redeemed' AND source_id = p.id)
        WHEN 'store_credit' THEN (SELECT coalesce(-sum(amount), 0) FROM billing.store_credit_entries
          WHERE account_id = p.instrument_id AND kind = 'spent' AND source_id = p.id)
        ELSE (SELECT coalesce(sum(e.amount), 0) FROM billing.ledger_transactions t
          JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.amount > 0 AND e.currency = p.currency
          WHERE t.payment_id = p.id AND t.kind = 'payment_captured'
            AND NOT EXISTS (SELECT FROM billing.late_charges l WHERE l.id = t.source_id))
        END AS taken
    ) c
    CROSS JOIN LATERAL (VALUES
      ('captured', c.taken, p.captured),
      ('captured of what was owed', CASE WHEN p.review_reason IS NULL THEN least(p.captured, p.amount) ELSE p.captured END,
        p.captured),
      ('refunds asked for', r.reserved, p.refund_reserved),
      ('refunds asked for of what was captured', least(p.refund_reserved, p.captured), p.refund_reserved),
      ('given back outside', (SELECT coalesce(sum(n.out_of_band), 0) FROM billing.credit_notes n
        WHERE n.order_id = p.order_id OR n.invoice_id = p.invoice_id),
        (SELECT sum(q.given_outside) FROM billing.payments q WHERE q.order_id = p.order_id OR q.invoice_id = p.invoice_id)),
      ('refunded', r.refunded, p.refunded),
      ('refunded by the gateway', r.sent, o.sent),
      ('taken to invoices', (SELECT coalesce(sum(amount), 0) FROM billing.invoice_settlements WHERE source_id = p.id AND kind = 'payment'),
        p.settled)
    ) AS v (name, expected, found)
    WHERE p.id = ANY ($1::uuid[])`),
  giftCard: differing(`
    SELECT c.id, v.name, v.expected, v.found FROM billing.gift_cards c
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS entries FROM billing.gift_card_entries WHERE card_id = c.id
    ) g
    CROSS JOIN LATERAL (
      SELECT coalesce(-sum(e.amount), 0) AS owed FROM billing.gift_card_entries i
      JOIN billing.ledger_transactions t ON t.source_type = 'gift_card_entry' AND t.source_id = i.id
      JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.account = 'liab:gift_cards' AND e.currency = c.currency
      WHERE i.card_id = c.id
    ) b
    CROSS JOIN LATERAL (VALUES ('balance', g.entries, c.balance), ('books', g.entries, b.owed)) AS v (name, expected, found)
    WHERE c.id = ANY ($1::uuid[])`),
  storeCredit: differing(`
    SELECT c.id, v.name, v.expected, v.found FROM billing.store_credits c
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS entries FROM billing.store_credit_entries WHERE account_id = c.id
    ) s
    CROSS JOIN LATERAL (
      SELECT coalesce(-sum(e.amount), 0) AS owed FROM billing.store_credit_entries i
      JOIN billing.ledger_transactions t ON t.source_type = 'store_credit_entry' AND t.source_id = i.id
      JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.account = 'liab:store_credit' AND e.currency = c.currency
      WHERE i.account_id = c.id
    ) b
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(remaining), 0) AS ending FROM billing.store_credit_lots WHERE account_id = c.id AND remaining > 0
    ) l
    CROSS JOIN LATERAL (VALUES
      ('balance', s.entries, c.balance), ('books', s.entries, b.owed), ('of it ends', least(l.ending, c.balance), l.ending)
    ) AS v (name, expected, found)
    WHERE c.id = ANY ($1::uuid[])`),
  invoice: differing(`
    SELECT i.id, v.name, v.expected, v.found FROM billing.invoices i
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(e.amount), 0) AS owed FROM billing.ledger_transactions t
      JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.account = 'assets:ar' AND e.currency = i.currency
      WHERE t.invoice_id = i.id
    ) b
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS settled FROM billing.invoice_settlements WHERE invoice_id = i.id
    ) s
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(total), 0) AS credited FROM billing.credit_notes WHERE invoice_id = i.id
    ) n
    CROSS JOIN LATERAL (VALUES
      ('books', CASE WHEN i.state IN ('draft', 'void') THEN 0 ELSE i.total - i.settled END, b.owed),
      ('settled', s.settled, i.settled),
      ('credited of the total', least(n.credited, i.total), n.credited)
    ) AS v (name, expected, found)
    WHERE i.id = ANY ($1::uuid[])`),
  tax: differing(`
    WITH asked AS (
      SELECT id, substr(id, 1, length(id) - 4) AS account, right(id, 3) AS currency FROM unnest($1::text[]) AS a (id)
    ), documents AS (
      SELECT content, currency, 1 AS sign FROM billing.invoices WHERE state NOT IN ('draft', 'void')
      UNION ALL SELECT content, currency, -1 FROM billing.credit_notes
    ), taxes AS (
      SELECT 'liab:tax:' || (t ->> 'jurisdiction') || ':' || trim_scale((t ->> 'ratePpm')::numeric / 10000) AS account, d.currency,
        sum(d.sign * (t -> 'amount' ->> 'amount')::bigint) AS owed
      FROM documents d CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'lines') AS l
      CROSS JOIN LATERAL jsonb_array_elements(l -> 'taxes') AS t GROUP BY 1, 2
    )
    SELECT a.id, 'tax' AS name, coalesce(t.owed, 0) AS expected,
      (SELECT coalesce(-sum(e.amount), 0) FROM billing.ledger_entries e
        WHERE e.account = a.account AND e.currency = a.currency) AS found
    FROM asked a LEFT JOIN taxes t USING (account, currency)`),
  // Who is to be billed has a moment for it, or would be forgotten for good; a period begins where the one before it ends, and has
  // its invoice. A change to another interval may begin one that comes to nothing but credits, which wait for the next invoice.
  subscription: differing(`
    SELECT s.id, v.name, v.expected, v.found FROM billing.subscriptions s
    CROSS JOIN LATERAL (
      SELECT count(*) AS gaps FROM billing.invoice_periods p JOIN billing.invoice_periods n
        ON n.subscription_id = p.subscription_id AND n.schedule_no = p.schedule_no AND n.period_index = p.period_index + 1
      WHERE p.subscription_id = s.id AND n.period_start <> p.period_end
    ) g
    CROSS JOIN LATERAL (
      SELECT count(*) AS present FROM billing.subscription_items WHERE subscription_id = s.id AND until IS NULL
    ) i
    CROSS JOIN LATERAL (
      SELECT count(*) AS missed FROM billing.invoice_periods WHERE subscription_id = s.id AND invoice_id IS NULL
        AND s.kind = 'service' AND (schedule_no = 0 OR period_index > 0)
    ) m
    CROSS JOIN LATERAL (VALUES
      ('billed next', (s.state IN ('incomplete', 'trialing', 'active', 'past_due') OR s.cancel_at_period_end AND s.next_bill_at IS NOT NULL)::int,
        (s.next_bill_at IS NOT NULL)::int),
      ('gaps between periods', 0, g.gaps), ('what it is for', 1, i.present), ('periods without an invoice', 0, m.missed),
      ('whose it is', (s.state IN ('trialing', 'active', 'past_due', 'paused'))::int,
        (s.state IN ('trialing', 'active', 'past_due', 'paused') AND s.customer_id IS NOT NULL)::int)
    ) AS v (name, expected, found)
    WHERE s.id = ANY ($1::uuid[])`),
  // What is on its way back is taken from the buyer's money already, and its credit note comes when it is decided.
  dispute: differing(`
    SELECT d.id, v.name, v.expected, v.found FROM billing.disputes d JOIN billing.payments p ON p.id = d.payment_id
    CROSS JOIN LATERAL (SELECT coalesce(p.order_id, p.invoice_id) AS id) s
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(l.amount), 0) - (
          SELECT coalesce(sum(n.lost), 0) FROM billing.credit_notes n
          WHERE (n.order_id = s.id OR n.invoice_id = s.id) AND n.currency = d.currency
        ) AS amount
      FROM billing.disputes l JOIN billing.payments q ON q.id = l.payment_id
      WHERE (q.order_id = s.id OR q.invoice_id = s.id) AND l.status = 'lost' AND l.currency = d.currency
    ) l
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(e.amount) FILTER (WHERE t.source_type NOT IN ('refund_document', 'lost_dispute')), 0)
          + ${movedOn('s.id')} AS short,
        coalesce(-sum(e.amount) FILTER (WHERE t.source_type = 'lost_dispute'), 0) AS booked
      FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
      WHERE t.id IN (
          SELECT id FROM billing.ledger_transactions WHERE order_id = s.id
          UNION SELECT id FROM billing.ledger_transactions WHERE invoice_id = s.id
          UNION SELECT b.id FROM billing.ledger_transactions b JOIN billing.payments q ON q.id = b.payment_id WHERE q.invoice_id = s.id
        ) AND e.account = 'liab:unapplied' AND e.currency = d.currency
    ) b
    CROSS JOIN LATERAL (VALUES ('lost of what was invoiced', least(greatest(b.short, 0), l.amount), b.booked))
      AS v (name, expected, found)
    WHERE d.id = ANY ($1::uuid[]) AND d.status = 'lost' AND NOT EXISTS (
      SELECT FROM billing.refunds r JOIN billing.payments q ON q.id = r.payment_id
      WHERE (q.order_id = s.id OR q.invoice_id = s.id) AND r.status = 'pending')`),
  // Counted from one, each number once: as many as were given, and the last of them the highest.
  series: differing(`
    SELECT s.series AS id, v.name, v.expected, v.found FROM billing.number_series s
    CROSS JOIN LATERAL (
      SELECT count(*) AS documents, coalesce(max(sequence), 0) AS highest FROM (
        SELECT sequence FROM billing.invoices WHERE series = s.series
        UNION ALL SELECT sequence FROM billing.credit_notes WHERE series = s.series) AS numbers
    ) d
    CROSS JOIN LATERAL (VALUES ('documents', s.next - 1, d.documents), ('highest', s.next - 1, d.highest))
      AS v (name, expected, found)
    WHERE s.series = ANY ($1::text[])`),
};
