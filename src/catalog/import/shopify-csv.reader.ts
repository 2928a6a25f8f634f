import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { FieldReader } from './field-reader.js';
import { type IncomingRow, type RowFault, toHandle } from './incoming-product.js';
import { ShopifyProduct } from './shopify-product.js';

export type CsvRow = Record<string, string | undefined>;

interface Parsed {
  record: CsvRow;
  info: { lines: number };
}

/** The file as a whole is not what it should be. */
export class UnreadableFile extends Error {}

/** Shopify's product CSV: several rows per product, joined by Handle; the first one describes it. */
export async function* readShopifyCsv(bytes: Readable, currency: string): AsyncGenerator<IncomingRow> {
  const broken: RowFault[] = [];
  const parser = parse({
    bom: true,
    columns: checkHeader,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: 1024 * 1024,
    on_skip: (error?: CsvError) => void broken.push(brokenRow(error)),
  });
  Readable.from(utf8(bytes))
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);

  let ordinal = 0;
  let current = null as ShopifyProduct | null;
  const seen = new Set<string>();
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    for (const fault of broken.splice(0)) yield lost(++ordinal, fault);
    const name = (record.Handle ?? '').trim();
    const handle = toHandle(name);
    if (current?.handle === handle) {
      current.add(record, info.lines);
      continue;
    }
    if (current) yield current.finish(++ordinal);
    current = null;
    const problem = handleProblem(handle, seen);
    if (problem) {
      yield lost(++ordinal, { line: info.lines, pointer: '/Handle', ...problem });
      continue;
    }
    seen.add(handle);
    current = new ShopifyProduct(handle, new FieldReader(info.lines), currency);
    current.add(record, info.lines);
  }
  if (current) yield current.finish(++ordinal);
  for (const fault of broken) yield lost(++ordinal, fault);
}

/** Text of a file that must be UTF-8: what another encoding left of its letters would stand in the shop. */
async function* utf8(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new UnreadableFile('The file is not UTF-8: save it as “CSV UTF-8”.');
  }
}

function handleProblem(handle: string, seen: Set<string>): Pick<RowFault, 'code' | 'message'> | null {
  if (handle === '') return { code: 'required', message: 'every row needs a Handle' };
  // Streaming joins neighbours only; merging a product that is already written would lose half of it.
  if (seen.has(handle))
    return { code: 'scattered', message: `rows of ${handle} stand apart; sort the file by Handle` };
  return null;
}

function checkHeader(header: string[]): string[] {
  const names = header.map((name) => name.trim());
  for (const required of ['Handle', 'Title', 'Variant Price']) {
    if (!names.includes(required))
      throw new UnreadableFile(`The file has no column ${required}: it is not a Shopify product CSV.`);
  }
  return names;
}

function brokenRow(error?: CsvError): RowFault {
  const line = typeof error?.lines === 'number' ? error.lines : 0;
  return { line, code: 'not_csv', pointer: '', message: error?.message ?? 'cannot be read' };
}

const lost = (ordinal: number, fault: RowFault): IncomingRow => ({
  ordinal,
  line: fault.line,
  externalId: null,
  product: null,
  faults: [fault],
});
