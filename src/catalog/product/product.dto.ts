import {
  CurrencyCode,
  Dictionary,
  Integer,
  ListOf,
  LocaleQuery,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';
import { KINDS } from '../product-type/attribute.js';
import { MediaDto } from './product-media.dto.js';
import { VariantDto } from './variant.dto.js';
import { Rating, type RatingDto } from '../review/rating.dto.js';

const MAX_INT = 2_147_483_647;

export class OptionDto {
  @Text({ max: 60, example: 'Size' })
  name: string;

  @TextList({ max: 200, maxLength: 120, unique: true, example: ['S', 'M'] })
  values: string[];
}

export class CategoryRefDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'bags' })
  handle: string;

  @Text({ max: 200, example: 'Bags' })
  title: string;
}

/** What everybody sees of a product. */
export class ProductBase {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'linen-tote' })
  handle: string;

  @Text({ max: 300, example: 'Linen tote' })
  title: string;

  @Text({ max: 100_000, min: 0, example: 'A bag for bread, books and the beach.' })
  description: string;

  @Text({ max: 120, nullable: true, example: 'Oak & Flax' })
  brand: string | null;

  @ListOf(() => CategoryRefDto, { max: 50 })
  categories: CategoryRefDto[];

  @ListOf(() => OptionDto, { max: 3 })
  options: OptionDto[];

  @Dictionary({ values: 'any', example: { colour: 'natural' } })
  attributes: Record<string, unknown>;

  @ListOf(() => MediaDto, { max: 50 })
  media: MediaDto[];
}

/** For the head of the page; null where title and description of the product serve. */
export class SeoDto {
  @Text({ max: 200, nullable: true })
  title: string | null;

  @Text({ max: 500, nullable: true })
  description: string | null;
}

/** How an attribute of a typed product is shown. */
export class AttributeDetailDto {
  @Text({ max: 60, example: 'volume' })
  code: string;

  @Text({ max: 120, example: 'Volume' })
  label: string;

  @OneOf(KINDS)
  kind: string;

  @Text({ max: 20, nullable: true, example: 'l' })
  unit: string | null;

  @TextList({
    max: 100,
    maxLength: 2000,
    description: 'What it is, in words: of an `enum` the labels, of a `reference` the title of the product.',
  })
  valueLabels: string[];
}

/** A product as the shop shows it. */
export class ProductDto extends ProductBase {
  @Text({ max: 60, nullable: true, description: 'Code of its product type.', example: null })
  productType: string | null;

  @ListOf(() => AttributeDetailDto, {
    max: 100,
    description: 'The `attributes` of a product with a type, in the order of the type; none without one.',
  })
  attributeDetails: AttributeDetailDto[];

  @Nested(() => SeoDto)
  seo: SeoDto;

  @ListOf(() => CategoryRefDto, {
    max: 100,
    description:
      'The way from the root to the first of its `categories`, that one last; none without a category.',
  })
  breadcrumbs: CategoryRefDto[];

  @Rating()
  rating: RatingDto | null;

  @ListOf(() => VariantDto, { max: 2048 })
  variants: VariantDto[];
}

/** A product on a list: the beginning of its description, at most ten variants, and how many there are. */
export class ProductListItemDto extends ProductBase {
  @Text({
    max: 300,
    min: 0,
    description: 'The first 300 characters, without markup.',
    example: 'A bag for bread, books and the beach.',
  })
  declare description: string;

  @Integer({ min: 0, max: MAX_INT })
  variantCount: number;

  @Rating()
  rating: RatingDto | null;

  @ListOf(() => VariantDto, { max: 10 })
  variants: VariantDto[];
}

export class ProductPageQuery extends LocaleQuery {
  @CurrencyCode({ optional: true, description: "Currency of the prices; the store's own when left out." })
  currency?: string;
}

/** Of the page of one product. */
export class ProductQueryOfOne extends ProductPageQuery {
  @Text({
    max: 200,
    optional: true,
    description:
      '`previewToken` of a draft: the page as the draft would make it, published or not; never kept.',
  })
  preview?: string;
}

/** What goes with a product. */
export class RelatedProductsDto {
  @ListOf(() => ProductListItemDto, { max: 20 })
  items: ProductListItemDto[];
}
