import { MAX_PRICE } from '../../platform/money/money.js';
import { fullUrlSql } from '../media/media.json.js';
import { seoSql } from '../product/product.json.js';
import { MEDIA_URL } from '../product/product-media.dto.js';
import { type Cost, COST_SQL } from '../product/variant-cost.js';
import { VARIANT_KINDS, type VariantKind } from '../product/variant-kind.js';
import { MAX_MM, SHIPPING_CLASS, type Size } from '../product/variant-size.js';
import { faultsOfChoices, type Option, optionsOf } from '../product/variant-options.js';
import { cut, type FieldReader } from './field-reader.js';
import {
  type IncomingMedia,
  type IncomingProduct,
  type IncomingVariant,
  LIMITS,
  toHandle,
} from './incoming-product.js';

const AMOUNT = { min: 0, max: MAX_PRICE };
const COUNT = { min: 0, max: 1_000_000_000 };

const PRODUCT = [
  ...['id', 'externalId', 'handle', 'title', 'description', 'brand', 'status', 'categories', 'attributes'],
  ...['options', 'media', 'taxClass', 'productType', 'seo', 'metadata', 'related', 'variants'],
];
const VARIANT = [
  ...[
    'sku',
    'title',
    'options',
    'barcode',
    'weightGrams',
    'lengthMm',
    'widthMm',
    'heightMm',
    'shippingClass',
    'cost',
    'backorderLimit',
    'retired',
    'mediaId',
    'metadata',
  ],
  ...['kind', 'stockTracked', 'downloadLimit', 'downloadDays', 'prices', 'stock'],
];
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * SQL of the record of a row `p` of catalog.products: what `readProduct` below takes, so that what leaves comes in again
 * and is the same. A field that is new here is new there, and a column of `csv-columns.ts`. `base` is SQL of what the
 * addresses of uploaded pictures begin with.
 */
export const recordSql = (base: string): string => `json_build_object(
    'id', p.id, 'externalId', p.external_id, 'handle', p.handle, 'title', p.title, 'description', p.description,
    'brand', p.brand, 'status', p.status, 'taxClass', p.tax_class, 'productType', p.product_type, 'seo', ${seoSql(null)},
    'categories', coalesce((
      SELECT json_agg(json_build_object('handle', c.handle, 'title', c.title) ORDER BY pc.position, c.handle)
      FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id WHERE pc.product_id = p.id), '[]'),
    'attributes', p.attributes, 'options', p.options,
    'media', coalesce((
      SELECT json_agg(json_strip_nulls(json_build_object('mediaId', m.id, 'url', coalesce(e.entry->>'url', ${fullUrlSql(base)}),
        'alt', e.entry->>'alt')) ORDER BY e.n)
      FROM json_array_elements(p.media) WITH ORDINALITY e (entry, n)
        LEFT JOIN catalog.media m ON m.id = (e.entry->>'mediaId')::uuid), '[]'),
    'metadata', p.metadata,
    'related', coalesce((
      SELECT json_agg(o.handle ORDER BY r.position)
      FROM catalog.related_products r JOIN catalog.products o ON o.id = r.related_id
      WHERE r.product_id = p.id AND o.status <> 'archived'), '[]'),
    'variants', coalesce((
      SELECT json_agg(json_build_object('sku', v.sku, 'title', v.title, 'options', v.options, 'barcode', v.barcode,
        'weightGrams', v.weight_grams, 'lengthMm', v.length_mm, 'widthMm', v.width_mm, 'heightMm', v.height_mm,
        'shippingClass', v.shipping_class, 'cost', ${COST_SQL}, 'retired', v.retired, 'mediaId', v.media_id, 'metadata', v.metadata,
        'kind', v.kind, 'stockTracked', CASE v.stock_source WHEN 'own' THEN true WHEN 'none' THEN false END,
        'downloadLimit', v.download_limit, 'downloadDays', v.download_days,
        'backorderLimit', (SELECT coalesce(sum(s.backorder_limit), 0)::int FROM catalog.stock s WHERE s.variant_id = v.id),
        'prices', coalesce((
          SELECT json_agg(json_build_object('amount', e.value->'amount', 'currency', e.key, 'compareAt', e.value->'compareAt')
            ORDER BY e.key) FROM jsonb_each(v.prices) e), '[]'),
        'stock', coalesce((
          SELECT json_agg(json_build_object('location', l.code, 'onHand', s.on_hand) ORDER BY l.priority, l.code)
          FROM catalog.stock s JOIN catalog.locations l ON l.id = s.location_id WHERE s.variant_id = v.id), '[]'))
        ORDER BY v.position, v.id)
      FROM catalog.variants v WHERE v.product_id = p.id), '[]'))`;

