import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Languages whose words PostgreSQL knows to stem, by ISO 639 code. */
const LANGUAGES: Record<string, string> = {
  ...{ ar: 'arabic', ca: 'catalan', da: 'danish', de: 'german', el: 'greek', en: 'english', es: 'spanish' },
  ...{ eu: 'basque', fi: 'finnish', fr: 'french', ga: 'irish', hi: 'hindi', hu: 'hungarian', hy: 'armenian' },
  ...{ id: 'indonesian', it: 'italian', lt: 'lithuanian', nb: 'norwegian', ne: 'nepali', nl: 'dutch' },
  ...{ nn: 'norwegian', no: 'norwegian', pt: 'portuguese', ro: 'romanian', ru: 'russian', sr: 'serbian' },
  ...{ sv: 'swedish', ta: 'tamil', tr: 'turkish', yi: 'yiddish' },
};

/** What shoppers of other languages search in: one narrow row per product and language, written with the product. */
export class CatalogSearchTexts1760000010240 implements MigrationInterface {
  readonly name = 'CatalogSearchTexts1760000010240';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [code, name] of Object.entries(LANGUAGES)) {
      // As in the language of the shop: accents do not matter, words are stemmed.
      await queryRunner.query(`
        CREATE TEXT SEARCH CONFIGURATION catalog.words_${code} (COPY = pg_catalog.${name});
        ALTER TEXT SEARCH CONFIGURATION catalog.words_${code}
          ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.${name}_stem;`);
    }
    await queryRunner.query(`
      -- How the words of a language are cut; those of others stay whole.
      CREATE FUNCTION catalog.words_of(locale text) RETURNS regconfig LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN split_part(locale, '-', 1) = ANY ('{${Object.keys(LANGUAGES).join(',')}}')
          THEN ('catalog.words_' || split_part(locale, '-', 1))::regconfig ELSE 'catalog.plain'::regconfig END $$;

      CREATE TABLE catalog.search_texts (
        product_id uuid NOT NULL
          CONSTRAINT search_texts_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        locale text NOT NULL,
        heading tsvector NOT NULL,
        words tsvector NOT NULL,
        length real NOT NULL,
        CONSTRAINT search_texts_pk PRIMARY KEY (product_id, locale)
      ) WITH (toast_tuple_target = 8160, fillfactor = 90);
      ALTER TABLE catalog.search_texts ALTER heading SET STORAGE MAIN, ALTER words SET STORAGE MAIN;
      CREATE INDEX search_texts_heading ON catalog.search_texts USING gin (heading);
      CREATE INDEX search_texts_words ON catalog.search_texts USING gin (words);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.search_texts;
      DROP FUNCTION catalog.words_of(text);
    `);
    for (const code of Object.keys(LANGUAGES))
      await queryRunner.query(`DROP TEXT SEARCH CONFIGURATION catalog.words_${code}`);
  }
}
