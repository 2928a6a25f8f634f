import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who you are and what you may do. */
export class Identity1760000020000 implements MigrationInterface {
  readonly name = 'Identity1760000020000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE SCHEMA IF NOT EXISTS identity;

      CREATE TABLE identity.accounts (
        id uuid CONSTRAINT accounts_pk PRIMARY KEY,
        kind text NOT NULL CONSTRAINT accounts_kind_check CHECK (kind IN ('customer', 'staff')),
        -- NFKC, lower case.
        email text NOT NULL CONSTRAINT accounts_email_key UNIQUE,
        email_verified_at timestamptz,
        password_hash text NOT NULL,
        first_name text,
        last_name text,
        status text NOT NULL DEFAULT 'active' CONSTRAINT accounts_status_check CHECK (status IN ('active', 'disabled')),
        must_change_password boolean NOT NULL DEFAULT false,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX accounts_kind ON identity.accounts (kind, id);

      CREATE TABLE identity.roles (
        code text CONSTRAINT roles_pk PRIMARY KEY,
        title text NOT NULL,
        permissions text[] NOT NULL
      );
      CREATE TABLE identity.account_roles (
        account_id uuid NOT NULL CONSTRAINT account_roles_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        role text NOT NULL CONSTRAINT account_roles_role_fk REFERENCES identity.roles (code),
        CONSTRAINT account_roles_pk PRIMARY KEY (account_id, role)
      );
      INSERT INTO identity.roles (code, title, permissions) VALUES
        ('administrator', 'Administrator', '{*}'),
        ('catalog-manager', 'Catalog manager', '{catalog:product:read,catalog:product:write,catalog:stock:write,catalog:import:write}'),
        ('support', 'Support', '{catalog:product:read,ordering:order:read,ordering:order:write,billing:payment:read,billing:refund:write,identity:customer:read}'),
        ('read-only', 'Read only', '{catalog:product:read,ordering:order:read,billing:payment:read,billing:ledger:read,identity:customer:read,identity:staff:read,platform:jobs:read,platform:events:read}');

      -- A session is a family of refresh tokens: the token is id, counter and HMAC, so the present one can be made again.
      CREATE TABLE identity.sessions (
        id uuid CONSTRAINT sessions_pk PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT sessions_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        counter int NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        refreshed_at timestamptz NOT NULL DEFAULT now(),
        idle_until timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoked_because text,
        ip_prefix text,
        user_agent text
      );
      CREATE INDEX sessions_account ON identity.sessions (account_id, id) WHERE revoked_at IS NULL;

      CREATE TABLE identity.one_time_links (
        hash bytea CONSTRAINT one_time_links_pk PRIMARY KEY,
        purpose text NOT NULL CONSTRAINT one_time_links_purpose_check CHECK (purpose IN ('verify_email', 'reset_password')),
        account_id uuid NOT NULL CONSTRAINT one_time_links_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        email text NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz
      );
      CREATE INDEX one_time_links_account ON identity.one_time_links (account_id, purpose) WHERE used_at IS NULL;

      -- Keys are HMACs: the table does not say whose counters these are.
      CREATE TABLE identity.throttles (
        bucket bytea CONSTRAINT throttles_pk PRIMARY KEY,
        failures int NOT NULL,
        last_failure_at timestamptz NOT NULL,
        blocked_until timestamptz NOT NULL,
        last_attempt uuid NOT NULL
      );

      CREATE TABLE identity.signing_keys (
        kid text CONSTRAINT signing_keys_pk PRIMARY KEY,
        public_jwk jsonb NOT NULL,
        private_sealed bytea NOT NULL,
        state text NOT NULL CONSTRAINT signing_keys_state_check CHECK (state IN ('active', 'retiring')),
        created_at timestamptz NOT NULL DEFAULT now(),
        retired_at timestamptz
      );
      CREATE UNIQUE INDEX signing_keys_one_active ON identity.signing_keys ((true)) WHERE state = 'active';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP SCHEMA identity CASCADE');
  }
}
