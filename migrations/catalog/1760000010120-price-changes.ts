import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Changes of many prices at once: exactly what was previewed, kept until it is done. */
export class CatalogPriceChanges1760000010120 implements MigrationInterface {
  readonly name = 'CatalogPriceChanges1760000010120';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.price_changes (
        id uuid CONSTRAINT price_changes_pk PRIMARY KEY,
        state text NOT NULL CONSTRAINT price_changes_state_check CHECK (state IN ('running', 'finished')),
        currency char(3) NOT NULL,
        -- The list that is written into; NULL: base prices.
        price_list_id uuid CONSTRAINT price_changes_list_fk REFERENCES catalog.price_lists (id),
        fingerprint text NOT NULL,
        total int NOT NULL,
        -- Checkpoint: items that are dealt with, in their order. Moves in the transaction that writes them.
        done int NOT NULL DEFAULT 0,
        skipped int NOT NULL DEFAULT 0,
        set_by text NOT NULL,
        created_at timestamptz NOT NULL,
        finished_at timestamptz
      );
      CREATE TABLE catalog.price_change_items (
        change_id uuid NOT NULL CONSTRAINT price_change_items_change_fk REFERENCES catalog.price_changes (id) ON DELETE CASCADE,
        n int NOT NULL,
        variant_id uuid NOT NULL,
        min_quantity int NOT NULL,
        -- What it is made of, and what stands where it is written; NULL: nothing.
        source bigint NOT NULL,
        before bigint,
        before_compare bigint,
        amount bigint NOT NULL,
        compare_at bigint,
        CONSTRAINT price_change_items_pk PRIMARY KEY (change_id, n)
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE catalog.price_change_items, catalog.price_changes');
  }
}
