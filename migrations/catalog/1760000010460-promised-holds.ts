import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is promised and has not left, by where it lies: so that the counters can be checked against it. */
export class CatalogPromisedHolds1760000010460 implements MigrationInterface {
  readonly name = 'CatalogPromisedHolds1760000010460';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX reservations_promised ON catalog.reservations (stock_id) WHERE state = 'allocated' AND shipped < quantity`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX catalog.reservations_promised');
  }
}
