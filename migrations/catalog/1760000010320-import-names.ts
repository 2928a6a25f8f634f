import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The names that a file has used so far, so that none is used twice: a file has more of them than memory should hold. */
export class CatalogImportNames1760000010320 implements MigrationInterface {
  readonly name = 'CatalogImportNames1760000010320';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.import_names (
        import_id uuid NOT NULL CONSTRAINT import_names_import_fk REFERENCES catalog.imports (id) ON DELETE CASCADE,
        -- The first half of a SHA-256 of what kind of name it is and the name.
        name uuid NOT NULL,
        CONSTRAINT import_names_pk PRIMARY KEY (import_id, name)
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE catalog.import_names');
  }
}
