import type { Readable } from 'node:stream';
import { lost, readCsv, UnreadableFile } from './csv.reader.js';
import {
  CellFault,
  isPriceColumn,
  ofList,
  OPTION_COLUMNS,
  PRICE_COLUMN,
  PRODUCT_COLUMNS,
  readPrice,
  STOCK_COLUMN,
  VARIANT_COLUMNS,
  whole,
} from './csv-columns.js';
import { cut, FieldReader } from './field-reader.js';
import type { IncomingRow, IncomingVariant, Keeps } from './incoming-product.js';
import { readProduct } from './product-record.js';

type Json = Record<string, unknown>;

/** Whether a header is one of ours: Shopify's have a column for the price, ours one for each currency. */
export function isOurHeader(names: string[]): boolean {
  const lower = new Set(names.map((name) => name.trim().toLowerCase()));
  if (lower.has('price') || lower.has('variant price')) return false;
  return lower.has('sku') && ['id', 'external_id', 'handle'].some((name) => lower.has(name));
}

/** Our own CSV: a row for each variant; rows of one product stand together, and the first describes it. */
export async function* readOurCsv(
  bytes: Readable,
  _currency: string,
  tellIgnored: (columns: string[]) => Promise<void>,
): AsyncGenerator<IncomingRow> {
  let ordinal = 0;
  let header = null as OurHeader | null;
  let current = null as OurProduct | null;
  for await (const row of readCsv(bytes)) {
    if (row.fault !== null) {
      yield lost(++ordinal, row.fault);
      continue;
    }
    if (header === null) {
      header = new OurHeader(row.cells);
      await tellIgnored(header.ignored);
      continue;
    }
    const name = header.nameOf(row.cells);
    if (current?.name !== name || name === '') {
      if (current) yield current.finish(++ordinal);
      current = new OurProduct(name, header, row.line);
    }
    current.add(row.cells, row.line);
  }
  if (header === null) throw new UnreadableFile('The file has no header: it is not a product CSV.');
  if (current) yield current.finish(++ordinal);
}

/** Where which column stands. */
class OurHeader {
  readonly ignored: string[] = [];
  readonly prices: { at: number; kind: string; currency: string; name: string }[] = [];
  readonly stock: { at: number; location: string; name: string }[] = [];
  readonly keeps: Keeps;
  private readonly at = new Map<string, number>();

  constructor(names: string[]) {
    const known = new Set(
      [...PRODUCT_COLUMNS, ...VARIANT_COLUMNS]
        .map(({ name }) => name)
        .concat(OPTION_COLUMNS.flatMap(({ name, values, value }) => [name, values, value])),
    );
    names.forEach((given, at) => {
      const name = given.trim().toLowerCase();
      const [, kind = '', code = ''] = PRICE_COLUMN.exec(name) ?? [];
      const location = STOCK_COLUMN.exec(name)?.[1];
      if (this.at.has(name)) throw new UnreadableFile(`The file has two columns ${name}.`);
      if (isPriceColumn(name))
        this.prices.push({ at, kind, currency: code.toUpperCase(), name: given.trim() });
      else if (location !== undefined) this.stock.push({ at, location, name });
      else if (!known.has(name)) {
        if (name !== '') this.ignored.push(given.trim());
        return;
      }
      this.at.set(name, at);
    });
    if (!this.at.has('title')) throw new UnreadableFile('The file has no column title.');
    const missing = ({ name }: { name: string }) => !this.at.has(name);
    const there = new Set(PRODUCT_COLUMNS.filter((column) => !missing(column)).map(({ field }) => field));
    this.keeps = {
      product: PRODUCT_COLUMNS.filter(missing)
        .map(({ field }) => field)
        .filter((field) => !['id', 'externalId', 'handle', 'title'].includes(field) && !there.has(field)),
      variant: VARIANT_COLUMNS.filter(missing).map(({ field }) => field),
    };
    if (!this.at.has('option1_name') && !this.at.has('option1_value')) {
      this.keeps.product.push('options');
      this.keeps.variant.push('options');
    }
  }

  cell(cells: string[], name: string): string {
    return this.text(cells, name).trim();
  }

  /** With the space around it: what a variant chooses is compared to the letter. */
  text(cells: string[], name: string): string {
    return cells[this.at.get(name) ?? -1] ?? '';
  }

  has(name: string): boolean {
    return this.at.has(name);
  }

  /** What joins the rows of a product. */
  nameOf(cells: string[]): string {
    return (
      ['id', 'external_id', 'handle'].map((name) => this.cell(cells, name)).find((name) => name !== '') ?? ''
    );
  }
}

/** The rows of one product, as they come in. */
class OurProduct {
  private readonly reader: FieldReader;
  private readonly product: Json = {};
  private readonly variants: Json[] = [];
  private readonly lines: number[] = [];
  private optionNames: string[] = [];

