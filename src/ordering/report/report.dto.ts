import { OmitType } from '@nestjs/swagger';
import {
  Bool,
  CurrencyCode,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  SignedMoneyDto,
  Text,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { type Group, GROUPS, type Sort, SORTS, type Span } from './reports.repository.js';

const DAY = { max: 10, pattern: /^\d{4}-\d\d-\d\d$/, patternHint: 'must be a day such as 2026-11-21' };
const MONTH = { max: 7, pattern: /^\d{4}-(0[1-9]|1[0-2])$/, patternHint: 'must be a month such as 2026-11' };
const ZONE = {
  max: 60,
  optional: true,
  example: 'Europe/Berlin',
  description: 'IANA time zone of the days; default UTC.',
};
const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };
const ONE_CURRENCY = {
  optional: true,
  description: 'Only this one; left out: a row for each. They are never added up.',
};

class PeriodQuery extends PageQuery {
  @Text({
    ...DAY,
    example: '2026-11-01',
    optional: true,
    description: 'First day; default: 29 days before `to`.',
  })
  from?: string;

  @Text({
    ...DAY,
    example: '2026-11-30',
    optional: true,
    description: 'Last day, included; at most three years after the first. Default: today.',
  })
  to?: string;

  @CurrencyCode(ONE_CURRENCY)
  currency?: string;

  @Text(ZONE)
  timeZone: string = 'UTC';
}

export class SalesQuery extends PeriodQuery {
  @OneOf(GROUPS, { optional: true, description: 'Default: day. A week begins on Monday.' })
  groupBy: Group = 'day';

  @OneOf(SORTS, {
    optional: true,
    description:
      'Of what is no time: `total` (default) answers the `limit` that brought in the most, and no page after it; `group` all, ' +
      'page by page, by the id or code.',
  })
  sort: Sort = 'total';
}

export class CartsQuery extends PeriodQuery {
  @OneOf(['day', 'week', 'month'], { optional: true, description: 'Default: day. A week begins on Monday.' })
  groupBy: Span = 'day';
}

/** As the lists, in one piece. */
export class SalesFileQuery extends OmitType(SalesQuery, ['limit', 'cursor'] as const) {}
export class CartsFileQuery extends OmitType(CartsQuery, ['limit', 'cursor'] as const) {}

export class CustomersQuery {
  @Text({
    ...MONTH,
    example: '2026-01',
    optional: true,
    description: 'First month, of UTC; default: 11 months before `to`.',
  })
  from?: string;

  @Text({
    ...MONTH,
    example: '2026-12',
    optional: true,
    description: 'Last month, included; at most 36 in all. Default: this one.',
  })
  to?: string;

  @CurrencyCode(ONE_CURRENCY)
  currency?: string;
}

export class SalesRowDto {
  @Text({
    min: 0,
    max: 100,
    example: '2026-11-21',
    description:
      'First day of the time, id of the product, category or promotion, or code of the country; empty: of none.',
  })
  group: string;

  @Text({
    max: 700,
    nullable: true,
    description: 'What it was called when it was sold last; null of times and countries.',
  })
  title: string | null;

  @Text({ max: 300, nullable: true, description: 'Of a category.' })
  handle: string | null;

  @CurrencyCode()
  currency: string;

  @Integer({ ...COUNT, description: 'Orders that were placed; of a product: that held it.' })
  orders: number;

  @Integer({ ...COUNT, description: 'Orders that were canceled, on the day of that.' })
  canceled: number;

  @Integer({ ...COUNT, description: 'Pieces that were sold.' })
  pieces: number;

  @Integer({ ...COUNT, description: 'Pieces that were taken off, came back, or were refunded.' })
  returnedPieces: number;

  @MoneyField({ description: 'Goods at their prices as the shop shows them.' })
  gross: MoneyDto;

