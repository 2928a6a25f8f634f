import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { EntitlementChanged } from '../billing.events.js';
import { localDate } from '../seller/seller-profile.js';
import { SellerProfiles } from '../seller/seller-profiles.service.js';
import { type Entitlement, entitlementOf } from '../subscription/lifecycle.js';
import type { Subscription } from '../subscription/subscription.js';
import { Subscriptions } from '../subscription/subscriptions.service.js';
import { DunningPolicyRepository } from './dunning-policy.repository.js';
import { EntitlementRepository } from './entitlement.repository.js';

/** What a subscription entitles to, and since which day something of it is not paid (local date). */
export interface Shown {
  readonly entitlement: Entitlement;
  readonly overdueSince: string | null;
}

const DAY_MS = 86_400_000;
const AT_ONCE = 200;

/** What subscriptions entitle to: decided here, written here, and told when it changes. */
@Injectable()
export class Entitlements {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly rows: EntitlementRepository,
    private readonly policies: DunningPolicyRepository,
    private readonly subscriptions: Subscriptions,
    private readonly sellers: SellerProfiles,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: decides anew, and tells `billing.entitlement_changed` when it is another one. A subscription that
   * owes for longer than the policy bears is canceled.
   */
  async refresh(subscriptionId: string): Promise<void> {
    const now = this.clock.now();
    const standing = await this.rows.lock(subscriptionId);
    if (standing === null) return;
    const policy = await this.policies.default();
    const { state, told, overdueSince, invoiceId } = standing;
    const overdueDays = overdueSince === null ? 0 : daysSince(overdueSince, await this.today(now));
    const isOver = policy.cancelAfterDays !== null && overdueDays >= policy.cancelAfterDays;
    // Its move is heard, and leads here again.
    if (state === 'past_due' && isOver && invoiceId !== null)
      await this.subscriptions.collectionEnded(invoiceId, 'cancel');
    const entitlement = entitlementOf(state, overdueDays, policy);
    if (entitlement === told) return;
    await this.rows.save(subscriptionId, entitlement, now);
    const { customerId } = standing;
    const before = told;
    this.outbox.record(
      new EntitlementChanged({ subscriptionId, customerId, entitlement, before, overdueDays }),
    );
  }

  /** What each of these entitles to now, in their order. */
  async of(subscriptions: readonly Pick<Subscription, 'id' | 'state'>[]): Promise<Shown[]> {
    if (subscriptions.length === 0) return [];
    const overdue = await this.rows.overdue(subscriptions.map(({ id }) => id));
    const policy = await this.policies.default();
    const today = await this.today(this.clock.now());
    return subscriptions.map(({ id, state }) => {
      const overdueSince = overdue.get(id) ?? null;
      const days = overdueSince === null ? 0 : daysSince(overdueSince, today);
      return {
        entitlement: entitlementOf(state, days, policy),
        overdueSince: days > 0 ? overdueSince : null,
      };
    });
  }

  /** The day has moved on: invoices that are sent become overdue, and those that owe are looked at. */
  async moveOn(): Promise<void> {
    const today = await this.today(this.clock.now());
    const late = (after: string | null) => this.rows.late(today, after, AT_ONCE);
    await this.all(late, (id) => this.subscriptions.overdue(id));
    const owing = (after: string | null) => this.rows.owing(after, AT_ONCE);
    await this.all(owing, (id) => this.refresh(id));
  }

  /** Page by page, each in its own transaction: what cannot be done now keeps none of those behind it waiting. */
  private async all(
    page: (after: string | null) => Promise<string[]>,
    work: (id: string) => Promise<void>,
  ): Promise<void> {
    let after: string | null = null;
    for (let more = true; more;) {
      const ids = await page(after);
      for (const id of ids)
        await this.database
          .transaction(() => work(id))
          .catch((error: unknown) =>
            // It has its next hour.
            this.log.error(`what ${id} entitles to could not be decided: ${String(error)}`),
          );
      after = ids.at(-1) ?? null;
      more = ids.length === AT_ONCE;
    }
  }

  private async today(now: Date): Promise<string> {
    return localDate(now, (await this.sellers.current()).timeZone);
  }
}

const daysSince = (day: string, today: string): number =>
  Math.max(0, Math.round((Date.parse(today) - Date.parse(day)) / DAY_MS));
