import { instantSql } from '../../platform/database/instant.js';
import { productMediaSql } from '../media/media.json.js';
import { type AskingSql, lowestSql, priceSql, tiersSql } from '../price/price.sql.js';
import { attributeDetailsSql } from '../product-type/attribute.sql.js';
import { type LocalesSql, saidSql, titleSql } from '../translation/translation.sql.js';
import { ratingSql } from '../review/rating.sql.js';
import { availabilitySql } from './availability.js';

/**
 * SQL that builds a product page, for a row `p` of catalog.products; the arguments are SQL. PostgreSQL writes the JSON,
 * nothing is parsed or built again here.
 */
export const productJson = (
  asking: AskingSql,
  mediaBase: string,
  locales: LocalesSql = null,
): string => `json_build_object(
    'id', p.id, 'handle', p.handle, 'title', ${saidSql('title', 'p.title', locales)},
    'description', ${saidSql('description', 'p.description', locales)}, 'brand', p.brand,
    'categories', ${categoriesSql(locales)},
    'breadcrumbs', coalesce((
      SELECT ${categoryRefs('own.path', locales)} FROM catalog.product_categories pc JOIN catalog.categories own ON own.id = pc.category_id
      WHERE pc.product_id = p.id ORDER BY pc.position, own.id LIMIT 1), '[]'),
    'options', ${optionsSql(locales)}, 'attributes', p.attributes, 'productType', p.product_type,
    'attributeDetails', ${attributeDetailsSql(locales)}, 'seo', ${seoSql(locales)}, 'media', ${productMediaSql(mediaBase, 'shop')},
    'rating', ${ratingSql('p.id')},
    'variants', coalesce((
      SELECT json_agg(json_build_object(${variantFields(asking, locales)}, 'available', s.available, 'backorder', s.backorder,
        'preorder', ${preorderJson('s.preorder')}, 'promotion', NULL)
        ORDER BY v.position, v.id)
      FROM catalog.variants v CROSS JOIN LATERAL (SELECT ${priceSql(asking)} AS price OFFSET 0) m
        CROSS JOIN LATERAL (${availabilitySql('v.id', asking.now)}) s
      WHERE v.product_id = p.id AND NOT v.retired), '[]'))`;

/** SQL of what a page says of something that is sold ahead until an instant; NULL when it is not. */
export const preorderJson = (until: string): string =>
  `CASE WHEN ${until} IS NOT NULL THEN json_build_object('availableFrom', ${instantSql(until)}) END`;

/** What search engines show of a row `p` of catalog.products. */
export const seoSql = (locales: LocalesSql): string => `json_build_object(
  'title', ${saidSql('seo,title', "p.seo->>'title'", locales)},
  'description', ${saidSql('seo,description', "p.seo->>'description'", locales)})`;

/** The options of a row `p` of catalog.products, names and values in the language. */
export const optionsSql = (locales: LocalesSql): string =>
  locales === null
    ? 'p.options'
    : `coalesce((
      SELECT json_agg(json_build_object('name', ${optionName("o.entry->>'name'")}, 'values', (
          SELECT coalesce(json_agg(${optionValue("o.entry->>'name'", 'u.value')} ORDER BY u.n), '[]')
          FROM json_array_elements_text(o.entry->'values') WITH ORDINALITY u (value, n))) ORDER BY o.n)
      FROM json_array_elements(p.options) WITH ORDINALITY o (entry, n)), '[]')`;

const optionName = (name: string): string =>
  `coalesce(x.texts #>> ARRAY['options', ${name}, 'name'], ${name})`;
const optionValue = (name: string, value: string): string =>
  `coalesce(x.texts #>> ARRAY['options', ${name}, 'values', ${value}], ${value})`;

/** The categories of a row `p` of catalog.products. */
export const categoriesSql = (locales: LocalesSql): string => `coalesce((
      SELECT json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', ${titleSql('c', locales)}) ORDER BY pc.position)
      FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id WHERE pc.product_id = p.id), '[]')`;

/** SQL of the categories of a path, root first; `path` is SQL. */
export const categoryRefs = (path: string, locales: LocalesSql = null): string => `(
  SELECT json_agg(json_build_object('id', a.id, 'handle', a.handle, 'title', ${titleSql('a', locales)}) ORDER BY u.n)
  FROM unnest(${path}) WITH ORDINALITY u (id, n) JOIN catalog.categories a ON a.id = u.id)`;

/** What pages say of a row `v` of catalog.variants with `m.price`, its price in the currency; all but its stock. */
export const variantFields = (asking: AskingSql, locales: LocalesSql = null): string =>
  `'id', v.id, 'sku', v.sku, ${variantTexts(locales)}, 'mediaId', v.media_id,
        'price', ${money('amount', asking.currency)}, 'compareAtPrice', ${money('compareAt', asking.currency)},
        'lowestPrice30Days', CASE WHEN m.price->>'compareAt' IS NOT NULL THEN (
          SELECT json_build_object('amount', o.amount, 'currency', ${asking.currency})
          FROM (SELECT ${lowestSql(asking)} AS amount) o WHERE o.amount IS NOT NULL) END,
        'tiers', ${tiersSql(asking)}, 'kind', v.kind`;

/** A title that is made of the choices is made of them in the language too; another one stays as it is. */
const variantTexts = (locales: LocalesSql): string =>
  locales === null
    ? `'title', v.title, 'options', v.options`
    : `'title', coalesce((
          SELECT CASE WHEN string_agg(v.options->>(o.entry->>'name'), ' / ' ORDER BY o.n) = v.title
            THEN string_agg(${optionValue("(o.entry->>'name')", "(v.options->>(o.entry->>'name'))")}, ' / ' ORDER BY o.n) END
          FROM json_array_elements(p.options) WITH ORDINALITY o (entry, n)), v.title),
        'options', coalesce((
          SELECT json_object_agg(${optionName('o.key')}, ${optionValue('o.key', 'o.value')}) FROM jsonb_each_text(v.options) o), '{}')`;

const money = (field: string, currency: string): string =>
  `CASE WHEN m.price->>'${field}' IS NOT NULL
          THEN json_build_object('amount', m.price->'${field}', 'currency', ${currency}) END`;