  @Nested(() => SignedMoneyDto, { description: 'What promotions took off.' })
  discount: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, {
    description: 'As it was priced; what promotions took off it is in `discount`.',
  })
  shipping: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, {
    description: 'What changes and cancellations made orders cost less, with tax.',
  })
  returned: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, {
    description: 'In `total`, after what came off again; less than 0 when more came off than was sold.',
  })
  tax: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, { description: '`total` without `tax`.' })
  net: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, {
    description:
      'What orders cost, after what came off again: `gross` - `discount` + `shipping` - `returned`, and of orders whose tax ' +
      'comes on top of prices the tax of what was sold as well.',
  })
  total: SignedMoneyDto;

  @MoneyField({ description: 'Money that went back, on the day that it left; by times and countries only.' })
  refunded: MoneyDto;

  @MoneyField({
    nullable: true,
    description: 'What was sold (`total` and `returned`) by order; null without an order.',
  })
  averageOrder: MoneyDto | null;
}

export class CartsRowDto {
  @Text({ max: 10, example: '2026-11-21', description: 'First day of the time in which they were left.' })
  group: string;

  @CurrencyCode()
  currency: string;

  @Integer({ ...COUNT, description: 'Carts that were left behind.' })
  abandoned: number;

  @Integer({ ...COUNT, description: 'Pieces in them.' })
  pieces: number;

  @MoneyField({ description: 'What the goods in them cost when they were put in.' })
  value: MoneyDto;

  @Integer({ ...COUNT, description: 'Those of them that were ordered after all.' })
  recovered: number;

  @MoneyField({ description: 'What these orders came to.' })
  recoveredTotal: MoneyDto;

  @Integer({ min: 0, max: 1_000_000, description: '`recovered` of `abandoned`, in millionths.' })
  recoveryPpm: number;
}

export class CohortMonthDto {
  @Text({ max: 7, example: '2026-11' })
  month: string;

  @Integer({ ...COUNT, description: 'Customers of the cohort who ordered in this month.' })
  customers: number;

  @Integer(COUNT)
  orders: number;

  @MoneyField({ description: 'What these orders cost as they stand.' })
  total: MoneyDto;
}

export class CohortDto {
  @Text({ max: 7, example: '2026-11', description: 'Month of the first order.' })
  cohort: string;

  @Integer({ ...COUNT, description: 'Customers who ordered first in this month.' })
  customers: number;

  @Integer({ ...COUNT, description: 'Those of them who have ordered again up to the last month.' })
  repeaters: number;

  @ListOf(() => CohortMonthDto, { max: 36 })
  months: CohortMonthDto[];
}

export class CustomersReportDto {
  @CurrencyCode()
  currency: string;

  @Integer({ ...COUNT, description: 'Orders of these months that were not canceled.' })
  orders: number;

  @MoneyField({ description: 'What they cost as they stand.' })
  total: MoneyDto;

  @MoneyField({ nullable: true })
  averageOrder: MoneyDto | null;

  @Integer({ ...COUNT, description: 'Customers whose first order is one of these.' })
  newCustomers: number;

  @Integer({ ...COUNT, description: 'Those of them who have ordered again up to the last month.' })
  repeaters: number;

  @Integer({ min: 0, max: 1_000_000, description: '`repeaters` of `newCustomers`, in millionths.' })
  repeatPpm: number;

  @ListOf(() => CohortDto, { max: 1_300, description: 'By the month of their first order, older ones too.' })
  cohorts: CohortDto[];
}

export class CustomersReportsDto {
  @ListOf(() => CustomersReportDto, { max: 200, description: 'One for each currency.' })
  items: CustomersReportDto[];
}

export class ReportStatusDto {
  @Bool({
    description: 'All orders are being counted again; until that is done reports hold a part of them.',
  })
  rebuilding: boolean;

  @Integer({
    min: 0,
    max: 10_000,
    description: 'Orders of which something is not counted yet; usually none.',
  })
  waiting: number;
}
