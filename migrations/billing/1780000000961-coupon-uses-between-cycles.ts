import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A coupon may take something off usage that is billed with no cycle. */
export class BillingCouponUsesBetweenCycles1780000000961 implements MigrationInterface {
  readonly name = 'BillingCouponUsesBetweenCycles1780000000961';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.coupon_uses
        DROP CONSTRAINT coupon_uses_pk,
        -- NULL: what was used up to a pause, or to the end.
        ALTER COLUMN period_index DROP NOT NULL,
        ADD CONSTRAINT coupon_uses_cycle_key UNIQUE (redemption_id, schedule_no, period_index);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM billing.coupon_uses WHERE period_index IS NULL;
      ALTER TABLE billing.coupon_uses
        DROP CONSTRAINT coupon_uses_cycle_key,
        ADD CONSTRAINT coupon_uses_pk PRIMARY KEY (redemption_id, schedule_no, period_index);
    `);
  }
}