  constructor(
    readonly name: string,
    private readonly header: OurHeader,
    private readonly line: number,
  ) {
    this.reader = new FieldReader(line);
  }

  add(cells: string[], line: number): void {
    if (this.lines.length === 0) this.describe(cells, line);
    // More than a product may have are counted, and refused at the end; what they hold is not kept.
    if (this.variants.length > 2_048) return;
    this.lines.push(line);
    const variant: Json = {};
    for (const { name, field, read } of VARIANT_COLUMNS) this.take(cells, line, name, read, variant, field);
    if (this.header.has('variant_image')) variant.mediaId ??= null;
    variant.options = Object.fromEntries(
      OPTION_COLUMNS.flatMap(({ value }, n) => {
        const chosen = this.header.text(cells, value);
        const name = this.optionNames[n] ?? '';
        return name === '' || chosen === '' ? [] : [[name, chosen]];
      }),
    );
    variant.prices = this.pricesOf(cells, line);
    variant.stock = this.header.stock.flatMap(({ location, name }) => {
      const level: Json = { location };
      this.take(cells, line, name, whole, level, 'onHand');
      return level.onHand === undefined ? [] : [level];
    });
    this.variants.push(variant);
  }

  finish(ordinal: number): IncomingRow {
    const { reader, line, lines, header } = this;
    if (this.name === '')
      reader.fault('/handle', 'required', 'every row needs an id, an external_id or a handle');
    // Cells that cannot be read are told by themselves, the others as what they are made of.
    const product = readProduct(reader, { ...this.product, variants: this.variants });
    const faults = reader.faults.map((fault) => ({ ...fault, ...placeOf(fault.pointer, lines, fault.line) }));
    return {
      ordinal,
      line,
      externalId: product.externalId ?? (product.handle || null),
      product: faults.length === 0 ? { ...product, keeps: header.keeps } : null,
      faults,
    };
  }

  private describe(cells: string[], line: number): void {
    for (const { name, field, part, read } of PRODUCT_COLUMNS) {
      const into = part === undefined ? this.product : this.partsOf(field);
      this.take(cells, line, name, read, into, part ?? field);
    }
    if (this.header.has('related')) this.product.related ??= [];
    this.optionNames = OPTION_COLUMNS.map(({ name }) => this.header.cell(cells, name));
    const options = OPTION_COLUMNS.map(({ values }, n) => ({
      name: this.optionNames[n] ?? '',
      values: ofList(this.header.text(cells, values)),
    })).filter(({ name }) => name !== '');
    if (options.length > 0 && options.every(({ values }) => values.length > 0))
      this.product.options = options;
  }

  /** What the columns of one field make together. */
  private partsOf(field: string): Json {
    return (this.product[field] ??= {}) as Json;
  }

  private pricesOf(cells: string[], line: number): Json[] {
    const prices = new Map<string, Json>();
    for (const { at, kind, currency, name } of this.header.prices) {
      const text = (cells[at] ?? '').trim();
      if (text === '') continue;
      const price = prices.get(currency) ?? { currency };
      prices.set(currency, price);
      this.guard(line, name, text, () => {
        price[kind === 'price' ? 'amount' : 'compareAt'] = readPrice(text, currency);
      });
    }
    return [...prices.values()].filter(
      (price) => price.amount !== undefined || price.compareAt !== undefined,
    );
  }

  private take(
    cells: string[],
    line: number,
    name: string,
    read: (text: string) => unknown,
    into: Json,
    field: string,
  ): void {
    const text = this.header.cell(cells, name);
    if (text !== '') this.guard(line, name, text, () => (into[field] = read(text)));
  }

  private guard(line: number, column: string, text: string, read: () => unknown): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof CellFault)) throw error;
      const message = `${cut(text, 40)} ${error.message}`;
      this.reader.faults.push({ line, code: error.code, pointer: `/${column}`, message });
    }
  }
}

const COLUMN_OF = new Map<string, string>([
  ...PRODUCT_COLUMNS.map(({ name, field }) => [`/${field}`, `/${name}`] as const),
  ...VARIANT_COLUMNS.map(
    ({ name, field }) => [`/variants//${field as keyof IncomingVariant}`, `/${name}`] as const,
  ),
]);

/** The line and column of what a fault points at. */
function placeOf(pointer: string, lines: number[], line: number): { line: number; pointer: string } {
  const [, index] = /^\/variants\/(\d+)/.exec(pointer) ?? [];
  const column = COLUMN_OF.get(pointer.replace(/^\/variants\/\d+/, '/variants/'));
  return {
    line: index === undefined ? line : (lines[Number(index)] ?? line),
    pointer: column ?? pointer,
  };
}
