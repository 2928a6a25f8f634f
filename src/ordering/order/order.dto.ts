import {
  Bool,
  CurrencyCode,
  Dictionary,
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
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';
import { PAYMENT_KINDS, PAYMENT_PURPOSES } from '../../billing/billing.api.js';
import { VARIANT_KINDS } from '../../catalog/catalog.api.js';
import { AddressDto } from '../../platform/address/address.dto.js';
import { PROMOTION_GROUPS } from '../promotion/promotion.js';
import { GiftCardForDto, TaxCategoryDto, TotalsDto } from '../cart/cart.dto.js';
import { GiftMessage } from '../cart/gift-message.js';
import { FulfilmentDto } from '../fulfilment/fulfilment.dto.js';
import { EstimateDto, PACKING_HELP, ParcelDto, PointDto } from '../shipping/offer.dto.js';
import { MAX_PARCELS } from '../shipping/parcels.js';
import { METHOD_KINDS } from '../shipping/shipping-zone.js';
import { TaxationDto } from '../tax/taxation.dto.js';
import { FULFILMENT_STATUSES, ORDER_STATUSES, PAYMENT_STATUSES } from './order.statuses.js';

export class OrderParams {
  @Uuid()
  id: string;
}

export class OrderComponentDto {
  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 700 })
  title: string;

  @Integer({ min: 1, max: 999, description: 'In one piece of the line.' })
  quantity: number;
}

export class OrderLineDto {
  @Uuid()
  id: string;

  @Uuid()
  variantId: string;

  @Uuid()
  productId: string;

  @Text({ max: 500 })
  title: string;

  @Text({ max: 500, nullable: true })
  variantTitle: string | null;

  @Dictionary({ values: 'string' })
  options: Record<string, string>;

  @Text({ max: 100 })
  sku: string;

  @Integer({ min: 0, max: 999, description: 'Pieces that are ordered; those that were taken off are not.' })
  quantity: number;

  @Integer({ min: 0, max: 999 })
  fulfilledQuantity: number;

  @Integer({ min: 0, max: 99_900, description: 'Pieces that were taken off before they were sent.' })
  canceledQuantity: number;

  @Integer({ min: 0, max: 999, description: 'Of those that were sent, pieces that came back.' })
  returnedQuantity: number;

  @Integer({ min: 0, max: 999, description: 'Damaged or lost pieces whose money went back without them.' })
  refundedQuantity: number;

  @Integer({ min: 0, max: 999, description: 'Damaged or lost pieces that were sent again.' })
  replacedQuantity: number;

  @Integer({
    min: 0,
    max: 999,
    description: 'Pieces that somebody asked to send back, until that is settled.',
  })
  returnRequestedQuantity: number;

  @Integer({ min: 0, max: 999, description: 'Pieces that are sent once a change of the order is paid.' })
  awaitingPaymentQuantity: number;
  @Integer({
    min: 0,
    max: 999,
    description: 'Of them, pieces that have arrived, as far as anybody has said so.',
  })
  deliveredQuantity: number;

  @Instant({
    nullable: true,
    description: 'Sold before it was there: when it was promised for. Null of what was there.',
  })
  promisedFor: string | null;
  @OneOf(VARIANT_KINDS, { description: 'Only what is `physical` is sent.' })
  kind: string;

  @Nested(() => GiftCardForDto, { nullable: true, description: 'Who gets it, when it is a gift card.' })
  giftCard: GiftCardForDto | null;

  @Dictionary({
    values: 'string',
    nullable: true,
    description: 'What the buyer said of these pieces, such as words to engrave.',
  })
  properties: Record<string, string> | null;

  @ListOf(() => OrderComponentDto, {
    max: 20,
    description: 'Of a bundle what it was made of when it was ordered; none of anything else.',
  })
  components: OrderComponentDto[];

  @Uuid({
    nullable: true,
    description: 'The promotion that gave it, at its whole price; null: it was bought.',
  })
  givenBy: string | null;

  @MoneyField()
  unitPrice: MoneyDto;

  @MoneyField()
  discount: MoneyDto;

  @MoneyField()
  tax: MoneyDto;

  @MoneyField({
    description: 'What the buyer pays for the line, tax included; less what went back for pieces of it.',
  })
  total: MoneyDto;

  @ListOf(() => TaxCategoryDto, { max: 20 })
  taxLines: TaxCategoryDto[];
}

/** What one promotion took off one line, or off the shipping. */
export class OrderDiscountDto {
  @Uuid({ nullable: true, description: 'The line of the order; null: the shipping.' })
  lineId: string | null;

  @Uuid()
  promotionId: string;

  @Text({ max: 50, nullable: true, description: 'The code that it was applied for; null: it needed none.' })
  code: string | null;

  @Text({ max: 200, description: 'As it was called then.' })
  title: string;

  @OneOf(PROMOTION_GROUPS)
  group: string;

  @MoneyField()
  amount: MoneyDto;
}

export class OrderShippingDto {
  @Uuid()
  optionId: string;

