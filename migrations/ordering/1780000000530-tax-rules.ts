import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tax by parts of countries and by settings of the shop; VAT ids, exemptions and answers of a provider. */
export class OrderingTaxRules1780000000530 implements MigrationInterface {
  readonly name = 'OrderingTaxRules1780000000530';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Empty: all of the country. A place has one zone, whatever two members of staff do at once.
      ALTER TABLE ordering.tax_zone_countries
        ADD COLUMN region text NOT NULL DEFAULT '',
        ADD COLUMN postal_prefix text NOT NULL DEFAULT '',
        DROP CONSTRAINT tax_zone_countries_pk,
        ADD CONSTRAINT tax_zone_countries_pk PRIMARY KEY (country, region, postal_prefix);

      -- What is not in the document is as the code has it.
      CREATE TABLE ordering.tax_settings (
        id boolean NOT NULL DEFAULT true CONSTRAINT tax_settings_pk PRIMARY KEY CONSTRAINT tax_settings_one CHECK (id),
        settings jsonb NOT NULL,
        version int NOT NULL DEFAULT 1
      );
      INSERT INTO ordering.tax_settings (settings) VALUES ('{}');

      CREATE TABLE ordering.tax_exemptions (
        id uuid NOT NULL CONSTRAINT tax_exemptions_pk PRIMARY KEY,
        customer_id uuid NOT NULL,
        number text NOT NULL,
        jurisdiction text NOT NULL,
        reason text NOT NULL,
        valid_until timestamptz,
        created_at timestamptz NOT NULL,
        version int NOT NULL DEFAULT 1,
        CONSTRAINT tax_exemptions_number_key UNIQUE (customer_id, jurisdiction, number)
      );

      -- What the register has said of a VAT id, last.
      CREATE TABLE ordering.vat_checks (
        vat_id text NOT NULL CONSTRAINT vat_checks_pk PRIMARY KEY,
        status text NOT NULL CONSTRAINT vat_checks_status_check CHECK (status IN ('valid', 'invalid')),
        consultation text,
        checked_at timestamptz NOT NULL
      );

      -- What a provider has answered, by the hash of what it was asked.
      CREATE TABLE ordering.tax_quotes (
        hash text NOT NULL CONSTRAINT tax_quotes_pk PRIMARY KEY,
        taxes jsonb NOT NULL,
        answered_at timestamptz NOT NULL
      );
      CREATE INDEX tax_quotes_answered ON ordering.tax_quotes (answered_at);

      ALTER TABLE ordering.carts ADD COLUMN vat_id text, ADD COLUMN vat_check jsonb;
      ALTER TABLE ordering.orders ADD COLUMN taxation jsonb;
      ALTER TABLE ordering.order_tax_lines ADD COLUMN jurisdiction text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ordering.order_tax_lines DROP COLUMN jurisdiction;
      ALTER TABLE ordering.orders DROP COLUMN taxation;
      ALTER TABLE ordering.carts DROP COLUMN vat_id, DROP COLUMN vat_check;
      DROP TABLE ordering.tax_quotes;
      DROP TABLE ordering.vat_checks;
      DROP TABLE ordering.tax_exemptions;
      DROP TABLE ordering.tax_settings;
      DELETE FROM ordering.tax_zone_countries WHERE region <> '' OR postal_prefix <> '';
      ALTER TABLE ordering.tax_zone_countries
        DROP CONSTRAINT tax_zone_countries_pk,
        ADD CONSTRAINT tax_zone_countries_pk PRIMARY KEY (country),
        DROP COLUMN region,
        DROP COLUMN postal_prefix;
    `);
  }
}
