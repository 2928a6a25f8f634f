import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { Basket, PeriodOfGoods, PeriodOrder } from './basket.js';

/** Baskets of subscriptions, what is saved by them, and the orders that their periods became. */
@Injectable()
export class BasketRepository {
  constructor(private readonly database: Database) {}

  async find(subscriptionId: string): Promise<Basket | null> {
    const [row] = await this.database.query<Basket>(`${BASKET} WHERE subscription_id = $1`, [subscriptionId]);
    return row ?? null;
  }

  /** False when it is of another version by now; version 0: there was none. */
  async save(basket: Basket): Promise<boolean> {
    const saved = await this.database.execute(basket.version === 0 ? INSERT : UPDATE, [
      basket.subscriptionId,
      basket.customerId,
      JSON.stringify(basket.shippingAddress),
      basket.billingAddress && JSON.stringify(basket.billingAddress),
      basket.shippingOptionId,
      JSON.stringify(basket.lines),
      basket.updatedAt,
      ...(basket.version === 0 ? [] : [basket.version]),
    ]);
    return saved === 1;
  }

  ofCustomer(customerId: string, after: { id: string } | null, limit: number): Promise<{ id: string }[]> {
    return this.database.query<{ id: string }>(OF_CUSTOMER, [customerId, after?.id ?? null, limit]);
  }

  async forget(customerId: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.subscription_baskets WHERE customer_id = $1', [
      customerId,
    ]);
  }

  /** Percent that whoever subscribes to the plan saves; 0 where nobody has said. */
  async percentOff(planId: string): Promise<{ percentOff: number; version: number }> {
    const [row] = await this.database.query<{ percentOff: number; version: number }>(
      `SELECT percent_off AS "percentOff", version FROM ordering.basket_discounts WHERE plan_id = $1`,
      [planId],
    );
    return row ?? { percentOff: 0, version: 0 };
  }

  async setPercentOff(planId: string, percentOff: number, now: Date): Promise<void> {
    await this.database.execute(SET_PERCENT, [planId, percentOff, now]);
  }

  /** The one row of a period, whoever was first. */
  async claim(period: PeriodOfGoods, now: Date): Promise<PeriodOrder> {
    const { subscriptionId, scheduleNo, periodIndex, periodStart } = period;
    await this.database.execute(CLAIM, [newId(), subscriptionId, scheduleNo, periodIndex, periodStart, now]);
    const [row] = await this.database.query<PeriodOrder>(
      `${PERIOD} WHERE subscription_id = $1 AND schedule_no = $2 AND period_index = $3`,
      [subscriptionId, scheduleNo, periodIndex],
    );
    if (row === undefined) throw new Error(`a period of subscription ${subscriptionId} is not there`);
    return row;
  }

  async lockPeriod(id: string): Promise<PeriodOrder> {
    const [row] = await this.database.query<PeriodOrder>(`${PERIOD} WHERE id = $1 FOR UPDATE`, [id]);
    if (row === undefined) throw new Error(`period ${id} is not there`);
    return row;
  }

  /** The caller holds its lock. */
  async ordered(id: string, orderId: string, operationId: string | null): Promise<void> {
    await this.database.execute(
      `UPDATE ordering.subscription_orders SET state = 'ordered', order_id = $2, operation_id = $3 WHERE id = $1 AND state = 'due'`,
      [id, orderId, operationId],
    );
  }

  /** There is no order; false when that was known already. */
  async missed(id: string, code: string): Promise<boolean> {
    const missed = await this.database.execute(
      `UPDATE ordering.subscription_orders SET state = 'missed', code = $2 WHERE id = $1 AND state = 'due'`,
      [id, code],
    );
    return missed === 1;
  }

  /** The newest first. */
  periods(subscriptionId: string, limit: number): Promise<PeriodOrder[]> {
    return this.database.query<PeriodOrder>(
      `${PERIOD} WHERE subscription_id = $1 ORDER BY schedule_no DESC, period_index DESC LIMIT $2`,
      [subscriptionId, limit],
    );
  }
}

const BASKET = `
  SELECT subscription_id AS "subscriptionId", customer_id AS "customerId", shipping_address AS "shippingAddress",
    billing_address AS "billingAddress", shipping_option_id AS "shippingOptionId", lines, version, created_at AS "createdAt",
    updated_at AS "updatedAt"
  FROM ordering.subscription_baskets`;
const INSERT = `
  INSERT INTO ordering.subscription_baskets (subscription_id, customer_id, shipping_address, billing_address, shipping_option_id,
    lines, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (subscription_id) DO NOTHING`;
const UPDATE = `
  UPDATE ordering.subscription_baskets SET customer_id = $2, shipping_address = $3, billing_address = $4, shipping_option_id = $5,
    lines = $6, updated_at = $7, version = version + 1
  WHERE subscription_id = $1 AND version = $8`;
const OF_CUSTOMER = `
  SELECT subscription_id AS id, shipping_address AS "shippingAddress", billing_address AS "billingAddress", lines,
    created_at AS "createdAt"
  FROM ordering.subscription_baskets
  WHERE customer_id = $1 AND ($2::uuid IS NULL OR subscription_id > $2) ORDER BY subscription_id LIMIT $3`;
const SET_PERCENT = `
  INSERT INTO ordering.basket_discounts AS d (plan_id, percent_off, updated_at) VALUES ($1, $2, $3)
  ON CONFLICT (plan_id) DO UPDATE SET percent_off = excluded.percent_off, updated_at = excluded.updated_at, version = d.version + 1`;
const CLAIM = `
  INSERT INTO ordering.subscription_orders (id, subscription_id, schedule_no, period_index, period_start, state, created_at)
  VALUES ($1, $2, $3, $4, $5::date, 'due', $6) ON CONFLICT (subscription_id, schedule_no, period_index) DO NOTHING`;
const PERIOD = `
  SELECT id, subscription_id AS "subscriptionId", period_start::text AS "periodStart", state, order_id AS "orderId",
    operation_id AS "operationId", code, created_at AS "createdAt"
  FROM ordering.subscription_orders`;
