import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { firedOf, type FraudRule, SCREENING_OUTCOMES } from './fraud-rule.js';
import { MAX_WINDOW_MINUTES } from './fraud-rule.dto.js';
import { FraudRuleRepository } from './fraud-rule.repository.js';
import { plain } from './fraud-rules.service.js';
import { requireSound } from './sound-rule.js';
import {
  DRAFT_RULE,
  FiredRuleDto,
  type FraudSimulationDto,
  type OutcomeCountsDto,
  type SimulatedAttemptDto,
  type SimulateFraudDto,
} from './fraud-simulation.dto.js';
import { replay, type Replayed } from './replay.js';
import { ScreeningDto, type ScreeningListDto } from './screening.dto.js';
import { ScreeningRepository } from './screening.repository.js';

const MOST = 5_000;
const SHOWN = 100;
const DAYS = 30;
const DAY_MS = 86_400_000;

/** What rules did with attempts of the past, and what they would have done. */
@Injectable()
export class FraudSimulations {
  constructor(
    private readonly rules: FraudRuleRepository,
    private readonly attempts: ScreeningRepository,
    private readonly clock: Clock,
  ) {}

  async run(input: SimulateFraudDto): Promise<FraudSimulationDto> {
    const rules = await this.rulesOf(input);
    const { from, until, of } = await this.timeOf(input);
    const read = await this.attempts.between(from, until, MOST + 1);
    const looked = read.slice(0, MOST).reverse();
    const replayed = replay(looked, rules).filter(({ attempt }) => of === null || attempt.paymentId === of);
    return { ...summary(replayed, rules, of !== null), isWhole: read.length <= MOST };
  }

  async ofPayment(paymentId: string): Promise<ScreeningListDto> {
    const rows = await this.attempts.ofPayments([paymentId]);
    return { items: rows.map((row) => ScreeningDto.from(row)) };
  }

  private async rulesOf({ rule, ruleId }: SimulateFraudDto): Promise<readonly FraudRule[]> {
    if (rule && ruleId) throw contradiction('/ruleId', 'cannot stand beside rule');
    const now = this.clock.now();
    if (ruleId) {
      const kept = await this.rules.find(ruleId);
      if (kept === null) throw platformProblems.not_found();
      return [{ ...kept, mode: 'live' }];
    }
    if (rule === undefined) return this.rules.active();
    const { name, outcome, priority = 0 } = rule;
    const draft: FraudRule = {
      ...{ id: DRAFT_RULE, name, outcome, priority, mode: 'live', conditions: plain(rule.conditions) },
      ...{ activeSince: now, archivedAt: null, version: 1, createdAt: now },
    };
    requireSound(draft, '/rule');
    return [draft];
  }

  private async timeOf({ paymentId, days }: SimulateFraudDto) {
    if (paymentId === undefined) {
      const until = this.clock.now();
      return { from: new Date(until.getTime() - (days ?? DAYS) * DAY_MS), until, of: null };
    }
    if (days !== undefined) throw contradiction('/days', 'cannot stand beside paymentId');
    const own = await this.attempts.ofPayments([paymentId]);
    const [first, last] = [own[0], own.at(-1)];
    if (!first || !last) throw platformProblems.not_found();
    // As long before as any rule may look back.
    return {
      from: new Date(first.at.getTime() - MAX_WINDOW_MINUTES * 60_000),
      until: last.at,
      of: paymentId,
    };
  }
}

function summary(
  replayed: readonly Replayed[],
  rules: readonly FraudRule[],
  all: boolean,
): Omit<FraudSimulationDto, 'isWhole'> {
  const outcomes = Object.fromEntries(
    SCREENING_OUTCOMES.map((outcome) => [outcome, 0]),
  ) as unknown as OutcomeCountsDto;
  const counts = new Map(rules.map(({ id }) => [id, 0]));
  for (const { outcome, fired } of replayed) {
    outcomes[outcome]++;
    for (const { ruleId } of fired) counts.set(ruleId, (counts.get(ruleId) ?? 0) + 1);
  }
  const shown = replayed
    .filter(({ fired }) => all || fired.length > 0)
    .slice(-SHOWN)
    .reverse();
  return {
    looked: replayed.length,
    outcomes,
    rules: rules.map((rule) => ({ ...FiredRuleDto.from(firedOf(rule)), fired: counts.get(rule.id) ?? 0 })),
    attempts: shown.map(shownAttempt),
  };
}

function shownAttempt({ attempt, outcome, fired }: Replayed): SimulatedAttemptDto {
  const { operationId, paymentId, orderId, at, amount, status } = attempt;
  return {
    ...{ operationId, paymentId, orderId, status, outcome },
    at: at.toISOString(),
    kind: attempt.facts.kind,
    amount: amount?.toJSON() ?? null,
    fired: fired.map((each) => FiredRuleDto.from(each)),
    was: attempt.outcome,
  };
}

const contradiction = (pointer: string, message: string) =>
  platformProblems.invalid_input(undefined, { errors: [{ pointer, code: 'contradiction', message }] });
