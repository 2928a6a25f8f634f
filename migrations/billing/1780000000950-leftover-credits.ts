import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A credit that no invoice came any more to be taken off is on credit notes. */
export class BillingLeftoverCredits1780000000950 implements MigrationInterface {
  readonly name = 'BillingLeftoverCredits1780000000950';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.subscription_pending_lines ADD COLUMN credited boolean NOT NULL DEFAULT false;
      -- Of those that have ended before, people have decided: what they have given back is on notes of theirs.
      UPDATE billing.subscription_pending_lines w SET credited = true
        FROM billing.subscriptions s WHERE s.id = w.subscription_id AND s.ended_at IS NOT NULL AND w.invoice_id IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.subscription_pending_lines DROP COLUMN credited;`);
  }
}
