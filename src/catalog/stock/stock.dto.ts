import { Bool, Instant, Integer, ListOf, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

const MAX = 1_000_000_000;

export class StockLevelDto {
  @Uuid()
  id: string;

  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 60, example: 'main' })
  location: string;

  @Integer({ min: 0, max: MAX, description: 'Physically there.' })
  onHand: number;

  @Integer({ min: 0, max: MAX, description: 'Promised to placed orders.' })
  allocated: number;

  @Integer({ min: 0, max: MAX, description: 'Held by checkouts, with an expiry.' })
  reserved: number;

  @Integer({ min: -MAX, max: MAX, description: 'on hand − allocated − reserved; negative when backordered.' })
  available: number;

  @Integer({ min: 0, max: MAX })
  backorderLimit: number;

  @Integer({
    min: 0,
    max: MAX,
    nullable: true,
    description: 'Of the variant: so few in all locations are called low. Null: none is.',
  })
  lowStockAt: number | null;
}

export class StockQuery extends PageQuery {
  @Uuid({ optional: true })
  variantId?: string;

  @Text({ max: 100, optional: true })
  sku?: string;

  @Text({ max: 60, optional: true, description: 'Code of the location.' })
  location?: string;

  @Bool({
    optional: true,
    description:
      'True: of variants with at most `lowStockAt` pieces left in all locations; false: of all others.',
  })
  low?: boolean;
}

export class StockChangeDto {
  @Uuid({ description: 'Variant.' })
  variantId: string;

  @Text({ max: 60, example: 'main' })
  location: string;

  @OneOf(['received', 'adjusted', 'returned'])
  kind: 'received' | 'adjusted' | 'returned';

  @Integer({ min: -MAX, max: MAX, description: 'Pieces; only `adjusted` may be negative.', example: 10 })
  quantity: number;

  @Text({
    max: 300,
    optional: true,
    nullable: true,
    description: 'Required for `adjusted`.',
    example: 'stocktake',
  })
  reason?: string | null;
}

export class StockChangesDto {
  @ListOf(() => StockChangeDto, { min: 1, max: 100 })
  changes: StockChangeDto[];
}

export class MovementDto {
  @Uuid()
  id: string;

  @OneOf(['received', 'allocated', 'released', 'shipped', 'adjusted', 'returned'])
  kind: string;

  @Integer({ min: -MAX, max: MAX })
  quantity: number;

  @Uuid({ nullable: true, description: 'Order.' })
  reference: string | null;

  @Text({ max: 300, nullable: true })
  reason: string | null;

  @Text({ max: 100, nullable: true })
  actor: string | null;

  @Instant()
  at: string;
}
