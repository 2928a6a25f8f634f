import {
  AskingPrice,
  AskingPriceDto,
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

/** More pieces than a line of a cart can have are never asked about. */
const MAX_TIER = 1_000_000;

export class SetPriceDto {
  @Uuid({ description: 'Variant.' })
  variantId: string;

  @AskingPrice({ nullable: true, description: 'Of one piece; null takes it out of the price list.' })
  price: AskingPriceDto | null;

  @AskingPrice({
    optional: true,
    nullable: true,
    description: 'Shown struck through; higher than the price.',
  })
  compareAtPrice?: AskingPriceDto | null;

  @Uuid({ optional: true, nullable: true, description: 'Price list; the base price when left out.' })
  priceListId?: string | null;

  @Integer({
    min: 1,
    max: MAX_TIER,
    optional: true,
    description: 'From so many pieces of one line on; 1 when left out. More only in a price list.',
    example: 1,
  })
  minQuantity?: number;
}

export class SetPricesDto {
  @ListOf(() => SetPriceDto, { min: 1, max: 100 })
  prices: SetPriceDto[];
}

export class PriceDto {
  @Uuid()
  id: string;

  @Uuid()
  variantId: string;

  @Uuid({ nullable: true, description: 'Price list; null: the base price.' })
  priceListId: string | null;

  @CurrencyCode()
  currency: string;

  @Integer({ min: 1, max: MAX_TIER, description: 'From so many pieces of one line on.', example: 1 })
  minQuantity: number;

  @MoneyField({ nullable: true, description: 'Null: it was taken out of the list.' })
  price: MoneyDto | null;

  @MoneyField({ nullable: true })
  compareAtPrice: MoneyDto | null;

  @Instant({ description: 'Since when.' })
  validFrom: string;

  @Text({ max: 100, description: 'By whom.' })
  setBy: string;
}

export class PriceQuery extends PageQuery {
  @Uuid({ optional: true, description: 'Variant.' })
  variantId?: string;

  @Uuid({ optional: true, description: 'Price list.' })
  priceListId?: string;

  @CurrencyCode({ optional: true })
  currency?: string;
}
