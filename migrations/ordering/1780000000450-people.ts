import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Carts of guests by their address, for whoever asks what is kept about them. */
export class OrderingPeople1780000000450 implements MigrationInterface {
  readonly name = 'OrderingPeople1780000000450';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'CREATE INDEX carts_of_guests ON ordering.carts (lower(email), id) WHERE customer_id IS NULL AND email IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ordering.carts_of_guests');
  }
}
