import { On, Subscriber } from '../../platform/events/subscribers.js';
import { SubscriptionMoved } from '../billing.events.js';
import { SubscriptionInvoices } from '../subscription/subscription-invoices.service.js';
import { SubscriptionRepository } from '../subscription/subscription.repository.js';

/** Who is canceled for not paying is sent what was used up to then, too; whoever cancels gets it with the last invoice. */
@Subscriber()
export class UsageSubscribers {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly invoices: SubscriptionInvoices,
  ) {}

  @On(SubscriptionMoved)
  async collectionEnded({ payload: { subscriptionId, to, cause } }: SubscriptionMoved): Promise<void> {
    if (to !== 'canceled' || cause !== 'retries_exhausted') return;
    const subscription = await this.rows.lock(subscriptionId);
    // Of somebody who was erased nobody knows whom to send it to.
    if (subscription === null || subscription.customerId === null) return;
    await this.invoices.issueLast(subscription, await this.rows.item(subscriptionId), false);
  }
}
