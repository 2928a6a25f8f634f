import { OmitType } from '@nestjs/swagger';
import { CurrencyCode, Integer, MoneyDto, MoneyField, OneOf, Text } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { STOCK_GROUPS, type StockGroup } from './stock-value.repository.js';

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };
const DAY = { max: 10, pattern: /^\d{4}-\d\d-\d\d$/, patternHint: 'must be a day such as 2026-11-21' };

class StockAskedQuery extends PageQuery {
  @Text({
    max: 60,
    optional: true,
    example: 'main',
    description: 'Code of a location: only what lies there.',
  })
  location?: string;

  @CurrencyCode({
    optional: true,
    description: 'Only this one; left out: a row for each. They are never added up.',
  })
  currency?: string;
}

export class StockValueQuery extends StockAskedQuery {
  @OneOf(STOCK_GROUPS, { optional: true, description: 'Default: location.' })
  groupBy: StockGroup = 'location';
}

export class StockDaysQuery extends StockAskedQuery {
  @Text({
    ...DAY,
    example: '2026-11-01',
    optional: true,
    description: 'First day, of UTC; default: 29 days before `to`.',
  })
  from?: string;

  @Text({
    ...DAY,
    example: '2026-11-30',
    optional: true,
    description: 'Last day, included; at most three years after the first. Default: today.',
  })
  to?: string;
}

/** As the lists, in one piece. */
export class StockValueFileQuery extends OmitType(StockValueQuery, ['limit', 'cursor'] as const) {}
export class StockDaysFileQuery extends OmitType(StockDaysQuery, ['limit', 'cursor'] as const) {}

class StockWorthDto {
  @CurrencyCode()
  currency: string;

  @Integer({ ...COUNT, description: 'Variants that lie there or are promised.' })
  variants: number;

  @Integer({
    ...COUNT,
    description: 'Those of them without a cost in this currency: `atCost` does not count them.',
  })
  variantsWithoutCost: number;

  @Integer({
    ...COUNT,
    description: 'Those of them without a price in this currency: `atPrice` does not count them.',
  })
  variantsWithoutPrice: number;

  @Integer({ ...COUNT, description: 'Pieces on hand, of variants with a price or a cost in this currency.' })
  onHand: number;

  @Integer({ ...COUNT, description: 'Pieces that are promised to orders.' })
  allocated: number;

  @MoneyField({ description: 'What the pieces on hand were bought for.' })
  atCost: MoneyDto;

  @MoneyField({ description: 'What the pieces on hand are sold for, at their present prices without lists.' })
  atPrice: MoneyDto;
}

export class StockValueRowDto extends StockWorthDto {
  @Text({
    min: 0,
    max: 100,
    example: 'main',
    description: 'Code of the location, or id of the category or product; empty: in no category.',
  })
  group: string;

  @Text({ max: 700, nullable: true, example: 'Main warehouse' })
  title: string | null;

  @Text({ max: 300, nullable: true, description: 'Of a category or product.' })
  handle: string | null;
}

export class StockDayRowDto extends StockWorthDto {
  @Text({ max: 10, example: '2026-11-21', description: 'The day of UTC at whose beginning it lay there.' })
  day: string;

  @Text({ max: 60, example: 'main' })
  location: string;

  @Text({ max: 300, example: 'Main warehouse', description: 'What the location was called then.' })
  title: string;
}
