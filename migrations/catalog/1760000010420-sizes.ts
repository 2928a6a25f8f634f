import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How large a piece is, packed, and what carriers have to know about it. 0: nobody has measured it. */
export class CatalogSizes1760000010420 implements MigrationInterface {
  readonly name = 'CatalogSizes1760000010420';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE catalog.variants
        ADD COLUMN length_mm int NOT NULL DEFAULT 0 CONSTRAINT variants_length_check CHECK (length_mm >= 0),
        ADD COLUMN width_mm int NOT NULL DEFAULT 0 CONSTRAINT variants_width_check CHECK (width_mm >= 0),
        ADD COLUMN height_mm int NOT NULL DEFAULT 0 CONSTRAINT variants_height_check CHECK (height_mm >= 0),
        ADD COLUMN shipping_class text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE catalog.variants DROP COLUMN shipping_class, DROP COLUMN height_mm, DROP COLUMN width_mm,
        DROP COLUMN length_mm;
    `);
  }
}
