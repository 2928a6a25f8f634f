import { Injectable } from '@nestjs/common';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { priceIn } from '../plan/plan.js';
import type { Subscription } from './subscription.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** Whether there is anything to charge a subscription to, or nothing to be charged. */
@Injectable()
export class Payability {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly methods: PaymentMethodRepository,
  ) {}

  async isPayable({ id, customerId, collection, methodId, currency, kind }: Subscription): Promise<boolean> {
    if (collection === 'invoice' || kind === 'goods') return true;
    if (customerId === null) return false;
    // A method that was taken away is none: the default is not charged in its place.
    if ((await this.methods.find(customerId, methodId)) !== null) return true;
    const { terms } = await this.rows.item(id);
    return priceIn(terms, currency)?.amount.isZero() ?? false;
  }
}
