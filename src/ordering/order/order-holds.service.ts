import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import { Problem } from '../../platform/http/problem.js';
import { ChangeRepository } from '../change/change.repository.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import type { Spent, Used } from '../promotion/promotion.js';
import { Redemptions } from '../promotion/redemptions.service.js';
import { type Order, type OrderLine, usesPromotions } from './order.js';
import { OrderRepository } from './order.repository.js';

/** The hold outlives the order's time to pay a little, so that the expiry of the order is what gives it back. */
const HOLD_GRACE_MS = 5 * 60_000;

const holdUntil = (expiresAt: Date): Date => new Date(expiresAt.getTime() + HOLD_GRACE_MS);

/** Time to pay, and what is held for so long (promotions and stock): they only ever move together, here. */
@Injectable()
export class OrderHolds {
  constructor(
    private readonly orders: OrderRepository,
    private readonly catalog: CatalogApi,
    private readonly limits: PurchaseLimits,
    private readonly redemptions: Redemptions,
    private readonly changes: ChangeRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction, before stock is locked: holds what an order uses of promotions. Returns those of which
   * nothing is left; when there are any, the transaction must not be committed.
   */
  claim(order: Order, used: readonly Used[]): Promise<{ used: Used; spent: Spent }[]> {
    return this.redemptions.hold(order.id, order, used, holdUntil(order.expiresAt));
  }

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
  async release(order: Order): Promise<void> {
    await this.limits.giveBack(order.id);
    if (usesPromotions(order)) await this.redemptions.release(order.id);
    const changes = await this.changes.endAllOf(order.id, this.clock.now());
    // All of it at once, in the order of ids.
    if (changes.length > 0) await this.catalog.lockStock([], [order.id, ...changes]);
    for (const reference of [order.id, ...changes]) await this.catalog.release(reference);
  }

  /** In the caller's transaction, before its stock is allocated: what an order that is placed uses of promotions is its own. */
  async keep(order: Order): Promise<void> {
    if (usesPromotions(order)) await this.redemptions.keep(order.id, order);
  }

  /** In the caller's transaction: an order that had given back is paid after all. False when its goods are gone. */
  async takeBack(order: Order, now: Date): Promise<boolean> {
    await this.limits.takeBack(order.id);
    await this.keep(order);
    try {
      await this.catalog.reserve(order.id, order.lines, now);
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
    const extended = await this.orders.extend(orderId, until);
    if (extended === null) return 'closed';
    if (extended.usesPromotions) await this.redemptions.prolong(orderId, holdUntil(until));
    return (await this.catalog.extendReservation(orderId, holdUntil(until))) ? 'held' : 'lost';
  }
}

/** A bundle is there when the last of its parts is. */
function lastDay({ variantId, components }: OrderLine, days: ReadonlyMap<string, Date>): Date | null {
  const all = (components ?? [{ variantId }]).flatMap((part) => days.get(part.variantId) ?? []);
  return all.length === 0 ? null : new Date(Math.max(...all.map((day) => day.getTime())));
}
