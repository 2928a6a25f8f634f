import {
  Bool,
  CountryCode,
  CountryList,
  Instant,
  Integer,
  ListOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';

const unset = { optional: true, nullable: true } as const;

export class TaxRateDto {
  @Text({ max: 50, pattern: /^[a-z][a-z0-9_-]*$/, example: 'standard' })
  taxClass: string;

  @Text({ max: 100, example: 'VAT 19 %' })
  title: string;

  @Integer({ min: 0, max: 1_000_000, example: 190_000, description: 'Parts per million: 190000 is 19 %.' })
  ratePpm: number;

  @Text({
    max: 100,
    ...unset,
    example: 'Quebec',
    description: 'Who levies it. Rates of one class by several jurisdictions are due together.',
  })
  jurisdiction?: string | null;

  @Bool({
    optional: true,
    description: 'Taken on the price with the taxes before it in the list, not on the price alone.',
  })
  compound?: boolean;

  @Instant({ ...unset, description: 'The rate holds from this moment on; null: since ever.' })
  validFrom?: string | null;

  @Instant({ ...unset, description: 'The first moment at which it holds no more; null: for good.' })
  validUntil?: string | null;
}

export class TaxAreaDto {
  @CountryCode({ example: 'CA' })
  country: string;

  @Text({
    max: 100,
    ...unset,
    example: 'QC',
    description: 'State or province as addresses have it, in either case; `CA-QC` is the same as `QC`.',
  })
  region?: string | null;

  @Text({
    max: 10,
    ...unset,
    pattern: /^[A-Za-z0-9][A-Za-z0-9 -]*$/,
    example: '35',
    description: 'What postal codes there begin with.',
  })
  postalPrefix?: string | null;
}

const AREAS =
  'Parts of countries: the longest postal prefix goes before the region, that before the country.';

export class TaxZoneInput {
  @Text({ max: 100, example: 'Germany' })
  name: string;

  @CountryList()
  countries: string[];

  @ListOf(() => TaxAreaDto, { max: 500, optional: true, description: AREAS })
  areas?: TaxAreaDto[];

  @Bool({ description: 'True: prices are what the buyer pays. False: tax comes on top.' })
  pricesIncludeTax: boolean;

  @Bool({ optional: true, description: 'The estimate of carts without an address uses this zone.' })
  isDefault?: boolean;

  @ListOf(() => TaxRateDto, {
    max: 100,
    description:
      'Of tax classes that there are (`GET /v1/admin/tax-classes`), `standard` among them: a class without a rate is taxed ' +
      'like it. None at all: nothing is taxed there.',
  })
  rates: TaxRateDto[];
}

export class TaxZonePatch {
  @Text({ max: 100, optional: true })
  name?: string;

  @CountryList({ optional: true })
  countries?: string[];

  @ListOf(() => TaxAreaDto, { max: 500, optional: true, description: AREAS })
  areas?: TaxAreaDto[];

  @Bool({ optional: true })
  pricesIncludeTax?: boolean;

  @Bool({ optional: true })
  isDefault?: boolean;

  @ListOf(() => TaxRateDto, { max: 100, optional: true })
  rates?: TaxRateDto[];
}

export class TaxZoneDto extends TaxZoneInput {
  @Uuid()
  id: string;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}

export class ZoneParams {
  @Uuid()
  id: string;
}
