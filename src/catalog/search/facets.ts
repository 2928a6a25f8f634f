import { exponentOf } from '../../platform/money/currencies.js';
import type { Condition } from './search-conditions.js';
import { SEPARATOR, where } from './search-conditions.js';
import type { Statement } from './statement.js';

/** Candidates beyond this many are not looked at, and the counts say that they are not exact. */
export const COUNTED = 10_000;
const VALUES = 50;
const ATTRIBUTES = 12;
const ATTRIBUTE_VALUES = 20;

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

/** What the database counts: values by facet code; prices by step of `priceSteps`. */
export interface FacetCounts {
  exact: boolean;
  brand: FacetValue[];
  category: FacetValue[];
  price: { step: number; count: number }[];
  attributes: { name: string; value: string; count: number }[];
}

/** Lower bounds of the price ranges in minor units: 1, 2, 5, 10, … of the currency. */
export function priceSteps(currency: string): number[] {
  const unit = 10 ** exponentOf(currency);
  return [
    0,
    ...[1, 10, 100, 1_000, 10_000].flatMap((ten) => [1, 2, 5].map((digit) => digit * ten * unit)),
  ].filter((step) => step === 0 || step >= 5 * unit);
}

/**
 * Counts are disjunctive: those of a facet leave its own filter out, so that one sees what else could be chosen.
 * `matched` holds what all filters let through; each filtered facet counts over a set of its own.
 */
export function facetsSql(
  base: string[],
  conditions: Condition[],
  currency: string,
  statement: Statement,
): string {
  const set = (name: string, columns: string, without?: string) => `
    ${name} AS MATERIALIZED (SELECT ${columns} FROM catalog.search_documents d
      WHERE ${where(base, conditions, without)} LIMIT ${COUNTED + 1})`;
  const filtered = new Set(conditions.map(({ facet }) => facet));
  const own = (facet: string) => (filtered.has(facet) ? `without_${facet}` : 'matched');
  const attributes = [...filtered].filter((facet) => facet.startsWith('attributes['));
  const sets = [
    set('matched', 'd.product_id, d.brand_key, d.brand, d.categories, d.attributes'),
    ...(filtered.has('brand') ? [set('without_brand', 'd.brand_key, d.brand', 'brand')] : []),
    ...(filtered.has('category') ? [set('without_category', 'd.categories', 'category')] : []),
    ...(filtered.has('price') ? [set('without_price', 'd.product_id', 'price')] : []),
    ...attributes.map((facet, index) => set(`without_attribute_${index}`, 'd.attributes', facet)),
  ];
  const names = statement.bind(
    attributes.map((facet) => facet.slice(11, -1)),
    'text[]',
  );
  const counted = [
    `SELECT a FROM matched m, unnest(m.attributes) a WHERE split_part(a, '${SEPARATOR}', 1) <> ALL (${names})`,
    ...attributes.map((facet, index) => {
      const prefix = statement.bind(`${facet.slice(11, -1)}${SEPARATOR}`, 'text');
      return `SELECT a FROM without_attribute_${index} m, unnest(m.attributes) a WHERE starts_with(a, ${prefix})`;
    }),
  ];
  const steps = statement.bind(priceSteps(currency), 'bigint[]');
  return `${sets.join(',')},
    facets AS MATERIALIZED (SELECT json_build_object(
      'exact', (SELECT count(*) FROM matched) <= ${COUNTED},
      'brand', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT brand_key AS value, min(brand) AS label, count(*)::int AS count FROM ${own('brand')}
        WHERE brand_key IS NOT NULL GROUP BY brand_key ORDER BY count(*) DESC, brand_key LIMIT ${VALUES}) x),
      'category', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT c.handle AS value, c.title AS label, n.count FROM (
          SELECT id, count(*)::int AS count FROM ${own('category')} m, unnest(m.categories) id GROUP BY id
        ) n JOIN catalog.categories c ON c.id = n.id ORDER BY n.count DESC, c.handle LIMIT ${VALUES}) x),
      'price', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT width_bucket(p.lowest, ${steps}) AS step, count(*)::int AS count
        FROM ${own('price')} m JOIN catalog.search_prices p ON p.product_id = m.product_id
        WHERE p.currency = ${statement.bind(currency, 'char(3)')} GROUP BY 1 ORDER BY 1) x),
      'attributes', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT name, value, count FROM (
          SELECT *, dense_rank() OVER (ORDER BY (name = ANY (${names})) DESC, products DESC, name) AS place FROM (
            SELECT name, value, count, sum(count) OVER (PARTITION BY name) AS products,
              row_number() OVER (PARTITION BY name ORDER BY count DESC, value) AS nth
            FROM (SELECT split_part(a, '${SEPARATOR}', 1) AS name, split_part(a, '${SEPARATOR}', 2) AS value, count
              FROM (SELECT a, count(*)::int AS count FROM (${counted.join(' UNION ALL ')}) u GROUP BY a) g) n
          ) r WHERE nth <= ${ATTRIBUTE_VALUES}
        ) p WHERE place <= ${ATTRIBUTES} ORDER BY place, count DESC, value) x)
    ) AS counts)`;
}

/** Counts as the answer tells them. */
export function facetsOf(counts: FacetCounts, currency: string): { facets: Facet[]; exact: boolean } {
  const steps = priceSteps(currency);
  const prices = counts.price.map(({ step, count }) => {
    const from = steps[step - 1] ?? 0;
    const next = steps[step];
    return {
      value: `${from}..${next === undefined ? '' : next - 1}`,
      label: rangeLabel(from, next, currency),
      count,
    };
  });
  const byName = new Map<string, FacetValue[]>();
  for (const { name, value, count } of counts.attributes)
    byName.set(name, [...(byName.get(name) ?? []), { value, label: value, count }]);
  const facets: Facet[] = [
    { code: 'brand', label: 'Brand', values: counts.brand },
    { code: 'category', label: 'Category', values: counts.category },
    { code: 'price', label: 'Price', values: prices },
    ...[...byName].map(([name, values]) => ({ code: `attributes[${name}]`, label: labelOf(name), values })),
  ];
  return { facets: facets.filter(({ values }) => values.length > 0), exact: counts.exact };
}

/** `display_resolution` or `displayResolution` to `Display resolution`. */
function labelOf(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

function rangeLabel(from: number, next: number | undefined, currency: string): string {
  const unit = 10 ** exponentOf(currency);
  return next === undefined
    ? `from ${from / unit} ${currency}`
    : `${from / unit} to ${next / unit} ${currency}`;
}
