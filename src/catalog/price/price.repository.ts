import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

export interface NewPrice {
  variantId: string;
  currency: string;
  amount: number;
  compareAt: number | null;
}

export interface PriceView {
  id: string;
  variantId: string;
  currency: string;
  amount: string;
  compareAt: string | null;
  validFrom: Date;
  setBy: string;
}

/** The price ledger: rows are added and never changed. */
@Injectable()
export class PriceRepository {
  constructor(private readonly database: Database) {}

  /** Appends prices and shows them on their variants. One that is already the present one is left out. */
  async append(prices: NewPrice[], validFrom: Date, setBy: string): Promise<void> {
    const rows = prices.map((price) => ({ id: newId(), ...price }));
    await this.database.execute(APPEND, [JSON.stringify(rows), validFrom, setBy]);
  }

  /** Locks the products of the variants, then the variants, in id order; returns the product of each variant. */
  async lockProducts(variantIds: string[]): Promise<string[]> {
    await this.database.query(LOCK_PRODUCTS, [variantIds]);
    const rows = await this.database.query<{ productId: string }>(LOCK, [variantIds]);
    return rows.map(({ productId }) => productId);
  }

  history(
    variantId: string,
    currency: string | null,
    after: string | null,
    limit: number,
  ): Promise<PriceView[]> {
    return this.database.query<PriceView>(HISTORY, [variantId, currency, after, limit]);
  }
}

const APPEND = `
  WITH r AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, "variantId" uuid, currency text, amount bigint, "compareAt" bigint)
  ),
  fresh AS (
    SELECT r.* FROM r JOIN catalog.variants v ON v.id = r."variantId"
    WHERE (v.prices->r.currency) IS DISTINCT FROM jsonb_build_object('amount', r.amount, 'compareAt', r."compareAt")
  ),
  written AS (
    INSERT INTO catalog.prices (id, variant_id, currency, amount, compare_at, valid_from, set_by)
    SELECT id, "variantId", currency, amount, "compareAt", $2, $3 FROM fresh
    RETURNING variant_id, currency, amount, compare_at
  )
  UPDATE catalog.variants v SET prices = v.prices || n.prices, version = v.version + 1
  FROM (
    SELECT variant_id, jsonb_object_agg(currency, jsonb_build_object('amount', amount, 'compareAt', compare_at)) AS prices
    FROM written GROUP BY variant_id
  ) n WHERE v.id = n.variant_id`;
const LOCK_PRODUCTS = `
  SELECT id FROM catalog.products
  WHERE id IN (SELECT product_id FROM catalog.variants WHERE id = ANY ($1::uuid[])) ORDER BY id FOR NO KEY UPDATE`;
const LOCK = `
  SELECT product_id AS "productId" FROM catalog.variants WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`;
const HISTORY = `
  SELECT id, variant_id AS "variantId", currency, amount, compare_at AS "compareAt", valid_from AS "validFrom", set_by AS "setBy"
  FROM catalog.prices
  WHERE variant_id = $1 AND ($2::text IS NULL OR currency = $2) AND ($3::uuid IS NULL OR id < $3)
  ORDER BY id DESC LIMIT $4`;
