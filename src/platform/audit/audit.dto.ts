import { OmitType } from '@nestjs/swagger';
import { Bool, Dictionary, Instant, Integer, Nested, OneOf, Text, Uuid } from '../http/fields.js';
import { InstantRange, PageQuery } from '../http/page.js';
import type { AuditRow } from './audit.reader.js';

export class AuditEntryDto {
  @Uuid()
  id: string;

  @Instant()
  at: string;

  @OneOf(['anonymous', 'person', 'machine', 'system'])
  actorKind: string;

  @Text({ max: 200, nullable: true, description: 'Id of the person or key, or the name of the job.' })
  actorId: string | null;

  @Text({ max: 200, nullable: true, description: 'The member of staff who acted in the place of the actor.' })
  impersonatorId: string | null;

  @Text({ max: 200, example: 'catalog.product.updated' })
  action: string;

  @Text({ max: 100, example: 'product' })
  subjectType: string;

  @Text({ max: 300 })
  subjectId: string;

  @Text({ max: 128, nullable: true, description: 'The request of which it was part, as in the logs.' })
  requestId: string | null;

  @Text({
    max: 100,
    nullable: true,
    example: '192.0.2.0/24',
    description: 'Where the request came from, as a network: /24 or /48. Null for jobs.',
  })
  network: string | null;

  @Dictionary({ values: 'any', nullable: true, description: 'What changed; never secrets or personal data.' })
  details: object | null;

  @Integer({
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    nullable: true,
    description: 'Place in the chain; null until it is sealed, a minute at most.',
  })
  position: number | null;

  @Text({ max: 64, nullable: true, description: 'SHA-256 over the seal before and this entry, in hex.' })
  seal: string | null;

  static from({ at, ...row }: AuditRow): AuditEntryDto {
    return { ...row, at: at.toISOString() };
  }
}

export class AuditQuery extends PageQuery {
  @Text({ max: 200, optional: true, description: 'Id of a person or key, or the name of a job.' })
  actorId?: string;

  @Text({ max: 200, optional: true, example: 'catalog.product.updated' })
  action?: string;

  @Text({ max: 100, optional: true, example: 'product' })
  subjectType?: string;

  @Text({ max: 300, optional: true })
  subjectId?: string;

  @Nested(() => InstantRange, { optional: true, description: 'at[gte]=…&at[lte]=…' })
  at?: InstantRange;
}

/** The filters alone. */
export class AuditFilterQuery extends OmitType(AuditQuery, ['limit', 'cursor'] as const) {}

export class AuditIntegrityDto {
  @Bool({ description: 'Whether nothing was changed, taken out or put in past the trail.' })
  isWhole: boolean;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Sealed entries.' })
  entries: number;

  @Text({ max: 64, description: 'The last seal, in hex: keep it elsewhere to prove the past later.' })
  head: string;

  @Integer({
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    nullable: true,
    description: 'The first place that does not fit.',
  })
  brokenAt: number | null;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Entries that wait for their seal.' })
  unsealed: number;

  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description: 'Entries that did not come through the trail.',
  })
  strangers: number;
}
