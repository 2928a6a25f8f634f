import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signing in with an OpenID Connect provider: whom it vouches for, and what is under way. */
export class IdentityProviders1760000020060 implements MigrationInterface {
  readonly name = 'IdentityProviders1760000020060';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Null: no password opens the account; its owner signs in with a provider.
      ALTER TABLE identity.accounts ALTER COLUMN password_hash DROP NOT NULL;

      -- What came before the second factor, as RFC 8176 names it.
      ALTER TABLE identity.challenges ADD COLUMN first_method text NOT NULL DEFAULT 'pwd';

      CREATE TABLE identity.provider_links (
        id uuid CONSTRAINT provider_links_pk PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT provider_links_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        -- Its code in the settings.
        provider text NOT NULL,
        issuer text NOT NULL,
        subject text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz,
        -- The identity is what the issuer calls somebody; never an address.
        CONSTRAINT provider_links_identity_key UNIQUE (issuer, subject),
        CONSTRAINT provider_links_account_key UNIQUE (account_id, provider)
      );

      -- Somebody was sent to a provider and is not back yet. Nothing in a row lets its reader go on in the place of that
      -- browser: state and cookie are hashes, nonce and verifier are made again from the cookie.
      CREATE TABLE identity.provider_flows (
        state_hash bytea CONSTRAINT provider_flows_pk PRIMARY KEY,
        browser_hash bytea NOT NULL,
        provider text NOT NULL,
        return_to text NOT NULL,
        -- Whose session asked for a link; null for a sign-in.
        account_id uuid CONSTRAINT provider_flows_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        session_id uuid CONSTRAINT provider_flows_session_fk REFERENCES identity.sessions (id) ON DELETE CASCADE,
        expires_at timestamptz NOT NULL,
        CONSTRAINT provider_flows_link_check CHECK ((account_id IS NULL) = (session_id IS NULL))
      );
      CREATE INDEX provider_flows_account ON identity.provider_flows (account_id) WHERE account_id IS NOT NULL;
      CREATE INDEX provider_flows_session ON identity.provider_flows (session_id) WHERE session_id IS NOT NULL;

      -- What the storefront changes for tokens. It dies with the link that it came by.
      CREATE TABLE identity.provider_codes (
        hash bytea CONSTRAINT provider_codes_pk PRIMARY KEY,
        link_id uuid NOT NULL CONSTRAINT provider_codes_link_fk REFERENCES identity.provider_links (id) ON DELETE CASCADE,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX provider_codes_link ON identity.provider_codes (link_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE identity.provider_codes;
      DROP TABLE identity.provider_flows;
      DROP TABLE identity.provider_links;
      ALTER TABLE identity.challenges DROP COLUMN first_method;
      -- Of no password: who has such an account sets one by mail.
      UPDATE identity.accounts SET password_hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
      WHERE password_hash IS NULL;
      ALTER TABLE identity.accounts ALTER COLUMN password_hash SET NOT NULL;
    `);
  }
}
