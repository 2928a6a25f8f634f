import type { Readable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { platformProblems } from '../../platform/http/problem.js';
import { fileKey } from './media-files.js';
import { MediaRepository, type StoredRendition } from './media.repository.js';
import { RENDITION_NAMES } from './picture.js';

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** Sizes of pictures as they are served. The file that was sent never is: it may tell where it was taken. */
@Injectable()
export class MediaFileService {
  private readonly log = new Logger('media');

  constructor(
    private readonly media: MediaRepository,
    private readonly store: ObjectStore,
  ) {}

  async find(id: string, name: string): Promise<StoredRendition> {
    const known = UUID.test(id) && RENDITION_NAMES.includes(name);
    const found = known ? await this.media.rendition(id, name) : null;
    if (found === null) throw platformProblems.not_found();
    return found;
  }

  /** Its bytes, to be read or destroyed. */
  async open(id: string, name: string): Promise<Readable> {
    const bytes = await this.store.get(fileKey(id, name));
    if (bytes !== null) return bytes;
    this.log.error({ media: id, name }, 'a file is gone from the store of files');
    throw platformProblems.not_found();
  }
}
