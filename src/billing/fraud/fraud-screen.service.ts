import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { Declined, GatewayOutcome } from '../gateway/payment-gateway.port.js';
import { meaningOf } from '../gateway/declines.js';
import type { Operation } from '../payment/operation.entity.js';
import {
  decide,
  type Fired,
  firedOf,
  type FraudRule,
  holdsFor,
  isLate,
  isPossible,
  type ScreeningOutcome,
} from './fraud-rule.js';
import { FraudRuleSet } from './fraud-rule-set.service.js';
import type { AttemptFacts } from './screening-facts.js';
import { ScreeningFacts } from './screening-facts.js';
import { type Candidate, ScreeningRepository } from './screening.repository.js';

/** What a call to the gateway knows of the screening of its attempt. */
export interface ToScreen extends AttemptFacts {
  readonly at: Date;
  /** Null: it was not screened yet. */
  readonly outcome: ScreeningOutcome | null;
  readonly fired: readonly Fired[];
  /** The number of the set of rules, as of now. */
  readonly ruleSet: number;
}

/** The same that a card which is simply declined answers: who tries out cards learns nothing from it. */
export const BLOCKED: Declined = {
  ...{ kind: 'declined', ref: null, version: 0, code: 'generic_decline' },
  ...meaningOf('generic_decline'),
};

/** Looks at attempts to pay before the gateway is asked, and once more at what it answers. */
@Injectable()
export class FraudScreen {
  constructor(
    private readonly rules: FraudRuleSet,
    private readonly rows: ScreeningRepository,
    private readonly facts: ScreeningFacts,
    private readonly clock: Clock,
  ) {}

  /**
   * What is to be done with an attempt; asking again answers the same. `fingerprint` is that of a kept card. One statement where
   * there are rules, and none where there are none. Rules say nothing of attempts that were opened before them: those may have
   * been sent already.
   */
  async screen(
    operationId: string,
    attempt: ToScreen | null,
    fingerprint: string | null,
  ): Promise<ScreeningOutcome> {
    if (attempt === null) return 'allow';
    if (attempt.outcome !== null) return attempt.outcome;
    const known = (await this.rules.at(attempt.ruleSet)).filter((rule) => isSince(rule, attempt.at));
    if (known.length === 0) return 'allow';
    const card = this.facts.digest('card', fingerprint) ?? attempt.card;
    const candidates = known.flatMap((rule) => candidateOf(rule, { ...attempt, card }));
    return (await this.rows.screen(operationId, this.clock.now(), card, candidates)) ?? 'allow';
  }

  /**
   * In the transaction that takes in an outcome: what the gateway tells with an authorization, and the rules that wait for it.
   * Null where there is nothing to write down.
   */
  async after(
    { kind, status }: Operation,
    attempt: ToScreen | null,
    outcome: GatewayOutcome,
  ): Promise<Operation['seen']> {
    if (attempt === null || kind !== 'authorize' || status === 'succeeded') return null;
    // What the gateway could not do says nothing against whoever tried.
    if (outcome.kind === 'errored' && attempt.outcome !== null) return NO_FAILURE;
    if (outcome.kind !== 'ok') return null;
    const { risk, method } = outcome;
    if (attempt.outcome === null && risk === null) return null;
    const known = risk === null ? [] : await this.rules.at(attempt.ruleSet);
    const fired = known
      .filter(
        (rule) =>
          isLate(rule) &&
          isSince(rule, attempt.at) &&
          isPossible(rule, attempt.facts) &&
          holdsFor(rule.conditions, attempt.facts, risk),
      )
      .map(firedOf);
    const isHeldBack = attempt.outcome === 'review' || decide([...attempt.fired, ...fired]) === 'review';
    const card = this.facts.digest('card', method?.fingerprint ?? null);
    return { risk, card, fired, isHeldBack };
  }
}

const NO_FAILURE = { risk: null, card: null, fired: [], isHeldBack: false } as const;

const isSince = ({ activeSince }: FraudRule, at: Date): boolean => activeSince !== null && activeSince <= at;

/** Nothing where it cannot hold: what is counted by a key that the attempt does not have is not counted at all. */
function candidateOf(rule: FraudRule, attempt: AttemptFacts): Candidate[] {
  if (isLate(rule) || !isPossible(rule, attempt.facts) || !holdsFor(rule.conditions, attempt.facts))
    return [];
  const velocity = (rule.conditions.velocity ?? []).flatMap((each) => {
    const key = attempt[each.per];
    return key === null ? [] : [{ ...each, key }];
  });
  const isWhole = velocity.length === (rule.conditions.velocity ?? []).length;
  return isWhole ? [{ fired: firedOf(rule), velocity }] : [];
}
