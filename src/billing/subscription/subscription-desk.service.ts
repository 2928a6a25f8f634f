import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { SubscriptionEndAnnounced } from '../billing.events.js';
import { BILLED_STATES, statesBefore, type SubscriptionState } from './lifecycle.js';
import { periodAt } from './periods.js';
import type { Subscription } from './subscription.js';
import { SubscriptionEnds } from './subscription-ends.service.js';
import { notFrom } from './subscription.errors.js';
import { type Changed, SubscriptionRepository } from './subscription.repository.js';
import { Subscriptions } from './subscriptions.service.js';

/** Who asks for it: the customer whose it is, or staff (`customerId` null). */
export interface Asking {
  readonly actor: Actor;
  readonly customerId: string | null;
  /** Of `If-Match`; null: whatever it is. */
  readonly version: number | null;
}

/** What a step needs, for whoever asked for it in vain. */
interface Needs {
  readonly states: readonly SubscriptionState[];
  /** What is missing in one of these states. */
  readonly otherwise: string;
  readonly errors?: FieldError[];
}

const LIVING = statesBefore('cancel');
const NEEDS = {
  end: { states: LIVING, otherwise: 'Its first payment is under way: repeat it when that is decided.' },
  endLater: {
    states: BILLED_STATES,
    otherwise: 'No further period of it is billed: end it now.',
    errors: [{ pointer: '/when', code: 'not_possible', message: 'must be `now` in this state' }],
  },
  keep: { states: LIVING, otherwise: 'It is not to end with its period: there is nothing to take back.' },
  pause: { states: statesBefore('pause'), otherwise: 'It owes money: pay its open invoices first.' },
  resume: {
    states: statesBefore('resume'),
    otherwise:
      'It owes money, or there is nothing to pay with: pay its open invoices and keep a payment method first.',
  },
  dropChange: { states: LIVING, otherwise: 'No change waits for its next period.' },
  release: { states: LIVING, otherwise: 'It does not wait for a person.' },
} satisfies Record<string, Needs>;

/** What customers and staff do with subscriptions. 409 `billing.subscription_state` when it does not lead anywhere from here. */
@Injectable()
export class SubscriptionDesk {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly subscriptions: Subscriptions,
    private readonly ends: SubscriptionEnds,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Now, or with the end of the period that is paid; of a trial with its end. */
  async cancel(id: string, when: 'now' | 'period_end', reason: string | null, asking: Asking): Promise<void> {
    const needs = when === 'now' ? NEEDS.end : NEEDS.endLater;
    await this.write(id, asking, 'canceled', needs, async (subscription) => {
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
    await this.write(id, asking, 'kept', NEEDS.keep, async (subscription) => {
      if (!subscription.cancelAtPeriodEnd) return null;
      const isBilled = BILLED_STATES.includes(subscription.state);
      return this.announce(subscription, {
        ...{ cancelAtPeriodEnd: false, cancelReason: null },
        ...(!isBilled && { nextBillAt: null }),
      });
    });
  }

  async pause(id: string, asking: Asking): Promise<void> {
    await this.write(id, asking, 'paused', NEEDS.pause, (subscription) => this.ends.pause(subscription));
  }

  /** The period that was paid goes on, or a new one begins today; see `SubscriptionReturns`. */
  async resume(id: string, asking: Asking): Promise<void> {
    await this.write(id, asking, 'resumed', NEEDS.resume, (subscription) =>
      this.subscriptions.step(subscription, 'resume'),
    );
  }

  /** What was to begin with the next period does not. */
  async dropChange(id: string, asking: Asking): Promise<void> {
    await this.write(id, asking, 'change_dropped', NEEDS.dropChange, async (subscription) =>
      subscription.scheduledChange === null
        ? null
        : this.rows.change(subscription, { scheduledChange: null }),
    );
  }

  /** A person has looked: it is billed again, with all periods that were missed or only the one that runs. */
  async release(id: string, missed: 'bill' | 'skip', asking: Asking): Promise<void> {
    await this.write(id, asking, 'released', NEEDS.release, async (subscription) => {
      if (subscription.parkedReason === null) return null;
      const running = periodAt(subscription.schedule, this.clock.now())?.index ?? 0;
      const skipped = missed === 'skip' && running > subscription.nextPeriod ? { nextPeriod: running } : {};
      return this.rows.change(subscription, { parkedReason: null, ...skipped });
    });
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
    { states, otherwise, errors }: Needs,
    work: (subscription: Subscription) => Promise<Subscription | null>,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const subscription = await this.rows.lock(id);
      if (subscription === null || (customerId !== null && subscription.customerId !== customerId))
        throw platformProblems.not_found();
      requireVersion(version, subscription.version);
      if ((await work(subscription)) === null) throw notFrom(subscription.state, states, otherwise, errors);
      this.audit.record({
        ...{ actor, action: `billing.subscription.${what}`, subjectType: 'subscription', subjectId: id },
      });
    });
  }
}
