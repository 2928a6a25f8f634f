import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a line is taken from, frozen with it: a bundle may be made of other things by the time it is packed. */
export class OrderingLineContents1780000000460 implements MigrationInterface {
  readonly name = 'OrderingLineContents1780000000460';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.order_lines ADD stock_tracked boolean NOT NULL DEFAULT true,
        -- Of a bundle: [{"variantId", "sku", "title", "quantity", "stockTracked"}]; NULL for what is its own.
        ADD components jsonb;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE ordering.order_lines DROP COLUMN stock_tracked, DROP COLUMN components');
  }
}
