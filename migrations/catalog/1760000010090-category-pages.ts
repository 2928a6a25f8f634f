import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the page of a category shows, and what search engines are told of it. */
export class CatalogCategoryPages1760000010090 implements MigrationInterface {
  readonly name = 'CatalogCategoryPages1760000010090';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.categories
        ADD description text NOT NULL DEFAULT '',
        ADD media_id uuid CONSTRAINT categories_media_fk REFERENCES catalog.media (id),
        ADD seo_title text,
        ADD seo_description text;
      CREATE INDEX categories_media ON catalog.categories (media_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.categories DROP COLUMN description, DROP COLUMN media_id, DROP COLUMN seo_title,
        DROP COLUMN seo_description;
    `);
  }
}
