import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lines that are for different people or made differently are different lines. A customer has one active cart in a
 * currency; what lay in the older ones of several is kept for later.
 */
export class OrderingCartLives1780000000540 implements MigrationInterface {
  readonly name = 'OrderingCartLives1780000000540';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.carts DROP CONSTRAINT carts_state_check;
      ALTER TABLE ordering.carts
        ADD CONSTRAINT carts_state_check CHECK (state IN ('active', 'ordered', 'merged')),
        -- Where the lines of a merged cart are now, and what did not fit there.
        ADD merged_into uuid,
        ADD left_out jsonb;

      ALTER TABLE ordering.cart_lines DROP CONSTRAINT cart_lines_variant_key;
      ALTER TABLE ordering.cart_lines
        ADD properties jsonb,
        -- What tells lines of one variant apart.
        ADD particulars text NOT NULL GENERATED ALWAYS AS (${PARTICULARS}) STORED;
      ALTER TABLE ordering.cart_lines
        ADD CONSTRAINT cart_lines_variant_key UNIQUE (cart_id, variant_id, particulars);
      -- Changes of orders take it away too, and put it back when they are taken back.
      ALTER TABLE ordering.order_lines DROP CONSTRAINT IF EXISTS order_lines_variant_key;
      ALTER TABLE ordering.order_lines ADD properties jsonb;

      -- Put aside by a customer, or by a guest beside the cart. Holds nothing.
      CREATE TABLE ordering.saved_lines (
        id uuid NOT NULL CONSTRAINT saved_lines_pk PRIMARY KEY,
        customer_id uuid,
        cart_id uuid CONSTRAINT saved_lines_cart_fk REFERENCES ordering.carts (id) ON DELETE CASCADE,
        variant_id uuid NOT NULL,
        quantity int NOT NULL CONSTRAINT saved_lines_quantity_check CHECK (quantity BETWEEN 1 AND 999),
        product_id uuid NOT NULL,
        sku text NOT NULL,
        title text NOT NULL,
        gift_card jsonb,
        properties jsonb,
        particulars text NOT NULL GENERATED ALWAYS AS (${PARTICULARS}) STORED,
        saved_at timestamptz NOT NULL,
        CONSTRAINT saved_lines_owner_check CHECK ((customer_id IS NULL) <> (cart_id IS NULL))
      );
      CREATE UNIQUE INDEX saved_lines_of_owner ON ordering.saved_lines
        (coalesce(customer_id, cart_id), variant_id, particulars);
      CREATE INDEX saved_lines_cart ON ordering.saved_lines (cart_id) WHERE cart_id IS NOT NULL;

      UPDATE ordering.carts c SET state = 'merged', merged_into = newest, version = version + 1
        FROM (SELECT id, first_value(id) OVER (PARTITION BY customer_id, currency ORDER BY updated_at DESC, id DESC) AS newest
          FROM ordering.carts WHERE customer_id IS NOT NULL AND state = 'active') o
        WHERE c.id = o.id AND o.id <> o.newest;
      INSERT INTO ordering.saved_lines (id, customer_id, variant_id, quantity, product_id, sku, title, gift_card, saved_at)
        SELECT l.id, c.customer_id, l.variant_id, l.quantity, l.product_id, l.sku, l.title, l.gift_card, now()
        FROM ordering.carts c JOIN ordering.cart_lines l ON l.cart_id = c.id WHERE c.state = 'merged'
        ON CONFLICT DO NOTHING;
      DELETE FROM ordering.cart_lines l USING ordering.carts c WHERE l.cart_id = c.id AND c.state = 'merged';
      CREATE UNIQUE INDEX carts_one_active ON ordering.carts (customer_id, currency)
        WHERE state = 'active' AND customer_id IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX ordering.carts_one_active;
      DROP TABLE ordering.saved_lines;
      ALTER TABLE ordering.order_lines DROP COLUMN properties;
      DELETE FROM ordering.cart_lines l USING ordering.cart_lines other
        WHERE other.cart_id = l.cart_id AND other.variant_id = l.variant_id AND other.id < l.id;
      ALTER TABLE ordering.cart_lines DROP CONSTRAINT cart_lines_variant_key;
      ALTER TABLE ordering.cart_lines DROP COLUMN particulars, DROP COLUMN properties,
        ADD CONSTRAINT cart_lines_variant_key UNIQUE (cart_id, variant_id);
      DELETE FROM ordering.carts WHERE state = 'merged';
      ALTER TABLE ordering.carts DROP CONSTRAINT carts_state_check;
      ALTER TABLE ordering.carts DROP COLUMN merged_into, DROP COLUMN left_out,
        ADD CONSTRAINT carts_state_check CHECK (state IN ('active', 'ordered'));
    `);
  }
}

const PARTICULARS = `CASE WHEN gift_card IS NULL AND properties IS NULL THEN ''
          ELSE md5(coalesce(gift_card::text, '') || '|' || coalesce(properties::text, '')) END`;
