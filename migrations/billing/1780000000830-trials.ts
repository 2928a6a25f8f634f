import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A customer has one trial of a plan, however many subscriptions begin at once: the key decides. */
export class BillingTrials1780000000830 implements MigrationInterface {
  readonly name = 'BillingTrials1780000000830';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.trials (
        customer_id uuid,
        plan_id uuid CONSTRAINT trials_plan_fk REFERENCES billing.plans (id),
        -- The subscription that began with it, which is written behind it.
        subscription_id uuid NOT NULL CONSTRAINT trials_subscription_fk REFERENCES billing.subscriptions (id)
          DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT trials_pk PRIMARY KEY (customer_id, plan_id)
      );
      CREATE INDEX trials_subscription ON billing.trials (subscription_id);
      INSERT INTO billing.trials (customer_id, plan_id, subscription_id)
      SELECT DISTINCT ON (s.customer_id, v.plan_id) s.customer_id, v.plan_id, s.id FROM billing.subscriptions s
      JOIN LATERAL (
        SELECT plan_version_id FROM billing.subscription_items i WHERE i.subscription_id = s.id ORDER BY i.since, i.id LIMIT 1
      ) i ON true
      JOIN billing.plan_versions v ON v.id = i.plan_version_id
      WHERE s.customer_id IS NOT NULL AND s.trial_ends_at IS NOT NULL AND s.state <> 'incomplete_expired'
      ORDER BY s.customer_id, v.plan_id, s.id;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE billing.trials');
  }
}
