import {
  Bool,
  CountryCode,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { PointAddressDto, PointCoordinatesDto } from './pickup-point.dto.js';
import { MAX_PARCELS } from './parcels.js';
import { METHOD_KINDS } from './shipping-zone.js';

export const PRICE_SOURCES = ['tiers', 'free_over', 'carrier', 'fallback'] as const;
export const PRICE_SOURCES_HELP =
  '`tiers` of the method; `free_over`: the goods are worth enough; `carrier`: what the carrier asks; `fallback`: the tiers, ' +
  'because the carrier did not answer.';
export const PACKING_HELP =
  'The heaviest pieces first, each into the first parcel that still takes it by weight and size; pieces lie flat on one ' +
  'another, so a parcel is as long and wide as its largest pieces and as high as all of them.';
const MAX = Number.MAX_SAFE_INTEGER;
const DATE = { max: 10, example: '2026-11-25' } as const;

export class EstimateDto {
  @Text({ ...DATE, description: 'A date of the shop’s own time zone.' })
  earliest: string;

  @Text({ ...DATE, description: 'The last day.' })
  latest: string;
}

export class ParcelPieceDto {
  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Integer({ min: 1, max: 999 })
  quantity: number;
}

export class ParcelDto {
  @Integer({ min: 0, max: MAX })
  grams: number;

  @Integer({ min: 0, max: MAX, description: 'The longest side; 0: nothing in it was measured.' })
  lengthMm: number;

  @Integer({ min: 0, max: MAX })
  widthMm: number;

  @Integer({ min: 0, max: MAX })
  heightMm: number;

  @ListOf(() => ParcelPieceDto, { max: 100 })
  pieces: ParcelPieceDto[];
}

/** A pickup point as shoppers see it. */
export class PointDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  name: string;

  @Nested(() => PointAddressDto)
  address: PointAddressDto;

  @Text({ max: 500, nullable: true })
  openingHours: string | null;

  @Nested(() => PointCoordinatesDto, { nullable: true })
  coordinates: PointCoordinatesDto | null;
}

export class ShippingOfferDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  title: string;

  @Text({ max: 100, description: 'The shipping zone that it belongs to.' })
  zone: string;

  @OneOf(METHOD_KINDS, { description: 'A `pickup` needs a `pickupPointId` of the cart.' })
  kind: string;

  @MoneyField()
  price: MoneyDto;

  @OneOf(PRICE_SOURCES, { description: PRICE_SOURCES_HELP })
  priceFrom: string;

  @Nested(() => EstimateDto, {
    nullable: true,
    description: 'When it arrives if it is ordered now; null: nothing is promised.',
  })
  estimate: EstimateDto | null;

  @ListOf(() => ParcelDto, { max: MAX_PARCELS, description: PACKING_HELP })
  parcels: ParcelDto[];

  @Bool({ description: 'This one is in the totals.' })
  selected: boolean;
}

export class ShippingOffersDto {
  @ListOf(() => ShippingOfferDto, { max: 100 })
  items: ShippingOfferDto[];

  @Text({ max: 1, nullable: true })
  nextCursor: string | null;
}

export class MisfitDto {
  @Uuid()
  optionId: string;

  @Text({ max: 100 })
  title: string;

  @Text({ max: 100 })
  zone: string;

  @Text({ max: 50, example: 'too_heavy' })
  code: string;

  @Text({ max: 500, example: 'LAMP weighs 42000 g, a parcel at most 31500 g.' })
  detail: string;
}

export class PointsNearQuery extends PageQuery {
  @Text({ max: 20, optional: true, description: 'The nearest by postal code first.', example: '10117' })
  postalCode?: string;

  @CountryCode({
    optional: true,
    description: 'Of the addresses of the cart unless told; of all when it has none.',
  })
  country?: string;
}

export class PointOptionDto {
  @Uuid({ description: 'For `shippingOptionId`.' })
  id: string;

  @Text({ max: 100 })
  title: string;

  @MoneyField()
  price: MoneyDto;

  @Nested(() => EstimateDto, { nullable: true, description: 'When it can be fetched.' })
  estimate: EstimateDto | null;
}

export class NearPointDto extends PointDto {
  @ListOf(() => PointOptionDto, {
    max: 50,
    description: 'Methods that bring this cart there, the cheapest first.',
  })
  options: PointOptionDto[];

  @Bool({ description: 'It is the one of the cart.' })
  selected: boolean;
}
