import {
  AskingPrice,
  AskingPriceDto,
  Integer,
  ListOf,
  Text,
  CountryList,
  Uuid,
} from '../../platform/http/fields.js';

export class ShippingTierDto {
  @Integer({
    min: 1,
    max: 100_000_000,
    nullable: true,
    example: 2000,
    description: 'Heaviest parcel of this price; null: any weight.',
  })
  upToGrams: number | null;

  @AskingPrice()
  price: AskingPriceDto;
}

export class ShippingOptionInput {
  @Uuid({ optional: true, description: 'Kept when it is sent, so that carts keep their choice.' })
  id?: string;

  @Text({ max: 100, example: 'Standard' })
  title: string;

  @ListOf(() => ShippingTierDto, {
    min: 1,
    max: 100,
    description: 'Per currency; a flat rate is one tier without a limit.',
  })
  tiers: ShippingTierDto[];
}

export class ShippingOptionDto extends ShippingOptionInput {
  @Uuid()
  declare id: string;
}

export class ShippingZoneInput {
  @Text({ max: 100, example: 'Germany' })
  name: string;

  @CountryList()
  countries: string[];

  @ListOf(() => ShippingOptionInput, { max: 50, uniqueBy: 'id' })
  options: ShippingOptionInput[];
}

export class ShippingZonePatch {
  @Text({ max: 100, optional: true })
  name?: string;

  @CountryList({ optional: true })
  countries?: string[];

  @ListOf(() => ShippingOptionInput, { max: 50, uniqueBy: 'id', optional: true })
  options?: ShippingOptionInput[];
}

export class ShippingZoneDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  name: string;

  @CountryList()
  countries: string[];

  @ListOf(() => ShippingOptionDto, { max: 50 })
  options: ShippingOptionDto[];

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}
