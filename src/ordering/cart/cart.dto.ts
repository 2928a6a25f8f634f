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
  Uuid,
} from '../../platform/http/fields.js';
import { AddressDto } from '../../platform/address/address.dto.js';
import { PROMOTION_GROUPS } from '../promotion/promotion.js';
import { OUTCOMES } from '../promotion/trace.js';
import { MAX_LINES, MAX_PROMOTIONS, MAX_QUANTITY, MAX_SHOWN_LINES } from './cart.js';
import { MAX_PARCELS } from '../shipping/parcels.js';
import {
  MisfitDto,
  PACKING_HELP,
  ParcelDto,
  PRICE_SOURCES,
  PRICE_SOURCES_HELP,
} from '../shipping/offer.dto.js';
import { GiftMessage } from './gift-message.js';
import { LEFT_OUT_REASONS } from './fitting.js';
import { AVAILABILITIES } from './shelf.js';
import { ExplainedTaxationDto, TaxationDto, VatId } from '../tax/taxation.dto.js';

const unset = { optional: true, nullable: true } as const;

export class CartParams {
  @Uuid()
  id: string;
}

export class CartLineParams extends CartParams {
  @Uuid()
  lineId: string;
}

/** Who gets a gift card that is bought. */
export class GiftCardForDto {
  @Email({ description: 'The code is mailed there, and nowhere else.' })
  recipientEmail: string;

  @Text({ max: 100, ...unset, example: 'Grace' })
  recipientName?: string | null;

  @Text({ max: 500, ...unset, example: 'Happy birthday!' })
  message?: string | null;

  @Instant({ ...unset, description: 'Not before this moment; null: as soon as it is paid.' })
  sendAt?: string | null;
}

export class CartLineInput {
  @Uuid()
  variantId: string;

  @Integer({ min: 1, max: MAX_QUANTITY, example: 2 })
  quantity: number;

  @Nested(() => GiftCardForDto, {
    optional: true,
    description: 'Only of a variant of the kind `gift_card`; the buyer gets it when this is left out.',
  })
  giftCard?: GiftCardForDto;

  @Dictionary({
    values: 'string',
    maxSize: 8_000,
    optional: true,
    example: { engraving: 'For Grace' },
    description:
      'What the shopper says of these pieces, such as words to engrave: at most 10, each named with up to 40 characters ' +
      'and up to 500 long. They stand on the order. Other properties, or another recipient, make another line.',
  })
  properties?: Record<string, string>;
}

export class QuantityInput {
  @Integer({ min: 0, max: MAX_QUANTITY, description: '0 removes the line.' })
  quantity: number;
}

const REMIND_ME =
  'Whether letters may remind of the cart when it is left behind; ask the shopper, and send what was said. It holds for the ' +
  'e-mail that the cart has then: another one takes it back. Customers who agreed to letters about offers need not say it.';

export class CreateCartDto {
  @CurrencyCode()
  currency: string;

  @ListOf(() => CartLineInput, { max: MAX_LINES, optional: true })
  lines?: CartLineInput[];

  @Email({ optional: true })
  email?: string;

  @Bool({ optional: true, description: REMIND_ME })
  remindMe?: boolean;
}

/** Where it goes, who is taxed how, and with which codes: the same of every purchase that is not an order yet. */
export class PurchaseTermsDto {
  @Nested(() => AddressDto, unset)
  shippingAddress?: AddressDto | null;

  @Nested(() => AddressDto, { ...unset, description: 'Null: the same as the shipping address.' })
  billingAddress?: AddressDto | null;

  @Uuid({ ...unset, description: 'Null: the cheapest one that fits.' })
  shippingOptionId?: string | null;

  @Uuid({
    ...unset,
    description: 'Where it is fetched, one of GET /v1/carts/{id}/pickup-points; null: it is sent.',
  })
  pickupPointId?: string | null;

  @VatId({
    description:
      'VAT id of a business, in any spelling. Its form and check digits are looked at here (400), the register is asked ' +
      'when the store has one to ask; `taxation` says what came of it.',
  })
  vatId?: string | null;

