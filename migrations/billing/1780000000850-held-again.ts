import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A credit note of a line below zero holds again what that line had given back. */
export class BillingHeldAgain1780000000850 implements MigrationInterface {
  readonly name = 'BillingHeldAgain1780000000850';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.revenue_releases DROP CONSTRAINT revenue_releases_amount_check;
      -- Below zero: a credit note has charged it again.
      ALTER TABLE billing.revenue_releases ADD CONSTRAINT revenue_releases_amount_check
        CHECK (amount > 0 OR (amount < 0 AND source_type = 'credit_note'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.revenue_releases DROP CONSTRAINT revenue_releases_amount_check;
      ALTER TABLE billing.revenue_releases ADD CONSTRAINT revenue_releases_amount_check CHECK (amount > 0) NOT VALID;
    `);
  }
}
