import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Returns: what buyers ask to send back, what came of it, and the rules by which they may. */
export class OrderingReturns1780000000561 implements MigrationInterface {
  readonly name = 'OrderingReturns1780000000561';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SEQUENCE ordering.return_numbers START 501;

      CREATE TABLE ordering.returns (
        id uuid NOT NULL CONSTRAINT returns_pk PRIMARY KEY,
        number bigint NOT NULL DEFAULT nextval('ordering.return_numbers') CONSTRAINT returns_number_key UNIQUE,
        order_id uuid NOT NULL CONSTRAINT returns_order_fk REFERENCES ordering.orders (id),
        state text NOT NULL CONSTRAINT returns_state_check
          CHECK (state IN ('requested', 'approved', 'declined', 'received', 'settled', 'canceled')),
        -- shopper, or staff on their behalf.
        asked_by text NOT NULL,
        comment text,
        -- Why it was declined, or how to send it: what the buyer reads.
        answer text,
        label_url text,
        change_id uuid,
        created_at timestamptz NOT NULL,
        decided_at timestamptz,
        received_at timestamptz,
        settled_at timestamptz,
        version int NOT NULL DEFAULT 1,
        CONSTRAINT returns_settled_check CHECK ((state = 'settled') = (change_id IS NOT NULL))
      );
      CREATE INDEX returns_order ON ordering.returns (order_id, id DESC);
      CREATE INDEX returns_state ON ordering.returns (state, id DESC);

      CREATE TABLE ordering.return_lines (
        return_id uuid NOT NULL CONSTRAINT return_lines_return_fk REFERENCES ordering.returns (id),
        line_id uuid NOT NULL CONSTRAINT return_lines_line_fk REFERENCES ordering.order_lines (id),
        quantity int NOT NULL CONSTRAINT return_lines_quantity_check CHECK (quantity > 0),
        reason text NOT NULL,
        -- Pieces that came or are known to be missing; never more than were asked for.
        received int NOT NULL DEFAULT 0,
        CONSTRAINT return_lines_pk PRIMARY KEY (return_id, line_id),
        CONSTRAINT return_lines_received_check CHECK (received BETWEEN 0 AND quantity)
      );
      CREATE INDEX return_lines_line ON ordering.return_lines (line_id);

      CREATE TABLE ordering.return_receipts (
        id uuid NOT NULL CONSTRAINT return_receipts_pk PRIMARY KEY,
        return_id uuid NOT NULL,
        line_id uuid NOT NULL,
        condition text NOT NULL CONSTRAINT return_receipts_condition_check
          CHECK (condition IN ('new', 'opened', 'damaged', 'missing')),
        quantity int NOT NULL CONSTRAINT return_receipts_quantity_check CHECK (quantity > 0),
        -- Code of the location where it can be sold again; NULL: it cannot.
        restocked_at text,
        at timestamptz NOT NULL,
        actor text,
        CONSTRAINT return_receipts_line_fk FOREIGN KEY (return_id, line_id) REFERENCES ordering.return_lines (return_id, line_id)
      );
      CREATE INDEX return_receipts_return ON ordering.return_receipts (return_id, id);

      CREATE TABLE ordering.return_settings (
        -- There is one row.
        is_set boolean NOT NULL DEFAULT true CONSTRAINT return_settings_pk PRIMARY KEY
          CONSTRAINT return_settings_once_check CHECK (is_set),
        window_days int NOT NULL CONSTRAINT return_settings_window_check CHECK (window_days BETWEEN 0 AND 3650),
        approve_at_once boolean NOT NULL,
        excluded_products uuid[] NOT NULL DEFAULT '{}',
        version int NOT NULL DEFAULT 1
      );
      INSERT INTO ordering.return_settings (window_days, approve_at_once) VALUES (30, false);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.return_settings, ordering.return_receipts, ordering.return_lines, ordering.returns;
      DROP SEQUENCE ordering.return_numbers;
    `);
  }
}
