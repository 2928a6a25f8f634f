import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PromotionChanged, PromotionModeChanged } from '../ordering.events.js';
import { listedOf, mayBeListed } from './listed.js';
import type { Promotion } from './promotion.js';
import { type GroupSetting, PromotionRepository } from './promotion.repository.js';

const AT_ONCE = 100;

/** Tells of promotions what pages of the shop may show. */
@Injectable()
export class PromotionFacts {
  constructor(
    private readonly database: Database,
    private readonly promotions: PromotionRepository,
    private readonly outbox: Outbox,
  ) {}

  /** In the transaction of the change; `promotion` as it is after it, with its new version. */
  changed(promotion: Promotion): void {
    if (!mayBeListed(promotion)) return;
    const { id: promotionId, version } = promotion;
    this.outbox.record(new PromotionChanged({ promotionId, version, listed: listedOf(promotion) }));
  }

  /** In the transaction of the change. */
  modeChanged(setting: GroupSetting): void {
    this.outbox.record(new PromotionModeChanged({ ...setting }));
  }

  /** Tells of what was there before anybody could hear of it; returns how much that was. */
  async tellUntold(): Promise<number> {
    let told = 0;
    for (;;) {
      const found = await this.database.transaction(async () => {
        const modes = await this.promotions.untoldModes();
        const promotions = await this.promotions.untold(AT_ONCE);
        for (const setting of modes) this.modeChanged(setting);
        for (const promotion of promotions) this.changed(promotion);
        return promotions.length;
      });
      told += found;
      if (found < AT_ONCE) return told;
    }
  }
}
