import { Bool, Dictionary, Instant, Integer, ListOf, Nested } from '../../platform/http/fields.js';
import { MAX_PROMOTIONS } from '../cart/cart.js';
import { TaxCategoryDto, TotalsDto, TriedPromotionDto } from '../cart/cart.dto.js';

export class OrderCalculationDto {
  @Integer({ min: 1, max: 1000, description: 'The version of the rules of calculating.' })
  engine: number;

  @Instant({ description: 'The moment that promotions were judged at.' })
  at: string;

  @Bool({ description: 'The same inputs still give the same amounts, line by line and to the cent.' })
  matches: boolean;

  @Nested(() => TotalsDto, { description: 'What it came to when the order was written.' })
  stored: TotalsDto;

  @Nested(() => TotalsDto, { description: 'Calculated now, from `inputs` alone.' })
  recomputed: TotalsDto;

  @ListOf(() => TaxCategoryDto, { max: 20, description: 'Calculated now.' })
  taxes: TaxCategoryDto[];

  @ListOf(() => TriedPromotionDto, {
    max: MAX_PROMOTIONS,
    description: 'Every promotion that was tried, calculated now.',
  })
  promotions: TriedPromotionDto[];

  @Dictionary({
    values: 'any',
    description:
      'All that the order was calculated from: prices, promotions in full, the price of shipping and the rates of tax as they ' +
      'were. Amounts in minor units are text.',
  })
  inputs: Record<string, unknown>;
}
