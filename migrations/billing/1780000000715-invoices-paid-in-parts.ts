import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was captured for an invoice is over and done: the rest of it may be paid by another payment. */
export class BillingInvoicesPaidInParts1780000000715 implements MigrationInterface {
  readonly name = 'BillingInvoicesPaidInParts1780000000715';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.payments_one_alive_per_invoice;
      CREATE UNIQUE INDEX payments_one_open_per_invoice ON billing.payments (invoice_id)
        WHERE status NOT IN ('canceled', 'captured') AND purpose = 'invoice' AND instrument_id IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.payments_one_open_per_invoice;
      CREATE UNIQUE INDEX payments_one_alive_per_invoice ON billing.payments (invoice_id)
        WHERE status <> 'canceled' AND purpose = 'invoice' AND instrument_id IS NULL;
    `);
  }
}
