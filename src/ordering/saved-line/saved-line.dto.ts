import {
  Dictionary,
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
import { CartParams, GiftCardForDto } from '../cart/cart.dto.js';
import { MAX_QUANTITY } from '../cart/cart.js';
import { AVAILABILITIES } from '../cart/shelf.js';

export class SavedLineParams extends CartParams {
  @Uuid()
  savedId: string;
}

export class SavedLineDto {
  @Uuid()
  id: string;

  @Uuid()
  variantId: string;

  @Uuid()
  productId: string;

  @Text({ max: 500 })
  title: string;

  @Text({ max: 100 })
  sku: string;

  @Integer({ min: 1, max: MAX_QUANTITY })
  quantity: number;

  @Nested(() => GiftCardForDto, { nullable: true })
  giftCard: GiftCardForDto | null;

  @Dictionary({ values: 'string', nullable: true })
  properties: Record<string, string> | null;

  @MoneyField({ nullable: true, description: 'For one piece, now; null: it is not for sale.' })
  unitPrice: MoneyDto | null;

  @OneOf(AVAILABILITIES)
  availability: string;

  @Integer({ min: 0, max: MAX_QUANTITY, description: 'Pieces that could be had now.' })
  obtainable: number;

  @Instant()
  savedAt: string;
}

export class SavedLinesDto {
  @ListOf(() => SavedLineDto, { max: 200 })
  items: SavedLineDto[];

  @Text({ max: 1, nullable: true })
  nextCursor: string | null;
}
