import { Bool, CountryList, Integer, ListOf, Text, Uuid } from '../../platform/http/fields.js';

export class TaxRateDto {
  @Text({ max: 50, pattern: /^[a-z][a-z0-9_-]*$/, example: 'standard' })
  taxClass: string;

  @Text({ max: 100, example: 'VAT 19 %' })
  title: string;

  @Integer({ min: 0, max: 1_000_000, example: 190_000, description: 'Parts per million: 190000 is 19 %.' })
  ratePpm: number;
}

export class TaxZoneInput {
  @Text({ max: 100, example: 'Germany' })
  name: string;

  @CountryList()
  countries: string[];

  @Bool({ description: 'True: prices are what the buyer pays. False: tax comes on top.' })
  pricesIncludeTax: boolean;

  @Bool({ optional: true, description: 'The estimate of carts without an address uses this zone.' })
  isDefault?: boolean;

  @ListOf(() => TaxRateDto, {
    max: 20,
    uniqueBy: 'taxClass',
    description: 'A class without a rate is taxed like `standard`.',
  })
  rates: TaxRateDto[];
}

export class TaxZonePatch {
  @Text({ max: 100, optional: true })
  name?: string;

  @CountryList({ optional: true })
  countries?: string[];

  @Bool({ optional: true })
  pricesIncludeTax?: boolean;

  @Bool({ optional: true })
  isDefault?: boolean;

  @ListOf(() => TaxRateDto, { max: 20, uniqueBy: 'taxClass', optional: true })
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
