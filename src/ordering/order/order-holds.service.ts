import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { Problem } from '../../platform/http/problem.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import type { Order, OrderLine } from './order.js';
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
    private readonly limits: PurchaseLimits,
  ) {}

  /**
   * In the caller's transaction: holds the goods of an order until after its expiry; `catalog.out_of_stock` (409). Lines of
   * which something is not there yet are promised for the day that it will be.
   */
  async reserve(order: Order): Promise<void> {
    const ahead = await this.catalog.reserve(order.id, order.lines, holdUntil(order.expiresAt));
    if (ahead.length === 0) return;
    const days = new Map(ahead.map(({ variantId, availableFrom }) => [variantId, availableFrom]));
    const promised = order.lines.flatMap((line) => {
      const at = lastDay(line, days);
      if (at === null) return [];
      line.promisedFor = at;
      return [{ variantId: line.variantId, at }];
    });
    await this.orders.promise(order.id, promised);
  }

  /** In the caller's transaction: the order comes to nothing, and gives back what it took. Repeating it is harmless. */
  async release(orderId: string): Promise<void> {
    await this.limits.giveBack(orderId);
    await this.catalog.release(orderId);
  }

  /** In the caller's transaction: an order that had given back is paid after all. False when its goods are gone. */
  async takeBack({ id, lines }: Order, now: Date): Promise<boolean> {
    await this.limits.takeBack(id);
    try {
      await this.catalog.reserve(id, lines, now);
    } catch (error) {
      if (error instanceof Problem && error.code === 'catalog.out_of_stock') return false;
      throw error;
    }
    return true;
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

/** A bundle is there when the last of its parts is. */
function lastDay({ variantId, components }: OrderLine, days: ReadonlyMap<string, Date>): Date | null {
  const all = (components ?? [{ variantId }]).flatMap((part) => days.get(part.variantId) ?? []);
  return all.length === 0 ? null : new Date(Math.max(...all.map((day) => day.getTime())));
}
