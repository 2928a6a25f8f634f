/**
 * SQL that tells what of a variant could be sold at `now`: `available` pieces, whether it may be oversold (`backorder`), and
 * until when it is sold ahead (`preorder`, NULL when it is not). Both arguments are SQL. A hold counts as free from its expiry on, whether or not anybody has freed it yet.
 * What many locations have together may be more than an integer holds; nobody buys that many, so it ends there.
 */
export const availabilitySql = (variantId: string, now: string): string => `
  SELECT least(coalesce(sum(greatest(free, 0)), 0), 2147483647)::int AS available,
    coalesce(bool_or(backorder_limit > 0 AND free + backorder_limit > 0), false) AS backorder,
    max(preorder_until) FILTER (WHERE preorder_until > ${now} AND free + backorder_limit + preorder_limit > 0) AS preorder
  FROM (
    SELECT backorder_limit, preorder_limit, preorder_until, on_hand - allocated - reserved + CASE WHEN reserved = 0 THEN 0 ELSE (
      SELECT coalesce(sum(quantity), 0)::int FROM catalog.reservations r
      WHERE r.stock_id = s.id AND r.state = 'held' AND r.expires_at <= ${now}) END AS free
    FROM catalog.stock s WHERE s.variant_id = ${variantId}
  ) f`;
