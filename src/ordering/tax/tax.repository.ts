import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { TaxZone } from './tax-zone.js';

@Injectable()
export class TaxRepository {
  constructor(private readonly database: Database) {}

  all(): Promise<TaxZone[]> {
    return this.database.query<TaxZone>(`${SELECT} ORDER BY z.name`);
  }

  async locked(id: string): Promise<TaxZone | undefined> {
    await this.database.query('SELECT FROM ordering.tax_zones WHERE id = $1 FOR UPDATE', [id]);
    const [zone] = await this.database.query<TaxZone>(`${SELECT} WHERE z.id = $1`, [id]);
    return zone;
  }

  async insert(zone: TaxZone): Promise<void> {
    if (zone.isDefault) await this.clearDefault(zone.id);
    await this.database.execute(
      'INSERT INTO ordering.tax_zones (id, name, prices_include_tax, is_default, rates) VALUES ($1, $2, $3, $4, $5)',
      [zone.id, zone.name, zone.pricesIncludeTax, zone.isDefault, JSON.stringify(zone.rates)],
    );
    await this.setCountries(zone);
  }

  async update(zone: TaxZone): Promise<void> {
    if (zone.isDefault) await this.clearDefault(zone.id);
    await this.database.execute(
      `UPDATE ordering.tax_zones SET name = $2, prices_include_tax = $3, is_default = $4, rates = $5, version = $6
       WHERE id = $1`,
      [zone.id, zone.name, zone.pricesIncludeTax, zone.isDefault, JSON.stringify(zone.rates), zone.version],
    );
    await this.setCountries(zone);
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

  private async setCountries({ id, countries }: TaxZone): Promise<void> {
    await this.database.execute('DELETE FROM ordering.tax_zone_countries WHERE zone_id = $1', [id]);
    await this.database.execute(
      'INSERT INTO ordering.tax_zone_countries (country, zone_id) SELECT unnest($2::text[]), $1',
      [id, countries],
    );
  }
}

const SELECT = `
  SELECT z.id, z.name, z.prices_include_tax AS "pricesIncludeTax", z.is_default AS "isDefault", z.rates, z.version,
    ARRAY(SELECT country FROM ordering.tax_zone_countries WHERE zone_id = z.id ORDER BY country) AS countries
  FROM ordering.tax_zones z`;
