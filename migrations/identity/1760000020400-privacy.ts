import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Personal data on its way out: copies for those whom it is about, and erasures with what is done of them. */
export class IdentityPrivacy1760000020400 implements MigrationInterface {
  readonly name = 'IdentityPrivacy1760000020400';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- The subject is an account, or the row itself when somebody has none: then the address is sealed in the row, and
      -- known by an HMAC, for as long as it is needed.
      CREATE TABLE identity.exports (
        id uuid CONSTRAINT exports_pk PRIMARY KEY,
        subject_id uuid NOT NULL,
        guest_email bytea,
        guest_hash bytea,
        requested_at timestamptz NOT NULL DEFAULT now(),
        -- Id of whoever asked: the person, or one of the staff.
        requested_by text NOT NULL,
        state text NOT NULL DEFAULT 'pending' CONSTRAINT exports_state_check
          CHECK (state IN ('pending', 'running', 'ready', 'downloaded', 'expired')),
        -- One worker at a time, or one download; by the database's clock.
        holder uuid,
        held_until timestamptz,
        -- Modules that are collected to their end.
        done text[] NOT NULL DEFAULT '{}',
        -- SHA-256 of what stands in the link.
        token_hash bytea CONSTRAINT exports_token_key UNIQUE,
        ready_at timestamptz,
        link_until timestamptz
      );
      CREATE UNIQUE INDEX exports_one_running ON identity.exports (subject_id) WHERE state IN ('pending', 'running');
      CREATE UNIQUE INDEX exports_one_running_of_guest ON identity.exports (guest_hash) WHERE state IN ('pending', 'running');
      CREATE INDEX exports_subject ON identity.exports (subject_id, id DESC);
      CREATE INDEX exports_open ON identity.exports (held_until) WHERE state IN ('pending', 'running');
      CREATE INDEX exports_ready ON identity.exports (link_until) WHERE state IN ('ready', 'downloaded');

      CREATE TABLE identity.export_parts (
        export_id uuid NOT NULL CONSTRAINT export_parts_export_fk REFERENCES identity.exports (id) ON DELETE CASCADE,
        module text NOT NULL,
        ordinal int NOT NULL,
        -- A page, sealed with the key of the subject.
        sealed bytea NOT NULL,
        CONSTRAINT export_parts_pk PRIMARY KEY (export_id, module, ordinal)
      );

      -- What is left of a person in the end is such a row, without a word about who it was.
      CREATE TABLE identity.erasures (
        id uuid CONSTRAINT erasures_pk PRIMARY KEY,
        subject_id uuid NOT NULL,
        is_guest boolean NOT NULL,
        guest_email bytea,
        guest_hash bytea,
        requested_at timestamptz NOT NULL,
        requested_by text NOT NULL,
        -- In the words of staff; forgotten in the end.
        reason text,
        due_at timestamptz NOT NULL,
        -- Why it had to be put off, each in a sentence.
        hindered_because text[] NOT NULL DEFAULT '{}',
        -- From here on there is no way back.
        started_at timestamptz,
        -- Modules that have erased what they knew.
        done text[] NOT NULL DEFAULT '{}',
        canceled_at timestamptz,
        canceled_by text,
        finished_at timestamptz,
        CONSTRAINT erasures_end_check CHECK (canceled_at IS NULL OR (started_at IS NULL AND finished_at IS NULL)),
        CONSTRAINT erasures_forgotten_check
          CHECK (finished_at IS NULL OR (guest_email IS NULL AND guest_hash IS NULL AND reason IS NULL))
      );
      CREATE UNIQUE INDEX erasures_one_open ON identity.erasures (subject_id)
        WHERE finished_at IS NULL AND canceled_at IS NULL;
      CREATE UNIQUE INDEX erasures_one_open_of_guest ON identity.erasures (guest_hash)
        WHERE finished_at IS NULL AND canceled_at IS NULL;
      CREATE INDEX erasures_due ON identity.erasures (due_at) WHERE finished_at IS NULL AND canceled_at IS NULL;
      CREATE INDEX erasures_subject ON identity.erasures (subject_id, id DESC);

      UPDATE identity.roles SET permissions = permissions || '{identity:customer:export}'
      WHERE code = 'support' AND NOT 'identity:customer:export' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(array_remove(permissions, 'identity:customer:export'),
        'identity:customer:erase');
      DROP TABLE identity.erasures, identity.export_parts, identity.exports;
    `);
  }
}
