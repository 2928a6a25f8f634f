import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What carriers tell of parcels: each event once, whether we know its parcel or not. */
export class OrderingCarrierEvents1780000000581 implements MigrationInterface {
  readonly name = 'OrderingCarrierEvents1780000000581';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ordering.carrier_events (
        carrier text NOT NULL,
        event_id text NOT NULL,
        tracking_number text NOT NULL,
        tracking_key text GENERATED ALWAYS AS (upper(translate(tracking_number, ' .-', ''))) STORED,
        status text NOT NULL,
        description text,
        place text,
        occurred_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        digest bytea NOT NULL,
        deliveries int NOT NULL DEFAULT 1,
        -- The same id came with another content; the first one counts.
        conflict boolean NOT NULL DEFAULT false,
        state text NOT NULL CONSTRAINT carrier_events_state_check CHECK (state IN ('received', 'known', 'orphan')),
        CONSTRAINT carrier_events_pk PRIMARY KEY (carrier, event_id)
      );
      CREATE INDEX carrier_events_parcel ON ordering.carrier_events (carrier, tracking_key, occurred_at);
      CREATE INDEX carrier_events_received ON ordering.carrier_events (received_at DESC, event_id DESC);
      CREATE INDEX carrier_events_orphans ON ordering.carrier_events (received_at DESC, event_id DESC)
        WHERE state = 'orphan';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ordering.carrier_events');
  }
}