  @TextList({
    max: 10,
    maxLength: 50,
    optional: true,
    description:
      'All codes that the shopper has; capital or small letters are one. One that is unknown, over or used up is refused (422 ' +
      '`ordering.unknown_promotion_code`); one that does not fit yet is kept, see `unusedCodes`.',
  })
  promotionCodes?: string[];
}

export class UpdateCartDto extends PurchaseTermsDto {
  @Email(unset)
  email?: string | null;

  @GiftMessage({ ...unset, description: 'Words that go into the parcel, which is a present; null: none.' })
  giftMessage?: string | null;

  @Bool({ optional: true, description: REMIND_ME })
  remindMe?: boolean;
}

export class CartPriceChangeDto {
  @MoneyField({ description: 'For one piece, as it was last taken note of.' })
  from: MoneyDto;

  @MoneyField({ description: 'Now.' })
  to: MoneyDto;
}

/** What is wished for: so many pieces of a variant, for somebody, made in some way. */
export class WishDto {
  @Uuid()
  variantId: string;

  @Uuid()
  productId: string;

  @Text({ max: 500 })
  title: string;

  @Text({ max: 100 })
  sku: string;

  @Integer({ min: 1, max: MAX_QUANTITY })
  quantity: number;

  @Nested(() => GiftCardForDto, { nullable: true, description: 'Who gets it, when it is a gift card.' })
  giftCard: GiftCardForDto | null;

  @Dictionary({
    values: 'string',
    nullable: true,
    description: 'What was said of these pieces; null: nothing.',
  })
  properties: Record<string, string> | null;
}

export class CartLineDto extends WishDto {
  @Uuid()
  id: string;

  @Uuid({
    nullable: true,
    description: 'The promotion that gives it, which took its whole price off; null: it was put in.',
  })
  givenBy: string | null;

  @OneOf(AVAILABILITIES, {
    description:
      'Of `quantity`: all could be had now, `fewer`, or none (`sold_out`, `not_for_sale`). The checkout alone holds anything.',
  })
  availability: string;

  @Integer({ min: 0, max: MAX_QUANTITY, description: 'Pieces of the line that could be had now.' })
  obtainable: number;

  @Nested(() => CartPriceChangeDto, {
    nullable: true,
    description:
      'The price of one piece is another one than when the cart was last changed. The answer to the next change tells it for ' +
      'the last time. Null: it is the same.',
  })
  priceChange: CartPriceChangeDto | null;

  @MoneyField()
  unitPrice: MoneyDto;

  @MoneyField({ description: 'What promotions take off the line.' })
  discount: MoneyDto;

  @MoneyField()
  tax: MoneyDto;

  @MoneyField({ description: 'What the buyer pays for the line, tax included.' })
  total: MoneyDto;
}

export class TotalsDto {
  @MoneyField({ description: 'Prices times quantities.' })
  subtotal: MoneyDto;

  @MoneyField({ description: 'What promotions take off the lines and the shipping.' })
  discount: MoneyDto;

  @MoneyField({ description: 'Before its discount.' })
  shipping: MoneyDto;

  @MoneyField({ description: 'Inside the prices or on top of them, as the country has it.' })
  tax: MoneyDto;

  @MoneyField()
  total: MoneyDto;
}

export class AppliedPromotionDto {
  @Uuid()
  promotionId: string;

  @Text({ max: 200 })
  title: string;

  @Text({ max: 50, nullable: true, description: 'The code that it was applied for; null: it needs none.' })
  code: string | null;

  @OneOf(PROMOTION_GROUPS)
  group: string;

  @MoneyField({ description: 'What it takes off in all.' })
  amount: MoneyDto;
}

export class UnusedCodeDto {
  @Text({ max: 50 })
  code: string;

  @OneOf(OUTCOMES, { description: 'Why it takes nothing off.' })
  reason: string;

  @Text({ max: 500 })
  detail: string;
}

export class CartDto {
  @Uuid()
  id: string;

  @Text({
    max: 100,
    nullable: true,
    optional: true,
    description: 'Only in the answer that makes a guest’s cart: keep it, it is not told again.',
  })
  token?: string | null;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;

  @CurrencyCode()
  currency: string;

  @Email({ nullable: true })
  email: string | null;

  @Nested(() => AddressDto, { nullable: true })
  shippingAddress: AddressDto | null;

