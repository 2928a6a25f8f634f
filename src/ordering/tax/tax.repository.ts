import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { DEFAULT_SETTINGS, type TaxSettings } from './tax-settings.js';
import type { TaxArea, TaxRate, TaxZone } from './tax-zone.js';

interface StoredZone extends Omit<TaxZone, 'rates'> {
  rates: (Pick<TaxRate, 'taxClass' | 'title' | 'ratePpm'> & Partial<TaxRate>)[];
}

/** Where another zone has what one is to get. */
export interface TakenPlace extends TaxArea {
  zone: string;
}

@Injectable()
export class TaxRepository {
  constructor(private readonly database: Database) {}

  async all(): Promise<TaxZone[]> {
    return (await this.database.query<StoredZone>(`${SELECT} ORDER BY z.name`)).map(toZone);
  }

  /** Zones and settings together: every cart needs both. */
  async book(): Promise<{ zones: TaxZone[]; settings: TaxSettings }> {
    const [row] = await this.database.query<{
      zones: StoredZone[];
      settings: Partial<TaxSettings>;
      version: number;
    }>(BOOK);
    const { zones = [], settings = {}, version = 1 } = row ?? {};
    return { zones: zones.map(toZone), settings: { ...DEFAULT_SETTINGS, ...settings, version } };
  }

  /** Locked when they will change. */
  async settings(lock = false): Promise<TaxSettings> {
    const [row] = await this.database.query<{ settings: Partial<TaxSettings>; version: number }>(
      `SELECT settings, version FROM ordering.tax_settings${lock ? ' FOR UPDATE' : ''}`,
    );
    return { ...DEFAULT_SETTINGS, ...row?.settings, version: row?.version ?? 1 };
  }

  async saveSettings({ version, ...settings }: TaxSettings): Promise<void> {
    await this.database.execute('UPDATE ordering.tax_settings SET settings = $1, version = $2', [
      JSON.stringify(settings),
      version,
    ]);
  }

  async locked(id: string): Promise<TaxZone | undefined> {
    await this.database.query('SELECT FROM ordering.tax_zones WHERE id = $1 FOR UPDATE', [id]);
    const [zone] = await this.database.query<StoredZone>(`${SELECT} WHERE z.id = $1`, [id]);
    return zone && toZone(zone);
  }

  /** Places of a zone that belong to others. */
  taken(zone: TaxZone): Promise<TakenPlace[]> {
    return this.database.query<TakenPlace>(TAKEN, [zone.id, JSON.stringify(placesOf(zone))]);
  }

  /** Whether another zone has the name. */
  async isNameTaken({ id, name }: TaxZone): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM ordering.tax_zones WHERE name = $2 AND id <> $1', [
      id,
      name,
    ]);
    return rows.length > 0;
  }

  async insert(zone: TaxZone): Promise<void> {
    if (zone.isDefault) await this.clearDefault(zone.id);
    await this.database.execute(
      'INSERT INTO ordering.tax_zones (id, name, prices_include_tax, is_default, rates) VALUES ($1, $2, $3, $4, $5)',
      [zone.id, zone.name, zone.pricesIncludeTax, zone.isDefault, JSON.stringify(zone.rates)],
    );
    await this.setPlaces(zone);
  }

  async update(zone: TaxZone): Promise<void> {
    if (zone.isDefault) await this.clearDefault(zone.id);
    await this.database.execute(
      `UPDATE ordering.tax_zones SET name = $2, prices_include_tax = $3, is_default = $4, rates = $5, version = $6
       WHERE id = $1`,
      [zone.id, zone.name, zone.pricesIncludeTax, zone.isDefault, JSON.stringify(zone.rates), zone.version],
    );
    await this.setPlaces(zone);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.tax_zones WHERE id = $1', [id]);
  }

  private async clearDefault(except: string): Promise<void> {
    await this.database.execute(
      'UPDATE ordering.tax_zones SET is_default = false, version = version + 1 WHERE is_default AND id <> $1',
      [except],
    );
  }

  private async setPlaces(zone: TaxZone): Promise<void> {
    await this.database.execute('DELETE FROM ordering.tax_zone_countries WHERE zone_id = $1', [zone.id]);
    await this.database.execute(PLACES, [zone.id, JSON.stringify(placesOf(zone))]);
  }
}

const placesOf = ({ countries, areas }: TaxZone) => [
  ...countries.map((country) => ({ country, region: '', postal_prefix: '' })),
  ...areas.map(({ country, region, postalPrefix }) => ({
    country,
    region: region ?? '',
    postal_prefix: postalPrefix ?? '',
  })),
];

/** Rates that were written before there were several say less. */
const toZone = (zone: StoredZone): TaxZone => ({
  ...zone,
  rates: zone.rates.map(
    ({ jurisdiction = null, compound = false, validFrom = null, validUntil = null, ...rate }) => ({
      ...rate,
      jurisdiction,
      compound,
      validFrom,
      validUntil,
    }),
  ),
});

const SELECT = `
  SELECT z.id, z.name, z.prices_include_tax AS "pricesIncludeTax", z.is_default AS "isDefault", z.rates, z.version,
    ARRAY(SELECT country FROM ordering.tax_zone_countries
      WHERE zone_id = z.id AND region = '' AND postal_prefix = '' ORDER BY country) AS countries,
    coalesce((SELECT json_agg(json_build_object('country', country, 'region', nullif(region, ''),
      'postalPrefix', nullif(postal_prefix, '')) ORDER BY country, region, postal_prefix)
      FROM ordering.tax_zone_countries WHERE zone_id = z.id AND (region <> '' OR postal_prefix <> '')), '[]') AS areas
  FROM ordering.tax_zones z`;
const BOOK = `
  SELECT s.settings, s.version, (SELECT coalesce(json_agg(one ORDER BY one.name), '[]') FROM (${SELECT}) one) AS zones
  FROM ordering.tax_settings s`;
const TAKEN = `
  SELECT p.country, nullif(p.region, '') AS region, nullif(p.postal_prefix, '') AS "postalPrefix", z.name AS zone
  FROM jsonb_to_recordset($2::jsonb) AS p (country text, region text, postal_prefix text)
  JOIN ordering.tax_zone_countries c USING (country, region, postal_prefix)
  JOIN ordering.tax_zones z ON z.id = c.zone_id
  WHERE c.zone_id <> $1`;
const PLACES = `
  INSERT INTO ordering.tax_zone_countries (zone_id, country, region, postal_prefix)
  SELECT $1, p.country, p.region, p.postal_prefix
  FROM jsonb_to_recordset($2::jsonb) AS p (country text, region text, postal_prefix text)`;
