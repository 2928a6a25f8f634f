import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Explained } from '../change/changed-order.js';
import type { CohortRow, CustomerOrder } from './cohorts.js';
import {
  type CountedChange,
  type CountedLine,
  type CountedOrder,
  type Entry,
  MEASURES,
} from './report-entry.js';

/** An order to be counted, and what is counted of it already. */
export interface DueOrder {
  id: string;
  cartId: string;
  currency: string;
  customerId: string | null;
  email: string;
  isCanceled: boolean;
  counted: Omit<CountedOrder, 'categories'>;
  /** Null: it was never counted. */
  kept: { customerKey: string; categories: Record<string, string[]>; entries: Entry[] } | null;
  labels: Label[];
}

export interface Label {
  dimension: 'product' | 'category' | 'promotion';
  key: string;
  title: string;
  handle: string | null;
  at: Date;
}

/** What is counted of an order from now on. */
export interface ReportOrder {
  id: string;
  currency: string;
  placedAt: Date;
  customerKey: string;
  categories: Record<string, string[]>;
  counts: boolean;
  total: bigint;
  entries: Entry[];
}

export interface State {
  generation: number;
  rebuildAfter: string | null;
}

type Sale = Entry & { currency: string };
type Texts<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] };
interface Row extends Omit<DueOrder, 'counted' | 'kept' | 'labels'> {
  country: string;
  placedAt: Date;
  canceledAt: Date | null;
  discount: string;
  shipping: string;
  tax: string;
  total: string;
  lines: (Texts<CountedLine> & { title: string })[];
  changes: (Omit<CountedChange, 'at' | 'decidedAt' | 'explained'> & {
    at: string | null;
    decidedAt: string;
    explained: Texts<Explained>[] | null;
  })[];
  promotions: { id: string; amount: string; title: string }[];
  refunds: { at: string; amount: string }[];
  kept: { customerKey: string; categories: Record<string, string[]>; entries: Texts<Entry>[] } | null;
}

/** The tables that reports are read from, for the one who writes them. */
@Injectable()
export class ReportOrdersRepository {
  constructor(private readonly database: Database) {}

  /** Something has become known of these orders. Repeating it is harmless. */
  async mark(orderIds: readonly string[]): Promise<void> {
    await this.database.execute(MARK, [orderIds]);
  }

  /** Money of an order is on its way back; `failed`: it is not after all. Either may be told first. */
  async refund(id: string, orderId: string, amount: number, at: Date, failed: boolean): Promise<void> {
    await this.database.execute(REFUND, [id, orderId, amount, at, failed]);
    await this.mark([orderId]);
  }

  /** Whether anything waits to be counted. */
  async isDue(): Promise<boolean> {
    return (await this.database.query('SELECT FROM ordering.report_due LIMIT 1')).length > 0;
  }

  /** In the caller's transaction: nobody else writes reports until it ends. */
  async lock(): Promise<State> {
    const [state] = await this.database.query<State>(LOCK);
    if (!state) throw new Error('the state of the reports is missing');
    return state;
  }

  /** Takes so many orders that wait; what becomes known of them from now on lets them wait again. */
  async take(limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(TAKE, [limit]);
    return rows.map(({ id }) => id);
  }

  /** Placed orders after this one, by id. */
  async placedAfter(id: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(PLACED, [id, limit]);
    return rows.map((row) => row.id);
  }

  /** Of these orders those that were placed. What was counted in another generation is not counted any more. */
  async find(ids: readonly string[], generation: number): Promise<DueOrder[]> {
    const rows = await this.database.query<Row>(FIND, [ids, generation]);
    return rows.map(toDue);
  }

  /** All that these customers have ordered, as it is counted now. */
  async ofCustomers(keys: readonly string[], generation: number): Promise<CustomerOrder[]> {
    const rows = await this.database.query<Texts<CustomerOrder>>(OF_CUSTOMERS, [keys, generation]);
    return rows.map((row) => ({ ...row, total: BigInt(row.total) }));
  }

  async write(orders: readonly ReportOrder[], generation: number): Promise<void> {
    const rows = orders.map((one) => ({
      ...one,
      total: one.total.toString(),
      entries: one.entries.map(toTexts),
    }));
    await this.database.execute(WRITE, [JSON.stringify(rows), generation]);
  }

  async add(sales: readonly Sale[], cohorts: readonly CohortRow[], labels: readonly Label[]): Promise<void> {
    if (sales.length > 0) await this.database.execute(ADD_SALES, [JSON.stringify(sales.map(toTexts))]);
    if (cohorts.length > 0) await this.database.execute(ADD_COHORTS, [JSON.stringify(cohorts.map(toTexts))]);
    if (labels.length > 0) await this.database.execute(ADD_LABELS, [JSON.stringify(labels)]);
  }