/** What `recordSql` makes. */
export interface ProductRecord {
  id: string;
  externalId: string | null;
  handle: string;
  title: string;
  description: string;
  brand: string | null;
  status: string;
  taxClass: string;
  productType: string | null;
  seo: { title: string | null; description: string | null };
  categories: { handle: string; title: string }[];
  attributes: Record<string, unknown>;
  options: Option[];
  media: { mediaId?: string; url?: string; alt?: string }[];
  metadata: Record<string, unknown>;
  related: string[];
  variants: VariantRecord[];
}

export interface VariantRecord extends Size, Cost {
  sku: string;
  title: string;
  options: Record<string, string>;
  barcode: string | null;
  weightGrams: number;
  backorderLimit: number;
  retired: boolean;
  mediaId: string | null;
  metadata: Record<string, unknown>;
  kind: VariantKind;
  /** Null of a bundle. */
  stockTracked: boolean | null;
  downloadLimit: number | null;
  downloadDays: number | null;
  prices: { amount: number; currency: string; compareAt: number | null }[];
  stock: { location: string; onHand: number }[];
}

/** Takes a record as it stands in a file, or as `recordSql` made it; tells `reader` what is wrong with it. */
export function readProduct(reader: FieldReader, value: unknown): IncomingProduct {
  const from = reader.object(value, '', PRODUCT);
  const title = reader.text(from, 'title', '', LIMITS.title);
  const handle = toHandle(reader.optionalText(from, 'handle', '', 200) ?? title);
  if (handle === '' && title !== '') reader.fault('/handle', 'required', 'must have letters or digits');
  const status = from.status ?? 'draft';
  if (status !== 'draft' && status !== 'published')
    reader.fault('/status', 'is_in', 'must be draft or published');
  const options = reader.list(from, 'options', '', 3, (item, at) => {
    const option = reader.object(item, at, ['name', 'values']);
    return {
      name: reader.text(option, 'name', at, LIMITS.name),
      values: reader.list(option, 'values', at, LIMITS.variants, (one, valueAt) => {
        if (typeof one !== 'string' && typeof one !== 'number')
          reader.fault(valueAt, 'is_string', 'must be a text');
        return cut(String(one), LIMITS.choice);
      }),
    };
  });
  const variants = reader.list(from, 'variants', '', LIMITS.variants, (item, at) =>
    readVariant(reader, item, at),
  );
  if (variants.length === 0) reader.fault('/variants', 'array_min_size', 'must have at least one variant');
  refuseRepeats(reader, variants);
  const taxClass = reader.optionalText(from, 'taxClass', '', 60);
  const productType = reader.optionalText(from, 'productType', '', 60);
  const id = readId(reader, from, 'id', '');
  return {
    ...(id !== null && { id }),
    // A product that is named by its id keeps the external id that it has.
    externalId: reader.optionalText(from, 'externalId', '', 200) ?? (id === null ? handle : null),
    handle,
    title,
    description: reader.optionalText(from, 'description', '', LIMITS.text),
    brand: reader.optionalText(from, 'brand', '', LIMITS.brand),
    status: status === 'published' ? 'published' : 'draft',
    categories: reader.list(from, 'categories', '', 50, (item, at) => readCategory(reader, item, at)),
    attributes: reader.document(from, 'attributes', ''),
    options: optionsThatFit(reader, isGiven(from.options) ? options : null, variants),
    media: reader.list(from, 'media', '', LIMITS.media, (item, at) => readMedium(reader, item, at)),
    ...(taxClass !== null && { taxClass }),
    ...(productType !== null && { productType }),
    ...(isGiven(from.seo) && { seo: readSeo(reader, from.seo) }),
    ...(isGiven(from.metadata) && { metadata: reader.document(from, 'metadata', '') }),
    ...(isGiven(from.related) && { related: readRelated(reader, from) }),
    variants,
  };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** The options that the line names, or those that its variants make; tells what does not fit them. */
function optionsThatFit(reader: FieldReader, given: Option[] | null, variants: IncomingVariant[]): Option[] {
  const options = given ?? optionsOf(variants.map((variant) => variant.options));
  // What is no longer sold may have chosen what another has now.
  const choosing = variants
    .map((variant, index) => ({ at: `/variants/${index}`, choices: variant.options, variant }))
    .filter(({ variant }) => variant.retired !== true);
  for (const { pointer, code, message } of faultsOfChoices(options, choosing))
    reader.fault(pointer, code, message);
  return options;
}

function readRelated(reader: FieldReader, from: Record<string, unknown>): string[] {
  const handles = reader.list(from, 'related', '', LIMITS.related, (item, at) => {
    if (typeof item !== 'string') reader.fault(at, 'is_string', 'must be a handle');
    return cut(String(item), LIMITS.handle).toLowerCase();
  });
  return [...new Set(handles)];
}

/** How a variant is handed over, as far as it is told. */
function readKind(reader: FieldReader, from: Record<string, unknown>, at: string): Partial<IncomingVariant> {
  const kind = from.kind ?? undefined;
  if (kind !== undefined && !isKind(kind))
    reader.fault(`${at}/kind`, 'is_in', `must be one of ${VARIANT_KINDS.join(', ')}`);
  const limits = { downloadLimit: 10_000, downloadDays: 36_500 };
  const given = Object.entries(limits).flatMap(([key, max]) =>
    from[key] === undefined ? [] : [[key, reader.optionalInteger(from, key, at, { min: 1, max })] as const],
  );
  return {
    ...(isKind(kind) && { kind }),
    ...(isGiven(from.stockTracked) && { stockTracked: reader.boolean(from, 'stockTracked', at, true) }),
    ...Object.fromEntries(given),
  };
}

const isKind = (value: unknown): value is VariantKind => VARIANT_KINDS.some((kind) => kind === value);

function readSeo(reader: FieldReader, value: unknown): NonNullable<IncomingProduct['seo']> {
  const from = reader.object(value, '/seo', ['title', 'description']);
  return {
    title: reader.optionalText(from, 'title', '/seo', LIMITS.seoTitle),
    description: reader.optionalText(from, 'description', '/seo', LIMITS.seoDescription),
  };
}

/** An upload of this shop by its id, any other picture by its address; with both, whichever is known. */
function readMedium(reader: FieldReader, item: unknown, at: string): IncomingMedia {
  const from = reader.object(item, at, ['mediaId', 'url', 'alt']);
  const mediaId = readId(reader, from, 'mediaId', at);
  const alt = reader.optionalText(from, 'alt', at, 300);
  const url =
    mediaId === null
      ? reader.text(from, 'url', at, 2048)
      : (reader.optionalText(from, 'url', at, 2048) ?? undefined);
  if (url) webAddress(reader, url, `${at}/url`);
  return { ...(mediaId !== null && { mediaId }), ...(url !== undefined && { url }), alt };
}

function readId(reader: FieldReader, from: Record<string, unknown>, key: string, at: string): string | null {
  const id = reader.optionalText(from, key, at, 100);
  if (id === null || UUID.test(id)) return id && id.toLowerCase();
  reader.fault(`${at}/${key}`, 'not_uuid', 'must be a UUID');
  return null;
}

/** `"shoes"` or `{"handle": "shoes", "title": "Shoes"}`. */
function readCategory(reader: FieldReader, item: unknown, at: string): { handle: string; title: string } {
  const from = typeof item === 'string' ? { handle: item } : reader.object(item, at, ['handle', 'title']);
  const given = reader.text(from, 'handle', at, 200);
  const handle = toHandle(given);
  if (handle === '' && given !== '') reader.fault(`${at}/handle`, 'required', 'must have letters or digits');
  return { handle, title: reader.optionalText(from, 'title', at, 200) ?? given };
}

function readVariant(reader: FieldReader, item: unknown, at: string): IncomingVariant {
  const from = reader.object(item, at, VARIANT);
  return {
    sku: reader.text(from, 'sku', at, LIMITS.sku),
    title: reader.optionalText(from, 'title', at, LIMITS.title),
    options: reader.dictionary(from, 'options', at, { keys: 3, key: LIMITS.name, value: LIMITS.choice }),
    barcode: reader.optionalText(from, 'barcode', at, 60),
    weightGrams: reader.optionalInteger(from, 'weightGrams', at, COUNT) ?? 0,
    ...readSize(reader, from, at),
    ...(from.cost !== undefined && { cost: readCost(reader, from.cost, `${at}/cost`) }),
    backorderLimit: reader.optionalInteger(from, 'backorderLimit', at, { min: 0, max: 1_000_000 }) ?? 0,
    ...(isGiven(from.retired) && { retired: reader.boolean(from, 'retired', at, false) }),
    ...(isGiven(from.metadata) && { metadata: reader.document(from, 'metadata', at) }),
    ...(from.mediaId !== undefined && { mediaId: readId(reader, from, 'mediaId', at) }),
    ...readKind(reader, from, at),
    prices: reader.list(from, 'prices', at, 200, (price, pricePointer) => {
      const money = reader.object(price, pricePointer, ['amount', 'currency', 'compareAt']);
      return {
        amount: reader.integer(money, 'amount', pricePointer, AMOUNT),
        currency: reader.currency(money, 'currency', pricePointer),
        compareAt: reader.optionalInteger(money, 'compareAt', pricePointer, AMOUNT),
      };
    }),
    stock: reader.list(from, 'stock', at, 1_000, (level, levelPointer) => {
      const stock = reader.object(level, levelPointer, ['location', 'onHand']);
      return {
        location: reader.text(stock, 'location', levelPointer, 60),
        onHand: reader.integer(stock, 'onHand', levelPointer, COUNT),
      };
    }),
  };
}

function readCost(reader: FieldReader, value: unknown, at: string): Cost['cost'] {
  if (value === null) return null;
  const money = reader.object(value, at, ['amount', 'currency']);
  return {
    amount: reader.integer(money, 'amount', at, AMOUNT),
    currency: reader.currency(money, 'currency', at),
  };
}

function readSize(reader: FieldReader, from: Record<string, unknown>, at: string): Partial<Size> {
  const side = (key: 'lengthMm' | 'widthMm' | 'heightMm') =>
    isGiven(from[key]) && { [key]: reader.integer(from, key, at, { min: 0, max: MAX_MM }) };
  const shippingClass = reader.optionalText(from, 'shippingClass', at, 50);
  if (shippingClass !== null && !SHIPPING_CLASS.test(shippingClass))
    reader.fault(`${at}/shippingClass`, 'malformed', 'must be small letters, digits, _ and -');
  return {
    ...side('lengthMm'),
    ...side('widthMm'),
    ...side('heightMm'),
    ...(from.shippingClass !== undefined && { shippingClass }),
  };
}

function webAddress(reader: FieldReader, url: string, pointer: string): void {
  if (!MEDIA_URL.test(url)) reader.fault(pointer, 'is_url', 'must start with http://, https:// or /');
}

/** What would break a unique key inside the product itself. */
export function refuseRepeats(reader: FieldReader, variants: IncomingVariant[]): void {
  const skus = new Set<string>();
  variants.forEach(({ sku, prices, stock }, index) => {
    const at = `/variants/${index}`;
    if (skus.has(sku)) reader.fault(`${at}/sku`, 'repeated', `${sku} stands twice in this product`);
    skus.add(sku);
    if (prices.some(({ amount, compareAt }) => compareAt !== null && compareAt <= amount))
      reader.fault(`${at}/prices`, 'compare_at_too_low', 'compareAt must be higher than amount');
    if (new Set(prices.map(({ currency }) => currency)).size < prices.length)
      reader.fault(`${at}/prices`, 'repeated', 'must have one price per currency');
    if (new Set(stock.map(({ location }) => location)).size < stock.length)
      reader.fault(`${at}/stock`, 'repeated', 'must name each location once');
  });
}
