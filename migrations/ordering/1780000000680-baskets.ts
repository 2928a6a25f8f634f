import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What subscriptions to goods send each period, and the order that each period became. */
export class OrderingBaskets1780000000680 implements MigrationInterface {
  readonly name = 'OrderingBaskets1780000000680';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ordering.subscription_baskets (
        subscription_id uuid CONSTRAINT subscription_baskets_pk PRIMARY KEY,
        customer_id uuid NOT NULL,
        shipping_address jsonb NOT NULL,
        billing_address jsonb,
        shipping_option_id uuid,
        -- Variants with their quantities, for one unit of the subscription; prices are those of the day.
        lines jsonb NOT NULL,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
      CREATE INDEX subscription_baskets_customer ON ordering.subscription_baskets (customer_id, subscription_id);

      -- What whoever subscribes to a plan saves.
      CREATE TABLE ordering.basket_discounts (
        plan_id uuid CONSTRAINT basket_discounts_pk PRIMARY KEY,
        percent_off int NOT NULL CONSTRAINT basket_discounts_percent_check CHECK (percent_off BETWEEN 0 AND 90),
        version int NOT NULL DEFAULT 1,
        updated_at timestamptz NOT NULL
      );

      -- One row for each period, whoever was first: that is what makes one order of it.
      CREATE TABLE ordering.subscription_orders (
        -- Stands for the cart of the order.
        id uuid CONSTRAINT subscription_orders_pk PRIMARY KEY,
        subscription_id uuid NOT NULL,
        schedule_no int NOT NULL,
        period_index int NOT NULL,
        period_start date NOT NULL,
        state text NOT NULL CONSTRAINT subscription_orders_state_check CHECK (state IN ('due', 'ordered', 'missed')),
        order_id uuid CONSTRAINT subscription_orders_order_fk REFERENCES ordering.orders (id),
        -- What the gateway is asked; NULL: nothing, or the buyer pays by a link.
        operation_id uuid,
        -- Why there is no order.
        code text,
        created_at timestamptz NOT NULL,
        CONSTRAINT subscription_orders_period_key UNIQUE (subscription_id, schedule_no, period_index),
        CONSTRAINT subscription_orders_order_check CHECK ((state = 'ordered') = (order_id IS NOT NULL))
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.subscription_orders;
      DROP TABLE ordering.basket_discounts;
      DROP TABLE ordering.subscription_baskets;
    `);
  }
}
