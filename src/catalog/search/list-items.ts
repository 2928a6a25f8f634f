import { productMediaSql } from '../media/media.json.js';
import { availabilitySql } from '../product/availability.js';
import { type AskingSql, priceSql } from '../price/price.sql.js';
import { categoriesSql, optionsSql, preorderJson, variantFields } from '../product/product.json.js';
import { joinTexts, type LocalesSql, saidSql } from '../translation/translation.sql.js';
import { ratingSql } from '../review/rating.sql.js';

/** Variants on a list item; the product page has all of them. */
const LIST_VARIANTS = 10;
/** Characters of the description on a list item. */
export const LIST_DESCRIPTION = 300;

/** What no price list names has one price, whoever asks and whenever. */
const UNLISTED: AskingSql = {
  currency: 'c.currency',
  now: `'infinity'::timestamptz`,
  groups: `'{}'::text[]`,
};

/** JSON text of a row `p` of catalog.products up to its variants, but for its end. */
const headSql = (mediaBase: string, locales: LocalesSql): string => `json_build_object(
        'id', p.id, 'handle', p.handle, 'title', ${saidSql('title', 'p.title', locales)},
        'description', left(regexp_replace(${saidSql('description', 'p.description', locales)}, '<[^>]*>', ' ', 'g'), ${LIST_DESCRIPTION}), 'brand', p.brand,
        'categories', ${categoriesSql(locales)},
        'options', ${optionsSql(locales)}, 'attributes', p.attributes, 'media', ${productMediaSql(mediaBase, 'shop')},
        'variantCount', (SELECT count(*) FROM catalog.variants v WHERE v.product_id = p.id AND NOT v.retired),
        'rating', ${ratingSql('p.id')}
      )::text`;

/** A variant up to its number of pieces, for a row `v` with `m.price`. */
const variantText = (asking: AskingSql, locales: LocalesSql = null): string =>
  `left(json_build_object(${variantFields(asking, locales)})::text, -1) || ',"available":'`;

/**
 * Writes the list items of products ($1): the JSON that lists show, ready but for the stock, which moves with every
 * sale. One row per currency that the product has a price in, and one for all others, with the currency ''. Where a price list
 * names a variant of it, the variants are left out: what they cost is asked when the item is read.
 *
 * Where an address of an uploaded picture begins stands chr(1), which no JSON text holds: what addresses begin with is a
 * setting, and put there when the item is read. It is written as a word that nobody could have guessed, and then replaced.
 */
export const WRITE_LIST_ITEMS = `
  WITH mark AS MATERIALIZED (SELECT gen_random_uuid()::text AS word),
  source AS MATERIALIZED (
    SELECT p.id, replace(left(${headSql('mark.word', null)}, -1), mark.word, chr(1)) || ',"variants":[' AS head
    FROM catalog.products p, mark WHERE p.id = ANY ($1::uuid[]) AND p.status = 'published'
  ),
  currencies AS MATERIALIZED (
    SELECT id, currency, bool_or(listed) AS listed FROM (
      SELECT s.id, '' AS currency, false AS listed FROM source s
      UNION ALL SELECT v.product_id, jsonb_object_keys(v.prices), false
      FROM source s JOIN catalog.variants v ON v.product_id = s.id WHERE NOT v.retired
      UNION ALL SELECT v.product_id, jsonb_object_keys(v.offers), true
      FROM source s JOIN catalog.variants v ON v.product_id = s.id WHERE NOT v.retired
    ) c GROUP BY id, currency
  ),
  gone AS (
    DELETE FROM catalog.list_items i WHERE i.product_id = ANY ($1::uuid[])
      AND NOT EXISTS (SELECT FROM currencies c WHERE c.id = i.product_id AND c.currency = i.currency)
  )
  INSERT INTO catalog.list_items AS i (product_id, currency, head, listed, variant_ids, variants)
  SELECT s.id, c.currency, s.head, c.listed, coalesce(l.ids, '{}'), coalesce(l.texts, '{}')
  FROM source s JOIN currencies c ON c.id = s.id CROSS JOIN LATERAL (
    SELECT array_agg(v.id ORDER BY v.position, v.id) AS ids,
      array_agg(${variantText(UNLISTED)} ORDER BY v.position, v.id) AS texts
    FROM (
      SELECT * FROM catalog.variants v WHERE v.product_id = s.id AND NOT v.retired AND NOT c.listed
      ORDER BY v.position, v.id LIMIT ${LIST_VARIANTS}
    ) v CROSS JOIN LATERAL (SELECT v.prices->c.currency AS price OFFSET 0) m
  ) l
  ON CONFLICT ON CONSTRAINT list_items_pk
    DO UPDATE SET head = excluded.head, listed = excluded.listed, variant_ids = excluded.variant_ids,
      variants = excluded.variants
    WHERE (i.head, i.listed, i.variants) IS DISTINCT FROM (excluded.head, excluded.listed, excluded.variants)`;

