import { Injectable } from '@nestjs/common';
import type { VariantKind } from '../../catalog/catalog.api.js';
import { Database } from '../../platform/database/database.js';
import { type Difference, differing, idsBehind } from '../../platform/integrity/integrity.js';
import type { Calculation } from '../calculation/calculation.js';
import type { OrderComponent } from '../order/order.js';
import type { Statuses } from '../order/order.statuses.js';

export const ORDER_TABLES = ['orders', 'order_lines', 'promotions', 'promotion_codes'] as const;
export type OrderTable = (typeof ORDER_TABLES)[number];
export const ORDER_SUMS = ['totals', 'pieces', 'promotions', 'codes'] as const;
export type OrderSum = (typeof ORDER_SUMS)[number];

/** An order with what its statuses, its money and its goods are derived from. */
export interface StandingOrder extends Statuses {
  id: string;
  currency: string;
  /** Minor units, as text. */
  total: string;
  givenBack: string;
  withdrawn: string;
  email: string;
  /** When the last happened to it. */
  lastAt: Date;
  /** The change that waits to be paid; its goods are held under its own id. */
  awaitingChange: string | null;
  lines: {
    id: string;
    /** Minor units, as text. */
    unitPrice: string;
    variantId: string;
    kind: VariantKind;
    quantity: number;
    fulfilled: number;
    delivered: number;
    returned: number;
    stockTracked: boolean;
    components: OrderComponent[] | null;
  }[];
}

/** An order with what it was calculated from, and what its changes came to since. */
export interface CalculatedOrder {
  id: string;
  status: string;
  total: string;
  calculation: Calculation;
  /** Minor units, as text. */
  changes: string;
}

/** Whether orders are the sum of what they are made of. One statement sees one moment. */
@Injectable()
export class OrderIntegrityRepository {
  constructor(private readonly database: Database) {}

  async subjects(table: OrderTable, after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(SUBJECTS[table], [after, limit]);
    return rows.map(({ id }) => id);
  }

  look(sum: OrderSum, ids: readonly string[]): Promise<Difference[]> {
    return this.database.query<Difference>(LOOK[sum], [ids]);
  }

  /** Orders of which it is known how they were calculated. */
  calculated(ids: readonly string[]): Promise<CalculatedOrder[]> {
    return this.database.query<CalculatedOrder>(CALCULATED, [ids]);
  }

  standing(ids: readonly string[]): Promise<StandingOrder[]> {
    return this.database.query<StandingOrder>(STANDING, [ids]);
  }
}

const SUBJECTS: Readonly<Record<OrderTable, string>> = {
  orders: idsBehind('ordering.orders'),
  order_lines: idsBehind('ordering.order_lines'),
  promotions: idsBehind('ordering.promotions'),
  promotion_codes: idsBehind('ordering.promotion_codes'),
};

