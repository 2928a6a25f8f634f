import { exponentOf } from '../../platform/money/currencies.js';
import { attributeNamesSql } from '../product-type/attribute.sql.js';
import { type LocalesSql, titleSql } from '../translation/translation.sql.js';
import { firstProducts, HAS_WORDS, NOT_HIDDEN, ONE_FREQUENT } from './ranking.js';
import { COLLECTION, type Condition, IDS, where } from './search-conditions.js';
import { documentsSql } from './search-texts.sql.js';
import type { Statement } from './statement.js';

/** Candidates beyond this many are not looked at, in no set, and the counts say that they are not exact. */
const COUNTED = 10_000;
const VALUES = 50;
const ATTRIBUTES = 12;
/** Filters that nobody chooses among values of. */
const UNCOUNTED = ['inStock', COLLECTION, IDS];

/** Lower bounds of the price ranges, in minor units of any currency. */
export const PRICE_STEPS = [
  ...[0, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000],
  ...[1_000_000, 2_000_000, 5_000_000, 10_000_000],
];

export interface FacetValue {
  value: string;
  label: string;
  count: number;
}
export interface Facet {
  code: string;
  label: string;
  values: FacetValue[];
}

export interface FacetCounts {
  exact: boolean;
  /** In the order of the answer; the value of a price is the number of its step, from 1. */
  values: { code: string; name: string | null; value: string; label: string; count: number }[];
}

/** Under this code the price steps of a currency stand in `search_facets`. */
export const priceCode = (currency: string): string => `price ${currency}`;

/**
 * `pinned` says whether products that lack the words (`base`) may be in the list all the same, because staff have pinned them.
 *
 * Counts are disjunctive: those of a facet leave its own filter out, so that one sees what else could be chosen.
 * `matched` holds what all filters let through; each filtered facet counts over a set of its own.
 */
