import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Words that go into the parcel with what is a present. */
export class OrderingGiftMessages1780000000625 implements MigrationInterface {
  readonly name = 'OrderingGiftMessages1780000000625';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.carts ADD COLUMN gift_message text;
      ALTER TABLE ordering.orders ADD COLUMN gift_message text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.orders DROP COLUMN gift_message;
      ALTER TABLE ordering.carts DROP COLUMN gift_message;
    `);
  }
}
