import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pieces of orders that came to nothing wait for no payment. */
export class OrderingNothingAwaited1780000000626 implements MigrationInterface {
  readonly name = 'OrderingNothingAwaited1780000000626';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE ordering.order_lines l SET awaiting = 0 FROM ordering.orders o
      WHERE o.id = l.order_id AND o.status = 'canceled' AND l.awaiting > 0;
    `);
  }

  /** What they waited for is over. */
  async down(): Promise<void> {}
}
