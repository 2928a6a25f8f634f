import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The page of a brand in the orders that are walked: by title alone it would go through the whole shop for its few. */
export class CatalogBrandOrders1760000010210 implements MigrationInterface {
  readonly name = 'CatalogBrandOrders1760000010210';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX search_documents_brand_title ON catalog.search_documents (brand_key, title_key, product_id);
      CREATE INDEX search_documents_brand_created ON catalog.search_documents (brand_key, created_at, product_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'DROP INDEX catalog.search_documents_brand_title; DROP INDEX catalog.search_documents_brand_created',
    );
  }
}
