import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The inbox of gateway notices, and this shop's own account and cursor at each gateway. */
export class BillingGatewayEvents1780000000320 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.gateway_accounts (
        gateway text NOT NULL CONSTRAINT gateway_accounts_pkey PRIMARY KEY,
        account text NOT NULL,
        event_cursor text NOT NULL DEFAULT '0',
        created_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE billing.gateway_events (
        gateway text NOT NULL,
        event_id text NOT NULL,
        type text NOT NULL,
        object_ref text NOT NULL,
        operation_id uuid,
        object_version bigint NOT NULL,
        digest text NOT NULL,
        status text NOT NULL,
        deliveries integer NOT NULL DEFAULT 1,
        tries integer NOT NULL DEFAULT 0,
        next_try_at timestamptz,
        created_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        CONSTRAINT gateway_events_pkey PRIMARY KEY (gateway, event_id),
        CONSTRAINT gateway_events_status_check CHECK (status IN ('received', 'done', 'orphan', 'conflict'))
      );
      CREATE INDEX gateway_events_due ON billing.gateway_events (next_try_at) WHERE status = 'received';
      CREATE INDEX gateway_events_trouble ON billing.gateway_events (received_at) WHERE status IN ('orphan', 'conflict');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.gateway_events;
      DROP TABLE billing.gateway_accounts;
    `);
  }
}
