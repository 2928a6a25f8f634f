import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Payments (what is owed, frozen), operations (one call to a gateway each) and refunds (reserved before they are sent). */
export class BillingPayments1780000000300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS billing;

      CREATE TABLE billing.payments (
        id uuid NOT NULL CONSTRAINT payments_pkey PRIMARY KEY,
        order_id uuid NOT NULL,
        customer_id uuid,
        status text NOT NULL,
        amount bigint NOT NULL,
        currency text NOT NULL,
        captured bigint NOT NULL DEFAULT 0,
        refund_reserved bigint NOT NULL DEFAULT 0,
        refunded bigint NOT NULL DEFAULT 0,
        capture text NOT NULL DEFAULT 'automatic',
        gateway text NOT NULL,
        gateway_ref text,
        operation_id uuid NOT NULL,
        attempts integer NOT NULL DEFAULT 1,
        decline_code text,
        review_reason text,
        next_action_url text,
        return_url text,
        buyer jsonb,
        access_hash bytea,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT payments_status_check CHECK (status IN ('processing', 'requires_payment_method', 'requires_action',
          'authorized', 'captured', 'canceled', 'requires_review')),
        CONSTRAINT payments_amount_check CHECK (amount > 0 AND captured >= 0),
        CONSTRAINT payments_refunds_check CHECK (0 <= refunded AND refunded <= refund_reserved AND refund_reserved <= captured),
        CONSTRAINT payments_capture_check CHECK (capture IN ('automatic', 'manual'))
      );
      -- A shopper must never pay one order twice: whatever two requests do at once, one payment is alive.
      CREATE UNIQUE INDEX payments_one_alive_per_order ON billing.payments (order_id) WHERE status <> 'canceled';
      CREATE INDEX payments_order ON billing.payments (order_id);
      CREATE INDEX payments_customer ON billing.payments (customer_id, created_at, id) WHERE customer_id IS NOT NULL;
      CREATE INDEX payments_created ON billing.payments (created_at, id);
      CREATE INDEX payments_status_created ON billing.payments (status, created_at, id);
      CREATE INDEX payments_gateway_ref ON billing.payments (gateway_ref) WHERE gateway_ref IS NOT NULL;

      CREATE TABLE billing.operations (
        id uuid NOT NULL CONSTRAINT operations_pkey PRIMARY KEY,
        payment_id uuid NOT NULL CONSTRAINT operations_payment_fkey REFERENCES billing.payments (id),
        kind text NOT NULL,
        status text NOT NULL,
        attempt integer NOT NULL,
        amount bigint NOT NULL,
        currency text NOT NULL,
        -- What the gateway gave the shopper in place of a card; forgotten as soon as the operation is decided.
        token text,
        gateway_ref text,
        gateway_version bigint NOT NULL DEFAULT 0,
        code text,
        refund_id uuid,
        checks integer NOT NULL DEFAULT 0,
        next_check_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT operations_kind_check CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
        CONSTRAINT operations_status_check CHECK (status IN ('created', 'succeeded', 'failed', 'errored', 'pending', 'unknown')),
        CONSTRAINT operations_amount_check CHECK (amount > 0)
      );
      CREATE INDEX operations_payment ON billing.operations (payment_id);
      CREATE INDEX operations_due ON billing.operations (next_check_at) WHERE next_check_at IS NOT NULL;

      CREATE TABLE billing.refunds (
        id uuid NOT NULL CONSTRAINT refunds_pkey PRIMARY KEY,
        payment_id uuid NOT NULL CONSTRAINT refunds_payment_fkey REFERENCES billing.payments (id),
        order_id uuid NOT NULL,
        operation_id uuid NOT NULL CONSTRAINT refunds_operation_key UNIQUE,
        amount bigint NOT NULL,
        currency text NOT NULL,
        status text NOT NULL,
        reason text NOT NULL,
        failure_code text,
        requested_by text NOT NULL,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT refunds_amount_check CHECK (amount > 0),
        CONSTRAINT refunds_status_check CHECK (status IN ('pending', 'succeeded', 'failed'))
      );
      CREATE INDEX refunds_payment ON billing.refunds (payment_id);
      CREATE INDEX refunds_order ON billing.refunds (order_id);
      CREATE INDEX refunds_created ON billing.refunds (created_at, id);
      CREATE INDEX refunds_status_created ON billing.refunds (status, created_at, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.refunds;
      DROP TABLE billing.operations;
      DROP TABLE billing.payments;
      DROP SCHEMA billing;
    `);
  }
}
