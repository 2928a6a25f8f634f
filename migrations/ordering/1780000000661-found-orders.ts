import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders are found by what was bought, and by tags in whatever case. */
export class OrderingFoundOrders1780000000661 implements MigrationInterface {
  readonly name = 'OrderingFoundOrders1780000000661';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX order_lines_sku ON ordering.order_lines (lower(sku));
      UPDATE ordering.orders SET tags = ARRAY(SELECT DISTINCT lower(t) FROM unnest(tags) AS t ORDER BY 1)
      WHERE tags <> '{}';
    `);
  }

  /** Nobody knows any more how tags were written. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ordering.order_lines_sku');
  }
}
