import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What became of each row of an import, files that are written out of the catalog, and feeds that are fetched. */
export class CatalogExports1760000010300 implements MigrationInterface {
  readonly name = 'CatalogExports1760000010300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.imports ADD ignored_columns text[] NOT NULL DEFAULT '{}',
        DROP CONSTRAINT imports_format_check,
        ADD CONSTRAINT imports_format_check CHECK (format IN ('ndjson', 'csv', 'shopify_csv'));
      -- A row for each chunk: [[number, line, external id, outcome, product id], …].
      CREATE TABLE catalog.import_results (
        import_id uuid NOT NULL CONSTRAINT import_results_import_fk REFERENCES catalog.imports (id) ON DELETE CASCADE,
        ordinal int NOT NULL,
        rows jsonb NOT NULL,
        CONSTRAINT import_results_pk PRIMARY KEY (import_id, ordinal)
      );

      CREATE TABLE catalog.feeds (
        id uuid CONSTRAINT feeds_pk PRIMARY KEY,
        name text NOT NULL,
        currency char(3) NOT NULL,
        link_template text NOT NULL,
        -- Of the secret in its address.
        token_hash bytea NOT NULL CONSTRAINT feeds_token_key UNIQUE,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL
      );
      CREATE TABLE catalog.exports (
        id uuid CONSTRAINT exports_pk PRIMARY KEY,
        format text NOT NULL CONSTRAINT exports_format_check CHECK (format IN ('ndjson', 'csv', 'shopify_csv', 'merchant_feed')),
        state text NOT NULL DEFAULT 'pending' CONSTRAINT exports_state_check
          CHECK (state IN ('pending', 'running', 'finished', 'failed', 'canceled', 'expired')),
        filter jsonb NOT NULL,
        currency char(3) NOT NULL,
        link_template text,
        feed_id uuid CONSTRAINT exports_feed_fk REFERENCES catalog.feeds (id) ON DELETE SET NULL,
        requested_by text,
        -- The columns and whatever else is the same for the whole file, decided when it begins.
        plan jsonb,
        total int,
        -- Checkpoint: the last product of the last part that is kept. Moves when the part is in the store of files.
        after_id uuid,
        parts int NOT NULL DEFAULT 0,
        products int NOT NULL DEFAULT 0,
        rows int NOT NULL DEFAULT 0,
        bytes bigint NOT NULL DEFAULT 0,
        digest bytea,
        failure text,
        -- One worker at a time: the lease runs out by the database's clock when its worker dies.
        worker uuid,
        leased_until timestamptz,
        attempts int NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        expires_at timestamptz,
        -- Its parts are gone from the store of files.
        cleared boolean NOT NULL DEFAULT false
      );
      CREATE INDEX exports_open ON catalog.exports (leased_until) WHERE state IN ('pending', 'running');
      CREATE INDEX exports_kept ON catalog.exports (expires_at) WHERE NOT cleared;
      CREATE INDEX exports_feed ON catalog.exports (feed_id, id DESC) WHERE feed_id IS NOT NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE catalog.exports, catalog.feeds, catalog.import_results;
      UPDATE catalog.imports SET state = 'canceled' WHERE format = 'csv' AND state IN ('pending', 'running');
      UPDATE catalog.imports SET format = 'shopify_csv' WHERE format = 'csv';
      ALTER TABLE catalog.imports DROP COLUMN ignored_columns, DROP CONSTRAINT imports_format_check,
        ADD CONSTRAINT imports_format_check CHECK (format IN ('ndjson', 'shopify_csv'));
    `);
  }
}
