import { Readable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { ExportRepository, type StoredExport } from './export.repository.js';
import { partKey } from './exporter.service.js';
import { WRITERS } from './writers.js';

export interface ExportFile {
  contentType: string;
  name: string;
  bytes: number;
  /** Of the content: files that are equal have the same. */
  etag: string;
  /** Its parts, one after the other; to be read or destroyed. */
  open(): Readable;
}

/** Files of exports as they are loaded, and their end. */
@Injectable()
export class ExportFiles {
  private readonly log = new Logger('exports');

  constructor(
    private readonly exports: ExportRepository,
    private readonly store: ObjectStore,
  ) {}

  fileOf(stored: StoredExport): ExportFile {
    const { contentType, extension } = WRITERS[stored.format];
    return {
      contentType,
      name: `products-${stored.id}.${extension}`,
      bytes: stored.bytes,
      etag: `"${stored.digest.toString('base64url')}"`,
      open: () => Readable.from(this.parts(stored)),
    };
  }

  /** Deletes the parts of exports that are over. */
  async clear(): Promise<void> {
    for (let some = await this.exports.over(20); some.length > 0; some = await this.exports.over(20)) {
      for (const { id, parts } of some) {
        // One more than was noted: it may have been put by a worker that died.
        for (let number = 0; number <= parts; number++) await this.store.delete(partKey(id, number));
        await this.exports.cleared(id);
      }
    }
  }

  private async *parts({ id, parts }: StoredExport): AsyncGenerator<Buffer> {
    for (let number = 0; number < parts; number++) {
      const bytes = await this.store.get(partKey(id, number));
      if (bytes === null) {
        this.log.error({ exportId: id, number }, 'a part of an export is gone from the store of files');
        throw new Error('a part of the file is gone');
      }
      yield* bytes as AsyncIterable<Buffer>;
    }
  }
}
