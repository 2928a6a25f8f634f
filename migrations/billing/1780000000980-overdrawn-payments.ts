import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Payments that gave back what invoices had taken: where there is one, another of the same order may have money left that is nobody's
 * any more. They are asked for each time that somebody looks at what is left of others.
 */
export class BillingOverdrawnPayments1780000000980 implements MigrationInterface {
  readonly name = 'BillingOverdrawnPayments1780000000980';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX payments_overdrawn ON billing.payments (coalesce(order_id, invoice_id))
        WHERE captured < refund_reserved + settled + dispute_lost;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX billing.payments_overdrawn');
  }
}
