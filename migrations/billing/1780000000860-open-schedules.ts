import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is still to be earned is found without those that were earned long ago; nobody looks for releases by what they released. */
export class BillingOpenSchedules1780000000860 implements MigrationInterface {
  readonly name = 'BillingOpenSchedules1780000000860';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX revenue_schedules_end ON billing.revenue_schedules (to_day);
      DROP INDEX billing.revenue_releases_invoice;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX revenue_releases_invoice ON billing.revenue_releases (invoice_id);
      DROP INDEX billing.revenue_schedules_end;
    `);
  }
}
