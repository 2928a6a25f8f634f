import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export const STOCK_GROUPS = ['location', 'category', 'product'] as const;
export type StockGroup = (typeof STOCK_GROUPS)[number];

/** Which stock is asked for; null: all of it. */
export interface StockAsked {
  location: string | null;
  currency: string | null;
}

/** Sums as texts: they come from bigint columns. */
export interface StockValueRow {
  rank: string;
  key: string;
  title: string | null;
  handle: string | null;
  currency: string;
  variants: string;
  withoutCost: string;
  withoutPrice: string;
  onHand: string;
  allocated: string;
  atCost: string;
  atPrice: string;
}
export type StockDayRow = Omit<StockValueRow, 'rank' | 'handle'> & { day: string };
export type After = Pick<StockValueRow, 'rank' | 'key' | 'currency'> | null;

/** What lies on the shelves and what it is worth: one statement for each question. */
@Injectable()
export class StockValueRepository {
  constructor(private readonly database: Database) {}

  /** What is worth most first; `storeCurrency` is that of variants that have neither price nor cost. */
  values(
    group: StockGroup,
    { location, currency }: StockAsked,
    storeCurrency: string,
    after: After,
    limit: number,
  ): Promise<StockValueRow[]> {
    const { rank = null, key = null, currency: last = null } = after ?? {};
    return this.database.query<StockValueRow>(VALUES[group], [
      ...[storeCurrency, location, currency, rank, key, last, limit],
    ]);
  }

  /** Notes what lies there as that of a day; what is noted stays. */
  async note(day: string, storeCurrency: string): Promise<void> {
    await this.database.execute(NOTE, [storeCurrency, day]);
  }

  days(
    { from, to, location, currency }: StockAsked & { from: string; to: string },
    after: { day: string; key: string; currency: string } | null,
    limit: number,
  ): Promise<StockDayRow[]> {
    const { day = null, key = null, currency: last = null } = after ?? {};
    return this.database.query<StockDayRow>(DAYS, [from, to, location, currency, day, key, last, limit]);
  }
}

/**
 * What lies there by variant, location and currency: a variant counts in each currency that it has a price or a cost in, so
 * that no amount is ever turned into another currency. `$1` takes those that have neither.
 */
const HELD = `
  SELECT s.location_id, v.id AS variant_id, v.product_id, c.currency, s.on_hand::bigint AS on_hand, s.allocated::bigint AS allocated,
    CASE WHEN v.cost_currency = c.currency THEN v.cost_amount END AS cost, (v.prices->c.currency->>'amount')::bigint AS price
  FROM catalog.stock s JOIN catalog.variants v ON v.id = s.variant_id
    CROSS JOIN LATERAL (
      SELECT jsonb_object_keys(v.prices) AS currency UNION SELECT v.cost_currency WHERE v.cost_currency IS NOT NULL
      UNION SELECT $1::text WHERE v.prices = '{}' AND v.cost_currency IS NULL) c
  WHERE s.on_hand > 0 OR s.allocated > 0`;
/** No more than JSON holds exactly. */
const worth = (each: string): string => `least(coalesce(sum(h.on_hand * h.${each}), 0), 9007199254740991)`;
const SUMS = `count(DISTINCT h.variant_id) AS variants,
      count(DISTINCT h.variant_id) FILTER (WHERE h.cost IS NULL) AS "withoutCost",
      count(DISTINCT h.variant_id) FILTER (WHERE h.price IS NULL) AS "withoutPrice",
      sum(h.on_hand) AS "onHand", sum(h.allocated) AS allocated, ${worth('cost')} AS "atCost", ${worth('price')} AS "atPrice"`;
const within = (location: string, currency: string): string =>
  `(${location}::text IS NULL OR l.code = ${location}) AND (${currency}::text IS NULL OR h.currency = ${currency})`;

/** `key` and `labels` are SQL; `more` joins what they need to a row `h`, `named` to a row `r` of the answer. */
const by = (key: string, more: string, labels: string, named: string): string => `
  SELECT r.*, ${labels} FROM (
    SELECT -${worth('price')} AS rank, ${key} AS key, h.currency, ${SUMS}
    FROM (${HELD}) h JOIN catalog.locations l ON l.id = h.location_id ${more}
    WHERE ${within('$2', '$3')} GROUP BY 2, 3
  ) r ${named}
  WHERE $4::numeric IS NULL OR (r.rank, r.key, r.currency) > ($4::numeric, $5::text, $6::text)
  ORDER BY r.rank, r.key, r.currency LIMIT $7`;
const VALUES: Readonly<Record<StockGroup, string>> = {
  location: by('l.code', '', 'n.name AS title, NULL AS handle', 'JOIN catalog.locations n ON n.code = r.key'),
  // In each category that it stands in, and in those above; once, however many of them lead there.
  category: by(
    `coalesce(k.id::text, '')`,
    `LEFT JOIN LATERAL (
      SELECT DISTINCT a.id FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id
        CROSS JOIN LATERAL unnest(c.path) a (id) WHERE pc.product_id = h.product_id) k ON true`,
    'n.title, n.handle',
    `LEFT JOIN catalog.categories n ON n.id = nullif(r.key, '')::uuid`,
  ),
  product: by('h.product_id::text', '', 'n.title, n.handle', 'JOIN catalog.products n ON n.id = r.key::uuid'),
};
const NOTE = `
  INSERT INTO catalog.stock_values (day, location, currency, title, variants, without_cost, without_price, on_hand, allocated,
    at_cost, at_price)
  SELECT $2::date, l.code, h.currency, l.name, ${SUMS}
  FROM (${HELD}) h JOIN catalog.locations l ON l.id = h.location_id
  WHERE NOT EXISTS (SELECT FROM catalog.stock_values WHERE day = $2::date)
  GROUP BY l.code, h.currency, l.name
  ON CONFLICT ON CONSTRAINT stock_values_pk DO NOTHING`;
const DAYS = `
  SELECT to_char(h.day, 'YYYY-MM-DD') AS day, h.location AS key, h.title, h.currency, h.variants,
    h.without_cost AS "withoutCost", h.without_price AS "withoutPrice", h.on_hand AS "onHand", h.allocated,
    h.at_cost AS "atCost", h.at_price AS "atPrice"
  FROM catalog.stock_values h
  WHERE h.day BETWEEN $1::date AND $2::date AND ($3::text IS NULL OR h.location = $3)
    AND ($4::text IS NULL OR h.currency = $4)
    AND ($5::date IS NULL OR (h.day, h.location, h.currency) > ($5::date, $6::text, $7::text))
  ORDER BY h.day, h.location, h.currency LIMIT $8`;
