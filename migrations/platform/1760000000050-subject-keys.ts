import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One key for each person: what is sealed with it goes with it. */
export class PlatformSubjectKeys1760000000050 implements MigrationInterface {
  readonly name = 'PlatformSubjectKeys1760000000050';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE platform.subject_keys (
        subject_id uuid CONSTRAINT subject_keys_pk PRIMARY KEY,
        -- Which key of SECRET_KEY it is wrapped with.
        key_id text NOT NULL,
        -- Null: destroyed. The row stays, so that nobody gets a key a second time.
        wrapped bytea,
        created_at timestamptz NOT NULL DEFAULT now(),
        destroyed_at timestamptz,
        CONSTRAINT subject_keys_destroyed_check CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
      );
      CREATE INDEX subject_keys_living ON platform.subject_keys (key_id, subject_id) WHERE wrapped IS NOT NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE platform.subject_keys');
  }
}
