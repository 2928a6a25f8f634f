import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where the shop sells to: tax by zone and class, shipping by zone and weight. */
export class OrderingZones1780000000400 implements MigrationInterface {
  readonly name = 'OrderingZones1780000000400';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS ordering;

      CREATE TABLE ordering.tax_zones (
        id uuid NOT NULL CONSTRAINT tax_zones_pk PRIMARY KEY,
        name text NOT NULL CONSTRAINT tax_zones_name_key UNIQUE,
        prices_include_tax boolean NOT NULL,
        is_default boolean NOT NULL DEFAULT false,
        rates jsonb NOT NULL,
        version int NOT NULL DEFAULT 1
      );
      CREATE UNIQUE INDEX tax_zones_one_default ON ordering.tax_zones (is_default) WHERE is_default;
      -- A country has one zone; '*' is everywhere else.
      CREATE TABLE ordering.tax_zone_countries (
        country text NOT NULL CONSTRAINT tax_zone_countries_pk PRIMARY KEY,
        zone_id uuid NOT NULL CONSTRAINT tax_zone_countries_zone_fk REFERENCES ordering.tax_zones (id) ON DELETE CASCADE
      );
      CREATE INDEX tax_zone_countries_zone ON ordering.tax_zone_countries (zone_id);

      CREATE TABLE ordering.shipping_zones (
        id uuid NOT NULL CONSTRAINT shipping_zones_pk PRIMARY KEY,
        name text NOT NULL CONSTRAINT shipping_zones_name_key UNIQUE,
        options jsonb NOT NULL,
        version int NOT NULL DEFAULT 1
      );
      CREATE TABLE ordering.shipping_zone_countries (
        country text NOT NULL CONSTRAINT shipping_zone_countries_pk PRIMARY KEY,
        zone_id uuid NOT NULL
          CONSTRAINT shipping_zone_countries_zone_fk REFERENCES ordering.shipping_zones (id) ON DELETE CASCADE
      );
      CREATE INDEX shipping_zone_countries_zone ON ordering.shipping_zone_countries (zone_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.shipping_zone_countries;
      DROP TABLE ordering.shipping_zones;
      DROP TABLE ordering.tax_zone_countries;
      DROP TABLE ordering.tax_zones;
      DROP SCHEMA ordering;
    `);
  }
}
