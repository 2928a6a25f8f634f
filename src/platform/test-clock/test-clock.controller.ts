import { Body, Controller, Get, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../access/access.js';
import { type Actor, actorId } from '../access/actor.js';
import { Audit } from '../audit/audit.js';
import { Clock, realNow } from '../clock.js';
import { Database } from '../database/database.js';
import { JobQueues } from '../events/job-queues.js';
import { Operation } from '../http/operation.js';
import { platformProblems } from '../http/problem.js';
import { type ClockAdvancement, ClockAdvancements } from './clock-advancements.js';
import { MOVE_CLOCK } from './clock-mover.js';
import { TestClock } from './test-clock.js';
import { AdvanceClockDto, ClockAdvancementDto, TestClockDto } from './test-clock.dto.js';
import { testClockProblems } from './test-clock.errors.js';

const HOUR_MS = 3_600_000;
const LONGEST_MS = 366 * 24 * HOUR_MS;

/** The clock of a sandbox, which can be moved. */
@Controller('v1/admin/test-clock')
@ApiTags('Operations')
export class TestClockController {
  constructor(
    private readonly database: Database,
    private readonly testClock: TestClock,
    private readonly advancements: ClockAdvancements,
    private readonly queues: JobQueues,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permissions('platform:jobs:read')
  @Operation({
    id: 'getTestClock',
    summary: 'What time the store has',
    description:
      'Validity, expiry, periods and reports go by the store’s clock; a sandbox may be ahead of real time, a shop in ' +
      'production (`movable: false`) never is. Sign-ins, tokens and limits of requests always go by real time.',
    answers: { 200: TestClockDto },
  })
  async get(): Promise<TestClockDto> {
    const newest = await this.advancements.newest();
    const now = this.clock.now();
    return {
      now: now.toISOString(),
      aheadSeconds: Math.max(0, Math.round((now.getTime() - realNow().getTime()) / 1_000)),
      movable: this.testClock.isMovable,
      advancement: newest && shown(newest),
    };
  }

  @Post('advancements')
  @Permissions('platform:test-clock:write')
  @Operation({
    id: 'advanceTestClock',
    location: '/v1/admin/test-clock/advancements/{id}',
    summary: 'Moves the clock of a sandbox ahead',
    description:
      'To a moment (`to`) or by days and hours (`by`), at most 366 days at once, never back and never in production. In ' +
      'the background: 202 means that it will be moved; poll `GET /v1/admin/test-clock/advancements/{id}` until `state` ' +
      'is `finished`. The clock stops every night and where something is due; at each stop the test gateway follows, ' +
      'every periodic job runs, and the clock waits until all facts have been heard, so that what is due happens in its ' +
      'order: unpaid orders expire, holds of money end, letters go out, promotions end. 409 while another one is under way: ' +
      '`Retry-After` says when to look again, up to 75 seconds where the process that moved it has died.',
    answers: { 202: ClockAdvancementDto },
    problems: [testClockProblems.clock_not_movable, testClockProblems.clock_moving],
    idempotency: 'required',
    example: { by: { days: 1 } },
  })
  async advance(@Body() input: AdvanceClockDto, @CurrentActor() actor: Actor): Promise<ClockAdvancementDto> {
    if (!this.testClock.isMovable) throw testClockProblems.clock_not_movable();
    const now = this.clock.now();
    const to = targetOf(input, now);
    const begun = await this.advancements.start(actorId(actor) ?? 'nobody', now, to);
    if (begun === null)
      throw testClockProblems.clock_moving(undefined, {
        retryAfter: await this.advancements.secondsToWait(),
      });
    this.audit.record({
      actor,
      action: 'platform.test_clock.advanced',
      subjectType: 'test_clock',
      subjectId: begun.id,
    });
    // Not before the commit: a quick worker would find nothing. Should it be lost, the schedule is behind it.
    this.database.afterCommit(() => void this.queues.wake(MOVE_CLOCK));
    return shown(begun);
  }

  @Get('advancements/:id')
  @Permissions('platform:jobs:read')
  @Operation({
    id: 'getClockAdvancement',
    summary: 'How far the clock was moved',
    description:
      '`state` goes from `waiting` over `running` to `finished`, or to `failed` when the step after `reached` failed ' +
      'again and again; then the next advancement may be asked for. One whose process died goes on where it was.',
    answers: { 200: ClockAdvancementDto },
    problems: [platformProblems.not_found],
  })
  async getAdvancement(@Param('id', ParseUUIDPipe) id: string): Promise<ClockAdvancementDto> {
    const found = await this.advancements.find(id);
    if (!found) throw platformProblems.not_found();
    return shown(found);
  }
}

/** Where the clock shall go. Throws `platform.invalid_input` when it is not said, said twice, not ahead or too far. */
function targetOf({ to, by }: AdvanceClockDto, now: Date): Date {
  if ((to === undefined) === (by === undefined)) throw fault('', 'to_or_by', 'Send either to or by.');
  const pointer = to === undefined ? '/by' : '/to';
  const at =
    to === undefined ? now.getTime() + ((by?.days ?? 0) * 24 + (by?.hours ?? 0)) * HOUR_MS : Date.parse(to);
  if (at <= now.getTime())
    throw fault(pointer, 'not_ahead', 'The clock only moves ahead: name a moment after its present.');
  if (at - now.getTime() > LONGEST_MS)
    throw fault(pointer, 'too_far', 'The clock moves at most 366 days at once: go there in parts.');
  return new Date(at);
}

const fault = (pointer: string, code: string, message: string) =>
  platformProblems.invalid_input(message, { errors: [{ pointer, code, message }] });

const shown = ({ failures, facts, ...rest }: ClockAdvancement): ClockAdvancementDto => ({
  ...rest,
  failures: Object.entries(failures).map(([job, steps]) => ({ job, steps })),
  facts: Object.entries(facts).map(([type, count]) => ({ type, count })),
});
