import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often working a notice failed and why: it is tried less and less often, and in the end waits for a person. */
export class BillingFailedNotices1780000000340 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.gateway_events
        ADD COLUMN failures integer NOT NULL DEFAULT 0,
        ADD COLUMN last_error text,
        DROP CONSTRAINT gateway_events_status_check,
        ADD CONSTRAINT gateway_events_status_check
          CHECK (status IN ('received', 'done', 'orphan', 'conflict', 'stuck'));
      DROP INDEX billing.gateway_events_trouble;
      CREATE INDEX gateway_events_trouble ON billing.gateway_events (received_at, event_id)
        WHERE status <> 'done' AND (status <> 'received' OR failures > 0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE billing.gateway_events SET status = 'orphan' WHERE status = 'stuck';
      DROP INDEX billing.gateway_events_trouble;
      CREATE INDEX gateway_events_trouble ON billing.gateway_events (received_at) WHERE status IN ('orphan', 'conflict');
      ALTER TABLE billing.gateway_events
        DROP COLUMN failures,
        DROP COLUMN last_error,
        DROP CONSTRAINT gateway_events_status_check,
        ADD CONSTRAINT gateway_events_status_check CHECK (status IN ('received', 'done', 'orphan', 'conflict'));
    `);
  }
}
