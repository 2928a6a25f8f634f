import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createPostgresBackend, Queue, setDefaultBackendFactory, type WorkerOptions } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import pg from 'pg';
import { Config } from '../config.js';
import { StartFailure } from '../start/failure.js';
import { type QueueName, QUEUES } from './subscribers.js';

export interface DeliveryJob {
  id: string;
  queue: string;
  try: number;
}

const READY_WITHIN_MS = 15_000;
/**
 * A job costs the queue several milliseconds of PostgreSQL and most deliveries far less, so they share one. An import is work
 * of its own.
 */
const DELIVERIES_PER_JOB: Partial<Record<string, number>> = { events: 50, mail: 10 };
/** Longer than this and Redis counts as away: facts stay due in our tables, and nobody waits for it. */
const REDIS_PATIENCE_MS = 3_000;

/**
 * BullMQ on either of its back ends: PostgreSQL by default (the same server, its own schema, one pool for all
 * objects), Redis when REDIS_URL is set. Payloads are ids only; the truth about what is due stays in our tables,
 * so a queue that forgets everything loses nothing.
 */
@Injectable()
export class JobQueues implements OnApplicationShutdown {
  private readonly log = new Logger('jobs');
  private readonly pool: pg.Pool | null;
  /** For adding and asking: fails at once when Redis is away. */
  private readonly redis: Redis | null;
  /** For workers, which wait for Redis however long it is away. */
  private readonly patient: Redis | null;
  private readonly queues: Map<QueueName, Queue>;

  constructor(private readonly config: Config) {
    this.redis = this.connectRedis({
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: REDIS_PATIENCE_MS,
    });
    this.patient = this.connectRedis({ maxRetriesPerRequest: null });
    this.pool = this.redis ? null : this.openPool();
    // Nest creates providers before anything runs, so no queue of another back end can exist yet.
    setDefaultBackendFactory(this.pool ? (createPostgresBackend as never) : undefined);
    this.queues = new Map(QUEUES.map((name) => [name, this.openQueue(name)]));
  }

  get backend(): 'postgresql' | 'redis' {
    return this.redis ? 'redis' : 'postgresql';
  }

  /** Stores that share a Redis are told apart by the name of their database; on PostgreSQL the tables do it. */
  private get prefix(): string {
    return `guildhall-${new URL(this.config.databaseUrl ?? '').pathname.slice(1)}`;
  }

  /** Everything that a worker needs to share this connection. */
  workerOptions(): WorkerOptions {
    return {
      connection: (this.pool ?? this.patient) as never,
      ...(this.redis && { prefix: this.prefix }),
      // The default (1) loses jobs when workers die again and again; consumers are safe to repeat.
      maxStalledCount: 1_000,
      lockDuration: 30_000,
      stalledInterval: 15_000,
      // The default (15 s) would leave jobs lying, and a stop waiting, long after the database is back.
      runRetryDelay: 1_000,
    };
  }

  queue(name: QueueName): Queue {
    const queue = this.queues.get(name);
    if (!queue) throw new Error(`there is no queue ${name}`);
    return queue;
  }

  all(): Queue[] {
    return [...this.queues.values()];
  }

  /** Resolves when every queue can be used; throws when that takes too long. */
  async ready(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new StartFailure(
              `The job queues on ${this.backend} did not get ready in ${READY_WITHIN_MS / 1000} seconds.`,
              `Start the server named in ${this.redis ? 'REDIS_URL' : 'DATABASE_URL'}, or correct it.`,
            ),
          ),
        READY_WITHIN_MS,
      );
    });
    try {
      await Promise.race([Promise.all(this.all().map((queue) => queue.waitUntilReady())), deadline]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** True when the queues can be used now: PostgreSQL's as long as there is a PostgreSQL. */
  get reachable(): boolean {
    return this.redis === null || this.redis.status === 'ready';
  }

  /** Adds jobs for deliveries. What cannot be added now is added by the sweeper later. */
  async deliver(deliveries: DeliveryJob[]): Promise<void> {
    for (const [name, due] of byQueue(deliveries)) {
      const size = DELIVERIES_PER_JOB[name] ?? 1;
      const batches = Array.from({ length: Math.ceil(due.length / size) }, (_, n) =>
        due.slice(n * size, (n + 1) * size),
      );
      try {
        // One by one: there are few, and BullMQ's way to add many at once makes tables on PostgreSQL, which costs as much as twenty.
        const queue = this.queue(name as QueueName);
        for (const batch of batches) {
          await queue.add(
            'deliver',
            { deliveries: batch.map(({ id }) => id) },
            { jobId: `${batch[0]?.id}-${batch[0]?.try}` },
          );
        }
      } catch (error) {
        this.log.warn({ err: error, queue: name, count: due.length }, 'jobs wait for the sweeper');
      }
    }
  }

  /** Runs a periodic job now, beside its schedule. Should it be lost, the schedule is behind it. */
  async wake(job: string): Promise<void> {
    try {
      await this.queue('scheduled').add(job, {}, { attempts: 1, removeOnFail: true });
    } catch (error) {
      this.log.warn({ err: error, job }, 'a job waits for its schedule');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.reachable) await Promise.allSettled(this.all().map((queue) => queue.close()));
    await this.pool?.end();
    this.redis?.disconnect();
    this.patient?.disconnect();
  }

  private openQueue(name: QueueName): Queue {
    const queue = new Queue(name, {
      connection: (this.pool ?? this.redis) as never,
      ...(this.redis && { prefix: this.prefix }),
      defaultJobOptions: {
        attempts: 8,
        backoff: { type: 'exponential', delay: 1_000 },
        // What was done stands in platform.deliveries; a second list of it here would only cost.
        removeOnComplete: true,
        removeOnFail: { age: 7 * 86_400, count: 5_000 },
      },
    });
    queue.on('error', (error) => this.log.debug({ err: error, queue: name }, 'queue connection'));
    return queue;
  }

  private openPool(): pg.Pool {
    const pool = new pg.Pool({
      connectionString: this.config.databaseUrl ?? undefined,
      // Each worker keeps one connection to listen on; the rest is for adding and fetching.
      max: QUEUES.length + 6,
      // A crash of the server may forget the newest jobs: our own tables know what is due, and the sweeper adds it again.
      options: '-c search_path=bullmq -c synchronous_commit=off',
      application_name: `guildhall-jobs-${this.config.role}`,
    });
    pool.setMaxListeners(0);
    // An idle connection that breaks must not end the process; the next query opens another.
    pool.on('error', (error) => this.log.debug({ err: error }, 'job pool'));
    return pool;
  }

  private connectRedis(options: RedisOptions): Redis | null {
    if (this.config.redisUrl === null) return null;
    const redis = new Redis(this.config.redisUrl, { connectTimeout: 5_000, ...options });
    redis.on('error', (error) => this.log.debug({ err: error }, 'redis'));
    return redis;
  }
}

function byQueue(deliveries: DeliveryJob[]): Map<string, DeliveryJob[]> {
  const groups = new Map<string, DeliveryJob[]>();
  for (const delivery of deliveries)
    groups.set(delivery.queue, [...(groups.get(delivery.queue) ?? []), delivery]);
  return groups;
}
