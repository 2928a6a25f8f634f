import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { ERASED_ADDRESS, ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import type { Subject } from '../../platform/personal-data/personal-data.js';

interface Row {
  id: string;
}

/** Orders and carts by the person: the customer's own, and those of a guest with the address. */
@Injectable()
export class OrderPersonalDataRepository {
  constructor(private readonly database: Database) {}

  orders({ customerId, email }: Subject, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(ORDERS, [customerId, email, after?.id ?? null, limit]);
  }

  carts({ customerId, email }: Subject, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(CARTS, [customerId, email, after?.id ?? null, limit]);
  }

  /** Orders that somebody still has to do something about, the oldest first. */
  open({ customerId, email }: Subject): Promise<{ number: string; isPaid: boolean }[]> {
    return this.database.query<{ number: string; isPaid: boolean }>(OPEN, [customerId, email]);
  }

  /** What was bought, for how much and in which country stays for the books; to whom it went does not. */
  async anonymiseOrders({ customerId, email }: Subject): Promise<void> {
    const values = [customerId, email, ERASED_EMAIL, JSON.stringify(ERASED_ADDRESS)];
    await this.database.execute(ANONYMISE, values);
  }

  async deleteCarts({ customerId, email }: Subject): Promise<void> {
    await this.database.execute(DELETE_CARTS, [customerId, email]);
  }
}

/** The rows of a table `t` that are the person's: two conditions, each with an index. */
const THEIRS = `(t.customer_id = $1::uuid OR (t.customer_id IS NULL AND lower(t.email) = lower($2)))`;
const ORDERS = `
  SELECT t.id, t.number::text, t.status, t.payment_status AS "paymentStatus", t.fulfilment_status AS "fulfilmentStatus",
    t.created_at AS "createdAt", t.placed_at AS "placedAt", t.email, t.shipping_address AS "shippingAddress",
    t.billing_address AS "billingAddress", t.currency, t.subtotal, t.discount, t.shipping, t.tax, t.total,
    t.shipping_title AS "shippingTitle", t.taxation,
    (SELECT json_agg(json_build_object('sku', l.sku, 'title', l.title, 'variantTitle', l.variant_title,
      'options', l.options, 'quantity', l.quantity, 'fulfilled', l.fulfilled, 'unitPrice', l.unit_price::text,
      'tax', l.tax::text, 'total', l.total::text, 'giftCard', l.gift_card) ORDER BY l.position)
      FROM ordering.order_lines l WHERE l.order_id = t.id) AS lines,
    coalesce((SELECT json_agg(json_build_object('at', h.at, 'event', h.event, 'by', h.actor_kind, 'note', h.note)
      ORDER BY h.id) FROM ordering.order_history h WHERE h.order_id = t.id), '[]') AS history,
    coalesce((SELECT json_agg(json_build_object('state', f.state, 'carrier', f.carrier, 'service', f.service,
      'trackingNumber', p.tracking_number, 'trackingUrl', p.tracking_url, 'weightGrams', p.weight_grams,
      'createdAt', f.created_at, 'shippedAt', f.shipped_at, 'deliveredAt', f.delivered_at,
      'events', (SELECT json_agg(json_build_object('at', e.occurred_at, 'status', e.status, 'description', e.description,
        'place', e.place) ORDER BY e.occurred_at) FROM ordering.carrier_events e
        WHERE e.carrier = f.carrier_code AND e.tracking_key = p.tracking_key)) ORDER BY f.id, p.position)
      FROM ordering.fulfilments f LEFT JOIN ordering.fulfilment_parcels p ON p.fulfilment_id = f.id
      WHERE f.order_id = t.id), '[]') AS parcels
  FROM ordering.orders t WHERE ${THEIRS} AND ($3::uuid IS NULL OR t.id > $3) ORDER BY t.id LIMIT $4`;
const CARTS = `
  SELECT t.id, t.state, t.created_at AS "createdAt", t.updated_at AS "updatedAt", t.email, t.currency,
    t.shipping_address AS "shippingAddress", t.billing_address AS "billingAddress", t.vat_id AS "vatId", t.vat_check AS "vatCheck",
    coalesce((SELECT json_agg(json_build_object('sku', l.sku, 'title', l.title, 'quantity', l.quantity, 'giftCard', l.gift_card) ORDER BY l.id)
      FROM ordering.cart_lines l WHERE l.cart_id = t.id), '[]') AS lines
  FROM ordering.carts t WHERE ${THEIRS} AND ($3::uuid IS NULL OR t.id > $3) ORDER BY t.id LIMIT $4`;
// What was given back in full is nobody's to send, though it never was completed.
const OPEN = `
  SELECT t.number::text, t.status = 'placed' AS "isPaid" FROM ordering.orders t
  WHERE ${THEIRS} AND (t.status = 'pending_payment'
    OR (t.status = 'placed' AND t.fulfilment_status IN ('unfulfilled', 'partially_fulfilled') AND t.payment_status NOT IN ('refunded', 'voided')))
  ORDER BY t.id LIMIT 20`;
const COUNTRY_OF = (column: string) =>
  `$4::jsonb || jsonb_build_object('country', ${column} -> 'country', 'region', ${column} -> 'region')`;
const ANONYMISE = `
  WITH held AS (
    SELECT t.id FROM ordering.orders t WHERE ${THEIRS} ORDER BY t.id FOR UPDATE
  ), told AS (
    DELETE FROM ordering.carrier_events e USING held, ordering.fulfilments f, ordering.fulfilment_parcels p
    WHERE f.order_id = held.id AND p.fulfilment_id = f.id AND e.carrier = f.carrier_code AND e.tracking_key = p.tracking_key
  ), parcels AS (
    UPDATE ordering.fulfilment_parcels p SET tracking_number = NULL, tracking_url = NULL
    FROM held, ordering.fulfilments f WHERE f.order_id = held.id AND p.fulfilment_id = f.id
  ), remarks AS (
    UPDATE ordering.fulfilment_history h SET note = NULL
    FROM held, ordering.fulfilments f WHERE f.order_id = held.id AND h.fulfilment_id = f.id AND h.note IS NOT NULL
  ), gifts AS (
    UPDATE ordering.order_lines l SET gift_card = NULL FROM held WHERE l.order_id = held.id AND l.gift_card IS NOT NULL
  ), notes AS (
    UPDATE ordering.order_history h SET note = NULL FROM held WHERE h.order_id = held.id AND h.note IS NOT NULL
  )
  UPDATE ordering.orders o
  SET customer_id = NULL, access_hash = NULL, email = $3, shipping_address = CASE WHEN o.shipping_address IS NOT NULL THEN ${COUNTRY_OF('o.shipping_address')} END,
    billing_address = CASE WHEN o.billing_address IS NOT NULL THEN ${COUNTRY_OF('o.billing_address')} END,
    taxation = CASE WHEN o.taxation #> '{exemption,number}' IS NOT NULL THEN jsonb_set(jsonb_set(o.taxation, '{vatId}', 'null'), '{exemption,number}', 'null')
      ELSE jsonb_set(o.taxation, '{vatId}', 'null') END,
    version = o.version + 1
  FROM held WHERE o.id = held.id`;
const DELETE_CARTS = `DELETE FROM ordering.carts t WHERE ${THEIRS}`;
