import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders of guests, by the address that a customer may verify later. */
export class OrderingGuestOrders1780000000440 implements MigrationInterface {
  readonly name = 'OrderingGuestOrders1780000000440';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'CREATE INDEX orders_of_guests ON ordering.orders (lower(email), id) WHERE customer_id IS NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ordering.orders_of_guests');
  }
}