const LOOK: Readonly<Record<OrderSum, string>> = {
  // A line stands for the pieces that neither came back nor were refunded.
  totals: differing(`
    SELECT o.id, v.name, v.expected, v.found FROM ordering.orders o
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(price), 0) AS price, coalesce(sum(discount), 0) AS discount, coalesce(sum(tax), 0) AS tax,
        coalesce(sum(total), 0) AS total,
        coalesce(sum(price - discount + CASE WHEN o.prices_include_tax THEN 0 ELSE tax END), 0) AS worth
      FROM (SELECT unit_price * (quantity - returned - refunded) AS price, discount, tax, total
        FROM ordering.order_lines WHERE order_id = o.id) AS lines
    ) l
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(amount) FILTER (WHERE line_id IS NULL), 0) AS shipping
      FROM ordering.order_tax_lines WHERE order_id = o.id
    ) t
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(amount) FILTER (WHERE line_id IS NULL), 0) AS shipping
      FROM ordering.order_discounts WHERE order_id = o.id
    ) d
    CROSS JOIN LATERAL (VALUES
      ('subtotal', l.price, o.subtotal),
      ('discount', l.discount + d.shipping, o.discount),
      ('discounts', o.discount, d.amount),
      ('tax', l.tax + t.shipping, o.tax),
      ('taxes', o.tax, t.amount),
      ('lines', l.worth, l.total),
      ('total', l.total + o.shipping - d.shipping + CASE WHEN o.prices_include_tax THEN 0 ELSE t.shipping END, o.total)
    ) AS v (name, expected, found)
    WHERE o.id = ANY ($1::uuid[])`),
  pieces: differing(`
    SELECT l.id, v.name, v.expected, v.found FROM ordering.order_lines l
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(p.quantity) FILTER (WHERE f.state IN ('pending', 'packed')), 0) AS planned,
        coalesce(sum(p.quantity) FILTER (WHERE f.state IN ('shipped', 'delivered')), 0) AS fulfilled,
        coalesce(sum(p.quantity) FILTER (WHERE f.state = 'delivered'), 0) AS delivered
      FROM ordering.fulfilment_lines p JOIN ordering.fulfilments f ON f.id = p.fulfilment_id WHERE p.line_id = l.id
    ) f
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(p.quantity), 0) AS asked_back
      FROM ordering.return_lines p JOIN ordering.returns r ON r.id = p.return_id
      WHERE p.line_id = l.id AND r.state IN ('requested', 'approved', 'received')
    ) r
    CROSS JOIN LATERAL (
      SELECT coalesce(sum((e ->> 'quantity')::int) FILTER (WHERE e ->> 'effect' = 'returned'), 0) AS returned,
        coalesce(sum((e ->> 'quantity')::int) FILTER (WHERE e ->> 'effect' = 'refunded'), 0) AS refunded
      FROM ordering.order_changes c CROSS JOIN LATERAL jsonb_array_elements(c.explained) AS e
      WHERE c.order_id = l.order_id AND c.difference IS NOT NULL AND e ->> 'lineId' = l.id::text
    ) c
    CROSS JOIN LATERAL (VALUES
      ('planned', f.planned, l.planned), ('fulfilled', f.fulfilled, l.fulfilled), ('delivered', f.delivered, l.delivered),
      ('asked back', r.asked_back, l.asked_back), ('returned', c.returned, l.returned), ('refunded', c.refunded, l.refunded),
      ('sent and planned of what was ordered', least(l.fulfilled + l.planned, l.quantity), l.fulfilled + l.planned),
      ('back of what was sent', least(l.returned + l.refunded + l.asked_back, l.fulfilled),
        l.returned + l.refunded + l.asked_back)
    ) AS v (name, expected, found)
    WHERE l.id = ANY ($1::uuid[])`),
  promotions: differing(`
    WITH used AS (
      SELECT promotion_id, currency, count(*) AS uses, sum(amount) AS amount FROM ordering.promotion_redemptions
      WHERE promotion_id = ANY ($1::uuid[]) AND counted GROUP BY promotion_id, currency
    ), told AS (
      SELECT promotion_id, currency, uses, amount FROM ordering.promotion_totals WHERE promotion_id = ANY ($1::uuid[])
    )
    SELECT promotion_id AS id, v.name || ' in ' || currency AS name, v.expected, v.found
    FROM used FULL JOIN told USING (promotion_id, currency)
    CROSS JOIN LATERAL (VALUES
      ('uses', coalesce(used.uses, 0), coalesce(told.uses, 0)),
      ('amount', coalesce(used.amount, 0), coalesce(told.amount, 0))
    ) AS v (name, expected, found)`),
  codes: differing(`
    SELECT c.id, 'uses' AS name, (SELECT count(*) FROM ordering.promotion_redemptions r
      WHERE r.code_id = c.id AND r.counted) AS expected, c.uses AS found
    FROM ordering.promotion_codes c WHERE c.id = ANY ($1::uuid[])`),
};

// A change that was taken back has come to something first; what the way back came to stands in the history.
const CALCULATED = `
  SELECT o.id, o.status, o.total::text, o.calculation,
    ((SELECT coalesce(sum(c.difference), 0) FROM ordering.order_changes c WHERE c.order_id = o.id)
      + (SELECT coalesce(sum((h.facts -> 'difference' ->> 'amount')::bigint), 0) FROM ordering.order_history h
        WHERE h.order_id = o.id AND h.event = 'change_withdrawn'))::text AS changes
  FROM ordering.orders o WHERE o.id = ANY ($1::uuid[]) AND o.calculation IS NOT NULL ORDER BY o.id`;
const STANDING = `
  SELECT o.id, o.status, o.payment_status AS "paymentStatus", o.fulfilment_status AS "fulfilmentStatus", o.currency,
    o.total::text, o.given_back::text AS "givenBack", o.withdrawn::text,
    (SELECT c.id FROM ordering.order_changes c WHERE c.order_id = o.id AND c.state = 'awaiting_payment') AS "awaitingChange",
    o.email, (SELECT max(h.at) FROM ordering.order_history h WHERE h.order_id = o.id) AS "lastAt",
    (SELECT coalesce(json_agg(json_build_object('id', l.id, 'unitPrice', l.unit_price::text, 'variantId', l.variant_id, 'kind', l.kind, 'quantity', l.quantity,
      'fulfilled', l.fulfilled, 'delivered', l.delivered, 'returned', l.returned, 'stockTracked', l.stock_tracked,
      'components', l.components)), '[]') FROM ordering.order_lines l WHERE l.order_id = o.id) AS lines
  FROM ordering.orders o WHERE o.id = ANY ($1::uuid[]) ORDER BY o.id`;
