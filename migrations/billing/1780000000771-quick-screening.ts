import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Attempts are counted by their keys alone, however many of them were blocked and however large the books of operations are. */
export class BillingQuickScreening1780000000771 implements MigrationInterface {
  readonly name = 'BillingQuickScreening1780000000771';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Failures and cards are found among those that were let through.
      CREATE INDEX screenings_network_passed ON billing.screenings (network, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND network IS NOT NULL;
      CREATE INDEX screenings_email_passed ON billing.screenings (email, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND email IS NOT NULL;
      CREATE INDEX screenings_customer_passed ON billing.screenings (customer, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND customer IS NOT NULL;
      CREATE INDEX screenings_card_passed ON billing.screenings (card, at)
        WHERE outcome IN ('allow', 'challenge', 'review') AND card IS NOT NULL;
      -- Only as far as it matters: it ends at the number that is asked for.
      CREATE OR REPLACE FUNCTION billing.count_attempts(attempt uuid, moment timestamptz, own_card text, velocity jsonb)
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
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION billing.count_attempts(attempt uuid, moment timestamptz, own_card text, velocity jsonb)
        RETURNS bigint LANGUAGE plpgsql AS $body$
      DECLARE
        found bigint;
        kind text := velocity ->> 'count';
      BEGIN
        EXECUTE format(
          'SELECT count(%s) FROM billing.screenings s %s
            WHERE s.%I = $1 AND s.at > $2 AND s.outcome IS NOT NULL AND s.operation_id <> $3 %s',
          CASE kind WHEN 'cards' THEN 'DISTINCT s.card' ELSE '*' END,
          CASE kind WHEN 'failures' THEN 'JOIN billing.operations o ON o.id = s.operation_id' ELSE '' END,
          velocity ->> 'per',
          CASE kind
            WHEN 'failures' THEN $and$AND s.outcome <> 'block' AND o.status IN ('created', 'pending', 'unknown', 'failed')$and$
            WHEN 'cards' THEN 'AND s.card IS DISTINCT FROM $4'
            ELSE '' END
        ) INTO found USING
          velocity ->> 'key', moment - make_interval(mins => (velocity ->> 'withinMinutes')::integer), attempt, own_card;
        RETURN found;
      END $body$;
      DROP INDEX billing.screenings_card_passed;
      DROP INDEX billing.screenings_customer_passed;
      DROP INDEX billing.screenings_email_passed;
      DROP INDEX billing.screenings_network_passed;
    `);
  }
}
