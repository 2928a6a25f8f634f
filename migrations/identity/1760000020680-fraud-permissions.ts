import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may see by which rules payments are screened: whoever decides about them, and whoever reads everything. Rules are the administrator's. */
export class IdentityFraudPermissions1760000020680 implements MigrationInterface {
  readonly name = 'IdentityFraudPermissions1760000020680';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{billing:fraud:read}'
        WHERE code IN ('support', 'read-only') AND NOT 'billing:fraud:read' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(permissions, 'billing:fraud:read')
        WHERE code IN ('support', 'read-only')`);
  }
}
