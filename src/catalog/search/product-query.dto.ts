import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  Bool,
  CurrencyCode,
  Dictionary,
  Integer,
  LOCALE_MEANS,
  LocaleTag,
  Nested,
  OneOf,
  Text,
  TextList,
  UuidList,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

/** Orders of a list without words; `position` is that of the shop, or of a collection whose products were picked. */
export const LIST_SORTS = [
  'position',
  '-createdAt',
  'createdAt',
  'title',
  '-title',
  'price',
  '-price',
] as const;
const SORTS = ['relevance', ...LIST_SORTS] as const;
export type Sort = (typeof SORTS)[number];

/** A parameter that may be repeated: `brand=acme&brand=umbrella` means either. */
const Repeatable = () =>
  Transform(({ value }: { value: unknown }) => (value === undefined ? value : [value].flat()));

export class AmountRange {
  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true, description: 'At least, in minor units.' })
  gte?: number;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true, description: 'At most, in minor units.' })
  lte?: number;
}

export class ProductQuery extends PageQuery {
  // That of a search holds its words, what they weigh and how they were corrected: up to 3,400 characters of some scripts.
  @Text({ max: 4000, optional: true, description: '`nextCursor` of the page before.' })
  override cursor?: string;

  @Text({
    max: 200,
    blank: true,
    optional: true,
    description: 'Words to look for; `"a phrase"` and `-without` work. Typing errors are forgiven.',
    example: 'oak chair',
  })
  q?: string;

  @Text({
    max: 120,
    optional: true,
    description: 'Id or handle of a collection; 404 when the shop does not show it now.',
    example: 'summer',
  })
  collection?: string;

  @Repeatable()
  @TextList({
    max: 20,
    maxLength: 200,
    optional: true,
    description: 'Handle; what lies below it is included.',
  })
  category?: string[];

  @Repeatable()
  @TextList({ max: 20, maxLength: 200, optional: true, description: 'Brand, upper or lower case.' })
  brand?: string[];

  @Nested(() => AmountRange, { optional: true, description: 'Lowest price of the product in `currency`.' })
  price?: AmountRange;

  @Dictionary({
    values: 'any',
    optional: true,
    description:
      '`attributes[colour]=red`; repeat it for either. Numbers also by `attributes[weight][gte]=2` and `[lte]=`. At most 20.',
  })
  attributes?: Record<string, unknown>;

  @Repeatable()
  @UuidList({
    max: 50,
    optional: true,
    description:
      'Only these products, such as those that a guest has looked at: repeat it, `ids=…&ids=…`. They come in the order of ' +
      'the list; those that are not published are missing.',
  })
  ids?: string[];

  @Bool({
    optional: true,
    description: 'Only what can be bought now, on backorder or ahead of its day included.',
  })
  inStock?: boolean;

  @CurrencyCode({
    optional: true,
    description: 'Currency of the prices; the currency of the shop otherwise.',
  })
  currency?: string;

  @LocaleTag({ optional: true, description: LOCALE_MEANS })
  locale?: string;

  @OneOf(SORTS, {
    optional: true,
    description:
      'With `q` the best match first; without, the order of the collection or of the shop (`position`).',
  })
  sort?: Sort;

  @Bool({ optional: true, description: 'Adds counts per brand, category, price and attribute.' })
  facets?: boolean;
}

export class FacetValueDto {
  @Text({ max: 200, description: 'What the filter takes.' })
  value: string;

  @Text({ max: 300 })
  label: string;

  @Integer({ min: 0, max: 10_000 })
  count: number;
}

export class FacetDto {
  @Text({
    max: 200,
    description: '`brand`, `category`, `price` or `attributes[name]`: the parameter to filter by.',
  })
  code: string;

  @Text({ max: 200 })
  label: string;

  @ApiProperty({ type: FacetValueDto, isArray: true })
  values: FacetValueDto[];
}
