import { bundleStockSql, ownStockSql, PLENTY } from '../bundle/parts.sql.js';

/**
 * SQL that tells what of a variant could be sold at `now`: `available` pieces, whether it may be oversold (`backorder`), until
 * when it is sold ahead (`preorder`, NULL when it is not), and how many that makes in all (`most`). Both arguments are SQL. A bundle has as many as its parts make;
 * of what nobody counts there is plenty.
 */
export const availabilitySql = (variantId: string, now: string): string => `
  SELECT coalesce(other.available, own.available) AS available, coalesce(other.backorder, own.backorder) AS backorder,
    CASE WHEN other.available IS NULL THEN own.preorder ELSE other.preorder END AS preorder,
    coalesce(other.most, own.most) AS most
  FROM (${ownStockSql(variantId, now)}) own LEFT JOIN LATERAL (
    SELECT CASE k.stock_source WHEN 'none' THEN ${PLENTY} ELSE made.available END AS available,
      k.stock_source = 'parts' AND made.backorder AS backorder,
      CASE k.stock_source WHEN 'parts' THEN made.preorder END AS preorder,
      CASE k.stock_source WHEN 'none' THEN ${PLENTY} ELSE made.most END AS most
    FROM catalog.variants k LEFT JOIN LATERAL (${bundleStockSql('k.id', now)}) made ON k.stock_source = 'parts'
    WHERE k.id = ${variantId} AND k.stock_source <> 'own'
  ) other ON true`;
