import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { Calculation } from '../calculation/calculation.js';
import { type FulfilmentRow, FULFILMENTS, toFulfilment } from '../fulfilment/fulfilment.repository.js';
import type { Order, OrderLine, OrderTaxLine } from './order.js';
import type { OrderDiscount } from './order-discount.js';
import { insertLines, LINE_JSON, lineRows } from './order-line.sql.js';
import { NEXT, type Statuses } from './order.statuses.js';

/** What goes into the history with a move. */
export interface Deed {
  event: string;
  actor: Actor;
  at: Date;
  note?: string;
  /** What happened, in ids, quantities and money. */
  facts?: object;
}

export interface Glance extends Statuses {
  /** See `owedOf`. */
  owed: Money;
  total: Money;
  withdrawn: Money;
}

/** An order whose time to pay is over. */
export interface Due {
  id: string;
  expiresAt: Date;
}

type Amounts = 'subtotal' | 'discount' | 'shipping' | 'tax' | 'total' | 'givenBack' | 'withdrawn';
type LineAmounts = 'unitPrice' | 'discount' | 'tax' | 'total';
type Row = Omit<Order, Amounts | 'lines' | 'taxLines' | 'discounts' | 'history' | 'fulfilments'> &
  Record<Amounts, string> & {
    lines: (Omit<OrderLine, LineAmounts | 'promisedFor'> &
      Record<LineAmounts, string> & { promisedFor: string | null })[];
    taxLines: (Omit<OrderTaxLine, 'base' | 'amount'> & { base: string; amount: string })[];
    discounts: (Omit<OrderDiscount, 'amount'> & { amount: string })[];
    history: (Omit<Order['history'][number], 'at'> & { at: string })[];
    fulfilments: FulfilmentRow[];
  };

@Injectable()
export class OrderRepository {
  constructor(private readonly database: Database) {}

  /**
   * The order with its lines, tax lines, discounts, calculation and first history entry, and the end of its cart, in one
   * statement.
   * Returns its number.
   */
  async insert(order: Order, deed: Deed, calculation: Calculation): Promise<string> {
    const [row] = await this.database.query<{ number: string }>(INSERT, [
      order.id,
      order.cartId,
      order.customerId,
      order.tokenHash,
      order.status,
      order.paymentStatus,
      order.fulfilmentStatus,
      order.currency,
      order.email,
      order.shippingAddress && JSON.stringify(order.shippingAddress),
      order.billingAddress && JSON.stringify(order.billingAddress),
      order.shippingOptionId,
      order.shippingTitle,
      order.shippingChosenBy,
      order.pricesIncludeTax,
      order.taxZone,
      order.subtotal,
      order.discount,
      order.shipping,
      order.tax,
      order.total,
      order.expiresAt,
      order.createdAt,
      lineRows(order.lines),
      JSON.stringify(order.taxLines.map(taxRow)),
      newId(),
      deed.event,
      deed.actor.kind,
      actorId(deed.actor),
      JSON.stringify(order.discounts.map(discountRow)),
      JSON.stringify(calculation),
      order.shippingDetails && JSON.stringify(order.shippingDetails),
      order.taxation && JSON.stringify(order.taxation),
      order.giftMessage,
    ]);
    return row?.number ?? '';
  }

  /**
   * The one writer of the three statuses: compare-and-set, with its line of history. False when the order is no
   * longer as the caller knew it; then nothing was written.
   */
  async move(id: string, from: Statuses, to: Statuses, deed: Deed): Promise<boolean> {
    if (!NEXT[from.status].includes(to.status)) {
      throw new Error(`an order does not go from ${from.status} to ${to.status}`);
    }
    const moved = await this.database.execute(MOVE, [
      id,
      from.status,
      from.paymentStatus,
      from.fulfilmentStatus,
      to.status,
      to.paymentStatus,
      to.fulfilmentStatus,
      deed.at,
      newId(),
      deed.event,
      deed.actor.kind,
      actorId(deed.actor),
      deed.note ?? null,
      deed.facts ? JSON.stringify(deed.facts) : null,
    ]);
    return moved === 1;
  }

  /** A line of history without a change of status: a declined payment, a note. */
  async note(id: string, statuses: Statuses, deed: Deed): Promise<void> {
    await this.database.execute(NOTE, [
      newId(),
      id,
      deed.at,
      deed.event,
      statuses.status,
      statuses.paymentStatus,
      statuses.fulfilmentStatus,
      deed.actor.kind,
      actorId(deed.actor),
      deed.note ?? null,
      deed.facts ? JSON.stringify(deed.facts) : null,
    ]);
  }

  /** More time to pay. Null when the order no longer waits. */
  async extend(id: string, until: Date): Promise<{ usesPromotions: boolean } | null> {
    const [row] = await this.database.query<{ usesPromotions: boolean }>(EXTEND, [id, until]);
    return row ?? null;
  }

  /** An order that waits for its money does so until then and no longer. */
  async shorten(id: string, until: Date): Promise<void> {
    await this.database.execute(SHORTEN, [id, until]);
  }

