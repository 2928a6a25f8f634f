import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How a variant is sold: ahead of its day, so many to each, and from which number on it is called low. */
export class CatalogStockTerms1760000010130 implements MigrationInterface {
  readonly name = 'CatalogStockTerms1760000010130';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.selling_terms (
        variant_id uuid CONSTRAINT selling_terms_pk PRIMARY KEY
          CONSTRAINT selling_terms_variant_fk REFERENCES catalog.variants (id) ON DELETE CASCADE,
        low_stock_at int CONSTRAINT selling_terms_low_check CHECK (low_stock_at >= 0),
        max_per_order int CONSTRAINT selling_terms_order_check CHECK (max_per_order > 0),
        max_per_customer int CONSTRAINT selling_terms_customer_check CHECK (max_per_customer > 0),
        preorder_from timestamptz,
        preorder_limit int CONSTRAINT selling_terms_preorder_limit_check CHECK (preorder_limit > 0),
        version int NOT NULL DEFAULT 1,
        CONSTRAINT selling_terms_preorder_check CHECK ((preorder_from IS NULL) = (preorder_limit IS NULL))
      );

      -- What may be sold ahead until a moment; the limit stays as far as it was used, for what was sold is promised.
      ALTER TABLE catalog.stock
        ADD COLUMN preorder_limit int NOT NULL DEFAULT 0 CONSTRAINT stock_preorder_check CHECK (preorder_limit >= 0),
        ADD COLUMN preorder_until timestamptz,
        DROP CONSTRAINT stock_available_check,
        ADD CONSTRAINT stock_available_check CHECK (on_hand + backorder_limit + preorder_limit >= allocated + reserved);

      CREATE INDEX stock_preorder ON catalog.stock (preorder_until) WHERE preorder_until IS NOT NULL;

      -- The order in which they happened to their row: they are written under its lock, and ids of one statement are not in order.
      ALTER TABLE catalog.stock_movements ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY;
      CREATE INDEX stock_movements_newest ON catalog.stock_movements (stock_id, position DESC);
      DROP INDEX catalog.stock_movements_stock;

      -- Who wants to know when a variant is back. What remains when the letter is asked for tells nobody's address.
      CREATE TABLE catalog.stock_subscriptions (
        id uuid CONSTRAINT stock_subscriptions_pk PRIMARY KEY,
        variant_id uuid NOT NULL CONSTRAINT stock_subscriptions_variant_fk REFERENCES catalog.variants (id) ON DELETE CASCADE,
        state text NOT NULL CONSTRAINT stock_subscriptions_state_check CHECK (state IN ('waiting', 'told')),
        -- Keyed hash of the address: it finds and it says nothing.
        address_hash bytea,
        address bytea,
        customer_id uuid,
        -- Of the link that ends it.
        token_hash bytea CONSTRAINT stock_subscriptions_token_key UNIQUE,
        created_at timestamptz NOT NULL,
        told_at timestamptz,
        CONSTRAINT stock_subscriptions_told_check CHECK ((state = 'told') = (address IS NULL AND address_hash IS NULL AND told_at IS NOT NULL))
      );
      CREATE UNIQUE INDEX stock_subscriptions_waiting_key ON catalog.stock_subscriptions (variant_id, address_hash)
        WHERE state = 'waiting';
      CREATE INDEX stock_subscriptions_address ON catalog.stock_subscriptions (address_hash) WHERE state = 'waiting';
      CREATE INDEX stock_subscriptions_customer ON catalog.stock_subscriptions (customer_id, id) WHERE customer_id IS NOT NULL;
      CREATE TABLE catalog.subscription_quotas (
        bucket bytea CONSTRAINT subscription_quotas_pk PRIMARY KEY,
        used int NOT NULL,
        began_at timestamptz NOT NULL
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.subscription_quotas, catalog.stock_subscriptions, catalog.selling_terms;
      CREATE INDEX stock_movements_stock ON catalog.stock_movements (stock_id, id);
      ALTER TABLE catalog.stock_movements DROP COLUMN position;
      -- What was sold ahead stays sold, as backorders.
      UPDATE catalog.stock SET backorder_limit = backorder_limit + preorder_limit WHERE preorder_limit > 0;
      ALTER TABLE catalog.stock DROP CONSTRAINT stock_available_check, DROP COLUMN preorder_until, DROP COLUMN preorder_limit,
        ADD CONSTRAINT stock_available_check CHECK (on_hand + backorder_limit >= allocated + reserved);
    `);
  }
}
