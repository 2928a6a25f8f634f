import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may capture and release holds and write down money that came: whoever may refund. */
export class IdentityPaymentPermissions1760000020620 implements MigrationInterface {
  readonly name = 'IdentityPaymentPermissions1760000020620';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = permissions || '{billing:payment:write}'
        WHERE code = 'support' AND NOT 'billing:payment:write' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(permissions, 'billing:payment:write') WHERE code = 'support'`);
  }
}
