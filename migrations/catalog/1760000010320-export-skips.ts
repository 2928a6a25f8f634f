import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Products that an export leaves out are counted. */
export class CatalogExportSkips1760000010320 implements MigrationInterface {
  readonly name = 'CatalogExportSkips1760000010320';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE catalog.exports ADD skipped int NOT NULL DEFAULT 0');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE catalog.exports DROP COLUMN skipped');
  }
}
