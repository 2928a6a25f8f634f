import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import type { LiveCollection } from '../collection/collection.repository.js';
import { membershipSql } from '../collection/membership.js';
import { nextTurnSql } from '../price/price.sql.js';
import type { LocalesSql } from '../translation/translation.sql.js';
import { type FacetCounts, facetsSql } from './facets.js';
import { listItemsSql } from './list-items.js';
import type { Sort } from './product-query.dto.js';
import {
  HAS_WORDS,
  NOT_HIDDEN,
  ONE_FREQUENT,
  rankedSql,
  type SearchState,
  termsSql,
  unrankedSql,
  WEIGHED_WORDS,
} from './ranking.js';
import {
  boundsOf,
  COLLECTION,
  type Condition,
  conditionsOf,
  type ProductFilters,
  where,
} from './search-conditions.js';
import { hasNone } from './search-index.repository.js';
import { documentsSql } from './search-texts.sql.js';
import { Statement } from './statement.js';

export interface ProductSearch {
  filters: ProductFilters;
  /** What only its products are listed of. */
  collection: LiveCollection | null;
  sort: Sort;
  limit: number;
  /** Sort key and id of the last product of the page before. */
  after: [key: string | number, id: string] | null;
  state: SearchState | null;
  /** Whole words that the last one of `q` may be the beginning of. */
  endings: string[];
  facets: boolean;
  /** Holds that ran out before it are free again. */
  now: Date;
  /** Customer groups of whoever asks. */
  groups: readonly string[];
  /** Languages of the texts, the best first; none: that of the shop. */
  locales: readonly string[];
}

export interface FoundProducts {
  /** JSON of the items, without brackets. */
  items: string | null;
  more: boolean;
  last: [key: string | number, id: string] | null;
  state: (SearchState & { unknown: boolean }) | null;
  counts: FacetCounts | null;
  /** Until then the prices hold; null: until somebody changes one. */
  endsAt: Date | null;
}

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

/** The order that somebody has put the products of a collection into. */
const PICKED: SortOrder = { key: 'm.position', type: 'bigint', direction: 'ASC' };

