import { Injectable, Logger } from '@nestjs/common';
import { type Actor, anonymous, system } from '../../platform/access/actor.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { mayComplete } from '../order/order.guards.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { DownloadRepository } from './download.repository.js';

/** As long as a buyer may withdraw from what was not begun; what nobody has opened by then counts as delivered. */
const OPEN_DAYS = 14;
const AT_ONCE = 200;

/**
 * When an order of which nothing is sent is completed. It has to be paid, a hold on a card is not enough, and delivered: each of
 * its digital lines was opened by a download link at least once. Until then its buyer may cancel it, so an order of gift cards
 * alone, and one that nobody downloads, is completed 14 days after it was placed; unless a line still waits for its first
 * file. Orders with parcels are completed by those.
 */
@Injectable()
export class DigitalOrders {
  private readonly log = new Logger('ordering');

  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly downloads: DownloadRepository,
    private readonly catalog: CatalogApi,
    private readonly clock: Clock,
  ) {}

  /** In the transaction that counts a download, under the lock of the order. */
  async completeDownloaded(order: Order): Promise<void> {
    if (!mayComplete(order)) return;
    const opened = new Set((await this.downloads.usesOf(order.id)).map(({ lineId }) => lineId));
    const isDelivered = order.lines.every(
      ({ id, kind, quantity }) => kind !== 'digital' || quantity === 0 || opened.has(id),
    );
    if (isDelivered) await this.complete(order, 'downloaded', anonymous);
  }

  /** Completes what has been open for long enough. Answers how many; safe to repeat and beside itself. */
  async completeOld(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - OPEN_DAYS * 86_400_000);
    let completed = 0;
    for (let after: string | null = null; ;) {
      const ids: string[] = await this.downloads.openDigital(before, after, AT_ONCE);
      for (const id of ids) if (await this.completeAlone(id)) completed += 1;
      after = ids.at(-1) ?? null;
      if (ids.length < AT_ONCE) return completed;
    }
  }

  /** One that goes wrong is logged and tried again in an hour: it keeps no other from being completed. */
  private async completeAlone(id: string): Promise<boolean> {
    try {
      return await this.database.transaction(() => this.completeOne(id));
    } catch (error) {
      this.log.error({ err: error }, `order ${id} was not completed`);
      return false;
    }
  }

  private async completeOne(id: string): Promise<boolean> {
    const order = await this.orders.locked(id);
    if (!order || !mayComplete(order) || (await this.waitsForFiles(order))) return false;
    await this.complete(order, 'delivery_assumed', system('ordering.complete_digital_orders'));
    return true;
  }

  /** Sold before there was a file, and there still is none. */
  private async waitsForFiles({ lines }: Order): Promise<boolean> {
    const empty = lines.filter(({ download }) => download !== null && download.files.length === 0);
    const files = await this.catalog.filesOf(empty.map(({ variantId }) => variantId));
    return empty.some(({ variantId }) => !files.some((file) => file.variantId === variantId));
  }

  private async complete(order: Order, event: string, actor: Actor): Promise<void> {
    const { paymentStatus, fulfilmentStatus } = order;
    const to = { status: 'completed' as const, paymentStatus, fulfilmentStatus };
    const moved = await this.orders.move(order.id, order, to, { event, actor, at: this.clock.now() });
    if (!moved) throw new Error('a locked order has changed under its lock');
  }
}
