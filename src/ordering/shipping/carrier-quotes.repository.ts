import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';
import type { CarrierRate } from './carrier-rates.port.js';

type RateRow = Omit<CarrierRate, 'price'> & { price: MoneyJson };

/** What carriers answered, by the hash of what they were told; null: they did not. */
@Injectable()
export class CarrierQuoteRepository {
  constructor(private readonly database: Database) {}

  /** Those that still hold. */
  async find(hashes: readonly string[], now: Date): Promise<Map<string, CarrierRate[] | null>> {
    const rows = await this.database.query<{ hash: string; rates: RateRow[] | null }>(FIND, [hashes, now]);
    return new Map(rows.map(({ hash, rates }) => [hash, toRates(rates)]));
  }

  /** Keeps an answer, unless somebody was quicker: then all go by what that one was told. Returns what holds. */
  async keep(
    hash: string,
    rates: CarrierRate[] | null,
    until: Date,
    now: Date,
  ): Promise<CarrierRate[] | null> {
    const kept = rates && JSON.stringify(rates);
    const [row] = await this.database.query<{ rates: RateRow[] | null }>(KEEP, [hash, kept, until, now]);
    return toRates(row?.rates ?? null);
  }

  /** Forgets what has long been over. */
  sweep(before: Date): Promise<number> {
    return this.database.execute('DELETE FROM ordering.carrier_rates WHERE expires_at < $1', [before]);
  }
}

const toRates = (rows: RateRow[] | null): CarrierRate[] | null =>
  rows && rows.map((row) => ({ ...row, price: Money.fromJSON(row.price) }));

const FIND = `
  SELECT encode(hash, 'hex') AS hash, rates FROM ordering.carrier_rates
  WHERE hash IN (SELECT decode(h, 'hex') FROM unnest($1::text[]) AS h) AND expires_at > $2`;
const KEEP = `
  INSERT INTO ordering.carrier_rates AS r (hash, rates, expires_at) VALUES (decode($1, 'hex'), $2::jsonb, $3)
  ON CONFLICT ON CONSTRAINT carrier_rates_pk DO UPDATE SET
    rates = CASE WHEN r.expires_at > $4 THEN r.rates ELSE excluded.rates END,
    expires_at = CASE WHEN r.expires_at > $4 THEN r.expires_at ELSE excluded.expires_at END
  RETURNING rates`;
