import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { ProductChanged } from '../catalog.events.js';
import { PurchaseRepository } from './purchase.repository.js';

/**
 * What the catalog remembers of orders: which products were bought together, and by whom. Each method takes in one fact in
 * the caller's transaction; facts may come twice and in any order.
 */
@Injectable()
export class PurchaseService {
  constructor(
    private readonly database: Database,
    private readonly purchases: PurchaseRepository,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
  ) {}

  async placed(orderId: string, buyer: string | null, productIds: string[]): Promise<void> {
    const { customerId, canceled } = await this.purchases.note(orderId, { customerId: buyer });
    if (canceled) return;
    await this.purchases.add(orderId, productIds, customerId, this.clock.now());
    await this.verify(customerId, productIds);
  }

  async canceled(orderId: string): Promise<void> {
    const { customerId } = await this.purchases.note(orderId, { canceled: true });
    await this.verify(customerId, await this.purchases.remove(orderId));
  }

  /** A guest's order has become a customer's. */
  async claimed(orderId: string, buyer: string): Promise<void> {
    await this.purchases.note(orderId, { customerId: buyer });
    await this.verify(buyer, await this.purchases.give(orderId, buyer));
  }

  private async verify(customerId: string | null, bought: string[]): Promise<void> {
    if (customerId === null || bought.length === 0) return;
    const productIds = await this.purchases.verify(customerId, bought);
    if (productIds.length === 0) return;
    this.outbox.record(new ProductChanged({ productIds }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}
