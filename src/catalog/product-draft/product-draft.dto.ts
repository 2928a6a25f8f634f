import {
  Bool,
  Dictionary,
  Instant,
  Integer,
  ListOf,
  Nested,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { AdminProductDto } from '../product/admin-product.dto.js';

const MAX_INT = 2_147_483_647;

export class DraftFaultDto {
  @Text({ max: 500, min: 0 })
  pointer: string;

  @Text({ max: 100 })
  code: string;

  @Text({ max: 1000 })
  message: string;
}

/** Why a draft cannot be published as things are. */
export class DraftProblemDto {
  @Text({ max: 100, example: 'catalog.handle_taken' })
  code: string;

  @Text({ max: 1000 })
  detail: string;

  @ListOf(() => DraftFaultDto, { max: 1000 })
  errors: DraftFaultDto[];
}

/** A change of a product that waits to be published, and what it would make. */
export class ProductDraftDto {
  @Uuid()
  productId: string;

  @Dictionary({
    values: 'any',
    example: { title: 'Linen tote, new' },
    description: 'The body of the change.',
  })
  fields: Record<string, unknown>;

  @Integer({ min: 1, max: MAX_INT, description: 'Of the product when the draft began.' })
  baseVersion: number;

  @Integer({ min: 1, max: MAX_INT, description: 'Of the product now.' })
  productVersion: number;

  @Bool({ description: 'The product has changed since the draft began.' })
  outdated: boolean;

  @Dictionary({ values: 'any', description: 'What differs, as it is now.' })
  before: Record<string, unknown>;

  @Dictionary({ values: 'any', description: 'What differs, as it would be.' })
  after: Record<string, unknown>;

  @Nested(() => AdminProductDto, {
    nullable: true,
    description: 'The product as it would be; null when the draft cannot be published.',
  })
  preview: AdminProductDto | null;

  @Nested(() => DraftProblemDto, { nullable: true, description: 'Why it cannot be published.' })
  problem: DraftProblemDto | null;

  @Text({ max: 200, description: 'For `preview` of `GET /v1/products/{idOrHandle}`, for an hour.' })
  previewToken: string;

  @Integer({ min: 1, max: MAX_INT, description: 'Of the draft; also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}

export class PublishDraftDto {
  @Bool({ optional: true, description: 'Also when the product has changed since the draft began.' })
  force?: boolean;

  @Integer({
    min: 1,
    max: MAX_INT,
    optional: true,
    description:
      '`version` of the draft that was looked at: 412 when somebody has written another one meanwhile.',
  })
  draftVersion?: number;
}
