import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Support may act in the place of customers, as long as the session lasts in which that was begun. */
export class IdentityImpersonation1760000020250 implements MigrationInterface {
  readonly name = 'IdentityImpersonation1760000020250';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.sessions
        ADD COLUMN impersonator_session_id uuid
          CONSTRAINT sessions_impersonator_session_fk REFERENCES identity.sessions (id) ON DELETE CASCADE,
        ADD CONSTRAINT sessions_impersonator_session_check
          CHECK ((impersonator_id IS NULL) = (impersonator_session_id IS NULL));
      CREATE INDEX sessions_impersonator ON identity.sessions (impersonator_id) WHERE impersonator_id IS NOT NULL;
      CREATE INDEX sessions_impersonator_session ON identity.sessions (impersonator_session_id)
        WHERE impersonator_session_id IS NOT NULL;
      UPDATE identity.roles SET permissions = permissions || '{identity:customer:impersonate}'
      WHERE code = 'support' AND NOT 'identity:customer:impersonate' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(permissions, 'identity:customer:impersonate');
      DELETE FROM identity.sessions WHERE impersonator_id IS NOT NULL;
      ALTER TABLE identity.sessions DROP COLUMN impersonator_session_id;
      DROP INDEX identity.sessions_impersonator;
    `);
  }
}
