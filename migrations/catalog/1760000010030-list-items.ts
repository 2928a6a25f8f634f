import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lists show of a product, ready but for the stock. */
export class CatalogListItems1760000010030 implements MigrationInterface {
  readonly name = 'CatalogListItems1760000010030';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Written with the product, in its transaction. Reading it costs a third of building the same from seven tables.
      CREATE TABLE catalog.list_items (
        product_id uuid NOT NULL
          CONSTRAINT list_items_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        -- '' is for every currency that the product has no price in.
        currency text NOT NULL,
        -- JSON of the product up to its first variant, and of each variant up to the number of pieces.
        head text NOT NULL,
        variant_ids uuid[] NOT NULL,
        variants text[] NOT NULL,
        CONSTRAINT list_items_pk PRIMARY KEY (product_id, currency)
      ) WITH (fillfactor = 90);

      INSERT INTO catalog.list_items (product_id, currency, head, variant_ids, variants)
      SELECT p.id, c.currency, left(json_build_object('id', p.id, 'handle', p.handle, 'title', p.title,
          'description', left(regexp_replace(p.description, '<[^>]*>', ' ', 'g'), 300), 'brand', p.brand,
          'categories', coalesce((
            SELECT json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', c.title) ORDER BY pc.position)
            FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id
            WHERE pc.product_id = p.id), '[]'),
          'options', p.options, 'attributes', p.attributes, 'media', p.media,
          'variantCount', (SELECT count(*) FROM catalog.variants v WHERE v.product_id = p.id)
        )::text, -1) || ',"variants":[', coalesce(l.ids, '{}'), coalesce(l.texts, '{}')
      FROM catalog.products p CROSS JOIN LATERAL (
        SELECT '' AS currency
        UNION SELECT jsonb_object_keys(v.prices) FROM catalog.variants v WHERE v.product_id = p.id
      ) c CROSS JOIN LATERAL (
        SELECT array_agg(v.id ORDER BY v.position, v.id) AS ids,
          array_agg(left(json_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options,
            'price', CASE WHEN v.prices->c.currency->>'amount' IS NOT NULL
              THEN json_build_object('amount', v.prices->c.currency->'amount', 'currency', c.currency) END,
            'compareAtPrice', CASE WHEN v.prices->c.currency->>'compareAt' IS NOT NULL
              THEN json_build_object('amount', v.prices->c.currency->'compareAt', 'currency', c.currency) END
            )::text, -1) || ',"available":' ORDER BY v.position, v.id) AS texts
        FROM (SELECT * FROM catalog.variants v WHERE v.product_id = p.id ORDER BY v.position, v.id LIMIT 10) v
      ) l
      WHERE p.status = 'published';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE catalog.list_items');
  }
}
