import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { MAX_PRICE } from '../../platform/money/money.js';

/** What is to change: the arguments of the plan. */
export interface PlannedChange {
  filter: {
    category: string | null;
    brand: string | null;
    productIds: string[] | null;
    variantIds: string[] | null;
  };
  currency: string;
  from: string | null;
  into: string | null;
  basisPoints: number;
  amount: number;
  rounding: { ending: number; of: number } | null;
  compareAt: 'keep' | 'source' | 'none';
}

export interface Item {
  variantId: string;
  sku: string;
  minQuantity: number;
  before: string | null;
  amount: string;
  compareAt: string | null;
}

export interface Summary {
  total: number;
  /** A price would be negative, or larger than one may be. */
  odd: boolean;
  fingerprint: string;
}

export interface Change {
  id: string;
  state: 'running' | 'finished';
  currency: string;
  into: string | null;
  fingerprint: string;
  total: number;
  done: number;
  skipped: number;
  setBy: string;
  finishedAt: Date | null;
}

/** An item whose place still has the price that the preview showed. */
export interface Due {
  variantId: string;
  minQuantity: number;
  amount: string;
  compareAt: string | null;
}

@Injectable()
export class PriceChangeRepository {
  constructor(private readonly database: Database) {}

  /** The first items of a plan and what all of them come to, from one look at the prices. */
  async preview(plan: PlannedChange, limit: number): Promise<Summary & { items: Item[] }> {
    const values = valuesOf(plan);
    const [row] = await this.database.query<Summary & { items: Item[] }>(
      `WITH ${planSql(plan)} SELECT ${SUMMARY}, coalesce((
        SELECT json_agg(json_build_object('variantId', i.variant_id, 'sku', v.sku, 'minQuantity', i.min_quantity,
          'before', i.before::text, 'amount', i.amount::text, 'compareAt', i.compare_at::text) ORDER BY i.n)
        FROM planned i JOIN catalog.variants v ON v.id = i.variant_id WHERE i.n <= ${limit}), '[]') AS items
       FROM planned`,
      values,
    );
    return row as Summary & { items: Item[] };
  }

  /** Writes a plan down; what was written is what the summary tells of. */
  async keep(
    id: string,
    plan: PlannedChange,
    fingerprint: string,
    setBy: string,
    now: Date,
  ): Promise<Summary> {
    await this.database.execute(INSERT, [id, plan.currency, plan.into, fingerprint, setBy, now]);
    const values = valuesOf(plan);
    await this.database.execute(
      `WITH ${planSql(plan)}
       INSERT INTO catalog.price_change_items (change_id, n, variant_id, min_quantity, source, before, before_compare, amount, compare_at)
       SELECT $${values.push(id)}::uuid, n, variant_id, min_quantity, source, before, before_compare, amount, compare_at
       FROM planned WHERE amount BETWEEN 0 AND ${MAX_PRICE}`,
      values,
    );
    const [kept] = await this.database.query<Summary>(
      `WITH kept AS (
        UPDATE catalog.price_changes SET total = (SELECT count(*) FROM catalog.price_change_items WHERE change_id = $1) WHERE id = $1
      ) SELECT ${SUMMARY} FROM catalog.price_change_items WHERE change_id = $1`,
      [id],
    );
    return kept as Summary;
  }

  async find(id: string): Promise<Change | null> {
    const [row] = await this.database.query<Change>(`${VIEW} WHERE id = $1`, [id]);
    return row ?? null;
  }

