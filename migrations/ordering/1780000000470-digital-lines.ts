import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lines that nobody sends: what they are, what may be downloaded for them, and what was. */
export class OrderingDigitalLines1780000000470 implements MigrationInterface {
  readonly name = 'OrderingDigitalLines1780000000470';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- NULL when nothing of the order is sent.
      ALTER TABLE ordering.orders ALTER shipping_address DROP NOT NULL, ALTER shipping_option_id DROP NOT NULL,
        ALTER shipping_title DROP NOT NULL, ALTER shipping_chosen_by DROP NOT NULL,
        DROP CONSTRAINT orders_fulfilment_status_check,
        ADD CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('unfulfilled', 'partially_fulfilled',
          'fulfilled', 'not_required'));

      ALTER TABLE ordering.order_lines ADD kind text NOT NULL DEFAULT 'physical'
          CONSTRAINT order_lines_kind_check CHECK (kind IN ('physical', 'digital', 'gift_card')),
        -- Of what is digital: {"files": [{"id", "name", "bytes"}], "limit", "days"}.
        ADD download jsonb;

      -- One row per link that was used: a link may be used again while it lives, and counts once.
      CREATE TABLE ordering.downloads (
        link_id uuid CONSTRAINT downloads_pk PRIMARY KEY,
        line_id uuid NOT NULL CONSTRAINT downloads_line_fk REFERENCES ordering.order_lines (id),
        file_id uuid NOT NULL,
        at timestamptz NOT NULL
      );
      CREATE INDEX downloads_line ON ordering.downloads (line_id, file_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    // Orders of which nothing was sent have no address; a version before them shows a country that nobody has.
    await runner.query(`
      DROP TABLE ordering.downloads;
      ALTER TABLE ordering.order_lines DROP COLUMN kind, DROP COLUMN download;
      UPDATE ordering.orders SET fulfilment_status = 'fulfilled' WHERE fulfilment_status = 'not_required';
      UPDATE ordering.order_history SET fulfilment_status = 'fulfilled' WHERE fulfilment_status = 'not_required';
      UPDATE ordering.orders SET shipping_title = '', shipping_chosen_by = 'cheapest',
        shipping_option_id = '00000000-0000-0000-0000-000000000000' WHERE shipping_option_id IS NULL;
      UPDATE ordering.orders SET shipping_address = coalesce(billing_address, '{"firstName": "", "lastName": "", "line1": "",
        "city": "", "country": "ZZ"}') WHERE shipping_address IS NULL;
      ALTER TABLE ordering.orders ALTER shipping_address SET NOT NULL, ALTER shipping_option_id SET NOT NULL,
        ALTER shipping_title SET NOT NULL, ALTER shipping_chosen_by SET NOT NULL,
        DROP CONSTRAINT orders_fulfilment_status_check,
        ADD CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('unfulfilled', 'partially_fulfilled',
          'fulfilled'));
    `);
  }
}
