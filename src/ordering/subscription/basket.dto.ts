import { AddressDto } from '../../platform/address/address.dto.js';
import { Instant, Integer, ListOf, Nested, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { MAX_LINES, MAX_QUANTITY } from '../cart/cart.js';
import { type Basket, PERIOD_STATES, type PeriodOrder } from './basket.js';

export class BasketParams {
  @Uuid({ description: 'Of the subscription.' })
  id: string;
}

export class BasketDiscountParams {
  @Uuid({ description: 'Of the plan.' })
  id: string;
}

export class BasketLineDto {
  @Uuid()
  variantId: string;

  @Integer({ min: 1, max: MAX_QUANTITY, example: 2, description: 'For one unit of the subscription.' })
  quantity: number;
}

export class PutBasketDto {
  @ListOf(() => BasketLineDto, { min: 1, max: MAX_LINES, uniqueBy: 'variantId' })
  lines: BasketLineDto[];

  @Nested(() => AddressDto)
  shippingAddress: AddressDto;

  @Nested(() => AddressDto, {
    optional: true,
    nullable: true,
    description: 'Null: the same as the shipping address.',
  })
  billingAddress?: AddressDto | null;

  @Uuid({ optional: true, nullable: true, description: 'Null: the cheapest way that fits on the day.' })
  shippingOptionId?: string | null;
}

export class PeriodOrderDto {
  @Text({ max: 10, example: '2027-01-31', description: 'The first day of the period; a local date.' })
  periodStart: string;

  @OneOf(PERIOD_STATES, {
    example: 'ordered',
    description:
      '`due`: about to be ordered; `missed`: nothing was ordered, `code` says why, and nothing was charged.',
  })
  state: PeriodOrder['state'];

  @Uuid({ nullable: true })
  orderId: string | null;

  @Text({ max: 100, nullable: true, example: null })
  code: string | null;
}

export class BasketDto {
  @Uuid()
  subscriptionId: string;

  @ListOf(() => BasketLineDto, { max: MAX_LINES })
  lines: BasketLineDto[];

  @Nested(() => AddressDto)
  shippingAddress: AddressDto;

  @Nested(() => AddressDto, { nullable: true })
  billingAddress: AddressDto | null;

  @Uuid({ nullable: true })
  shippingOptionId: string | null;

  @Integer({
    min: 0,
    max: 90,
    example: 10,
    description: 'What is saved by subscribing, in percent of each day’s price.',
  })
  percentOff: number;

  @ListOf(() => PeriodOrderDto, { max: 24, description: 'What the last periods became, the newest first.' })
  orders: PeriodOrderDto[];

  @Integer({ min: 1, max: 2 ** 31 - 1, example: 1 })
  version: number;

  @Instant()
  updatedAt: string;

  static from(basket: Basket, percentOff: number, periods: readonly PeriodOrder[]): BasketDto {
    const { subscriptionId, lines, shippingAddress, billingAddress, shippingOptionId, version } = basket;
    return {
      ...{ subscriptionId, lines: [...lines], shippingAddress, billingAddress, shippingOptionId, percentOff },
      orders: periods.map(({ periodStart, state, orderId, code }) => ({ periodStart, state, orderId, code })),
      ...{ version, updatedAt: basket.updatedAt.toISOString() },
    };
  }
}

export class PutBasketDiscountDto {
  @Integer({
    min: 0,
    max: 90,
    example: 10,
    description: 'In percent of each day’s price of a piece, rounded to minor units.',
  })
  percentOff: number;
}

export class BasketDiscountDto {
  @Uuid()
  planId: string;

  @Integer({ min: 0, max: 90, example: 10 })
  percentOff: number;

  @Integer({ min: 0, max: 2 ** 31 - 1, example: 1, description: '0: nobody has said anything.' })
  version: number;
}
