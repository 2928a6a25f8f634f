import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { UsageEvents } from './usage-events.service.js';
import { UsageReader } from './usage-reader.service.js';
import {
  UsageBatchDto,
  UsageEventDto,
  UsageEventQuery,
  UsageParams,
  UsagePeriodDto,
  UsageReceiptDto,
} from './usage.dto.js';
import { usageProblems } from './usage.errors.js';

const { not_found, invalid_cursor } = platformProblems;

/** Metered usage, for staff and for the programs that measure it. */
@ApiTags('Usage')
@Controller('v1/admin/subscriptions')
export class UsageAdminController {
  constructor(
    private readonly events: UsageEvents,
    private readonly reader: UsageReader,
  ) {}

  @Post(':id/usage-events')
  @Permissions('billing:usage:write')
  @Operation({
    id: 'recordUsage',
    summary: 'Takes in what a subscriber has used',
    description:
      'Up to 1,000 events, all of them or none. What comes twice, also at once, counts once by its `eventId`; the same id with ' +
      'another content is a conflict that names the event. An event that is `late`, whose time is on an invoice already, goes to the ' +
      'next one: what is charged is the difference that it makes to its own time, so that it costs what it would have cost in time. ' +
      'What was too much is taken back by an event with a quantity below zero. A trial is free of usage too.',
    answers: { 200: UsageReceiptDto },
    problems: [
      not_found,
      usageProblems.usage_refused,
      usageProblems.usage_event_conflict,
      usageProblems.usage_closed,
    ],
    idempotency: 'accepted',
  })
  record(
    @Param() { id }: UsageParams,
    @Body() { events }: UsageBatchDto,
    @CurrentActor() actor: Actor,
  ): Promise<UsageReceiptDto> {
    return this.events.record(id, events, actor);
  }

  @Get(':id/usage-events')
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'listUsageEvents',
    summary: 'Lists what was used, event by event',
    description:
      'What was heard of last first; by component, by `eventId`, by when it was used, and late ones. None ever changes.',
    answers: { 200: PageOf(UsageEventDto) },
    problems: [not_found, invalid_cursor],
  })
  list(@Param() { id }: UsageParams, @Query() query: UsageEventQuery): Promise<Page<UsageEventDto>> {
    return this.events.list(id, query);
  }

  @Get(':id/usage')
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'listUsage',
    summary: 'Shows what the usage of a subscription costs, and how that came about',
    description:
      'First what is not charged yet, counted up to now with what came late; then, the newest first, what each invoice has charged. ' +
      'Usage is charged when the next period begins, by the last terms of the time that have the component; `explain` says how.',
    answers: { 200: PageOf(UsagePeriodDto) },
    problems: [not_found, invalid_cursor, usageProblems.usage_not_billable],
  })
  periods(@Param() { id }: UsageParams, @Query() query: PageQuery): Promise<Page<UsagePeriodDto>> {
    return this.reader.periods(id, query);
  }
}
