import type { Readable } from 'node:stream';
import { lost, readCsv, UnreadableFile } from './csv.reader.js';
import { FieldReader } from './field-reader.js';
import { type IncomingRow, type RowFault, toHandle } from './incoming-product.js';
import { readShopifyHeader, SHOPIFY_COLUMNS, type ShopifyHeader } from './shopify-columns.js';
import { ShopifyProduct } from './shopify-product.js';

/** Shopify's product CSV: several rows per product, joined by handle; the first one describes it. */
export async function* readShopifyCsv(
  bytes: Readable,
  currency: string,
  tellIgnored: (columns: string[]) => Promise<void>,
): AsyncGenerator<IncomingRow> {
  let ordinal = 0;
  let header = null as ShopifyHeader | null;
  let current = null as ShopifyProduct | null;
  const seen = new Set<string>();
  for await (const row of readCsv(bytes)) {
    if (row.fault !== null) {
      yield lost(++ordinal, row.fault);
      continue;
    }
    const { line, cells } = row;
    if (header === null) {
      header = checkHeader(cells);
      await tellIgnored(header.ignored);
      continue;
    }
    const handle = toHandle(cells[header.at.get('handle') ?? -1] ?? '');
    if (current?.handle === handle) {
      current.add(cells, line);
      continue;
    }
    if (current) yield current.finish(++ordinal);
    current = null;
    const problem = handleProblem(handle, seen);
    if (problem) {
      yield lost(++ordinal, { line, pointer: '/Handle', ...problem });
      continue;
    }
    seen.add(handle);
    current = new ShopifyProduct(handle, new FieldReader(line), currency, header);
    current.add(cells, line);
  }
  if (header === null) throw new UnreadableFile('The file has no header: it is not a product CSV.');
  if (current) yield current.finish(++ordinal);
}

function handleProblem(handle: string, seen: Set<string>): Pick<RowFault, 'code' | 'message'> | null {
  if (handle === '') return { code: 'required', message: 'every row needs a Handle' };
  // Streaming joins neighbours only; merging a product that is already written would lose half of it.
  if (seen.has(handle))
    return { code: 'scattered', message: `rows of ${handle} stand apart; sort the file by Handle` };
  return null;
}

function checkHeader(names: string[]): ShopifyHeader {
  const header = readShopifyHeader(names);
  for (const required of ['handle', 'title', 'price'] as const) {
    if (header.at.has(required)) continue;
    const wanted = SHOPIFY_COLUMNS[required].join(' or ');
    throw new UnreadableFile(
      `The file has no column ${wanted}, as a product CSV of Shopify has, nor sku with handle or external_id, as ours has.`,
    );
  }
  return header;
}
