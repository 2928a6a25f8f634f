import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lies at a location, counted by hand. */
export class CatalogStocktakes1760000010140 implements MigrationInterface {
  readonly name = 'CatalogStocktakes1760000010140';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.stocktakes (
        id uuid CONSTRAINT stocktakes_pk PRIMARY KEY,
        location_id uuid NOT NULL CONSTRAINT stocktakes_location_fk REFERENCES catalog.locations (id),
        note text,
        -- Only products of this brand, of this category and those below it; NULL: all.
        brand text,
        category_id uuid CONSTRAINT stocktakes_category_fk REFERENCES catalog.categories (id) ON DELETE SET NULL,
        state text NOT NULL DEFAULT 'open' CONSTRAINT stocktakes_state_check
          CHECK (state IN ('open', 'applying', 'confirmed', 'canceled')),
        -- Why the last confirmation came to nothing.
        failure text,
        started_by text NOT NULL,
        created_at timestamptz NOT NULL,
        confirmed_by text,
        confirmed_at timestamptz,
        version int NOT NULL DEFAULT 1
      );
      CREATE INDEX stocktakes_state ON catalog.stocktakes (state, id);
      CREATE INDEX stocktakes_category ON catalog.stocktakes (category_id) WHERE category_id IS NOT NULL;
      CREATE TABLE catalog.stocktake_counts (
        stocktake_id uuid NOT NULL CONSTRAINT stocktake_counts_stocktake_fk REFERENCES catalog.stocktakes (id) ON DELETE CASCADE,
        variant_id uuid NOT NULL CONSTRAINT stocktake_counts_variant_fk REFERENCES catalog.variants (id) ON DELETE CASCADE,
        counted int NOT NULL CONSTRAINT stocktake_counts_counted_check CHECK (counted >= 0),
        -- On hand at the instant of the count: what is sold afterwards changes neither.
        expected int NOT NULL,
        counted_by text NOT NULL,
        counted_at timestamptz NOT NULL,
        CONSTRAINT stocktake_counts_pk PRIMARY KEY (stocktake_id, variant_id)
      );
      CREATE INDEX stocktake_counts_variant ON catalog.stocktake_counts (variant_id);
      CREATE INDEX variants_barcode ON catalog.variants (barcode) WHERE barcode IS NOT NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'DROP INDEX catalog.variants_barcode; DROP TABLE catalog.stocktake_counts, catalog.stocktakes',
    );
  }
}
