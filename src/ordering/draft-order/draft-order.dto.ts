import { AddressDto } from '../../platform/address/address.dto.js';
import {
  AskingPrice,
  AskingPriceDto,
  Bool,
  CurrencyCode,
  Email,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import {
  AppliedPromotionDto,
  CartLineDto,
  CartLineInput,
  ObstacleDto,
  PurchaseTermsDto,
  TotalsDto,
  UnusedCodeDto,
  WishDto,
} from '../cart/cart.dto.js';
import { MAX_LINES, MAX_PROMOTIONS, MAX_SHOWN_LINES } from '../cart/cart.js';
import { TaxationDto } from '../tax/taxation.dto.js';
import { PaymentLinkDto } from '../payment-link/payment-link.dto.js';
import { DRAFT_STATES } from './draft-order.js';

const unset = { optional: true, nullable: true } as const;

export class DraftOrderParams {
  @Uuid()
  id: string;
}

export class DraftLineInput extends CartLineInput {
  @AskingPrice({
    ...unset,
    description: 'Of one piece, in place of today’s price; promotions and taxes go by it. It needs a reason.',
  })
  unitPrice?: AskingPriceDto | null;

  @Text({ max: 300, ...unset, example: 'Agreed by phone', description: 'Why it has another price.' })
  reason?: string | null;
}

const LINES =
  'A variant may stand there several times: for another recipient, or with other properties. Its price is the same on all of them.';

export class UpdateDraftOrderDto extends PurchaseTermsDto {
  @Uuid({ ...unset, description: 'Whose order it is; null: a guest’s.' })
  customerId?: string | null;

  @Email({ optional: true, description: 'Where letters go; of a customer, left out: the account’s.' })
  email?: string;

  @ListOf(() => DraftLineInput, { max: MAX_LINES, min: 1, optional: true, description: LINES })
  lines?: DraftLineInput[];

  @Text({ max: 2000, ...unset, description: 'For staff alone.' })
  note?: string | null;
}

export class CreateDraftOrderDto extends UpdateDraftOrderDto {
  @CurrencyCode()
  currency: string;

  @ListOf(() => DraftLineInput, { max: MAX_LINES, min: 1, description: LINES })
  declare lines: DraftLineInput[];
}

export class DraftLineDto extends WishDto {
  @MoneyField({
    nullable: true,
    description: 'Of one piece, as staff have set it; null: it has today’s price.',
  })
  unitPrice: MoneyDto | null;

  @Text({ max: 300, nullable: true, description: 'Why it was set.' })
  reason: string | null;
}

export class DraftShippingDto {
  @Uuid()
  optionId: string;

  @Text({ max: 100 })
  title: string;

  @MoneyField()
  price: MoneyDto;
}

export class DraftQuoteDto {
  @ListOf(() => CartLineDto, { max: MAX_SHOWN_LINES, description: 'What promotions give stands at the end.' })
  lines: CartLineDto[];

  @ListOf(() => AppliedPromotionDto, { max: MAX_PROMOTIONS })
  promotions: AppliedPromotionDto[];

  @ListOf(() => UnusedCodeDto, { max: 10 })
  unusedCodes: UnusedCodeDto[];

  @Nested(() => DraftShippingDto, { nullable: true })
  shipping: DraftShippingDto | null;

  @Nested(() => TotalsDto)
  totals: TotalsDto;

  @Nested(() => TaxationDto, { description: 'How it is taxed.' })
  taxation: TaxationDto;

  @Bool({ description: 'Whether it could be placed now.' })
  ready: boolean;

  @ListOf(() => ObstacleDto, { max: 500, description: 'What stands between it and an order.' })
  problems: ObstacleDto[];
}

export class DraftOrderSummaryDto {
  @Uuid()
  id: string;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;

  @OneOf(DRAFT_STATES)
  state: string;

  @Uuid({ nullable: true })
  customerId: string | null;

  @Email()
  email: string;

  @CurrencyCode()
  currency: string;

  @ListOf(() => DraftLineDto, { max: MAX_LINES })
  lines: DraftLineDto[];

  @Nested(() => AddressDto, { nullable: true })
  shippingAddress: AddressDto | null;

  @Nested(() => AddressDto, { nullable: true })
  billingAddress: AddressDto | null;

  @Uuid({ nullable: true })
  shippingOptionId: string | null;

  @Uuid({ nullable: true, description: 'Where it is fetched.' })
  pickupPointId: string | null;

  @Text({ max: 20, nullable: true, description: 'In capitals, without spaces.' })
  vatId: string | null;

  @TextList({ max: 10, maxLength: 50, description: 'In capital letters.' })
  promotionCodes: string[];

  @Text({ max: 2000, nullable: true })
  note: string | null;

  @Uuid({ nullable: true, description: 'The order that it became.' })
  orderId: string | null;

  @Text({ max: 100, nullable: true, description: 'Who wrote it.' })
  createdBy: string | null;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}

export class DraftOrderDto extends DraftOrderSummaryDto {
  @Nested(() => DraftQuoteDto, {
    nullable: true,
    description: 'What it comes to now, as a cart would; null: it is placed.',
  })
  quote: DraftQuoteDto | null;
}

export class DraftOrderListQuery extends PageQuery {
  @OneOf(DRAFT_STATES, { optional: true })
  state?: string;

  @Uuid({ optional: true })
  customerId?: string;

  @Email({ optional: true })
  email?: string;
}

/** A draft is not paid where it is written. */
export const PAY_LATER = 'leave it out or send true, for the buyer pays by the link that the answer holds';

export class PlaceDraftOrderDto {
  @MoneyField({
    description: '`quote.totals.total` of the draft; when it is another one now, nothing is ordered.',
    remedy: 'send `quote.totals.total` of `GET /v1/admin/draft-orders/{id}` as it stands there',
  })
  expectedTotal: MoneyDto;

  @Bool({
    example: true,
    optional: true,
    description: 'May be left out. The buyer pays by a link, whether it is said or not; false is refused.',
    remedy: PAY_LATER,
  })
  payLater?: boolean;

  @Instant({
    ...unset,
    description:
      'Until when the link and all that the order holds wait; within 90 days. Left out: `PAYMENT_LINK_DAYS` (7).',
  })
  payUntil?: string | null;

  @Bool({
    optional: true,
    description: 'Whether the link is mailed to the buyer. It is, unless told otherwise.',
  })
  mail?: boolean;
}

export class PlacedDraftDto {
  @Uuid()
  orderId: string;

  @Text({ max: 30, example: '1042' })
  number: string;

  @Text({ max: 30, example: 'pending_payment', description: '`placed` when there is nothing to be paid.' })
  status: string;

  @MoneyField()
  total: MoneyDto;

  @Nested(() => PaymentLinkDto, { nullable: true, description: 'Null: there is nothing to be paid.' })
  paymentLink: PaymentLinkDto | null;
}
