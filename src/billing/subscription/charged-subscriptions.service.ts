import { Injectable } from '@nestjs/common';
import { CollectionRepository } from '../dunning/collection.repository.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { priceIn } from '../plan/plan.js';
import { BILLED_STATES } from './lifecycle.js';
import type { Subscription, SubscriptionItem } from './subscription.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** What becomes of subscriptions when the method that they are charged to is removed. */
@Injectable()
export class ChargedSubscriptions {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly methods: PaymentMethodRepository,
    private readonly collections: CollectionRepository,
  ) {}

  /**
   * In the caller's transaction, before the method is touched: nobody else charges, changes or ends what it may be charged with.
   * Answers the default method of then, for `leave`.
   */
  async hold(customerId: string, methodId: string): Promise<string | null> {
    await this.rows.lockLiving(customerId);
    await this.collections.lockOfMethod(customerId, methodId);
    return (await this.methods.find(customerId, null))?.id ?? null;
  }

  /**
   * After it was removed: what was charged to it as the default is charged to the one that is the default now, and what was charged
   * to it by name goes over to the default that there was, with the invoices that are being collected. 409
   * `billing.method_in_use`, which names them, when there is no such method for some of them; the removal is undone then.
   */
  async leave(customerId: string, methodId: string, defaultId: string | null): Promise<void> {
    // Read again: one may have been opened while the method was waited for.
    const living = (await this.rows.lockLiving(customerId)).filter(isCharged);
    const items = await this.rows.presentItems(living.map(({ id }) => id));
    const charged = living.filter((one) =>
      items.some((item) => item.subscriptionId === one.id && !isFree(one, item)),
    );
    const named = charged.filter((one) => one.methodId === methodId);
    const byDefault = defaultId === methodId ? charged.filter((one) => one.methodId === null) : [];
    const isLeft = (await this.methods.find(customerId, null)) !== null;
    // A method that was only the newest of the others has been chosen for nothing.
    const stranded = [...(defaultId === methodId ? named : []), ...(isLeft ? [] : byDefault)];
    if (stranded.length > 0)
      throw methodProblems.method_in_use(IN_USE, {
        extra: { subscriptionIds: stranded.map(({ id }) => id).sort() },
      });
    for (const one of named) {
      await this.rows.change(one, { methodId: null });
      await this.collections.chargeDefault(one.id, methodId);
    }
  }
}

/** What is to end with its period, and has not to be paid for still, is charged no more. */
const isCharged = ({ state, collection, cancelAtPeriodEnd }: Subscription): boolean =>
  collection === 'automatic' && BILLED_STATES.includes(state) && (!cancelAtPeriodEnd || state === 'past_due');

const isFree = ({ currency }: Subscription, { terms }: SubscriptionItem): boolean =>
  terms.components.length === 0 && (priceIn(terms, currency)?.amount.isZero() ?? false);

const IN_USE = 'Subscriptions are charged to this method. Choose another one for them first, or cancel them.';
