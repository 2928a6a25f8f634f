import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Variants that are files, and variants that are gift cards; and the files. */
export class CatalogDigitalGoods1760000010210 implements MigrationInterface {
  readonly name = 'CatalogDigitalGoods1760000010210';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.variants
        ADD kind text NOT NULL DEFAULT 'physical' CONSTRAINT variants_kind_check CHECK (kind IN ('physical', 'digital', 'gift_card')),
        -- Of each file of a line that is sold; NULL is no limit.
        ADD download_limit int DEFAULT 5 CONSTRAINT variants_download_limit_check CHECK (download_limit > 0),
        ADD download_days int DEFAULT 30 CONSTRAINT variants_download_days_check CHECK (download_days > 0),
        ADD CONSTRAINT variants_gift_card_check CHECK (kind <> 'gift_card' OR stock_source = 'none'),
        ADD CONSTRAINT variants_bundle_check CHECK (kind = 'physical' OR stock_source <> 'parts');

      -- A file never changes and never goes: orders open what they were placed with. One that was removed is not sold any more.
      CREATE TABLE catalog.digital_files (
        id uuid CONSTRAINT digital_files_pk PRIMARY KEY,
        variant_id uuid NOT NULL CONSTRAINT digital_files_variant_fk REFERENCES catalog.variants (id),
        name text NOT NULL,
        content_type text NOT NULL,
        bytes bigint NOT NULL CONSTRAINT digital_files_bytes_check CHECK (bytes > 0),
        sha256 bytea NOT NULL,
        created_at timestamptz NOT NULL,
        removed_at timestamptz
      );
      CREATE INDEX digital_files_variant ON catalog.digital_files (variant_id, id) WHERE removed_at IS NULL;
    `);
    // Ready items say what kind a variant is; until now there was one.
    await queryRunner.query(`
      UPDATE catalog.list_items SET variants = (
        SELECT coalesce(array_agg(left(u.text, -length(',"available":')) || ', "kind" : "physical","available":' ORDER BY u.n), '{}')
        FROM unnest(variants) WITH ORDINALITY u (text, n))`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE catalog.list_items SET variants = (
        SELECT coalesce(array_agg(regexp_replace(u.text, ', "kind" : "[a-z_]+","available":$', ',"available":') ORDER BY u.n), '{}')
        FROM unnest(variants) WITH ORDINALITY u (text, n))`);
    await queryRunner.query(`
      DROP TABLE catalog.digital_files;
      ALTER TABLE catalog.variants DROP CONSTRAINT variants_gift_card_check, DROP CONSTRAINT variants_bundle_check,
        DROP COLUMN kind, DROP COLUMN download_limit, DROP COLUMN download_days;
    `);
  }
}
