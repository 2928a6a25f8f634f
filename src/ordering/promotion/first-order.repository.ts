import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { FOR_FIRST_ORDERS, TAKEN } from './redemption.repository.js';

/** Whether somebody has ordered before. */
@Injectable()
export class FirstOrderRepository {
  constructor(private readonly database: Database) {}

  /**
   * True while the customer has no order that was placed and not canceled, and none that waits for its money with a promotion
   * for first orders: of two orders at one moment one is the first.
   */
  async isFirst(customerId: string, now: Date): Promise<boolean> {
    const [row] = await this.database.query<{ first: boolean }>(IS_FIRST, [now, customerId]);
    return row?.first ?? true;
  }
}

const IS_FIRST = `
  SELECT NOT EXISTS (SELECT FROM ordering.orders o
    WHERE o.customer_id = $2 AND o.placed_at IS NOT NULL AND o.status <> 'canceled') AND NOT EXISTS (
    SELECT FROM ordering.orders o JOIN ordering.promotion_redemptions r ON r.order_id = o.id
      JOIN ordering.promotions p ON p.id = r.promotion_id
    WHERE o.customer_id = $2 AND o.status = 'pending_payment' AND ${TAKEN} AND ${FOR_FIRST_ORDERS}) AS first`;
