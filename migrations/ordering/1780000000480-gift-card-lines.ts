import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who gets a gift card: {"recipientEmail", "recipientName", "message", "sendAt"}; NULL: the buyer, or erased. */
export class OrderingGiftCardLines1780000000480 implements MigrationInterface {
  readonly name = 'OrderingGiftCardLines1780000000480';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE ordering.cart_lines ADD gift_card jsonb');
    await runner.query('ALTER TABLE ordering.order_lines ADD gift_card jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE ordering.cart_lines DROP COLUMN gift_card');
    await runner.query('ALTER TABLE ordering.order_lines DROP COLUMN gift_card');
  }
}
