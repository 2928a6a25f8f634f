import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Consumers } from './consumers.js';
import { JobQueues } from './job-queues.js';

/** Tries before a delivery is dead: listed for people, no longer tried by itself. */
const MAX_FAILURES = 8;
/** A delivery that is neither done nor dead after this long has lost its job and gets another. */
const LOST_AFTER = '60 s';

interface Due {
  consumer: string;
  event_id: string;
  payload: object;
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

  /** Handles every delivery of a job, each for itself. One that fails fails the job, whose next attempt finds the others done. */
  async handleAll(ids: string[]): Promise<void> {
    const failures: unknown[] = [];
    for (const id of ids) await this.handle(id).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Hands the fact to its consumer. Marking it done and the consumer's effect are one transaction, so a job that
   * comes twice does nothing the second time; a consumer with `transactional: false` is marked afterwards.
   */
  async handle(id: string): Promise<void> {
    try {
      const due = await this.find(id);
      if (!due) return;
      const consumer = this.consumers.find(due.consumer);
      if (!consumer) throw new Error(`nobody is called ${due.consumer} any more`);
      const event = new consumer.event(due.payload as never, due.event_id);
      if (!consumer.transactional) {
        await consumer.handle(event);
        await this.database.execute(DONE, [id]);
        return;
      }
      await this.database.transaction(async () => {
        // Nobody is told that this is done before it is on disk: what a crash forgets is delivered again, mark and effect.
        await this.database.execute('SET LOCAL synchronous_commit = off');
        // The row lock makes a second worker wait here, and find nothing left to do.
        if ((await this.database.execute(DONE, [id])) === 1) await consumer.handle(event);
      });
    } catch (error) {
      await this.failed(id, error);
      throw error;
    }
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

  private async find(id: string): Promise<Due | undefined> {
    const [due] = await this.database.query<Due>(FIND, [id]);
    return due;
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

const FIND = `
  SELECT d.consumer, e.id AS event_id, e.payload FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id
  WHERE d.id = $1 AND d.state = 'pending'`;
const DONE = `UPDATE platform.deliveries SET state = 'done', done_at = now() WHERE id = $1 AND state = 'pending'`;
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
