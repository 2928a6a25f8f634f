import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { UsageEvent } from './usage.js';

type Row = Omit<UsageEvent, 'quantity'> & { quantity: string };

export interface UsageEventFilter {
  readonly component: string | null;
  readonly eventId: string | null;
  readonly late: boolean | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** Events of use: they are only ever added. */
@Injectable()
export class UsageEventRepository {
  constructor(private readonly database: Database) {}

  /** In the caller's transaction: nobody charges usage of this subscription until it ends; other events are taken beside it. */
  async hold(subscriptionId: string): Promise<void> {
    await this.database.query('SELECT FROM billing.subscriptions WHERE id = $1 FOR KEY SHARE', [
      subscriptionId,
    ]);
  }

  /**
   * In the caller's transaction: one statement for all of them. Answers the names of those that were not there; a rival that sends
   * the same ones is waited for. In the order of their names, so that two batches do not wait for each other.
   */
  async insert(subscriptionId: string, events: readonly UsageEvent[]): Promise<Set<string>> {
    const rows = await this.database.query<{ eventId: string }>(INSERT, [
      subscriptionId,
      events.map(({ id }) => id),
      events.map(({ eventId }) => eventId),
      events.map(({ component }) => component),
      events.map(({ quantity }) => quantity.toString()),
      events.map(({ usedAt }) => usedAt),
      events.map(({ settledUntil }) => settledUntil),
      events[0]?.receivedAt ?? null,
    ]);
    return new Set(rows.map(({ eventId }) => eventId));
  }

  async named(subscriptionId: string, eventIds: readonly string[]): Promise<UsageEvent[]> {
    const rows = await this.database.query<Row>(
      `${SELECT} WHERE e.subscription_id = $1 AND e.event_id = ANY ($2::text[])`,
      [subscriptionId, eventIds],
    );
    return rows.map(toEvent);
  }

  /** A page, what was heard of last first. */
  async list(
    subscriptionId: string,
    { component, eventId, late, from, to }: UsageEventFilter,
    after: string | null,
    limit: number,
  ): Promise<UsageEvent[]> {
    const rows = await this.database.query<Row>(LIST, [
      ...[subscriptionId, component, eventId, late, from, to, after, limit],
    ]);
    return rows.map(toEvent);
  }
}

const toEvent = ({ quantity, ...row }: Row): UsageEvent => ({ ...row, quantity: BigInt(quantity) });

const SELECT = `
  SELECT e.id, e.subscription_id AS "subscriptionId", e.event_id AS "eventId", e.component, e.quantity::text,
    e.used_at AS "usedAt", e.received_at AS "receivedAt", e.settled_until AS "settledUntil"
  FROM billing.usage_events e`;
const LIST = `${SELECT}
  WHERE e.subscription_id = $1 AND ($2::text IS NULL OR e.component = $2) AND ($3::text IS NULL OR e.event_id = $3)
    AND ($4::boolean IS NULL OR (e.settled_until IS NOT NULL) = $4)
    AND ($5::timestamptz IS NULL OR e.used_at >= $5) AND ($6::timestamptz IS NULL OR e.used_at <= $6)
    AND ($7::uuid IS NULL OR e.id < $7)
  ORDER BY e.id DESC LIMIT $8`;
const INSERT = `
  INSERT INTO billing.usage_events (subscription_id, id, event_id, component, quantity, used_at, settled_until, received_at)
  SELECT $1, n.id, n.event_id, n.component, n.quantity, n.used_at, n.settled_until, $8
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[])
    AS n (id, event_id, component, quantity, used_at, settled_until)
  ORDER BY n.event_id COLLATE "C"
  ON CONFLICT ON CONSTRAINT usage_events_pk DO NOTHING
  RETURNING event_id AS "eventId"`;
