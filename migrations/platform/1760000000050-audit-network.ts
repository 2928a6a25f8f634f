import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where a deed came from: the network, not the address, because the trail is never changed and must not name a home. */
export class PlatformAuditNetwork1760000000050 implements MigrationInterface {
  readonly name = 'PlatformAuditNetwork1760000000050';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE platform.audit_entries ADD COLUMN network text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE platform.audit_entries DROP COLUMN network');
  }
}
