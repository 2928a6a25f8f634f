import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A fulfilment has a life of its own: planned at one location, packed, sent in parcels, delivered, or given back. */
export class OrderingFulfilments1780000000580 implements MigrationInterface {
  readonly name = 'OrderingFulfilments1780000000580';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- planned: pieces that stand in a fulfilment which has not left; fulfilled: those that have.
      ALTER TABLE ordering.order_lines ADD planned int NOT NULL DEFAULT 0, ADD delivered int NOT NULL DEFAULT 0,
        ADD CONSTRAINT order_lines_planned_check CHECK (planned >= 0 AND fulfilled + planned <= quantity),
        ADD CONSTRAINT order_lines_delivered_check CHECK (delivered BETWEEN 0 AND fulfilled);

      ALTER TABLE ordering.orders DROP CONSTRAINT orders_fulfilment_status_check,
        ADD CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('unfulfilled', 'partially_fulfilled',
          'fulfilled', 'delivered', 'returned_partially', 'returned', 'not_required'));

      -- location NULL: parts of a bundle lie at several, or nobody counts what it holds.
      ALTER TABLE ordering.fulfilments
        ADD state text NOT NULL DEFAULT 'shipped' CONSTRAINT fulfilments_state_check
          CHECK (state IN ('pending', 'packed', 'shipped', 'delivered', 'canceled')),
        ADD location text, ADD location_name text, ADD service text,
        ADD carrier_code text GENERATED ALWAYS AS (lower(btrim(carrier))) STORED,
        ADD packed_at timestamptz, ADD shipped_at timestamptz, ADD delivered_at timestamptz, ADD canceled_at timestamptz,
        ADD version int NOT NULL DEFAULT 1;
      UPDATE ordering.fulfilments SET shipped_at = created_at;
      ALTER TABLE ordering.fulfilments ALTER state DROP DEFAULT,
        ADD CONSTRAINT fulfilments_shipped_check CHECK ((state IN ('shipped', 'delivered')) = (shipped_at IS NOT NULL)),
        ADD CONSTRAINT fulfilments_delivered_check CHECK ((state = 'delivered') = (delivered_at IS NOT NULL));
      CREATE INDEX fulfilments_created ON ordering.fulfilments (created_at DESC, id DESC);
      CREATE INDEX fulfilments_state ON ordering.fulfilments (state, created_at DESC, id DESC);
      CREATE INDEX fulfilments_location ON ordering.fulfilments (location, created_at DESC, id DESC);
      CREATE INDEX fulfilments_carrier ON ordering.fulfilments (carrier_code, created_at DESC, id DESC);

      -- What is taken from where: of a bundle its parts. Nothing of what nobody counts.
      CREATE TABLE ordering.fulfilment_picks (
        fulfilment_id uuid NOT NULL CONSTRAINT fulfilment_picks_fulfilment_fk REFERENCES ordering.fulfilments (id),
        line_id uuid NOT NULL CONSTRAINT fulfilment_picks_line_fk REFERENCES ordering.order_lines (id),
        variant_id uuid NOT NULL,
        location text NOT NULL,
        quantity int NOT NULL CONSTRAINT fulfilment_picks_quantity_check CHECK (quantity > 0),
        CONSTRAINT fulfilment_picks_pk PRIMARY KEY (fulfilment_id, line_id, variant_id, location)
      );

      -- tracking_key: the number as carriers mean it, however it is written.
      CREATE TABLE ordering.fulfilment_parcels (
        id uuid NOT NULL CONSTRAINT fulfilment_parcels_pk PRIMARY KEY,
        fulfilment_id uuid NOT NULL CONSTRAINT fulfilment_parcels_fulfilment_fk REFERENCES ordering.fulfilments (id),
        position int NOT NULL,
        tracking_number text,
        tracking_key text GENERATED ALWAYS AS (upper(translate(tracking_number, ' .-', ''))) STORED,
        tracking_url text,
        weight_grams int CONSTRAINT fulfilment_parcels_weight_check CHECK (weight_grams > 0)
      );
      CREATE INDEX fulfilment_parcels_fulfilment ON ordering.fulfilment_parcels (fulfilment_id, position);
      CREATE INDEX fulfilment_parcels_tracking ON ordering.fulfilment_parcels (tracking_key);
      INSERT INTO ordering.fulfilment_parcels (id, fulfilment_id, position, tracking_number, tracking_url)
        SELECT gen_random_uuid(), id, 1, tracking_number, tracking_url FROM ordering.fulfilments
        WHERE tracking_number IS NOT NULL OR tracking_url IS NOT NULL;
      ALTER TABLE ordering.fulfilments DROP COLUMN tracking_number, DROP COLUMN tracking_url;

      CREATE TABLE ordering.fulfilment_history (
        id uuid NOT NULL CONSTRAINT fulfilment_history_pk PRIMARY KEY,
        fulfilment_id uuid NOT NULL CONSTRAINT fulfilment_history_fulfilment_fk REFERENCES ordering.fulfilments (id),
        at timestamptz NOT NULL,
        event text NOT NULL,
        actor_kind text NOT NULL,
        actor_id text,
        note text
      );
      CREATE INDEX fulfilment_history_fulfilment ON ordering.fulfilment_history (fulfilment_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    // A version before knows parcels that have left and nothing else.
    await runner.query(`
      DROP TABLE ordering.fulfilment_history;
      ALTER TABLE ordering.fulfilments ADD tracking_number text, ADD tracking_url text;
      UPDATE ordering.fulfilments f SET tracking_number = p.tracking_number, tracking_url = p.tracking_url
        FROM ordering.fulfilment_parcels p WHERE p.fulfilment_id = f.id AND p.position = 1;
      DROP TABLE ordering.fulfilment_parcels;
      DROP TABLE ordering.fulfilment_picks;
      DELETE FROM ordering.fulfilment_lines l USING ordering.fulfilments f
        WHERE f.id = l.fulfilment_id AND f.state IN ('pending', 'packed', 'canceled');
      DELETE FROM ordering.fulfilments WHERE state IN ('pending', 'packed', 'canceled');
      ALTER TABLE ordering.fulfilments DROP COLUMN state, DROP COLUMN location, DROP COLUMN location_name, DROP COLUMN service,
        DROP COLUMN carrier_code, DROP COLUMN packed_at, DROP COLUMN shipped_at, DROP COLUMN delivered_at,
        DROP COLUMN canceled_at, DROP COLUMN version;
      UPDATE ordering.orders SET fulfilment_status = 'fulfilled'
        WHERE fulfilment_status IN ('delivered', 'returned_partially', 'returned');
      UPDATE ordering.order_history SET fulfilment_status = 'fulfilled'
        WHERE fulfilment_status IN ('delivered', 'returned_partially', 'returned');
      ALTER TABLE ordering.orders DROP CONSTRAINT orders_fulfilment_status_check,
        ADD CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('unfulfilled', 'partially_fulfilled',
          'fulfilled', 'not_required'));
      ALTER TABLE ordering.order_lines DROP COLUMN planned, DROP COLUMN delivered;
    `);
  }
}
