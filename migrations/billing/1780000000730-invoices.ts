import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who sells, the series of numbers, invoices and credit notes, and what settles them. */
export class BillingInvoices1780000000730 implements MigrationInterface {
  readonly name = 'BillingInvoices1780000000730';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.seller_profile (
        id boolean CONSTRAINT seller_profile_pk PRIMARY KEY DEFAULT true CONSTRAINT seller_profile_one_check CHECK (id),
        profile jsonb NOT NULL,
        version int NOT NULL,
        updated_at timestamptz NOT NULL
      );

      -- Counted in the row, not by a sequence: what is rolled back leaves no gap.
      CREATE TABLE billing.number_series (
        series text CONSTRAINT number_series_pk PRIMARY KEY,
        next bigint NOT NULL CONSTRAINT number_series_next_check CHECK (next > 0),
        last_date date NOT NULL
      );

      -- One row for each order that has documents: its lock is theirs.
      CREATE TABLE billing.order_books (
        order_id uuid CONSTRAINT order_books_pk PRIMARY KEY,
        -- The newest version of the order that its documents have heard of.
        order_version int NOT NULL
      );

      CREATE TABLE billing.invoices (
        id uuid CONSTRAINT invoices_pk PRIMARY KEY,
        state text NOT NULL CONSTRAINT invoices_state_check
          CHECK (state IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
        order_id uuid,
        subscription_id uuid,
        period_start date,
        customer_id uuid,
        currency text NOT NULL,
        total bigint NOT NULL CONSTRAINT invoices_total_check CHECK (total >= 0),
        settled bigint NOT NULL DEFAULT 0 CONSTRAINT invoices_settled_check CHECK (settled BETWEEN 0 AND total),
        due_in_days int,
        series text,
        sequence bigint,
        number text,
        issue_date date,
        due_date date,
        -- All that is printed but the people in it.
        content jsonb NOT NULL,
        -- Sealed: buyer and recipient, which the law wants kept.
        people bytea NOT NULL,
        -- Sealed: the e-mail address, which nothing on a paper needs. NULL when there is none, or it was erased.
        contact bytea,
        contact_hash bytea,
        -- Why it is a draft, void or uncollectible.
        reason text,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        finalized_at timestamptz,
        ended_at timestamptz,
        CONSTRAINT invoices_number_key UNIQUE (series, sequence),
        CONSTRAINT invoices_numbered_check CHECK ((state = 'draft') = (number IS NULL))
      );
      CREATE UNIQUE INDEX invoices_one_draft_per_order ON billing.invoices (order_id) WHERE state = 'draft';
      CREATE INDEX invoices_order ON billing.invoices (order_id);
      CREATE INDEX invoices_subscription ON billing.invoices (subscription_id) WHERE subscription_id IS NOT NULL;
      CREATE INDEX invoices_customer ON billing.invoices (customer_id, id);
      CREATE INDEX invoices_contact ON billing.invoices (contact_hash);
      CREATE INDEX invoices_state ON billing.invoices (state, id);
      CREATE INDEX invoices_number ON billing.invoices (number);

      CREATE TABLE billing.credit_notes (
        id uuid CONSTRAINT credit_notes_pk PRIMARY KEY,
        invoice_id uuid NOT NULL CONSTRAINT credit_notes_invoice_fk REFERENCES billing.invoices (id),
        order_id uuid,
        -- order: what a change of the order took off; refund: a refund by hand; staff: by hand.
        origin text NOT NULL CONSTRAINT credit_notes_origin_check CHECK (origin IN ('order', 'refund', 'staff')),
        refund_id uuid,
        reason text NOT NULL,
        memo text,
        currency text NOT NULL,
        total bigint NOT NULL CONSTRAINT credit_notes_total_check CHECK (total > 0),
        -- Where the total went: off what was open, back to the buyer by refunds, outside of the books, or it is kept for the buyer.
        reduced bigint NOT NULL CONSTRAINT credit_notes_reduced_check CHECK (reduced >= 0),
        refunded bigint NOT NULL CONSTRAINT credit_notes_refunded_check CHECK (refunded >= 0),
        out_of_band bigint NOT NULL CONSTRAINT credit_notes_out_of_band_check CHECK (out_of_band >= 0),
        kept bigint NOT NULL CONSTRAINT credit_notes_kept_check CHECK (kept >= 0),
        -- Of what is kept, what other invoices were paid with.
        used bigint NOT NULL DEFAULT 0 CONSTRAINT credit_notes_used_check CHECK (used BETWEEN 0 AND kept),
        series text NOT NULL,
        sequence bigint NOT NULL,
        number text NOT NULL,
        issue_date date NOT NULL,
        content jsonb NOT NULL,
        people bytea NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT credit_notes_number_key UNIQUE (series, sequence),
        CONSTRAINT credit_notes_refund_key UNIQUE (refund_id, invoice_id),
        CONSTRAINT credit_notes_split_check CHECK (total = reduced + refunded + out_of_band + kept)
      );
      CREATE INDEX credit_notes_invoice ON billing.credit_notes (invoice_id);
      CREATE INDEX credit_notes_order ON billing.credit_notes (order_id);
      CREATE INDEX credit_notes_number ON billing.credit_notes (number);

      CREATE TABLE billing.invoice_settlements (
        id uuid CONSTRAINT invoice_settlements_pk PRIMARY KEY,
        invoice_id uuid NOT NULL CONSTRAINT invoice_settlements_invoice_fk REFERENCES billing.invoices (id),
        kind text NOT NULL CONSTRAINT invoice_settlements_kind_check
          CHECK (kind IN ('payment', 'credit_note', 'balance', 'write_off')),
        -- The payment, or the credit note; of a write-off the invoice itself.
        source_id uuid NOT NULL,
        -- Below zero only where a write-off is taken back.
        amount bigint NOT NULL CONSTRAINT invoice_settlements_amount_check
          CHECK (amount > 0 OR (kind = 'write_off' AND amount < 0)),
        at timestamptz NOT NULL
      );
      CREATE INDEX invoice_settlements_invoice ON billing.invoice_settlements (invoice_id, id);
      CREATE INDEX invoice_settlements_source ON billing.invoice_settlements (source_id);

      -- What was finalised stays as it is, but for how it is settled and for an address that is forgotten.
      CREATE FUNCTION billing.document_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        free text[] := TG_ARGV::text[];
      BEGIN
        IF to_jsonb(OLD) ->> 'state' = 'draft' THEN
          RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        IF TG_OP = 'DELETE' OR to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free THEN
          RAISE EXCEPTION '% of a finalised document is refused', TG_OP USING ERRCODE = 'restrict_violation';
        END IF;
        IF TG_TABLE_NAME = 'invoices' THEN
          IF to_jsonb(NEW) ->> 'contact' IS DISTINCT FROM to_jsonb(OLD) ->> 'contact' AND to_jsonb(NEW) ->> 'contact' IS NOT NULL THEN
            RAISE EXCEPTION 'the address on a finalised document is only ever erased' USING ERRCODE = 'restrict_violation';
          END IF;
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER invoices_final BEFORE UPDATE OR DELETE ON billing.invoices FOR EACH ROW
        EXECUTE FUNCTION billing.document_is_final('state', 'settled', 'customer_id', 'contact', 'contact_hash', 'reason',
          'version', 'ended_at');
      CREATE TRIGGER credit_notes_final BEFORE UPDATE OR DELETE ON billing.credit_notes FOR EACH ROW
        EXECUTE FUNCTION billing.document_is_final('refunded', 'kept', 'used');
      CREATE FUNCTION billing.document_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% on billing.% is refused: documents are kept', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER invoices_kept BEFORE TRUNCATE ON billing.invoices FOR EACH STATEMENT
        EXECUTE FUNCTION billing.document_is_kept();
      CREATE TRIGGER credit_notes_kept BEFORE TRUNCATE ON billing.credit_notes FOR EACH STATEMENT
        EXECUTE FUNCTION billing.document_is_kept();
      CREATE TRIGGER invoice_settlements_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.invoice_settlements
        FOR EACH STATEMENT EXECUTE FUNCTION billing.document_is_kept();

      ALTER TABLE billing.ledger_transactions ADD COLUMN invoice_id uuid;
      CREATE INDEX ledger_transactions_invoice ON billing.ledger_transactions (invoice_id) WHERE invoice_id IS NOT NULL;

      -- Which document says that the money went back. order: those that follow the order.
      ALTER TABLE billing.refunds ADD COLUMN credit_note text NOT NULL DEFAULT 'order'
          CONSTRAINT refunds_credit_note_check CHECK (credit_note IN ('order', 'create', 'existing', 'none')),
        ADD COLUMN credit_note_reason text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.refunds DROP COLUMN credit_note, DROP COLUMN credit_note_reason;
      ALTER TABLE billing.ledger_transactions DROP COLUMN invoice_id;
      DROP TABLE billing.invoice_settlements;
      DROP TABLE billing.credit_notes;
      DROP TABLE billing.invoices;
      DROP TABLE billing.order_books;
      DROP TABLE billing.number_series;
      DROP TABLE billing.seller_profile;
      DROP FUNCTION billing.document_is_final();
      DROP FUNCTION billing.document_is_kept();
    `);
  }
}
