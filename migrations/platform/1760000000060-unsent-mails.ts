import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Letters that wait, by whom they are for: whoever is erased gets none any more. */
export class PlatformUnsentMails1760000000060 implements MigrationInterface {
  readonly name = 'PlatformUnsentMails1760000000060';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE INDEX mails_unsent ON platform.mails (lower(recipient), id) WHERE state <> 'sent'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX platform.mails_unsent');
  }
}
