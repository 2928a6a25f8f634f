import {
  AskingPriceDto,
  Bool,
  CurrencyCode,
  Dictionary,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { MediaRenditionDto } from '../media/media.dto.js';
import { MAX_PRICE } from '../../platform/money/money.js';

export const HANDLE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** Words that are paths of their own below /v1/products. */
export const RESERVED_HANDLES: ReadonlySet<string> = new Set([
  ...['suggestions', 'search', 'facets', 'recommendations', 'export', 'import'],
]);
const handleHint = '$property must be lower-case letters, digits and single hyphens, such as linen-tote';
const MAX_INT = 2_147_483_647;
/** Of pictures, which shops put into their pages: `javascript:` and its like would run there. */
export const MEDIA_URL = /^(https?:\/\/|\/)/;

export class OptionDto {
  @Text({ max: 60, example: 'Size' })
  name: string;

  @TextList({ max: 200, maxLength: 120, example: ['S', 'M'] })
  values: string[];
}

/** A picture of a product: one that was uploaded, in the sizes that were made of it, or one that lies elsewhere. */
export class MediaDto {
  @Uuid({ nullable: true, description: 'Of an uploaded picture; null for one that lies elsewhere.' })
  mediaId: string | null;

  @Text({
    max: 2048,
    description: 'Of an uploaded picture its largest size, which every browser shows.',
    example: 'https://cdn.example.test/tote.jpg',
  })
  url: string;

  @Text({ max: 300, min: 0, nullable: true, example: 'A linen tote on a chair' })
  alt: string | null;

  @Integer({
    min: 1,
    max: MAX_INT,
    nullable: true,
    description: 'Of what `url` shows, in pixels; null when nobody knows.',
  })
  width: number | null;

  @Integer({ min: 1, max: MAX_INT, nullable: true })
  height: number | null;

  @ListOf(() => MediaRenditionDto, {
    max: 10,
    description: 'For `srcset`; none of a picture that lies elsewhere.',
  })
  renditions: MediaRenditionDto[];
}

/** As staff see it: pictures that no page shows yet are there too. */
export class AdminMediaDto extends MediaDto {
  @OneOf(['pending', 'ready', 'failed'], {
    nullable: true,
    description: 'Of an uploaded picture: pages show it when it is `ready`.',
  })
  state: string | null;

  @Text({ max: 2048, nullable: true, description: 'Null until it is ready.' })
  declare url: string;
}

/** Either `mediaId` or `url`. */
export class MediaInputDto {
  @Uuid({ optional: true, description: 'Of `POST /v1/admin/media`; it need not be ready.' })
  mediaId?: string;

  @Text({
    max: 2048,
    pattern: MEDIA_URL,
    patternHint: '$property must start with http://, https:// or /',
    optional: true,
    description: 'Of a picture that lies elsewhere.',
    example: 'https://cdn.example.test/tote.jpg',
  })
  url?: string;

  @Text({
    max: 300,
    min: 0,
    optional: true,
    nullable: true,
    description: 'What an uploaded picture says of itself when left out.',
    example: 'A linen tote on a chair',
  })
  alt?: string | null;
}

export class CategoryRefDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'bags' })
  handle: string;

  @Text({ max: 200, example: 'Bags' })
  title: string;
}

export class PriceTierDto {
  @Integer({ min: 2, max: 2 ** 31 - 1, description: 'From so many pieces of one line on.', example: 10 })
  minQuantity: number;

  @MoneyField({ description: 'Of one piece.' })
  price: MoneyDto;
}

export class PreorderDto {
  @Instant({ description: 'When it will be there.' })
  availableFrom: string;
}

export class VariantDto {
  @Uuid()
  id: string;

  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 300, example: 'Natural' })
  title: string;

  @Dictionary({ values: 'string', example: { Colour: 'Natural' } })
  options: Record<string, string>;

  @MoneyField({
    nullable: true,
    description: 'In the currency that was asked for; null when it has no price in it.',
  })
  price: MoneyDto | null;

  @MoneyField({ nullable: true })
  compareAtPrice: MoneyDto | null;

  @MoneyField({
    nullable: true,
    description:
      'While there is a `compareAtPrice`: the lowest price of the 30 days before the reduction began ' +
      '(Directive 98/6/EC, Art. 6a), null when there was none.',
  })
  lowestPrice30Days: MoneyDto | null;

  @ListOf(() => PriceTierDto, { max: 1000, description: 'What one piece costs when more are taken.' })
  tiers: PriceTierDto[];

  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description:
      'May lag by a second, and by half a minute for pieces whose hold ran out unused; checkout is the truth.',
    example: 12,
  })
  available: number;

  @Bool({ description: 'Can be bought beyond what is available.' })
  backorder: boolean;

  @Nested(() => PreorderDto, {
    nullable: true,
    description:
      'Can be bought before it is there; what is `available` goes first. Null on the day and after.',
  })
  preorder: PreorderDto | null;

  @Uuid({ nullable: true, description: 'The picture in `media` of the product that shows this variant.' })
  mediaId: string | null;
}

