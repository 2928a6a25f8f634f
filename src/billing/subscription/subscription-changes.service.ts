import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SubscriptionChanged } from '../billing.events.js';
import { ChangeMaker } from './change-maker.service.js';
import { ChangeQuotes, digestOf } from './change-quotes.service.js';
import { type PlannedChange, ChangePlanner, fault } from './change-planner.service.js';
import type { ChangeWish, Subscription } from './subscription.js';
import type { SubscriptionChangePreviewDto } from './subscription-change.dto.js';
import type { Asking } from './subscription-desk.service.js';
import { subscriptionProblems } from './subscription.errors.js';
import { lineShown, totalsOf } from './subscription.reader.service.js';
import { SubscriptionRepository } from './subscription.repository.js';

/** For so long a quote holds. */
const QUOTE_MS = 30 * 60_000;

/** Changes of plan and quantity: what is shown is what is billed. */
@Injectable()
export class SubscriptionChanges {
  constructor(
    private readonly database: Database,
    private readonly rows: SubscriptionRepository,
    private readonly planner: ChangePlanner,
    private readonly maker: ChangeMaker,
    private readonly quotes: ChangeQuotes,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * What a change would come to now, with a quote to confirm. Writes nothing. A customer takes no present: one is made by staff, who
   * may give their quote away.
   */
  async preview(
    id: string,
    wish: ChangeWish,
    customerId: string | null,
  ): Promise<SubscriptionChangePreviewDto> {
    const subscription = mine(await this.rows.find(id), customerId);
    const now = this.clock.now();
    const plan = await this.planner.plan(subscription, wish, now);
    if (plan.isPresent && customerId !== null)
      throw fault('/behaviour', 'must not be none where it costs more from now on');
    return this.shown(subscription, wish, plan, now);
  }

  /**
   * Makes the change as it was shown, and bills exactly that. 409 `billing.quote_stale`, with a new quote, when its time is over
   * or anything was changed since; 409 `billing.quote_used` when its change was made before.
   */
  async confirm(id: string, token: string, { actor, customerId, version }: Asking): Promise<void> {
    mine(await this.rows.find(id), customerId);
    const quote = this.quotes.read(token);
    const changed = await this.database.transaction(async () => {
      const subscription = mine(await this.rows.lock(id), customerId);
      if (await this.quotes.isUsed(token)) throw subscriptionProblems.quote_used();
      requireVersion(version, subscription.version);
      const at = new Date(quote.at);
      const holds = quote.expiresAt > this.clock.now().getTime() && quote.version === subscription.version;
      if (quote.subscriptionId !== id || !holds) return null;
      const plan = await this.planner.plan(subscription, quote.wish, at);
      if (digestOf(comparable(plan)) !== quote.digest) return null;
      await this.maker.make(subscription, plan);
      await this.quotes.use(token, quote, this.clock.now());
      const { terms, quantity } = plan.to;
      const { behaviour, effectiveAt } = plan.terms;
      this.outbox.record(
        new SubscriptionChanged({
          ...{ subscriptionId: id, planId: terms.planId, planVersionId: terms.id, quantity, behaviour },
          effectiveAt: effectiveAt.toISOString(),
        }),
      );
      this.audit.record({
        ...{ actor, action: 'billing.subscription.changed', subjectType: 'subscription', subjectId: id },
        details: { plan: terms.code, version: terms.number, quantity, behaviour },
      });
      return plan;
    });
    if (changed !== null) return;
    const fresh = await this.preview(id, quote.wish, customerId);
    throw subscriptionProblems.quote_stale(undefined, { extra: { quote: fresh } });
  }

  private shown(
    subscription: Subscription,
    wish: ChangeWish,
    plan: PlannedChange,
    now: Date,
  ): SubscriptionChangePreviewDto {
    const { behaviour, bills, effectiveAt } = plan.terms;
    const expiresAt = now.getTime() + QUOTE_MS;
    const quote = this.quotes.sign({
      ...{ subscriptionId: subscription.id, version: subscription.version, wish },
      ...{ at: now.getTime(), expiresAt, digest: digestOf(comparable(plan)) },
    });
    return {
      ...{ behaviour, bills, effectiveAt: effectiveAt.toISOString(), lines: plan.lines.map(lineShown) },
      ...{ totals: totalsOf(plan.totals), dueNow: plan.dueNow.toJSON(), quote },
      expiresAt: new Date(expiresAt).toISOString(),
    };
  }
}

/** All that was shown. */
const comparable = ({ terms, lines, totals, dueNow, to }: PlannedChange): object => ({
  ...{ behaviour: terms.behaviour, bills: terms.bills, at: terms.effectiveAt, schedule: terms.schedule },
  ...{
    lines,
    totals: totalsOf(totals),
    dueNow: dueNow.toJSON(),
    version: to.terms.id,
    quantity: to.quantity,
  },
});

function mine(subscription: Subscription | null, customerId: string | null): Subscription {
  if (subscription === null || (customerId !== null && subscription.customerId !== customerId))
    throw platformProblems.not_found();
  return subscription;
}
