import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An order is paid by as many payments as it takes: at a gateway, from gift cards, from store credit. */
export class BillingTenders1780000000370 implements MigrationInterface {
  readonly name = 'BillingTenders1780000000370';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.payments
        ADD COLUMN purpose text NOT NULL DEFAULT 'order'
          CONSTRAINT payments_purpose_check CHECK (purpose IN ('order', 'extra')),
        -- The gift card or the store credit that it was taken from; null: a gateway is asked for it.
        ADD COLUMN instrument_id uuid,
        ADD COLUMN last4 text;
      -- Whatever two requests do at once: one gateway is asked for an order, and for one further amount at a time.
      DROP INDEX billing.payments_one_alive_per_order;
      CREATE UNIQUE INDEX payments_one_alive_per_order ON billing.payments (order_id)
        WHERE status <> 'canceled' AND purpose = 'order' AND instrument_id IS NULL;
      CREATE UNIQUE INDEX payments_one_extra_open ON billing.payments (order_id)
        WHERE status NOT IN ('canceled', 'captured') AND purpose = 'extra' AND instrument_id IS NULL;

      -- What goes to a gift card or to store credit needs no call of a gateway.
      ALTER TABLE billing.refunds ALTER operation_id DROP NOT NULL,
        ADD COLUMN destination text NOT NULL DEFAULT 'original'
          CONSTRAINT refunds_destination_check CHECK (destination IN ('original', 'store_credit'));

      -- The payment that took, or the refund that gave back: each moves a balance once.
      ALTER TABLE billing.gift_card_entries ADD COLUMN source_id uuid;
      DROP INDEX billing.gift_card_entries_once_key;
      CREATE UNIQUE INDEX gift_card_entries_once_key ON billing.gift_card_entries (card_id, kind, source_id)
        WHERE source_id IS NOT NULL;

      CREATE TABLE billing.store_credits (
        id uuid CONSTRAINT store_credits_pk PRIMARY KEY,
        -- NULL when the customer was erased.
        customer_id uuid,
        currency text NOT NULL,
        balance bigint NOT NULL CONSTRAINT store_credits_balance_check CHECK (balance >= 0),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        CONSTRAINT store_credits_customer_key UNIQUE (customer_id, currency)
      );
      CREATE TABLE billing.store_credit_entries (
        id uuid CONSTRAINT store_credit_entries_pk PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT store_credit_entries_account_fk REFERENCES billing.store_credits (id),
        kind text NOT NULL CONSTRAINT store_credit_entries_kind_check
          CHECK (kind IN ('issued', 'adjusted', 'refunded', 'spent', 'given_back', 'expired')),
        amount bigint NOT NULL CONSTRAINT store_credit_entries_amount_check CHECK (amount <> 0),
        balance bigint NOT NULL,
        order_id uuid,
        -- The payment that took, or the refund that gave: each moves a balance once.
        source_id uuid,
        reason text,
        -- Of what was given: until when; of what was spent: the last day of it. NULL: for ever.
        expires_at timestamptz,
        actor text NOT NULL,
        at timestamptz NOT NULL
      );
      CREATE INDEX store_credit_entries_account ON billing.store_credit_entries (account_id, id);
      CREATE UNIQUE INDEX store_credit_entries_once_key ON billing.store_credit_entries (kind, source_id)
        WHERE source_id IS NOT NULL;
      CREATE TRIGGER store_credit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.store_credit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION billing.ledger_is_append_only();
      -- What is left of an entry that ends one day; what never ends has no row.
      CREATE TABLE billing.store_credit_lots (
        id uuid CONSTRAINT store_credit_lots_pk PRIMARY KEY
          CONSTRAINT store_credit_lots_entry_fk REFERENCES billing.store_credit_entries (id),
        account_id uuid NOT NULL CONSTRAINT store_credit_lots_account_fk REFERENCES billing.store_credits (id),
        remaining bigint NOT NULL CONSTRAINT store_credit_lots_remaining_check CHECK (remaining >= 0),
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX store_credit_lots_account ON billing.store_credit_lots (account_id, expires_at, id) WHERE remaining > 0;
      CREATE INDEX store_credit_lots_due ON billing.store_credit_lots (expires_at) WHERE remaining > 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.store_credit_lots;
      DROP TABLE billing.store_credit_entries;
      DROP TABLE billing.store_credits;
      DROP INDEX billing.gift_card_entries_once_key;
      ALTER TABLE billing.gift_card_entries DROP COLUMN source_id;
      CREATE UNIQUE INDEX gift_card_entries_once_key ON billing.gift_card_entries (card_id, kind, reference)
        WHERE reference IS NOT NULL;
      UPDATE billing.refunds SET operation_id = id WHERE operation_id IS NULL;
      ALTER TABLE billing.refunds DROP COLUMN destination, ALTER operation_id SET NOT NULL;
      DROP INDEX billing.payments_one_extra_open;
      DROP INDEX billing.payments_one_alive_per_order;
      CREATE UNIQUE INDEX payments_one_alive_per_order ON billing.payments (order_id) WHERE status <> 'canceled';
      ALTER TABLE billing.payments DROP COLUMN purpose, DROP COLUMN instrument_id, DROP COLUMN last4;
    `);
  }
}
