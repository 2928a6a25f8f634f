import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Letters about carts that somebody left behind, for whoever has agreed to them. */
export class OrderingCartReminders1780000000542 implements MigrationInterface {
  readonly name = 'OrderingCartReminders1780000000542';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.carts
        -- Since when the shopper wants to be reminded of this cart; NULL: does not, or never said so.
        ADD remind_since timestamptz,
        -- SHA-256 of what the link in a letter holds, which opens the cart beside the token of its maker.
        ADD restore_hash bytea;
      CREATE INDEX carts_updated ON ordering.carts (updated_at, id);
      CREATE INDEX carts_left ON ordering.carts (updated_at, id) WHERE state <> 'ordered';

      CREATE TABLE ordering.cart_reminders (
        id uuid NOT NULL CONSTRAINT cart_reminders_pk PRIMARY KEY,
        cart_id uuid NOT NULL CONSTRAINT cart_reminders_cart_fk REFERENCES ordering.carts (id) ON DELETE CASCADE,
        step int NOT NULL CONSTRAINT cart_reminders_step_check CHECK (step > 0),
        -- Keyed hash: who it was does not stand here.
        address_hash bytea NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT cart_reminders_once_key UNIQUE (cart_id, step)
      );
      CREATE INDEX cart_reminders_address ON ordering.cart_reminders (address_hash, at);

      -- Customers who want no such letters, whatever they agreed to beside them.
      CREATE TABLE ordering.reminder_refusals (
        customer_id uuid NOT NULL CONSTRAINT reminder_refusals_pk PRIMARY KEY,
        at timestamptz NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.reminder_refusals;
      DROP TABLE ordering.cart_reminders;
      DROP INDEX ordering.carts_updated;
      DROP INDEX ordering.carts_left;
      ALTER TABLE ordering.carts DROP COLUMN remind_since, DROP COLUMN restore_hash;
    `);
  }
}
