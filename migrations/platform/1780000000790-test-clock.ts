import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far the clock of a sandbox is ahead, who has heard of it, and the journeys that brought it there. */
export class PlatformTestClock1780000000790 implements MigrationInterface {
  readonly name = 'PlatformTestClock1780000000790';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE platform.test_clock (
        one boolean NOT NULL DEFAULT true CONSTRAINT test_clock_pk PRIMARY KEY CONSTRAINT test_clock_one_check CHECK (one),
        -- Milliseconds ahead of real time, and how often it was moved.
        ahead_ms bigint NOT NULL DEFAULT 0 CONSTRAINT test_clock_ahead_check CHECK (ahead_ms >= 0),
        version int NOT NULL DEFAULT 0
      );
      INSERT INTO platform.test_clock DEFAULT VALUES;

      -- Processes that tell the time, and the move that each has heard of.
      CREATE TABLE platform.test_clock_followers (
        process uuid NOT NULL CONSTRAINT test_clock_followers_pk PRIMARY KEY,
        version int NOT NULL,
        seen_at timestamptz NOT NULL
      );

      CREATE TABLE platform.clock_advancements (
        id uuid NOT NULL CONSTRAINT clock_advancements_pk PRIMARY KEY,
        state text NOT NULL DEFAULT 'waiting' CONSTRAINT clock_advancements_state_check
          CHECK (state IN ('waiting', 'running', 'finished', 'failed')),
        requested_by text NOT NULL,
        -- In the store's time.
        from_time timestamptz NOT NULL,
        to_time timestamptz NOT NULL,
        reached timestamptz NOT NULL,
        -- Steps that the clock has made, and those at whose end all work was done; the last may be under way.
        steps int NOT NULL DEFAULT 0,
        worked int NOT NULL DEFAULT 0,
        -- Those of them after which something was still busy when its time was over.
        unsettled int NOT NULL DEFAULT 0,
        -- Times that each periodic job failed, and facts since the beginning by type.
        failures jsonb NOT NULL DEFAULT '{}',
        facts jsonb NOT NULL DEFAULT '{}',
        first_position bigint NOT NULL,
        -- In real time.
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        -- Why it stopped before its end.
        error text,
        -- Who is at it, and until when nobody else may be; how often this step was tried.
        worker uuid,
        lease_until timestamptz,
        attempts int NOT NULL DEFAULT 0,
        CONSTRAINT clock_advancements_forward_check CHECK (to_time > from_time AND reached >= from_time),
        CONSTRAINT clock_advancements_finished_check
          CHECK ((state IN ('finished', 'failed')) = (finished_at IS NOT NULL))
      );
      -- One at a time.
      CREATE UNIQUE INDEX clock_advancements_open_key ON platform.clock_advancements ((true))
        WHERE state IN ('waiting', 'running');
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'DROP TABLE platform.clock_advancements, platform.test_clock_followers, platform.test_clock',
    );
  }
}