  /** Lines whose goods are sold before they are there keep the day that they were promised for. */
  async promise(id: string, promises: readonly { variantId: string; at: Date }[]): Promise<void> {
    const values = [id, promises.map(({ variantId }) => variantId), promises.map(({ at }) => at)];
    await this.database.execute(PROMISE, values);
  }

  /** All of it, in one round trip. */
  async find(id: string): Promise<Order | undefined> {
    const [row] = await this.database.query<Row>(`${SELECT} WHERE o.id = $1`, [id]);
    return row && toOrder(row);
  }

  /** Only what tells whether the order has heard of its payments. */
  async glance(id: string): Promise<Glance | undefined> {
    type Sums = Record<'owed' | 'total' | 'withdrawn' | 'currency', string>;
    const [row] = await this.database.query<Statuses & Sums>(GLANCE, [id]);
    if (row === undefined) return undefined;
    const { owed, total, withdrawn, currency, ...statuses } = row;
    const money = (amount: string) => Money.of(BigInt(amount), currency);
    return { ...statuses, owed: money(owed), total: money(total), withdrawn: money(withdrawn) };
  }

  /** Locked first and read afterwards, so that what is read is what the lock holders before us have written. */
  async locked(id: string): Promise<Order | undefined> {
    await this.database.query('SELECT FROM ordering.orders WHERE id = $1 FOR UPDATE', [id]);
    return this.find(id);
  }

  /** Orders whose time to pay is over, the oldest first, from behind `after`. */
  unpaid(before: Date, after: Due | null, limit: number): Promise<Due[]> {
    return this.database.query<Due>(UNPAID, [before, after?.expiresAt ?? null, after?.id ?? null, limit]);
  }
}

const taxRow = (tax: OrderTaxLine, index: number) => ({
  position: index + 1,
  line_id: tax.lineId,
  tax_class: tax.taxClass,
  title: tax.title,
  rate_ppm: tax.ratePpm,
  jurisdiction: tax.jurisdiction,
  base: tax.base.toString(),
  amount: tax.amount.toString(),
});
const discountRow = ({ lineId, promotionId, group, amount, ...discount }: OrderDiscount, index: number) => ({
  ...discount,
  position: index + 1,
  line_id: lineId,
  promotion_id: promotionId,
  promotion_group: group,
  amount: amount.toString(),
});

const toOrder = (row: Row): Order => ({
  ...row,
  subtotal: BigInt(row.subtotal),
  discount: BigInt(row.discount),
  shipping: BigInt(row.shipping),
  tax: BigInt(row.tax),
  total: BigInt(row.total),
  givenBack: BigInt(row.givenBack),
  withdrawn: BigInt(row.withdrawn),
  lines: row.lines.map((line) => ({
    ...line,
    promisedFor: line.promisedFor === null ? null : new Date(line.promisedFor),
    unitPrice: BigInt(line.unitPrice),
    discount: BigInt(line.discount),
    tax: BigInt(line.tax),
    total: BigInt(line.total),
  })),
  taxLines: row.taxLines.map((tax) => ({ ...tax, base: BigInt(tax.base), amount: BigInt(tax.amount) })),
  discounts: row.discounts.map((discount) => ({ ...discount, amount: BigInt(discount.amount) })),
  history: row.history.map((entry) => ({ ...entry, at: new Date(entry.at) })),
  fulfilments: row.fulfilments.map(toFulfilment),
});

const INSERT = `
  WITH made AS (
    INSERT INTO ordering.orders (id, cart_id, customer_id, access_hash, status, payment_status, fulfilment_status,
      currency, email, shipping_address, billing_address, shipping_option_id, shipping_title, shipping_chosen_by,
      prices_include_tax, tax_zone, subtotal, discount, shipping, tax, total, expires_at, created_at, calculation,
      shipping_details, taxation, gift_message)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $31,
      $32, $33, $34)
    RETURNING number::text
  ), lines AS (${insertLines('$1', '$24')}
  ), taxes AS (
    INSERT INTO ordering.order_tax_lines (order_id, position, line_id, tax_class, title, rate_ppm, base, amount,
      jurisdiction)
    SELECT $1, t.position, t.line_id, t.tax_class, t.title, t.rate_ppm, t.base, t.amount, t.jurisdiction
    FROM jsonb_to_recordset($25::jsonb) AS t (position int, line_id uuid, tax_class text, title text, rate_ppm int,
      base bigint, amount bigint, jurisdiction text)
  ), discounts AS (
    INSERT INTO ordering.order_discounts (order_id, position, line_id, promotion_id, code, title, promotion_group, amount)
    SELECT $1, d.position, d.line_id, d.promotion_id, d.code, d.title, d.promotion_group, d.amount
    FROM jsonb_to_recordset($30::jsonb) AS d (position int, line_id uuid, promotion_id uuid, code text, title text,
      promotion_group text, amount bigint)
  ), history AS (
    INSERT INTO ordering.order_history (id, order_id, at, event, status, payment_status, fulfilment_status, actor_kind,
      actor_id)
    VALUES ($26, $1, $23, $27, $5, $6, $7, $28, $29)
  ), cart AS (
    UPDATE ordering.carts SET state = 'ordered', version = version + 1, updated_at = $23 WHERE id = $2
  )
  SELECT number FROM made`;

