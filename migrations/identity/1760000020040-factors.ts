import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors: codes of an app, recovery codes, and what is asked of whoever signs in with them. */
export class IdentityFactors1760000020040 implements MigrationInterface {
  readonly name = 'IdentityFactors1760000020040';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE identity.totp_factors (
        account_id uuid CONSTRAINT totp_factors_pk PRIMARY KEY
          CONSTRAINT totp_factors_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        secret_sealed bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        -- Only then it is asked for.
        confirmed_at timestamptz,
        -- No code of this step or an older one is taken again.
        last_step bigint NOT NULL DEFAULT 0
      );

      CREATE TABLE identity.recovery_codes (
        account_id uuid NOT NULL CONSTRAINT recovery_codes_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        number smallint NOT NULL,
        hash text NOT NULL,
        used_at timestamptz,
        CONSTRAINT recovery_codes_pk PRIMARY KEY (account_id, number)
      );

      -- 256 random bits that were given out, for one use within five minutes; only the hash is kept.
      CREATE TABLE identity.challenges (
        hash bytea CONSTRAINT challenges_pk PRIMARY KEY,
        purpose text NOT NULL CONSTRAINT challenges_purpose_check
          CHECK (purpose IN ('second_factor')),
        account_id uuid CONSTRAINT challenges_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        tries int NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX challenges_account ON identity.challenges (account_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE identity.challenges, identity.recovery_codes, identity.totp_factors;
      UPDATE identity.accounts SET second_factor = false;
    `);
  }
}
