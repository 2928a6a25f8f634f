import {
  AskingPrice,
  AskingPriceDto,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Uuid,
} from '../../platform/http/fields.js';
import type { Shapes } from '../../platform/http/shapes.js';
import { SelectorDto } from './condition.dto.js';

const MILLION = 1_000_000;

const On = () =>
  Nested(() => SelectorDto, { optional: true, description: 'Which lines are meant; all when left out.' });
const Ppm = (options: { optional?: boolean } = {}) =>
  Integer({
    min: 1,
    max: MILLION,
    example: 100_000,
    description: 'Parts per million: 100000 is 10 %.',
    ...options,
  });
const Pieces = (description: string) => Integer({ min: 1, max: 999, example: 2, description });

export class PercentEffectDto {
  @OneOf(['percent'])
  type: 'percent';

  @Ppm()
  ppm: number;

  @On()
  on?: SelectorDto;
}

export class AmountEffectDto {
  @OneOf(['amount'])
  type: 'amount';

  @AskingPrice()
  money: AskingPriceDto;

  @OneOf(['each', 'across'], {
    description: '`each`: off every piece; `across`: once, shared out over the lines.',
  })
  per: 'each' | 'across';

  @On()
  on?: SelectorDto;
}

export class FixedPriceEffectDto {
  @OneOf(['fixed_price'])
  type: 'fixed_price';

  @AskingPrice({ description: 'What each piece, or the shipping, costs at most.' })
  money: AskingPriceDto;

  @On()
  on?: SelectorDto;
}

export class SelectedPiecesDto {
  @On()
  on?: SelectorDto;

  @Pieces('So many pieces.')
  quantity: number;
}

export class BuyXGetYEffectDto {
  @OneOf(['buy_x_get_y'])
  type: 'buy_x_get_y';

  @Nested(() => SelectedPiecesDto, { description: 'For each so many of these …' })
  buy: SelectedPiecesDto;

  @Nested(() => SelectedPiecesDto, { description: '… so many of those are cheaper: the cheapest of them.' })
  get: SelectedPiecesDto;

  @Ppm()
  ppm: number;

  @Integer({ min: 1, max: 999, optional: true, description: 'At most so often in one order.' })
  times?: number;
}

export class CheapestFreeEffectDto {
  @OneOf(['cheapest_free'])
  type: 'cheapest_free';

  @Integer({ min: 2, max: 999, example: 3, description: 'Of each so many pieces one is free.' })
  every: number;

  @On()
  on?: SelectorDto;
}

export class GiftEffectDto {
  @OneOf(['gift'])
  type: 'gift';

  @Uuid({ description: 'What is added to the order for nothing, as long as it is there.' })
  variantId: string;

  @Pieces('So many of it.')
  quantity: number;
}

export class FreeShippingEffectDto {
  @OneOf(['free_shipping'])
  type: 'free_shipping';
}

/** From so much or so many on, a part or an amount off: one of each. */
export class TierDto {
  @AskingPrice({ optional: true, description: 'From goods of so much on.' })
  min?: AskingPriceDto;

  @Integer({ min: 1, max: 100_000, optional: true, description: 'From so many pieces on.' })
  minQuantity?: number;

  @Ppm({ optional: true })
  ppm?: number;

  @AskingPrice({ optional: true, description: 'So much off.' })
  money?: AskingPriceDto;
}

export class TiersEffectDto {
  @OneOf(['tiers'])
  type: 'tiers';

  @ListOf(() => TierDto, { min: 1, max: 20, description: 'The highest that is reached counts.' })
  tiers: TierDto[];

  @On()
  on?: SelectorDto;
}

/** What a promotion does, by its `type`. */
export const EFFECTS = {
  percent: PercentEffectDto,
  amount: AmountEffectDto,
  fixed_price: FixedPriceEffectDto,
  buy_x_get_y: BuyXGetYEffectDto,
  cheapest_free: CheapestFreeEffectDto,
  gift: GiftEffectDto,
  free_shipping: FreeShippingEffectDto,
  tiers: TiersEffectDto,
} satisfies Shapes;
export type EffectDto = InstanceType<(typeof EFFECTS)[keyof typeof EFFECTS]>;
