import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { FirstInvoices } from './first-invoices.service.js';
import type { Subscription } from './subscription.js';
import { SubscriptionInvoices } from './subscription-invoices.service.js';
import { SubscriptionRepository } from './subscription.repository.js';
import { TrialRepository } from './trial.repository.js';
import { Subscriptions } from './subscriptions.service.js';

/** How subscriptions end, and pause. */
@Injectable()
export class SubscriptionEnds {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly subscriptions: Subscriptions,
    private readonly trials: TrialRepository,
    private readonly firsts: FirstInvoices,
    private readonly invoices: SubscriptionInvoices,
  ) {}

  /** The first payment did not come in time: it never began. While nobody knows what became of an attempt it waits. */
  async expire(id: string): Promise<void> {
    await this.database.transaction(async () => {
      const subscription = await this.rows.lock(id);
      if (subscription?.state !== 'incomplete') return;
      const owed = await this.firsts.owed(id);
      if (owed === 'undecided') return;
      const ended = await this.subscriptions.step(subscription, 'first_payment_overdue');
      if (ended) await this.firsts.drop(owed, 'never paid');
    });
  }

  /**
   * In the caller's transaction, under its lock: it ends now. What was not begun to be paid for is owed by nobody; what was is,
   * and what has waited for the next invoice comes on a last one. Null: not from this state, or an attempt to pay is under way.
   */
  async cancel(subscription: Subscription, reason: string | null): Promise<Subscription | null> {
    const owed = subscription.state === 'incomplete' ? await this.firsts.owed(subscription.id) : [];
    if (owed === 'undecided') return null;
    const ended = await this.subscriptions.step(subscription, 'cancel', undefined, { cancelReason: reason });
    if (ended === null) return null;
    await this.firsts.drop(owed, 'canceled before it began');
    await this.invoices.issueLast(ended, await this.rows.item(ended.id));
    return ended;
  }

  /**
   * In the caller's transaction, under its lock: nothing more is billed until it is resumed. What was used up to now, and what has
   * waited for the next invoice, comes on one of its own, so that no pause is a way out of paying; it is resumed when that is paid.
   * Null: not from this state.
   */
  async pause(subscription: Subscription): Promise<Subscription | null> {
    const paused = await this.subscriptions.step(subscription, 'pause');
    if (paused) await this.invoices.issueLast(paused, await this.rows.item(paused.id));
    return paused;
  }

  /** In the caller's transaction: all that a person has subscribed to stays as it is until its end. */
  async hold(customerId: string): Promise<void> {
    await this.rows.lockLiving(customerId);
  }

  /**
   * In the caller's transaction: all that a person has subscribed to ends, and nothing tells any more whose it was. Throws while
   * the first payment of one has just come, or nobody knows whether it has: it would begin afterwards, and be nobody's.
   */
  async erase(customerId: string): Promise<void> {
    for (const subscription of await this.rows.lockLiving(customerId))
      if ((await this.cancel(subscription, null)) === null)
        throw new Error(`subscription ${subscription.id} is just being paid for the first time`);
    await this.trials.forget(customerId);
    await this.rows.anonymise(customerId);
  }
}
