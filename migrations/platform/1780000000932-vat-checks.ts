import type { MigrationInterface, QueryRunner } from 'typeorm';

/** VAT ids are checked for orders and for subscriptions, by whom both stand on. */
export class PlatformVatChecks1780000000932 implements MigrationInterface {
  readonly name = 'PlatformVatChecks1780000000932';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- What the register has said of a VAT id, last.
      CREATE TABLE platform.vat_checks (
        vat_id text NOT NULL CONSTRAINT vat_checks_pk PRIMARY KEY,
        status text NOT NULL CONSTRAINT vat_checks_status_check CHECK (status IN ('valid', 'invalid')),
        consultation text,
        checked_at timestamptz NOT NULL
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE platform.vat_checks');
  }
}
