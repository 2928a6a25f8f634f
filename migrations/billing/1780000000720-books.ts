import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The books have days and months. A posting is booked on the day on which it took effect, or on the first day that is still
 * open, and is chained to the one before once it is committed; what each account moved on a day is kept as a sum.
 */
export class BillingBooks1780000000720 implements MigrationInterface {
  readonly name = 'BillingBooks1780000000720';

  async up(runner: QueryRunner): Promise<void> {
    // A store that is made new gets its seller after this.
    const [found] = (await runner.query(`SELECT to_regclass('billing.seller_profile')::text AS seller`)) as [
      { seller: string | null },
    ];
    const { seller } = found;
    const zone = seller === null ? 'NULL' : `(SELECT profile ->> 'timeZone' FROM ${seller})`;
    await runner.query(`
      -- Months that are closed, by their first day: nothing is booked in them or before them any more.
      CREATE TABLE billing.ledger_periods (
        period date NOT NULL CONSTRAINT ledger_periods_pkey PRIMARY KEY
          CONSTRAINT ledger_periods_month_check CHECK (extract(day FROM period) = 1),
        closed_at timestamptz NOT NULL,
        closed_by text,
        -- The last link of the chain at that moment: all of the month stands before it.
        position bigint NOT NULL,
        hash bytea NOT NULL
      );
      CREATE TABLE billing.ledger_unsealed (
        transaction_id uuid NOT NULL CONSTRAINT ledger_unsealed_pkey PRIMARY KEY
      );
      CREATE TABLE billing.ledger_seals (
        position bigint NOT NULL CONSTRAINT ledger_seals_pkey PRIMARY KEY,
        -- No foreign key: that a transaction is gone is found by looking.
        transaction_id uuid NOT NULL CONSTRAINT ledger_seals_transaction_key UNIQUE,
        hash bytea NOT NULL
      );
      CREATE TABLE billing.ledger_checkpoints (
        day date NOT NULL CONSTRAINT ledger_checkpoints_pkey PRIMARY KEY,
        position bigint NOT NULL,
        hash bytea NOT NULL,
        signature bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      -- What sealed transactions have moved, so that no balance sums up the whole ledger.
      CREATE TABLE billing.ledger_days (
        account text NOT NULL,
        currency text NOT NULL,
        day date NOT NULL,
        debit bigint NOT NULL,
        credit bigint NOT NULL,
        CONSTRAINT ledger_days_pkey PRIMARY KEY (account, currency, day)
      );

      ALTER TABLE billing.ledger_transactions ADD COLUMN booked_on date;
      ALTER TABLE billing.ledger_transactions DISABLE TRIGGER ledger_transactions_append_only;
      UPDATE billing.ledger_transactions SET booked_on = (effective_at AT TIME ZONE coalesce(${zone}, 'UTC'))::date;
      ALTER TABLE billing.ledger_transactions ENABLE TRIGGER ledger_transactions_append_only;
      ALTER TABLE billing.ledger_transactions ALTER booked_on SET NOT NULL;
      CREATE INDEX ledger_transactions_booked ON billing.ledger_transactions (booked_on, id);
      INSERT INTO billing.ledger_unsealed (transaction_id) SELECT id FROM billing.ledger_transactions;

      CREATE FUNCTION billing.ledger_book() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
      DECLARE
        open_from date;
        zone text;
        day date;
      BEGIN
        -- Shared by all who post; whoever closes a month takes it alone, and waits for the postings that are under way.
        PERFORM pg_advisory_xact_lock_shared(7204112);
        -- A statement of its own, so that it sees a month that was closed while this one waited.
        SELECT (max(p.period) + interval '1 month')::date, (SELECT profile ->> 'timeZone' FROM billing.seller_profile)
          INTO open_from, zone FROM billing.ledger_periods p;
        BEGIN
          day := (NEW.effective_at AT TIME ZONE coalesce(zone, 'UTC'))::date;
        EXCEPTION WHEN invalid_parameter_value THEN
          -- A zone that only others know: no sale is lost for it.
          day := (NEW.effective_at AT TIME ZONE 'UTC')::date;
        END;
        NEW.booked_on := greatest(day, open_from);
        INSERT INTO billing.ledger_unsealed (transaction_id) VALUES (NEW.id);
        RETURN NEW;
      END $$;
      CREATE TRIGGER ledger_transactions_book BEFORE INSERT ON billing.ledger_transactions
        FOR EACH ROW EXECUTE FUNCTION billing.ledger_book();
      CREATE TRIGGER ledger_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.ledger_seals
        FOR EACH STATEMENT EXECUTE FUNCTION billing.ledger_is_append_only();
      CREATE TRIGGER ledger_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.ledger_checkpoints
        FOR EACH STATEMENT EXECUTE FUNCTION billing.ledger_is_append_only();
      CREATE TRIGGER ledger_periods_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.ledger_periods
        FOR EACH STATEMENT EXECUTE FUNCTION billing.ledger_is_append_only();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER ledger_transactions_book ON billing.ledger_transactions;
      DROP FUNCTION billing.ledger_book();
      DROP INDEX billing.ledger_transactions_booked;
      ALTER TABLE billing.ledger_transactions DROP COLUMN booked_on;
      DROP TABLE billing.ledger_days;
      DROP TABLE billing.ledger_checkpoints;
      DROP TABLE billing.ledger_seals;
      DROP TABLE billing.ledger_unsealed;
      DROP TABLE billing.ledger_periods;
    `);
  }
}
