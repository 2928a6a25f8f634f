import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import type { IncomingRow, RowFault } from './incoming-product.js';

/** The file as a whole is not what it should be. */
export class UnreadableFile extends Error {}

/** A record and the line where it ends, or why it is none. The first one is the header. */
export type CsvLine = { line: number; cells: string[]; fault: null } | { line: number; fault: RowFault };

/**
 * Records of a CSV (RFC 4180), as spreadsheets write them: with or without a byte order mark, with `,`, `;` or tabs
 * between the cells, whichever the header uses. Memory holds a record and a chunk.
 */
export async function* readCsv(bytes: Readable): AsyncGenerator<CsvLine> {
  const text = utf8(bytes);
  const { value: start = '' } = (await text.next()) as { value?: string };
  const broken: RowFault[] = [];
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(start),
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: 2 * 1024 * 1024,
    on_skip: (error?: CsvError) => void broken.push(brokenRow(error)),
  });
  async function* all(): AsyncGenerator<string> {
    yield start;
    yield* text;
  }
  Readable.from(all())
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  for await (const { record, info } of parser as AsyncIterable<{
    record: string[];
    info: { lines: number };
  }>) {
    for (const fault of broken.splice(0)) yield { line: fault.line, fault };
    yield { line: info.lines, cells: record.map(unguarded), fault: null };
  }
  for (const fault of broken) yield { line: fault.line, fault };
}

/** The names in the first line, to tell formats apart; none when it cannot be read. */
export async function headerOf(bytes: Readable): Promise<string[]> {
  try {
    for await (const row of readCsv(bytes))
      return row.fault === null ? row.cells.map((name) => name.trim()) : [];
    return [];
  } catch {
    return [];
  } finally {
    bytes.destroy();
  }
}

/**
 * What spreadsheets would run as a formula is written with an apostrophe before it, and read without. Of a text that has
 * apostrophes before such a sign already, one more is written and one is taken away: nothing is lost either way.
 */
export const guarded = (cell: string): string => (/^'*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
const unguarded = (cell: string): string => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);

/** A row of text cells as RFC 4180 has it, with its line end. */
export const csvRow = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\r\n`;

function quoted(cell: string): string {
  const safe = guarded(cell);
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export const lost = (ordinal: number, fault: RowFault): IncomingRow => ({
  ordinal,
  line: fault.line,
  externalId: null,
  product: null,
  faults: [fault],
});

function delimiterOf(start: string): string {
  const [header = ''] = start.replace(/"[^"]*"/g, '').split(/\r?\n/, 1);
  const count = (sign: string) => header.split(sign).length;
  return [';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best), ',');
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

function brokenRow(error?: CsvError): RowFault {
  const line = typeof error?.lines === 'number' ? error.lines : 0;
  return { line, code: 'not_csv', pointer: '', message: error?.message ?? 'cannot be read' };
}