  @Nested(() => AddressDto, { nullable: true })
  billingAddress: AddressDto | null;

  @Uuid({ nullable: true })
  shippingOptionId: string | null;

  @Uuid({ nullable: true, description: 'Where it is fetched.' })
  pickupPointId: string | null;

  @TextList({ max: 10, maxLength: 50, description: 'In capital letters.' })
  promotionCodes: string[];

  @Bool({ description: 'Whether letters may remind of it.' })
  remindMe: boolean;

  @ListOf(() => UnusedCodeDto, {
    max: 10,
    description: 'Those of `promotionCodes` that take nothing off now.',
  })
  unusedCodes: UnusedCodeDto[];

  @ListOf(() => AppliedPromotionDto, {
    max: MAX_PROMOTIONS,
    description: 'In the order in which they were applied.',
  })
  promotions: AppliedPromotionDto[];

  @ListOf(() => CartLineDto, { max: MAX_SHOWN_LINES, description: 'What promotions give stands at the end.' })
  lines: CartLineDto[];

  @Nested(() => TotalsDto)
  totals: TotalsDto;

  @GiftMessage({ nullable: true, description: 'Words that go into the parcel.' })
  giftMessage: string | null;

  @Text({ max: 20, nullable: true, description: 'In capitals, without spaces.' })
  vatId: string | null;

  @Bool({
    description: 'Whether unit prices and totals have the tax in them; otherwise it comes on top of them.',
  })
  pricesIncludeTax: boolean;

  @Nested(() => TaxationDto, { description: 'How it is taxed.' })
  taxation: TaxationDto;
}

export class LeftOutDto {
  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 500 })
  title: string;

  @Integer({ min: 1, max: MAX_QUANTITY, description: 'Pieces that were to be put in.' })
  wanted: number;

  @Integer({ min: 0, max: MAX_QUANTITY, description: 'Of them, pieces that were.' })
  taken: number;

  @OneOf(LEFT_OUT_REASONS)
  reason: string;
}

/** A cart into which things were put by the lot. */
export class FilledCartDto {
  @Nested(() => CartDto)
  cart: CartDto;

  @ListOf(() => LeftOutDto, { max: 1000, description: 'What did not fit, and why; none: everything did.' })
  leftOut: LeftOutDto[];
}

export class ObstacleDto {
  @Text({
    max: 100,
    example: 'shipping_address_missing',
    description: 'The code that `errors` of a refused checkout has for it.',
  })
  code: string;

  @Text({ max: 200, example: '/shippingAddress' })
  pointer: string;

  @Text({ max: 500 })
  detail: string;

  @Text({ max: 500, description: 'What to do about it.' })
  fix: string;
}

export class ReadinessDto {
  @Bool()
  ready: boolean;

  @ListOf(() => ObstacleDto, { max: 500 })
  problems: ObstacleDto[];
}

export class TaxCategoryDto {
  @Text({ max: 50 })
  taxClass: string;

  @Text({ max: 100 })
  title: string;

  @Integer({ min: 0, max: 1_000_000, description: 'Parts per million.' })
  ratePpm: number;

  @Text({ max: 100, nullable: true, description: 'Who levies it, where several do.' })
  jurisdiction: string | null;

  @MoneyField({ description: 'Net; with the taxes before it, where one is taken on another.' })
  base: MoneyDto;

  @MoneyField()
  amount: MoneyDto;
}

export class ExplainedLineDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 300, example: '2 × 19.99 EUR - 4.00 EUR' })
  calculation: string;

  @MoneyField()
  net: MoneyDto;

  @MoneyField()
  tax: MoneyDto;

  @MoneyField()
  total: MoneyDto;

  @Nested(() => TaxCategoryDto, { description: 'All its taxes in one.' })
  taxLine: TaxCategoryDto;

  @ListOf(() => TaxCategoryDto, { max: 20, description: 'Each tax by itself.' })
  taxLines: TaxCategoryDto[];
}

export class ExplainedShippingDto {
  @Uuid()
  optionId: string;

  @Text({ max: 100 })
  title: string;

  @OneOf(['shopper', 'cheapest'])
  chosenBy: string;

  @MoneyField()
  price: MoneyDto;

  @MoneyField({ description: 'What promotions take off it.' })
  discount: MoneyDto;

