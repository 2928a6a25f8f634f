import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may see how unpaid invoices are collected, and who may say how, and try again. */
export class IdentityDunningPermissions1760000020670 implements MigrationInterface {
  readonly name = 'IdentityDunningPermissions1760000020670';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{billing:dunning:read}'
        WHERE 'billing:invoice:read' = ANY (permissions) AND NOT 'billing:dunning:read' = ANY (permissions);
      UPDATE identity.roles SET permissions = permissions || '{billing:dunning:write}'
        WHERE 'billing:invoice:write' = ANY (permissions) AND NOT 'billing:dunning:write' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles
      SET permissions = array_remove(array_remove(permissions, 'billing:dunning:read'), 'billing:dunning:write')`);
  }
}
