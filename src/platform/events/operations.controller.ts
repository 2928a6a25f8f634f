import { Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../access/access.js';
import type { Actor } from '../access/actor.js';
import { Audit } from '../audit/audit.js';
import { Database } from '../database/database.js';
import { Dictionary, Instant, Integer, ListOf, OneOf, Text, Uuid } from '../http/fields.js';
import { Operation } from '../http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../http/page.js';
import { platformProblems } from '../http/problem.js';
import { Deliveries } from './deliveries.js';
import { JobQueues } from './job-queues.js';

class QueueDto {
  @Text({ max: 50, example: 'mail' })
  name: string;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Jobs that can be taken now.' })
  waiting: number;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Jobs in work.' })
  active: number;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Jobs that wait for their time.' })
  delayed: number;

  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description: 'Jobs out of attempts; the sweeper brings their deliveries back until those are dead.',
  })
  failed: number;
}

class JobsDto {
  @OneOf(['postgresql', 'redis'])
  backend: string;

  @ListOf(() => QueueDto, { max: 20 })
  queues: QueueDto[];

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Facts that the relay has not moved yet.' })
  outboxPending: number;

  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description: 'Deliveries given up: look at them and replay them.',
  })
  deadDeliveries: number;
}

class DeliveryDto {
  @Uuid()
  id: string;

  @Uuid()
  eventId: string;

  @Text({ max: 100, example: 'ordering.order_placed' })
  type: string;

  @Text({ max: 200, example: 'OrderMails.confirm' })
  consumer: string;

  @OneOf(['pending', 'done', 'dead'])
  state: string;

  @Integer({ min: 0, max: 1_000_000 })
  failures: number;

  @Text({ max: 500, nullable: true })
  lastError: string | null;

  @Instant()
  enqueuedAt: string;
}

class DeliveryQuery extends PageQuery {
  @OneOf(['pending', 'done', 'dead'], { optional: true, description: 'Default: dead.' })
  state: string = 'dead';
}

class EventDto {
  @Uuid()
  id: string;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER, description: 'Gapless, in the order of commits.' })
  position: number;

  @Text({ max: 100, example: 'ordering.order_placed' })
  type: string;

  @Instant()
  recordedAt: string;

  @Dictionary({ values: 'any' })
  data: object;
}

class EventQuery {
  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    default: 0,
    optional: true,
    description: 'Position of the last fact that you have.',
  })
  after: number = 0;

  @Integer({ min: 1, max: 100, default: 24, optional: true })
  limit: number = 24;
}

class EventFeedDto {
  @ListOf(() => EventDto, { max: 100 })
  items: EventDto[];

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Pass it as `after` to go on.' })
  lastPosition: number;
}

/** What an operator looks at when something does not arrive. */
@Controller('v1/admin')
@ApiTags('Operations')
export class OperationsController {
  constructor(
    private readonly database: Database,
    private readonly queues: JobQueues,
    private readonly deliveries: Deliveries,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
  ) {}

  @Get('jobs')
  @Permissions('platform:jobs:read')
  @Operation({
    id: 'getJobs',
    summary: 'Shows the queues and what is stuck',
    description:
      'The length of each queue, how many facts the relay has not moved yet and how many deliveries were ' +
      'given up. `deadDeliveries` above zero wants a person: `GET /v1/admin/jobs/deliveries`.',
    answers: { 200: JobsDto },
  })
  async jobs(): Promise<JobsDto> {
    const [row] = await this.database.query<{ outbox: string; dead: string }>(COUNTS);
    const queues = await Promise.all(
      this.queues.all().map(async (queue) => {
        const counts = await queue.getJobCounts('wait', 'prioritized', 'active', 'delayed', 'failed');
        const { wait = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts;
        return { name: queue.name, waiting: wait + prioritized, active, delayed, failed };
      }),
    );
    return {
      backend: this.queues.backend,
      queues,
      outboxPending: Number(row?.outbox ?? 0),
      deadDeliveries: Number(row?.dead ?? 0),
    };
  }

  @Get('jobs/deliveries')
  @Permissions('platform:jobs:read')
  @Operation({
    id: 'listDeliveries',
    summary: 'Lists deliveries of facts, the dead ones first of all',
    description:
      'Which fact goes to which consumer, how often that failed and why. Without `state` the dead ones: ' +
      'those that are tried no more.',
    answers: { 200: PageOf(DeliveryDto) },
  })
  async list(@Query() query: DeliveryQuery): Promise<Page<DeliveryDto>> {
    const list = `deliveries:${query.state}`;
    const [after = null] = this.cursors.decode(list, query.cursor) ?? [];
    const rows = await this.database.query<DeliveryDto>(LIST, [query.state, after, query.limit + 1]);
    return this.cursors.page(list, rows, query.limit, ({ id }) => [id]);
  }

  @Post('jobs/deliveries/:id/replay')
  @Permissions('platform:jobs:write')
  @Operation({
    id: 'replayDelivery',
    summary: 'Tries a dead delivery again from the start',
    description:
      'Its failures start at zero and it is worked again within a moment; 204 says that it was asked ' +
      'for. 404 when it is unknown or not dead.',
    answers: { 204: null },
    idempotency: 'accepted',
  })
  async replay(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      this.audit.record({
        actor,
        action: 'platform.delivery.replayed',
        subjectType: 'delivery',
        subjectId: id,
      });
      if (!(await this.deliveries.replay(id))) throw platformProblems.not_found();
    });
  }

  @Get('events')
  @Permissions('platform:events:read')
  @Operation({
    id: 'listEvents',
    summary: 'Reads the feed of facts after a position',
    description:
      'Everything that happened in the store, in the order of commits: keep `lastPosition` and pass it ' +
      'as `after` to go on. Every fact has a position without gaps: a reader that keeps the last one ' +
      'misses nothing and can prove it.',
    answers: { 200: EventFeedDto },
  })
  async events(@Query() query: EventQuery): Promise<EventFeedDto> {
    const items = await this.database.query<EventDto>(FEED, [query.after, query.limit]);
    return { items, lastPosition: items.at(-1)?.position ?? query.after };
  }
}

const COUNTS = `
  SELECT (SELECT count(*) FROM platform.events WHERE position IS NULL) AS outbox,
    (SELECT count(*) FROM platform.deliveries WHERE state = 'dead') AS dead`;
const LIST = `
  SELECT d.id, d.event_id AS "eventId", e.type, d.consumer, d.state, d.failures, d.last_error AS "lastError",
    d.enqueued_at AS "enqueuedAt"
  FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id
  WHERE d.state = $1 AND ($2::uuid IS NULL OR d.id < $2) ORDER BY d.id DESC LIMIT $3`;
const FEED = `
  SELECT id, position::float8 AS position, type, recorded_at AS "recordedAt", payload AS data
  FROM platform.events WHERE position > $1 ORDER BY position LIMIT $2`;
