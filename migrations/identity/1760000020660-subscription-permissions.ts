import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may see plans and subscriptions, and who may make and change them. */
export class IdentitySubscriptionPermissions1760000020660 implements MigrationInterface {
  readonly name = 'IdentitySubscriptionPermissions1760000020660';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{billing:subscription:read}'
        WHERE 'billing:invoice:read' = ANY (permissions) AND NOT 'billing:subscription:read' = ANY (permissions);
      UPDATE identity.roles SET permissions = permissions || '{billing:subscription:write}'
        WHERE 'billing:invoice:write' = ANY (permissions) AND NOT 'billing:subscription:write' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions =
        array_remove(array_remove(permissions, 'billing:subscription:read'), 'billing:subscription:write')`);
  }
}
