import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tax classes that there are: one misspelt on a product would be taxed as if it were standard, in silence. */
export class CatalogTaxClasses1760000010050 implements MigrationInterface {
  readonly name = 'CatalogTaxClasses1760000010050';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.tax_classes (
        code text CONSTRAINT tax_classes_pk PRIMARY KEY,
        title text NOT NULL
      );
      INSERT INTO catalog.tax_classes (code, title) VALUES
        ('standard', 'Standard rate'), ('reduced', 'Reduced rate'), ('zero', 'Zero rate');
      INSERT INTO catalog.tax_classes (code, title)
        SELECT DISTINCT tax_class, tax_class FROM catalog.products ON CONFLICT DO NOTHING;
      ALTER TABLE catalog.products
        ADD CONSTRAINT products_tax_class_fk FOREIGN KEY (tax_class) REFERENCES catalog.tax_classes (code);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.products DROP CONSTRAINT products_tax_class_fk;
      DROP TABLE catalog.tax_classes;
    `);
  }
}
