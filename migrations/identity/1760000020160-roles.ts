import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles are data that staff may change; the one that may do everything stays as it is. */
export class IdentityRoles1760000020160 implements MigrationInterface {
  readonly name = 'IdentityRoles1760000020160';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.roles
        ADD COLUMN built_in boolean NOT NULL DEFAULT false,
        ADD COLUMN version int NOT NULL DEFAULT 1;
      UPDATE identity.roles SET built_in = true WHERE code = 'administrator';
      UPDATE identity.roles SET permissions = permissions || '{identity:role:read,identity:api-key:read,identity:key:read}'::text[]
        WHERE code = 'read-only';
      CREATE INDEX account_roles_role ON identity.account_roles (role);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX identity.account_roles_role;
      UPDATE identity.roles SET permissions = ARRAY(SELECT one FROM unnest(permissions) AS one
        WHERE one <> ALL ('{identity:role:read,identity:api-key:read,identity:key:read}'::text[]))
        WHERE code = 'read-only';
      ALTER TABLE identity.roles DROP COLUMN built_in, DROP COLUMN version;
    `);
  }
}
