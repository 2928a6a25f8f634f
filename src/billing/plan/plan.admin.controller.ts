import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { AddPlanVersionDto } from './plan-terms.dto.js';
import { CreatePlanDto, PlanDto, PlanParams, PlanQuery, UpdatePlanDto } from './plan.dto.js';
import { Plans } from './plans.service.js';

const { not_found, stale_version, conflict, invalid_cursor } = platformProblems;

const TERMS = {
  interval: { unit: 'month', count: 1 },
  pricesIncludeTax: true,
  prices: [{ amount: { amount: 1000, currency: 'EUR' } }],
  taxes: [{ countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' }],
};

/** Plans, for staff. */
@ApiTags('Plans')
@Controller('v1/admin/plans')
export class PlanAdminController {
  constructor(private readonly plans: Plans) {}

  @Get()
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'listPlans',
    summary: 'Lists the plans with all their versions',
    description: 'The newest first, by `state` or `kind`; archived ones too.',
    answers: { 200: PageOf(PlanDto) },
    problems: [invalid_cursor],
  })
  list(@Query() query: PlanQuery): Promise<Page<PlanDto>> {
    return this.plans.list(query);
  }

  @Get(':id')
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'getPlan',
    headers: ['ETag'],
    summary: 'Shows a plan',
    description: 'With every version that it ever had. The `ETag` goes into `If-Match` of a change.',
    answers: { 200: PlanDto },
    problems: [not_found],
  })
  get(@Param() { id }: PlanParams): Promise<PlanDto> {
    return this.plans.get(id);
  }

  @Post()
  @Permissions('billing:subscription:write')
  @Operation({
    id: 'createPlan',
    location: '/v1/admin/plans/{id}',
    headers: ['ETag'],
    summary: 'Makes a plan',
    description:
      'With its first version: what one unit costs each period in each currency, how it is taxed where the buyer is, free days ' +
      'and what is metered. Terms never change, others are a further version. 409 when the code is taken; 400 names what cannot ' +
      'be sold so.',
    example: { code: 'pro', title: 'Pro', terms: TERMS },
    answers: { 201: PlanDto },
    problems: [conflict],
    idempotency: 'accepted',
  })
  create(@Body() input: CreatePlanDto, @CurrentActor() actor: Actor): Promise<PlanDto> {
    return this.plans.create(input, actor);
  }

  @Patch(':id')
  @Permissions('billing:subscription:write')
  @Operation({
    id: 'updatePlan',
    headers: ['ETag'],
    summary: 'Renames a plan',
    description:
      'Its title stands on invoices from then on; the terms are changed by a further version only.',
    answers: { 200: PlanDto },
    problems: [not_found, stale_version],
  })
  update(
    @Param() { id }: PlanParams,
    @Body() input: UpdatePlanDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<PlanDto> {
    return this.plans.update(id, input, version, actor);
  }

  @Delete(':id')
  @Permissions('billing:subscription:write')
  @Operation({
    id: 'archivePlan',
    summary: 'Takes a plan off sale',
    description: 'Nobody subscribes or changes to it any more. Who has it keeps it and is billed as before.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async archive(
    @Param() { id }: PlanParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.plans.archive(id, version, actor);
  }

  @Post(':id/versions')
  @Permissions('billing:subscription:write')
  @Operation({
    id: 'addPlanVersion',
    headers: ['ETag'],
    summary: 'Gives a plan other terms',
    description:
      'Whoever subscribes from `validFrom` on gets them. With `appliesTo: all` everybody who has the plan goes over with the next ' +
      'period that begins after that; then the interval stays, and every currency and country is there of each version that somebody may ' +
      'still have: those back to the last one that was for all. A version is never changed or taken away.',
    example: { ...TERMS, prices: [{ amount: { amount: 1200, currency: 'EUR' } }], appliesTo: 'all' },
    answers: { 201: PlanDto },
    problems: [not_found, stale_version],
    idempotency: 'required',
  })
  addVersion(
    @Param() { id }: PlanParams,
    @Body() input: AddPlanVersionDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<PlanDto> {
    return this.plans.addVersion(id, input, version, actor);
  }
}
