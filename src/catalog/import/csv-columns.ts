import { isCurrency } from '../../platform/money/currencies.js';
import type { Cost } from '../product/variant-cost.js';
import type { IncomingProduct, IncomingVariant } from './incoming-product.js';
import { priceOf, priceText } from './price-text.js';
import type { ProductRecord, VariantRecord } from './product-record.js';

/** A cell does not hold what its column is for. */
export class CellFault extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** How a field stands in a cell: one line for reading and writing, so that they cannot differ. */
interface Column<Field, From> {
  name: string;
  field: Field;
  /** Of a field that has several columns. */
  part?: string;
  read(text: string): unknown;
  write(from: From): string;
}

const same = (text: string): string => text;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CellFault('not_json', 'is not JSON');
  }
}

/** A number of pieces, grams or the like. */
export function whole(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new CellFault('is_int', 'must be a whole number');
}

function truth(text: string): boolean {
  const word = text.toLowerCase();
  if (['true', 'yes', '1'].includes(word)) return true;
  if (['false', 'no', '0'].includes(word)) return false;
  throw new CellFault('is_boolean', 'must be true or false');
}

/** A limit; `none` for no limit, so that an empty cell can leave it as it is. */
const limit = (text: string): number | null => (text.toLowerCase() === 'none' ? null : whole(text));
const orNone = (value: number | null): string => String(value ?? 'none');

function readCost(text: string): Cost['cost'] {
  if (text.toLowerCase() === 'none') return null;
  const [, amount = '', code = ''] = /^(\S+) ([A-Za-z]{3})$/.exec(text) ?? [];
  const currency = code.toUpperCase();
  if (!isCurrency(currency))
    throw new CellFault('is_price', 'must be an amount and a currency such as 8.50 EUR');
  return { amount: readPrice(amount, currency), currency };
}

/** Words with `|` between them; a `|` or `\` in a word has a `\` before it. */
export const toList = (words: readonly string[]): string =>
  words.map((word) => word.replace(/[\\|]/g, '\\$&')).join('|');
export const ofList = (text: string): string[] =>
  (text.match(/(?:\\.|[^\\|])+/gsu) ?? []).map((word) => word.replace(/\\(.)/gsu, '$1'));

const orEmpty = (value: object): string => (Object.keys(value).length === 0 ? '' : JSON.stringify(value));

/** Fields of a product, which stand in the first of its rows. */
export const PRODUCT_COLUMNS: Column<keyof IncomingProduct, ProductRecord>[] = [
  { name: 'id', field: 'id', read: same, write: ({ id }) => id },
  { name: 'external_id', field: 'externalId', read: same, write: ({ externalId }) => externalId ?? '' },
  { name: 'handle', field: 'handle', read: same, write: ({ handle }) => handle },
  { name: 'title', field: 'title', read: same, write: ({ title }) => title },
  { name: 'description', field: 'description', read: same, write: ({ description }) => description },
  { name: 'brand', field: 'brand', read: same, write: ({ brand }) => brand ?? '' },
  { name: 'status', field: 'status', read: same, write: ({ status }) => status },
  { name: 'tax_class', field: 'taxClass', read: same, write: ({ taxClass }) => taxClass },
  { name: 'product_type', field: 'productType', read: same, write: ({ productType }) => productType ?? '' },
  { name: 'seo_title', field: 'seo', part: 'title', read: same, write: ({ seo }) => seo.title ?? '' },
  {
    name: 'seo_description',
    field: 'seo',
    part: 'description',
    read: same,
    write: ({ seo }) => seo.description ?? '',
  },
  {
    // `bags=Bags and cases|summer`: handles, and titles where they are other words.
    name: 'categories',
    field: 'categories',
    read: (text) =>
      ofList(text).map((entry) => {
        const at = entry.indexOf('=');
        return at < 0 ? entry : { handle: entry.slice(0, at), title: entry.slice(at + 1) };
      }),
    write: ({ categories }) =>
      toList(categories.map(({ handle, title }) => (handle === title ? handle : `${handle}=${title}`))),
  },
  { name: 'attributes', field: 'attributes', read: json, write: ({ attributes }) => orEmpty(attributes) },
  { name: 'metadata', field: 'metadata', read: json, write: ({ metadata }) => JSON.stringify(metadata) },
  { name: 'related', field: 'related', read: ofList, write: ({ related }) => toList(related) },
  {
    // Addresses with `|` between them, or a list in JSON with the alternative texts.
    name: 'images',
    field: 'media',
    read: (text) => (text.startsWith('[') ? json(text) : ofList(text).map((url) => ({ url }))),
    write: ({ media }) => (media.length === 0 ? '' : JSON.stringify(media)),
  },
];

