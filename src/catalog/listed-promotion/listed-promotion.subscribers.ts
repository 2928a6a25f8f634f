import { PromotionChanged, PromotionModeChanged } from '../../ordering/ordering.events.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { ListedPromotions } from './listed-promotion.service.js';

@Subscriber()
export class ListedPromotionSubscribers {
  constructor(private readonly promotions: ListedPromotions) {}

  @On(PromotionChanged)
  async changed({ payload: { promotionId, version, listed } }: PromotionChanged): Promise<void> {
    await this.promotions.changed(promotionId, version, listed);
  }

  @On(PromotionModeChanged)
  async modeChanged({ payload: { group, mode, version } }: PromotionModeChanged): Promise<void> {
    // Pages show what is taken off single lines, and nothing of the order or the shipping.
    if (group === 'product') await this.promotions.modeChanged(mode, version);
  }
}
