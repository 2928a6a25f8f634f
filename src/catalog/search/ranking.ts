import { queryKeySql } from '../search-pin/search-pin.repository.js';
import type { LocalesSql } from '../translation/translation.sql.js';
import { configSql, documentsSql } from './search-texts.sql.js';
import type { Statement } from './statement.js';

/**
 * How good a match is: BM25 over four fields, one ranking for every catalog.
 *
 * A word counts the more the rarer it is (`search_words`), the better the field that it stands in (title, brand and
 * SKU, attributes, description) and the shorter title and description are; each further place adds less. The
 * figures were found on 116 judged queries over real products and hold within a wide range.
 */
const WEIGHTS = { title: 1, brand: 0.5, attributes: 0.3, description: 0.5 };
/** How soon further evidence for the same word stops mattering (k1 of BM25) and how much length counts (b). */
const SATURATION = 0.3;
const LENGTH_SHARE = 0.3;
/** Words in title and description of a usual product. */
const USUAL_LENGTH = 18;
/** Words of the query that are weighed; further ones only select. */
export const WEIGHED_WORDS = 5;

/**
 * At most this many matches are ranked. Those in title, brand or SKU go first: they are the ones that can win. To fetch
 * more takes longer than all the rest once the shop is larger than memory, and found nothing better in judged queries.
 */
const RANKED = 800;
/**
 * A word that more products than this have is frequent. To collect all that have it would take longer than all the rest,
 * so of frequent words the matches among the first products of the shop's order are ranked, if they are enough to choose from.
 */
const FREQUENT = 20_000;
const FIRST = 10_000;
const ENOUGH_OF_FIRST = 200;
/** With fewer products that hold all words, those that hold some of them count as well. */
const ENOUGH = 24;

/** How much of a word its synonym is worth: a product that has the word itself comes first. */
const SYNONYM = 0.5;
/** Rules about words that one query is widened by. */
const RULES = 20;

/** What a page must share with the one before it, so that ranks do not move between them. */
export interface SearchState {
  /** Some of the words are enough. */
  wide: boolean;
  weights: Record<string, number>;
  /** Id of what staff have pinned to the query. */
  pins: string | null;
}

/** What is searched for. */
export interface Wanted {
  q: string;
  /** Whole words that the last word may be the beginning of. */
  endings: string[];
  now: Date;
  /** The query may be in the first of them as well as in the language of the shop. */
  locales: LocalesSql;
}

/**
 * CTEs `terms` (the words, their weights and what stands for them), `frequent` (whether each of them is, and whether enough of the first products have all), `every` (the query
 * that wants all of them) and `pins` (what staff have pinned to it). A query that forbids words or quotes a phrase means what it says, and nothing else.
 */
