import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** Whether somebody has ordered before. */
@Injectable()
export class FirstOrderRepository {
  constructor(private readonly database: Database) {}

  /** True while the customer has no order that was placed and not canceled. */
  async isFirst(customerId: string): Promise<boolean> {
    const [row] = await this.database.query<{ first: boolean }>(IS_FIRST, [customerId]);
    return row?.first ?? true;
  }
}

const IS_FIRST = `
  SELECT NOT EXISTS (SELECT FROM ordering.orders
    WHERE customer_id = $1 AND placed_at IS NOT NULL AND status <> 'canceled') AS first`;
