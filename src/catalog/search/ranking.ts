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

/** At most this many matches are ranked. Those in title, brand or SKU go first: they are the ones that can win. */
const RANKED = 2_000;
/** With fewer products that hold all words, those that hold some of them count as well. */
const ENOUGH = 24;

/** What a page must share with the one before it, so that ranks do not move between them. */
export interface SearchState {
  /** Some of the words are enough. */
  wide: boolean;
  weights: Record<string, number>;
}

/** CTEs `terms` (the words and their weights) and `every` (the query that wants all of them). */
export function termsSql(q: string, state: SearchState | null, statement: Statement): string {
  const text = statement.bind(q, 'text');
  const weights = statement.bind(state ? JSON.stringify(state.weights) : null, 'jsonb');
  return `
    terms AS MATERIALIZED (
      SELECT t.lexeme, ('''' || replace(replace(t.lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS q,
        row_number() OVER (ORDER BY t.positions[1], t.lexeme) AS place,
        coalesce((${weights} ->> t.lexeme)::real, ln(1 + greatest(n.products - coalesce(w.documents, 1) + 0.5, 0.5)::float8
          / (coalesce(w.documents, 1) + 0.5)::float8)::real) AS weight
      FROM unnest(to_tsvector('catalog.shop', ${text})) t LEFT JOIN catalog.search_words w ON w.word = t.lexeme
        CROSS JOIN (SELECT coalesce(max(documents), 1000) AS products FROM catalog.search_words WHERE word = '') n
    ),
    every AS MATERIALIZED (SELECT q, q::text LIKE '%!%' OR ${text} ~ '"[^"]*[^"[:space:]][^"]*"' AS literal
      FROM websearch_to_tsquery('catalog.shop', ${text}) q)`;
}

/** CTE `chosen`: whether some of the words are enough, and the query that selects. `found` counts the strict matches. */
function chosenSql(found: string, state: SearchState | null, statement: Statement): string {
  // A query that forbids words or quotes a phrase means what it says.
  return `
    chosen AS MATERIALIZED (
      SELECT c.wide, CASE WHEN c.wide THEN (SELECT string_agg(q::text, ' | ')::tsquery FROM terms) ELSE (SELECT q FROM every) END AS q
      FROM (SELECT coalesce(${statement.bind(state?.wide ?? null, 'boolean')},
        ${found} < ${ENOUGH} AND NOT (SELECT literal FROM every)) AS wide OFFSET 0) c)`;
}

/** `chosen` for an order that asks no scores. */
export function unrankedSql(filters: string, state: SearchState | null, statement: Statement): string {
  const found = `(SELECT count(*) FROM (SELECT FROM catalog.search_documents d
    WHERE d.words @@ (SELECT q FROM every) AND ${filters} LIMIT ${ENOUGH}) e)`;
  return chosenSql(found, state, statement);
}

/**
 * CTEs `chosen` and `ranked`: what was found, with its score. Matches in the heading are ranked first; the others
 * only when there is room. A step whose gate is shut costs nothing.
 */
export function rankedSql(filters: string, state: SearchState | null, statement: Statement): string {
  const step = (name: string, gate: string, match: string) => `
    ${name} AS MATERIALIZED (
      SELECT d.product_id, ${SCORE} AS score FROM catalog.search_documents d, weighed w
      WHERE ${gate} AND ${match} AND ${filters} LIMIT ${RANKED})`;
  const wide = statement.bind(state?.wide ?? false, 'boolean');
  const room = (name: string) => `(SELECT count(*) FROM ${name}) < ${RANKED}`;
  const heading = (query: string) => `d.heading @@ (SELECT q FROM ${query})`;
  const elsewhere = (query: string) => `d.words @@ (SELECT q FROM ${query}) AND NOT ${heading(query)}`;
  return [
    WEIGHED,
    step('best', `NOT ${wide}`, heading('every')),
    step('good', `NOT ${wide} AND ${room('best')}`, elsewhere('every')),
    chosenSql('(SELECT count(*) FROM best) + (SELECT count(*) FROM good)', state, statement),
    step('fair', '(SELECT wide FROM chosen)', heading('chosen')),
    step('poor', `(SELECT wide FROM chosen) AND ${room('fair')}`, elsewhere('chosen')),
    `ranked AS (
      SELECT * FROM best WHERE NOT (SELECT wide FROM chosen) UNION ALL SELECT * FROM good WHERE NOT (SELECT wide FROM chosen)
      UNION ALL SELECT * FROM fair UNION ALL SELECT * FROM poor)`,
  ].join(',');
}

/** w · tf / (k + tf), with tf = ts_rank / length: the part of one word in the score. */
function partOf(place: number): string {
  const { title, brand, attributes, description } = WEIGHTS;
  const k = `(${SATURATION * (1 - LENGTH_SHARE)}::float8 + ${(SATURATION * LENGTH_SHARE) / USUAL_LENGTH}::float8 * d.length)`;
  const tf = `ts_rank('{${description},${attributes},${brand},${title}}', d.words, w.q${place})`;
  return `coalesce(w.w${place} * (1 - ${k} / (${k} + ${tf})), 0)`;
}

const PLACES = Array.from({ length: WEIGHED_WORDS }, (_, index) => index + 1);
const SCORE = PLACES.map(partOf).join(' + ');
/** The words side by side in one row: looked up once and not for every step. */
const WEIGHED = `
    weighed AS MATERIALIZED (SELECT ${PLACES.map(
      (place) =>
        `(SELECT q FROM terms WHERE place = ${place}) AS q${place}, (SELECT weight FROM terms WHERE place = ${place}) AS w${place}`,
    ).join(', ')})`;
