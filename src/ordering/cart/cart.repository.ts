import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { pointOf } from '../shipping/pickup-point.repository.js';
import type { Address } from '../../platform/address/address.js';
import type { CheckedVatId, VatVerdict } from '../../platform/vat/vat-id.js';
import type { Cart, CartLine } from './cart.js';

type Head = Omit<Cart, 'lines'>;

interface LineRow extends Omit<CartLine, 'unitAmount'> {
  unitAmount: string;
}

/** What is read once the cart is locked: its lines, and the order that was made from it. */
export interface CartContent {
  lines: CartLine[];
  orderId: string | null;
}

export interface CartChanges {
  email: string | null;
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingOptionId: string | null;
  promotionCodes: string[];
  pickupPointId: string | null;
  remindSince: Date | null;
  giftMessage: string | null;
  vatId: string | null;
  vatCheck: VatVerdict | null;
}

@Injectable()
export class CartRepository {
  constructor(private readonly database: Database) {}

  /**
   * Cart and lines in one statement, which is one transaction by itself. False when its customer has an active cart in
   * the currency; then nothing was written.
   */
  async insert(cart: Cart, now: Date): Promise<boolean> {
    const rows = await this.database.query<{ id: string }>(INSERT, [
      cart.id,
      cart.tokenHash,
      cart.customerId,
      cart.currency,
      cart.email,
      now,
      lineRows(cart.lines),
      cart.remindSince,
    ]);
    return rows.length === 1;
  }

  /** The one active cart of a customer in a currency, or null. */
  async activeOf(customerId: string, currency: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(ACTIVE_OF, [customerId, currency]);
    return row?.id ?? null;
  }

  /** Reads without a lock, in one round trip. */
  async find(id: string): Promise<(Cart & { orderId: string | null }) | undefined> {
    const [row] = await this.database.query<Head & { lines: LineRow[]; orderId: string | null }>(FIND, [id]);
    return row && { ...row, lines: row.lines.map(toLine) };
  }

  /** Every change of a cart, and its checkout, begins here: two of them wait for each other. */
  async lock(id: string): Promise<Head | undefined> {
    const [row] = await this.database.query<Head>(LOCK, [id]);
    return row;
  }

  /**
   * A statement of its own after the lock, on purpose: in READ COMMITTED only a new statement sees what the
   * transaction that we waited for has written.
   */
  async content(id: string): Promise<CartContent> {
    const [row] = await this.database.query<{ lines: LineRow[]; orderId: string | null }>(CONTENT, [id]);
    return { lines: (row?.lines ?? []).map(toLine), orderId: row?.orderId ?? null };
  }

  /** Puts lines in, each of them once; a line that is there already gets more pieces. */
  async addLines(cartId: string, lines: readonly CartLine[]): Promise<void> {
    await this.database.execute(ADD_LINES, [cartId, lineRows(lines)]);
  }

  async setQuantity(cartId: string, lineId: string, quantity: number): Promise<boolean> {
    const text = quantity === 0 ? DELETE_LINE : SET_QUANTITY;
    const values = quantity === 0 ? [cartId, lineId] : [cartId, lineId, quantity];
    return (await this.database.execute(text, values)) === 1;
  }

  /** Takes note of today's prices: all lines of a variant cost the same. */
  async seePrices(cartId: string, prices: readonly { variantId: string; amount: bigint }[]): Promise<void> {
    if (prices.length === 0) return;
    const values = [
      cartId,
      prices.map(({ variantId }) => variantId),
      prices.map(({ amount }) => String(amount)),
    ];
    await this.database.execute(SEE_PRICES, values);
  }

  /** A new address is told nothing by the letters of the one before: with it the link of a reminder ends. */
  async save(id: string, changes: CartChanges): Promise<void> {
    await this.database.execute(SAVE, [
      id,
      changes.email,
      json(changes.shippingAddress),
      json(changes.billingAddress),
      changes.shippingOptionId,
      changes.promotionCodes,
      changes.pickupPointId,
      changes.remindSince,
      changes.vatId,
      json(changes.vatCheck),
      changes.giftMessage,
    ]);
  }

  /** What was found out of its VAT id again; nothing when it has another one by now. */
  async keepCheck(id: string, { vatId, vatCheck }: CheckedVatId): Promise<void> {
    await this.database.execute(KEEP_CHECK, [id, vatId, json(vatCheck)]);
  }

  async touch(id: string, now: Date): Promise<number> {
    const [row] = await this.database.query<{ version: number }>(TOUCH, [id, now]);
    return row?.version ?? 0;
  }
}

const json = (value: object | null) => (value === null ? null : JSON.stringify(value));
const toLine = (row: LineRow): CartLine => ({ ...row, unitAmount: BigInt(row.unitAmount) });
const lineRows = (lines: readonly CartLine[]) =>
  JSON.stringify(
    lines.map((line) => ({
      id: line.id,
      variant_id: line.variantId,
      quantity: line.quantity,
      product_id: line.productId,
      sku: line.sku,
      title: line.title,
      unit_amount: line.unitAmount.toString(),
      gift_card: line.giftCard,
      properties: line.properties,
    })),
  );

