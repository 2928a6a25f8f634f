import { Instant, Integer, ListOf, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import type { CountFilter } from './stocktake.reader.service.js';

const MAX = 1_000_000_000;
const STATES = ['open', 'applying', 'confirmed', 'canceled'] as const;
const unset = { optional: true, nullable: true } as const;

export class StartStocktakeDto {
  @Text({ max: 60, example: 'main', description: 'Code of the location.' })
  location: string;

  @Text({ max: 300, ...unset, example: 'Year end' })
  note?: string | null;

  @Text({ max: 120, ...unset, description: 'Only products of this brand.' })
  brand?: string | null;

  @Text({ max: 120, ...unset, description: 'Handle: only products of it and of all below.' })
  category?: string | null;
}

export class StocktakeDto {
  @Uuid()
  id: string;

  @Text({ max: 60 })
  location: string;

  @Text({ max: 300, nullable: true })
  note: string | null;

  @Text({ max: 120, nullable: true })
  brand: string | null;

  @Text({ max: 120, nullable: true })
  category: string | null;

  @OneOf(STATES)
  state: string;

  @Text({ max: 500, nullable: true, description: 'Why the last confirmation came to nothing.' })
  failure: string | null;

  @Integer({ min: 0, max: MAX, description: 'Variants.' })
  counted: number;

  @Integer({ min: 0, max: MAX, description: 'Variants with another number than expected.' })
  differing: number;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Pieces too many, in all.' })
  surplus: number;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Pieces too few, in all.' })
  missing: number;

  @Text({ max: 100 })
  startedBy: string;

  @Instant()
  createdAt: string;

  @Text({ max: 100, nullable: true })
  confirmedBy: string | null;

  @Instant({ nullable: true })
  confirmedAt: string | null;

  @Integer({ min: 1, max: MAX, description: 'Also the ETag.' })
  version: number;
}

/** Exactly one of `sku`, `barcode` and `variantId`. */
export class CountInputDto {
  @Text({ max: 100, optional: true, example: 'TOTE-NAT' })
  sku?: string;

  @Text({ max: 60, optional: true })
  barcode?: string;

  @Uuid({ optional: true })
  variantId?: string;

  @Integer({ min: 0, max: MAX, example: 12 })
  counted: number;
}

export class CountsInputDto {
  @ListOf(() => CountInputDto, { min: 1, max: 1_000 })
  counts: CountInputDto[];
}

export class CountDto {
  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 300 })
  title: string;

  @Integer({ min: 0, max: MAX, nullable: true, description: 'Null: not yet.' })
  counted: number | null;

  @Integer({
    min: 0,
    max: MAX,
    description: 'On hand at the instant of the count; of what is not counted, now.',
  })
  expected: number;

  @Integer({
    min: -MAX,
    max: MAX,
    nullable: true,
    description: 'counted − expected: what a confirmation writes.',
  })
  difference: number | null;

  @Instant({ nullable: true })
  countedAt: string | null;

  @Text({ max: 100, nullable: true })
  countedBy: string | null;
}

export class StocktakesQuery extends PageQuery {
  @OneOf(STATES, { optional: true })
  state?: (typeof STATES)[number];
}

export class CountsQuery extends PageQuery {
  @OneOf(['counted', 'differing', 'uncounted'], {
    optional: true,
    description: '`uncounted`: what should lie there and nobody has counted yet.',
  })
  show?: CountFilter;
}
