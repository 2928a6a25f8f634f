import { exponentOf } from '../../platform/money/currencies.js';
import { MAX_PRICE } from '../../platform/money/money.js';
import { faultsOfChoices } from '../product/variant-options.js';
import { cleanText, cut, type FieldReader } from './field-reader.js';
import {
  type IncomingProduct,
  type IncomingRow,
  type IncomingVariant,
  LIMITS,
  toHandle,
} from './incoming-product.js';
import { refuseRepeats } from './ndjson.reader.js';
import { safeHtml } from './safe-html.js';
import type { CsvRow } from './shopify-csv.reader.js';

const cell = (row: CsvRow, column: string): string => cleanText(row[column] ?? '').trim();

/** The rows of one product, as they come in. */
export class ShopifyProduct {
  private first: CsvRow = {};
  private firstLine = 0;
  private rows = 0;
  private optionNames: string[] = [];
  private readonly variants: IncomingVariant[] = [];
  private readonly variantLines: number[] = [];
  private readonly images: { url: string; alt: string | null; position: number }[] = [];

  constructor(
    readonly handle: string,
    private readonly reader: FieldReader,
    private readonly currency: string,
  ) {}

  /** A row adds a variant, an image, or both; the first one also names the product and its options. */
  add(row: CsvRow, line: number): void {
    if (this.rows++ === 0) {
      this.first = row;
      this.firstLine = line;
      this.optionNames = [1, 2, 3]
        .map((n) => cut(cell(row, `Option${n} Name`), LIMITS.name))
        .filter((name) => name !== '');
    }
    const isVariant = ['Option1 Value', 'Variant SKU', 'Variant Price'].some(
      (name) => cell(row, name) !== '',
    );
    if (isVariant) this.addVariant(row, line);
    for (const column of ['Image Src', 'Variant Image']) {
      const url = cell(row, column);
      if (url === '' || this.images.length === LIMITS.media) continue;
      if (this.images.some((image) => image.url === url)) continue;
      if (!/^https?:\/\//.test(url) || url.length > 2048) {
        this.fault(line, column, 'is_url', `${cut(url, 100)} is no web address`);
        continue;
      }
      const position = Number(cell(row, 'Image Position')) || this.images.length + 1;
      const alt = cut(cell(row, 'Image Alt Text'), 300) || null;
      this.images.push({ url, alt: column === 'Image Src' ? alt : null, position });
    }
  }

  finish(ordinal: number): IncomingRow {
    const { reader, handle, first } = this;
    const title = cell(first, 'Title');
    if (title === '')
      this.fault(this.firstLine, 'Title', 'required', 'the first row of a product needs a Title');
    if (title.length > LIMITS.title)
      this.fault(this.firstLine, 'Title', 'is_length', `must have at most ${LIMITS.title} characters`);
    if (this.variants.length === 0)
      this.fault(this.firstLine, 'Variant Price', 'required', 'the product has no variant');
    refuseRepeats(reader, this.variants);
    const options = this.options();
    // The options are made of the rows, so that all fit; but two rows may choose the same.
    const choosing = this.variants.map((variant, at) => ({ at: String(at), choices: variant.options }));
    for (const { pointer, code } of faultsOfChoices(options, choosing))
      this.fault(
        this.variantLines[parseInt(pointer, 10)] ?? this.firstLine,
        'Option1 Value',
        code,
        'the options are those of another row of the product',
      );
    const type = cell(first, 'Type') || cell(first, 'Product Category').split('>').at(-1)?.trim() || '';
    const tags = cell(first, 'Tags');
    const live = cell(first, 'Published').toLowerCase() !== 'false';
    const active = ['', 'active'].includes(cell(first, 'Status').toLowerCase());
    const product: IncomingProduct = {
      externalId: handle,
      handle,
      title,
      description: safeHtml(cut(cell(first, 'Body (HTML)'), LIMITS.text)) || null,
      brand: cut(cell(first, 'Vendor'), LIMITS.brand) || null,
      status: live && active ? 'published' : 'draft',
      categories: toHandle(type) === '' ? [] : [{ handle: toHandle(type), title: cut(type, 200) }],
      attributes: tags === '' ? {} : { tags: cut(tags, 2_000) },
      options,
      media: this.images.sort((a, b) => a.position - b.position).map(({ url, alt }) => ({ url, alt })),
      variants: this.variants,
    };
    const { faults } = reader;
    const good = faults.length === 0;
    return { ordinal, line: this.firstLine, externalId: handle, product: good ? product : null, faults };
  }

