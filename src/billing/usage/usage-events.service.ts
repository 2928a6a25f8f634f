import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Subscription } from '../subscription/subscription.js';
import type { SubscriptionState } from '../subscription/lifecycle.js';
import { SubscriptionRepository } from '../subscription/subscription.repository.js';
import { parseQuantity } from '../subscription/usage-pricing.js';
import { UsageChargeRepository } from './usage-charge.repository.js';
import { UsageEventRepository } from './usage-event.repository.js';
import { type NewUsageEventDto, UsageEventDto, type UsageEventQuery, UsageReceiptDto } from './usage.dto.js';
import { usageProblems } from './usage.errors.js';
import type { UsageEvent } from './usage.js';

const CLOSED: readonly SubscriptionState[] = ['incomplete', 'incomplete_expired', 'canceled'];
/** So many faults of one batch are told. */
const MOST_TOLD = 100;

/** Takes in what was used. */
@Injectable()
export class UsageEvents {
  constructor(
    private readonly database: Database,
    private readonly events: UsageEventRepository,
    private readonly usage: UsageChargeRepository,
    private readonly rows: SubscriptionRepository,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** All of them or none; what was taken before counts once, whoever sent it. */
  record(subscriptionId: string, batch: readonly NewUsageEventDto[], actor: Actor): Promise<UsageReceiptDto> {
    return this.database.transaction(async () => {
      await this.events.hold(subscriptionId);
      const subscription = await this.rows.find(subscriptionId);
      if (subscription === null) throw platformProblems.not_found();
      // Of goods no period is invoiced: each becomes an order.
      if (subscription.kind === 'goods' || CLOSED.includes(subscription.state))
        throw usageProblems.usage_closed();
      const settledUntil = await this.usage.settledUntil(subscriptionId);
      const events = batch.map((one) => this.eventOf(subscriptionId, one, settledUntil));
      await this.check(subscription, events);
      const added = await this.events.insert(subscriptionId, firstOf(events));
      await this.compare(subscriptionId, events, added);
      if (added.size > 0)
        this.audit.record({
          ...{ actor, action: 'billing.usage.recorded' },
          ...{ subjectType: 'subscription', subjectId: subscriptionId, details: { events: added.size } },
        });
      return UsageReceiptDto.of(events, added);
    });
  }

  /** A page, what was heard of last first. */
  async list(
    subscriptionId: string,
    { limit, cursor, at, ...wanted }: UsageEventQuery,
  ): Promise<Page<UsageEventDto>> {
    const { component, eventId, late } = { component: null, eventId: null, late: null, ...wanted };
    const list = `usage ${subscriptionId} ${JSON.stringify([component, eventId, late, at?.gte, at?.lte])}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const instant = (text: string | undefined) => (text === undefined ? null : new Date(text));
    const filter = { component, eventId, late, from: instant(at?.gte), to: instant(at?.lte) };
    const rows = await this.events.list(subscriptionId, filter, after as string | null, limit + 1);
    if (rows.length === 0 && (await this.rows.find(subscriptionId)) === null)
      throw platformProblems.not_found();
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: page.items.map((event) => UsageEventDto.from(event)) };
  }

  private eventOf(
    subscriptionId: string,
    { eventId, component, quantity, at }: NewUsageEventDto,
    settledUntil: Date,
  ): UsageEvent {
    const usedAt = new Date(at);
    return {
      ...{ id: newId(), subscriptionId, eventId, component, usedAt, receivedAt: this.clock.now() },
      quantity: parseQuantity(quantity) ?? 0n,
      settledUntil: usedAt < settledUntil ? settledUntil : null,
    };
  }

  private async check({ id, createdAt }: Subscription, events: readonly UsageEvent[]): Promise<void> {
    const now = this.clock.now();
    const items = await this.rows.items(id);
    const known = new Set(items.flatMap(({ terms }) => terms.components.map(({ code }) => code)));
    const errors: FieldError[] = [];
    events.forEach(({ component, usedAt }, index) => {
      const fault = (field: string, code: string, message: string) =>
        errors.push({ pointer: `/events/${index}/${field}`, code, message });
      if (!known.has(component)) fault('component', 'unknown', 'must be a component of the plan');
      if (usedAt > now) fault('at', 'in_future', 'must not be in the future');
      if (usedAt < createdAt) fault('at', 'too_early', 'must not be before the subscription');
    });
    if (errors.length > 0)
      throw usageProblems.usage_refused(undefined, { errors: errors.slice(0, MOST_TOLD) });
  }

  /** What was there before, or twice in the batch, says the same. */
  private async compare(
    subscriptionId: string,
    events: readonly UsageEvent[],
    added: ReadonlySet<string>,
  ): Promise<void> {
    if (added.size === events.length) return;
    const names = [...new Set(events.map(({ eventId }) => eventId))];
    const kept = await this.events.named(subscriptionId, names);
    const byName = new Map(kept.map((event) => [event.eventId, event]));
    const errors = events.flatMap((event, index): FieldError[] => {
      const there = byName.get(event.eventId);
      if (there === undefined || isSame(event, there)) return [];
      const message = 'was taken with another content';
      return [{ pointer: `/events/${index}/eventId`, code: 'other_content', message }];
    });
    if (errors.length > 0)
      throw usageProblems.usage_event_conflict(undefined, { errors: errors.slice(0, MOST_TOLD) });
  }
}

const firstOf = (events: readonly UsageEvent[]): UsageEvent[] => [
  ...new Map([...events].reverse().map((event) => [event.eventId, event])).values(),
];

const isSame = (one: UsageEvent, other: UsageEvent): boolean =>
  one.component === other.component &&
  one.quantity === other.quantity &&
  one.usedAt.getTime() === other.usedAt.getTime();
