import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether the catalog was told of a promotion; a job tells it of those that were there before it could hear. */
export class OrderingToldPromotions1780000000620 implements MigrationInterface {
  readonly name = 'OrderingToldPromotions1780000000620';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE ordering.promotions ADD COLUMN told boolean NOT NULL DEFAULT true;
      UPDATE ordering.promotions SET told = false
        WHERE promotion_group = 'product' AND trigger = 'automatic' AND status = 'active';
      CREATE INDEX promotions_untold ON ordering.promotions (id) WHERE NOT told;
      ALTER TABLE ordering.promotion_groups ADD COLUMN told boolean NOT NULL DEFAULT true;
      UPDATE ordering.promotion_groups SET told = false WHERE promotion_group = 'product' AND mode <> 'stack'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE ordering.promotion_groups DROP COLUMN told;
      DROP INDEX ordering.promotions_untold;
      ALTER TABLE ordering.promotions DROP COLUMN told`);
  }
}
