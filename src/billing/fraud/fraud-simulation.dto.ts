import {
  Bool,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { CreateFraudRuleDto } from './fraud-rule.dto.js';
import {
  ATTEMPT_KINDS,
  type AttemptKind,
  type Fired,
  RULE_MODES,
  type RuleMode,
  SCREENING_OUTCOMES,
  type ScreeningOutcome,
} from './fraud-rule.js';

/** Stands for a rule that is only tried out. */
export const DRAFT_RULE = '00000000-0000-0000-0000-000000000000';

export class SimulateFraudDto {
  @Nested(() => CreateFraudRuleDto, {
    optional: true,
    description: 'A rule that is not kept, alone and as if it were live. Send this, `ruleId` or neither.',
  })
  rule?: CreateFraudRuleDto;

  @Uuid({ optional: true, description: 'A rule that is kept, alone and as if it were live.' })
  ruleId?: string;

  @Uuid({ optional: true, description: 'Only the attempts of this payment; those before them still count.' })
  paymentId?: string;

  @Integer({
    min: 1,
    max: 90,
    optional: true,
    example: 30,
    description: '30 when left out. Not with `paymentId`.',
  })
  days?: number;
}

export class FiredRuleDto {
  @Uuid({ nullable: true, description: 'Null for the rule that is only tried out.' })
  ruleId: string | null;

  @Text({ max: 100, example: 'Card testing' })
  name: string;

  @OneOf(RULE_MODES, { example: 'live', description: 'As it was at that time.' })
  mode: RuleMode;

  @OneOf(SCREENING_OUTCOMES, { example: 'block' })
  outcome: ScreeningOutcome;

  static from({ ruleId, name, mode, outcome }: Fired): FiredRuleDto {
    return { ruleId: ruleId === DRAFT_RULE ? null : ruleId, name, mode, outcome };
  }
}

export class OutcomeCountsDto {
  @Integer({ min: 0, max: 1_000_000, example: 290 })
  allow: number;

  @Integer({ min: 0, max: 1_000_000, example: 0 })
  challenge: number;

  @Integer({ min: 0, max: 1_000_000, example: 0 })
  review: number;

  @Integer({ min: 0, max: 1_000_000, example: 10 })
  block: number;
}

export class SimulatedRuleDto extends FiredRuleDto {
  @Integer({ min: 0, max: 1_000_000, example: 10, description: 'For how many of the attempts it holds.' })
  fired: number;
}

export class SimulatedAttemptDto {
  @Uuid({ description: 'One of the `operations` of the payment; of a `method` its set-up.' })
  operationId: string;

  @OneOf(ATTEMPT_KINDS, { example: 'order', description: 'What was tried; see `kinds` of a rule.' })
  kind: AttemptKind;

  @Uuid({ nullable: true, description: 'Null for a `method`.' })
  paymentId: string | null;

  @Uuid({ nullable: true })
  orderId: string | null;

  @Instant()
  at: string;

  @MoneyField({ nullable: true, description: 'Null for a `method`: nothing is charged.' })
  amount: MoneyDto | null;

  @OneOf(SCREENING_OUTCOMES, { example: 'block', description: 'What the rules would have done.' })
  outcome: ScreeningOutcome;

  @ListOf(() => FiredRuleDto, { max: 1000 })
  fired: FiredRuleDto[];

  @OneOf(SCREENING_OUTCOMES, {
    nullable: true,
    example: 'allow',
    description: 'What was done; null where no rule was on.',
  })
  was: ScreeningOutcome | null;

  @OneOf(['created', 'succeeded', 'failed', 'errored', 'pending', 'unknown'], {
    example: 'succeeded',
    description: 'What became of it.',
  })
  status: string;
}

export class FraudSimulationDto {
  @Integer({ min: 0, max: 1_000_000, example: 300, description: 'Attempts that were looked at.' })
  looked: number;

  @Bool({ example: true, description: 'False: there were more, and only the newest were looked at.' })
  isWhole: boolean;

  @Nested(() => OutcomeCountsDto)
  outcomes: OutcomeCountsDto;

  @ListOf(() => SimulatedRuleDto, { max: 1000 })
  rules: SimulatedRuleDto[];

  @ListOf(() => SimulatedAttemptDto, {
    max: 100,
    description: 'The newest of which a rule holds, at most 100; of one payment all of its attempts.',
  })
  attempts: SimulatedAttemptDto[];
}
