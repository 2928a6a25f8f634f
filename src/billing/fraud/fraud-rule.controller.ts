import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  CreateFraudRuleDto,
  FraudRuleDto,
  FraudRuleParams,
  FraudRuleQuery,
  UpdateFraudRuleDto,
} from './fraud-rule.dto.js';
import { FraudRules } from './fraud-rules.service.js';
import { FraudSimulationDto, SimulateFraudDto } from './fraud-simulation.dto.js';
import { FraudSimulations } from './fraud-simulations.service.js';

const { not_found, stale_version, invalid_cursor } = platformProblems;

/** The rules of the screening, for staff. */
@ApiTags('Fraud screening')
@Permissions('billing:fraud:read')
@Controller('v1/admin/fraud-rules')
export class FraudRuleController {
  constructor(
    private readonly rules: FraudRules,
    private readonly simulations: FraudSimulations,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Operation({
    id: 'listFraudRules',
    summary: 'List the rules of the screening',
    description:
      'The newest first, by `mode`; without those that are archived. One comes with the shop and is `off`: ten failures from one ' +
      'network within an hour block the next attempt.',
    answers: { 200: PageOf(FraudRuleDto) },
    problems: [invalid_cursor],
  })
  async list(@Query() query: FraudRuleQuery): Promise<Page<FraudRuleDto>> {
    const { mode = null, archived = false, cursor, limit } = query;
    const name = `fraud-rules:${mode}:${archived}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.rules.list({ mode, archived }, after as string | null, limit + 1);
    return this.cursors.page(name, rows, limit, ({ id }) => [id]);
  }

  @Post()
  @Permissions('billing:fraud:write')
  @Operation({
    id: 'createFraudRule',
    location: '/v1/admin/fraud-rules/{id}',
    example: {
      name: 'Card testing by e-mail',
      outcome: 'block',
      conditions: { velocity: [{ per: 'email', count: 'cards', atLeast: 4, withinMinutes: 1440 }] },
    },
    headers: ['ETag'],
    summary: 'Make a rule of the screening',
    description:
      'Rules look at each attempt to pay an order or an invoice and to keep a card, before the gateway is asked; all of their conditions ' +
      'have to hold, and `kinds` narrows what is looked at. Of the ' +
      '`live` rules that hold the strictest outcome wins: `block`, `review`, `challenge`, `allow`. Counting is exact: of however ' +
      'many attempts at once as many pass as the rule lets through. A rule says nothing of attempts that were opened before it, ' +
      'nor of charges without the shopper unless it names them (`kinds`). One that could never hold, or not do what it says, is ' +
      'refused: `errors` names the field. `POST /v1/admin/fraud-rules/simulate` tells what it would have done.',
    answers: { 201: FraudRuleDto },
    problems: [platformProblems.invalid_input],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateFraudRuleDto, @CurrentActor() actor: Actor): Promise<FraudRuleDto> {
    return this.rules.create(input, actor);
  }

  @Post('simulate')
  @Operation({
    id: 'simulateFraudRules',
    example: {
      rule: {
        name: 'Many cards',
        outcome: 'block',
        conditions: { velocity: [{ per: 'network', count: 'cards', atLeast: 5, withinMinutes: 60 }] },
      },
      days: 30,
    },
    summary: 'Try rules out on attempts of the past',
    description:
      'One that is not kept (`rule`), one that is (`ruleId`), or all that are on; on the attempts of the last `days`, or of one ' +
      'payment (`paymentId`). It is counted as it would have been then, over the newest 5,000 attempts at most. An attempt that ' +
      'a rule has blocked counts as a failure where nothing blocks it now. Nothing is written.',
    answers: { 200: FraudSimulationDto },
    problems: [not_found, platformProblems.invalid_input],
  })
  simulate(@Body() input: SimulateFraudDto): Promise<FraudSimulationDto> {
    return this.simulations.run(input);
  }

  @Get(':id')
  @Operation({
    id: 'getFraudRule',
    headers: ['ETag'],
    summary: 'Read a rule of the screening',
    description: 'Archived ones too. The `ETag` goes into `If-Match` of a change.',
    answers: { 200: FraudRuleDto },
    problems: [not_found],
  })
  get(@Param() { id }: FraudRuleParams): Promise<FraudRuleDto> {
    return this.rules.get(id);
  }

  @Patch(':id')
  @Permissions('billing:fraud:write')
  @Operation({
    id: 'updateFraudRule',
    example: { mode: 'live' },
    headers: ['ETag'],
    summary: 'Change a rule of the screening',
    description:
      'What is left out stays; `conditions` are replaced as a whole. It holds for the next attempt. 404 for one that is archived.',
    answers: { 200: FraudRuleDto },
    problems: [not_found, stale_version, platformProblems.invalid_input],
  })
  update(
    @Param() { id }: FraudRuleParams,
    @Body() input: UpdateFraudRuleDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<FraudRuleDto> {
    return this.rules.update(id, input, version, actor);
  }

  @Delete(':id')
  @Permissions('billing:fraud:write')
  @Operation({
    id: 'archiveFraudRule',
    summary: 'End a rule of the screening for good',
    description: 'It looks at nothing any more, and stays readable: screenings name it.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async archive(
    @Param() { id }: FraudRuleParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.rules.archive(id, version, actor);
  }
}
