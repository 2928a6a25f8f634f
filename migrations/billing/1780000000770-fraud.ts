import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rules that look at attempts to pay before the gateway is asked, what came of it, and payments that wait for a person. */
export class BillingFraud1780000000770 implements MigrationInterface {
  readonly name = 'BillingFraud1780000000770';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.fraud_rules (
        id uuid NOT NULL CONSTRAINT fraud_rules_pkey PRIMARY KEY,
        name text NOT NULL,
        mode text NOT NULL CONSTRAINT fraud_rules_mode_check CHECK (mode IN ('off', 'shadow', 'live')),
        outcome text NOT NULL CONSTRAINT fraud_rules_outcome_check
          CHECK (outcome IN ('allow', 'challenge', 'review', 'block')),
        priority integer NOT NULL,
        conditions jsonb NOT NULL,
        -- Attempts that were opened before may have been sent without it: it says nothing of them.
        active_since timestamptz,
        archived_at timestamptz,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        CONSTRAINT fraud_rules_active_check CHECK ((mode = 'off') = (active_since IS NULL))
      );
      -- Counts the changes of all rules, so that every process knows with each attempt whether it has the present ones.
      CREATE TABLE billing.fraud_rule_set (
        one boolean NOT NULL DEFAULT true CONSTRAINT fraud_rule_set_pkey PRIMARY KEY
          CONSTRAINT fraud_rule_set_one_check CHECK (one),
        version integer NOT NULL
      );
      INSERT INTO billing.fraud_rule_set (version) VALUES (0);
      -- Somebody tries out stolen cards; off until the shop knows where its requests come from.
      INSERT INTO billing.fraud_rules (id, name, mode, outcome, priority, conditions, created_at)
      VALUES ('01933b5e-0000-7000-8000-000000000770', 'Card testing: many failures from one network', 'off', 'block', 100,
        '{"velocity": [{"per": "network", "count": "failures", "atLeast": 10, "withinMinutes": 60}]}', now());

      -- One row for each attempt of a shopper. The four keys are digests by a key of the house.
      CREATE TABLE billing.screenings (
        operation_id uuid NOT NULL CONSTRAINT screenings_pkey PRIMARY KEY,
        payment_id uuid NOT NULL,
        at timestamptz NOT NULL,
        facts jsonb NOT NULL,
        network text,
        email text,
        customer text,
        card text,
        -- NULL: no rule was there to look at it.
        outcome text CONSTRAINT screenings_outcome_check CHECK (outcome IN ('allow', 'challenge', 'review', 'block')),
        fired jsonb,
        risk integer
      );
      CREATE INDEX screenings_at ON billing.screenings USING brin (at);
      -- Only what rules have looked at is counted: a shop without rules pays for none of these.
      CREATE INDEX screenings_network ON billing.screenings (network, at) WHERE outcome IS NOT NULL AND network IS NOT NULL;
      CREATE INDEX screenings_email ON billing.screenings (email, at) WHERE outcome IS NOT NULL AND email IS NOT NULL;
      CREATE INDEX screenings_customer ON billing.screenings (customer, at)
        WHERE outcome IS NOT NULL AND customer IS NOT NULL;
      CREATE INDEX screenings_card ON billing.screenings (card, at) WHERE outcome IS NOT NULL AND card IS NOT NULL;

      CREATE TABLE billing.payment_reviews (
        payment_id uuid NOT NULL CONSTRAINT payment_reviews_pkey PRIMARY KEY
          CONSTRAINT payment_reviews_payment_fkey REFERENCES billing.payments (id),
        reason text NOT NULL,
        opened_at timestamptz NOT NULL,
        -- When what is held is let go; NULL: the money is there, and waits as long as its order does.
        expires_at timestamptz,
        -- NULL: nobody has decided. It was withdrawn when the payment waits no more.
        decision text CONSTRAINT payment_reviews_decision_check CHECK (decision IN ('approved', 'rejected', 'expired')),
        note text,
        decided_by uuid,
        decided_at timestamptz,
        CONSTRAINT payment_reviews_decided_check CHECK ((decision IS NULL) = (decided_at IS NULL))
      );
      CREATE INDEX payment_reviews_opened ON billing.payment_reviews (opened_at, payment_id);
      CREATE INDEX payment_reviews_expiring ON billing.payment_reviews (expires_at) WHERE decision IS NULL;
      INSERT INTO billing.payment_reviews (payment_id, reason, opened_at)
      SELECT id, coalesce(review_reason, 'unknown'), updated_at FROM billing.payments WHERE status = 'requires_review';

      -- How many earlier attempts there are of one key. Rows that were committed meanwhile count: each query of a function
      -- that is not stable sees the present.
      CREATE FUNCTION billing.count_attempts(attempt uuid, moment timestamptz, own_card text, velocity jsonb)
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

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION billing.screen_attempt;
      DROP FUNCTION billing.count_attempts;
      DROP TABLE billing.payment_reviews;
      DROP TABLE billing.screenings;
      DROP TABLE billing.fraud_rule_set;
      DROP TABLE billing.fraud_rules;
    `);
  }
}
