import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import type { LiveCollection } from '../collection/collection.repository.js';
import { membershipSql } from '../collection/membership.js';
import { type Standing, standingSql } from '../listed-promotion/listed-promotion.sql.js';
import { nextTurnSql } from '../price/price.sql.js';
import type { LocalesSql } from '../translation/translation.sql.js';
import { type FacetCounts, facetsSql } from './facets.js';
import { listItemsSql } from './list-items.js';
import { isByPrice, isOneCategory, isPicked, orderedSql } from './ordered.js';
import type { Sort } from './product-query.dto.js';
import { NOT_HIDDEN, rankedSql, type SearchState, termsSql, WEIGHED_WORDS } from './ranking.js';
import { COLLECTION, type Condition, conditionsOf, type ProductFilters, where } from './search-conditions.js';
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
  promotions: Standing | null;
  /** Until then the prices hold; null: until somebody changes one. */
  endsAt: Date | null;
}

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
    const categories = alone && isOneCategory(search) ? [] : filters.categories;
    const conditions = conditionsOf({ ...filters, price, categories }, statement, at);
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
        ${standingSql(now)} AS promotions,
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
    const { sort, after, limit } = search;
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
    return orderedSql(search, rows, base, conditions, statement, locales);
  }
}

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
