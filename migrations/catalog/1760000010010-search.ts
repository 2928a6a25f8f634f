import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What shoppers search in: one narrow row per published product, written with the product itself. */
export class CatalogSearch1760000010010 implements MigrationInterface {
  readonly name = 'CatalogSearch1760000010010';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Accents do not matter; words are stemmed. \`plain\` keeps words whole, for the vocabulary.
      CREATE TEXT SEARCH CONFIGURATION catalog.shop (COPY = pg_catalog.english);
      ALTER TEXT SEARCH CONFIGURATION catalog.shop
        ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.english_stem;
      CREATE TEXT SEARCH CONFIGURATION catalog.plain (COPY = pg_catalog.simple);
      ALTER TEXT SEARCH CONFIGURATION catalog.plain
        ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.simple;

      -- What products can be told apart by: brand, category, price step, attribute. Numbers are counted several times
      -- faster than texts. Writers only ever add.
      CREATE TABLE catalog.search_facets (
        id int GENERATED ALWAYS AS IDENTITY CONSTRAINT search_facets_pk PRIMARY KEY,
        code text NOT NULL,
        value text NOT NULL,
        label text NOT NULL,
        CONSTRAINT search_facets_code_value_key UNIQUE (code, value)
      );

      -- Rows stay in one piece and uncompressed: ranking reads the words of up to two thousand of them.
      CREATE TABLE catalog.search_documents (
        product_id uuid CONSTRAINT search_documents_pk PRIMARY KEY
          CONSTRAINT search_documents_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        position bigint NOT NULL,
        created_at timestamptz NOT NULL,
        title_key text NOT NULL,
        brand_key text,
        brand text,
        categories uuid[] NOT NULL,
        facets int[] NOT NULL,
        heading tsvector NOT NULL,
        words tsvector NOT NULL,
        length real NOT NULL
      ) WITH (toast_tuple_target = 8160, fillfactor = 90);
      ALTER TABLE catalog.search_documents
        ALTER heading SET STORAGE MAIN, ALTER words SET STORAGE MAIN, ALTER facets SET STORAGE MAIN;
      CREATE INDEX search_documents_heading ON catalog.search_documents USING gin (heading);
      CREATE INDEX search_documents_words ON catalog.search_documents USING gin (words);
      CREATE INDEX search_documents_categories ON catalog.search_documents USING gin (categories);
      CREATE INDEX search_documents_facets ON catalog.search_documents USING gin (facets);
      CREATE INDEX search_documents_position ON catalog.search_documents (position, product_id);
      CREATE INDEX search_documents_brand ON catalog.search_documents (brand_key, position, product_id);
      CREATE INDEX search_documents_created ON catalog.search_documents (created_at, product_id);
      CREATE INDEX search_documents_title ON catalog.search_documents (title_key, product_id);

      -- The lowest price of a product in a currency: what lists filter and sort by.
      CREATE TABLE catalog.search_prices (
        product_id uuid NOT NULL
          CONSTRAINT search_prices_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        currency char(3) NOT NULL,
        lowest bigint NOT NULL,
        CONSTRAINT search_prices_pk PRIMARY KEY (product_id, currency)
      );
      CREATE INDEX search_prices_lowest ON catalog.search_prices (currency, lowest, product_id);

      -- In how many products a word (stemmed) occurs: rare words say more about what is meant. Counted by a job.
      CREATE TABLE catalog.search_words (
        word text CONSTRAINT search_words_pk PRIMARY KEY,
        documents int NOT NULL
      );

      -- Whole words of titles and brands: what a typing error may have meant. Writers only ever add, so that they
      -- never wait for each other over a frequent word.
      CREATE TABLE catalog.search_vocabulary (
        word text CONSTRAINT search_vocabulary_pk PRIMARY KEY
      );
      CREATE INDEX search_vocabulary_trigrams ON catalog.search_vocabulary USING gin (word gin_trgm_ops);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.search_vocabulary, catalog.search_words, catalog.search_prices, catalog.search_documents,
        catalog.search_facets;
      DROP TEXT SEARCH CONFIGURATION catalog.plain;
      DROP TEXT SEARCH CONFIGURATION catalog.shop;
    `);
  }
}
