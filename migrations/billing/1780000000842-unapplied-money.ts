import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Money that no invoice has taken is found by an index, however many payments there are. */
export class BillingUnappliedMoney1780000000842 implements MigrationInterface {
  readonly name = 'BillingUnappliedMoney1780000000842';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The sum of the settlements that it is the source of, written with them.
      ALTER TABLE billing.payments ADD COLUMN settled bigint NOT NULL DEFAULT 0;
      UPDATE billing.payments p SET settled = s.amount
        FROM (SELECT source_id, sum(amount) AS amount FROM billing.invoice_settlements WHERE kind = 'payment' GROUP BY 1) s
        WHERE s.source_id = p.id;
      CREATE INDEX payments_unapplied ON billing.payments (created_at)
        WHERE captured > refund_reserved + settled + dispute_lost AND status NOT IN ('canceled', 'requires_review');
      CREATE INDEX credit_notes_kept ON billing.credit_notes (created_at) WHERE kept > used;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.credit_notes_kept;
      DROP INDEX billing.payments_unapplied;
      ALTER TABLE billing.payments DROP COLUMN settled;
    `);
  }
}
