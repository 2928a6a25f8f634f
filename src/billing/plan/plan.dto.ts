import { Instant, Integer, ListOf, Nested, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { OfferedTermsDto, PlanTermsDto, PlanVersionDto } from './plan-terms.dto.js';
import { type Plan, type PlanKind, PLAN_KINDS, type PlanState, PLAN_STATES, type PlanTerms } from './plan.js';

export class CreatePlanDto {
  @Text({
    ...{ max: 60, pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, example: 'pro' },
    patternHint: 'must be small letters, digits and hyphens, such as pro-yearly',
  })
  code: string;

  @Text({ max: 100, example: 'Pro' })
  title: string;

  @Text({ max: 2_000, optional: true, nullable: true, example: 'Everything, for one person.' })
  description?: string | null;

  @OneOf(PLAN_KINDS, {
    optional: true,
    example: 'service',
    description: '`service` (when left out): each period is invoiced; `goods`: each period becomes an order.',
  })
  kind?: PlanKind;

  @Nested(() => PlanTermsDto, { description: 'The first version.' })
  terms: PlanTermsDto;
}

export class UpdatePlanDto {
  @Text({ max: 100, optional: true, example: 'Pro' })
  title?: string;

  @Text({ max: 2_000, optional: true, nullable: true, example: 'Everything, for one person.' })
  description?: string | null;
}

/** What staff and customers see of a plan. */
class PlanHead {
  @Uuid()
  id: string;

  @Text({ max: 60, example: 'pro' })
  code: string;

  @Text({ max: 100, example: 'Pro' })
  title: string;

  @Text({ max: 2_000, nullable: true, example: 'Everything, for one person.' })
  description: string | null;

  @OneOf(PLAN_KINDS, { example: 'service' })
  kind: PlanKind;
}

export class PlanDto extends PlanHead {
  @OneOf(PLAN_STATES, { example: 'active', description: '`archived`: kept for who has it, and not sold.' })
  state: PlanState;

  @ListOf(() => PlanVersionDto, { max: 1_000, description: 'The newest first; none ever changes.' })
  versions: PlanVersionDto[];

  @Integer({ min: 1, max: 2 ** 31 - 1, example: 1 })
  version: number;

  @Instant()
  createdAt: string;

  static from({ createdAt, ...plan }: Plan, versions: readonly PlanTerms[]): PlanDto {
    const own = versions.filter(({ planId }) => planId === plan.id);
    return {
      ...plan,
      versions: own.map((version) => PlanVersionDto.from(version)),
      createdAt: createdAt.toISOString(),
    };
  }
}

/** A plan that can be subscribed to. */
export class OfferedPlanDto extends PlanHead {
  @Nested(() => OfferedTermsDto, { description: 'What holds now.' })
  terms: OfferedTermsDto;
}

export class PlanParams {
  @Uuid()
  id: string;
}

export class PlanQuery extends PageQuery {
  @OneOf(PLAN_STATES, { optional: true })
  state?: PlanState;

  @OneOf(PLAN_KINDS, { optional: true })
  kind?: PlanKind;
}
