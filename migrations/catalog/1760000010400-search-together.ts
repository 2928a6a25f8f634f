import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Words, categories and facets in one index: what asks for several of them goes through it once, led by the rarest, where
 * indexes of their own each had to list all that they know first. As large and as dear to write as the four together.
 */
export class CatalogSearchTogether1760000010400 implements MigrationInterface {
  readonly name = 'CatalogSearchTogether1760000010400';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX search_documents_together ON catalog.search_documents USING gin (heading, words, categories, facets);
      DROP INDEX catalog.search_documents_heading, catalog.search_documents_words,
        catalog.search_documents_categories, catalog.search_documents_facets;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX search_documents_heading ON catalog.search_documents USING gin (heading);
      CREATE INDEX search_documents_words ON catalog.search_documents USING gin (words);
      CREATE INDEX search_documents_categories ON catalog.search_documents USING gin (categories);
      CREATE INDEX search_documents_facets ON catalog.search_documents USING gin (facets);
      DROP INDEX catalog.search_documents_together;
    `);
  }
}
