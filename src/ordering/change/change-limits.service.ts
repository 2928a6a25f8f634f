import { Injectable } from '@nestjs/common';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import { boughtPieces, type Order } from '../order/order.js';
import type { Calculated } from './change-calculation.service.js';
import { changeProblems } from './change.errors.js';

/** What a customer may buy, with changes counted: what they take off is free again, what they add is bought. */
@Injectable()
export class ChangeLimits {
  constructor(private readonly limits: PurchaseLimits) {}

  /**
   * In the caller's transaction, under the lock of the order and before stock is locked. `before` is the order without the
   * change. 409 `ordering.customer_limit` when the buyer would have more than a limit.
   */
  async apply(before: Order, { order, sellable, change: { added } }: Calculated): Promise<void> {
    const had = new Map(boughtPieces(before).map(({ variantId, quantity }) => [variantId, quantity]));
    const limits = new Map(sellable.map(({ variantId, maxPerCustomer }) => [variantId, maxPerCustomer]));
    const grown = boughtPieces(order).flatMap(({ variantId, quantity: now }) => {
      const max = limits.get(variantId) ?? null;
      const quantity = now - (had.get(variantId) ?? 0);
      return max === null || quantity <= 0 ? [] : [{ variantId, quantity, max }];
    });
    const beyond = await this.limits.follow(order, grown);
    if (beyond.length === 0) return;
    throw changeProblems.customer_limit(undefined, {
      errors: added.flatMap(({ line: { variantId, sku } }, index) =>
        beyond.includes(variantId)
          ? [
              {
                pointer: `/add/${index}/quantity`,
                code: 'max_per_customer',
                message: `of ${sku} each customer may buy ${limits.get(variantId)}, earlier orders counted`,
              },
            ]
          : [],
      ),
    });
  }

  /** In the caller's transaction, as above: the order as it is after what was added was taken off. */
  async giveBack(order: Order): Promise<void> {
    await this.limits.follow(order, []);
  }
}