const LINE_RECORD = `
  jsonb_to_recordset($LINES::jsonb) AS l (
    id uuid, variant_id uuid, quantity int, product_id uuid, sku text, title text, unit_amount bigint, gift_card jsonb,
    properties jsonb)`;
const LINE_COLUMNS =
  'id, cart_id, variant_id, quantity, product_id, sku, title, unit_amount, gift_card, properties';
const LINE_VALUES =
  'l.id, $1, l.variant_id, l.quantity, l.product_id, l.sku, l.title, l.unit_amount, l.gift_card, l.properties';

const INSERT = `
  WITH cart AS (
    INSERT INTO ordering.carts (id, token_hash, customer_id, currency, email, created_at, updated_at, remind_since)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $8)
    ON CONFLICT (customer_id, currency) WHERE state = 'active' AND customer_id IS NOT NULL DO NOTHING
    RETURNING id
  ), lines AS (
    INSERT INTO ordering.cart_lines (${LINE_COLUMNS})
    SELECT ${LINE_VALUES.replace('$1', 'cart.id')} FROM cart, ${LINE_RECORD.replace('$LINES', '$7')}
  )
  SELECT id FROM cart`;
const ACTIVE_OF = `
  SELECT id FROM ordering.carts WHERE customer_id = $1 AND currency = $2 AND state = 'active'`;
const ADD_LINES = `
  INSERT INTO ordering.cart_lines (${LINE_COLUMNS}) SELECT ${LINE_VALUES} FROM ${LINE_RECORD.replace('$LINES', '$2')}
  ON CONFLICT ON CONSTRAINT cart_lines_variant_key
  DO UPDATE SET quantity = ordering.cart_lines.quantity + excluded.quantity,
    title = excluded.title, sku = excluded.sku`;
const SEE_PRICES = `
  UPDATE ordering.cart_lines l SET unit_amount = p.amount
  FROM unnest($2::uuid[], $3::bigint[]) AS p (variant_id, amount)
  WHERE l.cart_id = $1 AND l.variant_id = p.variant_id AND l.unit_amount <> p.amount`;

const HEAD = `c.id, c.token_hash AS "tokenHash", c.restore_hash AS "restoreHash", c.customer_id AS "customerId", c.currency, c.email,
  c.shipping_address AS "shippingAddress", c.billing_address AS "billingAddress",
  c.shipping_option_id AS "shippingOptionId", c.promotion_codes AS "promotionCodes", c.remind_since AS "remindSince", c.pickup_point_id AS "pickupPointId",
  c.vat_id AS "vatId", c.vat_check AS "vatCheck", c.gift_message AS "giftMessage", c.state, c.version,
  ${pointOf('c.pickup_point_id')} AS "pickupPoint",
  coalesce((SELECT json_agg(json_build_object('number', e.number, 'jurisdiction', e.jurisdiction, 'reason', e.reason,
      'validUntil', e.valid_until) ORDER BY e.id)
    FROM ordering.tax_exemptions e WHERE e.customer_id = c.customer_id), '[]') AS certificates`;
const LINES = (cart: string) => `coalesce((
    SELECT json_agg(json_build_object('id', l.id, 'variantId', l.variant_id, 'productId', l.product_id, 'sku', l.sku,
      'title', l.title, 'quantity', l.quantity, 'unitAmount', l.unit_amount::text, 'giftCard', l.gift_card,
      'properties', l.properties) ORDER BY l.id)
    FROM ordering.cart_lines l WHERE l.cart_id = ${cart}), '[]') AS lines,
  (SELECT o.id FROM ordering.orders o WHERE o.cart_id = ${cart}) AS "orderId"`;
const FIND = `SELECT ${HEAD}, ${LINES('c.id')} FROM ordering.carts c WHERE c.id = $1`;
const LOCK = `SELECT ${HEAD} FROM ordering.carts c WHERE c.id = $1 FOR UPDATE`;
const CONTENT = `SELECT ${LINES('$1')}`;
const SET_QUANTITY = 'UPDATE ordering.cart_lines SET quantity = $3 WHERE cart_id = $1 AND id = $2';
const DELETE_LINE = 'DELETE FROM ordering.cart_lines WHERE cart_id = $1 AND id = $2';
const SAVE = `
  UPDATE ordering.carts SET email = $2, shipping_address = $3, billing_address = $4, shipping_option_id = $5,
    promotion_codes = $6, pickup_point_id = $7, remind_since = $8, vat_id = $9, vat_check = $10, gift_message = $11,
    restore_hash = CASE WHEN email IS NOT DISTINCT FROM $2 THEN restore_hash END
  WHERE id = $1`;
const KEEP_CHECK =
  'UPDATE ordering.carts SET vat_check = $3, version = version + 1 WHERE id = $1 AND vat_id = $2';
const TOUCH =
  'UPDATE ordering.carts SET version = version + 1, updated_at = $2 WHERE id = $1 RETURNING version';
