import { Instant, Integer, ListOf, OneOf, Uuid } from '../../platform/http/fields.js';
import { type ScreeningOutcome, SCREENING_OUTCOMES } from './fraud-rule.js';
import { FiredRuleDto } from './fraud-simulation.dto.js';
import type { Screening } from './screening.repository.js';

export class ScreeningDto {
  @Uuid({ description: 'The attempt: one of the `operations` of the payment.' })
  operationId: string;

  @Instant()
  at: string;

  @OneOf(SCREENING_OUTCOMES, {
    nullable: true,
    example: 'allow',
    description: 'What was done; null: no rule was on.',
  })
  outcome: ScreeningOutcome | null;

  @ListOf(() => FiredRuleDto, {
    max: 1000,
    description: 'The rules that held, those that only watch too.',
  })
  fired: FiredRuleDto[];

  @Integer({
    min: 0,
    max: 100,
    nullable: true,
    example: null,
    description: 'As the gateway said; 100 is the worst.',
  })
  risk: number | null;

  static from({ operationId, at, outcome, fired, risk }: Screening): ScreeningDto {
    return {
      ...{ operationId, outcome, risk, at: at.toISOString() },
      fired: fired.map((each) => FiredRuleDto.from(each)),
    };
  }
}

export class ScreeningListDto {
  @ListOf(() => ScreeningDto, { max: 1000, description: 'The oldest first.' })
  items: ScreeningDto[];
}
