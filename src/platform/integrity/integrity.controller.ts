import { Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../access/access.js';
import { type Actor, actorId } from '../access/actor.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { Database } from '../database/database.js';
import { Operation } from '../http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../http/page.js';
import { platformProblems } from '../http/problem.js';
import { IntegrityFindingDto, IntegrityFindingQuery, IntegrityRunDto } from './integrity.dto.js';
import { IntegrityRegistry } from './integrity.registry.js';
import { type IntegrityRun, IntegrityRuns } from './integrity-runs.js';

/** Whether the books, the stock and the orders fit together. */
@Controller('v1/admin/integrity')
@ApiTags('Operations')
export class IntegrityController {
  constructor(
    private readonly database: Database,
    private readonly runs: IntegrityRuns,
    private readonly registry: IntegrityRegistry,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permissions('platform:integrity:read')
  @Operation({
    id: 'listIntegrityFindings',
    summary: 'Lists what does not fit together',
    description:
      'Every night the store recalculates what rows promise each other: that the ledger balances, that stock is the sum ' +
      'of its movements, that orders are the sum of their lines and agree with their payments. What was found and is ' +
      'still there stands here, by check; a finding that a later run does not see again resolves itself ' +
      '(`state=resolved`). Nothing is put right by itself: an empty list is what to hope for. Resolved findings are ' +
      'kept for 90 days.',
    answers: { 200: PageOf(IntegrityFindingDto) },
  })
  async findings(@Query() query: IntegrityFindingQuery): Promise<Page<IntegrityFindingDto>> {
    const { check = null, state, limit } = query;
    const list = `integrity:${state}:${check ?? ''}`;
    const after = this.cursors.decode(list, query.cursor) as [string, string] | null;
    const rows = await this.runs.findings({ check, isOpen: state === 'open' }, after, limit + 1);
    return this.cursors.page(list, rows as unknown as IntegrityFindingDto[], limit, (row) => [
      row.check,
      row.id,
    ]);
  }

  @Post('runs')
  @Permissions('platform:integrity:write')
  @Operation({
    id: 'startIntegrityRun',
    location: '/v1/admin/integrity/runs/{id}',
    summary: 'Starts an integrity check now',
    description:
      'In the background: 202 means that it will be made. Poll `GET /v1/admin/integrity/runs/{id}` until `state` is ' +
      '`finished`. While one is under way, that one is answered. It reads only and locks nothing.',
    answers: { 202: IntegrityRunDto },
    idempotency: 'accepted',
  })
  async start(@CurrentActor() actor: Actor): Promise<IntegrityRunDto> {
    return this.database.transaction(async () => {
      const run = await this.runs.start(actorId(actor), this.clock.now());
      const action = 'platform.integrity_run.started';
      this.audit.record({ actor, action, subjectType: 'integrity_run', subjectId: run.id });
      return this.shown(run);
    });
  }

  @Get('runs')
  @Permissions('platform:integrity:read')
  @Operation({
    id: 'listIntegrityRuns',
    summary: 'Lists integrity checks, the newest first',
    description: 'With what each check came to. Runs are kept for 90 days.',
    answers: { 200: PageOf(IntegrityRunDto) },
  })
  async list(@Query() query: PageQuery): Promise<Page<IntegrityRunDto>> {
    const [after = null] = this.cursors.decode('integrity-runs', query.cursor) ?? [];
    const rows = await this.runs.list(after as string | null, query.limit + 1);
    const shown = rows.map((run) => this.shown(run));
    return this.cursors.page('integrity-runs', shown, query.limit, ({ id }) => [id]);
  }

  @Get('runs/:id')
  @Permissions('platform:integrity:read')
  @Operation({
    id: 'getIntegrityRun',
    summary: 'How far an integrity check is',
    description:
      '`state` goes from `waiting` over `running` to `finished`; `results` grow meanwhile. A run whose process died is ' +
      'taken up again where it was.',
    answers: { 200: IntegrityRunDto },
    problems: [platformProblems.not_found],
  })
  async get(@Param('id', ParseUUIDPipe) id: string): Promise<IntegrityRunDto> {
    const run = await this.runs.find(id);
    if (!run) throw platformProblems.not_found();
    return this.shown(run);
  }

  private shown({ results, ...run }: IntegrityRun): IntegrityRunDto {
    const told = Object.entries(results).map(([check, result]) => ({
      check,
      promise: this.registry.promiseOf(check),
      ...result,
    }));
    return { ...run, results: told.sort((a, b) => (a.check < b.check ? -1 : 1)) };
  }
}
