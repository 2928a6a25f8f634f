import { Body, Controller, Get, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  CreateDunningPolicyDto,
  DunningPoliciesDto,
  DunningPolicyDto,
  DunningPolicyParams,
  DunningSimulationDto,
  SimulateDunningDto,
  UpdateDunningPolicyDto,
} from './dunning-policy.dto.js';
import { DunningPolicies } from './dunning-policies.service.js';
import { DunningSimulations } from './dunning-simulations.service.js';

const { not_found, stale_version } = platformProblems;

/** By which rules invoices are collected, for staff. */
@ApiTags('Dunning')
@Permissions('billing:dunning:write')
@Controller('v1/admin/dunning-policies')
export class DunningPolicyController {
  constructor(
    private readonly policies: DunningPolicies,
    private readonly simulations: DunningSimulations,
  ) {}

  @Get()
  @Permissions('billing:dunning:read')
  @Operation({
    id: 'listDunningPolicies',
    summary: 'List the dunning policies',
    description: 'The oldest first. Collections begin with the default; the others wait to be tried out.',
    answers: { 200: DunningPoliciesDto },
  })
  async list(): Promise<DunningPoliciesDto> {
    return { items: (await this.policies.list()).map((each) => DunningPolicyDto.from(each)) };
  }

  @Get(':id')
  @Permissions('billing:dunning:read')
  @Operation({
    id: 'getDunningPolicy',
    headers: ['ETag'],
    summary: 'Read a dunning policy',
    description:
      'Its schedule, what it does at the end, and from when on use is restricted. What the card networks forbid no policy can ask ' +
      'for: cards that were refused for good are never tried again, and no card more often than Visa (20 times in 30 days for an ' +
      'amount) and Mastercard (10 in a day, 35 in 30) allow.',
    answers: { 200: DunningPolicyDto },
    problems: [not_found],
  })
  async get(@Param() { id }: DunningPolicyParams): Promise<DunningPolicyDto> {
    return DunningPolicyDto.from(await this.policies.get(id));
  }

  @Post()
  @Operation({
    id: 'createDunningPolicy',
    location: '/v1/admin/dunning-policies/{id}',
    headers: ['ETag'],
    summary: 'Add a dunning policy',
    description:
      'Nothing begins with it until it is made the default, so that it can be tried against past declines before: `POST ' +
      '/v1/admin/dunning-policies/{id}/simulations`.',
    answers: { 201: DunningPolicyDto },
    idempotency: 'accepted',
  })
  async create(
    @Body() input: CreateDunningPolicyDto,
    @CurrentActor() actor: Actor,
  ): Promise<DunningPolicyDto> {
    return DunningPolicyDto.from(await this.policies.create(input, actor));
  }

  @Patch(':id')
  @Operation({
    id: 'updateDunningPolicy',
    example: { retryDays: [1, 3, 7, 14], isDefault: true },
    headers: ['ETag'],
    summary: 'Change a dunning policy',
    description:
      'What is left out stays. Collections under way end by the schedule that they began with; from when on use is restricted is ' +
      'read anew each day.',
    answers: { 200: DunningPolicyDto },
    problems: [not_found, stale_version],
  })
  async update(
    @Param() { id }: DunningPolicyParams,
    @Body() input: UpdateDunningPolicyDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<DunningPolicyDto> {
    return DunningPolicyDto.from(await this.policies.update(id, input, version, actor));
  }

  @Post(':id/simulations')
  @Permissions('billing:dunning:read')
  @Operation({
    id: 'simulateDunningPolicy',
    example: { from: '2026-06-01T00:00:00Z', attemptFee: { amount: 10, currency: 'EUR' } },
    summary: 'Try a dunning policy against past declines',
    description:
      'Takes the collections that failed in the time and are over, and says what this schedule would have made of them, beside how ' +
      'it went; nothing is changed. It is known on which days the money was not there and from which day on it was; of the days in ' +
      'between nobody knows, and attempts on them are counted as failed and told apart. What customers did by themselves counts ' +
      'for both.',
    answers: { 200: DunningSimulationDto },
    problems: [not_found],
  })
  simulate(
    @Param() { id }: DunningPolicyParams,
    @Body() input: SimulateDunningDto,
  ): Promise<DunningSimulationDto> {
    return this.simulations.run(id, input);
  }
}
