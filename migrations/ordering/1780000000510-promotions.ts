import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Promotions as staff keep them, their codes, and which order used which. */
export class OrderingPromotions1780000000510 implements MigrationInterface {
  readonly name = 'OrderingPromotions1780000000510';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ordering.promotions (
        id uuid NOT NULL CONSTRAINT promotions_pk PRIMARY KEY,
        title text NOT NULL,
        status text NOT NULL CONSTRAINT promotions_status_check CHECK (status IN ('draft', 'active', 'paused', 'archived')),
        promotion_group text NOT NULL CONSTRAINT promotions_group_check
          CHECK (promotion_group IN ('product', 'order', 'shipping')),
        trigger text NOT NULL CONSTRAINT promotions_trigger_check CHECK (trigger IN ('automatic', 'code')),
        priority int NOT NULL,
        exclusive boolean NOT NULL,
        starts_at timestamptz,
        ends_at timestamptz,
        conditions jsonb NOT NULL,
        effect jsonb NOT NULL,
        limit_total int CONSTRAINT promotions_limit_total_check CHECK (limit_total > 0),
        limit_per_customer int CONSTRAINT promotions_limit_per_customer_check CHECK (limit_per_customer > 0),
        budget bigint CONSTRAINT promotions_budget_check CHECK (budget > 0),
        currency text,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT promotions_window_check CHECK (starts_at < ends_at),
        CONSTRAINT promotions_budget_currency_check CHECK (budget IS NULL OR currency IS NOT NULL)
      ) WITH (fillfactor = 80);
      CREATE INDEX promotions_status ON ordering.promotions (status, id);
      CREATE INDEX promotions_standing ON ordering.promotions (id) WHERE status = 'active' AND trigger = 'automatic';

      CREATE TABLE ordering.promotion_groups (
        promotion_group text NOT NULL CONSTRAINT promotion_groups_pk PRIMARY KEY,
        mode text NOT NULL CONSTRAINT promotion_groups_mode_check CHECK (mode IN ('stack', 'best')),
        version int NOT NULL DEFAULT 1
      );
      INSERT INTO ordering.promotion_groups (promotion_group, mode)
      VALUES ('product', 'stack'), ('order', 'stack'), ('shipping', 'best');

      -- code is kept as it is compared: trimmed, NFKC, upper case.
      CREATE TABLE ordering.promotion_codes (
        id uuid NOT NULL CONSTRAINT promotion_codes_pk PRIMARY KEY,
        promotion_id uuid NOT NULL CONSTRAINT promotion_codes_promotion_fk REFERENCES ordering.promotions (id),
        code text NOT NULL CONSTRAINT promotion_codes_code_key UNIQUE,
        status text NOT NULL DEFAULT 'active' CONSTRAINT promotion_codes_status_check CHECK (status IN ('active', 'disabled')),
        limit_total int CONSTRAINT promotion_codes_limit_total_check CHECK (limit_total > 0),
        limit_per_customer int CONSTRAINT promotion_codes_limit_per_customer_check CHECK (limit_per_customer > 0),
        ends_at timestamptz,
        -- Those that were generated together.
        batch uuid,
        -- Uses that were counted already; see promotion_redemptions.
        uses int NOT NULL DEFAULT 0 CONSTRAINT promotion_codes_uses_check CHECK (uses >= 0),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL
      ) WITH (fillfactor = 80);
      CREATE INDEX promotion_codes_promotion ON ordering.promotion_codes (promotion_id, id);
      CREATE INDEX promotion_codes_batch ON ordering.promotion_codes (batch, id) WHERE batch IS NOT NULL;

      -- The rows are the truth about what was used. Those that will not change soon are counted once ('counted') and
      -- stand in promotion_totals and promotion_codes.uses from then on, so that nobody has to look at all of them.
      CREATE TABLE ordering.promotion_redemptions (
        promotion_id uuid NOT NULL CONSTRAINT promotion_redemptions_promotion_fk REFERENCES ordering.promotions (id),
        order_id uuid NOT NULL CONSTRAINT promotion_redemptions_order_fk REFERENCES ordering.orders (id) ON DELETE CASCADE,
        code_id uuid CONSTRAINT promotion_redemptions_code_fk REFERENCES ordering.promotion_codes (id),
        currency text NOT NULL,
        amount bigint NOT NULL CONSTRAINT promotion_redemptions_amount_check CHECK (amount >= 0),
        state text NOT NULL CONSTRAINT promotion_redemptions_state_check CHECK (state IN ('held', 'kept', 'released')),
        held_until timestamptz NOT NULL,
        counted boolean NOT NULL DEFAULT false,
        -- Paid when nothing was left of it any more: the order kept its price.
        beyond boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL,
        CONSTRAINT promotion_redemptions_pk PRIMARY KEY (promotion_id, order_id),
        CONSTRAINT promotion_redemptions_counted_check CHECK (state = 'kept' OR NOT counted)
      ) WITH (fillfactor = 70);
      CREATE INDEX promotion_redemptions_order ON ordering.promotion_redemptions (order_id);
      CREATE INDEX promotion_redemptions_open ON ordering.promotion_redemptions (promotion_id)
        WHERE NOT counted AND state <> 'released';
      CREATE INDEX promotion_redemptions_code ON ordering.promotion_redemptions (code_id)
        WHERE NOT counted AND state <> 'released' AND code_id IS NOT NULL;
      CREATE INDEX promotion_redemptions_held ON ordering.promotion_redemptions (held_until) WHERE state = 'held';
      CREATE INDEX promotion_redemptions_uncounted ON ordering.promotion_redemptions (promotion_id, order_id)
        WHERE state = 'kept' AND NOT counted;

      CREATE TABLE ordering.promotion_totals (
        promotion_id uuid NOT NULL CONSTRAINT promotion_totals_promotion_fk REFERENCES ordering.promotions (id),
        currency text NOT NULL,
        uses int NOT NULL CONSTRAINT promotion_totals_uses_check CHECK (uses >= 0),
        amount bigint NOT NULL CONSTRAINT promotion_totals_amount_check CHECK (amount >= 0),
        CONSTRAINT promotion_totals_pk PRIMARY KEY (promotion_id, currency)
      ) WITH (fillfactor = 80);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE ordering.promotion_totals, ordering.promotion_redemptions, ordering.promotion_codes,
        ordering.promotion_groups, ordering.promotions;
    `);
  }
}
