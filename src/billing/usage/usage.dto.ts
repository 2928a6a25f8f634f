import {
  Bool,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  SignedMoneyDto,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';
import { Money } from '../../platform/money/money.js';
import { type Aggregation, AGGREGATIONS } from '../plan/plan.js';
import { formatQuantity } from '../subscription/usage-pricing.js';
import type { SettledWindow } from './usage-charge.repository.js';
import type { UsageBill } from './usage-lines.service.js';
import type { SettledCharge, UsageEvent } from './usage.js';

const MOST_EVENTS = 1_000;
const EVENT_ID = { max: 100, pattern: /^[\w.:/+=@-]+$/, example: 'call-2027-01-05-000017' };
const EVENT_HINT = { patternHint: 'must be letters, digits and . : / + = @ _ -' };
const CODE = { max: 60, pattern: /^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$/, example: 'api_calls' };
const QUANTITY = {
  ...{ max: 20, pattern: /^-?\d{1,12}(\.\d{1,6})?$/, example: '1.5' },
  patternHint: 'must be a decimal number with at most six places, such as 12 or 1.5',
};

export class UsageParams {
  @Uuid()
  id: string;
}

export class NewUsageEventDto {
  @Text({
    ...EVENT_ID,
    ...EVENT_HINT,
    description: 'Yours, once for each event of a subscription: what comes twice counts once.',
  })
  eventId: string;

  @Text({ ...CODE, description: 'The code of a component of the plan.' })
  component: string;

  @Text({ ...QUANTITY, description: 'Below zero it takes back.' })
  quantity: string;

  @Instant({ description: 'When it was used: not in the future, and not before the subscription.' })
  at: string;
}

export class UsageBatchDto {
  @ListOf(() => NewUsageEventDto, {
    min: 1,
    max: MOST_EVENTS,
    description: 'All of them are taken, or none.',
  })
  events: NewUsageEventDto[];
}

export class UsageReceiptLineDto {
  @Text({ ...EVENT_ID })
  eventId: string;

  @Bool({ description: 'It was there already, with the same content, and counts once.' })
  repeated: boolean;

  @Bool({
    description: 'Its time was charged already: the difference that it makes comes with the next invoice.',
  })
  late: boolean;
}

export class UsageReceiptDto {
  @Integer({ min: 0, max: MOST_EVENTS, example: 2, description: 'Taken now.' })
  recorded: number;

  @Integer({ min: 0, max: MOST_EVENTS, example: 0 })
  repeated: number;

  @Integer({ min: 0, max: MOST_EVENTS, example: 0, description: 'Of those taken now.' })
  late: number;

  @ListOf(() => UsageReceiptLineDto, { max: MOST_EVENTS, description: 'In the order of the batch.' })
  events: UsageReceiptLineDto[];

  static of(events: readonly UsageEvent[], added: ReadonlySet<string>): UsageReceiptDto {
    const seen = new Set<string>();
    const lines = events.map(({ eventId, settledUntil }) => {
      const repeated = !added.has(eventId) || seen.has(eventId);
      seen.add(eventId);
      return { eventId, repeated, late: settledUntil !== null };
    });
    return {
      recorded: added.size,
      repeated: lines.filter(({ repeated }) => repeated).length,
      late: lines.filter(({ repeated, late }) => late && !repeated).length,
      events: lines,
    };
  }
}

export class UsageEventDto {
  @Uuid()
  id: string;

  @Text({ ...EVENT_ID })
  eventId: string;

  @Text({ ...CODE })
  component: string;

  @Text({ ...QUANTITY })
  quantity: string;

  @Instant({ description: 'When it was used.' })
  at: string;

  @Instant()
  receivedAt: string;

  @Bool({ description: 'Its time was charged already when it came.' })
  late: boolean;

  static from({
    id,
    eventId,
    component,
    quantity,
    usedAt,
    receivedAt,
    settledUntil,
  }: UsageEvent): UsageEventDto {
    return {
      ...{ id, eventId, component },
      quantity: formatQuantity(quantity),
      at: usedAt.toISOString(),
      receivedAt: receivedAt.toISOString(),
      late: settledUntil !== null,
    };
  }
}

export class UsageEventQuery extends PageQuery {
  @Text({ ...CODE, optional: true })
  component?: string;

  @Text({ ...EVENT_ID, optional: true })
  eventId?: string;

  @Bool({ optional: true, description: 'Only what came late, or only what came in time.' })
  late?: boolean;

  @Nested(() => InstantRange, { optional: true, description: 'When it was used.' })
  at?: InstantRange;
}

export class ComponentUsageDto {
  @Text({ ...CODE })
  component: string;

  @Text({ max: 100, example: 'API calls' })
  title: string;

  @Instant({ description: 'The time that it was used in: before that of the period, when it came late.' })
  from: string;

  @Instant({ description: 'Exclusive.' })
  until: string;

  @Bool({ description: 'That time was charged before: `amount` is the difference.' })
  late: boolean;

  @OneOf(AGGREGATIONS, { example: 'sum', description: 'How the events come to one quantity.' })
  aggregation: Aggregation;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER, example: 340 })
  events: number;

  @Text({ max: 50, example: '1600' })
  quantity: string;

  @Text({ max: 50, example: '100', description: 'It comes with the plan.' })
  included: string;

  @MoneyField({
    description: 'What that time costs in all, before tax as the plan has it and before a coupon.',
  })
  whole: MoneyDto;

  @Nested(() => SignedMoneyDto, {
    description: 'What of it this period is charged, before a coupon; below zero it is given back.',
  })
  amount: SignedMoneyDto;

  @Text({
    max: 5_000,
    example: '1600 (the sum of 340), 100 included (version 1): 1500 × 0.10 EUR = 150.00 EUR',
  })
  explain: string;

  static from(charge: SettledCharge): ComponentUsageDto {
    const { component, title, late, aggregation, events, explain } = charge;
    return {
      ...{ component, title, late, aggregation, events, explain },
      from: charge.from.toISOString(),
      until: charge.until.toISOString(),
      quantity: formatQuantity(charge.quantity),
      included: formatQuantity(charge.included),
      whole: charge.whole.toJSON(),
      amount: charge.amount.toJSON(),
    };
  }
}

