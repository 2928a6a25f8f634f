import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { Money } from '../money/money.js';
import type { MoneyDto } from './fields.js';

type Cell = string | number | null | MoneyDto;

/** As RFC 4180 has it, a header and a row for each; amounts in units of their currency, such as `19.99`. */
export async function* csvOf<T extends object>(
  columns: readonly (keyof T & string)[],
  rows: AsyncIterable<T>,
) {
  yield csvLine(columns);
  for await (const row of rows) yield csvLine(columns.map((name) => row[name] as Cell));
}

/** One line, as RFC 4180 has it. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cellOf).join(',')}\r\n`;

/** Text that a spreadsheet would run is made harmless; numbers, also those below 0, are left as they are. */
function cellOf(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object') return Money.fromJSON(value).toString().split(' ')[0] ?? '';
  const safe = /^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** Rows as they are read, as a file to keep: `name.csv`. */
export function csvFile(name: string, rows: AsyncIterable<string>): StreamableFile {
  return new StreamableFile(Readable.from(rows), {
    type: 'text/csv; charset=utf-8',
    disposition: `attachment; filename="${name}.csv"`,
  });
}
