import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What credit notes gave back outside of the shop is gone from the payments that it was paid with. */
export class BillingGivenOutside1780000000915 implements MigrationInterface {
  readonly name = 'BillingGivenOutside1780000000915';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Neither refunded nor refundable; the sum over the payments of an order, or of an invoice without one, is that of its credit notes.
      ALTER TABLE billing.payments ADD COLUMN given_outside bigint NOT NULL DEFAULT 0;
      WITH given AS (
        SELECT coalesce(order_id, invoice_id) AS subject, sum(out_of_band) AS amount FROM billing.credit_notes
        WHERE out_of_band > 0 GROUP BY 1
      ), rooms AS (
        SELECT p.id, g.amount, p.captured - p.refund_reserved AS room,
          coalesce(sum(p.captured - p.refund_reserved) OVER (PARTITION BY g.subject ORDER BY p.created_at, p.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM billing.payments p JOIN given g ON g.subject = coalesce(p.order_id, p.invoice_id)
        WHERE p.status IN ('captured', 'authorized')
      )
      UPDATE billing.payments p SET given_outside = least(r.room, r.amount - r.before)
        FROM rooms r WHERE r.id = p.id AND r.before < r.amount;
      ALTER TABLE billing.payments ADD CONSTRAINT payments_given_outside_check
        CHECK (given_outside >= 0 AND refund_reserved + given_outside <= captured);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.payments DROP COLUMN given_outside;`);
  }
}
