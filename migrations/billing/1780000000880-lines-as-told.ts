import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A line that a gateway tells in parts of a minor unit is kept as it was told, and is for a person. */
export class BillingLinesAsTold1780000000880 implements MigrationInterface {
  readonly name = 'BillingLinesAsTold1780000000880';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- NULL: amount and fee are exact.
      ALTER TABLE billing.settlement_lines ADD COLUMN told text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE billing.settlement_lines DROP COLUMN told');
  }
}
