import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The books: transactions that must balance by the time they commit, and that nobody can change afterwards. */
export class BillingLedger1780000000310 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.ledger_transactions (
        id uuid NOT NULL CONSTRAINT ledger_transactions_pkey PRIMARY KEY,
        kind text NOT NULL,
        source_type text NOT NULL,
        source_id uuid NOT NULL,
        payment_id uuid NOT NULL,
        order_id uuid NOT NULL,
        reverses_id uuid CONSTRAINT ledger_transactions_reverses_fkey REFERENCES billing.ledger_transactions (id),
        effective_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT ledger_transactions_source_key UNIQUE (source_type, source_id, kind)
      );
      CREATE INDEX ledger_transactions_effective ON billing.ledger_transactions (effective_at, id);
      CREATE INDEX ledger_transactions_payment ON billing.ledger_transactions (payment_id);
      CREATE INDEX ledger_transactions_order ON billing.ledger_transactions (order_id);

      CREATE TABLE billing.ledger_entries (
        transaction_id uuid NOT NULL
          CONSTRAINT ledger_entries_transaction_fkey REFERENCES billing.ledger_transactions (id),
        position integer NOT NULL,
        account text NOT NULL,
        currency text NOT NULL,
        -- Debit is positive, credit negative.
        amount bigint NOT NULL,
        CONSTRAINT ledger_entries_pkey PRIMARY KEY (transaction_id, position),
        CONSTRAINT ledger_entries_amount_check CHECK (amount <> 0)
      );
      CREATE INDEX ledger_entries_account ON billing.ledger_entries (account, currency) INCLUDE (amount);

      -- Looked at when the transaction commits, so that entries may come in any order before it.
      CREATE FUNCTION billing.ledger_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        subject uuid;
        entries integer;
        uneven integer;
      BEGIN
        IF TG_TABLE_NAME = 'ledger_entries' THEN subject := NEW.transaction_id; ELSE subject := NEW.id; END IF;
        SELECT coalesce(sum(n), 0), count(*) FILTER (WHERE total <> 0) INTO entries, uneven
          FROM (SELECT count(*) AS n, sum(amount) AS total FROM billing.ledger_entries
                 WHERE transaction_id = subject GROUP BY currency) AS by_currency;
        IF uneven > 0 THEN
          RAISE EXCEPTION 'ledger transaction % does not balance', subject
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
        END IF;
        IF entries < 2 THEN
          RAISE EXCEPTION 'ledger transaction % has no entries', subject
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_has_entries';
        END IF;
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER ledger_entries_balanced AFTER INSERT ON billing.ledger_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing.ledger_must_balance();
      CREATE CONSTRAINT TRIGGER ledger_transactions_balanced AFTER INSERT ON billing.ledger_transactions
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing.ledger_must_balance();

      CREATE FUNCTION billing.ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% on billing.% is refused: the ledger is append-only', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.ledger_transactions
        FOR EACH STATEMENT EXECUTE FUNCTION billing.ledger_is_append_only();
      CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION billing.ledger_is_append_only();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.ledger_entries;
      DROP TABLE billing.ledger_transactions;
      DROP FUNCTION billing.ledger_must_balance();
      DROP FUNCTION billing.ledger_is_append_only();
    `);
  }
}
