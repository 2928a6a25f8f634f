import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database, isForeignKeyViolation } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { MediaChanged, MediaUploaded } from '../catalog.events.js';
import { type IncomingFile, IncomingFileStore } from './incoming-file.store.js';
import type { MediaPageQuery, UpdateMediaDto, UploadedMediaDto, UploadMediaQuery } from './media.dto.js';
import { mediaProblems } from './media.errors.js';
import { fileKey } from './media-files.js';
import { MediaRepository } from './media.repository.js';
import { checkType, measure } from './picture.js';

export interface Upload extends UploadMediaQuery {
  /** What the sender says that it is. */
  type: string;
  body: unknown;
  /** Bytes, as the sender says; 0: not said. */
  announced: number;
}

/** Pictures as staff bring and keep them. */
@Injectable()
export class MediaService {
  constructor(
    private readonly database: Database,
    private readonly media: MediaRepository,
    private readonly incoming: IncomingFileStore,
    private readonly store: ObjectStore,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Keeps a picture and asks for its sizes. The same bytes are the same picture: it is answered as it is, `made` false.
   * Refuses what is too large (413), of another type (415, 422) or damaged (422).
   */
  async upload(upload: Upload, actor: Actor): Promise<{ media: UploadedMediaDto; made: boolean }> {
    const { body, announced } = upload;
    if (!(body instanceof Readable)) throw mediaProblems.broken_picture('The body is empty.');
    return this.incoming.with(body, announced, (file) => this.take(upload, file, actor));
  }

  async get(id: string): Promise<UploadedMediaDto> {
    const found = await this.media.find(id);
    if (!found) throw platformProblems.not_found();
    return found;
  }

  async list({ limit, cursor, ...filter }: MediaPageQuery): Promise<Page<UploadedMediaDto>> {
    const { state = null, unused = null } = filter;
    const list = `media:${state}:${unused}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.media.list({ state, unused }, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }

  async update(
    id: string,
    { alt }: UpdateMediaDto,
    version: number | null,
    actor: Actor,
  ): Promise<UploadedMediaDto> {
    await this.database.transaction(async () => {
      await this.locked(id, version);
      if (alt === undefined) return;
      await this.media.setAlt(id, alt);
      this.outbox.record(new MediaChanged({ mediaId: id }));
      this.record(actor, 'updated', id);
    });
    return this.get(id);
  }

  /** Its files are taken away a little later. 409 while a product, a category or a collection has it. */
  async delete(id: string, version: number | null, actor: Actor): Promise<void> {
    try {
      await this.database.transaction(async () => {
        await this.locked(id, version);
        await this.media.delete(id);
        await this.media.doom(id);
        this.record(actor, 'deleted', id);
      });
    } catch (error) {
      if (isForeignKeyViolation(error)) throw mediaProblems.media_in_use();
      throw error;
    }
  }

  /** Asks again for the sizes of a picture that failed. */
  async retry(id: string, actor: Actor): Promise<UploadedMediaDto> {
    await this.database.transaction(async () => {
      const { state } = await this.locked(id, null);
      if (state !== 'failed') throw mediaProblems.media_not_failed(`The picture is ${state}.`);
      await this.media.reset(id);
      this.outbox.record(new MediaUploaded({ mediaId: id }));
      this.record(actor, 'retried', id);
    });
    return this.get(id);
  }

  private async take(
    upload: Upload,
    file: IncomingFile,
    actor: Actor,
  ): Promise<{ media: UploadedMediaDto; made: boolean }> {
    const contentType = await checkType(file.path, upload.type);
    const twin = await this.media.reuse(file.sha256);
    if (twin !== null) return { media: await this.get(twin), made: false };
    const size = await measure(file.path, contentType, this.config.mediaMaxPixels);
    const id = newId();
    // Before the file: one that a crash leaves without a row is known, and taken away.
    await this.media.announce(id);
    await this.store.put(fileKey(id, 'original'), await readFile(file.path), contentType);
    failpoint('media.after_put');
    const made = await this.database.transaction(async () => {
      const { fileName = null, alt = null } = upload;
      const { bytes, sha256 } = file;
      const createdBy = actorId(actor);
      const row = { id, sha256, contentType, bytes, ...size, fileName, alt, createdBy };
      if (!(await this.media.insert(row, this.clock.now()))) {
        await this.media.doom(id);
        return false;
      }
      if (!(await this.media.keep(id))) throw platformProblems.unavailable(undefined, { retryAfter: 1 });
      this.outbox.record(new MediaUploaded({ mediaId: id }));
      this.record(actor, 'uploaded', id);
      return true;
    });
    // Somebody sent the same a moment ago, and what was put for this one goes again.
    const kept = made ? id : await this.media.reuse(file.sha256);
    if (kept === null) throw platformProblems.unavailable(undefined, { retryAfter: 1 });
    return { media: await this.get(kept), made };
  }

  private async locked(id: string, version: number | null): Promise<{ version: number; state: string }> {
    const found = await this.media.lock(id);
    if (!found) throw platformProblems.not_found();
    requireVersion(version, found.version);
    return found;
  }

  private record(actor: Actor, what: string, id: string): void {
    this.audit.record({ actor, action: `catalog.media.${what}`, subjectType: 'media', subjectId: id });
  }
}
