import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Failures in a row, however long they took, and invitations: links that live longer than those that anybody asks for. */
export class IdentityAttempts1760000020010 implements MigrationInterface {
  readonly name = 'IdentityAttempts1760000020010';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.throttles ADD COLUMN in_a_row int NOT NULL DEFAULT 0;
      ALTER TABLE identity.one_time_links DROP CONSTRAINT one_time_links_purpose_check,
        ADD CONSTRAINT one_time_links_purpose_check CHECK (purpose IN ('verify_email', 'reset_password', 'invitation'));
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DELETE FROM identity.one_time_links WHERE purpose = 'invitation';
      ALTER TABLE identity.one_time_links DROP CONSTRAINT one_time_links_purpose_check,
        ADD CONSTRAINT one_time_links_purpose_check CHECK (purpose IN ('verify_email', 'reset_password'));
      ALTER TABLE identity.throttles DROP COLUMN in_a_row;
    `);
  }
}
