import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  ReconciliationCaseDto,
  ReconciliationCaseQuery,
  ReconciliationRunDto,
  ResolveCaseDto,
  SettlementLineDto,
  SettlementLineQuery,
  StartReconciliationDto,
} from './reconciliation.dto.js';
import { reconciliationProblems } from './reconciliation.errors.js';
import { StaffReconciliation } from './staff-reconciliation.service.js';

const CasePage = PageOf(ReconciliationCaseDto);
const LinePage = PageOf(SettlementLineDto);
const RunPage = PageOf(ReconciliationRunDto);

/** The account of the gateway against the books, for staff. */
@ApiTags('Reconciliation')
@Permissions('billing:ledger:read')
@Controller('v1/admin/reconciliation')
export class ReconciliationController {
  constructor(private readonly staff: StaffReconciliation) {}

  @Get('cases')
  @Operation({
    id: 'listReconciliationCases',
    summary: 'List what does not fit, newest first',
    description:
      'One case for each line, posting or payout that the gateway and the books disagree about. One that has come right by itself ' +
      'is resolved as `settled`; the others wait for somebody.',
    answers: { 200: CasePage },
    problems: [platformProblems.invalid_cursor],
  })
  cases(@Query() query: ReconciliationCaseQuery): Promise<Page<ReconciliationCaseDto>> {
    return this.staff.list(query);
  }

  @Get('cases/:id')
  @Operation({
    id: 'getReconciliationCase',
    headers: ['ETag'],
    summary: 'Read a case',
    description: 'With what the books say (`expected`) and what the gateway says (`found`), in minor units.',
    answers: { 200: ReconciliationCaseDto },
    problems: [platformProblems.not_found],
  })
  case(@Param('id', ParseUUIDPipe) id: string): Promise<ReconciliationCaseDto> {
    return this.staff.get(id);
  }

  @Post('cases/:id/resolution')
  @Permissions('billing:ledger:write')
  @Operation({
    id: 'resolveReconciliationCase',
    headers: ['ETag'],
    summary: 'Say what became of a case',
    description:
      'Nothing is booked by it. It is opened again only when the gateway or the books come to say something else than now. Who decided, and why, ' +
      'is kept.',
    answers: { 200: ReconciliationCaseDto },
    problems: [
      platformProblems.not_found,
      platformProblems.stale_version,
      reconciliationProblems.case_resolved,
    ],
    idempotency: 'accepted',
  })
  resolve(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: ResolveCaseDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<ReconciliationCaseDto> {
    return this.staff.resolve(id, input, version, actor);
  }

  @Get('lines')
  @Operation({
    id: 'listSettlementLines',
    summary: 'List what the gateway says of its account, newest first',
    description:
      'Every movement that was told, with the posting that says the same, or what is wrong with it.',
    answers: { 200: LinePage },
    problems: [platformProblems.invalid_cursor],
  })
  lines(@Query() query: SettlementLineQuery): Promise<Page<SettlementLineDto>> {
    return this.staff.settlementLines(query);
  }

  @Get('runs')
  @Operation({
    id: 'listReconciliationRuns',
    summary: 'List the runs, newest first',
    description: 'One every night, and those that somebody has asked for.',
    answers: { 200: RunPage },
    problems: [platformProblems.invalid_cursor],
  })
  runs(@Query() query: PageQuery): Promise<Page<ReconciliationRunDto>> {
    return this.staff.runs(query);
  }

  @Get('runs/:id')
  @Operation({
    id: 'getReconciliationRun',
    summary: 'Read a run',
    description: '`counts` are there once it is `finished`.',
    answers: { 200: ReconciliationRunDto },
    problems: [platformProblems.not_found],
  })
  run(@Param('id', ParseUUIDPipe) id: string): Promise<ReconciliationRunDto> {
    return this.staff.run(id);
  }

  @Post('runs')
  @Permissions('billing:ledger:write')
  @Operation({
    id: 'startReconciliation',
    summary: 'Hold the account of the gateway against the books',
    description:
      'It begins within seconds. Fees and payouts are booked, each once however often it runs; whatever else does not fit becomes a case.',
    answers: { 202: ReconciliationRunDto },
    problems: [reconciliationProblems.no_gateway],
    idempotency: 'accepted',
  })
  start(@Body() input: StartReconciliationDto, @CurrentActor() actor: Actor): Promise<ReconciliationRunDto> {
    return this.staff.start(input, actor);
  }
}
