import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Uses that were counted, by their code: so that the count of a code can be checked without looking at all of them. */
export class OrderingCountedCodes1780000000612 implements MigrationInterface {
  readonly name = 'OrderingCountedCodes1780000000612';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX promotion_redemptions_counted ON ordering.promotion_redemptions (code_id)
        WHERE counted AND code_id IS NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ordering.promotion_redemptions_counted');
  }
}
