import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Kinds of products and what is said of each of them. */
export class CatalogProductTypes1760000010200 implements MigrationInterface {
  readonly name = 'CatalogProductTypes1760000010200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.product_types (
        id uuid CONSTRAINT product_types_pk PRIMARY KEY,
        code text NOT NULL CONSTRAINT product_types_code_key UNIQUE,
        title text NOT NULL,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE catalog.product_type_attributes (
        type_id uuid NOT NULL
          CONSTRAINT product_type_attributes_type_fk REFERENCES catalog.product_types (id) ON DELETE CASCADE,
        code text NOT NULL,
        position int NOT NULL,
        label text NOT NULL,
        kind text NOT NULL CONSTRAINT product_type_attributes_kind_check
          CHECK (kind IN ('text', 'number', 'boolean', 'enum', 'reference')),
        unit text,
        -- [{"value": "red", "label": "Red"}] of an enum.
        options jsonb NOT NULL DEFAULT '[]',
        required boolean NOT NULL,
        facet boolean NOT NULL,
        multiple boolean NOT NULL,
        CONSTRAINT product_type_attributes_pk PRIMARY KEY (type_id, code)
      );
      -- Counts name their attributes by code, whatever the type.
      CREATE INDEX product_type_attributes_code ON catalog.product_type_attributes (code, type_id);

      ALTER TABLE catalog.products ADD product_type text
        CONSTRAINT products_product_type_fk REFERENCES catalog.product_types (code);
      CREATE INDEX products_product_type ON catalog.products (product_type, id) WHERE product_type IS NOT NULL;

      -- Numbers of typed products: filtered by bounds, which a list of values cannot be.
      CREATE TABLE catalog.search_numbers (
        product_id uuid NOT NULL
          CONSTRAINT search_numbers_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        code text NOT NULL,
        value numeric NOT NULL,
        CONSTRAINT search_numbers_pk PRIMARY KEY (product_id, code)
      );
      CREATE INDEX search_numbers_value ON catalog.search_numbers (code, value, product_id);
      INSERT INTO catalog.search_numbers (product_id, code, value)
        SELECT p.id, e.key, e.value::numeric FROM catalog.products p CROSS JOIN LATERAL jsonb_each(p.attributes) e
        WHERE p.status = 'published' AND jsonb_typeof(e.value) = 'number';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.search_numbers;
      ALTER TABLE catalog.products DROP COLUMN product_type;
      DROP TABLE catalog.product_type_attributes, catalog.product_types;
    `);
  }
}