  @Text({ max: 100 })
  title: string;

  @OneOf(['shopper', 'cheapest', 'staff'])
  chosenBy: string;

  @MoneyField()
  price: MoneyDto;

  @MoneyField({ description: 'What promotions took off it.' })
  discount: MoneyDto;

  @MoneyField()
  tax: MoneyDto;

  @MoneyField({
    description:
      'What the buyer pays for it, tax included: with the totals of the lines it is `totals.total`.',
  })
  total: MoneyDto;

  @ListOf(() => TaxCategoryDto, { max: 20 })
  taxLines: TaxCategoryDto[];

  @OneOf(METHOD_KINDS, { description: '`pickup`: it is fetched at `pickupPoint`.' })
  kind: string;

  @Nested(() => EstimateDto, { nullable: true, description: 'As it was told when it was ordered.' })
  estimate: EstimateDto | null;

  @ListOf(() => ParcelDto, { max: MAX_PARCELS, description: PACKING_HELP })
  parcels: ParcelDto[];

  @Nested(() => PointDto, { nullable: true, description: 'As it was when it was ordered.' })
  pickupPoint: PointDto | null;
}

export class OrderNextActionDto {
  @OneOf(['redirect'])
  type: string;

  @Url()
  url: string;
}

export class OrderPaymentDto {
  @Uuid()
  id: string;

  @OneOf([
    'processing',
    'requires_payment_method',
    'requires_action',
    'authorized',
    'captured',
    'canceled',
    'requires_review',
  ])
  status: string;

  @OneOf(PAYMENT_KINDS, { example: 'card', description: 'What pays: a card, a gift card, or store credit.' })
  kind: string;

  @OneOf(PAYMENT_PURPOSES, {
    example: 'order',
    description: '`extra`: a further amount, after the order was paid.',
  })
  purpose: string;

  @Text({ max: 4, nullable: true, description: 'The end of the code of a gift card.', example: null })
  last4: string | null;

  @MoneyField()
  amount: MoneyDto;

  @MoneyField()
  captured: MoneyDto;

  @MoneyField()
  refunded: MoneyDto;

  @Text({ max: 100, nullable: true })
  declineCode: string | null;

  @Nested(() => OrderNextActionDto, { nullable: true, description: 'Where to send the shopper next.' })
  nextAction: OrderNextActionDto | null;
}

export class HistoryEntryDto {
  @Instant()
  at: string;

  @Text({ max: 100, example: 'placed' })
  event: string;

  @OneOf(ORDER_STATUSES)
  status: string;

  @OneOf(PAYMENT_STATUSES)
  paymentStatus: string;

  @OneOf(FULFILMENT_STATUSES)
  fulfilmentStatus: string;

  @OneOf(['anonymous', 'person', 'machine', 'system'])
  actor: string;

  @Text({ max: 500, nullable: true })
  note: string | null;
}

/** What every view of an order says. */
class OrderBase {
  @Uuid()
  id: string;

  @Text({ max: 30, example: '1001', description: 'What people call it.' })
  number: string;

  @OneOf(ORDER_STATUSES)
  status: string;

  @OneOf(PAYMENT_STATUSES)
  paymentStatus: string;

  @OneOf(FULFILMENT_STATUSES)
  fulfilmentStatus: string;

  @Instant({ nullable: true })
  placedAt: string | null;

  @Instant()
  createdAt: string;

  @CurrencyCode()
  currency: string;

  @Email()
  email: string;
}

/** An order on a list. */
export class OrderSummaryDto extends OrderBase {
  @Integer({ min: 0, max: 100_000, description: 'Pieces in all.' })
  quantity: number;

  @MoneyField()
  total: MoneyDto;
}

export class TransferDto {
  @Text({ max: 200, example: 'Guildhall Ltd' })
  holder: string;

  @Text({ max: 34, example: 'DE89370400440532013000' })
  iban: string;

  @Text({ max: 11, nullable: true, example: 'COBADEFFXXX' })
  bic: string | null;

  @Text({ max: 30, example: '1001', description: 'To be named in the transfer.' })
  reference: string;

  @MoneyField()
  amount: MoneyDto;
}

export class OrderDto extends OrderBase {
  @Nested(() => TransferDto, {
    optional: true,
    nullable: true,
    description:
      'In the answer to a checkout by `bank_transfer`: where the money goes. The order waits until `expiresAt`.',
  })
  transfer?: TransferDto | null;

  @Instant({
    nullable: true,
    description: 'Unpaid until then, it gives its stock back; null when it is paid.',
  })
  expiresAt: string | null;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;

  @Nested(() => AddressDto, { nullable: true, description: 'Null when nothing of it is sent.' })
  shippingAddress: AddressDto | null;

  @Nested(() => AddressDto, { nullable: true })
  billingAddress: AddressDto | null;

  @Nested(() => OrderShippingDto, { nullable: true, description: 'Null when nothing of it is sent.' })
  shipping: OrderShippingDto | null;