/** Every list of products that a shopper sees: one statement that selects, ranks, counts and writes the JSON. */
@Injectable()
export class ProductSearchRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  async find(search: ProductSearch): Promise<FoundProducts> {
    const statement = new Statement();
    const { filters, collection, state, limit, endings, now: at } = search;
    // What the order of the page looks at is no condition beside it; PostgreSQL refuses values that nothing uses.
    const alone = !search.facets && filters.q === null;
    const price = alone && isByPrice(search) ? { gte: null, lte: null } : filters.price;
    const conditions = conditionsOf({ ...filters, price }, statement, at);
    const joins = alone && isPicked(search);
    if (collection !== null && !joins)
      conditions.push({ facet: COLLECTION, sql: membershipSql(collection, statement, search.now) });
    const locales = search.locales.length === 0 ? null : statement.bind(search.locales, 'text[]');
    const query =
      filters.q === null ? null : termsSql({ q: filters.q, endings, now: at, locales }, state, statement);
    const base = query === null ? [] : ['d.words @@ (SELECT q FROM chosen)', NOT_HIDDEN];
    const ctes = [
      ...(query === null ? [] : [query]),
      this.page(search, base, conditions, statement, locales),
      ...(search.facets
        ? [facetsSql(base, conditions, filters.currency, search.sort === 'relevance', statement, locales)]
        : []),
    ];
    const wanted = statement.bind(limit, 'int');
    const now = statement.bind(search.now, 'timestamptz');
    const currency = statement.bind(filters.currency, 'text');
    const items = listItemsSql(
      { currency, now, groups: statement.bind(search.groups, 'text[]') },
      wanted,
      statement.bind(this.config.mediaBaseUrl, 'text'),
      locales,
    );
    const [found] = await this.database.look<FoundProducts>(
      `WITH ${ctes.join(',')}
      SELECT
        (${items}) AS items,
        (SELECT count(*) FROM page) > ${wanted} AS more,
        (SELECT json_build_array(key, product_id) FROM page WHERE n = ${wanted}) AS last,
        ${query === null ? 'NULL::json' : stateSql(locales)} AS state,
        ${search.facets ? '(SELECT counts FROM facets)' : 'NULL::json'} AS counts,
        ${query === null ? nextTurnSql(now) : `least(${nextTurnSql(now)}, (SELECT turn FROM pins))`} AS "endsAt"`,
      statement.values,
    );
    if (!found) throw new Error('a statement without FROM has one row');
    return found;
  }

  /** CTE `page`: ids in order with their place `n`, one more than asked for. */
  private page(
    search: ProductSearch,
    base: string[],
    conditions: Condition[],
    statement: Statement,
    locales: LocalesSql,
  ): string {
    const { sort, after, limit, filters } = search;
    const rows = roomFor(limit) + 1;
    if (sort === 'relevance') {
      const position =
        after === null
          ? 'TRUE'
          : `(-score, product_id) > (-${statement.bind(after[0], 'float8')}, ${statement.bind(after[1], 'uuid')})`;
      return `${rankedSql(where([NOT_HIDDEN], conditions), conditions.length > 0, search.state, statement, locales)},
        page AS MATERIALIZED (
          SELECT product_id, score AS key, row_number() OVER () AS n FROM (
            SELECT product_id, score FROM ranked WHERE ${position} ORDER BY -score, product_id LIMIT ${rows}) o)`;
    }
    const picked = isPicked(search) ? (search.collection?.id ?? null) : null;
    const { key, type, direction } = picked === null ? ORDERS[sort] : PICKED;
    const byPrice = isByPrice(search);
    const joined =
      picked !== null
        ? `JOIN catalog.collection_products m ON m.product_id = d.product_id AND m.collection_id = ${statement.bind(picked, 'uuid')}`
        : byPrice
          ? `JOIN catalog.search_prices p ON p.product_id = d.product_id AND p.currency = ${statement.bind(filters.currency, 'char(3)')}`
          : '';
    const position =
      after === null
        ? []
        : [
            `(${key}, d.product_id) ${direction === 'ASC' ? '>' : '<'} (${statement.bind(after[0], type)}, ${statement.bind(after[1], 'uuid')})`,
          ];
    // In the order of prices the bounds are those of the walk: beside it, it would begin at the cheapest of all.
    const bounds = byPrice ? boundsOf('p', filters.price, statement) : [];
    const without = byPrice ? 'price' : picked === null ? undefined : COLLECTION;
    const inOrder = `ORDER BY key ${direction}, product_id ${direction} LIMIT ${rows}`;
    const rowsBy = (words: string[]) => `
      SELECT d.product_id, ${key} AS key FROM ${documentsSql(filters.q === null ? null : locales)} ${joined}
      WHERE ${where([...words, ...position, ...bounds], conditions, without)}`;
    const walk = (words: string[]) =>
      `${rowsBy(words)} ORDER BY ${key} ${direction}, d.product_id ${direction} LIMIT ${rows}`;
    // PostgreSQL cannot tell a rare word from others: it would walk through the whole shop for the few that have it.
    const collect = (words: string[]) => `SELECT * FROM (${rowsBy(words)} OFFSET 0) c ${inOrder}`;
    const walked = (from: string) => `
      page AS MATERIALIZED (
        SELECT product_id, key::text AS key, row_number() OVER () AS n FROM (${from}) o)`;
    if (filters.q === null) return walked(walk([]));
    const chosen = `${unrankedSql(where([NOT_HIDDEN], conditions), search.state, statement, locales)},`;
    if (conditions.length > 0) return chosen + walked(collect(base));
    // Whoever walks in order comes across a frequent word soon.
    return `${chosen}${walked(`
      SELECT * FROM (
        (${collect([`NOT ${ONE_FREQUENT}`, ...base])}) UNION ALL (${walk([ONE_FREQUENT, HAS_WORDS, NOT_HIDDEN])})
      ) either ${inOrder}`)}`;
  }
}

/** Whether the list comes in the order that somebody has put it into. */
const isPicked = ({ sort, collection }: ProductSearch): boolean =>
  sort === 'position' && collection?.kind === 'manual';

const isByPrice = ({ sort }: ProductSearch): boolean => sort === 'price' || sort === '-price';

/** A few sizes as literals: with a parameter the planner could not tell a page from a table, and would plan anew each time. */
const roomFor = (limit: number): number => [10, 24, 50].find((size) => limit <= size) ?? 100;

/** What the next page must know, and whether a word occurs nowhere at all: then it may be a typing error, or half a word. */
const stateSql = (
  locales: LocalesSql,
): string => `(SELECT json_build_object('wide', (SELECT wide FROM chosen),
  'weights', (SELECT coalesce(json_object_agg(lexeme, weight), '{}') FROM terms WHERE place <= ${WEIGHED_WORDS}),
  'pins', (SELECT id FROM pins WHERE live),
  'unknown', (SELECT few FROM chosen) AND NOT EXISTS (SELECT FROM pins WHERE live) AND EXISTS (
    SELECT FROM terms t WHERE CASE WHEN t.counted THEN false ELSE ${hasNone('coalesce(t.q || t.synonyms, t.q)', documentsSql(locales))} END)))`;
