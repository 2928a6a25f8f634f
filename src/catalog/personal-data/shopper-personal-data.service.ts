import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { pagesOf, type PersonalDataPage, type Subject } from '../../platform/personal-data/personal-data.js';
import { ProductChanged } from '../catalog.events.js';
import { type PurchaseRow, ShopperDataRepository } from './shopper-data.repository.js';

/** What customers say of products, what they bought and what they looked at: to hand it out and to erase it. */
@Injectable()
export class ShopperPersonalData {
  constructor(
    private readonly database: Database,
    private readonly shoppers: ShopperDataRepository,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
  ) {}

  async *collect({ customerId }: Subject): AsyncGenerator<PersonalDataPage> {
    yield* pagesOf<{ id: string }>('reviews', (after, limit) =>
      this.shoppers.reviews(customerId, after, limit),
    );
    yield* pagesOf<PurchaseRow>('purchases', (after, limit) =>
      this.shoppers.purchases(customerId, after, limit),
    );
    yield* pagesOf<{ place: string }>('recentlyViewed', (after, limit) =>
      this.shoppers.recentlyViewed(customerId, after, limit),
    );
  }

  /**
   * Of a published review the stars stay, and the mark that it was by a buyer: they say nothing about anybody. Its texts,
   * its name and the answer to it go. Which products were bought together stays, without by whom.
   */
  async erase({ customerId }: Subject): Promise<void> {
    if (customerId === null) return;
    const productIds = await this.shoppers.erase(customerId);
    if (productIds.length === 0) return;
    this.outbox.record(new ProductChanged({ productIds }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}
