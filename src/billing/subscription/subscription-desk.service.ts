import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SubscriptionEndAnnounced } from '../billing.events.js';
import { periodAt } from './periods.js';
import { Renewals } from './renewals.service.js';
import type { Subscription } from './subscription.js';
import { SubscriptionEnds } from './subscription-ends.service.js';
import { subscriptionProblems } from './subscription.errors.js';
import { type Changed, SubscriptionRepository } from './subscription.repository.js';
import { Subscriptions } from './subscriptions.service.js';

/** Who asks for it: the customer whose it is, or staff (`customerId` null). */
export interface Asking {
  readonly actor: Actor;
  readonly customerId: string | null;
  /** Of `If-Match`; null: whatever it is. */
  readonly version: number | null;
}

/** What customers and staff do with subscriptions. 409 `billing.subscription_state` when it does not lead anywhere from here. */
@Injectable()
export class SubscriptionDesk {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly subscriptions: Subscriptions,
    private readonly ends: SubscriptionEnds,
    private readonly renewals: Renewals,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Now, or with the end of the period that is paid; of a trial with its end. */
  async cancel(id: string, when: 'now' | 'period_end', reason: string | null, asking: Asking): Promise<void> {
    await this.write(id, asking, 'canceled', async (subscription) => {
      if (when === 'now') return this.ends.cancel(subscription, reason);
      if (subscription.cancelAtPeriodEnd) return subscription;
      const isRunning = subscription.state !== 'incomplete' && subscription.nextBillAt !== null;
      if (!isRunning) return null;
      return this.announce(subscription, {
        cancelAtPeriodEnd: true,
        cancelReason: reason,
        scheduledChange: null,
      });
    });
  }

  /** It goes on after all. */
  async keep(id: string, asking: Asking): Promise<void> {
    await this.write(id, asking, 'kept', async (subscription) =>
      subscription.cancelAtPeriodEnd
        ? this.announce(subscription, { cancelAtPeriodEnd: false, cancelReason: null })
        : null,
    );
  }

  async pause(id: string, asking: Asking): Promise<void> {
    await this.write(id, asking, 'paused', (subscription) => this.subscriptions.step(subscription, 'pause'));
  }

  /** The period that was paid goes on, or a new one begins today. It is billed at once, by the same job as every other. */
  async resume(id: string, asking: Asking): Promise<void> {
    await this.write(id, asking, 'resumed', (subscription) =>
      this.subscriptions.step(subscription, 'resume'),
    );
    await this.renewals.catchUp(id);
  }

  /** What was to begin with the next period does not. */
  async dropChange(id: string, asking: Asking): Promise<void> {
    await this.write(id, asking, 'change_dropped', async (subscription) =>
      subscription.scheduledChange === null
        ? null
        : this.rows.change(subscription, { scheduledChange: null }),
    );
  }

  /** A person has looked: it is billed again, with all periods that were missed or only the one that runs. */
  async release(id: string, missed: 'bill' | 'skip', asking: Asking): Promise<void> {
    await this.write(id, asking, 'released', async (subscription) => {
      if (subscription.parkedReason === null) return null;
      const running = periodAt(subscription.schedule, this.clock.now())?.index ?? 0;
      const skipped = missed === 'skip' && running > subscription.nextPeriod ? { nextPeriod: running } : {};
      return this.rows.change(subscription, { parkedReason: null, ...skipped });
    });
    await this.renewals.catchUp(id, true);
  }

  private async announce(
    subscription: Subscription,
    to: Changed & { cancelAtPeriodEnd: boolean },
  ): Promise<Subscription> {
    const { id: subscriptionId } = subscription;
    this.outbox.record(new SubscriptionEndAnnounced({ subscriptionId, atPeriodEnd: to.cancelAtPeriodEnd }));
    return this.rows.change(subscription, to);
  }

  private async write(
    id: string,
    { actor, customerId, version }: Asking,
    what: string,
    work: (subscription: Subscription) => Promise<Subscription | null>,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const subscription = await this.rows.lock(id);
      if (subscription === null || (customerId !== null && subscription.customerId !== customerId))
        throw platformProblems.not_found();
      requireVersion(version, subscription.version);
      if ((await work(subscription)) === null) throw subscriptionProblems.subscription_state();
      this.audit.record({
        ...{ actor, action: `billing.subscription.${what}`, subjectType: 'subscription', subjectId: id },
      });
    });
  }
}
