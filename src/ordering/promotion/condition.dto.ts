import {
  AskingPrice,
  AskingPriceDto,
  CountryList,
  Integer,
  IntegerList,
  Nested,
  OneOf,
  Text,
  TextList,
  UuidList,
} from '../../platform/http/fields.js';
import type { Shapes } from '../../platform/http/shapes.js';

const MAX_IDS = 500;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const clockHint = 'must be a time of day such as 09:30';
const END_OF_DAY = /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

export class SelectionDto {
  @UuidList({ max: MAX_IDS, optional: true })
  variants?: string[];

  @UuidList({ max: MAX_IDS, optional: true })
  products?: string[];

  @UuidList({ max: MAX_IDS, optional: true, description: 'With all that stands below them.' })
  categories?: string[];

  @UuidList({ max: MAX_IDS, optional: true })
  collections?: string[];
}

/** Lines that one of the lists names; without any list, every line. Gift cards are never meant. */
export class SelectorDto extends SelectionDto {
  @Nested(() => SelectionDto, { optional: true, description: 'Not these.' })
  except?: SelectionDto;
}

const On = () =>
  Nested(() => SelectorDto, { optional: true, description: 'Which lines are meant; all when left out.' });

export class SubtotalConditionDto {
  @OneOf(['subtotal'])
  type: 'subtotal';

  @AskingPrice({ optional: true, description: 'At least so much.' })
  min?: AskingPriceDto;

  @AskingPrice({ optional: true, description: 'At most so much.' })
  max?: AskingPriceDto;

  @On()
  on?: SelectorDto;
}

export class QuantityConditionDto {
  @OneOf(['quantity'])
  type: 'quantity';

  @Integer({ min: 1, max: 100_000, description: 'Pieces.' })
  min: number;

  @On()
  on?: SelectorDto;
}

class GoodsConditionDto {
  @UuidList({ max: MAX_IDS, description: 'One of these, or several.' })
  ids: string[];

  @Integer({ min: 1, max: 100_000, optional: true, description: 'Pieces of them; 1 when left out.' })
  min?: number;
}

export class ProductsConditionDto extends GoodsConditionDto {
  @OneOf(['products'])
  type: 'products';
}

export class CategoriesConditionDto extends GoodsConditionDto {
  @OneOf(['categories'])
  type: 'categories';
}

export class CollectionsConditionDto extends GoodsConditionDto {
  @OneOf(['collections'])
  type: 'collections';
}

export class CustomerGroupConditionDto {
  @OneOf(['customer_group'])
  type: 'customer_group';

  @TextList({ min: 1, max: 100, maxLength: 60, unique: true, description: 'Codes of groups.' })
  codes: string[];
}

export class FirstOrderConditionDto {
  @OneOf(['first_order'])
  type: 'first_order';
}

export class CountryConditionDto {
  @OneOf(['country'])
  type: 'country';

  @CountryList({ description: 'ISO 3166 codes of where it is sent.', example: ['DE', 'AT'] })
  codes: string[];
}

export class WeekdayHoursConditionDto {
  @OneOf(['weekday_hours'])
  type: 'weekday_hours';

  @IntegerList({ min: 1, max: 7, most: 7, example: [6, 7], description: '1 is Monday.' })
  days: number[];

  @Text({ max: 5, pattern: CLOCK, patternHint: clockHint, example: '17:00' })
  from: string;

  @Text({
    max: 5,
    pattern: END_OF_DAY,
    patternHint: clockHint,
    example: '19:00',
    description:
      'Until before then; `24:00` is the end of the day, and what is not later than `from` is on the next day.',
  })
  to: string;

  @Text({ max: 60, example: 'Europe/Berlin', description: 'IANA zone of the clock.' })
  timeZone: string;
}

/** What has to be so, by its `type`. */
export const CONDITIONS = {
  subtotal: SubtotalConditionDto,
  quantity: QuantityConditionDto,
  products: ProductsConditionDto,
  categories: CategoriesConditionDto,
  collections: CollectionsConditionDto,
  customer_group: CustomerGroupConditionDto,
  first_order: FirstOrderConditionDto,
  country: CountryConditionDto,
  weekday_hours: WeekdayHoursConditionDto,
} satisfies Shapes;
export type ConditionDto = InstanceType<(typeof CONDITIONS)[keyof typeof CONDITIONS]>;