  /** In the caller's transaction: nothing is counted, and counting begins with the first order. */
  async restart(): Promise<void> {
    await this.database.execute(RESTART);
    await this.database.execute('TRUNCATE ordering.report_sales, ordering.report_cohorts');
  }

  /** How far the rebuilding has come; null: to its end. */
  async reached(id: string | null): Promise<void> {
    await this.database.execute('UPDATE ordering.report_state SET rebuild_after = $1', [id]);
  }
}

const toTexts = (row: object): object =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  );

const toEntry = (row: Texts<Entry>): Entry => ({
  ...(row as unknown as Entry),
  ...(Object.fromEntries(MEASURES.map((one) => [one, BigInt(row[one])])) as Record<
    (typeof MEASURES)[number],
    bigint
  >),
});

function toDue(row: Row): DueOrder {
  const { placedAt } = row;
  const label = (dimension: Label['dimension'], key: string, title: string): Label => ({
    ...{ dimension, key, title, handle: null, at: placedAt },
  });
  return {
    ...row,
    counted: {
      country: row.country,
      placedAt,
      canceledAt: row.canceledAt,
      discount: BigInt(row.discount),
      shipping: BigInt(row.shipping),
      tax: BigInt(row.tax),
      total: BigInt(row.total),
      lines: row.lines.map(({ id, productId, ...line }) => ({
        id,
        productId,
        ...amounts(line),
        pieces: BigInt(line.pieces),
      })),
      changes: row.changes.flatMap(({ at, decidedAt, explained, state, undo }) =>
        // A change that canceled the whole order has changed nothing else of it.
        at === null
          ? []
          : {
              ...{ state, undo, at: new Date(at), decidedAt: new Date(decidedAt) },
              explained: (explained ?? []).map((one) => ({ ...one, ...amounts(one) })),
            },
      ),
      promotions: row.promotions.map(({ id, amount }) => ({ id, amount: BigInt(amount) })),
      refunds: row.refunds.map(({ at, amount }) => ({ at: new Date(at), amount: BigInt(amount) })),
    },
    kept: row.kept && { ...row.kept, entries: row.kept.entries.map(toEntry) },
    labels: [
      ...row.lines.map(({ productId, title }) => label('product', productId, title)),
      ...row.promotions.map(({ id, title }) => label('promotion', id, title)),
    ],
  };
}

const amounts = (row: { price: string; discount: string; tax: string; total: string }) => ({
  price: BigInt(row.price),
  discount: BigInt(row.discount),
  tax: BigInt(row.tax),
  total: BigInt(row.total),
});

// One that waits already is locked: the writer must not take it and look before what is known now is committed.
const MARK = `
  INSERT INTO ordering.report_due (order_id) SELECT id FROM unnest($1::uuid[]) id ORDER BY id
  ON CONFLICT ON CONSTRAINT report_due_pk DO UPDATE SET order_id = excluded.order_id`;
const REFUND = `
  INSERT INTO ordering.report_refunds (refund_id, order_id, amount, at, failed) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT ON CONSTRAINT report_refunds_pk DO UPDATE SET failed = report_refunds.failed OR excluded.failed`;
const LOCK = `
  SELECT generation, rebuild_after AS "rebuildAfter" FROM ordering.report_state FOR UPDATE`;
const TAKE = `
  DELETE FROM ordering.report_due WHERE order_id IN (SELECT order_id FROM ordering.report_due ORDER BY order_id LIMIT $1)
  RETURNING order_id AS id`;
const PLACED = `
  SELECT id FROM ordering.orders WHERE id > $1 AND placed_at IS NOT NULL ORDER BY id LIMIT $2`;
const FIND = `
  SELECT o.id, o.cart_id AS "cartId", o.currency, o.customer_id AS "customerId", o.email, o.placed_at AS "placedAt",
    o.status = 'canceled' AS "isCanceled",
    coalesce(o.shipping_address ->> 'country', o.billing_address ->> 'country', '') AS country,
    o.discount, o.shipping, o.tax, o.total,
    (SELECT min(h.at) FROM ordering.order_history h
      WHERE o.status = 'canceled' AND h.order_id = o.id AND h.status = 'canceled') AS "canceledAt",
    coalesce((SELECT json_agg(json_build_object('id', l.id, 'productId', l.product_id, 'title', l.title,
      'pieces', (l.quantity - l.returned - l.refunded)::text,
      'price', (l.unit_price * (l.quantity - l.returned - l.refunded))::text, 'discount', l.discount::text,
      'tax', l.tax::text, 'total', l.total::text) ORDER BY l.position)
      FROM ordering.order_lines l WHERE l.order_id = o.id), '[]') AS lines,
    coalesce((SELECT json_agg(json_build_object('state', c.state, 'decidedAt', c.decided_at, 'explained', c.explained,
      'undo', c.undo, 'at', (SELECT min(h.at) FROM ordering.order_history h
        WHERE h.order_id = o.id AND h.facts ->> 'changeId' = c.id::text)) ORDER BY c.id)
      FROM ordering.order_changes c WHERE c.order_id = o.id
        AND c.state IN ('awaiting_payment', 'confirmed', 'withdrawn')), '[]') AS changes,
    coalesce((SELECT json_agg(json_build_object('id', d.promotion_id, 'title', d.title, 'amount', d.amount::text)
      ORDER BY d.position) FROM ordering.order_discounts d WHERE d.order_id = o.id), '[]') AS promotions,
    coalesce((SELECT json_agg(json_build_object('at', f.at, 'amount', f.amount::text) ORDER BY f.refund_id)
      FROM ordering.report_refunds f WHERE f.order_id = o.id AND NOT f.failed), '[]') AS refunds,
    (SELECT json_build_object('customerKey', encode(r.customer_key, 'hex'), 'categories', r.categories,
      'entries', CASE WHEN r.generation = $2 THEN r.entries ELSE '[]' END)
      FROM ordering.report_orders r WHERE r.order_id = o.id) AS kept
  FROM ordering.orders o WHERE o.id = ANY ($1::uuid[]) AND o.placed_at IS NOT NULL ORDER BY o.id`;