export function termsSql(
  { q, endings, now, locales }: Wanted,
  state: SearchState | null,
  statement: Statement,
): string {
  const text = statement.bind(q, 'text');
  const config = configSql(locales);
  // Products that are not translated are found by the words of the shop: each word is cut in both ways.
  const inBoth = (own: string, shop: string) =>
    locales === null ? own : `coalesce(${own} || (${shop}), ${own})`;
  const weights = statement.bind(state ? JSON.stringify(state.weights) : null, 'jsonb');
  const begun =
    endings.length === 0
      ? ''
      : `UNION ALL SELECT ARRAY[w.lexeme], w.q, NULL, (SELECT string_agg(nullif(${inBoth(`plainto_tsquery(${config}, e)`, `plainto_tsquery('catalog.shop', e)`)}::text, ''), ' | ')::tsquery
          FROM unnest(${statement.bind(endings, 'text[]')}) e)
        FROM listed w WHERE w.place = (SELECT max(place) FROM listed)`;
  return `
    asked AS MATERIALIZED (SELECT q, q::text LIKE '%!%' OR ${text} ~ '"[^"]*[^"[:space:]][^"]*"' AS literal
      FROM ${locales === null ? `websearch_to_tsquery('catalog.shop', ${text})` : `CAST(websearch_to_tsquery(${config}, ${text}) || websearch_to_tsquery('catalog.shop', ${text}) AS tsquery)`} q),
    listed AS MATERIALIZED (
      SELECT t.lexeme, ${inBoth(
        quoted('t.lexeme'),
        `SELECT string_agg(${quoted('e.lexeme')}::text, ' | ')::tsquery
          FROM unnest(to_tsvector('catalog.shop', ${text})) e WHERE e.positions && t.positions AND e.lexeme <> t.lexeme`,
      )} AS q,
        row_number() OVER (ORDER BY t.positions[1], t.lexeme) AS place,
        w.documents IS NOT NULL AS counted, coalesce(w.documents > ${FREQUENT}, false) AS often,
        coalesce(w.documents, 1)::float8 / greatest(n.products, 1) AS share,
        coalesce((${weights} ->> t.lexeme)::real, ln(1 + greatest(n.products - coalesce(w.documents, 1) + 0.5, 0.5)::float8
          / (coalesce(w.documents, 1) + 0.5)::float8)::real) AS weight
      FROM unnest(to_tsvector(${config}, ${text})) t LEFT JOIN catalog.search_words w ON w.word = t.lexeme
        CROSS JOIN (SELECT coalesce(max(documents), 1000) AS products FROM catalog.search_words WHERE word = '') n
    ),
    rules AS MATERIALIZED (
      SELECT r.*, row_number() OVER (ORDER BY cardinality(lexemes) DESC, synonym_id, target::text) AS n FROM (
        SELECT lexemes, target, synonym_id, substitute FROM catalog.search_synonym_rules
        WHERE lead = ANY (ARRAY(SELECT lexeme FROM listed)) AND lexemes <@ ARRAY(SELECT lexeme FROM listed)
          AND NOT (SELECT literal FROM asked)
        ${begun}
      ) r ORDER BY n LIMIT ${RULES}
    ),
    terms AS MATERIALIZED (
      SELECT l.*, (SELECT string_agg('(' || r.substitute::text || ')', ' | ')::tsquery FROM rules r
        WHERE l.lexeme = ANY (r.lexemes)) AS synonyms
      FROM listed l
    ),
    frequent AS MATERIALIZED (
      SELECT coalesce(bool_and(often) AND exp(sum(ln(least(share, 1)))) * ${FIRST} >= ${ENOUGH_OF_FIRST}, false) AS every,
        coalesce(bool_and(often), false) AS each,
        coalesce(bool_and(often), false) AND count(*) = 1 AND NOT (SELECT literal FROM asked) AS alone
      FROM terms),
    every AS MATERIALIZED (
      SELECT a.literal, (
        WITH RECURSIVE widened (n, q) AS (
          SELECT 0::bigint, a.q
          UNION ALL SELECT r.n, ts_rewrite(w.q, r.target, r.target || ${mark('r.n')}) FROM widened w JOIN rules r ON r.n = w.n + 1
        ), filled (n, q) AS (
          (SELECT 0::bigint, q FROM widened ORDER BY n DESC LIMIT 1)
          UNION ALL SELECT r.n, coalesce(ts_rewrite(f.q, ${mark('r.n')}, r.substitute), f.q) FROM filled f JOIN rules r ON r.n = f.n + 1
        ) SELECT q FROM filled ORDER BY n DESC LIMIT 1) AS q
      FROM asked a),
    pins AS MATERIALIZED (${pinsSql(state, now, statement)})`;
}

/**
 * SQL of a word that no text has: it stands for what rule `n` puts in until all rules have been applied. Put in at once,
 * the words of one group would be widened again by each other, and double the query with every word of it.
 */
const mark = (n: string): string => `('''' || chr(1) || ${n} || '''')::tsquery`;

/** SQL of a word as a query for exactly it. */
const quoted = (word: string): string =>
  `('''' || replace(replace(${word}, '\\', '\\\\'), '''', '''''') || '''')::tsquery`;

/** On the first page those of the query that hold now; on others those of the first, so that none comes twice. */
function pinsSql(state: SearchState | null, now: Date, statement: Statement): string {
  if (state !== null)
    return `SELECT id, product_ids, hidden_ids, true AS live, NULL::timestamptz AS turn FROM catalog.search_pins
      WHERE id = ${statement.bind(state.pins, 'uuid')}`;
  const at = statement.bind(now, 'timestamptz');
  return `SELECT id, product_ids, hidden_ids, coalesce(starts_at <= ${at}, true) AND coalesce(ends_at > ${at}, true) AS live,
        CASE WHEN starts_at > ${at} THEN starts_at WHEN ends_at > ${at} THEN ends_at END AS turn
      FROM catalog.search_pins WHERE query_key = ${queryKeySql('listed')} AND NOT (SELECT literal FROM asked)`;
}

