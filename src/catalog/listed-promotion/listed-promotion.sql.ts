import type { ListedMode } from './listed-promotion.js';

/** Which promotions hold at an instant, by id and version, and how they are picked. */
export interface Standing {
  mode: ListedMode;
  live: [id: string, version: number][];
}

/** SQL of `Standing` at an instant as JSON; NULL when there are none. What they say is kept in memory: versions do not change. */
export const standingSql = (now: string): string => `(
  SELECT json_build_object('mode', (SELECT mode FROM catalog.listed_promotion_mode),
    'live', json_agg(json_build_array(l.promotion_id, l.version)))
  FROM catalog.listed_promotions l
  WHERE l.terms IS NOT NULL AND (l.starts_at IS NULL OR l.starts_at <= (SELECT ${now}))
    AND (l.ends_at IS NULL OR (SELECT ${now}) < l.ends_at)
  HAVING count(*) > 0)`;

/** SQL of when the next of them begins or ends; NULL when none will. */
export const nextListedSql = (now: string): string => `(
  SELECT min(turn) FROM catalog.listed_promotions l CROSS JOIN LATERAL (VALUES (l.starts_at), (l.ends_at)) AS t (turn)
  WHERE l.terms IS NOT NULL AND turn > (SELECT ${now}))`;
