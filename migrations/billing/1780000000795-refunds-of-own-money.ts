import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Refunds are paid out of what the customer has, and only what a credit note takes back, or somebody gave away, is income that went
 * back. Books from before say `contra:refunds` for all that no credit note accounts for; they get lines that put it right.
 */
export class BillingRefundsOfOwnMoney1780000000795 implements MigrationInterface {
  readonly name = 'BillingRefundsOfOwnMoney1780000000795';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      moving(
        `SELECT order_id, payment_id, currency, sum(amount) AS amount FROM (
           SELECT order_id, CASE WHEN order_id IS NULL THEN payment_id END AS payment_id, currency, amount
           FROM billing.refunds WHERE status <> 'failed'
           UNION ALL SELECT order_id, NULL, currency, -refunded FROM billing.credit_notes
         ) AS gone GROUP BY 1, 2, 3`,
        { debit: 'liab:unapplied', credit: 'contra:refunds' },
        ['credit_note_refunded', 'credit_note_kept', 'credit_note_match'],
      ),
    );
    // What an invoice had taken, and no document is to say that it went back.
    await runner.query(
      moving(
        `SELECT g.order_id, g.payment_id, g.currency, least(greatest(b.short, 0), g.given) AS amount FROM (
           SELECT r.order_id, CASE WHEN r.order_id IS NULL THEN r.payment_id END AS payment_id, r.currency, sum(r.amount) AS given
           FROM billing.refunds r
           WHERE r.status <> 'failed' AND r.charge_id IS NULL AND (r.order_id IS NULL OR r.credit_note = 'none') GROUP BY 1, 2, 3
         ) g
         CROSS JOIN LATERAL (
           SELECT coalesce(sum(e.amount), 0) AS short
           FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
           WHERE (t.order_id = g.order_id OR t.payment_id = g.payment_id) AND e.account = 'liab:unapplied'
             AND e.currency = g.currency
         ) b`,
        { debit: 'contra:refunds', credit: 'liab:unapplied' },
        ['refund_given_away', 'refund_accounted_for', 'refund_document'],
      ),
    );
  }

  /** Lines of the books stay. */
  async down(): Promise<void> {}
}

const moving = (
  amounts: string,
  { debit, credit }: { debit: string; credit: string },
  [above, below, source]: [string, string, string],
): string => `
  WITH moved AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, a.* FROM (${amounts}) AS a WHERE a.amount <> 0
  ), posted AS (
    INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, payment_id, order_id, effective_at)
    SELECT id, CASE WHEN amount > 0 THEN '${above}' ELSE '${below}' END, '${source}', id, payment_id, order_id, now() FROM moved
  )
  INSERT INTO billing.ledger_entries (transaction_id, position, account, currency, amount)
  SELECT id, 1, '${debit}', currency, amount FROM moved
  UNION ALL SELECT id, 2, '${credit}', currency, -amount FROM moved`;
