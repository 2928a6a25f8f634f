import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a coupon took off usage is kept with it, so that a difference is reduced as the window was that it is about. */
export class BillingReducedUsage1780000000960 implements MigrationInterface {
  readonly name = 'BillingReducedUsage1780000000960';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Minor units, off its amount.
      ALTER TABLE billing.usage_charges ADD COLUMN taken_off bigint NOT NULL DEFAULT 0;
      -- The invoices say what it was so far: in the line that says the same as the charge.
      ALTER TABLE billing.usage_charges DISABLE TRIGGER usage_charges_kept;
      UPDATE billing.usage_charges c SET taken_off = (l.line -> 'discount' ->> 'amount')::bigint
      FROM billing.usage_windows w
      JOIN billing.invoices i ON i.id = w.invoice_id
      CROSS JOIN LATERAL jsonb_array_elements(i.content -> 'lines') AS l (line)
      WHERE w.subscription_id = c.subscription_id AND w.until_at = c.settled_until AND c.amount > 0
        AND l.line ->> 'id' LIKE 'usage-%' AND l.line ->> 'sku' = c.component
        AND starts_with(l.line ->> 'explain', (c.charge ->> 'explain') || '; coupon ');
      ALTER TABLE billing.usage_charges ENABLE TRIGGER usage_charges_kept;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE billing.usage_charges DROP COLUMN taken_off');
  }
}
