import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What search engines show of a product, which products go with it, and notes on variants. */
export class CatalogSeoAndRelated1760000010210 implements MigrationInterface {
  readonly name = 'CatalogSeoAndRelated1760000010210';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- {"title": …, "description": …}, either may be missing or null.
      ALTER TABLE catalog.products ADD seo jsonb NOT NULL DEFAULT '{}';
      ALTER TABLE catalog.variants ADD metadata jsonb NOT NULL DEFAULT '{}';
      CREATE TABLE catalog.related_products (
        product_id uuid NOT NULL
          CONSTRAINT related_products_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        related_id uuid NOT NULL
          CONSTRAINT related_products_related_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        position int NOT NULL,
        CONSTRAINT related_products_pk PRIMARY KEY (product_id, related_id),
        CONSTRAINT related_products_check CHECK (product_id <> related_id)
      );
      CREATE INDEX related_products_related ON catalog.related_products (related_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.related_products;
      ALTER TABLE catalog.variants DROP COLUMN metadata;
      ALTER TABLE catalog.products DROP COLUMN seo;
    `);
  }
}
