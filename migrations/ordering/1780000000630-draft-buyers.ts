import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Drafts have what carts have: where they are fetched, and the VAT id of the buyer with what is known of it. */
export class OrderingDraftBuyers1780000000630 implements MigrationInterface {
  readonly name = 'OrderingDraftBuyers1780000000630';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.draft_orders ADD COLUMN pickup_point_id uuid, ADD COLUMN vat_id text, ADD COLUMN vat_check jsonb,
        ADD CONSTRAINT draft_orders_vat_check CHECK ((vat_id IS NULL) = (vat_check IS NULL));
      -- Lines are told apart by whom they are for and how they are made.
      UPDATE ordering.draft_orders SET lines = coalesce((
        SELECT jsonb_agg('{"giftCard": null, "properties": null}' || line ORDER BY place)
        FROM jsonb_array_elements(lines) WITH ORDINALITY AS l (line, place)), '[]');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE ordering.draft_orders DROP COLUMN pickup_point_id, DROP COLUMN vat_id, DROP COLUMN vat_check',
    );
  }
}