class ProductBase {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'linen-tote' })
  handle: string;

  @Text({ max: 300, example: 'Linen tote' })
  title: string;

  @Text({ max: 100_000, min: 0, example: 'A bag for bread, books and the beach.' })
  description: string;

  @Text({ max: 120, nullable: true, example: 'Oak & Flax' })
  brand: string | null;

  @ListOf(() => CategoryRefDto, { max: 50 })
  categories: CategoryRefDto[];

  @ListOf(() => OptionDto, { max: 3 })
  options: OptionDto[];

  @Dictionary({ values: 'any', example: { colour: 'natural' } })
  attributes: Record<string, unknown>;

  @ListOf(() => MediaDto, { max: 50 })
  media: MediaDto[];
}

/** A product as the shop shows it. */
export class ProductDto extends ProductBase {
  @ListOf(() => CategoryRefDto, {
    max: 100,
    description:
      'The way from the root to the first of its `categories`, that one last; none without a category.',
  })
  breadcrumbs: CategoryRefDto[];

  @ListOf(() => VariantDto, { max: 2048 })
  variants: VariantDto[];
}

/** A product on a list: the beginning of its description, at most ten variants, and how many there are. */
export class ProductListItemDto extends ProductBase {
  @Text({
    max: 300,
    min: 0,
    description: 'The first 300 characters, without markup.',
    example: 'A bag for bread, books and the beach.',
  })
  declare description: string;

  @Integer({ min: 0, max: MAX_INT })
  variantCount: number;

  @ListOf(() => VariantDto, { max: 10 })
  variants: VariantDto[];
}

export class CurrencyQuery {
  @CurrencyCode({ optional: true, description: "Currency of the prices; the store's own when left out." })
  currency?: string;
}

/** A price of a variant, and what it is compared with. */
export class VariantPriceDto extends AskingPriceDto {
  @Integer({
    min: 0,
    max: MAX_PRICE,
    optional: true,
    nullable: true,
    description:
      'The price that it stood at or is worth, higher than `amount`, in the same currency and unit.',
    example: 2499,
  })
  compareAt?: number | null;
}

export class StockInputDto {
  @Text({ max: 60, example: 'main' })
  location: string;

  @Integer({ min: 0, max: 1_000_000_000, example: 50 })
  onHand: number;
}

export class VariantInputDto {
  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 300, optional: true, example: 'Natural', description: 'Made of the options when left out.' })
  title?: string;

  @Dictionary({ values: 'string', optional: true, example: { Colour: 'Natural' } })
  options?: Record<string, string>;

  @Text({ max: 60, optional: true, nullable: true })
  barcode?: string | null;

  @Integer({ min: 0, max: 10_000_000, optional: true, example: 320 })
  weightGrams?: number;

  @Uuid({ optional: true, nullable: true, description: 'An uploaded picture in `media` of the product.' })
  mediaId?: string | null;

  @Integer({
    min: 0,
    max: 1_000_000,
    optional: true,
    description: 'Pieces that may be sold beyond what is on hand.',
  })
  backorderLimit?: number;

  @ListOf(() => VariantPriceDto, {
    max: 50,
    optional: true,
    example: [{ amount: 1999, currency: 'EUR', compareAt: 2499 }],
  })
  prices?: VariantPriceDto[];

  @ListOf(() => StockInputDto, { max: 50, optional: true, example: [{ location: 'main', onHand: 50 }] })
  stock?: StockInputDto[];
}

const statuses = ['draft', 'published'] as const;

export class CreateProductDto {
  @Text({
    max: 120,
    pattern: HANDLE,
    patternHint: handleHint,
    optional: true,
    example: 'linen-tote-large',
    description: 'Made of the title when left out.',
  })
  handle?: string;

  @Text({ max: 200, optional: true, nullable: true, description: 'Your own id of it, for upserts.' })
  externalId?: string | null;

  @Text({ max: 300, example: 'Linen tote, large' })
  title: string;

  @Text({ max: 100_000, min: 0, optional: true, example: 'A bag for bread, books and the beach.' })
  description?: string;

  @Text({ max: 120, optional: true, nullable: true, example: 'Oak & Flax' })
  brand?: string | null;

  @OneOf(statuses, { optional: true, example: 'published' })
  status?: 'draft' | 'published';

  @TextList({
    max: 50,
    maxLength: 120,
    optional: true,
    example: ['bags'],
    description: 'Handles of categories.',
  })
  categories?: string[];

  @ListOf(() => OptionDto, {
    max: 3,
    optional: true,
    description: 'Made of what the variants choose when left out.',
  })
  options?: OptionDto[];

