import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Cursors } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CollectionReader, type TimedPage } from '../collection/collection.reader.service.js';
import type { LiveCollection } from '../collection/collection.repository.js';
import { movesWithTime } from '../collection/rule.js';
import { PromotedPages } from '../listed-promotion/promoted-pages.service.js';
import { attributeFilters } from './attribute-filters.js';
import { facetsOf } from './facets.js';
import type { ProductQuery, Sort } from './product-query.dto.js';
import {
  type FoundProducts,
  type ProductSearch,
  ProductSearchRepository,
} from './product-search.repository.js';
import type { SearchState } from './ranking.js';
import type { ProductFilters } from './search-conditions.js';
import { type Guess, Spelling } from './spelling.service.js';

export interface ProductPage extends TimedPage {
  nextCursor: string | null;
  /** What was looked for, on the first page of a search; `inVain`: there is nothing, and no filter is the reason. */
  searched: { q: string; inVain: boolean } | null;
}

/** Lists and searches for shoppers. */
@Injectable()
export class ProductSearchService {
  constructor(
    private readonly products: ProductSearchRepository,
    private readonly collections: CollectionReader,
    private readonly spelling: Spelling,
    private readonly promoted: PromotedPages,
    private readonly cursors: Cursors,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** The page for a member of these groups as JSON text, and until when it stays as it is if nobody changes anything; null: for good. */
  async page(
    query: ProductQuery,
    groups: readonly string[],
    locales: readonly string[],
  ): Promise<ProductPage> {
    const filters = this.filtersOf(query);
    const collection = query.collection === undefined ? null : await this.collections.live(query.collection);
    const usual = (collection?.sort as Sort | undefined) ?? 'position';
    const sort = query.sort ?? (filters.q === null ? usual : 'relevance');
    if (sort === 'relevance' && filters.q === null)
      throw platformProblems.invalid_input('sort=relevance needs words to search for: send q.', {
        errors: [{ pointer: '/sort', code: 'needs_q', message: 'needs q' }],
      });
    // A cursor belongs to one list: other filters, another order or another currency make it worthless, and another
    // language when words were looked for.
    const language = filters.q === null ? '' : locales.join();
    const list = `products ${sort} ${JSON.stringify(filters)}${collection?.id ?? ''}${language}`;
    const { after, state, corrected, endings } = readKey(this.cursors.decode(list, query.cursor));
    const now = this.clock.now();
    const search: ProductSearch = {
      filters: corrected === null ? filters : { ...filters, q: corrected },
      collection,
      sort,
      limit: query.limit,
      after,
      state,
      endings,
      facets: query.facets ?? false,
      now,
      groups,
      locales,
    };
    const { found, guess } = await this.find(search, { corrected, endings });
    const correctedQuery = guess.corrected;
    const nextCursor = found.more && found.last ? this.cursors.encode(list, keyOf(found, guess)) : null;
    const { items, endsAt } = await this.promoted.priced(found, { currency: filters.currency, groups, now });
    const json = toJson({ ...found, items }, filters, nextCursor, correctedQuery, search.facets);
    // A list of prices or a promotion turns, or the collection does: whichever is first.
    const ends = [endsAt, collection && endOf(collection, now)].filter((end) => end !== null);
    const until = ends.length === 0 ? null : new Date(Math.min(...ends.map((end) => end.getTime())));
    const { q, ...narrowing } = filters;
    const inVain = found.items === null && collection === null && !isNarrowed(narrowing);
    return { json, nextCursor, until, searched: q === null || after !== null ? null : { q, inVain } };
  }

  /** One round trip; more only for words that no product has, which are probably mistyped or not typed to their end. */
  private async find(search: ProductSearch, known: Guess): Promise<{ found: FoundProducts; guess: Guess }> {
    const found = await this.products.find(search);
    const { q } = search.filters;
    if (q === null || search.after !== null || !found.state?.unknown) return { found, guess: known };
    const guess = await this.spelling.guess(q, search.locales);
    if (guess === null) return { found, guess: known };
    const { corrected, endings } = guess;
    const better = await this.products.find({
      ...search,
      endings,
      filters: { ...search.filters, q: corrected ?? q },
    });
    return better.items === null ? { found, guess: known } : { found: better, guess };
  }

  private filtersOf(query: ProductQuery): ProductFilters {
    const q = query.q?.replace(/\0/g, '').trim() ?? '';
    return {
      q: q === '' ? null : q,
      categories: query.category ?? [],
      brands: query.brand ?? [],
      price: { gte: query.price?.gte ?? null, lte: query.price?.lte ?? null },
      ...attributeFilters(query.attributes ?? {}),
      inStock: query.inStock ?? false,
      ids: query.ids ?? null,
      currency: query.currency ?? this.config.storeCurrency,
    };
  }
}

const isNarrowed = ({
  categories,
  brands,
  price,
  attributes,
  numbers,
  inStock,
}: Omit<ProductFilters, 'q'>): boolean =>
  inStock ||
  price.gte !== null ||
  price.lte !== null ||
  [categories, brands, attributes, numbers].some(({ length }) => length > 0);

/** How long a list may stand whose products leave it one by one as they grow old. */
const AGEING_MS = 60_000;

/** When a list of the products of a collection says something else though nobody has changed anything. */
function endOf({ rule, publishedUntil }: LiveCollection, now: Date): Date | null {
  if (rule === null || !movesWithTime(rule)) return publishedUntil;
  const soon = new Date(now.getTime() + AGEING_MS);
  return publishedUntil !== null && publishedUntil < soon ? publishedUntil : soon;
}

type CursorKey = (string | number | null)[];

/** Sort key and id of the last row, and for a search what its ranks were made of: they must not move between pages. */
function keyOf({ last, state }: FoundProducts, { corrected, endings }: Guess): CursorKey {
  const [key, id] = last ?? ['', ''];
  return [key, id, state && JSON.stringify([state.wide, state.weights, state.pins, endings]), corrected];
}

function readKey(key: CursorKey | null) {
  if (key === null) return { after: null, state: null, corrected: null, endings: [] };
  const [last = '', id, state, corrected] = key;
  const [wide, weights, pins, endings] = (
    typeof state === 'string' ? JSON.parse(state) : [false, {}, null, []]
  ) as [boolean, Record<string, number>, string | null, string[]];
  return {
    after: [last ?? '', String(id)] as [string | number, string],
    state: typeof state === 'string' ? ({ wide, weights, pins } satisfies SearchState) : null,
    corrected: typeof corrected === 'string' ? corrected : null,
    endings,
  };
}

function toJson(
  found: FoundProducts,
  filters: ProductFilters,
  nextCursor: string | null,
  correctedQuery: string | null,
  withFacets: boolean,
): string {
  const rest: Record<string, unknown> = { nextCursor };
  if (filters.q !== null) rest.correctedQuery = correctedQuery;
  if (withFacets && found.counts) Object.assign(rest, facetsOf(found.counts, filters.currency));
  // The items are JSON already: parsing them only to write them again would cost more than all the rest.
  return `{"items":[${found.items ?? ''}],${JSON.stringify(rest).slice(1)}`;
}