export class UsagePeriodDto {
  @Instant()
  from: string;

  @Instant({ description: 'Exclusive; of what is not charged yet it is now.' })
  until: string;

  @Bool({ description: 'Whether it is charged: then nothing here changes any more.' })
  settled: boolean;

  @Uuid({ nullable: true, description: 'The invoice that it is on.' })
  invoiceId: string | null;

  @Nested(() => SignedMoneyDto, { description: 'Of all components.' })
  amount: SignedMoneyDto;

  @ListOf(() => ComponentUsageDto, { max: 10_000, description: 'Those that were used, and what came late.' })
  components: ComponentUsageDto[];

  static open({ window: { from, until }, charges }: UsageBill, currency: string): UsagePeriodDto {
    return UsagePeriodDto.of({ from, until, charges }, null, false, currency);
  }

  static settled(window: SettledWindow, currency: string): UsagePeriodDto {
    return UsagePeriodDto.of(window, window.invoiceId, true, currency);
  }

  private static of(
    { from, until, charges }: { from: Date; until: Date; charges: readonly SettledCharge[] },
    invoiceId: string | null,
    settled: boolean,
    currency: string,
  ): UsagePeriodDto {
    const amounts = charges.map(({ amount }) => amount);
    return {
      ...{ from: from.toISOString(), until: until.toISOString(), settled, invoiceId },
      amount: Money.sum(amounts, currency).toJSON(),
      components: charges.map((charge) => ComponentUsageDto.from(charge)),
    };
  }
}
