import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What of a credit note a bank has given back to the buyer: it is neither refunded nor kept. */
export class BillingLostOfNotes1780000000990 implements MigrationInterface {
  readonly name = 'BillingLostOfNotes1780000000990';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE billing.credit_notes ADD COLUMN lost bigint NOT NULL DEFAULT 0 CONSTRAINT credit_notes_lost_check CHECK (lost >= 0),
        DROP CONSTRAINT credit_notes_split_check,
        ADD CONSTRAINT credit_notes_split_check CHECK (total = reduced + refunded + out_of_band + lost + kept);
      -- What is kept may be lost later on.
      DROP TRIGGER credit_notes_final ON billing.credit_notes;
      CREATE TRIGGER credit_notes_final BEFORE UPDATE OR DELETE ON billing.credit_notes FOR EACH ROW
        EXECUTE FUNCTION billing.document_is_final('refunded', 'lost', 'kept', 'used');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE billing.credit_notes SET kept = kept + lost, lost = 0 WHERE lost > 0;
      ALTER TABLE billing.credit_notes DROP CONSTRAINT credit_notes_split_check, DROP COLUMN lost,
        ADD CONSTRAINT credit_notes_split_check CHECK (total = reduced + refunded + out_of_band + kept);
      DROP TRIGGER credit_notes_final ON billing.credit_notes;
      CREATE TRIGGER credit_notes_final BEFORE UPDATE OR DELETE ON billing.credit_notes FOR EACH ROW
        EXECUTE FUNCTION billing.document_is_final('refunded', 'kept', 'used');
    `);
  }
}
