import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The code that a storefront changes for tokens can be bound to the browser that came back with it. */
export class IdentityCodeBrowsers1760000020240 implements MigrationInterface {
  readonly name = 'IdentityCodeBrowsers1760000020240';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Null for those that a process of before still makes, for their 60 seconds: no browser fits them.
    await queryRunner.query('ALTER TABLE identity.provider_codes ADD COLUMN browser_hash bytea');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE identity.provider_codes DROP COLUMN browser_hash');
  }
}
