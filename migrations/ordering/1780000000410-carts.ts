import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a shopper is about to buy. A cart holds no stock. */
export class OrderingCarts1780000000410 implements MigrationInterface {
  readonly name = 'OrderingCarts1780000000410';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ordering.carts (
        id uuid NOT NULL CONSTRAINT carts_pk PRIMARY KEY,
        -- SHA-256 of what the guest holds; the token itself is nowhere.
        token_hash bytea,
        customer_id uuid,
        currency text NOT NULL,
        email text,
        shipping_address jsonb,
        billing_address jsonb,
        shipping_option_id uuid,
        state text NOT NULL DEFAULT 'active' CONSTRAINT carts_state_check CHECK (state IN ('active', 'ordered')),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT carts_owner_check CHECK (token_hash IS NOT NULL OR customer_id IS NOT NULL)
      ) WITH (fillfactor = 85);
      CREATE INDEX carts_customer ON ordering.carts (customer_id) WHERE customer_id IS NOT NULL;

      CREATE TABLE ordering.cart_lines (
        id uuid NOT NULL CONSTRAINT cart_lines_pk PRIMARY KEY,
        cart_id uuid NOT NULL CONSTRAINT cart_lines_cart_fk REFERENCES ordering.carts (id) ON DELETE CASCADE,
        variant_id uuid NOT NULL,
        quantity int NOT NULL,
        -- As it was when it was put in: shown when the variant is no longer sold. Never charged.
        product_id uuid NOT NULL,
        sku text NOT NULL,
        title text NOT NULL,
        unit_amount bigint NOT NULL,
        CONSTRAINT cart_lines_variant_key UNIQUE (cart_id, variant_id),
        CONSTRAINT cart_lines_quantity_check CHECK (quantity BETWEEN 1 AND 999)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.cart_lines;
      DROP TABLE ordering.carts;
    `);
  }
}
