import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { newId } from '../ids.js';
import { EVENTS_CHANNEL } from './channel.js';
import { JobQueues } from './job-queues.js';
import { RelaySignal } from './relay-signal.js';

/** Facts moved at once. */
const BATCH = 500;
/** How often a relay looks without having been woken: what another process recorded waits this long at most. */
const POLL_MS = 200;
/** How long it waits for company when it was woken: facts that come together are moved together. */
const GATHER_MS = 20;
/**
 * The same while the shop is busy, which a batch of so many facts tells. A batch costs the same whether it moves one fact or
 * a hundred, and its jobs are cheaper full than nearly empty; a letter takes two such hops, and has a second.
 */
const BUSY_GATHER_MS = 200;
const BUSY_FACTS = 4;
/** Any number, the same everywhere: one relay at a time gives positions. */
export const RELAY_LOCK = 4_711_002;

interface Fact {
  id: string;
  type: string;
  /** Who hears it: name and queue. Null when nobody does. */
  hearers: { name: string; queue: string }[] | null;
}

/**
 * Moves facts from the outbox to whoever listens. One relay at a time holds the lock and gives each fact its
 * position, so the order of position is an order of commit and a reader of the feed never meets a gap that is
 * filled later. A delivery row per fact and consumer is written in the same transaction; the jobs are added
 * after it, and the sweeper adds them again when this process dies in between.
 */
@Injectable()
export class Relay {
  private readonly log = new Logger('relay');
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private rung = false;
  private busy = false;
  private stopped = true;

  constructor(
    private readonly database: Database,
    private readonly queues: JobQueues,
    private readonly signal: RelaySignal,
  ) {}

  start(): void {
    this.stopped = false;
    this.signal.listen(() => this.wake());
    this.timer = setInterval(() => this.wake(), POLL_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    await this.running;
  }

  /** Moves everything that is there now; returns how many facts. */
  async drain(): Promise<number> {
    let moved = 0;
    for (;;) {
      const count = await this.moveBatch();
      moved += count;
      if (count < BATCH) return moved;
    }
  }

  private wake(): void {
    if (this.stopped) return;
    if (this.running) {
      this.rung = true;
      return;
    }
    this.rung = false;
    // The first fact after a quiet time waits for its company too; what is asked of the whole way is a second.
    this.running = wait(this.busy ? BUSY_GATHER_MS : GATHER_MS)
      .then(() => this.drain())
      .then(
        (moved) => {
          this.busy = moved >= BUSY_FACTS;
        },
        (error: unknown) => this.log.warn({ err: error }, 'facts stay in the outbox for now'),
      )
      .finally(() => {
        this.running = null;
        if (this.rung) this.wake();
      });
  }

  private async moveBatch(): Promise<number> {
    const moved = await this.database.transaction(async () => {
      // Its own statement, so that the next one sees everything that the holder before committed.
      const [lock] = await this.database.query<{ held: boolean }>(TRY_LOCK, [RELAY_LOCK]);
      if (!lock?.held) return { count: 0, deliveries: [] };
      const facts = await this.database.query<Fact>(POSITION, [BATCH]);
      const deliveries = facts.flatMap(({ id, hearers }) =>
        (hearers ?? []).map(({ name, queue }) => ({
          id: newId(),
          eventId: id,
          consumer: name,
          queue,
          try: 1,
        })),
      );
      if (deliveries.length > 0) {
        await this.database.execute(DELIVER, [
          deliveries.map(({ id }) => id),
          deliveries.map(({ eventId }) => eventId),
          deliveries.map(({ consumer }) => consumer),
          deliveries.map(({ queue }) => queue),
        ]);
      }
      if (facts.length > 0) {
        const types = [...new Set(facts.map(({ type }) => type))].join(' ');
        await this.database.query('SELECT pg_notify($1, $2)', [EVENTS_CHANNEL, types]);
      }
      return { count: facts.length, deliveries };
    });
    await this.queues.deliver(moved.deliveries);
    return moved.count;
  }
}

// Within a batch the moment of recording is as good as the order of commit, since all of it is committed. The lock
// makes `max + n` safe: nobody else gives positions, and every position ever given is visible here.
const TRY_LOCK = 'SELECT pg_try_advisory_xact_lock($1) AS held';
const POSITION = `
  WITH batch AS (
    SELECT id, row_number() OVER (ORDER BY recorded_at, id) AS n FROM (
      SELECT id, recorded_at FROM platform.events WHERE position IS NULL ORDER BY recorded_at, id LIMIT $1
    ) e
  )
  UPDATE platform.events e SET position = (SELECT coalesce(max(position), 0) FROM platform.events) + b.n
  FROM batch b WHERE e.id = b.id
  RETURNING e.id, e.type, (
    SELECT json_agg(json_build_object('name', c.name, 'queue', c.queue)) FROM platform.consumers c WHERE c.type = e.type
  ) AS hearers`;
const DELIVER = `
  INSERT INTO platform.deliveries (id, event_id, consumer, queue)
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
  ON CONFLICT ON CONSTRAINT deliveries_once_key DO NOTHING`;
