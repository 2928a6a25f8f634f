import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Variants that are no longer sold, and may be again. */
export class CatalogRetiredVariants1760000010040 implements MigrationInterface {
  readonly name = 'CatalogRetiredVariants1760000010040';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE catalog.variants ADD retired boolean NOT NULL DEFAULT false');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE catalog.variants DROP retired');
  }
}
