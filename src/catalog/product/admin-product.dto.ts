import {
  Dictionary,
  Instant,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { HANDLE, handleHint } from './handle.js';
import { AdminMediaDto, MediaInputDto } from './product-media.dto.js';
import { AdminVariantDto, MAX_METADATA, VariantInputDto } from './variant.dto.js';
import { OptionDto, ProductBase, SeoDto } from './product.dto.js';

/** What search engines show, where it differs from title and description. */
export class SeoInputDto {
  @Text({ max: 200, optional: true, nullable: true, example: 'Linen totes, woven in Flanders' })
  title?: string | null;

  @Text({ max: 500, optional: true, nullable: true })
  description?: string | null;
}

/** A product that goes with another one. */
export class RelatedRefDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'linen-tote' })
  handle: string;

  @Text({ max: 300, example: 'Linen tote' })
  title: string;

  @OneOf(['draft', 'published'])
  status: string;
}

const statuses = ['draft', 'published'] as const;

export class CreateProductDto {
  @Text({
    max: 120,
    pattern: HANDLE,
    patternHint: handleHint,
    optional: true,
    example: 'linen-tote-large',
    description: 'Made of the title when left out.',
  })
  handle?: string;

  @Text({ max: 200, optional: true, nullable: true, description: 'Your own id of it, for upserts.' })
  externalId?: string | null;

  @Text({ max: 300, example: 'Linen tote, large' })
  title: string;

  @Text({ max: 100_000, min: 0, optional: true, example: 'A bag for bread, books and the beach.' })
  description?: string;

  @Text({ max: 120, optional: true, nullable: true, example: 'Oak & Flax' })
  brand?: string | null;

  @OneOf(statuses, { optional: true, example: 'published' })
  status?: 'draft' | 'published';

  @TextList({
    max: 50,
    maxLength: 120,
    optional: true,
    example: ['bags'],
    description: 'Handles of categories.',
  })
  categories?: string[];

  @ListOf(() => OptionDto, {
    max: 3,
    optional: true,
    description: 'Made of what the variants choose when left out.',
  })
  options?: OptionDto[];

  @Text({
    max: 60,
    optional: true,
    nullable: true,
    description: 'Code of a product type, `GET /v1/admin/product-types`: what its `attributes` may be.',
  })
  productType?: string | null;

  @Dictionary({
    values: 'any',
    optional: true,
    example: { colour: 'natural' },
    description: 'Free, or what the product type says.',
  })
  attributes?: Record<string, unknown>;

  @ListOf(() => MediaInputDto, { max: 50, optional: true, uniqueBy: 'mediaId' })
  media?: MediaInputDto[];

  @Text({
    max: 60,
    optional: true,
    example: 'standard',
    description:
      'Code of a tax class, `GET /v1/admin/tax-classes`; which rate applies is decided at checkout.',
  })
  taxClass?: string;

  @Dictionary({
    values: 'any',
    optional: true,
    maxSize: MAX_METADATA,
    description: 'Notes of your own, for staff alone; at most 16 kB of JSON.',
  })
  metadata?: Record<string, unknown>;

  @Nested(() => SeoInputDto, { optional: true })
  seo?: SeoInputDto;

  @TextList({
    max: 20,
    maxLength: 120,
    optional: true,
    description:
      'Handles or ids of products that go with it, in this order; ' +
      '`GET /v1/products/{idOrHandle}/related` shows those that are published.',
  })
  related?: string[];

  @ListOf(() => VariantInputDto, { min: 1, max: 250 })
  variants: VariantInputDto[];
}

export class UpdateProductDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: handleHint, optional: true })
  handle?: string;

  @Text({ max: 200, optional: true, nullable: true })
  externalId?: string | null;

  @Text({ max: 300, optional: true, example: 'Linen tote, large' })
  title?: string;

  @Text({ max: 100_000, min: 0, optional: true })
  description?: string;

  @Text({ max: 120, optional: true, nullable: true })
  brand?: string | null;

  @OneOf(statuses, { optional: true })
  status?: 'draft' | 'published';

  @TextList({ max: 50, maxLength: 120, optional: true, description: 'Handles of categories; replaces them.' })
  categories?: string[];

  @ListOf(() => OptionDto, { max: 3, optional: true })
  options?: OptionDto[];

  @Text({
    max: 60,
    optional: true,
    nullable: true,
    description: 'Its attributes must fit the type; null leaves them free.',
  })
  productType?: string | null;

  @Dictionary({ values: 'any', optional: true, description: 'Replaces them.' })
  attributes?: Record<string, unknown>;

  @ListOf(() => MediaInputDto, { max: 50, optional: true, uniqueBy: 'mediaId' })
  media?: MediaInputDto[];

  @Text({ max: 60, optional: true })
  taxClass?: string;

  @Dictionary({
    values: 'any',
    optional: true,
    maxSize: MAX_METADATA,
    description: 'Notes of your own, for staff alone; at most 16 kB of JSON.',
  })
  metadata?: Record<string, unknown>;

  @Nested(() => SeoInputDto, { optional: true, description: 'Replaces both.' })
  seo?: SeoInputDto;

  @TextList({
    max: 20,
    maxLength: 120,
    optional: true,
    description:
      'Handles or ids of products that go with it, in this order; replaces them; ' +
      '`GET /v1/products/{idOrHandle}/related` shows those that are published.',
  })
  related?: string[];
}

const MAX_INT = 2_147_483_647;

/** A product as staff see it. */
export class AdminProductDto extends ProductBase {
  @Text({ max: 200, nullable: true })
  externalId: string | null;

  @OneOf(['draft', 'published', 'archived'])
  status: string;

  @Text({ max: 60 })
  taxClass: string;

  @Text({ max: 60, nullable: true, description: 'Code of its product type.' })
  productType: string | null;

  @Dictionary({ values: 'any' })
  metadata: Record<string, unknown>;

  @Nested(() => SeoDto)
  seo: SeoDto;

  @ListOf(() => RelatedRefDto, {
    max: 20,
    description: 'What goes with it, drafts among them; without what was archived.',
  })
  related: RelatedRefDto[];

  @ListOf(() => AdminMediaDto, { max: 50 })
  declare media: AdminMediaDto[];

  @ListOf(() => AdminVariantDto, { max: 2048 })
  variants: AdminVariantDto[];

  @Integer({ min: 1, max: MAX_INT, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}

export class AdminProductQuery extends PageQuery {
  @OneOf(['draft', 'published', 'archived'], { optional: true })
  status?: string;

  @Text({ max: 120, optional: true, description: 'Category handle, with everything below it.' })
  category?: string;

  @Text({ max: 120, optional: true })
  brand?: string;

  @Text({ max: 100, optional: true, description: 'Exact SKU.' })
  sku?: string;

  @Text({ max: 200, optional: true })
  externalId?: string;

  @Text({ max: 60, optional: true, description: 'Code of a product type.' })
  productType?: string;
}
