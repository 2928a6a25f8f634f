/** Variants on a list item; the product page has all of them. */
const LIST_VARIANTS = 10;

/**
 * SQL that builds a product as the API shows it, for a row `p` of catalog.products and a parameter that holds the
 * currency (`$1`). One round trip for a page: PostgreSQL writes the JSON, nothing is parsed or built again here.
 */
export function productJson(currency: string, view: 'list' | 'detail'): string {
  const limit = view === 'list' ? `LIMIT ${LIST_VARIANTS}` : '';
  return `json_build_object(
    'id', p.id, 'handle', p.handle, 'title', p.title, 'description', p.description, 'brand', p.brand,
    'categories', coalesce((
      SELECT json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', c.title) ORDER BY pc.position)
      FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id WHERE pc.product_id = p.id), '[]'),
    'options', p.options, 'attributes', p.attributes, 'media', p.media,
    ${view === 'list' ? `'variantCount', (SELECT count(*) FROM catalog.variants v WHERE v.product_id = p.id),` : ''}
    'variants', coalesce((SELECT json_agg(${variantJson(currency)} ORDER BY v.position, v.id) FROM (
      SELECT * FROM catalog.variants v WHERE v.product_id = p.id ORDER BY v.position, v.id ${limit}
    ) v CROSS JOIN LATERAL (${AVAILABILITY}) s), '[]'))`;
}

const AVAILABILITY = `
  SELECT coalesce(sum(greatest(on_hand - allocated - reserved, 0)), 0) AS available,
    coalesce(bool_or(backorder_limit > 0 AND on_hand + backorder_limit > allocated + reserved), false) AS backorder
  FROM catalog.stock WHERE variant_id = v.id`;

function variantJson(currency: string): string {
  const money = (field: string) =>
    `CASE WHEN v.prices->${currency}->>'${field}' IS NOT NULL
       THEN json_build_object('amount', v.prices->${currency}->'${field}', 'currency', ${currency}) END`;
  return `json_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options, 'price', ${money('amount')},
    'compareAtPrice', ${money('compareAt')}, 'available', s.available, 'backorder', s.backorder)`;
}
