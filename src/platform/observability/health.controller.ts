import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Header, Headers, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OwnCheck, Public } from '../access/access.js';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { JobQueues } from '../events/job-queues.js';
import { OneOf } from '../http/fields.js';
import { Operation } from '../http/operation.js';
import { platformProblems } from '../http/problem.js';
import { Metrics } from './metrics.js';
import { Readiness } from './readiness.js';

/** Longer than this and a probe should count the part as away. */
const PATIENCE_MS = 500;

class LiveDto {
  @OneOf(['ok'])
  status: string;
}

class ReadyDto {
  @OneOf(['ready', 'degraded'], { description: 'degraded: purchases go on, what follows them waits.' })
  status: string;

  @OneOf(['ok'])
  database: string;

  @OneOf(['ok', 'away'])
  jobs: string;
}

/** For load balancers and supervisors. No versions, no hosts. */
@Controller()
@Public()
@ApiTags('Operations')
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly queues: JobQueues,
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
    private readonly config: Config,
  ) {}

  @Get('health/live')
  @Operation({
    id: 'getLiveness',
    summary: 'Says whether the process runs at all',
    description:
      '200 as long as the process answers at all; nothing else is looked at. For restarting what hangs.',
    answers: { 200: LiveDto },
  })
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @Operation({
    id: 'getReadiness',
    summary: 'Says whether the process should be sent requests',
    description:
      'For load balancers. 503 while it drains, PostgreSQL is away or its schema is older than the ' +
      'program. Job queues that are away make it `degraded`: purchases go on, mails and other ' +
      'consequences wait.',
    answers: { 200: ReadyDto },
    problems: [platformProblems.unavailable],
  })
  async ready(): Promise<ReadyDto> {
    if (!this.readiness.ready)
      throw platformProblems.unavailable('The process is shutting down.', { retryAfter: 1 });
    if (!(await within(this.checkDatabase()))) {
      throw platformProblems.unavailable('PostgreSQL does not answer, or has an older schema.', {
        retryAfter: 1,
      });
    }
    const jobs =
      this.queues.backend === 'postgresql' || (await within(this.queues.queue('events').getWaitingCount()));
    return { status: jobs ? 'ready' : 'degraded', database: 'ok', jobs: jobs ? 'ok' : 'away' };
  }

  /** An older dump may have been restored below a running process. */
  private async checkDatabase(): Promise<void> {
    const missing = await this.database.query(MISSING, [this.readiness.needs]);
    if (missing.length > 0) throw new Error('the schema is older than the program');
  }

  @Get('metrics')
  @OwnCheck()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getMetrics',
    summary: 'Metrics for Prometheus',
    description:
      'Counters and histograms of this process in the text format of Prometheus 0.0.4. With METRICS_TOKEN ' +
      'in the settings only for whoever sends it as `Authorization: Bearer …`; without it open to ' +
      'everybody, and in production to nobody.',
    answers: { 200: { contentType: 'text/plain', description: 'Prometheus text format 0.0.4.' } },
    problems: [platformProblems.not_found],
  })
  async prometheus(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { metricsToken, production } = this.config;
    if (metricsToken === null && production)
      throw platformProblems.not_found('Metrics are served with METRICS_TOKEN only.');
    // A token that is none is refused as everywhere, also where nobody asks for one.
    if (
      metricsToken === null ? authorization !== undefined : !isSame(authorization, `Bearer ${metricsToken}`)
    )
      throw platformProblems.unauthorized();
    void reply.type('text/plain; version=0.0.4; charset=utf-8');
    return this.metrics.registry.metrics();
  }
}

/** Takes as long for a good guess as for a bad one. */
function isSame(given: string | undefined, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(expected));
}

const MISSING =
  'SELECT n FROM unnest($1::text[]) AS n WHERE n NOT IN (SELECT name FROM schema_migrations) LIMIT 1';

/** True when it answered in time. */
async function within(work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
