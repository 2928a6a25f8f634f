import type { Statement } from './statement.js';

/** At least one of the bounds is given. */
export interface NumberRange {
  gte: number | null;
  lte: number | null;
}

/** What a shopper asks for, checked and put into order. */
export interface ProductFilters {
  q: string | null;
  categories: string[];
  brands: string[];
  price: { gte: number | null; lte: number | null };
  attributes: [name: string, values: string[]][];
  numbers: [name: string, range: NumberRange][];
  inStock: boolean;
  /** Only these products; null: any. */
  ids: string[] | null;
  currency: string;
}

/** What the condition of a collection counts as: a filter that is never left out. */
export const COLLECTION = 'collection';
/** The same of products that are named one by one. */
export const IDS = 'ids';

/** One filter: which facet it belongs to (its own counts ignore it) and what it demands of `d`. */
export interface Condition {
  facet: string;
  sql: string;
}

export function conditionsOf(filters: ProductFilters, statement: Statement, now: Date): Condition[] {
  const { q, categories, brands, price, attributes, numbers, inStock, ids, currency } = filters;
  const conditions: Condition[] = [];
  if (categories.length > 0) {
    const ids = `ARRAY(SELECT id FROM catalog.categories WHERE handle = ANY (${statement.bind(categories, 'text[]')}))`;
    conditions.push({ facet: 'category', sql: inCategories(ids) });
  }
  if (brands.length > 0)
    conditions.push({
      facet: 'brand',
      // Beside words in their index; without, there are indexes of a brand in the order of the list.
      sql: q === null ? ofBrands(brands, statement) : withBrand(brands, statement),
    });
  if (price.gte !== null || price.lte !== null)
    conditions.push({ facet: 'price', sql: pricedWithin(currency, price, statement) });
  for (const [name, values] of attributes)
    conditions.push({ facet: attributeFacet(name), sql: withAttribute(name, values, statement) });
  for (const [name, range] of numbers)
    conditions.push({ facet: attributeFacet(name), sql: numberWithin(name, range, statement) });
  if (ids !== null)
    conditions.push({ facet: IDS, sql: `d.product_id = ANY (${statement.bind(ids, 'uuid[]')})` });
  if (inStock) conditions.push({ facet: 'inStock', sql: inStockSql(statement.bind(now, 'timestamptz')) });
  return conditions;
}

const attributeFacet = (name: string): string => `attributes[${name}]`;

/** Documents name their categories and all that lie above, so a subtree is one comparison; `ids` is SQL of an array. */
export const inCategories = (ids: string): string => `d.categories && ${ids}`;

/** Made small by PostgreSQL like the key itself: `İ` and others come out differently here. */
export const ofBrands = (brands: string[], statement: Statement): string =>
  // Of one brand PostgreSQL knows how many products it has; of a list it does not.
  brands.length === 1
    ? `d.brand_key = (SELECT lower(trim(${statement.bind(brands[0], 'text')})))`
    : `d.brand_key = ANY (ARRAY(SELECT lower(trim(b)) FROM unnest(${statement.bind(brands, 'text[]')}) b))`;

const withBrand = (brands: string[], statement: Statement): string =>
  `d.facets && ARRAY(SELECT id FROM catalog.search_facets
      WHERE code = 'brand' AND value = ANY (ARRAY(SELECT lower(trim(b)) FROM unnest(${statement.bind(brands, 'text[]')}) b)))`;

/** The lowest price of the product in minor units of the currency; at least one of the bounds is given. */
export function pricedWithin(currency: string, price: ProductFilters['price'], statement: Statement): string {
  const bounds = boundsOf('f', price, statement);
  return `EXISTS (SELECT FROM catalog.search_prices f WHERE f.product_id = d.product_id
      AND f.currency = ${statement.bind(currency, 'char(3)')} AND ${bounds.join(' AND ')})`;
}

/** What a price range demands of a row of catalog.search_prices. */
export function boundsOf(row: string, { gte, lte }: ProductFilters['price'], statement: Statement): string[] {
  return [
    ...(gte === null ? [] : [`${row}.lowest >= ${statement.bind(gte, 'bigint')}`]),
    ...(lte === null ? [] : [`${row}.lowest <= ${statement.bind(lte, 'bigint')}`]),
  ];
}

/** The attribute has one of these values. */
export const withAttribute = (name: string, values: string[], statement: Statement): string =>
  `d.facets && ARRAY(SELECT id FROM catalog.search_facets
      WHERE code = ${statement.bind(attributeFacet(name), 'text')} AND value = ANY (${statement.bind(values, 'text[]')}))`;

/** The attribute is a number within the bounds. */
export function numberWithin(name: string, { gte, lte }: NumberRange, statement: Statement): string {
  const bounds = [
    ...(gte === null ? [] : [`n.value >= ${statement.bind(gte, 'numeric')}`]),
    ...(lte === null ? [] : [`n.value <= ${statement.bind(lte, 'numeric')}`]),
  ];
  return `EXISTS (SELECT FROM catalog.search_numbers n WHERE n.product_id = d.product_id
      AND n.code = ${statement.bind(name, 'text')} AND ${bounds.join(' AND ')})`;
}

/**
 * Stock moves with every sale: it is looked up, and not copied into the row that the indexes hang on. A bundle is there when
 * each part of it is, all together at the locations. What is sold ahead at `now` (SQL) counts until its limit is reached.
 */
export const inStockSql = (
  now: string,
): string => `EXISTS (SELECT FROM catalog.variants v WHERE v.product_id = d.product_id AND NOT v.retired AND CASE v.stock_source
  WHEN 'own' THEN EXISTS (SELECT FROM catalog.stock s WHERE s.variant_id = v.id AND s.on_hand + s.backorder_limit + ${aheadSql(now)} > s.allocated + s.reserved)
  WHEN 'none' THEN true
  ELSE NOT EXISTS (SELECT FROM catalog.bundle_parts b JOIN catalog.variants pv ON pv.id = b.part_id
    WHERE b.bundle_id = v.id AND pv.stock_source <> 'none' AND b.quantity > coalesce((
      SELECT sum(greatest(s.on_hand + s.backorder_limit + ${aheadSql(now)} - s.allocated - s.reserved, 0))
      FROM catalog.stock s WHERE s.variant_id = b.part_id), 0)) END)`;

/** How many may be sold ahead at `now` of a row `s` of catalog.stock. */
const aheadSql = (now: string): string =>
  `CASE WHEN s.preorder_until > ${now} THEN s.preorder_limit ELSE 0 END`;

/** All conditions but those of one facet, as text behind WHERE. */
export function where(parts: string[], conditions: Condition[], without?: string): string {
  const all = [...parts, ...conditions.filter(({ facet }) => facet !== without).map(({ sql }) => sql)];
  return all.length === 0 ? 'TRUE' : all.join(' AND ');
}
