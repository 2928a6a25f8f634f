import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may report usage, and who may make coupons. */
export class IdentityUsagePermissions1760000020665 implements MigrationInterface {
  readonly name = 'IdentityUsagePermissions1760000020665';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{billing:coupon:read}'
        WHERE 'billing:subscription:read' = ANY (permissions) AND NOT 'billing:coupon:read' = ANY (permissions);
      UPDATE identity.roles SET permissions = permissions || '{billing:coupon:write}'
        WHERE 'billing:subscription:write' = ANY (permissions) AND NOT 'billing:coupon:write' = ANY (permissions);
      UPDATE identity.roles SET permissions = permissions || '{billing:usage:write}'
        WHERE 'billing:subscription:write' = ANY (permissions) AND NOT 'billing:usage:write' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(array_remove(array_remove(permissions,
        'billing:coupon:read'), 'billing:coupon:write'), 'billing:usage:write')`);
  }
}
