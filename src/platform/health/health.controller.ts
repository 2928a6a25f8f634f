import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../access/access.js';
import { Database } from '../database/database.js';
import { OneOf } from '../http/fields.js';
import { Operation } from '../http/operation.js';
import { platformProblems } from '../http/problem.js';
import { Readiness } from '../start/readiness.js';

const DATABASE_WITHIN_MS = 2_000;

class HealthDto {
  @OneOf(['ok'])
  status: 'ok';
}

@ApiTags('Health')
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly database: Database,
  ) {}

  @Get('live')
  @Operation({
    id: 'checkLiveness',
    summary: 'Is the process alive?',
    description: 'Says nothing about what it depends on: a restart would not mend a database.',
    answers: { 200: HealthDto },
  })
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @Operation({
    id: 'checkReadiness',
    summary: 'Does the process want requests?',
    description: 'Not while it starts or drains, nor while the database does not answer.',
    answers: { 200: HealthDto },
    problems: [platformProblems.unavailable],
  })
  async ready(): Promise<HealthDto> {
    if (!this.readiness.ready || !(await this.databaseAnswers())) {
      throw platformProblems.unavailable(undefined, { retryAfter: 1 });
    }
    return { status: 'ok' };
  }

  private databaseAnswers(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), DATABASE_WITHIN_MS);
      this.database
        .query('SELECT 1')
        .then(
          () => resolve(true),
          () => resolve(false),
        )
        .finally(() => clearTimeout(timer));
    });
  }
}
