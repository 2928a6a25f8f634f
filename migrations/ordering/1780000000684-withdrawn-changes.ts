import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was paid for changes that came to nothing and went back again: of the goods of the order nothing was refunded by that. */
export class OrderingWithdrawnChanges1780000000684 implements MigrationInterface {
  readonly name = 'OrderingWithdrawnChanges1780000000684';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.orders
        -- A part of given_back.
        ADD withdrawn bigint NOT NULL DEFAULT 0
          CONSTRAINT orders_withdrawn_check CHECK (withdrawn >= 0 AND withdrawn <= given_back);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE ordering.orders DROP COLUMN withdrawn');
  }
}
