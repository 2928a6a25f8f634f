import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { facetValuesSql, WRITE_NUMBERS } from '../product-type/attribute.sql.js';
import { PRICE_STEPS } from './facets.js';
import { WRITE_LIST_ITEMS } from './list-items.js';
import { WRITE_SEARCH_TEXTS } from './search-texts.sql.js';

/**
 * SQL of the most frequent words of the vocabulary that begin with `beginning` (SQL of folded text), with the number of
 * products that have them; NULL: one at most. The bound on what is compared matters for beginnings of two letters alone.
 */
export const wordsLikeSql = (beginning: string, limit: number): string => `
  SELECT v.word, w.documents FROM (
    SELECT word FROM catalog.search_vocabulary
    WHERE word ~>=~ ${beginning} AND word ~<~ (${beginning} || chr(1114111)) ORDER BY word USING ~<~ LIMIT 2000
  ) v LEFT JOIN catalog.search_words w ON w.word = (ts_lexize('pg_catalog.english_stem', v.word))[1]
  ORDER BY v.word = ${beginning} DESC, w.documents DESC NULLS LAST, length(v.word), v.word LIMIT ${limit}`;

/**
 * SQL: no product has these words. It counts, because for the first of a few PostgreSQL would go through the whole shop: ask
 * it of words only that `search_words` does not know, which are rare.
 */
export const hasNone = (query: string, documents = 'catalog.search_documents d'): string =>
  `((SELECT count(*) FROM ${documents} WHERE d.words @@ ${query}) = 0)`;

/** Letters from which on a word is completed. */
export const BEGINNING = 2;

/** Words are counted in a sample of about this many products: enough to tell rare from frequent. */
const SAMPLE = 50_000;

@Injectable()
export class SearchIndexRepository {
  constructor(private readonly database: Database) {}

  async write(productIds: string[]): Promise<void> {
    // Two that change variants of one product: the second waits here, and then reads what the first has written.
    await this.database.execute(LOCK_PRODUCTS, [productIds]);
    await this.database.execute(NAME_FACETS, [productIds]);
    await this.database.execute(WRITE, [productIds]);
    await this.database.execute(WRITE_SEARCH_TEXTS, [productIds]);
    await this.database.execute(WRITE_NUMBERS, [productIds]);
    await this.database.execute(WRITE_LIST_ITEMS, [productIds]);
  }

