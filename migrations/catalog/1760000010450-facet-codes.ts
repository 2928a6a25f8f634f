import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Beside each facet value of a product the facet that it is of, as a number: what is counted in thousands of products is
 * sorted into facets without a look at its text. Two facets whose texts have one number only share their place in the answer.
 */
export class CatalogFacetCodes1760000010450 implements MigrationInterface {
  readonly name = 'CatalogFacetCodes1760000010450';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION catalog.facet_code(code text) RETURNS int
        LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ('x' || left(md5(code), 8))::bit(32)::int;
      ALTER TABLE catalog.search_documents ADD COLUMN facet_codes int[] NOT NULL DEFAULT '{}';
      UPDATE catalog.search_documents d SET facet_codes = (
        SELECT coalesce(array_agg(catalog.facet_code(f.code) ORDER BY u.place), '{}')
        FROM unnest(d.facets) WITH ORDINALITY u (id, place) JOIN catalog.search_facets f ON f.id = u.id);
      ALTER TABLE catalog.search_documents ADD CONSTRAINT search_documents_facet_codes
        CHECK (cardinality(facet_codes) = cardinality(facets));
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.search_documents DROP COLUMN facet_codes;
      DROP FUNCTION catalog.facet_code(text);
    `);
  }
}
