import type { Explained } from '../change/changed-order.js';

export const MEASURES = [
  'orders',
  'canceled',
  'pieces',
  'returnedPieces',
  'gross',
  'discount',
  'shipping',
  'tax',
  'returned',
  'refunded',
  'total',
] as const;
export type Measure = (typeof MEASURES)[number];
export type Measures = Record<Measure, bigint>;
export type Dimension = 'country' | 'product' | 'category' | 'promotion';

/** What an order adds to one row of a report. */
export interface Entry extends Measures {
  dimension: Dimension;
  key: string;
  /** The quarter of an hour that it belongs to: its beginning. */
  bucket: string;
}

interface Amounts {
  pieces: bigint;
  price: bigint;
  discount: bigint;
  tax: bigint;
  total: bigint;
}

/** A line as it stands: its pieces are those that its money stands for. */
export interface CountedLine extends Amounts {
  id: string;
  productId: string;
}

export interface CountedChange {
  state: string;
  /** When it was confirmed, and when it was decided at last: with its payment, where it waited for one. */
  at: Date;
  decidedAt: Date;
  explained: readonly Explained[];
  /** What comes off again when nobody pays. */
  undo: { addedLineIds: readonly string[]; shipping: object | null } | null;
}

/** All of a placed order that reports count. */
export interface CountedOrder {
  country: string;
  placedAt: Date;
  canceledAt: Date | null;
  /** As it stands. */
  discount: bigint;
  shipping: bigint;
  tax: bigint;
  total: bigint;
  lines: readonly CountedLine[];
  changes: readonly CountedChange[];
  promotions: readonly { id: string; amount: bigint }[];
  refunds: readonly { at: Date; amount: bigint }[];
  /** Of each product the categories that it stood in. */
  categories: Readonly<Record<string, readonly string[]>>;
}

/** Something that was sold (or, `back`, came back) at a time; of no product: shipping. */
interface Happening extends Amounts {
  at: Date;
  back: boolean;
  productId: string | null;
  shipping: bigint;
}

const QUARTER_MS = 15 * 60_000;
const NONE: Amounts = { pieces: 0n, price: 0n, discount: 0n, tax: 0n, total: 0n };
const AWAY: readonly string[] = ['removed', 'returned', 'refunded'];
const NO_CATEGORY = [''];

export const bucketOf = (at: Date): string =>
  new Date(Math.floor(at.getTime() / QUARTER_MS) * QUARTER_MS).toISOString();

/**
 * What an order adds to the reports. It depends on nothing but the order as it is stored, so counting it again, in whatever
 * order its facts arrive, comes to the same. Sales stand at the time of their placing, what came off later at the time of
 * that. What a change adds is sold when it is paid; a change that nobody paid has sold nothing.
 */
export function entriesOf(order: CountedOrder): Entry[] {
  const rows = new Rows();
  const facts = [...placed(order), ...order.changes.flatMap((change) => happeningsOf(change, order))];
  const promotions = [...new Set(order.promotions.map(({ id }) => id))];
  for (const fact of facts) {
    const sums = measuresOf(fact);
    rows.add('country', order.country, fact.at, sums);
    for (const id of promotions) rows.add('promotion', id, fact.at, { ...sums, discount: 0n });
    if (fact.productId === null) continue;
    rows.add('product', fact.productId, fact.at, sums);
    for (const id of categoriesOf(order, fact.productId)) rows.add('category', id, fact.at, sums);
  }
  for (const { id, amount } of order.promotions)
    rows.add('promotion', id, order.placedAt, { discount: amount });
  for (const { at, amount } of order.refunds) rows.add('country', order.country, at, { refunded: amount });
  const sold = keysOf(
    facts.filter(({ at, back }) => !back && at === order.placedAt),
    order,
    promotions,
  );
  for (const [dimension, key] of sold) rows.add(dimension, key, order.placedAt, { orders: 1n });
  if (order.canceledAt !== null) {
    for (const [dimension, key] of sold) rows.add(dimension, key, order.canceledAt, { canceled: 1n });
    rows.takeBack(order.canceledAt);
  }
  return rows.all();
}

