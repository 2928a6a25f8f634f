import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs of the integrity check, and what they found. */
export class PlatformIntegrity1780000000610 implements MigrationInterface {
  readonly name = 'PlatformIntegrity1780000000610';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE platform.integrity_runs (
        id uuid NOT NULL CONSTRAINT integrity_runs_pk PRIMARY KEY,
        state text NOT NULL DEFAULT 'waiting' CONSTRAINT integrity_runs_state_check
          CHECK (state IN ('waiting', 'running', 'finished')),
        -- Id of who asked for it; NULL: the nightly job.
        requested_by text,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        -- Where it is: the check that is next, and the subject behind which it goes on.
        check_code text,
        after_subject text,
        -- Who is at it, and until when nobody else may be; how often this place was tried.
        worker uuid,
        lease_until timestamptz,
        attempts int NOT NULL DEFAULT 0,
        -- By check: subjects, findings, failed.
        results jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT integrity_runs_finished_check CHECK ((state = 'finished') = (finished_at IS NOT NULL))
      );
      -- One at a time.
      CREATE UNIQUE INDEX integrity_runs_open_key ON platform.integrity_runs ((true)) WHERE state <> 'finished';
      CREATE INDEX integrity_runs_created ON platform.integrity_runs (created_at);

      CREATE TABLE platform.integrity_findings (
        id uuid NOT NULL CONSTRAINT integrity_findings_pk PRIMARY KEY,
        check_code text NOT NULL,
        subject_type text NOT NULL,
        subject_id text NOT NULL,
        expected text NOT NULL,
        found text NOT NULL,
        -- The last run that saw it.
        run_id uuid NOT NULL,
        first_seen_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        resolved_at timestamptz
      );
      CREATE UNIQUE INDEX integrity_findings_open_key ON platform.integrity_findings (check_code, subject_id)
        WHERE resolved_at IS NULL;
      CREATE INDEX integrity_findings_open ON platform.integrity_findings (check_code, id) WHERE resolved_at IS NULL;
      CREATE INDEX integrity_findings_resolved ON platform.integrity_findings (check_code, id)
        WHERE resolved_at IS NOT NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE platform.integrity_findings, platform.integrity_runs');
  }
}
