import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Texts of the catalog in other languages than that of the shop. */
export class CatalogTranslations1760000010220 implements MigrationInterface {
  readonly name = 'CatalogTranslations1760000010220';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.translations (
        subject_id uuid NOT NULL,
        -- A canonical BCP 47 tag.
        locale text NOT NULL,
        subject text NOT NULL CONSTRAINT translations_subject_check
          CHECK (subject IN ('product', 'category', 'collection', 'product_type')),
        -- {"title": …, "options": {"Colour": {"name": …, "values": {"Red": …}}}}: only what is translated.
        texts jsonb NOT NULL,
        version int NOT NULL DEFAULT 1,
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT translations_pk PRIMARY KEY (subject_id, locale)
      );
      CREATE INDEX translations_locale ON catalog.translations (locale, subject);

      -- Of two objects one, the second before the first, at every depth.
      CREATE FUNCTION catalog.merge_texts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN jsonb_typeof(a) <> 'object' OR jsonb_typeof(b) <> 'object' THEN b ELSE (
          SELECT coalesce(jsonb_object_agg(coalesce(x.key, y.key),
            CASE WHEN x.key IS NULL THEN y.value WHEN y.key IS NULL THEN x.value
              ELSE catalog.merge_texts(x.value, y.value) END), '{}')
          FROM jsonb_each(a) x FULL JOIN jsonb_each(b) y ON x.key = y.key) END $$;
      CREATE AGGREGATE catalog.merged_texts(jsonb) (SFUNC = catalog.merge_texts, STYPE = jsonb, INITCOND = '{}');
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP AGGREGATE catalog.merged_texts(jsonb);
      DROP FUNCTION catalog.merge_texts(jsonb, jsonb);
      DROP TABLE catalog.translations;
    `);
  }
}
