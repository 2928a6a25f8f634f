import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

export interface NewPrice {
  variantId: string;
  currency: string;
  amount: number;
  compareAt: number | null;
}

/** An entry of a price list; without an amount it ends. */
export interface NewEntry extends Omit<NewPrice, 'amount'> {
  priceListId: string;
  minQuantity: number;
  amount: number | null;
}

export interface PriceView {
  id: string;
  variantId: string;
  priceListId: string | null;
  currency: string;
  minQuantity: number;
  amount: string | null;
  compareAt: string | null;
  validFrom: Date;
  setBy: string;
}

export interface PriceFilter {
  variantId: string | null;
  priceListId: string | null;
  currency: string | null;
}

/** The price ledger: rows are added and never changed. */
@Injectable()
export class PriceRepository {
  constructor(private readonly database: Database) {}

  /** Appends base prices and shows them on their variants. One that is already the present one is left out. */
  async append(prices: NewPrice[], validFrom: Date, setBy: string): Promise<void> {
    const rows = prices.map((price) => ({ id: newId(), ...price }));
    await this.database.execute(APPEND, [JSON.stringify(rows), validFrom, setBy]);
  }

  /**
   * Appends entries of price lists and shows them on their variants; those of archived lists go from there. One that is
   * already the present one is left out, and so is the end of one that there is not.
   */
  async appendEntries(entries: NewEntry[], validFrom: Date, setBy: string): Promise<void> {
    const rows = entries.map((entry) => ({ id: newId(), ...entry }));
    await this.database.execute(APPEND_ENTRIES, [JSON.stringify(rows), validFrom, setBy]);
  }

  /** Locks the products of the variants, then the variants, in id order; returns the product of each variant. */
  async lockProducts(variantIds: string[]): Promise<{ id: string; productId: string }[]> {
    await this.database.query(LOCK_PRODUCTS, [variantIds]);
    return this.database.query(LOCK, [variantIds]);
  }

  /** The newest first. */
  history(filter: PriceFilter, after: string | null, limit: number): Promise<PriceView[]> {
    // Only the conditions that were asked for: one text for all of them would be planned for none.
    const values: unknown[] = [limit];
    const conditions = Object.entries({ ...filter, after }).flatMap(([field, value]) =>
      value === null ? [] : [HISTORY_FILTERS[field as keyof typeof HISTORY_FILTERS](values.push(value))],
    );
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.database.query<PriceView>(`${VIEW} ${where} ORDER BY id DESC LIMIT $1`, values);
  }

  /** What stands in a list, by variant and quantity. */
  present(
    priceListId: string,
    after: { variantId: string; minQuantity: number } | null,
    limit: number,
  ): Promise<PriceView[]> {
    return this.database.query<PriceView>(PRESENT, [
      priceListId,
      after?.variantId ?? '00000000-0000-0000-0000-000000000000',
      after?.minQuantity ?? 0,
      limit,
    ]);
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
const APPEND_ENTRIES = `
  WITH r AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, "variantId" uuid, currency text, "priceListId" uuid,
      "minQuantity" int, amount bigint, "compareAt" bigint)
  ),
  present AS (
    SELECT v.id AS variant_id, c.key AS currency, e.list, e."from", e.amount, e."compareAt"
    FROM catalog.variants v CROSS JOIN LATERAL jsonb_each(v.offers) c
      CROSS JOIN LATERAL jsonb_to_recordset(c.value) AS e (list uuid, "from" int, amount bigint, "compareAt" bigint)
    WHERE v.id IN (SELECT "variantId" FROM r)
  ),
  fresh AS (
    SELECT r.* FROM r LEFT JOIN present e
      ON e.variant_id = r."variantId" AND e.list = r."priceListId" AND e."from" = r."minQuantity"
    WHERE (r.amount, r."compareAt") IS DISTINCT FROM (e.amount, e."compareAt")
  ),
  written AS (
    INSERT INTO catalog.prices (id, variant_id, currency, price_list_id, min_quantity, amount, compare_at, valid_from, set_by)
    SELECT id, "variantId", currency, "priceListId", "minQuantity", amount, "compareAt", $2, $3 FROM fresh
    RETURNING variant_id, trim(currency) AS currency, price_list_id AS list, min_quantity AS "from", amount, compare_at AS "compareAt"
  ),
  next AS (
    SELECT variant_id, currency, jsonb_agg(jsonb_build_object('list', list, 'from', "from", 'amount', amount, 'compareAt', "compareAt")
      ORDER BY list, "from") AS entries
    FROM (
      SELECT * FROM present e
      WHERE NOT EXISTS (SELECT FROM written w WHERE (w.variant_id, w.list, w."from") = (e.variant_id, e.list, e."from"))
        AND EXISTS (SELECT FROM catalog.price_lists l WHERE l.id = e.list AND l.status <> 'archived')
      UNION ALL SELECT * FROM written WHERE amount IS NOT NULL
    ) e GROUP BY variant_id, currency
  )
  UPDATE catalog.variants v SET version = v.version + 1,
    offers = (SELECT jsonb_object_agg(n.currency, n.entries) FROM next n WHERE n.variant_id = v.id)
  WHERE v.id IN (SELECT variant_id FROM written)`;
const LOCK_PRODUCTS = `
  SELECT id FROM catalog.products
  WHERE id IN (SELECT product_id FROM catalog.variants WHERE id = ANY ($1::uuid[])) ORDER BY id FOR NO KEY UPDATE`;
const LOCK = `
  SELECT id, product_id AS "productId" FROM catalog.variants WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`;
const COLUMNS = `id, variant_id AS "variantId", price_list_id AS "priceListId", currency, min_quantity AS "minQuantity", amount,
    compare_at AS "compareAt", valid_from AS "validFrom", set_by AS "setBy"`;
const VIEW = `SELECT ${COLUMNS} FROM catalog.prices`;
const HISTORY_FILTERS = {
  variantId: (n: number) => `variant_id = $${n}`,
  priceListId: (n: number) => `price_list_id = $${n}`,
  currency: (n: number) => `currency = $${n}`,
  after: (n: number) => `id < $${n}`,
};
const PRESENT = `
  SELECT ${COLUMNS} FROM (
    SELECT DISTINCT ON (variant_id, min_quantity) * FROM catalog.prices
    WHERE price_list_id = $1 AND (variant_id, min_quantity) > ($2::uuid, $3::int)
    ORDER BY variant_id, min_quantity, id DESC
  ) p WHERE amount IS NOT NULL ORDER BY p.variant_id, p.min_quantity LIMIT $4`;
