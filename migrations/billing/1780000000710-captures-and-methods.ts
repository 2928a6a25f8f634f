import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Holds that are captured in parts, methods that customers keep, payments of invoices, disputes, and money that came without a
 * gateway.
 */
export class BillingCapturesAndMethods1780000000710 implements MigrationInterface {
  readonly name = 'BillingCapturesAndMethods1780000000710';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.payments
        ALTER COLUMN order_id DROP NOT NULL,
        ADD COLUMN invoice_id uuid,
        ADD CONSTRAINT payments_subject_check CHECK ((order_id IS NULL) <> (invoice_id IS NULL)),
        -- What captures were asked for and did not fail; never more than is held.
        ADD COLUMN capture_reserved bigint NOT NULL DEFAULT 0,
        ADD CONSTRAINT payments_captures_check CHECK (0 <= capture_reserved AND capture_reserved <= amount),
        -- Until when a hold can be captured, and whether staff were told that it ends.
        ADD COLUMN capture_before timestamptz,
        ADD COLUMN expiry_told_at timestamptz,
        -- What banks have taken back or may take back, and what of it is lost for good.
        ADD COLUMN disputed bigint NOT NULL DEFAULT 0,
        ADD COLUMN dispute_lost bigint NOT NULL DEFAULT 0,
        ADD CONSTRAINT payments_disputes_check CHECK (disputed >= 0 AND dispute_lost >= 0),
        DROP CONSTRAINT payments_purpose_check,
        ADD CONSTRAINT payments_purpose_check CHECK (purpose IN ('order', 'extra', 'invoice'));
      CREATE UNIQUE INDEX payments_one_alive_per_invoice ON billing.payments (invoice_id)
        WHERE status <> 'canceled' AND purpose = 'invoice' AND instrument_id IS NULL;
      CREATE INDEX payments_invoice ON billing.payments (invoice_id) WHERE invoice_id IS NOT NULL;
      CREATE INDEX payments_holds_ending ON billing.payments (capture_before) WHERE status = 'authorized';

      ALTER TABLE billing.operations
        -- Nobody was there to answer the bank.
        ADD COLUMN off_session boolean NOT NULL DEFAULT false,
        -- Of a capture: the last one, so that the rest is released.
        ADD COLUMN final boolean NOT NULL DEFAULT true,
        ADD COLUMN method_id uuid,
        ADD COLUMN save_method boolean NOT NULL DEFAULT false,
        ADD COLUMN advice text;
      ALTER TABLE billing.refunds ALTER COLUMN order_id DROP NOT NULL;

      CREATE TABLE billing.gateway_customers (
        -- Also the key of the call that makes it, so that two calls make one customer.
        id uuid NOT NULL CONSTRAINT gateway_customers_pkey PRIMARY KEY,
        customer_id uuid NOT NULL,
        gateway text NOT NULL,
        ref text,
        created_at timestamptz NOT NULL,
        CONSTRAINT gateway_customers_customer_key UNIQUE (customer_id, gateway)
      );
      CREATE TABLE billing.payment_methods (
        id uuid NOT NULL CONSTRAINT payment_methods_pkey PRIMARY KEY,
        -- NULL: removed, and about to be forgotten at the gateway.
        customer_id uuid,
        gateway text NOT NULL,
        ref text NOT NULL,
        customer_ref text NOT NULL,
        brand text NOT NULL,
        last4 text NOT NULL,
        expiry_month integer NOT NULL,
        expiry_year integer NOT NULL,
        fingerprint text,
        is_default boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL,
        CONSTRAINT payment_methods_ref_key UNIQUE (gateway, ref)
      );
      CREATE INDEX payment_methods_customer ON billing.payment_methods (customer_id, id) WHERE customer_id IS NOT NULL;
      CREATE UNIQUE INDEX payment_methods_one_default ON billing.payment_methods (customer_id) WHERE is_default;
      -- A method on its way: the bank may want to ask before it is kept.
      CREATE TABLE billing.payment_method_setups (
        id uuid NOT NULL CONSTRAINT payment_method_setups_pkey PRIMARY KEY,
        customer_id uuid NOT NULL,
        gateway text NOT NULL,
        ref text,
        status text NOT NULL CONSTRAINT payment_method_setups_status_check
          CHECK (status IN ('processing', 'requires_action', 'succeeded', 'failed')),
        code text,
        make_default boolean NOT NULL DEFAULT false,
        method_id uuid,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX payment_method_setups_customer ON billing.payment_method_setups (customer_id);

      CREATE TABLE billing.disputes (
        id uuid NOT NULL CONSTRAINT disputes_pkey PRIMARY KEY,
        payment_id uuid NOT NULL CONSTRAINT disputes_payment_fkey REFERENCES billing.payments (id),
        order_id uuid,
        gateway text NOT NULL,
        ref text NOT NULL,
        amount bigint NOT NULL CONSTRAINT disputes_amount_check CHECK (amount > 0),
        fee bigint NOT NULL DEFAULT 0,
        currency text NOT NULL,
        status text NOT NULL CONSTRAINT disputes_status_check CHECK (status IN ('open', 'won', 'lost')),
        reason text NOT NULL,
        evidence_due_at timestamptz,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        closed_at timestamptz,
        CONSTRAINT disputes_ref_key UNIQUE (gateway, ref)
      );
      CREATE INDEX disputes_payment ON billing.disputes (payment_id);
      CREATE INDEX disputes_created ON billing.disputes (created_at, id);

      -- Money that came without a gateway, as staff found it in the bank or in the till.
      CREATE TABLE billing.receipts (
        id uuid NOT NULL CONSTRAINT receipts_pkey PRIMARY KEY,
        payment_id uuid NOT NULL CONSTRAINT receipts_payment_fkey REFERENCES billing.payments (id),
        method text NOT NULL CONSTRAINT receipts_method_check CHECK (method IN ('bank_transfer', 'cash', 'other')),
        reference text NOT NULL,
        received_at timestamptz NOT NULL,
        recorded_by uuid,
        created_at timestamptz NOT NULL,
        CONSTRAINT receipts_reference_key UNIQUE (method, reference)
      );
      CREATE INDEX receipts_payment ON billing.receipts (payment_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.receipts;
      DROP TABLE billing.disputes;
      DROP TABLE billing.payment_method_setups;
      DROP TABLE billing.payment_methods;
      DROP TABLE billing.gateway_customers;
      ALTER TABLE billing.refunds ALTER COLUMN order_id SET NOT NULL;
      ALTER TABLE billing.operations
        DROP COLUMN off_session, DROP COLUMN final, DROP COLUMN method_id, DROP COLUMN save_method, DROP COLUMN advice;
      DROP INDEX billing.payments_holds_ending;
      DROP INDEX billing.payments_invoice;
      DROP INDEX billing.payments_one_alive_per_invoice;
      ALTER TABLE billing.payments
        DROP CONSTRAINT payments_purpose_check,
        ADD CONSTRAINT payments_purpose_check CHECK (purpose IN ('order', 'extra')),
        DROP COLUMN disputed, DROP COLUMN dispute_lost, DROP COLUMN expiry_told_at, DROP COLUMN capture_before,
        DROP COLUMN capture_reserved, DROP COLUMN invoice_id, ALTER COLUMN order_id SET NOT NULL;
    `);
  }
}
