import { AddressDto } from '../../platform/address/address.dto.js';
import {
  Bool,
  CurrencyCode,
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
import { TotalsDto } from '../cart/cart.dto.js';
import { CHANGE_STATES } from './change.repository.js';
import { CHANGE_KINDS } from './changed-order.js';

const unset = { optional: true, nullable: true } as const;

export class OrderChangesParams {
  @Uuid()
  id: string;
}

export class ChangeParams {
  @Uuid()
  id: string;

  @Uuid()
  changeId: string;
}

export class LinePiecesDto {
  @Uuid()
  lineId: string;

  @Integer({ min: 1, max: 999, example: 1 })
  quantity: number;
}

export class BackDto extends LinePiecesDto {
  @Text({
    max: 60,
    ...unset,
    example: 'main',
    description:
      'Code of the location where they can be sold again. Null or left out: they cannot, or lie there already.',
  })
  restockAt?: string | null;
}

export class AddedDto {
  @Uuid()
  variantId: string;

  @Integer({ min: 1, max: 999, example: 1 })
  quantity: number;
}

export class ChangePlanDto {
  @ListOf(() => LinePiecesDto, {
    max: 100,
    optional: true,
    description:
      'Pieces that were not sent and will not be (`edit`, `cancel`). Of a `cancel` none: all of them.',
  })
  remove?: LinePiecesDto[];

  @ListOf(() => BackDto, {
    max: 100,
    optional: true,
    description: 'Pieces that were sent and came back (`return`, `exchange`).',
  })
  back?: BackDto[];

  @ListOf(() => LinePiecesDto, {
    max: 100,
    optional: true,
    description: 'Damaged or lost pieces whose money goes back, though they do not (`claim`).',
  })
  refund?: LinePiecesDto[];

  @ListOf(() => LinePiecesDto, {
    max: 100,
    optional: true,
    description: 'Damaged or lost pieces that are sent again for nothing (`claim`).',
  })
  replace?: LinePiecesDto[];

  @ListOf(() => AddedDto, {
    max: 100,
    optional: true,
    description: 'What comes on top, at today’s price and taxed as the order is (`edit`, `exchange`).',
  })
  add?: AddedDto[];

  @Nested(() => AddressDto, {
    ...unset,
    description: 'Of an `edit`: where it goes, where it is taxed alike.',
  })
  shippingAddress?: AddressDto | null;

  @Nested(() => AddressDto, unset)
  billingAddress?: AddressDto | null;

  @Uuid({ ...unset, description: 'Of an `edit`: how it goes, at today’s price of that way.' })
  shippingOptionId?: string | null;

  @Bool({
    ...unset,
    description:
      'Whether the price of shipping goes back too. Left out: when the whole order is canceled before it is sent.',
  })
  refundShipping?: boolean | null;

  @OneOf(['original', 'store_credit'], {
    optional: true,
    description: 'Where money goes back to. `original`, unless said otherwise.',
  })
  refundTo?: string;

  @Text({ max: 500, ...unset, example: 'Ordered one too many', description: 'Why; the buyer reads it too.' })
  reason?: string | null;
}

export class CreateChangeDto extends ChangePlanDto {
  @OneOf(CHANGE_KINDS, { example: 'edit' })
  kind: string;

  @Uuid({
    ...unset,
    description:
      'Of a `return` or `exchange`: the return that this settles. Without `back`, all that came back of it.',
  })
  returnId?: string | null;
}

export class ConfirmChangeDto {
  @Nested(() => SignedMoneyDto, {
    description: '`difference` of the preview: what is confirmed costs that, or nothing happens.',
    example: { amount: -1999, currency: 'EUR' },
  })
  expectedDifference: SignedMoneyDto;

  @Integer({
    min: 1,
    max: 720,
    optional: true,
    example: 72,
    description: 'Hours in which what is due has to be paid; 72 unless said otherwise.',
  })
  payWithinHours?: number;
}

export class ExplainedDto {
  @OneOf(['removed', 'returned', 'refunded', 'replaced', 'added', 'shipping'])
  effect: string;

  @Uuid({ nullable: true, description: 'Null: shipping, or a line that is not written yet.' })
  lineId: string | null;

  @Text({ max: 100, nullable: true, example: 'TOTE-NAT' })
  sku: string | null;

  @Text({ max: 1100 })
  title: string;

  @Integer({ min: 1, max: 999 })
  quantity: number;

  @Nested(() => SignedMoneyDto, { description: 'Prices times pieces, as shown in the shop.' })
  price: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  discount: SignedMoneyDto;

  @Nested(() => SignedMoneyDto)
  tax: SignedMoneyDto;

  @Nested(() => SignedMoneyDto, {
    description: 'What the buyer pays for it, tax included; less than 0: gets back.',
  })
  total: SignedMoneyDto;
}

export class StockEffectDto {
  @OneOf(['released', 'restocked', 'taken'])
  effect: string;

  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Integer({ min: 1, max: 999_000 })
  quantity: number;

  @Text({ max: 60, nullable: true, description: 'Where pieces that came back can be sold again.' })
  location: string | null;
}

export class ChangeObstacleDto {
  @Text({ max: 200, example: '/add/0/quantity', description: 'JSON Pointer into the change.' })
  pointer: string;

  @OneOf(['out_of_stock', 'credit_needs_customer'])
  code: string;

  @Text({ max: 300 })
  message: string;
}

export class ChangePreviewDto {
  @Uuid()
  changeId: string;

  @Integer({ min: 1, max: 2 ** 31, description: 'Of the order that the draft was made for.' })
  orderVersion: number;

  @Bool({
    description: 'False: the order is another one by now. PATCH the change before it can be confirmed.',
  })
  isCurrent: boolean;

  @Bool({ description: 'Nothing is left of the order: it is canceled.' })
  cancelsOrder: boolean;

  @Nested(() => SignedMoneyDto, { description: 'What the order costs more, or (less than 0) less.' })
  difference: SignedMoneyDto;

  @MoneyField({
    description:
      'Of what goes: so much staff have given back before, by credit notes. It does not go back again.',
  })
  creditedBefore: MoneyDto;

  @MoneyField({ description: 'What the buyer has to pay then.' })
  due: MoneyDto;

  @MoneyField({ description: 'What goes back to the buyer at once.' })
  refund: MoneyDto;

  @Nested(() => TotalsDto, { description: 'Of the order as it would be.' })
  totals: TotalsDto;

  @ListOf(() => ExplainedDto, { max: 500, description: 'They add up to `difference`.' })
  lines: ExplainedDto[];

  @ListOf(() => StockEffectDto, { max: 2000 })
  stock: StockEffectDto[];

  @ListOf(() => ChangeObstacleDto, {
    max: 500,
    description:
      'What the confirmation would refuse as things stand; none: nothing is known to be in the way.',
  })
  obstacles: ChangeObstacleDto[];
}

export class OrderChangeDto {
  @Uuid()
  id: string;

  @Uuid()
  orderId: string;

  @OneOf(CHANGE_KINDS)
  kind: string;

  @OneOf(CHANGE_STATES, {
    description:
      '`awaiting_payment`: confirmed, and what it adds is held until it is paid; `withdrawn`: nobody paid, or it was taken back.',
  })
  state: string;

  @CurrencyCode()
  currency: string;

  @ListOf(() => LinePiecesDto, { max: 100 })
  remove: LinePiecesDto[];

  @ListOf(() => BackDto, { max: 100 })
  back: BackDto[];

  @ListOf(() => LinePiecesDto, { max: 100 })
  refund: LinePiecesDto[];

  @ListOf(() => LinePiecesDto, { max: 100 })
  replace: LinePiecesDto[];

  @ListOf(() => AddedDto, { max: 100 })
  add: AddedDto[];

  @Nested(() => AddressDto, { nullable: true })
  shippingAddress: AddressDto | null;

  @Nested(() => AddressDto, { nullable: true })
  billingAddress: AddressDto | null;

  @Uuid({ nullable: true })
  shippingOptionId: string | null;

  @Bool({ nullable: true })
  refundShipping: boolean | null;

  @OneOf(['original', 'store_credit'])
  refundTo: string;

  @Text({ max: 500, nullable: true })
  reason: string | null;

  @Uuid({ nullable: true })
  returnId: string | null;

  @Integer({ min: 1, max: 2 ** 31, description: 'Of the order that it was made for.' })
  orderVersion: number;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;

  @Nested(() => SignedMoneyDto, { nullable: true, description: 'Null until it is confirmed.' })
  difference: SignedMoneyDto | null;

  @MoneyField()
  due: MoneyDto;

  @MoneyField()
  refunded: MoneyDto;

  @Instant({ nullable: true, description: 'Until when it may be paid.' })
  expiresAt: string | null;

  @Instant()
  createdAt: string;

  @Text({ max: 100, nullable: true, description: 'Id of who made it.' })
  createdBy: string | null;

  @Instant({ nullable: true })
  decidedAt: string | null;

  @Text({ max: 100, nullable: true, description: 'Id of who confirmed, discarded or withdrew it.' })
  decidedBy: string | null;
}
