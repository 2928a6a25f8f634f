import type { PickForDto, PickListDto } from './pick-list.dto.js';

const COLUMNS = ['sku', 'title', 'variant', 'quantity', 'orders', 'oldest_promise'];

/** As RFC 4180 has it, a row for each variant. */
export function pickListCsv({ items }: PickListDto): string {
  const rows = items.map(({ sku, title, variantTitle, quantity, orders }) => [
    sku,
    title,
    variantTitle ?? '',
    String(quantity),
    orders.map((one) => `${one.number} × ${one.quantity}${wordsOf(one)}`).join('; '),
    orders[0]?.promise ?? '',
  ]);
  return [COLUMNS, ...rows].map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

const wordsOf = ({ properties }: PickForDto): string =>
  properties
    ? ` (${Object.entries(properties)
        .map((named) => named.join(': '))
        .join(', ')})`
    : '';

/** Text that a spreadsheet would run is made harmless. */
function cellOf(text: string): string {
  const safe = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
