import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What programs sign in with. Only hashes of the secrets are kept. */
export class IdentityApiKeys1760000020140 implements MigrationInterface {
  readonly name = 'IdentityApiKeys1760000020140';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE identity.api_keys (
        id uuid CONSTRAINT api_keys_pk PRIMARY KEY,
        name text NOT NULL,
        creator_id uuid NOT NULL CONSTRAINT api_keys_creator_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        -- SHA-256 of 256 random bits: nothing that a slow hash would protect better.
        secret_hash bytea NOT NULL,
        -- The secret before the last rotation goes on for a while.
        previous_hash bytea,
        previous_until timestamptz,
        scopes text[] NOT NULL,
        networks text[] NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        rotated_at timestamptz,
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT api_keys_previous_check CHECK ((previous_hash IS NULL) = (previous_until IS NULL)),
        CONSTRAINT api_keys_overlap_check CHECK (previous_until <= rotated_at + interval '24 hours'),
        CONSTRAINT api_keys_life_check CHECK (expires_at <= coalesce(rotated_at, created_at) + interval '365 days')
      );
      CREATE INDEX api_keys_creator ON identity.api_keys (creator_id, id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE identity.api_keys');
  }
}
