import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is known of a customer beside the account: addresses, groups, and what it said about marketing. */
export class IdentityCustomers1760000020200 implements MigrationInterface {
  readonly name = 'IdentityCustomers1760000020200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.accounts ADD COLUMN phone text, ADD COLUMN locale text;

      CREATE TABLE identity.addresses (
        id uuid CONSTRAINT addresses_pk PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT addresses_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        first_name text NOT NULL,
        last_name text NOT NULL,
        company text,
        line1 text NOT NULL,
        line2 text,
        city text NOT NULL,
        postal_code text,
        region text,
        country text NOT NULL,
        phone text,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        -- What the defaults refer to: an address of the very same account.
        CONSTRAINT addresses_owner_key UNIQUE (account_id, id)
      );

      -- One row an account: it is what writers of addresses wait for, it counts them, and it has exactly one default
      -- of each kind as soon as there is an address.
      CREATE TABLE identity.address_books (
        account_id uuid CONSTRAINT address_books_pk PRIMARY KEY
          CONSTRAINT address_books_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        size int NOT NULL DEFAULT 0 CONSTRAINT address_books_size_check CHECK (size BETWEEN 0 AND 50),
        shipping_id uuid,
        billing_id uuid,
        CONSTRAINT address_books_defaults_check
          CHECK ((size = 0) = (shipping_id IS NULL) AND (size = 0) = (billing_id IS NULL)),
        CONSTRAINT address_books_shipping_fk FOREIGN KEY (account_id, shipping_id)
          REFERENCES identity.addresses (account_id, id) DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT address_books_billing_fk FOREIGN KEY (account_id, billing_id)
          REFERENCES identity.addresses (account_id, id) DEFERRABLE INITIALLY DEFERRED
      );

      CREATE TABLE identity.customer_groups (
        id uuid CONSTRAINT customer_groups_pk PRIMARY KEY,
        code text NOT NULL CONSTRAINT customer_groups_code_key UNIQUE,
        title text NOT NULL,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE identity.customer_group_members (
        account_id uuid NOT NULL
          CONSTRAINT customer_group_members_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        -- Without a cascade: a group that has members stays.
        group_id uuid NOT NULL CONSTRAINT customer_group_members_group_fk REFERENCES identity.customer_groups (id),
        since timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT customer_group_members_pk PRIMARY KEY (account_id, group_id)
      );
      CREATE INDEX customer_group_members_group ON identity.customer_group_members (group_id, account_id);

      -- What was said, when, where and to which words: it has to be proved years later.
      CREATE TABLE identity.marketing_consents (
        id uuid CONSTRAINT marketing_consents_pk PRIMARY KEY,
        account_id uuid NOT NULL
          CONSTRAINT marketing_consents_account_fk REFERENCES identity.accounts (id) ON DELETE CASCADE,
        given boolean NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        source text NOT NULL,
        text_version text,
        wording text,
        ip_prefix text,
        CONSTRAINT marketing_consents_wording_check
          CHECK (NOT given OR (text_version IS NOT NULL AND wording IS NOT NULL))
      );
      CREATE INDEX marketing_consents_account ON identity.marketing_consents (account_id, at DESC, id DESC);
      CREATE FUNCTION identity.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23514'; END $$;
      -- They go with their account, when it is erased, and not otherwise: the cascade is a trigger, so its depth is not 0.
      CREATE TRIGGER marketing_consents_append_only BEFORE UPDATE ON identity.marketing_consents
        FOR EACH ROW EXECUTE FUNCTION identity.refuse_change();
      CREATE TRIGGER marketing_consents_no_delete BEFORE DELETE ON identity.marketing_consents
        FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION identity.refuse_change();

      ALTER TABLE identity.one_time_links DROP CONSTRAINT one_time_links_purpose_check,
        ADD CONSTRAINT one_time_links_purpose_check
          CHECK (purpose IN ('verify_email', 'reset_password', 'invitation', 'change_email'));

      -- Lists of customers: by time, by address, and by the beginning of what somebody remembers.
      CREATE INDEX customers_created ON identity.accounts (created_at, id) WHERE kind = 'customer';
      CREATE INDEX customers_email ON identity.accounts ((email COLLATE "C"), id) WHERE kind = 'customer';
      CREATE INDEX customers_first_name ON identity.accounts ((lower(first_name) COLLATE "C")) WHERE kind = 'customer';
      CREATE INDEX customers_last_name ON identity.accounts ((lower(last_name) COLLATE "C")) WHERE kind = 'customer';

      UPDATE identity.roles SET permissions = permissions || '{identity:customer:write}'
      WHERE code = 'support' AND NOT 'identity:customer:write' = ANY (permissions);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE identity.roles SET permissions = array_remove(permissions, 'identity:customer:write');
      DROP INDEX identity.customers_created, identity.customers_email, identity.customers_first_name,
        identity.customers_last_name;
      DELETE FROM identity.one_time_links WHERE purpose = 'change_email';
      ALTER TABLE identity.one_time_links DROP CONSTRAINT one_time_links_purpose_check,
        ADD CONSTRAINT one_time_links_purpose_check CHECK (purpose IN ('verify_email', 'reset_password', 'invitation'));
      DROP TABLE identity.marketing_consents, identity.customer_group_members, identity.customer_groups,
        identity.address_books, identity.addresses;
      DROP FUNCTION identity.refuse_change();
      ALTER TABLE identity.accounts DROP COLUMN phone, DROP COLUMN locale;
    `);
  }
}
