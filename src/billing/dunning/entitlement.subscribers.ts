import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { InvoiceMoved, SubscriptionCreated, SubscriptionMoved } from '../billing.events.js';
import { Entitlements } from './entitlements.service.js';

/** When it is looked anew at what a subscription entitles to. */
@Subscriber()
export class EntitlementSubscribers {
  constructor(private readonly entitlements: Entitlements) {}

  @On(SubscriptionCreated)
  created({ payload: { subscriptionId } }: SubscriptionCreated): Promise<void> {
    return this.entitlements.refresh(subscriptionId);
  }

  @On(SubscriptionMoved)
  moved({ payload: { subscriptionId } }: SubscriptionMoved): Promise<void> {
    return this.entitlements.refresh(subscriptionId);
  }

  @On(InvoiceMoved)
  async settled({ payload: { subscriptionId } }: InvoiceMoved): Promise<void> {
    if (subscriptionId !== null) await this.entitlements.refresh(subscriptionId);
  }

  @Every('1h', 'billing.entitlements')
  moveOn(): Promise<void> {
    return this.entitlements.moveOn();
  }
}