/** A product `d` that staff have not hidden from the query. */
export const NOT_HIDDEN = 'd.product_id <> ALL (ARRAY(SELECT unnest(hidden_ids) FROM pins WHERE live))';

/**
 * CTE `chosen`: whether few have all of the words, whether some of them are enough then, and the query that selects. `found`
 * counts the strict matches.
 */
function chosenSql(found: string, state: SearchState | null, statement: Statement): string {
  return `
    chosen AS MATERIALIZED (
      SELECT c.few, c.wide, CASE WHEN c.wide THEN (
          -- What a frequent word alone finds is nothing that a rarer one was looked for with.
          SELECT string_agg(coalesce(q || synonyms, q)::text, ' | ')::tsquery FROM terms WHERE NOT often OR (SELECT each FROM frequent))
        ELSE (SELECT q FROM every) END AS q
      FROM (SELECT few, coalesce(${statement.bind(state?.wide ?? null, 'boolean')}, few AND (SELECT count(*) FROM terms) > 1) AS wide
        FROM (SELECT ${found} < ${ENOUGH} AND NOT (SELECT literal FROM every) AS few OFFSET 0) f OFFSET 0) c)`;
}

/** `chosen` for an order that asks no scores. */
export function unrankedSql(
  filters: string,
  state: SearchState | null,
  statement: Statement,
  locales: LocalesSql,
): string {
  const found = `CASE WHEN (SELECT alone FROM frequent) THEN ${ENOUGH} ELSE (SELECT count(*) FROM (
    SELECT FROM ${documentsSql(locales)} WHERE d.words @@ (SELECT q FROM every) AND ${filters} LIMIT ${RANKED}) e) END`;
  return chosenSql(found, state, statement);
}

/** Whether the one word of the query is frequent: an order or a sample then finds it sooner than its index. */
export const ONE_FREQUENT = '(SELECT alone FROM frequent)';
/** `d` has what is searched for, said so that no index of words is used. */
export const HAS_WORDS = 'ts_match_vq(d.words, (SELECT q FROM chosen))';
/** The first products of the shop, as `d`. */
export const firstProducts = (locales: LocalesSql): string =>
  `(SELECT d.* FROM ${documentsSql(locales)} ORDER BY d.position, d.product_id LIMIT ${FIRST}) d`;

/** CTE `pinned`: what comes first, as far as the filters let it through. */
export const pinnedSql = (filters: string): string => `
    pinned AS MATERIALIZED (
      SELECT d.product_id, (${PIN_SCORE} - u.n)::float8 AS score
      FROM pins p CROSS JOIN LATERAL unnest(p.product_ids) WITH ORDINALITY u (id, n)
        JOIN catalog.search_documents d ON d.product_id = u.id
      WHERE p.live AND ${filters})`;
/** Above all scores of words. */
const PIN_SCORE = 1_000_000;

/**
 * CTEs `chosen` and `ranked`: what was found, with its score. Matches in the heading are ranked first; the others
 * only when there is room. Of frequent words `near` and `nearby` look through the first products, and the indexes are asked
 * when that is not enough. A step whose gate is shut costs nothing.
 */