/** As it was placed: as it stands, without what changes have done to it. */
function placed(order: CountedOrder): Happening[] {
  const applied = order.changes.flatMap((change) => change.explained.filter((one) => stays(one, change)));
  const unpaid = new Set(
    order.changes.flatMap(({ state, undo }) => (state === 'withdrawn' ? (undo?.addedLineIds ?? []) : [])),
  );
  const lines = order.lines.map((line) => {
    const was = { ...line };
    for (const one of applied.filter(({ lineId }) => lineId === line.id)) {
      was.pieces -= AWAY.includes(one.effect) ? -BigInt(one.quantity) : BigInt(one.quantity);
      was.price -= one.price;
      was.discount -= one.discount;
      was.tax -= one.tax;
      was.total -= one.total;
    }
    return unpaid.has(line.id) ? { ...line, ...NONE } : was;
  });
  const rest = { discount: order.discount, tax: order.tax, total: order.total, shipping: order.shipping };
  for (const one of applied) {
    rest.discount -= one.discount;
    rest.tax -= one.tax;
    rest.total -= one.total;
    if (one.effect === 'shipping') rest.shipping -= one.price;
  }
  // What a canceled order still shows of a change that nobody paid was never sold.
  for (const line of order.lines.filter(({ id }) => unpaid.has(id))) {
    rest.discount -= line.discount;
    rest.tax -= line.tax;
    rest.total -= line.total;
  }
  for (const line of lines) {
    rest.discount -= line.discount;
    rest.tax -= line.tax;
    rest.total -= line.total;
  }
  const base = { at: order.placedAt, back: false };
  return [
    ...lines.filter(({ pieces }) => pieces > 0n).map((line) => ({ ...base, ...line, shipping: 0n })),
    { ...base, ...NONE, ...rest, productId: null },
  ];
}

/** Whether the order shows it: what a change added is taken off again when nobody pays. */
function stays({ effect }: Explained, { state, undo }: CountedChange): boolean {
  return state !== 'withdrawn' || (effect !== 'added' && (effect !== 'shipping' || !undo?.shipping));
}

function happeningsOf(change: CountedChange, { lines }: CountedOrder): Happening[] {
  const { state, undo, at, decidedAt } = change;
  return change.explained.flatMap((one): Happening[] => {
    const waits = one.effect === 'added' || (one.effect === 'shipping' && Boolean(undo?.shipping));
    if (waits && state !== 'confirmed') return [];
    if (one.effect === 'replaced') return [];
    const line = lines.find(({ id }) => id === one.lineId);
    const isShipping = one.effect === 'shipping';
    return [
      {
        at: waits ? decidedAt : at,
        back: AWAY.includes(one.effect) || one.total < 0n,
        productId: line?.productId ?? null,
        pieces: isShipping ? 0n : BigInt(one.quantity),
        price: isShipping ? 0n : one.price,
        shipping: isShipping ? one.price : 0n,
        discount: one.discount,
        tax: one.tax,
        total: one.total,
      },
    ];
  });
}

function measuresOf(fact: Happening): Partial<Measures> {
  const { pieces, price, discount, shipping, tax, total } = fact;
  if (fact.back) return { returnedPieces: pieces, returned: -total, tax, total };
  return { pieces, gross: price, discount, shipping, tax, total };
}

const categoriesOf = ({ categories }: CountedOrder, productId: string): readonly string[] => {
  const known = categories[productId] ?? NO_CATEGORY;
  return known.length === 0 ? NO_CATEGORY : known;
};

function keysOf(facts: Happening[], order: CountedOrder, promotions: string[]): [Dimension, string][] {
  const products = [...new Set(facts.flatMap(({ productId }) => productId ?? []))];
  const categories = new Set(products.flatMap((id) => categoriesOf(order, id)));
  return [
    ['country', order.country],
    ...products.map((id): [Dimension, string] => ['product', id]),
    ...[...categories].map((id): [Dimension, string] => ['category', id]),
    ...promotions.map((id): [Dimension, string] => ['promotion', id]),
  ];
}

/** Entries by what they belong to. */
class Rows {
  private readonly rows = new Map<string, Entry>();

  add(dimension: Dimension, key: string, at: Date, sums: Partial<Measures>): void {
    const bucket = bucketOf(at);
    const name = `${dimension} ${key} ${bucket}`;
    const row = this.rows.get(name) ?? { dimension, key, bucket, ...nothing() };
    for (const measure of MEASURES) row[measure] += sums[measure] ?? 0n;
    this.rows.set(name, row);
  }

  /** All that is left of it came back then. */
  takeBack(at: Date): void {
    for (const row of this.all()) {
      this.add(row.dimension, row.key, at, {
        returnedPieces: row.pieces - row.returnedPieces,
        returned: row.total,
        tax: -row.tax,
        total: -row.total,
      });
    }
  }

  all(): Entry[] {
    return [...this.rows.values()]
      .map((row) => ({ ...row }))
      .filter((row) => MEASURES.some((one) => row[one] !== 0n));
  }
}

export const nothing = (): Measures => Object.fromEntries(MEASURES.map((one) => [one, 0n])) as Measures;

/** What has to be added to reports that count `before` so that they count `after`; nothing where nothing has changed. */
export function difference<E extends Entry>(
  before: readonly E[],
  after: readonly E[],
  name: (entry: E) => string,
): E[] {
  const rows = new Map<string, E>();
  const add = (entry: E, sign: bigint) => {
    const row = rows.get(name(entry)) ?? { ...entry, ...nothing() };
    for (const measure of MEASURES) row[measure] += sign * entry[measure];
    rows.set(name(entry), row);
  };
  for (const entry of before) add(entry, -1n);
  for (const entry of after) add(entry, 1n);
  return [...rows.values()].filter((row) => MEASURES.some((one) => row[one] !== 0n));
}
