import { On, Subscriber } from '../../platform/events/subscribers.js';
import { SubscriptionMoved } from '../billing.events.js';
import { SubscriptionRepository } from '../subscription/subscription.repository.js';
import { Coupons } from './coupons.service.js';

/** A subscription that never began has used no coupon up. */
@Subscriber()
export class CouponSubscribers {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly coupons: Coupons,
  ) {}

  @On(SubscriptionMoved)
  async neverBegan({ payload: { subscriptionId, from, to } }: SubscriptionMoved): Promise<void> {
    if (from !== 'incomplete' || (to !== 'incomplete_expired' && to !== 'canceled')) return;
    await this.rows.lock(subscriptionId);
    await this.coupons.giveBack(subscriptionId);
  }
}
