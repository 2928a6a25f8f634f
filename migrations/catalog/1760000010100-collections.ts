import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Products that belong together for a shopper: picked one by one, or told by a rule. */
export class CatalogCollections1760000010100 implements MigrationInterface {
  readonly name = 'CatalogCollections1760000010100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.collections (
        id uuid CONSTRAINT collections_pk PRIMARY KEY,
        handle text NOT NULL CONSTRAINT collections_handle_key UNIQUE,
        title text NOT NULL,
        description text NOT NULL,
        media_id uuid CONSTRAINT collections_media_fk REFERENCES catalog.media (id),
        kind text NOT NULL CONSTRAINT collections_kind_check CHECK (kind IN ('manual', 'rule')),
        status text NOT NULL CONSTRAINT collections_status_check CHECK (status IN ('draft', 'published')),
        published_from timestamptz,
        published_until timestamptz,
        -- Conditions on search documents, compiled into the statement of every list: nothing is copied that could be stale.
        rule jsonb,
        sort text NOT NULL,
        version int NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT collections_rule_check CHECK ((kind = 'rule') = (rule IS NOT NULL)),
        CONSTRAINT collections_window_check CHECK (published_until > published_from)
      );
      CREATE INDEX collections_media ON catalog.collections (media_id);
      CREATE INDEX collections_shown ON catalog.collections (id) WHERE status = 'published';

      -- Manual ones. Places leave room between each other: what comes in moves nobody else.
      CREATE TABLE catalog.collection_products (
        collection_id uuid NOT NULL
          CONSTRAINT collection_products_collection_fk REFERENCES catalog.collections (id) ON DELETE CASCADE,
        product_id uuid NOT NULL
          CONSTRAINT collection_products_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        position bigint NOT NULL,
        CONSTRAINT collection_products_pk PRIMARY KEY (collection_id, product_id)
      );
      CREATE INDEX collection_products_place ON catalog.collection_products (collection_id, position, product_id);
      CREATE INDEX collection_products_product ON catalog.collection_products (product_id);

      -- For rules that look for a part of a title.
      CREATE INDEX search_documents_title_part ON catalog.search_documents USING gin (title_key gin_trgm_ops);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX catalog.search_documents_title_part;
      DROP TABLE catalog.collection_products, catalog.collections;
    `);
  }
}
