/**
 * SQL of what a row `s` with `attributes` and `product_type` can be filtered by: rows (key, value), each value of a list
 * one of its own. Of a type, only the attributes that are facets; the lengths of the columns are bounded.
 */
export const facetValuesSql = (s: string): string => `
  SELECT DISTINCT e.key, x.value
  FROM jsonb_each(${s}.attributes) e CROSS JOIN LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(e.value) = 'array' THEN e.value ELSE jsonb_build_array(e.value) END) x (value)
  WHERE length(x.value) BETWEEN 1 AND 80 AND NOT EXISTS (
    SELECT FROM catalog.product_types t JOIN catalog.product_type_attributes a ON a.type_id = t.id
    WHERE t.code = ${s}.product_type AND a.code = e.key AND NOT a.facet)
  ORDER BY e.key, x.value LIMIT 60`;

/** Writes down the numbers that products ($1) say of themselves; those of drafts are asked by nobody. */
export const WRITE_NUMBERS = `
  WITH numbers AS MATERIALIZED (
    SELECT p.id, e.key AS code, e.value::numeric AS value
    FROM catalog.products p CROSS JOIN LATERAL jsonb_each(p.attributes) e
    WHERE p.id = ANY ($1::uuid[]) AND p.status = 'published' AND jsonb_typeof(e.value) = 'number'
  ),
  gone AS (
    DELETE FROM catalog.search_numbers s WHERE s.product_id = ANY ($1::uuid[])
      AND NOT EXISTS (SELECT FROM numbers n WHERE n.id = s.product_id AND n.code = s.code)
  )
  INSERT INTO catalog.search_numbers AS s (product_id, code, value) SELECT id, code, value FROM numbers
  ON CONFLICT ON CONSTRAINT search_numbers_pk DO UPDATE SET value = excluded.value WHERE s.value <> excluded.value`;

/** SQL of how the attributes of a row `p` of catalog.products are shown, in the order of its type. */
export const ATTRIBUTE_DETAILS = `coalesce((
      SELECT json_agg(json_build_object('code', a.code, 'label', a.label, 'kind', a.kind, 'unit', a.unit, 'valueLabels', l.labels)
        ORDER BY a.position)
      FROM catalog.product_types t JOIN catalog.product_type_attributes a ON a.type_id = t.id CROSS JOIN LATERAL (
        SELECT json_agg(w.label ORDER BY x.n) AS labels
        FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(p.attributes->a.code) = 'array' THEN p.attributes->a.code
            ELSE jsonb_build_array(p.attributes->a.code) END) WITH ORDINALITY x (value, n)
          CROSS JOIN LATERAL (SELECT CASE a.kind
            WHEN 'enum' THEN (SELECT o->>'label' FROM jsonb_array_elements(a.options) o WHERE o->>'value' = x.value)
            WHEN 'reference' THEN (SELECT r.title FROM catalog.products r WHERE r.id::text = x.value AND r.status = 'published')
            ELSE x.value END AS label) w
        WHERE w.label IS NOT NULL) l
      WHERE t.code = p.product_type AND p.attributes ? a.code AND l.labels IS NOT NULL), '[]')`;
