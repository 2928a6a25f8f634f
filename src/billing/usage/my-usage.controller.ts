import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { UsageReader } from './usage-reader.service.js';
import { UsageParams, UsagePeriodDto } from './usage.dto.js';
import { usageProblems } from './usage.errors.js';

@ApiTags('Usage')
@Controller('v1/me/subscriptions')
@Permissions('account:self')
export class MyUsageController {
  constructor(private readonly reader: UsageReader) {}

  @Get(':id/usage')
  @Operation({
    id: 'listMyUsage',
    summary: 'Tells what I have used and what it costs',
    description:
      'First what is not charged yet, counted up to now; then, the newest first, what each invoice has charged, with how it came about.',
    answers: { 200: PageOf(UsagePeriodDto) },
    problems: [platformProblems.not_found, platformProblems.invalid_cursor, usageProblems.usage_not_billable],
  })
  list(
    @Param() { id }: UsageParams,
    @Query() query: PageQuery,
    @CurrentActor() actor: PersonActor,
  ): Promise<Page<UsagePeriodDto>> {
    return this.reader.periods(id, query, actor.id);
  }
}
