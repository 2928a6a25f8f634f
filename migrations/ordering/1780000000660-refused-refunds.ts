import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders of which a refund was refused are few, and somebody looks for them. */
export class OrderingRefusedRefunds1780000000660 implements MigrationInterface {
  readonly name = 'OrderingRefusedRefunds1780000000660';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX order_history_refund_failed ON ordering.order_history (order_id) WHERE event = 'refund_failed'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ordering.order_history_refund_failed');
  }
}
