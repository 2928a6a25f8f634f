import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Quotes of changes that were confirmed: who sends one again is told that the change was made. */
export class BillingUsedQuotes1780000000831 implements MigrationInterface {
  readonly name = 'BillingUsedQuotes1780000000831';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.used_quotes (
        -- SHA-256 of the quote.
        quote bytea CONSTRAINT used_quotes_pk PRIMARY KEY,
        subscription_id uuid NOT NULL CONSTRAINT used_quotes_subscription_fk REFERENCES billing.subscriptions (id),
        used_at timestamptz NOT NULL
      );
      CREATE INDEX used_quotes_subscription ON billing.used_quotes (subscription_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE billing.used_quotes');
  }
}
