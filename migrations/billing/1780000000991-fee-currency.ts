import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A gateway takes the fee of a dispute in the currency of the account, which need not be that of the payment. */
export class BillingFeeCurrency1780000000991 implements MigrationInterface {
  readonly name = 'BillingFeeCurrency1780000000991';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.disputes ADD COLUMN fee_currency text;
      -- The books had it right all the time.
      UPDATE billing.disputes d SET fee_currency = coalesce((
        SELECT e.currency FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
        WHERE t.source_id = d.id AND t.kind = 'dispute_fee' AND e.account = 'expense:dispute_fees' LIMIT 1
      ), currency);
      ALTER TABLE billing.disputes ALTER COLUMN fee_currency SET NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.disputes DROP COLUMN fee_currency;`);
  }
}
