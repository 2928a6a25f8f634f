import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What reports are read from. Times are kept by the quarter of an hour, so that days of every time zone can be summed. */
export class OrderingReports1780000000600 implements MigrationInterface {
  readonly name = 'OrderingReports1780000000600';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One row. Whoever writes reports locks it, and so there is one writer at a time.
      CREATE TABLE ordering.report_state (
        single boolean NOT NULL DEFAULT true CONSTRAINT report_state_pk PRIMARY KEY CONSTRAINT report_state_check CHECK (single),
        -- What a row of an older generation says was counted has been emptied since.
        generation int NOT NULL,
        -- The last order that the rebuilding has counted; NULL: none is going on.
        rebuild_after uuid,
        -- The last cart that was looked at.
        carts_after timestamptz NOT NULL,
        carts_after_id uuid NOT NULL
      );
      -- Orders that were placed before are counted by the first rebuilding.
      INSERT INTO ordering.report_state (generation, rebuild_after, carts_after, carts_after_id)
      VALUES (1, '00000000-0000-0000-0000-000000000000', '-infinity', '00000000-0000-0000-0000-000000000000');

      -- Orders of which something has become known that is not counted yet.
      CREATE TABLE ordering.report_due (
        order_id uuid NOT NULL CONSTRAINT report_due_pk PRIMARY KEY
      );

      -- What is counted of each order, and what only the moment of its placing knew.
      CREATE TABLE ordering.report_orders (
        order_id uuid NOT NULL CONSTRAINT report_orders_pk PRIMARY KEY,
        generation int NOT NULL,
        currency text NOT NULL,
        placed_at timestamptz NOT NULL,
        -- A hash; of somebody who was erased a random one.
        customer_key bytea NOT NULL,
        -- Ids of categories by product.
        categories jsonb NOT NULL,
        -- Canceled orders make nobody a customer.
        counts boolean NOT NULL,
        total bigint NOT NULL,
        entries jsonb NOT NULL
      );
      CREATE INDEX report_orders_customer ON ordering.report_orders (customer_key);

      CREATE TABLE ordering.report_sales (
        dimension text NOT NULL CONSTRAINT report_sales_dimension_check
          CHECK (dimension IN ('country', 'product', 'category', 'promotion')),
        bucket timestamptz NOT NULL,
        currency text NOT NULL,
        key text NOT NULL,
        orders bigint NOT NULL,
        canceled bigint NOT NULL,
        pieces bigint NOT NULL,
        returned_pieces bigint NOT NULL,
        gross bigint NOT NULL,
        discount bigint NOT NULL,
        shipping bigint NOT NULL,
        tax bigint NOT NULL,
        returned bigint NOT NULL,
        refunded bigint NOT NULL,
        total bigint NOT NULL,
        CONSTRAINT report_sales_pk PRIMARY KEY (dimension, bucket, currency, key)
      ) WITH (fillfactor = 80);

      -- What products, categories and promotions were called last.
      CREATE TABLE ordering.report_labels (
        dimension text NOT NULL,
        key text NOT NULL,
        title text NOT NULL,
        handle text,
        at timestamptz NOT NULL,
        CONSTRAINT report_labels_pk PRIMARY KEY (dimension, key)
      );

      -- Customers by the month of their first order, and what they ordered in each month. Months are those of UTC.
      CREATE TABLE ordering.report_cohorts (
        currency text NOT NULL,
        cohort date NOT NULL,
        month date NOT NULL,
        customers bigint NOT NULL,
        -- Whose second order it was.
        repeaters bigint NOT NULL,
        orders bigint NOT NULL,
        total bigint NOT NULL,
        CONSTRAINT report_cohorts_pk PRIMARY KEY (currency, cohort, month)
      ) WITH (fillfactor = 80);

      -- Money that went back, by its refund.
      CREATE TABLE ordering.report_refunds (
        refund_id uuid NOT NULL CONSTRAINT report_refunds_pk PRIMARY KEY,
        order_id uuid NOT NULL,
        amount bigint NOT NULL,
        at timestamptz NOT NULL,
        failed boolean NOT NULL
      );
      CREATE INDEX report_refunds_order ON ordering.report_refunds (order_id);

      -- Carts that were left behind, each once; and their sums.
      CREATE TABLE ordering.report_left_carts (
        cart_id uuid NOT NULL CONSTRAINT report_left_carts_pk PRIMARY KEY,
        currency text NOT NULL,
        bucket timestamptz NOT NULL,
        ordered boolean NOT NULL DEFAULT false
      );
      CREATE TABLE ordering.report_carts (
        bucket timestamptz NOT NULL,
        currency text NOT NULL,
        abandoned bigint NOT NULL,
        pieces bigint NOT NULL,
        value bigint NOT NULL,
        recovered bigint NOT NULL,
        recovered_total bigint NOT NULL,
        CONSTRAINT report_carts_pk PRIMARY KEY (bucket, currency)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.report_carts, ordering.report_left_carts, ordering.report_refunds, ordering.report_cohorts,
        ordering.report_labels, ordering.report_sales, ordering.report_orders, ordering.report_due, ordering.report_state;
    `);
  }
}
