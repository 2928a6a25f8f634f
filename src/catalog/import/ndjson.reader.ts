import { isUtf8 } from 'node:buffer';
import { MAX_PRICE } from '../../platform/money/money.js';
import { MEDIA_URL } from '../product/product-media.dto.js';
import { faultsOfChoices, type Option, optionsOf } from '../product/variant-options.js';
import { cut, FieldReader } from './field-reader.js';
import {
  type IncomingProduct,
  type IncomingRow,
  type IncomingVariant,
  LIMITS,
  toHandle,
} from './incoming-product.js';

/** A line that is longer is refused instead of filling the memory. */
const MAX_LINE = 1024 * 1024;
const AMOUNT = { min: 0, max: MAX_PRICE };
const COUNT = { min: 0, max: 1_000_000_000 };

const PRODUCT = [
  ...['externalId', 'handle', 'title', 'description', 'brand', 'status', 'categories', 'attributes'],
  ...['options', 'media', 'taxClass', 'productType', 'metadata', 'variants'],
];
const VARIANT = ['sku', 'title', 'options', 'barcode', 'weightGrams', 'backorderLimit', 'prices', 'stock'];

/** Our own format: one product per line, all that `POST /v1/admin/products` takes. */
export async function* readNdjson(bytes: AsyncIterable<Buffer>): AsyncGenerator<IncomingRow> {
  let ordinal = 0;
  for await (const line of lines(bytes)) {
    if (line.text === '' && line.fault === null) continue;
    ordinal++;
    yield readLine(ordinal, line);
  }
}

function readLine(ordinal: number, { line, text, fault }: Line): IncomingRow {
  const reader = new FieldReader(line);
  let externalId: string | null = null;
  let product: IncomingProduct | null = null;
  if (fault !== null) {
    reader.fault('', ...fault);
  } else {
    try {
      product = readProduct(reader, JSON.parse(text));
      externalId = product.externalId || null;
    } catch {
      reader.fault('', 'not_json', 'is not JSON');
    }
  }
  return {
    ordinal,
    line,
    externalId,
    product: reader.faults.length === 0 ? product : null,
    faults: reader.faults,
  };
}

function readProduct(reader: FieldReader, value: unknown): IncomingProduct {
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
  return {
    externalId: reader.optionalText(from, 'externalId', '', 200) ?? handle,
    handle,
    title,
    description: reader.optionalText(from, 'description', '', LIMITS.text),
    brand: reader.optionalText(from, 'brand', '', LIMITS.brand),
    status: status === 'published' ? 'published' : 'draft',
    categories: reader.list(from, 'categories', '', 50, (item, at) => readCategory(reader, item, at)),
    attributes: reader.document(from, 'attributes', ''),
    options: optionsThatFit(reader, isGiven(from.options) ? options : null, variants),
    media: reader.list(from, 'media', '', LIMITS.media, (item, at) => {
      const medium = reader.object(item, at, ['url', 'alt']);
      return {
        url: webAddress(reader, reader.text(medium, 'url', at, 2048), `${at}/url`),
        alt: reader.optionalText(medium, 'alt', at, 300),
      };
    }),
    ...(taxClass !== null && { taxClass }),
    ...(productType !== null && { productType }),
    ...(isGiven(from.metadata) && { metadata: reader.document(from, 'metadata', '') }),
    variants,
  };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** The options that the line names, or those that its variants make; tells what does not fit them. */
function optionsThatFit(reader: FieldReader, given: Option[] | null, variants: IncomingVariant[]): Option[] {
  const options = given ?? optionsOf(variants.map((variant) => variant.options));
  const choosing = variants.map((variant, index) => ({ at: `/variants/${index}`, choices: variant.options }));
  for (const { pointer, code, message } of faultsOfChoices(options, choosing))
    reader.fault(pointer, code, message);
  return options;
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
    backorderLimit: reader.optionalInteger(from, 'backorderLimit', at, { min: 0, max: 1_000_000 }) ?? 0,
    prices: reader.list(from, 'prices', at, 200, (price, pricePointer) => {
      const money = reader.object(price, pricePointer, ['amount', 'currency', 'compareAt']);
      return {
        amount: reader.integer(money, 'amount', pricePointer, AMOUNT),
        currency: reader.currency(money, 'currency', pricePointer),
        compareAt: reader.optionalInteger(money, 'compareAt', pricePointer, AMOUNT),
      };
    }),
    stock: reader.list(from, 'stock', at, 100, (level, levelPointer) => {
      const stock = reader.object(level, levelPointer, ['location', 'onHand']);
      return {
        location: reader.text(stock, 'location', levelPointer, 60),
        onHand: reader.integer(stock, 'onHand', levelPointer, COUNT),
      };
    }),
  };
}

function webAddress(reader: FieldReader, url: string, pointer: string): string {
  if (url !== '' && !MEDIA_URL.test(url))
    reader.fault(pointer, 'is_url', 'must start with http://, https:// or /');
  return url;
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

interface Line {
  line: number;
  /** Without space around it; empty when it cannot be read. */
  text: string;
  /** Why it cannot be read. */
  fault: [code: string, message: string] | null;
}

/** Lines with their numbers. Memory holds one line and one chunk. */
async function* lines(bytes: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let line = 1;
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const tooLong = size + end - start > MAX_LINE;
      yield lineOf(line, tooLong ? null : Buffer.concat([...rest, chunk.subarray(start, end)]));
      line++;
      rest = [];
      size = 0;
      start = end + 1;
    }
    const tail = chunk.subarray(start);
    size += tail.length;
    if (size <= MAX_LINE) rest.push(tail);
    else rest = [];
  }
  if (size > 0) yield lineOf(line, size > MAX_LINE ? null : Buffer.concat(rest));
}

/** Null is for one that is too long. */
function lineOf(line: number, bytes: Buffer | null): Line {
  if (bytes === null) return { line, text: '', fault: ['too_long', `is longer than ${MAX_LINE} bytes`] };
  // Guessing would put wrong letters into the shop.
  if (!isUtf8(bytes)) return { line, text: '', fault: ['not_utf8', 'is not UTF-8'] };
  // A byte order mark, which some programs begin a file with, is space to `trim`.
  return { line, text: bytes.toString('utf8').trim(), fault: null };
}
