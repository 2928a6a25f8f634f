/** What pages say is left of a variant that nobody counts, and the end of the scale for the others. */
export const PLENTY = 2_147_483_647;

/**
 * SQL of what lies at the locations for a variant and could be sold at `now`: `available` pieces, whether it may be oversold
 * (`backorder`), until when it is sold ahead (`preorder`, NULL when it is not), and how many that makes in all (`most`). Both arguments are SQL. A hold counts as
 * free from its expiry on, whether or not anybody has freed it yet. What many locations have together may be more than an integer holds; nobody buys that many, so it ends there.
 */
export const ownStockSql = (variantId: string, now: string): string => `
  SELECT least(coalesce(sum(greatest(free, 0)), 0), ${PLENTY})::int AS available,
    coalesce(bool_or(backorder_limit > 0 AND free + backorder_limit > 0), false) AS backorder,
    max(preorder_until) FILTER (WHERE preorder_until > ${now} AND free + backorder_limit + preorder_limit > 0) AS preorder,
    least(coalesce(sum(greatest(free + backorder_limit + CASE WHEN preorder_until > ${now} THEN preorder_limit ELSE 0 END, 0)), 0),
      ${PLENTY})::int AS most
  FROM (
    SELECT backorder_limit, preorder_limit, preorder_until, on_hand - allocated - reserved + CASE WHEN reserved = 0 THEN 0 ELSE (
      SELECT coalesce(sum(quantity), 0)::int FROM catalog.reservations r
      WHERE r.stock_id = s.id AND r.state = 'held' AND r.expires_at <= ${now}) END AS free
    FROM catalog.stock s WHERE s.variant_id = ${variantId}
  ) f`;

/**
 * SQL of the parts of a bundle, in their order: how many of each one piece of the bundle takes, and what is left of them. There
 * is none of a part that is no longer sold, nor of the bundle then.
 */
export const partsSql = (bundleId: string, now: string): string => `
  SELECT b.part_id, b.position, b.quantity, pv.sku, pp.title, pv.title AS variant_title, pv.stock_source <> 'none' AS counted,
    CASE WHEN pv.retired OR pp.status = 'archived' THEN 0 WHEN pv.stock_source = 'none' THEN ${PLENTY} ELSE ps.available END
      AS available,
    CASE WHEN pv.retired OR pp.status = 'archived' THEN 0 WHEN pv.stock_source = 'none' THEN ${PLENTY} ELSE ps.most END AS most,
    ps.backorder AND NOT pv.retired AND pp.status <> 'archived' AS backorder,
    CASE WHEN NOT pv.retired AND pp.status <> 'archived' THEN ps.preorder END AS preorder
  FROM catalog.bundle_parts b JOIN catalog.variants pv ON pv.id = b.part_id JOIN catalog.products pp ON pp.id = pv.product_id
    CROSS JOIN LATERAL (${ownStockSql('b.part_id', now)}) ps
  WHERE b.bundle_id = ${bundleId}`;

/**
 * SQL of how many bundles could be made of what is left. More than that may be sold when every part of which there is no
 * more may be oversold, or is sold ahead: then the bundle is there with the last of them.
 */
export const bundleStockSql = (bundleId: string, now: string): string => `
  SELECT coalesce(min(makes), 0) AS available, coalesce(bool_and(backorder OR makes > fewest), false) AS backorder,
    CASE WHEN bool_and(backorder OR preorder IS NOT NULL OR makes > fewest)
      THEN max(preorder) FILTER (WHERE makes = fewest AND NOT backorder) END AS preorder,
    coalesce(min(can), 0) AS most
  FROM (
    SELECT t.available / t.quantity AS makes, t.most / t.quantity AS can, t.backorder, t.preorder, min(t.available / t.quantity) OVER () AS fewest
    FROM (${partsSql(bundleId, now)}) t
  ) m`;
