import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signing keys are published before they sign and for a while after; their private part goes when they stop signing. */
export class IdentityKeyStates1760000020130 implements MigrationInterface {
  readonly name = 'IdentityKeyStates1760000020130';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.signing_keys
        DROP CONSTRAINT signing_keys_state_check,
        ADD CONSTRAINT signing_keys_state_check CHECK (state IN ('next', 'active', 'retiring', 'gone')),
        ALTER COLUMN private_sealed DROP NOT NULL,
        ADD COLUMN activated_at timestamptz,
        ADD COLUMN gone_at timestamptz;
      UPDATE identity.signing_keys SET activated_at = created_at,
        private_sealed = CASE state WHEN 'active' THEN private_sealed END;
      ALTER TABLE identity.signing_keys ADD CONSTRAINT signing_keys_private_check
        CHECK ((private_sealed IS NOT NULL) = (state IN ('next', 'active')));
      CREATE UNIQUE INDEX signing_keys_one_next ON identity.signing_keys ((true)) WHERE state = 'next';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DELETE FROM identity.signing_keys WHERE state <> 'active';
      DROP INDEX identity.signing_keys_one_next;
      ALTER TABLE identity.signing_keys
        DROP CONSTRAINT signing_keys_private_check,
        DROP CONSTRAINT signing_keys_state_check,
        ADD CONSTRAINT signing_keys_state_check CHECK (state IN ('active', 'retiring')),
        ALTER COLUMN private_sealed SET NOT NULL,
        DROP COLUMN activated_at,
        DROP COLUMN gone_at;
    `);
  }
}
