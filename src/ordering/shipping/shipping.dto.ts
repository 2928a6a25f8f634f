import { CountryCode, CountryList, Integer, Line, ListOf, Text, Uuid } from '../../platform/http/fields.js';
import { ShippingOptionDto, ShippingOptionInput } from './shipping-method.dto.js';

const unset = { optional: true, nullable: true } as const;
const CODE = { max: 20, ...unset } as const;
const AREAS =
  'Parts of countries, which go before whole ones: a region, a range of postal codes, or codes within a region. The most ' +
  'specific zone ships an address: codes before regions before countries, the narrower range before the wider.';

export class ShippingAreaInput {
  @CountryCode({ example: 'IT' })
  country: string;

  @Line({ max: 100, ...unset, description: 'As addresses have it; capitals are no matter.' })
  region?: string | null;

  @Text({
    ...CODE,
    example: '90',
    description: 'The beginning of a postal code, or of the first: `90` is every code that begins so.',
  })
  postalFrom?: string | null;

  @Text({
    ...CODE,
    example: '98',
    description: 'The beginning of the last, as long as the first; the same when left out.',
  })
  postalTo?: string | null;
}

export class ShippingAreaDto {
  @CountryCode()
  country: string;

  @Text({ max: 100, nullable: true })
  region: string | null;

  @Text({ max: 20, nullable: true })
  postalFrom: string | null;

  @Text({ max: 20, nullable: true })
  postalTo: string | null;
}

export class ShippingZoneInput {
  @Text({ max: 100, example: 'Germany' })
  name: string;

  @CountryList()
  countries: string[];

  @ListOf(() => ShippingAreaInput, { max: 1000, optional: true, description: AREAS })
  areas?: ShippingAreaInput[];

  @ListOf(() => ShippingOptionInput, { max: 50, uniqueBy: 'id' })
  options: ShippingOptionInput[];
}

export class ShippingZonePatch {
  @Text({ max: 100, optional: true })
  name?: string;

  @CountryList({ optional: true })
  countries?: string[];

  @ListOf(() => ShippingAreaInput, { max: 1000, optional: true, description: AREAS })
  areas?: ShippingAreaInput[];

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

  @ListOf(() => ShippingAreaDto, { max: 1000, description: AREAS })
  areas: ShippingAreaDto[];

  @ListOf(() => ShippingOptionDto, { max: 50 })
  options: ShippingOptionDto[];

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}
