import { Bool, ListOf, Text } from '../../platform/http/fields.js';
import { ProductListItemDto } from '../product/product.dto.js';
import { FacetDto } from './product-query.dto.js';

export class ProductPageDto {
  @ListOf(() => ProductListItemDto, { max: 100 })
  items: ProductListItemDto[];

  @Text({ max: 4000, nullable: true, description: 'Pass it as `cursor` for the next page; null at the end.' })
  nextCursor: string | null;

  @Text({
    max: 300,
    optional: true,
    nullable: true,
    description: 'With `q`: what was searched for instead of a typing error.',
  })
  correctedQuery?: string | null;

  @ListOf(() => FacetDto, { max: 20, optional: true, description: 'With `facets=true`.' })
  facets?: FacetDto[];

  @Bool({
    optional: true,
    description:
      'With `facets=true`: false when more than 10,000 products were found, or would be without one of the filters; the ' +
      'counts are of some of them then.',
  })
  exact?: boolean;
}
