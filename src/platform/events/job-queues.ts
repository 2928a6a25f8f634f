import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createPostgresBackend, Queue, setDefaultBackendFactory, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
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
const DELIVERIES_PER_JOB = 20;

/**
 * BullMQ on either of its back ends: PostgreSQL by default (the same server, its own schema, one pool for all
 * objects), Redis when REDIS_URL is set. Payloads are ids only; the truth about what is due stays in our tables,
 * so a queue that forgets everything loses nothing.
 */
@Injectable()
export class JobQueues implements OnApplicationShutdown {
  private readonly log = new Logger('jobs');
  private readonly pool: pg.Pool | null;
  private readonly redis: Redis | null;
  private readonly queues: Map<QueueName, Queue>;

  constructor(private readonly config: Config) {
    this.redis = config.redisUrl === null ? null : this.connectRedis(config.redisUrl);
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
      connection: this.connection() as never,
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

  /**
   * Adds jobs for deliveries: on the events queue up to twenty in one job, since a job costs the queue several
   * milliseconds of PostgreSQL and most deliveries far less; elsewhere one each, since a mail or an import is work of its
   * own. What cannot be added now is added by the sweeper later.
   */
  async deliver(deliveries: DeliveryJob[]): Promise<void> {
    for (const [name, due] of byQueue(deliveries)) {
      const size = name === 'events' ? DELIVERIES_PER_JOB : 1;
      const batches = Array.from({ length: Math.ceil(due.length / size) }, (_, n) =>
        due.slice(n * size, (n + 1) * size),
      );
      try {
        await this.queue(name as QueueName).addBulk(
          batches.map((batch) => ({
            name: 'deliver',
            data: { deliveries: batch.map(({ id }) => id) },
            opts: { jobId: `${batch[0]?.id}-${batch[0]?.try}` },
          })),
        );
      } catch (error) {
        this.log.warn({ err: error, queue: name, count: due.length }, 'jobs wait for the sweeper');
      }
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.all().map((queue) => queue.close()));
    await this.pool?.end();
    this.redis?.disconnect();
  }

  private connection(): pg.Pool | Redis {
    return (this.pool ?? this.redis) as pg.Pool | Redis;
  }

  private openQueue(name: QueueName): Queue {
    const queue = new Queue(name, {
      connection: this.connection() as never,
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

  private connectRedis(url: string): Redis {
    // No offline queue: a producer must fail at once when Redis is away, the sweeper comes back to it.
    const redis = new Redis(url, {
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      connectTimeout: 5_000,
      commandTimeout: undefined,
    });
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
