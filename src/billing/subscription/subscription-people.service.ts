import { Injectable } from '@nestjs/common';
import { priceIn } from '../plan/plan.js';
import type { SubscriptionBuyer } from './subscription.js';
import { SubscriptionBuyers } from './subscription-buyers.service.js';
import { SubscriptionEnds } from './subscription-ends.service.js';
import { SubscriptionRepository } from './subscription.repository.js';

interface Told {
  id: string;
  plan: string;
  quantity: number;
  unitPrice: object | null;
  state: string;
  since: string;
  endedAt: string | null;
  reason: string | null;
  buyer: SubscriptionBuyer | null;
}

/** What a person has subscribed to, for the copy of all that is kept, and its end when the person is forgotten. */
@Injectable()
export class SubscriptionPeople {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly buyers: SubscriptionBuyers,
    private readonly ends: SubscriptionEnds,
  ) {}

  async subscriptions(customerId: string, after: { id: string } | null, limit: number): Promise<Told[]> {
    const subscriptions = await this.rows.ofCustomer(customerId, after?.id ?? null, limit);
    const items = await this.rows.presentItems(subscriptions.map(({ id }) => id));
    return Promise.all(
      subscriptions.map(async (one) => {
        const item = items.find(({ subscriptionId }) => subscriptionId === one.id);
        return {
          ...{ id: one.id, plan: item?.terms.title ?? '', quantity: item?.quantity ?? 0, state: one.state },
          unitPrice: item ? (priceIn(item.terms, one.currency)?.amount.toJSON() ?? null) : null,
          ...{ since: one.createdAt.toISOString(), endedAt: one.endedAt?.toISOString() ?? null },
          ...{ reason: one.cancelReason, buyer: await this.buyers.open(one) },
        };
      }),
    );
  }

  /** In the caller's transaction: all of it ends, and nothing tells any more whose it was. */
  erase(customerId: string): Promise<void> {
    return this.ends.erase(customerId);
  }
}
