import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Parts of countries, the days that the shop works, points where orders are fetched, and rates of carriers. */
export class OrderingShippingMethods1780000000520 implements MigrationInterface {
  readonly name = 'OrderingShippingMethods1780000000520';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A region, a range of postal codes, or both: each belongs to one zone, however its letters are written.
      CREATE TABLE ordering.shipping_zone_areas (
        zone_id uuid NOT NULL
          CONSTRAINT shipping_zone_areas_zone_fk REFERENCES ordering.shipping_zones (id) ON DELETE CASCADE,
        country text NOT NULL,
        region text,
        postal_from text,
        postal_to text,
        CONSTRAINT shipping_zone_areas_check CHECK (
          (region IS NOT NULL OR postal_from IS NOT NULL) AND (postal_from IS NULL) = (postal_to IS NULL)
          AND length(postal_from) = length(postal_to))
      );
      CREATE UNIQUE INDEX shipping_zone_areas_key ON ordering.shipping_zone_areas
        (country, lower(coalesce(region, '')), coalesce(postal_from, ''), coalesce(postal_to, ''));
      CREATE INDEX shipping_zone_areas_zone ON ordering.shipping_zone_areas (zone_id);

      CREATE TABLE ordering.shipping_calendar (
        id int NOT NULL DEFAULT 1 CONSTRAINT shipping_calendar_pk PRIMARY KEY,
        time_zone text NOT NULL,
        cut_off text NOT NULL,
        processing_days int NOT NULL CONSTRAINT shipping_calendar_processing_check CHECK (processing_days >= 0),
        working_days text[] NOT NULL,
        holidays jsonb NOT NULL,
        version int NOT NULL DEFAULT 1,
        CONSTRAINT shipping_calendar_one CHECK (id = 1)
      );
      INSERT INTO ordering.shipping_calendar (time_zone, cut_off, processing_days, working_days, holidays)
        VALUES ('UTC', '12:00', 1, '{monday,tuesday,wednesday,thursday,friday}', '[]');

      CREATE TABLE ordering.pickup_points (
        id uuid NOT NULL CONSTRAINT pickup_points_pk PRIMARY KEY,
        name text NOT NULL CONSTRAINT pickup_points_name_key UNIQUE,
        country text NOT NULL,
        -- As codes are compared: in capitals, letters and digits alone.
        postal_key text NOT NULL,
        address jsonb NOT NULL,
        opening_hours text,
        coordinates jsonb,
        is_open boolean NOT NULL DEFAULT true,
        version int NOT NULL DEFAULT 1
      );
      CREATE INDEX pickup_points_country ON ordering.pickup_points (country, name, id) WHERE is_open;

      ALTER TABLE ordering.carts ADD COLUMN pickup_point_id uuid;
      -- How it is sent, as it was when it was ordered: kind, zone, parcels, estimate, pickup point.
      ALTER TABLE ordering.orders ADD COLUMN shipping_details jsonb;

      -- What carriers asked, by the hash of what they were told. No rates: they did not answer.
      CREATE TABLE ordering.carrier_rates (
        hash bytea NOT NULL CONSTRAINT carrier_rates_pk PRIMARY KEY,
        rates jsonb,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX carrier_rates_expiry ON ordering.carrier_rates (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ordering.carrier_rates;
      ALTER TABLE ordering.orders DROP COLUMN shipping_details;
      ALTER TABLE ordering.carts DROP COLUMN pickup_point_id;
      DROP TABLE ordering.pickup_points;
      DROP TABLE ordering.shipping_calendar;
      DROP TABLE ordering.shipping_zone_areas;
    `);
  }
}
