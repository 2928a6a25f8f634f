import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';
import type { ShippingZone } from './shipping-zone.js';

interface Row extends Omit<ShippingZone, 'options'> {
  options: { id: string; title: string; tiers: { upToGrams: number | null; price: MoneyJson }[] }[];
}

@Injectable()
export class ShippingRepository {
  constructor(private readonly database: Database) {}

  async all(): Promise<ShippingZone[]> {
    return (await this.database.query<Row>(`${SELECT} ORDER BY z.name`)).map(toZone);
  }

  async locked(id: string): Promise<ShippingZone | undefined> {
    await this.database.query('SELECT FROM ordering.shipping_zones WHERE id = $1 FOR UPDATE', [id]);
    const [row] = await this.database.query<Row>(`${SELECT} WHERE z.id = $1`, [id]);
    return row && toZone(row);
  }

  async insert(zone: ShippingZone): Promise<void> {
    await this.database.execute(
      'INSERT INTO ordering.shipping_zones (id, name, options) VALUES ($1, $2, $3)',
      [zone.id, zone.name, JSON.stringify(zone.options)],
    );
    await this.setCountries(zone);
  }

  async update(zone: ShippingZone): Promise<void> {
    await this.database.execute(
      'UPDATE ordering.shipping_zones SET name = $2, options = $3, version = $4 WHERE id = $1',
      [zone.id, zone.name, JSON.stringify(zone.options), zone.version],
    );
    await this.setCountries(zone);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.shipping_zones WHERE id = $1', [id]);
  }

  private async setCountries({ id, countries }: ShippingZone): Promise<void> {
    await this.database.execute('DELETE FROM ordering.shipping_zone_countries WHERE zone_id = $1', [id]);
    await this.database.execute(
      'INSERT INTO ordering.shipping_zone_countries (country, zone_id) SELECT unnest($2::text[]), $1',
      [id, countries],
    );
  }
}

const toZone = (row: Row): ShippingZone => ({
  ...row,
  options: row.options.map((option) => ({
    ...option,
    tiers: option.tiers.map(({ upToGrams, price }) => ({ upToGrams, price: Money.fromJSON(price) })),
  })),
});

const SELECT = `
  SELECT z.id, z.name, z.options, z.version,
    ARRAY(SELECT country FROM ordering.shipping_zone_countries WHERE zone_id = z.id ORDER BY country) AS countries
  FROM ordering.shipping_zones z`;