  @Dictionary({ values: 'any', optional: true, example: { colour: 'natural' } })
  attributes?: Record<string, unknown>;

  @ListOf(() => MediaInputDto, { max: 50, optional: true, uniqueBy: 'mediaId' })
  media?: MediaInputDto[];

  @Text({
    max: 60,
    optional: true,
    example: 'standard',
    description:
      'Code of a tax class, `GET /v1/admin/tax-classes`; which rate applies is decided at checkout.',
  })
  taxClass?: string;

  @Dictionary({ values: 'any', optional: true })
  metadata?: Record<string, unknown>;

  @ListOf(() => VariantInputDto, { min: 1, max: 250 })
  variants: VariantInputDto[];
}

export class UpdateProductDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: handleHint, optional: true })
  handle?: string;

  @Text({ max: 200, optional: true, nullable: true })
  externalId?: string | null;

  @Text({ max: 300, optional: true, example: 'Linen tote, large' })
  title?: string;

  @Text({ max: 100_000, min: 0, optional: true })
  description?: string;

  @Text({ max: 120, optional: true, nullable: true })
  brand?: string | null;

  @OneOf(statuses, { optional: true })
  status?: 'draft' | 'published';

  @TextList({ max: 50, maxLength: 120, optional: true, description: 'Handles of categories; replaces them.' })
  categories?: string[];

  @ListOf(() => OptionDto, { max: 3, optional: true })
  options?: OptionDto[];

  @Dictionary({ values: 'any', optional: true, description: 'Replaces them.' })
  attributes?: Record<string, unknown>;

  @ListOf(() => MediaInputDto, { max: 50, optional: true, uniqueBy: 'mediaId' })
  media?: MediaInputDto[];

  @Text({ max: 60, optional: true })
  taxClass?: string;

  @Dictionary({ values: 'any', optional: true })
  metadata?: Record<string, unknown>;
}

export class UpdateVariantDto {
  @Text({ max: 100, optional: true })
  sku?: string;

  @Text({ max: 300, optional: true, example: 'Natural' })
  title?: string;

  @Dictionary({ values: 'string', optional: true })
  options?: Record<string, string>;

  @Text({ max: 60, optional: true, nullable: true })
  barcode?: string | null;

  @Integer({ min: 0, max: 10_000_000, optional: true, example: 340 })
  weightGrams?: number;

  @Uuid({ optional: true, nullable: true, description: 'An uploaded picture in `media` of the product.' })
  mediaId?: string | null;

  @Integer({ min: 0, max: 1_000_000, optional: true })
  backorderLimit?: number;

  @Bool({
    optional: true,
    description: 'True takes it out of the shop, false brings it back. Prices, stock and SKU stay its own.',
  })
  retired?: boolean;
}

export class AdminVariantDto {
  @Uuid()
  id: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 300 })
  title: string;

  @Dictionary({ values: 'string' })
  options: Record<string, string>;

  @Text({ max: 60, nullable: true })
  barcode: string | null;

  @Integer({ min: 0, max: MAX_INT })
  weightGrams: number;

  @Uuid({ nullable: true })
  mediaId: string | null;

  @ListOf(() => VariantPriceDto, { max: 200, description: 'Present prices.' })
  prices: VariantPriceDto[];

  @Integer({ min: 0, max: MAX_INT, description: 'Pieces that may be sold beyond what is on hand.' })
  backorderLimit: number;

  @Bool({ description: 'No longer sold: the shop does not show it.' })
  retired: boolean;

  @ListOf(() => StockInputDto, { max: 200 })
  stock: StockInputDto[];

  @Integer({ min: 1, max: MAX_INT })
  version: number;
}

/** A product as staff see it. */
export class AdminProductDto extends ProductBase {
  @Text({ max: 200, nullable: true })
  externalId: string | null;

  @OneOf(['draft', 'published', 'archived'])
  status: string;

  @Text({ max: 60 })
  taxClass: string;

  @Dictionary({ values: 'any' })
  metadata: Record<string, unknown>;

  @ListOf(() => AdminMediaDto, { max: 50 })
  declare media: AdminMediaDto[];

  @ListOf(() => AdminVariantDto, { max: 2048 })
  variants: AdminVariantDto[];

  @Integer({ min: 1, max: MAX_INT, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}

export class AdminProductQuery extends PageQuery {
  @OneOf(['draft', 'published', 'archived'], { optional: true })
  status?: string;

  @Text({ max: 120, optional: true, description: 'Category handle, with everything below it.' })
  category?: string;

  @Text({ max: 120, optional: true })
  brand?: string;

  @Text({ max: 100, optional: true, description: 'Exact SKU.' })
  sku?: string;

  @Text({ max: 200, optional: true })
  externalId?: string;
}
