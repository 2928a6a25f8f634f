import {
  CurrencyCode,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  SignedMoneyDto,
  Text,
} from '../../platform/http/fields.js';
import { DAY, MONTH } from '../ledger/day.js';

export class DeferredRevenueQuery {
  @Text({
    ...DAY,
    optional: true,
    example: '2026-10-31',
    description: 'As it stood at the end of this day of the books; now when it is left out.',
  })
  on?: string;

  @CurrencyCode({ optional: true })
  currency?: string;
}

export class DeferredRevenueMonthDto {
  @Text({ ...MONTH, example: '2026-12' })
  month: string;

  @MoneyField({ description: 'Of its days after `on`.' })
  amount: MoneyDto;
}

export class DeferredRevenueOfCurrencyDto {
  @Nested(() => SignedMoneyDto, { description: 'What `liab:deferred_revenue` owed: credit less debit.' })
  balance: SignedMoneyDto;

  @ListOf(() => DeferredRevenueMonthDto, {
    max: 2400,
    description: 'What of it becomes income in which month.',
  })
  months: DeferredRevenueMonthDto[];

  @Nested(() => SignedMoneyDto, {
    description:
      'The balance less all months: what of it was credited or void since that day, or booked later because its month was closed. ' +
      'Zero without `on`.',
  })
  changedSince: SignedMoneyDto;
}

/** What was charged for days of subscriptions that are still to come. */
export class DeferredRevenueDto {
  @Text({ ...DAY, example: '2026-11-21' })
  on: string;

  @ListOf(() => DeferredRevenueOfCurrencyDto, { max: 200 })
  items: DeferredRevenueOfCurrencyDto[];
}
