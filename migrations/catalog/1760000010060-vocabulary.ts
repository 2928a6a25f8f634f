import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Typing errors are set right in all that is searched, not in titles and brands alone. */
export class CatalogVocabulary1760000010060 implements MigrationInterface {
  readonly name = 'CatalogVocabulary1760000010060';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Words that two slips may have been made in: of about the same length, and with the same beginning.
      CREATE INDEX search_vocabulary_shape ON catalog.search_vocabulary (left(word, 1), length(word));

      INSERT INTO catalog.search_vocabulary (word)
      SELECT DISTINCT t.lexeme
      FROM catalog.products p, unnest(to_tsvector('catalog.plain', concat_ws(' ',
        (SELECT string_agg(value, ' ') FROM jsonb_each_text(p.attributes) WHERE value ~ '[[:alpha:]]'),
        (SELECT string_agg(o.value, ' ') FROM catalog.variants v, jsonb_each_text(v.options) o WHERE v.product_id = p.id),
        (SELECT string_agg(c.title, ' ') FROM catalog.product_categories pc
          JOIN catalog.categories own ON own.id = pc.category_id JOIN catalog.categories c ON c.id = ANY (own.path)
          WHERE pc.product_id = p.id),
        left(regexp_replace(p.description, '<[^>]*>', ' ', 'g'), 2000)))) t
      WHERE p.status = 'published' AND t.lexeme ~ '^[[:alpha:]]{3,30}$'
      ON CONFLICT DO NOTHING;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    // Words that are known too many harm nobody.
    await queryRunner.query('DROP INDEX catalog.search_vocabulary_shape');
  }
}
