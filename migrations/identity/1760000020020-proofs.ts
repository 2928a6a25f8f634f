import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A session knows how and when its holder proved who it is, and who acts in whose place. */
export class IdentityProofs1760000020020 implements MigrationInterface {
  readonly name = 'IdentityProofs1760000020020';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.accounts ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
      ALTER TABLE identity.sessions
        -- As RFC 8176 names them.
        ADD COLUMN methods text[] NOT NULL DEFAULT '{pwd}',
        ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN impersonator_id uuid CONSTRAINT sessions_impersonator_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        ADD COLUMN impersonation_reason text,
        ADD CONSTRAINT sessions_impersonation_check CHECK ((impersonator_id IS NULL) = (impersonation_reason IS NULL));
      UPDATE identity.sessions SET proved_at = created_at;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.sessions DROP COLUMN methods, DROP COLUMN proved_at, DROP COLUMN impersonator_id,
        DROP COLUMN impersonation_reason;
      ALTER TABLE identity.accounts DROP COLUMN second_factor;
    `);
  }
}