  private addVariant(row: CsvRow, line: number): void {
    if (this.variants.length === LIMITS.variants) {
      // Told once: a file of one handle must not fill the memory, neither with variants nor with faults.
      if (!this.reader.faults.some(({ code }) => code === 'array_max_size'))
        this.fault(
          line,
          'Variant Price',
          'array_max_size',
          `a product has at most ${LIMITS.variants} variants`,
        );
      return;
    }
    const values = this.optionNames.map((_, index) =>
      cut(cell(row, `Option${index + 1} Value`), LIMITS.choice),
    );
    if (values.includes('')) {
      const missing = this.optionNames[values.indexOf('')] ?? '';
      this.fault(line, `Option${values.indexOf('') + 1} Value`, 'required', `the variant has no ${missing}`);
    }
    const amount = this.money(row, line, 'Variant Price');
    const compareAt =
      cell(row, 'Variant Compare At Price') === '' ? null : this.money(row, line, 'Variant Compare At Price');
    const named = this.hasRealOptions();
    this.variantLines.push(line);
    this.variants.push({
      // Stable from one import to the next as long as the rows keep their order.
      sku:
        cut(cell(row, 'Variant SKU'), LIMITS.sku) ||
        `${this.handle.slice(0, 90)}-${this.variants.length + 1}`,
      title: named ? values.join(' / ') : null,
      options: named
        ? Object.fromEntries(this.optionNames.map((name, index) => [name, values[index] ?? '']))
        : {},
      barcode: cut(cell(row, 'Variant Barcode'), 60) || null,
      weightGrams: Math.round(this.quantity(row, line, 'Variant Grams', 0)),
      // Shopify has no limit when it goes on selling; a number that no warehouse reaches is as good.
      backorderLimit: cell(row, 'Variant Inventory Policy').toLowerCase() === 'continue' ? 1_000_000 : 0,
      prices: [
        {
          amount,
          currency: this.currency,
          compareAt: compareAt !== null && compareAt > amount ? compareAt : null,
        },
      ],
      stock: [{ location: 'main', onHand: Math.floor(this.quantity(row, line, 'Variant Inventory Qty', 0)) }],
    });
  }

  /** Shopify gives a product without options the one option "Title" with the one value "Default Title". */
  private hasRealOptions(): boolean {
    return this.optionNames.length > 0 && !(this.optionNames.length === 1 && this.optionNames[0] === 'Title');
  }

  private options(): { name: string; values: string[] }[] {
    if (!this.hasRealOptions()) return [];
    return this.optionNames.map((name) => ({
      name,
      values: [...new Set(this.variants.map(({ options }) => options[name] ?? ''))],
    }));
  }

  /** `69.99` to 6999, by its digits: a float would lose cents. */
  private money(row: CsvRow, line: number, column: string): number {
    const text = cell(row, column);
    const [, whole, fraction = ''] = /^(\d{1,12})(?:\.(\d*))?$/.exec(text) ?? [];
    const exponent = exponentOf(this.currency);
    const amount = Number(`${whole ?? ''}${fraction.slice(0, exponent).padEnd(exponent, '0')}`);
    if (whole === undefined || /[1-9]/.test(fraction.slice(exponent)) || amount > MAX_PRICE) {
      const message =
        text === '' ? 'the variant has no price' : `${cut(text, 40)} is no price in ${this.currency}`;
      this.fault(line, column, text === '' ? 'required' : 'is_price', message);
      return 0;
    }
    return amount;
  }

  /** Shops do sell below zero; here stock that is not there is none. */
  private quantity(row: CsvRow, line: number, column: string, fallback: number): number {
    const text = cell(row, column);
    const value = text === '' ? fallback : Number(text);
    if (Number.isFinite(value) && value <= 1_000_000_000) return Math.max(0, value);
    this.fault(line, column, 'is_number', `${cut(text, 40)} is no number`);
    return fallback;
  }

  private fault(line: number, column: string, code: string, message: string): void {
    this.reader.faults.push({ line, code, pointer: `/${column}`, message });
  }
}
