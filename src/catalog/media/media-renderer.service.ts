import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { Problem } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { MediaChanged } from '../catalog.events.js';
import { fileKey } from './media-files.js';
import { MediaRepository, type MediaWork } from './media.repository.js';
import { renditionsOf } from './picture.js';

/** A picture that so many workers have died over, or that the store did not take so often, waits for a person. */
const MAX_ATTEMPTS = 5;

/** The picture was deleted or taken over; what this worker has in hand is dropped. */
class NoLongerOurs extends Error {}

/** Makes the sizes of a picture, one after the other. Whoever takes over goes on behind the last one that is there. */
@Injectable()
export class MediaRenderer {
  private readonly log = new Logger('media');

  constructor(
    private readonly database: Database,
    private readonly media: MediaRepository,
    private readonly store: ObjectStore,
    private readonly outbox: Outbox,
    private readonly config: Config,
  ) {}

  async run(id: string): Promise<void> {
    const worker = newId();
    const work = await this.media.claim(id, worker);
    if (work === null) return;
    let failure: string | null;
    try {
      failure = await this.render(id, worker, work);
    } catch (error) {
      if (error instanceof NoLongerOurs) return;
      if (work.attempts < MAX_ATTEMPTS) {
        await this.media.release(id, worker);
        throw error;
      }
      this.log.error({ err: error, media: id }, 'the sizes of a picture cannot be kept');
      failure = 'The store of files did not take its sizes.';
    }
    await this.database.transaction(async () => {
      // The lock makes products wait that begin to show it: they are told by the fact, or see that it is ready.
      await this.media.lock(id);
      if ((await this.media.finish(id, worker, failure)) && failure === null)
        this.outbox.record(new MediaChanged({ mediaId: id }));
    });
  }

  /** Null when all is made; else what is wrong with the picture itself. */
  private async render(id: string, worker: string, { attempts, made }: MediaWork): Promise<string | null> {
    if (attempts > MAX_ATTEMPTS) return 'Workers died over it again and again.';
    const original = await this.store.get(fileKey(id, 'original'));
    if (original === null) return 'Its file is gone from the store of files.';
    const has = (name: string) => made.includes(name);
    try {
      for await (const rendition of renditionsOf(await buffer(original), this.config.mediaMaxPixels, has)) {
        // Not one file more of a picture that was deleted: those of it are being taken away.
        if (!(await this.media.holds(id, worker))) throw new NoLongerOurs();
        await this.store.put(fileKey(id, rendition.name), rendition.bytes, rendition.contentType);
        failpoint('media.after_rendition_put');
        const sha256 = createHash('sha256').update(rendition.bytes).digest();
        await this.media.addRendition(id, worker, rendition, sha256);
        failpoint('media.after_rendition');
      }
    } catch (error) {
      if (error instanceof Problem && error.code === 'catalog.broken_picture') return error.message;
      throw error;
    }
    return null;
  }
}
