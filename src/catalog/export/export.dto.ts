import { CurrencyCode, Instant, Integer, Nested, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

/** What a file may be written in. */
export const EXPORT_FORMATS = ['ndjson', 'csv', 'shopify_csv', 'merchant_feed'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** Which products, by the filters of `GET /v1/admin/products`. */
export class ExportFilterDto {
  @OneOf(['draft', 'published'], {
    optional: true,
    description: 'Both when left out. Archived ones are not exported: no import takes them.',
  })
  status?: string;

  @Text({
    max: 120,
    optional: true,
    description: 'Category handle, with everything below it.',
    example: 'bags',
  })
  category?: string;

  @Text({ max: 120, optional: true })
  brand?: string;

  @Text({ max: 100, optional: true, description: 'Exact SKU: the product that has it.' })
  sku?: string;

  @Text({ max: 200, optional: true })
  externalId?: string;

  @Text({ max: 60, optional: true, description: 'Code of a product type.' })
  productType?: string;
}

/** `https://…` with `{handle}`, `{id}` or `{sku}` in it. */
export const LINK_TEMPLATE = /^https?:\/\/[^\s<>"]*\{(handle|id|sku)\}[^\s<>"]*$/;
export const linkHint = '$property must be a web address with {handle}, {id} or {sku} in it';

export class StartExportDto {
  @OneOf(EXPORT_FORMATS, { example: 'csv' })
  format: ExportFormat;

  @Nested(() => ExportFilterDto, { optional: true })
  filter?: ExportFilterDto;

  @CurrencyCode({
    optional: true,
    description: 'Of the prices in a format that has one (Shopify, Merchant); otherwise that of the shop.',
  })
  currency?: string;

  @Text({
    max: 500,
    pattern: LINK_TEMPLATE,
    patternHint: linkHint,
    optional: true,
    description:
      'Page of a product in your shop, for `merchant_feed`; an address of this server when left out.',
    example: 'https://shop.example/products/{handle}?variant={sku}',
  })
  linkTemplate?: string;
}

export class ExportCountsDto {
  @Integer({
    ...COUNT,
    nullable: true,
    description: 'Products that there are to write; null before it begins.',
  })
  total: number | null;

  @Integer({ ...COUNT, description: 'Products that are written.', example: 400 })
  products: number;

  @Integer({
    ...COUNT,
    description:
      'Products that are not in the file: in a format of one currency those of which no variant is sold in it.',
    example: 0,
  })
  skipped: number;

  @Integer({ ...COUNT, description: 'Rows or items that were made of them.', example: 1200 })
  rows: number;
}

export class ProductExportDto {
  @Uuid()
  id: string;

  @OneOf(EXPORT_FORMATS)
  format: string;

  @OneOf(['pending', 'running', 'finished', 'failed', 'canceled', 'expired'])
  state: string;

  @Nested(() => ExportFilterDto)
  filter: ExportFilterDto;

  @CurrencyCode()
  currency: string;

  @Nested(() => ExportCountsDto)
  counts: ExportCountsDto;

  @Integer({ ...COUNT, description: 'Of the file, so far.' })
  bytes: number;

  @Text({ max: 500, nullable: true, description: 'Why it failed.' })
  failure: string | null;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  startedAt: string | null;

  @Instant({ nullable: true })
  finishedAt: string | null;

  @Instant({ nullable: true, description: 'Until when the file is kept.' })
  expiresAt: string | null;
}

export class ExportPageQuery extends PageQuery {}