/** Fields of a variant: there is a row for each. */
export const VARIANT_COLUMNS: Column<keyof IncomingVariant, VariantRecord>[] = [
  { name: 'sku', field: 'sku', read: same, write: ({ sku }) => sku },
  { name: 'variant_title', field: 'title', read: same, write: ({ title }) => title },
  { name: 'barcode', field: 'barcode', read: same, write: ({ barcode }) => barcode ?? '' },
  {
    name: 'weight_grams',
    field: 'weightGrams',
    read: whole,
    write: ({ weightGrams }) => String(weightGrams),
  },
  { name: 'length_mm', field: 'lengthMm', read: whole, write: ({ lengthMm }) => String(lengthMm) },
  { name: 'width_mm', field: 'widthMm', read: whole, write: ({ widthMm }) => String(widthMm) },
  { name: 'height_mm', field: 'heightMm', read: whole, write: ({ heightMm }) => String(heightMm) },
  {
    // `none`, so that an empty cell can leave it as it is.
    name: 'shipping_class',
    field: 'shippingClass',
    read: (text) => (text.toLowerCase() === 'none' ? null : text),
    write: ({ shippingClass }) => shippingClass ?? 'none',
  },
  {
    // `8.50 EUR`, or `none`.
    name: 'cost',
    field: 'cost',
    read: readCost,
    write: ({ cost }) => (cost ? `${priceText(cost.amount, cost.currency)} ${cost.currency}` : 'none'),
  },
  {
    name: 'backorder_limit',
    field: 'backorderLimit',
    read: whole,
    write: ({ backorderLimit }) => String(backorderLimit),
  },
  { name: 'retired', field: 'retired', read: truth, write: ({ retired }) => String(retired) },
  { name: 'variant_metadata', field: 'metadata', read: json, write: ({ metadata }) => orEmpty(metadata) },
  { name: 'kind', field: 'kind', read: same, write: ({ kind }) => kind },
  {
    name: 'tracks_stock',
    field: 'stockTracked',
    read: truth,
    write: ({ stockTracked }) => String(stockTracked ?? ''),
  },
  {
    name: 'download_limit',
    field: 'downloadLimit',
    read: limit,
    write: ({ downloadLimit }) => orNone(downloadLimit),
  },
  {
    name: 'download_days',
    field: 'downloadDays',
    read: limit,
    write: ({ downloadDays }) => orNone(downloadDays),
  },
  { name: 'variant_image', field: 'mediaId', read: same, write: ({ mediaId }) => mediaId ?? '' },
];

/** The three options: their names and values in the first row of a product, what a variant has in its own. */
export const OPTION_COLUMNS = [1, 2, 3].map((n) => ({
  name: `option${n}_name`,
  values: `option${n}_values`,
  value: `option${n}_value`,
}));

/** `price_EUR`, `compare_at_EUR`: major units with a point, one column for each currency. */
export const PRICE_COLUMN = /^(price|compare_at)_([a-z]{3})$/;
/** `stock_main`: pieces on hand, one column for each location. */
export const STOCK_COLUMN = /^stock_([a-z0-9-]{1,60})$/;

export const isPriceColumn = (name: string): boolean =>
  isCurrency(PRICE_COLUMN.exec(name)?.[2]?.toUpperCase() ?? '');

export function readPrice(text: string, currency: string): number {
  const amount = priceOf(text, currency);
  if (amount === null) throw new CellFault('is_price', `is no price in ${currency}`);
  return amount;
}

/** The columns of prices and stock, for these currencies and locations. */
export function liveColumns(currencies: string[], locations: string[]) {
  return [
    ...currencies.flatMap((currency) => [
      {
        name: `price_${currency}`,
        write: ({ prices }: VariantRecord) => {
          const price = prices.find((one) => one.currency === currency);
          return price ? priceText(price.amount, currency) : '';
        },
      },
      {
        name: `compare_at_${currency}`,
        write: ({ prices }: VariantRecord) => {
          const compareAt = prices.find((one) => one.currency === currency)?.compareAt ?? null;
          return compareAt === null ? '' : priceText(compareAt, currency);
        },
      },
    ]),
    ...locations.map((code) => ({
      name: `stock_${code}`,
      write: ({ stock }: VariantRecord) =>
        String(stock.find(({ location }) => location === code)?.onHand ?? ''),
    })),
  ];
}
