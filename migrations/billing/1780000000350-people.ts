import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Payments of guests by the address of the buyer, for whoever asks what is kept about them. */
export class BillingPeople1780000000350 implements MigrationInterface {
  readonly name = 'BillingPeople1780000000350';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX payments_of_guests ON billing.payments (lower(buyer ->> 'email'), id) WHERE customer_id IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX billing.payments_of_guests');
  }
}
