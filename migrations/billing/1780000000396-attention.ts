import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Calls to a gateway of which nobody knows what became are asked about for ever, and wait for a person after a while. Money of
 * another currency stands beside its payment, so that it can go back. A payment is looked at by its payer now and then.
 */
export class BillingAttention1780000000396 implements MigrationInterface {
  readonly name = 'BillingAttention1780000000396';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.operations ADD COLUMN attention_since timestamptz;
      CREATE INDEX operations_attention ON billing.operations (payment_id) WHERE attention_since IS NOT NULL;
      UPDATE billing.operations SET attention_since = updated_at, next_check_at = now()
      WHERE next_check_at IS NULL
        AND (status IN ('created', 'pending', 'unknown') OR (status = 'errored' AND kind <> 'authorize'));

      ALTER TABLE billing.payments ADD COLUMN looked_at timestamptz;
      INSERT INTO billing.late_charges (id, payment_id, gateway_ref, captured, currency, refund_reserved, created_at)
      SELECT p.operation_id, p.id, p.gateway_ref, e.amount, e.currency, 0, t.effective_at
      FROM billing.payments p
      JOIN billing.ledger_transactions t ON t.source_id = p.operation_id AND t.kind = 'payment_captured'
      JOIN billing.ledger_entries e ON e.transaction_id = t.id AND e.amount > 0
      WHERE p.status = 'requires_review' AND p.review_reason = 'currency_mismatch' AND p.gateway_ref IS NOT NULL
      ON CONFLICT DO NOTHING;

      ALTER TABLE billing.gateway_events ADD COLUMN dismissal text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.gateway_events DROP COLUMN dismissal;
      -- Before, nothing was known of it beside its posting.
      DELETE FROM billing.late_charges l USING billing.payments p
      WHERE p.id = l.payment_id AND l.id = p.operation_id AND p.status = 'requires_review' AND l.refund_reserved = 0;
      ALTER TABLE billing.payments DROP COLUMN looked_at;
      DROP INDEX billing.operations_attention;
      ALTER TABLE billing.operations DROP COLUMN attention_since;
    `);
  }
}