  async productsBelow(categoryId: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT DISTINCT pc.product_id AS id FROM catalog.categories c JOIN catalog.product_categories pc ON pc.category_id = c.id
       WHERE c.path @> ARRAY[$1]::uuid[] ORDER BY 1`,
      [categoryId],
    );
    return rows.map(({ id }) => id);
  }

  /** How many products have a word, by stem; the empty word stands for all products. */
  async countWords(): Promise<void> {
    const [size] = await this.database.query<{ products: number }>(
      'SELECT count(*)::int AS products FROM catalog.search_documents',
    );
    const products = size?.products ?? 0;
    const share = Math.min(1, SAMPLE / Math.max(products, 1));
    await this.database.transaction(async () => {
      // Two processes may count at once; the second waits and counts again, which harms nobody.
      await this.database.execute('LOCK TABLE catalog.search_words IN SHARE ROW EXCLUSIVE MODE');
      await this.database.execute('DELETE FROM catalog.search_words');
      await this.database.execute(COUNT, [
        `SELECT words FROM catalog.search_documents TABLESAMPLE SYSTEM (${Math.max(share * 100, 0.01)})`,
        share,
        products,
      ]);
    });
  }

  /** Whether any product, or a synonym, has each of these words. */
  async knownOf(words: string[], locales: readonly string[]): Promise<{ word: string; known: boolean }[]> {
    return this.database.query(KNOWN, [words, locales]);
  }

  /** The word of the vocabulary that shares most trigrams with this one; null when none shares enough. */
  async mostAlike(word: string): Promise<string | null> {
    const [best] = await this.database.query<{ word: string }>(MOST_ALIKE, [word]);
    return best?.word ?? null;
  }

  /** The most frequent words that begin like this, if it has a few letters. */
  async endingsOf(beginning: string): Promise<string[]> {
    if (beginning.length < BEGINNING) return [];
    const rows = await this.database.query<{ word: string }>(ENDINGS, [beginning]);
    return rows.map(({ word }) => word);
  }

  async wordsOf(text: string): Promise<string[]> {
    const rows = await this.database.query<{ word: string }>(
      `SELECT lexeme AS word FROM unnest(to_tsvector('catalog.plain', $1)) ORDER BY positions[1], lexeme`,
      [text],
    );
    return rows.map(({ word }) => word);
  }

  /** Words of about this length that begin with its first letter or, should that be the slip, its second. */
  async wordsOfShape(word: string): Promise<string[]> {
    const rows = await this.database.query<{ word: string }>(SHAPE, [[...word.slice(0, 2)], word.length]);
    return rows.map((row) => row.word);
  }

  /** The most frequent of these words that the vocabulary knows. */
  async mostFrequent(candidates: string[]): Promise<string | null> {
    const [best] = await this.database.query<{ word: string }>(MOST_FREQUENT, [candidates]);
    return best?.word ?? null;
  }
}

const LOCK_PRODUCTS =
  'SELECT id FROM catalog.products WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE';

const SOURCE = `
  source AS MATERIALIZED (
    SELECT p.id, p.position, p.created_at, p.title, nullif(trim(p.brand), '') AS brand, p.attributes, p.product_type,
      left(regexp_replace(p.description, '<[^>]*>', ' ', 'g'), 20000) AS description
    FROM catalog.products p WHERE p.id = ANY ($1::uuid[]) AND p.status = 'published'
  ),
  above AS MATERIALIZED (
    SELECT DISTINCT pc.product_id, c.id, c.title
    FROM catalog.product_categories pc JOIN catalog.categories own ON own.id = pc.category_id
      JOIN catalog.categories c ON c.id = ANY (own.path)
    WHERE pc.product_id = ANY ($1::uuid[])
  ),
  lowest AS MATERIALIZED (
    SELECT v.product_id, price.key AS currency, min((price.value ->> 'amount')::bigint) AS lowest
    FROM source s JOIN catalog.variants v ON v.product_id = s.id, jsonb_each(v.prices) price
    WHERE NOT v.retired
    GROUP BY v.product_id, price.key
  ),
  facets AS MATERIALIZED (
    SELECT id AS product_id, 'brand' AS code, lower(brand) AS value, brand AS label FROM source WHERE brand IS NOT NULL
    UNION ALL SELECT a.product_id, 'category', a.id::text, '' FROM above a JOIN source s ON s.id = a.product_id
    UNION ALL SELECT product_id, 'price ' || currency, width_bucket(lowest, '{${PRICE_STEPS.join(',')}}'::bigint[])::text, '' FROM lowest
    UNION ALL SELECT s.id, 'attributes[' || a.key || ']', a.value, a.value
    FROM source s CROSS JOIN LATERAL (${facetValuesSql('s')}) a
  )`;

/** Facet values that nobody had before. A statement of its own: the next one must see them. */
const NAME_FACETS = `
  WITH ${SOURCE}
  INSERT INTO catalog.search_facets (code, value, label)
  SELECT DISTINCT ON (code, value) code, value, label FROM facets n
  WHERE NOT EXISTS (SELECT FROM catalog.search_facets f WHERE f.code = n.code AND f.value = n.value)
  ORDER BY code, value
  ON CONFLICT DO NOTHING`;

/** Documents, prices and vocabulary in one statement; rows that stay as they are are not written. */
const WRITE = `
  WITH ${SOURCE},
  gone AS (
    DELETE FROM catalog.search_documents
    WHERE product_id = ANY ($1::uuid[]) AND product_id NOT IN (SELECT id FROM source)
  ),
  texts AS (
    SELECT s.id, to_tsvector('catalog.shop', s.title) AS title,
      to_tsvector('catalog.shop', left(concat_ws(' ', s.brand, v.codes), 20000)) AS codes,
      to_tsvector('catalog.shop', left(concat_ws(' ', a.said, v.options, c.titles), 20000)) AS attributes,
      to_tsvector('catalog.shop', s.description) AS description,
      concat_ws(' ', s.title, s.brand, left(concat_ws(' ', a.said, v.options, c.titles), 20000),
        left(s.description, 2000)) AS spoken,
      coalesce(c.ids, '{}') AS categories
    FROM source s
    LEFT JOIN LATERAL (
      SELECT string_agg(concat_ws(' ', v.sku, v.barcode), ' ') AS codes,
        string_agg((SELECT string_agg(value, ' ') FROM jsonb_each_text(v.options)), ' ') AS options
      FROM catalog.variants v WHERE v.product_id = s.id AND NOT v.retired) v ON true
    LEFT JOIN LATERAL (
      -- Numbers alone, yes and no find nothing: a search for them means a title.
      SELECT string_agg(value, ' ') AS said FROM jsonb_each_text(s.attributes)
      WHERE value ~ '[[:alpha:]]' AND lower(value) NOT IN ('yes', 'no', 'true', 'false')) a ON true
    LEFT JOIN LATERAL (
      SELECT array_agg(id ORDER BY id) AS ids, string_agg(title, ' ') AS titles FROM above WHERE product_id = s.id) c ON true
  ),
  numbers AS (
    SELECT n.product_id, array_agg(f.id ORDER BY f.id) AS facets, array_agg(catalog.facet_code(f.code) ORDER BY f.id) AS codes
    FROM facets n JOIN catalog.search_facets f ON f.code = n.code AND f.value = n.value GROUP BY n.product_id
  ),
  documents AS (
    INSERT INTO catalog.search_documents AS d (product_id, position, created_at, title_key, brand_key, brand, categories,
      facets, facet_codes, heading, words, length)
    SELECT s.id, s.position, s.created_at, left(lower(public.unaccent(s.title)), 200), lower(s.brand), s.brand,
      t.categories, coalesce(n.facets, '{}'), coalesce(n.codes, '{}'), setweight(t.title, 'A') || setweight(t.codes, 'B'),
      setweight(t.title, 'A') || setweight(t.codes, 'B') || setweight(t.attributes, 'C') || setweight(t.description, 'D'),
      length(t.title) + length(t.description)
    FROM source s JOIN texts t ON t.id = s.id LEFT JOIN numbers n ON n.product_id = s.id
    ON CONFLICT (product_id) DO UPDATE SET title_key = excluded.title_key, brand_key = excluded.brand_key,
      brand = excluded.brand, categories = excluded.categories, facets = excluded.facets, facet_codes = excluded.facet_codes,
      heading = excluded.heading, words = excluded.words, length = excluded.length
    WHERE (d.title_key, d.brand, d.categories, d.facets, d.words) IS DISTINCT FROM
      (excluded.title_key, excluded.brand, excluded.categories, excluded.facets, excluded.words)
  ),
  left_places AS (
    DELETE FROM catalog.search_places p WHERE p.product_id = ANY ($1::uuid[])
      AND NOT EXISTS (SELECT FROM above a JOIN source s ON s.id = a.product_id WHERE a.product_id = p.product_id AND a.id = p.category_id)
  ),
  placed AS (
    INSERT INTO catalog.search_places (category_id, position, product_id)
    SELECT a.id, s.position, s.id FROM above a JOIN source s ON s.id = a.product_id
    ON CONFLICT DO NOTHING
  ),
  unpriced AS (
    DELETE FROM catalog.search_prices p WHERE p.product_id = ANY ($1::uuid[])
      AND NOT EXISTS (SELECT FROM lowest l WHERE l.product_id = p.product_id AND l.currency = p.currency)
  ),
  priced AS (
    INSERT INTO catalog.search_prices AS p (product_id, currency, lowest)
    SELECT product_id, currency, lowest FROM lowest
    ON CONFLICT (product_id, currency) DO UPDATE SET lowest = excluded.lowest WHERE p.lowest <> excluded.lowest
  )
  INSERT INTO catalog.search_vocabulary (word)
  SELECT n.word FROM (
    SELECT DISTINCT t.lexeme AS word FROM texts s, unnest(to_tsvector('catalog.plain', s.spoken)) t
    WHERE t.lexeme ~ '^[[:alpha:]]{3,30}$') n
  WHERE NOT EXISTS (SELECT FROM catalog.search_vocabulary v WHERE v.word = n.word)
  ORDER BY n.word
  ON CONFLICT DO NOTHING`;

const COUNT = `
  INSERT INTO catalog.search_words (word, documents)
  SELECT word, greatest(1, round(ndoc / $2::float8))::int FROM ts_stat($1) WHERE ndoc > 1
  UNION ALL SELECT '', $3::int`;

const MOST_ALIKE = `
  SELECT word FROM catalog.search_vocabulary WHERE word % $1::text ORDER BY similarity(word, $1::text) DESC, word LIMIT 1`;

const KNOWN = `
  SELECT w.word, CASE
      WHEN w.lexemes <@ ARRAY(SELECT s.word FROM catalog.search_words s WHERE s.word = ANY (w.lexemes)) THEN true
      WHEN EXISTS (SELECT FROM catalog.search_synonym_rules r WHERE r.lead = ANY (w.lexemes)) THEN true
      WHEN EXISTS (SELECT FROM unnest($2::text[]) l (locale) JOIN catalog.search_texts t ON t.locale = l.locale
        WHERE t.words @@ plainto_tsquery(catalog.words_of(l.locale), w.word)) THEN true
      ELSE NOT ${hasNone("plainto_tsquery('catalog.shop', w.word)")} END AS known
  FROM (
    SELECT word, place, tsvector_to_array(to_tsvector('catalog.shop', word)) AS lexemes
    FROM unnest($1::text[]) WITH ORDINALITY u (word, place)) w
  ORDER BY w.place`;

// The limit is beyond any vocabulary of a shop; it only bounds what is compared.
const SHAPE = `
  SELECT word FROM catalog.search_vocabulary
  WHERE left(word, 1) = ANY ($1::text[]) AND length(word) BETWEEN $2::int - 2 AND $2::int + 2 LIMIT 20000`;

const ENDINGS = `SELECT word FROM (${wordsLikeSql('$1::text', 8)}) w`;

const MOST_FREQUENT = `
  SELECT v.word FROM catalog.search_vocabulary v
    LEFT JOIN catalog.search_words w ON w.word = (ts_lexize('pg_catalog.english_stem', v.word))[1]
  WHERE v.word = ANY ($1::text[])
  ORDER BY w.documents DESC NULLS LAST, v.word LIMIT 1`;
