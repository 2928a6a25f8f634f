import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What gateways say of their accounts with us, line by line, held against the books, and what does not fit. */
export class BillingReconciliation1780000000721 implements MigrationInterface {
  readonly name = 'BillingReconciliation1780000000721';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.settlement_lines (
        -- Also what its fee and its payout are booked for.
        id uuid NOT NULL CONSTRAINT settlement_lines_pkey PRIMARY KEY,
        gateway text NOT NULL,
        line_id text NOT NULL,
        kind text NOT NULL CONSTRAINT settlement_lines_kind_check
          CHECK (kind IN ('charge', 'refund', 'fee', 'dispute', 'dispute_fee', 'payout', 'other')),
        ref text,
        operation_id uuid,
        amount bigint NOT NULL,
        fee bigint NOT NULL,
        currency text NOT NULL,
        at timestamptz NOT NULL,
        payout_ref text,
        status text NOT NULL CONSTRAINT settlement_lines_status_check
          CHECK (status IN ('matched', 'missing_here', 'amount_diff', 'fee_unbooked', 'duplicate')),
        -- The posting that says the same.
        transaction_id uuid,
        -- What of its fee, or of its payout, is in the books.
        booked bigint NOT NULL DEFAULT 0,
        told_at timestamptz NOT NULL,
        CONSTRAINT settlement_lines_line_key UNIQUE (gateway, line_id)
      );
      -- One posting is one movement at the gateway.
      CREATE UNIQUE INDEX settlement_lines_transaction ON billing.settlement_lines (transaction_id) WHERE transaction_id IS NOT NULL;
      CREATE INDEX settlement_lines_at ON billing.settlement_lines (at, id);
      CREATE INDEX settlement_lines_payout ON billing.settlement_lines (gateway, payout_ref) WHERE payout_ref IS NOT NULL;
      CREATE INDEX settlement_lines_unmatched ON billing.settlement_lines (gateway, id) WHERE status <> 'matched';

      CREATE TABLE billing.reconciliation_runs (
        id uuid NOT NULL CONSTRAINT reconciliation_runs_pkey PRIMARY KEY,
        gateway text NOT NULL,
        state text NOT NULL CONSTRAINT reconciliation_runs_state_check CHECK (state IN ('waiting', 'running', 'finished')),
        "from" timestamptz NOT NULL,
        "to" timestamptz NOT NULL,
        -- NULL: the clockwork.
        requested_by text,
        counts jsonb NOT NULL DEFAULT '{}',
        attempts integer NOT NULL DEFAULT 0,
        last_error text,
        lease_until timestamptz,
        created_at timestamptz NOT NULL,
        finished_at timestamptz
      );
      CREATE INDEX reconciliation_runs_open ON billing.reconciliation_runs (id) WHERE state <> 'finished';

      CREATE TABLE billing.reconciliation_cases (
        id uuid NOT NULL CONSTRAINT reconciliation_cases_pkey PRIMARY KEY,
        gateway text NOT NULL,
        kind text NOT NULL CONSTRAINT reconciliation_cases_kind_check
          CHECK (kind IN ('missing_here', 'missing_there', 'amount_diff', 'fee_unbooked', 'duplicate')),
        -- The line, or where the gateway tells of none the posting; of a payout that is not the sum of its lines 'payout'.
        subject_type text NOT NULL CONSTRAINT reconciliation_cases_subject_check
          CHECK (subject_type IN ('line', 'transaction', 'payout')),
        subject_id uuid NOT NULL,
        payment_id uuid,
        -- Minor units as they move the account at the gateway: what the books say, and what the gateway says.
        expected bigint,
        found bigint,
        currency text NOT NULL,
        state text NOT NULL DEFAULT 'open' CONSTRAINT reconciliation_cases_state_check CHECK (state IN ('open', 'resolved')),
        resolution text CONSTRAINT reconciliation_cases_resolution_check
          CHECK (resolution IN ('accepted', 'corrected', 'settled')),
        reason text,
        resolved_by text,
        resolved_at timestamptz,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        CONSTRAINT reconciliation_cases_subject_key UNIQUE (subject_type, subject_id),
        CONSTRAINT reconciliation_cases_resolved_check CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
      );
      CREATE INDEX reconciliation_cases_created ON billing.reconciliation_cases (created_at, id);
      CREATE INDEX reconciliation_cases_open ON billing.reconciliation_cases (created_at, id) WHERE state = 'open';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE billing.reconciliation_cases;
      DROP TABLE billing.reconciliation_runs;
      DROP TABLE billing.settlement_lines;
    `);
  }
}
