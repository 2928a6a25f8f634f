/** JSON of a product in a list; `x` is a row of `catalog.products`, `currency` an expression. At most ten variants. */
export function listItemSql(x: string, currency: string): string {
  return `json_build_object('id', ${x}.id, 'handle', ${x}.handle, 'title', ${x}.title, 'description', ${x}.description,
    'brand', ${x}.brand, 'categories', (
      SELECT coalesce(json_agg(json_build_object('id', c.id, 'handle', c.handle, 'title', c.title) ORDER BY pc.position, c.handle), '[]')
      FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id WHERE pc.product_id = ${x}.id),
    'options', ${x}.options, 'attributes', ${x}.attributes, 'media', ${x}.media,
    'variantCount', (SELECT count(*) FROM catalog.variants v WHERE v.product_id = ${x}.id),
    'variants', (SELECT coalesce(json_agg(json_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options,
        'price', CASE WHEN v.prices ? ${currency} THEN json_build_object('amount', v.prices -> ${currency} -> 'amount', 'currency', ${currency}) END,
        'compareAtPrice', CASE WHEN v.prices -> ${currency} ->> 'compareAt' IS NOT NULL
          THEN json_build_object('amount', v.prices -> ${currency} -> 'compareAt', 'currency', ${currency}) END,
        'available', s.available, 'backorder', s.backorder) ORDER BY v.position, v.id), '[]')
      FROM (SELECT * FROM catalog.variants v WHERE v.product_id = ${x}.id ORDER BY v.position, v.id LIMIT 10) v
        CROSS JOIN LATERAL (SELECT coalesce(greatest(sum(s.on_hand - s.allocated - s.reserved), 0), 0)::int AS available,
          coalesce(bool_or(s.backorder_limit > 0), false) AS backorder FROM catalog.stock s WHERE s.variant_id = v.id) s))`;
}