const MOVE = `
  WITH moved AS (
    UPDATE ordering.orders SET status = $5, payment_status = $6, fulfilment_status = $7, version = version + 1,
      placed_at = CASE WHEN $5 = 'placed' THEN coalesce(placed_at, $8) ELSE placed_at END
    WHERE id = $1 AND status = $2 AND payment_status = $3 AND fulfilment_status = $4
    RETURNING id
  )
  INSERT INTO ordering.order_history (id, order_id, at, event, status, payment_status, fulfilment_status, actor_kind,
    actor_id, note, facts)
  SELECT $9, id, $8, $10, $5, $6, $7, $11, $12, $13, $14 FROM moved`;
const NOTE = `
  INSERT INTO ordering.order_history (id, order_id, at, event, status, payment_status, fulfilment_status, actor_kind,
    actor_id, note, facts)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;
const EXTEND = `
  UPDATE ordering.orders SET expires_at = greatest(expires_at, $2) WHERE id = $1 AND status = 'pending_payment'
  RETURNING EXISTS (SELECT FROM ordering.promotion_redemptions r WHERE r.order_id = $1) AS "usesPromotions"`;
const SHORTEN = `
  UPDATE ordering.orders SET expires_at = least(expires_at, $2) WHERE id = $1 AND status = 'pending_payment'`;
const PROMISE = `
  UPDATE ordering.order_lines l SET promised_for = p.at FROM unnest($2::uuid[], $3::timestamptz[]) AS p (variant_id, at)
  WHERE l.order_id = $1 AND l.variant_id = p.variant_id`;
const UNPAID = `
  SELECT id, expires_at AS "expiresAt" FROM ordering.orders
  WHERE status = 'pending_payment' AND expires_at <= $1 AND ($2::timestamptz IS NULL OR (expires_at, id) > ($2, $3::uuid))
  ORDER BY expires_at, id LIMIT $4`;

const GLANCE = `
  SELECT status, payment_status AS "paymentStatus", fulfilment_status AS "fulfilmentStatus",
    total + given_back AS owed, total, withdrawn, currency
  FROM ordering.orders WHERE id = $1`;

const SELECT = `
  SELECT o.id, o.number::text, o.cart_id AS "cartId", o.customer_id AS "customerId", o.access_hash AS "tokenHash",
    o.status, o.payment_status AS "paymentStatus", o.fulfilment_status AS "fulfilmentStatus", o.currency, o.email,
    o.shipping_address AS "shippingAddress", o.billing_address AS "billingAddress",
    o.shipping_option_id AS "shippingOptionId", o.shipping_title AS "shippingTitle",
    o.shipping_chosen_by AS "shippingChosenBy", o.shipping_details AS "shippingDetails", o.gift_message AS "giftMessage",
    o.prices_include_tax AS "pricesIncludeTax", o.tax_zone AS "taxZone", o.taxation,
    o.subtotal, o.discount, o.shipping, o.tax, o.total, o.given_back AS "givenBack", o.withdrawn, o.held_at AS "heldAt",
    o.hold_reason AS "holdReason", o.tags, o.expires_at AS "expiresAt", o.placed_at AS "placedAt",
    o.created_at AS "createdAt", o.version,
    (SELECT json_agg(${LINE_JSON} ORDER BY l.position) FROM ordering.order_lines l WHERE l.order_id = o.id) AS lines,
    coalesce((SELECT json_agg(json_build_object('lineId', t.line_id, 'taxClass', t.tax_class, 'title', t.title,
      'ratePpm', t.rate_ppm, 'jurisdiction', t.jurisdiction, 'base', t.base::text, 'amount', t.amount::text) ORDER BY t.position)
      FROM ordering.order_tax_lines t WHERE t.order_id = o.id), '[]') AS "taxLines",
    coalesce((SELECT json_agg(json_build_object('lineId', d.line_id, 'promotionId', d.promotion_id, 'code', d.code,
      'title', d.title, 'group', d.promotion_group, 'amount', d.amount::text) ORDER BY d.position)
      FROM ordering.order_discounts d WHERE d.order_id = o.id), '[]') AS discounts,
    coalesce((SELECT json_agg(json_build_object('at', h.at, 'event', h.event, 'status', h.status,
      'paymentStatus', h.payment_status, 'fulfilmentStatus', h.fulfilment_status, 'actorKind', h.actor_kind,
      'actorId', h.actor_id, 'note', h.note, 'facts', h.facts) ORDER BY h.id) FROM ordering.order_history h WHERE h.order_id = o.id), '[]') AS history,
    ${FULFILMENTS} AS fulfilments
  FROM ordering.orders o`;
