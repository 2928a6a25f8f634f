import { Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { ChangeQuoteRepository } from './change-quote.repository.js';
import { Renewals } from './renewals.service.js';
import { SubscriptionEnds } from './subscription-ends.service.js';
import { type DueOne, DueSubscriptionRepository } from './due-subscription.repository.js';

const AT_ONCE = 200;
/** Long after a quote is out of date. */
const QUOTES_KEPT_MS = 30 * 86_400_000;

/** Wakes what is due; the table says what that is. */
@Subscriber()
export class SubscriptionJobs {
  private readonly log = new Logger('billing');

  constructor(
    private readonly rows: DueSubscriptionRepository,
    private readonly renewals: Renewals,
    private readonly ends: SubscriptionEnds,
    private readonly quotes: ChangeQuoteRepository,
    private readonly clock: Clock,
  ) {}

  /** Any number of these may run at a time. */
  @Every('1m', 'billing.renew_subscriptions')
  async renew(): Promise<void> {
    const now = this.clock.now();
    const page = (after: DueOne | null) => this.rows.due(now, after, AT_ONCE);
    await this.all(page, 'billed', (id) => this.renewals.catchUp(id));
  }

  @Every('5m', 'billing.expire_subscriptions')
  async expire(): Promise<void> {
    const now = this.clock.now();
    const page = (after: DueOne | null) => this.rows.expired(now, after, AT_ONCE);
    await this.all(page, 'ended', (id) => this.ends.expire(id));
  }

  @Every('1d', 'billing.forget_quotes')
  async forgetQuotes(): Promise<void> {
    await this.quotes.forget(new Date(this.clock.now().getTime() - QUOTES_KEPT_MS));
  }

  /** Page by page: what cannot be done now keeps none of those behind it waiting. */
  private async all(
    page: (after: DueOne | null) => Promise<DueOne[]>,
    what: string,
    work: (id: string) => Promise<void>,
  ): Promise<void> {
    let after: DueOne | null = null;
    for (let more = true; more;) {
      const due = await page(after);
      for (const { id } of due) await this.each(id, what, () => work(id));
      after = due.at(-1) ?? null;
      more = due.length === AT_ONCE;
    }
  }

  private async each(id: string, what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // The others are none the worse for it, and this one has its next minute.
      this.log.error(`subscription ${id} could not be ${what}: ${String(error)}`);
    }
  }
}
