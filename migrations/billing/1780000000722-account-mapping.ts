import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How the accountant numbers the accounts. */
export class BillingAccountMapping1780000000722 implements MigrationInterface {
  readonly name = 'BillingAccountMapping1780000000722';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.account_mapping (
        id boolean CONSTRAINT account_mapping_pk PRIMARY KEY DEFAULT true CONSTRAINT account_mapping_one_check CHECK (id),
        mapping jsonb NOT NULL,
        version int NOT NULL,
        updated_at timestamptz NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE billing.account_mapping');
  }
}
