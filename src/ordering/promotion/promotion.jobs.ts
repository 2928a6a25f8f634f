import { Clock } from '../../platform/clock.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { PromotionFacts } from './promotion-facts.service.js';
import { RedemptionRepository } from './redemption.repository.js';

const AT_ONCE = 1_000;

/** Nothing waits for these: what is used up is told right before and after. They keep looking at it cheap. */
@Subscriber()
export class PromotionJobs {
  constructor(
    private readonly redemptions: RedemptionRepository,
    private readonly facts: PromotionFacts,
    private readonly clock: Clock,
  ) {}

  @Every('1m', 'ordering.sweep_promotions')
  async sweep(): Promise<number> {
    let done = await this.facts.tellUntold();
    for (;;) {
      const swept = await this.redemptions.sweep(this.clock.now(), AT_ONCE);
      const counted = await this.redemptions.count(AT_ONCE);
      done += swept + counted;
      if (swept < AT_ONCE && counted < AT_ONCE) return done;
    }
  }
}