export function rankedSql(
  filters: string,
  filtered: boolean,
  state: SearchState | null,
  statement: Statement,
  locales: LocalesSql,
): string {
  const step = (name: string, gate: string, match: string, from = documentsSql(locales), most = RANKED) => `
    ${name} AS MATERIALIZED (
      SELECT d.product_id, d.words, d.length FROM ${from}
      WHERE ${gate} AND ${match} AND ${filters} AND d.product_id <> ALL (ARRAY(SELECT product_id FROM pinned)) LIMIT ${most})`;
  const count = (name: string) => `(SELECT count(*) FROM ${name})`;
  const [every, some] = ['(SELECT q FROM every)', '(SELECT q FROM chosen)'];
  // Few of the first products pass a filter too.
  const frequent = filtered ? 'FALSE' : '(SELECT every FROM frequent)';
  const near = '(SELECT near FROM enough)';
  const wide = '(SELECT wide FROM chosen)';
  // What has all the words is there already.
  const only = `NOT ts_match_vq(d.words, ${every})`;
  return [
    pinnedSql(filters),
    step('near', frequent, `ts_match_vq(d.heading, ${every})`, firstProducts(locales)),
    step(
      'nearby',
      `${frequent} AND ${count('near')} < ${ENOUGH_OF_FIRST}`,
      `ts_match_vq(d.words, ${every}) AND NOT ts_match_vq(d.heading, ${every})`,
      firstProducts(locales),
    ),
    `enough AS MATERIALIZED (SELECT ${count('near')} + ${count('nearby')} >= ${ENOUGH_OF_FIRST} AS near)`,
    step('best', `NOT ${near}`, `d.heading @@ ${every}`),
    step(
      'good',
      `NOT ${near} AND ${count('best')} < ${RANKED}`,
      `d.words @@ ${every} AND NOT d.heading @@ ${every}`,
    ),
    chosenSql(
      `CASE WHEN ${near} THEN ${ENOUGH_OF_FIRST} ELSE ${count('best')} + ${count('good')} END`,
      state,
      statement,
    ),
    step(
      'broad',
      `${wide} AND (SELECT each FROM frequent)`,
      `ts_match_vq(d.heading, ${some}) AND ${only}`,
      firstProducts(locales),
      ENOUGH_OF_FIRST,
    ),
    step('fair', `${wide} AND ${count('broad')} < ${ENOUGH_OF_FIRST}`, `d.heading @@ ${some} AND ${only}`),
    step(
      'poor',
      `${wide} AND ${count('broad')} + ${count('fair')} < ${ENOUGH_OF_FIRST}`,
      `d.words @@ ${some} AND NOT d.heading @@ ${some} AND ${only}`,
    ),
    WEIGHED,
    `ranked AS (
      SELECT product_id, score FROM pinned
      UNION ALL
      SELECT d.product_id, ${SCORE} FROM weighed w, (
        SELECT * FROM near WHERE ${near} UNION ALL SELECT * FROM nearby WHERE ${near}
        UNION ALL SELECT * FROM best UNION ALL SELECT * FROM good
        UNION ALL SELECT * FROM broad WHERE ${count('broad')} >= ${ENOUGH_OF_FIRST} UNION ALL SELECT * FROM fair UNION ALL SELECT * FROM poor
      ) d)`,
  ].join(',');
}

/** w · tf / (k + tf), with tf = ts_rank / length: the part of one word, or of its synonyms, in the score. */
function partOf(place: number): string {
  const { title, brand, attributes, description } = WEIGHTS;
  const k = `(${SATURATION * (1 - LENGTH_SHARE)}::float8 + ${(SATURATION * LENGTH_SHARE) / USUAL_LENGTH}::float8 * d.length)`;
  const rank = (query: string) =>
    `ts_rank('{${description},${attributes},${brand},${title}}', d.words, ${query})`;
  // The rank of several is their mean; each counts as if it stood alone.
  const synonyms = `CASE WHEN w.s${place} IS NULL THEN 0 ELSE ${SYNONYM} * w.n${place} * ${rank(`w.s${place}`)} END`;
  return `coalesce(w.w${place} * (1 - ${k} / (${k} + ${rank(`w.q${place}`)} + ${synonyms})), 0)`;
}

const PLACES = Array.from({ length: WEIGHED_WORDS }, (_, index) => index + 1);
const SCORE = PLACES.map(partOf).join(' + ');
/** The words side by side in one row: looked up once and not for every step. */
const WEIGHED = `
    weighed AS MATERIALIZED (SELECT ${PLACES.map((place) => {
      const of = (what: string) => `(SELECT ${what} FROM terms WHERE place = ${place})`;
      return `${of('q')} AS q${place}, ${of('weight')} AS w${place}, ${of('synonyms')} AS s${place},
        ${of(`array_length(string_to_array(synonyms::text, ' | '), 1)`)} AS n${place}`;
    }).join(', ')})`;
