import type { MigrationInterface, QueryRunner } from 'typeorm';

/** That a provider of taxes has said nothing is kept, too, for a moment: everybody is shown the same. */
export class OrderingSilentProviders1780000000650 implements MigrationInterface {
  readonly name = 'OrderingSilentProviders1780000000650';

  async up(runner: QueryRunner): Promise<void> {
    // NULL: no answer came that could be read.
    await runner.query('ALTER TABLE ordering.tax_quotes ALTER taxes DROP NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM ordering.tax_quotes WHERE taxes IS NULL;
      ALTER TABLE ordering.tax_quotes ALTER taxes SET NOT NULL;
    `);
  }
}
