import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** Any number; it keeps two processes from filling the same store. */
const FILLING = 4_711_010;

@Injectable()
export class DemoCatalogRepository {
  constructor(private readonly database: Database) {}

  /** Whether nothing was ever made here. Whoever asks is alone until the transaction ends. */
  async claimEmpty(): Promise<boolean> {
    await this.database.query('SELECT pg_advisory_xact_lock($1)', [FILLING]);
    const [row] = await this.database.query<{ empty: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM catalog.products) AND NOT EXISTS (SELECT FROM catalog.categories)
        AND NOT EXISTS (SELECT FROM catalog.locations WHERE code <> 'main') AS empty`,
    );
    return row?.empty ?? false;
  }

  /** Whether something published is in stock and has a price in this currency. */
  async sells(currency: string): Promise<boolean> {
    const [row] = await this.database.query<{ sells: boolean }>(SELLS, [currency]);
    return row?.sells ?? false;
  }
}

const SELLS = `SELECT EXISTS (SELECT FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id
  JOIN catalog.stock s ON s.variant_id = v.id
  WHERE p.status = 'published' AND NOT v.retired AND v.prices ? $1
    AND s.on_hand + s.backorder_limit > s.allocated + s.reserved) AS sells`;
