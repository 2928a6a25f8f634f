import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is bought together, how rare what products share is, and what somebody has looked at. */
export class CatalogRecommendations1760000010310 implements MigrationInterface {
  readonly name = 'CatalogRecommendations1760000010310';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Products that were bought, or whose order was canceled, since they were counted. The number moves so that whoever
      -- counts and whoever adds wait for each other.
      CREATE TABLE catalog.pairs_due (
        product_id uuid CONSTRAINT pairs_due_pk PRIMARY KEY,
        asked int NOT NULL DEFAULT 1
      );

      CREATE TABLE catalog.bought_together (
        product_id uuid NOT NULL
          CONSTRAINT bought_together_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        other_id uuid NOT NULL
          CONSTRAINT bought_together_other_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        orders int NOT NULL,
        score real NOT NULL,
        counted_at timestamptz NOT NULL,
        CONSTRAINT bought_together_pk PRIMARY KEY (product_id, other_id)
      );
      CREATE INDEX bought_together_other ON catalog.bought_together (other_id);
      CREATE INDEX bought_together_counted ON catalog.bought_together (counted_at);

      -- How many products have a brand, a category, a value of an attribute: what is rare says more. Counted by a job.
      CREATE TABLE catalog.facet_counts (
        facet_id int CONSTRAINT facet_counts_pk PRIMARY KEY,
        documents int NOT NULL
      );

      -- The last products that a customer has looked at, the newest first: one row, so that no two writers keep too many.
      CREATE TABLE catalog.recently_viewed (
        customer_id uuid CONSTRAINT recently_viewed_pk PRIMARY KEY,
        product_ids uuid[] NOT NULL,
        updated_at timestamptz NOT NULL
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.recently_viewed, catalog.facet_counts, catalog.bought_together, catalog.pairs_due`);
  }
}
