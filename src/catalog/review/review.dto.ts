import {
  Bool,
  type FieldOptions,
  Instant,
  Integer,
  Line,
  ListOf,
  Nested,
  OneOf,
  Paragraphs,
  PersonName,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

export const REVIEW_STATUSES = ['pending', 'published', 'rejected'] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];
const DECISIONS = ['published', 'rejected'] as const;
export const REVIEW_SORTS = ['-createdAt', '-rating', 'rating'] as const;
export type ReviewSort = (typeof REVIEW_SORTS)[number];

const Stars = (options: FieldOptions = {}) => Integer({ min: 1, max: 5, example: 5, ...options });
const Title = (options: FieldOptions = {}) =>
  Line({ max: 120, nullable: true, example: 'My bag for everything', ...options });
const Body = (options: FieldOptions = {}) =>
  Paragraphs({
    max: 5_000,
    nullable: true,
    description: 'Plain text of any number of lines; show it as text and never as markup.',
    example: 'It has carried books for a year, and every seam still holds.',
    ...options,
  });
const DisplayName = (options: FieldOptions = {}) =>
  PersonName({
    max: 60,
    nullable: true,
    description: 'The name that the shop shows with it; null: none.',
    example: 'Ada B.',
    ...options,
  });

export class ReviewParams {
  @Uuid()
  id: string;
}

export class WriteReviewDto {
  @Stars()
  rating: number;

  @Title({ optional: true })
  title?: string | null;

  @Body({ optional: true })
  body?: string | null;

  @DisplayName({ optional: true })
  displayName?: string | null;
}

export class UpdateReviewDto {
  @Stars({ optional: true, example: 4 })
  rating?: number;

  @Title({ optional: true })
  title?: string | null;

  @Body({ optional: true, example: 'After two years the handles are wearing thin.' })
  body?: string | null;

  @DisplayName({ optional: true })
  displayName?: string | null;
}

/** What the shop answered, for everybody to read. */
export class ReviewReplyDto {
  @Body({ nullable: false, example: 'Thank you! We sew new handles on for free.' })
  body: string;

  @Instant()
  at: string;
}

/** A review as the shop shows it. It does not tell who wrote it beyond the name that they chose. */
export class ReviewDto {
  @Uuid()
  id: string;

  @Stars()
  rating: number;

  @Title()
  title: string | null;

  @Body()
  body: string | null;

  @DisplayName()
  displayName: string | null;

  @Bool({ description: 'Whoever wrote it has bought the product here.' })
  verified: boolean;

  @Nested(() => ReviewReplyDto, { nullable: true, description: 'What the shop answered.' })
  reply: ReviewReplyDto | null;

  @Instant()
  createdAt: string;
}

export class ReviewedProductDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'linen-tote' })
  handle: string;

  @Text({ max: 300, example: 'Linen tote' })
  title: string;
}

/** A review as whoever wrote it sees it. */
export class MyReviewDto extends ReviewDto {
  @Nested(() => ReviewedProductDto)
  product: ReviewedProductDto;

  @OneOf(REVIEW_STATUSES, { description: 'The shop shows what is `published`.' })
  status: ReviewStatus;

  @Text({ max: 500, nullable: true, description: 'Why it was rejected.' })
  reason: string | null;

  @Integer({ min: 1, max: 2_147_483_647, description: 'Also the ETag.' })
  version: number;

  @Instant({ description: 'When its author last changed it.' })
  updatedAt: string;
}

/** A review as staff see it. */
export class AdminReviewDto extends MyReviewDto {
  @Uuid({ nullable: true, description: 'Null when whoever wrote it was erased.' })
  customerId: string | null;
}

export class ProductReviewsDto {
  @ListOf(() => ReviewDto, { max: 100 })
  items: ReviewDto[];

  @Text({ max: 1000, nullable: true, description: 'Pass it as `cursor` for the next page; null at the end.' })
  nextCursor: string | null;
}

export class ReviewQuery extends PageQuery {
  @OneOf(REVIEW_SORTS, {
    optional: true,
    description: 'The newest first when left out; of equal stars, the newest first with `-rating`.',
  })
  sort?: ReviewSort;

  @Stars({ optional: true, description: 'With so many stars.' })
  rating?: number;

  @Bool({ optional: true, description: 'By those who bought it here, or by others.' })
  verified?: boolean;
}

export class AdminReviewQuery extends PageQuery {
  @OneOf(REVIEW_STATUSES, { optional: true })
  status?: ReviewStatus;

  @Uuid({ optional: true, description: 'Of this product.' })
  productId?: string;

  @Stars({ optional: true, description: 'With so many stars.' })
  rating?: number;

  @Bool({ optional: true })
  verified?: boolean;
}

export class DecideReviewDto {
  @OneOf(DECISIONS, { example: 'published' })
  decision: 'published' | 'rejected';

  @Line({
    max: 500,
    optional: true,
    nullable: true,
    description: 'Needed by, and only for, `rejected`; its author reads it.',
  })
  reason?: string | null;
}

export class ReplyToReviewDto {
  @Body({ description: 'Null takes the reply away.', example: 'Thank you! We sew new handles on for free.' })
  body: string | null;
}
