import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who only reads may see whether everything fits together. */
export class IdentityIntegrityPermissions1780000000611 implements MigrationInterface {
  readonly name = 'IdentityIntegrityPermissions1780000000611';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{platform:integrity:read}'
      WHERE code = 'read-only' AND NOT 'platform:integrity:read' = ANY (permissions)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(permissions, 'platform:integrity:read')
      WHERE code = 'read-only'`);
  }
}
