import {
  Bool,
  CountryCode,
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  Nested,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';
import { MAX_PROMOTIONS, MAX_QUANTITY } from '../cart/cart.js';
import { TriedPromotionDto } from '../cart/cart.dto.js';
import { CreatePromotionDto } from './promotion.dto.js';

const MAX_INT = 2 ** 31 - 1;
/** Orders that one request looks at. */
export const MAX_ORDERS = 1_000;

export class SimulatedLineDto {
  @Uuid()
  variantId: string;

  @Integer({ min: 1, max: MAX_QUANTITY, example: 2 })
  quantity: number;
}

export class SimulatedCartInput {
  @CurrencyCode()
  currency: string;

  @ListOf(() => SimulatedLineDto, { min: 1, max: 100, uniqueBy: 'variantId' })
  lines: SimulatedLineDto[];

  @TextList({
    max: 20,
    maxLength: 60,
    unique: true,
    optional: true,
    description: 'Codes of the customer groups that the buyer is in.',
  })
  customerGroups?: string[];

  @CountryCode({ optional: true, nullable: true, description: 'Where it is sent; null: not known.' })
  country?: string | null;

  @Bool({ optional: true, nullable: true, description: 'Null: nobody is signed in.' })
  isFirstOrder?: boolean | null;

  @Integer({
    min: 0,
    max: 1_000_000_000,
    optional: true,
    description: 'Price of the shipping in minor units; left out: not known yet.',
    example: 490,
  })
  shippingPrice?: number;
}

export class SimulatedOrdersInput {
  @Instant({ optional: true, description: '30 days before `until` when left out.' })
  from?: string;

  @Instant({ optional: true, description: 'Now when left out.' })
  until?: string;

  @Integer({ min: 1, max: MAX_ORDERS, optional: true, description: 'Orders to look at; 500 when left out.' })
  limit?: number;

  @Text({ max: 1000, optional: true, description: '`nextCursor` of the answer before.' })
  cursor?: string;
}

export class SimulatePromotionDto {
  @Uuid({ optional: true, description: 'One that is kept, a draft for example.' })
  promotionId?: string;

  @Nested(() => CreatePromotionDto, { optional: true, description: 'Or one that is not kept.' })
  promotion?: CreatePromotionDto;

  @Instant({ optional: true, description: 'The moment that the cart is judged at; now when left out.' })
  at?: string;

  @Bool({
    optional: true,
    description: 'Whether the promotions that apply by themselves today take part too; true when left out.',
  })
  withOthers?: boolean;

  @Nested(() => SimulatedCartInput, { optional: true })
  cart?: SimulatedCartInput;

  @Nested(() => SimulatedOrdersInput, { optional: true })
  orders?: SimulatedOrdersInput;
}

export class SimulatedCartDto {
  @Nested(() => MoneyDto, { description: 'Prices of the shop times quantities.' })
  subtotal: MoneyDto;

  @Nested(() => MoneyDto, { description: 'What all promotions take off, the shipping included.' })
  discount: MoneyDto;

  @Nested(() => MoneyDto, { description: 'What they take off without this one.' })
  discountWithout: MoneyDto;

  @ListOf(() => TriedPromotionDto, { max: MAX_PROMOTIONS, description: 'Every one that was tried, and why.' })
  promotions: TriedPromotionDto[];
}

export class SimulatedOrdersDto {
  @Instant()
  from: string;

  @Instant()
  until: string;

  @Integer({
    min: 0,
    max: MAX_ORDERS,
    description: 'Placed orders that were calculated again, the newest first.',
  })
  lookedAt: number;

  @Integer({ min: 0, max: MAX_ORDERS, description: 'Placed orders of which no calculation was kept.' })
  skipped: number;

  @Integer({ min: 0, max: MAX_ORDERS, description: 'Of those that were looked at: it would have applied.' })
  matched: number;

  @ListOf(() => SimulatedCostDto, {
    max: 200,
    description:
      'What more would have been taken off those orders, by currency; less when it beats a dearer one.',
  })
  cost: SimulatedCostDto[];

  @Text({ max: 1000, nullable: true, description: 'Send it as `cursor` for older ones; null: that was all.' })
  nextCursor: string | null;
}

export class SimulatedCostDto {
  @Integer({
    min: -Number.MAX_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    description: 'Minor units.',
    example: 12_300,
  })
  amount: number;

  @CurrencyCode()
  currency: string;

  @Integer({ min: 0, max: MAX_INT, description: 'Orders that it would have applied to.' })
  orders: number;
}

export class SimulationDto {
  @Nested(() => SimulatedCartDto, { nullable: true, description: 'Null when no cart was given.' })
  cart: SimulatedCartDto | null;

  @Nested(() => SimulatedOrdersDto, { nullable: true, description: 'Null when no orders were asked for.' })
  orders: SimulatedOrdersDto | null;
}
