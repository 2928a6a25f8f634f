import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders: frozen copies of what was bought, three statuses, what was sent, and how it came about. */
export class OrderingOrders1780000000420 implements MigrationInterface {
  readonly name = 'OrderingOrders1780000000420';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SEQUENCE ordering.order_numbers START 1001;

      CREATE TABLE ordering.orders (
        id uuid NOT NULL CONSTRAINT orders_pk PRIMARY KEY,
        number bigint NOT NULL DEFAULT nextval('ordering.order_numbers') CONSTRAINT orders_number_key UNIQUE,
        -- One order per cart, whatever two requests do at once.
        cart_id uuid NOT NULL CONSTRAINT orders_cart_key UNIQUE,
        customer_id uuid,
        access_hash bytea,
        status text NOT NULL,
        payment_status text NOT NULL,
        fulfilment_status text NOT NULL,
        currency text NOT NULL,
        email text NOT NULL,
        shipping_address jsonb NOT NULL,
        billing_address jsonb,
        shipping_option_id uuid NOT NULL,
        shipping_title text NOT NULL,
        shipping_chosen_by text NOT NULL,
        prices_include_tax boolean NOT NULL,
        tax_zone text NOT NULL,
        subtotal bigint NOT NULL,
        discount bigint NOT NULL,
        shipping bigint NOT NULL,
        tax bigint NOT NULL,
        total bigint NOT NULL,
        expires_at timestamptz NOT NULL,
        placed_at timestamptz,
        created_at timestamptz NOT NULL,
        version int NOT NULL DEFAULT 1,
        CONSTRAINT orders_status_check CHECK (status IN ('pending_payment', 'placed', 'completed', 'canceled', 'expired')),
        CONSTRAINT orders_payment_status_check CHECK (payment_status IN ('none', 'authorized', 'partially_paid', 'paid',
          'partially_refunded', 'refunded', 'overcharged', 'voided')),
        CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('unfulfilled', 'partially_fulfilled',
          'fulfilled')),
        CONSTRAINT orders_total_check CHECK (total >= 0
          AND total = subtotal - discount + shipping + CASE WHEN prices_include_tax THEN 0 ELSE tax END)
      ) WITH (fillfactor = 80);
      CREATE INDEX orders_customer ON ordering.orders (customer_id, created_at DESC, id DESC) WHERE customer_id IS NOT NULL;
      CREATE INDEX orders_created ON ordering.orders (created_at DESC, id DESC);
      CREATE INDEX orders_status ON ordering.orders (status, created_at DESC, id DESC);
      CREATE INDEX orders_payment_status ON ordering.orders (payment_status, created_at DESC, id DESC);
      CREATE INDEX orders_fulfilment_status ON ordering.orders (fulfilment_status, created_at DESC, id DESC);
      CREATE INDEX orders_email ON ordering.orders (lower(email), created_at DESC, id DESC);
      CREATE INDEX orders_unpaid ON ordering.orders (expires_at) WHERE status = 'pending_payment';

      CREATE TABLE ordering.order_lines (
        id uuid NOT NULL CONSTRAINT order_lines_pk PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT order_lines_order_fk REFERENCES ordering.orders (id),
        position int NOT NULL,
        variant_id uuid NOT NULL,
        product_id uuid NOT NULL,
        sku text NOT NULL,
        title text NOT NULL,
        variant_title text,
        options jsonb NOT NULL,
        quantity int NOT NULL,
        fulfilled int NOT NULL DEFAULT 0,
        unit_price bigint NOT NULL,
        discount bigint NOT NULL,
        tax bigint NOT NULL,
        total bigint NOT NULL,
        CONSTRAINT order_lines_variant_key UNIQUE (order_id, variant_id),
        CONSTRAINT order_lines_fulfilled_check CHECK (0 <= fulfilled AND fulfilled <= quantity AND quantity > 0)
      );

      -- line_id null: the tax of shipping.
      CREATE TABLE ordering.order_tax_lines (
        order_id uuid NOT NULL CONSTRAINT order_tax_lines_order_fk REFERENCES ordering.orders (id),
        position int NOT NULL,
        line_id uuid,
        tax_class text NOT NULL,
        title text NOT NULL,
        rate_ppm int NOT NULL,
        base bigint NOT NULL,
        amount bigint NOT NULL,
        CONSTRAINT order_tax_lines_pk PRIMARY KEY (order_id, position)
      );

      CREATE TABLE ordering.order_history (
        id uuid NOT NULL CONSTRAINT order_history_pk PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT order_history_order_fk REFERENCES ordering.orders (id),
        at timestamptz NOT NULL,
        event text NOT NULL,
        status text NOT NULL,
        payment_status text NOT NULL,
        fulfilment_status text NOT NULL,
        actor_kind text NOT NULL,
        actor_id text,
        note text
      );
      CREATE INDEX order_history_order ON ordering.order_history (order_id, id);

      CREATE TABLE ordering.fulfilments (
        id uuid NOT NULL CONSTRAINT fulfilments_pk PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT fulfilments_order_fk REFERENCES ordering.orders (id),
        carrier text,
        tracking_number text,
        tracking_url text,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX fulfilments_order ON ordering.fulfilments (order_id, id);
      CREATE TABLE ordering.fulfilment_lines (
        fulfilment_id uuid NOT NULL CONSTRAINT fulfilment_lines_fulfilment_fk REFERENCES ordering.fulfilments (id),
        line_id uuid NOT NULL CONSTRAINT fulfilment_lines_line_fk REFERENCES ordering.order_lines (id),
        quantity int NOT NULL CONSTRAINT fulfilment_lines_quantity_check CHECK (quantity > 0),
        CONSTRAINT fulfilment_lines_pk PRIMARY KEY (fulfilment_id, line_id)
      );
      CREATE INDEX fulfilment_lines_line ON ordering.fulfilment_lines (line_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.fulfilment_lines;
      DROP TABLE ordering.fulfilments;
      DROP TABLE ordering.order_history;
      DROP TABLE ordering.order_tax_lines;
      DROP TABLE ordering.order_lines;
      DROP TABLE ordering.orders;
      DROP SEQUENCE ordering.order_numbers;
    `);
  }
}
