import { CountryCode, Integer, Nested, OneOf, Text, TextList } from '../../platform/http/fields.js';
import { UNVERIFIED, type Unverified } from '../../platform/vat/reverse-charge.js';
import { FOREIGN_PRICES, PLACES_OF_SUPPLY, ROUNDINGS, SHIPPING_TAXES } from './tax-settings.js';

const unset = { optional: true, nullable: true } as const;

export class TaxOriginDto {
  @CountryCode()
  country: string;

  @Text({ max: 100, ...unset, example: 'QC' })
  region?: string | null;

  @Text({ max: 20, ...unset, example: '10117' })
  postalCode?: string | null;
}

export class TaxSettingsPatch {
  @Nested(() => TaxOriginDto, {
    ...unset,
    description:
      'Where the shop sends from. Null: the zone of the address decides alone; neither reverse charge nor export is known.',
  })
  origin?: TaxOriginDto | null;

  @OneOf(PLACES_OF_SUPPLY, {
    optional: true,
    description: 'Whose rates hold within the country of the origin: its own, or those of the address.',
  })
  domestic?: (typeof PLACES_OF_SUPPLY)[number];

  @OneOf(PLACES_OF_SUPPLY, {
    optional: true,
    description:
      'Whose rates consumers in other countries of the EU pay: `destination` (One Stop Shop), or `origin` below the threshold of 10,000 EUR a year.',
  })
  crossBorder?: (typeof PLACES_OF_SUPPLY)[number];

  @OneOf(FOREIGN_PRICES, {
    optional: true,
    description:
      'What a price that includes tax keeps where the rate is another: what the buyer pays (`same_gross`), or what the shop is left with (`same_net`).',
  })
  foreignPrices?: (typeof FOREIGN_PRICES)[number];

  @OneOf(SHIPPING_TAXES, {
    optional: true,
    description:
      'Shipping is taxed by `shippingTaxClass`, or by the rates of the goods in proportion to their price.',
  })
  shippingTax?: (typeof SHIPPING_TAXES)[number];

  @Text({ max: 50, optional: true, pattern: /^[a-z][a-z0-9_-]*$/, example: 'standard' })
  shippingTaxClass?: string;

  @OneOf(ROUNDINGS, {
    optional: true,
    description:
      'Tax is rounded half away from zero, once for each category of an order or for each line. Lines always add up to the total.',
  })
  rounding?: (typeof ROUNDINGS)[number];

  @OneOf(UNVERIFIED, {
    optional: true,
    description:
      'What happens with a VAT id of the right form while the register does not answer, or the store has none to ask (`VAT_CHECK_URL`): reverse charge, or the tax of a consumer.',
  })
  unverifiedVatIds?: Unverified;

  @Text({ max: 300, optional: true, description: 'Frozen on orders with reverse charge.' })
  reverseChargeNote?: string;

  @Text({ max: 300, optional: true })
  exemptNote?: string;

  @Text({ max: 300, optional: true })
  exportNote?: string;

  @TextList({
    max: 100,
    maxLength: 60,
    unique: true,
    optional: true,
    example: ['charities'],
    description: 'Codes of customer groups that pay no tax.',
  })
  exemptGroups?: string[];
}

export class TaxSettingsDto extends TaxSettingsPatch {
  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}
