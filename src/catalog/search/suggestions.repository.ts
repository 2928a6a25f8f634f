import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { BEGINNING, hasNone, wordsLikeSql } from './search-index.repository.js';

const QUERIES = 6;
const PRODUCTS = 5;
const CATEGORIES = 3;
/**
 * So many products are looked through in the order of the shop before an index is asked: enough for two frequent words. The
 * first matches are compared, wherever they come from.
 */
const NEAR = 2_000;
const COMPARED = 200;
/** Longer addresses of pictures are left out: an answer that is asked for at every key stays small. */
const ADDRESS = 1_000;

/** What has been typed. */
export interface Typed {
  /** The words before the last one. */
  earlier: string;
  last: string;
  /** What `last` is if it was mistyped. */
  slips: string[];
}

@Injectable()
export class SuggestionsRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** JSON text of queries, products and categories. */
  async find({ earlier, last, slips }: Typed): Promise<string> {
    const values = [earlier, last, this.config.mediaBaseUrl, slips];
    const [row] = await this.database.look<{ body: string }>(SUGGEST, values);
    if (!row) throw new Error('a statement without FROM has one row');
    return row.body;
  }
}

const TYPED = '(SELECT word FROM typed)';
const NOTHING_BEGINS = '(SELECT count(*) FROM begun) = 0';

// Frequent words are found among the first products at once; for rare ones the index is quick. So neither is slow.
const SUGGEST = `
  WITH typed AS MATERIALIZED (
    SELECT lower(public.unaccent($2::text)) AS word, lower(public.unaccent($1::text)) AS earlier,
      plainto_tsquery('catalog.shop', $1) AS before),
  begun AS MATERIALIZED (
    SELECT * FROM (${wordsLikeSql(TYPED, 8)}) w WHERE length(${TYPED}) >= ${BEGINNING}),
  alike AS MATERIALIZED (
    SELECT a.word, max(w.documents) AS documents FROM (
      -- A slip in a whole word, then in half a word, then what merely looks alike.
      SELECT v.word, (v.word <> s.word)::int AS place FROM unnest($4::text[]) s (word) CROSS JOIN LATERAL (
        SELECT word FROM catalog.search_vocabulary
        WHERE word ~>=~ s.word AND word ~<~ (s.word || chr(1114111)) ORDER BY word USING ~<~ LIMIT 2) v
      WHERE ${NOTHING_BEGINS}
      UNION ALL (
        SELECT word, 2 FROM catalog.search_vocabulary
        WHERE ${NOTHING_BEGINS} AND length(${TYPED}) > ${BEGINNING} AND word % ${TYPED}
        ORDER BY similarity(word, ${TYPED}) DESC, word LIMIT 3)
    ) a LEFT JOIN catalog.search_words w ON w.word = (ts_lexize('pg_catalog.english_stem', a.word))[1]
    GROUP BY a.word ORDER BY min(a.place), max(w.documents) DESC NULLS LAST, a.word LIMIT 3),
  meant AS MATERIALIZED (
    SELECT word, documents, plainto_tsquery('catalog.shop', word) AS q, row_number() OVER () AS n
    FROM (SELECT * FROM begun UNION ALL SELECT * FROM alike) m),
  wanted AS MATERIALIZED (
    SELECT t.before && coalesce(
      (SELECT string_agg(nullif(q::text, ''), ' | ')::tsquery FROM meant),
      -- Numbers are in no vocabulary.
      CASE WHEN t.word ~ '^[[:alnum:]]{${BEGINNING},}$' THEN (t.word || ':*')::tsquery
        ELSE plainto_tsquery('catalog.shop', t.word) END) AS q
    FROM typed t),
  near AS MATERIALIZED (
    SELECT d.product_id, d.title_key, d.heading, d.position
    FROM (SELECT * FROM catalog.search_documents ORDER BY position, product_id LIMIT ${NEAR}) d
    WHERE ts_match_vq(d.heading, (SELECT q FROM wanted)) LIMIT ${COMPARED}),
  far AS MATERIALIZED (
    SELECT d.product_id, d.title_key, d.heading, d.position FROM catalog.search_documents d
    WHERE (SELECT count(*) FROM near) < ${PRODUCTS} AND d.heading @@ (SELECT q FROM wanted) LIMIT ${COMPARED}),
  found AS MATERIALIZED (SELECT * FROM near UNION SELECT * FROM far)
  SELECT json_build_object(
    'queries', (
      SELECT coalesce(json_agg(concat_ws(' ', nullif(t.earlier, ''), m.word) ORDER BY m.n), '[]')
      FROM typed t, LATERAL (
        SELECT m.word, m.n FROM meant m
        WHERE CASE WHEN t.earlier <> '' THEN EXISTS (SELECT FROM found f WHERE f.heading @@ m.q)
          -- The count leaves out what only one product has, and a word stays when its last product goes.
          WHEN m.documents IS NOT NULL THEN true
          ELSE NOT ${hasNone('m.q')} END
        ORDER BY m.n LIMIT ${QUERIES}) m),
    'products', (
      SELECT coalesce(json_agg(json_build_object('id', p.id, 'handle', p.handle, 'title', p.title, 'brand', p.brand,
        'picture', p.picture) ORDER BY p.n), '[]')
      FROM (
        SELECT p.id, p.handle, p.title, p.brand, row_number() OVER (ORDER BY f.place) AS n, (
          SELECT json_build_object('url', s.url, 'alt', left(s.picture->>'alt', 100)) FROM (
            SELECT i.picture, coalesce(i.picture->'renditions'->0->>'url', i.picture->>'url') AS url FROM (
              SELECT (replace(i.head, chr(1), $3::text) || ']}')::json->'media'->0 AS picture
              FROM catalog.list_items i WHERE i.product_id = p.id AND i.currency = '') i) s
          WHERE length(s.url) <= ${ADDRESS}) AS picture
        FROM (
          SELECT f.product_id, row_number() OVER (
            ORDER BY starts_with(f.title_key, concat_ws(' ', nullif(t.earlier, ''), t.word)) DESC, f.position, f.product_id) AS place
          FROM found f, typed t ORDER BY 2 LIMIT ${PRODUCTS}
        ) f JOIN catalog.products p ON p.id = f.product_id) p),
    'categories', (
      SELECT coalesce(json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', c.title)), '[]')
      FROM (
        SELECT id, handle, title FROM catalog.categories
        WHERE to_tsvector('catalog.shop', title) @@ (SELECT q FROM wanted) ORDER BY length(title), title, id LIMIT ${CATEGORIES}
      ) c)
  )::text AS body`;
