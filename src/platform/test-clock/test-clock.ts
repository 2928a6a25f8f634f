import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock, MovableClock } from '../clock.js';
import { Database } from '../database/database.js';
import { EVENTS_CHANNEL } from '../events/channel.js';
import { PageCache } from '../http/page-cache.js';
import { PageCacheListener } from '../http/page-cache.listener.js';
import { newId } from '../ids.js';
import { StartFailure } from '../start/failure.js';

/** Said on the channel of the events when the clock was moved. */
const CLOCK_MOVED = 'platform.test_clock_moved';

const LOOK_MS = 1_000;
/** Who has not looked for so long is not there any more. */
const GONE_AFTER = '8 s';

interface Position {
  aheadMs: number;
  version: number;
}

/**
 * The clock that all processes of a sandbox share: real time and how far it is ahead, which the database knows. Each process
 * reads it at its start, is told of every move at once, looks every second for what it did not hear, and writes down what
 * it has heard of, so that nobody works by the new time before all tell it. In production the clock is real time, always.
 */
@Injectable()
export class TestClock implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger('test-clock');
  private readonly process = newId();
  private version = -1;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<unknown> = Promise.resolve();
  private following = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly pages: PageCache,
    private readonly listener: PageCacheListener,
  ) {}

  /** False in production: nobody moves the clock of a shop that sells. */
  get isMovable(): boolean {
    return this.clock instanceof MovableClock;
  }

  async onModuleInit(): Promise<void> {
    const { aheadMs } = await this.read();
    if (this.isMovable) return this.reload();
    if (aheadMs > 0)
      throw new StartFailure(
        'The clock of this store was moved ahead of real time in a sandbox, and its orders are of days to come.',
        'Give production a database of its own with DATABASE_URL.',
      );
  }

  /** From now on this process hears of moves, and whoever moves the clock waits for it. */
  async start(): Promise<void> {
    if (!this.isMovable) return;
    this.following = true;
    await this.reload();
    const look = () => {
      this.looking = this.reload().catch((error: unknown) =>
        this.log.debug({ err: error }, 'the clock could not be read'),
      );
    };
    this.listener.when(CLOCK_MOVED, look);
    this.timer = setInterval(look, LOOK_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
    if (!this.following) return;
    // Nobody waits for it; should this fail, for some seconds only.
    await this.database.execute(LEAVE, [this.process]).catch(() => undefined);
  }

  /** Takes over what the database says, and writes down that it has. */
  async reload(): Promise<void> {
    const { aheadMs, version } = await this.read();
    // Two may be on their way at once: the older one, coming back later, knows less.
    if (version > this.version && this.clock instanceof MovableClock) {
      this.version = version;
      this.clock.follow(aheadMs);
      this.pages.dropAll();
    }
    if (this.following) await this.database.execute(FOLLOWED, [this.process, this.version]);
  }

  /** In the caller's transaction: the clock tells this time from the commit on; a time that is over changes nothing. */
  async move(to: Date): Promise<void> {
    const by = Math.max(0, to.getTime() - this.clock.now().getTime());
    await this.database.execute(MOVE, [by]);
    await this.database.query('SELECT pg_notify($1, $2)', [EVENTS_CHANNEL, CLOCK_MOVED]);
  }

  /** Resolves when every process that runs tells the time of the last move. */
  async followed(): Promise<void> {
    await this.reload();
    while ((await this.database.query(BEHIND, [this.version])).length > 0) await wait(20);
  }

  private async read(): Promise<Position> {
    const [position] = await this.database.query<Position>(READ);
    if (!position) throw new Error('platform.test_clock has lost its row');
    return position;
  }
}

const READ = 'SELECT ahead_ms::float8 AS "aheadMs", version FROM platform.test_clock';
const MOVE = 'UPDATE platform.test_clock SET ahead_ms = ahead_ms + $1, version = version + 1';
const FOLLOWED = `
  INSERT INTO platform.test_clock_followers AS f (process, version, seen_at) VALUES ($1, $2, now())
  ON CONFLICT (process) DO UPDATE SET version = greatest(f.version, excluded.version), seen_at = now()`;
const LEAVE = `
  DELETE FROM platform.test_clock_followers WHERE process = $1 OR seen_at < now() - interval '1 hour'`;
const BEHIND = `
  SELECT FROM platform.test_clock_followers WHERE version < $1 AND seen_at > now() - interval '${GONE_AFTER}'`;
