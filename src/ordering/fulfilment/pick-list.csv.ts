import { csvLine } from '../../platform/http/csv.js';
import type { PickForDto, PickListDto } from './pick-list.dto.js';

const COLUMNS = ['sku', 'title', 'variant', 'quantity', 'orders', 'oldest_promise'];

/** As RFC 4180 has it, a row for each variant. */
export function pickListCsv({ items }: PickListDto): string {
  const rows = items.map(({ sku, title, variantTitle, quantity, orders }) => [
    sku,
    title,
    variantTitle,
    quantity,
    orders.map((one) => `${one.number} × ${one.quantity}${wordsOf(one)}`).join('; '),
    orders[0]?.promise ?? null,
  ]);
  return [COLUMNS, ...rows].map(csvLine).join('');
}

const wordsOf = ({ properties }: PickForDto): string =>
  properties
    ? ` (${Object.entries(properties)
        .map((named) => named.join(': '))
        .join(', ')})`
    : '';
