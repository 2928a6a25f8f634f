import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is sold, for how much, and how many are left. */
export class Catalog1760000010000 implements MigrationInterface {
  readonly name = 'Catalog1760000010000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE SCHEMA IF NOT EXISTS catalog;
      CREATE FUNCTION catalog.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23514'; END $$;

      CREATE TABLE catalog.products (
        id uuid CONSTRAINT products_pk PRIMARY KEY,
        -- The order of the shop's plain list: a number that is never reused makes a keyset that never skips.
        position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT products_position_key UNIQUE,
        handle text NOT NULL CONSTRAINT products_handle_key UNIQUE,
        external_id text CONSTRAINT products_external_id_key UNIQUE,
        title text NOT NULL,
        description text NOT NULL DEFAULT '',
        brand text,
        status text NOT NULL DEFAULT 'draft' CONSTRAINT products_status_check CHECK (status IN ('draft', 'published', 'archived')),
        options json NOT NULL DEFAULT '[]',
        attributes jsonb NOT NULL DEFAULT '{}',
        media json NOT NULL DEFAULT '[]',
        tax_class text NOT NULL DEFAULT 'standard',
        metadata jsonb NOT NULL DEFAULT '{}',
        version int NOT NULL DEFAULT 1,
        published_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX products_published ON catalog.products (position) WHERE status = 'published';
      CREATE INDEX products_status ON catalog.products (status, id);
      CREATE INDEX products_brand ON catalog.products (brand, id);

      CREATE TABLE catalog.variants (
        id uuid CONSTRAINT variants_pk PRIMARY KEY,
        product_id uuid NOT NULL CONSTRAINT variants_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        position int NOT NULL,
        sku text NOT NULL CONSTRAINT variants_sku_key UNIQUE,
        title text NOT NULL,
        options jsonb NOT NULL DEFAULT '{}',
        barcode text,
        weight_grams int NOT NULL DEFAULT 0 CONSTRAINT variants_weight_check CHECK (weight_grams >= 0),
        -- Present prices by currency, {"EUR": {"amount": 1999, "compareAt": null}}: what a page reads. Written in the
        -- transaction that appends to catalog.prices, which is the truth.
        prices jsonb NOT NULL DEFAULT '{}',
        version int NOT NULL DEFAULT 1
      );
      CREATE INDEX variants_product ON catalog.variants (product_id, position, id);

      -- Which price, since when, by whom: the price ledger. The newest row of a variant and currency is its price.
      CREATE TABLE catalog.prices (
        id uuid CONSTRAINT prices_pk PRIMARY KEY,
        variant_id uuid NOT NULL CONSTRAINT prices_variant_fk REFERENCES catalog.variants (id),
        currency char(3) NOT NULL,
        amount bigint NOT NULL CONSTRAINT prices_amount_check CHECK (amount >= 0),
        compare_at bigint CONSTRAINT prices_compare_at_check CHECK (compare_at > amount),
        valid_from timestamptz NOT NULL,
        set_by text NOT NULL
      );
      CREATE INDEX prices_history ON catalog.prices (variant_id, currency, id DESC);
      CREATE TRIGGER prices_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON catalog.prices
        FOR EACH STATEMENT EXECUTE FUNCTION catalog.refuse_change();

      CREATE TABLE catalog.categories (
        id uuid CONSTRAINT categories_pk PRIMARY KEY,
        handle text NOT NULL CONSTRAINT categories_handle_key UNIQUE,
        title text NOT NULL,
        parent_id uuid CONSTRAINT categories_parent_fk REFERENCES catalog.categories (id),
        -- Every ancestor from the root, itself last: a subtree is one look into an index.
        path uuid[] NOT NULL,
        position int NOT NULL DEFAULT 0,
        version int NOT NULL DEFAULT 1,
        CONSTRAINT categories_parent_check CHECK (parent_id <> id)
      );
      CREATE INDEX categories_path ON catalog.categories USING gin (path);
      CREATE INDEX categories_children ON catalog.categories (parent_id);
      CREATE TABLE catalog.product_categories (
        product_id uuid NOT NULL CONSTRAINT product_categories_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        category_id uuid NOT NULL CONSTRAINT product_categories_category_fk REFERENCES catalog.categories (id),
        position int NOT NULL DEFAULT 0,
        CONSTRAINT product_categories_pk PRIMARY KEY (product_id, category_id)
      );
      CREATE INDEX product_categories_category ON catalog.product_categories (category_id, product_id);

      CREATE TABLE catalog.locations (
        id uuid CONSTRAINT locations_pk PRIMARY KEY,
        code text NOT NULL CONSTRAINT locations_code_key UNIQUE,
        name text NOT NULL,
        -- The lowest is asked first.
        priority int NOT NULL DEFAULT 100,
        version int NOT NULL DEFAULT 1
      );
      INSERT INTO catalog.locations (id, code, name, priority)
        VALUES ('00000000-0000-7000-8000-000000000001', 'main', 'Main warehouse', 0);

      -- available = on_hand - allocated - reserved (+ backorder_limit for whoever buys).
      CREATE TABLE catalog.stock (
        id uuid CONSTRAINT stock_pk PRIMARY KEY,
        variant_id uuid NOT NULL CONSTRAINT stock_variant_fk REFERENCES catalog.variants (id),
        location_id uuid NOT NULL CONSTRAINT stock_location_fk REFERENCES catalog.locations (id),
        on_hand int NOT NULL DEFAULT 0,
        allocated int NOT NULL DEFAULT 0,
        reserved int NOT NULL DEFAULT 0,
        backorder_limit int NOT NULL DEFAULT 0,
        CONSTRAINT stock_variant_location_key UNIQUE (variant_id, location_id),
        CONSTRAINT stock_counters_check CHECK (on_hand >= 0 AND allocated >= 0 AND reserved >= 0 AND backorder_limit >= 0),
        CONSTRAINT stock_available_check CHECK (on_hand + backorder_limit >= allocated + reserved)
      ) WITH (fillfactor = 80);

      -- A hold that ends by itself. It counts as free from its expiry on, whoever notices first.
      CREATE TABLE catalog.reservations (
        id uuid CONSTRAINT reservations_pk PRIMARY KEY,
        reference uuid NOT NULL,
        stock_id uuid NOT NULL CONSTRAINT reservations_stock_fk REFERENCES catalog.stock (id),
        quantity int NOT NULL CONSTRAINT reservations_quantity_check CHECK (quantity > 0),
        shipped int NOT NULL DEFAULT 0,
        state text NOT NULL CONSTRAINT reservations_state_check CHECK (state IN ('held', 'allocated', 'released', 'expired')),
        expires_at timestamptz NOT NULL,
        CONSTRAINT reservations_shipped_check CHECK (shipped BETWEEN 0 AND quantity)
      );
      CREATE INDEX reservations_reference ON catalog.reservations (reference);
      CREATE UNIQUE INDEX reservations_live_key ON catalog.reservations (reference, stock_id) WHERE state IN ('held', 'allocated');
      CREATE INDEX reservations_expiry ON catalog.reservations (expires_at) WHERE state = 'held';
      CREATE INDEX reservations_held ON catalog.reservations (stock_id) WHERE state = 'held';

      -- The only writer of on_hand and allocated: whoever adds them up gets the counters.
      CREATE TABLE catalog.stock_movements (
        id uuid CONSTRAINT stock_movements_pk PRIMARY KEY,
        stock_id uuid NOT NULL CONSTRAINT stock_movements_stock_fk REFERENCES catalog.stock (id),
        kind text NOT NULL CONSTRAINT stock_movements_kind_check
          CHECK (kind IN ('received', 'allocated', 'released', 'shipped', 'adjusted', 'returned')),
        quantity int NOT NULL,
        reference uuid,
        reason text,
        actor text,
        at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT stock_movements_quantity_check CHECK (quantity > 0 OR (kind = 'adjusted' AND quantity <> 0)),
        CONSTRAINT stock_movements_reason_check CHECK (kind <> 'adjusted' OR reason IS NOT NULL)
      );
      CREATE INDEX stock_movements_stock ON catalog.stock_movements (stock_id, id);
      CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON catalog.stock_movements
        FOR EACH STATEMENT EXECUTE FUNCTION catalog.refuse_change();
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP SCHEMA catalog CASCADE');
  }
}
