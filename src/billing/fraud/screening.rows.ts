import type { Facts, Fired, ScreeningOutcome } from './fraud-rule.js';
import type { ToScreen } from './fraud-screen.service.js';

export interface ScreeningColumns {
  s_at: Date | null;
  s_facts: Facts;
  s_network: string | null;
  s_email: string | null;
  s_customer: string | null;
  s_card: string | null;
  s_link: string | null;
  s_outcome: ScreeningOutcome | null;
  s_fired: Fired[] | null;
  s_rule_set: number;
}

/** Null where nobody screens: what the house itself sends after an attempt. */
export const toScreen = (row: ScreeningColumns): ToScreen | null =>
  row.s_at && {
    at: row.s_at,
    facts: row.s_facts,
    network: row.s_network,
    email: row.s_email,
    customer: row.s_customer,
    card: row.s_card,
    link: row.s_link,
    outcome: row.s_outcome,
    fired: row.s_fired ?? [],
    ruleSet: row.s_rule_set,
  };

/** What is known of the attempt `s` for its screening, and the number of the present set of rules. */
export const SCREENING = `s.at AS s_at, s.facts AS s_facts, s.network AS s_network, s.email AS s_email, s.customer AS s_customer,
  s.card AS s_card, s.link AS s_link, s.outcome AS s_outcome, s.fired AS s_fired, (SELECT version FROM billing.fraud_rule_set) AS s_rule_set`;
