import { type FieldOptions, Instant, Integer, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

const MAX_INT = 2 ** 31 - 1;
/** So many are made in one request; whoever wants more asks again. */
export const MAX_GENERATED = 10_000;
const CODE = /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u;
const PREFIX = /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u;
const codeHint = 'must be letters, digits, hyphens and underscores, such as SUMMER-10';
const STATUSES = ['active', 'disabled'] as const;
export type CodeStatus = (typeof STATUSES)[number];

const LimitTotal = (options: FieldOptions = {}) =>
  Integer({
    min: 1,
    max: MAX_INT,
    nullable: true,
    description: 'Orders that may use this code; null: as many as the promotion allows.',
    example: 1,
    ...options,
  });
const LimitPerCustomer = (options: FieldOptions = {}) =>
  Integer({
    min: 1,
    max: 1_000_000,
    nullable: true,
    description: 'Orders of one customer that may use this code.',
    ...options,
    example: 1,
  });
const EndsAt = (options: FieldOptions = {}) =>
  Instant({
    nullable: true,
    description: 'Good until before then; null: as long as the promotion.',
    ...options,
  });

export class CodeParams {
  @Uuid()
  id: string;

  @Uuid()
  codeId: string;
}

export class CodeFilter {
  @OneOf(STATUSES, { optional: true })
  status?: CodeStatus;

  @Uuid({ optional: true, description: 'Those that were generated together.' })
  batchId?: string;
}

export class CodeQuery extends PageQuery {
  @OneOf(STATUSES, { optional: true })
  status?: CodeStatus;

  @Uuid({ optional: true, description: 'Those that were generated together.' })
  batchId?: string;

  @Text({ max: 50, optional: true, description: 'What it begins with, in whatever case.' })
  q?: string;
}

export class CodeDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'SUMMER10', description: 'In upper case; shoppers may write it as they like.' })
  code: string;

  @OneOf(STATUSES)
  status: CodeStatus;

  @LimitTotal()
  limitTotal: number | null;

  @LimitPerCustomer()
  limitPerCustomer: number | null;

  @EndsAt()
  endsAt: string | null;

  @Integer({ min: 0, max: MAX_INT, description: 'Orders that use it, placed or waiting for their money.' })
  uses: number;

  @Uuid({ nullable: true, description: 'Of those that were generated together.' })
  batchId: string | null;

  @Integer({ min: 1, max: MAX_INT, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;
}

export class CreateCodeDto {
  @Text({ max: 50, min: 3, pattern: CODE, patternHint: codeHint, example: 'SUMMER10' })
  code: string;

  @LimitTotal({ optional: true })
  limitTotal?: number | null;

  @LimitPerCustomer({ optional: true })
  limitPerCustomer?: number | null;

  @EndsAt({ optional: true })
  endsAt?: string | null;
}

export class UpdateCodeDto {
  @OneOf(STATUSES, { optional: true })
  status?: CodeStatus;

  @LimitTotal({ optional: true })
  limitTotal?: number | null;

  @LimitPerCustomer({ optional: true })
  limitPerCustomer?: number | null;

  @EndsAt({ optional: true })
  endsAt?: string | null;
}

export class GenerateCodesDto {
  @Integer({ min: 1, max: MAX_GENERATED, example: 500 })
  count: number;

  @Text({
    max: 20,
    pattern: PREFIX,
    patternHint: codeHint,
    optional: true,
    example: 'SUMMER-',
    description: 'What each begins with.',
  })
  prefix?: string;

  @Integer({
    min: 8,
    max: 24,
    optional: true,
    description: 'Random signs after the prefix; 10 when left out. None of them is read as another.',
    example: 10,
  })
  length?: number;

  @LimitTotal({ optional: true, description: '1 when left out; null: as many as the promotion allows.' })
  limitTotal?: number | null;

  @LimitPerCustomer({ optional: true })
  limitPerCustomer?: number | null;

  @EndsAt({ optional: true })
  endsAt?: string | null;
}

export class GeneratedCodesDto {
  @Uuid({ description: 'By which they are listed: `?batchId=`.' })
  batchId: string;

  @Integer({ min: 1, max: MAX_GENERATED })
  count: number;
}
