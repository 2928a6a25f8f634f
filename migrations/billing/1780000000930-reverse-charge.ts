import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions of businesses that account for the tax themselves. */
export class BillingReverseCharge1780000000930 implements MigrationInterface {
  readonly name = 'BillingReverseCharge1780000000930';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE billing.subscriptions ADD COLUMN reverse_charge boolean NOT NULL DEFAULT false',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE billing.subscriptions DROP COLUMN reverse_charge');
  }
}
