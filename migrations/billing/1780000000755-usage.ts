import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What subscribers have used, event by event, and what of it was charged. */
export class BillingUsage1780000000755 implements MigrationInterface {
  readonly name = 'BillingUsage1780000000755';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.usage_events (
        id uuid NOT NULL,
        subscription_id uuid NOT NULL CONSTRAINT usage_events_subscription_fk REFERENCES billing.subscriptions (id),
        -- The name that its sender gave it: what comes twice counts once.
        event_id text NOT NULL,
        component text NOT NULL,
        -- Millionths of a unit.
        quantity bigint NOT NULL,
        used_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        -- It came late: up to here usage was charged by then. NULL: in time.
        settled_until timestamptz,
        CONSTRAINT usage_events_pk PRIMARY KEY (subscription_id, event_id),
        CONSTRAINT usage_events_late_check CHECK (used_at < settled_until)
      );
      CREATE INDEX usage_events_list ON billing.usage_events (subscription_id, id);
      CREATE INDEX usage_events_time ON billing.usage_events (subscription_id, component, used_at, id) INCLUDE (quantity);
      CREATE INDEX usage_events_late ON billing.usage_events (subscription_id, settled_until) WHERE settled_until IS NOT NULL;

      -- Stretches of time of which the usage was charged: each begins where the one before ends.
      CREATE TABLE billing.usage_windows (
        subscription_id uuid NOT NULL CONSTRAINT usage_windows_subscription_fk REFERENCES billing.subscriptions (id),
        from_at timestamptz NOT NULL,
        until_at timestamptz NOT NULL,
        -- NULL: nothing was invoiced.
        invoice_id uuid,
        settled_at timestamptz NOT NULL,
        CONSTRAINT usage_windows_pk PRIMARY KEY (subscription_id, until_at),
        CONSTRAINT usage_windows_from_key UNIQUE (subscription_id, from_at),
        CONSTRAINT usage_windows_order_check CHECK (until_at > from_at)
      );

      -- What was charged for a component in a window, and with the invoices after it for what came late.
      CREATE TABLE billing.usage_charges (
        subscription_id uuid NOT NULL,
        -- The window that was settled with it.
        settled_until timestamptz NOT NULL,
        component text NOT NULL,
        -- The window that it was used in: an earlier one, when it came late.
        from_at timestamptz NOT NULL,
        until_at timestamptz NOT NULL,
        -- Of all its events together: more than one of them may hold.
        quantity numeric(40, 0) NOT NULL,
        -- The difference to what was charged for that window before; below zero it is given back.
        amount bigint NOT NULL,
        charge jsonb NOT NULL,
        CONSTRAINT usage_charges_pk PRIMARY KEY (subscription_id, settled_until, until_at, component),
        CONSTRAINT usage_charges_window_fk FOREIGN KEY (subscription_id, settled_until)
          REFERENCES billing.usage_windows (subscription_id, until_at)
      );
      CREATE INDEX usage_charges_window ON billing.usage_charges (subscription_id, until_at);

      CREATE FUNCTION billing.usage_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% on billing.% is refused: what was used is only added to', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER usage_events_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.usage_events
        FOR EACH STATEMENT EXECUTE FUNCTION billing.usage_is_kept();
      CREATE TRIGGER usage_charges_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.usage_charges
        FOR EACH STATEMENT EXECUTE FUNCTION billing.usage_is_kept();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.usage_charges;
      DROP TABLE billing.usage_windows;
      DROP TABLE billing.usage_events;
      DROP FUNCTION billing.usage_is_kept();
    `);
  }
}