export function facetsSql(
  base: string[],
  conditions: Condition[],
  currency: string,
  pinned: boolean,
  statement: Statement,
  locales: LocalesSql,
): string {
  const filtered = [...new Set(conditions.map(({ facet }) => facet))].filter(
    (facet) => !UNCOUNTED.includes(facet),
  );
  const codeOf = (facet: string) => (facet === 'price' ? priceCode(currency) : facet);
  const pinsToo = (without?: string) => `
      UNION ALL SELECT d.facets, d.facet_codes FROM pins p CROSS JOIN LATERAL unnest(p.product_ids) u (id)
        JOIN catalog.search_documents d ON d.product_id = u.id
      WHERE p.live AND NOT (${base.join(' AND ')}) AND ${where([], conditions, without)}`;
  // A frequent word alone is in more products than are counted: then a sample of them does.
  const sampled = (without?: string) => base.length > 0 && conditions.every(({ facet }) => facet === without);
  const set = (name: string, without?: string) => `
    ${name} AS MATERIALIZED ((SELECT d.facets AS ids, d.facet_codes AS codes FROM ${documentsSql(base.length === 0 ? null : locales)}
      WHERE ${where([...(sampled(without) ? [`NOT ${ONE_FREQUENT}`] : []), ...base], conditions, without)} LIMIT ${COUNTED + 1})${
        sampled(without)
          ? ` UNION ALL (SELECT d.facets, d.facet_codes FROM ${firstProducts(locales)} WHERE ${ONE_FREQUENT} AND ${HAS_WORDS} AND ${NOT_HIDDEN})`
          : ''
      }${pinned ? pinsToo(without) : ''})`;
  // `unnest` among the columns and not in FROM: several times cheaper.
  const counts = (name: string, only: string) => `
    SELECT id, code, count(*)::int AS count FROM (SELECT unnest(ids) AS id, unnest(codes) AS code FROM ${name}) u
    WHERE ${only} GROUP BY id, code`;
  const code = (text: string) => `catalog.facet_code(${statement.bind(text, 'text')})`;
  const first = ['brand', 'category', priceCode(currency)].map(code);
  const own = filtered.map((facet) => code(codeOf(facet)));
  const names = ['matched', ...filtered.map((_, index) => `without_${index}`)];
  const exact = [
    ...names.map((name) => `(SELECT count(*) FROM ${name}) <= ${COUNTED}`),
    // Any set that leaves its filter out may be a sample.
    ...([undefined, ...filtered].some(sampled) ? [`NOT ${ONE_FREQUENT}`] : []),
  ];
  // Most values are rare ones of attributes that are not shown: they are counted by numbers, and only those shown are read.
  return `${[set('matched'), ...filtered.map((facet, index) => set(`without_${index}`, facet))].join(',')},
    uncounted AS MATERIALIZED (SELECT ARRAY(SELECT DISTINCT catalog.facet_code(code) FROM catalog.search_facets
      WHERE code LIKE 'price %' AND code <> ${statement.bind(priceCode(currency), 'text')}) || ARRAY[${own.join(', ')}]::int[] AS codes),
    counted AS MATERIALIZED (${[
      counts('matched', `code <> ALL ((SELECT codes FROM uncounted)::int[])`),
      ...own.map((one, index) => counts(`without_${index}`, `code = ${one}`)),
    ].join(' UNION ALL ')}),
    shown AS MATERIALIZED (
      SELECT code, code = ANY (ARRAY[${first.join(', ')}]) AS first, code = ANY (ARRAY[${own.join(', ')}]::int[]) AS own, sum(count) AS products
      FROM counted GROUP BY code ORDER BY first DESC, own DESC, products DESC, code LIMIT ${ATTRIBUTES + 3}),
    valued AS MATERIALIZED (
      SELECT * FROM (
        SELECT f.code, f.value, f.label, r.code AS number, r.count, row_number() OVER (PARTITION BY f.code ORDER BY r.count DESC, f.value) AS nth
        FROM (
          SELECT id, code, count, rank() OVER (PARTITION BY code ORDER BY count DESC) AS nth
          FROM counted WHERE code = ANY (ARRAY(SELECT code FROM shown))
        ) r JOIN catalog.search_facets f ON f.id = r.id WHERE r.nth <= ${VALUES}
      ) f WHERE nth <= ${VALUES}),
    named AS MATERIALIZED (${attributeNamesSql(
      "ARRAY(SELECT DISTINCT left(substr(code, 12), -1) FROM valued WHERE starts_with(code, 'attributes['))",
      locales,
    )}),
    facets AS MATERIALIZED (SELECT json_build_object('exact', ${exact.join(' AND ')}, 'values', (
      SELECT coalesce(json_agg(json_build_object('code', v.code, 'name', n.label, 'value', coalesce(c.handle, v.value),
        'label', coalesce(${titleSql('c', locales)}, n.options->>v.value, v.label), 'count', v.count)
        ORDER BY s.first DESC, s.own DESC, s.products DESC, v.code, v.nth), '[]')
      FROM valued v JOIN shown s ON s.code = v.number
        LEFT JOIN catalog.categories c ON v.code = 'category' AND c.id::text = v.value
        LEFT JOIN named n ON n.code = v.code)) AS counts)`;
}

const FIRST = ['brand', 'category', 'price'];

/** Counts as the answer tells them. */
export function facetsOf(counts: FacetCounts, currency: string): { facets: Facet[]; exact: boolean } {
  const byCode = new Map<string, FacetValue[]>();
  const names = new Map(counts.values.map(({ code, name }) => [code, name]));
  for (const { code, name: _, ...value } of counts.values) {
    const facet = code === priceCode(currency) ? 'price' : code;
    byCode.set(facet, [...(byCode.get(facet) ?? []), value]);
  }
  const prices = byCode.get('price')?.map(({ value, count }) => priceRange(Number(value), count, currency));
  if (prices)
    byCode.set(
      'price',
      prices.sort((a, b) => parseInt(a.value, 10) - parseInt(b.value, 10)),
    );
  const codes = [
    ...FIRST.filter((code) => byCode.has(code)),
    ...[...byCode.keys()].filter((code) => !FIRST.includes(code)),
  ];
  return {
    facets: codes.map((code) => ({
      code,
      label: names.get(code) ?? labelOf(code),
      values: byCode.get(code) ?? [],
    })),
    exact: counts.exact,
  };
}

function priceRange(step: number, count: number, currency: string): FacetValue {
  const from = PRICE_STEPS[step - 1] ?? 0;
  const next = PRICE_STEPS[step];
  const unit = 10 ** exponentOf(currency);
  return {
    value: `${from}..${next === undefined ? '' : next - 1}`,
    label:
      next === undefined ? `from ${from / unit} ${currency}` : `${from / unit} to ${next / unit} ${currency}`,
    count,
  };
}

/** `attributes[display_resolution]` to `Display resolution`. */
function labelOf(code: string): string {
  const words = code
    .replace(/^attributes\[(.*)\]$/s, '$1')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}
