import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What staff write about orders for themselves, how guests find theirs again, and that a replaced piece may come back. */
export class OrderingDesk1780000000562 implements MigrationInterface {
  readonly name = 'OrderingDesk1780000000562';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A piece comes back or is refunded once; one that was replaced may still do so, for its replacement.
      ALTER TABLE ordering.order_lines DROP CONSTRAINT order_lines_pieces_check,
        ADD CONSTRAINT order_lines_pieces_check CHECK (canceled >= 0 AND returned >= 0 AND refunded >= 0 AND replaced >= 0
          AND asked_back >= 0 AND awaiting >= 0 AND returned + refunded + asked_back <= fulfilled AND replaced <= fulfilled
          AND awaiting <= quantity - fulfilled);

      CREATE TABLE ordering.order_notes (
        id uuid NOT NULL CONSTRAINT order_notes_pk PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT order_notes_order_fk REFERENCES ordering.orders (id),
        body text NOT NULL,
        actor_kind text NOT NULL,
        actor_id text,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX order_notes_order ON ordering.order_notes (order_id, id DESC);

      -- order_id NULL: there is no such order of such an address, and nobody is told.
      CREATE TABLE ordering.order_lookups (
        id uuid NOT NULL CONSTRAINT order_lookups_pk PRIMARY KEY,
        order_id uuid CONSTRAINT order_lookups_order_fk REFERENCES ordering.orders (id) ON DELETE CASCADE,
        code_hash bytea,
        attempts int NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL,
        token_hash bytea,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX order_lookups_order ON ordering.order_lookups (order_id, created_at) WHERE order_id IS NOT NULL;
      CREATE INDEX order_lookups_created ON ordering.order_lookups (created_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.order_lookups, ordering.order_notes;
      ALTER TABLE ordering.order_lines DROP CONSTRAINT order_lines_pieces_check,
        ADD CONSTRAINT order_lines_pieces_check CHECK (canceled >= 0 AND returned >= 0 AND refunded >= 0 AND replaced >= 0
          AND asked_back >= 0 AND awaiting >= 0 AND returned + refunded + replaced + asked_back <= fulfilled
          AND awaiting <= quantity - fulfilled) NOT VALID;
    `);
  }
}
