import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What every module stands on: facts and their deliveries, idempotency keys, the audit trail. */
export class Kernel1760000000000 implements MigrationInterface {
  readonly name = 'Kernel1760000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE SCHEMA IF NOT EXISTS platform;
      CREATE EXTENSION IF NOT EXISTS unaccent;
      CREATE EXTENSION IF NOT EXISTS pg_trgm;

      -- A fact. Its position is given by the relay after the commit, so that order of position is order of commit.
      CREATE TABLE platform.events (
        id uuid CONSTRAINT events_pk PRIMARY KEY,
        type text NOT NULL,
        payload jsonb NOT NULL,
        trace text,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        position bigint CONSTRAINT events_position_key UNIQUE
      );
      CREATE INDEX events_unrelayed ON platform.events (recorded_at, id) WHERE position IS NULL;

      -- One fact for one consumer: done once, in the consumer's own transaction.
      CREATE TABLE platform.deliveries (
        id uuid CONSTRAINT deliveries_pk PRIMARY KEY,
        event_id uuid NOT NULL CONSTRAINT deliveries_event_fk REFERENCES platform.events (id),
        consumer text NOT NULL,
        queue text NOT NULL,
        state text NOT NULL DEFAULT 'pending' CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'done', 'dead')),
        try int NOT NULL DEFAULT 1,
        failures int NOT NULL DEFAULT 0,
        last_error text,
        enqueued_at timestamptz NOT NULL DEFAULT now(),
        done_at timestamptz,
        CONSTRAINT deliveries_once_key UNIQUE (event_id, consumer)
      );
      CREATE INDEX deliveries_pending ON platform.deliveries (enqueued_at) WHERE state = 'pending';
      CREATE INDEX deliveries_dead ON platform.deliveries (id) WHERE state = 'dead';

      CREATE TABLE platform.idempotency_keys (
        scope text NOT NULL,
        key_hash bytea NOT NULL,
        fingerprint bytea NOT NULL,
        locked_until timestamptz,
        state jsonb,
        status int,
        body bytea,
        sealed boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL DEFAULT now() + interval '72 hours',
        CONSTRAINT idempotency_keys_pk PRIMARY KEY (scope, key_hash)
      );
      CREATE INDEX idempotency_keys_expiry ON platform.idempotency_keys (expires_at);

      CREATE TABLE platform.audit_entries (
        id uuid CONSTRAINT audit_entries_pk PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor_kind text NOT NULL,
        actor_id text,
        action text NOT NULL,
        subject_type text NOT NULL,
        subject_id text NOT NULL,
        request_id text,
        details jsonb
      );
      CREATE INDEX audit_entries_subject ON platform.audit_entries (subject_type, subject_id, id);
      CREATE FUNCTION platform.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23514'; END $$;
      CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change();
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP SCHEMA platform CASCADE');
  }
}
