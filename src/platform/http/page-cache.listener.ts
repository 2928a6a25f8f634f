import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config.js';
import { EVENTS_CHANNEL } from '../events/channel.js';
import { Locales } from './locales.js';
import { PageCache } from './page-cache.js';

/** Facts after which pages differ in more than their stock. An upload shows nowhere until it is ready. */
const CONTENT = /^catalog\.(?!stock_|media_uploaded)/;

/** Facts after which there may be a language more or less. */
const TEXTS = /^catalog\.translation_/;

/** Hears from the relay which types of facts became known, so that pages made in this process are dropped too. */
@Injectable()
export class PageCacheListener implements OnApplicationShutdown {
  private readonly log = new Logger('page-cache');
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly others = new Map<string, () => void>();

  constructor(
    private readonly config: Config,
    private readonly pages: PageCache,
    private readonly locales: Locales,
  ) {}

  /** Calls `work` when this is said. What is said while the connection is broken is not heard. */
  when(said: string, work: () => void): void {
    this.others.set(said, work);
  }

  /** Begins to listen; comes back by itself when the connection breaks. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.config.databaseUrl ?? undefined,
      application_name: `guildhall-pages-${this.config.role}`,
      keepAlive: true,
      connectionTimeoutMillis: 3_000,
    });
    this.client = client;
    client.on('error', () => this.again(client));
    client.on('end', () => this.again(client));
    client.on('notification', ({ payload }) => this.hear(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${EVENTS_CHANNEL}`);
      // What was said while nobody listened is not repeated.
      await this.locales.reload();
      this.pages.dropAll();
    } catch (error) {
      this.log.debug({ err: error }, 'not listening');
      this.again(client);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private hear(types: string): void {
    const known = types.split(' ');
    for (const type of known) this.others.get(type)?.();
    if (known.some((type) => TEXTS.test(type))) void this.hearLanguages();
    if (known.some((type) => CONTENT.test(type))) this.pages.dropAll();
    else if (known.some((type) => type.startsWith('catalog.'))) this.pages.touchStock();
  }

  /** Pages that were made before the languages were known are in the wrong one. */
  private async hearLanguages(): Promise<void> {
    await this.locales
      .reload()
      .catch((error: unknown) => this.log.warn({ err: error }, 'languages are not known'));
    this.pages.dropAll();
  }

  private again(client: pg.Client): void {
    // A connection that breaks says so up to three times, and each would start another: twice as many every half second.
    if (this.client !== client) return;
    this.client = null;
    client.removeAllListeners();
    client.on('error', () => undefined);
    void client.end().catch(() => undefined);
    if (this.stopped) return;
    // While deaf, a page might be out of date for longer than promised.
    this.pages.dropAll();
    this.timer = setTimeout(() => void this.start(), 500).unref();
  }
}
