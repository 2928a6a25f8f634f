import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Changes of orders after they were placed: what became of the pieces, the drafts, and what was given back. */
export class OrderingChanges1780000000560 implements MigrationInterface {
  readonly name = 'OrderingChanges1780000000560';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.orders
        -- What changes have given back: the order should have taken total + given_back.
        ADD given_back bigint NOT NULL DEFAULT 0 CONSTRAINT orders_given_back_check CHECK (given_back >= 0),
        ADD held_at timestamptz, ADD hold_reason text, ADD tags text[] NOT NULL DEFAULT '{}',
        DROP CONSTRAINT orders_fulfilment_status_check,
        ADD CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('unfulfilled', 'partially_fulfilled',
          'fulfilled', 'delivered', 'returned_partially', 'returned', 'not_required'));
      CREATE INDEX orders_tags ON ordering.orders USING gin (tags) WHERE tags <> '{}';
      CREATE INDEX orders_held ON ordering.orders (created_at DESC, id DESC) WHERE held_at IS NOT NULL;

      -- A line that is taken off stays, with no pieces; the same variant may be added again at another price.
      ALTER TABLE ordering.order_lines
        ADD canceled int NOT NULL DEFAULT 0, ADD returned int NOT NULL DEFAULT 0, ADD refunded int NOT NULL DEFAULT 0,
        ADD replaced int NOT NULL DEFAULT 0, ADD asked_back int NOT NULL DEFAULT 0, ADD awaiting int NOT NULL DEFAULT 0,
        DROP CONSTRAINT order_lines_fulfilled_check,
        ADD CONSTRAINT order_lines_fulfilled_check CHECK (0 <= fulfilled AND fulfilled <= quantity),
        -- A piece comes back once, is refunded once, is replaced once, and is asked back once at a time.
        ADD CONSTRAINT order_lines_pieces_check CHECK (canceled >= 0 AND returned >= 0 AND refunded >= 0 AND replaced >= 0
          AND asked_back >= 0 AND awaiting >= 0 AND returned + refunded + replaced + asked_back <= fulfilled
          AND awaiting <= quantity - fulfilled),
        DROP CONSTRAINT IF EXISTS order_lines_variant_key;
      CREATE INDEX order_lines_order ON ordering.order_lines (order_id, variant_id);

      ALTER TABLE ordering.order_history ADD facts jsonb;

      CREATE TABLE ordering.order_changes (
        id uuid NOT NULL CONSTRAINT order_changes_pk PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT order_changes_order_fk REFERENCES ordering.orders (id),
        kind text NOT NULL CONSTRAINT order_changes_kind_check
          CHECK (kind IN ('edit', 'cancel', 'return', 'exchange', 'claim')),
        state text NOT NULL CONSTRAINT order_changes_state_check
          CHECK (state IN ('draft', 'discarded', 'awaiting_payment', 'confirmed', 'withdrawn')),
        -- What is to happen, as it was asked for.
        plan jsonb NOT NULL,
        reason text,
        return_id uuid,
        -- The version of the order that a draft was made for.
        order_version int NOT NULL,
        version int NOT NULL DEFAULT 1,
        -- What it came to, once it is confirmed; lines that it added, and how the order was sent before.
        difference bigint,
        due bigint NOT NULL DEFAULT 0 CONSTRAINT order_changes_due_check CHECK (due >= 0),
        refund bigint NOT NULL DEFAULT 0 CONSTRAINT order_changes_refund_check CHECK (refund >= 0),
        explained jsonb,
        undo jsonb,
        expires_at timestamptz,
        created_at timestamptz NOT NULL,
        created_by text,
        decided_at timestamptz,
        decided_by text,
        CONSTRAINT order_changes_awaiting_check CHECK (state <> 'awaiting_payment' OR (due > 0 AND expires_at IS NOT NULL))
      );
      CREATE UNIQUE INDEX order_changes_draft_key ON ordering.order_changes (order_id) WHERE state = 'draft';
      CREATE UNIQUE INDEX order_changes_awaiting_key ON ordering.order_changes (order_id) WHERE state = 'awaiting_payment';
      CREATE INDEX order_changes_order ON ordering.order_changes (order_id, id DESC);
      CREATE INDEX order_changes_expiry ON ordering.order_changes (expires_at) WHERE state = 'awaiting_payment';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.order_changes;
      ALTER TABLE ordering.order_history DROP COLUMN facts;
      DROP INDEX ordering.order_lines_order;
      ALTER TABLE ordering.order_lines DROP CONSTRAINT order_lines_pieces_check, DROP CONSTRAINT order_lines_fulfilled_check,
        DROP COLUMN canceled, DROP COLUMN returned, DROP COLUMN refunded, DROP COLUMN replaced, DROP COLUMN asked_back,
        DROP COLUMN awaiting,
        ADD CONSTRAINT order_lines_fulfilled_check CHECK (0 <= fulfilled AND fulfilled <= quantity AND quantity > 0),
        ADD CONSTRAINT order_lines_variant_key UNIQUE (order_id, variant_id);
      ALTER TABLE ordering.orders DROP COLUMN given_back, DROP COLUMN held_at, DROP COLUMN hold_reason, DROP COLUMN tags,
        DROP CONSTRAINT orders_fulfilment_status_check,
        ADD CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('unfulfilled', 'partially_fulfilled',
          'fulfilled', 'not_required'));
    `);
  }
}
