import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What credit notes keep for the buyer is given back by the refund that is accepted first, and by no later invoice as well. */
export class BillingCoveredRefunds1780000000905 implements MigrationInterface {
  readonly name = 'BillingCoveredRefunds1780000000905';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- So much of a refund by hand is covered by credit notes that were there before it.
      ALTER TABLE billing.refunds ADD COLUMN covered bigint NOT NULL DEFAULT 0
        CONSTRAINT refunds_covered_check CHECK (covered BETWEEN 0 AND amount);
      UPDATE billing.refunds SET covered = amount WHERE credit_note = 'existing';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.refunds DROP COLUMN covered;`);
  }
}
