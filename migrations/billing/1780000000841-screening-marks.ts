import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Attempts are counted in one statement, over rows that hold nothing but what is counted. */
export class BillingScreeningMarks1780000000841 implements MigrationInterface {
  readonly name = 'BillingScreeningMarks1780000000841';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What is counted: a row for each key of an attempt that rules have looked at. A digest says of what kind it is.
      CREATE TABLE billing.screening_marks (
        operation_id uuid NOT NULL,
        key text NOT NULL,
        at timestamptz NOT NULL,
        card text,
        -- Whether it was not blocked.
        has_passed boolean NOT NULL,
        -- Whether the gateway has declined it, or has not decided.
        has_failed boolean NOT NULL,
        CONSTRAINT screening_marks_pkey PRIMARY KEY (operation_id, key)
      );
      CREATE INDEX screening_marks_at ON billing.screening_marks USING brin (at);
      CREATE INDEX screening_marks_attempts ON billing.screening_marks (key, at);
      CREATE INDEX screening_marks_failures ON billing.screening_marks (key, at) WHERE has_failed;
      CREATE INDEX screening_marks_cards ON billing.screening_marks (key, at) INCLUDE (card)
        WHERE has_passed AND card IS NOT NULL;
      INSERT INTO billing.screening_marks (operation_id, key, at, card, has_passed, has_failed)
      SELECT s.operation_id, k.key, s.at, s.card, s.outcome <> 'block',
          s.outcome <> 'block' AND o.status IN ('created', 'pending', 'unknown', 'failed')
        FROM billing.screenings s JOIN billing.operations o ON o.id = s.operation_id,
          LATERAL (VALUES (s.network), (s.email), (s.customer), (s.card)) AS k (key)
        WHERE s.outcome IS NOT NULL AND k.key IS NOT NULL;

      DROP FUNCTION billing.screen_attempt;
      DROP FUNCTION billing.count_attempts;
      DROP INDEX billing.screenings_network, billing.screenings_email, billing.screenings_customer, billing.screenings_card,
        billing.screenings_network_passed, billing.screenings_email_passed, billing.screenings_customer_passed,
        billing.screenings_card_passed;

