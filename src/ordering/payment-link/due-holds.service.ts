import { Injectable } from '@nestjs/common';
import { ChangeRepository } from '../change/change.repository.js';
import { UnpaidChanges } from '../change/unpaid-changes.service.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import type { Order } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';

/** What an order that is to be paid holds: all of it, or what a change has added. The rest of a placed one is promised to it. */
@Injectable()
export class DueHolds {
  constructor(
    private readonly holds: OrderHolds,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
  ) {}

  /** In the caller's transaction, under the lock of the order: it is held until then. 409 when it cannot be. */
  async prolong(order: Order, until: Date): Promise<void> {
    const { id: orderId, number } = order;
    if (order.status === 'pending_payment') {
      const hold = await this.holds.prolong(orderId, until);
      if (hold === 'closed')
        throw checkoutProblems.order_closed(undefined, {
          extra: { orderId, number, orderStatus: order.status },
        });
      if (hold === 'lost') await this.holds.reserve({ ...order, expiresAt: until });
      return;
    }
    const change = await this.changes.awaitingOf(orderId);
    if (change) await this.unpaid.prolong(change, until);
  }
}
