import { csvRow } from '../import/csv.reader.js';
import { priceText } from '../import/price-text.js';
import type { ProductRecord, VariantRecord } from '../import/product-record.js';
import {
  KEPT_OF_VARIANTS,
  SHOPIFY_COLUMNS,
  type ShopifyColumn,
  type ShopifyKept,
} from '../import/shopify-columns.js';
import type { ExportPlan, Writer } from './writers.js';

type Cells = Partial<Record<ShopifyColumn, string>>;

const COLUMNS = Object.keys(SHOPIFY_COLUMNS) as ShopifyColumn[];
const OF_VARIANTS = KEPT_OF_VARIANTS.map(([name = '']) => name);
const SENT = 'Variant Requires Shipping';
/** What Shopify expects of a variant of which nothing else is known. */
const USUAL: Record<string, string> = {
  'Variant Inventory Tracker': 'shopify',
  'Variant Fulfillment Service': 'manual',
  'Variant Requires Shipping': 'true',
  'Variant Taxable': 'true',
};

/**
 * Shopify's product CSV: a row for each variant, and more for pictures that are left over. It has one currency and one
 * stock: variants without a price in the currency, and those that are not sold any more, are left out.
 */
export const shopifyCsv: Writer = {
  contentType: 'text/csv; charset=utf-8',
  extension: 'csv',
  head: ({ kept }) =>
    csvRow([...COLUMNS.map((column) => SHOPIFY_COLUMNS[column][0]), ...OF_VARIANTS, ...kept]),
  write: (record, plan) => {
    const variants = record.variants.filter(
      ({ retired, prices }) => !retired && prices.some(({ currency }) => currency === plan.currency),
    );
    if (variants.length === 0) return { text: '', rows: 0 };
    const { columns, variants: keptBySku } = keptOf(record);
    const pictures = record.media.filter(({ url }) => url !== undefined);
    const rows = Array.from({ length: Math.max(variants.length, pictures.length) }, (_, index) => {
      const variant = variants[index];
      const cells: Cells = {
        handle: record.handle,
        ...(index === 0 && ofProduct(record)),
        ...(variant && ofVariant(record, variant, plan)),
        ...ofPicture(pictures[index], index, plan.base),
      };
      const known = Object.keys(columns).length > 0 || Object.keys(keptBySku).length > 0;
      const kept = variant ? (keptBySku[variant.sku] ?? (known ? {} : USUAL)) : {};
      const isSent = variant === undefined || variant.kind === 'physical';
      return csvRow([
        ...COLUMNS.map((column) => cells[column] ?? ''),
        ...OF_VARIANTS.map((name) => (!isSent && name === SENT ? 'false' : (kept[name] ?? ''))),
        ...plan.kept.map((name) => (index === 0 ? (columns[name] ?? '') : '')),
      ]);
    });
    return { text: rows.join(''), rows: rows.length };
  },
  tail: '',
};

/** Metadata is whatever anybody wrote: what is no text in its place is nothing that an import has kept. */
function keptOf({ metadata }: ProductRecord): Required<ShopifyKept> {
  const { columns, variants } = dictionary(metadata.shopify, (value) => value);
  return {
    columns: dictionary(columns, textOf),
    variants: dictionary(variants, (kept) => dictionary(kept, textOf)),
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function dictionary<T>(value: unknown, read: (item: unknown) => T): Record<string, T> {
  const kept = Object.create(null) as Record<string, T>;
  if (typeof value !== 'object' || value === null) return kept;
  for (const [name, item] of Object.entries(value)) kept[name] = read(item);
  return kept;
}

function ofProduct({
  title,
  description,
  brand,
  categories,
  attributes,
  status,
  options,
  seo,
}: ProductRecord): Cells {
  const names = options.length === 0 ? ['Title'] : options.map(({ name }) => name);
  return {
    title,
    body: description,
    vendor: brand ?? '',
    type: categories[0]?.title ?? '',
    tags: typeof attributes.tags === 'string' ? attributes.tags : '',
    published: String(status === 'published'),
    status: status === 'published' ? 'active' : 'draft',
    option1Name: names[0] ?? '',
    option2Name: names[1] ?? '',
    option3Name: names[2] ?? '',
    seoTitle: seo.title ?? '',
    seoDescription: seo.description ?? '',
  };
}

function ofVariant({ options, media }: ProductRecord, variant: VariantRecord, plan: ExportPlan): Cells {
  const price = variant.prices.find(({ currency }) => currency === plan.currency);
  const stock = variant.stock.find(({ location }) => location === 'main');
  const value = (n: number) => variant.options[options[n]?.name ?? ''] ?? '';
  const picture = media.find(({ mediaId }) => mediaId !== undefined && mediaId === variant.mediaId);
  return {
    // A product without options has the one that Shopify gives it.
    option1Value: options.length === 0 ? 'Default Title' : value(0),
    option2Value: value(1),
    option3Value: value(2),
    sku: variant.sku,
    grams: String(variant.weightGrams),
    quantity: stock ? String(stock.onHand) : '',
    policy: variant.backorderLimit > 0 ? 'continue' : 'deny',
    price: price ? priceText(price.amount, plan.currency) : '',
    compareAt: price?.compareAt == null ? '' : priceText(price.compareAt, plan.currency),
    barcode: variant.barcode ?? '',
    variantImage: picture?.url === undefined ? '' : absolute(picture.url, plan.base),
  };
}

function ofPicture(picture: ProductRecord['media'][number] | undefined, index: number, base: string): Cells {
  if (picture?.url === undefined) return {};
  return {
    image: absolute(picture.url, base),
    imagePosition: String(index + 1),
    imageAlt: picture.alt ?? '',
  };
}

/** Addresses that begin with `/` are those of this server. */
export const absolute = (url: string, base: string): string => (url.startsWith('/') ? `${base}${url}` : url);
