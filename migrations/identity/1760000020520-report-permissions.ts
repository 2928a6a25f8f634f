import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may see reports: whoever may read orders. */
export class IdentityReportPermissions1760000020520 implements MigrationInterface {
  readonly name = 'IdentityReportPermissions1760000020520';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{ordering:report:read}'
        WHERE code IN ('support', 'read-only') AND NOT 'ordering:report:read' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(permissions, 'ordering:report:read')
      WHERE code IN ('support', 'read-only')`);
  }
}
