import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a change has put in the place of another plan without counting anything knows whose lines it was billed by. */
export class BillingItemsForOthers1780000000870 implements MigrationInterface {
  readonly name = 'BillingItemsForOthers1780000000870';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The code of the plan that the running period was billed for, and since when; NULL: its own.
      ALTER TABLE billing.subscription_items ADD COLUMN stands_for jsonb
        CONSTRAINT subscription_items_stands_for_check CHECK (stands_for ?& ARRAY['code', 'since']);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.subscription_items DROP COLUMN stands_for;`);
  }
}
