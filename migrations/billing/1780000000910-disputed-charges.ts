import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A bank may dispute a charge that came too late beside the one that its payment counts. Counted in the payment it kept good money
 * from being refunded, while what was disputed could be given back a second time.
 */
export class BillingDisputedCharges1780000000910 implements MigrationInterface {
  readonly name = 'BillingDisputedCharges1780000000910';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The late charge that is disputed; NULL: the one that the payment counts. What was heard before is put right when its
      -- gateway tells of it again, for which charge it was about nobody has written down.
      ALTER TABLE billing.disputes
        ADD COLUMN charge_id uuid CONSTRAINT disputes_charge_fkey REFERENCES billing.late_charges (id);
      ALTER TABLE billing.late_charges
        ADD COLUMN disputed bigint NOT NULL DEFAULT 0, ADD COLUMN dispute_lost bigint NOT NULL DEFAULT 0,
        ADD CONSTRAINT late_charges_disputes_check CHECK (disputed >= 0 AND dispute_lost >= 0);
      -- A notice of a dispute names nothing but the charge.
      CREATE INDEX late_charges_gateway_ref ON billing.late_charges (gateway_ref);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX billing.late_charges_gateway_ref;
      ALTER TABLE billing.late_charges DROP COLUMN disputed, DROP COLUMN dispute_lost;
      ALTER TABLE billing.disputes DROP COLUMN charge_id;
    `);
  }
}
