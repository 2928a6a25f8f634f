import { inStockSql } from '../search/search-conditions.js';

/**
 * Products that are compared: what selects them is so rare that an index finds about so many. Nobody has counted it in a
 * store that was filled a moment ago; then a few more are taken, whichever come first.
 */
const CANDIDATES = 1_000;
/** Of what a product could share, so much has to be shared at least. */
const ENOUGH = 0.1;

/**
 * CTEs that end in `alike` (product_id, score, shared): published products that share what tells the product `subject`
 * (product_id) apart. `inStock` is SQL of a boolean, `now` of an instant.
 *
 * `keys` are its brand, its categories, its attributes and the words of its title, each with its weight: the rarer, the
 * heavier, ln(1 + products / products that have it). The rarest of them, as long as they have no more than `CANDIDATES`
 * products together, select what it is compared with, so the look costs the same with a million products. When even the
 * rarest is too frequent, products have to share its three rarest facets.
 */
export const similarSql = (inStock: string, now: string): string => `
  document AS MATERIALIZED (
    SELECT d.product_id, d.facets, ts_filter(d.heading, '{a}') AS title,
      ARRAY(SELECT pc.category_id::text FROM catalog.product_categories pc WHERE pc.product_id = d.product_id) AS categories
    FROM subject s JOIN catalog.search_documents d ON d.product_id = s.product_id
  ),
  keys AS MATERIALIZED (
    SELECT k.id, k.word, k.reason, k.documents, ln(1 + n.products::float8 / k.documents) AS weight
    FROM (
      SELECT f.id, NULL::text AS word, coalesce(c.documents, 1) AS documents,
        -- A category above its own weighs little, and is nothing to name.
        CASE WHEN f.code <> 'category' OR f.value = ANY (d.categories) THEN f.code END AS reason
      FROM document d CROSS JOIN unnest(d.facets) AS u (id) JOIN catalog.search_facets f ON f.id = u.id
        LEFT JOIN catalog.facet_counts c ON c.facet_id = f.id
      WHERE f.code NOT LIKE 'price %'
      UNION ALL
      SELECT NULL, t.word, coalesce(w.documents, 1), 'title'
      FROM document d CROSS JOIN unnest(tsvector_to_array(d.title)) AS t (word) LEFT JOIN catalog.search_words w ON w.word = t.word
    ) k CROSS JOIN (SELECT coalesce(max(documents), 1000) AS products FROM catalog.search_words WHERE word = '') n
  ),
  rare AS MATERIALIZED (
    SELECT id, word FROM (
      SELECT id, word, sum(documents) OVER (ORDER BY documents, id, word ROWS UNBOUNDED PRECEDING) AS products FROM keys
    ) r WHERE products <= ${CANDIDATES}
  ),
  together AS MATERIALIZED (
    SELECT array_agg(id) AS ids FROM (SELECT id FROM keys WHERE id IS NOT NULL ORDER BY documents, id LIMIT 3) k
    WHERE NOT EXISTS (SELECT FROM rare)
  ),
  found AS MATERIALIZED (
    (SELECT d.product_id FROM catalog.search_documents d
    WHERE d.facets && ARRAY(SELECT id FROM rare WHERE id IS NOT NULL) LIMIT ${2 * CANDIDATES})
    UNION
    (SELECT d.product_id FROM catalog.search_documents d
    WHERE d.heading @@ (SELECT string_agg('''' || replace(replace(word, '\\', '\\\\'), '''', '''''') || ''':A', ' | ')::tsquery
      FROM rare WHERE word IS NOT NULL) LIMIT ${2 * CANDIDATES})
    UNION
    (SELECT d.product_id FROM catalog.search_documents d WHERE d.facets @> (SELECT ids FROM together) LIMIT ${CANDIDATES})
  ),
  candidates AS MATERIALIZED (
    SELECT d.product_id, d.facets, d.heading
    FROM found f JOIN catalog.search_documents d ON d.product_id = f.product_id
    WHERE d.product_id NOT IN (SELECT product_id FROM subject) AND (NOT ${inStock} OR ${inStockSql(now)})
  ),
  alike AS MATERIALIZED (
    SELECT product_id, sum(weight) AS score, array_agg(DISTINCT reason) FILTER (WHERE reason IS NOT NULL) AS shared
    FROM (
      SELECT c.product_id, k.weight, k.reason
      FROM (SELECT product_id, unnest(facets) AS id FROM candidates) c JOIN keys k ON k.id = c.id
      UNION ALL
      SELECT c.product_id, k.weight, k.reason
      FROM (SELECT product_id, unnest(tsvector_to_array(ts_filter(heading, '{a}'))) AS word FROM candidates) c
        JOIN keys k ON k.word = c.word
    ) s GROUP BY product_id
    HAVING count(reason) > 0 AND sum(weight) >= ${ENOUGH} * (SELECT sum(weight) FROM keys)
    ORDER BY score DESC, product_id LIMIT 50
  )`;
