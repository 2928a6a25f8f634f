import type { LocalesSql } from '../translation/translation.sql.js';

/**
 * Writes what shoppers of other languages search in, of products ($1): a row for each language that a product is translated
 * into, of its texts there and of what they fall back to. A statement after the one that writes the documents.
 */
export const WRITE_SEARCH_TEXTS = `
  WITH source AS MATERIALIZED (
    SELECT p.id, l.locale, catalog.words_of(l.locale) AS config, p.brand, p.attributes, p.title, p.description, (
        SELECT catalog.merged_texts(w.texts ORDER BY length(w.locale)) FROM catalog.translations w
        WHERE w.subject_id = p.id AND (w.locale = l.locale OR starts_with(l.locale, w.locale || '-'))) AS texts
    FROM catalog.products p JOIN catalog.translations l ON l.subject_id = p.id
    WHERE p.id = ANY ($1::uuid[]) AND p.status = 'published'
  ),
  said AS MATERIALIZED (
    SELECT s.id, s.locale, s.config, coalesce(s.texts->>'title', s.title) AS title,
      left(regexp_replace(coalesce(s.texts->>'description', s.description), '<[^>]*>', ' ', 'g'), 20000) AS description,
      left(concat_ws(' ', s.brand, v.codes), 20000) AS codes,
      left(concat_ws(' ', a.said, v.options, o.options, c.titles), 20000) AS attributes
    FROM source s
    LEFT JOIN LATERAL (
      SELECT string_agg(concat_ws(' ', v.sku, v.barcode), ' ') AS codes,
        string_agg((SELECT string_agg(value, ' ') FROM jsonb_each_text(v.options)), ' ') AS options
      FROM catalog.variants v WHERE v.product_id = s.id AND NOT v.retired) v ON true
    LEFT JOIN LATERAL (
      SELECT string_agg(u.value, ' ') AS options
      FROM jsonb_each(s.texts->'options') o, jsonb_each_text(o.value->'values') u) o ON true
    LEFT JOIN LATERAL (
      SELECT string_agg(value, ' ') AS said FROM jsonb_each_text(s.attributes)
      WHERE value ~ '[[:alpha:]]' AND lower(value) NOT IN ('yes', 'no', 'true', 'false')) a ON true
    LEFT JOIN LATERAL (
      SELECT string_agg(DISTINCT coalesce((
          SELECT catalog.merged_texts(w.texts ORDER BY length(w.locale)) ->> 'title' FROM catalog.translations w
          WHERE w.subject_id = c.id AND (w.locale = s.locale OR starts_with(s.locale, w.locale || '-'))), c.title), ' ') AS titles
      FROM catalog.product_categories pc JOIN catalog.categories own ON own.id = pc.category_id
        JOIN catalog.categories c ON c.id = ANY (own.path)
      WHERE pc.product_id = s.id) c ON true
  ),
  cut AS MATERIALIZED (
    SELECT id, locale, to_tsvector(config, title) AS title, to_tsvector(config, codes) AS codes,
      to_tsvector(config, attributes) AS attributes, to_tsvector(config, description) AS description
    FROM said
  ),
  gone AS (
    DELETE FROM catalog.search_texts t WHERE t.product_id = ANY ($1::uuid[])
      AND NOT EXISTS (SELECT FROM source s WHERE s.id = t.product_id AND s.locale = t.locale)
  ),
  spoken AS (
    INSERT INTO catalog.search_vocabulary (word)
    SELECT n.word FROM (
      SELECT DISTINCT t.lexeme AS word FROM said s,
        unnest(to_tsvector('catalog.plain', concat_ws(' ', s.title, s.attributes, left(s.description, 2000)))) t
      WHERE t.lexeme ~ '^[[:alpha:]]{3,30}$') n
    WHERE NOT EXISTS (SELECT FROM catalog.search_vocabulary v WHERE v.word = n.word)
    ORDER BY n.word
    ON CONFLICT DO NOTHING
  )
  INSERT INTO catalog.search_texts AS t (product_id, locale, heading, words, length)
  SELECT id, locale, setweight(title, 'A') || setweight(codes, 'B'),
    setweight(title, 'A') || setweight(codes, 'B') || setweight(attributes, 'C') || setweight(description, 'D'),
    length(title) + length(description)
  FROM cut
  ON CONFLICT ON CONSTRAINT search_texts_pk DO UPDATE SET heading = excluded.heading, words = excluded.words, length = excluded.length
    WHERE t.words IS DISTINCT FROM excluded.words`;

const SHARED =
  'd.product_id, d.position, d.created_at, d.title_key, d.brand_key, d.categories, d.facets, d.facet_codes';

/**
 * SQL of the documents that words are looked for in, as a row `d`: each product once, in the best of the languages that it is
 * translated into, or else in that of the shop. PostgreSQL takes conditions into both parts, so that their indexes serve.
 */
export const documentsSql = (locales: LocalesSql): string =>
  locales === null
    ? 'catalog.search_documents d'
    : `(
      SELECT ${SHARED}, t.heading, t.words, t.length
      FROM catalog.search_texts t JOIN catalog.search_documents d ON d.product_id = t.product_id
      WHERE t.locale = ANY (${locales}) AND NOT EXISTS (SELECT FROM catalog.search_texts b WHERE b.product_id = t.product_id
        AND array_position(${locales}, b.locale) < array_position(${locales}, t.locale))
      UNION ALL
      SELECT ${SHARED}, d.heading, d.words, d.length FROM catalog.search_documents d
      WHERE NOT EXISTS (SELECT FROM catalog.search_texts b WHERE b.product_id = d.product_id AND b.locale = ANY (${locales}))) d`;

/** SQL of how the words of a query are cut; `null` as in the language of the shop. */
export const configSql = (locales: LocalesSql): string =>
  locales === null ? `'catalog.shop'` : `catalog.words_of((${locales})[1])`;
