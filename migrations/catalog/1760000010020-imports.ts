import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files on their way into the catalog: how far each is, what was wrong with its rows, which product came from where. */
export class CatalogImports1760000010020 implements MigrationInterface {
  readonly name = 'CatalogImports1760000010020';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.imports (
        id uuid CONSTRAINT imports_pk PRIMARY KEY,
        format text NOT NULL CONSTRAINT imports_format_check CHECK (format IN ('ndjson', 'shopify_csv')),
        state text NOT NULL DEFAULT 'pending' CONSTRAINT imports_state_check
          CHECK (state IN ('pending', 'running', 'finished', 'failed', 'canceled')),
        dry_run boolean NOT NULL,
        currency char(3) NOT NULL,
        file text NOT NULL,
        bytes bigint NOT NULL,
        requested_by text,
        -- Checkpoint: products of the file that are dealt with. Moves in the transaction that writes them.
        rows_read int NOT NULL DEFAULT 0,
        created int NOT NULL DEFAULT 0,
        updated int NOT NULL DEFAULT 0,
        unchanged int NOT NULL DEFAULT 0,
        rejected int NOT NULL DEFAULT 0,
        failure text,
        -- One worker at a time: the lease runs out by the database's clock when its worker dies.
        worker uuid,
        leased_until timestamptz,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz
      );
      CREATE INDEX imports_open ON catalog.imports (leased_until) WHERE state IN ('pending', 'running');

      CREATE TABLE catalog.import_errors (
        import_id uuid NOT NULL CONSTRAINT import_errors_import_fk REFERENCES catalog.imports (id) ON DELETE CASCADE,
        number int NOT NULL,
        ordinal int NOT NULL,
        line int NOT NULL,
        external_id text,
        code text NOT NULL,
        pointer text NOT NULL,
        message text NOT NULL,
        CONSTRAINT import_errors_pk PRIMARY KEY (import_id, ordinal, number)
      );

      -- What was last imported for a product, and which version that made: equal rows need not be written again.
      CREATE TABLE catalog.import_digests (
        product_id uuid CONSTRAINT import_digests_pk PRIMARY KEY
          CONSTRAINT import_digests_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        digest bytea NOT NULL,
        version int NOT NULL
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE catalog.import_digests, catalog.import_errors, catalog.imports');
  }
}
