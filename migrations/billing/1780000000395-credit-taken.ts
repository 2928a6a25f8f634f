import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a payment took of store credit is kept by its ends, so that a refund gives back just that. */
export class BillingCreditTaken1780000000395 implements MigrationInterface {
  readonly name = 'BillingCreditTaken1780000000395';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.store_credit_taken (
        entry_id uuid NOT NULL CONSTRAINT store_credit_taken_entry_fk REFERENCES billing.store_credit_entries (id),
        position int NOT NULL,
        -- Until when it could have been spent; NULL: for ever.
        expires_at timestamptz,
        amount bigint NOT NULL CONSTRAINT store_credit_taken_amount_check CHECK (amount > 0),
        returned bigint NOT NULL DEFAULT 0
          CONSTRAINT store_credit_taken_returned_check CHECK (returned BETWEEN 0 AND amount),
        CONSTRAINT store_credit_taken_pk PRIMARY KEY (entry_id, position)
      );
      -- Of what was spent before only the last end is known.
      INSERT INTO billing.store_credit_taken (entry_id, position, expires_at, amount, returned)
      SELECT e.id, 1, e.expires_at, -e.amount, least(-e.amount, coalesce((
        SELECT sum(b.amount) FROM billing.refunds r
        JOIN billing.store_credit_entries b ON b.kind = 'given_back' AND b.source_id = r.id
        WHERE r.payment_id = e.source_id), 0))
      FROM billing.store_credit_entries e WHERE e.kind = 'spent';

      -- One entry may give what ends on several days.
      ALTER TABLE billing.store_credit_lots ADD COLUMN entry_id uuid
        CONSTRAINT store_credit_lots_given_fk REFERENCES billing.store_credit_entries (id);
      UPDATE billing.store_credit_lots SET entry_id = id;
      ALTER TABLE billing.store_credit_lots ALTER entry_id SET NOT NULL, DROP CONSTRAINT store_credit_lots_entry_fk;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Of what was given together the last day holds for all of it.
      UPDATE billing.store_credit_lots l SET id = l.entry_id, remaining = g.remaining, expires_at = g.expires_at
      FROM (SELECT entry_id, min(id::text)::uuid AS id, sum(remaining) AS remaining, max(expires_at) AS expires_at
        FROM billing.store_credit_lots GROUP BY entry_id) g
      WHERE l.id = g.id;
      DELETE FROM billing.store_credit_lots WHERE id <> entry_id;
      ALTER TABLE billing.store_credit_lots DROP COLUMN entry_id,
        ADD CONSTRAINT store_credit_lots_entry_fk FOREIGN KEY (id) REFERENCES billing.store_credit_entries (id);
      DROP TABLE billing.store_credit_taken;
    `);
  }
}
