import { ListOf, Nested, Text, TextList, Uuid } from '../../platform/http/fields.js';

export class SuggestionsQuery {
  @Text({ max: 100, blank: true, description: 'What has been typed so far.', example: 'oak cha' })
  q: string;
}

export class SuggestedPictureDto {
  @Text({ max: 1000, description: 'The smallest size of it.' })
  url: string;

  @Text({ max: 100, min: 0, nullable: true })
  alt: string | null;
}

export class SuggestedProductDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'oak-chair' })
  handle: string;

  @Text({ max: 300, example: 'Oak chair' })
  title: string;

  @Text({ max: 120, nullable: true })
  brand: string | null;

  @Nested(() => SuggestedPictureDto, { nullable: true })
  picture: SuggestedPictureDto | null;
}

export class SuggestedCategoryDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'chairs' })
  handle: string;

  @Text({ max: 200, example: 'Chairs' })
  title: string;
}

export class SuggestionsDto {
  @TextList({
    max: 6,
    maxLength: 150,
    description: 'What may be meant, the most frequent first: send it as `q` to `GET /v1/products`.',
    example: ['oak chair', 'oak chest'],
  })
  queries: string[];

  @ListOf(() => SuggestedProductDto, { max: 5 })
  products: SuggestedProductDto[];

  @ListOf(() => SuggestedCategoryDto, { max: 3 })
  categories: SuggestedCategoryDto[];
}
