import { nextListedSql } from '../listed-promotion/listed-promotion.sql.js';

/** Names of SQL values: what prices are asked in, when, and for whom (`text[]`). */
export interface AskingSql {
  currency: string;
  now: string;
  groups: string;
}

/** A list `l` that applies at an instant to somebody in these groups, whatever the quantity. */
const listApplies = (l: string, at: string, groups: string): string =>
  `${l}.status = 'active' AND (${l}.valid_from IS NULL OR ${l}.valid_from <= ${at})
    AND (${l}.valid_until IS NULL OR ${at} < ${l}.valid_until) AND (${l}.groups IS NULL OR ${l}.groups && ${groups})`;

/** Entries `e` of a row `v` of catalog.variants, with their lists `l`. */
const entries = (currency: string): string =>
  `jsonb_to_recordset(v.offers->${currency}) AS e (list uuid, "from" int, amount bigint, "compareAt" bigint)
      JOIN catalog.price_lists l ON l.id = e.list`;

const RANK = 'l.priority DESC, e.amount, e."from" DESC, l.id';

/**
 * The rule of `priceOf` as SQL, for a row `v` of catalog.variants: `{"amount", "compareAt"}` as jsonb, or NULL. A variant
 * that no list names is answered without a look at any.
 */
export const priceSql = ({ currency, now, groups }: AskingSql, quantity = '1'): string => `
  CASE WHEN v.offers IS NULL THEN v.prices->${currency} ELSE coalesce((
    SELECT jsonb_build_object('amount', e.amount, 'compareAt', e."compareAt") FROM ${entries(currency)}
    WHERE e."from" <= ${quantity} AND ${listApplies('l', now, groups)}
    ORDER BY ${RANK} LIMIT 1), v.prices->${currency}) END`;

/** Every entry of a row `v` in a currency as JSON, for `priceOf`; NULL for a variant that no list names. */
export const entriesSql = (currency: string): string => `
  CASE WHEN v.offers IS NOT NULL THEN (
    SELECT json_agg(json_build_object('list', l.id, 'minQuantity', e."from", 'amount', e.amount, 'compareAt', e."compareAt",
      'active', l.status = 'active', 'validFrom', l.valid_from, 'validUntil', l.valid_until, 'groups', l.groups,
      'priority', l.priority))
    FROM ${entries(currency)}) END`;

/**
 * When the next list or promotion begins or ends, or something that is sold ahead is to be there: until then a page is right
 * about them.
 * NULL when nothing will. The second `now` is hidden from the planner: it would think of a plan with the time at hand as so
 * much better that it would plan each page anew, which takes longer than to make the page.
 */
export const nextTurnSql = (now: string): string => `(
  SELECT least(
    (SELECT min(turn) FROM catalog.price_lists l CROSS JOIN LATERAL (VALUES (l.valid_from), (l.valid_until)) AS t (turn)
      WHERE l.status = 'active' AND turn > ${now}),
    ${nextListedSql(now)},
    (SELECT min(s.preorder_until) FROM catalog.stock s WHERE s.preorder_until > (SELECT ${now}))))`;

/** JSON of the quantities from which on one piece of a row `v` costs something else than with one fewer. */
export const tiersSql = ({ currency, now, groups }: AskingSql): string => `
  CASE WHEN v.offers IS NULL THEN '[]'::json ELSE coalesce((
    SELECT json_agg(json_build_object('minQuantity', t."from", 'price', json_build_object('amount', t.amount, 'currency', ${currency}))
      ORDER BY t."from")
    FROM (
      SELECT s."from", s.amount, lag(s.amount) OVER (ORDER BY s."from") AS before FROM (
        SELECT q."from", (${priceSql({ currency, now, groups }, 'q."from"')}->>'amount')::bigint AS amount
        FROM (
          SELECT 1 AS "from" UNION
          SELECT e."from" FROM ${entries(currency)} WHERE ${listApplies('l', now, groups)}
        ) q
      ) s
    ) t WHERE t."from" > 1 AND t.amount IS DISTINCT FROM t.before), '[]') END`;

/**
 * The lowest price at which one piece of a row `v` was to be had in the 30 days before its present price began, from the
 * ledger: what Art. 6a of Directive 98/6/EC (Omnibus) wants beside a reduced price. NULL when it had no price before.
 *
 * `intervals` are the times during which an entry and the terms of its list held together; `steps` are the prices that
 * follow from them, each up to the next. The reduction began where the last step ended that had another price or was not
 * shown as reduced, so that writing the same price again, or one list after another, does not begin a new one.
 */
export const lowestSql = ({ currency, now, groups }: AskingSql): string => `(
  WITH ledger AS MATERIALIZED (
    SELECT price_list_id, amount, compare_at IS NOT NULL AS reduced, valid_from AS starts,
      lead(valid_from, 1, 'infinity') OVER (PARTITION BY price_list_id ORDER BY id) AS ends
    FROM catalog.prices r
    WHERE r.variant_id = v.id AND r.currency = ${currency}::bpchar AND r.min_quantity = 1 AND r.valid_from <= ${now}
  ),
  intervals AS MATERIALIZED (
    SELECT r.amount, r.reduced, r.starts, r.ends, NULL::int AS priority, r.price_list_id FROM ledger r WHERE r.price_list_id IS NULL
    UNION ALL
    SELECT r.amount, r.reduced, greatest(r.starts, t.since, t.valid_from), least(r.ends, t.until, t.valid_until), t.priority,
      r.price_list_id
    FROM ledger r JOIN LATERAL (
      SELECT *, lead(since, 1, 'infinity') OVER (ORDER BY id) AS until
      FROM catalog.price_list_terms WHERE price_list_id = r.price_list_id
    ) t ON t.status = 'active' AND (t.groups IS NULL OR t.groups && ${groups})
    WHERE r.price_list_id IS NOT NULL AND r.amount IS NOT NULL
  ),
  steps AS MATERIALIZED (
    SELECT m.at, lead(m.at, 1, 'infinity') OVER (ORDER BY m.at) AS until, i.amount, coalesce(i.reduced, false) AS reduced
    FROM (SELECT starts AS at FROM intervals UNION SELECT ends FROM intervals) m LEFT JOIN LATERAL (
      SELECT * FROM intervals i WHERE i.starts <= m.at AND m.at < i.ends
      ORDER BY i.priority DESC NULLS LAST, i.amount, i.price_list_id LIMIT 1) i ON true
    WHERE isfinite(m.at) AND m.at <= ${now}
  ),
  began AS MATERIALIZED (
    SELECT max(until) AS at FROM steps
    WHERE NOT reduced OR amount IS DISTINCT FROM (SELECT amount FROM steps ORDER BY at DESC LIMIT 1)
  )
  SELECT min(s.amount) FROM steps s, began b WHERE s.at < b.at AND s.until > b.at - interval '30 days'
)`;
