import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import type { Order } from './order.js';
import { OrderRepository } from './order.repository.js';

/** The hold outlives the order's time to pay a little, so that the expiry of the order is what gives it back. */
const HOLD_GRACE_MS = 5 * 60_000;

const holdUntil = (expiresAt: Date): Date => new Date(expiresAt.getTime() + HOLD_GRACE_MS);

/** Time to pay and the stock that is held for so long: they only ever move together, here. */
@Injectable()
export class OrderHolds {
  constructor(
    private readonly orders: OrderRepository,
    private readonly catalog: CatalogApi,
  ) {}

  /** In the caller's transaction: holds the goods of an order until after its expiry; `catalog.out_of_stock` (409). */
  async reserve(order: Order): Promise<void> {
    const lines = order.lines.map(({ variantId, quantity }) => ({ variantId, quantity }));
    await this.catalog.reserve(order.id, lines, holdUntil(order.expiresAt));
  }

  /**
   * In the caller's transaction: more time to pay, never less. `closed` when the order no longer waits; `lost` when it
   * waits on but its goods, or some of them, were freed meanwhile.
   */
  async prolong(orderId: string, until: Date): Promise<'held' | 'lost' | 'closed'> {
    if (!(await this.orders.extend(orderId, until))) return 'closed';
    return (await this.catalog.extendReservation(orderId, holdUntil(until))) ? 'held' : 'lost';
  }
}
