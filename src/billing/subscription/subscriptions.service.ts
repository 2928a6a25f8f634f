import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { SubscriptionMoved } from '../billing.events.js';
import { type Circumstances, type EndPolicy, nextState, type SubscriptionEvent } from './lifecycle.js';
import { billAt, localDate, periodAt, periodOf } from './periods.js';
import { Payability } from './payability.service.js';
import type { Subscription } from './subscription.js';
import { type Changed, SubscriptionRepository } from './subscription.repository.js';
import { TrialRepository } from './trial.repository.js';

const HOUR_MS = 3_600_000;

/** The states of subscriptions, and what moves them. What is heard twice moves nothing the second time. */
@Injectable()
export class Subscriptions {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly trials: TrialRepository,
    private readonly payability: Payability,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction: an invoice of a subscription is paid, or nobody expects its money any more. */
  async invoicePaid(invoiceId: string): Promise<void> {
    const subscription = await this.locked(invoiceId);
    if (subscription) await this.step(subscription, 'paid');
  }

  /** In the caller's transaction: the first attempt to collect an invoice of it has failed. */
  async overdue(invoiceId: string): Promise<void> {
    const subscription = await this.locked(invoiceId);
    if (subscription) await this.step(subscription, 'renewal_unpaid');
  }

  /** In the caller's transaction: the last attempt has failed, and the policy says what comes of it. */
  async collectionEnded(invoiceId: string, policy: EndPolicy): Promise<void> {
    const subscription = await this.locked(invoiceId);
    if (subscription) await this.step(subscription, 'retries_exhausted', policy);
  }

  /**
   * In the caller's transaction, under its lock: takes a step, if there is one from here. Answers the subscription as it is then;
   * null: there was none.
   */
  async step(
    subscription: Subscription,
    event: SubscriptionEvent,
    endPolicy: EndPolicy = 'leave_past_due',
    also: Changed = {},
  ): Promise<Subscription | null> {
    const now = this.clock.now();
    const state = nextState(subscription.state, event, await this.circumstances(subscription, endPolicy));
    if (state === null) return null;
    const isOver = state === 'canceled' || state === 'incomplete_expired';
    // Nobody has paid for it, and no day of it was had.
    if (isOver && subscription.state === 'incomplete') await this.trials.giveBack(subscription.id);
    const changed = await this.rows.change(subscription, {
      state,
      ...(isOver && {
        ...{ nextBillAt: null, endedAt: now, parkedReason: null },
        ...{ cancelAtPeriodEnd: false, scheduledChange: null },
      }),
      // What is to end with its period does so, whatever comes in between.
      ...((state === 'paused' || state === 'unpaid') &&
        !subscription.cancelAtPeriodEnd && { nextBillAt: null }),
      ...(state === 'paused' && { pausedAt: now }),
      ...(state === 'active' && (await this.continued(subscription))),
      ...((state === 'active' || state === 'trialing') && { expiresAt: null, pausedAt: null }),
      ...also,
    });
    const { id: subscriptionId, state: from } = subscription;
    this.outbox.record(new SubscriptionMoved({ subscriptionId, from, to: state, cause: event }));
    return changed;
  }

  /**
   * After a time in which nothing was billed: the period that was paid goes on; otherwise a new one begins today, so that nobody
   * pays for days that are over, and none that was skipped is billed.
   */
  private async continued(subscription: Subscription): Promise<Changed> {
    if (subscription.state !== 'paused' && subscription.state !== 'unpaid') return {};
    const { id, schedule, scheduleNo } = subscription;
    const now = this.clock.now();
    // Before an anchor that lies ahead the days up to it run, which were paid at the beginning.
    const running = periodAt(schedule, now) ?? periodOf(schedule, -1);
    if (await this.rows.isBilled(subscription, running)) {
      const nextPeriod = running.index + 1;
      return { nextPeriod, nextBillAt: billAt(schedule, nextPeriod, id) };
    }
    const anew = { ...schedule, anchorDate: localDate(now, schedule.zone) };
    return { schedule: anew, scheduleNo: scheduleNo + 1, nextPeriod: 0, nextBillAt: now };
  }

  private async circumstances(subscription: Subscription, endPolicy: EndPolicy): Promise<Circumstances> {
    const now = this.clock.now();
    const { schedule, trialEndsAt, createdAt } = subscription;
    return {
      owes: await this.rows.owes(subscription, localDate(now, schedule.zone)),
      inTrial: trialEndsAt !== null && now < trialEndsAt,
      payable: await this.payability.isPayable(subscription),
      hoursSinceCreated: (now.getTime() - createdAt.getTime()) / HOUR_MS,
      endPolicy,
    };
  }

  private locked(invoiceId: string): Promise<Subscription | null> {
    if (!this.database.inTransaction)
      throw new Error('subscriptions move only in a transaction of their caller');
    return this.rows.lockOfInvoice(invoiceId);
  }
}
