import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { type Consumer, Consumers } from './consumers.js';
import type { DomainEvent } from './event.js';
import { JobQueues } from './job-queues.js';

/** Tries before a delivery is dead: listed for people, no longer tried by itself. */
const MAX_FAILURES = 8;
/** A delivery that is neither done nor dead after this long has lost its job and gets another. */
const LOST_AFTER = '60 s';

/** Effects outside that one job waits for at the same time: letters, questions to the gateway. */
const AT_ONCE = 4;

interface Due {
  id: string;
  consumer: string;
  event_id: string;
  payload: object;
}

interface Delivery {
  id: string;
  consumer: Consumer;
  event: DomainEvent;
}

/**
 * Those of each consumer, by the order that they are about. What two consumers lock is never held together, and what one of them
 * locks is taken in the same order by whoever has others of the same facts.
 */
function eachConsumers(deliveries: readonly Delivery[]): Delivery[][] {
  const groups = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const { name } = delivery.consumer;
    groups.set(name, [...(groups.get(name) ?? []), delivery]);
  }
  const subject = ({ event }: Delivery): string =>
    (event.payload as { orderId?: string | null }).orderId ?? '';
  return [...groups.values()].map((group) =>
    group.toSorted((one, other) =>
      subject(one) < subject(other) ? -1 : subject(one) > subject(other) ? 1 : 0,
    ),
  );
}

/** One fact for one consumer, done once: the inbox side of the outbox. */
@Injectable()
export class Deliveries {
  private readonly log = new Logger('deliveries');

  constructor(
    private readonly database: Database,
    private readonly consumers: Consumers,
    private readonly queues: JobQueues,
  ) {}

  /**
   * Hands the facts of a job to their consumers and marks them done; what is done already is left out, so a job that
   * comes twice does nothing the second time. Marks and effects of a transactional consumer are one transaction: when one of
   * them fails, each gets its own. A consumer with `transactional: false` is marked afterwards.
   * Throws when a delivery failed; the job's next attempt finds the others done.
   */
  async handle(ids: readonly string[]): Promise<void> {
    const failures: unknown[] = [];
    const found = await this.database.query<Due>(FIND, [ids]);
    const known = found.flatMap((due) => {
      const consumer = this.consumers.find(due.consumer);
      return consumer
        ? [{ id: due.id, consumer, event: new consumer.event(due.payload as never, due.event_id) }]
        : [];
    });
    for (const { id, consumer } of found) {
      if (this.consumers.find(consumer)) continue;
      const stranger = new Error(`nobody is called ${consumer} any more`);
      await this.failed(id, stranger);
      failures.push(stranger);
    }
    for (const ofOne of eachConsumers(known.filter(({ consumer }) => consumer.transactional)))
      failures.push(...(await this.handleInside(ofOne)));
    failures.push(...(await this.handleOutside(known.filter(({ consumer }) => !consumer.transactional))));
    if (failures.length > 0) throw failures[0];
  }

  /** Adds the jobs of deliveries that were lost (a flushed Redis, a relay that died) again. */
  async sweep(olderThan = LOST_AFTER): Promise<number> {
    const lost = await this.database.query<{ id: string; queue: string; try: number }>(SWEEP, [olderThan]);
    await this.queues.deliver(lost);
    return lost.length;
  }

  /** A dead (or pending) delivery starts afresh. False when there is none of that id that could be replayed. */
  async replay(id: string): Promise<boolean> {
    const rows = await this.database.query<{ id: string; queue: string; try: number }>(REPLAY, [id]);
    // Not before the commit: a quick worker would find it still dead. `deliver` never throws; the sweeper is behind it.
    this.database.afterCommit(() => void this.queues.deliver(rows));
    return rows.length === 1;
  }

  /** Marks and effects in one transaction for all; when that fails, in one for each. Answers what failed. */
  private async handleInside(deliveries: readonly Delivery[]): Promise<unknown[]> {
    if (deliveries.length === 0) return [];
    try {
      await this.database.transaction(async () => {
        // Nobody is told that this is done before it is on disk: what a crash forgets is delivered again, mark and effect.
        await this.database.execute('SET LOCAL synchronous_commit = off');
        // The row locks make a second worker wait here, and find nothing left to do.
        const marked = await this.database.query<{ id: string }>(MARK, [deliveries.map(({ id }) => id)]);
        const mine = new Set(marked.map(({ id }) => id));
        for (const { id, consumer, event } of deliveries) if (mine.has(id)) await consumer.handle(event);
      });
      return [];
    } catch (error) {
      const [first] = deliveries;
      if (deliveries.length === 1 && first) {
        await this.failed(first.id, error);
        return [error];
      }
      const failures: unknown[] = [];
      for (const delivery of deliveries) failures.push(...(await this.handleInside([delivery])));
      return failures;
    }
  }

  /** Effects outside of a transaction, a few at a time, each marked when it is there. Answers what failed. */
  private async handleOutside(deliveries: readonly Delivery[]): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (let next = 0; next < deliveries.length; next += AT_ONCE) {
      const batch = deliveries.slice(next, next + AT_ONCE);
      const outcomes = await Promise.allSettled(batch.map(({ consumer, event }) => consumer.handle(event)));
      const done: string[] = [];
      for (const [n, { id }] of batch.entries()) {
        const outcome = outcomes[n];
        if (outcome?.status !== 'rejected') done.push(id);
        else {
          await this.failed(id, outcome.reason);
          failures.push(outcome.reason);
        }
      }
      if (done.length > 0) await this.database.query(MARK, [done]);
    }
    return failures;
  }

  private async failed(id: string, error: unknown): Promise<void> {
    const message = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(
      0,
      500,
    );
    try {
      const [row] = await this.database.query<{ state: string; consumer: string }>(FAILED, [
        id,
        message,
        MAX_FAILURES,
      ]);
      if (row?.state === 'dead')
        this.log.error(
          { delivery: id, consumer: row.consumer },
          'delivery is dead: look at it and replay it',
        );
    } catch (cause) {
      // The database is away: BullMQ's own attempts and the sweeper bring the delivery back.
      this.log.warn({ err: cause, delivery: id }, 'a failure could not be written down');
    }
  }
}

// In the order of the facts, so that jobs which meet take their rows in the same order.
const FIND = `
  SELECT d.id, d.consumer, e.id AS event_id, e.payload
  FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id
  WHERE d.id = ANY($1::uuid[]) AND d.state = 'pending' ORDER BY e.position`;
const MARK = `
  UPDATE platform.deliveries SET state = 'done', done_at = now() WHERE id = ANY($1::uuid[]) AND state = 'pending'
  RETURNING id`;
const FAILED = `
  UPDATE platform.deliveries SET failures = failures + 1, last_error = $2, enqueued_at = now(),
    state = CASE WHEN failures + 1 >= $3 THEN 'dead' ELSE state END
  WHERE id = $1 AND state = 'pending' RETURNING state, consumer`;
const SWEEP = `
  UPDATE platform.deliveries d SET try = d.try + 1, enqueued_at = now()
  FROM (
    SELECT id FROM platform.deliveries WHERE state = 'pending' AND enqueued_at < now() - $1::interval
    ORDER BY enqueued_at LIMIT 500 FOR UPDATE SKIP LOCKED
  ) lost
  WHERE d.id = lost.id RETURNING d.id, d.queue, d.try`;
const REPLAY = `
  UPDATE platform.deliveries SET state = 'pending', failures = 0, try = try + 1, enqueued_at = now()
  WHERE id = $1 AND state IN ('dead', 'pending') RETURNING id, queue, try`;
