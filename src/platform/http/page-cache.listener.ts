import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config.js';
import { EVENTS_CHANNEL } from '../events/channel.js';
import { PageCache } from './page-cache.js';

/** Facts after which pages differ in more than their stock. */
const CONTENT = /^catalog\.(?!stock_)/;

/** Hears from the relay which types of facts became known, so that pages made in this process are dropped too. */
@Injectable()
export class PageCacheListener implements OnApplicationShutdown {
  private readonly log = new Logger('page-cache');
  private client: pg.Client | null = null;
  private stopped = false;

  constructor(
    private readonly config: Config,
    private readonly pages: PageCache,
  ) {}

  /** Begins to listen; comes back by itself when the connection breaks. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.config.databaseUrl ?? undefined,
      application_name: `guildhall-pages-${this.config.role}`,
      keepAlive: true,
    });
    client.on('error', () => this.again(client));
    client.on('end', () => this.again(client));
    client.on('notification', ({ payload }) => this.hear(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${EVENTS_CHANNEL}`);
      this.client = client;
      // What was said while nobody listened is not repeated.
      this.pages.dropAll();
    } catch (error) {
      this.log.debug({ err: error }, 'not listening');
      this.again(client);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.client?.end().catch(() => undefined);
  }

  private hear(types: string): void {
    const known = types.split(' ');
    if (known.some((type) => CONTENT.test(type))) this.pages.dropAll();
    else if (known.some((type) => type.startsWith('catalog.'))) this.pages.touchStock();
  }

  private again(client: pg.Client): void {
    client.removeAllListeners();
    client.on('error', () => undefined);
    this.client = null;
    if (this.stopped) return;
    // While deaf, a page might be out of date for longer than promised.
    this.pages.dropAll();
    setTimeout(() => void this.start(), 500).unref();
  }
}
