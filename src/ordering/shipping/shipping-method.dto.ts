import {
  AskingPrice,
  AskingPriceDto,
  Instant,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';
import { BASES, METHOD_KINDS, type Basis, type MethodKind } from './shipping-zone.js';

const unset = { optional: true, nullable: true } as const;
const CLASSES = { max: 20, maxLength: 50, unique: true, example: ['bulky'] } as const;

export class ShippingTierInput {
  @Integer({
    min: 1,
    max: 100_000_000,
    ...unset,
    example: 2000,
    description: 'Of a method by weight: the heaviest shipment (or parcel) of this price; null: any.',
  })
  upToGrams?: number | null;

  @Integer({
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    ...unset,
    description: 'Of a method by goods: their value after discounts, in minor units of the price; null: any.',
  })
  upToGoods?: number | null;

  @Integer({
    min: 1,
    max: 1_000_000,
    ...unset,
    description: 'Of a method by size: length, width and height of a parcel together; null: any.',
  })
  upToMm?: number | null;

  @AskingPrice()
  price: AskingPriceDto;
}

export class ParcelSizeDto {
  @Integer({ min: 1, max: 100_000, example: 1200 })
  lengthMm: number;

  @Integer({ min: 1, max: 100_000, example: 600 })
  widthMm: number;

  @Integer({ min: 1, max: 100_000, example: 600 })
  heightMm: number;
}

export class TransitDaysDto {
  @Integer({ min: 0, max: 365, example: 1 })
  min: number;

  @Integer({ min: 0, max: 365, example: 3 })
  max: number;
}

export class ShippingOptionInput {
  @Uuid({ optional: true, description: 'Kept when it is sent, so that carts keep their choice.' })
  id?: string;

  @Text({ max: 100, example: 'Standard' })
  title: string;

  @OneOf(METHOD_KINDS, {
    optional: true,
    description: 'A `pickup` is fetched at one of the pickup points in the zone.',
  })
  kind?: MethodKind;

  @OneOf(BASES, {
    optional: true,
    description:
      'What the tiers go by, `weight` unless told. `volumetric_weight`: the weight, or the volume through ' +
      '`volumetricDivisor` where that is more; `goods`: their value; `size`: the three sides of the largest parcel together.',
  })
  by?: Basis;

  @Integer({
    min: 1_000,
    max: 10_000,
    optional: true,
    description: 'Cubic centimetres that count as a kilogram: 5000 unless told.',
  })
  volumetricDivisor?: number;

  @OneOf(['shipment', 'parcel'], {
    optional: true,
    description: 'The price is for all parcels together, or for each.',
  })
  pricePer?: 'shipment' | 'parcel';

  @ListOf(() => ShippingTierInput, {
    max: 100,
    description:
      'Per currency; a flat rate is one tier without a limit. Of a method with `carrierService`, and only of one, there may ' +
      'be none: they are the price when the carrier does not answer.',
  })
  tiers: ShippingTierInput[];

  @ListOf(() => AskingPriceDto, {
    max: 50,
    optional: true,
    uniqueBy: 'currency',
    description: 'One per currency: it costs nothing for goods of this value or more, after discounts.',
  })
  freeOver?: AskingPriceDto[];

  @Instant({ ...unset, description: 'Offered from then on; null: always.' })
  activeFrom?: string | null;

  @Instant({ ...unset, description: 'Offered until then; null: for good.' })
  activeUntil?: string | null;

  @TextList({ ...CLASSES, optional: true, description: 'It carries nothing of these shipping classes.' })
  exceptClasses?: string[];

  @TextList({
    ...CLASSES,
    optional: true,
    description: 'It is offered only for carts with something of these.',
  })
  onlyForClasses?: string[];

  @Integer({
    min: 1,
    max: 100_000_000,
    ...unset,
    example: 31_500,
    description: 'Heavier carts go in several parcels.',
  })
  maxParcelGrams?: number | null;

  @Nested(() => ParcelSizeDto, { ...unset, description: 'Larger carts go in several parcels.' })
  maxParcelSize?: ParcelSizeDto | null;

  @Integer({ min: 0, max: 60, ...unset, description: 'In place of those of the shipping calendar.' })
  processingDays?: number | null;

  @Nested(() => TransitDaysDto, {
    ...unset,
    description: 'Working days on the way; null: nothing is promised.',
  })
  transitDays?: TransitDaysDto | null;

  @Text({
    max: 100,
    ...unset,
    example: 'parcel_next_day',
    description: 'The carrier’s word for it: the price is what `CARRIER_RATES_URL` answers for it.',
  })
  carrierService?: string | null;
}

export class ShippingTierDto {
  @Integer({ min: 1, max: 100_000_000, nullable: true })
  upToGrams: number | null;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER, nullable: true })
  upToGoods: number | null;

  @Integer({ min: 1, max: 1_000_000, nullable: true })
  upToMm: number | null;

  @AskingPrice()
  price: AskingPriceDto;
}

export class ShippingOptionDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  title: string;

  @OneOf(METHOD_KINDS)
  kind: string;

  @OneOf(BASES)
  by: string;

  @Integer({ min: 1_000, max: 10_000 })
  volumetricDivisor: number;

  @OneOf(['shipment', 'parcel'])
  pricePer: string;

  @ListOf(() => ShippingTierDto, { max: 100 })
  tiers: ShippingTierDto[];

  @ListOf(() => AskingPriceDto, { max: 50 })
  freeOver: AskingPriceDto[];

  @Instant({ nullable: true })
  activeFrom: string | null;

  @Instant({ nullable: true })
  activeUntil: string | null;

  @TextList({ max: 20, maxLength: 50 })
  exceptClasses: string[];

  @TextList({ max: 20, maxLength: 50 })
  onlyForClasses: string[];

  @Integer({ min: 1, max: 100_000_000, nullable: true })
  maxParcelGrams: number | null;

  @Nested(() => ParcelSizeDto, { nullable: true })
  maxParcelSize: ParcelSizeDto | null;

  @Integer({ min: 0, max: 60, nullable: true })
  processingDays: number | null;

  @Nested(() => TransitDaysDto, { nullable: true })
  transitDays: TransitDaysDto | null;

  @Text({ max: 100, nullable: true })
  carrierService: string | null;
}
