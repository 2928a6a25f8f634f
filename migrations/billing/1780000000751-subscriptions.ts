import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions, what they were for and when, the periods that were billed, and lines that wait for the next invoice. */
export class BillingSubscriptions1780000000751 implements MigrationInterface {
  readonly name = 'BillingSubscriptions1780000000751';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.subscriptions (
        id uuid CONSTRAINT subscriptions_pk PRIMARY KEY,
        -- NULL: the customer was erased.
        customer_id uuid,
        state text NOT NULL CONSTRAINT subscriptions_state_check CHECK (state IN
          ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled')),
        kind text NOT NULL CONSTRAINT subscriptions_kind_check CHECK (kind IN ('service', 'goods')),
        currency text NOT NULL,
        -- Counts the anchors: a new one begins its own row of periods, also on the day of the one before.
        schedule_no int NOT NULL DEFAULT 0,
        anchor_date date NOT NULL,
        zone text NOT NULL,
        interval_unit text NOT NULL CONSTRAINT subscriptions_unit_check
          CHECK (interval_unit IN ('day', 'week', 'month', 'year')),
        interval_count int NOT NULL CONSTRAINT subscriptions_count_check CHECK (interval_count > 0),
        -- The period that is billed next. The truth about when is the table, and no queue.
        next_period int NOT NULL,
        next_bill_at timestamptz,
        trial_ends_at timestamptz,
        -- automatic: charged to the method; invoice: the customer is sent the invoice and pays it.
        collection text NOT NULL CONSTRAINT subscriptions_collection_check CHECK (collection IN ('automatic', 'invoice')),
        -- NULL: the default method of the customer.
        method_id uuid,
        -- Sealed for the customer: who is invoiced.
        buyer bytea,
        country text NOT NULL,
        cancel_at_period_end boolean NOT NULL DEFAULT false,
        cancel_reason text,
        scheduled_change jsonb,
        -- Why nothing is billed until a person has looked.
        parked_reason text,
        -- Until when the first payment is waited for.
        expires_at timestamptz,
        paused_at timestamptz,
        ended_at timestamptz,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX subscriptions_due ON billing.subscriptions (next_bill_at)
        WHERE state IN ('trialing', 'active', 'past_due') AND parked_reason IS NULL;
      CREATE INDEX subscriptions_expiring ON billing.subscriptions (expires_at) WHERE state = 'incomplete';
      CREATE INDEX subscriptions_customer ON billing.subscriptions (customer_id, id);
      CREATE INDEX subscriptions_state ON billing.subscriptions (state, id);

      CREATE TABLE billing.subscription_items (
        id uuid CONSTRAINT subscription_items_pk PRIMARY KEY,
        subscription_id uuid NOT NULL CONSTRAINT subscription_items_subscription_fk REFERENCES billing.subscriptions (id),
        plan_version_id uuid NOT NULL CONSTRAINT subscription_items_version_fk REFERENCES billing.plan_versions (id),
        quantity int NOT NULL CONSTRAINT subscription_items_quantity_check CHECK (quantity > 0),
        since timestamptz NOT NULL,
        until timestamptz,
        -- What the running period was billed for it, and what of that was given back: a credit is never more than what is left.
        billed bigint NOT NULL DEFAULT 0,
        credited bigint NOT NULL DEFAULT 0,
        -- How that was taxed: so a credit is, too.
        tax jsonb,
        CONSTRAINT subscription_items_credit_check CHECK (credited BETWEEN 0 AND billed)
      );
      CREATE UNIQUE INDEX subscription_items_one_present ON billing.subscription_items (subscription_id) WHERE until IS NULL;
      CREATE INDEX subscription_items_all ON billing.subscription_items (subscription_id, id);
      CREATE INDEX subscription_items_version ON billing.subscription_items (plan_version_id);

      -- One row for each period that was billed, whoever was first: that is what bills it once.
      CREATE TABLE billing.invoice_periods (
        subscription_id uuid NOT NULL CONSTRAINT invoice_periods_subscription_fk REFERENCES billing.subscriptions (id),
        schedule_no int NOT NULL,
        period_index int NOT NULL,
        period_start date NOT NULL,
        period_end date NOT NULL CONSTRAINT invoice_periods_order_check CHECK (period_end > period_start),
        item_id uuid NOT NULL CONSTRAINT invoice_periods_item_fk REFERENCES billing.subscription_items (id),
        -- NULL: nothing was invoiced.
        invoice_id uuid,
        billed_at timestamptz NOT NULL,
        CONSTRAINT invoice_periods_pk PRIMARY KEY (subscription_id, schedule_no, period_index)
      );
      CREATE INDEX invoice_periods_invoice ON billing.invoice_periods (invoice_id) WHERE invoice_id IS NOT NULL;

      CREATE TABLE billing.subscription_pending_lines (
        id uuid CONSTRAINT subscription_pending_lines_pk PRIMARY KEY,
        subscription_id uuid NOT NULL CONSTRAINT subscription_pending_lines_subscription_fk
          REFERENCES billing.subscriptions (id),
        line jsonb NOT NULL,
        -- NULL: it waits for the next invoice.
        invoice_id uuid,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX subscription_pending_lines_open ON billing.subscription_pending_lines (subscription_id, id)
        WHERE invoice_id IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.subscription_pending_lines;
      DROP TABLE billing.invoice_periods;
      DROP TABLE billing.subscription_items;
      DROP TABLE billing.subscriptions;
    `);
  }
}
