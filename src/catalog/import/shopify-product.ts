import { faultsOfChoices } from '../product/variant-options.js';
import { cleanText, cut, type FieldReader } from './field-reader.js';
import {
  type IncomingProduct,
  type IncomingRow,
  type IncomingVariant,
  type Keeps,
  LIMITS,
  toHandle,
} from './incoming-product.js';
import { priceOf } from './price-text.js';
import { refuseRepeats } from './product-record.js';
import { safeHtml } from './safe-html.js';
import { SHOPIFY_COLUMNS, type ShopifyColumn, type ShopifyHeader } from './shopify-columns.js';

/** Fields that a file cannot say when it lacks the column, or at all. */
const PRODUCT_FIELDS: [ShopifyColumn, keyof IncomingProduct][] = [
  ['body', 'description'],
  ['vendor', 'brand'],
  ['type', 'categories'],
  ['seoTitle', 'seo'],
];
const VARIANT_FIELDS: [ShopifyColumn, keyof IncomingVariant][] = [
  ['barcode', 'barcode'],
  ['grams', 'weightGrams'],
  ['policy', 'backorderLimit'],
];

/** The rows of one product, as they come in. */
export class ShopifyProduct {
  private first: string[] = [];
  private readonly kept = new Map<string, Record<string, string>>();
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
    private readonly header: ShopifyHeader,
  ) {}

  /** A row adds a variant, an image, or both; the first one also names the product and its options. */
  add(row: string[], line: number): void {
    if (this.rows++ === 0) {
      this.first = row;
      this.firstLine = line;
      this.optionNames = [1, 2, 3]
        .map((n) => cut(this.cell(row, `option${n as 1 | 2 | 3}Name`), LIMITS.name))
        .filter((name) => name !== '');
    }
    const isVariant = (['option1Value', 'sku', 'price'] as const).some((name) => this.cell(row, name) !== '');
    if (isVariant) this.addVariant(row, line);
    for (const column of ['image', 'variantImage'] as const) {
      const url = this.cell(row, column);
      if (url === '' || this.images.length === LIMITS.media) continue;
      if (this.images.some((image) => image.url === url)) continue;
      if (!/^https?:\/\//.test(url) || url.length > 2048) {
        this.fault(line, column, 'is_url', `${cut(url, 100)} is no web address`);
        continue;
      }
      const position = Number(this.cell(row, 'imagePosition')) || this.images.length + 1;
      const alt = cut(this.cell(row, 'imageAlt'), 300) || null;
      this.images.push({ url, alt: column === 'image' ? alt : null, position });
    }
  }

  finish(ordinal: number): IncomingRow {
    const { reader, handle, first } = this;
    const title = this.cell(first, 'title');
    if (title === '')
      this.fault(this.firstLine, 'title', 'required', 'the first row of a product needs a Title');
    if (title.length > LIMITS.title)
      this.fault(this.firstLine, 'title', 'is_length', `must have at most ${LIMITS.title} characters`);
    if (this.variants.length === 0)
      this.fault(this.firstLine, 'price', 'required', 'the product has no variant');
    refuseRepeats(reader, this.variants);
    const options = this.options();
    // The options are made of the rows, so that all fit; but two rows may choose the same.
    const choosing = this.variants.map((variant, at) => ({ at: String(at), choices: variant.options }));
    for (const { pointer, code } of faultsOfChoices(options, choosing))
      this.fault(
        this.variantLines[parseInt(pointer, 10)] ?? this.firstLine,
        'option1Value',
        code,
        'the options are those of another row of the product',
      );
    const ofProduct = keptOf(first, this.header.keptOfProducts);
    const type = this.cell(first, 'type') || ofProduct['Product Category']?.split('>').at(-1)?.trim() || '';
    const tags = this.cell(first, 'tags');
    const live = this.cell(first, 'published').toLowerCase() !== 'false';
    const active = ['', 'active'].includes(this.cell(first, 'status').toLowerCase());
    const product: IncomingProduct = {
      externalId: handle,
      handle,
      title,
      description: safeHtml(cut(this.cell(first, 'body'), LIMITS.text)) || null,
      brand: cut(this.cell(first, 'vendor'), LIMITS.brand) || null,
      status: live && active ? 'published' : 'draft',
      categories: toHandle(type) === '' ? [] : [{ handle: toHandle(type), title: cut(type, 200) }],
      attributes: tags === '' ? {} : { tags: cut(tags, 2_000) },
      options,
      media: this.images.sort((a, b) => a.position - b.position).map(({ url, alt }) => ({ url, alt })),
      seo: {
        title: cut(this.cell(first, 'seoTitle'), LIMITS.seoTitle) || null,
        description: cut(this.cell(first, 'seoDescription'), LIMITS.seoDescription) || null,
      },
      variants: this.variants,
      ...this.leftovers(ofProduct),
      keeps: this.keeps(ofProduct),
    };
    const { faults } = reader;
    const good = faults.length === 0;
    return { ordinal, line: this.firstLine, externalId: handle, product: good ? product : null, faults };
  }

  private addVariant(row: string[], line: number): void {
    if (this.variants.length === LIMITS.variants) {
      // Told once: a file of one handle must not fill the memory, neither with variants nor with faults.
      if (!this.reader.faults.some(({ code }) => code === 'array_max_size'))
        this.fault(line, 'price', 'array_max_size', `a product has at most ${LIMITS.variants} variants`);
      return;
    }
    const values = this.optionNames.map((_, index) => cut(this.cell(row, valueColumn(index)), LIMITS.choice));
    if (values.includes('')) {
      const missing = this.optionNames[values.indexOf('')] ?? '';
      this.fault(line, valueColumn(values.indexOf('')), 'required', `the variant has no ${missing}`);
    }
    const amount = this.money(row, line, 'price');
    const compareAt = this.cell(row, 'compareAt') === '' ? null : this.money(row, line, 'compareAt');
    const named = this.hasRealOptions();
    this.variantLines.push(line);
    // Stable from one import to the next as long as the rows keep their order.
    const sku =
      cut(this.cell(row, 'sku'), LIMITS.sku) || `${this.handle.slice(0, 90)}-${this.variants.length + 1}`;
    const kept = keptOf(row, this.header.keptOfVariants);
    if (Object.keys(kept).length > 0) this.kept.set(sku, kept);
    this.variants.push({
      sku,
      title: named ? values.join(' / ') : null,
      options: named
        ? Object.fromEntries(this.optionNames.map((name, index) => [name, values[index] ?? '']))
        : {},
      barcode: cut(this.cell(row, 'barcode'), 60) || null,
      weightGrams: Math.round(this.quantity(row, line, 'grams', 0)),
      // Shopify has no limit when it goes on selling; a number that no warehouse reaches is as good.
      backorderLimit: ['continue', 'true'].includes(this.cell(row, 'policy').toLowerCase()) ? 1_000_000 : 0,
      prices: [
        {
          amount,
          currency: this.currency,
          compareAt: compareAt !== null && compareAt > amount ? compareAt : null,
        },
      ],
      // Exports of shops with several locations have no quantities.
      stock: this.header.at.has('quantity')
        ? [{ location: 'main', onHand: Math.floor(this.quantity(row, line, 'quantity', 0)) }]
        : [],
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

  private money(row: string[], line: number, column: ShopifyColumn): number {
    const text = this.cell(row, column);
    const amount = priceOf(text, this.currency);
    if (amount !== null) return amount;
    const message =
      text === '' ? 'the variant has no price' : `${cut(text, 40)} is no price in ${this.currency}`;
    this.fault(line, column, text === '' ? 'required' : 'is_price', message);
    return 0;
  }

  /** Shops do sell below zero; here stock that is not there is none. */
  private quantity(row: string[], line: number, column: ShopifyColumn, fallback: number): number {
    const text = this.cell(row, column);
    const value = text === '' ? fallback : Number(text);
    if (Number.isFinite(value) && value <= 1_000_000_000) return Math.max(0, value);
    this.fault(line, column, 'is_number', `${cut(text, 40)} is no number`);
    return fallback;
  }

  /** What this shop has no field for, to be written again. */
  private leftovers(columns: Record<string, string>): Pick<IncomingProduct, 'metadata'> {
    const shopify = {
      ...(Object.keys(columns).length > 0 && { columns }),
      ...(this.kept.size > 0 && { variants: Object.fromEntries(this.kept) }),
    };
    return Object.keys(shopify).length > 0 ? { metadata: { shopify } } : {};
  }

  private keeps(columns: Record<string, string>): Keeps {
    const isMissing = ([column]: [ShopifyColumn, unknown]) => !this.header.at.has(column);
    const hasType = this.header.at.has('type') || columns['Product Category'] !== undefined;
    return {
      product: PRODUCT_FIELDS.filter(isMissing)
        .map(([, field]) => field)
        .filter((field) => field !== 'categories' || !hasType),
      variant: ['mediaId', 'retired', ...VARIANT_FIELDS.filter(isMissing).map(([, field]) => field)],
      more: true,
    };
  }

  private cell(row: string[], column: ShopifyColumn): string {
    return cleanText(row[this.header.at.get(column) ?? -1] ?? '').trim();
  }

  private fault(line: number, column: ShopifyColumn, code: string, message: string): void {
    this.reader.faults.push({ line, code, pointer: `/${SHOPIFY_COLUMNS[column][0]}`, message });
  }
}

const valueColumn = (index: number) => `option${(index + 1) as 1 | 2 | 3}Value` as const;

function keptOf(row: string[], columns: ShopifyHeader['keptOfProducts']): Record<string, string> {
  return Object.fromEntries(
    columns.flatMap(({ name, at }) => {
      const text = cleanText(row[at] ?? '').trim();
      return text === '' ? [] : [[cut(name, 100), cut(text, 5_000)] as const];
    }),
  );
}
