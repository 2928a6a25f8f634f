import { Injectable } from '@nestjs/common';
import type { PaymentView } from '../../billing/billing.api.js';
import { type Order, owedOf, totalOf, withdrawnOf } from '../order/order.js';
import { type Deed, OrderRepository } from '../order/order.repository.js';
import {
  fulfilmentStatusOf,
  isAllSent,
  isDone,
  paymentStatusOf,
  type Statuses,
} from '../order/order.statuses.js';
import { AmendedOrderRepository } from './amended-order.repository.js';
import type { ChangedOrder, Settling } from './changed-order.js';

/** Writes an order as a change has made it, and brings its statuses up to that. */
@Injectable()
export class AmendedOrders {
  constructor(
    private readonly orders: OrderRepository,
    private readonly amended: AmendedOrderRepository,
  ) {}

  /** In the caller's transaction, under the lock of the order. */
  async write(
    before: Order,
    { order, due, givenBack }: Pick<ChangedOrder, 'order'> & Pick<Settling, 'due' | 'givenBack'>,
    payments: readonly PaymentView[],
    deed: Deed,
  ): Promise<void> {
    const after = { ...order, givenBack };
    await this.amended.write(after);
    const fulfilmentStatus = fulfilmentStatusOf(after.lines);
    const paymentStatus = paymentStatusOf(payments, owedOf(after), totalOf(after), withdrawnOf(after));
    // What was completed stays so, unless something is to be sent again.
    const wasDone = before.status === 'completed' && isAllSent(after.lines);
    const to: Statuses = {
      status: due.isZero() && (wasDone || isDone(after.lines, paymentStatus)) ? 'completed' : 'placed',
      paymentStatus,
      fulfilmentStatus,
    };
    if (!(await this.orders.move(before.id, before, to, deed)))
      throw new Error('a locked order has changed under its lock');
  }
}
