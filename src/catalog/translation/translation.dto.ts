import {
  Dictionary,
  Instant,
  Integer,
  ListOf,
  LocaleTag,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

export const SUBJECTS = ['product', 'category', 'collection', 'product_type'] as const;
export type Subject = (typeof SUBJECTS)[number];

export class TranslationParams {
  @Uuid()
  id: string;

  @LocaleTag({ description: 'A BCP 47 language tag; kept in its canonical form.' })
  locale: string;
}

export class SeoTextsDto {
  @Text({ max: 200, optional: true, nullable: true })
  title?: string | null;

  @Text({ max: 500, optional: true, nullable: true })
  description?: string | null;
}

export class OptionTextsDto {
  @Text({ max: 60, example: 'Colour', description: 'The option, as the product calls it.' })
  option: string;

  @Text({ max: 60, optional: true, nullable: true, example: 'Farbe' })
  name?: string | null;

  @Dictionary({
    values: 'string',
    optional: true,
    example: { Natural: 'Natur' },
    description: 'By the value of the product.',
  })
  values?: Record<string, string>;
}

export class AttributeTextsDto {
  @Text({ max: 60, example: 'fabric', description: 'Code of the attribute.' })
  attribute: string;

  @Text({ max: 120, optional: true, nullable: true, example: 'Stoff' })
  label?: string | null;

  @Dictionary({
    values: 'string',
    optional: true,
    example: { linen: 'Leinen' },
    description: 'Labels by the value of an `enum`.',
  })
  options?: Record<string, string>;
}

/** Of a category or a collection; what is left out or null falls back. */
export class TextsDto {
  @Text({ max: 300, optional: true, nullable: true, example: 'Taschen' })
  title?: string | null;

  @Text({ max: 100_000, min: 0, optional: true, nullable: true })
  description?: string | null;

  @Nested(() => SeoTextsDto, { optional: true, description: 'Of products and categories.' })
  seo?: SeoTextsDto;
}

/** Of a product; what is left out or null falls back. */
export class ProductTextsDto extends TextsDto {
  @ListOf(() => OptionTextsDto, { max: 3, optional: true, uniqueBy: 'option' })
  options?: OptionTextsDto[];
}

/** Of a product type: how facets and details call its attributes. */
export class ProductTypeTextsDto {
  @ListOf(() => AttributeTextsDto, { max: 100, optional: true, uniqueBy: 'attribute' })
  attributes?: AttributeTextsDto[];
}

class Translation {
  @LocaleTag()
  locale: string;

  @Integer({ min: 1, max: 2_147_483_647, description: 'Also the ETag.' })
  version: number;

  @Instant()
  updatedAt: string;
}

export class TextsTranslationDto extends Translation {
  @Nested(() => TextsDto)
  texts: TextsDto;
}

export class ProductTranslationDto extends Translation {
  @Nested(() => ProductTextsDto)
  texts: ProductTextsDto;
}

export class ProductTypeTranslationDto extends Translation {
  @Nested(() => ProductTypeTextsDto)
  texts: ProductTypeTextsDto;
}

/** That something is translated, and into which language. */
export class TranslationItemDto extends Translation {
  @OneOf(SUBJECTS)
  subject: Subject;

  @Uuid()
  subjectId: string;
}

export class TranslationQuery extends PageQuery {
  @OneOf(SUBJECTS, { optional: true })
  subject?: Subject;

  @Uuid({ optional: true, description: 'What it is that is translated.' })
  subjectId?: string;

  @LocaleTag({ optional: true })
  locale?: string;
}
