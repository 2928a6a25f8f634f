import {
  AskingPrice,
  AskingPriceDto,
  Bool,
  Dictionary,
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
import { MAX_PRICE } from '../../platform/money/money.js';
import { ComponentDto, MAX_PARTS } from '../bundle/bundle.dto.js';
import { VARIANT_KINDS } from './variant-kind.js';
import { MAX_MM, VariantSizeInput } from './variant-size.js';

/** Bytes of JSON that a program may keep with a product or a variant. */
export const MAX_METADATA = 16_384;
const MAX_INT = 2_147_483_647;

const COST = {
  nullable: true,
  description: 'What you paid for one piece, for reports. Staff alone see it.',
  example: { amount: 850, currency: 'EUR' },
};

export class PriceTierDto {
  @Integer({ min: 2, max: 2 ** 31 - 1, description: 'From so many pieces of one line on.', example: 10 })
  minQuantity: number;

  @MoneyField({ description: 'Of one piece.' })
  price: MoneyDto;
}

/** What promotions make of a price. */
export class VariantPromotionDto {
  @TextList({
    max: 1000,
    maxLength: 100,
    example: ['A tenth off bags'],
    description: 'Titles of the promotions, in the order in which they are applied.',
  })
  titles: string[];

  @MoneyField({ description: 'What one piece costs with them.' })
  price: MoneyDto;

  @Instant({ nullable: true, description: 'When the first of them ends; null: none has an end.' })
  endsAt: string | null;
}

export class PreorderDto {
  @Instant({ description: 'When it will be there.' })
  availableFrom: string;
}

export class VariantDto {
  @Uuid()
  id: string;

  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 300, example: 'Natural' })
  title: string;

  @Dictionary({ values: 'string', example: { Colour: 'Natural' } })
  options: Record<string, string>;

  @MoneyField({
    nullable: true,
    description: 'In the currency that was asked for; null when it has no price in it.',
  })
  price: MoneyDto | null;

  @MoneyField({ nullable: true })
  compareAtPrice: MoneyDto | null;

  @MoneyField({
    nullable: true,
    description:
      'While there is a `compareAtPrice`: the lowest price of the 30 days before the reduction began ' +
      '(Directive 98/6/EC, Art. 6a), null when there was none.',
  })
  lowestPrice30Days: MoneyDto | null;

  @ListOf(() => PriceTierDto, { max: 1000, description: 'What one piece costs when more are taken.' })
  tiers: PriceTierDto[];

  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description:
      'May lag by a second, and by half a minute for pieces whose hold ran out unused; checkout is the truth. Of a ' +
      'bundle as many as its parts make; 2147483647 of what nobody counts.',
    example: 12,
  })
  available: number;

  @OneOf(VARIANT_KINDS, {
    description: '`physical` is sent; `digital` is downloaded and `gift_card` mailed.',
  })
  kind: string;

  @Bool({ description: 'Can be bought beyond what is available.' })
  backorder: boolean;

  @Nested(() => PreorderDto, {
    nullable: true,
    description:
      'Can be bought before it is there; what is `available` goes first. Null on the day and after.',
  })
  preorder: PreorderDto | null;

  @Uuid({ nullable: true, description: 'The picture in `media` of the product that shows this variant.' })
  mediaId: string | null;

  @Nested(() => VariantPromotionDto, {
    nullable: true,
    description:
      'What one piece costs in a cart that holds nothing else and names no code, by the automatic promotions on single ' +
      'lines that need nothing but the goods and the groups of the buyer: by percent, by an amount off each piece or at a ' +
      'fixed price, without a least quantity, limit or budget. Null when none takes anything off. It begins and ends by ' +
      'the clock; after a change it may lag by a second, and the cart is the truth. `price`, `compareAtPrice`, ' +
      '`lowestPrice30Days` (of the ledger of prices), filters and orders by price know nothing of it.',
  })
  promotion: VariantPromotionDto | null;
}

/** A price of a variant, and what it is compared with. */
export class VariantPriceDto extends AskingPriceDto {
  @Integer({
    min: 0,
    max: MAX_PRICE,
    optional: true,
    nullable: true,
    description:
      'The price that it stood at or is worth, higher than `amount`, in the same currency and unit.',
    example: 2499,
  })
  compareAt?: number | null;
}

export class StockInputDto {
  @Text({ max: 60, example: 'main' })
  location: string;

  @Integer({ min: 0, max: 1_000_000_000, example: 50 })
  onHand: number;
}