const OF_CUSTOMERS = `
  SELECT encode(customer_key, 'hex') AS customer, currency, placed_at AS "placedAt", total::text FROM ordering.report_orders
  WHERE customer_key IN (SELECT decode(one, 'hex') FROM unnest($1::text[]) one) AND generation = $2 AND counts`;
const WRITE = `
  INSERT INTO ordering.report_orders (order_id, generation, currency, placed_at, customer_key, categories, counts, total, entries)
  SELECT id, $2::int, currency, "placedAt", decode("customerKey", 'hex'), categories, counts, total, entries
  FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, currency text, "placedAt" timestamptz, "customerKey" text,
    categories jsonb, counts boolean, total bigint, entries jsonb)
  ON CONFLICT ON CONSTRAINT report_orders_pk DO UPDATE SET generation = excluded.generation,
    customer_key = excluded.customer_key, categories = excluded.categories, counts = excluded.counts,
    total = excluded.total, entries = excluded.entries`;
const ADD_SALES = `
  INSERT INTO ordering.report_sales AS s (dimension, bucket, currency, key, orders, canceled, pieces, returned_pieces, gross,
    discount, shipping, tax, returned, refunded, total)
  SELECT dimension, bucket, currency, key, orders, canceled, pieces, "returnedPieces", gross, discount, shipping, tax,
    returned, refunded, total
  FROM jsonb_to_recordset($1::jsonb) AS r (dimension text, bucket timestamptz, currency text, key text, orders bigint,
    canceled bigint, pieces bigint, "returnedPieces" bigint, gross bigint, discount bigint, shipping bigint, tax bigint,
    returned bigint, refunded bigint, total bigint)
  ON CONFLICT ON CONSTRAINT report_sales_pk DO UPDATE SET orders = s.orders + excluded.orders,
    canceled = s.canceled + excluded.canceled, pieces = s.pieces + excluded.pieces,
    returned_pieces = s.returned_pieces + excluded.returned_pieces, gross = s.gross + excluded.gross,
    discount = s.discount + excluded.discount, shipping = s.shipping + excluded.shipping, tax = s.tax + excluded.tax,
    returned = s.returned + excluded.returned, refunded = s.refunded + excluded.refunded, total = s.total + excluded.total`;
const ADD_COHORTS = `
  INSERT INTO ordering.report_cohorts AS c (currency, cohort, month, customers, repeaters, orders, total)
  SELECT currency, cohort, month, customers, repeaters, orders, total
  FROM jsonb_to_recordset($1::jsonb) AS r (currency text, cohort date, month date, customers bigint, repeaters bigint,
    orders bigint, total bigint)
  ON CONFLICT ON CONSTRAINT report_cohorts_pk DO UPDATE SET customers = c.customers + excluded.customers,
    repeaters = c.repeaters + excluded.repeaters, orders = c.orders + excluded.orders, total = c.total + excluded.total`;
// Of several in one go the last; one that is older than what is known says nothing.
const ADD_LABELS = `
  INSERT INTO ordering.report_labels AS l (dimension, key, title, handle, at)
  SELECT DISTINCT ON (dimension, key) dimension, key, title, handle, at
  FROM jsonb_to_recordset($1::jsonb) AS r (dimension text, key text, title text, handle text, at timestamptz)
  ORDER BY dimension, key, at DESC
  ON CONFLICT ON CONSTRAINT report_labels_pk DO UPDATE SET title = excluded.title, handle = excluded.handle, at = excluded.at
    WHERE excluded.at >= l.at`;
const RESTART = `
  UPDATE ordering.report_state SET generation = generation + 1, rebuild_after = '00000000-0000-0000-0000-000000000000'`;
