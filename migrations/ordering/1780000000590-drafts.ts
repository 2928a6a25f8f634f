import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders that staff write for somebody, and links by which what is due of an order is paid. */
export class OrderingDrafts1780000000590 implements MigrationInterface {
  readonly name = 'OrderingDrafts1780000000590';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The order that a draft becomes has the draft in place of a cart: one order per draft, whatever happens at once.
      CREATE TABLE ordering.draft_orders (
        id uuid NOT NULL CONSTRAINT draft_orders_pk PRIMARY KEY,
        state text NOT NULL DEFAULT 'open' CONSTRAINT draft_orders_state_check CHECK (state IN ('open', 'placed')),
        customer_id uuid,
        email text NOT NULL,
        currency text NOT NULL,
        shipping_address jsonb,
        billing_address jsonb,
        shipping_option_id uuid,
        promotion_codes text[] NOT NULL DEFAULT '{}',
        note text,
        -- Variants with their quantities and, where staff have set one, a price and why.
        lines jsonb NOT NULL,
        order_id uuid CONSTRAINT draft_orders_order_fk REFERENCES ordering.orders (id),
        created_by text,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        version int NOT NULL DEFAULT 1,
        CONSTRAINT draft_orders_order_check CHECK ((state = 'placed') = (order_id IS NOT NULL))
      );
      CREATE INDEX draft_orders_state ON ordering.draft_orders (state, id DESC);
      CREATE INDEX draft_orders_customer ON ordering.draft_orders (customer_id, id DESC) WHERE customer_id IS NOT NULL;
      CREATE INDEX draft_orders_email ON ordering.draft_orders (lower(email), id DESC);

      -- The newest link of an order is the one that holds.
      CREATE TABLE ordering.payment_links (
        id uuid NOT NULL CONSTRAINT payment_links_pk PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT payment_links_order_fk REFERENCES ordering.orders (id),
        -- SHA-256 of what the link holds; the token itself is nowhere.
        token_hash bytea NOT NULL CONSTRAINT payment_links_token_key UNIQUE,
        expires_at timestamptz NOT NULL,
        created_by text,
        created_at timestamptz NOT NULL,
        CONSTRAINT payment_links_expires_check CHECK (expires_at > created_at)
      );
      CREATE INDEX payment_links_order ON ordering.payment_links (order_id, id DESC);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ordering.payment_links, ordering.draft_orders');
  }
}