export class VariantInputDto extends VariantSizeInput {
  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 300, optional: true, example: 'Natural', description: 'Made of the options when left out.' })
  title?: string;

  @Dictionary({ values: 'string', optional: true, example: { Colour: 'Natural' } })
  options?: Record<string, string>;

  @Text({ max: 60, optional: true, nullable: true })
  barcode?: string | null;

  @Integer({ min: 0, max: 10_000_000, optional: true, example: 320 })
  weightGrams?: number;

  @Uuid({ optional: true, nullable: true, description: 'An uploaded picture in `media` of the product.' })
  mediaId?: string | null;

  @Integer({
    min: 0,
    max: 1_000_000,
    optional: true,
    description: 'Pieces that may be sold beyond what is on hand.',
  })
  backorderLimit?: number;

  @Dictionary({
    values: 'any',
    optional: true,
    maxSize: MAX_METADATA,
    description: 'Notes of your own, for staff alone; at most 16 kB of JSON.',
  })
  metadata?: Record<string, unknown>;

  @Bool({
    optional: true,
    description:
      'False: nobody counts it, there is always enough; so it is for what is not `physical` unless you say otherwise. ' +
      'A bundle is counted by its parts.',
  })
  stockTracked?: boolean;

  @AskingPrice({ ...COST, optional: true })
  cost?: AskingPriceDto | null;

  @ListOf(() => VariantPriceDto, {
    max: 50,
    optional: true,
    example: [{ amount: 1999, currency: 'EUR', compareAt: 2499 }],
  })
  prices?: VariantPriceDto[];

  @ListOf(() => StockInputDto, { max: 50, optional: true, example: [{ location: 'main', onHand: 50 }] })
  stock?: StockInputDto[];
}

export class UpdateVariantDto extends VariantSizeInput {
  @Text({ max: 100, optional: true })
  sku?: string;

  @Text({ max: 300, optional: true, example: 'Natural' })
  title?: string;

  @Dictionary({ values: 'string', optional: true })
  options?: Record<string, string>;

  @Text({ max: 60, optional: true, nullable: true })
  barcode?: string | null;

  @Integer({ min: 0, max: 10_000_000, optional: true, example: 340 })
  weightGrams?: number;

  @Uuid({ optional: true, nullable: true, description: 'An uploaded picture in `media` of the product.' })
  mediaId?: string | null;

  @Integer({ min: 0, max: 1_000_000, optional: true })
  backorderLimit?: number;

  @Dictionary({
    values: 'any',
    optional: true,
    maxSize: MAX_METADATA,
    description: 'Notes of your own, for staff alone; at most 16 kB of JSON.',
  })
  metadata?: Record<string, unknown>;

  @Bool({
    optional: true,
    description:
      'False: nobody counts it, there is always enough; so it is for what is not `physical` unless you say otherwise. ' +
      'A bundle is counted by its parts.',
  })
  stockTracked?: boolean;

  @AskingPrice({ ...COST, optional: true })
  cost?: AskingPriceDto | null;

  @Bool({
    optional: true,
    description: 'True takes it out of the shop, false brings it back. Prices, stock and SKU stay its own.',
  })
  retired?: boolean;
}

export class AdminVariantDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 300 })
  title: string;

  @Dictionary({ values: 'string' })
  options: Record<string, string>;

  @Text({ max: 60, nullable: true })
  barcode: string | null;

  @Integer({ min: 0, max: MAX_INT })
  weightGrams: number;

  @Integer({ min: 0, max: MAX_MM, description: 'Of one piece, packed; 0: not measured.' })
  lengthMm: number;

  @Integer({ min: 0, max: MAX_MM })
  widthMm: number;

  @Integer({ min: 0, max: MAX_MM })
  heightMm: number;

  @Text({ max: 50, nullable: true, description: 'A word that shipping methods ask for.' })
  shippingClass: string | null;

  @Uuid({ nullable: true })
  mediaId: string | null;

  @Dictionary({ values: 'any' })
  metadata: Record<string, unknown>;

  @AskingPrice(COST)
  cost: AskingPriceDto | null;

  @ListOf(() => VariantPriceDto, { max: 200, description: 'Present prices.' })
  prices: VariantPriceDto[];

  @Integer({ min: 0, max: MAX_INT, description: 'Pieces that may be sold beyond what is on hand.' })
  backorderLimit: number;

  @Bool({ description: 'No longer sold: the shop does not show it.' })
  retired: boolean;

  @OneOf(VARIANT_KINDS)
  kind: string;

  @Integer({ min: 1, max: 10_000, nullable: true })
  downloadLimit: number | null;

  @Integer({ min: 1, max: 36_500, nullable: true })
  downloadDays: number | null;

  @Bool({ description: 'False: nobody counts it, there is always enough.' })
  stockTracked: boolean;

  @ListOf(() => ComponentDto, { max: MAX_PARTS, description: 'What a bundle is made of.' })
  components: ComponentDto[];

  @ListOf(() => StockInputDto, { max: 200 })
  stock: StockInputDto[];

  @Integer({ min: 1, max: MAX_INT })
  version: number;
}
