import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What becomes of somebody who has lost every second factor. */
export class IdentityFactorResets1760000020300 implements MigrationInterface {
  readonly name = 'IdentityFactorResets1760000020300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE identity.factor_resets (
        id uuid CONSTRAINT factor_resets_pk PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT factor_resets_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        -- Of the staff; kept when that account is gone.
        asked_by uuid NOT NULL,
        reason text NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL,
        -- SHA-256 of what the owner's letter holds; none when there was nothing to wait for.
        cancel_hash bytea CONSTRAINT factor_resets_cancel_key UNIQUE,
        outcome text CONSTRAINT factor_resets_outcome_check CHECK (outcome IN ('done', 'cancelled')),
        ended_at timestamptz,
        CONSTRAINT factor_resets_ended_check CHECK ((outcome IS NULL) = (ended_at IS NULL))
      );
      CREATE UNIQUE INDEX factor_resets_pending ON identity.factor_resets (account_id) WHERE outcome IS NULL;
      CREATE INDEX factor_resets_account ON identity.factor_resets (account_id);
      CREATE INDEX factor_resets_due ON identity.factor_resets (due_at) WHERE outcome IS NULL;

      UPDATE identity.roles SET permissions = permissions || '{identity:factor:reset}'
      WHERE code = 'support' AND NOT 'identity:factor:reset' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(permissions, 'identity:factor:reset');
      DROP TABLE identity.factor_resets;
    `);
  }
}
