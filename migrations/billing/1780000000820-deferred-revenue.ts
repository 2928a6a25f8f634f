import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What was charged for days to come waits in `liab:deferred_revenue` and is earned day by day. Invoices that were booked before this
 * stay as they are: their income was booked whole, so they have no schedule, and nothing of them is earned again.
 */
export class BillingDeferredRevenue1780000000820 implements MigrationInterface {
  readonly name = 'BillingDeferredRevenue1780000000820';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What of a line of an invoice is earned on which days. A line that was credited in part has another row for the days since.
      CREATE TABLE billing.revenue_schedules (
        id uuid CONSTRAINT revenue_schedules_pk PRIMARY KEY,
        invoice_id uuid NOT NULL CONSTRAINT revenue_schedules_invoice_fk REFERENCES billing.invoices (id),
        line_id text NOT NULL,
        subscription_id uuid,
        currency text NOT NULL,
        amount bigint NOT NULL,
        -- Half-open.
        from_day date NOT NULL,
        to_day date NOT NULL,
        -- The first day that is not earned yet, and what all before it came to.
        next_day date NOT NULL,
        earned bigint NOT NULL DEFAULT 0,
        -- Since when the books hold it, by the calendar of the seller.
        held_since date NOT NULL,
        CONSTRAINT revenue_schedules_days_check CHECK (from_day < to_day AND next_day BETWEEN from_day AND to_day),
        CONSTRAINT revenue_schedules_earned_check CHECK (earned BETWEEN 0 AND amount),
        CONSTRAINT revenue_schedules_whole_check CHECK (next_day < to_day OR earned = amount)
      );
      CREATE INDEX revenue_schedules_next ON billing.revenue_schedules (next_day, currency, id) WHERE next_day < to_day;
      CREATE INDEX revenue_schedules_invoice ON billing.revenue_schedules (invoice_id, line_id);
      CREATE INDEX revenue_schedules_subscription ON billing.revenue_schedules (subscription_id) WHERE next_day < to_day;

      -- What was given back before it was earned: by a credit note, or by a line of a later invoice.
      CREATE TABLE billing.revenue_releases (
        id uuid CONSTRAINT revenue_releases_pk PRIMARY KEY,
        source_type text NOT NULL
          CONSTRAINT revenue_releases_source_check CHECK (source_type IN ('invoice', 'credit_note')),
        source_id uuid NOT NULL,
        source_line_id text NOT NULL,
        invoice_id uuid NOT NULL,
        line_id text NOT NULL,
        subscription_id uuid,
        currency text NOT NULL,
        amount bigint NOT NULL CONSTRAINT revenue_releases_amount_check CHECK (amount > 0),
        from_day date NOT NULL,
        to_day date NOT NULL
      );
      CREATE INDEX revenue_releases_source ON billing.revenue_releases (source_id);
      CREATE INDEX revenue_releases_invoice ON billing.revenue_releases (invoice_id);

      -- A day of many lines, earned at once: what the books have it from.
      CREATE TABLE billing.revenue_recognitions (
        id uuid CONSTRAINT revenue_recognitions_pk PRIMARY KEY,
        day date NOT NULL,
        currency text NOT NULL,
        amount bigint NOT NULL CONSTRAINT revenue_recognitions_amount_check CHECK (amount > 0),
        lines integer NOT NULL,
        recognised_at timestamptz NOT NULL
      );
    `);
  }

  /** Lines of the books stay. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.revenue_recognitions;
      DROP TABLE billing.revenue_releases;
      DROP TABLE billing.revenue_schedules;
    `);
  }
}
