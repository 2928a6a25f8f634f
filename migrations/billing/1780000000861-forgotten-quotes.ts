import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Quotes that were confirmed are forgotten by their age; nobody looks for them by their subscription. */
export class BillingForgottenQuotes1780000000861 implements MigrationInterface {
  readonly name = 'BillingForgottenQuotes1780000000861';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.used_quotes_subscription;
      CREATE INDEX used_quotes_used ON billing.used_quotes (used_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.used_quotes_used;
      CREATE INDEX used_quotes_subscription ON billing.used_quotes (subscription_id);
    `);
  }
}
