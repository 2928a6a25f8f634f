import { type LocalesSql, textsSql, titleSql } from '../translation/translation.sql.js';

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

/** A row `tt` with the texts of a type `t`. */
const textsOfType = (locales: LocalesSql): string =>
  locales === null ? '' : `CROSS JOIN LATERAL (SELECT ${textsSql('t.id', locales)} AS texts OFFSET 0) tt`;
const labelSql = (own: string, locales: LocalesSql): string =>
  locales === null ? own : `coalesce(tt.texts #>> ARRAY['attributes', a.code, 'label'], ${own})`;
const optionLabelSql = (option: string, locales: LocalesSql): string =>
  locales === null
    ? `${option}->>'label'`
    : `coalesce(tt.texts #>> ARRAY['attributes', a.code, 'options', ${option}->>'value'], ${option}->>'label')`;

/**
 * SQL of how types call attributes: rows (code, label, options) with the code as facets have it; of two types that use the same name the
 * older one. `codes` is SQL of an array.
 */
export const attributeNamesSql = (codes: string, locales: LocalesSql): string => `
  SELECT DISTINCT ON (a.code) 'attributes[' || a.code || ']' AS code, ${labelSql('a.label', locales)} AS label,
    (SELECT jsonb_object_agg(o->>'value', ${optionLabelSql('o', locales)}) FROM jsonb_array_elements(a.options) o) AS options
  FROM catalog.product_type_attributes a JOIN catalog.product_types t ON t.id = a.type_id ${textsOfType(locales)}
  WHERE a.code = ANY (${codes}) ORDER BY a.code, a.type_id`;

/** SQL of a text as an id, NULL when it is none: compared as a text, no index would find it. */
const uuidSql = (text: string): string =>
  `(CASE WHEN ${text} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN ${text}::uuid END)`;

/** SQL of how the attributes of a row `p` of catalog.products are shown, in the order of its type. */
export const attributeDetailsSql = (locales: LocalesSql): string => `coalesce((
      SELECT json_agg(json_build_object('code', a.code, 'label', ${labelSql('a.label', locales)}, 'kind', a.kind, 'unit', a.unit, 'valueLabels', l.labels)
        ORDER BY a.position)
      FROM catalog.product_types t JOIN catalog.product_type_attributes a ON a.type_id = t.id ${textsOfType(locales)} CROSS JOIN LATERAL (
        SELECT json_agg(w.label ORDER BY e.n) AS labels
        FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(p.attributes->a.code) = 'array' THEN p.attributes->a.code
            ELSE jsonb_build_array(p.attributes->a.code) END) WITH ORDINALITY e (value, n)
          CROSS JOIN LATERAL (SELECT CASE a.kind
            WHEN 'enum' THEN (SELECT ${optionLabelSql('o', locales)} FROM jsonb_array_elements(a.options) o WHERE o->>'value' = e.value)
            WHEN 'reference' THEN (SELECT ${titleSql('r', locales)} FROM catalog.products r WHERE r.id = ${uuidSql('e.value')} AND r.status = 'published')
            ELSE e.value END AS label) w
        WHERE w.label IS NOT NULL) l
      WHERE t.code = p.product_type AND p.attributes ? a.code AND l.labels IS NOT NULL), '[]')`;
