import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Order } from '../order/order.js';
import { insertLines, lineRows } from '../order/order-line.sql.js';

/** Writes what a change makes of an order: all but its statuses, which `OrderRepository.move` writes. */
@Injectable()
export class AmendedOrderRepository {
  constructor(private readonly database: Database) {}

  /** Of a locked order: lines, taxes, discounts, totals, addresses and the way there, in one statement. */
  async write(order: Order): Promise<void> {
    await this.database.execute(WRITE, [
      order.id,
      order.shippingAddress && JSON.stringify(order.shippingAddress),
      order.billingAddress && JSON.stringify(order.billingAddress),
      order.shippingOptionId,
      order.shippingTitle,
      order.shippingChosenBy,
      order.subtotal,
      order.discount,
      order.shipping,
      order.tax,
      order.total,
      order.givenBack,
      lineRows(order.lines),
      JSON.stringify(
        order.taxLines.map((tax, index) => ({
          ...tax,
          position: index + 1,
          base: tax.base.toString(),
          amount: tax.amount.toString(),
        })),
      ),
      order.taxLines.length,
      JSON.stringify(
        order.discounts.map((one, index) => ({ ...one, position: index + 1, amount: one.amount.toString() })),
      ),
      order.discounts.length,
      order.shippingDetails && JSON.stringify(order.shippingDetails),
      order.withdrawn,
    ]);
  }
}

const WRITE = `
  WITH head AS (
    UPDATE ordering.orders SET shipping_address = $2, billing_address = $3, shipping_option_id = $4, shipping_title = $5,
      shipping_chosen_by = $6, subtotal = $7, discount = $8, shipping = $9, tax = $10, total = $11, given_back = $12,
      shipping_details = $18, withdrawn = $19
    WHERE id = $1
  ), lines AS (${insertLines('$1', '$13')}
    ON CONFLICT ON CONSTRAINT order_lines_pk DO UPDATE SET quantity = excluded.quantity, canceled = excluded.canceled,
      returned = excluded.returned, refunded = excluded.refunded, replaced = excluded.replaced,
      asked_back = excluded.asked_back, awaiting = excluded.awaiting, discount = excluded.discount, tax = excluded.tax,
      total = excluded.total
      WHERE o.order_id = $1
  ), gone AS (
    DELETE FROM ordering.order_tax_lines WHERE order_id = $1 AND position > $15
  ), discounts AS (
    INSERT INTO ordering.order_discounts AS d (order_id, position, line_id, promotion_id, code, title, promotion_group, amount)
    SELECT $1, position, "lineId", "promotionId", code, title, "group", amount
    FROM jsonb_to_recordset($16::jsonb) AS g (position int, "lineId" uuid, "promotionId" uuid, code text, title text,
      "group" text, amount bigint)
    ON CONFLICT ON CONSTRAINT order_discounts_pk DO UPDATE SET line_id = excluded.line_id,
      promotion_id = excluded.promotion_id, code = excluded.code, title = excluded.title,
      promotion_group = excluded.promotion_group, amount = excluded.amount
  ), undone AS (
    DELETE FROM ordering.order_discounts WHERE order_id = $1 AND position > $17
  )
  INSERT INTO ordering.order_tax_lines AS t (order_id, position, line_id, tax_class, title, rate_ppm, jurisdiction, base, amount)
  SELECT $1, position, "lineId", "taxClass", title, "ratePpm", jurisdiction, base, amount
  FROM jsonb_to_recordset($14::jsonb) AS t (position int, "lineId" uuid, "taxClass" text, title text, "ratePpm" int,
    jurisdiction text, base bigint, amount bigint)
  ON CONFLICT ON CONSTRAINT order_tax_lines_pk DO UPDATE SET line_id = excluded.line_id, tax_class = excluded.tax_class,
    title = excluded.title, rate_ppm = excluded.rate_ppm, jurisdiction = excluded.jurisdiction, base = excluded.base, amount = excluded.amount`;
