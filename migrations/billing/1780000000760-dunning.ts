import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How unpaid invoices are collected: policies, what is under way for each invoice, every attempt, and links to pay. */
export class BillingDunning1780000000760 implements MigrationInterface {
  readonly name = 'BillingDunning1780000000760';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.dunning_policies (
        id uuid CONSTRAINT dunning_policies_pk PRIMARY KEY,
        name text NOT NULL,
        -- Days after the first failure, rising.
        retry_days int[] NOT NULL CONSTRAINT dunning_policies_retries_check CHECK (cardinality(retry_days) BETWEEN 1 AND 12),
        end_action text NOT NULL CONSTRAINT dunning_policies_end_check CHECK (end_action IN ('cancel', 'unpaid', 'leave_past_due')),
        -- Days after the day of the oldest unpaid invoice.
        restrict_after_days int NOT NULL,
        block_after_days int NOT NULL,
        cancel_after_days int,
        is_default boolean NOT NULL DEFAULT false,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT dunning_policies_overdue_check CHECK (
          0 <= restrict_after_days AND restrict_after_days <= block_after_days
          AND (cancel_after_days IS NULL OR block_after_days <= cancel_after_days))
      );
      CREATE UNIQUE INDEX dunning_policies_one_default ON billing.dunning_policies (is_default) WHERE is_default;
      INSERT INTO billing.dunning_policies
        (id, name, retry_days, end_action, restrict_after_days, block_after_days, cancel_after_days, is_default, created_at, updated_at)
      VALUES ('01900000-0000-7000-8000-000000000760', 'Standard', '{1,4,9,16}', 'cancel', 10, 14, 21, true, now(), now());

      CREATE TABLE billing.collections (
        invoice_id uuid CONSTRAINT collections_pk PRIMARY KEY CONSTRAINT collections_invoice_fk REFERENCES billing.invoices (id),
        subscription_id uuid,
        -- NULL: erased.
        customer_id uuid,
        -- The method that is charged; NULL: the customer's default.
        method_id uuid,
        policy_id uuid NOT NULL CONSTRAINT collections_policy_fk REFERENCES billing.dunning_policies (id),
        -- As the policy was when it began: what is under way ends by the rules that it began with.
        retry_days int[] NOT NULL,
        end_action text NOT NULL,
        state text NOT NULL CONSTRAINT collections_state_check CHECK (state IN ('collecting', 'paid', 'ended', 'stopped')),
        -- How many attempts of the schedule have failed.
        step int NOT NULL DEFAULT 0,
        -- When the schedule tries next, when something else does (a new method, the gateway is back), when a letter announces it.
        step_at timestamptz,
        extra_at timestamptz,
        remind_at timestamptz,
        -- How often in a row the gateway was not there for the attempt that is due.
        errors int NOT NULL DEFAULT 0,
        first_failed_at timestamptz,
        code text,
        created_at timestamptz NOT NULL,
        ended_at timestamptz
      );
      CREATE INDEX collections_step ON billing.collections (step_at) WHERE step_at IS NOT NULL;
      CREATE INDEX collections_extra ON billing.collections (extra_at) WHERE extra_at IS NOT NULL;
      CREATE INDEX collections_remind ON billing.collections (remind_at) WHERE remind_at IS NOT NULL;
      CREATE INDEX collections_customer ON billing.collections (customer_id, invoice_id);
      CREATE INDEX collections_subscription ON billing.collections (subscription_id, invoice_id);
      CREATE INDEX collections_state ON billing.collections (state, invoice_id);
      CREATE INDEX collections_failed ON billing.collections (first_failed_at) WHERE first_failed_at IS NOT NULL;

      CREATE TABLE billing.collection_attempts (
        id uuid CONSTRAINT collection_attempts_pk PRIMARY KEY,
        invoice_id uuid NOT NULL CONSTRAINT collection_attempts_collection_fk REFERENCES billing.collections (invoice_id),
        kind text NOT NULL CONSTRAINT collection_attempts_kind_check CHECK (kind IN ('scheduled', 'new_method', 'manual', 'link')),
        step int NOT NULL,
        amount bigint NOT NULL,
        currency text NOT NULL,
        -- NULL: nothing was sent, because nothing could have come of it.
        operation_id uuid CONSTRAINT collection_attempts_operation_key UNIQUE,
        method_id uuid,
        brand text,
        -- The same for the same card, also when it is kept anew: networks count by card.
        fingerprint text,
        -- NULL: nobody knows yet.
        outcome text CONSTRAINT collection_attempts_outcome_check
          CHECK (outcome IN ('paid', 'declined', 'needs_customer', 'errored', 'skipped', 'superseded')),
        code text,
        advice text,
        at timestamptz NOT NULL,
        decided_at timestamptz
      );
      CREATE INDEX collection_attempts_invoice ON billing.collection_attempts (invoice_id, id);
      CREATE UNIQUE INDEX collection_attempts_one_open ON billing.collection_attempts (invoice_id) WHERE outcome IS NULL;
      CREATE INDEX collection_attempts_card ON billing.collection_attempts (fingerprint, at) WHERE fingerprint IS NOT NULL;

      -- Links to pay an invoice, by which nobody has to sign in. Each letter has its own; all of them hold until their day.
      CREATE TABLE billing.invoice_links (
        id uuid CONSTRAINT invoice_links_pk PRIMARY KEY,
        invoice_id uuid NOT NULL CONSTRAINT invoice_links_invoice_fk REFERENCES billing.invoices (id),
        token_hash bytea NOT NULL CONSTRAINT invoice_links_token_key UNIQUE,
        expires_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX invoice_links_invoice ON billing.invoice_links (invoice_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.invoice_links;
      DROP TABLE billing.collection_attempts;
      DROP TABLE billing.collections;
      DROP TABLE billing.dunning_policies;
    `);
  }
}
