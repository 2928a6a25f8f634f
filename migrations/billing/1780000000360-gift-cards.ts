import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Cards with a balance: sold, given away, spent and taken back, each time with a line in the books. */
export class BillingGiftCards1780000000360 implements MigrationInterface {
  readonly name = 'BillingGiftCards1780000000360';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A card that is given away belongs to no payment and no order.
      ALTER TABLE billing.ledger_transactions ALTER payment_id DROP NOT NULL, ALTER order_id DROP NOT NULL;

      CREATE TABLE billing.gift_cards (
        id uuid CONSTRAINT gift_cards_pk PRIMARY KEY,
        -- Keyed hash of the code; the code itself is in the letter alone.
        code_hash bytea NOT NULL CONSTRAINT gift_cards_code_key UNIQUE,
        last4 text NOT NULL,
        currency text NOT NULL,
        -- What it was issued with, what is left, and what was taken back unspent; the rest was spent.
        initial bigint NOT NULL,
        balance bigint NOT NULL,
        voided bigint NOT NULL DEFAULT 0,
        state text NOT NULL DEFAULT 'active' CONSTRAINT gift_cards_state_check CHECK (state IN ('active', 'spent', 'canceled')),
        order_id uuid,
        order_line_id uuid,
        piece int,
        reason text,
        -- Who gets it; NULL when that was erased.
        recipient_email text,
        recipient_name text,
        message text,
        send_at timestamptz,
        -- Only of one that waits for its day: sealed until then.
        sealed_code bytea,
        created_at timestamptz NOT NULL,
        CONSTRAINT gift_cards_piece_key UNIQUE (order_line_id, piece),
        CONSTRAINT gift_cards_balance_check CHECK (initial > 0 AND balance >= 0 AND voided >= 0 AND balance + voided <= initial),
        CONSTRAINT gift_cards_source_check CHECK ((order_line_id IS NULL) = (reason IS NOT NULL)
          AND (order_line_id IS NULL) = (order_id IS NULL) AND (order_line_id IS NULL) = (piece IS NULL))
      );
      CREATE INDEX gift_cards_order ON billing.gift_cards (order_id) WHERE order_id IS NOT NULL;
      CREATE INDEX gift_cards_last4 ON billing.gift_cards (last4, id DESC);
      CREATE INDEX gift_cards_state ON billing.gift_cards (state, id DESC);
      CREATE INDEX gift_cards_recipient ON billing.gift_cards (lower(recipient_email)) WHERE recipient_email IS NOT NULL;
      CREATE INDEX gift_cards_waiting ON billing.gift_cards (send_at) WHERE sealed_code IS NOT NULL;

      CREATE TABLE billing.gift_card_entries (
        id uuid CONSTRAINT gift_card_entries_pk PRIMARY KEY,
        card_id uuid NOT NULL CONSTRAINT gift_card_entries_card_fk REFERENCES billing.gift_cards (id),
        kind text NOT NULL CONSTRAINT gift_card_entries_kind_check CHECK (kind IN ('issued', 'redeemed', 'given_back', 'canceled')),
        amount bigint NOT NULL CONSTRAINT gift_card_entries_amount_check CHECK (amount <> 0),
        -- The order that it was spent on.
        reference uuid,
        actor text NOT NULL,
        at timestamptz NOT NULL
      );
      CREATE INDEX gift_card_entries_card ON billing.gift_card_entries (card_id, id);
      -- An order takes from a card once, and gives back once.
      CREATE UNIQUE INDEX gift_card_entries_once_key ON billing.gift_card_entries (card_id, kind, reference) WHERE reference IS NOT NULL;
      CREATE TRIGGER gift_card_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.gift_card_entries
        FOR EACH STATEMENT EXECUTE FUNCTION billing.ledger_is_append_only();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    // Entries of the books without a payment cannot go: they are append-only. They keep an id that is nobody's.
    await runner.query(`
      DROP TABLE billing.gift_card_entries;
      DROP TABLE billing.gift_cards;
      ALTER TABLE billing.ledger_transactions DISABLE TRIGGER ledger_transactions_append_only;
      UPDATE billing.ledger_transactions SET payment_id = coalesce(payment_id, '00000000-0000-0000-0000-000000000000'),
        order_id = coalesce(order_id, '00000000-0000-0000-0000-000000000000') WHERE payment_id IS NULL OR order_id IS NULL;
      ALTER TABLE billing.ledger_transactions ENABLE TRIGGER ledger_transactions_append_only;
      ALTER TABLE billing.ledger_transactions ALTER payment_id SET NOT NULL, ALTER order_id SET NOT NULL;
    `);
  }
}
