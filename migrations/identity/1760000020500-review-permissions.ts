import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may see the reviews that wait, and decide about them. */
export class IdentityReviewPermissions1760000020500 implements MigrationInterface {
  readonly name = 'IdentityReviewPermissions1760000020500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{catalog:review:read}'
        WHERE code IN ('catalog-manager', 'support', 'read-only') AND NOT 'catalog:review:read' = ANY (permissions);
      UPDATE identity.roles SET permissions = permissions || '{catalog:review:moderate}'
        WHERE code IN ('catalog-manager', 'support') AND NOT 'catalog:review:moderate' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles
      SET permissions = array_remove(array_remove(permissions, 'catalog:review:read'), 'catalog:review:moderate')
      WHERE code IN ('catalog-manager', 'support', 'read-only')`);
  }
}
