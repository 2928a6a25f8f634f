import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What each subscription entitles to, as it was told last. */
export class BillingEntitlements1780000000761 implements MigrationInterface {
  readonly name = 'BillingEntitlements1780000000761';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.entitlements (
        subscription_id uuid CONSTRAINT entitlements_pk PRIMARY KEY,
        entitlement text NOT NULL CONSTRAINT entitlements_check CHECK (entitlement IN ('full', 'grace', 'restricted', 'none')),
        -- The day of the oldest invoice that is not paid.
        overdue_since date,
        changed_at timestamptz NOT NULL
      );
      CREATE INDEX entitlements_by ON billing.entitlements (entitlement, subscription_id);
      CREATE INDEX invoices_unpaid ON billing.invoices (due_date) WHERE state = 'open' AND subscription_id IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.invoices_unpaid;
      DROP TABLE billing.entitlements;
    `);
  }
}
