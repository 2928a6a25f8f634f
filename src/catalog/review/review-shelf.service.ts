import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { ProductChanged } from '../catalog.events.js';
import { SearchIndex } from '../search/search-index.service.js';
import { type Review, ReviewRepository } from './review.repository.js';

/** What the shop shows of reviews: the stars of a product, on its page and on lists. */
@Injectable()
export class ReviewShelf {
  constructor(
    private readonly database: Database,
    private readonly reviews: ReviewRepository,
    private readonly search: SearchIndex,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
  ) {}

  /**
   * In the transaction that has written it: a review has become another, or is gone (null). Its stars count from the moment
   * in which it is published to that in which it is not any more.
   */
  async put(before: Review, after: Review | null): Promise<void> {
    const wasShown = before.status === 'published';
    const isShown = after?.status === 'published';
    if (!wasShown && !isShown) return;
    const { productId } = before;
    if (wasShown !== isShown || before.rating !== after?.rating) {
      if (wasShown) await this.reviews.count(productId, before.rating, -1);
      if (isShown) await this.reviews.count(productId, after.rating, 1);
      await this.search.refresh([productId]);
    }
    this.outbox.record(new ProductChanged({ productIds: [productId] }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}
