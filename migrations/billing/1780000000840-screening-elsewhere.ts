import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Not only the payments of orders are screened: those of invoices are counted by the invoice, and a kept method has no payment. */
export class BillingScreeningElsewhere1780000000840 implements MigrationInterface {
  readonly name = 'BillingScreeningElsewhere1780000000840';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.screenings
        ALTER COLUMN payment_id DROP NOT NULL,
        ADD COLUMN link text;
      UPDATE billing.screenings SET facts = facts || '{"kind": "order"}' WHERE NOT facts ? 'kind';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM billing.screenings WHERE payment_id IS NULL;
      ALTER TABLE billing.screenings
        DROP COLUMN link,
        ALTER COLUMN payment_id SET NOT NULL;
    `);
  }
}
