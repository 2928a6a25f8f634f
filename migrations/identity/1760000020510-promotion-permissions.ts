import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may see promotions and their codes, and who makes them. */
export class IdentityPromotionPermissions1760000020510 implements MigrationInterface {
  readonly name = 'IdentityPromotionPermissions1760000020510';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{ordering:promotion:read}'
        WHERE code IN ('catalog-manager', 'support', 'read-only') AND NOT 'ordering:promotion:read' = ANY (permissions);
      UPDATE identity.roles SET permissions = permissions || '{ordering:promotion:write}'
        WHERE code = 'catalog-manager' AND NOT 'ordering:promotion:write' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles
      SET permissions = array_remove(array_remove(permissions, 'ordering:promotion:read'), 'ordering:promotion:write')
      WHERE code IN ('catalog-manager', 'support', 'read-only')`);
  }
}
