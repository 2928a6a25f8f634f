import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Clock, realNow } from '../clock.js';
import { Database } from '../database/database.js';
import { Consumers } from '../events/consumers.js';
import { ClockAdvancements, type HeldAdvancement, type StepResult } from './clock-advancements.js';
import { type ClockFollower, FOLLOWS_CLOCK } from './follows-clock.js';
import { nextStop } from './next-stop.js';
import { TestClock } from './test-clock.js';

/** The job that moves the clock; all others are run at every stop. */
export const MOVE_CLOCK = 'platform.move_test_clock';

/** A worker that is told to stop waits for a slice and no longer; the next one goes on. */
const SLICE_MS = 4_000;
/** For so long a stop waits for work that does not end, such as letters that nobody takes. */
const PATIENCE_MS = 15_000;
const RENEW_MS = 5_000;
/** What jobs have caused may make others due: they run again, so often at most. */
const ROUNDS = 3;
/** A step that fails as often ends the journey. */
const ATTEMPTS = 6;
const PAUSE_S = 5;

class TakenOver extends Error {}

/**
 * Moves the clock from stop to stop: sets the time, waits until all processes tell it, lets what is outside follow, runs the
 * periodic jobs, and waits until every fact has been heard. A stop that was not finished is worked again, and nothing is due
 * twice for it: jobs and consumers are safe to repeat.
 */
@Injectable()
export class ClockMover implements OnModuleInit {
  private readonly log = new Logger('test-clock');
  private followers: ClockFollower[] = [];
  private renewedAt = 0;

  constructor(
    private readonly database: Database,
    private readonly rows: ClockAdvancements,
    private readonly testClock: TestClock,
    private readonly clock: Clock,
    private readonly consumers: Consumers,
    private readonly discovery: DiscoveryService,
  ) {}

  onModuleInit(): void {
    this.followers = this.discovery
      .getProviders()
      .filter(
        ({ instance, metatype }) => instance && metatype && Reflect.hasMetadata(FOLLOWS_CLOCK, metatype),
      )
      .map(({ instance }) => instance as ClockFollower);
  }

  /** Carries the journey that is under way on for a while; true when it has more to go. Safe to repeat, and beside itself. */
  async work(): Promise<boolean> {
    const held = await this.rows.claim();
    if (held === null) return false;
    if (held.attempts > ATTEMPTS) {
      await this.rows.end(held, 'The step after `reached` failed again and again; the log says why.');
      return false;
    }
    try {
      const isOver = await this.carryOn(held);
      if (isOver) await this.rows.end(held, null);
      else await this.rows.letGo(held);
      return !isOver;
    } catch (error) {
      if (error instanceof TakenOver) return false;
      await this.rows.letGo(held, PAUSE_S);
      throw error;
    }
  }

  private async carryOn(held: HeldAdvancement): Promise<boolean> {
    const begun = realNow().getTime();
    this.renewedAt = begun;
    if (held.steps > held.worked) await this.workStop(held);
    while (this.clock.now() < held.to) {
      if (realNow().getTime() - begun > SLICE_MS) return false;
      await this.step(held);
      await this.workStop(held);
    }
    return true;
  }

  private async step(held: HeldAdvancement): Promise<void> {
    const now = this.clock.now();
    const dues = await Promise.all(this.followers.map((follower) => follower.nextDue(now)));
    const [due = null] = dues.filter((each) => each !== null).sort((a, b) => a.getTime() - b.getTime());
    const stop = nextStop(now, held.to, due);
    await this.database.transaction(async () => {
      if (!(await this.rows.step(held, stop))) throw new TakenOver();
      await this.testClock.move(stop);
    });
  }

  private async workStop(held: HeldAdvancement): Promise<void> {
    await this.testClock.followed();
    for (const follower of this.followers) await follower.follow?.(this.clock.now());
    const failures = new Set<string>();
    let isSettled = true;
    for (let round = 0, before = -1; round < ROUNDS; round++) {
      const { position } = await this.rows.pending();
      // Nothing has happened since the jobs last ran.
      if (position === before) break;
      before = position;
      for (const name of await this.runJobs(held)) failures.add(name);
      isSettled = await this.settle(held);
    }
    const result: StepResult = { isSettled, failures: [...failures] };
    if (!(await this.rows.worked(held, result))) throw new TakenOver();
  }

  /** Those that judge by the store's time, one after the other; the names of those that failed. */
  private async runJobs(held: HeldAdvancement): Promise<string[]> {
    const failed: string[] = [];
    for (const job of this.consumers.scheduled()) {
      if (job.time === 'real') continue;
      await this.keep(held);
      try {
        await job.run();
      } catch (error) {
        this.log.warn({ err: error, job: job.name }, 'a job failed when the clock stopped');
        failed.push(job.name);
      }
    }
    return failed;
  }

  /** True when all facts have been heard, false when that takes too long. */
  private async settle(held: HeldAdvancement): Promise<boolean> {
    for (const end = realNow().getTime() + PATIENCE_MS; realNow().getTime() < end; await wait(10)) {
      if ((await this.rows.pending()).open === 0) return true;
      await this.keep(held);
    }
    return false;
  }

  private async keep(held: HeldAdvancement): Promise<void> {
    const now = realNow().getTime();
    if (now - this.renewedAt < RENEW_MS) return;
    if (!(await this.rows.renew(held))) throw new TakenOver();
    this.renewedAt = now;
  }
}
