import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Changes of live products that wait to be published. */
export class CatalogProductDrafts1760000010230 implements MigrationInterface {
  readonly name = 'CatalogProductDrafts1760000010230';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.product_drafts (
        product_id uuid CONSTRAINT product_drafts_pk PRIMARY KEY
          CONSTRAINT product_drafts_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        -- The body of the change, as it came.
        fields jsonb NOT NULL,
        -- Of the product when the draft began.
        base_version int NOT NULL,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE catalog.product_drafts');
  }
}
