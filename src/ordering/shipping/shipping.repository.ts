import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';
import type { Calendar } from './delivery-estimate.js';
import { PLAIN_METHOD, type ShippingOption, type ShippingTier, type ShippingZone } from './shipping-zone.js';

type TierRow = Partial<ShippingTier> & { price: MoneyJson };
type OptionRow = Partial<Omit<ShippingOption, 'tiers' | 'freeOver'>> &
  Pick<ShippingOption, 'id' | 'title'> & { tiers: TierRow[]; freeOver?: MoneyJson[] };
type Row = Omit<ShippingZone, 'options'> & { options: OptionRow[] };

@Injectable()
export class ShippingRepository {
  constructor(private readonly database: Database) {}

  async all(): Promise<ShippingZone[]> {
    return (await this.database.query<Row>(`${SELECT} ORDER BY z.name`)).map(toZone);
  }

  /** Zones and calendar in one statement, since every cart may have to wait for them. */
  async rules(): Promise<{ zones: ShippingZone[]; calendar: Calendar }> {
    const [row] = await this.database.query<{ zones: Row[]; calendar: Calendar }>(RULES);
    if (!row) throw new Error('the shop has no calendar');
    return { zones: row.zones.map(toZone), calendar: row.calendar };
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
    await this.setPlaces(zone);
  }

  async update(zone: ShippingZone): Promise<void> {
    await this.database.execute(
      'UPDATE ordering.shipping_zones SET name = $2, options = $3, version = $4 WHERE id = $1',
      [zone.id, zone.name, JSON.stringify(zone.options), zone.version],
    );
    await this.setPlaces(zone);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.shipping_zones WHERE id = $1', [id]);
  }

  private async setPlaces({ id, countries, areas }: ShippingZone): Promise<void> {
    await this.database.execute('DELETE FROM ordering.shipping_zone_countries WHERE zone_id = $1', [id]);
    await this.database.execute(
      'INSERT INTO ordering.shipping_zone_countries (country, zone_id) SELECT unnest($2::text[]), $1',
      [id, countries],
    );
    await this.database.execute('DELETE FROM ordering.shipping_zone_areas WHERE zone_id = $1', [id]);
    await this.database.execute(INSERT_AREAS, [id, JSON.stringify(areas)]);
  }
}

/** Methods that were written before there was more than tiers by weight have the rest as plain ones have it. */
const toZone = (row: Row): ShippingZone => ({
  ...row,
  options: row.options.map((option) => ({
    ...PLAIN_METHOD,
    ...option,
    freeOver: (option.freeOver ?? []).map((price) => Money.fromJSON(price)),
    tiers: option.tiers.map(({ upToGrams = null, upToGoods = null, upToMm = null, price }) => ({
      upToGrams,
      upToGoods,
      upToMm,
      price: Money.fromJSON(price),
    })),
  })),
});

const SELECT = `
  SELECT z.id, z.name, z.options, z.version,
    ARRAY(SELECT country FROM ordering.shipping_zone_countries WHERE zone_id = z.id ORDER BY country) AS countries,
    coalesce((SELECT json_agg(json_build_object('country', a.country, 'region', a.region, 'postalFrom', a.postal_from,
      'postalTo', a.postal_to) ORDER BY a.country, a.region, a.postal_from, a.postal_to)
      FROM ordering.shipping_zone_areas a WHERE a.zone_id = z.id), '[]') AS areas
  FROM ordering.shipping_zones z`;
const RULES = `
  SELECT coalesce((SELECT json_agg(z ORDER BY z.name) FROM (${SELECT}) z), '[]') AS zones,
    json_build_object('timeZone', c.time_zone, 'cutOff', c.cut_off, 'processingDays', c.processing_days,
      'workingDays', c.working_days, 'holidays', c.holidays) AS calendar
  FROM ordering.shipping_calendar c`;
const INSERT_AREAS = `
  INSERT INTO ordering.shipping_zone_areas (zone_id, country, region, postal_from, postal_to)
  SELECT $1, a.country, a.region, a."postalFrom", a."postalTo"
  FROM jsonb_to_recordset($2::jsonb) AS a (country text, region text, "postalFrom" text, "postalTo" text)`;
