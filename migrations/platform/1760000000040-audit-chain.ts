import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The trail is sealed behind the commits: entries wait in a list of their own until a job has chained them, one after the
 * other. A chain inside the transactions would make all of them wait for each other.
 */
export class PlatformAuditChain1760000000040 implements MigrationInterface {
  readonly name = 'PlatformAuditChain1760000000040';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE platform.audit_entries ADD COLUMN impersonator_id text;
      CREATE INDEX audit_entries_actor ON platform.audit_entries (actor_id, id);
      CREATE INDEX audit_entries_action ON platform.audit_entries (action, id);
      CREATE TABLE platform.audit_unsealed (
        entry_id uuid CONSTRAINT audit_unsealed_pk PRIMARY KEY
      );
      CREATE TABLE platform.audit_seals (
        position bigint CONSTRAINT audit_seals_pk PRIMARY KEY,
        entry_id uuid NOT NULL CONSTRAINT audit_seals_entry_key UNIQUE,
        -- SHA-256 of the hash before and the entry.
        hash bytea NOT NULL,
        sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.audit_seals
        FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change();
      INSERT INTO platform.audit_unsealed (entry_id) SELECT id FROM platform.audit_entries;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE platform.audit_seals, platform.audit_unsealed;
      DROP INDEX platform.audit_entries_actor, platform.audit_entries_action;
      ALTER TABLE platform.audit_entries DROP COLUMN impersonator_id;
    `);
  }
}
