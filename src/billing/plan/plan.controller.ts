import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { OfferedPlanDto } from './plan.dto.js';
import { Plans } from './plans.service.js';

/** Plans in the shop window. */
@ApiTags('Plans')
@Public()
@Controller('v1/plans')
export class PlanController {
  constructor(private readonly plans: Plans) {}

  @Get()
  @Operation({
    id: 'listOfferedPlans',
    summary: 'Lists what can be subscribed to',
    description:
      'The newest first, each with the terms that hold now; prices are of one unit and one period.',
    answers: { 200: PageOf(OfferedPlanDto) },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<OfferedPlanDto>> {
    return this.plans.offered(limit, cursor);
  }
}
