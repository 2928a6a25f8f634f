import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The next collection that is due is the first of an index, however many are. */
export class BillingDueCollections1780000000852 implements MigrationInterface {
  readonly name = 'BillingDueCollections1780000000852';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX collections_due ON billing.collections (least(step_at, extra_at), invoice_id)
        WHERE least(step_at, extra_at) IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX billing.collections_due;`);
  }
}
