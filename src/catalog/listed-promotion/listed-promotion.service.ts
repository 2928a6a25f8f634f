import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { ListedPromotionsChanged } from '../catalog.events.js';
import type { ListedMode, Terms } from './listed-promotion.js';
import { ListedPromotionRepository } from './listed-promotion.repository.js';

/** Keeps what pages show of promotions, as ordering tells it: late or twice does no harm, for the highest version stays. */
@Injectable()
export class ListedPromotions {
  constructor(
    private readonly database: Database,
    private readonly promotions: ListedPromotionRepository,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
  ) {}

  /** A promotion is this now; `terms` null: it is not shown (any more). */
  async changed(id: string, version: number, terms: Terms | null): Promise<void> {
    await this.database.transaction(async () => {
      if (await this.promotions.keep(id, version, terms)) this.tell(id);
    });
  }

  async modeChanged(mode: ListedMode, version: number): Promise<void> {
    await this.database.transaction(async () => {
      if (await this.promotions.keepMode(mode, version)) this.tell(null);
    });
  }

  private tell(promotionId: string | null): void {
    this.outbox.record(new ListedPromotionsChanged({ promotionId }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}
