import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tokens of programs that were taken back before their end; they are forgotten with it. */
export class IdentityRevokedTokens1760000020150 implements MigrationInterface {
  readonly name = 'IdentityRevokedTokens1760000020150';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE identity.revoked_tokens (
        jti uuid CONSTRAINT revoked_tokens_pk PRIMARY KEY,
        expires_at timestamptz NOT NULL
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE identity.revoked_tokens');
  }
}
