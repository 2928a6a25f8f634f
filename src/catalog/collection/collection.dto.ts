import {
  Bool,
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  LOCALE_MEANS,
  LocaleTag,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
  UuidList,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { HANDLE } from '../product/handle.js';
import { MediaDto } from '../product/product-media.dto.js';
import { LIST_SORTS } from '../search/product-query.dto.js';

const MAX_INT = 2_147_483_647;
/** Products that can be picked for one collection. */
export const MAX_MEMBERS = 1_000;
const hint = '$property must be lower-case letters, digits and single hyphens, such as summer-sale';
const KINDS = ['manual', 'rule'] as const;
const STATUSES = ['draft', 'published'] as const;
const sortHint =
  'How its products come when the shopper asks for no order; `position` is the order that they were put into, or ' +
  'with a rule the order of the shop.';

export class RuleAttributeDto {
  @Text({ max: 100, example: 'material' })
  name: string;

  @TextList({ min: 1, max: 50, maxLength: 80, description: 'Any of these values.' })
  in: string[];
}

export class RulePriceDto {
  @CurrencyCode()
  currency: string;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true, description: 'At least, in minor units.' })
  gte?: number;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true, description: 'At most, in minor units.' })
  lte?: number;
}

/** Exactly one of the fields: a condition, or `all` or `any` of several. */
export class RuleDto {
  @ListOf(() => RuleDto, { min: 1, max: 50, optional: true, description: 'Every one of these holds.' })
  all?: RuleDto[];

  @ListOf(() => RuleDto, { min: 1, max: 50, optional: true, description: 'One of these holds, or several.' })
  any?: RuleDto[];

  @TextList({
    min: 1,
    max: 50,
    maxLength: 120,
    optional: true,
    description: 'In one of these categories or below it: ids or handles; ids are kept.',
  })
  category?: string[];

  @TextList({
    min: 1,
    max: 50,
    maxLength: 200,
    optional: true,
    description: 'Of one of these brands, upper or lower case.',
  })
  brand?: string[];

  @Nested(() => RuleAttributeDto, { optional: true })
  attribute?: RuleAttributeDto;

  @Nested(() => RulePriceDto, {
    optional: true,
    description: 'The lowest price of the product in this currency; one without such a price is not in.',
  })
  price?: RulePriceDto;

  @Integer({ min: 1, max: 3_650, optional: true, description: 'Made within so many days.' })
  createdWithinDays?: number;

  @Bool({ optional: true, description: 'Whether it can be bought now.' })
  inStock?: boolean;

  @UuidList({ max: 250, optional: true, description: 'One of these products.' })
  id?: string[];

  @TextList({ min: 1, max: 250, maxLength: 120, optional: true, description: 'One of these products.' })
  handle?: string[];

  @Text({
    max: 100,
    optional: true,
    description: 'In the first 200 characters of the title; case and accents do not matter.',
  })
  titleContains?: string;
}

/** A collection as the shop shows it. */
export class CollectionDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'summer' })
  handle: string;

  @Text({ max: 200, example: 'Summer' })
  title: string;

  @Text({ max: 20_000, min: 0, example: 'For warm days.' })
  description: string;

  @OneOf(KINDS)
  kind: string;

  @OneOf(LIST_SORTS, { description: sortHint })
  sort: string;

  @Nested(() => MediaDto, { nullable: true, description: 'Its picture, as soon as that is ready.' })
  media: MediaDto | null;
}

/** A collection as staff see it. */
export class AdminCollectionDto extends CollectionDto {
  @Uuid({ nullable: true, description: 'Its uploaded picture, ready or not.' })
  mediaId: string | null;

  @OneOf(STATUSES)
  status: string;

  @Instant({ nullable: true, description: 'The shop shows it from here on.' })
  publishedFrom: string | null;

  @Instant({ nullable: true, description: 'The shop shows it until here.' })
  publishedUntil: string | null;

  @Nested(() => RuleDto, { nullable: true, description: 'Null of a manual one.' })
  rule: RuleDto | null;

  @Integer({ min: 1, max: MAX_INT, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}

export class CreateCollectionDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: hint, example: 'under-twenty' })
  handle: string;

  @Text({ max: 200, example: 'Under twenty' })
  title: string;

  @Text({ max: 20_000, min: 0, optional: true })
  description?: string;

  @Uuid({ optional: true, nullable: true, description: 'Of `POST /v1/admin/media`; it need not be ready.' })
  mediaId?: string | null;

  @OneOf(KINDS, { description: 'It stays what it is made as.' })
  kind: 'manual' | 'rule';

  @OneOf(STATUSES, { optional: true, description: 'A draft when left out.' })
  status?: 'draft' | 'published';

  @Instant({ optional: true, nullable: true })
  publishedFrom?: string | null;

  @Instant({ optional: true, nullable: true })
  publishedUntil?: string | null;

  @Nested(() => RuleDto, { optional: true, description: 'Needed by, and only for, kind `rule`.' })
  rule?: RuleDto;

  @OneOf(LIST_SORTS, { optional: true, description: sortHint })
  sort?: string;
}

export class UpdateCollectionDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: hint, optional: true })
  handle?: string;

  @Text({ max: 200, optional: true })
  title?: string;

  @Text({ max: 20_000, min: 0, optional: true })
  description?: string;

  @Uuid({ optional: true, nullable: true })
  mediaId?: string | null;

  @OneOf(STATUSES, { optional: true })
  status?: 'draft' | 'published';

  @Instant({ optional: true, nullable: true })
  publishedFrom?: string | null;

  @Instant({ optional: true, nullable: true })
  publishedUntil?: string | null;

  @Nested(() => RuleDto, { optional: true, description: 'Replaces the rule.' })
  rule?: RuleDto;

  @OneOf(LIST_SORTS, { optional: true })
  sort?: string;
}

/** Of the list that shoppers see. */
export class CollectionQuery extends PageQuery {
  @LocaleTag({ optional: true, description: LOCALE_MEANS })
  locale?: string;
}

export class AdminCollectionQuery extends PageQuery {
  @OneOf(STATUSES, { optional: true })
  status?: string;

  @OneOf(KINDS, { optional: true })
  kind?: string;

  @Text({ max: 120, optional: true })
  handle?: string;
}

export class CollectionMemberDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'linen-tote' })
  handle: string;

  @Text({ max: 300, example: 'Linen tote' })
  title: string;

  @OneOf(['draft', 'published'], { description: 'The shop shows what is published.' })
  status: string;
}

export class SetCollectionProductsDto {
  @UuidList({
    max: MAX_MEMBERS,
    description: 'All products of the collection, in their order.',
    example: ['01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e'],
  })
  productIds: string[];
}

export class AddCollectionProductDto {
  @Uuid({ example: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e' })
  productId: string;

  @Uuid({
    optional: true,
    nullable: true,
    description: 'Member that it comes before; at the end when left out. One that is in already moves.',
  })
  before?: string | null;
}

export class PreviewCollectionDto {
  @Nested(() => RuleDto)
  rule: RuleDto;
}

export class CollectionPreviewDto {
  @Integer({ min: 0, max: 10_000, description: 'Published products that the rule holds for.' })
  count: number;

  @Bool({ description: 'False when there are more than 10,000.' })
  exact: boolean;

  @ListOf(() => CollectionMemberDto, { max: 24, description: 'The first of them in the order of the shop.' })
  items: CollectionMemberDto[];
}
