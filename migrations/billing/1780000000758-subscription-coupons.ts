import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Coupons for subscriptions, who has one, and the cycles that it took something off. */
export class BillingSubscriptionCoupons1780000000758 implements MigrationInterface {
  readonly name = 'BillingSubscriptionCoupons1780000000758';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.coupons (
        id uuid CONSTRAINT coupons_pk PRIMARY KEY,
        -- As it is shown, and as it is found: however it is written.
        code text NOT NULL,
        code_key text NOT NULL CONSTRAINT coupons_code_key UNIQUE,
        title text NOT NULL,
        percent_ppm int CONSTRAINT coupons_percent_check CHECK (percent_ppm BETWEEN 1 AND 1000000),
        -- Off a cycle, in each currency.
        amounts jsonb,
        duration text NOT NULL CONSTRAINT coupons_duration_check CHECK (duration IN ('once', 'repeating', 'forever')),
        cycles int CONSTRAINT coupons_cycles_check CHECK (cycles > 0),
        redeem_by timestamptz,
        -- NULL: all plans.
        plan_ids uuid[],
        max_redemptions int,
        max_per_customer int,
        redeemed int NOT NULL DEFAULT 0,
        state text NOT NULL CONSTRAINT coupons_state_check CHECK (state IN ('active', 'archived')),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        CONSTRAINT coupons_effect_check CHECK ((percent_ppm IS NULL) <> (amounts IS NULL)),
        CONSTRAINT coupons_repeating_check CHECK ((duration = 'repeating') = (cycles IS NOT NULL)),
        CONSTRAINT coupons_redeemed_check CHECK (redeemed >= 0 AND redeemed <= max_redemptions)
      );
      CREATE INDEX coupons_state ON billing.coupons (state, id);

      CREATE TABLE billing.coupon_redemptions (
        id uuid CONSTRAINT coupon_redemptions_pk PRIMARY KEY,
        coupon_id uuid NOT NULL CONSTRAINT coupon_redemptions_coupon_fk REFERENCES billing.coupons (id),
        subscription_id uuid NOT NULL CONSTRAINT coupon_redemptions_subscription_fk REFERENCES billing.subscriptions (id)
          -- It is taken before the subscription is written that begins with it.
          DEFERRABLE INITIALLY DEFERRED,
        -- What was promised, in the currency of the subscription.
        terms jsonb NOT NULL,
        redeemed_at timestamptz NOT NULL,
        ended_at timestamptz,
        -- It took nothing off, or nobody has paid: the coupon has it back.
        given_back boolean NOT NULL DEFAULT false,
        CONSTRAINT coupon_redemptions_given_back_check CHECK (ended_at IS NOT NULL OR NOT given_back)
      );
      CREATE UNIQUE INDEX coupon_redemptions_one_present ON billing.coupon_redemptions (subscription_id)
        WHERE ended_at IS NULL;
      CREATE INDEX coupon_redemptions_coupon ON billing.coupon_redemptions (coupon_id, id);
      CREATE INDEX coupon_redemptions_subscription ON billing.coupon_redemptions (subscription_id, id);

      -- One row for each cycle that it took something off.
      CREATE TABLE billing.coupon_uses (
        redemption_id uuid NOT NULL CONSTRAINT coupon_uses_redemption_fk REFERENCES billing.coupon_redemptions (id),
        schedule_no int NOT NULL,
        period_index int NOT NULL,
        period_start date NOT NULL,
        amount bigint NOT NULL CONSTRAINT coupon_uses_amount_check CHECK (amount > 0),
        invoice_id uuid,
        used_at timestamptz NOT NULL,
        CONSTRAINT coupon_uses_pk PRIMARY KEY (redemption_id, schedule_no, period_index)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.coupon_uses;
      DROP TABLE billing.coupon_redemptions;
      DROP TABLE billing.coupons;
    `);
  }
}