  @MoneyField()
  tax: MoneyDto;

  @MoneyField({ description: 'What the buyer pays for it, tax included.' })
  total: MoneyDto;

  @ListOf(() => TaxCategoryDto, { max: 100 })
  taxLines: TaxCategoryDto[];

  @Integer({ min: 0, max: 100, description: 'How many options fitted.' })
  candidates: number;

  @OneOf(PRICE_SOURCES, { description: PRICE_SOURCES_HELP })
  priceFrom: string;

  @ListOf(() => ParcelDto, { max: MAX_PARCELS, description: PACKING_HELP })
  parcels: ParcelDto[];
}

export class TestedConditionDto {
  @Text({ max: 50, example: 'subtotal' })
  type: string;

  @Bool()
  holds: boolean;

  @Text({ max: 1000, example: '35.00 EUR' })
  actual: string;

  @Text({ max: 10_000, example: 'at least 50.00 EUR' })
  needed: string;
}

export class TakenDto {
  @Uuid({ nullable: true, description: 'The line of the cart; null: the shipping.' })
  lineId: string | null;

  @MoneyField()
  amount: MoneyDto;
}

export class GivenDto {
  @Uuid()
  variantId: string;

  @Integer({ min: 1, max: MAX_QUANTITY })
  quantity: number;
}

export class BeatenByDto {
  @Uuid()
  promotionId: string;

  @Text({ max: 200 })
  title: string;
}

/** A promotion that was tried. */
export class TriedPromotionDto {
  @Uuid()
  promotionId: string;

  @Text({ max: 200 })
  title: string;

  @OneOf(PROMOTION_GROUPS)
  group: string;

  @Text({ max: 50, nullable: true })
  code: string | null;

  @Integer({ min: -1_000_000, max: 1_000_000 })
  priority: number;

  @Bool({ description: 'When it is applied, nothing else of its group is.' })
  exclusive: boolean;

  @OneOf(OUTCOMES, {
    description:
      '`condition_failed`: see `conditions`; `no_effect`: they hold, but there is nothing here to take off; ' +
      '`nothing_left`: others had taken it; `beaten`: another gives more where one wins; `excluded`: another stands alone.',
  })
  outcome: string;

  @Text({ max: 11_000, description: 'One sentence.' })
  why: string;

  @Bool({ description: 'All conditions hold.' })
  matched: boolean;

  @ListOf(() => TestedConditionDto, { max: 50 })
  conditions: TestedConditionDto[];

  @MoneyField({ description: 'What it takes off; of one that lost, what it would have taken off alone.' })
  amount: MoneyDto;

  @ListOf(() => TakenDto, { max: MAX_LINES, description: 'The same by line.' })
  lines: TakenDto[];

  @Nested(() => GivenDto, { nullable: true })
  gift: GivenDto | null;

  @Nested(() => BeatenByDto, { nullable: true, description: 'Who won over it.' })
  beatenBy: BeatenByDto | null;
}

export class CartExplanationDto {
  @Text({ max: 100, description: 'The tax zone; of the address, or the default one while there is none.' })
  taxZone: string;

  @Nested(() => ExplainedTaxationDto, { description: 'Which rule, which treatment, and why.' })
  taxation: ExplainedTaxationDto;

  @Bool()
  pricesIncludeTax: boolean;

  @ListOf(() => TriedPromotionDto, {
    max: MAX_PROMOTIONS,
    description:
      'Every promotion that was tried, in the order in which they are: group by group, the highest priority first.',
  })
  promotions: TriedPromotionDto[];

  @ListOf(() => ExplainedLineDto, { max: MAX_SHOWN_LINES })
  lines: ExplainedLineDto[];

  @Nested(() => ExplainedShippingDto, { nullable: true })
  shipping: ExplainedShippingDto | null;

  @ListOf(() => MisfitDto, {
    max: 100,
    description: 'Methods for this address that do not fit, each with why.',
  })
  misfits: MisfitDto[];

  @ListOf(() => TaxCategoryDto, { max: 100, description: 'Rounded once each, half away from zero.' })
  taxes: TaxCategoryDto[];

  @Nested(() => TotalsDto)
  totals: TotalsDto;
}
