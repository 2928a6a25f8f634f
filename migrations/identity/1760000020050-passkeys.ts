import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Passkeys, and the challenges that they sign. */
export class IdentityPasskeys1760000020050 implements MigrationInterface {
  readonly name = 'IdentityPasskeys1760000020050';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- What an authenticator calls the person: random, so that it tells nothing about the account.
      ALTER TABLE identity.accounts ADD COLUMN passkey_handle bytea CONSTRAINT accounts_passkey_handle_key UNIQUE;
      CREATE TABLE identity.passkeys (
        id uuid CONSTRAINT passkeys_pk PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT passkeys_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        -- As base64url.
        credential_id text NOT NULL CONSTRAINT passkeys_credential_key UNIQUE,
        -- COSE.
        public_key bytea NOT NULL,
        counter bigint NOT NULL,
        transports text[] NOT NULL,
        -- It may leave its device for others of the same person.
        syncable boolean NOT NULL,
        backed_up boolean NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz
      );
      CREATE INDEX passkeys_account ON identity.passkeys (account_id, id);

      ALTER TABLE identity.challenges DROP CONSTRAINT challenges_purpose_check,
        ADD CONSTRAINT challenges_purpose_check
          CHECK (purpose IN ('second_factor', 'passkey_registration', 'passkey_assertion'));
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DELETE FROM identity.challenges WHERE purpose <> 'second_factor';
      ALTER TABLE identity.challenges DROP CONSTRAINT challenges_purpose_check,
        ADD CONSTRAINT challenges_purpose_check CHECK (purpose IN ('second_factor'));
      DROP TABLE identity.passkeys;
      ALTER TABLE identity.accounts DROP COLUMN passkey_handle;
      UPDATE identity.accounts a SET second_factor = EXISTS (
        SELECT FROM identity.totp_factors WHERE account_id = a.id AND confirmed_at IS NOT NULL);
    `);
  }
}
