import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { MediaChanged, MediaUploaded, ProductChanged } from '../catalog.events.js';
import { SearchIndex } from '../search/search-index.service.js';
import { IncomingFileStore } from './incoming-file.store.js';
import { fileKeys } from './media-files.js';
import { MediaRenderer } from './media-renderer.service.js';
import { MediaRepository } from './media.repository.js';

/** Products per statement: far below the limit of its time. */
const BATCH = 500;
const DAY_MS = 86_400_000;

@Subscriber()
export class MediaSubscribers {
  constructor(
    private readonly renderer: MediaRenderer,
    private readonly media: MediaRepository,
    private readonly search: SearchIndex,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
    private readonly store: ObjectStore,
    private readonly incoming: IncomingFileStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Outside of a transaction, size by size; a repeat finds the lease taken or goes on where the last one ended. */
  @On(MediaUploaded, { queue: 'media', transactional: false })
  async render({ payload }: MediaUploaded): Promise<void> {
    await this.renderer.run(payload.mediaId);
  }

  /** What lists show of its products was written before it was ready, or before it was called so. */
  @On(MediaChanged)
  async show({ payload }: MediaChanged): Promise<void> {
    const productIds = await this.media.productsOf(payload.mediaId);
    for (let at = 0; at < productIds.length; at += BATCH) {
      const batch = productIds.slice(at, at + BATCH);
      await this.search.refresh(batch);
      this.outbox.record(new ProductChanged({ productIds: batch }));
    }
    this.database.afterCommit(() => this.pages.dropAll());
  }

  /** A worker that died holds its lease until it runs out; then the sizes are asked for again. */
  @Every('30s', 'catalog.resume_media', { time: 'real' })
  async resume(): Promise<void> {
    await this.database.transaction(async () => {
      for (const mediaId of await this.media.abandoned()) this.outbox.record(new MediaUploaded({ mediaId }));
    });
  }

  /** Deletes uploads that nobody has used for long, and the files of pictures that are gone or never came to be. */
  @Every('10m', 'catalog.tidy_media')
  async tidy(): Promise<void> {
    const now = this.clock.now();
    await this.media.noteUnused(now);
    const days = this.config.mediaUnusedDays;
    if (days > 0) await this.media.deleteUnused(new Date(now.getTime() - days * DAY_MS));
    for (const id of await this.media.leftovers()) {
      for (const key of fileKeys(id)) await this.store.delete(key);
      await this.media.forget(id);
    }
    await this.incoming.sweep();
  }
}
