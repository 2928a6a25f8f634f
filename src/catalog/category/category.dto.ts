import { Bool, Integer, ListOf, LocaleQuery, Nested, Text, Uuid } from '../../platform/http/fields.js';
import { HANDLE } from '../product/handle.js';
import { MediaDto } from '../product/product-media.dto.js';
import { CategoryRefDto } from '../product/product.dto.js';

const hint = '$property must be lower-case letters, digits and single hyphens, such as garden-tools';

/** A category in the tree. */
export class CategoryItemDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'bags' })
  handle: string;

  @Text({ max: 200, example: 'Bags' })
  title: string;

  @Uuid({ nullable: true })
  parentId: string | null;

  @Integer({ min: 0, max: 1_000_000, description: 'Among its siblings, the lowest first.' })
  position: number;

  @Bool({ description: 'Whether a published product stands in it or below it.' })
  hasProducts: boolean;

  @Uuid({ nullable: true, description: 'Its uploaded picture, ready or not.' })
  mediaId: string | null;

  @Nested(() => MediaDto, { nullable: true, description: 'Its picture, as soon as that is ready.' })
  media: MediaDto | null;

  @Integer({ min: 1, max: 2_147_483_647 })
  version: number;
}

/** A category with all that its page shows. */
export class CategoryDto extends CategoryItemDto {
  @Text({ max: 20_000, min: 0, example: 'For bread, books and the beach.' })
  description: string;

  @Text({ max: 200, nullable: true, description: 'For the `title` of its page; null: use `title`.' })
  seoTitle: string | null;

  @Text({ max: 500, nullable: true, description: 'For the description that search engines show.' })
  seoDescription: string | null;

  @ListOf(() => CategoryRefDto, { max: 100, description: 'The way from the root, itself last.' })
  breadcrumbs: CategoryRefDto[];

  @ListOf(() => CategoryItemDto, { max: 10_000, description: 'What stands directly below it, in order.' })
  children: CategoryItemDto[];
}

export class CategoryTreeDto {
  @ListOf(() => CategoryItemDto, {
    max: 10_000,
    description: 'Parents before their children; `parentId` makes the tree.',
  })
  items: CategoryItemDto[];
}

export class CategoryTreeQuery extends LocaleQuery {
  @Text({ max: 120, optional: true, description: 'Id or handle: only what stands below it.' })
  parent?: string;

  @Integer({
    min: 1,
    max: 100,
    optional: true,
    description:
      'How many levels; 1 gives the roots, or the children of `parent`. All of them when left out.',
  })
  depth?: number;
}

export class DeleteCategoryQuery {
  @Uuid({
    optional: true,
    description: 'Products and categories that stand in it move there first.',
  })
  moveTo?: string;
}

export class CreateCategoryDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: hint, example: 'garden-tools' })
  handle: string;

  @Text({ max: 200, example: 'Garden tools' })
  title: string;

  @Uuid({ optional: true, nullable: true })
  parentId?: string | null;

  @Integer({ min: 0, max: 1_000_000, optional: true })
  position?: number;

  @Text({ max: 20_000, min: 0, optional: true, example: 'Spades, rakes and shears.' })
  description?: string;

  @Uuid({ optional: true, nullable: true, description: 'Of `POST /v1/admin/media`; it need not be ready.' })
  mediaId?: string | null;

  @Text({ max: 200, optional: true, nullable: true })
  seoTitle?: string | null;

  @Text({ max: 500, optional: true, nullable: true })
  seoDescription?: string | null;
}

export class UpdateCategoryDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: hint, optional: true })
  handle?: string;

  @Text({ max: 200, optional: true, example: 'Tools for the garden' })
  title?: string;

  @Uuid({
    optional: true,
    nullable: true,
    description: 'Moves it with everything below it; null makes it a root.',
  })
  parentId?: string | null;

  @Integer({ min: 0, max: 1_000_000, optional: true })
  position?: number;

  @Text({ max: 20_000, min: 0, optional: true })
  description?: string;

  @Uuid({ optional: true, nullable: true })
  mediaId?: string | null;

  @Text({ max: 200, optional: true, nullable: true })
  seoTitle?: string | null;

  @Text({ max: 500, optional: true, nullable: true })
  seoDescription?: string | null;
}
