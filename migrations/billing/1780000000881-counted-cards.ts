import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What tells one card from another is counted over the newest attempts of a key, and no longer over all of its window: of whoever
 * leaves a million of them, ten thousand say enough.
 */
export class BillingCountedCards1780000000881 implements MigrationInterface {
  readonly name = 'BillingCountedCards1780000000881';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      screenAttempt(`
            SELECT max(m.at) FROM (
              SELECT card, at FROM billing.screening_marks
              WHERE key = w.key AND at > w.since AND has_passed AND card IS NOT NULL ORDER BY at DESC LIMIT 10000) AS m
            WHERE m.card IS DISTINCT FROM own_card GROUP BY m.card ORDER BY 1 DESC LIMIT w.most`),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      screenAttempt(`
            SELECT max(m.at) FROM billing.screening_marks m
            WHERE m.key = w.key AND m.at > w.since AND m.has_passed AND m.card IS NOT NULL AND m.card IS DISTINCT FROM own_card
            GROUP BY m.card ORDER BY 1 DESC LIMIT w.most`),
    );
  }
}

/** The rest of it is as it was (`BillingScreeningMarks`). */
const screenAttempt = (cards: string): string => `
  CREATE OR REPLACE FUNCTION billing.screen_attempt(attempt uuid, moment timestamptz, own_card text, candidates jsonb)
    RETURNS text LANGUAGE plpgsql AS $body$
  DECLARE
    known text;
    verdict text;
  BEGIN
    PERFORM pg_advisory_xact_lock(keys.k) FROM (
      SELECT DISTINCT hashtextextended(v ->> 'key', 770) AS k FROM jsonb_array_elements(candidates) AS c (rule),
        jsonb_array_elements(c.rule -> 'velocity') AS v ORDER BY k) AS keys;
    SELECT outcome INTO known FROM billing.screenings WHERE operation_id = attempt FOR UPDATE;
    IF NOT FOUND OR known IS NOT NULL THEN
      RETURN known;
    END IF;
    WITH wanted AS MATERIALIZED (
      SELECT c.position, v.key, v.count, v."atLeast" AS at_least,
          moment - make_interval(mins => v."withinMinutes") AS since
        FROM jsonb_array_elements(candidates) WITH ORDINALITY AS c (rule, position),
          jsonb_to_recordset(c.rule -> 'velocity') AS v (key text, count text, "atLeast" integer, "withinMinutes" integer)
    ), counted AS MATERIALIZED (
      SELECT w.key, w.count, CASE w.count
          WHEN 'attempts' THEN ARRAY(
            SELECT m.at FROM billing.screening_marks m WHERE m.key = w.key AND m.at > w.since
            ORDER BY m.at DESC LIMIT w.most)
          WHEN 'failures' THEN ARRAY(
            SELECT m.at FROM billing.screening_marks m WHERE m.key = w.key AND m.at > w.since AND m.has_failed
            ORDER BY m.at DESC LIMIT w.most)
          ELSE ARRAY(
            ${cards})
        END AS times
      FROM (SELECT key, count, min(since) AS since, max(at_least) AS most FROM wanted GROUP BY key, count) AS w
    ), hits AS MATERIALIZED (
      SELECT c.rule -> 'fired' AS rule, c.position FROM jsonb_array_elements(candidates) WITH ORDINALITY AS c (rule, position)
      WHERE NOT EXISTS (
        SELECT FROM wanted w JOIN counted n USING (key, count)
        WHERE w.position = c.position AND (n.times[w.at_least] > w.since) IS NOT TRUE)
    ), live AS (
      SELECT rule ->> 'outcome' AS outcome, (rule ->> 'priority')::integer AS priority FROM hits WHERE rule ->> 'mode' = 'live'
    ), screened AS (
      UPDATE billing.screenings s
         SET card = own_card, at = moment, fired = coalesce((SELECT jsonb_agg(rule ORDER BY position) FROM hits), '[]'),
           outcome = coalesce((SELECT live.outcome FROM live
             WHERE priority >= coalesce((SELECT max(a.priority) FROM live a WHERE a.outcome = 'allow'), priority)
             ORDER BY array_position(ARRAY['block', 'review', 'challenge', 'allow'], live.outcome) LIMIT 1), 'allow')
       WHERE s.operation_id = attempt
      RETURNING s.*
    ), marks AS (
      -- What the shop charges by itself speaks against nobody.
      INSERT INTO billing.screening_marks (operation_id, key, at, card, has_passed, has_failed)
      SELECT attempt, k.key, moment, s.card, s.outcome <> 'block', s.outcome <> 'block'
        FROM screened s, LATERAL (VALUES (s.network), (s.email), (s.customer), (s.card), (s.link)) AS k (key)
        WHERE k.key IS NOT NULL AND s.facts ->> 'kind' <> 'charge'
    )
    SELECT outcome INTO verdict FROM screened;
    RETURN verdict;
  END $body$;`;
