import type { MigrationInterface, QueryRunner } from 'typeorm';

/** List items as they are from here on: pictures tell their size, and variants their picture. There are no uploads then. */
const WRITE_LIST_ITEMS = `
  DELETE FROM catalog.list_items;
  INSERT INTO catalog.list_items (product_id, currency, head, variant_ids, variants)
  SELECT p.id, c.currency, left(json_build_object('id', p.id, 'handle', p.handle, 'title', p.title,
      'description', left(regexp_replace(p.description, '<[^>]*>', ' ', 'g'), 300), 'brand', p.brand,
      'categories', coalesce((
        SELECT json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', c.title) ORDER BY pc.position)
        FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id
        WHERE pc.product_id = p.id), '[]'),
      'options', p.options, 'attributes', p.attributes, 'media', coalesce((
        SELECT json_agg(json_build_object('mediaId', NULL, 'url', e.entry->>'url', 'alt', e.entry->>'alt', 'width', NULL,
          'height', NULL, 'renditions', '[]'::json) ORDER BY e.n)
        FROM json_array_elements(p.media) WITH ORDINALITY e (entry, n)), '[]'),
      'variantCount', (SELECT count(*) FROM catalog.variants v WHERE v.product_id = p.id AND NOT v.retired)
    )::text, -1) || ',"variants":[', coalesce(l.ids, '{}'), coalesce(l.texts, '{}')
  FROM catalog.products p CROSS JOIN LATERAL (
    SELECT '' AS currency
    UNION SELECT jsonb_object_keys(v.prices) FROM catalog.variants v WHERE v.product_id = p.id AND NOT v.retired
  ) c CROSS JOIN LATERAL (
    SELECT array_agg(v.id ORDER BY v.position, v.id) AS ids,
      array_agg(left(json_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options, 'mediaId', NULL,
        'price', CASE WHEN v.prices->c.currency->>'amount' IS NOT NULL
          THEN json_build_object('amount', v.prices->c.currency->'amount', 'currency', c.currency) END,
        'compareAtPrice', CASE WHEN v.prices->c.currency->>'compareAt' IS NOT NULL
          THEN json_build_object('amount', v.prices->c.currency->'compareAt', 'currency', c.currency) END
        )::text, -1) || ',"available":' ORDER BY v.position, v.id) AS texts
    FROM (
      SELECT * FROM catalog.variants v WHERE v.product_id = p.id AND NOT v.retired ORDER BY v.position, v.id LIMIT 10) v
  ) l
  WHERE p.status = 'published'`;

/** Pictures that were uploaded, what was made of them, and which products show them. */
export class CatalogMedia1760000010070 implements MigrationInterface {
  readonly name = 'CatalogMedia1760000010070';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.media (
        id uuid CONSTRAINT media_pk PRIMARY KEY,
        state text NOT NULL DEFAULT 'pending' CONSTRAINT media_state_check CHECK (state IN ('pending', 'ready', 'failed')),
        failure text,
        -- The same bytes are the same picture, whoever brings them and however often.
        sha256 bytea NOT NULL CONSTRAINT media_sha256_key UNIQUE,
        content_type text NOT NULL,
        bytes int NOT NULL,
        -- As it is looked at: the orientation is applied.
        width int NOT NULL,
        height int NOT NULL,
        file_name text,
        alt text,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        created_by text,
        -- One worker at a time: the lease runs out by the database's clock when its worker dies.
        attempts int NOT NULL DEFAULT 0,
        worker uuid,
        leased_until timestamptz,
        -- Since when no product shows it, as the last clean-up has seen.
        unused_since timestamptz
      );
      CREATE INDEX media_state ON catalog.media (state, id);

      -- A row is written when the file is there: what has none is not served, and made again.
      CREATE TABLE catalog.media_renditions (
        media_id uuid NOT NULL CONSTRAINT media_renditions_media_fk REFERENCES catalog.media (id) ON DELETE CASCADE,
        name text NOT NULL,
        width int NOT NULL,
        height int NOT NULL,
        content_type text NOT NULL,
        bytes int NOT NULL,
        sha256 bytea NOT NULL,
        CONSTRAINT media_renditions_pk PRIMARY KEY (media_id, name)
      );

      -- Files that no row names, or will name no more: written before an upload is put into the store, and when a picture
      -- is deleted. Those that are doomed are taken away when they are due.
      CREATE TABLE catalog.media_leftovers (
        media_id uuid CONSTRAINT media_leftovers_pk PRIMARY KEY,
        due_at timestamptz NOT NULL,
        doomed boolean NOT NULL
      );

      -- What products.media names, so that nothing is deleted that a product shows.
      CREATE TABLE catalog.product_media (
        product_id uuid NOT NULL CONSTRAINT product_media_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        media_id uuid NOT NULL CONSTRAINT product_media_media_fk REFERENCES catalog.media (id),
        CONSTRAINT product_media_pk PRIMARY KEY (product_id, media_id)
      );
      CREATE INDEX product_media_media ON catalog.product_media (media_id, product_id);

      -- A variant shows one of the pictures of its product, or none.
      ALTER TABLE catalog.variants ADD media_id uuid,
        ADD CONSTRAINT variants_media_fk FOREIGN KEY (product_id, media_id)
          REFERENCES catalog.product_media (product_id, media_id) ON DELETE SET NULL (media_id);
    `);
    await queryRunner.query(WRITE_LIST_ITEMS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.variants DROP COLUMN media_id;
      -- A version without uploads knows pictures by their address alone.
      UPDATE catalog.products p SET media = (
        SELECT coalesce(json_agg(e.entry ORDER BY e.n), '[]') FROM json_array_elements(p.media) WITH ORDINALITY e (entry, n)
        WHERE e.entry->>'url' IS NOT NULL)
      WHERE id IN (SELECT product_id FROM catalog.product_media);
      DROP TABLE catalog.product_media, catalog.media_leftovers, catalog.media_renditions, catalog.media;
    `);
    await queryRunner.query(WRITE_LIST_ITEMS);
  }
}