      -- Screens one attempt, once: whoever asks again gets the same answer. Attempts that are counted together come one after
      -- the other, so that of however many at once exactly as many pass as the rules let through; each statement of a function
      -- that is not stable sees what was committed meanwhile. The candidates are the rules of which all holds that needs no
      -- counting. Whatever the number of rules, each key is counted once: the times of its newest, as many as any rule asks for.
      CREATE FUNCTION billing.screen_attempt(attempt uuid, moment timestamptz, own_card text, candidates jsonb)
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
                SELECT max(m.at) FROM billing.screening_marks m
                WHERE m.key = w.key AND m.at > w.since AND m.has_passed AND m.card IS NOT NULL AND m.card IS DISTINCT FROM own_card
                GROUP BY m.card ORDER BY 1 DESC LIMIT w.most)
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
      END $body$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION billing.screen_attempt;
      DROP TABLE billing.screening_marks;
      CREATE INDEX screenings_network ON billing.screenings (network, at) WHERE outcome IS NOT NULL AND network IS NOT NULL;
      CREATE INDEX screenings_email ON billing.screenings (email, at) WHERE outcome IS NOT NULL AND email IS NOT NULL;
      CREATE INDEX screenings_customer ON billing.screenings (customer, at)
        WHERE outcome IS NOT NULL AND customer IS NOT NULL;
      CREATE INDEX screenings_card ON billing.screenings (card, at) WHERE outcome IS NOT NULL AND card IS NOT NULL;
      CREATE INDEX screenings_network_passed ON billing.screenings (network, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND network IS NOT NULL;
      CREATE INDEX screenings_email_passed ON billing.screenings (email, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND email IS NOT NULL;
      CREATE INDEX screenings_customer_passed ON billing.screenings (customer, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND customer IS NOT NULL;
      CREATE INDEX screenings_card_passed ON billing.screenings (card, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND card IS NOT NULL;
      -- Only as far as it matters: it ends at the number that is asked for.
      CREATE FUNCTION billing.count_attempts(attempt uuid, moment timestamptz, own_card text, velocity jsonb)
        RETURNS bigint LANGUAGE plpgsql AS $body$
      DECLARE
        found bigint;
        kind text := velocity ->> 'count';
      BEGIN
        -- What became of each is asked by its key, one by one: the planner has nothing to choose.
        EXECUTE format(
          'SELECT count(*) FROM (SELECT %s FROM billing.screenings s
            WHERE s.%I = $1 AND s.at > $2 AND s.outcome IS NOT NULL AND s.operation_id <> $3 %s LIMIT $5) AS counted',
          CASE kind WHEN 'cards' THEN 'DISTINCT s.card' ELSE '' END,
          velocity ->> 'per',
          CASE kind
            WHEN 'failures' THEN
              $and$AND s.outcome IN ('allow', 'challenge', 'review') AND (SELECT o.status FROM billing.operations o
                WHERE o.id = s.operation_id) IN ('created', 'pending', 'unknown', 'failed')$and$
            WHEN 'cards' THEN
              $and$AND s.outcome IN ('allow', 'challenge', 'review') AND s.card IS NOT NULL AND s.card IS DISTINCT FROM $4$and$
            ELSE '' END
        ) INTO found USING
          velocity ->> 'key', moment - make_interval(mins => (velocity ->> 'withinMinutes')::integer), attempt, own_card, (velocity ->> 'atLeast')::bigint;
        RETURN found;
      END $body$;
      -- Screens one attempt, once: whoever asks again gets the same answer. Attempts that are counted together come one after
      -- the other, so that of however many at once exactly as many pass as the rules let through. The candidates are the rules
      -- of which all holds that needs no counting.
      CREATE FUNCTION billing.screen_attempt(attempt uuid, moment timestamptz, own_card text, candidates jsonb)
        RETURNS text LANGUAGE plpgsql AS $body$
      DECLARE
        known text;
        hits jsonb;
        verdict text;
        lock_key bigint;
      BEGIN
        FOR lock_key IN
          SELECT DISTINCT hashtextextended(v ->> 'key', 770) AS k FROM jsonb_array_elements(candidates) AS c (rule),
            jsonb_array_elements(c.rule -> 'velocity') AS v ORDER BY k
        LOOP
          PERFORM pg_advisory_xact_lock(lock_key);
        END LOOP;
        SELECT outcome INTO known FROM billing.screenings WHERE operation_id = attempt FOR UPDATE;
        IF NOT FOUND OR known IS NOT NULL THEN
          RETURN known;
        END IF;
        SELECT coalesce(jsonb_agg(c.rule -> 'fired' ORDER BY c.position), '[]') INTO hits
          FROM jsonb_array_elements(candidates) WITH ORDINALITY AS c (rule, position)
          WHERE NOT EXISTS (
            SELECT FROM jsonb_array_elements(c.rule -> 'velocity') AS v
            WHERE billing.count_attempts(attempt, moment, own_card, v) < (v ->> 'atLeast')::bigint);
        WITH live AS (
          SELECT h ->> 'outcome' AS outcome, (h ->> 'priority')::integer AS priority
            FROM jsonb_array_elements(hits) AS h WHERE h ->> 'mode' = 'live'
        )
        SELECT coalesce((SELECT live.outcome FROM live
            WHERE priority >= coalesce((SELECT max(a.priority) FROM live a WHERE a.outcome = 'allow'), priority)
            ORDER BY array_position(ARRAY['block', 'review', 'challenge', 'allow'], live.outcome) LIMIT 1), 'allow')
          INTO verdict;
        UPDATE billing.screenings SET outcome = verdict, fired = hits, card = own_card, at = moment
          WHERE operation_id = attempt;
        RETURN verdict;
      END $body$;
    `);
  }
}
