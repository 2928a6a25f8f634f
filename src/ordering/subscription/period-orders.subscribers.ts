import { SubscriptionPeriodDue } from '../../billing/billing.events.js';
import { On, Subscriber } from '../../platform/events/subscribers.js';
import { PeriodOrders } from './period-orders.service.js';

/** Periods of subscriptions to goods become orders. */
@Subscriber()
export class PeriodOrderSubscribers {
  constructor(private readonly orders: PeriodOrders) {}

  @On(SubscriptionPeriodDue, { transactional: false })
  due({ payload }: SubscriptionPeriodDue): Promise<void> {
    return this.orders.make(payload);
  }
}
