import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may see invoices and credit notes, and who may make and end them. */
export class IdentityInvoicePermissions1760000020640 implements MigrationInterface {
  readonly name = 'IdentityInvoicePermissions1760000020640';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{billing:invoice:read}'
        WHERE 'billing:payment:read' = ANY (permissions) AND NOT 'billing:invoice:read' = ANY (permissions);
      UPDATE identity.roles SET permissions = permissions || '{billing:invoice:write}'
        WHERE 'billing:refund:write' = ANY (permissions) AND NOT 'billing:invoice:write' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles
      SET permissions = array_remove(array_remove(permissions, 'billing:invoice:read'), 'billing:invoice:write')`);
  }
}
