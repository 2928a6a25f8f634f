import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Codes that carts name, what promotions took off orders, and what the prices of orders were calculated from. */
export class OrderingPromotionResults1780000000500 implements MigrationInterface {
  readonly name = 'OrderingPromotionResults1780000000500';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.carts ADD promotion_codes text[] NOT NULL DEFAULT '{}';

      -- Frozen when the order was written. line_id null: off the shipping.
      CREATE TABLE ordering.order_discounts (
        order_id uuid NOT NULL CONSTRAINT order_discounts_order_fk REFERENCES ordering.orders (id),
        position int NOT NULL,
        line_id uuid CONSTRAINT order_discounts_line_fk REFERENCES ordering.order_lines (id),
        promotion_id uuid NOT NULL,
        code text,
        title text NOT NULL,
        promotion_group text NOT NULL CONSTRAINT order_discounts_group_check
          CHECK (promotion_group IN ('product', 'order', 'shipping')),
        amount bigint NOT NULL CONSTRAINT order_discounts_amount_check CHECK (amount > 0),
        CONSTRAINT order_discounts_pk PRIMARY KEY (order_id, position)
      );
      -- The promotion that gives a line; NULL: it was bought.
      ALTER TABLE ordering.order_lines ADD given_by uuid;
      CREATE INDEX order_discounts_promotion ON ordering.order_discounts (promotion_id, order_id);
      CREATE INDEX order_discounts_line ON ordering.order_discounts (line_id) WHERE line_id IS NOT NULL;

      -- All inputs, so that the same cents can be calculated again; NULL of orders that were written before.
      ALTER TABLE ordering.orders ADD calculation jsonb;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.orders DROP COLUMN calculation;
      ALTER TABLE ordering.order_lines DROP COLUMN given_by;
      DROP TABLE ordering.order_discounts;
      ALTER TABLE ordering.carts DROP COLUMN promotion_codes;
    `);
  }
}
