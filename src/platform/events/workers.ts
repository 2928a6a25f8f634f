import { Injectable, Logger } from '@nestjs/common';
import { Worker } from 'bullmq';
import { Config } from '../config.js';
import { Consumers } from './consumers.js';
import { Deliveries } from './deliveries.js';
import { JobQueues } from './job-queues.js';
import { Relay } from './relay.js';
import { type QueueName, QUEUES } from './subscribers.js';

/** What takes much memory: a file of products, a picture. */
const ONE_AT_A_TIME: readonly QueueName[] = ['imports', 'exports', 'media'];

/** Runs what the queues hold, in processes whose role includes it. */
@Injectable()
export class Workers {
  private readonly log = new Logger('workers');
  private workers: Worker[] = [];

  constructor(
    private readonly config: Config,
    private readonly queues: JobQueues,
    private readonly consumers: Consumers,
    private readonly deliveries: Deliveries,
    private readonly relay: Relay,
  ) {}

  /** Starts workers, schedules and the relay; resolves when they are ready. */
  async start(options: { schedules: boolean } = { schedules: true }): Promise<void> {
    await this.queues.ready();
    this.workers = QUEUES.map((name) => this.open(name));
    await Promise.all(this.workers.map((worker) => worker.waitUntilReady()));
    if (options.schedules) await this.schedule();
    this.relay.start();
  }

  /** Lets running jobs finish, then lets go. */
  async stop(): Promise<void> {
    await this.relay.stop();
    // With Redis away there is nothing to hand back: what runs is due in our tables until it is marked done.
    const force = !this.queues.reachable;
    await Promise.allSettled(this.workers.map((worker) => worker.close(force)));
    this.workers = [];
  }

  private open(name: QueueName): Worker {
    const concurrency = ONE_AT_A_TIME.includes(name) ? 1 : this.config.jobConcurrency;
    const worker = new Worker(
      name,
      async (job) => {
        if (name === 'scheduled') return this.consumers.job(job.name)?.run();
        return this.deliveries.handle((job.data as { deliveries: string[] }).deliveries);
      },
      {
        ...this.queues.workerOptions(),
        concurrency,
      },
    );
    worker.on('error', (error) => this.log.debug({ err: error, queue: name }, 'worker connection'));
    worker.on('failed', (job, error) =>
      this.log.warn({ err: error, queue: name, job: job?.name }, 'job failed; it is tried again'),
    );
    return worker;
  }

  private async schedule(): Promise<void> {
    const queue = this.queues.queue('scheduled');
    const wanted = this.consumers.scheduled();
    for (const { name, milliseconds } of wanted) {
      await queue.upsertJobScheduler(
        name,
        { every: milliseconds },
        { name, opts: { attempts: 1, removeOnComplete: true } },
      );
    }
    // A schedule that the code no longer knows would run into nothing for ever.
    const names = new Set(wanted.map(({ name }) => name));
    for (const scheduler of await queue.getJobSchedulers()) {
      if (!names.has(scheduler.key)) await queue.removeJobScheduler(scheduler.key);
    }
  }
}