  /** One worker at a time: the next waits, and goes on where this one stopped. */
  async lock(id: string): Promise<Change | null> {
    const [row] = await this.database.query<Change>(`${VIEW} WHERE id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  items(id: string, limit: number): Promise<Item[]> {
    return this.database.query<Item>(ITEMS, [id, limit]);
  }

  async variantsOf(id: string, after: number, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT DISTINCT variant_id AS id FROM catalog.price_change_items WHERE change_id = $1 AND n > $2 AND n <= $2::int + $3::int',
      [id, after, limit],
    );
    return rows.map((row) => row.id);
  }

  /** Those of the next items that nobody changed since; their variants are locked. */
  due({ id, currency, into }: Change, after: number, limit: number): Promise<Due[]> {
    const present = presentSql(into === null ? null : '$4::uuid', '$5::text', 'i.min_quantity');
    return this.database.query<Due>(
      `SELECT i.variant_id AS "variantId", i.min_quantity AS "minQuantity", i.amount, i.compare_at AS "compareAt"
       FROM catalog.price_change_items i JOIN catalog.variants v ON v.id = i.variant_id LEFT JOIN LATERAL (${present}) t ON true
       WHERE i.change_id = $1 AND i.n > $2 AND i.n <= $2::int + $3::int AND $4::uuid IS NOT DISTINCT FROM $4::uuid
         AND (t.amount, t.compare_at) IS NOT DISTINCT FROM (i.before, i.before_compare)
       ORDER BY i.n`,
      [id, after, limit, into, currency],
    );
  }

  /** Moves the checkpoint; with the last item the change is over, and only what is shown of it is kept. */
  async advance(id: string, done: number, skipped: number, now: Date, shown: number): Promise<void> {
    await this.database.execute(ADVANCE, [id, done, skipped, now]);
    await this.database.execute(FORGET, [id, shown]);
  }
}

/** What stands for a row `v` in a place: a list, or the base prices when it is null. */
const presentSql = (list: string | null, currency: string, quantity: string): string =>
  list === null
    ? `SELECT (v.prices->${currency}->>'amount')::bigint AS amount, (v.prices->${currency}->>'compareAt')::bigint AS compare_at
       WHERE v.prices ? ${currency}`
    : `SELECT e.amount, e."compareAt" AS compare_at
       FROM jsonb_to_recordset(v.offers->${currency}) AS e (list uuid, "from" int, amount bigint, "compareAt" bigint)
       WHERE e.list = ${list} AND e."from" = ${quantity}`;

/**
 * CTE `planned`, without gift cards, whose price is what they hold: every price that would become another, numbered. Numeric throughout, so that nothing overflows before it is
 * looked at.
 */
function planSql({ filter, from, into, rounding }: PlannedChange): string {
  const conditions = [
    ...(filter.category === null
      ? []
      : [
          `EXISTS (SELECT FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id
            WHERE pc.product_id = p.id AND (SELECT id FROM catalog.categories WHERE handle = $1) = ANY (c.path))`,
        ]),
    ...(filter.brand === null ? [] : ['p.brand = $2']),
    ...(filter.productIds === null ? [] : ['p.id = ANY ($3::uuid[])']),
    ...(filter.variantIds === null ? [] : ['v.id = ANY ($4::uuid[])']),
  ];
  const source =
    from === null
      ? `SELECT 1 AS min_quantity, b.amount, b.compare_at FROM (${presentSql(null, '$5::text', '1')}) b`
      : `SELECT e."from" AS min_quantity, e.amount, e."compareAt" AS compare_at
         FROM jsonb_to_recordset(v.offers->$5::text) AS e (list uuid, "from" int, amount bigint, "compareAt" bigint) WHERE e.list = $6`;
  const ended =
    rounding === null
      ? 'c.raw'
      : '(floor((c.raw - $10::numeric) / $11::numeric + 0.5) * $11::numeric + $10::numeric)';
  return `
    arguments AS (SELECT $1::text, $2::text, $3::uuid[], $4::uuid[], $6::uuid, $7::uuid, $10::numeric, $11::numeric),
    sources AS (
      SELECT v.id, v.prices, v.offers, s.min_quantity, s.amount AS source, s.compare_at AS source_compare
      FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id CROSS JOIN LATERAL (${source}) s
      WHERE ${['NOT v.retired', "v.kind <> 'gift_card'", "p.status <> 'archived'", ...conditions].join(' AND ')}
    ),
    amounts AS (
      SELECT v.*, CASE WHEN c.raw < 0 THEN c.raw WHEN ${ended} < 0 THEN ${ended} + coalesce($11::numeric, 0) ELSE ${ended} END AS amount
      FROM sources v CROSS JOIN LATERAL (SELECT floor(v.source * (10000 + $8::numeric) / 10000 + 0.5) + $9::numeric AS raw) c
    ),
    places AS (
      SELECT v.*, t.amount AS before, t.compare_at AS before_compare, CASE $12::text
          WHEN 'keep' THEN CASE WHEN v.source_compare > v.amount THEN v.source_compare END
          WHEN 'source' THEN CASE WHEN v.source > v.amount THEN v.source END END AS compare_at
      FROM amounts v LEFT JOIN LATERAL (${presentSql(into === null ? null : '$7', '$5::text', 'v.min_quantity')}) t ON true
    ),
    planned AS (
      SELECT row_number() OVER (ORDER BY id, min_quantity)::int AS n, id AS variant_id, min_quantity, source, before, before_compare,
        amount, compare_at
      FROM places WHERE (amount, compare_at) IS DISTINCT FROM (before, before_compare)
    )`;
}

const valuesOf = (plan: PlannedChange): unknown[] => [
  plan.filter.category,
  plan.filter.brand,
  plan.filter.productIds,
  plan.filter.variantIds,
  plan.currency,
  plan.from,
  plan.into,
  plan.basisPoints,
  plan.amount,
  plan.rounding?.ending ?? null,
  plan.rounding?.of ?? null,
  plan.compareAt,
];

/** Over rows of a plan or of what was kept of it: equal rows have equal fingerprints. */
const SUMMARY = `count(*)::int AS total, coalesce(bool_or(amount NOT BETWEEN 0 AND ${MAX_PRICE}), false) AS odd,
  encode(sha256(convert_to(coalesce(string_agg(concat_ws(' ', variant_id, min_quantity, source, coalesce(before::text, '-'),
    coalesce(before_compare::text, '-'), amount::bigint, coalesce(compare_at::text, '-')), ',' ORDER BY n), ''), 'UTF8')), 'hex') AS fingerprint`;
const VIEW = `
  SELECT id, state, currency, price_list_id AS into, fingerprint, total, done, skipped, set_by AS "setBy", finished_at AS "finishedAt"
  FROM catalog.price_changes`;
const INSERT = `
  INSERT INTO catalog.price_changes (id, state, currency, price_list_id, fingerprint, total, set_by, created_at)
  VALUES ($1, 'running', $2, $3, $4, 0, $5, $6)`;
const ITEMS = `
  SELECT i.variant_id AS "variantId", v.sku, i.min_quantity AS "minQuantity", i.before, i.amount, i.compare_at AS "compareAt"
  FROM catalog.price_change_items i JOIN catalog.variants v ON v.id = i.variant_id
  WHERE i.change_id = $1 ORDER BY i.n LIMIT $2`;
const ADVANCE = `
  UPDATE catalog.price_changes SET done = least(total, $2), skipped = skipped + $3,
    state = CASE WHEN $2 >= total THEN 'finished' ELSE state END, finished_at = CASE WHEN $2 >= total THEN $4::timestamptz END
  WHERE id = $1`;
const FORGET = `
  DELETE FROM catalog.price_change_items i USING catalog.price_changes c
  WHERE i.change_id = $1 AND c.id = $1 AND c.state = 'finished' AND i.n > $2`;
