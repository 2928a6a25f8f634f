import type { OrderLine } from './order.js';

/** Where each field of a line is kept. A field without a place does not compile. */
const COLUMNS: Readonly<Record<keyof OrderLine, readonly [name: string, type: string]>> = {
  id: ['id', 'uuid'],
  variantId: ['variant_id', 'uuid'],
  productId: ['product_id', 'uuid'],
  sku: ['sku', 'text'],
  title: ['title', 'text'],
  variantTitle: ['variant_title', 'text'],
  options: ['options', 'jsonb'],
  quantity: ['quantity', 'int'],
  fulfilled: ['fulfilled', 'int'],
  canceled: ['canceled', 'int'],
  returned: ['returned', 'int'],
  refunded: ['refunded', 'int'],
  replaced: ['replaced', 'int'],
  askedBack: ['asked_back', 'int'],
  awaiting: ['awaiting', 'int'],
  delivered: ['delivered', 'int'],
  planned: ['planned', 'int'],
  promisedFor: ['promised_for', 'timestamptz'],
  kind: ['kind', 'text'],
  giftCard: ['gift_card', 'jsonb'],
  properties: ['properties', 'jsonb'],
  download: ['download', 'jsonb'],
  stockTracked: ['stock_tracked', 'boolean'],
  components: ['components', 'jsonb'],
  givenBy: ['given_by', 'uuid'],
  unitPrice: ['unit_price', 'bigint'],
  discount: ['discount', 'bigint'],
  tax: ['tax', 'bigint'],
  total: ['total', 'bigint'],
};
const FIELDS = Object.entries(COLUMNS) as [keyof OrderLine, readonly [string, string]][];
/** What fulfilments count: a line begins without them, and nobody else writes them. */
const COUNTED_BY_FULFILMENTS: readonly string[] = ['planned', 'delivered'];
const WRITTEN = FIELDS.filter(([field]) => !COUNTED_BY_FULFILMENTS.includes(field));
const NAMES = WRITTEN.map(([, [name]]) => name);

/** The lines of an order in their order, as `insertLines` takes them. */
export const lineRows = (lines: readonly OrderLine[]): string =>
  JSON.stringify(
    lines.map((line, index) => ({
      position: index + 1,
      ...Object.fromEntries(WRITTEN.map(([field, [name]]) => [name, plain(line[field])])),
    })),
  );

const plain = (value: OrderLine[keyof OrderLine]) => (typeof value === 'bigint' ? String(value) : value);

/** Inserts all of these rows into an order, as `o`; both are places such as `$1`. */
export const insertLines = (order: string, rows: string): string => `
    INSERT INTO ordering.order_lines AS o (order_id, position, ${NAMES.join(', ')})
    SELECT ${order}, l.position, ${NAMES.map((name) => `l.${name}`).join(', ')}
    FROM jsonb_to_recordset(${rows}::jsonb) AS l (position int, ${WRITTEN.map(([, of]) => of.join(' ')).join(', ')})`;

/** A line `l` as JSON, amounts as texts. */
export const LINE_JSON = `json_build_object(${FIELDS.map(
  ([field, [name, type]]) => `'${field}', l.${name}${type === 'bigint' ? '::text' : ''}`,
).join(', ')})`;
