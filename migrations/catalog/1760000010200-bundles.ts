import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Variants that are made of others, and those that nobody counts. */
export class CatalogBundles1760000010200 implements MigrationInterface {
  readonly name = 'CatalogBundles1760000010200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Where its pieces come from: its own rows in catalog.stock, the parts of the bundle that it is, or nowhere.
      ALTER TABLE catalog.variants ADD stock_source text NOT NULL DEFAULT 'own'
        CONSTRAINT variants_stock_source_check CHECK (stock_source IN ('own', 'parts', 'none'));
      -- Every page asks it of every variant: it has few entries, and most variants are not in it.
      CREATE INDEX variants_not_stocked ON catalog.variants (id) WHERE stock_source <> 'own';

      CREATE TABLE catalog.bundle_parts (
        bundle_id uuid NOT NULL CONSTRAINT bundle_parts_bundle_fk REFERENCES catalog.variants (id) ON DELETE CASCADE,
        part_id uuid NOT NULL CONSTRAINT bundle_parts_part_fk REFERENCES catalog.variants (id),
        position int NOT NULL,
        quantity int NOT NULL CONSTRAINT bundle_parts_quantity_check CHECK (quantity BETWEEN 1 AND 999),
        CONSTRAINT bundle_parts_pk PRIMARY KEY (bundle_id, part_id),
        CONSTRAINT bundle_parts_self_check CHECK (bundle_id <> part_id)
      );
      CREATE INDEX bundle_parts_part ON catalog.bundle_parts (part_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.bundle_parts;
      ALTER TABLE catalog.variants DROP COLUMN stock_source;
    `);
  }
}
