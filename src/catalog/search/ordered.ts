import { brandsOfRule } from '../collection/membership.js';
import type { LocalesSql } from '../translation/translation.sql.js';
import type { Sort } from './product-query.dto.js';
import type { ProductSearch } from './product-search.repository.js';
import { HAS_WORDS, NOT_HIDDEN, ONE_FREQUENT, unrankedSql } from './ranking.js';
import { boundsOf, COLLECTION, type Condition, where } from './search-conditions.js';
import { documentsSql } from './search-texts.sql.js';
import type { Statement } from './statement.js';

interface SortOrder {
  key: string;
  type: string;
  direction: 'ASC' | 'DESC';
}

const ORDERS: Record<Exclude<Sort, 'relevance'>, SortOrder> = {
  position: { key: 'd.position', type: 'bigint', direction: 'ASC' },
  '-createdAt': { key: 'd.created_at', type: 'timestamptz', direction: 'DESC' },
  createdAt: { key: 'd.created_at', type: 'timestamptz', direction: 'ASC' },
  title: { key: 'd.title_key', type: 'text', direction: 'ASC' },
  '-title': { key: 'd.title_key', type: 'text', direction: 'DESC' },
  price: { key: 'p.lowest', type: 'bigint', direction: 'ASC' },
  '-price': { key: 'p.lowest', type: 'bigint', direction: 'DESC' },
};

/** Each of so many brands is asked for its first products; of more the order of the shop comes across soon enough. */
const BRANDS = 20;

/** Rows that come in the order of a list when they are gone through. */
interface Way extends SortOrder {
  from: string;
  /** SQL of the id of the product. */
  id: string;
  /** What the rows must be for the order to be that of an index. */
  demands: string[];
  /** The facet whose conditions the way sees to itself. */
  without?: string;
}

/** CTE `page` of a list in any order but that of relevance: the ids with their place `n`, at most so many. */
export function orderedSql(
  search: ProductSearch,
  rows: number,
  base: string[],
  conditions: Condition[],
  statement: Statement,
  locales: LocalesSql,
): string {
  const { after, filters } = search;
  const way = wayOf(search, conditions, statement, locales);
  const { key, type, direction, from, id, demands } = way;
  const position =
    after === null
      ? []
      : [
          `(${key}, ${id}) ${direction === 'ASC' ? '>' : '<'} (${statement.bind(after[0], type)}, ${statement.bind(after[1], 'uuid')})`,
        ];
  const inOrder = `ORDER BY key ${direction}, product_id ${direction} LIMIT ${rows}`;
  const rowsBy = (words: string[]) => `
      SELECT ${id}, ${key} AS key FROM ${from}
      WHERE ${where([...words, ...position, ...demands], conditions, way.without)}`;
  const walk = (words: string[]) =>
    `${rowsBy(words)} ORDER BY ${key} ${direction}, ${id} ${direction} LIMIT ${rows}`;
  // PostgreSQL cannot tell a rare word from others: it would walk through the whole shop for the few that have it.
  const collect = (words: string[]) => `SELECT * FROM (${rowsBy(words)} OFFSET 0) c ${inOrder}`;
  const walked = (found: string) => `
      page AS MATERIALIZED (
        SELECT product_id, key::text AS key, row_number() OVER () AS n FROM (${found}) o)`;
  if (filters.q === null) {
    const brands = key in BY_BRAND ? brandsOf(search) : [];
    if (brands.length === 0) return walked(walk([]));
    // Each brand has its own order: a walk through that of the shop would come across few of them. How many there are is hidden
    // from the planner, which would plan anew for each list.
    return walked(`
        SELECT each.* FROM (SELECT DISTINCT lower(trim(b)) AS name FROM unnest((SELECT ${statement.bind(brands, 'text[]')})) b) brand
          CROSS JOIN LATERAL (${walk(['d.brand_key = brand.name'])}) each ${inOrder}`);
  }
  const chosen = `${unrankedSql(where([NOT_HIDDEN], conditions), search.state, statement, locales)},`;
  if (conditions.length > 0) return chosen + walked(collect(base));
  // Whoever walks in order comes across a frequent word soon.
  return `${chosen}${walked(`
      SELECT * FROM (
        (${collect([`NOT ${ONE_FREQUENT}`, ...base])}) UNION ALL (${walk([ONE_FREQUENT, HAS_WORDS, NOT_HIDDEN])})
      ) either ${inOrder}`)}`;
}

function wayOf(
  search: ProductSearch,
  conditions: Condition[],
  statement: Statement,
  locales: LocalesSql,
): Way {
  const { filters, collection } = search;
  const order = ORDERS[search.sort === 'relevance' ? 'position' : search.sort];
  const documents = documentsSql(filters.q === null ? null : locales);
  if (isPicked(search)) {
    const m = `m.product_id = d.product_id AND m.collection_id = ${statement.bind(collection?.id, 'uuid')}`;
    return {
      ...{ key: 'm.position', type: 'bigint', direction: 'ASC', id: 'd.product_id', demands: [] },
      ...{ from: `${documents} JOIN catalog.collection_products m ON ${m}`, without: COLLECTION },
    };
  }
  if (isOneCategory(search)) {
    const category = `(SELECT id FROM catalog.categories WHERE handle = ${statement.bind(filters.categories[0], 'text')})`;
    return {
      ...{ ...order, key: 'c.position', id: 'c.product_id', from: 'catalog.search_places c' },
      ...{ demands: [`c.category_id = ${category}`], without: 'category' },
    };
  }
  if (!isByPrice(search)) return { ...order, id: 'd.product_id', from: documents, demands: [] };
  // The bounds are those of the walk: beside it, it would begin at the cheapest of all.
  const demands = [
    `p.currency = ${statement.bind(filters.currency, 'char(3)')}`,
    ...boundsOf('p', filters.price, statement),
  ];
  // Only what is on sale has a price there: who asks for nothing else of the products needs no more.
  if (filters.q === null && conditions.every(({ facet }) => facet === 'price'))
    return { ...order, id: 'p.product_id', from: 'catalog.search_prices p', demands, without: 'price' };
  const from = `${documents} JOIN catalog.search_prices p ON p.product_id = d.product_id`;
  return { ...order, id: 'd.product_id', from, demands, without: 'price' };
}

/** Orders that there is an index of for each brand. */
const BY_BRAND = { 'd.position': true, 'd.created_at': true, 'd.title_key': true };

/** The brands that all products of the list are of, if they are told and so few that each can be asked for its first ones. */
function brandsOf({ filters, collection }: ProductSearch): string[] {
  const ofRule = collection?.rule ? brandsOfRule(collection.rule) : null;
  const brands = filters.brands.length > 0 ? filters.brands : (ofRule ?? []);
  return brands.length <= BRANDS ? brands : [];
}

/** Whether the list comes in the order that somebody has put it into. */
export const isPicked = ({ sort, collection }: ProductSearch): boolean =>
  sort === 'position' && collection?.kind === 'manual';

export const isByPrice = ({ sort }: ProductSearch): boolean => sort === 'price' || sort === '-price';

/** Whether the list is that of one category in the order of the shop, which is kept for each. */
export const isOneCategory = ({ sort, collection, filters }: ProductSearch): boolean =>
  sort === 'position' &&
  collection === null &&
  filters.q === null &&
  filters.categories.length === 1 &&
  [filters.brands, filters.attributes, filters.numbers].every(({ length }) => length === 0) &&
  [filters.price.gte, filters.price.lte, filters.ids].every((given) => given === null) &&
  !filters.inStock;
