import { Bool, Instant, Integer, ListOf, OneOf, Text, Uuid } from '../http/fields.js';
import { PageQuery } from '../http/page.js';
import { RUN_STATES } from './integrity-runs.js';

const MAX = Number.MAX_SAFE_INTEGER;

export class IntegrityResultDto {
  @Text({ max: 100, example: 'billing.ledger_balanced' })
  check: string;

  @Text({ max: 500, description: 'What the check promises.' })
  promise: string;

  @Integer({ min: 0, max: MAX, description: 'Subjects that it has looked at so far.' })
  subjects: number;

  @Integer({ min: 0, max: MAX, description: 'Those of them with which something is wrong.' })
  findings: number;

  @Bool({ description: 'It could not be made: the log says why, and its findings stay as they were.' })
  failed: boolean;
}

export class IntegrityRunDto {
  @Uuid()
  id: string;

  @OneOf(RUN_STATES)
  state: string;

  @Text({ max: 100, nullable: true, description: 'Id of who asked for it; null: the nightly job.' })
  requestedBy: string | null;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  startedAt: string | null;

  @Instant({ nullable: true })
  finishedAt: string | null;

  @ListOf(() => IntegrityResultDto, { max: 1000, description: 'Of each check that was begun.' })
  results: IntegrityResultDto[];
}

export class IntegrityFindingDto {
  @Uuid()
  id: string;

  @Text({ max: 100, example: 'billing.ledger_balanced' })
  check: string;

  @Text({ max: 50, example: 'order' })
  subjectType: string;

  @Text({ max: 200, description: 'An id, mostly; of an account its name and currency.' })
  subjectId: string;

  @Text({ max: 2000, example: 'total 2489' })
  expected: string;

  @Text({ max: 2000, example: 'total 2490' })
  found: string;

  @Uuid({ description: 'The last run that saw it.' })
  runId: string;

  @Instant()
  firstSeenAt: string;

  @Instant()
  lastSeenAt: string;

  @Instant({ nullable: true, description: 'When a run saw that it is gone.' })
  resolvedAt: string | null;
}

export class IntegrityFindingQuery extends PageQuery {
  @Text({ max: 100, optional: true, description: 'Those of one check.' })
  check?: string;

  @OneOf(['open', 'resolved'], { optional: true, description: 'Default: open.' })
  state: string = 'open';
}
