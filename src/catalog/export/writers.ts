import { csvRow } from '../import/csv.reader.js';
import {
  liveColumns,
  OPTION_COLUMNS,
  PRODUCT_COLUMNS,
  toList,
  VARIANT_COLUMNS,
} from '../import/csv-columns.js';
import type { ProductRecord } from '../import/product-record.js';
import type { ExportFormat } from './export.dto.js';
import { merchantFeed } from './merchant-feed.writer.js';
import { shopifyCsv } from './shopify-csv.writer.js';

/** What is the same for the whole file, decided when it begins. */
export interface ExportPlan {
  /** In which there are prices, and where stock may lie. */
  currencies: string[];
  locations: string[];
  /** Columns of Shopify's that are kept in metadata. */
  kept: string[];
  currency: string;
  /** What addresses of this server begin with. */
  base: string;
  linkTemplate: string;
  shopName: string;
}

/** A product as text, and how many rows that is. */
export interface Written {
  text: string;
  rows: number;
}

/** A format: what stands before, for each product, and behind. */
export interface Writer<T = ProductRecord> {
  contentType: string;
  extension: string;
  head(plan: ExportPlan): string;
  write(product: T, plan: ExportPlan): Written;
  tail: string;
}

/** Our own format, a product a line. */
const ndjson: Writer = {
  contentType: 'application/x-ndjson; charset=utf-8',
  extension: 'ndjson',
  head: () => '',
  write: (record) => ({ text: `${JSON.stringify(record)}\n`, rows: 1 }),
  tail: '',
};

/** Our CSV: a row for each variant. The byte order mark tells spreadsheets that it is UTF-8. */
const csv: Writer = {
  contentType: 'text/csv; charset=utf-8',
  extension: 'csv',
  head: ({ currencies, locations }) =>
    `\ufeff${csvRow([
      ...PRODUCT_COLUMNS.map(({ name }) => name),
      ...OPTION_COLUMNS.flatMap(({ name, values }) => [name, values]),
      ...VARIANT_COLUMNS.map(({ name }) => name),
      ...OPTION_COLUMNS.map(({ value }) => value),
      ...liveColumns(currencies, locations).map(({ name }) => name),
    ])}`,
  write: (record, { currencies, locations }) => {
    const live = liveColumns(currencies, locations);
    const text = record.variants.map((variant, index) =>
      csvRow([
        // What joins the rows stands in each of them, the rest in the first.
        ...PRODUCT_COLUMNS.map(({ name, write }) => (index === 0 || JOINING.has(name) ? write(record) : '')),
        ...OPTION_COLUMNS.flatMap((_, n) => {
          const option = index === 0 ? record.options[n] : undefined;
          return [option?.name ?? '', toList(option?.values ?? [])];
        }),
        ...VARIANT_COLUMNS.map(({ write }) => write(variant)),
        ...OPTION_COLUMNS.map((_, n) => variant.options[record.options[n]?.name ?? ''] ?? ''),
        ...live.map(({ write }) => write(variant)),
      ]),
    );
    return { text: text.join(''), rows: text.length };
  },
  tail: '',
};

const JOINING = new Set(['id', 'external_id', 'handle']);

export const WRITERS = {
  ndjson,
  csv,
  shopify_csv: shopifyCsv,
  merchant_feed: merchantFeed,
} satisfies Record<ExportFormat, Writer | Writer<never>>;