  @GiftMessage({
    nullable: true,
    description: 'Words that go into the parcel; it stands on the packing slip.',
  })
  giftMessage: string | null;

  @ListOf(() => OrderLineDto, { max: 100 })
  lines: OrderLineDto[];

  @Nested(() => TotalsDto)
  totals: TotalsDto;

  @MoneyField({ description: 'Still to be paid, of the order or of a change of it.' })
  amountDue: MoneyDto;

  @MoneyField({
    description:
      'What should go back and is not on its way: a refund was refused (`refund_failed` in `history`), or too much came in. ' +
      'Staff give it back with a refund of the payment.',
  })
  amountToRefund: MoneyDto;

  @ListOf(() => TaxCategoryDto, { max: 100, description: 'Rounded once each.' })
  taxes: TaxCategoryDto[];

  @ListOf(() => OrderDiscountDto, {
    max: 50_000,
    description:
      'What promotions took off, line by line, as it was when the order was written; the sum is `totals.discount`.',
  })
  discounts: OrderDiscountDto[];
  @Bool({
    description: 'Whether unit prices and totals have the tax in them; otherwise it comes on top of them.',
  })
  pricesIncludeTax: boolean;

  @Nested(() => TaxationDto, { description: 'How it was taxed and why, as it was frozen with the order.' })
  taxation: TaxationDto;

  @ListOf(() => OrderPaymentDto, { max: 100, description: 'All that pay for it, canceled ones too.' })
  payments: OrderPaymentDto[];

  @ListOf(() => FulfilmentDto, {
    max: 500,
    description: 'What leaves together, with what its carrier tells; none that were canceled.',
  })
  fulfilments: FulfilmentDto[];

  @ListOf(() => HistoryEntryDto, { max: 1000 })
  history: HistoryEntryDto[];
}

export class AllocationDto {
  @Uuid({
    nullable: true,
    description: 'The line that takes them, itself or for a part of it; null: several do.',
  })
  lineId: string | null;

  @Uuid({ description: 'What is taken: of a bundle its parts.' })
  variantId: string;

  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 60, example: 'main', description: 'Code of the location that gives them.' })
  location: string;

  @Text({ max: 120, example: 'Main warehouse' })
  locationName: string;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  quantity: number;

  @Integer({ min: 0, max: 2 ** 31 - 1, description: 'Of them, pieces that were sent.' })
  shipped: number;
}

export class OrderHoldDto {
  @Instant()
  since: string;

  @Text({ max: 500 })
  reason: string;
}

export class StaffHistoryEntryDto extends HistoryEntryDto {
  @Text({ max: 100, nullable: true, description: 'Id of the person or key, or the name of the job.' })
  actorId: string | null;

  @Dictionary({ values: 'any', nullable: true, description: 'What happened, in ids, quantities and money.' })
  facts: Record<string, unknown> | null;
}

/** As staff see it: which location gives what, who did what, and what they keep for themselves. */
export class StaffOrderDto extends OrderDto {
  @ListOf(() => StaffHistoryEntryDto, { max: 1000 })
  declare history: StaffHistoryEntryDto[];

  @Nested(() => OrderHoldDto, { nullable: true, description: 'Staff keep it from being sent.' })
  hold: OrderHoldDto | null;

  @TextList({ max: 50, maxLength: 50 })
  tags: string[];

  @ListOf(() => AllocationDto, {
    max: 1000,
    description:
      'Which location gives what, as `GET /v1/admin/locations` says; none of an order that gave its goods back.',
  })
  allocations: AllocationDto[];
}

export class CancelOrderDto {
  @Text({ max: 300, optional: true, example: 'Ordered twice' })
  reason?: string;
}

export class OrderListQuery extends PageQuery {
  @OneOf(ORDER_STATUSES, { optional: true })
  status?: string;

  @OneOf(PAYMENT_STATUSES, { optional: true })
  paymentStatus?: string;

  @OneOf(FULFILMENT_STATUSES, { optional: true })
  fulfilmentStatus?: string;

  @Text({ max: 18, pattern: /^[0-9]+$/, optional: true, example: '1001' })
  number?: string;

  @Email({ optional: true })
  email?: string;

  @Text({
    max: 200,
    optional: true,
    example: 'CUP-BLUE',
    description:
      'Whatever is at hand: its number, its e-mail, one of its tags, or the SKU of one of its lines.',
  })
  q?: string;

  @Text({ max: 50, optional: true, description: 'One of its tags, in whatever case.' })
  tag?: string;

  @Bool({ optional: true, description: 'Whether staff keep it from being sent.' })
  onHold?: boolean;

  @Bool({
    optional: true,
    description:
      'Whether a refund of it was ever refused; with `paymentStatus=paid` those of which nothing went back since.',
  })
  refundFailed?: boolean;

  @Nested(() => InstantRange, { optional: true, description: 'createdAt[gte]=…&createdAt[lte]=…' })
  createdAt?: InstantRange;

  @OneOf(['-createdAt', 'createdAt'], { optional: true })
  sort?: string;
}