/**
 * SQL of the items of a CTE `page` (product_id, n) as JSON in its order, without brackets. The arguments are SQL; `within`
 * puts the text of an item into what stands around it.
 */
export const listItemsSql = (
  asking: AskingSql,
  limit: string,
  mediaBase: string,
  locales: LocalesSql = null,
  within: (item: string) => string = (item) => item,
): string =>
  locales === null
    ? readyItemsSql(asking, limit, mediaBase, within)
    : localItemsSql(asking, limit, mediaBase, locales, within);

/** In other languages than that of the shop items are made when they are read: few ask, and pages are kept. */
const localItemsSql = (
  asking: AskingSql,
  limit: string,
  mediaBase: string,
  locales: string,
  within: (item: string) => string,
): string => `
  SELECT string_agg(${within(`left(${headSql(mediaBase, locales)}::text, -1) || ',"variants":[' || coalesce(l.texts, '') || ']}'`)}, ',' ORDER BY page.n)
  FROM page JOIN catalog.products p ON p.id = page.product_id AND p.status = 'published' ${joinTexts('p.id', locales)}
  CROSS JOIN LATERAL (
    SELECT ${withStock(variantText(asking, locales), 'v.position, v.id')} AS texts
    FROM (
      SELECT * FROM catalog.variants v WHERE v.product_id = page.product_id AND NOT v.retired
      ORDER BY v.position, v.id LIMIT ${LIST_VARIANTS}
    ) v CROSS JOIN LATERAL (SELECT ${priceSql(asking)} AS price OFFSET 0) m
      CROSS JOIN LATERAL (${availabilitySql('v.id', asking.now)}) s
  ) l
  WHERE page.n <= ${limit}`;

const readyItemsSql = (
  asking: AskingSql,
  limit: string,
  mediaBase: string,
  within: (item: string) => string,
): string => `
  SELECT string_agg(${within(`replace(i.head, chr(1), ${mediaBase}) || coalesce(v.texts, l.texts, '') || ']}'`)}, ',' ORDER BY page.n)
  FROM page CROSS JOIN LATERAL (
    SELECT head, listed, variant_ids, variants FROM catalog.list_items
    WHERE product_id = page.product_id AND currency IN (${asking.currency}, '') ORDER BY currency DESC LIMIT 1
  ) i CROSS JOIN LATERAL (
    SELECT ${withStock('u.text', 'u.n')} AS texts
    FROM unnest(i.variant_ids, i.variants) WITH ORDINALITY AS u (id, text, n)
      CROSS JOIN LATERAL (${availabilitySql('u.id', asking.now)}) s
  ) v CROSS JOIN LATERAL (
    SELECT ${withStock(variantText(asking), 'v.position, v.id')} AS texts
    FROM (
      SELECT * FROM catalog.variants v WHERE i.listed AND v.product_id = page.product_id AND NOT v.retired
      ORDER BY v.position, v.id LIMIT ${LIST_VARIANTS}
    ) v CROSS JOIN LATERAL (SELECT ${priceSql(asking)} AS price OFFSET 0) m
      CROSS JOIN LATERAL (${availabilitySql('v.id', asking.now)}) s
  ) l
  WHERE page.n <= ${limit}`;

/** Texts of variants with their stock `s`, in an order. */
const withStock = (text: string, order: string): string => `
  string_agg(${text} || s.available || CASE WHEN s.backorder THEN ',"backorder":true' ELSE ',"backorder":false' END
      || ',"preorder":' || coalesce(${preorderJson('s.preorder')}::text, 'null') || ',"promotion":null}',
      ',' ORDER BY ${order})`;
