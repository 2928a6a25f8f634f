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

  /** What staff wrote down for them to order. */
  draftOrders({ customerId, email }: Subject, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(DRAFTS, [customerId, email, after?.id ?? null, limit]);
  }

  async deleteDraftOrders({ customerId, email }: Subject): Promise<void> {
    await this.database.execute(`DELETE FROM ordering.draft_orders t WHERE ${THEIRS}`, [customerId, email]);
  }

  /** Orders that somebody still has to do something about, the oldest first. */
  open({ customerId, email }: Subject): Promise<{ number: string; isPaid: boolean }[]> {
    return this.database.query<{ number: string; isPaid: boolean }>(OPEN, [customerId, email]);
  }

  /** Their orders, in the order in which they are locked. */
  async orderIds({ customerId, email }: Subject): Promise<string[]> {
    const rows = await this.database.query<Row>(
      `SELECT t.id FROM ordering.orders t WHERE ${THEIRS} ORDER BY t.id`,
      [customerId, email],
    );
    return rows.map(({ id }) => id);
  }

  /** What was bought, for how much and in which country stays for the books; to whom it went does not. */
  async anonymiseOrders({ customerId, email }: Subject): Promise<void> {
    const values = [customerId, email, ERASED_EMAIL, JSON.stringify(ERASED_ADDRESS)];
    // Whoever counts orders for the reports has read whose they are, and would write it back: first one, then the other.
    await this.database.query('SELECT FROM ordering.report_state FOR UPDATE');
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
    t.shipping_title AS "shippingTitle", t.shipping_details -> 'pickupPoint' AS "pickupPoint", t.taxation, t.gift_message AS "giftMessage",
    (SELECT json_agg(json_build_object('sku', l.sku, 'title', l.title, 'variantTitle', l.variant_title,
      'options', l.options, 'quantity', l.quantity, 'fulfilled', l.fulfilled, 'unitPrice', l.unit_price::text,
      'discount', l.discount::text,
      'tax', l.tax::text, 'total', l.total::text, 'giftCard', l.gift_card, 'properties', l.properties) ORDER BY l.position)
      FROM ordering.order_lines l WHERE l.order_id = t.id) AS lines,
    coalesce((SELECT json_agg(json_build_object('title', d.title, 'code', d.code, 'amount', d.amount::text) ORDER BY d.position)
      FROM ordering.order_discounts d WHERE d.order_id = t.id), '[]') AS discounts,
    coalesce((SELECT json_agg(json_build_object('at', h.at, 'event', h.event, 'by', h.actor_kind, 'note', h.note)
      ORDER BY h.id) FROM ordering.order_history h WHERE h.order_id = t.id), '[]') AS history,
    coalesce((SELECT json_agg(json_build_object('number', r.number::text, 'state', r.state, 'comment', r.comment, 'answer', r.answer,
      'createdAt', r.created_at) ORDER BY r.id) FROM ordering.returns r WHERE r.order_id = t.id), '[]') AS returns,
    coalesce((SELECT json_agg(json_build_object('body', n.body, 'createdAt', n.created_at) ORDER BY n.id)
      FROM ordering.order_notes n WHERE n.order_id = t.id), '[]') AS notes,
    coalesce((SELECT json_agg(json_build_object('kind', c.kind, 'state', c.state, 'reason', c.reason, 'createdAt', c.created_at,
      'shippingAddress', c.plan -> 'shippingAddress', 'billingAddress', c.plan -> 'billingAddress') ORDER BY c.id)
      FROM ordering.order_changes c WHERE c.order_id = t.id), '[]') AS changes,
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
    t.shipping_address AS "shippingAddress", t.billing_address AS "billingAddress",
    t.promotion_codes AS "promotionCodes", t.vat_id AS "vatId", t.vat_check AS "vatCheck", t.gift_message AS "giftMessage",
    (SELECT p.name FROM ordering.pickup_points p WHERE p.id = t.pickup_point_id) AS "pickupPoint",
    coalesce((SELECT json_agg(json_build_object('sku', l.sku, 'title', l.title, 'quantity', l.quantity, 'giftCard', l.gift_card, 'properties', l.properties) ORDER BY l.id)
      FROM ordering.cart_lines l WHERE l.cart_id = t.id), '[]') AS lines,
    t.remind_since AS "remindSince",
    coalesce((SELECT json_agg(json_build_object('sku', s.sku, 'title', s.title, 'quantity', s.quantity,
      'giftCard', s.gift_card, 'properties', s.properties, 'savedAt', s.saved_at) ORDER BY s.id)
      FROM ordering.saved_lines s WHERE s.cart_id = t.id), '[]') AS "savedLines",
    coalesce((SELECT json_agg(json_build_object('createdAt', s.created_at, 'expiresAt', s.expires_at) ORDER BY s.id)
      FROM ordering.cart_shares s WHERE s.cart_id = t.id), '[]') AS shares,
    coalesce((SELECT json_agg(json_build_object('step', r.step, 'at', r.at) ORDER BY r.step)
      FROM ordering.cart_reminders r WHERE r.cart_id = t.id), '[]') AS reminders
  FROM ordering.carts t WHERE ${THEIRS} AND ($3::uuid IS NULL OR t.id > $3) ORDER BY t.id LIMIT $4`;
const DRAFTS = `
  SELECT t.id, t.state, t.created_at AS "createdAt", t.email, t.currency, t.shipping_address AS "shippingAddress",
    t.billing_address AS "billingAddress", t.promotion_codes AS "promotionCodes", t.note, t.lines,
    t.vat_id AS "vatId", t.pickup_point_id AS "pickupPointId", t.order_id AS "orderId"
  FROM ordering.draft_orders t WHERE ${THEIRS} AND ($3::uuid IS NULL OR t.id > $3) ORDER BY t.id LIMIT $4`;
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
    UPDATE ordering.order_lines l SET gift_card = NULL, properties = NULL FROM held
    WHERE l.order_id = held.id AND (l.gift_card IS NOT NULL OR l.properties IS NOT NULL)
  ), staff_notes AS (
    DELETE FROM ordering.order_notes n USING held WHERE n.order_id = held.id
  ), reported AS (
    -- Whose orders belong together may be counted on; whose they were is not known any more.
    UPDATE ordering.report_orders r SET customer_key = (SELECT sha256(gen_random_uuid()::text::bytea)) FROM held
    WHERE r.order_id = held.id
  ), links AS (
    DELETE FROM ordering.payment_links l USING held WHERE l.order_id = held.id
  ), lookups AS (
    DELETE FROM ordering.order_lookups l USING held WHERE l.order_id = held.id
  ), returned AS (
    UPDATE ordering.returns r SET comment = NULL, answer = NULL, label_url = NULL FROM held WHERE r.order_id = held.id
  ), changes AS (
    UPDATE ordering.order_changes c SET reason = NULL,
      plan = c.plan || '{"shippingAddress": null, "billingAddress": null}'::jsonb FROM held WHERE c.order_id = held.id
  ), notes AS (
    UPDATE ordering.order_history h SET note = NULL FROM held WHERE h.order_id = held.id AND h.note IS NOT NULL
  )
  UPDATE ordering.orders o
  SET customer_id = NULL, access_hash = NULL, hold_reason = CASE WHEN o.hold_reason IS NOT NULL THEN '' END, tags = '{}', gift_message = NULL, email = $3, shipping_address = CASE WHEN o.shipping_address IS NOT NULL THEN ${COUNTRY_OF('o.shipping_address')} END,
    billing_address = CASE WHEN o.billing_address IS NOT NULL THEN ${COUNTRY_OF('o.billing_address')} END,
    taxation = CASE WHEN o.taxation #> '{exemption,number}' IS NOT NULL THEN jsonb_set(jsonb_set(o.taxation, '{vatId}', 'null'), '{exemption,number}', 'null')
      ELSE jsonb_set(o.taxation, '{vatId}', 'null') END,
    shipping_details = CASE WHEN o.shipping_details ? 'pickupPoint' THEN o.shipping_details || '{"pickupPoint": null}' ELSE o.shipping_details END, version = o.version + 1
  FROM held WHERE o.id = held.id`;
const DELETE_CARTS = `DELETE FROM ordering.carts t WHERE ${THEIRS}`;
