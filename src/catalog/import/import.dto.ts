import {
  Bool,
  CurrencyCode,
  Instant,
  Integer,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

/** What a file may be written in. */
export const IMPORT_FORMATS = ['ndjson', 'csv', 'shopify_csv'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };

export class StartImportQuery {
  @Bool({ optional: true, description: 'Reads and checks everything and changes nothing.' })
  dryRun?: boolean;

  @CurrencyCode({
    optional: true,
    description: 'Of the prices in a file that names none (Shopify); otherwise the currency of the shop.',
  })
  currency?: string;
}

export class ImportCountsDto {
  @Integer({ ...COUNT, description: 'Products of the file that are dealt with.', example: 400 })
  read: number;

  @Integer({ ...COUNT, example: 380 })
  created: number;

  @Integer({ ...COUNT, example: 10 })
  updated: number;

  @Integer({ ...COUNT, description: 'The same as in the shop already.', example: 8 })
  unchanged: number;

  @Integer({ ...COUNT, description: 'See `/errors` for what is wrong with them.', example: 2 })
  rejected: number;
}

export class ImportDto {
  @Uuid()
  id: string;

  @OneOf(IMPORT_FORMATS, { description: 'Which CSV it is, the header tells.' })
  format: string;

  @OneOf(['pending', 'running', 'finished', 'failed', 'canceled'])
  state: string;

  @Bool()
  dryRun: boolean;

  @CurrencyCode()
  currency: string;

  @Integer(COUNT)
  bytes: number;

  @Nested(() => ImportCountsDto)
  counts: ImportCountsDto;

  @TextList({
    max: 200,
    maxLength: 200,
    description: 'Columns of a CSV that nothing was made of.',
    example: ['Price / International'],
  })
  ignoredColumns: string[];

  @Text({ max: 500, nullable: true, description: 'Why it failed as a whole.' })
  failure: string | null;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  startedAt: string | null;

  @Instant({ nullable: true })
  finishedAt: string | null;
}

export class ImportErrorDto {
  @Integer({ ...COUNT, description: 'Line of the file where the product begins, or where the fault is.' })
  line: number;

  @Text({ max: 200, nullable: true })
  externalId: string | null;

  @Text({ max: 60, example: 'sku_taken' })
  code: string;

  @Text({ max: 300, min: 0, description: 'JSON Pointer, or `/` and the column.', example: '/variants/0/sku' })
  pointer: string;

  @Text({ max: 500 })
  message: string;
}

export class ImportPageQuery extends PageQuery {}
