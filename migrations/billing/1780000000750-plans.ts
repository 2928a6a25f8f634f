import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Plans and their versions, which are only ever added. */
export class BillingPlans1780000000750 implements MigrationInterface {
  readonly name = 'BillingPlans1780000000750';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.plans (
        id uuid CONSTRAINT plans_pk PRIMARY KEY,
        code text NOT NULL CONSTRAINT plans_code_key UNIQUE,
        title text NOT NULL,
        description text,
        -- service: each period is invoiced; goods: each period is told, and becomes an order.
        kind text NOT NULL CONSTRAINT plans_kind_check CHECK (kind IN ('service', 'goods')),
        state text NOT NULL CONSTRAINT plans_state_check CHECK (state IN ('active', 'archived')),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX plans_state ON billing.plans (state, id);

      CREATE TABLE billing.plan_versions (
        id uuid CONSTRAINT plan_versions_pk PRIMARY KEY,
        plan_id uuid NOT NULL CONSTRAINT plan_versions_plan_fk REFERENCES billing.plans (id),
        number int NOT NULL CONSTRAINT plan_versions_number_check CHECK (number > 0),
        valid_from timestamptz NOT NULL,
        -- all: from the first period that begins then, for those who have subscribed before, too.
        applies_to text NOT NULL CONSTRAINT plan_versions_applies_check CHECK (applies_to IN ('new', 'all')),
        interval_unit text NOT NULL CONSTRAINT plan_versions_unit_check
          CHECK (interval_unit IN ('day', 'week', 'month', 'year')),
        interval_count int NOT NULL CONSTRAINT plan_versions_count_check CHECK (interval_count > 0),
        trial_days int NOT NULL CONSTRAINT plan_versions_trial_check CHECK (trial_days >= 0),
        prices_include_tax boolean NOT NULL,
        prices jsonb NOT NULL,
        taxes jsonb NOT NULL,
        components jsonb NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT plan_versions_number_key UNIQUE (plan_id, number)
      );

      CREATE FUNCTION billing.plan_version_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% on billing.plan_versions is refused: versions are only added', TG_OP
          USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER plan_versions_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.plan_versions
        FOR EACH STATEMENT EXECUTE FUNCTION billing.plan_version_is_kept();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.plan_versions;
      DROP TABLE billing.plans;
      DROP FUNCTION billing.plan_version_is_kept();
    `);
  }
}
