import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { BoughtTogetherRepository } from './bought-together.repository.js';
import { FacetCountsRepository } from './facet-counts.repository.js';

const DAY_MS = 86_400_000;
/** Orders count for so long. */
const WINDOW_DAYS = 180;
/** After so many days a product is counted again though nobody has bought it: its orders leave the window. */
const STALE_DAYS = 7;
const BATCH = 10;
/** Of one run; what is left waits for the next. */
const MAX_BATCHES = 2_000;
const ASKED_AGAIN = 2_000;

/** Counts what recommendations stand on, in the background. */
@Injectable()
export class RecommendationCounting {
  constructor(
    private readonly database: Database,
    private readonly pairs: BoughtTogetherRepository,
    private readonly facets: FacetCountsRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Products that were bought since they were counted, a few in each transaction: whoever dies loses one batch, which is
   * due as before. Any number of workers may do it at once, each with products of its own.
   */
  async boughtTogether(): Promise<void> {
    const now = this.clock.now();
    const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MS);
    await this.pairs.askAgain(daysAgo(STALE_DAYS), ASKED_AGAIN);
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const counted = await this.database.transaction(async () => {
        const productIds = await this.pairs.claim(BATCH);
        if (productIds.length > 0) await this.pairs.count(productIds, daysAgo(WINDOW_DAYS), now);
        return productIds.length;
      });
      if (counted === 0) return;
    }
  }

  /** Old figures rank a little worse and hurt nobody. */
  async facetCounts(): Promise<void> {
    await this.facets.count();
  }
}
