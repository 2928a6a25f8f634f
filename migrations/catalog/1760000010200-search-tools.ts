import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What staff say of the search, and what shoppers searched for. */
export class CatalogSearchTools1760000010200 implements MigrationInterface {
  readonly name = 'CatalogSearchTools1760000010200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.search_synonyms (
        id uuid CONSTRAINT search_synonyms_pk PRIMARY KEY,
        words text[] NOT NULL,
        -- NULL: the words stand for each other.
        finds text[],
        version int NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );

      -- The same as a search reads it: stems that have to stand in the query, and what is found as well.
      CREATE TABLE catalog.search_synonym_rules (
        synonym_id uuid NOT NULL
          CONSTRAINT search_synonym_rules_synonym_fk REFERENCES catalog.search_synonyms (id) ON DELETE CASCADE,
        -- The first of the stems: what the rule is looked up by.
        lead text NOT NULL,
        lexemes text[] NOT NULL,
        target tsquery NOT NULL,
        substitute tsquery NOT NULL,
        CONSTRAINT search_synonym_rules_pk PRIMARY KEY (lead, synonym_id, lexemes)
      );
      CREATE INDEX search_synonym_rules_synonym ON catalog.search_synonym_rules (synonym_id);

      CREATE TABLE catalog.search_pins (
        id uuid CONSTRAINT search_pins_pk PRIMARY KEY,
        query text NOT NULL,
        -- The stems of the query in alphabetical order.
        query_key text NOT NULL CONSTRAINT search_pins_query_key UNIQUE,
        product_ids uuid[] NOT NULL,
        hidden_ids uuid[] NOT NULL,
        starts_at timestamptz,
        ends_at timestamptz,
        version int NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT search_pins_window_check CHECK (starts_at < ends_at)
      );

      -- Counted in memory and added up here, for 30 days.
      CREATE TABLE catalog.search_queries (
        day date NOT NULL,
        query text NOT NULL,
        searches int NOT NULL,
        without_results int NOT NULL,
        last_seen timestamptz NOT NULL,
        CONSTRAINT search_queries_pk PRIMARY KEY (day, query)
      );

      -- What a word that is still being typed may become. Compared byte by byte: words are in lower case already.
      CREATE INDEX search_vocabulary_beginnings ON catalog.search_vocabulary (word text_pattern_ops);
      CREATE INDEX categories_words ON catalog.categories USING gin (to_tsvector('catalog.shop', title));
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX catalog.categories_words;
      DROP INDEX catalog.search_vocabulary_beginnings;
      DROP TABLE catalog.search_queries, catalog.search_pins, catalog.search_synonym_rules, catalog.search_synonyms;
    `);
  }
}
