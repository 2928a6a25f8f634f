import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A hold that a gateway does not let go is tried again after growing pauses, and not for ever. */
export class BillingHoldTries1780000000851 implements MigrationInterface {
  readonly name = 'BillingHoldTries1780000000851';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.payments
        -- How often its release was tried at the end of its time.
        ADD COLUMN release_tries smallint NOT NULL DEFAULT 0,
        -- Not to be tried before that; null: at the end of its time.
        ADD COLUMN release_after timestamptz;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.payments DROP COLUMN release_after, DROP COLUMN release_tries;`);
  }
}
