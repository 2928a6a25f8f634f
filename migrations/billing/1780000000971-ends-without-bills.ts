import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is to end with its period ends then, also paused or parked; and what is over waits for nobody. */
export class BillingEndsWithoutBills1780000000971 implements MigrationInterface {
  readonly name = 'BillingEndsWithoutBills1780000000971';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE billing.subscriptions SET parked_reason = NULL WHERE state IN ('canceled', 'incomplete_expired') AND parked_reason IS NOT NULL;
      UPDATE billing.subscriptions s SET next_bill_at = p.ends::timestamp AT TIME ZONE s.zone FROM (
        SELECT subscription_id, schedule_no, max(period_end) AS ends FROM billing.invoice_periods GROUP BY 1, 2
      ) p
      WHERE s.cancel_at_period_end AND s.next_bill_at IS NULL AND p.subscription_id = s.id AND p.schedule_no = s.schedule_no;
      DROP INDEX billing.subscriptions_due;
      CREATE INDEX subscriptions_due ON billing.subscriptions (next_bill_at)
        WHERE (state IN ('trialing', 'active', 'past_due') AND parked_reason IS NULL OR cancel_at_period_end);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.subscriptions_due;
      CREATE INDEX subscriptions_due ON billing.subscriptions (next_bill_at)
        WHERE state IN ('trialing', 'active', 'past_due') AND parked_reason IS NULL;
    `);
  }
}
