import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The products of a category, and of all below it, in the order of the shop: its page takes the first without looking on. */
export class CatalogCategoryPlaces1760000010410 implements MigrationInterface {
  readonly name = 'CatalogCategoryPlaces1760000010410';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.search_places (
        category_id uuid NOT NULL,
        position bigint NOT NULL,
        product_id uuid NOT NULL
          CONSTRAINT search_places_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        CONSTRAINT search_places_pk PRIMARY KEY (category_id, position, product_id)
      );
      INSERT INTO catalog.search_places (category_id, position, product_id)
        SELECT unnest(categories), position, product_id FROM catalog.search_documents;
      CREATE INDEX search_places_product ON catalog.search_places (product_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE catalog.search_places');
  }
}
