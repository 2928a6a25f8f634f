import {
  Bool,
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
  UuidList,
} from '../../platform/http/fields.js';
import { MAX_PRICE } from '../../platform/money/money.js';

export class PriceFilterDto {
  @Text({ max: 200, optional: true, description: 'Handle of a category; what lies below it is included.' })
  category?: string;

  @Text({ max: 200, optional: true, example: 'Acme' })
  brand?: string;

  @UuidList({ max: 1000, optional: true, description: 'Products.' })
  productIds?: string[];

  @UuidList({ max: 1000, optional: true, description: 'Variants.' })
  variantIds?: string[];
}

export class EndingDto {
  @Integer({ min: 0, max: 99_999, example: 99, description: 'What is left when a price is divided by `of`.' })
  ending: number;

  @Integer({ min: 1, max: 100_000, example: 100, description: 'In minor units: 100 for cents.' })
  of: number;
}

export class ChangePricesDto {
  @Nested(() => PriceFilterDto, {
    description:
      'Which variants: all that fit every condition, and all there are without any; never gift cards.',
  })
  filter: PriceFilterDto;

  @CurrencyCode()
  currency: string;

  @Uuid({
    optional: true,
    nullable: true,
    description: 'The list whose prices are taken, with all quantities; base prices when left out.',
  })
  fromPriceListId?: string | null;

  @Uuid({
    optional: true,
    nullable: true,
    description: 'The list that they are written into; where they come from when left out.',
  })
  intoPriceListId?: string | null;

  @Integer({
    min: -10_000,
    max: 1_000_000,
    optional: true,
    example: -2000,
    description: 'Hundredths of a percent more; -2000 is 20 % off. Halves of a minor unit are rounded up.',
  })
  basisPoints?: number;

  @Integer({
    min: -MAX_PRICE,
    max: MAX_PRICE,
    optional: true,
    description: 'Minor units more, after `basisPoints`.',
  })
  amount?: number;

  @Nested(() => EndingDto, {
    optional: true,
    nullable: true,
    description: 'Rounds to the nearest price that ends so, the higher of two; never below zero.',
  })
  rounding?: EndingDto | null;

  @OneOf(['keep', 'source', 'none'], {
    optional: true,
    description:
      'What the new price is compared with, where that is higher: what the source was compared with (`keep`, ' +
      'when left out), the source itself, or nothing.',
  })
  compareAt?: 'keep' | 'source' | 'none';

  @Bool({ optional: true, description: 'Shows what would change, and changes nothing.' })
  dryRun?: boolean;

  @Text({ max: 64, optional: true, nullable: true, description: 'Of the preview that is confirmed.' })
  fingerprint?: string | null;
}

export class ChangedPriceDto {
  @Uuid()
  variantId: string;

  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Integer({ min: 1, max: 1_000_000, example: 1 })
  minQuantity: number;

  @MoneyField({ nullable: true, description: 'What stands there now; null: nothing.' })
  before: MoneyDto | null;

  @MoneyField()
  price: MoneyDto;

  @MoneyField({ nullable: true })
  compareAtPrice: MoneyDto | null;
}

export class PriceChangeDto {
  @Uuid({ nullable: true, description: 'Null of a preview: nothing is kept of it.' })
  id: string | null;

  @OneOf(['preview', 'running', 'finished'])
  state: 'preview' | 'running' | 'finished';

  @Text({ max: 64, description: 'Of all that changes, not of the first alone.' })
  fingerprint: string;

  @Integer({ min: 0, max: 2 ** 31 - 1, description: 'How many prices change.' })
  total: number;

  @Integer({ min: 0, max: 2 ** 31 - 1, description: 'How many of them are dealt with.' })
  done: number;

  @Integer({ min: 0, max: 2 ** 31 - 1, description: 'How many somebody else changed meanwhile: they stay.' })
  skipped: number;

  @Instant({ nullable: true })
  finishedAt: string | null;

  @ListOf(() => ChangedPriceDto, { max: 100, description: 'The first 100.' })
  items: ChangedPriceDto[];
}

export class PriceChangeParams {
  @Uuid()
  id: string;
}
