import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a register said of a VAT id is kept by the platform. An answer was good for a day, and carts and orders have frozen theirs
 * with its consultation: whoever comes next asks once more.
 */
export class OrderingVatChecksElsewhere1780000000933 implements MigrationInterface {
  readonly name = 'OrderingVatChecksElsewhere1780000000933';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE ordering.vat_checks');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ordering.vat_checks (
        vat_id text NOT NULL CONSTRAINT vat_checks_pk PRIMARY KEY,
        status text NOT NULL CONSTRAINT vat_checks_status_check CHECK (status IN ('valid', 'invalid')),
        consultation text,
        checked_at timestamptz NOT NULL
      );
    `);
  }
}
