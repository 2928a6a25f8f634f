import { Bool, Integer, ListOf, Nested, OneOf, TextList } from '../../platform/http/fields.js';
import { ProductListItemDto, ProductPageQuery } from '../product/product.dto.js';

/** Products that are recommended at most. */
const MOST = 24;

export class RecommendationQuery extends ProductPageQuery {
  @Integer({ min: 1, max: MOST, optional: true, default: 8 })
  limit?: number;

  @Bool({ optional: true, description: 'Only what can be bought now.' })
  inStock?: boolean;
}

export class RecommendationReasonDto {
  @OneOf(['bought_together', 'similar'])
  kind: string;

  @Integer({
    min: 2,
    max: 2_147_483_647,
    optional: true,
    description: 'Of `bought_together`: orders of the last 180 days that held both, when they were counted.',
  })
  orders?: number;

  @TextList({
    min: 1,
    max: 100,
    maxLength: 200,
    optional: true,
    description:
      'Of `similar`: what both have: `brand`, `category`, `attributes[colour]`, words of the `title`.',
    example: ['attributes[colour]', 'category'],
  })
  shared?: string[];
}

export class RecommendationDto {
  @Nested(() => ProductListItemDto)
  product: ProductListItemDto;

  @ListOf(() => RecommendationReasonDto, { min: 1, max: 2 })
  reasons: RecommendationReasonDto[];
}

export class RecommendationsDto {
  @ListOf(() => RecommendationDto, { max: MOST })
  items: RecommendationDto[];
}
