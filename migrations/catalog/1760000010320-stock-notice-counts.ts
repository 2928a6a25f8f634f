import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who was told is counted too: the counts of a variant are found by it, and so is what goes with a variant. */
export class CatalogStockNoticeCounts1760000010320 implements MigrationInterface {
  readonly name = 'CatalogStockNoticeCounts1760000010320';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'CREATE INDEX stock_subscriptions_variant ON catalog.stock_subscriptions (variant_id)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX catalog.stock_subscriptions_variant');
  }
}
