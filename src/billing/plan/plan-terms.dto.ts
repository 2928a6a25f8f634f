import {
  AskingPrice,
  AskingPriceDto,
  Bool,
  CountryList,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { type InvoiceTaxCategory, TAX_CATEGORIES } from '../invoice/invoice-content.js';
import { INTERVAL_UNITS, type Interval } from '../subscription/periods.js';
import { type Aggregation, AGGREGATIONS, type AppliesTo, APPLIES_TO, type PlanTerms } from './plan.js';

const MOST_TRIAL_DAYS = 730;
const QUANTITY = /^\d{1,12}(\.\d{1,6})?$/;
const QUANTITY_HINT = 'must be a decimal number with at most six places, such as 1000 or 1.5';

export class IntervalDto {
  @OneOf(INTERVAL_UNITS, { example: 'month' })
  unit: Interval['unit'];

  @Integer({ min: 1, max: 1095, example: 1, description: 'Three years at most.' })
  count: number;
}

export class PlanPriceDto {
  @AskingPrice({ description: 'Of one unit, each period.' })
  amount: AskingPriceDto;

  @AskingPrice({ optional: true, nullable: true, description: 'Of one unit, once, in the same currency.' })
  setupFee?: AskingPriceDto | null;
}

export class PlanTaxDto {
  @CountryList({ description: 'Where the buyer is; `*` is everywhere else.', example: ['DE'] })
  countries: string[];

  @OneOf(TAX_CATEGORIES, { example: 'S', description: 'Of EN 16931; `S` is the only one with a rate.' })
  category: InvoiceTaxCategory;

  @Integer({ min: 0, max: 1_000_000, example: 190_000, description: 'Millionths: 19 % is 190000.' })
  ratePpm: number;

  @Text({ max: 100, example: 'VAT 19 %' })
  title: string;

  @Text({ max: 300, optional: true, nullable: true, example: null, description: 'Why nothing is charged.' })
  reason?: string | null;
}

export class MeteredTierDto {
  @Text({
    ...{ max: 20, optional: true, nullable: true, pattern: QUANTITY, patternHint: QUANTITY_HINT },
    example: '1000',
    description: 'The last quantity of the tier, above what is included; null: the last tier.',
  })
  upTo?: string | null;

  @AskingPrice({ description: 'Of `per` units.' })
  price: AskingPriceDto;

  @Text({ max: 20, pattern: QUANTITY, patternHint: QUANTITY_HINT, optional: true, example: '1' })
  per?: string;

  @AskingPrice({ optional: true, nullable: true, description: 'Once, as soon as the tier is reached.' })
  flat?: AskingPriceDto | null;
}

export class MeteredComponentDto {
  @Text({ max: 60, pattern: /^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$/, example: 'api_calls' })
  code: string;

  @Text({ max: 100, example: 'API calls' })
  title: string;

  @OneOf(AGGREGATIONS, { example: 'sum' })
  aggregation: Aggregation;

  @Text({ max: 20, pattern: QUANTITY, patternHint: QUANTITY_HINT, optional: true, example: '100' })
  included?: string;

  @OneOf(['graduated', 'volume'], {
    example: 'graduated',
    description: '`graduated`: each tier charges what lies in it; `volume`: all is charged by the last one.',
  })
  mode: 'graduated' | 'volume';

  @ListOf(() => MeteredTierDto, { min: 1, max: 100, description: 'For each currency, in rising order.' })
  tiers: MeteredTierDto[];
}

export class PlanTermsDto {
  @Nested(() => IntervalDto)
  interval: IntervalDto;

  @Integer({ min: 0, max: MOST_TRIAL_DAYS, optional: true, example: 14, description: 'Free days at first.' })
  trialDays?: number;

  @Bool({ optional: true, description: 'Whether prices have the tax inside; false when left out.' })
  pricesIncludeTax?: boolean;

  @ListOf(() => PlanPriceDto, { min: 1, max: 50, description: 'One for each currency.' })
  prices: PlanPriceDto[];

  @ListOf(() => PlanTaxDto, { min: 1, max: 300, description: 'Where no country fits it is not sold.' })
  taxes: PlanTaxDto[];

  @ListOf(() => MeteredComponentDto, { max: 20, optional: true, uniqueBy: 'code' })
  components?: MeteredComponentDto[];
}

export class ShownPriceDto {
  @MoneyField({ description: 'Of one unit, each period.' })
  amount: MoneyDto;

  @MoneyField({ description: 'Of one unit, once.' })
  setupFee: MoneyDto;
}

/** Terms as a shop window shows them. */
export class OfferedTermsDto {
  @Uuid()
  id: string;

  @Integer({ min: 1, max: 2 ** 31 - 1, example: 1 })
  number: number;

  @Nested(() => IntervalDto)
  interval: IntervalDto;

  @Integer({ min: 0, max: MOST_TRIAL_DAYS, example: 14 })
  trialDays: number;

  @Bool()
  pricesIncludeTax: boolean;

  @ListOf(() => ShownPriceDto, { max: 50 })
  prices: ShownPriceDto[];

  @ListOf(() => MeteredComponentDto, { max: 20 })
  components: MeteredComponentDto[];

  static offered({
    id,
    number,
    interval,
    trialDays,
    pricesIncludeTax,
    ...terms
  }: PlanTerms): OfferedTermsDto {
    return {
      ...{ id, number, interval, trialDays, pricesIncludeTax },
      prices: [...terms.prices],
      components: terms.components.map((one) => ({ ...one, tiers: [...one.tiers] })),
    };
  }
}

export class PlanVersionDto extends OfferedTermsDto {
  @Instant()
  validFrom: string;

  @OneOf(APPLIES_TO, { example: 'new' })
  appliesTo: AppliesTo;

  @ListOf(() => PlanTaxDto, { max: 300 })
  taxes: PlanTaxDto[];

  @Text({ max: 100, description: 'Who has made it.', example: 'system' })
  createdBy: string;

  @Instant()
  createdAt: string;

  static from(terms: PlanTerms): PlanVersionDto {
    return {
      ...OfferedTermsDto.offered(terms),
      validFrom: terms.validFrom.toISOString(),
      appliesTo: terms.appliesTo,
      taxes: terms.taxes.map((tax) => ({ ...tax, countries: [...tax.countries] })),
      createdBy: terms.createdBy,
      createdAt: terms.createdAt.toISOString(),
    };
  }
}

export class AddPlanVersionDto extends PlanTermsDto {
  @Instant({ optional: true, description: 'From when it holds; at once when left out, never in the past.' })
  validFrom?: string;

  @OneOf(APPLIES_TO, {
    example: 'new',
    description: '`new`: for who subscribes from then on; `all`: for all, from the next period that begins.',
  })
  appliesTo: AppliesTo;
}
