import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when something is overdue is said by the invoices; what was kept beside the entitlement was as old as its last change. */
export class BillingToldEntitlements1780000000970 implements MigrationInterface {
  readonly name = 'BillingToldEntitlements1780000000970';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.entitlements DROP COLUMN overdue_since;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.entitlements ADD COLUMN overdue_since date;`);
  }
}
