import { instantSql } from '../../platform/database/instant.js';
import { productMediaSql } from '../media/media.json.js';
import { type AskingSql, lowestSql, priceSql, tiersSql } from '../price/price.sql.js';
import { ATTRIBUTE_DETAILS } from '../product-type/attribute.sql.js';
import { ratingSql } from '../review/rating.sql.js';
import { availabilitySql } from './availability.js';

/**
 * SQL that builds a product page, for a row `p` of catalog.products; the arguments are SQL. PostgreSQL writes the JSON,
 * nothing is parsed or built again here.
 */
export const productJson = (asking: AskingSql, mediaBase: string): string => `json_build_object(
    'id', p.id, 'handle', p.handle, 'title', p.title, 'description', p.description, 'brand', p.brand,
    'categories', ${CATEGORIES},
    'breadcrumbs', coalesce((
      SELECT ${categoryRefs('own.path')} FROM catalog.product_categories pc JOIN catalog.categories own ON own.id = pc.category_id
      WHERE pc.product_id = p.id ORDER BY pc.position, own.id LIMIT 1), '[]'),
    'options', p.options, 'attributes', p.attributes, 'productType', p.product_type,
    'attributeDetails', ${ATTRIBUTE_DETAILS}, 'seo', ${SEO}, 'media', ${productMediaSql(mediaBase, 'shop')},
    'rating', ${ratingSql('p.id')},
    'variants', coalesce((
      SELECT json_agg(json_build_object(${variantFields(asking)}, 'available', s.available, 'backorder', s.backorder,
        'preorder', ${preorderJson('s.preorder')})
        ORDER BY v.position, v.id)
      FROM catalog.variants v CROSS JOIN LATERAL (SELECT ${priceSql(asking)} AS price OFFSET 0) m
        CROSS JOIN LATERAL (${availabilitySql('v.id', asking.now)}) s
      WHERE v.product_id = p.id AND NOT v.retired), '[]'))`;

/** SQL of what a page says of something that is sold ahead until an instant; NULL when it is not. */
export const preorderJson = (until: string): string =>
  `CASE WHEN ${until} IS NOT NULL THEN json_build_object('availableFrom', ${instantSql(until)}) END`;
/** What search engines show of a row `p` of catalog.products. */
export const SEO = `json_build_object('title', p.seo->'title', 'description', p.seo->'description')`;

/** The categories of a row `p` of catalog.products. */
export const CATEGORIES = `coalesce((
      SELECT json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', c.title) ORDER BY pc.position)
      FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id WHERE pc.product_id = p.id), '[]')`;

/** SQL of the categories of a path, root first; `path` is SQL. */
export const categoryRefs = (path: string): string => `(
  SELECT json_agg(json_build_object('id', a.id, 'handle', a.handle, 'title', a.title) ORDER BY u.n)
  FROM unnest(${path}) WITH ORDINALITY u (id, n) JOIN catalog.categories a ON a.id = u.id)`;

/** What pages say of a row `v` of catalog.variants with `m.price`, its price in the currency; all but its stock. */
export const variantFields = (asking: AskingSql): string =>
  `'id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options, 'mediaId', v.media_id,
        'price', ${money('amount', asking.currency)}, 'compareAtPrice', ${money('compareAt', asking.currency)},
        'lowestPrice30Days', CASE WHEN m.price->>'compareAt' IS NOT NULL THEN (
          SELECT json_build_object('amount', o.amount, 'currency', ${asking.currency})
          FROM (SELECT ${lowestSql(asking)} AS amount) o WHERE o.amount IS NOT NULL) END,
        'tiers', ${tiersSql(asking)}`;

const money = (field: string, currency: string): string =>
  `CASE WHEN m.price->>'${field}' IS NOT NULL
          THEN json_build_object('amount', m.price->'${field}', 'currency', ${currency}) END`;
